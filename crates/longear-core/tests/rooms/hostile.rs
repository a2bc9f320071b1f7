//! Notes of people who mean harm.

use longear_core::limits::{DAY_MS, NOTE_BYTES_MAX};
use longear_core::room::{
    Budget, Cuts, Decision, Fate, Ground, NoteDraft, NoteState, Room, Seen, Terms, Venue, View, What,
};
use longear_core::{Note, RoomId, verify};

use super::cast::{FIRST_DAY, OPEN, ROOM, TERMS, VENUE, Writer, force, noon, roll_of, room_of, ruling};

fn code<T>(result: Result<T, longear_core::Reason>) -> &'static str {
    result.err().map_or("accepted", |reason| reason.code())
}

#[test]
fn a_note_dated_before_the_room_is_refused() {
    let writer = Writer::member("Aida");
    let time = u64::from(FIRST_DAY) * DAY_MS;
    let dated = |time| NoteDraft { time, ..writer.draft(0, 0, "early") }.sign(&writer.key);
    assert_eq!(code(verify(&VENUE, dated(time - 1))), "bad-value");
    assert_eq!(code(verify(&VENUE, dated(time))), "accepted");
}

/// Whoever gets a ticket must not fill the days before it, on which nobody could answer.
#[test]
fn a_note_backdated_to_before_its_ticket_is_not_shown() {
    let (old, new) = (Writer::member("old"), Writer::member("new"));
    let later = ruling(1, 1, noon(3), vec![Decision::Tickets(vec![new.entry()])]);
    let force = force(&[roll_of([&old]), later]);
    let mut room = Room::new(VENUE);
    let backdated = new.note(2, 0, "I was here before");
    for note in [backdated.clone(), new.note(3, 0, "hello"), old.note(2, 0, "hello")] {
        room.insert(note);
    }
    let view = View::of(&room, TERMS, &force, noon(4));
    for line in view.lines() {
        let expected = if line.facts.id == backdated.id() { NoteState::Early } else { NoteState::Shown };
        assert_eq!(line.state, expected);
    }
}

#[test]
fn an_answer_does_not_stand_before_what_it_answers_whatever_its_date() {
    let (asking, answering) = (Writer::member("asks"), Writer::member("answers"));
    let question = asking.note(5, 0, "question");
    let answer = answering.answer(question.id(), 1, 0);
    let seen = Some(Seen { statement: [1; 16], time: noon(6) });
    let later = answering.sign(NoteDraft { seen, ..answering.draft(1, 1, "I saw a statement of day 6") });
    let room = room_of([&answer, &later, &question]);
    let force = force(&[roll_of([&asking, &answering])]);
    let view = View::of(&room, TERMS, &force, noon(7));
    let ids = view.lines().iter().map(|line| line.facts.id).collect::<Vec<_>>();
    let mut of_day_5 = [question.id(), answer.id()];
    of_day_5.sort_unstable();
    assert_eq!(ids[2], later.id());
    assert_eq!(ids[..2], of_day_5, "of one moment the smaller ID stands first");
    assert_eq!(view.lines()[0].shown_ms, noon(5));
}

#[test]
fn a_note_of_the_future_waits_and_an_answer_to_it_with_it() {
    let writer = Writer::member("Aida");
    let early = writer.note(9, 0, "from tomorrow");
    let answer = writer.answer(early.id(), 1, 0);
    let mut room = Room::new(VENUE);
    room.insert(early);
    room.insert(answer);
    let force = force(&[roll_of([&writer])]);
    let states = |now| View::of(&room, TERMS, &force, now).lines().iter().map(|line| line.state).collect::<Vec<_>>();
    assert_eq!(states(noon(9) - 3_600_001), [NoteState::Waiting; 2]);
    assert_eq!(states(noon(9) - 3_600_000), [NoteState::Shown; 2]);
}

/// The newest notes are kept first, and nothing is newer than the year 2100. One ticket would have been enough to fill a room.
#[test]
fn notes_of_the_future_take_no_room_from_those_of_today() {
    let (honest, hostile) = (Writer::member("honest"), Writer::member("hostile"));
    let kept = (0..4).map(|slot| honest.note(3, slot, "today")).collect::<Vec<_>>();
    let ahead = (5..300).map(|day| hostile.note(day, 0, "from the future")).collect::<Vec<_>>();
    let mut room = room_of(kept.iter().chain(&ahead));
    let force = force(&[roll_of([&honest, &hostile])]);
    let budget = Budget::new(4_000, &TERMS);
    room.drop_beyond(TERMS, &force, FIRST_DAY + 3, &budget, &mut Cuts::default());
    assert!(kept.iter().all(|note| room.note(&note.id()).is_some()));
    assert!(room.bytes() <= 4_000, "{} bytes", room.bytes());
}

/// A tenth was divided by the days of the retention; but there are today, tomorrow and what is dated ahead, too, so that strangers
/// filled a room of one day to thirteen tenths of what it may take.
#[test]
fn strangers_on_every_day_that_is_kept_and_on_every_day_to_come_stay_within_the_budget() {
    let terms = Terms { retention_days: 1, ..OPEN };
    let member = Writer::member("member");
    let members = (0..64).map(|slot| member.note(3, slot, &"x".repeat(500)));
    let strangers = (0..200).map(|number| (Writer::stranger(&format!("stranger {number}")), number % 5 + 2));
    let notes = members.chain(strangers.map(|(writer, day)| writer.note(day, 0, "a note"))).collect::<Vec<_>>();
    let mut room = room_of(&notes);
    let (terms_of_all, force) = (Terms { notes_per_day: 64, ..terms }, force(&[roll_of([&member])]));
    let budget = Budget::new(20_000, &terms);
    room.drop_beyond(terms_of_all, &force, FIRST_DAY + 3, &budget, &mut Cuts::default());
    assert!(room.bytes() > 18_000 && room.bytes() <= 20_000, "{} bytes", room.bytes());
}

#[test]
fn a_note_of_another_room_is_refused_and_so_is_its_signature_here() {
    let writer = Writer::member("Aida");
    let note = writer.note(0, 0, "said there").into_inner();
    let other = RoomId([8; 32]);
    let venue = Venue { room: other, ..VENUE };
    assert_eq!(code(verify(&venue, note.clone())), "bad-value");
    assert_eq!(code(verify(&venue, Note { room: other, ..note.clone() })), "bad-signature");
    // One that was verified for its own room, put into this one by mistake.
    let mut room = Room::new(venue);
    assert_eq!(room.insert(verify(&VENUE, note).unwrap()), Fate::Foreign);
    assert!(room.is_empty());
}

#[test]
fn a_note_that_comes_again_or_under_another_name_changes_nothing() {
    let (writer, other) = (Writer::member("Aida"), Writer::member("Bolat"));
    let note = writer.note(0, 0, "once");
    let mut room = Room::new(VENUE);
    assert_eq!([(); 3].map(|()| room.insert(note.clone())), [Fate::Taken, Fate::Known, Fate::Known]);
    let stolen = Note { key: other.key.public(), ..note.clone().into_inner() };
    assert_eq!(code(verify(&VENUE, stolen)), "bad-signature");
    assert_eq!((room.len(), room.bytes()), (1, u64::from(room.note(&note.id()).unwrap().facts.bytes)));
}

#[test]
fn a_note_that_is_too_large_is_refused_before_it_is_read() {
    let writer = Writer::stranger("Aida");
    let whole = writer.draft(0, 0, &"x".repeat(1_600)).sign(&writer.key).encode();
    assert_eq!(code(Note::decode(&whole)), "accepted");
    let longer = writer.draft(0, 0, &"x".repeat(1_601)).sign(&writer.key).encode();
    assert_eq!(code(Note::decode(&longer)), "too-long");
    // Nothing of it is a note; that it is too long is seen first.
    assert_eq!(code(Note::decode(&vec![0; NOTE_BYTES_MAX + 1])), "too-long");
    assert_eq!(code(Note::decode(&vec![0; NOTE_BYTES_MAX])), "bad-magic");
}

#[test]
fn a_note_of_which_one_bit_is_another_is_refused() {
    let writer = Writer::member("Aida");
    let parent = Some(longear_core::NoteId([9; 32]));
    let seen = Some(Seen { statement: [4; 16], time: 9 });
    let bytes = NoteDraft { parent, seen, ..writer.draft(0, 1, "as it was said") }.sign(&writer.key).encode();
    for place in 0..bytes.len() {
        for bit in [0, 7] {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            let refused = Note::decode(&changed).and_then(|note| verify(&VENUE, note));
            assert!(refused.is_err(), "byte {place}, bit {bit}");
        }
    }
}

/// More keys, more notes? A ticket is one voice, whatever keys it vouches for.
#[test]
fn a_ticket_shared_by_many_keys_has_one_quota() {
    let shared = Writer::member("shared");
    let keys =
        (0..20).map(|number| Writer { ticket: shared.ticket.clone(), ..Writer::stranger(&format!("key {number}")) });
    let notes =
        keys.flat_map(|writer| [0, 1, 2, 3, 4, 5].map(|slot| writer.note(0, slot, "again"))).collect::<Vec<_>>();
    let room = room_of(&notes);
    let force = force(&[roll_of([&shared])]);
    let view = View::of(&room, TERMS, &force, noon(1));
    let count = |state| view.lines().iter().filter(|line| line.state == state).count();
    assert_eq!((count(NoteState::Shown), count(NoteState::Beyond)), (4, 2));
}

/// Strangers mint keys for nothing: each has a note more, in the tenth that is theirs.
#[test]
fn strangers_who_mint_keys_take_nothing_from_the_roll() {
    let members = (0..10).map(|number| Writer::member(&format!("member {number}"))).collect::<Vec<_>>();
    let minted = (0..500).map(|number| Writer::stranger(&format!("minted {number}"))).collect::<Vec<_>>();
    let notes = members.iter().chain(&minted).map(|writer| writer.note(0, 0, "a note")).collect::<Vec<_>>();
    let mut room = room_of(&notes);
    let force = force(&[roll_of(&members)]);
    let budget = Budget::new(20_000, &OPEN);
    room.drop_beyond(OPEN, &force, FIRST_DAY, &budget, &mut Cuts::default());
    let left = |has_ticket| room.notes().filter(|held| held.facts.has_ticket == has_ticket).count();
    assert_eq!((left(true), left(false)), (10, 0), "a thirty-third of a tenth of 20,000 bytes is less than a note");
    let mut cuts = Cuts::default();
    room.drop_beyond(OPEN, &force, FIRST_DAY, &budget, &mut cuts);
    assert_eq!((cuts, room.len()), (Cuts::default(), 10));
}

/// Ranks alone gave whoever writes most nearly all of a full room: everybody's first note of each day came before anybody's
/// second, and who holds one ticket of five filled the room with the first, the second and the third.
#[test]
fn what_a_member_wrote_stays_as_far_as_his_share_goes_whatever_others_write_and_a_thief_pins() {
    let terms = Terms { notes_per_day: 64, ..OPEN };
    let members = (0..10).map(|number| Writer::member(&format!("member {number}"))).collect::<Vec<_>>();
    let (honest, hostile) = members.split_first().unwrap();
    let words = (10..14).flat_map(|slot| [0, 1].map(|day| honest.note(day, slot, "said late on an old day")));
    let words = words.collect::<Vec<_>>();
    let flood = hostile.iter().flat_map(|one| (0..30).map(|slot| one.note(3, slot, &"x".repeat(1_000))));
    let flood = flood.collect::<Vec<_>>();
    let pins = flood.iter().map(|note| Decision::Pin { note: note.id() }).collect::<Vec<_>>();
    let force = force(&[roll_of(&members), ruling(2, 0, noon(3), pins)]);
    let budget = Budget::new(50_000, &terms);
    let share = words.iter().map(|note| u64::from(longear_core::room::Facts::of(note).bytes)).sum::<u64>();
    assert!(share <= budget.share_bytes(members.len()), "{share} bytes are no more than a share");
    let mut room = room_of(words.iter().chain(&flood));
    room.drop_beyond(terms, &force, FIRST_DAY + 3, &budget, &mut Cuts::default());
    assert!(words.iter().all(|note| room.note(&note.id()).is_some()));
    assert!(room.len() > words.len() && room.bytes() <= 50_000, "{} bytes", room.bytes());
}

/// What is purged must not come back under another ID of its place that its writer kept ready.
#[test]
fn a_purge_leaves_its_place_to_no_other_words_of_a_larger_id() {
    let writer = Writer::member("Aida");
    let mut notes = (0..6).map(|number| writer.note(0, 0, &format!("words {number}"))).collect::<Vec<_>>();
    notes.sort_by_key(|note| note.id());
    let facts = longear_core::room::Facts::of(&notes[2]);
    let purge = Decision::Purge { note: facts.id, spot: facts.spot, ground: Ground::PersonalData };
    let force = force(&[roll_of([&writer]), ruling(1, 1, noon(0), vec![purge])]);
    let states = |notes: &[longear_core::Verified<Note>]| {
        let mut room = room_of(notes);
        room.drop_purged_and_old(TERMS, &force, None);
        View::of(&room, TERMS, &force, noon(1)).lines().iter().map(|line| line.facts.id).collect::<Vec<_>>()
    };
    assert!(states(&notes[2..]).is_empty() && states(&notes[3..]).is_empty());
    assert_eq!(states(&notes[1..]), [notes[1].id()]);
    let back = writer.takes_back(0, 0);
    assert_eq!(states(&[notes[3].clone(), back.clone()]), [back.id()], "it may be taken back all the same");
    assert_eq!(back.what, What::TakenBack);
    assert_eq!(force.graves().collect::<Vec<_>>(), [(facts.spot, facts.id)]);
    assert_eq!(ROOM, VENUE.room);
}

/// A moderator's mistake, or a thief's purpose. A copy that got the note first dropped others for it; one that got the purge
/// first must not show them.
#[test]
fn a_purge_that_names_another_place_purges_nothing() {
    let writer = Writer::member("Aida");
    let facts = longear_core::room::Facts::of(&writer.note(0, 0, "words"));
    let back = longear_core::room::Facts::of(&writer.takes_back(0, 0));
    let state = |facts: &longear_core::room::Facts, spot| {
        let purge = Decision::Purge { note: facts.id, spot, ground: Ground::Other };
        let force = force(&[roll_of([&writer]), ruling(1, 1, noon(0), vec![purge])]);
        (TERMS.state(&force, facts, facts.floor_ms, noon(1)), force.refuses(facts))
    };
    assert_eq!(state(&facts, facts.spot), (NoteState::Purged, true));
    let elsewhere = longear_core::room::Spot { slot: 1, ..facts.spot };
    assert_eq!(state(&facts, elsewhere), (NoteState::Shown, false));
    assert_eq!(state(&back, back.spot), (NoteState::Shown, false), "it has no words that could be dropped");
}

/// Ranks followed lifts and bans: a thief of one moderator's key lifted what admits everybody, or banned everybody, every node
/// dropped everybody's notes, and the charter that closed the log brought none of them back.
#[test]
fn a_thief_who_bans_everybody_and_lifts_the_roll_has_no_note_dropped() {
    let members = (0..20).map(|number| Writer::member(&format!("member {number}"))).collect::<Vec<_>>();
    let notes = members.iter().flat_map(|member| [0, 3].map(|day| member.note(day, 0, "a note"))).collect::<Vec<_>>();
    let roll = roll_of(&members);
    let entries = members.iter().map(Writer::entry).collect::<std::collections::BTreeSet<_>>();
    let ban = |entry| Decision::Ban { entry, first_day: 0, ground: Ground::Advertising };
    let lift = Decision::Lift { item: roll.item, index: 0 };
    let mut list = vec![lift, Decision::Tickets(entries.iter().copied().collect())];
    list.extend(entries.into_iter().map(ban));
    let thief = ruling(2, 0, noon(2), list);
    for terms in [TERMS, OPEN] {
        let mut room = room_of(&notes);
        let budget = Budget::new(60_000, &terms);
        let stolen = force(&[roll.clone(), thief.clone()]);
        room.drop_beyond(terms, &stolen, FIRST_DAY + 3, &budget, &mut Cuts::default());
        assert_eq!(room.len(), 40);
        let states =
            |force| View::of(&room, terms, force, noon(4)).lines().iter().map(|line| line.state).collect::<Vec<_>>();
        assert_eq!(states(&stolen), [NoteState::Banned; 40], "until the thief's log is closed");
        assert_eq!(states(&force(std::slice::from_ref(&roll))), [NoteState::Shown; 40]);
    }
}

#[test]
fn a_lift_of_what_admits_counts_for_nothing() {
    let member = Writer::member("Aida");
    let roll = roll_of([&member]);
    let thief = ruling(2, 0, noon(3), vec![Decision::Lift { item: roll.item, index: 0 }]);
    assert_eq!(force(&[roll.clone(), thief]), force(&[roll]));
}
