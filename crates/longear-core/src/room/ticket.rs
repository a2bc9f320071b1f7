//! Tickets: keys that moderators hand out, and that vouch for the keys of writers.

use super::name::{Entry, RoomId};
use crate::hash::message;
use crate::keys::{PublicKey, SIGNATURE_BYTES, SecretKey};
use crate::reason::Reason;

/// The secret that is handed to somebody who may write. It has no `Debug`.
#[derive(Clone)]
pub struct TicketKey(SecretKey);

/// What a note carries of a ticket: its key, and its word for the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The ticket's key.
    pub key: PublicKey,
    /// The ticket's signature over the writer's key.
    pub signature: [u8; SIGNATURE_BYTES],
}

impl TicketKey {
    /// A ticket from 32 random bytes; the caller brings the randomness.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        TicketKey(SecretKey::from_seed(seed))
    }

    /// What the roll names it by.
    pub fn entry(&self, room: &RoomId) -> Entry {
        Entry::of_ticket(room, &self.0.public())
    }

    /// Vouches for a writer in a room.
    pub fn endorse(&self, room: &RoomId, writer: &PublicKey) -> Ticket {
        let message = message("ticket signature", &room.0, &[&writer.0]);
        Ticket { key: self.0.public(), signature: self.0.sign(&message) }
    }
}

impl Ticket {
    /// Checks that the ticket vouches for this writer in this room.
    pub(super) fn check(&self, room: &RoomId, writer: &PublicKey) -> Result<(), Reason> {
        self.key.verify(&message("ticket signature", &room.0, &[&writer.0]), &self.signature)
    }
}
