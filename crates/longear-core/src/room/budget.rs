//! What is kept of a room where there is not room for all of it.

use super::name::Entry;
use super::rank::{Cell, Rank};
use super::standing::Terms;
use crate::sorted::SortedMap;

/// What goes off each share, so that where there is little space for many, no share is a reason to keep nothing of a day but
/// its shortest notes: as much as a short note takes.
const SHORT_NOTE_BYTES: u64 = 512;

/// Beside the days that are over and kept: today, tomorrow, and all that is dated after it.
const OTHER_DAYS: u64 = 3;

/// How many bytes each cell of a room may fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Classes 0 and 1: nine tenths.
    pub main_bytes: u64,
    /// What of these is for the entries of the roll, in equal shares: eight tenths of all.
    pub shares_bytes: u64,
    /// Classes 2 and 3 of one day, and all that is dated ahead: one tenth, divided by so many as there are of these.
    pub day_bytes: u64,
}

/// A note that asks for space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asking {
    /// Where it is kept.
    pub cell: Cell,
    /// How long it is.
    pub bytes: u32,
    /// When it is sent.
    pub rank: Rank,
}

/// Which notes are not kept: of each share the first that did not fit, shortest first, and of each cell the first by rank.
///
/// While decisions and places stay, a cut only moves forward as more notes come. Whoever keeps it and refuses what is not
/// before it keeps the same notes in whatever order they come; without it two notes that fit only one by one would take
/// turns. It is to be forgotten when room was made: by a decision, a purge, retention, or a shorter note in a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cuts {
    shares: SortedMap<Entry, (u32, Rank)>,
    cells: SortedMap<Cell, Rank>,
}

impl Budget {
    /// The cells of a room that may fill so many bytes.
    pub fn new(bytes: u64, terms: &Terms) -> Self {
        // Ten budgets may be more than a number holds; nine tenths are not.
        let tenths = |count: u128| (u128::from(bytes) * count / 10) as u64;
        let day_bytes = bytes / 10 / (u64::from(terms.retention_days) + OTHER_DAYS);
        Budget { main_bytes: tenths(9), shares_bytes: tenths(8), day_bytes }
    }

    /// What each of so many entries on the roll has for itself, whatever others write.
    pub fn share_bytes(&self, roll: usize) -> u64 {
        (self.shares_bytes / (roll as u64).max(1)).saturating_sub(SHORT_NOTE_BYTES)
    }
}

impl Cuts {
    /// Whether a note is kept.
    pub fn keep(&self, note: &Asking) -> bool {
        let cell = match note.cell {
            Cell::Share(entry) if self.is_in_share(entry, note) => return true,
            Cell::Share(_) => Cell::Main,
            cell => cell,
        };
        self.cells.get(&cell).is_none_or(|cut| note.rank < *cut)
    }

    /// Cuts off what of these notes has no space in a budget, with so many entries on the roll. What was cut before stays cut.
    ///
    /// Whether a note is in its share depends only on shorter ones of its entry: it does not matter whether longer ones are held.
    /// A share of which something was left out, now or before, counts as full, so that what is left for others does not depend on
    /// notes that were dropped.
    pub fn tighten(&mut self, budget: &Budget, roll: usize, mut notes: Vec<Asking>) {
        let share = budget.share_bytes(roll);
        notes.sort_unstable();
        let mut spoken_for = 0;
        for notes in notes.chunk_by(|one, other| one.cell == other.cell) {
            let Cell::Share(entry) = notes[0].cell else { continue };
            let mut filled = 0;
            let beyond = notes.iter().find(|note| {
                filled += u64::from(note.bytes);
                filled > share
            });
            if let Some(note) = beyond {
                let at = (note.bytes, note.rank);
                let cut = self.shares.at_or_insert(entry, || at);
                *cut = at.min(*cut);
            }
            spoken_for += if self.shares.contains_key(&entry) { share } else { filled };
        }
        notes.retain(|note| !matches!(note.cell, Cell::Share(entry) if self.is_in_share(entry, note)));
        notes.sort_unstable_by_key(|note| note.rank);
        let mut filled = SortedMap::<Cell, u64>::new();
        for note in notes {
            let (cell, max) = match note.cell {
                Cell::Main | Cell::Share(_) => (Cell::Main, budget.main_bytes.saturating_sub(spoken_for)),
                cell => (cell, budget.day_bytes),
            };
            let filled = filled.at_or_insert(cell, || 0);
            *filled = filled.saturating_add(u64::from(note.bytes));
            if *filled > max {
                let cut = self.cells.at_or_insert(cell, || note.rank);
                *cut = note.rank.min(*cut);
            }
        }
    }

    fn is_in_share(&self, entry: Entry, note: &Asking) -> bool {
        self.shares.get(&entry).is_none_or(|cut| (note.bytes, note.rank) < *cut)
    }
}
