//! From a record to the index and the state: the same steps for a fresh record and for one that is replayed.

use std::collections::BTreeMap;

use longear_core::limits::BRANCHES_KEPT_MAX;
use longear_core::{Article, ChannelId, ForkProof, ItemId, Kind, LogOpening, Retraction, SignedHeader, Statement};

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
        let row = ItemRow {
            at,
            id: short_id(&item.id()),
            time: header.time,
            kind: header.kind.number(),
            header: place,
            payload: None,
            payload_length: header.payload_length,
        };
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
        Ok(Some((row, read_header(self.journal, row.header)?.id())))
    }

    fn second_header(&mut self, at: i64, item: &SignedHeader, place: Place) -> Result<Indexed, StoreError> {
        if self.held(at)?.is_some_and(|(_, held)| held == item.id()) {
            return Ok(Indexed::Known);
        }
        let sql = "SELECT count(*), coalesce(sum(id = ?), 0) FROM branches WHERE at = ?";
        let mut statement = self.index.connection().prepare_cached(sql)?;
        let id = item.id().0;
        let (branches, same): (usize, i64) =
            statement.query_row(rusqlite::params![id, at], |row| Ok((row.get::<_, i64>(0)? as usize, row.get(1)?)))?;
        if same > 0 {
            return Ok(Indexed::Known);
        }
        if branches + 1 >= BRANCHES_KEPT_MAX {
            return Ok(Indexed::Dropped);
        }
        let previous = item.header().previous.0;
        let values = rusqlite::params![at, id, previous, place.segment, place.offset as i64, place.length];
        self.index.run("INSERT INTO branches VALUES (?, ?, ?, ?, ?, ?)", values)?;
        Ok(Indexed::Branch)
    }

    /// Indexes a payload that stands at `place` and belongs to `item` at `at`. False if that item is not held.
    pub fn payload(
        &mut self,
        state: &mut ChannelState,
        opening: &LogOpening,
        seq: u64,
        item: ItemId,
        payload: (Place, &[u8]),
    ) -> Result<bool, StoreError> {
        let log = self.log(state, opening)?;
        let at = place_of(log.no, seq);
        let Some((row, held)) = self.held(at)? else { return Ok(false) };
        if held != item {
            return Ok(false);
        }
        let (place, bytes) = payload;
        match self.pending.get_mut(&at) {
            Some((row, _)) => row.payload = Some(place),
            None => self.index.set_payload(at, Some(place))?,
        }
        log.payloads.insert(seq..seq + 1);
        self.content(at, row.kind, bytes)
    }

    /// Notes what a payload says about other items and about blobs. What does not read as its kind says nothing.
    fn content(&self, at: i64, kind: u8, bytes: &[u8]) -> Result<bool, StoreError> {
        let Some(kind) = Kind::from_number(kind) else { return Ok(true) };
        let corrects = bytes.get(1) == Some(&1);
        if kind == Kind::Retraction {
            let targets = Retraction::decode(bytes).map_or(Vec::new(), |retraction| retraction.targets);
            for target in targets {
                self.retracts(at, &target)?;
            }
        } else if kind == Kind::Media || (kind.is_article() && corrects) {
            let Ok(article) = Article::decode(kind, bytes) else { return Ok(true) };
            if let Some(target) = &article.corrects {
                self.retracts(at, target)?;
            }
            for rendition in &article.renditions {
                let values = rusqlite::params![at, rendition.blob];
                self.index.run("INSERT OR IGNORE INTO renditions VALUES (?, ?)", values)?;
            }
        }
        Ok(true)
    }

    fn retracts(&self, at: i64, target: &ItemId) -> Result<(), StoreError> {
        let values = rusqlite::params![target.0, at];
        Ok(self.index.run("INSERT OR IGNORE INTO retractions VALUES (?, ?)", values)?)
    }

    /// Notes that a payload is not here any more.
    pub fn gone(&mut self, log: &mut LogState, seq: u64) -> Result<(), StoreError> {
        let at = place_of(log.no, seq);
        match self.pending.get_mut(&at) {
            Some((row, _)) => row.payload = None,
            None => self.index.set_payload(at, None)?,
        }
        log.payloads.remove(seq..seq + 1);
        Ok(())
    }

    /// Writes the pending rows.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        for (row, _) in self.pending.values() {
            self.index.put_item(row)?;
            // Whatever was about to be signed at this place is signed now.
            self.index.run("DELETE FROM intents WHERE at = ?", [row.at])?;
        }
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
    pub fn charter(&self, state: &ChannelState, place: Place) -> Result<(), StoreError> {
        let values = rusqlite::params![state.no, place.segment, place.offset as i64, place.length];
        Ok(self.index.run("INSERT OR IGNORE INTO charters VALUES (?, ?, ?, ?)", values)?)
    }
}

/// Whether `proof` says more than the one held: a lower seq, or with equal seqs smaller bytes.
pub fn fork_comes_first(proof: &ForkProof, held: Option<&ForkProof>) -> bool {
    held.is_none_or(|held| (proof.seq(), proof.encode()) < (held.seq(), held.encode()))
}

/// Reads the header at a place of the journal.
pub fn read_header(journal: &Journal, place: Place) -> Result<SignedHeader, StoreError> {
    let damaged = |reason| StoreError::Damaged { what: "a header".into(), reason };
    SignedHeader::decode(&journal.read(place)?).map_err(damaged)
}

/// The channel at the front of a record's body, and the rest.
pub fn split_channel(body: &[u8]) -> Option<(ChannelId, &[u8])> {
    let (channel, rest) = body.split_first_chunk::<32>()?;
    Some((ChannelId(*channel), rest))
}
