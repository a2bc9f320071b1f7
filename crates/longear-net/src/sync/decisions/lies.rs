//! What a carrier gave and was refused, counted while it comes.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::sync::options::REFUSAL_COST_BYTES;

/// Texts that a carrier must have given before it is asked for several things at once.
const PROOF_BYTES: u64 = 64 << 10;

/// Counts what a carrier gave: shared with the threads that read it.
#[derive(Debug)]
pub struct Lies {
    bytes: AtomicU64,
    bytes_max: u64,
    good_bytes: AtomicU64,
}

impl Lies {
    /// None yet; at `bytes_max` refused bytes they are too many.
    pub fn new(bytes_max: u64) -> Self {
        Self { bytes: AtomicU64::new(0), bytes_max, good_bytes: AtomicU64::new(0) }
    }

    /// Counts one refusal.
    pub fn count(&self, bytes: u64) {
        self.bytes.fetch_add(bytes.max(REFUSAL_COST_BYTES), Ordering::Relaxed);
    }

    /// Counts texts that were good.
    pub fn count_good(&self, bytes: u64) {
        self.good_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The refused bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether the budget is used up.
    pub fn are_too_many(&self) -> bool {
        self.bytes() >= self.bytes_max
    }

    /// Whether enough was good, and nothing was not.
    pub fn giver_is_proven(&self) -> bool {
        self.bytes() == 0 && self.good_bytes.load(Ordering::Relaxed) >= PROOF_BYTES
    }

    /// Begins anew.
    pub fn forget(&self) {
        self.bytes.store(0, Ordering::Relaxed);
        self.good_bytes.store(0, Ordering::Relaxed);
    }
}

impl Default for Lies {
    /// Never too many.
    fn default() -> Self {
        Self::new(u64::MAX)
    }
}
