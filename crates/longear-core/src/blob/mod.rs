//! Blobs: payload files named by their BLAKE3 hash, and how any part of one is checked.
//!
//! A blob is cut into [groups](GROUP_BYTES) of 1 MiB and those into [blocks](BLOCK_BYTES) of
//! 16 KiB. Both are whole subtrees of BLAKE3's own hash tree, so three levels of proof come from
//! one hash:
//!
//! | held | what can be checked |
//! |---|---|
//! | the [`BlobHash`] | the whole blob, once all of it is here |
//! | the [`Groups`] (32 B per MiB) | every group on its own |
//! | a group's slice of the outboard ([`GroupProof`], 4 KiB per MiB) | every block on its own |
//!
//! Use [`TreeHasher`] to publish, [`MeasuredGroup`] to check what arrives, and [`GroupProof`] to
//! find the bad blocks of a damaged group. [`BlobLayout`] does the arithmetic.
//! The bytes are drawn in `docs/spec/outboard.md`. Nothing here reads a file or a clock.

mod groups;
mod hash;
mod layout;
mod proof;
mod tree;
mod tree_hasher;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use groups::Groups;
pub use hash::{BlobHash, BlobHashTextError};
pub use layout::BlobLayout;
pub use proof::{BlockMask, GroupProof, MeasuredBlock, MeasuredGroup};
pub use tree_hasher::{GroupSlice, Hashed, TreeHasher};

use thiserror::Error;

/// Bytes of a block, the smallest piece of a blob that can be checked on its own.
///
/// 16 KiB are one packet burst on a slow link, and sixteen BLAKE3 chunks: as many as the widest
/// vector units hash at once.
pub const BLOCK_BYTES: u64 = 16 * 1024;

/// Bytes of a group, the piece of a blob that is checked with nothing but the list in the item.
pub const GROUP_BYTES: u64 = 1024 * 1024;

/// Blocks in a full group.
pub const GROUP_BLOCKS: u32 = (GROUP_BYTES / BLOCK_BYTES) as u32;

/// Bytes of the largest blob: 64 GiB.
///
/// Its list of group hashes is 2 MiB, which is what a peer who lies may cost; the marks of a
/// receiver are 1 MiB. An hour of original 4K video takes about 20 GiB.
pub const BLOB_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;

/// Bytes of group hashes that an item carries itself; longer lists travel as a blob of their own.
///
/// Enough for a blob of 1 GiB.
pub const INLINE_GROUP_HASHES_BYTES_MAX: u64 = 32 * 1024;

/// Bytes of a hash in a list of groups or in a node of the outboard.
pub const HASH_BYTES: usize = 32;

/// Bytes of a node of the outboard: the chaining values of its left and of its right child.
pub const NODE_BYTES: usize = 2 * HASH_BYTES;

/// Bytes of a full group's slice of the outboard: 63 nodes.
pub const SLICE_BYTES_MAX: usize = (GROUP_BLOCKS as usize - 1) * NODE_BYTES;

/// Says why a piece of a blob, or a claim about one, was refused.
///
/// All variants but [`TooLarge`](Self::TooLarge) and [`NoSuchGroup`](Self::NoSuchGroup), which can
/// also be the caller's slip, are the fault of whoever sent the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BlobRefused {
    /// The blob is larger than [`BLOB_BYTES_MAX`].
    #[error("a blob of {size} bytes is too large, the limit is {BLOB_BYTES_MAX}")]
    TooLarge {
        /// The claimed or measured size in bytes.
        size: u64,
    },
    /// The list of group hashes has the wrong length for the size.
    #[error("{found} group hashes where the size asks for {expected}")]
    GroupCount {
        /// How many hashes the size asks for.
        expected: u64,
        /// How many there were.
        found: u64,
    },
    /// The group hashes do not add up to the blob's hash.
    #[error("the group hashes do not belong to this blob")]
    GroupsMismatch,
    /// The blob has no group of this number.
    #[error("the blob has no group {group}")]
    NoSuchGroup {
        /// The number asked for, from 0.
        group: u32,
    },
    /// A group or block was given with too few or too many bytes.
    #[error("{found} bytes where {expected} belong")]
    Length {
        /// Bytes that belong there.
        expected: u64,
        /// Bytes given.
        found: u64,
    },
    /// A slice of the outboard does not belong to this group.
    #[error("the outboard slice of group {group} does not belong to this blob")]
    SliceMismatch {
        /// The group's number, from 0.
        group: u32,
    },
}
