//! From the segments back to the index: after a crash the tail, after a lost index everything.

use longear_core::deletion::Noted;
use longear_core::holdings::{Holdings, fork_comes_first};
use longear_core::{
    Charter, ForkProof, Header, ItemId, LogId, LogOpening, PublicKey, SignedHeader, Statement, bytes::Reader,
    header::Payload, verify,
};

use crate::batch::payload_place;
use crate::channel::ChannelState;
use crate::error::StoreError;
use crate::index::{Index, place_of};
use crate::indexing::{Indexing, PendingRows, split_channel};
use crate::journal::{Journal, Step};
use crate::segment::{Place, Record, RecordKind};

/// Rows gathered before they are written to the index, with those of the last run on top.
const PENDING_ROWS_MAX: usize = 8_192;
/// Bytes of a record before the header that stands: key and incarnation.
pub const STAND_FRONT: u64 = 32 + 8;

/// What a replay went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Records indexed.
    pub records: u64,
    /// Stretches that could not be read; what they held is fetched again.
    pub damaged: u64,
    /// Segment up to which everything is indexed now.
    pub segment: u32,
    /// Its length.
    pub length: u64,
}

/// Indexes every batch behind `from` that was committed, in a transaction of its own. The write lock is held.
///
/// `known_until` tells that what stands behind `from` was not acknowledged to this index: damage in its last batch is then
/// a torn write, and the batch never happened. Else only damage that looks torn counts as torn.
pub fn replay(index: &Index, journal: &Journal, from: (u32, u64), known_until: bool) -> Result<Replayed, StoreError> {
    let mut until = last_whole_batch(journal, from, known_until)?;
    loop {
        index.begin()?;
        let attempted = attempt(index, journal, from, known_until, until).inspect_err(|_| index.roll_back())?;
        let Attempt { done, last, beyond } = attempted;
        if beyond && until != Some((done.segment, done.length)) {
            // Only where the end could not be told from the last segment alone.
            index.roll_back();
            until = Some((done.segment, done.length));
            continue;
        }
        match journal.sync(from.0..=done.segment, last..(done.segment, done.length)) {
            // What nobody can write has been on the disk for long.
            Err(error) if !error.is_read_only() => {
                index.roll_back();
                return Err(error.into());
            }
            _ => {}
        }
        index.set_progress(done.segment, done.length)?;
        index.commit().inspect_err(|_| index.roll_back())?;
        return Ok(done);
    }
}

/// Where the last whole batch ends, so that what a crash left behind it need not be indexed and forgotten again. A look at
/// the last segment tells it, if two batches end there; `None` where it does not.
fn last_whole_batch(journal: &Journal, from: (u32, u64), known_until: bool) -> Result<Option<(u32, u64)>, StoreError> {
    let Some(segment) = journal.segments()?.into_iter().rfind(|segment| *segment >= from.0) else { return Ok(None) };
    let begins_here = segment == from.0;
    let mut walk = journal.walk(segment, if begins_here { from.1 } else { 0 })?;
    let mut batch = BatchEnd::new(from);
    let mut ends = 0;
    while let Some(step) = walk.step()? {
        match step {
            Step::Record(record) if record.kind == RecordKind::Commit => {
                ends += u32::from(batch.open);
                batch.commit((segment, record.end()));
            }
            Step::Record(_) => batch.more(),
            Step::Damaged(stretch) => {
                batch.more();
                batch.torn |= known_until || walk.is_torn(&stretch)?;
            }
        }
    }
    Ok((begins_here || ends >= 2).then(|| batch.good_end()))
}

/// What an attempt found.
struct Attempt {
    done: Replayed,
    /// Where the last whole batch begins.
    last: (u32, u64),
    /// Records behind the last whole batch were indexed, too.
    beyond: bool,
}

/// Indexes up to `until`, or everything.
fn attempt(
    index: &Index,
    journal: &Journal,
    from: (u32, u64),
    known_until: bool,
    until: Option<(u32, u64)>,
) -> Result<Attempt, StoreError> {
    let is_rebuild = from == (0, 0);
    if is_rebuild {
        index.clear()?;
    }
    let mut replay = Replay { index, journal, pending: PendingRows::new(), states: Vec::new() };
    let mut done = Replayed { segment: from.0, length: from.1, ..Replayed::default() };
    let mut batch = BatchEnd::new(from);
    let segments = journal.segments()?.into_iter().filter(|segment| *segment >= from.0).collect::<Vec<_>>();
    for segment in &segments {
        let mut walk = journal.walk(*segment, if *segment == from.0 { from.1 } else { 0 })?;
        while until.is_none_or(|until| (*segment, walk.offset()) < until) {
            match walk.step()? {
                None => break,
                Some(Step::Damaged(stretch)) => {
                    done.damaged += 1;
                    batch.more();
                    batch.torn |= known_until || walk.is_torn(&stretch)?;
                }
                Some(Step::Record(record)) if record.kind == RecordKind::Commit => {
                    batch.commit((*segment, record.end()))
                }
                Some(Step::Record(record)) => {
                    batch.more();
                    done.records += 1;
                    replay.record(*segment, &record)?;
                }
            }
        }
        done.damaged += u64::from(!walk.rest().is_empty() && Some(segment) != segments.last());
    }
    replay.flush()?;
    if is_rebuild {
        index.order_items()?;
    }
    let end = batch.good_end();
    (done.segment, done.length) = end;
    Ok(Attempt { done, last: batch.before.min(end), beyond: batch.open || end != batch.end })
}

/// Up to where batches are whole.
struct BatchEnd {
    /// End of the last one that was committed.
    end: (u32, u64),
    /// End of the one before.
    before: (u32, u64),
    /// Records stand behind the end.
    open: bool,
    /// One of them is damaged as by a torn write.
    torn: bool,
    /// The last committed one was.
    doubtful: bool,
}

impl BatchEnd {
    fn new(from: (u32, u64)) -> Self {
        BatchEnd { end: from, before: from, open: false, torn: false, doubtful: false }
    }

    /// Another batch began: the ones before it were durable, whatever became of them since.
    fn more(&mut self) {
        if !self.open {
            (self.open, self.doubtful, self.before) = (true, false, self.end);
        }
    }

    fn commit(&mut self, end: (u32, u64)) {
        self.doubtful |= self.torn;
        (self.end, self.open, self.torn) = (end, false, false);
    }

    fn good_end(&self) -> (u32, u64) {
        if self.doubtful { self.before } else { self.end }
    }
}

struct Replay<'a> {
    index: &'a Index,
    journal: &'a Journal,
    pending: PendingRows,
    states: Vec<ChannelState>,
}

impl Replay<'_> {
    fn record(&mut self, segment: u32, record: &Record<&[u8]>) -> Result<(), StoreError> {
        if matches!(record.kind, RecordKind::Commit | RecordKind::Void) {
            return Ok(());
        }
        // Not between headers and their payloads: a row that is written already has to be looked for.
        if record.kind == RecordKind::Run && self.pending.len() >= PENDING_ROWS_MAX {
            self.flush()?;
        }
        let Some((channel, rest)) = split_channel(record.body) else { return Ok(()) };
        let body = Place { segment, offset: record.body_offset, length: record.body.len() as u32 };
        let inner = Place { offset: body.offset + 32, length: body.length.saturating_sub(32), ..body };
        let at = self.state(channel)?;
        let state = &mut self.states[at];
        let mut indexing = Indexing { index: self.index, journal: self.journal, pending: &mut self.pending };
        match record.kind {
            RecordKind::Follow | RecordKind::Unfollow => {
                indexing.index.set_followed(state.no, record.kind == RecordKind::Follow)?;
            }
            RecordKind::Charter if Charter::decode(rest).is_ok() => indexing.charter(state, inner)?,
            RecordKind::Statement => {
                if let Ok(statement) = Statement::decode(rest) {
                    let slots = state.slots_won(&statement);
                    indexing.statement(state, &statement, slots, inner)?;
                }
            }
            RecordKind::Fork => {
                if let Ok(proof) = ForkProof::decode(rest)
                    && fork_comes_first(&proof, state.forks.get(&proof.opening.log(&channel)))
                {
                    indexing.fork(state, &proof, inner)?;
                }
            }
            RecordKind::Run => replay_run(&mut indexing, state, rest, inner)?,
            RecordKind::Payload => {
                if let Some((log, seq, item, bytes)) = split_item(rest)
                    && let Some(log) = state.logs.get_mut(&log)
                {
                    indexing.payload(log, seq, item, (payload_place(body), bytes))?;
                }
            }
            RecordKind::Gone => {
                if let Some((log, seq, _, more)) = split_item(rest)
                    && let Some(log) = state.logs.get_mut(&log)
                {
                    match split_erased(more) {
                        None => indexing.gone(log, seq)?,
                        Some(erased) => indexing.deleted(log, seq, &erased)?,
                    }
                }
            }
            RecordKind::Taken => {
                if let Some((log, seq, _, more)) = split_item(rest)
                    && let Some(log) = state.logs.get(&log)
                {
                    indexing.taken(log, seq, split_noted(more))?;
                }
            }
            RecordKind::Stand => {
                if let Some((opening, item)) = split_stand(rest) {
                    let place =
                        Place { offset: inner.offset + STAND_FRONT, length: item.bytes().len() as u32, ..inner };
                    let log = indexing.log(state, &opening)?;
                    indexing.stand(log, &item, place)?;
                }
            }
            RecordKind::Intent => replay_intent(&indexing, state, rest, body)?,
            RecordKind::Charter | RecordKind::Commit | RecordKind::Void => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Indexing { index: self.index, journal: self.journal, pending: &mut self.pending }.flush()
    }

    fn state(&mut self, channel: longear_core::ChannelId) -> Result<usize, StoreError> {
        if let Some(at) = self.states.iter().position(|state| state.id() == channel) {
            return Ok(at);
        }
        let no = self.index.channel_no(&channel)?;
        self.states.push(crate::store::load_state(self.index, self.journal, ChannelState::new(no, channel, false))?);
        Ok(self.states.len() - 1)
    }
}

fn replay_run(
    indexing: &mut Indexing<'_>,
    state: &mut ChannelState,
    rest: &[u8],
    body: Place,
) -> Result<(), StoreError> {
    let mut input = Reader::new(rest);
    let (Ok(key), Ok(incarnation)) = (input.array(), input.u64()) else { return Ok(()) };
    let opening = LogOpening { key: PublicKey(key), incarnation };
    let log = indexing.log(state, &opening)?;
    while let Ok(length) = input.u16() {
        let offset = body.offset + (rest.len() - input.rest().len()) as u64;
        let Ok(bytes) = input.take(usize::from(length)) else { return Ok(()) };
        let Ok(item) = SignedHeader::decode(bytes) else { return Ok(()) };
        let place = Place { offset, length: u32::from(length), ..body };
        indexing.header(log, &item, place)?;
        if verify(&item, Payload::new(item.id(), &[])).is_ok() {
            let payload = (Place { length: 0, ..place }, &[][..]);
            indexing.payload(log, item.header().seq, item.id(), payload)?;
        }
    }
    Ok(())
}

fn replay_intent(
    indexing: &Indexing<'_>,
    state: &mut ChannelState,
    rest: &[u8],
    body: Place,
) -> Result<(), StoreError> {
    let Some((opening, header, _)) = split_intent(rest) else { return Ok(()) };
    let log = indexing.log(state, &opening)?;
    let at = place_of(log.no, header.seq);
    if log.headers.contains(header.seq) {
        return Ok(());
    }
    let values = rusqlite::params![at, body.segment, body.offset as i64, body.length];
    Ok(indexing.index.run("INSERT OR REPLACE INTO intents VALUES (?, ?, ?, ?)", values)?)
}

/// Log, seq, item and the bytes behind them.
fn split_item(rest: &[u8]) -> Option<(LogId, u64, ItemId, &[u8])> {
    let mut input = Reader::new(rest);
    let (log, seq, item) = (input.array().ok()?, input.u64().ok()?, input.array().ok()?);
    Some((LogId(log), seq, ItemId(item), input.rest()))
}

/// The records that are to be erased with a payload; `None` where it is only missing.
fn split_erased(more: &[u8]) -> Option<Vec<Place>> {
    let mut input = Reader::new(more);
    let count = input.u8().ok()?;
    let places = (0..count).map(|_| {
        let (segment, offset) = (input.u32().ok()?, input.u64().ok()?);
        Some(Place { segment, offset, length: input.u32().ok()? })
    });
    places.collect()
}

/// What took an item back, and since when that is known.
fn split_noted(more: &[u8]) -> Option<Noted> {
    let mut input = Reader::new(more);
    Some(Noted { by: ItemId(input.array().ok()?), since: input.u64().ok()? })
}

/// Opening and header of the item that stands at its place, behind the channel.
fn split_stand(rest: &[u8]) -> Option<(LogOpening, SignedHeader)> {
    let mut input = Reader::new(rest);
    let opening = LogOpening { key: PublicKey(input.array().ok()?), incarnation: input.u64().ok()? };
    Some((opening, SignedHeader::decode(input.rest()).ok()?))
}

/// Opening, unsigned header and payload of an intent, behind its channel.
pub fn split_intent(rest: &[u8]) -> Option<(LogOpening, Header, &[u8])> {
    let mut input = Reader::new(rest);
    let opening = LogOpening { key: PublicKey(input.array().ok()?), incarnation: input.u64().ok()? };
    let length = input.u16().ok()?;
    let header = Header::decode_unsigned(input.take(usize::from(length)).ok()?).ok()?;
    Some((opening, header, input.rest()))
}
