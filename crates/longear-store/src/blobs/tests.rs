//! What a store of blobs promises, tried on a real disk and on one that fails on demand.

mod concurrency;
mod damage;
mod faults;
mod resume;

use std::sync::Arc;

use longear_core::blob::{BlobHash, BlobLayout, BlockMask, Groups, Hashed, MeasuredGroup, TreeHasher};

use super::*;
use crate::backend::{DiskBackend, MemoryBackend, StorageBackend};

const MIB: u64 = 1024 * 1024;
const BLOCK: u64 = 16 * 1024;

/// Bytes of a blob together with what its item says about it.
struct Clip {
    bytes: Vec<u8>,
    hash: BlobHash,
    groups: Groups,
}

impl Clip {
    fn new(size: u64) -> Self {
        let mut bytes = vec![0; size as usize];
        blake3::Hasher::new().update(&size.to_le_bytes()).finalize_xof().fill(&mut bytes);
        let Hashed { hash, groups, .. } = hash_all(&bytes);
        Self { bytes, hash, groups }
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn layout(&self) -> BlobLayout {
        self.groups.layout()
    }

    fn part(&self, range: Range<u64>) -> &[u8] {
        &self.bytes[range.start as usize..range.end as usize]
    }

    fn slice(&self, group: u32) -> Vec<u8> {
        let bytes = self.part(self.layout().group_range(group));
        MeasuredGroup::new(self.layout(), group, bytes).unwrap().slice()
    }

    fn outboard(&self) -> Vec<u8> {
        let mut outboard = vec![0; self.layout().outboard_bytes() as usize];
        for group in 0..self.layout().group_count() {
            let range = self.layout().slice_range(group);
            outboard[range.start as usize..range.end as usize].copy_from_slice(&self.slice(group));
        }
        let write = |offset: u64, node: &[u8; 64]| -> Result<(), ()> {
            outboard[offset as usize..][..64].copy_from_slice(node);
            Ok(())
        };
        self.groups.write_upper_nodes(write).unwrap();
        outboard
    }

    fn begin(&self, store: &BlobStore) -> Result<BlobWriter, BlobError> {
        store.begin(self.hash, self.size(), Some(self.groups.clone()))
    }

    /// Fetches whatever is wanted in pieces of `piece` bytes, each one checked at once.
    fn fetch(&self, writer: &BlobWriter, piece: u64) -> Result<(), BlobError> {
        while let Some(range) = writer.wanted(0, 1).first().cloned() {
            let end = range.end.min(range.start + piece);
            writer.write(range.start, self.part(range.start..end))?;
            writer.settle()?;
        }
        Ok(())
    }

    /// Reads everything that the store gives out and compares it; tells how much that was.
    fn assert_only_truth(&self, store: &BlobStore) -> u64 {
        let mut given = 0;
        let mut buffer = vec![0; 100_000];
        let Ok(reader) = store.reader(self.hash) else {
            return 0;
        };
        let mut at = 0;
        while at < self.size() {
            match reader.read_at(at, &mut buffer) {
                Ok(count) => {
                    assert!(count > 0);
                    assert!(buffer[..count] == *self.part(at..at + count as u64), "at {at}");
                    given += count as u64;
                    at += count as u64;
                }
                Err(BlobError::NotHere { offset, .. }) => {
                    assert_eq!(offset, at);
                    at = (at / BLOCK + 1) * BLOCK;
                }
                Err(error) => panic!("{error}"),
            }
        }
        given
    }

    fn assert_complete(&self, store: &BlobStore) {
        assert_eq!(store.state(self.hash).unwrap(), BlobState::Complete { size: self.size() });
        assert_eq!(self.assert_only_truth(store), self.size());
        let report = store.check(self.hash, None).unwrap();
        assert!(report.is_sound());
        assert!(!report.outboard_restored, "the outboard was written");
        let mut stream = Vec::new();
        std::io::copy(&mut store.verified_stream(self.hash).unwrap(), &mut stream).unwrap();
        assert!(stream == self.bytes);
        for leftover in [part_path(self.hash), map_path(self.hash), outboard_part_path(self.hash)] {
            assert_eq!(store.backend.metadata(&leftover).unwrap(), None);
        }
    }
}

fn hash_all(bytes: &[u8]) -> Hashed {
    let mut hasher = TreeHasher::new();
    hasher.update(bytes).unwrap();
    hasher.finish()
}

fn memory_store() -> (MemoryBackend, BlobStore) {
    let disk = MemoryBackend::new();
    (disk.clone(), BlobStore::open(Arc::new(disk)))
}

/// Runs on memory and on a real disk.
fn both(check: impl Fn(&BlobStore)) {
    check(&memory_store().1);
    let folder = tempfile::tempdir().unwrap();
    check(&BlobStore::open(Arc::new(DiskBackend::new(folder.path()))));
}

#[test]
fn blobs_of_every_size_are_written_and_read_back() {
    for size in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, MIB - 1, MIB, MIB + 1, 2_500_000, 3 * MIB] {
        let clip = Clip::new(size);
        both(|store| {
            assert_eq!(store.state(clip.hash).unwrap(), BlobState::Absent);
            let writer = clip.begin(store).unwrap();
            clip.fetch(&writer, 70_000).unwrap();
            writer.finish().unwrap();
            writer.finish().unwrap();
            clip.assert_complete(store);
            assert!(matches!(clip.begin(store), Err(BlobError::AlreadyComplete { .. })));
            assert_eq!(store.list().unwrap(), [clip.hash]);
            assert_eq!(store.bytes_held().unwrap(), size);
            assert!(store.remove(clip.hash).unwrap());
            assert!(!store.remove(clip.hash).unwrap());
            assert_eq!(store.list().unwrap(), []);
            assert_eq!(store.state(clip.hash).unwrap(), BlobState::Absent);
        });
    }
}

#[test]
fn publishing_gives_the_same_files_as_fetching() {
    for size in [0, 1, MIB - 1, MIB, MIB + 1, 5_300_000, 20 * MIB] {
        let clip = Clip::new(size);
        both(|store| {
            let mut steps = Vec::new();
            let imported = store.import(&clip.bytes[..], |bytes| steps.push(bytes)).unwrap();
            assert_eq!((imported.hash, imported.size), (clip.hash, size));
            assert_eq!(imported.groups, clip.groups);
            assert!(steps.is_sorted() && steps.len() as u64 == size.div_ceil(MIB / 4));
            assert_eq!(steps.last().copied().unwrap_or(0), size);
            clip.assert_complete(store);
            assert_eq!(store.groups(clip.hash).unwrap().unwrap(), clip.groups);
            let again = store.import(&clip.bytes[..], |_| {}).unwrap();
            assert_eq!(again.hash, clip.hash);
            clip.assert_complete(store);
            assert_eq!(store.backend.list(INCOMING_DIR).unwrap(), []);
        });
    }
}

#[test]
fn the_outboard_can_be_served_and_proves_every_group() {
    let clip = Clip::new(3 * MIB + 20_000);
    let (_, store) = memory_store();
    let writer = clip.begin(&store).unwrap();
    clip.fetch(&writer, MIB).unwrap();
    writer.finish().unwrap();
    let mut outboard = vec![0; clip.layout().outboard_bytes() as usize + 10];
    let length = store.outboard_read_at(clip.hash, 0, &mut outboard).unwrap();
    assert_eq!(length as u64, clip.layout().outboard_bytes());
    for group in 0..4 {
        let range = clip.layout().slice_range(group);
        assert_eq!(outboard[range.start as usize..range.end as usize], clip.slice(group));
    }
    let small = Clip::new(1000);
    store.import(&small.bytes[..], |_| {}).unwrap();
    let none = store.outboard_read_at(small.hash, 0, &mut outboard);
    assert!(matches!(none, Err(BlobError::Absent { .. })));
}

#[test]
fn publishing_replaces_what_was_being_fetched() {
    let clip = Clip::new(2 * MIB);
    let (_, store) = memory_store();
    let writer = clip.begin(&store).unwrap();
    writer.write(0, clip.part(0..MIB + 5)).unwrap();
    drop(writer);
    store.import(&clip.bytes[..], |_| {}).unwrap();
    clip.assert_complete(&store);
}

#[test]
fn a_source_that_fails_leaves_nothing_behind() {
    struct Broken(u64);
    impl std::io::Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0 == 0 {
                return Err(std::io::Error::other("the card was pulled out"));
            }
            self.0 -= 1;
            Ok(buffer.len())
        }
    }
    let (_, store) = memory_store();
    let error = store.import(Broken(3), |_| {}).unwrap_err();
    assert!(matches!(error, BlobError::Source(_)));
    assert_eq!(store.backend.list(INCOMING_DIR).unwrap(), []);
    assert_eq!(store.list().unwrap(), []);
}

#[test]
fn a_huge_claim_costs_next_to_nothing() {
    let (disk, store) = memory_store();
    let hash = BlobHash::from_bytes([7; 32]);
    let writer = store.begin(hash, 3 << 30, None).unwrap();
    writer.write((3 << 30) - 5, b"claim").unwrap();
    assert_eq!(writer.wanted(0, 8), [0..(3 << 30) - 5]);
    writer.flush().unwrap();
    drop(writer);
    // 48 B of map per MiB, and one page of data.
    assert!(disk.page_bytes() < 200_000, "{}", disk.page_bytes());
    assert_eq!(store.state(hash).unwrap(), BlobState::Partial { size: 3 << 30, have_bytes: 0 });
    let too_large = store.begin(hash, u64::MAX, None).unwrap_err();
    assert!(matches!(too_large, BlobError::Refused(_)));
}

#[test]
fn bytes_beyond_the_end_are_refused() {
    let clip = Clip::new(1000);
    let (_, store) = memory_store();
    let writer = clip.begin(&store).unwrap();
    assert!(matches!(writer.write(990, &[0; 11]), Err(BlobError::OutOfRange { offset: 1001 })));
    assert!(writer.write(u64::MAX, &[0; 2]).is_err());
    assert_eq!(writer.write(1000, &[]).unwrap(), 0);
}
