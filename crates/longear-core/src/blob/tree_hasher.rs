//! Hashing a stream once, for the blob's name, its groups and its outboard together.

use std::collections::VecDeque;

use super::groups::Groups;
use super::tree::{self, Hash, Place};
use super::{BLOB_BYTES_MAX, BLOCK_BYTES, BlobHash, BlobLayout, BlobRefused, GROUP_BLOCKS, NODE_BYTES};

/// Hashes the bytes of a blob in order, and hands out its outboard group by group.
///
/// Feed it with [`update`](Self::update), empty it with [`poll_slice`](Self::poll_slice) and end
/// with [`finish`](Self::finish). Pieces of a multiple of [`BLOCK_BYTES`] are hashed in place, at
/// about nine tenths of the speed of plain BLAKE3; others pass through a buffer of one block.
/// Memory: 32 B per MiB, and 4 KiB for each slice not yet polled.
///
/// ```
/// use longear_core::blob::{BlobHash, TreeHasher};
///
/// let mut hasher = TreeHasher::new();
/// hasher.update(b"long ")?;
/// hasher.update(b"ear")?;
/// assert_eq!(hasher.finish().hash, BlobHash::of(b"long ear"));
/// # Ok::<(), longear_core::blob::BlobRefused>(())
/// ```
#[derive(Debug, Default)]
pub struct TreeHasher {
    /// Bytes taken so far, those in `pending` included.
    size: u64,
    /// The beginning of a block whose rest has not come yet.
    pending: Vec<u8>,
    block_hashes: Vec<Hash>,
    group_hashes: Vec<Hash>,
    /// The hash of the first block, or of the first group, in case that it is the whole blob.
    root_if_alone: Option<Hash>,
    slices: VecDeque<GroupSlice>,
}

/// Carries the part of the outboard that lies under one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSlice {
    /// The group's number, from 0.
    pub group: u32,
    /// Its nodes in pre-order, 64 B each; empty where the group is one block.
    ///
    /// They belong at [`BlobLayout::slice_range`], which asks for the size of the blob.
    pub nodes: Vec<u8>,
}

/// Tells what a whole stream hashed to.
#[derive(Debug, Clone)]
pub struct Hashed {
    /// The blob's name.
    pub hash: BlobHash,
    /// The blob's size in bytes.
    pub size: u64,
    /// The hashes of its groups.
    pub groups: Groups,
    /// The slices that were not polled before the end, the last one among them.
    pub slices: VecDeque<GroupSlice>,
}

impl TreeHasher {
    /// Starts an empty blob.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    ///
    /// Refuses a blob larger than [`BLOB_BYTES_MAX`]; nothing of these bytes is taken then.
    pub fn update(&mut self, mut bytes: &[u8]) -> Result<(), BlobRefused> {
        let size = self.size + bytes.len() as u64;
        if size > BLOB_BYTES_MAX {
            return Err(BlobRefused::TooLarge { size });
        }
        self.size = size;
        if !self.pending.is_empty() {
            let missing = BLOCK_BYTES as usize - self.pending.len();
            let (head, tail) = bytes.split_at(missing.min(bytes.len()));
            self.pending.extend_from_slice(head);
            bytes = tail;
            if self.pending.len() < BLOCK_BYTES as usize {
                return Ok(());
            }
            let block = core::mem::take(&mut self.pending);
            self.close_block(&block);
            self.pending = block;
            self.pending.clear();
        }
        let mut blocks = bytes.chunks_exact(BLOCK_BYTES as usize);
        for block in &mut blocks {
            self.close_block(block);
        }
        self.pending.extend_from_slice(blocks.remainder());
        Ok(())
    }

    /// Hands out the next slice of the outboard, in the order of the groups.
    pub fn poll_slice(&mut self) -> Option<GroupSlice> {
        self.slices.pop_front()
    }

    /// Ends the blob.
    pub fn finish(mut self) -> Hashed {
        if !self.pending.is_empty() || self.size == 0 {
            let block = core::mem::take(&mut self.pending);
            self.close_block(&block);
        }
        if !self.block_hashes.is_empty() {
            self.close_group();
        }
        if let ([hash], Some(root)) = (&mut self.group_hashes[..], self.root_if_alone) {
            *hash = root;
        }
        let layout = BlobLayout::new(self.size).expect("update refuses larger blobs");
        let groups = Groups::measured(layout, self.group_hashes);
        Hashed { hash: groups.blob(), size: self.size, groups, slices: self.slices }
    }

    fn close_block(&mut self, block: &[u8]) {
        let index = self.group_hashes.len() as u64 * u64::from(GROUP_BLOCKS) + self.block_hashes.len() as u64;
        if index == 0 {
            // Whether more follows is not known yet, and the top of the tree is hashed
            // differently: a second pass over 16 KiB is cheaper than holding them back.
            self.root_if_alone = Some(tree::hash_block(0, block, Place::Root));
            if block.is_empty() {
                self.block_hashes.push([0; 32]);
                return;
            }
        }
        let offset = index * BLOCK_BYTES;
        self.block_hashes.push(tree::hash_block(offset, block, Place::Inside));
        if self.block_hashes.len() == GROUP_BLOCKS as usize {
            self.close_group();
        }
    }

    fn close_group(&mut self) {
        let mut nodes = vec![0; (self.block_hashes.len() - 1) * NODE_BYTES];
        let hash = tree::write_nodes(&self.block_hashes, Place::Inside, &mut nodes);
        if self.group_hashes.is_empty() && !nodes.is_empty() {
            let (left, right) = tree::node_children(&nodes);
            self.root_if_alone = Some(tree::merge(&left, &right, Place::Root));
        }
        let group = self.group_hashes.len() as u32;
        self.group_hashes.push(hash);
        self.block_hashes.clear();
        self.slices.push_back(GroupSlice { group, nodes });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody hashes 64 GiB in a test: it begins where they end.
    #[test]
    fn the_largest_blob_is_taken_and_not_a_byte_more() {
        let after = |size| TreeHasher { size, ..TreeHasher::new() };
        assert_eq!(after(BLOB_BYTES_MAX - 1).update(&[7]), Ok(()));
        for (size, bytes) in [(BLOB_BYTES_MAX, 1), (BLOB_BYTES_MAX - 1, 2), (BLOB_BYTES_MAX, 2)] {
            let too_large = Err(BlobRefused::TooLarge { size: size + bytes as u64 });
            assert_eq!(after(size).update(&vec![7; bytes]), too_large);
        }
    }
}
