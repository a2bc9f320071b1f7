//! Limits: as much as is allowed is accepted, one more is not.

use longear_core::article::{GROUPED_BYTES_MIN, SIZE_BYTES_MAX};
use longear_core::clock::channel_time;
use longear_core::closing::{PROOF_HASHES_MAX, proof_holds};
use longear_core::hash::{labelled, plain};
use longear_core::header::Payload;
use longear_core::keys::Roles;
use longear_core::limits::{
    CHARTER_BYTES_MAX, CLOCK_JUMP_MS_MAX, CLOSINGS_MAX, DELEGATES_MAX, FORK_PROOF_BYTES_MAX, HEAD_BYTES_MAX,
    HEADER_BYTES_MAX, LOG_ITEMS_MAX, PACK_ITEMS_MAX, PAYLOAD_BYTES_MAX, QUARANTINE_BYTES_MAX, RETRACTION_TARGETS_MAX,
    ROOTS_MAX, SEGMENT_BYTES_MAX, SHEAF_BYTES_MAX, SHEAF_LIST_BYTES_MAX, TAKEN_BACK_KEPT_MS, TICKS_MAX, TIME_MS_MAX,
    TITLE_BYTES_MAX, TLV_BYTES_MAX, UNKNOWN_KIND_BYTES_PER_DAY,
};
use longear_core::pack::{PackPart, PackSlot, encode_front};
use longear_core::{
    ChannelId, Charter, CharterBody, ForkProof, Head, Header, ItemId, Kind, LogOpening, PackName, PackReader,
    PublicKey, Reason, Retraction, Run, SignedHeader, blob, tree, verify,
};

use crate::support::publisher::{Publisher, article, key, retraction, root_set, signed_by};

fn newsroom() -> Publisher {
    Publisher::found("Edges", &[("Aida", Roles::POST, 0), ("Bolat", Roles::POST, 0)])
}

/// Keys of a name, ascending.
fn keys(name: &str, count: usize) -> Vec<longear_core::SecretKey> {
    let mut keys = (0..count).map(|number| key(&format!("{name} {number}"))).collect::<Vec<_>>();
    keys.sort_by_key(longear_core::SecretKey::public);
    keys
}

/// Two that compute a limit differently take different objects, and show different news. Written out as in the specification.
#[test]
fn limits_that_are_computed_are_those_of_the_specification() {
    assert_eq!((HEADER_BYTES_MAX, FORK_PROOF_BYTES_MAX), (1_202, 2_452));
    assert_eq!((LOG_ITEMS_MAX, PACK_ITEMS_MAX, PROOF_HASHES_MAX), (1_048_576, 4_096, 20));
    assert_eq!((TIME_MS_MAX, SIZE_BYTES_MAX), (9_007_199_254_740_992, 9_007_199_254_740_992));
    assert_eq!((TAKEN_BACK_KEPT_MS, CLOCK_JUMP_MS_MAX), (2_592_000_000, 172_800_000));
    assert_eq!((QUARANTINE_BYTES_MAX, UNKNOWN_KIND_BYTES_PER_DAY), (4_194_304, 1_048_576));
    assert_eq!((blob::BLOCK_BYTES, blob::GROUP_BYTES, blob::GROUP_BLOCKS), (16_384, 1_048_576, 64));
    assert_eq!((blob::BLOB_BYTES_MAX, blob::NODE_BYTES, blob::SLICE_BYTES_MAX), (68_719_476_736, 64, 4_032));
    assert_eq!((GROUPED_BYTES_MIN, blob::INLINE_GROUP_HASHES_BYTES_MAX), (1_048_576, 32_768));
    assert_eq!((TICKS_MAX, SEGMENT_BYTES_MAX), (1_048_576, 16_777_216));
    assert_eq!((SHEAF_BYTES_MAX, SHEAF_LIST_BYTES_MAX), (1_048_576, 40_070));
    assert_eq!((tree::BLOB_WHOLE_BYTES_MAX, tree::FILE_BYTES_MAX), (3_221_225_472, 4_294_967_295));
}

#[test]
fn a_charter_may_have_as_many_roots_and_twice_as_many_signatures_as_the_limit() {
    let newsroom = newsroom();
    let roots = keys("many", 2 * ROOTS_MAX + 1);
    let body = CharterBody { roots: root_set(2, &roots[..ROOTS_MAX]), ..newsroom.next_body() };
    let signed = |count: usize| signed_by(body.clone(), &roots[..count]).encode();
    assert!(Charter::decode(&signed(2 * ROOTS_MAX)).is_ok());
    let refused = Charter::decode(&signed(2 * ROOTS_MAX + 1));
    assert_eq!(refused, Err(Reason::TooMany { what: "signatures", max: 2 * ROOTS_MAX }));
    let body = CharterBody { roots: root_set(2, &roots[..ROOTS_MAX + 1]), ..body };
    assert!(matches!(Charter::decode(&signed_by(body, &roots[..2]).encode()), Err(Reason::TooMany { .. })));
}

#[test]
fn a_charter_may_list_as_many_delegates_as_the_limit() {
    let newsroom = newsroom();
    let entry = |number: usize| newsroom.entry(&format!("many {number}"), Roles::POST);
    let with = |count: usize| {
        let body = CharterBody { delegates: (0..count).map(entry).collect(), ..newsroom.next_body() };
        Charter::decode(&newsroom.signed(body).encode())
    };
    assert!(with(DELEGATES_MAX).is_ok());
    assert_eq!(with(DELEGATES_MAX + 1), Err(Reason::TooMany { what: "delegates", max: DELEGATES_MAX }));
}

#[test]
fn a_charter_may_close_as_many_logs_as_the_limit() {
    let newsroom = newsroom();
    let closing = |incarnation: usize| newsroom.log("Aida", incarnation as u64).closing(0);
    let with = |count: usize| {
        let body = CharterBody { closings: (0..count).map(closing).collect(), ..newsroom.next_body() };
        Charter::decode(&newsroom.signed(body).encode())
    };
    assert!(with(CLOSINGS_MAX).is_ok());
    assert_eq!(with(CLOSINGS_MAX + 1), Err(Reason::TooMany { what: "closings", max: CLOSINGS_MAX }));
}

#[test]
fn a_closing_may_hold_as_many_items_as_a_log() {
    let newsroom = newsroom();
    let mut log = newsroom.log("Aida", 1);
    log.post("one");
    let with = |items: u64| {
        let mut body = newsroom.next_body();
        body.closings = vec![longear_core::Closing { items, ..log.closing(1) }];
        Charter::decode(&newsroom.signed(body).encode())
    };
    assert!(with(LOG_ITEMS_MAX).is_ok());
    assert_eq!(with(LOG_ITEMS_MAX + 1), Err(Reason::BadValue { what: "items of a closing" }));
}

#[test]
fn a_charter_of_the_greatest_length_is_read_before_it_is_refused_for_something_else() {
    let long = |length: usize| Charter::decode(&vec![0; length]).unwrap_err();
    assert_eq!(long(CHARTER_BYTES_MAX), Reason::BadMagic { what: "a charter" });
    assert_eq!(long(CHARTER_BYTES_MAX + 1), Reason::TooLong { what: "charter", max: CHARTER_BYTES_MAX });
}

#[test]
fn a_head_of_the_greatest_length_is_read_before_it_is_refused_for_something_else() {
    let long = |length: usize| Head::decode(&ChannelId([0; 32]), &vec![0; length]).unwrap_err();
    assert_eq!(long(HEAD_BYTES_MAX), Reason::BadMagic { what: "a head" });
    assert_eq!(long(HEAD_BYTES_MAX + 1), Reason::TooLong { what: "head", max: HEAD_BYTES_MAX });
}

#[test]
fn a_run_is_as_long_as_the_largest_pack_at_most() {
    let newsroom = newsroom();
    let mut log = newsroom.log("Aida", 1);
    log.post("one");
    let run = |count: u64| Run::new(log.opening, vec![log.items[0].header.clone(); count as usize]).map(drop);
    let refused = Err(Reason::TooMany { what: "items in a run", max: PACK_ITEMS_MAX as usize });
    assert_eq!(run(0), Err(Reason::BadValue { what: "empty run" }));
    assert_eq!(run(PACK_ITEMS_MAX), Ok(()));
    assert_eq!(run(PACK_ITEMS_MAX + 1), refused);
    assert_eq!(run(PACK_ITEMS_MAX + 2), refused);
}

/// Who could hand the payload of one item in for another, or a longer one, would put words into a newsroom's mouth.
#[test]
fn a_payload_fits_its_item_its_length_and_its_hash() {
    let newsroom = newsroom();
    let mut log = newsroom.log("Aida", 1);
    log.post("the same");
    log.post("the same");
    let (one, other) = (&log.items[0], &log.items[1]);
    assert!(verify(&one.header, Payload::new(one.header.id(), &one.payload)).is_ok());
    for (item, bytes) in [
        (other.header.id(), one.payload.clone()),
        (one.header.id(), one.payload[1..].to_vec()),
        (one.header.id(), vec![7; one.payload.len()]),
        (other.header.id(), vec![7; one.payload.len()]),
    ] {
        assert_eq!(verify(&one.header, Payload::new(item, &bytes)).map(drop), Err(Reason::HashMismatch));
    }
    // A header that lies about the length of what it hashes.
    let header = Header { payload_length: 1, ..one.header.header().clone() }.sign(&newsroom.channel(), &log.key);
    assert_eq!(verify(&header, Payload::new(header.id(), &one.payload)).map(drop), Err(Reason::HashMismatch));
    assert_eq!(Payload::new(one.header.id(), b"ab").bytes(), b"ab");
}

#[test]
fn headers_link_by_log_place_and_id() {
    let newsroom = newsroom();
    let (mut log, mut other) = (newsroom.log("Aida", 1), newsroom.log("Aida", 2));
    (0..4).for_each(|number| {
        log.post(&format!("{number}"));
    });
    other.post("0");
    let items = log.headers();
    assert!(Run::links(&items[1], &items[2]) && Run::links(&items[2], &items[3]));
    assert!(!Run::links(&items[1], &items[3]) && !Run::links(&items[2], &items[1]));
    let changed = |change: &dyn Fn(&mut Header)| {
        let mut header = items[2].header().clone();
        change(&mut header);
        header.sign(&newsroom.channel(), &log.key)
    };
    assert!(!Run::links(&items[1], &changed(&|header| header.log = other.id)));
    assert!(!Run::links(&items[1], &changed(&|header| header.seq = 3)));
    assert!(!Run::links(&items[1], &changed(&|header| header.previous = items[0].id())));
}

/// A run of headers costs one signature: a pack whose headers are linked comes back as one run.
#[test]
fn linked_headers_of_a_pack_are_one_run() {
    let newsroom = newsroom();
    let mut log = newsroom.log("Aida", 1);
    (0..8).for_each(|number| {
        log.post(&format!("{number}"));
    });
    let mut reader = PackReader::new(newsroom.channel(), log.id, PackName { level: 1, index: 0 });
    reader.push(&log.pack(PackName { level: 1, index: 0 }));
    let Ok(Some(PackPart::Headers(headers))) = reader.next_part() else { panic!("it is whole") };
    let (runs, refused) = headers.verified(log.opening, &newsroom.lineage);
    assert_eq!((runs.len(), refused.len(), runs[0].headers().len()), (1, 0, 8));
}

#[test]
fn a_pack_may_hold_the_longest_header_and_the_longest_payload() {
    let newsroom = newsroom();
    let log = newsroom.log("Aida", 1);
    let payload = vec![1; PAYLOAD_BYTES_MAX];
    // One odd extension that fills all room.
    let mut extensions = vec![1, 0];
    extensions.extend((TLV_BYTES_MAX as u16 - 4).to_le_bytes());
    extensions.resize(TLV_BYTES_MAX, 0);
    let header = Header {
        kind: Kind::Media,
        log: log.id,
        seq: 0,
        time: 1,
        expiry: 0,
        payload_length: payload.len() as u32,
        payload_hash: plain(&payload),
        previous: ItemId::NONE,
        extensions,
    };
    let header = header.sign(&newsroom.channel(), &log.key);
    assert_eq!(header.bytes().len(), HEADER_BYTES_MAX);
    assert_eq!(SignedHeader::decode(header.bytes()).as_ref(), Ok(&header));
    let proof = ForkProof { opening: log.opening, first: header.clone(), second: header.clone() };
    assert_eq!(proof.encode().len(), FORK_PROOF_BYTES_MAX);
    assert_eq!(ForkProof::decode(&proof.encode()), Ok(proof), "its header may be as long as any");
    let name = PackName { level: 0, index: 0 };
    let slot = PackSlot { header: header.bytes(), payload_length: payload.len() as u32 };
    let pack = [encode_front(name, &log.opening, &[Some(slot)]), payload.clone()].concat();
    let read = |pack: &[u8]| {
        let mut reader = PackReader::new(newsroom.channel(), log.id, name);
        reader.push(pack);
        let headers = match reader.next_part()? {
            Some(PackPart::Headers(headers)) => headers.items.len(),
            _ => 0,
        };
        let length = match reader.next_part()? {
            Some(PackPart::Payload { bytes, .. }) => bytes.len(),
            _ => 0,
        };
        Ok((headers, length))
    };
    assert_eq!(read(&pack), Ok((1, PAYLOAD_BYTES_MAX)));
    let mut long = pack.clone();
    long[53..55].copy_from_slice(&(HEADER_BYTES_MAX as u16 + 1).to_le_bytes());
    assert_eq!(read(&long), Err(Reason::TooLong { what: "header", max: HEADER_BYTES_MAX }));
    let table = 53 + 2 + HEADER_BYTES_MAX + 8;
    let mut long = pack;
    long[table..table + 4].copy_from_slice(&(PAYLOAD_BYTES_MAX as u32 + 1).to_le_bytes());
    assert_eq!(read(&long), Err(Reason::TooLong { what: "payload", max: PAYLOAD_BYTES_MAX }));
}

#[test]
fn a_retraction_may_name_as_many_items_as_the_limit() {
    let with = |count: u16| {
        let targets = (0..count).map(|number| ItemId(plain(&number.to_le_bytes()))).collect();
        Retraction::decode(&retraction(targets).encode()).map(drop)
    };
    assert_eq!(with(RETRACTION_TARGETS_MAX as u16), Ok(()));
    let refused = Err(Reason::TooMany { what: "targets", max: RETRACTION_TARGETS_MAX });
    assert_eq!(with(RETRACTION_TARGETS_MAX as u16 + 1), refused);
    let most = Kind::Retraction.payload_bytes_max();
    assert!(!matches!(Retraction::decode(&vec![0; most]), Err(Reason::TooLong { .. })));
    assert_eq!(Retraction::decode(&vec![0; most + 1]), Err(Reason::TooLong { what: "payload", max: most }));
    let mut longest = retraction(vec![ItemId([1; 32])]);
    longest.reason = "x".repeat(TITLE_BYTES_MAX);
    assert_eq!(Retraction::decode(&longest.encode()), Ok(longest));
}

#[test]
fn an_article_of_the_greatest_length_is_read_before_it_is_refused_for_something_else() {
    for kind in [Kind::Post, Kind::Media, Kind::Notice] {
        let max = kind.payload_bytes_max();
        let read = |length: usize| longear_core::Article::decode(kind, &vec![9; length]).unwrap_err();
        assert_eq!(read(max), Reason::NewerVersion { version: 9 });
        assert_eq!(read(max + 1), Reason::TooLong { what: "payload", max });
    }
    assert_eq!(article("x", None).check(), Ok(()));
}

/// The longest proof there is: 20 hashes, of a log that is full.
#[test]
fn a_proof_in_a_full_log_holds_and_a_longer_one_does_not() {
    let key = labelled("closing tree", &[]);
    let leaf = |item: &ItemId| *blake3::Hasher::new_keyed(&key).update(&[0]).update(&item.0).finalize().as_bytes();
    let parent = |left: &[u8; 32], right: &[u8; 32]| {
        *blake3::Hasher::new_keyed(&key).update(&[1]).update(left).update(right).finalize().as_bytes()
    };
    let item = ItemId([3; 32]);
    let proof = (0..=PROOF_HASHES_MAX as u8).map(|level| [level; 32]).collect::<Vec<_>>();
    let up = |count: usize| proof[..count].iter().fold(leaf(&item), |hash, sibling| parent(&hash, sibling));
    assert!(proof_holds(&up(PROOF_HASHES_MAX), LOG_ITEMS_MAX, 0, &item, &proof[..PROOF_HASHES_MAX]));
    let longer = PROOF_HASHES_MAX + 1;
    assert!(!proof_holds(&up(longer), 2 * LOG_ITEMS_MAX, 0, &item, &proof[..longer]));
}

#[test]
fn the_only_delegate_is_believed_whoever_else_spoke_before() {
    let key = |number: u8| PublicKey([number; 32]);
    let words = [(key(1), 100), (key(2), 100 + 2 * CLOCK_JUMP_MS_MAX)];
    assert_eq!(channel_time(words, 1), Some(100 + 2 * CLOCK_JUMP_MS_MAX));
    assert_eq!(channel_time(words, 2), Some(100 + CLOCK_JUMP_MS_MAX));
}

#[test]
fn a_log_opening_tells_logs_apart_by_channel_key_and_incarnation() {
    let (one, other) = (newsroom(), Publisher::found("Others", &[("Aida", Roles::POST, 0)]));
    let opening = LogOpening { key: key("Aida").public(), incarnation: 1 };
    let again = LogOpening { incarnation: 2, ..opening };
    let stranger = LogOpening { key: key("Bolat").public(), ..opening };
    let log = opening.log(&one.channel());
    assert!(![again.log(&one.channel()), stranger.log(&one.channel()), opening.log(&other.channel())].contains(&log));
}
