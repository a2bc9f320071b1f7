//! What can go wrong with the store.

use crate::backend::StorageError;
use longear_core::Reason;

/// Says what went wrong: the disk, the index, somebody else's lock, or a bug.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk.
    #[error(transparent)]
    Disk(#[from] StorageError),
    /// The index; `longear check --repair` rebuilds it.
    #[error("the index of the store is not readable: {0}")]
    Index(#[from] rusqlite::Error),
    /// Another process has been writing for too long.
    #[error("another Longear process has been writing to this store for {seconds} s")]
    Locked {
        /// How long was waited.
        seconds: u64,
    },
    /// The store holds something that does not read as what it was when it was written.
    #[error("the store is damaged: {what}: {reason}")]
    Damaged {
        /// Which object.
        what: String,
        /// Why it cannot be read.
        reason: Reason,
    },
    /// The object belongs to a channel that this store has never heard of.
    #[error("this channel is not known here")]
    UnknownChannel,
    /// The log is full.
    #[error("the log has reached its {max} items; enrol a new delegate key")]
    LogFull {
        /// The limit.
        max: u64,
    },
}

impl StoreError {
    /// Whether there is no room left on the disk.
    pub fn is_full(&self) -> bool {
        match self {
            StoreError::Disk(error) => error.is_full(),
            StoreError::Index(rusqlite::Error::SqliteFailure(failure, _)) => {
                failure.code == rusqlite::ErrorCode::DiskFull
            }
            _ => false,
        }
    }

    /// Whether the folder cannot be written.
    pub fn is_read_only(&self) -> bool {
        match self {
            StoreError::Disk(error) => error.is_read_only(),
            StoreError::Index(rusqlite::Error::SqliteFailure(failure, _)) => {
                matches!(failure.code, rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::CannotOpen)
            }
            _ => false,
        }
    }
}
