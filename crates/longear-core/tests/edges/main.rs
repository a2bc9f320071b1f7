//! The last value that is accepted and the first that is not, and small functions at their edges.
//!
//! Each of these tests exists because the code could be broken in one place without any other test noticing:
//! `cargo xtask mutants` found the place.

#![allow(clippy::unwrap_used)]

mod blobs;
mod holdings;
mod limits;
mod packs;
mod values;

#[path = "../support/mod.rs"]
mod support;
