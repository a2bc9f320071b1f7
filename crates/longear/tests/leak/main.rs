//! What leaves the process: sockets and names under `strace`, and two hundred planted secrets in logs, temporary files and
//! the store.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

mod network;
mod secrets;
mod stage;
mod trace;
