//! Objects that arrive before their charter: kept for a while, not acknowledged, not passed on.

use std::collections::VecDeque;

use crate::limits::QUARANTINE_BYTES_MAX;

/// What an object costs besides its bytes, so that millions of empty ones fill the quarantine too.
const OVERHEAD_BYTES: usize = 64;

/// A bounded queue of bytes that wait. When it is full the oldest leave.
#[derive(Debug)]
pub struct Quarantine<T> {
    waiting: VecDeque<(usize, T)>,
    bytes: usize,
}

impl<T> Default for Quarantine<T> {
    fn default() -> Self {
        Quarantine { waiting: VecDeque::new(), bytes: 0 }
    }
}

impl<T> Quarantine<T> {
    /// Lets an object of `bytes` bytes wait. One that is larger than the whole quarantine is dropped.
    pub fn push(&mut self, bytes: usize, object: T) {
        let bytes = bytes.saturating_add(OVERHEAD_BYTES);
        if bytes > QUARANTINE_BYTES_MAX {
            return;
        }
        self.waiting.push_back((bytes, object));
        self.bytes += bytes;
        while self.bytes > QUARANTINE_BYTES_MAX {
            let Some((bytes, _)) = self.waiting.pop_front() else { return };
            self.bytes -= bytes;
        }
    }

    /// Takes everything out, oldest first: a charter has come, try again.
    pub fn drain(&mut self) -> Vec<T> {
        self.bytes = 0;
        self.waiting.drain(..).map(|(_, object)| object).collect()
    }

    /// How many objects wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_leave_when_it_is_full() {
        let mut quarantine = Quarantine::default();
        (0..10).for_each(|number| quarantine.push(QUARANTINE_BYTES_MAX / 4 - OVERHEAD_BYTES, number));
        quarantine.push(QUARANTINE_BYTES_MAX + 1, 99);
        quarantine.push(usize::MAX, 99);
        assert_eq!(quarantine.drain(), [6, 7, 8, 9]);
        assert!(quarantine.is_empty());
    }

    #[test]
    fn the_largest_object_waits_alone() {
        let mut quarantine = Quarantine::default();
        quarantine.push(1, "small");
        quarantine.push(QUARANTINE_BYTES_MAX - OVERHEAD_BYTES, "large");
        assert_eq!(quarantine.drain(), ["large"]);
        quarantine.push(QUARANTINE_BYTES_MAX - OVERHEAD_BYTES + 1, "too large");
        assert!(quarantine.is_empty());
    }

    #[test]
    fn empty_objects_are_not_free() {
        // A peer that sends objects without bytes once made the queue grow without end.
        let mut quarantine = Quarantine::default();
        (0..QUARANTINE_BYTES_MAX).for_each(|_| quarantine.push(0, ()));
        assert!(quarantine.len() <= QUARANTINE_BYTES_MAX / OVERHEAD_BYTES);
    }
}
