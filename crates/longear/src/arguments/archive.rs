//! Archives: a tree in one file.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values::Size;

/// Lists what can be done with an archive.
#[derive(Clone, Debug, Subcommand)]
pub enum ArchiveCommand {
    /// Write channels into one file: best first, and only what fits
    #[command(after_help = "\
Examples:
  longear archive write news.longear
  longear archive write news.longear --channel longear:k4vq… --without-films
  longear archive write news.longear --budget 500MB

The file shows whoever finds it which channels it holds, and nothing of whoever wrote it. One that \
stood there is replaced when the new one is whole")]
    Write(ArchiveWriteArguments),
    /// Read what archives bring, and check it
    #[command(after_help = "\
Example:
  longear archive read news.longear

Only channels that are followed here are taken; others are named. `longear sync` reads archives too, \
beside other carriers")]
    Read(ArchiveReadArguments),
    /// Show which channels an archive holds, and what in it is damaged
    #[command(after_help = "\
Example:
  longear archive show news.longear")]
    Show(ArchiveShowArguments),
}

/// Holds the arguments of `archive write`.
#[derive(Clone, Debug, Args)]
pub struct ArchiveWriteArguments {
    /// Write to this file
    pub file: PathBuf,
    /// Write only these channels; without it, all that are followed
    #[arg(long = "channel", value_name = "ADDRESS")]
    pub channels: Vec<String>,
    /// Make it at most this long, such as 500MB or 4GiB
    #[arg(long, value_name = "SIZE")]
    pub budget: Option<Size>,
    /// Leave films out
    #[arg(long)]
    pub without_films: bool,
    /// Leave out all files: texts only
    #[arg(long)]
    pub without_files: bool,
}

/// Holds the arguments of `archive read`.
#[derive(Clone, Debug, Args)]
pub struct ArchiveReadArguments {
    /// Read these files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Holds the arguments of `archive show`.
#[derive(Clone, Debug, Args)]
pub struct ArchiveShowArguments {
    /// Look into this file
    pub file: PathBuf,
}
