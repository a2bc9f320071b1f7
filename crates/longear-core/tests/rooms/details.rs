//! What copies hold, what a view counts, and what digests take, at their edges.

use longear_core::limits::DIGEST_NOTES_MAX;
use longear_core::room::{Decision, Facts, Ground, Room, Standing, Venue, View};
use longear_core::{Note, NoteId, RoomId, Verified};

use super::cast::{FIRST_DAY, OPEN, TERMS, VENUE, Writer, force, noon, roll_of, room_of, ruling};

fn ids<'a>(notes: impl IntoIterator<Item = &'a Verified<Note>>) -> Vec<NoteId> {
    notes.into_iter().map(|note| note.id()).collect()
}

#[test]
fn copies_are_the_same_where_they_hold_the_same_notes_of_one_room() {
    let notes = ["Aida", "Bolat"].map(|name| Writer::member(name).note(0, 0, "words"));
    assert_eq!(room_of(&notes), room_of(notes.iter().rev()));
    assert_ne!(room_of(&notes), room_of(&notes[..1]));
    assert_ne!(room_of(&notes[1..]), room_of(&notes[..1]));
    assert_ne!(Room::new(Venue { room: RoomId([8; 32]), ..VENUE }), Room::new(VENUE));
}

#[test]
fn notes_of_a_digest_are_held_by_who_has_nothing_but_the_digest() {
    let note = Writer::member("Aida").note(0, 0, "the best of its day");
    let digest = Decision::Digest { day: FIRST_DAY, notes: vec![note.clone().into_inner()] };
    let mut room = Room::new(VENUE);
    assert!(room.is_empty());
    room.take_digests(&force(&[ruling(1, 0, noon(1), vec![digest])]));
    assert!(!room.is_empty());
    assert_eq!(room, room_of([&note]));
}

#[test]
fn a_hidden_answer_is_no_reply_and_only_what_is_pinned_is_marked_so() {
    let (asking, answering) = (Writer::member("asks"), Writer::member("answers"));
    let question = asking.note(0, 0, "question");
    let [shown, hidden] = [0, 1].map(|slot| answering.answer(question.id(), 1, slot));
    let decisions =
        vec![Decision::Hide { note: hidden.id(), ground: Ground::Rule(1) }, Decision::Pin { note: question.id() }];
    let force = force(&[roll_of([&asking, &answering]), ruling(2, 0, noon(0), decisions)]);
    let view = View::of(&room_of([&question, &shown, &hidden]), TERMS, &force, noon(2));
    let line = |note: &Note| view.lines().iter().find(|line| line.facts.id == note.id()).unwrap();
    assert_eq!((line(&question).replies, line(&shown).replies), (1, 0));
    assert_eq!([&question, &shown, &hidden].map(|note| line(note).is_pinned), [true, false, false]);
}

/// The room allows four notes a day; how many notes somebody flags is another matter.
#[test]
fn a_member_may_flag_more_notes_than_he_may_write() {
    let (member, stranger) = (Writer::member("member"), Writer::stranger("stranger"));
    let note = stranger.note(0, 0, "an advertisement").id();
    let force = force(&[roll_of([&member])]);
    let standing = |note: &Note| OPEN.standing(&force, &Facts::of(note));
    assert_eq!(standing(&member.flag(note, 0, 15)), Standing::Full);
    assert_eq!(standing(&member.note(0, 15, "words")), Standing::Beyond);
    assert_eq!(standing(&stranger.flag(note, 0, 0)), Standing::Beyond);
}

/// A writer answers himself, four notes a day; the last of them stands on the fifth day.
fn thread(writer: &Writer, length: usize) -> Vec<Verified<Note>> {
    let mut notes = vec![writer.note(0, 0, "the first")];
    for number in 1..length - 1 {
        notes.push(writer.answer(notes[number - 1].id(), number as u32 / 4, number as u8 % 4));
    }
    notes.push(writer.answer(notes[length - 2].id(), 5, 0));
    notes
}

#[test]
fn a_digest_is_suggested_up_to_its_last_note_and_no_further() {
    let writers = (0..6).map(|number| Writer::member(&format!("writer {number}"))).collect::<Vec<_>>();
    let [popular, next] = [0, 1].map(|number| thread(&writers[number], DIGEST_NOTES_MAX / 2));
    let last = writers[2].note(5, 0, "one answers this");
    let answers = [(&popular[11], 3..6), (&next[11], 4..6), (&last, 5..6)].into_iter().zip(0..);
    let answers = answers.flat_map(|((note, who), slot)| who.map(move |number| (number, note.id(), slot)));
    let answers = answers.map(|(number, note, slot)| writers[number].answer(note, 5, slot)).collect::<Vec<_>>();
    let suggested = |notes: &[&Verified<Note>]| {
        let room = room_of(notes.iter().copied().chain(&answers));
        View::of(&room, TERMS, &force(&[roll_of(&writers)]), noon(6)).digest_suggestions(&room, FIRST_DAY + 5)
    };
    let whole = popular.iter().chain(&next).chain([&last]).collect::<Vec<_>>();
    assert_eq!(suggested(&whole), ids(popular.iter().chain(&next)), "there is no place for one more");
    // Whoever lacks the first note of a thread takes it for one that begins with the second.
    assert_eq!(suggested(&whole[1..]), ids(whole[1..].iter().copied()));
}
