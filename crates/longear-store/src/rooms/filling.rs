//! How full a room is, and dropping what ranks last where it is too full.
//!
//! A room has two kinds of cells: one for all that members write, of which each has a share, and one for each day for what
//! others do. What of them is known here is remembered between batches, so that a full room costs each batch a look at the day
//! in which its beginning ends, and not at every note.

use std::collections::HashMap;

use longear_core::room::{Cell, Facts, NoteId, Ranking};

use super::error::RoomError;
use super::main_cell::{Main, RankBytes, group_of};
use super::rules::Rules;
use super::shares::Held;
use super::tables::{Kept, Tables};
use super::taking::{TakenIn, remove};

/// What one process knows of how full a room is.
#[derive(Debug, Default)]
pub struct Filling {
    /// Changes when another process has written; then nothing of this is true any more.
    pub data_version: i64,
    /// The main cell. `None`: not counted.
    main: Option<Main>,
    /// Bytes of other cells, of those that were counted.
    others: HashMap<Cell, u64>,
    /// Of each cell in which not everything fitted, the rank of the first note that did not.
    cuts: HashMap<Cell, RankBytes>,
    /// Cells that got something since it was last dropped from them.
    touched: Vec<Cell>,
    /// What moderators chose, with what that answers, as it was when this was counted.
    first: Vec<NoteId>,
}

/// A note that may have to go.
struct Candidate {
    rank: RankBytes,
    cell: Cell,
    row: i64,
    facts: Facts,
}

impl Filling {
    /// Forgets everything, also what did not fit.
    pub fn forget(&mut self) {
        *self = Filling { data_version: self.data_version, ..Filling::default() };
    }

    /// Begins anew if what is kept before all else has changed, as by a new decision: an ancestor may have come, or gone.
    pub fn count_with(&mut self, first: Vec<NoteId>) {
        if self.first != first {
            self.forget();
            self.first = first;
        }
    }

    /// A note was taken out to make place for another one.
    pub fn removed(&mut self, ranking: &Ranking<'_>, facts: &Facts, made_room: bool) {
        let (rank, cell) = ranking.rank(facts);
        if let Some(main) = &mut self.main {
            main.remove(cell, &rank.to_bytes(), facts);
            if let Cell::Share(entry) = cell
                && made_room
            {
                main.refill(entry);
            }
        }
        if let Some(held) = self.others.get_mut(&cell) {
            *held = held.saturating_sub(u64::from(facts.bytes));
        }
        if made_room {
            self.cuts.clear();
        }
    }

    /// The notes that are not behind the end of their cells; they are counted in.
    pub fn admit(&mut self, ranking: &Ranking<'_>, notes: Vec<Kept>, taken: &mut TakenIn) -> Vec<Kept> {
        let mut admitted = notes;
        admitted.retain(|kept| {
            let (rank, cell) = ranking.rank(&kept.facts);
            let rank = rank.to_bytes();
            if self.has_no_space(cell, &rank, &kept.facts) {
                taken.over_budget += 1;
                return false;
            }
            self.count_in(cell, &rank, &kept.facts);
            true
        });
        admitted
    }

    /// Counts a note, where its cell is counted.
    fn count_in(&mut self, cell: Cell, rank: &RankBytes, facts: &Facts) {
        if let Cell::Main | Cell::Share(_) = cell {
            if let Some(main) = &mut self.main {
                main.add(cell, rank, facts);
            }
            return;
        }
        if let Some(bytes) = self.others.get_mut(&cell) {
            *bytes += u64::from(facts.bytes);
        }
        if !self.touched.contains(&cell) {
            self.touched.push(cell);
        }
    }

    fn has_no_space(&self, cell: Cell, rank: &RankBytes, facts: &Facts) -> bool {
        let is_cut = |cell| self.cuts.get(&cell).is_some_and(|cut| rank >= cut);
        match (cell, &self.main) {
            // Who has room in his share finds it, however full the rest is.
            (Cell::Share(entry), Some(main)) => is_cut(Cell::Main) && main.shares.would_refuse(&entry, Held::of(facts)),
            (Cell::Share(_), None) => false,
            (cell, _) => is_cut(cell),
        }
    }

    /// Drops what ranks last in cells that hold more than they may. Says how many notes.
    pub fn drop_beyond(&mut self, tables: &Tables<'_>, rules: &Rules, ranking: &Ranking<'_>) -> Result<u64, RoomError> {
        let held = tables.bytes_by_day()?;
        let is_first = self.main.is_none() && self.others.is_empty();
        let touched = std::mem::take(&mut self.touched);
        let mut dropped = 0;
        for (day, bytes) in &held {
            let cell = Cell::Day(*day);
            let may_be_full = *day <= rules.today.saturating_add(1) && *bytes > rules.budget.day_bytes;
            if may_be_full && (is_first || touched.contains(&cell)) {
                dropped += self.drop_of_cell(tables, rules, ranking, cell)?;
            }
        }
        let ahead =
            held.iter().filter(|(day, _)| *day > rules.today.saturating_add(1)).map(|(_, bytes)| bytes).sum::<u64>();
        if ahead > rules.budget.day_bytes && (is_first || touched.contains(&Cell::Ahead)) {
            dropped += self.drop_of_cell(tables, rules, ranking, Cell::Ahead)?;
        }
        // A share counts as full when something of it did not fit, so that half of the space may be spoken for and not filled.
        let bytes = held.iter().map(|(_, bytes)| bytes).sum::<u64>();
        if self.main.is_some() || bytes > rules.budget.main_bytes / 2 {
            dropped += self.drop_of_main(tables, rules, ranking)?;
        }
        Ok(dropped)
    }

    fn drop_of_cell(
        &mut self,
        tables: &Tables<'_>,
        rules: &Rules,
        ranking: &Ranking<'_>,
        cell: Cell,
    ) -> Result<u64, RoomError> {
        let max = rules.budget.day_bytes;
        if self.others.get(&cell).is_some_and(|bytes| *bytes <= max) {
            return Ok(0);
        }
        let rows = match cell {
            Cell::Day(day) => tables.rows_of_day(day),
            Cell::Ahead => tables.rows_of_day(rules.today.saturating_add(2)).start..i64::MAX,
            Cell::Main | Cell::Share(_) => return Ok(0),
        };
        let mut candidates = candidates(tables, ranking, rows, |_, its, _| its == cell)?;
        candidates.sort_unstable_by_key(|candidate| candidate.rank);
        let bytes = |list: &[Candidate]| list.iter().map(|one| u64::from(one.facts.bytes)).sum::<u64>();
        let held = bytes(&candidates);
        let gone = self.cut(tables, cell, candidates, max)?;
        self.others.insert(cell, held - bytes(&gone));
        Ok(gone.len() as u64)
    }

    fn drop_of_main(&mut self, tables: &Tables<'_>, rules: &Rules, ranking: &Ranking<'_>) -> Result<u64, RoomError> {
        let mut main = match self.main.take() {
            Some(main) => main,
            None => Main::count(tables, rules, ranking)?,
        };
        let max = rules.budget.main_bytes.saturating_sub(main.shares.spoken_for());
        let (mut filled, mut dropped) = (0, 0);
        let mut over = Vec::new();
        for (group, part) in &main.groups {
            if over.is_empty() && filled + part.bytes <= max {
                filled += part.bytes;
            } else {
                over.push((*group, *part));
            }
        }
        // Of the first group that does not fit the beginning is kept; nothing of those behind it.
        let mut space = max - filled;
        for (group, part) in over {
            let of_group =
                |rank: &RankBytes, cell: Cell, facts: &Facts| group_of(rank) == group && !main.is_in_share(cell, facts);
            let mut candidates = candidates(tables, ranking, tables.rows_of_day(part.day), of_group)?;
            candidates.sort_unstable_by_key(|candidate| candidate.rank);
            let going = self.cut(tables, Cell::Main, candidates, space)?;
            dropped += going.len() as u64;
            for gone in &going {
                main.remove(gone.cell, &gone.rank, &gone.facts);
            }
            space = 0;
        }
        self.main = Some(main);
        Ok(dropped)
    }

    /// Keeps the longest beginning of ranked notes that has space, and drops the others: these it returns.
    fn cut(
        &mut self,
        tables: &Tables<'_>,
        cell: Cell,
        mut ranked: Vec<Candidate>,
        space: u64,
    ) -> Result<Vec<Candidate>, RoomError> {
        let mut filled = 0;
        let fits = ranked.iter().take_while(|candidate| {
            filled += u64::from(candidate.facts.bytes);
            filled <= space
        });
        let going = ranked.split_off(fits.count());
        if let Some(first) = going.first() {
            let cut = self.cuts.entry(cell).or_insert(first.rank);
            *cut = (*cut).min(first.rank);
        }
        for candidate in &going {
            remove(tables, candidate.row, &candidate.facts)?;
        }
        Ok(going)
    }
}

fn candidates(
    tables: &Tables<'_>,
    ranking: &Ranking<'_>,
    rows: std::ops::Range<i64>,
    is_one: impl Fn(&RankBytes, Cell, &Facts) -> bool,
) -> Result<Vec<Candidate>, RoomError> {
    let mut found = Vec::new();
    tables.each_facts(rows, |row, facts| {
        let (rank, cell) = ranking.rank(&facts);
        let rank = rank.to_bytes();
        if is_one(&rank, cell, &facts) {
            found.push(Candidate { rank, cell, row, facts });
        }
    })?;
    Ok(found)
}

/// The notes of a day as they are sent: best rank first.
pub fn ranked_of_day(tables: &Tables<'_>, ranking: &Ranking<'_>, day: u32) -> Result<Vec<(NoteId, u32)>, RoomError> {
    let mut ranked = candidates(tables, ranking, tables.rows_of_day(day), |_, _, _| true)?;
    ranked.sort_unstable_by_key(|candidate| candidate.rank);
    Ok(ranked.into_iter().map(|candidate| (candidate.facts.id, candidate.facts.bytes)).collect())
}
