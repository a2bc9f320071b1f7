//! Carriers and synchronisation.
