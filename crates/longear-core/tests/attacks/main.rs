//! Attacks that are a matter of pure rules: keys at the edges of the curve, and a seizure in every order of arrival.
//!
//! Those that come through a carrier are in `crates/longear-net/tests/attacks`; `cargo xtask attack` runs both.

#![allow(clippy::unwrap_used)]

mod batch;
mod keys;
mod seizure;
#[path = "../support/mod.rs"]
mod support;
