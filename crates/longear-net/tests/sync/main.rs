//! Synchronisation with real stores and trees: whole, halved, damaged, hostile.
#![allow(clippy::unwrap_used, clippy::single_range_in_vec_init)]

mod blobs;
mod damage;
mod http;
mod liar;
#[path = "../support/liar.rs"]
mod liar_server;
mod publisher;
#[path = "../support/mod.rs"]
mod support;
mod words;

use std::path::Path;
use std::sync::Mutex;

use longear_core::PackName;
use longear_net::sync::{SyncEvent, SyncOptions, SyncOutcome, Syncer};
use tempfile::TempDir;

use publisher::Publisher;
use support::{Reader, Tree, open};

fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A newsroom with a hundred posts, a photo and a video, and its tree.
fn newsroom(folder: &Path) -> (Publisher, Tree) {
    let mut publisher = Publisher::new(1);
    publisher.post(0, 98);
    publisher.media(0, "image/jpeg", noise(200_000, 1));
    publisher.media(0, "video/mp4", noise(5_500_000, 2));
    let tree = publisher.write(folder);
    (publisher, tree)
}

#[tokio::test]
async fn a_new_reader_gets_everything_and_then_nothing_new() {
    let folder = TempDir::new().unwrap();
    let (publisher, tree) = newsroom(folder.path());
    let reader = Reader::of(publisher.channel);
    let report = reader.pull(&[&tree]).await;
    assert_eq!((report.new_charters, report.new_statements, report.new_items), (1, 1, 100), "{report:?}");
    assert_eq!((report.new_blobs, report.blob_bytes), (2, 5_700_000));
    assert_eq!((report.still_missing_items, report.still_missing_blobs), (0, 0));
    assert_eq!(report.outcome(), SyncOutcome::Well);
    for blob in &publisher.blobs {
        assert_eq!(reader.have(*blake3::hash(blob).as_bytes()), blob.len() as u64);
    }
    let again = reader.pull(&[&tree]).await;
    assert!(!again.kept_anything() && again.refused.is_empty(), "{again:?}");
    assert_eq!(again.outcome(), SyncOutcome::Well);
}

#[tokio::test]
async fn five_posts_more_come_without_the_rest() {
    let folder = TempDir::new().unwrap();
    let (mut publisher, tree) = newsroom(folder.path());
    let reader = Reader::of(publisher.channel);
    let mut syncer = Syncer::new(reader.store.clone(), vec![open(&tree.folder)]);
    let options = SyncOptions::default();
    syncer.round(&options, &|_| {}).await.unwrap();
    publisher.post(0, 5);
    publisher.write(folder.path());
    let told = Mutex::new(Vec::new());
    let report = syncer.round(&options, &|event| told.lock().unwrap().push(event)).await.unwrap();
    assert_eq!((report.new_items, report.new_statements, report.new_blobs), (5, 1, 0), "{report:?}");
    let told = told.into_inner().unwrap();
    assert!(told.iter().any(|event| matches!(event, SyncEvent::Posts { have: 5, total: 5, .. })), "{told:?}");
}

#[tokio::test]
async fn two_half_trees_make_a_whole() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap()];
    let (publisher, tree) = newsroom(folders[0].path());
    let halves = [tree.copy_to(folders[1].path()), tree.copy_to(folders[2].path())];
    let log = publisher.writers[0].log;
    for (place, name) in PackName::published(100).enumerate() {
        halves[place % 2].remove(&tree.pack(log, name));
    }
    let reader = Reader::of(publisher.channel);
    let first = reader.pull(&[&halves[0]]).await;
    assert!(first.new_items > 0 && first.still_missing_items > 0, "{first:?}");
    assert_eq!(first.outcome(), SyncOutcome::Partial);
    let second = reader.pull(&[&halves[1]]).await;
    assert_eq!((first.new_items + second.new_items, second.still_missing_items), (100, 0), "{second:?}");
}

#[tokio::test]
async fn a_stick_without_head_gives_charters_and_packs_by_their_list() {
    let folder = TempDir::new().unwrap();
    let (publisher, tree) = newsroom(folder.path());
    tree.remove(&tree.head());
    let reader = Reader::of(publisher.channel);
    let report = reader.pull(&[&tree]).await;
    assert_eq!((report.new_charters, report.new_statements, report.new_items), (1, 0, 100), "{report:?}");
    assert!(report.carriers[0].without.is_empty());
}

#[tokio::test]
async fn another_channel_s_carrier_is_said_to_be_one() {
    let folder = TempDir::new().unwrap();
    let (_, tree) = newsroom(folder.path());
    let other = Publisher::new(9).channel;
    let reader = Reader::of(other);
    let report = reader.pull(&[&tree]).await;
    assert_eq!(report.carriers[0].without, [other], "{report:?}");
    assert_eq!(report.outcome(), SyncOutcome::Well);
}

#[tokio::test]
async fn many_items_come_through_the_largest_packs() {
    let folder = TempDir::new().unwrap();
    let mut publisher = Publisher::new(2);
    publisher.post(0, 4096 + 700);
    let tree = publisher.write(folder.path());
    let reader = Reader::of(publisher.channel);
    let report = reader.pull(&[&tree]).await;
    assert_eq!((report.new_items, report.still_missing_items), (4796, 0), "{report:?}");
    assert!(report.refused.is_empty());
}
