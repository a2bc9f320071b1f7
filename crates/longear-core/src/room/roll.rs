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
    /// Counts for the caps, and admits nobody.
    pub is_lifted: bool,
    /// Whom.
    pub entries: &'a [Entry],
}

/// The entries that decisions in force admit, and the day since which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Roll {
    known: SortedMap<Entry, Admitted>,
    count: usize,
}

/// Since when an entry is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Admitted {
    /// By decisions in force; `None` where all that admit it were lifted.
    in_force: Option<u32>,
    /// By any, lifted or not.
    ever: u32,
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
                left = WRITERS_PER_DAY_MIN.max(roll.known.len() / ENTRIES_PER_NEW_WRITER);
            }
            for entry in admits.entries {
                if !roll.known.contains_key(entry) {
                    if admits.are_writers && left == 0 {
                        continue;
                    }
                    left -= usize::from(admits.are_writers);
                }
                roll.admit(*entry, today, admits.is_lifted);
            }
        }
        roll
    }

    fn admit(&mut self, entry: Entry, day: u32, is_lifted: bool) {
        let admitted = self.known.at_or_insert(entry, || Admitted { in_force: None, ever: day });
        if admitted.in_force.is_none() && !is_lifted {
            admitted.in_force = Some(day);
            self.count += 1;
        }
    }

    /// The first day of an entry; `None` where it is not on the roll.
    pub fn since(&self, entry: &Entry) -> Option<u32> {
        self.known.get(entry)?.in_force
    }

    /// The same, whether what admits it was lifted or not.
    pub fn ever_since(&self, entry: &Entry) -> Option<u32> {
        self.known.get(entry).map(|admitted| admitted.ever)
    }

    /// How many entries were admitted, whether that was lifted or not.
    pub fn ever_len(&self) -> usize {
        self.known.len()
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        self.known.iter().filter(|(_, admitted)| admitted.in_force.is_some()).map(|(entry, _)| *entry)
    }
}
