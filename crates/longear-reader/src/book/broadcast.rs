//! What is held of a broadcast, for the module that knows how to read it.

use longear_core::{ItemId, Kind};

use super::{Book, BookItem};

impl Book {
    /// The payloads of an opening that readers see and of the roll-ups behind it in its log, each behind its length (u32,
    /// little-endian). `None` where there is no such opening.
    ///
    /// Where several openings name the same broadcast, the one with the earliest time counts: whoever copies a name comes later.
    pub fn broadcast(&self, id: &ItemId) -> Option<Vec<u8>> {
        let opening = self.item(id).filter(|item| item.header().kind == Kind::Live && item.status.is_visible())?;
        let stream = stream_of(&opening)?;
        let is_copied = self
            .feed(Some((opening.header().time, *id)), None)
            .any(|earlier| earlier.header().kind == Kind::Live && stream_of(&earlier) == Some(stream));
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

/// The name of its broadcast: what an opening's payload has behind its version.
fn stream_of<'b>(item: &BookItem<'b>) -> Option<&'b [u8]> {
    item.payload?.get(1..17)
}

fn put(out: &mut Vec<u8>, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(payload);
}
