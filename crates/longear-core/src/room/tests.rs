//! Codecs of rooms, and what is verified of notes.

use super::*;
use crate::id::ItemId;
use crate::keys::{PublicKey, SecretKey};
use crate::kind::Kind;
use crate::limits::{DAY_MS, DECISIONS_MAX, NOTE_BYTES_MAX, NOTE_TEXT_BYTES_MAX, ROOM_RULES_MAX};
use crate::reason::Reason;
use crate::verify::verify;

const ROOM: RoomId = RoomId([7; 32]);
const FIRST_DAY: u32 = 20_605;
const VENUE: Venue = Venue { room: ROOM, first_day: FIRST_DAY };

fn draft(text: &str) -> NoteDraft {
    NoteDraft {
        room: ROOM,
        what: What::Words,
        slot: 0,
        time: u64::from(FIRST_DAY) * DAY_MS + 5,
        parent: None,
        seen: None,
        stamp: 0,
        ticket: None,
        text: text.to_owned(),
    }
}

fn writer(number: u8) -> SecretKey {
    SecretKey::from_seed([number; 32])
}

fn with_ticket(ticket: u8, number: u8) -> NoteDraft {
    let ticket = TicketKey::from_seed([ticket; 32]).endorse(&ROOM, &writer(number).public());
    NoteDraft { ticket: Some(ticket), ..draft("hello") }
}

fn code<T>(result: Result<T, crate::Reason>) -> Result<T, &'static str> {
    result.map_err(|reason| reason.code())
}

#[test]
fn notes_come_back_as_they_were_written() {
    let parent = Some(NoteId([3; 32]));
    let seen = Some(Seen { statement: [4; 16], time: 9 });
    let drafts = [
        draft("hello\nthere"),
        NoteDraft { parent, seen, stamp: u64::MAX, ..with_ticket(1, 1) },
        NoteDraft { what: What::TakenBack, slot: 63, ..draft("") },
        NoteDraft { what: What::Flag, slot: 15, parent, ..draft("") },
        draft(&"x".repeat(NOTE_TEXT_BYTES_MAX)),
    ];
    for draft in drafts {
        let note = draft.sign(&writer(1));
        assert_eq!(Note::decode(&note.encode()), Ok(note.clone()));
        assert!(note.encode().len() <= NOTE_BYTES_MAX);
        assert!(verify(&VENUE, note).is_ok());
    }
}

#[test]
fn what_contradicts_itself_is_no_note() {
    let parent = Some(NoteId([3; 32]));
    let bad = [
        (NoteDraft { slot: 64, ..draft("a") }, "bad-value"),
        (NoteDraft { what: What::Flag, slot: 16, parent, ..draft("") }, "bad-value"),
        (NoteDraft { what: What::Flag, ..draft("") }, "bad-value"),
        (NoteDraft { what: What::TakenBack, parent, ..draft("") }, "bad-value"),
        (NoteDraft { what: What::TakenBack, ..draft("a") }, "bad-value"),
        (NoteDraft { seen: Some(Seen { statement: [0; 16], time: 9 }), ..draft("a") }, "bad-value"),
        (NoteDraft { seen: Some(Seen { statement: [1; 16], time: 0 }), ..draft("a") }, "bad-value"),
        (NoteDraft { time: 1 << 53, ..draft("a") }, "bad-value"),
        (draft(""), "bad-value"),
        (draft("bell \u{7}"), "bad-value"),
        (draft("\u{9b}1m"), "bad-value"),
        (draft("line\r\n"), "bad-value"),
        (draft(&"x".repeat(NOTE_TEXT_BYTES_MAX + 1)), "too-long"),
        (draft(&"x".repeat(NOTE_BYTES_MAX)), "too-long"),
    ];
    for (draft, expected) in bad {
        let bytes = draft.clone().sign(&writer(1)).encode();
        assert_eq!(code(Note::decode(&bytes)).err(), Some(expected), "{draft:?}");
    }
}

#[test]
fn a_note_counts_only_in_its_room_from_its_first_day_on() {
    let note = draft("a").sign(&writer(1));
    assert_eq!(code(verify(&Venue { room: RoomId([8; 32]), ..VENUE }, note.clone())).err(), Some("bad-value"));
    assert_eq!(code(verify(&Venue { first_day: FIRST_DAY + 1, ..VENUE }, note.clone())).err(), Some("bad-value"));
    let moved = Note { room: RoomId([8; 32]), ..note };
    assert_eq!(code(verify(&Venue { room: RoomId([8; 32]), ..VENUE }, moved)).err(), Some("bad-signature"));
}

#[test]
fn a_ticket_vouches_for_one_writer_in_one_room() {
    let note = with_ticket(1, 1).sign(&writer(1));
    assert!(verify(&VENUE, note.clone()).is_ok());
    let stolen = NoteDraft { ticket: note.ticket, ..draft("a") }.sign(&writer(2));
    assert_eq!(code(verify(&VENUE, stolen)).err(), Some("bad-signature"), "another writer's ticket");
    let elsewhere = TicketKey::from_seed([1; 32]).endorse(&RoomId([8; 32]), &writer(1).public());
    let foreign = NoteDraft { ticket: Some(elsewhere), ..draft("a") }.sign(&writer(1));
    assert_eq!(code(verify(&VENUE, foreign)).err(), Some("bad-signature"), "a ticket's word in another room");
}

#[test]
fn one_ticket_is_one_entry_whatever_keys_it_vouches_for() {
    let [first, second] = [1, 2].map(|number| with_ticket(9, number).sign(&writer(number)));
    assert_eq!(first.entry(), second.entry());
    assert_eq!(first.entry(), TicketKey::from_seed([9; 32]).entry(&ROOM));
    let without = draft("a").sign(&writer(1));
    assert!(without.entry() != first.entry() && without.entry() == Entry::of_writer(&ROOM, &writer(1).public()));
    assert!(Entry::of_writer(&ROOM, &without.key) != Entry::of_ticket(&ROOM, &without.key));
}

/// What is remembered of one good signature must not let a bad one pass, of the same ticket for the same writer.
#[test]
fn a_remembered_endorsement_lets_no_other_one_pass() {
    let mut known = Endorsements::default();
    let good = with_ticket(1, 1).sign(&writer(1));
    let mut ticket = good.ticket.unwrap();
    ticket.signature[0] ^= 1;
    let bad = NoteDraft { ticket: Some(ticket), ..draft("a") }.sign(&writer(1));
    for _ in 0..2 {
        assert!(verify_note(&VENUE, good.clone(), &mut known).is_ok());
        assert_eq!(code(verify_note(&VENUE, bad.clone(), &mut known)).err(), Some("bad-signature"));
    }
    assert_eq!(known.len(), 1);
    let mutated = Note { text: "other".to_owned(), ..good };
    assert_eq!(code(verify_note(&VENUE, mutated, &mut known)).err(), Some("bad-signature"));
}

#[test]
fn a_note_does_not_take_its_own_place() {
    let [one, other] = ["one", "other"].map(|text| Facts::of(&draft(text).sign(&writer(1))));
    assert!(!one.beats(&one) && one.beats(&other) != other.beats(&one));
}

#[test]
fn a_room_has_the_folder_that_the_first_half_of_its_id_names() {
    let room = RoomId(core::array::from_fn(|at| at as u8));
    assert_eq!(room.folder(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
}

fn opening() -> Opening {
    Opening {
        language: "kk".to_owned(),
        title: "Алаң".to_owned(),
        rules: vec!["Be kind.".to_owned(), "Name nobody.".to_owned()],
        admission: Admission::Tickets,
        notes_per_day: 12,
        retention_days: 30,
        under: None,
    }
}

#[test]
fn openings_come_back_as_they_were_written() {
    for opening in [
        opening(),
        Opening { admission: Admission::Open, rules: Vec::new(), under: Some(ItemId([5; 32])), ..opening() },
        Opening { notes_per_day: 64, retention_days: 366, language: String::new(), ..opening() },
        Opening { rules: vec!["x".repeat(512); ROOM_RULES_MAX], title: "x".repeat(256), ..opening() },
    ] {
        assert_eq!(Opening::decode(&opening.encode()), Ok(opening.clone()));
        assert_eq!(opening.check(), Ok(()));
    }
    let bad = [
        (Opening { title: String::new(), ..opening() }, "bad-value"),
        (Opening { title: "x".repeat(257), ..opening() }, "too-long"),
        (Opening { language: "k k".to_owned(), ..opening() }, "bad-value"),
        (Opening { rules: vec![String::new()], ..opening() }, "bad-value"),
        (Opening { rules: vec!["x".repeat(513)], ..opening() }, "too-long"),
        (Opening { rules: vec!["x".to_owned(); 17], ..opening() }, "too-many"),
        (Opening { rules: vec!["x".to_owned(); 256], ..opening() }, "too-many"),
        (Opening { notes_per_day: 0, ..opening() }, "bad-value"),
        (Opening { notes_per_day: 65, ..opening() }, "bad-value"),
        (Opening { retention_days: 0, ..opening() }, "bad-value"),
        (Opening { retention_days: 367, ..opening() }, "bad-value"),
    ];
    for (opening, expected) in bad {
        assert_eq!(code(opening.check()).err(), Some(expected), "{opening:?}");
    }
}

/// No opening is as long as a payload may be; that it is too long is seen before anything is read.
#[test]
fn an_opening_that_is_too_long_is_refused_before_it_is_read() {
    let max = Kind::Room.payload_bytes_max();
    assert_eq!(code(Opening::decode(&vec![0; max])), Err("newer-version"));
    assert_eq!(code(Opening::decode(&vec![0; max + 1])), Err("too-long"));
}

fn decisions(list: Vec<Decision>) -> Decisions {
    Decisions { room: ROOM, list }
}

fn entries(count: u32) -> Vec<Entry> {
    (0..count).map(|number| Entry(u64::from(number).to_be_bytes())).collect()
}

#[test]
fn decisions_come_back_as_they_were_written() {
    let note = NoteId([3; 32]);
    let spot = Spot { entry: Entry([1; 8]), day: FIRST_DAY, slot: 63 };
    let digest = |count| Decision::Digest { day: FIRST_DAY, notes: vec![with_ticket(1, 1).sign(&writer(1)); count] };
    let all = decisions(vec![
        Decision::Hide { note, ground: Ground::Rule(16) },
        Decision::Purge { note, spot, ground: Ground::PersonalData },
        Decision::Ban { entry: Entry([1; 8]), first_day: u32::MAX, ground: Ground::Other },
        Decision::Pin { note },
        Decision::Lift { item: ItemId([2; 32]), index: 254 },
        Decision::Tickets(entries(256)),
        Decision::Writers(entries(1)),
        digest(24),
        Decision::Close,
    ]);
    assert_eq!(Decisions::decode(&all.encode()), Ok(all.clone()));
    let bad = [
        (vec![], "bad-value"),
        (vec![Decision::Close; 256], "too-many"),
        (vec![Decision::Tickets(entries(257))], "too-many"),
        (vec![Decision::Writers(vec![])], "bad-value"),
        (vec![Decision::Writers(vec![Entry([2; 8]), Entry([1; 8])])], "not-canonical"),
        (vec![Decision::Writers(vec![Entry([2; 8]); 2])], "not-canonical"),
        (vec![Decision::Hide { note, ground: Ground::Rule(17) }], "bad-value"),
        (vec![Decision::Purge { note, spot: Spot { slot: 64, ..spot }, ground: Ground::Other }], "bad-value"),
        (vec![digest(0)], "bad-value"),
        (vec![digest(25)], "too-many"),
        (vec![Decision::Digest { day: 0, notes: vec![draft("").sign(&writer(1))] }], "bad-value"),
    ];
    for (list, expected) in bad {
        assert_eq!(code(decisions(list).check()).err(), Some(expected));
    }
}

#[test]
fn a_moderation_item_is_full_with_its_last_decision_and_its_last_byte() {
    assert_eq!(decisions(vec![Decision::Close; DECISIONS_MAX]).check(), Ok(()));
    let mut list = vec![Decision::Writers(entries(256)); 31];
    list.push(Decision::Tickets(entries(239)));
    list.extend(vec![Decision::Close; 6]);
    let mut full = decisions(list);
    assert_eq!(full.encode().len(), Kind::Moderation.payload_bytes_max());
    assert_eq!(full.check(), Ok(()));
    full.list.push(Decision::Close);
    assert_eq!(code(full.check()), Err("too-long"));
}

#[test]
fn a_note_in_a_digest_may_be_as_long_as_a_note() {
    let refused = |text_bytes| {
        let note = draft(&"x".repeat(text_bytes)).sign(&writer(1));
        let length = note.encode().len();
        (length, decisions(vec![Decision::Digest { day: FIRST_DAY, notes: vec![note] }]).check().err())
    };
    let too_long = |what, max| Some(Reason::TooLong { what, max });
    // No text fills a note that carries no ticket.
    assert_eq!(refused(1_839), (NOTE_BYTES_MAX, too_long("text", NOTE_TEXT_BYTES_MAX)));
    assert_eq!(refused(1_840), (NOTE_BYTES_MAX + 1, too_long("note", NOTE_BYTES_MAX)));
}

/// Programs that read `--json` and pages in the app go by them.
#[test]
fn states_and_grounds_are_called_what_they_were() {
    let grounds = [Ground::Rule(3), Ground::PersonalData, Ground::Threats, Ground::Advertising, Ground::Invented];
    assert_eq!(grounds.map(Ground::name), ["rule", "personal-data", "threats", "advertising", "invented"]);
    assert_eq!((Ground::Rule(16).name(), Ground::Other.name()), ("rule", "other"));
    let states = [NoteState::Purged, NoteState::Waiting, NoteState::Banned, NoteState::Early];
    assert_eq!(states.map(NoteState::name), ["purged", "waiting", "banned", "early"]);
    let states = [NoteState::Beyond, NoteState::Hidden, NoteState::Shown];
    assert_eq!(states.map(NoteState::name), ["beyond", "hidden", "shown"]);
}

#[test]
fn a_ground_has_one_number() {
    for number in 0..=255 {
        let known = (1..=16).contains(&number) || (64..=68).contains(&number);
        assert_eq!(Ground::from_number(number).is_ok(), known, "{number}");
        assert!(Ground::from_number(number).map_or(true, |ground| ground.number() == number));
    }
}

/// Names are for the eye; that they are spread is all that they promise.
#[test]
fn names_depend_on_key_and_room() {
    let key = |number| PublicKey([number; 32]);
    let names = (0..=255).map(|number| Pseudonym::of(&ROOM, &key(number))).collect::<std::collections::HashSet<_>>();
    assert!(names.len() > 250);
    assert!(names.iter().all(|name| name.adjective < 128 && name.noun < 128 && name.border < 16 && name.fill < 16));
    assert!(names.iter().any(|name| name.adjective > 120) && names.iter().any(|name| name.fill == 15));
    assert_ne!(Pseudonym::of(&ROOM, &key(1)), Pseudonym::of(&RoomId([8; 32]), &key(1)));
}
