//! Every decoder: what is written is read back, what is accepted has one encoding, and no bytes make it panic.

use longear_core::article::{Groups, Origin, Rendition};
use longear_core::hash::plain;
use longear_core::keys::Roles;
use longear_core::kind::Kind;
use longear_core::tree::TreePath;
use longear_core::{
    Address, Article, ChannelId, Charter, ForkProof, Head, Header, ItemId, LogId, Note, NoteId, PackName, PackReader,
    Retraction, RoomId, SignedHeader, Statement, Variant, room,
};
use proptest::prelude::*;
use proptest::sample::Index;

use super::story::stories;
use crate::support::cases;
use crate::support::holder::Held;
use crate::support::publisher::{NOON_MS, Publisher, article, key, retraction};

/// Reads bytes, and writes again what was read.
type Echo = fn(&[u8]) -> Option<Vec<u8>>;

fn newsroom() -> Publisher {
    Publisher::found("Decoders", &[("Aida", Roles::POST, 0), ("Bolat", Roles::POST, 0)])
}

fn echo_header(bytes: &[u8]) -> Option<Vec<u8>> {
    let item = SignedHeader::decode(bytes).ok()?;
    let mut written = item.header().encode();
    written.extend_from_slice(item.bytes().last_chunk::<64>()?);
    Some(written)
}

fn echo_article(kind: Kind, bytes: &[u8]) -> Option<Vec<u8>> {
    Article::decode(kind, bytes).ok().map(|article| article.encode())
}

const ECHOES: [(&str, Echo); 13] = [
    ("charter", |bytes| Charter::decode(bytes).ok().map(|charter| charter.encode())),
    ("draft", |bytes| Charter::decode_draft(bytes).ok().map(|charter| charter.encode())),
    ("header", echo_header),
    ("unsigned", |bytes| Header::decode_unsigned(bytes).ok().map(|header| header.encode())),
    ("statement", |bytes| Statement::decode(bytes).ok().map(|statement| statement.encode())),
    ("head", |bytes| Head::decode(&ChannelId(*bytes.get(4..36)?.first_chunk()?), bytes).ok().map(|head| head.encode())),
    ("fork", |bytes| ForkProof::decode(bytes).ok().map(|proof| proof.encode())),
    ("post", |bytes| echo_article(Kind::Post, bytes)),
    ("media", |bytes| echo_article(Kind::Media, bytes)),
    ("retraction", |bytes| Retraction::decode(bytes).ok().map(|retraction| retraction.encode())),
    ("room", |bytes| room::Opening::decode(bytes).ok().map(|opening| opening.encode())),
    ("note", |bytes| Note::decode(bytes).ok().map(|note| note.encode())),
    ("decisions", |bytes| room::Decisions::decode(bytes).ok().map(|decisions| decisions.encode())),
];

/// A valid object of each kind, with every list filled.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let newsroom = newsroom();
    let mut log = newsroom.log("Aida", 1);
    for number in ["0", "1", "2"] {
        log.post(number);
    }
    let mut other = log.branch(1);
    other.post("other");
    let mut bolat = newsroom.log("Bolat", 1);
    bolat.post("bolat");
    let mut body = newsroom.next_body();
    body.closings = vec![log.closing(2), bolat.closing(0)];
    body.extensions = vec![7, 0, 2, 0, 1, 2, 0xff, 0x80, 0, 0];
    let charter = newsroom.signed(body);
    let mut header = log.items[1].header.header().clone();
    header.extensions = vec![7, 0, 2, 0, 1, 2];
    let statements = [log.statement(3, vec![bolat.cite(0)]), bolat.statement(1, vec![log.cite(2)])];
    let mut head = Head { charter: 2, ..Head::empty(newsroom.channel()) };
    statements.iter().for_each(|statement| head.insert(statement.clone()));
    head.forks = vec![LogId([1; 16]), LogId([2; 16])];
    let fork = ForkProof::between(log.opening, &log.items[1].header, &other.items[1].header).unwrap();
    let mut media = article("Film", Some(log.ids()[0]));
    let translation =
        Variant { language: "ru".into(), origin: Origin::Machine, title: "Ф".into(), body: "…".into() };
    media.variants.push(translation);
    let file = Rendition {
        name: "144p".into(),
        blob: [5; 32],
        size: 3 << 20,
        mime: "video/mp4".into(),
        duration_ms: 60_000,
        width: 256,
        height: 144,
        groups: Groups::Inline(vec![[1; 32], [2; 32], [3; 32]]),
    };
    let small = Rendition { name: "audio".into(), size: 9, groups: Groups::None, ..file.clone() };
    let large = Rendition { name: "original".into(), size: 5 << 30, groups: Groups::Blob([4; 32]), ..file.clone() };
    let still = b"a picture".to_vec();
    let inside = Rendition { name: "still".into(), blob: plain(&still), groups: Groups::File(still), ..small.clone() };
    media.renditions = vec![file, small, large, inside];
    vec![
        ("charter", charter.encode()),
        ("draft", Charter::unsigned(charter.body.clone()).encode()),
        ("header", header.clone().sign(&newsroom.channel(), &log.key).bytes().to_vec()),
        ("unsigned", header.encode()),
        ("statement", statements[0].encode()),
        ("head", head.encode()),
        ("fork", fork.encode()),
        ("post", log.items[0].payload.clone()),
        ("media", media.encode()),
        ("retraction", retraction(log.ids()).encode()),
        ("room", opening_of_a_room().encode()),
        ("note", note().encode()),
        ("decisions", decisions().encode()),
    ]
}

fn opening_of_a_room() -> room::Opening {
    room::Opening {
        language: "kk".into(),
        title: "Алаң".into(),
        rules: vec!["Be kind.".into(), "Name nobody.".into()],
        admission: room::Admission::Tickets,
        notes_per_day: 12,
        retention_days: 30,
        under: Some(ItemId([3; 32])),
    }
}

fn note() -> Note {
    let (room, writer) = (RoomId([7; 32]), key("a writer"));
    let draft = room::NoteDraft {
        room,
        what: room::What::Words,
        slot: 3,
        time: NOON_MS,
        parent: Some(NoteId([4; 32])),
        seen: Some(room::Seen { statement: [5; 16], time: NOON_MS }),
        stamp: 9,
        ticket: Some(room::TicketKey::from_seed([6; 32]).endorse(&room, &writer.public())),
        text: "Сәлем!".into(),
    };
    draft.sign(&writer)
}

/// One of each.
fn decisions() -> room::Decisions {
    use room::{Decision, Entry, Ground, Spot};
    let (id, entries) = (NoteId([4; 32]), vec![Entry([1; 8]), Entry([2; 8])]);
    let spot = Spot { entry: Entry([1; 8]), day: 20_605, slot: 3 };
    let list = vec![
        Decision::Hide { note: id, ground: Ground::Rule(2) },
        Decision::Purge { note: id, spot, ground: Ground::PersonalData },
        Decision::Ban { entry: Entry([1; 8]), first_day: 20_605, ground: Ground::Threats },
        Decision::Pin { note: id },
        Decision::Lift { item: ItemId([3; 32]), index: 1 },
        Decision::Tickets(entries.clone()),
        Decision::Writers(entries),
        Decision::Digest { day: 20_605, notes: vec![note()] },
        Decision::Close,
    ];
    room::Decisions { room: RoomId([7; 32]), list }
}

/// A way to spoil bytes.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// Copies one part over another: most fields stay well-formed.
    Copy(Index, Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (any::<Index>(), 1u8..).prop_map(|(at, mask)| Damage::Flip(at, mask)),
        1 => any::<Index>().prop_map(Damage::Cut),
        1 => (any::<Index>(), prop::collection::vec(any::<u8>(), 1..5)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (any::<Index>(), 1usize..40).prop_map(|(at, count)| Damage::Remove(at, count)),
        1 => (any::<Index>(), any::<Index>(), 1usize..100).prop_map(|(from, to, count)| Damage::Copy(from, to, count)),
    ]
}

fn spoil(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match damage {
        Damage::Flip(at, mask) => bytes[at.index(length)] ^= mask,
        Damage::Cut(at) => bytes.truncate(at.index(length)),
        Damage::Insert(at, more) => drop(bytes.splice(at.index(length)..at.index(length), more.iter().copied())),
        Damage::Remove(at, count) => drop(bytes.drain(at.index(length)..(at.index(length) + count).min(length))),
        Damage::Copy(from, to, count) => {
            let count = *count.min(&(length - from.index(length).max(to.index(length))));
            bytes.copy_within(from.index(length)..from.index(length) + count, to.index(length));
        }
    }
}

#[test]
fn every_sample_is_read_as_it_was_written_and_no_part_of_it_is() {
    for ((name, bytes), (same, echo)) in samples().iter().zip(&ECHOES) {
        assert_eq!(name, same);
        assert_eq!(echo(bytes).as_ref(), Some(bytes), "{name}");
        for end in 0..bytes.len() {
            assert_eq!(echo(&bytes[..end]), None, "{name} cut at {end}");
        }
        assert_eq!(echo(&[bytes, &[0][..]].concat()), None, "{name} with a byte more");
    }
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn spoiled_bytes_are_refused_or_have_one_encoding(
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        for ((name, sample), (_, echo)) in cached_samples().iter().zip(&ECHOES) {
            let mut bytes = sample.clone();
            damages.iter().for_each(|damage| spoil(&mut bytes, damage));
            let written = echo(&bytes);
            prop_assert!(written.is_none_or(|written| written == bytes), "{} has two encodings", name);
        }
    }

    #[test]
    fn random_bytes_panic_nowhere(bytes in prop::collection::vec(any::<u8>(), 0..400), magic in 0usize..5) {
        let begun = [&[b"LEC\x01", b"LEH\x01", b"LES\x01", b"LEF\x01", b"LEP\x01"][magic][..], &bytes].concat();
        for (name, echo) in ECHOES {
            for bytes in [&bytes, &begun] {
                prop_assert!(echo(bytes).is_none_or(|written| written == *bytes), "{} has two encodings", name);
            }
        }
        let mut reader = PackReader::new(ChannelId([0; 32]), LogId([0; 16]), PackName { level: 0, index: 0 });
        reader.push(&begun);
        while let Ok(Some(_)) = reader.next_part() {}
    }
}

fn cached_samples() -> &'static [(&'static str, Vec<u8>)] {
    static SAMPLES: std::sync::OnceLock<Vec<(&str, Vec<u8>)>> = std::sync::OnceLock::new();
    SAMPLES.get_or_init(samples)
}

fn articles() -> impl Strategy<Value = Article> {
    let text = || "[a-zа-яәіңғүұқөһ \n*_]{0,12}";
    let variant = (text(), text()).prop_map(|(title, body)| (title, body));
    let size = prop_oneof![0u64..2000, (1u64 << 20)..(3 << 20), (1u64 << 30)..(1 << 40)];
    let rendition = ("[a-z0-9]{1,9}", any::<[u8; 32]>(), size, "[a-z/]{0,12}", any::<(u32, u32, u32)>());
    let files = prop::collection::btree_map("[a-z]{1,6}", rendition, 0..4);
    let variants = prop::collection::btree_map("[a-zA-Z-]{0,8}", variant, 1..5);
    (prop::option::of(any::<[u8; 32]>()), variants, files).prop_map(|(corrects, variants, files)| {
        let variants = variants.into_iter().enumerate().map(|(place, (language, (title, body)))| {
            let origin = [Origin::Original, Origin::Human, Origin::Machine][place % 3];
            Variant { language, origin, title, body }
        });
        let renditions = files.into_iter().map(|(name, (_, blob, size, mime, (duration, width, height)))| {
            let file = vec![duration as u8; size as usize % 20_000];
            let is_inside = size < 2_000 && width % 2 == 0;
            let blob = if is_inside { plain(&file) } else { blob };
            let groups = match Rendition::group_count(size) {
                0 if is_inside => Groups::File(file),
                0 => Groups::None,
                count @ 1..=1024 => Groups::Inline((0..count).map(|group| plain(&group.to_le_bytes())).collect()),
                _ => Groups::Blob(blob),
            };
            Rendition { name, blob, size, mime, duration_ms: duration.into(), width, height, groups }
        });
        Article { corrects: corrects.map(ItemId), variants: variants.collect(), renditions: renditions.collect() }
    })
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn articles_are_read_as_written(article in articles()) {
        prop_assert_eq!(Article::decode(article.kind(), &article.encode()), Ok(article));
    }

    #[test]
    fn headers_are_read_as_written(
        (kind, seq, time, expiry) in (1u8.., 0u64..1 << 20, 0u64..1 << 53, 0u64..1 << 53),
        (length, hash, previous) in (0u32..=4096, any::<[u8; 32]>(), any::<[u8; 32]>()),
    ) {
        let header = Header {
            kind: Kind::from_number(kind).unwrap(),
            log: LogId([4; 16]),
            seq,
            time,
            expiry,
            payload_length: length,
            payload_hash: hash,
            previous: if seq == 0 { ItemId::NONE } else { ItemId(previous) },
            extensions: Vec::new(),
        };
        prop_assert_eq!(Header::decode_unsigned(&header.encode()), Ok(header));
    }

    #[test]
    fn addresses_are_read_as_written(
        channel in any::<[u8; 32]>(),
        hints in prop::collection::vec("[ -~а-я]{1,40}", 0..=8),
    ) {
        let address = Address { channel: ChannelId(channel), hints };
        prop_assert_eq!(address.to_string().parse::<Address>(), Ok(address.clone()));
        prop_assert_eq!(address.to_string().to_uppercase().parse::<Address>().map(|read| read.channel), Ok(address.channel));
    }

    #[test]
    fn texts_that_are_taken_for_addresses_or_paths_mean_what_they_print(text in "\\PC{0,90}", edits in prop::collection::vec((any::<Index>(), any::<char>()), 1..3)) {
        let address = Address { channel: ChannelId([9; 32]), hints: vec!["http://a/?b=c&d".into()] };
        let path = TreePath::BlobPart { hash: [7; 32], start_mib: 1024 };
        let edited = |whole: String| {
            let mut letters = whole.chars().collect::<Vec<_>>();
            edits.iter().for_each(|(at, letter)| {
                let at = at.index(letters.len());
                letters[at] = *letter;
            });
            letters.into_iter().collect::<String>()
        };
        for text in [text.clone(), format!("longear:{text}"), edited(address.to_string()), edited(path.to_string())] {
            if let Ok(read) = text.parse::<Address>() {
                prop_assert_eq!(read.to_string().parse::<Address>(), Ok(read));
            }
            if let Ok(read) = text.parse::<TreePath>() {
                prop_assert_eq!(read.to_string(), text);
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn what_a_story_signs_is_read_as_written(story in stories()) {
        for object in story.tell().objects {
            match object {
                Held::Charter(charter) => prop_assert_eq!(Charter::decode(&charter.encode()), Ok(charter)),
                Held::Item { header, .. } => prop_assert_eq!(SignedHeader::decode(header.bytes()), Ok(header)),
                Held::Statement(statement) => prop_assert_eq!(Statement::decode(&statement.encode()), Ok(statement)),
                Held::Fork(proof) => prop_assert_eq!(ForkProof::decode(&proof.encode()), Ok(proof)),
                Held::Payload { .. } | Held::Proof { .. } => {}
            }
        }
    }
}

#[test]
fn a_header_of_the_newsroom_has_the_size_of_the_specification() {
    let newsroom = newsroom();
    let mut log = newsroom.log("Aida", 1);
    log.write(Kind::Notice, NOON_MS, Vec::new());
    assert_eq!(log.items[0].header.bytes().len(), longear_core::limits::HEADER_BYTES_MIN);
}
