//! What a holder of a channel knows of it besides the items: how much there is, what is missing, what to tell others.
//!
//! A store on a disk and a book in memory hold the same objects in different ways; what follows from them is the same and
//! stands here.

use crate::clock::channel_time;
use crate::fork::ForkProof;
use crate::head::Head;
use crate::id::{LogId, LogOpening};
use crate::limits::FORKS_LISTED_MAX;
use crate::lineage::{Lineage, Standing};
use crate::sorted::{SortedMap, SortedSet};
use crate::statement::Statement;
use crate::status::{Checkpoint, checkpoints_of};

/// The statements to keep: the newest of each log, and of each log the newest that cites another log.
pub type Statements = SortedMap<(LogId, Option<LogId>), Statement>;

/// A channel as somebody holds it.
pub trait Holdings {
    /// The applied charters.
    fn lineage(&self) -> &Lineage;

    /// The statements kept.
    fn statements(&self) -> &Statements;

    /// The proven forks, one for each log.
    fn forks(&self) -> &SortedMap<LogId, ForkProof>;

    /// The logs held, at least in part.
    fn openings(&self) -> impl Iterator<Item = (LogId, LogOpening)>;

    /// Key and incarnation of a log that is held.
    fn opening(&self, log: &LogId) -> Option<LogOpening>;

    /// One more than the highest seq of which a header is here.
    fn end(&self, log: &LogId) -> u64;

    /// How many of a log's first `items` items are wholly here.
    fn complete_below(&self, log: &LogId, items: u64) -> u64;

    /// The name in the newest charter; empty before charter 1.
    fn name(&self) -> &str {
        self.lineage().newest().map_or("", |charter| charter.name.as_str())
    }

    /// Whether a statement counts: whose key stands in a charter in force, and whose log is open.
    ///
    /// So all who hold the same charters see and say the same, whatever they took in before: a word that came before its
    /// charter lost its force to a rival could not be verified after, one that came before its log was closed not be
    /// told from a thief's. What a closed log has, its closing says.
    fn counts(&self, word: &Statement) -> bool {
        self.lineage().entry(&word.opening.key).is_some() && self.lineage().standing(&word.opening) == Standing::Open
    }

    /// The newest statement of each log, of those that count.
    fn newest_statements(&self) -> impl Iterator<Item = (&LogId, &Statement)> {
        let newest = self.statements().iter().filter(|((_, cited), _)| cited.is_none());
        newest.map(|((log, _), word)| (log, word)).filter(|(_, word)| self.counts(word))
    }

    /// The newest statement of a log, if it counts.
    fn statement(&self, log: &LogId) -> Option<&Statement> {
        self.statements().get(&(*log, None)).filter(|word| self.counts(word))
    }

    /// When the publisher spoke last, by the statements held.
    fn last_word(&self) -> Option<u64> {
        let lineage = self.lineage();
        let delegates = lineage.newest().map_or(0, |charter| charter.delegates.len());
        let live = self.newest_statements().filter(|(_, word)| lineage.is_delegate(&word.opening.key));
        channel_time(live.map(|(_, word)| (word.opening.key, word.time)), delegates)
    }

    /// How many items a log has, by the newest word on it: its own statement, its closing, what is held.
    fn items_expected(&self, log: &LogId) -> u64 {
        let opening = self.opening(log).or_else(|| self.statement(log).map(|word| word.opening));
        // Of a log that was closed before anything of it came, the charter alone speaks.
        let closed = || self.lineage().closings().find(|closing| closing.log == *log).map(|closing| closing.opening);
        let opening = opening.or_else(closed);
        let standing = opening.map(|opening| self.lineage().standing(&opening));
        match standing {
            // Beyond its last good item a closed log is of no use to anybody.
            Some(Standing::Closed(closing)) => closing.items,
            Some(Standing::Void) => 0,
            _ => {
                let said = self.statement(log).map_or(0, |word| word.items);
                said.max(self.end(log)).max(self.items_cited(log, opening.is_some()))
            }
        }
    }

    /// How many items of a log other delegates saw: who withholds its newest ones would have to withhold all others' words
    /// too.
    ///
    /// Of a log that nobody but them speaks of, the key is not known, so it may have been left out since they spoke: then
    /// only words that were given under the newest charter count.
    fn items_cited(&self, log: &LogId, opening_known: bool) -> u64 {
        let lineage = self.lineage();
        let citing = self.statements().iter().filter(|((_, cited), _)| *cited == Some(*log)).map(|(_, word)| word);
        let vouching = citing.filter(|word| {
            let speaks = lineage.is_delegate(&word.opening.key);
            let current = opening_known || word.charter >= lineage.number();
            speaks && current && lineage.standing(&word.opening) == Standing::Open
        });
        let seen = vouching.flat_map(|word| &word.citations).filter(|citation| citation.log == *log);
        seen.map(|citation| citation.seq + 1).max().unwrap_or(0)
    }

    /// Logs of which items are known to exist: those that somebody spoke of, cited ones among them, or that are held.
    fn expected_logs(&self) -> SortedSet<LogId> {
        let cited = self.statements().keys().filter_map(|(_, cited)| *cited);
        self.known_logs().into_iter().map(|(log, _)| log).chain(cited).collect()
    }

    /// Logs that somebody spoke of or that are held.
    fn known_logs(&self) -> Vec<(LogId, LogOpening)> {
        let mut logs = SortedMap::new();
        logs.extend(self.newest_statements().map(|(log, word)| (*log, word.opening)));
        logs.extend(self.openings());
        logs.extend(self.lineage().closings().map(|closing| (closing.log, closing.opening)));
        logs.into_iter().collect()
    }

    /// How many items are known to exist and are not wholly here.
    fn holes(&self) -> u64 {
        let missing = self.expected_logs().into_iter().map(|log| {
            let expected = self.items_expected(&log);
            expected - self.complete_below(&log, expected)
        });
        missing.sum()
    }

    /// How many items of a log its closing lets stand: `None` for a log that is open.
    fn items_closed(&self, opening: &LogOpening) -> Option<u64> {
        match self.lineage().standing(opening) {
            Standing::Open => None,
            Standing::Closed(closing) => Some(closing.items),
            Standing::Void => Some(0),
        }
    }

    /// The head to serve.
    fn head(&self) -> Head {
        let lineage = self.lineage();
        let mut head = Head::empty(lineage.channel());
        head.charter = lineage.number();
        head.charter_hash = lineage.hash();
        self.newest_statements().for_each(|(_, word)| head.insert(word.clone()));
        head.forks = self.forks().keys().copied().take(FORKS_LISTED_MAX).collect();
        head
    }

    /// What others vouch for of a log.
    fn checkpoints(&self, opening: &LogOpening) -> SortedSet<Checkpoint> {
        checkpoints_of(opening, self.lineage(), self.statements().values())
    }

    /// Whether a statement would be kept: it counts, is the newest in some respect, and not held.
    fn is_news(&self, statement: &Statement) -> bool {
        self.counts(statement) && !self.slots_won(statement).is_empty()
    }

    /// Which of the slots of `statement` it wins, whether it counts or not: its log's newest, and newest to cite each log
    /// that it cites.
    fn slots_won(&self, statement: &Statement) -> Vec<(LogId, Option<LogId>)> {
        let log = statement.log(&self.lineage().channel());
        let cited = statement.citations.iter().map(|citation| Some(citation.log));
        let slots = std::iter::once(None).chain(cited).map(|cited| (log, cited));
        slots.filter(|slot| self.statements().get(slot).is_none_or(|held| statement.supersedes(held))).collect()
    }
}

/// Whether a head names another charter than the one held of its number: the roots may have contradicted each other.
pub fn charter_contradicts(lineage: &Lineage, head: &Head) -> bool {
    let ours = usize::try_from(head.charter).ok().and_then(|number| lineage.charters().get(number.checked_sub(1)?));
    ours.is_some_and(|ours| ours.body.hash() != head.charter_hash)
}

/// The charter to ask a carrier for; `None` if it has none that would be news.
///
/// Without a head nobody says how many there are: then they are asked for until one is missing.
pub fn next_charter(lineage: &Lineage, head: Option<&Head>) -> Option<u32> {
    if !lineage.rivals().is_empty() {
        return None;
    }
    let number = match head {
        Some(head) if charter_contradicts(lineage, head) => head.charter,
        Some(head) if head.charter <= lineage.number() => return None,
        _ => lineage.number() + 1,
    };
    u32::try_from(number).ok()
}

/// Whether `proof` says more than the one held of its log: a lower seq, or with equal seqs smaller bytes.
pub fn fork_comes_first(proof: &ForkProof, held: Option<&ForkProof>) -> bool {
    held.is_none_or(|held| (proof.seq(), proof.encode()) < (held.seq(), held.encode()))
}
