//! What one carrier said, and what it must not be asked again.

use std::collections::{HashMap, HashSet};

use longear_core::room::SheafName;
use longear_core::{ChannelId, Head, LogId, PackName, Reason, StreamId};

use super::intake::{IntakeEnd, RefusedPart};
use super::lies::Lies;

/// After how many rounds blobs are asked for again that were not here. A stick may bring them without any new word, and then no
/// head changes: while a broadcast runs that is looked for every ten seconds, else every ten minutes.
pub const ABSENT_ROUNDS: u32 = 10;
/// Transfers that may break off before a carrier is set aside.
const INTERRUPTIONS_MAX: u32 = 8;

/// What is known of a carrier. Never saved: an ETag can mark a reader.
#[derive(Debug, Default)]
pub struct SourceMemory {
    /// The heads that it gave.
    pub heads: HashMap<ChannelId, KnownHead>,
    /// Tags of the edges that it gave, whatever was in them.
    pub edges: HashMap<(ChannelId, StreamId), String>,
    /// Packs that failed their check here; they are not asked for again.
    pub damaged_packs: HashSet<(LogId, PackName)>,
    /// Packs whose transfer broke off for good; asked for again in the next round.
    pub broken_packs: HashSet<(LogId, PackName)>,
    /// Packs that were read to their end: what is missing of them is not here. Asked for again in the next round.
    pub read_packs: HashSet<(LogId, PackName)>,
    /// Packs that are not here; forgotten when its head changes.
    pub absent_packs: HashSet<(LogId, PackName)>,
    /// Packs that were asked for because they hold another branch than ours; forgotten when its head changes.
    pub branches_asked: HashSet<(LogId, PackName)>,
    /// Logs whose delegate is in no charter held; looked at again in the next round.
    pub unknown_logs: HashSet<LogId>,
    /// Blobs that are not here; forgotten when its head changes, and after [`ABSENT_ROUNDS`].
    pub absent_blobs: HashSet<[u8; 32]>,
    /// Sheaves of notes that it gave, and that were taken in.
    pub sheaves: HashSet<SheafName>,
    /// Whether a pack was found missing in this round: then its head may be out of date.
    pub lacked_pack: bool,
    forks_seen: HashSet<LogId>,
    interruptions: u32,
    rounds: u32,
    random: u64,
}

/// A head that a carrier gave, and its tag.
#[derive(Clone, Debug)]
pub struct KnownHead {
    /// The tag by which it can be asked whether the head changed.
    pub etag: Option<String>,
    /// The head; nothing in it is verified.
    pub head: Head,
}

impl SourceMemory {
    /// Forgets what held for the last round only. `seed` spreads the waits of this round.
    pub fn begin_round(&mut self, seed: u64) {
        self.interruptions = 0;
        self.unknown_logs.clear();
        self.broken_packs.clear();
        self.read_packs.clear();
        self.lacked_pack = false;
        self.rounds = self.rounds.wrapping_add(1);
        if self.rounds.is_multiple_of(ABSENT_ROUNDS) {
            self.absent_blobs.clear();
        }
        self.random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// The tag to ask for the head with.
    pub fn etag(&self, channel: &ChannelId) -> Option<String> {
        self.heads.get(channel).and_then(|known| known.etag.clone())
    }

    /// Takes in the bytes of a head. Where it is another one than before, what was absent may be there now.
    pub fn take_head(&mut self, channel: ChannelId, etag: Option<String>, bytes: &[u8]) -> Result<Head, Reason> {
        let head = Head::decode(&channel, bytes).inspect_err(|_| drop(self.heads.remove(&channel)))?;
        if self.heads.get(&channel).is_none_or(|known| known.head != head) {
            self.absent_packs.clear();
            self.branches_asked.clear();
            self.absent_blobs.clear();
        }
        self.heads.insert(channel, KnownHead { etag, head: head.clone() });
        Ok(head)
    }

    /// Logs whose fork proof is to be asked for. A carrier gives each proof once: it may say more than ours, and then it
    /// will not change every minute.
    pub fn forks_to_ask(&self, head: &Head) -> Vec<LogId> {
        head.forks.iter().filter(|log| !self.forks_seen.contains(log)).copied().collect()
    }

    /// Notes that a fork proof was asked for and answered, be it by nothing.
    pub fn fork_answered(&mut self, log: LogId) {
        self.forks_seen.insert(log);
    }

    /// Notes that a pack is not here.
    pub fn pack_absent(&mut self, log: LogId, name: PackName) {
        self.absent_packs.insert((log, name));
        self.lacked_pack = true;
    }

    /// Whether a pack must not be asked for here.
    pub fn is_pack_tried(&self, log: LogId, name: PackName) -> bool {
        self.unknown_logs.contains(&log)
            || self.damaged_packs.contains(&(log, name))
            || self.broken_packs.contains(&(log, name))
            || self.read_packs.contains(&(log, name))
            || self.absent_packs.contains(&(log, name))
    }

    /// Remembers how the reading of a pack ended; returns what was refused, which `lies` has counted.
    ///
    /// Of a log whose key is in no charter held one complaint is enough, and its charter may come with the next round. What
    /// broke off is no fault of what came, and is not counted.
    pub fn note_intake(&mut self, end: IntakeEnd, broke_off: bool, lies: &Lies) -> Vec<RefusedPart> {
        let (log, name) = (end.pack.log, end.pack.name);
        if end.refused.iter().any(|refused| refused.reason == Reason::UnknownKey) {
            let complaint = RefusedPart::of_log(end.pack, Reason::UnknownKey);
            return if self.unknown_logs.insert(log) { vec![complaint] } else { Vec::new() };
        }
        let mut refused = end.refused;
        if end.is_cut && !broke_off {
            lies.count(0);
            refused.push(RefusedPart::of_cut(end.pack));
        }
        if broke_off {
            self.broken_packs.insert((log, name));
        }
        if !refused.is_empty() || !(broke_off || end.whole) {
            // Asked again in smaller pieces, or from others.
            self.damaged_packs.insert((log, name));
        } else if !broke_off {
            self.read_packs.insert((log, name));
        }
        refused
    }

    /// Counts a broken transfer; tells whether there were too many.
    pub fn count_interruption(&mut self) -> bool {
        self.interruptions += 1;
        self.interruptions > INTERRUPTIONS_MAX
    }

    /// A number from 0 to 1 to spread waits (xorshift; nothing secret depends on it).
    pub fn jitter(&mut self) -> f64 {
        let mut random = self.random | 1;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        self.random = random;
        (random >> 11) as f64 / (1u64 << 53) as f64
    }
}
