//! Forgers: objects that nobody honest made, handed to the real way into the store, by the ten thousands.
//!
//! `cargo xtask forge --long` runs the same a million times. `LONGEAR_FORGE_CASES` and `LONGEAR_FORGE_SEED` choose how many
//! and which ones.

#![allow(clippy::unwrap_used, missing_docs)]

mod careless;
mod dice;
mod forger;
mod gate;
#[path = "../../../longear-core/tests/support/publisher.rs"]
#[allow(dead_code)]
mod publisher;
mod tally;
mod world;

use careless::{Careless, Flaw};
use dice::Dice;
use forger::Candidate;
use gate::{Gate, Real};
use tally::Tally;
use world::{Family, World};

/// Candidates of a run that every change must pass.
const CASES_DEFAULT: u64 = 24_000;
const SEED_DEFAULT: u64 = 1;
/// Candidates within which a gate with a flaw must be caught.
const CASES_TO_CATCH: u64 = 6_000;
/// What the whole process may take, in KiB.
const MEMORY_KIB_MAX: u64 = 64 << 10;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Hands in candidates, all families in turn, until one is let in that nobody honest made.
fn besiege(gate: &dyn Gate, world: &World, seed: u64, cases: u64) -> Tally {
    let mut dice = Dice::new(seed);
    let mut tally = Tally::default();
    for case in 0..cases {
        let family = Family::ALL[case as usize % Family::ALL.len()];
        let candidate = Candidate::new(&mut dice, world, family);
        let judged = candidate.knock(gate, world);
        let forged = judged.accepted.iter().any(|bytes| !world.honest.contains(bytes));
        tally.count(family, &judged, forged);
        if forged {
            tally.forgeries.push((case, family));
            break;
        }
    }
    tally
}

#[test]
fn nothing_forged_is_let_in() {
    let (cases, seed) =
        (number("LONGEAR_FORGE_CASES").unwrap_or(CASES_DEFAULT), number("LONGEAR_FORGE_SEED").unwrap_or(SEED_DEFAULT));
    println!("forge: {cases} candidates, seed {seed}");
    let world = World::new();
    let tally = besiege(&Real, &world, seed, cases);
    println!("{tally}");
    assert_eq!(tally.forgeries, [], "seed {seed}: let in although nobody honest made it (case, family)");
    tally.assert_worth_something();
    if let Some(peak) = tally::peak_memory_kib() {
        println!("peak memory of the process: {:.1} MiB", peak as f64 / 1024.0);
        assert!(peak <= MEMORY_KIB_MAX, "{peak} KiB");
    }
}

#[test]
fn what_is_honest_is_let_in() {
    let world = World::new();
    for packed in &world.packs {
        let judged = Real.pack(&world, packed.log, packed.name, &packed.bytes);
        assert_eq!(judged.code, "", "{:?}", packed.name);
        assert_eq!(judged.accepted.len() as u64, 2 * packed.name.length());
    }
    let judged = [
        Real.founding(&world, &world.charters[0].encode()),
        Real.charter(&world, &world.charters[3].encode()),
        Real.statement(&world, &world.statements[1].encode()),
        Real.head(&world, &world.heads[1].encode()),
        Real.fork(&world, world.logs[0].id, &world.forks[0].encode()),
        Real.groups(&world, world.file.content.len() as u64, &world.file.groups.encode()),
        Real.slice(&world, 2, &world.file.slices[2]),
        Real.block(&world, 1, &world.file.content[16 << 10..32 << 10]),
        Real.file(&world, &world.small_file.content),
        Real.proof(&world, &world.closed.proofs[7]),
    ];
    for (place, judged) in judged.iter().enumerate() {
        assert!(judged.code.is_empty() && !judged.accepted.is_empty(), "{place}: {judged:?}");
        assert!(judged.accepted.iter().all(|bytes| world.honest.contains(bytes)), "{place}");
    }
}

/// Each check is forgotten once, and the same siege finds it.
#[test]
fn a_gate_that_forgets_a_check_is_caught() {
    let world = World::new();
    for flaw in Flaw::ALL {
        let tally = besiege(&Careless(flaw), &world, SEED_DEFAULT, CASES_TO_CATCH);
        let (case, family) = *tally.forgeries.first().unwrap_or_else(|| panic!("{flaw:?} was not noticed\n{tally}"));
        println!("{flaw:?}: caught by candidate {case}, {family:?}");
    }
}
