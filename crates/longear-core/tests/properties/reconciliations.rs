//! Two sets of notes: whatever they hold, and in whatever pieces the symbols come, exactly the differences are found; and
//! whatever a peer sends, nothing impossible is.

use std::collections::BTreeSet;

use longear_core::reconcile::{Decoder, Elements, Encoder, Fault, Progress, SYMBOL_BYTES, Salt, ShortId};
use proptest::prelude::*;

use crate::support::cases;
use crate::support::random::Random;

/// Notes of two sides.
struct Sides {
    salt: Salt,
    own: Vec<[u8; 32]>,
    other: Vec<[u8; 32]>,
}

impl Sides {
    fn new(seed: u64, common: usize, ours: usize, theirs: usize) -> Self {
        let mut random = Random(seed);
        let [mut own, more, mut other] = [common, ours, theirs].map(|count| notes(&mut random, count));
        other.extend(&own);
        own.extend(more);
        random.shuffle(&mut own);
        let salt = random.bytes();
        Sides { salt: Salt(*salt.first_chunk().unwrap()), own, other }
    }

    fn encoder(&self) -> Encoder {
        Encoder::new(Elements::new(&self.salt, &self.other).unwrap())
    }

    fn decoder(&self) -> Decoder {
        Decoder::new(Elements::new(&self.salt, &self.own).unwrap())
    }

    /// The differences that a decoder tells, by note.
    fn differences(&self, decoder: &Decoder) -> [BTreeSet<[u8; 32]>; 2] {
        let other = Elements::new(&self.salt, &self.other).unwrap();
        let theirs = decoder.theirs().iter().map(|short| self.other[other.position(*short).unwrap()]).collect();
        [theirs, decoder.ours().iter().map(|position| self.own[*position]).collect()]
    }

    fn true_differences(&self) -> [BTreeSet<[u8; 32]>; 2] {
        let [own, other] = [&self.own, &self.other].map(|notes| notes.iter().copied().collect::<BTreeSet<_>>());
        [&other - &own, &own - &other]
    }
}

fn notes(random: &mut Random, count: usize) -> Vec<[u8; 32]> {
    (0..count).map(|_| random.bytes()).collect()
}

/// Lets a decoder take symbols until it is done; says how many it took.
fn reconcile(sides: &Sides, symbols_at_once: usize) -> (Decoder, usize) {
    let (mut encoder, mut decoder, mut bytes) = (sides.encoder(), sides.decoder(), Vec::new());
    while decoder.take(&bytes).unwrap() == Progress::More {
        bytes.clear();
        encoder.write(symbols_at_once, &mut bytes);
    }
    let symbols = decoder.symbols();
    (decoder, symbols)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn exactly_the_differences_are_found(
        seed: u64, common in 0usize..400, ours in 0usize..60, theirs in 0usize..60, symbols_at_once in 1usize..50,
    ) {
        let sides = Sides::new(seed, common, ours, theirs);
        let (decoder, symbols) = reconcile(&sides, symbols_at_once);
        prop_assert_eq!(sides.differences(&decoder), sides.true_differences());
        // What the two have in common costs nothing, however much it is.
        prop_assert!(symbols <= 3 * (ours + theirs) + 60, "{symbols} symbols for {ours} and {theirs}");
        prop_assert_eq!(reconcile(&sides, 1).1, symbols);
    }

    #[test]
    fn what_is_known_early_is_right(seed: u64, ours in 0usize..60, theirs in 0usize..60, symbols in 0usize..120) {
        let sides = Sides::new(seed, 50, ours, theirs);
        let (mut decoder, mut bytes) = (sides.decoder(), Vec::new());
        sides.encoder().write(symbols, &mut bytes);
        decoder.take(&bytes).unwrap();
        let (told, truth) = (sides.differences(&decoder), sides.true_differences());
        prop_assert!(told[0].is_subset(&truth[0]) && told[1].is_subset(&truth[1]));
    }

    #[test]
    fn spoiled_symbols_tell_nothing_impossible(
        seed: u64, ours in 0usize..30, theirs in 0usize..30,
        spoiled in prop::collection::vec((any::<prop::sample::Index>(), 0u8..4, any::<u8>()), 1..6),
    ) {
        let sides = Sides::new(seed, 50, ours, theirs);
        let mut symbols = vec![0; 0];
        sides.encoder().write(200, &mut symbols);
        for (place, what, value) in spoiled {
            let index = place.index(symbols.len() / SYMBOL_BYTES) * SYMBOL_BYTES;
            match what {
                0 => symbols[place.index(200 * SYMBOL_BYTES)] ^= value,
                1 => symbols[index + SYMBOL_BYTES - 1] ^= value,
                2 => symbols.copy_within(index..index + SYMBOL_BYTES, 0),
                _ => symbols[index..].rotate_left(SYMBOL_BYTES),
            }
        }
        let mut decoder = sides.decoder();
        let outcome = decoder.take(&symbols);
        possible(&sides, &decoder);
        prop_assert_eq!(decoder.take(&[]), outcome);
    }
}

/// Nothing twice; ours are ours, and theirs are not.
fn possible(sides: &Sides, decoder: &Decoder) {
    let own = Elements::new(&sides.salt, &sides.own).unwrap();
    let theirs = decoder.theirs().iter().collect::<BTreeSet<_>>();
    assert_eq!(theirs.len(), decoder.theirs().len());
    assert!(theirs.iter().all(|short| own.position(**short).is_none()));
    let ours = decoder.ours().iter().collect::<BTreeSet<_>>();
    assert_eq!(ours.len(), decoder.ours().len());
    assert!(ours.iter().all(|position| **position < sides.own.len()));
}

/// A symbol of one element.
fn lone(short: ShortId, check: u64, count: u8) -> Vec<u8> {
    [&short.to_bytes()[..], &check.to_le_bytes(), &[count]].concat()
}

#[test]
fn a_made_up_note_is_told_only_with_its_right_check() {
    let sides = Sides::new(7, 0, 0, 1);
    let mut honest = Vec::new();
    sides.encoder().write(1, &mut honest);
    let short = ShortId::from_bytes(*honest.first_chunk().unwrap());
    let check = u64::from_le_bytes(honest[8..16].try_into().unwrap());
    let outcome = |symbol: Vec<u8>| sides.decoder().take(&symbol);
    assert_eq!(outcome(lone(short, check, 1)), Ok(Progress::Done));
    for wrong in [lone(short, check ^ 1, 1), lone(ShortId(short.0 ^ 1), check, 1), lone(short, check, 2)] {
        assert_eq!(outcome(wrong), Ok(Progress::More));
    }
    assert_eq!(outcome(lone(short, check, 255)), Err(Fault::NotOurs));
}

/// The target of the design: 24 kB for a thousand differences.
#[test]
fn a_thousand_differences_take_less_than_24_kilobytes_on_the_mean() {
    const SEEDS: u64 = 40;
    let symbols = (1..=SEEDS).map(|seed| reconcile(&Sides::new(seed, 200, 500, 500), 1).1).collect::<Vec<_>>();
    let mean = symbols.iter().sum::<usize>() as f64 / SEEDS as f64;
    println!("{mean} symbols on the mean, {} at most", symbols.iter().max().unwrap());
    assert!(mean * SYMBOL_BYTES as f64 <= 24_000.0, "{mean} symbols");
    assert!(symbols.iter().all(|symbols| *symbols <= 1_550), "{symbols:?}");
}

/// Most days two nodes that met before lack little of each other.
#[test]
fn few_differences_take_few_symbols() {
    const SEEDS: u64 = 200;
    for (differences, mean_max) in [(0, 1.0), (1, 1.0), (2, 3.7), (5, 10.5)] {
        let symbols = |seed| reconcile(&Sides::new(seed, 30, differences / 2, differences.div_ceil(2)), 1).1;
        let mean = (1..=SEEDS).map(symbols).sum::<usize>() as f64 / SEEDS as f64;
        println!("{differences} differences: {mean} symbols on the mean");
        assert!(mean <= mean_max, "{differences} differences: {mean} symbols");
    }
}
