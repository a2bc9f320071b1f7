//! From the bytes of a pack to the store: read, verify, write, each step on a thread of its own.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use bytes::Bytes;
use longear_core::header::Payload;
use longear_core::limits::PAYLOAD_BYTES_MAX;
use longear_core::pack::{PackHeaders, PackPart};
use longear_core::tree::TreePath;
use longear_core::{
    ChannelId, Intervals, LogId, LogOpening, PackName, PackReader, Reason, Run, SignedHeader, Verified, verify,
};
use longear_store::{ChannelState, Store, StoreError};
use tokio::sync::mpsc;

use super::options::BATCH_BYTES_MAX;

/// Pieces that wait to be written. With [`PIECE_BYTES`] they bound the memory.
pub(super) const PIECES_WAITING_MAX: usize = 6;

/// Payload bytes handed to the writer at once.
const PIECE_BYTES: usize = 512 << 10;

/// Time in which the writer gathers pieces for one commit.
const GATHER_TIME: Duration = Duration::from_millis(15);

/// Which pack something comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackOrigin {
    pub source: usize,
    pub channel: ChannelId,
    pub log: LogId,
    pub name: PackName,
}

/// Something of a pack that was refused.
#[derive(Debug)]
pub(super) struct RefusedPart {
    pub pack: PackOrigin,
    /// The item, if it is about one.
    pub seq: Option<u64>,
    pub what: &'static str,
    pub reason: Reason,
    pub bytes: u64,
}

impl RefusedPart {
    /// Names it: the path in the tree, and the item.
    pub fn object(&self) -> String {
        let PackOrigin { channel, log, name, .. } = self.pack;
        let index = u32::try_from(name.index).expect("a log has at most 2^20 items");
        let path = TreePath::Pack { channel: channel.0, log: log.0, level: name.level, index };
        match self.seq {
            Some(seq) => format!("{path}, {} of item {seq}", self.what),
            None => path.to_string(),
        }
    }
}

/// Verified headers and some of their payloads, on the way to the store.
pub(super) struct Piece {
    pack: PackOrigin,
    opening: LogOpening,
    runs: Arc<Vec<Verified<Run>>>,
    /// The items whose headers are written with this piece: those of its payloads, and those that have none.
    headers: Range<u64>,
    payloads: Vec<(u64, Range<usize>)>,
    bytes: Vec<u8>,
}

impl Piece {
    /// Payloads that belong to their headers, and those that do not.
    fn verified(&self, refused: &mut Vec<RefusedPart>) -> Vec<(u64, Verified<Payload<'_>>)> {
        let mut good = Vec::with_capacity(self.payloads.len());
        for (seq, range) in &self.payloads {
            let Some(item) = item_at(&self.runs, *seq) else { continue };
            match verify(item, Payload::new(item.id(), &self.bytes[range.clone()])) {
                Ok(payload) => good.push((*seq, payload)),
                Err(reason) => {
                    let (pack, bytes) = (self.pack, range.len() as u64);
                    refused.push(RefusedPart { pack, seq: Some(*seq), what: "text", reason, bytes });
                }
            }
        }
        good
    }
}

/// Writes pieces as they come, several in one commit, until nobody sends any more.
pub(super) fn write_pieces(
    store: &Store,
    pieces: &Receiver<Piece>,
    came: &AtomicU64,
) -> Result<Vec<RefusedPart>, StoreError> {
    let mut refused = Vec::new();
    while let Ok(first) = pieces.recv() {
        let gathered = gather(first, pieces);
        // Hashed before the store is locked: readers shall not wait for that.
        let verified = gathered.iter().map(|piece| piece.verified(&mut refused)).collect::<Vec<_>>();
        let mut batch = store.write()?;
        let mut written = 0;
        for (piece, payloads) in gathered.iter().zip(&verified) {
            for run in piece.runs.iter() {
                batch.run_part(&piece.pack.channel, run, places_in(run, &piece.headers))?;
            }
            for (seq, payload) in payloads {
                written += u64::from(batch.payload(&piece.pack.channel, &piece.opening, *seq, payload)?);
            }
        }
        batch.commit()?;
        came.fetch_add(written, Ordering::Relaxed);
    }
    Ok(refused)
}

/// What comes within a moment goes into one commit: a sync of the disk costs as much as megabytes of news.
fn gather(first: Piece, pieces: &Receiver<Piece>) -> Vec<Piece> {
    let until = Instant::now() + GATHER_TIME;
    let mut bytes = first.bytes.len();
    let mut gathered = vec![first];
    while bytes < BATCH_BYTES_MAX {
        match pieces.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(piece) => {
                bytes += piece.bytes.len();
                gathered.push(piece);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    gathered
}

/// Reads one pack.
pub(super) struct Intake {
    pack: PackOrigin,
    state: Arc<ChannelState>,
    complete: Intervals,
    pieces: SyncSender<Piece>,
    reader: PackReader,
    runs: Arc<Vec<Verified<Run>>>,
    /// The first item whose header was not handed to the writer.
    headers_from: u64,
    payloads: Vec<(u64, Range<usize>)>,
    bytes: Vec<u8>,
    refused: Vec<RefusedPart>,
}

/// How the reading of a pack ended.
pub(super) struct IntakeEnd {
    pub pack: PackOrigin,
    /// It was there from its beginning to its end, and no header was refused.
    pub whole: bool,
    /// Nobody takes its pieces any more: the store failed, and says so itself.
    pub is_store_gone: bool,
    pub refused: Vec<RefusedPart>,
}

impl Intake {
    pub fn new(source: usize, state: Arc<ChannelState>, log: LogId, name: PackName, pieces: SyncSender<Piece>) -> Self {
        let channel = state.id();
        Self {
            pack: PackOrigin { source, channel, log, name },
            complete: state.logs().get(&log).map_or_else(Intervals::new, |held| held.complete().clone()),
            state,
            pieces,
            reader: PackReader::new(channel, log, name),
            runs: Arc::default(),
            headers_from: 0,
            payloads: Vec::new(),
            bytes: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Reads blocks until they end, or until it is clear that nothing good can follow. Waits; not for async threads.
    pub fn read(mut self, mut blocks: mpsc::Receiver<Bytes>) -> IntakeEnd {
        let mut failed = false;
        while let Some(block) = blocks.blocking_recv() {
            self.reader.push(&block);
            match self.take_parts() {
                Ok(true) => {}
                Ok(false) => return self.end(true),
                Err(reason) => {
                    failed = true;
                    self.refuse(None, "", reason, block.len() as u64);
                    break;
                }
            }
        }
        if !failed && !self.reader.is_complete() {
            self.refuse(None, "", Reason::Truncated, 0);
        }
        if let Some(opening) = self.reader.opening() {
            let rest = self.reader.cut();
            if !rest.items.is_empty() {
                self.take_headers(rest, opening);
            }
            if !self.send(opening, u64::MAX) {
                return self.end(true);
            }
        }
        self.end(false)
    }

    fn end(self, is_store_gone: bool) -> IntakeEnd {
        let whole = self.refused.is_empty() && !is_store_gone;
        IntakeEnd { pack: self.pack, whole, is_store_gone, refused: self.refused }
    }

    /// Takes what the bytes so far hold. False if nobody wants it any more.
    fn take_parts(&mut self) -> Result<bool, Reason> {
        loop {
            let headers = match self.reader.next_part()? {
                None => return Ok(true),
                Some(PackPart::Payload { seq, bytes }) => {
                    if !self.complete.contains(seq) && item_at(&self.runs, seq).is_some() {
                        let start = self.bytes.len();
                        self.bytes.extend_from_slice(bytes);
                        self.payloads.push((seq, start..self.bytes.len()));
                    }
                    None
                }
                Some(PackPart::Headers(headers)) => Some(headers),
            };
            // Payloads are read behind the table, which is read behind the opening.
            let Some(opening) = self.reader.opening() else { continue };
            if let Some(headers) = headers {
                self.take_headers(headers, opening);
            }
            let until = self.payloads.last().map_or(0, |(seq, _)| seq + 1);
            if self.bytes.len() >= PIECE_BYTES && !self.send(opening, until) {
                return Ok(false);
            }
        }
    }

    /// Verifies the runs among the headers. Where the signature at a tip is wrong, the run before it may still be good.
    fn take_headers(&mut self, headers: PackHeaders, opening: LogOpening) {
        let (good, refused) = headers.verified(opening, self.state.lineage());
        for (seq, reason) in refused {
            self.refuse(Some(seq), "header", reason, 0);
        }
        self.runs = Arc::new(good);
    }

    /// Hands what was gathered to the writer, with the headers up to `until`. False if it is gone.
    fn send(&mut self, opening: LogOpening, until: u64) -> bool {
        if self.runs.is_empty() {
            return true;
        }
        let piece = Piece {
            pack: self.pack,
            opening,
            runs: self.runs.clone(),
            headers: self.headers_from..until,
            payloads: std::mem::take(&mut self.payloads),
            bytes: std::mem::replace(&mut self.bytes, Vec::with_capacity(PIECE_BYTES + PAYLOAD_BYTES_MAX)),
        };
        self.headers_from = until;
        self.pieces.send(piece).is_ok()
    }

    fn refuse(&mut self, seq: Option<u64>, what: &'static str, reason: Reason, bytes: u64) {
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
