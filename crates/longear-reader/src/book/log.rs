//! One log of a channel, in memory.

use std::cell::RefCell;
use std::rc::Rc;

use longear_core::limits::{BRANCHES_KEPT_MAX, DAY_MS};
use longear_core::status::{Link, LogItems, Objection};
use longear_core::{ForkProof, Intervals, ItemId, Judgement, LogOpening, SignedHeader, SortedMap, SortedSet, Status};

/// Everything held of one log.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub opening: LogOpening,
    /// Seqs at which some header is held.
    pub headers: Intervals,
    /// Seqs at which some payload is held, be it that of a branch which nobody stands by.
    pub payloads: Intervals,
    items: SortedMap<u64, Vec<HeldItem>>,
    /// Places at which more than one header is held.
    branched: SortedSet<u64>,
    /// Items that take others back, by the UTC day of their header.
    naming: SortedMap<u64, SortedSet<(u64, ItemId)>>,
    /// Bytes held of kinds that are limited, by UTC day.
    pub limited_bytes: SortedMap<u64, u64>,
    /// What it all means, until something comes that may change it.
    pub judged: RefCell<Option<Rc<Judged>>>,
}

/// A header whose origin was verified, and its payload if that is here.
#[derive(Clone, Debug)]
pub(crate) struct HeldItem {
    pub signed: SignedHeader,
    pub payload: Option<Box<[u8]>>,
    /// The items that its payload takes back or replaces.
    pub targets: Vec<ItemId>,
}

/// What a log's items mean by the objects held now.
#[derive(Debug)]
pub(crate) struct Judged {
    pub judgement: Judgement,
    /// Seqs of which everything is here.
    pub complete: Intervals,
    /// What the log's retractions and corrections take back, by day, as far as somebody asked.
    pub taken_back: RefCell<SortedMap<u64, TakenBack>>,
}

/// The targets that count of one log and day, each with the seq that names it.
pub(crate) type TakenBack = Rc<SortedSet<(u64, ItemId)>>;

impl LogItems for Log {
    fn at(&self, seq: u64) -> Vec<Link> {
        let link = |item: &HeldItem| Link { id: item.signed.id(), previous: item.signed.header().previous };
        self.branches(seq).iter().map(link).collect()
    }

    fn end(&self) -> u64 {
        self.headers.end()
    }

    fn next_held(&self, seq: u64) -> Option<u64> {
        self.items.range(seq..).next().map(|(seq, _)| *seq)
    }
}

impl HeldItem {
    /// The UTC day by which limits count.
    pub fn day(&self) -> u64 {
        self.signed.header().time / DAY_MS
    }
}

impl Log {
    pub fn new(opening: LogOpening) -> Self {
        Log {
            opening,
            headers: Intervals::new(),
            payloads: Intervals::new(),
            items: SortedMap::new(),
            branched: SortedSet::new(),
            naming: SortedMap::new(),
            limited_bytes: SortedMap::new(),
            judged: RefCell::new(None),
        }
    }

    /// What is held at a place.
    pub fn branches(&self, seq: u64) -> &[HeldItem] {
        self.items.get(&seq).map_or(&[], Vec::as_slice)
    }

    /// All places from a seq on at which something is held, ascending.
    pub fn places(&self, from: u64) -> impl Iterator<Item = (u64, &[HeldItem])> {
        self.items.range(from..).map(|(seq, held)| (*seq, held.as_slice()))
    }

    pub fn item(&self, seq: u64, id: &ItemId) -> Option<&HeldItem> {
        self.branches(seq).iter().find(|item| item.signed.id() == *id)
    }

    /// All items, ascending by seq.
    pub fn all(&self) -> impl Iterator<Item = &HeldItem> {
        self.items.values().flatten()
    }

    /// Whether any two headers held stand against each other.
    pub fn has_branches(&self) -> bool {
        !self.branched.is_empty()
    }

    /// Proofs that a new header contradicts what is held, not verified yet.
    pub fn contradictions(&self, new: &SignedHeader) -> Vec<ForkProof> {
        let seq = new.header().seq;
        let around = seq.saturating_sub(1)..=seq + 1;
        let held = self.items.range(around).flat_map(|(_, items)| items);
        held.filter_map(|item| ForkProof::between(self.opening, &item.signed, new)).collect()
    }

    /// Keeps a header. False if it was held already.
    pub fn add(&mut self, signed: SignedHeader) -> bool {
        let (seq, id) = (signed.header().seq, signed.id());
        let place = self.items.at_or_insert(seq, Vec::new);
        if place.iter().any(|item| item.signed.id() == id) {
            return false;
        }
        place.push(HeldItem { signed, payload: None, targets: Vec::new() });
        if place.len() > 1 {
            self.branched.insert(seq);
        }
        self.headers.insert(seq..seq + 1);
        self.judged.take();
        true
    }

    /// Keeps the payload of an item that is held, with what it takes back.
    pub fn fill(&mut self, seq: u64, id: &ItemId, payload: &[u8], targets: Vec<ItemId>) {
        let place = self.items.at_mut(&seq);
        let Some(item) = place.and_then(|items| items.iter_mut().find(|item| item.signed.id() == *id)) else { return };
        if !targets.is_empty() {
            self.naming.at_or_insert(item.day(), SortedSet::new).insert((seq, *id));
        }
        (item.payload, item.targets) = (Some(payload.into()), targets);
        self.payloads.insert(seq..seq + 1);
        self.judged.take();
    }

    /// Places that hold more branches than are kept.
    pub fn overfull(&self) -> Vec<u64> {
        let is_overfull = |seq: &&u64| self.branches(**seq).len() > BRANCHES_KEPT_MAX;
        self.branched.iter().filter(is_overfull).copied().collect()
    }

    /// Lets go of one of the branches of a place.
    pub fn drop_branch(&mut self, seq: u64, id: &ItemId) {
        let Some(place) = self.items.at_mut(&seq) else { return };
        let Some(index) = place.iter().position(|item| item.signed.id() == *id) else { return };
        let gone = place.remove(index);
        if place.len() < 2 {
            self.branched.remove(&seq);
        }
        if !place.iter().any(|item| item.payload.is_some()) {
            self.payloads.remove(seq..seq + 1);
        }
        if let Some(day) = self.naming.at_mut(&gone.day()) {
            day.remove(&(seq, *id));
        }
        self.judged.take();
    }

    /// Items of one UTC day that take others back, ascending by seq.
    pub fn naming_on(&self, day: u64) -> impl Iterator<Item = &HeldItem> {
        let named = self.naming.get(&day).into_iter().flat_map(SortedSet::iter);
        named.filter_map(|(seq, id)| self.item(*seq, id))
    }

    /// Of which seqs everything is here: the payload of an item that stands, or that at least nobody speaks against.
    ///
    /// `vouched` are the closing's last item and the checkpoints, by seq and first half of the ID. Where one of them, followed
    /// down, meets another item than it means, the right one is missing, whatever is held there.
    pub fn complete(&self, status: impl Fn(&HeldItem) -> Status, vouched: &[(u64, [u8; 16])]) -> Intervals {
        let mut complete = self.payloads.clone();
        let is_dead = |item: &HeldItem| status(item) == Status::Refused(Objection::OtherBranch);
        for seq in self.branched.iter().copied() {
            let alive = self.branches(seq).iter().filter(|item| !is_dead(item)).collect::<Vec<_>>();
            if !alive.is_empty() && alive.iter().all(|item| item.payload.is_none()) {
                complete.remove(seq..seq + 1);
            }
        }
        for (seq, prefix) in vouched {
            let Some(end) = self.wrong_end(*seq, *prefix) else { continue };
            if self.branches(end).iter().all(is_dead) {
                complete.remove(end..end + 1);
            }
        }
        complete
    }

    /// Where somebody's word, followed down from where it was given, meets another item than the one it means.
    fn wrong_end(&self, mut seq: u64, mut prefix: [u8; 16]) -> Option<u64> {
        loop {
            let held = self.branches(seq);
            let Some(right) = held.iter().find(|item| item.signed.id().prefix() == prefix) else {
                return (!held.is_empty()).then_some(seq);
            };
            prefix = right.signed.header().previous.prefix();
            seq = seq.checked_sub(1)?;
        }
    }
}
