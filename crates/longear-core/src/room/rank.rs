//! What is sent first and dropped last.

use core::cmp::Reverse;

use super::budget::Asking;
use super::force::Force;
use super::name::{Entry, NoteId};
use super::place::{Facts, STAMP_BITS_MAX};
use super::standing::{Standing, Terms};
use crate::sorted::SortedSet;

/// A note's place in the order of sending; the smallest goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    class: u8,
    slot: u8,
    is_flag: bool,
    day: Reverse<u32>,
    missing_stamp: u8,
    is_words: bool,
    id: NoteId,
}

/// Which part of a budget a note is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// Class 0, what of class 1 is in no share, and class 1 where there is no roll.
    Main,
    /// Class 1, of an entry on the roll: in its share of the room, or in [`Cell::Main`].
    Share(Entry),
    /// Classes 2 and 3 of a day.
    Day(u32),
    /// All that is dated after tomorrow.
    Ahead,
}

/// All that ranks depend on besides the notes. Made anew when the decisions in force change, and each day.
#[derive(Clone, Debug)]
pub struct Ranking<'a> {
    terms: Terms,
    force: &'a Force,
    first: SortedSet<NoteId>,
    today: u32,
}

impl Rank {
    /// Bytes whose order is that of ranks.
    pub const BYTES: usize = 41;

    /// 0 what moderators chose, 1 of members, 2 in the lane, 3 the rest.
    pub fn class(&self) -> u8 {
        self.class
    }

    /// The note.
    pub fn note(&self) -> NoteId {
        self.id
    }

    /// Bytes for an index, whose unsigned order is the order of ranks.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..3].copy_from_slice(&[self.class, self.slot, u8::from(self.is_flag)]);
        bytes[3..7].copy_from_slice(&(!self.day.0).to_be_bytes());
        bytes[7..9].copy_from_slice(&[self.missing_stamp, u8::from(self.is_words)]);
        bytes[9..].copy_from_slice(&self.id.0);
        bytes
    }
}

impl<'a> Ranking<'a> {
    /// Ranks by these decisions on a day: that of the later of the device's clock and the channel's. `parent` says what a note
    /// that is held answers.
    pub fn new(terms: Terms, force: &'a Force, today: u32, parent: impl FnMut(&NoteId) -> Option<NoteId>) -> Self {
        Ranking { terms, force, first: force.kept_first(parent), today }
    }

    /// The rank of a note, and where it is kept.
    pub fn rank(&self, facts: &Facts) -> (Rank, Cell) {
        let (id, day, slot) = (facts.id, Reverse(facts.day()), facts.spot.slot);
        let (is_flag, is_words) = (facts.place().is_flag, facts.is_words());
        let missing_stamp = STAMP_BITS_MAX - facts.stamp_bits();
        let chosen = Rank { class: 0, slot: 0, is_flag: false, day, missing_stamp: 0, is_words: false, id };
        let full = Rank { class: 1, slot, is_flag, day, missing_stamp: 0, is_words, id };
        let lane = Rank { class: 2, slot, is_flag: false, day, missing_stamp, is_words, id };
        let rest = Rank { class: 3, ..lane };
        // What is dated ahead would be the newest for years, and fill what is there for everybody.
        if facts.day() > self.today.saturating_add(1) {
            return (rest, Cell::Ahead);
        }
        if self.first.contains(&id) {
            return (chosen, Cell::Main);
        }
        match self.terms.standing(self.force, facts) {
            Standing::Full if self.force.roll_length() > 0 => (full, Cell::Share(facts.entry())),
            Standing::Full => (full, Cell::Main),
            Standing::InLane => (lane, Cell::Day(facts.day())),
            Standing::Early | Standing::Beyond => (rest, Cell::Day(facts.day())),
        }
    }

    /// What space a note asks for.
    pub fn asks(&self, facts: &Facts) -> Asking {
        let (rank, cell) = self.rank(facts);
        Asking { cell, bytes: facts.bytes, rank }
    }
}
