//! The bytes of a note as they lie on the disk: without those that are the same in every note of a room.
//!
//! Nothing else is left out, so that the signed bytes come back as they were.

use longear_core::room::RoomId;

/// Bytes that every note of a room begins with: magic, version, room.
const FRONT_BYTES: usize = 36;
/// Where the parent stands, in the signed bytes.
const PARENT: std::ops::Range<usize> = 78..110;
/// The same, behind the front.
const PARENT_PACKED: std::ops::Range<usize> = PARENT.start - FRONT_BYTES..PARENT.end - FRONT_BYTES;
/// Where it is written what the note does, behind the front. Few bits of it are used by the format.
const WHAT_PACKED: usize = 68 - FRONT_BYTES;
/// Says there that no parent stands in these bytes.
const NO_PARENT: u8 = 0x80;

/// Leaves out the front, and the parent where there is none.
pub fn pack(signed: &[u8]) -> Vec<u8> {
    let mut packed = signed.get(FRONT_BYTES..).unwrap_or_default().to_vec();
    if packed.get(PARENT_PACKED).is_some_and(|parent| parent.iter().all(|byte| *byte == 0)) {
        packed.drain(PARENT_PACKED);
        packed[WHAT_PACKED] |= NO_PARENT;
    }
    packed
}

/// The signed bytes. Of bytes that [`pack`] did not make something comes back that is no note.
pub fn unpack(room: &RoomId, packed: &[u8]) -> Vec<u8> {
    let mut signed = Vec::with_capacity(FRONT_BYTES + packed.len() + PARENT.len());
    signed.extend_from_slice(b"LEN\x01");
    signed.extend_from_slice(&room.0);
    signed.extend_from_slice(packed);
    if let Some(what) = signed.get_mut(FRONT_BYTES + WHAT_PACKED)
        && *what & NO_PARENT != 0
    {
        *what &= !NO_PARENT;
        let at = PARENT.start.min(signed.len());
        signed.splice(at..at, [0; PARENT.end - PARENT.start]);
    }
    signed
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId([7; 32]);

    fn note(parent: u8, length: usize) -> Vec<u8> {
        let mut bytes = b"LEN\x01".to_vec();
        bytes.extend_from_slice(&ROOM.0);
        bytes.resize(length, 0x11);
        bytes[68] = 2;
        bytes[PARENT].fill(parent);
        bytes
    }

    #[test]
    fn signed_bytes_come_back() {
        for (parent, shorter) in [(0, FRONT_BYTES + 32), (9, FRONT_BYTES)] {
            let bytes = note(parent, 300);
            assert_eq!(pack(&bytes).len(), bytes.len() - shorter);
            assert_eq!(unpack(&ROOM, &pack(&bytes)), bytes);
        }
    }

    #[test]
    fn damaged_bytes_do_no_harm() {
        for length in 0..80 {
            for byte in [0, 0x80, 0xff] {
                unpack(&ROOM, &vec![byte; length]);
            }
        }
    }
}
