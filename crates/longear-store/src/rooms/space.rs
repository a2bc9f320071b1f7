//! How much space each room has on this machine.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::PoisonError;

use super::error::RoomError;
use super::{Rooms, failed, make_folder};

/// Signed bytes of notes that a room is given unless told otherwise: more than four times a million notes. With the search index
/// they take a third more on the disk.
pub const ROOM_BYTES_DEFAULT: u64 = 2 << 30;
/// Least bytes that a room can be given.
pub const ROOM_BYTES_MIN: u64 = 1 << 20;

/// The file that holds the number, in the folder of the rooms.
const SPACE_FILE: &str = "space";

impl Rooms {
    /// How many bytes each room has, in signed bytes of notes. Costs reading a small file.
    ///
    /// # Errors
    /// The file cannot be read, or holds no number.
    pub fn space_bytes(&self) -> Result<u64, RoomError> {
        let Some(folder) = &self.folder else {
            return Ok(*self.space_in_memory.lock().unwrap_or_else(PoisonError::into_inner));
        };
        let path = folder.join(SPACE_FILE);
        match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(ROOM_BYTES_DEFAULT),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(RoomError::Space { path }),
            Err(error) => Err(failed("read", &path, error)),
            Ok(text) => text.trim().parse().map_err(|_| RoomError::Space { path }),
        }
    }

    /// Gives each room so many bytes, or [`ROOM_BYTES_MIN`] where that is more, on this machine and from now on. Rooms that
    /// hold more drop what ranks last when they are next looked at.
    ///
    /// # Errors
    /// The file cannot be written; then it is as before.
    pub fn set_space_bytes(&self, bytes: u64) -> Result<(), RoomError> {
        let bytes = bytes.max(ROOM_BYTES_MIN);
        let Some(folder) = &self.folder else {
            *self.space_in_memory.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
            return Ok(());
        };
        make_folder(folder)?;
        let path = folder.join(SPACE_FILE);
        write(folder, &path, bytes).map_err(|source| failed("write", &path, source))
    }
}

/// Whole or not at all, also when the power goes.
fn write(folder: &Path, path: &Path, bytes: u64) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    writeln!(file, "{bytes}")?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}
