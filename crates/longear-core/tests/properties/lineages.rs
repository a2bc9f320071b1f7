//! Charters that contradict each other lead to the same state in any order.

use longear_core::lineage::Standing;
use longear_core::{Applied, Charter, CharterBody, CharterHash, Lineage, verify};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::cases;
use crate::support::holder::{Held, Holder};
use crate::support::naive;
use crate::support::publisher::{Publisher, signed_by};
use longear_core::keys::Roles;

/// Charter 1, three second ones, three third ones on the first of these, and one by other signers.
struct Contradictions {
    publisher: Publisher,
    charters: Vec<Charter>,
}

fn contradictions() -> Contradictions {
    let publisher = Publisher::found("Rivals", &[("Aida", Roles::POST, 0), ("Bolat", Roles::POST, 0)]);
    let mut charters = publisher.lineage.charters().to_vec();
    let named = |publisher: &Publisher, name: &str| CharterBody { name: name.into(), ..publisher.next_body() };
    let seconds = ["second", "second rival", "second rival more"].map(|name| named(&publisher, name));
    charters.extend(seconds.iter().map(|body| publisher.signed(body.clone())));
    charters.push(signed_by(seconds[0].clone(), &publisher.roots[1..]));
    let mut later = publisher.clone();
    later.apply(charters[1].clone());
    let aida_leaves = |name: &str| {
        let mut body = named(&later, name);
        body.delegates.remove(0);
        later.signed(body)
    };
    charters.extend(["third", "third rival", "third rival more"].map(aida_leaves));
    Contradictions { publisher, charters }
}

/// All that can be seen of a lineage, but for who signed.
fn state(lineage: &Lineage, publisher: &Publisher) -> (u64, CharterHash, Vec<CharterHash>, Vec<String>) {
    let standings = ["Aida", "Bolat"].map(|name| match lineage.standing(&publisher.log(name, 1).opening) {
        Standing::Open => "open".to_owned(),
        Standing::Void => "void".to_owned(),
        Standing::Closed(closing) => format!("closed after {}", closing.items),
    });
    let rivals = lineage.rivals().iter().map(|rival| rival.body.hash()).collect();
    (lineage.number(), lineage.hash(), rivals, standings.to_vec())
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn rivals_in_any_order_give_the_same_state(
        held in prop::collection::vec(prop::bool::weighted(0.6), 8),
        order in prop::collection::vec(any::<Index>(), 16),
    ) {
        let Contradictions { publisher, charters } = contradictions();
        let held = charters.iter().zip(&held).enumerate().filter(|(place, (_, held))| *place == 0 || **held);
        let mut objects = held.map(|(_, (charter, _))| Held::Charter(charter.clone())).collect::<Vec<_>>();
        // Each arrives twice: a charter that is already known, or already a rival, must change nothing.
        objects.extend(objects.clone());
        let naive = naive::lineage_of(publisher.channel(), &objects);
        let mut next = objects.iter().filter_map(|object| match object {
            Held::Charter(charter) => verify(&naive, charter.clone()).ok(),
            _ => None,
        })
        .filter(|charter| charter.body.number == naive.number() + 1)
        .map(|charter| charter.body.hash())
        .collect::<Vec<_>>();
        next.sort_unstable();
        next.dedup();
        next.truncate(2);
        for place in (1..objects.len()).rev() {
            objects.swap(place, order[place % order.len()].index(place + 1));
        }
        let mut holder = Holder::with_lineage(Lineage::new(publisher.channel()));
        objects.into_iter().for_each(|object| holder.insert(object));
        let (number, hash, rivals, standings) = state(holder.lineage(), &publisher);
        prop_assert_eq!((number, hash), (naive.number(), naive.hash()));
        prop_assert_eq!(rivals, next);
        prop_assert_eq!(standings, state(&naive, &publisher).3);
    }
}

/// Two readers who had met the same three rivals in different order once named different proofs, and neither could take
/// the other's for known.
#[test]
fn of_three_rivals_every_reader_keeps_the_same_two() {
    let Contradictions { publisher, charters } = contradictions();
    let mut smallest = charters[1..4].iter().map(|charter| charter.body.hash()).collect::<Vec<_>>();
    smallest.sort_unstable();
    smallest.truncate(2);
    for order in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
        let mut lineage = Lineage::new(publisher.channel());
        for place in [0].into_iter().chain(order) {
            lineage.apply(verify(&lineage, charters[place].clone()).unwrap());
        }
        assert_eq!(state(&lineage, &publisher).2, smallest, "{order:?}");
        assert_eq!(lineage.number(), 1);
    }
}

/// A charter was verified, and waited for its turn to be applied while a rival of the one below it came in. Applied then,
/// it would have followed a charter that counts no more.
#[test]
fn a_charter_verified_before_rivals_came_between_is_stale() {
    let Contradictions { publisher, charters } = contradictions();
    let mut lineage = Lineage::new(publisher.channel());
    for charter in &charters[..2] {
        lineage.apply(verify(&lineage, charter.clone()).unwrap());
    }
    let third = verify(&lineage, charters[5].clone()).unwrap();
    assert_eq!(lineage.apply(verify(&lineage, charters[2].clone()).unwrap()), Applied::Rival);
    let before = state(&lineage, &publisher);
    assert_eq!(lineage.apply(third), Applied::Stale);
    assert_eq!(state(&lineage, &publisher), before);
    assert_eq!(lineage.number(), 1);

    let elsewhere = Publisher::found("Elsewhere", &[]);
    let foreign = verify(&Lineage::new(elsewhere.channel()), elsewhere.lineage.charters()[0].clone()).unwrap();
    assert_eq!(lineage.apply(foreign), Applied::Stale);
    assert_eq!(state(&lineage, &publisher), before);
}

#[test]
fn a_charter_is_known_whoever_signed_it() {
    let Contradictions { publisher, charters } = contradictions();
    let mut lineage = Lineage::new(publisher.channel());
    let mut apply = |place: usize| {
        let charter = verify(&lineage, charters[place].clone()).unwrap();
        lineage.apply(charter)
    };
    assert_eq!(
        [apply(0), apply(1), apply(1), apply(4), apply(0)].map(|applied| applied == Applied::Known),
        [false, false, true, true, true]
    );
    assert_eq!(
        [apply(2), apply(1), apply(4), apply(2)].map(|applied| applied == Applied::Rival),
        [true, false, false, false]
    );
}
