//! Over HTTP: how many requests, and carriers that are gone, silent or lying.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use longear_core::tree::TreePath;
use longear_net::carrier::{Carrier, CarrierOptions, RetryPolicy};
use longear_net::sync::{SyncOptions, SyncOutcome, SyncReport, Syncer, sync};
use tempfile::TempDir;

use super::publisher::Publisher;
use super::support::Tree;
use super::{Reader, newsroom, noise};

/// What a server does with requests for blobs.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Honest,
    /// Closes the connection after this many bytes.
    Cuts(usize),
    /// Sends this many bytes, then nothing for ever.
    Stalls(usize),
}

/// A web server for one tree, with ranges and tags.
struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(tree: &Tree, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (folder, log) = (tree.folder.clone(), requests.clone());
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (folder, log) = (folder.clone(), log.clone());
                std::thread::spawn(move || serve(&connection, &folder, &log, manner));
            }
        });
        Server { address, requests }
    }

    fn carrier(&self) -> Carrier {
        self.carrier_that_waits(Duration::from_millis(500))
    }

    fn carrier_that_waits(&self, time: Duration) -> Carrier {
        let mut options = CarrierOptions::default();
        options.progress_timeout = time;
        Carrier::open(&self.address, &options).unwrap()
    }

    /// The requests so far; forgets them.
    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

fn serve(mut connection: &TcpStream, folder: &Path, log: &Mutex<Vec<String>>, manner: Manner) {
    let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
    while let Some(Ok(request)) = lines.next() {
        let headers = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect::<Vec<_>>();
        let header =
            |name: &str| headers.iter().find_map(|line| line.to_lowercase().strip_prefix(name).map(str::to_owned));
        let path = request.split(' ').nth(1).unwrap()[1..].to_owned();
        log.lock().unwrap().push(path.clone());
        let Ok(content) = fs::read(folder.join(&path)) else {
            let _ = connection.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
            continue;
        };
        let etag = format!("\"{}\"", blake3::hash(&content));
        if header("if-none-match: ").as_deref() == Some(&etag) {
            let _ = connection.write_all(b"HTTP/1.1 304 Not Modified\r\n\r\n");
            continue;
        }
        let range = header("range: bytes=").map(|range| {
            let (first, last) = range.split_once('-').unwrap();
            let last = last.parse::<usize>().unwrap_or(usize::MAX).min(content.len() - 1);
            first.parse::<usize>().unwrap()..last + 1
        });
        let total = content.len();
        let (status, extra, body) = match &range {
            Some(range) => {
                let extra = format!("Content-Range: bytes {}-{}/{total}\r\n", range.start, range.end - 1);
                ("206 Partial Content", extra, &content[range.clone()])
            }
            None => ("200 OK", String::new(), &content[..]),
        };
        let front = format!("HTTP/1.1 {status}\r\nETag: {etag}\r\n{extra}Content-Length: {}\r\n\r\n", body.len());
        let _ = connection.write_all(front.as_bytes());
        match manner {
            Manner::Cuts(bytes) if path.starts_with("b/") && body.len() > bytes => {
                let _ = connection.write_all(&body[..bytes]);
                return;
            }
            Manner::Stalls(bytes) if path.starts_with("b/") && body.len() > bytes => {
                let _ = connection.write_all(&body[..bytes]);
                std::thread::sleep(Duration::from_secs(60));
                return;
            }
            _ => drop(connection.write_all(body)),
        }
    }
}

fn hasty() -> SyncOptions {
    let mut options = SyncOptions::default();
    options.retry = RetryPolicy::default();
    options.retry.tries_max = 2;
    options.retry.first_delay = Duration::from_millis(10);
    options
}

async fn pull(reader: &Reader, carriers: Vec<Carrier>) -> SyncReport {
    sync(reader.store.clone(), carriers, hasty(), |_| {}).await.unwrap()
}

#[tokio::test]
async fn one_request_for_each_pack_and_blob_and_one_for_a_look() {
    let folder = TempDir::new().unwrap();
    let (mut publisher, tree) = newsroom(folder.path());
    let server = Server::start(&tree, Manner::Honest);
    let reader = Reader::of(publisher.channel);
    let mut syncer = Syncer::new(reader.store.clone(), vec![server.carrier()]);
    let report = syncer.round(&hasty(), &|_| {}).await.unwrap();
    assert_eq!((report.new_items, report.new_blobs), (100, 2), "{report:?}");
    let requests = server.requests();
    // Head, charter, 100 = 64 + 4 · 8 + 4 · 1 items in nine packs, two blobs.
    assert_eq!(requests.len(), 1 + 1 + 9 + 2, "{requests:?}");
    syncer.round(&hasty(), &|_| {}).await.unwrap();
    assert_eq!(server.requests(), [tree.head().to_string()]);
    publisher.post(0, 1);
    publisher.write(folder.path());
    assert_eq!(syncer.round(&hasty(), &|_| {}).await.unwrap().new_items, 1);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn five_days_behind_costs_the_head_the_planned_packs_and_the_videos() {
    let folder = TempDir::new().unwrap();
    let mut publisher = Publisher::new(4);
    publisher.post(0, 1_003);
    let tree = publisher.write(folder.path());
    let server = Server::start(&tree, Manner::Honest);
    let reader = Reader::of(publisher.channel);
    let mut syncer = Syncer::new(reader.store.clone(), vec![server.carrier()]);
    syncer.round(&hasty(), &|_| {}).await.unwrap();
    server.requests();
    for number in 0..20 {
        publisher.post(0, 24);
        publisher.media(0, "video/mp4", noise(1_200_000, 2 * number + 1));
    }
    publisher.write(folder.path());
    let report = syncer.round(&hasty(), &|_| {}).await.unwrap();
    assert_eq!((report.new_items, report.new_blobs), (500, 20), "{report:?}");
    let requests = server.requests();
    let held = longear_core::Intervals::from_iter([0..1_003]);
    let packs = longear_core::schedule::packs_to_fetch(&held, 1_503).len();
    assert_eq!(requests.len(), 1 + packs + 20, "{requests:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_is_taken_up_where_it_broke() {
    let folder = TempDir::new().unwrap();
    let (publisher, tree) = newsroom(folder.path());
    let server = Server::start(&tree, Manner::Cuts(2_000_000));
    let reader = Reader::of(publisher.channel);
    let report = pull(&reader, vec![server.carrier()]).await;
    assert_eq!((report.blob_bytes, report.still_missing_blobs), (5_700_000, 0), "{report:?}");
    let video = TreePath::Blob { hash: *blake3::hash(&publisher.blobs[1]).as_bytes() }.to_string();
    assert_eq!(server.requests().iter().filter(|path| **path == video).count(), 3);
}

#[tokio::test]
async fn a_silent_carrier_is_set_aside_and_another_goes_on_from_its_last_byte() {
    let folder = TempDir::new().unwrap();
    let (publisher, tree) = newsroom(folder.path());
    let silent = Server::start(&tree, Manner::Stalls(2_000_000));
    let reader = Reader::of(publisher.channel);
    let first = pull(&reader, vec![silent.carrier()]).await;
    assert!(first.carriers[0].set_aside.as_ref().is_some_and(|why| why.contains("no progress")), "{first:?}");
    assert_eq!((first.blob_bytes, first.outcome()), (2_200_000, SyncOutcome::Partial));
    let honest = Server::start(&tree, Manner::Honest);
    let second = pull(&reader, vec![honest.carrier()]).await;
    assert_eq!((second.blob_bytes, second.still_missing_blobs), (3_500_000, 0), "{second:?}");
}

/// While a film of two hours came, nobody looked whether a broadcast had begun.
#[tokio::test]
async fn a_large_file_is_broken_off_for_newer_words_and_goes_on_from_there() {
    let folder = TempDir::new().unwrap();
    let mut publisher = Publisher::new(6);
    let hash = publisher.media(0, "video/mp4", noise(20 << 20, 9));
    let tree = publisher.write(folder.path());
    let slow = Server::start(&tree, Manner::Stalls(6_000_000)).carrier_that_waits(Duration::from_secs(20));
    let reader = Reader::of(publisher.channel);
    let mut options = hasty();
    options.files_time_max = Some(Duration::from_millis(700));
    let started = std::time::Instant::now();
    let mut syncer = Syncer::new(reader.store.clone(), vec![slow]);
    let first = syncer.round(&options, &|_| {}).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(first.paused && first.carriers[0].set_aside.is_none(), "{first:?}");
    assert!(first.blob_bytes >= 1 << 20 && first.still_missing_blobs == 1, "{first:?}");
    let honest = Server::start(&tree, Manner::Honest);
    let second = pull(&reader, vec![honest.carrier()]).await;
    assert_eq!((first.blob_bytes + second.blob_bytes, second.paused), (20 << 20, false), "{second:?}");
    assert_eq!(reader.have(hash), 20 << 20);
}

#[tokio::test]
async fn a_carrier_that_is_gone_does_not_hold_up_the_others() {
    let folder = TempDir::new().unwrap();
    let (publisher, tree) = newsroom(folder.path());
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = Carrier::open(&format!("http://{gone}"), &CarrierOptions::default()).unwrap();
    let reader = Reader::of(publisher.channel);
    let alone = pull(&reader, vec![gone.clone()]).await;
    assert_eq!(alone.outcome(), SyncOutcome::Unreachable, "{alone:?}");
    let honest = Server::start(&tree, Manner::Honest);
    let both = pull(&reader, vec![gone, honest.carrier()]).await;
    assert_eq!((both.new_items, both.still_missing_blobs), (100, 0), "{both:?}");
    assert!(both.carriers[0].set_aside.is_some() && both.carriers[1].set_aside.is_none());
}

/// The sync waited for ever: the proof of what the liar had spoiled was asked of the honest one, whose only place was taken
/// by a transfer that nobody drove meanwhile.
#[tokio::test]
async fn a_liar_is_dropped_when_its_budget_is_used_up() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let mut publisher = Publisher::new(5);
    let hash = publisher.media(0, "video/mp4", noise(30 << 20, 7));
    let tree = publisher.write(folders[0].path());
    let lies = tree.copy_to(folders[1].path());
    lies.put(&TreePath::Blob { hash }, &noise(30 << 20, 8));
    let liar = Server::start(&lies, Manner::Honest);
    let reader = Reader::of(publisher.channel);
    let alone = pull(&reader, vec![liar.carrier()]).await;
    assert!(alone.carriers[0].set_aside.is_some(), "{:?}", alone.carriers);
    assert!(alone.refused.iter().all(|refusal| refusal.object.contains("block")), "{:?}", alone.refused);
    let honest = Server::start(&tree, Manner::Honest);
    let both = pull(&reader, vec![liar.carrier(), honest.carrier()]).await;
    assert_eq!((both.still_missing_blobs, reader.have(hash)), (0, 30 << 20), "{:?}", both.carriers);
    assert_eq!(both.carriers[1].refused_bytes, 0, "{:?}", both.refused);
}
