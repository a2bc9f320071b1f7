//! Proof that a log has two branches. Specified in `docs/spec/closing.md`.

use crate::bytes::{Reader, Writer};
use crate::header::SignedHeader;
use crate::id::LogOpening;
use crate::limits::HEADER_BYTES_MAX;
use crate::lineage::Lineage;
use crate::reason::Reason;
use crate::verify::{Claim, sealed};

/// Two signed headers that cannot both stand in one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkProof {
    /// The log.
    pub opening: LogOpening,
    /// The lower seq, or with equal seqs the lower ID.
    pub first: SignedHeader,
    /// The other one.
    pub second: SignedHeader,
}

impl ForkProof {
    /// A proof from two headers of one log, if they contradict each other.
    pub fn between(opening: LogOpening, one: &SignedHeader, other: &SignedHeader) -> Option<Self> {
        let order = |item: &SignedHeader| (item.header().seq, item.id());
        let (first, second) = if order(one) <= order(other) { (one, other) } else { (other, one) };
        contradict(first, second).is_ok().then(|| ForkProof { opening, first: first.clone(), second: second.clone() })
    }

    /// The seq from which on there are two branches.
    pub fn seq(&self) -> u64 {
        self.first.header().seq
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.raw(b"LEF").u8(1).raw(&self.opening.key.0).u64(self.opening.incarnation);
        for item in [&self.first, &self.second] {
            out.u16(item.bytes().len() as u16).raw(item.bytes());
        }
        out.into_bytes()
    }

    /// Reads a proof. [`crate::verify()`] checks it.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        let mut input = Reader::new(bytes);
        input.magic(b"LEF", "a fork proof")?;
        let opening = LogOpening { key: input.key()?, incarnation: input.u64()? };
        let mut item = || {
            let length = usize::from(input.u16()?);
            if length > HEADER_BYTES_MAX {
                return Err(Reason::TooLong { what: "header", max: HEADER_BYTES_MAX });
            }
            SignedHeader::decode(input.take(length)?)
        };
        let (first, second) = (item()?, item()?);
        input.finish()?;
        Ok(ForkProof { opening, first, second })
    }
}

fn contradict(first: &SignedHeader, second: &SignedHeader) -> Result<(), Reason> {
    let (low, high) = (first.header(), second.header());
    let same_place = low.seq == high.seq && first.id() != second.id();
    let not_linked = low.seq + 1 == high.seq && high.previous != first.id();
    if low.log != high.log || !(same_place || not_linked) {
        return Err(Reason::NoFork);
    }
    if same_place && first.id() > second.id() {
        return Err(Reason::NotCanonical { what: "order of the two headers" });
    }
    Ok(())
}

impl sealed::Sealed for ForkProof {}

impl Claim for ForkProof {
    type Authority = Lineage;

    fn check(&self, lineage: &Lineage) -> Result<(), Reason> {
        let channel = lineage.channel();
        lineage.entry(&self.opening.key).ok_or(Reason::UnknownKey)?;
        let log = self.opening.log(&channel);
        if self.first.header().log != log || self.second.header().log != log {
            return Err(Reason::WrongLog);
        }
        contradict(&self.first, &self.second)?;
        self.first.check_signature(&channel, &self.opening)?;
        self.second.check_signature(&channel, &self.opening)
    }
}
