//! Reading: items with their status, newest first or by ID.

use std::sync::Arc;

use longear_core::header::Payload;
use longear_core::holdings::Holdings;
use longear_core::retraction::{may_retract, targets_that_count};
use longear_core::status::{Evidence, Link, LogItems};
use longear_core::{
    Article, ChannelId, Header, ItemId, Judgement, Kind, LogId, LogOpening, Opening, SignedHeader, Status, judge,
    verify,
};

use crate::channel::ChannelState;
use crate::error::StoreError;
use crate::index::{Index, ItemRow, log_no_of, place_of, seq_of, short_id};
use crate::indexing::{read_header, read_held};
use crate::journal::Journal;
use crate::segment::Place;
use crate::store::{Inner, Store};

/// Milliseconds of a UTC day.
const DAY_MS: u64 = 86_400_000;

/// Rows looked at in one go.
const PAGE_ROWS: usize = 256;

/// An item that is held, with its status at the moment of asking.
#[derive(Clone, Debug)]
pub struct StoredItem {
    /// Its channel.
    pub channel: ChannelId,
    /// Its log.
    pub log: LogId,
    /// Key and incarnation of its log.
    pub opening: LogOpening,
    /// Header and signature.
    pub signed: SignedHeader,
    /// What a reader is to make of it.
    pub status: Status,
    /// The item that took it back or replaced it.
    pub retracted_by: Option<ItemId>,
    pub(crate) at: i64,
    payload: Option<Place>,
}

impl StoredItem {
    /// The item's ID.
    pub fn id(&self) -> ItemId {
        self.signed.id()
    }

    /// The header's fields.
    pub fn header(&self) -> &Header {
        self.signed.header()
    }

    /// Whether the payload is here.
    pub fn has_payload(&self) -> bool {
        self.payload.is_some()
    }

    /// Where to go on behind this item, for [`Store::articles`].
    pub fn cursor(&self) -> (u64, i64) {
        (self.header().time, self.at)
    }
}

impl Store {
    /// Articles and openings of broadcasts whose payload is here, newest first, of one channel or all, from before a cursor on.
    pub fn articles(
        &self,
        channel: Option<&ChannelId>,
        before: Option<(u64, i64)>,
        limit: usize,
    ) -> Result<Vec<StoredItem>, StoreError> {
        let mut inner = self.fresh()?;
        let mut found = Vec::new();
        let mut cursor = before.unwrap_or((i64::MAX as u64, i64::MAX));
        loop {
            let rows = inner.index.newest_articles(cursor, PAGE_ROWS)?;
            for row in &rows {
                cursor = (row.time, row.at);
                if row.payload.is_none() {
                    continue;
                }
                let item = self.stored(&mut inner, row)?;
                if let Some(item) = item.filter(|item| channel.is_none_or(|channel| item.channel == *channel)) {
                    found.push(item);
                    if found.len() == limit {
                        return Ok(found);
                    }
                }
            }
            if rows.len() < PAGE_ROWS {
                return Ok(found);
            }
        }
    }

    /// One item by its ID.
    pub fn item(&self, id: &ItemId) -> Result<Option<StoredItem>, StoreError> {
        let mut inner = self.fresh()?;
        for row in inner.index.items_by_short_id(short_id(id))? {
            let item = self.stored(&mut inner, &row)?;
            if item.as_ref().is_some_and(|item| item.id() == *id) {
                return Ok(item);
            }
        }
        Ok(None)
    }

    /// Items of one log, ascending, from `seq` on.
    pub fn log_items(&self, log: &LogId, seq: u64, limit: usize) -> Result<Vec<StoredItem>, StoreError> {
        let mut inner = self.fresh()?;
        let Some(log_no) = inner.index.log_no_of_id(log)? else { return Ok(Vec::new()) };
        let rows = inner.index.items_between(place_of(log_no, seq), place_of(log_no + 1, 0), limit)?;
        let items = rows.iter().map(|row| self.stored(&mut inner, row));
        Ok(items.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Headers held of a log besides those of [`Store::log_items`]: other branches of a fork, at most one for each place. What
    /// cannot be read is left out.
    pub fn branches(&self, log: &LogId) -> Result<Vec<SignedHeader>, StoreError> {
        let inner = self.fresh()?;
        let Some(log_no) = inner.index.log_no_of_id(log)? else { return Ok(Vec::new()) };
        let sql = "SELECT segment, offset, length FROM branches WHERE at >= ? AND at < ? ORDER BY at";
        let places = inner.index.places(sql, [place_of(log_no, 0), place_of(log_no + 1, 0)])?;
        Ok(places.into_iter().filter_map(|place| read_header(&self.journal, place).ok()).collect())
    }

    /// The payload of an item, if it is here and not damaged. Costs a read and its hash.
    pub fn payload(&self, item: &StoredItem) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(bytes) = self.payload_as_it_is(item)? else { return Ok(None) };
        let sound = verify(&item.signed, Payload::new(item.id(), &bytes)).is_ok();
        if !sound {
            tracing::warn!("a payload on the disk is damaged; check with repair fetches it again");
        }
        Ok(sound.then_some(bytes))
    }

    pub(crate) fn payload_as_it_is(&self, item: &StoredItem) -> Result<Option<Vec<u8>>, StoreError> {
        item.payload.map(|place| self.journal.read(place).map_err(StoreError::from)).transpose()
    }

    /// The article of an item, if it is one and here; of the opening of a broadcast its texts. What does not read as an
    /// article is none.
    pub fn article(&self, item: &StoredItem) -> Result<Option<Article>, StoreError> {
        let Some(bytes) = self.payload(item)? else { return Ok(None) };
        Ok(match item.header().kind {
            kind if kind.is_article() => Article::decode(kind, &bytes).ok(),
            Kind::Live => {
                let opening = Opening::decode(&bytes).ok();
                opening.map(|opening| Article { variants: opening.variants, ..Article::default() })
            }
            _ => None,
        })
    }

    /// Items that name this blob as a file of theirs.
    pub fn items_with_blob(&self, blob: &[u8; 32]) -> Result<Vec<StoredItem>, StoreError> {
        let mut inner = self.fresh()?;
        self.users_of(&mut inner, blob)
    }

    pub(crate) fn users_of(&self, inner: &mut Inner, blob: &[u8; 32]) -> Result<Vec<StoredItem>, StoreError> {
        let rows = {
            let mut statement = inner.index.connection().prepare_cached("SELECT at FROM renditions WHERE blob = ?")?;
            let places = statement.query_map([blob], |row| row.get::<_, i64>(0))?;
            places.collect::<Result<Vec<_>, _>>()?
        };
        let mut items = Vec::new();
        for at in rows {
            if let Some(row) = inner.index.item(at)? {
                items.extend(self.stored(inner, &row)?);
            }
        }
        Ok(items)
    }

    /// Items of a channel that name files and whose payload is here, newest first: media, and roll-ups of broadcasts.
    pub fn media(&self, channel: &ChannelId) -> Result<Vec<StoredItem>, StoreError> {
        let mut inner = self.fresh()?;
        let Some(state) = inner.states.get(channel).cloned() else { return Ok(Vec::new()) };
        let mut items = Vec::new();
        for log in state.logs.values() {
            let sql = "SELECT DISTINCT at FROM renditions WHERE at >= ? AND at < ?";
            let places = {
                let mut statement = inner.index.connection().prepare_cached(sql)?;
                let range = [place_of(log.no, 0), place_of(log.no + 1, 0)];
                statement.query_map(range, |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?
            };
            for at in places {
                if let Some(row) = inner.index.item(at)? {
                    items.extend(self.stored(&mut inner, &row)?);
                }
            }
        }
        items.sort_by_key(|item| std::cmp::Reverse(item.cursor()));
        Ok(items)
    }

    /// Whether an item is retracted, and by which item. Looks at retractions of its channel that are themselves shown.
    fn retracted_by(
        &self,
        inner: &mut Inner,
        channel: &ChannelState,
        id: &ItemId,
        log: &LogId,
    ) -> Result<Option<ItemId>, StoreError> {
        let candidates = {
            let sql = "SELECT at FROM retractions WHERE target = ? ORDER BY at";
            let mut statement = inner.index.connection().prepare_cached(sql)?;
            statement.query_map([id.0], |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?
        };
        for at in candidates {
            let Some(row) = inner.index.item(at)? else { continue };
            let Some((state, by_log, opening)) = place_owner(inner, at)? else { continue };
            if state.no != channel.no {
                continue;
            }
            let roles = state.lineage().entry(&opening.key).map(|entry| entry.roles);
            if !roles.is_some_and(|roles| may_retract(by_log, roles, *log)) {
                continue;
            }
            let Some(by) = self.readable(&row)? else { continue };
            let judgement = self.judgement(inner, &state, &by_log, &opening);
            let status = judgement.status(state.lineage(), &opening, by.id(), by.header());
            if status == Status::Shown && self.counts(inner, &row, &by, id)? {
                return Ok(Some(by.id()));
            }
        }
        Ok(None)
    }

    /// Whether the retraction `by` is within its log's daily cap for this target.
    fn counts(&self, inner: &Inner, row: &ItemRow, by: &SignedHeader, target: &ItemId) -> Result<bool, StoreError> {
        let day = by.header().time / DAY_MS;
        // Looked up by the day, so that a log that has taken back much costs little.
        let sql = "SELECT r.at, r.target FROM retractions r JOIN items i ON i.at = r.at
            WHERE r.at >= ? AND r.at <= ? AND i.time >= ? AND i.time < ? ORDER BY r.at, r.target";
        let range = [place_of(log_no_of(row.at), 0), row.at, (day * DAY_MS) as i64, ((day + 1) * DAY_MS) as i64];
        let named = {
            let mut statement = inner.index.connection().prepare_cached(sql)?;
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, ItemId(row.get(1)?)));
            statement.query_map(range, read)?.collect::<Result<Vec<_>, _>>()?
        };
        let mut earlier = Vec::new();
        for group in named.chunk_by(|one, next| one.0 == next.0) {
            let Some(row) = inner.index.item(group[0].0)? else { continue };
            let Some(header) = self.readable(&row)?.map(|item| item.header().clone()) else { continue };
            earlier.push((header, group.iter().map(|(_, target)| *target).collect::<Vec<_>>()));
        }
        let seq = by.header().seq;
        let pairs = earlier.iter().map(|(header, targets)| (header, targets.as_slice()));
        Ok(targets_that_count(pairs).any(|counted| counted == (seq, *target)))
    }

    pub(crate) fn stored(&self, inner: &mut Inner, row: &ItemRow) -> Result<Option<StoredItem>, StoreError> {
        let Some((state, log, opening)) = place_owner(inner, row.at)? else { return Ok(None) };
        let Some(signed) = self.readable(row)? else { return Ok(None) };
        let judgement = self.judgement(inner, &state, &log, &opening);
        let mut status = judgement.status(state.lineage(), &opening, signed.id(), signed.header());
        let mut retracted_by = None;
        if status.is_visible() {
            retracted_by = self.retracted_by(inner, &state, &signed.id(), &log)?;
            if retracted_by.is_some() {
                status = Status::Retracted;
            }
        }
        let channel = state.id();
        Ok(Some(StoredItem { channel, log, opening, signed, status, retracted_by, at: row.at, payload: row.payload }))
    }

    /// The header of a row; `None` where it is damaged: one bad byte on the disk must not hide everything else.
    fn readable(&self, row: &ItemRow) -> Result<Option<SignedHeader>, StoreError> {
        match read_held(&self.journal, row) {
            Err(StoreError::Damaged { .. }) => Ok(None),
            read => read.map(Some),
        }
    }

    /// The judgement of a log, kept until something of the channel changes.
    pub(crate) fn judgement(
        &self,
        inner: &mut Inner,
        state: &ChannelState,
        log: &LogId,
        opening: &LogOpening,
    ) -> Arc<Judgement> {
        if let Some((generation, judgement)) = inner.judgements.get(log)
            && *generation == state.generation
        {
            return judgement.clone();
        }
        let held = state.logs.get(log);
        let items = HeldLog {
            index: &inner.index,
            journal: &self.journal,
            no: held.map_or(0, |held| held.no),
            end: held.map_or(0, |held| held.end()),
        };
        let evidence = Evidence {
            fork: state.forks.get(log).map(|proof| proof.seq()),
            checkpoints: state.checkpoints(opening),
            ..Evidence::default()
        };
        let judgement = Arc::new(judge(state.lineage(), opening, &items, &evidence));
        inner.judgements.insert(*log, (state.generation, judgement.clone()));
        judgement
    }
}

fn place_owner(inner: &Inner, at: i64) -> Result<Option<(Arc<ChannelState>, LogId, LogOpening)>, StoreError> {
    let Some((channel_no, log, opening)) = inner.index.log(log_no_of(at))? else { return Ok(None) };
    let state = inner.states.values().find(|state| state.no == channel_no);
    Ok(state.map(|state| (state.clone(), log, opening)))
}

/// The items of one log, read from index and journal when asked for.
pub(crate) struct HeldLog<'a> {
    pub index: &'a Index,
    pub journal: &'a Journal,
    pub no: i64,
    pub end: u64,
}

impl LogItems for HeldLog<'_> {
    /// A header that cannot be read counts as not held.
    fn at(&self, seq: u64) -> Vec<Link> {
        let at = place_of(self.no, seq);
        let row = self.index.item(at).ok().flatten();
        let header = row.and_then(|row| read_held(self.journal, &row).ok());
        let first = header.map(|item| Link { id: item.id(), previous: item.header().previous });
        let sql = "SELECT id, previous FROM branches WHERE at = ?";
        let others = self.index.connection().prepare_cached(sql).and_then(|mut statement| {
            let read = |row: &rusqlite::Row<'_>| Ok(Link { id: ItemId(row.get(0)?), previous: ItemId(row.get(1)?) });
            statement.query_map([at], read)?.collect::<Result<Vec<_>, _>>()
        });
        first.into_iter().chain(others.unwrap_or_default()).collect()
    }

    fn end(&self) -> u64 {
        self.end
    }

    fn next_held(&self, seq: u64) -> Option<u64> {
        let range = [place_of(self.no, seq), place_of(self.no + 1, 0)];
        let sql = "SELECT min(at) FROM items WHERE at >= ? AND at < ?";
        let mut statement = self.index.connection().prepare_cached(sql).ok()?;
        let next = statement.query_row(range, |row| row.get::<_, Option<i64>>(0)).ok()?;
        next.map(seq_of)
    }
}
