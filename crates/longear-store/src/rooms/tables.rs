//! Single steps in the tables of a room, all inside a transaction that somebody else has begun.

use longear_core::Reason;
use longear_core::room::{Facts, Note, NoteId, Place, RoomId, Venue, What};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, params};

use super::error::RoomError;
use super::light::facts_of;
use super::packed::{pack, unpack};
use super::words::fold;

/// Bits of a row number that count the notes of a day.
const ROW_BITS: u32 = 22;
/// Notes of one day that a room can hold.
pub const DAY_NOTES_MAX: i64 = 1 << ROW_BITS;
/// Bits of a place below the day: flag or not, and slot.
const SLOT_BITS: u32 = 9;
/// In a place: it is a flag's.
const FLAG_BIT: i64 = 1 << 8;

/// A note with all that the tables hold of it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What decides where it stands.
    pub facts: Facts,
    /// What stands on the disk.
    pub packed: Vec<u8>,
    /// Its words for the search index.
    pub words: String,
}

impl Kept {
    /// What is kept of a note.
    pub fn of(note: &Note) -> Self {
        Kept { facts: Facts::of(note), packed: pack(&note.encode()), words: fold(&note.text) }
    }

    /// The same for whoever has the bytes of the note at hand.
    pub fn read(signed: &[u8], note: &Note) -> Option<Self> {
        Some(Kept { facts: facts_of(signed)?, packed: pack(signed), words: fold(&note.text) })
    }
}

/// The first six bytes of an ID, so that they sort as IDs do. Two notes may share them: whoever looks for one compares IDs.
pub fn short_id(id: &NoteId) -> i64 {
    let [a, b, c, d, e, f, ..] = id.0;
    i64::from_be_bytes([0, 0, a, b, c, d, e, f]) - (1 << 47)
}

/// The tables of one room.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'c> {
    /// Where they are.
    pub connection: &'c Connection,
    /// Whose they are.
    pub venue: Venue,
}

impl Tables<'_> {
    fn prepare(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.connection.prepare_cached(sql)
    }

    /// Runs a statement that returns nothing.
    pub fn run(&self, sql: &str, values: impl Params) -> rusqlite::Result<usize> {
        self.prepare(sql)?.execute(values)
    }

    /// Whose.
    pub fn room(&self) -> &RoomId {
        &self.venue.room
    }

    /// Row numbers of a day.
    pub fn rows_of_day(&self, day: u32) -> std::ops::Range<i64> {
        let first = i64::from(day.saturating_sub(self.venue.first_day)) << ROW_BITS;
        first..first + DAY_NOTES_MAX
    }

    /// The day of a row number.
    pub fn day_of_row(&self, row: i64) -> u32 {
        self.venue.first_day.saturating_add((row >> ROW_BITS) as u32)
    }

    /// A place as it is written: the day first, so that what comes together lies together; then the entry.
    fn place(&self, place: &Place) -> [i64; 2] {
        let Place { spot, is_flag } = place;
        let day = i64::from(spot.day.saturating_sub(self.venue.first_day)) << SLOT_BITS;
        [day | if *is_flag { FLAG_BIT } else { 0 } | i64::from(spot.slot), i64::from_le_bytes(spot.entry.0)]
    }

    /// The row that stands in a place.
    pub fn standing(&self, place: &Place) -> rusqlite::Result<Option<i64>> {
        let mut statement = self.prepare("SELECT row FROM places WHERE place = ? AND entry = ?")?;
        statement.query_row(self.place(place), |row| row.get(0)).optional()
    }

    /// The signed bytes of a row, and when it is shown.
    pub fn signed(&self, row: i64) -> rusqlite::Result<Option<(u64, Vec<u8>)>> {
        let mut statement = self.prepare("SELECT shown, note FROM notes WHERE row = ?")?;
        let found = statement.query_row([row], |found| {
            let packed = found.get_ref(1)?.as_blob().unwrap_or_default();
            Ok((found.get::<_, i64>(0)? as u64, unpack(self.room(), packed)))
        });
        found.optional()
    }

    /// The note of a row, and when it is shown.
    pub fn note(&self, row: i64) -> Result<Option<(u64, Note)>, RoomError> {
        let Some((shown, signed)) = self.signed(row)? else { return Ok(None) };
        let note =
            Note::decode_but_keys(&signed).map_err(|reason| RoomError::Damaged { room: *self.room(), reason })?;
        Ok(Some((shown, note)))
    }

    /// The facts of a row, and when it is shown.
    pub fn facts(&self, row: i64) -> Result<Option<(u64, Facts)>, RoomError> {
        let Some((shown, signed)) = self.signed(row)? else { return Ok(None) };
        let facts = facts_of(&signed).ok_or(RoomError::Damaged { room: *self.room(), reason: Reason::Truncated })?;
        Ok(Some((shown, facts)))
    }

    /// The row of a note, and when it is shown.
    pub fn find(&self, id: &NoteId) -> rusqlite::Result<Option<(i64, u64)>> {
        let mut statement = self.prepare("SELECT row FROM ids WHERE id = ?")?;
        let mut rows = statement.query([short_id(id)])?;
        while let Some(found) = rows.next()? {
            let row = found.get(0)?;
            if let Some((shown, signed)) = self.signed(row)?
                && NoteId::of(&signed) == *id
            {
                return Ok(Some((row, shown)));
            }
        }
        Ok(None)
    }

    /// Gives the facts of rows, ascending. What cannot be read is left out: a check finds it.
    pub fn each_facts(&self, rows: std::ops::Range<i64>, mut give: impl FnMut(i64, Facts)) -> rusqlite::Result<()> {
        let mut statement = self.prepare("SELECT row, note FROM notes WHERE row >= ? AND row < ? ORDER BY row")?;
        let mut rows = statement.query([rows.start, rows.end])?;
        while let Some(found) = rows.next()? {
            let signed = unpack(self.room(), found.get_ref(1)?.as_blob().unwrap_or_default());
            if let Some(facts) = facts_of(&signed) {
                give(found.get(0)?, facts);
            }
        }
        Ok(())
    }

    /// Some rows of a day.
    pub fn some_of_day(&self, day: u32, count: i64) -> rusqlite::Result<Vec<i64>> {
        let rows = self.rows_of_day(day);
        let mut statement = self.prepare("SELECT row FROM notes WHERE row >= ? AND row < ? ORDER BY row LIMIT ?")?;
        statement.query_map([rows.start, rows.end, count], |row| row.get(0))?.collect()
    }

    /// Signed bytes of each day of which something is held.
    pub fn bytes_by_day(&self) -> rusqlite::Result<Vec<(u32, u64)>> {
        let mut statement = self.prepare("SELECT day, bytes FROM days ORDER BY day")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?.collect()
    }

    /// The last row number of a day that is in use.
    pub fn last_row(&self, day: u32) -> rusqlite::Result<Option<i64>> {
        let rows = self.rows_of_day(day);
        let mut statement = self.prepare("SELECT max(row) FROM notes WHERE row >= ? AND row < ?")?;
        statement.query_row([rows.start, rows.end], |row| row.get(0))
    }

    /// Writes notes into every table but that of days; ascending by row.
    pub fn insert_all(&self, notes: &[(i64, u64, &Kept)]) -> rusqlite::Result<()> {
        let mut insert = self.prepare("INSERT INTO notes (row, shown, note) VALUES (?, ?, ?)")?;
        for (row, shown, kept) in notes {
            insert.execute(params![row, *shown as i64, kept.packed])?;
        }
        self.insert_words(notes)?;
        self.insert_orders(notes)
    }

    /// Makes notes known to the search index; ascending by row.
    pub fn insert_words(&self, notes: &[(i64, u64, &Kept)]) -> rusqlite::Result<()> {
        let mut insert = self.prepare("INSERT INTO words (rowid, text) VALUES (?, ?)")?;
        for (row, _, kept) in notes.iter().filter(|(_, _, kept)| kept.facts.is_words()) {
            insert.execute(params![row, kept.words])?;
        }
        Ok(())
    }

    /// Writes notes into the small tables, each in its own order: so a page is looked for once and filled well.
    pub fn insert_orders(&self, notes: &[(i64, u64, &Kept)]) -> rusqlite::Result<()> {
        let sorted = |mut rows: Vec<[i64; 4]>| {
            rows.sort_unstable();
            rows
        };
        let (mut ids, mut places) = (Vec::new(), Vec::new());
        let (mut in_order, mut replies, mut flags) = (Vec::new(), Vec::new(), Vec::new());
        for (row, shown, kept) in notes {
            let facts = &kept.facts;
            let (id, parent, shown) = (short_id(&facts.id), facts.parent.as_ref().map(short_id), *shown as i64);
            let [place, entry] = self.place(&facts.place());
            ids.push([id, *row, 0, 0]);
            places.push([place, entry, *row, 0]);
            match (facts.what, parent) {
                (What::Flag, flagged) => flags.extend(flagged.map(|flagged| [flagged, *row, 0, 0])),
                (_, parent) => {
                    in_order.push([shown, id, *row, 0]);
                    replies.extend(parent.map(|parent| [parent, shown, id, *row]));
                }
            }
        }
        let mut insert = self.prepare("INSERT INTO ids VALUES (?, ?)")?;
        sorted(ids).iter().try_for_each(|[id, row, ..]| insert.execute([id, row]).map(drop))?;
        let mut insert = self.prepare("INSERT INTO places VALUES (?, ?, ?)")?;
        sorted(places).iter().try_for_each(|[place, entry, row, _]| insert.execute([place, entry, row]).map(drop))?;
        let mut insert = self.prepare("INSERT INTO in_order VALUES (?, ?, ?)")?;
        sorted(in_order).iter().try_for_each(|[shown, id, row, _]| insert.execute([shown, id, row]).map(drop))?;
        let mut insert = self.prepare("INSERT INTO replies VALUES (?, ?, ?, ?)")?;
        sorted(replies).iter().try_for_each(|reply| insert.execute(*reply).map(drop))?;
        let mut insert = self.prepare("INSERT INTO flags VALUES (?, ?)")?;
        sorted(flags).iter().try_for_each(|[note, row, ..]| insert.execute([note, row]).map(drop))
    }

    /// Takes a note out of every table but that of days.
    ///
    /// When it is shown is read here: whoever drops several may have made it fall by dropping its parent.
    pub fn delete(&self, row: i64, facts: &Facts) -> Result<(), RoomError> {
        let mut statement = self.prepare("SELECT shown FROM notes WHERE row = ?")?;
        let Some(shown) = statement.query_row([row], |found| found.get::<_, i64>(0)).optional()? else { return Ok(()) };
        if facts.is_words() {
            let words = self.note(row)?.map_or_else(String::new, |(_, note)| fold(&note.text));
            self.run("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", params![row, words])?;
        }
        let id = short_id(&facts.id);
        self.run("DELETE FROM notes WHERE row = ?", [row])?;
        self.run("DELETE FROM ids WHERE id = ? AND row = ?", [id, row])?;
        self.run("DELETE FROM places WHERE place = ? AND entry = ?", self.place(&facts.place()))?;
        let parent = facts.parent.as_ref().map(short_id);
        if facts.what == What::Flag {
            self.run("DELETE FROM flags WHERE note = ? AND row = ?", params![parent, row])?;
            return Ok(());
        }
        self.run("DELETE FROM in_order WHERE shown = ? AND id = ? AND row = ?", [shown, id, row])?;
        if let Some(parent) = parent {
            let sql = "DELETE FROM replies WHERE parent = ? AND shown = ? AND id = ? AND row = ?";
            self.run(sql, [parent, shown, id, row])?;
        }
        Ok(())
    }

    /// Shows a note that answers another one at another time.
    pub fn move_to(&self, row: i64, from: u64, to: u64, (id, parent): (&NoteId, &NoteId)) -> rusqlite::Result<()> {
        let (id, parent, from, to) = (short_id(id), short_id(parent), from as i64, to as i64);
        self.run("UPDATE notes SET shown = ? WHERE row = ?", [to, row])?;
        // Flags stand in neither of the others.
        self.run("UPDATE in_order SET shown = ?1 WHERE shown = ?2 AND id = ?3 AND row = ?4", [to, from, id, row])?;
        let sql = "UPDATE replies SET shown = ?1 WHERE parent = ?2 AND shown = ?3 AND id = ?4 AND row = ?5";
        self.run(sql, [to, parent, from, id, row]).map(drop)
    }

    /// Rows that answer or flag a note, and when they are shown; or seem to, as the tables hold only a part of IDs. Those
    /// that are shown from a time on are left out.
    pub fn replies_before(&self, id: &NoteId, shown: u64) -> rusqlite::Result<Vec<(i64, u64)>> {
        let before = i64::try_from(shown).unwrap_or(i64::MAX);
        let mut found = Vec::new();
        for sql in [
            "SELECT row, shown FROM replies WHERE parent = ? AND shown < ?",
            "SELECT row, shown FROM flags JOIN notes USING (row) WHERE flags.note = ? AND shown < ?",
        ] {
            let mut statement = self.prepare(sql)?;
            let mut rows = statement.query([short_id(id), before])?;
            while let Some(row) = rows.next()? {
                found.push((row.get(0)?, row.get::<_, i64>(1)? as u64));
            }
        }
        Ok(found)
    }

    /// Counts notes of a day in or out. `ids` are all of theirs, put together by exclusive or.
    pub fn count_day(&self, day: u32, notes: i64, bytes: i64, ids: &[u8; 32]) -> rusqlite::Result<()> {
        let mut statement = self.prepare("SELECT notes, bytes, ids FROM days WHERE day = ?")?;
        let read =
            |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, [u8; 32]>(2)?));
        let (held, held_bytes, mut held_ids) = statement.query_row([day], read).optional()?.unwrap_or_default();
        held_ids.iter_mut().zip(ids).for_each(|(held, new)| *held ^= new);
        if held + notes == 0 {
            return self.run("DELETE FROM days WHERE day = ?", [day]).map(drop);
        }
        let values = params![day, held + notes, held_bytes + bytes, held_ids];
        self.run("INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?)", values).map(drop)
    }
}
