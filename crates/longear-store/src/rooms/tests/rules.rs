//! Purge, retention and budget.

use std::path::Path;

use longear_core::id::LogId;
use longear_core::room::{Admission, Budget, Cuts, Decision, Decisions, Force, Ground, Ruling, Spot, Terms};
use longear_core::{Header, ItemId, Kind, Status};

use super::*;

const TERMS: Terms = Terms { admission: Admission::Open, notes_per_day: 2, retention_days: 1 };

fn ruling(seq: u64, list: Vec<Decision>) -> Ruling {
    let item = ItemId(longear_core::hash::labelled("item", &[&seq.to_le_bytes()]));
    let header = Header {
        kind: Kind::Moderation,
        log: LogId([1; 16]),
        seq,
        time: u64::from(FIRST_DAY) * DAY_MS + seq,
        expiry: 0,
        payload_length: 0,
        payload_hash: [0; 32],
        previous: ItemId::NONE,
        extensions: Vec::new(),
    };
    Ruling::new(&VENUE, item, &header, Decisions { room: ROOM, list }, &mut Endorsements::default()).unwrap()
}

fn force(rulings: &[Ruling]) -> Arc<Force> {
    Arc::new(Force::of(rulings.iter().map(|ruling| (ruling, Status::Shown))))
}

fn purge(note: &Note) -> Decision {
    let spot = Spot { entry: note.entry(), day: note.day(), slot: note.slot };
    Decision::Purge { note: note.id(), spot, ground: Ground::PersonalData }
}

fn rules(force: Arc<Force>, bytes: u64) -> Rules {
    let budget = Budget::new(bytes, &TERMS);
    Rules { terms: TERMS, force, budget, today: FIRST_DAY + 9, surely_today: None }
}

const PLENTY: u64 = 1 << 40;

#[test]
fn what_is_purged_goes_and_does_not_come_again_until_the_purge_is_lifted() {
    let room = room();
    let (one, other) = (signed(1, draft(0, 1, "one")), signed(1, draft(0, 1, "other")));
    let (smaller, larger) = if one.id() < other.id() { (one, other) } else { (other, one) };
    room.take_in([smaller.clone(), signed(2, draft(0, 1, "stays"))]).unwrap();
    let first = ruling(0, vec![purge(&smaller)]);
    assert_eq!(room.follow(rules(force(std::slice::from_ref(&first)), PLENTY)).unwrap().purged, 1);
    assert_eq!(texts(&all(&room)), ["stays"]);
    let taken = room.take_in([smaller.clone(), larger.clone()]).unwrap();
    assert_eq!((taken.purged, taken.new), (2, 0), "the place is the purged note's");
    assert_sound(&room);

    let lift = ruling(1, vec![Decision::Lift { item: first.item, index: 0 }]);
    room.follow(rules(force(&[first, lift]), PLENTY)).unwrap();
    assert_eq!(room.take_in([larger, smaller]).unwrap().new, 1);
}

fn holds(folder: &Path, words: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(words.len()).any(|window| window == words.as_bytes())
    })
}

#[test]
fn purged_words_are_in_no_file_any_more() {
    let home = tempfile::tempdir().unwrap();
    let room = Rooms::open(home.path()).room(&VENUE).unwrap();
    let secret = signed(1, draft(0, 1, "Zhurtbaeva lives at Qarasajtauova"));
    let others = (2..200).map(|n| signed(n, draft(0, u64::from(n), &format!("words of somebody else {n}"))));
    room.take_in(std::iter::once(secret.clone()).chain(others)).unwrap();
    // So that the index has been rewritten since, and pages were given free.
    for day in 0..20 {
        room.take_in((0..99).map(|n| signed(n, draft(1, DAY_MS * day + u64::from(n), &format!("more {n} {day}")))))
            .unwrap();
    }
    assert!(holds(home.path(), "Qarasajtauova") && holds(home.path(), "arasajtauova"));
    room.follow(rules(force(&[ruling(0, vec![purge(&secret)])]), PLENTY)).unwrap();
    for words in ["Qarasajtauova", "arasajtau", "hurtbaeva", "zhurtb"] {
        assert!(!holds(home.path(), words), "{words}");
    }
    assert_sound(&room);
    assert_eq!(all(&room).len(), 198 + 20 * 99);
}

#[test]
fn days_that_are_over_are_dropped_and_not_taken() {
    let room = room();
    let of_day = |day: u64| signed(1, draft(0, day * DAY_MS, &format!("day {day}")));
    room.take_in((0..5).map(of_day)).unwrap();
    let mut rules = rules(Arc::default(), PLENTY);
    assert_eq!(room.follow(rules.clone()).unwrap(), Dropped::default(), "one clock alone drops nothing");
    rules.surely_today = Some(FIRST_DAY + 3);
    assert_eq!(room.follow(rules).unwrap().old, 2);
    assert_eq!(texts(&all(&room)), ["day 2", "day 3", "day 4"]);
    assert_eq!(room.take_in([of_day(1), of_day(2)]).unwrap(), TakenIn { old: 1, known: 1, ..TakenIn::default() });
    assert_eq!(room.days().unwrap().len(), 3);
    assert_sound(&room);
}

/// Two writers are on the roll, one is banned, a note that answers nothing is pinned: who was chosen as somebody's ancestor is
/// known only while all between are held.
fn some_force(notes: &[Verified<Note>]) -> Arc<Force> {
    let entry = |number| signed(number, draft(0, 0, "entry")).entry();
    let mut roll = vec![entry(0), entry(1)];
    roll.sort_unstable();
    let pinned = notes.iter().filter(|note| note.parent.is_none()).map(|note| note.id()).min().unwrap();
    let ban = Decision::Ban { entry: entry(1), first_day: FIRST_DAY + 2, ground: Ground::Other };
    force(&[ruling(0, vec![Decision::Writers(roll), ban, Decision::Pin { note: pinned }])])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_full_room_keeps_what_a_copy_in_memory_keeps(
        notes in some_notes(),
        order in any::<u64>(),
        at_once in 1..9_usize,
        bytes in 0..14_000_u64,
        today in 0..4_u32,
    ) {
        let rules = Rules { today: FIRST_DAY + today, ..rules(some_force(&notes), bytes) };
        let mut expected = longear_core::room::Room::new(VENUE);
        for note in &notes {
            expected.insert(note.clone());
        }
        expected.drop_beyond(TERMS, &rules.force, rules.today, &rules.budget, &mut Cuts::default());
        let expected = expected.notes().map(|held| held.facts.id).collect::<BTreeSet<_>>();

        // One note for each place: of two that take turns in a place that is at the end of a budget, which of them comes last
        // decides until the next sync.
        let mut places = BTreeSet::new();
        let mut shuffled = notes.clone();
        shuffled.sort_by_key(|note| (note.what == What::Words, note.id()));
        shuffled.retain(|note| places.insert((note.entry(), note.day(), note.what == What::Flag, note.slot)));
        shuffled.sort_by_key(|note| longear_core::hash::labelled("order", &[&order.to_le_bytes(), &note.id().0]));
        let room = room();
        room.follow(rules.clone()).unwrap();
        for batch in shuffled.chunks(at_once) {
            room.take_in(batch.iter().cloned()).unwrap();
        }
        let held = room.days().unwrap().iter().flat_map(|day| room.ids_of_day(day.day).unwrap()).collect::<BTreeSet<_>>();
        prop_assert_eq!(held, expected);
        prop_assert_eq!(room.check().unwrap().findings, []);
        prop_assert_eq!(room.follow(rules).unwrap(), Dropped::default());
    }
}

#[test]
fn a_day_is_sent_by_rank() {
    let room = room();
    let member = signed(0, draft(1, 5, "second of a member"));
    let stranger = signed(7, draft(0, 5, "stranger"));
    let first = signed(0, draft(0, 9, "first of a member"));
    room.take_in([&member, &stranger, &first].map(Clone::clone)).unwrap();
    room.follow(rules(force(&[ruling(0, vec![Decision::Writers(vec![first.entry()])])]), PLENTY)).unwrap();
    let ranked = room.ranked_of_day(FIRST_DAY).unwrap().into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(ranked, [first.id(), member.id(), stranger.id()]);
}

/// A full room dropped a parent and then those who answered it, by the time at which they had been shown: they had fallen
/// meanwhile, and stayed in the order of the room without being in the room.
#[test]
fn who_falls_with_a_parent_is_dropped_whole() {
    let room = room();
    let parent = signed(1, draft(0, 5_000, "parent"));
    let answer = signed(2, NoteDraft { parent: Some(parent.id()), ..draft(1, 10, "answer") });
    room.take_in([parent, answer]).unwrap();
    assert_eq!(room.follow(rules(Arc::default(), 0)).unwrap().over_budget, 2);
    assert_eq!(all(&room), []);
    assert_sound(&room);
}
