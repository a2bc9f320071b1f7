//! A seized key in every order of arrival: what is accepted does not depend on it, and is what the newsroom wrote.

use std::collections::BTreeMap;

use longear_core::keys::Roles;
use longear_core::status::Objection;
use longear_core::{Article, ForkProof, ItemId, Kind, Lineage, Status};

use crate::support::holder::{Held, Holder, Taken};
use crate::support::publisher::Log;
use crate::support::raid::{GOOD, Raid, orders};
use crate::support::random::Random;

type Statuses = BTreeMap<ItemId, (Status, Option<Taken>)>;

/// Orders of arrival that every change tries.
const ORDERS: u64 = 10;

/// Headers from this place on; payloads only of what may take others back, as no other payload changes a status.
fn items(log: &Log, from: usize) -> Vec<Held> {
    let mut held = Vec::new();
    for item in &log.items[from..] {
        held.push(Held::Item { opening: log.opening, header: item.header.clone() });
        let kind = item.header.header().kind;
        let corrects = Article::decode(kind, &item.payload).is_ok_and(|article| article.corrects.is_some());
        if kind == Kind::Retraction || corrects {
            held.push(Held::Payload { item: item.header.id(), bytes: item.payload.clone() });
        }
    }
    held
}

fn honest(raid: &Raid) -> Vec<Held> {
    let mut held = raid.charters.iter().cloned().map(Held::Charter).collect::<Vec<_>>();
    held.extend(raid.honest.iter().flat_map(|log| items(log, 0)));
    held.extend(raid.statements[..2].iter().cloned().map(Held::Statement));
    held
}

fn everything(raid: &Raid) -> Vec<Held> {
    let mut held = honest(raid);
    held.extend(raid.forged.iter().flat_map(|(log, good)| items(log, *good)));
    held.extend(raid.statements[2..].iter().cloned().map(Held::Statement));
    let (aida, branch) = (&raid.honest[0], &raid.forged[1].0);
    let fork = ForkProof::between(aida.opening, &aida.items[20].header, &branch.items[20].header).unwrap();
    held.push(Held::Fork(fork));
    held
}

fn statuses_of(raid: &Raid, objects: Vec<Held>) -> Statuses {
    let mut holder = Holder::with_lineage(Lineage::new(raid.newsroom.channel()));
    objects.into_iter().for_each(|object| holder.insert(object));
    holder.statuses()
}

/// Wants: words from before the raid that nobody wrote, and the real ones doubted or taken back. Has: Aida's key, and every
/// route, so he chooses what arrives first: his posts, his retractions, his forks, or the charter that closes the log.
#[test]
fn a_thousand_backdated_posts_in_any_order() {
    let raid = Raid::new();
    let forged = raid.forged_ids();
    assert!(forged.len() > 1_000, "{}", forged.len());
    let expected = statuses_of(&raid, everything(&raid));
    // What the newsroom wrote stands as if the thief had never acted, and nothing else does.
    let without = statuses_of(&raid, honest(&raid));
    for (item, status) in &without {
        assert_eq!(expected[item], *status);
    }
    let count = |wanted: Status| without.values().filter(|(status, _)| *status == wanted).count();
    assert_eq!((count(Status::Retracted), count(Status::Shown)), (2, GOOD + 10));
    for item in &forged {
        let status = expected[item].0;
        assert!(matches!(status, Status::Refused(_)), "{status:?}");
    }
    let reasons = forged.iter().map(|item| expected[item].0.code()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), ["beyond-closing", "other-branch", "void-log"]);
    let count = orders(ORDERS);
    println!(
        "{} objects, {} of them forged items, {count} orders, seeds 1 to {count}",
        everything(&raid).len(),
        forged.len()
    );
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (raid, expected) = (&raid, &expected);
            scope.spawn(move || {
                for seed in (1..=count).filter(|seed| seed % workers == worker) {
                    let mut objects = everything(raid);
                    Random(seed).shuffle(&mut objects);
                    assert!(statuses_of(raid, objects) == *expected, "seed {seed}");
                }
            });
        }
    });
}

/// Wants: the closing to be forgotten. Has: whatever arrives after it. Two charters later it still holds, also when the thief's
/// objects come last of all, and another delegate's word for his branch changes nothing.
#[test]
fn a_closing_holds_under_later_charters() {
    let raid = Raid::new();
    let mut later = raid.newsroom.clone();
    let mut third = later.next_body();
    third.delegates.push(later.entry("Cholpan", Roles::POST));
    let third = later.signed(third);
    later.apply(third.clone());
    let mut objects = honest(&raid);
    objects.push(Held::Charter(third));
    let branch = &raid.forged[1].0;
    objects.push(Held::Statement(later.log("Cholpan", 1).statement(1, vec![branch.cite(30)])));
    objects.extend(items(branch, 20));
    let statuses = statuses_of(&raid, objects);
    for item in &raid.honest[0].ids()[20..] {
        assert_eq!(statuses[item].0, Status::Shown);
    }
    for item in &branch.ids()[20..GOOD] {
        assert_eq!(statuses[item].0, Status::Refused(Objection::OtherBranch));
    }
}
