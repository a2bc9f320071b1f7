//! The newsroom and the holders of the core's own tests.

#![allow(missing_docs, dead_code, clippy::unwrap_used)]

#[path = "../../crates/longear-core/tests/support/holder.rs"]
pub mod holder;
#[path = "../../crates/longear-core/tests/support/naive.rs"]
pub mod naive;
#[path = "../../crates/longear-core/tests/support/publisher.rs"]
pub mod publisher;
