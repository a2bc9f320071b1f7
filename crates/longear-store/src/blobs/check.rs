//! Looking after what is held: is it still what it was, and if not, which blocks are bad?

use longear_core::blob::{BlobHash, BlobLayout, BlockMask, GROUP_BYTES, GroupProof, Groups, MeasuredGroup};

use super::map::write_map;
use super::marks::{GroupMarks, Marks};
use super::{
    BlobError, BlobStore, data_path, keeps_outboard, map_path, outboard_part_path, outboard_path, part_path,
    write_upper_nodes,
};
use crate::backend::{OpenMode, StorageFile};

/// Tells what a check of a held blob found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Size of the whole blob in bytes.
    pub size: u64,
    /// Whether the blob is complete, or was until its bad blocks were found.
    pub is_complete: bool,
    /// The groups that are bad, and the bad blocks of each: all blocks where the outboard cannot
    /// tell. At most 16 B per MiB.
    pub bad: Vec<(u32, BlockMask)>,
    /// Whether the outboard was missing or bad and was written anew.
    pub outboard_restored: bool,
}

impl CheckReport {
    /// Tells whether everything that should be here is good.
    pub fn is_sound(&self) -> bool {
        self.bad.is_empty()
    }
}

impl BlobStore {
    /// Hashes all that is held of a blob, and restores its outboard where that is damaged.
    ///
    /// Costs one pass over the data and 1 MiB. `groups`, where the caller knows them, help to
    /// locate the damage should the outboard be damaged too. Of an incomplete blob, what no longer
    /// holds is reported and no longer counts. Changes nothing about a damaged complete blob: that
    /// is [`demote`](Self::demote)'s. Fails with [`BlobError::Busy`] while somebody writes it.
    pub fn check(&self, hash: BlobHash, groups: Option<&Groups>) -> Result<CheckReport, BlobError> {
        match self.complete_size(hash)? {
            Some(size) => {
                // A store that cannot be written can still be checked.
                let _ = self.remove_leftovers(hash);
                self.check_complete(hash, size, groups)
            }
            None => self.check_partial(hash),
        }
    }

    /// Checks a complete blob and, if it is damaged, keeps the good blocks as an incomplete one,
    /// to be fetched again where it is bad.
    ///
    /// A sound blob stays as it is. Without group hashes, given or found in the outboard, nothing
    /// of a damaged blob of more than 1 MiB can be told to be good.
    pub fn demote(&self, hash: BlobHash, groups: Option<&Groups>) -> Result<CheckReport, BlobError> {
        let Some(size) = self.complete_size(hash)? else {
            return Err(BlobError::Absent { hash });
        };
        let map_file = self.backend.lock(&map_path(hash))?.ok_or(BlobError::Busy { hash })?;
        let report = self.check_complete(hash, size, groups)?;
        if report.is_sound() {
            self.backend.remove(&map_path(hash))?;
            return Ok(report);
        }
        let trusted = self.trusted_groups(hash, size, groups)?;
        let layout = BlobLayout::new(size)?;
        let mut marks = Marks::new(layout);
        let bad_of = |group| report.bad.iter().find(|bad| bad.0 == group).map_or(0, |bad| bad.1.0);
        for group in 0..layout.group_count() {
            let received = BlockMask(marks.full_mask(group).0 & !bad_of(group));
            marks.set_group(group, GroupMarks { verified: BlockMask::NONE, received });
        }
        // Dirty, so that the next look proves the good groups and writes their outboard.
        write_map(&*map_file, hash, &marks, trusted.as_ref(), true)?;
        map_file.sync_data()?;
        if self.backend.metadata(&outboard_path(hash))?.is_some() {
            self.backend.rename(&outboard_path(hash), &outboard_part_path(hash))?;
        }
        self.backend.rename(&data_path(hash), &part_path(hash))?;
        self.backend.sync_dir(&super::folder_path(hash))?;
        Ok(report)
    }

    fn check_complete(&self, hash: BlobHash, size: u64, groups: Option<&Groups>) -> Result<CheckReport, BlobError> {
        let layout = BlobLayout::new(size)?;
        let data = self.backend.open(&data_path(hash), OpenMode::Read)?;
        let outboard = self.open_existing(&outboard_path(hash))?;
        let trusted = self.trusted_groups(hash, size, groups)?;
        let mut walk = Walk { layout, buffer: Vec::new(), data: &*data };
        let mut bad = Vec::new();
        let mut list = Vec::with_capacity(layout.group_count() as usize);
        let mut outboard_is_good = outboard.is_some() && self.groups_from_outboard(hash, size)?.is_some();
        for group in 0..layout.group_count() {
            let slice = walk.read_slice(outboard.as_deref(), group)?;
            let measured = walk.measure(group)?;
            match &trusted {
                Some(trusted) if !measured.belongs_to(trusted) => {
                    let proof = slice.and_then(|slice| GroupProof::verify(trusted, group, &slice).ok());
                    let all = BlockMask::first(layout.group_block_count(group));
                    bad.push((group, proof.map_or(Ok(all), |proof| proof.bad_blocks(&walk.buffer))?));
                }
                _ => outboard_is_good &= slice.is_some_and(|slice| slice == measured.slice()),
            }
            list.push(*measured.hash());
        }
        let listed = list[..layout.listed_group_count() as usize].to_vec();
        let sound = Groups::verify(hash, size, listed).ok();
        if trusted.is_none() && sound.is_none() {
            let all = |group| (group, BlockMask::first(layout.group_block_count(group)));
            bad = (0..layout.group_count()).map(all).collect();
        }
        let restores = keeps_outboard(layout) && bad.is_empty() && !outboard_is_good;
        if let Some(groups) = sound.filter(|_| restores) {
            self.restore_outboard(hash, &groups, &mut walk)?;
        }
        Ok(CheckReport { size, is_complete: true, bad, outboard_restored: restores })
    }

    fn check_partial(&self, hash: BlobHash) -> Result<CheckReport, BlobError> {
        let Some(before) = self.settled_map(hash)? else {
            return Err(BlobError::Absent { hash });
        };
        let map_file = self.backend.lock(&map_path(hash))?.ok_or(BlobError::Busy { hash })?;
        let layout = before.marks.layout();
        write_map(&*map_file, hash, &before.marks, before.groups.as_ref(), true)?;
        let Some(after) = self.recover(hash, &*map_file, false)? else {
            return Err(BlobError::Absent { hash });
        };
        let mut bad = Vec::new();
        for group in 0..layout.group_count() {
            let lost = before.marks.group(group).verified.0 & !after.marks.group(group).verified.0;
            if lost != 0 {
                bad.push((group, BlockMask(lost)));
            }
        }
        Ok(CheckReport { size: layout.size(), is_complete: false, bad, outboard_restored: false })
    }

    fn trusted_groups(&self, hash: BlobHash, size: u64, given: Option<&Groups>) -> Result<Option<Groups>, BlobError> {
        let fits = |groups: &&Groups| groups.blob() == hash && groups.layout().size() == size;
        match given.filter(fits) {
            Some(groups) => Ok(Some(groups.clone())),
            None => self.groups_from_outboard(hash, size),
        }
    }

    /// Writes the outboard of a sound blob anew, from its bytes.
    fn restore_outboard(&self, hash: BlobHash, groups: &Groups, walk: &mut Walk<'_>) -> Result<(), BlobError> {
        let path = outboard_part_path(hash);
        let file = self.backend.open(&path, OpenMode::Create)?;
        file.set_len(walk.layout.outboard_bytes())?;
        for group in 0..walk.layout.group_count() {
            let measured = walk.measure(group)?;
            file.write_at(walk.layout.slice_range(group).start, &measured.slice())?;
        }
        write_upper_nodes(&*file, groups)?;
        file.sync_data()?;
        self.backend.rename(&path, &outboard_path(hash))?;
        Ok(self.backend.sync_dir(&super::folder_path(hash))?)
    }
}

/// Reads a complete blob group by group.
struct Walk<'file> {
    layout: BlobLayout,
    buffer: Vec<u8>,
    data: &'file dyn StorageFile,
}

impl Walk<'_> {
    fn measure(&mut self, group: u32) -> Result<MeasuredGroup, BlobError> {
        let range = self.layout.group_range(group);
        self.buffer.resize((range.end - range.start).min(GROUP_BYTES) as usize, 0);
        self.data.read_exact_at(range.start, &mut self.buffer)?;
        Ok(MeasuredGroup::new(self.layout, group, &self.buffer)?)
    }

    fn read_slice(&self, outboard: Option<&dyn StorageFile>, group: u32) -> Result<Option<Vec<u8>>, BlobError> {
        let range = self.layout.slice_range(group);
        let mut slice = vec![0; (range.end - range.start) as usize];
        let Some(outboard) = outboard else {
            return Ok(None);
        };
        let is_whole = outboard.read_at(range.start, &mut slice)? == slice.len();
        Ok(is_whole.then_some(slice))
    }
}
