//! What a moderator could put into the digest of a day.

use core::cmp::Reverse;

use super::copy::Room;
use super::name::{Entry, NoteId};
use super::standing::{Membership, NoteState};
use super::view::{Line, View};
use crate::limits::DIGEST_NOTES_MAX;
use crate::sorted::{SortedMap, SortedSet};

impl View {
    /// Suggests notes for the digest of a day: those that most members answered, one of each thread and of each writer, and
    /// before each what it answers. At most [`DIGEST_NOTES_MAX`] together.
    ///
    /// Members are counted, not answers: else somebody would put himself into the digest.
    pub fn digest_suggestions(&self, room: &Room, day: u32) -> Vec<NoteId> {
        let shown = self.lines().iter().filter(|line| line.state == NoteState::Shown && line.facts.is_words());
        let shown = shown.map(|line| (line.facts.id, line)).collect::<SortedMap<_, _>>();
        let popular = answered_by(&shown);
        let of_day = popular.iter().filter_map(|(note, count)| Some((*count, *shown.get(note)?)));
        let of_day = of_day.filter(|(_, line)| line.facts.day() == day && line.membership == Membership::Member);
        let mut candidates = of_day.collect::<Vec<_>>();
        candidates.sort_by_key(|(count, line)| (Reverse(*count), line.facts.id));
        let (mut threads, mut writers) = (SortedSet::<NoteId>::new(), SortedSet::<Entry>::new());
        let mut chosen = Vec::<NoteId>::new();
        for (_, line) in candidates {
            let Some(thread) = thread_of(line, &shown, room) else { continue };
            let is_new = thread.first().is_some_and(|root| !threads.contains(root));
            let fits = chosen.len() + thread.len() <= DIGEST_NOTES_MAX;
            if is_new && fits && writers.insert(line.facts.entry()) {
                threads.insert(thread[0]);
                chosen.extend(thread);
            }
        }
        chosen
    }
}

/// How many members answered each note, other than its own writer.
fn answered_by(shown: &SortedMap<NoteId, &Line>) -> SortedMap<NoteId, usize> {
    let answers = shown.values().filter(|line| line.membership == Membership::Member);
    let answers = answers.filter_map(|line| {
        let above = shown.get(&line.facts.parent?)?;
        (above.facts.entry() != line.facts.entry()).then_some((above.facts.id, line.facts.entry()))
    });
    let mut counts = SortedMap::new();
    for (note, _) in answers.collect::<SortedSet<_>>().iter() {
        *counts.at_or_insert(*note, || 0) += 1;
    }
    counts
}

/// A note and what it answers, the first of the thread first; `None` where some of it is not to be shown, or it is too long.
fn thread_of(line: &Line, shown: &SortedMap<NoteId, &Line>, room: &Room) -> Option<Vec<NoteId>> {
    let mut thread = vec![line.facts.id];
    let mut above = line.facts.parent;
    while let Some(id) = above.filter(|id| room.note(id).is_some()) {
        let line = shown.get(&id).filter(|_| thread.len() < DIGEST_NOTES_MAX)?;
        thread.push(id);
        above = line.facts.parent;
    }
    thread.reverse();
    Some(thread)
}
