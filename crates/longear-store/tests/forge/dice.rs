//! Dice that fall the same way for the same seed, and what they do to bytes.

/// SplitMix64; nothing secret depends on it.
pub struct Dice(u64);

/// Numbers at which decoders have mistakes.
const EDGES: [u64; 14] =
    [0, 1, 2, 0x7f, 0xff, 0x100, 0xffff, 1 << 20, (1 << 31) - 1, 1 << 32, (1 << 53) - 1, 1 << 53, 1 << 63, u64::MAX];

/// The group order of Ed25519: S and S + L verify alike where nobody looks (RFC 8032 §5.1.7).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }

    pub fn edge(&mut self) -> u64 {
        let edge = *self.pick(&EDGES);
        match self.below(3) {
            0 => edge.wrapping_sub(1),
            1 => edge.wrapping_add(1),
            _ => edge,
        }
    }

    /// Spoils bytes in one to three places; `other` lends parts of another honest object.
    pub fn spoil(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(3) {
            if bytes.is_empty() {
                *bytes = self.bytes(40);
            }
            self.spoil_once(bytes, other);
        }
    }

    fn spoil_once(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let length = bytes.len();
        let at = self.below(length);
        match self.below(13) {
            0 | 1 => bytes[at] ^= 1 << self.below(8),
            2 => bytes[at] = self.edge() as u8,
            3 => {
                let width = [2, 4, 8][self.below(3)];
                let edge = self.edge().to_le_bytes();
                overwrite(bytes, at, &edge[..width]);
            }
            4 => bytes.truncate(at),
            5 => {
                let count = 1 + self.below(64);
                let more = self.bytes(count);
                bytes.extend_from_slice(&more);
            }
            6 => {
                let count = 1 + self.below(8);
                let more = self.bytes(count);
                bytes.splice(at..at, more);
            }
            7 => drop(bytes.drain(at..(at + 1 + self.below(40)).min(length))),
            8 => {
                let count = (1 + self.below(100)).min(length - at);
                let to = self.below(length - count + 1);
                bytes.copy_within(at..at + count, to);
            }
            9 => self.splice(bytes, other),
            10 => {
                // A hash or a signature of somebody else in the place of one.
                let width = [16, 32, 64][self.below(3)];
                if other.len() >= width {
                    let from = self.below(other.len() - width + 1);
                    overwrite(bytes, at, &other[from..from + width]);
                }
            }
            11 => {
                let width = [8, 16, 32, 64][self.below(4)];
                if length >= 2 * width {
                    let at = self.below(length - 2 * width + 1);
                    bytes[at..at + 2 * width].rotate_left(width);
                }
            }
            _ => {
                let tail = length.saturating_sub(32);
                add_order(&mut bytes[tail..]);
            }
        }
    }

    /// The beginning of one and the end of the other.
    fn splice(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let cut = self.below(bytes.len() + 1);
        let from = if self.chance(2) { cut.min(other.len()) } else { self.below(other.len() + 1) };
        bytes.truncate(cut);
        bytes.extend_from_slice(&other[from..]);
    }
}

fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    let count = with.len().min(bytes.len() - at);
    bytes[at..at + count].copy_from_slice(&with[..count]);
}

/// Adds the group order to the S of a signature: another text of the same number.
pub fn add_order(scalar: &mut [u8]) {
    let mut carry = 0;
    for (byte, order) in scalar.iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
}
