//! The map beside an incomplete blob: what of it is here, and what is proven.
//!
//! ```text
//! offset      bytes
//! 0           8      "longmap" and the version, 1
//! 8           32     the blob's hash
//! 40          8      its size, u64
//! 48          4      flags, u32: 1 = dirty, 2 = the group hashes are here
//! 52          4      CRC-32 of all other bytes of the map; holds only while not dirty
//! 56          8      zero
//! 64          512    64 blocks of which a part is here: u32 block, u16 first byte, u16 end;
//!                    an unused place has end = 0
//! 576         16 G   per group: u64 blocks proven, u64 blocks received, bit n for block n
//! 576 + 16 G  32 L   the group hashes that the item carries, or zeros
//! ```
//!
//! G is the number of groups, L that of listed groups (0 below 1 MiB). The file is written whole
//! once, so that changing a mark never needs room on a full disk. While a writer is at work the
//! map is *dirty*: its marks change in place, without any order between them and the bytes they
//! speak of reaching the disk, so whoever finds a dirty map that nobody holds locked checks all of
//! it by hash before it counts. To let go cleanly, a writer first makes the blob's bytes durable,
//! then the map with its check sum.

use longear_core::blob::{BLOCK_BYTES, BlobHash, BlobLayout, BlockMask, Groups, HASH_BYTES};

use super::marks::{GroupMarks, Marks, PARTIAL_BLOCKS_MAX};
use crate::backend::{StorageError, StorageFile};

const MAGIC: [u8; 8] = *b"longmap\x01";
const FLAG_DIRTY: u32 = 1;
const FLAG_GROUPS: u32 = 2;
const FLAGS_OFFSET: u64 = 48;
const CHECKSUM_OFFSET: usize = 52;
const PARTIALS_OFFSET: u64 = 64;
const PARTIAL_BYTES: usize = 8;
const MARKS_OFFSET: u64 = PARTIALS_OFFSET + (PARTIAL_BLOCKS_MAX * PARTIAL_BYTES) as u64;
const GROUP_MARKS_BYTES: u64 = 16;

// A place in a block fits 16 bits.
const _: () = assert!(BLOCK_BYTES < u16::MAX as u64);

/// What a map file says.
#[derive(Debug)]
pub(super) struct MapContents {
    pub(super) hash: BlobHash,
    pub(super) marks: Marks,
    pub(super) groups: Option<Groups>,
    /// The marks were written down cleanly and arrived whole.
    pub(super) sound: bool,
    /// The proofs were taken back here, but the file still claims them: nobody may read by it.
    pub(super) distrusted: bool,
}

impl MapContents {
    /// Reads a map; `None` where the file is no map, or one that was never written whole.
    pub(super) fn load(file: &dyn StorageFile) -> Result<Option<Self>, StorageError> {
        let mut header = [0; PARTIALS_OFFSET as usize];
        if file.read_at(0, &mut header)? < header.len() || header[..8] != MAGIC {
            return Ok(None);
        }
        let Ok(layout) = BlobLayout::new(read_u64(&header, 40)) else {
            return Ok(None);
        };
        // The size is bounded now, and with it the length of the map (3 MiB).
        let mut bytes = vec![0; map_bytes(layout) as usize];
        if file.len()? != bytes.len() as u64 || file.read_at(0, &mut bytes)? < bytes.len() {
            return Ok(None);
        }
        Ok(Some(Self::decode(layout, &bytes)))
    }

    fn decode(layout: BlobLayout, bytes: &[u8]) -> Self {
        let mut hash = [0; HASH_BYTES];
        hash.copy_from_slice(&bytes[8..40]);
        let hash = BlobHash::from_bytes(hash);
        let flags = read_u32(bytes, FLAGS_OFFSET as usize);
        let mut marks = Marks::new(layout);
        for group in 0..layout.group_count() {
            let at = (MARKS_OFFSET + u64::from(group) * GROUP_MARKS_BYTES) as usize;
            let verified = BlockMask(read_u64(bytes, at));
            let received = BlockMask(read_u64(bytes, at + 8));
            marks.set_group(group, GroupMarks { verified, received });
        }
        let partials = &bytes[PARTIALS_OFFSET as usize..MARKS_OFFSET as usize];
        for place in partials.as_chunks::<PARTIAL_BYTES>().0 {
            let block = read_u32(place, 0);
            let start = u64::from(u16::from_le_bytes([place[4], place[5]]));
            let end = u64::from(u16::from_le_bytes([place[6], place[7]]));
            let of_block = layout.block_range(block);
            if start < end && end <= of_block.end - of_block.start {
                marks.receive(of_block.start + start..of_block.start + end);
            }
        }
        let listed = &bytes[marks_end(layout) as usize..];
        let groups = (flags & FLAG_GROUPS != 0 || listed.is_empty())
            .then(|| Groups::decode(hash, layout.size(), listed).ok())
            .flatten();
        let sound = flags & FLAG_DIRTY == 0
            && read_u32(bytes, CHECKSUM_OFFSET) == checksum(bytes)
            && (groups.is_some() || flags & FLAG_GROUPS == 0);
        Self { hash, marks, groups, sound, distrusted: false }
    }
}

/// Tells how many bytes a map takes.
pub(super) fn map_bytes(layout: BlobLayout) -> u64 {
    marks_end(layout) + u64::from(layout.listed_group_count()) * HASH_BYTES as u64
}

/// Writes a map whole.
pub(super) fn write_map(
    file: &dyn StorageFile,
    hash: BlobHash,
    marks: &Marks,
    groups: Option<&Groups>,
    dirty: bool,
) -> Result<(), StorageError> {
    let layout = marks.layout();
    let mut bytes = Vec::with_capacity(map_bytes(layout) as usize);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(hash.as_bytes());
    bytes.extend_from_slice(&layout.size().to_le_bytes());
    bytes.extend_from_slice(&flags(groups.is_some(), dirty).to_le_bytes());
    bytes.resize(PARTIALS_OFFSET as usize, 0);
    bytes.extend_from_slice(&encode_partials(marks));
    for group in marks.groups() {
        bytes.extend_from_slice(&encode_group(*group));
    }
    if let Some(groups) = groups {
        bytes.extend_from_slice(&groups.encode());
    }
    bytes.resize(map_bytes(layout) as usize, 0);
    let checksum = checksum(&bytes);
    bytes[CHECKSUM_OFFSET..CHECKSUM_OFFSET + 4].copy_from_slice(&checksum.to_le_bytes());
    file.set_len(bytes.len() as u64)?;
    file.write_at(0, &bytes)
}

/// Says durably that the marks are about to change in place.
pub(super) fn write_dirty(file: &dyn StorageFile, has_groups: bool) -> Result<(), StorageError> {
    file.write_at(FLAGS_OFFSET, &flags(has_groups, true).to_le_bytes())?;
    file.sync_data()
}

/// Writes the marks of one group in place.
pub(super) fn write_group(file: &dyn StorageFile, group: u32, marks: GroupMarks) -> Result<(), StorageError> {
    file.write_at(group_offset(group), &encode_group(marks))
}

/// Writes the partial blocks in place.
pub(super) fn write_partials(file: &dyn StorageFile, marks: &Marks) -> Result<(), StorageError> {
    file.write_at(PARTIALS_OFFSET, &encode_partials(marks))
}

/// Reads which blocks of one group are proven, as they stand now.
pub(super) fn read_verified(file: &dyn StorageFile, layout: BlobLayout, group: u32) -> Result<BlockMask, StorageError> {
    let mut bytes = [0; 8];
    file.read_exact_at(group_offset(group), &mut bytes)?;
    let full = BlockMask::first(layout.group_block_count(group));
    Ok(BlockMask(u64::from_le_bytes(bytes) & full.0))
}

fn group_offset(group: u32) -> u64 {
    MARKS_OFFSET + u64::from(group) * GROUP_MARKS_BYTES
}

fn marks_end(layout: BlobLayout) -> u64 {
    group_offset(layout.group_count())
}

fn flags(has_groups: bool, dirty: bool) -> u32 {
    (if dirty { FLAG_DIRTY } else { 0 }) | (if has_groups { FLAG_GROUPS } else { 0 })
}

fn encode_group(marks: GroupMarks) -> [u8; GROUP_MARKS_BYTES as usize] {
    let mut bytes = [0; GROUP_MARKS_BYTES as usize];
    bytes[..8].copy_from_slice(&marks.verified.0.to_le_bytes());
    bytes[8..].copy_from_slice(&marks.received.0.to_le_bytes());
    bytes
}

fn encode_partials(marks: &Marks) -> [u8; PARTIAL_BLOCKS_MAX * PARTIAL_BYTES] {
    let mut bytes = [0; PARTIAL_BLOCKS_MAX * PARTIAL_BYTES];
    let places = bytes.as_chunks_mut::<PARTIAL_BYTES>().0;
    for (place, (block, held)) in places.iter_mut().zip(marks.partials()) {
        place[..4].copy_from_slice(&block.to_le_bytes());
        place[4..6].copy_from_slice(&(held.start as u16).to_le_bytes());
        place[6..].copy_from_slice(&(held.end as u16).to_le_bytes());
    }
    bytes
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..CHECKSUM_OFFSET]);
    hasher.update(&bytes[CHECKSUM_OFFSET + 4..]);
    hasher.finalize()
}

fn read_u32(bytes: &[u8], at: usize) -> u32 {
    let mut value = [0; 4];
    value.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(value)
}

fn read_u64(bytes: &[u8], at: usize) -> u64 {
    let mut value = [0; 8];
    value.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(value)
}
