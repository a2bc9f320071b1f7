//! A flipped byte anywhere is refused by name, and the good comes from elsewhere.

use longear_core::PackName;
use longear_net::sync::{SyncOutcome, SyncReport};
use tempfile::TempDir;

use super::publisher::Publisher;
use super::support::Tree;
use super::{Reader, newsroom};

struct Case {
    _folders: [TempDir; 2],
    publisher: Publisher,
    bad: Tree,
    good: Tree,
}

fn case() -> Case {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let (publisher, good) = newsroom(folders[0].path());
    let bad = good.copy_to(folders[1].path());
    Case { _folders: folders, publisher, bad, good }
}

/// Pulls from the damaged tree alone, then from the good one too.
async fn pull_both(case: &Case) -> (Reader, SyncReport, SyncReport) {
    let reader = Reader::of(case.publisher.channel);
    let alone = reader.pull(&[&case.bad]).await;
    let both = reader.pull(&[&case.bad, &case.good]).await;
    assert_eq!(reader.items(), 100, "{both:?}");
    assert_eq!((both.still_missing_items, both.still_missing_blobs), (0, 0), "{both:?}");
    (reader, alone, both)
}

#[tokio::test]
async fn in_the_head() {
    let case = case();
    // The signature of the only statement stands at the end, before the count of forks.
    let length = case.bad.read(&case.bad.head()).len();
    case.bad.flip(&case.bad.head(), length - 3);
    let (_, alone, _) = pull_both(&case).await;
    assert_eq!(alone.refused[0].code, Some("bad-signature"), "{alone:?}");
    assert!(alone.refused[0].object.starts_with(&case.bad.head().to_string()));
}

#[tokio::test]
async fn in_a_charter() {
    let case = case();
    case.bad.flip(&case.bad.charter(1), 60);
    let (_, alone, _) = pull_both(&case).await;
    assert_eq!((alone.new_charters, alone.new_items), (0, 0));
    assert_eq!(alone.refused[0].object, case.bad.charter(1).to_string(), "{alone:?}");
    assert_eq!(alone.outcome(), SyncOutcome::Refused);
}

#[tokio::test]
async fn in_a_header_of_a_pack() {
    let case = case();
    let path = case.bad.pack(case.publisher.writers[0].log, PackName { level: 2, index: 0 });
    // The signature of the third header: its neighbours on both sides stay.
    case.bad.flip(&path, 53 + 3 * 180 - 5);
    remove_small_packs(&case.bad, &case.publisher);
    let (_, alone, _) = pull_both(&case).await;
    assert_eq!(alone.refused[0].object, format!("{path}, header of item 2"), "{alone:?}");
    assert_eq!((alone.new_items, alone.still_missing_items), (99, 1), "{alone:?}");
    assert_eq!(alone.outcome(), SyncOutcome::Partial);
}

#[tokio::test]
async fn in_a_payload_of_a_pack() {
    let case = case();
    let path = case.bad.pack(case.publisher.writers[0].log, PackName { level: 2, index: 0 });
    let length = case.bad.read(&path).len();
    case.bad.flip(&path, length - 1);
    remove_small_packs(&case.bad, &case.publisher);
    let (_, alone, _) = pull_both(&case).await;
    assert_eq!(alone.refused[0].object, format!("{path}, text of item 63"), "{alone:?}");
    assert_eq!((alone.new_items, alone.still_missing_items), (99, 1), "{alone:?}");
}

#[tokio::test]
async fn a_cut_pack_gives_what_it_holds() {
    let case = case();
    let path = case.bad.pack(case.publisher.writers[0].log, PackName { level: 2, index: 0 });
    let length = case.bad.read(&path).len();
    case.bad.cut(&path, length - 200);
    remove_small_packs(&case.bad, &case.publisher);
    let (_, alone, _) = pull_both(&case).await;
    assert_eq!((alone.refused[0].object.clone(), alone.refused[0].code), (path.to_string(), Some("truncated")));
    assert!(alone.new_items > 90 && alone.still_missing_items > 0, "{alone:?}");
}

/// So that the damaged pack is the only way to its items.
fn remove_small_packs(tree: &Tree, publisher: &Publisher) {
    for name in PackName::published(100).filter(|name| name.level < 2 && name.items().start < 64) {
        tree.remove(&tree.pack(publisher.writers[0].log, name));
    }
}

#[tokio::test]
async fn in_a_blob_of_one_group() {
    let case = case();
    let hash = *blake3::hash(&case.publisher.blobs[0]).as_bytes();
    case.bad.flip(&longear_core::tree::TreePath::Blob { hash }, 100_000);
    let (reader, alone, _) = pull_both(&case).await;
    assert_eq!((alone.new_blobs, alone.still_missing_blobs), (1, 1), "{alone:?}");
    assert_eq!(alone.refused[0].code, Some("hash-mismatch"));
    assert_eq!(reader.have(hash), 200_000);
}

#[tokio::test]
async fn in_a_blob_of_many_groups_one_block_is_named_and_the_rest_counts() {
    let case = case();
    let hash = *blake3::hash(&case.publisher.blobs[1]).as_bytes();
    let path = longear_core::tree::TreePath::Blob { hash };
    case.bad.flip(&path, 3_000_000);
    let reader = Reader::of(case.publisher.channel);
    let alone = reader.pull(&[&case.bad]).await;
    assert_eq!(alone.refused[0].object, format!("{path}, block {}", 3_000_000 / 16_384), "{alone:?}");
    assert_eq!(reader.have(hash), 5_500_000 - 16_384);
    let good = reader.pull(&[&case.good]).await;
    assert_eq!((good.blob_bytes, good.new_blobs), (16_384, 1), "{good:?}");
}

#[tokio::test]
async fn in_a_blob_and_its_outboard_the_group_is_fetched_again() {
    let case = case();
    let hash = *blake3::hash(&case.publisher.blobs[1]).as_bytes();
    case.bad.flip(&longear_core::tree::TreePath::Blob { hash }, 3_000_000);
    case.bad.remove(&longear_core::tree::TreePath::Outboard { hash });
    let reader = Reader::of(case.publisher.channel);
    let alone = reader.pull(&[&case.bad]).await;
    assert_eq!(alone.still_missing_blobs, 1, "{alone:?}");
    assert_eq!(reader.have(hash), 5_500_000 - (1 << 20));
    let both = reader.pull(&[&case.bad, &case.good]).await;
    assert_eq!((both.still_missing_blobs, reader.have(hash)), (0, 5_500_000), "{both:?}");
}
