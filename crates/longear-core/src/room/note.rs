//! What somebody says in a room, takes back, or flags.

use super::endorsement::Endorsements;
use super::name::{Entry, NoteId, Pseudonym, RoomId};
use super::opening::Venue;
use super::ticket::Ticket;
use crate::bytes::{Reader, Writer};
use crate::hash::message;
use crate::keys::{PublicKey, SIGNATURE_BYTES, SecretKey};
use crate::limits::{DAY_MS, FLAGS_PER_DAY_MAX, NOTE_BYTES_MAX, NOTE_TEXT_BYTES_MAX, NOTES_PER_DAY_MAX};
use crate::reason::Reason;
use crate::verify::{Claim, sealed};

/// The UTC day of a time. Times are below 2⁵³, so every day fits.
pub fn day_of(time_ms: u64) -> u32 {
    u32::try_from(time_ms / DAY_MS).unwrap_or(u32::MAX)
}

/// What a note does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// It says something.
    Words,
    /// It takes the words of its day and slot back.
    TakenBack,
    /// It asks the moderators to look at another note.
    Flag,
}

/// The newest statement of the channel that a writer had seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seen {
    /// First half of its hash; not all zeros.
    pub statement: [u8; 16],
    /// The time in it; not 0.
    pub time: u64,
}

/// A note before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteDraft {
    /// The room.
    pub room: RoomId,
    /// What it does.
    pub what: What,
    /// Which of the writer's notes of that day it is.
    pub slot: u8,
    /// When it was written, by the writer's clock; milliseconds since 1970.
    pub time: u64,
    /// The note that is answered or flagged.
    pub parent: Option<NoteId>,
    /// How new the writer's copy of the channel was.
    pub seen: Option<Seen>,
    /// Any number: who has no place on the roll tries some until the note's ID begins with zeros.
    pub stamp: u64,
    /// The word of the writer's ticket.
    pub ticket: Option<Ticket>,
    /// What is said; empty but in words.
    pub text: String,
}

/// One entry of a room, as its writer signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The room.
    pub room: RoomId,
    /// The writer's key, made for this room.
    pub key: PublicKey,
    /// What it does.
    pub what: What,
    /// Which of the writer's notes of that day it is.
    pub slot: u8,
    /// When it was written, by the writer's clock; milliseconds since 1970.
    pub time: u64,
    /// The note that is answered or flagged.
    pub parent: Option<NoteId>,
    /// How new the writer's copy of the channel was.
    pub seen: Option<Seen>,
    /// Any number.
    pub stamp: u64,
    /// The word of the writer's ticket.
    pub ticket: Option<Ticket>,
    /// What is said; empty but in words. Hostile input for whoever shows it.
    pub text: String,
    /// Over all of this; zeros while unsigned.
    pub signature: [u8; SIGNATURE_BYTES],
}

impl NoteDraft {
    /// Signs with the writer's key. Whoever writes should [`Note::decode`] what came out: it refuses what others would.
    pub fn sign(self, key: &SecretKey) -> Note {
        let NoteDraft { room, what, slot, time, parent, seen, stamp, ticket, text } = self;
        let signature = [0; SIGNATURE_BYTES];
        let mut note = Note { room, key: key.public(), what, slot, time, parent, seen, stamp, ticket, text, signature };
        note.signature = key.sign(&note.message());
        note
    }
}

impl Note {
    /// What the note is named by.
    pub fn id(&self) -> NoteId {
        NoteId::of(&self.encode())
    }

    /// The UTC day that it counts for.
    pub fn day(&self) -> u32 {
        day_of(self.time)
    }

    /// Whom its quota, rank and ban count by.
    pub fn entry(&self) -> Entry {
        match &self.ticket {
            Some(ticket) => Entry::of_ticket(&self.room, &ticket.key),
            None => Entry::of_writer(&self.room, &self.key),
        }
    }

    /// What its writer is called.
    pub fn pseudonym(&self) -> Pseudonym {
        Pseudonym::of(&self.room, &self.key)
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.unsigned();
        bytes.extend_from_slice(&self.signature);
        bytes
    }

    /// Reads one note that fills `bytes`.
    ///
    /// # Errors
    /// What is wrong with its form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        Self::read(bytes, |input| input.key())
    }

    /// Reads one note that was verified before, or that is verified next: whether its keys are keys is not looked at, which
    /// takes most of the time of [`Note::decode`].
    ///
    /// # Errors
    /// What else is wrong with its form.
    pub fn decode_but_keys(bytes: &[u8]) -> Result<Self, Reason> {
        Self::read(bytes, |input| Ok(PublicKey(input.array()?)))
    }

    fn read(bytes: &[u8], key_of: fn(&mut Reader<'_>) -> Result<PublicKey, Reason>) -> Result<Self, Reason> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(Reason::TooLong { what: "note", max: NOTE_BYTES_MAX });
        }
        let mut input = Reader::new(bytes);
        input.magic(b"LEN", "a note")?;
        let (room, key) = (RoomId(input.array()?), key_of(&mut input)?);
        let (what, slot) = read_what(&mut input)?;
        let time = input.time("time")?;
        let parent = Some(NoteId(input.array()?)).filter(|id| id.0 != [0; 32]);
        let fits = match what {
            What::Words => true,
            What::TakenBack => parent.is_none(),
            What::Flag => parent.is_some(),
        };
        if !fits {
            return Err(Reason::BadValue { what: "parent" });
        }
        let seen = read_seen(&mut input)?;
        let stamp = input.u64()?;
        let ticket = match input.u8()? {
            0 => None,
            1 => Some(Ticket { key: key_of(&mut input)?, signature: input.array()? }),
            _ => return Err(Reason::BadValue { what: "ticket" }),
        };
        let text = read_text(&mut input, what)?;
        let signature = input.array()?;
        input.finish()?;
        Ok(Note { room, key, what, slot, time, parent, seen, stamp, ticket, text, signature })
    }

    /// Room and day first, then what costs something.
    pub(super) fn check_with(&self, venue: &Venue, known: &mut Endorsements) -> Result<(), Reason> {
        if self.room != venue.room {
            return Err(Reason::BadValue { what: "room" });
        }
        if self.day() < venue.first_day {
            return Err(Reason::BadValue { what: "day" });
        }
        known.check(self)?;
        self.key.verify(&self.message(), &self.signature)
    }

    fn message(&self) -> Vec<u8> {
        message("note signature", &self.room.0, &[&self.unsigned()])
    }

    fn unsigned(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.raw(b"LEN").u8(1).raw(&self.room.0).raw(&self.key.0).u8(self.what as u8).u8(self.slot).u64(self.time);
        out.raw(&self.parent.map_or([0; 32], |parent| parent.0));
        let seen = self.seen.unwrap_or(Seen { statement: [0; 16], time: 0 });
        out.raw(&seen.statement).u64(seen.time).u64(self.stamp);
        match &self.ticket {
            None => out.u8(0),
            Some(ticket) => out.u8(1).raw(&ticket.key.0).raw(&ticket.signature),
        };
        out.u16(self.text.len() as u16).raw(self.text.as_bytes());
        out.into_bytes()
    }
}

fn read_what(input: &mut Reader<'_>) -> Result<(What, u8), Reason> {
    let (what, slots) = match input.u8()? {
        0 => (What::Words, NOTES_PER_DAY_MAX),
        1 => (What::TakenBack, NOTES_PER_DAY_MAX),
        2 => (What::Flag, FLAGS_PER_DAY_MAX),
        _ => return Err(Reason::BadValue { what: "what a note does" }),
    };
    let slot = input.u8()?;
    if slot < slots { Ok((what, slot)) } else { Err(Reason::BadValue { what: "slot" }) }
}

fn read_seen(input: &mut Reader<'_>) -> Result<Option<Seen>, Reason> {
    let (statement, time) = (input.array()?, input.time("time of a statement")?);
    match (statement == [0; 16], time == 0) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(Seen { statement, time })),
        _ => Err(Reason::BadValue { what: "time of a statement" }),
    }
}

fn read_text(input: &mut Reader<'_>, what: What) -> Result<String, Reason> {
    let length = usize::from(input.u16()?);
    if length > NOTE_TEXT_BYTES_MAX {
        return Err(Reason::TooLong { what: "text", max: NOTE_TEXT_BYTES_MAX });
    }
    if (length > 0) != (what == What::Words) {
        return Err(Reason::BadValue { what: "length of the text" });
    }
    let text = core::str::from_utf8(input.take(length)?).map_err(|_| Reason::NotUtf8 { what: "text" })?;
    // Line ends are text. What else steers a terminal is none.
    if text.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err(Reason::BadValue { what: "text" });
    }
    Ok(text.to_owned())
}

impl sealed::Sealed for Note {}

impl Claim for Note {
    type Authority = Venue;

    fn check(&self, venue: &Venue) -> Result<(), Reason> {
        self.check_with(venue, &mut Endorsements::default())
    }
}
