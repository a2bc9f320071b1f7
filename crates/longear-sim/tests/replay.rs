//! The same seed is the same world, to the bit.

use longear_sim::World;

#[test]
fn a_seed_replays_bit_for_bit() {
    for seed in [0, 1, 7, 4_711, u64::MAX - 1] {
        let (first, second) = (World::run(seed, None, false), World::run(seed, None, false));
        assert_eq!(first, second, "seed {seed}");
        assert!(first.counts.steps > 50, "seed {seed} is dull: {:?}", first.counts);
    }
}

#[test]
fn other_seeds_are_other_worlds() {
    let digests = (0..8).map(|seed| World::run(seed, None, false).digest).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(digests.len(), 8);
}
