//! A node that holds a room, as far as its budget goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use longear_core::room::{Budget, Cuts, Fate, Force, Held, NoteState, Room, Ruling, Terms, View};
use longear_core::status::Objection;
use longear_core::{ItemId, NoteId, Status};

use super::crowd::noon;
use super::moderator::THIEF;
use super::{FIRST_DAY, VENUE};

/// The notes and decisions that a node holds. All decisions about them are those of `longear-core`.
pub struct Node {
    /// The region that it stands in.
    pub region: usize,
    /// What the room's opening says.
    terms: Terms,
    /// The bytes that it gives the room.
    pub budget_bytes: u64,
    /// The notes.
    pub room: Room,
    /// The decisions in force.
    pub force: Force,
    rulings: BTreeMap<ItemId, Arc<Ruling>>,
    /// Whether it has the charter that closes the stolen log.
    knows_thief: bool,
    cuts: Cuts,
    /// The day for which it dropped what is beyond its budget, since anything was decided.
    settled: Option<u32>,
}

impl Node {
    /// A node that holds nothing.
    pub fn new(region: usize, terms: Terms, budget_bytes: u64) -> Self {
        Node {
            region,
            terms,
            budget_bytes,
            room: Room::new(VENUE),
            force: Force::default(),
            rulings: BTreeMap::new(),
            knows_thief: false,
            cuts: Cuts::default(),
            settled: None,
        }
    }

    /// Takes moderation items.
    pub fn learn<'a>(&mut self, rulings: impl IntoIterator<Item = &'a Arc<Ruling>>) {
        let before = self.rulings.len();
        self.rulings.extend(rulings.into_iter().map(|ruling| (ruling.item, Arc::clone(ruling))));
        if before != self.rulings.len() {
            self.decide();
        }
    }

    /// Takes the charter that closes the stolen log.
    pub fn close_stolen_log(&mut self) {
        self.knows_thief = true;
        self.decide();
    }

    fn decide(&mut self) {
        let status = |ruling: &Ruling| {
            let is_refused = self.knows_thief && ruling.log == THIEF;
            if is_refused { Status::Refused(Objection::BeyondClosing) } else { Status::Shown }
        };
        self.force = Force::of(self.rulings.values().map(|ruling| (ruling.as_ref(), status(ruling))));
        // A decision may have made room.
        (self.cuts, self.settled) = (Cuts::default(), None);
        self.room.take_digests(&self.force);
    }

    /// Takes notes as far as the budget goes, on a day. Tells whether anything is held now that was not.
    pub fn take<'a>(&mut self, notes: impl IntoIterator<Item = &'a Arc<Held>>, day: u32) -> bool {
        let today = FIRST_DAY + day;
        let ranking = self.room.ranking(self.terms, &self.force, today);
        let wanted = |held: &&Arc<Held>| self.cuts.keep(&ranking.asks(&held.facts)) && !self.force.refuses(&held.facts);
        let wanted = notes.into_iter().filter(wanted).collect::<Vec<_>>();
        if wanted.is_empty() && self.settled == Some(day) {
            return false;
        }
        let before = self.names();
        let mut made_room = false;
        for held in wanted {
            made_room |= matches!(self.room.share(Arc::clone(held)), Fate::Replaced(_));
        }
        self.settled = Some(day);
        made_room |= self.room.drop_purged_and_old(self.terms, &self.force, Some(today)) > 0;
        if made_room {
            self.cuts = Cuts::default();
        }
        let budget = Budget::new(self.budget_bytes, &self.terms);
        self.room.drop_beyond(self.terms, &self.force, today, &budget, &mut self.cuts);
        before != self.names()
    }

    /// Gives another node what this one holds, and tells it what was decided. Tells whether the other one has anything new.
    pub fn give(&self, other: &mut Node, day: u32) -> bool {
        other.learn(self.rulings.values());
        let missing = self.room.notes().filter(|held| other.room.note(&held.facts.id).is_none());
        let missing = missing.map(Arc::clone).collect::<Vec<_>>();
        other.take(&missing, day)
    }

    /// What a reader sees.
    pub fn view(&self, day: u32) -> View {
        View::of(&self.room, self.terms, &self.force, noon(day) + longear_core::limits::DAY_MS / 4)
    }

    /// The notes that are shown.
    pub fn shown(&self, day: u32) -> Vec<NoteId> {
        let view = self.view(day);
        view.lines().iter().filter(|line| line.state == NoteState::Shown).map(|line| line.facts.id).collect()
    }

    /// Number of notes and the exclusive or of their names: what two nodes compare.
    pub fn names(&self) -> (usize, [u8; 32]) {
        let mut sum = [0; 32];
        for held in self.room.notes() {
            sum.iter_mut().zip(held.facts.id.0).for_each(|(sum, byte)| *sum ^= byte);
        }
        (self.room.len(), sum)
    }
}
