//! Which notes of a full room are in the shares of those who are on its roll.
//!
//! In memory, eight bytes a note, and only while a room is more than half full: what is in a share is never dropped, so nobody
//! needs to look for it on the disk.

use std::collections::HashMap;

use longear_core::room::{Entry, Facts};

/// A note among those of its entry: shortest first, then by rank. No two of an entry have the same slot, day and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held(u64);

/// The shares of all who have written something.
#[derive(Debug)]
pub struct Shares {
    share_bytes: u64,
    by_entry: HashMap<Entry, Share>,
    spoken_for: u64,
}

/// What is held of one entry.
#[derive(Debug, Default)]
struct Share {
    /// Ascending; the first `inside` of them are in the share.
    notes: Vec<Held>,
    inside: usize,
    inside_bytes: u64,
    /// The first that ever did not fit: held, or dropped since.
    cut: Option<Held>,
}

impl Held {
    /// A note of a member.
    pub fn of(facts: &Facts) -> Self {
        let [slot, flag, day] = [u64::from(facts.spot.slot), u64::from(facts.place().is_flag), u64::from(!facts.day())];
        Held(u64::from(facts.bytes) << 48 | slot << 40 | flag << 32 | day)
    }

    /// Its length.
    pub fn bytes(self) -> u64 {
        self.0 >> 48
    }

    /// Its UTC day.
    pub fn day(self) -> u32 {
        !(self.0 as u32)
    }

    /// How it ranks among members' notes as far as a group goes: slot, flag or not, day.
    pub fn rank(self) -> [u8; 6] {
        let [_, _, slot, flag, day @ ..] = self.0.to_be_bytes();
        let [a, b, c, d] = day;
        [slot, flag, a, b, c, d]
    }
}

impl Shares {
    /// Shares of so many bytes each, of which nobody has written anything.
    pub fn new(share_bytes: u64) -> Self {
        Shares { share_bytes, by_entry: HashMap::new(), spoken_for: 0 }
    }

    /// What of the room is not for others: full shares whole, of the others what is in them.
    pub fn spoken_for(&self) -> u64 {
        self.spoken_for
    }

    /// Whether a note is in its share.
    pub fn is_inside(&self, entry: &Entry, note: Held) -> bool {
        self.by_entry.get(entry).is_some_and(|share| share.notes[..share.inside].binary_search(&note).is_ok())
    }

    /// Whether a note that is not held would be refused a place in its share.
    pub fn would_refuse(&self, entry: &Entry, note: Held) -> bool {
        self.by_entry.get(entry).and_then(|share| share.cut).is_some_and(|cut| note >= cut)
    }

    /// Adds a note. Says which notes of its entry are in no share now and were in one, or came.
    pub fn add(&mut self, entry: Entry, note: Held) -> Vec<Held> {
        let (max, mut moved) = (self.share_bytes, Vec::new());
        self.change(entry, |share| {
            let at = share.notes.binary_search(&note).unwrap_or_else(|at| at);
            share.notes.insert(at, note);
            if share.cut.is_some_and(|cut| note >= cut) {
                moved.push(note);
                return;
            }
            share.inside += 1;
            share.inside_bytes += note.bytes();
            while share.inside_bytes > max {
                share.inside -= 1;
                let last = share.notes[share.inside];
                share.inside_bytes -= last.bytes();
                share.cut = Some(share.cut.map_or(last, |cut| cut.min(last)));
                moved.push(last);
            }
        });
        moved
    }

    /// Takes a note out. Says whether it was in its share.
    pub fn remove(&mut self, entry: Entry, note: Held) -> bool {
        let mut was_inside = false;
        self.change(entry, |share| {
            let Ok(at) = share.notes.binary_search(&note) else { return };
            share.notes.remove(at);
            was_inside = at < share.inside;
            if was_inside {
                share.inside -= 1;
                share.inside_bytes -= note.bytes();
            }
        });
        was_inside
    }

    /// After room was made in a share: says which notes are in it now and were not.
    pub fn refill(&mut self, entry: Entry) -> Vec<Held> {
        let (max, mut moved) = (self.share_bytes, Vec::new());
        self.change(entry, |share| {
            while let Some(next) = share.notes.get(share.inside)
                && share.inside_bytes + next.bytes() <= max
            {
                moved.push(*next);
                share.inside += 1;
                share.inside_bytes += next.bytes();
            }
            share.cut = share.notes.get(share.inside).copied();
        });
        moved
    }

    fn change(&mut self, entry: Entry, change: impl FnOnce(&mut Share)) {
        let max = self.share_bytes;
        let count = |share: &Share| if share.cut.is_some() { max } else { share.inside_bytes };
        let share = self.by_entry.entry(entry).or_default();
        self.spoken_for -= count(share);
        change(share);
        self.spoken_for += count(share);
    }
}
