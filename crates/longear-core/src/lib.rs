//! Formats, keys, log rules and scheduling of Longear. No IO, no clock, no randomness.

pub mod tree;
