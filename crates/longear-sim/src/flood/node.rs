//! A node that holds a room, as far as its budget goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use longear_core::room::{Budget, Cuts, Fate, Force, Held, NoteState, Room, Ruling, Terms, View};
use longear_core::status::Objection;
use longear_core::{ItemId, NoteId, Status};

use super::crowd::noon;
use super::{FIRST_DAY, VENUE};

/// The notes and decisions that a node holds. All decisions about them are those of `longear-core`.
pub struct Node {
    /// The region that it stands in.
    pub region: usize,
    /// The bytes that it gives the room.
    pub budget_bytes: u64,
    /// The notes.
    pub room: Room,
    rulings: BTreeMap<ItemId, Arc<Ruling>>,
    /// Whether it has the charter that closes the stolen log.
    knows_thief: bool,
    force: Force,
    cuts: Cuts,
    terms: Terms,
}

impl Node {
    /// A node that holds nothing.
    pub fn new(region: usize, budget_bytes: u64, terms: Terms) -> Self {
        Node {
            region,
            budget_bytes,
            room: Room::new(VENUE),
            rulings: BTreeMap::new(),
            knows_thief: false,
            force: Force::default(),
            cuts: Cuts::default(),
            terms,
        }
    }

    /// Takes moderation items, and perhaps the charter that closes a log.
    pub fn learn<'a>(
        &mut self,
        rulings: impl IntoIterator<Item = &'a Arc<Ruling>>,
        knows_thief: bool,
        is_stolen: &impl Fn(&Ruling) -> bool,
    ) {
        let before = (self.rulings.len(), self.knows_thief);
        self.rulings.extend(rulings.into_iter().map(|ruling| (ruling.item, Arc::clone(ruling))));
        self.knows_thief |= knows_thief;
        if before == (self.rulings.len(), self.knows_thief) {
            return;
        }
        let status = |ruling: &Ruling| {
            let is_refused = self.knows_thief && is_stolen(ruling);
            if is_refused { Status::Refused(Objection::BeyondClosing) } else { Status::Shown }
        };
        self.force = Force::of(self.rulings.values().map(|ruling| (ruling.as_ref(), status(ruling))));
        // A decision may have made room.
        self.cuts = Cuts::default();
        self.room.take_digests(&self.force);
    }

    /// Takes notes as far as the budget goes, on a day. Tells whether anything is held now that was not.
    pub fn take<'a>(&mut self, notes: impl IntoIterator<Item = &'a Arc<Held>>, day: u32) -> bool {
        let today = FIRST_DAY + day;
        let before = self.names();
        let ranking = self.room.ranking(self.terms, &self.force, today);
        let mut made_room = false;
        for held in notes {
            let (rank, cell) = ranking.rank(&held.facts);
            if self.cuts.keep(&rank, cell) && !self.force.refuses(&held.facts) {
                made_room |= matches!(self.room.share(Arc::clone(held)), Fate::Replaced(_));
            }
        }
        made_room |= self.room.drop_purged_and_old(self.terms, &self.force, Some(today)) > 0;
        if made_room {
            self.cuts = Cuts::default();
        }
        let budget = Budget::new(self.budget_bytes, &self.terms);
        self.cuts.tighten(&self.room.drop_beyond(self.terms, &self.force, today, &budget));
        before != self.names()
    }

    /// Gives another node what this one holds, and tells it what was decided. Tells whether the other one has anything new.
    pub fn give(&self, other: &mut Node, day: u32, is_stolen: &impl Fn(&Ruling) -> bool) -> bool {
        other.learn(self.rulings.values(), self.knows_thief, is_stolen);
        let missing = self.room.notes().filter(|held| other.room.note(&held.facts.id).is_none());
        let missing = missing.map(Arc::clone).collect::<Vec<_>>();
        other.take(&missing, day)
    }

    /// What a reader sees.
    pub fn view(&self, day: u32) -> View {
        View::of(&self.room, self.terms, &self.force, noon(day) + longear_core::limits::DAY_MS / 4)
    }

    /// The notes that are shown.
    pub fn shown(&self, day: u32) -> impl Iterator<Item = NoteId> {
        let lines = self.view(day).lines().to_vec();
        lines.into_iter().filter(|line| line.state == NoteState::Shown).map(|line| line.facts.id)
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
