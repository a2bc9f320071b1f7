//! Heads merge to the same one in whatever order carriers are visited.

use longear_core::hash::plain;
use longear_core::limits::{FORKS_LISTED_MAX, HEAD_STATEMENTS_MAX};
use longear_core::{ChannelId, CharterHash, Head, ItemId, LogId, LogOpening, PublicKey, Statement};
use proptest::prelude::*;

use crate::support::cases;

const CHANNEL: ChannelId = ChannelId([3; 32]);

/// A statement that nobody signed: merging asks for no signature.
fn statement((log, counter, time): (u8, u64, u64)) -> Statement {
    Statement {
        opening: LogOpening { key: PublicKey(plain(&[log])), incarnation: 0 },
        counter,
        time,
        next_word: 0,
        items: 0,
        tip: ItemId::NONE,
        charter: 1,
        citations: Vec::new(),
        signature: [0; 64],
    }
}

fn heads(logs: u8) -> impl Strategy<Value = Head> {
    let words = prop::collection::vec((0..logs, 0u64..3, 0u64..6), 0..90);
    let forks = prop::collection::btree_set(0u8..80, 0..=FORKS_LISTED_MAX);
    (1u64..4, 0u8..3, words, forks).prop_map(|(charter, hash, words, forks)| {
        let mut head = Head { charter, charter_hash: CharterHash(plain(&[hash])), ..Head::empty(CHANNEL) };
        words.into_iter().for_each(|word| head.insert(statement(word)));
        head.forks = forks.into_iter().map(|log| LogId([log; 16])).collect();
        head
    })
}

fn merged(a: &Head, b: &Head) -> Head {
    let mut merged = a.clone();
    merged.merge(b);
    merged
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn merging_commutes_associates_and_changes_nothing_twice(a in heads(64), b in heads(64), c in heads(64)) {
        prop_assert_eq!(merged(&a, &b).encode(), merged(&b, &a).encode());
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &a), a.clone());
        prop_assert_eq!(merged(&merged(&a, &b), &b), merged(&a, &b));
        prop_assert!(merged(&a, &b).forks.len() <= FORKS_LISTED_MAX);
    }

    #[test]
    fn with_more_logs_than_a_head_holds_merging_still_commutes(a in heads(120), b in heads(120)) {
        let both = merged(&a, &b);
        prop_assert_eq!(&both, &merged(&b, &a));
        prop_assert_eq!(merged(&both, &both), both.clone());
        prop_assert!(both.statements.len() <= HEAD_STATEMENTS_MAX);
    }

    #[test]
    fn the_sequence_of_statements_does_not_matter(words in prop::collection::vec((0u8..64, 0u64..3, 0u64..6), 0..60)) {
        let of = |words: &mut dyn Iterator<Item = &(u8, u64, u64)>| {
            let mut head = Head::empty(CHANNEL);
            words.for_each(|word| head.insert(statement(*word)));
            head
        };
        prop_assert_eq!(of(&mut words.iter()), of(&mut words.iter().rev()));
    }
}

#[test]
fn of_more_than_32_forks_the_smallest_stay() {
    let of = |logs: std::ops::Range<u8>| {
        let forks = logs.map(|log| LogId([log; 16])).collect();
        Head { forks, ..Head::empty(CHANNEL) }
    };
    let both = merged(&of(20..52), &of(0..30));
    assert_eq!(both.forks, of(0..32).forks);
    assert_eq!(merged(&of(40..60), &both).forks, of(0..32).forks);
}

#[test]
fn of_more_than_64_logs_those_of_the_newest_time_stay_and_with_equal_times_the_smaller() {
    let mut head = Head::empty(CHANNEL);
    (0..70u8).for_each(|log| head.insert(statement((log, 0, 100 - u64::from(log / 2)))));
    let kept = (0..64u8).map(|log| statement((log, 0, 0)).log(&CHANNEL)).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(head.statements.keys().copied().collect::<std::collections::BTreeSet<_>>(), kept);
    let mut head = Head::empty(CHANNEL);
    (0..70u8).for_each(|log| head.insert(statement((log, 0, 5))));
    let mut logs = (0..70u8).map(|log| statement((log, 0, 5)).log(&CHANNEL)).collect::<Vec<_>>();
    logs.sort_unstable();
    assert!(head.statements.keys().eq(&logs[..64]));
}
