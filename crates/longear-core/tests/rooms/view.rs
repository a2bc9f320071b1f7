//! What readers and moderators see.

use longear_core::room::{
    Admission, Budget, Decision, Facts, Fate, Ground, Membership, NoteDraft, NoteState, Rank, Room, Terms, View,
};
use longear_core::{Note, NoteId, Verified};

use super::cast::{FIRST_DAY, OPEN, TERMS, VENUE, Writer, force, noon, roll_of, room_of, ruling};

fn state_of(view: &View, note: &NoteId) -> Option<NoteState> {
    view.lines().iter().find(|line| line.facts.id == *note).map(|line| line.state)
}

fn writers<const N: usize>() -> [Writer; N] {
    core::array::from_fn(|number| Writer::member(&format!("writer {number}")))
}

#[test]
fn of_two_notes_of_a_place_the_smaller_stands_and_a_taking_back_before_both() {
    let [writer] = writers();
    let mut words = [writer.note(0, 0, "one"), writer.note(0, 0, "other")];
    words.sort_by_key(|note| note.id());
    let back = writer.takes_back(0, 0);
    let mut room = Room::new(VENUE);
    assert_eq!(room.insert(words[1].clone()), Fate::Taken);
    assert_eq!(room.insert(words[0].clone()), Fate::Replaced(words[1].id()));
    assert_eq!(room.insert(words[1].clone()), Fate::Beaten);
    assert_eq!(room.insert(back.clone()), Fate::Replaced(words[0].id()));
    assert_eq!(room.insert(words[0].clone()), Fate::Beaten);
    assert!(room.note(&words[0].id()).is_none() && room.note(&back.id()).is_some());
    // Flags, other slots and other days have places of their own.
    for other in [writer.flag(back.id(), 0, 0), writer.note(0, 1, "one"), writer.note(1, 0, "one")] {
        assert_eq!(room.insert(other), Fate::Taken);
    }
}

#[test]
fn the_first_reason_counts() {
    let [writer, stranger] = writers();
    let note = writer.note(2, 0, "words");
    let facts = Facts::of(&note);
    let roll = roll_of([&writer]);
    let hide = Decision::Hide { note: facts.id, ground: Ground::Rule(2) };
    let ban = Decision::Ban { entry: facts.entry(), first_day: facts.day(), ground: Ground::Threats };
    let ban_later = Decision::Ban { entry: facts.entry(), first_day: facts.day() + 1, ground: Ground::Threats };
    let purge = Decision::Purge { note: facts.id, spot: facts.spot, ground: Ground::Other };
    let state = |list: Vec<Decision>, day| {
        let rulings = [Some(roll.clone()), (!list.is_empty()).then(|| ruling(1, 1, noon(day), list))];
        let force = force(&rulings.into_iter().flatten().collect::<Vec<_>>());
        TERMS.state(&force, &facts, facts.floor_ms, noon(3))
    };
    assert_eq!(state(vec![], 0), NoteState::Shown);
    assert_eq!(state(vec![ban_later], 0), NoteState::Shown);
    assert_eq!(state(vec![hide.clone()], 0), NoteState::Hidden);
    assert_eq!(state(vec![hide.clone(), ban.clone()], 0), NoteState::Banned);
    assert_eq!(state(vec![ban.clone(), Decision::Close], 2), NoteState::Banned, "said on the last day");
    assert_eq!(state(vec![hide, ban.clone(), Decision::Close], 1), NoteState::Waiting);
    assert_eq!(state(vec![ban, Decision::Close, purge], 1), NoteState::Purged);
    let outsider = Facts::of(&stranger.note(2, 0, "words"));
    assert_eq!(TERMS.state(&force(&[roll]), &outsider, outsider.floor_ms, noon(3)), NoteState::Beyond);
}

#[test]
fn how_much_somebody_may_write_depends_on_the_roll() {
    let [member] = writers();
    let stranger = Writer::stranger("stranger");
    let no_roll = force(&[]);
    let roll = force(&[roll_of([&member])]);
    let shown = |terms: Terms, force, writer: &Writer| {
        let slots = (0..64).map(|slot| Facts::of(&writer.note(0, slot, "words")));
        let is_shown = |facts: &Facts| terms.state(force, facts, facts.floor_ms, noon(1)) == NoteState::Shown;
        slots.filter(is_shown).count()
    };
    let one = Terms { notes_per_day: 1, ..OPEN };
    assert_eq!((shown(OPEN, &no_roll, &stranger), shown(OPEN, &no_roll, &member)), (4, 4));
    assert_eq!((shown(OPEN, &roll, &stranger), shown(OPEN, &roll, &member)), (3, 4));
    assert_eq!((shown(TERMS, &roll, &stranger), shown(TERMS, &roll, &member)), (0, 4));
    assert_eq!((shown(TERMS, &no_roll, &stranger), shown(TERMS, &no_roll, &member)), (0, 0));
    assert_eq!(
        (shown(one, &roll, &stranger), shown(one, &roll, &member)),
        (1, 1),
        "the lane is no wider than the road"
    );
    assert_eq!(OPEN.membership(&roll, &stranger.entry()), Membership::Stranger);
    assert_eq!(TERMS.membership(&roll, &stranger.entry()), Membership::Outsider);
    assert_eq!(OPEN.admission, Admission::Open);
}

#[test]
fn flags_count_once_for_each_entry_of_the_roll() {
    let [author, one, other, banned] = writers();
    let stranger = Writer::stranger("stranger");
    let [note, quiet] = [author.note(0, 0, "flagged"), author.note(0, 1, "not flagged")];
    let hidden = author.note(0, 2, "hidden already");
    let flags = [
        one.flag(note.id(), 0, 0),
        one.flag(note.id(), 0, 15),
        one.flag(note.id(), 1, 0),
        other.flag(note.id(), 0, 0),
        banned.flag(note.id(), 0, 0),
        stranger.flag(note.id(), 0, 0),
        stranger.flag(quiet.id(), 0, 1),
        one.flag(hidden.id(), 0, 2),
    ];
    let decisions = vec![
        Decision::Ban { entry: banned.entry(), first_day: 0, ground: Ground::Other },
        Decision::Hide { note: hidden.id(), ground: Ground::Other },
    ];
    let with_roll = force(&[roll_of([&author, &one, &other, &banned]), ruling(2, 0, noon(0), decisions)]);
    let room = room_of(flags.iter().chain([&note, &quiet, &hidden]));
    let counts = |force| {
        let view = View::of(&room, OPEN, force, noon(1));
        let of = |id| view.lines().iter().find(|line| line.facts.id == id).map(|line| line.flags);
        (of(note.id()), of(quiet.id()), view.queue().iter().map(|line| line.facts.id).collect::<Vec<_>>())
    };
    assert_eq!(counts(&with_roll), (Some(2), Some(0), vec![note.id()]));
    let (of_note, of_quiet, queue) = counts(&force(&[]));
    assert_eq!((of_note, of_quiet), (Some(4), Some(1)), "without a roll everybody counts");
    assert_eq!(queue[0], note.id());
}

#[test]
fn ranks_follow_the_table() {
    let [a, b] = writers();
    let stranger = Writer::stranger("stranger");
    let pinned_parent = b.note(0, 3, "what the pinned note answers");
    let pinned = a.answer(pinned_parent.id(), 1, 3);
    let far = a.sign(NoteDraft { what: longear_core::room::What::TakenBack, ..a.draft(0, 2, "") });
    let order = [
        pinned.clone(),
        pinned_parent.clone(),
        a.note(2, 0, "slot 0 of the newest day"),
        a.note(1, 0, "slot 0 of the day before"),
        a.flag(pinned.id(), 2, 0),
        b.note(2, 1, "slot 1"),
        far,
        a.note(0, 2, "words of the place that was taken back"),
        stranger.note(1, 0, "a stranger's first, newest day"),
        stranger.note(0, 0, "a stranger's first"),
        stranger.note(1, 2, "a stranger's third"),
        stranger.note(1, 3, "a stranger's fourth is beyond"),
        a.note(9, 0, "dated ahead").clone(),
    ];
    let force = force(&[roll_of([&a, &b]), ruling(1, 1, noon(0), vec![Decision::Pin { note: pinned.id() }])]);
    let room = room_of(&order);
    let ranking = room.ranking(OPEN, &force, FIRST_DAY + 2);
    let ranks = order.iter().map(|note| ranking.rank(&Facts::of(note)).0).collect::<Vec<_>>();
    let classes = ranks.iter().map(Rank::class).collect::<Vec<_>>();
    assert_eq!(classes, [0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3]);
    // Among class 3 the day decides nothing between the slots of different days; all others stand as listed.
    assert!(ranks[..12].windows(2).all(|pair| pair[0] < pair[1]), "{ranks:#?}");
    for pair in ranks.windows(2) {
        assert_eq!(pair[0].cmp(&pair[1]), pair[0].to_bytes().cmp(&pair[1].to_bytes()));
    }
    assert!(ranks.iter().zip(&order).all(|(rank, note)| rank.note() == note.id()));
}

/// Somebody who wants to be heard by strangers tries stamps; a member need not.
#[test]
fn a_stamp_decides_between_strangers_only() {
    let tried = |writer: &Writer| {
        let draft = writer.draft(0, 0, "stamped");
        let mut tries = (0..256).map(|stamp| writer.sign(NoteDraft { stamp, ..draft.clone() })).collect::<Vec<_>>();
        tries.sort_by_key(|note| core::cmp::Reverse(Facts::of(note).stamp_bits()));
        [tries[0].clone(), tries[255].clone()]
    };
    let [member] = writers();
    let force = force(&[roll_of([&member])]);
    let room = Room::new(VENUE);
    let ranking = room.ranking(OPEN, &force, FIRST_DAY);
    let rank = |note: &Verified<Note>| ranking.rank(&Facts::of(note)).0;
    let [good, bad] = tried(&Writer::stranger("stranger"));
    let [plain, other] = [tried(&Writer::stranger("one"))[1].clone(), tried(&Writer::stranger("two"))[1].clone()];
    assert!(Facts::of(&good).stamp_bits() >= 4 && Facts::of(&bad).stamp_bits() == 0);
    assert!(rank(&good) < rank(&plain) && rank(&good) < rank(&other) && rank(&good) < rank(&bad));
    assert!(rank(&tried(&member)[1]) < rank(&good));
}

#[test]
fn what_is_too_old_is_dropped_by_the_day_of_the_earlier_clock() {
    let [writer] = writers();
    let notes = [0, 1, 2].map(|day| writer.note(day, 0, "words"));
    let force = force(&[roll_of([&writer])]);
    let left = |today: Option<u32>| {
        let mut room = room_of(&notes);
        let dropped = room.drop_purged_and_old(TERMS, &force, today.map(|day| FIRST_DAY + day));
        assert_eq!(dropped + room.len(), 3);
        room.len()
    };
    assert_eq!([Some(0), Some(30), Some(31), Some(33), None].map(left), [3, 3, 2, 0, 3]);
}

#[test]
fn a_budget_has_a_part_for_the_roll_and_a_part_for_each_day() {
    let budget = Budget::new(1_000_000, &TERMS);
    assert_eq!((budget.main_bytes, budget.shares_bytes, budget.day_bytes), (900_000, 800_000, 3_030));
    assert_eq!([0, 1, 3].map(|roll| budget.share_bytes(roll)), [799_488, 799_488, 266_154]);
    let largest = Budget::new(u64::MAX, &TERMS);
    assert!(largest.main_bytes > u64::MAX / 2 && largest.main_bytes < u64::MAX);
}

#[test]
fn a_digest_is_suggested_of_what_most_members_answered() {
    let [asked, other, a, b, c, d] = writers();
    let stranger = Writer::stranger("stranger");
    let question = asked.note(0, 0, "what many answer");
    let second = asked.note(0, 1, "what many answer, of the same writer");
    let small = other.note(0, 0, "what one answers");
    let lonely = b.note(0, 0, "what only its writer and a stranger answer");
    let reply = a.answer(question.id(), 0, 0);
    let notes = [
        question.clone(),
        second.clone(),
        small.clone(),
        lonely.clone(),
        reply.clone(),
        b.answer(question.id(), 0, 1),
        c.answer(question.id(), 0, 1),
        c.answer(reply.id(), 0, 2),
        a.answer(second.id(), 0, 1),
        b.answer(second.id(), 0, 2),
        d.answer(small.id(), 0, 0),
        b.answer(lonely.id(), 0, 3),
        stranger.answer(lonely.id(), 0, 0),
        stranger.answer(lonely.id(), 0, 1),
    ];
    let force = force(&[roll_of([&asked, &other, &a, &b, &c, &d])]);
    let room = room_of(&notes);
    let view = View::of(&room, OPEN, &force, noon(1));
    assert_eq!(view.digest_suggestions(&room, FIRST_DAY), [question.id(), small.id()]);
    assert!(view.digest_suggestions(&room, FIRST_DAY + 1).is_empty());
    let replies = view.lines().iter().find(|line| line.facts.id == question.id()).map(|line| line.replies);
    assert_eq!(replies, Some(3));
}

#[test]
fn a_thread_comes_into_a_digest_with_what_it_answers_and_never_with_what_is_hidden() {
    let [a, b, c] = writers();
    let root = a.note(0, 0, "root");
    let answer = b.answer(root.id(), 1, 0);
    let notes = [root.clone(), answer.clone(), c.answer(answer.id(), 1, 0), c.answer(answer.id(), 1, 1)];
    let room = room_of(&notes);
    let suggested = |list: Vec<Decision>| {
        let mut rulings = vec![roll_of([&a, &b, &c])];
        rulings.extend((!list.is_empty()).then(|| ruling(2, 0, noon(0), list)));
        View::of(&room, TERMS, &force(&rulings), noon(2)).digest_suggestions(&room, FIRST_DAY + 1)
    };
    assert_eq!(suggested(vec![]), [root.id(), answer.id()]);
    assert!(suggested(vec![Decision::Hide { note: root.id(), ground: Ground::Rule(1) }]).is_empty());
    assert_eq!(
        state_of(&View::of(&room, TERMS, &force(&[roll_of([&a])]), noon(2)), &answer.id()),
        Some(NoteState::Beyond)
    );
}

/// Somebody answers himself ten thousand times: a look at the room must not fall over that.
#[test]
fn a_thread_of_ten_thousand_answers_is_a_thread() {
    let [writer] = writers();
    let (mut room, mut last) = (Room::new(VENUE), None);
    for number in 0..10_000_u32 {
        let draft = NoteDraft { parent: last, ..writer.draft(number / 64, (number % 64) as u8, "again") };
        let note = writer.sign(draft);
        last = Some(note.id());
        room.insert(note);
    }
    let decisions = vec![Decision::Pin { note: last.unwrap() }];
    let force = force(&[roll_of([&writer]), ruling(2, 0, noon(0), decisions)]);
    let view = View::of(&room, TERMS, &force, noon(200));
    assert_eq!(view.lines().len(), 10_000);
    assert!(view.lines().windows(2).all(|pair| pair[0].shown_ms <= pair[1].shown_ms));
    let ranking = room.ranking(TERMS, &force, FIRST_DAY + 200);
    let first = room.notes().filter(|held| ranking.rank(&held.facts).0.class() == 0).count();
    assert_eq!(first, 25, "a pinned note, and 24 steps up");
}

/// What a purged note answered is known only to those who had it. If anything depended on that, copies would differ for good.
#[test]
fn nothing_depends_on_what_a_purged_note_answered() {
    let [a, b, c] = writers();
    let root = a.note(3, 0, "root");
    let middle = b.answer(root.id(), 3, 0);
    let pinned = c.answer(middle.id(), 1, 0);
    let facts = Facts::of(&middle);
    let purge = Decision::Purge { note: facts.id, spot: facts.spot, ground: Ground::Other };
    let decisions = vec![purge, Decision::Pin { note: pinned.id() }];
    let force = force(&[roll_of([&a, &b, &c]), ruling(2, 0, noon(0), decisions)]);
    for notes in [vec![&root, &middle, &pinned], vec![&root, &pinned]] {
        let room = room_of(notes);
        let view = View::of(&room, TERMS, &force, noon(4));
        let shown = view.lines().iter().map(|line| (line.facts.id, line.shown_ms)).collect::<Vec<_>>();
        assert_eq!(shown, [(pinned.id(), noon(1)), (root.id(), noon(3))]);
        let ranking = room.ranking(TERMS, &force, FIRST_DAY + 4);
        let classes = [&pinned, &root].map(|note| ranking.rank(&Facts::of(note)).0.class());
        assert_eq!(classes, [0, 1]);
    }
}
