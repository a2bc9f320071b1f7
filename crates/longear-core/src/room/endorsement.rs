//! Tickets' words that were checked already: most notes of a room come from writers whose ticket was seen before.

use super::note::Note;
use super::opening::Venue;
use crate::hash::labelled;
use crate::limits::ENDORSEMENTS_KEPT_MAX;
use crate::reason::Reason;
use crate::sorted::SortedSet;
use crate::verify::{Verified, still_verified};

/// Remembers which tickets' signatures were good, up to [`ENDORSEMENTS_KEPT_MAX`]. Forgetting costs time, never truth.
///
/// One of them serves for notes of any number of rooms.
#[derive(Clone, Debug, Default)]
pub struct Endorsements {
    /// Those met since `older` was put aside.
    newer: SortedSet<[u8; 32]>,
    /// Half of the limit; forgotten when `newer` has come to as many.
    older: SortedSet<[u8; 32]>,
}

/// The same as [`verify`](crate::verify()) of one note, but that a ticket's signature over a writer is checked once for all
/// notes of that writer. Costs about 40 µs where it is known, and 80 µs where not.
///
/// # Errors
/// What is wrong with the note.
pub fn verify_note(venue: &Venue, note: Note, known: &mut Endorsements) -> Result<Verified<Note>, Reason> {
    note.check_with(venue, known)?;
    // The check that `verify` makes, in its only other place.
    Ok(still_verified(note))
}

/// The same from the bytes of a note: accepts what [`Note::decode`] and [`verify_note`] accept. Each key is looked at once, and
/// that of a ticket whose word is known not at all.
///
/// # Errors
/// What is wrong with the note. Where several things are, another one may be named than by decoding first.
pub fn verify_note_bytes(venue: &Venue, bytes: &[u8], known: &mut Endorsements) -> Result<Verified<Note>, Reason> {
    verify_note(venue, Note::decode_but_keys(bytes)?, known)
}

impl Endorsements {
    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.newer.len() + self.older.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.newer.is_empty() && self.older.is_empty()
    }

    /// Checks that the ticket of a note, if it has one, vouches for its writer.
    pub(super) fn check(&mut self, note: &Note) -> Result<(), Reason> {
        let Some(ticket) = &note.ticket else { return Ok(()) };
        // The signature is part of the name: what is remembered must not depend on who came first with another one.
        let name = labelled("known endorsement", &[&note.room.0, &note.key.0, &ticket.key.0, &ticket.signature]);
        if self.newer.contains(&name) {
            return Ok(());
        }
        if !self.older.contains(&name) {
            ticket.check(&note.room, &note.key)?;
        }
        self.remember(name);
        Ok(())
    }

    fn remember(&mut self, name: [u8; 32]) {
        if self.newer.len() >= ENDORSEMENTS_KEPT_MAX / 2 {
            self.older = core::mem::take(&mut self.newer);
        }
        self.newer.insert(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SecretKey;
    use crate::room::{NoteDraft, RoomId, TicketKey, What};

    /// Keys are not looked at when the bytes are read: so they must be when the note is verified.
    #[test]
    fn bytes_with_a_key_that_is_none_are_refused() {
        let (venue, writer) = (Venue { room: RoomId([1; 32]), first_day: 0 }, SecretKey::from_seed([2; 32]));
        let draft = NoteDraft {
            room: venue.room,
            what: What::Words,
            slot: 0,
            time: 5,
            parent: None,
            seen: None,
            stamp: 0,
            ticket: Some(TicketKey::from_seed([3; 32]).endorse(&venue.room, &writer.public())),
            text: "words".into(),
        };
        let note = draft.sign(&writer);
        let bytes = note.encode();
        let verified = verify_note_bytes(&venue, &bytes, &mut Endorsements::default());
        assert_eq!(verified.map(Verified::into_inner), Ok(note));
        // The point of order 1, and a y that is not reduced.
        let weak = [std::array::from_fn(|at| u8::from(at == 0)), [0xff; 32]];
        for key in &weak {
            for at in [36, 143] {
                let mut spoiled = bytes.clone();
                spoiled[at..at + 32].copy_from_slice(key);
                // A ticket's word for another key is none, which is found first.
                assert!(verify_note_bytes(&venue, &spoiled, &mut Endorsements::default()).is_err(), "byte {at}");
                assert_eq!(Note::decode(&spoiled), Err(Reason::WeakKey));
            }
        }
    }

    #[test]
    fn no_more_are_remembered_than_the_limit_says_and_the_newest_are() {
        let name = |number: usize| labelled("some", &[&number.to_le_bytes()]);
        let mut known = Endorsements::default();
        assert!(known.is_empty());
        for number in 0..ENDORSEMENTS_KEPT_MAX + 5 {
            known.remember(name(number));
            assert!(known.len() <= ENDORSEMENTS_KEPT_MAX && !known.is_empty());
        }
        assert_eq!(known.len(), ENDORSEMENTS_KEPT_MAX / 2 + 5, "the older half was forgotten");
        let is_known = |number| known.newer.contains(&name(number)) || known.older.contains(&name(number));
        assert!(is_known(ENDORSEMENTS_KEPT_MAX + 4) && is_known(ENDORSEMENTS_KEPT_MAX / 2 + 5) && !is_known(0));
    }
}
