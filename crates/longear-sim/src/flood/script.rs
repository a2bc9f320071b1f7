//! All that is written in a room: the same whether it is flooded or not.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;

use longear_core::NoteId;
use longear_core::room::{Endorsements, Entry, Held};

use super::crowd::{Part, Writer};
use super::{DAYS, Flood, STOLEN_DAY};

/// One newcomer, and one whom the thief admits, for so many tickets.
const TICKETS_PER_OTHER: usize = 20;
/// One key minted on each day for so many tickets.
const TICKETS_PER_MINTED: usize = 2;

/// Who writes, and what on which day.
pub struct Script {
    /// Everybody on the roll.
    pub roll: Vec<Entry>,
    /// Those of them who mean well.
    pub honest: Vec<Entry>,
    /// Those who mean harm, with their regions.
    pub hostile: Vec<(Entry, usize)>,
    /// Whom the thief admits.
    pub smuggled: Vec<Entry>,
    /// What is written.
    pub days: Vec<Day>,
    /// Who wrote it.
    pub parts: HashMap<NoteId, Part>,
}

/// What is written on one day.
pub struct Day {
    /// By those who mean well, in each region.
    pub well: [Vec<Arc<Held>>; 2],
    /// By those who mean harm, in both.
    pub ill: Vec<Arc<Held>>,
}

/// What chance of one kind of people comes from.
struct Dice {
    seed: u64,
    next: u64,
}

impl Dice {
    /// The next so many seeds, that of each kind far from those of the others.
    fn seeds(&mut self, count: usize) -> Vec<u64> {
        let from = self.next;
        self.next += count as u64;
        (from..self.next).map(|number| self.seed.wrapping_mul(1 << 40) ^ number).collect()
    }
}

impl Script {
    /// Writes it.
    pub fn of(flood: &Flood) -> Self {
        let mut dice = Dice { seed: flood.seed, next: 0 };
        let hostile = flood.writers * flood.hostile_percent as usize / 100;
        let others = flood.writers / TICKETS_PER_OTHER;
        let mut people = crowd(&dice.seeds(flood.writers - hostile), |_| Part::Honest);
        people.extend(crowd(&dice.seeds(others), |seed| Part::Newcomer { has_stamp: seed % 2 == 0 }));
        let mut enemies = crowd(&dice.seeds(hostile), |_| Part::Hostile);
        enemies.extend(crowd(&dice.seeds(if flood.has_thief { others } else { 0 }), |_| Part::Smuggled));
        let of = |list: &[Writer], part| {
            list.iter().filter(|one| one.part == part).map(|one| (one.entry, one.region)).collect::<Vec<_>>()
        };
        let entries = |list: Vec<(Entry, usize)>| list.into_iter().map(|(entry, _)| entry).collect::<Vec<_>>();
        let (honest, hostile) = (entries(of(&people, Part::Honest)), of(&enemies, Part::Hostile));
        let mut script = Script {
            roll: honest.iter().copied().chain(entries(hostile.clone())).collect(),
            honest,
            hostile,
            smuggled: entries(of(&enemies, Part::Smuggled)),
            days: Vec::new(),
            parts: HashMap::new(),
        };
        let mut heard = [Vec::new(), Vec::new()];
        for day in 0..DAYS {
            let mut written = Day { well: [Vec::new(), Vec::new()], ill: Vec::new() };
            for (region, part, note) in write(&people, day, flood, &heard) {
                script.parts.insert(note.facts.id, part);
                written.well[region].push(note);
            }
            heard = written.well.each_ref().map(|notes| notes.iter().map(|held| held.facts.id).collect());
            let minted = crowd(&dice.seeds(flood.writers / TICKETS_PER_MINTED), |_| Part::Minted);
            let mut ill = write(&enemies, day, flood, &heard);
            ill.retain(|(_, part, _)| *part != Part::Smuggled || day >= STOLEN_DAY);
            ill.extend(write(&minted, day, flood, &heard));
            for (_, part, note) in ill {
                script.parts.insert(note.facts.id, part);
                written.ill.push(note);
            }
            script.days.push(written);
        }
        script
    }

    /// Bytes of all notes of those who mean well, or of the flood, and how many these are.
    pub fn size(&self, is_flood: bool) -> (usize, u64) {
        let notes = self.days.iter().flat_map(|day| if is_flood { vec![&day.ill] } else { day.well.iter().collect() });
        notes.flatten().fold((0, 0), |(count, bytes), held| (count + 1, bytes + u64::from(held.facts.bytes)))
    }
}

fn crowd(seeds: &[u64], part: impl Fn(u64) -> Part + Sync) -> Vec<Writer> {
    at_once(seeds, |seeds| seeds.iter().map(|seed| Writer::new(*seed, part(*seed))).collect())
}

fn write(people: &[Writer], day: u32, flood: &Flood, heard: &[Vec<NoteId>; 2]) -> Vec<(usize, Part, Arc<Held>)> {
    at_once(people, |people| {
        let mut known = Endorsements::default();
        let mut notes = Vec::new();
        for person in people {
            let written = person.write(&mut known, day, flood.notes_per_day, &heard[person.region]);
            notes.extend(written.into_iter().map(|note| (person.region, person.part, note)));
        }
        notes
    })
}

/// Works on a list with all processors, and puts together what comes of it in the order of the list.
fn at_once<T: Sync, R: Send>(list: &[T], work: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (length, work) = (list.len().div_ceil(threads).max(1), &work);
    thread::scope(|scope| {
        let parts = list.chunks(length).map(|part| scope.spawn(move || work(part))).collect::<Vec<_>>();
        // A thread that panicked has said why.
        #[allow(clippy::expect_used)]
        parts.into_iter().flat_map(|part| part.join().expect("a thread panicked")).collect()
    })
}
