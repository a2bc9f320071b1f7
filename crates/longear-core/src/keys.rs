//! Keys and roles. Signing and strict verification are ed25519-dalek's; nothing here touches curve arithmetic.

use core::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::reason::Reason;

/// Length of a signature in bytes.
pub const SIGNATURE_BYTES: usize = 64;

/// An Ed25519 public key as it stands in the formats. Not necessarily a point of the curve: [`PublicKey::check`] tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl PublicKey {
    /// Refuses what is not the one encoding of a point of the curve (RFC 8032 §5.1.3), and points of small order, under
    /// which anybody's signature would be valid.
    pub fn check(&self) -> Result<(), Reason> {
        self.point().map(|_| ())
    }

    /// Verifies strictly (S < L, neither key nor R of small order, no cofactor). Costs about 40 µs.
    pub fn verify(&self, message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> Result<(), Reason> {
        let point = self.point()?;
        point.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| Reason::BadSignature)
    }

    fn point(&self) -> Result<VerifyingKey, Reason> {
        // The library takes y modulo p; two encodings of one key would be two roots to the threshold.
        let y_is_reduced =
            self.0[0] < 0xed || self.0[1..31].iter().any(|byte| *byte != 0xff) || self.0[31] & 0x7f != 0x7f;
        if !y_is_reduced {
            return Err(Reason::WeakKey);
        }
        let point = VerifyingKey::from_bytes(&self.0).map_err(|_| Reason::WeakKey)?;
        if point.is_weak() { Err(Reason::WeakKey) } else { Ok(point) }
    }
}

/// A secret key. It has no `Debug` and is wiped from memory when dropped.
///
/// Its public half, which goes into every signature, is computed once.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

/// The library wipes what it holds.
const _: fn() = || {
    fn is_wiped<T: ZeroizeOnDrop>() {}
    is_wiped::<SigningKey>();
};

impl SecretKey {
    /// A key from 32 random bytes; the caller brings the randomness.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        SecretKey(SigningKey::from_bytes(&seed))
    }

    /// The secret bytes, to be written to a private file.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs deterministically (RFC 8032). Costs about 20 µs.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(message).to_bytes()
    }
}

/// What a delegate may sign: a set of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Roles(u16);

impl Roles {
    /// No role.
    pub const NONE: Roles = Roles(0);
    /// Posts, media and notices; retractions of its own.
    pub const POST: Roles = Roles(1);
    /// Corrections and retractions of others' items.
    pub const EDIT: Roles = Roles(2);
    /// Live broadcasts.
    pub const LIVE: Roles = Roles(4);
    /// Rooms.
    pub const MODERATE: Roles = Roles(8);
    /// Report keys and receipts; never posts.
    pub const DESK: Roles = Roles(16);

    const NAMES: [(&'static str, Roles); 5] = [
        ("post", Roles::POST),
        ("edit", Roles::EDIT),
        ("live", Roles::LIVE),
        ("moderate", Roles::MODERATE),
        ("desk", Roles::DESK),
    ];

    /// The roles of a bit set; refuses none, unknown ones, and a desk that publishes.
    pub fn from_bits(bits: u16) -> Result<Self, Reason> {
        let roles = Roles(bits);
        let desk_publishes = roles.has(Roles::DESK) && (roles.has(Roles::POST) || roles.has(Roles::EDIT));
        if bits == 0 || bits > 31 || desk_publishes {
            return Err(Reason::BadValue { what: "roles" });
        }
        Ok(roles)
    }

    /// The bit set.
    pub fn bits(self) -> u16 {
        self.0
    }

    /// Both together.
    pub fn with(self, other: Roles) -> Roles {
        Roles(self.0 | other.0)
    }

    /// Whether all of `other` are among these.
    pub fn has(self, other: Roles) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is among these.
    pub fn has_any(self, other: Roles) -> bool {
        self.0 & other.0 != 0
    }

    /// The role of that name.
    pub fn named(name: &str) -> Option<Roles> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Self::NAMES.iter().filter(|(_, role)| self.has(*role)).map(|(name, _)| *name);
        f.write_str(&names.collect::<Vec<_>>().join(", "))
    }
}
