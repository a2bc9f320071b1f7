//! Packs: consecutive items of one log in one file. Specified in `docs/spec/pack.md`.

use core::ops::Range;

use crate::bytes::{Reader, Writer};
use crate::header::{Run, SignedHeader};
use crate::id::{ChannelId, LogId, LogOpening};
use crate::limits::{
    HEADER_BYTES_MAX, LOG_ITEMS_MAX, PACK_ITEMS_MAX, PACK_LEVEL_MAX, PACK_LIES_MAX, PACKS_KEPT_PER_LEVEL,
    PAYLOAD_BYTES_MAX,
};
use crate::lineage::Lineage;
use crate::reason::Reason;
use crate::verify::{Verified, verify_or_return};

/// What stands before the headers of a pack.
pub const PREAMBLE_BYTES: usize = 53;
const TABLE_ENTRY_BYTES: usize = 12;
/// An item at its longest: with the length of its header and its entry in the table.
const ITEM_BYTES_MAX: usize = 2 + HEADER_BYTES_MAX + TABLE_ENTRY_BYTES + PAYLOAD_BYTES_MAX;

/// A pack's place in its log: 8^level items from index · 8^level on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackName {
    /// 0 to [`PACK_LEVEL_MAX`].
    pub level: u8,
    /// Counted in packs of this level.
    pub index: u64,
}

impl PackName {
    /// A pack that can exist in some log.
    pub fn new(level: u8, index: u64) -> Option<Self> {
        let name = PackName { level, index };
        let fits = level <= PACK_LEVEL_MAX && index < LOG_ITEMS_MAX / name.length();
        fits.then_some(name)
    }

    /// How many items it holds.
    pub fn length(self) -> u64 {
        8u64.pow(u32::from(self.level))
    }

    /// The seqs it holds.
    pub fn items(self) -> Range<u64> {
        self.index * self.length()..(self.index + 1) * self.length()
    }

    /// The longest that it may be.
    pub fn bytes_max(self) -> u64 {
        PREAMBLE_BYTES as u64 + self.length() * ITEM_BYTES_MAX as u64
    }

    /// The largest pack that holds an item, if a log can have so many.
    pub fn largest_around(seq: u64) -> Option<Self> {
        PackName::new(PACK_LEVEL_MAX, seq >> (3 * u32::from(PACK_LEVEL_MAX)))
    }

    /// The pack one level up that holds all of this one.
    pub fn parent(self) -> Option<Self> {
        (self.level < PACK_LEVEL_MAX).then(|| PackName { level: self.level + 1, index: self.index / 8 })
    }

    /// The eight packs one level down.
    pub fn children(self) -> impl Iterator<Item = PackName> {
        let (first, count) = (self.index * 8, if self.level == 0 { 0 } else { 8 });
        let level = self.level.saturating_sub(1);
        (first..first + count).map(move |index| PackName { level, index })
    }

    /// Whether a published tree holds this pack when the log has `items` items (`docs/spec/tree.md`).
    pub fn is_published(self, items: u64) -> bool {
        let whole = |name: PackName| name.items().end <= items;
        let newest = (items / self.length()).saturating_sub(PACKS_KEPT_PER_LEVEL);
        whole(self) && (self.index >= newest || self.parent().is_none_or(|parent| !whole(parent)))
    }

    /// All packs of a published tree of a log with `items` items, largest first.
    pub fn published(items: u64) -> impl Iterator<Item = PackName> {
        (0..=PACK_LEVEL_MAX).rev().flat_map(move |level| {
            let length = 8u64.pow(u32::from(level));
            let complete = items / length;
            let in_parents = if level == PACK_LEVEL_MAX { 0 } else { complete / 8 * 8 };
            let first = in_parents.min(complete.saturating_sub(PACKS_KEPT_PER_LEVEL));
            (first..complete).map(move |index| PackName { level, index })
        })
    }
}

impl core::fmt::Display for PackName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}-{}", self.level, self.index)
    }
}

/// One slot to be written: a header, and whether its payload comes along.
#[derive(Clone, Copy, Debug)]
pub struct PackSlot<'a> {
    /// The signed bytes of the header.
    pub header: &'a [u8],
    /// Length of the payload that will follow, 0 when it is left out.
    pub payload_length: u32,
}

impl PackSlot<'_> {
    /// The bytes that the item adds to its pack.
    pub fn bytes(&self) -> u64 {
        (2 + self.header.len() + TABLE_ENTRY_BYTES) as u64 + u64::from(self.payload_length)
    }
}

/// Everything of a pack before its payloads. The payloads follow in the order of the slots.
pub fn encode_front(name: PackName, opening: &LogOpening, slots: &[Option<PackSlot<'_>>]) -> Vec<u8> {
    let mut out = Writer::new();
    out.raw(b"LEP").u8(1).u8(name.level).u64(name.index).raw(&opening.key.0).u64(opening.incarnation);
    for slot in slots {
        let header = slot.map_or(&[][..], |slot| slot.header);
        out.u16(header.len() as u16).raw(header);
    }
    let mut offset = 0;
    for slot in slots {
        let length = slot.map_or(0, |slot| slot.payload_length);
        out.u64(offset).u32(length);
        offset += u64::from(length);
    }
    out.into_bytes()
}

/// What a reader found next.
#[derive(Debug)]
pub enum PackPart<'a> {
    /// All headers of the pack, in order, with what was wrong with the others.
    Headers(PackHeaders),
    /// One payload, not yet checked against its header.
    Payload {
        /// Whose payload it is.
        seq: u64,
        /// Its bytes.
        bytes: &'a [u8],
    },
}

/// The headers of a pack.
#[derive(Clone, Debug, Default)]
pub struct PackHeaders {
    /// Those that could be read, ascending by seq. Neither links nor signatures were checked.
    pub items: Vec<SignedHeader>,
    /// What could not: headers, and payloads whose length is not their header's, ascending by seq.
    pub refused: Vec<(u64, Reason)>,
}

impl PackHeaders {
    /// The runs that are the log's, ascending, and what was wrong with the other headers. One signature a run.
    ///
    /// A tip with a bad signature costs itself only: the headers below it are tried without it, as a flipped byte in one
    /// header must not lose the thousands that are linked to it. After [`PACK_LIES_MAX`] bad signatures the rest is refused
    /// unseen: a pack of 4,096 forged headers must not buy 4,096 signature checks.
    pub fn verified(self, opening: LogOpening, lineage: &Lineage) -> (Vec<Verified<Run>>, Vec<(u64, Reason)>) {
        let PackHeaders { items: mut rest, mut refused } = self;
        let (mut runs, mut lies) = (Vec::new(), 0);
        while !rest.is_empty() {
            let pairs = rest.windows(2).rev().take(PACK_ITEMS_MAX as usize - 1);
            let linked = pairs.take_while(|pair| Run::links(&pair[0], &pair[1])).count();
            let mut headers = rest.split_off(rest.len() - 1 - linked);
            while let Ok(run) = Run::new(opening, headers) {
                let (run, reason) = match verify_or_return(lineage, run) {
                    Ok(run) => {
                        runs.push(run);
                        break;
                    }
                    Err(failed) => failed,
                };
                headers = run.into_headers();
                if reason != Reason::BadSignature {
                    // A key that no charter lists: nothing was checked, and nothing below is worth a look.
                    headers.splice(..0, rest.drain(..));
                    refused.extend(headers.drain(..).map(|item| (item.header().seq, reason.clone())));
                    break;
                }
                let bad = if lies < PACK_LIES_MAX { headers.len() - 1 } else { 0 };
                refused.extend(headers.drain(bad..).map(|item| (item.header().seq, reason.clone())));
                lies += 1;
            }
            if lies > PACK_LIES_MAX {
                refused.extend(rest.drain(..).map(|item| (item.header().seq, Reason::BadSignature)));
            }
        }
        runs.reverse();
        refused.sort_by_key(|(seq, _)| *seq);
        (runs, refused)
    }
}

/// Reads a pack in one pass from pieces of any size. Memory: the headers, and one payload.
///
/// Push bytes, then take parts until there are none, and so on. What a truncated pack holds before its end counts:
/// after the last piece, [`PackReader::cut`] returns headers that were complete.
#[derive(Debug)]
pub struct PackReader {
    channel: ChannelId,
    log: LogId,
    name: PackName,
    opening: Option<LogOpening>,
    buffer: Vec<u8>,
    consumed: usize,
    state: State,
    headers: PackHeaders,
    lengths: Vec<PayloadSlot>,
    skipped_bytes: u64,
}

/// One entry of the table.
#[derive(Debug)]
struct PayloadSlot {
    length: u32,
    /// Whether there is a header to which the payload can belong.
    wanted: bool,
}

#[derive(Debug, PartialEq)]
enum State {
    Preamble,
    Header(u64),
    Table { offset: u64 },
    Payload(u64),
    Done,
}

impl PackReader {
    /// Reads the pack that stands under this name in this log.
    pub fn new(channel: ChannelId, log: LogId, name: PackName) -> Self {
        PackReader {
            channel,
            log,
            name,
            opening: None,
            buffer: Vec::new(),
            consumed: 0,
            state: State::Preamble,
            headers: PackHeaders::default(),
            lengths: Vec::new(),
            skipped_bytes: 0,
        }
    }

    /// Bytes of payloads that came so far and can belong to no header.
    pub fn skipped_bytes(&self) -> u64 {
        self.skipped_bytes
    }

    /// Takes in the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.consumed > 0 {
            self.buffer.drain(..self.consumed);
            self.consumed = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The opening of the log, as soon as it was read. It is the right one: the log ID is its hash.
    pub fn opening(&self) -> Option<LogOpening> {
        self.opening
    }

    /// The next part; `None` when more bytes are needed or all was read. An error means that nothing more can be read.
    pub fn next_part(&mut self) -> Result<Option<PackPart<'_>>, Reason> {
        loop {
            match self.state {
                State::Preamble => {
                    if self.available() < PREAMBLE_BYTES {
                        return Ok(None);
                    }
                    self.read_preamble()?;
                }
                State::Header(slot) => {
                    if !self.read_header(slot)? {
                        return Ok(None);
                    }
                }
                State::Table { offset } => {
                    if (self.lengths.len() as u64) < self.name.length() {
                        if !self.read_table_entry(offset)? {
                            return Ok(None);
                        }
                        continue;
                    }
                    self.end_table();
                    return Ok(Some(PackPart::Headers(core::mem::take(&mut self.headers))));
                }
                State::Payload(slot) => {
                    let Some(PayloadSlot { length, wanted }) = self.lengths.get(slot as usize) else {
                        self.state = State::Done;
                        continue;
                    };
                    let (length, wanted) = (*length as usize, *wanted);
                    if self.available() < length {
                        return Ok(None);
                    }
                    self.state = State::Payload(slot + 1);
                    let start = self.consumed;
                    self.consumed += length;
                    if wanted && length > 0 {
                        let seq = self.name.items().start + slot;
                        return Ok(Some(PackPart::Payload { seq, bytes: &self.buffer[start..start + length] }));
                    }
                    self.skipped_bytes += length as u64;
                }
                State::Done if self.available() > 0 => return Err(Reason::TrailingBytes),
                State::Done => return Ok(None),
            }
        }
    }

    /// Whether the pack was read to its end.
    pub fn is_complete(&self) -> bool {
        self.state == State::Done
    }

    /// Headers read so far of a pack that ended before its table.
    pub fn cut(&mut self) -> PackHeaders {
        core::mem::take(&mut self.headers)
    }

    fn available(&self) -> usize {
        self.buffer.len() - self.consumed
    }

    fn read_preamble(&mut self) -> Result<(), Reason> {
        let mut input = Reader::new(&self.buffer[self.consumed..]);
        input.magic(b"LEP", "a pack")?;
        let (level, index) = (input.u8()?, input.u64()?);
        if (level, index) != (self.name.level, self.name.index) {
            return Err(Reason::BadValue { what: "level and index" });
        }
        let opening = LogOpening { key: input.key()?, incarnation: input.u64()? };
        if opening.log(&self.channel) != self.log {
            return Err(Reason::WrongLog);
        }
        self.opening = Some(opening);
        self.consumed += PREAMBLE_BYTES;
        self.state = State::Header(0);
        Ok(())
    }

    /// Reads one header slot; false when more bytes are needed.
    fn read_header(&mut self, slot: u64) -> Result<bool, Reason> {
        let rest = &self.buffer[self.consumed..];
        let Some(length) = rest.first_chunk::<2>().map(|bytes| usize::from(u16::from_le_bytes(*bytes))) else {
            return Ok(false);
        };
        if length > HEADER_BYTES_MAX {
            return Err(Reason::TooLong { what: "header", max: HEADER_BYTES_MAX });
        }
        let Some(bytes) = rest.get(2..2 + length) else { return Ok(false) };
        let seq = self.name.items().start + slot;
        if length > 0 {
            match decode_slot(bytes, seq, self.log) {
                Ok(item) => self.headers.items.push(item),
                Err(reason) => self.headers.refused.push((seq, reason)),
            }
        }
        self.consumed += 2 + length;
        self.state = if slot + 1 == self.name.length() { State::Table { offset: 0 } } else { State::Header(slot + 1) };
        Ok(true)
    }

    /// Reads one entry of the table, whose payload must begin at `expected`; false when more bytes are needed.
    fn read_table_entry(&mut self, expected: u64) -> Result<bool, Reason> {
        let rest = &self.buffer[self.consumed..];
        let Some((offset, rest)) = rest.split_first_chunk() else { return Ok(false) };
        if u64::from_le_bytes(*offset) != expected {
            return Err(Reason::NotCanonical { what: "table of payloads" });
        }
        let Some(length) = rest.first_chunk() else { return Ok(false) };
        let length = u32::from_le_bytes(*length);
        if length as usize > PAYLOAD_BYTES_MAX {
            return Err(Reason::TooLong { what: "payload", max: PAYLOAD_BYTES_MAX });
        }
        self.lengths.push(PayloadSlot { length, wanted: false });
        self.consumed += TABLE_ENTRY_BYTES;
        self.state = State::Table { offset: expected + u64::from(length) };
        Ok(true)
    }

    /// Finds out which payloads have a header to which they can belong.
    fn end_table(&mut self) {
        let lengths = &mut self.lengths;
        let start = self.name.items().start;
        for item in &self.headers.items {
            let header = item.header();
            let slot = &mut lengths[(header.seq - start) as usize];
            slot.wanted = slot.length == header.payload_length;
        }
        let unfit = lengths.iter().zip(start..).filter(|(slot, _)| slot.length > 0 && !slot.wanted);
        let unfit = unfit.map(|(_, seq)| (seq, Reason::NotCanonical { what: "length of a payload" }));
        let refused = &mut self.headers.refused;
        let unread = refused.iter().map(|(seq, _)| *seq).collect::<crate::sorted::SortedSet<_>>();
        refused.extend(unfit.filter(|(seq, _)| !unread.contains(seq)));
        refused.sort_by_key(|(seq, _)| *seq);
        self.state = State::Payload(0);
    }
}

fn decode_slot(bytes: &[u8], seq: u64, log: LogId) -> Result<SignedHeader, Reason> {
    let item = SignedHeader::decode(bytes)?;
    if item.header().log != log {
        return Err(Reason::WrongLog);
    }
    if item.header().seq != seq {
        return Err(Reason::OutOfSequence { found: item.header().seq, expected: seq });
    }
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pack may have a gigabyte, and a box little memory: what was read is let go.
    #[test]
    fn a_reader_keeps_no_more_than_was_not_read_yet() {
        let opening = LogOpening { key: crate::SecretKey::from_seed([7; 32]).public(), incarnation: 1 };
        let (channel, name) = (ChannelId([1; 32]), PackName { level: 2, index: 0 });
        let pack = encode_front(name, &opening, &[None; 64]);
        let mut reader = PackReader::new(channel, opening.log(&channel), name);
        for piece in pack.chunks(10) {
            reader.push(piece);
            assert!(reader.buffer.len() < PREAMBLE_BYTES + 10, "{} bytes", reader.buffer.len());
            while reader.next_part().expect("it is whole").is_some() {}
        }
        assert!(reader.is_complete());
    }

    #[test]
    fn published_packs_cover_the_log_and_obey_the_rule() {
        for items in (0..200).chain([511, 512, 513, 4095, 4096, 4097, 10_000, 70_001]) {
            let mut held = crate::Intervals::new();
            for name in PackName::published(items) {
                assert!(name.is_published(items), "{name} of {items}");
                held.insert(name.items());
            }
            assert!(held.covers(0..items), "{items}");
            assert_eq!(held.len(), items);
            let by_rule = (0..=PACK_LEVEL_MAX)
                .flat_map(|level| (0..=items).filter_map(move |index| PackName::new(level, index)))
                .filter(|name| name.is_published(items));
            assert_eq!(by_rule.count(), PackName::published(items).count(), "{items}");
        }
        // The longest log still fits a folder of a stick.
        let longest = PackName::published(LOG_ITEMS_MAX).count();
        assert!(longest <= crate::tree::FOLDER_ENTRIES_MAX, "{longest}");
    }
}
