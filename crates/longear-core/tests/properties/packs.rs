//! Packs in pieces, cut, and damaged: whatever survives is true.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use longear_core::header::{Payload, VerifiedPayloads};
use longear_core::keys::Roles;
use longear_core::kind::Kind;
use longear_core::limits::{PACK_ITEMS_MAX, PACK_LIES_MAX};
use longear_core::pack::{PackHeaders, PackPart};
use longear_core::{ItemId, PackName, PackReader, Reason, SignedHeader, verify};
use proptest::prelude::*;

use crate::support::cases;
use crate::support::publisher::{Log, NOON_MS, Publisher, article};

const EIGHT: PackName = PackName { level: 1, index: 0 };

/// A newsroom, its log of eight items, and their pack.
struct Packed {
    newsroom: Publisher,
    log: Log,
    bytes: Vec<u8>,
}

fn packed() -> &'static Packed {
    static PACKED: OnceLock<Packed> = OnceLock::new();
    PACKED.get_or_init(pack)
}

fn pack() -> Packed {
    let newsroom = Publisher::found("Packs", &[("Aida", Roles::POST, 0)]);
    let mut log = newsroom.log("Aida", 1);
    for number in 0..6 {
        log.post(&"long ".repeat(number));
    }
    log.write(Kind::Unknown(200), NOON_MS, Vec::new());
    log.write(Kind::Post, NOON_MS, article("last", None).encode());
    let bytes = log.pack(EIGHT);
    Packed { newsroom, log, bytes }
}

/// Everything that a reader gave.
#[derive(Clone, Debug, Default, PartialEq)]
struct Parts {
    headers: Vec<SignedHeader>,
    refused: Vec<(u64, Reason)>,
    payloads: Vec<(u64, Vec<u8>)>,
    error: Option<Reason>,
    is_complete: bool,
}

fn read<'a>(packed: &Packed, pieces: impl IntoIterator<Item = &'a [u8]>) -> Parts {
    let mut reader = PackReader::new(packed.log.channel, packed.log.id, EIGHT);
    let mut parts = Parts::default();
    let keep = |parts: &mut Parts, found: PackHeaders| (parts.headers, parts.refused) = (found.items, found.refused);
    let mut has_headers = false;
    'pieces: for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next_part() {
                Ok(Some(PackPart::Headers(found))) => {
                    keep(&mut parts, found);
                    has_headers = true;
                }
                Ok(Some(PackPart::Payload { seq, bytes })) => parts.payloads.push((seq, bytes.to_vec())),
                Ok(None) => break,
                Err(reason) => {
                    parts.error = Some(reason);
                    break 'pieces;
                }
            }
        }
    }
    if !has_headers {
        keep(&mut parts, reader.cut());
    }
    parts.is_complete = reader.is_complete();
    parts
}

/// Item and payload, by seq.
type Items = BTreeMap<u64, (ItemId, Option<Vec<u8>>)>;

/// What verifies of the parts; and whether anything was found to be wrong.
fn survivors(packed: &Packed, parts: &Parts) -> (Items, bool) {
    let headers = PackHeaders { items: parts.headers.clone(), refused: parts.refused.clone() };
    let (runs, refused) = headers.verified(packed.log.opening, &packed.newsroom.lineage);
    let items = runs.iter().flat_map(|run| run.headers());
    let mut good = items.map(|item| (item.header().seq, (item, None))).collect::<BTreeMap<_, _>>();
    let mut is_wrong = !refused.is_empty() || parts.error.is_some() || !parts.is_complete;
    for (seq, bytes) in &parts.payloads {
        let Some((item, payload)) = good.get_mut(seq) else { continue };
        match verify(*item, Payload::new(item.id(), bytes)) {
            Ok(_) => *payload = Some(bytes.clone()),
            Err(_) => is_wrong = true,
        }
    }
    (good.into_iter().map(|(seq, (item, payload))| (seq, (item.id(), payload))).collect(), is_wrong)
}

/// What the log's owner put into the pack.
fn truth(packed: &Packed) -> Items {
    let payload = |bytes: &Vec<u8>| Some(bytes.clone()).filter(|bytes| !bytes.is_empty());
    let items = packed.log.items.iter().enumerate();
    items.map(|(seq, item)| (seq as u64, (item.header.id(), payload(&item.payload)))).collect()
}

#[test]
fn a_whole_pack_gives_everything() {
    let packed = packed();
    let parts = read(packed, [packed.bytes.as_slice()]);
    assert!(parts.is_complete);
    assert_eq!(survivors(packed, &parts), (truth(packed), false));
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn pieces_of_any_size_give_the_same_parts(sizes in prop::collection::vec(1usize..400, 1..20)) {
        let packed = packed();
        let whole = read(packed, [packed.bytes.as_slice()]);
        let (mut rest, mut pieces) = (packed.bytes.as_slice(), Vec::new());
        for size in sizes.iter().cycle() {
            let (piece, behind) = rest.split_at(rest.len().min(*size));
            pieces.push(piece);
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(read(packed, pieces), whole);
    }
}

#[test]
fn payloads_are_kept_with_their_own_items_only() {
    let items = &packed().log.items;
    let mut kept = VerifiedPayloads::with_capacity(64);
    for item in items {
        for other in items {
            let is_own = other.payload == item.payload;
            assert_eq!(kept.push(&item.header, &other.payload).is_ok(), is_own);
        }
    }
    let pairs = kept.iter().map(|(seq, payload)| (seq, payload.item(), payload.bytes().to_vec()));
    let own = items.iter().zip(0..).map(|(item, seq)| (seq, item.header.id(), item.payload.clone()));
    assert_eq!(pairs.collect::<Vec<_>>(), own.collect::<Vec<_>>());
    assert_eq!(kept.last_seq(), Some(7));
    kept.clear();
    assert_eq!((kept.iter().count(), kept.byte_count(), kept.last_seq()), (0, 0, None));
}

#[test]
fn single_bytes_give_the_same_parts() {
    let packed = packed();
    assert_eq!(read(packed, packed.bytes.chunks(1)), read(packed, [packed.bytes.as_slice()]));
}

#[test]
fn a_pack_cut_anywhere_gives_what_stands_before_the_cut() {
    let packed = packed();
    let (whole, truth) = (read(packed, [packed.bytes.as_slice()]), truth(packed));
    let mut header_ends = Vec::new();
    packed.log.items.iter().fold(53, |at, item| {
        header_ends.push(at + 2 + item.header.bytes().len());
        at + 2 + item.header.bytes().len()
    });
    let area = packed.bytes.len() - packed.log.items.iter().map(|item| item.payload.len()).sum::<usize>();
    for end in 0..packed.bytes.len() {
        let parts = read(packed, [&packed.bytes[..end]]);
        assert_eq!(parts.error, None, "cut at {end}");
        let headers = header_ends.iter().filter(|at| **at <= end).count();
        assert_eq!(parts.headers, whole.headers[..headers], "cut at {end}");
        let complete = whole.payloads.iter().scan(area, |at, (_, bytes)| {
            *at += bytes.len();
            Some(*at)
        });
        let payloads = complete.filter(|at| *at <= end).count();
        assert_eq!(parts.payloads, whole.payloads[..payloads], "cut at {end}");
        assert!(!parts.is_complete, "cut at {end}");
        let (good, _) = survivors(packed, &parts);
        assert_eq!(good.len(), headers, "cut at {end}");
        assert!(good.iter().all(|(seq, (id, _))| truth[seq].0 == *id));
    }
}

/// One bit of each byte in turn. What is damaged within a slot costs that slot only.
#[test]
fn a_flipped_bit_anywhere_is_noticed_and_no_lie_survives() {
    let packed = packed();
    let truth = truth(packed);
    let headers = 53..53 + packed.log.items.iter().map(|item| 2 + item.header.bytes().len()).sum::<usize>();
    let payloads = headers.end + 8 * 12..packed.bytes.len();
    let mut lengths = Vec::new();
    packed.log.items.iter().fold(53, |at, item| {
        lengths.extend([at, at + 1]);
        at + 2 + item.header.bytes().len()
    });
    for at in 0..packed.bytes.len() {
        let mut bytes = packed.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let parts = read(packed, [bytes.as_slice()]);
        let (good, is_wrong) = survivors(packed, &parts);
        for (seq, (id, payload)) in &good {
            assert_eq!(*id, truth[seq].0, "bit flipped in byte {at}");
            assert!(payload.is_none() || *payload == truth[seq].1, "bit flipped in byte {at}");
        }
        assert!(is_wrong, "nobody noticed byte {at}");
        if headers.contains(&at) && !lengths.contains(&at) {
            assert_eq!(good.len(), 7, "a bit in byte {at} cost neighbours");
        }
        if payloads.contains(&at) {
            let lost = good.iter().filter(|(seq, (_, payload))| *payload != truth[seq].1).count();
            assert_eq!((good.len(), lost), (8, 1), "a bit in byte {at} cost neighbours");
        }
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn of_a_pack_damaged_at_will_only_true_items_survive(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let packed = packed();
        let truth = truth(packed);
        let mut bytes = packed.bytes.clone();
        flips.iter().for_each(|(at, mask)| bytes[at.index(packed.bytes.len())] ^= mask);
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let parts = read(packed, [bytes.as_slice()]);
        for (seq, (id, payload)) in survivors(packed, &parts).0 {
            prop_assert_eq!(id, truth[&seq].0);
            prop_assert!(payload.is_none() || payload == truth[&seq].1);
        }
    }
}

/// Headers of a log, the first `lies` from the top below the tip signed by nobody.
fn headers_with_lies(log: &Log, lies: usize) -> PackHeaders {
    let mut headers = log.headers();
    let tip = headers.len() - 1;
    for item in &mut headers[tip - lies..tip] {
        let mut bytes = item.bytes().to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        *item = SignedHeader::decode(&bytes).unwrap();
    }
    PackHeaders { items: headers, refused: Vec::new() }
}

/// A pack of 4,096 forged headers once bought 4,096 signature checks, a third of a second of work for one request; but a
/// few flipped bytes must not lose the thousands of items linked below them either.
#[test]
fn after_so_many_lies_the_rest_of_a_pack_is_refused_unseen() {
    let newsroom = Publisher::found("Lies", &[("Aida", Roles::POST, 0)]);
    let mut log = newsroom.log("Aida", 1);
    for _ in 0..PACK_LIES_MAX + 6 {
        log.write(Kind::Unknown(200), NOON_MS, Vec::new());
    }
    let good = |lies: usize| {
        let (runs, refused) = headers_with_lies(&log, lies).verified(log.opening, &newsroom.lineage);
        let good = runs.iter().map(|run| run.headers().len()).sum::<usize>();
        assert_eq!(good + refused.len(), log.items.len());
        assert!(refused.iter().all(|(_, reason)| *reason == Reason::BadSignature));
        assert!(refused.is_sorted_by_key(|(seq, _)| *seq));
        good
    };
    assert_eq!(good(0), PACK_LIES_MAX + 6);
    assert_eq!(good(1), PACK_LIES_MAX + 5);
    assert_eq!(good(PACK_LIES_MAX), 6);
    assert_eq!(good(PACK_LIES_MAX + 1), 1);
}

#[test]
fn a_key_that_no_charter_lists_is_named_for_every_header() {
    let newsroom = Publisher::found("Lies", &[("Aida", Roles::POST, 0)]);
    let mut log = newsroom.log("Nobody", 1);
    for _ in 0..100 {
        log.write(Kind::Unknown(200), NOON_MS, Vec::new());
    }
    let (runs, refused) = headers_with_lies(&log, 70).verified(log.opening, &newsroom.lineage);
    assert!(runs.is_empty());
    assert_eq!(refused.len(), 100);
    assert!(refused.iter().all(|(_, reason)| *reason == Reason::UnknownKey));
    assert!(refused.len() < PACK_ITEMS_MAX as usize && refused.is_sorted_by_key(|(seq, _)| *seq));
}

/// A table that was cut off was called cut off, although an entry that had come was wrong already; the verifier in Python named
/// that one, as the specification demands.
#[test]
fn the_first_fault_of_a_table_that_is_cut_off_is_named() {
    let Packed { log, bytes, .. } = packed();
    let table = 53 + log.items.iter().map(|item| 2 + item.header.bytes().len()).sum::<usize>();
    let mut cut = bytes[..table + 12 + 9].to_vec();
    assert_eq!(read(packed(), [&cut[..]]).error, None);
    cut[table + 12] ^= 1;
    for length in [table + 12 + 8, cut.len()] {
        let error = read(packed(), [&cut[..length]]).error;
        assert!(matches!(error, Some(Reason::NotCanonical { .. })), "{error:?}");
    }
}
