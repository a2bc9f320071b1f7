//! From the bytes of a pack to the store: reading and writing, each on a thread of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use bytes::Bytes;
use longear_store::{Store, StoreError};
use tokio::sync::mpsc;

use super::decisions::{Intake, IntakeEnd, Piece, Spare, write_batch};
use super::options::BATCH_BYTES_MAX;

/// Pieces that wait to be written. With the length of a piece they bound the memory.
pub(super) const PIECES_WAITING_MAX: usize = 6;

/// Pieces that wait for others before their batch begins.
const PIECES_GATHERED_MAX: usize = 4;

/// Bytes read of a block at once: what is copied, hashed and copied again stays in the processor's cache.
const READ_BYTES: usize = 64 << 10;

/// Time in which the writer gathers pieces for one commit.
const GATHER_TIME: Duration = Duration::from_millis(15);

/// Reads blocks until they end, or until it is clear that nothing good can follow. Waits; not for async threads.
pub(super) fn read_blocks(
    mut intake: Intake,
    mut blocks: mpsc::Receiver<Bytes>,
    pieces: &SyncSender<Piece>,
) -> IntakeEnd {
    let mut sink = |piece| pieces.send(piece).is_ok();
    while let Some(block) = blocks.blocking_recv() {
        if !block.chunks(READ_BYTES).all(|bytes| intake.push(bytes, &mut sink)) {
            break;
        }
    }
    // Whoever sends blocks learns that no more are wanted while the last pieces are on their way.
    drop(blocks);
    intake.end(&mut sink)
}

/// Writes pieces as they come, many in one commit, until nobody sends any more.
pub(super) fn write_pieces(
    store: &Store,
    pieces: &Receiver<Piece>,
    spare: &Spare,
    came: &AtomicU64,
) -> Result<(), StoreError> {
    while let Ok(first) = pieces.recv() {
        // Waited for before the store is locked: readers shall not wait for that.
        let mut gathered = gather(first, pieces).into_iter();
        let mut bytes = 0;
        let batch = std::iter::from_fn(|| {
            let more = || if bytes < BATCH_BYTES_MAX { pieces.try_recv().ok() } else { None };
            let piece = gathered.next().or_else(more)?;
            bytes += piece.payload_bytes();
            Some(piece)
        });
        came.fetch_add(write_batch(store, batch, spare)?, Ordering::Relaxed);
    }
    Ok(())
}

/// What comes within a moment goes into one commit: a sync of the disk costs as much as megabytes of news.
fn gather(first: Piece, pieces: &Receiver<Piece>) -> Vec<Piece> {
    let until = Instant::now() + GATHER_TIME;
    let mut gathered = vec![first];
    while gathered.len() < PIECES_GATHERED_MAX {
        match pieces.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(piece) => gathered.push(piece),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    gathered
}
