//! One span of a blob on its way from one carrier to the disk.

use std::sync::Arc;

use bytes::Bytes;
use longear_core::blob::GROUP_BYTES;
use longear_store::blobs::{BlobError, BlobWriter};
use tokio::sync::{SemaphorePermit, mpsc};

use super::division::Span;
use super::options::may_pause;
use super::report::SyncError;
use super::round::{Fetched, Round};
use super::source::Source;
use crate::carrier::Body;

/// Blocks that wait to be written: those of a folder are 1 MiB each.
const BLOCKS_WAITING_MAX: usize = 4;

/// How a span ended.
pub(super) struct SpanEnd<'r> {
    pub span: Span,
    /// Held by a carrier that is suspect until what it gave was looked at.
    pub caution: Option<SemaphorePermit<'r>>,
    pub stop: Stop,
    /// Bytes that were of use.
    pub new_bytes: u64,
}

/// Why no more bytes of a span come.
pub(super) enum Stop {
    /// All came, or another carrier took the rest over.
    Done,
    /// The carrier does not have the file.
    Absent,
    /// The file ends before the span.
    Short,
    /// What came is damaged; it is looked at before more is asked for.
    Damaged,
    /// The connection broke; the carrier may be asked again.
    BrokeOff,
    /// The carrier failed, which was noted.
    Failed,
    /// The disk here failed.
    Disk(BlobError),
}

/// Fetches a span by one request. Of a carrier that is suspect the first group is looked at before more is read: what it can
/// send meanwhile waits in the system's buffers, and no request is spent.
pub(super) async fn transfer<'r>(
    round: &Round<'_>,
    source: &'r Source,
    writer: Arc<BlobWriter>,
    span: Span,
) -> SpanEnd<'r> {
    let mut caution = None;
    if source.is_suspect() {
        // Of several blobs, too, one group at a time.
        caution = source.caution.acquire().await.ok().filter(|_| source.is_suspect());
    }
    let mut new_bytes = 0;
    let stop = match begin(round, source, &span).await {
        Ok(mut arrival) => {
            let mut stop = Stop::Done;
            if caution.is_some() {
                let until = (arrival.at + 1).next_multiple_of(GROUP_BYTES);
                stop = take_until(round, source, &writer, &span, &mut arrival, until, &mut new_bytes).await;
                if matches!(stop, Stop::Done) && arrival.at < span.progress.end() {
                    stop = look(round, &writer, &span, || {
                        source.gave_good_blobs();
                        caution = None;
                    })
                    .await;
                }
            }
            if matches!(stop, Stop::Done) {
                stop = take_until(round, source, &writer, &span, &mut arrival, u64::MAX, &mut new_bytes).await;
            }
            stop
        }
        Err(stop) => stop,
    };
    SpanEnd { span, caution, stop, new_bytes }
}

/// Whether some group of what came is bad: what follows is not waited for.
fn is_damaged(writer: &BlobWriter, span: &Span) -> bool {
    let from = span.start.min(span.progress.early().start);
    let came = from / GROUP_BYTES..span.progress.at().div_ceil(GROUP_BYTES);
    writer.damaged().iter().any(|group| came.contains(&u64::from(*group)))
}

fn write_blocks(writer: &BlobWriter, mut blocks: mpsc::Receiver<(u64, Bytes)>) -> Result<u64, BlobError> {
    let mut new_bytes = 0;
    while let Some((offset, bytes)) = blocks.blocking_recv() {
        new_bytes += writer.write(offset, &bytes)?;
    }
    Ok(new_bytes)
}

/// Looks whether what came is good; says so, or stops where it is damaged.
async fn look(round: &Round<'_>, writer: &Arc<BlobWriter>, span: &Span, is_good: impl FnOnce()) -> Stop {
    let settling = writer.clone();
    match round.blocking(move |_| Ok::<_, SyncError>(settling.settle())).await {
        Ok(Ok(_)) if is_damaged(writer, span) => return Stop::Damaged,
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Stop::Disk(error),
        Err(_) => return Stop::Failed,
    }
    let start = span.start.min(span.progress.early().start);
    let good = writer.verified_ranges(start, 1);
    // Where no hash of a group is known there is nothing to look at.
    if good.first().is_some_and(|good| good.start <= start && start < good.end) {
        is_good();
    }
    Stop::Done
}

/// Bytes of a span on their way.
struct Arrival<'s> {
    body: Body,
    /// Where they stand in the blob.
    at: u64,
    _slot: SemaphorePermit<'s>,
}

async fn begin<'s>(round: &Round<'_>, source: &'s Source, span: &Span) -> Result<Arrival<'s>, Stop> {
    let Ok(slot) = source.slots.acquire().await else { return Err(Stop::Failed) };
    // Others may have taken over what this one waited for.
    let (file, start, end) = (&span.file, span.start, span.progress.end());
    if start >= end {
        return Err(Stop::Done);
    }
    let file_start = file.covers.start;
    let range = start - file_start..end - file_start;
    match round.fetch(source, &file.path, Some(range), file.bytes_max).await {
        // A server that ignores ranges starts at the file's first byte; those bytes are as good as any.
        Fetched::Body(body) => {
            let at = file_start + body.start();
            if at < start {
                span.progress.begin_early(at);
            }
            Ok(Arrival { at, body, _slot: slot })
        }
        Fetched::Absent => Err(Stop::Absent),
        Fetched::Failed => Err(Stop::Failed),
    }
}

/// Takes the bytes before `until`. They go to the writer's thread as they come; at most some blocks wait.
async fn take_until(
    round: &Round<'_>,
    source: &Source,
    writer: &Arc<BlobWriter>,
    span: &Span,
    arrival: &mut Arrival<'_>,
    until: u64,
    new_bytes: &mut u64,
) -> Stop {
    let (blocks, waiting) = mpsc::channel(BLOCKS_WAITING_MAX);
    let written = writer.clone();
    let writing = tokio::task::spawn_blocking(move || write_blocks(&written, waiting));
    let stop = read_blocks(round, source, writer, span, arrival, until, &blocks).await;
    drop(blocks);
    match writing.await {
        Ok(Ok(count)) => {
            *new_bytes += count;
            stop
        }
        Ok(Err(error)) => Stop::Disk(error),
        Err(_) => Stop::Failed,
    }
}

async fn read_blocks(
    round: &Round<'_>,
    source: &Source,
    writer: &BlobWriter,
    span: &Span,
    arrival: &mut Arrival<'_>,
    until: u64,
    blocks: &mpsc::Sender<(u64, Bytes)>,
) -> Stop {
    let progress = &span.progress;
    while arrival.at < progress.end().min(until) {
        let next = tokio::select! {
            next = arrival.body.next() => next,
            () = round.options.cancel.cancelled() => return Stop::BrokeOff,
            () = round.pause.cancelled(), if may_pause(span.file.bytes_max) => return Stop::BrokeOff,
        };
        let bytes = match next {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Stop::Short,
            Err(error) => {
                round.note_failure(source, &span.file.path, &error, false);
                return Stop::BrokeOff;
            }
        };
        let length = bytes.len() as u64;
        if blocks.send((arrival.at, bytes)).await.is_err() {
            return Stop::Failed;
        }
        arrival.at += length;
        if progress.early().start < span.start {
            progress.advance_early_to(arrival.at.min(span.start));
        }
        progress.advance_to(arrival.at.max(span.start));
        if source.is_aside() {
            return Stop::Failed;
        }
        if !source.is_folder() && is_damaged(writer, span) {
            return Stop::Damaged;
        }
    }
    Stop::Done
}
