//! The outer shell of the `longear` command: what it is told, how it answers, what a file is.
//!
//! [`arguments`] is the one source of flags, help, completions and man pages; [`failure`] the one place where an
//! outcome becomes an exit code; [`terminal`] draws; [`media`] looks at files before they are published.

pub mod arguments;
pub mod failure;
pub mod media;
pub mod terminal;
