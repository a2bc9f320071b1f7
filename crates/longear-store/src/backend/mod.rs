//! The disk as the store sees it: a handful of file operations behind a trait.
//!
//! [`DiskBackend`] is a real folder. [`MemoryBackend`] is a disk made of memory that can fail at
//! any operation, freeze, and lose power; it holds to the same rules about what survives:
//!
//! * bytes written are durable after [`StorageFile::sync_data`] of that file,
//! * names (made, renamed, removed) are durable after [`StorageBackend::sync_dir`] of their folder,
//! * [`StorageBackend::rename`] replaces its target whole or not at all.
//!
//! Paths are relative to the backend's root, with `/` between names. They are the program's own,
//! never a peer's: `..`, empty names and a leading `/` are refused.

mod disk;
mod memory;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::ops::Range;

use thiserror::Error;

pub use disk::DiskBackend;
pub use memory::{Fault, MemoryBackend, Survivors};

/// Says which operation on which file went wrong, and how the operating system put it.
#[derive(Debug, Error)]
#[error("cannot {operation} {path}: {source}")]
pub struct StorageError {
    /// What was tried.
    pub operation: StorageOperation,
    /// The file or folder, relative to the backend's root.
    pub path: String,
    /// The operating system's error.
    pub source: io::Error,
}

impl StorageError {
    pub(crate) fn new(operation: StorageOperation, path: &str, source: io::Error) -> Self {
        Self { operation, path: path.to_owned(), source }
    }

    /// Makes another error that says the same.
    pub(crate) fn again(&self) -> Self {
        let source = match self.source.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code),
            None => self.source.kind().into(),
        };
        Self::new(self.operation, &self.path, source)
    }

    /// Tells the kind of the operating system's error.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }

    /// Tells whether the disk, or this user's share of it, is full.
    pub fn is_full(&self) -> bool {
        matches!(self.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }

    /// Tells whether the folder cannot be written by this process.
    pub fn is_read_only(&self) -> bool {
        matches!(self.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
    }
}

/// Names what a backend was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StorageOperation {
    /// [`StorageBackend::open`]
    Open,
    /// [`StorageFile::read_at`]
    Read,
    /// [`StorageFile::write_at`]
    Write,
    /// [`StorageFile::append`]
    Append,
    /// [`StorageFile::set_len`]
    SetLen,
    /// [`StorageFile::sync_data`]
    SyncData,
    /// [`StorageBackend::sync_dir`]
    SyncDir,
    /// [`StorageBackend::rename`]
    Rename,
    /// [`StorageBackend::remove`]
    Remove,
    /// [`StorageBackend::list`]
    List,
    /// [`StorageBackend::create_dir`]
    CreateDir,
    /// [`StorageBackend::metadata`] or [`StorageFile::len`]
    Metadata,
    /// [`StorageBackend::lock`]
    Lock,
}

impl fmt::Display for StorageOperation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write to",
            Self::Append => "append to",
            Self::SetLen => "set the length of",
            Self::SyncData => "sync",
            Self::SyncDir => "sync the folder",
            Self::Rename => "rename",
            Self::Remove => "remove",
            Self::List => "list",
            Self::CreateDir => "make the folder",
            Self::Metadata => "look at",
            Self::Lock => "lock",
        })
    }
}

/// Says what a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Reading an existing file.
    Read,
    /// Reading and writing an existing file anywhere.
    Write,
    /// Reading and writing anywhere; the file is made (0600) where it is missing.
    Create,
    /// Reading, and appending; the file is made (0600) where it is missing.
    Append,
}

/// Tells what stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageMetadata {
    /// Length of the file in bytes; 0 for folders.
    pub len: u64,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Another number when another file stands under the name, and as a rule when it was written to.
    pub version: u128,
}

/// Tells one name in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StorageEntry {
    /// The name, without the folder. Names that are not UTF-8 are not listed.
    pub name: String,
    /// Whether it is a folder.
    pub is_dir: bool,
}

/// Does what a store needs done in one folder.
pub trait StorageBackend: Send + Sync + fmt::Debug {
    /// Opens a regular file; links and devices are refused.
    fn open(&self, path: &str, mode: OpenMode) -> Result<Box<dyn StorageFile>, StorageError>;

    /// Opens or makes a file and locks it against other takers, in this process and in others.
    ///
    /// `None` where somebody else holds it. The lock ends when the file is dropped or its process
    /// dies. It binds only those who ask for it.
    fn lock(&self, path: &str) -> Result<Option<Box<dyn StorageFile>>, StorageError>;

    /// Looks at a name; `None` where there is nothing.
    fn metadata(&self, path: &str) -> Result<Option<StorageMetadata>, StorageError>;

    /// Lists a folder, sorted; empty where there is none.
    fn list(&self, path: &str) -> Result<Vec<StorageEntry>, StorageError>;

    /// Makes a folder (0700) and those above it; tells whether it was missing.
    fn create_dir(&self, path: &str) -> Result<bool, StorageError>;

    /// Gives a file another name, replacing what stood there.
    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError>;

    /// Removes a file; tells whether there was one.
    fn remove(&self, path: &str) -> Result<bool, StorageError>;

    /// Makes the names in a folder durable. The root is `""`.
    fn sync_dir(&self, path: &str) -> Result<(), StorageError>;

    /// Gives the salt of a new segment: a number that nobody who writes a payload can know.
    fn salt(&self) -> u64 {
        RandomState::new().hash_one("salt")
    }
}

/// Is an open file; all methods may be called from several threads at once.
pub trait StorageFile: Send + Sync + fmt::Debug {
    /// Reads from a place in the file until the buffer is full or the file ends; tells how much.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, StorageError>;

    /// Writes all bytes at a place in the file; a gap before it becomes a hole.
    ///
    /// After an error any part of the bytes may have been written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), StorageError>;

    /// Writes all bytes at the end of a file opened with [`OpenMode::Append`]; tells their offset.
    fn append(&self, bytes: &[u8]) -> Result<u64, StorageError>;

    /// Tells the length in bytes.
    fn len(&self) -> Result<u64, StorageError>;

    /// Tells whether the file has no bytes.
    fn is_empty(&self) -> Result<bool, StorageError> {
        self.len().map(|len| len == 0)
    }

    /// Cuts the file or extends it with a hole.
    fn set_len(&self, len: u64) -> Result<(), StorageError>;

    /// Makes the file's bytes and length durable.
    fn sync_data(&self) -> Result<(), StorageError>;

    /// Asks for the bytes of a range to be written to disk soon, so that a later
    /// [`sync_data`](Self::sync_data) is short. A hint: nothing is promised.
    fn start_writeback(&self, range: Range<u64>);

    /// Gives the room of a range back that holds only zeros and was synced; it reads as before. A hint: nothing is promised.
    fn give_back(&self, range: Range<u64>);

    /// Finds the next range at or after `offset` that is no hole; `None` where only holes follow.
    ///
    /// Holes shorter than a page, and on some file systems all holes, count as data.
    fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>, StorageError>;

    /// Fills the whole buffer or fails with [`io::ErrorKind::UnexpectedEof`].
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageError> {
        if self.read_at(offset, buffer)? < buffer.len() {
            let cause = io::Error::new(io::ErrorKind::UnexpectedEof, "the file is too short");
            return Err(StorageError::new(StorageOperation::Read, self.path(), cause));
        }
        Ok(())
    }

    /// Tells the name the file was opened under.
    fn path(&self) -> &str;
}

/// Refuses paths that could leave the root or mean two things.
fn check_path(operation: StorageOperation, path: &str) -> Result<(), StorageError> {
    let good = path.is_empty() || path.split('/').all(|name| !matches!(name, "" | "." | "..") && !name.contains('\0'));
    if good {
        return Ok(());
    }
    let cause = io::Error::new(io::ErrorKind::InvalidInput, "not a path inside the store");
    Err(StorageError::new(operation, path, cause))
}

/// Splits a path into its folder and its name.
fn split_path(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}
