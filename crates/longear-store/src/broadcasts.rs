//! Broadcasts as the store holds them: openings, roll-ups, and the files that items name.

use std::collections::BTreeSet;
use std::sync::Arc;

use longear_core::{Article, ChannelId, Class, Kind, LogId, Opening, Rendition, RollUp, Segment, Session, StreamId};

use crate::error::StoreError;
use crate::index::{Streams, log_no_of, place_of};
use crate::store::{Inner, Store};
use crate::views::StoredItem;

/// The visible openings of one channel, one of each broadcast, newest first, and the generation of the channel that they belong to.
pub(crate) type Openings = (u64, Arc<Vec<(StoredItem, Opening)>>);

impl Store {
    /// The openings of a channel's broadcasts that readers see, newest first; where several name the same broadcast, the one
    /// with the earliest time: whoever copies a name comes later.
    pub fn broadcasts(&self, channel: &ChannelId) -> Result<Vec<StoredItem>, StoreError> {
        let openings = self.openings(&mut *self.fresh()?, channel)?;
        Ok(openings.iter().map(|(item, _)| item.clone()).collect())
    }

    /// Who signs the ticks of a broadcast of [`Store::broadcasts`]. Costs nothing while nothing of the channel changes.
    pub fn session(&self, channel: &ChannelId, stream: &StreamId) -> Result<Option<Session>, StoreError> {
        let openings = self.openings(&mut *self.fresh()?, channel)?;
        let opening = openings.iter().find(|(_, opening)| opening.stream == *stream);
        Ok(opening.map(|(_, opening)| opening.session(*channel)))
    }

    /// What the opening of a broadcast says, if its payload is here.
    pub fn opening(&self, item: &StoredItem) -> Result<Option<Opening>, StoreError> {
        if item.header().kind != Kind::Live {
            return Ok(None);
        }
        Ok(self.payload(item)?.and_then(|bytes| Opening::decode(&bytes).ok()))
    }

    /// The roll-ups of the broadcast that an item opens, in the order of its log: those in the same log that readers see.
    pub fn roll_ups(&self, opening: &StoredItem) -> Result<Vec<RollUp>, StoreError> {
        let mut roll_ups = Vec::new();
        for item in self.roll_up_items(opening)? {
            roll_ups.extend(self.roll_up(&item)?);
        }
        Ok(roll_ups)
    }

    /// What a roll-up says, if its payload is here.
    pub fn roll_up(&self, item: &StoredItem) -> Result<Option<RollUp>, StoreError> {
        Ok(self.payload(item)?.and_then(|bytes| RollUp::decode(&bytes).ok()))
    }

    /// The items of [`Store::roll_ups`], also those whose payload is not here. Reads no payload.
    pub fn roll_up_items(&self, opening: &StoredItem) -> Result<Vec<StoredItem>, StoreError> {
        let mut inner = self.fresh()?;
        let log_no = log_no_of(opening.at);
        let sql = "SELECT at FROM roll_ups WHERE stream = (SELECT stream FROM openings WHERE at = ?)
            AND at >= ? AND at < ? ORDER BY at";
        let places = {
            let range = [opening.at, place_of(log_no, 0), place_of(log_no + 1, 0)];
            let mut statement = inner.index.connection().prepare_cached(sql)?;
            statement.query_map(range, |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?
        };
        let mut items = Vec::with_capacity(places.len());
        for at in places {
            let Some(row) = inner.index.item(at)? else { continue };
            items.extend(self.stored(&mut inner, &row)?.filter(|item| item.status.is_visible()));
        }
        Ok(items)
    }

    /// Those of [`Store::media`] that readers see. A roll-up is seen only where the opening of its broadcast is, in its log.
    pub fn shown_media(&self, channel: &ChannelId) -> Result<Vec<StoredItem>, StoreError> {
        let mut items = self.media(channel)?;
        items.retain(|item| item.status.is_visible());
        let mut inner = self.fresh()?;
        let openings = self.openings(&mut inner, channel)?;
        let shown = openings.iter().map(|(item, opening)| (item.log, opening.stream.0));
        let shown = shown.collect::<BTreeSet<(LogId, [u8; 16])>>();
        let mut streams = BTreeSet::new();
        for log_no in items.iter().map(|item| log_no_of(item.at)).collect::<BTreeSet<_>>() {
            streams.extend(inner.index.streams(Streams::RollUps, place_of(log_no, 0), place_of(log_no + 1, 0))?);
        }
        let is_of_shown = |item: &StoredItem| {
            let stream = streams.range((item.at, [0; 16])..).next().filter(|(at, _)| *at == item.at);
            stream.is_some_and(|(_, stream)| shown.contains(&(item.log, *stream)))
        };
        items.retain(|item| item.header().kind != Kind::RollUp || is_of_shown(item));
        Ok(items)
    }

    /// The files that an item names, each once, with the class in which it travels: the renditions of an article, or what the
    /// segments of a roll-up need.
    pub fn files(&self, item: &StoredItem) -> Result<Vec<(Rendition, Class)>, StoreError> {
        let Some(bytes) = self.payload(item)? else { return Ok(Vec::new()) };
        let kind = item.header().kind;
        if kind == Kind::RollUp {
            let roll_up = RollUp::decode(&bytes).ok();
            return Ok(roll_up.map_or(Vec::new(), |roll_up| segment_files(roll_up.segments())));
        }
        let article = if kind.is_article() { Article::decode(kind, &bytes).ok() } else { None };
        let renditions = article.into_iter().flat_map(|article| article.renditions);
        Ok(renditions.map(|rendition| (rendition.class(), rendition)).map(|(class, file)| (file, class)).collect())
    }

    /// The visible openings of a channel. Its generation goes up with everything that could change them.
    fn openings(&self, inner: &mut Inner, channel: &ChannelId) -> Result<Arc<Vec<(StoredItem, Opening)>>, StoreError> {
        let Some(state) = inner.states.get(channel).cloned() else { return Ok(Arc::default()) };
        if let Some((generation, openings)) = inner.openings.get(channel)
            && *generation == state.generation
        {
            return Ok(openings.clone());
        }
        let mut openings = Vec::new();
        for log in state.logs.values() {
            for (at, _) in inner.index.streams(Streams::Openings, place_of(log.no, 0), place_of(log.no + 1, 0))? {
                let Some(row) = inner.index.item(at)? else { continue };
                let item = self.stored(inner, &row)?.filter(|item| item.status.is_visible());
                let Some(item) = item else { continue };
                if let Some(opening) = self.opening(&item)? {
                    openings.push((item, opening));
                }
            }
        }
        openings.sort_by_key(|(item, _)| (item.header().time, item.id()));
        let mut streams = BTreeSet::new();
        openings.retain(|(_, opening)| streams.insert(opening.stream));
        openings.reverse();
        let openings = Arc::new(openings);
        inner.openings.insert(*channel, (state.generation, openings.clone()));
        Ok(openings)
    }
}

/// The files that segments need, each once. An initialisation segment goes with the lowest class that needs it.
pub fn segment_files<'s>(segments: impl IntoIterator<Item = &'s Segment>) -> Vec<(Rendition, Class)> {
    let mut files = Vec::<(Rendition, Class)>::new();
    let mut places = std::collections::HashMap::new();
    for segment in segments {
        let class = segment.class();
        for file in segment.files() {
            match places.get(&file.blob) {
                Some(place) => {
                    let (_, lowest): &mut (Rendition, Class) = &mut files[*place];
                    *lowest = class.min(*lowest);
                }
                None => {
                    places.insert(file.blob, files.len());
                    files.push((file, class));
                }
            }
        }
    }
    files
}
