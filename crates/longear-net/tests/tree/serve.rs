//! The tree over HTTP, asked by a real client.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;
use longear_core::blob::BlobHash;
use longear_core::tree::TreePath;
use longear_core::{Head, PackName};
use longear_net::serve::{ConnectionLimits, Notes, blob_response, serve_connections, tree_router};
use longear_store::Store;
use reqwest::{Client, Method, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::newsroom::{Newsroom, rendition, text};
use crate::{blob_path, hex, pattern};

const MIB: usize = 1 << 20;

/// A server that ends with its value.
pub struct Server {
    pub address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Server {
    pub async fn start(router: Router, limits: ConnectionLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(serve_connections(listener, router, limits, async {
            let _ = stopped.await;
        }));
        Server { address, _stop: stop }
    }

    pub async fn of(store: &Arc<Store>) -> Self {
        Self::start(tree_router(store.clone(), Notes::Taken), ConnectionLimits::default()).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

pub fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

pub fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

pub async fn ask(url: &str, fields: &[(&str, &str)]) -> Response {
    let asked = fields.iter().fold(client().get(url), |asked, (name, value)| asked.header(*name, *value));
    asked.send().await.unwrap()
}

pub fn field<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn every_object_of_the_tree_is_answered() {
    run(async {
        let mut newsroom = Newsroom::new(60);
        newsroom.posts(9);
        let video = pattern(60, 2 * MIB + 3);
        let (_, hashes) = newsroom.media("Video", &[("v.mp4", "video/mp4", 720, &video)]);
        let server = Server::of(&newsroom.store).await;
        let (channel, log) = (newsroom.channel.0, newsroom.log().0);

        let answer = ask(&server.url(&TreePath::Head { channel }.to_string()), &[]).await;
        assert_eq!(field(&answer, "cache-control"), Some("max-age=30"));
        assert_eq!(field(&answer, "access-control-allow-origin"), Some("*"));
        assert_eq!(field(&answer, "server"), None);
        let tag = field(&answer, "etag").unwrap().to_owned();
        let head = answer.bytes().await.unwrap();
        assert!(Head::decode(&newsroom.channel, &head).unwrap().statements.values().all(|word| word.items == 10));
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let answer = ask(&server.url(&TreePath::Head { channel }.to_string()), &[("if-none-match", &known)]).await;
            assert_eq!((answer.status(), field(&answer, "etag")), (StatusCode::NOT_MODIFIED, Some(&*tag)));
        }

        let answer = ask(&server.url(&TreePath::Charter { channel, number: 1 }.to_string()), &[]).await;
        assert!(field(&answer, "cache-control").unwrap().contains("immutable"));
        let state = newsroom.store.channel(&newsroom.channel).unwrap().unwrap();
        assert_eq!(answer.bytes().await.unwrap(), state.lineage().charters()[0].encode());

        let pack = newsroom.store.pack(&newsroom.channel, &newsroom.log(), PackName::new(1, 0).unwrap()).unwrap();
        let answer = ask(&server.url(&TreePath::Pack { channel, log, level: 1, index: 0 }.to_string()), &[]).await;
        assert_eq!(answer.content_length(), Some(pack.as_ref().unwrap().length()));
        let body = answer.bytes().await.unwrap();
        assert!(body.starts_with(pack.unwrap().front()));

        let answer = ask(&server.url(&blob_path(&hashes[0])), &[]).await;
        assert_eq!(field(&answer, "content-type"), Some("application/octet-stream"));
        assert_eq!(field(&answer, "x-content-type-options"), Some("nosniff"));
        assert_eq!(field(&answer, "accept-ranges"), Some("bytes"));
        assert_eq!(answer.bytes().await.unwrap(), video);
        let answer = ask(&server.url(&format!("{}.o", blob_path(&hashes[0]))), &[]).await;
        let mut outboard = vec![0; answer.content_length().unwrap() as usize];
        let hash = BlobHash::from_bytes(hashes[0]);
        let count = newsroom.store.blobs().outboard_read_at(hash, 0, &mut outboard).unwrap();
        assert_eq!((count, answer.bytes().await.unwrap().to_vec()), (outboard.len(), outboard));
    });
}

#[test]
fn other_paths_and_methods_are_refused() {
    run(async {
        let mut newsroom = Newsroom::new(61);
        let (_, hashes) = newsroom.media("Photo", &[("p.jpg", "image/jpeg", 0, &pattern(61, 3000))]);
        let server = Server::of(&newsroom.store).await;
        let (channel, log, blob) = (hex(&newsroom.channel.0), hex(&newsroom.log().0), hex(&hashes[0]));
        for path in [
            format!("c/{channel}/charter/2"),
            format!("c/{channel}/charter/01"),
            format!("c/{channel}/p/{log}/0-1"),
            format!("c/{channel}/p/{log}/1-0"),
            format!("c/{channel}/p/{log}/5-0"),
            format!("c/{channel}/fork/{log}"),
            format!("c/{}/head", "0".repeat(64)),
            format!("c/{}/head", channel.to_uppercase()),
            format!("c/{channel}//head"),
            format!("c/{channel}/head/"),
            format!("c/%{:02x}{}/head", channel.as_bytes()[0], &channel[1..]),
            format!("b/{}/{blob}.o", &blob[..2]),
            format!("b/{}/{blob}.00000000", &blob[..2]),
            format!("b/{}/{}", &blob[..2], "0".repeat(64)),
            format!("b/zz/{blob}"),
            "c/".into(),
            "b/x".into(),
            "items/00000000".into(),
        ] {
            let answer = ask(&server.url(&path), &[]).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let url = server.url(&format!("b/{}/{blob}", &blob[..2]));
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let answer = client().request(method, &url).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        }
        let answer = client().request(Method::OPTIONS, &url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert!(field(&answer, "access-control-allow-headers").unwrap().contains("Range"));
    });
}

#[test]
fn paths_that_climb_are_not_files() {
    run(async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let newsroom = Newsroom::new(62);
        let server = Server::of(&newsroom.store).await;
        for path in ["/c/../index.db", "/b/../../etc/passwd", "/b/%2e%2e/index.db", "/c/..%2findex.db", "/b/\\..\\x"] {
            let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 40"), "{path}: {answer}");
        }
    });
}

#[test]
fn ranges_of_blobs_are_exact() {
    run(async {
        let mut newsroom = Newsroom::new(63);
        let bytes = pattern(63, 3 * MIB + 17);
        let (_, hashes) = newsroom.media("Video", &[("v.mp4", "video/mp4", 720, &bytes)]);
        let server = Server::of(&newsroom.store).await;
        let url = server.url(&blob_path(&hashes[0]));
        let size = bytes.len();
        for (range, from, to) in [
            ("bytes=0-0".to_owned(), 0, 1),
            ("bytes=0-".to_owned(), 0, size),
            (format!("bytes={}-{}", MIB - 1, MIB), MIB - 1, MIB + 1),
            (format!("bytes=262143-{}", 262_144 * 3), 262_143, 262_144 * 3 + 1),
            (format!("bytes={}-", size - 1), size - 1, size),
            (format!("bytes=5-{}", size + 5), 5, size),
            ("bytes=-17".to_owned(), size - 17, size),
            (format!("bytes=-{}", size * 2), 0, size),
        ] {
            let answer = ask(&url, &[("range", &range)]).await;
            assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT, "{range}");
            assert_eq!(field(&answer, "content-range"), Some(&*format!("bytes {from}-{}/{size}", to - 1)));
            assert_eq!(answer.content_length(), Some((to - from) as u64));
            assert_eq!(answer.bytes().await.unwrap(), bytes[from..to], "{range}");
        }
        for range in [format!("bytes={size}-"), "bytes=-0".to_owned()] {
            let answer = ask(&url, &[("range", &range)]).await;
            assert_eq!(answer.status(), StatusCode::RANGE_NOT_SATISFIABLE);
            assert_eq!(field(&answer, "content-range"), Some(&*format!("bytes */{size}")));
        }
        let tag = format!("\"{}\"", hex(&hashes[0]));
        let answer = ask(&url, &[("range", "bytes=1-2"), ("if-range", &tag)]).await;
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
        let answer = ask(&url, &[("range", "bytes=1-2"), ("if-range", "\"other\"")]).await;
        assert_eq!((answer.status(), answer.content_length()), (StatusCode::OK, Some(size as u64)));
        let answer = ask(&url, &[("if-none-match", &tag)]).await;
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
        let answer = client().head(&url).header("range", "bytes=1-2").send().await.unwrap();
        assert_eq!((answer.status(), field(&answer, "content-length")), (StatusCode::OK, Some(&*size.to_string())));
        assert_eq!(answer.bytes().await.unwrap().len(), 0);
    });
}

/// A store that holds the item of a video, and of the video what is written to it.
struct Fetching {
    newsroom: Newsroom,
    video: Vec<u8>,
    imported: longear_store::blobs::Imported,
}

impl Fetching {
    fn new(seed: u8) -> Self {
        let (mut newsroom, elsewhere) = (Newsroom::new(seed), Newsroom::new(seed + 1));
        let video = pattern(u32::from(seed), 4 * MIB + 100);
        let imported = elsewhere.store.blobs().import(&video[..], |_| {}).unwrap();
        let mut article = text("Video");
        article.renditions.push(rendition("v.mp4", "video/mp4", 720, video.len() as u64, &imported));
        newsroom.publish(longear_core::Kind::Media, &article.encode());
        Fetching { newsroom, video, imported }
    }

    fn begin(&self) -> longear_store::blobs::BlobWriter {
        let groups = Some(self.imported.groups.clone());
        self.newsroom.store.blobs().begin(self.imported.hash, self.video.len() as u64, groups).unwrap()
    }

    fn path(&self) -> String {
        blob_path(self.imported.hash.as_bytes())
    }
}

#[test]
fn a_blob_is_read_while_it_is_being_fetched() {
    run(async {
        let fetching = Arc::new(Fetching::new(64));
        let writer = fetching.begin();
        writer.write(0, &fetching.video[..MIB + 500]).unwrap();
        writer.settle().unwrap();
        let server = Server::of(&fetching.newsroom.store).await;
        let feeding = {
            let fetching = fetching.clone();
            tokio::task::spawn_blocking(move || {
                for at in (MIB..fetching.video.len()).step_by(MIB) {
                    std::thread::sleep(Duration::from_millis(300));
                    writer.write(at as u64, &fetching.video[at..fetching.video.len().min(at + MIB)]).unwrap();
                }
                writer.finish().unwrap();
            })
        };
        let answer = ask(&server.url(&fetching.path()), &[]).await;
        assert_eq!(answer.content_length(), Some(fetching.video.len() as u64), "the size is known before the bytes");
        assert!(!feeding.is_finished());
        assert_eq!(answer.bytes().await.unwrap(), fetching.video);
        feeding.await.unwrap();
    });
}

#[test]
fn bytes_that_do_not_come_are_never_made_up() {
    run(async {
        let fetching = Fetching::new(66);
        let writer = fetching.begin();
        writer.write(0, &fetching.video[..MIB]).unwrap();
        writer.write(2 * MIB as u64, &fetching.video[2 * MIB..3 * MIB]).unwrap();
        writer.settle().unwrap();
        let server = Server::of(&fetching.newsroom.store).await;
        let url = server.url(&fetching.path());
        let range = format!("bytes={}-{}", 2 * MIB, 3 * MIB - 1);
        let answer = ask(&url, &[("range", &range)]).await;
        assert_eq!(answer.bytes().await.unwrap(), fetching.video[2 * MIB..3 * MIB]);
        let answer = ask(&url, &[("range", &format!("bytes={MIB}-"))]).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(field(&answer, "retry-after").is_some());
        let mut answer = ask(&url, &[]).await;
        let mut here = Vec::new();
        let cut = loop {
            match answer.chunk().await {
                Ok(Some(bytes)) => here.extend_from_slice(&bytes),
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        assert!(cut, "a short answer does not pass as a whole one");
        assert_eq!(here, fetching.video[..MIB]);
    });
}

#[test]
fn pages_give_media_types_that_cannot_run() {
    run(async {
        let mut newsroom = Newsroom::new(68);
        let bytes = pattern(68, 4000);
        let (_, hashes) = newsroom.media("Photo", &[("p.jpg", "image/jpeg", 0, &bytes)]);
        let hash = hashes[0];
        let media = move |State(store): State<Arc<Store>>, headers: HeaderMap| async move {
            let mime = headers.get("x-mime").unwrap().to_str().unwrap().to_owned();
            let name = headers.get("x-name").map(|_| "Қаңтар.jpg");
            blob_response(store, hash, &mime, name, &headers).await
        };
        let router = Router::new().route("/media", get(media)).with_state(newsroom.store.clone());
        let server = Server::start(router, ConnectionLimits::default()).await;
        let url = server.url("media");
        let answer = ask(&url, &[("x-mime", "image/jpeg"), ("range", "bytes=0-9")]).await;
        assert_eq!(
            (answer.status(), field(&answer, "content-type")),
            (StatusCode::PARTIAL_CONTENT, Some("image/jpeg"))
        );
        assert_eq!(field(&answer, "content-disposition"), None);
        assert_eq!(answer.bytes().await.unwrap(), bytes[..10]);
        let answer = ask(&url, &[("x-mime", "text/html")]).await;
        assert_eq!(field(&answer, "content-type"), Some("application/octet-stream"));
        assert_eq!(field(&answer, "content-disposition"), Some("attachment"));
        let answer = ask(&url, &[("x-mime", "image/jpeg"), ("x-name", "yes")]).await;
        assert!(field(&answer, "content-disposition").unwrap().contains("filename*=UTF-8''%D2%9A"));
    });
}
