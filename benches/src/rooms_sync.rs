//! Finding what two nodes lack of each other's notes of a day, beside negentropy, which others use for it.
//!
//! Everything happens in this process and on one thread; what passes between the sides is counted, not sent. Asking for the notes
//! that turned out to be missing is counted for neither.

use std::time::Instant;

use longear_core::hash::plain;
use longear_core::limits::DAY_MS;
use longear_core::reconcile::{Decoder, Elements, Encoder, Progress, SYMBOL_BYTES, Salt};
use negentropy::{Id, Negentropy, NegentropyStorageVector};

use crate::Outcome;
use crate::measure::median;
use crate::report::{Target, figure};

/// Notes that both sides have: a day of a large room, and of one that is larger than any.
const COMMON: [usize; 2] = [33_000, 1_000_000];
const DIFFERENCES: [usize; 4] = [10, 100, 1_000, 10_000];
/// Differences to which the targets belong.
const DIFFERENCES_TARGET: usize = 1_000;
/// Symbols that a giver computes for a day.
const SYMBOLS_OF_DAY: usize = 2_000;
/// Sessions over whose symbols the mean is taken: what one takes varies by a twentieth.
const SESSIONS: u64 = 100;
/// What the few differences need beside two symbols each, in the worst of some thousand sessions.
const SYMBOLS_SPARE: usize = 200;
const HOUR_MS: u64 = 3_600_000;

/// A note of one side. Ours needs its ID alone, the peer also the time.
type Note = (u64, [u8; 32]);

/// Where in the day the differences lie: negentropy asks for spans of time, so it matters there.
#[derive(Clone, Copy, PartialEq)]
enum When {
    AllDay,
    LastHour,
}

/// What one reconciliation cost.
struct Cost {
    bytes: usize,
    rounds: usize,
    giver_ms: f64,
    asker_ms: f64,
}

pub fn run(repeats: usize) -> Outcome<()> {
    sessions()?;
    day(repeats)?;
    for common in COMMON {
        for differences in DIFFERENCES {
            for when in [When::AllDay, When::LastHour] {
                compare(common, differences, when, repeats)?;
            }
        }
    }
    Ok(())
}

/// How many symbols a session takes, on the mean.
fn sessions() -> Outcome<()> {
    for differences in [2, 5, 10, 100, DIFFERENCES_TARGET] {
        let symbols = (0..SESSIONS).map(|seed| {
            let (giver, asker) = sides(seed, 1_000, differences, When::AllDay);
            Ok(ours(seed, &giver, &asker, differences)?.bytes as f64 / SYMBOL_BYTES as f64)
        });
        let mean = symbols.sum::<Outcome<f64>>()? / SESSIONS as f64;
        let is_target = differences == DIFFERENCES_TARGET;
        let name = format!("symbols a difference, {differences} differences");
        figure(&name, mean / differences as f64, f64::NAN, "symbols", target(is_target, Target::Most(1.45)));
        if is_target {
            figure("bytes", mean * SYMBOL_BYTES as f64, f64::NAN, "bytes", Target::Most(24_000.0));
        }
    }
    Ok(())
}

fn target(is_target: bool, target: Target) -> Target {
    if is_target { target } else { Target::None }
}

/// A day of a large room, from its notes' IDs to the first symbols.
fn day(repeats: usize) -> Outcome<()> {
    let notes = numbered(0, COMMON[0], When::AllDay);
    let turns = (0..repeats).map(|turn| {
        let start = Instant::now();
        let mut symbols = Vec::new();
        Encoder::new(elements(turn as u64, &notes)?).write(SYMBOLS_OF_DAY, &mut symbols);
        Ok(ms_since(start))
    });
    let turns = turns.collect::<Outcome<Vec<_>>>()?;
    let name = format!("{SYMBOLS_OF_DAY} symbols of {} notes", notes.len());
    figure(&name, median(turns), f64::NAN, "ms", Target::Most(25.0));
    Ok(())
}

fn compare(common: usize, differences: usize, when: When, repeats: usize) -> Outcome<()> {
    let (mut our_turns, mut peer_turns) = (Vec::new(), Vec::new());
    for turn in 0..repeats as u64 {
        let (giver, asker) = sides(turn, common, differences, when);
        our_turns.push(ours(turn, &giver, &asker, differences)?);
        peer_turns.push(peers(&giver, &asker, differences)?);
    }
    let place = if when == When::AllDay { "in all the day" } else { "in its last hour" };
    println!("{differences} differences {place} among {common} notes");
    let both = |name: &str, unit: &str, value: fn(&Cost) -> f64| {
        let [ours, peer] = [&our_turns, &peer_turns].map(|turns| median(turns.iter().map(value)));
        figure(&format!("  {name}"), ours, peer, unit, Target::None);
    };
    both("bytes", "bytes", |cost| cost.bytes as f64);
    both("rounds", "rounds", |cost| cost.rounds as f64);
    both("giver", "ms", |cost| cost.giver_ms);
    both("asker", "ms", |cost| cost.asker_ms);
    Ok(())
}

/// Ours, from the IDs to the differences, with as many symbols as it needs.
fn ours(seed: u64, giver: &[Note], asker: &[Note], differences: usize) -> Outcome<Cost> {
    let mut all = Vec::new();
    Encoder::new(elements(seed, giver)?).write(SYMBOLS_SPARE + 2 * differences, &mut all);
    let mut trial = Decoder::new(elements(seed, asker)?);
    if trial.take(&all)? != Progress::Done {
        return Err("twice as many symbols did not tell all differences".into());
    }
    let (start, mut symbols) = (Instant::now(), Vec::new());
    Encoder::new(elements(seed, giver)?).write(trial.symbols(), &mut symbols);
    let giver_ms = ms_since(start);
    let start = Instant::now();
    let mut decoder = Decoder::new(elements(seed, asker)?);
    let progress = decoder.take(&symbols)?;
    let asker_ms = ms_since(start);
    if progress != Progress::Done || decoder.theirs().len() + decoder.ours().len() != differences {
        return Err("ours did not find the differences".into());
    }
    Ok(Cost { bytes: symbols.len(), rounds: 1, giver_ms, asker_ms })
}

fn elements(seed: u64, notes: &[Note]) -> Outcome<Elements> {
    let salt = Salt(u128::from(seed).to_le_bytes());
    Ok(Elements::new(&salt, notes.iter().map(|(_, id)| id))?)
}

/// Negentropy with its defaults, from the IDs to the differences.
fn peers(giver: &[Note], asker: &[Note], differences: usize) -> Outcome<Cost> {
    let start = Instant::now();
    let giving = storage(giver)?;
    let mut answering = Negentropy::borrowed(&giving, 0)?;
    let mut giver_ms = ms_since(start);
    let start = Instant::now();
    let own = storage(asker)?;
    let mut asking = Negentropy::borrowed(&own, 0)?;
    let mut question = Some(asking.initiate()?);
    let mut asker_ms = ms_since(start);
    let (mut have, mut need, mut bytes, mut rounds) = (Vec::new(), Vec::new(), 0, 0);
    while let Some(asked) = question {
        let start = Instant::now();
        let answer = answering.reconcile(&asked)?;
        giver_ms += ms_since(start);
        (bytes, rounds) = (bytes + asked.len() + answer.len(), rounds + 1);
        let start = Instant::now();
        question = asking.reconcile_with_ids(&answer, &mut have, &mut need)?;
        asker_ms += ms_since(start);
    }
    if have.len() + need.len() != differences {
        return Err(format!("negentropy found {} differences of {differences}", have.len() + need.len()).into());
    }
    Ok(Cost { bytes, rounds, giver_ms, asker_ms })
}

fn storage(notes: &[Note]) -> Outcome<NegentropyStorageVector> {
    let mut storage = NegentropyStorageVector::with_capacity(notes.len());
    for (time, id) in notes {
        storage.insert(*time, Id::from_byte_array(*id))?;
    }
    storage.seal()?;
    Ok(storage)
}

/// The notes of giver and asker, half of the differences on each side.
fn sides(seed: u64, common: usize, differences: usize, when: When) -> (Vec<Note>, Vec<Note>) {
    let mut giver = numbered(seed << 32, common, When::AllDay);
    let mut asker = giver.clone();
    giver.extend(numbered(seed << 32 | 1 << 30, differences / 2, when));
    asker.extend(numbered(seed << 32 | 1 << 31, differences - differences / 2, when));
    (giver, asker)
}

/// Notes with these numbers, at times that look random.
fn numbered(first: u64, count: usize, when: When) -> Vec<Note> {
    let note = |number: u64| {
        let id = plain(&number.to_le_bytes());
        let drawn = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let time = match when {
            When::AllDay => drawn % DAY_MS,
            When::LastHour => DAY_MS - HOUR_MS + drawn % HOUR_MS,
        };
        (time, id)
    };
    (first..first + count as u64).map(note).collect()
}

fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1_000.0
}
