//! What a note is: shown, or why not.

use super::force::Force;
use super::name::Entry;
use super::opening::{Admission, Opening};
use super::place::Facts;
use crate::limits::{FLAGS_PER_DAY_MAX, LANE_NOTES_PER_DAY, NOTE_AHEAD_MS_MAX};

/// What an opening says about who may write how much, and how long it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Who may write.
    pub admission: Admission,
    /// Notes per writer and UTC day.
    pub notes_per_day: u8,
    /// Days that notes are kept.
    pub retention_days: u16,
}

/// How a writer stands to the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Membership {
    /// On the roll, or in an open room that has none yet.
    Member,
    /// Not on the roll of an open room: little room, and last.
    Stranger,
    /// Not on the roll of a room with tickets.
    Outsider,
}

/// How a note stands to the terms and the roll, whatever the time is, and whatever moderators say against its writer: what is
/// kept goes by this, and what was dropped for a stolen key's ban would not come back when its log is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Of a member.
    Full,
    /// Of a stranger.
    InLane,
    /// Its ticket was handed out after its day.
    Early,
    /// More than its entry may write.
    Beyond,
}

/// What a note is to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteState {
    /// Its words are dropped.
    Purged,
    /// Its time has not come, or the room was closed before its day.
    Waiting,
    /// Its entry is banned on its day.
    Banned,
    /// Its ticket was handed out after its day.
    Early,
    /// More than its entry may write.
    Beyond,
    /// To be looked at by choice; [`Force::hides`] says why.
    Hidden,
    /// To be shown.
    Shown,
}

impl Opening {
    /// What it says about who may write how much, and how long it is kept.
    pub fn terms(&self) -> Terms {
        let Opening { admission, notes_per_day, retention_days, .. } = *self;
        Terms { admission, notes_per_day, retention_days }
    }
}

impl Terms {
    /// How an entry stands to the room.
    pub fn membership(&self, force: &Force, entry: &Entry) -> Membership {
        match self.admission {
            _ if force.on_roll_since(entry).is_some() => Membership::Member,
            Admission::Open if force.roll_length() == 0 => Membership::Member,
            Admission::Open => Membership::Stranger,
            Admission::Tickets => Membership::Outsider,
        }
    }

    /// How a note stands to the terms and the roll.
    pub fn standing(&self, force: &Force, facts: &Facts) -> Standing {
        let entry = facts.entry();
        if facts.has_ticket && force.on_roll_since(&entry).is_some_and(|since| facts.day() < since) {
            return Standing::Early;
        }
        let is_flag = facts.place().is_flag;
        let (slots, standing) = match self.membership(force, &entry) {
            Membership::Member if is_flag => (FLAGS_PER_DAY_MAX, Standing::Full),
            Membership::Member => (self.notes_per_day, Standing::Full),
            Membership::Stranger if !is_flag => (self.notes_per_day.min(LANE_NOTES_PER_DAY), Standing::InLane),
            // Flags of who is not on the roll count for nothing, so they shall cost nothing.
            Membership::Stranger | Membership::Outsider => (0, Standing::Beyond),
        };
        if facts.spot.slot < slots { standing } else { Standing::Beyond }
    }

    /// What a note is at a time: the later of the device's clock and the channel's. `shown_ms` is its shown time.
    pub fn state(&self, force: &Force, facts: &Facts, shown_ms: u64, now_ms: u64) -> NoteState {
        let is_after_end = force.closed_day().is_some_and(|last| facts.day() > last);
        if force.is_purged(facts) {
            NoteState::Purged
        } else if shown_ms > now_ms.saturating_add(NOTE_AHEAD_MS_MAX) || is_after_end {
            NoteState::Waiting
        } else if force.is_banned(&facts.entry(), facts.day()) {
            NoteState::Banned
        } else {
            match self.standing(force, facts) {
                Standing::Early => NoteState::Early,
                Standing::Beyond => NoteState::Beyond,
                Standing::Full | Standing::InLane if force.hides(&facts.id).is_empty() => NoteState::Shown,
                Standing::Full | Standing::InLane => NoteState::Hidden,
            }
        }
    }

    /// Whether a note's time in the room is over, on a day: that of the earlier of the device's clock and the channel's.
    pub fn is_expired(&self, note_day: u32, today: u32) -> bool {
        note_day.saturating_add(u32::from(self.retention_days)) < today
    }
}

impl NoteState {
    /// The name in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            NoteState::Purged => "purged",
            NoteState::Waiting => "waiting",
            NoteState::Banned => "banned",
            NoteState::Early => "early",
            NoteState::Beyond => "beyond",
            NoteState::Hidden => "hidden",
            NoteState::Shown => "shown",
        }
    }
}
