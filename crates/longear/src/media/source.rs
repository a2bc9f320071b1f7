//! A file that may be read only so much.

use std::io::{self, Read, Seek, SeekFrom};

/// The most that is read of a file to find out what it is, in bytes.
pub const LOOK_BYTES_MAX: u64 = 16 << 20;

/// The most that is held in memory at once, in bytes; a metadata segment of a JPEG is never larger.
pub const PIECE_BYTES_MAX: usize = 64 << 10;

/// The most boxes, chunks, segments and elements that are visited in a file.
pub const STRUCTURES_MAX: u32 = 20_000;

/// Reads pieces of a file, within limits.
pub(super) struct Source<'a, R> {
    file: &'a mut R,
    length: u64,
    bytes_left: u64,
    structures_left: u32,
}

impl<'a, R: Read + Seek> Source<'a, R> {
    pub(super) fn new(file: &'a mut R) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, length, bytes_left: LOOK_BYTES_MAX, structures_left: STRUCTURES_MAX })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Tells whether a limit ended the look before the file did.
    pub(super) fn is_exhausted(&self) -> bool {
        self.bytes_left == 0 || self.structures_left == 0
    }

    /// Counts one structure; false when there were too many.
    pub(super) fn visit(&mut self) -> bool {
        self.structures_left = self.structures_left.saturating_sub(1);
        self.structures_left > 0
    }

    /// Reads up to `length` bytes at an offset: fewer at the end of the file and at the limits, perhaps none.
    pub(super) fn piece(&mut self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let there = self.length.saturating_sub(offset);
        let length = (length.min(PIECE_BYTES_MAX) as u64).min(there);
        if length > self.bytes_left {
            self.bytes_left = 0;
            return Ok(Vec::new());
        }
        let mut piece = Vec::new();
        if length > 0 {
            self.file.seek(SeekFrom::Start(offset))?;
            self.file.by_ref().take(length).read_to_end(&mut piece)?;
        }
        self.bytes_left -= piece.len() as u64;
        Ok(piece)
    }

    /// Reads exactly `N` bytes, or nothing.
    pub(super) fn array<const N: usize>(&mut self, offset: u64) -> io::Result<Option<[u8; N]>> {
        Ok(self.piece(offset, N)?.try_into().ok())
    }
}

/// Reads a big-endian number of 2 bytes out of a piece, if it is there.
pub(super) fn be16(piece: &[u8], at: usize) -> Option<u16> {
    piece.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

/// Reads a big-endian number of 4 bytes out of a piece, if it is there.
pub(super) fn be32(piece: &[u8], at: usize) -> Option<u32> {
    piece.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// Reads a big-endian number of 8 bytes out of a piece, if it is there.
pub(super) fn be64(piece: &[u8], at: usize) -> Option<u64> {
    piece.get(at..)?.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

/// Reads a little-endian number of 2 bytes out of a piece, if it is there.
pub(super) fn le16(piece: &[u8], at: usize) -> Option<u16> {
    piece.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

/// Reads a little-endian number of 4 bytes out of a piece, if it is there.
pub(super) fn le32(piece: &[u8], at: usize) -> Option<u32> {
    piece.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// Tells whether a piece holds a run of bytes.
pub(super) fn holds(piece: &[u8], wanted: &[u8]) -> bool {
    piece.windows(wanted.len()).any(|window| window == wanted)
}
