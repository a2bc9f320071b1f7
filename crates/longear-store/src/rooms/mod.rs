//! Notes of rooms: a database for each room, in the order of the room, with search.
//!
//! Here the database is the truth, unlike for items. Why, and what is promised, stands in `docs/design/006-rooms.md`.

mod check;
mod database;
mod days;
mod error;
mod filling;
mod light;
mod lookup;
mod main_cell;
mod merging;
mod packed;
mod pages;
mod repair;
mod rules;
mod shares;
mod space;
mod tables;
mod taking;
#[cfg(test)]
mod tests;
pub mod words;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use longear_core::room::{Endorsements, RoomId, Venue};
use rusqlite::{Connection, TransactionBehavior};

use database::Connections;
use filling::Filling;
use merging::VERIFIERS;
use tables::Tables;

pub use check::RoomReport;
pub use days::Day;
pub use error::RoomError;
pub use merging::Merged;
pub use pages::{Cursor, Found, Page, PageNote, SearchCursor, Way};
pub use rules::{Dropped, Rules};
pub use space::{ROOM_BYTES_DEFAULT, ROOM_BYTES_MIN};
pub use taking::TakenIn;

/// What the name of a room's database ends with.
const SUFFIX: &str = ".db";

/// The rooms of one node. Several threads and processes may use the same ones.
#[derive(Debug)]
pub struct Rooms {
    folder: Option<PathBuf>,
    space_in_memory: Mutex<u64>,
    open: Mutex<HashMap<RoomId, Arc<Room>>>,
}

/// The notes of one room.
#[derive(Debug)]
pub struct Room {
    venue: Venue,
    path: Option<PathBuf>,
    writing: Mutex<Writing>,
    reading: Option<Mutex<Connection>>,
    rules: Mutex<Option<Arc<Rules>>>,
    /// Tickets' words that were checked, of each thread that verifies.
    known: [Mutex<Endorsements>; VERIFIERS],
}

/// What one writer at a time uses.
#[derive(Debug)]
struct Writing {
    connection: Connection,
    filling: Filling,
}

impl Rooms {
    /// Rooms in a folder, which is made when the first one is. Costs nothing.
    pub fn open(folder: &Path) -> Self {
        Rooms { folder: Some(folder.to_owned()), ..Rooms::in_memory() }
    }

    /// Rooms that are gone when the process ends.
    pub fn in_memory() -> Self {
        Rooms { folder: None, space_in_memory: Mutex::new(ROOM_BYTES_DEFAULT), open: Mutex::default() }
    }

    /// The notes of a room; none of it need be here. The first time it is asked for, this costs the opening of a database.
    ///
    /// # Errors
    /// The database cannot be opened, or is another room's.
    pub fn room(&self, venue: &Venue) -> Result<Arc<Room>, RoomError> {
        let mut open = self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(room) = open.get(&venue.room) {
            return if room.venue == *venue { Ok(room.clone()) } else { Err(RoomError::Other { room: venue.room }) };
        }
        let path = self.folder.as_ref().map(|folder| folder.join(format!("{}{SUFFIX}", venue.room)));
        if let Some(folder) = &self.folder {
            make_folder(folder)?;
        }
        let Connections { writing, reading } = Connections::open(path.as_deref(), venue)?;
        let writing = Mutex::new(Writing { connection: writing, filling: Filling::default() });
        let reading = reading.map(Mutex::new);
        let room = Arc::new(Room {
            venue: *venue,
            path,
            writing,
            reading,
            rules: Mutex::default(),
            known: Default::default(),
        });
        open.insert(venue.room, room.clone());
        Ok(room)
    }

    /// Deletes all notes of a room. Nothing may be using it; what is not here is deleted already.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn remove(&self, room: &RoomId) -> Result<(), RoomError> {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).remove(room);
        let Some(folder) = &self.folder else { return Ok(()) };
        // The database first: what is left of it without its log is older, and never other notes.
        for suffix in [SUFFIX, ".db-wal", ".db-shm"] {
            let path = folder.join(format!("{room}{suffix}"));
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("remove", &path, error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The rooms of which something may be here, by their IDs.
    ///
    /// # Errors
    /// The folder cannot be read, or a database in it cannot.
    pub fn held(&self) -> Result<Vec<Venue>, RoomError> {
        let Some(folder) = &self.folder else {
            let open = self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            return Ok(open.values().map(|room| room.venue).collect());
        };
        let entries = match std::fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|source| failed("read the folder", folder, source))?,
        };
        let mut venues = Vec::new();
        for entry in entries {
            let path = entry.map_err(|source| failed("read the folder", folder, source))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(SUFFIX));
            if name.is_some_and(|name| name.parse::<RoomId>().is_ok()) {
                venues.extend(database::venue_in(&path)?);
            }
        }
        venues.sort_unstable_by_key(|venue| venue.room);
        Ok(venues)
    }
}

impl Room {
    /// What its notes are verified against.
    pub fn venue(&self) -> &Venue {
        &self.venue
    }

    /// Runs something in a transaction that writes. What it did counts, durably, if it succeeded.
    fn write<T>(&self, work: impl FnOnce(&Tables<'_>, &mut Filling) -> Result<T, RoomError>) -> Result<T, RoomError> {
        let mut writing = self.lock_writing();
        let Writing { connection, filling } = &mut *writing;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version = data_version(&transaction)?;
        if version != filling.data_version {
            filling.forget();
            filling.data_version = version;
        }
        let outcome = work(&Tables { connection: &transaction, venue: self.venue }, filling);
        let outcome = outcome.and_then(|outcome| Ok(transaction.commit().map(|()| outcome)?));
        if outcome.is_err() {
            filling.forget();
        }
        outcome
    }

    /// Runs something that reads, all of it at one moment.
    fn read<T>(&self, work: impl FnOnce(&Tables<'_>) -> Result<T, RoomError>) -> Result<T, RoomError> {
        let read = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            work(&Tables { connection: &transaction, venue: self.venue })
        };
        match &self.reading {
            Some(reading) => read(&mut reading.lock().unwrap_or_else(|poisoned| poisoned.into_inner())),
            None => read(&mut self.lock_writing().connection),
        }
    }

    /// A panic leaves no open transaction: dropping one undoes it. What was counted meanwhile is not true any more.
    fn lock_writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(|poisoned| {
            self.writing.clear_poison();
            let mut writing = poisoned.into_inner();
            writing.filling.forget();
            writing
        })
    }

    /// What it follows, if it was told.
    pub fn rules(&self) -> Option<Arc<Rules>> {
        self.rules.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    fn set_rules(&self, rules: &Arc<Rules>) {
        *self.rules.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(rules.clone());
    }
}

/// Changes whenever another connection has committed.
fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// Makes the folder, and its name durable.
fn make_folder(folder: &Path) -> Result<(), RoomError> {
    use std::os::unix::fs::DirBuilderExt;
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(source) => return Err(failed("make the folder", folder, source)),
    }
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = std::fs::File::open(above).and_then(|above| above.sync_all());
    synced.map_err(|source| failed("sync the folder", above, source))
}

fn failed(operation: &'static str, path: &Path, source: io::Error) -> RoomError {
    RoomError::Folder { operation, path: path.to_owned(), source }
}
