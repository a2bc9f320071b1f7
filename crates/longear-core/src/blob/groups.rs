//! The list of group hashes, which makes every MiB of a blob checkable by itself.

use std::sync::Arc;

use super::tree::{self, Hash, Place, left_leaves};
use super::{BlobHash, BlobLayout, BlobRefused, GROUP_BLOCKS, HASH_BYTES, INLINE_GROUP_HASHES_BYTES_MAX, NODE_BYTES};

/// Holds the hashes of all groups of a blob, proven to belong to it.
///
/// The hash of a group is the chaining value of its subtree; where the blob is one group, it is
/// the blob's hash. A value of this type cannot be made without the proof. Clones share one list
/// of 32 B per MiB (2 MiB at most).
///
/// ```
/// use longear_core::blob::{Groups, MeasuredGroup, TreeHasher};
///
/// let video = vec![7; 2_500_000];
/// let mut hasher = TreeHasher::new();
/// hasher.update(&video)?;
/// let published = hasher.finish();
///
/// // Elsewhere: the item brought hash, size and list.
/// let list = published.groups.list().to_vec();
/// let groups = Groups::verify(published.hash, published.size, list)?;
/// let arrived = &video[groups.layout().group_range(1).start as usize..][..1024 * 1024];
/// assert!(MeasuredGroup::new(groups.layout(), 1, arrived)?.belongs_to(&groups));
/// # Ok::<(), longear_core::blob::BlobRefused>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    blob: BlobHash,
    layout: BlobLayout,
    hashes: Arc<[Hash]>,
}

impl Groups {
    /// Checks a list of group hashes against the hash and the size of their blob.
    ///
    /// Below 1 MiB the list is empty. Costs one compression (about 0.1 µs) per group. The size is
    /// proven up to its last group; the rest of it is proven with that group's bytes.
    pub fn verify(blob: BlobHash, size: u64, list: Vec<Hash>) -> Result<Self, BlobRefused> {
        let layout = BlobLayout::new(size)?;
        let expected = u64::from(layout.listed_group_count());
        if list.len() as u64 != expected {
            let found = list.len() as u64;
            return Err(BlobRefused::GroupCount { expected, found });
        }
        if list.is_empty() {
            return Ok(Self { blob, layout, hashes: Arc::new([*blob.as_bytes()]) });
        }
        if hash_groups(&list, Place::Root) != *blob.as_bytes() {
            return Err(BlobRefused::GroupsMismatch);
        }
        Ok(Self { blob, layout, hashes: list.into() })
    }

    /// Reads a list written one hash after the other, as items and group-list blobs carry it.
    pub fn decode(blob: BlobHash, size: u64, bytes: &[u8]) -> Result<Self, BlobRefused> {
        let layout = BlobLayout::new(size)?;
        let expected = u64::from(layout.listed_group_count());
        let (list, rest) = bytes.as_chunks::<HASH_BYTES>();
        if list.len() as u64 != expected || !rest.is_empty() {
            let found = bytes.len().div_ceil(HASH_BYTES) as u64;
            return Err(BlobRefused::GroupCount { expected, found });
        }
        Self::verify(blob, size, list.to_vec())
    }

    /// Writes the list one hash after the other; empty below 1 MiB.
    pub fn encode(&self) -> Vec<u8> {
        self.list().concat()
    }

    /// Names the blob.
    pub fn blob(&self) -> BlobHash {
        self.blob
    }

    /// Lays out the blob.
    pub fn layout(&self) -> BlobLayout {
        self.layout
    }

    /// Shows the list that an item carries; empty below 1 MiB.
    pub fn list(&self) -> &[Hash] {
        &self.hashes[..self.layout.listed_group_count() as usize]
    }

    /// Tells whether the list is short enough to stand in the item itself.
    pub fn fits_inline(&self) -> bool {
        (self.list().len() * HASH_BYTES) as u64 <= INLINE_GROUP_HASHES_BYTES_MAX
    }

    /// Shows the hash of a group, the blob's own where it is the only group.
    pub fn group_hash(&self, group: u32) -> Option<&Hash> {
        self.hashes.get(group as usize)
    }

    /// Gives every node of the outboard above the groups to `write`, with its offset in bytes.
    ///
    /// Together with the groups' slices these are the whole outboard. Costs one compression per
    /// node, and one call of 64 B for every group but one.
    pub fn write_upper_nodes<E>(
        &self,
        mut write: impl FnMut(u64, &[u8; NODE_BYTES]) -> Result<(), E>,
    ) -> Result<(), E> {
        write_upper(&self.hashes, 0, &mut write).map(|_| ())
    }

    /// Gathers the group hashes from an outboard, checking every node on the way down.
    ///
    /// `read` fills in the node at an offset in bytes; it is called once for every group but one.
    pub fn read_upper_nodes<E: From<BlobRefused>>(
        blob: BlobHash,
        size: u64,
        mut read: impl FnMut(u64, &mut [u8; NODE_BYTES]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let layout = BlobLayout::new(size)?;
        let mut hashes = vec![[0; HASH_BYTES]; layout.group_count() as usize];
        read_upper(blob.as_bytes(), Place::Root, 0, &mut hashes, &mut read)?;
        Ok(Self { blob, layout, hashes: hashes.into() })
    }

    /// Takes hashes that were just measured from the blob's own bytes.
    pub(super) fn measured(layout: BlobLayout, hashes: Vec<Hash>) -> Self {
        let blob = BlobHash::from_bytes(hash_groups(&hashes, Place::Root));
        Self { blob, layout, hashes: hashes.into() }
    }

    pub(super) fn place(layout: BlobLayout) -> Place {
        if layout.group_count() == 1 { Place::Root } else { Place::Inside }
    }
}

/// Hashes a tree over group hashes; a lone group's hash is final already.
fn hash_groups(hashes: &[Hash], place: Place) -> Hash {
    if let [hash] = hashes {
        return *hash;
    }
    let (left, right) = hashes.split_at(left_leaves(hashes.len()));
    tree::merge(&hash_groups(left, Place::Inside), &hash_groups(right, Place::Inside), place)
}

/// Writes the nodes over `hashes`, whose subtree starts at `offset` of the outboard.
fn write_upper<E>(
    hashes: &[Hash],
    offset: u64,
    write: &mut impl FnMut(u64, &[u8; NODE_BYTES]) -> Result<(), E>,
) -> Result<Hash, E> {
    if let [hash] = hashes {
        return Ok(*hash);
    }
    let (left_side, right_side) = hashes.split_at(left_leaves(hashes.len()));
    let left = write_upper(left_side, left_offset(offset), write)?;
    let right = write_upper(right_side, right_offset(offset, left_side.len()), write)?;
    let mut node = [0; NODE_BYTES];
    node[..HASH_BYTES].copy_from_slice(&left);
    node[HASH_BYTES..].copy_from_slice(&right);
    write(offset, &node)?;
    Ok(tree::merge(&left, &right, Place::Inside))
}

fn read_upper<E: From<BlobRefused>>(
    expected: &Hash,
    place: Place,
    offset: u64,
    hashes: &mut [Hash],
    read: &mut impl FnMut(u64, &mut [u8; NODE_BYTES]) -> Result<(), E>,
) -> Result<(), E> {
    if let [hash] = hashes {
        *hash = *expected;
        return Ok(());
    }
    let mut node = [0; NODE_BYTES];
    read(offset, &mut node)?;
    let (left, right) = tree::node_children(&node);
    if tree::merge(&left, &right, place) != *expected {
        return Err(BlobRefused::GroupsMismatch.into());
    }
    let (left_side, right_side) = hashes.split_at_mut(left_leaves(hashes.len()));
    let right_at = right_offset(offset, left_side.len());
    read_upper(&left, Place::Inside, left_offset(offset), left_side, read)?;
    read_upper(&right, Place::Inside, right_at, right_side, read)
}

/// The left child follows its parent.
fn left_offset(offset: u64) -> u64 {
    offset + NODE_BYTES as u64
}

/// The right child follows the left one, whose groups are all full: n blocks make n - 1 nodes.
fn right_offset(offset: u64, left_groups: usize) -> u64 {
    offset + left_groups as u64 * u64::from(GROUP_BLOCKS) * NODE_BYTES as u64
}
