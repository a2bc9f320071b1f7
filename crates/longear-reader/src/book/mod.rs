//! What is held of one channel, made of verified objects only.
//!
//! A book comes to the same results as the store of a node that holds the same objects: the same statuses, the same holes,
//! the same questions to a source. What a node keeps on a disk is kept in memory here, and read anew from the journal at
//! each start, through the same checks.

mod broadcast;
mod handed;
mod log;
mod rooms;
mod status;
mod take;
mod wants;

use longear_core::header::Payload;
use longear_core::holdings::Statements;
use longear_core::quarantine::Quarantine;
use longear_core::tree::TreePath;
use longear_core::{
    Article, ChannelId, ForkProof, Header, ItemId, Kind, Lineage, LogId, Opening, Retraction, SignedHeader, SortedMap,
    SortedSet, Status, Verified,
};

pub use handed::HandedObject;
pub use status::TakenBackBy;
pub use take::{Refused, Taken};

use log::{HeldItem, Log};

/// A channel in memory.
#[derive(Debug)]
pub struct Book {
    lineage: Lineage,
    words: Statements,
    logs: SortedMap<LogId, Log>,
    forks: SortedMap<LogId, ForkProof>,
    /// Where each item stands.
    places: SortedMap<ItemId, (LogId, u64)>,
    /// Which items name an item as taken back or replaced.
    takers: SortedMap<ItemId, SortedSet<ItemId>>,
    /// Articles whose payload is here, by time.
    articles: SortedSet<(u64, ItemId)>,
    /// Articles whose words were not given to the search yet.
    unsearched: Vec<ItemId>,
    /// Openings of rooms, and decisions in them, whose payload is here.
    of_rooms: Vec<ItemId>,
    waiting: Quarantine<(TreePath, Vec<u8>)>,
    /// Hashes of what waits, so that nothing waits twice.
    waiting_names: SortedSet<[u8; 32]>,
    /// What the last [`Book::take`] left to be written down.
    to_keep: SortedMap<TreePath, take::Keep>,
}

/// An item that is held, with its status at the moment of asking.
#[derive(Clone, Copy, Debug)]
pub struct BookItem<'b> {
    /// Its channel.
    pub channel: ChannelId,
    /// Its log.
    pub log: LogId,
    /// Header and signature.
    pub signed: &'b SignedHeader,
    /// What a reader is to make of it.
    pub status: Status,
    /// How it was taken back, if it was.
    pub taken_back: Option<TakenBackBy>,
    /// Its payload, if that is here.
    pub payload: Option<&'b [u8]>,
}

impl BookItem<'_> {
    /// The item's ID.
    pub fn id(&self) -> ItemId {
        self.signed.id()
    }

    /// The header's fields.
    pub fn header(&self) -> &Header {
        self.signed.header()
    }

    /// Its article, if it is one and here. What does not read as an article is none.
    pub fn article(&self) -> Option<Article> {
        article_of(self.header().kind, self.payload?)
    }

    /// The code of the reason for its status, empty where there is none to give.
    pub fn why(&self) -> &'static str {
        self.taken_back.map_or(self.status.code(), TakenBackBy::name)
    }
}

impl Book {
    /// A book that knows nothing but the pinned ID.
    pub fn new(channel: ChannelId) -> Self {
        Book {
            lineage: Lineage::new(channel),
            words: Statements::new(),
            logs: SortedMap::new(),
            forks: SortedMap::new(),
            places: SortedMap::new(),
            takers: SortedMap::new(),
            articles: SortedSet::new(),
            unsearched: Vec::new(),
            of_rooms: Vec::new(),
            waiting: Quarantine::default(),
            waiting_names: SortedSet::new(),
            to_keep: SortedMap::new(),
        }
    }

    /// The pinned channel.
    pub fn channel(&self) -> ChannelId {
        self.lineage.channel()
    }

    /// The applied charters.
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// The proven fork of a log.
    pub fn fork(&self, log: &LogId) -> Option<&ForkProof> {
        self.forks.get(log)
    }

    /// How many objects wait for a charter.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// One item by its ID.
    pub fn item(&self, id: &ItemId) -> Option<BookItem<'_>> {
        let (log_id, seq) = self.places.get(id)?;
        let log = self.log_in_force(log_id)?;
        Some(self.book_item(*log_id, log, log.item(*seq, id)?))
    }

    /// All items held, by log and seq.
    pub fn items(&self) -> impl Iterator<Item = BookItem<'_>> {
        let logs = self.logs.keys().filter_map(|id| Some((*id, self.log_in_force(id)?)));
        logs.flat_map(move |(id, log)| log.all().map(move |item| self.book_item(id, log, item)))
    }

    /// Visible articles that are here, newest first, from behind a time and an item on; where some are `wanted`, these only.
    pub fn feed(
        &self,
        before: Option<(u64, ItemId)>,
        wanted: Option<&SortedSet<ItemId>>,
    ) -> impl Iterator<Item = BookItem<'_>> {
        let before = before.unwrap_or((u64::MAX, ItemId([0xff; 32])));
        let articles = self.articles.range(..before).rev();
        // What an item means takes longer to say than whether it is wanted.
        let articles = articles.filter(move |(_, id)| wanted.is_none_or(|wanted| wanted.contains(id)));
        articles.filter_map(|(_, id)| self.item(id)).filter(|item| item.status.is_visible())
    }

    /// Articles whose words the search does not know yet, at most so many; each is given once.
    pub fn unsearched(&mut self, count: usize) -> Vec<(ItemId, Article)> {
        let (mut given, mut kept) = (Vec::new(), Vec::new());
        for id in core::mem::take(&mut self.unsearched) {
            if given.len() == count {
                kept.push(id);
            } else if let Some(article) = self.item(&id).and_then(|item| item.article()) {
                given.push((id, article));
            } else if self.places.contains_key(&id) {
                // Its key is in no charter now; it may be again.
                kept.push(id);
            }
        }
        self.unsearched = kept;
        given
    }

    /// A log whose key some applied charter lists. Of two charters that contradict each other neither counts, and then what
    /// came by one of them is held no more than if it had come after.
    fn log_in_force(&self, log: &LogId) -> Option<&Log> {
        self.logs.get(log).filter(|log| self.lineage.entry(&log.opening.key).is_some())
    }

    fn book_item<'b>(&'b self, log_id: LogId, log: &'b Log, item: &'b HeldItem) -> BookItem<'b> {
        let (status, taken_back) = self.status(&log_id, log, item);
        let (signed, payload) = (&item.signed, item.payload.as_deref());
        BookItem { channel: self.channel(), log: log_id, signed, status, taken_back, payload }
    }

    /// Keeps the payload of an item. False if the item is not held, or its payload is here, or there is no room for its kind.
    fn fill(&mut self, log_id: LogId, seq: u64, payload: &Verified<Payload<'_>>) -> bool {
        let (id, bytes) = (payload.item(), payload.bytes());
        let Some(log) = self.logs.at_mut(&log_id) else { return false };
        let Some(item) = log.item(seq, &id).filter(|item| item.payload.is_none()) else { return false };
        let (kind, time, day) = (item.signed.header().kind, item.signed.header().time, item.day());
        if let Some(limit) = kind.bytes_per_day_max() {
            let held = log.limited_bytes.at_or_insert(day, || 0);
            if *held + bytes.len() as u64 > limit {
                return false;
            }
            *held += bytes.len() as u64;
        }
        let targets = targets_of(kind, bytes);
        for target in &targets {
            self.takers.at_or_insert(*target, SortedSet::new).insert(id);
        }
        log.fill(seq, &id, bytes, targets);
        // What does not read as an article is none.
        if article_of(kind, bytes).is_some() {
            self.articles.insert((time, id));
            self.unsearched.push(id);
        } else if matches!(kind, Kind::Room | Kind::Moderation) {
            self.of_rooms.push(id);
        }
        true
    }
}

/// The items that a payload takes back or replaces. What does not read as its kind names none.
fn targets_of(kind: Kind, payload: &[u8]) -> Vec<ItemId> {
    match kind {
        Kind::Retraction => Retraction::decode(payload).map_or(Vec::new(), |retraction| retraction.targets),
        kind => article_of(kind, payload).and_then(|article| article.corrects).into_iter().collect(),
    }
}

/// What is read and listed: articles, and of a broadcast what it is called.
fn article_of(kind: Kind, payload: &[u8]) -> Option<Article> {
    match kind {
        Kind::Live => {
            let variants = Opening::decode(payload).ok()?.variants;
            Some(Article { variants, ..Article::default() })
        }
        kind if kind.is_article() => Article::decode(kind, payload).ok(),
        _ => None,
    }
}
