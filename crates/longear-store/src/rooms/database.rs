//! The database of one room: its tables, and how it is opened.

use std::path::Path;

use longear_core::room::Venue;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::error::RoomError;
use super::words::FOLDING;

/// Raised whenever the tables change.
const SCHEMA_VERSION: i64 = 1;
/// Page cache of the connection that writes: the pages of the small tables that a batch changes, most of them several times.
const WRITING_CACHE_KIB: i64 = 24_576;
/// Page cache of the connection that reads: pages of notes are read once, what leads to them again and again.
const READING_CACHE_KIB: i64 = 8_192;
/// Pages written beside the database before they are copied into it: those of a large batch.
const CHECKPOINT_PAGES: i64 = 8_192;
/// Bytes that the file beside the database keeps when its pages were copied.
const WAL_KEPT_BYTES: i64 = 4 << 20;
/// Words that the search index gathers in memory before it writes them, in bytes.
const WORDS_GATHERED_BYTES: i64 = 8 << 20;

/// A row number begins with the day, so that a day's notes lie together; within it notes count up as they came.
///
/// The small tables hold six bytes of IDs ([`super::tables::short_id`]) and are read in their own order only.
const SCHEMA: &str = "
CREATE TABLE room (one INTEGER PRIMARY KEY CHECK (one = 0), id BLOB NOT NULL, first_day INTEGER NOT NULL,
    folding INTEGER NOT NULL);
CREATE TABLE notes (row INTEGER PRIMARY KEY, shown INTEGER NOT NULL, note BLOB NOT NULL);
CREATE TABLE ids (id INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (id, row)) WITHOUT ROWID;
CREATE TABLE places (place INTEGER NOT NULL, entry INTEGER NOT NULL, row INTEGER NOT NULL,
    PRIMARY KEY (place, entry)) WITHOUT ROWID;
CREATE TABLE in_order (shown INTEGER NOT NULL, id INTEGER NOT NULL, row INTEGER NOT NULL,
    PRIMARY KEY (shown, id, row)) WITHOUT ROWID;
CREATE TABLE replies (parent INTEGER NOT NULL, shown INTEGER NOT NULL, id INTEGER NOT NULL, row INTEGER NOT NULL,
    PRIMARY KEY (parent, shown, id, row)) WITHOUT ROWID;
CREATE TABLE flags (note INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (note, row)) WITHOUT ROWID;
CREATE TABLE days (day INTEGER PRIMARY KEY, notes INTEGER NOT NULL, bytes INTEGER NOT NULL, ids BLOB NOT NULL);
";

/// The search index holds no text: words lead to rows. Beginnings of four to eight letters are words of their own,
/// because the index would otherwise put together all that begin so before it gives the first one.
pub const SEARCH: &str = "
CREATE VIRTUAL TABLE words USING fts5(text, content='', columnsize=0, detail=none, tokenize='ascii', prefix='4 5 6 7 8');
";

/// The two connections of a room. A room in memory has one.
#[derive(Debug)]
pub struct Connections {
    /// Writes.
    pub writing: Connection,
    /// Reads, and waits for nobody who writes.
    pub reading: Option<Connection>,
}

impl Connections {
    /// Opens or makes a database; `None` keeps it in memory.
    pub fn open(path: Option<&Path>, venue: &Venue) -> Result<Self, RoomError> {
        let Some(path) = path else {
            let mut writing = Connection::open_in_memory()?;
            set_up(&writing, WRITING_CACHE_KIB)?;
            make(&mut writing, venue)?;
            return Ok(Connections { writing, reading: None });
        };
        let mut writing = Connection::open(path)?;
        set_up(&writing, WRITING_CACHE_KIB)?;
        make(&mut writing, venue)?;
        let reading = Connection::open(path)?;
        set_up(&reading, READING_CACHE_KIB)?;
        Ok(Connections { writing, reading: Some(reading) })
    }
}

fn set_up(connection: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(30))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Here the database is the truth: what was acknowledged was synced.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is purged must not stay in pages that are free.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES)
}

/// Makes the tables where they are missing, and looks whose they are where not.
fn make(connection: &mut Connection, venue: &Venue) -> Result<(), RoomError> {
    let room = venue.room;
    let version = |connection: &Connection| connection.pragma_query_value(None, "user_version", |row| row.get(0));
    let mut found: i64 = version(connection)?;
    if found == 0 {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        found = version(&transaction)?;
        // Another process may have been faster.
        if found == 0 {
            transaction.execute_batch(SCHEMA)?;
            make_search(&transaction)?;
            let values = params![room.0, venue.first_day, FOLDING];
            transaction.execute("INSERT INTO room VALUES (0, ?, ?, ?)", values)?;
            transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            found = SCHEMA_VERSION;
        }
        transaction.commit()?;
    }
    if found > SCHEMA_VERSION {
        return Err(RoomError::Newer { room });
    }
    let (id, first_day) = whose(connection)?;
    if (id, first_day) == (room.0, venue.first_day) { Ok(()) } else { Err(RoomError::Other { room }) }
}

fn whose(connection: &Connection) -> rusqlite::Result<([u8; 32], u32)> {
    connection.query_row("SELECT id, first_day FROM room", [], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Makes an empty search index.
pub fn make_search(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("DROP TABLE IF EXISTS words")?;
    connection.execute_batch(SEARCH)?;
    connection.execute("INSERT INTO words (words, rank) VALUES ('hashsize', ?)", [WORDS_GATHERED_BYTES])?;
    Ok(())
}

/// The room in a file that is there already: its ID, and the day of its item. `None`: no room was made in it.
pub fn venue_in(path: &Path) -> Result<Option<Venue>, RoomError> {
    let connection = Connection::open(path)?;
    let is_made = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE name = 'room'", [], |row| row.get::<_, i64>(0))
        .optional()?;
    if is_made.is_none() {
        return Ok(None);
    }
    let (id, first_day) = whose(&connection)?;
    Ok(Some(Venue { room: longear_core::room::RoomId(id), first_day }))
}
