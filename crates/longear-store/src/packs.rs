//! Packs for others, put together from what is held.

use std::collections::HashSet;

use longear_core::pack::{PackName, PackSlot, encode_front};
use longear_core::{ChannelId, ItemId, LogId, LogOpening, Run, SignedHeader};

use crate::error::StoreError;
use crate::index::place_of;
use crate::segment::Place;
use crate::store::Store;

/// Places in a pack where one header does not name the one before it, each of which costs a signature check. Honest logs have
/// none; where a thief made more, the smaller packs below are given.
const GAPS_MAX: usize = 16;

/// A pack that can be sent: its front, and where the payloads stand that follow it.
#[derive(Clone, Debug)]
pub struct PackAnswer {
    front: Vec<u8>,
    payloads: Vec<Place>,
}

impl PackAnswer {
    /// Everything before the payloads.
    pub fn front(&self) -> &[u8] {
        &self.front
    }

    /// How many payloads follow.
    pub fn payload_count(&self) -> usize {
        self.payloads.len()
    }

    /// Length of the whole pack in bytes.
    pub fn length(&self) -> u64 {
        self.front.len() as u64 + self.payloads.iter().map(|place| u64::from(place.length)).sum::<u64>()
    }
}

impl Store {
    /// The pack of that name, if every item of it is here (a payload that was taken back may be missing) and everybody who
    /// reads this pack alone will find it good. Costs a signature check when it is asked for the first time.
    pub fn pack(&self, channel: &ChannelId, log: &LogId, name: PackName) -> Result<Option<PackAnswer>, StoreError> {
        let mut inner = self.fresh()?;
        let inner = &mut *inner;
        let state = inner.states.get(channel);
        let Some(held) = state.and_then(|state| state.logs.get(log)) else { return Ok(None) };
        let range = name.items();
        if !held.headers.covers(range.clone()) || held.payloads.count_within(range.clone()) == 0 {
            return Ok(None);
        }
        let (from, to) = (place_of(held.no, range.start), place_of(held.no, range.end));
        let rows = inner.index.items_between(from, to, name.length() as usize)?;
        let mut headers = Vec::with_capacity(rows.len());
        for row in &rows {
            headers.push(self.journal.read(row.header)?);
        }
        if !stands_alone(channel, &held.opening, &headers, &mut inner.own_signatures) {
            return Ok(None);
        }
        let slots = rows.iter().zip(&headers).map(|(row, header)| {
            let payload_length = row.payload.map_or(0, |_| row.payload_length);
            Some(PackSlot { header, payload_length })
        });
        let front = encode_front(name, &held.opening, &slots.collect::<Vec<_>>());
        let payloads = rows.iter().filter_map(|row| row.payload).filter(|place| place.length > 0).collect();
        Ok(Some(PackAnswer { front, payloads }))
    }

    /// The payload number `index` of a pack.
    pub fn pack_payload(&self, pack: &PackAnswer, index: usize) -> Result<Vec<u8>, StoreError> {
        Ok(self.journal.read(pack.payloads[index])?)
    }
}

/// Whether each header is linked to from above, or good by its own signature.
///
/// What vouched for a header when it came may lie beyond the pack: then its own signature was never looked at, and a
/// thief can have left it out to have us held for liars.
fn stands_alone(channel: &ChannelId, opening: &LogOpening, headers: &[Vec<u8>], good: &mut OwnSignatures) -> bool {
    let mut above: Option<SignedHeader> = None;
    let mut gaps = 0;
    for bytes in headers.iter().rev() {
        let Ok(header) = SignedHeader::decode(bytes) else { return false };
        if !above.is_some_and(|above| Run::links(&header, &above)) {
            gaps += 1;
            if gaps > GAPS_MAX || !good.holds(channel, opening, &header) {
                return false;
            }
        }
        above = Some(header);
    }
    true
}

/// Headers of this store whose own signatures were looked at: a box gives the same packs again and again.
#[derive(Debug, Default)]
pub(crate) struct OwnSignatures(HashSet<ItemId>);

impl OwnSignatures {
    /// How many are remembered: the ends of as many packs, in about 64 KiB.
    const MAX: usize = 1_024;

    /// An ID covers every byte of a header, its signature too, and the log, which covers channel and key.
    fn holds(&mut self, channel: &ChannelId, opening: &LogOpening, header: &SignedHeader) -> bool {
        let id = header.id();
        if self.0.contains(&id) {
            return true;
        }
        if header.check_signature(channel, opening).is_err() {
            return false;
        }
        if self.0.len() == Self::MAX {
            self.0.clear();
        }
        self.0.insert(id)
    }
}
