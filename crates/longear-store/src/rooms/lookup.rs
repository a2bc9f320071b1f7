//! Looking notes up by what people know of them: the beginnings of IDs, places, flags.

use longear_core::room::{NoteId, Place};

use super::Room;
use super::error::RoomError;
use super::tables::short_id;

/// IDs that are found by one beginning.
const FOUND_MAX: usize = 16;

impl Room {
    /// The IDs of notes that begin with these hexadecimal digits; some, where there are many.
    ///
    /// # Errors
    /// The database.
    pub fn ids_starting_with(&self, digits: &str) -> Result<Vec<NoteId>, RoomError> {
        let bound = |filler: char| {
            let digits = digits.chars().chain(std::iter::repeat(filler)).take(64).collect::<String>();
            digits.parse::<NoteId>().ok()
        };
        let (Some(first), Some(last)) = (bound('0'), bound('f')) else { return Ok(Vec::new()) };
        self.read(|tables| {
            let sql = "SELECT row FROM ids WHERE id >= ? AND id <= ? ORDER BY id";
            let mut statement = tables.connection.prepare_cached(sql)?;
            let mut rows = statement.query([short_id(&first), short_id(&last)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let signed = tables.signed(row.get(0)?)?;
                found.extend(signed.map(|(_, signed)| NoteId::of(&signed)).filter(|id| (first..=last).contains(id)));
                if found.len() >= FOUND_MAX {
                    break;
                }
            }
            Ok(found)
        })
    }

    /// Whether something stands in a place.
    ///
    /// # Errors
    /// The database.
    pub fn is_taken(&self, place: &Place) -> Result<bool, RoomError> {
        self.read(|tables| Ok(tables.standing(place)?.is_some()))
    }

    /// Notes that somebody flagged, those with the most flags first; of each so many flags count as there are, whoever they are from.
    ///
    /// # Errors
    /// The database.
    pub fn flagged(&self, count: usize) -> Result<Vec<NoteId>, RoomError> {
        self.read(|tables| {
            let sql = "SELECT ids.row FROM (SELECT note, count(*) AS flags FROM flags GROUP BY note ORDER BY flags DESC LIMIT ?)
                JOIN ids ON ids.id = note ORDER BY flags DESC, ids.id";
            let mut statement = tables.connection.prepare_cached(sql)?;
            let rows = statement.query_map([count as i64], |row| row.get::<_, i64>(0))?;
            let mut notes = Vec::new();
            for row in rows {
                notes.extend(tables.signed(row?)?.map(|(_, signed)| NoteId::of(&signed)));
            }
            Ok(notes)
        })
    }
}
