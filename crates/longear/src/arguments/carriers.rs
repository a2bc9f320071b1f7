//! Following channels, and the carriers they come by.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::usage_error;
use super::values::{Size, proxy};

/// How often `sync --watch` looks again, unless told otherwise, in seconds; a head may be cached as long.
pub const WATCH_SECONDS_DEFAULT: u64 = 60;

/// Holds the arguments of `follow`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Example:
  longear follow longear:k4vq… --from https://mirror.example/news /media/stick")]
pub struct FollowArguments {
    /// Follow the channel with this address, or with these 30 digits (then name a carrier)
    pub address: String,
    /// Fetch it from these carriers at once
    #[arg(long, value_name = "CARRIER", num_args = 1..)]
    pub from: Vec<String>,
}

/// Holds the arguments of `unfollow`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Example:
  longear unfollow longear:k4vq… --delete

Deleting frees the space; it is no promise that nothing can be found on this device")]
pub struct UnfollowArguments {
    /// Stop following this channel
    pub address: String,
    /// Delete what is held of it, too
    #[arg(long)]
    pub delete: bool,
}

/// Holds the arguments of `sync`.
#[derive(Clone, Debug, Args)]
#[command(
    override_usage = "longear sync [OPTIONS] <CARRIER>...",
    after_help = "\
Examples:
  longear sync https://mirror.example/news /media/stick
  longear sync http://192.168.43.1:7777 --watch 30
  longear sync https://mirror.example/news --proxy socks5h://127.0.0.1:9050

A carrier is a URL, a folder, or another node. All are used at once, and every byte is checked: \
it does not matter who brings it. What arrived stays; run it again to go on"
)]
pub struct SyncArguments {
    /// Fetch from these carriers, and bring to those that can be written
    #[arg(value_name = "CARRIER", required_unless_present = "watch_text")]
    pub carriers: Vec<String>,
    /// Go through this SOCKS5 proxy, such as Tor
    #[arg(long, value_name = "URL", value_parser = proxy)]
    pub proxy: Option<String>,
    /// Go on, and look again every SECONDS; 60 if none are named; each second while a broadcast runs
    #[arg(long = "watch", value_name = "SECONDS", num_args = 0..=1)]
    watch_text: Option<Option<String>>,
    /// Bring nothing to the carriers
    #[arg(long)]
    pub pull_only: bool,
    /// How often to look again, in seconds, if it shall go on.
    #[arg(skip)]
    pub watch_seconds: Option<NonZeroU64>,
}

impl SyncArguments {
    /// Tells seconds from a carrier: in `--watch http://…` the word after the flag is a carrier.
    pub(super) fn settle(&mut self) -> Result<(), clap::Error> {
        let Some(word) = self.watch_text.take() else {
            return Ok(());
        };
        let seconds = match word {
            None => WATCH_SECONDS_DEFAULT,
            Some(word) if word.bytes().all(|byte| byte.is_ascii_digit()) => {
                word.parse().map_err(|_| usage_error(format!("`{word}` is too many seconds to wait")))?
            }
            Some(word) => {
                self.carriers.insert(0, word);
                WATCH_SECONDS_DEFAULT
            }
        };
        if self.carriers.is_empty() {
            return Err(usage_error("name at least one carrier: a URL, a folder or another node"));
        }
        let seconds = NonZeroU64::new(seconds).ok_or_else(|| usage_error("--watch needs at least 1 second"))?;
        self.watch_seconds = Some(seconds);
        Ok(())
    }
}

/// Lists what can be done with a stick.
#[derive(Clone, Debug, Subcommand)]
pub enum StickCommand {
    /// Write channels to a stick: only what is missing there and fits, best first
    #[command(after_help = "\
Examples:
  longear stick write /media/stick
  longear stick write /media/stick --budget 4GB --plain

Without --plain the stick shows only a neutral folder. With it, videos and texts lie there under \
their titles and play anywhere, and anybody who finds the stick sees what it is")]
    Write(StickWriteArguments),
    /// Read what a stick brings, and check it
    #[command(after_help = "\
Example:
  longear stick read /media/stick")]
    Read(StickReadArguments),
}

/// Holds the arguments of `stick write`.
#[derive(Clone, Debug, Args)]
pub struct StickWriteArguments {
    /// Write to this folder, and make it if it is not there
    pub dir: PathBuf,
    /// Use at most this much space, such as 500MB or 4GiB; without it, what is free
    #[arg(long, value_name = "SIZE")]
    pub budget: Option<Size>,
    /// Add files under their titles, which play without software and show what the stick is
    #[arg(long)]
    pub plain: bool,
}

/// Holds the arguments of `stick read`.
#[derive(Clone, Debug, Args)]
pub struct StickReadArguments {
    /// Read from this folder: a stick's top folder or a bare tree
    pub dir: PathBuf,
}
