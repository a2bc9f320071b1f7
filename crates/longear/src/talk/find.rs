//! Rooms and notes by what people call them: the beginnings of their IDs.

use longear_core::NoteId;
use longear_store::rooms::PageNote;
use longear_store::{Store, Talk};

use super::room_failure;
use crate::commands::followed;
use crate::failure::Failure;
use crate::terminal::printable;

/// Digits of an ID that must be said at least: fewer are met by chance.
const DIGITS_MIN: usize = 6;

/// The room that an ID, or the beginning of one, names; without one the only room that is known here.
pub fn find_room(store: &Store, name: Option<&str>, now_ms: u64) -> Result<Talk, Failure> {
    let rooms = rooms(store, now_ms)?;
    let several = rooms.len() > 1;
    let lines = rooms.iter().map(|talk| format!("  {}  {}", short(talk), printable(&talk.opening.title)));
    let lines = lines.collect::<Vec<_>>().join("\n");
    let is_meant = |talk: &Talk| name.is_none_or(|name| !name.is_empty() && talk.id().to_string().starts_with(name));
    let mut meant = rooms.into_iter().filter(is_meant);
    match (meant.next(), meant.next(), name) {
        (Some(talk), None, _) => Ok(talk),
        (None, _, None) => Err(Failure::refused("No room is known here")
            .hint("Open one: longear room open --title TITLE, or fetch what others opened: longear sync CARRIER")),
        (None, _, Some(name)) => Err(Failure::refused(format!("There is no room {} here", printable(name)))
            .hint("See which there are: longear room list")),
        _ if several => Err(Failure::refused(format!("Which room? There are several:\n{lines}"))
            .hint("Name one by the beginning of its ID")),
        _ => Err(Failure::bug("a room is two rooms")),
    }
}

/// All rooms of the channels that are followed here, newest first within each.
pub fn rooms(store: &Store, now_ms: u64) -> Result<Vec<Talk>, Failure> {
    let mut rooms = Vec::new();
    for state in followed(store)? {
        rooms.extend(store.talks(&state.id(), now_ms).map_err(|error| room_failure(&error))?);
    }
    Ok(rooms)
}

/// The note that an ID, or the beginning of one, names, and its room.
pub fn find_note(store: &Store, name: &str, now_ms: u64) -> Result<(Talk, PageNote), Failure> {
    let name = name.trim();
    let is_digits = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !is_digits || name.len() < DIGITS_MIN {
        return Err(Failure::refused(format!("`{}` names no note", printable(name)))
            .hint("Say the beginning of its ID, six digits or more: longear room show"));
    }
    let mut found = Vec::<(Talk, NoteId)>::new();
    for talk in rooms(store, now_ms)? {
        let ids = talk.notes.ids_starting_with(name).map_err(|error| room_failure(&error))?;
        found.extend(ids.into_iter().map(|id| (talk.clone(), id)));
    }
    let (talk, id) = match found.as_slice() {
        [one] => one.clone(),
        [] => {
            return Err(Failure::refused(format!("There is no note {name} here"))
                .hint("See what is said: longear room show. Notes that were purged are not held"));
        }
        _ => {
            return Err(Failure::refused(format!("Several notes begin with {name}")).hint("Say more of its ID"));
        }
    };
    let note = talk.notes.note(&id).map_err(|error| room_failure(&error))?;
    note.map(|note| (talk, note)).ok_or_else(|| Failure::refused("This note has just been dropped"))
}

/// What a room is called where there is little space.
pub fn short(talk: &Talk) -> String {
    talk.id().to_string()[..12].to_owned()
}
