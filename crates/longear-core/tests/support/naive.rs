//! The rules of `docs/spec/closing.md` and `items.md` once more, as literally as they can be written: sets of everything
//! that is known, walks as whole maps, no care for cost. What `judge()` does cleverly must come to the same.

use std::collections::{BTreeMap, BTreeSet};

use longear_core::closing::proof_holds;
use longear_core::header::Payload;
use longear_core::keys::Roles;
use longear_core::kind::Kind;
use longear_core::limits::RETRACTION_TARGETS_MAX;
use longear_core::status::{Checkpoint, Doubt, Objection};
use longear_core::{
    Article, ChannelId, Charter, Closing, Delegate, Header, ItemId, Lineage, LogOpening, PublicKey, Retraction, Run,
    SignedHeader, Statement, Status, verify,
};

use super::holder::{Held, Taken};

type Statuses = BTreeMap<ItemId, (Status, Option<Taken>)>;
/// IDs by seq, by their first halves: the start of a walk may be known by no more.
type Walk = BTreeMap<u64, [u8; 16]>;

/// The shape of one log: held items, each with its seq and the ID that it names as `previous`.
#[derive(Clone, Debug, Default)]
pub struct Shape(pub BTreeMap<ItemId, (u64, ItemId)>);

impl Shape {
    /// All (seq, ID) that are known: of held items, and of those that they name.
    pub fn known(&self) -> BTreeSet<(u64, ItemId)> {
        let held = self.0.iter().map(|(id, (seq, _))| (*seq, *id));
        let named = self.0.values().filter(|(seq, _)| *seq > 0).map(|(seq, previous)| (seq - 1, *previous));
        held.chain(named).collect()
    }

    /// The lowest seq with two IDs.
    pub fn fork(&self) -> Option<u64> {
        first_with_two(&self.known(), |_| true)
    }

    fn walk(&self, seq: u64, prefix: [u8; 16]) -> Walk {
        let (mut at, mut walk) = ((seq, prefix), Walk::new());
        loop {
            walk.insert(at.0, at.1);
            let held = self.0.iter().find(|(id, (seq, _))| (*seq, id.prefix()) == at);
            match held {
                Some((_, (seq, previous))) if *seq > 0 => at = (seq - 1, previous.prefix()),
                _ => return walk,
            }
        }
    }

    /// Rule 3.
    pub fn closed(&self, items: u64, tip: ItemId, proven: &BTreeSet<(u64, ItemId)>) -> BTreeMap<ItemId, Status> {
        let mut walks = Vec::new();
        if items > 0 {
            walks.push(self.walk(items - 1, tip.prefix()));
        }
        for (seq, id) in proven.iter().rev() {
            if walks.iter().all(|walk| !walk.contains_key(seq)) {
                walks.push(self.walk(*seq, id.prefix()));
            }
        }
        let judge = |id: &ItemId, seq: u64| {
            if seq >= items {
                Status::Refused(Objection::BeyondClosing)
            } else if walks.iter().any(|walk| walk.get(&seq) == Some(&id.prefix())) {
                Status::Shown
            } else if walks.iter().any(|walk| walk.contains_key(&seq)) {
                Status::Refused(Objection::OtherBranch)
            } else {
                Status::Unconfirmed(Doubt::NotLinkedYet)
            }
        };
        self.0.iter().map(|(id, (seq, _))| (*id, judge(id, *seq))).collect()
    }

    /// Rules 5 and 6.
    pub fn open(&self, checkpoints: &BTreeSet<Checkpoint>) -> BTreeMap<ItemId, Status> {
        if self.fork().is_none() {
            return self.0.keys().map(|id| (*id, Status::Shown)).collect();
        }
        let walk_of = |checkpoint: &Checkpoint| self.walk(checkpoint.seq, checkpoint.prefix);
        let against = |a: &Checkpoint, b: &Checkpoint| walk_of(a).get(&b.seq).is_some_and(|name| *name != b.prefix);
        let counts = |one: &&Checkpoint| !checkpoints.iter().any(|other| against(one, other) || against(other, one));
        let counting = checkpoints.iter().filter(counts).collect::<Vec<_>>();
        let walks = counting.iter().map(|checkpoint| walk_of(checkpoint)).collect::<Vec<_>>();
        let on_walk = |seq: u64, id: &ItemId| walks.iter().any(|walk| walk.get(&seq) == Some(&id.prefix()));
        let beside = |seq: u64, id: &ItemId| walks.iter().any(|walk| walk.contains_key(&seq)) && !on_walk(seq, id);

        let known = self.known();
        let mut dead = known.iter().filter(|(seq, id)| beside(*seq, id)).copied().collect::<BTreeSet<_>>();
        loop {
            let on_dead = |(seq, previous): &(u64, ItemId)| *seq > 0 && dead.contains(&(seq - 1, *previous));
            let built = self.0.iter().filter(|(_, place)| on_dead(place)).map(|(id, (seq, _))| (*seq, *id));
            let more = built.filter(|place| !dead.contains(place)).collect::<Vec<_>>();
            if more.is_empty() {
                break;
            }
            dead.extend(more);
        }
        let live = known.difference(&dead).copied().collect::<BTreeSet<_>>();
        let highest = counting.iter().map(|checkpoint| checkpoint.seq).max();
        let is_above = |seq: u64| highest.is_none_or(|highest| seq > highest);
        let split_above = first_with_two(&live, is_above);
        let split_below = first_with_two(&live, |seq| !is_above(seq));
        let judge = |id: &ItemId, seq: u64| {
            let split = if is_above(seq) { split_above } else { split_below };
            if on_walk(seq, id) {
                Status::Shown
            } else if dead.contains(&(seq, *id)) {
                Status::Refused(Objection::OtherBranch)
            } else if split.is_some_and(|split| seq >= split) {
                Status::Disputed
            } else {
                Status::Shown
            }
        };
        self.0.iter().map(|(id, (seq, _))| (*id, judge(id, *seq))).collect()
    }
}

/// The lowest seq in question that has two IDs.
fn first_with_two(ids: &BTreeSet<(u64, ItemId)>, in_question: impl Fn(u64) -> bool) -> Option<u64> {
    let mut seqs = BTreeMap::<u64, usize>::new();
    ids.iter().filter(|(seq, _)| in_question(*seq)).for_each(|(seq, _)| *seqs.entry(*seq).or_default() += 1);
    seqs.into_iter().find(|(_, count)| *count > 1).map(|(seq, _)| seq)
}

/// A reader who has all objects at once.
struct Reader<'a> {
    channel: ChannelId,
    charters: Vec<Charter>,
    logs: BTreeMap<LogOpening, BTreeMap<ItemId, SignedHeader>>,
    statements: Vec<Statement>,
    objects: &'a [Held],
}

/// The status of every item that verifies, whatever the sequence of the objects.
pub fn statuses(channel: ChannelId, objects: &[Held]) -> Statuses {
    statuses_of(channel, objects, verifies)
}

/// The same, where something else tells whether an object verifies: a memory of what [`verifies`] said, say.
pub fn statuses_of(
    channel: ChannelId,
    objects: &[Held],
    mut verifies: impl FnMut(&Lineage, &Held) -> bool,
) -> Statuses {
    let lineage = lineage_of(channel, objects);
    let (charters, logs) = (lineage.charters().to_vec(), BTreeMap::new());
    let mut reader = Reader { channel, charters, logs, statements: Vec::new(), objects };
    let mut hold = |opening: LogOpening, header: &SignedHeader| {
        reader.logs.entry(opening).or_default().insert(header.id(), header.clone());
    };
    for object in objects.iter().filter(|object| verifies(&lineage, object)) {
        match object {
            Held::Item { opening, header } => hold(*opening, header),
            Held::Fork(proof) => {
                hold(proof.opening, &proof.first);
                hold(proof.opening, &proof.second);
            }
            Held::Statement(statement) => reader.statements.push(statement.clone()),
            Held::Charter(_) | Held::Payload { .. } | Held::Proof { .. } => {}
        }
    }
    reader.take_back(reader.before_retractions())
}

/// Whether the signatures of an item, a statement or a fork proof are those of delegates.
fn verifies(lineage: &Lineage, object: &Held) -> bool {
    match object {
        Held::Item { opening, header } => {
            let run = Run::new(*opening, vec![header.clone()]).unwrap();
            verify(lineage, run).is_ok()
        }
        Held::Fork(proof) => verify(lineage, proof.clone()).is_ok(),
        Held::Statement(statement) => verify(lineage, statement.clone()).is_ok(),
        Held::Charter(_) | Held::Payload { .. } | Held::Proof { .. } => false,
    }
}

/// The charters up to the first number that has none, or two.
pub fn lineage_of(channel: ChannelId, objects: &[Held]) -> Lineage {
    let mut lineage = Lineage::new(channel);
    loop {
        let mut next = BTreeMap::new();
        for object in objects {
            let Held::Charter(charter) = object else { continue };
            if charter.body.number == lineage.number() + 1
                && let Ok(charter) = verify(&lineage, charter.clone())
            {
                next.insert(charter.body.hash(), charter);
            }
        }
        match (next.len(), next.pop_first()) {
            (1, Some((_, charter))) => drop(lineage.apply(charter)),
            _ => return lineage,
        }
    }
}

impl Reader<'_> {
    fn newest_entry(&self, key: &PublicKey) -> &Delegate {
        self.charters.iter().rev().find_map(|charter| charter.body.delegate(key)).unwrap()
    }

    fn is_delegate(&self, key: &PublicKey) -> bool {
        self.charters.last().unwrap().body.delegate(key).is_some()
    }

    fn closing(&self, opening: &LogOpening) -> Option<&Closing> {
        let named = |charter: &'_ Charter| charter.body.closings.iter().position(|one| one.opening == *opening);
        self.charters.iter().rev().find_map(|charter| Some(&charter.body.closings[named(charter)?]))
    }

    fn before_retractions(&self) -> BTreeMap<ItemId, Status> {
        let mut statuses = BTreeMap::new();
        for (opening, items) in &self.logs {
            let shape = items.values().map(|item| (item.id(), (item.header().seq, item.header().previous)));
            let shape = Shape(shape.collect());
            let closing = self.closing(opening);
            let by_place = match closing {
                Some(closing) => shape.closed(closing.items, closing.tip, &self.proven(items, closing)),
                None => shape.open(&self.checkpoints(opening)),
            };
            for (id, item) in items {
                statuses.insert(*id, self.status(opening, item.header(), closing.is_some(), by_place[id]));
            }
        }
        statuses
    }

    /// Rules 1, 2 and 4 come before those that look at the place.
    fn status(&self, opening: &LogOpening, header: &Header, is_closed: bool, by_place: Status) -> Status {
        let entry = self.newest_entry(&opening.key);
        let needed = match header.kind {
            Kind::Post | Kind::Media | Kind::Notice => Roles::POST,
            Kind::Retraction => Roles::POST.with(Roles::EDIT),
            Kind::Live | Kind::RollUp => Roles::LIVE,
            Kind::Room | Kind::Moderation => Roles::MODERATE,
            Kind::ReportKeys | Kind::Receipts => Roles::DESK,
            _ => entry.roles,
        };
        let from_not_before = header.time >= entry.not_before;
        let lives = from_not_before && (entry.not_after == 0 || header.time <= entry.not_after);
        if entry.roles.bits() & needed.bits() == 0 {
            Status::Refused(Objection::WrongRole)
        } else if !is_closed && !self.is_delegate(&opening.key) {
            Status::Refused(Objection::VoidLog)
        } else if !is_closed && !lives {
            Status::Unconfirmed(Doubt::OutsideKeyLife)
        } else {
            by_place
        }
    }

    fn proven(&self, items: &BTreeMap<ItemId, SignedHeader>, closing: &Closing) -> BTreeSet<(u64, ItemId)> {
        let mut proven = BTreeSet::new();
        for object in self.objects {
            let Held::Proof { item, hashes } = object else { continue };
            let Some(seq) = items.get(item).map(|item| item.header().seq) else { continue };
            if proof_holds(&closing.root, closing.items, seq, item, hashes) {
                proven.insert((seq, *item));
            }
        }
        proven
    }

    /// Of each other open log of another delegate, what the newest of its statements that cite this log cites.
    fn checkpoints(&self, opening: &LogOpening) -> BTreeSet<Checkpoint> {
        let log = opening.log(&self.channel);
        let cites = |statement: &&Statement| statement.citations.iter().any(|citation| citation.log == log);
        let citing = self.statements.iter().filter(cites).collect::<Vec<_>>();
        let rank = |one: &Statement| (one.counter, longear_core::hash::labelled("statement", &[&one.encode()]));
        let of_log = |opening: LogOpening| citing.iter().filter(move |one| one.opening == opening);
        let newest = citing.iter().filter(|one| of_log(one.opening).all(|other| rank(other) <= rank(one)));
        let counts = |one: &&&Statement| {
            one.opening.key != opening.key && self.is_delegate(&one.opening.key) && self.closing(&one.opening).is_none()
        };
        let citations = newest.filter(counts).flat_map(|one| &one.citations).filter(|citation| citation.log == log);
        citations.map(|citation| Checkpoint { seq: citation.seq, prefix: citation.prefix }).collect()
    }

    fn payload(&self, item: &SignedHeader) -> Option<&[u8]> {
        self.objects.iter().find_map(|object| match object {
            Held::Payload { item: of, bytes } if *of == item.id() => {
                verify(item, Payload::new(*of, bytes)).is_ok().then_some(bytes.as_slice())
            }
            _ => None,
        })
    }

    fn take_back(&self, statuses: BTreeMap<ItemId, Status>) -> Statuses {
        let mut taken = BTreeSet::<(ItemId, Taken)>::new();
        for (opening, items) in &self.logs {
            let may_edit = self.newest_entry(&opening.key).roles.has(Roles::EDIT);
            let mut shown = items.values().filter(|item| statuses[&item.id()] == Status::Shown).collect::<Vec<_>>();
            shown.sort_by_key(|item| item.header().seq);
            let mut used = BTreeMap::<u64, usize>::new();
            for item in shown {
                for (target, how) in self.named_by(item) {
                    let used = used.entry(item.header().time / 86_400_000).or_default();
                    *used += 1;
                    if *used <= RETRACTION_TARGETS_MAX && (items.contains_key(&target) || may_edit) {
                        taken.insert((target, how));
                    }
                }
            }
        }
        let by = |id: &ItemId, how: Taken| taken.contains(&(*id, how)).then_some(how);
        let last = |(id, status): (ItemId, Status)| {
            let how = by(&id, Taken::Retraction).or(by(&id, Taken::Correction));
            let taken = how.filter(|_| matches!(status, Status::Shown | Status::Disputed));
            (id, (if taken.is_some() { Status::Retracted } else { status }, taken))
        };
        statuses.into_iter().map(last).collect()
    }

    fn named_by(&self, item: &SignedHeader) -> Vec<(ItemId, Taken)> {
        let Some(payload) = self.payload(item) else { return Vec::new() };
        match item.header().kind {
            Kind::Retraction => {
                let targets = Retraction::decode(payload).map(|retraction| retraction.targets).unwrap_or_default();
                targets.into_iter().map(|target| (target, Taken::Retraction)).collect()
            }
            kind @ (Kind::Post | Kind::Media | Kind::Notice) => {
                let corrects = Article::decode(kind, payload).ok().and_then(|article| article.corrects);
                corrects.into_iter().map(|target| (target, Taken::Correction)).collect()
            }
            _ => Vec::new(),
        }
    }
}
