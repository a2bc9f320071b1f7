//! The tree over HTTP: what a box answers to readers, mirrors and other nodes.
//!
//! [`tree_router`] answers every path of `docs/spec/tree.md` from the store; [`blob_response`] gives pages their media;
//! [`serve_connections`] accepts connections within [`ConnectionLimits`]. Nothing is logged, nothing is remembered.

mod blob;
mod conditions;
mod connections;
mod guarded;
mod media_type;
mod objects;
mod rooms;
mod tree;

pub use blob::{PAGE_PATIENCE, blob_response, bytes_response};
pub use connections::{ConnectionLimits, Received, serve_connections};
pub use objects::{etag, small_object};
pub use tree::{Notes, TREE_PATIENCE, tree_router};
