//! Charters come, also such as decide against a thief.

use longear_store::Store;

use super::{Cast, Outcome, first_charter, follow, publish_post, second_charter, story, take_in_all};
use crate::crash::states::{Fact, Ledger, Step, Story};
use crate::publisher::{Object, items};

pub fn stories() -> Vec<Story> {
    let begun: &[Step] = &[follow, first_charter];
    let updates: &[Step] = &[publish_post::<0>, second_charter, publish_post::<1>, third_charter, publish_post::<2>];
    let in_one = story("charters in one batch", &[], &[follow, all_charters, take_in_all, publish_post::<0>]);
    vec![
        // A charter that closes a log says how many items it has.
        Story { is_fetching: true, ..in_one },
        story("charter update", &[begun, &[take_in_all]].concat(), updates),
        story("charter against a thief", &[begun, &[take_in_thief]].concat(), &[publish_post::<0>, decide, unmask]),
    ]
}

/// It closes the log of the other delegate behind its last item.
fn third_charter(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    cast.take(store, &[Object::Charter(cast.publisher.charters[2].clone())])?;
    ledger.acknowledge(Fact::Charter(3));
    Ok(())
}

fn all_charters(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let charters = cast.publisher.charters.iter().map(|charter| Object::Charter(charter.clone()));
    cast.take(store, &charters.collect::<Vec<_>>())?;
    ledger.acknowledge(Fact::Charter(3));
    Ok(())
}

/// The log as somebody with a copy of its key has continued it; what he wrote is all that is here of it.
fn take_in_thief(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let log = &cast.branch;
    cast.take(store, &[items(log, 0..log.items.len())])?;
    log.ids()[..4].iter().for_each(|id| ledger.acknowledge(Fact::Item(*id)));
    Ok(())
}

/// The charters that close the log behind its honest last item come together with that item, which takes its place.
fn decide(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let charters = cast.publisher.charters[1..].iter().map(|charter| Object::Charter(charter.clone()));
    let all = charters.chain([items(&cast.other, 0..cast.other.items.len())]);
    cast.take(store, &all.collect::<Vec<_>>())?;
    ledger.acknowledge(Fact::Charter(3));
    cast.other.ids().iter().for_each(|id| ledger.acknowledge(Fact::Item(*id)));
    Ok(())
}

/// What the thief has written comes once more, and changes nothing.
fn unmask(cast: &Cast, store: &Store, _ledger: &mut Ledger) -> Outcome {
    cast.take(store, &[items(&cast.branch, 0..cast.branch.items.len())])
}
