//! Keys and signatures at the edges of the curve: what a lenient library takes for valid under a key that nobody owns alone.
//!
//! The cases themselves are vectors (`signature*.json`); here they are put where keys stand in objects.

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::{EdwardsPoint, Scalar};
use longear_core::hash::{message, plain};
use longear_core::keys::{Roles, SIGNATURE_BYTES};
use longear_core::{
    Charter, Delegate, ForkProof, Head, LogOpening, PackName, PackReader, PublicKey, Reason, Statement, verify,
};
use sha2::{Digest, Sha512};

use crate::support::publisher::{Publisher, signed_by};

/// Every spelling of a point of order 1, 2, 4 or 8: canonical ones, with the other sign of x, and with y + p where it fits.
fn small_order_keys() -> Vec<PublicKey> {
    let mut keys = std::collections::BTreeSet::new();
    for point in EIGHT_TORSION {
        let canonical = point.compress().0;
        let mut raised = canonical;
        let tiny = canonical[0] < 19 && canonical[1..31].iter().all(|byte| *byte == 0) && canonical[31] & 0x7f == 0;
        if tiny {
            raised = [0xff; 32];
            (raised[0], raised[31]) = (0xed + canonical[0], 0x7f | canonical[31] & 0x80);
        }
        for mut bytes in [canonical, raised] {
            keys.insert(PublicKey(bytes));
            bytes[31] ^= 0x80;
            keys.insert(PublicKey(bytes));
        }
    }
    keys.into_iter().collect()
}

/// Wants: a key under which any signature is valid, or anybody's is. Has: a charter signed by two roots who overlooked it, and
/// mirrors. RFC 8032 §5.1.7; the points of small order are fourteen strings, in all spellings.
#[test]
fn keys_of_small_order_stand_nowhere() {
    let newsroom = Publisher::found("Newsroom", &[("Aida", Roles::POST, 0)]);
    let mut log = newsroom.log("Aida", 1);
    log.post("one");
    log.post("two");
    let keys = small_order_keys();
    assert_eq!(keys.len(), 14);
    for key in keys {
        assert_eq!(key.check(), Err(Reason::WeakKey), "{key}");
        let mut root = newsroom.next_body();
        root.roots.keys.push(key);
        root.roots.keys.sort_unstable();
        let mut delegate = newsroom.next_body();
        delegate.delegates.push(Delegate { key, ..newsroom.entry("Aida", Roles::POST) });
        let mut closing = newsroom.next_body();
        let opening = LogOpening { key, incarnation: 1 };
        closing.closings.push(longear_core::Closing {
            opening,
            log: opening.log(&newsroom.channel()),
            ..log.closing(1)
        });
        for body in [root, delegate, closing] {
            let charter = signed_by(body, &newsroom.roots);
            assert_eq!(Charter::decode(&charter.encode()).unwrap_err(), Reason::WeakKey, "{key}");
            assert!(verify(&newsroom.lineage, charter).is_err(), "{key}: not in memory either");
        }
        let statement = Statement { opening, ..log.statement(1, vec![]) };
        assert_eq!(Statement::decode(&statement.encode()).unwrap_err(), Reason::WeakKey);
        let mut head = Head::empty(newsroom.channel());
        head.charter = 1;
        head.insert(statement);
        assert_eq!(Head::decode(&newsroom.channel(), &head.encode()).unwrap_err(), Reason::WeakKey);
        let proof = ForkProof { opening, first: log.headers()[0].clone(), second: log.headers()[1].clone() };
        assert_eq!(ForkProof::decode(&proof.encode()).unwrap_err(), Reason::WeakKey);
        let mut pack = log.pack(PackName::new(0, 0).unwrap());
        pack[13..45].copy_from_slice(&key.0);
        let mut reader =
            PackReader::new(newsroom.channel(), opening.log(&newsroom.channel()), PackName::new(0, 0).unwrap());
        reader.push(&pack);
        assert_eq!(reader.next_part().map(|_| ()).unwrap_err(), Reason::WeakKey);
    }
}

/// Answers as a signer would, for any key and R: S = r + k·a.
fn signed(key: [u8; 32], secret: Scalar, point: [u8; 32], nonce: Scalar, text: &[u8]) -> [u8; SIGNATURE_BYTES] {
    let hash = Sha512::new().chain_update(point).chain_update(key).chain_update(text).finalize();
    let scalar = nonce + Scalar::from_bytes_mod_order_wide(&hash.into()) * secret;
    let mut signature = [0; SIGNATURE_BYTES];
    signature[..32].copy_from_slice(&point);
    signature[32..].copy_from_slice(scalar.as_bytes());
    signature
}

/// Wants: many signatures for one message, so that one item has many IDs. Has: the key itself, and bends R and S.
/// Small order of R, S + L, S + 2L …, spellings of R that are not canonical.
#[test]
fn a_signature_has_one_spelling() {
    let secret = Scalar::from_bytes_mod_order(plain(b"secret"));
    let key = PublicKey(EdwardsPoint::mul_base(&secret).compress().0);
    let text = message("item signature", &[1; 32], &[b"header"]);
    let nonce = Scalar::from_bytes_mod_order(plain(b"nonce"));
    let good = signed(key.0, secret, EdwardsPoint::mul_base(&nonce).compress().0, nonce, &text);
    assert_eq!(key.verify(&text, &good), Ok(()));
    for small in small_order_keys() {
        let bent = signed(key.0, secret, small.0, Scalar::ZERO, &text);
        assert_eq!(key.verify(&text, &bent), Err(Reason::BadSignature), "R = {small}");
    }
    let order = -Scalar::ONE;
    for times in 1..=15u8 {
        let mut bent = good;
        for _ in 0..times {
            let mut carry = 1; // L = (L − 1) + 1
            for (byte, more) in bent[32..].iter_mut().zip(order.as_bytes()) {
                let sum = u16::from(*byte) + u16::from(*more) + carry;
                (*byte, carry) = (sum as u8, sum >> 8);
            }
        }
        assert_eq!(key.verify(&text, &bent), Err(Reason::BadSignature), "S + {times} L");
    }
    // y from p to 2²⁵⁵ − 1, with either sign: spellings of y − p.
    for last in 0xed..=0xff {
        for top in [0x7f, 0xff] {
            let mut point = [0xff; 32];
            (point[0], point[31]) = (last, top);
            let bent = signed(key.0, secret, point, nonce, &text);
            assert_eq!(key.verify(&text, &bent), Err(Reason::BadSignature));
            assert_eq!(PublicKey(point).check(), Err(Reason::WeakKey), "nor is it a key");
        }
    }
}

/// Wants: verifiers to disagree, so that one audience sees an item and another does not. Has: a key or an R with a part of
/// small order, which the equation with the cofactor accepts and the one without does not. One equation, without it, decides;
/// a key of mixed order is no way in, as its owner alone can sign, and only what the equation accepts.
#[test]
fn parts_of_small_order_count_like_all_others() {
    let (secret, nonce) = (Scalar::from_bytes_mod_order(plain(b"a")), Scalar::from_bytes_mod_order(plain(b"r")));
    let (mut accepted, mut refused) = (0, 0);
    for (in_key, in_point) in (0..64).map(|number| (number / 8, number % 8)) {
        let key = EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[in_key];
        let point = EdwardsPoint::mul_base(&nonce) + EIGHT_TORSION[in_point];
        let (key, bytes) = (PublicKey(key.compress().0), point.compress().0);
        let text = [in_key as u8, in_point as u8];
        let signature = signed(key.0, secret, bytes, nonce, &text);
        // S·B = R + k·A with R = r·B + T, A = a·B + U: holds exactly if T + k·U is nothing.
        let hash = Sha512::new().chain_update(bytes).chain_update(key.0).chain_update(text).finalize();
        let challenge = Scalar::from_bytes_mod_order_wide(&hash.into());
        let rest = (usize::from(challenge.as_bytes()[0] % 8) * in_key + in_point) % 8;
        let expected = if rest == 0 { Ok(()) } else { Err(Reason::BadSignature) };
        assert_eq!(key.verify(&text, &signature), expected, "{in_key} {in_point}");
        match expected {
            Ok(()) => accepted += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(accepted > 1 && refused > 40, "{accepted} {refused}");
}
