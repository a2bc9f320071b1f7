//! What is written, read from the store and verified on its way.

use std::collections::HashMap;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use longear_core::blob::{BlobHash, BlobLayout, GROUP_BYTES, Groups, MeasuredGroup};
use longear_core::header::Payload;
use longear_core::pack::PackPart;
use longear_core::{ChannelId, LogId, PackName, PackReader, Reason, SignedHeader, verify};
use longear_store::blobs::{BlobReader, BlobStore};
use longear_store::{PackAnswer, Store};

/// Groups on their way from the thread that reads and hashes to the one that writes: 4 MiB.
const GROUPS_AHEAD_MAX: usize = 4;

/// Bytes up to which a second thread costs more than it gains.
const ONE_THREAD_BYTES_MAX: u64 = 4 << 20;

/// Bytes of payloads that are read at once.
const PACK_PIECE_BYTES: usize = 256 << 10;

/// Bytes of an outboard that are read at once.
const OUTBOARD_READ_BYTES: usize = 64 << 10;

/// Reads a range of a blob that starts with a group, hashing each group before it is given out.
pub(super) fn blob_range(
    blobs: &BlobStore,
    groups: &Groups,
    hash: [u8; 32],
    range: Range<u64>,
) -> io::Result<Box<dyn Read>> {
    let reader = blobs.reader(BlobHash::from_bytes(hash)).map_err(io::Error::other)?;
    let bytes = range.end - range.start;
    let mut groups = GroupSource { reader, groups: groups.clone(), at: range.start, end: range.end };
    if bytes <= ONE_THREAD_BYTES_MAX {
        return Ok(Box::new(Pieces::new(move |spare| groups.next(spare))));
    }
    let (filled, pieces) = sync_channel(GROUPS_AHEAD_MAX);
    let (emptied, spare) = sync_channel(GROUPS_AHEAD_MAX + 1);
    let reading = thread::Builder::new().name("stick-read".to_owned());
    reading.spawn(move || read_groups(groups, &filled, &spare))?;
    Ok(Box::new(Pieces::new(move |used| {
        // Nobody waits for it at the end.
        let _ = emptied.try_send(used);
        pieces.recv().unwrap_or_else(|_| Ok(Vec::new()))
    })))
}

/// Reads the outboard of a complete blob as it stands; whoever uses it checks it.
pub(super) fn outboard(blobs: &BlobStore, hash: [u8; 32], size: u64) -> io::Result<Box<dyn Read>> {
    let bytes = BlobLayout::new(size).map_err(io::Error::other)?.outboard_bytes();
    let (blobs, hash, mut at) = (blobs.clone(), BlobHash::from_bytes(hash), 0);
    Ok(Box::new(Pieces::new(move |mut piece| {
        piece.resize(OUTBOARD_READ_BYTES.min(usize::try_from(bytes - at).unwrap_or(usize::MAX)), 0);
        let count = blobs.outboard_read_at(hash, at, &mut piece).map_err(io::Error::other)?;
        piece.truncate(count);
        at += count as u64;
        Ok(piece)
    })))
}

/// Reads a pack, and checks each payload against its header on the way. Memory: the headers, and some payloads.
pub(super) fn pack<'s>(
    store: &'s Store,
    channel: ChannelId,
    log: LogId,
    name: PackName,
    answer: &'s PackAnswer,
) -> impl Read + 's {
    let mut check = PackCheck { reader: PackReader::new(channel, log, name), headers: HashMap::new() };
    let mut next = None;
    Pieces::new(move |mut piece| {
        piece.clear();
        let Some(mut index) = next else {
            piece.extend_from_slice(answer.front());
            next = Some(0);
            check.take(&piece)?;
            return Ok(piece);
        };
        while index < answer.payload_count() && piece.len() < PACK_PIECE_BYTES {
            piece.extend(store.pack_payload(answer, index).map_err(io::Error::other)?);
            index += 1;
        }
        next = Some(index);
        check.take(&piece)?;
        Ok(piece)
    })
}

/// Reads along what is given out.
struct PackCheck {
    reader: PackReader,
    headers: HashMap<u64, SignedHeader>,
}

impl PackCheck {
    fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        let damaged = |reason: Reason| {
            let cause = format!("the store's copy is damaged: {reason}; run `longear check --repair`");
            io::Error::new(io::ErrorKind::InvalidData, cause)
        };
        self.reader.push(piece);
        while let Some(part) = self.reader.next_part().map_err(damaged)? {
            match part {
                PackPart::Headers(found) => {
                    if let Some((_, reason)) = found.refused.into_iter().next() {
                        return Err(damaged(reason));
                    }
                    self.headers.extend(found.items.into_iter().map(|item| (item.header().seq, item)));
                }
                PackPart::Payload { seq, bytes } => {
                    let header = self.headers.remove(&seq).ok_or(damaged(Reason::Truncated))?;
                    verify(&header, Payload::new(header.id(), bytes)).map_err(damaged)?;
                }
            }
        }
        Ok(())
    }
}

fn read_groups(mut groups: GroupSource, filled: &SyncSender<io::Result<Vec<u8>>>, spare: &Receiver<Vec<u8>>) {
    loop {
        let piece = groups.next(spare.try_recv().unwrap_or_default());
        let is_last = piece.as_ref().map_or(true, Vec::is_empty);
        // Nobody listens: the writing failed.
        if filled.send(piece).is_err() || is_last {
            return;
        }
    }
}

struct GroupSource {
    reader: BlobReader,
    groups: Groups,
    at: u64,
    end: u64,
}

impl GroupSource {
    /// The next group that is what its hash says; empty at the end.
    fn next(&mut self, mut piece: Vec<u8>) -> io::Result<Vec<u8>> {
        let layout = self.groups.layout();
        let group = u32::try_from(self.at / GROUP_BYTES).map_err(io::Error::other)?;
        let range = layout.group_range(group);
        if self.at >= self.end {
            piece.clear();
            return Ok(piece);
        }
        piece.resize((range.end - range.start) as usize, 0);
        let mut filled = 0;
        while filled < piece.len() {
            let count = self.reader.read_at(range.start + filled as u64, &mut piece[filled..]);
            match count.map_err(io::Error::other)? {
                0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the store's copy ends too early")),
                count => filled += count,
            }
        }
        let measured = MeasuredGroup::new(layout, group, &piece);
        if !measured.is_ok_and(|measured| measured.belongs_to(&self.groups)) {
            let cause = format!("the store's copy is damaged in MiB {group}; run `longear check --repair`");
            return Err(io::Error::new(io::ErrorKind::InvalidData, cause));
        }
        piece.truncate((self.end - range.start).min(range.end - range.start) as usize);
        self.at = range.end;
        Ok(piece)
    }
}

/// Reads pieces as one stream. The function is given the piece that was used up, and gives an empty one at the end.
struct Pieces<F> {
    next: F,
    piece: Vec<u8>,
    given: usize,
}

impl<F: FnMut(Vec<u8>) -> io::Result<Vec<u8>>> Pieces<F> {
    fn new(next: F) -> Self {
        Pieces { next, piece: Vec::new(), given: 0 }
    }
}

impl<F: FnMut(Vec<u8>) -> io::Result<Vec<u8>>> Read for Pieces<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.piece.len() {
            self.piece = (self.next)(std::mem::take(&mut self.piece))?;
            self.given = 0;
        }
        let count = buffer.len().min(self.piece.len() - self.given);
        buffer[..count].copy_from_slice(&self.piece[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
