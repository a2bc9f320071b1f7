//! The book and the store of a node that hold the same objects: the same statuses, the same holes, the same head.

use longear_core::header::Payload;
use longear_core::holdings::Holdings;
use longear_core::{ChannelId, LogOpening, Run, SignedHeader, verify};
use longear_reader::Book;
use longear_store::{Batch, Store};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::handing::hand;
use crate::naive::{has_few_branches, shuffled};
use crate::story::stories;
use crate::support::cases;
use crate::support::holder::Held;

/// Keeps an object in a store as a sync does; false if it cannot be verified yet.
fn keep(store: &Store, channel: ChannelId, object: &Held, all: &[Held]) -> bool {
    let state = store.channel(&channel).unwrap().unwrap();
    let lineage = state.lineage();
    let mut batch = store.write().unwrap();
    match object {
        Held::Charter(charter) => {
            let Ok(charter) = verify(lineage, charter.clone()) else { return false };
            batch.charter(charter).unwrap();
        }
        Held::Statement(statement) => {
            let Ok(statement) = verify(lineage, statement.clone()) else { return false };
            if state.items_closed(&statement.opening).is_none_or(|good| statement.items <= good) {
                batch.statement(&channel, &statement).unwrap();
            }
        }
        Held::Fork(proof) => {
            let Ok(proof) = verify(lineage, proof.clone()) else { return false };
            batch.fork(&channel, &proof).unwrap();
            for header in [&proof.first, &proof.second] {
                keep_payload(&mut batch, channel, proof.opening, header, all);
            }
        }
        Held::Item { opening, header } => {
            let Ok(run) = verify(lineage, Run::new(*opening, vec![header.clone()]).unwrap()) else { return false };
            batch.run(&channel, &run).unwrap();
            keep_payload(&mut batch, channel, *opening, header, all);
        }
        // They come with their headers.
        Held::Payload { .. } | Held::Proof { .. } => return true,
    }
    batch.commit().unwrap();
    true
}

fn keep_payload(batch: &mut Batch<'_>, channel: ChannelId, opening: LogOpening, header: &SignedHeader, all: &[Held]) {
    for object in all {
        let Held::Payload { item, bytes } = object else { continue };
        if *item == header.id() {
            let payload = verify(header, Payload::new(*item, bytes)).unwrap();
            batch.payload(&channel, &opening, header.header().seq, &payload).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn a_store_that_was_given_the_same_says_the_same(
        story in stories(),
        order in prop::collection::vec(any::<Index>(), 100),
    ) {
        let told = story.tell();
        let channel = told.publisher.channel();
        let objects = told.objects;
        prop_assume!(has_few_branches(&objects));
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut batch = store.write().unwrap();
        batch.follow(&channel).unwrap();
        batch.commit().unwrap();
        let mut book = Book::new(channel);
        // Twice, as sources are asked again: a word on a log that a charter has closed is left, and a rival that takes the charter's
        // force opens the log again.
        for _ in 0..2 {
            let mut waiting = shuffled(&objects, &order);
            waiting.iter().for_each(|object| drop(hand(&mut book, object, &objects)));
            loop {
                let before = waiting.len();
                waiting.retain(|object| !keep(&store, channel, object, &objects));
                if waiting.len() == before {
                    break;
                }
            }
        }
        let state = store.channel(&channel).unwrap().unwrap();
        prop_assert_eq!(book.lineage().hash(), state.lineage().hash());
        for log in state.logs().keys() {
            for item in store.log_items(log, 0, 1_000).unwrap() {
                let Some(ours) = book.item(&item.id()) else { continue };
                prop_assert_eq!(ours.status, item.status, "item {} of {}", item.header().seq, log);
            }
        }
        prop_assert_eq!(book.head(), state.head());
        prop_assert_eq!(book.last_word(), state.last_word());
        // Of a forked log the book keeps the texts of both branches, the store that of the one that stands: a place can be a
        // hole here and none there.
        if state.logs().keys().all(|log| state.fork(log).is_none()) {
            prop_assert_eq!(book.holes(), state.holes());
        }
    }
}
