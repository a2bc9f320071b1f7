//! The index is nothing but a view of the segments.

use std::path::Path;
use std::sync::Arc;

use longear_core::{Kind, PackName, Roles};
use longear_store::backend::{
    DiskBackend, MemoryBackend, OpenMode, StorageBackend, StorageEntry, StorageError, StorageFile, StorageMetadata,
    StorageOperation,
};
use longear_store::{Store, StoreOptions};

use crate::publisher::{NOON_MS, Object, Publisher, article, give, items, open, retraction, take_in};
use crate::view::{pack, view};

/// Something of every kind of record: charters, statements, items, forks, a retraction, a payload that is gone.
pub fn everything() -> (Publisher, Vec<Object>) {
    let mut publisher = Publisher::found("everything", &[("one", Roles::POST), ("two", Roles::POST.with(Roles::EDIT))]);
    let mut one = publisher.log("one").posts(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    let forked = one.branch(6).posts(&["F", "G"]);
    let mut two = publisher.log("two").posts(&["x"]);
    one.write(Kind::Post, NOON_MS, Vec::new());
    two.write(Kind::Retraction, NOON_MS, retraction(vec![one.item(1)]));
    two.write(Kind::Post, NOON_MS, article("better", Some(one.item(2))).encode());
    let mut objects = vec![Object::Charter(publisher.charters[0].clone())];
    objects.push(items(&one, 0..4));
    objects.push(items(&two, 0..3));
    objects.push(items(&one, 6..9));
    objects.push(Object::Statement(one.statement(3, Vec::new())));
    objects.push(Object::Statement(two.statement(4, vec![one.cite(5)])));
    objects.push(items(&one, 4..6));
    objects.push(items(&forked, 6..8));
    publisher.close(vec![forked.closing(7)]);
    objects.push(Object::Charter(publisher.charters[1].clone()));
    objects.push(items(&forked, 6..7));
    (publisher, objects)
}

fn damage_index(folder: &Path, with: Option<&[u8]>) {
    for name in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = std::fs::remove_file(folder.join(name));
    }
    if let Some(bytes) = with {
        std::fs::write(folder.join("index.db"), bytes).unwrap();
    }
}

#[test]
fn reopened_deleted_and_overwritten_indexes_show_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (publisher, objects) = everything();
    let channel = publisher.channel();
    let store = Store::open(folder.path()).unwrap();
    take_in(&store, &channel, &objects).unwrap();
    let before = view(&store, &channel);
    for part in ["Retracted", "BeyondClosing", "fork Some(6)", "charter 2", "followed true"] {
        assert!(before.contains(part), "{part} in\n{before}");
    }
    drop(store);
    assert_eq!(view(&Store::open(folder.path()).unwrap(), &channel), before);
    damage_index(folder.path(), None);
    assert_eq!(view(&Store::open(folder.path()).unwrap(), &channel), before);
    damage_index(folder.path(), Some(&[b'x'; 10_000]));
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(view(&store, &channel), before);
    store.rebuild_index().unwrap();
    assert_eq!(view(&store, &channel), before);
    assert_eq!(store.check(false, |_| ()).unwrap().findings, []);
}

#[test]
fn an_older_index_catches_up() {
    let folder = tempfile::tempdir().unwrap();
    let (publisher, objects) = everything();
    let channel = publisher.channel();
    take_in(&Store::open(folder.path()).unwrap(), &channel, &objects[..4]).unwrap();
    let older = std::fs::read(folder.path().join("index.db")).unwrap();
    let store = Store::open(folder.path()).unwrap();
    take_in(&store, &channel, &objects).unwrap();
    let before = view(&store, &channel);
    drop(store);
    damage_index(folder.path(), Some(&older));
    assert_eq!(view(&Store::open(folder.path()).unwrap(), &channel), before);
}

#[test]
fn an_index_that_knows_more_than_the_segments_is_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (publisher, objects) = everything();
    let channel = publisher.channel();
    let store = Store::open(folder.path()).unwrap();
    take_in(&store, &channel, &objects[..3]).unwrap();
    let length = std::fs::metadata(folder.path().join("items/00000000")).unwrap().len();
    let before = view(&store, &channel);
    take_in(&store, &channel, &objects[3..]).unwrap();
    drop(store);
    let segment = std::fs::File::options().write(true).open(folder.path().join("items/00000000")).unwrap();
    segment.set_len(length + 5).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(view(&store, &channel), before);
    take_in(&store, &channel, &objects).unwrap();
    drop(store);
    std::fs::remove_dir_all(folder.path().join("items")).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(view(&store, &channel), "unknown");
    take_in(&store, &channel, &objects).unwrap();
    assert_ne!(view(&store, &channel), "unknown");
}

#[test]
fn a_flipped_byte_costs_its_record_and_repair_brings_it_back() {
    let (publisher, objects) = everything();
    let channel = publisher.channel();
    let disk = MemoryBackend::new();
    take_in(&open(&disk), &channel, &objects).unwrap();
    let whole = view(&open(&disk), &channel);
    let length = disk.metadata("items/00000000").unwrap().unwrap().len;
    // Every record is hit, front and body: none is shorter than this but commits, of which there are two each.
    for offset in (0..length).step_by(29) {
        let disk = MemoryBackend::new();
        take_in(&open(&disk), &channel, &objects).unwrap();
        disk.flip_byte("items/00000000", offset).unwrap();
        let store = open(&disk);
        let report = store.check(false, |_| ()).unwrap();
        if offset >= 32 {
            assert!(report.findings.iter().any(|finding| finding.object == "segment 00000000"), "byte {offset}");
            let lost = whole.lines().count() - view(&store, &channel).lines().count().min(whole.lines().count());
            assert!(lost < 12 || offset < 700, "byte {offset} cost {lost} lines\n{}", view(&store, &channel));
        } else {
            assert_eq!(view(&store, &channel), whole, "byte {offset}: the front stands there twice");
        }
        store.check(true, |_| ()).unwrap();
        assert_eq!(store.check(false, |_| ()).unwrap().findings, [], "byte {offset}");
        // Everything is offered again, until a closed log's branch stands.
        take_in(&store, &channel, &objects).unwrap();
        let kept = view(&store, &channel);
        assert_eq!(kept.lines().count(), whole.lines().count(), "byte {offset}:\n{kept}\n{whole}");
        assert_eq!(view(&open(&disk), &channel), kept, "byte {offset}");
    }
}

#[test]
fn damage_under_an_open_index_hides_one_item_only() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = Publisher::found("damage", &[("one", Roles::POST)]);
    let (channel, log) = (publisher.channel(), publisher.log("one").posts(&["a", "b", "c"]));
    let store = Store::open(folder.path()).unwrap();
    let charter = Object::Charter(publisher.charters[0].clone());
    take_in(&store, &channel, &[charter.clone(), items(&log, 0..1), items(&log, 1..2), items(&log, 2..3)]).unwrap();
    let path = folder.path().join("items/00000000");
    let mut bytes = std::fs::read(&path).unwrap();
    let header = log.items[1].0.bytes();
    let at = bytes.windows(header.len()).position(|window| window == header).unwrap();
    bytes[at + 30] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(store.articles(None, None, 9).unwrap().len(), 2);
    assert!(!store.check(false, |_| ()).unwrap().findings.is_empty());
    assert!(store.check(true, |_| ()).unwrap().repaired);
    take_in(&store, &channel, &[items(&log, 1..2)]).unwrap();
    assert_eq!(store.articles(None, None, 9).unwrap().len(), 3);
    assert_eq!(store.check(false, |_| ()).unwrap().findings, []);
}

#[test]
fn packs_do_not_depend_on_the_order_of_arrival() {
    let publisher = Publisher::found("packs", &[("one", Roles::POST)]);
    let words = (0..16).map(|number| format!("word {number}")).collect::<Vec<_>>();
    let log = publisher.log("one").posts(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let channel = publisher.channel();
    let charter = Object::Charter(publisher.charters[0].clone());
    let (one, other) = (open(&MemoryBackend::new()), open(&MemoryBackend::new()));
    take_in(&one, &channel, &[charter.clone(), items(&log, 0..16)]).unwrap();
    let mut shuffled = vec![charter];
    shuffled.extend([11, 3, 0, 15, 8, 1, 2, 14, 9, 4, 5, 13, 6, 7, 10, 12].map(|seq| items(&log, seq..seq + 1)));
    take_in(&other, &channel, &shuffled).unwrap();
    for (level, index) in [(0, 5), (1, 0), (1, 1)] {
        let bytes = pack(&one, &channel, &log.id, level, index).unwrap();
        assert_eq!(Some(&bytes), pack(&other, &channel, &log.id, level, index).as_ref());
        let answer = one.pack(&channel, &log.id, PackName::new(level, index).unwrap()).unwrap().unwrap();
        assert_eq!(answer.length(), bytes.len() as u64);
    }
    assert!(pack(&one, &channel, &log.id, 2, 0).is_none());
    let mut batch = one.write().unwrap();
    batch.gone(&channel, &log.id, 3, log.item(3)).unwrap();
    batch.commit().unwrap();
    let answer = one.pack(&channel, &log.id, PackName::new(1, 0).unwrap()).unwrap().unwrap();
    assert_eq!(answer.payload_count(), 7);
    assert!(pack(&one, &channel, &log.id, 0, 3).is_none(), "a pack without any payload is of no use");
}

#[test]
fn twenty_thousand_items_cost_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = Publisher::found("many", &[("one", Roles::POST)]);
    let (channel, mut log) = (publisher.channel(), publisher.log("one"));
    for _ in 0..20_000 {
        log.write(Kind::Post, NOON_MS, b"not an article".to_vec());
    }
    let store = Store::open(folder.path()).unwrap();
    take_in(&store, &channel, &[Object::Charter(publisher.charters[0].clone())]).unwrap();
    let started = std::time::Instant::now();
    let mut batch = store.write().unwrap();
    for from in (0..20_000).step_by(64) {
        give(&mut batch, &channel, &items(&log, from..(from + 64).min(20_000))).unwrap();
    }
    batch.commit().unwrap();
    drop(store);
    let written = started.elapsed();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.channel(&channel).unwrap().unwrap().logs()[&log.id].complete().len(), 20_000);
    let opened = started.elapsed() - written;
    assert!(opened.as_millis() < 1_000, "opening took {opened:?}");
    store.rebuild_index().unwrap();
    assert!(started.elapsed().as_secs() < 30, "{:?}, of it writing {written:?}", started.elapsed());
}

#[test]
fn a_store_that_cannot_be_written_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let (publisher, objects) = everything();
    let channel = publisher.channel();
    let store = Store::open(folder.path()).unwrap();
    take_in(&store, &channel, &objects).unwrap();
    let before = view(&store, &channel);
    drop(store);
    // The index cannot even be made where there is no folder; the lock cannot be taken.
    #[derive(Debug)]
    struct ReadOnly(DiskBackend);
    impl StorageBackend for ReadOnly {
        fn open(&self, path: &str, mode: OpenMode) -> Result<Box<dyn StorageFile>, StorageError> {
            match mode {
                OpenMode::Read => self.0.open(path, mode),
                _ => Err(refused(path)),
            }
        }
        fn lock(&self, path: &str) -> Result<Option<Box<dyn StorageFile>>, StorageError> {
            Err(refused(path))
        }
        fn metadata(&self, path: &str) -> Result<Option<StorageMetadata>, StorageError> {
            self.0.metadata(path)
        }
        fn list(&self, path: &str) -> Result<Vec<StorageEntry>, StorageError> {
            self.0.list(path)
        }
        fn create_dir(&self, path: &str) -> Result<bool, StorageError> {
            Err(refused(path))
        }
        fn rename(&self, from: &str, _: &str) -> Result<(), StorageError> {
            Err(refused(from))
        }
        fn remove(&self, path: &str) -> Result<bool, StorageError> {
            Err(refused(path))
        }
        fn sync_dir(&self, path: &str) -> Result<(), StorageError> {
            Err(refused(path))
        }
    }
    fn refused(path: &str) -> StorageError {
        StorageError {
            operation: StorageOperation::Open,
            path: path.into(),
            source: std::io::ErrorKind::ReadOnlyFilesystem.into(),
        }
    }
    let backend = Arc::new(ReadOnly(DiskBackend::new(folder.path())));
    let index = Some(folder.path().join("nowhere/index.db"));
    let store = Store::open_with(StoreOptions { backend, index }).unwrap();
    assert_eq!(view(&store, &channel), before);
    assert!(store.write().err().unwrap().is_read_only());
}
