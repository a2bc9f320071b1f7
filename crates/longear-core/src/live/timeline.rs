//! What is known of a broadcast, put in order.

use core::ops::Range;

use super::chapter::Chapter;
use super::edge::Edge;
use super::roll_up::RollUp;
use super::segment::{Medium, Segment};
use crate::limits::{CHAPTERS_MAX, TRACKS_MAX};

/// How old the newest tick may be for a broadcast to be called live.
pub const FRESH_MS_MAX: u64 = 30_000;
/// Spaces between segments up to this length are the encoder's rounding, and no holes.
pub const SPACE_MS_MAX: u64 = 500;

/// A broadcast as its roll-ups and its edge tell it. Costs some 100 bytes for each segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    tracks: Vec<Track>,
    chapters: Vec<Chapter>,
    /// Number behind the last tick that was taken.
    next: u64,
    zero: Option<u64>,
    newest: Option<u64>,
    is_over: bool,
}

/// One rendition: its segments in order, none over another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// What it is called.
    pub name: String,
    /// What it holds.
    pub medium: Medium,
    /// Its segments.
    pub parts: Vec<Part>,
}

/// A segment in a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// When it begins, in milliseconds since the broadcast began.
    pub start_ms: u64,
    /// How long it plays.
    pub duration_ms: u32,
    /// Hash of the initialisation segment.
    pub init: [u8; 32],
    /// Its bytes.
    pub init_size: u32,
    /// Hash of the segment.
    pub blob: [u8; 32],
    /// Its bytes.
    pub size: u32,
}

/// How a broadcast stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It was announced; no tick is known.
    Soon,
    /// It runs, and may be called live.
    Live,
    /// It runs as far as is known; the newest tick was signed at that time, by the newsroom's clock.
    Waiting {
        /// The newest tick's time.
        since_ms: u64,
    },
    /// The publisher ended it.
    Over,
}

/// From when to when segments reach that follow each other, in milliseconds since the broadcast began; ascending, apart.
pub fn spans<'p>(parts: impl IntoIterator<Item = &'p Part>) -> Vec<Range<u64>> {
    let mut spans = Vec::<Range<u64>>::new();
    for part in parts {
        match spans.last_mut() {
            Some(last) if part.start_ms <= last.end + SPACE_MS_MAX => last.end = part.end_ms(),
            _ => spans.push(part.start_ms..part.end_ms()),
        }
    }
    spans
}

impl Part {
    /// When it ends.
    pub fn end_ms(&self) -> u64 {
        self.start_ms + u64::from(self.duration_ms)
    }

    /// Whether nothing is missing between this part and the next one.
    pub fn meets(&self, next: &Part) -> bool {
        next.start_ms <= self.end_ms() + SPACE_MS_MAX
    }
}

impl Timeline {
    /// Puts together what is held: the roll-ups in the order of their log, then the edge.
    ///
    /// Of what contradicts, the first counts: so a tick counts for nothing where a roll-up speaks, and nothing does behind the
    /// end of a broadcast.
    pub fn of<'a>(roll_ups: impl IntoIterator<Item = &'a RollUp>, edge: Option<&Edge>) -> Self {
        let mut timeline = Timeline::default();
        roll_ups.into_iter().for_each(|roll_up| timeline.take_roll_up(roll_up));
        match edge {
            Some(edge) => timeline.with_edge(edge),
            None => timeline,
        }
    }

    /// Takes the next roll-up of the log, before any edge: a day of broadcast is not put together anew for each minute of it.
    pub fn take_roll_up(&mut self, roll_up: &RollUp) {
        for (seq, beat) in (roll_up.first..).zip(&roll_up.beats) {
            self.beat(seq, beat.time, &beat.segments);
        }
        roll_up.chapters.iter().for_each(|chapter| self.chapter(chapter));
        self.is_over |= roll_up.is_last;
    }

    /// The same with the ticks of an edge behind it.
    #[must_use]
    pub fn with_edge(mut self, edge: &Edge) -> Self {
        edge.ticks().iter().for_each(|tick| self.beat(tick.seq, tick.time, &tick.segments));
        self
    }

    /// The renditions, in the order in which they first came.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The rendition of that name.
    pub fn track(&self, name: &str) -> Option<&Track> {
        self.tracks.iter().find(|track| track.name == name)
    }

    /// Moments that the publisher named, ascending.
    pub fn chapters(&self) -> &[Chapter] {
        &self.chapters
    }

    /// Whether the publisher ended it.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Number behind the last tick that is known.
    pub fn next_tick(&self) -> u64 {
        self.next
    }

    /// When the newest tick was signed, by the newsroom's clock.
    pub fn newest_ms(&self) -> Option<u64> {
        self.newest
    }

    /// What the newsroom's clock showed when it began.
    pub fn zero_ms(&self) -> Option<u64> {
        self.zero
    }

    /// When the last segment ends that is known.
    pub fn end_ms(&self) -> u64 {
        self.tracks.iter().filter_map(|track| track.parts.last()).map(Part::end_ms).max().unwrap_or(0)
    }

    /// Whether it may be called live: it runs, and its newest tick is young. An old recording that somebody plays into a mirror
    /// has an old tick; a clock that is wrong makes "waiting" of "live", which is the better mistake.
    pub fn is_live(&self, now_ms: u64) -> bool {
        !self.is_over && self.newest.is_some_and(|newest| now_ms.abs_diff(newest) <= FRESH_MS_MAX)
    }

    /// How it stands by this clock.
    pub fn phase(&self, now_ms: u64) -> Phase {
        match self.newest {
            _ if self.is_over => Phase::Over,
            None => Phase::Soon,
            Some(_) if self.is_live(now_ms) => Phase::Live,
            Some(since_ms) => Phase::Waiting { since_ms },
        }
    }

    fn beat(&mut self, seq: u64, time: u64, segments: &[Segment]) {
        if seq < self.next || self.is_over {
            return;
        }
        self.next = seq + 1;
        self.newest = Some(time);
        let end = segments.iter().map(Segment::end_ms).max().unwrap_or(0);
        self.zero.get_or_insert(time.saturating_sub(end));
        segments.iter().for_each(|segment| self.segment(segment));
    }

    /// The last name of a moment counts, so that a slip of the pen can be mended.
    fn chapter(&mut self, chapter: &Chapter) {
        if self.is_over {
            return;
        }
        match self.chapters.binary_search_by_key(&chapter.start_ms, |known| known.start_ms) {
            Ok(known) => self.chapters[known] = chapter.clone(),
            Err(place) if self.chapters.len() < CHAPTERS_MAX => self.chapters.insert(place, chapter.clone()),
            Err(_) => {}
        }
    }

    fn segment(&mut self, segment: &Segment) {
        let known = self.tracks.iter().position(|track| track.name == segment.name);
        let index = known.unwrap_or(self.tracks.len());
        if index == TRACKS_MAX {
            return;
        }
        if known.is_none() {
            self.tracks.push(Track { name: segment.name.clone(), medium: segment.medium, parts: Vec::new() });
        }
        let track = &mut self.tracks[index];
        // A rendition is one thing all the time; what lies over what was there before would be played twice.
        let is_behind = track.parts.last().is_none_or(|last| last.end_ms() <= segment.start_ms);
        if is_behind && core::mem::discriminant(&track.medium) == core::mem::discriminant(&segment.medium) {
            let Segment { start_ms, duration_ms, init, init_size, blob, size, .. } = *segment;
            track.parts.push(Part { start_ms, duration_ms, init, init_size, blob, size });
        }
    }
}
