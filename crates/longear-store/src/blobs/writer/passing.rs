//! Hashes of blocks, measured while their bytes pass on their way to the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use longear_core::blob::{BLOCK_BYTES, BlobLayout, GROUP_BLOCKS, MeasuredBlock};

/// Groups whose blocks are kept in mind, at 2 KiB each; of others the blocks are read back.
const GROUPS_MAX: usize = 64;

/// What is known of the blocks of a group, one place for each.
pub(super) type KnownBlocks = [Option<MeasuredBlock>; GROUP_BLOCKS as usize];

/// Keeps what was measured until its group is checked: what was hashed once need not be read again.
///
/// A hash counts only for as long as nobody else can have written over its bytes. Blocks that are
/// here are never written again, so that needs two writers at the same time in one group.
#[derive(Debug, Default)]
pub(super) struct Passing {
    groups: BTreeMap<u32, Box<KnownBlocks>>,
    /// Groups into which two wrote at once: which of them came last is not known.
    contended: BTreeSet<u32>,
}

impl Passing {
    /// Notes the blocks of a group.
    pub(super) fn note(&mut self, group: u32, measured: &[(u32, MeasuredBlock)]) {
        if measured.is_empty() || self.contended.contains(&group) {
            return;
        }
        if !self.groups.contains_key(&group) && self.groups.len() >= GROUPS_MAX {
            return;
        }
        let known = self.groups.entry(group).or_insert_with(|| Box::new([None; GROUP_BLOCKS as usize]));
        for (block, hash) in measured {
            known[(block % GROUP_BLOCKS) as usize] = Some(*hash);
        }
    }

    /// Notes that two write into a group at the same time.
    pub(super) fn contend(&mut self, group: u32) {
        self.groups.remove(&group);
        self.contended.insert(group);
    }

    /// Hands out what is known of a group, and forgets it.
    pub(super) fn take(&mut self, group: u32) -> Option<Box<KnownBlocks>> {
        self.contended.remove(&group);
        self.groups.remove(&group)
    }
}

/// Measures the blocks that lie whole in some bytes of the blob, which begin at `offset`.
pub(super) fn measure(layout: BlobLayout, offset: u64, bytes: &[u8]) -> Vec<(u32, MeasuredBlock)> {
    let range = offset..offset + bytes.len() as u64;
    let in_bytes = |block: Range<u64>| &bytes[(block.start - offset) as usize..(block.end - offset) as usize];
    let first = range.start.div_ceil(BLOCK_BYTES) as u32;
    (first..layout.block_count())
        .map(|block| (block, layout.block_range(block)))
        .take_while(|(_, of_block)| of_block.end <= range.end && !of_block.is_empty())
        .filter_map(|(block, of_block)| Some((block, MeasuredBlock::new(layout, block, in_bytes(of_block)).ok()?)))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_blocks_are_measured() {
        let bytes: Vec<u8> = (0..50_000_u32).map(|index| ((index * index) >> 7) as u8).collect();
        let layout = BlobLayout::new(bytes.len() as u64).unwrap();
        let blocks = |range: Range<usize>| -> Vec<u32> {
            let measured = measure(layout, range.start as u64, &bytes[range]);
            measured
                .iter()
                .map(|(block, hash)| {
                    let of_block = layout.block_range(*block);
                    let alone = &bytes[of_block.start as usize..of_block.end as usize];
                    assert_eq!(MeasuredBlock::new(layout, *block, alone).unwrap(), *hash);
                    *block
                })
                .collect()
        };
        assert_eq!(blocks(0..50_000), [0, 1, 2, 3]);
        assert_eq!(blocks(1..49_999), [1, 2]);
        assert_eq!(blocks(16_384..32_768), [1]);
        assert_eq!(blocks(16_385..49_151), []);
        assert_eq!(blocks(49_152..50_000), [3]);
    }

    #[test]
    fn what_two_wrote_at_once_is_not_known() {
        let layout = BlobLayout::new(BLOCK_BYTES * 2).unwrap();
        let measured = measure(layout, 0, &vec![7; 2 * BLOCK_BYTES as usize]);
        let mut passing = Passing::default();
        passing.note(0, &measured);
        passing.contend(0);
        passing.note(0, &measured);
        assert!(passing.take(0).is_none());
        passing.note(0, &measured);
        assert_eq!(passing.take(0).unwrap().iter().flatten().count(), 2);
        assert!(passing.take(0).is_none());
    }
}
