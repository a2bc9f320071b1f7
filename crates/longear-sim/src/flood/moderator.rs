//! Those who decide, and one who stole a moderator's key.

use std::sync::Arc;

use longear_core::id::LogId;
use longear_core::limits::{DECISIONS_MAX, ENTRIES_MAX, PURGES_PER_DAY_MAX};
use longear_core::room::{Decision, Decisions, Endorsements, Entry, Ground, Held, Ruling};
use longear_core::{Header, ItemId, Kind};

use super::crowd::noon;
use super::{FIRST_DAY, VENUE};

/// The log whose key is stolen.
pub const THIEF: LogId = LogId([3; 16]);
/// How many notes of the flood a thief pins on a day.
const PINNED_A_DAY: usize = 1_000;
/// Decisions that admit [`ENTRIES_MAX`] entries each, as many as fit into the payload of an item.
const BATCHES_PER_ITEM: usize = 31;

/// A moderator, and where the next item of their log stands.
pub struct Moderator {
    log: LogId,
    next: u64,
}

impl Moderator {
    /// The moderator of this log.
    pub fn new(log: LogId) -> Self {
        Moderator { log, next: 0 }
    }

    /// Publishes decisions, as many items as they need.
    pub fn rule(&mut self, day: u32, list: &[Decision]) -> Vec<Arc<Ruling>> {
        list.chunks(DECISIONS_MAX).filter_map(|part| self.item(day, part.to_vec())).collect()
    }

    fn item(&mut self, day: u32, list: Vec<Decision>) -> Option<Arc<Ruling>> {
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
        Ruling::new(&VENUE, ItemId(item), &header, decisions, &mut Endorsements::default()).map(Arc::new)
    }

    /// Hands out tickets.
    pub fn admit(&mut self, day: u32, entries: &[Entry]) -> Vec<Arc<Ruling>> {
        let mut entries = entries.to_vec();
        entries.sort_unstable();
        let batches = entries.chunks(ENTRIES_MAX).map(|batch| Decision::Tickets(batch.to_vec())).collect::<Vec<_>>();
        batches.chunks(BATCHES_PER_ITEM).flat_map(|list| self.rule(day, list)).collect()
    }

    /// What a thief does on a day: purges and pins as much as counts, and more.
    pub fn destroy<'a>(
        &mut self,
        day: u32,
        honest: impl Iterator<Item = &'a Arc<Held>>,
        flood: impl Iterator<Item = &'a Arc<Held>>,
    ) -> Vec<Arc<Ruling>> {
        let purges = honest.take(PURGES_PER_DAY_MAX + 36).map(|held| {
            let facts = held.facts;
            Decision::Purge { note: facts.id, spot: facts.spot, ground: Ground::Other }
        });
        let pins = flood.take(PINNED_A_DAY).map(|held| Decision::Pin { note: held.facts.id });
        let list = purges.chain(pins).collect::<Vec<_>>();
        self.rule(day, &list)
    }

    /// What a thief does once: bans everybody from the first day on, and lifts what other logs decided.
    pub fn silence(&mut self, day: u32, entries: &[Entry], others: &[Arc<Ruling>]) -> Vec<Arc<Ruling>> {
        let lift = |item| (0..BATCHES_PER_ITEM as u8).map(move |index| Decision::Lift { item, index });
        let lifts = others.iter().flat_map(|ruling| lift(ruling.item));
        let list = entries.iter().map(|entry| ban(*entry, 0)).chain(lifts).collect::<Vec<_>>();
        self.rule(day, &list)
    }
}

/// A ban from a day on.
pub fn ban(entry: Entry, day: u32) -> Decision {
    Decision::Ban { entry, first_day: FIRST_DAY + day, ground: Ground::Advertising }
}
