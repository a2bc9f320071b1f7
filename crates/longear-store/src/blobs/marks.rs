//! Which bytes of an incomplete blob are here, and which of them are proven.

use std::collections::BTreeMap;
use std::ops::Range;

use longear_core::blob::{BLOCK_BYTES, BlobLayout, BlockMask, GROUP_BLOCKS, GROUP_BYTES};

/// Blocks of which only a part is here, kept to the byte; more are rounded down to nothing.
///
/// Each carrier at work leaves one, so this is generous; it takes 512 B of the map.
pub(super) const PARTIAL_BLOCKS_MAX: usize = 64;

/// The marks of one group. `verified` is a subset of `received`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct GroupMarks {
    /// Blocks proven by hash.
    pub(super) verified: BlockMask,
    /// Blocks that are here from end to end.
    pub(super) received: BlockMask,
}

/// Keeps the marks of all groups: 16 B per MiB of the blob, 1 MiB at most.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    layout: BlobLayout,
    groups: Vec<GroupMarks>,
    /// Of blocks that are here in part: which of their bytes, counted from the block's first.
    partials: BTreeMap<u32, Range<u32>>,
}

impl Marks {
    pub(super) fn new(layout: BlobLayout) -> Self {
        let groups = vec![GroupMarks::default(); layout.group_count() as usize];
        let mut marks = Self { layout, groups, partials: BTreeMap::new() };
        if layout.size() == 0 {
            marks.groups[0].received = marks.full_mask(0);
        }
        marks
    }

    pub(super) fn layout(&self) -> BlobLayout {
        self.layout
    }

    pub(super) fn group(&self, group: u32) -> GroupMarks {
        self.groups[group as usize]
    }

    pub(super) fn groups(&self) -> &[GroupMarks] {
        &self.groups
    }

    pub(super) fn partials(&self) -> &BTreeMap<u32, Range<u32>> {
        &self.partials
    }

    pub(super) fn full_mask(&self, group: u32) -> BlockMask {
        BlockMask::first(self.layout.group_block_count(group))
    }

    pub(super) fn is_full(&self, group: u32) -> bool {
        self.group(group).received == self.full_mask(group)
    }

    pub(super) fn is_verified(&self, group: u32) -> bool {
        self.group(group).verified == self.full_mask(group)
    }

    /// Takes marks as they were read from a map, dropping what the layout has no place for.
    pub(super) fn set_group(&mut self, group: u32, marks: GroupMarks) {
        let full = self.full_mask(group);
        let verified = BlockMask(marks.verified.0 & full.0);
        let received = BlockMask(marks.received.0 & full.0 | verified.0);
        self.groups[group as usize] = GroupMarks { verified, received };
        self.partials.retain(|block, _| block / GROUP_BLOCKS != group || !received.contains(block % GROUP_BLOCKS));
    }

    /// Takes back all proofs; what is here stays marked as here.
    pub(super) fn distrust(&mut self) {
        for group in &mut self.groups {
            group.verified = BlockMask::NONE;
        }
    }

    /// Forgets the blocks of a group of which only a part is here.
    pub(super) fn forget_partials(&mut self, group: u32) {
        self.partials.retain(|block, _| block / GROUP_BLOCKS != group);
    }

    /// Tells which parts of a range inside one group are worth writing: blocks that are here
    /// already are left alone, so that nobody can overwrite what is proven.
    pub(super) fn missing_parts(&self, range: Range<u64>) -> Vec<Range<u64>> {
        let mut parts: Vec<Range<u64>> = Vec::new();
        for block in blocks_of(&range) {
            let received = self.groups[(block / GROUP_BLOCKS) as usize].received;
            if received.contains(block % GROUP_BLOCKS) {
                continue;
            }
            let of_block = self.layout.block_range(block);
            push_range(&mut parts, of_block.start.max(range.start)..of_block.end.min(range.end));
        }
        parts
    }

    /// Marks bytes as here; tells whether a block changed of which only a part is here.
    pub(super) fn receive(&mut self, range: Range<u64>) -> bool {
        let mut changes_partials = false;
        for block in blocks_of(&range) {
            let of_block = self.layout.block_range(block);
            let length = (of_block.end - of_block.start) as u32;
            let start = range.start.saturating_sub(of_block.start) as u32;
            let end = (range.end.min(of_block.end) - of_block.start) as u32;
            let here = match self.partials.get(&block) {
                Some(held) if held.start <= end && start <= held.end => held.start.min(start)..held.end.max(end),
                // Two parts that do not touch: the longer one counts.
                Some(held) if held.len() > (end - start) as usize => held.clone(),
                _ => start..end,
            };
            if here == (0..length) {
                changes_partials |= self.partials.remove(&block).is_some();
                self.groups[(block / GROUP_BLOCKS) as usize].received.insert(block % GROUP_BLOCKS);
            } else if !self.group(block / GROUP_BLOCKS).received.contains(block % GROUP_BLOCKS) {
                self.partials.insert(block, here);
                changes_partials = true;
            }
        }
        while self.partials.len() > PARTIAL_BLOCKS_MAX {
            let shortest = self.partials.iter().min_by_key(|(_, held)| held.len());
            let shortest = shortest.map(|(block, _)| *block).unwrap_or_default();
            self.partials.remove(&shortest);
        }
        changes_partials
    }

    /// Marks a whole group as proven.
    pub(super) fn verify_group(&mut self, group: u32) {
        let full = self.full_mask(group);
        self.set_group(group, GroupMarks { verified: full, received: full });
    }

    /// Lists up to `count_max` ranges that are not here, from `from` on, neighbours joined.
    pub(super) fn missing(&self, from: u64, count_max: usize) -> Vec<Range<u64>> {
        self.collect(from, count_max, |marks| BlockMask(!marks.received.0), true)
    }

    /// Lists up to `count_max` proven ranges, from `from` on, neighbours joined.
    pub(super) fn verified(&self, from: u64, count_max: usize) -> Vec<Range<u64>> {
        self.collect(from, count_max, |marks| marks.verified, false)
    }

    fn collect(
        &self,
        from: u64,
        count_max: usize,
        choose: impl Fn(&GroupMarks) -> BlockMask,
        without_partials: bool,
    ) -> Vec<Range<u64>> {
        let mut ranges = Vec::new();
        let first = (from / GROUP_BYTES) as usize;
        for (group, marks) in self.groups.iter().enumerate().skip(first) {
            let chosen = BlockMask(choose(marks).0 & self.full_mask(group as u32).0);
            if chosen.is_empty() {
                continue;
            }
            for block in chosen.iter().map(|block| group as u32 * GROUP_BLOCKS + block) {
                let of_block = self.layout.block_range(block);
                let held = self.partials.get(&block).filter(|_| without_partials);
                let cut = held.map_or(of_block.end..of_block.end, |held| {
                    of_block.start + u64::from(held.start)..of_block.start + u64::from(held.end)
                });
                for part in [of_block.start..cut.start, cut.end..of_block.end] {
                    push_range(&mut ranges, part.start.max(from)..part.end);
                }
            }
            if ranges.len() > count_max {
                break;
            }
        }
        ranges.truncate(count_max);
        ranges
    }

    /// Counts the proven bytes.
    pub(super) fn verified_bytes(&self) -> u64 {
        self.count_bytes(|marks| marks.verified)
    }

    /// Counts the bytes that are not here.
    pub(super) fn missing_bytes(&self) -> u64 {
        let partial_bytes: u64 = self.partials.values().map(|held| held.len() as u64).sum();
        self.layout.size() - self.count_bytes(|marks| marks.received) - partial_bytes
    }

    fn count_bytes(&self, choose: impl Fn(&GroupMarks) -> BlockMask) -> u64 {
        let blocks: u64 = self.groups.iter().map(|marks| u64::from(choose(marks).count())).sum();
        let last_block = self.layout.block_count() - 1;
        let last_group = &self.groups[self.groups.len() - 1];
        let last_range = self.layout.block_range(last_block);
        let last_is_in = choose(last_group).contains(last_block % GROUP_BLOCKS);
        let shortfall = BLOCK_BYTES - (last_range.end - last_range.start);
        blocks * BLOCK_BYTES - if last_is_in { shortfall } else { 0 }
    }
}

/// Numbers the blocks that a range touches.
fn blocks_of(range: &Range<u64>) -> Range<u32> {
    if range.is_empty() {
        return 0..0;
    }
    (range.start / BLOCK_BYTES) as u32..range.end.div_ceil(BLOCK_BYTES) as u32
}

/// Adds a range behind the others, joined with the last where they touch.
fn push_range(ranges: &mut Vec<Range<u64>>, range: Range<u64>) {
    if range.is_empty() {
        return;
    }
    match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::single_range_in_vec_init)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks(size: u64) -> Marks {
        Marks::new(BlobLayout::new(size).unwrap())
    }

    #[test]
    fn an_appended_tail_is_wanted_from_its_byte_on() {
        let mut marks = marks(3_000_000);
        marks.receive(0..1_234_567);
        assert_eq!(marks.missing(0, 9), [1_234_567..3_000_000]);
        assert_eq!(marks.missing_bytes(), 3_000_000 - 1_234_567);
        marks.receive(1_234_567..3_000_000);
        assert_eq!(marks.missing(0, 9), []);
        assert!((0..3).all(|group| marks.is_full(group)));
    }

    #[test]
    fn the_number_of_partial_blocks_is_bounded() {
        let mut marks = marks(64 << 20);
        for block in 0..1000 {
            marks.receive(block * BLOCK_BYTES..block * BLOCK_BYTES + 100 + block);
        }
        assert_eq!(marks.partials.len(), PARTIAL_BLOCKS_MAX);
        assert!(marks.partials.contains_key(&999));
    }

    proptest! {
        /// Marks never claim a byte that did not come, and filling what is missing ends it.
        #[test]
        fn marks_tell_the_truth(
            size in 0u64..2_300_000,
            pieces in proptest::collection::vec((0u64..2_300_000, 1u64..600_000), 0..20),
        ) {
            let mut marks = marks(size);
            let mut here = vec![false; size as usize];
            for (start, length) in pieces {
                let range = start.min(size)..(start + length).min(size);
                here[range.start as usize..range.end as usize].fill(true);
                marks.receive(range);
            }
            let missing = marks.missing(0, usize::MAX);
            let mut claimed = vec![true; size as usize];
            for range in &missing {
                claimed[range.start as usize..range.end as usize].fill(false);
            }
            prop_assert!(claimed.iter().zip(&here).all(|(claimed, here)| !claimed || *here));
            let total: u64 = missing.iter().map(|range| range.end - range.start).sum();
            prop_assert_eq!(total, marks.missing_bytes());
            for range in missing {
                marks.receive(range);
            }
            prop_assert_eq!(marks.missing_bytes(), 0);
            prop_assert!((0..marks.groups.len() as u32).all(|group| marks.is_full(group)));
            prop_assert!(marks.partials.is_empty());
            (0..marks.groups.len() as u32).for_each(|group| marks.verify_group(group));
            prop_assert_eq!(marks.verified_bytes(), size);
        }
    }
}
