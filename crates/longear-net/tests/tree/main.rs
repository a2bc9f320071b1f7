//! The tree as it is pushed to folders and served over HTTP, from a store with a real channel in it.
#![allow(clippy::unwrap_used)]

mod full_disk;
mod live;
mod newsroom;
mod push;
mod push_parts;
mod rooms;
mod serve;
mod serve_limits;

use std::collections::BTreeMap;
use std::path::Path;

/// Bytes that differ at every offset that a mistake could confuse, and from one seed to the next.
fn pattern(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b1) | 1;
    let mut bytes = Vec::with_capacity(length + 4);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// All files under a folder, by relative path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where a blob stands in a tree.
fn blob_path(hash: &[u8; 32]) -> String {
    format!("b/{}/{}", hex(&hash[..1]), hex(hash))
}
