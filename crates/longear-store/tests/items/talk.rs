//! Rooms: what items tell of them is found by room, and counts while readers see it.

use longear_core::room::{Admission, Decision, Decisions, Ground, NoteDraft, NoteId, Opening, RoomId, What};
use longear_core::{ItemId, Kind, Roles, SecretKey, verify};
use longear_store::Store;
use longear_store::backend::MemoryBackend;
use longear_store::rooms::ROOM_BYTES_MIN;

use crate::publisher::{Log, NOON_MS, Object, Publisher, items, open, take_in};

fn opening(title: &str) -> Opening {
    Opening {
        language: "en".into(),
        title: title.into(),
        rules: vec!["No names.".into()],
        admission: Admission::Open,
        notes_per_day: 20,
        retention_days: 30,
        under: None,
    }
}

fn hides(room: RoomId, note: u8) -> Decisions {
    Decisions { room, list: vec![Decision::Hide { note: NoteId([note; 32]), ground: Ground::Rule(1) }] }
}

fn titles(store: &Store, publisher: &Publisher) -> Vec<String> {
    store.rooms_of(&publisher.channel()).unwrap().into_iter().map(|(_, opening)| opening.title).collect()
}

fn decided(store: &Store, room: RoomId) -> Vec<ItemId> {
    let (item, _) = store.room(&room).unwrap().unwrap();
    let mut decided = store.decisions(&item).unwrap().iter().map(|(item, _)| item.id()).collect::<Vec<_>>();
    decided.sort_unstable();
    decided
}

fn sorted<const COUNT: usize>(mut ids: [ItemId; COUNT]) -> [ItemId; COUNT] {
    ids.sort_unstable();
    ids
}

struct Talk {
    publisher: Publisher,
    one: Log,
    two: Log,
    room: RoomId,
    disk: MemoryBackend,
    store: Store,
}

/// One moderator opened two rooms and decided once, another one decided twice.
fn talk() -> Talk {
    let publisher = Publisher::found("talk", &[("one", Roles::MODERATE), ("two", Roles::MODERATE)]);
    let (mut one, mut two) = (publisher.log("one"), publisher.log("two"));
    let room = RoomId::from(one.write(Kind::Room, NOON_MS, opening("Water").encode()));
    one.write(Kind::Room, NOON_MS + 1, opening("Power").encode());
    one.write(Kind::Moderation, NOON_MS + 2, hides(room, 1).encode());
    two.write(Kind::Moderation, NOON_MS + 2, hides(room, 2).encode());
    two.write(Kind::Moderation, NOON_MS + 3, hides(room, 3).encode());
    let disk = MemoryBackend::new();
    let store = open(&disk);
    let charter = Object::Charter(publisher.charters[0].clone());
    take_in(&store, &publisher.channel(), &[charter, items(&one, 0..3), items(&two, 0..2)]).unwrap();
    Talk { publisher, one, two, room, disk, store }
}

#[test]
fn rooms_and_what_was_decided_in_them_are_found_and_found_again() {
    let talk = talk();
    let all = sorted([talk.one.item(2), talk.two.item(0), talk.two.item(1)]);
    for store in [&talk.store, &open(&talk.disk)] {
        assert_eq!(titles(store, &talk.publisher), ["Power", "Water"], "the newest first");
        assert_eq!(decided(store, talk.room), all);
        let power = RoomId::from(talk.one.item(1));
        assert_eq!(decided(store, power), []);
        assert!(store.room(&RoomId::from(talk.two.item(0))).unwrap().is_none(), "a decision is no room");
    }
}

#[test]
fn a_moderator_whose_log_is_closed_decided_nothing_behind_the_last_good_item() {
    let mut talk = talk();
    let closing = talk.two.closing(1);
    talk.publisher.close(vec![closing]);
    let charter = Object::Charter(talk.publisher.charters[1].clone());
    take_in(&talk.store, &talk.publisher.channel(), &[charter]).unwrap();
    assert_eq!(decided(&talk.store, talk.room), sorted([talk.one.item(2), talk.two.item(0)]));
}

/// Who has little space on a machine can say so, and what does not fit goes when somebody next looks at the room.
#[test]
fn a_room_takes_no_more_space_than_was_chosen() {
    let talk = talk();
    let held = || talk.store.talk(&talk.room, NOON_MS).unwrap().unwrap().notes;
    let note = |slot: u8, text: &str| NoteDraft {
        room: talk.room,
        what: What::Words,
        slot,
        time: NOON_MS,
        parent: None,
        seen: None,
        stamp: 0,
        ticket: None,
        text: text.repeat(1_600),
    };
    let venue = *held().venue();
    let notes = (0..600_u32).map(|number| {
        let writer = SecretKey::from_seed([(number / 20) as u8; 32]);
        verify(&venue, note((number % 20) as u8, "x").sign(&writer)).unwrap()
    });
    held().take_in(notes).unwrap();
    let bytes = || held().days().unwrap().iter().map(|day| day.bytes).sum::<u64>();
    assert!(bytes() > ROOM_BYTES_MIN, "{} bytes", bytes());
    talk.store.rooms().set_space_bytes(0).unwrap();
    assert!(
        (ROOM_BYTES_MIN * 8 / 10..ROOM_BYTES_MIN).contains(&bytes()),
        "{} bytes, no less than can be chosen",
        bytes()
    );
}

#[test]
fn the_moderators_of_another_channel_decide_nothing_here() {
    let talk = talk();
    let other = Publisher::found("other", &[("three", Roles::MODERATE)]);
    let mut three = other.log("three");
    three.write(Kind::Moderation, NOON_MS, hides(talk.room, 9).encode());
    let charter = Object::Charter(other.charters[0].clone());
    take_in(&talk.store, &other.channel(), &[charter, items(&three, 0..1)]).unwrap();
    assert_eq!(decided(&talk.store, talk.room).len(), 3);
    assert_eq!(titles(&talk.store, &other), [""; 0]);
}
