//! From bytes to the book: read, verify, keep.

use longear_core::header::Payload;
use longear_core::holdings::{Holdings, fork_comes_first};
use longear_core::limits::BRANCHES_KEPT_MAX;
use longear_core::pack::{PackHeaders, PackPart};
use longear_core::status::Objection;
use longear_core::tree::TreePath;
use longear_core::{
    Applied, Charter, ForkProof, Head, ItemId, LogId, LogOpening, PackName, PackReader, Reason, Run, SortedMap, Status,
    Verified, verify,
};

use super::Book;
use super::handed::{Placed, pack_of};
use super::log::{HeldItem, Log};

/// Refusals that are named for one object; what else is wrong with it adds nothing.
pub const REFUSED_NAMED_MAX: usize = 64;

/// How much of a pack is handed to its reader at once.
const PIECE_BYTES: usize = 1 << 20;

/// What became of an object.
#[derive(Debug, Default)]
pub struct Taken {
    /// How many things in it were new: charters, statements, proofs, headers, payloads.
    pub news: u64,
    /// Whether something of it is to be written to the journal: ask [`Book::keep`].
    pub kept: bool,
    /// What was refused of it.
    pub refused: Vec<Refused>,
    /// Paths of objects that had waited, of which something is to be written to the journal now.
    pub released: Vec<TreePath>,
}

/// Something that was refused.
#[derive(Debug)]
pub struct Refused {
    /// What of the object; empty for all of it.
    pub what: String,
    /// Why.
    pub reason: Reason,
}

/// What is to be written to the journal of an object.
#[derive(Debug)]
pub(super) enum Keep {
    AsItCame(Vec<u8>),
    /// The head of all that is held.
    Head,
    /// What of a pack was verified.
    Slots(LogOpening, PackName, Vec<(u64, ItemId)>),
}

/// How the taking of one object ended.
enum End {
    Done,
    /// Something of it may make sense with the next charter.
    Waits,
}

impl Taken {
    fn refuse(&mut self, what: impl FnOnce() -> String, reason: Reason) {
        if self.refused.len() < REFUSED_NAMED_MAX {
            self.refused.push(Refused { what: what(), reason });
        }
    }
}

impl Book {
    /// Verifies what stood under a path of the tree and keeps what is good in it.
    ///
    /// What came before its charter waits, and is tried again with every charter.
    pub fn take(&mut self, path: TreePath, bytes: &[u8]) -> Taken {
        self.to_keep = SortedMap::new();
        let charters = self.lineage.number();
        let rivals = self.lineage.rivals().len();
        let mut taken = self.take_one(path, bytes);
        if (self.lineage.number(), self.lineage.rivals().len()) != (charters, rivals) {
            self.retry(&mut taken);
        }
        taken
    }

    /// What is to be written to the journal of an object that the last [`Book::take`] kept or released; `None` for others.
    pub fn keep(&self, path: &TreePath) -> Option<Vec<u8>> {
        Some(match self.to_keep.get(path)? {
            Keep::AsItCame(bytes) => bytes.clone(),
            Keep::Head => self.head().encode(),
            Keep::Slots(opening, name, items) => self.kept_pack(opening, *name, items),
        })
    }

    fn retry(&mut self, taken: &mut Taken) {
        // Charters may wait for each other; whatever else waits, waits for one of them.
        loop {
            let charters = self.lineage.number();
            self.waiting_names.clear();
            for (path, bytes) in self.waiting.drain() {
                let again = self.take_one(path, &bytes);
                taken.news += again.news;
                if again.kept {
                    taken.released.push(path);
                }
            }
            if self.lineage.number() == charters {
                break;
            }
        }
    }

    fn take_one(&mut self, path: TreePath, bytes: &[u8]) -> Taken {
        let mut taken = Taken::default();
        let ours = self.channel().0;
        let (end, keep) = match path {
            TreePath::Head { channel } if channel == ours => (self.take_head(bytes, &mut taken), Keep::Head),
            TreePath::Charter { channel, number } if channel == ours => {
                (self.take_charter(number, bytes, &mut taken), Keep::AsItCame(bytes.to_vec()))
            }
            TreePath::Fork { channel, log } if channel == ours => {
                (self.take_fork(LogId(log), bytes, &mut taken), Keep::AsItCame(bytes.to_vec()))
            }
            TreePath::Pack { channel, log, level, index } if channel == ours => {
                let Some(name) = PackName::new(level, u64::from(index)) else { return taken };
                self.take_pack(LogId(log), name, bytes, &mut taken)
            }
            TreePath::Blob { .. } | TreePath::Outboard { .. } | TreePath::BlobPart { .. } => {
                taken.refuse(String::new, Reason::BadValue { what: "path" });
                return taken;
            }
            _ => {
                taken.refuse(String::new, Reason::WrongChannel);
                return taken;
            }
        };
        taken.kept = taken.news > 0;
        if taken.kept {
            self.to_keep.insert(path, keep);
        }
        if matches!(end, End::Waits) {
            self.wait(path, bytes);
        }
        taken
    }

    /// Lets an object wait, once: a head comes every minute.
    fn wait(&mut self, path: TreePath, bytes: &[u8]) {
        let mut name = blake3::Hasher::new();
        name.update(path.to_string().as_bytes()).update(&[0]).update(bytes);
        if !self.waiting_names.insert(name.finalize().into()) {
            return;
        }
        self.waiting.push(bytes.len(), (path, bytes.to_vec()));
        if self.waiting.len() < self.waiting_names.len() {
            // The oldest had to leave; whichever they were, they may come again.
            self.waiting_names.clear();
        }
    }

    fn take_head(&mut self, bytes: &[u8], taken: &mut Taken) -> End {
        let head = match Head::decode(&self.channel(), bytes) {
            Ok(head) => head,
            Err(reason) => {
                taken.refuse(String::new, reason);
                return End::Done;
            }
        };
        let mut waits = false;
        for (log, word) in head.statements {
            if self.statement(&log) == Some(&word) {
                continue;
            }
            match verify(&self.lineage, word) {
                Err(Reason::UnknownKey) => waits = true,
                Err(reason) => taken.refuse(|| format!("statement on log {log}"), reason),
                // Its log is closed: by a charter that may lose its force to a rival.
                Ok(word) if !self.counts(&word) => waits = true,
                Ok(word) => {
                    let slots = self.slots_won(&word);
                    taken.news += u64::from(!slots.is_empty());
                    for slot in slots {
                        self.words.insert(slot, (*word).clone());
                    }
                }
            }
        }
        if taken.news > 0 {
            self.judge_anew();
        }
        if waits { End::Waits } else { End::Done }
    }

    fn take_charter(&mut self, number: u32, bytes: &[u8], taken: &mut Taken) -> End {
        let verified = Charter::decode(bytes).and_then(|charter| match charter.body.number {
            found if found == u64::from(number) => verify(&self.lineage, charter),
            found => Err(Reason::OutOfSequence { found, expected: u64::from(number) }),
        });
        match verified {
            Ok(charter) => {
                if matches!(self.lineage.apply(charter), Applied::Next | Applied::Rival) {
                    taken.news += 1;
                    self.judge_anew();
                }
                End::Done
            }
            // One of those before it is still to come.
            Err(Reason::OutOfSequence { found, expected }) if found == u64::from(number) && found > expected => {
                End::Waits
            }
            Err(reason) => {
                taken.refuse(String::new, reason);
                End::Done
            }
        }
    }

    fn take_fork(&mut self, log: LogId, bytes: &[u8], taken: &mut Taken) -> End {
        let verified = ForkProof::decode(bytes).and_then(|proof| match proof.opening.log(&self.channel()) {
            found if found == log => verify(&self.lineage, proof),
            _ => Err(Reason::WrongLog),
        });
        match verified {
            Ok(proof) => {
                taken.news += u64::from(self.add_proof(&proof));
                End::Done
            }
            Err(Reason::UnknownKey) => End::Waits,
            Err(reason) => {
                taken.refuse(String::new, reason);
                End::Done
            }
        }
    }

    fn take_pack(&mut self, log: LogId, name: PackName, bytes: &[u8], taken: &mut Taken) -> (End, Keep) {
        let mut intake = PackIntake::new(name, log, self);
        for piece in bytes.chunks(PIECE_BYTES) {
            if let Err(reason) = intake.push(piece, taken) {
                let keep = intake.keep();
                if reason == Reason::UnknownKey {
                    return (End::Waits, keep);
                }
                taken.refuse(String::new, reason);
                return (End::Done, keep);
            }
        }
        let is_whole = intake.end(taken);
        let keep = intake.keep();
        let is_sound = is_whole && taken.refused.is_empty();
        (End::Done, if is_sound && taken.news > 0 { Keep::AsItCame(bytes.to_vec()) } else { keep })
    }

    /// A pack of those items of `items` that are held.
    fn kept_pack(&self, opening: &LogOpening, name: PackName, items: &[(u64, ItemId)]) -> Vec<u8> {
        let log = self.logs.get(&opening.log(&self.channel()));
        let held = items.iter().filter_map(|(seq, id)| Some(Placed { seq: *seq, item: log?.item(*seq, id)? }));
        pack_of(opening, name, &held.collect::<Vec<_>>())
    }

    /// Keeps the headers of a run, and the proofs of the contradictions that they meet. Counts what is new.
    fn add_run(&mut self, run: &Verified<Run>) -> u64 {
        let channel = self.channel();
        let log_id = run.opening().log(&channel);
        let log = self.logs.at_or_insert(log_id, || Log::new(*run.opening()));
        let (mut news, mut proofs, mut empty) = (0, Vec::new(), Vec::new());
        for item in run.headers() {
            let (seq, id) = (item.header().seq, item.id());
            if log.item(seq, &id).is_some() {
                continue;
            }
            proofs.extend(log.contradictions(item));
            log.add(item.clone());
            self.places.insert(id, (log_id, seq));
            news += 1;
            // Nothing to fetch, but what is not there must still have the announced hash.
            empty.extend(verify(item, Payload::new(id, &[])).ok().map(|payload| (seq, payload)));
        }
        for (seq, payload) in empty {
            self.fill(log_id, seq, &payload);
        }
        self.add_first_proof(&log_id, proofs);
        self.thin_out(&log_id);
        news
    }

    /// Keeps the proof that says the most. A header inside a run may carry a bad signature of its own; then it proves nothing.
    fn add_first_proof(&mut self, log: &LogId, mut proofs: Vec<ForkProof>) {
        proofs.retain(|proof| fork_comes_first(proof, self.forks.get(log)));
        proofs.sort_by_cached_key(|proof| (proof.seq(), proof.encode()));
        if let Some(proof) = proofs.into_iter().find_map(|proof| verify(&self.lineage, proof).ok()) {
            self.add_proof(&proof);
        }
    }

    /// Keeps a proof unless one that says more is held, and its headers as items: without them nobody could tell the branches
    /// apart. True if something of it was kept.
    fn add_proof(&mut self, proof: &Verified<ForkProof>) -> bool {
        let log = proof.opening.log(&self.channel());
        let mut kept = fork_comes_first(proof, self.forks.get(&log));
        if kept {
            self.forks.insert(log, (**proof).clone());
        }
        for item in [&proof.first, &proof.second] {
            let run = Run::new(proof.opening, vec![item.clone()]).and_then(|run| verify(&self.lineage, run));
            if let Ok(run) = run {
                kept |= self.add_run(&run) > 0;
            }
        }
        if let Some(log) = self.logs.get(&log) {
            log.judged.take();
        }
        kept
    }

    /// Leaves at each place of a log as many branches as are kept: those that somebody contradicts go first, then the newest.
    fn thin_out(&mut self, log_id: &LogId) {
        let Some(log) = self.logs.get(log_id) else { return };
        let overfull = log.overfull();
        if overfull.is_empty() {
            return;
        }
        let judged = self.judged(log);
        let dead = Status::Refused(Objection::OtherBranch);
        let mut gone = Vec::new();
        for seq in overfull {
            let mut items = log.branches(seq).iter().collect::<Vec<_>>();
            let status = |item: &HeldItem| {
                judged.judgement.status(&self.lineage, &log.opening, item.signed.id(), item.signed.header())
            };
            while items.len() > BRANCHES_KEPT_MAX {
                let index = items.iter().rposition(|item| status(item) == dead).unwrap_or(items.len() - 1);
                gone.push((seq, items.remove(index).signed.id()));
            }
        }
        for (seq, id) in gone {
            self.forget(log_id, seq, &id);
        }
    }

    fn forget(&mut self, log_id: &LogId, seq: u64, id: &ItemId) {
        self.places.remove(id);
        let Some(log) = self.logs.at_mut(log_id) else { return };
        if let Some(item) = log.item(seq, id) {
            self.articles.remove(&(item.signed.header().time, *id));
            for target in &item.targets {
                if let Some(takers) = self.takers.at_mut(target) {
                    takers.remove(id);
                }
            }
        }
        log.drop_branch(seq, id);
    }

    fn judge_anew(&mut self) {
        self.logs.values().for_each(|log| drop(log.judged.take()));
    }
}

/// Reads one pack into a book.
struct PackIntake<'b> {
    book: &'b mut Book,
    log: LogId,
    name: PackName,
    reader: PackReader,
    /// The good headers of this pack.
    good: SortedMap<u64, ItemId>,
}

impl<'b> PackIntake<'b> {
    fn new(name: PackName, log: LogId, book: &'b mut Book) -> Self {
        PackIntake { log, name, reader: PackReader::new(book.channel(), log, name), book, good: SortedMap::new() }
    }

    fn keep(&self) -> Keep {
        let opening = self.reader.opening().or_else(|| self.book.logs.get(&self.log).map(|log| log.opening));
        match opening {
            Some(opening) => Keep::Slots(opening, self.name, self.good.iter().map(|(seq, id)| (*seq, *id)).collect()),
            None => Keep::AsItCame(Vec::new()),
        }
    }

    /// Takes in the next bytes. An error means that nothing more can be read.
    fn push(&mut self, piece: &[u8], taken: &mut Taken) -> Result<(), Reason> {
        self.reader.push(piece);
        loop {
            let headers = match self.reader.next_part()? {
                None => return Ok(()),
                Some(PackPart::Payload { seq, bytes }) => {
                    let Some(id) = self.good.get(&seq) else { continue };
                    let held = self.book.logs.get(&self.log).and_then(|log| log.item(seq, id));
                    let Some(item) = held.filter(|item| item.payload.is_none()) else { continue };
                    match verify(&item.signed, Payload::new(*id, bytes)) {
                        Ok(payload) => taken.news += u64::from(self.book.fill(self.log, seq, &payload)),
                        Err(reason) => taken.refuse(|| format!("text of item {seq}"), reason),
                    }
                    continue;
                }
                Some(PackPart::Headers(headers)) => headers,
            };
            self.take_headers(headers, taken)?;
        }
    }

    /// Ends: no more bytes come. True if the pack was there to its end.
    fn end(&mut self, taken: &mut Taken) -> bool {
        if self.reader.is_complete() {
            return true;
        }
        let rest = self.reader.cut();
        if let Err(reason) = self.take_headers(rest, taken) {
            taken.refuse(String::new, reason);
        }
        taken.refuse(String::new, Reason::Truncated);
        false
    }

    fn take_headers(&mut self, headers: PackHeaders, taken: &mut Taken) -> Result<(), Reason> {
        let Some(opening) = self.reader.opening() else { return Ok(()) };
        let (runs, refused) = headers.verified(opening, &self.book.lineage);
        for run in &runs {
            taken.news += self.book.add_run(run);
            self.good.extend(run.headers().iter().map(|item| (item.header().seq, item.id())));
        }
        for (seq, reason) in refused {
            // The log's delegate is in no charter held: that is so for all of its items.
            if reason == Reason::UnknownKey {
                return Err(reason);
            }
            taken.refuse(|| format!("header of item {seq}"), reason);
        }
        Ok(())
    }
}
