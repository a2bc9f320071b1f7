//! The name of a blob.

use core::fmt;
use core::str::FromStr;

use thiserror::Error;

use super::HASH_BYTES;

/// Names a blob by the BLAKE3 hash of its bytes.
///
/// The text form is 64 lower-case hex digits and no other: one blob has one file name.
///
/// ```
/// use longear_core::blob::BlobHash;
///
/// let hash = BlobHash::of(b"");
/// let text = hash.to_string();
/// assert!(text.starts_with("af1349b9f5f9a1a6"));
/// assert_eq!(text.parse::<BlobHash>(), Ok(hash));
/// assert!(text.to_uppercase().parse::<BlobHash>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobHash([u8; HASH_BYTES]);

impl BlobHash {
    /// Takes the 32 bytes of a hash.
    pub const fn from_bytes(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }

    /// Hashes bytes that are all in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).into())
    }

    /// Shows the 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }
}

impl fmt::Display for BlobHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(formatter, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for BlobHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BlobHash({self})")
    }
}

/// Says that a text is not 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a blob's name is 64 lower-case hex digits")]
pub struct BlobHashTextError;

impl FromStr for BlobHash {
    type Err = BlobHashTextError;

    fn from_str(text: &str) -> Result<Self, BlobHashTextError> {
        let digits = text.as_bytes();
        if digits.len() != 2 * HASH_BYTES {
            return Err(BlobHashTextError);
        }
        let mut bytes = [0; HASH_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit_value(pair[0])? << 4 | digit_value(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

fn digit_value(digit: u8) -> Result<u8, BlobHashTextError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(BlobHashTextError),
    }
}
