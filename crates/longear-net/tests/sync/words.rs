//! Charters, statements, forks.

use std::collections::BTreeMap;

use longear_core::{Head, PackName, Status};
use longear_net::sync::decisions::promise_closed_logs;
use longear_net::sync::{SyncOptions, SyncOutcome, Syncer};
use tempfile::TempDir;

use super::publisher::Publisher;
use super::{Reader, newsroom, open};

#[tokio::test]
async fn a_charter_from_one_carrier_makes_sense_of_the_statement_of_another() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let mut publisher = Publisher::new(1);
    publisher.post(0, 3);
    publisher.enrol(101);
    publisher.post(1, 9);
    let full = publisher.write(folders[0].path());
    let without_charter = full.copy_to(folders[1].path());
    without_charter.remove(&full.charter(2));
    let reader = Reader::of(publisher.channel);
    let alone = reader.pull(&[&without_charter]).await;
    assert_eq!((alone.new_charters, alone.new_items), (1, 3), "{alone:?}");
    assert!(alone.refused.iter().any(|refusal| refusal.code == Some("unknown-key")), "{alone:?}");
    assert_eq!(alone.outcome(), SyncOutcome::Partial);
    full.remove(&full.pack(publisher.writers[1].log, PackName { level: 1, index: 0 }));
    let both = reader.pull(&[&without_charter, &full]).await;
    assert_eq!((both.new_charters, both.new_items), (1, 9), "{both:?}");
}

#[tokio::test]
async fn a_statement_waits_for_its_charter_until_a_later_round() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let mut publisher = Publisher::new(1);
    publisher.enrol(101);
    publisher.post(1, 2);
    let full = publisher.write(folders[0].path());
    let mut head = Head::decode(&publisher.channel, &full.read(&full.head())).unwrap();
    let early = full.copy_to(folders[1].path());
    early.remove(&full.charter(2));
    let reader = Reader::of(publisher.channel);
    let mut syncer = Syncer::new(reader.store.clone(), vec![open(&early.folder)]);
    let first = syncer.round(&SyncOptions::default(), &|_| {}).await.unwrap();
    assert_eq!((first.new_items, first.refused.len()), (0, 2), "{first:?}");
    // The head says nothing of that log any more, and the charter is there: what waited is enough.
    early.put(&full.charter(2), &full.read(&full.charter(2)));
    head.statements.remove(&publisher.writers[1].log);
    early.put(&full.head(), &head.encode());
    let second = syncer.round(&SyncOptions::default(), &|_| {}).await.unwrap();
    assert_eq!((second.new_charters, second.new_statements, second.new_items), (1, 1, 2), "{second:?}");
}

#[tokio::test]
async fn a_closed_log_ends_at_its_last_good_item() {
    let folder = TempDir::new().unwrap();
    let mut publisher = Publisher::new(1);
    publisher.enrol(101);
    publisher.post(1, 12);
    publisher.close(1, 10);
    let tree = publisher.write(folder.path());
    let reader = Reader::of(publisher.channel);
    let report = reader.pull(&[&tree]).await;
    assert_eq!((report.new_charters, report.still_missing_items), (3, 0), "{report:?}");
    let items = reader.store.log_items(&publisher.writers[1].log, 0, 100).unwrap();
    assert_eq!(items.iter().filter(|item| item.status == Status::Shown).count(), 10);
    assert!(items.iter().all(|item| item.status == Status::Shown || item.header().seq >= 10));
}

/// A reader got the beginning of a pack, and then the newest item, which takes back a correction in that pack. What was
/// taken back counted as nothing to ask for. So what the correction had replaced was shown on, for ever.
#[tokio::test]
async fn what_takes_others_back_is_asked_for_although_it_was_taken_back() {
    for take_back in [Publisher::correct, Publisher::retract] {
        let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let mut publisher = Publisher::new(1);
        publisher.post(0, 7);
        let first = publisher.writers[0].items[0].0.id();
        take_back(&mut publisher, 0, first);
        let between = publisher.writers[0].items[7].0.id();
        take_back(&mut publisher, 0, between);
        let tree = publisher.write(folders[0].path());
        let short = tree.copy_to(folders[1].path());
        let log = publisher.writers[0].log;
        let pack = short.pack(log, PackName { level: 1, index: 0 });
        short.cut(&pack, short.read(&pack).len() - 1);
        short.remove(&short.pack(log, PackName { level: 0, index: 7 }));
        let reader = Reader::of(publisher.channel);
        reader.pull(&[&short]).await;
        let status = |item| reader.store.item(&item).unwrap().map(|item| (item.status, item.has_payload()));
        assert_eq!(status(first), Some((Status::Shown, true)));
        assert_eq!(status(between), Some((Status::Retracted, false)));
        let report = reader.pull(&[&tree]).await;
        assert_eq!(status(first), Some((Status::Retracted, true)), "{report:?}");
        assert_eq!(report.still_missing_items, 0, "{report:?}");
    }
}

#[tokio::test]
async fn the_proof_of_a_fork_comes_along() {
    let folder = TempDir::new().unwrap();
    let mut publisher = Publisher::new(1);
    publisher.post(0, 5);
    publisher.fork(0);
    let tree = publisher.write(folder.path());
    let reader = Reader::of(publisher.channel);
    let report = reader.pull(&[&tree]).await;
    assert_eq!((report.new_forks, report.new_items), (1, 5), "{report:?}");
    let items = reader.store.log_items(&publisher.writers[0].log, 0, 10).unwrap();
    assert!(matches!(items[4].status, Status::Disputed) && matches!(items[3].status, Status::Shown));
}

#[tokio::test]
async fn rival_charters_are_kept_and_told() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let mut trees = Vec::new();
    for (folder, name) in folders.iter().zip(["A", "B"]) {
        let mut publisher = Publisher::new(1);
        publisher.amend(|body| body.name = name.into());
        trees.push(publisher.write(folder.path()));
    }
    let reader = Reader::of(trees[0].channel);
    let report = reader.pull(&[&trees[0], &trees[1]]).await;
    assert_eq!(report.rivals, [trees[0].channel], "{report:?}");
}

#[tokio::test]
async fn an_old_head_is_stale_and_no_lie() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let (mut publisher, old) = newsroom(folders[0].path());
    publisher.post(0, 1);
    let new = publisher.write(folders[1].path());
    let reader = Reader::of(publisher.channel);
    let report = reader.pull(&[&old, &new]).await;
    assert_eq!(report.carriers[0].stale, [publisher.channel]);
    assert!(report.carriers[1].stale.is_empty() && report.refused.is_empty(), "{report:?}");
    assert_eq!(report.new_items, 101);
}

#[tokio::test]
async fn a_head_of_another_channel_is_refused_by_name() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let (publisher, tree) = newsroom(folders[0].path());
    let (other, _) = (Publisher::new(9).write(folders[1].path()), ());
    tree.put(&tree.head(), &other.read(&other.head()));
    let reader = Reader::of(publisher.channel);
    let report = reader.pull(&[&tree]).await;
    let refusal = &report.refused[0];
    assert_eq!((refusal.object.clone(), refusal.code), (tree.head().to_string(), Some("wrong-channel")));
    assert_eq!(report.new_items, 100, "what stands there is good all the same: {report:?}");
}

/// A word that waited for its charter was offered anew by the carrier's head in each round, refused once more, and then
/// waited twice, three times …: after some two hundred rounds a box that syncs for ever held its honest mirror for a liar.
#[tokio::test]
async fn a_word_that_waits_is_held_against_nobody_twice() {
    let folder = TempDir::new().unwrap();
    let mut publisher = Publisher::new(1);
    publisher.enrol(101);
    publisher.post(1, 2);
    let tree = publisher.write(folder.path());
    let charter = tree.read(&tree.charter(2));
    tree.remove(&tree.charter(2));
    let reader = Reader::of(publisher.channel);
    let mut syncer = Syncer::new(reader.store.clone(), vec![open(&tree.folder)]);
    let first = syncer.round(&SyncOptions::default(), &|_| {}).await.unwrap();
    assert!(first.carriers[0].refused_bytes > 0, "{first:?}");
    let words = |report: &longear_net::sync::SyncReport| {
        report.refused.iter().filter(|refusal| refusal.object.contains("statement")).count()
    };
    assert_eq!(words(&first), 1, "{first:?}");
    for _ in 0..3 {
        let later = syncer.round(&SyncOptions::default(), &|_| {}).await.unwrap();
        assert_eq!(words(&later), 0, "{later:?}");
    }
    tree.put(&tree.charter(2), &charter);
    let last = syncer.round(&SyncOptions::default(), &|_| {}).await.unwrap();
    assert_eq!((last.new_charters, last.new_statements, last.new_items), (1, 1, 2), "{last:?}");
}

/// A carrier was asked for the proof of a fork once, and never again if that one request failed, or if the charter came
/// later that lists the key: a syncing box then showed one branch of the fork as if there were no other.
#[tokio::test]
async fn the_proof_of_a_fork_is_asked_for_until_it_makes_sense() {
    let folder = TempDir::new().unwrap();
    let mut publisher = Publisher::new(1);
    publisher.enrol(101);
    publisher.post(1, 5);
    publisher.fork(1);
    let tree = publisher.write(folder.path());
    let charter = tree.read(&tree.charter(2));
    tree.remove(&tree.charter(2));
    let reader = Reader::of(publisher.channel);
    let mut syncer = Syncer::new(reader.store.clone(), vec![open(&tree.folder)]);
    let first = syncer.round(&SyncOptions::default(), &|_| {}).await.unwrap();
    assert_eq!((first.new_forks, first.new_items), (0, 0), "{first:?}");
    tree.put(&tree.charter(2), &charter);
    let second = syncer.round(&SyncOptions::default(), &|_| {}).await.unwrap();
    assert_eq!((second.new_charters, second.new_forks, second.new_items), (1, 1, 5), "{second:?}");
}

/// A thief said, with a high counter, that the log has fewer items than it has. The charter closed the log behind all good
/// ones, and the word still counted: nobody who came later asked for the last of them, and without it all before it stayed
/// unconfirmed.
#[tokio::test]
async fn a_closing_promises_more_than_the_word_of_a_thief() {
    let folder = TempDir::new().unwrap();
    let mut publisher = Publisher::new(1);
    publisher.enrol(101);
    publisher.post(1, 5);
    publisher.close(1, 5);
    let tree = publisher.write(folder.path());
    let reader = Reader::of(publisher.channel);
    reader.pull(&[&tree]).await;
    let state = reader.store.channel(&publisher.channel).unwrap().unwrap();
    let log = publisher.writers[1].log;
    let mut promises = [BTreeMap::from([(log, 3)]), BTreeMap::new(), BTreeMap::new()];
    promise_closed_logs(&state, &[true, true, false], &mut promises);
    assert_eq!(promises.map(|promised| promised.get(&log).copied()), [Some(5), Some(5), None]);
}
