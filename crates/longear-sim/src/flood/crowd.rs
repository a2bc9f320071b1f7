//! Who writes in a room that is flooded, and what.

use std::sync::Arc;

use longear_core::limits::DAY_MS;
use longear_core::room::{Endorsements, Entry, Held, NoteDraft, Ticket, TicketKey, What, verify_note};
use longear_core::{NoteId, SecretKey};

use super::{FIRST_DAY, VENUE};
use crate::random::Random;

/// Letters of the notes of those who mean well.
const LETTERS: std::ops::Range<u64> = 40..400;
/// Flooders want the space: their words count as so many letters, and are held as a few.
const FLOOD_LETTERS: u32 = 1_600;
/// How often a newcomer tries for a stamp; half of them do.
const STAMP_TRIES: u64 = 16;

/// What somebody is to the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// On the roll, and means well.
    Honest,
    /// Off the roll, and means well; with a stamp or without.
    Newcomer { has_stamp: bool },
    /// On the roll, and means harm.
    Hostile,
    /// On the roll by the thief's word only.
    Smuggled,
    /// One of the keys that flooders mint.
    Minted,
}

/// Somebody who writes.
pub struct Writer {
    key: SecretKey,
    ticket: Option<Ticket>,
    /// Where all that they do by chance comes from.
    seed: u64,
    /// What they are to the room.
    pub part: Part,
    /// Which of the two regions they live in.
    pub region: usize,
    /// Whom the roll names.
    pub entry: Entry,
}

/// What one note is to be.
#[derive(Clone, Copy)]
struct Said {
    day: u32,
    slot: u8,
    parent: Option<NoteId>,
    letters: u64,
    tries: u64,
}

impl Writer {
    /// Somebody new.
    pub fn new(seed: u64, part: Part) -> Self {
        let mut random = Random::new(seed);
        let mut bytes = || {
            let mut bytes = [0; 32];
            bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&random.number().to_le_bytes()));
            bytes
        };
        let key = SecretKey::from_seed(bytes());
        let has_ticket = matches!(part, Part::Honest | Part::Hostile | Part::Smuggled);
        let ticket = has_ticket.then(|| TicketKey::from_seed(bytes()));
        let entry = match &ticket {
            Some(ticket) => ticket.entry(&VENUE.room),
            None => Entry::of_writer(&VENUE.room, &key.public()),
        };
        let ticket = ticket.map(|ticket| ticket.endorse(&VENUE.room, &key.public()));
        Writer { key, ticket, seed, part, region: random.place(2), entry }
    }

    /// What they write on a day: of those who mean well sometimes nothing, of the others all `notes` that they may.
    pub fn write(&self, known: &mut Endorsements, day: u32, notes: u8, heard: &[NoteId]) -> Vec<Arc<Held>> {
        let random = &mut Random::new(self.seed ^ u64::from(day + 1) << 56);
        let said = Said { day, slot: 0, parent: None, letters: 16, tries: 0 };
        match self.part {
            Part::Honest => {
                let count = [0, 0, 0, 0, 0, 1, 1, 1, 2, 3][random.place(10)];
                let notes = (0..count).map(|slot| {
                    let parent = (!heard.is_empty() && random.chance(40)).then(|| heard[random.place(heard.len())]);
                    let letters = random.between(LETTERS.start, LETTERS.end);
                    Arc::new(self.note(known, random, Said { slot, parent, letters, ..said }))
                });
                notes.collect()
            }
            Part::Newcomer { .. } if random.chance(50) => Vec::new(),
            Part::Newcomer { has_stamp } => {
                let letters = random.between(LETTERS.start, LETTERS.end);
                let tries = if has_stamp { STAMP_TRIES } else { 0 };
                vec![Arc::new(self.note(known, random, Said { letters, tries, ..said }))]
            }
            Part::Hostile | Part::Smuggled => {
                // Two notes for each place, of which one stands.
                let slots = (0..notes).flat_map(|slot| [slot; 2]);
                slots.map(|slot| self.flood(known, random, Said { slot, ..said })).collect()
            }
            // Dated on any day that somebody might look at, also before the cut and after tomorrow.
            Part::Minted => {
                let day = random.below(u64::from(day) + 4) as u32;
                vec![self.flood(known, random, Said { day, ..said })]
            }
        }
    }

    fn flood(&self, known: &mut Endorsements, random: &mut Random, said: Said) -> Arc<Held> {
        let mut held = self.note(known, random, said);
        held.facts.bytes += FLOOD_LETTERS - said.letters as u32;
        Arc::new(held)
    }

    /// Signs, and checks as every node would. Each note is checked once for all nodes: they share it.
    fn note(&self, known: &mut Endorsements, random: &mut Random, said: Said) -> Held {
        let Said { day, slot, parent, letters, tries } = said;
        let draft = NoteDraft {
            room: VENUE.room,
            what: What::Words,
            slot,
            time: noon(day) + random.below(DAY_MS / 4),
            parent,
            seen: None,
            stamp: 0,
            ticket: self.ticket,
            text: format!("{:016x}{}", random.number(), "x".repeat(letters as usize - 16)),
        };
        let tried = (0..=tries).map(|stamp| NoteDraft { stamp, ..draft.clone() }.sign(&self.key));
        // The smallest ID begins with most zeros.
        let note = tried.min_by_key(longear_core::Note::id);
        // There is always a first try, and what is signed here is good.
        let note = note.and_then(|note| verify_note(&VENUE, note, known).ok());
        #[allow(clippy::expect_used)]
        Held::new(note.expect("what is signed here is good"))
    }
}

/// Noon of a day after the room was opened.
pub fn noon(day: u32) -> u64 {
    u64::from(FIRST_DAY + day) * DAY_MS + DAY_MS / 2
}
