//! BLAKE3's tree above the blocks: who is whose child, and how two hashes become one.

use blake3::hazmat::{HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};

use super::{HASH_BYTES, NODE_BYTES};

/// The chaining value of a subtree, or the blob's hash where the subtree is the whole blob.
pub(super) type Hash = [u8; HASH_BYTES];

/// Tells whether a subtree is the whole blob: BLAKE3 finishes the top of the tree differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    Inside,
}

/// Counts the leaves on the left side of a tree of `count` ≥ 2 leaves: the largest power of two
/// that leaves something for the right side.
pub(super) const fn left_leaves(count: usize) -> usize {
    1 << (count - 1).ilog2()
}

/// Hashes the bytes of one block that starts `offset` bytes into the blob.
pub(super) fn hash_block(offset: u64, bytes: &[u8], place: Place) -> Hash {
    match place {
        Place::Root => blake3::hash(bytes).into(),
        Place::Inside => {
            let mut hasher = blake3::Hasher::new();
            hasher.set_input_offset(offset);
            hasher.update(bytes);
            hasher.finalize_non_root()
        }
    }
}

/// Hashes a node from its children.
pub(super) fn merge(left: &Hash, right: &Hash, place: Place) -> Hash {
    match place {
        Place::Root => merge_subtrees_root(left, right, Mode::Hash).into(),
        Place::Inside => merge_subtrees_non_root(left, right, Mode::Hash),
    }
}

/// Hashes the tree over `leaves` (at least one) and writes its nodes, in pre-order, into `nodes`,
/// whose length is 64 B per leaf but one.
pub(super) fn write_nodes(leaves: &[Hash], place: Place, nodes: &mut [u8]) -> Hash {
    if let [leaf] = leaves {
        return *leaf;
    }
    let (left_side, right_side) = leaves.split_at(left_leaves(leaves.len()));
    let (node, below) = nodes.split_at_mut(NODE_BYTES);
    let (left_nodes, right_nodes) = below.split_at_mut((left_side.len() - 1) * NODE_BYTES);
    let left = write_nodes(left_side, Place::Inside, left_nodes);
    let right = write_nodes(right_side, Place::Inside, right_nodes);
    node[..HASH_BYTES].copy_from_slice(&left);
    node[HASH_BYTES..].copy_from_slice(&right);
    merge(&left, &right, place)
}

/// Checks pre-order `nodes` over `leaves.len()` leaves against the hash of their top, and fills in
/// the leaves' hashes; tells whether every node was right.
pub(super) fn read_nodes(expected: &Hash, place: Place, nodes: &[u8], leaves: &mut [Hash]) -> bool {
    if let [leaf] = leaves {
        *leaf = *expected;
        return true;
    }
    let (node, below) = nodes.split_at(NODE_BYTES);
    let (left, right) = node_children(node);
    if merge(&left, &right, place) != *expected {
        return false;
    }
    let left_count = left_leaves(leaves.len());
    let (left_side, right_side) = leaves.split_at_mut(left_count);
    let (left_nodes, right_nodes) = below.split_at((left_count - 1) * NODE_BYTES);
    read_nodes(&left, Place::Inside, left_nodes, left_side)
        && read_nodes(&right, Place::Inside, right_nodes, right_side)
}

/// Splits the 64 bytes of a node.
pub(super) fn node_children(node: &[u8]) -> (Hash, Hash) {
    let (mut left, mut right) = ([0; HASH_BYTES], [0; HASH_BYTES]);
    left.copy_from_slice(&node[..HASH_BYTES]);
    right.copy_from_slice(&node[HASH_BYTES..NODE_BYTES]);
    (left, right)
}
