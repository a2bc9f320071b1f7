//! What hundreds of viewers ask for in the same second: playlists and the newest segments, kept in memory for a moment.
//!
//! Players of a running broadcast all ask for the same few answers. One of them has it looked up in the store; the others get
//! what that one got, for [`FRESH`], and while the next one looks. So nothing here has to know what changes an answer: what
//! came in, was taken back or deleted shows after [`OLD`] at the latest.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::HeaderMap;
use longear_core::ItemId;

/// How long an answer serves everybody.
const FRESH: Duration = Duration::from_millis(200);
/// How old an answer may become while somebody looks for a newer one. Then it goes, to make room for what is asked for now.
const OLD: Duration = Duration::from_millis(500);
/// Bytes of all answers, those included that are still being sent.
const BYTES_MAX: usize = 24 << 20;
/// Bytes of one answer: four seconds of two Mbit/s. Longer ones are sent from the disk, piece by piece.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Answers that are kept.
const ANSWERS_MAX: usize = 512;

/// An answer. Copies share its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What everybody gets before the bytes who sets no conditions.
    pub head: HeaderMap,
    /// A playlist or a segment.
    pub bytes: Bytes,
    /// The hash and the type of a segment.
    pub segment: Option<([u8; 32], &'static str)>,
}

/// The answers that are kept, each by its address: the item of the broadcast, a slash, and the file with its query.
#[derive(Debug, Default)]
pub struct AtHand {
    answers: Mutex<HashMap<String, Answer>>,
    room: Arc<Room>,
}

#[derive(Debug)]
struct Answer {
    id: ItemId,
    kept: Kept,
    /// When the store was asked for it.
    made: Instant,
    /// When somebody was last sent to look for a newer one.
    renewed: Instant,
}

impl AtHand {
    /// The answer, if it is new enough. Otherwise whoever asks is to look it up, and [`AtHand::keep`] it.
    pub fn find(&self, address: &str, now: Instant) -> Option<Kept> {
        let mut answers = self.answers();
        let answer = answers.get_mut(address)?;
        let is_renewed = now.saturating_duration_since(answer.renewed) < FRESH;
        if !is_renewed || now.saturating_duration_since(answer.made) >= OLD {
            answer.renewed = now;
            return None;
        }
        Some(answer.kept.clone())
    }

    /// Keeps what was looked up of a broadcast at `made`.
    pub fn keep(&self, address: String, id: ItemId, kept: Kept, made: Instant) {
        self.clear(made);
        let mut answers = self.answers();
        let is_full = answers.len() >= ANSWERS_MAX;
        let answer = Answer { id, kept, made, renewed: made };
        match answers.entry(address) {
            Entry::Occupied(mut known) if known.get().made <= made => {
                known.insert(answer);
            }
            Entry::Vacant(vacant) if !is_full => {
                vacant.insert(answer);
            }
            _ => {}
        }
    }

    /// Nothing of this broadcast may be seen, or there is nothing yet.
    pub fn forget(&self, id: &ItemId) {
        self.answers().retain(|_, answer| answer.id != *id);
    }

    /// Lets go of what serves nobody any more.
    fn clear(&self, now: Instant) {
        self.answers().retain(|_, answer| now.saturating_duration_since(answer.made) < OLD);
    }

    /// Bytes that may be kept and sent to many, if there is room for them; it is given back when the last one has them.
    pub fn hold(&self, size: u64, read: impl FnOnce(&mut [u8]) -> Option<usize>) -> Option<Bytes> {
        self.clear(Instant::now());
        let size = usize::try_from(size).ok().filter(|size| *size <= ANSWER_BYTES_MAX)?;
        let held = Room::take(&self.room, size)?;
        let mut bytes = vec![0; size];
        let is_whole = read(&mut bytes) == Some(size);
        is_whole.then(|| Bytes::from_owner(Held { bytes, _held: held }))
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<String, Answer>> {
        // Every change is made in one step.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts the bytes of what is kept or being sent.
#[derive(Debug, Default)]
struct Room {
    taken: AtomicUsize,
}

/// A part of the room.
#[derive(Debug)]
struct Share {
    room: Arc<Room>,
    size: usize,
}

struct Held {
    bytes: Vec<u8>,
    _held: Share,
}

impl Room {
    fn take(room: &Arc<Room>, size: usize) -> Option<Share> {
        let fits = |taken: usize| taken.checked_add(size).filter(|taken| *taken <= BYTES_MAX);
        room.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(Share { room: room.clone(), size })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(self.size, Ordering::Relaxed);
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ItemId = ItemId([1; 32]);
    const LIST: &str = "item/360p.m3u8";

    fn kept(text: &'static str) -> Kept {
        Kept { head: HeaderMap::new(), bytes: Bytes::from_static(text.as_bytes()), segment: None }
    }

    #[test]
    fn one_looks_while_the_others_get_what_is_there() {
        let (at_hand, start) = (AtHand::default(), Instant::now());
        assert_eq!(at_hand.find(LIST, start), None);
        at_hand.keep(LIST.to_owned(), ID, kept("old"), start);
        assert_eq!(at_hand.find(LIST, start + FRESH / 2), Some(kept("old")));
        assert_eq!(at_hand.find(LIST, start + FRESH), None, "the first one is sent to look");
        assert_eq!(at_hand.find(LIST, start + FRESH), Some(kept("old")), "the second one is not");
        at_hand.keep(LIST.to_owned(), ID, kept("new"), start + FRESH);
        assert_eq!(at_hand.find(LIST, start + FRESH * 3 / 2), Some(kept("new")));
        at_hand.keep(LIST.to_owned(), ID, kept("old"), start);
        assert_eq!(at_hand.find(LIST, start + FRESH * 3 / 2), Some(kept("new")), "whoever was slow changes nothing");
    }

    /// Whoever was sent to look may go away before there is an answer.
    #[test]
    fn an_old_answer_serves_nobody_though_nobody_brings_a_new_one() {
        let (at_hand, start) = (AtHand::default(), Instant::now());
        at_hand.keep(LIST.to_owned(), ID, kept("old"), start);
        for time in [FRESH, FRESH * 2, OLD, OLD, OLD + FRESH / 2] {
            assert_eq!(at_hand.find(LIST, start + time), None, "{time:?}");
        }
    }

    #[test]
    fn what_is_taken_back_is_forgotten_with_all_its_files() {
        let (at_hand, start) = (AtHand::default(), Instant::now());
        let (segment, other) = ("item/a.m4s", "other/360p.m3u8");
        for (address, id) in [(LIST, ID), (segment, ID), (other, ItemId([2; 32]))] {
            at_hand.keep(address.to_owned(), id, kept("text"), start);
        }
        at_hand.forget(&ID);
        let found = [LIST, segment, other].map(|address| at_hand.find(address, start).is_some());
        assert_eq!(found, [false, false, true]);
    }

    #[test]
    fn bytes_count_until_the_last_one_has_them() {
        let at_hand = AtHand::default();
        let hold = |size: usize| at_hand.hold(size as u64, |bytes| Some(bytes.len()));
        let count = BYTES_MAX / ANSWER_BYTES_MAX;
        let mut held = (0..count).map(|_| hold(ANSWER_BYTES_MAX).expect("room")).collect::<Vec<_>>();
        let sent = held[0].slice(1..);
        held.remove(0);
        assert_eq!(hold(1), None, "all of it is being sent");
        drop(sent);
        assert!(hold(ANSWER_BYTES_MAX).is_some());
        assert_eq!(hold(ANSWER_BYTES_MAX + 1), None);
        assert_eq!(at_hand.hold(2, |_| Some(1)), None, "half a segment is none");
    }

    /// Viewers of what was, who ask for other segments all the time, leave the room to those of what is.
    #[test]
    fn answers_are_bounded_and_those_that_serve_nobody_go() {
        let (at_hand, start) = (AtHand::default(), Instant::now());
        for number in 0..=ANSWERS_MAX {
            at_hand.keep(number.to_string(), ID, kept("text"), start);
        }
        assert_eq!(at_hand.answers().len(), ANSWERS_MAX);
        at_hand.keep(LIST.to_owned(), ID, kept("text"), start + OLD);
        assert_eq!(at_hand.answers().len(), 1);

        let long_ago = start.checked_sub(OLD).expect("a machine that has been on for half a second");
        for number in 0..BYTES_MAX / ANSWER_BYTES_MAX {
            let bytes = at_hand.hold(ANSWER_BYTES_MAX as u64, |bytes| Some(bytes.len())).expect("room");
            at_hand.keep(number.to_string(), ID, Kept { bytes, ..kept("") }, long_ago);
        }
        assert!(at_hand.hold(ANSWER_BYTES_MAX as u64, |bytes| Some(bytes.len())).is_some());
    }
}
