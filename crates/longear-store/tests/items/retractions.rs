//! Taking back, correcting, and the daily bytes of unknown kinds.

use std::sync::Arc;

use longear_core::limits::{RETRACTION_TARGETS_MAX, UNKNOWN_KIND_BYTES_PER_DAY};
use longear_core::status::Status;
use longear_core::{Kind, Roles};
use longear_store::backend::MemoryBackend;
use longear_store::{Store, StoreOptions};

use crate::publisher::{DAY_MS, NOON_MS, Object, Publisher, article, give, items, retraction, take_in};
use crate::view::status;

fn empty() -> Store {
    Store::open_with(StoreOptions { backend: Arc::new(MemoryBackend::new()), index: None }).unwrap()
}

fn newsroom() -> Publisher {
    Publisher::found("retractions", &[("one", Roles::POST), ("two", Roles::POST), ("ed", Roles::EDIT)])
}

#[test]
fn the_own_log_and_editors_retract_and_others_do_not() {
    let publisher = newsroom();
    let (channel, charter) = (publisher.channel(), Object::Charter(publisher.charters[0].clone()));
    let mut one = publisher.log("one").posts(&["a", "b", "c", "d"]);
    let (mut two, mut editor) = (publisher.log("two"), publisher.log("ed"));
    one.write(Kind::Retraction, NOON_MS, retraction(vec![one.item(0)]));
    two.write(Kind::Retraction, NOON_MS, retraction(vec![one.item(1)]));
    editor.write(Kind::Retraction, NOON_MS, retraction(vec![one.item(2)]));
    one.write(Kind::Post, NOON_MS, article("better", Some(one.item(3))).encode());
    // A retraction may come before what it takes back.
    for early in [false, true] {
        let store = empty();
        let takers = [items(&one, 4..6), items(&two, 0..1), items(&editor, 0..1)];
        let mut objects = vec![items(&one, 0..4)];
        objects.splice(if early { 0..0 } else { 1..1 }, takers);
        objects.insert(0, charter.clone());
        take_in(&store, &channel, &objects).unwrap();
        let found = (0..4).map(|seq| status(&store, &one.item(seq)).unwrap()).collect::<Vec<_>>();
        let expected = [Status::Retracted, Status::Shown, Status::Retracted, Status::Retracted];
        assert_eq!(found, expected, "early: {early}");
        let by = store.item(&one.item(2)).unwrap().unwrap().retracted_by;
        assert_eq!(by, Some(editor.item(0)));
    }
}

#[test]
fn a_day_has_so_many_retractions() {
    let publisher = newsroom();
    let channel = publisher.channel();
    let mut one = publisher.log("one");
    for number in 0..RETRACTION_TARGETS_MAX + 2 {
        one.post(&format!("{number}"));
    }
    let count = one.items.len();
    one.write(Kind::Retraction, NOON_MS, retraction(one.ids()[..RETRACTION_TARGETS_MAX].to_vec()));
    one.write(Kind::Retraction, NOON_MS, retraction(vec![one.item(count - 2)]));
    one.write(Kind::Retraction, NOON_MS + DAY_MS, retraction(vec![one.item(count - 1)]));
    let store = empty();
    let charter = Object::Charter(publisher.charters[0].clone());
    take_in(&store, &channel, &[charter, items(&one, 0..one.items.len())]).unwrap();
    assert_eq!(status(&store, &one.item(0)), Some(Status::Retracted));
    assert_eq!(status(&store, &one.item(RETRACTION_TARGETS_MAX - 1)), Some(Status::Retracted));
    assert_eq!(status(&store, &one.item(count - 2)), Some(Status::Shown), "beyond the cap of the day");
    assert_eq!(status(&store, &one.item(count - 1)), Some(Status::Retracted), "the next day");
}

#[test]
fn a_retraction_beyond_the_closing_does_not_count() {
    let mut publisher = newsroom();
    let channel = publisher.channel();
    let mut one = publisher.log("one").posts(&["a", "b"]);
    one.write(Kind::Retraction, NOON_MS, retraction(vec![one.item(0)]));
    let store = empty();
    take_in(&store, &channel, &[Object::Charter(publisher.charters[0].clone()), items(&one, 0..3)]).unwrap();
    assert_eq!(status(&store, &one.item(0)), Some(Status::Retracted));
    publisher.close(vec![one.closing(2)]);
    take_in(&store, &channel, &[Object::Charter(publisher.charters[1].clone())]).unwrap();
    assert_eq!(status(&store, &one.item(0)), Some(Status::Shown));
}

/// An editor's retraction hid items of any channel that was followed on the same machine: the role was looked up in the
/// editor's own channel, and nobody asked whether the item belongs to it.
#[test]
fn an_editor_takes_back_nothing_of_another_channel() {
    let publisher = newsroom();
    let rival = Publisher::found("rival", &[("rival editor", Roles::EDIT)]);
    let one = publisher.log("one").posts(&["a"]);
    let mut editor = rival.log("rival editor");
    editor.write(Kind::Retraction, NOON_MS, retraction(vec![one.item(0)]));
    let store = empty();
    let charter = |publisher: &Publisher| Object::Charter(publisher.charters[0].clone());
    take_in(&store, &publisher.channel(), &[charter(&publisher), items(&one, 0..1)]).unwrap();
    take_in(&store, &rival.channel(), &[charter(&rival), items(&editor, 0..1)]).unwrap();
    assert_eq!(status(&store, &one.item(0)), Some(Status::Shown));
}

#[test]
fn unknown_kinds_have_so_many_bytes_a_day() {
    let publisher = newsroom();
    let channel = publisher.channel();
    let mut one = publisher.log("one");
    let per_day = UNKNOWN_KIND_BYTES_PER_DAY as usize / 65_536;
    for _ in 0..per_day + 3 {
        one.write(Kind::Unknown(200), NOON_MS, vec![1; 65_536]);
    }
    one.write(Kind::Unknown(201), NOON_MS + DAY_MS, vec![2; 65_536]);
    one.post("known kinds are not concerned");
    let store = empty();
    take_in(&store, &channel, &[Object::Charter(publisher.charters[0].clone()), items(&one, 0..3)]).unwrap();
    let mut batch = store.write().unwrap();
    give(&mut batch, &channel, &items(&one, 3..one.items.len())).unwrap();
    batch.commit().unwrap();
    let held = store.channel(&channel).unwrap().unwrap();
    let log = &held.logs()[&one.id];
    assert_eq!(log.headers().len(), one.items.len() as u64, "headers are kept");
    let expected = (0..per_day as u64).chain([per_day as u64 + 3, per_day as u64 + 4]).collect::<Vec<_>>();
    assert_eq!(log.complete().ranges().iter().cloned().flatten().collect::<Vec<_>>(), expected);
}
