//! Who takes part in a world: a newsroom with all its secrets.
//!
//! Every key is the hash of a name and the seed, so that the same seed gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use longear_core::charter::{Origin, founding};
use longear_core::closing::closing_root;
use longear_core::hash::plain;
use longear_core::{
    Article, ChannelId, Charter, CharterBody, CharterHash, Closing, Delegate, Header, ItemId, Kind, Lineage, LogId,
    LogOpening, Retraction, Roles, RootSet, Run, SecretKey, SignedHeader, Statement, Variant, verify,
};

use crate::clock::NOON_MS;

/// The newsroom: roots, delegates, and what they have ever signed.
pub struct Newsroom {
    seed: u64,
    /// The charters so far, as the roots know them.
    pub lineage: Lineage,
    roots: Vec<SecretKey>,
    /// Hashes of all charters that the roots signed.
    pub charters: BTreeSet<CharterHash>,
    /// Every item that somebody with an enrolled key has signed, thieves included, by ID.
    pub signed: BTreeMap<ItemId, Signed>,
}

/// An item that somebody signed.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Its log.
    pub log: LogId,
    /// Whether it was signed by a thief.
    pub is_stolen: bool,
}

impl Newsroom {
    /// Founds the channel of a world with these delegates.
    pub fn found(seed: u64, delegates: &[(&str, Roles)]) -> Self {
        let mut roots = (0..3).map(|number| key_of(seed, &format!("root {number}"))).collect::<Vec<_>>();
        roots.sort_by_key(SecretKey::public);
        let set = RootSet::new(2, roots.iter().map(SecretKey::public).collect());
        let next = RootSet::new(1, vec![key_of(seed, "next").public()]).commitment();
        let salt = plain(&seed.to_le_bytes());
        let founding = founding(&salt, &next, &set);
        let entries = delegates.iter().map(|(name, roles)| entry(seed, name, *roles, &founding)).collect();
        let mut body = CharterBody {
            number: 1,
            origin: Origin::Salt(salt),
            time: NOON_MS,
            name: "Sim".into(),
            roots: set,
            next,
            delegates: entries,
            closings: Vec::new(),
            extensions: Vec::new(),
        };
        body.sort();
        let lineage = Lineage::new(body.channel());
        let mut newsroom = Newsroom { seed, lineage, roots, charters: BTreeSet::new(), signed: BTreeMap::new() };
        newsroom.sign(body);
        newsroom
    }

    /// The channel.
    pub fn channel(&self) -> ChannelId {
        self.lineage.channel()
    }

    /// The secret key of a delegate.
    pub fn key(&self, name: &str) -> SecretKey {
        key_of(self.seed, name)
    }

    /// The next charter: these logs end, and these people join.
    pub fn next_charter(&mut self, closings: Vec<Closing>, joining: &[(&str, Roles)]) -> Charter {
        let newest = self.lineage.newest().expect("the first charter was applied when the channel was founded").clone();
        let gone = closings.iter().map(|closing| closing.opening.key).collect::<Vec<_>>();
        let mut delegates = newest.delegates.clone();
        delegates.retain(|delegate| !gone.contains(&delegate.key));
        let founding = self.lineage.founding();
        delegates.extend(joining.iter().map(|(name, roles)| entry(self.seed, name, *roles, founding)));
        let origin = Origin::Channel(self.channel());
        let mut body = CharterBody { number: newest.number + 1, origin, closings, delegates, ..newest };
        body.sort();
        self.sign(body)
    }

    fn sign(&mut self, body: CharterBody) -> Charter {
        self.charters.insert(body.hash());
        let mut charter = Charter::unsigned(body);
        self.roots[..2].iter().for_each(|root| charter.sign(root));
        let verified = verify(&self.lineage, charter.clone()).expect("what two roots sign in sequence verifies");
        self.lineage.apply(verified);
        charter
    }
}

fn key_of(seed: u64, name: &str) -> SecretKey {
    SecretKey::from_seed(plain(format!("{seed} {name}").as_bytes()))
}

fn entry(seed: u64, name: &str, roles: Roles, founding: &[u8; 32]) -> Delegate {
    let key = key_of(seed, name);
    let enrolment = Delegate::enrol(&key, founding, roles, "");
    let (region, label) = (String::new(), name.to_owned());
    Delegate { key: key.public(), roles, region, not_before: 0, not_after: 0, label, enrolment }
}

/// A closing behind these items.
pub fn closing(channel: &ChannelId, opening: LogOpening, good: &[ItemId]) -> Closing {
    let (tip, root) = (good.last().copied().unwrap_or(ItemId::NONE), closing_root(good.iter().copied()));
    Closing { opening, log: opening.log(channel), items: good.len() as u64, tip, root }
}

/// What a thief signs with somebody else's key: a header behind `previous`, whatever stands there already.
pub struct Thief {
    /// The stolen key.
    pub key: SecretKey,
    /// The log that it belongs to.
    pub opening: LogOpening,
    /// The thief's own branch: place of its first item, and the items.
    pub items: Vec<(SignedHeader, Vec<u8>)>,
}

impl Thief {
    /// Signs the next item of the branch.
    pub fn sign(
        &mut self,
        channel: &ChannelId,
        previous: (u64, ItemId),
        kind: Kind,
        time: u64,
        payload: Vec<u8>,
    ) -> Run {
        let (seq, previous) = match self.items.last() {
            Some((last, _)) => (last.header().seq + 1, last.id()),
            None => previous,
        };
        let header = Header {
            kind,
            log: self.opening.log(channel),
            seq,
            time,
            expiry: 0,
            payload_length: payload.len() as u32,
            payload_hash: plain(&payload),
            previous,
            extensions: Vec::new(),
        };
        let signed = header.sign(channel, &self.key);
        self.items.push((signed.clone(), payload));
        Run::new(self.opening, vec![signed]).expect("a run of one item is neither empty nor too long")
    }

    /// A statement that names the thief's branch as the newest.
    pub fn statement(&self, channel: &ChannelId, counter: u64, time: u64, charter: u64) -> Option<Statement> {
        let (last, _) = self.items.last()?;
        let statement = Statement {
            opening: self.opening,
            counter,
            time,
            next_word: 0,
            items: last.header().seq + 1,
            tip: last.id(),
            charter,
            citations: Vec::new(),
            signature: [0; 64],
        };
        Some(statement.sign(channel, &self.key))
    }
}

/// The payload of a post.
pub fn article(title: String, corrects: Option<ItemId>) -> Vec<u8> {
    let origin = longear_core::Origin::Original;
    let variant = Variant { language: "kk".into(), origin, title, body: String::new() };
    Article { corrects, variants: vec![variant], renditions: Vec::new() }.encode()
}

/// The payload of a retraction of one item.
pub fn retraction(target: ItemId) -> Vec<u8> {
    Retraction { targets: vec![target], reason: String::new() }.encode()
}
