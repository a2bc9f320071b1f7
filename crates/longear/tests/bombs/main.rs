//! Bombs: small or endless inputs that ask for much. Each is refused, or bounded, within the limit that is named for it.
//!
//! Bytes read and memory are asserted. Seconds of CPU are measured and printed; they are asserted only by `cargo xtask
//! forge --long`, in a build with all optimisations.

#![allow(clippy::unwrap_used, missing_docs)]

mod files;
mod gauge;
mod objects;
mod texts;

use std::sync::{Mutex, MutexGuard};

use gauge::Bomb;

/// Memory is that of the whole process: what one test takes at the same time would be held against the other's bombs.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A bomb with a reader that has lost its limit must be noticed by the gauge.
#[test]
fn a_reader_without_a_limit_is_noticed() {
    let _turn = alone();
    let careless = Bomb::new("a list as long as it says", 1 << 20, || {
        let says = 24_000_000u64;
        let list = (0..says / 8).collect::<Vec<u64>>();
        format!("{} entries", std::hint::black_box(list).len())
    });
    if let Some(cost) = careless.explode() {
        assert!(careless.objections(&cost, false).is_some(), "24 MB went unnoticed: {cost:?}");
    }
    let honest = Bomb::new("nothing", 1 << 20, || "nothing".into());
    if let Some(cost) = honest.explode() {
        assert_eq!(honest.objections(&cost, false), None);
    }
}

#[test]
fn bombs_are_refused_within_their_limits() {
    let _turn = alone();
    let long = std::env::var_os("LONGEAR_FORGE_LONG").is_some();
    let (mut count, mut objections) = (0, Vec::new());
    // One kind after the other is made and dropped: together they would be the largest bomb here.
    let kinds = [objects::bombs, texts::bombs, files::movies, files::matroska, files::pictures, files::sounds];
    for bomb in kinds.into_iter().flat_map(|bombs: fn() -> Vec<Bomb>| bombs()) {
        count += 1;
        let Some(cost) = bomb.explode() else {
            eprintln!("not measured: this system does not tell what a thread costs");
            continue;
        };
        println!("{bomb} {cost}");
        objections.extend(bomb.objections(&cost, long));
    }
    println!("{count} bombs");
    assert!(objections.is_empty(), "{}", objections.join("\n"));
}
