//! Damaged carriers: what is wrong is refused by name, and comes again from elsewhere.

use std::path::Path;

use crate::media::VIDEO;
use crate::node::{Newsroom, Node, Publication};
use crate::sticks::{copy_files, files_in};

#[test]
fn a_flipped_byte_in_a_pack_is_refused_and_fetched_from_elsewhere() {
    refused_and_fetched_again(|name, _| name.contains("/p/") && name.ends_with("/0-1"), 40, "/p/");
}

#[test]
fn a_flipped_byte_in_a_photo_is_refused_and_fetched_from_elsewhere() {
    let is_photo = |name: &str, bytes| name.starts_with("files/b/") && bytes > 20_000 && bytes < 1 << 20;
    refused_and_fetched_again(is_photo, 50, "b/");
}

#[test]
fn a_flipped_byte_in_a_head_is_refused_and_fetched_from_elsewhere() {
    refused_and_fetched_again(|name, _| name.ends_with("/head"), 60, "/head");
}

#[test]
fn a_flipped_byte_in_a_charter_is_refused_and_fetched_from_elsewhere() {
    refused_and_fetched_again(|name, _| name.ends_with("/charter/1"), 50, "/charter/1");
}

#[test]
fn a_flipped_byte_in_a_video_costs_one_piece_of_it() {
    let (newsroom, publication) = published();
    let damaged = flipped(&newsroom, |name, bytes| name.starts_with("files/b/") && bytes > 58_000_000, 50);
    let reader = Node::following(&newsroom.address);
    let read = reader.ends(4, &["stick", "read", &damaged]).json();
    assert!(named(&read, "b/"), "{read}");
    let (size, have) = reader.size_and_have(VIDEO);
    assert!(have < size && have >= size - (2 << 20), "{have} of {size}: all but the damaged piece is here");
    let rest = reader.done(&["stick", "read", &newsroom.stick()]).json();
    assert_eq!(rest["file_bytes"], size - have);
    reader.assert_whole(&publication);
}

/// Flips a byte of each file that `chosen` names, at `percent` of its length.
fn refused_and_fetched_again(chosen: fn(&str, u64) -> bool, percent: u64, object: &str) {
    let (newsroom, publication) = published();
    let damaged = flipped(&newsroom, chosen, percent);
    let reader = Node::following(&newsroom.address);
    let read = reader.run(&["stick", "read", &damaged]);
    assert!(matches!(read.code, Some(3 | 4)), "{read:?}");
    assert!(named(&read.json(), object), "{read:?}");
    reader.done(&["check"]);
    let good = newsroom.stick();
    reader.done(&["stick", "read", &good]);
    reader.assert_whole(&publication);

    // At the same time as from a good carrier, too.
    let reader = Node::following(&newsroom.address);
    let both = reader.run(&["sync", "--pull-only", &damaged, &good]);
    assert!(matches!(both.code, Some(0 | 4)), "{both:?}");
    reader.assert_whole(&publication);
}

fn published() -> (Newsroom, Publication) {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    (newsroom, publication)
}

fn flipped(newsroom: &Newsroom, chosen: impl Fn(&str, u64) -> bool, percent: u64) -> String {
    let good = newsroom.stick();
    let damaged = newsroom.node.path("damaged");
    let files = files_in(&good);
    copy_files(&good, &damaged, files.keys());
    let mut found = files.iter().filter(|(name, bytes)| chosen(name, **bytes)).peekable();
    assert!(found.peek().is_some(), "nothing to damage in {files:?}");
    for (name, bytes) in found {
        let path = Path::new(&damaged).join(name);
        let mut content = std::fs::read(&path).unwrap();
        content[(bytes * percent / 100) as usize] ^= 1;
        std::fs::write(path, content).unwrap();
    }
    damaged
}

/// Whether an object with these words in its path was refused, with a reason.
fn named(report: &serde_json::Value, object: &str) -> bool {
    let mut refused = report["refused"].as_array().unwrap().iter();
    refused.any(|refused| {
        refused["object"].as_str().unwrap().contains(object) && !refused["reason"].as_str().unwrap().is_empty()
    })
}
