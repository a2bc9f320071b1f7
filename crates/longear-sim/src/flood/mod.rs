//! A room of hundreds of thousands that is flooded, in two regions that are cut apart for three days.
//!
//! Everybody writes: members of the roll, of whom some mean harm; newcomers without a ticket; flooders who mint keys. With a
//! thief, one of three moderators' keys is stolen from the second day on: it admits tickets of the flooders, bans everybody, lifts what
//! the others decided, purges and pins as much as counts; at the end a charter closes that log. Merging, quotas, ranks, budgets and
//! decisions are those of `longear-core`.
//!
//! Not played: who is slow or offline, and the bytes of syncs; a node that meets another gets all that it has room for. Words of the
//! flood count as long and are held as short. The crowd's habits are assumptions, and stand in `crowd.rs`.

mod crowd;
mod moderator;
mod node;
mod script;
mod world;

use std::fmt;

use longear_core::room::{Admission, Terms, Venue};
use longear_core::{NoteId, RoomId};

use crowd::Part;
use script::Script;
use world::World;

const FIRST_DAY: u32 = 20_605;
const VENUE: Venue = Venue { room: RoomId([7; 32]), first_day: FIRST_DAY };
/// Notes per writer and day, unless told otherwise.
pub const NOTES_PER_DAY: u8 = 4;
/// The days on which people write; on those of `CUT` the regions hear nothing of each other.
const DAYS: u32 = 5;
const CUT: std::ops::Range<u32> = 1..4;
/// The day on which the third moderator's key is stolen.
const STOLEN_DAY: u32 = 1;
/// What nodes give the room, in quarters of the bytes of the room without a flood.
const BUDGETS: [u64; 5] = [1, 6, 8, 12, 20];

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flood {
    /// Members of the roll.
    pub writers: usize,
    /// How many of a hundred of them mean harm.
    pub hostile_percent: u64,
    /// Notes that each may write on a day. Those who mean harm do.
    pub notes_per_day: u8,
    /// Whether a moderator's key is stolen.
    pub has_thief: bool,
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
    /// Of these, shown with it.
    pub flooded: usize,
    /// Not shown with it, as the thief purged them.
    pub purged: usize,
}

/// What came of nodes of one budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// In quarters of the room without a flood.
    pub quarters: u64,
    /// Of those on the roll who mean well.
    pub members: Share,
    /// Of newcomers with a stamp, and without one.
    pub newcomers: [Share; 2],
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What was played.
    pub flood: Flood,
    /// Number and bytes of the notes of those who mean well.
    pub well: (usize, u64),
    /// The same of the flood.
    pub ill: (usize, u64),
    /// For each budget, ascending.
    pub kept: Vec<Kept>,
    /// What must hold and does not.
    pub faults: Vec<String>,
}

impl Flood {
    /// Notes are kept for as long as is played, so that the lane of each day is as large as in a room that goes on.
    fn terms(&self) -> Terms {
        Terms { admission: Admission::Open, notes_per_day: self.notes_per_day, retention_days: DAYS as u16 }
    }

    /// Plays it twice: without the flood and with it.
    pub fn run(&self) -> Report {
        let script = Script::of(self);
        let (well, ill) = (script.size(false), script.size(true));
        let budgets = BUDGETS.map(|quarters| well.1 / 4 * quarters);
        let terms = self.terms();
        let quiet = World::new(&script, terms, &budgets, false, false).play();
        let flooded = World::new(&script, terms, &budgets, true, self.has_thief).play();
        let mut faults = quiet.faults.clone();
        faults.extend(flooded.faults.iter().map(|fault| format!("flooded: {fault}")));
        let kept = (0..).zip(BUDGETS).map(|(size, quarters)| {
            let shown = [&quiet, &flooded].map(|world| world.node(0, size).shown(DAYS));
            let share = |part| share(&script, part, &shown, &flooded);
            let newcomers = [true, false].map(|has_stamp| share(Part::Newcomer { has_stamp }));
            Kept { quarters, members: share(Part::Honest), newcomers }
        });
        Report { flood: *self, well, ill, kept: kept.collect(), faults }
    }
}

fn share(script: &Script, part: Part, [quiet, flooded]: &[Vec<NoteId>; 2], world: &World<'_>) -> Share {
    let is_of = |id: &&NoteId| script.parts.get(id) == Some(&part);
    let flooded = flooded.iter().collect::<std::collections::HashSet<_>>();
    let quiet = quiet.iter().filter(is_of).collect::<Vec<_>>();
    let count = |holds: &dyn Fn(&NoteId) -> bool| quiet.iter().filter(|id| holds(id)).count();
    Share {
        written: script.parts.values().filter(|of| **of == part).count(),
        quiet: quiet.len(),
        flooded: count(&|id| flooded.contains(id)),
        purged: count(&|id| !flooded.contains(id) && world.purged.contains(id)),
    }
}

impl Share {
    /// How many percent of what is shown without the flood is shown with it, but for what the thief purged.
    pub fn percent(&self) -> f64 {
        100.0 * self.flooded as f64 / (self.quiet - self.purged).max(1) as f64
    }
}

impl fmt::Display for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Share { written, quiet, flooded, purged } = self;
        write!(out, "{:.2} % ({flooded} of {quiet} of {written}, {purged} purged)", self.percent())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Flood { writers, hostile_percent, notes_per_day, has_thief, seed } = self.flood;
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let thief = if has_thief { ", a thief" } else { "" };
        writeln!(
            out,
            "{writers} tickets, {hostile_percent} % hostile, {notes_per_day} notes a day{thief}, seed {seed}:"
        )?;
        let ((notes, bytes), (flood, flood_bytes)) = (self.well, self.ill);
        let (bytes, flood_bytes) = (mib(bytes), mib(flood_bytes));
        writeln!(
            out,
            "  {notes} notes of {bytes:.1} MiB in {DAYS} days, and {flood} of {flood_bytes:.1} MiB against them"
        )?;
        for Kept { quarters, members, newcomers: [with, without] } in &self.kept {
            let times = *quarters as f64 / 4.0;
            writeln!(
                out,
                "  {times:.2} times the room: members {members}; newcomers with a stamp {with}; without {without}"
            )?;
        }
        match self.faults.as_slice() {
            [] => write!(out, "  nodes of one budget hold the same, smaller ones a part"),
            faults => write!(out, "  BROKEN: {}", faults.join("; ")),
        }
    }
}
