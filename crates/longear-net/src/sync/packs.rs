//! Items: which packs to ask whom for, and asking.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use longear_core::holdings::Holdings;
use longear_core::tree::TreePath;
use longear_core::{ChannelId, LogId, PackName};
use longear_store::{ChannelState, Store};
use tokio::sync::{Semaphore, mpsc};

use super::decisions::{
    Intake, IntakeEnd, Listings, PackJob, Piece, Spare, WAVES_MAX, contradicting_packs, plan_packs, wanted_packs,
};
use super::intake::{PIECES_WAITING_MAX, read_blocks, write_pieces};
use super::options::{LARGE_PACK_WEIGHT, PACKS_IN_FLIGHT_MAX, REQUESTS_PER_CARRIER_MAX};
use super::report::{Refusal, SyncError, SyncEvent};
use super::round::{Fetched, Round};
use super::source::Source;
use super::words::{Words, channel_state};
use crate::carrier::Body;

/// Blocks of a pack that wait to be read.
const BLOCKS_WAITING_MAX: usize = 2;

/// Time between two reports of progress.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Brings the items of a channel that the carriers promise. Returns how many are still missing.
pub(super) async fn pull_packs(round: &Round<'_>, channel: ChannelId, words: &Words) -> Result<u64, SyncError> {
    let listings = Arc::new(list_packs(round, channel, words).await?);
    let came = Arc::new(AtomicU64::new(0));
    let mut total = None;
    for _ in 0..WAVES_MAX {
        let state = channel_state(round, channel).await?;
        let (jobs, missing) = plan(round, &state, words, &listings).await?;
        let total = *total.get_or_insert(missing);
        if jobs.is_empty() || round.is_cancelled() {
            return Ok(missing);
        }
        run_wave(round, &state, jobs, &came, total).await?;
    }
    let state = channel_state(round, channel).await?;
    Ok(plan(round, &state, words, &listings).await?.1)
}

/// Looks into the folders among the carriers, for all logs there: a half-copied stick may have no head.
async fn list_packs(round: &Round<'_>, channel: ChannelId, words: &Words) -> Result<Listings, SyncError> {
    let mut listings = Listings::new();
    let state = channel_state(round, channel).await?;
    for source in round.live().filter(|source| source.is_folder()) {
        let said = words.promises[source.index].keys().copied();
        let stand = source.carrier.list_logs(&channel.0).await.ok().flatten();
        let stand = stand.into_iter().flat_map(|logs| logs.entries).map(LogId);
        for log in said.chain(stand).collect::<BTreeSet<_>>() {
            let complete = state.logs().get(&log).map(|held| held.complete().len());
            if complete.is_some_and(|complete| complete >= state.items_expected(&log))
                && is_settled(&state, words, &log)
            {
                continue;
            }
            if let Ok(Some(packs)) = source.carrier.list_packs(&channel.0, &log.0).await {
                let names = packs.entries.iter().filter_map(|(level, index)| PackName::new(*level, u64::from(*index)));
                listings.insert((source.index, log), names.collect());
            }
        }
    }
    Ok(listings)
}

/// Whether the log's own word is known, so that nothing beyond it is to be looked for.
fn is_settled(state: &ChannelState, words: &Words, log: &LogId) -> bool {
    state.statement(log).is_some() && words.promises.iter().any(|promises| promises.contains_key(log))
}

/// The packs to ask for now, and how many items are missing, others' holes included.
async fn plan(
    round: &Round<'_>,
    state: &Arc<ChannelState>,
    words: &Words,
    listings: &Arc<Listings>,
) -> Result<(Vec<PackJob>, u64), SyncError> {
    let live = round.live().map(|source| source.index).collect::<Vec<_>>();
    let (shared, promises, listings) = (state.clone(), words.promises.clone(), listings.clone());
    let wanted = move |store: &Store| wanted_packs(store, &shared, &live, &promises, &listings);
    let (wants, missing) = round.blocking(wanted).await?;
    let (shared, spoken) = (state.clone(), words.spoken.clone());
    let branches = round.blocking(move |store| contradicting_packs(store, &shared, &spoken)).await?;
    let mut states = round.sources.iter().map(Source::state).collect::<Vec<_>>();
    let memories = states.iter().map(|state| &state.memory).collect::<Vec<_>>();
    let mut jobs = plan_packs(&wants, &memories);
    for job in branches {
        let memory = &mut states[job.candidates[0]].memory;
        if !memory.is_pack_tried(job.log, job.name) && memory.branches_asked.insert((job.log, job.name)) {
            jobs.push(job);
        }
    }
    Ok((jobs, missing))
}

/// What the workers of a wave share.
struct Wave<'w> {
    round: &'w Round<'w>,
    state: &'w Arc<ChannelState>,
    jobs: Mutex<VecDeque<PackJob>>,
    weights: Semaphore,
    pieces: SyncSender<Piece>,
    spare: Arc<Spare>,
}

/// Fetches all packs of a plan. Each carrier takes the next pack that it may have, so that none waits for another.
async fn run_wave(
    round: &Round<'_>,
    state: &Arc<ChannelState>,
    jobs: Vec<PackJob>,
    came: &Arc<AtomicU64>,
    total: u64,
) -> Result<(), SyncError> {
    let (pieces, waiting) = sync_channel(PIECES_WAITING_MAX);
    let spare = Arc::<Spare>::default();
    let (store, emptied, counter) = (round.store.clone(), spare.clone(), came.clone());
    let writer = tokio::task::spawn_blocking(move || write_pieces(&store, &waiting, &emptied, &counter));
    let wave = Wave {
        round,
        state,
        jobs: Mutex::new(jobs.into()),
        weights: Semaphore::new(PACKS_IN_FLIGHT_MAX as usize),
        pieces,
        spare,
    };
    let workers = round.live().flat_map(|source| {
        // A disk reads one pack after the other fastest, and each pack being read takes memory.
        let count = if source.is_folder() { 1 } else { REQUESTS_PER_CARRIER_MAX };
        (0..count).map(move |_| source)
    });
    let workers = join_all(workers.map(|source| work(&wave, source)));
    let progress = async {
        let mut told = u64::MAX;
        loop {
            let have = came.load(Ordering::Relaxed).min(total);
            if have != told {
                told = have;
                round.tell(SyncEvent::Posts { channel: state.id(), have, total });
            }
            tokio::time::sleep(PROGRESS_INTERVAL).await;
        }
    };
    tokio::select! {
        _ = workers => {}
        () = progress => {}
    }
    drop(wave);
    writer.await.map_err(|_| SyncError::Task)??;
    let have = came.load(Ordering::Relaxed).min(total);
    round.tell(SyncEvent::Posts { channel: state.id(), have, total });
    Ok(())
}

async fn work(wave: &Wave<'_>, source: &Source) {
    loop {
        // Before a job is taken: as long as this carrier has but one place, others shall not wait for its jobs.
        let Ok(_slot) = source.slots.acquire().await else { return };
        if source.is_aside() || wave.round.is_cancelled() {
            return;
        }
        let job = {
            let mut jobs = wave.jobs.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let place = jobs.iter().position(|job| job.candidates.contains(&source.index));
            place.and_then(|place| jobs.remove(place))
        };
        let Some(job) = job else { return };
        let weight = if job.name.length() >= 512 { LARGE_PACK_WEIGHT } else { 1 };
        let Ok(_weight) = wave.weights.acquire_many(weight).await else { return };
        pull_pack(wave, source, &job).await;
    }
}

/// Reads one pack as it comes. What of it is good goes to the writer; what is not is named.
async fn pull_pack(wave: &Wave<'_>, source: &Source, job: &PackJob) {
    let round = wave.round;
    let path = TreePath::pack(&wave.state.id(), &job.log, job.name);
    let body = match round.fetch(source, &path, None, job.name.bytes_max()).await {
        Fetched::Body(body) => body,
        Fetched::Absent => {
            source.state().memory.pack_absent(job.log, job.name);
            return;
        }
        Fetched::Failed => {
            source.state().memory.broken_packs.insert((job.log, job.name));
            return;
        }
    };
    let intake = Intake::new(source.index, wave.state.clone(), job.log, job.name).reusing(wave.spare.clone());
    let intake = intake.counting(source.lies.clone());
    let (sender, blocks) = mpsc::channel(BLOCKS_WAITING_MAX);
    let pieces = wave.pieces.clone();
    let reading = tokio::task::spawn_blocking(move || read_blocks(intake, blocks, &pieces));
    let is_whole = feed(round, source, &path, job.name, body, sender).await;
    let Ok(end) = reading.await else { return };
    if end.is_store_gone {
        wave.jobs.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
        return;
    }
    note_intake(round, source, end, !is_whole);
}

/// Gives the bytes of a pack to its reader; where the connection breaks, it goes on from there. False if it broke for
/// good before the end.
async fn feed(
    round: &Round<'_>,
    source: &Source,
    path: &TreePath,
    name: PackName,
    mut body: Body,
    sender: mpsc::Sender<Bytes>,
) -> bool {
    let mut at = 0;
    loop {
        let next = tokio::select! {
            next = body.next() => next,
            () = round.options.cancel.cancelled() => return false,
        };
        let error = match next {
            Ok(Some(block)) => {
                at += block.len() as u64;
                // The reader has seen enough: the pack is damaged, or the store failed.
                if sender.send(block).await.is_err() {
                    return true;
                }
                if source.lies.giver_is_proven() {
                    source.gave_good_items();
                }
                continue;
            }
            Ok(None) => return true,
            Err(error) => error,
        };
        round.note_failure(source, path, &error, false);
        body = match round.fetch(source, path, Some(at..u64::MAX), name.bytes_max()).await {
            Fetched::Body(body) if body.start() == at => body,
            _ => return false,
        };
    }
}

/// Remembers what must not be asked again, and names what was refused.
fn note_intake(round: &Round<'_>, source: &Source, end: IntakeEnd, broke_off: bool) {
    round.report().cut |= broke_off;
    if end.gave_good_items {
        source.gave_good_items();
    }
    let refused = source.state().memory.note_intake(end, broke_off, &source.lies);
    for refused in refused {
        round.note_counted(source, Refusal::new(&source.label, refused.object(), &refused.reason));
    }
}
