//! The facts of a note from its signed bytes, without the checks of a first reading: what lies here was verified before.

use longear_core::PublicKey;
use longear_core::room::{Entry, Facts, NoteId, Spot, What, day_of};

/// Where the fields stand that are read here.
const KEY: usize = 36;
const WHAT: usize = 68;
const SLOT: usize = 69;
const TIME: usize = 70;
const PARENT: usize = 78;
const SEEN_AT: usize = 126;
const HAS_TICKET: usize = 142;
const TICKET: usize = 143;

/// The facts. `None`: these are not the bytes of a note. Costs two hashes.
pub fn facts_of(signed: &[u8]) -> Option<Facts> {
    let room = longear_core::room::RoomId(field(signed, 4)?);
    let what = match signed.get(WHAT)? {
        0 => What::Words,
        1 => What::TakenBack,
        2 => What::Flag,
        _ => return None,
    };
    let has_ticket = *signed.get(HAS_TICKET)? == 1;
    let entry = match has_ticket {
        true => Entry::of_ticket(&room, &PublicKey(field(signed, TICKET)?)),
        false => Entry::of_writer(&room, &PublicKey(field(signed, KEY)?)),
    };
    let time = u64::from_le_bytes(field(signed, TIME)?);
    Some(Facts {
        id: NoteId::of(signed),
        spot: Spot { entry, day: day_of(time), slot: *signed.get(SLOT)? },
        what,
        has_ticket,
        parent: Some(NoteId(field(signed, PARENT)?)).filter(|parent| parent.0 != [0; 32]),
        floor_ms: time.max(u64::from_le_bytes(field(signed, SEEN_AT)?)),
        bytes: signed.len() as u32,
    })
}

fn field<const N: usize>(signed: &[u8], at: usize) -> Option<[u8; N]> {
    signed.get(at..)?.first_chunk().copied()
}
