//! A carrier as one sync knows it: what it said, what it must not be asked again, whether it is still asked.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use longear_core::{ChannelId, Head, LogId, PackName};
use tokio::sync::Semaphore;

use super::options::{FOLDER_LIES_BYTES_MAX, LIES_BYTES_MAX, REQUESTS_PER_CARRIER_MAX};
use super::report::CarrierOutcome;
use crate::carrier::Carrier;

/// Transfers that may break off before a carrier is set aside.
const INTERRUPTIONS_MAX: u32 = 8;

/// One carrier.
pub(super) struct Source {
    pub index: usize,
    pub carrier: Carrier,
    pub label: String,
    /// Bounds the requests under way.
    pub slots: Semaphore,
    state: Mutex<SourceState>,
}

/// What is known of a carrier. Never saved: an ETag can mark a reader.
#[derive(Default)]
pub(super) struct SourceState {
    pub outcome: CarrierOutcome,
    pub heads: HashMap<ChannelId, KnownHead>,
    /// Packs that failed their check here; they are not asked for again.
    pub damaged_packs: HashSet<(LogId, PackName)>,
    /// Packs whose transfer broke off for good; asked for again in the next round.
    pub broken_packs: HashSet<(LogId, PackName)>,
    /// Packs that are not here; forgotten when its head changes.
    pub absent_packs: HashSet<(LogId, PackName)>,
    /// Logs whose delegate is in no charter held; looked at again in the next round.
    pub unknown_logs: HashSet<LogId>,
    /// Blobs that are not here; forgotten when its head changes.
    pub absent_blobs: HashSet<[u8; 32]>,
    /// Whether a pack was found missing in this round: then its head may be out of date.
    pub lacked_pack: bool,
    /// Logs whose fork proof it gave already.
    pub forks_seen: HashSet<LogId>,
    interruptions: u32,
    random: u64,
}

/// A head that a carrier gave, and its tag.
pub(super) struct KnownHead {
    pub etag: Option<String>,
    pub head: Head,
}

impl Source {
    pub fn new(index: usize, carrier: Carrier) -> Self {
        let label = carrier.label();
        let slots = Semaphore::new(REQUESTS_PER_CARRIER_MAX);
        Self { index, carrier, label, slots, state: Mutex::default() }
    }

    pub fn state(&self) -> MutexGuard<'_, SourceState> {
        // Nothing that holds it can panic half-way through a change.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Forgets what held for the last round only.
    pub fn begin_round(&self, jitter_seed: u64) {
        let mut state = self.state();
        state.outcome = CarrierOutcome { carrier: self.label.clone(), ..CarrierOutcome::default() };
        state.interruptions = 0;
        state.unknown_logs.clear();
        state.broken_packs.clear();
        state.lacked_pack = false;
        state.random = jitter_seed.wrapping_add(self.index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    pub fn is_folder(&self) -> bool {
        matches!(self.carrier, Carrier::Folder(_))
    }

    pub fn is_aside(&self) -> bool {
        self.state().outcome.set_aside.is_some()
    }

    /// Sets it aside; tells whether it was not before.
    pub fn set_aside(&self, why: &str) -> bool {
        let mut state = self.state();
        let is_new = state.outcome.set_aside.is_none();
        if is_new {
            state.outcome.set_aside = Some(why.to_owned());
        }
        is_new
    }

    /// Counts refused bytes; tells whether the budget is used up.
    pub fn count_lies(&self, bytes: u64) -> bool {
        let max = if self.is_folder() { FOLDER_LIES_BYTES_MAX } else { LIES_BYTES_MAX };
        let mut state = self.state();
        state.outcome.refused_bytes += bytes;
        state.outcome.refused_bytes > max
    }

    /// Counts a broken transfer; tells whether there were too many.
    pub fn count_interruption(&self) -> bool {
        let mut state = self.state();
        state.interruptions += 1;
        state.interruptions > INTERRUPTIONS_MAX
    }

    /// A number from 0 to 1 to spread waits (xorshift; nothing secret depends on it).
    pub fn jitter(&self) -> f64 {
        let mut state = self.state();
        let mut random = state.random | 1;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        state.random = random;
        (random >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether a pack must not be asked for here.
    pub fn is_pack_tried(&self, log: LogId, name: PackName) -> bool {
        let state = self.state();
        state.unknown_logs.contains(&log)
            || state.damaged_packs.contains(&(log, name))
            || state.broken_packs.contains(&(log, name))
            || state.absent_packs.contains(&(log, name))
    }
}
