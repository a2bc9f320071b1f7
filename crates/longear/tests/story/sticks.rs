//! A machine without any network: whole sticks, plain ones, small ones, halves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::media::{self, VIDEO};
use crate::node::{Newsroom, Node};

/// Less than the video, much more than everything else.
const BUDGET_BYTES: u64 = 24_000_000;

#[test]
fn a_stick_brings_everything_byte_for_byte() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let stick = newsroom.stick();
    let names = files_in(&stick);
    let readable = names.keys().filter(|name| !name.starts_with("files"));
    assert_eq!(readable.count(), 0, "a stick shows only its neutral folder: {names:?}");
    let third = Node::following(&newsroom.address);
    third.done(&["stick", "read", &stick]);
    third.assert_whole(&publication);

    // From hand to hand: the third machine's stick is as good as the first, and a bare tree as good as a stick.
    let onward = third.path("onward");
    third.done(&["stick", "write", &onward]);
    let fourth = Node::following(&newsroom.address);
    fourth.done(&["stick", "read", &format!("{onward}/files")]);
    fourth.assert_whole(&publication);
    assert_eq!(newsroom.node.done(&["stick", "write", &stick]).json()["files_written"], 0);
}

#[test]
fn a_plain_stick_plays_without_software_and_still_is_a_carrier() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let stick = newsroom.node.path("stick");
    newsroom.node.done(&["stick", "write", &stick, "--plain"]);
    let plain = files_in(&stick).into_keys().filter(|name| !name.starts_with("files")).collect::<Vec<_>>();
    for original in [media::video(), media::photo(), media::document(), media::sound()] {
        let bytes = std::fs::read(&original).unwrap();
        let same = |name: &&String| std::fs::read(Path::new(&stick).join(name)).unwrap() == bytes;
        let found = plain.iter().find(same).unwrap_or_else(|| panic!("{original:?} is not among {plain:?}"));
        assert_eq!(Path::new(found).extension(), original.extension());
    }
    assert!(plain.iter().any(|name| name.contains("Нан")), "texts stand under their titles: {plain:?}");
    let third = Node::following(&newsroom.address);
    third.done(&["stick", "read", &stick]);
    third.assert_whole(&publication);
}

#[test]
fn a_small_stick_takes_the_small_things_whole_and_a_second_one_brings_only_the_rest() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let small = newsroom.node.path("small");
    newsroom.node.done(&["stick", "write", &small, "--budget", &BUDGET_BYTES.to_string()]);
    let bytes: u64 = files_in(&small).values().sum();
    assert!(bytes <= BUDGET_BYTES && bytes > BUDGET_BYTES / 2, "{bytes} bytes stand there");

    let third = Node::following(&newsroom.address);
    let read = third.ends(4, &["stick", "read", &small]).json();
    assert_eq!((&read["missing_items"], &read["missing_files"]), (&0.into(), &1.into()), "{read}");
    for name in ["photo.jpg", "prices.pdf", "radio.ogg"] {
        let (size, have) = third.size_and_have(name);
        assert!(size > 0 && have == size, "{name} travels whole");
    }
    let (size, have) = third.size_and_have(VIDEO);
    assert!(have > size / 5 && have < size / 2, "{have} of {size}");

    let read = third.done(&["stick", "read", &newsroom.stick()]).json();
    assert_eq!(read["file_bytes"], size - have, "only what was missing is read");
    third.assert_whole(&publication);
}

#[test]
fn two_half_sticks_make_a_whole() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let stick = newsroom.node.path("grown");
    newsroom.node.done(&["stick", "write", &stick, "--budget", &BUDGET_BYTES.to_string()]);
    let before = files_in(&stick);
    let first_half = newsroom.node.path("first-half");
    copy_files(&stick, &first_half, before.keys());
    newsroom.node.done(&["stick", "write", &stick]);

    // The other half: whatever a copy that began at the other end would hold of the video, and nothing of the rest.
    let blob = newsroom.node.item(&publication.items[0].0)["renditions"][0]["blob"].as_str().unwrap().to_owned();
    let video = Path::new(&stick).join("files/b").join(&blob[..2]).join(&blob);
    let bytes = std::fs::read(&video).unwrap();
    let second_half = newsroom.node.path("second-half");
    let part = Path::new(&second_half).join("files/b").join(&blob[..2]).join(format!("{blob}.00000012"));
    let outboard = part.with_file_name(format!("{blob}.o"));
    std::fs::create_dir_all(part.parent().unwrap()).unwrap();
    std::fs::write(&part, &bytes[0x12 << 20..]).unwrap();
    std::fs::copy(video.with_file_name(format!("{blob}.o")), outboard).unwrap();

    for order in [[&first_half, &second_half], [&second_half, &first_half]] {
        let third = Node::following(&newsroom.address);
        let codes = order.map(|half| third.run(&["stick", "read", half]).code.unwrap());
        assert!(codes[0] == 4 || codes[0] == 0, "{codes:?}");
        if order[0] == &second_half {
            third.done(&["stick", "read", &second_half]);
        }
        third.assert_whole(&publication);
    }
}

/// Relative path and length of every file.
pub fn files_in(folder: &str) -> BTreeMap<String, u64> {
    let mut files = BTreeMap::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, path.metadata().unwrap().len());
            }
        }
    }
    files
}

/// Copies some files of a folder to another one.
pub fn copy_files<'n>(from: &str, to: &str, names: impl IntoIterator<Item = &'n String>) {
    for name in names {
        let target = Path::new(to).join(name);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(Path::new(from).join(name), target).unwrap();
    }
}
