//! A small in-memory holder: objects go in one by one through `verify`, and at the end it judges.

use std::collections::{BTreeMap, BTreeSet};

use longear_core::closing::proof_holds;
use longear_core::header::Payload;
use longear_core::keys::Roles;
use longear_core::kind::Kind;
use longear_core::lineage::Standing;
use longear_core::retraction::{may_retract, targets_that_count};
use longear_core::status::{Evidence, Link, LogItems, checkpoints_of};
use longear_core::{
    Article, Charter, ForkProof, ItemId, Lineage, LogId, LogOpening, Reason, Retraction, Run, SignedHeader, Statement,
    Status, judge, verify,
};

/// Something that arrives.
#[derive(Clone, Debug)]
pub enum Held {
    Charter(Charter),
    Item { opening: LogOpening, header: SignedHeader },
    Payload { item: ItemId, bytes: Vec<u8> },
    Proof { item: ItemId, hashes: Vec<[u8; 32]> },
    Statement(Statement),
    Fork(ForkProof),
}

/// How an item was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    Correction,
    Retraction,
}

impl Taken {
    pub fn name(self) -> &'static str {
        match self {
            Taken::Correction => "correction",
            Taken::Retraction => "retraction",
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Items(BTreeMap<u64, BTreeMap<ItemId, SignedHeader>>);

impl LogItems for Items {
    fn at(&self, seq: u64) -> Vec<Link> {
        let held = self.0.get(&seq).into_iter().flatten();
        held.map(|(id, item)| Link { id: *id, previous: item.header().previous }).collect()
    }

    fn end(&self) -> u64 {
        self.0.last_key_value().map_or(0, |(seq, _)| seq + 1)
    }
}

impl Items {
    fn all(&self) -> impl Iterator<Item = &SignedHeader> {
        self.0.values().flat_map(BTreeMap::values)
    }

    /// The lowest seq for which two IDs are known.
    fn fork(&self) -> Option<u64> {
        let mut known = BTreeMap::<u64, BTreeSet<ItemId>>::new();
        for item in self.all() {
            let header = item.header();
            known.entry(header.seq).or_default().insert(item.id());
            if let Some(below) = header.seq.checked_sub(1) {
                known.entry(below).or_default().insert(header.previous);
            }
        }
        known.into_iter().find(|(_, ids)| ids.len() > 1).map(|(seq, _)| seq)
    }
}

/// Everything held of one channel. What cannot be verified yet waits and is tried again after each arrival.
#[derive(Clone, Debug)]
pub struct Holder {
    lineage: Lineage,
    logs: BTreeMap<LogOpening, Items>,
    payloads: BTreeMap<ItemId, Vec<u8>>,
    proofs: BTreeMap<ItemId, Vec<Vec<[u8; 32]>>>,
    statements: Vec<Statement>,
    waiting: Vec<Held>,
}

impl Holder {
    pub fn with_lineage(lineage: Lineage) -> Self {
        let (logs, payloads, proofs) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Holder { lineage, logs, payloads, proofs, statements: Vec::new(), waiting: Vec::new() }
    }

    pub fn insert(&mut self, object: Held) {
        let mut arrived = vec![object];
        // Whatever is taken in may be what others waited for.
        while !arrived.is_empty() {
            let before = arrived.len();
            arrived.retain(|object| self.try_insert(object.clone()).is_err());
            if arrived.len() < before {
                arrived.append(&mut self.waiting);
            } else {
                self.waiting.append(&mut arrived);
            }
        }
    }

    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    fn try_insert(&mut self, object: Held) -> Result<(), Reason> {
        match object {
            Held::Charter(charter) => drop(self.lineage.apply(verify(&self.lineage, charter)?)),
            Held::Item { opening, header } => {
                let run = verify(&self.lineage, Run::new(opening, vec![header])?)?;
                self.keep(opening, run.headers()[0].clone());
            }
            Held::Payload { item, bytes } => {
                let header = self.item(&item).ok_or(Reason::HashMismatch)?.clone();
                verify(&header, Payload::new(item, &bytes))?;
                self.payloads.insert(item, bytes);
            }
            Held::Proof { item, hashes } => self.proofs.entry(item).or_default().push(hashes),
            Held::Statement(statement) => self.statements.push(verify(&self.lineage, statement)?.into_inner()),
            Held::Fork(proof) => {
                let proof = verify(&self.lineage, proof)?.into_inner();
                self.keep(proof.opening, proof.first);
                self.keep(proof.opening, proof.second);
            }
        }
        Ok(())
    }

    fn keep(&mut self, opening: LogOpening, item: SignedHeader) {
        let log = self.logs.entry(opening).or_default();
        log.0.entry(item.header().seq).or_default().insert(item.id(), item);
    }

    fn item(&self, id: &ItemId) -> Option<&SignedHeader> {
        self.logs.values().flat_map(Items::all).find(|item| item.id() == *id)
    }

    /// Status of every item held, and how it was taken back.
    ///
    /// Items whose delegate's charter lost its force to a rival are held no more than if they had come after the rival.
    pub fn statuses(&self) -> BTreeMap<ItemId, (Status, Option<Taken>)> {
        let mut statuses = BTreeMap::new();
        let logs = || self.logs.iter().filter(|(opening, _)| self.lineage.entry(&opening.key).is_some());
        for (opening, items) in logs() {
            let evidence = self.evidence(opening, items);
            let judgement = judge(&self.lineage, opening, items, &evidence);
            for item in items.all() {
                let status = judgement.status(&self.lineage, opening, item.id(), item.header());
                statuses.insert(item.id(), (status, None));
            }
        }
        let mut taken = BTreeMap::<ItemId, Taken>::new();
        for (opening, items) in logs() {
            for (target, how) in self.taken_by(opening, items, &statuses) {
                let held = taken.entry(target).or_insert(how);
                *held = (*held).max(how);
            }
        }
        for (target, how) in taken {
            if let Some(status) = statuses.get_mut(&target).filter(|(status, _)| status.is_visible()) {
                *status = (Status::Retracted, Some(how));
            }
        }
        statuses
    }

    fn evidence(&self, opening: &LogOpening, items: &Items) -> Evidence {
        let mut evidence = Evidence { fork: items.fork(), ..Evidence::default() };
        evidence.checkpoints = checkpoints_of(opening, &self.lineage, &self.statements);
        if let Standing::Closed(closing) = self.lineage.standing(opening) {
            for item in items.all() {
                let (seq, id) = (item.header().seq, item.id());
                let proofs = self.proofs.get(&id).into_iter().flatten();
                if proofs.into_iter().any(|proof| proof_holds(&closing.root, closing.items, seq, &id, proof)) {
                    evidence.proven.insert((seq, id));
                }
            }
        }
        evidence
    }

    fn taken_by(
        &self,
        opening: &LogOpening,
        items: &Items,
        statuses: &BTreeMap<ItemId, (Status, Option<Taken>)>,
    ) -> Vec<(ItemId, Taken)> {
        let shown = items.all().filter(|item| statuses[&item.id()].0 == Status::Shown);
        let named = shown.filter_map(|item| {
            let payload = self.payloads.get(&item.id())?;
            let kind = item.header().kind;
            let (targets, how) = match kind {
                Kind::Retraction => (Retraction::decode(payload).ok()?.targets, Taken::Retraction),
                kind if kind.is_article() => (vec![Article::decode(kind, payload).ok()?.corrects?], Taken::Correction),
                _ => return None,
            };
            Some((item.header(), targets, how))
        });
        let named = named.collect::<Vec<_>>();
        let how = named.iter().map(|(header, _, how)| (header.seq, *how)).collect::<BTreeMap<_, _>>();
        let log = opening.log(&self.lineage.channel());
        let roles = self.lineage.entry(&opening.key).map_or(Roles::NONE, |entry| entry.roles);
        let targets = named.iter().map(|(header, targets, _)| (*header, targets.as_slice()));
        let counting = targets_that_count(targets);
        let allowed = counting.filter(|(_, target)| self.log_of(target).is_some_and(|to| may_retract(log, roles, to)));
        allowed.map(|(seq, target)| (target, how[&seq])).collect()
    }

    fn log_of(&self, id: &ItemId) -> Option<LogId> {
        self.item(id).map(|item| item.header().log)
    }
}
