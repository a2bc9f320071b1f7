//! What names rooms, notes and writers.

use crate::hash::labelled;
use crate::id::{ItemId, hex_id};
use crate::keys::PublicKey;

hex_id!(
    /// A room: the ID of the item that opened it.
    RoomId, 32
);
hex_id!(
    /// One note: the hash of all its bytes.
    NoteId, 32
);
hex_id!(
    /// Whom quota, rank and ban count by: a ticket, or a writer without one, in one room.
    Entry, 8
);

impl RoomId {
    /// What its folder in the tree is called: the first half.
    pub fn folder(&self) -> [u8; 16] {
        let mut folder = [0; 16];
        folder.copy_from_slice(&self.0[..16]);
        folder
    }
}

impl From<ItemId> for RoomId {
    fn from(item: ItemId) -> Self {
        RoomId(item.0)
    }
}

impl From<RoomId> for ItemId {
    fn from(room: RoomId) -> Self {
        ItemId(room.0)
    }
}

impl NoteId {
    /// The ID of a note's canonical bytes.
    pub fn of(signed: &[u8]) -> Self {
        NoteId(labelled("note", &[signed]))
    }
}

impl Entry {
    /// The entry of a ticket.
    pub fn of_ticket(room: &RoomId, ticket: &PublicKey) -> Self {
        Self::hashed("ticket entry", room, ticket)
    }

    /// The entry of a writer who has no ticket.
    pub fn of_writer(room: &RoomId, writer: &PublicKey) -> Self {
        Self::hashed("writer entry", room, writer)
    }

    fn hashed(label: &str, room: &RoomId, key: &PublicKey) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = labelled(label, &[&room.0, &key.0]);
        Entry([a, b, c, d, e, f, g, h])
    }
}

/// What a writer is called in a room, and which bead stands beside it: numbers of words and colours.
///
/// Two writers may be called the same, so it tells writers apart for the eye only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pseudonym {
    /// One of [`Pseudonym::WORDS`] adjectives.
    pub adjective: u16,
    /// One of [`Pseudonym::WORDS`] nouns.
    pub noun: u16,
    /// Colour of the bead's border, one of [`Pseudonym::COLOURS`].
    pub border: u8,
    /// Colour of its inside, one of [`Pseudonym::COLOURS`].
    pub fill: u8,
}

impl Pseudonym {
    /// Adjectives there are, and nouns.
    pub const WORDS: u16 = 128;
    /// Colours of a border there are, and of an inside.
    pub const COLOURS: u8 = 16;

    /// What the writer with this key is called in this room.
    pub fn of(room: &RoomId, writer: &PublicKey) -> Self {
        let [adjective, noun, border, fill, ..] = labelled("pseudonym", &[&room.0, &writer.0]);
        Pseudonym {
            adjective: u16::from(adjective) % Self::WORDS,
            noun: u16::from(noun) % Self::WORDS,
            border: border % Self::COLOURS,
            fill: fill % Self::COLOURS,
        }
    }
}
