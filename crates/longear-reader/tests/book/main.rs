//! A book must come to what the rules say, and to what the store of a node comes to, whatever the order of arrival.

#![allow(clippy::unwrap_used)]

mod broadcasts;
mod handed;
mod handing;
mod naive;
mod paths;
mod store;
mod syncing;

#[path = "../../../longear-core/tests/properties/story.rs"]
#[allow(dead_code)]
mod story;
#[path = "../../../longear-core/tests/support/mod.rs"]
mod support;
