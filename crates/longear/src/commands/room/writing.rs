//! Saying something, taking it back, asking moderators to look, and not listening to somebody.

use std::path::Path;

use longear_core::room::{RoomId, TicketWord};
use longear_store::rooms::words::fold;
use longear_store::{Store, Talk};
use serde_json::json;

use super::super::Context;
use super::super::publish::read_text;
use crate::arguments::publish::TextSource;
use crate::arguments::room::{MuteArguments, NotesArguments, OwnNoteArguments, SayArguments};
use crate::failure::Failure;
use crate::home::{Home, Writer};
use crate::talk::{self, Draft, find_note, find_room};
use crate::terminal::printable;

/// Says something.
pub fn say(context: &Context<'_>, arguments: &SayArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let now_ms = context.now_ms();
    let words = match (&arguments.words, &arguments.text) {
        (Some(words), _) => words.clone(),
        (None, Some(path)) => read_text(&source(path))?,
        (None, None) => return Err(Failure::usage("Say something: --words WORDS, or --text FILE")),
    };
    let (talk, parent) = match &arguments.answer {
        None => (find_room(&store, arguments.room.as_deref(), now_ms)?, None),
        Some(note) => {
            let (talk, note) = find_note(&store, note, now_ms)?;
            (talk, Some(note.id))
        }
    };
    let mut writer = writer(context, &home, &talk.id())?;
    if let Some(ticket) = &arguments.ticket {
        writer.ticket = Some(ticket_of(&talk, ticket)?);
    }
    // Before it signs anything: a writer who is forgotten could not take his note back.
    home.write_writer(&talk.id(), &writer)?;
    let id = talk::say(&store, &talk, &writer, Draft { words, parent }, now_ms)?;
    let quota = talk::quota(&talk, &writer, now_ms).map_err(|error| talk::room_failure(&error))?;
    if context.screen.json() {
        return context.screen.print_json(&json!({
            "version": 1, "id": id.to_string(), "room": talk.id().to_string(), "writer": writer.key.public().to_string(),
            "left": quota.left,
        }));
    }
    context.screen.print(&format!("{id}\n"))?;
    let name = longear_pages::pseudonym(longear_pages::Language::English, &name_of(&talk, &writer));
    context.screen.note(&format!(
        "Said as {name}. {} of {} notes left today. It goes on with the next sync, or with a stick.",
        quota.left, quota.allowed
    ));
    Ok(())
}

fn source(path: &Path) -> TextSource {
    if path == Path::new("-") { TextSource::StandardInput } else { TextSource::File(path.to_owned()) }
}

fn ticket_of(talk: &Talk, word: &str) -> Result<TicketWord, Failure> {
    let ticket = TicketWord::read(word)
        .map_err(|error| Failure::refused(format!("This is no ticket: {error}")).hint("Look at the sheet once more"))?;
    if !ticket.is_for(&talk.id()) {
        return Err(Failure::refused("This ticket is for another room").hint("See which there are: longear room list"));
    }
    Ok(ticket)
}

/// Who this device is in a room; somebody new where it never said anything.
fn writer(context: &Context<'_>, home: &Home, room: &RoomId) -> Result<Writer, Failure> {
    Ok(match home.writer(room)? {
        Some(writer) => writer,
        None => Writer::new(context.random()?),
    })
}

fn name_of(talk: &Talk, writer: &Writer) -> longear_pages::Pseudonym {
    talk::pseudonym_of(&talk.id(), &writer.key.public())
}

/// Takes a note of one's own back.
pub fn take_back(context: &Context<'_>, arguments: &OwnNoteArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let (talk, note) = find_note(&store, &arguments.note, context.now_ms())?;
    let writer = home.writer(&talk.id())?;
    let writer = writer.ok_or_else(|| Failure::refused("This device has said nothing in this room"))?;
    let id = talk::take_back(&talk, &writer, &note.note)?;
    if context.screen.json() {
        return context.screen.print_json(&json!({"version": 1, "id": id.to_string(), "note": note.id.to_string()}));
    }
    context.screen.note("It is taken back here, and wherever this arrives. Copies in other hands cannot be recalled.");
    Ok(())
}

/// Asks the moderators to look at notes.
pub fn flag(context: &Context<'_>, arguments: &NotesArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let now_ms = context.now_ms();
    for name in &arguments.notes {
        let (talk, note) = find_note(&store, name, now_ms)?;
        let writer = writer(context, &home, &talk.id())?;
        home.write_writer(&talk.id(), &writer)?;
        let id = talk::flag(&store, &talk, &writer, note.id, now_ms)?;
        if context.screen.json() {
            context.screen.print_json(&json!({"version": 1, "id": id.to_string(), "note": note.id.to_string()}))?;
        }
    }
    if !context.screen.json() {
        context.screen.note("The moderators are asked to look. Everybody can see that somebody asked.");
    }
    Ok(())
}

/// Shows nothing more of the writers of notes on this device, or shows it again.
pub fn mute(context: &Context<'_>, arguments: &MuteArguments, is_muted: bool) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    for name in &arguments.notes {
        mute_writer(context, &home, &store, name, is_muted)?;
    }
    if !arguments.word.is_empty() {
        let talk = find_room(&store, arguments.room.as_deref(), context.now_ms())?;
        let mut writer = writer(context, &home, &talk.id())?;
        for word in &arguments.word {
            avoid_word(&mut writer, word, is_muted)?;
            if context.screen.json() {
                context.screen.print_json(&json!({"version": 1, "word": word, "muted": is_muted}))?;
            }
        }
        home.write_writer(&talk.id(), &writer)?;
    }
    if !context.screen.json() {
        context.screen.note(if is_muted {
            "It is not shown on this device. Nobody is told. To undo it: longear room unmute, with the same words"
        } else {
            "It is shown again on this device."
        });
    }
    Ok(())
}

/// One word, as search knows it: without capitals and marks, and with the plain letters.
fn avoid_word(writer: &mut Writer, word: &str, is_avoided: bool) -> Result<(), Failure> {
    let folded = fold(word);
    if folded.is_empty() || folded.contains(' ') {
        return Err(
            Failure::usage(format!("`{}` is not one word", printable(word))).hint("Name each with its own --word")
        );
    }
    if !writer.avoid(folded.clone(), is_avoided) && is_avoided && !writer.avoided.contains(&folded) {
        return Err(Failure::refused("More words cannot be muted in this room")
            .hint("Read some of them again: longear room unmute --word WORD"));
    }
    Ok(())
}

fn mute_writer(context: &Context<'_>, home: &Home, store: &Store, name: &str, is_muted: bool) -> Result<(), Failure> {
    let (talk, note) = find_note(store, name, context.now_ms())?;
    let mut writer = writer(context, home, &talk.id())?;
    if !writer.mute(note.note.key, is_muted) && is_muted && !writer.muted.contains(&note.note.key) {
        return Err(Failure::refused("More writers cannot be muted in this room")
            .hint("Hear some of them again: longear room unmute NOTE"));
    }
    home.write_writer(&talk.id(), &writer)?;
    if context.screen.json() {
        let key = note.note.key.to_string();
        context.screen.print_json(&json!({"version": 1, "writer": key, "muted": is_muted}))?;
    }
    Ok(())
}
