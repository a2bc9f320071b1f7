//! The bytes of a charter.

use crate::bytes::{Reader, Writer, ascends};
use crate::charter::{Charter, CharterBody, Closing, Delegate, Origin, RootSet};
use crate::id::{ChannelId, ItemId, LogId, LogOpening};
use crate::keys::Roles;
use crate::limits::{
    CHARTER_BYTES_MAX, CLOSINGS_MAX, DELEGATES_MAX, LABEL_BYTES_MAX, LOG_ITEMS_MAX, NAME_BYTES_MAX, REGION_BYTES_MAX,
    ROOTS_MAX,
};
use crate::reason::Reason;

impl Charter {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.raw(&self.body.encode()).u8(self.signatures.len() as u8);
        for (key, signature) in &self.signatures {
            out.raw(&key.0).raw(signature);
        }
        out.into_bytes()
    }

    /// Reads a charter that at least one root signed. Checks form and limits; [`crate::verify()`] checks whom it comes from.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        Self::read(bytes, 1)
    }

    /// Reads a charter that may not be signed yet, as it travels between root holders.
    pub fn decode_draft(bytes: &[u8]) -> Result<Self, Reason> {
        Self::read(bytes, 0)
    }

    fn read(bytes: &[u8], signatures_min: usize) -> Result<Self, Reason> {
        if bytes.len() > CHARTER_BYTES_MAX {
            return Err(Reason::TooLong { what: "charter", max: CHARTER_BYTES_MAX });
        }
        let mut input = Reader::new(bytes);
        let body = CharterBody::read(&mut input)?;
        let count = usize::from(input.u8()?);
        if count > 2 * ROOTS_MAX {
            return Err(Reason::TooMany { what: "signatures", max: 2 * ROOTS_MAX });
        }
        if count < signatures_min {
            return Err(Reason::BadValue { what: "number of signatures" });
        }
        let (mut signatures, mut last) = (Vec::with_capacity(count), None);
        for _ in 0..count {
            let root = input.key()?;
            ascends(&mut last, root, "order of signatures")?;
            signatures.push((root, input.array()?));
        }
        input.finish()?;
        Ok(Charter { body, signatures })
    }
}

impl CharterBody {
    /// The canonical bytes of what is signed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.raw(b"LEC").u8(1).u64(self.number);
        match &self.origin {
            Origin::Salt(salt) => out.u8(0).raw(salt),
            Origin::Channel(channel) => out.u8(1).raw(&channel.0),
        };
        out.u64(self.time).text(&self.name).raw(&self.roots.encode()).raw(&self.next);
        out.u8(self.delegates.len() as u8);
        for delegate in &self.delegates {
            out.raw(&delegate.key.0).u16(delegate.roles.bits()).text(&delegate.region);
            out.u64(delegate.not_before).u64(delegate.not_after).text(&delegate.label).raw(&delegate.enrolment);
        }
        out.u16(self.closings.len() as u16);
        for closing in &self.closings {
            out.raw(&closing.log.0).raw(&closing.opening.key.0).u64(closing.opening.incarnation);
            out.u64(closing.items).raw(&closing.tip.0).raw(&closing.root);
        }
        out.u8(0).u8(0).tlv(&self.extensions);
        out.into_bytes()
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Reason> {
        input.magic(b"LEC", "a charter")?;
        let number = input.u64()?;
        if number == 0 {
            return Err(Reason::BadValue { what: "charter number" });
        }
        let origin = match (input.u8()?, number) {
            (0, 1) => Origin::Salt(input.array()?),
            (1, 2..) => Origin::Channel(ChannelId(input.array()?)),
            _ => return Err(Reason::BadValue { what: "origin" }),
        };
        let time = input.time("time")?;
        let name = input.text("name", NAME_BYTES_MAX)?;
        if name.is_empty() {
            return Err(Reason::BadValue { what: "name" });
        }
        let roots = read_roots(input)?;
        let next = input.array()?;
        let delegates = read_delegates(input)?;
        let closings = read_closings(input, number)?;
        for _ in ["threshold", "count"] {
            if input.u8()? != 0 {
                return Err(Reason::BadValue { what: "stewards" });
            }
        }
        let extensions = input.tlv()?;
        Ok(CharterBody { number, origin, time, name, roots, next, delegates, closings, extensions })
    }
}

fn read_roots(input: &mut Reader<'_>) -> Result<RootSet, Reason> {
    let threshold = input.u8()?;
    if threshold == 0 {
        return Err(Reason::BadValue { what: "threshold" });
    }
    let count = usize::from(input.u8()?);
    if count > ROOTS_MAX {
        return Err(Reason::TooMany { what: "roots", max: ROOTS_MAX });
    }
    if count < usize::from(threshold) {
        return Err(Reason::BadValue { what: "number of roots" });
    }
    let (mut keys, mut last) = (Vec::with_capacity(count), None);
    for _ in 0..count {
        let key = input.key()?;
        ascends(&mut last, key, "order of roots")?;
        keys.push(key);
    }
    Ok(RootSet { threshold, keys })
}

fn read_delegates(input: &mut Reader<'_>) -> Result<Vec<Delegate>, Reason> {
    let count = usize::from(input.u8()?);
    if count > DELEGATES_MAX {
        return Err(Reason::TooMany { what: "delegates", max: DELEGATES_MAX });
    }
    let (mut delegates, mut last) = (Vec::with_capacity(count), None);
    for _ in 0..count {
        let key = input.key()?;
        ascends(&mut last, key, "order of delegates")?;
        let (roles, region) = (Roles::from_bits(input.u16()?)?, input.text("region", REGION_BYTES_MAX)?);
        let (not_before, not_after) = (input.time("not-before")?, input.time("not-after")?);
        if not_after != 0 && not_after <= not_before {
            return Err(Reason::BadValue { what: "not-after" });
        }
        let (label, enrolment) = (input.text("label", LABEL_BYTES_MAX)?, input.array()?);
        delegates.push(Delegate { key, roles, region, not_before, not_after, label, enrolment });
    }
    Ok(delegates)
}

fn read_closings(input: &mut Reader<'_>, number: u64) -> Result<Vec<Closing>, Reason> {
    let count = usize::from(input.u16()?);
    if count > CLOSINGS_MAX {
        return Err(Reason::TooMany { what: "closings", max: CLOSINGS_MAX });
    }
    if number == 1 && count > 0 {
        return Err(Reason::BadValue { what: "closings in charter 1" });
    }
    let (mut closings, mut last) = (Vec::with_capacity(count), None);
    for _ in 0..count {
        let log = LogId(input.array()?);
        ascends(&mut last, log, "order of closings")?;
        let opening = LogOpening { key: input.key()?, incarnation: input.u64()? };
        let items = input.below("items of a closing", LOG_ITEMS_MAX + 1)?;
        let tip = ItemId(input.array()?);
        if (items == 0) != (tip == ItemId::NONE) {
            return Err(Reason::BadValue { what: "tip of a closing" });
        }
        let root = input.array()?;
        if (items == 0) != (root == [0; 32]) {
            return Err(Reason::BadValue { what: "root of a closing" });
        }
        closings.push(Closing { opening, log, items, tip, root });
    }
    Ok(closings)
}
