//! Labelled hashes and messages. Every use has a label of its own, so that no signature or hash can serve in another place.

/// What every label begins with.
const PREFIX: &[u8] = b"longear 1 ";

/// `H(label, x)` of the specification: BLAKE3 of prefix, label, a zero byte and the parts of x.
pub fn labelled(label: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(PREFIX).update(label.as_bytes()).update(&[0]);
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// `M(label, c, x)` of the specification: the message that is signed.
pub fn message(label: &str, context: &[u8; 32], parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut message = Vec::with_capacity(PREFIX.len() + label.len() + 33 + length);
    message.extend_from_slice(PREFIX);
    message.extend_from_slice(label.as_bytes());
    message.push(0);
    message.extend_from_slice(context);
    for part in parts {
        message.extend_from_slice(part);
    }
    message
}

/// Plain BLAKE3, for payloads and blobs.
pub fn plain(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

/// Keyed BLAKE3, for what must be unknown until the key is.
pub fn keyed(key: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    *blake3::keyed_hash(key, bytes).as_bytes()
}
