//! Attacks by size, slowness and place: endless data, slow drips, files under other names, links out of the tree.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use longear_core::blob::BlobHash;
use longear_core::limits::{CHARTER_BYTES_MAX, FORK_PROOF_BYTES_MAX, HEAD_BYTES_MAX};
use longear_core::tree::TreePath;
use longear_core::{Article, Groups, Kind, Rendition};
use longear_net::carrier::Carrier;
use longear_net::sync::{SyncOptions, SyncReport, sync};
use longear_store::blobs::BlobState;

use super::publisher::{NOON_MS, article};
use super::server::{Answer, Server};
use super::stage::{Mirror, Stage, assert_refused, pack_without_texts, single};

/// What two systems may take of one answer on their own before they learn that the reader hung up.
const SOCKET_BYTES_MAX: u64 = 12 << 20;
/// A sync that asks once for each object, and once more where an answer broke off, asks so often.
const REQUESTS_MAX: u64 = 8;

async fn pull_from(stage: &Stage, carrier: Carrier) -> SyncReport {
    let mut options = SyncOptions::default();
    options.retry.tries_max = 1;
    sync(stage.reader.store.clone(), vec![carrier], options, |_| {}).await.unwrap()
}

fn media(content: &[u8]) -> Article {
    let rendition = Rendition {
        name: "original".into(),
        blob: longear_core::hash::plain(content),
        size: content.len() as u64,
        mime: "image/jpeg".into(),
        duration_ms: 0,
        width: 0,
        height: 0,
        groups: Groups::None,
    };
    Article { renditions: vec![rendition], ..article("photo", None) }
}

/// Bytes of a blob that are here and verified.
fn have(stage: &Stage, content: &[u8]) -> u64 {
    match stage.reader.store.blobs().state(BlobHash::from_bytes(longear_core::hash::plain(content))).unwrap() {
        BlobState::Absent => 0,
        BlobState::Partial { have_bytes, .. } => have_bytes,
        BlobState::Complete { size } => size,
    }
}

/// Wants: to fill the reader's disk and memory. Has: a web server, which sends any object without an end.
/// CVE-2023-33957, CVE-2023-33958 (notation); TUF specification §1.5.2, §5.3.3 (endless data); Uptane standard (endless data).
#[tokio::test]
async fn endless_data() {
    let mut stage = Stage::new().await;
    for number in 0..2 {
        stage.aida.post(&format!("later {number}"));
    }
    let next = stage.newsroom.signed(stage.newsroom.next_body());
    let mut mirror = Mirror::new(&stage.newsroom);
    mirror.announces(&next);
    mirror.tree.remove(&mirror.charter(2));
    mirror.says(&[stage.aida.statement(2, vec![])], &[]);
    let head = std::fs::read(mirror.tree.file(&mirror.head())).unwrap();
    let mut with_fork = longear_core::Head::decode(&stage.reader.channel, &head).unwrap();
    with_fork.forks = vec![stage.aida.id];
    let with_fork = with_fork.encode();
    for (object, max) in
        [("head", HEAD_BYTES_MAX), ("charter/", CHARTER_BYTES_MAX), ("fork/", FORK_PROOF_BYTES_MAX), ("p/", 0)]
    {
        let (before, with_fork, begin) = (stage.page(), with_fork.clone(), stage.aida.pack(single(13)));
        let server = Server::start(move |path, _| match path {
            path if path.contains(object) && object != "p/" => Answer::Endless(Vec::new()),
            path if path.contains("/p/") && path.ends_with("0-13") && object == "p/" => Answer::Endless(begin.clone()),
            path if path.ends_with("/head") => Answer::Bytes { tag: None, body: with_fork.clone() },
            _ => Answer::Absent,
        });
        let report = pull_from(&stage, server.carrier()).await;
        let (longest, requests) = (server.longest_answer(), server.requests());
        assert!(longest < SOCKET_BYTES_MAX, "{object}: {longest} bytes were taken");
        assert!(requests <= REQUESTS_MAX, "{object}: {requests} requests");
        let named = report.refused.iter().any(|one| one.object.contains(object));
        assert!(named, "{object}, at most {max} bytes: {report:?}");
        let kept = stage.page().into_iter().filter(|line| before.contains(line)).collect::<Vec<_>>();
        assert_eq!(kept, before, "{object}");
    }
}

/// Wants: the reader to wait for ever, always just about to receive. Has: a web server that drips a byte now and then.
/// Uptane standard (slow retrieval).
#[tokio::test]
async fn a_slow_drip() {
    let stage = Stage::new().await;
    let server = Server::start(|_, _| Answer::Drip);
    let before = stage.state();
    let report = pull_from(&stage, server.impatient_carrier()).await;
    let aside = report.carriers[0].set_aside.clone().unwrap_or_default();
    assert!(aside.contains("no progress"), "{report:?}");
    assert_eq!(stage.state(), before);
}

/// Wants: to wear out the reader's line, and to keep a text from him that others have. Has: a mirror, and leaves that text out.
///
/// Each of a sync's plans asked for what was still missing, and each asked the same mirror for the same pack: twelve times in one
/// sync, also where another one had the text and was not as quick.
#[tokio::test]
async fn a_text_that_is_left_out() {
    let mut stage = Stage::new().await;
    let text = stage.aida.post("what is left out");
    let mirror = stage.mirror();
    mirror.says(&[stage.aida.statement(2, vec![])], &[]);
    let path = mirror.pack(&stage.aida, single(12));
    mirror.tree.put(&path, &pack_without_texts(&stage.aida, single(12)));
    let (asked, wanted, tree) = (Arc::new(AtomicU64::new(0)), path.to_string(), mirror.tree.clone());
    let count = asked.clone();
    let server = Server::start(move |path, _| {
        count.fetch_add(u64::from(path == wanted), Ordering::Relaxed);
        Answer::file(&tree, path)
    });
    let report = pull_from(&stage, server.carrier()).await;
    assert_eq!((asked.load(Ordering::Relaxed), report.still_missing_items), (1, 1), "{report:?}");
    let report = pull_from(&stage, server.carrier()).await;
    assert_eq!((asked.load(Ordering::Relaxed), report.still_missing_items), (2, 1), "{report:?}");
    mirror.holds(&stage.aida);
    stage.reader.pull(&[&mirror.tree]).await;
    assert!(stage.page().iter().any(|line| line.starts_with(&text.to_string())), "{:?}", stage.page());
}

/// Wants: another picture under the caption. Has: a mirror, and puts his file where the photo stands.
/// CVE-2023-33959 (notation); TUF specification §5.7.3 (targets are compared with their hashes).
#[tokio::test]
async fn a_blob_of_another_content() {
    let mut stage = Stage::new().await;
    let (photo, forged) = (vec![1; 50_000], vec![2; 50_000]);
    stage.aida.write(Kind::Media, NOON_MS, media(&photo).encode());
    let mirror = stage.mirror();
    mirror.says(&[stage.aida.statement(2, vec![])], &[]);
    let path = TreePath::Blob { hash: longear_core::hash::plain(&photo) };
    // Other bytes, fewer bytes, more bytes.
    for (content, code) in
        [(&forged[..], "hash-mismatch"), (&photo[..40_000], "truncated"), (&[&photo[..], &photo].concat(), "longer")]
    {
        mirror.tree.put(&path, content);
        let report = stage.reader.pull(&[&mirror.tree]).await;
        assert_refused(&report, &[(path, code)]);
        assert_eq!((have(&stage, &photo) < 50_000, have(&stage, &forged), report.still_missing_blobs), (true, 0, 1));
    }
    mirror.tree.put(&path, &photo);
    stage.reader.pull(&[&mirror.tree]).await;
    assert_eq!(have(&stage, &photo), 50_000, "the honest file is taken afterwards");
}

/// Wants: genuine files to be shown in each other's place. Has: a mirror, and swaps them.
/// TUF specification §1.5.2 (wrong software installation), CVE-2025-2886 (tough: a target of a role that had no say).
#[tokio::test]
async fn targets_swapped_between_paths() {
    let mut stage = Stage::new().await;
    let photos = [vec![1; 20_000], vec![2; 20_000]];
    for photo in &photos {
        stage.aida.write(Kind::Media, NOON_MS, media(photo).encode());
    }
    let mirror = stage.mirror();
    mirror.says(&[stage.aida.statement(2, vec![])], &[]);
    let paths = [0, 1].map(|which: usize| TreePath::Blob { hash: longear_core::hash::plain(&photos[which]) });
    paths.iter().zip(photos.iter().rev()).for_each(|(path, photo)| mirror.tree.put(path, photo));
    // Texts too: each pack holds the other's item, and each payload stands under the other's header.
    let [one, other] = [12, 13].map(|seq| mirror.pack(&stage.aida, single(seq)));
    mirror.tree.put(&one, &stage.aida.pack(single(13)));
    mirror.tree.put(&other, &stage.aida.pack(single(12)));
    stage.reader.pull(&[&Mirror::new(&stage.newsroom).tree]).await;
    let before = stage.page();
    let report = stage.reader.pull(&[&mirror.tree]).await;
    assert_eq!((stage.page(), report.new_items, report.new_blobs), (before.clone(), 0, 0), "{report:?}");
    assert!(report.refused.iter().all(|one| one.code == Some("bad-value")) && report.refused.len() == 2, "{report:?}");
    let mut swapped = stage.aida.clone();
    (swapped.items[12].payload, swapped.items[13].payload) =
        (stage.aida.items[13].payload.clone(), stage.aida.items[12].payload.clone());
    mirror.holds(&swapped);
    let report = stage.reader.pull(&[&mirror.tree]).await;
    assert_eq!((stage.page(), report.new_items), (before, 0), "{report:?}");
    assert!(
        report.refused.iter().all(|one| one.code == Some("hash-mismatch")) && report.refused.len() == 2,
        "{report:?}"
    );
    // With the right texts, the photos come under scrutiny.
    mirror.holds(&stage.aida);
    let report = stage.reader.pull(&[&mirror.tree]).await;
    assert_eq!((report.new_items, report.new_blobs, report.still_missing_blobs), (2, 0, 2), "{report:?}");
    assert!(
        report.refused.iter().all(|one| one.code == Some("hash-mismatch")) && report.refused.len() == 2,
        "{report:?}"
    );
}

/// Wants: a file of the reader's machine to be taken for part of the tree, or a file outside of it to be read. Has: a stick
/// with links and with names that lead out of it.
/// CVE-2026-24686 (go-tuf: a repository's name was a path). CVE-2021-41131 (python-tuf: a role's name was a path).
#[tokio::test]
async fn names_and_links_that_lead_out_of_the_tree() {
    let stage = Stage::new().await;
    let outside = stage.mirror();
    let next = stage.newsroom.signed(stage.newsroom.next_body());
    outside.lays(2, &next);
    let mut mirror = Mirror::new(&stage.newsroom);
    mirror.announces(&next);
    let path = mirror.charter(2);
    mirror.tree.remove(&path);
    std::os::unix::fs::symlink(outside.tree.file(&path), mirror.tree.file(&path)).unwrap();
    stage.refuses(&mirror, &[(path, "regular file")]).await;
    // Names that are no paths of the tree are not even listed.
    let logs = mirror.tree.file(&mirror.pack(&stage.aida, single(12)));
    std::fs::create_dir_all(logs.parent().unwrap()).unwrap();
    for name in ["..\\..\\0-12", "0-012", "0-12\u{202e}", "0-12.exe", "%2e%2e", "CON"] {
        std::fs::write(logs.parent().unwrap().join(name), b"not a pack").unwrap();
    }
    std::fs::remove_file(mirror.tree.file(&mirror.charter(2))).unwrap();
    stage.refuses(&mirror, &[]).await;
}
