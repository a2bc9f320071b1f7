//! Synchronisation, the pulling half: from carriers through verification into the store.
//!
//! [`sync`] brings what the store lacks of the followed channels, from any number of carriers at once; [`Syncer`] does
//! so again and again and remembers in between what the carriers said. Whatever is refused is named in the
//! [`SyncReport`]; whatever is good is kept, however the rest ends.
//!
//! The order is that of usefulness: charters, heads with their statements, and fork proofs; then packs, newest first;
//! then the edges of broadcasts that run; then blobs by class.

mod blobs;
pub mod decisions;
mod division;
mod intake;
mod live;
mod options;
mod pace;
mod packs;
mod repair;
mod report;
mod rooms;
mod round;
mod source;
mod transfer;
mod words;

use std::sync::{Arc, Mutex};

use longear_core::ChannelId;
use longear_store::{ChannelState, Store};

pub use options::{
    BATCH_BYTES_MAX, BLOBS_IN_FLIGHT_MAX, BlobsWanted, Cancel, FOLDER_LIES_BYTES_MAX, LARGE_PACK_WEIGHT,
    LIES_BYTES_MAX, LIVE_FILES_TIME_MAX, PACKS_IN_FLIGHT_MAX, REFUSAL_COST_BYTES, REFUSALS_LISTED_MAX,
    REQUESTS_PER_CARRIER_MAX, SPAN_BYTES_MIN, SyncOptions,
};
pub use pace::Pace;
pub use report::{CarrierOutcome, Refusal, SyncError, SyncEvent, SyncOutcome, SyncReport};

use crate::carrier::Carrier;
use blobs::MissingBlobs;
use decisions::{Running, wanted_blobs, wanted_live_blobs};
use live::Broadcasts;
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
    /// The channels as they were when all their blobs were here: while they are the same, nothing is to be looked for.
    settled: Vec<Arc<ChannelState>>,
    /// The same for the blobs of running broadcasts.
    rolled_up: Vec<Arc<ChannelState>>,
    broadcasts: Broadcasts,
}

impl Syncer {
    /// Takes carriers, all of them equal.
    pub fn new(store: Arc<Store>, carriers: Vec<Carrier>) -> Self {
        let sources = carriers.into_iter().enumerate().map(|(index, carrier)| Source::new(index, carrier)).collect();
        let (settled, rolled_up) = (Vec::new(), Vec::new());
        Self { store, sources, waiting: Mutex::default(), settled, rolled_up, broadcasts: Broadcasts::default() }
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
        self.sources.iter().for_each(|source| source.begin_round(options.jitter_seed, options.only_live));
        let round = Round {
            store: self.store.clone(),
            sources: &self.sources,
            options,
            events,
            waiting: &self.waiting,
            report: Mutex::default(),
            pause: Cancel::default(),
        };
        let channels = channels(&round).await?;
        let before = complete_items(&round, &channels).await?;
        let missing = pull_items(&round, &channels).await?;
        round.report().still_missing_items = missing;
        let states = channel_states(&round, &channels).await?;
        let running = self.broadcasts.running(&round, &states).await?;
        self.broadcasts.pull(&round, &running).await?;
        if !options.only_live {
            rooms::exchange(&round, &states).await?;
        }
        let is_settled = live::are_same(&self.settled, &states);
        let missing = match is_settled || options.only_live {
            true => {
                let has_roll_ups = is_settled || live::are_same(&self.rolled_up, &states);
                let missing = pull_live_blobs(&round, &running, !has_roll_ups).await?;
                if missing.of_items == 0 && options.blobs == BlobsWanted::ALL {
                    self.rolled_up.clone_from(&states);
                }
                missing
            }
            false => pull_all_blobs(&round, channels.clone()).await?,
        };
        round.report().still_missing_blobs = missing.of_items + missing.of_edges;
        if !is_settled && !options.only_live {
            // With a limit on blobs the next round may be given another one.
            let is_whole = missing.of_items == 0 && options.blobs == BlobsWanted::ALL;
            self.settled = if is_whole { states } else { Vec::new() };
        }
        round.report().is_live = self.broadcasts.go_on(&round, &running).await?;
        let after = complete_items(&round, &channels).await?;
        round.report().new_items = after - before;
        let mut report = round.report.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        let missing = report.still_missing_items + report.still_missing_blobs > 0;
        report.cut = options.cancel.is_cancelled() || report.cut && missing;
        report.carriers = self.sources.iter().map(Source::outcome).collect();
        Ok(report)
    }
}

/// All blobs that are wanted, best first.
async fn pull_all_blobs(round: &Round<'_>, channels: Vec<ChannelId>) -> Result<MissingBlobs, SyncError> {
    let wanted = round.options.blobs;
    let (wants, taken) = round.blocking(move |store| wanted_blobs(store, &channels, wanted)).await?;
    round.report().new_blobs += taken;
    blobs::pull_blobs(round, wants).await
}

/// Blobs of broadcasts that run, best first.
async fn pull_live_blobs(
    round: &Round<'_>,
    running: &Arc<Vec<Running>>,
    with_roll_ups: bool,
) -> Result<MissingBlobs, SyncError> {
    let (wanted, running) = (round.options.blobs, running.clone());
    let wants = round.blocking(move |store| wanted_live_blobs(store, &running, wanted, with_roll_ups)).await?;
    blobs::pull_blobs(round, wants).await
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

/// Words, then packs. Returns how many items are still missing.
async fn pull_items(round: &Round<'_>, channels: &[ChannelId]) -> Result<u64, SyncError> {
    let mut all_words = Vec::new();
    for channel in channels {
        all_words.push(words::pull_words(round, *channel).await?);
    }
    let mut missing = 0;
    for (channel, words) in channels.iter().zip(&all_words) {
        let mut of_channel = packs::pull_packs(round, *channel, words).await?;
        // A tree that grew meanwhile has other packs now: its new head tells which.
        let outdated = round.live().filter(|source| std::mem::take(&mut source.state().memory.lacked_pack)).count();
        if of_channel > 0 && outdated > 0 && !round.is_cancelled() {
            let words = words::pull_words(round, *channel).await?;
            of_channel = packs::pull_packs(round, *channel, &words).await?;
        }
        missing += of_channel;
    }
    Ok(missing)
}

async fn channel_states(round: &Round<'_>, channels: &[ChannelId]) -> Result<Vec<Arc<ChannelState>>, SyncError> {
    let mut states = Vec::new();
    for channel in channels {
        states.push(words::channel_state(round, *channel).await?);
    }
    Ok(states)
}

async fn complete_items(round: &Round<'_>, channels: &[ChannelId]) -> Result<u64, SyncError> {
    let states = channel_states(round, channels).await?;
    Ok(states.iter().flat_map(|state| state.logs().values()).map(|log| log.complete().len()).sum())
}
