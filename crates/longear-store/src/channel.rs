//! What the store knows of one channel, as a value that readers can keep while others write.

use std::collections::BTreeMap;

use longear_core::holdings::{Holdings, Statements};
use longear_core::{ChannelId, ForkProof, Intervals, Lineage, LogId, LogOpening, SortedMap};

use crate::segment::Place;

/// A channel as the store holds it. What follows from it, [`Holdings`] tells.
#[derive(Clone, Debug)]
pub struct ChannelState {
    pub(crate) no: i64,
    pub(crate) followed: bool,
    pub(crate) lineage: Lineage,
    /// Where the records stand that the lineage was made from: as long as they are the same, so is the lineage.
    pub(crate) charter_places: Vec<Place>,
    /// Newest statement of each log, and of each log the newest that cites another log.
    pub(crate) statements: Statements,
    pub(crate) logs: BTreeMap<LogId, LogState>,
    pub(crate) forks: SortedMap<LogId, ForkProof>,
    /// Raised with every change, so that views know when to look again.
    pub(crate) generation: u64,
}

/// A log as the store holds it.
#[derive(Clone, Debug)]
pub struct LogState {
    pub(crate) no: i64,
    pub(crate) opening: LogOpening,
    pub(crate) headers: Intervals,
    pub(crate) payloads: Intervals,
}

impl LogState {
    /// Key and incarnation.
    pub fn opening(&self) -> &LogOpening {
        &self.opening
    }

    /// Seqs whose header is here.
    pub fn headers(&self) -> &Intervals {
        &self.headers
    }

    /// Seqs of which everything is here: header, and payload or the knowledge that it was taken back.
    pub fn complete(&self) -> &Intervals {
        &self.payloads
    }

    /// One more than the highest seq whose header is here.
    pub fn end(&self) -> u64 {
        self.headers.end()
    }
}

impl ChannelState {
    pub(crate) fn new(no: i64, channel: ChannelId, followed: bool) -> Self {
        ChannelState {
            no,
            followed,
            lineage: Lineage::new(channel),
            charter_places: Vec::new(),
            statements: Statements::new(),
            logs: BTreeMap::new(),
            forks: SortedMap::new(),
            generation: 0,
        }
    }

    /// The channel.
    pub fn id(&self) -> ChannelId {
        self.lineage.channel()
    }

    /// Whether somebody here wants to read it.
    pub fn is_followed(&self) -> bool {
        self.followed
    }

    /// The applied charters.
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// The logs held, at least in part.
    pub fn logs(&self) -> &BTreeMap<LogId, LogState> {
        &self.logs
    }

    /// The proven fork of a log.
    pub fn fork(&self, log: &LogId) -> Option<&ForkProof> {
        self.forks.get(log)
    }
}

impl Holdings for ChannelState {
    fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    fn statements(&self) -> &Statements {
        &self.statements
    }

    fn forks(&self) -> &SortedMap<LogId, ForkProof> {
        &self.forks
    }

    fn openings(&self) -> impl Iterator<Item = (LogId, LogOpening)> {
        self.logs.iter().map(|(log, held)| (*log, held.opening))
    }

    fn opening(&self, log: &LogId) -> Option<LogOpening> {
        self.logs.get(log).map(|held| held.opening)
    }

    fn end(&self, log: &LogId) -> u64 {
        self.logs.get(log).map_or(0, LogState::end)
    }

    fn complete_below(&self, log: &LogId, items: u64) -> u64 {
        self.logs.get(log).map_or(0, |held| held.payloads.count_within(0..items))
    }
}
