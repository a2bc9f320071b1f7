//! What the tests of the core share.

#![allow(dead_code, clippy::unwrap_used)]

pub mod holder;
