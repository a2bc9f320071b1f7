//! What the reader says himself: the key, the place, the signature.

use longear_core::limits::{FLAGS_PER_DAY_MAX, LANE_NOTES_PER_DAY, NOTE_TEXT_BYTES_MAX};
use longear_core::room::{
    Entry, Facts, Membership, Note, NoteDraft, NoteId, Place, Pseudonym, TicketWord, What, day_of,
};
use longear_core::{SecretKey, SortedSet};

use super::talk::Talk;
use super::{NOT_HELD, NOTHING, Rooms, note_of, time_of};
use crate::json;
use crate::reader::{Answer, Refusal};

/// How many signatures a stranger makes to find one whose ID begins with zeros. It decides between strangers only.
const STAMP_TRIES: u64 = 64;

/// Who writes here, in one room. Wiped from memory when dropped.
pub(super) struct Writer {
    key: SecretKey,
    ticket: Option<TicketWord>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

/// How a writer stands today.
#[derive(Debug)]
pub(super) struct Quota {
    pub membership: Membership,
    pub allowed: u8,
    pub left: u8,
    /// Why nothing can be said; empty where something can.
    pub barred: &'static str,
}

impl Talk {
    pub fn pseudonym(&self) -> Option<Pseudonym> {
        self.writer.as_ref().map(|writer| Pseudonym::of(&self.id, &writer.key.public()))
    }

    pub fn has_ticket(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.ticket.is_some())
    }

    pub fn is_own(&self, note: &Note) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.key.public() == note.key)
    }

    fn entry(&self, writer: &Writer) -> Entry {
        match &writer.ticket {
            Some(ticket) => ticket.key().entry(&self.id),
            None => Entry::of_writer(&self.id, &writer.key.public()),
        }
    }

    /// How much the writer may still say today.
    pub fn quota(&self, now_ms: u64) -> Option<Quota> {
        let entry = self.entry(self.writer.as_ref()?);
        let (membership, today) = (self.terms().membership(&self.force, &entry), day_of(now_ms));
        let per_day = self.opening.notes_per_day;
        let allowed = match membership {
            Membership::Member => per_day,
            Membership::Stranger => per_day.min(LANE_NOTES_PER_DAY),
            Membership::Outsider => 0,
        };
        let taken = self.taken(entry, today, false);
        let left = (0..allowed).filter(|slot| !taken.contains(slot)).count() as u8;
        let barred = if self.force.closed_day().is_some() {
            "closed"
        } else if today < self.venue.first_day {
            "clock"
        } else if membership == Membership::Outsider {
            "needs-ticket"
        } else if self.force.is_banned(&entry, today) {
            "banned"
        } else if left == 0 {
            "used-up"
        } else {
            ""
        };
        Some(Quota { membership, allowed, left, barred })
    }

    /// The slots of a day that an entry has used, as far as it is known here.
    fn taken(&self, entry: Entry, day: u32, is_flag: bool) -> SortedSet<u8> {
        let held = self.room.notes().map(|held| held.facts.place());
        let graves = self.force.graves().map(|(spot, _)| Place { spot, is_flag: false });
        let of_day = |place: &Place| place.is_flag == is_flag && (place.spot.entry, place.spot.day) == (entry, day);
        held.chain(graves).filter(of_day).map(|place| place.spot.slot).collect()
    }

    fn draft(&self, writer: &Writer, slot: u8, now_ms: u64) -> NoteDraft {
        let endorse = |word: &TicketWord| word.key().endorse(&self.id, &writer.key.public());
        NoteDraft {
            room: self.id,
            what: What::Words,
            slot,
            time: now_ms,
            parent: None,
            seen: self.seen,
            stamp: 0,
            ticket: writer.ticket.as_ref().map(endorse),
            text: String::new(),
        }
    }

    fn free(&self, writer: &Writer, slots: u8, now_ms: u64, is_flag: bool) -> Answer<u8> {
        let taken = self.taken(self.entry(writer), day_of(now_ms), is_flag);
        (0..slots).find(|slot| !taken.contains(slot)).ok_or(Refusal("used-up"))
    }

    fn words(&self, parent: Option<NoteId>, text: String, now_ms: u64) -> Answer<Note> {
        let writer = self.writer.as_ref().ok_or(NOT_HELD)?;
        let quota = self.quota(now_ms).ok_or(NOT_HELD)?;
        if !quota.barred.is_empty() {
            return Err(Refusal(quota.barred));
        }
        let slot = self.free(writer, quota.allowed, now_ms, false)?;
        let draft = NoteDraft { parent, text, ..self.draft(writer, slot, now_ms) };
        let tries = if quota.membership == Membership::Stranger { STAMP_TRIES } else { 1 };
        let notes = (0..tries).map(|stamp| NoteDraft { stamp, ..draft.clone() }.sign(&writer.key));
        notes.max_by_key(|note| Facts::of(note).stamp_bits()).ok_or(NOT_HELD)
    }
}

impl Rooms {
    /// Who writes in a room: the seed of the key, and the ticket's word or nothing.
    ///
    /// # Errors
    /// `truncated` where the seed is none; `bad-ticket` where the word is none, `other-room` where it is for another room.
    pub fn writer(&mut self, room: &str, seed: &[u8], ticket: &str) -> Answer {
        let talk = self.talk(room)?;
        let key = SecretKey::from_seed(seed.try_into().map_err(|_| Refusal("truncated"))?);
        let ticket = match ticket {
            "" => None,
            word => Some(TicketWord::read(word).map_err(|_| Refusal("bad-ticket"))?),
        };
        if ticket.as_ref().is_some_and(|ticket| !ticket.is_for(&talk.id)) {
            return Err(Refusal("other-room"));
        }
        talk.writer = Some(Writer { key, ticket });
        Ok(NOTHING.into())
    }

    /// Says something, or answers where there is a parent.
    ///
    /// # Errors
    /// `no-words`, `too-long`; `no-parent` where the answered note is not here; `closed`, `clock`, `needs-ticket`, `banned`,
    /// `used-up`.
    pub fn say(&mut self, room: &str, parent: &str, words: &str, now: &str) -> Answer {
        let now_ms = time_of(now)?;
        let parent = if parent.is_empty() { None } else { Some(note_of(parent)?) };
        let words = words.replace("\r\n", "\n").replace(['\r', '\t'], " ");
        let words = words.trim();
        if longear_pages::note_text(words).is_empty() {
            return Err(Refusal("no-words"));
        }
        if words.len() > NOTE_TEXT_BYTES_MAX {
            return Err(Refusal("too-long"));
        }
        let talk = self.talk(room)?;
        if parent.is_some_and(|parent| talk.room.note(&parent).is_none()) {
            return Err(Refusal("no-parent"));
        }
        let note = talk.words(parent, words.to_owned(), now_ms)?;
        self.keep(room, note, now_ms)
    }

    /// Takes a note of the writer's back.
    ///
    /// # Errors
    /// `not-held`; `not-yours`.
    pub fn take_back(&mut self, room: &str, note: &str, now: &str) -> Answer {
        let now_ms = time_of(now)?;
        let talk = self.talk(room)?;
        let held = talk.room.note(&note_of(note)?).ok_or(NOT_HELD)?;
        let writer = talk.writer.as_ref().filter(|_| talk.is_own(&held.note) && held.facts.is_words());
        let writer = writer.ok_or(Refusal("not-yours"))?;
        let draft = NoteDraft {
            what: What::TakenBack,
            time: held.note.time,
            seen: None,
            // As it stands there: it must come into the same place.
            ticket: held.note.ticket,
            ..talk.draft(writer, held.note.slot, now_ms)
        };
        let note = draft.sign(&writer.key);
        self.keep(room, note, now_ms)
    }

    /// Asks the moderators to look at a note.
    ///
    /// # Errors
    /// `needs-ticket` for who is not on the roll of a room that has one: such flags count for nothing; the others as in [`Rooms::say`].
    pub fn flag(&mut self, room: &str, note: &str, now: &str) -> Answer {
        let now_ms = time_of(now)?;
        let talk = self.talk(room)?;
        let (writer, quota) = (talk.writer.as_ref().ok_or(NOT_HELD)?, talk.quota(now_ms).ok_or(NOT_HELD)?);
        if !["", "used-up"].contains(&quota.barred) {
            return Err(Refusal(quota.barred));
        }
        if quota.membership != Membership::Member {
            return Err(Refusal("needs-ticket"));
        }
        let slot = talk.free(writer, FLAGS_PER_DAY_MAX, now_ms, true)?;
        let draft = NoteDraft { what: What::Flag, parent: Some(note_of(note)?), ..talk.draft(writer, slot, now_ms) };
        let note = draft.sign(&writer.key);
        self.keep(room, note, now_ms)
    }

    /// Takes in what was signed here, through the same check as everything: what others would refuse must not look said.
    fn keep(&mut self, room: &str, note: Note, now_ms: u64) -> Answer {
        let (id, day) = (note.id(), note.day());
        let (talk, known) = self.talk_and_known(room)?;
        if !talk.offer(Note::decode(&note.encode())?, now_ms, known).map_err(Refusal)? {
            return Err(Refusal("beaten"));
        }
        Ok(json::object(|object| {
            object.shown("id", id).number("day", day.into());
        }))
    }
}
