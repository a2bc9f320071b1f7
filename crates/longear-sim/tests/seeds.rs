//! Seeds that once failed, and some that never did.

use longear_sim::World;

/// One seed a line, with what it found.
const FAILED_ONCE: &str = include_str!("failed-seeds.txt");

#[test]
fn seeds_that_failed_once_hold() {
    let lines = FAILED_ONCE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        let seed = line.split_whitespace().next().and_then(|seed| seed.parse::<u64>().ok());
        let seed = seed.unwrap_or_else(|| panic!("a line begins with a seed: {line}"));
        let outcome = World::run(seed, None, false);
        assert_eq!(outcome.violation, None, "cargo xtask sim --seed {seed} --trace ({line})");
    }
}

/// A world in which little happens would prove little.
#[test]
fn the_worlds_are_hostile() {
    let mut counts = longear_sim::Counts::default();
    for seed in 0..20 {
        let outcome = World::run(seed, None, false);
        assert_eq!(outcome.violation, None, "cargo xtask sim --seed {seed} --trace");
        counts.add(&outcome.counts);
    }
    println!("{counts:?}");
    assert!(counts.contacts > 100 && counts.crashes > 5 && counts.failed_writes > 0, "{counts:?}");
    assert!(counts.stolen > 10 && counts.lies > 10 && counts.refused > 10 && counts.cut_off > 10, "{counts:?}");
}
