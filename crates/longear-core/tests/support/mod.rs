//! What the tests of the core share.

#![allow(dead_code, clippy::unwrap_used)]

pub mod holder;
pub mod naive;
pub mod publisher;
pub mod raid;
pub mod random;
pub mod reconciling;
pub mod rooms;
pub mod runners;

use proptest::test_runner::{Config, RngSeed};

/// So many cases of a property, the same ones each time.
///
/// `LONGEAR_CASES_FACTOR` multiplies them and `LONGEAR_CASES_SEED` chooses others, to search longer than a test run may take.
pub fn cases(count: u32) -> Config {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let cases = count * number("LONGEAR_CASES_FACTOR").unwrap_or(1);
    let rng_seed = RngSeed::Fixed(number("LONGEAR_CASES_SEED").unwrap_or(1).into());
    Config { cases, rng_seed, failure_persistence: None, ..Config::default() }
}
