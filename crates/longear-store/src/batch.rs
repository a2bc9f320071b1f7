//! Writing: verified objects in, durable after the commit.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::MutexGuard;

use longear_core::header::Payload;
use longear_core::holdings::{Holdings, fork_comes_first};
use longear_core::limits::DAY_MS;
use longear_core::{
    Applied, ChannelId, Charter, ForkProof, ItemId, Judgement, Kind, LogId, LogOpening, Run, SignedHeader, Statement,
    Verified, verify,
};

use crate::channel::ChannelState;
use crate::error::StoreError;
use crate::index::place_of;
use crate::indexing::{Indexed, Indexing, PendingRows, read_header};
use crate::journal::Appender;
use crate::segment::{Place, RecordKind};
use crate::settle::Candidates;
use crate::store::{Inner, Store, WriteLock};

/// Rows gathered before they are written to the index.
const PENDING_ROWS_MAX: usize = 4_096;

/// What became of the headers of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// New here.
    pub new: u64,
    /// Held already.
    pub known: u64,
    /// Contradicted what was held: the log has forked.
    pub forked: u64,
}

/// A group of writes that become durable together. Dropped without [`Batch::commit`], nothing of it happened.
///
/// Only one batch is open at a time, in all processes that share the store; others wait for it.
pub struct Batch<'s> {
    pub(crate) store: &'s Store,
    pub(crate) inner: MutexGuard<'s, Inner>,
    pub(crate) appender: Appender,
    pub(crate) pending: PendingRows,
    pub(crate) changed: HashMap<ChannelId, ChannelState>,
    /// Logs, or with `None` all logs of a channel, in which another branch of a fork may stand after this batch.
    pub(crate) unsettled: BTreeSet<(ChannelId, Option<LogId>)>,
    /// Headers at places that have all the branches that are kept: one of them may be the one that a charter names.
    pub(crate) candidates: Candidates,
    /// Judgements of forked logs, until something comes that may change them.
    pub(crate) judgements: HashMap<LogId, Judgement>,
    /// Bytes held of kinds that are limited, by log number and UTC day.
    held_bytes: HashMap<(i64, u64), u64>,
    /// Where the batch begins.
    start: (u32, u64),
    /// Whether its records are durable, so that they count even if the index fails.
    durable: bool,
    committed: bool,
    _lock: WriteLock,
}

impl<'s> Batch<'s> {
    pub(crate) fn new(
        store: &'s Store,
        inner: MutexGuard<'s, Inner>,
        (appender, start): (Appender, (u32, u64)),
        lock: WriteLock,
    ) -> Result<Self, StoreError> {
        inner.index.begin()?;
        Ok(Batch {
            store,
            inner,
            appender,
            pending: PendingRows::new(),
            changed: HashMap::new(),
            unsettled: BTreeSet::new(),
            candidates: Candidates::new(),
            judgements: HashMap::new(),
            held_bytes: HashMap::new(),
            start,
            durable: false,
            committed: false,
            _lock: lock,
        })
    }

    /// The channel as it will be after the commit.
    pub fn channel(&mut self, channel: &ChannelId) -> Result<&ChannelState, StoreError> {
        self.state(channel).map(|state| &*state)
    }

    /// Begins to follow a channel.
    pub fn follow(&mut self, channel: &ChannelId) -> Result<(), StoreError> {
        if !self.inner.states.contains_key(channel) && !self.changed.contains_key(channel) {
            let no = self.inner.index.channel_no(channel)?;
            self.changed.insert(*channel, ChannelState::new(no, *channel, false));
        }
        self.set_followed(channel, true)
    }

    /// Stops following a channel; what is held of it stays.
    pub fn unfollow(&mut self, channel: &ChannelId) -> Result<(), StoreError> {
        self.set_followed(channel, false)
    }

    /// Keeps a charter, and applies it.
    pub fn charter(&mut self, charter: Verified<Charter>) -> Result<Applied, StoreError> {
        let channel = charter.body.channel();
        let bytes = charter.encode();
        let mut lineage = self.state(&channel)?.lineage.clone();
        let applied = lineage.apply(charter);
        if matches!(applied, Applied::Next | Applied::Rival) {
            let place = self.append(RecordKind::Charter, &[&channel.0, &bytes])?;
            let place = Place { offset: place.offset + 32, length: place.length - 32, ..place };
            let (state, indexing) = self.parts(&channel)?;
            state.lineage = lineage;
            indexing.charter(state, place)?;
            self.unsettle(&channel, None);
        }
        Ok(applied)
    }

    /// Keeps a statement if it counts and is the newest in some respect. True if it was.
    pub fn statement(&mut self, channel: &ChannelId, statement: &Verified<Statement>) -> Result<bool, StoreError> {
        let state = self.state(channel)?;
        if !state.is_news(statement) {
            return Ok(false);
        }
        let slots = state.slots_won(statement);
        let place = self.append(RecordKind::Statement, &[&channel.0, &statement.encode()])?;
        let place = Place { offset: place.offset + 32, length: place.length - 32, ..place };
        let (state, indexing) = self.parts(channel)?;
        indexing.statement(state, statement, slots, place)?;
        self.unsettle(channel, None);
        Ok(true)
    }

    /// Keeps a fork proof unless one that says more is held, and its headers. True if something of it was kept.
    pub fn fork(&mut self, channel: &ChannelId, proof: &Verified<ForkProof>) -> Result<bool, StoreError> {
        let kept = self.proof(channel, proof)?;
        // Also where another proof says more, or it would depend on which of them came first what is held.
        Ok(self.proven_branches(channel, proof)? > 0 || kept)
    }

    fn proof(&mut self, channel: &ChannelId, proof: &Verified<ForkProof>) -> Result<bool, StoreError> {
        let log = proof.opening.log(channel);
        if !fork_comes_first(proof, self.state(channel)?.forks.get(&log)) {
            return Ok(false);
        }
        let place = self.append(RecordKind::Fork, &[&channel.0, &proof.encode()])?;
        let place = Place { offset: place.offset + 32, length: place.length - 32, ..place };
        let (state, indexing) = self.parts(channel)?;
        indexing.fork(state, proof, place)?;
        self.unsettle(channel, Some(log));
        Ok(true)
    }

    /// Keeps the headers of a proof as items: without them nobody could tell the branches apart. Counts the new ones.
    fn proven_branches(&mut self, channel: &ChannelId, proof: &Verified<ForkProof>) -> Result<u64, StoreError> {
        let mut new = 0;
        for item in [&proof.first, &proof.second] {
            let lineage = &self.state(channel)?.lineage;
            let run = Run::new(proof.opening, vec![item.clone()]).and_then(|run| verify(lineage, run));
            if let Ok(run) = run {
                new += self.run(channel, &run)?.new;
            }
        }
        Ok(new)
    }

    /// Keeps the headers of a run that are not here yet. Payloads follow through [`Batch::payload`].
    ///
    /// Where a header contradicts what is held, the proof of the fork is kept too.
    pub fn run(&mut self, channel: &ChannelId, run: &Verified<Run>) -> Result<Stored, StoreError> {
        self.run_part(channel, run, 0..run.headers().len())
    }

    /// Keeps some headers of a run, counted from its first, as [`Batch::run`] does all of them.
    ///
    /// An item whose payload comes in the same batch as its header costs half of one whose payload comes later.
    pub fn run_part(
        &mut self,
        channel: &ChannelId,
        run: &Verified<Run>,
        part: Range<usize>,
    ) -> Result<Stored, StoreError> {
        if self.pending.len() >= PENDING_ROWS_MAX {
            self.appender.write()?;
            self.parts(channel)?.1.flush()?;
        }
        let mut stored = Stored::default();
        let headers = &run.headers()[part];
        let (Some(first), Some(last)) = (headers.first(), headers.last()) else { return Ok(stored) };
        let (first, last) = (first.header().seq, last.header().seq);
        let (state, indexing) = self.parts(channel)?;
        let log = indexing.log(state, run.opening())?;
        let untouched = log.headers.count_within(first.saturating_sub(1)..last + 2) == 0;
        let fresh = match untouched {
            true => headers.iter().collect(),
            false => self.fresh(channel, run.opening(), headers, &mut stored)?,
        };
        self.append_headers(channel, run.opening(), &fresh, &mut stored)?;
        // Not before: a proof that was found on the way has settled the log as it was without these headers.
        self.unsettle(channel, Some(run.opening().log(channel)));
        if stored.forked > 0 {
            // Now, because payloads that follow are kept for what stands only.
            self.settle()?;
        }
        Ok(stored)
    }

    /// Headers of the run that are not held; keeps proofs of the contradictions it meets.
    fn fresh<'r>(
        &mut self,
        channel: &ChannelId,
        opening: &LogOpening,
        headers: &'r [SignedHeader],
        stored: &mut Stored,
    ) -> Result<Vec<&'r SignedHeader>, StoreError> {
        // What was appended a moment ago may be looked at again.
        self.appender.write()?;
        let (mut fresh, mut dropped) = (Vec::new(), Vec::new());
        let (mut proofs, mut forked) = (Vec::new(), false);
        let (state, indexing) = self.parts(channel)?;
        let is_forked = state.forks.contains_key(&opening.log(channel));
        let log = indexing.log(state, opening)?;
        let held = |seq: u64| -> Result<Option<(ItemId, Place)>, StoreError> {
            if !log.headers.contains(seq) {
                return Ok(None);
            }
            Ok(indexing.held(place_of(log.no, seq))?.map(|(row, id)| (id, row.header)))
        };
        // The item that stands before another one, where that one names something else.
        let before = |item: &'r SignedHeader| -> Result<Option<(Place, &'r SignedHeader)>, StoreError> {
            let below = item.header().seq.checked_sub(1).map_or(Ok(None), held)?;
            Ok(below.filter(|(id, _)| *id != item.header().previous).map(|(_, place)| (place, item)))
        };
        for item in headers {
            let header = item.header();
            match held(header.seq)? {
                Some((id, _)) if id == item.id() => stored.known += 1,
                Some((_, place)) => match indexing.room_for_branch(place_of(log.no, header.seq), &item.id())? {
                    Indexed::Known => stored.known += 1,
                    Indexed::Dropped => {
                        forked = true;
                        proofs.extend(before(item)?);
                        dropped.push(item.clone());
                    }
                    _ => {
                        proofs.extend(before(item)?);
                        proofs.push((place, item));
                        fresh.push(item);
                    }
                },
                None => {
                    proofs.extend(before(item)?);
                    let after = held(header.seq + 1)?;
                    proofs.extend(after.map(|(_, place)| (place, item)));
                    // Branches of the next place name what they were built on, too.
                    if is_forked {
                        let branches = indexing.branch_places(place_of(log.no, header.seq + 1))?;
                        proofs.extend(branches.into_iter().map(|place| (place, item)));
                    }
                    fresh.push(item);
                }
            }
        }
        forked |= self.keep_proofs(channel, opening, proofs)?;
        self.candidates.add(channel, opening, dropped);
        stored.forked += u64::from(forked);
        Ok(fresh)
    }

    /// Keeps proofs that held headers and new ones contradict each other; tells whether there were any.
    fn keep_proofs(
        &mut self,
        channel: &ChannelId,
        opening: &LogOpening,
        pairs: Vec<(Place, &SignedHeader)>,
    ) -> Result<bool, StoreError> {
        let mut forked = false;
        for (place, item) in pairs {
            let other = read_header(&self.store.journal, place)?;
            let lineage = &self.state(channel)?.lineage;
            let Some(proof) = ForkProof::between(*opening, &other, item) else { continue };
            // A header inside a run may carry a bad signature of its own; then it proves nothing.
            let Ok(proof) = verify(lineage, proof) else { continue };
            forked = true;
            if self.proof(channel, &proof)? {
                self.proven_branches(channel, &proof)?;
            }
        }
        Ok(forked)
    }

    fn append_headers(
        &mut self,
        channel: &ChannelId,
        opening: &LogOpening,
        headers: &[&SignedHeader],
        stored: &mut Stored,
    ) -> Result<(), StoreError> {
        if headers.is_empty() {
            return Ok(());
        }
        let mut body = Vec::with_capacity(80 + headers.len() * 184);
        body.extend_from_slice(&channel.0);
        body.extend_from_slice(&opening.key.0);
        body.extend_from_slice(&opening.incarnation.to_le_bytes());
        let mut offsets = Vec::with_capacity(headers.len());
        for item in headers {
            body.extend_from_slice(&(item.bytes().len() as u16).to_le_bytes());
            offsets.push(body.len() as u64);
            body.extend_from_slice(item.bytes());
        }
        let record = self.append(RecordKind::Run, &[&body])?;
        let (state, mut indexing) = self.parts(channel)?;
        let log = indexing.log(state, opening)?;
        let mut bare = Vec::new();
        for (item, offset) in headers.iter().zip(offsets) {
            let place = Place { offset: record.offset + offset, length: item.bytes().len() as u32, ..record };
            match indexing.header(log, item, place)? {
                Indexed::New => stored.new += 1,
                Indexed::Known => stored.known += 1,
                Indexed::Branch | Indexed::Dropped => {}
            }
            // Nothing to fetch, but what is not there must still have the announced hash.
            if verify(*item, Payload::new(item.id(), &[])).is_ok() {
                bare.push((item.header().seq, item.id(), Place { length: 0, ..place }));
            }
        }
        for (seq, id, place) in bare {
            indexing.payload(log, seq, id, (place, &[]))?;
        }
        Ok(())
    }

    /// Keeps the payload of an item whose header is here. False if it is not, or the payload was here already.
    pub fn payload(
        &mut self,
        channel: &ChannelId,
        opening: &LogOpening,
        seq: u64,
        payload: &Verified<Payload<'_>>,
    ) -> Result<bool, StoreError> {
        let log = opening.log(channel);
        let held = self.state(channel)?.logs.get(&log);
        if held.is_none_or(|held| held.payloads.contains(seq) || !held.headers.contains(seq)) {
            return Ok(false);
        }
        let (id, bytes) = (payload.item(), payload.bytes());
        if !self.wants_payload(channel, opening, seq, (id, bytes.len() as u64))? {
            return Ok(false);
        }
        let record = self.append(RecordKind::Payload, &[&channel.0, &log.0, &seq.to_le_bytes(), &id.0, bytes])?;
        let place = payload_place(record);
        let (state, mut indexing) = self.parts(channel)?;
        let log = indexing.log(state, opening)?;
        indexing.payload(log, seq, id, (place, bytes))
    }

    /// Keeps payloads of one log as [`Batch::payload`] keeps each; tells how many were not here yet.
    pub fn payloads<'p>(
        &mut self,
        channel: &ChannelId,
        opening: &LogOpening,
        payloads: impl IntoIterator<Item = (u64, Verified<Payload<'p>>)>,
    ) -> Result<u64, StoreError> {
        let log = opening.log(channel);
        let mut kept = 0;
        for (seq, payload) in payloads {
            let is_kept = self.payload_of_pending(channel, &log, seq, &payload)?
                || self.payload(channel, opening, seq, &payload)?;
            kept += u64::from(is_kept);
        }
        Ok(kept)
    }

    /// Keeps a payload if nothing need be looked up for it: its header came a moment ago, its kind has no daily limit, and
    /// its log has not forked. False if that is not so.
    fn payload_of_pending(
        &mut self,
        channel: &ChannelId,
        log: &LogId,
        seq: u64,
        payload: &Verified<Payload<'_>>,
    ) -> Result<bool, StoreError> {
        let Some(state) = self.changed.get_mut(channel) else { return Ok(false) };
        let is_forked = state.forks.contains_key(log);
        let Some(held) = state.logs.get_mut(log).filter(|held| !is_forked && !held.payloads.contains(seq)) else {
            return Ok(false);
        };
        let at = place_of(held.no, seq);
        let Some((row, id)) = self.pending.get_mut(&at).filter(|(_, id)| *id == payload.item()) else {
            return Ok(false);
        };
        if Kind::from_number(row.kind).and_then(Kind::bytes_per_day_max).is_some() {
            return Ok(false);
        }
        let parts: [&[u8]; 5] = [&channel.0, &log.0, &seq.to_le_bytes(), &id.0, payload.bytes()];
        row.payload = Some(payload_place(self.appender.append(RecordKind::Payload, &parts)?));
        held.payloads.insert(seq..seq + 1);
        let kind = row.kind;
        let indexing = Indexing { index: &self.inner.index, journal: &self.store.journal, pending: &mut self.pending };
        indexing.content(at, kind, payload.bytes())?;
        Ok(true)
    }

    /// Notes that the payload of an item is missing, because it is damaged: it will be fetched again.
    pub fn gone(&mut self, channel: &ChannelId, log: &LogId, seq: u64, item: ItemId) -> Result<(), StoreError> {
        self.append(RecordKind::Gone, &[&channel.0, &log.0, &seq.to_le_bytes(), &item.0])?;
        let (state, mut indexing) = self.parts(channel)?;
        let Some(opening) = state.logs.get(log).map(|log| log.opening) else { return Ok(()) };
        let log = indexing.log(state, &opening)?;
        indexing.gone(log, seq)
    }

    /// Makes durable what is about to be signed. After the commit exactly these bytes are signed, whatever happens.
    pub fn intent(
        &mut self,
        channel: &ChannelId,
        opening: &LogOpening,
        seq: u64,
        unsigned: &[u8],
        payload: &[u8],
    ) -> Result<(), StoreError> {
        let length = (unsigned.len() as u16).to_le_bytes();
        let incarnation = opening.incarnation.to_le_bytes();
        let parts: [&[u8]; 6] = [&channel.0, &opening.key.0, &incarnation, &length, unsigned, payload];
        let record = self.append(RecordKind::Intent, &parts)?;
        let (state, indexing) = self.parts(channel)?;
        let at = place_of(indexing.log(state, opening)?.no, seq);
        let values = rusqlite::params![at, record.segment, record.offset as i64, record.length];
        Ok(indexing.index.run("INSERT OR REPLACE INTO intents VALUES (?, ?, ?, ?)", values)?)
    }

    /// Makes everything of this batch durable. Costs one sync of the segment and one commit of the index.
    ///
    /// After an error from the disk nothing of the batch happened; after one from the index (it is full, too) the batch is
    /// durable, and the next one to write indexes it.
    pub fn commit(mut self) -> Result<(), StoreError> {
        self.settle()?;
        // Twice: a flipped byte in one of them must not make a whole batch undone.
        self.append(RecordKind::Commit, &[])?;
        self.append(RecordKind::Commit, &[])?;
        let (segment, length) = self.appender.sync()?;
        self.durable = true;
        let inner = &mut *self.inner;
        let mut indexing = Indexing { index: &inner.index, journal: &self.store.journal, pending: &mut self.pending };
        indexing.flush()?;
        inner.index.set_progress(segment, length)?;
        inner.index.commit()?;
        self.committed = true;
        for (channel, mut state) in self.changed.drain() {
            inner.generation += 1;
            state.generation = inner.generation;
            inner.states.insert(channel, state.into());
        }
        Ok(())
    }

    /// Whether a payload is to be kept: not on a branch that somebody contradicts, and within the day's bytes of its kind.
    fn wants_payload(
        &mut self,
        channel: &ChannelId,
        opening: &LogOpening,
        seq: u64,
        (id, length): (ItemId, u64),
    ) -> Result<bool, StoreError> {
        let log = opening.log(channel);
        let (state, indexing) = self.parts(channel)?;
        let is_forked = state.forks.contains_key(&log);
        let log_no = indexing.log(state, opening)?.no;
        let Some((row, held)) = indexing.held(place_of(log_no, seq))? else { return Ok(false) };
        if held != id {
            return self.stand_with_payload(channel, opening, place_of(log_no, seq), id);
        }
        let is_in_doubt = is_forked || self.misses_closing(channel, opening)?;
        if is_in_doubt && self.is_dead(channel, opening, id, row.header)? {
            return Ok(false);
        }
        let limit = Kind::from_number(row.kind).and_then(Kind::bytes_per_day_max);
        let Some(limit) = limit else { return Ok(true) };
        let day = row.time / DAY_MS;
        let held = match self.held_bytes.get(&(log_no, day)) {
            Some(held) => *held,
            None => self.count_limited(channel, log_no, day)?,
        };
        let fits = held + length <= limit;
        self.held_bytes.insert((log_no, day), if fits { held + length } else { held });
        Ok(fits)
    }

    /// Payload bytes held of the limited kinds of one log and day. Costs a scan of the log.
    fn count_limited(&mut self, channel: &ChannelId, log_no: i64, day: u64) -> Result<u64, StoreError> {
        self.appender.write()?;
        let (_, mut indexing) = self.parts(channel)?;
        indexing.flush()?;
        let sql = "SELECT kind, sum(payload_length) FROM items WHERE at >= ? AND at < ? AND time >= ? AND time < ?
            AND payload IS NOT NULL GROUP BY kind";
        let times = [day * DAY_MS, (day + 1) * DAY_MS].map(|time| time as i64);
        let values = [place_of(log_no, 0), place_of(log_no + 1, 0), times[0], times[1]];
        let mut statement = indexing.index.connection().prepare_cached(sql)?;
        let sums = statement.query_map(values, |row| Ok((row.get::<_, u8>(0)?, row.get::<_, i64>(1)? as u64)))?;
        let mut held = 0;
        for sum in sums {
            let (kind, bytes) = sum?;
            let limited = Kind::from_number(kind).is_some_and(|kind| kind.bytes_per_day_max().is_some());
            held += if limited { bytes } else { 0 };
        }
        Ok(held)
    }

    fn set_followed(&mut self, channel: &ChannelId, followed: bool) -> Result<(), StoreError> {
        if self.state(channel)?.followed == followed {
            return Ok(());
        }
        let kind = if followed { RecordKind::Follow } else { RecordKind::Unfollow };
        self.append(kind, &[&channel.0])?;
        let (state, indexing) = self.parts(channel)?;
        state.followed = followed;
        Ok(indexing.index.set_followed(state.no, followed)?)
    }

    fn unsettle(&mut self, channel: &ChannelId, log: Option<LogId>) {
        self.unsettled.insert((*channel, log));
        self.judgements.clear();
    }

    pub(crate) fn append(&mut self, kind: RecordKind, parts: &[&[u8]]) -> Result<Place, StoreError> {
        Ok(self.appender.append(kind, parts)?)
    }

    pub(crate) fn state(&mut self, channel: &ChannelId) -> Result<&mut ChannelState, StoreError> {
        if !self.changed.contains_key(channel) {
            let state = self.inner.states.get(channel).ok_or(StoreError::UnknownChannel)?;
            self.changed.insert(*channel, ChannelState::clone(state));
        }
        self.changed.get_mut(channel).ok_or(StoreError::UnknownChannel)
    }

    pub(crate) fn parts(&mut self, channel: &ChannelId) -> Result<(&mut ChannelState, Indexing<'_>), StoreError> {
        self.state(channel)?;
        let state = self.changed.get_mut(channel).ok_or(StoreError::UnknownChannel)?;
        let indexing = Indexing { index: &self.inner.index, journal: &self.store.journal, pending: &mut self.pending };
        Ok((state, indexing))
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.store.journal.reuse(&mut self.appender);
        if !self.committed {
            self.inner.index.roll_back();
            if !self.durable && self.store.journal.cut(self.start.0, self.start.1).is_err() {
                // The room could not be given back, and whole batches may stand in it: only their sync had failed.
                self.inner.undone = Some(self.start);
            }
        }
    }
}

/// Bytes of a payload record before the payload itself: channel, log, seq, item.
const PAYLOAD_FRONT: u32 = 32 + 16 + 8 + 32;

/// Where in a payload record the payload itself stands.
pub(crate) fn payload_place(record: Place) -> Place {
    Place { offset: record.offset + u64::from(PAYLOAD_FRONT), length: record.length - PAYLOAD_FRONT, ..record }
}

/// The body of the record that a payload stands in.
pub(crate) fn payload_record(payload: Place) -> Place {
    let offset = payload.offset - u64::from(PAYLOAD_FRONT);
    Place { offset, length: payload.length + PAYLOAD_FRONT, ..payload }
}
