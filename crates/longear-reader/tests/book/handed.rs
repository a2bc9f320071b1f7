//! What a book hands on, and the book that somebody else makes of it.

use std::collections::BTreeSet;

use longear_core::holdings::Holdings;
use longear_core::tree::TreePath;
use longear_core::{ItemId, LogId, Status};
use longear_reader::Book;
use proptest::prelude::*;

use crate::handing::hand;
use crate::naive::has_few_branches;
use crate::story::stories;
use crate::support::cases;
use crate::support::holder::Held;

/// Larger than any pack of these stories.
const ROOMY: u64 = 1 << 30;

/// What readers see of a book, with its text.
fn shown(book: &Book) -> BTreeSet<ItemId> {
    let here = book.items().filter(|item| item.status == Status::Shown && item.payload.is_some());
    here.map(|item| item.id()).collect()
}

/// Where something is held that no closing refuses.
fn places(book: &Book) -> BTreeSet<(LogId, u64)> {
    let end = |log: &LogId| book.opening(log).and_then(|opening| book.items_closed(&opening)).unwrap_or(u64::MAX);
    let held = book.items().map(|item| (item.log, item.header().seq));
    held.filter(|(log, seq)| *seq < end(log)).collect()
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn who_gets_what_a_book_hands_on_sees_what_it_shows(story in stories()) {
        let told = story.tell();
        let channel = told.publisher.channel();
        let objects_told = told.objects.into_iter().filter(|object| !matches!(object, Held::Proof { .. })).collect::<Vec<_>>();
        prop_assume!(has_few_branches(&objects_told));
        let mut giver = Book::new(channel);
        objects_told.iter().for_each(|object| drop(hand(&mut giver, object, &objects_told)));
        for bytes_max in [0, 2_000, ROOMY] {
            let mut receiver = Book::new(channel);
            let objects = giver.handed(bytes_max);
            for object in &objects {
                let bytes = giver.handed_object(&object.path).expect("it was named");
                if let TreePath::Pack { level: 1.., .. } = object.path {
                    prop_assert!(bytes.len() as u64 <= bytes_max, "{} has {} bytes", object.path, bytes.len());
                }
                let taken = receiver.take(object.path, &bytes);
                prop_assert!(taken.refused.is_empty(), "{}: {:?}", object.path, taken.refused);
            }
            prop_assert_eq!(places(&receiver), places(&giver));
            // A tree holds one proof and one branch of a log that has forked, and the newest words only.
            if giver.items().all(|item| giver.fork(&item.log).is_none()) {
                for word in objects_told.iter().filter(|object| matches!(object, Held::Statement(_))) {
                    hand(&mut receiver, word, &objects_told);
                }
                prop_assert_eq!(shown(&receiver), shown(&giver));
            }
            let paths = objects.iter().map(|object| object.path).collect::<BTreeSet<_>>();
            prop_assert_eq!(paths.len(), objects.len(), "no path twice");
        }
    }
}
