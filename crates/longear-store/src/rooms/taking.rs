//! Taking notes in: places, budget, rows, shown times.

use std::collections::{BTreeMap, HashMap};

use longear_core::room::{Facts, Note, NoteId, Place, Ranking};
use longear_core::{Reason, Verified};

use super::Room;
use super::error::RoomError;
use super::filling::Filling;
use super::rules::Rules;
use super::tables::{Kept, Tables};

/// Notes that are made durable by one sync. More would write the small tables less often, and take more memory.
pub const BATCH_NOTES_MAX: usize = 8_192;

/// What became of notes that were offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// Held now and not before.
    pub new: u64,
    /// Were held already.
    pub known: u64,
    /// Lost their place to another note, or never got it; they may have been held before.
    pub displaced: u64,
    /// Were refused: they were purged, or words that were purged stand in their place.
    pub purged: u64,
    /// Were refused: their day is behind the retention.
    pub old: u64,
    /// Were not kept, or are not kept any more, because others rank before them in the space that the room has.
    pub over_budget: u64,
}

impl TakenIn {
    /// Both together.
    pub fn and(self, other: TakenIn) -> TakenIn {
        TakenIn {
            new: self.new + other.new,
            known: self.known + other.known,
            displaced: self.displaced + other.displaced,
            purged: self.purged + other.purged,
            old: self.old + other.old,
            over_budget: self.over_budget + other.over_budget,
        }
    }
}

impl Room {
    /// Takes notes in, whatever their order, by the rules of [`Room::follow`]. When this returns they are durable.
    ///
    /// # Errors
    /// The database; batches before the one that failed were taken in.
    pub fn take_in(&self, notes: impl IntoIterator<Item = Verified<Note>>) -> Result<TakenIn, RoomError> {
        let mut notes = notes.into_iter().map(|note| Kept::of(&note));
        let mut taken = TakenIn::default();
        loop {
            let batch = notes.by_ref().take(BATCH_NOTES_MAX).collect::<Vec<_>>();
            if batch.is_empty() {
                return Ok(taken);
            }
            taken = taken.and(self.take_batch(batch)?);
        }
    }

    /// Takes a batch in, which is verified, and makes it durable.
    pub(super) fn take_batch(&self, batch: Vec<Kept>) -> Result<TakenIn, RoomError> {
        let rules = self.rules();
        self.write(|tables, filling| {
            let mut taken = TakenIn::default();
            let Some(rules) = rules.as_deref() else {
                let winners = win_places(tables, batch, None, &mut taken)?;
                insert(tables, winners, &mut taken)?;
                return Ok(taken);
            };
            filling.count_with(rules.kept_first(tables));
            let ranking = rules.ranking(tables);
            let batch = allowed(batch, rules, &mut taken);
            let winners = win_places(tables, batch, Some((filling, &ranking)), &mut taken)?;
            let winners = filling.admit(&ranking, winners, &mut taken);
            insert(tables, winners, &mut taken)?;
            // An ancestor of what moderators chose may have been among them.
            filling.count_with(rules.kept_first(tables));
            let ranking = rules.ranking(tables);
            taken.over_budget += filling.drop_beyond(tables, rules, &ranking)?;
            Ok(taken)
        })
    }
}

/// The notes that are to be held at all.
fn allowed(mut batch: Vec<Kept>, rules: &Rules, taken: &mut TakenIn) -> Vec<Kept> {
    batch.retain(|kept| {
        let is_old = rules.is_expired(kept.facts.day());
        let is_purged = rules.force.refuses(&kept.facts);
        taken.old += u64::from(is_old);
        taken.purged += u64::from(is_purged && !is_old);
        !is_old && !is_purged
    });
    batch
}

/// Which of the notes get their places. Whom they displace goes.
fn win_places(
    tables: &Tables<'_>,
    mut batch: Vec<Kept>,
    mut counted: Option<(&mut Filling, &Ranking<'_>)>,
    taken: &mut TakenIn,
) -> Result<Vec<Kept>, RoomError> {
    // In the order in which places are written, the winner of each first.
    let order = |facts: &Facts| {
        let Place { spot, is_flag } = facts.place();
        ((spot.day, is_flag, spot.slot, spot.entry), facts.is_words(), facts.id)
    };
    batch.sort_by_key(|kept| order(&kept.facts));
    let mut winners = Vec::<Kept>::with_capacity(batch.len());
    let mut last = None;
    for kept in batch {
        let (place, id) = (kept.facts.place(), kept.facts.id);
        if let Some((at, winner)) = last
            && at == place
        {
            if winner == id {
                taken.known += 1
            } else {
                taken.displaced += 1
            }
            continue;
        }
        last = Some((place, id));
        let Some(row) = tables.standing(&place)? else {
            winners.push(kept);
            continue;
        };
        let missing = || RoomError::Damaged { room: *tables.room(), reason: Reason::Truncated };
        let (_, standing) = tables.facts(row)?.ok_or_else(missing)?;
        if standing.id == id {
            taken.known += 1;
            continue;
        }
        taken.displaced += 1;
        if kept.facts.beats(&standing) {
            remove(tables, row, &standing)?;
            if let Some((filling, ranking)) = &mut counted {
                filling.removed(ranking, &standing, kept.facts.bytes < standing.bytes);
            }
            winners.push(kept);
        }
    }
    Ok(winners)
}

/// Gives notes rows and shown times.
fn insert(tables: &Tables<'_>, mut winners: Vec<Kept>, taken: &mut TakenIn) -> Result<(), RoomError> {
    // Within a day in the order in which they are shown, as far as they are here: so search finds the newer ones first, and
    // parents nearly always come before those who answer them.
    winners.sort_by_key(|kept| (kept.facts.day(), kept.facts.floor_ms, kept.facts.id));
    let mut placed = Vec::with_capacity(winners.len());
    let mut shown_here = HashMap::<NoteId, u64>::with_capacity(winners.len());
    let (mut day, mut next) = (None, 0);
    for kept in &winners {
        let facts = &kept.facts;
        let rows = tables.rows_of_day(facts.day());
        if day != Some(facts.day()) {
            next = tables.last_row(facts.day())?.map_or(rows.start, |last| last + 1);
            day = Some(facts.day());
        }
        if next >= rows.end {
            taken.over_budget += 1;
            continue;
        }
        let parent_shown = match &facts.parent {
            None => None,
            Some(parent) => match shown_here.get(parent) {
                Some(shown) => Some(*shown),
                None => tables.find(parent)?.map(|(_, shown)| shown),
            },
        };
        let shown = facts.floor_ms.max(parent_shown.unwrap_or(0));
        shown_here.insert(facts.id, shown);
        placed.push((next, shown, kept));
        next += 1;
    }
    tables.insert_all(&placed)?;
    for (_, shown, kept) in &placed {
        show_replies(tables, kept.facts.id, Some(*shown))?;
    }
    taken.new += placed.len() as u64;
    count_days(tables, placed.iter().map(|(_, _, kept)| &kept.facts), 1)
}

/// Counts notes of days in, or out.
pub fn count_days<'a>(tables: &Tables<'_>, notes: impl Iterator<Item = &'a Facts>, sign: i64) -> Result<(), RoomError> {
    let mut days = BTreeMap::<u32, (i64, i64, [u8; 32])>::new();
    for facts in notes {
        let (count, sum, ids) = days.entry(facts.day()).or_default();
        *count += sign;
        *sum += sign * i64::from(facts.bytes);
        ids.iter_mut().zip(facts.id.0).for_each(|(all, one)| *all ^= one);
    }
    for (day, (count, bytes, ids)) in days {
        tables.count_day(day, count, bytes, &ids)?;
    }
    Ok(())
}

/// Drops a note. Who answered it is shown as if it had never been here.
pub fn remove(tables: &Tables<'_>, row: i64, facts: &Facts) -> Result<(), RoomError> {
    tables.delete(row, facts)?;
    count_days(tables, std::iter::once(facts), -1)?;
    show_replies(tables, facts.id, None)
}

/// Gives those who answer a note, and those who answer them, the times at which they are shown now.
pub fn show_replies(tables: &Tables<'_>, note: NoteId, shown: Option<u64>) -> Result<(), RoomError> {
    // Nobody is shown before a parent that is here, so only those who are need a look. Where a parent has gone, or is shown
    // earlier than before, it may have held back any of them.
    let mut changed = vec![(note, shown, shown.unwrap_or(u64::MAX))];
    while let Some((parent, parent_shown, before)) = changed.pop() {
        for (row, shown) in tables.replies_before(&parent, before)? {
            let Some((_, reply)) = tables.facts(row)? else { continue };
            let now = reply.floor_ms.max(parent_shown.unwrap_or(0));
            if reply.parent == Some(parent) && now != shown {
                tables.move_to(row, shown, now, (&reply.id, &parent))?;
                changed.push((reply.id, Some(now), if now > shown { now } else { u64::MAX }));
            }
        }
    }
    Ok(())
}
