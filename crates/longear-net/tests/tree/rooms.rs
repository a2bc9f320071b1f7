//! Notes of a room on their way: between nodes, by stick, by mirror, and what of it is refused.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use longear_core::limits::{SHEAF_LIST_BYTES_MAX, SHEAVES_OF_DAY_MAX};
use longear_core::reconcile::Salt;
use longear_core::room::{
    Admission, Decision, Decisions, Facts, Ground, Note, NoteDraft, NoteId, Opening, RoomId, SheafList, SheafWriter,
    TicketKey, What,
};
use longear_core::{ItemId, Kind, SecretKey, verify};
use longear_net::carrier::{Carrier, CarrierOptions};
use longear_net::rooms::{RoomAsk, RoomPath};
use longear_net::serve::{ConnectionLimits, Notes, tree_router};
use longear_net::sync::{SyncOptions, SyncReport, Syncer};
use longear_store::{Store, Talk};
use reqwest::StatusCode;
use tempfile::TempDir;

use crate::newsroom::Newsroom;
use crate::push::push_all;
use crate::serve::{Server, ask, client, run};

/// When the newsroom's first item is dated.
const START_MS: u64 = 1_700_000_000_000;
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

fn opening() -> Opening {
    Opening {
        language: "en".into(),
        title: "After the water".into(),
        rules: vec!["No names.".into()],
        admission: Admission::Open,
        notes_per_day: 20,
        retention_days: 30,
        under: None,
    }
}

/// What a writer says, one word for each slot; writers are numbers.
fn note(room: RoomId, writer: u32, slot: u8, day: u64) -> Note {
    let draft = NoteDraft {
        room,
        what: What::Words,
        slot,
        time: START_MS + day * DAY_MS + u64::from(writer),
        parent: None,
        seen: None,
        stamp: 0,
        ticket: None,
        text: format!("{writer} says {slot} on day {day}"),
    };
    draft.sign(&key(writer))
}

fn key(writer: u32) -> SecretKey {
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&writer.to_le_bytes());
    SecretKey::from_seed(seed)
}

/// Somebody who follows the channel.
struct Copy {
    store: Arc<Store>,
    room: RoomId,
    _folder: Option<TempDir>,
}

impl Copy {
    fn talk(&self) -> Talk {
        self.store.talk(&self.room, START_MS + 4 * DAY_MS).unwrap().expect("the room")
    }

    fn take(&self, notes: impl IntoIterator<Item = Note>) {
        let talk = self.talk();
        let notes = notes.into_iter().map(|note| verify(&talk.venue, note).unwrap());
        talk.notes.take_in(notes).unwrap();
    }

    fn ids(&self) -> BTreeSet<NoteId> {
        let talk = self.talk();
        let days = talk.notes.days().unwrap();
        days.iter().flat_map(|day| talk.notes.ids_of_day(day.day).unwrap()).collect()
    }

    fn syncer(&self, address: &str) -> Syncer {
        let carrier = Carrier::open(address, &CarrierOptions::default()).unwrap();
        Syncer::new(self.store.clone(), vec![carrier])
    }

    async fn sync(&self, address: &str) -> SyncReport {
        round(&mut self.syncer(address), true).await
    }
}

async fn round(syncer: &mut Syncer, give_notes: bool) -> SyncReport {
    let mut options = SyncOptions::default();
    (options.give_notes, options.session_seed) = (give_notes, [5; 32]);
    syncer.round(&options, &|_| {}).await.unwrap()
}

/// A newsroom with a room.
fn newsroom(seed: u8) -> (Newsroom, Copy) {
    let mut newsroom = Newsroom::new(seed);
    let room = RoomId::from(newsroom.publish(Kind::Room, &opening().encode()));
    let copy = Copy { store: newsroom.store.clone(), room, _folder: None };
    (newsroom, copy)
}

/// Another copy that has the items, and no notes yet.
async fn follower(newsroom: &Newsroom, room: RoomId) -> Copy {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut batch = store.write().unwrap();
    batch.follow(&newsroom.channel).unwrap();
    batch.commit().unwrap();
    let copy = Copy { store: Arc::new(store), room, _folder: Some(folder) };
    let tree = tempfile::tempdir().unwrap();
    push_all(&newsroom.store, tree.path());
    let report = round(&mut copy.syncer(&tree.path().display().to_string()), false).await;
    assert_eq!(report.refused, []);
    copy
}

fn decide(newsroom: &mut Newsroom, room: RoomId, decision: Decision) -> ItemId {
    newsroom.publish(Kind::Moderation, &Decisions { room, list: vec![decision] }.encode())
}

#[test]
fn two_nodes_give_each_other_what_they_lack() {
    run(async {
        let (newsroom, one) = newsroom(100);
        let two = follower(&newsroom, one.room).await;
        // Most of it is known to both; and a day of which only one of them has anything.
        let common = (0..900).map(|writer| note(one.room, writer, 0, 1)).collect::<Vec<_>>();
        one.take(common.iter().cloned().chain((0..40).map(|writer| note(one.room, writer, 1, 1))));
        two.take(common.into_iter().chain((100..130).map(|writer| note(one.room, writer, 1, 1))));
        one.take((0..5).map(|writer| note(one.room, writer, 0, 2)));
        two.take((0..3).map(|writer| note(one.room, writer, 0, 3)));
        let all = one.ids().union(&two.ids()).copied().collect::<BTreeSet<_>>();
        let server = Server::of(&one.store).await;
        let report = two.sync(&server.url("")).await;
        assert_eq!((report.new_notes, report.given_notes), (45, 33));
        assert_eq!((one.ids(), two.ids()), (all.clone(), all));
        let again = two.sync(&server.url("")).await;
        assert_eq!((again.new_notes, again.given_notes, again.refused.len()), (0, 0, 0));
    });
}

#[test]
fn a_new_copy_gets_whole_days_in_several_sheaves() {
    run(async {
        let (newsroom, one) = newsroom(101);
        let two = follower(&newsroom, one.room).await;
        one.take((0..5_000).map(|writer| note(one.room, writer, 0, 1)));
        let server = Server::of(&one.store).await;
        assert_eq!(two.sync(&server.url("")).await.new_notes, 5_000);
        assert_eq!(two.ids(), one.ids());
    });
}

#[test]
fn a_conversation_merges_by_one_stick() {
    run(async {
        let (newsroom, one) = newsroom(102);
        let two = follower(&newsroom, one.room).await;
        one.take((0..20).map(|writer| note(one.room, writer, 0, 1)));
        two.take((10..30).map(|writer| note(one.room, writer, 0, 1)));
        let stick = tempfile::tempdir().unwrap();
        let address = stick.path().display().to_string();
        push_all(&one.store, stick.path());
        assert_eq!(two.sync(&address).await.new_notes, 10);
        push_all(&two.store, stick.path());
        assert_eq!(one.sync(&address).await.new_notes, 10);
        assert_eq!(one.ids(), two.ids());
        assert_eq!(one.ids().len(), 30);
        let before = files(stick.path());
        push_all(&one.store, stick.path());
        assert_eq!(files(stick.path()), before, "nothing is written again");
    });
}

#[test]
fn a_day_in_too_many_sheaves_is_written_anew() {
    run(async {
        let (newsroom, one) = newsroom(103);
        let tree = tempfile::tempdir().unwrap();
        let list = |tree: &Path| {
            let path = SheafList::path(&newsroom.channel, &one.room).to_string();
            let bytes = fs::read(tree.join("files").join(path)).unwrap();
            assert!(bytes.len() <= SHEAF_LIST_BYTES_MAX);
            SheafList::decode(&newsroom.channel, &one.room, &bytes).unwrap().sheaves
        };
        for writer in 0..SHEAVES_OF_DAY_MAX as u32 {
            one.take([note(one.room, writer, 0, 1)]);
            push_all(&one.store, tree.path());
            assert_eq!(list(tree.path()).len(), writer as usize + 1);
        }
        one.take([note(one.room, 99, 0, 1)]);
        push_all(&one.store, tree.path());
        let sheaves = list(tree.path());
        assert_eq!((sheaves.len(), sheaves[0].sum.notes as usize), (1, SHEAVES_OF_DAY_MAX + 1));
        let folder = tree.path().join("files").join(SheafList::path(&newsroom.channel, &one.room).to_string());
        let standing = fs::read_dir(folder.parent().unwrap()).unwrap().count();
        assert_eq!(standing, 2, "the list and one sheaf");
        let two = follower(&newsroom, one.room).await;
        two.sync(&tree.path().display().to_string()).await;
        assert_eq!(two.ids(), one.ids());
    });
}

#[test]
fn what_another_wrote_on_a_stick_stays_there() {
    run(async {
        let (newsroom, one) = newsroom(104);
        let two = follower(&newsroom, one.room).await;
        let three = follower(&newsroom, one.room).await;
        one.take([note(one.room, 1, 0, 1)]);
        two.take([note(one.room, 2, 0, 1)]);
        let stick = tempfile::tempdir().unwrap();
        push_all(&one.store, stick.path());
        // It does not read it before.
        push_all(&two.store, stick.path());
        three.sync(&stick.path().display().to_string()).await;
        assert_eq!(three.ids().len(), 2);
    });
}

#[test]
fn a_web_server_with_a_copy_of_the_tree_is_enough() {
    run(async {
        let (newsroom, one) = newsroom(105);
        let two = follower(&newsroom, one.room).await;
        one.take((0..20).map(|writer| note(one.room, writer, 0, 1)));
        let tree = tempfile::tempdir().unwrap();
        push_all(&one.store, tree.path());
        let server = Server::start(folder_router(tree.path().join("files")), ConnectionLimits::default()).await;
        two.take([note(one.room, 99, 0, 1)]);
        let mut syncer = two.syncer(&server.url(""));
        assert_eq!(round(&mut syncer, true).await.new_notes, 20);
        let again = round(&mut syncer, true).await;
        assert_eq!((again.new_notes, again.given_notes, again.refused.len()), (0, 0, 0));
    });
}

#[test]
fn a_node_that_only_gives_is_given_nothing() {
    run(async {
        let (newsroom, one) = newsroom(106);
        let two = follower(&newsroom, one.room).await;
        two.take([note(one.room, 1, 0, 1)]);
        let router = tree_router(one.store.clone(), Notes::GivenOnly);
        let server = Server::start(router, ConnectionLimits::default()).await;
        let report = two.sync(&server.url("")).await;
        assert_eq!((report.given_notes, report.refused.len()), (0, 0));
        assert_eq!(one.ids().len(), 0);
        let give = RoomPath::new(&newsroom.channel, &one.room, RoomAsk::Give).to_string();
        let answer =
            client().post(server.url(&give)).body(sheaf(&one, &[note(one.room, 1, 0, 1)])).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    });
}

fn sheaf(copy: &Copy, notes: &[Note]) -> Vec<u8> {
    let mut notes = notes.iter().map(|note| (note.id(), note)).collect::<Vec<_>>();
    notes.sort_by_key(|(id, _)| *id);
    let mut writer = SheafWriter::new(&copy.room, notes[0].1.day());
    notes.iter().for_each(|(id, note)| assert!(writer.push(id, &note.encode())));
    writer.finish().1
}

#[test]
fn of_what_is_posted_to_a_node_only_notes_of_the_room_are_kept() {
    run(async {
        let (newsroom, one) = newsroom(107);
        let server = Server::of(&one.store).await;
        let give = server.url(&RoomPath::new(&newsroom.channel, &one.room, RoomAsk::Give).to_string());
        let good = note(one.room, 1, 0, 1);
        let forged = Note { text: "something else".into(), ..note(one.room, 2, 0, 1) };
        let stranger = SecretKey::from_seed([3; 32]);
        let ticket = TicketKey::from_seed([4; 32]).endorse(&one.room, &stranger.public());
        let mut stolen = note(one.room, 3, 0, 1);
        stolen.ticket = Some(ticket);
        let early = note(one.room, 4, 0, 0);
        let before = Note { time: START_MS - DAY_MS, ..early.clone() };
        let post = |bytes: Vec<u8>| client().post(&give).body(bytes).send();
        let answer = post(sheaf(&one, &[good.clone(), forged, stolen])).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.bytes().await.unwrap()[..], [1, 0, 0, 0, 2, 0, 0, 0], "one is good, two are none");
        assert_eq!(post(sheaf(&one, &[before])).await.unwrap().bytes().await.unwrap()[..], [0, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(one.ids(), BTreeSet::from([good.id()]));
        let elsewhere = Copy { room: RoomId([9; 32]), store: one.store.clone(), _folder: None };
        for bad in [b"nothing".to_vec(), sheaf(&elsewhere, &[note(elsewhere.room, 1, 0, 1)]), Vec::new()] {
            assert_eq!(post(bad).await.unwrap().status(), StatusCode::BAD_REQUEST);
        }
        let long = post(vec![0; (1 << 20) + 1]).await.unwrap();
        assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(ask(&give, &[]).await.status(), StatusCode::NOT_FOUND, "a node has no list of sheaves");
        assert_eq!(one.ids().len(), 1);
    });
}

#[test]
fn what_was_purged_is_not_taken_again_and_not_passed_on() {
    run(async {
        let (mut newsroom, one) = newsroom(108);
        let two = follower(&newsroom, one.room).await;
        let (bad, good) = (note(one.room, 1, 0, 1), note(one.room, 2, 0, 1));
        two.take([bad.clone(), good.clone()]);
        let spot = Facts::of(&bad).spot;
        decide(&mut newsroom, one.room, Decision::Purge { note: bad.id(), spot, ground: Ground::PersonalData });
        let server = Server::of(&one.store).await;
        // It hears of the purge in the same round in which it would have given the note.
        two.sync(&server.url("")).await;
        assert_eq!((one.ids(), two.ids()), (BTreeSet::from([good.id()]), BTreeSet::from([good.id()])));
    });
}

/// Sums by exclusive or are linear: who writes some fifty notes can choose them so that two sets have one sum, and hide a note
/// from everybody who compares sums alone. Here the sum is simply said.
#[test]
fn a_day_whose_sums_agree_is_looked_at_all_the_same() {
    run(async {
        let (newsroom, one) = newsroom(110);
        let two = follower(&newsroom, one.room).await;
        one.take((0..30).map(|writer| note(one.room, writer, 0, 1)));
        two.take((0..29).map(|writer| note(one.room, writer, 0, 1)));
        let day = two.talk().notes.days().unwrap().remove(0);
        let said = [&1u16.to_le_bytes()[..], &day.day.to_le_bytes(), &(day.notes as u32).to_le_bytes(), &day.ids[..16]];
        let (said, tree) = (said.concat(), tree_router(one.store.clone(), Notes::Taken));
        let router = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let (said, mut tree) = (said.clone(), tree.clone());
            async move {
                match request.uri().path().ends_with("/days") {
                    true => axum::response::Response::new(axum::body::Body::from(said)),
                    false => tower_service::Service::call(&mut tree, request).await.unwrap(),
                }
            }
        });
        let server = Server::start(router, ConnectionLimits::default()).await;
        assert_eq!(two.sync(&server.url("")).await.new_notes, 1);
        assert_eq!(one.ids(), two.ids());
    });
}

#[test]
fn a_sheaf_of_lies_is_not_verified_to_its_end() {
    run(async {
        let (newsroom, one) = newsroom(111);
        let server = Server::of(&one.store).await;
        let give = server.url(&RoomPath::new(&newsroom.channel, &one.room, RoomAsk::Give).to_string());
        let lie = |writer| Note { text: "something else".into(), ..note(one.room, writer, 0, 1) };
        let lies = (0..2_000).map(lie).collect::<Vec<_>>();
        let answer = client().post(give).body(sheaf(&one, &lies)).send().await.unwrap().bytes().await.unwrap();
        let refused = u32::from_le_bytes(answer[4..].try_into().unwrap());
        assert!((64..=128).contains(&refused), "{refused} were looked at");
        assert_eq!((&answer[..4], one.ids().len()), (&[0; 4][..], 0));
    });
}

#[test]
fn who_is_to_give_nothing_gives_nothing() {
    run(async {
        let (newsroom, one) = newsroom(112);
        let two = follower(&newsroom, one.room).await;
        one.take([note(one.room, 1, 0, 1)]);
        two.take([note(one.room, 2, 0, 1)]);
        let server = Server::of(&one.store).await;
        let report = round(&mut two.syncer(&server.url("")), false).await;
        assert_eq!((report.new_notes, report.given_notes), (1, 0));
        assert_eq!(one.ids().len(), 1);
    });
}

#[test]
fn a_carrier_that_lies_about_a_day_costs_little_and_is_told() {
    run(async {
        let (newsroom, one) = newsroom(109);
        let two = follower(&newsroom, one.room).await;
        two.take((0..50).map(|writer| note(one.room, writer, 0, 1)));
        let server = Server::start(liar(), ConnectionLimits::default()).await;
        let report = two.sync(&server.url("")).await;
        assert_eq!((report.new_notes, report.refused.len()), (0, 1), "{:?}", report.refused);
        assert_eq!(two.ids().len(), 50);
        let salted = RoomAsk::Symbols { day: 5, salt: Salt([0; 16]), from: 0, to: 64 };
        let honest = Server::of(&one.store).await;
        let path = RoomPath::new(&newsroom.channel, &one.room, salted).to_string();
        let none = ask(&honest.url(&path), &[]).await;
        assert_eq!(none.status(), StatusCode::OK, "a day of which nothing is here has symbols, too");
    });
}

/// Says that it has something of a day, and gives symbols that are no symbols of anything.
fn liar() -> axum::Router {
    let day = u32::try_from((START_MS + DAY_MS) / DAY_MS).unwrap();
    let days = [&1u16.to_le_bytes()[..], &day.to_le_bytes(), &60u32.to_le_bytes(), &[8; 16]].concat();
    let answer = move |uri: axum::http::Uri| async move {
        match uri.path() {
            path if path.ends_with("/days") => (StatusCode::OK.as_u16(), days),
            path if path.ends_with("/symbols") => (200, vec![0xa5; 17 * 64]),
            _ => (404, Vec::new()),
        }
    };
    let answer = move |uri| async move {
        let (status, bytes) = answer(uri).await;
        (axum::http::StatusCode::from_u16(status).unwrap(), bytes)
    };
    axum::Router::new().fallback(answer)
}

/// A web server that knows of nothing but files.
fn folder_router(folder: std::path::PathBuf) -> axum::Router {
    axum::Router::new().fallback(move |uri: axum::http::Uri| async move {
        match fs::read(folder.join(uri.path().trim_start_matches('/'))) {
            Ok(bytes) => (axum::http::StatusCode::OK, bytes),
            Err(_) => (axum::http::StatusCode::NOT_FOUND, Vec::new()),
        }
    })
}

fn files(folder: &Path) -> BTreeSet<(std::path::PathBuf, std::time::SystemTime)> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => drop(found.insert((entry.path(), entry.metadata().unwrap().modified().unwrap()))),
            }
        }
    }
    found
}
