//! The status of items: a pure function of the objects held, never of their order. Specified in `docs/spec/closing.md`.

use std::collections::{BTreeMap, BTreeSet};

use crate::header::Header;
use crate::id::{ItemId, LogOpening};
use crate::intervals::Intervals;
use crate::lineage::{Lineage, Standing};
use crate::statement::Statement;

/// What a reader is to make of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The channel's word.
    Shown,
    /// Kept and passed on, not shown as the channel's.
    Unconfirmed(Doubt),
    /// The log forked here; the next charter decides.
    Disputed,
    /// Taken back or replaced.
    Retracted,
    /// Not the channel's word.
    Refused(Objection),
}

/// Why an item is not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doubt {
    /// Its log was closed, and the items that link it to the last good one have not arrived.
    NotLinkedYet,
    /// It is dated outside its key's life.
    OutsideKeyLife,
}

/// Why an item is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Objection {
    /// Its key has no role for such an item.
    WrongRole,
    /// Its key was left out, and no charter names its log.
    VoidLog,
    /// Its log was closed before it.
    BeyondClosing,
    /// It stands on a branch that a charter or another delegate contradicts.
    OtherBranch,
}

impl Status {
    /// The name in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Status::Shown => "shown",
            Status::Unconfirmed(_) => "unconfirmed",
            Status::Disputed => "disputed",
            Status::Retracted => "retracted",
            Status::Refused(_) => "refused",
        }
    }

    /// The code of the reason, empty where there is none to give.
    pub fn code(self) -> &'static str {
        match self {
            Status::Unconfirmed(Doubt::NotLinkedYet) => "not-linked-yet",
            Status::Unconfirmed(Doubt::OutsideKeyLife) => "outside-key-life",
            Status::Disputed => "forked",
            Status::Refused(Objection::WrongRole) => "wrong-role",
            Status::Refused(Objection::VoidLog) => "void-log",
            Status::Refused(Objection::BeyondClosing) => "beyond-closing",
            Status::Refused(Objection::OtherBranch) => "other-branch",
            Status::Shown | Status::Retracted => "",
        }
    }

    /// The reason in words, for people.
    pub fn why(self) -> &'static str {
        match self {
            Status::Shown => "",
            Status::Unconfirmed(Doubt::NotLinkedYet) => {
                "its log was closed; what links it to the last good item has not arrived"
            }
            Status::Unconfirmed(Doubt::OutsideKeyLife) => "it is dated outside the life of its key",
            Status::Disputed => "two versions of this log exist; the publisher has to decide",
            Status::Retracted => "the publisher took it back",
            Status::Refused(Objection::WrongRole) => "its key may not sign such items",
            Status::Refused(Objection::VoidLog) => "its key was revoked and its log is in no charter",
            Status::Refused(Objection::BeyondClosing) => "its key was revoked before this item",
            Status::Refused(Objection::OtherBranch) => "the publisher stands by another item in its place",
        }
    }

    /// Whether readers see it as the channel's.
    pub fn is_visible(self) -> bool {
        matches!(self, Status::Shown | Status::Disputed)
    }
}

/// An item as far as its place in the log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The item.
    pub id: ItemId,
    /// The item before it.
    pub previous: ItemId,
}

/// What is held of one log. The store answers from its index; tests answer from a map.
pub trait LogItems {
    /// All items held at this place: one, none, or the branches of a fork.
    fn at(&self, seq: u64) -> Vec<Link>;

    /// One more than the highest seq held.
    fn end(&self) -> u64;
}

/// Another delegate's or a charter's word that this item stands at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checkpoint {
    /// The place.
    pub seq: u64,
    /// First half of the item's ID.
    pub prefix: [u8; 16],
}

/// Evidence about one log besides its items.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Lowest seq of a proven fork.
    pub fork: Option<u64>,
    /// Citations of the log by other delegates of the newest charter whose logs are open.
    pub checkpoints: BTreeSet<Checkpoint>,
    /// Items with a valid inclusion proof under the closing root.
    pub proven: BTreeSet<(u64, ItemId)>,
}

/// Everything needed to tell the status of the items of one log.
#[derive(Clone, Debug)]
pub struct Judgement {
    verdict: Verdict,
    confirmed: Intervals,
    /// Which branch is right, at places where several items are held.
    chosen: BTreeMap<u64, ItemId>,
    dead: BTreeSet<ItemId>,
    disputed: BTreeSet<u64>,
    disputed_from: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Open,
    Closed { items: u64 },
    Void,
}

/// Judges one log. Costs nothing for an open log without a fork; else one walk over the items concerned.
pub fn judge(lineage: &Lineage, opening: &LogOpening, items: &impl LogItems, evidence: &Evidence) -> Judgement {
    let mut judgement = Judgement {
        verdict: Verdict::Open,
        confirmed: Intervals::new(),
        chosen: BTreeMap::new(),
        dead: BTreeSet::new(),
        disputed: BTreeSet::new(),
        disputed_from: None,
    };
    match lineage.standing(opening) {
        Standing::Void => judgement.verdict = Verdict::Void,
        Standing::Closed(closing) => {
            judgement.verdict = Verdict::Closed { items: closing.items };
            if let Some(last) = closing.items.checked_sub(1) {
                judgement.walk_down(last, closing.tip, items);
            }
            for (seq, id) in evidence.proven.iter().rev().filter(|(seq, _)| *seq < closing.items) {
                judgement.walk_down(*seq, *id, items);
            }
        }
        Standing::Open => {
            if let Some(fork) = evidence.fork {
                judgement.resolve(fork, items, &evidence.checkpoints);
            }
        }
    }
    judgement
}

impl Judgement {
    /// The status of an item of this log, before retractions.
    pub fn status(&self, lineage: &Lineage, opening: &LogOpening, item: ItemId, header: &Header) -> Status {
        let Some(entry) = lineage.entry(&opening.key) else { return Status::Refused(Objection::VoidLog) };
        if header.kind.roles().is_some_and(|needed| !entry.roles.has_any(needed)) {
            return Status::Refused(Objection::WrongRole);
        }
        let seq = header.seq;
        let on_the_walk = self.confirmed.contains(seq);
        let other_branch = on_the_walk && self.chosen.get(&seq).is_some_and(|right| *right != item);
        match self.verdict {
            Verdict::Void => Status::Refused(Objection::VoidLog),
            Verdict::Closed { items } if seq >= items => Status::Refused(Objection::BeyondClosing),
            _ if other_branch => Status::Refused(Objection::OtherBranch),
            Verdict::Closed { .. } if on_the_walk => Status::Shown,
            Verdict::Closed { .. } => Status::Unconfirmed(Doubt::NotLinkedYet),
            Verdict::Open if !entry.lives_at(header.time) => Status::Unconfirmed(Doubt::OutsideKeyLife),
            Verdict::Open if on_the_walk => Status::Shown,
            Verdict::Open if self.dead.contains(&item) => Status::Refused(Objection::OtherBranch),
            Verdict::Open if self.is_disputed(seq) => Status::Disputed,
            Verdict::Open => Status::Shown,
        }
    }

    fn is_disputed(&self, seq: u64) -> bool {
        self.disputed.contains(&seq) || self.disputed_from.is_some_and(|from| seq >= from)
    }

    /// Confirms the item at `seq` and everything held that it descends from. False if that contradicts an earlier walk.
    fn walk_down(&mut self, seq: u64, id: ItemId, items: &impl LogItems) -> bool {
        let (mut seq, mut id) = (seq, id);
        let mut reached = seq + 1..seq + 1;
        let agrees = loop {
            if self.confirmed.contains(seq) {
                // Joined an earlier walk, which went on as far as items are held.
                break self.right_at(seq, items).is_none_or(|right| right == id);
            }
            let held = items.at(seq);
            let Some(link) = held.iter().find(|link| link.id == id) else {
                // The right item is known but not held: whatever else stands here is not it.
                if !held.is_empty() {
                    self.chosen.insert(seq, id);
                    reached.start = seq;
                }
                break true;
            };
            if held.len() > 1 {
                self.chosen.insert(seq, id);
            }
            reached.start = seq;
            let Some(before) = seq.checked_sub(1) else { break true };
            (seq, id) = (before, link.previous);
        };
        self.confirmed.insert(reached);
        agrees
    }

    fn right_at(&self, seq: u64, items: &impl LogItems) -> Option<ItemId> {
        let chosen = self.chosen.get(&seq).copied();
        chosen.or_else(|| items.at(seq).first().map(|link| link.id))
    }

    /// Settles a forked open log: checkpoints downwards, then branches upwards.
    fn resolve(&mut self, fork: u64, items: &impl LogItems, checkpoints: &BTreeSet<Checkpoint>) {
        let mut top = None;
        for anchor in usable(checkpoints, items) {
            if self.walk_down(anchor.0, anchor.1, items) {
                top = top.max(Some(anchor.0));
            } else {
                self.dispute(anchor.0, None);
            }
        }
        if !self.confirmed.contains(fork) {
            self.dispute(fork, top);
        }
        let mut before: Option<Vec<ItemId>> = None;
        for seq in fork..items.end() {
            let held = items.at(seq);
            if held.is_empty() {
                before = None;
                continue;
            }
            let right = self.confirmed.contains(seq).then(|| self.chosen.get(&seq).copied()).flatten();
            for link in &held {
                let contradicted = right.is_some_and(|right| right != link.id);
                let on_dead_branch =
                    self.dead.contains(&link.previous) || (seq > 0 && self.contradicts(seq - 1, link.previous));
                if contradicted || on_dead_branch {
                    self.dead.insert(link.id);
                }
            }
            let live = held.iter().filter(|link| !self.dead.contains(&link.id)).collect::<Vec<_>>();
            let unlinked = before.as_ref().is_some_and(|ids| live.iter().any(|link| !ids.contains(&link.previous)));
            if (live.len() > 1 || unlinked) && !self.confirmed.contains(seq) {
                self.dispute(seq, top);
            }
            before = Some(live.iter().map(|link| link.id).collect());
        }
    }

    /// Below the highest checkpoint one place is in doubt, above it everything that follows.
    fn dispute(&mut self, seq: u64, top: Option<u64>) {
        if top.is_some_and(|top| seq <= top) {
            self.disputed.insert(seq);
        } else {
            self.disputed_from = Some(self.disputed_from.map_or(seq, |from| from.min(seq)));
        }
    }

    /// Whether a walk fixed another item than `id` at `seq`.
    fn contradicts(&self, seq: u64, id: ItemId) -> bool {
        self.confirmed.contains(seq) && self.chosen.get(&seq).is_some_and(|right| *right != id)
    }
}

/// Checkpoints whose item is held and that no other checkpoint contradicts, highest first.
fn usable(checkpoints: &BTreeSet<Checkpoint>, items: &impl LogItems) -> Vec<(u64, ItemId)> {
    let mut by_seq = BTreeMap::<u64, BTreeSet<[u8; 16]>>::new();
    for checkpoint in checkpoints {
        by_seq.entry(checkpoint.seq).or_default().insert(checkpoint.prefix);
    }
    let agreed = by_seq.into_iter().rev().filter(|(_, prefixes)| prefixes.len() == 1);
    let anchors = agreed.flat_map(|(seq, prefixes)| {
        let held = items.at(seq).into_iter();
        held.filter(move |link| prefixes.contains(&link.id.prefix())).map(move |link| (seq, link.id))
    });
    anchors.collect()
}

/// Checkpoints of a log among statements: citations by *other* delegates of the newest charter whose logs are open.
pub fn checkpoints_of<'a>(
    opening: &LogOpening,
    lineage: &Lineage,
    statements: impl IntoIterator<Item = &'a Statement>,
) -> BTreeSet<Checkpoint> {
    let log = opening.log(&lineage.channel());
    let vouches = |statement: &&Statement| {
        statement.opening.key != opening.key
            && lineage.is_delegate(&statement.opening.key)
            && lineage.standing(&statement.opening) == Standing::Open
    };
    let citations = statements.into_iter().filter(vouches).flat_map(|statement| &statement.citations);
    let here = citations.filter(|citation| citation.log == log);
    here.map(|citation| Checkpoint { seq: citation.seq, prefix: citation.prefix }).collect()
}
