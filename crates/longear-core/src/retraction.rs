//! Taking items back. Specified in `docs/spec/items.md`.

use crate::bytes::{Reader, Writer, ascends};
use crate::header::Header;
use crate::id::{ItemId, LogId};
use crate::keys::Roles;
use crate::kind::Kind;
use crate::limits::{DAY_MS, RETRACTION_TARGETS_MAX, TITLE_BYTES_MAX};
use crate::reason::Reason;

/// The payload of a retraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retraction {
    /// Items taken back, ascending.
    pub targets: Vec<ItemId>,
    /// Why; for readers.
    pub reason: String,
}

impl Retraction {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(1).u16(self.targets.len() as u16);
        self.targets.iter().fold(&mut out, |out, target| out.raw(&target.0));
        out.text(&self.reason);
        out.into_bytes()
    }

    /// Reads the payload. Checks form and limits.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        let max = Kind::Retraction.payload_bytes_max();
        if bytes.len() > max {
            return Err(Reason::TooLong { what: "payload", max });
        }
        let mut input = Reader::new(bytes);
        input.version()?;
        let count = usize::from(input.u16()?);
        if count > RETRACTION_TARGETS_MAX {
            return Err(Reason::TooMany { what: "targets", max: RETRACTION_TARGETS_MAX });
        }
        if count == 0 {
            return Err(Reason::BadValue { what: "number of targets" });
        }
        let (mut targets, mut last) = (Vec::with_capacity(count), None);
        for _ in 0..count {
            let target = ItemId(input.array()?);
            ascends(&mut last, target, "order of targets")?;
            targets.push(target);
        }
        let reason = input.text("reason", TITLE_BYTES_MAX)?;
        input.finish()?;
        Ok(Retraction { targets, reason })
    }
}

/// Whether a signer may take back or replace an item: one of its own log, or any with the role `edit`.
pub fn may_retract(signer_log: LogId, signer_roles: Roles, target_log: LogId) -> bool {
    signer_log == target_log || signer_roles.has(Roles::EDIT)
}

/// The targets of one log's retractions and corrections that take effect: the first ones of each UTC day, as (seq, target).
///
/// `named` ascends by seq and holds what is itself *shown*, also what was taken back since: each header with the targets of
/// its retraction, or the one item that its article corrects. Corrections count too, else the cap would keep no thief with
/// a delegate's key from hiding a whole archive in an hour. A target that is not held uses up its share.
pub fn targets_that_count<'a>(
    named: impl IntoIterator<Item = (&'a Header, &'a [ItemId])>,
) -> impl Iterator<Item = (u64, ItemId)> {
    let mut used = crate::sorted::SortedMap::<u64, usize>::new();
    named.into_iter().flat_map(move |(header, targets)| {
        let used = used.at_or_insert(header.time / DAY_MS, || 0);
        let counting = targets.len().min(RETRACTION_TARGETS_MAX - *used);
        *used += counting;
        targets[..counting].iter().map(|target| (header.seq, *target))
    })
}
