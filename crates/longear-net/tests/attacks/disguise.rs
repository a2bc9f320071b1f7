//! Attacks by form: one object in the dress of another, other encodings of the same, signatures for something else.

use longear_core::hash::message;
use longear_core::keys::SIGNATURE_BYTES;
use longear_core::pack::{PackSlot, encode_front};
use longear_core::{Head, Header, SignedHeader, Statement};

use super::publisher::{Log, article};
use super::stage::{Mirror, Stage, single};

impl Stage {
    /// The header that Aida would write next, with this signature.
    fn next_header(&self, sign: impl FnOnce(&Log, &Header) -> [u8; SIGNATURE_BYTES]) -> (SignedHeader, Vec<u8>) {
        let mut log = self.aida.clone();
        log.post("the next one");
        let header = log.items[12].header.header().clone();
        let bytes = [header.encode(), sign(&log, &header).to_vec()].concat();
        (SignedHeader::decode(&bytes).unwrap(), log.items[12].payload.clone())
    }

    /// A mirror with these bytes as Aida's next pack.
    fn next_pack(&self, bytes: &[u8]) -> Mirror {
        let mirror = Mirror::new(&self.newsroom);
        mirror.tree.put(&mirror.pack(&self.aida, single(12)), bytes);
        mirror
    }

    fn pack_of(&self, (header, payload): &(SignedHeader, Vec<u8>)) -> Vec<u8> {
        let slot = PackSlot { header: header.bytes(), payload_length: payload.len() as u32 };
        [encode_front(single(12), &self.aida.opening, &[Some(slot)]), payload.clone()].concat()
    }
}

/// Wants: a signature that Aida gave for one thing to serve for another. Has: a way to make her sign what he chooses as a
/// statement, as an enrolment, for another channel, or without any label.
/// CVE-2022-36056 (cosign: a bundle counted that did not refer to the signature); every label exists because of this attack.
#[tokio::test]
async fn a_signature_over_another_kind_of_object() {
    let stage = Stage::new().await;
    let channel = stage.reader.channel.0;
    let labels = ["statement signature", "charter signature", "enrolment"];
    let mut forged = labels
        .map(|label| stage.next_header(|log, header| log.key.sign(&message(label, &channel, &[&header.encode()]))))
        .to_vec();
    forged
        .push(stage.next_header(|log, header| log.key.sign(&message("item signature", &[7; 32], &[&header.encode()]))));
    forged.push(stage.next_header(|log, header| log.key.sign(&header.encode())));
    for next in forged {
        let mirror = stage.next_pack(&stage.pack_of(&next));
        let path = mirror.pack(&stage.aida, single(12));
        stage.refuses(&mirror, &[(path, "bad-signature")]).await;
    }
    // The other way round: an item's signature on a statement.
    let mut statement = stage.aida.statement(2, vec![]);
    let unsigned = statement.encode();
    let unsigned = &unsigned[..unsigned.len() - SIGNATURE_BYTES];
    statement.signature = stage.aida.key.sign(&message("item signature", &channel, &[unsigned]));
    let mirror = Mirror::new(&stage.newsroom);
    mirror.says(&[statement], &[]);
    stage.refuses(&mirror, &[(mirror.head(), "bad-signature")]).await;
}

/// Wants: words that Aida never wrote under a signature that she gave. Has: her signed items, and changes a field at a time.
/// TUF specification §1.5.2 (arbitrary installation).
#[tokio::test]
async fn a_signature_over_another_item() {
    let stage = Stage::new().await;
    let signature = *stage.aida.items[11].header.bytes().last_chunk::<SIGNATURE_BYTES>().unwrap();
    let next = stage.next_header(|_, _| signature);
    let mirror = stage.next_pack(&stage.pack_of(&next));
    let path = mirror.pack(&stage.aida, single(12));
    stage.refuses(&mirror, &[(path, "bad-signature")]).await;
    // A genuine header, and another text behind it.
    let mut log = stage.aida.clone();
    log.post("the next one");
    let payload = article("the forged one", None).encode();
    assert_ne!(payload, log.items[12].payload);
    let forged = payload.iter().chain([&0; 64]).take(log.items[12].payload.len()).copied().collect::<Vec<_>>();
    let mirror = stage.next_pack(&stage.pack_of(&(log.items[12].header.clone(), forged)));
    let report = stage.reader.pull(&[&mirror.tree]).await;
    assert_eq!((report.refused[0].code, report.new_items), (Some("hash-mismatch"), 0), "{report:?}");
}

/// Wants: his signature to pass for Aida's. Has: Bolat's key, a delegate's too, and Aida's opening in the pack.
/// GHSA-3633-5h82-39pq (go-tuf: key IDs were believed as they stood in the metadata).
#[tokio::test]
async fn a_key_under_somebody_else_s_name() {
    let stage = Stage::new().await;
    let channel = stage.reader.channel;
    let next = stage.next_header(|_, header| {
        *header.clone().sign(&channel, &stage.bolat.key).bytes().last_chunk::<SIGNATURE_BYTES>().unwrap()
    });
    let mirror = stage.next_pack(&stage.pack_of(&next));
    let path = mirror.pack(&stage.aida, single(12));
    stage.refuses(&mirror, &[(path, "bad-signature")]).await;
    let mut statement = stage.aida.statement(2, vec![]);
    statement.signature = stage.bolat.statement(2, vec![]).signature;
    mirror.says(&[statement], &[]);
    mirror.tree.remove(&path);
    stage.refuses(&mirror, &[(mirror.head(), "bad-signature")]).await;
}

/// Wants: a second form of a charter, statement or pack that is still signed, so that copies differ, caches miss, or a parser
/// reads something else than the verifier. Has: genuine objects.
/// TUF specification §4.2.1 (signatures are over a canonical form, which each reader has to make again).
#[tokio::test]
async fn another_encoding_of_the_same() {
    let stage = Stage::new().await;
    let next = stage.newsroom.signed(stage.newsroom.next_body());
    let mut mirror = Mirror::new(&stage.newsroom);
    mirror.announces(&next);
    let path = mirror.charter(2);
    let good = next.encode();
    // The hash of a charter leaves its signatures out: they must not be bendable at all.
    let signatures = good.len() - 2 * 96;
    let mut reordered = good.clone();
    reordered[signatures..].rotate_left(96);
    let longer = [&good[..], &[0]].concat();
    for (bytes, code) in
        [(reordered, "not-canonical"), (longer, "trailing-bytes"), (good[..good.len() - 1].to_vec(), "truncated")]
    {
        mirror.tree.put(&path, &bytes);
        stage.refuses(&mirror, &[(path, code)]).await;
    }
    mirror.tree.remove(&path);
    // A head with its statements in another sequence, or one of them twice.
    let words = [stage.aida.statement(5, vec![]), stage.bolat.statement(5, vec![])];
    let mut head = Head::empty(stage.reader.channel);
    (head.charter, head.charter_hash) = (1, stage.newsroom.lineage.hash());
    words.iter().for_each(|word| head.insert(word.clone()));
    let bytes = head.encode();
    let statement = words[0].encode().len();
    let (first, last) = (77, 77 + 2 * statement);
    let mut turned = bytes.clone();
    turned[first..last].rotate_left(statement);
    let mut twice = bytes.clone();
    twice.copy_within(first..first + statement, first + statement);
    for forged in [turned, twice] {
        mirror.tree.put(&mirror.head(), &forged);
        stage.refuses(&mirror, &[(mirror.head(), "not-canonical")]).await;
    }
}

/// Wants: an old Longear to misread what a new one means, by changing the version or adding what must be understood.
/// Has: Aida's key, or a mirror.
#[tokio::test]
async fn a_newer_version_that_must_be_understood() {
    let stage = Stage::new().await;
    let mut mirror = Mirror::new(&stage.newsroom);
    let mut body = stage.newsroom.next_body();
    body.extensions = vec![2, 0, 0, 0];
    let next = stage.newsroom.signed(body);
    mirror.announces(&next);
    let path = mirror.charter(2);
    stage.refuses(&mirror, &[(path, "unknown-tlv")]).await;
    let mut bytes = stage.newsroom.signed(stage.newsroom.next_body()).encode();
    bytes[3] = 2;
    mirror.tree.put(&path, &bytes);
    stage.refuses(&mirror, &[(path, "newer-version")]).await;
}

/// Wants: the reader to take one object for another by its place. Has: a mirror, and puts genuine objects elsewhere.
/// TUF specification §5 (each role is asked for by its name, and says which it is).
#[tokio::test]
async fn an_object_in_the_place_of_another() {
    let stage = Stage::new().await;
    let statement: Statement = stage.aida.statement(2, vec![]);
    let charter = stage.newsroom.signed(stage.newsroom.next_body());
    let mut mirror = Mirror::new(&stage.newsroom);
    mirror.announces(&charter);
    let path = mirror.charter(2);
    for bytes in
        [statement.encode(), stage.aida.pack(single(3)), std::fs::read(mirror.tree.file(&mirror.head())).unwrap()]
    {
        mirror.tree.put(&path, &bytes);
        stage.refuses(&mirror, &[(path, "bad-magic")]).await;
    }
    mirror.tree.remove(&path);
    mirror.tree.put(&mirror.head(), &charter.encode());
    stage.refuses(&mirror, &[(mirror.head(), "bad-magic")]).await;
    let mirror = stage.next_pack(&statement.encode());
    let path = mirror.pack(&stage.aida, single(12));
    stage.refuses(&mirror, &[(path, "bad-magic")]).await;
}
