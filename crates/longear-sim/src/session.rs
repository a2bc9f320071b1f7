//! One side of a contact: what is asked next, and what becomes of the answers.
//!
//! The decisions are those of `longear_net::sync::decisions`, which the shipped `Syncer` asks in the same order. Here
//! questions and answers are messages that a link may lose.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use longear_core::limits::{CHARTER_BYTES_MAX, FORK_PROOF_BYTES_MAX, HEAD_BYTES_MAX, STATEMENT_BYTES_MAX};
use longear_core::tree::TreePath;
use longear_core::{Applied, ChannelId, Head, LogId, Reason};
use longear_net::sync::LIES_BYTES_MAX;
use longear_net::sync::decisions::{
    Intake, Lies, Listings, Offered, PackJob, Promises, SourceMemory, Spare, WAVES_MAX, contradicting_packs,
    keep_charter, keep_fork, keep_statements, next_charter, plan_packs, promise_closed_logs, wanted_packs, write_batch,
};
use longear_store::StoreError;

use crate::broken::Broken;
use crate::node::{Answer, Node};

/// Bytes of a pack that are read at once.
pub const READ_BYTES: usize = 64 << 10;

/// Questions under way at once, where their order does not matter.
const QUESTIONS_MAX: usize = 3;

/// How often a question is put before the other side is left.
const TRIES_MAX: u32 = 4;

/// What is done, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Head,
    Charters,
    Words,
    Forks,
    Packs,
}

const STAGES: [Stage; 5] = [Stage::Head, Stage::Charters, Stage::Words, Stage::Forks, Stage::Packs];
const STAGES_BROKEN: [Stage; 5] = [Stage::Head, Stage::Words, Stage::Packs, Stage::Charters, Stage::Forks];

/// A question to the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Names the question in this session.
    pub no: u64,
    /// What is asked for.
    pub path: TreePath,
    /// The tag of the head that is known.
    pub etag: Option<String>,
}

struct Asked {
    question: Question,
    job: Option<PackJob>,
    tries: u32,
}

/// One node pulling from another, or from a stick.
pub struct Session {
    /// What is remembered of the other side.
    pub memory: SourceMemory,
    /// What the other side gave and was refused in this round.
    pub lies: Arc<Lies>,
    channel: ChannelId,
    broken: Option<Broken>,
    listings: Listings,
    is_listed: bool,
    stages: VecDeque<Stage>,
    head: Option<Head>,
    promises: Promises,
    /// The statements that promise them.
    spoken: Vec<Offered>,
    forks: VecDeque<LogId>,
    jobs: VecDeque<PackJob>,
    waves: usize,
    no_more_charters: bool,
    /// When the last charter was asked for.
    charters_held: u64,
    asked: BTreeMap<u64, Asked>,
    questions: u64,
    /// Tags that the other side gave in this session.
    pub tags: Vec<String>,
    /// Why the other side is not asked any more.
    pub set_aside: Option<&'static str>,
    /// What was refused, and why.
    pub refused: Vec<Reason>,
    /// Packs that came while charters or proofs were missing which the other side had announced.
    pub out_of_order: bool,
    /// Items that are new here.
    pub news: u64,
}

impl Session {
    /// Begins to pull. `listings` are those of a folder.
    pub fn new(channel: ChannelId, memory: SourceMemory, listings: Option<Listings>, broken: Option<Broken>) -> Self {
        let mut session = Session {
            memory,
            lies: Arc::new(Lies::new(LIES_BYTES_MAX)),
            channel,
            broken,
            is_listed: listings.is_some(),
            listings: listings.unwrap_or_default(),
            stages: VecDeque::new(),
            head: None,
            promises: Promises::new(),
            spoken: Vec::new(),
            forks: VecDeque::new(),
            jobs: VecDeque::new(),
            waves: 0,
            no_more_charters: false,
            charters_held: 0,
            asked: BTreeMap::new(),
            questions: 0,
            tags: Vec::new(),
            set_aside: None,
            refused: Vec::new(),
            out_of_order: false,
            news: 0,
        };
        session.begin_round();
        session
    }

    /// Begins from the head again.
    pub fn begin_round(&mut self) {
        self.stages = if self.broken == Some(Broken::ItemsGoFirst) { STAGES_BROKEN } else { STAGES }.into();
        (self.waves, self.no_more_charters, self.set_aside) = (0, false, None);
        self.lies.forget();
        self.promises.clear();
        self.spoken.clear();
        self.jobs.clear();
    }

    /// Whether nothing is left to ask.
    pub fn is_done(&self) -> bool {
        self.asked.is_empty() && (self.stages.is_empty() || self.set_aside.is_some())
    }

    /// The questions to put now.
    pub fn poll(&mut self, node: &mut Node) -> Result<Vec<Question>, StoreError> {
        let mut questions = Vec::new();
        while self.set_aside.is_none() {
            let Some(stage) = self.stages.front().copied() else { break };
            let next = match stage {
                // One after the other: each answer decides about the next question.
                _ if !self.asked.is_empty() && (stage != Stage::Packs || self.asked.len() >= QUESTIONS_MAX) => break,
                // Its answer ends the stage.
                Stage::Head => Some((TreePath::Head { channel: self.channel.0 }, None)),
                Stage::Charters => self.next_charter(node).map(|path| (path, None)),
                Stage::Words => {
                    self.take_words(node)?;
                    None
                }
                Stage::Forks => self.forks.pop_front().map(|log| {
                    let path = TreePath::Fork { channel: self.channel.0, log: log.0 };
                    (path, None)
                }),
                Stage::Packs => {
                    let next =
                        self.next_pack(node)?.map(|job| (TreePath::pack(&self.channel, &job.log, job.name), Some(job)));
                    if next.is_none() && !self.asked.is_empty() {
                        break;
                    }
                    next
                }
            };
            match next {
                Some((path, job)) => questions.push(self.ask(path, job)),
                None => drop(self.stages.pop_front()),
            }
        }
        Ok(questions)
    }

    fn ask(&mut self, path: TreePath, job: Option<PackJob>) -> Question {
        self.questions += 1;
        let etag = matches!(path, TreePath::Head { .. }).then(|| self.memory.etag(&self.channel)).flatten();
        let question = Question { no: self.questions, path, etag };
        self.asked.insert(question.no, Asked { question: question.clone(), job, tries: 1 });
        question
    }

    /// Puts a question again that nobody answered; `None` if it was answered, or was put too often.
    pub fn repeat(&mut self, no: u64) -> Option<Question> {
        let asked = self.asked.get_mut(&no)?;
        asked.tries += 1;
        if asked.tries <= TRIES_MAX {
            return Some(asked.question.clone());
        }
        self.set_aside = Some("nobody answers");
        self.asked.clear();
        None
    }

    /// Takes an answer. Second copies of one change nothing.
    pub fn take(&mut self, node: &mut Node, no: u64, answer: Answer) -> Result<(), StoreError> {
        let Some(Asked { question, job, .. }) = self.asked.remove(&no) else { return Ok(()) };
        if let Some(job) = job {
            return self.take_pack(node, &job, answer);
        }
        let bytes = match answer {
            Answer::Bytes { bytes, is_whole: true, etag } => {
                if let TreePath::Head { .. } = question.path {
                    self.take_head(etag, &bytes);
                    return Ok(());
                }
                Some(bytes)
            }
            Answer::NotModified => {
                self.head = self.memory.heads.get(&self.channel).map(|known| known.head.clone());
                // What a failing disk kept from being taken in is asked for again.
                self.forks = self.head.as_ref().map(|head| self.memory.forks_to_ask(head).into()).unwrap_or_default();
                self.stages.pop_front();
                return Ok(());
            }
            Answer::Absent => None,
            Answer::Bytes { .. } | Answer::Lost => {
                self.set_aside = Some("it broke off");
                return Ok(());
            }
        };
        match question.path {
            TreePath::Charter { number, .. } => self.take_charter(node, number, bytes),
            TreePath::Fork { log, .. } => self.take_fork(node, LogId(log), bytes),
            _ => {
                self.head = None;
                self.stages.pop_front();
                Ok(())
            }
        }
    }

    fn refuse(&mut self, reason: Reason, bytes: u64) {
        self.lies.count(bytes);
        self.note_counted(reason);
    }

    /// The same for what was counted while it came.
    fn note_counted(&mut self, reason: Reason) {
        if self.lies.are_too_many() {
            self.set_aside = Some("too much of what it gave was refused");
        }
        self.refused.push(reason);
    }

    fn take_head(&mut self, etag: Option<String>, bytes: &[u8]) {
        self.stages.pop_front();
        self.tags.extend(etag.clone());
        let bytes = &bytes[..bytes.len().min(HEAD_BYTES_MAX + 1)];
        match self.memory.take_head(self.channel, etag, bytes) {
            Ok(head) => {
                self.forks = self.memory.forks_to_ask(&head).into();
                self.head = Some(head);
            }
            Err(reason) => {
                self.head = None;
                self.refuse(reason, bytes.len() as u64);
            }
        }
    }

    fn next_charter(&mut self, node: &Node) -> Option<TreePath> {
        let state = node.state(&self.channel)?;
        let number = next_charter(state.lineage(), self.head.as_ref()).filter(|_| !self.no_more_charters)?;
        Some(TreePath::Charter { channel: self.channel.0, number })
    }

    fn take_charter(&mut self, node: &mut Node, number: u32, bytes: Option<Vec<u8>>) -> Result<(), StoreError> {
        self.no_more_charters = true;
        let (Some(bytes), Some(store)) = (bytes, &node.store) else { return Ok(()) };
        let bytes = &bytes[..bytes.len().min(CHARTER_BYTES_MAX + 1)];
        node.objects.add_charter(bytes);
        match keep_charter(store, self.channel, number, bytes)? {
            Ok(applied) => {
                // A stick may have brought it since it was asked for.
                let was_missing = u64::from(number) > self.charters_held;
                self.no_more_charters = applied != Applied::Next && !(applied == Applied::Known && was_missing);
                node.has_failed = false;
            }
            Err(reason) => self.refuse(reason, bytes.len() as u64),
        }
        Ok(())
    }

    fn take_words(&mut self, node: &mut Node) -> Result<(), StoreError> {
        let Some(store) = &node.store else { return Ok(()) };
        let waiting = node.waiting.drain();
        let head = self.head.iter().flat_map(|head| head.statements.values());
        let offered = waiting.iter().cloned().chain(head.map(|word| (0, word.clone()))).collect::<Vec<_>>();
        for (_, word) in offered {
            node.objects.add(crate::oracle::holder::Held::Statement(word));
        }
        let taken = keep_statements(store, self.channel, waiting, std::slice::from_ref(&self.head))?;
        if taken.new > 0 {
            node.has_failed = false;
        }
        self.spoken = taken.spoken;
        self.promises.extend(taken.promises.into_iter().map(|(_, log, items)| (log, items)));
        for _ in taken.beyond {
            self.refuse(Reason::UnknownKey, STATEMENT_BYTES_MAX as u64);
        }
        for (_, reason) in taken.refused {
            self.refuse(reason, STATEMENT_BYTES_MAX as u64);
        }
        taken.waiting.into_iter().for_each(|word| node.waiting.push(STATEMENT_BYTES_MAX, word));
        if let Some(state) = node.state(&self.channel) {
            let promises = std::slice::from_mut(&mut self.promises);
            promise_closed_logs(&state, &[self.head.is_some()], promises);
        }
        Ok(())
    }

    fn take_fork(&mut self, node: &mut Node, log: LogId, bytes: Option<Vec<u8>>) -> Result<(), StoreError> {
        let (Some(bytes), Some(store)) = (bytes, &node.store) else {
            self.memory.fork_answered(log);
            return Ok(());
        };
        let bytes = &bytes[..bytes.len().min(FORK_PROOF_BYTES_MAX + 1)];
        node.objects.add_fork(bytes);
        let kept = keep_fork(store, self.channel, log, bytes)?;
        if kept != Err(Reason::UnknownKey) {
            self.memory.fork_answered(log);
        }
        match kept {
            Ok(true) => node.has_failed = false,
            // One that says more is held; the headers of this one are not kept.
            Ok(false) => {}
            Err(reason) => self.refuse(reason, bytes.len() as u64),
        }
        Ok(())
    }

    fn next_pack(&mut self, node: &Node) -> Result<Option<PackJob>, StoreError> {
        let (Some(store), Some(state)) = (&node.store, node.state(&self.channel)) else { return Ok(None) };
        if self.jobs.is_empty() && self.asked.is_empty() && self.waves < WAVES_MAX {
            self.waves += 1;
            let promises = std::slice::from_ref(&self.promises);
            let (wants, _) = wanted_packs(store, &state, &[0], promises, &self.listings)?;
            self.jobs = plan_packs(&wants, &[&self.memory]).into();
            for job in contradicting_packs(store, &state, &self.spoken)? {
                let place = (job.log, job.name);
                if !self.memory.is_pack_tried(job.log, job.name) && self.memory.branches_asked.insert(place) {
                    self.jobs.push_back(job);
                }
            }
        }
        Ok(self.jobs.pop_front())
    }

    fn take_pack(&mut self, node: &mut Node, job: &PackJob, answer: Answer) -> Result<(), StoreError> {
        let (bytes, is_whole) = match answer {
            Answer::Bytes { bytes, is_whole, .. } => (bytes, is_whole),
            Answer::Absent | Answer::NotModified => {
                self.memory.pack_absent(job.log, job.name);
                return Ok(());
            }
            Answer::Lost => {
                self.memory.broken_packs.insert((job.log, job.name));
                return Ok(());
            }
        };
        let (Some(store), Some(state)) = (&node.store, node.state(&self.channel)) else { return Ok(()) };
        self.out_of_order |= self.head.as_ref().is_some_and(|head| {
            head.charter > state.lineage().number() || head.forks.iter().any(|log| state.fork(log).is_none())
        });
        let bytes = &bytes[..bytes.len().min(job.name.bytes_max() as usize)];
        let mut intake = Intake::new(0, state, job.log, job.name).counting(self.lies.clone());
        let mut pieces = Vec::new();
        let mut sink = |piece| {
            pieces.push(piece);
            true
        };
        // In pieces, as from a line: it is left in the middle of a pack, too.
        let _ = bytes.chunks(READ_BYTES).all(|block| intake.push(block, &mut sink));
        let end = intake.end(&mut sink);
        if !pieces.is_empty() {
            node.objects.add_pack(self.channel, job.log, job.name, bytes);
            self.news += write_batch(store, pieces, &Spare::default())?;
            node.has_failed = false;
        }
        if self.broken == Some(Broken::UnverifiedIsShown) {
            let mut seen = crate::held::Objects::default();
            seen.add_pack(self.channel, job.log, job.name, bytes);
            let is_held = |id: &longear_core::ItemId| store.item(id).is_ok_and(|item| item.is_some());
            node.believed.extend(seen.items().filter(|id| !is_held(id)));
        }
        let broke_off = !is_whole && self.broken != Some(Broken::CutsAreLies);
        for part in self.memory.note_intake(end, broke_off, &self.lies) {
            self.note_counted(part.reason);
        }
        Ok(())
    }

    /// Whether it reads a folder, which damage makes no liar.
    pub fn is_listed(&self) -> bool {
        self.is_listed
    }
}
