//! The status of items: a pure function of the objects held, never of their order. Specified in `docs/spec/closing.md`.

use crate::branches::{Branches, Name, Walks, Worth};
use crate::header::Header;
use crate::id::{ItemId, LogOpening};
use crate::lineage::{Lineage, Standing};
use crate::sorted::{SortedMap, SortedSet};
use crate::statement::{Citation, Statement};

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

/// What is held of one log, the headers of its fork proof included. The store answers from its index; tests answer from a map.
pub trait LogItems {
    /// All items held at this place: one, none, or the branches of a fork.
    fn at(&self, seq: u64) -> Vec<Link>;

    /// One more than the highest seq held.
    fn end(&self) -> u64;

    /// The lowest seq held that is not below `seq`.
    ///
    /// Those who know their holes should say so at once: a thief who signs seq 0 and the last possible one would else buy a
    /// million looks with two items.
    fn next_held(&self, seq: u64) -> Option<u64> {
        (seq..self.end()).find(|seq| !self.at(*seq).is_empty())
    }
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
    /// Lowest seq of a proven fork. Whoever holds two IDs for one seq, or an item and a next one that names another ID as
    /// `previous`, has the proof.
    pub fork: Option<u64>,
    /// What [`checkpoints_of`] found.
    pub checkpoints: SortedSet<Checkpoint>,
    /// Items with a valid inclusion proof under the closing root.
    pub proven: SortedSet<(u64, ItemId)>,
}

/// Everything needed to tell the status of the items of one log.
#[derive(Clone, Debug)]
pub struct Judgement {
    verdict: Verdict,
}

#[derive(Clone, Debug)]
enum Verdict {
    Open,
    Forked(Branches),
    Closed { items: u64, walks: Walks },
    Void,
}

/// Judges one log. Costs nothing for an open log without a fork; else one walk over the items concerned.
pub fn judge(lineage: &Lineage, opening: &LogOpening, items: &impl LogItems, evidence: &Evidence) -> Judgement {
    let verdict = match (lineage.standing(opening), evidence.fork) {
        (Standing::Void, _) => Verdict::Void,
        (Standing::Open, None) => Verdict::Open,
        (Standing::Open, Some(fork)) => Verdict::Forked(Branches::settle(fork, &evidence.checkpoints, items)),
        (Standing::Closed(closing), _) => {
            let mut walks = Walks::default();
            if let Some(last) = closing.items.checked_sub(1) {
                walks.walk(last, Name::Whole(closing.tip), 0, items);
            }
            for (seq, id) in evidence.proven.iter().rev().filter(|(seq, _)| *seq < closing.items) {
                walks.walk(*seq, Name::Whole(*id), 0, items);
            }
            Verdict::Closed { items: closing.items, walks }
        }
    };
    Judgement { verdict }
}

impl Judgement {
    /// The status of an item of this log, before retractions. The item is one of those that were judged.
    pub fn status(&self, lineage: &Lineage, opening: &LogOpening, item: ItemId, header: &Header) -> Status {
        let Some(entry) = lineage.entry(&opening.key) else { return Status::Refused(Objection::VoidLog) };
        if header.kind.roles().is_some_and(|needed| !entry.roles.has_any(needed)) {
            return Status::Refused(Objection::WrongRole);
        }
        let open = matches!(self.verdict, Verdict::Open | Verdict::Forked(_));
        if open && !entry.lives_at(header.time) {
            return Status::Unconfirmed(Doubt::OutsideKeyLife);
        }
        match &self.verdict {
            Verdict::Open => Status::Shown,
            Verdict::Forked(branches) => match branches.worth(header.seq, &item) {
                Worth::Good => Status::Shown,
                Worth::Disputed => Status::Disputed,
                Worth::Dead => Status::Refused(Objection::OtherBranch),
            },
            Verdict::Closed { items, .. } if header.seq >= *items => Status::Refused(Objection::BeyondClosing),
            Verdict::Closed { walks, .. } => match walks.judge(header.seq, &item) {
                Some(true) => Status::Shown,
                Some(false) => Status::Refused(Objection::OtherBranch),
                None => Status::Unconfirmed(Doubt::NotLinkedYet),
            },
            Verdict::Void => Status::Refused(Objection::VoidLog),
        }
    }
}

/// Checkpoints of a log among statements: what *other* delegates of the newest charter cite of it, whose logs are open.
///
/// Of each log the newest statement that cites this one counts: statements cite a few logs in turn, and a word once given
/// is not taken back by silence.
pub fn checkpoints_of<'a>(
    opening: &LogOpening,
    lineage: &Lineage,
    statements: impl IntoIterator<Item = &'a Statement>,
) -> SortedSet<Checkpoint> {
    let log = opening.log(&lineage.channel());
    let cited_by = |statement: &Statement| statement.citations.iter().find(|citation| citation.log == log).copied();
    let mut newest = SortedMap::<LogOpening, (&Statement, Citation)>::new();
    for statement in statements {
        let Some(citation) = cited_by(statement) else { continue };
        let speaker = &statement.opening;
        let vouches = speaker.key != opening.key
            && lineage.is_delegate(&speaker.key)
            && lineage.standing(speaker) == Standing::Open;
        let wins = newest.get(speaker).is_none_or(|(held, _)| statement.supersedes(held));
        if vouches && wins {
            newest.insert(*speaker, (statement, citation));
        }
    }
    newest.values().map(|(_, citation)| Checkpoint { seq: citation.seq, prefix: citation.prefix }).collect()
}
