//! A server behind TLS that writes frames by hand, as long as anybody takes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::attacks::Attack;
use super::certificate::make_certificate;
use super::frames::{HEADERS, PREFACE, SETTINGS, frame};

/// Bytes that are written at once.
const PIECE_BYTES: usize = 16 << 10;

/// What the server agrees to in TLS.
#[derive(Clone, Copy, PartialEq)]
pub enum Speaks {
    /// HTTP/2 if it is offered.
    Either,
    Http2Only,
}

pub struct Server {
    pub url: String,
    pub port: u16,
    /// The authority to trust, PEM.
    pub certificate: Vec<u8>,
    counts: Arc<Counts>,
    accepting: JoinHandle<()>,
    _folder: TempDir,
}

#[derive(Default)]
struct Counts {
    taken: AtomicU64,
    requests: AtomicU64,
    /// Connections on which an attack is under way.
    hostile: AtomicU64,
    ends: AtomicBool,
}

impl Server {
    pub async fn start(attack: Attack, speaks: Speaks) -> Self {
        let folder = TempDir::new().unwrap();
        make_certificate(folder.path());
        let certificate = std::fs::read(folder.path().join("cert.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.path().join("key.pem")).unwrap();
        let chain = vec![CertificateDer::from_pem_slice(&certificate).unwrap()];
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let mut config = config.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.alpn_protocols.truncate(if speaks == Speaks::Either { 2 } else { 1 });
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (counts, attack) = (Arc::new(Counts::default()), Arc::new(attack));
        let shared = counts.clone();
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, counts, attack) = (acceptor.clone(), shared.clone(), attack.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        converse(stream, &counts, &attack).await;
                    }
                });
            }
        });
        Server { url: format!("https://localhost:{port}"), port, certificate, counts, accepting, _folder: folder }
    }

    /// Bytes that were written, and taken by the client or by the systems between.
    pub fn taken(&self) -> u64 {
        self.counts.taken.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::SeqCst)
    }

    /// Whether the client hung up on every attack within this time.
    pub async fn is_left_within(&self, time: Duration) -> bool {
        let since = Instant::now();
        while self.counts.hostile.load(Ordering::SeqCst) > 0 && since.elapsed() < time {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.counts.hostile.load(Ordering::SeqCst) == 0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.counts.ends.store(true, Ordering::SeqCst);
        self.accepting.abort();
    }
}

async fn converse(stream: TlsStream<TcpStream>, counts: &Counts, attack: &Attack) {
    let is_http_2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let (mut reading, mut writing) = tokio::io::split(stream);
    let (asking, mut asked) = mpsc::unbounded_channel();
    if !is_http_2 {
        read_request(&mut reading).await;
        counts.requests.fetch_add(1, Ordering::SeqCst);
        let _ = asking.send(1);
    } else if writing.write_all(&frame(SETTINGS, 0, 0, &[])).await.is_err() {
        return;
    }
    counts.hostile.fetch_add(1, Ordering::SeqCst);
    let asked = answer(&mut writing, &mut asked, counts, attack);
    tokio::select! {
        () = read_on(reading, counts, asking, is_http_2, attack.reads) => {}
        () = asked => {}
    }
    counts.hostile.fetch_sub(1, Ordering::SeqCst);
}

/// Reads a request of HTTP/1.1.
async fn read_request(reading: &mut ReadHalf<TlsStream<TcpStream>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match reading.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
}

async fn read_on(
    mut reading: ReadHalf<TlsStream<TcpStream>>,
    counts: &Counts,
    asking: mpsc::UnboundedSender<u32>,
    is_http_2: bool,
    reads: bool,
) {
    if is_http_2 {
        read_frames(reading, counts, asking, reads).await;
    } else {
        // Nothing comes any more but the end.
        let _ = reading.read_to_end(&mut Vec::new()).await;
    }
}

/// Tells the number of each stream that the client opens, until it hangs up. Without `reads` only of the first.
async fn read_frames(
    mut reading: ReadHalf<TlsStream<TcpStream>>,
    counts: &Counts,
    asking: mpsc::UnboundedSender<u32>,
    reads: bool,
) {
    let mut preface = [0; PREFACE.len()];
    if reading.read_exact(&mut preface).await.is_err() {
        return;
    }
    let mut front = [0; 9];
    while reading.read_exact(&mut front).await.is_ok() {
        let length = u32::from_be_bytes([0, front[0], front[1], front[2]]);
        let mut payload = vec![0; length as usize];
        if reading.read_exact(&mut payload).await.is_err() {
            return;
        }
        if front[3] == HEADERS {
            counts.requests.fetch_add(1, Ordering::SeqCst);
            let _ = asking.send(u32::from_be_bytes([front[5], front[6], front[7], front[8]]));
            if !reads {
                // The writer notices when the client hangs up.
                std::future::pending::<()>().await;
            }
        }
    }
}

async fn answer(
    writing: &mut WriteHalf<TlsStream<TcpStream>>,
    asked: &mut mpsc::UnboundedReceiver<u32>,
    counts: &Counts,
    attack: &Attack,
) {
    while let Some(stream) = asked.recv().await {
        let mut bytes = (attack.beginning)(stream);
        let piece = attack.piece.as_ref().map(|piece| piece(stream));
        let more = piece.as_ref().map(|piece| piece.repeat((PIECE_BYTES / piece.len()).max(1)));
        loop {
            if counts.ends.load(Ordering::SeqCst) || writing.write_all(&bytes).await.is_err() {
                return;
            }
            counts.taken.fetch_add(bytes.len() as u64, Ordering::SeqCst);
            match &more {
                Some(more) => bytes.clone_from(more),
                None => break,
            }
        }
        if writing.flush().await.is_err() {
            return;
        }
    }
}
