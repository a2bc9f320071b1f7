//! Who writes in a room that is flooded, and what.

use std::sync::Arc;

use longear_core::id::LogId;
use longear_core::limits::DAY_MS;
use longear_core::room::{
    Decision, Decisions, Endorsements, Entry, Ground, Held, NoteDraft, Ruling, TicketKey, Venue, What, verify_note,
};
use longear_core::{Header, ItemId, Kind, NoteId, RoomId, SecretKey};

use super::{FIRST_DAY, NOTES_PER_DAY, VENUE};
use crate::random::Random;

/// Words of flooders are as long as may be: they want the space.
const FLOOD_TEXT_BYTES: usize = 1_600;
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
    ticket: Option<TicketKey>,
    /// What they are to the room.
    pub part: Part,
    /// Which of the two regions they live in.
    pub region: usize,
}

/// Signs, and checks as every node would. Each note is checked once for all nodes: they share it.
#[derive(Default)]
pub struct Scribe {
    known: Endorsements,
}

impl Writer {
    /// Somebody new.
    pub fn new(random: &mut Random, part: Part) -> Self {
        let mut seed = || {
            let mut bytes = [0; 32];
            bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&random.number().to_le_bytes()));
            bytes
        };
        let has_ticket = matches!(part, Part::Honest | Part::Hostile | Part::Smuggled);
        let (key, ticket) = (SecretKey::from_seed(seed()), has_ticket.then(|| TicketKey::from_seed(seed())));
        Writer { key, ticket, part, region: random.place(2) }
    }

    /// Whom the roll names.
    pub fn entry(&self) -> Entry {
        match &self.ticket {
            Some(ticket) => ticket.entry(&VENUE.room),
            None => Entry::of_writer(&VENUE.room, &self.key.public()),
        }
    }

    /// What they write on a day: of those who mean well sometimes nothing, of the others all that they can.
    pub fn write(&self, scribe: &mut Scribe, random: &mut Random, day: u32, heard: &[NoteId]) -> Vec<Arc<Held>> {
        match self.part {
            Part::Honest => {
                let count = [0, 0, 0, 0, 0, 1, 1, 1, 2, 3][random.place(10)];
                let notes = (0..count).map(|slot| {
                    let parent = (!heard.is_empty() && random.chance(40)).then(|| heard[random.place(heard.len())]);
                    let bytes = random.between(40, 400) as usize;
                    self.note(scribe, random, day, slot, parent, bytes, 0)
                });
                notes.collect()
            }
            Part::Newcomer { has_stamp } if random.chance(50) => {
                let bytes = random.between(40, 400) as usize;
                vec![self.note(scribe, random, day, 0, None, bytes, if has_stamp { STAMP_TRIES } else { 0 })]
            }
            Part::Newcomer { .. } => Vec::new(),
            Part::Hostile | Part::Smuggled => {
                let slots = 0..NOTES_PER_DAY;
                let note = |slot| self.note(scribe, random, day, slot, None, FLOOD_TEXT_BYTES, 0);
                slots.map(note).collect()
            }
            // Dated on any day that somebody might look at, also before the cut and after tomorrow.
            Part::Minted => {
                let dated = random.below(u64::from(day) + 4) as u32;
                vec![self.note(scribe, random, dated, 0, None, 100, 0)]
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn note(
        &self,
        scribe: &mut Scribe,
        random: &mut Random,
        day: u32,
        slot: u8,
        parent: Option<NoteId>,
        bytes: usize,
        tries: u64,
    ) -> Arc<Held> {
        let ticket = self.ticket.as_ref().map(|ticket| ticket.endorse(&VENUE.room, &self.key.public()));
        let time = noon(day) + random.below(DAY_MS / 4);
        let text = format!("{:016x}{}", random.number(), "x".repeat(bytes - 16));
        let draft =
            NoteDraft { room: VENUE.room, what: What::Words, slot, time, parent, seen: None, stamp: 0, ticket, text };
        let tried = (0..=tries).map(|stamp| NoteDraft { stamp, ..draft.clone() }.sign(&self.key));
        // The smallest ID begins with most zeros.
        let note = tried.min_by_key(longear_core::Note::id);
        // There is always a first try, and what is signed here is good.
        let note = note.and_then(|note| verify_note(&VENUE, note, &mut scribe.known).ok());
        #[allow(clippy::expect_used)]
        Arc::new(Held::new(note.expect("what is signed here is good")))
    }
}

/// Noon of a day after the room was opened.
pub fn noon(day: u32) -> u64 {
    u64::from(FIRST_DAY + day) * DAY_MS + DAY_MS / 2
}

/// A moderator, and where the next item of their log stands.
pub struct Moderator {
    log: LogId,
    next: u64,
}

impl Moderator {
    /// The moderator of this number.
    pub fn new(number: u8) -> Self {
        Moderator { log: LogId([number; 16]), next: 0 }
    }

    /// Whether an item is of their log.
    pub fn signed(&self, ruling: &Ruling) -> bool {
        ruling.log == self.log
    }

    /// Publishes decisions.
    pub fn rule(&mut self, scribe: &mut Scribe, day: u32, list: Vec<Decision>) -> Option<Arc<Ruling>> {
        let mut item = [self.log.0[0]; 32];
        item[..8].copy_from_slice(&self.next.to_le_bytes());
        let header = Header {
            kind: Kind::Moderation,
            log: self.log,
            seq: self.next,
            time: noon(day),
            expiry: 0,
            payload_length: 0,
            payload_hash: [0; 32],
            previous: ItemId::NONE,
            extensions: Vec::new(),
        };
        self.next += 1;
        let decisions = Decisions { room: VENUE.room, list };
        // What no decoder would take is no decision.
        decisions.check().ok()?;
        Ruling::new(&VENUE, ItemId(item), &header, decisions, &mut scribe.known).map(Arc::new)
    }

    /// Hands out tickets.
    pub fn admit(&mut self, scribe: &mut Scribe, day: u32, mut entries: Vec<Entry>) -> Vec<Arc<Ruling>> {
        entries.sort_unstable();
        let batches = entries.chunks(longear_core::limits::ENTRIES_MAX).map(|batch| Decision::Tickets(batch.to_vec()));
        let batches = batches.collect::<Vec<_>>();
        // As many as fit into the payload of an item.
        batches.chunks(31).filter_map(|list| self.rule(scribe, day, list.to_vec())).collect()
    }
}

/// A ban from a day on.
pub fn ban(entry: Entry, day: u32) -> Decision {
    Decision::Ban { entry, first_day: FIRST_DAY + day, ground: Ground::Advertising }
}

/// Where the room is that they write in.
pub const fn venue() -> Venue {
    Venue { room: RoomId([7; 32]), first_day: FIRST_DAY }
}
