//! Carriers and synchronisation.

pub mod carrier;
pub mod push;
pub mod rooms;
pub mod serve;
pub mod sync;
