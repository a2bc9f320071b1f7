//! The seizure of `crates/longear-core/tests/attacks/seizure.rs` once more, through real stores.

use std::sync::Arc;

use longear_core::header::Payload;
use longear_core::{Charter, LogOpening, Run, Statement, verify};
use longear_store::backend::MemoryBackend;
use longear_store::{Batch, Store, StoreOptions};

use super::publisher::{Item, Log};
use super::raid::{Raid, orders};
use super::random::Random;
use super::view::view;

/// Orders of arrival that every change tries; the long form tries a fiftieth of what the core tries.
const ORDERS: u64 = 2;
const LONG_SHARE: u64 = 50;
/// The longest run of items that arrives together.
const RUN_ITEMS_MAX: u64 = 64;

#[derive(Clone)]
enum Object<'r> {
    Charter(&'r Charter),
    Statement(&'r Statement),
    Items(LogOpening, &'r [Item]),
}

/// Cuts a log into runs of random lengths.
fn runs<'r>(random: &mut Random, log: &'r Log, from: usize) -> Vec<Object<'r>> {
    let (mut rest, mut runs) = (&log.items[from..], Vec::new());
    while !rest.is_empty() {
        let (run, more) = rest.split_at((1 + random.below(RUN_ITEMS_MAX) as usize).min(rest.len()));
        runs.push(Object::Items(log.opening, run));
        rest = more;
    }
    runs
}

/// Takes an object in, as the intake of a sync does. What lacks its charter yet is left.
fn take(batch: &mut Batch<'_>, raid: &Raid, object: &Object<'_>) {
    let channel = raid.newsroom.channel();
    let lineage = batch.channel(&channel).unwrap().lineage().clone();
    match object {
        Object::Charter(charter) => {
            if let Ok(charter) = verify(&lineage, (*charter).clone()) {
                batch.charter(charter).unwrap();
            }
        }
        Object::Statement(statement) => {
            if let Ok(statement) = verify(&lineage, (*statement).clone()) {
                batch.statement(&channel, &statement).unwrap();
            }
        }
        Object::Items(opening, items) => {
            let headers = items.iter().map(|item| item.header.clone()).collect();
            let Ok(run) = verify(&lineage, Run::new(*opening, headers).unwrap()) else { return };
            batch.run(&channel, &run).unwrap();
            for item in *items {
                let payload = verify(&item.header, Payload::new(item.header.id(), &item.payload)).unwrap();
                batch.payload(&channel, opening, item.header.header().seq, &payload).unwrap();
            }
        }
    }
}

/// What a reader sees who got all objects in this order, and after everybody had a second try.
fn seen(raid: &Raid, objects: &[Object<'_>]) -> String {
    let options = StoreOptions { backend: Arc::new(MemoryBackend::new()), index: None };
    let store = Store::open_with(options).unwrap();
    let mut batch = store.write().unwrap();
    batch.follow(&raid.newsroom.channel()).unwrap();
    batch.commit().unwrap();
    // What had to wait for a charter, or made room for another branch, comes again with the next carrier.
    for _ in 0..3 {
        let mut batch = store.write().unwrap();
        objects.iter().for_each(|object| take(&mut batch, raid, object));
        batch.commit().unwrap();
    }
    // Which of the refused items are still kept may depend on the order; what is shown, doubted or taken back may not.
    let seen = view(&store, &raid.newsroom.channel());
    let told = [" Shown ", " Retracted ", " Disputed ", " Unconfirmed", "followed "];
    let lines = seen.lines().filter(|line| told.iter().any(|word| line.contains(word)));
    lines.collect::<Vec<_>>().join("\n")
}

/// Wants and has the same as in the core's test; here every order goes through batches, forks, settling and the index.
#[test]
fn a_seizure_through_the_store_in_any_order() {
    let raid = Raid::new();
    let mut honest = raid.charters.iter().map(Object::Charter).collect::<Vec<_>>();
    honest.extend(raid.statements[..2].iter().map(Object::Statement));
    honest.extend(raid.honest.iter().map(|log| Object::Items(log.opening, &log.items[..])));
    let expected = seen(&raid, &honest);
    assert!(expected.matches(" Shown ").count() == 50 && expected.matches(" Retracted ").count() == 2, "{expected}");
    let count = std::env::var("LONGEAR_ORDERS").map_or(ORDERS, |_| orders(ORDERS) / LONG_SHARE);
    println!("{count} orders, seeds 1 to {count}");
    for seed in 1..=count {
        let mut random = Random(seed);
        let mut objects = raid.charters.iter().map(Object::Charter).collect::<Vec<_>>();
        objects.extend(raid.statements.iter().map(Object::Statement));
        objects.extend(raid.honest.iter().flat_map(|log| runs(&mut Random(seed), log, 0)));
        for (log, good) in &raid.forged {
            objects.extend(runs(&mut random, log, *good));
        }
        random.shuffle(&mut objects);
        assert_eq!(seen(&raid, &objects), expected, "seed {seed}");
    }
}
