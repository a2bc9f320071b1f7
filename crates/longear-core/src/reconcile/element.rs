//! What a note is in one session: a short ID, and a check that only this short ID has.

use crate::hash::{keyed, labelled};
use crate::limits::RECONCILE_NOTES_MAX;

/// What makes the short IDs of one session. Fresh and random for each, so that nobody can write notes that collide in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

/// A note in one session: the first eight bytes of a hash under the session's salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortId(pub u64);

impl ShortId {
    /// As it stands on the wire.
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    /// From the wire.
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        ShortId(u64::from_le_bytes(bytes))
    }
}

/// Why notes cannot be reconciled under a salt. Neither is anybody's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoElements {
    /// Two notes have one short ID (among a million notes once in 37 million sessions), or one note was given twice.
    #[error("two notes have the same short ID: begin again with a new salt")]
    Collision,
    /// More than [`RECONCILE_NOTES_MAX`].
    #[error("more than {RECONCILE_NOTES_MAX} notes cannot be reconciled at once")]
    TooMany,
}

/// A note as it goes into symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub short: ShortId,
    pub check: u64,
}

/// The hashes of one session.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    short: [u8; 32],
    check: [u8; 32],
}

impl Keys {
    fn new(salt: &Salt) -> Self {
        Keys { short: labelled("reconcile short", &[&salt.0]), check: labelled("reconcile check", &[&salt.0]) }
    }

    fn element(&self, note: &[u8; 32]) -> Element {
        let short = ShortId(first_number(&keyed(&self.short, note)));
        Element { short, check: self.check(short) }
    }

    /// The check of a short ID. That it follows from it is how a symbol of one element is known.
    pub(super) fn check(&self, short: ShortId) -> u64 {
        first_number(&keyed(&self.check, &short.to_bytes()))
    }
}

fn first_number(hash: &[u8; 32]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// The notes of one side in one session, by their short IDs. Costs two hashes and 24 bytes a note.
#[derive(Clone, Debug)]
pub struct Elements {
    keys: Keys,
    /// Ascending by short ID.
    list: Vec<Element>,
    /// Where in the sequence that was given each of them stood.
    positions: Vec<u32>,
}

impl Elements {
    /// Makes the elements of these notes, given by their IDs in any sequence, each once.
    pub fn new<'a>(salt: &Salt, notes: impl IntoIterator<Item = &'a [u8; 32]>) -> Result<Self, NoElements> {
        let keys = Keys::new(salt);
        let numbered = (0u32..).zip(notes).take(RECONCILE_NOTES_MAX + 1);
        let mut sorted = numbered.map(|(position, note)| (keys.element(note), position)).collect::<Vec<_>>();
        if sorted.len() > RECONCILE_NOTES_MAX {
            return Err(NoElements::TooMany);
        }
        sorted.sort_unstable_by_key(|(element, _)| element.short);
        if sorted.windows(2).any(|pair| pair[0].0.short == pair[1].0.short) {
            return Err(NoElements::Collision);
        }
        let (list, positions) = sorted.into_iter().unzip();
        Ok(Elements { keys, list, positions })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The note of a short ID: its place in the sequence that was given.
    pub fn position(&self, short: ShortId) -> Option<usize> {
        let index = self.list.binary_search_by_key(&short, |element| element.short).ok()?;
        Some(self.positions[index] as usize)
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(super) fn list(&self) -> &[Element] {
        &self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_found_by_the_short_ids_of_their_session_only() {
        let notes = [[1; 32], [2; 32], [3; 32]];
        let one = Elements::new(&Salt([1; 16]), &notes).unwrap();
        let other = Elements::new(&Salt([2; 16]), &notes).unwrap();
        for (position, note) in notes.iter().enumerate() {
            let short = one.keys().element(note).short;
            assert_eq!(one.position(short), Some(position));
            assert_eq!(other.position(short), None);
            assert_eq!(ShortId::from_bytes(short.to_bytes()), short);
        }
        assert_eq!((one.len(), one.is_empty()), (3, false));
        assert!(Elements::new(&Salt([1; 16]), []).unwrap().is_empty());
    }

    #[test]
    fn a_note_given_twice_is_a_collision() {
        let found = Elements::new(&Salt([1; 16]), &[[1; 32], [2; 32], [1; 32]]);
        assert_eq!(found.unwrap_err(), NoElements::Collision);
    }

    #[test]
    fn more_notes_than_may_be_are_refused() {
        let note = [0; 32];
        let notes = core::iter::repeat_n(&note, RECONCILE_NOTES_MAX + 1);
        assert_eq!(Elements::new(&Salt([1; 16]), notes).unwrap_err(), NoElements::TooMany);
        // One less is not too many, though they are all the same.
        let notes = core::iter::repeat_n(&note, RECONCILE_NOTES_MAX);
        assert_eq!(Elements::new(&Salt([1; 16]), notes).unwrap_err(), NoElements::Collision);
    }
}
