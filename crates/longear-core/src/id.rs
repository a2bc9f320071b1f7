//! Names of things: hashes and openings. All print and parse as lower-case hex.

use crate::hash::labelled;
use crate::keys::PublicKey;

/// A text is not the lower-case hex of an ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ID: expected lower-case hex digits")]
pub struct NotHex;

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::id::NotHex;
            fn from_str(text: &str) -> Result<Self, $crate::id::NotHex> {
                Ok($name($crate::id::from_hex(text)?))
            }
        }
    };
}
pub(crate) use hex_id;

hex_id!(
    /// A channel: the hash of its first charter.
    ChannelId, 32
);
hex_id!(
    /// A charter's body, whoever signed it.
    CharterHash, 32
);
hex_id!(
    /// One item: the hash of its signed header.
    ItemId, 32
);
hex_id!(
    /// One log of one delegate.
    LogId, 16
);

impl ItemId {
    /// What stands before the first item of a log.
    pub const NONE: ItemId = ItemId([0; 32]);

    /// The part of the ID that statements cite.
    pub fn prefix(&self) -> [u8; 16] {
        let mut prefix = [0; 16];
        prefix.copy_from_slice(&self.0[..16]);
        prefix
    }
}

/// Key and incarnation of a log. It proves itself: the log ID is its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogOpening {
    /// The delegate's key.
    pub key: PublicKey,
    /// Random; a restored backup takes another one.
    pub incarnation: u64,
}

impl LogOpening {
    /// The ID of this log in `channel`.
    pub fn log(&self, channel: &ChannelId) -> LogId {
        let hash = labelled("log", &[&channel.0, &self.key.0, &self.incarnation.to_le_bytes()]);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        LogId(id)
    }
}

/// Decodes exactly `N` bytes of lower-case hex.
pub fn from_hex<const N: usize>(text: &str) -> Result<[u8; N], NotHex> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return Err(NotHex);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (nibble(pair[0])? << 4) | nibble(pair[1])?;
    }
    Ok(bytes)
}

fn nibble(digit: u8) -> Result<u8, NotHex> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(NotHex),
    }
}
