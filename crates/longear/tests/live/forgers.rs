//! Mirrors that lie about a broadcast: what they say is refused by name, and the next carrier is asked.

use std::path::PathBuf;

use longear::home::Home;
use longear_core::tree::TreePath;
use longear_core::{Edge, SecretKey, Session, Tick, verify};
use serde_json::Value;

use crate::assert_files_are_whole;
use crate::encoder::Clip;
use crate::node::{Held, Live, Newsroom, Serving, wait_for_words};

/// Segments that are broadcast before anybody forges anything.
const SEGMENTS: u64 = 4;
const MINUTE_MS: u64 = 60_000;

/// A broadcast, and two mirrors that somebody fills: what one of them says is changed.
struct Scene {
    newsroom: Newsroom,
    live: Live,
    serving: Serving,
    key: SecretKey,
}

impl Scene {
    fn new() -> Self {
        let newsroom = Newsroom::new();
        let live = newsroom.go_live();
        let key = Home::open(newsroom.path("home")).unwrap().live_sessions().unwrap().remove(0).unwrap().key;
        let (serving, clip) = (newsroom.serve(&[]), Clip::new());
        for number in 0..SEGMENTS {
            clip.put(&serving, &live, number);
            newsroom.wait_for(&live, "it is signed", |held| held.segments() as u64 > number);
        }
        Scene { newsroom, live, serving, key }
    }

    /// Writes all that is known now to a mirror.
    fn fill(&self, mirror: &str) -> String {
        let folder = self.mirror(mirror);
        std::fs::create_dir_all(&folder).unwrap();
        let folder = folder.to_str().unwrap().to_owned();
        self.newsroom.done(&["sync", &folder]);
        folder
    }

    fn mirror(&self, name: &str) -> PathBuf {
        self.newsroom.path(name)
    }

    fn held(&self) -> Held {
        self.newsroom.held(&self.live)
    }

    /// Where a mirror keeps the edge.
    fn edge_path(&self) -> TreePath {
        let session = self.held().session;
        TreePath::Edge { channel: session.channel.0, stream: session.stream.0 }
    }

    fn replace(&self, mirror: &str, path: &TreePath, bytes: &[u8]) {
        let file = self.mirror(mirror).join(path.to_string());
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    /// Somebody who follows the channel, and has nothing of the broadcast.
    fn reader(&self) -> Newsroom {
        Newsroom::with_nothing_of(self.newsroom.json(&["channel", "show"])["address"].as_str().unwrap())
    }
}

/// The edge with one more tick, which says that the broadcast goes on and is signed by `signer`.
fn with_tick(edge: &Edge, session: &Session, signer: &SecretKey, time: u64) -> Edge {
    let newest = edge.newest().unwrap();
    let mut segments = newest.segments.clone();
    segments.iter_mut().for_each(|segment| segment.start_ms += u64::from(segment.duration_ms));
    let tick = Tick {
        stream: session.stream,
        seq: newest.seq + 1,
        time,
        previous: newest.hash(),
        segments,
        signature: [0; 64],
    };
    let by = Session { key: signer.public(), ..*session };
    let mut edge = edge.clone();
    edge.push(verify(&by, tick.sign(&session.channel, signer)).unwrap()).unwrap();
    edge
}

/// What a sync refused: by which carrier, which object, and why.
fn refused(reader: &Newsroom, carriers: &[&str]) -> Vec<(String, String, Value)> {
    let output = reader.run(&[&["sync"], carriers].concat());
    let said = serde_json::from_slice::<Value>(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let refused = said["refused"].as_array().unwrap().iter();
    let refused = refused.map(|one| (text(&one["carrier"]), text(&one["object"]), one["code"].clone()));
    let refused = refused.collect::<Vec<_>>();
    assert_eq!(output.status.success(), refused.is_empty(), "{said}");
    refused
}

#[test]
fn a_forged_tick_is_refused_by_name_and_the_next_mirror_is_asked() {
    let scene = Scene::new();
    let (bad, good) = (scene.fill("bad"), scene.fill("good"));
    let held = scene.held();
    let edge = held.edge.as_ref().unwrap();
    let thief = SecretKey::from_seed([66; 32]);
    let forged = with_tick(edge, &held.session, &thief, longear::boxview::now_ms());
    scene.replace("bad", &scene.edge_path(), &forged.encode());
    let reader = scene.reader();
    let refused = refused(&reader, &[&bad, &good]);
    assert!(
        refused.iter().any(|(carrier, object, code)| bad.contains(carrier.as_str())
            && *object == scene.edge_path().to_string()
            && *code == "bad-signature"),
        "{refused:?}"
    );
    assert_eq!(reader.held(&scene.live).edge.as_ref(), Some(edge), "the other mirror's is kept in the same sync");
    assert_files_are_whole(&reader.held(&scene.live));
    // A box that follows both says the same, and has the broadcast. The sync has mended the mirror: once more.
    scene.replace("bad", &scene.edge_path(), &forged.encode());
    let (watcher, log) = (scene.reader(), scene.newsroom.path("watcher.log"));
    let _box = watcher.serve_to(&log, &["--sync", &bad, "--sync", &good]);
    wait_for_words(&log, &format!("refused {}: ", scene.edge_path()));
    watcher.wait_for(&scene.live, "the other mirror's is kept", |held| held.edge.as_ref() == Some(edge));
}

#[test]
fn an_old_edge_that_is_shown_again_neither_takes_anything_away_nor_is_live() {
    let scene = Scene::new();
    let held = scene.held();
    let edge = held.edge.as_ref().unwrap();
    let page = longear_pages::paths::item(&scene.live.id);
    let is_live = |serving: &Serving| {
        let (status, html) = serving.ask("GET", &page, &[], b"");
        assert!(status == 200 && html.contains("class=\"live"), "{html}");
        html.contains("class=\"live\"")
    };
    assert!(is_live(&scene.serving));
    // What the newsroom said an hour ago, and nothing since: its key signed it.
    let first = Edge::empty(held.session.channel, held.session.stream);
    let hour_ago = longear::boxview::now_ms() - 60 * MINUTE_MS;
    let old = Tick { previous: [0; 32], seq: 0, time: hour_ago, ..edge.ticks()[0].clone() };
    let mut replayed = first;
    replayed.push(verify(&held.session, old.sign(&held.session.channel, &scene.key)).unwrap()).unwrap();
    let bad = scene.fill("bad");
    scene.replace("bad", &scene.edge_path(), &replayed.encode());
    let reader = scene.reader();
    assert_eq!(refused(&reader, &[&bad]), [], "it is what it says");
    assert_eq!(reader.held(&scene.live).segments(), 1);
    let serving = reader.serve(&[]);
    assert!(!is_live(&serving), "an hour old is not live");
    serving.end();

    let good = scene.fill("good");
    assert_eq!(refused(&reader, &[&good]), []);
    assert_eq!(refused(&reader, &[&bad]), []);
    assert_eq!(reader.held(&scene.live).edge.as_ref(), Some(edge), "the older one changes nothing");
}

#[test]
fn a_stolen_session_key_says_nothing_behind_the_end() {
    let scene = Scene::new();
    let held = scene.held();
    let edge = held.edge.as_ref().unwrap();
    // Before anybody knows of the end it cannot be told from the newsroom's own.
    let early = scene.fill("early");
    let now = longear::boxview::now_ms();
    let forged = with_tick(&with_tick(edge, &held.session, &scene.key, now), &held.session, &scene.key, now + 1);
    scene.replace("early", &scene.edge_path(), &forged.encode());
    let fooled = scene.reader();
    assert_eq!(refused(&fooled, &[&early]), []);
    assert_eq!(fooled.held(&scene.live).segments() as u64, SEGMENTS + 2);

    scene.newsroom.done(&["live", "stop"]);
    let late = scene.fill("late");
    assert!(!scene.mirror("late").join(scene.edge_path().to_string()).exists());
    scene.replace("late", &scene.edge_path(), &forged.encode());
    let reader = scene.reader();
    for one in [&fooled, &reader] {
        assert_eq!(refused(one, &[&late, &early]), []);
        let held = one.held(&scene.live);
        assert!(held.timeline().is_over());
        assert_eq!(held.starts(), scene.held().starts(), "what the log says counts, and nothing behind the end");
        assert_files_are_whole(&held);
    }
}

#[test]
fn a_segment_that_was_exchanged_is_refused_by_name_and_comes_from_the_next_mirror() {
    let scene = Scene::new();
    let (bad, good) = (scene.fill("bad"), scene.fill("good"));
    let held = scene.held();
    let parts = held.timeline().tracks()[0].parts.clone();
    let path = TreePath::Blob { hash: parts[1].blob };
    let other = std::fs::read(scene.mirror("bad").join(TreePath::Blob { hash: parts[2].blob }.to_string())).unwrap();
    let mut exchanged = std::fs::read(scene.mirror("bad").join(path.to_string())).unwrap();
    // Another moment of the same length.
    let length = exchanged.len();
    exchanged.splice(.., other.into_iter().chain(std::iter::repeat(0)).take(length));
    scene.replace("bad", &path, &exchanged);
    let reader = scene.reader();
    let alone = refused(&reader, &[&bad]);
    let is_named = alone
        .iter()
        .any(|(carrier, object, _)| bad.contains(carrier.as_str()) && object.starts_with(&path.to_string()));
    assert!(is_named, "{alone:?}");
    let _ = refused(&reader, &[&bad, &good]);
    // Its own bytes, by their hash.
    assert_files_are_whole(&reader.held(&scene.live));
    reader.done(&["check"]);
}
