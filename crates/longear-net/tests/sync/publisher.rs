//! A newsroom that writes its tree with its own hands.

use std::path::Path;

use longear_core::blob::TreeHasher;
use longear_core::charter::Origin as CharterOrigin;
use longear_core::closing::closing_root;
use longear_core::limits::INLINE_FILE_BYTES_MAX;
use longear_core::pack::{PackSlot, encode_front};
use longear_core::tree::TreePath;
use longear_core::{
    Article, ChannelId, Charter, CharterBody, Closing, Delegate, ForkProof, Groups, Head, Header, ItemId, Kind, LogId,
    LogOpening, Origin, PackName, Rendition, Retraction, Roles, RootSet, SecretKey, SignedHeader, Statement, Variant,
};

use super::support::Tree;

pub const NOW_MS: u64 = 1_700_000_000_000;

fn secret(number: u8) -> SecretKey {
    SecretKey::from_seed([number; 32])
}

/// A delegate and what it wrote.
pub struct Writer {
    pub key: SecretKey,
    pub opening: LogOpening,
    pub log: LogId,
    pub items: Vec<(SignedHeader, Vec<u8>)>,
    counter: u64,
}

pub struct Publisher {
    pub channel: ChannelId,
    founding: [u8; 32],
    pub charters: Vec<Charter>,
    pub writers: Vec<Writer>,
    pub forks: Vec<ForkProof>,
    pub blobs: Vec<Vec<u8>>,
}

impl Publisher {
    /// A channel with one delegate.
    pub fn new(salt: u8) -> Self {
        let roots = RootSet::new(2, (1..=3).map(|number| secret(number).public()).collect());
        let next = RootSet::new(2, (4..=6).map(|number| secret(number).public()).collect()).commitment();
        let mut body = CharterBody {
            number: 1,
            origin: CharterOrigin::Salt([salt; 32]),
            time: NOW_MS,
            name: "Newsroom".into(),
            roots,
            next,
            delegates: Vec::new(),
            closings: Vec::new(),
            extensions: Vec::new(),
        };
        let founding = body.founding().unwrap();
        body.delegates.push(delegate(&secret(100), &founding));
        let mut publisher = Publisher {
            channel: body.channel(),
            founding,
            charters: Vec::new(),
            writers: Vec::new(),
            forks: Vec::new(),
            blobs: Vec::new(),
        };
        publisher.add_charter(body);
        publisher.add_writer(100);
        publisher
    }

    fn add_charter(&mut self, body: CharterBody) {
        let mut charter = Charter::unsigned(body);
        charter.sign(&secret(1));
        charter.sign(&secret(2));
        self.charters.push(charter);
    }

    fn add_writer(&mut self, key: u8) {
        let key = secret(key);
        let opening = LogOpening { key: key.public(), incarnation: 7 };
        let log = opening.log(&self.channel);
        self.writers.push(Writer { key, opening, log, items: Vec::new(), counter: 0 });
    }

    /// The next charter, changed by `change`.
    pub fn amend(&mut self, change: impl FnOnce(&mut CharterBody)) {
        let mut body = self.charters.last().unwrap().body.clone();
        body.number += 1;
        body.origin = CharterOrigin::Channel(self.channel);
        body.closings.clear();
        change(&mut body);
        body.sort();
        self.add_charter(body);
    }

    /// Enrols another delegate by a new charter.
    pub fn enrol(&mut self, key: u8) {
        let entry = delegate(&secret(key), &self.founding);
        self.amend(|body| body.delegates.push(entry));
        self.add_writer(key);
    }

    /// Leaves a delegate out, and closes its log after `items` items.
    pub fn close(&mut self, writer: usize, items: usize) {
        let writer = &self.writers[writer];
        let ids = writer.items[..items].iter().map(|(header, _)| header.id()).collect::<Vec<_>>();
        let closing = Closing {
            opening: writer.opening,
            log: writer.log,
            items: items as u64,
            tip: ids.last().copied().unwrap_or(ItemId::NONE),
            root: closing_root(ids),
        };
        let key = writer.opening.key;
        self.amend(|body| {
            body.delegates.retain(|delegate| delegate.key != key);
            body.closings.push(closing);
        });
    }

    fn sign(&self, writer: usize, kind: Kind, payload: &[u8], before: Option<&SignedHeader>) -> SignedHeader {
        let writer = &self.writers[writer];
        let seq = before.map_or(0, |before| before.header().seq + 1);
        let header = Header {
            kind,
            log: writer.log,
            seq,
            time: NOW_MS + seq,
            expiry: 0,
            payload_length: payload.len() as u32,
            payload_hash: longear_core::hash::plain(payload),
            previous: before.map_or(ItemId::NONE, SignedHeader::id),
            extensions: Vec::new(),
        };
        header.sign(&self.channel, &writer.key)
    }

    fn append(&mut self, writer: usize, article: &Article) {
        self.append_bytes(writer, article.kind(), article.encode());
    }

    fn append_bytes(&mut self, writer: usize, kind: Kind, payload: Vec<u8>) {
        let header = self.sign(writer, kind, &payload, self.writers[writer].items.last().map(|(last, _)| last));
        self.writers[writer].items.push((header, payload));
    }

    /// Replaces an item of the same log.
    pub fn correct(&mut self, writer: usize, target: ItemId) {
        self.append(writer, &Article { corrects: Some(target), ..text("better") });
    }

    /// Takes back an item of the same log.
    pub fn retract(&mut self, writer: usize, target: ItemId) {
        let retraction = Retraction { targets: vec![target], reason: String::new() };
        self.append_bytes(writer, Kind::Retraction, retraction.encode());
    }

    pub fn post(&mut self, writer: usize, count: usize) {
        self.post_of(writer, count, 0);
    }

    /// Posts of at least `bytes` bytes.
    pub fn post_of(&mut self, writer: usize, count: usize, bytes: usize) {
        for _ in 0..count {
            let number = self.writers[writer].items.len();
            self.append(writer, &text(&format!("post {number} {}", "x".repeat(bytes))));
        }
    }

    pub fn media(&mut self, writer: usize, mime: &str, content: Vec<u8>) -> [u8; 32] {
        let mut hasher = TreeHasher::new();
        hasher.update(&content).unwrap();
        let hashed = hasher.finish();
        let groups = match hashed.groups.list() {
            [] if content.len() <= INLINE_FILE_BYTES_MAX => Groups::File(content.clone()),
            [] => Groups::None,
            list => Groups::Inline(list.to_vec()),
        };
        let blob = *hashed.hash.as_bytes();
        self.announce(writer, blob, content.len() as u64, mime, groups);
        self.blobs.push(content);
        blob
    }

    /// Signs an item with a file of that hash and size.
    pub fn announce(&mut self, writer: usize, blob: [u8; 32], size: u64, mime: &str, groups: Groups) {
        let mut article = text("media");
        article.renditions.push(Rendition {
            name: "original".into(),
            blob,
            size,
            mime: mime.into(),
            duration_ms: 0,
            width: 0,
            height: 0,
            groups,
        });
        self.append(writer, &article);
    }

    /// Signs a second item for the place of the last one, and keeps the proof.
    pub fn fork(&mut self, writer: usize) {
        let items = &self.writers[writer].items;
        let before = items.len().checked_sub(2).map(|before| &items[before].0);
        let other = self.sign(writer, Kind::Post, &text("another").encode(), before);
        let proof = ForkProof::between(self.writers[writer].opening, &items[items.len() - 1].0, &other).unwrap();
        self.forks.push(proof);
    }

    /// The head of now.
    pub fn head(&mut self) -> Head {
        let mut head = Head::empty(self.channel);
        let newest = &self.charters.last().unwrap().body;
        (head.charter, head.charter_hash) = (newest.number, newest.hash());
        for writer in &mut self.writers {
            writer.counter += 1;
            let statement = Statement {
                opening: writer.opening,
                counter: writer.counter,
                time: NOW_MS,
                next_word: 0,
                items: writer.items.len() as u64,
                tip: writer.items.last().map_or(ItemId::NONE, |(header, _)| header.id()),
                charter: newest.number,
                citations: Vec::new(),
                signature: [0; 64],
            };
            head.insert(statement.sign(&self.channel, &writer.key));
        }
        head.forks = self.forks.iter().map(|proof| proof.opening.log(&self.channel)).collect();
        head
    }

    /// Writes everything into a folder.
    pub fn write(&mut self, folder: &Path) -> Tree {
        let tree = Tree { folder: folder.to_owned(), channel: self.channel };
        let head = self.head();
        tree.put(&tree.head(), &head.encode());
        for charter in &self.charters {
            tree.put(&tree.charter(charter.body.number as u32), &charter.encode());
        }
        for proof in &self.forks {
            let log = proof.opening.log(&self.channel);
            tree.put(&TreePath::Fork { channel: self.channel.0, log: log.0 }, &proof.encode());
        }
        for writer in &self.writers {
            for name in PackName::published(writer.items.len() as u64) {
                tree.put(&tree.pack(writer.log, name), &pack(writer, name));
            }
        }
        for blob in &self.blobs {
            let hash = *blake3::hash(blob).as_bytes();
            tree.put(&TreePath::Blob { hash }, blob);
            let (outboard, _) = outboard(blob);
            if blob.len() >= 1 << 20 {
                tree.put(&TreePath::Outboard { hash }, &outboard);
            }
        }
        tree
    }
}

/// The outboard of a blob, by the core's own measure.
fn outboard(blob: &[u8]) -> (Vec<u8>, longear_core::blob::Groups) {
    use longear_core::blob::MeasuredGroup;
    let mut hasher = TreeHasher::new();
    hasher.update(blob).unwrap();
    let groups = hasher.finish().groups;
    let layout = groups.layout();
    let mut bytes = vec![0; layout.outboard_bytes() as usize];
    for group in 0..layout.group_count() {
        let range = layout.group_range(group);
        let content = &blob[range.start as usize..range.end as usize];
        let slice = MeasuredGroup::new(layout, group, content).unwrap().slice();
        let start = layout.slice_range(group).start as usize;
        bytes[start..start + slice.len()].copy_from_slice(&slice);
    }
    groups
        .write_upper_nodes(|offset, node| {
            bytes[offset as usize..offset as usize + node.len()].copy_from_slice(node);
            Ok::<_, std::convert::Infallible>(())
        })
        .unwrap();
    (bytes, groups)
}

fn text(body: &str) -> Article {
    let variant = Variant { language: "kk".into(), origin: Origin::Original, title: "News".into(), body: body.into() };
    Article { corrects: None, variants: vec![variant], renditions: Vec::new() }
}

fn delegate(key: &SecretKey, founding: &[u8; 32]) -> Delegate {
    let roles = Roles::POST;
    Delegate {
        key: key.public(),
        roles,
        region: String::new(),
        not_before: 0,
        not_after: 0,
        label: String::new(),
        enrolment: Delegate::enrol(key, founding, roles, ""),
    }
}

/// The bytes of a full pack.
pub fn pack(writer: &Writer, name: PackName) -> Vec<u8> {
    let range = name.items();
    let items = &writer.items[range.start as usize..range.end as usize];
    let slots = items
        .iter()
        .map(|(header, payload)| Some(PackSlot { header: header.bytes(), payload_length: payload.len() as u32 }));
    let mut bytes = encode_front(name, &writer.opening, &slots.collect::<Vec<_>>());
    items.iter().for_each(|(_, payload)| bytes.extend_from_slice(payload));
    bytes
}
