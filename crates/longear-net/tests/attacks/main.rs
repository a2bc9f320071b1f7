//! Known attacks on update systems, each through the whole way: carrier, sync, verification, store.
//!
//! The list follows the threats of the TUF specification (§1.5.2; all numbers are those of version 1.0.34) and of the Uptane
//! standard (its section on threats), and the advisories of their implementations, which the tests name by their IDs. What is
//! ours alone (logs, closings, forks, retractions) follows. Each test says what the attacker wants and what he has, and shows by
//! [`Stage::refuses`] that nothing of what the reader holds and sees has changed, and which object was refused why.
//!
//! `cargo xtask attack` runs them, and with `--long` also against builds in which one guard at a time is off: then each of
//! them must fail.
#![allow(clippy::unwrap_used)]

mod bulk;
mod charters;
mod disguise;
mod forks;
mod freshness;
#[path = "../../../longear-core/tests/support/publisher.rs"]
#[allow(dead_code)]
mod publisher;
#[path = "../../../longear-core/tests/support/raid.rs"]
#[allow(dead_code)]
mod raid;
#[path = "../../../longear-core/tests/support/random.rs"]
mod random;
mod seizure;
mod server;
mod speakers;
mod stage;
#[path = "../support/mod.rs"]
mod support;
#[path = "../../../longear-store/tests/items/view.rs"]
#[allow(dead_code)]
mod view;
