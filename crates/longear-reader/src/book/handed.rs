//! What a book hands on: its words, and its items in packs.

use core::ops::Range;

use longear_core::holdings::Holdings;
use longear_core::pack::{PREAMBLE_BYTES, PackSlot, encode_front};
use longear_core::tree::TreePath;
use longear_core::{ChannelId, LogId, LogOpening, PackName, Status};

use super::Book;
use super::log::{HeldItem, Log};

/// An object to hand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandedObject {
    /// Where it belongs in the tree.
    pub path: TreePath,
    /// Of a pack, when its last item was made, by the publisher.
    pub time: Option<u64>,
}

/// An item on its way into a pack.
pub(super) struct Placed<'b> {
    pub seq: u64,
    pub item: &'b HeldItem,
}

impl Placed<'_> {
    fn slot(&self) -> PackSlot<'_> {
        let payload_length = self.item.payload.as_ref().map_or(0, |payload| payload.len() as u32);
        PackSlot { header: self.item.signed.bytes(), payload_length }
    }
}

impl Book {
    /// Everything of use here as objects of a tree, in the order of an archive: charters, the head, the proofs of forks, packs.
    ///
    /// The packs are the largest that are full and no longer than `bytes_max`, and smaller ones around holes: so they say
    /// nothing of when which item came here.
    pub fn handed(&self, bytes_max: u64) -> Vec<HandedObject> {
        let channel = self.channel();
        let mut objects = Vec::new();
        for number in 1..=self.lineage.number() as u32 {
            objects.push(HandedObject { path: TreePath::Charter { channel: channel.0, number }, time: None });
        }
        objects.push(HandedObject { path: TreePath::Head { channel: channel.0 }, time: None });
        for log in self.forks.keys() {
            objects.push(HandedObject { path: TreePath::Fork { channel: channel.0, log: log.0 }, time: None });
        }
        for (log_id, log) in &self.logs {
            let items = self.placed(log_id, log, 0..u64::MAX);
            let mut plan = Plan { items: &items, bytes_max, channel, log: *log_id, objects: &mut objects };
            let mut rest = &items[..];
            while let Some(name) = rest.first().and_then(|first| PackName::largest_around(first.seq)) {
                plan.fill(name);
                rest = plan.within(name.items().end..u64::MAX);
            }
        }
        objects
    }

    /// The bytes of an object of what is here; `None` where nothing of it is.
    pub fn handed_object(&self, path: &TreePath) -> Option<Vec<u8>> {
        let ours = self.channel().0;
        match *path {
            TreePath::Charter { channel, number } if channel == ours => {
                Some(self.lineage.charters().get(number.checked_sub(1)? as usize)?.encode())
            }
            TreePath::Head { channel } if channel == ours => Some(self.head().encode()),
            TreePath::Fork { channel, log } if channel == ours => Some(self.forks.get(&LogId(log))?.encode()),
            TreePath::Pack { channel, log, level, index } if channel == ours => {
                let (log_id, name) = (LogId(log), PackName::new(level, u64::from(index))?);
                let log = self.logs.get(&log_id)?;
                let items = self.placed(&log_id, log, name.items());
                (!items.is_empty()).then(|| pack_of(&log.opening, name, &items))
            }
            _ => None,
        }
    }

    /// The items of some places, but none beyond a closing. Of several branches the one that the channel stands by goes on, or
    /// else the one with the smallest ID.
    fn placed<'b>(&'b self, log_id: &LogId, log: &'b Log, seqs: Range<u64>) -> Vec<Placed<'b>> {
        let end = self.items_closed(&log.opening).unwrap_or(u64::MAX).min(seqs.end);
        let mut placed = Vec::new();
        for (seq, held) in log.places(seqs.start).take_while(|(seq, _)| *seq < end) {
            let mut best: Option<(u8, &HeldItem)> = None;
            for item in held {
                let rank = self.rank(log_id, log, item);
                let is_better = |(other, held): (u8, &HeldItem)| (rank, item.signed.id()) < (other, held.signed.id());
                if best.is_none_or(is_better) {
                    best = Some((rank, item));
                }
            }
            placed.extend(best.map(|(_, item)| Placed { seq, item }));
        }
        placed
    }

    fn rank(&self, log_id: &LogId, log: &Log, item: &HeldItem) -> u8 {
        match self.status(log_id, log, item).0 {
            Status::Shown | Status::Retracted => 0,
            Status::Disputed => 1,
            Status::Unconfirmed(_) => 2,
            Status::Refused(_) => 3,
        }
    }
}

struct Plan<'p, 'b> {
    items: &'p [Placed<'b>],
    bytes_max: u64,
    channel: ChannelId,
    log: LogId,
    objects: &'p mut Vec<HandedObject>,
}

impl<'p, 'b> Plan<'p, 'b> {
    fn within(&self, seqs: Range<u64>) -> &'p [Placed<'b>] {
        let below = |seq: u64| self.items.partition_point(|placed| placed.seq < seq);
        &self.items[below(seqs.start)..below(seqs.end)]
    }

    fn fill(&mut self, name: PackName) {
        let inside = self.within(name.items());
        let Some(last) = inside.last() else { return };
        let bytes = PREAMBLE_BYTES as u64 + inside.iter().map(|placed| placed.slot().bytes()).sum::<u64>();
        let is_full = inside.len() as u64 == name.length();
        if is_full && (name.level == 0 || bytes <= self.bytes_max) {
            let path = TreePath::pack(&self.channel, &self.log, name);
            self.objects.push(HandedObject { path, time: Some(last.item.signed.header().time) });
        } else {
            name.children().for_each(|child| self.fill(child));
        }
    }
}

/// A pack of these items, ascending by seq.
pub(super) fn pack_of(opening: &LogOpening, name: PackName, items: &[Placed<'_>]) -> Vec<u8> {
    let mut slots = vec![None; name.length() as usize];
    for placed in items {
        slots[(placed.seq - name.items().start) as usize] = Some(placed.slot());
    }
    let mut pack = encode_front(name, opening, &slots);
    for placed in items {
        pack.extend_from_slice(placed.item.payload.as_deref().unwrap_or_default());
    }
    pack
}
