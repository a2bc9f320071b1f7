//! Synchronisation, the pulling half: from carriers through verification into the store.
//!
//! [`sync`] brings what the store lacks of the followed channels, from any number of carriers at once; [`Syncer`] does
//! so again and again and remembers in between what the carriers said. Whatever is refused is named in the
//! [`SyncReport`]; whatever is good is kept, however the rest ends.
//!
//! The order is that of usefulness: charters, heads with their statements, and fork proofs; then packs, newest first;
//! then blobs by class.

mod blobs;
mod division;
mod intake;
mod options;
mod packs;
mod repair;
mod report;
mod round;
mod source;
mod transfer;
mod words;

use std::sync::{Arc, Mutex};

use longear_core::ChannelId;
use longear_store::Store;

pub use options::{
    BATCH_BYTES_MAX, BLOBS_IN_FLIGHT_MAX, BlobsWanted, Cancel, FOLDER_LIES_BYTES_MAX, LARGE_PACK_WEIGHT,
    LIES_BYTES_MAX, PACKS_IN_FLIGHT_MAX, REFUSAL_COST_BYTES, REFUSALS_LISTED_MAX, REQUESTS_PER_CARRIER_MAX,
    SPAN_BYTES_MIN, SyncOptions,
};
pub use report::{CarrierOutcome, Refusal, SyncError, SyncEvent, SyncOutcome, SyncReport};

use crate::carrier::Carrier;
use round::{Round, Waiting};
use source::Source;

/// Brings what the store lacks, once. See [`Syncer::round`].
///
/// # Errors
/// Those of [`Syncer::round`].
pub async fn sync(
    store: Arc<Store>,
    carriers: Vec<Carrier>,
    options: SyncOptions,
    events: impl Fn(SyncEvent) + Send + Sync,
) -> Result<SyncReport, SyncError> {
    Syncer::new(store, carriers).round(&options, &events).await
}

/// Keeps carriers and what they said, for one round after the other.
///
/// A round that finds nothing new costs one conditional request per carrier and channel. Nothing of it is saved.
pub struct Syncer {
    store: Arc<Store>,
    sources: Vec<Source>,
    waiting: Mutex<Waiting>,
}

impl Syncer {
    /// Takes carriers, all of them equal.
    pub fn new(store: Arc<Store>, carriers: Vec<Carrier>) -> Self {
        let sources = carriers.into_iter().enumerate().map(|(index, carrier)| Source::new(index, carrier)).collect();
        Self { store, sources, waiting: Mutex::default() }
    }

    /// Asks all carriers for what is new, and keeps what is good.
    ///
    /// Memory stays below some 50 MiB whatever the carriers do. `events` is called from within and must not wait.
    ///
    /// # Errors
    /// [`SyncError`], when this machine's own store fails; what came before is kept. What carriers do wrong is no error
    /// but stands in the report.
    pub async fn round(
        &mut self,
        options: &SyncOptions,
        events: &(dyn Fn(SyncEvent) + Send + Sync),
    ) -> Result<SyncReport, SyncError> {
        self.sources.iter().for_each(|source| source.begin_round(options.jitter_seed));
        let round = Round {
            store: self.store.clone(),
            sources: &self.sources,
            options,
            events,
            waiting: &self.waiting,
            report: Mutex::default(),
        };
        let channels = channels(&round).await?;
        let before = complete_items(&round, &channels).await?;
        let mut words = Vec::new();
        for channel in &channels {
            words.push(words::pull_words(&round, *channel).await?);
        }
        for (channel, words) in channels.iter().zip(&words) {
            let missing = packs::pull_packs(&round, *channel, words).await?;
            round.report().still_missing_items += missing;
        }
        let missing = blobs::pull_blobs(&round, &channels).await?;
        round.report().still_missing_blobs = missing;
        let after = complete_items(&round, &channels).await?;
        round.report().new_items = after - before;
        let mut report = round.report.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        report.cut |= options.cancel.is_cancelled();
        report.carriers = self.sources.iter().map(|source| source.state().outcome.clone()).collect();
        Ok(report)
    }
}

async fn channels(round: &Round<'_>) -> Result<Vec<ChannelId>, SyncError> {
    let wanted = round.options.channels.clone();
    let states = round.blocking(Store::channels).await?;
    let states = states.iter().filter(|state| match &wanted {
        Some(wanted) => wanted.contains(&state.id()),
        None => state.is_followed(),
    });
    Ok(states.map(|state| state.id()).collect())
}

async fn complete_items(round: &Round<'_>, channels: &[ChannelId]) -> Result<u64, SyncError> {
    let mut complete = 0;
    for channel in channels {
        let state = words::channel_state(round, *channel).await?;
        complete += state.logs().values().map(|log| log.complete().len()).sum::<u64>();
    }
    Ok(complete)
}
