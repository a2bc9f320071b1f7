//! What was verified before. An answer depends on nothing but the charters and the object, so it is remembered: putting a
//! node together anew would otherwise check each signature six times more.

use std::collections::HashMap;

use longear_core::{Charter, ForkProof, Lineage, Run, Statement, Verified, verify};

use crate::oracle::holder::Held;

/// Something that was verified.
#[derive(Clone, Debug)]
pub enum Proven {
    /// A charter.
    Charter(Verified<Charter>),
    /// One item.
    Item(Verified<Run>),
    /// A statement.
    Statement(Verified<Statement>),
    /// A fork proof.
    Fork(Verified<ForkProof>),
}

/// Answers of [`verify()`] in one world.
#[derive(Debug, Default)]
pub struct Checked {
    /// By the hash of charters and object; `None` where the object was refused.
    answers: HashMap<[u8; 32], Option<Proven>>,
}

impl Checked {
    /// Verifies an object, or remembers what came of it. Payloads and inclusion proofs carry no signature and are not
    /// looked at.
    pub fn check(&mut self, lineage: &Lineage, object: &Held) -> Option<Proven> {
        let key = key_of(lineage, object)?;
        self.answers.entry(key).or_insert_with(|| prove(lineage, object)).clone()
    }
}

/// What the answer depends on: the newest charter names all before it by its hash, a rival takes its force away.
fn key_of(lineage: &Lineage, object: &Held) -> Option<[u8; 32]> {
    let (kind, opening, bytes) = match object {
        Held::Charter(charter) => (0_u8, None, charter.encode()),
        Held::Item { opening, header } => (1, Some(opening), header.bytes().to_vec()),
        Held::Statement(statement) => (2, None, statement.encode()),
        Held::Fork(proof) => (3, None, proof.encode()),
        Held::Payload { .. } | Held::Proof { .. } => return None,
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(&lineage.channel().0).update(&lineage.number().to_le_bytes()).update(&lineage.hash().0);
    for rival in lineage.rivals() {
        hasher.update(&rival.body.hash().0);
    }
    if let Some(opening) = opening {
        hasher.update(&opening.key.0).update(&opening.incarnation.to_le_bytes());
    }
    Some(*hasher.update(&[kind]).update(&bytes).finalize().as_bytes())
}

fn prove(lineage: &Lineage, object: &Held) -> Option<Proven> {
    match object {
        Held::Charter(charter) => verify(lineage, charter.clone()).ok().map(Proven::Charter),
        Held::Item { opening, header } => {
            let run = Run::new(*opening, vec![header.clone()]).ok()?;
            verify(lineage, run).ok().map(Proven::Item)
        }
        Held::Statement(statement) => verify(lineage, statement.clone()).ok().map(Proven::Statement),
        Held::Fork(proof) => verify(lineage, proof.clone()).ok().map(Proven::Fork),
        Held::Payload { .. } | Held::Proof { .. } => None,
    }
}
