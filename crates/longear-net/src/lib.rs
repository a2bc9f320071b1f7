//! Carriers and synchronisation.

pub mod carrier;
