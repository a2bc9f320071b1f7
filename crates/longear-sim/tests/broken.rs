//! A check that cannot fail does not count: each invariant has a deliberately broken build, which is caught.

use longear_sim::{Broken, World};

/// Seeds in which a broken build must show.
const SEEDS: u64 = 60;

#[test]
fn every_broken_build_is_caught_by_its_invariant() {
    let mut missed = Vec::new();
    for broken in Broken::ALL {
        let caught = (0..SEEDS).find_map(|seed| {
            let violation = World::run(seed, Some(broken), false).violation?;
            // What breaks one invariant may show by another one first.
            (violation.invariant == broken.invariant()).then_some((seed, violation))
        });
        match caught {
            Some((seed, violation)) => println!("{broken:?}: seed {seed}: {}", violation.what),
            None => missed.push(broken),
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
