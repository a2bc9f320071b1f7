//! Prints signature cases, one JSON object a line, with what this core makes of each.
//!
//! `cargo run -p longear-core --example signature_cases -- COUNT SEED` is checked by the independent verifier:
//! `… | python tests/verifier/signature_cases.py`. The cases crowd into the corners where libraries differ: keys and R of small
//! and of mixed order, encodings that are not canonical, S beyond the group order. Equal seeds give equal lines.

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::{EdwardsPoint, Scalar};
use longear_core::PublicKey;
use sha2::{Digest, Sha512};

#[path = "../tests/support/random.rs"]
mod random;
use random::Random;

/// The order of the base point, little-endian (RFC 8032, 5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
/// The longest message.
const MESSAGE_BYTES_MAX: u64 = 8;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let (Some(Ok(count)), Some(Ok(seed)), None) = (numbers.next(), numbers.next(), numbers.next()) else {
        eprintln!("usage: signature_cases COUNT SEED");
        std::process::exit(2);
    };
    let mut random = Random(seed);
    for number in 0..count {
        let (corner, make) = CORNERS[random.below(CORNERS.len() as u64) as usize];
        let case = make(&mut random);
        let key = PublicKey(case.key);
        let outcome = key.check().and_then(|()| key.verify(&case.message, &case.signature));
        let expect = match &outcome {
            Ok(()) => r#""accepted", "result": {}"#.to_owned(),
            Err(reason) => format!("{:?}", reason.code()),
        };
        let [key, message, signature] = [&case.key[..], &case.message, &case.signature].map(hex);
        println!(
            r#"{{"name": "{corner}-{number}", "key": "{key}", "message": "{message}", "signature": "{signature}", "expect": {expect}}}"#
        );
    }
}

/// One case.
struct Case {
    key: [u8; 32],
    message: Vec<u8>,
    signature: [u8; 64],
}

type Make = fn(&mut Random) -> Case;

const CORNERS: [(&str, Make); 12] = [
    ("good", good),
    ("bit", one_bit),
    ("high-s", high_s),
    ("odd-s", odd_s),
    ("small-key", small_key),
    ("small-r", small_r),
    ("mixed-key", |random| mixed(random, true, false)),
    ("mixed-r", |random| mixed(random, false, true)),
    ("mixed-both", |random| mixed(random, true, true)),
    ("other-key", other_encoding_of_key),
    ("other-r", other_encoding_of_r),
    ("noise", noise),
];

/// Signed as anybody would.
fn good(random: &mut Random) -> Case {
    mixed(random, false, false)
}

/// A key and an R that may have a part of small order: whoever multiplies by the cofactor accepts all of these, the strict
/// equation only those whose parts cancel out.
fn mixed(random: &mut Random, in_key: bool, in_nonce: bool) -> Case {
    let (secret, nonce) = (random.scalar(), random.scalar());
    let mut torsion = |is_in: bool| if is_in { EIGHT_TORSION[1 + random.below(7) as usize] } else { EIGHT_TORSION[0] };
    let key = EdwardsPoint::mul_base(&secret) + torsion(in_key);
    let point = EdwardsPoint::mul_base(&nonce) + torsion(in_nonce);
    signed(random, key.compress().0, secret, point.compress().0, nonce)
}

fn one_bit(random: &mut Random) -> Case {
    let mut case = good(random);
    let bit = random.below(32 * 8 * 3) as usize;
    let (byte, mask) = (bit / 8, 1 << (bit % 8));
    match byte {
        0..32 => case.key[byte] ^= mask,
        _ => case.signature[byte - 32] ^= mask,
    }
    case
}

/// S and a multiple of the order: the same scalar, written in another way.
fn high_s(random: &mut Random) -> Case {
    let mut case = good(random);
    for _ in 0..random.below(15) {
        add(&mut case.signature[32..], &ORDER);
    }
    case
}

/// S at the edges of its range.
fn odd_s(random: &mut Random) -> Case {
    let mut case = good(random);
    let mut scalar = [[0; 32], [0xff; 32], ORDER][random.below(3) as usize];
    add(&mut scalar, &[random.below(3) as u8]);
    case.signature[32..].copy_from_slice(&scalar);
    case
}

/// Under a key of small order whoever knows no secret can make the equation hold.
fn small_key(random: &mut Random) -> Case {
    let (key, nonce) = (random.small_order(), random.scalar());
    let point = EdwardsPoint::mul_base(&nonce) + EIGHT_TORSION[random.below(8) as usize];
    signed(random, key, Scalar::ZERO, point.compress().0, nonce)
}

fn small_r(random: &mut Random) -> Case {
    let (secret, point) = (random.scalar(), random.small_order());
    let key = EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[random.below(2) as usize];
    signed(random, key.compress().0, secret, point, Scalar::ZERO)
}

/// The highest encodings: y from 2²⁵⁵ − 30 on, of which those from p = 2²⁵⁵ − 19 on are not reduced, with either sign.
fn high_encoding(random: &mut Random) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xff - random.below(30) as u8;
    bytes[31] = 0x7f | (random.below(2) as u8) << 7;
    bytes
}

fn other_encoding_of_key(random: &mut Random) -> Case {
    let (key, secret, nonce) = (high_encoding(random), random.scalar(), random.scalar());
    let point = EdwardsPoint::mul_base(&nonce).compress().0;
    signed(random, key, secret, point, nonce)
}

fn other_encoding_of_r(random: &mut Random) -> Case {
    let (secret, nonce, point) = (random.scalar(), random.scalar(), high_encoding(random));
    let key = EdwardsPoint::mul_base(&secret).compress().0;
    signed(random, key, secret, point, nonce)
}

fn noise(random: &mut Random) -> Case {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&random.bytes());
    signature[32..].copy_from_slice(&random.bytes());
    signature[63] &= 0x1f;
    Case { key: random.bytes(), message: random.message(), signature }
}

/// Answers as the signer would: S = r + k·a.
fn signed(random: &mut Random, key: [u8; 32], secret: Scalar, point: [u8; 32], nonce: Scalar) -> Case {
    let message = random.message();
    let hash = Sha512::new().chain_update(point).chain_update(key).chain_update(&message).finalize();
    let scalar = nonce + Scalar::from_bytes_mod_order_wide(&hash.into()) * secret;
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&point);
    signature[32..].copy_from_slice(scalar.as_bytes());
    Case { key, message, signature }
}

/// Adds little-endian numbers; what overflows is lost.
fn add(number: &mut [u8], more: &[u8]) {
    let mut carry = 0;
    for (place, byte) in number.iter_mut().enumerate() {
        let sum = u16::from(*byte) + u16::from(more.get(place).copied().unwrap_or(0)) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Random {
    fn scalar(&mut self) -> Scalar {
        Scalar::from_bytes_mod_order(self.bytes())
    }

    fn message(&mut self) -> Vec<u8> {
        let length = self.below(MESSAGE_BYTES_MAX + 1) as usize;
        self.bytes()[..length].to_vec()
    }

    /// A point of order 1, 2, 4 or 8, sometimes with the sign of x flipped, sometimes with y + p where that fits.
    fn small_order(&mut self) -> [u8; 32] {
        let mut bytes = EIGHT_TORSION[self.below(8) as usize].compress().0;
        if self.below(4) == 0 {
            bytes[31] ^= 0x80;
        }
        let is_tiny = bytes[1..31].iter().all(|byte| *byte == 0) && bytes[31] & 0x7f == 0;
        if is_tiny && self.below(3) == 0 {
            let mut p = [0xff; 32];
            (p[0], p[31]) = (0xed, 0x7f);
            add(&mut bytes, &p);
        }
        bytes
    }
}
