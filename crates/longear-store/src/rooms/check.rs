//! Looking at every note that is held.

use longear_core::room::{Endorsements, Note, NoteId, What, verify_note};
use rusqlite::{OptionalExtension, params};

use super::Room;
use super::error::RoomError;
use super::light::facts_of;
use super::packed::unpack;
use super::tables::{Kept, Tables, short_id};

/// Notes looked at in one go; in between others may write.
const CHECKED_AT_ONCE: usize = 1_024;

/// What a check of a room went through, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomReport {
    /// Notes verified.
    pub notes: u64,
    /// What is damaged: which note or table, and why.
    pub findings: Vec<(String, String)>,
}

impl RoomReport {
    fn found(&mut self, object: impl Into<String>, reason: impl ToString) {
        self.findings.push((object.into(), reason.to_string()));
    }
}

impl Room {
    /// Verifies every note, and looks whether each table and the search index know it where it stands.
    ///
    /// # Errors
    /// The database cannot be read at all.
    pub fn check(&self) -> Result<RoomReport, RoomError> {
        let mut report = RoomReport::default();
        let mut known = Endorsements::default();
        let mut next = i64::MIN;
        while let Some(last) = self.read(|tables| check_rows(tables, next, &mut known, &mut report))? {
            next = last + 1;
        }
        self.read(|tables| check_tables(tables, &mut report))?;
        Ok(report)
    }
}

/// Checks the next rows, and says which was the last one.
fn check_rows(
    tables: &Tables<'_>,
    from: i64,
    known: &mut Endorsements,
    report: &mut RoomReport,
) -> Result<Option<i64>, RoomError> {
    let sql = "SELECT row, shown, note FROM notes WHERE row >= ? ORDER BY row LIMIT ?";
    let mut statement = tables.connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![from, CHECKED_AT_ONCE as i64])?;
    let mut last = None;
    while let Some(found) = rows.next()? {
        let (row, shown) = (found.get(0)?, found.get::<_, i64>(1)? as u64);
        let signed = unpack(tables.room(), found.get_ref(2)?.as_blob().unwrap_or_default());
        report.notes += 1;
        last = Some(row);
        let note = match Note::decode(&signed).and_then(|note| verify_note(&tables.venue, note, known)) {
            Ok(note) => note,
            Err(reason) => {
                report.found(format!("note {}", NoteId::of(&signed)), reason);
                continue;
            }
        };
        if let Some(reason) = misplaced(tables, row, shown, &note)? {
            report.found(format!("note {}", note.id()), reason);
        }
    }
    Ok(last)
}

/// Where a note does not stand as it should.
fn misplaced(tables: &Tables<'_>, row: i64, shown: u64, note: &Note) -> Result<Option<&'static str>, RoomError> {
    let kept = Kept::of(note);
    let (id, parent) = (short_id(&kept.facts.id), kept.facts.parent.as_ref().map(short_id));
    let is_there = |sql: &str, values: &[i64]| {
        let mut statement = tables.connection.prepare_cached(sql)?;
        statement.exists(rusqlite::params_from_iter(values))
    };
    if facts_of(&note.encode()) != Some(kept.facts) {
        return Ok(Some("its bytes are read in another way than its note"));
    }
    if tables.day_of_row(row) != kept.facts.day() {
        return Ok(Some("it lies among the notes of another day"));
    }
    if !is_there("SELECT 1 FROM ids WHERE id = ? AND row = ?", &[id, row])? {
        return Ok(Some("it is not found by its ID"));
    }
    if tables.standing(&kept.facts.place())? != Some(row) {
        return Ok(Some("it does not stand at its place"));
    }
    let parent_shown = match &kept.facts.parent {
        Some(parent) => tables.find(parent)?.map(|(_, shown)| shown),
        None => None,
    };
    if shown != kept.facts.floor_ms.max(parent_shown.unwrap_or(0)) {
        return Ok(Some("it is shown at another time than it should be"));
    }
    let stands = match kept.facts.what {
        What::Flag => is_there("SELECT 1 FROM flags WHERE note = ? AND row = ?", &[parent.unwrap_or(0), row])?,
        _ => is_there("SELECT 1 FROM in_order WHERE shown = ? AND id = ? AND row = ?", &[shown as i64, id, row])?,
    };
    let answers = kept.facts.what == What::Flag
        || parent.is_none_or(|parent| {
            let sql = "SELECT 1 FROM replies WHERE parent = ? AND shown = ? AND id = ? AND row = ?";
            is_there(sql, &[parent, shown as i64, id, row]).unwrap_or(false)
        });
    if !stands || !answers {
        return Ok(Some("it is missing in the order of the room"));
    }
    // The longest word is the rarest one, as a rule.
    let Some(word) = kept.words.split(' ').filter(|word| !word.is_empty()).max_by_key(|word| word.len()) else {
        return Ok(None);
    };
    let sql = "SELECT 1 FROM words WHERE words MATCH ? AND rowid = ?";
    let mut statement = tables.connection.prepare_cached(sql)?;
    let is_found = statement.query_row(params![format!("\"{word}\""), row], |_| Ok(())).optional()?.is_some();
    Ok(if is_found { None } else { Some("it is not found by its words") })
}

/// Tables hold nothing beside what the notes say.
fn check_tables(tables: &Tables<'_>, report: &mut RoomReport) -> Result<(), RoomError> {
    let count = |sql: &str| tables.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let notes = count("SELECT count(*) FROM notes")?;
    let counts = [
        ("the table of IDs", count("SELECT count(*) FROM ids")?),
        ("the table of places", count("SELECT count(*) FROM places")?),
        ("the order of the room", count("SELECT (SELECT count(*) FROM in_order) + (SELECT count(*) FROM flags)")?),
        ("the table of days", count("SELECT coalesce(sum(notes), 0) FROM days")?),
    ];
    for (table, held) in counts {
        if held != notes {
            report.found(table, format!("it holds {held} notes instead of {notes}"));
        }
    }
    let answer = tables.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))?;
    if answer != "ok" {
        report.found("the database", answer);
    }
    Ok(())
}
