//! What a room follows: the decisions in force, its terms, how much space it has, what day it is.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use longear_core::room::{Budget, Facts, Force, NoteId, Place, Ranking, Terms};

use super::error::RoomError;
use super::tables::Tables;
use super::taking::remove;
use super::{Room, data_version};

/// Notes that are dropped in one transaction: in between others may write.
const DROPPED_AT_ONCE: i64 = 2_048;

/// How often it is tried to overwrite the log while others use the database.
const ERASING_TRIALS: u32 = 5;

/// What decides which notes are held.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What the opening of the room says.
    pub terms: Terms,
    /// The decisions in force.
    pub force: Arc<Force>,
    /// The space of the room: signed bytes of notes.
    pub budget: Budget,
    /// The day of the later of the device's clock and the channel's: what is after tomorrow is dated ahead.
    pub today: u32,
    /// The day of the earlier one, by which notes grow old; `None` where only one of them says anything.
    pub surely_today: Option<u32>,
}

/// What new rules made a room drop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Purged notes, and words in the places of purged ones.
    pub purged: u64,
    /// Notes of days that are over.
    pub old: u64,
    /// Notes for which there is not space enough.
    pub over_budget: u64,
}

impl Rules {
    /// Whether these are the same, decisions and all.
    pub fn is_like(&self, other: &Rules) -> bool {
        let numbers = |rules: &Rules| (rules.terms, rules.budget, rules.today, rules.surely_today);
        Arc::ptr_eq(&self.force, &other.force) && numbers(self) == numbers(other)
    }

    /// Whether the time of a day's notes is over.
    pub fn is_expired(&self, day: u32) -> bool {
        self.surely_today.is_some_and(|today| self.terms.is_expired(day, today))
    }

    /// How notes rank.
    pub(super) fn ranking(&self, tables: &Tables<'_>) -> Ranking<'_> {
        Ranking::new(self.terms, &self.force, self.today, |id| parent_of(tables, id))
    }

    /// The notes that moderators chose, and what these answer, ascending.
    pub(super) fn kept_first(&self, tables: &Tables<'_>) -> Vec<NoteId> {
        self.force.kept_first(|id| parent_of(tables, id)).iter().copied().collect()
    }
}

/// What a note answers. What cannot be read has no ancestors that would be kept.
fn parent_of(tables: &Tables<'_>, id: &NoteId) -> Option<NoteId> {
    let (row, _) = tables.find(id).ok()??;
    tables.facts(row).ok()??.1.parent
}

impl Room {
    /// Follows other rules from here on, and drops what they do not let it keep: what was purged, first of all.
    ///
    /// To be called once after a room was opened, when decisions change, and each day. Until it was called, everything is kept.
    /// Words that are purged are erased from the database, from its search index and from the file beside it before this returns.
    ///
    /// # Errors
    /// The database. The rules are followed nevertheless; what could not be dropped is, by the next call.
    pub fn follow(&self, rules: Rules) -> Result<Dropped, RoomError> {
        let rules = Arc::new(rules);
        self.set_rules(&rules);
        // What moderators put together brings its notes with it.
        self.take_in(rules.force.digests().iter().flat_map(|digest| digest.notes.iter().cloned()))?;
        let mut dropped = Dropped { purged: self.purge(&rules)?, ..Dropped::default() };
        for day in self.days()?.into_iter().filter(|day| rules.is_expired(day.day)) {
            dropped.old += self.drop_day(day.day)?;
        }
        dropped.over_budget = self.write(|tables, filling| {
            // Decisions, purges and retention make room for what did not fit before.
            filling.forget();
            filling.count_with(rules.kept_first(tables));
            let ranking = rules.ranking(tables);
            filling.drop_beyond(tables, &rules, &ranking)
        })?;
        Ok(dropped)
    }

    fn purge(&self, rules: &Rules) -> Result<u64, RoomError> {
        let force = &rules.force;
        let purged = self.write(|tables, _| {
            let mut rows = Vec::new();
            for (spot, grave) in force.graves() {
                rows.extend(tables.standing(&Place { spot, is_flag: false })?);
                rows.extend(tables.find(&grave)?.map(|(row, _)| row));
            }
            for note in force.purged() {
                rows.extend(tables.find(&note)?.map(|(row, _)| row));
            }
            rows.sort_unstable();
            rows.dedup();
            let mut doomed = Vec::<(i64, Facts)>::new();
            for row in rows {
                let facts = tables.facts(row)?.filter(|(_, facts)| force.refuses(facts));
                doomed.extend(facts.map(|(_, facts)| (row, facts)));
            }
            if doomed.is_empty() {
                return Ok(0);
            }
            // Without this the index only notes that a row has gone, and drops its words when it is next rewritten.
            erase_words(tables, true)?;
            for (row, facts) in &doomed {
                remove(tables, *row, facts)?;
            }
            erase_words(tables, false)?;
            Ok(doomed.len() as u64)
        })?;
        if purged > 0 {
            self.erase_log()?;
        }
        Ok(purged)
    }

    fn drop_day(&self, day: u32) -> Result<u64, RoomError> {
        let mut dropped = 0;
        loop {
            let now = self.write(|tables, filling| {
                filling.forget();
                let rows = tables.some_of_day(day, DROPPED_AT_ONCE)?;
                for row in &rows {
                    if let Some((_, facts)) = tables.facts(*row)? {
                        remove(tables, *row, &facts)?;
                    }
                }
                Ok(rows.len() as u64)
            })?;
            dropped += now;
            if now == 0 {
                return Ok(dropped);
            }
        }
    }

    /// Copies the file beside the database into it and overwrites what it held: also words that are in the database no more.
    fn erase_log(&self) -> Result<(), RoomError> {
        let Some(path) = &self.path else { return Ok(()) };
        let writing = self.lock_writing();
        let connection = &writing.connection;
        let checkpoint = |mode: &str| {
            let sql = format!("PRAGMA wal_checkpoint({mode})");
            connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(|busy| busy == 0)
        };
        for _ in 0..ERASING_TRIALS {
            let version = data_version(connection)?;
            // Somebody who is reading an older state may hold it up for as long as he reads.
            if !checkpoint("RESTART")? {
                continue;
            }
            // From here on nobody else writes; and if nobody did since, nothing of the log counts any more. What follows writes
            // past the database's back, which holds nothing of this file open but the file itself.
            connection.execute_batch("BEGIN IMMEDIATE")?;
            let log = path.with_extension("db-wal");
            let is_copied = data_version(connection)? == version;
            let erased = if is_copied { erase(&log) } else { Ok(()) };
            connection.execute_batch("ROLLBACK")?;
            erased.map_err(|source| super::failed("overwrite", &log, source))?;
            if is_copied {
                checkpoint("TRUNCATE")?;
                return Ok(());
            }
        }
        tracing::warn!(
            "words that were purged may stand in the log of a room's database until it is next written over"
        );
        Ok(())
    }
}

/// Overwrites a log that was copied. Its head first: what follows a head that is none counts for nothing after a crash, while a
/// part of the log would be taken for the newest words.
fn erase(log: &Path) -> std::io::Result<()> {
    let mut file = match OpenOptions::new().write(true).open(log) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let length = file.metadata()?.len();
    let zeros = [0; 4_096];
    let mut at = 0;
    while at < length {
        let count = (length - at).min(zeros.len() as u64);
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&zeros[..count as usize])?;
        if at == 0 {
            file.sync_data()?;
        }
        at += count;
    }
    file.sync_data()
}

fn erase_words(tables: &Tables<'_>, at_once: bool) -> Result<(), RoomError> {
    tables.run("INSERT INTO words (words, rank) VALUES ('secure-delete', ?)", [i64::from(at_once)])?;
    Ok(())
}
