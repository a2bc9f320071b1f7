//! One span of a blob on its way from one carrier to the disk.

use std::sync::Arc;

use bytes::Bytes;
use longear_store::blobs::{BlobError, BlobWriter};
use tokio::sync::mpsc;

use super::division::Span;
use super::round::{Fetched, Round};
use super::source::Source;

/// Blocks that wait to be written: those of a folder are 1 MiB each.
const BLOCKS_WAITING_MAX: usize = 4;

/// How a span ended.
pub(super) struct SpanEnd {
    pub span: Span,
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
    /// The connection broke; the carrier may be asked again.
    BrokeOff,
    /// The carrier failed, which was noted.
    Failed,
    /// The disk here failed.
    Disk(BlobError),
}

/// Fetches a span by one request. Bytes go to the writer's thread as they come; at most some blocks wait.
pub(super) async fn transfer(round: &Round<'_>, source: &Source, writer: Arc<BlobWriter>, span: Span) -> SpanEnd {
    let (blocks, waiting) = mpsc::channel(BLOCKS_WAITING_MAX);
    let writing = tokio::task::spawn_blocking(move || write_blocks(&writer, waiting));
    let stop = read_blocks(round, source, &span, &blocks).await;
    drop(blocks);
    match writing.await {
        Ok(Ok(new_bytes)) => SpanEnd { span, stop, new_bytes },
        Ok(Err(error)) => SpanEnd { span, stop: Stop::Disk(error), new_bytes: 0 },
        Err(_) => SpanEnd { span, stop: Stop::Failed, new_bytes: 0 },
    }
}

fn write_blocks(writer: &BlobWriter, mut blocks: mpsc::Receiver<(u64, Bytes)>) -> Result<u64, BlobError> {
    let mut new_bytes = 0;
    while let Some((offset, bytes)) = blocks.blocking_recv() {
        new_bytes += writer.write(offset, &bytes)?;
    }
    Ok(new_bytes)
}

async fn read_blocks(round: &Round<'_>, source: &Source, span: &Span, blocks: &mpsc::Sender<(u64, Bytes)>) -> Stop {
    let Ok(_slot) = source.slots.acquire().await else { return Stop::Failed };
    let (file, progress) = (&span.file, &span.progress);
    // Others may have taken over what this one waited for.
    let (start, end) = (span.start, progress.end());
    if start >= end {
        return Stop::Done;
    }
    let file_start = file.covers.start;
    let range = start - file_start..end - file_start;
    let mut body = match round.fetch(source, &file.path, Some(range), file.bytes_max).await {
        Fetched::Body(body) => body,
        Fetched::Absent => return Stop::Absent,
        Fetched::Failed => return Stop::Failed,
    };
    // A server that ignores ranges starts at the file's first byte; those bytes are as good as any.
    let mut at = file_start + body.start();
    while at < progress.end() {
        let next = tokio::select! {
            next = body.next() => next,
            () = round.options.cancel.cancelled() => return Stop::BrokeOff,
        };
        let bytes = match next {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Stop::Short,
            Err(error) => {
                round.note_failure(source, &file.path, &error, false);
                return Stop::BrokeOff;
            }
        };
        let length = bytes.len() as u64;
        if blocks.send((at, bytes)).await.is_err() {
            return Stop::Failed;
        }
        at += length;
        progress.advance_to(at.max(span.start));
        if source.is_aside() {
            return Stop::Failed;
        }
    }
    Stop::Done
}
