//! A tree in one file, handed from machine to machine: whole, in part, damaged, and made by somebody who means harm.

use longear_core::archive::{ARCHIVE_PACK_BYTES_MAX, ArchivePart, ArchiveReader, archive_start, entry_front};
use longear_core::tree::TreePath;
use serde_json::Value;

use crate::media::VIDEO;
use crate::node::{Newsroom, Node};

/// Less than the video, much more than everything else.
const BUDGET_BYTES: u64 = 24_000_000;

#[test]
fn an_archive_brings_everything_and_is_handed_on() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let file = newsroom.node.path("news.longear");
    newsroom.node.done(&["archive", "write", &file]);
    let shown = newsroom.node.done(&["archive", "show", &file]).json();
    assert_eq!(shown["channels"][0]["name"], "Sarybulaq News");
    assert_eq!(shown["channels"][0]["address"], newsroom.address.as_str());

    let third = Node::following(&newsroom.address);
    third.done(&["archive", "read", &file]);
    third.assert_whole(&publication);
    assert_eq!(third.done(&["sync", &file]).json()["new_items"], 0, "a file is a carrier like others");

    let onward = third.path("onward.longear");
    third.done(&["archive", "write", &onward]);
    assert!(
        std::fs::read(&file).unwrap() == std::fs::read(&onward).unwrap(),
        "nothing in it tells who wrote it, or when"
    );
    let fourth = Node::following(&newsroom.address);
    fourth.done(&["follow", &newsroom.address, "--from", &onward]);
    fourth.assert_whole(&publication);
}

#[test]
fn objects_stand_in_an_order_in_which_they_can_be_checked_as_they_come() {
    let newsroom = Newsroom::new();
    newsroom.publish_all();
    let file = newsroom.node.path("news.longear");
    newsroom.node.done(&["archive", "write", &file]);
    let rank = |path: &TreePath| match path {
        TreePath::Charter { .. } => 0,
        TreePath::Head { .. } | TreePath::Fork { .. } => 1,
        TreePath::Pack { .. } => 2,
        TreePath::Blob { .. } | TreePath::BlobPart { .. } | TreePath::Outboard { .. } => 3,
        TreePath::Edge { .. } | TreePath::Notes { .. } => 4,
        TreePath::Sheaf { .. } => 3,
    };
    let entries = entries(&file);
    let ranks = entries.iter().map(|(path, _)| rank(path)).collect::<Vec<_>>();
    assert!(ranks.is_sorted(), "{ranks:?}");
    let mut paths = entries.iter().map(|(path, _)| *path).collect::<Vec<_>>();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), entries.len(), "no object stands there twice");
}

/// Packs of 4,096 posts with stills were longer than what the app takes at once, and nothing else stood in the archive.
#[test]
fn no_pack_in_an_archive_is_too_long_for_a_phone() {
    let newsroom = Newsroom::new();
    let text = newsroom.node.file("long.md", "слово ".repeat(5_500));
    let prices = newsroom.node.file("prices.csv", b"bread,90\n");
    let texts = ["kk", "ru", "en"].into_iter().flat_map(|tag| ["--lang", tag, "--text", text.as_str()]);
    let words = [&["publish", prices.as_str()][..], &texts.collect::<Vec<_>>()].concat();
    (0..72).for_each(|_| drop(newsroom.node.ends(0, &words)));
    let file = newsroom.node.path("news.longear");
    newsroom.node.done(&["archive", "write", &file]);
    let packs = entries(&file).into_iter().filter_map(|(path, place)| match path {
        TreePath::Pack { level, .. } => Some((level, place.len() as u64)),
        _ => None,
    });
    let packs = packs.collect::<Vec<_>>();
    assert!(packs.iter().all(|(_, bytes)| *bytes <= ARCHIVE_PACK_BYTES_MAX), "{packs:?}");
    assert_eq!(packs.iter().map(|(level, _)| 8u64.pow((*level).into())).sum::<u64>(), 72, "{packs:?}");
    let reader = Node::following(&newsroom.address);
    assert_eq!(reader.done(&["archive", "read", &file]).json()["new_items"], 72);
}

#[test]
fn what_is_left_out_is_chosen_and_the_budget_is_kept() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let (small, silent, texts) =
        (newsroom.node.path("small"), newsroom.node.path("silent"), newsroom.node.path("texts"));
    newsroom.node.done(&["archive", "write", &small, "--budget", &BUDGET_BYTES.to_string()]);
    newsroom.node.done(&["archive", "write", &silent, "--without-films"]);
    newsroom.node.done(&["archive", "write", &texts, "--without-files", "--channel", &newsroom.address]);
    let length = |file: &str| std::fs::metadata(file).unwrap().len();
    assert!(length(&small) <= BUDGET_BYTES && length(&small) > BUDGET_BYTES / 2, "{} bytes", length(&small));
    assert!(length(&texts) < length(&silent) && length(&silent) < length(&small));

    let reader = Node::following(&newsroom.address);
    let read = reader.ends(4, &["archive", "read", &texts]).json();
    assert_eq!((&read["missing_items"], &read["file_bytes"]), (&0.into(), &0.into()), "{read}");
    let read = reader.ends(4, &["archive", "read", &silent]).json();
    assert_eq!(read["missing_files"], 1, "only the film is missing: {read}");
    reader.ends(4, &["archive", "read", &small]);
    let (size, have) = reader.size_and_have(VIDEO);
    assert!(have > size / 5 && have < size / 2, "what fits of the film came: {have} of {size}");
    reader.done(&["stick", "read", &newsroom.stick()]);
    reader.assert_whole(&publication);
}

#[test]
fn a_channel_that_is_not_followed_is_named_and_not_taken() {
    let (newsroom, other) = (Newsroom::new(), Newsroom::new());
    let post = newsroom.node.publish(&["--title", "Bread"]);
    let file = newsroom.node.path("news.longear");
    newsroom.node.done(&["archive", "write", &file]);

    let nobody = Node::new();
    let refused = nobody.ends(1, &["archive", "read", &file]);
    assert!(
        refused.failure().contains(&newsroom.address) && refused.failure().contains("Sarybulaq News"),
        "{refused:?}"
    );
    let reader = Node::following(&other.address);
    let read = reader.done(&["archive", "read", &file]);
    assert_eq!(read.json()["not_followed"][0]["address"], newsroom.address.as_str(), "{read:?}");
    assert_eq!(reader.list().len(), 0);
    reader.done(&["follow", &newsroom.address, "--from", &file]);
    assert_eq!(reader.status(&post).0, "shown");
}

#[test]
fn what_stood_at_the_place_stays_until_the_new_one_is_whole() {
    let newsroom = Newsroom::new();
    newsroom.node.publish(&["--title", "Bread"]);
    let file = newsroom.node.file("news.longear", b"something dear");
    let nobody = Node::new();
    nobody.ends(1, &["archive", "write", &file]);
    assert_eq!(std::fs::read(&file).unwrap(), b"something dear");
    // What a killed writer left is begun anew.
    let unfinished = newsroom.node.file("news.longear.part", vec![1; 100_000]);
    newsroom.node.done(&["archive", "write", &file]);
    assert!(!std::path::Path::new(&unfinished).exists());
    assert_eq!(newsroom.node.done(&["archive", "show", &file]).json()["flaws"].as_array().unwrap().len(), 0);
}

#[test]
fn a_file_that_is_cut_off_gives_all_that_stands_before() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let file = newsroom.node.path("news.longear");
    newsroom.node.done(&["archive", "write", &file]);
    let whole = std::fs::read(&file).unwrap();
    let reader = Node::following(&newsroom.address);
    // In the middle of the film, which stands last.
    let cut = reader.file("cut.longear", &whole[..whole.len() / 2]);
    let read = reader.ends(4, &["archive", "read", &cut]).json();
    assert_eq!((&read["missing_items"], &read["missing_files"]), (&0.into(), &1.into()), "{read}");
    assert!(codes(&read).contains(&("b/".into(), "truncated".into())), "{read}");
    let (size, have) = reader.size_and_have(VIDEO);
    assert!(have > size / 4, "{have} of {size}");
    for length in [0, 3, 4, 20, 500] {
        let cut = reader.file("cut.longear", &whole[..length]);
        let read = reader.run(&["archive", "read", &cut]);
        assert!(matches!(read.code, Some(1 | 3)) || length == 4, "{length}: {read:?}");
    }
    reader.done(&["archive", "read", &file]);
    reader.assert_whole(&publication);
}

#[test]
fn a_changed_byte_costs_its_object_and_is_named() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let file = newsroom.node.path("news.longear");
    newsroom.node.done(&["archive", "write", &file]);
    let entries = entries(&file);
    for kind in ["/charter/1", "/head", "/p/", "b/"] {
        let (path, place) = entries.iter().rev().find(|(path, _)| path.to_string().contains(kind)).unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[usize::midpoint(place.start, place.end)] ^= 1;
        let reader = Node::following(&newsroom.address);
        let changed = reader.file("changed.longear", bytes);
        let read = reader.run(&["archive", "read", &changed]);
        assert!(matches!(read.code, Some(3 | 4)), "{kind}: {read:?}");
        let named = codes(&read.json()).into_iter().any(|(object, _)| path.to_string().contains(&object));
        assert!(named || read.out.contains(&path.to_string()), "{path}: {read:?}");
        if kind != "b/" {
            reader.done(&["check"]);
        }
        reader.done(&["archive", "read", &file]);
        reader.assert_whole(&publication);
    }
}

#[test]
fn lies_about_lengths_paths_and_counts_are_named_and_cost_nothing_else() {
    let newsroom = Newsroom::new();
    let post = newsroom.node.publish(&["--title", "Bread"]);
    let file = newsroom.node.path("news.longear");
    newsroom.node.done(&["archive", "write", &file]);
    let good = std::fs::read(&file).unwrap();
    let blob = TreePath::Blob { hash: [7; 32] };
    let head = TreePath::Head { channel: [7; 32] };
    let outside = [&(14u16.to_le_bytes())[..], b"../../.bashrc ", &3u64.to_le_bytes(), b"bad"].concat();
    let crowd = entry_front(&blob, 0).repeat(70_000);
    let foul = [
        ("an object longer than any disk", entry_front(&blob, u64::MAX), "too-long"),
        ("a head of a GiB", entry_front(&head, 1 << 30), "too-long"),
        ("an object that is not there", entry_front(&blob, 1 << 30), "truncated"),
        ("a path out of the tree", outside, "bad-value"),
        ("a path without letters", vec![0, 0, 1, 2, 3], "bad-value"),
        ("too many entries", crowd, "too-many"),
    ];
    for (what, foul, code) in foul {
        let reader = Node::following(&newsroom.address);
        let bad = reader.file("bad.longear", [&good[..], &foul].concat());
        let read = reader.ends(4, &["archive", "read", &bad]);
        let codes = codes(&read.json());
        assert!(codes.iter().any(|(_, found)| found == code), "{what}: {codes:?}");
        assert_eq!(reader.status(&post).0, "shown", "{what}");
    }
    let reader = Node::following(&newsroom.address);
    for (bytes, words) in [(&b"PK\x03\x04"[..], "no tree"), (b"LEA\x02", "newer Longear")] {
        let bad = reader.file("bad.longear", bytes);
        let read = reader.ends(1, &["archive", "read", &bad]);
        assert!(read.failure().contains(words), "{read:?}");
    }
}

#[test]
fn another_channels_objects_under_this_ones_paths_are_refused() {
    let (newsroom, other) = (Newsroom::new(), Newsroom::new());
    newsroom.node.publish(&["--title", "Bread"]);
    other.node.publish(&["--title", "Lies"]);
    let file = other.node.path("other.longear");
    other.node.done(&["archive", "write", &file]);
    let ours = newsroom.node.done(&["channel", "show"]).json()["id"].as_str().unwrap().to_owned();
    let theirs = other.node.done(&["channel", "show"]).json()["id"].as_str().unwrap().to_owned();
    let bytes = std::fs::read(&file).unwrap();
    let mut forged = archive_start().to_vec();
    for (path, place) in entries(&file) {
        let path = path.to_string().replace(&theirs, &ours).parse().unwrap();
        forged.extend(entry_front(&path, place.len() as u64));
        forged.extend(&bytes[place]);
    }
    let reader = Node::following(&newsroom.address);
    let forged = reader.file("forged.longear", forged);
    let read = reader.ends(3, &["archive", "read", &forged]).json();
    assert!(!codes(&read).is_empty(), "{read}");
    assert_eq!(reader.list().len(), 0);
}

/// Object and code of everything refused; of objects under `b/` only that.
fn codes(read: &Value) -> Vec<(String, String)> {
    let refused = read["refused"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = |object: String| if object.starts_with("b/") { "b/".into() } else { object };
    refused.map(|refused| (object(text(&refused["object"])), text(&refused["code"]))).collect()
}

/// Every object of an archive with the place of its bytes.
fn entries(file: &str) -> Vec<(TreePath, std::ops::Range<usize>)> {
    let mut reader = ArchiveReader::new();
    reader.push(&std::fs::read(file).unwrap());
    let mut entries = Vec::new();
    while let Some(part) = reader.next_part().unwrap() {
        if let ArchivePart::Entry { path, length } = part {
            let start = usize::try_from(reader.position()).unwrap();
            entries.push((path, start..start + usize::try_from(length).unwrap()));
        }
    }
    assert_eq!(reader.finish(), Ok(()));
    entries
}
