//! Blobs: whole ones in their order, then parts of what does not fit whole.

use std::ops::Range;
use std::sync::Arc;

use longear_core::blob::{BlobHash, BlobLayout, GROUP_BYTES, Groups};
use longear_core::schedule::{BlobWant, order_blobs};
use longear_core::tree::{BLOB_WHOLE_BYTES_MAX, PART_MIB, TreePath, blob_file_holding};
use longear_core::{Class, Intervals, Rendition, article};
use longear_store::blobs::{BlobState, BlobStore};
use longear_store::{ChannelState, Store};

use super::target::{Put, Target};
use super::{BlobsWritten, Stop, sources};
use crate::carrier::{CarrierError, FolderCarrier, Place};
use crate::sync::decisions::{LiveFile, running};

/// Bytes of the longest part.
const PART_BYTES: u64 = PART_MIB as u64 * GROUP_BYTES;

/// A blob that belongs on the stick, and what of it is here.
pub(super) struct Want {
    store: BlobStore,
    hash: [u8; 32],
    size: u64,
    class: Class,
    /// Whole groups that are here and proven.
    here: Intervals,
    is_complete: bool,
}

/// The blobs of all items that readers see, and of the edges of broadcasts that run, in the order in which they travel.
pub(super) fn wants(store: &Store, states: &[Arc<ChannelState>], which: BlobsWritten) -> Result<Vec<Want>, Stop> {
    let mut ordered = Vec::new();
    for state in states {
        for broadcast in running(store, &[state.id()])? {
            let files = broadcast.edge_files(store)?.into_iter().filter(|named| which.includes(&named.file));
            ordered.extend(files.map(|LiveFile { file, class, time }| {
                let Rendition { blob, size, .. } = file;
                BlobWant { blob, size, class, item: broadcast.item, log: broadcast.log, time }
            }));
        }
        for item in store.shown_media(&state.id())? {
            let time = item.header().time;
            for (rendition, class) in store.files(&item)?.into_iter().filter(|(file, _)| which.includes(file)) {
                let want = |blob, size| BlobWant { blob, size, class, item: item.id(), log: item.log, time };
                if let article::Groups::Blob(list) = rendition.groups {
                    ordered.push(want(list, article::Rendition::group_count(rendition.size) * 32));
                }
                ordered.push(want(rendition.blob, rendition.size));
            }
        }
    }
    order_blobs(&mut ordered);
    let mut wants = Vec::new();
    for want in ordered {
        wants.extend(Want::look(store.blobs(), want.blob, want.class)?);
    }
    Ok(wants)
}

/// How much of sound, and of what is as small, is still to be written.
pub(super) fn missing_sound_bytes(target: &Target<'_>, wants: &[Want]) -> Result<u64, Stop> {
    wants.iter().filter(|want| want.class <= Class::Sound).map(|want| want.missing_bytes(target)).sum()
}

/// Writes whole blobs in their order, then parts of the others as far as there is room.
pub(super) fn write(target: &mut Target<'_>, wants: &[Want], elsewhere: &[FolderCarrier]) -> Result<(), Stop> {
    let mut in_part = Vec::new();
    for want in wants {
        let mut there = Intervals::new();
        for other in elsewhere {
            standing(other, want.hash, want.size)?.ranges().iter().for_each(|range| there.insert(range.clone()));
        }
        if !want.is_complete || !there.is_empty() {
            in_part.push((want, there));
            continue;
        }
        match want.write_whole(target)? {
            Put::Stands => target.report().blobs_whole += 1,
            Put::NoRoom => in_part.push((want, there)),
            Put::Refused => {}
        }
    }
    for (want, there) in in_part {
        let missing = minus(&minus(&want.here, &standing(target.place(), want.hash, want.size)?), &there);
        want.write_parts(target, &missing)?;
        let held = standing(target.place(), want.hash, want.size)?;
        match held.len() {
            0 => {}
            bytes if bytes == want.size => target.report().blobs_whole += 1,
            _ => target.report().blobs_in_part += 1,
        }
        let left = minus(&missing, &held).len();
        if left > 0 {
            target.leave_out(left);
        }
    }
    Ok(())
}

impl Want {
    fn look(store: &BlobStore, hash: [u8; 32], class: Class) -> Result<Option<Want>, Stop> {
        let name = BlobHash::from_bytes(hash);
        let (size, is_complete) = match store.state(name)? {
            BlobState::Absent => return Ok(None),
            BlobState::Partial { have_bytes: 0, .. } => return Ok(None),
            BlobState::Partial { size, .. } => (size, false),
            BlobState::Complete { size } => (size, true),
        };
        let ranges = store.verified_ranges(name, 0, usize::MAX)?;
        let here = ranges.into_iter().map(|range| whole_groups(range, size)).collect();
        Ok(Some(Want { store: store.clone(), hash, size, class, here, is_complete }))
    }

    /// Bytes of it that are here and do not stand there.
    pub(super) fn missing_bytes(&self, target: &Target<'_>) -> Result<u64, Stop> {
        Ok(minus(&self.here, &standing(target.place(), self.hash, self.size)?).len())
    }

    /// Writes the blob and its outboard, and removes the parts that they supersede.
    fn write_whole(&self, target: &mut Target<'_>) -> Result<Put, Stop> {
        let files = whole_files(self.hash, self.size);
        let superseded = self.superseded_parts(target, &files)?;
        let leaves = superseded.iter().map(|(_, bytes)| bytes).sum();
        let mut missing = 0;
        for (path, range) in &files {
            let bytes = range.end - range.start;
            missing += if target.holds(path)? == Some(bytes) { 0 } else { bytes };
        }
        if let Some(bytes) = self.outboard_bytes() {
            let held = target.holds(&TreePath::Outboard { hash: self.hash })?;
            missing += if held == Some(bytes) { 0 } else { bytes };
        }
        if missing > 0 && !target.has_room(missing, leaves)? {
            return Ok(Put::NoRoom);
        }
        let put = self.write_outboard(target, leaves)?;
        if put != Put::Stands {
            return Ok(put);
        }
        for (path, range) in &files {
            let put = self.write_range(target, path, range, leaves)?;
            if put != Put::Stands {
                return Ok(put);
            }
        }
        for (path, _) in &superseded {
            target.remove(path)?;
        }
        Ok(Put::Stands)
    }

    /// Writes what is missing as parts, from its start on, as many whole MiB as there is room for.
    fn write_parts(&self, target: &mut Target<'_>, missing: &Intervals) -> Result<(), Stop> {
        // What is smaller than a group travels whole or not at all.
        if missing.is_empty() || self.size < GROUP_BYTES {
            return Ok(());
        }
        if self.is_complete {
            let held = target.holds(&TreePath::Outboard { hash: self.hash })?.unwrap_or(0);
            let outboard = self.outboard_bytes().unwrap_or(0).saturating_sub(held);
            let room = target.room_bytes()?;
            if room < outboard + GROUP_BYTES || self.write_outboard(target, 0)? != Put::Stands {
                return Ok(());
            }
        }
        for range in missing.ranges() {
            let mut at = range.start;
            while at < range.end {
                let end = range.end.min((at / PART_BYTES + 1) * PART_BYTES);
                let fits = target.has_room(end - at, 0)?;
                let room = target.room_bytes()?;
                let stop = if fits { end } else { at + room.min(end - at) / GROUP_BYTES * GROUP_BYTES };
                let Ok(start_mib) = u32::try_from(at / GROUP_BYTES) else { return Ok(()) };
                if stop > at {
                    let path = TreePath::BlobPart { hash: self.hash, start_mib };
                    self.write_range(target, &path, &(at..stop), 0)?;
                }
                if !fits {
                    return Ok(());
                }
                at = end;
            }
        }
        Ok(())
    }

    fn write_range(
        &self,
        target: &mut Target<'_>,
        path: &TreePath,
        range: &Range<u64>,
        leaves: u64,
    ) -> Result<Put, Stop> {
        let mut open = || {
            let groups = self.groups()?;
            sources::blob_range(&self.store, &groups, self.hash, range.clone())
        };
        target.put(path, range.end - range.start, leaves, &mut open)
    }

    fn write_outboard(&self, target: &mut Target<'_>, leaves: u64) -> Result<Put, Stop> {
        let Some(bytes) = self.outboard_bytes() else { return Ok(Put::Stands) };
        let path = TreePath::Outboard { hash: self.hash };
        target.put(&path, bytes, leaves, &mut || sources::outboard(&self.store, self.hash, self.size))
    }

    /// The length of the outboard, where one is kept here.
    fn outboard_bytes(&self) -> Option<u64> {
        let layout = BlobLayout::new(self.size).ok().filter(|layout| layout.size() >= GROUP_BYTES)?;
        Some(layout.outboard_bytes())
    }

    fn groups(&self) -> std::io::Result<Groups> {
        let groups = self.store.groups(BlobHash::from_bytes(self.hash)).map_err(std::io::Error::other)?;
        let unknown = "the hashes of its groups are damaged here; run `longear check --repair`";
        groups.ok_or_else(|| std::io::Error::new(std::io::ErrorKind::InvalidData, unknown))
    }

    /// Parts that are of no use beside the whole blob.
    fn superseded_parts(
        &self,
        target: &Target<'_>,
        files: &[(TreePath, Range<u64>)],
    ) -> Result<Vec<(TreePath, u64)>, Stop> {
        let mut superseded = Vec::new();
        for start_mib in part_starts(target.place(), &self.hash)? {
            let path = TreePath::BlobPart { hash: self.hash, start_mib };
            if files.iter().all(|(file, _)| *file != path) {
                superseded.push((path, target.holds(&path)?.unwrap_or(0)));
            }
        }
        Ok(superseded)
    }
}

/// The files in which a complete blob stands.
fn whole_files(hash: [u8; 32], size: u64) -> Vec<(TreePath, Range<u64>)> {
    if size <= BLOB_WHOLE_BYTES_MAX {
        return vec![(TreePath::Blob { hash }, 0..size)];
    }
    let mut files = Vec::new();
    let mut at = 0;
    while let Some((path, range)) = blob_file_holding(hash, size, at) {
        at = range.end;
        files.push((path, range));
    }
    files
}

/// The whole groups of a blob that stand in a place, by the lengths of its files.
fn standing(place: &dyn Place, hash: [u8; 32], size: u64) -> Result<Intervals, Stop> {
    let length = |path: &TreePath| match place.holds(path) {
        Err(CarrierError::NotARegularFile { .. }) => Ok(None),
        answer => answer,
    };
    if length(&TreePath::Blob { hash })? == Some(size) {
        return Ok(std::iter::once(0..size).collect());
    }
    let mut standing = Intervals::new();
    for start_mib in part_starts(place, &hash)? {
        let start = u64::from(start_mib) * GROUP_BYTES;
        let bytes = length(&TreePath::BlobPart { hash, start_mib })?.unwrap_or(0).min(PART_BYTES);
        standing.insert(whole_groups(start..size.min(start + bytes).max(start), size));
    }
    Ok(standing)
}

fn part_starts(place: &dyn Place, hash: &[u8; 32]) -> Result<Vec<u32>, Stop> {
    match place.part_starts(hash) {
        Err(CarrierError::NotARegularFile { .. }) => Ok(Vec::new()),
        answer => Ok(answer?),
    }
}

/// The whole groups within a range; the last group of a blob is whole where the blob ends.
fn whole_groups(range: Range<u64>, size: u64) -> Range<u64> {
    let start = range.start.next_multiple_of(GROUP_BYTES);
    let end = if range.end == size { size } else { range.end / GROUP_BYTES * GROUP_BYTES };
    start..end.max(start)
}

fn minus(all: &Intervals, without: &Intervals) -> Intervals {
    let mut rest = all.clone();
    without.ranges().iter().for_each(|range| rest.remove(range.clone()));
    rest
}
