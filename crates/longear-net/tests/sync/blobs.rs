//! Blobs: resumed to the byte, from parts, from several carriers.

use longear_core::tree::TreePath;
use longear_core::{Class, PackName};
use longear_net::sync::{BlobsWanted, SyncOptions, SyncOutcome, sync};
use tempfile::TempDir;

use super::publisher::Publisher;
use super::{Reader, newsroom, noise, open};

#[tokio::test]
async fn a_file_cut_after_a_third_is_completed_by_another_carrier() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let (publisher, whole) = newsroom(folders[0].path());
    let cut = whole.copy_to(folders[1].path());
    let hash = *blake3::hash(&publisher.blobs[1]).as_bytes();
    let third = 5_500_000 / 3;
    cut.cut(&TreePath::Blob { hash }, third);
    let reader = Reader::of(publisher.channel);
    let first = reader.pull(&[&cut]).await;
    assert_eq!(first.blob_bytes, 200_000 + third as u64, "{first:?}");
    assert_eq!(first.outcome(), SyncOutcome::Partial);
    let second = reader.pull(&[&whole]).await;
    assert_eq!(second.blob_bytes, 5_500_000 - third as u64, "not a byte twice: {second:?}");
    assert_eq!((second.new_blobs, second.outcome()), (1, SyncOutcome::Well));
}

#[tokio::test]
async fn parts_on_two_sticks_make_a_whole() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap()];
    let (publisher, tree) = newsroom(folders[0].path());
    let video = &publisher.blobs[1];
    let hash = *blake3::hash(video).as_bytes();
    tree.remove(&TreePath::Blob { hash });
    let sticks = [tree.copy_to(folders[1].path()), tree.copy_to(folders[2].path())];
    sticks[0].put(&TreePath::BlobPart { hash, start_mib: 0 }, &video[..3 << 20]);
    sticks[1].put(&TreePath::BlobPart { hash, start_mib: 2 }, &video[2 << 20..]);
    let reader = Reader::of(publisher.channel);
    let first = reader.pull(&[&sticks[0]]).await;
    assert_eq!((reader.have(hash), first.still_missing_blobs), (3 << 20, 1), "{first:?}");
    let second = reader.pull(&[&sticks[1]]).await;
    assert_eq!((second.new_blobs, second.still_missing_blobs), (1, 0), "{second:?}");
    assert!(second.refused.is_empty(), "{second:?}");
}

#[tokio::test]
async fn one_blob_comes_from_several_carriers_at_once() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap()];
    let mut publisher = Publisher::new(3);
    let content = noise(40 << 20, 5);
    let hash = publisher.media(0, "video/mp4", content);
    let whole = publisher.write(folders[0].path());
    // Each has only what the other lacks, so both must give.
    let halves = [whole.copy_to(folders[1].path()), whole.copy_to(folders[2].path())];
    let path = TreePath::Blob { hash };
    halves[0].cut(&path, 20 << 20);
    let mut end = halves[1].read(&path);
    end[..20 << 20].fill(0);
    halves[1].put(&path, &end);
    let reader = Reader::of(publisher.channel);
    let report = reader.pull(&[&halves[0], &halves[1]]).await;
    assert_eq!(report.still_missing_blobs, 0, "{report:?}");
    assert_eq!(reader.have(hash), 40 << 20);
}

#[tokio::test]
async fn a_still_that_came_inside_its_item_is_not_asked_for() {
    let folder = TempDir::new().unwrap();
    let mut publisher = Publisher::new(1);
    let hash = publisher.media(0, "image/jpeg", noise(9_000, 4));
    let tree = publisher.write(folder.path());
    tree.remove(&TreePath::Blob { hash });
    let reader = Reader::of(publisher.channel);
    let report = reader.pull(&[&tree]).await;
    assert_eq!((report.new_blobs, report.blob_bytes, report.still_missing_blobs), (1, 0, 0), "{report:?}");
    assert_eq!((reader.have(hash), report.outcome()), (9_000, SyncOutcome::Well));
}

#[tokio::test]
async fn only_what_is_wanted_comes() {
    let folder = TempDir::new().unwrap();
    let (publisher, tree) = newsroom(folder.path());
    let reader = Reader::of(publisher.channel);
    let mut options = SyncOptions::default();
    options.blobs = BlobsWanted { class_max: Some(Class::Sound), bytes_max: 1 << 20 };
    let report = sync(reader.store.clone(), vec![open(&tree.folder)], options, |_| {}).await.unwrap();
    assert_eq!((report.new_blobs, report.blob_bytes, report.still_missing_blobs), (1, 200_000, 0), "{report:?}");
}

#[tokio::test]
async fn a_cancelled_sync_keeps_what_came_and_says_so() {
    let folder = TempDir::new().unwrap();
    let (publisher, tree) = newsroom(folder.path());
    let reader = Reader::of(publisher.channel);
    let options = SyncOptions::default();
    let cancel = options.cancel.clone();
    let stop_at_blobs = move |event| {
        if matches!(event, longear_net::sync::SyncEvent::Blob { .. }) {
            cancel.cancel();
        }
    };
    let report = sync(reader.store.clone(), vec![open(&tree.folder)], options, stop_at_blobs).await.unwrap();
    assert!(report.cut && report.still_missing_blobs > 0, "{report:?}");
    assert_eq!((report.new_items, report.outcome()), (100, SyncOutcome::Partial));
    assert_eq!(reader.pull(&[&tree]).await.still_missing_blobs, 0);
}

#[tokio::test]
async fn an_absent_pack_is_replaced_by_those_below_it() {
    let folder = TempDir::new().unwrap();
    let (publisher, tree) = newsroom(folder.path());
    let writer = &publisher.writers[0];
    tree.remove(&tree.pack(writer.log, PackName { level: 2, index: 0 }));
    for index in 0..8 {
        let name = PackName { level: 1, index };
        tree.put(&tree.pack(writer.log, name), &super::publisher::pack(writer, name));
    }
    let reader = Reader::of(publisher.channel);
    let report = reader.pull(&[&tree]).await;
    assert_eq!((report.new_items, report.still_missing_items), (100, 0), "{report:?}");
}
