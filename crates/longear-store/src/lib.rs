//! Keeps what was verified: packs, index, blobs.

pub mod backend;

pub mod blobs;
