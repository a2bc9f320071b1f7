//! The state of a blob that is being written, shared by carriers and background threads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

use longear_core::blob::{
    BlobHash, BlobLayout, BlockMask, GROUP_BLOCKS, GroupProof, Groups, HASH_BYTES, MeasuredBlock, MeasuredGroup,
};

use super::super::map::{write_dirty, write_group, write_map, write_partials};
use super::super::marks::{GroupMarks, Marks};
use super::super::workers::Activity;
use super::super::{
    BlobError, data_path, folder_path, map_path, outboard_part_path, outboard_path, part_path, write_upper_nodes,
    write_upper_nodes_of_held,
};
use super::SYNC_BYTES_MAX;
use super::passing::{Passing, measure};
use crate::backend::{StorageBackend, StorageError, StorageFile};

/// An incomplete blob whose map is locked by us.
#[derive(Debug)]
pub(in super::super) struct Session {
    hash: BlobHash,
    layout: BlobLayout,
    backend: Arc<dyn StorageBackend>,
    files: Files,
    /// Held shared by writers, alone by those who need the bytes to stand still.
    gate: RwLock<()>,
    state: Mutex<State>,
    synced: Condvar,
    activity: Arc<Activity>,
}

/// The open files of an incomplete blob.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) part: Box<dyn StorageFile>,
    pub(super) map: Box<dyn StorageFile>,
    pub(super) outboard: Option<Box<dyn StorageFile>>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) marks: Marks,
    pub(super) groups: Option<Groups>,
    /// Groups that failed their check.
    pub(super) damaged: BTreeSet<u32>,
    /// The map on disk is marked dirty.
    pub(super) is_dirty: bool,
    /// Hashes of full groups, as long as there is no list to compare them with.
    measured: BTreeMap<u32, [u8; HASH_BYTES]>,
    /// Blocks that were hashed on their way.
    passing: Passing,
    /// Writes under way, by group: a group is only hashed when none is left.
    in_flight: BTreeMap<u32, u32>,
    /// Groups that were given to the hashing thread.
    checking: BTreeSet<u32>,
    /// What went wrong in the background.
    failure: Option<StorageError>,
    /// A failed sync: the system may have forgotten the bytes, so nothing may be called durable.
    sync_failure: Option<StorageError>,
    unsynced_bytes: u64,
    is_syncing: bool,
    /// The blob has its name, but that may not be durable yet.
    is_renamed: bool,
    is_complete: bool,
}

impl State {
    pub(super) fn new(marks: Marks, groups: Option<Groups>) -> Self {
        Self {
            marks,
            groups,
            damaged: BTreeSet::new(),
            is_dirty: false,
            measured: BTreeMap::new(),
            passing: Passing::default(),
            in_flight: BTreeMap::new(),
            checking: BTreeSet::new(),
            failure: None,
            sync_failure: None,
            unsynced_bytes: 0,
            is_syncing: false,
            is_renamed: false,
            is_complete: false,
        }
    }

    /// Takes a group for the hashing thread if it is full, at rest and not checked yet.
    fn claim_group(&mut self, group: u32) -> bool {
        let is_due = self.marks.is_full(group)
            && !self.marks.is_verified(group)
            && !self.damaged.contains(&group)
            && !self.measured.contains_key(&group)
            && !self.in_flight.contains_key(&group);
        is_due && self.checking.insert(group)
    }
}

impl Session {
    pub(super) fn new(hash: BlobHash, backend: Arc<dyn StorageBackend>, files: Files, state: State) -> Self {
        Self {
            hash,
            layout: state.marks.layout(),
            backend,
            files,
            gate: RwLock::default(),
            state: Mutex::new(state),
            synced: Condvar::new(),
            activity: Arc::default(),
        }
    }

    pub(super) fn hash(&self) -> BlobHash {
        self.hash
    }

    pub(super) fn layout(&self) -> BlobLayout {
        self.layout
    }

    pub(in super::super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the state")
    }

    /// Enters as one of many writers.
    pub(super) fn enter(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().expect("nothing panics inside the gate")
    }

    /// Enters once all writers are out, and keeps them out.
    pub(super) fn enter_alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().expect("nothing panics inside the gate")
    }

    /// Reports what went wrong in the background.
    pub(super) fn take_failure(&self) -> Result<(), BlobError> {
        let mut state = self.state();
        if let Some(failure) = &state.sync_failure {
            return Err(failure.again().into());
        }
        state.failure.take().map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// Marks the map as dirty, durably, before anything changes that it speaks of.
    pub(super) fn make_dirty(&self) -> Result<(), BlobError> {
        let mut state = self.state();
        if !state.is_dirty {
            write_dirty(&*self.files.map, state.groups.is_some())?;
            state.is_dirty = true;
        }
        Ok(())
    }

    /// Writes the missing ones of some bytes inside one group; tells how many, and whether the
    /// group is to be hashed now.
    pub(super) fn write_in_group(&self, group: u32, offset: u64, bytes: &[u8]) -> Result<(u64, bool), BlobError> {
        let parts = {
            let mut state = self.state();
            let parts = state.marks.missing_parts(offset..offset + bytes.len() as u64);
            if parts.is_empty() {
                return Ok((0, false));
            }
            let writers = state.in_flight.get(&group).map_or(1, |others| others + 1);
            state.in_flight.insert(group, writers);
            if writers > 1 {
                state.passing.contend(group);
            }
            parts
        };
        let mut written = Vec::with_capacity(parts.len());
        let mut measured = Vec::new();
        let mut outcome = Ok(());
        for part in parts {
            let bytes = &bytes[(part.start - offset) as usize..(part.end - offset) as usize];
            // Hashed first: that brings them into the processor's cache, from which they are written.
            let blocks = measure(self.layout, part.start, bytes);
            outcome = self.files.part.write_at(part.start, bytes);
            if outcome.is_err() {
                break;
            }
            written.push(part);
            measured.extend(blocks);
        }
        let mut state = self.state();
        state.passing.note(group, &measured);
        if let Some(count) = state.in_flight.get_mut(&group) {
            *count -= 1;
            if *count == 0 {
                state.in_flight.remove(&group);
            }
        }
        let count = written.iter().map(|part| part.end - part.start).sum();
        let mut partials_change = false;
        for part in written {
            partials_change |= state.marks.receive(part);
        }
        let is_full = state.claim_group(group);
        if count > 0 {
            // A mark that cannot be written now is found again by hash.
            let marked = write_group(&*self.files.map, group, state.marks.group(group));
            outcome = outcome.and(marked);
        }
        if partials_change {
            outcome = outcome.and(write_partials(&*self.files.map, &state.marks));
        }
        if let Err(error) = outcome {
            state.checking.remove(&group);
            return Err(error.into());
        }
        Ok((count, is_full))
    }

    /// Counts bytes that are not durable yet; tells whether it is time for a sync.
    pub(super) fn count_unsynced(&self, bytes: u64) -> bool {
        let mut state = self.state();
        state.unsynced_bytes += bytes;
        while state.is_syncing && state.unsynced_bytes >= 2 * SYNC_BYTES_MAX {
            state = self.synced.wait(state).expect("nothing panics while it holds the state");
        }
        let is_due = state.unsynced_bytes >= SYNC_BYTES_MAX && !state.is_syncing;
        if is_due {
            state.unsynced_bytes = 0;
            state.is_syncing = true;
        }
        is_due
    }

    /// Makes what was written so far durable, while writers go on.
    pub(in super::super) fn sync_in_background(&self) {
        let outcome = self.files.part.sync_data().and_then(|()| self.files.map.sync_data());
        let mut state = self.state();
        state.is_syncing = false;
        if let Err(error) = outcome {
            state.sync_failure = Some(error);
        }
        self.synced.notify_all();
    }

    /// Takes all groups that are full but not checked.
    pub(super) fn claim_full_groups(&self) -> Vec<u32> {
        let mut state = self.state();
        (0..self.layout.group_count()).filter(|group| state.claim_group(*group)).collect()
    }

    /// Hashes a full group and notes the result.
    pub(in super::super) fn check_group(&self, group: u32, buffer: &mut [u8]) {
        let outcome = self.measure_group(group, buffer);
        let mut state = self.state();
        let noted = outcome.and_then(|measured| self.note_measured(&mut state, group, &measured));
        if let Err(error) = noted {
            state.failure = Some(error);
        }
        state.checking.remove(&group);
    }

    fn measure_group(&self, group: u32, buffer: &mut [u8]) -> Result<MeasuredGroup, StorageError> {
        let known = self.state().passing.take(group);
        let mut blocks = Vec::with_capacity(GROUP_BLOCKS as usize);
        for block in 0..self.layout.group_block_count(group) {
            blocks.push(match known.as_ref().and_then(|known| known[block as usize]) {
                Some(measured) => measured,
                None => self.measure_block(group * GROUP_BLOCKS + block, buffer)?,
            });
        }
        self.files.part.start_writeback(self.layout.group_range(group));
        let measured = MeasuredGroup::of_blocks(self.layout, group, &blocks).expect("the group's own blocks");
        if let Some(outboard) = &self.files.outboard {
            // Should the group be bad, the slice is written again with the good one.
            outboard.write_at(self.layout.slice_range(group).start, &measured.slice())?;
        }
        Ok(measured)
    }

    /// Hashes a block as the file holds it.
    fn measure_block(&self, block: u32, buffer: &mut [u8]) -> Result<MeasuredBlock, StorageError> {
        let range = self.layout.block_range(block);
        let bytes = &mut buffer[..(range.end - range.start) as usize];
        self.files.part.read_exact_at(range.start, bytes)?;
        Ok(MeasuredBlock::new(self.layout, block, bytes).expect("the block's own range"))
    }

    fn note_measured(&self, state: &mut State, group: u32, measured: &MeasuredGroup) -> Result<(), StorageError> {
        if let Some(groups) = &state.groups {
            if !measured.belongs_to(groups) {
                state.damaged.insert(group);
                return Ok(());
            }
            state.marks.verify_group(group);
            return write_group(&*self.files.map, group, state.marks.group(group));
        }
        state.measured.insert(group, *measured.hash());
        if state.measured.len() < self.layout.group_count() as usize {
            return Ok(());
        }
        let list = state.measured.values().copied().collect();
        match Groups::verify(self.hash, self.layout.size(), list) {
            Ok(groups) => self.accept_groups(state, groups),
            Err(_) => {
                state.damaged = state.measured.keys().copied().collect();
                Ok(())
            }
        }
    }

    pub(super) fn provide_groups(&self, groups: Groups) -> Result<(), BlobError> {
        let mut state = self.state();
        if state.groups.is_none() {
            self.accept_groups(&mut state, groups)?;
        }
        Ok(())
    }

    /// Compares what was measured so far with the list, and writes both down.
    fn accept_groups(&self, state: &mut State, groups: Groups) -> Result<(), StorageError> {
        state.damaged.clear();
        for (group, hash) in std::mem::take(&mut state.measured) {
            if groups.group_hash(group) == Some(&hash) {
                state.marks.verify_group(group);
            } else {
                state.damaged.insert(group);
            }
        }
        state.groups = Some(groups);
        // Both, before it counts as clean again: the map is written whole.
        state.is_dirty = true;
        write_map(&*self.files.map, self.hash, &state.marks, state.groups.as_ref(), true)
    }

    pub(super) fn prove_blocks(&self, group: u32, proof: &GroupProof, slice: &[u8]) -> Result<BlockMask, BlobError> {
        if !self.state().damaged.contains(&group) {
            return Err(BlobError::NotDamaged { group });
        }
        // A damaged group is full, so nobody writes into it meanwhile.
        let range = self.layout.group_range(group);
        let mut bytes = vec![0; (range.end - range.start) as usize];
        self.files.part.read_exact_at(range.start, &mut bytes)?;
        let bad = proof.bad_blocks(&bytes)?;
        if let Some(outboard) = &self.files.outboard {
            outboard.write_at(self.layout.slice_range(group).start, slice)?;
        }
        let mut state = self.state();
        let good = BlockMask(state.marks.full_mask(group).0 & !bad.0);
        self.reopen_group(&mut state, group, good)?;
        Ok(bad)
    }

    pub(super) fn drop_group(&self, group: u32) -> Result<(), BlobError> {
        let mut state = self.state();
        if !state.damaged.contains(&group) {
            return Err(BlobError::NotDamaged { group });
        }
        let proven = state.marks.group(group).verified;
        self.reopen_group(&mut state, group, proven)
    }

    /// Keeps the proven blocks of a damaged group and wants the others again.
    fn reopen_group(&self, state: &mut State, group: u32, proven: BlockMask) -> Result<(), BlobError> {
        state.marks.set_group(group, GroupMarks { verified: proven, received: proven });
        state.damaged.remove(&group);
        state.measured.remove(&group);
        Ok(write_group(&*self.files.map, group, state.marks.group(group))?)
    }

    /// Makes everything durable and says so in the map.
    pub(super) fn write_clean(&self) -> Result<(), BlobError> {
        if !self.state().is_dirty {
            return Ok(());
        }
        if let Some(outboard) = &self.files.outboard {
            let state = self.state();
            write_upper_nodes_of_held(&**outboard, state.groups.as_ref(), &state.marks)?;
        }
        self.sync_contents()?;
        let mut state = self.state();
        let map = &*self.files.map;
        write_map(map, self.hash, &state.marks, state.groups.as_ref(), false)?;
        // From here on the map may be clean on disk: whatever comes next has to mark it again.
        state.is_dirty = false;
        map.sync_data().map_err(|error| self.note_sync_failure(&mut state, error))?;
        Ok(())
    }

    /// Gives the proven blob its name.
    pub(super) fn complete(&self) -> Result<(), BlobError> {
        let groups = {
            let state = self.state();
            if state.is_complete {
                return Ok(());
            }
            if !state.damaged.is_empty() {
                return Err(BlobError::Damaged { count: state.damaged.len() });
            }
            let missing_bytes = state.marks.missing_bytes();
            let all_groups = 0..self.layout.group_count();
            match &state.groups {
                Some(groups) if all_groups.into_iter().all(|g| state.marks.is_verified(g)) => groups.clone(),
                _ => return Err(BlobError::Incomplete { missing_bytes }),
            }
        };
        if !self.state().is_renamed {
            self.rename_all(&groups)?;
        }
        if let Err(error) = self.backend.sync_dir(&folder_path(self.hash)) {
            // Nobody may take it for complete before its name is durable. Where not even this works, the next one to ask
            // for it syncs first.
            if self.backend.rename(&data_path(self.hash), &part_path(self.hash)).is_ok() {
                self.state().is_renamed = false;
            }
            return Err(error.into());
        }
        // Nobody looks at the map any more; should it stay, it does no harm.
        let _ = self.backend.remove(&map_path(self.hash));
        self.state().is_complete = true;
        Ok(())
    }

    fn rename_all(&self, groups: &Groups) -> Result<(), BlobError> {
        if self.files.part.len()? != self.layout.size() {
            // A longer blob was claimed before.
            self.files.part.set_len(self.layout.size())?;
        }
        if let Some(outboard) = &self.files.outboard {
            write_upper_nodes(&**outboard, groups)?;
            if outboard.len()? != self.layout.outboard_bytes() {
                outboard.set_len(self.layout.outboard_bytes())?;
            }
        }
        self.sync_contents()?;
        let outboard_part = outboard_part_path(self.hash);
        // It is missing where an earlier attempt came this far.
        if self.files.outboard.is_some() && self.backend.metadata(&outboard_part)?.is_some() {
            self.backend.rename(&outboard_part, &outboard_path(self.hash))?;
        }
        self.backend.rename(&part_path(self.hash), &data_path(self.hash))?;
        self.state().is_renamed = true;
        Ok(())
    }

    fn sync_contents(&self) -> Result<(), BlobError> {
        let outboard = self.files.outboard.as_deref().map_or(Ok(()), StorageFile::sync_data);
        let outcome = self.files.part.sync_data().and(outboard);
        Ok(outcome.map_err(|error| self.note_sync_failure(&mut self.state(), error))?)
    }

    fn note_sync_failure(&self, state: &mut State, error: StorageError) -> StorageError {
        state.sync_failure = Some(error.again());
        error
    }
}
