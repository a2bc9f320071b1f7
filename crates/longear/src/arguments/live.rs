//! Going live.

use std::net::SocketAddr;

use clap::{ArgMatches, Args, Subcommand};

use super::publish::TextArguments;
use super::usage_error;
use super::values::{Moment, chapter_title};

/// How long a broadcast may run, unless told otherwise, in hours.
pub const HOURS_DEFAULT: u64 = 24;
/// How long it may run at all: its key lies on a machine that is in the open.
pub const HOURS_MAX: u64 = 168;

/// The usual port of RTMP.
pub const RTMP_PORT: u16 = 1935;
/// The usual port of SRT.
pub const SRT_PORT: u16 = 9000;

/// Lists what can be done with broadcasts.
#[derive(Clone, Debug, Subcommand)]
pub enum LiveCommand {
    /// Go live: print what an encoder needs, and where to watch
    Start(StartArguments),
    /// End a broadcast
    Stop(StopArguments),
    /// Name a moment of a running broadcast
    Chapter(ChapterArguments),
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
Examples:
  longear live start --title \"Evening news\" --lang en
  longear live start --title \"Evening news\" --lang en --rtmp
  longear live start --title \"From the square\" --lang en --srt 0.0.0.0:9000
  longear serve --listen 0.0.0.0:7777

The encoder (ffmpeg, OBS) sends fragmented MP4 by HTTP to the box that `longear serve` is. It prints \
a whole ffmpeg line that makes sound and two sizes of picture from one input. What arrives is signed \
every few seconds, and stays as a recording. An encoder that falters or comes back goes on in the \
same broadcast. Whoever has the token can speak in it: give it to nobody else

With --rtmp or --srt the box also listens for OBS, phones and others that send one stream, and an \
ffmpeg of its own makes all sizes of it. The stream key is the secret then. RTMP is not encrypted: \
leave it on this machine, or on a network that you trust")]
pub struct StartArguments {
    /// What it is called and what it is about.
    #[command(flatten)]
    pub texts: TextArguments,
    /// End it by itself after N hours
    #[arg(long, value_name = "N", default_value_t = HOURS_DEFAULT, value_parser = clap::value_parser!(u64).range(1..=HOURS_MAX))]
    pub hours: u64,
    /// Let senders come by RTMP; ADDR is 127.0.0.1:1935 unless told otherwise
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:1935")]
    pub rtmp: Option<SocketAddr>,
    /// Let senders come by SRT, encrypted; ADDR is 127.0.0.1:9000 unless told otherwise
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:9000")]
    pub srt: Option<SocketAddr>,
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

/// Holds the arguments of `live chapter`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear live chapter \"The bridge\"
  longear live chapter \"The vote\" --at 1:02:30
  longear live chapter \"The bridge\" 5be1c0…

It names what is on the air now, or was at the time that --at says, as players show it. Whoever watches \
finds it in a list and can begin there. A moment that is named again has the newer name")]
pub struct ChapterArguments {
    /// What begins there
    #[arg(value_name = "TITLE", value_parser = chapter_title)]
    pub title: String,
    /// In this broadcast; needed where several run
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Name this moment and not the present one, as M:SS or H:MM:SS since the broadcast began
    #[arg(long, value_name = "TIME")]
    pub at: Option<Moment>,
}
