//! Making the tables of a room anew from its notes.

use longear_core::room::{Endorsements, Note, NoteId, verify_note};
use rusqlite::params;

use super::Room;
use super::database::make_search;
use super::error::RoomError;
use super::packed::unpack;
use super::tables::{Kept, Tables};
use super::taking::{count_days, show_replies};

/// What follows from the notes.
const DERIVED: [&str; 6] = ["ids", "places", "in_order", "replies", "flags", "days"];

impl Room {
    /// Drops notes that do not verify, so that the next sync brings them, and makes everything else anew from the others.
    ///
    /// # Errors
    /// The database cannot be read or written; then nothing was changed.
    pub fn repair(&self) -> Result<(), RoomError> {
        self.write(|tables, filling| {
            filling.forget();
            for table in DERIVED {
                tables.connection.execute_batch(&format!("DELETE FROM {table}"))?;
            }
            make_search(tables.connection)?;
            let mut known = Endorsements::default();
            let mut next = i64::MIN;
            while let Some((row, shown, signed)) = row_from(tables, next)? {
                next = row + 1;
                let verified = Note::decode(&signed).and_then(|note| verify_note(&tables.venue, note, &mut known));
                let kept = verified.ok().map(|note| Kept::of(&note));
                let fits = |kept: &Kept| tables.day_of_row(row) == kept.facts.day();
                match kept.filter(fits) {
                    Some(kept) if tables.standing(&kept.facts.place())?.is_none() => {
                        let own = kept.facts.floor_ms;
                        if own != shown {
                            tables.run("UPDATE notes SET shown = ? WHERE row = ?", [own as i64, row])?;
                        }
                        tables.insert_words(&[(row, own, &kept)])?;
                        tables.insert_orders(&[(row, own, &kept)])?;
                        count_days(tables, std::iter::once(&kept.facts), 1)?;
                    }
                    _ => tables.run("DELETE FROM notes WHERE row = ?", [row]).map(drop)?,
                }
            }
            show_all_replies(tables)
        })
    }
}

/// All notes are shown at their own times; those who answer are not shown before.
fn show_all_replies(tables: &Tables<'_>) -> Result<(), RoomError> {
    let mut next = i64::MIN;
    while let Some((row, shown, signed)) = row_from(tables, next)? {
        next = row + 1;
        show_replies(tables, NoteId::of(&signed), Some(shown))?;
    }
    Ok(())
}

fn row_from(tables: &Tables<'_>, row: i64) -> Result<Option<(i64, u64, Vec<u8>)>, RoomError> {
    let sql = "SELECT row, shown, note FROM notes WHERE row >= ? ORDER BY row LIMIT 1";
    let mut statement = tables.connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![row])?;
    let Some(found) = rows.next()? else { return Ok(None) };
    let signed = unpack(tables.room(), found.get_ref(2)?.as_blob().unwrap_or_default());
    Ok(Some((found.get(0)?, found.get::<_, i64>(1)? as u64, signed)))
}
