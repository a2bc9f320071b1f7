//! One room being played: its nodes, its days, and what the thief does.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;

use longear_core::NoteId;
use longear_core::id::LogId;
use longear_core::room::{Decision, Held, Ruling, Terms};

use super::crowd::Part;
use super::moderator::{Moderator, THIEF, ban};
use super::node::Node;
use super::script::Script;
use super::{CUT, DAYS, FIRST_DAY, STOLEN_DAY};

/// Rounds in which all nodes meet at the end; more are never needed but by a fault.
const ROUNDS_MAX: usize = 24;
/// Whom a moderator bans on a day.
const BANNED_A_DAY: usize = 64;

/// One room being played.
pub struct World<'a> {
    script: &'a Script,
    is_flooded: bool,
    has_thief: bool,
    /// How many budgets there are.
    sizes: usize,
    /// In a ring: the first region's, small ones first, then the second region's, large ones first.
    nodes: Vec<Node>,
    /// What the thief purged, as far as it counted.
    pub purged: BTreeSet<NoteId>,
    /// What must hold and does not.
    pub faults: Vec<String>,
}

impl<'a> World<'a> {
    /// A room with nodes of these budgets, ascending, in each of the two regions.
    pub fn new(script: &'a Script, terms: Terms, budgets: &[u64], is_flooded: bool, has_thief: bool) -> Self {
        let ascending = budgets.iter().map(|bytes| Node::new(0, terms, *bytes));
        let nodes = ascending.chain(budgets.iter().rev().map(|bytes| Node::new(1, terms, *bytes))).collect();
        let (purged, faults) = (BTreeSet::new(), Vec::new());
        World { script, is_flooded, has_thief, sizes: budgets.len(), nodes, purged, faults }
    }

    /// Plays all days; in the end the regions meet, and the charter that closes the stolen log comes.
    pub fn play(mut self) -> Self {
        let [mut first, mut second, mut thief] = [LogId([1; 16]), LogId([2; 16]), THIEF].map(Moderator::new);
        let roll = first.admit(0, &self.script.roll);
        self.nodes.iter_mut().for_each(|node| node.learn(&roll));
        for (day, written) in (0..DAYS).zip(&self.script.days) {
            let ill = if self.is_flooded { written.ill.as_slice() } else { &[] };
            // Before the notes, so that what is pinned comes to nodes that keep it.
            if self.has_thief && day >= STOLEN_DAY {
                self.steal(day, &mut thief, &roll, ill);
            }
            self.deliver(day, &written.well, ill);
            self.moderate(0, day, &mut first);
            self.moderate(1, day, &mut second);
            // Often enough that everybody who is reached hears of all decisions.
            for _ in 0..self.sizes {
                self.meet(day, CUT.contains(&day));
            }
        }
        self.purged = self.nodes.iter().flat_map(|node| node.force.purged()).collect();
        if self.has_thief {
            self.nodes.iter_mut().for_each(Node::close_stolen_log);
        }
        self.heal();
        self
    }

    /// The node of this budget in a region.
    pub fn node(&self, region: usize, size: usize) -> &Node {
        &self.nodes[if region == 0 { size } else { 2 * self.sizes - 1 - size }]
    }

    /// The nodes of a region get what is written there, and the flood.
    fn deliver(&mut self, day: u32, well: &[Vec<Arc<Held>>; 2], ill: &[Arc<Held>]) {
        thread::scope(|scope| {
            for half in self.nodes.chunks_mut(1.max(self.sizes)) {
                scope.spawn(move || {
                    half.iter_mut().for_each(|node| {
                        node.take(well[node.region].iter().chain(ill), day);
                    })
                });
            }
        });
    }

    /// The thief lives in the second region.
    fn steal(&mut self, day: u32, thief: &mut Moderator, others: &[Arc<Ruling>], flood: &[Arc<Held>]) {
        let mut rulings = Vec::new();
        if day == STOLEN_DAY {
            rulings = thief.admit(day, &self.script.smuggled);
            rulings.extend(thief.silence(day, &self.script.honest, others));
        }
        let near = self.node(1, self.sizes - 1);
        let honest = near.room.notes().filter(|held| self.script.parts.get(&held.facts.id) == Some(&Part::Honest));
        rulings.extend(thief.destroy(day, honest, flood.iter()));
        self.announce(1, &rulings);
    }

    /// A moderator makes a digest, and bans some of those who flood.
    fn moderate(&mut self, region: usize, day: u32, moderator: &mut Moderator) {
        let (node, mut list) = (self.node(region, self.sizes - 1), Vec::new());
        let suggested = node.view(day).digest_suggestions(&node.room, FIRST_DAY + day);
        let notes = suggested.iter().filter_map(|id| node.room.note(id)).map(|held| held.note.clone().into_inner());
        let notes = notes.collect::<Vec<_>>();
        if !notes.is_empty() {
            list.push(Decision::Digest { day: FIRST_DAY + day, notes });
        }
        let seen = self.script.hostile.iter().filter(|(_, of)| self.is_flooded && *of == region);
        list.extend(seen.skip(BANNED_A_DAY * day as usize).take(BANNED_A_DAY).map(|(entry, _)| ban(*entry, day)));
        let rulings = moderator.rule(day, &list);
        self.announce(region, &rulings);
    }

    fn announce(&mut self, region: usize, rulings: &[Arc<Ruling>]) {
        self.nodes.iter_mut().filter(|node| node.region == region).for_each(|node| node.learn(rulings));
    }

    /// Each node meets its neighbours in the ring, if it reaches them. Tells whether anybody got anything.
    fn meet(&mut self, day: u32, is_cut: bool) -> bool {
        let (count, mut has_new) = (self.nodes.len(), false);
        for giver in 0..count {
            for taker in [(giver + 1) % count, (giver + count - 1) % count] {
                if is_cut && self.nodes[giver].region != self.nodes[taker].region {
                    continue;
                }
                if let Ok([from, to]) = self.nodes.get_disjoint_mut([giver, taker]) {
                    has_new |= from.give(to, day);
                }
            }
        }
        has_new
    }

    /// Everybody meets until nobody has anything new; then it must be one room.
    fn heal(&mut self) {
        let rounds = (0..ROUNDS_MAX).take_while(|_| self.meet(DAYS, false)).count();
        let mut faults = Vec::new();
        let mut demand = |holds: bool, what: String| {
            if !holds {
                faults.push(what);
            }
        };
        demand(rounds < ROUNDS_MAX, format!("after {rounds} rounds notes still come"));
        for size in 0..self.sizes {
            let (one, other) = (self.node(0, size), self.node(1, size));
            let bytes = one.budget_bytes;
            demand(one.room == other.room, format!("two nodes with {bytes} bytes differ"));
            demand(one.view(DAYS) == other.view(DAYS), format!("two nodes with {bytes} bytes show what differs"));
            demand(one.room.bytes() <= bytes, format!("{} bytes in {bytes}", one.room.bytes()));
            let larger = self.node(0, (size + 1).min(self.sizes - 1));
            let is_part = one.room.notes().all(|held| larger.room.note(&held.facts.id).is_some());
            demand(is_part, format!("a node with {bytes} bytes holds what a larger one does not"));
        }
        self.faults = faults;
    }
}
