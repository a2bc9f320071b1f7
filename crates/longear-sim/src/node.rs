//! One machine of a world: its disk, its store, its clock, and who sits at it.

use std::collections::BTreeSet;
use std::sync::Arc;

use longear_core::quarantine::Quarantine;
use longear_core::status::{Objection, Status};
use longear_core::tree::TreePath;
use longear_core::{ChannelId, ItemId, Kind, LogId, PackName};
use longear_net::serve::{etag, small_object};
use longear_net::sync::decisions::{Offered, SourceMemory};
use longear_store::backend::{MemoryBackend, StorageBackend};
use longear_store::{ChannelState, Signer, Store, StoreError};

use crate::broken::Broken;
use crate::clock::NOON_MS;
use crate::disk::LyingDisk;
use crate::held::{Objects, View, open, view};

/// What kind of people sit at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// They run what we ship.
    Honest,
    /// Their program answers with what it likes.
    Liar,
    /// They run what we ship, with somebody else's key.
    Thief,
}

/// A delegate at a node.
pub struct Delegate {
    /// Whose key it is.
    pub name: &'static str,
    /// The key in its log.
    pub signer: Signer,
    /// What they mostly publish.
    pub kind: Kind,
}

/// A machine.
pub struct Node {
    /// Its number.
    pub no: usize,
    /// Its people.
    pub side: Side,
    /// What survives a power cut.
    pub disk: MemoryBackend,
    /// `None` while it is switched off.
    pub store: Option<Store>,
    /// Its clock minus the true one.
    pub skew_ms: i64,
    /// Who publishes here.
    pub delegate: Option<Delegate>,
    /// What came here and was kept.
    pub objects: Objects,
    /// Whether a write failed since the last one that did not.
    pub has_failed: bool,
    /// Whether its disk fails just now.
    pub is_faulty: bool,
    /// Statements that wait for their charter, as a `Syncer` keeps them.
    pub waiting: Quarantine<Offered>,
    /// Only in broken builds: items that are shown whatever the store says of them.
    pub believed: BTreeSet<ItemId>,
    /// Only in broken builds: what is remembered from one contact to the next.
    pub kept_memory: Option<SourceMemory>,
}

/// What a node says when it is asked for a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The object, or its first bytes.
    Bytes {
        /// As they came.
        bytes: Vec<u8>,
        /// Whether all of them came.
        is_whole: bool,
        /// The tag of a head.
        etag: Option<String>,
    },
    /// It is what you have.
    NotModified,
    /// There is no such object.
    Absent,
    /// Nothing came.
    Lost,
}

impl Node {
    /// Switches a machine on for the first time.
    pub fn new(no: usize, side: Side, skew_ms: i64) -> Self {
        Node {
            no,
            side,
            disk: MemoryBackend::new(),
            store: None,
            skew_ms,
            delegate: None,
            objects: Objects::default(),
            has_failed: false,
            is_faulty: false,
            waiting: Quarantine::default(),
            believed: BTreeSet::new(),
            kept_memory: None,
        }
    }

    /// Whether its people run what we ship.
    pub fn is_honest(&self) -> bool {
        self.side == Side::Honest
    }

    /// Opens the store on its disk: with recovery, if it was not closed well.
    pub fn open(&mut self, broken: Option<Broken>) -> Result<(), StoreError> {
        let disk: Arc<dyn StorageBackend> = match broken {
            Some(Broken::DiskLies) => Arc::new(LyingDisk(self.disk.clone())),
            _ => Arc::new(self.disk.clone()),
        };
        self.store = Some(open(disk)?);
        Ok(())
    }

    /// Begins to follow the channel.
    pub fn follow(&mut self, channel: &ChannelId) -> Result<(), StoreError> {
        let Some(store) = &self.store else { return Ok(()) };
        let mut batch = store.write()?;
        batch.follow(channel)?;
        batch.commit()
    }

    /// Its own time.
    pub fn time_ms(&self, now_ms: u64) -> u64 {
        (NOON_MS + now_ms).saturating_add_signed(self.skew_ms)
    }

    /// The channel as it is held; `None` while the machine is off.
    pub fn state(&self, channel: &ChannelId) -> Option<Arc<ChannelState>> {
        self.store.as_ref()?.channel(channel).ok().flatten()
    }

    /// Statuses of what stands here.
    pub fn view(&self, channel: &ChannelId) -> Result<View, StoreError> {
        self.store.as_ref().map_or(Ok(View::new()), |store| view(store, channel))
    }

    /// What people here see: the articles, in pages, as the list shows them.
    pub fn shown(
        &self,
        channel: &ChannelId,
        now_ms: u64,
        broken: Option<Broken>,
    ) -> Result<BTreeSet<ItemId>, StoreError> {
        const PAGE: usize = 16;
        let Some(store) = &self.store else { return Ok(BTreeSet::new()) };
        let (mut shown, mut cursor) = (self.believed.clone(), None);
        loop {
            let page = store.articles(Some(channel), cursor, PAGE)?;
            for item in &page {
                const YEAR_MS: u64 = 365 * 86_400_000;
                let is_hidden = broken == Some(Broken::OwnClockHides)
                    && self.time_ms(now_ms).abs_diff(item.header().time) > YEAR_MS;
                let is_believed = broken == Some(Broken::BackdatingIsBelieved)
                    && item.status == Status::Refused(Objection::BeyondClosing)
                    && item.header().time < NOON_MS;
                if item.status.is_visible() && !is_hidden || is_believed {
                    shown.insert(item.id());
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => cursor = Some(last.cursor()),
                _ => return Ok(shown),
            }
        }
    }

    /// Answers a question from the store, as a box does.
    pub fn serve(&self, path: &TreePath, known: Option<&str>) -> Answer {
        let Some(store) = &self.store else { return Answer::Lost };
        let found = match *path {
            TreePath::Pack { channel, log, level, index } => match PackName::new(level, u64::from(index)) {
                Some(name) => pack_bytes(store, &ChannelId(channel), &LogId(log), name),
                None => Ok(None),
            },
            _ => small_object(store, path, None),
        };
        match found {
            Ok(Some(bytes)) => {
                let tag = matches!(path, TreePath::Head { .. }).then(|| etag(&bytes));
                if tag.is_some() && tag.as_deref() == known {
                    return Answer::NotModified;
                }
                Answer::Bytes { bytes, is_whole: true, etag: tag }
            }
            Ok(None) => Answer::Absent,
            Err(_) => Answer::Lost,
        }
    }
}

/// A whole pack.
pub fn pack_bytes(
    store: &Store,
    channel: &ChannelId,
    log: &LogId,
    name: PackName,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(pack) = store.pack(channel, log, name)? else { return Ok(None) };
    let mut bytes = pack.front().to_vec();
    for index in 0..pack.payload_count() {
        bytes.extend(store.pack_payload(&pack, index)?);
    }
    Ok(Some(bytes))
}
