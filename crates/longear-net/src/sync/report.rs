//! What a sync tells while it runs, and at its end.

use longear_core::{ChannelId, Reason};
use longear_store::blobs::BlobError;
use longear_store::{RoomError, StoreError};

use super::options::REFUSALS_LISTED_MAX;

/// Tells what happens, as much as a line of progress needs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SyncEvent {
    /// Heads and charters of a channel are being asked for.
    Words {
        /// The channel.
        channel: ChannelId,
    },
    /// Items are coming.
    Posts {
        /// The channel.
        channel: ChannelId,
        /// Items that came in this round.
        have: u64,
        /// Items that were missing when it began.
        total: u64,
    },
    /// A file is coming; told about ten times a second.
    Blob {
        /// Its hash.
        hash: [u8; 32],
        /// Its name within its item.
        name: String,
        /// Its length in bytes.
        size: u64,
        /// Proven bytes that are here.
        have: u64,
    },
    /// Something was refused.
    Refused(Refusal),
    /// A carrier is not asked any more in this round.
    SetAside {
        /// The carrier.
        carrier: String,
        /// Why.
        why: String,
    },
    /// A carrier has nothing of a channel.
    WithoutChannel {
        /// The carrier.
        carrier: String,
        /// The channel.
        channel: ChannelId,
    },
}

/// Names something that was refused, from whom it came, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Label of the carrier.
    pub carrier: String,
    /// Path in the tree, and the item or block in it.
    pub object: String,
    /// Why, in words.
    pub reason: String,
    /// The stable code of the reason, where it is one of the specification.
    pub code: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(carrier: &str, object: String, reason: &Reason) -> Self {
        Self { carrier: carrier.to_owned(), object, reason: reason.to_string(), code: Some(reason.code()) }
    }

    pub(super) fn other(carrier: &str, object: String, reason: String) -> Self {
        Self { carrier: carrier.to_owned(), object, reason, code: None }
    }
}

/// Tells how one carrier did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CarrierOutcome {
    /// Its label.
    pub carrier: String,
    /// Why it was set aside, if it was.
    pub set_aside: Option<String>,
    /// Channels of which it has nothing.
    pub without: Vec<ChannelId>,
    /// Channels of which others, or this machine, have a newer word.
    pub stale: Vec<ChannelId>,
    /// Bytes that came and were refused.
    pub refused_bytes: u64,
}

/// Tells what a round brought.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SyncReport {
    /// Items that are wholly here now and were not before.
    pub new_items: u64,
    /// Charters that were applied.
    pub new_charters: u64,
    /// Statements newer than those held.
    pub new_statements: u64,
    /// Proofs of forks that were kept.
    pub new_forks: u64,
    /// Channels whose roots contradict themselves: nothing newer is applied.
    pub rivals: Vec<ChannelId>,
    /// Broadcasts whose edge is newer now.
    pub new_edges: u64,
    /// Whether a broadcast goes on: it is worth looking again in a second.
    pub is_live: bool,
    /// Whether files were left for the next round because the time for them was over.
    pub paused: bool,
    /// Blobs that are complete now.
    pub new_blobs: u64,
    /// Notes of rooms that were not here before.
    pub new_notes: u64,
    /// Notes of rooms that nodes took.
    pub given_notes: u64,
    /// Bytes of blobs that came and were of use.
    pub blob_bytes: u64,
    /// What was refused, at most [`REFUSALS_LISTED_MAX`] entries.
    pub refused: Vec<Refusal>,
    /// How many more were refused.
    pub refused_unlisted: u64,
    /// The carriers, in the order in which they were given.
    pub carriers: Vec<CarrierOutcome>,
    /// Items that are known to exist and are not wholly here.
    pub still_missing_items: u64,
    /// Blobs that were wanted and are not complete.
    pub still_missing_blobs: u64,
    /// Whether a transfer broke off or the round was cancelled.
    pub cut: bool,
}

/// Sums a round up, for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncOutcome {
    /// Nothing was refused; what can be had is here, or nothing new was offered. Exit 0.
    Well,
    /// Something was refused and nothing new was kept. Exit 3.
    Refused,
    /// Something good was kept, and something is missing or was refused. Exit 4.
    Partial,
    /// No carrier could be asked. Exit 1.
    Unreachable,
}

impl SyncReport {
    /// Tells whether anything was kept that was not here before.
    pub fn kept_anything(&self) -> bool {
        let words = self.new_charters + self.new_statements + self.new_forks + self.new_edges;
        words + self.new_items + self.new_notes + self.new_blobs + self.blob_bytes > 0
    }

    /// Sums up.
    pub fn outcome(&self) -> SyncOutcome {
        let refused = !self.refused.is_empty();
        let missing = self.still_missing_items + self.still_missing_blobs > 0 || self.cut;
        let reachable = self.carriers.is_empty() || self.carriers.iter().any(|carrier| carrier.set_aside.is_none());
        match self.kept_anything() {
            true if refused || missing => SyncOutcome::Partial,
            false if refused => SyncOutcome::Refused,
            false if !reachable => SyncOutcome::Unreachable,
            _ => SyncOutcome::Well,
        }
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        if self.refused.len() >= REFUSALS_LISTED_MAX {
            self.refused_unlisted += 1;
        } else if !self.refused.contains(&refusal) {
            self.refused.push(refusal);
        }
    }
}

/// Says why a sync could not go on. All that came before is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// The store here failed, is full, or cannot be written (disk).
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The same, for a blob (disk).
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The same, for notes of a room (disk).
    #[error(transparent)]
    Room(#[from] RoomError),
    /// A background task ended by itself (bug).
    #[error("a background task ended by itself")]
    Task,
}

impl SyncError {
    /// Tells whether the disk is full.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Store(error) => error.is_full(),
            Self::Blob(error) => error.is_full(),
            Self::Room(error) => error.is_full(),
            Self::Task => false,
        }
    }

    /// Tells whether the store cannot be written by this process.
    pub fn is_read_only(&self) -> bool {
        match self {
            Self::Store(error) => error.is_read_only(),
            Self::Blob(error) => error.is_read_only(),
            Self::Room(error) => error.is_read_only(),
            Self::Task => false,
        }
    }
}
