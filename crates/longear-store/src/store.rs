//! Opening a store, and what one process knows of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use longear_core::holdings::Holdings;
use longear_core::room::RoomId;
use longear_core::{
    ChannelId, Charter, ForkProof, Header, Intervals, Judgement, Lineage, LogId, LogOpening, Statement, verify,
};

use crate::backend::{DiskBackend, StorageBackend, StorageFile};
use crate::batch::Batch;
use crate::blobs::BlobStore;
use crate::broadcasts::Openings;
use crate::channel::{ChannelState, LogState};
use crate::edges::Remembered;
use crate::error::StoreError;
use crate::index::{Index, place_of, seq_of};
use crate::journal::Journal;
use crate::packs::OwnSignatures;
use crate::replay::{Replayed, replay, split_intent};
use crate::rooms::Rooms;
use crate::talk::Ruled;

/// How long a writer waits for another process.
const WRITE_WAIT: Duration = Duration::from_secs(60);
/// How often it looks whether the other one is done.
const WRITE_POLL: Duration = Duration::from_millis(3);
/// A data version that the index never has: the states must be loaded again.
const STALE: i64 = -1;
/// The lock that writers hold, in the store's folder.
const WRITE_LOCK: &str = "write.lock";
/// The notes of rooms, in the store's folder.
const ROOMS_DIR: &str = "rooms";

/// Where the parts of a store are.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Segments and blobs.
    pub backend: Arc<dyn StorageBackend>,
    /// The index file; `None` keeps the index in memory and rebuilds it at each start.
    pub index: Option<PathBuf>,
}

/// Everything one node holds. Many threads and several processes may use the same one.
#[derive(Debug)]
pub struct Store {
    pub(crate) backend: Arc<dyn StorageBackend>,
    pub(crate) journal: Journal,
    pub(crate) inner: Mutex<Inner>,
    pub(crate) edges: Remembered,
    blobs: BlobStore,
    rooms: Rooms,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub index: Index,
    pub states: HashMap<ChannelId, Arc<ChannelState>>,
    pub data_version: i64,
    pub generation: u64,
    pub judgements: HashMap<LogId, (u64, Arc<Judgement>)>,
    pub openings: HashMap<ChannelId, Openings>,
    /// What was decided in rooms.
    pub ruled: HashMap<RoomId, Ruled>,
    pub own_signatures: OwnSignatures,
    /// Where a batch began that failed, and could not be cut off.
    pub undone: Option<(u32, u64)>,
}

/// Held while writing; freed when dropped, or by the system when the process dies.
pub(crate) struct WriteLock {
    _file: Box<dyn StorageFile>,
}

/// A header that was about to be signed when the process ended.
#[derive(Clone, Debug)]
pub struct Intent {
    /// The header without its signature.
    pub header: Header,
    /// Its payload.
    pub payload: Vec<u8>,
}

impl Store {
    /// Opens or makes a store in a folder of the disk.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let backend: Arc<dyn StorageBackend> = Arc::new(DiskBackend::new(folder));
        let made =
            backend.create_dir("items").or_else(|error| if error.is_read_only() { Ok(false) } else { Err(error) })?;
        if made {
            backend.sync_dir("")?;
            // The folder may be new itself; its name is durable once the folder above is. Where that one is not ours to
            // open, its owner sees to it.
            let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let _ = std::fs::File::open(above).and_then(|above| above.sync_all());
        }
        let store = Self::open_with(StoreOptions { backend, index: Some(folder.join("index.db")) })?;
        Ok(Store { rooms: Rooms::open(&folder.join(ROOMS_DIR)), ..store })
    }

    /// Opens or makes a store. Costs a look at the index; after a crash, a read of what it has not seen. Its rooms are in
    /// memory: their databases need a folder of the disk.
    ///
    /// Where the index cannot be written, as on read-only media, it is built in memory: a read of all segments.
    pub fn open_with(options: StoreOptions) -> Result<Self, StoreError> {
        let StoreOptions { backend, index: path } = options;
        let journal = Journal::new(backend.clone());
        let index = match Index::open(path.as_deref()).map_err(StoreError::from) {
            Err(error) if error.is_read_only() => Index::open(None)?,
            opened => opened?,
        };
        let inner = Inner {
            data_version: STALE,
            index,
            states: HashMap::new(),
            generation: 0,
            judgements: HashMap::new(),
            openings: HashMap::new(),
            ruled: HashMap::new(),
            own_signatures: OwnSignatures::default(),
            undone: None,
        };
        let blobs = BlobStore::open(backend.clone());
        let store = Store {
            backend,
            journal,
            inner: Mutex::new(inner),
            edges: Remembered::default(),
            blobs,
            rooms: Rooms::in_memory(),
        };
        store.recover()?;
        // Unless that was done already.
        drop(store.fresh()?);
        Ok(store)
    }

    /// The blobs.
    pub fn blobs(&self) -> &BlobStore {
        &self.blobs
    }

    /// The rooms.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// Bytes of segments on disk, without blobs and index.
    pub fn bytes_held(&self) -> Result<u64, StoreError> {
        let mut bytes = 0;
        for segment in self.journal.segments()? {
            let metadata = self.backend.metadata(&crate::segment::segment_path(segment))?;
            bytes += metadata.map_or(0, |metadata| metadata.len);
        }
        Ok(bytes)
    }

    /// Begins to write. Waits while another thread or process writes.
    pub fn write(&self) -> Result<Batch<'_>, StoreError> {
        // First the lock that may take long: meanwhile others in this process go on reading.
        let lock = self.write_lock()?;
        let mut inner = self.lock();
        self.refresh(&mut inner)?;
        self.undo(&mut inner)?;
        let (segment, length) = self.catch_up(&mut inner)?;
        let appender = self.journal.append_from(segment, length)?;
        Batch::new(self, inner, (appender, (segment, length)), lock)
    }

    /// All channels that are or were followed here.
    pub fn channels(&self) -> Result<Vec<Arc<ChannelState>>, StoreError> {
        let inner = self.fresh()?;
        let mut states = inner.states.values().cloned().collect::<Vec<_>>();
        states.sort_by_key(|state| state.no);
        Ok(states)
    }

    /// One channel, as it is now.
    pub fn channel(&self, channel: &ChannelId) -> Result<Option<Arc<ChannelState>>, StoreError> {
        Ok(self.fresh()?.states.get(channel).cloned())
    }

    /// What was about to be signed in this log, if a crash came between.
    pub fn intent(&self, channel: &ChannelId, opening: &LogOpening, seq: u64) -> Result<Option<Intent>, StoreError> {
        let inner = self.fresh()?;
        let Some(log_no) = inner.index.log_no_of_id(&opening.log(channel))? else { return Ok(None) };
        // The row stays when the item is signed: the payload stands in the intent, too, and may have to be erased one day.
        let sql = "SELECT segment, offset, length FROM intents WHERE at = ?1
            AND NOT EXISTS (SELECT 1 FROM items WHERE at = ?1)";
        let places = inner.index.places(sql, [place_of(log_no, seq)])?;
        let Some(place) = places.first() else { return Ok(None) };
        let body = self.journal.read(*place)?;
        let intent = body.get(32..).and_then(split_intent);
        Ok(intent.map(|(_, header, payload)| Intent { header, payload: payload.to_vec() }))
    }

    /// Throws the index away and builds it from the segments. Costs one read of all of them.
    pub fn rebuild_index(&self) -> Result<Replayed, StoreError> {
        let _lock = self.write_lock()?;
        let mut inner = self.lock();
        let replayed = replay(&inner.index, &self.journal, (0, 0), false)?;
        self.finish_erasures(&inner)?;
        self.load(&mut inner)?;
        Ok(replayed)
    }

    /// The state, after looking whether another process wrote.
    pub(crate) fn fresh(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        let mut inner = self.lock();
        self.refresh(&mut inner)?;
        Ok(inner)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|poisoned| {
            // A panic left at worst an open transaction, and states that are older or newer than the index.
            self.inner.clear_poison();
            let mut inner = poisoned.into_inner();
            inner.index.roll_back();
            inner.data_version = STALE;
            inner
        })
    }

    fn refresh(&self, inner: &mut Inner) -> Result<(), StoreError> {
        let version = inner.index.data_version()?;
        if version != inner.data_version {
            self.load(inner)?;
        }
        Ok(())
    }

    fn load(&self, inner: &mut Inner) -> Result<(), StoreError> {
        let data_version = inner.index.data_version()?;
        inner.index.begin_reading()?;
        let states = self.load_states(inner);
        inner.index.roll_back();
        inner.states = states?;
        inner.data_version = data_version;
        Ok(())
    }

    fn load_states(&self, inner: &mut Inner) -> Result<HashMap<ChannelId, Arc<ChannelState>>, StoreError> {
        let mut states = HashMap::new();
        for (no, channel, followed) in inner.index.channels()? {
            let mut state = ChannelState::new(no, channel, followed);
            if let Some(known) = inner.states.get(&channel) {
                state.lineage = known.lineage.clone();
                state.charter_places.clone_from(&known.charter_places);
            }
            let mut state = load_state(&inner.index, &self.journal, state)?;
            inner.generation += 1;
            state.generation = inner.generation;
            states.insert(channel, Arc::new(state));
        }
        Ok(states)
    }

    /// Indexes what a crash left unindexed, unless another process is writing just now: then it is that one's business.
    fn recover(&self) -> Result<(), StoreError> {
        let lock = match self.backend.lock(WRITE_LOCK) {
            Ok(Some(file)) => Some(WriteLock { _file: file }),
            Ok(None) => None,
            // Nobody else writes here either.
            Err(error) if error.is_read_only() => None,
            Err(error) => return Err(error.into()),
        };
        let mut inner = self.lock();
        // An index in memory is nobody else's business.
        if lock.is_some() || inner.index.connection().path().is_none_or(str::is_empty) {
            self.catch_up(&mut inner)?;
        }
        if lock.is_some() && self.finish_erasures(&inner).is_err() {
            // Reading must not fail for it; the next collection says what is wrong with the disk.
            tracing::warn!("what was deleted could not be erased from the disk yet");
        }
        Ok(())
    }

    /// Cuts off a batch of which was said that nothing of it happened. Where somebody has indexed it meanwhile, others may
    /// build on it, and it stays. The write lock is held.
    fn undo(&self, inner: &mut Inner) -> Result<(), StoreError> {
        if let Some(start) = inner.undone
            && inner.index.progress()? == start
        {
            self.journal.cut(start.0, start.1)?;
        }
        inner.undone = None;
        Ok(())
    }

    /// Indexes batches behind the index's progress. The write lock is held.
    fn catch_up(&self, inner: &mut Inner) -> Result<(u32, u64), StoreError> {
        let progress = inner.index.progress()?;
        // An index that knows of more than is there, or of other segments, is none.
        let fits = progress == (0, 0) || self.journal.ends_batch(progress.0, progress.1)?;
        let mut more = self.journal.length(progress.0)? > progress.1;
        for later in self.journal.segments()?.into_iter().filter(|segment| *segment > progress.0) {
            more |= self.journal.length(later)? > 0;
        }
        if fits && !more {
            return Ok(progress);
        }
        let from = if fits { progress } else { (0, 0) };
        let replayed = replay(&inner.index, &self.journal, from, from != (0, 0))?;
        if replayed.records > 0 || !fits {
            self.load(inner)?;
        }
        Ok((replayed.segment, replayed.length))
    }

    pub(crate) fn write_lock(&self) -> Result<WriteLock, StoreError> {
        self.wait_for_lock(WRITE_LOCK)
    }

    pub(crate) fn wait_for_lock(&self, path: &str) -> Result<WriteLock, StoreError> {
        let started = Instant::now();
        loop {
            if let Some(file) = self.backend.lock(path)? {
                return Ok(WriteLock { _file: file });
            }
            if started.elapsed() > WRITE_WAIT {
                return Err(StoreError::Locked { seconds: WRITE_WAIT.as_secs() });
            }
            std::thread::sleep(WRITE_POLL);
        }
    }
}

/// Fills the state of a channel from the index. Its lineage is kept as far as it was made from the same records: charters
/// cost signature checks.
pub(crate) fn load_state(
    index: &Index,
    journal: &Journal,
    mut state: ChannelState,
) -> Result<ChannelState, StoreError> {
    let (no, channel) = (state.no, state.id());
    let sql = "SELECT segment, offset, length FROM charters WHERE channel = ? ORDER BY segment, offset";
    let places = index.places(sql, [no])?;
    if places != state.charter_places {
        state.lineage = Lineage::new(channel);
        let charters = places.iter().filter_map(|place| Charter::decode(&journal.read(*place).ok()?).ok());
        let mut charters = charters.collect::<Vec<_>>();
        // One that was lost and fetched again stands behind its successors.
        charters.sort_by_key(|charter| charter.body.number);
        for charter in charters {
            // A charter that does not verify any more is damaged; it will be fetched again.
            if let Ok(charter) = verify(&state.lineage, charter) {
                state.lineage.apply(charter);
            }
        }
        state.charter_places = places;
    }
    let sql = "SELECT DISTINCT segment, offset, length FROM statements WHERE channel = ?";
    for place in index.places(sql, [no])? {
        if let Some(Ok(statement)) = journal.read_whole(place)?.map(|bytes| Statement::decode(&bytes)) {
            for slot in state.slots_won(&statement) {
                state.statements.insert(slot, statement.clone());
            }
        }
    }
    for place in index.places("SELECT segment, offset, length FROM forks WHERE channel = ?", [no])? {
        if let Some(Ok(proof)) = journal.read_whole(place)?.map(|bytes| ForkProof::decode(&bytes)) {
            state.forks.insert(proof.opening.log(&channel), proof);
        }
    }
    for (no, log, opening) in index.logs(state.no)? {
        let headers = held_seqs(index, no, "1")?;
        let payloads = held_seqs(index, no, "(payload IS NOT NULL OR deleted)")?;
        state.logs.insert(log, LogState { no, opening, headers, payloads });
    }
    Ok(state)
}

/// Seqs of a log that fulfil a condition. A log without holes costs one aggregate, others a scan.
fn held_seqs(index: &Index, log_no: i64, condition: &str) -> Result<Intervals, StoreError> {
    let range = [place_of(log_no, 0), place_of(log_no + 1, 0)];
    let sql = format!("SELECT min(at), max(at), count(*) FROM items WHERE at >= ? AND at < ? AND {condition}");
    let read = |row: &rusqlite::Row<'_>| {
        Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, i64>(2)?))
    };
    let (Some(first), Some(last), count) = index.connection().prepare_cached(&sql)?.query_row(range, read)? else {
        return Ok(Intervals::new());
    };
    if last - first + 1 == count {
        let mut dense = Intervals::new();
        dense.insert(seq_of(first)..seq_of(last) + 1);
        return Ok(dense);
    }
    let sql = format!("SELECT at FROM items WHERE at >= ? AND at < ? AND {condition} ORDER BY at");
    let mut statement = index.connection().prepare_cached(&sql)?;
    let mut held = Intervals::new();
    for at in statement.query_map(range, |row| row.get::<_, i64>(0))? {
        let seq = seq_of(at?);
        held.insert(seq..seq + 1);
    }
    Ok(held)
}
