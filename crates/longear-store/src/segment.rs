//! Segments: the append-only files that are the truth of the store.
//!
//! A segment is `"LEG" 01` and then records; the index can be rebuilt from them alone.
//!
//! ```text
//! 0  4  length of the body, u32
//! 4  1  record kind
//! 5  3  zeros
//! 8  4  CRC-32 (IEEE) over kind and body: finds torn tails; what must not be forged carries its own hashes
//! 12 …  body
//! ```

use crate::backend::{StorageError, StorageFile};

/// What a segment begins with.
pub const SEGMENT_MAGIC: [u8; 4] = *b"LEG\x01";
/// A segment is closed and the next one begun when it has grown past this.
pub const SEGMENT_BYTES_MAX: u64 = 64 << 20;
/// Bytes before the body of a record.
pub const RECORD_FRONT_BYTES: usize = 12;
/// Longest body: the headers of the largest pack.
pub const RECORD_BODY_BYTES_MAX: usize = 8 << 20;

/// What a record holds. The body's first 32 bytes are the channel, except where noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordKind {
    /// A charter.
    Charter = 1,
    /// A statement.
    Statement = 2,
    /// Linked headers: opening (40), then each `u16` length and signed header.
    Run = 3,
    /// A payload: log (16), seq `u64`, item ID (32), bytes.
    Payload = 4,
    /// A fork proof.
    Fork = 5,
    /// The channel is followed from here on.
    Follow = 6,
    /// The channel is followed no longer.
    Unfollow = 7,
    /// About to be signed: opening (40), `u16` length and unsigned header, payload.
    Intent = 8,
    /// The payload of an item is not here any more: log (16), seq `u64`, item ID (32).
    Gone = 9,
}

impl RecordKind {
    fn from_number(number: u8) -> Option<Self> {
        use RecordKind::*;
        [Charter, Statement, Run, Payload, Fork, Follow, Unfollow, Intent, Gone]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }
}

/// Where a body, or a part of one, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the segment.
    pub segment: u32,
    /// First byte.
    pub offset: u64,
    /// How many bytes.
    pub length: u32,
}

/// Appends a record to `buffer`; returns where in the buffer its body begins.
pub fn push_record(buffer: &mut Vec<u8>, kind: RecordKind, parts: &[&[u8]]) -> usize {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut crc = crc32fast::Hasher::new();
    crc.update(&[kind as u8]);
    parts.iter().for_each(|part| crc.update(part));
    buffer.extend_from_slice(&(length as u32).to_le_bytes());
    buffer.extend_from_slice(&[kind as u8, 0, 0, 0]);
    buffer.extend_from_slice(&crc.finalize().to_le_bytes());
    let body = buffer.len();
    parts.iter().for_each(|part| buffer.extend_from_slice(part));
    body
}

/// One whole record of a segment.
#[derive(Debug)]
pub struct Record {
    /// What it holds.
    pub kind: RecordKind,
    /// Offset of the body in the segment.
    pub body_offset: u64,
    /// The body.
    pub body: Vec<u8>,
}

impl Record {
    /// Where the next record begins.
    pub fn end(&self) -> u64 {
        self.body_offset + self.body.len() as u64
    }
}

/// Reads the record at `offset`. `None` at the end, and where the tail is torn or damaged.
pub fn read_record(file: &dyn StorageFile, offset: u64) -> Result<Option<Record>, StorageError> {
    let mut front = [0; RECORD_FRONT_BYTES];
    if file.read_at(offset, &mut front)? < RECORD_FRONT_BYTES {
        return Ok(None);
    }
    let [l0, l1, l2, l3, number, _, _, _, c0, c1, c2, c3] = front;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let Some(kind) = RecordKind::from_number(number) else { return Ok(None) };
    if length > RECORD_BODY_BYTES_MAX {
        return Ok(None);
    }
    let mut body = vec![0; length];
    let body_offset = offset + RECORD_FRONT_BYTES as u64;
    if file.read_at(body_offset, &mut body)? < length {
        return Ok(None);
    }
    let mut crc = crc32fast::Hasher::new();
    crc.update(&[number]);
    crc.update(&body);
    let whole = crc.finalize() == u32::from_le_bytes([c0, c1, c2, c3]);
    Ok(whole.then_some(Record { kind, body_offset, body }))
}

/// Path of a segment in the store.
pub fn segment_path(number: u32) -> String {
    format!("items/{number:08x}")
}
