//! Clients that abuse HTTP against the real `longear serve`: it hangs up on them, stays small, and goes on serving.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

mod attacks;
mod frames;
mod node;

use attacks::{Attack, Ending};
use node::Served;

/// What the process may take whatever is done to it, in KiB.
const MEMORY_KIB_MAX: u64 = 64 << 10;

#[test]
fn the_box_stays_small_and_goes_on_serving() {
    let served = Served::start();
    for attack in Attack::all() {
        let cpu = served.cpu_ms();
        let told = attack.run(&served.address);
        println!("{:<44} {told}, {} ms CPU, {} KiB", attack.name, served.cpu_ms() - cpu, served.peak_memory_kib());
        if let Some(bytes_max) = attack.taken_bytes_max {
            assert!(
                told.taken <= bytes_max,
                "{}: {} bytes were taken, {bytes_max} are its limit",
                attack.name,
                told.taken
            );
        }
        assert!(served.answers(), "{}: an honest reader got nothing", attack.name);
        let memory = served.peak_memory_kib();
        assert!(memory <= MEMORY_KIB_MAX, "{}: {memory} KiB", attack.name);
    }
}

/// A server that takes everything must be noticed by the same attacks.
#[test]
fn a_server_that_takes_everything_is_noticed() {
    let address = node::swallowing();
    for attack in Attack::all().into_iter().filter(|attack| attack.taken_bytes_max.is_some()) {
        let told = attack.run(&address);
        assert_eq!(told.ending, Ending::TookAll, "{}", attack.name);
        assert!(told.taken > attack.taken_bytes_max.unwrap(), "{}: {told}", attack.name);
    }
}
