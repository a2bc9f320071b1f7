//! Reading and writing the one canonical encoding: fixed-width little-endian integers, `u32` lengths.

use crate::keys::PublicKey;
use crate::limits::{TIME_MS_MAX, TLV_BYTES_MAX};
use crate::reason::Reason;

/// Reads an object front to back; every read checks what is left before it touches it.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the beginning of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// Bytes not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Reason> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Reason::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Reason::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, Reason> {
        Ok(self.array::<1>()?[0])
    }

    /// Two bytes, little-endian.
    pub fn u16(&mut self) -> Result<u16, Reason> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// Four bytes, little-endian.
    pub fn u32(&mut self) -> Result<u32, Reason> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// Eight bytes, little-endian.
    pub fn u64(&mut self) -> Result<u64, Reason> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A time in milliseconds, below 2⁵³.
    pub fn time(&mut self, what: &'static str) -> Result<u64, Reason> {
        self.below(what, TIME_MS_MAX)
    }

    /// A number below `end`.
    pub fn below(&mut self, what: &'static str, end: u64) -> Result<u64, Reason> {
        let number = self.u64()?;
        if number < end { Ok(number) } else { Err(Reason::BadValue { what }) }
    }

    /// A public key that can belong to one owner only. Costs about 5 µs.
    pub fn key(&mut self) -> Result<PublicKey, Reason> {
        let key = PublicKey(self.array()?);
        key.check()?;
        Ok(key)
    }

    /// UTF-8 text of at most `max` bytes behind a `u32` length.
    pub fn text(&mut self, what: &'static str, max: usize) -> Result<String, Reason> {
        let length = self.u32()? as usize;
        if length > max {
            return Err(Reason::TooLong { what, max });
        }
        let bytes = self.take(length)?;
        let text = core::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8 { what })?;
        Ok(text.to_owned())
    }

    /// Magic letters and version 1.
    pub fn magic(&mut self, magic: &[u8; 3], what: &'static str) -> Result<(), Reason> {
        if &self.array::<3>()? != magic {
            return Err(Reason::BadMagic { what });
        }
        self.version()
    }

    /// The version byte, which is 1.
    pub fn version(&mut self) -> Result<(), Reason> {
        match self.u8()? {
            1 => Ok(()),
            version => Err(Reason::NewerVersion { version }),
        }
    }

    /// A TLV block: checks its form, refuses unknown even types, returns the raw entries.
    pub fn tlv(&mut self) -> Result<Vec<u8>, Reason> {
        let length = self.u16()? as usize;
        if length > TLV_BYTES_MAX {
            return Err(Reason::TooLong { what: "extensions", max: TLV_BYTES_MAX });
        }
        let block = self.take(length)?;
        let mut entries = Reader::new(block);
        let mut last = None;
        while !entries.rest.is_empty() {
            let kind = entries.u16()?;
            ascends(&mut last, kind, "extensions")?;
            if kind % 2 == 0 {
                return Err(Reason::UnknownTlv { kind });
            }
            let length = entries.u16()? as usize;
            entries.take(length)?;
        }
        Ok(block.to_vec())
    }

    /// Nothing may be left.
    pub fn finish(self) -> Result<(), Reason> {
        if self.rest.is_empty() { Ok(()) } else { Err(Reason::TrailingBytes) }
    }
}

/// Writes the canonical encoding. Lengths were checked when the object was made.
#[derive(Default, Debug)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Starts empty.
    pub fn new() -> Self {
        Writer::default()
    }

    /// Raw bytes.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.raw(&[value])
    }

    /// Two bytes, little-endian.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    /// Four bytes, little-endian.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    /// Eight bytes, little-endian.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    /// Text behind a `u32` length.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.u32(text.len() as u32).raw(text.as_bytes())
    }

    /// Raw TLV entries behind their `u16` length.
    pub fn tlv(&mut self, entries: &[u8]) -> &mut Self {
        self.u16(entries.len() as u16).raw(entries)
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Checks that an entry of a list stands strictly above the one before, as soon as the field that sorts it was read.
pub fn ascends<T: Ord + Copy>(last: &mut Option<T>, next: T, what: &'static str) -> Result<(), Reason> {
    if last.is_some_and(|last| next <= last) {
        return Err(Reason::NotCanonical { what });
    }
    *last = Some(next);
    Ok(())
}
