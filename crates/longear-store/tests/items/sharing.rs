//! Several handles, threads and processes on one store.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use longear_core::{Kind, Roles};
use longear_store::Store;

use crate::publisher::{NOON_MS, Object, Publisher, give, items, take_in};
use crate::view::view;

/// Set for the process that is killed while it writes.
const VICTIM: &str = "LONGEAR_TEST_VICTIM";

#[test]
fn a_commit_is_seen_by_the_other_handle_at_its_next_read() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = Publisher::found("shared", &[("one", Roles::POST)]);
    let log = publisher.log("one").posts(&["a", "b", "c", "d"]);
    let channel = publisher.channel();
    let stores = [Store::open(folder.path()).unwrap(), Store::open(folder.path()).unwrap()];
    take_in(&stores[0], &channel, &[Object::Charter(publisher.charters[0].clone())]).unwrap();
    for seq in 0..4 {
        take_in(&stores[seq % 2], &channel, &[items(&log, seq..seq + 1)]).unwrap();
        assert_eq!(stores[(seq + 1) % 2].articles(None, None, 9).unwrap().len(), seq + 1);
        assert_eq!(view(&stores[0], &channel), view(&stores[1], &channel));
    }
}

#[test]
fn writers_in_many_threads_take_turns_and_readers_do_not_wait_for_other_processes() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["w0", "w1", "w2", "w3"];
    let publisher = Publisher::found("threads", &names.map(|name| (name, Roles::POST)));
    let channel = publisher.channel();
    let stores = [Store::open(folder.path()).unwrap(), Store::open(folder.path()).unwrap()];
    take_in(&stores[0], &channel, &[Object::Charter(publisher.charters[0].clone())]).unwrap();
    std::thread::scope(|scope| {
        for (number, name) in names.iter().enumerate() {
            let (store, log) = (&stores[number % 2], publisher.log(name).posts(&["a", "b", "c", "d", "e"]));
            scope.spawn(move || {
                for seq in 0..5 {
                    take_in(store, &channel, &[items(&log, seq..seq + 1)]).unwrap();
                    assert!(store.articles(None, None, 99).unwrap().len() > seq);
                }
            });
        }
    });
    assert_eq!(stores[0].articles(None, None, 99).unwrap().len(), 20);
    assert_eq!(view(&stores[0], &channel), view(&stores[1], &channel));
    // While the other handle writes, one thread of this one waits to write, and another one reads.
    let writing = stores[1].write().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| stores[0].write().unwrap().commit().unwrap());
        std::thread::sleep(std::time::Duration::from_millis(50));
        let started = Instant::now();
        assert_eq!(stores[0].articles(None, None, 99).unwrap().len(), 20);
        assert!(started.elapsed().as_secs() < 5);
        drop(writing);
        waiting.join().unwrap();
    });
}

#[test]
fn a_panic_inside_a_batch_leaves_the_store_usable() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = Publisher::found("panic", &[("one", Roles::POST)]);
    let (channel, log) = (publisher.channel(), publisher.log("one").posts(&["a"]));
    let store = Store::open(folder.path()).unwrap();
    take_in(&store, &channel, &[Object::Charter(publisher.charters[0].clone())]).unwrap();
    let before = view(&store, &channel);
    let panicked = std::thread::scope(|scope| {
        let panics = scope.spawn(|| {
            let mut batch = store.write().unwrap();
            give(&mut batch, &channel, &items(&log, 0..1)).unwrap();
            panic!("as a bug would");
        });
        panics.join().is_err()
    });
    assert!(panicked);
    assert_eq!(view(&store, &channel), before);
    take_in(&store, &channel, &[items(&log, 0..1)]).unwrap();
    assert_eq!(store.articles(None, None, 9).unwrap().len(), 1);
}

/// Not a test of its own: writes until it is killed.
#[test]
fn victim() {
    let Some(folder) = std::env::var_os(VICTIM) else { return };
    let publisher = Publisher::found("victim", &[("one", Roles::POST)]);
    let mut log = publisher.log("one").posts(&["a"]);
    let store = Store::open(folder.as_ref()).unwrap();
    for _ in 0..700 {
        log.write(Kind::Live, NOON_MS, vec![7; 4_000]);
    }
    let mut batch = store.write().unwrap();
    give(&mut batch, &publisher.channel(), &items(&log, 1..701)).unwrap();
    println!("\nwriting");
    std::thread::sleep(std::time::Duration::from_secs(60));
    batch.commit().unwrap();
}

#[test]
fn a_killed_writer_blocks_nobody_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = Publisher::found("victim", &[("one", Roles::POST)]);
    let (channel, log) = (publisher.channel(), publisher.log("one").posts(&["a", "b"]));
    let store = Store::open(folder.path()).unwrap();
    take_in(&store, &channel, &[Object::Charter(publisher.charters[0].clone()), items(&log, 0..1)]).unwrap();
    let before = view(&store, &channel);
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sharing::victim", "--nocapture"])
        .env(VICTIM, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "writing"));
    assert_eq!(view(&store, &channel), before, "readers do not wait");
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert!(store.bytes_held().unwrap() > 2_000_000);
    take_in(&store, &channel, &[items(&log, 1..2)]).unwrap();
    assert_eq!(store.articles(None, None, 9).unwrap().len(), 2);
    assert!(store.bytes_held().unwrap() < 100_000);
    store.rebuild_index().unwrap();
    assert_eq!(store.articles(None, None, 9).unwrap().len(), 2);
}
