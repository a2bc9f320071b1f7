//! What is missing, and what to ask a source for next.

use longear_core::deletion::may_be_gone;
use longear_core::holdings::{Holdings, Statements, next_charter};
use longear_core::limits::LOG_ITEMS_MAX;
use longear_core::lineage::Standing;
use longear_core::schedule::packs_to_fetch;
use longear_core::tree::TreePath;
use longear_core::{
    ChannelId, ForkProof, Head, Intervals, Lineage, LogId, LogOpening, PackName, SortedMap, SortedSet, Statement,
    Status, verify,
};

use super::Book;

/// Paths given in one answer: whoever asks asks again.
pub const WANTS_MAX: usize = 256;

/// Items looked at, per log, for payloads that were taken back and need not come.
const TAKEN_BACK_LOOKS_MAX: usize = 4_096;

impl Holdings for Book {
    fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    fn statements(&self) -> &Statements {
        &self.words
    }

    fn forks(&self) -> &SortedMap<LogId, ForkProof> {
        &self.forks
    }

    fn openings(&self) -> impl Iterator<Item = (LogId, LogOpening)> {
        self.logs.iter().map(|(log, held)| (*log, held.opening))
    }

    fn opening(&self, log: &LogId) -> Option<LogOpening> {
        self.logs.get(log).map(|log| log.opening)
    }

    fn end(&self, log: &LogId) -> u64 {
        self.logs.get(log).map_or(0, |log| log.headers.end())
    }

    fn complete_below(&self, log: &LogId, items: u64) -> u64 {
        self.logs.get(log).map_or(0, |log| self.judged(log).complete.count_within(0..items))
    }
}

impl Book {
    /// Items of which everything is here.
    pub fn items_here(&self) -> u64 {
        self.logs.values().map(|log| self.judged(log).complete.len()).sum()
    }

    /// What to ask a source for next that gave this head: charters in sequence, then fork proofs, then packs.
    ///
    /// `asked` are the paths that it was asked for since it gave another head: they are not named again, and where it did not
    /// have a pack, smaller ones are. Empty when it has nothing more that would be of use.
    pub fn wants(&self, head: &Head, asked: &SortedSet<TreePath>) -> Vec<TreePath> {
        let channel = self.channel().0;
        let charter = next_charter(&self.lineage, Some(head)).map(|number| TreePath::Charter { channel, number });
        if let Some(charter) = charter.filter(|path| !asked.contains(path)) {
            return vec![charter];
        }
        let forks = head.forks.iter().map(|log| TreePath::Fork { channel, log: log.0 });
        let spoken = self.spoken(head);
        let packs = self.packs(&spoken, asked).into_iter().chain(self.contradicting_packs(&spoken));
        let paths = packs.map(|(log, name)| TreePath::pack(&self.channel(), &log, name));
        let mut named = SortedSet::new();
        let fresh = forks.chain(paths).filter(|path| !asked.contains(path) && named.insert(*path));
        fresh.take(WANTS_MAX).collect()
    }

    /// The statements of a head that are the channel's and say nothing of items that a charter refuses.
    fn spoken<'h>(&self, head: &'h Head) -> Vec<(LogId, &'h Statement)> {
        let good = |(log, word): &(&LogId, &Statement)| {
            let known = self.statement(log) == Some(word);
            known || (self.counts(word) && verify(&self.lineage, (*word).clone()).is_ok())
        };
        head.statements.iter().filter(good).map(|(log, word)| (*log, word)).collect()
    }

    /// The packs that bring what is missing, small and new ones first: of a short contact the newest news are worth most.
    fn packs(&self, spoken: &[(LogId, &Statement)], asked: &SortedSet<TreePath>) -> Vec<(LogId, PackName)> {
        let mut promised = spoken.iter().map(|(log, word)| (*log, word.items)).collect::<SortedMap<_, _>>();
        // A closed log may have left the head long ago; its closing says how many items a source of the channel has.
        for closing in self.lineage.closings() {
            if matches!(self.lineage.standing(&closing.opening), Standing::Closed(_)) {
                let items = promised.at_or_insert(closing.log, || 0);
                *items = closing.items.max(*items);
            }
        }
        let mut plan = Vec::new();
        for (log, items) in promised {
            let mut planner =
                Planner { channel: self.channel(), log, held: self.needless(&log), asked, plan: &mut plan };
            packs_to_fetch(&planner.held, items).into_iter().for_each(|name| planner.place(name));
        }
        plan.sort_by_key(|(_, name)| (name.level, std::cmp::Reverse(name.index)));
        plan
    }

    /// What of a log need not come: what is here, what everybody may have deleted, and what is of no use to anybody.
    fn needless(&self, log_id: &LogId) -> Intervals {
        let Some(log) = self.logs.get(log_id) else { return self.beyond_closing(log_id, Intervals::new()) };
        let judged = self.judged(log);
        let mut held = judged.complete.clone();
        let now = self.last_word();
        let bare = log.headers.ranges().iter().cloned().flatten().filter(|seq| !judged.complete.contains(*seq));
        for seq in bare.take(TAKEN_BACK_LOOKS_MAX) {
            let gone = log.branches(seq).iter().any(|item| {
                let (status, _) = self.status(log_id, log, item);
                status == Status::Retracted && may_be_gone(item.signed.header(), now)
            });
            if gone {
                held.insert(seq..seq + 1);
            }
        }
        self.beyond_closing(log_id, held)
    }

    fn beyond_closing(&self, log: &LogId, mut held: Intervals) -> Intervals {
        let known = self.known_logs();
        let opening = known.iter().find(|(known, _)| known == log).map(|(_, opening)| opening);
        if opening.is_some_and(|opening| self.lineage.standing(opening) != Standing::Open) {
            held.insert(self.items_expected(log)..LOG_ITEMS_MAX);
        }
        held
    }

    /// The packs in which a source has a branch of a log that contradicts ours: its statement names another newest item than
    /// the one held at its place. Only the headers tell where the two part, and prove the fork to everybody.
    fn contradicting_packs(&self, spoken: &[(LogId, &Statement)]) -> Vec<(LogId, PackName)> {
        let packs = spoken.iter().filter_map(|(log, word)| {
            let seq = self.contradicted_at(log, word)?;
            Some((*log, PackName::published(word.items).find(|name| name.items().contains(&seq))?))
        });
        packs.collect()
    }

    fn contradicted_at(&self, log: &LogId, word: &Statement) -> Option<u64> {
        let tip = word.items.checked_sub(1)?;
        if self.lineage.standing(&word.opening) != Standing::Open {
            return None;
        }
        let held = self.logs.get(log)?.branches(tip);
        if held.is_empty() || held.iter().any(|item| item.signed.id() == word.tip) {
            return None;
        }
        match self.fork(log).filter(|proof| proof.seq() <= tip) {
            None => Some(tip),
            // Its branch goes on below what is held of it.
            Some(proof) if proof.second.header().seq > proof.seq() => Some(proof.seq()),
            Some(_) => None,
        }
    }
}

/// Plans the packs of one log.
struct Planner<'p> {
    channel: ChannelId,
    log: LogId,
    held: Intervals,
    asked: &'p SortedSet<TreePath>,
    plan: &'p mut Vec<(LogId, PackName)>,
}

impl Planner<'_> {
    /// Plans a pack, or the packs below it if it was asked for in vain.
    fn place(&mut self, name: PackName) {
        if self.held.count_within(name.items()) == name.length() {
            return;
        }
        let path = TreePath::pack(&self.channel, &self.log, name);
        if self.asked.contains(&path) {
            name.children().for_each(|child| self.place(child));
            return;
        }
        self.held.insert(name.items());
        self.plan.push((self.log, name));
    }
}
