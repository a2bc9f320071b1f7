//! How long a large store takes to open after a crash. Measured, never judged by a clock.

use std::path::Path;
use std::time::Instant;

use longear_core::Kind;
use longear_core::Roles;
use longear_store::Store;

use crate::publisher::{Log, NOON_MS, Object, Publisher, article, give, items};

const ITEMS: usize = 100_000;
/// Items of one batch, as a sync writes them.
const BATCH_ITEMS: usize = 4_000;
/// A long post.
const BODY_BYTES: usize = 3_900;

struct Large {
    publisher: Publisher,
    log: Log,
    folder: tempfile::TempDir,
}

impl Large {
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn take(&self, store: &Store, object: &Object, kill: bool) {
        let mut batch = store.write().unwrap();
        batch.follow(&self.publisher.channel()).unwrap();
        give(&mut batch, &self.publisher.channel(), object).unwrap();
        if !kill {
            batch.commit().unwrap();
            return;
        }
        // As after a kill: what was written so far is on the disk, and nobody cuts it off.
        copy(&self.path("store/items"), &self.path("killed"));
        drop(batch);
        std::fs::remove_dir_all(self.path("store/items")).unwrap();
        std::fs::rename(self.path("killed"), self.path("store/items")).unwrap();
    }

    /// Opens the store, tells how long it took, and closes it again.
    fn open(&self, what: &str) {
        let started = Instant::now();
        let store = Store::open(&self.path("store")).unwrap();
        let elapsed = started.elapsed();
        let state = store.channel(&self.publisher.channel()).unwrap().unwrap();
        let held = state.logs()[&self.log.id].complete().len();
        println!("reopening, {what}: {:.3} s, {held} items", elapsed.as_secs_f64());
        assert!(held >= (ITEMS - 2 * BATCH_ITEMS) as u64, "{what}");
    }
}

/// A copy that is on the disk, as acknowledged batches are after a crash: else the first sync would wait for all of it.
fn copy(from: &Path, to: &Path) {
    assert!(std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    for entry in std::fs::read_dir(to).unwrap() {
        std::fs::File::open(entry.unwrap().path()).unwrap().sync_all().unwrap();
    }
}

fn copy_index(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let name = format!("index.db{suffix}");
        let _ = std::fs::remove_file(to.join(&name));
        if from.join(&name).exists() {
            std::fs::copy(from.join(&name), to.join(&name)).unwrap();
            std::fs::File::open(to.join(&name)).unwrap().sync_all().unwrap();
        }
    }
}

#[test]
#[ignore = "run by cargo xtask crash --long, with all optimisations"]
fn reopening_a_hundred_thousand_items() {
    let publisher = Publisher::found("large", &[("one", Roles::POST)]);
    let mut log = publisher.log("one");
    for number in 0..ITEMS + BATCH_ITEMS {
        let mut post = article(&format!("post {number}"), None);
        post.variants[0].body = "n".repeat(BODY_BYTES);
        log.write(Kind::Post, NOON_MS + number as u64, post.encode());
    }
    let large = Large { publisher, log, folder: tempfile::tempdir().unwrap() };
    let store = Store::open(&large.path("store")).unwrap();
    large.take(&store, &Object::Charter(large.publisher.charters[0].clone()), false);
    for first in (0..ITEMS).step_by(BATCH_ITEMS) {
        if first == ITEMS / 2 {
            copy_index(&large.path("store"), &large.path("half"));
        }
        if first + BATCH_ITEMS == ITEMS {
            copy(&large.path("store/items"), &large.path("earlier"));
        }
        large.take(&store, &items(&large.log, first..first + BATCH_ITEMS), false);
    }
    println!("{} items, {} bytes of segments", ITEMS, store.bytes_held().unwrap());
    drop(store);
    large.open("closed well");

    let store = Store::open(&large.path("store")).unwrap();
    large.take(&store, &items(&large.log, ITEMS..ITEMS + BATCH_ITEMS), true);
    drop(store);
    large.open("killed in the middle of a batch");

    copy_index(&large.path("half"), &large.path("store"));
    large.open("the index half as old");
    copy_index(&large.path("nothing"), &large.path("store"));
    large.open("the index deleted");
    std::fs::remove_dir_all(large.path("store/items")).unwrap();
    std::fs::rename(large.path("earlier"), large.path("store/items")).unwrap();
    large.open("the index ahead of the segments");
}
