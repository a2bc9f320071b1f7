//! Pages in the order of the room, answers to a note, and search.

use longear_core::room::{Note, NoteId};
use rusqlite::{OptionalExtension, params};

use super::Room;
use super::error::RoomError;
use super::tables::{Tables, short_id};
use super::words::question;

/// Notes that one page looks at, wanted or not: a flood of what nobody wants to see must not make a page wait.
pub const LOOKED_AT_MAX: usize = 1_000;
/// Answers that are counted; more are as many.
pub const REPLIES_COUNTED_MAX: u32 = 1_000;

/// A place in the order of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// When the note there is shown.
    pub shown_ms: u64,
    /// The note.
    pub id: NoteId,
}

/// Which way a page goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From older to newer notes.
    Newer,
    /// From newer to older notes.
    Older,
}

/// A note in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageNote {
    /// Its ID.
    pub id: NoteId,
    /// When it is shown.
    pub shown_ms: u64,
    /// The note.
    pub note: Note,
    /// Notes held that answer it, whatever they are; counted up to a thousand.
    pub replies: u32,
}

impl PageNote {
    /// Its place in the order of the room.
    pub fn cursor(&self) -> Cursor {
        Cursor { shown_ms: self.shown_ms, id: self.id }
    }
}

/// Some notes in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In the order of the page's way.
    pub notes: Vec<PageNote>,
    /// Where the next page goes on; `None`: there is nothing more.
    pub next: Option<Cursor>,
}

/// Where a search goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchCursor(i64);

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Newer days first; within a day later arrivals first.
    pub notes: Vec<PageNote>,
    /// Where the next page goes on; `None`: there is nothing more.
    pub next: Option<SearchCursor>,
}

impl Room {
    /// Notes behind a place, or from an end of the room: words and takings back, as many of those that are wanted. Costs the
    /// same at any depth.
    ///
    /// # Errors
    /// The database.
    pub fn page(
        &self,
        behind: Option<Cursor>,
        way: Way,
        count: usize,
        wanted: impl FnMut(&PageNote) -> bool,
    ) -> Result<Page, RoomError> {
        self.read(|tables| walk(tables, None, (behind, way), count, wanted))
    }

    /// The same of the notes that answer one.
    ///
    /// # Errors
    /// The database.
    pub fn replies(
        &self,
        parent: NoteId,
        behind: Option<Cursor>,
        way: Way,
        count: usize,
        wanted: impl FnMut(&PageNote) -> bool,
    ) -> Result<Page, RoomError> {
        self.read(|tables| walk(tables, Some(parent), (behind, way), count, wanted))
    }

    /// One note, if it is held.
    ///
    /// # Errors
    /// The database.
    pub fn note(&self, id: &NoteId) -> Result<Option<PageNote>, RoomError> {
        self.read(|tables| {
            let Some((row, _)) = tables.find(id)? else { return Ok(None) };
            page_note(tables, row)
        })
    }

    /// Flags on a note, of which the entries are to be counted; so many at most as a page looks at.
    ///
    /// # Errors
    /// The database.
    pub fn flags(&self, id: &NoteId) -> Result<Vec<Note>, RoomError> {
        self.read(|tables| {
            let mut statement = tables.connection.prepare_cached("SELECT row FROM flags WHERE note = ? LIMIT ?")?;
            let rows = statement.query_map(params![short_id(id), LOOKED_AT_MAX as i64], |row| row.get::<_, i64>(0))?;
            let mut flags = Vec::new();
            for row in rows {
                flags.extend(tables.note(row?)?.map(|(_, note)| note).filter(|note| note.parent == Some(*id)));
            }
            Ok(flags)
        })
    }

    /// Notes that hold all words of a question; words of four letters and more also find longer ones that begin so.
    ///
    /// # Errors
    /// The database.
    pub fn search(
        &self,
        words: &str,
        behind: Option<SearchCursor>,
        count: usize,
        mut wanted: impl FnMut(&PageNote) -> bool,
    ) -> Result<Found, RoomError> {
        let Some(question) = question(words) else { return Ok(Found { notes: Vec::new(), next: None }) };
        self.read(|tables| {
            let sql = "SELECT rowid FROM words WHERE words MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?";
            let mut statement = tables.connection.prepare_cached(sql)?;
            let before = behind.map_or(i64::MAX, |cursor| cursor.0);
            let mut rows = statement.query(params![question, before, LOOKED_AT_MAX as i64])?;
            let (mut notes, mut looked_at, mut last) = (Vec::new(), 0, None);
            while let Some(row) = rows.next()? {
                if notes.len() >= count {
                    return Ok(Found { notes, next: last.map(SearchCursor) });
                }
                let row = row.get(0)?;
                (looked_at, last) = (looked_at + 1, Some(row));
                notes.extend(page_note(tables, row)?.filter(&mut wanted));
            }
            let next = last.filter(|_| looked_at >= LOOKED_AT_MAX).map(SearchCursor);
            Ok(Found { notes, next })
        })
    }
}

/// Goes through the order of a room, or through the answers to a note.
fn walk(
    tables: &Tables<'_>,
    parent: Option<NoteId>,
    (behind, way): (Option<Cursor>, Way),
    count: usize,
    mut wanted: impl FnMut(&PageNote) -> bool,
) -> Result<Page, RoomError> {
    let (compare, direction, start) = match way {
        Way::Newer => (">=", "ASC", (0, i64::MIN)),
        Way::Older => ("<=", "DESC", (i64::MAX, i64::MAX)),
    };
    let start = behind.map_or(start, |cursor| (cursor.shown_ms as i64, short_id(&cursor.id)));
    let (table, of_parent) = if parent.is_some() { ("replies", "parent = ?4 AND") } else { ("in_order", "") };
    let sql = format!(
        "SELECT shown, id, row FROM {table} WHERE {of_parent} (shown, id) {compare} (?1, ?2)
            ORDER BY shown {direction}, id {direction} LIMIT ?3"
    );
    let mut statement = tables.connection.prepare_cached(&sql)?;
    let limit = LOOKED_AT_MAX as i64;
    let mut rows = match parent.as_ref().map(short_id) {
        Some(parent) => statement.query(params![start.0, start.1, limit, parent])?,
        None => statement.query(params![start.0, start.1, limit])?,
    };
    let mut page = Page { notes: Vec::new(), next: None };
    let (mut looked_at, mut last) = (0, behind);
    // Notes whose places in the table are the same: the table knows a part of their IDs only.
    let mut alike = Vec::<PageNote>::new();
    let mut place = None;
    loop {
        let row = rows.next()?.map(|row| Ok::<_, rusqlite::Error>(((row.get(0)?, row.get(1)?), row.get(2)?)));
        let found = row.transpose()?;
        let at = found.map(|(at, _): ((i64, i64), i64)| at);
        if at != place {
            alike.sort_by_key(|note| note.id);
            if way == Way::Older {
                alike.reverse();
            }
            for note in alike.drain(..) {
                let cursor = Cursor { shown_ms: note.shown_ms, id: note.id };
                let is_behind = behind.is_none_or(|behind| match way {
                    Way::Newer => cursor > behind,
                    Way::Older => cursor < behind,
                });
                if !is_behind || parent.is_some_and(|parent| note.note.parent != Some(parent)) {
                    continue;
                }
                if page.notes.len() >= count {
                    page.next = last;
                    return Ok(page);
                }
                last = Some(cursor);
                page.notes.extend(Some(note).filter(&mut wanted));
            }
            place = at;
        }
        let Some((_, row)) = found else { break };
        looked_at += 1;
        alike.extend(page_note(tables, row)?);
    }
    page.next = last.filter(|_| looked_at >= LOOKED_AT_MAX);
    Ok(page)
}

fn page_note(tables: &Tables<'_>, row: i64) -> Result<Option<PageNote>, RoomError> {
    let Some((shown_ms, signed)) = tables.signed(row)? else { return Ok(None) };
    let damaged = |reason| RoomError::Damaged { room: *tables.room(), reason };
    let (id, note) = (NoteId::of(&signed), Note::decode_but_keys(&signed).map_err(damaged)?);
    let sql = "SELECT count(*) FROM (SELECT 1 FROM replies WHERE parent = ? LIMIT ?)";
    let mut statement = tables.connection.prepare_cached(sql)?;
    let count = statement.query_row(params![short_id(&id), REPLIES_COUNTED_MAX], |row| row.get(0)).optional()?;
    Ok(Some(PageNote { id, shown_ms, note, replies: count.unwrap_or(0) }))
}
