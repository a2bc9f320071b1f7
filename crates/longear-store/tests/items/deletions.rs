//! What was taken back is deleted after thirty days, wholly, and never too early.

use longear_core::blob::BlobHash;
use longear_core::holdings::Holdings;
use longear_core::limits::TAKEN_BACK_KEPT_MS;
use longear_core::status::Status;
use longear_core::{Article, Groups, Kind, Rendition, Roles};
use longear_store::backend::{MemoryBackend, OpenMode, StorageBackend};
use longear_store::blobs::BlobState;
use longear_store::{Collected, Store};

use crate::publisher::{Log, NOON_MS, Object, Publisher, article, give, items, open, retraction, take_in};
use crate::view::{pack, status, view};

/// Long enough to be found in a segment, and nothing else looks like it.
const SECRET: &str = "the driver's name is Aigerim and she waits at the second bridge";
const AFTER_MS: u64 = NOON_MS + TAKEN_BACK_KEPT_MS + 1_000;

struct Newsroom {
    publisher: Publisher,
    log: Log,
    disk: MemoryBackend,
    store: Store,
}

fn secret(blob: Option<[u8; 32]>) -> Vec<u8> {
    let mut post = article("post", None);
    post.variants[0].body = SECRET.into();
    post.renditions.extend(blob.map(rendition));
    post.encode()
}

fn rendition(blob: [u8; 32]) -> Rendition {
    let (mime, groups) = ("image/jpeg".into(), Groups::None);
    Rendition { name: "photo.jpg".into(), blob, size: 9, mime, duration_ms: 0, width: 0, height: 0, groups }
}

impl Newsroom {
    /// A post with a secret, one with a file and a secret, one that stays; then the first two are taken back.
    fn with_retractions() -> Self {
        let publisher = Publisher::found("deletions", &[("one", Roles::POST), ("two", Roles::POST)]);
        let log = publisher.log("one");
        let disk = MemoryBackend::new();
        let store = open(&disk);
        take_in(&store, &publisher.channel(), &[Object::Charter(publisher.charters[0].clone())]).unwrap();
        let mut newsroom = Newsroom { publisher, log, disk, store };
        let photo = newsroom.store.blobs().import(&b"in colour"[..], |_| {}).unwrap();
        newsroom.publish(Kind::Post, secret(None));
        newsroom.publish(Kind::Media, secret(Some(*photo.hash.as_bytes())));
        newsroom.publish(Kind::Post, article("stays", None).encode());
        let targets = newsroom.log.ids()[..2].to_vec();
        newsroom.publish(Kind::Retraction, retraction(targets));
        newsroom.say(NOON_MS);
        newsroom
    }

    /// As the newsroom's own device does it: announced, then signed.
    fn publish(&mut self, kind: Kind, payload: Vec<u8>) {
        let (channel, seq) = (self.publisher.channel(), self.log.items.len());
        let header = self.log.unsigned(kind, NOON_MS, &payload);
        let mut batch = self.store.write().unwrap();
        batch.intent(&channel, &self.log.opening, seq as u64, &header.encode(), &payload).unwrap();
        batch.commit().unwrap();
        self.log.write(kind, NOON_MS, payload);
        self.take(items(&self.log, seq..seq + 1));
    }

    fn take(&self, object: Object) {
        let mut batch = self.store.write().unwrap();
        give(&mut batch, &self.publisher.channel(), &object).unwrap();
        batch.commit().unwrap();
    }

    /// The channel's clock goes on.
    fn say(&self, time: u64) {
        self.take(Object::Statement(self.log.statement_at(time / 1_000, Vec::new(), time)));
    }

    fn view(&self) -> String {
        view(&self.store, &self.publisher.channel())
    }

    /// How often the secret stands on the disk.
    fn secrets_on_disk(&self) -> usize {
        let mut found = 0;
        for entry in self.disk.list("items").unwrap() {
            let file = self.disk.open(&format!("items/{}", entry.name), OpenMode::Read).unwrap();
            let mut bytes = vec![0; file.len().unwrap() as usize];
            file.read_exact_at(0, &mut bytes).unwrap();
            found += bytes.windows(SECRET.len()).filter(|window| *window == SECRET.as_bytes()).count();
        }
        found
    }
}

#[test]
fn after_thirty_days_nothing_of_it_is_on_the_disk() {
    let newsroom = Newsroom::with_retractions();
    let store = &newsroom.store;
    let photo = store.blobs().list().unwrap();
    assert_eq!(newsroom.secrets_on_disk(), 4, "as payloads, and as what was about to be signed");
    assert_eq!(store.collect(NOON_MS).unwrap(), Collected::default(), "it is noted");
    newsroom.say(AFTER_MS);
    assert_eq!(store.collect(AFTER_MS - 2_000).unwrap(), Collected::default());
    assert_eq!((newsroom.secrets_on_disk(), photo.len()), (4, 1));

    assert_eq!(store.collect(AFTER_MS).unwrap(), Collected { items: 2, files: 1, restored: 0 });
    assert_eq!(newsroom.secrets_on_disk(), 0);
    assert_eq!(store.blobs().state(photo[0]).unwrap(), BlobState::Absent);
    assert_eq!(store.collect(AFTER_MS).unwrap(), Collected::default(), "nothing is left to do");
    assert_eq!(status(store, &newsroom.log.item(0)), Some(Status::Retracted));
    assert_eq!(status(store, &newsroom.log.item(2)), Some(Status::Shown));
    let state = store.channel(&newsroom.publisher.channel()).unwrap().unwrap();
    assert_eq!(state.holes(), 0, "what was deleted is nothing that is missing");
    assert_eq!(store.check(false, |_| ()).unwrap().findings, []);

    // Whoever brings it again brings it for nothing.
    let before = newsroom.view();
    newsroom.take(items(&newsroom.log, 0..3));
    assert_eq!((newsroom.view(), newsroom.secrets_on_disk()), (before.clone(), 0));
    // The same after the index was built anew, and after it was lost.
    store.rebuild_index().unwrap();
    assert_eq!(newsroom.view(), before);
    assert_eq!(view(&open(&newsroom.disk), &newsroom.publisher.channel()), before);
}

#[test]
fn packs_have_empty_slots_for_what_was_deleted() {
    let mut newsroom = Newsroom::with_retractions();
    for number in 4..8 {
        newsroom.publish(Kind::Post, article(&format!("{number}"), None).encode());
    }
    let channel = newsroom.publisher.channel();
    newsroom.store.collect(NOON_MS).unwrap();
    newsroom.say(AFTER_MS);
    newsroom.store.collect(AFTER_MS).unwrap();
    let bytes = pack(&newsroom.store, &channel, &newsroom.log.id, 1, 0).unwrap();
    let mut reader =
        longear_core::PackReader::new(channel, newsroom.log.id, longear_core::PackName::new(1, 0).unwrap());
    reader.push(&bytes);
    let (mut headers, mut payloads) = (0, Vec::new());
    while let Some(part) = reader.next_part().unwrap() {
        match part {
            longear_core::pack::PackPart::Headers(found) => headers += found.items.len(),
            longear_core::pack::PackPart::Payload { seq, .. } => payloads.push(seq),
        }
    }
    assert_eq!((headers, payloads), (8, vec![2, 3, 4, 5, 6, 7]));
}

#[test]
fn a_file_that_another_item_shows_stays() {
    let mut newsroom = Newsroom::with_retractions();
    let photo: Vec<BlobHash> = newsroom.store.blobs().list().unwrap();
    newsroom.publish(
        Kind::Media,
        Article { renditions: vec![rendition(*photo[0].as_bytes())], ..article("again", None) }.encode(),
    );
    newsroom.store.collect(NOON_MS).unwrap();
    newsroom.say(AFTER_MS);
    let collected = newsroom.store.collect(AFTER_MS).unwrap();
    assert_eq!(collected, Collected { items: 2, files: 0, restored: 0 });
    assert!(matches!(newsroom.store.blobs().state(photo[0]).unwrap(), BlobState::Complete { .. }));
}

/// A thief takes everything back, dated a year ago; two weeks later the charter closes the log before that.
#[test]
fn a_thief_who_backdates_deletes_nothing_before_the_charter_comes() {
    let mut newsroom = Newsroom::with_retractions();
    let year_ms = 365 * 86_400_000;
    let mut log = newsroom.log.clone();
    log.write(Kind::Retraction, NOON_MS - year_ms, retraction(vec![log.item(2)]));
    newsroom.take(items(&log, 4..5));
    newsroom.store.collect(NOON_MS).unwrap();
    let two_weeks_later = NOON_MS + TAKEN_BACK_KEPT_MS / 2;
    newsroom.say(two_weeks_later);
    assert_eq!(newsroom.store.collect(two_weeks_later).unwrap(), Collected::default());
    newsroom.publisher.close(vec![newsroom.log.closing(4)]);
    newsroom.take(Object::Charter(newsroom.publisher.charters[1].clone()));
    assert_eq!(status(&newsroom.store, &log.item(2)), Some(Status::Shown));
    let collected = newsroom.store.collect(AFTER_MS).unwrap();
    assert_eq!(collected.restored, 0, "and nothing has to come back");
    let stays = newsroom.store.item(&log.item(2)).unwrap().unwrap();
    assert!(newsroom.store.payload(&stays).unwrap().is_some());
}

/// The charter that reverses a retraction comes too late: what was deleted counts as missing, and is taken again.
#[test]
fn what_was_deleted_and_is_the_channels_word_again_is_fetched_again() {
    let mut newsroom = Newsroom::with_retractions();
    newsroom.store.collect(NOON_MS).unwrap();
    newsroom.say(AFTER_MS);
    newsroom.store.collect(AFTER_MS).unwrap();
    newsroom.publisher.close(vec![newsroom.log.closing(3)]);
    newsroom.take(Object::Charter(newsroom.publisher.charters[1].clone()));
    assert_eq!(newsroom.store.collect(AFTER_MS).unwrap(), Collected { items: 0, files: 0, restored: 2 });
    let state = newsroom.store.channel(&newsroom.publisher.channel()).unwrap().unwrap();
    assert_eq!(state.holes(), 2);
    newsroom.take(items(&newsroom.log, 0..3));
    let state = newsroom.store.channel(&newsroom.publisher.channel()).unwrap().unwrap();
    assert_eq!((state.holes(), newsroom.secrets_on_disk()), (0, 2));
    assert_eq!(newsroom.store.collect(AFTER_MS).unwrap(), Collected::default());
    let before = newsroom.view();
    newsroom.store.rebuild_index().unwrap();
    assert_eq!(newsroom.view(), before);
}

/// A correction that is taken back keeps its text: without it what it replaced would return.
#[test]
fn what_was_replaced_does_not_return_when_its_replacement_is_taken_back() {
    let mut newsroom = Newsroom::with_retractions();
    newsroom.publish(Kind::Post, article("wrong", None).encode());
    let wrong = newsroom.log.item(4);
    newsroom.publish(Kind::Post, article("better", Some(wrong)).encode());
    newsroom.publish(Kind::Retraction, retraction(vec![newsroom.log.item(5)]));
    newsroom.store.collect(NOON_MS).unwrap();
    newsroom.say(AFTER_MS);
    assert_eq!(newsroom.store.collect(AFTER_MS).unwrap().items, 3, "the two secrets, and what was wrong");
    let store = open(&newsroom.disk);
    assert_eq!(status(&store, &wrong), Some(Status::Retracted));
    assert_eq!(status(&store, &newsroom.log.item(5)), Some(Status::Retracted));
}
