//! A newsroom with all its secrets. Every key is the hash of a name, so the same calls give the same bytes.

use std::sync::Arc;

use longear_core::charter::{Origin, founding};
use longear_core::closing::closing_root;
use longear_core::hash::plain;
use longear_core::header::VerifiedPayloads;
use longear_core::{
    Article, ChannelId, Charter, CharterBody, Citation, Closing, Delegate, ForkProof, Header, ItemId, Kind, Lineage,
    LogId, LogOpening, Retraction, Roles, RootSet, Run, SecretKey, SignedHeader, Statement, Variant, verify,
};
use longear_store::backend::MemoryBackend;
use longear_store::{Batch, Store, StoreError, StoreOptions, Stored};

/// 15 June 2026, noon.
pub const NOON_MS: u64 = 1_781_524_800_000;
pub const DAY_MS: u64 = 86_400_000;

pub fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(plain(name.as_bytes()))
}

/// A store on a disk in memory.
pub fn open(disk: &MemoryBackend) -> Store {
    Store::open_with(StoreOptions { backend: Arc::new(disk.clone()), index: None }).unwrap()
}

pub struct Publisher {
    pub lineage: Lineage,
    pub charters: Vec<Charter>,
    root: SecretKey,
}

impl Publisher {
    /// Founds a channel with one root; its delegates are those.
    pub fn found(name: &str, delegates: &[(&str, Roles)]) -> Self {
        let (root, salt) = (key(&format!("{name} root")), plain(name.as_bytes()));
        let roots = RootSet::new(1, vec![root.public()]);
        let next = RootSet::new(1, vec![key("next").public()]).commitment();
        let founding = founding(&salt, &next, &roots);
        let delegates = delegates.iter().map(|(name, roles)| entry(name, *roles, &founding)).collect();
        let mut body = CharterBody {
            number: 1,
            origin: Origin::Salt(salt),
            time: NOON_MS,
            name: name.into(),
            roots,
            next,
            delegates,
            closings: Vec::new(),
            extensions: Vec::new(),
        };
        body.sort();
        let mut publisher = Publisher { lineage: Lineage::new(body.channel()), charters: Vec::new(), root };
        publisher.sign(body);
        publisher
    }

    pub fn channel(&self) -> ChannelId {
        self.lineage.channel()
    }

    /// The next charter closes these logs.
    pub fn close(&mut self, closings: Vec<Closing>) {
        let newest = self.lineage.newest().unwrap().clone();
        let origin = Origin::Channel(self.channel());
        let gone = closings.iter().map(|closing| closing.opening.key).collect::<Vec<_>>();
        let delegates = newest.delegates.iter().filter(|delegate| !gone.contains(&delegate.key)).cloned().collect();
        self.sign(CharterBody { number: newest.number + 1, origin, closings, delegates, ..newest });
    }

    fn sign(&mut self, mut body: CharterBody) {
        body.sort();
        let mut charter = Charter::unsigned(body);
        charter.sign(&self.root);
        self.lineage.apply(verify(&self.lineage, charter.clone()).unwrap());
        self.charters.push(charter);
    }

    pub fn log(&self, name: &str) -> Log {
        let key = key(name);
        let opening = LogOpening { key: key.public(), incarnation: 7 };
        Log { channel: self.channel(), id: opening.log(&self.channel()), opening, key, items: Vec::new() }
    }
}

fn entry(name: &str, roles: Roles, founding: &[u8; 32]) -> Delegate {
    let key = key(name);
    let enrolment = Delegate::enrol(&key, founding, roles, "");
    let (region, label) = (String::new(), name.to_owned());
    Delegate { key: key.public(), roles, region, not_before: 0, not_after: 0, label, enrolment }
}

/// One branch of one log, as its writer holds it.
#[derive(Clone)]
pub struct Log {
    pub channel: ChannelId,
    pub id: LogId,
    pub opening: LogOpening,
    key: SecretKey,
    pub items: Vec<(SignedHeader, Vec<u8>)>,
}

impl Log {
    pub fn unsigned(&self, kind: Kind, time: u64, payload: &[u8]) -> Header {
        Header {
            kind,
            log: self.id,
            seq: self.items.len() as u64,
            time,
            expiry: 0,
            payload_length: payload.len() as u32,
            payload_hash: plain(payload),
            previous: self.items.last().map_or(ItemId::NONE, |(header, _)| header.id()),
            extensions: Vec::new(),
        }
    }

    pub fn write(&mut self, kind: Kind, time: u64, payload: Vec<u8>) -> ItemId {
        let header = self.unsigned(kind, time, &payload).sign(&self.channel, &self.key);
        let id = header.id();
        self.items.push((header, payload));
        id
    }

    /// An item that has no bytes, although its header names the hash of some.
    pub fn hollow(&mut self) -> ItemId {
        let unsigned = Header { payload_hash: plain(b"something"), ..self.unsigned(Kind::Post, NOON_MS, &[]) };
        let header = unsigned.sign(&self.channel, &self.key);
        let id = header.id();
        self.items.push((header, Vec::new()));
        id
    }

    pub fn post(&mut self, text: &str) -> ItemId {
        self.write(Kind::Post, NOON_MS + self.items.len() as u64, article(text, None).encode())
    }

    pub fn posts(mut self, words: &[&str]) -> Log {
        for word in words {
            self.post(word);
        }
        self
    }

    /// What somebody with a copy of the key builds on the first `items` items.
    pub fn branch(&self, items: usize) -> Log {
        Log { items: self.items[..items].to_vec(), ..self.clone() }
    }

    pub fn item(&self, seq: usize) -> ItemId {
        self.items[seq].0.id()
    }

    pub fn ids(&self) -> Vec<ItemId> {
        self.items.iter().map(|(header, _)| header.id()).collect()
    }

    pub fn closing(&self, items: usize) -> Closing {
        let ids = &self.ids()[..items];
        let (tip, root) = (ids.last().copied().unwrap_or(ItemId::NONE), closing_root(ids.iter().copied()));
        Closing { opening: self.opening, log: self.id, items: items as u64, tip, root }
    }

    pub fn cite(&self, seq: usize) -> Citation {
        Citation { log: self.id, seq: seq as u64, prefix: self.item(seq).prefix() }
    }

    pub fn statement(&self, counter: u64, citations: Vec<Citation>) -> Statement {
        self.statement_at(counter, citations, NOON_MS + counter)
    }

    pub fn statement_at(&self, counter: u64, citations: Vec<Citation>, time: u64) -> Statement {
        let statement = Statement {
            opening: self.opening,
            counter,
            time,
            next_word: 0,
            items: self.items.len() as u64,
            tip: self.ids().last().copied().unwrap_or(ItemId::NONE),
            charter: 1,
            citations,
            signature: [0; 64],
        };
        statement.sign(&self.channel, &self.key)
    }
}

pub fn article(title: &str, corrects: Option<ItemId>) -> Article {
    let variant = Variant {
        language: "kk".into(),
        origin: longear_core::Origin::Original,
        title: title.into(),
        body: String::new(),
    };
    Article { corrects, variants: vec![variant], renditions: Vec::new() }
}

pub fn retraction(mut targets: Vec<ItemId>) -> Vec<u8> {
    targets.sort_unstable();
    Retraction { targets, reason: String::new() }.encode()
}

/// An object as it arrives.
#[derive(Clone)]
pub enum Object {
    Charter(Charter),
    Statement(Statement),
    /// Headers of one log, with their payloads.
    Items(LogOpening, Vec<(SignedHeader, Vec<u8>)>),
    Fork(ForkProof),
}

pub fn items(log: &Log, range: std::ops::Range<usize>) -> Object {
    Object::Items(log.opening, log.items[range].to_vec())
}

/// Hands an object to the batch, as intake does. What cannot be verified yet is left.
pub fn give(batch: &mut Batch<'_>, channel: &ChannelId, object: &Object) -> Result<Stored, StoreError> {
    let lineage = batch.channel(channel)?.lineage().clone();
    match object.clone() {
        Object::Charter(charter) => {
            if let Ok(charter) = verify(&lineage, charter) {
                batch.charter(charter)?;
            }
        }
        Object::Statement(statement) => {
            batch.statement(channel, &verify(&lineage, statement).unwrap())?;
        }
        Object::Fork(proof) => {
            batch.fork(channel, &verify(&lineage, proof).unwrap())?;
        }
        Object::Items(opening, items) => {
            let headers = items.iter().map(|(header, _)| header.clone()).collect();
            let stored = batch.run(channel, &verify(&lineage, Run::new(opening, headers).unwrap()).unwrap())?;
            let mut payloads = VerifiedPayloads::default();
            items.iter().for_each(|(header, payload)| payloads.push(header, payload).unwrap());
            batch.payloads(channel, &opening, payloads.iter())?;
            return Ok(stored);
        }
    }
    Ok(Stored::default())
}

/// Follows the channel and takes in these objects, each in a batch of its own.
pub fn take_in(store: &Store, channel: &ChannelId, objects: &[Object]) -> Result<(), StoreError> {
    let mut batch = store.write()?;
    batch.follow(channel)?;
    batch.commit()?;
    for object in objects {
        let mut batch = store.write()?;
        give(&mut batch, channel, object)?;
        batch.commit()?;
    }
    Ok(())
}
