//! Opening the files of an incomplete blob and agreeing with what an earlier writer left.

use longear_core::blob::{BlobHash, BlobLayout, BlobRefused, Groups};

use super::super::map::{MapContents, write_map};
use super::super::marks::{GroupMarks, Marks};
use super::super::recheck::{recheck, write_again};
use super::super::{BlobError, BlobStore, LOOKS_MAX, folder_path, map_path, part_path, sole_group};
use super::session::{Files, Session, State};
use crate::backend::{OpenMode, StorageFile};

impl BlobStore {
    /// Opens and locks an incomplete blob, in order and ready to be written.
    pub(super) fn open_session(&self, hash: BlobHash, size: u64, groups: Option<Groups>) -> Result<Session, BlobError> {
        let layout = BlobLayout::new(size)?;
        if let Some(groups) = &groups
            && (groups.blob() != hash || groups.layout() != layout)
        {
            return Err(BlobRefused::GroupsMismatch.into());
        }
        if self.complete_size(hash)?.is_some() {
            // Whoever gave it its name may have failed to make that durable.
            self.backend.sync_dir(&folder_path(hash))?;
            let _ = self.remove_leftovers(hash);
            return Err(BlobError::AlreadyComplete { hash });
        }
        self.create_folder(&folder_path(hash))?;
        let map = self.lock_map(hash)?;
        if self.complete_size(hash)?.is_some() {
            // It was finished between our look and our lock; the map is a new, empty one.
            self.backend.remove(&map_path(hash))?;
            return Err(BlobError::AlreadyComplete { hash });
        }
        let groups = groups.or_else(|| sole_group(hash, layout));
        let found = MapContents::load(&*map)?.filter(|found| found.hash == hash);
        let part = self.backend.open(&part_path(hash), OpenMode::Create)?;
        let outboard = self.open_outboard_part(hash, layout)?;
        let mut held = agree(hash, layout, found, groups)?;
        if let Some(outboard) = &outboard
            && held.marks.verified_bytes() > 0
        {
            // Its slices went away with an attempt to finish that came half way.
            held.is_sound &= !outboard.is_empty()?;
        }
        let mut state = State::new(held.marks, held.groups);
        if !held.is_sound {
            write_again(&*part)?;
            state.marks.distrust();
            write_map(&*map, hash, &state.marks, state.groups.as_ref(), true)?;
            recheck(&mut state.marks, state.groups.as_ref(), &*part, outboard.as_deref())?;
        }
        // What was just found may be no further than in memory, so the map stays dirty for now.
        state.is_dirty = !held.is_sound;
        if held.is_changed || !held.is_sound {
            write_map(&*map, hash, &state.marks, state.groups.as_ref(), state.is_dirty)?;
            map.sync_data()?;
            self.backend.sync_dir(&folder_path(hash))?;
        }
        let files = Files { part, map, outboard };
        Ok(Session::new(hash, self.backend.clone(), files, state))
    }

    fn lock_map(&self, hash: BlobHash) -> Result<Box<dyn StorageFile>, BlobError> {
        // A reader who finds a dirty map holds it for as long as it takes to see that it is ours.
        for _ in 0..LOOKS_MAX {
            if let Some(map) = self.backend.lock(&map_path(hash))? {
                return Ok(map);
            }
            std::thread::yield_now();
        }
        Err(BlobError::Busy { hash })
    }
}

/// The marks to go on with.
struct Held {
    marks: Marks,
    groups: Option<Groups>,
    /// The marks may be believed.
    is_sound: bool,
    /// The map on disk says something else.
    is_changed: bool,
}

/// Brings together what the map says and what the caller claims.
fn agree(
    hash: BlobHash,
    layout: BlobLayout,
    found: Option<MapContents>,
    claimed: Option<Groups>,
) -> Result<Held, BlobError> {
    let Some(found) = found else {
        // No map, or a torn one: whatever lies in the file counts if its hash says so.
        let marks = Marks::new(layout);
        return Ok(Held { marks, groups: claimed, is_sound: false, is_changed: true });
    };
    if found.marks.layout() == layout {
        let is_changed = found.groups.is_none() && claimed.is_some();
        let groups = found.groups.or(claimed);
        return Ok(Held { marks: found.marks, groups, is_sound: found.sound, is_changed });
    }
    let held_layout = found.marks.layout();
    let last_group = held_layout.group_count() - 1;
    let other_count = held_layout.group_count() != layout.group_count();
    let is_proven = found.sound && !found.marks.group(last_group).verified.is_empty()
        || other_count && found.groups.is_some() && held_layout.group_count() > 1;
    if is_proven {
        let (held, claimed) = (held_layout.size(), layout.size());
        return Err(BlobError::SizeConflict { hash, held, claimed });
    }
    let mut marks = Marks::new(layout);
    if !other_count {
        // Only the last group is cut at another place.
        for group in 0..last_group {
            marks.set_group(group, found.marks.group(group));
        }
        marks.set_group(last_group, GroupMarks::default());
    }
    Ok(Held { marks, groups: claimed, is_sound: false, is_changed: true })
}
