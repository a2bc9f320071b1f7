//! What is held of a broadcast, for the module that knows how to read it.

use longear_core::{ItemId, Kind, Opening, StreamId};

use super::{Book, BookItem};

impl Book {
    /// The payloads of an opening that readers see and of the roll-ups behind it in its log, each behind its length (u32,
    /// little-endian). `None` where there is no such opening.
    ///
    /// Where several openings name the same broadcast, the one with the earliest time counts: whoever copies a name comes later.
    pub fn broadcast(&self, id: &ItemId) -> Option<Vec<u8>> {
        let opening = self.item(id).filter(|item| item.status.is_visible())?;
        let stream = stream_of(&opening)?;
        let mut earlier = self.feed(Some((opening.header().time, *id)), None);
        let is_copied = earlier.any(|earlier| stream_of(&earlier) == Some(stream));
        if is_copied {
            return None;
        }
        let mut payloads = Vec::new();
        put(&mut payloads, opening.payload?);
        let log = self.log_in_force(&opening.log)?;
        for (_, held) in log.places(opening.header().seq + 1) {
            for item in held.iter().filter(|item| item.signed.header().kind == Kind::RollUp) {
                let item = self.book_item(opening.log, log, item);
                if let (Some(payload), true) = (item.payload, item.status.is_visible()) {
                    put(&mut payloads, payload);
                }
            }
        }
        Some(payloads)
    }
}

/// The broadcast that an item opens, if it opens one.
fn stream_of(item: &BookItem<'_>) -> Option<StreamId> {
    let payload = item.payload.filter(|_| item.header().kind == Kind::Live)?;
    Opening::decode(payload).ok().map(|opening| opening.stream)
}

pub(super) fn put(out: &mut Vec<u8>, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(payload);
}
