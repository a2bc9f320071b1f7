//! The simulator checked against formulas: how long news takes among people who meet by chance.
//!
//! Each pair meets at the times of a Poisson process of rate 1. Whether the first one alone hands the news on, or
//! everybody who has got it: both have exact mean delays, sums of 1 ÷ (i (n − i)).

use crate::clock::Clock;
use crate::random::Random;

/// Ticks of the virtual clock in a unit of time.
const TICKS: f64 = 1e9;

/// Mean delays of one run, in units of the mean time between two meetings of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Delays {
    /// From the first person to another one, the mean over all others.
    pub to_one: f64,
    /// Until half of the people have it.
    pub to_half: f64,
    /// Until nine of ten have it.
    pub to_most: f64,
    /// Until all have it.
    pub to_all: f64,
}

/// Lets people meet on a virtual clock until all have the news, which everybody hands on, or with `direct` the first
/// person alone.
pub fn delays(people: usize, seed: u64, direct: bool) -> Delays {
    let mut random = Random::new(seed);
    let mut clock = Clock::new();
    let pairs = (people * (people - 1) / 2) as f64;
    let mut wait = |clock: &mut Clock<(usize, usize)>| {
        let a = random.place(people);
        let b = random.place(people - 1);
        let b = if b < a { b } else { b + 1 };
        clock.after((-random.unit().ln() / pairs * TICKS) as u64, (a, b));
    };
    let (mut has, mut count, mut sum) = (vec![false; people], 1, 0.0);
    has[0] = true;
    let mut delays = Delays::default();
    wait(&mut clock);
    while count < people {
        let Some((a, b)) = clock.next() else { break };
        wait(&mut clock);
        if has[a] == has[b] || (direct && a != 0 && b != 0) {
            continue;
        }
        let now = clock.now_ms() as f64 / TICKS;
        let new = if has[a] { b } else { a };
        has[new] = true;
        count += 1;
        sum += now;
        for (share, delay) in [(0.5, &mut delays.to_half), (0.9, &mut delays.to_most), (1.0, &mut delays.to_all)] {
            if count == (people as f64 * share).ceil() as usize {
                *delay = now;
            }
        }
    }
    delays.to_one = sum / (people - 1) as f64;
    delays
}
