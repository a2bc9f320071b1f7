//! A room, its writers and its moderators.

use longear_core::hash::plain;
use longear_core::id::LogId;
use longear_core::limits::DAY_MS;
use longear_core::room::{
    Admission, Decision, Decisions, Endorsements, Force, NoteDraft, Room, Ruling, Terms, TicketKey, Venue, What,
};
use longear_core::{Header, ItemId, Kind, Note, NoteId, RoomId, SecretKey, Status, Verified, verify};

pub const ROOM: RoomId = RoomId([7; 32]);
pub const FIRST_DAY: u32 = 20_605;
pub const VENUE: Venue = Venue { room: ROOM, first_day: FIRST_DAY };
pub const TERMS: Terms = Terms { admission: Admission::Tickets, notes_per_day: 4, retention_days: 30 };
pub const OPEN: Terms = Terms { admission: Admission::Open, ..TERMS };

/// Noon of a day after the room was opened.
pub fn noon(day: u32) -> u64 {
    u64::from(FIRST_DAY + day) * DAY_MS + DAY_MS / 2
}

/// Somebody who writes, with a ticket or without.
pub struct Writer {
    pub key: SecretKey,
    pub ticket: Option<TicketKey>,
}

impl Writer {
    pub fn stranger(name: &str) -> Self {
        Writer { key: SecretKey::from_seed(plain(name.as_bytes())), ticket: None }
    }

    pub fn member(name: &str) -> Self {
        let ticket = TicketKey::from_seed(plain(format!("ticket of {name}").as_bytes()));
        Writer { ticket: Some(ticket), ..Writer::stranger(name) }
    }

    pub fn entry(&self) -> longear_core::room::Entry {
        self.note(0, 0, "entry").entry()
    }

    pub fn draft(&self, day: u32, slot: u8, text: &str) -> NoteDraft {
        NoteDraft {
            room: ROOM,
            what: What::Words,
            slot,
            time: noon(day),
            parent: None,
            seen: None,
            stamp: 0,
            ticket: self.ticket.as_ref().map(|ticket| ticket.endorse(&ROOM, &self.key.public())),
            text: text.to_owned(),
        }
    }

    pub fn sign(&self, draft: NoteDraft) -> Verified<Note> {
        verify(&VENUE, draft.sign(&self.key)).unwrap()
    }

    pub fn note(&self, day: u32, slot: u8, text: &str) -> Verified<Note> {
        self.sign(self.draft(day, slot, text))
    }

    pub fn answer(&self, parent: NoteId, day: u32, slot: u8) -> Verified<Note> {
        self.sign(NoteDraft { parent: Some(parent), ..self.draft(day, slot, "answer") })
    }

    pub fn flag(&self, note: NoteId, day: u32, slot: u8) -> Verified<Note> {
        self.sign(NoteDraft { what: What::Flag, parent: Some(note), ..self.draft(day, slot, "") })
    }

    pub fn takes_back(&self, day: u32, slot: u8) -> Verified<Note> {
        self.sign(NoteDraft { what: What::TakenBack, ..self.draft(day, slot, "") })
    }
}

/// A moderation item of the log of that number.
pub fn ruling(log: u8, seq: u64, time: u64, list: Vec<Decision>) -> Ruling {
    let item = ItemId(plain(format!("item {log} {seq} {time} {list:?}").as_bytes()));
    let header = Header {
        kind: Kind::Moderation,
        log: LogId([log; 16]),
        seq,
        time,
        expiry: 0,
        payload_length: 0,
        payload_hash: [0; 32],
        previous: ItemId::NONE,
        extensions: Vec::new(),
    };
    let decisions = Decisions { room: ROOM, list };
    Ruling::new(&VENUE, item, &header, decisions, &mut Endorsements::default()).unwrap()
}

/// What is in force when all items are shown.
pub fn force(rulings: &[Ruling]) -> Force {
    Force::of(rulings.iter().map(|ruling| (ruling, Status::Shown)))
}

/// Admits writers with tickets, on the first day.
pub fn roll_of<'a>(writers: impl IntoIterator<Item = &'a Writer>) -> Ruling {
    let mut entries = writers.into_iter().map(Writer::entry).collect::<Vec<_>>();
    entries.sort_unstable();
    ruling(1, 0, noon(0), vec![Decision::Tickets(entries)])
}

/// A copy that got these notes.
pub fn room_of<'a>(notes: impl IntoIterator<Item = &'a Verified<Note>>) -> Room {
    let mut room = Room::new(VENUE);
    for note in notes {
        room.insert(note.clone());
    }
    room
}
