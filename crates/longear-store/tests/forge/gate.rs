//! The way of received bytes into the store, as a carrier's bytes go it: decode, verify, batch.

use std::sync::Arc;

use longear_core::blob::{GroupProof, Groups};
use longear_core::closing::proof_holds;
use longear_core::header::Payload;
use longear_core::pack::PackPart;
use longear_core::{
    ChannelId, Charter, ForkProof, Head, ItemId, Lineage, LogId, PackName, PackReader, Reason, SignedHeader, Statement,
    verify,
};
use longear_store::backend::MemoryBackend;
use longear_store::blobs::BlobStore;
use longear_store::{Batch, Store};

use crate::world::{World, at_place};

/// Bytes of a pack that come at once.
const PIECE_BYTES: usize = 1_500;

/// What became of a candidate.
#[derive(Debug, Default)]
pub struct Judged {
    /// The code of the first refusal; empty if nothing was refused.
    pub code: &'static str,
    /// The signed and named things of it that were let in, byte by byte.
    pub accepted: Vec<Vec<u8>>,
}

impl Judged {
    pub fn refused(reason: &Reason) -> Self {
        Judged { code: reason.code(), accepted: Vec::new() }
    }

    pub fn accepted(bytes: Vec<u8>) -> Self {
        Judged { code: "", accepted: vec![bytes] }
    }

    pub fn of(outcome: Result<Vec<u8>, Reason>) -> Self {
        outcome.map_or_else(|reason| Judged::refused(&reason), Judged::accepted)
    }

    pub fn holds(holds: bool, bytes: Vec<u8>) -> Self {
        if holds { Judged::accepted(bytes) } else { Judged::refused(&Reason::HashMismatch) }
    }
}

/// Lets candidates in or not. The methods are the real way; careless gates forget one check.
pub trait Gate {
    fn founding(&self, world: &World, bytes: &[u8]) -> Judged {
        charter(&world.fresh, world.channel(), 1, bytes)
    }

    fn charter(&self, world: &World, bytes: &[u8]) -> Judged {
        charter(&world.store, world.channel(), 4, bytes)
    }

    fn statement(&self, world: &World, bytes: &[u8]) -> Judged {
        Judged::of(Statement::decode(bytes).and_then(|word| self.word(world, word)))
    }

    fn head(&self, world: &World, bytes: &[u8]) -> Judged {
        let head = match Head::decode(&world.channel(), bytes) {
            Ok(head) => head,
            Err(reason) => return Judged::refused(&reason),
        };
        let mut judged = Judged::default();
        for word in head.statements.into_values() {
            match self.word(world, word) {
                Ok(kept) => judged.accepted.push(kept),
                Err(reason) => judged.code = reason.code(),
            }
        }
        judged
    }

    /// One statement, wherever it stands.
    fn word(&self, world: &World, word: Statement) -> Result<Vec<u8>, Reason> {
        let channel = world.channel();
        let mut batch = world.store.write().unwrap();
        let verified = verify(lineage(&mut batch, &channel), word)?;
        batch.statement(&channel, &verified).unwrap();
        Ok(verified.encode())
    }

    fn pack(&self, world: &World, log: LogId, name: PackName, bytes: &[u8]) -> Judged {
        take_pack(&mut world.store.write().unwrap(), &world.channel(), log, name, bytes)
    }

    fn fork(&self, world: &World, log: LogId, bytes: &[u8]) -> Judged {
        let channel = world.channel();
        let mut batch = world.store.write().unwrap();
        let proof = ForkProof::decode(bytes).and_then(|proof| match proof.opening.log(&channel) {
            found if found == log => verify(lineage(&mut batch, &channel), proof),
            _ => Err(Reason::WrongLog),
        });
        match proof {
            Ok(proof) => {
                batch.fork(&channel, &proof).unwrap();
                both_headers(&proof)
            }
            Err(reason) => Judged::refused(&reason),
        }
    }

    fn groups(&self, world: &World, size: u64, bytes: &[u8]) -> Judged {
        let groups = Groups::decode(world.file.hash, size, bytes);
        Judged::holds(groups.is_ok(), groups.map_or_else(|_| Vec::new(), |groups| groups.encode()))
    }

    fn slice(&self, world: &World, group: u32, bytes: &[u8]) -> Judged {
        let proof = GroupProof::verify(&world.file.groups, group, bytes);
        Judged::holds(proof.is_ok(), at_place(group, bytes))
    }

    fn block(&self, world: &World, block: u32, bytes: &[u8]) -> Judged {
        let (group, within) = (block / 64, block % 64);
        let proof = GroupProof::verify(&world.file.groups, group, &world.file.slices[group as usize]).unwrap();
        Judged::holds(proof.verify_block(within, bytes), at_place(block, bytes))
    }

    fn file(&self, world: &World, bytes: &[u8]) -> Judged {
        // A disk of its own: the one of the tests never forgets what was written to it.
        let blobs = BlobStore::open(Arc::new(MemoryBackend::new()));
        let Ok(writer) = blobs.begin(world.small_file.hash, bytes.len() as u64, None) else {
            return Judged::holds(false, Vec::new());
        };
        let whole = writer.write(0, bytes).is_ok() && writer.finish().is_ok();
        Judged::holds(whole, bytes.to_vec())
    }

    fn proof(&self, world: &World, bytes: &[u8]) -> Judged {
        let Some((seq, item, hashes)) = read_proof(bytes) else { return Judged::refused(&Reason::Truncated) };
        let closing = &world.closed.closing;
        Judged::holds(proof_holds(&closing.root, closing.items, seq, &item, &hashes), bytes.to_vec())
    }
}

/// The gate of the product.
pub struct Real;

impl Gate for Real {}

fn lineage<'b>(batch: &'b mut Batch<'_>, channel: &ChannelId) -> &'b Lineage {
    batch.channel(channel).unwrap().lineage()
}

fn charter(store: &Store, channel: ChannelId, number: u64, bytes: &[u8]) -> Judged {
    let charter = match Charter::decode(bytes) {
        Ok(charter) if charter.body.number == number => charter,
        Ok(charter) => {
            return Judged::refused(&Reason::OutOfSequence { found: charter.body.number, expected: number });
        }
        Err(reason) => return Judged::refused(&reason),
    };
    let mut batch = store.write().unwrap();
    match verify(lineage(&mut batch, &channel), charter) {
        Ok(charter) => {
            let bytes = charter.encode();
            batch.charter(charter).unwrap();
            Judged::accepted(bytes)
        }
        Err(reason) => Judged::refused(&reason),
    }
}

/// Reads a pack in pieces, as it comes over a wire, and gives the store what verified.
pub fn take_pack(batch: &mut Batch<'_>, channel: &ChannelId, log: LogId, name: PackName, bytes: &[u8]) -> Judged {
    let mut judged = Judged::default();
    let mut reader = PackReader::new(*channel, log, name);
    let mut runs = Vec::new();
    let mut take_headers = |reader: &PackReader, headers: longear_core::pack::PackHeaders, judged: &mut Judged| {
        let Some(opening) = reader.opening() else { return Vec::new() };
        let (good, refused) = headers.verified(opening, lineage(batch, channel));
        judged.code = refused.first().map_or(judged.code, |(_, reason)| reason.code());
        for run in &good {
            batch.run(channel, run).unwrap();
            judged.accepted.extend(run.headers().iter().map(|item| item.bytes().to_vec()));
        }
        good
    };
    let mut payloads = Vec::new();
    for piece in bytes.chunks(PIECE_BYTES) {
        reader.push(piece);
        loop {
            let headers = match reader.next_part() {
                Ok(Some(PackPart::Headers(headers))) => headers,
                Ok(Some(PackPart::Payload { seq, bytes })) => {
                    payloads.push((seq, bytes.to_vec()));
                    continue;
                }
                Ok(None) => break,
                Err(reason) => {
                    judged.code = reason.code();
                    break;
                }
            };
            runs = take_headers(&reader, headers, &mut judged);
        }
    }
    let cut = reader.cut();
    if !cut.items.is_empty() {
        runs = take_headers(&reader, cut, &mut judged);
    }
    for (seq, bytes) in payloads {
        let mut headers = runs.iter().flat_map(|run| run.headers());
        let Some(item) = headers.find(|item| item.header().seq == seq) else { continue };
        match verify(item, Payload::new(item.id(), &bytes)) {
            Ok(payload) => {
                batch.payload(channel, &reader.opening().unwrap(), seq, &payload).unwrap();
                judged.accepted.push([item.bytes(), &bytes].concat());
            }
            Err(reason) => judged.code = reason.code(),
        }
    }
    judged
}

/// A proof says as much as its two headers.
pub fn both_headers(proof: &ForkProof) -> Judged {
    let bytes = |item: &SignedHeader| item.bytes().to_vec();
    Judged { code: "", accepted: vec![bytes(&proof.first), bytes(&proof.second)] }
}

/// Seq, ID and hashes of a proof of inclusion.
pub fn read_proof(bytes: &[u8]) -> Option<(u64, ItemId, Vec<[u8; 32]>)> {
    let (seq, rest) = bytes.split_first_chunk::<8>()?;
    let (item, rest) = rest.split_first_chunk::<32>()?;
    let (hashes, rest) = rest.as_chunks::<32>();
    rest.is_empty().then(|| (u64::from_le_bytes(*seq), ItemId(*item), hashes.to_vec()))
}
