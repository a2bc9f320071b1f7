//! The newsroom and the holders of the core's own tests.

#![allow(missing_docs)]

#[path = "../../crates/longear-core/tests/support/mod.rs"]
mod of_core;

pub use of_core::{holder, naive, publisher};
