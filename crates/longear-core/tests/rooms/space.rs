//! Space to the byte, and what asks for which part of it.

use longear_core::room::{Budget, Cell, Cuts, Facts, Room};
use longear_core::{Note, Verified};

use super::cast::{FIRST_DAY, OPEN, Writer, force, roll_of, room_of};

/// What goes off each share.
const SHORT_NOTE_BYTES: u64 = 512;

fn bytes(notes: &[Verified<Note>]) -> u64 {
    notes.iter().map(|note| u64::from(Facts::of(note).bytes)).sum()
}

/// How many of these notes a room keeps that has a roll of their writer, or none.
fn kept(notes: &[Verified<Note>], roll: &[Writer], budget: Budget) -> usize {
    let mut room: Room = room_of(notes);
    let decisions = if roll.is_empty() { Vec::new() } else { vec![roll_of(roll)] };
    room.drop_beyond(OPEN, &force(&decisions), FIRST_DAY, &budget, &mut Cuts::default());
    room.len()
}

#[test]
fn notes_that_fill_a_share_or_a_room_to_the_byte_stay_and_the_last_goes_for_one_byte() {
    let writer = Writer::member("Aida");
    let notes = [0, 1, 2].map(|slot| writer.note(0, slot, &"x".repeat(100 + usize::from(slot))));
    let all = bytes(&notes);
    let share = |shares_bytes| Budget { main_bytes: all, shares_bytes, day_bytes: 0 };
    let roll = [writer];
    assert_eq!(kept(&notes, &roll, share(all + SHORT_NOTE_BYTES)), 3);
    assert_eq!(kept(&notes, &roll, share(all + SHORT_NOTE_BYTES - 1)), 2, "one byte is left beside the share");
    let rest = |main_bytes| Budget { main_bytes, shares_bytes: 0, day_bytes: 0 };
    for roll in [&[][..], &roll] {
        assert_eq!([all - 1, all].map(|bytes| kept(&notes, roll, rest(bytes))), [2, 3]);
    }
}

#[test]
fn entries_of_the_roll_have_shares_and_where_there_is_no_roll_nobody_has() {
    let (member, stranger) = (Writer::member("Aida"), Writer::stranger("Bolat"));
    let cell = |decisions: &[_], writer: &Writer, day| {
        let note = writer.note(day, 0, "a note");
        room_of([&note]).ranking(OPEN, &force(decisions), FIRST_DAY + 3).rank(&Facts::of(&note)).1
    };
    let roll = [roll_of([&member])];
    assert_eq!(cell(&roll, &member, 0), Cell::Share(member.entry()));
    assert_eq!(cell(&roll, &stranger, 0), Cell::Day(FIRST_DAY));
    assert_eq!(cell(&[], &stranger, 0), Cell::Main);
    assert_eq!(cell(&roll, &member, 4), Cell::Share(member.entry()), "tomorrow is not ahead");
    assert_eq!(cell(&roll, &member, 5), Cell::Ahead);
}
