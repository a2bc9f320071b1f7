//! Statuses are a function of the set of objects held.

use std::collections::BTreeMap;

use longear_core::Lineage;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::story::{Told, stories};
use crate::support::cases;
use crate::support::holder::{Held, Holder};
use crate::support::naive;

fn holder_of<'a>(told: &Told, objects: impl Iterator<Item = &'a Held>) -> Holder {
    let mut holder = Holder::with_lineage(Lineage::new(told.publisher.channel()));
    objects.for_each(|object| holder.insert(object.clone()));
    holder
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn every_order_of_arrival_gives_the_statuses_of_the_naive_reading(
        story in stories(),
        order in prop::collection::vec(any::<Index>(), 100),
    ) {
        let told = story.tell();
        let naive = naive::statuses(told.publisher.channel(), &told.objects);
        let mut shuffled = told.objects.iter().collect::<Vec<_>>();
        for place in (1..shuffled.len()).rev() {
            shuffled.swap(place, order[place % order.len()].index(place + 1));
        }
        let orders = [told.objects.iter().collect(), told.objects.iter().rev().collect(), shuffled];
        for objects in orders {
            let holder = holder_of(&told, objects.into_iter());
            let accepted = naive::lineage_of(told.publisher.channel(), &told.objects);
            prop_assert_eq!(holder.lineage().hash(), accepted.hash());
            prop_assert_eq!(holder.statuses(), naive.clone());
        }
    }
}

/// The property above says nothing if its stories are dull: each status and each reason has to occur in some of them.
#[test]
fn the_stories_bring_every_status_about() {
    let mut runner = TestRunner::new(cases(1));
    let mut seen = BTreeMap::<String, usize>::new();
    for _ in 0..160 {
        let story = stories().new_tree(&mut runner).unwrap().current();
        let told = story.tell();
        for (status, taken) in naive::statuses(told.publisher.channel(), &told.objects).into_values() {
            let how = taken.map_or(status.code(), |taken| taken.name());
            *seen.entry(format!("{} {how}", status.name())).or_default() += 1;
        }
    }
    let expected = [
        "disputed forked",
        "refused beyond-closing",
        "refused other-branch",
        "refused void-log",
        "refused wrong-role",
        "retracted correction",
        "retracted retraction",
        "shown ",
        "unconfirmed not-linked-yet",
        "unconfirmed outside-key-life",
    ];
    let found = seen.keys().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(found, expected, "{seen:?}");
    println!("{seen:?}");
}
