//! Writing an archive: beside its place, and under its name only when it is whole and on the disk.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use longear_core::archive::{
    ARCHIVE_ENTRIES_MAX, ARCHIVE_PACK_BYTES_MAX, ENTRY_FRONT_BYTES_MAX, archive_start, entry_front,
};
use longear_core::tree::TreePath;
use rustix::fs::{CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::CarrierError;
use super::folder_write::copy;
use super::place::{Place, free_space};

/// Ends the name of an archive that is not whole yet.
const UNFINISHED_ENDING: &str = ".part";

/// Writes a tree into one file, each object once, in the order in which they are given.
///
/// Until [`ArchiveWriter::finish`] it stands beside its place under a name that ends in `.part`; one that a killed writer
/// left there is begun anew. Dropping it unfinished removes it, and what stood at its place stays.
#[derive(Debug)]
pub struct ArchiveWriter {
    path: PathBuf,
    unfinished: PathBuf,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    end: u64,
    objects: BTreeMap<TreePath, Range<u64>>,
    is_finished: bool,
}

impl ArchiveWriter {
    /// Begins an archive that will stand at `path`.
    ///
    /// # Errors
    /// [`CarrierError::InUse`], [`CarrierError::Disk`].
    pub fn create(path: &Path) -> Result<Self, CarrierError> {
        let making = |error: io::Error| CarrierError::disk("making the file", error);
        if path.is_dir() {
            return Err(making(io::ErrorKind::IsADirectory.into()));
        }
        let mut name =
            path.file_name().map(OsString::from).ok_or_else(|| making(io::ErrorKind::InvalidInput.into()))?;
        name.push(UNFINISHED_ENDING);
        let unfinished = path.with_file_name(name);
        let flags = OFlags::CREATE | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(CWD, &unfinished, flags, Mode::from_raw_mode(0o644));
        let mut file = File::from(file.map_err(|error| making(error.into()))?);
        if let Err(Errno::WOULDBLOCK) = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            return Err(CarrierError::InUse);
        }
        file.set_len(0).map_err(making)?;
        file.write_all(&archive_start()).map_err(making)?;
        let end = archive_start().len() as u64;
        let state = State { file, end, objects: BTreeMap::new(), is_finished: false };
        Ok(Self { path: path.to_owned(), unfinished, state: RefCell::new(state) })
    }

    /// Gives the archive its name, in the place of the one that stood there; it survives a power cut then. Returns its bytes.
    ///
    /// # Errors
    /// [`CarrierError::Disk`].
    pub fn finish(self) -> Result<u64, CarrierError> {
        let finishing = |error: io::Error| CarrierError::disk("finishing the file", error);
        let mut state = self.state.borrow_mut();
        state.file.sync_all().map_err(finishing)?;
        std::fs::rename(&self.unfinished, &self.path).map_err(finishing)?;
        state.is_finished = true;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(finishing)?;
        Ok(state.end)
    }

    fn list<T>(&self, pick: impl Fn(&TreePath) -> Option<T>) -> Vec<T> {
        self.state.borrow().objects.keys().filter_map(pick).collect()
    }
}

impl State {
    /// Adds an entry. What of one is there already when something fails is for the caller to cut off.
    fn append(&mut self, path: &TreePath, source: &mut dyn Read, bytes: u64) -> Result<(), CarrierError> {
        let writing = |error| CarrierError::disk("writing", error);
        let front = entry_front(path, bytes);
        self.file.seek(SeekFrom::Start(self.end)).map_err(writing)?;
        self.file.write_all(&front).map_err(writing)?;
        copy(source, &self.file, bytes)?;
        let start = self.end + front.len() as u64;
        self.objects.insert(*path, start..start + bytes);
        self.end = start + bytes;
        Ok(())
    }
}

impl Drop for ArchiveWriter {
    fn drop(&mut self) {
        if !self.state.borrow().is_finished {
            // What cannot be removed now is begun anew by the next writer.
            let _ = std::fs::remove_file(&self.unfinished);
        }
    }
}

impl Place for ArchiveWriter {
    fn holds(&self, path: &TreePath) -> Result<Option<u64>, CarrierError> {
        Ok(self.state.borrow().objects.get(path).map(|range| range.end - range.start))
    }

    fn open_object(&self, path: &TreePath) -> Result<Option<Box<dyn Read>>, CarrierError> {
        let mut state = self.state.borrow_mut();
        let Some(range) = state.objects.get(path).cloned() else { return Ok(None) };
        let reading = |error| CarrierError::disk("reading a file", error);
        state.file.seek(SeekFrom::Start(range.start)).map_err(reading)?;
        let file = state.file.try_clone().map_err(reading)?;
        Ok(Some(Box::new(file.take(range.end - range.start))))
    }

    fn part_starts(&self, hash: &[u8; 32]) -> Result<Vec<u32>, CarrierError> {
        Ok(self.list(|path| match path {
            TreePath::BlobPart { hash: of, start_mib } if of == hash => Some(*start_mib),
            _ => None,
        }))
    }

    fn pack_places(&self, channel: &[u8; 32], log: &[u8; 16]) -> Result<Vec<(u8, u32)>, CarrierError> {
        Ok(self.list(|path| match path {
            TreePath::Pack { channel: of, log: its, level, index } if (of, its) == (channel, log) => {
                Some((*level, *index))
            }
            _ => None,
        }))
    }

    fn holds_plain(&self, _: &str) -> Result<Option<u64>, CarrierError> {
        Err(CarrierError::UnsafeName)
    }

    /// Adds an object. Nothing in an archive is replaced: of two under one path the later one counts.
    fn write_object(&self, path: &TreePath, source: &mut dyn Read, bytes: u64) -> Result<(), CarrierError> {
        let mut state = self.state.borrow_mut();
        if state.objects.len() >= ARCHIVE_ENTRIES_MAX as usize {
            return Err(CarrierError::FolderFull { folder: self.path.display().to_string() });
        }
        let end = state.end;
        state.append(path, source, bytes).map_err(|error| {
            // A full disk gives back what it took of the entry.
            match state.file.set_len(end) {
                Err(cut) => CarrierError::disk("writing", cut),
                Ok(()) => error.named_full(bytes, || free_space(state.file.as_fd())),
            }
        })
    }

    fn write_plain(&self, _: &str, _: &mut dyn Read, _: u64) -> Result<(), CarrierError> {
        Err(CarrierError::UnsafeName)
    }

    /// Leaves it: an archive is written once, front to back, and holds nothing that something else took the place of.
    fn remove_object(&self, _: &TreePath) -> Result<(), CarrierError> {
        Ok(())
    }

    fn tree_bytes(&self) -> Result<u64, CarrierError> {
        Ok(self.state.borrow().end)
    }

    fn free_space(&self) -> Result<u64, CarrierError> {
        free_space(self.state.borrow().file.as_fd())
    }

    /// Does nothing: until it is finished, nobody takes it for an archive.
    fn sync(&self) -> Result<(), CarrierError> {
        Ok(())
    }

    fn object_overhead_bytes(&self) -> u64 {
        ENTRY_FRONT_BYTES_MAX as u64
    }

    fn pack_bytes_max(&self) -> u64 {
        ARCHIVE_PACK_BYTES_MAX
    }

    fn is_listed(&self) -> bool {
        true
    }
}
