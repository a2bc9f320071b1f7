//! What the store knows of one channel, as a value that readers can keep while others write.

use std::collections::{BTreeMap, BTreeSet};

use longear_core::clock::channel_time;
use longear_core::limits::FORKS_LISTED_MAX;
use longear_core::lineage::Standing;
use longear_core::status::{Checkpoint, checkpoints_of};
use longear_core::{ChannelId, ForkProof, Head, Intervals, Lineage, LogId, LogOpening, Statement};

use crate::segment::Place;

/// A channel as the store holds it.
#[derive(Clone, Debug)]
pub struct ChannelState {
    pub(crate) no: i64,
    pub(crate) followed: bool,
    pub(crate) lineage: Lineage,
    /// Where the records stand that the lineage was made from: as long as they are the same, so is the lineage.
    pub(crate) charter_places: Vec<Place>,
    /// Newest statement of each log, and of each log the newest that cites another log.
    pub(crate) statements: BTreeMap<(LogId, Option<LogId>), Statement>,
    pub(crate) logs: BTreeMap<LogId, LogState>,
    pub(crate) forks: BTreeMap<LogId, ForkProof>,
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
        self.headers.ranges().last().map_or(0, |range| range.end)
    }
}

impl ChannelState {
    pub(crate) fn new(no: i64, channel: ChannelId, followed: bool) -> Self {
        ChannelState {
            no,
            followed,
            lineage: Lineage::new(channel),
            charter_places: Vec::new(),
            statements: BTreeMap::new(),
            logs: BTreeMap::new(),
            forks: BTreeMap::new(),
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

    /// The name in the newest charter; empty before charter 1.
    pub fn name(&self) -> &str {
        self.lineage.newest().map_or("", |charter| charter.name.as_str())
    }

    /// The newest statement of each log.
    pub fn newest_statements(&self) -> impl Iterator<Item = (&LogId, &Statement)> {
        self.statements.iter().filter(|((_, cited), _)| cited.is_none()).map(|((log, _), word)| (log, word))
    }

    /// The newest statement of a log.
    pub fn statement(&self, log: &LogId) -> Option<&Statement> {
        self.statements.get(&(*log, None))
    }

    /// The proven fork of a log.
    pub fn fork(&self, log: &LogId) -> Option<&ForkProof> {
        self.forks.get(log)
    }

    /// When the publisher spoke last, by the statements held.
    pub fn last_word(&self) -> Option<u64> {
        let delegates = self.lineage.newest().map_or(0, |charter| charter.delegates.len());
        let live = self.newest_statements().filter(|(_, word)| self.lineage.is_delegate(&word.opening.key));
        channel_time(live.map(|(_, word)| (word.opening.key, word.time)), delegates)
    }

    /// How many items a log has, by the newest word on it: its own statement, its closing, what is held.
    pub fn items_expected(&self, log: &LogId) -> u64 {
        let held = self.logs.get(log);
        let opening = held.map(|log| log.opening).or_else(|| self.statement(log).map(|word| word.opening));
        // Of a log that was closed before anything of it came, the charter alone speaks.
        let closed = || self.lineage.closings().find(|closing| closing.log == *log).map(|closing| closing.opening);
        let opening = opening.or_else(closed);
        let standing = opening.map(|opening| self.lineage.standing(&opening));
        match standing {
            // Beyond its last good item a closed log is of no use to anybody.
            Some(Standing::Closed(closing)) => closing.items,
            Some(Standing::Void) => 0,
            _ => {
                let said = self.statement(log).map_or(0, |word| word.items);
                said.max(held.map_or(0, LogState::end)).max(self.items_cited(log, opening.is_some()))
            }
        }
    }

    /// How many items of a log other delegates saw: who withholds its newest ones would have to withhold all others' words
    /// too.
    ///
    /// Of a log that nobody but them speaks of, the key is not known, so it may have been left out since they spoke: then
    /// only words that were given under the newest charter count.
    fn items_cited(&self, log: &LogId, opening_known: bool) -> u64 {
        let citing = self.statements.iter().filter(|((_, cited), _)| *cited == Some(*log)).map(|(_, word)| word);
        let vouching = citing.filter(|word| {
            let speaks = self.lineage.is_delegate(&word.opening.key);
            let current = opening_known || word.charter >= self.lineage.number();
            speaks && current && self.lineage.standing(&word.opening) == Standing::Open
        });
        let seen = vouching.flat_map(|word| &word.citations).filter(|citation| citation.log == *log);
        seen.map(|citation| citation.seq + 1).max().unwrap_or(0)
    }

    /// Logs of which items are known to exist: those that somebody spoke of, cited ones among them, or that are held.
    pub fn expected_logs(&self) -> BTreeSet<LogId> {
        let cited = self.statements.keys().filter_map(|(_, cited)| *cited);
        self.known_logs().into_iter().map(|(log, _)| log).chain(cited).collect()
    }

    /// Logs that somebody spoke of or that are held.
    pub fn known_logs(&self) -> Vec<(LogId, LogOpening)> {
        let mut logs = BTreeMap::new();
        logs.extend(self.newest_statements().map(|(log, word)| (*log, word.opening)));
        logs.extend(self.logs.iter().map(|(log, state)| (*log, state.opening)));
        logs.extend(self.lineage.closings().map(|closing| (closing.log, closing.opening)));
        logs.into_iter().collect()
    }

    /// How many items are known to exist and are not wholly here.
    pub fn holes(&self) -> u64 {
        let missing = self.expected_logs().into_iter().map(|log| {
            let expected = self.items_expected(&log);
            let here = self.logs.get(&log).map_or(0, |held| held.payloads.count_within(0..expected));
            expected - here
        });
        missing.sum()
    }

    /// How many items of a log its closing lets stand: `None` for a log that is open.
    pub fn items_closed(&self, opening: &LogOpening) -> Option<u64> {
        match self.lineage.standing(opening) {
            Standing::Open => None,
            Standing::Closed(closing) => Some(closing.items),
            Standing::Void => Some(0),
        }
    }

    /// The head that this store serves. What a revoked key said of items beyond its closing is not passed on.
    pub fn head(&self) -> Head {
        let mut head = Head::empty(self.id());
        head.charter = self.lineage.number();
        head.charter_hash = self.lineage.hash();
        let stands = |word: &Statement| self.items_closed(&word.opening).is_none_or(|items| word.items <= items);
        let standing = self.newest_statements().filter(|(_, word)| stands(word));
        standing.for_each(|(_, word)| head.insert(word.clone()));
        head.forks = self.forks.keys().copied().take(FORKS_LISTED_MAX).collect();
        head
    }

    pub(crate) fn checkpoints(&self, opening: &LogOpening) -> BTreeSet<Checkpoint> {
        checkpoints_of(opening, &self.lineage, self.statements.values())
    }

    /// Whether a statement would be kept: it is the newest in some respect, and not held.
    pub fn is_news(&self, statement: &Statement) -> bool {
        !self.slots_won(statement).is_empty()
    }

    /// Which of the slots of `statement` it wins: its log's newest, and newest to cite each log that it cites.
    pub(crate) fn slots_won(&self, statement: &Statement) -> Vec<(LogId, Option<LogId>)> {
        let log = statement.log(&self.id());
        let cited = statement.citations.iter().map(|citation| Some(citation.log));
        let slots = std::iter::once(None).chain(cited).map(|cited| (log, cited));
        slots.filter(|slot| self.statements.get(slot).is_none_or(|held| statement.supersedes(held))).collect()
    }
}
