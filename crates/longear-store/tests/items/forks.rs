//! Two branches of one log: proofs, statuses, and which one stands.

use longear_core::holdings::Holdings;
use longear_core::limits::BRANCHES_KEPT_MAX;
use longear_core::status::{Objection, Status};
use longear_core::{ForkProof, ItemId, PackName, Roles, SignedHeader};
use longear_store::Store;
use longear_store::backend::MemoryBackend;

use crate::publisher::{Log, Object, Publisher, items, open, take_in};
use crate::view::{pack, status, view};

fn empty() -> (Store, MemoryBackend) {
    let disk = MemoryBackend::new();
    (open(&disk), disk)
}

fn newsroom() -> (Publisher, Log, Log) {
    let publisher = Publisher::found("forks", &[("one", Roles::POST), ("two", Roles::POST)]);
    let log = publisher.log("one").posts(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    let thief = log.branch(4).posts(&["E", "F", "G", "H"]);
    (publisher, log, thief)
}

fn charter(publisher: &Publisher, number: usize) -> Object {
    Object::Charter(publisher.charters[number - 1].clone())
}

const DEAD: Status = Status::Refused(Objection::OtherBranch);

#[test]
fn a_second_header_of_a_place_is_a_fork() {
    let (publisher, log, thief) = newsroom();
    let channel = publisher.channel();
    let (store, disk) = empty();
    take_in(&store, &channel, &[charter(&publisher, 1), items(&log, 0..8), items(&thief, 4..6)]).unwrap();
    assert_eq!(store.channel(&channel).unwrap().unwrap().fork(&log.id).unwrap().seq(), 4);
    for (seq, id) in log.ids().iter().enumerate() {
        let expected = if seq < 4 { Status::Shown } else { Status::Disputed };
        assert_eq!(status(&store, id), Some(expected), "item {seq}");
    }
    assert_eq!(view(&open(&disk), &channel), view(&store, &channel));
    let branches = store.branches(&log.id).unwrap();
    assert_eq!(
        branches.iter().map(SignedHeader::id).collect::<Vec<_>>(),
        thief.ids()[4..6],
        "the other two are held, too"
    );
    // The same again says nothing new, and takes no room.
    let bytes = store.bytes_held().unwrap();
    take_in(&store, &channel, &[items(&thief, 4..6)]).unwrap();
    assert!(store.bytes_held().unwrap() < bytes + 100, "commits only");
}

/// A header that came second to its place was compared with the one that stands there, and not with what it names as the
/// item before it: then the fork began one item later than where the headers came in another order, and one item of a
/// thief was shown instead of disputed.
#[test]
fn a_branch_tells_of_the_fork_below_it_in_any_order() {
    let (publisher, log, thief) = newsroom();
    let channel = publisher.channel();
    let parts = [items(&thief, 4..5), items(&thief, 5..6), items(&log, 5..6)];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let (store, disk) = empty();
        let mut objects = vec![charter(&publisher, 1), items(&log, 0..4)];
        objects.extend(order.map(|part| parts[part].clone()));
        take_in(&store, &channel, &objects).unwrap();
        for store in [store, open(&disk)] {
            let seq = store.channel(&channel).unwrap().unwrap().fork(&log.id).map(ForkProof::seq);
            assert_eq!((seq, status(&store, &thief.item(4))), (Some(4), Some(Status::Disputed)), "{order:?}");
        }
    }
}

/// Somebody had got a thief's branch only, and nothing that told of a fork. The charter that closed the log behind the good
/// items made the thief's refused, and left them in their places: nothing counted as missing, and the good ones never came.
#[test]
fn who_knows_the_branch_of_a_thief_only_misses_the_good_one() {
    let (mut publisher, log, _) = newsroom();
    let channel = publisher.channel();
    let thief = log.branch(0).posts(&["A", "B", "C", "D", "E", "F", "G", "H"]);
    publisher.close(vec![log.closing(8)]);
    for order in [[0, 1], [1, 0]] {
        let (store, disk) = empty();
        let first = [items(&thief, 0..8), charter(&publisher, 2)];
        let mut objects = vec![charter(&publisher, 1)];
        objects.extend(order.map(|object| first[object].clone()));
        take_in(&store, &channel, &objects).unwrap();
        for store in [&store, &open(&disk)] {
            let state = store.channel(&channel).unwrap().unwrap();
            assert!(!state.logs()[&log.id].complete().contains(7), "the last good item counts as here, {order:?}");
        }
        // One after the other, as they are asked for.
        for seq in (0..8).rev() {
            take_in(&store, &channel, &[items(&log, seq..seq + 1)]).unwrap();
        }
        let state = store.channel(&channel).unwrap().unwrap();
        assert!(state.logs()[&log.id].complete().covers(0..8), "{order:?}");
        assert!(log.ids().iter().all(|id| status(&store, id) == Some(Status::Shown)), "{order:?}");
    }
}

/// The first header of the good run proved the fork, and the log was settled then and there, before the run's headers were
/// kept. If the thief's item was the first of the proof, nothing was left to settle once they were, and the thief's items
/// kept their places although another delegate's word had long named the good ones.
#[test]
fn the_run_that_proves_a_fork_takes_its_places_at_once() {
    let (publisher, log, _) = newsroom();
    let channel = publisher.channel();
    let two = publisher.log("two").posts(&["x"]);
    let word = Object::Statement(two.statement(1, vec![log.cite(7)]));
    let thieves =
        (0..8).map(|no| log.branch(0).posts(&[&format!("{no}"), "B", "C", "D", "E", "F"])).collect::<Vec<_>>();
    let is_first =
        |thief: &Log| ForkProof::between(log.opening, &log.items[0].0, &thief.items[0].0).unwrap().first.id();
    let first = thieves.iter().filter(|thief| is_first(thief) == thief.item(0)).count();
    assert!((1..8).contains(&first), "some come first in the proof, others second");
    for thief in &thieves {
        let (store, disk) = empty();
        let stolen = [items(thief, 0..4), items(thief, 5..6)];
        take_in(&store, &channel, &[charter(&publisher, 1), word.clone(), stolen[0].clone(), stolen[1].clone()])
            .unwrap();
        take_in(&store, &channel, &[items(&log, 0..8)]).unwrap();
        for store in [&store, &open(&disk)] {
            assert!(log.ids().iter().all(|id| status(store, id) == Some(Status::Shown)), "{}", view(store, &channel));
            let held = store.log_items(&log.id, 0, 99).unwrap();
            assert!(held.iter().all(|item| item.has_payload()), "the payloads came with the run");
        }
    }
}

/// Another delegate had seen a thief's branch and vouched for it, so that the thief's items took the places of the good
/// ones, whose payloads were let go, on the newsroom's own machine, too. When the roots decided for the good branch, nobody
/// had its texts any more.
#[test]
fn the_payloads_of_a_branch_come_back_when_it_is_the_right_one_after_all() {
    let (mut publisher, log, thief) = newsroom();
    let channel = publisher.channel();
    let two = publisher.log("two").posts(&["x"]);
    let word = Object::Statement(two.statement(1, vec![thief.cite(7)]));
    publisher.close(vec![log.closing(8)]);
    let (store, disk) = empty();
    let objects = [charter(&publisher, 1), items(&log, 0..8), word, items(&thief, 4..8)];
    take_in(&store, &channel, &objects).unwrap();
    assert_eq!(status(&store, &log.item(7)), None, "the thief's item stands in its place");
    for store in [&open(&disk), &store] {
        take_in(store, &channel, &[charter(&publisher, 2)]).unwrap();
        for id in log.ids() {
            let item = store.item(&id).unwrap().unwrap();
            assert_eq!((item.status, item.has_payload()), (Status::Shown, true), "{}", view(store, &channel));
        }
        assert_eq!(view(&open(&disk), &channel), view(store, &channel));
        assert_eq!(store.check(false, |_| ()).unwrap().findings, []);
    }
}

/// Of two proofs of one log the one that says more was kept, and the headers of the other one only if that other one had come
/// first: what was held depended on the order.
#[test]
fn the_headers_of_every_proof_are_kept_whichever_comes_first() {
    let (publisher, log, _) = newsroom();
    let channel = publisher.channel();
    let two = publisher.log("two").posts(&["x"]);
    let between = |one: &Log, seq: usize| ForkProof::between(log.opening, &log.items[0].0, &one.items[seq].0).unwrap();
    // One proof is that two items have one place, the other that an item is not built on the one before it.
    let thieves = (0..20).map(|no| log.branch(0).posts(&[&format!("{no}"), "B"]));
    let says_more = |thief: &Log| between(thief, 1).encode() < between(thief, 0).encode();
    let thief = thieves.into_iter().find(says_more).expect("by chance one in two");
    let [of_one_place, not_linked] = [0, 1].map(|seq| Object::Fork(between(&thief, seq)));
    // Only what is held can be shown when somebody vouches for it.
    let word = Object::Statement(two.statement(1, vec![thief.cite(0)]));
    for [one, other] in [[of_one_place.clone(), not_linked.clone()], [not_linked, of_one_place]] {
        let (store, disk) = empty();
        take_in(&store, &channel, &[charter(&publisher, 1), one, other, word.clone()]).unwrap();
        for store in [&store, &open(&disk)] {
            assert_eq!(status(store, &thief.item(0)), Some(Status::Shown), "{}", view(store, &channel));
        }
    }
}

#[test]
fn a_run_that_does_not_link_to_its_neighbour_is_a_fork() {
    let (publisher, log, thief) = newsroom();
    let channel = publisher.channel();
    for objects in [[items(&log, 0..5), items(&thief, 5..8)], [items(&thief, 5..8), items(&log, 0..5)]] {
        let (store, _) = empty();
        take_in(&store, &channel, &[charter(&publisher, 1), objects[0].clone(), objects[1].clone()]).unwrap();
        assert_eq!(store.channel(&channel).unwrap().unwrap().fork(&log.id).unwrap().seq(), 4);
        assert_eq!(status(&store, &thief.item(5)), Some(Status::Disputed));
        assert_eq!(status(&store, &log.item(3)), Some(Status::Shown));
    }
}

#[test]
fn only_so_many_branches_are_kept() {
    let (publisher, log, _) = newsroom();
    let channel = publisher.channel();
    let (store, _) = empty();
    take_in(&store, &channel, &[charter(&publisher, 1), items(&log, 0..8)]).unwrap();
    let others = (0..20).map(|number| log.branch(4).posts(&[&format!("{number}")])).collect::<Vec<_>>();
    let give = |other: &Log| take_in(&store, &channel, &[items(other, 4..5)]).unwrap();
    others[..BRANCHES_KEPT_MAX].iter().for_each(give);
    let bytes = store.bytes_held().unwrap();
    others[BRANCHES_KEPT_MAX..].iter().for_each(give);
    assert!(store.bytes_held().unwrap() < bytes + 20 * 100, "further branches cost no room but their commits");
}

#[test]
fn a_proof_brings_its_headers() {
    let (publisher, log, thief) = newsroom();
    let channel = publisher.channel();
    let (store, disk) = empty();
    let proof = ForkProof::between(log.opening, &log.items[4].0, &thief.items[4].0).unwrap();
    take_in(&store, &channel, &[charter(&publisher, 1), Object::Fork(proof)]).unwrap();
    let held = store.channel(&channel).unwrap().unwrap();
    assert_eq!(held.logs()[&log.id].headers().ranges(), [std::ops::Range { start: 4, end: 5 }]);
    assert_eq!(view(&open(&disk), &channel), view(&store, &channel));
}

/// All orders of these objects end with the same statuses of what stands, and with the same pack where all of it is here.
fn in_all_orders(publisher: &Publisher, objects: &[Object], log: &Log, expected: &[(ItemId, Status)]) {
    let channel = publisher.channel();
    let mut orders = vec![Vec::new()];
    for at in 0..objects.len() {
        let put = |order: &Vec<usize>| {
            (0..=at).map(|place| [&order[..place], &[at], &order[place..]].concat()).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(put).collect();
    }
    for order in orders {
        let (store, disk) = empty();
        let mut given =
            (1..=publisher.charters.len()).map(|number| charter(publisher, number)).take(1).collect::<Vec<_>>();
        given.extend(order.iter().map(|at| objects[*at].clone()));
        // What was held back, or had to make room, comes again from the next carrier.
        given.extend(order.iter().map(|at| objects[*at].clone()));
        take_in(&store, &channel, &given).unwrap();
        for (item, expected) in expected {
            assert_eq!(status(&store, item), Some(*expected), "order {order:?}\n{}", view(&store, &channel));
        }
        assert!(pack(&store, &channel, &log.id, 1, 0).is_some(), "order {order:?}");
        for item in store.log_items(&log.id, 0, 99).unwrap() {
            assert!(store.payload(&item).unwrap().is_some(), "order {order:?}: {:?}", item.header().seq);
            assert_eq!(item.id(), log.item(item.header().seq as usize), "order {order:?}");
        }
        assert_eq!(view(&open(&disk), &channel), view(&store, &channel), "order {order:?}");
        assert_eq!(store.check(false, |_| ()).unwrap().findings, [], "order {order:?}");
    }
}

#[test]
fn the_branch_that_a_charter_names_stands() {
    let (mut publisher, log, thief) = newsroom();
    publisher.close(vec![log.closing(8)]);
    let third = log.branch(4).posts(&["x", "y", "z", "w"]);
    let objects = [charter(&publisher, 2), items(&log, 0..8), items(&thief, 0..8), items(&third, 4..8)];
    let expected = log.ids().into_iter().map(|id| (id, Status::Shown)).collect::<Vec<_>>();
    in_all_orders(&publisher, &objects, &log, &expected);
}

#[test]
fn the_branch_that_another_delegate_saw_stands() {
    let (publisher, log, thief) = newsroom();
    let two = publisher.log("two").posts(&["x"]);
    let word = Object::Statement(two.statement(1, vec![log.cite(7)]));
    let objects = [word, items(&log, 0..8), items(&thief, 0..8)];
    let expected = log.ids().into_iter().map(|id| (id, Status::Shown)).collect::<Vec<_>>();
    in_all_orders(&publisher, &objects, &log, &expected);
}

#[test]
fn the_wrong_branch_leaves_a_hole_until_the_right_one_comes() {
    let (mut publisher, log, thief) = newsroom();
    publisher.close(vec![log.closing(8)]);
    let channel = publisher.channel();
    let (store, _) = empty();
    let proof = Object::Fork(ForkProof::between(log.opening, &log.items[4].0, &thief.items[4].0).unwrap());
    take_in(&store, &channel, &[charter(&publisher, 1), items(&thief, 0..8), proof, charter(&publisher, 2)]).unwrap();
    assert_eq!(status(&store, &thief.item(7)), Some(DEAD));
    assert!(store.channel(&channel).unwrap().unwrap().holes() > 0, "somebody has to ask for the right one");
}

/// A charter had closed the log on the good branch, and only the thief's was known, so that nobody could prove the fork: the
/// payload of its last item was written, set aside with the commit, missed, and written again with every sync.
#[test]
fn the_payload_of_a_branch_that_a_charter_left_is_written_once_at_most() {
    let (mut publisher, log, thief) = newsroom();
    publisher.close(vec![log.closing(8)]);
    let channel = publisher.channel();
    let (store, _) = empty();
    take_in(&store, &channel, &[charter(&publisher, 1), charter(&publisher, 2), items(&thief, 7..8)]).unwrap();
    assert_eq!(status(&store, &thief.item(7)), Some(DEAD));
    assert!(!store.channel(&channel).unwrap().unwrap().logs()[&log.id].complete().contains(7), "it is a hole");
    let bytes = store.bytes_held().unwrap();
    take_in(&store, &channel, &[items(&thief, 7..8)]).unwrap();
    assert!(store.bytes_held().unwrap() < bytes + 100, "commits only");
}

#[test]
fn a_branch_with_its_payload_stands_before_one_without() {
    let (publisher, log, thief) = newsroom();
    let channel = publisher.channel();
    let proof = Object::Fork(ForkProof::between(log.opening, &log.items[4].0, &thief.items[4].0).unwrap());
    // The proof brings one of the two first, whichever has the lower ID; neither order may cost the payload.
    for branch in [&log, &thief] {
        let (store, disk) = empty();
        take_in(&store, &channel, &[charter(&publisher, 1), proof.clone(), items(branch, 0..8)]).unwrap();
        assert_eq!(store.articles(None, None, 99).unwrap().len(), 8);
        assert_eq!(status(&store, &branch.item(4)), Some(Status::Disputed));
        assert_eq!(view(&open(&disk), &channel), view(&store, &channel));
    }
}

/// A thief spoiled one signature and signed what follows well: who took the run in never looked at the spoiled one, since
/// the tip vouches for it. Later he gave that item as the last of a smaller pack, and was held for a liar by honest people.
#[test]
fn a_pack_whose_end_nobody_would_accept_alone_is_not_given() {
    let publisher = Publisher::found("forks", &[("one", Roles::POST)]);
    let mut log = publisher.log("one").posts(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    let mut spoiled = log.items[7].0.bytes().to_vec();
    *spoiled.last_mut().unwrap() ^= 1;
    log.items[7].0 = SignedHeader::decode(&spoiled).unwrap();
    let log = log.posts(&["i", "j", "k", "l", "m", "n", "o", "p"]);
    let (store, _) = empty();
    take_in(&store, &publisher.channel(), &[charter(&publisher, 1), items(&log, 0..16)]).unwrap();
    let is_given = |level, index| {
        let name = PackName::new(level, index).unwrap();
        store.pack(&publisher.channel(), &log.id, name).unwrap().is_some()
    };
    assert!(is_given(1, 1), "its tip is good");
    assert!(!is_given(1, 0), "its tip is the spoiled one");
    assert_eq!((0..16).filter(|seq| !is_given(0, *seq)).collect::<Vec<_>>(), [7]);
}

/// An item of no length that took a thief's place was held for whole, although its header names the hash of something else:
/// the one payload that was never compared with its header. Found by 100,000 cases that two verifiers judge.
#[test]
fn nothing_is_not_the_payload_of_a_header_that_names_something() {
    let (mut publisher, log, thief) = newsroom();
    let channel = publisher.channel();
    let mut log = log.branch(4);
    let hollow = log.hollow();
    let (store, disk) = empty();
    let proof = ForkProof::between(log.opening, &log.items[4].0, &thief.items[4].0).unwrap();
    let parts = [charter(&publisher, 1), items(&log, 0..4), items(&thief, 4..6), Object::Fork(proof)];
    take_in(&store, &channel, &parts).unwrap();
    publisher.close(vec![log.closing(5)]);
    take_in(&store, &channel, &[charter(&publisher, 2)]).unwrap();
    for store in [store, open(&disk)] {
        let standing = store.log_items(&log.id, 4, 1).unwrap();
        assert_eq!((standing[0].id(), standing[0].has_payload()), (hollow, false));
    }
}
