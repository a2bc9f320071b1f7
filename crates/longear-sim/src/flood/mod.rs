//! A room of hundreds of thousands that is flooded, in two regions that are cut apart for three days.
//!
//! Everybody writes: members of the roll, of whom some mean harm; newcomers without a ticket; flooders who mint keys. One of
//! three moderators is a thief of a key from the second day on: admits tickets of his own, bans and purges members, as many as count.
//! At the end a charter closes that log. Merging, quotas, ranks, budgets and decisions are those of `longear-core`.
//!
//! Not played: who is slow or offline, single contacts, and the bytes of syncs; a node that meets another gets all that it has
//! room for. The crowd's habits are assumptions, and stand in `crowd.rs`.

mod crowd;
mod node;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use longear_core::NoteId;
use longear_core::limits::{BANS_PER_DAY_MIN, DECISIONS_MAX, PURGES_PER_DAY_MAX};
use longear_core::room::{Admission, Decision, Ground, Held, Ruling, Terms, Venue};

use crate::random::Random;
use crowd::{Moderator, Part, Scribe, Writer, ban};
use node::Node;

const FIRST_DAY: u32 = 20_605;
const VENUE: Venue = crowd::venue();
const NOTES_PER_DAY: u8 = 4;
const TERMS: Terms = Terms { admission: Admission::Open, notes_per_day: NOTES_PER_DAY, retention_days: 30 };
/// The days on which people write; on those of `CUT` the regions hear nothing of each other.
const DAYS: u32 = 5;
const CUT: std::ops::Range<u32> = 1..4;
/// The day on which the third moderator's key is stolen.
const STOLEN_DAY: u32 = 1;
/// Rounds in which all nodes meet at the end; more are never needed but by a fault.
const ROUNDS_MAX: usize = 12;

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flood {
    /// Members of the roll.
    pub writers: usize,
    /// How many of a hundred of them mean harm.
    pub hostile_percent: u64,
    /// What all chance comes from.
    pub seed: u64,
}

/// How much of what somebody wrote is shown at the end: in the room without a flood, and in the flooded one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Notes written.
    pub written: usize,
    /// Shown without the flood.
    pub quiet: usize,
    /// Shown with it.
    pub flooded: usize,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What was played.
    pub flood: Flood,
    /// Notes of the flooders.
    pub flood_notes: usize,
    /// Bytes of the notes of those who mean well, and of the flood.
    pub bytes: (u64, u64),
    /// For each budget: its bytes, honest members', newcomers' with a stamp and without.
    pub shares: Vec<(u64, [Share; 3])>,
    /// What must hold and does not.
    pub faults: Vec<String>,
}

impl Flood {
    /// Plays it twice: with the flood and without.
    pub fn run(&self) -> Report {
        let mut quiet = World::new(self, false);
        quiet.play();
        let good = |part: &Part| matches!(part, Part::Honest | Part::Newcomer { .. });
        let bytes = quiet.written.values().map(|(_, bytes)| bytes).sum::<u64>();
        let mut flooded = World::new(self, true);
        flooded.budgets = [4 * bytes, bytes];
        flooded.play();
        // The quiet room is played with the same budgets; the first time was to know what there is to write.
        let mut quiet = World { budgets: flooded.budgets, ..World::new(self, false) };
        quiet.play();
        let mut faults = quiet.faults.clone();
        faults.extend(flooded.faults.iter().map(|fault| format!("flooded: {fault}")));
        let shares = [0, 1].map(|size| (flooded.budgets[size], shares(&quiet, &flooded, size)));
        let flood = flooded.written.values().filter(|(part, _)| !good(part)).collect::<Vec<_>>();
        let flood_bytes = flood.iter().map(|(_, bytes)| bytes).sum();
        Report { flood: *self, flood_notes: flood.len(), bytes: (bytes, flood_bytes), shares: shares.to_vec(), faults }
    }
}

fn shares(quiet: &World, flooded: &World, size: usize) -> [Share; 3] {
    let parts = [Part::Honest, Part::Newcomer { has_stamp: true }, Part::Newcomer { has_stamp: false }];
    let shown = |world: &World, part: Part| {
        let shown = world.nodes[size].shown(DAYS);
        shown.filter(|id| world.written.get(id).is_some_and(|(of, _)| *of == part)).count()
    };
    parts.map(|part| {
        let written = quiet.written.values().filter(|(of, _)| *of == part).count();
        Share { written, quiet: shown(quiet, part), flooded: shown(flooded, part) }
    })
}

/// One room being played.
struct World {
    flood: Flood,
    is_flooded: bool,
    budgets: [u64; 2],
    /// Large and small ones of the first region, then of the second.
    nodes: Vec<Node>,
    written: BTreeMap<NoteId, (Part, u64)>,
    faults: Vec<String>,
}

impl World {
    fn new(flood: &Flood, is_flooded: bool) -> Self {
        let everything = [u64::MAX; 2];
        World {
            flood: *flood,
            is_flooded,
            budgets: everything,
            nodes: Vec::new(),
            written: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    fn play(&mut self) {
        let budgets = self.budgets;
        self.nodes =
            [0, 1].into_iter().flat_map(|region| budgets.map(|bytes| Node::new(region, bytes, TERMS))).collect();
        // Those who mean well write the same whether there is a flood or not.
        let (mut well, mut ill) = (Random::new(self.flood.seed), Random::new(self.flood.seed ^ 1 << 63));
        let mut scribe = Scribe::default();
        let mut moderators = [Moderator::new(1), Moderator::new(2), Moderator::new(3)];
        let hostile = self.flood.writers * self.flood.hostile_percent as usize / 100;
        let count = |parts: usize| self.flood.writers / parts;
        let mut people = Vec::new();
        people.extend((hostile..self.flood.writers).map(|_| Writer::new(&mut well, Part::Honest)));
        people
            .extend((0..count(20)).map(|number| Writer::new(&mut well, Part::Newcomer { has_stamp: number % 2 == 0 })));
        let mut enemies = (0..hostile).map(|_| Writer::new(&mut ill, Part::Hostile)).collect::<Vec<_>>();
        enemies.extend((0..count(20)).map(|_| Writer::new(&mut ill, Part::Smuggled)));
        let members = people.iter().chain(&enemies).filter(|one| matches!(one.part, Part::Honest | Part::Hostile));
        let roll = moderators[0].admit(&mut scribe, 0, members.map(Writer::entry).collect());
        self.nodes.iter_mut().for_each(|node| node.learn(&roll, false, &|_| false));
        let mut heard = [Vec::new(), Vec::new()];
        for day in 0..DAYS {
            self.write(&people, &mut scribe, &mut well, day, &mut heard);
            if self.is_flooded {
                self.flood_day(&enemies, &mut scribe, &mut ill, day);
                self.steal(&people, &enemies, &mut moderators[2], &mut scribe, &mut ill, day);
            }
            self.moderate(&enemies, &mut moderators, &mut scribe, day);
            self.meet(day, CUT.contains(&day), &|_| false);
        }
        let thief = &moderators[2];
        let is_stolen = |ruling: &Ruling| thief.signed(ruling);
        self.nodes.iter_mut().for_each(|node| node.learn([], true, &is_stolen));
        self.heal(&is_stolen);
    }

    /// Everybody who means well writes; nodes of their region get it.
    fn write(
        &mut self,
        people: &[Writer],
        scribe: &mut Scribe,
        random: &mut Random,
        day: u32,
        heard: &mut [Vec<NoteId>; 2],
    ) {
        let mut notes = [Vec::new(), Vec::new()];
        for person in people {
            let written = person.write(scribe, random, day, &heard[person.region]);
            self.publish(person.part, &written);
            notes[person.region].extend(written);
        }
        for (region, notes) in notes.iter().enumerate() {
            self.deliver(region, notes, day);
            heard[region] = notes.iter().map(|held| held.facts.id).collect();
        }
    }

    /// Flooders write all they can, to nodes of both regions.
    fn flood_day(&mut self, enemies: &[Writer], scribe: &mut Scribe, random: &mut Random, day: u32) {
        let is_at_work = |enemy: &&Writer| enemy.part == Part::Hostile || day >= STOLEN_DAY;
        let mut notes = Vec::new();
        for enemy in enemies.iter().filter(is_at_work) {
            notes.extend(enemy.write(scribe, random, day, &[]).into_iter().map(|note| (enemy.part, note)));
        }
        for _ in 0..self.flood.writers / 2 {
            let minted = Writer::new(random, Part::Minted);
            notes.extend(minted.write(scribe, random, day, &[]).into_iter().map(|note| (Part::Minted, note)));
        }
        random.shuffle(&mut notes);
        for (part, note) in &notes {
            self.publish(*part, std::slice::from_ref(note));
        }
        let notes = notes.into_iter().map(|(_, note)| note).collect::<Vec<_>>();
        [0, 1].into_iter().for_each(|region| self.deliver(region, &notes, day));
    }

    fn publish(&mut self, part: Part, notes: &[Arc<Held>]) {
        for held in notes {
            self.written.insert(held.facts.id, (part, u64::from(held.facts.bytes)));
        }
    }

    fn deliver(&mut self, region: usize, notes: &[Arc<Held>], day: u32) {
        for node in self.nodes.iter_mut().filter(|node| node.region == region) {
            node.take(notes, day);
        }
    }

    /// The thief admits his own, and bans and purges members. He lives in the second region.
    fn steal(
        &mut self,
        people: &[Writer],
        enemies: &[Writer],
        thief: &mut Moderator,
        scribe: &mut Scribe,
        random: &mut Random,
        day: u32,
    ) {
        if day < STOLEN_DAY {
            return;
        }
        let mut rulings = Vec::new();
        if day == STOLEN_DAY {
            let smuggled = enemies.iter().filter(|enemy| enemy.part == Part::Smuggled).map(Writer::entry);
            rulings = thief.admit(scribe, day, smuggled.collect());
        }
        // As many as count on a day.
        let bans =
            (0..BANS_PER_DAY_MIN.max(people.len() / 50)).map(|_| ban(people[random.place(people.len())].entry(), 0));
        let bans = bans.collect::<Vec<_>>();
        rulings.extend(bans.chunks(DECISIONS_MAX).filter_map(|list| thief.rule(scribe, day, list.to_vec())));
        let purges = self.nodes[2]
            .room
            .notes()
            .filter(|held| self.written.get(&held.facts.id).is_some_and(|(part, _)| *part == Part::Honest));
        let purges = purges.take(PURGES_PER_DAY_MAX + 36).map(|held| {
            let facts = held.facts;
            Decision::Purge { note: facts.id, spot: facts.spot, ground: Ground::Other }
        });
        rulings.extend(thief.rule(scribe, day, purges.collect()));
        self.announce(1, &rulings);
    }

    /// The others ban some of those who flood, and make a digest.
    fn moderate(&mut self, enemies: &[Writer], moderators: &mut [Moderator; 3], scribe: &mut Scribe, day: u32) {
        for region in [0, 1] {
            let moderator = &mut moderators[region];
            let (node, mut list) = (&self.nodes[2 * region], Vec::new());
            let suggested = node.view(day).digest_suggestions(&node.room, FIRST_DAY + day);
            let notes = suggested.iter().filter_map(|id| node.room.note(id)).map(|held| held.note.clone().into_inner());
            let notes = notes.collect::<Vec<_>>();
            if !notes.is_empty() {
                list.push(Decision::Digest { day: FIRST_DAY + day, notes });
            }
            let seen = enemies.iter().filter(|enemy| self.is_flooded && enemy.region == region);
            list.extend(seen.skip(64 * day as usize).take(64).map(|enemy| ban(enemy.entry(), day)));
            let rulings = if list.is_empty() { None } else { moderator.rule(scribe, day, list) };
            self.announce(region, rulings.as_slice());
        }
    }

    fn announce(&mut self, region: usize, rulings: &[Arc<Ruling>]) {
        for node in self.nodes.iter_mut().filter(|node| node.region == region) {
            node.learn(rulings, false, &|_| false);
        }
    }

    /// All nodes that reach each other meet once. Tells whether anybody got anything.
    fn meet(&mut self, day: u32, is_cut: bool, is_stolen: &impl Fn(&Ruling) -> bool) -> bool {
        let mut has_new = false;
        for giver in 0..self.nodes.len() {
            for taker in 0..self.nodes.len() {
                let is_near = self.nodes[giver].region == self.nodes[taker].region;
                if giver == taker || is_cut && !is_near {
                    continue;
                }
                let from = self.nodes.remove(giver);
                let to = if taker < giver { taker } else { taker - 1 };
                has_new |= from.give(&mut self.nodes[to], day, is_stolen);
                self.nodes.insert(giver, from);
            }
        }
        has_new
    }

    /// Everybody meets until nobody has anything new; then it must be one room.
    fn heal(&mut self, is_stolen: &impl Fn(&Ruling) -> bool) {
        let rounds = (0..ROUNDS_MAX).take_while(|_| self.meet(DAYS, false, is_stolen)).count();
        let mut demand = |holds: bool, what: String| {
            if !holds {
                self.faults.push(what);
            }
        };
        demand(rounds < ROUNDS_MAX, format!("after {rounds} rounds notes still come"));
        for size in [0, 1] {
            let (one, other) = (&self.nodes[size], &self.nodes[size + 2]);
            demand(one.room == other.room, format!("two nodes with {} bytes differ", one.budget_bytes));
            demand(
                one.view(DAYS) == other.view(DAYS),
                format!("two nodes with {} bytes show what differs", one.budget_bytes),
            );
            demand(one.room.bytes() <= one.budget_bytes, format!("{} bytes in {}", one.room.bytes(), one.budget_bytes));
        }
        let (large, small) = (&self.nodes[0].room, &self.nodes[1].room);
        let is_part = small.notes().all(|held| large.note(&held.facts.id).is_some());
        demand(is_part, "a smaller node holds what a larger one does not".to_owned());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Flood { writers, hostile_percent, seed } = self.flood;
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        writeln!(
            out,
            "{writers} tickets, {hostile_percent} % hostile, seed {seed}: {:.1} MiB of notes in {DAYS} days, and {} notes of {:.1} MiB against them",
            mib(self.bytes.0),
            self.flood_notes,
            mib(self.bytes.1),
        )?;
        for (budget, shares) in &self.shares {
            write!(out, "  {:.1} MiB:", mib(*budget))?;
            for (name, share) in ["members", "newcomers with a stamp", "newcomers without"].iter().zip(shares) {
                let percent = 100.0 * share.flooded as f64 / share.quiet.max(1) as f64;
                write!(out, " {name} {percent:.1} % ({} of {} of {});", share.flooded, share.quiet, share.written)?;
            }
            writeln!(out)?;
        }
        match self.faults.as_slice() {
            [] => write!(out, "  nodes of one budget hold the same, smaller ones a part"),
            faults => write!(out, "  BROKEN: {}", faults.join("; ")),
        }
    }
}
