//! Going live.

use clap::{ArgMatches, Args, Subcommand};

use super::publish::TextArguments;
use super::usage_error;

/// How long a broadcast may run, unless told otherwise, in hours.
pub const HOURS_DEFAULT: u64 = 24;
/// How long it may run at all: its key lies on a machine that is in the open.
pub const HOURS_MAX: u64 = 168;

/// Lists what can be done with broadcasts.
#[derive(Clone, Debug, Subcommand)]
pub enum LiveCommand {
    /// Go live: print what an encoder needs, and where to watch
    Start(StartArguments),
    /// End a broadcast
    Stop(StopArguments),
    /// List the broadcasts that this device makes
    #[command(
        visible_alias = "status",
        after_help = "\
Example:
  longear live list --json

Tokens are not shown again: whoever needs one is told it when the broadcast begins"
    )]
    List,
}

/// Holds the arguments of `live start`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Example:
  longear live start --title \"Evening news\" --lang en
  longear serve --listen 0.0.0.0:7777

The encoder (ffmpeg, OBS) sends fragmented MP4 by HTTP to the box that `longear serve` is. It prints \
a whole ffmpeg line that makes sound and two sizes of picture from one input. What arrives is signed \
every few seconds, and stays as a recording. An encoder that falters or comes back goes on in the \
same broadcast. Whoever has the token can speak in it: give it to nobody else")]
pub struct StartArguments {
    /// What it is called and what it is about.
    #[command(flatten)]
    pub texts: TextArguments,
    /// End it by itself after N hours
    #[arg(long, value_name = "N", default_value_t = HOURS_DEFAULT, value_parser = clap::value_parser!(u64).range(1..=HOURS_MAX))]
    pub hours: u64,
    /// Broadcast in this channel, if this device can write to several
    #[arg(long, value_name = "CHANNEL")]
    pub channel: Option<String>,
}

impl StartArguments {
    pub(super) fn settle(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        if !self.texts.say_something() {
            return Err(usage_error("say what it is: name a --title"));
        }
        self.texts.settle(matches)
    }
}

/// Holds the arguments of `live stop`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear live stop
  longear live stop 5be1c0…

What was broadcast stays, as a recording. To take it back: longear retract ID")]
pub struct StopArguments {
    /// End this one; needed where several run
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}
