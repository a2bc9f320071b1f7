//! From the bytes of a pack to the store: read, verify, write.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use longear_core::header::VerifiedPayloads;
use longear_core::limits::PAYLOAD_BYTES_MAX;
use longear_core::pack::{PackHeaders, PackPart};
use longear_core::tree::TreePath;
use longear_core::{
    ChannelId, Intervals, LogId, LogOpening, PackName, PackReader, Reason, Run, SignedHeader, Verified,
};
use longear_store::{ChannelState, Store, StoreError};

use super::lies::Lies;

/// Payload bytes handed to the writer at once.
const PIECE_BYTES: usize = 512 << 10;

/// Takes pieces on their way to [`write_batch`]; false if nobody wants them any more.
pub type Sink<'s> = &'s mut dyn FnMut(Piece) -> bool;

/// Which pack something comes from.
#[derive(Clone, Copy, Debug)]
pub struct PackOrigin {
    /// The carrier's number.
    pub source: usize,
    /// The channel.
    pub channel: ChannelId,
    /// The log.
    pub log: LogId,
    /// The pack.
    pub name: PackName,
}

/// Something of a pack that was refused.
#[derive(Debug)]
pub struct RefusedPart {
    /// Which pack.
    pub pack: PackOrigin,
    /// The item, if it is about one.
    pub seq: Option<u64>,
    /// What of the item, or of the pack.
    pub what: &'static str,
    /// Why.
    pub reason: Reason,
    /// How many bytes it had.
    pub bytes: u64,
}

/// What is said of a log whose pack is refused as a whole, whichever pack it was.
const WHOLE_LOG: &str = "log";

impl RefusedPart {
    /// A complaint about all packs of a log.
    pub(super) fn of_log(pack: PackOrigin, reason: Reason) -> Self {
        Self { pack, seq: None, what: WHOLE_LOG, reason, bytes: 0 }
    }

    /// A complaint about a pack that ends before its end.
    pub(super) fn of_cut(pack: PackOrigin) -> Self {
        Self { pack, seq: None, what: "", reason: Reason::Truncated, bytes: 0 }
    }

    /// Names it: the path in the tree, and the item.
    pub fn object(&self) -> String {
        let path = TreePath::pack(&self.pack.channel, &self.pack.log, self.pack.name);
        match self.seq {
            Some(seq) => format!("{path}, {} of item {seq}", self.what),
            None if self.what == WHOLE_LOG => format!("log {} of channel {}", self.pack.log, self.pack.channel),
            None => path.to_string(),
        }
    }
}

/// Verified headers and some of their payloads, on the way to the store.
#[derive(Debug)]
pub struct Piece {
    channel: ChannelId,
    opening: LogOpening,
    runs: Arc<Vec<Verified<Run>>>,
    /// The items whose headers are written with this piece: those of its payloads, and those that have none.
    headers: Range<u64>,
    payloads: VerifiedPayloads,
}

impl Piece {
    /// Bytes of its payloads.
    pub fn payload_bytes(&self) -> usize {
        self.payloads.byte_count()
    }
}

/// Emptied buffers of pieces, to be filled again: memory that one thread frees is of little use to another.
#[derive(Debug, Default)]
pub struct Spare {
    buffers: Mutex<Vec<VerifiedPayloads>>,
}

impl Spare {
    fn take(&self) -> VerifiedPayloads {
        let spare = self.buffers().pop();
        spare.unwrap_or_else(|| VerifiedPayloads::with_capacity(PIECE_BYTES + PAYLOAD_BYTES_MAX))
    }

    fn give(&self, mut payloads: VerifiedPayloads) {
        payloads.clear();
        self.buffers().push(payloads);
    }

    fn buffers(&self) -> MutexGuard<'_, Vec<VerifiedPayloads>> {
        self.buffers.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Writes pieces in one commit; returns how many payloads were news. Readers of the store wait meanwhile.
pub fn write_batch(store: &Store, pieces: impl IntoIterator<Item = Piece>, spare: &Spare) -> Result<u64, StoreError> {
    let mut batch = store.write()?;
    let mut written = 0;
    for piece in pieces {
        for run in piece.runs.iter() {
            batch.run_part(&piece.channel, run, places_in(run, &piece.headers))?;
        }
        written += batch.payloads(&piece.channel, &piece.opening, piece.payloads.iter())?;
        spare.give(piece.payloads);
    }
    batch.commit()?;
    Ok(written)
}

/// Reads one pack, block by block.
#[derive(Debug)]
pub struct Intake {
    pack: PackOrigin,
    state: Arc<ChannelState>,
    complete: Intervals,
    reader: PackReader,
    runs: Arc<Vec<Verified<Run>>>,
    /// The first item whose header was not handed on.
    headers_from: u64,
    payloads: VerifiedPayloads,
    spare: Arc<Spare>,
    refused: Vec<RefusedPart>,
    lies: Arc<Lies>,
    gave_good_items: bool,
    /// The log's delegate is in no charter held: one complaint for all of its items.
    is_unknown: bool,
    failed: bool,
    is_sink_gone: bool,
}

/// How the reading of a pack ended.
#[derive(Debug)]
pub struct IntakeEnd {
    /// Which pack it was.
    pub pack: PackOrigin,
    /// It was there from its beginning to its end, and no header was refused.
    pub whole: bool,
    /// It ended before its end, be it by its carrier's fault or the line's.
    pub is_cut: bool,
    /// Nobody takes its pieces any more: the store failed, and says so itself.
    pub is_store_gone: bool,
    /// Some of it was good and nothing was not.
    pub gave_good_items: bool,
    /// What was refused.
    pub refused: Vec<RefusedPart>,
}

impl Intake {
    /// Begins to read a pack of a carrier.
    pub fn new(source: usize, state: Arc<ChannelState>, log: LogId, name: PackName) -> Self {
        let channel = state.id();
        Self {
            pack: PackOrigin { source, channel, log, name },
            complete: state.logs().get(&log).map_or_else(Intervals::new, |held| held.complete().clone()),
            state,
            reader: PackReader::new(channel, log, name),
            runs: Arc::default(),
            headers_from: 0,
            payloads: VerifiedPayloads::default(),
            spare: Arc::default(),
            refused: Vec::new(),
            lies: Arc::default(),
            gave_good_items: false,
            is_unknown: false,
            failed: false,
            is_sink_gone: false,
        }
    }

    /// Takes its buffers from where [`write_batch`] leaves them.
    pub fn reusing(mut self, spare: Arc<Spare>) -> Self {
        (self.payloads, self.spare) = (spare.take(), spare);
        self
    }

    /// Counts what is refused as it comes, and stops when it is too much.
    pub fn counting(mut self, lies: Arc<Lies>) -> Self {
        self.lies = lies;
        self
    }

    /// Takes in the next bytes. False if no more are wanted: nothing good can follow, or the store failed.
    pub fn push(&mut self, block: &[u8], sink: Sink<'_>) -> bool {
        self.reader.push(block);
        match self.take_parts(sink) {
            Ok(()) => {}
            Err(reason) => {
                self.failed = true;
                self.refuse(None, "", reason, block.len() as u64);
            }
        }
        !self.failed && !self.is_sink_gone
    }

    /// Ends: no more bytes come.
    pub fn end(mut self, sink: Sink<'_>) -> IntakeEnd {
        let is_cut = !self.is_sink_gone && !self.failed && !self.reader.is_complete();
        if let Some(opening) = self.reader.opening().filter(|_| !self.is_sink_gone) {
            let rest = self.reader.cut();
            if !rest.items.is_empty() {
                self.take_headers(rest, opening);
            }
            self.send(opening, u64::MAX, sink);
        }
        let whole = self.refused.is_empty() && !is_cut && !self.is_sink_gone;
        self.spare.give(self.payloads);
        IntakeEnd {
            pack: self.pack,
            whole,
            is_cut,
            is_store_gone: self.is_sink_gone,
            gave_good_items: self.gave_good_items && whole,
            refused: self.refused,
        }
    }

    /// Takes what the bytes so far hold.
    fn take_parts(&mut self, sink: Sink<'_>) -> Result<(), Reason> {
        while !self.is_sink_gone && !self.failed {
            let mut refused = None;
            let skipped = self.reader.skipped_bytes();
            let headers = match self.reader.next_part()? {
                None => return Ok(()),
                Some(PackPart::Payload { seq, bytes }) => {
                    let length = bytes.len() as u64;
                    match item_at(&self.runs, seq) {
                        // It is here already: whether it is good again is nobody's question.
                        _ if self.complete.contains(seq) => {}
                        // Its header was refused before.
                        None => self.lies.count(length),
                        Some(item) => match self.payloads.push(item, bytes) {
                            Ok(()) => {
                                self.lies.count_good(length);
                                self.gave_good_items = true;
                            }
                            Err(reason) => refused = Some((seq, reason, length)),
                        },
                    }
                    None
                }
                Some(PackPart::Headers(headers)) => Some(headers),
            };
            if let Some((seq, reason, bytes)) = refused {
                self.refuse(Some(seq), "text", reason, bytes);
            }
            if self.reader.skipped_bytes() > skipped {
                self.lies.count(self.reader.skipped_bytes() - skipped);
            }
            // Payloads are read behind the table, which is read behind the opening.
            let Some(opening) = self.reader.opening() else { continue };
            if let Some(headers) = headers {
                self.take_headers(headers, opening);
                // No text that follows can belong to anything.
                self.failed = self.runs.is_empty();
            }
            let until = self.payloads.last_seq().map_or(0, |seq| seq + 1);
            if self.payloads.byte_count() >= PIECE_BYTES {
                self.send(opening, until, sink);
            }
            self.failed |= self.lies.are_too_many();
        }
        Ok(())
    }

    /// Verifies the runs among the headers. Where the signature at a tip is wrong, the run before it may still be good.
    fn take_headers(&mut self, headers: PackHeaders, opening: LogOpening) {
        let (good, refused) = headers.verified(opening, self.state.lineage());
        for (seq, reason) in refused {
            if reason == Reason::UnknownKey && std::mem::replace(&mut self.is_unknown, true) {
                continue;
            }
            self.refuse(Some(seq), "header", reason, 0);
        }
        self.runs = Arc::new(good);
    }

    /// Hands on what was gathered, with the headers up to `until`.
    fn send(&mut self, opening: LogOpening, until: u64, sink: Sink<'_>) {
        if self.runs.is_empty() {
            return;
        }
        let piece = Piece {
            channel: self.pack.channel,
            opening,
            runs: self.runs.clone(),
            headers: self.headers_from..until,
            payloads: std::mem::replace(&mut self.payloads, self.spare.take()),
        };
        self.headers_from = until;
        self.is_sink_gone = !sink(piece);
    }

    fn refuse(&mut self, seq: Option<u64>, what: &'static str, reason: Reason, bytes: u64) {
        self.lies.count(bytes);
        self.refused.push(RefusedPart { pack: self.pack, seq, what, reason, bytes });
    }
}

/// Which of a run's headers lie in a range of items.
fn places_in(run: &Run, items: &Range<u64>) -> Range<usize> {
    let place = |seq: u64| run.headers().partition_point(|item| item.header().seq < seq);
    place(items.start)..place(items.end)
}

/// The verified header of an item.
fn item_at(runs: &[Verified<Run>], seq: u64) -> Option<&SignedHeader> {
    let behind = runs.partition_point(|run| run.headers()[0].header().seq <= seq);
    let run = runs.get(behind.checked_sub(1)?)?;
    let first = run.headers()[0].header().seq;
    run.headers().get(usize::try_from(seq - first).ok()?)
}
