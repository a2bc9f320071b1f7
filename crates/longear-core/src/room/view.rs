//! A room as readers and moderators see it.

use super::copy::Room;
use super::force::Force;
use super::name::{Entry, NoteId};
use super::note::What;
use super::place::Facts;
use super::standing::{Membership, NoteState, Terms};
use crate::sorted::{SortedMap, SortedSet};

/// The notes of a copy in the order of the room, with what they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    lines: Vec<Line>,
}

/// One note of a room: words, or a place whose words were taken back. Flags are counted only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What never changes.
    pub facts: Facts,
    /// What it is now.
    pub state: NoteState,
    /// When it stands in the room.
    pub shown_ms: u64,
    /// How its writer stands to the room.
    pub membership: Membership,
    /// Whether moderators put it above others.
    pub is_pinned: bool,
    /// How many shown notes answer it.
    pub replies: u32,
    /// How many entries of the roll ask the moderators to look at it.
    pub flags: u32,
}

impl View {
    /// What a copy looks like at a time: the later of the device's clock and the channel's.
    ///
    /// Costs a few microseconds for each note.
    pub fn of(room: &Room, terms: Terms, force: &Force, now_ms: u64) -> Self {
        let shown = shown_times(room, force);
        let state = |facts: &Facts| {
            let shown_ms = shown.get(&facts.id).copied().unwrap_or(facts.floor_ms);
            (terms.state(force, facts, shown_ms, now_ms), shown_ms)
        };
        let (mut replies, mut flags) = (SortedMap::<NoteId, u32>::new(), SortedSet::<(NoteId, Entry)>::new());
        let mut lines = Vec::new();
        for facts in room.notes().map(|held| &held.facts).filter(|facts| !force.refuses(facts)) {
            let ((state, shown_ms), membership) = (state(facts), terms.membership(force, &facts.entry()));
            match (facts.what, facts.parent) {
                (What::Flag, Some(parent)) if state == NoteState::Shown => {
                    flags.insert((parent, facts.entry()));
                }
                (What::Words, Some(parent)) if state == NoteState::Shown => *replies.at_or_insert(parent, || 0) += 1,
                _ => {}
            }
            if facts.what != What::Flag {
                let is_pinned = !force.pins(&facts.id).is_empty();
                lines.push(Line { facts: *facts, state, shown_ms, membership, is_pinned, replies: 0, flags: 0 });
            }
        }
        let mut flag_counts = SortedMap::<NoteId, u32>::new();
        flags.iter().for_each(|(note, _)| *flag_counts.at_or_insert(*note, || 0) += 1);
        for line in &mut lines {
            line.replies = replies.get(&line.facts.id).copied().unwrap_or(0);
            line.flags = flag_counts.get(&line.facts.id).copied().unwrap_or(0);
        }
        lines.sort_unstable_by_key(|line| (line.shown_ms, line.facts.id));
        View { lines }
    }

    /// All of them, in the order of the room.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What moderators are to look at: what was flagged and nobody decided about, most flags first.
    pub fn queue(&self) -> Vec<&Line> {
        let waits = |line: &&Line| line.flags > 0 && line.state == NoteState::Shown && line.facts.is_words();
        let mut queue = self.lines.iter().filter(waits).collect::<Vec<_>>();
        queue.sort_by_key(|line| (core::cmp::Reverse(line.flags), line.shown_ms, line.facts.id));
        queue
    }
}

/// When each note stands in the room: not before what it answers, however its writer's clock goes.
///
/// What was purged is held by some only, so nothing may depend on it.
fn shown_times(room: &Room, force: &Force) -> SortedMap<NoteId, u64> {
    let mut shown = SortedMap::<NoteId, u64>::new();
    let held = |id: &NoteId| room.note(id).map(|held| &held.facts).filter(|facts| !force.refuses(facts));
    let mut waiting = Vec::new();
    for facts in room.notes().map(|held| &held.facts) {
        // Goes up to what is known already, and down again: somebody may have answered himself ten thousand times.
        let mut next = Some(facts);
        while let Some(facts) = next.filter(|facts| !shown.contains_key(&facts.id)) {
            waiting.push(facts);
            next = facts.parent.and_then(|parent| held(&parent));
        }
        let mut above = next.and_then(|facts| shown.get(&facts.id).copied()).unwrap_or(0);
        while let Some(facts) = waiting.pop() {
            above = above.max(facts.floor_ms);
            shown.insert(facts.id, above);
        }
    }
    shown
}
