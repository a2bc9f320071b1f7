//! Which branch of a forked log stands at its places, once a charter or other delegates have decided.
//!
//! The item that stands has the row, the payload and a place in packs; other branches are kept as links only. As long as
//! nobody has decided, the branch that came first stands. When a charter or a checkpoint contradicts it, the other one takes
//! its place as soon as it is here; until then the payload of the wrong one is set aside, so that the place counts as a hole
//! and is asked for again. What was set aside comes back when somebody's word makes its item the right one again.

use std::collections::BTreeMap;

use longear_core::holdings::Holdings;
use longear_core::lineage::Standing;
use longear_core::status::{Evidence, Link, LogItems, Objection};
use longear_core::{ChannelId, ItemId, Judgement, LogId, LogOpening, SignedHeader, Status, judge};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::index::{place_of, seq_of};
use crate::indexing::{read_header, read_held};
use crate::segment::{Place, RecordKind};
use crate::views::HeldLog;

/// Headers of one batch that are remembered although their places have all the branches that are kept.
const CANDIDATES_MAX: usize = 8_192;

/// Headers that may stand at their places, by log and seq.
#[derive(Debug, Default)]
pub struct Candidates {
    headers: BTreeMap<(ChannelId, LogId), BTreeMap<u64, Vec<SignedHeader>>>,
    count: usize,
}

impl Candidates {
    /// None yet.
    pub fn new() -> Self {
        Candidates::default()
    }

    /// Remembers verified headers, as far as there is room; the rest comes again with the next sync.
    pub fn add(&mut self, channel: &ChannelId, opening: &LogOpening, headers: Vec<SignedHeader>) {
        for header in headers.into_iter().take(CANDIDATES_MAX.saturating_sub(self.count)) {
            self.count += 1;
            let log = self.headers.entry((*channel, opening.log(channel))).or_default();
            log.entry(header.header().seq).or_default().push(header);
        }
    }
}

impl Batch<'_> {
    /// Lets the right branch stand wherever that is known by now.
    pub(crate) fn settle(&mut self) -> Result<(), StoreError> {
        for (channel, only) in std::mem::take(&mut self.unsettled) {
            let state = self.state(&channel)?;
            let concerned = state.logs.iter().filter(|(log, _)| only.is_none_or(|only| only == **log));
            let logs = concerned.map(|(log, held)| (*log, held.no, held.opening)).collect::<Vec<_>>();
            for (log, log_no, opening) in logs {
                let branches = self.branches(log_no)?;
                let candidates = self.candidates.headers.remove(&(channel, log)).unwrap_or_default();
                let is_quiet = branches.is_empty() && candidates.is_empty() && !self.is_forked(&channel, &log)?;
                if is_quiet && !self.misses_closing(&channel, &opening)? {
                    continue;
                }
                self.settle_log(&channel, &opening, branches, candidates)?;
            }
        }
        Ok(())
    }

    /// Whether an item stands on a branch that a charter or another delegate contradicts.
    pub(crate) fn is_dead(
        &mut self,
        channel: &ChannelId,
        opening: &LogOpening,
        id: ItemId,
        place: Place,
    ) -> Result<bool, StoreError> {
        let log = opening.log(channel);
        if !self.judgements.contains_key(&log) {
            let judgement = self.judge(channel, opening, &BTreeMap::new())?;
            self.judgements.insert(log, judgement);
        }
        self.appender.write()?;
        let header = read_header(&self.store.journal, place)?;
        let (Some(state), Some(judgement)) = (self.changed.get(channel), self.judgements.get(&log)) else {
            return Ok(false);
        };
        Ok(dead(judgement.status(&state.lineage, opening, id, header.header())))
    }

    /// Lets a branch whose payload came stand instead of one without, as long as nobody contradicts it: readers are better
    /// served by a disputed item than by none. False if it may not.
    pub(crate) fn stand_with_payload(
        &mut self,
        channel: &ChannelId,
        opening: &LogOpening,
        at: i64,
        id: ItemId,
    ) -> Result<bool, StoreError> {
        self.flush(channel)?;
        let sql = "SELECT segment, offset, length FROM branches WHERE at = ? AND id = ?";
        let places = self.inner.index.places(sql, rusqlite::params![at, id.0])?;
        let Some(place) = places.first().copied() else { return Ok(false) };
        let item = read_header(&self.store.journal, place)?;
        // What has a daily limit is not worth the trouble.
        if item.header().kind.bytes_per_day_max().is_some() || self.is_dead(channel, opening, id, place)? {
            return Ok(false);
        }
        self.stand(channel, opening, &item)?;
        self.judgements.clear();
        Ok(true)
    }

    fn settle_log(
        &mut self,
        channel: &ChannelId,
        opening: &LogOpening,
        branches: Vec<(i64, Place)>,
        mut others: BTreeMap<u64, Vec<SignedHeader>>,
    ) -> Result<(), StoreError> {
        let judgement = self.judge(channel, opening, &others)?;
        for (at, place) in branches {
            // A damaged branch is no candidate.
            if let Ok(header) = read_header(&self.store.journal, place) {
                others.entry(seq_of(at)).or_default().push(header);
            }
        }
        let lineage = self.state(channel)?.lineage.clone();
        let status = |item: &SignedHeader| judgement.status(&lineage, opening, item.id(), item.header());
        for (seq, branches) in others {
            let Some(stands) = self.standing(channel, opening, seq)? else { continue };
            let right = branches.iter().find(|other| dead(status(&stands)) && !dead(status(other)));
            if let Some(right) = right {
                self.stand(channel, opening, right)?;
            }
        }
        for seq in self.wrong_ends(channel, opening)? {
            let Some(stands) = self.standing(channel, opening, seq)? else { continue };
            let log = opening.log(channel);
            let has_payload = self.state(channel)?.logs.get(&log).is_some_and(|log| log.payloads.contains(seq));
            if has_payload && dead(status(&stands)) {
                self.gone(channel, &log, seq, stands.id())?;
            }
        }
        for seq in self.set_aside(channel, opening)? {
            let Some(stands) = self.standing(channel, opening, seq)? else { continue };
            let (state, indexing) = self.parts(channel)?;
            let log = indexing.log(state, opening)?;
            let at = place_of(log.no, seq);
            let is_missing = !log.payloads.contains(seq);
            if is_missing && !dead(status(&stands)) && indexing.payload_set_aside(at, &stands)?.is_some() {
                self.stand(channel, opening, &stands)?;
            }
        }
        Ok(())
    }

    /// Places of a log at which payloads were set aside.
    fn set_aside(&mut self, channel: &ChannelId, opening: &LogOpening) -> Result<Vec<u64>, StoreError> {
        let (state, indexing) = self.parts(channel)?;
        let log_no = indexing.log(state, opening)?.no;
        let sql = "SELECT DISTINCT at FROM set_aside WHERE at >= ? AND at < ?";
        let mut statement = indexing.index.connection().prepare_cached(sql)?;
        let places = statement.query_map([place_of(log_no, 0), place_of(log_no + 1, 0)], |row| row.get(0))?;
        Ok(places.map(|at| at.map(seq_of)).collect::<Result<_, _>>()?)
    }

    fn judge(
        &mut self,
        channel: &ChannelId,
        opening: &LogOpening,
        candidates: &BTreeMap<u64, Vec<SignedHeader>>,
    ) -> Result<Judgement, StoreError> {
        self.flush(channel)?;
        let log = opening.log(channel);
        let (state, indexing) = self.parts(channel)?;
        let Some(held) = state.logs.get(&log) else { return Err(StoreError::UnknownChannel) };
        let held = HeldLog { index: indexing.index, journal: indexing.journal, no: held.no, end: held.end() };
        let evidence = Evidence {
            fork: state.forks.get(&log).map(|proof| proof.seq()),
            checkpoints: state.checkpoints(opening),
            ..Evidence::default()
        };
        Ok(judge(&state.lineage, opening, &WithCandidates { held, candidates }, &evidence))
    }

    /// Places where somebody's word, followed down from where it was given, meets another item than the one it means.
    fn wrong_ends(&mut self, channel: &ChannelId, opening: &LogOpening) -> Result<Vec<u64>, StoreError> {
        self.flush(channel)?;
        let log = opening.log(channel);
        let (state, indexing) = self.parts(channel)?;
        let Some(held) = state.logs.get(&log) else { return Ok(Vec::new()) };
        let held = HeldLog { index: indexing.index, journal: indexing.journal, no: held.no, end: held.end() };
        let closing = state.lineage.closings().find(|closing| closing.log == log);
        let closing = closing.and_then(|closing| Some((closing.items.checked_sub(1)?, closing.tip.prefix())));
        let checkpoints = state.checkpoints(opening).into_iter().map(|checkpoint| (checkpoint.seq, checkpoint.prefix));
        let mut ends = Vec::new();
        for (mut seq, mut prefix) in closing.into_iter().chain(checkpoints) {
            // The first link is the item that stands.
            while let Some(link) = held.at(seq).first() {
                if link.id.prefix() != prefix {
                    ends.push(seq);
                    break;
                }
                let Some(below) = seq.checked_sub(1) else { break };
                (seq, prefix) = (below, link.previous.prefix());
            }
        }
        Ok(ends)
    }

    fn standing(
        &mut self,
        channel: &ChannelId,
        opening: &LogOpening,
        seq: u64,
    ) -> Result<Option<SignedHeader>, StoreError> {
        let (state, indexing) = self.parts(channel)?;
        let at = place_of(indexing.log(state, opening)?.no, seq);
        let row = indexing.index.item(at)?;
        Ok(row.and_then(|row| read_held(indexing.journal, &row).ok()))
    }

    fn stand(&mut self, channel: &ChannelId, opening: &LogOpening, item: &SignedHeader) -> Result<(), StoreError> {
        let incarnation = opening.incarnation.to_le_bytes();
        let parts: [&[u8]; 4] = [&channel.0, &opening.key.0, &incarnation, item.bytes()];
        let record = self.append(RecordKind::Stand, &parts)?;
        let length = item.bytes().len() as u32;
        let place = Place { offset: record.offset + u64::from(record.length - length), length, ..record };
        self.appender.write()?;
        let (state, mut indexing) = self.parts(channel)?;
        let log = indexing.log(state, opening)?;
        indexing.stand(log, item, place)
    }

    /// Makes readable what was written in this batch.
    fn flush(&mut self, channel: &ChannelId) -> Result<(), StoreError> {
        self.appender.write()?;
        self.parts(channel)?.1.flush()
    }

    fn branches(&mut self, log_no: i64) -> Result<Vec<(i64, Place)>, StoreError> {
        let sql = "SELECT at, segment, offset, length FROM branches WHERE at >= ? AND at < ?";
        self.appender.write()?;
        let mut statement = self.inner.index.connection().prepare_cached(sql)?;
        let rows = statement.query_map([place_of(log_no, 0), place_of(log_no + 1, 0)], |row| {
            let place = Place { segment: row.get(1)?, offset: row.get::<_, i64>(2)? as u64, length: row.get(3)? };
            Ok((row.get(0)?, place))
        })?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    }

    /// Whether a charter has closed the log behind another item than the one that stands there. Then all that is here may be
    /// a thief's, of whose fork nobody has told.
    pub(crate) fn misses_closing(&mut self, channel: &ChannelId, opening: &LogOpening) -> Result<bool, StoreError> {
        let Standing::Closed(closing) = self.state(channel)?.lineage.standing(opening) else { return Ok(false) };
        let (tip, last) = (closing.tip, closing.items.checked_sub(1));
        let Some(last) = last else { return Ok(false) };
        self.flush(channel)?;
        Ok(self.standing(channel, opening, last)?.is_some_and(|stands| stands.id() != tip))
    }

    fn is_forked(&mut self, channel: &ChannelId, log: &LogId) -> Result<bool, StoreError> {
        Ok(self.state(channel)?.forks.contains_key(log))
    }
}

fn dead(status: Status) -> bool {
    status == Status::Refused(Objection::OtherBranch)
}

/// What is held of a log, and what came in this batch besides.
struct WithCandidates<'a> {
    held: HeldLog<'a>,
    candidates: &'a BTreeMap<u64, Vec<SignedHeader>>,
}

impl LogItems for WithCandidates<'_> {
    fn at(&self, seq: u64) -> Vec<Link> {
        let mut links = self.held.at(seq);
        for item in self.candidates.get(&seq).into_iter().flatten() {
            let link = Link { id: item.id(), previous: item.header().previous };
            if !links.contains(&link) {
                links.push(link);
            }
        }
        links
    }

    fn end(&self) -> u64 {
        self.held.end()
    }

    fn next_held(&self, seq: u64) -> Option<u64> {
        self.held.next_held(seq)
    }
}
