//! From the segments back to the index: after a crash the tail, after a lost index everything.

use longear_core::{
    Charter, ForkProof, Header, ItemId, LogId, LogOpening, PublicKey, SignedHeader, Statement, bytes::Reader,
    header::Payload, verify,
};

use crate::batch::payload_place;
use crate::channel::ChannelState;
use crate::error::StoreError;
use crate::index::{Index, place_of};
use crate::indexing::{Indexing, PendingRows, fork_comes_first, split_channel};
use crate::journal::Journal;
use crate::segment::{Place, RECORD_FRONT_BYTES, Record, RecordKind, SEGMENT_MAGIC};

/// What a replay went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Records indexed.
    pub records: u64,
    /// Records that could not be read; what they held is fetched again.
    pub damaged: u64,
    /// Segment up to which everything is indexed now.
    pub segment: u32,
    /// Its length.
    pub length: u64,
}

/// Indexes every record behind (segment, length). The index is inside a transaction.
pub fn replay(index: &Index, journal: &Journal, from: (u32, u64)) -> Result<Replayed, StoreError> {
    let mut replay = Replay { index, journal, pending: PendingRows::new(), states: Vec::new() };
    let mut done = Replayed { segment: from.0, length: from.1, ..Replayed::default() };
    for segment in journal.segments()?.into_iter().filter(|segment| *segment >= from.0) {
        let start = if segment == from.0 { from.1 } else { 0 };
        done.segment = segment;
        done.length = start.max(SEGMENT_MAGIC.len() as u64);
        while let Some((record, skipped)) = next_record(journal, segment, done.length)? {
            done.damaged += skipped;
            done.records += 1;
            replay.record(segment, &record)?;
            done.length = record.end();
        }
    }
    replay.finish()?;
    Ok(done)
}

/// The record at `offset`, or behind one damaged record there. The second value counts the damaged ones.
fn next_record(journal: &Journal, segment: u32, offset: u64) -> Result<Option<(Record, u64)>, StoreError> {
    if let Some(record) = journal.record(segment, offset)? {
        return Ok(Some((record, 0)));
    }
    // A flipped byte inside a body leaves its length intact: what follows is still whole.
    let Ok(front) = journal.read(Place { segment, offset, length: RECORD_FRONT_BYTES as u32 }) else {
        return Ok(None);
    };
    let Some(length) = front.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes)) else { return Ok(None) };
    let behind = offset + RECORD_FRONT_BYTES as u64 + u64::from(length);
    Ok(journal.record(segment, behind)?.map(|record| (record, 1)))
}

struct Replay<'a> {
    index: &'a Index,
    journal: &'a Journal,
    pending: PendingRows,
    states: Vec<ChannelState>,
}

impl Replay<'_> {
    fn record(&mut self, segment: u32, record: &Record) -> Result<(), StoreError> {
        let Some((channel, rest)) = split_channel(&record.body) else { return Ok(()) };
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
                    && let Some(opening) = state.logs.get(&log).map(|log| log.opening)
                {
                    indexing.payload(state, &opening, seq, item, (payload_place(body), bytes))?;
                }
            }
            RecordKind::Gone => {
                if let Some((log, seq, ..)) = split_item(rest)
                    && let Some(log) = state.logs.get_mut(&log)
                {
                    indexing.gone(log, seq)?;
                }
            }
            RecordKind::Intent => replay_intent(&indexing, state, rest, body)?,
            RecordKind::Charter => {}
        }
        if self.pending.len() > 8_192 {
            Indexing { index: self.index, journal: self.journal, pending: &mut self.pending }.flush()?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        Indexing { index: self.index, journal: self.journal, pending: &mut self.pending }.flush()
    }

    fn state(&mut self, channel: longear_core::ChannelId) -> Result<usize, StoreError> {
        if let Some(at) = self.states.iter().position(|state| state.id() == channel) {
            return Ok(at);
        }
        let no = self.index.channel_no(&channel)?;
        self.states.push(crate::store::load_state(self.index, self.journal, no, channel, false)?);
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
    while let Ok(length) = input.u16() {
        let offset = body.offset + (rest.len() - input.rest().len()) as u64;
        let Ok(bytes) = input.take(usize::from(length)) else { return Ok(()) };
        let Ok(item) = SignedHeader::decode(bytes) else { return Ok(()) };
        let place = Place { offset, length: u32::from(length), ..body };
        let log = indexing.log(state, &opening)?;
        indexing.header(log, &item, place)?;
        if verify(&item, Payload::new(item.id(), &[])).is_ok() {
            let payload = (Place { length: 0, ..place }, &[][..]);
            indexing.payload(state, &opening, item.header().seq, item.id(), payload)?;
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

/// Opening, unsigned header and payload of an intent, behind its channel.
pub fn split_intent(rest: &[u8]) -> Option<(LogOpening, Header, &[u8])> {
    let mut input = Reader::new(rest);
    let opening = LogOpening { key: PublicKey(input.array().ok()?), incarnation: input.u64().ok()? };
    let length = input.u16().ok()?;
    let header = Header::decode_unsigned(input.take(usize::from(length)).ok()?).ok()?;
    Some((opening, header, input.rest()))
}
