//! A book that asks a source until nothing is wanted any more, as the app does.

use std::collections::BTreeMap;

use longear_core::holdings::Holdings;
use longear_core::keys::Roles;
use longear_core::tree::TreePath;
use longear_core::{Head, PackName, SortedSet, Status};
use longear_reader::Book;

use crate::support::publisher::{Log, Publisher};
use crate::support::raid::{GOOD, Raid};

/// The files of a tree, and what was asked for.
#[derive(Default)]
struct Source {
    files: BTreeMap<TreePath, Vec<u8>>,
    head: Vec<u8>,
    asked: SortedSet<TreePath>,
}

impl Source {
    /// The tree of a channel with these logs and the statements on them.
    fn of(publisher: &Publisher, logs: &[&Log]) -> Self {
        let channel = publisher.channel();
        let mut source = Source::default();
        for charter in publisher.lineage.charters() {
            let path = TreePath::Charter { channel: channel.0, number: charter.body.number as u32 };
            source.files.insert(path, charter.encode());
        }
        let mut head = Head::empty(channel);
        (head.charter, head.charter_hash) = (publisher.lineage.number(), publisher.lineage.hash());
        for log in logs {
            head.insert(log.statement(1, vec![]));
            for name in PackName::published(log.items.len() as u64) {
                source.files.insert(TreePath::pack(&channel, &log.id, name), log.pack(name));
            }
        }
        source.head = head.encode();
        source
    }

    /// Asks until nothing is wanted; gives what was asked for, in order.
    fn sync(&mut self, book: &mut Book) -> Vec<TreePath> {
        let head = Head::decode(&book.channel(), &self.head).unwrap();
        book.take(TreePath::Head { channel: book.channel().0 }, &self.head);
        let mut order = Vec::new();
        while let Some(path) = book.wants(&head, &self.asked).first().copied() {
            assert!(self.asked.insert(path), "{path} was asked for twice");
            order.push(path);
            if let Some(bytes) = self.files.get(&path) {
                book.take(path, bytes);
            }
        }
        order
    }
}

fn newsroom() -> (Publisher, Log) {
    let newsroom = Publisher::found("Syncing", &[("Aida", Roles::POST, 0)]);
    let mut log = newsroom.log("Aida", 1);
    for number in 0..75 {
        log.post(&format!("post {number}"));
    }
    (newsroom, log)
}

#[test]
fn a_new_reader_asks_for_few_things_and_then_for_nothing() {
    let (newsroom, log) = newsroom();
    let mut source = Source::of(&newsroom, &[&log]);
    let mut book = Book::new(newsroom.channel());
    let asked = source.sync(&mut book);
    assert!(matches!(asked[0], TreePath::Charter { number: 1, .. }));
    assert_eq!((book.items_here(), book.holes()), (75, 0));
    // 64, 8 and 3: and the newest first.
    let levels = asked[1..].iter().map(|path| match path {
        TreePath::Pack { level, index, .. } => (*level, *index),
        other => panic!("{other}"),
    });
    assert_eq!(levels.collect::<Vec<_>>(), [(0, 74), (0, 73), (0, 72), (1, 8), (2, 0)]);
    assert_eq!(book.feed(None, None).count(), 75);
}

#[test]
fn packs_that_a_source_lacks_are_asked_for_in_smaller_pieces_and_the_rest_is_a_hole() {
    let (newsroom, log) = newsroom();
    let mut source = Source::of(&newsroom, &[&log]);
    source.files.remove(&TreePath::pack(&newsroom.channel(), &log.id, PackName::new(2, 0).unwrap()));
    source.files.remove(&TreePath::pack(&newsroom.channel(), &log.id, PackName::new(1, 3).unwrap()));
    let mut book = Book::new(newsroom.channel());
    source.sync(&mut book);
    assert_eq!(book.holes(), 8, "that pack's items stand nowhere else in the tree");
    let mut whole = Source::of(&newsroom, &[&log]);
    whole.sync(&mut book);
    assert_eq!(book.holes(), 0);
}

#[test]
fn a_flipped_byte_costs_one_item_and_what_goes_to_the_journal_is_sound() {
    let (newsroom, log) = newsroom();
    let mut source = Source::of(&newsroom, &[&log]);
    let path = TreePath::pack(&newsroom.channel(), &log.id, PackName::new(2, 0).unwrap());
    let pack = source.files.get_mut(&path).unwrap();
    let last = pack.len() - 1;
    pack[last] ^= 1;
    let mut book = Book::new(newsroom.channel());
    book.take(TreePath::Charter { channel: newsroom.channel().0, number: 1 }, &newsroom.lineage.charters()[0].encode());
    let taken = book.take(path, &source.files[&path]);
    assert_eq!((taken.news, taken.kept, taken.refused.len()), (64 + 63, true, 1));
    assert_eq!(taken.refused[0].what, "text of item 63");
    let journal = book.keep(&path).unwrap();
    let mut again = Book::new(newsroom.channel());
    again
        .take(TreePath::Charter { channel: newsroom.channel().0, number: 1 }, &newsroom.lineage.charters()[0].encode());
    let taken = again.take(path, &journal);
    assert_eq!((taken.news, taken.refused.len()), (64 + 63, 0));
    assert_eq!(again.keep(&path).unwrap(), journal);
}

#[test]
fn what_came_before_its_charter_waits_and_goes_to_the_journal_when_it_is_good() {
    let (newsroom, log) = newsroom();
    let source = Source::of(&newsroom, &[&log]);
    let mut book = Book::new(newsroom.channel());
    let channel = newsroom.channel().0;
    let (head, charter) = (TreePath::Head { channel }, TreePath::Charter { channel, number: 1 });
    let pack = TreePath::pack(&newsroom.channel(), &log.id, PackName::new(0, 74).unwrap());
    for (path, bytes) in [(head, &source.head), (pack, &source.files[&pack]), (head, &source.head)] {
        let taken = book.take(path, bytes);
        assert_eq!((taken.news, taken.kept, taken.refused.len()), (0, false, 0), "{path}");
    }
    assert_eq!(book.waiting(), 2, "nothing waits twice");
    assert_eq!(book.keep(&pack), None, "nothing of it is known to be good");
    let taken = book.take(charter, &source.files[&charter]);
    assert!(taken.kept);
    assert_eq!(taken.released, [head, pack]);
    assert_eq!(book.waiting(), 0);
    assert_eq!(book.keep(&pack).as_ref(), Some(&source.files[&pack]));
    assert_eq!(book.keep(&head), Some(book.head().encode()));
    assert_eq!((book.items_here(), book.holes()), (1, 74));
}

/// A thief of Aida's key gave his branch first; the charter that closes her log says otherwise.
#[test]
fn the_branch_of_a_thief_makes_room_for_the_one_that_a_charter_names() {
    let raid = Raid::new();
    let channel = raid.newsroom.channel();
    let mut book = Book::new(channel);
    book.take(TreePath::Charter { channel: channel.0, number: 1 }, &raid.charters[0].encode());
    let (stolen, _) = &raid.forged[1];
    for name in PackName::published(stolen.items.len() as u64) {
        book.take(TreePath::pack(&channel, &stolen.id, name), &stolen.pack(name));
    }
    assert_eq!(
        book.feed(None, None).count(),
        stolen.items.len() - 1 - 20,
        "all but the retraction, and what that takes back"
    );
    let [aida, bolat] = &raid.honest;
    let mut source = Source::of(&raid.newsroom, &[aida, bolat]);
    source.sync(&mut book);
    assert_eq!((book.lineage().number(), book.holes()), (2, 0));
    for item in aida.ids().iter().take(GOOD) {
        assert!(matches!(book.item(item).unwrap().status, Status::Shown | Status::Retracted));
    }
    for item in raid.forged_ids() {
        assert!(book.item(&item).is_none_or(|item| matches!(item.status, Status::Refused(_))));
    }
}
