//! Reading what is proven.

use std::io::{self, Read};

use longear_core::blob::{BlobHash, BlobLayout, GROUP_BLOCKS, GROUP_BYTES, Groups, MeasuredGroup};

use super::map::read_verified;
use super::{BlobError, BlobStore, LOOKS_MAX, data_path, map_path, part_path};
use crate::backend::{OpenMode, StorageFile};

/// Reads the proven bytes of a blob, also while it is still being fetched.
///
/// Costs two open files for incomplete blobs, one for complete ones; works on when the blob is
/// completed or removed meanwhile. May be used from several threads.
#[derive(Debug)]
pub struct BlobReader {
    hash: BlobHash,
    layout: BlobLayout,
    data: Box<dyn StorageFile>,
    /// The map, for blobs that were incomplete when the reader was opened.
    map: Option<Box<dyn StorageFile>>,
}

impl BlobStore {
    /// Opens a blob for reading what is proven of it.
    ///
    /// Fails with [`BlobError::Absent`] where nothing is held. After an unclean stop the first
    /// look hashes what is here; on a disk that takes nothing there is nothing to read until it does.
    pub fn reader(&self, hash: BlobHash) -> Result<BlobReader, BlobError> {
        for _ in 0..LOOKS_MAX {
            if let Some(data) = self.open_existing(&data_path(hash))? {
                let layout = BlobLayout::new(data.len()?)?;
                return Ok(BlobReader { hash, layout, data, map: None });
            }
            let Some(contents) = self.settled_map(hash)? else {
                continue;
            };
            if contents.distrusted {
                break;
            }
            let layout = contents.marks.layout();
            // Completed meanwhile: look again.
            let (Some(data), Some(map)) = (self.open_existing(&part_path(hash))?, self.open_existing(&map_path(hash))?)
            else {
                continue;
            };
            return Ok(BlobReader { hash, layout, data, map: Some(map) });
        }
        Err(BlobError::Absent { hash })
    }

    /// Reads proven bytes from a place in a blob; tells how many.
    ///
    /// Short where the proven bytes or the blob end; [`BlobError::NotHere`] where the first byte
    /// is not proven. To read more than once, a [`reader`](Self::reader) is cheaper.
    pub fn read_at(&self, hash: BlobHash, offset: u64, buffer: &mut [u8]) -> Result<usize, BlobError> {
        self.reader(hash)?.read_at(offset, buffer)
    }

    /// Opens a complete blob to be read from start to end, hashing every group before it is given
    /// out: for copies that leave this machine.
    ///
    /// Costs 1 MiB. Fails with [`BlobError::GroupsUnknown`] where the outboard is missing or
    /// damaged; [`check`](Self::check) restores it.
    pub fn verified_stream(&self, hash: BlobHash) -> Result<VerifiedStream, BlobError> {
        let Some(size) = self.complete_size(hash)? else {
            return Err(BlobError::Absent { hash });
        };
        let groups = self.groups_from_outboard(hash, size)?.ok_or(BlobError::GroupsUnknown)?;
        let data = self.backend.open(&data_path(hash), OpenMode::Read)?;
        Ok(VerifiedStream { groups, data, next_group: 0, buffer: Vec::new(), given: 0 })
    }
}

impl BlobReader {
    /// Tells the size of the whole blob in bytes.
    pub fn size(&self) -> u64 {
        self.layout.size()
    }

    /// Reads proven bytes from a place; tells how many.
    ///
    /// Short where the proven bytes or the blob end, 0 at the end of the blob;
    /// [`BlobError::NotHere`] where the byte at `offset` is not proven.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, BlobError> {
        if offset >= self.size() || buffer.is_empty() {
            return Ok(0);
        }
        let wanted_end = self.size().min(offset.saturating_add(buffer.len() as u64));
        let proven_end = self.proven_end(offset, wanted_end)?;
        if proven_end <= offset {
            return Err(BlobError::NotHere { hash: self.hash, offset });
        }
        let length = (proven_end.min(wanted_end) - offset) as usize;
        Ok(self.data.read_at(offset, &mut buffer[..length])?)
    }

    /// Tells how far the bytes from `offset` on are proven without a gap, looking no further than
    /// `wanted_end`.
    fn proven_end(&self, offset: u64, wanted_end: u64) -> Result<u64, BlobError> {
        let Some(map) = &self.map else {
            return Ok(wanted_end);
        };
        let mut end = offset;
        while end < wanted_end {
            let group = (end / GROUP_BYTES) as u32;
            let verified = read_verified(&**map, self.layout, group)?;
            let first = (end % GROUP_BYTES * u64::from(GROUP_BLOCKS) / GROUP_BYTES) as u32;
            let count = (first..self.layout.group_block_count(group))
                .take_while(|block| verified.contains(*block))
                .count() as u32;
            if count == 0 {
                break;
            }
            end = self.layout.block_range(group * GROUP_BLOCKS + first + count - 1).end;
            if first + count < GROUP_BLOCKS {
                break;
            }
        }
        Ok(end)
    }
}

/// Reads a complete blob from start to end, hashing every group before any byte of it is given
/// out.
///
/// A damaged group ends the stream with [`io::ErrorKind::InvalidData`].
#[derive(Debug)]
pub struct VerifiedStream {
    groups: Groups,
    data: Box<dyn StorageFile>,
    next_group: u32,
    buffer: Vec<u8>,
    given: usize,
}

impl VerifiedStream {
    /// Tells the size of the blob in bytes.
    pub fn size(&self) -> u64 {
        self.groups.layout().size()
    }

    /// Starts at a group instead of at the first, for parts of large blobs.
    pub fn seek_group(&mut self, group: u32) {
        self.next_group = group;
        self.buffer.clear();
        self.given = 0;
    }

    fn load_group(&mut self) -> io::Result<()> {
        let layout = self.groups.layout();
        let range = layout.group_range(self.next_group);
        self.buffer.resize((range.end - range.start) as usize, 0);
        self.given = self.buffer.len();
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.data.read_exact_at(range.start, &mut self.buffer).map_err(io::Error::other)?;
        let measured = MeasuredGroup::new(layout, self.next_group, &self.buffer);
        if !measured.is_ok_and(|measured| measured.belongs_to(&self.groups)) {
            let cause = format!("group {} of the blob is damaged", self.next_group);
            return Err(io::Error::new(io::ErrorKind::InvalidData, cause));
        }
        self.next_group += 1;
        self.given = 0;
        Ok(())
    }
}

impl Read for VerifiedStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.buffer.len() {
            self.load_group()?;
        }
        let length = buffer.len().min(self.buffer.len() - self.given);
        buffer[..length].copy_from_slice(&self.buffer[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}
