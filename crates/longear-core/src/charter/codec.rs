//! The bytes of a charter.

use crate::bytes::{Reader, Writer, ascending};
use crate::charter::{Charter, CharterBody, Closing, Delegate, Origin, RootSet};
use crate::id::{ChannelId, ItemId, LogId, LogOpening};
use crate::keys::{PublicKey, Roles};
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
        let charter = Self::decode_draft(bytes)?;
        if charter.signatures.is_empty() {
            return Err(Reason::BadValue { what: "number of signatures" });
        }
        Ok(charter)
    }

    /// Reads a charter that may not be signed yet, as it travels between root holders.
    pub fn decode_draft(bytes: &[u8]) -> Result<Self, Reason> {
        if bytes.len() > CHARTER_BYTES_MAX {
            return Err(Reason::TooLong { what: "charter", max: CHARTER_BYTES_MAX });
        }
        let mut input = Reader::new(bytes);
        let body = CharterBody::read(&mut input)?;
        let count = usize::from(input.u8()?);
        if count > 2 * ROOTS_MAX {
            return Err(Reason::TooMany { what: "signatures", max: 2 * ROOTS_MAX });
        }
        let mut signatures = Vec::with_capacity(count);
        for _ in 0..count {
            signatures.push((PublicKey(input.array()?), input.array()?));
        }
        ascending(signatures.iter().map(|(key, _)| key), "order of signatures")?;
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
        let origin = match (input.u8()?, input.array()?) {
            (0, salt) => Origin::Salt(salt),
            (1, channel) => Origin::Channel(ChannelId(channel)),
            _ => return Err(Reason::BadValue { what: "origin" }),
        };
        if number == 0 || (number == 1) != matches!(origin, Origin::Salt(_)) {
            return Err(Reason::BadValue { what: "charter number" });
        }
        let time = input.time("time")?;
        let name = input.text("name", NAME_BYTES_MAX)?;
        if name.is_empty() {
            return Err(Reason::BadValue { what: "name" });
        }
        let roots = read_roots(input)?;
        let next = input.array()?;
        let delegates = read_delegates(input)?;
        let closings = read_closings(input)?;
        if number == 1 && !closings.is_empty() {
            return Err(Reason::BadValue { what: "closings in charter 1" });
        }
        if (input.u8()?, input.u8()?) != (0, 0) {
            return Err(Reason::BadValue { what: "stewards" });
        }
        let extensions = input.tlv()?;
        Ok(CharterBody { number, origin, time, name, roots, next, delegates, closings, extensions })
    }
}

fn read_roots(input: &mut Reader<'_>) -> Result<RootSet, Reason> {
    let (threshold, count) = (input.u8()?, usize::from(input.u8()?));
    if count > ROOTS_MAX {
        return Err(Reason::TooMany { what: "roots", max: ROOTS_MAX });
    }
    if count == 0 || threshold == 0 || usize::from(threshold) > count {
        return Err(Reason::BadValue { what: "threshold" });
    }
    let keys = (0..count).map(|_| Ok(PublicKey(input.array()?))).collect::<Result<Vec<_>, Reason>>()?;
    ascending(keys.iter(), "order of roots")?;
    Ok(RootSet { threshold, keys })
}

fn read_delegates(input: &mut Reader<'_>) -> Result<Vec<Delegate>, Reason> {
    let count = usize::from(input.u8()?);
    if count > DELEGATES_MAX {
        return Err(Reason::TooMany { what: "delegates", max: DELEGATES_MAX });
    }
    let mut delegates = Vec::with_capacity(count);
    for _ in 0..count {
        let delegate = Delegate {
            key: PublicKey(input.array()?),
            roles: Roles::from_bits(input.u16()?)?,
            region: input.text("region", REGION_BYTES_MAX)?,
            not_before: input.time("not-before")?,
            not_after: input.time("not-after")?,
            label: input.text("label", LABEL_BYTES_MAX)?,
            enrolment: input.array()?,
        };
        if delegate.not_after != 0 && delegate.not_after <= delegate.not_before {
            return Err(Reason::BadValue { what: "not-after" });
        }
        delegates.push(delegate);
    }
    ascending(delegates.iter().map(|delegate| delegate.key), "order of delegates")?;
    Ok(delegates)
}

fn read_closings(input: &mut Reader<'_>) -> Result<Vec<Closing>, Reason> {
    let count = usize::from(input.u16()?);
    if count > CLOSINGS_MAX {
        return Err(Reason::TooMany { what: "closings", max: CLOSINGS_MAX });
    }
    let mut closings = Vec::with_capacity(count);
    for _ in 0..count {
        let log = LogId(input.array()?);
        let opening = LogOpening { key: PublicKey(input.array()?), incarnation: input.u64()? };
        let (items, tip, root) = (input.u64()?, ItemId(input.array()?), input.array()?);
        let empty = tip == ItemId::NONE && root == [0; 32];
        if items > LOG_ITEMS_MAX || (items == 0) != empty {
            return Err(Reason::BadValue { what: "closing" });
        }
        closings.push(Closing { opening, log, items, tip, root });
    }
    ascending(closings.iter().map(|closing| closing.log), "order of closings")?;
    Ok(closings)
}
