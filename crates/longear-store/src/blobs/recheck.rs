//! After an unclean stop: everything that is here is hashed before it counts.

use longear_core::blob::{BlobHash, BlockMask, GROUP_BLOCKS, GROUP_BYTES, Groups, MeasuredGroup};

use super::map::{MapContents, write_map};
use super::marks::{GroupMarks, Marks};
use super::{BlobError, BlobStore, map_path, part_path, write_upper_nodes_of_held};
use crate::backend::{OpenMode, StorageError, StorageFile};

impl BlobStore {
    /// Puts an incomplete blob in order, whose map is locked as `map_file`, and writes the map
    /// cleanly. `None` where the map says nothing: then nothing is known of the blob.
    ///
    /// `was_unclean` tells that the last writer did not let go cleanly, so that its bytes are written once more.
    pub(super) fn recover(
        &self,
        hash: BlobHash,
        map_file: &dyn StorageFile,
        was_unclean: bool,
    ) -> Result<Option<MapContents>, BlobError> {
        let Some(mut map) = MapContents::load(map_file)? else {
            if map_file.is_empty()? {
                // Made by our own asking for the lock, or by a writer who came no further.
                self.backend.remove(&map_path(hash))?;
            }
            return Ok(None);
        };
        if map.sound {
            return Ok(Some(map));
        }
        let part = self.backend.open(&part_path(hash), OpenMode::Create)?;
        let outboard = self.open_outboard_part(hash, map.marks.layout())?;
        if was_unclean {
            write_again(&*part)?;
        }
        // Readers believe a locked map, so nothing in it may claim to be proven by now.
        map.marks.distrust();
        write_map(map_file, hash, &map.marks, map.groups.as_ref(), true)?;
        recheck(&mut map.marks, map.groups.as_ref(), &*part, outboard.as_deref())?;
        part.sync_data()?;
        if let Some(outboard) = outboard {
            write_upper_nodes_of_held(&*outboard, map.groups.as_ref(), &map.marks)?;
            outboard.sync_data()?;
        }
        write_map(map_file, hash, &map.marks, map.groups.as_ref(), false)?;
        map_file.sync_data()?;
        map.sound = true;
        Ok(Some(map))
    }
}

/// Writes what is here once more, before anything of it is called durable.
///
/// The last writer may have ended because a sync failed. Of those pages the system believes that they are on the disk:
/// they read well, and another sync says nothing about them. Costs one pass over the data.
pub(super) fn write_again(part: &dyn StorageFile) -> Result<(), StorageError> {
    let mut buffer = vec![0; GROUP_BYTES as usize];
    let mut data = part.next_data(0)?;
    while let Some(range) = data {
        let mut at = range.start;
        while at < range.end {
            let piece = &mut buffer[..(range.end - at).min(GROUP_BYTES) as usize];
            part.read_exact_at(at, piece)?;
            part.write_at(at, piece)?;
            at += piece.len() as u64;
        }
        data = part.next_data(range.end)?;
    }
    Ok(())
}

/// Hashes every group of which something is here: good ones count, marked or not; of the others
/// the marked bytes that really are on disk count as received.
///
/// Costs one pass over the data, about a second per GB, and 1 MiB.
pub(super) fn recheck(
    marks: &mut Marks,
    groups: Option<&Groups>,
    part: &dyn StorageFile,
    outboard: Option<&dyn StorageFile>,
) -> Result<(), StorageError> {
    let layout = marks.layout();
    let mut buffer = vec![0; GROUP_BYTES.min(layout.size()) as usize];
    let mut data = part.next_data(0)?;
    for group in 0..layout.group_count() {
        let range = layout.group_range(group);
        if data.as_ref().is_some_and(|data| data.end <= range.start) {
            data = part.next_data(range.start)?;
        }
        let has_data = data.as_ref().is_some_and(|data| data.start < range.end);
        if !has_data && layout.size() > 0 {
            forget(marks, group, |_| true);
            marks.forget_partials(group);
            continue;
        }
        let bytes = &mut buffer[..(range.end - range.start) as usize];
        if let Some(groups) = groups
            && part.read_at(range.start, bytes)? == bytes.len()
        {
            let measured = MeasuredGroup::new(layout, group, bytes).expect("the group's own range");
            if measured.belongs_to(groups) {
                if let Some(outboard) = outboard {
                    outboard.write_at(layout.slice_range(group).start, &measured.slice())?;
                }
                marks.verify_group(group);
                continue;
            }
        }
        let mut holes = BlockMask::NONE;
        for block in 0..layout.group_block_count(group) {
            let of_block = layout.block_range(group * GROUP_BLOCKS + block);
            let held = part.next_data(of_block.start)?;
            if !held.is_some_and(|held| held.start <= of_block.start && held.end >= of_block.end) {
                holes.insert(block);
            }
        }
        forget(marks, group, |block| holes.contains(block) && layout.size() > 0);
    }
    Ok(())
}

/// Takes back all proofs of a group, and the marks of those blocks that are not on disk.
///
/// Of a block that is here in part, the rest is a hole: its bytes stay marked. Should they be
/// gone, the group's hash will tell.
fn forget(marks: &mut Marks, group: u32, is_hole: impl Fn(u32) -> bool) {
    let mut received = marks.group(group).received;
    for block in received.iter() {
        if is_hole(block) {
            received.0 &= !(1 << block);
        }
    }
    marks.set_group(group, GroupMarks { verified: BlockMask::NONE, received });
}
