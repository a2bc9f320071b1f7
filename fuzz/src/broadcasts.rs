//! Broadcasts: what is accepted has one encoding only, and what counts of it is in order.

use longear_core::limits::{ROLL_UP_CHAPTERS_MAX, TRACKS_MAX};
use longear_core::live::Timeline;
use longear_core::{ChannelId, Edge, Opening, Reason, RollUp, SecretKey, Session, StreamId, Tick, verify};

use crate::formats::same;

const CHANNEL: ChannelId = ChannelId([1; 32]);
/// Ticks that are made of one.
const CHAIN: u64 = 3;

/// Openings, ticks, edges and roll-ups; the first byte says which.
pub fn live(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    match which % 4 {
        0 => opening(bytes),
        1 => tick(bytes),
        2 => edge(bytes),
        _ => roll_up(bytes),
    }
}

fn opening(bytes: &[u8]) {
    let Ok(opening) = Opening::decode(bytes) else { return };
    same(bytes, &opening.encode());
    assert!(opening.key.check().is_ok() && !opening.variants.is_empty());
}

/// A tick as a stranger wrote it is nobody's; the same one, signed and followed by its like, makes an edge that is read again.
fn tick(bytes: &[u8]) {
    let Ok(mut tick) = Tick::decode(bytes) else { return };
    same(bytes, &tick.encode());
    let key = SecretKey::from_seed([7; 32]);
    let session = Session { channel: CHANNEL, stream: tick.stream, key: key.public(), until: u64::MAX };
    assert_eq!(verify(&session, tick.clone()).err(), Some(Reason::BadSignature));
    let mut edge = Edge::empty(CHANNEL, tick.stream);
    for _ in 0..CHAIN {
        tick = tick.sign(&CHANNEL, &key);
        let Ok(verified) = verify(&session, tick.clone()) else { panic!("what was signed does not verify") };
        let shorter = edge.clone();
        assert_eq!(edge.push(verified), Ok(()));
        assert_eq!(Edge::decode(&session, &edge.encode()).as_ref(), Ok(&edge));
        assert_eq!(shorter.clone().newer(edge.clone()), edge);
        assert_eq!(edge.clone().newer(shorter), edge);
        (tick.previous, tick.seq) = (tick.hash(), tick.seq + 1);
        if Tick::decode(&tick.encode()).is_err() {
            break; // That was the last number there is.
        }
    }
    in_order(&Timeline::of([], Some(&edge)));
}

/// An edge of the channel and broadcast that it names itself. Nobody has its session's key, so no tick may be believed.
fn edge(bytes: &[u8]) {
    let named = || Some((*bytes.get(4..36)?.first_chunk()?, *bytes.get(36..52)?.first_chunk()?));
    let Some((channel, stream)) = named() else { return };
    let (channel, stream) = (ChannelId(channel), StreamId(stream));
    let key = SecretKey::from_seed([8; 32]).public();
    let session = Session { channel, stream, key, until: u64::MAX };
    let Ok(edge) = Edge::decode(&session, bytes) else { return };
    same(bytes, &edge.encode());
    assert!(edge.ticks().is_empty(), "a tick was believed that nobody signed");
}

fn roll_up(bytes: &[u8]) {
    let Ok(roll_up) = RollUp::decode(bytes) else { return };
    same(bytes, &roll_up.encode());
    let timeline = Timeline::of([&roll_up], None);
    in_order(&timeline);
    assert_eq!((timeline.is_over(), timeline.newest_ms().is_some()), (roll_up.is_last, !roll_up.beats.is_empty()));
    assert_eq!(Timeline::of([&roll_up, &roll_up], None), timeline, "it counted twice");
    assert_eq!(timeline.chapters(), roll_up.chapters);
    assert!(roll_up.chapters.len() <= ROLL_UP_CHAPTERS_MAX);
    let segments = roll_up.segments().flat_map(|segment| segment.files()).count();
    assert!(timeline.tracks().iter().map(|track| track.parts.len() * 2).sum::<usize>() <= segments);
}

fn in_order(timeline: &Timeline) {
    assert!(timeline.tracks().len() <= TRACKS_MAX);
    assert!(timeline.chapters().is_sorted_by(|one, next| one.start_ms < next.start_ms));
    for track in timeline.tracks() {
        assert!(!track.parts.is_empty() && track.parts.is_sorted_by(|one, next| one.end_ms() <= next.start_ms));
    }
}
