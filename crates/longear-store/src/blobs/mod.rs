//! Blobs on disk: complete ones playable as they are, incomplete ones resumable to the byte.
//!
//! ```text
//! blobs/<ab>/<hash>         a complete blob; <ab> are the first two digits of its hash
//! blobs/<ab>/<hash>.o       its outboard, where it has 1 MiB or more
//! blobs/<ab>/<hash>.part    an incomplete blob, sparse
//! blobs/<ab>/<hash>.map     what of it is here, and what is proven
//! blobs/<ab>/<hash>.o.part  its outboard so far
//! blobs/incoming/<n>[.o]    a blob that is being published
//! ```
//!
//! Several processes may share a store. An incomplete blob has one writer at a time (the map is
//! locked); anybody may read what is proven of it meanwhile.

mod check;
mod error;
mod import;
mod map;
mod marks;
mod reader;
mod recheck;
mod workers;
mod writer;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::single_range_in_vec_init)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use longear_core::blob::{BlobHash, BlobLayout, BlobRefused, GROUP_BYTES, Groups};

use crate::backend::{OpenMode, StorageBackend, StorageError, StorageFile};

use map::MapContents;
use marks::Marks;
use workers::Workers;

pub use check::CheckReport;
pub use error::BlobError;
pub use import::Imported;
pub use reader::{BlobReader, VerifiedStream};
pub use writer::{BlobWriter, SYNC_BYTES_MAX};

/// The folder of all blobs.
const BLOBS_DIR: &str = "blobs";

/// The folder of blobs that are being published.
const INCOMING_DIR: &str = "blobs/incoming";

/// How often a look at a blob is repeated when its files change names meanwhile.
const LOOKS_MAX: u32 = 8;

/// Tells how much of a blob is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobState {
    /// Nothing.
    Absent,
    /// Some of it, or just the intention to fetch it.
    Partial {
        /// Size of the whole blob in bytes, as claimed by whoever began it.
        size: u64,
        /// Bytes that are here and proven.
        have_bytes: u64,
    },
    /// All of it, proven when it was completed.
    Complete {
        /// Size in bytes.
        size: u64,
    },
}

/// Keeps blobs in a [`StorageBackend`].
///
/// Clones share the same store and its two background threads (one hashes, one syncs), which
/// start with the first write and take 1 MiB.
///
/// ```
/// use std::sync::Arc;
/// use longear_store::backend::MemoryBackend;
/// use longear_store::blobs::{BlobState, BlobStore};
///
/// let store = BlobStore::open(Arc::new(MemoryBackend::new()));
/// let clip = vec![7; 3_000_000];
/// let imported = store.import(&clip[..], |_bytes| {})?;
/// assert_eq!(store.state(imported.hash)?, BlobState::Complete { size: 3_000_000 });
///
/// let mut middle = [0; 4];
/// store.read_at(imported.hash, 1_500_000, &mut middle)?;
/// assert_eq!(middle, [7; 4]);
/// # Ok::<(), longear_store::blobs::BlobError>(())
/// ```
#[derive(Debug, Clone)]
pub struct BlobStore {
    backend: Arc<dyn StorageBackend>,
    workers: Arc<Workers>,
}

impl BlobStore {
    /// Opens the store; nothing is made until the first write.
    ///
    /// Removes what interrupted publishing left behind. A disk that does not allow that is no
    /// reason to refuse reading, so it goes unreported.
    pub fn open(backend: Arc<dyn StorageBackend>) -> Self {
        let store = Self { backend, workers: Arc::default() };
        let _ = store.remove_stale_imports();
        store
    }

    /// Tells how much of a blob is held.
    ///
    /// Costs a look at the names, and for incomplete blobs the reading of its map (48 B per MiB).
    /// The first look after an unclean stop hashes what is here of the blob.
    pub fn state(&self, hash: BlobHash) -> Result<BlobState, BlobError> {
        if let Some(size) = self.complete_size(hash)? {
            return Ok(BlobState::Complete { size });
        }
        match self.settled_map(hash)? {
            Some(map) => {
                Ok(BlobState::Partial { size: map.marks.layout().size(), have_bytes: map.marks.verified_bytes() })
            }
            // It may have been completed between the two looks.
            None => match self.complete_size(hash)? {
                Some(size) => Ok(BlobState::Complete { size }),
                None => Ok(BlobState::Absent),
            },
        }
    }

    /// Lists up to `count_max` ranges of proven bytes from `from` on, neighbours joined.
    ///
    /// Costs as much as [`state`](Self::state).
    pub fn verified_ranges(&self, hash: BlobHash, from: u64, count_max: usize) -> Result<Vec<Range<u64>>, BlobError> {
        for _ in 0..LOOKS_MAX {
            if let Some(size) = self.complete_size(hash)? {
                return Ok(Vec::from_iter((from < size).then_some(from..size)));
            }
            if let Some(map) = self.settled_map(hash)? {
                return Ok(map.marks.verified(from, count_max));
            }
        }
        Ok(Vec::new())
    }

    /// Shows the group hashes of a blob, as far as they are known here.
    ///
    /// For complete blobs they are read from the outboard: 64 B, and a compression, per MiB.
    pub fn groups(&self, hash: BlobHash) -> Result<Option<Groups>, BlobError> {
        match self.complete_size(hash)? {
            Some(size) => self.groups_from_outboard(hash, size),
            None => Ok(self.settled_map(hash)?.and_then(|map| map.groups)),
        }
    }

    /// Reads from the outboard of a blob, so that it can be served; tells how much was read, less
    /// than asked at its end.
    ///
    /// Only blobs of 1 MiB or more have one here. Its bytes are not proven: whoever uses them
    /// checks them on the way down from the blob's hash. That of an incomplete blob holds the
    /// slices of the groups that are here and, since it was last flushed, the nodes above them;
    /// the rest is zeros.
    pub fn outboard_read_at(&self, hash: BlobHash, offset: u64, buffer: &mut [u8]) -> Result<usize, BlobError> {
        // It changes its name once, at the end.
        for path in [outboard_path(hash), outboard_part_path(hash), outboard_path(hash)] {
            if let Some(file) = self.open_existing(&path)? {
                return Ok(file.read_at(offset, buffer)?);
            }
        }
        Err(BlobError::Absent { hash })
    }

    /// Lists all blobs of which something is held, sorted.
    ///
    /// Costs the listing of up to 257 folders and 32 B per blob.
    pub fn list(&self) -> Result<Vec<BlobHash>, BlobError> {
        let mut hashes = Vec::new();
        for folder in self.backend.list(BLOBS_DIR)? {
            if folder.name.len() != 2 || !folder.is_dir {
                continue;
            }
            for entry in self.backend.list(&format!("{BLOBS_DIR}/{}", folder.name))? {
                let stem = entry.name.strip_suffix(".map").unwrap_or(&entry.name);
                if let Ok(hash) = stem.parse() {
                    hashes.push(hash);
                }
            }
        }
        hashes.sort_unstable();
        hashes.dedup();
        Ok(hashes)
    }

    /// Counts the proven bytes of all blobs; costs [`state`](Self::state) for each.
    pub fn bytes_held(&self) -> Result<u64, BlobError> {
        let mut total = 0;
        for hash in self.list()? {
            total += match self.state(hash)? {
                BlobState::Absent => 0,
                BlobState::Partial { have_bytes, .. } => have_bytes,
                BlobState::Complete { size } => size,
            };
        }
        Ok(total)
    }

    /// Removes a blob, complete or not; tells whether there was one.
    ///
    /// Fails with [`BlobError::Busy`] while somebody writes it. Open readers keep what they read.
    pub fn remove(&self, hash: BlobHash) -> Result<bool, BlobError> {
        let map_path = map_path(hash);
        let held = match self.backend.metadata(&map_path)? {
            Some(_) => Some(self.backend.lock(&map_path)?.ok_or(BlobError::Busy { hash })?),
            None => None,
        };
        let mut removed = false;
        // The map goes last: without it nobody would find the rest.
        for path in [data_path(hash), outboard_path(hash), part_path(hash), outboard_part_path(hash), map_path] {
            removed |= self.backend.remove(&path)?;
        }
        // Also where nothing was left to remove: an earlier attempt may have failed just here.
        if self.backend.metadata(&folder_path(hash))?.is_some() {
            self.backend.sync_dir(&folder_path(hash))?;
        }
        drop(held);
        Ok(removed)
    }

    /// Whether any file of a blob is left here, be it one that nobody can use.
    pub(crate) fn holds_anything(&self, hash: BlobHash) -> bool {
        let paths = [data_path(hash), outboard_path(hash), part_path(hash), outboard_part_path(hash), map_path(hash)];
        // Where the disk cannot say, the removal will.
        paths.iter().any(|path| !matches!(self.backend.metadata(path), Ok(None)))
    }

    /// Tells the size of a complete blob, `None` where it is not complete.
    fn complete_size(&self, hash: BlobHash) -> Result<Option<u64>, BlobError> {
        let found = self.backend.metadata(&data_path(hash))?;
        Ok(found.filter(|found| !found.is_dir).map(|found| found.len))
    }

    /// Reads the map of an incomplete blob, after checking the blob where the last writer did not
    /// let go cleanly.
    ///
    /// A disk that is full or read-only cannot be told the result. Until it can, nothing of the blob
    /// counts as proven, and whoever only looks is not stopped by it.
    fn settled_map(&self, hash: BlobHash) -> Result<Option<MapContents>, BlobError> {
        let path = map_path(hash);
        let Some(file) = self.open_existing(&path)? else {
            return Ok(None);
        };
        let seen = MapContents::load(&*file)?;
        if seen.as_ref().is_some_and(|map| map.sound) {
            return Ok(seen);
        }
        let recovered = match self.backend.lock(&path) {
            // Somebody is at work on it, and marks only what was proven.
            Ok(None) => return Ok(MapContents::load(&*file)?),
            Ok(Some(locked)) => self.recover(hash, &*locked, true),
            Err(error) => Err(error.into()),
        };
        match recovered {
            Err(error) if error.is_full() || error.is_read_only() => {
                let mut found = MapContents::load(&*file)?;
                if let Some(map) = &mut found {
                    map.marks.distrust();
                    map.distrusted = true;
                }
                Ok(found)
            }
            recovered => recovered,
        }
    }

    fn open_existing(&self, path: &str) -> Result<Option<Box<dyn StorageFile>>, StorageError> {
        match self.backend.open(path, OpenMode::Read) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens or makes the outboard of an incomplete blob, where it is to have one.
    fn open_outboard_part(
        &self,
        hash: BlobHash,
        layout: BlobLayout,
    ) -> Result<Option<Box<dyn StorageFile>>, StorageError> {
        if !keeps_outboard(layout) {
            return Ok(None);
        }
        self.backend.open(&outboard_part_path(hash), OpenMode::Create).map(Some)
    }

    fn groups_from_outboard(&self, hash: BlobHash, size: u64) -> Result<Option<Groups>, BlobError> {
        let layout = BlobLayout::new(size)?;
        if layout.group_count() == 1 {
            return Ok(sole_group(hash, layout));
        }
        let Some(outboard) = self.open_existing(&outboard_path(hash))? else {
            return Ok(None);
        };
        let read = Groups::read_upper_nodes(hash, size, |offset, node| {
            outboard.read_exact_at(offset, node).map_err(BlobError::from)
        });
        match read {
            Ok(groups) => Ok(Some(groups)),
            Err(BlobError::Refused(BlobRefused::GroupsMismatch)) => Ok(None),
            Err(BlobError::Storage(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes what stands beside a complete blob from the time when it was not: a writer was
    /// stopped just behind its goal, or the blob came by another way.
    fn remove_leftovers(&self, hash: BlobHash) -> Result<(), StorageError> {
        let map_path = map_path(hash);
        if self.backend.metadata(&map_path)?.is_none() {
            return Ok(());
        }
        let Some(_held) = self.backend.lock(&map_path)? else {
            return Ok(());
        };
        for path in [part_path(hash), outboard_part_path(hash), map_path] {
            self.backend.remove(&path)?;
        }
        Ok(())
    }

    /// Makes the folder of a blob, durably.
    fn create_folder(&self, path: &str) -> Result<(), StorageError> {
        if self.backend.create_dir(path)? {
            self.backend.sync_dir(BLOBS_DIR)?;
            self.backend.sync_dir("")?;
        }
        Ok(())
    }
}

fn folder_path(hash: BlobHash) -> String {
    format!("{BLOBS_DIR}/{:02x}", hash.as_bytes()[0])
}

fn data_path(hash: BlobHash) -> String {
    format!("{}/{hash}", folder_path(hash))
}

fn outboard_path(hash: BlobHash) -> String {
    format!("{}/{hash}.o", folder_path(hash))
}

fn part_path(hash: BlobHash) -> String {
    format!("{}/{hash}.part", folder_path(hash))
}

fn outboard_part_path(hash: BlobHash) -> String {
    format!("{}/{hash}.o.part", folder_path(hash))
}

fn map_path(hash: BlobHash) -> String {
    format!("{}/{hash}.map", folder_path(hash))
}

/// A blob of one group needs no list: its hash is the group's.
fn sole_group(hash: BlobHash, layout: BlobLayout) -> Option<Groups> {
    let list = if layout.listed_group_count() == 0 { vec![] } else { vec![*hash.as_bytes()] };
    Groups::verify(hash, layout.size(), list).ok()
}

/// Writes the nodes of an outboard above the groups.
fn write_upper_nodes(outboard: &dyn StorageFile, groups: &Groups) -> Result<(), StorageError> {
    groups.write_upper_nodes(|offset, node| outboard.write_at(offset, node))
}

/// Writes them for an incomplete blob, so that its parts can be proven to others; a mere claim is
/// not worth the room.
fn write_upper_nodes_of_held(
    outboard: &dyn StorageFile,
    groups: Option<&Groups>,
    marks: &Marks,
) -> Result<(), StorageError> {
    match groups {
        Some(groups) if marks.verified_bytes() > 0 => write_upper_nodes(outboard, groups),
        _ => Ok(()),
    }
}

/// Tells whether a blob's outboard is kept here: the smaller ones are cheap to fetch again whole.
fn keeps_outboard(layout: BlobLayout) -> bool {
    layout.size() >= GROUP_BYTES
}
