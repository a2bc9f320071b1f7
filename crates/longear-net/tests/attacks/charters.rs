//! Attacks on who may speak: thresholds, succession, enrolment.

use longear_core::charter::Origin;
use longear_core::holdings::Holdings;
use longear_core::{Charter, CharterBody, Delegate, PublicKey, Reason, Roles, RootSet, verify};

use super::publisher::{Publisher, key, keys, root_set, signed_by};
use super::stage::{Mirror, Stage};

/// The reader is offered this as the next charter, and refuses it.
async fn refused(stage: &Stage, charter: &Charter, code: &str) {
    let mut mirror = Mirror::new(&stage.newsroom);
    mirror.announces(charter);
    let path = mirror.charter(charter.body.number);
    stage.refuses(&mirror, &[(path, code)]).await;
}

/// The next charter, by which somebody else would speak.
fn usurped(newsroom: &Publisher) -> CharterBody {
    let mut body = newsroom.next_body();
    body.delegates.push(newsroom.entry("Thief", Roles::POST));
    body
}

/// The next charter, with the committed roots and a new commitment.
fn rotated(newsroom: &Publisher) -> CharterBody {
    let next = root_set(2, &keys("later root")).commitment();
    CharterBody { roots: root_set(2, &newsroom.next_roots), next, ..newsroom.next_body() }
}

/// Wants: to speak for the channel. Has: one root key of the two that are needed, and signs twice with it.
/// CVE-2020-6174 (python-tuf), CVE-2020-15093 (tough: a signature that stood twice counted twice); TUF specification §5.3.4.
#[tokio::test]
async fn one_signer_counted_twice() {
    let stage = Stage::new().await;
    let mut charter = signed_by(usurped(&stage.newsroom), &stage.newsroom.roots[..1]);
    refused(&stage, &charter, "below-threshold").await;
    charter.signatures.push(charter.signatures[0]);
    refused(&stage, &charter, "not-canonical").await;
    // Signatures that were gathered in memory pass no decoder.
    assert!(matches!(verify(&stage.newsroom.lineage, charter), Err(Reason::NotCanonical { .. })));
}

/// Wants: one key to count as two. Has: two present roots' signatures on a new set in which his own key stands twice, once
/// under each of two encodings where the curve has two, and once more as it is.
/// GHSA-3633-5h82-39pq (go-tuf: one key under several IDs).
#[tokio::test]
async fn one_key_under_two_names() {
    let stage = Stage::new().await;
    let (own, next) = (key("Thief").public(), stage.newsroom.next_body().next);
    let set = |keys: Vec<PublicKey>| RootSet { threshold: 2, keys };
    let body = |roots| CharterBody { roots, next, ..usurped(&stage.newsroom) };
    refused(&stage, &signed_by(body(set(vec![own, own])), &stage.newsroom.roots[..2]), "not-canonical").await;
    // y = 3 is a point of the curve, and so is y = 3 + p, which still fits 255 bits: the same key in another spelling.
    let (mut plain, mut bent) = ([0; 32], [0xff; 32]);
    (plain[0], bent[0], bent[31]) = (3, 0xf0, 0x7f);
    assert_eq!(PublicKey(plain).check(), Ok(()));
    let twice = set(vec![PublicKey(plain), PublicKey(bent)]);
    refused(&stage, &signed_by(body(twice), &stage.newsroom.roots[..2]), "weak-key").await;
}

/// Wants: charters without any signature that counts. Has: a place to put a charter with threshold 0, signed by himself.
/// GHSA-fphv-w9fq-2525 (go-tuf: a threshold of 0 switched verification off).
#[tokio::test]
async fn a_threshold_of_nought() {
    let stage = Stage::new().await;
    let mut body = usurped(&stage.newsroom);
    body.roots.threshold = 0;
    refused(&stage, &signed_by(body, &[key("Thief")]), "bad-value").await;
}

/// Wants: to go on signing charters. Has: two root keys that were replaced long ago.
/// TUF specification §5.3.4, §6.1 (revoked root keys).
#[tokio::test]
async fn a_threshold_met_by_keys_left_behind() {
    let mut stage = Stage::new().await;
    let old = stage.newsroom.roots.clone();
    let everybody = [&old[..2], &stage.newsroom.next_roots[..2]].concat();
    stage.newsroom.apply(signed_by(rotated(&stage.newsroom), &everybody));
    stage.reader.pull(&[&stage.mirror().tree]).await;
    refused(&stage, &signed_by(usurped(&stage.newsroom), &old[..2]), "unknown-signer").await;
}

/// Wants: the channel. Has: a majority of the *next* root set, which is announced but not in force.
/// CVE-2020-15163 (python-tuf: a root that had failed verification was trusted later); TUF specification §5.3.4.
#[tokio::test]
async fn a_threshold_met_by_the_new_set_only() {
    let stage = Stage::new().await;
    let body = rotated(&stage.newsroom);
    refused(&stage, &signed_by(body.clone(), &stage.newsroom.next_roots[..2]), "below-threshold").await;
    let one_old = [&stage.newsroom.roots[..1], &stage.newsroom.next_roots[..]].concat();
    refused(&stage, &signed_by(body, &one_old), "below-threshold").await;
}

/// Wants: root keys that nobody has ever used, so that the channel can never be amended again. Has: a majority of the
/// present set. GMS-2022-4197 (python-tuf: one new key counted twice towards the new root's threshold); TUF specification §5.3.4.
#[tokio::test]
async fn a_threshold_met_by_the_old_set_only() {
    let stage = Stage::new().await;
    let body = rotated(&stage.newsroom);
    refused(&stage, &signed_by(body.clone(), &stage.newsroom.roots), "below-threshold").await;
    let one_new = [&stage.newsroom.roots[..], &stage.newsroom.next_roots[..1]].concat();
    refused(&stage, &signed_by(body, &one_new), "below-threshold").await;
}

/// Wants: to replace the roots by his own, for good. Has: two present root keys, stolen; the next set was announced before.
/// TUF specification §1.5.2 (vulnerability to key compromises).
#[tokio::test]
async fn roots_that_were_not_announced() {
    let stage = Stage::new().await;
    let own = keys("Thief");
    let next = root_set(2, &keys("Thief later")).commitment();
    let body = CharterBody { roots: root_set(2, &own), next, ..stage.newsroom.next_body() };
    let everybody = [&stage.newsroom.roots[..2], &own[..2]].concat();
    refused(&stage, &signed_by(body, &everybody), "roots-not-committed").await;
    // Nor may the announcement itself be replaced while the roots stay.
    let body = CharterBody { next, ..stage.newsroom.next_body() };
    refused(&stage, &stage.newsroom.signed(body), "roots-not-committed").await;
}

/// Wants: a charter to be passed over, the one that closes his log. Has: a mirror, and charter 3, which is genuine.
/// CVE-2025-2885 (tough: the version of the next root was not checked); TUF specification §5.3.3, §5.3.5.
#[tokio::test]
async fn a_skipped_charter() {
    let stage = Stage::new().await;
    let mut later = stage.newsroom.clone();
    later.apply(later.signed(later.next_body()));
    let third = later.signed(CharterBody { name: "Third".into(), ..later.next_body() });
    later.apply(third.clone());
    let mut mirror = Mirror::new(&stage.newsroom);
    mirror.lays(3, &third);
    mirror.claims(3, third.body.hash(), &[]);
    stage.refuses(&mirror, &[]).await;
    // The same under the number that the reader asks for.
    mirror.lays(2, &third);
    let path = mirror.charter(2);
    stage.refuses(&mirror, &[(path, "out-of-sequence")]).await;
    // And it waits for nobody in memory either.
    assert!(matches!(verify(&stage.newsroom.lineage, third), Err(Reason::OutOfSequence { .. })));
}

/// Wants: each reader to believe another charter 2. Has: two root keys, and signs twice.
/// The reader stops before both, keeps the proof and is told; later charters do not count, and nothing of the news changes.
#[tokio::test]
async fn two_valid_successors() {
    let stage = Stage::new().await;
    let page = stage.page();
    let body = |name: &str| CharterBody { name: name.into(), ..usurped(&stage.newsroom) };
    let (one, other) = (stage.newsroom.signed(body("One")), stage.newsroom.signed(body("Other")));
    let mut mirrors = [Mirror::new(&stage.newsroom), Mirror::new(&stage.newsroom)];
    mirrors[0].announces(&one);
    mirrors[1].announces(&other);
    for mirror in &mirrors {
        stage.reader.pull(&[&mirror.tree]).await;
    }
    let told = stage.reader.pull(&[&mirrors[0].tree]).await;
    assert_eq!(told.rivals, [stage.reader.channel]);
    let channel = stage.reader.store.channel(&stage.reader.channel).unwrap().unwrap();
    assert_eq!((channel.lineage().number(), channel.lineage().rivals().len()), (1, 2));
    assert_eq!((stage.page(), channel.name()), (page, "Newsroom"));
    // A third charter on top of one of them changes nothing.
    let mut thief = stage.newsroom.clone();
    thief.apply(one);
    mirrors[0].announces(&thief.signed(thief.next_body()));
    let before = stage.state();
    stage.reader.pull(&[&mirrors[0].tree]).await;
    assert_eq!(stage.state(), before);
}

/// Wants: the log that a charter closed to be open again. Has: a mirror with the older charters and his later posts.
/// CVE-2022-29173 (go-tuf: rollback of other roles than root); TUF specification §5.3.5.
#[tokio::test]
async fn a_closing_rolled_back_by_an_older_charter() {
    let mut stage = Stage::new().await;
    let old = Mirror::new(&stage.newsroom);
    let closing = stage.aida.closing(12);
    let mut body = stage.newsroom.next_body();
    body.delegates.retain(|entry| entry.key != stage.aida.opening.key);
    body.closings.push(closing);
    stage.newsroom.apply(stage.newsroom.signed(body));
    stage.reader.pull(&[&stage.mirror().tree]).await;
    let mut thief = stage.aida.clone();
    for number in 0..4 {
        thief.post(&format!("after the raid {number}"));
    }
    old.says(&[thief.statement(9, vec![])], &[]);
    old.holds(&thief);
    let report = stage.refuses(&old, &[(old.head(), "beyond-closing")]).await;
    assert_eq!(report.carriers[0].stale, [stage.reader.channel]);
    // Two roots cannot reopen it by taking the key back either.
    let mut back = stage.newsroom.next_body();
    back.delegates.push(stage.newsroom.entry("Aida", Roles::POST));
    refused(&stage, &stage.newsroom.signed(back), "delegate-returned").await;
}

/// Wants: another newsroom's words to appear as this one's. Has: two roots of this channel, and the enrolment by which
/// Cholpan agreed to speak in the other channel, but not her agreement to speak here.
#[tokio::test]
async fn a_captured_delegate() {
    let stage = Stage::new().await;
    let other = Publisher::found("Other", &[("Cholpan", Roles::POST, 0)]);
    let with = |entry: Delegate| {
        let mut body = stage.newsroom.next_body();
        body.delegates.push(entry);
        stage.newsroom.signed(body)
    };
    refused(&stage, &with(other.entry("Cholpan", Roles::POST)), "bad-enrolment").await;
    // Nor can she be given more than she agreed to.
    let wider = Delegate { roles: Roles::POST.with(Roles::EDIT), ..stage.newsroom.entry("Cholpan", Roles::POST) };
    refused(&stage, &with(wider), "bad-enrolment").await;
}

/// Wants: the desk, which opens reports, to publish posts as well, so that one stolen machine yields both. Has: two roots.
#[tokio::test]
async fn a_desk_that_may_post() {
    let stage = Stage::new().await;
    let mut body = stage.newsroom.next_body();
    body.delegates.push(stage.newsroom.entry("Cholpan", Roles::DESK.with(Roles::POST)));
    refused(&stage, &stage.newsroom.signed(body), "bad-value").await;
}

/// Wants: a delegate to lose its good items quietly, by a charter that lets its key's life end before them. Has: two roots.
#[tokio::test]
async fn a_delegate_narrowed_in_silence() {
    let stage = Stage::new().await;
    let mut body = stage.newsroom.next_body();
    let entry = body.delegates.iter_mut().find(|entry| entry.key == stage.aida.opening.key).unwrap();
    entry.not_after = 1;
    refused(&stage, &stage.newsroom.signed(body), "delegate-narrowed").await;
}

/// Wants: to pass a charter off by hiding a forged signature among good ones, as verifiers that stop at the threshold allow.
/// Has: two roots' signatures, and the third root's name.
#[tokio::test]
async fn a_bad_signature_behind_good_ones() {
    let stage = Stage::new().await;
    let mut charter = stage.newsroom.signed(usurped(&stage.newsroom));
    charter.signatures.push((stage.newsroom.roots[2].public(), [7; 64]));
    charter.signatures.sort_unstable();
    refused(&stage, &charter, "bad-signature").await;
}

/// Wants: this reader to take another channel's charter. Has: that channel, with all its keys.
/// TUF specification §1.5.2 (arbitrary installation, wrong software installation).
#[tokio::test]
async fn a_charter_of_another_channel() {
    let stage = Stage::new().await;
    let mut other = Publisher::found("Newsroom again", &[]);
    other.apply(other.signed(other.next_body()));
    refused(&stage, &other.lineage.charters()[1].clone(), "wrong-channel").await;
    // The name of the channel in it does not help if this one's roots never signed.
    let mut body = other.next_body();
    (body.number, body.origin) = (2, Origin::Channel(stage.reader.channel));
    refused(&stage, &other.signed(body), "below-threshold").await;
}
