//! A folder of a real disk.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

use super::{
    OpenMode, StorageBackend, StorageEntry, StorageError, StorageFile, StorageMetadata, StorageOperation as Operation,
    check_path,
};

/// Files are their owner's alone.
const FILE_MODE: u32 = 0o600;

/// Folders are their owner's alone.
const DIR_MODE: u32 = 0o700;

/// Bytes given to the kernel at once.
///
/// For longer writes Linux looks for larger stretches of free memory, and where memory is in
/// pieces it takes up to four times the CPU time to find them.
const WRITE_BYTES: usize = 256 * 1024;

/// Keeps files in a folder of this machine.
///
/// ```
/// use longear_store::backend::{DiskBackend, OpenMode, StorageBackend};
///
/// let folder = tempfile::tempdir()?;
/// let disk = DiskBackend::new(folder.path());
/// disk.create_dir("notes")?;
/// let file = disk.open("notes/today", OpenMode::Create)?;
/// file.write_at(0, b"hello")?;
/// file.sync_data()?;
/// disk.sync_dir("notes")?;
/// assert_eq!(disk.list("notes")?[0].name, "today");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct DiskBackend {
    root: PathBuf,
}

impl DiskBackend {
    /// Takes the folder; it is made when something is first written into it.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Shows the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn full_path(&self, operation: Operation, path: &str) -> Result<PathBuf, StorageError> {
        check_path(operation, path)?;
        Ok(if path.is_empty() { self.root.clone() } else { self.root.join(path) })
    }

    fn open_file(&self, operation: Operation, path: &str, mode: OpenMode) -> Result<File, StorageError> {
        let full_path = self.full_path(operation, path)?;
        let mut options = OpenOptions::new();
        options.read(true).mode(FILE_MODE);
        match mode {
            OpenMode::Read => {}
            OpenMode::Write => {
                options.write(true);
            }
            OpenMode::Create => {
                options.write(true).create(true);
            }
            OpenMode::Append => {
                options.append(true).create(true);
            }
        }
        // A pipe must not block us, nor a link lead us elsewhere.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits() as i32);
        let wrap = |source| StorageError::new(operation, path, source);
        let file = options.open(full_path).map_err(wrap)?;
        if !file.metadata().map_err(wrap)?.is_file() {
            let cause = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
            return Err(wrap(cause));
        }
        Ok(file)
    }

    /// Tells whether the name still stands for this very file.
    fn still_names(&self, path: &Path, file: &File) -> io::Result<bool> {
        let opened = file.metadata()?;
        match std::fs::symlink_metadata(path) {
            Ok(named) => Ok((named.dev(), named.ino()) == (opened.dev(), opened.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl StorageBackend for DiskBackend {
    fn open(&self, path: &str, mode: OpenMode) -> Result<Box<dyn StorageFile>, StorageError> {
        let file = self.open_file(Operation::Open, path, mode)?;
        Ok(Box::new(DiskFile { file, path: path.to_owned() }))
    }

    fn lock(&self, path: &str) -> Result<Option<Box<dyn StorageFile>>, StorageError> {
        let wrap = |source| StorageError::new(Operation::Lock, path, source);
        let full_path = self.full_path(Operation::Lock, path)?;
        loop {
            let file = self.open_file(Operation::Lock, path, OpenMode::Create)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
                Err(errno) => return Err(wrap(errno.into())),
            }
            // Between opening and locking, the last holder may have removed or renamed it: then
            // what we locked is a file that nobody else will ever find.
            if self.still_names(&full_path, &file).map_err(wrap)? {
                return Ok(Some(Box::new(DiskFile { file, path: path.to_owned() })));
            }
        }
    }

    fn metadata(&self, path: &str) -> Result<Option<StorageMetadata>, StorageError> {
        match std::fs::symlink_metadata(self.full_path(Operation::Metadata, path)?) {
            Ok(found) => {
                let len = if found.is_dir() { 0 } else { found.len() };
                // Numbers of files are given again, so the moment of the last change tells, too.
                let changed_ns = found.ctime().wrapping_mul(1_000_000_000).wrapping_add(found.ctime_nsec());
                let version = u128::from(found.ino()) << 64 | u128::from(changed_ns as u64);
                Ok(Some(StorageMetadata { len, is_dir: found.is_dir(), version }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StorageError::new(Operation::Metadata, path, error)),
        }
    }

    fn list(&self, path: &str) -> Result<Vec<StorageEntry>, StorageError> {
        let wrap = |source| StorageError::new(Operation::List, path, source);
        let entries = match std::fs::read_dir(self.full_path(Operation::List, path)?) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(wrap(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(wrap)?;
            let is_dir = entry.file_type().map_err(wrap)?.is_dir();
            if let Ok(name) = entry.file_name().into_string() {
                names.push(StorageEntry { name, is_dir });
            }
        }
        names.sort();
        Ok(names)
    }

    fn create_dir(&self, path: &str) -> Result<bool, StorageError> {
        let full_path = self.full_path(Operation::CreateDir, path)?;
        if full_path.is_dir() {
            return Ok(false);
        }
        let made = DirBuilder::new().recursive(true).mode(DIR_MODE).create(full_path);
        made.map(|()| true).map_err(|error| StorageError::new(Operation::CreateDir, path, error))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        let from_path = self.full_path(Operation::Rename, from)?;
        let to_path = self.full_path(Operation::Rename, to)?;
        std::fs::rename(from_path, to_path).map_err(|error| StorageError::new(Operation::Rename, from, error))
    }

    fn remove(&self, path: &str) -> Result<bool, StorageError> {
        match std::fs::remove_file(self.full_path(Operation::Remove, path)?) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(StorageError::new(Operation::Remove, path, error)),
        }
    }

    fn sync_dir(&self, path: &str) -> Result<(), StorageError> {
        // A folder is synced through its own handle; fsync, because names are not "data".
        File::open(self.full_path(Operation::SyncDir, path)?)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| StorageError::new(Operation::SyncDir, path, error))
    }
}

#[derive(Debug)]
struct DiskFile {
    file: File,
    path: String,
}

impl DiskFile {
    fn wrap(&self, operation: Operation, source: io::Error) -> StorageError {
        StorageError::new(operation, &self.path, source)
    }
}

impl StorageFile for DiskFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, StorageError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.wrap(Operation::Read, error)),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), StorageError> {
        for (piece, start) in bytes.chunks(WRITE_BYTES).zip((offset..).step_by(WRITE_BYTES)) {
            let written = self.file.write_all_at(piece, start);
            written.map_err(|error| self.wrap(Operation::Write, error))?;
        }
        Ok(())
    }

    fn append(&self, bytes: &[u8]) -> Result<u64, StorageError> {
        let mut file = &self.file;
        let end = file.write_all(bytes).and_then(|()| file.stream_position());
        let end = end.map_err(|error| self.wrap(Operation::Append, error))?;
        Ok(end - bytes.len() as u64)
    }

    fn len(&self) -> Result<u64, StorageError> {
        let metadata = self.file.metadata();
        metadata.map(|found| found.len()).map_err(|error| self.wrap(Operation::Metadata, error))
    }

    fn set_len(&self, len: u64) -> Result<(), StorageError> {
        self.file.set_len(len).map_err(|error| self.wrap(Operation::SetLen, error))
    }

    fn sync_data(&self) -> Result<(), StorageError> {
        self.file.sync_data().map_err(|error| self.wrap(Operation::SyncData, error))
    }

    fn start_writeback(&self, range: Range<u64>) {
        start_writeback(&self.file, range);
    }

    fn give_back(&self, range: Range<u64>) {
        give_back(&self.file, range);
    }

    fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>, StorageError> {
        let len = self.len()?;
        if offset >= len {
            return Ok(None);
        }
        next_data(&self.file, offset, len).map_err(|error| self.wrap(Operation::Read, error))
    }

    fn path(&self) -> &str {
        &self.path
    }
}

/// Linux starts writing dirty pages back when it is told that they will not be needed; pages that
/// are being written stay cached, so nothing is read twice.
#[cfg(target_os = "linux")]
fn start_writeback(file: &File, range: Range<u64>) {
    let length = std::num::NonZeroU64::new(range.end.saturating_sub(range.start));
    if length.is_some() {
        // A hint that is refused costs time, not truth.
        let _ = rustix::fs::fadvise(file, range.start, length, rustix::fs::Advice::DontNeed);
    }
}

#[cfg(not(target_os = "linux"))]
fn start_writeback(_file: &File, _range: Range<u64>) {}

/// Punches a hole where the file system knows holes.
#[cfg(target_os = "linux")]
fn give_back(file: &File, range: Range<u64>) {
    use rustix::fs::{FallocateFlags, fallocate};
    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    // Zeros that stay allocated cost room, not truth.
    let _ = fallocate(file, flags, range.start, range.end - range.start);
}

#[cfg(not(target_os = "linux"))]
fn give_back(_file: &File, _range: Range<u64>) {}

#[cfg(target_os = "linux")]
fn next_data(file: &File, offset: u64, len: u64) -> io::Result<Option<Range<u64>>> {
    use rustix::fs::{SeekFrom, seek};
    use rustix::io::Errno;

    let start = match seek(file, SeekFrom::Data(offset)) {
        Ok(start) => start,
        Err(Errno::NXIO) => return Ok(None),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(Some(offset..len)),
        Err(errno) => return Err(errno.into()),
    };
    let end = seek(file, SeekFrom::Hole(start))?;
    Ok(Some(start..end.min(len)))
}

#[cfg(not(target_os = "linux"))]
fn next_data(_file: &File, offset: u64, len: u64) -> io::Result<Option<Range<u64>>> {
    Ok(Some(offset..len))
}
