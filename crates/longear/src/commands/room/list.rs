//! Rooms, and what is said in them.

use std::collections::BTreeSet;

use longear_core::PublicKey;
use longear_core::room::{Admission, Ground, Membership, NoteState, What};
use longear_pages::{Language, note_quote, note_text};
use longear_store::Talk;
use longear_store::rooms::{PageNote, Way};
use serde_json::{Value, json};

use super::super::{Context, channel_argument, date_text, time_json};
use crate::arguments::room::{RoomArguments, RoomListArguments, RoomShowArguments};
use crate::failure::Failure;
use crate::home::Writer;
use crate::talk::{find_note, find_room, has_place, pseudonym_of, room_failure, rooms, state_of};
use crate::terminal::{Cell, Column, Tint, grouped, printable, table};

/// Digits of a note's ID that are shown; any six and more name it.
const ID_DIGITS: usize = 12;
/// Notes that are listed for moderators at once.
const QUEUE_MAX: usize = 50;

/// Lists rooms.
pub fn list(context: &Context<'_>, arguments: &RoomListArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let channel = arguments.channel.as_deref().map(|text| channel_argument(&store, Some(text))).transpose()?;
    let mut found = rooms(&store, context.now_ms())?;
    found.retain(|talk| channel.is_none_or(|channel| talk.channel() == channel));
    let mut rows = Vec::new();
    for talk in &found {
        let notes = count(talk)?;
        if context.screen.json() {
            context.screen.print_json(&room_json(talk, notes))?;
            continue;
        }
        let state = match (talk.force.closed_day(), talk.opening.admission) {
            (Some(_), _) => Cell::tinted(Tint::Edge, "closed"),
            (None, Admission::Open) => Cell::tinted(Tint::Way, "open"),
            (None, Admission::Tickets) => Cell::tinted(Tint::Way, "tickets"),
        };
        rows.push(vec![
            Cell::tinted(Tint::Edge, date_text(talk.item.header().time)),
            Cell::tinted(Tint::Edge, &talk.id().to_string()[..ID_DIGITS]),
            Cell::tinted(Tint::Ink, printable(&talk.opening.title)),
            Cell::tinted(Tint::Ink, grouped(notes)),
            state,
        ]);
    }
    if context.screen.json() {
        return Ok(());
    }
    if rows.is_empty() {
        context.screen.note("No room is known here. Open one: longear room open --title TITLE");
        return Ok(());
    }
    let columns = [
        Column::left("opened"),
        Column::left("id"),
        Column::flexible("title"),
        Column::right("notes"),
        Column::left(""),
    ];
    context.screen.print(&table(context.screen.look(), &columns, &rows))
}

fn room_json(talk: &Talk, notes: u64) -> Value {
    json!({
        "version": 1, "id": talk.id().to_string(), "channel": talk.channel().to_string(), "title": talk.opening.title,
        "lang": talk.opening.language, "rules": talk.opening.rules, "opened": time_json(talk.item.header().time),
        "admission": if talk.opening.admission == Admission::Open { "open" } else { "tickets" },
        "notes_per_day": talk.opening.notes_per_day, "retention_days": talk.opening.retention_days,
        "under": talk.opening.under.map(|item| item.to_string()), "notes": notes, "roll": talk.force.roll_length(),
        "closed": talk.force.closed_day().is_some(), "status": talk.item.status.name(),
    })
}

fn count(talk: &Talk) -> Result<u64, Failure> {
    let days = talk.notes.days().map_err(|error| room_failure(&error))?;
    Ok(days.iter().map(|day| day.notes).sum())
}

/// Shows what is said in a room.
pub fn show(context: &Context<'_>, arguments: &RoomShowArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let now_ms = context.now_ms();
    let talk = find_room(&store, arguments.room.as_deref(), now_ms)?;
    let writer = home.writer(&talk.id())?;
    let shown = Shown { talk: &talk, writer, now_ms, with_hidden: arguments.hidden };
    let wanted = |note: &PageNote| has_place(&talk, note, now_ms) && !shown.is_muted(note);
    let limit = arguments.limit();
    let notes = match (&arguments.find, &arguments.before) {
        (Some(words), _) => talk.notes.search(words, None, limit, wanted).map_err(|error| room_failure(&error))?.notes,
        (None, before) => {
            let before = before.as_deref().map(|name| find_note(&store, name, now_ms)).transpose()?;
            let behind = before.map(|(_, note)| note.cursor());
            talk.notes.page(behind, Way::Older, limit, wanted).map_err(|error| room_failure(&error))?.notes
        }
    };
    if context.screen.json() {
        return notes.iter().rev().try_for_each(|note| context.screen.print_json(&shown.json(note)));
    }
    context.screen.print(&shown.front(&notes)?)?;
    for note in notes.iter().rev() {
        context.screen.print(&shown.lines(note)?)?;
    }
    if notes.is_empty() {
        context.screen.note("Nothing is said here. Say something: longear room say --words WORDS");
    }
    Ok(())
}

/// A room as it is shown at a time.
struct Shown<'a> {
    talk: &'a Talk,
    /// Who reads, and whom and what he does not want to.
    writer: Option<Writer>,
    now_ms: u64,
    with_hidden: bool,
}

impl Shown<'_> {
    /// Whether its writer or one of its words is not to be read here.
    fn is_muted(&self, note: &PageNote) -> bool {
        self.writer.as_ref().is_some_and(|writer| {
            let is_own = note.note.key == writer.key.public();
            writer.muted.contains(&note.note.key) || (!is_own && writer.avoids(&note.note.text))
        })
    }

    fn front(&self, notes: &[PageNote]) -> Result<String, Failure> {
        let Talk { opening, force, .. } = self.talk;
        let mut front = format!("{}\n", printable(&opening.title));
        for (number, rule) in (1..).zip(&opening.rules) {
            front.push_str(&format!("  {number}. {}\n", printable(rule)));
        }
        let roll = match force.roll_length() {
            0 => String::new(),
            length => format!(", {} on the roll", grouped(length as u64)),
        };
        let closed = if force.closed_day().is_some() { ", closed" } else { "" };
        let shown =
            if notes.len() == 1 { "1 note".to_owned() } else { format!("{} notes", grouped(notes.len() as u64)) };
        let held = grouped(count(self.talk)?);
        front.push_str(&format!("  {shown} of {held} held, with flags and what was taken back{roll}{closed}\n\n"));
        Ok(front)
    }

    fn lines(&self, note: &PageNote) -> Result<String, Failure> {
        let id = &note.id.to_string()[..ID_DIGITS];
        let words = self.words(note);
        let time = &super::super::rfc3339(note.shown_ms)[..16].replace('T', " ");
        let pin = if self.talk.force.pins(&note.id).is_empty() { "" } else { "  pinned" };
        let mut lines = format!("{time}  {}  {id}{pin}\n", name_of(self.talk, &note.note.key));
        if let Some(parent) = &note.note.parent {
            let parent = self.talk.notes.note(parent).map_err(|error| room_failure(&error))?;
            let quoted = parent.map_or_else(
                || "a note that is not here, or was taken back".to_owned(),
                |parent| match state_of(self.talk, &parent, self.now_ms) {
                    NoteState::Shown if !self.is_muted(&parent) => {
                        format!("{}: {}", name_of(self.talk, &parent.note.key), note_quote(&parent.note.text))
                    }
                    _ => "a note that is not shown".to_owned(),
                },
            );
            lines.push_str(&format!("    > {}\n", printable(&quoted)));
        }
        for line in words.lines() {
            lines.push_str(&format!("    {}\n", printable(line)));
        }
        lines.push('\n');
        Ok(lines)
    }

    fn words(&self, note: &PageNote) -> String {
        if note.note.what == What::TakenBack {
            return "(taken back)".to_owned();
        }
        let text = note_text(&note.note.text);
        if state_of(self.talk, note, self.now_ms) != NoteState::Hidden {
            return text;
        }
        let why = self.grounds(note).iter().map(|ground| ground_text(*ground)).collect::<Vec<_>>().join(", ");
        match self.with_hidden {
            true => format!("(hidden by a moderator: {why})\n{text}"),
            false => format!("(hidden by a moderator: {why}; to look at it: --hidden)"),
        }
    }

    fn grounds(&self, note: &PageNote) -> BTreeSet<Ground> {
        self.talk.force.hides(&note.id).iter().map(|cause| cause.ground).collect()
    }

    fn json(&self, note: &PageNote) -> Value {
        let state = state_of(self.talk, note, self.now_ms);
        let is_hidden = state == NoteState::Hidden;
        let is_readable = note.note.what == What::Words && (!is_hidden || self.with_hidden);
        let grounds = self.grounds(note).into_iter().map(ground_json).collect::<Vec<_>>();
        let membership = self.talk.terms().membership(&self.talk.force, &note.note.entry());
        json!({
            "version": 1, "id": note.id.to_string(), "writer": note.note.key.to_string(),
            "name": name_of(self.talk, &note.note.key), "text": is_readable.then_some(&note.note.text),
            "time": time_json(note.shown_ms), "parent": note.note.parent.map(|id| id.to_string()),
            "hidden": is_hidden, "reasons": grounds, "state": state.name(),
            "taken_back": note.note.what == What::TakenBack, "pinned": !self.talk.force.pins(&note.id).is_empty(),
            "on_roll": membership == Membership::Member && self.talk.force.roll_length() > 0, "replies": note.replies,
        })
    }
}

/// Shows what readers flagged and nobody decided about, the most urgent first.
pub fn queue(context: &Context<'_>, arguments: &RoomArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let now_ms = context.now_ms();
    let talk = find_room(&store, arguments.room.as_deref(), now_ms)?;
    let mut flagged = Vec::new();
    for id in talk.notes.flagged(QUEUE_MAX * 4).map_err(|error| room_failure(&error))? {
        let Some(note) = talk.notes.note(&id).map_err(|error| room_failure(&error))? else { continue };
        let flags = flags_on(&talk, &note)?;
        if flags > 0 && note.note.what == What::Words && state_of(&talk, &note, now_ms) == NoteState::Shown {
            flagged.push((flags, note));
        }
    }
    flagged.sort_by_key(|(flags, note)| (std::cmp::Reverse(*flags), note.shown_ms, note.id));
    flagged.truncate(QUEUE_MAX);
    // Whom a moderator does not want to read he sees here all the same.
    let shown = Shown { talk: &talk, writer: None, now_ms, with_hidden: false };
    for (flags, note) in &flagged {
        if context.screen.json() {
            let mut line = shown.json(note);
            line["flags"] = (*flags).into();
            context.screen.print_json(&line)?;
        } else {
            let who = if *flags == 1 { "1 writer asks".to_owned() } else { format!("{} writers ask", grouped(*flags)) };
            context.screen.print(&format!("{who} to look at:\n{}", shown.lines(note)?))?;
        }
    }
    if flagged.is_empty() && !context.screen.json() {
        context.screen.note("Nobody asks the moderators to look at anything.");
    }
    Ok(())
}

/// Entries whose flags count, each once.
fn flags_on(talk: &Talk, note: &PageNote) -> Result<u64, Failure> {
    let flags = talk.notes.flags(&note.id).map_err(|error| room_failure(&error))?;
    let entries = flags.iter().map(|flag| flag.entry());
    let is_member = |entry: &_| talk.terms().membership(&talk.force, entry) == Membership::Member;
    Ok(entries.filter(is_member).collect::<BTreeSet<_>>().len() as u64)
}

/// What a writer is called, in English.
pub fn name_of(talk: &Talk, writer: &PublicKey) -> String {
    longear_pages::pseudonym(Language::English, &pseudonym_of(&talk.id(), writer))
}

fn ground_text(ground: Ground) -> String {
    match ground {
        Ground::Rule(number) => format!("rule {number}"),
        other => other.name().replace('-', " "),
    }
}

fn ground_json(ground: Ground) -> Value {
    match ground {
        Ground::Rule(number) => number.into(),
        other => other.name().into(),
    }
}
