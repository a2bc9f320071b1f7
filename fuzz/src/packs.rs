//! Packs: a reader that is fed in any pieces finds the same, and nothing in a pack makes it keep more than it says.

use std::sync::LazyLock;

use longear_core::limits::{HEADER_BYTES_MAX, PAYLOAD_BYTES_MAX};
use longear_core::pack::{PackHeaders, PackPart, PackSlot, encode_front};
use longear_core::{Charter, Lineage, LogOpening, PackName, PackReader, PublicKey, Reason, verify};

/// The newsroom of `tests/vectors`, whose packs are among the kept inputs.
static NEWSROOM: LazyLock<Lineage> = LazyLock::new(|| {
    let charter = Charter::decode(include_bytes!("newsroom.charter")).expect("it is the first charter of the vectors");
    let mut lineage = Lineage::new(charter.body.channel());
    lineage.apply(verify(&lineage, charter).expect("it is signed"));
    lineage
});

/// What a reader found in a pack.
#[derive(Debug, Default, PartialEq)]
struct Found {
    /// The bytes of the headers, once they were all read.
    headers: Option<Vec<Vec<u8>>>,
    refused: Vec<(u64, Reason)>,
    payloads: Vec<(u64, Vec<u8>)>,
    end: Option<Reason>,
    is_complete: bool,
}

/// Reads a pack whole and in small pieces, writes it again, and verifies its headers.
pub fn pack(bytes: &[u8]) {
    let Some((name, opening)) = front(bytes) else { return };
    let whole = read(name, &opening, bytes, bytes.len().max(1));
    let pieces = read(name, &opening, bytes, bytes.len() % 61 + 1);
    assert_eq!(whole, pieces, "it mattered in which pieces the pack came");
    if let Some(headers) = &whole.headers
        && whole.is_complete
        && whole.end.is_none()
        && whole.refused.is_empty()
    {
        rewrite(name, &opening, headers, &whole.payloads, bytes);
    }
    let mut reader = PackReader::new(NEWSROOM.channel(), opening.log(&NEWSROOM.channel()), name);
    reader.push(bytes);
    let headers = match reader.next_part() {
        Ok(Some(PackPart::Headers(headers))) => headers,
        _ => reader.cut(),
    };
    verified(headers, opening);
}

/// The name that a pack claims, and its log: whoever asks for a pack knows both.
fn front(bytes: &[u8]) -> Option<(PackName, LogOpening)> {
    let number = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let name = PackName::new(*bytes.get(4)?, number(5)?).filter(|name| name.length() <= 512)?;
    let key = PublicKey(*bytes.get(13..)?.first_chunk()?);
    Some((name, LogOpening { key, incarnation: number(45)? }))
}

fn read(name: PackName, opening: &LogOpening, bytes: &[u8], piece: usize) -> Found {
    let mut reader = PackReader::new(NEWSROOM.channel(), opening.log(&NEWSROOM.channel()), name);
    let mut found = Found::default();
    for piece in bytes.chunks(piece) {
        reader.push(piece);
        loop {
            match reader.next_part() {
                Ok(Some(PackPart::Headers(headers))) => {
                    found.headers = Some(headers.items.iter().map(|item| item.bytes().to_vec()).collect());
                    found.refused = headers.refused;
                }
                Ok(Some(PackPart::Payload { seq, bytes })) => {
                    assert!(bytes.len() <= PAYLOAD_BYTES_MAX && name.items().contains(&seq));
                    found.payloads.push((seq, bytes.to_vec()));
                }
                Ok(None) => break,
                Err(reason) => {
                    found.end = Some(reason);
                    return found;
                }
            }
        }
    }
    found.is_complete = reader.is_complete();
    found
}

/// A pack of which nothing was refused has one encoding.
fn rewrite(name: PackName, opening: &LogOpening, headers: &[Vec<u8>], payloads: &[(u64, Vec<u8>)], bytes: &[u8]) {
    let slots = name.items().map(|seq| {
        let header = headers.iter().find(|header| header[20..28] == seq.to_le_bytes())?;
        assert!(header.len() <= HEADER_BYTES_MAX);
        let payload = payloads.iter().find(|(of, _)| *of == seq);
        Some(PackSlot { header, payload_length: payload.map_or(0, |(_, bytes)| bytes.len() as u32) })
    });
    let mut written = encode_front(name, opening, &slots.collect::<Vec<_>>());
    payloads.iter().for_each(|(_, payload)| written.extend_from_slice(payload));
    assert!(written == bytes, "two encodings of one pack");
}

/// Every header is either in a run of the newsroom's log or refused.
fn verified(headers: PackHeaders, opening: LogOpening) {
    let expected = headers.items.len() + headers.refused.len();
    let is_delegate = NEWSROOM.entry(&opening.key).is_some();
    let (runs, refused) = headers.verified(opening, &NEWSROOM);
    assert!(runs.is_empty() || is_delegate, "a run of somebody whom no charter lists");
    let good = runs.iter().map(|run| run.headers().len()).sum::<usize>();
    assert_eq!(good + refused.len(), expected, "a header was lost");
    for run in &runs {
        let tip = run.headers().last().expect("a run is never empty");
        assert_eq!(tip.check_signature(&NEWSROOM.channel(), &opening), Ok(()));
    }
}
