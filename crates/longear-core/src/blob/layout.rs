//! Where the groups and blocks of a blob lie, and where their nodes lie in the outboard.

use core::ops::Range;

use super::tree::left_leaves;
use super::{BLOB_BYTES_MAX, BLOCK_BYTES, BlobRefused, GROUP_BLOCKS, GROUP_BYTES, NODE_BYTES, SLICE_BYTES_MAX};

/// Knows where every group, block and outboard slice of a blob of a given size lies.
///
/// Eight bytes, free to copy. All methods cost a few instructions; the ones about the outboard
/// walk down the tree, at most sixteen steps.
///
/// ```
/// use longear_core::blob::BlobLayout;
///
/// let layout = BlobLayout::new(3 * 1024 * 1024 + 1)?;
/// assert_eq!(layout.group_count(), 4);
/// assert_eq!(layout.group_range(3), 3 * 1024 * 1024..3 * 1024 * 1024 + 1);
/// assert_eq!(layout.slice_range(0), 2 * 64..(2 + 63) * 64);
/// # Ok::<(), longear_core::blob::BlobRefused>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobLayout {
    size: u64,
}

impl BlobLayout {
    /// Lays out a blob of `size` bytes.
    ///
    /// Refuses sizes above [`BLOB_BYTES_MAX`].
    pub const fn new(size: u64) -> Result<Self, BlobRefused> {
        if size > BLOB_BYTES_MAX {
            return Err(BlobRefused::TooLarge { size });
        }
        Ok(Self { size })
    }

    /// Tells the size of the blob in bytes.
    pub const fn size(self) -> u64 {
        self.size
    }

    /// Counts the blocks; an empty blob has one, which is empty.
    pub const fn block_count(self) -> u32 {
        at_least_one(self.size.div_ceil(BLOCK_BYTES))
    }

    /// Counts the groups; an empty blob has one, which is empty.
    pub const fn group_count(self) -> u32 {
        at_least_one(self.size.div_ceil(GROUP_BYTES))
    }

    /// Tells how many group hashes an item carries for this blob: none below 1 MiB, where the
    /// blob's own hash says all.
    pub const fn listed_group_count(self) -> u32 {
        if self.size < GROUP_BYTES { 0 } else { self.group_count() }
    }

    /// Tells which bytes of the blob make up a group; an empty range beyond the last one.
    pub fn group_range(self, group: u32) -> Range<u64> {
        let start = (u64::from(group) * GROUP_BYTES).min(self.size);
        start..(start + GROUP_BYTES).min(self.size)
    }

    /// Counts the blocks of a group: [`GROUP_BLOCKS`], fewer in the last one.
    pub fn group_block_count(self, group: u32) -> u32 {
        let first = u64::from(group) * u64::from(GROUP_BLOCKS);
        u64::from(self.block_count()).saturating_sub(first).min(u64::from(GROUP_BLOCKS)) as u32
    }

    /// Tells which bytes of the blob make up a block, counted through the whole blob.
    pub fn block_range(self, block: u32) -> Range<u64> {
        let start = (u64::from(block) * BLOCK_BYTES).min(self.size);
        start..(start + BLOCK_BYTES).min(self.size)
    }

    /// Tells the length of the outboard in bytes: a node of 64 B per block but one.
    pub const fn outboard_bytes(self) -> u64 {
        (self.block_count() as u64 - 1) * NODE_BYTES as u64
    }

    /// Tells where a group's slice lies in the outboard, in bytes.
    ///
    /// A group is a subtree, and in pre-order a subtree is contiguous. Before it stand its
    /// ancestors and everything to its left: one node per block to the left, and one more for
    /// each ancestor in which the group lies on the left side.
    pub fn slice_range(self, group: u32) -> Range<u64> {
        let nodes_before = u64::from(group) * u64::from(GROUP_BLOCKS) + left_turns(group, self.group_count());
        let start = nodes_before * NODE_BYTES as u64;
        let nodes = u64::from(self.group_block_count(group).saturating_sub(1));
        start..start + nodes * NODE_BYTES as u64
    }
}

/// Counts the ancestors of leaf `index` in which it lies on the left side, in a tree of `count`
/// leaves.
fn left_turns(mut index: u32, mut count: u32) -> u64 {
    let mut turns = 0;
    while count > 1 {
        let left = left_leaves(count as usize) as u32;
        if index < left {
            turns += 1;
            count = left;
        } else {
            index -= left;
            count -= left;
        }
    }
    turns
}

const fn at_least_one(count: u64) -> u32 {
    if count == 0 { 1 } else { count as u32 }
}

// The casts above are exact, and a slice is as long as the tree is wide.
const _: () = assert!(BLOB_BYTES_MAX / BLOCK_BYTES <= u32::MAX as u64);
const _: () = assert!(SLICE_BYTES_MAX == 4032);
