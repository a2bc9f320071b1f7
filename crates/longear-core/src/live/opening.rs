//! The payload of a `live` item.

use core::fmt;

use crate::article::{Variant, read_variants, write_variants};
use crate::bytes::{Reader, Writer};
use crate::id::ChannelId;
use crate::keys::PublicKey;
use crate::kind::Kind;
use crate::reason::Reason;

/// Names a broadcast within its channel; random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub [u8; 16]);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamId({self})")
    }
}

/// "A broadcast begins": what it is called, and which key signs its ticks until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The broadcast.
    pub stream: StreamId,
    /// The key that signs its ticks.
    pub key: PublicKey,
    /// Ticks that are dated later than this count for nothing; milliseconds since 1970.
    pub until: u64,
    /// Title and text in languages; the first is the original.
    pub variants: Vec<Variant>,
}

/// Who may sign ticks of a broadcast: an opening together with its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The channel.
    pub channel: ChannelId,
    /// The broadcast.
    pub stream: StreamId,
    /// The key.
    pub key: PublicKey,
    /// Until when.
    pub until: u64,
}

impl Opening {
    /// The session that it opens in the channel that it was published in.
    pub fn session(&self, channel: ChannelId) -> Session {
        Session { channel, stream: self.stream, key: self.key, until: self.until }
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(1).raw(&self.stream.0).raw(&self.key.0).u64(self.until);
        write_variants(&mut out, &self.variants);
        out.into_bytes()
    }

    /// Reads the payload. Checks form and limits.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        let max = Kind::Live.payload_bytes_max();
        if bytes.len() > max {
            return Err(Reason::TooLong { what: "payload", max });
        }
        let mut input = Reader::new(bytes);
        input.version()?;
        let stream = StreamId(input.array()?);
        let (key, until) = (input.key()?, input.time("end of the session")?);
        let variants = read_variants(&mut input)?;
        input.finish()?;
        Ok(Opening { stream, key, until, variants })
    }
}
