//! How full a room is, and dropping what ranks last where it is too full.
//!
//! A room has two kinds of cells: one for all that members write, and one for each day for what others do. What of them is
//! known here is remembered between batches, so that a full room costs each batch a look at the day in which its beginning
//! ends, and not at every note.

use std::collections::{BTreeMap, HashMap};

use longear_core::room::{Budget, Cell, Facts, NoteId, Rank, Ranking};

use super::error::RoomError;
use super::rules::Rules;
use super::tables::{Kept, Tables};
use super::taking::{TakenIn, remove};

/// Bytes of a rank by which notes of the main cell are put together: class, slot, flag or not, day. In no group are notes of
/// two days.
const GROUP_BYTES: usize = 7;

type Group = [u8; GROUP_BYTES];
type RankBytes = [u8; Rank::BYTES];

/// What one process knows of how full a room is.
#[derive(Debug, Default)]
pub struct Filling {
    /// Changes when another process has written; then nothing of this is true any more.
    pub data_version: i64,
    /// Bytes of the main cell by groups, in the order of ranks. `None`: not counted.
    main: Option<BTreeMap<Group, Part>>,
    /// Bytes of other cells, of those that were counted.
    others: HashMap<Cell, u64>,
    /// Of each cell in which not everything fitted, the rank of the first note that did not.
    cuts: HashMap<Cell, RankBytes>,
    /// Cells that got something since it was last dropped from them.
    touched: Vec<Cell>,
    /// What moderators chose, with what that answers, as it was when this was counted.
    first: Vec<NoteId>,
}

/// Notes of one group.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    day: u32,
    bytes: u64,
}

/// A note that may have to go.
struct Candidate {
    rank: RankBytes,
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
        let bytes = u64::from(facts.bytes);
        if let Some(part) = self.main.as_mut().and_then(|main| main.get_mut(&group_of(&rank.to_bytes())))
            && cell == Cell::Main
        {
            part.bytes = part.bytes.saturating_sub(bytes);
        }
        if let Some(held) = self.others.get_mut(&cell) {
            *held = held.saturating_sub(bytes);
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
            if self.cuts.get(&cell).is_some_and(|cut| rank >= *cut) {
                taken.over_budget += 1;
                return false;
            }
            self.count_in(cell, &rank, &kept.facts);
            if !self.touched.contains(&cell) {
                self.touched.push(cell);
            }
            true
        });
        admitted
    }

    /// Counts a note, where its cell is counted.
    fn count_in(&mut self, cell: Cell, rank: &RankBytes, facts: &Facts) {
        if cell == Cell::Main {
            if let Some(main) = &mut self.main {
                let part = main.entry(group_of(rank)).or_default();
                (part.day, part.bytes) = (facts.day(), part.bytes + u64::from(facts.bytes));
            }
        } else if let Some(bytes) = self.others.get_mut(&cell) {
            *bytes += u64::from(facts.bytes);
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
        if held.iter().map(|(_, bytes)| bytes).sum::<u64>() > rules.budget.main_bytes {
            dropped += self.drop_of_main(tables, &rules.budget, ranking)?;
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
            Cell::Main => return Ok(0),
        };
        let mut candidates = candidates(tables, ranking, rows, |_, its| its == cell)?;
        candidates.sort_unstable_by_key(|candidate| candidate.rank);
        let (kept, dropped) = self.cut(tables, cell, candidates, max)?;
        self.others.insert(cell, kept);
        Ok(dropped)
    }

    fn drop_of_main(&mut self, tables: &Tables<'_>, budget: &Budget, ranking: &Ranking<'_>) -> Result<u64, RoomError> {
        let mut main = match self.main.take() {
            Some(main) => main,
            None => count_main(tables, ranking)?,
        };
        let (mut filled, mut dropped) = (0, 0);
        let mut over = Vec::new();
        for (group, part) in &main {
            if over.is_empty() && filled + part.bytes <= budget.main_bytes {
                filled += part.bytes;
            } else {
                over.push((*group, *part));
            }
        }
        // Of the first group that does not fit the beginning is kept; nothing of those behind it.
        let mut space = budget.main_bytes - filled;
        for (group, part) in over {
            let of_group = |rank: &RankBytes, cell: Cell| cell == Cell::Main && group_of(rank) == group;
            let mut candidates = candidates(tables, ranking, tables.rows_of_day(part.day), of_group)?;
            candidates.sort_unstable_by_key(|candidate| candidate.rank);
            let (kept, now) = self.cut(tables, Cell::Main, candidates, space)?;
            (space, dropped) = (0, dropped + now);
            if kept > 0 {
                main.insert(group, Part { bytes: kept, ..part });
            } else {
                main.remove(&group);
            }
        }
        self.main = Some(main);
        Ok(dropped)
    }

    /// Keeps the longest beginning of ranked notes that has space, and drops the others. Says how many bytes are kept, and how
    /// many notes dropped.
    fn cut(
        &mut self,
        tables: &Tables<'_>,
        cell: Cell,
        ranked: Vec<Candidate>,
        space: u64,
    ) -> Result<(u64, u64), RoomError> {
        let (mut kept, mut dropped) = (0, 0);
        for candidate in ranked {
            let bytes = u64::from(candidate.facts.bytes);
            if dropped == 0 && kept + bytes <= space {
                kept += bytes;
                continue;
            }
            if dropped == 0 {
                let cut = self.cuts.entry(cell).or_insert(candidate.rank);
                *cut = (*cut).min(candidate.rank);
            }
            remove(tables, candidate.row, &candidate.facts)?;
            dropped += 1;
        }
        Ok((kept, dropped))
    }
}

fn group_of(rank: &RankBytes) -> Group {
    let mut group = [0; GROUP_BYTES];
    group.copy_from_slice(&rank[..GROUP_BYTES]);
    group
}

/// Counts the main cell: a look at every note.
fn count_main(tables: &Tables<'_>, ranking: &Ranking<'_>) -> Result<BTreeMap<Group, Part>, RoomError> {
    let mut main = BTreeMap::<Group, Part>::new();
    tables.each_facts(i64::MIN..i64::MAX, |_, facts| {
        let (rank, cell) = ranking.rank(&facts);
        if cell == Cell::Main {
            let part = main.entry(group_of(&rank.to_bytes())).or_default();
            (part.day, part.bytes) = (facts.day(), part.bytes + u64::from(facts.bytes));
        }
    })?;
    Ok(main)
}

fn candidates(
    tables: &Tables<'_>,
    ranking: &Ranking<'_>,
    rows: std::ops::Range<i64>,
    is_one: impl Fn(&RankBytes, Cell) -> bool,
) -> Result<Vec<Candidate>, RoomError> {
    let mut found = Vec::new();
    tables.each_facts(rows, |row, facts| {
        let (rank, cell) = ranking.rank(&facts);
        let rank = rank.to_bytes();
        if is_one(&rank, cell) {
            found.push(Candidate { rank, row, facts });
        }
    })?;
    Ok(found)
}

/// The notes of a day as they are sent: best rank first.
pub fn ranked_of_day(tables: &Tables<'_>, ranking: &Ranking<'_>, day: u32) -> Result<Vec<(NoteId, u32)>, RoomError> {
    let mut ranked = candidates(tables, ranking, tables.rows_of_day(day), |_, _| true)?;
    ranked.sort_unstable_by_key(|candidate| candidate.rank);
    Ok(ranked.into_iter().map(|candidate| (candidate.facts.id, candidate.facts.bytes)).collect())
}
