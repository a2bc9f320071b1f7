//! What holds for all histories, all orders of arrival and all bytes, and the rules one by one.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod branches;
mod charters;
mod decoders;
mod heads;
mod lineages;
mod packs;
mod reconciliations;
mod statuses;
mod story;
