//! The best notes of a day, which travel with the news.

use longear_core::limits::DIGEST_NOTES_MAX;
use longear_core::room::{Decision, Endorsements, Note, NoteId, Room, View, day_of, verify_note};
use longear_store::Talk;
use longear_store::rooms::PageNote;
use serde_json::json;

use super::super::Context;
use super::list::name_of;
use crate::arguments::room::DigestArguments;
use crate::failure::Failure;
use crate::talk::{Moderator, find_note, find_room, room_failure};
use crate::terminal::printable;

/// Days behind that of a digest in which answers are counted.
const ANSWERING_DAYS: u32 = 2;

/// Suggests notes for a digest, or publishes one.
pub fn digest(context: &Context<'_>, arguments: &DigestArguments) -> Result<(), Failure> {
    if arguments.suggest { suggest(context, arguments) } else { publish(context, arguments) }
}

fn suggest(context: &Context<'_>, arguments: &DigestArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let now_ms = context.now_ms();
    let talk = find_room(&store, arguments.room.as_deref(), now_ms)?;
    let day = arguments.day.map_or(day_of(now_ms), |date| day_of(date.start_ms()));
    let room = room_of_days(&talk, day..=day.saturating_add(ANSWERING_DAYS))?;
    let view = View::of(&room, talk.terms(), &talk.force, now_ms);
    let suggested = view.digest_suggestions(&room, day);
    for id in &suggested {
        let Some(held) = room.note(id) else { continue };
        if context.screen.json() {
            context.screen.print_json(&json!({
                "version": 1, "id": id.to_string(), "room": talk.id().to_string(), "text": held.note.text,
                "parent": held.note.parent.map(|id| id.to_string()),
            }))?;
        } else {
            let words = longear_pages::note_quote(&held.note.text);
            context.screen.print(&format!(
                "{}  {}: {}\n",
                &id.to_string()[..12],
                name_of(&talk, &held.note.key),
                printable(&words)
            ))?;
        }
    }
    if !context.screen.json() {
        context.screen.note(match suggested.is_empty() {
            true => "No note of that day was answered by others yet. Choose by hand: longear room digest NOTE NOTE NOTE",
            false => "Suggested by how many writers answered; nothing is published. To publish: longear room digest NOTE NOTE NOTE",
        });
    }
    Ok(())
}

/// The notes of some days, in memory.
fn room_of_days(talk: &Talk, days: std::ops::RangeInclusive<u32>) -> Result<Room, Failure> {
    let (mut room, mut known) = (Room::new(talk.venue), Endorsements::default());
    for day in days {
        let take = |signed: Vec<u8>| {
            let note = Note::decode(&signed).and_then(|note| verify_note(&talk.venue, note, &mut known));
            if let Ok(note) = note {
                room.insert(note);
            }
        };
        talk.notes.each_of_day(day, take).map_err(|error| room_failure(&error))?;
    }
    Ok(room)
}

fn publish(context: &Context<'_>, arguments: &DigestArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let now_ms = context.now_ms();
    let found = arguments.notes.iter().map(|name| find_note(&store, name, now_ms)).collect::<Result<Vec<_>, _>>()?;
    let (talk, _) = found.first().ok_or_else(|| Failure::usage("Name notes, or ask for some: --suggest"))?;
    if found.iter().any(|(other, _)| other.id() != talk.id()) {
        return Err(Failure::refused("These notes are of several rooms. A digest is of one"));
    }
    let notes = with_answered(talk, found.iter().map(|(_, note)| note))?;
    let day = arguments.day.map_or(day_of(now_ms), |date| day_of(date.start_ms()));
    let mut random = || context.random();
    let moderator = Moderator::new(&home, &store, talk, &mut random)?;
    let count = notes.len();
    let id = moderator.decide(vec![Decision::Digest { day, notes }], now_ms)?;
    if context.screen.json() {
        return context.screen.print_json(&json!({
            "version": 1, "id": id.to_string(), "room": talk.id().to_string(), "notes": count,
        }));
    }
    context.screen.print(&format!("{id}\n"))?;
    context.screen.note(&format!(
        "A digest of {count} notes goes out with the news. To undo it: longear retract {}",
        &id.to_string()[..12]
    ));
    Ok(())
}

/// The notes, each behind what it answers: alone it could not be understood.
fn with_answered<'n>(talk: &Talk, notes: impl Iterator<Item = &'n PageNote>) -> Result<Vec<Note>, Failure> {
    let mut chosen = Vec::<(NoteId, Note)>::new();
    for note in notes {
        let mut thread = vec![(note.id, note.note.clone())];
        let mut above = note.note.parent;
        while let Some(id) =
            above.filter(|id| thread.len() < DIGEST_NOTES_MAX && !chosen.iter().any(|(known, _)| known == id))
        {
            let Some(parent) = talk.notes.note(&id).map_err(|error| room_failure(&error))? else { break };
            above = parent.note.parent;
            thread.push((id, parent.note));
        }
        thread.reverse();
        thread.retain(|(id, _)| !chosen.iter().any(|(known, _)| known == id));
        chosen.extend(thread);
    }
    if chosen.len() > DIGEST_NOTES_MAX {
        return Err(Failure::refused(format!(
            "With what they answer these are {} notes; a digest has at most {DIGEST_NOTES_MAX}",
            chosen.len()
        ))
        .hint("Choose fewer"));
    }
    Ok(chosen.into_iter().map(|(_, note)| note).collect())
}
