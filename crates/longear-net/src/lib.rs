//! Carriers and synchronisation.

pub mod carrier;
pub mod sync;
