//! Broadcasts: what roll-ups name is kept like the files of articles, and edges survive whatever happens.

use std::io::ErrorKind;

use longear_core::blob::BlobHash;
use longear_core::hash::plain;
use longear_core::limits::TAKEN_BACK_KEPT_MS;
use longear_core::live::{Beat, Medium};
use longear_core::{
    Class, Edge, Kind, Opening, Roles, RollUp, SecretKey, Segment, Session, StreamId, Tick, Variant, verify,
};
use longear_store::Store;
use longear_store::backend::{Fault, MemoryBackend, Survivors};
use longear_store::blobs::BlobState;

use crate::publisher::{Log, NOON_MS, Object, Publisher, article, give, items, key, open, retraction, take_in};

const STREAM: StreamId = StreamId([5; 16]);
/// Long after the thirty days.
const AFTER_MS: u64 = NOON_MS + TAKEN_BACK_KEPT_MS + 1_000;

struct Newsroom {
    publisher: Publisher,
    log: Log,
    disk: MemoryBackend,
    store: Store,
}

fn opening(stream: StreamId) -> Opening {
    let variants = article("Live from the square", None).variants;
    Opening { stream, key: key("session").public(), until: NOON_MS + 3_600_000, variants }
}

/// One of some bytes that stand in no store yet.
fn segment(name: &str, medium: Medium, number: u64) -> Segment {
    let (init, bytes) = (format!("{name} begins"), format!("{name} {number}"));
    Segment {
        name: name.into(),
        medium,
        start_ms: number * 4_000,
        duration_ms: 4_000,
        init: plain(init.as_bytes()),
        init_size: init.len() as u32,
        blob: plain(bytes.as_bytes()),
        size: bytes.len() as u32,
        groups: Vec::new(),
    }
}

fn beat(number: u64) -> Beat {
    let segments = vec![segment("audio", Medium::Sound, number), segment("360p", Medium::Picture(360), number)];
    Beat { time: NOON_MS + number, segments }
}

fn roll_up(first: u64, count: u64, is_last: bool) -> RollUp {
    RollUp { stream: STREAM, first, is_last, beats: (first..first + count).map(beat).collect(), chapters: Vec::new() }
}

/// Ticks that follow each other, signed by a key, as an edge.
fn edge(session: &Session, signer: &SecretKey, count: u64) -> Edge {
    let by = Session { key: signer.public(), ..*session };
    let mut edge = Edge::empty(session.channel, session.stream);
    for seq in 0..count {
        let previous = edge.newest().map_or([0; 32], Tick::hash);
        let Beat { time, segments } = beat(seq);
        let tick = Tick { stream: session.stream, seq, time, previous, segments, signature: [0; 64] };
        edge.push(verify(&by, tick.sign(&session.channel, signer)).unwrap()).unwrap();
    }
    edge
}

impl Newsroom {
    fn new() -> Self {
        Self::on(MemoryBackend::new())
    }

    /// With an opening, and a statement, by which the channel has a clock.
    fn on(disk: MemoryBackend) -> Self {
        let publisher = Publisher::found("live", &[("one", Roles::LIVE.with(Roles::POST)), ("two", Roles::LIVE)]);
        let log = publisher.log("one");
        let store = open(&disk);
        take_in(&store, &publisher.channel(), &[Object::Charter(publisher.charters[0].clone())]).unwrap();
        let mut newsroom = Newsroom { publisher, log, disk, store };
        newsroom.publish(Kind::Live, opening(STREAM).encode());
        newsroom
    }

    fn publish(&mut self, kind: Kind, payload: Vec<u8>) {
        let mut log = self.log.clone();
        self.publish_in(&mut log, kind, payload);
        self.log = log;
    }

    fn publish_in(&self, log: &mut Log, kind: Kind, payload: Vec<u8>) {
        let seq = log.items.len();
        log.write(kind, NOON_MS + seq as u64, payload);
        self.take(&items(log, seq..seq + 1));
    }

    fn take(&self, object: &Object) {
        let mut batch = self.store.write().unwrap();
        give(&mut batch, &self.publisher.channel(), object).unwrap();
        batch.commit().unwrap();
    }

    fn import(&self, name: &str, number: u64) -> BlobHash {
        self.store.blobs().import(format!("{name} begins").as_bytes(), |_| {}).unwrap();
        self.store.blobs().import(format!("{name} {number}").as_bytes(), |_| {}).unwrap().hash
    }

    fn session(&self) -> Session {
        self.store.session(&self.publisher.channel(), &STREAM).unwrap().unwrap()
    }

    fn roll_ups(&self) -> Vec<RollUp> {
        let broadcasts = self.store.broadcasts(&self.publisher.channel()).unwrap();
        self.store.roll_ups(&broadcasts[0]).unwrap()
    }

    fn edge_of(&self, ticks: u64) -> Edge {
        edge(&self.session(), &key("session"), ticks)
    }
}

#[test]
fn an_opening_stands_in_the_feed_with_its_texts() {
    let mut newsroom = Newsroom::new();
    newsroom.publish(Kind::Post, article("after it", None).encode());
    newsroom.publish(Kind::RollUp, roll_up(0, 2, false).encode());
    let feed = newsroom.store.articles(None, None, 9).unwrap();
    let texts = feed.iter().map(|item| newsroom.store.article(item).unwrap().unwrap());
    let titles = texts.map(|article| article.variants.into_iter().map(|Variant { title, .. }| title).collect());
    assert_eq!(titles.collect::<Vec<Vec<_>>>(), [["after it"], ["Live from the square"]]);
    let roll_up = newsroom.store.log_items(&newsroom.log.id, 2, 1).unwrap().remove(0);
    assert_eq!(newsroom.store.article(&roll_up).unwrap(), None);
}

#[test]
fn roll_ups_are_those_of_the_broadcast_in_the_log_of_its_opening() {
    let mut newsroom = Newsroom::new();
    let other = RollUp { stream: StreamId([6; 16]), ..roll_up(0, 1, false) };
    newsroom.publish(Kind::RollUp, roll_up(0, 2, false).encode());
    newsroom.publish(Kind::RollUp, other.encode());
    newsroom.publish(Kind::RollUp, roll_up(2, 1, true).encode());
    // Another delegate who may broadcast, but did not begin this one.
    let mut stranger = newsroom.publisher.log("two");
    newsroom.publish_in(&mut stranger, Kind::RollUp, roll_up(0, 5, true).encode());
    assert_eq!(newsroom.roll_ups(), [roll_up(0, 2, false), roll_up(2, 1, true)]);
    let last = newsroom.log.item(3);
    newsroom.publish(Kind::Retraction, retraction(vec![last]));
    assert_eq!(newsroom.roll_ups(), [roll_up(0, 2, false)]);
    newsroom.store.rebuild_index().unwrap();
    assert_eq!(newsroom.roll_ups(), [roll_up(0, 2, false)], "the index says the same when it is built anew");
    let media = newsroom.store.shown_media(&newsroom.publisher.channel()).unwrap();
    assert_eq!(media.iter().map(|item| item.header().seq).collect::<Vec<_>>(), [1], "of others nobody fetches files");
    let opening = newsroom.log.item(0);
    newsroom.publish(Kind::Retraction, retraction(vec![opening]));
    assert_eq!(newsroom.store.broadcasts(&newsroom.publisher.channel()).unwrap().len(), 0);
    assert_eq!(newsroom.store.shown_media(&newsroom.publisher.channel()).unwrap().len(), 0);
}

/// Another delegate published an opening of the same name and ended it: boxes forgot the edge of the true one, and held its
/// ticks against whoever brought them.
#[test]
fn who_copies_the_name_of_a_broadcast_changes_nothing_about_it() {
    let mut newsroom = Newsroom::new();
    let session = newsroom.session();
    newsroom.publish(Kind::RollUp, roll_up(0, 2, false).encode());
    newsroom.store.keep_edge(&session, newsroom.edge_of(3)).unwrap();
    let mut copy = newsroom.publisher.log("two");
    let theirs = Opening { key: key("thief").public(), ..opening(STREAM) };
    newsroom.publish_in(&mut copy, Kind::RollUp, roll_up(0, 2, true).encode());
    newsroom.publish_in(&mut copy, Kind::Live, theirs.encode());
    let broadcasts = newsroom.store.broadcasts(&newsroom.publisher.channel()).unwrap();
    assert_eq!(broadcasts.iter().map(|item| item.log).collect::<Vec<_>>(), [newsroom.log.id]);
    assert_eq!(newsroom.session(), session);
    newsroom.store.collect(NOON_MS).unwrap();
    assert_eq!(newsroom.store.edge(&session).unwrap(), Some(newsroom.edge_of(3)));
    let media = newsroom.store.shown_media(&newsroom.publisher.channel()).unwrap();
    assert_eq!(media.iter().map(|item| item.log).collect::<Vec<_>>(), [newsroom.log.id]);
}

#[test]
fn each_file_of_a_roll_up_is_named_once_and_travels_by_what_it_holds() {
    let mut newsroom = Newsroom::new();
    newsroom.publish(Kind::RollUp, roll_up(0, 2, false).encode());
    let item = newsroom.store.log_items(&newsroom.log.id, 1, 1).unwrap().remove(0);
    let files = newsroom.store.files(&item).unwrap();
    let files = files.iter().map(|(file, class)| (file.name.as_str(), file.size, *class)).collect::<Vec<_>>();
    let (sound, large) = (Class::Sound, Class::Large);
    let expected = [("audio", 12, sound), ("audio", 7, sound), ("360p", 11, large), ("360p", 6, large)];
    assert_eq!(files, [&expected[..], &[("audio", 7, sound), ("360p", 6, large)]].concat());
}

#[test]
fn the_files_of_a_roll_up_that_was_taken_back_are_deleted_unless_another_needs_them() {
    let mut newsroom = Newsroom::new();
    newsroom.publish(Kind::RollUp, roll_up(0, 2, false).encode());
    newsroom.publish(Kind::RollUp, roll_up(2, 1, true).encode());
    let segments = (0..3).map(|number| newsroom.import("audio", number)).collect::<Vec<_>>();
    let first = newsroom.log.item(1);
    newsroom.publish(Kind::Retraction, retraction(vec![first]));
    for time in [NOON_MS, AFTER_MS] {
        newsroom.take(&Object::Statement(newsroom.log.statement_at(time, Vec::new(), time)));
        newsroom.store.collect(time).unwrap();
    }
    let init = BlobHash::of(b"audio begins");
    let held = [segments[0], segments[1], segments[2], init];
    let held = held.map(|hash| newsroom.store.blobs().state(hash).unwrap() != BlobState::Absent);
    assert_eq!(held, [false, false, true, true]);
    assert_eq!(newsroom.roll_ups(), [roll_up(2, 1, true)]);
}

#[test]
fn an_edge_is_kept_over_a_restart_and_an_older_one_changes_nothing() {
    let newsroom = Newsroom::new();
    let (session, store) = (newsroom.session(), &newsroom.store);
    assert_eq!(store.edge(&session).unwrap(), None);
    assert!(store.keep_edge(&session, newsroom.edge_of(3)).unwrap());
    for replayed in [newsroom.edge_of(2), newsroom.edge_of(3), Edge::empty(session.channel, session.stream)] {
        assert!(!store.keep_edge(&session, replayed).unwrap());
    }
    assert_eq!(store.edge(&session).unwrap(), Some(newsroom.edge_of(3)));
    assert_eq!(open(&newsroom.disk).edge(&session).unwrap(), Some(newsroom.edge_of(3)));
}

/// A mirror that gives the newest tick alone is no liar; but nobody shall lose the ticks that no roll-up holds yet.
#[test]
fn an_edge_that_was_cut_short_costs_none_of_the_ticks_that_are_here() {
    let newsroom = Newsroom::new();
    let session = newsroom.session();
    let mut cut = Edge::empty(session.channel, session.stream);
    for tick in &newsroom.edge_of(5).ticks()[3..] {
        cut.push(verify(&session, tick.clone()).unwrap()).unwrap();
    }
    newsroom.store.keep_edge(&session, newsroom.edge_of(4)).unwrap();
    assert!(newsroom.store.keep_edge(&session, cut.clone()).unwrap());
    assert_eq!(newsroom.store.edge(&session).unwrap(), Some(newsroom.edge_of(5)));
    assert!(!newsroom.store.keep_edge(&session, cut.clone()).unwrap());

    let late = Newsroom::new();
    late.store.keep_edge(&session, cut).unwrap();
    assert!(late.store.keep_edge(&session, newsroom.edge_of(4)).unwrap(), "what comes before is news, too");
    assert_eq!(late.store.edge(&session).unwrap(), Some(newsroom.edge_of(5)));
}

#[test]
fn edges_of_other_keys_and_other_broadcasts_are_not_kept() {
    let newsroom = Newsroom::new();
    let session = newsroom.session();
    let forged = edge(&session, &key("thief"), 4);
    let foreign = edge(&Session { stream: StreamId([6; 16]), ..session }, &key("session"), 4);
    for edge in [forged, foreign] {
        assert!(!newsroom.store.keep_edge(&session, edge).unwrap());
        assert_eq!(newsroom.store.edge(&session).unwrap(), None);
    }
}

#[test]
fn what_another_process_writes_is_seen_and_a_damaged_edge_is_none() {
    let newsroom = Newsroom::new();
    let (session, other) = (newsroom.session(), open(&newsroom.disk));
    for ticks in 1..4 {
        assert!(other.keep_edge(&session, newsroom.edge_of(ticks)).unwrap());
        assert_eq!(newsroom.store.edge(&session).unwrap(), Some(newsroom.edge_of(ticks)));
    }
    let path = format!("live/{}/{}", session.channel, session.stream);
    newsroom.disk.flip_byte(&path, 200).unwrap();
    assert_eq!(open(&newsroom.disk).edge(&session).unwrap(), None);
    assert!(open(&newsroom.disk).keep_edge(&session, newsroom.edge_of(1)).unwrap());
    assert_eq!(newsroom.store.edge(&session).unwrap(), Some(newsroom.edge_of(1)));
}

#[test]
fn a_crash_at_any_operation_leaves_the_old_edge_or_the_new_one() {
    let newsroom = Newsroom::new();
    let session = newsroom.session();
    let edges = [None, Some(newsroom.edge_of(2)), Some(newsroom.edge_of(4))];
    let keep = |store: &Store| {
        let kept = edges.iter().flatten().map_while(|edge| store.keep_edge(&session, edge.clone()).ok());
        kept.count()
    };
    let copy = newsroom.disk.fork();
    let store = open(&copy);
    let before = copy.operation_count();
    assert_eq!(keep(&store), 2);
    let mut survivors = vec![Survivors::SyncedOnly, Survivors::All];
    survivors.extend((0..24).map(|seed| Survivors::Some { seed }));
    for (at, survivors) in
        (before..copy.operation_count()).flat_map(|at| survivors.iter().map(move |survivors| (at, survivors)))
    {
        let disk = newsroom.disk.fork();
        let store = open(&disk);
        disk.set_faults(&[Fault::From { at, kind: ErrorKind::Other }]);
        let kept = keep(&store);
        disk.cut_power(*survivors);
        let store = open(&disk);
        let found = store.edge(&session).unwrap();
        assert!(edges[kept..=(kept + 1).min(2)].contains(&found), "operation {at}, {survivors:?}: {kept} were kept");
        assert_eq!(keep(&store), 2, "operation {at}, {survivors:?}");
        assert_eq!(open(&disk).edge(&session).unwrap(), edges[2]);
    }
}

#[test]
fn the_edge_of_a_broadcast_goes_when_it_is_over() {
    let mut newsroom = Newsroom::new();
    let session = newsroom.session();
    newsroom.store.keep_edge(&session, newsroom.edge_of(3)).unwrap();
    newsroom.publish(Kind::RollUp, roll_up(0, 2, false).encode());
    newsroom.store.collect(NOON_MS).unwrap();
    assert_eq!(newsroom.store.edge(&session).unwrap(), Some(newsroom.edge_of(3)), "it runs");
    newsroom.publish(Kind::RollUp, roll_up(2, 1, true).encode());
    newsroom.store.collect(NOON_MS).unwrap();
    assert_eq!(newsroom.store.edge(&session).unwrap(), None);
    assert_eq!(open(&newsroom.disk).edge(&session).unwrap(), None);
}
