//! From a record to the index and the state: the same steps for a fresh record and for one that is replayed.

use std::collections::BTreeMap;

use longear_core::deletion::Noted;
use longear_core::header::Payload;
use longear_core::limits::BRANCHES_KEPT_MAX;
use longear_core::room::Decisions;
use longear_core::{
    Article, ChannelId, ForkProof, ItemId, Kind, LogOpening, Opening, Reason, Retraction, RollUp, SignedHeader,
    Statement, verify,
};

use crate::channel::{ChannelState, LogState};
use crate::error::StoreError;
use crate::index::{Index, ItemRow, place_of, short_id};
use crate::journal::Journal;
use crate::segment::Place;

/// Rows of headers whose payloads may come next: written once, when both are known.
pub type PendingRows = BTreeMap<i64, (ItemRow, ItemId)>;

/// Index and journal, as far as indexing needs them.
pub struct Indexing<'a> {
    /// The index, inside a transaction.
    pub index: &'a Index,
    /// To look at what is held already.
    pub journal: &'a Journal,
    /// Rows not written yet.
    pub pending: &'a mut PendingRows,
}

/// What indexing a header found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexed {
    /// New here.
    New,
    /// Held already.
    Known,
    /// Another item of the same place: kept as a branch.
    Branch,
    /// Another item of the same place, and enough branches are held.
    Dropped,
}

impl Indexing<'_> {
    /// Finds the log's state, making it if it is new.
    pub fn log<'s>(&self, state: &'s mut ChannelState, opening: &LogOpening) -> Result<&'s mut LogState, StoreError> {
        let channel = state.id();
        let log = opening.log(&channel);
        if !state.logs.contains_key(&log) {
            let no = self.index.log_no(state.no, &channel, opening)?;
            let new = LogState { no, opening: *opening, headers: Default::default(), payloads: Default::default() };
            state.logs.insert(log, new);
        }
        state.logs.get_mut(&log).ok_or(StoreError::UnknownChannel)
    }

    /// Indexes a header that stands at `place`.
    pub fn header(&mut self, log: &mut LogState, item: &SignedHeader, place: Place) -> Result<Indexed, StoreError> {
        let header = item.header();
        let at = place_of(log.no, header.seq);
        if log.headers.contains(header.seq) {
            return self.second_header(at, item, place);
        }
        let row = new_row(at, item, place);
        self.pending.insert(at, (row, item.id()));
        log.headers.insert(header.seq..header.seq + 1);
        Ok(Indexed::New)
    }

    /// The item held at a place of a log, if any.
    pub fn held(&self, at: i64) -> Result<Option<(ItemRow, ItemId)>, StoreError> {
        if let Some((row, id)) = self.pending.get(&at) {
            return Ok(Some((*row, *id)));
        }
        let Some(row) = self.index.item(at)? else { return Ok(None) };
        Ok(Some((row, read_held(self.journal, &row)?.id())))
    }

    /// Whether another item of a place that is taken is held as its branch, or could be.
    pub fn room_for_branch(&self, at: i64, item: &ItemId) -> Result<Indexed, StoreError> {
        let sql = "SELECT count(*), coalesce(sum(id = ?), 0) FROM branches WHERE at = ?";
        let mut statement = self.index.connection().prepare_cached(sql)?;
        let (branches, same): (i64, i64) =
            statement.query_row(rusqlite::params![item.0, at], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(match (same, branches as usize + 1) {
            (1.., _) => Indexed::Known,
            (_, BRANCHES_KEPT_MAX..) => Indexed::Dropped,
            _ => Indexed::Branch,
        })
    }

    /// Where the headers stand that are held of a place besides the one that stands there.
    pub fn branch_places(&self, at: i64) -> Result<Vec<Place>, StoreError> {
        Ok(self.index.places("SELECT segment, offset, length FROM branches WHERE at = ?", [at])?)
    }

    fn second_header(&mut self, at: i64, item: &SignedHeader, place: Place) -> Result<Indexed, StoreError> {
        if self.held(at)?.is_some_and(|(_, held)| held == item.id()) {
            return Ok(Indexed::Known);
        }
        let room = self.room_for_branch(at, &item.id())?;
        if room == Indexed::Branch {
            self.put_branch(at, item, place)?;
        }
        Ok(room)
    }

    fn put_branch(&self, at: i64, item: &SignedHeader, place: Place) -> Result<(), StoreError> {
        let (id, previous) = (item.id().0, item.header().previous.0);
        let values = rusqlite::params![at, id, previous, place.segment, place.offset as i64, place.length];
        Ok(self.index.run("INSERT OR IGNORE INTO branches VALUES (?, ?, ?, ?, ?, ?)", values)?)
    }

    /// Puts this item at its place, where another branch stood; that one stays as the branch, and its payload is set aside.
    /// Also gives back to an item that stands the payload that was set aside.
    pub fn stand(&mut self, log: &mut LogState, item: &SignedHeader, place: Place) -> Result<(), StoreError> {
        let (at, seq) = (place_of(log.no, item.header().seq), item.header().seq);
        self.flush()?;
        if let Some(row) = self.index.item(at)?
            && let Ok(other) = read_held(self.journal, &row)
            && other.id() != item.id()
        {
            self.index.run("DELETE FROM branches WHERE at = ?", [at])?;
            self.put_branch(at, &other, row.header)?;
            self.set_aside(at, &other.id(), row.payload)?;
            let values = rusqlite::params![at, item.id().0, other.id().0];
            self.index.run("DELETE FROM set_aside WHERE at = ? AND id NOT IN (?, ?)", values)?;
        }
        // What the other item's payload said, the log does not say any more.
        self.index.run("DELETE FROM retractions WHERE at = ?", [at])?;
        self.forget_files(at)?;
        self.index.run("DELETE FROM taken WHERE at = ?", [at])?;
        let is_bare = verify(item, Payload::new(item.id(), &[])).is_ok();
        let empty = is_bare.then_some((Place { length: 0, ..place }, Vec::new()));
        let payload = match empty {
            None => self.payload_set_aside(at, item)?,
            empty => empty,
        };
        let row = new_row(at, item, place);
        self.index.put_item(&ItemRow { payload: payload.as_ref().map(|(place, _)| *place), ..row })?;
        log.headers.insert(seq..seq + 1);
        match payload {
            Some((_, bytes)) => {
                log.payloads.insert(seq..seq + 1);
                self.content(at, row.kind, &bytes)
            }
            None => {
                log.payloads.remove(seq..seq + 1);
                Ok(())
            }
        }
    }

    /// Remembers where the payload stands of an item whose place is left to another, or to be filled anew: somebody's later
    /// word may make it the right one again, and then nobody else may have it.
    fn set_aside(&self, at: i64, item: &ItemId, payload: Option<Place>) -> Result<(), StoreError> {
        let Some(place) = payload.filter(|place| place.length > 0) else { return Ok(()) };
        let values = rusqlite::params![at, item.0, place.segment, place.offset as i64, place.length];
        Ok(self.index.run("INSERT OR REPLACE INTO set_aside VALUES (?, ?, ?, ?, ?)", values)?)
    }

    /// The payload of an item that was set aside, unless it is damaged.
    pub fn payload_set_aside(&self, at: i64, item: &SignedHeader) -> Result<Option<(Place, Vec<u8>)>, StoreError> {
        let sql = "SELECT segment, offset, length FROM set_aside WHERE at = ? AND id = ?";
        let place = self.index.places(sql, rusqlite::params![at, item.id().0])?.pop();
        let read = place.and_then(|place| Some((place, self.journal.read(place).ok()?)));
        Ok(read.filter(|(_, bytes)| verify(item, Payload::new(item.id(), bytes)).is_ok()))
    }

    /// Indexes a payload that stands at `place` and belongs to `item` at `seq`. False if that item is not held.
    pub fn payload(
        &mut self,
        log: &mut LogState,
        seq: u64,
        item: ItemId,
        payload: (Place, &[u8]),
    ) -> Result<bool, StoreError> {
        let at = place_of(log.no, seq);
        let Some((row, held)) = self.held(at)? else { return Ok(false) };
        if held != item {
            return Ok(false);
        }
        let (place, bytes) = payload;
        match self.pending.get_mut(&at) {
            Some((row, _)) => (row.payload, row.deleted) = (Some(place), false),
            None => self.index.set_payload(at, Some(place))?,
        }
        log.payloads.insert(seq..seq + 1);
        self.content(at, row.kind, bytes)?;
        Ok(true)
    }

    /// Notes what a payload says about other items and about blobs. What does not read as its kind says nothing.
    pub fn content(&self, at: i64, kind: u8, bytes: &[u8]) -> Result<(), StoreError> {
        let Some(kind) = Kind::from_number(kind) else { return Ok(()) };
        let corrects = bytes.get(1) == Some(&1);
        if kind == Kind::Retraction {
            let targets = Retraction::decode(bytes).map_or(Vec::new(), |retraction| retraction.targets);
            for target in targets {
                self.retracts(at, &target)?;
            }
        } else if kind == Kind::Media || (kind.is_article() && corrects) {
            let Ok(article) = Article::decode(kind, bytes) else { return Ok(()) };
            if let Some(target) = &article.corrects {
                self.retracts(at, target)?;
            }
            for rendition in &article.renditions {
                self.names_file(at, &rendition.blob)?;
            }
        } else if kind == Kind::Live {
            let Ok(opening) = Opening::decode(bytes) else { return Ok(()) };
            self.index.run("INSERT OR REPLACE INTO openings VALUES (?, ?)", rusqlite::params![at, opening.stream.0])?;
        } else if kind == Kind::Room {
            self.index.run("INSERT OR REPLACE INTO rooms VALUES (?)", [at])?;
        } else if kind == Kind::Moderation {
            let Ok(decisions) = Decisions::decode(bytes) else { return Ok(()) };
            let values = rusqlite::params![at, decisions.room.0];
            self.index.run("INSERT OR REPLACE INTO moderations VALUES (?, ?)", values)?;
        } else if kind == Kind::RollUp {
            let Ok(roll_up) = RollUp::decode(bytes) else { return Ok(()) };
            self.index.run("INSERT OR REPLACE INTO roll_ups VALUES (?, ?)", rusqlite::params![at, roll_up.stream.0])?;
            for segment in roll_up.segments() {
                self.names_file(at, &segment.init)?;
                self.names_file(at, &segment.blob)?;
            }
        }
        Ok(())
    }

    fn names_file(&self, at: i64, blob: &[u8; 32]) -> Result<(), StoreError> {
        Ok(self.index.run("INSERT OR IGNORE INTO renditions VALUES (?, ?)", rusqlite::params![at, blob])?)
    }

    /// Forgets which files the item at a place names, and to which broadcast or room it belongs.
    fn forget_files(&self, at: i64) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM renditions WHERE at = ?",
            "DELETE FROM openings WHERE at = ?",
            "DELETE FROM roll_ups WHERE at = ?",
            "DELETE FROM rooms WHERE at = ?",
            "DELETE FROM moderations WHERE at = ?",
        ] {
            self.index.run(sql, [at])?;
        }
        Ok(())
    }

    fn retracts(&self, at: i64, target: &ItemId) -> Result<(), StoreError> {
        let values = rusqlite::params![target.0, at];
        Ok(self.index.run("INSERT OR IGNORE INTO retractions VALUES (?, ?)", values)?)
    }

    /// Notes that a payload was deleted for good, and which records are to be erased.
    pub fn deleted(&mut self, log: &mut LogState, seq: u64, erased: &[Place]) -> Result<(), StoreError> {
        self.flush()?;
        let at = place_of(log.no, seq);
        self.index.set_deleted(at)?;
        self.forget_files(at)?;
        self.index.run("DELETE FROM taken WHERE at = ?", [at])?;
        self.index.run("DELETE FROM set_aside WHERE at = ?", [at])?;
        for place in erased {
            let values = rusqlite::params![place.segment, place.offset as i64, place.length];
            self.index.run("INSERT OR REPLACE INTO erasures VALUES (?, ?, ?)", values)?;
        }
        log.payloads.insert(seq..seq + 1);
        Ok(())
    }

    /// Notes since when an item is seen to be taken back, and by what; `None` when it is so no longer.
    pub fn taken(&self, log: &LogState, seq: u64, noted: Option<Noted>) -> Result<(), StoreError> {
        let at = place_of(log.no, seq);
        match noted {
            None => self.index.run("DELETE FROM taken WHERE at = ?", [at])?,
            Some(Noted { by, since }) => {
                let values = rusqlite::params![at, by.0, since as i64];
                self.index.run("INSERT OR REPLACE INTO taken VALUES (?, ?, ?)", values)?;
            }
        }
        Ok(())
    }

    /// Notes that a payload is missing.
    pub fn gone(&mut self, log: &mut LogState, seq: u64) -> Result<(), StoreError> {
        let at = place_of(log.no, seq);
        if let Ok(Some((row, item))) = self.held(at) {
            self.set_aside(at, &item, row.payload)?;
        }
        match self.pending.get_mut(&at) {
            Some((row, _)) => (row.payload, row.deleted) = (None, false),
            None => self.index.set_payload(at, None)?,
        }
        log.payloads.remove(seq..seq + 1);
        Ok(())
    }

    /// Writes the pending rows.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        self.index.add_items(self.pending.values().map(|(row, _)| row))?;
        self.pending.clear();
        Ok(())
    }

    /// Indexes a statement that stands at `place`, where it is the newest in some respect.
    pub fn statement(
        &self,
        state: &mut ChannelState,
        statement: &Statement,
        slots: Vec<(longear_core::LogId, Option<longear_core::LogId>)>,
        place: Place,
    ) -> Result<(), StoreError> {
        for (log, cited) in slots {
            let cited_bytes = cited.map_or(Vec::new(), |cited| cited.0.to_vec());
            let values =
                rusqlite::params![state.no, log.0, cited_bytes, place.segment, place.offset as i64, place.length];
            self.index.run("INSERT OR REPLACE INTO statements VALUES (?, ?, ?, ?, ?, ?)", values)?;
            state.statements.insert((log, cited), statement.clone());
        }
        Ok(())
    }

    /// Indexes a fork proof; of several of a log the one that comes first stays.
    pub fn fork(&self, state: &mut ChannelState, proof: &ForkProof, place: Place) -> Result<(), StoreError> {
        let log = proof.opening.log(&state.id());
        let values = rusqlite::params![state.no, log.0, place.segment, place.offset as i64, place.length];
        self.index.run("INSERT OR REPLACE INTO forks VALUES (?, ?, ?, ?, ?)", values)?;
        state.forks.insert(log, proof.clone());
        Ok(())
    }

    /// Indexes where a charter stands.
    pub fn charter(&self, state: &mut ChannelState, place: Place) -> Result<(), StoreError> {
        state.charter_places.push(place);
        let values = rusqlite::params![state.no, place.segment, place.offset as i64, place.length];
        Ok(self.index.run("INSERT OR IGNORE INTO charters VALUES (?, ?, ?, ?)", values)?)
    }
}

fn new_row(at: i64, item: &SignedHeader, place: Place) -> ItemRow {
    let header = item.header();
    ItemRow {
        at,
        id: short_id(&item.id()),
        time: header.time,
        kind: header.kind.number(),
        header: place,
        payload: None,
        payload_length: header.payload_length,
        deleted: false,
    }
}

/// Reads the header at a place of the journal.
pub fn read_header(journal: &Journal, place: Place) -> Result<SignedHeader, StoreError> {
    let damaged = |reason| StoreError::Damaged { what: "a header".into(), reason };
    SignedHeader::decode(&journal.read(place)?).map_err(damaged)
}

/// Reads the header of a row; an error where it is not the one that was written there.
pub fn read_held(journal: &Journal, row: &ItemRow) -> Result<SignedHeader, StoreError> {
    let header = read_header(journal, row.header)?;
    if short_id(&header.id()) == row.id {
        return Ok(header);
    }
    Err(StoreError::Damaged { what: "a header".into(), reason: Reason::HashMismatch })
}

/// The channel at the front of a record's body, and the rest.
pub fn split_channel(body: &[u8]) -> Option<(ChannelId, &[u8])> {
    let (channel, rest) = body.split_first_chunk::<32>()?;
    Some((ChannelId(*channel), rest))
}
