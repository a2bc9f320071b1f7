//! What stands in a folder after pushing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use longear_core::PackName;
use longear_core::blob::BlobHash;
use longear_core::holdings::Holdings;
use longear_core::tree::TreePath;
use longear_core::{Head, PackReader, Statement};
use longear_net::carrier::{CarrierOptions, FolderCarrier, FolderLayout};
use longear_net::push::{PushOptions, PushReport, push};
use longear_store::Store;

use crate::newsroom::Newsroom;
use crate::{blob_path, files, hex, pattern};

pub fn stick(folder: &Path) -> FolderCarrier {
    FolderCarrier::create(folder, FolderLayout::Stick, &CarrierOptions::default()).unwrap()
}

pub fn push_with(store: &Store, folder: &Path, options: PushOptions) -> PushReport {
    push(store, &stick(folder), options, |_| {}).unwrap()
}

pub fn push_all(store: &Store, folder: &Path) -> PushReport {
    push_with(store, folder, PushOptions::default())
}

/// The charter did not fit, but the head and the packs did: whoever read that stick was told that all of it is forged.
#[test]
fn nothing_is_written_of_a_channel_whose_charter_does_not_fit() {
    let mut newsroom = Newsroom::new(9);
    newsroom.posts(1);
    let whole = tempfile::tempdir().unwrap();
    push_all(&newsroom.store, whole.path());
    let charter = format!("c/{}/charter/1", hex(&newsroom.channel.0));
    let bytes = files(&whole.path().join("files"))[&charter].len() as u64;

    let folder = tempfile::tempdir().unwrap();
    let with_budget = |bytes| PushOptions { budget_bytes: Some(bytes), ..PushOptions::default() };
    let report = push_with(&newsroom.store, folder.path(), with_budget(bytes - 1));
    assert_eq!(files(&folder.path().join("files")).into_keys().collect::<Vec<_>>(), [""; 0]);
    assert_eq!((report.left_out.count, report.left_out.bytes), (1, bytes));
    push_with(&newsroom.store, folder.path(), with_budget(bytes));
    assert_eq!(files(&folder.path().join("files")).into_keys().collect::<Vec<_>>(), [charter]);
}

#[test]
fn the_tree_is_the_one_of_the_specification() {
    let mut newsroom = Newsroom::new(1);
    newsroom.posts(27);
    let video = pattern(1, 2_500_000);
    let photo = pattern(2, 40_000);
    let media = [("v.mp4", "video/mp4", 720, &video[..]), ("p.jpg", "image/jpeg", 0, &photo[..])];
    let (_, hashes) = newsroom.media("Clip", &media);
    let folder = tempfile::tempdir().unwrap();
    let report = push_all(&newsroom.store, folder.path());
    let tree = folder.path().join("files");
    let written = files(&tree);

    let channel = newsroom.channel.0;
    let log = newsroom.log().0;
    let mut expected = BTreeSet::from([
        format!("c/{}/head", hex(&channel)),
        format!("c/{}/charter/1", hex(&channel)),
        blob_path(&hashes[0]),
        format!("{}.o", blob_path(&hashes[0])),
        blob_path(&hashes[1]),
    ]);
    expected.extend(PackName::published(28).map(|name| {
        let (level, index) = (name.level, name.index as u32);
        TreePath::Pack { channel, log, level, index }.to_string()
    }));
    assert_eq!(written.keys().cloned().collect::<BTreeSet<_>>(), expected);

    assert_eq!(written[&blob_path(&hashes[0])], video);
    assert_eq!(written[&blob_path(&hashes[1])], photo);
    let outboard = &written[&format!("{}.o", blob_path(&hashes[0]))];
    let groups = longear_core::blob::Groups::read_upper_nodes(
        BlobHash::from_bytes(hashes[0]),
        video.len() as u64,
        |offset, node| {
            let length = node.len();
            node.copy_from_slice(&outboard[offset as usize..][..length]);
            Ok::<_, longear_core::blob::BlobRefused>(())
        },
    );
    assert!(groups.is_ok(), "the outboard proves the blob");

    let head = Head::decode(&newsroom.channel, &written[&format!("c/{}/head", hex(&channel))]).unwrap();
    assert_eq!(head.charter, 1);
    assert_eq!(head.statements.values().map(|word| word.items).collect::<Vec<_>>(), [28]);
    let mut reader = PackReader::new(newsroom.channel, newsroom.log(), longear_core::PackName::new(1, 2).unwrap());
    reader.push(&written[&format!("c/{}/p/{}/1-2", hex(&channel), hex(&log))]);
    let mut payloads = 0;
    while let Some(part) = reader.next_part().unwrap() {
        payloads += u64::from(matches!(part, longear_core::pack::PackPart::Payload { .. }));
    }
    assert!(reader.is_complete());
    assert_eq!(payloads, 8);

    assert_eq!((report.items, report.blobs_whole, report.blobs_in_part), (28, 2, 0));
    assert_eq!(report.files_written, written.len() as u64);
    assert_eq!(report.bytes_written, written.values().map(|bytes| bytes.len() as u64).sum::<u64>());
    assert_eq!((report.left_out.count, report.refused.len()), (0, 0));
}

#[test]
fn a_second_run_writes_nothing_and_a_third_only_what_is_new() {
    let mut newsroom = Newsroom::new(2);
    newsroom.posts(20);
    let folder = tempfile::tempdir().unwrap();
    push_all(&newsroom.store, folder.path());
    let again = push_all(&newsroom.store, folder.path());
    assert_eq!((again.files_written, again.bytes_written, again.items), (0, 0, 20));

    newsroom.posts(1);
    let third = push_all(&newsroom.store, folder.path());
    assert_eq!(third.files_written, 2, "one pack and the head");
    let packs = files(&folder.path().join("files"));
    let packs = packs.keys().filter_map(|name| name.rsplit_once("/p/")?.1.split_once('/')?.1.split_once('-'));
    for (level, index) in packs {
        let (level, index) = (level.parse().unwrap(), index.parse().unwrap());
        let name = PackName::new(level, index).unwrap();
        assert!(name.is_published(21), "{name} was superseded");
    }
}

#[test]
fn verifying_mends_what_has_the_right_length_and_wrong_bytes() {
    let mut newsroom = Newsroom::new(3);
    let (_, hashes) = newsroom.media("Photo", &[("p.jpg", "image/jpeg", 0, &pattern(3, 50_000))]);
    let folder = tempfile::tempdir().unwrap();
    push_all(&newsroom.store, folder.path());
    let path = folder.path().join("files").join(blob_path(&hashes[0]));
    let mut damaged = fs::read(&path).unwrap();
    damaged[49_000] ^= 1;
    fs::write(&path, &damaged).unwrap();
    assert_eq!(push_all(&newsroom.store, folder.path()).files_written, 0, "lengths are trusted");
    let options = PushOptions { verify: true, ..PushOptions::default() };
    assert_eq!(push_with(&newsroom.store, folder.path(), options).files_written, 1);
    assert_eq!(fs::read(&path).unwrap(), pattern(3, 50_000));
}

#[test]
fn around_a_hole_smaller_packs_stand() {
    let mut newsroom = Newsroom::new(4);
    newsroom.posts(17);
    let log = newsroom.log();
    let hole = newsroom.store.log_items(&log, 5, 1).unwrap()[0].id();
    let mut batch = newsroom.store.write().unwrap();
    batch.gone(&newsroom.channel, &log, 5, hole).unwrap();
    batch.commit().unwrap();
    let store = Store::open(newsroom.folder.path()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let report = push_all(&store, folder.path());
    let packs = files(&folder.path().join("files"));
    let mut packs = packs.keys().filter_map(|name| Some(name.rsplit_once("/p/")?.1.split_once('/')?.1.to_owned()));
    assert_eq!(report.items, 16);
    assert!(packs.all(|name| name != "1-0" && name != "0-5"), "what has a hole is not promised");
    let expected = (0..17).filter(|seq| *seq != 5).map(|seq| format!("0-{seq}")).chain(["1-1".to_owned()]);
    let written = files(&folder.path().join("files"));
    for name in expected {
        assert!(written.keys().any(|path| path.ends_with(&format!("/{name}"))), "{name}");
    }
}

#[test]
fn what_was_taken_back_is_not_carried_on() {
    let mut newsroom = Newsroom::new(5);
    let (kept, hashes) = newsroom.media("Kept", &[("a.mp3", "audio/mpeg", 0, &pattern(5, 9000))]);
    let (gone, retracted) = newsroom.media("Gone", &[("b.mp3", "audio/mpeg", 0, &pattern(6, 9000))]);
    assert_ne!(kept, gone);
    newsroom.retract(gone);
    let folder = tempfile::tempdir().unwrap();
    let options = PushOptions { plain: true, ..PushOptions::default() };
    let report = push_with(&newsroom.store, folder.path(), options);
    let written = files(folder.path());
    assert!(written.contains_key(&format!("files/{}", blob_path(&hashes[0]))));
    assert!(!written.contains_key(&format!("files/{}", blob_path(&retracted[0]))));
    assert_eq!(written["Kept.mp3"], pattern(5, 9000));
    assert!(written["Kept.md"].starts_with("# Kept\n".as_bytes()));
    assert!(!written.keys().any(|name| name.starts_with("Gone")));
    assert_eq!((report.items, report.plain_copies), (3, 2));
}

#[test]
fn plain_copies_do_not_replace_files_of_others_and_keep_their_names() {
    let mut newsroom = Newsroom::new(6);
    newsroom.media("Same", &[("a.jpg", "image/jpeg", 0, &pattern(7, 5000))]);
    newsroom.media("Same", &[("b.jpg", "image/jpeg", 0, &pattern(8, 6000))]);
    newsroom.post("Mine");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Mine.md"), "a letter").unwrap();
    let options = PushOptions { plain: true, ..PushOptions::default() };
    let report = push_with(&newsroom.store, folder.path(), options.clone());
    assert_eq!(report.plain_copies, 5);
    let written = files(folder.path());
    assert_eq!(written["Mine.md"], b"a letter");
    assert_eq!(written["Same.jpg"], pattern(7, 5000));
    let other = written.iter().find(|(name, _)| name.ends_with(" Same.jpg")).unwrap();
    assert_eq!(*other.1, pattern(8, 6000));
    let again = push_with(&newsroom.store, folder.path(), options);
    assert_eq!((again.files_written, again.plain_copies), (0, 5));
}

#[test]
fn a_head_takes_over_what_is_true_of_the_one_before() {
    let (mut ours, mut theirs) = (Newsroom::new(7), Newsroom::new(7));
    ours.posts(3);
    theirs.posts(9);
    let folder = tempfile::tempdir().unwrap();
    push_all(&theirs.store, folder.path());
    let path = folder.path().join("files").join(TreePath::Head { channel: ours.channel.0 }.to_string());
    let newer = fs::read(&path).unwrap();
    // Both said one word; the one with more items was first made to win.
    let word = |bytes: &[u8]| Head::decode(&ours.channel, bytes).unwrap().statements.into_values().next().unwrap();
    let winner = |a: Statement, b: Statement| if a.supersedes(&b) { a } else { b };
    push_all(&ours.store, folder.path());
    let own = ours.store.channel(&ours.channel).unwrap().unwrap().head().encode();
    assert_eq!(word(&fs::read(&path).unwrap()), winner(word(&newer), word(&own)));

    let mut forged = Head::decode(&ours.channel, &newer).unwrap();
    forged.charter = 9;
    let statement = forged.statements.values_mut().next().unwrap();
    (statement.counter, statement.items) = (1 << 40, 1 << 20);
    fs::write(&path, forged.encode()).unwrap();
    push_all(&ours.store, folder.path());
    let head = Head::decode(&ours.channel, &fs::read(&path).unwrap()).unwrap();
    assert_eq!(head.charter, 1, "a charter that does not stand there is not promised");
    assert!(head.statements.values().all(|word| word.counter < 10), "a forged word is not passed on");
}

#[test]
fn a_rotten_source_is_named_and_not_copied() {
    let mut newsroom = Newsroom::new(8);
    let (_, hashes) = newsroom.media("Video", &[("v.mp4", "video/mp4", 720, &pattern(9, 6_000_000))]);
    let (_, small) = newsroom.media("Photo", &[("p.jpg", "image/jpeg", 0, &pattern(10, 60_000))]);
    for (hash, at) in [(hashes[0], 5_500_000), (small[0], 10)] {
        let source = newsroom.folder.path().join("blobs").join(blob_path(&hash).strip_prefix("b/").unwrap());
        let mut bytes = fs::read(&source).unwrap();
        bytes[at] ^= 0x80;
        fs::write(&source, bytes).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let report = push_all(&newsroom.store, folder.path());
    let mut named = report.refused.iter().map(|refused| refused.name.clone()).collect::<Vec<_>>();
    named.sort();
    let mut expected = [blob_path(&hashes[0]), blob_path(&small[0])];
    expected.sort();
    assert_eq!(named, expected);
    assert!(report.refused.iter().all(|refused| refused.reason.contains("damaged")), "{:?}", report.refused);
    let written = files(&folder.path().join("files"));
    assert!(!written.contains_key(&blob_path(&hashes[0])) && !written.contains_key(&blob_path(&small[0])));
    assert_eq!(report.items, 2, "the rest is carried");
}

#[test]
fn what_stands_in_the_way_is_named_and_the_rest_is_written() {
    let mut newsroom = Newsroom::new(9);
    let (_, hashes) = newsroom.media("Photo", &[("p.jpg", "image/jpeg", 0, &pattern(11, 700))]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("files").join(blob_path(&hashes[0]));
    fs::create_dir_all(&path).unwrap();
    let report = push_all(&newsroom.store, folder.path());
    assert_eq!(report.refused.iter().map(|refused| &refused.name).collect::<Vec<_>>(), [&blob_path(&hashes[0])]);
    assert!(path.is_dir());
    assert_eq!(report.items, 1);
}
