//! A newsroom that writes its tree with the core alone: long logs without a year of publishing.

use std::fs;
use std::path::Path;

use longear_core::blob::{Hashed, TreeHasher};
use longear_core::charter::Origin as CharterOrigin;
use longear_core::hash::plain;
use longear_core::pack::{PackSlot, encode_front};
use longear_core::tree::TreePath;
use longear_core::{
    Address, Article, ChannelId, Charter, CharterBody, Delegate, Groups, Head, Header, ItemId, LogId, LogOpening,
    Origin, PackName, Rendition, Roles, RootSet, SecretKey, SignedHeader, Statement, Variant,
};

use crate::Outcome;

/// When everything here is dated: long ago, so that no clock finds it in the future.
const TIME_MS: u64 = 1_700_000_000_000;

/// What the item of a number is. The same number gives the same item.
pub type Articles<'a> = &'a dyn Fn(u64) -> Article;

/// A channel with one delegate and one log.
pub struct Newsroom {
    channel: ChannelId,
    charter: Charter,
    key: SecretKey,
    opening: LogOpening,
    log: LogId,
    headers: Vec<SignedHeader>,
}

impl Newsroom {
    /// A channel without items, always the same one.
    pub fn new() -> Self {
        let roots = RootSet::new(2, (1..=3).map(|number| secret(number).public()).collect());
        let next = RootSet::new(2, (4..=6).map(|number| secret(number).public()).collect()).commitment();
        let salt = [7; 32];
        let founding = longear_core::charter::founding(&salt, &next, &roots);
        let key = secret(100);
        let delegate = Delegate {
            key: key.public(),
            roles: Roles::POST,
            region: String::new(),
            not_before: 0,
            not_after: 0,
            label: String::new(),
            enrolment: Delegate::enrol(&key, &founding, Roles::POST, ""),
        };
        let mut charter = Charter::unsigned(CharterBody {
            number: 1,
            origin: CharterOrigin::Salt(salt),
            time: TIME_MS,
            name: "Newsroom".into(),
            roots,
            next,
            delegates: vec![delegate],
            closings: Vec::new(),
            extensions: Vec::new(),
        });
        charter.sign(&secret(1));
        charter.sign(&secret(2));
        let channel = charter.body.channel();
        let opening = LogOpening { key: key.public(), incarnation: 1 };
        Self { channel, charter, key, opening, log: opening.log(&channel), headers: Vec::new() }
    }

    /// Where to follow it.
    pub fn address(&self) -> String {
        Address::new(self.channel).to_string()
    }

    /// Signs items until there are as many.
    pub fn sign_until(&mut self, items: u64, articles: Articles<'_>) {
        for seq in self.headers.len() as u64..items {
            let article = articles(seq);
            let payload = article.encode();
            let header = Header {
                kind: article.kind(),
                log: self.log,
                seq,
                time: TIME_MS + seq,
                expiry: 0,
                payload_length: payload.len() as u32,
                payload_hash: plain(&payload),
                previous: self.headers.last().map_or(ItemId::NONE, SignedHeader::id),
                extensions: Vec::new(),
            };
            self.headers.push(header.sign(&self.channel, &self.key));
        }
    }

    /// Writes everything but blobs into a folder, as a mirror holds it.
    pub fn write(&self, folder: &Path, articles: Articles<'_>) -> Outcome<()> {
        let channel = self.channel.0;
        put(folder, &TreePath::Charter { channel, number: 1 }, &self.charter.encode())?;
        for name in PackName::published(self.headers.len() as u64) {
            let path = TreePath::Pack { channel, log: self.log.0, level: name.level, index: name.index as u32 };
            put(folder, &path, &self.pack(name, articles))?;
        }
        put(folder, &TreePath::Head { channel }, &self.head().encode())
    }

    fn pack(&self, name: PackName, articles: Articles<'_>) -> Vec<u8> {
        let payloads = name.items().map(|seq| articles(seq).encode()).collect::<Vec<_>>();
        let headers = &self.headers[name.items().start as usize..name.items().end as usize];
        let slot = |(header, payload): (&'_ SignedHeader, &Vec<u8>)| (header.bytes().to_vec(), payload.len() as u32);
        let slots = headers.iter().zip(&payloads).map(slot).collect::<Vec<_>>();
        let slots =
            slots.iter().map(|(header, payload_length)| Some(PackSlot { header, payload_length: *payload_length }));
        let mut bytes = encode_front(name, &self.opening, &slots.collect::<Vec<_>>());
        payloads.iter().for_each(|payload| bytes.extend_from_slice(payload));
        bytes
    }

    fn head(&self) -> Head {
        let statement = Statement {
            opening: self.opening,
            counter: self.headers.len() as u64,
            time: TIME_MS,
            next_word: 0,
            items: self.headers.len() as u64,
            tip: self.headers.last().map_or(ItemId::NONE, SignedHeader::id),
            charter: 1,
            citations: Vec::new(),
            signature: [0; 64],
        };
        let mut head = Head::empty(self.channel);
        (head.charter, head.charter_hash) = (1, self.charter.body.hash());
        head.insert(statement.sign(&self.channel, &self.key));
        head
    }
}

/// A post with this body.
pub fn post(body: String) -> Article {
    let variant = Variant { language: "en".into(), origin: Origin::Original, title: "News".into(), body };
    Article { corrects: None, variants: vec![variant], renditions: Vec::new() }
}

/// Puts a blob with its outboard into a folder. Returns how an article names it.
pub fn put_blob(folder: &Path, content: &[u8]) -> Outcome<Rendition> {
    let mut hasher = TreeHasher::new();
    let mut slices = Vec::new();
    for piece in content.chunks(1 << 20) {
        hasher.update(piece)?;
        slices.extend(std::iter::from_fn(|| hasher.poll_slice()));
    }
    let Hashed { hash, size, groups, slices: last } = hasher.finish();
    slices.extend(last);
    let layout = groups.layout();
    let mut outboard = vec![0; usize::try_from(layout.outboard_bytes())?];
    for slice in slices {
        let start = layout.slice_range(slice.group).start as usize;
        outboard[start..start + slice.nodes.len()].copy_from_slice(&slice.nodes);
    }
    groups.write_upper_nodes(|offset, node| {
        let start = offset as usize;
        outboard[start..start + node.len()].copy_from_slice(node);
        Ok::<_, std::convert::Infallible>(())
    })?;
    let blob = *hash.as_bytes();
    put(folder, &TreePath::Blob { hash: blob }, content)?;
    put(folder, &TreePath::Outboard { hash: blob }, &outboard)?;
    Ok(Rendition {
        name: "original".into(),
        blob,
        size,
        mime: "video/mp4".into(),
        duration_ms: 60_000,
        width: 640,
        height: 360,
        groups: Groups::Inline(groups.list().to_vec()),
    })
}

/// How an article holds a still picture inside it.
pub fn still(content: Vec<u8>) -> Rendition {
    Rendition {
        name: "still".into(),
        blob: plain(&content),
        size: content.len() as u64,
        mime: "image/jpeg".into(),
        duration_ms: 0,
        width: 480,
        height: 270,
        groups: Groups::File(content),
    }
}

fn put(folder: &Path, path: &TreePath, bytes: &[u8]) -> Outcome<()> {
    let file = folder.join(path.to_string());
    fs::create_dir_all(file.parent().ok_or("a path without a folder")?)?;
    Ok(fs::write(file, bytes)?)
}

fn secret(number: u8) -> SecretKey {
    SecretKey::from_seed([number; 32])
}
