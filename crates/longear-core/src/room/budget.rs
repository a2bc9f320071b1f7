//! What is kept of a room where there is not room for all of it.

use super::rank::{Cell, Rank};
use super::standing::Terms;
use crate::sorted::SortedMap;

/// Beside the days that are over and kept: today, tomorrow, and all that is dated after it.
const OTHER_DAYS: u64 = 3;

/// How many bytes each cell of a room may fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Classes 0 and 1: nine tenths.
    pub main_bytes: u64,
    /// Classes 2 and 3 of one day, and all that is dated ahead: one tenth, divided by so many as there are of these.
    pub day_bytes: u64,
}

/// Where the beginnings that are kept end: of each cell the rank of the first note that did not fit.
///
/// While decisions and places stay, a cut only moves forward as more notes come. Whoever keeps it and refuses what is not
/// before it keeps the same notes in whatever order they come; without it two notes that fit only one by one would take
/// turns. It is to be forgotten when room was made: by a decision, a purge, retention, or a shorter note in a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cuts(SortedMap<Cell, Rank>);

impl Budget {
    /// The cells of a room that may fill so many bytes.
    pub fn new(bytes: u64, terms: &Terms) -> Self {
        // Ten budgets may be more than a number holds; nine tenths are not.
        let main_bytes = (u128::from(bytes) * 9 / 10) as u64;
        Budget { main_bytes, day_bytes: bytes / 10 / (u64::from(terms.retention_days) + OTHER_DAYS) }
    }

    /// Where the beginnings end of notes that are given ascending by rank: rank, cell and bytes of each.
    pub fn cuts(&self, ranked: impl IntoIterator<Item = (Rank, Cell, u32)>) -> Cuts {
        let (mut cuts, mut filled) = (Cuts::default(), SortedMap::<Cell, u64>::new());
        for (rank, cell, bytes) in ranked {
            let max = if cell == Cell::Main { self.main_bytes } else { self.day_bytes };
            let filled = filled.at_or_insert(cell, || 0);
            *filled = filled.saturating_add(u64::from(bytes));
            if *filled > max {
                cuts.0.at_or_insert(cell, || rank);
            }
        }
        cuts
    }
}

impl Cuts {
    /// Whether a note of this rank is kept.
    pub fn keep(&self, rank: &Rank, cell: Cell) -> bool {
        self.0.get(&cell).is_none_or(|cut| rank < cut)
    }

    /// The earlier of both in each cell: what was cut before stays cut.
    pub fn tighten(&mut self, other: &Cuts) {
        for (cell, rank) in other.0.iter() {
            let cut = self.0.at_or_insert(*cell, || *rank);
            *cut = (*cut).min(*rank);
        }
    }
}
