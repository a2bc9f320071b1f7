//! The reader app as files.

use clap::{Args, Subcommand};

use super::values::proxy;

/// Lists what can be done with a copy of the app.
#[derive(Clone, Debug, Subcommand)]
pub enum AppCommand {
    /// Compare the files of an app, in a folder or at a website, with the list that its makers signed
    #[command(after_help = "\
Examples:
  longear app verify /srv/news
  longear app verify https://mirror.example/news/app
  longear app verify /media/stick/app --key 51c0…

Asks whether the key of the app in this program signed the list, or the one that --key names. Only an \
address is fetched; nothing is written. A website may send others something else than you")]
    Verify(AppVerifyArguments),
}

/// Holds the arguments of `app verify`.
#[derive(Clone, Debug, Args)]
pub struct AppVerifyArguments {
    /// The app's folder, the one that holds it as `app`, or the address of either
    #[arg(value_name = "DIR|URL")]
    pub place: String,
    /// Expect the signature of this key, 64 hexadecimal digits, instead of that of the app in this program
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Go through this SOCKS5 proxy, such as Tor
    #[arg(long, value_name = "URL", value_parser = proxy)]
    pub proxy: Option<String>,
}
