//! Gates that forget one check each. The harness is worth something only if it catches every one of them.

use longear_core::header::Run;
use longear_core::pack::PackPart;
use longear_core::{Charter, ForkProof, Head, LogId, PackName, PackReader, Reason, SignedHeader, Statement};

use crate::gate::{Gate, Judged, both_headers, read_proof};
use crate::world::{World, at_place};

/// What is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Any founding charter is taken for the channel's.
    PinnedId,
    /// Signers are counted, their signatures are not looked at.
    RootSignatures,
    /// One good signature of a root is enough.
    Threshold,
    /// A statement of a known key is believed.
    StatementSignature,
    /// A head of any channel is read.
    ChannelOfHead,
    /// Headers that link are believed, down to their tip.
    TipSignature,
    /// Every header that can be read is believed, whatever stands before it.
    Links,
    /// A text of the right length is believed.
    PayloadHash,
    /// Two headers that contradict each other are believed.
    ForkSignatures,
    /// A list of the right length is believed.
    GroupHashes,
    /// A slice of the right length is believed.
    SliceHashes,
    /// A block of the right length is believed.
    BlockHash,
    /// A file of the right length is believed.
    FileHash,
    /// A proof of the right length is believed.
    ClosingRoot,
}

impl Flaw {
    pub const ALL: [Flaw; 14] = [
        Flaw::PinnedId,
        Flaw::RootSignatures,
        Flaw::Threshold,
        Flaw::StatementSignature,
        Flaw::ChannelOfHead,
        Flaw::TipSignature,
        Flaw::Links,
        Flaw::PayloadHash,
        Flaw::ForkSignatures,
        Flaw::GroupHashes,
        Flaw::SliceHashes,
        Flaw::BlockHash,
        Flaw::FileHash,
        Flaw::ClosingRoot,
    ];
}

/// The real gate but for one check.
pub struct Careless(pub Flaw);

struct Sound;
impl Gate for Sound {}

impl Careless {
    fn charter_of(&self, world: &World, bytes: &[u8], number: u64) -> Result<Vec<u8>, Reason> {
        let charter = Charter::decode(bytes)?;
        let body = &charter.body;
        if body.number != number {
            return Err(Reason::OutOfSequence { found: body.number, expected: number });
        }
        if self.0 != Flaw::PinnedId && body.channel() != world.channel() {
            return Err(Reason::WrongChannel);
        }
        let good = |(key, signature): &&(longear_core::PublicKey, [u8; 64])| {
            self.0 != Flaw::Threshold || key.verify(&body.signing_message(), signature).is_ok()
        };
        let signers = charter.signatures.iter().filter(good).filter(|(key, _)| body.roots.keys.contains(key)).count();
        let needed = if self.0 == Flaw::Threshold { 1 } else { usize::from(body.roots.threshold) };
        let kept = world.charters[..3].last().is_none_or(|before| number == 1 || before.body.roots == body.roots);
        if signers < needed || !kept {
            return Err(Reason::BelowThreshold { have: signers, need: needed });
        }
        Ok(bytes.to_vec())
    }
}

impl Gate for Careless {
    fn founding(&self, world: &World, bytes: &[u8]) -> Judged {
        match self.0 {
            Flaw::PinnedId => Judged::of(self.charter_of(world, bytes, 1)),
            _ => Sound.founding(world, bytes),
        }
    }

    fn charter(&self, world: &World, bytes: &[u8]) -> Judged {
        match self.0 {
            Flaw::RootSignatures | Flaw::Threshold => Judged::of(self.charter_of(world, bytes, 4)),
            _ => Sound.charter(world, bytes),
        }
    }

    fn head(&self, world: &World, bytes: &[u8]) -> Judged {
        let claimed = bytes.get(4..36).and_then(|id| id.first_chunk()).map(|id| longear_core::ChannelId(*id));
        let head = match (self.0, claimed) {
            (Flaw::ChannelOfHead, Some(claimed)) => Head::decode(&claimed, bytes),
            _ => Head::decode(&world.channel(), bytes),
        };
        let Ok(head) = head else { return Judged::default() };
        let words = head.statements.into_values();
        let other = &world.other.lineage;
        let kept = words.filter_map(|word| match self.0 {
            Flaw::ChannelOfHead => longear_core::verify(other, word).ok().map(|word| word.encode()),
            _ => self.word(world, word).ok(),
        });
        Judged { code: "", accepted: kept.collect() }
    }

    fn word(&self, world: &World, word: Statement) -> Result<Vec<u8>, Reason> {
        match self.0 {
            Flaw::StatementSignature => match world.publisher.lineage.entry(&word.opening.key) {
                Some(_) => Ok(word.encode()),
                None => Err(Reason::UnknownKey),
            },
            _ => Sound.word(world, word),
        }
    }

    fn pack(&self, world: &World, log: LogId, name: PackName, bytes: &[u8]) -> Judged {
        if !matches!(self.0, Flaw::TipSignature | Flaw::Links | Flaw::PayloadHash) {
            return Sound.pack(world, log, name, bytes);
        }
        let mut reader = PackReader::new(world.channel(), log, name);
        reader.push(bytes);
        let mut judged = Judged::default();
        let mut headers = Vec::<SignedHeader>::new();
        while let Ok(Some(part)) = reader.next_part() {
            match part {
                PackPart::Headers(found) => headers = found.items,
                PackPart::Payload { seq, bytes } if self.0 == Flaw::PayloadHash => {
                    let item = headers.iter().find(|item| item.header().seq == seq);
                    let fits = item.filter(|item| item.header().payload_length as usize == bytes.len());
                    judged.accepted.extend(fits.map(|item| [item.bytes(), bytes].concat()));
                }
                PackPart::Payload { .. } => {}
            }
        }
        let linked = headers.windows(2).all(|pair| Run::links(&pair[0], &pair[1]));
        let good = |item: &&SignedHeader| item.check_signature(&world.channel(), &reader.opening().unwrap()).is_ok();
        match self.0 {
            Flaw::TipSignature if !linked => {}
            Flaw::Links if !headers.last().is_some_and(|tip| good(&tip)) => {}
            Flaw::PayloadHash => {}
            _ => judged.accepted.extend(headers.iter().map(|item| item.bytes().to_vec())),
        }
        judged
    }

    fn fork(&self, world: &World, log: LogId, bytes: &[u8]) -> Judged {
        if self.0 != Flaw::ForkSignatures {
            return Sound.fork(world, log, bytes);
        }
        let Ok(proof) = ForkProof::decode(bytes) else { return Judged::default() };
        let contradict = ForkProof::between(proof.opening, &proof.first, &proof.second).is_some();
        let of_log = [&proof.first, &proof.second].iter().all(|item| item.header().log == log);
        if contradict && of_log { both_headers(&proof) } else { Judged::default() }
    }

    fn groups(&self, world: &World, size: u64, bytes: &[u8]) -> Judged {
        match self.0 {
            Flaw::GroupHashes => Judged::holds(bytes.len() == world.file.groups.encode().len(), bytes.to_vec()),
            _ => Sound.groups(world, size, bytes),
        }
    }

    fn slice(&self, world: &World, group: u32, bytes: &[u8]) -> Judged {
        match self.0 {
            Flaw::SliceHashes => {
                Judged::holds(bytes.len() == world.file.slices[group as usize].len(), at_place(group, bytes))
            }
            _ => Sound.slice(world, group, bytes),
        }
    }

    fn block(&self, world: &World, block: u32, bytes: &[u8]) -> Judged {
        match self.0 {
            Flaw::BlockHash => Judged::holds(bytes.len() == 16 << 10, at_place(block, bytes)),
            _ => Sound.block(world, block, bytes),
        }
    }

    fn file(&self, world: &World, bytes: &[u8]) -> Judged {
        match self.0 {
            Flaw::FileHash => Judged::holds(bytes.len() == world.small_file.content.len(), bytes.to_vec()),
            _ => Sound.file(world, bytes),
        }
    }

    fn proof(&self, world: &World, bytes: &[u8]) -> Judged {
        match (self.0, read_proof(bytes)) {
            (Flaw::ClosingRoot, Some((seq, _, hashes))) => {
                let honest = world.closed.proofs.get(usize::try_from(seq).unwrap_or(usize::MAX));
                Judged::holds(honest.is_some_and(|proof| proof.len() == 40 + 32 * hashes.len()), bytes.to_vec())
            }
            _ => Sound.proof(world, bytes),
        }
    }
}
