//! Making a channel, and changing who may speak for it, step by step and offline.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::values::Date;

/// Lists what can be done with a channel.
#[derive(Clone, Debug, Subcommand)]
pub enum ChannelCommand {
    /// Make a channel: its first charter, three root key files, and a key for this device
    #[command(after_help = "\
Example:
  longear channel new \"Sarybulaq News\" --roots /media/usb

Two of the three root files are needed to change who may speak. Move them to three places; \
daily work needs none of them")]
    New(NewArguments),
    /// Show a channel's address, QR code and 30 digits, and who may speak for it
    #[command(after_help = "\
Examples:
  longear channel show
  longear channel show longear:k4vq…

Compare the 30 digits by telephone: they find a channel, the full address decides")]
    Show(ShowArguments),
    /// Make a key for this device and a request that the root holders can sign
    #[command(after_help = "\
Example, on the new device:
  longear channel enrol longear:k4vq… --role post,edit --out field.request
Example, then, where the root files are:
  longear channel delegate add field.request --root 1.key --root 2.key")]
    Enrol(EnrolArguments),
    /// Add devices that may speak for the channel, or list them
    #[command(subcommand)]
    Delegate(DelegateCommand),
    /// Take a device's right to speak away, from a given item on
    #[command(after_help = "\
Example, after a laptop was taken on the 12th:
  longear channel revoke Laptop --last-good 5be1… --root 1.key --root 2.key

What the device signed up to the last good item stays shown; all that comes later is refused, \
however it is dated. Without --last-good nothing that is held here is lost: the newest item \
held here counts as the last good one")]
    Revoke(RevokeArguments),
    /// Replace the root keys by the set that the charter has already committed to
    #[command(after_help = "\
Example:
  longear channel rotate --root 1.key --root 2.key --out next.charter")]
    Rotate(ChangeArguments),
    /// Add root signatures to a change that is being passed round
    #[command(after_help = "\
Example, at the second root holder:
  longear channel sign next.charter --root 2.key")]
    Sign(SignArguments),
    /// Put a fully signed change into force here, so that it spreads
    #[command(after_help = "\
Example:
  longear channel apply next.charter")]
    Apply(ApplyArguments),
}

/// Lists what can be done with delegates.
#[derive(Clone, Debug, Subcommand)]
pub enum DelegateCommand {
    /// Let a device speak for the channel
    #[command(after_help = "\
Example:
  longear channel delegate add field.request --root 1.key --root 2.key

With too few root files the change is written to --out, to be signed on by the next holder")]
    Add(AddArguments),
    /// List the devices that may speak, and those that no longer may
    #[command(after_help = "\
Example:
  longear channel delegate list --json")]
    List(DelegateListArguments),
}

/// Names what a device may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum RoleArgument {
    /// Publish items and take back its own
    Post,
    /// Correct and retract the items of others
    Edit,
    /// Run live broadcasts
    Live,
    /// Moderate rooms
    Moderate,
    /// Open sealed reports; excludes post and edit
    Desk,
}

/// Holds the arguments of `channel new`.
#[derive(Clone, Debug, Args)]
pub struct NewArguments {
    /// Name the channel
    pub name: String,
    /// Write the three root key files to DIR
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub roots: PathBuf,
}

/// Holds the arguments of `channel show`.
#[derive(Clone, Debug, Args)]
pub struct ShowArguments {
    /// Show this channel; without it, every channel known here
    pub address: Option<String>,
}

/// Holds the arguments of `channel enrol`.
#[derive(Clone, Debug, Args)]
pub struct EnrolArguments {
    /// Enrol with this channel
    pub address: String,
    /// Ask for these roles, divided by commas: post, edit, live, moderate, desk
    #[arg(
        long = "role",
        hide_possible_values = true,
        value_name = "ROLE",
        value_delimiter = ',',
        default_value = "post"
    )]
    pub roles: Vec<RoleArgument>,
    /// Call the device by this name in the charter, which everybody can read
    #[arg(long)]
    pub label: Option<String>,
    /// Write the request to FILE
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Holds what every change of a charter takes: root files, and where the change is written to.
#[derive(Clone, Debug, Args)]
pub struct ChangeArguments {
    /// Sign with this root key file; repeat it for each
    #[arg(long = "root", value_name = "FILE")]
    pub roots: Vec<PathBuf>,
    /// Write the change to FILE, instead of putting it into force here
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Change this channel, if there are several here
    #[arg(long, value_name = "ADDRESS")]
    pub channel: Option<String>,
}

/// Holds the arguments of `channel delegate add`.
#[derive(Clone, Debug, Args)]
pub struct AddArguments {
    /// Read the request that `channel enrol` wrote
    pub request: PathBuf,
    /// Let the key sign until the end of this day, UTC
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
    /// How the change is signed.
    #[command(flatten)]
    pub change: ChangeArguments,
}

/// Holds the arguments of `channel delegate list`.
#[derive(Clone, Debug, Args)]
pub struct DelegateListArguments {
    /// List those of this channel, if there are several here
    #[arg(long, value_name = "ADDRESS")]
    pub channel: Option<String>,
}

/// Holds the arguments of `channel revoke`.
#[derive(Clone, Debug, Args)]
pub struct RevokeArguments {
    /// Name the device by its label or its key
    #[arg(value_name = "LABEL|KEY")]
    pub delegate: String,
    /// Keep what it signed up to this item
    #[arg(long, value_name = "ITEM_ID")]
    pub last_good: Option<String>,
    /// How the change is signed.
    #[command(flatten)]
    pub change: ChangeArguments,
}

/// Holds the arguments of `channel sign`.
#[derive(Clone, Debug, Args)]
pub struct SignArguments {
    /// Read the change from FILE
    pub file: PathBuf,
    /// Sign with this root key file; repeat it for each
    #[arg(long = "root", value_name = "FILE", required = true)]
    pub roots: Vec<PathBuf>,
    /// Write the signed change to FILE instead of back to where it was read
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Holds the arguments of `channel apply`.
#[derive(Clone, Debug, Args)]
pub struct ApplyArguments {
    /// Read the signed change from FILE
    pub file: PathBuf,
}
