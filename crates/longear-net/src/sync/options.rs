//! What a sync shall bring, within which limits, and how it is stopped.

use std::sync::Arc;
use std::time::Duration;

use longear_core::{ChannelId, Class};
use tokio::sync::watch;

use crate::carrier::RetryPolicy;

/// Counts the requests under way to one carrier.
pub const REQUESTS_PER_CARRIER_MAX: usize = 6;

/// Counts the packs read at once over all carriers, the largest counting as [`LARGE_PACK_WEIGHT`].
///
/// A pack being read takes up to 10 MiB (blocks read ahead, headers, payloads that wait for the disk).
pub const PACKS_IN_FLIGHT_MAX: u32 = 8;

/// Gives what packs of 512 items and more count of [`PACKS_IN_FLIGHT_MAX`].
pub const LARGE_PACK_WEIGHT: u32 = 4;

/// Counts the small blobs fetched at once; a blob of [`SPAN_BYTES_MIN`] and more takes all places.
pub const BLOBS_IN_FLIGHT_MAX: u32 = 4;

/// Gives how long files of a broadcast are begun in a round that is for broadcasts only: then its edge is asked for again.
pub const LIVE_FILES_TIME_MAX: Duration = Duration::from_secs(2);

/// Gives the fewest bytes of a blob for which a further carrier is asked: a request more costs less than it gains.
pub const SPAN_BYTES_MIN: u64 = 8 << 20;

/// Says whether a blob is worth breaking off: what came of a small one would come again.
pub(super) fn may_pause(bytes: u64) -> bool {
    bytes >= SPAN_BYTES_MIN
}

/// Gives the payload bytes that become durable together. They are not gathered in memory, but readers of the store wait
/// while a batch is written: 0.1 s on an SSD, 2 s on a slow card.
pub const BATCH_BYTES_MAX: usize = 16 << 20;

/// Gives the refused bytes at which a carrier is set aside.
///
/// A lying carrier shall cost 2 MiB at most: this, and the most that it can send before it is found out, which is a group
/// of a blob (1 MiB).
pub const LIES_BYTES_MAX: u64 = 1 << 20;

/// Gives the same for folders: damage there costs no traffic, and the rest of a damaged stick may be good.
pub const FOLDER_LIES_BYTES_MAX: u64 = 256 << 20;

/// Gives what a refusal costs a carrier at least: the signature or hash that was checked in vain.
pub const REFUSAL_COST_BYTES: u64 = 8 << 10;

/// Gives what an answer costs a carrier that is refused by its header: its body may be on its way already.
pub const ABANDONED_COST_BYTES: u64 = 256 << 10;

/// Counts the refusals that a report lists; further ones are counted only.
pub const REFUSALS_LISTED_MAX: usize = 1_000;

/// Says which blobs to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobsWanted {
    /// The last class that is brought; `None` for no blobs at all.
    pub class_max: Option<Class>,
    /// The longest blob that is brought, in bytes.
    pub bytes_max: u64,
}

impl BlobsWanted {
    /// Everything.
    pub const ALL: Self = Self { class_max: Some(Class::Unknown), bytes_max: u64::MAX };
    /// Posts only.
    pub const NONE: Self = Self { class_max: None, bytes_max: 0 };

    pub(crate) fn includes(&self, class: Class, bytes: u64) -> bool {
        self.class_max.is_some_and(|max| class <= max) && bytes <= self.bytes_max
    }
}

/// Says what a sync shall do. The default brings everything of all followed channels.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SyncOptions {
    /// The channels; `None` for all that are followed.
    pub channels: Option<Vec<ChannelId>>,
    /// The blobs.
    pub blobs: BlobsWanted,
    /// Whether of the files only those of broadcasts that run are brought, for a moment: another round follows.
    pub only_live: bool,
    /// How long files may come: then no more are begun, and large ones go on in the next round. `None` for as long as it takes.
    pub files_time_max: Option<Duration>,
    /// When a failed request is repeated.
    pub retry: RetryPolicy,
    /// Spreads the waits before repeated requests; any number that differs between machines.
    pub jitter_seed: u64,
    /// Whether notes of rooms are given to nodes that lack them.
    pub give_notes: bool,
    /// Random bytes, fresh for each process: nobody may know before how notes are coded.
    pub session_seed: [u8; 32],
    /// Ends the sync early; what came is kept.
    pub cancel: Cancel,
}

impl Default for SyncOptions {
    fn default() -> Self {
        Self {
            channels: None,
            blobs: BlobsWanted::ALL,
            only_live: false,
            files_time_max: None,
            retry: RetryPolicy::default(),
            jitter_seed: 0,
            give_notes: true,
            session_seed: [0; 32],
            cancel: Cancel::default(),
        }
    }
}

/// Ends a sync from elsewhere. Clones are one and the same.
#[derive(Clone, Debug)]
pub struct Cancel {
    state: Arc<watch::Sender<bool>>,
}

impl Default for Cancel {
    fn default() -> Self {
        Self { state: Arc::new(watch::Sender::new(false)) }
    }
}

impl Cancel {
    /// Ends whatever runs with it, soon.
    pub fn cancel(&self) {
        self.state.send_replace(true);
    }

    /// Tells whether it was called.
    pub fn is_cancelled(&self) -> bool {
        *self.state.borrow()
    }

    /// Waits until it is called.
    pub async fn cancelled(&self) {
        let mut receiver = self.state.subscribe();
        // The sender lives as long as `self`, so this ends only when it is called.
        let _ = receiver.wait_for(|cancelled| *cancelled).await;
    }
}
