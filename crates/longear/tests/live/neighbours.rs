//! A broadcast beyond the newsroom's box: boxes that fetch from each other, and a mirror that somebody fills.

use std::time::{Duration, Instant};

use longear_core::blob::BlobHash;
use longear_core::tree::TreePath;
use longear_store::blobs::BlobState;

use crate::encoder::Clip;
use crate::node::{Held, Newsroom};

/// Boxes look once a minute where nothing is on the air; on the air nobody waits half as long.
const LIVE_WITHIN: Duration = Duration::from_secs(20);

/// Whether the first so many segments are here with their bytes.
fn has_whole(held: &Held, segments: usize) -> bool {
    let timeline = held.timeline();
    let mut parts = timeline.tracks().iter().flat_map(|track| &track.parts).take(segments);
    let is_whole = |blob| {
        let state = held.store.blobs().state(BlobHash::from_bytes(blob)).unwrap();
        matches!(state, BlobState::Complete { .. })
    };
    held.segments() >= segments && parts.all(|part| is_whole(part.init) && is_whole(part.blob))
}

#[test]
fn boxes_pass_a_broadcast_on_within_seconds() {
    let newsroom = Newsroom::new();
    let address = newsroom.json(&["channel", "show"])["address"].as_str().unwrap().to_owned();
    let live = newsroom.go_live();
    let clip = Clip::new();
    let serving = newsroom.serve(&[]);
    clip.put(&serving, &live, 0);
    newsroom.wait_for(&live, "it is signed", |held| held.segments() == 1);

    let source = format!("http://{}", serving.address);
    let near = Newsroom::following(&address, &source);
    let near_box = near.serve(&["--sync", &source]);
    let between = format!("http://{}", near_box.address);
    let far = Newsroom::following(&address, &between);
    let _far_box = far.serve(&["--sync", &between]);
    let mirror = newsroom.path("mirror");
    std::fs::create_dir(&mirror).unwrap();
    let _filling = newsroom.go_on(&["sync", mirror.to_str().unwrap(), "--watch", "60"]);

    let mut slowest = Duration::ZERO;
    for number in 1..8 {
        let since = Instant::now();
        clip.put(&serving, &live, number);
        far.wait_for(&live, "it reaches the second box", |held| has_whole(held, number as usize + 1));
        slowest = slowest.max(since.elapsed());
    }
    eprintln!("the slowest segment took {slowest:?} over two boxes");
    assert!(slowest < LIVE_WITHIN, "{slowest:?}");

    let session = newsroom.held(&live).session;
    let edge = TreePath::Edge { channel: session.channel.0, stream: session.stream.0 };
    let file = mirror.join(edge.to_string());
    let newest = newsroom.held(&live).edge.unwrap().encode();
    let since = Instant::now();
    while std::fs::read(&file).ok().as_ref() != Some(&newest) {
        assert!(since.elapsed() < LIVE_WITHIN, "the mirror has the newest edge");
        std::thread::sleep(Duration::from_millis(50));
    }
    newsroom.done(&["live", "stop"]);
    far.wait_for(&live, "the end is known", |held| held.timeline().is_over() && has_whole(held, 8));
}
