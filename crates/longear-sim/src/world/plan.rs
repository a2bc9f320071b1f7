//! What a seed makes of a world: who is there, and what is going to happen to them.

use longear_core::{Kind, Roles};
use longear_store::Signer;

use super::contacts::Link;
use super::sticks::Stick;
use super::{Counts, Event, World};
use crate::broken::Broken;
use crate::cast::Newsroom;
use crate::checked::Checked;
use crate::clock::{Clock, SKEW_MS_MAX};
use crate::node::{Delegate, Node, Side};
use crate::random::Random;
use crate::trace::Trace;

/// How long a world lasts before its links heal.
const LASTS_MS: u64 = 3 * 3_600_000;

/// The contacts that half of all real ones are no longer than.
const SHORT_CONTACT_MS: u64 = 20_000;

/// Delegates of the first charter, each at the node of its number, and what they sign.
const DELEGATES: [(&str, Roles, Kind); 3] =
    [("Aida", Roles::POST, Kind::Post), ("Bolat", Roles::POST, Kind::Post), ("Cholpan", Roles::DESK, Kind::ReportKeys)];

impl World {
    /// Makes a world; nothing has happened yet.
    pub(super) fn planned(seed: u64, broken: Option<Broken>, is_loud: bool) -> World {
        let mut random = Random::new(seed);
        let delegates = DELEGATES.map(|(name, roles, _)| {
            // One of the publishers may take back what others wrote.
            (name, if name == "Aida" && random.chance(50) { roles.with(Roles::EDIT) } else { roles })
        });
        let newsroom = Newsroom::found(seed, &delegates);
        let mut world = World {
            broken,
            random,
            clock: Clock::new(),
            trace: Trace::new(is_loud),
            newsroom,
            nodes: Vec::new(),
            contacts: Default::default(),
            sticks: vec![Stick::default(), Stick::default()],
            thief: None,
            victim: None,
            has_decided: false,
            places: Default::default(),
            waits: Default::default(),
            contacts_made: 0,
            counts: Counts::default(),
            violation: None,
            checked: Checked::default(),
        };
        world.people();
        world.what_happens();
        world
    }

    fn people(&mut self) {
        let readers = self.random.between(1, 3);
        let mut sides = vec![Side::Honest; DELEGATES.len() + readers as usize];
        if self.random.chance(75) {
            sides.push(Side::Thief);
            self.victim = Some(0);
        }
        if self.random.chance(60) {
            sides.push(Side::Liar);
        }
        for (no, side) in sides.into_iter().enumerate() {
            let skew_ms = match self.random.below(3) {
                0 => 0,
                _ => self.random.below(2 * SKEW_MS_MAX) as i64 - SKEW_MS_MAX as i64,
            };
            self.nodes.push(Node::new(no, side, skew_ms));
        }
        for (no, (name, _, kind)) in DELEGATES.into_iter().enumerate() {
            let (key, incarnation) = (self.newsroom.key(name), self.random.number());
            let signer = Signer::new(self.newsroom.channel(), key, incarnation);
            self.nodes[no].delegate = Some(Delegate { name, signer, kind });
        }
    }

    fn what_happens(&mut self) {
        for _ in 0..self.random.between(12, 26) {
            let node = if self.random.chance(85) { self.random.place(2) } else { 2 };
            self.some_time(0, Event::Publish { node });
        }
        for _ in 0..self.random.between(12, 26) {
            let (a, b) = self.two_nodes();
            let link = self.link();
            self.some_time(0, Event::Meet { a, b, link });
        }
        for _ in 0..3 {
            let node = self.random.place(DELEGATES.len());
            self.some_time(0, Event::Word { node });
        }
        for _ in 0..self.random.below(4) {
            let (node, away_ms) = (self.random.place(self.nodes.len()), self.random.below(600_000));
            self.some_time(0, Event::Crash { node, away_ms });
        }
        for _ in 0..self.random.below(3) {
            let node = self.random.place(self.nodes.len());
            self.some_time(0, Event::DiskFails { node });
        }
        for _ in 0..self.random.below(3) {
            let node = self.random.place(self.nodes.len());
            self.some_time(0, Event::Jump { node });
        }
        for _ in 0..self.random.below(4) {
            let (a, b) = self.two_nodes();
            let stick = self.random.place(self.sticks.len());
            self.some_time(0, Event::WriteStick { node: a, stick });
            self.some_time(LASTS_MS / 2, Event::ReadStick { node: b, stick });
        }
        if self.victim.is_some() {
            for _ in 0..self.random.between(1, 4) {
                self.some_time(LASTS_MS / 4, Event::Thieve);
            }
            if self.random.chance(75) {
                self.some_time(LASTS_MS / 2, Event::Decide);
            }
        }
        for _ in 0..2 {
            let node = self.random.place(self.nodes.len());
            self.some_time(LASTS_MS / 2, Event::Compare { node });
        }
    }

    fn some_time(&mut self, from_ms: u64, event: Event) {
        let at_ms = self.random.between(from_ms, LASTS_MS);
        self.clock.after(at_ms, event);
    }

    fn two_nodes(&mut self) -> (usize, usize) {
        let a = self.random.place(self.nodes.len());
        let b = self.random.place(self.nodes.len() - 1);
        (a, if b < a { b } else { b + 1 })
    }

    fn link(&mut self) -> Link {
        let is_short = self.random.chance(65);
        Link {
            lasts_ms: if is_short { 1 + self.random.below(SHORT_CONTACT_MS) } else { 300_000 },
            latency_ms: self.random.between(1, 400),
            bytes_per_s: [400, 4_000, 40_000, 4_000_000][self.random.place(4)],
            loss: [0, 0, 5, 25][self.random.place(4)],
            repeats: [0, 10][self.random.place(2)],
        }
    }
}
