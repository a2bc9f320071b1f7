//! Keeps what was verified: packs, index, blobs.
