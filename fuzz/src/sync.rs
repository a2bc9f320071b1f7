//! The state machine of the sync: two carriers answer in any order, twice, with spoiled bytes and with another branch.
//!
//! Everything goes through [`longear_net::sync::decisions`], as in a real sync, and is kept in a store on a disk of memory.

use longear_core::{Applied, Charter, CharterBody, ForkProof, Head, PackName, Statement};
use longear_net::sync::decisions::{
    Intake, IntakeEnd, Lies, LogWant, Offered, PackJob, Piece, Promises, SourceMemory, Spare, contradicting_packs,
    keep_charter, keep_fork, keep_statements, next_charter, plan_packs, promise_closed_logs, wanted_packs, write_batch,
};
use longear_store::backend::MemoryBackend;
use longear_store::{ChannelState, Store};

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::arrival::{POOL, follow, open, shown};
use crate::script::{Script, spoil};
use crate::support::holder::Held;
use crate::support::publisher::Log;

/// Carriers that speak.
const CARRIERS: usize = 2;
/// Answers of one input.
const STEPS_MAX: usize = 24;
/// Steps with this bit give spoiled bytes.
const SPOILED: u8 = 0x80;
/// Refused bytes for which a carrier of this newsroom is set aside.
const LIES_BYTES_MAX: u64 = 64 << 10;
/// On a disk of memory.
const NO_FAULT: &str = "a disk of memory has no faults";

/// Lets the carriers answer as an input says, and then an honest one give what nobody disputes.
pub fn sync(bytes: &[u8]) {
    let disk = MemoryBackend::new();
    let mut round = Round::new(&disk);
    let mut script = Script::new(bytes);
    for _ in 0..STEPS_MAX {
        let Some(step) = script.byte() else { break };
        round.step(step, &mut script);
    }
    let held = shown(&round.store);
    assert!(held.keys().all(|id| POOL.signed.contains(id)), "something forged is held");
    round.honest();
    let held = shown(&round.store);
    drop(round);
    assert_eq!(held, shown(&open(&disk)), "the index says otherwise when it is built anew");
}

/// A sync of one channel, between any two of its questions.
struct Round {
    store: Store,
    memories: [SourceMemory; CARRIERS],
    lies: [Lies; CARRIERS],
    heads: [Option<Head>; CARRIERS],
    promises: [Promises; CARRIERS],
    waiting: Vec<Offered>,
    spoken: Vec<Offered>,
}

impl Round {
    fn new(disk: &MemoryBackend) -> Self {
        let store = open(disk);
        follow(&store).expect(NO_FAULT);
        let (memories, heads, promises) = Default::default();
        let lies = [(); CARRIERS].map(|()| Lies::new(LIES_BYTES_MAX));
        Self { store, memories, lies, heads, promises, waiting: Vec::new(), spoken: Vec::new() }
    }

    fn state(&self) -> Arc<ChannelState> {
        self.store.channel(&POOL.channel).expect(NO_FAULT).expect("it is followed")
    }

    fn step(&mut self, step: u8, script: &mut Script<'_>) {
        let carrier = usize::from(step >> 3) % CARRIERS;
        match step % 8 {
            0 => self.head(carrier, step, script),
            1 => self.charter(carrier, step, script),
            2 => self.statements(),
            3 => self.fork(carrier, step, script),
            4 => self.pack(carrier, step, script),
            5 => self.planned(),
            6 => self.contradicting(),
            _ => self.memories[carrier].begin_round(script.number()),
        }
    }

    /// A carrier gives a head of any statements, with any charter.
    fn head(&mut self, carrier: usize, step: u8, script: &mut Script<'_>) {
        let mut head = Head::empty(POOL.channel);
        let chosen = script.short();
        statements()
            .enumerate()
            .filter(|(place, _)| chosen >> place & 1 == 1)
            .for_each(|(_, word)| head.insert(word.clone()));
        if let Some(charter) = charters().nth(chosen >> 8 & 3) {
            (head.charter, head.charter_hash) = (charter.body.number, charter.body.hash());
        }
        head.forks = if chosen >> 10 & 1 == 1 {
            forks().map(|fork| fork.opening.log(&POOL.channel)).collect()
        } else {
            Vec::new()
        };
        let bytes = given(head.encode(), step, script);
        let memory = &mut self.memories[carrier];
        self.heads[carrier] = memory.take_head(POOL.channel, None, &bytes).ok();
        match &self.heads[carrier] {
            Some(head) => assert_eq!(head.encode(), bytes, "two encodings of one head"),
            None => self.lies[carrier].count(bytes.len() as u64),
        }
        assert_eq!(memory.heads.contains_key(&POOL.channel), self.heads[carrier].is_some());
    }

    /// A carrier gives a charter, be it the one that was asked for or not.
    fn charter(&mut self, carrier: usize, step: u8, script: &mut Script<'_>) {
        let state = self.state();
        let Some(charter) = charters().nth(usize::from(script.byte().unwrap_or(0)) % charters().count()) else {
            return;
        };
        let asked = next_charter(state.lineage(), self.heads[carrier].as_ref());
        let number = asked.unwrap_or(charter.body.number as u32);
        let bytes = given(charter.encode(), step, script);
        let keep = || keep_charter(&self.store, POOL.channel, number, &bytes).expect(NO_FAULT);
        let Ok(applied) = keep() else { return };
        let again = keep();
        assert!(!matches!(again, Ok(Applied::Next | Applied::Rival)), "it was news twice");
        let after = self.state();
        let (before, now) = (state.lineage().number(), after.lineage().number());
        match applied {
            Applied::Next => assert_eq!(now, before + 1),
            // The roots contradict each other: what stood before both charters holds.
            Applied::Rival => assert!(now <= before, "a rival came in as the next one"),
            _ => assert_eq!(now, before, "a charter that is no news changed something"),
        }
        let known = |body: &CharterBody| charters().any(|charter| charter.body == *body);
        assert!(after.lineage().charters().iter().all(|charter| known(&charter.body)), "a charter that no root signed");
    }

    /// The statements of the heads, and those that waited.
    fn statements(&mut self) {
        let taken = keep_statements(&self.store, POOL.channel, std::mem::take(&mut self.waiting), &self.heads);
        let taken = taken.expect(NO_FAULT);
        let again = keep_statements(&self.store, POOL.channel, taken.waiting.clone(), &self.heads).expect(NO_FAULT);
        assert_eq!(again.new, 0, "statements were news twice");
        assert!(again.waiting == taken.waiting, "what waits was kept twice, or dropped");
        assert!(
            again.refused.iter().all(|(offered, _)| !taken.waiting.contains(offered)),
            "what waits was refused again"
        );
        let known = |spoken: &Statement| statements().any(|statement| statement == spoken);
        assert!(taken.spoken.iter().all(|(_, spoken)| known(spoken)), "a statement that no delegate signed");
        for (carrier, log, items) in &taken.promises {
            let promised = self.promises[*carrier].entry(*log).or_default();
            *promised = (*promised).max(*items);
        }
        let has_head = self.heads.each_ref().map(Option::is_some);
        promise_closed_logs(&self.state(), &has_head, &mut self.promises);
        (self.waiting, self.spoken) = (taken.waiting, taken.spoken);
    }

    /// A carrier gives a fork proof.
    fn fork(&mut self, carrier: usize, step: u8, script: &mut Script<'_>) {
        let asked =
            self.heads[carrier].as_ref().map(|head| self.memories[carrier].forks_to_ask(head)).unwrap_or_default();
        for proof in forks() {
            let log = asked.first().copied().unwrap_or(proof.opening.log(&POOL.channel));
            let bytes = given(proof.encode(), step, script);
            let keep = || keep_fork(&self.store, POOL.channel, log, &bytes).expect(NO_FAULT);
            if keep().is_ok() {
                assert_ne!(keep(), Ok(true), "a proof was news twice");
            }
            self.memories[carrier].fork_answered(log);
            let asks = self.heads[carrier].as_ref().map(|head| self.memories[carrier].forks_to_ask(head));
            assert!(asks.is_none_or(|asks| !asks.contains(&log)), "a carrier is asked twice for a proof");
        }
    }

    /// A carrier gives a pack that may not have been asked for.
    fn pack(&mut self, carrier: usize, step: u8, script: &mut Script<'_>) {
        let place = script.short();
        let log = &POOL.logs[place % POOL.logs.len()];
        let Some(name) = PackName::new((place >> 8 & 3) as u8, (place >> 10) as u64) else { return };
        let Some(bytes) = pack_of(log, name) else { return };
        let bytes = given(bytes, step, script);
        self.take_pack(carrier, log, name, &bytes);
    }

    /// Takes in a pack, whole and in pieces: what comes of it is the same.
    fn take_pack(&mut self, carrier: usize, log: &Log, name: PackName, bytes: &[u8]) {
        let (pieces, end) = self.read(carrier, log, name, bytes, bytes.len().max(1));
        let (again, same) = self.read(carrier, log, name, bytes, bytes.len() % 61 + 1);
        assert_eq!(outcome(&end), outcome(&same), "it mattered in which pieces the pack came");
        let spare = Spare::default();
        write_batch(&self.store, pieces, &spare).expect(NO_FAULT);
        // Where another branch stood at its places a pack may bring its payloads only the second time; then it is no news.
        write_batch(&self.store, again, &spare).expect(NO_FAULT);
        let (third, _) = self.read(carrier, log, name, bytes, bytes.len().max(1));
        assert_eq!(write_batch(&self.store, third, &spare).expect(NO_FAULT), 0, "a pack is news again and again");
        let is_whole = end.whole;
        let memory = &mut self.memories[carrier];
        let refused = memory.note_intake(end, false, &self.lies[carrier]);
        assert!(is_whole || memory.is_pack_tried(log.id, name), "a spoiled pack is asked for again");
        assert!(refused.iter().all(|part| !part.object().is_empty()));
    }

    fn read(&self, carrier: usize, log: &Log, name: PackName, bytes: &[u8], piece: usize) -> (Vec<Piece>, IntakeEnd) {
        let mut pieces = Vec::new();
        let mut sink = |piece| {
            pieces.push(piece);
            true
        };
        let mut intake = Intake::new(carrier, self.state(), log.id, name).reusing(Arc::new(Spare::default()));
        let _ = bytes.chunks(piece).all(|block| intake.push(block, &mut sink));
        let end = intake.end(&mut sink);
        (pieces, end)
    }

    /// What is missing is planned, asked for and given.
    fn planned(&mut self) {
        let state = self.state();
        let live = [0, 1];
        let wanted = wanted_packs(&self.store, &state, &live, &self.promises, &Default::default());
        let (wants, _) = wanted.expect(NO_FAULT);
        let jobs = self.plan(&wants);
        self.give(jobs);
    }

    /// A plan asks nobody for what he was asked for in vain, and for no item twice.
    fn plan(&self, wants: &[LogWant]) -> Vec<PackJob> {
        let memories = self.memories.each_ref();
        let jobs = plan_packs(wants, &memories);
        let mut items = BTreeSet::new();
        for job in &jobs {
            assert!(!job.candidates.is_empty(), "a pack that nobody has is planned");
            let tried = |carrier: &usize| memories[*carrier].is_pack_tried(job.log, job.name);
            assert!(!job.candidates.iter().any(tried), "a carrier is asked twice for a pack");
            assert!(job.name.items().all(|seq| items.insert((job.log, seq))), "an item is planned twice");
        }
        jobs
    }

    /// The packs of other branches.
    fn contradicting(&mut self) {
        let jobs = contradicting_packs(&self.store, &self.state(), &self.spoken).expect(NO_FAULT);
        self.give(jobs);
    }

    /// The first candidate of each job gives the longest branch that he may have, or nothing.
    fn give(&mut self, jobs: Vec<PackJob>) {
        const JOBS_MAX: usize = 4;
        for job in jobs.into_iter().take(JOBS_MAX) {
            let carrier = job.candidates[0];
            let branches = POOL.logs.iter().filter(|log| log.id == job.log);
            let has = branches.filter_map(|log| Some((log, pack_of(log, job.name)?))).nth(carrier);
            match has {
                Some((log, bytes)) => self.take_pack(carrier, log, job.name, &bytes),
                None => self.memories[carrier].pack_absent(job.log, job.name),
            }
        }
    }

    /// Whatever liars said before: a carrier that gives the first charter and an undisputed log brings the whole of it.
    fn honest(&mut self) {
        let charter = charters().next().expect("the newsroom has one");
        let _ = keep_charter(&self.store, POOL.channel, 1, &charter.encode()).expect(NO_FAULT);
        let log = &POOL.logs[POOL.undisputed];
        for seq in 0..log.items.len() as u64 {
            let name = PackName::new(0, seq).expect("a log has that many items");
            let bytes = pack_of(log, name).expect("it is in the log");
            let (pieces, end) = self.read(0, log, name, &bytes, bytes.len());
            assert!(end.whole, "a good pack is refused: {:?}", end.refused);
            write_batch(&self.store, pieces, &Spare::default()).expect(NO_FAULT);
        }
        let held = shown(&self.store);
        let is_here = |id| held.get(&id).is_some_and(|(_, has_payload)| *has_payload);
        assert!(log.ids().into_iter().all(is_here), "liars kept an honest log out");
    }
}

/// Bytes on their way, spoiled if the step says so.
fn given(mut bytes: Vec<u8>, step: u8, script: &mut Script<'_>) -> Vec<u8> {
    const SPOILING_BYTES: usize = 24;
    if step & SPOILED != 0 {
        let count = usize::from(script.byte().unwrap_or(0)) % SPOILING_BYTES;
        spoil(&mut bytes, &mut Script::new(script.bytes(count)));
    }
    bytes
}

fn pack_of(log: &Log, name: PackName) -> Option<Vec<u8>> {
    (name.items().end <= log.items.len() as u64).then(|| log.pack(name))
}

/// What was refused of a pack, without the number of bytes, which is that of the pieces.
fn outcome(end: &IntakeEnd) -> (bool, bool, String) {
    let refused = end.refused.iter().map(|part| format!("{:?} {} {:?}", part.seq, part.what, part.reason));
    (end.whole, end.is_store_gone, refused.collect())
}

fn charters() -> impl Iterator<Item = &'static Charter> {
    POOL.objects.iter().filter_map(|object| if let Held::Charter(charter) = object { Some(charter) } else { None })
}

fn statements() -> impl Iterator<Item = &'static Statement> {
    POOL.objects.iter().filter_map(|object| if let Held::Statement(word) = object { Some(word) } else { None })
}

fn forks() -> impl Iterator<Item = &'static ForkProof> {
    POOL.objects.iter().filter_map(|object| if let Held::Fork(proof) = object { Some(proof) } else { None })
}
