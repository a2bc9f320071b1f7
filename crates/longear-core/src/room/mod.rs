//! Rooms: an item that opens one, notes that are signed for it, and decisions of moderators. Specified in `docs/spec/rooms.md`.
//!
//! * [`Opening`] is the payload of a `room` item. It names the [`Venue`] that notes are verified against.
//! * [`NoteDraft`] becomes a [`Note`] when its writer signs it; a [`TicketKey`] endorses writers.
//! * [`Decisions`] is the payload of a `moderation` item.
//! * A [`Sheaf`] carries notes of a day, and a [`SheafList`] names those of a carrier.
//! * [`Pseudonym`] is what a writer is called.

mod decision;
mod endorsement;
mod name;
mod note;
mod opening;
mod sheaf;
#[cfg(test)]
mod tests;
mod ticket;
mod ticket_word;

pub use decision::{Decision, Decisions, Ground, Spot};
pub use endorsement::{Endorsements, verify_note};
pub use name::{Entry, NoteId, Pseudonym, RoomId};
pub use note::{Note, NoteDraft, Seen, What, day_of};
pub use opening::{Admission, Opening, Venue};
pub use sheaf::{DaySum, Sheaf, SheafEntry, SheafList, SheafName, SheafWriter};
pub use ticket::{Ticket, TicketKey};
pub use ticket_word::{TicketWord, TicketWordError};
