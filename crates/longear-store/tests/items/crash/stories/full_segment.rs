//! A segment fills, and a batch goes on in the next one.

use longear_store::backend::{MemoryBackend, OpenMode, StorageBackend};

use super::{first_charter, follow, publish_post, story};
use crate::crash::states::{Step, Story};

/// A segment is followed by the next one when it has grown past this.
const SEGMENT_BYTES_MAX: u64 = 64 << 20;
/// What is left of it: the second post goes beyond.
const LEFT_BYTES: u64 = 20_000;
/// Bytes before the body of a record.
const FRONT_BYTES: u64 = 12;
/// Kind of a record that ends a batch.
const COMMIT: u8 = 11;
/// Kind of a record that holds nothing any more.
const VOID: u8 = 12;

pub fn stories() -> Vec<Story> {
    let begun: &[Step] = &[follow, first_charter, publish_post::<0>];
    let posts: &[Step] = &[publish_post::<1>, publish_post::<2>, publish_post::<3>];
    let story = story("the next segment", begun, posts);
    vec![Story { behind_its_back: Some(fill_segment), is_large: true, ..story }]
}

/// Fills the segment with what was erased long ago: records without content, whose bytes take no room any more. The last one
/// is short, so that little has to be written again when the index is lost.
fn fill_segment(disk: &MemoryBackend) {
    const LONG_BYTES: u64 = 4 << 20;
    const SHORT_BYTES: u64 = 50_000;
    let file = disk.open("items/00000000", OpenMode::Write).unwrap();
    let mut salt = [0; 8];
    file.read_exact_at(4, &mut salt).unwrap();
    let (mut offset, end) = (file.len().unwrap(), SEGMENT_BYTES_MAX - LEFT_BYTES);
    while offset < end - SHORT_BYTES {
        let left = end - SHORT_BYTES - offset;
        let body_bytes = left.min(LONG_BYTES);
        for (kind, bytes) in [(VOID, body_bytes), (COMMIT, 0)] {
            file.write_at(offset, &front(salt, kind, bytes)).unwrap();
            offset += FRONT_BYTES + bytes;
        }
    }
    for (kind, bytes) in [(VOID, end - offset), (COMMIT, 0)] {
        file.write_at(offset, &front(salt, kind, bytes)).unwrap();
        offset += FRONT_BYTES + bytes;
    }
    file.sync_data().unwrap();
}

/// The front of a record whose body is zeros.
fn front(salt: [u8; 8], kind: u8, body_bytes: u64) -> Vec<u8> {
    let mut front = (body_bytes as u32).to_le_bytes().to_vec();
    front.extend_from_slice(&[kind, 0, 0, 0]);
    let mut crc = crc32fast::Hasher::new();
    crc.update(&salt);
    crc.update(&front);
    crc.update(&vec![0; body_bytes as usize]);
    front.extend_from_slice(&crc.finalize().to_le_bytes());
    front
}
