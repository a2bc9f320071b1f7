//! The virtual clock and the dice against exact formulas: 100 people who meet pairwise at rate 1.

use longear_sim::delays::{Delays, delays};

const PEOPLE: usize = 100;

/// Means over runs of this many seeds: enough for a standard error below half a percent.
fn means(runs: u64, direct: bool) -> [f64; 4] {
    let mut sums = [0.0; 4];
    for seed in 0..runs {
        let Delays { to_one, to_half, to_most, to_all } = delays(PEOPLE, seed, direct);
        sums.iter_mut().zip([to_one, to_half, to_most, to_all]).for_each(|(sum, delay)| *sum += delay);
    }
    sums.map(|sum| sum / runs as f64)
}

fn check(names: &[&str], means: &[f64], expected: &[f64]) {
    for ((name, mean), expected) in names.iter().zip(means).zip(expected) {
        println!("{name} {mean:.5} of {expected:.5}");
        assert!((mean / expected - 1.0).abs() < 0.02, "{name}: {mean} instead of {expected}");
    }
}

#[test]
fn mean_delays_agree_with_the_formulas() {
    check(&["direct"], &means(400, true), &[1.0]);
    let expected = [0.05230, 0.05157, 0.07320, 0.10355];
    check(&["to one", "to half", "to nine of ten", "to all"], &means(4_000, false), &expected);
}
