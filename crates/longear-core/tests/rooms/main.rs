//! Rooms: which decisions are in force, what a note is, and that every copy comes to the same.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod cast;
mod copies;
mod details;
mod force;
mod hostile;
mod space;
mod view;
