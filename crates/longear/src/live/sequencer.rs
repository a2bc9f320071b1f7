//! Which files become segments, in which order, and when each begins.
//!
//! Encoders put files and, after each segment, a playlist. Files are put aside under their names; the playlist decides. Time is
//! an argument: milliseconds of a clock that never goes back.
//!
//! A segment begins where the one before it of the same rendition ends. Where that is not so, because the encoder came back,
//! says so, lost something or was silent for long, it begins where the clock stands, and never before the one before it ended.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use axum::body::Bytes;
use longear_core::limits::{SEGMENT_MS_MAX, TICK_SEGMENTS_MAX};
use longear_core::live::{Medium, Timeline};

use super::Refusal;
use super::init::InitSegment;
use super::place::Place;
use super::playlist::Entry;

/// Bytes of files that wait for a playlist to name them. Beyond it the oldest are dropped.
const WAITING_BYTES_MAX: usize = 48 << 20;
/// Files that wait.
const WAITING_FILES_MAX: usize = 256;
/// Initialisation segments that are remembered: some of each rendition.
const INITS_MAX: usize = 32;
/// Names of segments that are remembered of each rendition, to tell one that comes again from one that comes late.
const TAKEN_MAX: usize = 64;
/// How far a rendition may fall behind the clock before it goes on where the clock stands, in microseconds.
const LAG_US_MAX: u64 = SEGMENT_MS_MAX as u64 * 1_000;

/// How long after each other an encoder may put what begins at the same moment, in microseconds.
const APART_US_MAX: u64 = 5_000_000;

/// What is known of what encoders put for one broadcast.
#[derive(Debug, Default)]
pub struct Sequencer {
    waiting: Waiting,
    inits: VecDeque<(Place, Arc<InitSegment>)>,
    renditions: BTreeMap<String, Rendition>,
    /// What the clock showed when the broadcast began.
    zero_ms: Option<u64>,
    anchor: Option<Anchor>,
}

/// Where a rendition began, or began anew, last: others of the same encoder begin there, too.
#[derive(Debug)]
struct Anchor {
    name: String,
    number: u64,
    start_us: u64,
}

impl Anchor {
    /// Where a segment begins that arrives as if it began at `arrives_us`: here, if it is of the same moment. Another rendition's
    /// first segment with the same number is, even if a slow machine puts it a little later.
    fn take_in(&self, name: &str, number: u64, arrives_us: u64, duration_us: u64) -> Option<u64> {
        let is_same = self.name != name && self.number == number;
        let apart_us = self.start_us.abs_diff(arrives_us);
        (apart_us <= if is_same { APART_US_MAX } else { duration_us / 2 }).then_some(self.start_us)
    }
}

/// A segment that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The rendition.
    pub name: String,
    /// What it plays behind.
    pub init: Arc<InitSegment>,
    /// The segment itself.
    pub bytes: Bytes,
    /// When it begins, in milliseconds since the broadcast began.
    pub start_ms: u64,
    /// How long it plays.
    pub duration_ms: u32,
}

#[derive(Debug)]
struct Rendition {
    medium: Medium,
    init: Option<Arc<InitSegment>>,
    end_us: u64,
    /// Number of the newest segment that was taken from the encoder that counts.
    last: Option<u64>,
    taken: VecDeque<Place>,
    /// Number of the newest segment of the encoder before, which may still be there.
    former: Option<u64>,
}

impl Sequencer {
    /// Goes on with a broadcast of which this much is known.
    pub fn resume(timeline: &Timeline) -> Self {
        let known = |medium, end_ms: u64| Rendition {
            medium,
            init: None,
            end_us: end_ms * 1_000,
            last: None,
            taken: VecDeque::new(),
            former: None,
        };
        let tracks = timeline.tracks().iter();
        let ends = tracks.map(|track| (track, track.parts.last().map_or(0, |part| part.end_ms())));
        let renditions = ends.map(|(track, end)| (track.name.clone(), known(track.medium, end))).collect();
        Sequencer { renditions, zero_ms: timeline.zero_ms(), ..Sequencer::default() }
    }

    /// Puts a segment aside until a playlist names it.
    pub fn segment(&mut self, place: Place, bytes: Bytes) {
        self.waiting.put(place, bytes);
    }

    /// Takes an initialisation segment. True if it is new.
    pub fn init(&mut self, place: Place, init: InitSegment) -> bool {
        let known = self.inits.iter().position(|(known, _)| *known == place);
        if known.is_some_and(|known| *self.inits[known].1 == init) {
            return false;
        }
        known.map(|known| self.inits.remove(known));
        if self.inits.len() == INITS_MAX {
            self.inits.pop_front();
        }
        self.inits.push_back((place, Arc::new(init)));
        true
    }

    /// Gives a rendition the initialisation segment that it had before this process began.
    pub fn restore_init(&mut self, name: &str, init: InitSegment) {
        if let Some(rendition) = self.renditions.get_mut(name) {
            rendition.init = Some(Arc::new(init));
        }
    }

    /// Takes what a playlist says: gives the segments that have ended with it.
    ///
    /// # Errors
    /// Why nothing of it counts.
    pub fn playlist(&mut self, place: &Place, entries: &[Entry], now_ms: u64) -> Result<Vec<Ended>, Refusal> {
        let Some(newest) = entries.last() else { return Ok(Vec::new()) };
        let Some(init) = self.init_of(place, newest) else { return Err(Refusal::NoInit(newest.init.clone())) };
        let name = place.rendition(init.medium)?;
        self.admit(&name, init.medium)?;
        self.notice_encoder(&name, place, entries)?;
        Ok(self.take(&name, place, entries, now_ms))
    }

    /// What a segment plays behind: what was put there, or, after a restart here, what its rendition had.
    fn init_of(&self, place: &Place, entry: &Entry) -> Option<Arc<InitSegment>> {
        let wanted = place.beside(&entry.init)?;
        let put = self.inits.iter().find(|(known, _)| *known == wanted).map(|(_, init)| init.clone());
        put.or_else(|| {
            let mut candidates = self.renditions.iter().filter_map(|(name, one)| Some((name, one.init.clone()?)));
            candidates.find(|(name, init)| place.rendition(init.medium).as_ref() == Ok(name)).map(|(_, init)| init)
        })
    }

    fn admit(&mut self, name: &str, medium: Medium) -> Result<(), Refusal> {
        match self.renditions.get(name) {
            Some(known) if std::mem::discriminant(&known.medium) != std::mem::discriminant(&medium) => {
                return Err(Refusal::OtherMedium(name.to_owned()));
            }
            Some(_) => {}
            None if self.renditions.len() >= TICK_SEGMENTS_MAX => return Err(Refusal::TooManyRenditions),
            None => {
                let new = Rendition { medium, init: None, end_us: 0, last: None, taken: VecDeque::new(), former: None };
                self.renditions.insert(name.to_owned(), new);
            }
        }
        Ok(())
    }

    /// Notices where another encoder has come, or the same one anew; and where the one before is still there.
    fn notice_encoder(&mut self, name: &str, place: &Place, entries: &[Entry]) -> Result<(), Refusal> {
        let Some(rendition) = self.renditions.get_mut(name) else { return Ok(()) };
        let (Some(first), Some(newest), Some(last)) = (entries.first(), entries.last(), rendition.last) else {
            return Ok(());
        };
        if let Some(former) = rendition.former
            && first.number > last + 1
            && (first.number..=newest.number).contains(&(former + 1))
        {
            rendition.former = Some(newest.number);
            return Err(Refusal::TakenOver);
        }
        // A number that is not ahead of the last one, with a file that has just come: either the numbers begin anew, or the name
        // was used before. What only comes late was never taken, and its playlist goes on to the newest.
        let comes_again = entries.iter().filter(|entry| entry.number <= last).any(|entry| {
            let file = place.beside(&entry.uri);
            file.is_some_and(|file| {
                self.waiting.has(&file) && (newest.number < last || rendition.taken.contains(&file))
            })
        });
        if comes_again {
            rendition.former = Some(last);
            rendition.last = None;
            rendition.taken.clear();
        }
        Ok(())
    }

    fn take(&mut self, name: &str, place: &Place, entries: &[Entry], now_ms: u64) -> Vec<Ended> {
        let mut ended = Vec::new();
        let last = self.renditions.get(name).and_then(|rendition| rendition.last);
        // Of an encoder that has just come, older entries may be those of a broadcast that it made elsewhere.
        let mut goes_on = last.is_some_and(|last| entries.first().is_some_and(|first| first.number <= last + 1));
        let mut skipped_us = 0;
        for (index, entry) in entries.iter().enumerate() {
            if last.is_some_and(|last| entry.number <= last) {
                continue;
            }
            goes_on &= !entry.is_discontinuous;
            let file = place.beside(&entry.uri).and_then(|file| Some((self.waiting.take(&file)?, file)));
            let (Some(duration_us), Some(init), Some((bytes, file))) =
                (entry.duration_us, self.init_of(place, entry), file)
            else {
                skipped_us += entry.duration_us.unwrap_or(0);
                continue;
            };
            let behind_us = entries[index + 1..].iter().filter_map(|entry| entry.duration_us).sum::<u64>();
            let arrives_us = self.place_us(now_ms, duration_us + behind_us);
            let Some(rendition) = self.renditions.get_mut(name) else { return ended };
            let wanted_us = rendition.end_us + skipped_us;
            let is_same_init = rendition.init.as_ref().is_some_and(|known| known.hash == init.hash);
            let start_us = if goes_on && is_same_init && arrives_us <= wanted_us + LAG_US_MAX {
                wanted_us
            } else {
                let anchor = self.anchor.as_ref();
                let moment = anchor.and_then(|one| one.take_in(name, entry.number, arrives_us, duration_us));
                let start_us = moment.unwrap_or(arrives_us).max(rendition.end_us);
                self.anchor = Some(Anchor { name: name.to_owned(), number: entry.number, start_us });
                start_us
            };
            ended.push(rendition.cut(name, init, bytes, start_us..start_us + duration_us));
            rendition.remember(entry.number, file);
            (goes_on, skipped_us) = (true, 0);
        }
        ended
    }

    /// Where in the broadcast something begins that ends after `length_us`, which is now.
    fn place_us(&mut self, now_ms: u64, length_us: u64) -> u64 {
        let zero_ms = *self.zero_ms.get_or_insert(now_ms.saturating_sub(length_us / 1_000));
        (now_ms.saturating_sub(zero_ms) * 1_000).saturating_sub(length_us)
    }
}

impl Rendition {
    fn cut(&mut self, name: &str, init: Arc<InitSegment>, bytes: Bytes, us: std::ops::Range<u64>) -> Ended {
        self.end_us = us.end;
        self.init = Some(init.clone());
        // Cut from exact times, so that rounding never adds up.
        let (start_ms, end_ms) = (us.start / 1_000, us.end / 1_000);
        Ended { name: name.to_owned(), init, bytes, start_ms, duration_ms: (end_ms - start_ms) as u32 }
    }

    fn remember(&mut self, number: u64, file: Place) {
        self.last = Some(number);
        if self.taken.len() == TAKEN_MAX {
            self.taken.pop_front();
        }
        self.taken.push_back(file);
    }
}

/// Files that came and were not named yet.
#[derive(Debug, Default)]
struct Waiting {
    files: HashMap<Place, Bytes>,
    order: VecDeque<Place>,
    bytes: usize,
}

impl Waiting {
    fn has(&self, place: &Place) -> bool {
        self.files.contains_key(place)
    }

    fn put(&mut self, place: Place, bytes: Bytes) {
        self.take(&place);
        self.bytes += bytes.len();
        self.order.push_back(place.clone());
        self.files.insert(place, bytes);
        while self.bytes > WAITING_BYTES_MAX || self.files.len() > WAITING_FILES_MAX {
            let Some(oldest) = self.order.front().cloned() else { return };
            self.take(&oldest);
        }
    }

    fn take(&mut self, place: &Place) -> Option<Bytes> {
        let bytes = self.files.remove(place)?;
        self.bytes -= bytes.len();
        self.order.retain(|known| known != place);
        Some(bytes)
    }
}

#[cfg(test)]
mod tests;
