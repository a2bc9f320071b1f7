//! Which items of a log somebody vouches for, and which branch of a forked log stands. The rules are in `docs/spec/closing.md`.

use crate::id::ItemId;
use crate::intervals::Intervals;
use crate::sorted::{SortedMap, SortedSet};
use crate::status::{Checkpoint, Link, LogItems};

/// What is known of the one right item at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name {
    /// Its ID.
    Whole(ItemId),
    /// The first half of its ID, as checkpoints give it.
    Prefix([u8; 16]),
}

impl Name {
    fn fits(&self, item: &ItemId) -> bool {
        match self {
            Name::Whole(name) => name == item,
            Name::Prefix(prefix) => *prefix == item.prefix(),
        }
    }
}

/// The places that vouched items fix: themselves, and what they are built on as far as items are held.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walks {
    places: Intervals,
    /// The right item, at places where it does not stand alone.
    names: SortedMap<u64, Name>,
}

impl Walks {
    /// Walks down from a vouched item, which need not be held, to `floor`.
    pub(crate) fn walk(&mut self, from: u64, vouched: Name, floor: u64, items: &impl LogItems) {
        let (mut seq, mut name) = (from, vouched);
        loop {
            // An earlier walk that passed here went on as far as items are held.
            if self.places.contains(seq) {
                seq += 1;
                break;
            }
            let held = items.at(seq);
            let right = held.iter().find(|link| name.fits(&link.id));
            if held.len() != 1 || right.is_none() {
                self.names.insert(seq, name);
            }
            match right {
                Some(link) if seq > floor => (seq, name) = (seq - 1, Name::Whole(link.previous)),
                _ => break,
            }
        }
        self.places.insert(seq..from + 1);
    }

    /// Whether the item is on a walk; `None` where none passes.
    pub(crate) fn judge(&self, seq: u64, item: &ItemId) -> Option<bool> {
        let passes = self.places.contains(seq);
        passes.then(|| self.names.get(&seq).is_none_or(|name| name.fits(item)))
    }

    /// The right item at a place where `held` stands.
    fn right_at(&self, seq: u64, held: &[Link]) -> Option<Name> {
        let alone = || held.first().map(|link| Name::Whole(link.id));
        self.places.contains(seq).then(|| self.names.get(&seq).copied().or_else(alone)).flatten()
    }
}

/// What became of the branches of an open log that has forked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Branches {
    walks: Walks,
    dead: SortedSet<ItemId>,
    /// The highest checkpoint that counts.
    top: Option<u64>,
    disputed_up_to_top: Option<u64>,
    disputed_above_top: Option<u64>,
}

/// What a branch's item is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    Good,
    Disputed,
    Dead,
}

impl Branches {
    /// Settles a log whose lowest fork is at `fork`. Costs one look at each place from the fork or the lowest checkpoint on.
    pub(crate) fn settle(fork: u64, checkpoints: &SortedSet<Checkpoint>, items: &impl LogItems) -> Self {
        // Below, all neighbours held are linked: nothing there can contradict anything.
        let floor = checkpoints.first().map_or(fork, |lowest| lowest.seq.min(fork));
        let counting = uncontradicted(checkpoints, items);
        let top = counting.last().map(|highest| highest.seq);
        let mut branches = Branches { top, ..Branches::default() };
        for checkpoint in counting.iter().rev() {
            branches.walks.walk(checkpoint.seq, Name::Prefix(checkpoint.prefix), floor, items);
        }
        branches.climb(floor, items);
        branches.split_unseen(fork, items);
        branches
    }

    /// The worth of an item of the log.
    pub(crate) fn worth(&self, seq: u64, item: &ItemId) -> Worth {
        let up_to_top = self.top.is_some_and(|top| seq <= top);
        let disputed_from = if up_to_top { self.disputed_up_to_top } else { self.disputed_above_top };
        match self.walks.judge(seq, item) {
            Some(true) => Worth::Good,
            Some(false) => Worth::Dead,
            None if self.dead.contains(item) => Worth::Dead,
            None if disputed_from.is_some_and(|from| seq >= from) => Worth::Disputed,
            None => Worth::Good,
        }
    }

    /// Goes up from `floor`: what stands beside a walk dies with all that is built on it; two live items split the log.
    fn climb(&mut self, floor: u64, items: &impl LogItems) {
        let mut before: Option<(u64, Option<Name>, SortedSet<ItemId>)> = None;
        let mut next = items.next_held(floor);
        while let Some(seq) = next {
            let held = items.at(seq);
            let right = self.walks.right_at(seq, &held);
            let (right_below, live_below) = match before.take() {
                Some((below, right, live)) if below + 1 == seq => (right, live),
                _ => (seq.checked_sub(1).and_then(|below| self.walks.right_at(below, &[])), SortedSet::new()),
            };
            let mut live = SortedSet::new();
            let mut known_below = live_below;
            for link in &held {
                let beside = right.is_some_and(|right| !right.fits(&link.id));
                let built_beside = right_below.is_some_and(|right| !right.fits(&link.previous));
                let built_on_dead = built_beside || self.dead.contains(&link.previous);
                if !built_on_dead {
                    known_below.insert(link.previous);
                }
                if beside || built_on_dead {
                    self.dead.insert(link.id);
                } else {
                    live.insert(link.id);
                }
            }
            if seq > floor && known_below.len() > 1 {
                self.split(seq - 1);
            }
            if live.len() > 1 {
                self.split(seq);
            }
            before = Some((seq, right, live));
            next = items.next_held(seq + 1);
        }
    }

    /// Splits the log where its fork is proven by headers that are not held as items.
    fn split_unseen(&mut self, fork: u64, items: &impl LogItems) {
        let held = items.at(fork).into_iter().map(|link| link.id);
        let named = items.at(fork + 1).into_iter().map(|link| link.previous);
        if held.chain(named).collect::<SortedSet<_>>().len() < 2 && !self.walks.places.contains(fork) {
            self.split(fork);
        }
    }

    fn split(&mut self, seq: u64) {
        let up_to_top = self.top.is_some_and(|top| seq <= top);
        let from = if up_to_top { &mut self.disputed_up_to_top } else { &mut self.disputed_above_top };
        *from = Some(from.map_or(seq, |held| held.min(seq)));
    }
}

/// The checkpoints that no other one contradicts, ascending. All walk down together: those that meet at an item are one from
/// there on, and where two stand side by side they contradict each other.
fn uncontradicted(checkpoints: &SortedSet<Checkpoint>, items: &impl LogItems) -> Vec<Checkpoint> {
    let mut contradicted = SortedSet::<&Checkpoint>::new();
    let mut starts = checkpoints.iter().rev().peekable();
    let mut walks = SortedMap::<[u8; 16], Vec<&Checkpoint>>::new();
    let mut seq = starts.peek().map_or(0, |highest| highest.seq);
    loop {
        while let Some(start) = starts.next_if(|start| start.seq == seq) {
            walks.at_or_insert(start.prefix, Vec::new).push(start);
        }
        if walks.len() > 1 {
            walks.values_mut().for_each(|of| contradicted.extend(of.drain(..)));
        }
        let Some(next) = starts.peek().map(|start| start.seq) else { break };
        let held = items.at(seq);
        let mut below = SortedMap::<_, Vec<_>>::new();
        for (prefix, of) in walks {
            if let Some(link) = held.iter().find(|link| link.id.prefix() == prefix) {
                below.at_or_insert(link.previous.prefix(), Vec::new).extend(of);
            }
        }
        walks = below;
        // Without anybody on the way the next one to start is next.
        seq = if walks.is_empty() { next } else { seq - 1 };
    }
    checkpoints.iter().filter(|checkpoint| !contradicted.contains(checkpoint)).copied().collect()
}
