//! A hostile world on a virtual clock, in which the real core, store and sync decisions run.
//!
//! [`World::run`] plays one seed: nodes with disks that crash, fill and fail; links that lose, delay, reorder, repeat and
//! end; people with sticks; publishers, a thief of a delegate's key, liars; clocks that are years off. While it runs, the
//! ten invariants of `docs/design/003-simulator.md` are checked. The same seed gives the same events, to the bit.
//!
//! [`Broken`] names a deliberately broken build for each invariant, which the checks must catch.

mod broken;
mod cast;
mod checked;
mod clock;
pub mod delays;
mod disk;
pub mod flood;
mod held;
mod node;
#[allow(dead_code, missing_docs, clippy::unwrap_used)]
mod oracle;
mod random;
mod session;
mod trace;
mod world;

pub use broken::Broken;
pub use random::Random;
pub use world::{Counts, Outcome, Violation, World};
