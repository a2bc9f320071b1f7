//! Sets of sequence numbers as intervals: what a node has of a log.

use core::ops::Range;

/// A set of `u64`, kept as disjoint, non-adjacent, ascending ranges. Costs 16 bytes an interval, whatever its length.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Intervals {
    ranges: Vec<Range<u64>>,
}

impl Intervals {
    /// The empty set.
    pub fn new() -> Self {
        Intervals::default()
    }

    /// Adds a range. Costs a binary search, and a move of what lies behind.
    pub fn insert(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let from = self.ranges.partition_point(|held| held.end < range.start);
        let to = self.ranges.partition_point(|held| held.start <= range.end);
        let mut merged = range;
        if from < to {
            merged.start = merged.start.min(self.ranges[from].start);
            merged.end = merged.end.max(self.ranges[to - 1].end);
        }
        self.ranges.splice(from..to, [merged]);
    }

    /// Takes a range out.
    pub fn remove(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let cut = |held: &Range<u64>| [held.start..held.end.min(range.start), held.start.max(range.end)..held.end];
        self.ranges = self.ranges.iter().flat_map(cut).filter(|rest| !rest.is_empty()).collect();
    }

    /// Whether the number is in the set.
    pub fn contains(&self, number: u64) -> bool {
        let after = self.ranges.partition_point(|held| held.start <= number);
        after > 0 && number < self.ranges[after - 1].end
    }

    /// Whether all of the range is in the set.
    pub fn covers(&self, range: Range<u64>) -> bool {
        range.is_empty() || self.ranges.iter().any(|held| held.start <= range.start && range.end <= held.end)
    }

    /// How many numbers of the range are in the set.
    pub fn count_within(&self, range: Range<u64>) -> u64 {
        let overlap = |held: &Range<u64>| held.end.min(range.end).saturating_sub(held.start.max(range.start));
        self.ranges.iter().map(overlap).sum()
    }

    /// How many numbers are in the set.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|held| held.end - held.start).sum()
    }

    /// Whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The ranges, ascending.
    pub fn ranges(&self) -> &[Range<u64>] {
        &self.ranges
    }

    /// One more than the highest number; 0 for an empty set.
    pub fn end(&self) -> u64 {
        self.ranges.last().map_or(0, |range| range.end)
    }

    /// What of `0..end` is missing.
    pub fn holes(&self, end: u64) -> Vec<Range<u64>> {
        let mut holes = Vec::new();
        let mut at = 0;
        for held in &self.ranges {
            if at < held.start.min(end) {
                holes.push(at..held.start.min(end));
            }
            at = held.end;
        }
        if at < end {
            holes.push(at..end);
        }
        holes
    }
}

impl FromIterator<Range<u64>> for Intervals {
    fn from_iter<T: IntoIterator<Item = Range<u64>>>(ranges: T) -> Self {
        let mut set = Intervals::new();
        ranges.into_iter().for_each(|range| set.insert(range));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn agrees_with_a_plain_set(steps in prop::collection::vec((any::<bool>(), 0u64..60, 0u64..12), 0..40)) {
            let (mut set, mut plain) = (Intervals::new(), BTreeSet::new());
            for (add, start, length) in steps {
                let range = start..start + length;
                if add {
                    set.insert(range.clone());
                    plain.extend(range);
                } else {
                    set.remove(range.clone());
                    plain.retain(|number| !range.contains(number));
                }
            }
            prop_assert_eq!(set.len(), plain.len() as u64);
            prop_assert!((0..80).all(|number| set.contains(number) == plain.contains(&number)));
            prop_assert!(set.ranges().windows(2).all(|pair| pair[0].end < pair[1].start));
            let missing = set.holes(80).into_iter().flatten().collect::<BTreeSet<_>>();
            prop_assert!((0..80).all(|number| missing.contains(&number) != plain.contains(&number)));
            prop_assert_eq!(set.count_within(10..30), plain.range(10..30).count() as u64);
        }
    }

    #[test]
    fn the_end_is_behind_the_highest_number() {
        assert_eq!(Intervals::new().end(), 0);
        assert_eq!(Intervals::from_iter([2..4, 7..9]).end(), 9);
    }
}
