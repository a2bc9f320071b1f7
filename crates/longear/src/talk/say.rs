//! Saying something in a room: the slot, the order, the signature.

use longear_core::hash::labelled;
use longear_core::holdings::Holdings;
use longear_core::limits::{FLAGS_PER_DAY_MAX, LANE_NOTES_PER_DAY, NOTE_TEXT_BYTES_MAX};
use longear_core::room::{Entry, Facts, Membership, Note, NoteDraft, NoteId, Place, Seen, Spot, What, day_of};
use longear_core::{Reason, verify};
use longear_store::{ChannelState, RoomError, Store, StoreError, Talk};
use unicode_normalization::UnicodeNormalization;

use super::room_failure;
use crate::failure::Failure;
use crate::home::{Writer, store_failure};

/// How many signatures a stranger makes to find one whose ID begins with zeros. It decides between strangers only; each costs 20 µs.
const STAMP_TRIES: u64 = 1_024;

/// What somebody wants to say.
#[derive(Clone, Debug)]
pub struct Draft {
    /// In his words.
    pub words: String,
    /// The note that he answers.
    pub parent: Option<NoteId>,
}

/// Why something cannot be said. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SayError {
    /// Nothing in it can be read.
    #[error("there is nothing in it that could be read")]
    NoWords,
    /// It is too long.
    #[error("it is {over} bytes too long")]
    TooLong {
        /// By so many bytes.
        over: usize,
    },
    /// All places of the day are taken.
    #[error("{allowed} notes are written today, and no more are allowed")]
    UsedUp {
        /// So many may be written.
        allowed: u8,
        /// Whether a ticket would help.
        is_stranger: bool,
    },
    /// A moderator closed the room.
    #[error("a moderator closed this room")]
    Closed,
    /// The clock of this device says a day before the room was opened.
    #[error("the clock says a day on which the room was not open yet")]
    Clock,
    /// Only who has a ticket may do this.
    #[error("a ticket is needed")]
    NeedsTicket,
    /// Moderators decided against the writer.
    #[error("what this writer says is not shown")]
    Banned,
    /// The note that is answered is not here.
    #[error("the note that is answered is not here")]
    NoParent,
    /// The note is somebody else's.
    #[error("the note is somebody else's")]
    NotYours,
    /// It was taken back already.
    #[error("the note was taken back already")]
    NoneLeft,
    /// Another note stands in the place.
    #[error("another note stands in this place")]
    PlaceTaken,
    /// There is no space for it in the room, here.
    #[error("this device has no space for the note")]
    NoSpace,
    /// It would be refused elsewhere.
    #[error("it cannot be said: {0}")]
    Refused(#[from] Reason),
    /// The notes here.
    #[error(transparent)]
    Room(#[from] RoomError),
    /// The items here.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How much a writer may still say today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Notes that he may write today.
    pub allowed: u8,
    /// Of these those that are left.
    pub left: u8,
    /// How he stands to the room.
    pub membership: Membership,
}

/// How much a writer may still say today.
pub fn quota(talk: &Talk, writer: &Writer, now_ms: u64) -> Result<Quota, RoomError> {
    let entry = entry_of(talk, writer);
    let membership = talk.terms().membership(&talk.force, &entry);
    let allowed = allowed(talk, membership);
    let mut left = 0;
    for slot in 0..allowed {
        left += u8::from(!is_taken(talk, entry, now_ms, slot, false)?);
    }
    Ok(Quota { allowed, left, membership })
}

/// Says something. When this returns it is signed, and durable here.
///
/// # Errors
/// Where the writer may say nothing more, where the words are too many or none, and where the answered note is not here.
pub fn say(store: &Store, talk: &Talk, writer: &Writer, draft: Draft, now_ms: u64) -> Result<NoteId, SayError> {
    let text = tidied(&draft.words)?;
    let entry = entry_of(talk, writer);
    let membership = talk.terms().membership(&talk.force, &entry);
    may_write(talk, entry, membership, now_ms)?;
    if let Some(parent) = &draft.parent
        && talk.notes.note(parent)?.is_none()
    {
        return Err(SayError::NoParent);
    }
    let allowed = allowed(talk, membership);
    let is_stranger = membership == Membership::Stranger;
    let slot = free_slot(talk, entry, now_ms, allowed, false)?.ok_or(SayError::UsedUp { allowed, is_stranger })?;
    let made = NoteDraft { parent: draft.parent, slot, text, ..blank(store, talk, writer, now_ms)? };
    keep(talk, stamped(made, writer, if is_stranger { STAMP_TRIES } else { 1 }))
}

/// Asks the moderators to look at a note.
///
/// # Errors
/// For who is not on the roll of a room that has one: such flags count for nothing.
pub fn flag(store: &Store, talk: &Talk, writer: &Writer, note: NoteId, now_ms: u64) -> Result<NoteId, SayError> {
    let entry = entry_of(talk, writer);
    let membership = talk.terms().membership(&talk.force, &entry);
    may_write(talk, entry, membership, now_ms)?;
    if membership != Membership::Member {
        return Err(SayError::NeedsTicket);
    }
    let slot = free_slot(talk, entry, now_ms, FLAGS_PER_DAY_MAX, true)?;
    let slot = slot.ok_or(SayError::UsedUp { allowed: FLAGS_PER_DAY_MAX, is_stranger: false })?;
    let made = NoteDraft { what: What::Flag, parent: Some(note), slot, ..blank(store, talk, writer, now_ms)? };
    keep(talk, made.sign(&writer.key))
}

/// Takes a note of one's own back.
///
/// # Errors
/// Where it is somebody else's.
pub fn take_back(talk: &Talk, writer: &Writer, note: &Note) -> Result<NoteId, SayError> {
    if note.key != writer.key.public() {
        return Err(SayError::NotYours);
    }
    if note.what != What::Words {
        return Err(SayError::NoneLeft);
    }
    let draft = NoteDraft {
        room: talk.id(),
        what: What::TakenBack,
        slot: note.slot,
        time: note.time,
        parent: None,
        seen: None,
        stamp: 0,
        // As it stands there: it must come into the same place.
        ticket: note.ticket,
        text: String::new(),
    };
    keep(talk, draft.sign(&writer.key))
}

/// A note that says nothing yet.
fn blank(store: &Store, talk: &Talk, writer: &Writer, now_ms: u64) -> Result<NoteDraft, StoreError> {
    Ok(NoteDraft {
        room: talk.id(),
        what: What::Words,
        slot: 0,
        time: now_ms,
        parent: None,
        seen: store.channel(&talk.channel())?.and_then(|state| newest_word(&state)),
        stamp: 0,
        ticket: writer.ticket.as_ref().map(|word| word.key().endorse(&talk.id(), &writer.key.public())),
        text: String::new(),
    })
}

/// The newest statement that is here: the note is not older than it.
fn newest_word(state: &ChannelState) -> Option<Seen> {
    let counted = state.newest_statements().map(|(_, word)| word).filter(|word| state.counts(word));
    let newest = counted.max_by_key(|word| word.time)?;
    let hash = labelled("statement", &[&newest.encode()]);
    let mut statement = [0; 16];
    statement.copy_from_slice(&hash[..16]);
    (newest.time > 0).then_some(Seen { statement, time: newest.time })
}

fn stamped(draft: NoteDraft, writer: &Writer, tries: u64) -> Note {
    let notes = (0..tries).map(|stamp| NoteDraft { stamp, ..draft.clone() }.sign(&writer.key));
    let best = notes.max_by_key(|note| Facts::of(note).stamp_bits());
    best.unwrap_or_else(|| draft.sign(&writer.key))
}

fn keep(talk: &Talk, note: Note) -> Result<NoteId, SayError> {
    let id = note.id();
    // What others would refuse must not look said here.
    let note = verify(&talk.venue, Note::decode(&note.encode())?)?;
    let taken = talk.notes.take_in([note])?;
    match (taken.new, taken.over_budget) {
        (1, _) => Ok(id),
        (_, 0) => Err(SayError::PlaceTaken),
        _ => Err(SayError::NoSpace),
    }
}

fn may_write(talk: &Talk, entry: Entry, membership: Membership, now_ms: u64) -> Result<(), SayError> {
    let today = day_of(now_ms);
    if talk.force.closed_day().is_some() {
        return Err(SayError::Closed);
    }
    if today < talk.venue.first_day {
        return Err(SayError::Clock);
    }
    if membership == Membership::Outsider {
        return Err(SayError::NeedsTicket);
    }
    if talk.force.is_banned(&entry, today) { Err(SayError::Banned) } else { Ok(()) }
}

fn allowed(talk: &Talk, membership: Membership) -> u8 {
    match membership {
        Membership::Member => talk.opening.notes_per_day,
        Membership::Stranger => talk.opening.notes_per_day.min(LANE_NOTES_PER_DAY),
        Membership::Outsider => 0,
    }
}

fn entry_of(talk: &Talk, writer: &Writer) -> Entry {
    match &writer.ticket {
        Some(word) => word.key().entry(&talk.id()),
        None => Entry::of_writer(&talk.id(), &writer.key.public()),
    }
}

fn free_slot(talk: &Talk, entry: Entry, now_ms: u64, slots: u8, is_flag: bool) -> Result<Option<u8>, RoomError> {
    for slot in 0..slots {
        if !is_taken(talk, entry, now_ms, slot, is_flag)? {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

fn is_taken(talk: &Talk, entry: Entry, now_ms: u64, slot: u8, is_flag: bool) -> Result<bool, RoomError> {
    let place = Place { spot: Spot { entry, day: day_of(now_ms), slot }, is_flag };
    talk.notes.is_taken(&place)
}

/// Words as they are signed: in Unicode's form NFC, lines as everywhere, nothing at the ends.
fn tidied(words: &str) -> Result<String, SayError> {
    let words = words.replace("\r\n", "\n").replace(['\r', '\t'], " ");
    let words = words.trim().nfc().collect::<String>();
    if longear_pages::note_text(&words).is_empty() {
        return Err(SayError::NoWords);
    }
    match words.len().checked_sub(NOTE_TEXT_BYTES_MAX) {
        Some(over @ 1..) => Err(SayError::TooLong { over }),
        _ => Ok(words),
    }
}

impl From<SayError> for Failure {
    fn from(error: SayError) -> Self {
        const WITH_TICKET: &str = "With one: longear room say --ticket TICKET --words WORDS";
        match error {
            SayError::NoWords => {
                Failure::refused("There is nothing in it that could be read").hint("Say something: --words WORDS")
            }
            SayError::TooLong { over } => Failure::refused(format!(
                "A note has at most {NOTE_TEXT_BYTES_MAX} bytes, about {} letters; this one is {over} bytes too long",
                NOTE_TEXT_BYTES_MAX / 2
            ))
            .hint("Make it shorter, or write two"),
            SayError::UsedUp { allowed, is_stranger } => {
                let refused = format!(
                    "You have written {allowed} of {allowed} notes today, and can write more after midnight UTC"
                );
                let hint = if is_stranger {
                    "Who has a ticket may write more: --ticket TICKET"
                } else {
                    "Notes that you took back count as well"
                };
                Failure::refused(refused).hint(hint)
            }
            SayError::Closed => Failure::refused("A moderator closed this room: nothing more can be said in it"),
            SayError::Clock => {
                Failure::refused("The clock of this device says a day on which the room was not open yet")
                    .hint("Set the clock right, and then again")
            }
            SayError::NeedsTicket => {
                Failure::refused("Only who has a ticket may do this in this room").hint(WITH_TICKET)
            }
            SayError::Banned => Failure::refused("Moderators decided that what you write here is not shown"),
            SayError::NoParent => {
                Failure::refused("The note that you answer is not here").hint("See what is said: longear room show")
            }
            SayError::NotYours => Failure::refused("This note is not yours: another key has signed it"),
            SayError::NoneLeft => Failure::refused("This note was taken back already"),
            SayError::PlaceTaken => {
                Failure::refused("Another note of yours stands in this place").hint("Try it once more")
            }
            SayError::NoSpace => Failure::refused(
                "This room is full here: what ranks before your note fills its space",
            )
            .hint("Say it shorter, at another box, or later. More space on this machine: longear room space 4GB"),
            SayError::Refused(reason) => Failure::refused(format!("This cannot be said: {reason}")),
            SayError::Room(error) => room_failure(&error),
            SayError::Store(error) => store_failure(&error),
        }
    }
}
