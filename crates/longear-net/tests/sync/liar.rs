//! A carrier that lies in every message: what it costs, and that the others bring everything all the same.

use std::sync::Arc;

use longear_core::tree::TreePath;
use longear_core::{Groups, PackName};
use longear_net::carrier::{Carrier, CarrierOptions};
use longear_net::sync::decisions::{Intake, Lies};
use longear_net::sync::{LIES_BYTES_MAX, SyncOptions, SyncReport, sync};
use tempfile::TempDir;

use super::liar_server::{Liar, Lie, spoil_pack};
use super::noise;
use super::publisher::Publisher;
use super::support::{Reader, Tree};

/// What a lying carrier may cost, in bytes that it sends.
const EXTRA_BYTES_MAX: u64 = 2 << 20;
/// Bytes of a pack that are read at once.
const READ_BYTES: usize = 64 << 10;

/// A newsroom whose texts and files are worth lying about: 1.2 MB of posts, photos, and two videos.
fn newsroom(folder: &std::path::Path) -> (Publisher, Tree) {
    let mut publisher = Publisher::new(5);
    publisher.post_of(0, 600, 2_000);
    for photo in 0..12 {
        publisher.media(0, "image/jpeg", noise(700_000, 100 + photo));
    }
    publisher.media(0, "video/mp4", noise(9_500_000, 7));
    publisher.media(0, "video/mp4", noise(20_000_000, 8));
    publisher.amend(|body| body.name = "Newsroom again".into());
    publisher.fork(0);
    let tree = publisher.write(folder);
    (publisher, tree)
}

fn web(url: &str) -> Carrier {
    Carrier::open(url, &CarrierOptions::default()).unwrap()
}

async fn pull(reader: &Reader, carriers: Vec<Carrier>) -> SyncReport {
    sync(reader.store.clone(), carriers, SyncOptions::default(), |_| {}).await.unwrap()
}

/// What the liar sent beyond what was of use to the reader.
fn extra(liar: &Liar, useful: u64) -> u64 {
    liar.sent().saturating_sub(useful)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_liar_alone_costs_little_and_is_dropped() {
    let folder = TempDir::new().unwrap();
    let (publisher, tree) = newsroom(folder.path());
    for lie in Lie::ALL {
        let liar = Liar::start(&tree.folder, lie);
        let reader = Reader::of(publisher.channel);
        let report = pull(&reader, vec![web(&liar.url)]).await;
        let texts = reader.items() * 2_400;
        let files = publisher.blobs.iter().map(|blob| reader.have(*blake3::hash(blob).as_bytes())).sum::<u64>();
        let extra = extra(&liar, texts + files);
        let outcome = &report.carriers[0];
        println!(
            "{lie:?}: {} requests, {} bytes, {extra} of them of no use; {:?}",
            liar.requests(),
            liar.sent(),
            outcome.set_aside
        );
        assert!(extra <= EXTRA_BYTES_MAX, "{lie:?}: {extra} bytes\n{report:?}");
        assert!(!report.refused.is_empty() || outcome.set_aside.is_some(), "{lie:?} went unnoticed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_liar_everything_arrives_from_the_others() {
    let folder = TempDir::new().unwrap();
    let (publisher, tree) = newsroom(folder.path());
    for lie in Lie::ALL {
        let (liar, honest) = (Liar::start(&tree.folder, lie), Liar::start(&tree.folder, Lie::Nothing));
        let reader = Reader::of(publisher.channel);
        let report = pull(&reader, vec![web(&liar.url), web(&honest.url)]).await;
        assert_eq!((report.still_missing_items, report.still_missing_blobs), (0, 0), "{lie:?}: {report:?}");
        assert_eq!(report.carriers[1].refused_bytes, 0, "{lie:?}: the honest one is blamed: {report:?}");
        assert_eq!(report.carriers[1].set_aside, None, "{lie:?}");
    }
}

/// Of a pack only its end said what was wrong with it: a table that promised a gigabyte was read to the last byte of it,
/// and so were thousands of texts that nobody had written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pack_is_not_read_on_when_too_much_of_it_is_bad() {
    let folder = TempDir::new().unwrap();
    let mut publisher = Publisher::new(6);
    publisher.post_of(0, 512, 30_000);
    let tree = publisher.write(folder.path());
    let liar = Liar::start(&tree.folder, Lie::Texts);
    let reader = Reader::of(publisher.channel);
    let report = pull(&reader, vec![web(&liar.url)]).await;
    assert!(report.carriers[0].set_aside.is_some(), "{report:?}");
    assert!(liar.sent() <= EXTRA_BYTES_MAX, "{} bytes of 15 MB", liar.sent());
}

/// A check that cannot fail does not count: one that forgets to count lies reads the same pack to its end.
#[tokio::test]
async fn who_does_not_count_lies_is_caught() {
    let folder = TempDir::new().unwrap();
    let mut publisher = Publisher::new(6);
    let log = publisher.writers[0].log;
    publisher.post_of(0, 512, 30_000);
    let tree = publisher.write(folder.path());
    let name = PackName::new(3, 0).unwrap();
    let pack = tree.read(&tree.pack(log, name));
    let reader = Reader::of(publisher.channel);
    // The charter, and no item.
    pull(&reader, vec![web(&Liar::start(&tree.folder, Lie::Headers).url)]).await;
    let state = reader.store.channel(&publisher.channel).unwrap().unwrap();
    let read = |lies: Lies| {
        let mut spoiled = pack.clone();
        spoil_pack(&mut spoiled, Lie::Texts);
        let mut intake = Intake::new(0, state.clone(), log, name).counting(Arc::new(lies));
        let taken = spoiled.chunks(READ_BYTES).take_while(|block| intake.push(block, &mut |_| true)).count();
        (taken * READ_BYTES) as u64
    };
    assert!(read(Lies::new(LIES_BYTES_MAX)) <= EXTRA_BYTES_MAX);
    assert!(read(Lies::default()) > EXTRA_BYTES_MAX, "the careless one");
}

/// The hashes of a file's groups are a file of their own above 1 GiB. Who withheld that one could send a gigabyte before
/// the first lie was noticed.
#[tokio::test]
async fn a_vast_file_whose_hashes_are_withheld_is_not_fetched_unchecked() {
    let folder = TempDir::new().unwrap();
    let mut publisher = Publisher::new(7);
    let (film, list) = ([1; 32], [2; 32]);
    publisher.announce(0, film, (1 << 30) + (1 << 20), "video/mp4", Groups::Blob(list));
    let tree = publisher.write(folder.path());
    tree.put(&TreePath::Blob { hash: film }, &noise(8 << 20, 9));
    let liar = Liar::start(&tree.folder, Lie::Nothing);
    let reader = Reader::of(publisher.channel);
    let report = pull(&reader, vec![web(&liar.url)]).await;
    assert_eq!((report.new_items, report.still_missing_blobs), (1, 1), "{report:?}");
    assert!(liar.sent() < 64 << 10, "{} bytes", liar.sent());
}
