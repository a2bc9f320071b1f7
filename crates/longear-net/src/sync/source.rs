//! A carrier as one sync knows it: what it said, what it must not be asked again, whether it is still asked.

use std::sync::{Mutex, MutexGuard};

use tokio::sync::Semaphore;

use super::decisions::SourceMemory;
use super::options::{FOLDER_LIES_BYTES_MAX, LIES_BYTES_MAX, REQUESTS_PER_CARRIER_MAX};
use super::report::CarrierOutcome;
use crate::carrier::Carrier;

/// One carrier.
pub(super) struct Source {
    pub index: usize,
    pub carrier: Carrier,
    pub label: String,
    /// Bounds the requests under way.
    pub slots: Semaphore,
    state: Mutex<SourceState>,
}

/// What is known of a carrier.
#[derive(Default)]
pub(super) struct SourceState {
    pub outcome: CarrierOutcome,
    pub memory: SourceMemory,
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
        state.memory.begin_round(jitter_seed.wrapping_add(self.index as u64));
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
        let is_used_up = state.memory.count_lies(bytes, max);
        state.outcome.refused_bytes = state.memory.refused_bytes;
        is_used_up
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
