//! Checking a group as a whole, and finding its bad blocks.

use super::groups::Groups;
use super::tree::{self, Hash, Place};
use super::{BLOCK_BYTES, BlobLayout, BlobRefused, GROUP_BLOCKS, HASH_BYTES, NODE_BYTES, SLICE_BYTES_MAX};

/// Names some blocks of one group, bit n for block n of the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct BlockMask(pub u64);

impl BlockMask {
    /// No block.
    pub const NONE: Self = Self(0);

    /// Names the first `count` ≤ 64 blocks.
    pub const fn first(count: u32) -> Self {
        if count >= GROUP_BLOCKS { Self(u64::MAX) } else { Self((1 << count) - 1) }
    }

    /// Tells whether a block of the group is named.
    pub const fn contains(self, block: u32) -> bool {
        block < GROUP_BLOCKS && self.0 >> block & 1 == 1
    }

    /// Names a block of the group as well.
    pub const fn insert(&mut self, block: u32) {
        self.0 |= 1 << block;
    }

    /// Tells whether no block is named.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Counts the named blocks.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Lists the named blocks in ascending order.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        (0..GROUP_BLOCKS).filter(move |block| self.contains(*block))
    }
}

/// Holds the hash of a block, measured from bytes that are here.
///
/// Whoever sees a blob's bytes pass measures its blocks on the way, in any order, and puts the
/// groups together from them with [`MeasuredGroup::of_blocks`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeasuredBlock(Hash);

impl MeasuredBlock {
    /// Hashes the bytes of a whole block, counted from the blob's first.
    ///
    /// Costs one pass of BLAKE3 over 16 KiB. Refuses bytes that are not exactly the block's.
    pub fn new(layout: BlobLayout, block: u32, bytes: &[u8]) -> Result<Self, BlobRefused> {
        let range = layout.block_range(block);
        let (expected, found) = (range.end.saturating_sub(range.start), bytes.len() as u64);
        if expected != found {
            return Err(BlobRefused::Length { expected, found });
        }
        Ok(Self(tree::hash_block(range.start, bytes, block_place(layout))))
    }
}

/// Holds the block hashes of a group, measured from bytes that are here.
///
/// Costs one pass of BLAKE3 over the group (about 0.4 ms) and 2 KiB.
#[derive(Debug, Clone)]
pub struct MeasuredGroup {
    group: u32,
    hash: Hash,
    block_hashes: Vec<Hash>,
    place: Place,
}

impl MeasuredGroup {
    /// Hashes the bytes of a whole group.
    ///
    /// Refuses a group that the blob does not have, and bytes that are not exactly the group's.
    pub fn new(layout: BlobLayout, group: u32, bytes: &[u8]) -> Result<Self, BlobRefused> {
        let start = group_start(layout, group, bytes.len())?;
        let block_hashes: Vec<Hash> = if bytes.is_empty() {
            vec![tree::hash_block(0, bytes, Place::Root)]
        } else {
            (start..)
                .step_by(BLOCK_BYTES as usize)
                .zip(bytes.chunks(BLOCK_BYTES as usize))
                .map(|(offset, block)| tree::hash_block(offset, block, block_place(layout)))
                .collect()
        };
        Ok(Self::from_blocks(layout, group, block_hashes))
    }

    /// Puts a group together from the hashes of all its blocks, in order.
    ///
    /// Costs one compression per block. Refuses a group that the blob does not have, and another
    /// number of blocks than it has.
    pub fn of_blocks(layout: BlobLayout, group: u32, blocks: &[MeasuredBlock]) -> Result<Self, BlobRefused> {
        if group >= layout.group_count() {
            return Err(BlobRefused::NoSuchGroup { group });
        }
        let (expected, found) = (u64::from(layout.group_block_count(group)), blocks.len() as u64);
        if expected != found {
            return Err(BlobRefused::Length { expected: expected * BLOCK_BYTES, found: found * BLOCK_BYTES });
        }
        Ok(Self::from_blocks(layout, group, blocks.iter().map(|block| block.0).collect()))
    }

    fn from_blocks(layout: BlobLayout, group: u32, block_hashes: Vec<Hash>) -> Self {
        let place = Groups::place(layout);
        let mut nodes = [0; SLICE_BYTES_MAX];
        let hash = tree::write_nodes(&block_hashes, place, &mut nodes);
        Self { group, hash, block_hashes, place }
    }

    /// Shows the group's hash as it stands in the list of groups.
    pub fn hash(&self) -> &[u8; HASH_BYTES] {
        &self.hash
    }

    /// Tells whether these bytes are the ones that the list of groups asks for.
    pub fn belongs_to(&self, groups: &Groups) -> bool {
        groups.group_hash(self.group) == Some(&self.hash)
    }

    /// Writes the group's slice of the outboard: 64 B per block but one, in pre-order.
    pub fn slice(&self) -> Vec<u8> {
        let mut nodes = vec![0; (self.block_hashes.len() - 1) * NODE_BYTES];
        tree::write_nodes(&self.block_hashes, self.place, &mut nodes);
        nodes
    }
}

/// Holds the block hashes of a group, proven from its slice of the outboard.
///
/// ```
/// use longear_core::blob::{BlobLayout, GroupProof, Groups, MeasuredGroup, TreeHasher};
///
/// let good = vec![7; 1024 * 1024];
/// let mut hasher = TreeHasher::new();
/// hasher.update(&good)?;
/// let groups = hasher.finish().groups;
/// let slice = MeasuredGroup::new(groups.layout(), 0, &good)?.slice();
///
/// let proof = GroupProof::verify(&groups, 0, &slice)?;
/// let mut damaged = good.clone();
/// damaged[5 * 16 * 1024] ^= 1;
/// assert_eq!(proof.bad_blocks(&damaged)?.iter().collect::<Vec<_>>(), [5]);
/// # Ok::<(), longear_core::blob::BlobRefused>(())
/// ```
#[derive(Debug, Clone)]
pub struct GroupProof {
    layout: BlobLayout,
    group: u32,
    block_hashes: Vec<Hash>,
}

impl GroupProof {
    /// Checks a group's slice of the outboard against the group's hash.
    ///
    /// Costs one compression per block. Refuses a slice of the wrong length or of another group.
    pub fn verify(groups: &Groups, group: u32, slice: &[u8]) -> Result<Self, BlobRefused> {
        let layout = groups.layout();
        let expected = groups.group_hash(group).ok_or(BlobRefused::NoSuchGroup { group })?;
        let slice_range = layout.slice_range(group);
        let slice_bytes = slice_range.end - slice_range.start;
        if slice.len() as u64 != slice_bytes {
            let found = slice.len() as u64;
            return Err(BlobRefused::Length { expected: slice_bytes, found });
        }
        let mut block_hashes = vec![[0; HASH_BYTES]; layout.group_block_count(group) as usize];
        if !tree::read_nodes(expected, Groups::place(layout), slice, &mut block_hashes) {
            return Err(BlobRefused::SliceMismatch { group });
        }
        Ok(Self { layout, group, block_hashes })
    }

    /// Tells whether these are the bytes of a block of the group, counted from the group's first.
    pub fn verify_block(&self, block: u32, bytes: &[u8]) -> bool {
        let in_blob = self.group * GROUP_BLOCKS + block;
        let range = self.layout.block_range(in_blob);
        let Some(expected) = self.block_hashes.get(block as usize) else {
            return false;
        };
        bytes.len() as u64 == range.end - range.start
            && tree::hash_block(range.start, bytes, block_place(self.layout)) == *expected
    }

    /// Finds the blocks of the group whose bytes are wrong.
    ///
    /// Refuses bytes that are not as many as the group has.
    pub fn bad_blocks(&self, bytes: &[u8]) -> Result<BlockMask, BlobRefused> {
        group_start(self.layout, self.group, bytes.len())?;
        let mut bad = BlockMask::NONE;
        let mut rest = bytes;
        for block in 0..self.block_hashes.len() as u32 {
            let (bytes, after) = rest.split_at(rest.len().min(BLOCK_BYTES as usize));
            if !self.verify_block(block, bytes) {
                bad.insert(block);
            }
            rest = after;
        }
        Ok(bad)
    }
}

/// A blob of one block is hashed as a whole.
fn block_place(layout: BlobLayout) -> Place {
    if layout.block_count() == 1 { Place::Root } else { Place::Inside }
}

/// Tells where a group starts, after checking that it exists and has this many bytes.
fn group_start(layout: BlobLayout, group: u32, length: usize) -> Result<u64, BlobRefused> {
    if group >= layout.group_count() {
        return Err(BlobRefused::NoSuchGroup { group });
    }
    let range = layout.group_range(group);
    if length as u64 != range.end - range.start {
        let (expected, found) = (range.end - range.start, length as u64);
        return Err(BlobRefused::Length { expected, found });
    }
    Ok(range.start)
}
