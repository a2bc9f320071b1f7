//! The whole story with real processes: a newsroom, neighbours, couriers, a thief, and bad luck.
//!
//! Video and sound come from the real ffmpeg, the dumb mirror is the real nginx, and whatever is killed is killed.
#![allow(clippy::unwrap_used)]

mod archives;
mod cuts;
mod damage;
mod disk;
mod media;
mod mirror;
mod neighbours;
mod node;
mod revocation;
mod sticks;
