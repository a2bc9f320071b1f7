//! A newsroom with all its secrets: roots, delegates, logs, statements, packs; and what a thief of a key makes of them.
//!
//! Every key is the hash of a name, so the same calls give the same bytes.

use longear_core::charter::Origin;
use longear_core::closing::closing_root;
use longear_core::hash::plain;
use longear_core::keys::Roles;
use longear_core::kind::Kind;
use longear_core::pack::{PackSlot, encode_front};
use longear_core::{
    Article, ChannelId, Charter, CharterBody, Citation, Closing, Delegate, Header, ItemId, Lineage, LogId, LogOpening,
    PackName, Retraction, RootSet, SecretKey, SignedHeader, Statement, Variant, verify,
};

/// 15 June 2026, noon: every story begins here.
pub const NOON_MS: u64 = 1_781_524_800_000;
pub const HOUR_MS: u64 = 3_600_000;

pub fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(plain(name.as_bytes()))
}

/// Three keys of a name, ascending by their public halves as charters list them.
pub fn keys(name: &str) -> Vec<SecretKey> {
    let mut keys = (1..=3).map(|number| key(&format!("{name} {number}"))).collect::<Vec<_>>();
    keys.sort_by_key(SecretKey::public);
    keys
}

pub fn root_set(threshold: u8, keys: &[SecretKey]) -> RootSet {
    RootSet::new(threshold, keys.iter().map(SecretKey::public).collect())
}

/// A channel as its publisher knows it.
#[derive(Clone)]
pub struct Publisher {
    /// What is applied so far.
    pub lineage: Lineage,
    /// 2 of 3.
    pub roots: Vec<SecretKey>,
    /// The set that charter 1 commits to.
    pub next_roots: Vec<SecretKey>,
}

impl Publisher {
    /// Founds a channel whose delegates are those; a life of 0 has no end.
    pub fn found(name: &str, delegates: &[(&str, Roles, u64)]) -> Self {
        let (roots, next_roots) = (keys(&format!("{name} root")), keys(&format!("{name} next root")));
        let (set, next) = (root_set(2, &roots), root_set(2, &next_roots).commitment());
        let salt = plain(name.as_bytes());
        let founding = longear_core::charter::founding(&salt, &next, &set);
        let mut body = CharterBody {
            number: 1,
            origin: Origin::Salt(salt),
            time: NOON_MS,
            name: name.into(),
            roots: set,
            next,
            delegates: delegates.iter().map(|(name, roles, end)| entry(name, *roles, *end, &founding)).collect(),
            closings: Vec::new(),
            extensions: Vec::new(),
        };
        body.sort();
        let mut publisher = Publisher { lineage: Lineage::new(body.channel()), roots, next_roots };
        let first = publisher.signed(body);
        publisher.apply(first);
        publisher
    }

    pub fn channel(&self) -> ChannelId {
        self.lineage.channel()
    }

    /// The entry of a delegate who enrols now.
    pub fn entry(&self, name: &str, roles: Roles) -> Delegate {
        entry(name, roles, 0, self.lineage.founding())
    }

    /// The next charter, with nothing changed yet.
    pub fn next_body(&self) -> CharterBody {
        let newest = self.lineage.newest().unwrap().clone();
        let origin = Origin::Channel(self.channel());
        CharterBody { number: newest.number + 1, origin, closings: Vec::new(), ..newest }
    }

    /// Signed by two of the three roots.
    pub fn signed(&self, body: CharterBody) -> Charter {
        signed_by(body, &self.roots[..2])
    }

    pub fn apply(&mut self, charter: Charter) {
        let charter = verify(&self.lineage, charter).unwrap();
        self.lineage.apply(charter);
    }

    /// Opens a log of a delegate.
    pub fn log(&self, name: &str, incarnation: u64) -> Log {
        let key = key(name);
        let opening = LogOpening { key: key.public(), incarnation };
        Log { channel: self.channel(), id: opening.log(&self.channel()), opening, key, items: Vec::new() }
    }
}

pub fn signed_by(mut body: CharterBody, signers: &[SecretKey]) -> Charter {
    body.sort();
    let mut charter = Charter::unsigned(body);
    signers.iter().for_each(|root| charter.sign(root));
    charter
}

fn entry(name: &str, roles: Roles, not_after: u64, founding: &[u8; 32]) -> Delegate {
    let key = key(name);
    let enrolment = Delegate::enrol(&key, founding, roles, "");
    let (region, label) = (String::new(), name.to_owned());
    Delegate { key: key.public(), roles, region, not_before: 0, not_after, label, enrolment }
}

/// One branch of one log, as its writer holds it.
#[derive(Clone)]
pub struct Log {
    pub channel: ChannelId,
    pub id: LogId,
    pub opening: LogOpening,
    pub key: SecretKey,
    pub items: Vec<Item>,
}

#[derive(Clone)]
pub struct Item {
    pub header: SignedHeader,
    pub payload: Vec<u8>,
}

impl Log {
    pub fn write(&mut self, kind: Kind, time: u64, payload: Vec<u8>) -> ItemId {
        let header = Header {
            kind,
            log: self.id,
            seq: self.items.len() as u64,
            time,
            expiry: 0,
            payload_length: payload.len() as u32,
            payload_hash: plain(&payload),
            previous: self.items.last().map_or(ItemId::NONE, |item| item.header.id()),
            extensions: Vec::new(),
        };
        let header = header.sign(&self.channel, &self.key);
        let id = header.id();
        self.items.push(Item { header, payload });
        id
    }

    pub fn post(&mut self, text: &str) -> ItemId {
        self.write(Kind::Post, NOON_MS, article(text, None).encode())
    }

    /// What somebody with a copy of the key builds on the first `items` items.
    pub fn branch(&self, items: usize) -> Log {
        Log { items: self.items[..items].to_vec(), ..self.clone() }
    }

    pub fn ids(&self) -> Vec<ItemId> {
        self.items.iter().map(|item| item.header.id()).collect()
    }

    pub fn headers(&self) -> Vec<SignedHeader> {
        self.items.iter().map(|item| item.header.clone()).collect()
    }

    /// A closing after the first `items` items.
    pub fn closing(&self, items: usize) -> Closing {
        let ids = &self.ids()[..items];
        let (tip, root) = (ids.last().copied().unwrap_or(ItemId::NONE), closing_root(ids.iter().copied()));
        Closing { opening: self.opening, log: self.id, items: items as u64, tip, root }
    }

    /// The citation of the item at this place.
    pub fn cite(&self, place: usize) -> Citation {
        Citation { log: self.id, seq: place as u64, prefix: self.items[place].header.id().prefix() }
    }

    pub fn statement(&self, counter: u64, mut citations: Vec<Citation>) -> Statement {
        citations.sort_by_key(|citation| citation.log);
        let statement = Statement {
            opening: self.opening,
            counter,
            time: NOON_MS + counter * HOUR_MS,
            next_word: 0,
            items: self.items.len() as u64,
            tip: self.ids().last().copied().unwrap_or(ItemId::NONE),
            charter: 1,
            citations,
            signature: [0; 64],
        };
        statement.sign(&self.channel, &self.key)
    }

    /// A full pack of this log.
    pub fn pack(&self, name: PackName) -> Vec<u8> {
        let range = name.items();
        let items = &self.items[range.start as usize..range.end as usize];
        let slot = |item: &'_ Item| (item.header.bytes().to_vec(), item.payload.len() as u32);
        let slots = items.iter().map(slot).collect::<Vec<_>>();
        let slots = slots.iter().map(|(header, length)| Some(PackSlot { header, payload_length: *length }));
        let mut bytes = encode_front(name, &self.opening, &slots.collect::<Vec<_>>());
        items.iter().for_each(|item| bytes.extend_from_slice(&item.payload));
        bytes
    }
}

pub fn article(title: &str, corrects: Option<ItemId>) -> Article {
    let (language, body) = ("kk".into(), String::new());
    let variant = Variant { language, origin: longear_core::Origin::Original, title: title.into(), body };
    Article { corrects, variants: vec![variant], renditions: Vec::new() }
}

pub fn retraction(mut targets: Vec<ItemId>) -> Retraction {
    targets.sort_unstable();
    targets.dedup();
    Retraction { targets, reason: String::new() }
}
