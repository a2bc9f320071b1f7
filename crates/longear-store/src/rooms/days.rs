//! Days, by which rooms are compared and passed on.

use longear_core::room::NoteId;
use rusqlite::params;

use super::Room;
use super::error::RoomError;
use super::filling::ranked_of_day;
use super::packed::unpack;

/// What is held of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which UTC day.
    pub day: u32,
    /// Notes of it.
    pub notes: u64,
    /// Their signed bytes.
    pub bytes: u64,
    /// All their IDs, by exclusive or.
    pub ids: [u8; 32],
}

impl Room {
    /// The days of which something is held, ascending.
    ///
    /// # Errors
    /// The database.
    pub fn days(&self) -> Result<Vec<Day>, RoomError> {
        self.read(|tables| {
            let mut statement =
                tables.connection.prepare_cached("SELECT day, notes, bytes, ids FROM days ORDER BY day")?;
            let rows = statement.query_map([], |row| {
                let (notes, bytes) = (row.get::<_, i64>(1)? as u64, row.get::<_, i64>(2)? as u64);
                Ok(Day { day: row.get(0)?, notes, bytes, ids: row.get(3)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The IDs of a day's notes, ascending. Costs a read and a hash of all of them.
    ///
    /// # Errors
    /// The database.
    pub fn ids_of_day(&self, day: u32) -> Result<Vec<NoteId>, RoomError> {
        let mut ids = Vec::new();
        self.each_of_day(day, |signed| ids.push(NoteId::of(&signed)))?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// The IDs of a day's notes and their bytes, in the order in which they are to be sent: best rank first. By ID where the
    /// room follows no rules yet.
    ///
    /// # Errors
    /// The database.
    pub fn ranked_of_day(&self, day: u32) -> Result<Vec<(NoteId, u32)>, RoomError> {
        let rules = self.rules();
        self.read(|tables| match rules.as_deref() {
            Some(rules) => ranked_of_day(tables, &rules.ranking(tables), day),
            None => {
                let mut ids = Vec::new();
                tables.each_facts(tables.rows_of_day(day), |_, facts| ids.push((facts.id, facts.bytes)))?;
                ids.sort_unstable();
                Ok(ids)
            }
        })
    }

    /// Gives the signed bytes of each of a day's notes, as they came.
    ///
    /// # Errors
    /// The database.
    pub fn each_of_day(&self, day: u32, mut give: impl FnMut(Vec<u8>)) -> Result<(), RoomError> {
        self.read(|tables| {
            let rows = tables.rows_of_day(day);
            let sql = "SELECT note FROM notes WHERE row >= ? AND row < ? ORDER BY row";
            let mut statement = tables.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![rows.start, rows.end])?;
            while let Some(row) = rows.next()? {
                give(unpack(tables.room(), row.get_ref(0)?.as_blob().unwrap_or_default()));
            }
            Ok(())
        })
    }

    /// The signed bytes of notes, of those that are held, in the order in which they are asked for.
    ///
    /// # Errors
    /// The database.
    pub fn signed(&self, ids: &[NoteId]) -> Result<Vec<Vec<u8>>, RoomError> {
        self.read(|tables| {
            let mut notes = Vec::with_capacity(ids.len());
            for id in ids {
                if let Some((row, _)) = tables.find(id)? {
                    notes.extend(tables.signed(row)?.map(|(_, signed)| signed));
                }
            }
            Ok(notes)
        })
    }
}
