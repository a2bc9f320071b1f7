//! Statuses by the literal reading of the rules, and by the book.

use std::collections::{BTreeMap, BTreeSet};

use longear_core::limits::BRANCHES_KEPT_MAX;
use longear_core::{ItemId, Status};
use longear_reader::Book;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::handing::hand;
use crate::story::stories;
use crate::support::holder::{Held, Taken};
use crate::support::{cases, naive};

type Statuses = BTreeMap<ItemId, (Status, Option<&'static str>)>;

fn by_the_book(book: &Book) -> Statuses {
    let taken = |item: &longear_reader::book::BookItem<'_>| item.taken_back.map(|taken| taken.name());
    book.items().map(|item| (item.id(), (item.status, taken(&item)))).collect()
}

fn by_the_rules(channel: longear_core::ChannelId, objects: &[Held]) -> Statuses {
    let statuses = naive::statuses(channel, objects).into_iter();
    statuses.map(|(id, (status, taken))| (id, (status, taken.map(Taken::name)))).collect()
}

/// Of more branches than are kept, those that came first stay, and the rules look at all of them.
pub fn has_few_branches(objects: &[Held]) -> bool {
    let mut branches = BTreeMap::<_, BTreeSet<ItemId>>::new();
    for object in objects {
        let headers = match object {
            Held::Item { header, .. } => vec![header],
            Held::Fork(proof) => vec![&proof.first, &proof.second],
            _ => Vec::new(),
        };
        for header in headers {
            branches.entry((header.header().log, header.header().seq)).or_default().insert(header.id());
        }
    }
    branches.values().all(|ids| ids.len() <= BRANCHES_KEPT_MAX)
}

/// Another order of the same.
pub fn shuffled<'o>(objects: &'o [Held], order: &[Index]) -> Vec<&'o Held> {
    let mut shuffled = objects.iter().collect::<Vec<_>>();
    for place in (1..shuffled.len()).rev() {
        shuffled.swap(place, order[place % order.len()].index(place + 1));
    }
    shuffled
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn every_order_of_arrival_gives_the_statuses_of_the_naive_reading(
        story in stories(),
        order in prop::collection::vec(any::<Index>(), 100),
    ) {
        let told = story.tell();
        let channel = told.publisher.channel();
        // No tree holds proofs of inclusion.
        let objects = told.objects.into_iter().filter(|object| !matches!(object, Held::Proof { .. })).collect::<Vec<_>>();
        prop_assume!(has_few_branches(&objects));
        let rules = by_the_rules(channel, &objects);
        for order in [objects.iter().collect(), objects.iter().rev().collect(), shuffled(&objects, &order)] {
            let mut book = Book::new(channel);
            for object in order {
                hand(&mut book, object, &objects);
            }
            prop_assert_eq!(book.lineage().hash(), naive::lineage_of(channel, &objects).hash());
            prop_assert_eq!(by_the_book(&book), rules.clone());
        }
    }
}
