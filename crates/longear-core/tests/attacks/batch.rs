//! Why signatures are verified one by one: what a batch check says of a signature depends on its neighbours.
//!
//! The cases are those of `tests/vectors/batch.json`. See Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs", SSR 2020, section 4.

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::traits::IsIdentity;
use curve25519_dalek::{EdwardsPoint, Scalar};
use longear_core::hash::plain;
use longear_core::{PublicKey, Reason, SecretKey};
use serde_json::Value;
use sha2::{Digest, Sha512};

use crate::support::runners::{folder, hex};

/// Batches in which each crafted signature stands, every time among other honest ones.
const BATCHES: u32 = 100;
/// Honest signatures beside it.
const NEIGHBOURS: u32 = 2;

struct Signed {
    key: PublicKey,
    message: Vec<u8>,
    signature: [u8; 64],
}

impl Signed {
    fn honest(number: u32) -> Self {
        let message = number.to_le_bytes().to_vec();
        let secret = SecretKey::from_seed(plain(&message));
        Signed { key: secret.public(), signature: secret.sign(&message), message }
    }

    /// The challenge k.
    fn challenge(&self) -> Scalar {
        let hash = Sha512::new().chain_update(&self.signature[..32]).chain_update(self.key.0);
        Scalar::from_bytes_mod_order_wide(&hash.chain_update(&self.message).finalize().into())
    }

    fn answer(&self) -> Scalar {
        Scalar::from_bytes_mod_order(*self.signature.last_chunk().unwrap())
    }

    fn verify(&self) -> Result<(), Reason> {
        self.key.verify(&self.message, &self.signature)
    }
}

fn crafted() -> Vec<(String, Signed)> {
    let text = std::fs::read_to_string(folder().join("batch.json")).unwrap();
    let file = serde_json::from_str::<Value>(&text).unwrap();
    let signed = |case: &Value| Signed {
        key: PublicKey(hex(&case["key"]).try_into().unwrap()),
        message: hex(&case["message"]),
        signature: hex(&case["signature"]).try_into().unwrap(),
    };
    let cases = file["cases"].as_array().unwrap();
    cases.iter().map(|case| (case["name"].as_str().unwrap().to_owned(), signed(case))).collect()
}

/// Σ zᵢ(SᵢB − Rᵢ − kᵢAᵢ) = 0, as `verify_batch` of ed25519-dalek 3.0 computes it: zᵢ are 128 bits that follow from the whole batch, and zᵢkᵢ is taken
/// modulo the order of B before it meets the key.
fn batch_accepts(batch: &[&Signed]) -> bool {
    let transcript = batch.iter().flat_map(|one| [one.challenge().to_bytes(), one.answer().to_bytes()]).flatten();
    let seed = plain(&transcript.collect::<Vec<_>>());
    let term = |(number, one): (u32, &&Signed)| {
        let drawn = plain(&[&seed[..], &number.to_le_bytes()].concat());
        let z = Scalar::from(u128::from_le_bytes(*drawn.first_chunk().unwrap()));
        let point = |bytes: &[u8]| CompressedEdwardsY::from_slice(bytes).unwrap().decompress().unwrap();
        let (nonce, key) = (point(&one.signature[..32]), point(&one.key.0));
        (z * one.answer()) * ED25519_BASEPOINT_POINT - z * nonce - (z * one.challenge()) * key
    };
    (0..).zip(batch).map(term).sum::<EdwardsPoint>().is_identity()
}

#[test]
fn strict_verification_refuses_what_a_batch_accepts_beside_some_neighbours() {
    let honest = (0..BATCHES * NEIGHBOURS).map(Signed::honest).collect::<Vec<_>>();
    assert!(honest.iter().all(|one| one.verify().is_ok()));
    let cases = crafted();
    assert!(cases.len() > 30, "only {} cases", cases.len());
    for (name, one) in cases {
        let is_weak = name == "key-identity";
        assert_eq!(one.verify(), Err(if is_weak { Reason::WeakKey } else { Reason::BadSignature }), "{name}");
        let beside =
            |neighbours: &[Signed]| batch_accepts(&[&[&one], &*neighbours.iter().collect::<Vec<_>>()].concat());
        let accepted = honest.chunks(NEIGHBOURS as usize).filter(|neighbours| beside(neighbours)).count();
        println!("{name}: a batch accepts it beside {accepted} of {BATCHES} pairs of neighbours");
        // An eighth for parts of order 8, a half for those of order 2; a key of small order alone passes always.
        let expected = if is_weak { 100..=100 } else { 2..=70 };
        assert!(expected.contains(&accepted), "{name}: {accepted}");
    }
}

#[test]
fn the_batch_equation_is_the_right_one() {
    let honest = (0..4).map(Signed::honest).collect::<Vec<_>>();
    assert!(batch_accepts(&honest.iter().collect::<Vec<_>>()));
    let swapped = Signed { message: honest[1].message.clone(), ..Signed::honest(0) };
    assert!(!batch_accepts(&[&swapped, &honest[1], &honest[2]]));
}
