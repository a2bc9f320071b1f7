//! Which decisions are in force: a function of the moderation items and their status, never of their order.

use super::decision::{Decision, Ground, Spot};
use super::name::{Entry, NoteId};
use super::note::{Note, day_of};
use super::place::Facts;
use super::roll::{Admitting, Roll};
use super::ruling::{DecisionId, Ruled, Ruling};
use crate::limits::{CHOICES_MAX, DIGEST_NOTES_MAX, PURGES_PER_DAY_MAX};
use crate::sorted::{SortedMap, SortedSet};
use crate::status::Status;
use crate::verify::Verified;

/// The decisions in force in a room. Empty where nobody decided anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Force {
    roll: Roll,
    bans: SortedMap<Entry, Vec<Ban>>,
    hides: SortedMap<NoteId, Vec<Cause>>,
    purges: SortedMap<NoteId, Vec<Purge>>,
    /// Of each spot with a purge the smallest ID that was purged there.
    graves: SortedMap<Spot, NoteId>,
    pins: SortedMap<NoteId, Vec<DecisionId>>,
    digests: Vec<Digest>,
    closings: Vec<DecisionId>,
    closed: Option<u32>,
}

/// A decision in force against a note or a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// Which one; what a lift has to name.
    pub decision: DecisionId,
    /// Why.
    pub ground: Ground,
}

/// A ban in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ban {
    /// The first day that it covers.
    pub first_day: u32,
    /// Which one, and why.
    pub cause: Cause,
}

/// A purge in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purge {
    /// Where it says that the note stands.
    pub spot: Spot,
    /// Which one, and why.
    pub cause: Cause,
}

/// The best of a day, chosen by a moderator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Which decision.
    pub decision: DecisionId,
    /// Of which day.
    pub day: u32,
    /// Its notes, in the moderator's order; those that are not good are left out.
    pub notes: Vec<Verified<Note>>,
}

impl Force {
    /// What is in force of these items of one room. Items that are not visible count for nothing.
    ///
    /// Costs about a microsecond for each entry that is admitted, and as much for each other decision.
    pub fn of<'a>(rulings: impl IntoIterator<Item = (&'a Ruling, Status)>) -> Self {
        let visible = rulings.into_iter().filter(|(_, status)| status.is_visible()).map(|(ruling, _)| ruling);
        let mut rulings = visible.collect::<Vec<_>>();
        rulings.sort_by_key(|ruling| (ruling.time, ruling.item));
        rulings.dedup_by_key(|ruling| ruling.item);
        let lifted = lifted(&rulings);
        let mut force = Force { roll: Roll::of(admitting(&rulings)), ..Force::default() };
        let (purging, choosing) = (purging(&rulings), choosing(&rulings, &lifted));
        for ruling in rulings {
            for (id, ruled) in ruling.decisions().filter(|(id, _)| !lifted.contains(id)) {
                let counts = match ruled.decision {
                    Decision::Purge { .. } => purging.contains(&id),
                    ref what if is_choice(what) => choosing.contains(&id),
                    _ => true,
                };
                if counts {
                    force.take(ruling, id, ruled);
                }
            }
        }
        force
    }

    fn take(&mut self, ruling: &Ruling, decision: DecisionId, ruled: &Ruled) {
        match &ruled.decision {
            Decision::Hide { note, ground } => {
                self.hides.at_or_insert(*note, Vec::new).push(Cause { decision, ground: *ground });
            }
            Decision::Purge { note, spot, ground } => {
                let cause = Cause { decision, ground: *ground };
                self.purges.at_or_insert(*note, Vec::new).push(Purge { spot: *spot, cause });
                let grave = self.graves.at_or_insert(*spot, || *note);
                *grave = (*grave).min(*note);
            }
            Decision::Ban { entry, first_day, ground } => {
                let cause = Cause { decision, ground: *ground };
                self.bans.at_or_insert(*entry, Vec::new).push(Ban { first_day: *first_day, cause });
            }
            Decision::Pin { note } => self.pins.at_or_insert(*note, Vec::new).push(decision),
            Decision::Digest { day, .. } => {
                self.digests.push(Digest { decision, day: *day, notes: ruled.digest.clone() });
            }
            Decision::Close => {
                self.closings.push(decision);
                // They ascend by time.
                self.closed.get_or_insert(day_of(ruling.time));
            }
            Decision::Lift { .. } | Decision::Tickets(_) | Decision::Writers(_) => {}
        }
    }

    /// The day since which an entry is on the roll; `None` where it is not.
    pub fn on_roll_since(&self, entry: &Entry) -> Option<u32> {
        self.roll.since(entry)
    }

    /// How many entries are on the roll.
    pub fn roll_length(&self) -> usize {
        self.roll.len()
    }

    /// The entries on the roll, ascending.
    pub fn roll(&self) -> impl Iterator<Item = Entry> {
        self.roll.entries()
    }

    /// Bans on an entry, whatever their first days.
    pub fn bans(&self, entry: &Entry) -> &[Ban] {
        self.bans.get(entry).map_or(&[], Vec::as_slice)
    }

    /// Whether what an entry says on a day is banned.
    pub fn is_banned(&self, entry: &Entry, day: u32) -> bool {
        self.bans(entry).iter().any(|ban| ban.first_day <= day)
    }

    /// Why a note is hidden; empty where it is not.
    pub fn hides(&self, note: &NoteId) -> &[Cause] {
        self.hides.get(note).map_or(&[], Vec::as_slice)
    }

    /// Purges that name a note, wherever they say that it stands.
    pub fn purges(&self, note: &NoteId) -> &[Purge] {
        self.purges.get(note).map_or(&[], Vec::as_slice)
    }

    /// All purged notes, ascending by ID.
    pub fn purged(&self) -> impl Iterator<Item = NoteId> {
        self.purges.keys().copied()
    }

    /// Where words were purged, and which.
    pub fn graves(&self) -> impl Iterator<Item = (Spot, NoteId)> {
        self.graves.iter().map(|(spot, note)| (*spot, *note))
    }

    /// Whether the words of a note are to be dropped: a purge names them and where they stand. What takes words back or flags
    /// others has none. A purge that names another place than the note's is no purge of it: who got the note first would
    /// have dropped others in its place, and who got the purge first would not.
    pub fn is_purged(&self, facts: &Facts) -> bool {
        facts.is_words() && self.purges(&facts.id).iter().any(|purge| purge.spot == facts.spot)
    }

    /// Whether a note is not to be held, taken or passed on: it was purged, or its place belongs to words that were.
    pub fn refuses(&self, facts: &Facts) -> bool {
        let is_beaten = |grave: &NoteId| facts.is_words() && *grave < facts.id;
        self.is_purged(facts) || self.graves.get(&facts.spot).is_some_and(is_beaten)
    }

    /// What pins a note; empty where nothing does.
    pub fn pins(&self, note: &NoteId) -> &[DecisionId] {
        self.pins.get(note).map_or(&[], Vec::as_slice)
    }

    /// All pinned notes, ascending by ID.
    pub fn pinned(&self) -> impl Iterator<Item = NoteId> {
        self.pins.keys().copied()
    }

    /// The digests, by the time of their items.
    pub fn digests(&self) -> &[Digest] {
        &self.digests
    }

    /// The day with which the room ends; notes of later days wait. `None`: it is open.
    pub fn closed_day(&self) -> Option<u32> {
        self.closed
    }

    /// What closes the room.
    pub fn closings(&self) -> &[DecisionId] {
        &self.closings
    }

    /// The notes that are kept before all others: pinned, in a digest, or an ancestor of one of these, up to
    /// [`DIGEST_NOTES_MAX`] steps. `parent` says what a note that is held answers.
    pub fn kept_first(&self, mut parent: impl FnMut(&NoteId) -> Option<NoteId>) -> SortedSet<NoteId> {
        let chosen = self.digests.iter().flat_map(|digest| &digest.notes).map(|note| note.id());
        let chosen = self.pinned().chain(chosen).collect::<Vec<_>>();
        let mut first = SortedSet::new();
        for note in chosen {
            let mut above = Some(note);
            for _ in 0..=DIGEST_NOTES_MAX {
                // What was purged is known to some only; so nothing may depend on what it answered.
                let Some(id) = above.filter(|id| self.purges(id).is_empty()) else { break };
                first.insert(id);
                above = parent(&id);
            }
        }
        first
    }
}

/// What is kept before all else.
fn is_choice(what: &Decision) -> bool {
    matches!(what, Decision::Pin { .. } | Decision::Digest { .. })
}

/// What lifts name. No lift is lifted: else who lifts last would win.
fn lifted(rulings: &[&Ruling]) -> SortedSet<DecisionId> {
    let decisions = rulings.iter().flat_map(|ruling| ruling.decisions());
    let lifts = decisions.filter_map(|(_, ruled)| match ruled.decision {
        Decision::Lift { item, index } => Some(DecisionId { item, index }),
        _ => None,
    });
    lifts.collect()
}

/// Of each log and day of notes the first purges. The day of the item is of no use for this: a thief says what he likes. Lifted ones
/// count, too: else who lifts his own purges could purge a whole room in an hour.
fn purging(rulings: &[&Ruling]) -> SortedSet<DecisionId> {
    let mut found = Vec::new();
    for ruling in rulings {
        found.extend(ruling.decisions().filter_map(|(id, ruled)| match &ruled.decision {
            Decision::Purge { spot, .. } => Some(((ruling.log, spot.day), ruling.seq, id)),
            _ => None,
        }));
    }
    found.sort_unstable();
    let days = found.chunk_by(|(one, ..), (other, ..)| one == other);
    days.flat_map(|day| day.iter().take(PURGES_PER_DAY_MAX)).map(|(.., id)| *id).collect()
}

/// Of each log the last pins and digests that are not lifted.
fn choosing(rulings: &[&Ruling], lifted: &SortedSet<DecisionId>) -> SortedSet<DecisionId> {
    let mut found = Vec::new();
    for ruling in rulings {
        let chosen = ruling.decisions().filter(|(id, ruled)| is_choice(&ruled.decision) && !lifted.contains(id));
        found.extend(chosen.map(|(id, _)| (ruling.log, ruling.seq, id)));
    }
    found.sort_unstable();
    let logs = found.chunk_by(|(one, ..), (other, ..)| one == other);
    logs.flat_map(|log| log.iter().rev().take(CHOICES_MAX)).map(|(.., id)| *id).collect()
}

/// The decisions that admit, in the order of their items. Lifts are not looked at: a thief who lifts what admits everybody would
/// have everybody's notes dropped, and his closed log would not bring them back.
fn admitting<'a>(rulings: &[&'a Ruling]) -> impl Iterator<Item = Admitting<'a>> {
    rulings.iter().flat_map(|ruling| {
        ruling.decisions().filter_map(|(_, ruled)| {
            let (are_writers, entries) = match &ruled.decision {
                Decision::Tickets(entries) => (false, entries),
                Decision::Writers(entries) => (true, entries),
                _ => return None,
            };
            Some(Admitting { time: ruling.time, are_writers, entries })
        })
    })
}
