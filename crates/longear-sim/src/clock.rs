//! Virtual time: what happens when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// 15 June 2026, noon: where every world begins, by the true clock.
pub const NOON_MS: u64 = 1_781_524_800_000;

/// Ten years: as far as a node's own clock may be off.
pub const SKEW_MS_MAX: u64 = 10 * 365 * 86_400_000;

/// Events in the order of their time, and of their making where the times are equal.
pub struct Clock<E> {
    now_ms: u64,
    made: u64,
    waiting: BinaryHeap<Reverse<Due<E>>>,
}

struct Due<E> {
    at_ms: u64,
    made: u64,
    event: E,
}

impl<E> Clock<E> {
    /// Starts at 0.
    pub fn new() -> Self {
        Clock { now_ms: 0, made: 0, waiting: BinaryHeap::new() }
    }

    /// Milliseconds since the world began.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Has an event happen later.
    pub fn after(&mut self, delay_ms: u64, event: E) {
        self.made += 1;
        self.waiting.push(Reverse(Due { at_ms: self.now_ms + delay_ms, made: self.made, event }));
    }

    /// Goes on to the next event; `None` when nothing is to come.
    pub fn next(&mut self) -> Option<E> {
        let Reverse(due) = self.waiting.pop()?;
        self.now_ms = due.at_ms;
        Some(due.event)
    }
}

impl<E> PartialEq for Due<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at_ms, self.made) == (other.at_ms, other.made)
    }
}

impl<E> Eq for Due<E> {}

impl<E> PartialOrd for Due<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Due<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at_ms, self.made).cmp(&(other.at_ms, other.made))
    }
}
