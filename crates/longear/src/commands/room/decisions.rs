//! What moderators decide about notes and writers.

use std::collections::BTreeMap;

use longear_core::limits::ENTRIES_MAX;
use longear_core::room::{Decision, Facts, What, day_of};
use longear_core::{ItemId, RoomId};
use longear_store::rooms::PageNote;
use longear_store::{Store, Talk};
use serde_json::json;

use super::super::Context;
use crate::arguments::room::{BanArguments, GroundArguments, NotesArguments};
use crate::failure::Failure;
use crate::talk::{Moderator, find_note, ground};

/// Hides notes.
pub fn hide(context: &Context<'_>, arguments: &GroundArguments) -> Result<(), Failure> {
    decide(context, &arguments.notes, |talk, note| {
        Ok(vec![Decision::Hide { note: note.id, ground: ground(talk, &arguments.reason)? }])
    })?;
    tell(context, "Hidden wherever this arrives. Everybody can look at it by choice, and sees the reason.")
}

/// Drops the words of notes.
pub fn purge(context: &Context<'_>, arguments: &GroundArguments) -> Result<(), Failure> {
    decide(context, &arguments.notes, |talk, note| {
        if note.note.what != What::Words {
            return Err(Failure::refused("There are no words in this note"));
        }
        let spot = Facts::of(&note.note).spot;
        Ok(vec![Decision::Purge { note: note.id, spot, ground: ground(talk, &arguments.reason)? }])
    })?;
    tell(context, "The words are dropped here, and wherever this arrives. Copies in other hands cannot be recalled.")
}

/// Hides what a writer says, from a day on.
pub fn ban(context: &Context<'_>, arguments: &BanArguments) -> Result<(), Failure> {
    let mut has_ticket = false;
    decide(context, std::slice::from_ref(&arguments.note), |talk, note| {
        has_ticket = note.note.ticket.is_some();
        let first_day = arguments.from.map_or(note.note.day(), |date| day_of(date.start_ms()));
        let ground = ground(talk, &arguments.reason)?;
        Ok(vec![Decision::Ban { entry: note.note.entry(), first_day, ground }])
    })?;
    tell(
        context,
        if has_ticket {
            "What is said with this ticket is not shown from that day on."
        } else {
            "What this writer says is not shown from that day on. Without a ticket a new key costs nothing: he can come back as somebody else."
        },
    )
}

/// Shows notes above the others.
pub fn pin(context: &Context<'_>, arguments: &NotesArguments) -> Result<(), Failure> {
    decide(context, &arguments.notes, |_, note| Ok(vec![Decision::Pin { note: note.id }]))?;
    tell(context, "Pinned wherever this arrives. To undo it: longear room lift NOTE")
}

/// Undoes what was decided about notes and their writers.
pub fn lift(context: &Context<'_>, arguments: &NotesArguments) -> Result<(), Failure> {
    let now_ms = context.now_ms();
    let (home, store) = context.open()?;
    let mut random = || context.random();
    for (talk, notes) in by_room(&store, &arguments.notes, now_ms)? {
        let moderator = Moderator::new(&home, &store, &talk, &mut random)?;
        let mut lifts = Vec::new();
        for note in &notes {
            lifts.extend(moderator.lifts(&note.id, &note.note.entry()));
        }
        if lifts.is_empty() {
            return Err(Failure::refused("Nothing is decided about these notes or their writers"));
        }
        print(context, &talk, moderator.decide(lifts, now_ms)?)?;
    }
    tell(
        context,
        "What was decided about them has no force wherever this arrives. Words that were purged come back only where somebody still has them.",
    )
}

/// Puts the writers of notes on the roll.
pub fn admit(context: &Context<'_>, arguments: &NotesArguments) -> Result<(), Failure> {
    let now_ms = context.now_ms();
    let (home, store) = context.open()?;
    let mut random = || context.random();
    for (talk, notes) in by_room(&store, &arguments.notes, now_ms)? {
        let moderator = Moderator::new(&home, &store, &talk, &mut random)?;
        let known = |entry: &longear_core::room::Entry| talk.force.on_roll_since(entry).is_some();
        let mut entries = notes.iter().map(|note| note.note.entry()).filter(|entry| !known(entry)).collect::<Vec<_>>();
        entries.sort_unstable();
        entries.dedup();
        if entries.is_empty() {
            return Err(Failure::refused("These writers are on the roll already"));
        }
        if notes.iter().any(|note| note.note.ticket.is_some()) {
            return Err(Failure::refused("A ticket that is not on the roll is not one of this room's")
                .hint("Give the writer a ticket: longear room tickets"));
        }
        let some = entries.chunks(ENTRIES_MAX).map(|some| Decision::Writers(some.to_vec())).collect();
        print(context, &talk, moderator.decide(some, now_ms)?)?;
    }
    tell(context, "They are on the roll wherever this arrives: their notes are kept before those of strangers.")
}

fn decide(
    context: &Context<'_>,
    names: &[String],
    mut about: impl FnMut(&Talk, &PageNote) -> Result<Vec<Decision>, Failure>,
) -> Result<(), Failure> {
    let now_ms = context.now_ms();
    let (home, store) = context.open()?;
    let mut random = || context.random();
    for (talk, notes) in by_room(&store, names, now_ms)? {
        let moderator = Moderator::new(&home, &store, &talk, &mut random)?;
        let mut list = Vec::new();
        for note in &notes {
            list.extend(about(&talk, note)?);
        }
        print(context, &talk, moderator.decide(list, now_ms)?)?;
        // What is purged goes at once.
        store.talk(&talk.id(), now_ms).map_err(|error| crate::talk::room_failure(&error))?;
    }
    Ok(())
}

/// The notes by their rooms: a moderation item is about one.
fn by_room(store: &Store, names: &[String], now_ms: u64) -> Result<Vec<(Talk, Vec<PageNote>)>, Failure> {
    let mut rooms = BTreeMap::<RoomId, (Talk, Vec<PageNote>)>::new();
    for name in names {
        let (talk, note) = find_note(store, name, now_ms)?;
        rooms.entry(talk.id()).or_insert_with(|| (talk, Vec::new())).1.push(note);
    }
    Ok(rooms.into_values().collect())
}

fn print(context: &Context<'_>, talk: &Talk, item: ItemId) -> Result<(), Failure> {
    if context.screen.json() {
        return context
            .screen
            .print_json(&json!({"version": 1, "id": item.to_string(), "room": talk.id().to_string()}));
    }
    context.screen.print(&format!("{item}\n"))
}

fn tell(context: &Context<'_>, words: &str) -> Result<(), Failure> {
    if !context.screen.json() {
        context.screen.note(words);
    }
    Ok(())
}
