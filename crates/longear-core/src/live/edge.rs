//! The newest ticks of a running broadcast.

use super::opening::{Session, StreamId};
use super::tick::Tick;
use crate::bytes::{Reader, Writer};
use crate::id::ChannelId;
use crate::limits::{EDGE_BYTES_MAX, EDGE_TICKS_MAX};
use crate::reason::Reason;
use crate::verify::{Verified, verify};

/// Consecutive ticks, the newest last. Itself unsigned: its ticks are checked one by one, and that each names the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    channel: ChannelId,
    stream: StreamId,
    ticks: Vec<Tick>,
}

impl Edge {
    /// An edge that knows of nothing.
    pub fn empty(channel: ChannelId, stream: StreamId) -> Self {
        Edge { channel, stream, ticks: Vec::new() }
    }

    /// The ticks, ascending and without gaps.
    pub fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// The newest tick.
    pub fn newest(&self) -> Option<&Tick> {
        self.ticks.last()
    }

    /// The ticks behind a number, for whoever has those up to it; at least the newest.
    pub fn after(mut self, seq: u64) -> Edge {
        let known = self.ticks.iter().take_while(|tick| tick.seq <= seq).count();
        self.ticks.drain(..known.min(self.ticks.len().saturating_sub(1)));
        self
    }

    /// Takes the next tick of this broadcast, and lets go of the oldest where there are too many.
    ///
    /// # Errors
    /// [`Reason::NotLinked`] where it does not follow the newest one here.
    pub fn push(&mut self, tick: Verified<Tick>) -> Result<(), Reason> {
        let tick = tick.into_inner();
        if self.ticks.last().is_some_and(|newest| !follows(newest, &tick)) {
            return Err(Reason::NotLinked);
        }
        self.ticks.push(tick);
        self.shorten();
        Ok(())
    }

    /// Takes along what another edge of this broadcast has right before its first tick: whoever cuts an edge short takes
    /// nothing from those who have more.
    pub fn with_older(mut self, other: &Edge) -> Edge {
        let first = self.ticks.first();
        let before = first.and_then(|first| other.ticks.iter().position(|tick| follows(tick, first)));
        if let Some(before) = before {
            self.ticks.splice(0..0, other.ticks[..=before].iter().cloned());
            self.shorten();
        }
        self
    }

    /// Lets go of the oldest where there are too many.
    fn shorten(&mut self) {
        while self.ticks.len() > EDGE_TICKS_MAX || (self.ticks.len() > 1 && self.encode().len() > EDGE_BYTES_MAX) {
            self.ticks.remove(0);
        }
    }

    /// The one of two edges of a broadcast that reaches farther. Of two that end with the same number, but not with the same
    /// tick, the one whose newest tick has the smaller hash: whoever holds both keeps the same one, whichever came first.
    pub fn newer(self, other: Edge) -> Edge {
        let rank =
            |edge: &Edge| edge.newest().map(|tick| (tick.seq, core::cmp::Reverse(tick.hash()), edge.ticks.len()));
        if rank(&other) > rank(&self) { other } else { self }
    }

    /// What is to be kept of this edge and another one of the same broadcast: the newer one, with what the other one has before it.
    pub fn merged(&self, other: &Edge) -> Edge {
        self.clone().newer(other.clone()).with_older(self).with_older(other)
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.raw(b"LEE").u8(1).raw(&self.channel.0).raw(&self.stream.0).u8(self.ticks.len() as u8);
        self.ticks.iter().fold(&mut out, |out, tick| out.raw(&tick.encode()));
        out.into_bytes()
    }

    /// Reads the edge of a session, and verifies every tick in it.
    ///
    /// # Errors
    /// What is wrong with it; then nothing of it counts.
    pub fn decode(session: &Session, bytes: &[u8]) -> Result<Self, Reason> {
        if bytes.len() > EDGE_BYTES_MAX {
            return Err(Reason::TooLong { what: "edge", max: EDGE_BYTES_MAX });
        }
        let mut input = Reader::new(bytes);
        input.magic(b"LEE", "the edge of a broadcast")?;
        if input.array()? != session.channel.0 {
            return Err(Reason::WrongChannel);
        }
        if input.array()? != session.stream.0 {
            return Err(Reason::BadValue { what: "stream" });
        }
        let count = usize::from(input.u8()?);
        if count > EDGE_TICKS_MAX {
            return Err(Reason::TooMany { what: "ticks", max: EDGE_TICKS_MAX });
        }
        let mut ticks = Vec::<Tick>::with_capacity(count);
        for _ in 0..count {
            let tick = Tick::read(&mut input)?;
            if ticks.last().is_some_and(|before| !follows(before, &tick)) {
                return Err(Reason::NotLinked);
            }
            ticks.push(tick);
        }
        input.finish()?;
        // The newest one names all before it by their hashes, so one signature stands for them; dates must fit all the same.
        if let Some(newest) = ticks.last() {
            verify(session, newest.clone())?;
        }
        if ticks.iter().any(|tick| tick.stream != session.stream || tick.time > session.until) {
            return Err(Reason::BadValue { what: "tick" });
        }
        Ok(Edge { channel: session.channel, stream: session.stream, ticks })
    }
}

fn follows(before: &Tick, tick: &Tick) -> bool {
    tick.seq == before.seq + 1 && tick.previous == before.hash()
}
