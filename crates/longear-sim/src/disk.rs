//! A disk that claims to have synced what it has not: what a broken build is made of.

use std::ops::Range;

use longear_store::backend::{
    MemoryBackend, OpenMode, StorageBackend, StorageEntry, StorageError, StorageFile, StorageMetadata,
};

/// Passes everything on but syncs.
#[derive(Clone, Debug)]
pub struct LyingDisk(pub MemoryBackend);

#[derive(Debug)]
struct LyingFile(Box<dyn StorageFile>);

impl StorageBackend for LyingDisk {
    fn open(&self, path: &str, mode: OpenMode) -> Result<Box<dyn StorageFile>, StorageError> {
        Ok(Box::new(LyingFile(self.0.open(path, mode)?)))
    }

    fn lock(&self, path: &str) -> Result<Option<Box<dyn StorageFile>>, StorageError> {
        self.0.lock(path)
    }

    fn metadata(&self, path: &str) -> Result<Option<StorageMetadata>, StorageError> {
        self.0.metadata(path)
    }

    fn list(&self, path: &str) -> Result<Vec<StorageEntry>, StorageError> {
        self.0.list(path)
    }

    fn create_dir(&self, path: &str) -> Result<bool, StorageError> {
        self.0.create_dir(path)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        self.0.rename(from, to)
    }

    fn remove(&self, path: &str) -> Result<bool, StorageError> {
        self.0.remove(path)
    }

    fn sync_dir(&self, path: &str) -> Result<(), StorageError> {
        self.0.sync_dir(path)
    }
}

impl StorageFile for LyingFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, StorageError> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), StorageError> {
        self.0.write_at(offset, bytes)
    }

    fn append(&self, bytes: &[u8]) -> Result<u64, StorageError> {
        self.0.append(bytes)
    }

    fn len(&self) -> Result<u64, StorageError> {
        self.0.len()
    }

    fn set_len(&self, len: u64) -> Result<(), StorageError> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> Result<(), StorageError> {
        Ok(())
    }

    fn start_writeback(&self, range: Range<u64>) {
        self.0.start_writeback(range);
    }

    fn give_back(&self, range: Range<u64>) {
        self.0.give_back(range);
    }

    fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>, StorageError> {
        self.0.next_data(offset)
    }

    fn path(&self) -> &str {
        self.0.path()
    }
}
