//! A newsroom with one delegate, and its store.

use std::sync::Arc;

use longear_core::article::{Article, Groups, Origin as TextOrigin, Rendition, Variant};
use longear_core::blob::BlobHash;
use longear_core::charter::{Delegate, Origin, founding};
use longear_core::header::Payload;
use longear_core::{
    ChannelId, Charter, CharterBody, Header, ItemId, Kind, Lineage, LogId, LogOpening, Retraction, Roles, RootSet, Run,
    SecretKey, SignedHeader, Statement, verify,
};
use longear_store::Store;
use tempfile::TempDir;

const START_MS: u64 = 1_700_000_000_000;

pub struct Newsroom {
    pub store: Arc<Store>,
    pub folder: TempDir,
    pub channel: ChannelId,
    pub opening: LogOpening,
    key: SecretKey,
    items: u64,
    tip: ItemId,
    words: u64,
}

impl Newsroom {
    pub fn new(seed: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(folder.path()).unwrap());
        let roots = [1, 2, 3].map(|root| SecretKey::from_seed([seed ^ root << 4; 32]));
        let set = RootSet::new(2, roots.iter().map(SecretKey::public).collect());
        let (salt, next) = ([seed; 32], [9; 32]);
        let key = SecretKey::from_seed([seed; 32]);
        let roles = Roles::POST.with(Roles::EDIT).with(Roles::LIVE).with(Roles::MODERATE);
        let delegate = Delegate {
            key: key.public(),
            roles,
            region: String::new(),
            not_before: 0,
            not_after: 0,
            label: "desk".into(),
            enrolment: Delegate::enrol(&key, &founding(&salt, &next, &set), roles, ""),
        };
        let body = CharterBody {
            number: 1,
            origin: Origin::Salt(salt),
            time: START_MS,
            name: format!("Newsroom {seed}"),
            roots: set,
            next,
            delegates: vec![delegate],
            closings: Vec::new(),
            extensions: Vec::new(),
        };
        let mut charter = Charter::unsigned(body);
        roots.iter().take(2).for_each(|root| charter.sign(root));
        let channel = charter.body.channel();
        let charter = verify(&Lineage::new(channel), charter).unwrap();
        let mut batch = store.write().unwrap();
        batch.follow(&channel).unwrap();
        batch.charter(charter).unwrap();
        batch.commit().unwrap();
        let opening = LogOpening { key: key.public(), incarnation: 7 };
        Newsroom { store, folder, channel, opening, key, items: 0, tip: ItemId::NONE, words: 0 }
    }

    pub fn log(&self) -> LogId {
        self.opening.log(&self.channel)
    }

    /// Signs and keeps one item.
    pub fn publish(&mut self, kind: Kind, payload: &[u8]) -> ItemId {
        self.publish_all(&[(kind, payload.to_vec())]);
        self.tip
    }

    /// Signs and keeps items in one batch, and says a new word.
    pub fn publish_all(&mut self, items: &[(Kind, Vec<u8>)]) {
        let headers = self.sign(items);
        let word = self.word();
        let lineage = self.store.channel(&self.channel).unwrap().unwrap().lineage().clone();
        let mut batch = self.store.write().unwrap();
        for (chunk, items) in headers.chunks(4096).zip(items.chunks(4096)) {
            let run = verify(&lineage, Run::new(self.opening, chunk.to_vec()).unwrap()).unwrap();
            batch.run(&self.channel, &run).unwrap();
            for (header, (_, payload)) in chunk.iter().zip(items) {
                let payload = verify(header, Payload::new(header.id(), payload)).unwrap();
                batch.payload(&self.channel, &self.opening, header.header().seq, &payload).unwrap();
            }
        }
        let word = verify(&lineage, word).unwrap();
        batch.statement(&self.channel, &word).unwrap();
        batch.commit().unwrap();
    }

    pub fn post(&mut self, title: &str) -> ItemId {
        self.publish(Kind::Post, &text(title).encode())
    }

    pub fn posts(&mut self, count: u64) {
        let first = self.items;
        let post = |seq: u64| (Kind::Post, text(&format!("Post {seq}")).encode());
        self.publish_all(&(first..first + count).map(post).collect::<Vec<_>>());
    }

    /// Publishes files, each (name, media type, height, bytes); gives the item and the files' hashes.
    pub fn media(&mut self, title: &str, files: &[(&str, &str, u32, &[u8])]) -> (ItemId, Vec<[u8; 32]>) {
        let mut article = text(title);
        for (name, mime, height, bytes) in files {
            let imported = self.store.blobs().import(*bytes, |_| {}).unwrap();
            article.renditions.push(rendition(name, mime, *height, bytes.len() as u64, &imported));
        }
        let hashes = article.renditions.iter().map(|rendition| rendition.blob).collect();
        (self.publish(Kind::Media, &article.encode()), hashes)
    }

    pub fn retract(&mut self, target: ItemId) {
        let retraction = Retraction { targets: vec![target], reason: "wrong".into() };
        self.publish(Kind::Retraction, &retraction.encode());
    }

    fn sign(&mut self, items: &[(Kind, Vec<u8>)]) -> Vec<SignedHeader> {
        let mut headers = Vec::new();
        for (kind, payload) in items {
            let header = Header {
                kind: *kind,
                log: self.log(),
                seq: self.items,
                time: START_MS + self.items * 1000,
                expiry: 0,
                payload_length: payload.len() as u32,
                payload_hash: *BlobHash::of(payload).as_bytes(),
                previous: self.tip,
                extensions: Vec::new(),
            };
            let signed = header.sign(&self.channel, &self.key);
            self.tip = signed.id();
            self.items += 1;
            headers.push(signed);
        }
        headers
    }

    fn word(&mut self) -> Statement {
        self.words += 1;
        let statement = Statement {
            opening: self.opening,
            counter: self.words,
            time: START_MS + self.items * 1000,
            next_word: START_MS + 1_000_000_000,
            items: self.items,
            tip: self.tip,
            charter: 1,
            citations: Vec::new(),
            signature: [0; 64],
        };
        statement.sign(&self.channel, &self.key)
    }
}

pub fn text(title: &str) -> Article {
    let variant =
        Variant { language: "kk".into(), origin: TextOrigin::Original, title: title.into(), body: "Мәтін".into() };
    Article { corrects: None, variants: vec![variant], renditions: Vec::new() }
}

pub fn rendition(
    name: &str,
    mime: &str,
    height: u32,
    size: u64,
    imported: &longear_store::blobs::Imported,
) -> Rendition {
    let groups = match imported.groups.list() {
        [] => Groups::None,
        list if imported.groups.fits_inline() => Groups::Inline(list.to_vec()),
        list => Groups::Blob(*BlobHash::of(&list.concat()).as_bytes()),
    };
    let width = height * 16 / 9;
    let (mime, duration_ms) = (mime.to_owned(), 0);
    Rendition { name: name.into(), blob: *imported.hash.as_bytes(), size, mime, duration_ms, width, height, groups }
}
