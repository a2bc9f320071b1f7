//! A broadcast on its way: from its newsroom's store over a node, a folder and a stick to a reader.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use longear_core::blob::BlobHash;
use longear_core::hash::plain;
use longear_core::live::{Beat, Medium};
use longear_core::tree::TreePath;
use longear_core::{ChannelId, Edge, Kind, Opening, RollUp, SecretKey, Segment, Session, StreamId, Tick, verify};
use longear_net::carrier::{Carrier, CarrierOptions, FolderCarrier, FolderLayout};
use longear_net::push::{PushEvent, PushOptions, push};
use longear_net::serve::{ConnectionLimits, Notes, tree_router};
use longear_net::sync::decisions::{ABSENT_ROUNDS, wanted_blobs};
use longear_net::sync::{BlobsWanted, SyncOptions, SyncReport, Syncer};
use longear_store::Store;
use longear_store::blobs::BlobState;
use reqwest::StatusCode;
use tempfile::TempDir;

use crate::newsroom::{Newsroom, text};
use crate::push::{push_all, push_with};
use crate::serve::{Server, ask, field, run};
use crate::{files, pattern};

const STREAM: StreamId = StreamId([5; 16]);
/// When the newsroom's first item is dated.
const START_MS: u64 = 1_700_000_000_000;
/// Renditions: name, what they hold, bytes of a segment.
const RENDITIONS: [(&str, Medium, usize); 3] =
    [("360p", Medium::Picture(360), 9_000), ("144p", Medium::Picture(144), 20_000), ("audio", Medium::Sound, 30_000)];

fn key() -> SecretKey {
    SecretKey::from_seed([77; 32])
}

/// Bytes of a segment, or with no number those before all segments.
fn bytes_of(name: &str, number: Option<u64>) -> Vec<u8> {
    let place = RENDITIONS.iter().position(|(other, ..)| *other == name).unwrap();
    let (seed, length) = match number {
        Some(number) => (1_000 + 10 * number as u32, RENDITIONS[place].2),
        None => (2_000, 500),
    };
    pattern(seed + place as u32, length)
}

fn segment(name: &str, medium: Medium, number: u64) -> Segment {
    let (init, bytes) = (bytes_of(name, None), bytes_of(name, Some(number)));
    Segment {
        name: name.into(),
        medium,
        start_ms: number * 4_000,
        duration_ms: 4_000,
        init: plain(&init),
        init_size: init.len() as u32,
        blob: plain(&bytes),
        size: bytes.len() as u32,
        groups: Vec::new(),
    }
}

fn beat(number: u64) -> Beat {
    let segments = RENDITIONS.iter().map(|(name, medium, _)| segment(name, *medium, number)).collect();
    Beat { time: START_MS + 60_000 + number * 4_000, segments }
}

fn roll_up(first: u64, end: u64, is_last: bool) -> RollUp {
    RollUp { stream: STREAM, first, is_last, beats: (first..end).map(beat).collect(), chapters: Vec::new() }
}

fn edge_signed(session: &Session, signer: &SecretKey, ticks: u64) -> Edge {
    let by = Session { key: signer.public(), ..*session };
    let mut edge = Edge::empty(session.channel, session.stream);
    for seq in 0..ticks {
        let previous = edge.newest().map_or([0; 32], Tick::hash);
        let Beat { time, segments } = beat(seq);
        let tick = Tick { stream: session.stream, seq, time, previous, segments, signature: [0; 64] };
        edge.push(verify(&by, tick.sign(&session.channel, signer)).unwrap()).unwrap();
    }
    edge
}

/// A newsroom whose broadcast has begun.
struct OnAir {
    newsroom: Newsroom,
}

impl OnAir {
    fn new(seed: u8) -> Self {
        let mut newsroom = Newsroom::new(seed);
        let variants = text("Live from the square").variants;
        let opening = Opening { stream: STREAM, key: key().public(), until: START_MS + 3_600_000, variants };
        newsroom.publish(Kind::Live, &opening.encode());
        OnAir { newsroom }
    }

    fn session(&self) -> Session {
        self.newsroom.store.session(&self.newsroom.channel, &STREAM).unwrap().unwrap()
    }

    fn edge(&self, ticks: u64) -> Edge {
        edge_signed(&self.session(), &key(), ticks)
    }

    /// The first so many ticks have been said; their files are here.
    fn tick(&self, ticks: u64) {
        for number in (0..ticks).map(Some).chain([None]) {
            for (name, ..) in RENDITIONS {
                self.newsroom.store.blobs().import(&bytes_of(name, number)[..], |_| {}).unwrap();
            }
        }
        self.newsroom.store.keep_edge(&self.session(), self.edge(ticks)).unwrap();
    }

    fn path(&self) -> TreePath {
        TreePath::Edge { channel: self.newsroom.channel.0, stream: STREAM.0 }
    }
}

/// Somebody who follows the channel.
struct Reader {
    store: Arc<Store>,
    _folder: TempDir,
}

impl Reader {
    fn of(channel: ChannelId) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut batch = store.write().unwrap();
        batch.follow(&channel).unwrap();
        batch.commit().unwrap();
        Reader { store: Arc::new(store), _folder: folder }
    }

    fn syncer(&self, address: &str) -> Syncer {
        let carrier = Carrier::open(address, &CarrierOptions::default()).unwrap();
        Syncer::new(self.store.clone(), vec![carrier])
    }

    fn has(&self, name: &str, number: u64) -> bool {
        let hash = BlobHash::of(&bytes_of(name, Some(number)));
        matches!(self.store.blobs().state(hash).unwrap(), BlobState::Complete { .. })
    }

    fn has_all(&self, ticks: u64) -> bool {
        (0..ticks).all(|number| RENDITIONS.iter().all(|(name, ..)| self.has(name, number)))
    }

    fn ticks(&self, on_air: &OnAir) -> usize {
        self.store.edge(&on_air.session()).unwrap().map_or(0, |edge| edge.ticks().len())
    }
}

async fn round(syncer: &mut Syncer, only_live: bool) -> SyncReport {
    let mut options = SyncOptions::default();
    options.only_live = only_live;
    syncer.round(&options, &|_| {}).await.unwrap()
}

fn missing(report: &SyncReport) -> u64 {
    report.still_missing_items + report.still_missing_blobs
}

#[test]
fn a_node_gives_the_edge_as_long_as_there_is_one() {
    run(async {
        let on_air = OnAir::new(90);
        let server = Server::of(&on_air.newsroom.store).await;
        let url = server.url(&on_air.path().to_string());
        assert_eq!(ask(&url, &[]).await.status(), StatusCode::NOT_FOUND);
        on_air.tick(2);
        let answer = ask(&url, &[]).await;
        let tag = field(&answer, "etag").unwrap().to_owned();
        assert_eq!((answer.status(), field(&answer, "cache-control")), (StatusCode::OK, Some("max-age=1")));
        assert_eq!(answer.bytes().await.unwrap(), on_air.edge(2).encode());
        assert_eq!(ask(&url, &[("if-none-match", &tag)]).await.status(), StatusCode::NOT_MODIFIED);
        on_air.tick(3);
        assert_eq!(ask(&url, &[("if-none-match", &tag)]).await.status(), StatusCode::OK);
        // Whoever has the first two is told of the third only; of what is not there yet, of the newest.
        for (after, ticks) in [(1, 1), (0, 2), (9, 1)] {
            let behind = ask(&format!("{url}?after={after}"), &[]).await.bytes().await.unwrap();
            let behind = Edge::decode(&on_air.session(), &behind).unwrap();
            assert_eq!((behind.ticks().len(), behind.newest().unwrap().seq), (ticks, 2), "behind {after}");
        }
        let other = TreePath::Edge { channel: on_air.newsroom.channel.0, stream: [6; 16] };
        assert_eq!(ask(&server.url(&other.to_string()), &[]).await.status(), StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_reader_follows_a_broadcast_over_a_node_to_its_end() {
    run(async {
        let mut on_air = OnAir::new(91);
        on_air.tick(2);
        let server = Server::of(&on_air.newsroom.store).await;
        let reader = Reader::of(on_air.newsroom.channel);
        let mut syncer = reader.syncer(&server.url(""));
        let report = round(&mut syncer, false).await;
        assert_eq!((report.new_edges, missing(&report), report.refused.len()), (1, 0, 0), "{report:?}");
        assert!(report.is_live && reader.has_all(2));

        // Everything was here: a round that finds the channel as it was must find the next tick all the same.
        for ticks in 3..5 {
            on_air.tick(ticks);
            let report = round(&mut syncer, ticks == 4).await;
            assert_eq!((report.new_edges, report.new_blobs, missing(&report)), (1, 3, 0), "{report:?}");
            assert!(reader.has_all(ticks));
        }
        let report = round(&mut syncer, true).await;
        assert!(report.is_live && !report.kept_anything(), "{report:?}");

        on_air.newsroom.publish(Kind::RollUp, &roll_up(0, 4, true).encode());
        let report = round(&mut syncer, true).await;
        assert_eq!((report.new_items, report.is_live, missing(&report)), (1, false, 0), "{report:?}");
        on_air.tick(5);
        let report = round(&mut syncer, false).await;
        assert_eq!((report.new_edges, reader.has("audio", 4)), (0, false), "nothing follows the end");
    });
}

#[test]
fn a_stick_takes_a_running_broadcast_along_and_gives_it_back() {
    run(async {
        let mut on_air = OnAir::new(92);
        on_air.newsroom.publish(Kind::RollUp, &roll_up(0, 1, false).encode());
        on_air.tick(3);
        let folder = tempfile::tempdir().unwrap();
        push_all(&on_air.newsroom.store, folder.path());
        let path = folder.path().join("files").join(on_air.path().to_string());
        assert_eq!(fs::read(&path).unwrap(), on_air.edge(3).encode());
        let reader = Reader::of(on_air.newsroom.channel);
        let report = round(&mut reader.syncer(folder.path().to_str().unwrap()), false).await;
        assert_eq!((reader.ticks(&on_air), missing(&report)), (3, 0), "{report:?}");
        assert!(reader.has_all(3));

        // Who knows less does not take the newer edge from the stick; who knows of the end removes it.
        let late = Reader::of(on_air.newsroom.channel);
        let server = Server::of(&on_air.newsroom.store).await;
        round(&mut late.syncer(&server.url("")), false).await;
        fs::write(&path, on_air.edge(5).encode()).unwrap();
        push_all(&late.store, folder.path());
        assert_eq!(fs::read(&path).unwrap(), on_air.edge(5).encode());
        on_air.newsroom.publish(Kind::RollUp, &roll_up(1, 5, true).encode());
        push_all(&on_air.newsroom.store, folder.path());
        assert!(!path.exists());
    });
}

/// The edge came last and found no room where the stick was small: the sound of the newest minutes was on it, and nobody
/// who read it knew.
#[test]
fn a_small_stick_has_room_for_the_edge_without_which_nobody_finds_the_newest() {
    run(async {
        let on_air = OnAir::new(95);
        on_air.tick(4);
        let [whole, small] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        push_all(&on_air.newsroom.store, whole.path());
        let bytes = files(&whole.path().join("files")).values().map(|file| file.len() as u64).sum::<u64>();
        // All but two of the largest pictures, and not one byte more.
        let options = PushOptions { budget_bytes: Some(bytes - 2 * 9_000), ..PushOptions::default() };
        push_with(&on_air.newsroom.store, small.path(), options);
        let reader = Reader::of(on_air.newsroom.channel);
        round(&mut reader.syncer(small.path().to_str().unwrap()), false).await;
        assert_eq!(reader.ticks(&on_air), 4);
        assert!((0..4).all(|number| reader.has("audio", number) && reader.has("144p", number)));
        assert_eq!((0..4).filter(|number| reader.has("360p", *number)).count(), 2);
    });
}

/// A stick brought a box what was missed, its neighbour had asked for that before, and as no head changed it never asked again.
#[test]
fn what_a_stick_brought_to_a_neighbour_is_found_without_a_new_word() {
    run(async {
        let mut on_air = OnAir::new(97);
        on_air.newsroom.publish(Kind::RollUp, &roll_up(0, 2, false).encode());
        let stick = tempfile::tempdir().unwrap();
        push_all(&on_air.newsroom.store, stick.path());
        let (neighbour, reader) = (Reader::of(on_air.newsroom.channel), Reader::of(on_air.newsroom.channel));
        round(&mut neighbour.syncer(stick.path().to_str().unwrap()), false).await;
        let server = Server::of(&neighbour.store).await;
        let mut syncer = reader.syncer(&server.url(""));
        let report = round(&mut syncer, true).await;
        assert!(!reader.has("audio", 0) && report.still_missing_blobs > 0, "{report:?}");
        on_air.tick(2);
        push_all(&on_air.newsroom.store, stick.path());
        fs::remove_file(stick.path().join("files").join(on_air.path().to_string())).unwrap();
        let report = round(&mut neighbour.syncer(stick.path().to_str().unwrap()), false).await;
        assert!(neighbour.has_all(2) && report.new_items == 0, "{report:?}");
        for _ in 0..ABSENT_ROUNDS {
            round(&mut syncer, true).await;
        }
        assert!(reader.has_all(2));
    });
}

/// Two neighbours had begun the same segment, and neither had a byte of it. Each made the other wait and then said "later", so
/// that it was left alone for the rest of the round, with everything else that it had.
#[test]
fn neighbours_that_wait_for_the_same_segment_do_not_wait_for_each_other() {
    run(async {
        let on_air = OnAir::new(98);
        on_air.tick(1);
        let neighbour = Reader::of(on_air.newsroom.channel);
        round(&mut neighbour.syncer(&Server::of(&on_air.newsroom.store).await.url("")), false).await;
        neighbour.store.keep_edge(&on_air.session(), on_air.edge(2)).unwrap();
        let newest = bytes_of("audio", Some(1));
        let begun = neighbour.store.blobs().begin(BlobHash::of(&newest), newest.len() as u64, None).unwrap();
        let reader = Reader::of(on_air.newsroom.channel);
        let report = round(&mut reader.syncer(&Server::of(&neighbour.store).await.url("")), true).await;
        assert!(reader.has_all(1) && !reader.has("audio", 1), "{report:?}");
        assert_eq!(report.carriers[0].set_aside, None);
        drop(begun);
    });
}

/// The internet was cut, and a box that waited for its mirror each time asked its neighbour every sixteen seconds.
#[test]
fn a_mirror_that_does_not_answer_holds_up_one_round_and_not_the_next() {
    run(async {
        let on_air = OnAir::new(96);
        on_air.tick(1);
        let neighbour = Server::of(&on_air.newsroom.store).await;
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let reader = Reader::of(on_air.newsroom.channel);
        round(&mut reader.syncer(&neighbour.url("")), false).await;
        let addresses = [format!("http://{}/", silent.local_addr().unwrap()), neighbour.url("")];
        let carriers = addresses.map(|address| Carrier::open(&address, &CarrierOptions::default()).unwrap());
        let mut syncer = Syncer::new(reader.store.clone(), carriers.into());
        for ticks in 2..5 {
            on_air.tick(ticks);
            let report = round(&mut syncer, true).await;
            assert!(reader.has_all(ticks) && report.carriers[0].set_aside.is_some(), "{report:?}");
        }
        let mut asked = 0;
        while tokio::time::timeout(std::time::Duration::ZERO, silent.accept()).await.is_ok() {
            asked += 1;
        }
        assert_eq!(asked, 1, "in three rounds");
    });
}

/// A bare tree whose edge can be replaced.
fn tree_with_edge(on_air: &OnAir, folder: &Path, edge: &[u8]) -> PathBuf {
    push_all(&on_air.newsroom.store, folder);
    let path = folder.join("files").join(on_air.path().to_string());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, edge).unwrap();
    path
}

#[test]
fn forged_and_foreign_edges_are_refused_by_name_and_older_ones_change_nothing() {
    run(async {
        let on_air = OnAir::new(93);
        let (session, folder) = (on_air.session(), tempfile::tempdir().unwrap());
        let mut bent = on_air.edge(3).encode();
        let at = bent.len() - 100;
        bent[at] ^= 1;
        let thief = SecretKey::from_seed([66; 32]);
        let forged = edge_signed(&session, &thief, 3).encode();
        let foreign = edge_signed(&Session { stream: StreamId([6; 16]), ..session }, &key(), 3).encode();
        let of_other_channel = edge_signed(&Session { channel: ChannelId([9; 32]), ..session }, &key(), 3).encode();
        for (bytes, code) in [
            (bent, "bad-signature"),
            (forged, "bad-signature"),
            (foreign, "bad-value"),
            (of_other_channel, "wrong-channel"),
            (vec![0; 60], "bad-magic"),
        ] {
            let reader = Reader::of(on_air.newsroom.channel);
            tree_with_edge(&on_air, folder.path(), &bytes);
            let report = round(&mut reader.syncer(folder.path().to_str().unwrap()), false).await;
            let refused = report.refused.iter().map(|refusal| (refusal.object.clone(), refusal.code));
            let is_named = refused.clone().all(|(object, _)| object == on_air.path().to_string());
            assert!(is_named && refused.count() == 1, "{report:?}");
            assert!(report.refused[0].code == Some(code), "{report:?}");
            assert!(report.carriers[0].refused_bytes >= 8 << 10, "it counts as a lie: {report:?}");
            assert_eq!((reader.ticks(&on_air), report.new_edges), (0, 0));
        }

        let reader = Reader::of(on_air.newsroom.channel);
        for (ticks, known) in [(3, 3), (2, 3), (4, 4)] {
            tree_with_edge(&on_air, folder.path(), &on_air.edge(ticks).encode());
            let report = round(&mut reader.syncer(folder.path().to_str().unwrap()), false).await;
            assert_eq!((reader.ticks(&on_air), report.refused.len()), (known, 0));
        }
    });
}

/// A mirror that fetches edges before files had the next tick and not yet its segments: its readers asked once, were told
/// that there is nothing, and never asked again while its head stayed the same.
#[test]
fn segments_that_a_mirror_gets_a_moment_later_are_asked_for_again() {
    run(async {
        let on_air = OnAir::new(94);
        let store = on_air.newsroom.store.clone();
        store.keep_edge(&on_air.session(), on_air.edge(1)).unwrap();
        let server = Server::start(tree_router(store, Notes::GivenOnly), ConnectionLimits::default()).await;
        let reader = Reader::of(on_air.newsroom.channel);
        let mut syncer = reader.syncer(&server.url(""));
        let report = round(&mut syncer, true).await;
        assert_eq!((report.new_edges, report.still_missing_blobs, report.refused.len()), (1, 6, 0), "{report:?}");
        on_air.tick(1);
        let report = round(&mut syncer, true).await;
        assert_eq!((report.new_edges, report.new_blobs, missing(&report)), (0, 6, 0), "{report:?}");
    });
}

/// A stick that was written while a segment came had its edge and not the segment: whoever read it was told that a file is not
/// complete, although the stick was whole.
#[test]
fn the_edge_on_a_stick_names_nothing_that_came_while_it_was_written() {
    let (on_air, stick) = (OnAir::new(96), tempfile::tempdir().unwrap());
    on_air.tick(2);
    let place = FolderCarrier::create(stick.path(), FolderLayout::Bare, &CarrierOptions::default()).unwrap();
    let mut came = 0;
    let report = push(&on_air.newsroom.store, &place, PushOptions::default(), |event| {
        if matches!(event, PushEvent::Planned { .. }) {
            on_air.tick(3);
            came += 1;
        }
    });
    assert_eq!((report.unwrap().blobs_whole, came), (3 * 2 + 3, 1));
    let edge = fs::read(stick.path().join(on_air.path().to_string())).unwrap();
    assert_eq!(Edge::decode(&on_air.session(), &edge).unwrap().ticks().len(), 2);
    run(async {
        let reader = Reader::of(on_air.newsroom.channel);
        let report = round(&mut reader.syncer(stick.path().to_str().unwrap()), false).await;
        assert!(reader.has_all(2) && missing(&report) == 0, "{report:?}");
    });
}

#[test]
fn of_a_running_broadcast_sound_goes_first_and_the_newest_before_what_is_older() {
    let mut on_air = OnAir::new(95);
    let song = pattern(7, 5_000);
    let (_, song) = on_air.newsroom.media("Song", &[("s.mp3", "audio/mpeg", 0, &song)]);
    on_air.newsroom.publish(Kind::RollUp, &roll_up(0, 1, false).encode());
    on_air.newsroom.store.keep_edge(&on_air.session(), on_air.edge(3)).unwrap();
    on_air.newsroom.store.blobs().remove(BlobHash::from_bytes(song[0])).unwrap();
    let (wants, _) = wanted_blobs(&on_air.newsroom.store, &[on_air.newsroom.channel], BlobsWanted::ALL).unwrap();
    let sizes = |name: &str| wants.iter().filter(|want| want.name == name && want.size > 500).collect::<Vec<_>>();
    let names = wants.iter().filter(|want| want.size > 500).map(|want| want.name.as_str());
    let sound = ["audio"; 3].into_iter().chain(["s.mp3"]);
    assert_eq!(names.collect::<Vec<_>>(), sound.chain(["144p"; 3]).chain(["360p"; 3]).collect::<Vec<_>>());
    for (name, ..) in RENDITIONS {
        let order = sizes(name).iter().map(|want| (want.hash, want.is_of_edge)).collect::<Vec<_>>();
        let expected = [(2, true), (1, true), (0, false)];
        assert_eq!(order, expected.map(|(number, is_of_edge)| (plain(&bytes_of(name, Some(number))), is_of_edge)));
    }
}
