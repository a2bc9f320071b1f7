//! Broadcasts in a browser: what comes from items, what comes from edges, and what of both counts.

use longear_core::keys::Roles;
use longear_core::kind::Kind;
use longear_core::live::{Beat, Medium, Session};
use longear_core::{
    Edge, ItemId, Opening, PackName, RollUp, SecretKey, Segment, StreamId, Tick, Variant, article::Origin, verify,
};
use longear_reader::Reader;
use longear_reader::live::Broadcasts;
use serde_json::Value;

use crate::support::publisher::{NOON_MS, Publisher, key, retraction};

const STREAM: StreamId = StreamId([7; 16]);
const SEGMENT_MS: u64 = 2_000;

fn opening(stream: StreamId, key: &SecretKey) -> Opening {
    let variant =
        Variant { language: "en".into(), origin: Origin::Original, title: "Town meeting".into(), body: String::new() };
    Opening { stream, key: key.public(), until: NOON_MS + 86_400_000, variants: vec![variant] }
}

fn segment(name: &str, medium: Medium, number: u64) -> Segment {
    let hash = |kind: u8| [kind, name.len() as u8, number as u8, 0].repeat(8).try_into().unwrap();
    Segment {
        name: name.into(),
        medium,
        start_ms: number * SEGMENT_MS,
        duration_ms: SEGMENT_MS as u32,
        init: [name.len() as u8; 32],
        init_size: 700,
        blob: hash(1),
        size: 9_000,
        groups: Vec::new(),
    }
}

fn beat(number: u64) -> Beat {
    let segments = vec![segment("360p", Medium::Picture(360), number), segment("audio", Medium::Sound, number)];
    Beat { time: NOON_MS + (number + 1) * SEGMENT_MS, segments }
}

fn roll_up(stream: StreamId, first: u64, end: u64, is_last: bool) -> Vec<u8> {
    RollUp { stream, first, is_last, beats: (first..end).map(beat).collect(), chapters: Vec::new() }.encode()
}

/// A channel that is on the air, and a reader that holds what its log says.
struct OnAir {
    publisher: Publisher,
    log: crate::support::publisher::Log,
    item: ItemId,
    reader: Reader,
}

impl OnAir {
    fn new(name: &str) -> Self {
        let roles = Roles::POST.with(Roles::LIVE);
        let publisher = Publisher::found(name, &[("Aida", roles, 0)]);
        let mut log = publisher.log("Aida", 1);
        let item = log.write(Kind::Live, NOON_MS, opening(STREAM, &key("session")).encode());
        let mut on_air = OnAir { publisher, log, item, reader: Reader::new() };
        let channel = on_air.channel();
        on_air.reader.open(&channel).unwrap();
        let charter = on_air.publisher.lineage.charters()[0].encode();
        on_air.reader.take(&channel, &format!("c/{channel}/charter/1"), &charter).unwrap();
        on_air.read();
        on_air
    }

    fn channel(&self) -> String {
        self.publisher.channel().to_string()
    }

    /// Brings all items of the log to the reader.
    fn read(&mut self) {
        let channel = self.channel();
        for index in 0..self.log.ids().len() as u64 {
            let pack = self.log.pack(PackName::new(0, index).unwrap());
            let path = format!("c/{channel}/p/{}/0-{index}", self.log.id);
            self.reader.take(&channel, &path, &pack).unwrap();
        }
    }

    fn says(&mut self, kind: Kind, payload: Vec<u8>) -> ItemId {
        let time = NOON_MS + 1_000 * self.log.ids().len() as u64;
        let id = self.log.write(kind, time, payload);
        self.read();
        id
    }

    fn item(&self) -> String {
        self.item.to_string()
    }

    /// Gives what the reader holds to the module for broadcasts.
    fn record(&self, broadcasts: &mut Broadcasts) {
        let record = self.reader.broadcast(&self.item()).unwrap();
        broadcasts.record(&self.channel(), &self.item(), &record).unwrap();
    }

    fn edge(&self, signer: &SecretKey, ticks: std::ops::Range<u64>) -> Edge {
        let channel = self.publisher.channel();
        let by = Session { channel, stream: STREAM, key: signer.public(), until: u64::MAX };
        let (mut edge, mut previous) = (Edge::empty(channel, STREAM), [0; 32]);
        for seq in 0..ticks.end {
            let Beat { time, segments } = beat(seq);
            let tick = Tick { stream: STREAM, seq, time, previous, segments, signature: [0; 64] };
            let tick = tick.sign(&channel, signer);
            previous = tick.hash();
            if ticks.contains(&seq) {
                edge.push(verify(&by, tick).unwrap()).unwrap();
            }
        }
        edge
    }
}

fn view(broadcasts: &mut Broadcasts, item: &str, now: u64) -> Value {
    serde_json::from_str(&broadcasts.view(item, &now.to_string()).unwrap()).unwrap()
}

fn listed(answer: String) -> Vec<(u64, bool)> {
    let answer = serde_json::from_str::<Value>(&answer).unwrap();
    let parts = answer["parts"].as_array().unwrap().iter();
    parts.map(|part| (part["start"].as_u64().unwrap(), part["held"].as_bool().unwrap())).collect()
}

#[test]
fn a_broadcast_is_announced_live_waited_for_and_over() {
    let mut on_air = OnAir::new("Phases");
    let (mut broadcasts, item) = (Broadcasts::default(), on_air.item());
    on_air.record(&mut broadcasts);
    let soon = view(&mut broadcasts, &item, NOON_MS);
    assert_eq!((&soon["phase"], soon["tracks"].as_array().unwrap().len()), (&"soon".into(), 0));

    let edge = on_air.edge(&key("session"), 0..3).encode();
    assert_eq!(broadcasts.edge(&item, &edge).unwrap(), r#"{"news":true}"#);
    assert_eq!(broadcasts.edge(&item, &edge).unwrap(), r#"{"news":false}"#);
    let live = view(&mut broadcasts, &item, NOON_MS + 10_000);
    assert_eq!((&live["phase"], &live["end"], &live["next"]), (&"live".into(), &6_000.into(), &3.into()));
    let names = live["tracks"].as_array().unwrap().iter().map(|track| track["name"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["audio", "360p"], "sound first");
    assert_eq!(view(&mut broadcasts, &item, NOON_MS + 60_000)["phase"], "waiting", "an old edge is not called live");

    on_air.says(Kind::RollUp, roll_up(STREAM, 0, 4, true));
    on_air.record(&mut broadcasts);
    let over = view(&mut broadcasts, &item, NOON_MS + 10_000);
    assert_eq!((&over["phase"], &over["end"]), (&"over".into(), &8_000.into()));
}

#[test]
fn what_is_not_signed_by_the_session_changes_nothing() {
    let on_air = OnAir::new("Forged");
    let (mut broadcasts, item) = (Broadcasts::default(), on_air.item());
    on_air.record(&mut broadcasts);
    broadcasts.edge(&item, &on_air.edge(&key("session"), 0..2).encode()).unwrap();
    let before = (view(&mut broadcasts, &item, NOON_MS), broadcasts.kept_edge(&item).unwrap());
    let good = on_air.edge(&key("session"), 0..3).encode();
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    let thief = on_air.edge(&key("thief"), 0..3).encode();
    for (bytes, code) in [(changed, "bad-signature"), (thief, "bad-signature"), (good[..90].to_vec(), "truncated")] {
        assert_eq!(broadcasts.edge(&item, &bytes).unwrap_err().0, code);
    }
    assert_eq!((view(&mut broadcasts, &item, NOON_MS), broadcasts.kept_edge(&item).unwrap()), before);
    broadcasts.edge(&item, &on_air.edge(&key("session"), 2..4).encode()).unwrap();
    assert_eq!(view(&mut broadcasts, &item, NOON_MS)["next"], 4, "what a box left out is put together");
}

/// Nothing counts behind the end that the log names: a thief of the session's key may go on signing.
#[test]
fn ticks_behind_the_end_count_for_nothing() {
    let mut on_air = OnAir::new("Stolen");
    let (mut broadcasts, item) = (Broadcasts::default(), on_air.item());
    on_air.says(Kind::RollUp, roll_up(STREAM, 0, 2, true));
    on_air.record(&mut broadcasts);
    broadcasts.edge(&item, &on_air.edge(&key("session"), 0..6).encode()).unwrap();
    let over = view(&mut broadcasts, &item, NOON_MS + 10_000);
    assert_eq!((&over["phase"], &over["end"]), (&"over".into(), &4_000.into()));
}

#[test]
fn what_is_here_is_told_and_what_is_missing_is_asked_for() {
    let mut on_air = OnAir::new("Held");
    let (mut broadcasts, item) = (Broadcasts::default(), on_air.item());
    on_air.says(Kind::RollUp, roll_up(STREAM, 0, 4, false));
    on_air.record(&mut broadcasts);
    assert_eq!(listed(broadcasts.wants(&item, "audio\n360p", 3).unwrap()), [6_000, 4_000, 2_000].map(|at| (at, false)));
    let sound = |number| segment("audio", Medium::Sound, number);
    broadcasts.hold(&item, &[sound(1).blob, sound(2).blob].concat()).unwrap();
    assert!(
        listed(broadcasts.parts(&item, "audio", "0", 9).unwrap()).iter().all(|(_, held)| !held),
        "nothing plays yet"
    );
    broadcasts.hold(&item, &sound(1).init).unwrap();
    let parts = listed(broadcasts.parts(&item, "audio", "2000", 2).unwrap());
    assert_eq!(parts, [(2_000, true), (4_000, true)]);
    let live = view(&mut broadcasts, &item, NOON_MS);
    assert_eq!(live["tracks"][0]["held"], serde_json::json!([[2_000, 6_000]]));
    assert_eq!(live["tracks"][0]["known"], serde_json::json!([[0, 8_000]]));
    let missing = listed(broadcasts.wants(&item, "audio\n360p", 4).unwrap());
    assert_eq!(missing.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [6_000, 0, 6_000, 4_000], "sound, newest first");
    on_air.says(Kind::RollUp, roll_up(STREAM, 4, 5, true));
    on_air.record(&mut broadcasts);
    let missing = listed(broadcasts.wants(&item, "audio", 9).unwrap());
    assert_eq!(missing.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 6_000, 8_000], "afterwards the oldest first");
}

#[test]
fn whoever_copies_a_name_or_was_taken_back_has_no_broadcast() {
    let mut on_air = OnAir::new("Copied");
    let copy = on_air.says(Kind::Live, opening(STREAM, &key("thief")).encode());
    on_air.says(Kind::RollUp, roll_up(StreamId([8; 16]), 0, 3, false));
    let post = on_air.log.post("no broadcast");
    on_air.read();
    for item in [copy, post] {
        assert_eq!(on_air.reader.broadcast(&item.to_string()).unwrap_err().0, "not-held");
    }
    let (mut broadcasts, item) = (Broadcasts::default(), on_air.item());
    on_air.record(&mut broadcasts);
    assert_eq!(view(&mut broadcasts, &item, NOON_MS)["phase"], "soon", "the roll-up is of another broadcast");
    on_air.says(Kind::Retraction, retraction(vec![on_air.item]).encode());
    assert_eq!(on_air.reader.broadcast(&item).unwrap_err().0, "not-held");
}

#[test]
fn calls_that_make_no_sense_are_answered() {
    let on_air = OnAir::new("Nonsense");
    let (mut broadcasts, item) = (Broadcasts::default(), on_air.item());
    let record = on_air.reader.broadcast(&item).unwrap();
    for length in 0..record.len() {
        assert!(broadcasts.record(&on_air.channel(), &item, &record[..length]).is_err(), "{length}");
    }
    assert_eq!(broadcasts.view(&item, "0").unwrap_err().0, "not-open");
    on_air.record(&mut broadcasts);
    assert_eq!(broadcasts.view("x", "0").unwrap_err().0, "bad-value");
    assert_eq!(broadcasts.view(&item, "soon").unwrap_err().0, "bad-value");
    assert!(listed(broadcasts.parts(&item, "4k", "0", 9).unwrap()).is_empty());
    assert_eq!(longear_reader::live::describe(b"no film"), r#"{"codecs":"","width":0,"height":0}"#);
    assert_eq!(longear_reader::live::begins(b"no film", b"no segment"), r#"{"us":null}"#);
}
