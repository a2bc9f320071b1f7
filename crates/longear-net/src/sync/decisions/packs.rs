//! Which packs to ask whom for. Pure: the same holdings and offers give the same plan.

use std::collections::{BTreeMap, BTreeSet};

use longear_core::deletion::may_be_gone;
use longear_core::holdings::Holdings;
use longear_core::limits::LOG_ITEMS_MAX;
use longear_core::lineage::Standing;
use longear_core::schedule::packs_to_fetch;
use longear_core::{Intervals, LogId, PackName, Statement, Status};
use longear_store::{ChannelState, Store, StoreError};

use super::memory::SourceMemory;
use super::words::{Offered, Promises};

/// Plans made in one round; each one asks for what the one before did not bring.
pub const WAVES_MAX: usize = 12;

/// Packs that a carrier without lists may lack in one round, for one log, before it counts as a hole.
const ABSENT_PACKS_MAX: usize = 64;

/// Items looked at, per log, for payloads that were taken back and need not come.
const TAKEN_BACK_LOOKS_MAX: usize = 4_096;

/// Per carrier with lists: its packs of each log.
pub type Listings = BTreeMap<(usize, LogId), BTreeSet<PackName>>;

/// What is missing of one log, and who may have it.
#[derive(Debug)]
pub struct LogWant {
    /// The log.
    pub log: LogId,
    /// What is here, need not come, or lies beyond the log's end.
    pub held: Intervals,
    /// Who has what of it.
    pub offers: Vec<Offer>,
}

/// What a carrier has of a log.
#[derive(Debug)]
pub struct Offer {
    /// The carrier's number.
    pub source: usize,
    /// By its statement; 0 if it made none.
    pub items: u64,
    /// By its folder, where it has one.
    pub listed: Option<BTreeSet<PackName>>,
}

/// A pack to be fetched from one of some carriers.
#[derive(Debug)]
pub struct PackJob {
    /// The log.
    pub log: LogId,
    /// The pack.
    pub name: PackName,
    /// Numbers of the carriers that may have it.
    pub candidates: Vec<usize>,
}

/// What is missing of each log that one of the `live` carriers offers, and how many items that is, others' holes included.
pub fn wanted_packs(
    store: &Store,
    state: &ChannelState,
    live: &[usize],
    promises: &[Promises],
    listings: &Listings,
) -> Result<(Vec<LogWant>, u64), StoreError> {
    let mut offers = BTreeMap::<LogId, Vec<Offer>>::new();
    for source in live.iter().copied() {
        let promises = &promises[source];
        let listed = listings.keys().filter(|(index, _)| *index == source).map(|(_, log)| log);
        for log in promises.keys().chain(listed).copied().collect::<BTreeSet<_>>() {
            let items = promises.get(&log).copied().unwrap_or(0);
            let listed = listings.get(&(source, log)).cloned();
            offers.entry(log).or_default().push(Offer { source, items, listed });
        }
    }
    let known = state.known_logs();
    let logs = offers.keys().copied().chain(state.expected_logs()).collect::<BTreeSet<_>>();
    let (mut wants, mut missing) = (Vec::new(), 0);
    for log in logs {
        let opening = known.iter().find(|(known, _)| *known == log).map(|(_, opening)| opening);
        let is_closed = opening.is_some_and(|opening| state.lineage().standing(opening) != Standing::Open);
        let (held, expected) = needless_items(store, state, &log, is_closed)?;
        missing += expected - held.count_within(0..expected);
        let Some(offers) = offers.remove(&log) else { continue };
        wants.push(LogWant { log, held, offers });
    }
    Ok((wants, missing))
}

/// The packs in which carriers have a branch of a log that contradicts ours. Their statement names another newest item than
/// the one held at its place; where the two part, only the headers tell, and they prove the fork to everybody.
///
/// Each pack is to be asked for once, so that somebody with a delegate's key cannot make us read his branch again and again.
pub fn contradicting_packs(
    store: &Store,
    state: &ChannelState,
    spoken: &[Offered],
) -> Result<Vec<PackJob>, StoreError> {
    let mut jobs = Vec::new();
    for (source, word) in spoken {
        let Some(seq) = contradicted_at(store, state, word)? else { continue };
        let name = PackName::published(word.items).find(|name| name.items().contains(&seq));
        let log = word.log(&state.id());
        jobs.extend(name.map(|name| PackJob { log, name, candidates: vec![*source] }));
    }
    Ok(jobs)
}

/// The place of an open log at which an item of the speaker's branch is still to be looked at.
fn contradicted_at(store: &Store, state: &ChannelState, word: &Statement) -> Result<Option<u64>, StoreError> {
    let log = word.log(&state.id());
    let Some(tip) = word.items.checked_sub(1) else { return Ok(None) };
    if state.lineage().standing(&word.opening) != Standing::Open {
        return Ok(None);
    }
    let held = store.log_items(&log, tip, 1)?.pop().filter(|item| item.header().seq == tip);
    if held.is_none_or(|item| item.id() == word.tip) {
        return Ok(None);
    }
    Ok(match state.fork(&log).filter(|proof| proof.seq() <= tip) {
        None => Some(tip),
        // Its branch goes on below what is held of it.
        Some(proof) if proof.second.header().seq > proof.seq() => Some(proof.seq()),
        Some(_) => None,
    })
}

/// What of a log need not come, and how many items it has as far as is known.
fn needless_items(
    store: &Store,
    state: &ChannelState,
    log: &LogId,
    is_closed: bool,
) -> Result<(Intervals, u64), StoreError> {
    let expected = state.items_expected(log);
    let mut held = state.logs().get(log).map_or_else(Intervals::new, |log| log.complete().clone());
    if let Some(of_log) = state.logs().get(log) {
        let now = state.last_word();
        let bare = of_log.headers().ranges().iter().cloned().flatten().filter(|seq| !held.contains(*seq));
        for seq in bare.take(TAKEN_BACK_LOOKS_MAX).collect::<Vec<_>>() {
            let item = store.log_items(log, seq, 1)?.pop().filter(|item| item.header().seq == seq);
            if item.is_some_and(|item| item.status == Status::Retracted && may_be_gone(item.header(), now)) {
                held.insert(seq..seq + 1);
            }
        }
    }
    if is_closed {
        // What a closed log has beyond its last good item is of no use to anybody.
        held.insert(expected..LOG_ITEMS_MAX);
    }
    Ok((held, expected))
}

/// The packs that bring what is missing, each with the carriers that may have it, in the order in which they are asked for.
///
/// `memories` are those of all carriers, by their numbers.
pub fn plan_packs(wants: &[LogWant], memories: &[&SourceMemory]) -> Vec<PackJob> {
    let mut jobs = wants.iter().flat_map(|want| plan_log(want, memories)).collect::<Vec<_>>();
    // Newest first: of a short contact the newest news are worth most.
    jobs.sort_by_key(|job| (job.name.level, std::cmp::Reverse(job.name.index)));
    jobs
}

fn plan_log(want: &LogWant, memories: &[&SourceMemory]) -> Vec<PackJob> {
    let mut planner = Planner { memories, want, held: want.held.clone(), jobs: Vec::new() };
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
    memories: &'p [&'p SourceMemory],
    want: &'p LogWant,
    held: Intervals,
    jobs: Vec<PackJob>,
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
        self.jobs.push(PackJob { log: self.want.log, name, candidates });
    }

    fn is_missing(&self, name: PackName) -> bool {
        self.held.count_within(name.items()) < name.length()
    }

    /// Whether a carrier may have a pack. `by` is the one by whose word it was planned: it is asked for the packs
    /// below one that it lacks, too, although they do not stand by the rule.
    fn has(&self, offer: &Offer, name: PackName, by: &Offer) -> bool {
        let memory = self.memories[offer.source];
        if memory.is_pack_tried(self.want.log, name) {
            return false;
        }
        match &offer.listed {
            Some(listed) => listed.contains(&name),
            None => {
                let is_promised = name.items().end <= offer.items;
                let lacks = memory.absent_packs.iter().filter(|(log, _)| *log == self.want.log).count();
                is_promised && lacks < ABSENT_PACKS_MAX && (name.is_published(offer.items) || offer.source == by.source)
            }
        }
    }
}
