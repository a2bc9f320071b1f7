//! Rooms: an item that opens one, notes that are signed for it, and decisions of moderators. Specified in `docs/spec/rooms.md`.
//!
//! * [`Opening`] is the payload of a `room` item. It names the [`Venue`] that notes are verified against.
//! * [`NoteDraft`] becomes a [`Note`] when its writer signs it; a [`TicketKey`] endorses writers.
//! * [`Decisions`] is the payload of a `moderation` item.
//! * A [`Sheaf`] carries notes of a day, and a [`SheafList`] names those of a carrier.
//! * [`Pseudonym`] is what a writer is called.
//! * [`Force`] is what is decided now, of all the [`Ruling`]s that are held.
//! * [`Facts`] say where a note stands, [`Ranking`] what is sent first, [`Budget`] what is kept.
//! * [`Room`] is a copy of a room in memory, [`View`] what is seen of it.

mod budget;
mod copy;
mod days;
mod decision;
mod digest;
mod endorsement;
mod force;
mod name;
mod note;
mod opening;
mod place;
mod rank;
mod roll;
mod ruling;
mod sheaf;
mod standing;
mod ticket;
mod ticket_word;
mod view;

#[cfg(test)]
mod tests;

pub use budget::{Asking, Budget, Cuts};
pub use copy::{Fate, Held, Room};
pub use days::{DAYS_BYTES_MAX, read_days, write_days};
pub use decision::{Decision, Decisions, Ground, Spot};
pub use endorsement::{Endorsements, verify_note, verify_note_bytes};
pub use force::{Ban, Cause, Digest, Force, Purge};
pub use name::{Entry, NoteId, Pseudonym, RoomId};
pub use note::{Note, NoteDraft, Seen, What, day_of};
pub use opening::{Admission, Opening, Venue};
pub use place::{Facts, Place, STAMP_BITS_MAX};
pub use rank::{Cell, Rank, Ranking};
pub use ruling::{DecisionId, Ruling};
pub use sheaf::{DaySum, Sheaf, SheafEntry, SheafList, SheafName, SheafWriter};
pub use standing::{Membership, NoteState, Standing, Terms};
pub use ticket::{Ticket, TicketKey};
pub use ticket_word::{TicketWord, TicketWordError};
pub use view::{Line, View};
