//! Opening a store, and what one process knows of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use longear_core::{ChannelId, Charter, ForkProof, Header, Intervals, Judgement, LogId, LogOpening, Statement, verify};

use crate::backend::{DiskBackend, StorageBackend, StorageFile};
use crate::batch::Batch;
use crate::blobs::BlobStore;
use crate::channel::{ChannelState, LogState};
use crate::error::StoreError;
use crate::index::{Index, place_of, seq_of};
use crate::journal::Journal;
use crate::replay::{Replayed, replay, split_intent};

/// How long a writer waits for another process.
const WRITE_WAIT: Duration = Duration::from_secs(60);
/// How often it looks whether the other one is done.
const WRITE_POLL: Duration = Duration::from_millis(3);
/// The lock that writers hold, in the store's folder.
const WRITE_LOCK: &str = "write.lock";

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
    blobs: BlobStore,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub index: Index,
    pub states: HashMap<ChannelId, Arc<ChannelState>>,
    pub data_version: i64,
    pub generation: u64,
    pub judgements: HashMap<LogId, (u64, Arc<Judgement>)>,
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
        backend.create_dir("items")?;
        Self::open_with(StoreOptions { backend, index: Some(folder.join("index.db")) })
    }

    /// Opens or makes a store. Costs a look at the index; after a crash, a read of what it has not seen.
    pub fn open_with(options: StoreOptions) -> Result<Self, StoreError> {
        let StoreOptions { backend, index: path } = options;
        let journal = Journal::new(backend.clone());
        let (index, _) = Index::open(path.as_deref())?;
        let inner = Inner {
            data_version: index.data_version()?,
            index,
            states: HashMap::new(),
            generation: 0,
            judgements: HashMap::new(),
        };
        let blobs = BlobStore::open(backend.clone());
        let store = Store { backend, journal, inner: Mutex::new(inner), blobs };
        store.recover()?;
        let mut inner = store.lock();
        store.load(&mut inner)?;
        drop(inner);
        Ok(store)
    }

    /// The blobs.
    pub fn blobs(&self) -> &BlobStore {
        &self.blobs
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
        let mut inner = self.lock();
        let lock = self.write_lock()?;
        self.refresh(&mut inner)?;
        let (segment, length) = self.catch_up(&mut inner)?;
        let appender = self.journal.append_from(segment, length)?;
        Batch::new(self, inner, appender, lock)
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
        let sql = "SELECT segment, offset, length FROM intents WHERE at = ?";
        let places = inner.index.places(sql, [place_of(log_no, seq)])?;
        let Some(place) = places.first() else { return Ok(None) };
        let body = self.journal.read(*place)?;
        let intent = body.get(32..).and_then(split_intent);
        Ok(intent.map(|(_, header, payload)| Intent { header, payload: payload.to_vec() }))
    }

    /// Throws the index away and builds it from the segments. Costs one read of all of them.
    pub fn rebuild_index(&self) -> Result<Replayed, StoreError> {
        let mut inner = self.lock();
        let _lock = self.write_lock()?;
        inner.index.begin()?;
        let rebuilt = self.rebuild(&inner.index);
        if rebuilt.is_err() {
            inner.index.roll_back();
        }
        let replayed = rebuilt?;
        inner.index.commit()?;
        self.load(&mut inner)?;
        Ok(replayed)
    }

    fn rebuild(&self, index: &Index) -> Result<Replayed, StoreError> {
        const TABLES: [&str; 9] =
            ["channels", "logs", "charters", "statements", "forks", "items", "branches", "retractions", "renditions"];
        for table in TABLES.iter().chain(&["intents"]) {
            index.connection().execute(&format!("DELETE FROM {table}"), [])?;
        }
        let replayed = replay(index, &self.journal, (0, 0))?;
        index.set_progress(replayed.segment, replayed.length)?;
        Ok(replayed)
    }

    /// The state, after looking whether another process wrote.
    pub(crate) fn fresh(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        let mut inner = self.lock();
        self.refresh(&mut inner)?;
        Ok(inner)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while holding the lock left at worst an open transaction, which the next writer cannot begin into.
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn refresh(&self, inner: &mut Inner) -> Result<(), StoreError> {
        let version = inner.index.data_version()?;
        if version != inner.data_version {
            self.load(inner)?;
        }
        Ok(())
    }

    fn load(&self, inner: &mut Inner) -> Result<(), StoreError> {
        inner.data_version = inner.index.data_version()?;
        let mut states = HashMap::new();
        for (no, channel, followed) in inner.index.channels()? {
            let mut state = load_state(&inner.index, &self.journal, no, channel, followed)?;
            inner.generation += 1;
            state.generation = inner.generation;
            states.insert(channel, Arc::new(state));
        }
        inner.states = states;
        Ok(())
    }

    /// Indexes what a crash left unindexed, unless another process is writing just now: then it is that one's business.
    fn recover(&self) -> Result<(), StoreError> {
        let mut inner = self.lock();
        let Some(file) = self.backend.lock(WRITE_LOCK)? else { return Ok(()) };
        let _lock = WriteLock { _file: file };
        self.catch_up(&mut inner).map(|_| ())
    }

    /// Indexes records behind the index's progress. The write lock is held.
    fn catch_up(&self, inner: &mut Inner) -> Result<(u32, u64), StoreError> {
        let (segment, length) = inner.index.progress()?;
        let segments = self.journal.segments()?;
        let newest = segments.last().copied().unwrap_or(0);
        if newest <= segment && (length > 0 && self.journal.record(segment, length)?.is_none() || segments.is_empty()) {
            return Ok((segment, length));
        }
        inner.index.begin()?;
        let replayed = replay(&inner.index, &self.journal, (segment, length)).and_then(|replayed| {
            inner.index.set_progress(replayed.segment, replayed.length)?;
            Ok(replayed)
        });
        if replayed.is_err() {
            inner.index.roll_back();
        }
        let replayed = replayed?;
        inner.index.commit()?;
        if replayed.records > 0 {
            self.load(inner)?;
        }
        Ok((replayed.segment, replayed.length))
    }

    fn write_lock(&self) -> Result<WriteLock, StoreError> {
        let started = Instant::now();
        loop {
            if let Some(file) = self.backend.lock(WRITE_LOCK)? {
                return Ok(WriteLock { _file: file });
            }
            if started.elapsed() > WRITE_WAIT {
                return Err(StoreError::Locked { seconds: WRITE_WAIT.as_secs() });
            }
            std::thread::sleep(WRITE_POLL);
        }
    }
}

/// Builds the state of a channel from the index.
pub(crate) fn load_state(
    index: &Index,
    journal: &Journal,
    no: i64,
    channel: ChannelId,
    followed: bool,
) -> Result<ChannelState, StoreError> {
    let mut state = ChannelState::new(no, channel, followed);
    let sql = "SELECT segment, offset, length FROM charters WHERE channel = ? ORDER BY segment, offset";
    for place in index.places(sql, [no])? {
        // A charter that does not verify any more is damaged; it will be fetched again.
        let charter = Charter::decode(&journal.read(place)?).and_then(|charter| verify(&state.lineage, charter));
        if let Ok(charter) = charter {
            state.lineage.apply(charter);
        }
    }
    let sql = "SELECT DISTINCT segment, offset, length FROM statements WHERE channel = ?";
    for place in index.places(sql, [no])? {
        if let Ok(statement) = Statement::decode(&journal.read(place)?) {
            for slot in state.slots_won(&statement) {
                state.statements.insert(slot, statement.clone());
            }
        }
    }
    for place in index.places("SELECT segment, offset, length FROM forks WHERE channel = ?", [no])? {
        if let Ok(proof) = ForkProof::decode(&journal.read(place)?) {
            state.forks.insert(proof.opening.log(&channel), proof);
        }
    }
    for (no, log, opening) in index.logs(state.no)? {
        let headers = held_seqs(index, no, "1")?;
        let payloads = held_seqs(index, no, "payload IS NOT NULL")?;
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
