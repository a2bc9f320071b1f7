//! The payload of a `moderation` item.

use super::name::{Entry, NoteId, RoomId};
use super::note::Note;
use crate::bytes::{Reader, Writer, ascends};
use crate::id::ItemId;
use crate::kind::Kind;
use crate::limits::{DECISIONS_MAX, DIGEST_NOTES_MAX, ENTRIES_MAX, NOTE_BYTES_MAX, NOTES_PER_DAY_MAX, ROOM_RULES_MAX};
use crate::reason::Reason;

/// What a moderator decided, in one room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decisions {
    /// The room.
    pub room: RoomId,
    /// One or more; lifts name them by their place here, from 0.
    pub list: Vec<Decision>,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Not to be shown but by choice.
    Hide {
        /// Which note.
        note: NoteId,
        /// Why.
        ground: Ground,
    },
    /// The words are to be dropped everywhere.
    Purge {
        /// Which note.
        note: NoteId,
        /// Where it stands: so that also those know who never had it, and take no other note of its writer for it.
        spot: Spot,
        /// Why.
        ground: Ground,
    },
    /// What this entry says from a day on is not to be shown.
    Ban {
        /// Whose notes.
        entry: Entry,
        /// The first day.
        first_day: u32,
        /// Why.
        ground: Ground,
    },
    /// To be shown above others, and kept first.
    Pin {
        /// Which note.
        note: NoteId,
    },
    /// Another decision loses its force.
    Lift {
        /// The moderation item that it stands in.
        item: ItemId,
        /// Its place there.
        index: u8,
    },
    /// Tickets that were handed out; ascending.
    Tickets(Vec<Entry>),
    /// Writers whom the moderators know by what they wrote; ascending.
    Writers(Vec<Entry>),
    /// The best of a day, with what it answers.
    Digest {
        /// Of which day.
        day: u32,
        /// The notes, which are not verified yet.
        notes: Vec<Note>,
    },
    /// Nothing more is to be said.
    Close,
}

/// Where words stand: of whom, of which day, and which of that day's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// Whose.
    pub entry: Entry,
    /// The UTC day.
    pub day: u32,
    /// Which of that day's.
    pub slot: u8,
}

/// Why a moderator decided against a note or a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ground {
    /// The rule of that number, from 1.
    Rule(u8),
    /// It tells who or where somebody is.
    PersonalData,
    /// It threatens.
    Threats,
    /// It sells something.
    Advertising,
    /// It is made up.
    Invented,
    /// Something else.
    Other,
}

const GROUNDS: [(u8, Ground, &str); 5] = [
    (64, Ground::PersonalData, "personal-data"),
    (65, Ground::Threats, "threats"),
    (66, Ground::Advertising, "advertising"),
    (67, Ground::Invented, "invented"),
    (68, Ground::Other, "other"),
];

impl Ground {
    /// The ground of a number.
    ///
    /// # Errors
    /// There is none.
    pub fn from_number(number: u8) -> Result<Self, Reason> {
        if (1..=ROOM_RULES_MAX as u8).contains(&number) {
            return Ok(Ground::Rule(number));
        }
        let known = GROUNDS.iter().find(|(known, ..)| *known == number);
        known.map(|(_, ground, _)| *ground).ok_or(Reason::BadValue { what: "ground of a decision" })
    }

    /// The number in decisions.
    pub fn number(self) -> u8 {
        match self {
            Ground::Rule(number) => number,
            known => GROUNDS.iter().find(|(_, ground, _)| *ground == known).map_or(0, |(number, ..)| *number),
        }
    }

    /// The name in `--json`; a rule is named by its number besides.
    pub fn name(self) -> &'static str {
        GROUNDS.iter().find(|(_, ground, _)| *ground == self).map_or("rule", |(.., name)| name)
    }
}

impl Decisions {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(1).raw(&self.room.0).u8(self.list.len() as u8);
        self.list.iter().for_each(|decision| decision.write(&mut out));
        out.into_bytes()
    }

    /// Reads the payload. Checks form and limits, but no signature of a note in it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        let max = Kind::Moderation.payload_bytes_max();
        if bytes.len() > max {
            return Err(Reason::TooLong { what: "payload", max });
        }
        let mut input = Reader::new(bytes);
        input.version()?;
        let room = RoomId(input.array()?);
        let count = usize::from(input.u8()?);
        if count == 0 {
            return Err(Reason::BadValue { what: "number of decisions" });
        }
        let list = (0..count).map(|_| Decision::read(&mut input)).collect::<Result<_, _>>()?;
        input.finish()?;
        Ok(Decisions { room, list })
    }

    /// Checks decisions before they are published: what [`Decisions::decode`] would refuse later.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), Reason> {
        if self.list.len() > DECISIONS_MAX {
            return Err(Reason::TooMany { what: "decisions", max: DECISIONS_MAX });
        }
        Decisions::decode(&self.encode()).map(|_| ())
    }
}

impl Decision {
    /// The name in `--json`.
    pub fn name(&self) -> &'static str {
        match self {
            Decision::Hide { .. } => "hide",
            Decision::Purge { .. } => "purge",
            Decision::Ban { .. } => "ban",
            Decision::Pin { .. } => "pin",
            Decision::Lift { .. } => "lift",
            Decision::Tickets(_) => "tickets",
            Decision::Writers(_) => "writers",
            Decision::Digest { .. } => "digest",
            Decision::Close => "close",
        }
    }

    fn write(&self, out: &mut Writer) {
        match self {
            Decision::Hide { note, ground } => out.u8(1).raw(&note.0).u8(ground.number()),
            Decision::Purge { note, spot, ground } => {
                out.u8(2).raw(&note.0).raw(&spot.entry.0).u32(spot.day).u8(spot.slot).u8(ground.number())
            }
            Decision::Ban { entry, first_day, ground } => out.u8(3).raw(&entry.0).u32(*first_day).u8(ground.number()),
            Decision::Pin { note } => out.u8(4).raw(&note.0),
            Decision::Lift { item, index } => out.u8(5).raw(&item.0).u8(*index),
            Decision::Tickets(entries) => write_entries(out.u8(6), entries),
            Decision::Writers(entries) => write_entries(out.u8(7), entries),
            Decision::Digest { day, notes } => {
                out.u8(8).u32(*day).u8(notes.len() as u8);
                notes.iter().map(Note::encode).fold(out, |out, note| out.u16(note.len() as u16).raw(&note))
            }
            Decision::Close => out.u8(9),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Reason> {
        Ok(match input.u8()? {
            1 => Decision::Hide { note: NoteId(input.array()?), ground: Ground::from_number(input.u8()?)? },
            2 => Decision::Purge {
                note: NoteId(input.array()?),
                spot: read_spot(input)?,
                ground: Ground::from_number(input.u8()?)?,
            },
            3 => Decision::Ban {
                entry: Entry(input.array()?),
                first_day: input.u32()?,
                ground: Ground::from_number(input.u8()?)?,
            },
            4 => Decision::Pin { note: NoteId(input.array()?) },
            5 => Decision::Lift { item: ItemId(input.array()?), index: input.u8()? },
            6 => Decision::Tickets(read_entries(input)?),
            7 => Decision::Writers(read_entries(input)?),
            8 => Decision::Digest { day: input.u32()?, notes: read_notes(input)? },
            9 => Decision::Close,
            _ => return Err(Reason::BadValue { what: "what is decided" }),
        })
    }
}

fn read_spot(input: &mut Reader<'_>) -> Result<Spot, Reason> {
    let (entry, day, slot) = (Entry(input.array()?), input.u32()?, input.u8()?);
    if slot < NOTES_PER_DAY_MAX { Ok(Spot { entry, day, slot }) } else { Err(Reason::BadValue { what: "slot" }) }
}

fn write_entries<'w>(out: &'w mut Writer, entries: &[Entry]) -> &'w mut Writer {
    entries.iter().fold(out.u16(entries.len() as u16), |out, entry| out.raw(&entry.0))
}

fn read_entries(input: &mut Reader<'_>) -> Result<Vec<Entry>, Reason> {
    let count = usize::from(input.u16()?);
    if count > ENTRIES_MAX {
        return Err(Reason::TooMany { what: "entries", max: ENTRIES_MAX });
    }
    if count == 0 {
        return Err(Reason::BadValue { what: "number of entries" });
    }
    let (mut entries, mut last) = (Vec::with_capacity(count), None);
    for _ in 0..count {
        let entry = Entry(input.array()?);
        ascends(&mut last, entry, "order of entries")?;
        entries.push(entry);
    }
    Ok(entries)
}

fn read_notes(input: &mut Reader<'_>) -> Result<Vec<Note>, Reason> {
    let count = usize::from(input.u8()?);
    if count > DIGEST_NOTES_MAX {
        return Err(Reason::TooMany { what: "notes of a digest", max: DIGEST_NOTES_MAX });
    }
    if count == 0 {
        return Err(Reason::BadValue { what: "number of notes" });
    }
    let mut notes = Vec::with_capacity(count);
    for _ in 0..count {
        let length = usize::from(input.u16()?);
        if length > NOTE_BYTES_MAX {
            return Err(Reason::TooLong { what: "note", max: NOTE_BYTES_MAX });
        }
        notes.push(Note::decode(input.take(length)?)?);
    }
    Ok(notes)
}
