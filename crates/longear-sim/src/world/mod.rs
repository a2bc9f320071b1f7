//! A world: everything in it, and the loop that goes from event to event.

mod checks;
mod contacts;
mod heal;
mod machines;
mod people;
mod plan;
mod sticks;

use std::collections::{BTreeMap, BTreeSet};

use longear_core::{ItemId, LogId};
use longear_store::StoreError;

use crate::broken::Broken;
use crate::cast::{Newsroom, Thief};
use crate::checked::Checked;
use crate::clock::Clock;
use crate::node::Node;
use crate::random::Random;
use crate::trace::Trace;
use contacts::{Contact, Link, Message};
use sticks::Stick;

/// Events of one world at most; none comes near it.
const STEPS_MAX: u64 = 100_000;

/// Which invariant was broken, and how that showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its number, from 1.
    pub invariant: u8,
    /// What was seen.
    pub what: String,
}

/// What a world was like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events.
    pub steps: u64,
    /// Contacts begun.
    pub contacts: u64,
    /// Power cuts with recovery.
    pub crashes: u64,
    /// Writes that a disk refused.
    pub failed_writes: u64,
    /// Items signed, those of thieves included.
    pub items: u64,
    /// Items signed by thieves.
    pub stolen: u64,
    /// Answers that a liar changed.
    pub lies: u64,
    /// Objects that were refused.
    pub refused: u64,
    /// Packs and heads that a link cut off.
    pub cut_off: u64,
}

impl Counts {
    /// Adds those of another world.
    pub fn add(&mut self, other: &Counts) {
        self.steps += other.steps;
        self.contacts += other.contacts;
        self.crashes += other.crashes;
        self.failed_writes += other.failed_writes;
        self.items += other.items;
        self.stolen += other.stolen;
        self.lies += other.lies;
        self.refused += other.refused;
        self.cut_off += other.cut_off;
    }
}

/// How a world ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The hash of everything that happened.
    pub digest: String,
    /// What there was of it.
    pub counts: Counts,
    /// The first invariant that did not hold.
    pub violation: Option<Violation>,
}

/// Something that is to happen.
enum Event {
    Meet { a: usize, b: usize, link: Link },
    Part { contact: u64 },
    Arrive { contact: u64, side: usize, message: Message },
    Overdue { contact: u64, side: usize, question: u64 },
    Again { contact: u64, side: usize },
    Publish { node: usize },
    Word { node: usize },
    Thieve,
    Decide,
    Crash { node: usize, away_ms: u64 },
    Restart { node: usize },
    DiskFails { node: usize },
    DiskIsMended { node: usize },
    Jump { node: usize },
    WriteStick { node: usize, stick: usize },
    ReadStick { node: usize, stick: usize },
    Compare { node: usize },
}

/// A world that follows from a seed.
pub struct World {
    broken: Option<Broken>,
    random: Random,
    clock: Clock<Event>,
    trace: Trace,
    newsroom: Newsroom,
    nodes: Vec<Node>,
    contacts: BTreeMap<u64, Contact>,
    sticks: Vec<Stick>,
    thief: Option<Thief>,
    /// Whose key was stolen.
    victim: Option<usize>,
    has_decided: bool,
    /// What honest people signed, by place.
    places: BTreeMap<(LogId, u64), ItemId>,
    /// First waits of the contacts of each node.
    waits: BTreeSet<(usize, u64)>,
    contacts_made: u64,
    counts: Counts,
    violation: Option<Violation>,
    checked: Checked,
}

impl World {
    /// Plays the world of a seed to its end, or until an invariant does not hold. A loud one prints every event.
    pub fn run(seed: u64, broken: Option<Broken>, is_loud: bool) -> Outcome {
        let mut world = World::planned(seed, broken, is_loud);
        world.switch_on();
        while world.violation.is_none() && world.trace.steps < STEPS_MAX {
            let Some(event) = world.clock.next() else { break };
            world.happen(event);
        }
        world.heal();
        world.counts.steps = world.trace.steps;
        Outcome { digest: world.trace.digest(), counts: world.counts, violation: world.violation }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Meet { a, b, link } => self.meet(a, b, link),
            Event::Part { contact } => self.part(contact),
            Event::Arrive { contact, side, message } => self.arrive(contact, side, message),
            Event::Overdue { contact, side, question } => self.overdue(contact, side, question),
            Event::Again { contact, side } => self.begin_again(contact, side),
            Event::Publish { node } => self.publish(node),
            Event::Word { node } => self.give_word(node),
            Event::Thieve => self.thieve(),
            Event::Decide => self.decide(),
            Event::Crash { node, away_ms } => self.crash(node, away_ms),
            Event::Restart { node } => self.restart(node),
            Event::DiskFails { node } => self.disk_fails(node),
            Event::DiskIsMended { node } => self.disk_is_mended(node),
            Event::Jump { node } => self.clock_jumps(node),
            Event::WriteStick { node, stick } => self.write_stick(node, stick),
            Event::ReadStick { node, stick } => self.read_stick(node, stick),
            Event::Compare { node } => self.compare(node),
        }
    }

    fn note(&mut self, event: std::fmt::Arguments<'_>) {
        self.trace.note(self.clock.now_ms(), event);
    }

    /// Notes that an invariant does not hold. The first one counts.
    fn fail(&mut self, invariant: u8, what: String) {
        if self.violation.is_none() {
            self.note(format_args!("P{invariant} is broken: {what}"));
            self.violation = Some(Violation { invariant, what });
        }
    }

    /// Takes what a store answered. A store that fails although its disk does not is a fault of ours.
    fn survive<T>(&mut self, node: usize, answer: Result<T, StoreError>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.nodes[node].has_failed = true;
                self.counts.failed_writes += 1;
                self.note(format_args!("node {node} cannot write"));
                if !self.nodes[node].is_faulty {
                    self.fail(8, format!("the store of node {node} failed without a cause: {error}"));
                }
                None
            }
        }
    }
}
