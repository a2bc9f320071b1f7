//! Headers of items and runs of them. Specified in `docs/spec/header.md`.

use core::ops::Range;

use crate::bytes::{Reader, Writer};
use crate::hash::{labelled, message, plain};
use crate::id::{ChannelId, ItemId, LogId, LogOpening};
use crate::keys::{SIGNATURE_BYTES, SecretKey};
use crate::kind::Kind;
use crate::limits::{HEADER_BYTES_MAX, LOG_ITEMS_MAX, PACK_ITEMS_MAX};
use crate::lineage::Lineage;
use crate::reason::Reason;
use crate::verify::{Claim, Verified, sealed, still_verified, verify};

/// One log entry without its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub kind: Kind,
    /// In which log.
    pub log: LogId,
    /// Its place, from 0.
    pub seq: u64,
    /// When it was signed, by the signer's clock; milliseconds since 1970.
    pub time: u64,
    /// When it ends, 0 = never.
    pub expiry: u64,
    /// Bytes of payload.
    pub payload_length: u32,
    /// Plain BLAKE3 of the payload.
    pub payload_hash: [u8; 32],
    /// The item before it, [`ItemId::NONE`] for the first.
    pub previous: ItemId,
    /// Raw TLV entries.
    pub extensions: Vec<u8>,
}

impl Header {
    /// Signs. Whoever calls this has made the unsigned bytes durable before, so that no seq is ever signed twice.
    pub fn sign(self, channel: &ChannelId, key: &SecretKey) -> SignedHeader {
        let mut bytes = self.encode();
        let signature = key.sign(&message("item signature", &channel.0, &[&bytes]));
        bytes.extend_from_slice(&signature);
        SignedHeader { id: item_id(&bytes), header: self, bytes }
    }

    /// The bytes that are signed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(1).u8(self.kind.number()).u16(0).raw(&self.log.0).u64(self.seq).u64(self.time).u64(self.expiry);
        out.u32(self.payload_length).raw(&self.payload_hash).raw(&self.previous.0).tlv(&self.extensions);
        out.into_bytes()
    }

    /// Reads unsigned bytes, as they were made durable before signing.
    pub fn decode_unsigned(bytes: &[u8]) -> Result<Self, Reason> {
        let mut input = Reader::new(bytes);
        let header = Self::read(&mut input)?;
        input.finish()?;
        Ok(header)
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Reason> {
        input.version()?;
        let kind = Kind::from_number(input.u8()?).ok_or(Reason::BadValue { what: "kind" })?;
        if input.u16()? != 0 {
            return Err(Reason::BadValue { what: "flags" });
        }
        let (log, seq) = (LogId(input.array()?), input.below("seq", LOG_ITEMS_MAX)?);
        let (time, expiry, payload_length) = (input.time("time")?, input.time("expiry")?, input.u32()?);
        let max = kind.payload_bytes_max();
        if payload_length as usize > max {
            return Err(Reason::TooLong { what: "payload", max });
        }
        let (payload_hash, previous) = (input.array()?, ItemId(input.array()?));
        if (seq == 0) != (previous == ItemId::NONE) {
            return Err(Reason::BadValue { what: "previous" });
        }
        let extensions = input.tlv()?;
        Ok(Header { kind, log, seq, time, expiry, payload_length, payload_hash, previous, extensions })
    }
}

/// A header with its signature, not necessarily a valid one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeader {
    header: Header,
    bytes: Vec<u8>,
    id: ItemId,
}

impl SignedHeader {
    /// Reads one header. Checks form and limits, not the signature. Costs one hash of its bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        if bytes.len() > HEADER_BYTES_MAX {
            return Err(Reason::TooLong { what: "header", max: HEADER_BYTES_MAX });
        }
        let mut input = Reader::new(bytes);
        let header = Header::read(&mut input)?;
        input.take(SIGNATURE_BYTES)?;
        input.finish()?;
        Ok(SignedHeader { header, bytes: bytes.to_vec(), id: item_id(bytes) })
    }

    /// The fields.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The signed bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The item's ID.
    pub fn id(&self) -> ItemId {
        self.id
    }

    /// Checks this header's own signature. Costs about 40 µs.
    pub fn check_signature(&self, channel: &ChannelId, opening: &LogOpening) -> Result<(), Reason> {
        let (unsigned, signature) = self.bytes.split_last_chunk::<SIGNATURE_BYTES>().ok_or(Reason::Truncated)?;
        opening.key.verify(&message("item signature", &channel.0, &[unsigned]), signature)
    }
}

fn item_id(signed: &[u8]) -> ItemId {
    ItemId(labelled("item", &[signed]))
}

/// Consecutive, linked headers of one log. One signature, the last, vouches for all of them.
#[derive(Clone, Debug)]
pub struct Run {
    opening: LogOpening,
    headers: Vec<SignedHeader>,
}

impl Run {
    /// A claim that these headers follow each other; at least one, at most as many as the largest pack holds.
    pub fn new(opening: LogOpening, headers: Vec<SignedHeader>) -> Result<Self, Reason> {
        let max = PACK_ITEMS_MAX as usize;
        match headers.len() {
            0 => Err(Reason::BadValue { what: "empty run" }),
            count if count > max => Err(Reason::TooMany { what: "items in a run", max }),
            _ => Ok(Run { opening, headers }),
        }
    }

    /// Key and incarnation of the log.
    pub fn opening(&self) -> &LogOpening {
        &self.opening
    }

    /// The headers, ascending by seq.
    pub fn headers(&self) -> &[SignedHeader] {
        &self.headers
    }

    pub(crate) fn into_headers(self) -> Vec<SignedHeader> {
        self.headers
    }

    /// Whether `next` follows `before` in its log.
    pub fn links(before: &SignedHeader, next: &SignedHeader) -> bool {
        next.header.log == before.header.log
            && next.header.seq == before.header.seq + 1
            && next.header.previous == before.id
    }
}

impl sealed::Sealed for Run {}

impl Claim for Run {
    type Authority = Lineage;

    fn check(&self, lineage: &Lineage) -> Result<(), Reason> {
        let channel = lineage.channel();
        lineage.entry(&self.opening.key).ok_or(Reason::UnknownKey)?;
        let log = self.opening.log(&channel);
        let mut before: Option<&SignedHeader> = None;
        for item in &self.headers {
            if item.header.log != log {
                return Err(Reason::WrongLog);
            }
            if let Some(before) = before {
                let (found, expected) = (item.header.seq, before.header.seq + 1);
                if found != expected {
                    return Err(Reason::OutOfSequence { found, expected });
                }
                if item.header.previous != before.id {
                    return Err(Reason::NotLinked);
                }
            }
            before = Some(item);
        }
        let tip = self.headers.last().ok_or(Reason::BadValue { what: "empty run" })?;
        tip.check_signature(&channel, &self.opening)
    }
}

/// A payload that claims to belong to a header.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    item: ItemId,
    bytes: &'a [u8],
}

impl<'a> Payload<'a> {
    /// A claim that `bytes` is the payload of `item`.
    pub fn new(item: ItemId, bytes: &'a [u8]) -> Self {
        Payload { item, bytes }
    }

    /// Whose payload it is.
    pub fn item(&self) -> ItemId {
        self.item
    }

    /// The bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl sealed::Sealed for Payload<'_> {}

impl Claim for Payload<'_> {
    type Authority = SignedHeader;

    fn check(&self, item: &SignedHeader) -> Result<(), Reason> {
        let header = item.header();
        let matches = self.item == item.id()
            && self.bytes.len() == header.payload_length as usize
            && plain(self.bytes) == header.payload_hash;
        if matches { Ok(()) } else { Err(Reason::HashMismatch) }
    }
}

/// Payloads on their way from who verifies them to who keeps them: each was verified when it was put in.
///
/// They lie in one buffer, so that thousands cost no allocation each; emptied by [`VerifiedPayloads::clear`] it is used
/// again.
#[derive(Debug, Default)]
pub struct VerifiedPayloads {
    bytes: Vec<u8>,
    items: Vec<(u64, ItemId, Range<usize>)>,
}

impl VerifiedPayloads {
    /// None yet, with room for as many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        VerifiedPayloads { bytes: Vec::with_capacity(bytes), items: Vec::new() }
    }

    /// Verifies the payload of an item, and keeps a copy.
    pub fn push(&mut self, item: &SignedHeader, bytes: &[u8]) -> Result<(), Reason> {
        let payload = verify(item, Payload::new(item.id(), bytes))?;
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload.bytes());
        self.items.push((item.header().seq, item.id(), start..self.bytes.len()));
        Ok(())
    }

    /// The payloads with the seqs of their items, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (u64, Verified<Payload<'_>>)> {
        let payload = |item: ItemId, range: &Range<usize>| Payload::new(item, &self.bytes[range.clone()]);
        self.items.iter().map(move |(seq, item, range)| (*seq, still_verified(payload(*item, range))))
    }

    /// The seq of the item whose payload came last.
    pub fn last_seq(&self) -> Option<u64> {
        self.items.last().map(|(seq, ..)| *seq)
    }

    /// Bytes of all payloads together.
    pub fn byte_count(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets the payloads and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.items.clear();
    }
}
