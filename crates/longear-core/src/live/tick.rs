//! What has just ended, signed by the key of the session.

use super::opening::{Session, StreamId};
use super::segment::Segment;
use crate::bytes::{Reader, Writer};
use crate::hash::{labelled, message};
use crate::id::ChannelId;
use crate::keys::{SIGNATURE_BYTES, SecretKey};
use crate::limits::{TICK_SEGMENTS_MAX, TICKS_MAX};
use crate::reason::Reason;
use crate::verify::{Claim, sealed};

/// "These segments have ended; it is now …". Ticks of a broadcast are numbered, and each names the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The broadcast.
    pub stream: StreamId,
    /// Its number, from 0.
    pub seq: u64,
    /// Now, by the newsroom's clock; milliseconds since 1970.
    pub time: u64,
    /// Hash of the tick before, with its signature; zeros in the first.
    pub previous: [u8; 32],
    /// What has ended; one of each rendition at most.
    pub segments: Vec<Segment>,
    /// Over all of this and the channel; zeros while unsigned.
    pub signature: [u8; SIGNATURE_BYTES],
}

impl Tick {
    /// Signs for `channel` with the session's key.
    pub fn sign(mut self, channel: &ChannelId, key: &SecretKey) -> Self {
        self.signature = key.sign(&message("tick signature", &channel.0, &[&self.unsigned()]));
        self
    }

    /// What the next tick names this one by.
    pub fn hash(&self) -> [u8; 32] {
        labelled("tick", &[&self.encode()])
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.unsigned();
        bytes.extend_from_slice(&self.signature);
        bytes
    }

    /// Reads one tick that fills `bytes`.
    ///
    /// # Errors
    /// What is wrong with its form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        let mut input = Reader::new(bytes);
        let tick = Self::read(&mut input)?;
        input.finish()?;
        Ok(tick)
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Result<Self, Reason> {
        input.magic(b"LET", "a tick")?;
        let stream = StreamId(input.array()?);
        let (seq, time) = (input.below("tick number", TICKS_MAX)?, input.time("time")?);
        let previous = input.array()?;
        if (seq == 0) != (previous == [0; 32]) {
            return Err(Reason::BadValue { what: "previous tick" });
        }
        let segments = read_segments(input)?;
        Ok(Tick { stream, seq, time, previous, segments, signature: input.array()? })
    }

    fn unsigned(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.raw(b"LET").u8(1).raw(&self.stream.0).u64(self.seq).u64(self.time).raw(&self.previous);
        write_segments(&mut out, &self.segments);
        out.into_bytes()
    }
}

pub(super) fn write_segments(out: &mut Writer, segments: &[Segment]) {
    out.u8(segments.len() as u8);
    segments.iter().for_each(|segment| segment.write(out));
}

pub(super) fn read_segments(input: &mut Reader<'_>) -> Result<Vec<Segment>, Reason> {
    let count = usize::from(input.u8()?);
    if count > TICK_SEGMENTS_MAX {
        return Err(Reason::TooMany { what: "segments", max: TICK_SEGMENTS_MAX });
    }
    if count == 0 {
        return Err(Reason::BadValue { what: "number of segments" });
    }
    let mut segments = Vec::<Segment>::with_capacity(count);
    for _ in 0..count {
        segments.push(Segment::read(input, &segments)?);
    }
    Ok(segments)
}

impl sealed::Sealed for Tick {}

impl Claim for Tick {
    type Authority = Session;

    fn check(&self, session: &Session) -> Result<(), Reason> {
        if self.stream != session.stream {
            return Err(Reason::BadValue { what: "stream" });
        }
        if self.time > session.until {
            return Err(Reason::BadValue { what: "time" });
        }
        session.key.verify(&message("tick signature", &session.channel.0, &[&self.unsigned()]), &self.signature)
    }
}
