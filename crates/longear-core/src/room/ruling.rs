//! A moderation item, as far as the decisions in it go.

use super::decision::{Decision, Decisions};
use super::endorsement::{Endorsements, verify_note};
use super::note::Note;
use super::opening::Venue;
use crate::header::Header;
use crate::id::{ItemId, LogId};
use crate::verify::Verified;

/// One decision: the moderation item that it stands in, and its place there. What a lift names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecisionId {
    /// The item.
    pub item: ItemId,
    /// Its place in the item, from 0.
    pub index: u8,
}

/// A moderation item of a room whose digests were verified: once, not whenever the decisions in force are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The item.
    pub item: ItemId,
    /// Whose log it stands in.
    pub log: LogId,
    /// Its place there.
    pub seq: u64,
    /// When it was signed, by the moderator's clock.
    pub time: u64,
    decisions: Vec<Ruled>,
}

/// A decision, with what is good of its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ruled {
    pub decision: Decision,
    pub digest: Vec<Verified<Note>>,
}

impl Ruling {
    /// Prepares an item that was verified; `None` where it decides about another room. Verifies the notes of digests, at about
    /// 80 µs each, and leaves out those that are not good.
    pub fn new(
        venue: &Venue,
        item: ItemId,
        header: &Header,
        decisions: Decisions,
        known: &mut Endorsements,
    ) -> Option<Self> {
        let Header { log, seq, time, .. } = *header;
        let rule = |mut decision: Decision| {
            let notes = match &mut decision {
                Decision::Digest { notes, .. } => core::mem::take(notes),
                _ => Vec::new(),
            };
            let digest = notes.into_iter().filter_map(|note| verify_note(venue, note, known).ok()).collect();
            Ruled { decision, digest }
        };
        let is_of_this_room = decisions.room == venue.room;
        is_of_this_room.then(|| Ruling {
            item,
            log,
            seq,
            time,
            decisions: decisions.list.into_iter().map(rule).collect(),
        })
    }

    /// The decisions with their names.
    pub(super) fn decisions(&self) -> impl Iterator<Item = (DecisionId, &Ruled)> {
        // No item has more decisions than a byte counts.
        (0..=u8::MAX).zip(&self.decisions).map(|(index, ruled)| (DecisionId { item: self.item, index }, ruled))
    }
}
