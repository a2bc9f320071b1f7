//! The command line: the one source of parsing, help texts, completions and man pages.
//!
//! [`Cli::read`] parses and settles everything that can be settled without touching the disk. Help texts are
//! imperative and end without a full stop; each command shows an example.

pub mod app;
pub mod archive;
pub mod carriers;
pub mod channel;
pub mod generate;
pub mod live;
pub mod node;
pub mod publish;
pub mod room;
pub mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::failure::Failure;

/// The heading of what every command understands.
const EVERYWHERE: &str = "Options everywhere";

const TOUR: &str = "\
A channel signs what it says. Longear fetches it from mirrors, neighbours and sticks, checks every byte, and \
serves it on. Nothing unsigned is ever shown as the channel's.

A newsroom:
  longear channel new \"Sarybulaq News\" --roots /media/usb
  longear publish clip.mp4 --title \"Bread in Taldy\" --lang en --text post.md
  longear serve --listen 0.0.0.0:7777
A neighbour:
  longear follow longear:k4vq…
  longear sync http://192.168.43.1:7777
  longear serve
A courier:
  longear stick write /media/stick
  longear stick read /media/stick
The whole story, on this machine:
  longear demo

Exit codes:
  0 done   1 refused or user error   2 wrong usage   3 verification failed
  4 partial progress saved; run it again to go on    70 a mistake in longear";

/// Carry a newsroom's signed posts and videos over any route that still works
#[derive(Clone, Debug, Parser)]
#[command(
    name = "longear",
    version,
    after_help = TOUR,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// Keep keys and items in DIR instead of the per-user data folder
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "LONGEAR_HOME", hide_env_values = true, value_name = "DIR")]
    pub home: Option<PathBuf>,

    /// Print JSON for scripts, on stdout; failures as one object on stderr
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,

    /// Say nothing but results and failures
    #[arg(long, short, global = true, help_heading = EVERYWHERE, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Explain on stderr what is being done; twice for more (never names, keys or addresses)
    #[arg(long, short, global = true, help_heading = EVERYWHERE, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Colour the output: auto, always or never
    #[arg(long, global = true, help_heading = EVERYWHERE, hide_possible_values = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Says when to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Even into a pipe
    Always,
    /// Never
    Never,
}

/// Lists what can be done.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Make a channel, or change who may speak for it
    #[command(subcommand, visible_alias = "channels")]
    Channel(channel::ChannelCommand),
    /// Publish a post: texts in one or more languages, files, or both
    Publish(publish::PublishArguments),
    /// Take items back
    Retract(publish::RetractArguments),
    /// Replace an item by a corrected one
    Correct(publish::CorrectArguments),
    /// Start to read a channel here
    Follow(carriers::FollowArguments),
    /// Stop reading a channel here
    Unfollow(carriers::UnfollowArguments),
    /// Fetch what is missing from mirrors, neighbours and folders, and bring them what they lack
    Sync(carriers::SyncArguments),
    /// Go live, and end it
    #[command(subcommand)]
    Live(live::LiveCommand),
    /// Talk in rooms, and look after them
    #[command(subcommand, visible_alias = "rooms")]
    Room(room::RoomCommand),
    /// List items, newest first
    List(node::ListArguments),
    /// Write the checked text and files of an item to a folder
    Export(node::ExportArguments),
    /// Serve the feed, the files and the tree to any browser and any node near by
    Serve(node::ServeArguments),
    /// Write the reader app as a static site beside a tree
    Site(node::SiteArguments),
    /// Check a copy of the reader app
    #[command(subcommand)]
    App(app::AppCommand),
    /// Carry channels on a stick or card
    #[command(subcommand)]
    Stick(carriers::StickCommand),
    /// Carry channels in one file that people hand on
    #[command(subcommand)]
    Archive(archive::ArchiveCommand),
    /// Check everything held here, byte by byte
    Check(node::CheckArguments),
    /// Show how fresh each channel is, what is missing and how full the store is
    Status,
    /// Play the whole story on this machine in about a minute
    Demo(node::DemoArguments),
    /// Print the completions for a shell
    Completions(generate::CompletionsArguments),
    /// Print the manual page, or write one for each command
    Man(generate::ManArguments),
}

impl Cli {
    /// Reads a command line and settles what depends on the order of its words.
    ///
    /// # Errors
    /// The parser's own error, ready to be printed; help and version come this way too.
    pub fn read<I, T>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let mut command = Self::command();
        let matches = command.try_get_matches_from_mut(arguments)?;
        let mut cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        cli.settle(&matches).map_err(|error| error.format(&mut command))?;
        Ok(cli)
    }

    fn settle(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let Some((_, matches)) = matches.subcommand() else {
            return Ok(());
        };
        match &mut self.command {
            Command::Publish(arguments) => arguments.post.settle(matches),
            Command::Correct(arguments) => arguments.post.settle(matches),
            Command::Sync(arguments) => arguments.settle(),
            Command::Live(live::LiveCommand::Start(arguments)) => {
                matches.subcommand().map_or(Ok(()), |(_, matches)| arguments.settle(matches))
            }
            _ => Ok(()),
        }
    }

    /// Returns the folder that holds keys and items: `--home`, `LONGEAR_HOME`, or the per-user data folder.
    ///
    /// # Errors
    /// Refused if none was named and the system does not say where a user's data belongs.
    pub fn home_folder(&self) -> Result<PathBuf, Failure> {
        if let Some(home) = &self.home {
            return Ok(home.clone());
        }
        per_user_data_folder(|name| std::env::var_os(name).filter(|value| !value.is_empty())).ok_or_else(|| {
            Failure::refused("This system does not say where a user's data belongs")
                .hint("Name a folder: --home DIR, or set LONGEAR_HOME")
        })
    }
}

/// Follows the XDG base directory specification, or the system's own custom on macOS and Windows.
fn per_user_data_folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let home = || variable("HOME").map(PathBuf::from);
    let data = if cfg!(windows) {
        variable("LOCALAPPDATA").map(PathBuf::from)
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Application Support"))
    } else {
        // XDG: a relative path is to be ignored.
        variable("XDG_DATA_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| home().map(|home| home.join(".local/share")))
    };
    data.map(|data| data.join("longear"))
}

/// Makes a usage error (exit 2) with a message of our own.
fn usage_error(message: impl std::fmt::Display) -> clap::Error {
    clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{message}\n"))
}

#[cfg(test)]
mod tests;
