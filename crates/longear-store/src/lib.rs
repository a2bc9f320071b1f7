//! Keeps what was verified: packs, index, blobs.
//!
//! [`Store`] is the whole of it. Writing goes through a [`Batch`], which accepts only
//! [`longear_core::Verified`] objects; what [`Batch::commit`] has returned for survives kill -9 and power loss.
//! The format of the files is described in `docs/design/002-store.md`.

pub mod backend;
pub mod batch;
pub mod blobs;
mod broadcasts;
pub mod channel;
pub mod check;
pub mod collect;
mod edges;
pub mod error;
mod index;
mod indexing;
mod journal;
mod packs;
pub mod pages;
mod replay;
pub mod rooms;
mod segment;
mod settle;
pub mod signing;
pub mod store;
mod talk;
mod views;

pub use batch::{Batch, Stored};
pub use broadcasts::segment_files;
pub use channel::{ChannelState, LogState};
pub use check::{CheckError, CheckReport, Finding};
pub use collect::Collected;
pub use error::StoreError;
pub use packs::PackAnswer;
pub use rooms::{Room, RoomError, Rooms};
pub use signing::{SignError, Signer};
pub use store::{Store, StoreOptions};
pub use talk::Talk;
pub use views::StoredItem;
