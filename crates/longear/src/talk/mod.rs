//! Rooms as people use them: finding one, saying something in it, deciding about it. The command line and the box ask here.

mod decide;
mod find;
mod say;

pub use decide::{Moderator, ground};
pub use find::{find_note, find_room, rooms};
pub use say::{Draft, Quota, SayError, flag, quota, say, take_back};

use longear_core::PublicKey;
use longear_core::room::{Facts, NoteState, RoomId, What};
use longear_store::Talk;
use longear_store::rooms::PageNote;

use crate::failure::Failure;
use crate::home::store_failure;

/// What a note is at a time.
pub fn state_of(talk: &Talk, note: &PageNote, now_ms: u64) -> NoteState {
    talk.terms().state(&talk.force, &Facts::of(&note.note), note.shown_ms, now_ms)
}

/// Whether a page has a place for a note: words that are shown or hidden.
pub fn has_place(talk: &Talk, note: &PageNote, now_ms: u64) -> bool {
    let is_seen = matches!(state_of(talk, note, now_ms), NoteState::Shown | NoteState::Hidden);
    is_seen && note.note.what == What::Words
}

/// What the pages make a name and a bead of.
pub fn pseudonym_of(room: &RoomId, writer: &PublicKey) -> longear_pages::Pseudonym {
    let longear_core::room::Pseudonym { adjective, noun, border, fill } =
        longear_core::room::Pseudonym::of(room, writer);
    longear_pages::Pseudonym { adjective, noun, border, fill }
}

/// What went wrong with a room's notes, for people.
pub fn room_failure(error: &longear_store::RoomError) -> Failure {
    match error {
        longear_store::RoomError::Items(error) => store_failure(error),
        error if error.is_full() => Failure::refused("There is no space left on the disk")
            .hint("Free some, and then again. What was there before is safe"),
        error if error.is_read_only() => Failure::refused("The notes of rooms cannot be written here"),
        error @ longear_store::RoomError::Space { .. } => {
            Failure::refused(error.to_string()).hint("Choose it again: longear room space 2GB")
        }
        error => Failure::refused(error.to_string()).hint("Look what is damaged: longear check"),
    }
}
