//! What can go wrong with rooms.

use std::io;
use std::path::PathBuf;

use longear_core::Reason;
use longear_core::room::RoomId;

use crate::error::StoreError;

/// Says what went wrong: the disk, a database, or a newer Longear.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoomError {
    /// The folder of the rooms.
    #[error("cannot {operation} {}: {source}", path.display())]
    Folder {
        /// What was tried.
        operation: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file that says how much space rooms have says no number.
    #[error("{} does not say how much space rooms have", path.display())]
    Space {
        /// Which file.
        path: PathBuf,
    },
    /// The items that rooms rest on.
    #[error(transparent)]
    Items(#[from] StoreError),
    /// The database of a room.
    #[error("the notes of a room are not readable: {0}")]
    Database(#[from] rusqlite::Error),
    /// The database was written by a newer Longear.
    #[error("the notes of room {room} were written by a newer Longear, which is needed to read them")]
    Newer {
        /// Which room.
        room: RoomId,
    },
    /// The database holds the notes of another room than its name says, or has another first day.
    #[error("the file of room {room} holds another room")]
    Other {
        /// Which room was looked for.
        room: RoomId,
    },
    /// A note does not read as what it was when it was written; `longear check --repair` drops it.
    #[error("a note of room {room} is damaged: {reason}")]
    Damaged {
        /// Which room.
        room: RoomId,
        /// Why it cannot be read.
        reason: Reason,
    },
}

impl RoomError {
    /// Whether there is no room left on the disk.
    pub fn is_full(&self) -> bool {
        match self {
            RoomError::Folder { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            RoomError::Database(rusqlite::Error::SqliteFailure(failure, _)) => {
                failure.code == rusqlite::ErrorCode::DiskFull
            }
            RoomError::Items(error) => error.is_full(),
            _ => false,
        }
    }

    /// Whether the folder cannot be written.
    pub fn is_read_only(&self) -> bool {
        match self {
            RoomError::Folder { source, .. } => {
                matches!(source.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
            }
            RoomError::Database(rusqlite::Error::SqliteFailure(failure, _)) => {
                matches!(failure.code, rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::CannotOpen)
            }
            RoomError::Items(error) => error.is_read_only(),
            _ => false,
        }
    }
}
