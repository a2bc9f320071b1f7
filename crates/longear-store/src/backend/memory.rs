//! A disk made of memory, which fails, freezes and loses power when a test asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{
    OpenMode, StorageBackend, StorageEntry, StorageError, StorageFile, StorageMetadata, StorageOperation as Operation,
    check_path, split_path,
};

/// Bytes that the system writes back together.
const PAGE_BYTES: u64 = 4096;

/// Bytes that reach the disk wholly or not at all.
const SECTOR_BYTES: usize = 512;

/// Says how operations go wrong from a chosen one on.
///
/// Operations that change the disk are counted from 0: writes, appends, lengths, syncs, renames,
/// removals, new files and new folders. Reads and look-ups are never counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This one operation fails; a write leaves its first half behind.
    Once {
        /// Number of the operation.
        at: u64,
        /// The error it fails with.
        kind: io::ErrorKind,
    },
    /// This operation and all later ones that change the disk fail, as on a full disk.
    From {
        /// Number of the first operation.
        at: u64,
        /// The error they fail with.
        kind: io::ErrorKind,
    },
}

/// Says which of the changes that were not synced survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survivors {
    /// Only what was synced.
    SyncedOnly,
    /// Everything, as after a killed process.
    All,
    /// Pages and lengths of files by the toss of a coin, one page in four torn between its sectors, and names up to a random
    /// point in time, in each folder another one.
    Some {
        /// Where the coins start; the same seed leaves the same disk.
        seed: u64,
    },
    /// Exactly these of the [choices](MemoryBackend::choices), counted from the lowest bit: first the changes of names, oldest
    /// first, then of each file its pages, ascending, and its length. A name survives only where those before it in its
    /// folders do.
    Chosen {
        /// One bit for each choice.
        bits: u64,
    },
}

/// Keeps files in memory, with the rules of a disk about what is durable.
///
/// Clones are the same disk. Memory grows with the pages written, not with the length of files.
///
/// ```
/// use longear_store::backend::{MemoryBackend, OpenMode, StorageBackend, Survivors};
///
/// let disk = MemoryBackend::new();
/// disk.open("kept", OpenMode::Create)?.append(b"x").ok();
/// disk.sync_dir("")?;
/// disk.open("lost", OpenMode::Create)?;
/// disk.cut_power(Survivors::SyncedOnly);
/// assert!(disk.metadata("kept")?.is_some());
/// assert!(disk.metadata("lost")?.is_none());
/// # Ok::<(), longear_store::backend::StorageError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryBackend {
    disk: Arc<Mutex<Disk>>,
}

#[derive(Debug, Default)]
struct Disk {
    files: BTreeMap<u64, Contents>,
    next_file: u64,
    /// Names as every process sees them.
    names: BTreeMap<String, u64>,
    folders: BTreeSet<String>,
    /// Names as they would be found after a power cut.
    durable_names: BTreeMap<String, u64>,
    /// Changes of names that no sync has covered yet, oldest first.
    loose_names: Vec<NameChange>,
    locked: BTreeSet<u64>,
    faults: Vec<Fault>,
    journal: Vec<(Operation, String)>,
    /// Goes up with every power cut: handles from before it are dead.
    boot: u64,
}

#[derive(Debug, Clone)]
struct NameChange {
    /// Names to set or, with `None`, to remove: one for most, two for a rename.
    changes: Vec<(String, Option<u64>)>,
}

#[derive(Debug, Clone, Default)]
struct Contents {
    len: u64,
    pages: BTreeMap<u64, Box<[u8]>>,
    durable_len: u64,
    /// What pages written since the last sync held before; `None` was a hole.
    before: BTreeMap<u64, Option<Box<[u8]>>>,
    /// The same of pages whose sync failed: the system takes them for clean, so that no later sync covers them, unless they
    /// are written again.
    abandoned: BTreeMap<u64, Option<Box<[u8]>>>,
}

impl MemoryBackend {
    /// Makes an empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the faults that are set.
    pub fn set_faults(&self, faults: &[Fault]) {
        self.disk().faults = faults.to_vec();
    }

    /// Counts the operations so far that changed the disk.
    pub fn operation_count(&self) -> u64 {
        self.disk().journal.len() as u64
    }

    /// Lists the operations so far that changed the disk, failed ones included.
    pub fn journal(&self) -> Vec<(Operation, String)> {
        self.disk().journal.clone()
    }

    /// Counts the bytes of memory that hold file contents.
    pub fn page_bytes(&self) -> u64 {
        self.disk().files.values().map(|file| file.pages.len() as u64 * PAGE_BYTES).sum()
    }

    /// Copies the disk as it is; the copy goes its own way. Files that are open stay open on this one only.
    pub fn fork(&self) -> Self {
        let disk = self.disk();
        let copy = Disk {
            files: disk.files.clone(),
            next_file: disk.next_file,
            names: disk.names.clone(),
            folders: disk.folders.clone(),
            durable_names: disk.durable_names.clone(),
            loose_names: disk.loose_names.clone(),
            journal: disk.journal.clone(),
            boot: disk.boot,
            ..Disk::default()
        };
        MemoryBackend { disk: Arc::new(Mutex::new(copy)) }
    }

    /// Counts what a power cut could take or leave, each on its own: names, pages and lengths that no sync has covered.
    pub fn choices(&self) -> u32 {
        let disk = self.disk();
        let of_files = disk.files.values().map(|file| file.loose_pages() + usize::from(file.len != file.durable_len));
        (disk.loose_names.len() + of_files.sum::<usize>()) as u32
    }

    /// Cuts the power and starts again: what was not synced is lost as far as `survivors` says,
    /// open files are dead, locks and faults are gone.
    pub fn cut_power(&self, survivors: Survivors) {
        let mut disk = self.disk();
        let mut coin = Coin::new(survivors);
        let mut stopped = BTreeSet::new();
        for change in std::mem::take(&mut disk.loose_names) {
            let folders = change.changes.iter().map(|(name, _)| split_path(name).0.to_owned()).collect::<Vec<_>>();
            // In one folder nothing overtakes what came before it; folders go each their own way.
            if coin.name_survives() && folders.iter().all(|folder| !stopped.contains(folder)) {
                apply(&mut disk.durable_names, &change);
            } else {
                stopped.extend(folders);
            }
        }
        disk.names = disk.durable_names.clone();
        for file in disk.files.values_mut() {
            file.lose_loose_pages(&mut coin);
        }
        disk.locked.clear();
        disk.faults.clear();
        disk.boot += 1;
    }

    /// Changes one stored byte behind the store's back, as a failing disk does.
    ///
    /// Fails where there is no such byte.
    pub fn flip_byte(&self, path: &str, offset: u64) -> Result<(), StorageError> {
        let mut disk = self.disk();
        let missing = || StorageError::new(Operation::Write, path, io::ErrorKind::NotFound.into());
        let id = *disk.names.get(path).ok_or_else(missing)?;
        let file = disk.files.get_mut(&id).ok_or_else(missing)?;
        let page = file.pages.get_mut(&(offset / PAGE_BYTES)).ok_or_else(missing)?;
        page[(offset % PAGE_BYTES) as usize] ^= 0x20;
        Ok(())
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().expect("no operation panics while it holds the disk")
    }

    fn handle(&self, disk: &Disk, id: u64, path: &str) -> MemoryFile {
        MemoryFile { backend: self.clone(), id, path: path.to_owned(), boot: disk.boot, locks: false }
    }
}

impl StorageBackend for MemoryBackend {
    fn open(&self, path: &str, mode: OpenMode) -> Result<Box<dyn StorageFile>, StorageError> {
        check_path(Operation::Open, path)?;
        let mut disk = self.disk();
        let creates = matches!(mode, OpenMode::Create | OpenMode::Append);
        let id = disk.find_file(Operation::Open, path, creates)?;
        Ok(Box::new(self.handle(&disk, id, path)))
    }

    fn lock(&self, path: &str) -> Result<Option<Box<dyn StorageFile>>, StorageError> {
        check_path(Operation::Lock, path)?;
        let mut disk = self.disk();
        let id = disk.find_file(Operation::Lock, path, true)?;
        if !disk.locked.insert(id) {
            return Ok(None);
        }
        let mut file = self.handle(&disk, id, path);
        file.locks = true;
        Ok(Some(Box::new(file)))
    }

    fn metadata(&self, path: &str) -> Result<Option<StorageMetadata>, StorageError> {
        check_path(Operation::Metadata, path)?;
        let disk = self.disk();
        if path.is_empty() || disk.folders.contains(path) {
            return Ok(Some(StorageMetadata { len: 0, is_dir: true, version: 0 }));
        }
        let file = disk.names.get(path).and_then(|id| Some((id, disk.files.get(id)?)));
        Ok(file.map(|(id, file)| StorageMetadata { len: file.len, is_dir: false, version: u128::from(*id) }))
    }

    fn list(&self, path: &str) -> Result<Vec<StorageEntry>, StorageError> {
        check_path(Operation::List, path)?;
        let disk = self.disk();
        let files = disk.names.keys().map(|name| (name, false));
        let folders = disk.folders.iter().map(|name| (name, true));
        let mut entries: Vec<_> = files
            .chain(folders)
            .map(|(full, is_dir)| (split_path(full), is_dir))
            .filter(|((folder, _), _)| *folder == path)
            .map(|((_, name), is_dir)| StorageEntry { name: name.to_owned(), is_dir })
            .collect();
        entries.sort();
        Ok(entries)
    }

    fn create_dir(&self, path: &str) -> Result<bool, StorageError> {
        check_path(Operation::CreateDir, path)?;
        let mut disk = self.disk();
        if path.is_empty() || disk.folders.contains(path) {
            return Ok(false);
        }
        disk.change(Operation::CreateDir, path)?;
        // Folders are durable at once: losing one is losing the names in it, which is tested.
        let mut folder = path;
        while !folder.is_empty() {
            disk.folders.insert(folder.to_owned());
            folder = split_path(folder).0;
        }
        Ok(true)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        check_path(Operation::Rename, from)?;
        check_path(Operation::Rename, to)?;
        let mut disk = self.disk();
        disk.change(Operation::Rename, from)?;
        let missing = || StorageError::new(Operation::Rename, from, io::ErrorKind::NotFound.into());
        let id = *disk.names.get(from).ok_or_else(missing)?;
        disk.change_names(vec![(from.to_owned(), None), (to.to_owned(), Some(id))]);
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<bool, StorageError> {
        check_path(Operation::Remove, path)?;
        let mut disk = self.disk();
        if !disk.names.contains_key(path) {
            return Ok(false);
        }
        disk.change(Operation::Remove, path)?;
        disk.change_names(vec![(path.to_owned(), None)]);
        Ok(true)
    }

    fn sync_dir(&self, path: &str) -> Result<(), StorageError> {
        check_path(Operation::SyncDir, path)?;
        let mut disk = self.disk();
        disk.change(Operation::SyncDir, path)?;
        let loose = std::mem::take(&mut disk.loose_names);
        let (synced, loose) = loose
            .into_iter()
            .partition(|change: &NameChange| change.changes.iter().any(|(name, _)| split_path(name).0 == path));
        disk.loose_names = loose;
        for change in synced {
            apply(&mut disk.durable_names, &change);
        }
        Ok(())
    }

    /// The same after the same operations, so that disks can be compared.
    fn salt(&self) -> u64 {
        Coin::new(Survivors::Some { seed: self.disk().next_file }).next()
    }
}

impl Disk {
    /// Counts an operation and fails it where a fault says so.
    fn change(&mut self, operation: Operation, path: &str) -> Result<(), StorageError> {
        let number = self.journal.len() as u64;
        self.journal.push((operation, path.to_owned()));
        for fault in &self.faults {
            let kind = match *fault {
                Fault::Once { at, kind } if at == number => kind,
                Fault::From { at, kind } if at <= number => kind,
                _ => continue,
            };
            return Err(StorageError::new(operation, path, kind.into()));
        }
        Ok(())
    }

    fn find_file(&mut self, operation: Operation, path: &str, creates: bool) -> Result<u64, StorageError> {
        if let Some(id) = self.names.get(path) {
            return Ok(*id);
        }
        let folder = split_path(path).0;
        if !creates || !(folder.is_empty() || self.folders.contains(folder)) {
            return Err(StorageError::new(operation, path, io::ErrorKind::NotFound.into()));
        }
        self.change(operation, path)?;
        let id = self.next_file;
        self.next_file += 1;
        self.files.insert(id, Contents::default());
        self.change_names(vec![(path.to_owned(), Some(id))]);
        Ok(id)
    }

    fn change_names(&mut self, changes: Vec<(String, Option<u64>)>) {
        let change = NameChange { changes };
        apply(&mut self.names, &change);
        self.loose_names.push(change);
    }
}

fn apply(names: &mut BTreeMap<String, u64>, change: &NameChange) {
    for (name, id) in &change.changes {
        match id {
            Some(id) => names.insert(name.clone(), *id),
            None => names.remove(name),
        };
    }
}

impl Contents {
    fn read(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let available = self.len.saturating_sub(offset).min(buffer.len() as u64) as usize;
        for (page, within, part) in page_parts(offset, available) {
            let target = &mut buffer[part];
            match self.pages.get(&page) {
                Some(bytes) => target.copy_from_slice(&bytes[within..within + target.len()]),
                None => target.fill(0),
            }
        }
        available
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) {
        for (page, within, part) in page_parts(offset, bytes.len()) {
            self.remember(page);
            let hole = || vec![0; PAGE_BYTES as usize].into_boxed_slice();
            let stored = self.pages.entry(page).or_insert_with(hole);
            stored[within..within + part.len()].copy_from_slice(&bytes[part]);
        }
        self.len = self.len.max(offset + bytes.len() as u64);
    }

    fn set_len(&mut self, len: u64) {
        let beyond: Vec<u64> = self.pages.range(len.div_ceil(PAGE_BYTES)..).map(|(at, _)| *at).collect();
        for page in beyond {
            self.remember(page);
            self.pages.remove(&page);
        }
        self.len = len;
    }

    fn loose_pages(&self) -> usize {
        self.before.len() + self.abandoned.len()
    }

    /// Keeps what a page holds on the disk, before it changes.
    fn remember(&mut self, page: u64) {
        if !self.before.contains_key(&page) {
            let on_disk = self.abandoned.remove(&page).unwrap_or_else(|| self.pages.get(&page).cloned());
            self.before.insert(page, on_disk);
        }
    }

    fn sync(&mut self) {
        self.before.clear();
        self.durable_len = self.len;
    }

    fn fail_to_sync(&mut self) {
        let abandoned = std::mem::take(&mut self.before);
        self.abandoned.extend(abandoned);
    }

    fn lose_loose_pages(&mut self, coin: &mut Coin) {
        let mut loose = std::mem::take(&mut self.before);
        loose.append(&mut self.abandoned);
        for (page, before) in loose {
            let sectors = coin.sectors();
            if sectors == Sectors::ALL {
                continue;
            }
            if sectors != Sectors::NONE
                && let Some(now) = self.pages.get_mut(&page)
            {
                let hole = vec![0; PAGE_BYTES as usize].into_boxed_slice();
                let old = before.as_ref().unwrap_or(&hole);
                for (at, sector) in now.chunks_mut(SECTOR_BYTES).enumerate().filter(|(at, _)| !sectors.survives(*at)) {
                    sector.copy_from_slice(&old[at * SECTOR_BYTES..][..SECTOR_BYTES]);
                }
                continue;
            }
            match before {
                Some(bytes) => self.pages.insert(page, bytes),
                None => self.pages.remove(&page),
            };
        }
        if self.len != self.durable_len && !coin.survives() {
            self.len = self.durable_len;
            self.pages.retain(|page, _| page * PAGE_BYTES < self.durable_len);
        }
        self.durable_len = self.len;
    }

    fn next_data(&self, offset: u64) -> Option<Range<u64>> {
        let (first, _) = self.pages.range(offset / PAGE_BYTES..).next()?;
        let mut end = first + 1;
        while self.pages.contains_key(&end) {
            end += 1;
        }
        let range = (first * PAGE_BYTES).max(offset)..(end * PAGE_BYTES).min(self.len);
        (!range.is_empty()).then_some(range)
    }
}

/// Cuts a stretch of a file at its page borders: (page, offset in it, range of the stretch).
fn page_parts(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == len {
            return None;
        }
        let at = offset + done as u64;
        let within = (at % PAGE_BYTES) as usize;
        let end = (done + PAGE_BYTES as usize - within).min(len);
        let part = done..end;
        done = end;
        Some((at / PAGE_BYTES, within, part))
    })
}

/// Which sectors of a page reached the disk, from the lowest bit.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sectors(u8);

impl Sectors {
    const NONE: Self = Sectors(0);
    const ALL: Self = Sectors(u8::MAX);

    fn survives(self, at: usize) -> bool {
        self.0 >> at & 1 == 1
    }
}

#[derive(Debug)]
struct Coin {
    survivors: Survivors,
    state: u64,
}

impl Coin {
    fn new(survivors: Survivors) -> Self {
        let state = match survivors {
            Survivors::Some { seed } => seed,
            Survivors::Chosen { bits } => bits,
            Survivors::SyncedOnly | Survivors::All => 0,
        };
        Self { survivors, state }
    }

    fn survives(&mut self) -> bool {
        match self.survivors {
            Survivors::SyncedOnly => false,
            Survivors::All => true,
            Survivors::Some { .. } => self.next() & 1 == 1,
            Survivors::Chosen { .. } => {
                let chosen = self.state & 1 == 1;
                self.state >>= 1;
                chosen
            }
        }
    }

    /// Names survive more often, as the first one that does not ends it for its folder.
    fn name_survives(&mut self) -> bool {
        match self.survivors {
            Survivors::Some { .. } => !self.next().is_multiple_of(4),
            _ => self.survives(),
        }
    }

    fn sectors(&mut self) -> Sectors {
        if matches!(self.survivors, Survivors::Some { .. }) && self.next().is_multiple_of(4) {
            return Sectors(self.next() as u8);
        }
        if self.survives() { Sectors::ALL } else { Sectors::NONE }
    }

    /// SplitMix64: small, and good enough to scatter crashes.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

#[derive(Debug)]
struct MemoryFile {
    backend: MemoryBackend,
    id: u64,
    path: String,
    boot: u64,
    locks: bool,
}

impl MemoryFile {
    /// Runs on the file's contents, unless the power was cut since it was opened.
    fn with<T>(
        &self,
        operation: Operation,
        run: impl FnOnce(&mut Disk) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut disk = self.backend.disk();
        if disk.boot != self.boot {
            let cause = io::Error::other("the power was cut since this file was opened");
            return Err(StorageError::new(operation, &self.path, cause));
        }
        run(&mut disk)
    }

    fn contents<'disk>(&self, disk: &'disk mut Disk) -> &'disk mut Contents {
        disk.files.get_mut(&self.id).expect("files are never forgotten while a handle may exist")
    }
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        if self.locks {
            let mut disk = self.backend.disk();
            if disk.boot == self.boot {
                disk.locked.remove(&self.id);
            }
        }
    }
}

impl StorageFile for MemoryFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, StorageError> {
        self.with(Operation::Read, |disk| Ok(self.contents(disk).read(offset, buffer)))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), StorageError> {
        self.with(Operation::Write, |disk| {
            let allowed = disk.change(Operation::Write, &self.path);
            let written = if allowed.is_ok() { bytes } else { &bytes[..bytes.len() / 2] };
            self.contents(disk).write(offset, written);
            allowed
        })
    }

    fn append(&self, bytes: &[u8]) -> Result<u64, StorageError> {
        self.with(Operation::Append, |disk| {
            let allowed = disk.change(Operation::Append, &self.path);
            let written = if allowed.is_ok() { bytes } else { &bytes[..bytes.len() / 2] };
            let contents = self.contents(disk);
            let offset = contents.len;
            contents.write(offset, written);
            allowed.map(|()| offset)
        })
    }

    fn len(&self) -> Result<u64, StorageError> {
        self.with(Operation::Metadata, |disk| Ok(self.contents(disk).len))
    }

    fn set_len(&self, len: u64) -> Result<(), StorageError> {
        self.with(Operation::SetLen, |disk| {
            disk.change(Operation::SetLen, &self.path)?;
            self.contents(disk).set_len(len);
            Ok(())
        })
    }

    fn sync_data(&self) -> Result<(), StorageError> {
        self.with(Operation::SyncData, |disk| {
            let allowed = disk.change(Operation::SyncData, &self.path);
            match &allowed {
                Ok(()) => self.contents(disk).sync(),
                Err(_) => self.contents(disk).fail_to_sync(),
            }
            allowed
        })
    }

    fn start_writeback(&self, _range: Range<u64>) {}

    fn give_back(&self, _range: Range<u64>) {}

    fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>, StorageError> {
        self.with(Operation::Read, |disk| Ok(self.contents(disk).next_data(offset)))
    }

    fn path(&self) -> &str {
        &self.path
    }
}
