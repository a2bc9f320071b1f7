//! Charters: who may speak for a channel. Specified in `docs/spec/charter.md`.

mod codec;

use crate::hash::{labelled, message};
use crate::id::{ChannelId, CharterHash, ItemId, LogId, LogOpening};
use crate::keys::{PublicKey, Roles, SIGNATURE_BYTES, SecretKey};
use crate::reason::Reason;

/// Root keys of which `threshold` must sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootSet {
    /// How many distinct keys must sign.
    pub threshold: u8,
    /// The keys, ascending.
    pub keys: Vec<PublicKey>,
}

impl RootSet {
    /// A set with its keys put in order.
    pub fn new(threshold: u8, mut keys: Vec<PublicKey>) -> Self {
        keys.sort_unstable();
        RootSet { threshold, keys }
    }

    /// What an earlier charter names, so that nobody can choose the next set later.
    pub fn commitment(&self) -> [u8; 32] {
        labelled("roots", &[&self.encode()])
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![self.threshold, self.keys.len() as u8];
        self.keys.iter().for_each(|key| bytes.extend_from_slice(&key.0));
        bytes
    }
}

/// A key on one device and what it may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegate {
    /// The key.
    pub key: PublicKey,
    /// What it may sign.
    pub roles: Roles,
    /// ISO 3166-2, or empty.
    pub region: String,
    /// Begin of its life, milliseconds since 1970.
    pub not_before: u64,
    /// End of its life, 0 = none.
    pub not_after: u64,
    /// For people: whose device it is.
    pub label: String,
    /// The delegate's own signature of enrolment.
    pub enrolment: [u8; SIGNATURE_BYTES],
}

impl Delegate {
    /// Whether `time` lies within the key's life.
    pub fn lives_at(&self, time: u64) -> bool {
        self.not_before <= time && (self.not_after == 0 || time <= self.not_after)
    }

    /// The signature by which the holder of `key` agrees to be a delegate of the channel founded as `founding`.
    pub fn enrol(key: &SecretKey, founding: &[u8; 32], roles: Roles, region: &str) -> [u8; SIGNATURE_BYTES] {
        key.sign(&Self::enrolment_message(&key.public(), founding, roles, region))
    }

    /// Checks the enrolment. Costs one signature check.
    pub fn check_enrolment(&self, founding: &[u8; 32]) -> Result<(), Reason> {
        let message = Self::enrolment_message(&self.key, founding, self.roles, &self.region);
        self.key.verify(&message, &self.enrolment).map_err(|_| Reason::BadEnrolment)
    }

    fn enrolment_message(key: &PublicKey, founding: &[u8; 32], roles: Roles, region: &str) -> Vec<u8> {
        let length = (region.len() as u32).to_le_bytes();
        message("enrolment", founding, &[&key.0, &roles.bits().to_le_bytes(), &length, region.as_bytes()])
    }

    /// Whether this entry takes nothing away from `former`.
    fn keeps(&self, former: &Delegate) -> bool {
        let later_end = self.not_after == 0 || (former.not_after != 0 && self.not_after >= former.not_after);
        self.region == former.region
            && self.roles.has(former.roles)
            && self.not_before <= former.not_before
            && later_end
    }
}

/// The end of a log: only these items of it are good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Which log.
    pub opening: LogOpening,
    /// The log's ID.
    pub log: LogId,
    /// How many items are good.
    pub items: u64,
    /// The last good item, [`ItemId::NONE`] if there is none.
    pub tip: ItemId,
    /// Closing root over the good items' IDs.
    pub root: [u8; 32],
}

/// What the roots sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharterBody {
    /// From 1.
    pub number: u64,
    /// Salt in charter 1, the channel in all others.
    pub origin: Origin,
    /// When it was drawn up; for people.
    pub time: u64,
    /// Name of the channel; decides nothing.
    pub name: String,
    /// Who signs charters.
    pub roots: RootSet,
    /// Commitment to the next root set.
    pub next: [u8; 32],
    /// Who may speak, ascending by key.
    pub delegates: Vec<Delegate>,
    /// Logs that end here, ascending by log.
    pub closings: Vec<Closing>,
    /// Raw TLV entries.
    pub extensions: Vec<u8>,
}

/// Where a charter belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Charter 1, which founds the channel.
    Salt([u8; 32]),
    /// A later charter of this channel.
    Channel(ChannelId),
}

impl CharterBody {
    /// The hash that names this body, whoever signs it.
    pub fn hash(&self) -> CharterHash {
        CharterHash(labelled("charter", &[&self.encode()]))
    }

    /// The channel: the own hash for charter 1.
    pub fn channel(&self) -> ChannelId {
        match self.origin {
            Origin::Salt(_) => ChannelId(self.hash().0),
            Origin::Channel(channel) => channel,
        }
    }

    /// What enrolments sign in place of the channel ID. `None` for all but charter 1.
    pub fn founding(&self) -> Option<[u8; 32]> {
        match self.origin {
            Origin::Salt(salt) => Some(founding(&salt, &self.next, &self.roots)),
            Origin::Channel(_) => None,
        }
    }

    /// The entry of a key.
    pub fn delegate(&self, key: &PublicKey) -> Option<&Delegate> {
        let found = self.delegates.binary_search_by(|delegate| delegate.key.cmp(key));
        found.ok().map(|index| &self.delegates[index])
    }

    /// Puts delegates and closings in their order.
    pub fn sort(&mut self) {
        self.delegates.sort_by_key(|delegate| delegate.key);
        self.closings.sort_by_key(|closing| closing.log);
    }

    /// The message that roots sign.
    pub fn signing_message(&self) -> Vec<u8> {
        message("charter signature", &self.channel().0, &[&self.hash().0])
    }
}

/// The value that stands for a channel while its ID cannot yet be known.
pub fn founding(salt: &[u8; 32], next: &[u8; 32], roots: &RootSet) -> [u8; 32] {
    labelled("founding", &[salt, next, &roots.encode()])
}

/// A body and the signatures of roots, ascending by root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charter {
    /// What is signed.
    pub body: CharterBody,
    /// Root and signature.
    pub signatures: Vec<(PublicKey, [u8; SIGNATURE_BYTES])>,
}

impl Charter {
    /// A charter that nobody has signed yet.
    pub fn unsigned(body: CharterBody) -> Self {
        Charter { body, signatures: Vec::new() }
    }

    /// Adds the signature of a root; a second one of the same root replaces the first.
    pub fn sign(&mut self, root: &SecretKey) {
        let public = root.public();
        let signature = root.sign(&self.body.signing_message());
        match self.signatures.binary_search_by(|(key, _)| key.cmp(&public)) {
            Ok(index) => self.signatures[index].1 = signature,
            Err(index) => self.signatures.insert(index, (public, signature)),
        }
    }

    /// Takes the signatures of another copy with the same body.
    pub fn merge_signatures(&mut self, other: &Charter) {
        if self.body != other.body {
            return;
        }
        for (key, signature) in &other.signatures {
            if let Err(index) = self.signatures.binary_search_by(|(known, _)| known.cmp(key)) {
                self.signatures.insert(index, (*key, *signature));
            }
        }
    }

    /// How many roots of `set` are among the signers. Says nothing about the signatures' validity.
    pub fn signers_of(&self, set: &RootSet) -> usize {
        self.signatures.iter().filter(|(key, _)| set.keys.binary_search(key).is_ok()).count()
    }

    /// The rules that need no other charter than the one before (`None` for charter 1).
    pub(crate) fn check_alone(&self, before: Option<&CharterBody>, founding: &[u8; 32]) -> Result<(), Reason> {
        let body = &self.body;
        for delegate in &body.delegates {
            delegate.check_enrolment(founding)?;
        }
        let channel = body.channel();
        if body.closings.iter().any(|closing| closing.opening.log(&channel) != closing.log) {
            return Err(Reason::WrongLog);
        }
        let known = |key| {
            let in_set = |set: &RootSet| set.keys.binary_search(key).is_ok();
            in_set(&body.roots) || before.is_some_and(|before| in_set(&before.roots))
        };
        let message = body.signing_message();
        for (key, signature) in &self.signatures {
            if !known(key) {
                return Err(Reason::UnknownSigner);
            }
            key.verify(&message, signature)?;
        }
        for set in core::iter::once(&body.roots).chain(before.map(|before| &before.roots)) {
            let (have, need) = (self.signers_of(set), usize::from(set.threshold));
            if have < need {
                return Err(Reason::BelowThreshold { have, need });
            }
        }
        Ok(())
    }

    /// The rules of succession after `before`.
    pub(crate) fn check_succession(&self, before: &CharterBody) -> Result<(), Reason> {
        let body = &self.body;
        let kept = body.roots == before.roots && body.next == before.next;
        let committed = body.roots.commitment() == before.next && body.next != before.next;
        if !kept && !committed {
            return Err(Reason::RootsNotCommitted);
        }
        for delegate in &body.delegates {
            if before.delegate(&delegate.key).is_some_and(|former| !delegate.keeps(former)) {
                return Err(Reason::DelegateNarrowed);
            }
        }
        Ok(())
    }
}
