//! A carrier as one sync knows it: what it said, what it must not be asked again, whether it is still asked.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Semaphore;

use super::decisions::{Lies, SourceMemory};
use super::options::{FOLDER_LIES_BYTES_MAX, LIES_BYTES_MAX, REQUESTS_PER_CARRIER_MAX};
use super::report::CarrierOutcome;
use crate::carrier::Carrier;

/// How many rounds for broadcasts leave out a carrier that did not answer in one of them.
const SILENT_ROUNDS: u32 = 10;
/// What is said of it meanwhile.
const SILENT: &str = "it does not answer";

/// One carrier.
pub(super) struct Source {
    pub index: usize,
    pub carrier: Carrier,
    pub label: String,
    /// Bounds the requests under way: one until something that it gave was good.
    pub slots: Semaphore,
    /// Held for the one group of a blob that may be under way until one was good.
    pub caution: Semaphore,
    pub lies: Arc<Lies>,
    state: Mutex<SourceState>,
}

/// What is known of a carrier.
#[derive(Default)]
pub(super) struct SourceState {
    pub outcome: CarrierOutcome,
    pub memory: SourceMemory,
    /// In how many rounds that are for broadcasts only it is not asked, because it did not answer in one.
    silent_for: u32,
    /// Whether more than one request may be under way.
    has_all_slots: bool,
    /// Whether a group of a blob was good in this round, and nothing was bad since.
    pub gives_good_blobs: bool,
}

impl Source {
    pub fn new(index: usize, carrier: Carrier) -> Self {
        let label = carrier.label();
        let is_folder = matches!(carrier, Carrier::Folder(_));
        let lies = Arc::new(Lies::new(if is_folder { FOLDER_LIES_BYTES_MAX } else { LIES_BYTES_MAX }));
        let (slots, caution) = (Semaphore::new(1), Semaphore::new(1));
        let source = Self { index, carrier, label, slots, caution, lies, state: Mutex::default() };
        if is_folder {
            source.gave_good_items();
        }
        source
    }

    /// From now on it may be asked for several things at once.
    pub fn gave_good_items(&self) {
        let mut state = self.state();
        if !std::mem::replace(&mut state.has_all_slots, true) {
            self.slots.add_permits(REQUESTS_PER_CARRIER_MAX - 1);
        }
    }

    /// From now on blobs are read as fast as they come.
    pub fn gave_good_blobs(&self) {
        self.state().gives_good_blobs = true;
        self.gave_good_items();
    }

    /// Whether the first group of a blob is looked at before more is read. A disk costs no traffic.
    pub fn is_suspect(&self) -> bool {
        !self.is_folder() && !self.state().gives_good_blobs
    }

    pub fn state(&self) -> MutexGuard<'_, SourceState> {
        // Nothing that holds it can panic half-way through a change.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Forgets what held for the last round only.
    ///
    /// In a round that is for broadcasts `only_live` one that did not answer lately is not asked: while the internet is cut,
    /// neighbours pass a broadcast on each second, and must not wait for a mirror that cannot be reached.
    pub fn begin_round(&self, jitter_seed: u64, only_live: bool) {
        self.lies.forget();
        let mut state = self.state();
        state.gives_good_blobs = false;
        state.outcome = CarrierOutcome { carrier: self.label.clone(), ..CarrierOutcome::default() };
        state.memory.begin_round(jitter_seed.wrapping_add(self.index as u64));
        if only_live && state.silent_for > 0 {
            state.silent_for -= 1;
            state.outcome.set_aside = Some(SILENT.to_owned());
        }
    }

    /// It took too long in a round that is for broadcasts only.
    pub fn is_silent(&self) {
        self.state().silent_for = SILENT_ROUNDS;
        self.set_aside(SILENT);
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

    /// How it did in this round.
    pub fn outcome(&self) -> CarrierOutcome {
        CarrierOutcome { refused_bytes: self.lies.bytes(), ..self.state().outcome.clone() }
    }

    /// Counts a broken transfer; tells whether there were too many.
    pub fn count_interruption(&self) -> bool {
        self.state().memory.count_interruption()
    }

    /// A number from 0 to 1 to spread waits.
    pub fn jitter(&self) -> f64 {
        self.state().memory.jitter()
    }
}
