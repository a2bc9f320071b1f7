//! Packs, runs and sets of places.

use longear_core::header::VerifiedPayloads;
use longear_core::keys::Roles;
use longear_core::kind::Kind;
use longear_core::limits::{
    HEADER_BYTES_MAX, LOG_ITEMS_MAX, PACK_ITEMS_MAX, PACK_LEVEL_MAX, PACK_LIES_MAX, PAYLOAD_BYTES_MAX,
};
use longear_core::pack::{PackHeaders, PackPart, PackSlot, encode_front};
use longear_core::tree::TreePath;
use longear_core::{Intervals, PackName, PackReader, Reason, SignedHeader};

use crate::support::publisher::{Log, NOON_MS, Publisher};

/// A newsroom and its log of so many short items.
fn log_of(items: u64) -> (Publisher, Log) {
    let newsroom = Publisher::found("Packs", &[("Aida", Roles::POST, 0)]);
    let mut log = newsroom.log("Aida", 1);
    for number in 0..items {
        log.write(Kind::Unknown(200), NOON_MS, number.to_le_bytes().to_vec());
    }
    (newsroom, log)
}

#[test]
fn packs_lie_in_larger_ones() {
    let name = |level, index| PackName { level, index };
    for (inner, outer) in [
        (name(0, 0), Some(name(1, 0))),
        (name(0, 17), Some(name(1, 2))),
        (name(1, 17), Some(name(2, 2))),
        (name(3, 8), Some(name(4, 1))),
        (name(4, 8), None),
    ] {
        assert_eq!(inner.parent(), outer, "{inner}");
        assert!(outer.is_none_or(|outer| outer.children().any(|child| child == inner)), "{inner}");
    }
    assert_eq!(name(0, 3).children().count(), 0);
    assert_eq!(name(2, 3).items(), 192..256);
}

/// Archives and the app cut packs to a length, and carriers refuse longer ones: all of them reckon by these.
#[test]
fn lengths_of_packs_are_known_before_they_are_written() {
    let opening = log_of(0).1.opening;
    let slots = [(180, 262_144), (200, 0), (7, 9)].map(|(header, payload_length)| (vec![0; header], payload_length));
    let slots = slots.each_ref().map(|(header, payload_length)| PackSlot { header, payload_length: *payload_length });
    let front = encode_front(PackName { level: 1, index: 0 }, &opening, &slots.map(Some));
    let payloads = 262_144 + 9;
    assert_eq!((front.len() + payloads) as u64, 53 + slots.iter().map(PackSlot::bytes).sum::<u64>());

    let largest = PackSlot { header: &[0; HEADER_BYTES_MAX], payload_length: PAYLOAD_BYTES_MAX as u32 };
    for level in 0..=PACK_LEVEL_MAX {
        let name = PackName { level, index: 0 };
        assert_eq!(name.bytes_max(), 53 + 8u64.pow(u32::from(level)) * largest.bytes(), "{name}");
    }
    let path = |level, index| TreePath::Pack { channel: [1; 32], log: [2; 16], level, index };
    assert_eq!(path(2, 5).bytes_max(), 53 + 64 * largest.bytes());
    assert_eq!(path(5, 0).bytes_max(), 0, "there is no such level");
    assert_eq!(path(4, 256).bytes_max(), 0, "no log has so many items");
}

#[test]
fn every_item_lies_in_one_largest_pack() {
    let around = |seq| PackName::largest_around(seq).map(|name| (name.level, name.index));
    assert_eq!(around(0), Some((4, 0)));
    assert_eq!(around(4095), Some((4, 0)));
    assert_eq!(around(4096), Some((4, 1)));
    assert_eq!(around(LOG_ITEMS_MAX - 1), Some((4, 255)));
    assert_eq!(around(LOG_ITEMS_MAX), None);
}

/// Whoever follows a log for hours pushes small pieces: what waits for its end must not be read before it is there.
#[test]
fn the_opening_is_known_from_the_first_fifty_three_bytes() {
    let (newsroom, log) = log_of(1);
    let name = PackName { level: 0, index: 0 };
    let pack = log.pack(name);
    let mut reader = PackReader::new(newsroom.channel(), log.id, name);
    reader.push(&pack[..52]);
    assert!(reader.next_part().unwrap().is_none() && reader.opening().is_none());
    reader.push(&pack[52..53]);
    assert!(reader.next_part().unwrap().is_none());
    assert_eq!(reader.opening(), Some(log.opening));
}

/// A sync counts what a carrier sends for nothing, and leaves one that goes too far.
#[test]
fn payloads_that_fit_no_header_are_counted() {
    let (newsroom, log) = log_of(8);
    let name = PackName { level: 1, index: 0 };
    let headers = log.headers();
    // The third and the sixth are longer than their headers say, the fifth has no header, the last was left out.
    let length = |place: usize| [8, 8, 100, 8, 50, 9, 8, 0][place];
    let slot = |place: usize, header: &'_ SignedHeader| {
        let header = if place == 4 { Vec::new() } else { header.bytes().to_vec() };
        (header, length(place))
    };
    let slots = headers.iter().enumerate().map(|(place, header)| slot(place, header)).collect::<Vec<_>>();
    let slots = slots.iter().map(|(header, length)| Some(PackSlot { header, payload_length: *length }));
    let mut pack = encode_front(name, &log.opening, &slots.collect::<Vec<_>>());
    for (place, item) in log.items.iter().enumerate() {
        let mut payload = item.payload.clone();
        payload.resize(length(place) as usize, 7);
        pack.extend(payload);
    }
    let mut reader = PackReader::new(newsroom.channel(), log.id, name);
    reader.push(&pack);
    let (mut seqs, mut refused) = (Vec::new(), Vec::new());
    while let Some(part) = reader.next_part().unwrap() {
        match part {
            PackPart::Headers(headers) => refused = headers.refused.iter().map(|(seq, _)| *seq).collect(),
            PackPart::Payload { seq, .. } => seqs.push(seq),
        }
    }
    assert_eq!((seqs, refused), (vec![0, 1, 3, 6], vec![2, 4, 5]));
    assert_eq!((reader.skipped_bytes(), reader.is_complete()), (100 + 50 + 9, true));
}

/// As many linked headers as nobody can send at once, put together by somebody who has several packs.
#[test]
fn more_linked_headers_than_a_run_may_have_are_two_runs() {
    let (newsroom, log) = log_of(PACK_ITEMS_MAX + 1);
    let headers = PackHeaders { items: log.headers(), refused: Vec::new() };
    let (runs, refused) = headers.verified(log.opening, &newsroom.lineage);
    let lengths = runs.iter().map(|run| run.headers().len() as u64).collect::<Vec<_>>();
    assert_eq!((lengths, refused), (vec![1, PACK_ITEMS_MAX], Vec::new()));
}

/// A hole in a pack is no reason to believe what stands below it, nor to forget how often its carrier lied above.
#[test]
fn lies_are_counted_through_the_whole_pack() {
    let (newsroom, log) = log_of(PACK_LIES_MAX as u64 + 8);
    let good = |lies: usize| {
        let mut items = log.headers();
        let tip = items.len() - 1;
        for item in &mut items[tip - lies..tip] {
            let mut bytes = item.bytes().to_vec();
            *bytes.last_mut().unwrap() ^= 1;
            *item = SignedHeader::decode(&bytes).unwrap();
        }
        items.remove(3);
        let (runs, refused) = PackHeaders { items, refused: Vec::new() }.verified(log.opening, &newsroom.lineage);
        assert!(refused.iter().all(|(_, reason)| *reason == Reason::BadSignature));
        runs.iter().map(|run| run.headers().len()).collect::<Vec<_>>()
    };
    assert_eq!(good(PACK_LIES_MAX), [3, 3, 1], "all that is true");
    assert_eq!(good(PACK_LIES_MAX + 1), [1], "the tip, which came before the lies");
}

#[test]
fn payloads_that_wait_together_know_their_bytes() {
    let (_, log) = log_of(3);
    let mut waiting = VerifiedPayloads::with_capacity(64);
    for item in &log.items {
        waiting.push(&item.header, &item.payload).unwrap();
    }
    assert_eq!((waiting.byte_count(), waiting.last_seq()), (3 * 8, Some(2)));
}

/// What a set says of itself is what its parts say: nothing that is empty stands in it.
#[test]
fn sets_of_places_have_no_empty_parts() {
    let set = [2..4, 6..9, 4..5].into_iter().collect::<Intervals>();
    assert_eq!(set.ranges(), [2..5, 6..9]);
    let holes = |end| format!("{:?}", set.holes(end));
    for (end, expected) in
        [(12, "[0..2, 5..6, 9..12]"), (9, "[0..2, 5..6]"), (6, "[0..2, 5..6]"), (2, "[0..2]"), (0, "[]")]
    {
        assert_eq!(holes(end), expected);
    }
    assert!(std::iter::once(0..1).collect::<Intervals>().holes(1).is_empty());
    for covered in [2..5, 3..4, 6..9, 7..7, 5..5] {
        assert!(set.covers(covered.clone()), "{covered:?}");
    }
    for not_covered in [2..6, 1..3, 4..7, 5..6, 8..10, 0..12] {
        assert!(!set.covers(not_covered.clone()), "{not_covered:?}");
    }
}
