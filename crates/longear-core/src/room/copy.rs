//! A copy of a room in memory: a set of notes, of which one stands in each place.

use std::sync::Arc;

use super::budget::{Budget, Cuts};
use super::force::Force;
use super::name::NoteId;
use super::note::Note;
use super::opening::Venue;
use super::place::{Facts, Place};
use super::rank::Ranking;
use super::standing::Terms;
use crate::sorted::SortedMap;
use crate::verify::Verified;

/// The notes of a room that somebody holds. What comes of them does not depend on the order in which they came.
///
/// Copies of it share the notes.
#[derive(Clone, Debug)]
pub struct Room {
    venue: Venue,
    places: SortedMap<Place, Arc<Held>>,
    ids: SortedMap<NoteId, Place>,
}

/// A note with what decides about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What never changes.
    pub facts: Facts,
    /// The note.
    pub note: Verified<Note>,
}

/// What became of a note that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stands now.
    Taken,
    /// It stands now, where this one stood.
    Replaced(NoteId),
    /// It stood already.
    Known,
    /// Another one stands in its place.
    Beaten,
    /// It is of another room.
    Foreign,
}

impl Held {
    /// A note with its facts.
    pub fn new(note: Verified<Note>) -> Self {
        Held { facts: Facts::of(&note), note }
    }
}

impl Room {
    /// A room of which no note is held.
    pub fn new(venue: Venue) -> Self {
        Room { venue, places: SortedMap::new(), ids: SortedMap::new() }
    }

    /// Takes a note.
    pub fn insert(&mut self, note: Verified<Note>) -> Fate {
        self.share(Arc::new(Held::new(note)))
    }

    /// Takes a note that others hold, too.
    pub fn share(&mut self, held: Arc<Held>) -> Fate {
        if held.note.room != self.venue.room {
            return Fate::Foreign;
        }
        let (id, place) = (held.facts.id, held.facts.place());
        let fate = match self.places.get(&place) {
            None => Fate::Taken,
            Some(standing) if standing.facts.id == id => return Fate::Known,
            Some(standing) if held.facts.beats(&standing.facts) => Fate::Replaced(standing.facts.id),
            Some(_) => return Fate::Beaten,
        };
        if let Fate::Replaced(old) = fate {
            self.ids.remove(&old);
        }
        self.ids.insert(id, place);
        self.places.insert(place, held);
        fate
    }

    /// Takes all that another copy holds. In whatever order copies are merged, and however often, the same comes of it.
    pub fn merge(&mut self, other: &Room) {
        for held in other.notes() {
            self.share(Arc::clone(held));
        }
    }

    /// Takes the notes of the digests in force.
    pub fn take_digests(&mut self, force: &Force) {
        for note in force.digests().iter().flat_map(|digest| &digest.notes) {
            self.insert(note.clone());
        }
    }

    /// A note that is held.
    pub fn note(&self, id: &NoteId) -> Option<&Held> {
        self.places.get(self.ids.get(id)?).map(Arc::as_ref)
    }

    /// All that is held, in no order that means something.
    pub fn notes(&self) -> impl Iterator<Item = &Arc<Held>> + Clone {
        self.places.values()
    }

    /// How many notes are held.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Bytes of all notes.
    pub fn bytes(&self) -> u64 {
        self.notes().map(|held| u64::from(held.facts.bytes)).sum()
    }

    /// How the notes of this copy rank.
    pub fn ranking<'f>(&self, terms: Terms, force: &'f Force, today: u32) -> Ranking<'f> {
        let held = |id: &NoteId| self.note(id).map(|held| &held.facts).filter(|facts| !force.refuses(facts));
        Ranking::new(terms, force, today, |id| held(id)?.parent)
    }

    /// Drops what was purged, and what is too old on a day: that of the earlier of the device's clock and the channel's, or
    /// `None` where only one of them says anything. Returns how many.
    pub fn drop_purged_and_old(&mut self, terms: Terms, force: &Force, today: Option<u32>) -> usize {
        let is_old = |facts: &Facts| today.is_some_and(|today| terms.is_expired(facts.day(), today));
        self.retain(|facts| !force.refuses(facts) && !is_old(facts))
    }

    /// Drops what is beyond a budget, as it ranks on a day: that of the later of the device's clock and the channel's. What was
    /// cut before stays cut.
    pub fn drop_beyond(&mut self, terms: Terms, force: &Force, today: u32, budget: &Budget, cuts: &mut Cuts) {
        let ranking = self.ranking(terms, force, today);
        let asking = self.notes().filter(|held| !force.refuses(&held.facts)).map(|held| ranking.asks(&held.facts));
        cuts.tighten(budget, force.roll_length(), asking.collect());
        self.retain(|facts| cuts.keep(&ranking.asks(facts)));
    }

    fn retain(&mut self, keep: impl Fn(&Facts) -> bool) -> usize {
        let gone = self.notes().map(|held| held.facts).filter(|facts| !keep(facts)).collect::<Vec<_>>();
        for facts in &gone {
            self.places.remove(&facts.place());
            self.ids.remove(&facts.id);
        }
        gone.len()
    }
}

impl PartialEq for Room {
    fn eq(&self, other: &Self) -> bool {
        let ids = |room: &Room| room.ids.keys().copied().collect::<Vec<_>>();
        self.venue == other.venue && ids(self) == ids(other)
    }
}

impl Eq for Room {}
