//! Looking at what is here, serving it, and checking it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

/// Where `serve` listens unless told otherwise: this machine only, so that nothing is opened by accident.
pub const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7777);

/// Holds the arguments of `list`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear list --limit 20
  longear list --json | jq -r 'select(.status == \"shown\") | .title'")]
pub struct ListArguments {
    /// List only the items of this channel
    #[arg(long, value_name = "CHANNEL")]
    pub channel: Option<String>,
    /// List at most N items
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// List also what readers are not shown: retracted, refused and unconfirmed items
    #[arg(long)]
    pub all: bool,
}

/// Holds the arguments of `export`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Example:
  longear export 5be1c0… --to Videos

Only complete files are written, byte for byte as they were published")]
pub struct ExportArguments {
    /// Export this item
    pub id: String,
    /// Write to this folder
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
}

/// Holds the arguments of `serve`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear serve
  longear serve --listen 0.0.0.0:7777 --sync https://mirror.example/news

Anybody on the same network can then open http://ADDRESS:7777, with nothing installed. \
The page says what it cannot promise: a browser has to believe the box it reads from")]
pub struct ServeArguments {
    /// Listen at this address; 0.0.0.0 opens it to the network near by
    #[arg(long, value_name = "ADDR", default_value_t = LISTEN_DEFAULT)]
    pub listen: SocketAddr,
    /// Accept nothing from others
    #[arg(long, conflicts_with = "token")]
    pub read_only: bool,
    /// Let those write who know the token in FILE
    #[arg(long, value_name = "FILE")]
    pub token: Option<PathBuf>,
    /// Fetch from this carrier meanwhile; repeat it for each
    #[arg(long, value_name = "CARRIER")]
    pub sync: Vec<String>,
}

/// Holds the arguments of `site`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear site /srv/news
  longear sync /srv/news

Any web server that serves the folder then serves the app at app/, and the tree beside it. \
Browsers keep news only of pages that came by HTTPS")]
pub struct SiteArguments {
    /// Write to this folder; the app stands in its folder app
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Holds the arguments of `check`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear check
  longear check --repair

What is damaged is named; with --repair it is set aside, to be fetched again, and the index is \
made anew from the packs")]
pub struct CheckArguments {
    /// Set damaged parts aside and make the index anew
    #[arg(long)]
    pub repair: bool,
}

/// Holds the arguments of `demo`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Example:
  longear demo

A newsroom, two towns and a courier, and a broadcast that outlives a cut, on this machine, in a \
folder that is deleted afterwards. It needs ffmpeg")]
pub struct DemoArguments {
    /// End when the story is told, instead of leaving the page open
    #[arg(long)]
    pub exit: bool,
    /// Show the page at this address
    #[arg(long, value_name = "ADDR", default_value_t = LISTEN_DEFAULT)]
    pub listen: SocketAddr,
}
