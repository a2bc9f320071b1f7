//! The signed formats: what is accepted has one encoding only, and whatever is accepted can be worked with.

use longear_core::kind::{Class, Kind};
use longear_core::{
    Address, Article, ChannelId, Charter, ForkProof, Head, Header, Lineage, Reason, Retraction, SignedHeader,
    Statement, verify,
};

/// Fails if bytes that were accepted would be written otherwise.
pub(crate) fn same(accepted: &[u8], written: &[u8]) {
    assert!(accepted == written, "two encodings of one object");
}

/// Address text: what is read is read again from how it is written, and a changed letter is noticed.
pub fn address(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(address) = text.parse::<Address>() else { return };
    let written = address.to_string();
    assert_eq!(written.parse::<Address>().as_ref(), Ok(&address));
    // Hints have several spellings, the channel has one, apart from capitals and white space.
    let channel = |text: &str| text.split('?').next().unwrap_or_default().split_whitespace().collect::<String>();
    assert_eq!(channel(text).to_ascii_lowercase(), channel(&written));
    let digits = address.digits();
    assert_eq!(digits.split(' ').map(str::len).collect::<Vec<_>>(), [5; 6], "{digits}");
}

/// Charters and drafts, and the verification of a first charter.
pub fn charter(bytes: &[u8]) {
    if let Ok(draft) = Charter::decode_draft(bytes) {
        same(bytes, &draft.encode());
    }
    let Ok(charter) = Charter::decode(bytes) else { return };
    same(bytes, &charter.encode());
    let mut lineage = Lineage::new(charter.body.channel());
    let is_first = charter.body.number == 1;
    match verify(&lineage, charter) {
        Ok(charter) => {
            assert!(is_first, "a later charter was accepted without the first");
            assert!(charter.signers_of(&charter.body.roots) >= usize::from(charter.body.roots.threshold));
            lineage.apply(charter);
            assert_eq!(lineage.number(), 1);
        }
        Err(Reason::OutOfSequence { .. }) => assert!(!is_first),
        Err(_) => {}
    }
}

/// Signed and unsigned headers of items.
pub fn header(bytes: &[u8]) {
    if let Ok(header) = Header::decode_unsigned(bytes) {
        same(bytes, &header.encode());
    }
    let Ok(item) = SignedHeader::decode(bytes) else { return };
    same(item.bytes(), bytes);
    same(&bytes[..bytes.len() - 64], &item.header().encode());
    let kind = item.header().kind;
    assert_eq!(Kind::from_number(kind.number()), Some(kind));
    assert!(item.header().payload_length as usize <= kind.payload_bytes_max());
}

/// Statements, and which of two of them wins.
pub fn statement(bytes: &[u8]) {
    let Ok(statement) = Statement::decode(bytes) else { return };
    same(bytes, &statement.encode());
    let mut other = statement.clone();
    other.time ^= 1;
    assert!(!statement.supersedes(&statement));
    assert!(statement.supersedes(&other) != other.supersedes(&statement), "nobody wins, or both do");
}

/// Heads, of the channel that they name themselves, and the merging of them.
pub fn head(bytes: &[u8]) {
    let Some(channel) = bytes.get(4..36).and_then(|id| id.first_chunk()).copied().map(ChannelId) else { return };
    let Ok(head) = Head::decode(&channel, bytes) else { return };
    same(bytes, &head.encode());
    let mut twice = head.clone();
    twice.merge(&head);
    assert_eq!(twice, head, "merging a head with itself changed it");
    // Half of it, merged with all of it, either way round.
    let mut half = head.clone();
    let mut place = 0;
    let is_kept = |_: &_| {
        place += 1;
        place % 2 == 0
    };
    half.statements = half.statements.into_iter().filter(is_kept).collect();
    half.charter -= head.charter % 2;
    let (mut one, mut other) = (half.clone(), head.clone());
    one.merge(&head);
    other.merge(&half);
    assert_eq!(one, other, "the order of two heads mattered");
}

/// Payloads of posts, media and notices.
pub fn article(bytes: &[u8]) {
    for kind in [Kind::Post, Kind::Media, Kind::Notice] {
        let Ok(article) = Article::decode(kind, bytes) else { continue };
        same(bytes, &article.encode());
        assert_eq!(article.kind() == Kind::Media, kind == Kind::Media);
        if article.kind() == kind {
            assert_eq!(article.check(), Ok(()));
        }
        assert!(article.renditions.iter().all(|rendition| rendition.class() <= Class::Large));
    }
}

/// Payloads of retractions.
pub fn retraction(bytes: &[u8]) {
    let Ok(retraction) = Retraction::decode(bytes) else { return };
    same(bytes, &retraction.encode());
    assert!(retraction.targets.is_sorted_by(|a, b| a < b));
}

/// Fork proofs: two headers that contradict each other have one proof only.
pub fn fork(bytes: &[u8]) {
    let Ok(proof) = ForkProof::decode(bytes) else { return };
    same(bytes, &proof.encode());
    let between = ForkProof::between(proof.opening, &proof.first, &proof.second);
    let turned = ForkProof::between(proof.opening, &proof.second, &proof.first);
    assert_eq!(between, turned, "the order of the two headers mattered");
    if let Some(between) = between {
        same(&ForkProof::decode(&between.encode()).map(|proof| proof.encode()).unwrap_or_default(), &between.encode());
    }
    // No charter lists the key: no proof may be believed.
    let nobody = Lineage::new(ChannelId([0; 32]));
    assert_eq!(verify(&nobody, proof).err(), Some(Reason::UnknownKey));
}
