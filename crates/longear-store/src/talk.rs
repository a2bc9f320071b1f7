//! Rooms as far as items tell of them: their openings, and the decisions of moderators. Notes stand in [`crate::rooms`].

use std::collections::HashMap;
use std::sync::Arc;

use longear_core::holdings::Holdings;
use longear_core::room::{Budget, Decisions, Endorsements, Force, Opening, RoomId, Ruling, Terms, Venue, day_of};
use longear_core::{ChannelId, ItemId, Kind, Status};

use crate::error::StoreError;
use crate::index::place_of;
use crate::rooms::{Room, RoomError, Rules};
use crate::store::{Inner, Store};
use crate::views::StoredItem;

/// A room with what is decided in it, at the moment of asking, and its notes.
#[derive(Clone, Debug)]
pub struct Talk {
    /// The item that opened it.
    pub item: StoredItem,
    /// What that says.
    pub opening: Opening,
    /// What notes are verified against.
    pub venue: Venue,
    /// The decisions in force.
    pub force: Arc<Force>,
    /// The notes.
    pub notes: Arc<Room>,
}

impl Talk {
    /// The channel.
    pub fn channel(&self) -> ChannelId {
        self.item.channel
    }

    /// The room.
    pub fn id(&self) -> RoomId {
        self.venue.room
    }

    /// Who may write how much, and how long it is kept.
    pub fn terms(&self) -> Terms {
        self.opening.terms()
    }
}

/// What was decided in a room, and the state of its channel that it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Ruled {
    generation: Option<u64>,
    force: Arc<Force>,
    /// Items whose digests were verified.
    rulings: HashMap<ItemId, Ruling>,
}

impl Store {
    /// The rooms of a channel, newest first, with their notes. `now_ms` is the device's clock: what is too old, was purged or
    /// has no space goes when it or the decisions in force have changed.
    pub fn talks(&self, channel: &ChannelId, now_ms: u64) -> Result<Vec<Talk>, RoomError> {
        let rooms = self.rooms_of(channel)?;
        rooms.into_iter().map(|(item, opening)| self.talk_of(item, opening, now_ms)).collect()
    }

    /// A room by its ID, with its notes.
    pub fn talk(&self, room: &RoomId, now_ms: u64) -> Result<Option<Talk>, RoomError> {
        self.room(room)?.map(|(item, opening)| self.talk_of(item, opening, now_ms)).transpose()
    }

    /// A room by its channel and the first half of its ID.
    pub fn talk_in(&self, channel: &ChannelId, folder: &[u8; 16], now_ms: u64) -> Result<Option<Talk>, RoomError> {
        let mut rooms = self.rooms_of(channel)?.into_iter();
        let found = rooms.find(|(item, _)| item.id().0.starts_with(folder));
        found.map(|(item, opening)| self.talk_of(item, opening, now_ms)).transpose()
    }

    fn talk_of(&self, item: StoredItem, opening: Opening, now_ms: u64) -> Result<Talk, RoomError> {
        let venue = Venue::of(item.id(), item.header());
        let (force, notes) = (self.force(&item, &venue)?, self.rooms().room(&venue)?);
        let told = self.channel(&item.channel)?.and_then(|state| state.last_word());
        let terms = opening.terms();
        let rules = Rules {
            terms,
            force: force.clone(),
            budget: Budget::new(self.rooms().space_bytes()?, &terms),
            today: day_of(told.unwrap_or(0).max(now_ms)),
            surely_today: told.map(|told| day_of(told.min(now_ms))),
        };
        let are_followed = notes.rules().is_some_and(|known| known.is_like(&rules));
        match if are_followed { Ok(Default::default()) } else { notes.follow(rules) } {
            // What cannot be written here can be read all the same.
            Err(error) if !error.is_read_only() => Err(error),
            _ => Ok(Talk { item, opening, venue, force, notes }),
        }
    }

    /// The decisions in force. Costs nothing while nothing of the channel changes.
    fn force(&self, room: &StoredItem, venue: &Venue) -> Result<Arc<Force>, StoreError> {
        let mut inner = self.fresh()?;
        let generation = inner.states.get(&room.channel).map(|state| state.generation);
        let mut ruled = inner.ruled.remove(&venue.room).unwrap_or_default();
        drop(inner);
        if ruled.generation.is_none() || ruled.generation != generation {
            let (mut known, mut rulings) = (Endorsements::default(), HashMap::new());
            let mut standing = Vec::<(ItemId, Status)>::new();
            for (item, decisions) in self.decisions(room)? {
                let before = ruled.rulings.remove(&item.id());
                let ruling = before.or_else(|| Ruling::new(venue, item.id(), item.header(), decisions, &mut known));
                standing.push((item.id(), item.status));
                rulings.extend(ruling.map(|ruling| (item.id(), ruling)));
            }
            let found = standing.iter().filter_map(|(item, status)| Some((rulings.get(item)?, *status)));
            let force = Arc::new(Force::of(found));
            ruled = Ruled { generation, force, rulings };
        }
        let force = ruled.force.clone();
        self.fresh()?.ruled.insert(venue.room, ruled);
        Ok(force)
    }

    /// The rooms of a channel that readers see and whose opening is here, newest first.
    pub fn rooms_of(&self, channel: &ChannelId) -> Result<Vec<(StoredItem, Opening)>, StoreError> {
        let mut inner = self.fresh()?;
        let Some(state) = inner.states.get(channel).cloned() else { return Ok(Vec::new()) };
        let mut rooms = Vec::new();
        for log in state.logs.values() {
            let sql = "SELECT at FROM rooms WHERE at >= ? AND at < ?";
            for item in self.visible(&mut inner, sql, [place_of(log.no, 0), place_of(log.no + 1, 0)])? {
                rooms.extend(self.room_opening(&item)?.map(|opening| (item, opening)));
            }
        }
        rooms.sort_by_key(|(item, _)| std::cmp::Reverse((item.header().time, item.id())));
        Ok(rooms)
    }

    /// A room by its ID, if readers see it and its opening is here.
    pub fn room(&self, room: &RoomId) -> Result<Option<(StoredItem, Opening)>, StoreError> {
        let item = self.item(&(*room).into())?.filter(|item| item.status.is_visible());
        let Some(item) = item else { return Ok(None) };
        Ok(self.room_opening(&item)?.map(|opening| (item, opening)))
    }

    /// What moderators decided in a room: the items that readers see and whose payload is here, in no particular order.
    ///
    /// Which of it is in force is for the core to say.
    pub fn decisions(&self, room: &StoredItem) -> Result<Vec<(StoredItem, Decisions)>, StoreError> {
        let mut inner = self.fresh()?;
        let sql = "SELECT at FROM moderations WHERE room = ? ORDER BY at";
        let items = self.visible(&mut inner, sql, [room.id().0])?;
        drop(inner);
        let mut decisions = Vec::with_capacity(items.len());
        // Somebody else's moderators have no say here, whatever room they name.
        for item in items.into_iter().filter(|item| item.channel == room.channel) {
            let payload = self.payload(&item)?.and_then(|bytes| Decisions::decode(&bytes).ok());
            decisions.extend(payload.map(|payload| (item, payload)));
        }
        Ok(decisions)
    }

    fn room_opening(&self, item: &StoredItem) -> Result<Option<Opening>, StoreError> {
        if item.header().kind != Kind::Room {
            return Ok(None);
        }
        Ok(self.payload(item)?.and_then(|bytes| Opening::decode(&bytes).ok()))
    }

    fn visible(
        &self,
        inner: &mut Inner,
        sql: &str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<StoredItem>, StoreError> {
        let places = {
            let mut statement = inner.index.connection().prepare_cached(sql)?;
            statement.query_map(values, |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?
        };
        let mut items = Vec::with_capacity(places.len());
        for at in places {
            let Some(row) = inner.index.item(at)? else { continue };
            items.extend(self.stored(inner, &row)?.filter(|item| item.status.is_visible()));
        }
        Ok(items)
    }
}
