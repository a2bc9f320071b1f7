//! The payload of a `roll-up` item: ticks that are in the log for good.

use super::chapter::{Chapter, read_chapters, write_chapters};
use super::opening::StreamId;
use super::segment::Segment;
use super::tick::{Tick, read_segments, write_segments};
use crate::bytes::{Reader, Writer};
use crate::kind::Kind;
use crate::limits::{ROLL_UP_TICKS_MAX, TICKS_MAX};
use crate::reason::Reason;

/// What a tick said, without its signature: the item's own stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// When, by the newsroom's clock.
    pub time: u64,
    /// What had ended.
    pub segments: Vec<Segment>,
}

/// Consecutive ticks of a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollUp {
    /// The broadcast.
    pub stream: StreamId,
    /// Number of the first tick in it.
    pub first: u64,
    /// Whether the broadcast ends with the last of them.
    pub is_last: bool,
    /// What they said.
    pub beats: Vec<Beat>,
    /// Moments that were named meanwhile, ascending: of any time of the broadcast.
    pub chapters: Vec<Chapter>,
}

impl Beat {
    /// What a tick said.
    pub fn of(tick: &Tick) -> Self {
        Beat { time: tick.time, segments: tick.segments.clone() }
    }
}

impl RollUp {
    /// Number of the first tick behind it.
    pub fn end(&self) -> u64 {
        self.first + self.beats.len() as u64
    }

    /// All its segments, in order.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.beats.iter().flat_map(|beat| &beat.segments)
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(1).raw(&self.stream.0).u64(self.first).u8(u8::from(self.is_last)).u8(self.beats.len() as u8);
        for beat in &self.beats {
            out.u64(beat.time);
            write_segments(&mut out, &beat.segments);
        }
        write_chapters(&mut out, &self.chapters);
        out.into_bytes()
    }

    /// Reads the payload. Checks form and limits.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        let max = Kind::RollUp.payload_bytes_max();
        if bytes.len() > max {
            return Err(Reason::TooLong { what: "payload", max });
        }
        let mut input = Reader::new(bytes);
        input.version()?;
        let stream = StreamId(input.array()?);
        let first = input.below("tick number", TICKS_MAX)?;
        let is_last = match input.u8()? {
            0 => false,
            1 => true,
            _ => return Err(Reason::BadValue { what: "end" }),
        };
        let count = usize::from(input.u8()?);
        if count > ROLL_UP_TICKS_MAX {
            return Err(Reason::TooMany { what: "ticks", max: ROLL_UP_TICKS_MAX });
        }
        // The end alone may be said without a tick.
        if count == 0 && !is_last || first + count as u64 > TICKS_MAX {
            return Err(Reason::BadValue { what: "number of ticks" });
        }
        let mut beats = Vec::with_capacity(count);
        for _ in 0..count {
            beats.push(Beat { time: input.time("time")?, segments: read_segments(&mut input)? });
        }
        let chapters = read_chapters(&mut input)?;
        input.finish()?;
        Ok(RollUp { stream, first, is_last, beats, chapters })
    }
}
