//! What of a note never changes, and which of two notes stands.

use super::decision::Spot;
use super::name::{Entry, NoteId};
use super::note::{Note, What};

/// Most leading zero bits of an ID that count as a stamp.
pub const STAMP_BITS_MAX: u8 = 32;

/// What of a note decides where it stands, is shown and ranks, whatever moderators say. Stores index these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The note.
    pub id: NoteId,
    /// Whose, of which day, which of that day's.
    pub spot: Spot,
    /// What it does.
    pub what: What,
    /// Whether it carries a ticket.
    pub has_ticket: bool,
    /// The note that is answered or flagged.
    pub parent: Option<NoteId>,
    /// The later of its time and that of the statement that its writer had seen: it is not shown before.
    pub floor_ms: u64,
    /// Its bytes.
    pub bytes: u32,
}

/// Where one note can stand. Whoever holds two notes of a place drops one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Whose, of which day, which of that day's.
    pub spot: Spot,
    /// Flags have places of their own.
    pub is_flag: bool,
}

impl Facts {
    /// The facts of a note. Costs writing and hashing it.
    pub fn of(note: &Note) -> Self {
        let bytes = note.encode();
        Facts {
            id: NoteId::of(&bytes),
            spot: Spot { entry: note.entry(), day: note.day(), slot: note.slot },
            what: note.what,
            has_ticket: note.ticket.is_some(),
            parent: note.parent,
            floor_ms: note.seen.map_or(0, |seen| seen.time).max(note.time),
            bytes: bytes.len() as u32,
        }
    }

    /// Whom quota, rank and ban count by.
    pub fn entry(&self) -> Entry {
        self.spot.entry
    }

    /// The UTC day that it counts for.
    pub fn day(&self) -> u32 {
        self.spot.day
    }

    /// Where it can stand.
    pub fn place(&self) -> Place {
        Place { spot: self.spot, is_flag: self.what == What::Flag }
    }

    /// Whether it says something.
    pub fn is_words(&self) -> bool {
        self.what == What::Words
    }

    /// Whether this note stands, of two of one place: a taking back before words, then the smaller ID.
    pub fn beats(&self, other: &Facts) -> bool {
        (self.is_words(), self.id) < (other.is_words(), other.id)
    }

    /// How many zero bits its ID begins with, of which [`STAMP_BITS_MAX`] count.
    pub fn stamp_bits(&self) -> u8 {
        let [a, b, c, d, ..] = self.id.0;
        u32::from_be_bytes([a, b, c, d]).leading_zeros() as u8
    }
}
