//! A delegate's newest word. Specified in `docs/spec/statement.md`.

use crate::bytes::{Reader, Writer, ascends};
use crate::hash::{labelled, message};
use crate::id::{ChannelId, ItemId, LogId, LogOpening};
use crate::keys::{SIGNATURE_BYTES, SecretKey};
use crate::limits::{CITATIONS_MAX, LOG_ITEMS_MAX};
use crate::lineage::Lineage;
use crate::reason::Reason;
use crate::verify::{Claim, sealed};

/// "This is my newest item, these are the newest I saw, it is now …, next word by …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whose word, of which log.
    pub opening: LogOpening,
    /// Grows with each statement of the log.
    pub counter: u64,
    /// Now, by the delegate's clock; milliseconds since 1970.
    pub time: u64,
    /// When the next one is due, 0 = not said.
    pub next_word: u64,
    /// Items of the log.
    pub items: u64,
    /// The newest item, [`ItemId::NONE`] if there is none.
    pub tip: ItemId,
    /// Number of the newest charter that the delegate holds.
    pub charter: u64,
    /// Newest items of other logs, ascending by log.
    pub citations: Vec<Citation>,
    /// Over all of this; zeros while unsigned.
    pub signature: [u8; SIGNATURE_BYTES],
}

/// "I saw this item of that log."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Citation {
    /// Another log.
    pub log: LogId,
    /// The item's place.
    pub seq: u64,
    /// First half of the item's ID.
    pub prefix: [u8; 16],
}

impl Statement {
    /// Signs for `channel`.
    pub fn sign(mut self, channel: &ChannelId, key: &SecretKey) -> Self {
        self.signature = key.sign(&message("statement signature", &channel.0, &[&self.unsigned()]));
        self
    }

    /// The log's ID.
    pub fn log(&self, channel: &ChannelId) -> LogId {
        self.opening.log(channel)
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.unsigned();
        bytes.extend_from_slice(&self.signature);
        bytes
    }

    /// Reads one statement that fills `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        let mut input = Reader::new(bytes);
        let statement = Self::read(&mut input)?;
        input.finish()?;
        Ok(statement)
    }

    /// Whether this one replaces `other` of the same log.
    pub fn supersedes(&self, other: &Statement) -> bool {
        let rank = |statement: &Statement| (statement.counter, labelled("statement", &[&statement.encode()]));
        self.counter > other.counter || (self.counter == other.counter && rank(self) > rank(other))
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Self, Reason> {
        input.magic(b"LES", "a statement")?;
        let opening = LogOpening { key: input.key()?, incarnation: input.u64()? };
        let (counter, time, next_word) = (input.u64()?, input.time("time")?, input.time("next word")?);
        let (items, tip) = (input.below("items", LOG_ITEMS_MAX + 1)?, ItemId(input.array()?));
        if (items == 0) != (tip == ItemId::NONE) {
            return Err(Reason::BadValue { what: "tip" });
        }
        let charter = input.u64()?;
        if charter == 0 {
            return Err(Reason::BadValue { what: "charter number" });
        }
        let count = usize::from(input.u8()?);
        if count > CITATIONS_MAX {
            return Err(Reason::TooMany { what: "citations", max: CITATIONS_MAX });
        }
        let (mut citations, mut last) = (Vec::with_capacity(count), None);
        for _ in 0..count {
            let log = LogId(input.array()?);
            ascends(&mut last, log, "order of citations")?;
            citations.push(Citation { log, seq: input.below("citation", LOG_ITEMS_MAX)?, prefix: input.array()? });
        }
        let signature = input.array()?;
        Ok(Statement { opening, counter, time, next_word, items, tip, charter, citations, signature })
    }

    /// Nobody vouches for the own log.
    pub(crate) fn check_citations(&self, channel: &ChannelId) -> Result<(), Reason> {
        let log = self.log(channel);
        if self.citations.iter().any(|citation| citation.log == log) {
            return Err(Reason::BadValue { what: "citation of its own log" });
        }
        Ok(())
    }

    fn unsigned(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.raw(b"LES").u8(1).raw(&self.opening.key.0).u64(self.opening.incarnation).u64(self.counter);
        out.u64(self.time).u64(self.next_word).u64(self.items).raw(&self.tip.0).u64(self.charter);
        out.u8(self.citations.len() as u8);
        for citation in &self.citations {
            out.raw(&citation.log.0).u64(citation.seq).raw(&citation.prefix);
        }
        out.into_bytes()
    }
}

impl sealed::Sealed for Statement {}

impl Claim for Statement {
    type Authority = Lineage;

    fn check(&self, lineage: &Lineage) -> Result<(), Reason> {
        let channel = lineage.channel();
        self.check_citations(&channel)?;
        lineage.entry(&self.opening.key).ok_or(Reason::UnknownKey)?;
        let message = message("statement signature", &channel.0, &[&self.unsigned()]);
        self.opening.key.verify(&message, &self.signature)
    }
}
