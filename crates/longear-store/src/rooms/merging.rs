//! Notes as they come from elsewhere: read, verified and folded on other threads while the last ones are written.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use longear_core::Reason;
use longear_core::room::{Endorsements, Venue, verify_note_bytes};

use super::Room;
use super::error::RoomError;
use super::tables::Kept;
use super::taking::{BATCH_NOTES_MAX, TakenIn};

/// Threads that verify; with the one that writes they keep two cores busy, and leave others to whoever needs them.
pub const VERIFIERS: usize = 2;
/// A byte of the writer's key, in the signed bytes.
const KEY_BYTE: usize = 36;
/// Notes that are handed between threads at once.
const PIECE_NOTES: usize = 512;
/// Pieces that wait on either side of the threads that verify.
const PIECES_WAITING: usize = 4;
/// Notes that are none, after which each thread that verifies looks at no more: who gives so many has nothing else to give. Each costs
/// some 40 µs.
pub const LIES_MAX: u64 = 64;

/// What became of bytes that claimed to be notes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// What became of those that are notes of the room.
    pub taken: TakenIn,
    /// Were none: their form, a signature, the room or the day was wrong.
    pub refused: u64,
    /// What was wrong with one of these.
    pub reason: Option<Reason>,
    /// Were not looked at any more.
    pub passed_over: u64,
}

impl Room {
    /// Takes in the signed bytes of notes, each if it verifies. When this returns those that do are durable.
    ///
    /// Signatures are checked outside of the transaction, on threads of their own: they take longer than all else.
    ///
    /// # Errors
    /// The database; what was written before was taken in.
    pub fn merge(&self, notes: impl IntoIterator<Item = Vec<u8>>) -> Result<Merged, RoomError> {
        let venue = *self.venue();
        let (verified, receive) = sync_channel(PIECES_WAITING);
        thread::scope(|scope| {
            let feeds = self.known.each_ref().map(|known| {
                let (feed, pieces) = sync_channel::<Vec<Vec<u8>>>(PIECES_WAITING);
                let verified = verified.clone();
                scope.spawn(move || {
                    let mut known = known.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    let mut lies = 0;
                    for piece in pieces {
                        // Nobody receives any more once the writer has failed.
                        if verified.send(Piece::verified(&venue, piece, &mut known, &mut lies)).is_err() {
                            return;
                        }
                    }
                });
                feed
            });
            drop(verified);
            let writer = scope.spawn(move || self.write_pieces(&receive));
            feed_by_writers(notes, &feeds);
            drop(feeds);
            writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn write_pieces(&self, pieces: &Receiver<Piece>) -> Result<Merged, RoomError> {
        let mut merged = Merged::default();
        let mut batch = Vec::new();
        loop {
            let piece = pieces.recv().ok();
            let is_last = piece.is_none();
            let Piece { kept, refused, reason, passed_over } = piece.unwrap_or_default();
            merged.refused += refused;
            merged.passed_over += passed_over;
            merged.reason = merged.reason.or(reason);
            batch.extend(kept);
            if batch.len() >= BATCH_NOTES_MAX || (is_last && !batch.is_empty()) {
                merged.taken = merged.taken.and(self.take_batch(std::mem::take(&mut batch))?);
            }
            if is_last {
                return Ok(merged);
            }
        }
    }
}

/// Some notes that were looked at together.
#[derive(Default)]
struct Piece {
    kept: Vec<Kept>,
    refused: u64,
    reason: Option<Reason>,
    passed_over: u64,
}

impl Piece {
    /// Verifies notes one by one, until there were too many lies.
    fn verified(venue: &Venue, notes: Vec<Vec<u8>>, known: &mut Endorsements, lies: &mut u64) -> Self {
        let mut piece = Piece { kept: Vec::with_capacity(notes.len()), ..Piece::default() };
        for bytes in notes {
            if *lies >= LIES_MAX {
                piece.passed_over += 1;
                continue;
            }
            match verified_note(venue, &bytes, known) {
                Ok(kept) => piece.kept.push(kept),
                Err(reason) => {
                    *lies += 1;
                    piece.refused += 1;
                    piece.reason.get_or_insert(reason);
                }
            }
        }
        piece
    }
}

/// Gives all notes of one writer to one thread, which then knows his ticket.
fn feed_by_writers(notes: impl IntoIterator<Item = Vec<u8>>, feeds: &[SyncSender<Vec<Vec<u8>>>; VERIFIERS]) {
    let mut pieces = [const { Vec::new() }; VERIFIERS];
    for note in notes {
        let at = note.get(KEY_BYTE).map_or(0, |byte| usize::from(*byte) % VERIFIERS);
        pieces[at].push(note);
        if pieces[at].len() >= PIECE_NOTES && feeds[at].send(std::mem::take(&mut pieces[at])).is_err() {
            return;
        }
    }
    for (piece, feed) in pieces.into_iter().zip(feeds) {
        // Whoever does not receive any more has failed, and says so himself.
        let _ = feed.send(piece);
    }
}

fn verified_note(venue: &Venue, bytes: &[u8], known: &mut Endorsements) -> Result<Kept, Reason> {
    let note = verify_note_bytes(venue, bytes, known)?;
    // What was read is what was written, as each note has one encoding.
    Kept::read(bytes, &note).ok_or(Reason::Truncated)
}
