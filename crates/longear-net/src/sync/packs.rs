//! Items: which packs to ask whom for, and asking.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use longear_core::limits::{HEADER_BYTES_MAX, PAYLOAD_BYTES_MAX};
use longear_core::schedule::packs_to_fetch;
use longear_core::tree::TreePath;
use longear_core::{ChannelId, Intervals, LogId, PackName, Reason, Status};
use longear_store::{ChannelState, Store, StoreError};
use tokio::sync::{Semaphore, mpsc};

use super::intake::{Intake, IntakeEnd, PIECES_WAITING_MAX, Piece, write_pieces};
use super::options::{LARGE_PACK_WEIGHT, PACKS_IN_FLIGHT_MAX, REQUESTS_PER_CARRIER_MAX};
use super::report::{SyncError, SyncEvent};
use super::round::{Fetched, Round};
use super::source::Source;
use super::words::{Words, channel_state};
use crate::carrier::Body;

/// Plans made in one round; each one asks for what the one before did not bring.
const WAVES_MAX: usize = 12;

/// Packs that a carrier without lists may lack in one round, for one log, before it counts as a hole.
const ABSENT_PACKS_MAX: usize = 64;

/// Blocks of a pack that wait to be read.
const BLOCKS_WAITING_MAX: usize = 2;

/// Items looked at, per log, for payloads that were taken back and need not come.
const TAKEN_BACK_LOOKS_MAX: usize = 4_096;

/// Time between two reports of progress.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// What is missing of one log, and who may have it.
struct LogWant {
    log: LogId,
    /// What is here, need not come, or lies beyond the log's end.
    held: Intervals,
    offers: Vec<Offer>,
}

/// What a carrier has of a log.
struct Offer {
    source: usize,
    /// By its statement; 0 if it made none.
    items: u64,
    /// By its folder, where it has one.
    listed: Option<BTreeSet<PackName>>,
}

/// A pack to be fetched from one of some carriers.
struct Job {
    log: LogId,
    name: PackName,
    candidates: Vec<usize>,
}

/// Brings the items of a channel that the carriers promise. Returns how many are still missing.
pub(super) async fn pull_packs(round: &Round<'_>, channel: ChannelId, words: &Words) -> Result<u64, SyncError> {
    let listings = list_packs(round, channel, words).await?;
    let came = Arc::new(AtomicU64::new(0));
    let mut total = None;
    for _ in 0..WAVES_MAX {
        let state = channel_state(round, channel).await?;
        let (wants, missing) = plan_wants(round, &state, words, &listings).await?;
        let total = *total.get_or_insert(missing);
        let mut jobs = wants.iter().flat_map(|want| plan_log(round, want)).collect::<Vec<_>>();
        if jobs.is_empty() || round.is_cancelled() {
            return Ok(missing);
        }
        // Newest first: of a short contact the newest news are worth most.
        jobs.sort_by_key(|job| (job.name.level, std::cmp::Reverse(job.name.index)));
        run_wave(round, &state, jobs, &came, total).await?;
    }
    let state = channel_state(round, channel).await?;
    Ok(plan_wants(round, &state, words, &listings).await?.1)
}

/// Per carrier with lists: its packs of each log.
type Listings = BTreeMap<(usize, LogId), BTreeSet<PackName>>;

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

/// What is missing of each log that somebody offers, and how many items that is, others' holes included.
async fn plan_wants(
    round: &Round<'_>,
    state: &Arc<ChannelState>,
    words: &Words,
    listings: &Listings,
) -> Result<(Vec<LogWant>, u64), SyncError> {
    let mut offers = BTreeMap::<LogId, Vec<Offer>>::new();
    for source in round.live() {
        let promises = &words.promises[source.index];
        let listed = listings.keys().filter(|(index, _)| *index == source.index).map(|(_, log)| log);
        for log in promises.keys().chain(listed).copied().collect::<BTreeSet<_>>() {
            let items = promises.get(&log).copied().unwrap_or(0);
            let listed = listings.get(&(source.index, log)).cloned();
            offers.entry(log).or_default().push(Offer { source: source.index, items, listed });
        }
    }
    let shared = state.clone();
    let logs =
        offers.keys().copied().chain(state.known_logs().into_iter().map(|(log, _)| log)).collect::<BTreeSet<_>>();
    let needless = round.blocking(move |store| needless_items(store, &shared, &logs)).await?;
    let (mut wants, mut missing) = (Vec::new(), 0);
    for (log, (held, expected)) in needless {
        missing += expected - held.count_within(0..expected);
        let Some(offers) = offers.remove(&log) else { continue };
        wants.push(LogWant { log, held, offers });
    }
    Ok((wants, missing))
}

/// Per log: what of it need not come, and how many items it has as far as is known.
type Needless = BTreeMap<LogId, (Intervals, u64)>;

fn needless_items(store: &Store, state: &ChannelState, logs: &BTreeSet<LogId>) -> Result<Needless, StoreError> {
    let mut needless = BTreeMap::new();
    for log in logs {
        let expected = state.items_expected(log);
        let mut held = state.logs().get(log).map_or_else(Intervals::new, |log| log.complete().clone());
        if let Some(of_log) = state.logs().get(log) {
            let bare = of_log.headers().ranges().iter().cloned().flatten().filter(|seq| !held.contains(*seq));
            for seq in bare.take(TAKEN_BACK_LOOKS_MAX).collect::<Vec<_>>() {
                let item = store.log_items(log, seq, 1)?.pop();
                if item.is_some_and(|item| item.header().seq == seq && item.status == Status::Retracted) {
                    held.insert(seq..seq + 1);
                }
            }
        }
        let is_closed = state.known_logs().iter().any(|(known, opening)| {
            known == log && !matches!(state.lineage().standing(opening), longear_core::lineage::Standing::Open)
        });
        if is_closed {
            // What a closed log has beyond its last good item is of no use to anybody.
            held.insert(expected..longear_core::limits::LOG_ITEMS_MAX);
        }
        needless.insert(*log, (held, expected));
    }
    Ok(needless)
}

/// The packs that bring what is missing of a log, each with the carriers that may have it.
fn plan_log(round: &Round<'_>, want: &LogWant) -> Vec<Job> {
    let mut planner = Planner { round, want, held: want.held.clone(), jobs: Vec::new() };
    let mut offers = want.offers.iter().collect::<Vec<_>>();
    offers.sort_by_key(|offer| std::cmp::Reverse(offer.items));
    for offer in &offers {
        for name in packs_to_fetch(&planner.held, offer.items) {
            planner.place(name, offer);
        }
    }
    for offer in &offers {
        for name in offer.listed.iter().flatten() {
            if planner.is_missing(*name) && planner.has(offer, *name, offer) {
                planner.place(*name, offer);
            }
        }
    }
    planner.jobs
}

struct Planner<'p> {
    round: &'p Round<'p>,
    want: &'p LogWant,
    held: Intervals,
    jobs: Vec<Job>,
}

impl Planner<'_> {
    /// Plans a pack, or the packs below it if nobody has it.
    fn place(&mut self, name: PackName, by: &Offer) {
        if !self.is_missing(name) {
            return;
        }
        let offers = self.want.offers.iter().filter(|offer| self.has(offer, name, by));
        let candidates = offers.map(|offer| offer.source).collect::<Vec<_>>();
        if candidates.is_empty() {
            for child in name.children() {
                self.place(child, by);
            }
            return;
        }
        self.held.insert(name.items());
        self.jobs.push(Job { log: self.want.log, name, candidates });
    }

    fn is_missing(&self, name: PackName) -> bool {
        self.held.count_within(name.items()) < name.length()
    }

    /// Whether a carrier may have a pack. `by` is the one by whose word it was planned: it is asked for the packs
    /// below one that it lacks, too, although they do not stand by the rule.
    fn has(&self, offer: &Offer, name: PackName, by: &Offer) -> bool {
        let source = &self.round.sources[offer.source];
        if source.is_pack_tried(self.want.log, name) {
            return false;
        }
        match &offer.listed {
            Some(listed) => listed.contains(&name),
            None => {
                let is_promised = name.items().end <= offer.items;
                let lacks = source.state().absent_packs.iter().filter(|(log, _)| *log == self.want.log).count();
                is_promised && lacks < ABSENT_PACKS_MAX && (name.is_published(offer.items) || offer.source == by.source)
            }
        }
    }
}

/// What the workers of a wave share.
struct Wave<'w> {
    round: &'w Round<'w>,
    state: &'w Arc<ChannelState>,
    jobs: Mutex<VecDeque<Job>>,
    weights: Semaphore,
    pieces: SyncSender<Piece>,
}

/// Fetches all packs of a plan. Each carrier takes the next pack that it may have, so that none waits for another.
async fn run_wave(
    round: &Round<'_>,
    state: &Arc<ChannelState>,
    jobs: Vec<Job>,
    came: &Arc<AtomicU64>,
    total: u64,
) -> Result<(), SyncError> {
    let (pieces, waiting) = sync_channel(PIECES_WAITING_MAX);
    let store = round.store.clone();
    let counter = came.clone();
    let writer = tokio::task::spawn_blocking(move || write_pieces(&store, &waiting, &counter));
    let wave = Wave {
        round,
        state,
        jobs: Mutex::new(jobs.into()),
        weights: Semaphore::new(PACKS_IN_FLIGHT_MAX as usize),
        pieces,
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
    let refused = writer.await.map_err(|_| SyncError::Task)??;
    for refused in refused {
        let source = &round.sources[refused.pack.source];
        source.state().damaged_packs.insert((refused.pack.log, refused.pack.name));
        round.refuse(source, refused.object(), &refused.reason, refused.bytes);
    }
    let have = came.load(Ordering::Relaxed).min(total);
    round.tell(SyncEvent::Posts { channel: state.id(), have, total });
    Ok(())
}

async fn work(wave: &Wave<'_>, source: &Source) {
    loop {
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
        let Ok(_slot) = source.slots.acquire().await else { return };
        pull_pack(wave, source, &job).await;
    }
}

/// The longest that a pack of this name may be.
fn pack_bytes_max(name: PackName) -> u64 {
    const PREAMBLE_BYTES: u64 = 53;
    const SLOT_BYTES: u64 = (2 + HEADER_BYTES_MAX + 12 + PAYLOAD_BYTES_MAX) as u64;
    PREAMBLE_BYTES + name.length() * SLOT_BYTES
}

/// Reads one pack as it comes. What of it is good goes to the writer; what is not is named.
async fn pull_pack(wave: &Wave<'_>, source: &Source, job: &Job) {
    let round = wave.round;
    let path = TreePath::Pack {
        channel: wave.state.id().0,
        log: job.log.0,
        level: job.name.level,
        index: u32::try_from(job.name.index).expect("a log has at most 2^20 items"),
    };
    let body = match round.fetch(source, &path, None, pack_bytes_max(job.name)).await {
        Fetched::Body(body) => body,
        Fetched::Absent => {
            let mut state = source.state();
            state.absent_packs.insert((job.log, job.name));
            state.lacked_pack = true;
            return;
        }
        Fetched::Failed => {
            source.state().broken_packs.insert((job.log, job.name));
            return;
        }
    };
    let intake = Intake::new(source.index, wave.state.clone(), job.log, job.name, wave.pieces.clone());
    let (sender, blocks) = mpsc::channel(BLOCKS_WAITING_MAX);
    let reading = tokio::task::spawn_blocking(move || intake.read(blocks));
    let is_whole = feed(round, source, &path, job.name, body, sender).await;
    let Ok(end) = reading.await else { return };
    if end.is_store_gone {
        wave.jobs.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
        return;
    }
    note_intake(round, source, job, end, !is_whole);
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
                continue;
            }
            Ok(None) => return true,
            Err(error) => error,
        };
        round.note_failure(source, path, &error, false);
        body = match round.fetch(source, path, Some(at..u64::MAX), pack_bytes_max(name)).await {
            Fetched::Body(body) if body.start() == at => body,
            _ => return false,
        };
    }
}

/// Remembers what must not be asked again, and names what was refused.
fn note_intake(round: &Round<'_>, source: &Source, job: &Job, end: IntakeEnd, broke_off: bool) {
    if end.refused.iter().any(|refused| refused.reason == Reason::UnknownKey) {
        // The charter may come with the next round; until then one complaint is enough.
        if source.state().unknown_logs.insert(job.log) {
            let object = format!("log {} of channel {}", job.log, end.pack.channel);
            round.refuse(source, object, &Reason::UnknownKey, 0);
        }
        return;
    }
    if broke_off {
        round.report().cut = true;
        source.state().broken_packs.insert((job.log, job.name));
    } else if !end.whole {
        // Asked again in smaller pieces, or from others.
        source.state().damaged_packs.insert((job.log, job.name));
    }
    for refused in end.refused {
        if !(broke_off && refused.reason == Reason::Truncated) {
            round.refuse(source, refused.object(), &refused.reason, refused.bytes);
        }
    }
}
