//! The longear command: what it is told, what it does, how it answers.
//!
//! [`arguments`] is the one source of flags, help, completions and man pages; [`commands`] carries them out;
//! [`boxview`] shows what is here to any browser;
//! [`failure`] is the one place where an outcome becomes an exit code; [`home`] is a node's folder; [`newsroom`]
//! signs; [`live`] takes what encoders send; [`terminal`] draws; [`media`] looks at files before they are published;
//! [`recording`] makes files of broadcasts.

pub mod app;
pub mod arguments;
pub mod boxview;
pub mod commands;
pub mod failure;
pub mod home;
pub mod live;
pub mod media;
pub mod newsroom;
pub mod recording;
pub mod talk;
pub mod terminal;
