//! What the pages of rooms are made from: plain data, filled in by whoever holds the store and the rules.

use crate::{ChannelView, Pseudonym, Visit};

/// The rooms of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomsPage {
    /// Language and time of the request.
    pub visit: Visit,
    /// The channel.
    pub channel: ChannelView,
    /// Its rooms in the order they are shown.
    pub rooms: Vec<RoomView>,
}

/// A room with some of its notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomPage {
    /// Language and time of the request.
    pub visit: Visit,
    /// The channel whose room it is.
    pub channel: ChannelView,
    /// The room.
    pub room: RoomView,
    /// The newest digest; shown on the newest page only.
    pub digest: Option<DigestView>,
    /// The notes that moderators pinned; shown on the newest page only.
    pub pinned: Vec<NoteView>,
    /// The notes of this page, in the order of the room, the oldest first.
    pub notes: Vec<NoteView>,
    /// Where in the room this page stands, and what leads on.
    pub turn: Turn,
    /// What the reader looks for (`?q=`); the notes are then those that have it.
    pub search: Option<SearchView>,
    /// The hidden note that the reader wants to see (`?show=`), by its ID in hexadecimal.
    pub show: Option<String>,
    /// Whether and how the reader can write.
    pub write: WriteView,
    /// The note that the reader is about to answer (`?answer=`).
    pub answer: Option<NoteView>,
    /// What became of what the reader sent last.
    pub outcome: Option<Outcome>,
}

/// A note on a page of its own, with its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotePage {
    /// Language and time of the request.
    pub visit: Visit,
    /// The channel whose room it is.
    pub channel: ChannelView,
    /// The room.
    pub room: RoomView,
    /// The note.
    pub note: NoteView,
    /// The answers to it that are on this page, in the order of the room, the oldest first.
    pub answers: Vec<NoteView>,
    /// Which part of the answers this is, and what leads on.
    pub turn: Turn,
    /// The hidden note that the reader wants to see (`?show=`), by its ID in hexadecimal.
    pub show: Option<String>,
    /// Whether and how the reader can write.
    pub write: WriteView,
    /// What became of what the reader sent last.
    pub outcome: Option<Outcome>,
}

/// A room as the pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomView {
    /// Its ID in lower-case hexadecimal.
    pub id_hex: String,
    /// BCP 47 tag of title and rules, as the moderator wrote it.
    pub language: String,
    /// The title.
    pub title: String,
    /// The rules, numbered from 1.
    pub rules: Vec<String>,
    /// When its item was signed, in milliseconds since 1970 UTC.
    pub opened_ms: u64,
    /// True when notes count only with a ticket.
    pub needs_ticket: bool,
    /// True when a decision in force closes it.
    pub is_closed: bool,
    /// For how many days notes are kept.
    pub retention_days: u64,
    /// The item that is talked about: its ID in hexadecimal and its title.
    pub about: Option<(String, String)>,
    /// How many notes are here.
    pub notes_here: u64,
    /// How many notes are known to exist, where another box has just said so.
    pub notes_known: Option<u64>,
    /// The shown time of the newest note, in milliseconds since 1970 UTC.
    pub newest_ms: Option<u64>,
}

/// What leads from one page of notes to the next. Cursors are opaque: letters, digits, `-` and `_`, at most 64.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn {
    /// How this page was asked for; none is the newest.
    pub here: Option<Cursor>,
    /// The page of older notes, asked for with `?before=`.
    pub older: Option<String>,
    /// The page of newer notes, asked for with `?after=`.
    pub newer: Option<String>,
}

/// A place in the order of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// The notes before it.
    Before(String),
    /// The notes behind it.
    After(String),
}

/// What a moderator chose of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestView {
    /// A time of that day, in milliseconds since 1970 UTC.
    pub day_ms: u64,
    /// Its notes in the moderator's order.
    pub notes: Vec<NoteView>,
}

/// What the reader looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchView {
    /// The words.
    pub text: String,
    /// How many notes have them.
    pub found: u64,
}

/// A note as the pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteView {
    /// Its ID in lower-case hexadecimal.
    pub id_hex: String,
    /// What its writer is called.
    pub writer: Pseudonym,
    /// True when this reader wrote it, through this box.
    pub is_mine: bool,
    /// Its shown time, in milliseconds since 1970 UTC.
    pub time_ms: u64,
    /// Its words as they were signed; they are made safe by the page. Empty when they are gone.
    pub text: String,
    /// What it is.
    pub state: NoteState,
    /// What it answers.
    pub parent: Option<ParentView>,
    /// How many answers to it are here.
    pub answers: u64,
}

/// What a note answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParentView {
    /// A note that is shown.
    Shown {
        /// Its ID in lower-case hexadecimal.
        id_hex: String,
        /// What its writer is called.
        writer: Pseudonym,
        /// Its words.
        text: String,
    },
    /// A note that is here and not shown without asking; its ID in lower-case hexadecimal.
    NotShown {
        /// Its ID in lower-case hexadecimal.
        id_hex: String,
    },
    /// A note that is not here.
    NotHere,
}

/// What a note is, by the rules of the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteState {
    /// Shown.
    Shown,
    /// Moderators hid it, for these reasons.
    Hidden(Vec<Reason>),
    /// A moderator removed its words.
    Purged(Vec<Reason>),
    /// Its writer took it back.
    TakenBack,
    /// A moderator excluded its writer from an earlier day on.
    Banned(Vec<Reason>),
    /// Its time lies ahead.
    Ahead,
    /// It was written after the room was closed.
    AfterClose,
    /// It was written before its ticket counted.
    Early,
    /// It is above what the room allows on one day.
    Beyond,
    /// The room wants tickets, and no list of the moderators has its writer.
    Unadmitted,
}

/// Why a moderator acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The rule of that number, counted from 1.
    Rule(u8),
    /// Somebody's personal data.
    PersonalData,
    /// Threats.
    Threats,
    /// Advertising.
    Advertising,
    /// Invented.
    Invented,
    /// Something else.
    Other,
}

/// Whether and how the reader can write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteView {
    /// This box takes no notes.
    Off,
    /// The room is closed.
    Closed,
    /// The reader has to show a ticket first.
    NeedsTicket {
        /// Goes back with each form, so that no other page can send one.
        token: String,
    },
    /// The reader can write.
    Open(Pen),
}

/// Who writes, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pen {
    /// What the reader is called in this room.
    pub writer: Pseudonym,
    /// How many notes are left today.
    pub left: u64,
    /// How many notes a day there are.
    pub per_day: u64,
    /// Words that were sent and could not be taken.
    pub draft: String,
    /// Goes back with each form, so that no other page can send one.
    pub token: String,
}

/// What became of what the reader sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The note is signed and kept.
    Posted,
    /// The note is taken back.
    TakenBack,
    /// The flag is signed and kept.
    Flagged,
    /// The ticket is kept.
    TicketKept,
    /// There were no words.
    NoWords,
    /// The note was too long.
    TooLong,
    /// What was sent as a ticket is none for this room.
    NotATicket,
    /// The page was too old, or came from elsewhere.
    OldPage,
    /// The box failed.
    BoxFailed,
}

/// Tickets to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketSheet {
    /// Language of the tickets, and the time.
    pub visit: Visit,
    /// The channel whose room it is.
    pub channel: ChannelView,
    /// The room.
    pub room: RoomView,
    /// The tickets, as `longear-ticket:` and what follows.
    pub tickets: Vec<String>,
}
