//! Rooms as far as items tell of them: their openings, and the decisions of moderators. Notes stand in [`crate::rooms`].

use longear_core::room::{Decisions, Opening, RoomId};
use longear_core::{ChannelId, Kind};

use crate::error::StoreError;
use crate::index::place_of;
use crate::store::{Inner, Store};
use crate::views::StoredItem;

impl Store {
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
