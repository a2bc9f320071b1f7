//! The rules of statuses as literally as they can be written, shared with the tests of the core.

#[path = "../../longear-core/tests/support/holder.rs"]
pub mod holder;
#[path = "../../longear-core/tests/support/naive.rs"]
pub mod naive;
