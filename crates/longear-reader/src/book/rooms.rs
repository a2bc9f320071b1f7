//! What is held of the rooms of a channel, for the module that knows how to read them.

use longear_core::hash::labelled;
use longear_core::holdings::Holdings;

use super::Book;
use super::broadcast::put;

impl Book {
    /// The newest word of the channel, and the openings of rooms and the decisions in them that readers see.
    ///
    /// First 16 bytes of the newest statement's hash and its time (u64), zeros where there is none; then of each item
    /// its header and its payload, each behind its length (u32). Numbers are little-endian.
    pub fn rooms(&self) -> Vec<u8> {
        let mut record = vec![0; 24];
        let head = self.head();
        if let Some(word) = head.statements.values().max_by_key(|word| word.time).filter(|word| word.time > 0) {
            record[..16].copy_from_slice(&labelled("statement", &[&word.encode()])[..16]);
            record[16..].copy_from_slice(&word.time.to_le_bytes());
        }
        for item in self.of_rooms.iter().filter_map(|id| self.item(id)) {
            if let (Some(payload), true) = (item.payload, item.status.is_visible()) {
                put(&mut record, item.signed.bytes());
                put(&mut record, payload);
            }
        }
        record
    }
}
