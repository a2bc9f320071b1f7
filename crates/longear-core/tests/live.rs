//! Broadcasts: forms, chains, and what counts of what contradicts.
#![allow(clippy::unwrap_used)]

use longear_core::limits::{
    CHAPTER_BYTES_MAX, CHAPTERS_MAX, EDGE_BYTES_MAX, EDGE_TICKS_MAX, ROLL_UP_CHAPTERS_MAX, ROLL_UP_TICKS_MAX,
    SEGMENT_BYTES_MAX, TICK_SEGMENTS_MAX, TICKS_MAX,
};
use longear_core::live::{
    Beat, Chapter, FRESH_MS_MAX, Medium, Part, Phase, SPACE_MS_MAX, Timeline, is_rendition_name, spans,
};
use longear_core::{
    ChannelId, Class, Edge, Groups, Opening, Origin, Reason, RollUp, SecretKey, Segment, Session, StreamId, Tick,
    Variant, verify,
};

const STREAM: StreamId = StreamId([3; 16]);
const CHANNEL: ChannelId = ChannelId([1; 32]);
const UNTIL: u64 = 1_000_000;

fn key() -> SecretKey {
    SecretKey::from_seed([7; 32])
}

fn opening() -> Opening {
    let variant =
        Variant { language: "en".into(), origin: Origin::Original, title: "Town meeting".into(), body: String::new() };
    Opening { stream: STREAM, key: key().public(), until: UNTIL, variants: vec![variant] }
}

fn session() -> Session {
    opening().session(CHANNEL)
}

fn segment(name: &str, number: u64) -> Segment {
    let medium = if name == "audio" { Medium::Sound } else { Medium::Picture(360) };
    let blob = *longear_core::blob::BlobHash::of(format!("{name} {number}").as_bytes()).as_bytes();
    let start_ms = number * 1_000;
    Segment {
        name: name.into(),
        medium,
        start_ms,
        duration_ms: 1_000,
        init: [8; 32],
        init_size: 700,
        blob,
        size: 9_000,
        groups: Vec::new(),
    }
}

fn unsigned(seq: u64, previous: [u8; 32]) -> Tick {
    let segments = vec![segment("audio", seq), segment("360p", seq)];
    Tick { stream: STREAM, seq, time: 500_000 + seq * 1_000, previous, segments, signature: [0; 64] }
}

/// Ticks `0..count`, each naming the one before.
fn chain(count: u64) -> Vec<Tick> {
    let mut ticks = Vec::<Tick>::new();
    for seq in 0..count {
        let previous = ticks.last().map_or([0; 32], Tick::hash);
        ticks.push(unsigned(seq, previous).sign(&CHANNEL, &key()));
    }
    ticks
}

fn edge(ticks: &[Tick]) -> Edge {
    let mut edge = Edge::empty(CHANNEL, STREAM);
    ticks.iter().for_each(|tick| edge.push(verify(&session(), tick.clone()).unwrap()).unwrap());
    edge
}

fn roll_up(ticks: &[Tick], is_last: bool) -> RollUp {
    let first = ticks.first().map_or(0, |tick| tick.seq);
    RollUp { stream: STREAM, first, is_last, beats: ticks.iter().map(Beat::of).collect(), chapters: Vec::new() }
}

#[test]
fn every_form_has_one_encoding() {
    let opening = opening();
    assert_eq!(Opening::decode(&opening.encode()), Ok(opening.clone()));
    let mut tick = unsigned(5, [9; 32]);
    tick.segments[1].size = 3 << 20;
    tick.segments[1].groups = vec![[1; 32], [2; 32], [3; 32]];
    let tick = tick.sign(&CHANNEL, &key());
    assert_eq!(Tick::decode(&tick.encode()), Ok(tick.clone()));
    let roll_up = roll_up(&[tick], true);
    assert_eq!(RollUp::decode(&roll_up.encode()), Ok(roll_up.clone()));
    assert_eq!(roll_up.end(), 6);
    let edge = edge(&chain(3));
    assert_eq!(Edge::decode(&session(), &edge.encode()), Ok(edge.clone()));
    for bytes in [opening.encode(), roll_up.encode(), edge.encode()] {
        let decode = |bytes: &[u8]| {
            Opening::decode(bytes).is_ok() || RollUp::decode(bytes).is_ok() || Edge::decode(&session(), bytes).is_ok()
        };
        assert!(decode(&bytes));
        assert!((0..bytes.len()).all(|end| !decode(&bytes[..end])), "cut off");
        assert!(!decode(&[&bytes[..], &[0]].concat()), "something behind it");
    }
}

#[test]
fn limits_and_values_are_held() {
    let changed = |change: &dyn Fn(&mut Tick)| {
        let mut tick = unsigned(5, [9; 32]);
        change(&mut tick);
        Tick::decode(&tick.encode()).err()
    };
    let bad = |what| Some(Reason::BadValue { what });
    assert_eq!(changed(&|_| ()), None);
    assert_eq!(changed(&|tick| tick.segments.clear()), bad("number of segments"));
    assert_eq!(
        changed(&|tick| tick.segments[1].name = "audio".into()),
        Some(Reason::NotCanonical { what: "segments" })
    );
    let many = |count: usize| {
        changed(&|tick| tick.segments = (0..count).map(|index| segment(&format!("r{index}"), 0)).collect())
    };
    assert_eq!(many(TICK_SEGMENTS_MAX), None);
    assert_eq!(many(TICK_SEGMENTS_MAX + 1), Some(Reason::TooMany { what: "segments", max: TICK_SEGMENTS_MAX }));
    assert_eq!(changed(&|tick| tick.seq = 0), bad("previous tick"), "the first one has none before it");
    assert_eq!(changed(&|tick| tick.previous = [0; 32]), bad("previous tick"), "the others have");
    assert_eq!(changed(&|tick| tick.seq = TICKS_MAX), bad("tick number"));
    assert_eq!(changed(&|tick| tick.seq = TICKS_MAX - 1), None);
    assert_eq!(changed(&|tick| tick.segments[0].name = "../x".into()), bad("rendition name"));
    assert_eq!(changed(&|tick| tick.segments[0].duration_ms = 0), bad("duration"));
    assert_eq!(changed(&|tick| tick.segments[0].duration_ms = 30_001), bad("duration"));
    assert_eq!(changed(&|tick| tick.segments[0].duration_ms = 30_000), None);
    assert_eq!(changed(&|tick| tick.segments[0].init_size = 0), bad("initialisation size"));
    assert_eq!(changed(&|tick| tick.segments[0].init_size = 65_537), bad("initialisation size"));
    assert_eq!(changed(&|tick| tick.segments[0].size = 0), bad("segment size"));
    assert_eq!(changed(&|tick| tick.segments[0].size = SEGMENT_BYTES_MAX as u32 + 1), bad("segment size"));
    let whole = |tick: &mut Tick| {
        tick.segments[0].size = SEGMENT_BYTES_MAX as u32;
        tick.segments[0].groups = vec![[4; 32]; 16];
    };
    assert_eq!(changed(&whole), None);
    // Sound has no height.
    let tall = unsigned(5, [9; 32]).encode();
    let at = tall.windows(5).position(|piece| piece == b"audio").unwrap() + 5;
    assert_eq!(tall[at..at + 3], [1, 0, 0]);
    for medium in [[1, 1, 0], [0, 0, 0], [3, 0, 0]] {
        let mut changed = tall.clone();
        changed[at..at + 3].copy_from_slice(&medium);
        assert_eq!(Tick::decode(&changed).err(), bad("medium"), "{medium:?}");
    }
}

#[test]
fn a_broadcast_is_called_by_its_bytes() {
    let stream = StreamId(*b"\0\x01\x0f\x10stream \xfe\xff456");
    assert_eq!(stream.to_string(), "00010f1073747265616d20feff343536");
    assert_eq!(format!("{stream:?}"), "StreamId(00010f1073747265616d20feff343536)");
}

#[test]
fn names_of_renditions_are_plain() {
    for good in ["audio", "360p", "a", "low-144p", "abcdefghijklmnop"] {
        assert!(is_rendition_name(good), "{good}");
    }
    for bad in ["", "Audio", "a b", "..", "a/b", "a.b", "abcdefghijklmnopq", "дыбыс"] {
        assert!(!is_rendition_name(bad), "{bad}");
    }
}

#[test]
fn roll_ups_are_held_to_their_limits() {
    let ticks = chain(2);
    let changed = |change: &dyn Fn(&mut RollUp)| {
        let mut roll_up = roll_up(&ticks, false);
        change(&mut roll_up);
        RollUp::decode(&roll_up.encode()).err()
    };
    assert_eq!(changed(&|_| ()), None);
    assert_eq!(changed(&|roll_up| roll_up.beats.clear()), Some(Reason::BadValue { what: "number of ticks" }));
    // The end alone may be said.
    let end = |roll_up: &mut RollUp| {
        roll_up.beats.clear();
        roll_up.is_last = true;
    };
    assert_eq!(changed(&end), None);
    let short = Beat { time: 1, segments: vec![segment("a", 0)] };
    assert_eq!(changed(&|roll_up| roll_up.beats = vec![short.clone(); ROLL_UP_TICKS_MAX]), None);
    let long = changed(&|roll_up| roll_up.beats = vec![short.clone(); ROLL_UP_TICKS_MAX + 1]);
    assert_eq!(long, Some(Reason::TooMany { what: "ticks", max: ROLL_UP_TICKS_MAX }));
    assert_eq!(changed(&|roll_up| roll_up.first = TICKS_MAX - 2), None);
    assert_eq!(changed(&|roll_up| roll_up.first = TICKS_MAX - 1), Some(Reason::BadValue { what: "number of ticks" }));
    assert_eq!(changed(&|roll_up| roll_up.first = TICKS_MAX), Some(Reason::BadValue { what: "tick number" }));
    let bytes = roll_up(&ticks, false).encode();
    let mut other = bytes.clone();
    other[25] = 2;
    assert_eq!(RollUp::decode(&other), Err(Reason::BadValue { what: "end" }));
    let too_long = [bytes, vec![0; 70_000]].concat();
    assert!(matches!(RollUp::decode(&too_long), Err(Reason::TooLong { what: "payload", .. })));
    assert!(matches!(Opening::decode(&too_long), Err(Reason::TooLong { what: "payload", .. })));
}

#[test]
fn a_roll_up_may_be_full_to_its_last_byte() {
    let beat = |segments: &[(&str, usize)]| Beat { time: 1, segments: grouped(segments, 0) };
    let mut full =
        RollUp { stream: STREAM, first: 0, is_last: false, beats: vec![beat(&WIDE); 13], chapters: Vec::new() };
    let rest =
        [("sixteen-letters-", 16), ("sixteen-letters0", 16), ("sixteen-letters1", 16), ("five5", 12), ("six", 1)];
    full.beats.push(beat(&rest));
    assert_eq!(full.encode().len(), 65_536);
    assert_eq!(RollUp::decode(&full.encode()), Ok(full));
}

/// Somebody who has no key of the session wants to put words between those of the newsroom.
#[test]
fn only_the_sessions_key_signs_and_only_in_its_channel_and_time() {
    let tick = chain(1).remove(0);
    assert!(verify(&session(), tick.clone()).is_ok());
    let thief = unsigned(0, [0; 32]).sign(&CHANNEL, &SecretKey::from_seed([8; 32]));
    assert_eq!(verify(&session(), thief).err(), Some(Reason::BadSignature));
    let elsewhere = unsigned(0, [0; 32]).sign(&ChannelId([2; 32]), &key());
    assert_eq!(verify(&session(), elsewhere).err(), Some(Reason::BadSignature));
    let changed = Tick { time: tick.time + 1, ..tick.clone() };
    assert_eq!(verify(&session(), changed).err(), Some(Reason::BadSignature));
    let other = Session { stream: StreamId([4; 16]), ..session() };
    assert_eq!(verify(&other, tick).err(), Some(Reason::BadValue { what: "stream" }));
    let at = |time| Tick { time, ..unsigned(0, [0; 32]) }.sign(&CHANNEL, &key());
    assert!(verify(&session(), at(UNTIL)).is_ok());
    assert_eq!(verify(&session(), at(UNTIL + 1)).err(), Some(Reason::BadValue { what: "time" }));
}

#[test]
fn an_edge_is_a_chain_and_nothing_in_it_can_be_changed() {
    let ticks = chain(4);
    let bytes = edge(&ticks).encode();
    // One signature stands for all: so every byte of every tick must be held by the chain.
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(Edge::decode(&session(), &changed).is_err(), "byte {place} of {}", bytes.len());
    }
    assert_eq!(Edge::decode(&Session { channel: ChannelId([2; 32]), ..session() }, &bytes), Err(Reason::WrongChannel));
    let other = Session { stream: StreamId([4; 16]), ..session() };
    assert_eq!(Edge::decode(&other, &bytes), Err(Reason::BadValue { what: "stream" }));
    // A tick that is left out is noticed.
    let mut torn = Edge::empty(CHANNEL, STREAM);
    let verified = |tick: &Tick| verify(&session(), tick.clone()).unwrap();
    torn.push(verified(&ticks[0])).unwrap();
    assert_eq!(torn.push(verified(&ticks[2])), Err(Reason::NotLinked));
    let twin = Tick { previous: [5; 32], ..ticks[1].clone() }.sign(&CHANNEL, &key());
    assert_eq!(torn.push(verified(&twin)), Err(Reason::NotLinked));
    assert_eq!(torn.ticks().len(), 1);
    let empty = Edge::empty(CHANNEL, STREAM);
    assert_eq!(Edge::decode(&session(), &empty.encode()), Ok(empty));
}

#[test]
fn an_edge_holds_the_newest_and_not_too_much() {
    let ticks = chain(EDGE_TICKS_MAX as u64 + 5);
    let full = edge(&ticks);
    assert_eq!(full.ticks().len(), EDGE_TICKS_MAX);
    assert_eq!((full.ticks()[0].seq, full.newest().unwrap().seq), (5, EDGE_TICKS_MAX as u64 + 4));
    assert!(Edge::decode(&session(), &full.encode()).is_ok());
    // Ticks with many groups are long: fewer of them have room.
    let mut wide = Edge::empty(CHANNEL, STREAM);
    (0..40).for_each(|_| push(&mut wide, &WIDE));
    assert!(wide.ticks().len() > 20 && wide.ticks().len() < 40, "{}", wide.ticks().len());
    assert!(Edge::decode(&session(), &wide.encode()).is_ok());
}

/// Names and groups of a tick's segments, as long as they may be.
const WIDE: [(&str, usize); 8] =
    [("r0", 16), ("r1", 16), ("r2", 16), ("r3", 16), ("r4", 16), ("r5", 16), ("r6", 16), ("r7", 16)];

/// Segments that have these names and so many groups.
fn grouped(segments: &[(&str, usize)], seq: u64) -> Vec<Segment> {
    let grouped = |(name, groups): &(&str, usize)| Segment {
        size: (groups << 20) as u32,
        groups: vec![[4; 32]; *groups],
        ..segment(name, seq)
    };
    segments.iter().map(grouped).collect()
}

/// Adds a tick with such segments.
fn push(edge: &mut Edge, segments: &[(&str, usize)]) {
    let (seq, previous) = edge.newest().map_or((0, [0; 32]), |newest| (newest.seq + 1, newest.hash()));
    let tick = Tick { segments: grouped(segments, seq), ..unsigned(seq, previous) };
    edge.push(verify(&session(), tick.sign(&CHANNEL, &key())).unwrap()).unwrap();
}

#[test]
fn an_edge_may_be_full_to_its_last_byte() {
    let mut edge = Edge::empty(CHANNEL, STREAM);
    (0..26).for_each(|_| push(&mut edge, &WIDE));
    push(&mut edge, &[("sixteen-letters-", 16), ("sixteen-letters0", 16), ("six", 8)]);
    assert_eq!((edge.encode().len(), edge.ticks().len()), (EDGE_BYTES_MAX, 27));
    assert_eq!(Edge::decode(&session(), &edge.encode()).as_ref(), Ok(&edge));
    push(&mut edge, &[("six", 1)]);
    assert_eq!(edge.ticks().len(), 27, "one more, and the oldest goes");
}

#[test]
fn of_two_edges_the_one_that_reaches_farther_stays() {
    let ticks = chain(5);
    let (short, long) = (edge(&ticks[..3]), edge(&ticks));
    assert_eq!(short.clone().newer(long.clone()), long);
    assert_eq!(long.clone().newer(short.clone()), long);
    assert_eq!(Edge::empty(CHANNEL, STREAM).newer(short.clone()), short);
    // A thief with the session's key makes another third tick: all keep the same one of both, whichever came first.
    let twin = Tick { time: 400_000, ..unsigned(2, ticks[1].hash()) }.sign(&CHANNEL, &key());
    let rival = edge(&[ticks[0].clone(), ticks[1].clone(), twin]);
    assert_ne!(rival, short);
    assert_eq!(rival.clone().newer(short.clone()), short.clone().newer(rival));
    // Of equal reach, the one that tells more of what was before.
    let tail = edge(&ticks[1..3]);
    assert_eq!(tail.clone().newer(short.clone()), short);
    assert_eq!(short.clone().newer(tail), short);
}

#[test]
fn what_was_left_out_of_an_edge_is_put_together_again() {
    let ticks = chain(5);
    let (known, whole) = (edge(&ticks[..3]), edge(&ticks));
    assert_eq!(whole.clone().after(2), edge(&ticks[3..]));
    assert_eq!(whole.clone().after(9), edge(&ticks[4..]), "at least the newest");
    assert_eq!(Edge::empty(CHANNEL, STREAM).after(0).newest(), None);
    assert_eq!(known.merged(&whole.clone().after(2)), whole);
    assert_eq!(whole.merged(&known), whole);
    assert_eq!(edge(&ticks[3..]).merged(&known), whole, "whichever is at hand first");
    assert_eq!(known.merged(&edge(&ticks[4..])), edge(&ticks[4..]), "what is not linked is not put together");
}

#[test]
fn a_timeline_is_roll_ups_and_then_the_edge() {
    let ticks = chain(6);
    let rolled = [roll_up(&ticks[..2], false), roll_up(&ticks[2..4], false)];
    let whole = Timeline::of(&rolled, Some(&edge(&ticks[1..])));
    assert_eq!(whole, Timeline::of([], Some(&edge(&ticks))));
    assert_eq!((whole.next_tick(), whole.is_over(), whole.end_ms()), (6, false, 6_000));
    assert_eq!(whole.tracks().iter().map(|track| &track.name).collect::<Vec<_>>(), ["audio", "360p"]);
    assert_eq!(whole.track("360p").unwrap().parts.len(), 6);
    assert_eq!(whole.track("144p"), None);
    assert_eq!((whole.zero_ms(), whole.newest_ms()), (Some(499_000), Some(505_000)));
    // What nobody told of is a hole, and no reason to tell nothing of what follows.
    let torn = Timeline::of([&rolled[0]], Some(&edge(&ticks[4..])));
    let audio = &torn.track("audio").unwrap().parts;
    let starts = audio.iter().map(|part| part.start_ms).collect::<Vec<_>>();
    assert_eq!(starts, [0, 1_000, 4_000, 5_000]);
    assert_eq!(audio.windows(2).map(|pair| pair[0].meets(&pair[1])).collect::<Vec<_>>(), [true, false, true]);
}

/// A thief has the session's key from the machine in the open, and goes on after the newsroom has ended the broadcast; or
/// tells something else of a moment that is in the log.
#[test]
fn the_log_counts_whatever_the_sessions_key_says() {
    let ticks = chain(4);
    let mut later = unsigned(4, ticks[3].hash());
    later.segments = vec![Segment { blob: [0xbb; 32], ..segment("audio", 4) }];
    let thief = later.sign(&CHANNEL, &key());
    let stolen = edge(&[&ticks[..], &[thief]].concat());
    let ended = [roll_up(&ticks, true)];
    let over = Timeline::of(&ended, Some(&stolen));
    assert!(over.is_over());
    assert_eq!(over, Timeline::of(&ended, None));
    let other = Segment { blob: [0xaa; 32], ..segment("audio", 0) };
    let mut first = unsigned(0, [0; 32]);
    first.segments = vec![other];
    let rewritten = edge(&[first.sign(&CHANNEL, &key())]);
    assert_eq!(
        Timeline::of([&roll_up(&ticks, false)], Some(&rewritten)),
        Timeline::of([&roll_up(&ticks, false)], None)
    );
    // Nothing follows an end, not even a roll-up.
    let after = [roll_up(&ticks[..2], true), roll_up(&ticks[2..], false)];
    assert_eq!(Timeline::of(&after, None).next_tick(), 2);
}

#[test]
fn a_segment_over_another_or_of_another_medium_is_left_out() {
    let mut tick = unsigned(1, [9; 32]);
    tick.segments[0].start_ms = 500;
    tick.segments[1].medium = Medium::Sound;
    let first = unsigned(0, [0; 32]);
    let rolled = RollUp {
        stream: STREAM,
        first: 0,
        is_last: false,
        beats: vec![Beat::of(&first), Beat::of(&tick)],
        chapters: Vec::new(),
    };
    let timeline = Timeline::of([&rolled], None);
    assert!(timeline.tracks().iter().all(|track| track.parts.len() == 1), "{timeline:?}");
    assert_eq!(timeline.next_tick(), 2);
}

#[test]
fn live_is_said_only_while_it_is_fresh() {
    let ticks = chain(2);
    let newest = ticks[1].time;
    let timeline = Timeline::of([], Some(&edge(&ticks)));
    assert!(timeline.is_live(newest) && timeline.is_live(newest + FRESH_MS_MAX));
    assert!(!timeline.is_live(newest + FRESH_MS_MAX + 1), "an old recording, or the connection is lost");
    assert!(!timeline.is_live(newest - FRESH_MS_MAX - 1), "a clock that is wrong");
    assert!(!Timeline::of(&[roll_up(&ticks, true)], None).is_live(newest), "over");
    assert!(!Timeline::default().is_live(0), "not begun");
    assert_eq!(timeline.phase(newest), Phase::Live);
    assert_eq!(timeline.phase(newest + FRESH_MS_MAX + 1), Phase::Waiting { since_ms: newest });
    assert_eq!(Timeline::of(&[roll_up(&ticks, true)], None).phase(newest), Phase::Over);
    assert_eq!(Timeline::default().phase(0), Phase::Soon);
}

#[test]
fn spans_end_where_something_is_missing_and_not_where_an_encoder_rounds() {
    let part =
        |start_ms, duration_ms| Part { start_ms, duration_ms, init: [9; 32], init_size: 1, blob: [1; 32], size: 1 };
    let rounded = [part(0, 2_000), part(2_000 + SPACE_MS_MAX, 2_000), part(5_001 + SPACE_MS_MAX, 1_000)];
    assert_eq!(spans(&rounded), [0..4_500, 5_501..6_501]);
    assert_eq!(spans([]), []);
}

#[test]
fn files_travel_by_what_they_hold() {
    let class = |medium| Segment { medium, ..segment("x", 0) }.class();
    assert_eq!(class(Medium::Sound), Class::Sound);
    assert_eq!(class(Medium::Picture(144)), Class::SmallVideo);
    assert_eq!(class(Medium::Picture(145)), Class::Large);
    let large = Segment { size: 2 << 20, groups: vec![[1; 32], [2; 32]], ..segment("360p", 0) };
    let [init, file] = large.files();
    assert_eq!((init.blob, init.size, init.groups), (large.init, 700, Groups::None));
    assert_eq!((file.blob, file.size, file.duration_ms, file.height), (large.blob, 2 << 20, 1_000, 360));
    assert_eq!(file.groups, Groups::Inline(vec![[1; 32], [2; 32]]));
    assert_eq!(
        (large.end_ms(), file.mime.as_str(), segment("audio", 0).files()[1].mime.as_str()),
        (1_000, "video/mp4", "audio/mp4")
    );
}

fn chapter(start_ms: u64, title: &str) -> Chapter {
    Chapter { start_ms, title: title.into() }
}

#[test]
fn chapters_stand_behind_the_ticks_and_cost_nothing_where_there_are_none() {
    let plain = roll_up(&chain(2), false);
    let named =
        RollUp { chapters: vec![chapter(0, "The bridge"), chapter(90_000, "Дауыс беру")], ..plain.clone() };
    let (before, bytes) = (plain.encode(), named.encode());
    assert_eq!(bytes[..before.len()], before, "what was there before stays as it was");
    assert_eq!(RollUp::decode(&bytes), Ok(named.clone()));
    assert_eq!(RollUp::decode(&before).map(|roll_up| roll_up.chapters), Ok(Vec::new()));
    assert!((before.len() + 1..bytes.len()).all(|end| RollUp::decode(&bytes[..end]).is_err()), "cut off");
    let with = |chapters: Vec<Chapter>| RollUp::decode(&RollUp { chapters, ..plain.clone() }.encode()).err();
    let many = |count: u64| (0..count).map(|number| chapter(number, "a")).collect::<Vec<_>>();
    assert_eq!(with(many(ROLL_UP_CHAPTERS_MAX as u64)), None);
    let too_many = Reason::TooMany { what: "chapters", max: ROLL_UP_CHAPTERS_MAX };
    assert_eq!(with(many(ROLL_UP_CHAPTERS_MAX as u64 + 1)), Some(too_many));
    assert_eq!(with(vec![chapter(5, "a"), chapter(5, "b")]), Some(Reason::NotCanonical { what: "chapters" }));
    assert_eq!(with(vec![chapter(0, "")]), Some(Reason::BadValue { what: "title of a chapter" }));
    assert_eq!(with(vec![chapter(0, &"a".repeat(CHAPTER_BYTES_MAX))]), None);
    let too_long = Reason::TooLong { what: "title of a chapter", max: CHAPTER_BYTES_MAX };
    assert_eq!(with(vec![chapter(0, &"a".repeat(CHAPTER_BYTES_MAX + 1))]), Some(too_long));
}

#[test]
fn the_last_name_of_a_moment_counts_and_none_behind_the_end() {
    let ticks = chain(3);
    let at = |tick: usize, is_last, chapters| RollUp { chapters, ..roll_up(&ticks[tick..=tick], is_last) };
    let rolled = [
        at(0, false, vec![chapter(9_000, "The vote")]),
        at(1, true, vec![chapter(1_000, "The bridge"), chapter(9_000, "Дауыс беру")]),
        at(2, false, vec![chapter(1_000, "behind the end"), chapter(2_000, "behind the end")]),
    ];
    assert_eq!(Timeline::of(&rolled, None).chapters(), [chapter(1_000, "The bridge"), chapter(9_000, "Дауыс беру")]);
    let many = (0..40).map(|page| {
        let chapters = (0..ROLL_UP_CHAPTERS_MAX as u64).map(|number| chapter(page * 1_000 + number, "a")).collect();
        at(0, false, chapters)
    });
    let many = many.collect::<Vec<_>>();
    let again = at(0, false, vec![chapter(1_000, "again"), chapter(90_000, "too many")]);
    let timeline = Timeline::of(many.iter().chain([&again]), None);
    assert_eq!(timeline.chapters().len(), CHAPTERS_MAX);
    assert!(timeline.chapters().contains(&chapter(1_000, "again")), "a name can be mended where no new one has room");
    assert!(timeline.chapters().iter().all(|chapter| chapter.title != "too many"));
}
