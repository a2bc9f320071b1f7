//! Transfers and commands that are cut in the middle, and go on by another route.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::media::{self, VIDEO};
use crate::mirror::Mirror;
use crate::node::{Newsroom, Node};
use crate::sticks::files_in;

/// How long a slow transfer may take to its third.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes that are here but not yet proven, because their piece of 1 MiB is not whole: they count as missing, and yet
/// are not fetched again.
const UNPROVEN_BYTES_MAX: u64 = 4 << 20;
/// Hashes that a carrier sends with a video of this length.
const OUTBOARD_BYTES_MAX: u64 = 300_000;
/// What each of a few parallel transfers may have had under way, not yet marked as here, when it was killed.
const UNMARKED_BYTES_MAX: u64 = 8 << 20;

#[test]
fn a_sync_killed_after_a_third_goes_on_from_a_stick() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let stick = newsroom.stick();
    let mirror = Mirror::start(&format!("{stick}/files"), Some("2m"));
    let reader = Node::following(&newsroom.address);
    let mut sync = reader.command(&["sync", &mirror.url()]).spawn().unwrap();
    let since = Instant::now();
    let seen = loop {
        let (size, have) = reader.size_and_have(VIDEO);
        if size > 0 && have >= size / 3 {
            break have;
        }
        assert!(since.elapsed() < PATIENCE && sync.try_wait().unwrap().is_none(), "{have} of {size} bytes came");
        std::thread::sleep(Duration::from_millis(50));
    };
    sync.kill().unwrap();
    sync.wait().unwrap();

    reader.done(&["check"]);
    let (size, have) = reader.size_and_have(VIDEO);
    assert!(have + UNMARKED_BYTES_MAX >= seen && have < size, "{seen} were here, {have} of {size} stayed");
    let missing = missing_bytes(&reader);
    let read = reader.done(&["stick", "read", &stick]).json();
    let fetched = read["file_bytes"].as_u64().unwrap();
    assert!(fetched <= missing && fetched + UNPROVEN_BYTES_MAX > missing, "{fetched} of {missing} missing bytes");
    reader.assert_whole(&publication);
}

#[test]
fn a_half_copied_stick_gives_what_is_good_of_it_and_a_mirror_gives_the_rest() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let stick = newsroom.stick();
    for (name, bytes) in files_in(&stick) {
        let is_blob = name.starts_with("files/b/") && bytes > 1 << 20;
        if is_blob || name.ends_with("/0-2") {
            let file = std::fs::File::options().write(true).open(Path::new(&stick).join(&name)).unwrap();
            file.set_len(bytes / 2).unwrap();
        }
    }
    let reader = Node::following(&newsroom.address);
    let read = reader.ends(4, &["stick", "read", &stick]).json();
    assert!(read["refused"].as_array().unwrap().iter().any(|refused| refused["code"] == "truncated"), "{read}");
    let (size, have) = reader.size_and_have(VIDEO);
    assert!(have > size / 2 - (1 << 20) && have <= size / 2, "{have} of {size}");
    assert_eq!(reader.list().len(), 2, "the half pack is missing, the others are here");

    let tree = newsroom.node.path("tree");
    std::fs::create_dir(&tree).unwrap();
    newsroom.node.done(&["sync", &tree]);
    let mirror = Mirror::start(&tree, None);
    let rest = reader.done(&["sync", &mirror.url()]).json();
    let (sound, _) = reader.size_and_have("radio.ogg");
    let missing = size - have + sound;
    let fetched = rest["file_bytes"].as_u64().unwrap();
    assert!(fetched <= missing && fetched + UNPROVEN_BYTES_MAX > missing, "{fetched} of {missing} missing bytes");
    let sent = mirror.bytes_sent("/b/");
    assert!(sent <= missing + OUTBOARD_BYTES_MAX, "{sent} bytes of files were sent for {missing} that were missing");
    reader.assert_whole(&publication);
}

#[test]
fn nothing_acknowledged_is_lost_when_publish_is_killed() {
    let newsroom = Newsroom::new();
    let photo = media::photo();
    let mut acknowledged = Vec::new();
    for moment in 0..14 {
        let title = format!("Post {moment}");
        let arguments = ["publish", photo.to_str().unwrap(), "--title", &title, "--lang", "en"];
        let mut publish = newsroom.node.command(&arguments).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(moment * moment * 3));
        publish.kill().unwrap();
        let output = publish.wait_with_output().unwrap();
        if let Ok(said) = serde_json::from_slice::<serde_json::Value>(&output.stdout) {
            acknowledged.push((said["id"].as_str().unwrap().to_owned(), title));
        }
        newsroom.node.done(&["check"]);
        for (id, title) in &acknowledged {
            assert_eq!(newsroom.node.item(id)["title"], **title);
        }
    }
    newsroom.node.publish(&["--title", "Still able to speak", "--lang", "en"]);
    let mut numbers: Vec<_> = newsroom.node.list().iter().map(|item| item["seq"].as_u64().unwrap()).collect();
    numbers.reverse();
    assert!(numbers.iter().copied().eq(0..numbers.len() as u64), "no number is lost or used twice: {numbers:?}");
}

#[test]
fn a_sync_killed_again_and_again_still_arrives() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let serving = newsroom.node.serve();
    let reader = Node::following(&newsroom.address);
    let mut best = 0;
    for moment in 1..9 {
        let mut sync = reader.command(&["sync", &serving.url]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(moment * 40));
        sync.kill().unwrap();
        sync.wait().unwrap();
        reader.done(&["check"]);
        let (_, have) = reader.size_and_have(VIDEO);
        assert!(have >= best, "{best} bytes were proven, {have} are left");
        best = have;
    }
    reader.done(&["sync", &serving.url]);
    reader.assert_whole(&publication);
}

/// What is missing of all files of the items here.
fn missing_bytes(node: &Node) -> u64 {
    let items = node.list();
    let renditions = items.iter().flat_map(|item| item["renditions"].as_array().unwrap());
    renditions.map(|rendition| rendition["size"].as_u64().unwrap() - rendition["have"].as_u64().unwrap()).sum()
}
