//! Who may write as much as the room says.

use super::name::Entry;
use super::note::day_of;
use crate::limits::WRITERS_PER_DAY_MIN;
use crate::sorted::SortedMap;

/// Of so many entries admitted on earlier days one more writer may be admitted on a day.
const ENTRIES_PER_NEW_WRITER: usize = 50;

/// One decision that admits, in the order in which they count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admitting<'a> {
    /// Of the item's header.
    pub time: u64,
    /// Tickets were handed out; that of writers somebody knows is a word, of which a stolen key has only so many a day.
    pub are_writers: bool,
    /// Whom.
    pub entries: &'a [Entry],
}

/// The entries that decisions in force admit, and the day since which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Roll {
    since: SortedMap<Entry, u32>,
}

impl Roll {
    /// Who is admitted by decisions that ascend by time, item and index.
    pub fn of<'a>(admitting: impl IntoIterator<Item = Admitting<'a>>) -> Self {
        let mut roll = Roll::default();
        let (mut day, mut left) = (None, 0);
        for admits in admitting {
            let today = day_of(admits.time);
            if day != Some(today) {
                day = Some(today);
                left = WRITERS_PER_DAY_MIN.max(roll.len() / ENTRIES_PER_NEW_WRITER);
            }
            for entry in admits.entries {
                if roll.since.contains_key(entry) || admits.are_writers && left == 0 {
                    continue;
                }
                left -= usize::from(admits.are_writers);
                roll.since.insert(*entry, today);
            }
        }
        roll
    }

    /// The first day of an entry; `None` where it is not on the roll.
    pub fn since(&self, entry: &Entry) -> Option<u32> {
        self.since.get(entry).copied()
    }

    pub fn len(&self) -> usize {
        self.since.len()
    }

    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        self.since.keys().copied()
    }
}
