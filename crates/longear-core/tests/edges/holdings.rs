//! What follows from holdings: how much there is, what is missing, what others are told.

use std::collections::BTreeMap;

use longear_core::holdings::{Holdings, Statements, charter_contradicts, fork_comes_first, next_charter};
use longear_core::keys::Roles;
use longear_core::limits::FORKS_LISTED_MAX;
use longear_core::{
    CharterHash, ForkProof, Head, Intervals, Lineage, LogId, LogOpening, SortedMap, SortedSet, Statement, verify,
};

use crate::support::publisher::{HOUR_MS, Log, NOON_MS, Publisher};

/// Of each log the opening, and of which items header and payload are here.
struct Held {
    lineage: Lineage,
    statements: Statements,
    forks: SortedMap<LogId, ForkProof>,
    logs: BTreeMap<LogId, (LogOpening, u64, Intervals)>,
}

impl Holdings for Held {
    fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    fn statements(&self) -> &Statements {
        &self.statements
    }

    fn forks(&self) -> &SortedMap<LogId, ForkProof> {
        &self.forks
    }

    fn openings(&self) -> impl Iterator<Item = (LogId, LogOpening)> {
        self.logs.iter().map(|(log, (opening, ..))| (*log, *opening))
    }

    fn opening(&self, log: &LogId) -> Option<LogOpening> {
        self.logs.get(log).map(|(opening, ..)| *opening)
    }

    fn end(&self, log: &LogId) -> u64 {
        self.logs.get(log).map_or(0, |(_, end, _)| *end)
    }

    fn complete_below(&self, log: &LogId, items: u64) -> u64 {
        self.logs.get(log).map_or(0, |(.., complete)| complete.count_within(0..items))
    }
}

impl Held {
    fn of(publisher: &Publisher) -> Self {
        let lineage = publisher.lineage.clone();
        Held { lineage, statements: Statements::new(), forks: SortedMap::new(), logs: BTreeMap::new() }
    }

    fn hear(&mut self, word: &Statement) {
        for slot in self.slots_won(word) {
            self.statements.insert(slot, word.clone());
        }
    }

    /// Headers up to `end`, and the payloads of all of them but `lacking`.
    fn hold(&mut self, log: &Log, end: u64, lacking: &[u64]) {
        let mut complete = Intervals::from_iter(std::iter::once(0..end));
        lacking.iter().for_each(|seq| complete.remove(*seq..seq + 1));
        self.logs.insert(log.id, (log.opening, end, complete));
    }
}

fn newsroom() -> (Publisher, Log, Log) {
    let publisher = Publisher::found("Holdings", &[("Aida", Roles::POST, 0), ("Bolat", Roles::POST, 0)]);
    let [aida, bolat] = ["Aida", "Bolat"].map(|name| {
        let mut log = publisher.log(name, 1);
        for number in 0..9 {
            log.post(&format!("{name} {number}"));
        }
        log
    });
    (publisher, aida, bolat)
}

/// Leaves Aida out, with these closings.
fn leave_aida_out(publisher: &mut Publisher, aida: &Log, closings: Vec<longear_core::Closing>) {
    let mut body = publisher.next_body();
    body.delegates.retain(|entry| entry.key != aida.opening.key);
    body.closings = closings;
    let charter = publisher.signed(body);
    publisher.apply(charter);
}

#[test]
fn an_open_log_has_as_many_items_as_anybody_knows_of() {
    let (publisher, aida, bolat) = newsroom();
    let mut held = Held::of(&publisher);
    assert_eq!((held.items_expected(&aida.id), held.holes()), (0, 0));
    held.hold(&aida, 3, &[1]);
    assert_eq!((held.items_expected(&aida.id), held.holes()), (3, 1));
    held.hear(&aida.branch(5).statement(1, vec![]));
    assert_eq!((held.items_expected(&aida.id), held.holes()), (5, 3));
    held.hear(&bolat.branch(2).statement(1, vec![aida.cite(6)]));
    assert_eq!((held.items_expected(&aida.id), held.holes()), (7, 5 + 2));
    held.hear(&bolat.branch(2).statement(2, vec![]));
    assert_eq!(held.items_expected(&aida.id), 7, "silence takes no word back");
    assert_eq!(held.expected_logs(), SortedSet::from([aida.id, bolat.id]));
}

#[test]
fn who_is_no_delegate_any_more_vouches_for_nothing() {
    let (mut publisher, aida, bolat) = newsroom();
    let word = aida.branch(1).statement(1, vec![bolat.cite(6)]);
    let mut before = Held::of(&publisher);
    before.hear(&word);
    assert_eq!(before.items_expected(&bolat.id), 7);
    // Nobody but Aida speaks of Bolat's log: it counts as long as no charter came since.
    leave_aida_out(&mut publisher, &aida, vec![]);
    let mut after = Held::of(&publisher);
    after.hear(&word);
    assert_eq!(after.items_expected(&bolat.id), 0);
}

#[test]
fn words_on_an_unknown_log_count_only_under_the_newest_charter() {
    let (mut publisher, aida, bolat) = newsroom();
    let old = bolat.branch(1).statement(1, vec![aida.cite(4)]);
    let second = publisher.signed(publisher.next_body());
    publisher.apply(second);
    let mut held = Held::of(&publisher);
    held.hear(&old);
    assert_eq!(held.items_expected(&aida.id), 0, "its key may have been left out since");
    let new = Statement { charter: 2, ..bolat.branch(1).statement(2, vec![aida.cite(5)]) };
    held.hear(&new);
    assert_eq!(held.items_expected(&aida.id), 6);
    held.hold(&aida, 1, &[]);
    held.statements.clear();
    held.hear(&old);
    assert_eq!(held.items_expected(&aida.id), 5, "now the key is known");
}

#[test]
fn of_a_closed_log_only_the_good_items_are_missing_and_of_a_void_one_none() {
    let (mut publisher, aida, _) = newsroom();
    leave_aida_out(&mut publisher, &aida, vec![aida.closing(4)]);
    let mut held = Held::of(&publisher);
    assert_eq!((held.items_expected(&aida.id), held.holes()), (4, 4), "the charter alone speaks of it");
    assert_eq!(held.known_logs(), [(aida.id, aida.opening)]);
    held.hear(&aida.statement(1, vec![]));
    held.hold(&aida, 9, &[2]);
    assert_eq!((held.items_expected(&aida.id), held.holes()), (4, 1));
    assert_eq!(held.items_closed(&aida.opening), Some(4));
    let other = publisher.log("Aida", 2);
    held.hold(&other, 5, &[3]);
    assert_eq!((held.items_expected(&other.id), held.items_closed(&other.opening)), (0, Some(0)));
    assert_eq!(held.holes(), 1);
}

#[test]
fn what_a_revoked_key_said_is_not_passed_on() {
    let (mut publisher, aida, bolat) = newsroom();
    leave_aida_out(&mut publisher, &aida, vec![aida.closing(4)]);
    let mut held = Held::of(&publisher);
    held.hear(&bolat.statement(3, vec![]));
    held.hear(&aida.statement(1, vec![]));
    let head = held.head();
    assert_eq!((head.charter, head.charter_hash), (2, publisher.lineage.hash()));
    assert_eq!(head.statements.keys().collect::<Vec<_>>(), [&bolat.id]);
    assert!(!held.is_news(&aida.branch(4).statement(2, vec![])), "not even of the good items: the closing names them");
    assert_eq!(held.last_word(), Some(NOON_MS + 3 * HOUR_MS));
    assert_eq!(held.name(), "Holdings");
}

/// Whoever had taken in the words of a delegate whose charter then lost its force to a rival passed them on, and counted
/// what they promised as missing; who had not, did not. Found by giving a book and a store the same stories.
#[test]
fn words_by_a_charter_without_force_say_nothing() {
    let (mut publisher, aida, _) = newsroom();
    let first = publisher.lineage.clone();
    let mut carol = publisher.log("Carol", 1);
    for text in ["a", "b", "c"] {
        carol.post(text);
    }
    let mut body = publisher.next_body();
    body.delegates.push(publisher.entry("Carol", Roles::POST));
    let with_carol = publisher.signed(body);
    let rival = publisher.signed(publisher.next_body());
    publisher.apply(with_carol.clone());
    let mut held = Held::of(&publisher);
    held.hear(&carol.statement(1, vec![]));
    held.hear(&aida.branch(0).statement(1, vec![]));
    assert_eq!((held.holes(), held.head().statements.len()), (3, 2));
    held.lineage = first;
    for charter in [with_carol, rival] {
        let verified = verify(&held.lineage, charter).unwrap();
        held.lineage.apply(verified);
    }
    assert!(!held.lineage.rivals().is_empty());
    assert_eq!(held.holes(), 0);
    assert_eq!(held.head().statements.keys().collect::<Vec<_>>(), [&aida.id]);
    assert_eq!((held.statement(&carol.id), held.known_logs().len()), (None, 1));
}

// Words that came before the charter that closed their log stayed where they said more than the closing lets stand, and were
// left out by all who came later: two readers with the same objects named another age of the last word.
#[test]
fn words_on_a_closed_log_say_nothing_whenever_they_came() {
    let (mut publisher, aida, bolat) = newsroom();
    let mut held = Held::of(&publisher);
    let (word, later) = (bolat.statement(1, vec![]), bolat.statement(2, vec![]));
    held.hear(&word);
    held.hear(&aida.statement(1, vec![]));
    assert_eq!(held.head().statements.len(), 2);
    let mut body = publisher.next_body();
    body.closings.push(bolat.closing(2));
    publisher.apply(publisher.signed(body));
    held.lineage = publisher.lineage.clone();
    assert!(held.lineage.is_delegate(&bolat.opening.key), "the key stays, with another log");
    assert_eq!((held.statement(&bolat.id), held.newest_statements().count()), (None, 1));
    assert_eq!(held.head().statements.keys().collect::<Vec<_>>(), [&aida.id]);
    assert!(!held.is_news(&later));
}

#[test]
fn a_head_names_so_many_forks_and_no_more() {
    let (publisher, aida, _) = newsroom();
    let mut other = aida.branch(3);
    other.post("instead");
    let proof = ForkProof::between(aida.opening, &aida.items[3].header, &other.items[3].header).unwrap();
    let mut held = Held::of(&publisher);
    held.forks = (0..FORKS_LISTED_MAX as u8 + 3).map(|number| (LogId([number; 16]), proof.clone())).collect();
    let forks = held.head().forks;
    assert_eq!((forks.len(), forks[0]), (FORKS_LISTED_MAX, LogId([0; 16])));
}

#[test]
fn a_word_is_kept_where_it_is_the_newest() {
    let (publisher, aida, bolat) = newsroom();
    let mut held = Held::of(&publisher);
    let citing = aida.statement(1, vec![bolat.cite(2)]);
    assert_eq!(held.slots_won(&citing), [(aida.id, None), (aida.id, Some(bolat.id))]);
    held.hear(&citing);
    assert!(!held.is_news(&citing));
    let newer = aida.statement(2, vec![]);
    assert!(held.is_news(&newer));
    assert_eq!(held.slots_won(&newer), [(aida.id, None)]);
    held.hear(&newer);
    assert_eq!((held.statement(&aida.id), held.newest_statements().count()), (Some(&newer), 1));
    assert_eq!(held.checkpoints(&bolat.opening).len(), 1, "a word once given is not taken back by silence");
}

#[test]
fn charters_are_asked_for_in_sequence_and_once_more_where_roots_contradict_each_other() {
    let (mut publisher, ..) = newsroom();
    let lineage = publisher.lineage.clone();
    let head = |charter, charter_hash| Head { charter, charter_hash, ..Head::empty(publisher.channel()) };
    let (ours, other) = (lineage.hash(), CharterHash([7; 32]));
    let cases = [
        (None, Some(2)),
        (Some(head(1, ours)), None),
        (Some(head(5, other)), Some(2)),
        (Some(head(1, other)), Some(1)),
        (Some(head(0, other)), None),
    ];
    for (head, expected) in cases {
        assert_eq!(next_charter(&lineage, head.as_ref()), expected, "{head:?}");
    }
    assert!(charter_contradicts(&lineage, &head(1, other)) && !charter_contradicts(&lineage, &head(2, other)));
    let second = publisher.next_body();
    let rival = longear_core::CharterBody { name: "Rival".into(), ..second.clone() };
    let (second, rival) = (publisher.signed(second), publisher.signed(rival));
    publisher.apply(second);
    publisher.apply(rival);
    assert_eq!(next_charter(&publisher.lineage, None), None, "neither counts, and nothing later is applied");
}

#[test]
fn the_proof_of_the_lower_place_and_then_of_smaller_bytes_comes_first() {
    let (_, aida, _) = newsroom();
    let proof = |place: usize, text: &str| {
        let mut other = aida.branch(place);
        other.post(text);
        ForkProof::between(aida.opening, &aida.items[place].header, &other.items[place].header).unwrap()
    };
    let (low, high) = (proof(2, "a"), proof(5, "a"));
    assert!(fork_comes_first(&low, None) && fork_comes_first(&low, Some(&high)));
    assert!(!fork_comes_first(&high, Some(&low)) && !fork_comes_first(&low, Some(&low)));
    let other = proof(2, "b");
    assert_eq!(fork_comes_first(&other, Some(&low)), other.encode() < low.encode());
    assert_ne!(fork_comes_first(&other, Some(&low)), fork_comes_first(&low, Some(&other)));
}
