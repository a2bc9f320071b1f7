//! Random histories of a channel: what its delegates write, what a thief of their keys writes, what others saw, and what
//! the roots make of it. A story is a list of small numbers, so that a failing one shrinks to the steps that matter.

use longear_core::closing::inclusion_proof;
use longear_core::hash::plain;
use longear_core::keys::Roles;
use longear_core::kind::Kind;
use longear_core::{Charter, ForkProof, ItemId};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::holder::Held;
use crate::support::publisher::{HOUR_MS, Log, NOON_MS, Publisher, article, key, retraction, signed_by};

/// Delegates of charter 1; Erlan joins with charter 2.
fn delegates() -> [(&'static str, Roles, u64); 4] {
    [
        ("Aida", Roles::POST, 0),
        ("Bolat", Roles::POST.with(Roles::EDIT), 0),
        ("Cholpan", Roles::POST, NOON_MS + 2 * HOUR_MS),
        ("Daniyar", Roles::LIVE, 0),
    ]
}

/// Logs at the beginning: two of Aida, one of everybody else.
const LOGS: [(&str, u64); 6] = [("Aida", 1), ("Aida", 2), ("Bolat", 1), ("Cholpan", 1), ("Daniyar", 1), ("Erlan", 1)];

/// One thing that happens. Branches and places are taken modulo what there is.
#[derive(Clone, Debug)]
pub enum Step {
    Write {
        branch: Index,
        act: Act,
        hours: u64,
    },
    /// A thief goes on from an earlier item.
    Fork {
        branch: Index,
        place: Index,
    },
    Say {
        branch: Index,
        counter: u64,
        seen: Vec<(Index, Index)>,
    },
    /// Somebody without the key tries.
    Forge {
        branch: Index,
    },
}

#[derive(Clone, Debug)]
pub enum Act {
    Post,
    Live,
    Unknown,
    Retract {
        target: (Index, Index),
    },
    /// Takes back almost as much as a day allows, and one thing more some hours later.
    Purge {
        targets: [(Index, Index); 2],
        dummies: u8,
        hours: u64,
    },
    Correct {
        target: (Index, Index),
    },
}

/// A charter from 2 on.
#[derive(Clone, Debug)]
pub struct Change {
    leaves_out: Vec<Index>,
    closes: Vec<(Index, Index)>,
    /// Another valid charter of the same number.
    has_rival: bool,
    /// Signed by one root of the two needed.
    is_weak: bool,
}

#[derive(Clone, Debug)]
pub struct Story {
    steps: Vec<Step>,
    changes: Vec<Change>,
    /// Which objects never arrive.
    lost: Vec<bool>,
}

pub fn stories() -> impl Strategy<Value = Story> {
    let steps = prop::collection::vec(step(), 6..24);
    let lost = prop::collection::vec(prop::bool::weighted(0.12), 120);
    (steps, prop::collection::vec(change(), 0..3), lost).prop_map(|(steps, changes, lost)| Story {
        steps,
        changes,
        lost,
    })
}

fn item() -> impl Strategy<Value = (Index, Index)> {
    any::<(Index, Index)>()
}

fn step() -> impl Strategy<Value = Step> {
    let act = prop_oneof![
        6 => Just(Act::Post),
        1 => Just(Act::Live),
        1 => Just(Act::Unknown),
        3 => item().prop_map(|target| Act::Retract { target }),
        2 => ([item(), item()], 62u8..64, 0u64..30)
            .prop_map(|(targets, dummies, hours)| Act::Purge { targets, dummies, hours }),
        3 => item().prop_map(|target| Act::Correct { target }),
    ];
    let seen = prop::collection::vec(item(), 0..4);
    prop_oneof![
        9 => (any::<Index>(), act, 0u64..30).prop_map(|(branch, act, hours)| Step::Write { branch, act, hours }),
        2 => any::<(Index, Index)>().prop_map(|(branch, place)| Step::Fork { branch, place }),
        4 => (any::<Index>(), 0u64..5, seen).prop_map(|(branch, counter, seen)| Step::Say { branch, counter, seen }),
        1 => any::<Index>().prop_map(|branch| Step::Forge { branch }),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let leaves_out = prop::collection::vec(any::<Index>(), 0..2);
    let closes = prop::collection::vec(any::<(Index, Index)>(), 0..4);
    let weighted = |share| prop::bool::weighted(share);
    (leaves_out, closes, weighted(0.15), weighted(0.1)).prop_map(|(leaves_out, closes, has_rival, is_weak)| Change {
        leaves_out,
        closes,
        has_rival,
        is_weak,
    })
}

/// What came of a story.
pub struct Told {
    pub publisher: Publisher,
    pub objects: Vec<Held>,
}

impl Story {
    /// Signs everything, and leaves out what is lost.
    pub fn tell(&self) -> Told {
        let publisher = Publisher::found("Story", &delegates());
        let mut teller = Teller { branches: Vec::new(), said: Vec::new(), publisher };
        teller.branches = LOGS.iter().map(|(name, incarnation)| teller.publisher.log(name, *incarnation)).collect();
        self.steps.iter().for_each(|step| teller.step(step));
        let mut objects = vec![Held::Charter(teller.publisher.lineage.charters()[0].clone())];
        let mut charters = teller.charters(&self.changes);
        let proofs = teller.proofs(&charters);
        let mut rest = charters.drain(..).map(Held::Charter).collect::<Vec<_>>();
        rest.extend(teller.items());
        rest.append(&mut teller.said);
        rest.extend(proofs);
        let lost = |place: usize| self.lost[place % self.lost.len()];
        objects.extend(rest.into_iter().enumerate().filter(|(place, _)| !lost(*place)).map(|(_, object)| object));
        Told { publisher: teller.publisher, objects }
    }
}

struct Teller {
    publisher: Publisher,
    branches: Vec<Log>,
    said: Vec<Held>,
}

impl Teller {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Write { branch, act, hours } => self.write(self.chosen(branch), act, *hours),
            Step::Fork { branch, place } => {
                let log = &self.branches[self.chosen(branch)];
                let mut stolen = log.branch(place.index(log.items.len() + 1));
                stolen.post(&format!("stolen {}", self.branches.len()));
                self.branches.push(stolen);
            }
            Step::Say { branch, counter, seen } => {
                let log = &self.branches[self.chosen(branch)];
                let citable = seen.iter().filter_map(|item| self.find(item)).filter(|(cited, _)| cited.id != log.id);
                let mut citations = citable.map(|(cited, place)| cited.cite(place)).collect::<Vec<_>>();
                citations.sort_by_key(|citation| citation.log);
                citations.dedup_by_key(|citation| citation.log);
                self.said.push(Held::Statement(log.statement(*counter, citations)));
            }
            Step::Forge { branch } => {
                let log = &self.branches[self.chosen(branch)];
                let mut forged = log.clone();
                forged.key = key("nobody");
                forged.post("forged");
                let header = forged.items.last().unwrap().header.clone();
                self.said.push(Held::Item { opening: log.opening, header });
                self.said.push(Held::Statement(forged.statement(9, vec![])));
            }
        }
    }

    /// Mostly Aida's first log, and Bolat's, who may take back: else all logs stay short.
    fn chosen(&self, branch: &Index) -> usize {
        let chosen = branch.index(self.branches.len() + 8);
        chosen.checked_sub(8).unwrap_or(if chosen < 5 { 0 } else { 2 })
    }

    fn write(&mut self, branch: usize, act: &Act, hours: u64) {
        let text = format!("{branch} {}", self.branches[branch].items.len());
        let id = |item: &(Index, Index)| self.find(item).map(|(log, place)| log.items[place].header.id());
        let is_live = self.branches[branch].opening.key == key("Daniyar").public();
        let (kind, payload) = match act {
            Act::Post if is_live => (Kind::Live, text.into_bytes()),
            Act::Post => (Kind::Post, article(&text, None).encode()),
            Act::Live => (Kind::Live, text.into_bytes()),
            Act::Unknown => (Kind::Unknown(200), text.into_bytes()),
            Act::Correct { target } => (Kind::Post, article(&text, id(target)).encode()),
            Act::Retract { target } => match id(target) {
                Some(target) => (Kind::Retraction, retraction(vec![target]).encode()),
                None => (Kind::Post, article(&text, None).encode()),
            },
            Act::Purge { targets: [first, second], dummies, hours: later } => {
                let dummies = (0..*dummies).map(|number| ItemId(plain(&[number])));
                let all = retraction(dummies.chain(id(first)).collect());
                let more = retraction(id(second).into_iter().chain([ItemId(plain(b"one more"))]).collect());
                self.branches[branch].write(Kind::Retraction, NOON_MS + hours * HOUR_MS / 2, all.encode());
                let time = NOON_MS + (hours + later) * HOUR_MS / 2;
                self.branches[branch].write(Kind::Retraction, time, more.encode());
                return;
            }
        };
        self.branches[branch].write(kind, NOON_MS + hours * HOUR_MS / 2, payload);
    }

    fn find(&self, (branch, place): &(Index, Index)) -> Option<(&Log, usize)> {
        let log = &self.branches[self.chosen(branch)];
        (!log.items.is_empty()).then(|| (log, place.index(log.items.len())))
    }

    fn charters(&self, changes: &[Change]) -> Vec<Charter> {
        let (mut publisher, mut charters) = (self.publisher.clone(), Vec::new());
        for change in changes {
            let mut body = publisher.next_body();
            if body.number == 2 {
                body.delegates.push(publisher.entry("Erlan", Roles::POST));
            }
            for gone in &change.leaves_out {
                body.delegates.remove(gone.index(body.delegates.len()));
            }
            for (branch, items) in &change.closes {
                let log = &self.branches[self.chosen(branch)];
                let closing = log.closing(items.index(log.items.len() + 1));
                let was_delegate = publisher.lineage.entry(&log.opening.key).is_some()
                    || body.delegates.iter().any(|entry| entry.key == log.opening.key);
                if was_delegate && body.closings.iter().all(|other| other.log != closing.log) {
                    body.closings.push(closing);
                }
            }
            body.sort();
            if change.has_rival {
                let rival = longear_core::CharterBody { name: "Rival".into(), ..body.clone() };
                charters.push(publisher.signed(rival));
            }
            if change.is_weak {
                charters.push(signed_by(body, &publisher.roots[..1]));
            } else {
                let charter = publisher.signed(body);
                publisher.apply(charter.clone());
                charters.push(charter);
            }
        }
        charters
    }

    /// All items of all branches with their payloads, and one proof of each fork.
    fn items(&self) -> Vec<Held> {
        let mut objects = Vec::new();
        for (number, log) in self.branches.iter().enumerate() {
            for item in &log.items {
                let (opening, header, bytes) = (log.opening, item.header.clone(), item.payload.clone());
                let known = |object: &Held| matches!(object, Held::Item { header: held, .. } if *held == header);
                if !objects.iter().any(known) {
                    objects.push(Held::Payload { item: header.id(), bytes });
                    objects.push(Held::Item { opening, header });
                }
            }
            for other in self.branches[..number].iter().filter(|other| other.id == log.id) {
                let pairs = log.items.iter().zip(&other.items);
                let proofs = pairs.map(|(a, b)| ForkProof::between(log.opening, &a.header, &b.header));
                objects.extend(proofs.flatten().map(Held::Fork).take(1));
            }
        }
        objects
    }

    /// A true inclusion proof of the middle item of every closing, and the same for another item.
    fn proofs(&self, charters: &[Charter]) -> Vec<Held> {
        let mut proofs = Vec::new();
        for closing in charters.iter().flat_map(|charter| &charter.body.closings).filter(|closing| closing.items > 0) {
            let (items, middle) = (closing.items as usize, closing.items as usize / 2);
            let is_closed = |log: &&Log| log.id == closing.log && log.ids().get(items - 1) == Some(&closing.tip);
            let ids = self.branches.iter().find(is_closed).unwrap().ids();
            let hashes = inclusion_proof(&ids[..items], middle).unwrap();
            let same_log = self.branches.iter().filter(|log| log.id == closing.log);
            for item in same_log.filter_map(|log| log.ids().get(middle).copied()) {
                proofs.push(Held::Proof { item, hashes: hashes.clone() });
            }
        }
        proofs
    }
}
