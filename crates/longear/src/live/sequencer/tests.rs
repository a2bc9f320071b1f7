//! Encoders as they behave: in order, late, cut off, back again, two at once.

use super::*;
use crate::live::init::{Put, look_at, tests as inits};
use crate::live::playlist::{Playlist, read};

const NOW: u64 = 1_800_000_000_000;

/// An encoder of segments of two seconds.
struct Encoder<'s> {
    sequencer: &'s mut Sequencer,
    folder: &'static str,
}

impl Encoder<'_> {
    fn place(&self, name: &str) -> Place {
        Place::new(&format!("{}/{name}", self.folder)).expect("a plain path")
    }

    fn init(&mut self, bytes: &[u8]) {
        let Ok(Put::Init(init)) = look_at(bytes) else { panic!("it is an initialisation segment") };
        let place = self.place("init.mp4");
        self.sequencer.init(place, init);
    }

    fn put(&mut self, number: u64) {
        self.put_marked(number, 0);
    }

    fn put_marked(&mut self, number: u64, mark: u8) {
        let place = self.place(&format!("{number}.m4s"));
        self.sequencer.segment(place, Bytes::copy_from_slice(&[number as u8, mark]));
    }

    /// A playlist of these segments; `!` before a number: with a discontinuity.
    fn list(&mut self, entries: &str, now_ms: u64) -> Result<Vec<(u8, u64, u32)>, Refusal> {
        let mut text = "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n".to_owned();
        for (index, entry) in entries.split(' ').enumerate() {
            let number = entry.trim_start_matches('!');
            if index == 0 {
                text.push_str(&format!("#EXT-X-MEDIA-SEQUENCE:{number}\n"));
            }
            if entry.starts_with('!') {
                text.push_str("#EXT-X-DISCONTINUITY\n");
            }
            text.push_str(&format!("#EXTINF:2.0,\n{number}.m4s\n"));
        }
        let Ok(Playlist::Media(entries)) = read(text.as_bytes()) else { panic!("{text}") };
        let ended = self.sequencer.playlist(&self.place("index.m3u8"), &entries, now_ms)?;
        Ok(ended.into_iter().map(|one| (one.bytes[0], one.start_ms, one.duration_ms)).collect())
    }

    /// Puts a segment and lists it with two before.
    fn go(&mut self, number: u64, now_ms: u64) -> Result<Vec<(u8, u64, u32)>, Refusal> {
        self.put(number);
        let entries = (number.saturating_sub(2)..=number).map(|number| number.to_string()).collect::<Vec<_>>();
        self.list(&entries.join(" "), now_ms)
    }
}

fn encoder(sequencer: &mut Sequencer) -> Encoder<'_> {
    let mut encoder = Encoder { sequencer, folder: "360p" };
    encoder.init(&inits::picture(360, 0));
    encoder
}

#[test]
fn segments_follow_each_other_without_a_gap_however_they_arrive() {
    let mut sequencer = Sequencer::default();
    let mut encoder = encoder(&mut sequencer);
    assert_eq!(encoder.go(0, NOW), Ok(vec![(0, 0, 2_000)]));
    assert_eq!(encoder.go(1, NOW + 2_700), Ok(vec![(1, 2_000, 2_000)]));
    // Two at once, after a slow moment of the line.
    encoder.put(2);
    encoder.put(3);
    assert_eq!(encoder.list("1 2 3", NOW + 9_000), Ok(vec![(2, 4_000, 2_000), (3, 6_000, 2_000)]));
    assert_eq!(encoder.list("1 2 3", NOW + 9_100), Ok(vec![]), "a playlist that comes again says nothing new");
}

#[test]
fn parts_of_milliseconds_never_add_up() {
    let mut sequencer = Sequencer::default();
    let place = Place::new("audio/index.m3u8").expect("plain");
    let Ok(Put::Init(init)) = look_at(&inits::sound(0)) else { panic!("an initialisation segment") };
    sequencer.init(Place::new("audio/i.mp4").expect("plain"), init);
    let (mut end, mut sum) = (0, 0);
    for number in 0..3_000_u64 {
        sequencer.segment(Place::new(&format!("audio/{number}")).expect("plain"), Bytes::from_static(b"."));
        let entry = |number: u64| Entry {
            number,
            duration_us: Some(2_005_333),
            uri: number.to_string(),
            init: "i.mp4".into(),
            is_discontinuous: false,
        };
        let ended = sequencer.playlist(&place, &[entry(number)], NOW + number * 2_005).expect("it is taken");
        assert_eq!(ended[0].start_ms, end);
        end = ended[0].start_ms + u64::from(ended[0].duration_ms);
        sum += 2_005_333;
    }
    assert_eq!(end, sum / 1_000);
}

#[test]
fn all_renditions_begin_at_one_zero() {
    let mut sequencer = Sequencer::default();
    assert_eq!(encoder(&mut sequencer).go(0, NOW), Ok(vec![(0, 0, 2_000)]));
    let mut audio = Encoder { sequencer: &mut sequencer, folder: "audio" };
    audio.init(&inits::sound(0));
    // 150 ms later, only because it is put later.
    assert_eq!(audio.go(0, NOW + 150), Ok(vec![(0, 0, 2_000)]));
    // A slow machine puts the third one 3 s later.
    let mut slow = Encoder { sequencer: &mut sequencer, folder: "240p" };
    slow.init(&inits::picture(240, 0));
    assert_eq!(slow.go(0, NOW + 3_000), Ok(vec![(0, 0, 2_000)]));
    // One that joins two segments later stands where the clock stands.
    let mut late = Encoder { sequencer: &mut sequencer, folder: "144p" };
    late.init(&inits::picture(144, 0));
    assert_eq!(late.go(2, NOW + 4_100), Ok(vec![(2, 4_100, 2_000)]));
}

#[test]
fn what_never_came_is_a_hole_and_is_filled_only_in_order() {
    let mut sequencer = Sequencer::default();
    let mut encoder = encoder(&mut sequencer);
    encoder.go(0, NOW).expect("it is taken");
    // 1 is late, and comes before anything behind it.
    assert_eq!(encoder.list("0 1", NOW + 2_000), Ok(vec![]));
    encoder.put(1);
    encoder.put(2);
    assert_eq!(encoder.list("0 1 2", NOW + 4_000), Ok(vec![(1, 2_000, 2_000), (2, 4_000, 2_000)]));
    // 3 never comes in time: its place stays empty, exactly.
    encoder.put(4);
    assert_eq!(encoder.list("2 3 4", NOW + 8_000), Ok(vec![(4, 8_000, 2_000)]));
    encoder.put(3);
    assert_eq!(encoder.go(5, NOW + 10_000), Ok(vec![(5, 10_000, 2_000)]));
}

#[test]
fn an_encoder_that_comes_back_goes_on_where_the_clock_stands() {
    let mut sequencer = Sequencer::default();
    let mut encoder = encoder(&mut sequencer);
    for number in 0..5 {
        encoder.go(number, NOW + number * 2_000).expect("it is taken");
    }
    // It was away for 20 s. Names and numbers begin anew.
    assert_eq!(encoder.go(0, NOW + 28_000), Ok(vec![(0, 28_000, 2_000)]));
    assert_eq!(encoder.go(1, NOW + 30_000), Ok(vec![(1, 30_000, 2_000)]));
    // It is back before its last segment has played: nothing is laid over another.
    assert_eq!(encoder.go(0, NOW + 30_500), Ok(vec![(0, 32_000, 2_000)]));
    // The same rendition, soon again, is no other one of the same moment.
    assert_eq!(encoder.go(0, NOW + 36_500), Ok(vec![(0, 36_500, 2_000)]));
    // A very first segment that comes again under its name.
    assert_eq!(encoder.go(0, NOW + 60_000), Ok(vec![(0, 60_000, 2_000)]));
}

#[test]
fn a_discontinuity_another_init_and_a_long_silence_begin_anew() {
    let mut sequencer = Sequencer::default();
    let mut encoder = encoder(&mut sequencer);
    encoder.go(0, NOW).expect("it is taken");
    encoder.put(1);
    assert_eq!(encoder.list("0 !1", NOW + 9_000), Ok(vec![(1, 9_000, 2_000)]));
    encoder.init(&inits::picture(360, 1));
    assert_eq!(encoder.go(2, NOW + 19_000), Ok(vec![(2, 19_000, 2_000)]));
    // Numbers that jump: what lay between is not in the playlist.
    encoder.put(9);
    assert_eq!(encoder.list("8 9", NOW + 40_000), Ok(vec![(9, 40_000, 2_000)]));
    assert_eq!(encoder.go(10, NOW + 60_000), Ok(vec![(10, 42_000, 2_000)]), "a slow line is no silence");
    assert_eq!(encoder.go(11, NOW + 120_000), Ok(vec![(11, 120_000, 2_000)]));
}

#[test]
fn of_two_encoders_the_one_that_came_last_counts() {
    let mut sequencer = Sequencer::default();
    let mut encoder = encoder(&mut sequencer);
    for number in 0..40 {
        encoder.go(number, NOW + number * 2_000).expect("it is taken");
    }
    let now = NOW + 80_000;
    assert_eq!(encoder.go(0, now), Ok(vec![(0, 80_000, 2_000)]));
    for number in 1..8 {
        let now = now + number * 2_000;
        assert_eq!(encoder.go(39 + number, now), Err(Refusal::TakenOver), "the first one is still there");
        assert_eq!(encoder.go(number, now + 50), Ok(vec![(number as u8, 80_000 + number * 2_000, 2_000)]));
    }
}

#[test]
fn what_is_not_named_is_dropped_when_it_is_too_much() {
    let mut sequencer = Sequencer::default();
    let mut encoder = encoder(&mut sequencer);
    for number in 0..WAITING_FILES_MAX as u64 + 2 {
        encoder.put_marked(number, 1);
    }
    assert_eq!(encoder.sequencer.waiting.files.len(), WAITING_FILES_MAX);
    assert_eq!(encoder.list("0 1 2", NOW).expect("2 is there").len(), 1);
    let large = Bytes::from(vec![0; WAITING_BYTES_MAX / 2 + 1]);
    for name in ["a", "b"] {
        sequencer.segment(Place::new(name).expect("plain"), large.clone());
    }
    assert_eq!(sequencer.waiting.files.len(), 1);
    assert_eq!(sequencer.waiting.bytes, large.len());
    assert_eq!(sequencer.waiting.order.len(), 1);
}

#[test]
fn renditions_are_limited_and_stay_what_they_are() {
    let mut sequencer = Sequencer::default();
    for folder in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let mut encoder = Encoder { sequencer: &mut sequencer, folder };
        encoder.init(&inits::sound(0));
        encoder.go(0, NOW).expect("it is taken");
    }
    let mut ninth = Encoder { sequencer: &mut sequencer, folder: "i" };
    ninth.init(&inits::sound(0));
    assert_eq!(ninth.go(0, NOW), Err(Refusal::TooManyRenditions));
    let mut first = Encoder { sequencer: &mut sequencer, folder: "a" };
    first.init(&inits::picture(144, 0));
    assert_eq!(first.go(1, NOW + 2_000), Err(Refusal::OtherMedium("a".into())));
    let mut nameless = Encoder { sequencer: &mut sequencer, folder: "NOT" };
    nameless.init(&inits::sound(0));
    assert_eq!(nameless.go(0, NOW), Err(Refusal::Name));
}

#[test]
fn without_its_init_nothing_plays_but_after_a_restart_it_is_the_one_before() {
    let mut sequencer = Sequencer::default();
    let mut lost = Encoder { sequencer: &mut sequencer, folder: "360p" };
    assert_eq!(lost.go(0, NOW), Err(Refusal::NoInit("init.mp4".into())));
    let known = Rendition {
        medium: Medium::Picture(360),
        init: None,
        end_us: 14_000_000,
        last: None,
        taken: VecDeque::new(),
        former: None,
    };
    let mut sequencer = Sequencer { zero_ms: Some(NOW), ..Sequencer::default() };
    sequencer.renditions.insert("360p".into(), known);
    let Ok(Put::Init(init)) = look_at(&inits::picture(360, 0)) else { panic!("an initialisation segment") };
    sequencer.restore_init("360p", init);
    let mut encoder = Encoder { sequencer: &mut sequencer, folder: "360p" };
    encoder.put(9);
    assert_eq!(encoder.list("8 9", NOW + 20_000), Ok(vec![(9, 18_000, 2_000)]));
}
