//! Disks that break their promises: each guard of the store is taken away once, and the harness must see it.

use std::ops::Range;
use std::sync::Arc;

use longear_store::backend::{
    MemoryBackend, OpenMode, StorageBackend, StorageEntry, StorageError, StorageFile, StorageMetadata,
};

use super::stories::stories;

/// Which promise is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// Syncing a file does nothing.
    SwallowsSyncs,
    /// Syncing a folder does nothing.
    ForgetsNames,
    /// The end of a batch reaches the disk before the rest of it.
    CommitsFirst,
    /// Only what is announced before it is signed is not synced.
    SwallowsIntents,
    /// What is to be erased is not.
    KeepsWhatIsErased,
    /// A file gets its name before its bytes are on the disk.
    RenamesFirst,
}

#[derive(Debug)]
struct Liar {
    disk: MemoryBackend,
    lie: Lie,
}

#[derive(Debug)]
struct LyingFile {
    file: Box<dyn StorageFile>,
    lie: Lie,
}

impl StorageBackend for Liar {
    fn open(&self, path: &str, mode: OpenMode) -> Result<Box<dyn StorageFile>, StorageError> {
        Ok(Box::new(LyingFile { file: self.disk.open(path, mode)?, lie: self.lie }))
    }
    fn lock(&self, path: &str) -> Result<Option<Box<dyn StorageFile>>, StorageError> {
        let file = self.disk.lock(path)?;
        Ok(file.map(|file| Box::new(LyingFile { file, lie: self.lie }) as Box<dyn StorageFile>))
    }
    fn metadata(&self, path: &str) -> Result<Option<StorageMetadata>, StorageError> {
        self.disk.metadata(path)
    }
    fn list(&self, path: &str) -> Result<Vec<StorageEntry>, StorageError> {
        self.disk.list(path)
    }
    fn create_dir(&self, path: &str) -> Result<bool, StorageError> {
        self.disk.create_dir(path)
    }
    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        self.disk.rename(from, to)
    }
    fn remove(&self, path: &str) -> Result<bool, StorageError> {
        self.disk.remove(path)
    }
    fn sync_dir(&self, path: &str) -> Result<(), StorageError> {
        if self.lie == Lie::ForgetsNames { Ok(()) } else { self.disk.sync_dir(path) }
    }
}

/// Kind of a record that announces what is about to be signed.
const INTENT: u8 = 8;
/// Kind of a record that holds nothing any more.
const VOID: u8 = 12;
/// Two records that end a batch.
const COMMIT_BYTES: usize = 24;

impl StorageFile for LyingFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, StorageError> {
        self.file.read_at(offset, buffer)
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), StorageError> {
        let in_segment = self.path().starts_with("items/");
        if self.lie == Lie::CommitsFirst && in_segment && bytes.len() > COMMIT_BYTES {
            let front = bytes.len() - COMMIT_BYTES;
            self.file.write_at(offset + front as u64, &bytes[front..])?;
            self.file.sync_data()?;
            return self.file.write_at(offset, &bytes[..front]);
        }
        if self.lie == Lie::KeepsWhatIsErased && in_segment && bytes.get(4) == Some(&VOID) {
            return Ok(());
        }
        self.file.write_at(offset, bytes)
    }
    fn append(&self, bytes: &[u8]) -> Result<u64, StorageError> {
        self.file.append(bytes)
    }
    fn len(&self) -> Result<u64, StorageError> {
        self.file.len()
    }
    fn set_len(&self, len: u64) -> Result<(), StorageError> {
        self.file.set_len(len)
    }
    fn sync_data(&self) -> Result<(), StorageError> {
        let swallowed = match self.lie {
            Lie::SwallowsSyncs => true,
            Lie::CommitsFirst => self.path().starts_with("items/"),
            Lie::RenamesFirst => self.path().starts_with("blobs/"),
            Lie::SwallowsIntents => self.ends_with_intent()?,
            Lie::ForgetsNames | Lie::KeepsWhatIsErased => false,
        };
        if swallowed { Ok(()) } else { self.file.sync_data() }
    }
    fn start_writeback(&self, range: Range<u64>) {
        self.file.start_writeback(range);
    }
    fn give_back(&self, range: Range<u64>) {
        self.file.give_back(range);
    }
    fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>, StorageError> {
        self.file.next_data(offset)
    }
    fn path(&self) -> &str {
        self.file.path()
    }
}

impl LyingFile {
    /// Whether the last record before the end of the last batch announces something.
    fn ends_with_intent(&self) -> Result<bool, StorageError> {
        if !self.path().starts_with("items/") {
            return Ok(false);
        }
        let mut bytes = vec![0; self.file.len()? as usize];
        self.file.read_exact_at(0, &mut bytes)?;
        let (mut at, mut last) = (32, 0);
        while let Some(front) = bytes.get(at..at + 12) {
            let length = u32::from_le_bytes([front[0], front[1], front[2], front[3]]) as usize;
            last = if front[4] == 11 { last } else { front[4] };
            at += 12 + length;
        }
        Ok(last == INTENT)
    }
}

macro_rules! caught {
    ($name:ident, $lie:expr, $story:expr, $words:expr) => {
        #[test]
        fn $name() {
            let story = stories().into_iter().find(|story| story.name == $story).unwrap();
            let glasses = |disk| Arc::new(Liar { disk, lie: $lie }) as Arc<dyn StorageBackend>;
            let broken = story.explore(glasses, 1).expect_err("it must be seen");
            assert!(broken.contains($words), "{broken}");
        }
    };
}

caught!(a_disk_that_swallows_syncs_is_caught, Lie::SwallowsSyncs, "publish", "lost");
caught!(a_disk_that_forgets_names_is_caught, Lie::ForgetsNames, "publish", "lost");
caught!(a_commit_that_overtakes_its_batch_is_caught, Lie::CommitsFirst, "publish", "operation");
caught!(an_announcement_that_is_not_synced_is_caught, Lie::SwallowsIntents, "publish", "signed twice");
caught!(a_deletion_that_erases_nothing_is_caught, Lie::KeepsWhatIsErased, "delete what was taken back", "Deleted");
caught!(a_file_that_is_named_before_it_is_written_is_caught, Lie::RenamesFirst, "publish a film", "damaged");
