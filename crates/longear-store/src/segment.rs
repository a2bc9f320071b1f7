//! Segments: the append-only files that are the truth of the store.
//!
//! A segment is its front and then records; the index can be rebuilt from them alone.
//!
//! ```text
//! front, twice     record
//! 0  4  "LEG" 02   0  4  length of the body, u32
//! 4  8  salt       4  1  record kind
//! 12 4  CRC-32     5  3  zeros
//!                  8  4  CRC-32 (IEEE) over the salt, the eight bytes before, and the body
//!                  12 …  body
//! ```
//!
//! The CRC finds torn tails; what must not be forged carries its own hashes. The salt is random: a payload cannot hold bytes
//! that pass for a record of this segment when a reader looks for the next whole record behind a damaged one.

use crate::backend::{StorageError, StorageFile};

/// What a segment begins with.
pub const SEGMENT_MAGIC: [u8; 4] = *b"LEG\x02";
/// Bytes of the front, both copies of it.
pub const SEGMENT_FRONT_BYTES: u64 = 32;
/// A segment is closed and the next one begun when it has grown past this.
pub const SEGMENT_BYTES_MAX: u64 = 64 << 20;
/// Bytes before the body of a record.
pub const RECORD_FRONT_BYTES: usize = 12;
/// Longest body: the headers of the largest pack.
pub const RECORD_BODY_BYTES_MAX: usize = 8 << 20;
/// Bytes hashed in search of the next whole record behind a damaged one, before the rest of the segment is given up.
const SEARCH_BYTES_MAX: u64 = 512 << 20;

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
    /// The payload of an item is not here any more: log (16), seq `u64`, item ID (32). If more follows, it was deleted
    /// because the item was taken back, and these records are to be erased: count `u8`, then each segment `u32`, offset of
    /// the body `u64`, its length `u32`.
    Gone = 9,
    /// Of the branches of a fork this item stands at its place from here on: opening (40), signed header.
    Stand = 10,
    /// Empty, without a channel: all records since the last one of its kind count now. Written twice.
    Commit = 11,
    /// What was here is damaged and was given up; no channel.
    Void = 12,
    /// An item is seen to be taken back: log (16), seq `u64`, item ID (32), what took it back (32), since when `u64`; the last
    /// two are left out when it is so no longer.
    Taken = 13,
}

impl RecordKind {
    fn from_number(number: u8) -> Option<Self> {
        use RecordKind::*;
        [Charter, Statement, Run, Payload, Fork, Follow, Unfollow, Intent, Gone, Stand, Commit, Void, Taken]
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

/// The front of a segment.
pub fn segment_front(salt: u64) -> Vec<u8> {
    let mut copy = SEGMENT_MAGIC.to_vec();
    copy.extend_from_slice(&salt.to_le_bytes());
    copy.extend_from_slice(&crc32fast::hash(&copy).to_le_bytes());
    copy.repeat(2)
}

/// The salt of a segment; `None` where neither copy of its front can be read.
pub fn read_salt(file: &dyn StorageFile) -> Result<Option<u64>, StorageError> {
    let mut front = [0; SEGMENT_FRONT_BYTES as usize];
    let length = file.read_at(0, &mut front)?;
    let salts = front[..length].chunks_exact(front.len() / 2).filter_map(|copy| {
        let salt = u64::from_le_bytes(*copy.get(4..)?.first_chunk()?);
        segment_front(salt).starts_with(copy).then_some(salt)
    });
    Ok({ salts }.next())
}

/// Appends a record to `buffer`; returns where in the buffer its body begins.
pub fn push_record(buffer: &mut Vec<u8>, salt: u64, kind: RecordKind, parts: &[&[u8]]) -> usize {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    buffer.extend_from_slice(&record_front(salt, kind, length, parts));
    let body = buffer.len();
    parts.iter().for_each(|part| buffer.extend_from_slice(part));
    body
}

/// The front of a record with this body.
pub fn record_front(salt: u64, kind: RecordKind, length: usize, parts: &[&[u8]]) -> [u8; RECORD_FRONT_BYTES] {
    let mut front = [0; RECORD_FRONT_BYTES];
    front[..4].copy_from_slice(&(length as u32).to_le_bytes());
    front[4] = kind as u8;
    let mut crc = crc32fast::Hasher::new();
    crc.update(&salt.to_le_bytes());
    crc.update(&front[..8]);
    parts.iter().for_each(|part| crc.update(part));
    front[8..].copy_from_slice(&crc.finalize().to_le_bytes());
    front
}

/// One whole record of a segment.
#[derive(Debug)]
pub struct Record<B> {
    /// What it holds.
    pub kind: RecordKind,
    /// Offset of the body in the segment.
    pub body_offset: u64,
    /// The body.
    pub body: B,
}

impl<B: AsRef<[u8]>> Record<B> {
    /// Where the next record begins.
    pub fn end(&self) -> u64 {
        self.body_offset + self.body.as_ref().len() as u64
    }
}

/// Kind and body length, if a front may be one.
pub fn read_front(front: &[u8; RECORD_FRONT_BYTES]) -> Option<(RecordKind, usize)> {
    let [l0, l1, l2, l3, number, z0, z1, z2, ..] = *front;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let plausible = [z0, z1, z2] == [0; 3] && length <= RECORD_BODY_BYTES_MAX;
    RecordKind::from_number(number).filter(|_| plausible).map(|kind| (kind, length))
}

/// Reads the record at `offset`. `None` at the end, and where it is torn or damaged.
pub fn read_record(file: &dyn StorageFile, salt: u64, offset: u64) -> Result<Option<Record<Vec<u8>>>, StorageError> {
    let mut front = [0; RECORD_FRONT_BYTES];
    if file.read_at(offset, &mut front)? < RECORD_FRONT_BYTES {
        return Ok(None);
    }
    let Some((kind, length)) = read_front(&front) else { return Ok(None) };
    let body_offset = offset + RECORD_FRONT_BYTES as u64;
    if body_offset + length as u64 > file.len()? {
        return Ok(None);
    }
    let mut body = vec![0; length];
    if file.read_at(body_offset, &mut body)? < length {
        return Ok(None);
    }
    let whole = record_front(salt, kind, length, &[&body]) == front;
    Ok(whole.then_some(Record { kind, body_offset, body }))
}

/// Where the next whole record begins behind a damaged one at `offset`.
pub fn find_record(file: &dyn StorageFile, salt: u64, offset: u64) -> Result<Option<u64>, StorageError> {
    const STEP_BYTES: usize = 1 << 16;
    let mut window = vec![0; STEP_BYTES + RECORD_FRONT_BYTES];
    let (mut at, mut hashed) = (offset + 1, 0);
    loop {
        let read = file.read_at(at, &mut window)?;
        for (from, front) in window[..read].windows(RECORD_FRONT_BYTES).enumerate().take(STEP_BYTES) {
            let Some((_, length)) = front.first_chunk().and_then(read_front) else { continue };
            if let Some(record) = read_record(file, salt, at + from as u64)? {
                return Ok(Some(record.body_offset - RECORD_FRONT_BYTES as u64));
            }
            hashed += length as u64;
        }
        if read < window.len() || hashed > SEARCH_BYTES_MAX {
            return Ok(None);
        }
        at += STEP_BYTES as u64;
    }
}

/// Path of a segment in the store.
pub fn segment_path(number: u32) -> String {
    format!("items/{number:08x}")
}
