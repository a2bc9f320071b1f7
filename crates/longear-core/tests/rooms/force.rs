//! Decisions in force.

use longear_core::id::LogId;
use longear_core::limits::{CHOICES_MAX, PURGES_PER_DAY_MAX, WRITERS_PER_DAY_MIN};
use longear_core::room::{Decision, DecisionId, Entry, Force, Ground, Ruling, Spot};
use longear_core::status::{Doubt, Objection};
use longear_core::{ItemId, NoteId, Status};

use super::cast::{FIRST_DAY, Writer, force, noon, ruling};

fn note(number: u32) -> NoteId {
    let mut id = [0; 32];
    id[28..].copy_from_slice(&number.to_be_bytes());
    NoteId(id)
}

fn entries(numbers: core::ops::Range<u32>) -> Vec<Entry> {
    numbers.map(|number| Entry(u64::from(number).to_be_bytes())).collect()
}

fn hide(number: u32) -> Decision {
    Decision::Hide { note: note(number), ground: Ground::Rule(1) }
}

fn purge(number: u32) -> Decision {
    let spot = Spot { entry: Entry(u64::from(number).to_be_bytes()), day: FIRST_DAY, slot: 0 };
    Decision::Purge { note: note(number), spot, ground: Ground::PersonalData }
}

fn lift(ruling: &Ruling, index: u8) -> Decision {
    Decision::Lift { item: ruling.item, index }
}

fn purged(force: &Force, numbers: core::ops::Range<u32>) -> Vec<u32> {
    numbers.filter(|number| !force.purges(&note(*number)).is_empty()).collect()
}

#[test]
fn a_lift_takes_one_decision_back_and_cannot_be_lifted() {
    let hiding = ruling(1, 0, noon(0), vec![hide(1), hide(2), hide(2)]);
    let lifting = ruling(2, 0, noon(1), vec![lift(&hiding, 0), lift(&hiding, 1)]);
    let again = ruling(1, 1, noon(2), vec![lift(&lifting, 0)]);
    let force = force(&[again, lifting, hiding.clone()]);
    assert!(force.hides(&note(1)).is_empty());
    let left = force.hides(&note(2));
    assert_eq!(left.len(), 1, "two hid it, one of these was lifted");
    assert_eq!(left[0].decision, DecisionId { item: hiding.item, index: 2 });
}

/// A moderator's key was stolen. The charter that closes the log says where the good items end.
#[test]
fn a_revoked_moderator_has_no_force_left() {
    let mine = ruling(1, 0, noon(0), vec![hide(1), Decision::Tickets(entries(0..3))]);
    let thief = ruling(
        2,
        5,
        noon(0),
        vec![
            lift(&mine, 0),
            hide(9),
            purge(9),
            Decision::Ban { entry: entries(1..2)[0], first_day: 0, ground: Ground::Other },
            Decision::Tickets(entries(10..20)),
            Decision::Pin { note: note(9) },
            Decision::Close,
        ],
    );
    let honest = Force::of([(&mine, Status::Shown)]);
    let with = |status| Force::of([(&mine, Status::Shown), (&thief, status)]);
    assert_ne!(with(Status::Shown), honest);
    assert_eq!(with(Status::Disputed), with(Status::Shown), "a fork hides no decision until a charter settles it");
    for status in [
        Status::Refused(Objection::BeyondClosing),
        Status::Unconfirmed(Doubt::NotLinkedYet),
        Status::Retracted,
        Status::Refused(Objection::WrongRole),
    ] {
        assert_eq!(with(status), honest, "{status:?}");
    }
}

/// They were counted by the day of the item, which a thief makes up: one key could have purged a whole room at once.
#[test]
fn of_one_log_and_day_of_notes_the_first_purges_count_by_their_numbers_and_not_by_their_times() {
    let max = PURGES_PER_DAY_MAX as u32;
    let first = ruling(1, 3, noon(0) + 9, (0..40).map(purge).collect());
    let second = ruling(1, 4, noon(0), (40..80).map(purge).collect());
    let says_another_day = ruling(1, 5, noon(1), vec![purge(90)]);
    let of_next_day = Spot { entry: entries(92..93)[0], day: FIRST_DAY + 1, slot: 0 };
    let of_next_day = Decision::Purge { note: note(92), spot: of_next_day, ground: Ground::PersonalData };
    let of_next_day = ruling(1, 6, noon(1), vec![of_next_day]);
    let other_log = ruling(2, 0, noon(0), vec![purge(91)]);
    let force = force(&[second, says_another_day, of_next_day, other_log, first]);
    assert_eq!(purged(&force, 0..100), (0..max).chain([91, 92]).collect::<Vec<_>>());
}

/// Whoever lifts his own purges must not be able to purge more: words that were dropped once are dropped.
#[test]
fn lifted_purges_use_up_the_share_of_their_day() {
    let first = ruling(1, 0, noon(0), (0..64).map(purge).collect());
    let lifting = ruling(1, 1, noon(0), (0..64).map(|index| lift(&first, index)).collect());
    let second = ruling(1, 2, noon(0), vec![purge(70)]);
    assert!(purged(&force(&[first, lifting, second]), 0..100).is_empty());
}

/// What is chosen is kept before all else: a stolen key must not choose so much that everything else is dropped.
#[test]
fn of_one_log_the_last_pins_and_digests_count_together() {
    let max = CHOICES_MAX as u32;
    let pin = |number| Decision::Pin { note: note(number) };
    let said = Writer::member("Aida").note(0, 0, "chosen").into_inner();
    let digest = Decision::Digest { day: FIRST_DAY, notes: vec![said] };
    let pins = ruling(1, 0, noon(9), (0..max).map(pin).collect());
    let more = ruling(1, 1, noon(0), vec![digest, pin(90), pin(91)]);
    let lifting = ruling(1, 2, noon(1), vec![lift(&more, 2)]);
    let force = force(&[pins, more, lifting, ruling(2, 0, noon(0), vec![pin(92)])]);
    let pinned = (0..100).filter(|number| !force.pins(&note(*number)).is_empty()).collect::<Vec<_>>();
    assert_eq!(pinned, (2..max).chain([90, 92]).collect::<Vec<_>>(), "what is lifted makes room for an older one");
    assert_eq!(force.digests().len(), 1);
}

#[test]
fn writers_are_admitted_up_to_the_share_of_a_day_and_tickets_without() {
    let min = WRITERS_PER_DAY_MIN as u32;
    let writers = |seq, time, numbers| ruling(1, seq, time, vec![Decision::Writers(entries(numbers))]);
    let known = writers(0, noon(0), 0..60);
    let other = ruling(2, 0, noon(0) + 1, vec![Decision::Writers(entries(50..100))]);
    let on_roll = |force: &Force| force.roll().collect::<Vec<_>>();
    let small = force(&[other.clone(), known.clone()]);
    // Ten of the second log's were on the roll; of the others the first come in, as they are listed.
    assert_eq!(on_roll(&small), entries(0..min));
    let tickets = (0..16).map(|part| Decision::Tickets(entries(1_000 + 256 * part..1_256 + 256 * part))).collect();
    let tickets = ruling(3, 0, noon(0) + 2, tickets);
    let later = writers(1, noon(1), 200..300);
    let large = force(&[later, tickets, known, other]);
    let admitted = 4_096 + 64;
    assert_eq!(on_roll(&large).len(), admitted + admitted / 50);
    assert_eq!(large.on_roll_since(&entries(200..201)[0]), Some(FIRST_DAY + 1));
    assert_eq!(large.on_roll_since(&entries(299..300)[0]), None);
}

#[test]
fn an_entry_is_on_the_roll_since_the_first_decision_in_force_that_admits_it() {
    let early = ruling(1, 0, noon(1), vec![Decision::Tickets(entries(1..2))]);
    let late = ruling(2, 0, noon(4), vec![Decision::Tickets(entries(1..3))]);
    let entry = entries(1..2)[0];
    let since = |rulings: &[Ruling]| force(rulings).on_roll_since(&entry).map(|day| day - FIRST_DAY);
    assert_eq!(since(&[late.clone(), early.clone()]), Some(1));
    assert_eq!(since(std::slice::from_ref(&late)), Some(4));
    let force = Force::of([(&late, Status::Shown), (&early, Status::Retracted)]);
    assert_eq!((force.on_roll_since(&entry), force.roll_length(), force.roll().count()), (Some(FIRST_DAY + 4), 2, 2));
}

#[test]
fn of_several_moderators_who_contradict_each_other_all_are_heard() {
    let entry = entries(1..2)[0];
    let ban = |first_day| Decision::Ban { entry, first_day, ground: Ground::Threats };
    let first = ruling(1, 0, noon(3), vec![ban(FIRST_DAY + 8), hide(1), Decision::Pin { note: note(1) }]);
    let second = ruling(2, 0, noon(3), vec![ban(FIRST_DAY + 2), hide(1), Decision::Close]);
    let third = ruling(3, 0, noon(2), vec![Decision::Close, Decision::Pin { note: note(1) }]);
    let force = force(&[first, second.clone(), third]);
    assert!(!force.is_banned(&entry, FIRST_DAY + 1) && force.is_banned(&entry, FIRST_DAY + 2));
    assert_eq!((force.bans(&entry).len(), force.hides(&note(1)).len(), force.pins(&note(1)).len()), (2, 2, 2));
    assert_eq!((force.closed_day(), force.closings().len()), (Some(FIRST_DAY + 2), 2));
    assert!(force.hides(&note(1)).iter().any(|cause| cause.decision.item == second.item));
}

/// Both branches of a fork are visible until a charter chooses one; each log has one share all the same.
#[test]
fn the_branches_of_a_fork_share_the_purges_of_their_day() {
    let one = ruling(1, 0, noon(0), (0..40).map(purge).collect());
    let other = ruling(1, 0, noon(0), (100..140).map(purge).collect());
    let both = Force::of([(&one, Status::Disputed), (&other, Status::Disputed)]);
    assert_eq!(purged(&both, 0..200).len(), PURGES_PER_DAY_MAX);
}

#[test]
fn notes_of_a_digest_that_are_forged_are_left_out() {
    let writer = Writer::member("Aida");
    let good = writer.note(0, 0, "good").into_inner();
    let mut forged = writer.note(0, 1, "forged").into_inner();
    forged.text = "changed".to_owned();
    let digest = ruling(1, 0, noon(1), vec![Decision::Digest { day: FIRST_DAY, notes: vec![forged, good.clone()] }]);
    let force = force(&[digest]);
    assert_eq!(force.digests().len(), 1);
    assert_eq!(force.digests()[0].notes.iter().map(|note| note.id()).collect::<Vec<_>>(), [good.id()]);
}

/// A room of the size that this is made for, after years: it has to be looked through with each new item.
#[test]
fn a_large_roll_and_many_hides_are_no_burden() {
    let mut rulings = Vec::new();
    for part in 0..782_u32 {
        let batch = Decision::Tickets(entries(256 * part..256 * (part + 1)));
        rulings.push(ruling(1, u64::from(part), noon(part / 50), vec![batch]));
    }
    for part in 0..40_u32 {
        let hides = (250 * part..250 * (part + 1)).map(hide).collect();
        rulings.push(ruling(2, u64::from(part), noon(part), hides));
    }
    let begun = std::time::Instant::now();
    let force = force(&rulings);
    println!("200,192 entries and 10,000 hides: {:?}", begun.elapsed());
    assert_eq!(force.roll_length(), 782 * 256);
    assert!((0..10_000).all(|number| force.hides(&note(number)).len() == 1));
    assert!(begun.elapsed().as_secs() < 20, "a look at all of them took {:?}", begun.elapsed());
}

#[test]
fn decisions_about_another_room_are_nothing_here() {
    use longear_core::room::{Decisions, Endorsements, Venue};
    let other = longear_core::RoomId([9; 32]);
    let decisions = Decisions { room: other, list: vec![Decision::Close] };
    let header = longear_core::Header {
        kind: longear_core::Kind::Moderation,
        log: LogId([1; 16]),
        seq: 0,
        time: noon(0),
        expiry: 0,
        payload_length: 0,
        payload_hash: [0; 32],
        previous: ItemId::NONE,
        extensions: Vec::new(),
    };
    let rule = |room| {
        let venue = Venue { room, first_day: FIRST_DAY };
        Ruling::new(&venue, ItemId([3; 32]), &header, decisions.clone(), &mut Endorsements::default())
    };
    assert!(rule(super::cast::ROOM).is_none() && rule(other).is_some());
}
