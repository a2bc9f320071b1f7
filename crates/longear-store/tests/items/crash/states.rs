//! Every state in which a power cut may leave a disk, for every operation of a story.

use std::collections::{BTreeMap, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use longear_core::blob::BlobHash;
use longear_core::holdings::Holdings;
use longear_core::status::Status;
use longear_core::{ItemId, LogId};
use longear_store::backend::{Fault, MemoryBackend, OpenMode, StorageBackend, Survivors};
use longear_store::blobs::BlobState;
use longear_store::{ChannelState, CheckError, Store, StoreOptions};

use super::stories::Cast;

/// Up to so many choices every combination is tried in the short form; in the long form up to the second number.
const ALL_CHOICES: [u32; 2] = [2, 7];
/// Random states beside them.
const SEEDS: [u64; 2] = [3, 200];
/// So many seeds in a row that leave nothing new end the search for more at an operation.
const SEEDS_IN_VAIN: u64 = 25;
/// Of so many operations one is chosen.
const STEP: [u64; 2] = [5, 1];

/// What somebody was told is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    Followed(bool),
    Charter(u64),
    Item(ItemId),
    /// What the newest statement of a log says at least.
    Statement(LogId, u64),
    File(BlobHash),
    NoFile(BlobHash),
    /// Payload and announcement are deleted, and nothing of them stands on the disk.
    Deleted(ItemId),
}

/// What was acknowledged, and everything that was ever signed.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub facts: Vec<Fact>,
    signed: BTreeMap<(LogId, u64), Vec<u8>>,
    twice: bool,
    /// How often something was about to be written: no two attempts write the same.
    pub attempts: u64,
}

impl Ledger {
    pub fn acknowledge(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    /// From here on a fact may become another one at any moment.
    pub fn withdraw(&mut self, fact: &Fact) {
        self.facts.retain(|held| held != fact);
    }

    /// Remembers a signature that left the key.
    pub fn sign(&mut self, log: LogId, seq: u64, bytes: &[u8]) {
        let before = self.signed.insert((log, seq), bytes.to_vec());
        self.twice |= before.is_some_and(|before| before != bytes);
    }
}

pub type Step = fn(&Cast, &Store, &mut Ledger) -> Result<(), CheckError>;

/// A row of steps, each of which is done again if it was cut, and does nothing if it was done.
pub struct Story {
    pub name: &'static str,
    pub cast: Cast,
    /// What was before; nothing fails in it.
    pub setup: Vec<Step>,
    /// What is done to the disk behind the store's back.
    pub behind_its_back: Option<fn(&MemoryBackend)>,
    /// By that: until its end something is missing.
    pub is_damaged: bool,
    /// The store takes long to read: fewer states are tried.
    pub is_large: bool,
    /// Before its end the words of others may speak of items that have not come yet.
    pub is_fetching: bool,
    pub steps: Vec<Step>,
}

/// How the store sees the disk: as it is, or through something that breaks its promises.
pub type Glasses = fn(MemoryBackend) -> Arc<dyn StorageBackend>;

pub fn as_it_is(disk: MemoryBackend) -> Arc<dyn StorageBackend> {
    Arc::new(disk)
}

#[derive(Debug, Default)]
pub struct Figures {
    pub operations: u64,
    /// Times that a store was opened on what an accident left, each with another disk or after other acknowledgements.
    pub states: u64,
    /// The different disks among them, by the hashes of everything on them.
    pub disks: HashSet<[u8; 32]>,
}

/// How many operations are passed over for one that is tried.
pub fn step() -> u64 {
    STEP[usize::from(is_long())]
}

/// Whether every call is played, and every state.
pub fn is_long() -> bool {
    std::env::var_os("LONGEAR_CRASH").is_some_and(|form| form == "long")
}

fn open(backend: Arc<dyn StorageBackend>, index: Option<&Path>) -> Result<Store, CheckError> {
    Ok(Store::open_with(StoreOptions { backend, index: index.map(Path::to_owned) })?)
}

impl Story {
    /// The disk after everything that was before, and what was acknowledged by then.
    fn begin(&self) -> (MemoryBackend, Ledger) {
        let (disk, mut ledger) = (MemoryBackend::new(), Ledger::default());
        let store = open(as_it_is(disk.clone()), None).unwrap();
        for step in &self.setup {
            step(&self.cast, &store, &mut ledger).unwrap();
        }
        drop(store);
        disk.cut_power(Survivors::SyncedOnly);
        if let Some(change) = self.behind_its_back {
            change(&disk);
        }
        (disk, ledger)
    }

    fn run(&self, store: &Store, ledger: &mut Ledger) -> Result<(), CheckError> {
        self.steps.iter().try_for_each(|step| step(&self.cast, store, ledger))
    }

    /// Cuts the power at one operation in `step`, in every way; the first broken promise ends it.
    pub fn explore(&self, glasses: Glasses, step: u64) -> Result<Figures, String> {
        let (before, ledger_before) = self.begin();
        let first = before.operation_count();
        let whole = before.fork();
        let store = open(as_it_is(whole.clone()), None).unwrap();
        self.run(&store, &mut ledger_before.clone()).unwrap();
        let mut search = Search::new(self, glasses);
        // The last one is reached by nobody: then everything is acknowledged.
        for at in (first..=whole.operation_count()).rev().step_by(step as usize) {
            search.figures.operations += 1;
            let (disk, mut ledger) = (before.fork(), ledger_before.clone());
            disk.set_faults(&[Fault::From { at, kind: ErrorKind::Other }]);
            // The process goes away at once: nobody cleans up behind it.
            if let Ok(store) = open(glasses(disk.clone()), Some(&search.fresh_index())) {
                let _ = self.run(&store, &mut ledger);
            }
            for survivors in chosen_states(&disk, self.is_large) {
                search.look_at(at, survivors, &disk, &ledger)?;
            }
            let mut in_vain = 0;
            let seeds = SEEDS[usize::from(is_long() && !self.is_large)];
            let seeds = (0..seeds).map(|number| at << 16 | number);
            for seed in seeds.take_while(|_| disk.choices() > 0) {
                let is_new = search.look_at(at, Survivors::Some { seed }, &disk, &ledger)?;
                in_vain = if is_new { 0 } else { in_vain + 1 };
                if in_vain > SEEDS_IN_VAIN {
                    break;
                }
            }
        }
        Ok(search.figures)
    }

    /// Lets one operation in `step` fail, once or from there on; the first broken promise ends it.
    pub fn disturb(&self, kind: ErrorKind, step: u64) -> Result<Figures, String> {
        let (before, ledger_before) = self.begin();
        let mut figures = Figures::default();
        for at in (before.operation_count()..).step_by(step as usize) {
            figures.operations += 1;
            let mut was_reached = false;
            for fault in [Fault::Once { at, kind }, Fault::From { at, kind }] {
                figures.states += 1;
                let (disk, mut ledger) = (before.fork(), ledger_before.clone());
                let broken = |broken: String| format!("{}: {fault:?}: {broken}", self.name);
                disk.set_faults(&[fault]);
                self.run_disturbed(&disk, &mut ledger, kind).map_err(broken)?;
                was_reached |= disk.operation_count() > at;
                // What was acknowledged in spite of the error is as durable as ever.
                disk.cut_power(Survivors::SyncedOnly);
                self.verify(&disk, as_it_is, None, ledger).map_err(broken)?;
            }
            if !was_reached {
                return Ok(figures);
            }
        }
        unreachable!("a story has an end")
    }

    /// Runs on a disk that fails, and then, in the same process, on one that is well again.
    fn run_disturbed(&self, disk: &MemoryBackend, ledger: &mut Ledger, kind: ErrorKind) -> Result<(), String> {
        let named = |error: CheckError| match kind == ErrorKind::StorageFull && !error.is_full() {
            true => Err(format!("a full disk is called: {error}")),
            false => {
                disk.set_faults(&[]);
                Ok(())
            }
        };
        let again = |error: CheckError| format!("it does not go on: {error}");
        let store = match open(as_it_is(disk.clone()), None) {
            Ok(store) => store,
            Err(error) => {
                named(error)?;
                open(as_it_is(disk.clone()), None).map_err(again)?
            }
        };
        if let Err(error) = self.run(&store, ledger) {
            named(error)?;
            if !self.is_damaged {
                facts_hold(&self.cast, &store, disk, ledger)?;
            }
            self.run(&store, ledger).map_err(again)?;
        }
        disk.set_faults(&[]);
        Ok(())
    }

    /// Opens what a power cut left, asserts what must hold, and goes on to the end of the story.
    fn verify(
        &self,
        disk: &MemoryBackend,
        glasses: Glasses,
        index: Option<&Path>,
        mut ledger: Ledger,
    ) -> Result<(), String> {
        let words = |error: CheckError| format!("it does not open or go on: {error}");
        let store = open(glasses(disk.clone()), index).map_err(words)?;
        if !self.is_damaged {
            sound(&store, self.is_fetching).and_then(|()| facts_hold(&self.cast, &store, disk, &ledger))?;
        }
        self.run(&store, &mut ledger).map_err(words)?;
        sound(&store, false).and_then(|()| facts_hold(&self.cast, &store, disk, &ledger))?;
        drop(store);
        let store = open(glasses(disk.clone()), None).map_err(words)?;
        sound(&store, false).and_then(|()| facts_hold(&self.cast, &store, disk, &ledger))?;
        if ledger.twice { Err("a number was signed twice".into()) } else { Ok(()) }
    }
}

/// The states in which a story was found, and what was seen in them.
struct Search<'s> {
    story: &'s Story,
    glasses: Glasses,
    /// The index files of the run that is cut, and of the one after it.
    folder: tempfile::TempDir,
    states_seen: HashSet<([u8; 32], [u8; 32])>,
    figures: Figures,
}

impl<'s> Search<'s> {
    fn new(story: &'s Story, glasses: Glasses) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Search { story, glasses, folder, states_seen: HashSet::new(), figures: Figures::default() }
    }

    fn fresh_index(&self) -> PathBuf {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(self.folder.path().join(format!("index.db{suffix}")));
        }
        self.folder.path().join("index.db")
    }

    /// Verifies what survives so of a disk; false if that was seen before.
    fn look_at(
        &mut self,
        at: u64,
        survivors: Survivors,
        disk: &MemoryBackend,
        ledger: &Ledger,
    ) -> Result<bool, String> {
        let after = disk.fork();
        after.cut_power(survivors);
        let bytes = hash_of(&after, "");
        let is_new = self.figures.disks.insert(bytes);
        let told = longear_core::hash::plain(format!("{ledger:?}").as_bytes());
        if !self.states_seen.insert((bytes, told)) {
            return Ok(false);
        }
        self.figures.states += 1;
        // The index may have survived as it was, or be lost.
        let old_index = self.folder.path().join("after.db");
        let kept = self.figures.states.is_multiple_of(2)
            && std::fs::copy(self.folder.path().join("index.db"), &old_index).is_ok();
        let verified = self.story.verify(&after, self.glasses, kept.then_some(&*old_index), ledger.clone());
        let broken = |broken| format!("{}: operation {at}, {survivors:?}: {broken}", self.story.name);
        verified.map_err(broken).map(|()| is_new)
    }
}

/// Only what was synced; everything; each of what was not synced alone, or every combination where there are few.
fn chosen_states(disk: &MemoryBackend, is_large: bool) -> Vec<Survivors> {
    let choices = disk.choices();
    let is_thorough = is_long() && !is_large;
    let mut states = vec![Survivors::SyncedOnly, Survivors::All];
    if choices <= ALL_CHOICES[usize::from(is_thorough)] {
        states.extend((1..(1 << choices) - 1).map(|bits| Survivors::Chosen { bits }));
    } else {
        // Each alone, and all but each.
        let alone = (0..choices.min(64)).map(|choice| 1 << choice);
        let both = alone.flat_map(|bit: u64| [bit, !bit]).map(|bits| Survivors::Chosen { bits });
        states.extend(both.take(if is_thorough { usize::MAX } else { 2 }));
    }
    states
}

fn sound(store: &Store, is_fetching: bool) -> Result<(), String> {
    let report = store.check(false, |_| ()).map_err(|error| error.to_string())?;
    if !report.findings.is_empty() {
        return Err(format!("it is damaged: {:?}", report.findings));
    }
    for state in store.channels().map_err(|error| error.to_string())? {
        if state.holes() > 0 && !is_fetching {
            return Err(format!("{} items that a statement speaks of are missing", state.holes()));
        }
    }
    Ok(())
}

fn facts_hold(cast: &Cast, store: &Store, disk: &MemoryBackend, ledger: &Ledger) -> Result<(), String> {
    for fact in &ledger.facts {
        let holds = fact_holds(cast, store, disk, fact).map_err(|error| error.to_string())?;
        if !holds {
            return Err(format!("{fact:?} was acknowledged and is lost"));
        }
    }
    Ok(())
}

fn fact_holds(cast: &Cast, store: &Store, disk: &MemoryBackend, fact: &Fact) -> Result<bool, CheckError> {
    let state = store.channel(&cast.publisher.channel())?;
    let of_item = |id: &ItemId| Ok::<_, CheckError>(store.item(id)?.map(|item| (item.status, store.payload(&item))));
    Ok(match fact {
        Fact::Followed(followed) => state.is_some_and(|state| state.is_followed() == *followed),
        Fact::Charter(number) => state.is_some_and(|state| state.lineage().number() >= *number),
        Fact::Item(id) => matches!(of_item(id)?, Some((Status::Shown | Status::Retracted, Ok(Some(_))))),
        Fact::Statement(log, counter) => {
            // It stays also where its log is closed and it says nothing any more.
            let held = |state: &ChannelState| state.statements().get(&(*log, None)).map(|word| word.counter);
            state.and_then(|state| held(&state)).is_some_and(|held| held >= *counter)
        }
        Fact::File(hash) => matches!(store.blobs().state(*hash)?, BlobState::Complete { .. }),
        Fact::NoFile(hash) => store.blobs().state(*hash)? == BlobState::Absent,
        Fact::Deleted(id) => {
            let gone = matches!(of_item(id)?, Some((Status::Retracted, Ok(None))));
            gone && !stands_on(disk, super::stories::SECRET.as_bytes())
        }
    })
}

/// A page of the disk.
const PAGE_BYTES: usize = 4096;

/// Of every name below a folder, and of all bytes of its files.
pub fn hash_of(disk: &MemoryBackend, folder: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for entry in disk.list(folder).unwrap() {
        let path = if folder.is_empty() { entry.name.clone() } else { format!("{folder}/{}", entry.name) };
        hasher.update(path.as_bytes()).update(&[0]);
        if entry.is_dir {
            hasher.update(&hash_of(disk, &path));
            continue;
        }
        let file = disk.open(&path, OpenMode::Read).unwrap();
        hasher.update(&file.len().unwrap().to_le_bytes());
        let mut at = 0;
        while let Some(data) = file.next_data(at).unwrap() {
            let mut bytes = vec![0; (data.end - data.start) as usize];
            file.read_exact_at(data.start, &mut bytes).unwrap();
            // Zeros are no other disk than a hole.
            for (number, page) in bytes.chunks(PAGE_BYTES).enumerate().filter(|(_, page)| page.iter().any(|b| *b != 0))
            {
                hasher.update(&(data.start + (number * PAGE_BYTES) as u64).to_le_bytes()).update(page);
            }
            at = data.end;
        }
    }
    hasher.finalize().into()
}

/// Whether these bytes stand in any segment.
pub fn stands_on(disk: &MemoryBackend, wanted: &[u8]) -> bool {
    disk.list("items").unwrap().iter().any(|entry| {
        let file = disk.open(&format!("items/{}", entry.name), OpenMode::Read).unwrap();
        let mut bytes = vec![0; file.len().unwrap() as usize];
        file.read_exact_at(0, &mut bytes).unwrap();
        bytes.windows(wanted.len()).any(|window| window == wanted)
    })
}
