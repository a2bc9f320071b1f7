//! Whatever happens to disk or process: what was committed is there, and of what was not there is nothing or all.

mod broken;
mod reopen;
mod states;
mod stories;

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex};

use longear_core::{Kind, Roles};
use longear_store::backend::{Fault, MemoryBackend, Survivors};
use longear_store::{Store, StoreError, StoreOptions};

use crate::publisher::{Log, NOON_MS, Object, Publisher, article, give, items};
use crate::view::view;

fn open(disk: &MemoryBackend) -> Result<Store, StoreError> {
    Store::open_with(StoreOptions { backend: Arc::new(disk.clone()), index: None })
}

struct Story {
    publisher: Publisher,
    log: Log,
    batches: Vec<Vec<Object>>,
}

/// A publisher's life: found, then post after post with its statement in one batch; one post is larger than a page.
fn story() -> Story {
    let publisher = Publisher::found("crash", &[("one", Roles::POST)]);
    let mut log = publisher.log("one");
    let mut batches = vec![vec![Object::Charter(publisher.charters[0].clone())]];
    for number in 0..3_u64 {
        let mut text = article(&format!("post {number}"), None);
        text.variants[0].body = "news ".repeat(if number == 1 { 3_000 } else { 10 });
        log.write(Kind::Post, NOON_MS + number, text.encode());
        let seq = number as usize;
        batches.push(vec![items(&log, seq..seq + 1), Object::Statement(log.statement(number + 1, Vec::new()))]);
    }
    Story { publisher, log, batches }
}

impl Story {
    /// Runs from batch `from` on; tells how many are committed when an error ends it.
    fn run(&self, store: &Store, from: usize) -> (usize, Option<StoreError>) {
        let channel = self.publisher.channel();
        for (done, batch) in self.batches.iter().enumerate().skip(from) {
            let commit = || {
                let mut open = store.write()?;
                open.follow(&channel)?;
                batch.iter().try_for_each(|object| give(&mut open, &channel, object).map(drop))?;
                open.commit()
            };
            if let Err(error) = commit() {
                return (done, Some(error));
            }
        }
        (self.batches.len(), None)
    }

    /// What a store shows after that many batches.
    fn views(&self) -> Vec<String> {
        let views = (0..=self.batches.len()).map(|count| {
            let store = open(&MemoryBackend::new()).unwrap();
            let part =
                Story { publisher: story().publisher, log: self.log.clone(), batches: self.batches[..count].to_vec() };
            assert_eq!(part.run(&store, 0).0, count);
            view(&store, &self.publisher.channel())
        });
        views.collect()
    }
}

#[test]
fn power_may_fail_at_every_operation() {
    let story = story();
    let (views, channel) = (story.views(), story.publisher.channel());
    let disk = MemoryBackend::new();
    story.run(&open(&disk).unwrap(), 0);
    let operations = disk.operation_count();
    assert!(operations > 10);
    let mut survivors = vec![Survivors::SyncedOnly, Survivors::All];
    survivors.extend((0..24).map(|seed| Survivors::Some { seed }));
    for at in 0..operations {
        for survivors in &survivors {
            let (disk, at_all) = (MemoryBackend::new(), format!("operation {at}, {survivors:?}"));
            disk.set_faults(&[Fault::From { at, kind: ErrorKind::Other }]);
            // The process goes away at once: nobody cleans up behind it.
            let committed = open(&disk).map_or(0, |store| story.run(&store, 0).0);
            disk.cut_power(*survivors);
            let store = open(&disk).unwrap();
            let shown = view(&store, &channel);
            let whole = views[committed..=(committed + 1).min(story.batches.len())].contains(&shown);
            assert!(whole, "{at_all}: {committed} batches were committed, and this is there:\n{shown}");
            assert_eq!(store.check(false, |_| ()).unwrap().findings, [], "{at_all}");
            // And it goes on; the batch that was cut is done again.
            assert_eq!(story.run(&store, committed).0, story.batches.len(), "{at_all}");
            assert_eq!(view(&store, &channel), views[story.batches.len()], "{at_all}");
            drop(store);
            assert_eq!(view(&open(&disk).unwrap(), &channel), views[story.batches.len()], "{at_all}");
        }
    }
}

#[test]
fn a_full_disk_is_named_and_the_next_write_works_when_there_is_room() {
    let story = story();
    let (views, channel) = (story.views(), story.publisher.channel());
    let disk = MemoryBackend::new();
    story.run(&open(&disk).unwrap(), 0);
    for at in 0..disk.operation_count() {
        for fault in
            [Fault::From { at, kind: ErrorKind::StorageFull }, Fault::Once { at, kind: ErrorKind::StorageFull }]
        {
            let disk = MemoryBackend::new();
            disk.set_faults(&[fault]);
            let store = match open(&disk) {
                Ok(store) => store,
                Err(error) => {
                    assert!(error.is_full(), "{fault:?}: {error}");
                    disk.set_faults(&[]);
                    open(&disk).unwrap()
                }
            };
            let (committed, error) = story.run(&store, 0);
            assert!(error.is_none_or(|error| error.is_full()), "{fault:?}");
            assert_eq!(view(&store, &channel), views[committed], "{fault:?}");
            disk.set_faults(&[]);
            assert_eq!(story.run(&store, committed).0, story.batches.len(), "{fault:?}");
            assert_eq!(view(&store, &channel), views[story.batches.len()], "{fault:?}");
            drop(store);
            assert_eq!(view(&open(&disk).unwrap(), &channel), views[story.batches.len()], "{fault:?}");
        }
    }
}

/// Two runs left different disks, because each segment has a random salt: crashes were counted that had been seen before.
#[test]
fn the_same_story_leaves_the_same_disk() {
    let disks = [0, 1].map(|_| {
        let disk = MemoryBackend::new();
        story().run(&open(&disk).unwrap(), 0);
        states::hash_of(&disk, "")
    });
    assert_eq!(disks[0], disks[1]);
}

/// Plays every story, two at a time; tells how many states that were.
#[test]
fn every_story_survives_a_power_cut_at_every_operation() {
    let waiting = Mutex::new(VecDeque::from(stories::stories()));
    let all = Mutex::new(states::Figures::default());
    let next = || waiting.lock().unwrap().pop_front();
    let play = || {
        while let Some(story) = next() {
            let figures = story.explore(states::as_it_is, states::step()).unwrap_or_else(|broken| panic!("{broken}"));
            let states::Figures { operations, states, disks } = figures;
            println!("{}: {operations} operations, {states} states on {} different disks", story.name, disks.len());
            let mut all = all.lock().unwrap();
            all.states += states;
            all.disks.extend(disks);
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(play))));
    let all = all.into_inner().unwrap();
    println!("all stories: {} states on {} different disks", all.states, all.disks.len());
}

#[test]
fn every_story_survives_a_full_and_a_failing_disk_at_every_operation() {
    for story in stories::stories() {
        for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
            let figures = story.disturb(kind, states::step()).unwrap_or_else(|broken| panic!("{broken}"));
            println!("{}, {kind:?}: {} operations, {} runs", story.name, figures.operations, figures.states);
        }
    }
}

/// The sync of a batch failed, and so did cutting it off. The next writer found it whole, synced once more, which says
/// nothing about pages that the system already takes for written, and acknowledged what followed; a power cut took it.
#[test]
fn a_batch_whose_sync_failed_is_written_again_before_it_counts() {
    let story = story();
    let (views, channel) = (story.views(), story.publisher.channel());
    let disk = MemoryBackend::new();
    let store = open(&disk).unwrap();
    let all = story.batches.len();
    let first = Story { batches: story.batches[..all - 1].to_vec(), ..self::story() };
    assert_eq!(first.run(&store, 0).0, all - 1);
    // The write succeeds; from the sync on everything fails.
    disk.set_faults(&[Fault::From { at: disk.operation_count() + 1, kind: ErrorKind::Other }]);
    assert_eq!(story.run(&store, all - 1).0, all - 1);
    disk.set_faults(&[]);
    assert_eq!(story.run(&store, all - 1).0, all);
    disk.cut_power(Survivors::SyncedOnly);
    assert_eq!(view(&open(&disk).unwrap(), &channel), views[all]);
}

/// The file of an item that was taken back was removed, but the sync of its folder failed. The next attempt found nothing
/// left to remove, synced nothing, and said that all was deleted; a power cut brought the file back.
#[test]
fn a_deletion_that_was_not_synced_is_not_said_to_be_done() {
    let story = stories::stories().into_iter().find(|story| story.name == "delete what was taken back").unwrap();
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        story.disturb(kind, 1).unwrap_or_else(|broken| panic!("{broken}"));
    }
}

/// A check failed as a whole where a kill had come between the making of a file's map and its first byte.
#[test]
fn a_file_that_was_only_about_to_begin_is_nothing_to_check() {
    let hash = longear_core::blob::BlobHash::of(b"never came");
    for at in 0..12 {
        let disk = MemoryBackend::new();
        disk.set_faults(&[Fault::From { at, kind: ErrorKind::Other }]);
        if let Ok(store) = open(&disk) {
            let _ = store.blobs().begin(hash, 10, None);
        }
        disk.cut_power(Survivors::All);
        assert_eq!(open(&disk).unwrap().check(false, |_| ()).unwrap().findings, [], "operation {at}");
    }
}

#[test]
fn a_batch_that_is_dropped_never_happened() {
    let folder = tempfile::tempdir().unwrap();
    let story = story();
    let channel = story.publisher.channel();
    let store = Store::open(folder.path()).unwrap();
    story.run(&store, 0);
    let before = view(&store, &channel);
    let mut log = story.log.clone();
    for _ in 0..600 {
        log.write(Kind::Live, NOON_MS, vec![7; 4_000]);
    }
    for leak in [false, true] {
        let mut batch = store.write().unwrap();
        give(&mut batch, &channel, &items(&log, 3..603)).unwrap();
        if leak {
            // As after a kill: more than 2 MB of records are on the disk, and nobody cuts them off.
            let killed = std::fs::read(folder.path().join("items/00000000")).unwrap();
            assert!(killed.len() > 2_000_000);
            drop(batch);
            std::fs::write(folder.path().join("items/00000000"), killed).unwrap();
            // Half of the next segment, too.
            std::fs::write(folder.path().join("items/00000001"), vec![0; 100]).unwrap();
        } else {
            drop(batch);
            assert!(store.bytes_held().unwrap() < 100_000, "the room is given back");
        }
        let other = Store::open(folder.path()).unwrap();
        assert_eq!(view(&other, &channel), before);
        let mut batch = other.write().unwrap();
        give(&mut batch, &channel, &items(&story.log, 0..1)).unwrap();
        batch.commit().unwrap();
        assert_eq!(view(&store, &channel), before);
        other.rebuild_index().unwrap();
        assert_eq!(view(&store, &channel), before);
        assert_eq!(other.check(false, |_| ()).unwrap().findings, []);
    }
}

/// The sync of a batch failed, and then cutting it off failed, too: the batch was whole on the disk, and the next one to write
/// found it there and took it for committed. What a publisher was told had failed was published an hour later.
#[test]
fn a_batch_that_failed_does_not_happen_later() {
    let story = story();
    let (channel, log) = (story.publisher.channel(), &story.log);
    let disk = MemoryBackend::new();
    let store = open(&disk).unwrap();
    story.run(&store, 0);
    let before = view(&store, &channel);
    let more = log.clone().posts(&["never"]);
    let (from, to) = (log.items.len(), more.items.len());
    let operations = disk.operation_count();
    for after in 0..6 {
        disk.set_faults(&[Fault::From { at: disk.operation_count() + after, kind: ErrorKind::StorageFull }]);
        let written = store.write().and_then(|mut batch| {
            give(&mut batch, &channel, &items(&more, from..to))?;
            batch.commit()
        });
        if written.is_ok() {
            assert!(after > 1, "no operation failed");
            return;
        }
        disk.set_faults(&[]);
        // Somebody else writes something else.
        let mut batch = store.write().unwrap();
        batch.follow(&channel).unwrap();
        batch.commit().unwrap();
        assert_eq!(view(&store, &channel), before, "the sync failed after {after} operations");
        assert_eq!(view(&open(&disk).unwrap(), &channel), before, "the sync failed after {after} operations");
    }
    panic!("{} operations are not enough for a batch", disk.operation_count() - operations);
}

#[test]
fn an_intent_is_kept_until_its_item_is_here() {
    let story = story();
    let (channel, log) = (story.publisher.channel(), &story.log);
    let disk = MemoryBackend::new();
    let store = open(&disk).unwrap();
    story.run(&store, 0);
    let payload = article("next", None).encode();
    let header = log.unsigned(Kind::Post, NOON_MS + 9, &payload);
    let mut batch = store.write().unwrap();
    batch.intent(&channel, &log.opening, 3, &header.encode(), &payload).unwrap();
    batch.commit().unwrap();
    disk.cut_power(Survivors::SyncedOnly);
    let store = open(&disk).unwrap();
    let intent = store.intent(&channel, &log.opening, 3).unwrap().unwrap();
    assert_eq!((intent.header.encode(), intent.payload), (header.encode(), payload.clone()));
    assert!(store.intent(&channel, &log.opening, 2).unwrap().is_none());
    let mut signed = log.clone();
    signed.write(Kind::Post, NOON_MS + 9, payload);
    let mut batch = store.write().unwrap();
    give(&mut batch, &channel, &items(&signed, 3..4)).unwrap();
    batch.commit().unwrap();
    assert!(store.intent(&channel, &log.opening, 3).unwrap().is_none());
    assert!(open(&disk).unwrap().intent(&channel, &log.opening, 3).unwrap().is_none());
}

#[test]
fn a_torn_intent_is_none() {
    let story = story();
    let (channel, log) = (story.publisher.channel(), &story.log);
    let header = log.unsigned(Kind::Post, NOON_MS, &[7; 9_000]);
    for seed in 0..40 {
        let disk = MemoryBackend::new();
        let store = open(&disk).unwrap();
        story.run(&store, 0);
        // The sync itself fails, with some of the pages on the disk.
        disk.set_faults(&[Fault::From { at: disk.operation_count() + 1, kind: ErrorKind::Other }]);
        let mut batch = store.write().unwrap();
        batch.intent(&channel, &log.opening, 3, &header.encode(), &[7; 9_000]).unwrap();
        assert!(batch.commit().is_err());
        disk.cut_power(Survivors::Some { seed });
        let intent = open(&disk).unwrap().intent(&channel, &log.opening, 3).unwrap();
        assert!(intent.is_none_or(|intent| intent.header == header && intent.payload == [7; 9_000]), "seed {seed}");
    }
}
