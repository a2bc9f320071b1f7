//! The judgement of one log against the naive one, over shapes of logs stranger than signatures would allow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use longear_core::hash::plain;
use longear_core::keys::Roles;
use longear_core::kind::Kind;
use longear_core::status::{Checkpoint, Evidence, Link, LogItems};
use longear_core::{Closing, Header, ItemId, Lineage, LogOpening, SortedSet, Status, judge};
use proptest::prelude::*;

use crate::support::cases;
use crate::support::naive::Shape;
use crate::support::publisher::{NOON_MS, Publisher};

/// One node of a tree of items.
#[derive(Clone, Debug)]
struct Node {
    /// Which earlier node it is built on; the first ones of a log are built on none.
    on: Option<prop::sample::Index>,
    is_held: bool,
}

/// A checkpoint, a tip or a proof: of a node, or of an item that nobody knows.
#[derive(Clone, Debug)]
struct Mark {
    node: prop::sample::Index,
    is_unknown: bool,
}

fn nodes() -> impl Strategy<Value = Vec<Node>> {
    // Mostly built on the newest ones, so that branches grow long enough to matter.
    let on = prop::option::weighted(0.95, any::<prop::sample::Index>());
    let node = (on, prop::bool::weighted(0.75)).prop_map(|(on, is_held)| Node { on, is_held });
    prop::collection::vec(node, 1..16)
}

fn marks(most: usize) -> impl Strategy<Value = Vec<Mark>> {
    let mark = (any::<prop::sample::Index>(), prop::bool::weighted(0.1));
    prop::collection::vec(mark.prop_map(|(node, is_unknown)| Mark { node, is_unknown }), 0..=most)
}

/// (seq, ID, previous) of every node.
fn places(nodes: &[Node]) -> Vec<(u64, ItemId, ItemId)> {
    let mut places = Vec::<(u64, ItemId, ItemId)>::new();
    for (number, node) in nodes.iter().enumerate() {
        let id = ItemId(plain(&[number as u8]));
        let newest = number.saturating_sub(4);
        let on = node.on.filter(|_| number > 0).map(|on| places[newest + on.index(number - newest)]);
        places.push(on.map_or((0, id, ItemId::NONE), |(seq, previous, _)| (seq + 1, id, previous)));
    }
    places
}

struct Held(BTreeMap<u64, Vec<Link>>);

impl LogItems for Held {
    fn at(&self, seq: u64) -> Vec<Link> {
        self.0.get(&seq).cloned().unwrap_or_default()
    }

    fn end(&self) -> u64 {
        self.0.last_key_value().map_or(0, |(seq, _)| seq + 1)
    }
}

fn newsroom() -> &'static Publisher {
    static NEWSROOM: OnceLock<Publisher> = OnceLock::new();
    NEWSROOM.get_or_init(|| Publisher::found("Branches", &[("Aida", Roles::POST, 0)]))
}

/// Judges as a store would, and wants what the naive reading gives.
fn compare(
    lineage: &Lineage,
    opening: &LogOpening,
    shape: &Shape,
    evidence: &Evidence,
    naive: BTreeMap<ItemId, Status>,
) {
    let mut held = Held(BTreeMap::new());
    for (id, (seq, previous)) in &shape.0 {
        held.0.entry(*seq).or_default().push(Link { id: *id, previous: *previous });
    }
    let judgement = judge(lineage, opening, &held, evidence);
    for (id, (seq, previous)) in &shape.0 {
        let header = Header {
            kind: Kind::Post,
            log: opening.log(&lineage.channel()),
            seq: *seq,
            time: NOON_MS,
            expiry: 0,
            payload_length: 0,
            payload_hash: plain(b""),
            previous: *previous,
            extensions: Vec::new(),
        };
        let status = judgement.status(lineage, opening, *id, &header);
        assert_eq!(status, naive[id], "item {id} at {seq} of {shape:#?} with {evidence:#?}");
    }
}

fn shape_of(nodes: &[Node], places: &[(u64, ItemId, ItemId)]) -> Shape {
    let held = places.iter().zip(nodes).filter(|(_, node)| node.is_held);
    Shape(held.map(|((seq, id, previous), _)| (*id, (*seq, *previous))).collect())
}

proptest! {
    #![proptest_config(cases(4096))]

    #[test]
    fn open_logs_are_judged_by_the_letter_of_the_rules(nodes in nodes(), marks in marks(4)) {
        let (newsroom, places) = (newsroom(), places(&nodes));
        let shape = shape_of(&nodes, &places);
        let checkpoint = |mark: &Mark| {
            let (seq, id, _) = places[mark.node.index(places.len())];
            Checkpoint { seq, prefix: if mark.is_unknown { [9; 16] } else { id.prefix() } }
        };
        let checkpoints = marks.iter().map(checkpoint).collect::<BTreeSet<_>>();
        let naive = shape.open(&checkpoints);
        let evidence = Evidence { fork: shape.fork(), checkpoints: checkpoints.into_iter().collect(), ..Evidence::default() };
        compare(&newsroom.lineage, &newsroom.log("Aida", 1).opening, &shape, &evidence, naive);
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn closed_logs_are_judged_by_the_letter_of_the_rules(nodes in nodes(), tip in marks(1), proven in marks(3)) {
        let (mut newsroom, places) = (newsroom().clone(), places(&nodes));
        let shape = shape_of(&nodes, &places);
        let log = newsroom.log("Aida", 1);
        let mut closing = Closing { opening: log.opening, log: log.id, items: 0, tip: ItemId::NONE, root: [0; 32] };
        if let Some(mark) = tip.first() {
            let (seq, id, _) = places[mark.node.index(places.len())];
            closing.tip = if mark.is_unknown { ItemId([9; 32]) } else { id };
            (closing.items, closing.root) = (seq + 1, [7; 32]);
        }
        let mut body = newsroom.next_body();
        body.closings.push(closing.clone());
        let charter = newsroom.signed(body);
        newsroom.apply(charter);
        // Only held items have proofs that mean anything, and one tree has one item at a place.
        let held = proven.iter().map(|mark| places[mark.node.index(places.len())]);
        let held = held.filter(|(seq, id, _)| shape.0.contains_key(id) && *seq < closing.items);
        let proven = held.map(|(seq, id, _)| (seq, (seq, id))).collect::<BTreeMap<_, _>>();
        let proven = proven.into_values().collect::<BTreeSet<_>>();
        let naive = shape.closed(closing.items, closing.tip, &proven);
        let evidence = Evidence { fork: shape.fork(), proven: proven.into_iter().collect(), ..Evidence::default() };
        compare(&newsroom.lineage, &log.opening, &shape, &evidence, naive);
    }
}

/// The proof may have come alone: a store that keeps its headers apart still knows from where on to doubt.
#[test]
fn a_fork_that_only_its_proof_shows_is_disputed_from_there_on() {
    let newsroom = newsroom();
    let mut log = newsroom.log("Aida", 1);
    for text in ["0", "1", "2", "3"] {
        log.post(text);
    }
    let mut held = Held(BTreeMap::new());
    for item in log.headers() {
        let link = Link { id: item.id(), previous: item.header().previous };
        held.0.insert(item.header().seq, vec![link]);
    }
    let statuses = |checkpoints: SortedSet<Checkpoint>| {
        let evidence = Evidence { fork: Some(2), checkpoints, ..Evidence::default() };
        let judgement = judge(&newsroom.lineage, &log.opening, &held, &evidence);
        let status = |item: &longear_core::SignedHeader| {
            judgement.status(&newsroom.lineage, &log.opening, item.id(), item.header())
        };
        log.headers().iter().map(status).collect::<Vec<_>>()
    };
    let (shown, disputed) = (Status::Shown, Status::Disputed);
    assert_eq!(statuses(SortedSet::new()), [shown, shown, disputed, disputed]);
    let seen = Checkpoint { seq: 2, prefix: log.ids()[2].prefix() };
    assert_eq!(statuses(SortedSet::from([seen])), [shown; 4]);
}
