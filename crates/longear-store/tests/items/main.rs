//! The item half of the store: what is written, found again, lost and mended.

#![allow(clippy::unwrap_used, missing_docs)]

mod broadcasts;
mod crash;
mod deletions;
mod forks;
mod index;
mod publisher;
mod retractions;
mod sharing;
mod signing;
mod talk;
mod view;
