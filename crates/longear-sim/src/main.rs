//! `longear-sim --seeds A..B`: plays worlds, prints one digest a seed, and closes with what there was of them.

use std::ops::Range;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use longear_sim::flood::{Flood, NOTES_PER_DAY};
use longear_sim::{Broken, Counts, Outcome, World};

const USAGE: &str = "Usage: longear-sim --seeds A..B [--threads N] [--quiet]
       longear-sim --seed N [--break 1..10] [--trace]
       longear-sim flood [--writers N] [--hostile PERCENT] [--notes PER_DAY] [--thief] [--seed N]";

struct Options {
    seeds: Range<u64>,
    threads: usize,
    broken: Option<Broken>,
    is_loud: bool,
    is_quiet: bool,
}

fn main() -> ExitCode {
    let words = std::env::args().skip(1).collect::<Vec<_>>();
    if let [first, rest @ ..] = words.as_slice()
        && first == "flood"
    {
        return flood(rest);
    }
    let Some(options) = read(&words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let started = Instant::now();
    let (counts, failed) = play(&options);
    let played = options.seeds.end - options.seeds.start;
    println!(
        "{played} seeds, {} failed; {} steps, {} contacts, {} crashes, {} failed writes, {} items ({} stolen), {} lies, \
         {} refused, {} cut off; {:.1} s on {} threads",
        failed.len(),
        counts.steps,
        counts.contacts,
        counts.crashes,
        counts.failed_writes,
        counts.items,
        counts.stolen,
        counts.lies,
        counts.refused,
        counts.cut_off,
        started.elapsed().as_secs_f64(),
        options.threads,
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Floods a room, and prints what was left of it.
fn flood(words: &[String]) -> ExitCode {
    let Some(flood) = read_flood(words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let started = Instant::now();
    let report = flood.run();
    println!("{report}; {:.1} s", started.elapsed().as_secs_f64());
    if report.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read_flood(words: &[String]) -> Option<Flood> {
    let notes_per_day = NOTES_PER_DAY;
    let mut flood = Flood { writers: 1_000, hostile_percent: 20, notes_per_day, has_thief: false, seed: 1 };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--thief" {
            flood.has_thief = true;
            continue;
        }
        let number = words.next()?.parse::<u64>().ok()?;
        match word.as_str() {
            "--writers" => flood.writers = usize::try_from(number).ok()?,
            "--hostile" => flood.hostile_percent = number,
            "--notes" => flood.notes_per_day = u8::try_from(number).ok()?,
            "--seed" => flood.seed = number,
            _ => return None,
        }
    }
    (flood.writers >= 100 && flood.hostile_percent <= 90).then_some(flood)
}

fn read(words: &[String]) -> Option<Options> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut options = Options { seeds: 0..0, threads, broken: None, is_loud: false, is_quiet: false };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seeds" => {
                let (from, to) = words.next()?.split_once("..")?;
                options.seeds = from.parse().ok()?..to.parse().ok()?;
            }
            "--seed" => {
                let seed = words.next()?.parse::<u64>().ok()?;
                options.seeds = seed..seed.checked_add(1)?;
            }
            "--threads" => options.threads = words.next()?.parse::<usize>().ok().filter(|threads| *threads > 0)?,
            "--break" => {
                let number = words.next()?.parse::<usize>().ok()?;
                options.broken = Some(*Broken::ALL.get(number.checked_sub(1)?)?);
            }
            "--trace" => options.is_loud = true,
            "--quiet" => options.is_quiet = true,
            _ => return None,
        }
    }
    (!options.seeds.is_empty()).then_some(options)
}

/// Plays all seeds, each on one thread; prints them in their order.
fn play(options: &Options) -> (Counts, Vec<u64>) {
    let next = AtomicU64::new(options.seeds.start);
    let (sender, outcomes) = mpsc::channel::<(u64, Outcome)>();
    let (mut counts, mut failed) = (Counts::default(), Vec::new());
    thread::scope(|scope| {
        for _ in 0..options.threads {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= options.seeds.end {
                        return;
                    }
                    let outcome = World::run(seed, options.broken, options.is_loud);
                    if sender.send((seed, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let (mut early, mut expected) = (std::collections::BTreeMap::new(), options.seeds.start);
        for (seed, outcome) in outcomes {
            early.insert(seed, outcome);
            while let Some(outcome) = early.remove(&expected) {
                counts.add(&outcome.counts);
                if report(options, expected, &outcome) {
                    failed.push(expected);
                }
                expected += 1;
            }
        }
    });
    (counts, failed)
}

/// Prints one seed; tells whether it failed.
fn report(options: &Options, seed: u64, outcome: &Outcome) -> bool {
    let Some(violation) = &outcome.violation else {
        if !options.is_quiet {
            println!("{seed} {}", outcome.digest);
        }
        return false;
    };
    println!("{seed} {} P{} is broken: {}", outcome.digest, violation.invariant, violation.what);
    let broken = options.broken.map_or(String::new(), |broken| format!(" --break {}", broken.invariant()));
    println!("  again: cargo xtask sim --seed {seed}{broken} --trace");
    true
}
