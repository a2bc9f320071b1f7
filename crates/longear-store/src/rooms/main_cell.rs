//! How full the part of a room is that members write: their shares, and what is in none.

use std::collections::BTreeMap;

use longear_core::room::{Cell, Entry, Facts, Rank, Ranking};

use super::error::RoomError;
use super::rules::Rules;
use super::shares::{Held, Shares};
use super::tables::Tables;

/// Bytes of a rank by which notes of the main cell are put together: class, slot, flag or not, day. In no group are notes of
/// two days.
const GROUP_BYTES: usize = 7;

/// What groups of members' notes begin with.
const MEMBERS_CLASS: u8 = 1;

/// What notes of the main cell are put together by.
pub type Group = [u8; GROUP_BYTES];
/// A rank as it is compared.
pub type RankBytes = [u8; Rank::BYTES];

/// What members wrote, and what moderators chose of it.
#[derive(Debug)]
pub struct Main {
    /// What is in them is never dropped.
    pub shares: Shares,
    /// Bytes of what is in no share by groups, in the order of ranks.
    pub groups: BTreeMap<Group, Part>,
}

/// Notes of one group.
#[derive(Clone, Copy, Debug, Default)]
pub struct Part {
    /// Their day.
    pub day: u32,
    /// Their bytes.
    pub bytes: u64,
}

impl Main {
    /// Counts: a look at every note.
    pub fn count(tables: &Tables<'_>, rules: &Rules, ranking: &Ranking<'_>) -> Result<Self, RoomError> {
        let shares = Shares::new(rules.budget.share_bytes(rules.force.roll_length()));
        let mut main = Main { shares, groups: BTreeMap::new() };
        tables.each_facts(i64::MIN..i64::MAX, |_, facts| {
            let (rank, cell) = ranking.rank(&facts);
            if let Cell::Main | Cell::Share(_) = cell {
                main.add(cell, &rank.to_bytes(), &facts);
            }
        })?;
        Ok(main)
    }

    /// Counts a note in.
    pub fn add(&mut self, cell: Cell, rank: &RankBytes, facts: &Facts) {
        let Cell::Share(entry) = cell else {
            self.put(group_of(rank), facts.day(), u64::from(facts.bytes));
            return;
        };
        for note in self.shares.add(entry, Held::of(facts)) {
            self.put(group_of_member(note), note.day(), note.bytes());
        }
    }

    /// Counts a note out.
    pub fn remove(&mut self, cell: Cell, rank: &RankBytes, facts: &Facts) {
        if let Cell::Share(entry) = cell
            && self.shares.remove(entry, Held::of(facts))
        {
            return;
        }
        self.take(group_of(rank), u64::from(facts.bytes));
    }

    /// Room was made in a share.
    pub fn refill(&mut self, entry: Entry) {
        for note in self.shares.refill(entry) {
            self.take(group_of_member(note), note.bytes());
        }
    }

    /// Whether a note is in its share.
    pub fn is_in_share(&self, cell: Cell, facts: &Facts) -> bool {
        matches!(cell, Cell::Share(entry) if self.shares.is_inside(&entry, Held::of(facts)))
    }

    fn put(&mut self, group: Group, day: u32, bytes: u64) {
        let part = self.groups.entry(group).or_default();
        (part.day, part.bytes) = (day, part.bytes + bytes);
    }

    fn take(&mut self, group: Group, bytes: u64) {
        if let Some(part) = self.groups.get_mut(&group) {
            part.bytes = part.bytes.saturating_sub(bytes);
            if part.bytes == 0 {
                self.groups.remove(&group);
            }
        }
    }
}

/// The group of a rank.
pub fn group_of(rank: &RankBytes) -> Group {
    let mut group = [0; GROUP_BYTES];
    group.copy_from_slice(&rank[..GROUP_BYTES]);
    group
}

/// The group of a member's note that is in no share.
fn group_of_member(note: Held) -> Group {
    let mut group = [MEMBERS_CLASS; GROUP_BYTES];
    group[1..].copy_from_slice(&note.rank());
    group
}
