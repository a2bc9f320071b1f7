//! What other ends can occupy of a server, and for how long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use longear_net::serve::ConnectionLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::newsroom::Newsroom;
use crate::serve::{Server, client};
use crate::{blob_path, pattern};

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn impatient() -> ConnectionLimits {
    let mut limits = ConnectionLimits::default();
    limits.header_timeout = Duration::from_millis(400);
    limits.idle_timeout = Duration::from_millis(800);
    limits
}

fn pages() -> Router {
    let who = |ConnectInfo(peer): ConnectInfo<std::net::SocketAddr>| async move { peer.ip().to_string() };
    Router::new().route("/who", get(who))
}

/// How long a connection stays open when this is sent, byte by byte.
async fn dripped(server: &Server, bytes: &[u8], pause: Duration) -> Duration {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let since = Instant::now();
    let (mut reading, mut writing) = stream.split();
    let closed = async {
        let mut sink = Vec::new();
        let _ = reading.read_to_end(&mut sink).await;
        sink
    };
    let dripping = async {
        for byte in bytes {
            if writing.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = closed => {},
        () = dripping => {},
        () = tokio::time::sleep(Duration::from_secs(10)) => {},
    }
    since.elapsed()
}

#[test]
fn connections_that_dawdle_are_closed() {
    runtime().block_on(async {
        let server = Server::start(pages(), impatient()).await;
        let cases: [(&str, &[u8]); 4] = [
            ("nothing at all", b""),
            ("the first letters of HTTP/2", b"PRI * HTTP/2.0\r\n"),
            (
                "a header that never ends",
                b"GET /who HTTP/1.1\r\nHost: x\r\nX-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            ),
            ("a request, and then silence", b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n"),
        ];
        for (what, bytes) in cases {
            let pause = if bytes.len() > 20 { Duration::from_millis(5) } else { Duration::from_millis(90) };
            let open = dripped(&server, bytes, pause).await;
            assert!(open < Duration::from_secs(3), "{what}: open for {open:?}");
        }
    });
}

#[test]
fn a_reader_who_does_not_read_is_let_go() {
    runtime().block_on(async {
        let mut newsroom = Newsroom::new(80);
        let (_, hashes) = newsroom.media("Video", &[("v.mp4", "video/mp4", 720, &pattern(80, 40 << 20))]);
        let router = longear_net::serve::tree_router(newsroom.store.clone(), longear_net::serve::Notes::Taken);
        let server = Server::start(router, impatient()).await;
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", blob_path(&hashes[0]));
        stream.write_all(request.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(3)).await;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        assert!(bytes.len() < 40 << 20, "the rest was not sent");
    });
}

#[test]
fn there_are_never_more_connections_than_allowed() {
    runtime().block_on(async {
        let mut limits = ConnectionLimits::default();
        limits.connections_max = 4;
        let server = Server::start(pages(), limits).await;
        let mut open = Vec::new();
        for _ in 0..4 {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200");
            open.push(stream);
        }
        let mut fifth = TcpStream::connect(server.address).await.unwrap();
        let _ = fifth.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let mut answer = Vec::new();
        let _ = fifth.read_to_end(&mut answer).await;
        assert!(answer.is_empty());
        drop(open);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let url = server.url("who");
        assert_eq!(client().get(url).send().await.unwrap().text().await.unwrap(), "127.0.0.1");
    });
}

#[test]
fn two_hundred_read_at_once() {
    runtime().block_on(async {
        let mut newsroom = Newsroom::new(81);
        let bytes = Arc::new(pattern(81, 3 << 20));
        let (_, hashes) = newsroom.media("Video", &[("v.mp4", "video/mp4", 720, &bytes)]);
        let server = Server::of(&newsroom.store).await;
        let mut readers = tokio::task::JoinSet::new();
        for reader in 0..200 {
            let (url, bytes) = (server.url(&blob_path(&hashes[0])), bytes.clone());
            readers.spawn(async move {
                let from = reader * 7919;
                let range = format!("bytes={from}-");
                let answer = client().get(url).header("range", range).send().await.unwrap();
                assert!(answer.bytes().await.unwrap() == bytes[from..]);
            });
        }
        while let Some(done) = readers.join_next().await {
            done.unwrap();
        }
    });
}

#[test]
fn http_2_is_spoken_to_those_who_begin_with_it() {
    runtime().block_on(async {
        let server = Server::start(pages(), ConnectionLimits::default()).await;
        let _ = client();
        let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
        let answer = client.get(server.url("who")).send().await.unwrap();
        assert_eq!(answer.version(), reqwest::Version::HTTP_2);
        assert_eq!(answer.text().await.unwrap(), "127.0.0.1");
    });
}
