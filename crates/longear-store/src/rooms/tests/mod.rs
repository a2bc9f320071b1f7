//! What rooms keep, in which order, and what is left after crashes and purges.

mod crash;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use longear_core::limits::DAY_MS;
use longear_core::room::{Note, NoteDraft, NoteId, RoomId, Seen, TicketKey, Venue, What};
use longear_core::{SecretKey, Verified, verify};
use proptest::prelude::*;

use super::*;

const ROOM: RoomId = RoomId([5; 32]);
const FIRST_DAY: u32 = 20_800;
const VENUE: Venue = Venue { room: ROOM, first_day: FIRST_DAY };

fn writer(number: u8) -> SecretKey {
    SecretKey::from_seed([number; 32])
}

fn draft(slot: u8, time: u64, text: &str) -> NoteDraft {
    NoteDraft {
        room: ROOM,
        what: What::Words,
        slot,
        time: u64::from(FIRST_DAY) * DAY_MS + time,
        parent: None,
        seen: None,
        stamp: 0,
        ticket: None,
        text: text.into(),
    }
}

fn signed(number: u8, draft: NoteDraft) -> Verified<Note> {
    verify(&VENUE, draft.sign(&writer(number))).unwrap()
}

fn room() -> Arc<Room> {
    Rooms::in_memory().room(&VENUE).unwrap()
}

fn texts(page: &[PageNote]) -> Vec<&str> {
    page.iter().map(|note| note.note.text.as_str()).collect()
}

fn all(room: &Room) -> Vec<PageNote> {
    let (mut notes, mut cursor) = (Vec::new(), None);
    loop {
        let page = room.page(cursor, Way::Newer, usize::MAX, |_| true).unwrap();
        notes.extend(page.notes);
        cursor = page.next;
        if cursor.is_none() {
            return notes;
        }
    }
}

fn assert_sound(room: &Room) {
    assert_eq!(room.check().unwrap().findings, []);
}

#[test]
fn notes_stand_in_order_whatever_the_order_of_their_arrival() {
    let notes =
        (0..30_u8).map(|n| signed(n, draft(0, u64::from(n) * 7 % 30, &format!("note {n}")))).collect::<Vec<_>>();
    let (forth, back) = (room(), room());
    assert_eq!(forth.take_in(notes.clone()).unwrap().new, 30);
    for note in notes.into_iter().rev() {
        assert_eq!(back.take_in([note.clone()]).unwrap().new, 1);
        assert_eq!(back.take_in([note]).unwrap(), TakenIn { known: 1, ..TakenIn::default() });
    }
    assert_eq!(all(&forth), all(&back));
    assert_eq!(forth.days().unwrap(), back.days().unwrap());
    assert_eq!(forth.ids_of_day(FIRST_DAY).unwrap(), back.ids_of_day(FIRST_DAY).unwrap());
    assert!(all(&forth).is_sorted_by_key(|note| (note.shown_ms, note.id)));
    assert_sound(&forth);
    assert_sound(&back);
}

#[test]
fn pages_meet_each_other_from_both_ends() {
    let room = room();
    // Many at one time: only the IDs tell them apart.
    room.take_in((0..40).map(|n| signed(n, draft(0, u64::from(n / 20), &format!("{n}"))))).unwrap();
    let whole = all(&room);
    for count in [1, 3, 7, 40] {
        for way in [Way::Newer, Way::Older] {
            let (mut walked, mut cursor) = (Vec::new(), None);
            loop {
                let page = room.page(cursor, way, count, |_| true).unwrap();
                assert!(page.notes.len() <= count);
                walked.extend(page.notes);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            if way == Way::Older {
                walked.reverse();
            }
            assert_eq!(walked, whole, "pages of {count}");
        }
    }
    let odd = room.page(None, Way::Newer, 5, |note| note.note.text.ends_with('1')).unwrap();
    assert_eq!(odd.notes.len(), 4);
}

#[test]
fn a_place_holds_a_taking_back_or_the_smallest_words() {
    let words = |text: &str| signed(1, draft(3, 5, text));
    let back = |stamp| signed(1, NoteDraft { what: What::TakenBack, stamp, text: String::new(), ..draft(3, 5, "") });
    let (first, second) = (words("one"), words("two"));
    let smaller = if first.id() < second.id() { &first } else { &second };
    let room = room();
    assert_eq!(
        room.take_in([first.clone(), second.clone()]).unwrap(),
        TakenIn { new: 1, displaced: 1, ..TakenIn::default() }
    );
    assert_eq!(all(&room)[0].id, smaller.id());
    let taken = room.take_in([back(1), back(2)]).unwrap();
    assert_eq!((taken.new, taken.displaced), (1, 2));
    assert_eq!(all(&room)[0].id, back(1).id().min(back(2).id()));
    assert_eq!(room.take_in([first, second]).unwrap().new, 0);
    assert_eq!(room.search("one", None, 9, |_| true).unwrap().notes, []);
    assert_eq!(room.days().unwrap()[0].notes, 1);
    assert_sound(&room);
}

#[test]
fn answers_are_shown_after_what_they_answer_when_that_comes_late_and_not_any_more_when_it_goes() {
    let parent = signed(1, draft(0, 5_000, "parent"));
    let answer = signed(2, NoteDraft { parent: Some(parent.id()), ..draft(0, 10, "answer") });
    let deep = signed(3, NoteDraft { parent: Some(answer.id()), ..draft(0, 5, "deep") });
    let other = signed(4, draft(0, 100, "other"));
    let room = room();
    for note in [&deep, &answer, &other] {
        room.take_in([note.clone()]).unwrap();
    }
    let times = |room: &Room| {
        let times = all(room).into_iter().map(|note| (note.shown_ms - u64::from(FIRST_DAY) * DAY_MS, note.note.text));
        times.collect::<BTreeSet<_>>()
    };
    let shown =
        |list: &[(u64, &str)]| list.iter().map(|(time, text)| (*time, (*text).to_owned())).collect::<BTreeSet<_>>();
    assert_eq!(times(&room), shown(&[(10, "answer"), (10, "deep"), (100, "other")]));
    room.take_in([parent.clone()]).unwrap();
    assert_eq!(times(&room), shown(&[(100, "other"), (5_000, "answer"), (5_000, "deep"), (5_000, "parent")]));
    assert_eq!(texts(&room.replies(parent.id(), None, Way::Newer, 9, |_| true).unwrap().notes), ["answer"]);
    assert_eq!(room.note(&parent.id()).unwrap().unwrap().replies, 1);
    assert_sound(&room);

    room.take_in([signed(1, NoteDraft { what: What::TakenBack, text: String::new(), ..draft(0, 5_000, "") })]).unwrap();
    assert_eq!(times(&room), shown(&[(10, "answer"), (10, "deep"), (100, "other"), (5_000, "")]));
    assert_sound(&room);
}

#[test]
fn words_are_found_by_plain_letters_and_by_their_beginnings() {
    let room = room();
    let said = ["Жаңаөзенде өртті сөндірді", "Сельский суд", "іздеу жүріп жатыр", "Nothing at Zürich", "су су"];
    room.take_in((0..).zip(said).map(|(n, text)| signed(n, draft(0, u64::from(n), text)))).unwrap();
    let found = |words: &str| texts_of(room.search(words, None, 9, |_| true).unwrap().notes);
    assert_eq!(found("жанаозен"), [said[0]]);
    assert_eq!(found("ӨРТТІ сонд"), [said[0]]);
    assert_eq!(found("издеу"), [said[2]]);
    assert_eq!(found("zuri"), [said[3]]);
    assert_eq!(found("су"), [said[4]], "short words find only themselves");
    assert_eq!(found("сельский өртті"), [] as [&str; 0]);
    assert_eq!(found("\" OR ("), [] as [&str; 0]);
    let first = room.search("су", None, 0, |_| true).unwrap();
    assert_eq!(first, Found { notes: Vec::new(), next: None });
}

fn texts_of(notes: Vec<PageNote>) -> Vec<String> {
    notes.into_iter().map(|note| note.note.text).collect()
}

#[test]
fn a_search_goes_on_where_its_page_ended() {
    let room = room();
    room.take_in((0..50).map(|n| signed(n, draft(0, u64::from(n), &format!("слово {n}"))))).unwrap();
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = room.search("слово", cursor, 7, |note| note.note.text != "слово 3").unwrap();
        found.extend(texts_of(page.notes));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let expected = (0..50).rev().filter(|n| *n != 3).map(|n| format!("слово {n}")).collect::<Vec<_>>();
    assert_eq!(found, expected);
}

#[test]
fn only_what_verifies_is_merged() {
    let room = room();
    let good = signed(1, draft(0, 1, "good"));
    let mut forged = good.encode();
    forged[150] ^= 1;
    let elsewhere = NoteDraft { room: RoomId([6; 32]), ..draft(1, 1, "elsewhere") }.sign(&writer(1)).encode();
    let ticket = TicketKey::from_seed([9; 32]).endorse(&ROOM, &writer(3).public());
    let stolen = NoteDraft { ticket: Some(ticket), ..draft(0, 1, "stolen ticket") }.sign(&writer(2)).encode();
    let borne = NoteDraft { ticket: Some(ticket), ..draft(0, 1, "ticket") }.sign(&writer(3)).encode();
    let early = NoteDraft { time: 5, ..draft(0, 1, "before the room") }.sign(&writer(4)).encode();
    let merged = room.merge([good.encode(), forged, elsewhere, stolen, borne, early, b"noise".to_vec()]).unwrap();
    assert_eq!((merged.refused, merged.taken.new), (5, 2));
    assert_eq!(all(&room).len(), 2);
    assert_eq!(room.signed(&[good.id()]).unwrap(), [good.encode()]);
    assert_sound(&room);
}

#[test]
fn flags_stand_in_no_page_and_are_found_by_what_they_flag() {
    let room = room();
    let note = signed(1, draft(0, 1, "note"));
    let flag =
        |n| signed(n, NoteDraft { what: What::Flag, parent: Some(note.id()), text: String::new(), ..draft(0, 2, "") });
    room.take_in([note.clone(), flag(2), flag(3)]).unwrap();
    assert_eq!(texts(&all(&room)), ["note"]);
    assert_eq!(room.flags(&note.id()).unwrap().len(), 2);
    assert_eq!(room.days().unwrap()[0].notes, 3);
    assert_sound(&room);
}

#[test]
fn a_room_is_found_again_and_is_no_other() {
    let home = tempfile::tempdir().unwrap();
    let rooms = Rooms::open(&home.path().join("rooms"));
    assert_eq!(rooms.held().unwrap(), []);
    rooms.room(&VENUE).unwrap().take_in([signed(1, draft(0, 1, "kept"))]).unwrap();
    let again = Rooms::open(&home.path().join("rooms"));
    assert_eq!(again.held().unwrap(), [VENUE]);
    assert_eq!(texts(&all(&again.room(&VENUE).unwrap())), ["kept"]);
    let other = Venue { first_day: FIRST_DAY + 1, ..VENUE };
    assert!(matches!(again.room(&other), Err(RoomError::Other { .. })));
    assert!(matches!(Rooms::open(&home.path().join("rooms")).room(&other), Err(RoomError::Other { .. })));
}

#[test]
fn damage_is_found_and_mended() {
    let parent = signed(1, draft(0, 5_000, "parent"));
    let answer = signed(2, NoteDraft { parent: Some(parent.id()), ..draft(0, 10, "answer") });
    let spoiled = signed(3, draft(0, 20, "spoiled"));
    let damages: [(&str, usize); 9] = [
        ("UPDATE notes SET note = CAST(substr(note, 1, 100) AS BLOB) WHERE row = 1", 2),
        ("UPDATE notes SET shown = shown - 1 WHERE row = 0", 3),
        ("DELETE FROM ids WHERE row % 2", 3),
        ("DELETE FROM places", 3),
        ("DELETE FROM in_order", 3),
        ("DELETE FROM replies", 3),
        ("UPDATE days SET notes = 7", 3),
        ("INSERT INTO words (words) VALUES ('delete-all')", 3),
        ("UPDATE notes SET row = row + 4194304 WHERE row = 1", 2),
    ];
    // Rows stand as the notes are shown by their own times: answer, spoiled, parent.
    for (damage, left) in damages {
        let room = room();
        room.take_in([&parent, &answer, &spoiled].map(Clone::clone)).unwrap();
        let before = all(&room);
        room.write(|tables, _| Ok(tables.connection.execute_batch(damage)?)).unwrap();
        assert_ne!(room.check().unwrap().findings, [], "{damage}");
        room.repair().unwrap();
        assert_sound(&room);
        let after = all(&room);
        assert_eq!(after.len(), left, "{damage}");
        assert!(after.iter().all(|note| before.contains(note)), "{damage}");
        room.take_in([spoiled.clone()]).unwrap();
        assert_eq!(all(&room), before, "{damage}");
    }
}

/// A small room, in which much happens at one place: few writers, days and slots, answers to anything, takings back.
fn some_notes() -> impl Strategy<Value = Vec<Verified<Note>>> {
    let one = (0..4_u8, 0..2_u8, 0..3_u64, 0..40_u64, 0..4_u8, any::<prop::sample::Index>(), 0..3_u8);
    proptest::collection::vec(one, 1..24).prop_map(|list| {
        let mut notes = Vec::<Verified<Note>>::new();
        for (number, slot, day, time, what, parent, seen) in list {
            let what = [What::Words, What::Words, What::TakenBack, What::Flag][usize::from(what)];
            let other = (!notes.is_empty()).then(|| notes[parent.index(notes.len())].id());
            let parent = other.filter(|_| what != What::TakenBack);
            let what = if parent.is_none() && what == What::Flag { What::Words } else { what };
            let text = if what == What::Words { format!("words {time}") } else { String::new() };
            let seen =
                (seen == 0).then_some(Seen { statement: [1; 16], time: u64::from(FIRST_DAY) * DAY_MS + time * 9 });
            let draft = NoteDraft { what, parent, seen, text, ..draft(slot, day * DAY_MS + time, "") };
            notes.push(signed(number, draft));
        }
        notes
    })
}

/// What the specification says of places and order, word for word.
fn plain(notes: &[Verified<Note>]) -> BTreeMap<NoteId, u64> {
    let place = |note: &Note| (note.entry(), note.day(), note.what == What::Flag, note.slot);
    let mut standing = BTreeMap::<_, &Note>::new();
    for note in notes {
        let held = standing.entry(place(note)).or_insert(note);
        if (note.what != What::TakenBack, note.id()) < (held.what != What::TakenBack, held.id()) {
            *held = note;
        }
    }
    let held = standing.into_values().map(|note| (note.id(), note)).collect::<BTreeMap<_, _>>();
    fn shown(held: &BTreeMap<NoteId, &Note>, note: &Note) -> u64 {
        let parent = note.parent.and_then(|parent| held.get(&parent)).map_or(0, |parent| shown(held, parent));
        note.time.max(note.seen.map_or(0, |seen| seen.time)).max(parent)
    }
    let words = held.iter().filter(|(_, note)| note.what != What::Flag);
    words.map(|(id, note)| (*id, shown(&held, note))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_order_in_any_batches_gives_the_room_that_the_specification_says(
        notes in some_notes(),
        order in any::<u64>(),
        at_once in 1..6_usize,
    ) {
        let mut shuffled = notes.clone();
        shuffled.sort_by_key(|note| longear_core::hash::labelled("order", &[&order.to_le_bytes(), &note.id().0]));
        let room = room();
        for batch in shuffled.chunks(at_once) {
            room.take_in(batch.iter().cloned()).unwrap();
        }
        let shown = all(&room).into_iter().map(|note| (note.id, note.shown_ms)).collect::<BTreeMap<_, _>>();
        prop_assert_eq!(shown, plain(&notes));
        prop_assert_eq!(room.check().unwrap().findings, []);
    }
}

#[test]
fn a_room_that_is_removed_leaves_nothing_and_can_begin_anew() {
    let folder = tempfile::tempdir().unwrap();
    let rooms = Rooms::open(folder.path());
    rooms.room(&VENUE).unwrap().take_in([signed(1, draft(0, 1, "gone"))]).unwrap();
    assert_eq!(rooms.held().unwrap(), [VENUE]);
    rooms.remove(&ROOM).unwrap();
    rooms.remove(&ROOM).unwrap();
    assert_eq!(rooms.held().unwrap(), []);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(all(&rooms.room(&VENUE).unwrap()).is_empty());
}

#[test]
fn how_much_space_rooms_have_is_remembered_and_who_wrote_no_number_is_told_where() {
    let folder = tempfile::tempdir().unwrap();
    let rooms = Rooms::open(&folder.path().join("rooms"));
    assert_eq!(rooms.space_bytes().unwrap(), ROOM_BYTES_DEFAULT);
    rooms.set_space_bytes(1 << 33).unwrap();
    assert_eq!(Rooms::open(&folder.path().join("rooms")).space_bytes().unwrap(), 1 << 33);
    assert_eq!(rooms.held().unwrap(), [], "the number is no room");
    std::fs::write(folder.path().join("rooms/space"), "much").unwrap();
    let error = rooms.space_bytes().unwrap_err().to_string();
    assert!(error.contains("rooms/space"), "{error}");
    rooms.set_space_bytes(1).unwrap();
    assert_eq!(rooms.space_bytes().unwrap(), ROOM_BYTES_MIN);
    let in_memory = Rooms::in_memory();
    in_memory.set_space_bytes(1 << 33).unwrap();
    assert_eq!(in_memory.space_bytes().unwrap(), 1 << 33);
}
