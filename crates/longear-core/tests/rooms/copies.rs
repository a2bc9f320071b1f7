//! Copies of a room that got the same in other orders, in parts, and with less space.

use std::collections::BTreeSet;

use longear_core::room::{
    Budget, Cuts, Decision, Facts, Force, Ground, NoteDraft, Room, Ruling, Spot, Terms, View, What,
};
use longear_core::{Note, NoteId, Status, Verified};
use proptest::prelude::*;

use crate::support::cases;

use super::cast::{FIRST_DAY, OPEN, TERMS, VENUE, Writer, noon, roll_of, room_of, ruling};

const WRITERS: usize = 8;
const DAYS: u32 = 5;
const TODAY: u32 = FIRST_DAY + 4;

/// Everything that was ever said and decided in a room.
#[derive(Clone, Debug)]
struct Story {
    terms: Terms,
    notes: Vec<Verified<Note>>,
    rulings: Vec<(Ruling, Status)>,
}

/// What a note is made of; numbers of things that may not be there mean nothing.
type Said = (usize, u8, u8, u32, usize, usize);

fn writer(number: usize) -> Writer {
    match number {
        0..5 => Writer::member(&format!("writer {number}")),
        // The same ticket on another device.
        5 => Writer { ticket: Writer::member("writer 4").ticket, ..Writer::stranger("second device") },
        _ => Writer::stranger(&format!("writer {number}")),
    }
}

fn say(said: &[Said]) -> Vec<Verified<Note>> {
    let mut notes = Vec::<Verified<Note>>::new();
    for (number, (who, what, slot, day, parent, length)) in said.iter().enumerate() {
        let above = notes.get(*parent).map(|note: &Verified<Note>| note.id());
        let (what, parent) = match (what, above) {
            (0, _) => (What::TakenBack, None),
            (1, Some(above)) => (What::Flag, Some(above)),
            (_, above) => (What::Words, above.filter(|_| what % 2 == 0)),
        };
        let text = if what == What::Words { format!("{number:04}{}", "x".repeat(*length)) } else { String::new() };
        let writer = writer(*who);
        notes.push(writer.sign(NoteDraft { what, parent, ..writer.draft(*day, *slot, &text) }));
    }
    notes
}

fn decide(decided: &[(u8, u8, usize, bool)], notes: &[Verified<Note>]) -> Vec<(Ruling, Status)> {
    let members = (0..4).map(writer).collect::<Vec<_>>();
    let mut rulings = vec![(roll_of(&members), Status::Shown)];
    for (number, (what, log, about, is_good)) in decided.iter().enumerate() {
        let Some(facts) = notes.get(*about).map(|note| Facts::of(note)) else { continue };
        let decision = match what {
            0 => Decision::Hide { note: facts.id, ground: Ground::Rule(1) },
            1 => Decision::Purge { note: facts.id, spot: facts.spot, ground: Ground::Other },
            // By mistake, of another place of the same writer.
            2 => Decision::Purge { note: facts.id, spot: Spot { slot: 0, ..facts.spot }, ground: Ground::Other },
            3 => Decision::Ban { entry: facts.entry(), first_day: facts.day(), ground: Ground::Threats },
            4 => Decision::Pin { note: facts.id },
            5 => Decision::Writers(vec![facts.entry()]),
            6 => Decision::Lift { item: rulings[*about % rulings.len()].0.item, index: 0 },
            7 => Decision::Tickets(vec![facts.entry()]),
            8 => Decision::Digest { day: facts.day(), notes: vec![notes[*about].clone().into_inner()] },
            _ => Decision::Close,
        };
        let status = if *is_good { Status::Shown } else { Status::Retracted };
        rulings.push((ruling(*log, number as u64, noon(number as u32 % DAYS), vec![decision]), status));
    }
    rulings
}

fn stories() -> impl Strategy<Value = Story> {
    // Few places, so that notes meet in them; a slot beyond the quota, a day ahead.
    let (slots, days) = (prop::sample::select(vec![0, 0, 0, 1, 4]), prop::sample::select(vec![0, 0, 0, 2, DAYS + 1]));
    let said = (0..WRITERS, 0..8_u8, slots, days, 0..80_usize, 0..300_usize);
    let decided = (0..10_u8, 1..4_u8, 0..60_usize, prop::bool::weighted(0.8));
    let parts = (prop::collection::vec(said, 1..60), prop::collection::vec(decided, 0..12), any::<bool>());
    parts.prop_map(|(said, decided, is_open)| {
        let notes = say(&said);
        let rulings = decide(&decided, &notes);
        Story { terms: if is_open { OPEN } else { TERMS }, notes, rulings }
    })
}

/// A story, and what it comes in: an order of its notes, and for each the copy that it comes to first.
fn shuffled() -> impl Strategy<Value = (Story, Vec<usize>, Vec<usize>)> {
    stories().prop_flat_map(|story| {
        let count = story.notes.len();
        let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        (Just(story), order, prop::collection::vec(0..4_usize, count))
    })
}

fn force_of(story: &Story) -> Force {
    Force::of(story.rulings.iter().map(|(ruling, status)| (ruling, *status)))
}

fn view(room: &Room, story: &Story) -> View {
    View::of(room, story.terms, &force_of(story), noon(4))
}

fn kept(room: &Room, story: &Story, bytes: u64) -> Vec<NoteId> {
    let (mut room, force) = (room.clone(), force_of(story));
    room.drop_purged_and_old(story.terms, &force, Some(TODAY));
    room.drop_beyond(story.terms, &force, TODAY, &Budget::new(bytes, &story.terms), &mut Cuts::default());
    let mut ids = room.notes().map(|held| held.facts.id).collect::<Vec<_>>();
    ids.sort_unstable();
    ids
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn any_order_and_any_split_give_the_same_room((story, order, places) in shuffled(), bytes in 0..20_000_u64) {
        let whole = room_of(&story.notes);
        let mut copies = vec![Room::new(VENUE); 4];
        for number in &order {
            copies[places[*number]].insert(story.notes[*number].clone());
        }
        let mut merged = Room::new(VENUE);
        copies.iter().for_each(|copy| merged.merge(copy));
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(view(&merged, &story), view(&whole, &story));
        prop_assert_eq!(kept(&merged, &story, bytes), kept(&whole, &story, bytes));
        prop_assert_eq!(merged.len(), merged.notes().filter(|held| merged.note(&held.facts.id).is_some()).count());
    }

    #[test]
    fn merging_is_commutative_associative_and_idempotent((story, _, places) in shuffled()) {
        let part = |number| room_of(story.notes.iter().zip(&places).filter(|(_, place)| **place == number).map(|(note, _)| note));
        let of = |one: &Room, other: &Room| { let mut room = one.clone(); room.merge(other); room };
        let [a, b, c] = [part(0), part(1), part(2)];
        prop_assert_eq!(of(&a, &b), of(&b, &a));
        prop_assert_eq!(of(&of(&a, &b), &c), of(&a, &of(&b, &c)));
        prop_assert_eq!(of(&of(&a, &b), &b), of(&a, &b));
        prop_assert_eq!(of(&a, &a), a);
    }

    #[test]
    fn decisions_in_any_order_and_often_give_the_same_force(story in stories(), mix in any::<prop::sample::Index>()) {
        let mut rulings = story.rulings.clone();
        let turn = mix.index(rulings.len());
        rulings.rotate_left(turn);
        rulings.reverse();
        rulings.extend(story.rulings.iter().take(turn).cloned().collect::<Vec<_>>());
        prop_assert_eq!(Force::of(rulings.iter().map(|(ruling, status)| (ruling, *status))), force_of(&story));
    }

    /// Some copies hear of a purge before the notes, some after them, some in between.
    #[test]
    fn whenever_a_copy_hears_of_purges_the_same_is_left((story, order, when) in shuffled()) {
        let force = force_of(&story);
        let mut late = room_of(&story.notes);
        late.drop_purged_and_old(story.terms, &force, None);
        let mut early = Room::new(VENUE);
        for number in order {
            early.insert(story.notes[number].clone());
            if when[number] == 0 {
                early.drop_purged_and_old(story.terms, &force, None);
            }
        }
        early.drop_purged_and_old(story.terms, &force, None);
        prop_assert_eq!(&early, &late);
        prop_assert_eq!(view(&early, &story), view(&room_of(&story.notes), &story), "what is purged is not seen before it is dropped");
    }

    #[test]
    fn a_smaller_budget_keeps_a_part_of_what_a_larger_one_keeps(story in stories(), one in 0..20_000_u64, other in 0..20_000_u64) {
        let room = room_of(&story.notes);
        let (small, large) = (kept(&room, &story, one.min(other)), kept(&room, &story, one.max(other)));
        prop_assert!(small.iter().all(|id| large.binary_search(id).is_ok()));
        let bytes = small.iter().map(|id| u64::from(room.note(id).unwrap().facts.bytes)).sum::<u64>();
        let ahead_and_days = Budget::new(one.min(other), &story.terms).day_bytes * u64::from(DAYS + 1);
        prop_assert!(bytes <= one.min(other) * 9 / 10 + ahead_and_days);
    }

    /// A node drops while notes still come, and forgets what it dropped. That must not show.
    #[test]
    fn dropping_in_between_keeps_the_same_as_dropping_at_the_end(
        (story, order, when) in shuffled(), bytes in 0..8_000_u64,
    ) {
        // Of a place all notes are of one length: a shorter one makes room, which is another story.
        let alike = |note: &&Verified<Note>| note.what == What::Words && !story.notes.iter().any(|other| {
            Facts::of(other).spot == Facts::of(note).spot && other.text.len() != note.text.len()
        });
        // Ancestors of what moderators chose are known when that is held; so nothing is chosen here.
        let is_plain = |(ruling, _): &(Ruling, Status)| {
            let force = Force::of([(ruling, Status::Shown)]);
            force.pinned().next().is_none() && force.digests().is_empty()
        };
        let rulings = story.rulings.iter().filter(|one| is_plain(one)).cloned().collect();
        let order = order.iter().map(|number| &story.notes[*number]).filter(alike).cloned().collect::<Vec<_>>();
        let story = Story { rulings, notes: order.clone(), ..story };
        let (force, budget) = (force_of(&story), Budget::new(bytes, &story.terms));
        let (mut room, mut cuts) = (Room::new(VENUE), Cuts::default());
        for (note, when) in order.iter().zip(when) {
            let asking = room.ranking(story.terms, &force, TODAY).asks(&Facts::of(note));
            if cuts.keep(&asking) && !force.refuses(&Facts::of(note)) {
                room.insert(note.clone());
            }
            if when != 0 {
                room.drop_beyond(story.terms, &force, TODAY, &budget, &mut cuts);
            }
        }
        room.drop_beyond(story.terms, &force, TODAY, &budget, &mut cuts);
        let held = room.notes().map(|held| held.facts.id).collect::<BTreeSet<_>>();
        prop_assert_eq!(held, BTreeSet::from_iter(kept(&room_of(&order), &story, bytes)));
    }
}
