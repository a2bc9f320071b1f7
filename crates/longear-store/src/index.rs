//! The index: an SQLite database that answers where things stand. It can be rebuilt from the segments at any time.

use std::path::Path;

use longear_core::deletion::Noted;
use longear_core::limits::LOG_ITEMS_MAX;
use longear_core::{ChannelId, ItemId, LogId, LogOpening, PublicKey};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::batch::payload_record;
use crate::segment::Place;

/// Raised whenever the tables change: an older index is then thrown away and rebuilt.
const SCHEMA_VERSION: i64 = 6;
/// Page cache of the database, KiB (SQLite's negative convention).
const CACHE_KIB: i64 = 8_192;
/// Pages written beside the database before they are copied into it, which costs two syncs: those of several batches.
const CHECKPOINT_PAGES: i64 = 4_096;
/// Bytes that the file beside the database keeps when its pages were copied.
const WAL_KEPT_BYTES: i64 = 4 << 20;

const SCHEMA: &str = "
CREATE TABLE progress (one INTEGER PRIMARY KEY CHECK (one = 0), segment INTEGER NOT NULL, length INTEGER NOT NULL);
CREATE TABLE channels (no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, followed INTEGER NOT NULL);
CREATE TABLE logs (no INTEGER PRIMARY KEY, channel INTEGER NOT NULL, id BLOB NOT NULL UNIQUE, key BLOB NOT NULL,
    incarnation INTEGER NOT NULL);
CREATE TABLE charters (channel INTEGER NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
    length INTEGER NOT NULL, PRIMARY KEY (channel, segment, offset)) WITHOUT ROWID;
CREATE TABLE statements (channel INTEGER NOT NULL, log BLOB NOT NULL, cited BLOB NOT NULL, segment INTEGER NOT NULL,
    offset INTEGER NOT NULL, length INTEGER NOT NULL, PRIMARY KEY (channel, log, cited)) WITHOUT ROWID;
CREATE TABLE forks (channel INTEGER NOT NULL, log BLOB NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
    length INTEGER NOT NULL, PRIMARY KEY (channel, log)) WITHOUT ROWID;
CREATE TABLE items (at INTEGER PRIMARY KEY, id INTEGER NOT NULL, time INTEGER NOT NULL, kind INTEGER NOT NULL,
    segment INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, payload INTEGER,
    payload_segment INTEGER, payload_length INTEGER NOT NULL, deleted INTEGER NOT NULL);
CREATE TABLE branches (at INTEGER NOT NULL, id BLOB NOT NULL, previous BLOB NOT NULL, segment INTEGER NOT NULL,
    offset INTEGER NOT NULL, length INTEGER NOT NULL, PRIMARY KEY (at, id)) WITHOUT ROWID;
CREATE TABLE set_aside (at INTEGER NOT NULL, id BLOB NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
    length INTEGER NOT NULL, PRIMARY KEY (at, id)) WITHOUT ROWID;
CREATE TABLE retractions (target BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (target, at)) WITHOUT ROWID;
CREATE INDEX retractions_by_at ON retractions (at);
CREATE TABLE renditions (at INTEGER NOT NULL, blob BLOB NOT NULL, PRIMARY KEY (blob, at)) WITHOUT ROWID;
CREATE INDEX renditions_by_at ON renditions (at);
CREATE TABLE openings (at INTEGER PRIMARY KEY, stream BLOB NOT NULL);
CREATE TABLE roll_ups (at INTEGER PRIMARY KEY, stream BLOB NOT NULL);
CREATE INDEX roll_ups_by_stream ON roll_ups (stream);
CREATE TABLE rooms (at INTEGER PRIMARY KEY);
CREATE TABLE moderations (at INTEGER PRIMARY KEY, room BLOB NOT NULL);
CREATE INDEX moderations_by_room ON moderations (room);
CREATE TABLE taken (at INTEGER PRIMARY KEY, taker BLOB NOT NULL, since INTEGER NOT NULL);
CREATE TABLE erasures (segment INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
    PRIMARY KEY (segment, offset)) WITHOUT ROWID;
CREATE TABLE intents (at INTEGER PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
    length INTEGER NOT NULL);
";

/// Other orders of the items table. The kinds of the last one are those of the feed: articles, and openings of broadcasts.
const ITEM_ORDERS: &str = "
CREATE INDEX items_deleted ON items (at) WHERE deleted;
CREATE INDEX items_by_id ON items (id);
CREATE INDEX items_by_time ON items (time) WHERE kind IN (1, 2, 3, 5);
";

/// A row of the items table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemRow {
    /// Log number and seq in one.
    pub at: i64,
    /// First eight bytes of the item ID.
    pub id: i64,
    /// Time of the header.
    pub time: u64,
    /// Kind of the header.
    pub kind: u8,
    /// The signed header.
    pub header: Place,
    /// The payload, where it is here.
    pub payload: Option<Place>,
    /// Length of the payload, here or not.
    pub payload_length: u32,
    /// The payload was here and was deleted, because the item was taken back.
    pub deleted: bool,
}

/// Log number and seq as one row number: items of a log lie side by side.
pub fn place_of(log_no: i64, seq: u64) -> i64 {
    (log_no << LOG_ITEMS_MAX.ilog2()) | seq as i64
}

/// The seq of a row number.
pub fn seq_of(at: i64) -> u64 {
    at as u64 & (LOG_ITEMS_MAX - 1)
}

/// The log number of a row number.
pub fn log_no_of(at: i64) -> i64 {
    at >> LOG_ITEMS_MAX.ilog2()
}

/// The first eight bytes of an ID, for the index.
pub fn short_id(id: &ItemId) -> i64 {
    let mut short = [0; 8];
    short.copy_from_slice(&id.0[..8]);
    i64::from_le_bytes(short)
}

/// Which items of a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// Those that begin one.
    Openings,
    /// Those that say what was in it.
    RollUps,
}

/// An open index.
#[derive(Debug)]
pub struct Index {
    connection: Connection,
}

impl Index {
    /// Opens or makes the index file; `None` keeps it in memory. A file that is no database is replaced by an empty index.
    pub fn open(path: Option<&Path>) -> rusqlite::Result<Self> {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        let Some(path) = path else { return Self::set_up(Connection::open_in_memory()?) };
        match Connection::open(path).and_then(Self::set_up) {
            Err(rusqlite::Error::SqliteFailure(cause, _)) if matches!(cause.code, DatabaseCorrupt | NotADatabase) => {
                tracing::warn!("the index is damaged; it is built anew from the segments");
                for suffix in ["", "-wal", "-shm"] {
                    let mut name = path.as_os_str().to_owned();
                    name.push(suffix);
                    // What is not there need not go; what cannot go makes the next line fail.
                    let _ = std::fs::remove_file(name);
                }
                Connection::open(path).and_then(Self::set_up)
            }
            opened => opened,
        }
    }

    fn set_up(connection: Connection) -> rusqlite::Result<Self> {
        connection.busy_timeout(std::time::Duration::from_secs(30))?;
        connection.set_prepared_statement_cache_capacity(64);
        // One plan for all values: else SQLite, as it is built here, prepares a statement anew whenever a bound range changes.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.pragma_update(None, "mmap_size", 0)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES)?;
        let version = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
        if version == SCHEMA_VERSION {
            return Ok(Index { connection });
        }
        let mut index = Index { connection };
        index.create()?;
        Ok(index)
    }

    fn create(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let version = transaction.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
        if version != SCHEMA_VERSION {
            for table in tables(&transaction)? {
                transaction.execute_batch(&format!("DROP TABLE {table}"))?;
            }
            transaction.execute_batch(SCHEMA)?;
            transaction.execute_batch(ITEM_ORDERS)?;
            transaction.execute("INSERT INTO progress VALUES (0, 0, 0)", [])?;
            transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        }
        transaction.commit()
    }

    /// Empties all tables, inside a transaction. Until [`Index::order_items`] items are found by their places only: to sort
    /// all of them once costs a third of finding the place of each in every order.
    pub fn clear(&self) -> rusqlite::Result<()> {
        for order in ["items_deleted", "items_by_id", "items_by_time"] {
            self.connection.execute_batch(&format!("DROP INDEX IF EXISTS {order}"))?;
        }
        for table in tables(&self.connection)?.iter().filter(|table| *table != "progress") {
            self.connection.execute_batch(&format!("DELETE FROM {table}"))?;
        }
        self.set_progress(0, 0)
    }

    /// Makes the orders that [`Index::clear`] has dropped, inside the same transaction.
    pub fn order_items(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch(ITEM_ORDERS)
    }

    /// Begins to read: what other processes commit from here on is not seen before [`Index::commit`].
    pub fn begin_reading(&self) -> rusqlite::Result<()> {
        self.run("BEGIN", [])
    }

    /// The connection, for queries that only one place needs.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Changes whenever another process or connection has committed.
    pub fn data_version(&self) -> rusqlite::Result<i64> {
        let mut statement = self.connection.prepare_cached("PRAGMA data_version")?;
        statement.query_row([], |row| row.get(0))
    }

    /// Begins a write transaction; ended by [`Index::commit`] or [`Index::roll_back`].
    pub fn begin(&self) -> rusqlite::Result<()> {
        self.run("BEGIN IMMEDIATE", [])
    }

    /// Commits.
    pub fn commit(&self) -> rusqlite::Result<()> {
        self.run("COMMIT", [])
    }

    /// Forgets what was done since [`Index::begin`].
    pub fn roll_back(&self) {
        // Nothing to forget is no error here.
        let _ = self.run("ROLLBACK", []);
    }

    /// Up to where the segments are indexed.
    pub fn progress(&self) -> rusqlite::Result<(u32, u64)> {
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64));
        self.connection.prepare_cached("SELECT segment, length FROM progress")?.query_row([], read)
    }

    /// Notes up to where the segments are indexed.
    pub fn set_progress(&self, segment: u32, length: u64) -> rusqlite::Result<()> {
        self.run("UPDATE progress SET segment = ?, length = ?", params![segment, length as i64])
    }

    /// The number of a channel, given one if it is new.
    pub fn channel_no(&self, channel: &ChannelId) -> rusqlite::Result<i64> {
        self.run("INSERT OR IGNORE INTO channels (id, followed) VALUES (?, 0)", [channel.0])?;
        let mut statement = self.connection.prepare_cached("SELECT no FROM channels WHERE id = ?")?;
        statement.query_row([channel.0], |row| row.get(0))
    }

    /// Whether a channel is followed.
    pub fn set_followed(&self, channel_no: i64, followed: bool) -> rusqlite::Result<()> {
        self.run("UPDATE channels SET followed = ? WHERE no = ?", params![followed, channel_no])
    }

    /// All channels: number, ID, whether followed.
    pub fn channels(&self) -> rusqlite::Result<Vec<(i64, ChannelId, bool)>> {
        let mut statement = self.connection.prepare_cached("SELECT no, id, followed FROM channels ORDER BY no")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, ChannelId(row.get(1)?), row.get(2)?)))?;
        rows.collect()
    }

    /// The number of a log, given one if it is new.
    pub fn log_no(&self, channel_no: i64, channel: &ChannelId, opening: &LogOpening) -> rusqlite::Result<i64> {
        let id = opening.log(channel).0;
        let mut statement = self.connection.prepare_cached("SELECT no FROM logs WHERE id = ?")?;
        if let Some(no) = statement.query_row([id], |row| row.get(0)).optional()? {
            return Ok(no);
        }
        let values = params![channel_no, id, opening.key.0, opening.incarnation as i64];
        self.run("INSERT INTO logs (channel, id, key, incarnation) VALUES (?, ?, ?, ?)", values)?;
        Ok(self.connection.last_insert_rowid())
    }

    /// All logs of a channel.
    pub fn logs(&self, channel_no: i64) -> rusqlite::Result<Vec<(i64, LogId, LogOpening)>> {
        let sql = "SELECT no, id, key, incarnation FROM logs WHERE channel = ? ORDER BY no";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([channel_no], |row| {
            let incarnation = row.get::<_, i64>(3)? as u64;
            Ok((row.get(0)?, LogId(row.get(1)?), LogOpening { key: PublicKey(row.get(2)?), incarnation }))
        })?;
        rows.collect()
    }

    /// The channel number of a log, and its ID and opening.
    pub fn log(&self, log_no: i64) -> rusqlite::Result<Option<(i64, LogId, LogOpening)>> {
        let sql = "SELECT channel, id, key, incarnation FROM logs WHERE no = ?";
        let mut statement = self.connection.prepare_cached(sql)?;
        let read = |row: &Row<'_>| {
            let incarnation = row.get::<_, i64>(3)? as u64;
            Ok((row.get(0)?, LogId(row.get(1)?), LogOpening { key: PublicKey(row.get(2)?), incarnation }))
        };
        statement.query_row([log_no], read).optional()
    }

    /// The log number of a log ID.
    pub fn log_no_of_id(&self, log: &LogId) -> rusqlite::Result<Option<i64>> {
        let mut statement = self.connection.prepare_cached("SELECT no FROM logs WHERE id = ?")?;
        statement.query_row([log.0], |row| row.get(0)).optional()
    }

    /// Writes the row of an item, whatever stood at its place.
    pub fn put_item(&self, row: &ItemRow) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let mut statement = self.connection.prepare_cached(sql)?;
        insert(&mut statement, row)
    }

    /// Writes the rows of items at whose places nothing stands. A replacing statement would cost twice as much: SQLite
    /// copies each page that it changes, so that it can undo a half-done replacement.
    pub fn add_items<'r>(&self, rows: impl IntoIterator<Item = &'r ItemRow>) -> rusqlite::Result<()> {
        let sql = "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let mut statement = self.connection.prepare_cached(sql)?;
        rows.into_iter().try_for_each(|row| insert(&mut statement, row))
    }

    /// Notes where the payload of an item stands now, or that it is missing.
    pub fn set_payload(&self, at: i64, payload: Option<Place>) -> rusqlite::Result<()> {
        let (offset, segment) = (payload.map(|place| place.offset as i64), payload.map(|place| place.segment));
        self.run(
            "UPDATE items SET payload = ?, payload_segment = ?, deleted = 0 WHERE at = ?",
            params![offset, segment, at],
        )
    }

    /// Notes that the payload of an item was deleted.
    pub fn set_deleted(&self, at: i64) -> rusqlite::Result<()> {
        self.run("UPDATE items SET payload = NULL, payload_segment = NULL, deleted = 1 WHERE at = ?", [at])
    }

    /// The row at a place.
    pub fn item(&self, at: i64) -> rusqlite::Result<Option<ItemRow>> {
        let mut statement = self.connection.prepare_cached("SELECT * FROM items WHERE at = ?")?;
        statement.query_row([at], read_item).optional()
    }

    /// Rows whose ID begins with these eight bytes; as a rule one.
    pub fn items_by_short_id(&self, id: i64) -> rusqlite::Result<Vec<ItemRow>> {
        let mut statement = self.connection.prepare_cached("SELECT * FROM items WHERE id = ?")?;
        statement.query_map([id], read_item)?.collect()
    }

    /// Rows of all items that somebody names as taken back, that are noted so, or that were deleted for it.
    pub fn taken_rows(&self) -> rusqlite::Result<Vec<ItemRow>> {
        let mut rows = Vec::new();
        let mut targets = self.connection.prepare_cached("SELECT DISTINCT target FROM retractions")?;
        for target in targets.query_map([], |row| Ok(ItemId(row.get(0)?)))? {
            // Where nothing of it is here, and nothing was, there is nothing to decide.
            rows.extend(self.items_by_short_id(short_id(&target?))?.into_iter().filter(|row| row.payload.is_some()));
        }
        let sql = "SELECT * FROM items WHERE deleted OR at IN (SELECT at FROM taken)";
        let mut others = self.connection.prepare_cached(sql)?;
        rows.extend(others.query_map([], read_item)?.collect::<Result<Vec<_>, _>>()?);
        rows.sort_unstable_by_key(|row| row.at);
        rows.dedup_by_key(|row| row.at);
        Ok(rows)
    }

    /// What was noted about an item that was taken back.
    pub fn noted(&self, at: i64) -> rusqlite::Result<Option<Noted>> {
        let mut statement = self.connection.prepare_cached("SELECT taker, since FROM taken WHERE at = ?")?;
        let read = |row: &Row<'_>| Ok(Noted { by: ItemId(row.get(0)?), since: row.get::<_, i64>(1)? as u64 });
        statement.query_row([at], read).optional()
    }

    /// Whether the payload of an item takes others back.
    pub fn takes_others_back(&self, at: i64) -> rusqlite::Result<bool> {
        self.connection.prepare_cached("SELECT 1 FROM retractions WHERE at = ?")?.exists([at])
    }

    /// The records in which the payload of an item stands: its own, the one that announced what was to be signed, and copies
    /// that were set aside at its place.
    pub fn payload_records(&self, row: &ItemRow) -> rusqlite::Result<Vec<Place>> {
        let own = row.payload.filter(|place| place.length > 0);
        let aside = self.places("SELECT segment, offset, length FROM set_aside WHERE at = ?", [row.at])?;
        let aside = aside.into_iter().filter(|place| Some(*place) != own);
        let intents = self.places("SELECT segment, offset, length FROM intents WHERE at = ?", [row.at])?;
        Ok(own.into_iter().chain(aside).map(payload_record).chain(intents).collect())
    }

    /// Records that are to be overwritten, by segment.
    pub fn erasures(&self) -> rusqlite::Result<Vec<Place>> {
        self.places("SELECT segment, offset, length FROM erasures ORDER BY segment, offset", [])
    }

    /// Places and streams of the openings or roll-ups of a range of places, ascending.
    pub fn streams(&self, table: Streams, from: i64, to: i64) -> rusqlite::Result<Vec<(i64, [u8; 16])>> {
        let sql = match table {
            Streams::Openings => "SELECT at, stream FROM openings WHERE at >= ? AND at < ? ORDER BY at",
            Streams::RollUps => "SELECT at, stream FROM roll_ups WHERE at >= ? AND at < ? ORDER BY at",
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([from, to], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    /// Rows of a range of places, ascending.
    pub fn items_between(&self, from: i64, to: i64, limit: usize) -> rusqlite::Result<Vec<ItemRow>> {
        let sql = "SELECT * FROM items WHERE at >= ? AND at < ? ORDER BY at LIMIT ?";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map(params![from, to, limit as i64], read_item)?.collect()
    }

    /// Articles and openings of broadcasts, newest first, from before (time, place).
    pub fn newest_articles(&self, before: (u64, i64), limit: usize) -> rusqlite::Result<Vec<ItemRow>> {
        // The same words as in the order of the table, or SQLite does not see that it may use it.
        let sql = "SELECT * FROM items WHERE kind IN (1, 2, 3, 5) AND (time, at) < (?, ?)
            ORDER BY time DESC, at DESC LIMIT ?";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map(params![before.0 as i64, before.1, limit as i64], read_item)?.collect()
    }

    /// Runs a statement that returns nothing.
    pub fn run(&self, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(values).map(|_| ())
    }

    /// Runs a query whose rows are places of records.
    pub fn places(&self, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<Vec<Place>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let read = |row: &Row<'_>| {
            Ok(Place { segment: row.get(0)?, offset: row.get::<_, i64>(1)? as u64, length: row.get(2)? })
        };
        statement.query_map(values, read)?.collect()
    }
}

fn insert(statement: &mut rusqlite::Statement<'_>, row: &ItemRow) -> rusqlite::Result<()> {
    let values = params![
        row.at,
        row.id,
        row.time as i64,
        row.kind,
        row.header.segment,
        row.header.offset as i64,
        row.header.length,
        row.payload.map(|place| place.offset as i64),
        row.payload.map(|place| place.segment),
        row.payload_length,
        row.deleted,
    ];
    statement.execute(values).map(|_| ())
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

fn read_item(row: &Row<'_>) -> rusqlite::Result<ItemRow> {
    let payload_length = row.get(9)?;
    let payload = match (row.get::<_, Option<i64>>(7)?, row.get::<_, Option<u32>>(8)?) {
        (Some(offset), Some(segment)) => Some(Place { segment, offset: offset as u64, length: payload_length }),
        _ => None,
    };
    Ok(ItemRow {
        at: row.get(0)?,
        id: row.get(1)?,
        time: row.get::<_, i64>(2)? as u64,
        kind: row.get(3)?,
        header: Place { segment: row.get(4)?, offset: row.get::<_, i64>(5)? as u64, length: row.get(6)? },
        payload,
        payload_length,
        deleted: row.get(10)?,
    })
}
