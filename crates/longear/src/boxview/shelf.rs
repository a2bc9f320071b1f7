//! What the box has, as the pages show it: from the store to the view structs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use longear_core::blob::BlobHash;
use longear_core::holdings::Holdings;
use longear_core::{Address, Article, ChannelId, ItemId, Kind, Rendition};
use longear_pages as pages;
use longear_pages::{BoxPage, ChannelView, ItemView, LiveView, RenditionView, RoomLink, VariantView, Visit};
use longear_store::blobs::{BlobError, BlobState};
use longear_store::{ChannelState, RoomError, Store, StoreError, StoredItem, Talk};

use super::live::{self, Broadcast, Broadcasts};

/// Items on a page of the feed.
pub const PAGE_ITEMS: usize = 20;

/// Rooms that the feed leads to.
const ROOMS_LINKED_MAX: usize = 5;

/// Items that are read from the index in one go.
const WALK_ITEMS: usize = 64;

/// Pages that are found by walking from the newest item; those behind them start where the last count put them.
const WALKED_PAGES_MAX: u64 = 50;

/// Ranges of a file that are looked at; more holes than that are drawn as one.
const RANGES_MAX: usize = 1_024;

/// Counting all posts anew may take this share of the time: one part in so many.
const COUNT_SHARE: u32 = 20;

/// What a still of a video is called, behind the name of the video.
const STILL_SUFFIX: &str = ".still.jpg";

/// How many characters of the address stand for a channel whose name has not arrived.
const NAMELESS_CHARACTERS: usize = 16;

/// The store could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// Its items.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its blobs.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// Its rooms.
    #[error(transparent)]
    Room(#[from] RoomError),
}

impl ShelfError {
    /// A word for the log, without anything of what is held.
    pub fn kind_name(&self) -> &'static str {
        match self {
            ShelfError::Store(StoreError::Disk(_)) | ShelfError::Blob(BlobError::Storage(_)) => "disk",
            ShelfError::Store(StoreError::Index(_)) => "index",
            ShelfError::Store(StoreError::Damaged { .. }) => "damaged",
            ShelfError::Room(_) => "rooms",
            _ => "store",
        }
    }
}

/// What is at an item's address.
pub enum Found {
    /// The item, and its channel. What may not be shown has no text and no files.
    Here(Box<(ChannelView, ItemView)>),
    /// A correction of it, which is what readers are to see.
    ReplacedBy(ItemId),
    /// Nothing.
    Nothing,
}

/// What is at a file's address.
pub enum FoundFile {
    /// A rendition of an item that may be shown.
    Here(Rendition),
    /// It was taken back.
    Gone,
    /// Nothing.
    Nothing,
}

type Cursor = (u64, i64);

/// Where to begin, and how many posts to pass over from there.
type Start = (Option<Cursor>, u64);

/// Reads the store for the pages. Every look sees what any process has written until then.
pub struct Shelf {
    store: Arc<Store>,
    counted: Mutex<Option<Count>>,
    broadcasts: Broadcasts,
}

/// How many posts there are, and where each page of the feed begins.
struct Count {
    states: Vec<Arc<ChannelState>>,
    posts: u64,
    starts: Vec<Cursor>,
    at: Instant,
    took: Duration,
}

impl Count {
    /// Whether nothing has changed since, or counting again so soon would cost too much.
    fn serves(&self, states: &[Arc<ChannelState>]) -> bool {
        let same = self.states.len() == states.len() && self.states.iter().zip(states).all(|(a, b)| Arc::ptr_eq(a, b));
        same || self.at.elapsed() < self.took * COUNT_SHARE
    }
}

/// The followed channels, with what items are judged by.
struct Followed {
    states: BTreeMap<ChannelId, Arc<ChannelState>>,
    now_ms: u64,
}

impl Followed {
    fn shows(&self, item: &StoredItem) -> bool {
        self.states
            .get(&item.channel)
            .is_some_and(|state| item.status.is_visible() && !has_ended(state, item, self.now_ms))
    }

    fn name(&self, channel: &ChannelId) -> String {
        self.states.get(channel).map_or(String::new(), |state| name(state))
    }
}

impl Shelf {
    /// Makes the shelf of a store.
    pub fn new(store: Arc<Store>) -> Self {
        Shelf { store, counted: Mutex::new(None), broadcasts: Broadcasts::default() }
    }

    /// The store behind it.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// A page of the feed, newest first; `None` behind the last one.
    ///
    /// Costs a look at each item before it, up to some pages, and the reading of its own items.
    pub fn feed(&self, visit: Visit, number: u64) -> Result<Option<BoxPage>, ShelfError> {
        let followed = self.followed(visit.now_ms)?;
        let (posts_total, start) = self.counted(&followed, number)?;
        let Some((start, skipped)) = start else { return Ok(None) };
        let mut walk = Walk::new(&self.store, &followed, start);
        for _ in 0..skipped {
            if walk.next()?.is_none() {
                return Ok(None);
            }
        }
        let mut items = Vec::with_capacity(PAGE_ITEMS);
        let mut seen = 0;
        while seen < PAGE_ITEMS {
            let Some(item) = walk.next()? else { break };
            seen += 1;
            // What does not read as an article was made by a newer Longear.
            if let Some(article) = self.store.article(&item)? {
                items.push(self.item_view(&item, &followed.name(&item.channel), Some(article), visit.now_ms)?);
            }
        }
        if seen == 0 && number > 0 {
            return Ok(None);
        }
        let more = seen == PAGE_ITEMS && walk.next()?.is_some();
        let channels = followed.states.values().map(|state| channel_view(state)).collect();
        let rooms = if number == 0 { self.open_rooms(followed.states.keys(), visit.now_ms)? } else { Vec::new() };
        Ok(Some(BoxPage { visit, channels, items, page: number, more, posts_total, rooms }))
    }

    /// The newest rooms of some channels that are open.
    fn open_rooms<'c>(
        &self,
        channels: impl Iterator<Item = &'c ChannelId>,
        now_ms: u64,
    ) -> Result<Vec<RoomLink>, ShelfError> {
        let mut rooms = Vec::new();
        for channel in channels {
            let talks = self.store.talks(channel, now_ms)?.into_iter();
            rooms.extend(talks.filter(|talk| talk.force.closed_day().is_none()).take(ROOMS_LINKED_MAX));
        }
        rooms.sort_by_key(|talk| std::cmp::Reverse((talk.item.header().time, talk.id())));
        rooms.truncate(ROOMS_LINKED_MAX);
        let link = |talk: Talk| RoomLink {
            id_hex: talk.id().to_string(),
            language: talk.opening.language,
            title: talk.opening.title,
        };
        Ok(rooms.into_iter().map(link).collect())
    }

    /// All followed channels.
    pub fn channels(&self) -> Result<Vec<ChannelView>, ShelfError> {
        Ok(self.followed(0)?.states.values().map(|state| channel_view(state)).collect())
    }

    /// One followed channel.
    pub fn channel(&self, id: &ChannelId) -> Result<Option<ChannelView>, ShelfError> {
        let state = self.store.channel(id)?.filter(|state| state.is_followed());
        Ok(state.map(|state| channel_view(&state)))
    }

    /// What is at an item's address.
    pub fn item(&self, id: &ItemId, now_ms: u64) -> Result<Found, ShelfError> {
        let Some(item) = self.article_of(id)? else { return Ok(Found::Nothing) };
        let Some(state) = self.store.channel(&item.channel)?.filter(|state| state.is_followed()) else {
            return Ok(Found::Nothing);
        };
        let name = name(&state);
        if !item.status.is_visible() {
            if let Some(newer) = self.correction(&item)? {
                return Ok(Found::ReplacedBy(newer));
            }
            let view = self.item_view(&item, &name, None, now_ms)?;
            return Ok(Found::Here(Box::new((channel_view(&state), view))));
        }
        match self.store.article(&item)? {
            Some(article) if !has_ended(&state, &item, now_ms) => {
                let view = self.item_view(&item, &name, Some(article), now_ms)?;
                Ok(Found::Here(Box::new((channel_view(&state), view))))
            }
            _ => Ok(Found::Nothing),
        }
    }

    /// What is at a file's address: the rendition of that number, as the publisher listed it.
    pub fn file(&self, id: &ItemId, index: usize) -> Result<FoundFile, ShelfError> {
        let Some(item) = self.article_of(id)? else { return Ok(FoundFile::Nothing) };
        if !self.store.channel(&item.channel)?.is_some_and(|state| state.is_followed()) {
            return Ok(FoundFile::Nothing);
        }
        if item.status == longear_core::Status::Retracted {
            return Ok(FoundFile::Gone);
        }
        if !item.status.is_visible() {
            return Ok(FoundFile::Nothing);
        }
        let rendition = self.store.article(&item)?.and_then(|article| article.renditions.into_iter().nth(index));
        Ok(rendition.map_or(FoundFile::Nothing, FoundFile::Here))
    }

    /// The broadcast that a live item opens, if readers may see it.
    pub fn broadcast(&self, id: &ItemId) -> Result<Option<Arc<Broadcast>>, ShelfError> {
        self.broadcasts.get(&self.store, id)
    }

    fn article_of(&self, id: &ItemId) -> Result<Option<StoredItem>, ShelfError> {
        Ok(self.store.item(id)?.filter(|item| is_read(item.header().kind)))
    }

    /// The item that replaced this one, if it was not just taken back.
    fn correction(&self, item: &StoredItem) -> Result<Option<ItemId>, ShelfError> {
        let Some(by) = item.retracted_by else { return Ok(None) };
        let by = self.article_of(&by)?;
        Ok(by.map(|by| by.id()))
    }

    fn followed(&self, now_ms: u64) -> Result<Followed, ShelfError> {
        let states = self.store.channels()?.into_iter().filter(|state| state.is_followed());
        Ok(Followed { states: states.map(|state| (state.id(), state)).collect(), now_ms })
    }

    /// How many posts there are, and from where on, and over how many items, a page is reached.
    fn counted(&self, followed: &Followed, page: u64) -> Result<(u64, Option<Start>), ShelfError> {
        // One counts, the others wait for it: they would only do the same again.
        let mut counted = self.counted.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let states = followed.states.values().cloned().collect::<Vec<_>>();
        let count = match counted.take().filter(|count| count.serves(&states)) {
            Some(count) => count,
            None => self.count(followed, states)?,
        };
        let start = if page <= WALKED_PAGES_MAX {
            Some((None, page * PAGE_ITEMS as u64))
        } else {
            let before = usize::try_from(page - 1).ok().and_then(|before| count.starts.get(before));
            before.map(|cursor| (Some(*cursor), 0))
        };
        let posts = count.posts;
        *counted = Some(count);
        Ok((posts, start))
    }

    fn count(&self, followed: &Followed, states: Vec<Arc<ChannelState>>) -> Result<Count, ShelfError> {
        let at = Instant::now();
        let (mut posts, mut starts) = (0, Vec::new());
        let mut walk = Walk::new(&self.store, followed, None);
        while let Some(item) = walk.next()? {
            posts += 1;
            if posts % PAGE_ITEMS as u64 == 0 {
                starts.push(item.cursor());
            }
        }
        Ok(Count { states, posts, starts, at: Instant::now(), took: at.elapsed() })
    }

    /// An item as the pages show it. Without its article it has neither text nor files.
    fn item_view(
        &self,
        item: &StoredItem,
        channel: &str,
        article: Option<Article>,
        now_ms: u64,
    ) -> Result<ItemView, ShelfError> {
        let id_hex = item.id().to_string();
        let article = article.unwrap_or(Article { corrects: None, variants: Vec::new(), renditions: Vec::new() });
        let corrected = match &article.corrects {
            Some(replaced) => self.replaces(item, replaced)?,
            None => false,
        };
        let (mut renditions, mut still) = (Vec::new(), None);
        let has_video = article.renditions.iter().any(|rendition| rendition.mime.starts_with("video/"));
        for (index, rendition) in article.renditions.iter().enumerate() {
            let view = self.rendition_view(&id_hex, index, rendition)?;
            // A still stands in for its video: it is no photo of its own.
            if has_video && rendition.mime == "image/jpeg" && rendition.name.ends_with(STILL_SUFFIX) {
                if view.have_bytes == view.size_bytes {
                    still.get_or_insert(view.href);
                }
            } else {
                renditions.push(view);
            }
        }
        let variants = article.variants.into_iter().map(variant_view).collect();
        let live = self.live_view(item, &id_hex, now_ms)?;
        Ok(ItemView {
            id_hex,
            channel_id: item.channel.0,
            channel_name: channel.to_owned(),
            kind: match item.header().kind {
                Kind::Notice => pages::Kind::Notice,
                Kind::Media => pages::Kind::Media,
                _ => pages::Kind::Post,
            },
            variants,
            time_ms: item.header().time,
            status: status(item.status),
            corrected,
            renditions,
            still,
            app_file: None,
            live,
        })
    }

    fn live_view(&self, item: &StoredItem, id_hex: &str, now_ms: u64) -> Result<Option<LiveView>, ShelfError> {
        if item.header().kind != Kind::Live {
            return Ok(None);
        }
        let Some(broadcast) = self.broadcast(&item.id())? else { return Ok(None) };
        let (timeline, looked) = broadcast.shown()?;
        Ok(Some(live::view(id_hex, &timeline, &looked, now_ms)))
    }

    /// Whether this item's correction counts: its author may change the other one, or that one is not here.
    fn replaces(&self, item: &StoredItem, replaced: &ItemId) -> Result<bool, ShelfError> {
        let replaced = self.store.item(replaced)?;
        Ok(replaced.is_none_or(|replaced| replaced.retracted_by == Some(item.id())))
    }

    fn rendition_view(&self, id_hex: &str, index: usize, rendition: &Rendition) -> Result<RenditionView, ShelfError> {
        let hash = BlobHash::from_bytes(rendition.blob);
        let blobs = self.store.blobs();
        let (have_bytes, held) = match blobs.state(hash)? {
            BlobState::Absent => (0, Vec::new()),
            BlobState::Complete { size } => (size, Vec::from_iter(std::iter::once(0..size))),
            BlobState::Partial { have_bytes, .. } => (have_bytes, blobs.verified_ranges(hash, 0, RANGES_MAX)?),
        };
        Ok(RenditionView {
            name: rendition.name.clone(),
            mime: rendition.mime.clone(),
            size_bytes: rendition.size,
            have_bytes,
            held,
            duration_ms: (rendition.duration_ms > 0).then_some(rendition.duration_ms),
            width: (rendition.width > 0).then_some(rendition.width),
            height: (rendition.height > 0).then_some(rendition.height),
            href: format!("/media/{id_hex}/{index}"),
        })
    }
}

/// Goes from item to item that readers may see, newest first.
struct Walk<'a> {
    store: &'a Store,
    followed: &'a Followed,
    cursor: Option<Cursor>,
    ahead: std::vec::IntoIter<StoredItem>,
    at_end: bool,
}

impl<'a> Walk<'a> {
    fn new(store: &'a Store, followed: &'a Followed, cursor: Option<Cursor>) -> Self {
        Walk { store, followed, cursor, ahead: Vec::new().into_iter(), at_end: false }
    }

    fn next(&mut self) -> Result<Option<StoredItem>, ShelfError> {
        loop {
            if let Some(item) = self.ahead.by_ref().find(|item| self.followed.shows(item)) {
                return Ok(Some(item));
            }
            if self.at_end {
                return Ok(None);
            }
            let items = self.store.articles(None, self.cursor, WALK_ITEMS)?;
            self.at_end = items.len() < WALK_ITEMS;
            self.cursor = items.last().map(StoredItem::cursor).or(self.cursor);
            self.ahead = items.into_iter();
        }
    }
}

/// Whether items of a kind have pages.
fn is_read(kind: Kind) -> bool {
    kind.is_article() || kind == Kind::Live
}

/// Whether a notice is over. By the earlier of the box's clock and the publisher's, so that a clock that runs ahead
/// hides nothing.
fn has_ended(state: &ChannelState, item: &StoredItem, now_ms: u64) -> bool {
    let header = item.header();
    let now_ms = state.last_word().map_or(now_ms, |word| word.min(now_ms));
    header.kind == Kind::Notice && header.expiry != 0 && header.expiry <= now_ms
}

pub(super) fn channel_view(state: &ChannelState) -> ChannelView {
    let address = Address::new(state.id());
    ChannelView {
        id: state.id().0,
        name: name(state),
        address: address.to_string(),
        digits: address.digits(),
        last_word_ms: state.last_word(),
        missing_posts: state.holes(),
        charter_number: state.lineage().number(),
        disputed_charter: !state.lineage().rivals().is_empty(),
    }
}

/// The channel's name; before its charter has arrived, the beginning of its address.
fn name(state: &ChannelState) -> String {
    if !state.name().trim().is_empty() {
        return state.name().to_owned();
    }
    let address = Address::new(state.id()).to_string();
    format!("{}…", address.chars().take(NAMELESS_CHARACTERS).collect::<String>())
}

fn variant_view(variant: longear_core::Variant) -> VariantView {
    VariantView {
        tag: variant.language,
        origin: match variant.origin {
            longear_core::Origin::Human => pages::Origin::Human,
            longear_core::Origin::Machine => pages::Origin::Machine,
            _ => pages::Origin::Original,
        },
        title: variant.title,
        body_markdown: variant.body,
    }
}

fn status(status: longear_core::Status) -> pages::Status {
    match status {
        longear_core::Status::Shown => pages::Status::Shown,
        longear_core::Status::Unconfirmed(_) => pages::Status::Unconfirmed,
        longear_core::Status::Disputed => pages::Status::Disputed,
        longear_core::Status::Retracted => pages::Status::Retracted,
        longear_core::Status::Refused(_) => pages::Status::Refused,
    }
}
