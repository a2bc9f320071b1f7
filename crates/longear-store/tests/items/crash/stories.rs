//! What a store goes through, step by step.

mod collection;
mod decisions;
mod full_segment;
mod stick;

use longear_core::blob::{BlobHash, Hashed, TreeHasher};
use longear_core::limits::TAKEN_BACK_KEPT_MS;
use longear_core::lineage::Standing;
use longear_core::{Article, Groups, Kind, Rendition, Roles};
use longear_store::backend::{MemoryBackend, OpenMode, StorageBackend};
use longear_store::blobs::{BlobError, BlobWriter};
use longear_store::{CheckError, Store};

use super::states::{Fact, Ledger, Step, Story, is_long};
use crate::publisher::{Log, NOON_MS, Object, Publisher, article, give, items, key, retraction};

/// Stands in what is deleted, and nowhere else.
pub const SECRET: &str = "she waits at the second bridge";
/// What a flipped byte hits.
const DAMAGED: &str = "post 1, attempt";
const AFTER_MS: u64 = NOON_MS + TAKEN_BACK_KEPT_MS + 1_000_000;

type Outcome = Result<(), CheckError>;

/// Who plays.
pub struct Cast {
    pub publisher: Publisher,
    /// Another delegate's log, as it arrives by sync.
    other: Log,
    /// A branch of it, by a thief.
    branch: Log,
    /// A third delegate's, longer than a piece of a pack.
    far: Log,
    film: Vec<u8>,
    hashed: Hashed,
    /// A file of one block.
    note: Vec<u8>,
}

impl Cast {
    fn new() -> Self {
        let delegates = ["one", "two", "three", "old"].map(|name| (name, Roles::POST));
        let mut publisher = Publisher::found("crash", &delegates);
        let long = "news ".repeat(3_000);
        let other = publisher.log("two").posts(&["a", &long[..200], "c", "d", "e"]);
        let branch = other.branch(4).posts(&["forged"]);
        publisher.close(vec![publisher.log("old").closing(0)]);
        publisher.close(vec![other.closing(5)]);
        let film = noise("film", (1 << 20) + 70_000);
        let (hashed, note, far) = (hashed(&film), noise("note", 9_000), stick::far_log(&publisher));
        Cast { publisher, other, branch, far, film, hashed, note }
    }

    /// The own log, as the store holds it.
    fn own_log(&self, store: &Store) -> Result<Log, CheckError> {
        let mut log = self.publisher.log("one");
        for item in store.log_items(&log.opening.log(&log.channel), 0, 1_000)? {
            let payload = store.payload(&item)?.unwrap_or_default();
            log.items.push((item.signed.clone(), payload));
        }
        Ok(log)
    }

    fn take(&self, store: &Store, objects: &[Object]) -> Outcome {
        let mut batch = store.write()?;
        for object in objects {
            give(&mut batch, &self.publisher.channel(), object)?;
        }
        Ok(batch.commit()?)
    }

    /// Announces, signs and keeps item `seq` of the own log, as the newsroom's own device does.
    fn publish(&self, store: &Store, ledger: &mut Ledger, seq: u64, write: impl Fn(u64) -> (Kind, Vec<u8>)) -> Outcome {
        let (channel, mut log) = (self.publisher.channel(), self.own_log(store)?);
        if log.items.len() as u64 > seq {
            return Ok(());
        }
        let (header, payload) = match store.intent(&channel, &log.opening, seq)? {
            Some(intent) => (intent.header, intent.payload),
            None => {
                ledger.attempts += 1;
                let (kind, payload) = write(ledger.attempts);
                let header = log.unsigned(kind, NOON_MS + ledger.attempts, &payload);
                let mut batch = store.write()?;
                batch.intent(&channel, &log.opening, seq, &header.encode(), &payload)?;
                batch.commit()?;
                (header, payload)
            }
        };
        let signed = header.sign(&channel, &key("one"));
        ledger.sign(log.id, seq, signed.bytes());
        let id = signed.id();
        log.items.push((signed, payload));
        let seq = seq as usize;
        self.take(store, &[items(&log, seq..seq + 1), Object::Statement(log.statement(seq as u64 + 1, Vec::new()))])?;
        ledger.acknowledge(Fact::Item(id));
        ledger.acknowledge(Fact::Statement(log.id, seq as u64 + 1));
        Ok(())
    }
}

/// Bytes that repeat nowhere, the same each time.
fn noise(name: &str, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    blake3::Hasher::new().update(name.as_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn hashed(file: &[u8]) -> Hashed {
    let mut hasher = TreeHasher::new();
    hasher.update(file).unwrap();
    hasher.finish()
}

fn follow(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let mut batch = store.write()?;
    batch.follow(&cast.publisher.channel())?;
    batch.commit()?;
    ledger.acknowledge(Fact::Followed(true));
    Ok(())
}

fn first_charter(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    cast.take(store, &[Object::Charter(cast.publisher.charters[0].clone())])?;
    ledger.acknowledge(Fact::Charter(1));
    Ok(())
}

fn second_charter(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    cast.take(store, &[Object::Charter(cast.publisher.charters[1].clone())])?;
    ledger.acknowledge(Fact::Charter(2));
    Ok(())
}

fn publish_post<const SEQ: u64>(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    cast.publish(store, ledger, SEQ, |attempt| (Kind::Post, post_text(SEQ, attempt)))
}

/// A post of a few lines, a longer one, one that ends near the end of a page, one of ten pages.
fn post_text(seq: u64, attempt: u64) -> Vec<u8> {
    let words = match seq {
        1 => 3_000,
        3 => 760,
        5 => 8_000,
        _ => 10,
    };
    let mut post = article(&format!("post {seq}, attempt {attempt}"), None);
    post.variants[0].body = "news ".repeat(words);
    post.encode()
}

fn import_film(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let imported = store.blobs().import(&cast.film[..], |_| {})?;
    ledger.acknowledge(Fact::File(imported.hash));
    Ok(())
}

/// An item with a secret, whose file is the film.
fn publish_secret(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    cast.publish(store, ledger, 0, |_| {
        let mut media = Article { renditions: vec![film(&cast.hashed)], ..article("film", None) };
        media.variants[0].body = SECRET.into();
        (Kind::Media, media.encode())
    })
}

fn retract_secret(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let target = cast.own_log(store)?.item(0);
    cast.publish(store, ledger, 1, |_| (Kind::Retraction, retraction(vec![target])))
}

fn film(hashed: &Hashed) -> Rendition {
    Rendition {
        name: "film.mp4".into(),
        blob: *hashed.hash.as_bytes(),
        size: hashed.size,
        mime: "video/mp4".into(),
        duration_ms: 0,
        width: 0,
        height: 0,
        // A file of one block needs no list.
        groups: Some(hashed.groups.list().to_vec())
            .filter(|list| !list.is_empty())
            .map_or(Groups::None, Groups::Inline),
    }
}

fn note_and_wait(cast: &Cast, store: &Store, _ledger: &mut Ledger) -> Outcome {
    store.collect(NOON_MS)?;
    let log = cast.own_log(store)?;
    cast.take(store, &[Object::Statement(log.statement_at(100, Vec::new(), AFTER_MS))])
}

fn collect(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let (item, file) = (cast.own_log(store)?.item(0), cast.hashed.hash);
    ledger.withdraw(&Fact::Item(item));
    ledger.withdraw(&Fact::File(file));
    store.collect(AFTER_MS)?;
    ledger.acknowledge(Fact::Deleted(item));
    ledger.acknowledge(Fact::NoFile(file));
    Ok(())
}

fn take_in_headers(cast: &Cast, store: &Store, _ledger: &mut Ledger) -> Outcome {
    let log = &cast.other;
    // A pack whose second half did not come, without the statement yet.
    let bare = log.items[..2].iter().map(|(header, payload)| (header.clone(), payload.clone())).collect();
    cast.take(store, &[Object::Items(log.opening, bare)])
}

fn take_in_all(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let log = &cast.other;
    cast.take(store, &[items(log, 0..log.items.len()), Object::Statement(log.statement(9, Vec::new()))])?;
    log.ids()[..4].iter().for_each(|id| ledger.acknowledge(Fact::Item(*id)));
    let state = store.channel(&cast.publisher.channel())?.unwrap();
    if state.lineage().standing(&log.opening) == Standing::Open {
        ledger.acknowledge(Fact::Statement(log.id, 9));
    }
    Ok(())
}

fn take_in_branch(cast: &Cast, store: &Store, _ledger: &mut Ledger) -> Outcome {
    cast.take(store, &[items(&cast.branch, 4..5)])
}

/// Brings what of a file is missing or damaged, as a sync does, and completes it.
fn bring(writer: &BlobWriter, file: &[u8]) -> Result<(), BlobError> {
    loop {
        for group in writer.settle()? {
            writer.drop_group(group)?;
        }
        let wanted = writer.wanted(0, 9);
        if wanted.is_empty() {
            return writer.finish();
        }
        for range in wanted {
            writer.write(range.start, &file[range.start as usize..range.end as usize])?;
        }
    }
}

/// Fetches the film from two carriers: a clean stop in between, a damaged piece, its repair, the end.
fn fetch_film(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let (hash, groups) = (cast.hashed.hash, cast.hashed.groups.clone());
    let finish = || -> Result<(), BlobError> {
        let writer = match store.blobs().begin(hash, cast.hashed.size, Some(groups)) {
            Err(BlobError::AlreadyComplete { .. }) => return Ok(()),
            begun => begun?,
        };
        for range in writer.wanted(0, 9) {
            let half = range.start..range.end.min(600_001).max(range.start);
            writer.write(half.start, &cast.film[half.start as usize..half.end as usize])?;
        }
        writer.flush()?;
        for range in writer.wanted(0, 9) {
            let mut bytes = cast.film[range.start as usize..range.end as usize].to_vec();
            bytes[0] ^= 1;
            writer.write(range.start, &bytes)?;
        }
        bring(&writer, &cast.film)
    };
    finish()?;
    ledger.acknowledge(Fact::File(hash));
    Ok(())
}

fn repair(_cast: &Cast, store: &Store, _ledger: &mut Ledger) -> Outcome {
    store.check(true, |_| ()).map(drop)
}

/// What the repair set aside comes again from a neighbour who has it.
fn fetch_again(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let mut log = cast.own_log(store)?;
    for (seq, (_, payload)) in log.items.iter_mut().enumerate().filter(|(_, (_, payload))| payload.is_empty()) {
        *payload = post_text(seq as u64, seq as u64 + 1);
    }
    cast.take(store, &[items(&log, 0..log.items.len())])?;
    log.ids().iter().for_each(|id| ledger.acknowledge(Fact::Item(*id)));
    Ok(())
}

fn rebuild(_cast: &Cast, store: &Store, _ledger: &mut Ledger) -> Outcome {
    Ok(store.rebuild_index().map(drop)?)
}

fn unfollow(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    ledger.withdraw(&Fact::Followed(true));
    let mut batch = store.write()?;
    batch.unfollow(&cast.publisher.channel())?;
    batch.commit()?;
    ledger.acknowledge(Fact::Followed(false));
    Ok(())
}

/// A change of mind: everything is fetched once more.
fn follow_again(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    ledger.withdraw(&Fact::Followed(false));
    follow(cast, store, ledger)?;
    ledger.withdraw(&Fact::NoFile(cast.hashed.hash));
    fetch_film(cast, store, ledger)
}

fn delete_film(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let hash: BlobHash = cast.hashed.hash;
    ledger.withdraw(&Fact::File(hash));
    store.blobs().remove(hash)?;
    ledger.acknowledge(Fact::NoFile(hash));
    Ok(())
}

fn flip_a_byte(disk: &MemoryBackend) {
    let path = "items/00000000";
    let file = disk.open(path, OpenMode::Read).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(0, &mut bytes).unwrap();
    // The payload stands behind what was about to be signed.
    let place = bytes.windows(DAMAGED.len()).rposition(|window| window == DAMAGED.as_bytes()).unwrap();
    disk.flip_byte(path, place as u64).unwrap();
}

/// A story without damage.
fn story(name: &'static str, setup: &[Step], steps: &[Step]) -> Story {
    let (setup, steps) = (setup.to_vec(), steps.to_vec());
    let (is_damaged, is_large, is_fetching) = (false, false, false);
    Story { name, cast: Cast::new(), setup, behind_its_back: None, is_damaged, is_large, is_fetching, steps }
}

/// Every story, the same each time.
pub fn stories() -> Vec<Story> {
    let posts: &[Step] = &[publish_post::<0>, publish_post::<1>, publish_post::<2>];
    let later_posts: &[Step] = &[publish_post::<3>, publish_post::<4>, publish_post::<5>];
    let begun: &[Step] = &[follow, first_charter];
    let secret: &[Step] = &[follow, first_charter, import_film, publish_secret, retract_secret, note_and_wait];
    let filmed: &[Step] = &[import_film, publish_secret];
    let repaired = story("check and repair", &[begun, posts].concat(), &[repair, fetch_again, rebuild]);
    let mut stories = vec![
        story("publish", &[], &[begun, posts].concat()),
        story("publish more", &[begun, posts].concat(), later_posts),
        story("publish a film", begun, &[import_film, publish_secret, retract_secret]),
        story("sync", begun, &[take_in_headers, second_charter, take_in_all, fetch_film, take_in_branch]),
        story("delete what was taken back", secret, &[collect, collect]),
        Story { behind_its_back: Some(flip_a_byte), is_damaged: true, ..repaired },
        story("unfollow", &[begun, filmed].concat(), &[unfollow, delete_film, follow_again]),
    ];
    stories.extend(stick::stories());
    stories.extend(decisions::stories());
    stories.extend(collection::stories());
    if is_long() {
        stories.extend(full_segment::stories());
    }
    stories
}
