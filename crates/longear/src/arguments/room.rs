//! Rooms: opening them, talking in them, and looking after them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use longear_core::limits::NOTES_PER_DAY_MAX;

use super::values::{Date, Days, Size};

/// Notes that a writer may write in a day, unless told otherwise.
pub const NOTES_PER_DAY_DEFAULT: u8 = 20;
/// Tickets of a batch, unless told otherwise.
pub const BATCH_DEFAULT: u16 = 100;
/// Notes that `room show` shows at once, unless told otherwise.
pub const SHOWN_DEFAULT: usize = 40;
/// Notes that `room show` shows at once, at most.
pub const SHOWN_MAX: usize = 10_000;

/// Lists what can be done with rooms.
#[derive(Clone, Debug, Subcommand)]
pub enum RoomCommand {
    /// Open a room, for a channel or about one of its items
    Open(OpenArguments),
    /// List the rooms that are known here
    #[command(after_help = "\
Example:
  longear room list --json")]
    List(RoomListArguments),
    /// Show what is said in a room, the newest last
    Show(RoomShowArguments),
    /// Say something in a room, or answer a note
    Say(SayArguments),
    /// Take a note of your own back
    TakeBack(OwnNoteArguments),
    /// Ask the moderators to look at a note
    #[command(after_help = "\
Example:
  longear room flag 9f02…

Flags are signed and public, under the key that you write with. In a room with tickets only those of known \
writers count")]
    Flag(NotesArguments),
    /// Hide notes: they can be looked at by choice
    Hide(GroundArguments),
    /// Drop the words of notes everywhere: personal data, threats
    Purge(GroundArguments),
    /// Hide what the writer of a note says, from a day on
    Ban(BanArguments),
    /// Show notes above the others, and keep them first
    #[command(after_help = "\
Example:
  longear room pin 9f02…")]
    Pin(NotesArguments),
    /// Undo what moderators decided about notes or their writers
    #[command(after_help = "\
Example:
  longear room lift 9f02…

It undoes hides, purges, bans and pins, whoever decided them. Words that were purged come back only where \
somebody still has them")]
    Lift(NotesArguments),
    /// Put the writers of these notes on the roll: their notes are kept before those of strangers
    #[command(after_help = "\
Example:
  longear room admit 9f02… 77ab…

Admit whom you know by what they wrote. For people whom you meet, make tickets: longear room tickets")]
    Admit(NotesArguments),
    /// Make tickets: sheets to print, cut and hand out
    Tickets(TicketsArguments),
    /// Show what readers flagged, the most urgent first
    #[command(after_help = "\
Example:
  longear room queue

Counted are the writers of the roll who asked, each once")]
    Queue(RoomArguments),
    /// Choose the best notes of a day, and send them with the news
    Digest(DigestArguments),
    /// Let nothing more be said in a room
    #[command(after_help = "\
Example:
  longear room close 5be1c0…

What was said stays. Notes of later days are not shown. To open it again: longear retract ID, with the ID \
that is printed")]
    Close(RoomArguments),
    /// Show nothing more of the writers of these notes, or with these words, on this device
    #[command(after_help = "\
Examples:
  longear room mute 9f02…
  longear room mute --word lottery --word casino

Nobody is told. A word also stands for longer ones that begin with it")]
    Mute(MuteArguments),
    /// Show what the writers of these notes say again, or what has these words, on this device
    #[command(after_help = "\
Example:
  longear room unmute 9f02…")]
    Unmute(MuteArguments),
    /// Show or choose how much space each room has on this machine
    #[command(after_help = "\
Examples:
  longear room space          how much it is now
  longear room space 8GB      more, so that more outlives a flood

Nine tenths are for known writers. Each of them has an equal share, which nobody else's notes can take. \
The files take up to half as much again")]
    Space(SpaceArguments),
}

/// Chooses how much space rooms have.
#[derive(Clone, Debug, Args)]
pub struct SpaceArguments {
    /// How much each room has from now on, for example 8GB; what has no space any more is dropped
    pub size: Option<Size>,
}

/// Says who may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AdmissionArgument {
    /// Everybody; strangers a little, once there are tickets
    Open,
    /// Whoever has a ticket
    Tickets,
}

/// Holds the arguments of `room open`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear room open --title \"After the water\" --lang en --rules rules.md
  longear room open --title \"Strike\" --admission tickets --retention 14d

Each paragraph or list entry of the file of rules is a rule; they are numbered, and whoever hides a note \
names one. Notes are public and stay for as long as --retention says, on every copy that has space. In an \
open room strangers come last, once there are tickets: hand some out")]
pub struct OpenArguments {
    /// Call it so
    #[arg(long)]
    pub title: String,
    /// The language of the title and the rules, such as kk or en
    #[arg(long, value_name = "LANG", default_value = "")]
    pub lang: String,
    /// Read the rules from FILE
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Let each writer say so much in a day
    #[arg(long, value_name = "N", default_value_t = NOTES_PER_DAY_DEFAULT,
        value_parser = clap::value_parser!(u8).range(1..=i64::from(NOTES_PER_DAY_MAX)))]
    pub notes_per_day: u8,
    /// Keep notes for so many days, such as 30d
    #[arg(long, value_name = "DAYS", default_value = "30d")]
    pub retention: Days,
    /// Let write: open or tickets
    #[arg(long, value_name = "WHO", hide_possible_values = true, default_value = "open")]
    pub admission: AdmissionArgument,
    /// Talk about this item
    #[arg(long, value_name = "ITEM_ID")]
    pub under: Option<String>,
    /// Open it in this channel, if this device can write to several
    #[arg(long, value_name = "CHANNEL")]
    pub channel: Option<String>,
}

/// Holds the arguments of `room list`.
#[derive(Clone, Debug, Args)]
pub struct RoomListArguments {
    /// List those of this channel only
    #[arg(long, value_name = "CHANNEL")]
    pub channel: Option<String>,
}

/// Names a room.
#[derive(Clone, Debug, Args)]
pub struct RoomArguments {
    /// The room's ID or its beginning; not needed where there is one only
    #[arg(value_name = "ROOM")]
    pub room: Option<String>,
}

/// Holds the arguments of `room show`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear room show
  longear room show 5be1c0… --limit 200
  longear room show --find insulin
  longear room show --json

Hidden notes are named with their reason; --hidden shows their words as well")]
pub struct RoomShowArguments {
    /// The room's ID or its beginning; not needed where there is one only
    #[arg(value_name = "ROOM")]
    pub room: Option<String>,
    /// Show so many notes
    #[arg(long, value_name = "N", default_value_t = SHOWN_DEFAULT)]
    pub limit: usize,
    /// Show those before this note
    #[arg(long, value_name = "NOTE")]
    pub before: Option<String>,
    /// Show only notes with these words
    #[arg(long, value_name = "WORDS")]
    pub find: Option<String>,
    /// Show the words of hidden notes, too
    #[arg(long)]
    pub hidden: bool,
}

/// Holds the arguments of `room say`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear room say --words \"The bridge holds people on foot\"
  longear room say 5be1c0… --words \"Until when?\" --answer 9f02…
  longear room say --words \"Salem\" --ticket longear-ticket:…
  longear room say --text note.txt

You write under a key that this device made for this room: a colour and two words. It says nothing of you \
anywhere else. What you write is public: do not write what shows who you are. A ticket is needed once; \
it is kept with the key")]
pub struct SayArguments {
    /// The room's ID or its beginning; not needed where there is one only
    #[arg(value_name = "ROOM")]
    pub room: Option<String>,
    /// Say this
    #[arg(long, value_name = "WORDS", conflicts_with = "text")]
    pub words: Option<String>,
    /// Say what stands in FILE; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub text: Option<PathBuf>,
    /// Answer this note
    #[arg(long, value_name = "NOTE")]
    pub answer: Option<String>,
    /// Write with this ticket from now on
    #[arg(long, value_name = "TICKET")]
    pub ticket: Option<String>,
}

/// Names a note of one's own.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Example:
  longear room take-back 9f02…

Where your words have been copied already they may be kept by whoever wants to")]
pub struct OwnNoteArguments {
    /// The note's ID or its beginning
    #[arg(value_name = "NOTE")]
    pub note: String,
}

/// Names notes.
#[derive(Clone, Debug, Args)]
pub struct NotesArguments {
    /// The notes' IDs or their beginnings
    #[arg(value_name = "NOTE", required = true)]
    pub notes: Vec<String>,
}

/// Names whom and what somebody does not want to read.
#[derive(Clone, Debug, Args)]
pub struct MuteArguments {
    /// Notes of the writers: the notes' IDs or their beginnings
    #[arg(value_name = "NOTE", required_unless_present = "word")]
    pub notes: Vec<String>,
    /// A word; can be given more than once
    #[arg(long, value_name = "WORD")]
    pub word: Vec<String>,
    /// The room, where words are named: its ID or the beginning of it; needed only where there are several
    #[arg(long, value_name = "ROOM", requires = "word")]
    pub room: Option<String>,
}

/// Names notes, and why something is decided about them.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear room hide 9f02… --reason 2
  longear room purge 9f02… 77ab… --reason personal-data

A reason is the number of a rule, or one of: personal-data, threats, advertising, invented, other. What is \
hidden stays on all copies and can be looked at by choice. What is purged is dropped everywhere and passed \
on by nobody; whoever has copied it elsewhere has it. Both can be undone: longear room lift")]
pub struct GroundArguments {
    /// The notes' IDs or their beginnings
    #[arg(value_name = "NOTE", required = true)]
    pub notes: Vec<String>,
    /// Say why: the number of a rule, or a word from the list
    #[arg(long, value_name = "WHY")]
    pub reason: String,
}

/// Holds the arguments of `room ban`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear room ban 9f02… --reason 3
  longear room ban 9f02… --from 2027-01-31 --reason advertising

Who writes with a ticket is banned with it; who writes without one can make a new key. What was said before \
that day stays")]
pub struct BanArguments {
    /// A note of the writer: its ID or its beginning
    #[arg(value_name = "NOTE")]
    pub note: String,
    /// From this day on, UTC; without it, the day of the note
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// Say why: the number of a rule, or a word from the list of `room hide`
    #[arg(long, value_name = "WHY")]
    pub reason: String,
}

/// Holds the arguments of `room tickets`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear room tickets --batch 100 --out tickets.html
  longear room tickets 5be1c0… --lang kk --out tickets.html

Print the sheets, cut them, and give the tickets to people by hand: one each. Nobody has to record who \
got which. Delete the file when it is printed: whoever has it can write with all of them")]
pub struct TicketsArguments {
    /// The room's ID or its beginning; not needed where there is one only
    #[arg(value_name = "ROOM")]
    pub room: Option<String>,
    /// Make so many
    #[arg(long, value_name = "N", default_value_t = BATCH_DEFAULT, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub batch: u16,
    /// Write the sheets to FILE
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Print them in this language
    #[arg(long, value_name = "LANG")]
    pub lang: Option<String>,
}

/// Holds the arguments of `room digest`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear room digest --suggest
  longear room digest 9f02… 77ab… 03ce…

Suggested are the notes with the most answers, one of each conversation and of each writer. A digest travels \
with the news, where whole rooms have no space")]
pub struct DigestArguments {
    /// The notes that are chosen, the best first: their IDs or their beginnings
    #[arg(value_name = "NOTE", required_unless_present = "suggest")]
    pub notes: Vec<String>,
    /// Suggest notes and publish nothing
    #[arg(long, conflicts_with = "notes")]
    pub suggest: bool,
    /// Of this room; needed with --suggest where there are several
    #[arg(long, value_name = "ROOM")]
    pub room: Option<String>,
    /// Of this day, UTC; without it, today
    #[arg(long, value_name = "DATE")]
    pub day: Option<Date>,
}

impl RoomShowArguments {
    /// How many notes are shown.
    pub fn limit(&self) -> usize {
        self.limit.clamp(1, SHOWN_MAX)
    }
}
