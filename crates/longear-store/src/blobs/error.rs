//! What can go wrong with a blob, and whose fault it is.

use std::io;

use longear_core::blob::{BlobHash, BlobRefused};
use thiserror::Error;

use crate::backend::StorageError;

/// Says why something could not be done with a blob.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The disk failed, is full or read-only. What was held is still held; try again later.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A claim or proof about the blob is wrong: the fault of whoever sent it.
    #[error(transparent)]
    Refused(#[from] BlobRefused),
    /// The file or stream being published could not be read.
    #[error("cannot read what is to be published: {0}")]
    Source(#[source] io::Error),
    /// A background thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
    /// Somebody else is writing or checking this blob.
    #[error("blob {hash} is being written by somebody else")]
    Busy {
        /// The blob.
        hash: BlobHash,
    },
    /// The blob is complete already, so there is nothing to write.
    #[error("blob {hash} is complete")]
    AlreadyComplete {
        /// The blob.
        hash: BlobHash,
    },
    /// Nothing is held of this blob.
    #[error("blob {hash} is not here")]
    Absent {
        /// The blob.
        hash: BlobHash,
    },
    /// The bytes at this place are not here, or not proven yet.
    #[error("blob {hash} is not here at byte {offset}")]
    NotHere {
        /// The blob.
        hash: BlobHash,
        /// The place asked for.
        offset: u64,
    },
    /// Two claims about the size of a blob differ, and the other one is proven.
    #[error("blob {hash} was said to have {claimed} bytes, but has {held}")]
    SizeConflict {
        /// The blob.
        hash: BlobHash,
        /// The size that is proven.
        held: u64,
        /// The size that was claimed now.
        claimed: u64,
    },
    /// Bytes beyond the end of the blob were written.
    #[error("byte {offset} lies beyond the end of the blob")]
    OutOfRange {
        /// The end of what was to be written.
        offset: u64,
    },
    /// The blob cannot be finished because bytes are missing.
    #[error("{missing_bytes} bytes are missing")]
    Incomplete {
        /// How many.
        missing_bytes: u64,
    },
    /// The blob cannot be finished because groups are damaged; see
    /// [`BlobWriter::damaged`](super::BlobWriter::damaged).
    #[error("{count} groups are damaged")]
    Damaged {
        /// How many.
        count: usize,
    },
    /// The group hashes are needed first, to tell which part is wrong.
    #[error("the group hashes are not known")]
    GroupsUnknown,
    /// The group is not among the damaged ones.
    #[error("group {group} is not damaged")]
    NotDamaged {
        /// The group's number, from 0.
        group: u32,
    },
}

impl BlobError {
    /// Tells whether the disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Storage(error) if error.is_full())
    }

    /// Tells whether the store cannot be written by this process.
    pub fn is_read_only(&self) -> bool {
        matches!(self, Self::Storage(error) if error.is_read_only())
    }
}
