//! Servers that send without end what is no object: extensions of chunks, trailers, interim answers, packed bytes.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use longear_net::carrier::{Blame, Carrier, CarrierError};
use tokio::io::AsyncWriteExt;

use super::hostile::serve;
use super::{BLOB, ROOMY, careless, drain, impatient, open};

/// The most that is taken of a flood: the library's buffer, and what the two systems keep between them.
const TAKEN_BYTES_MAX: u64 = 8 << 20;

/// Answers with `start`, then with `flood` until nobody takes any more; counts what was taken.
async fn flooding(start: &'static str, flood: &'static [u8]) -> (String, Arc<AtomicU64>) {
    let taken = Arc::new(AtomicU64::new(0));
    let counter = taken.clone();
    let (address, _) = serve(move |_, mut stream| {
        let counter = counter.clone();
        async move {
            let _ = stream.write_all(start.as_bytes()).await;
            let piece = flood.repeat((16 << 10) / flood.len());
            while stream.write_all(&piece).await.is_ok() {
                counter.fetch_add(piece.len() as u64, Ordering::SeqCst);
            }
        }
    })
    .await;
    (address, taken)
}

struct Flood {
    what: &'static str,
    start: &'static str,
    repeated: &'static [u8],
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const FLOODS: [Flood; 6] = [
    Flood {
        what: "one endless extension",
        start: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=",
        repeated: b"a",
    },
    Flood {
        what: "a long extension of every byte",
        start: CHUNKED,
        repeated: b"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n",
    },
    Flood {
        what: "trailers",
        start: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        repeated: b"a: b\r\n",
    },
    Flood { what: "zeros before a length", start: CHUNKED, repeated: b"0" },
    Flood { what: "early hints", start: "", repeated: b"HTTP/1.1 103 Early Hints\r\n\r\n" },
    Flood { what: "go on", start: "", repeated: b"HTTP/1.1 100 Continue\r\n\r\n" },
];

/// What may be asked for here.
const OBJECT_BYTES_MAX: u64 = 100_000;

#[derive(Clone, Copy)]
enum Client {
    Real,
    Careless,
}

impl Client {
    /// What came of an object, or of a range of it, and what the client said at the end.
    async fn ask(self, address: &str, range: Option<Range<u64>>, bytes_max: u64) -> (Vec<u8>, Option<CarrierError>) {
        match self {
            Client::Careless => (careless::ask(address).await, None),
            Client::Real => {
                // Each of these is to end by what was sent. On a busy machine less than counts as progress came in the 0.3 s that the
                // other tests wait, and one was left for its silence.
                let mut options = impatient();
                options.progress_timeout = Duration::from_secs(10);
                let carrier = Carrier::open(address, &options).unwrap();
                match carrier.fetch(&BLOB, range, bytes_max).await {
                    Ok(body) => drain(body.unwrap()).await,
                    Err(error) => (Vec::new(), Some(error)),
                }
            }
        }
    }
}

/// What is wrong with how a client takes a flood.
async fn objection(client: Client, flood: &Flood) -> Option<String> {
    let (address, taken) = flooding(flood.start, flood.repeated).await;
    let (bytes, error) = client.ask(&address, None, OBJECT_BYTES_MAX).await;
    let before = taken.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let after = taken.load(Ordering::SeqCst);
    println!("{}: {before} bytes were taken; {error:?}", flood.what);
    if error.as_ref().is_none_or(|error| error.blame() != Blame::Carrier) {
        Some(format!("{} bytes and no fitting complaint: {error:?}", bytes.len()))
    } else if bytes.len() as u64 > OBJECT_BYTES_MAX {
        Some(format!("{} bytes were given", bytes.len()))
    } else if after - before > TAKEN_BYTES_MAX {
        Some("it was still read".into())
    } else if after > TAKEN_BYTES_MAX {
        Some(format!("{after} bytes were taken"))
    } else {
        None
    }
}

#[tokio::test]
async fn what_never_ends_is_refused_or_left() {
    for flood in &FLOODS {
        assert_eq!(objection(Client::Real, flood).await, None, "{}", flood.what);
    }
}

/// A slow server may cut an object into the smallest pieces: six bytes on the way for each of the object.
#[tokio::test]
async fn what_comes_in_crumbs_comes_whole() {
    const CRUMBS: usize = 300_000;
    let (address, _) = serve(|_, mut stream| async move {
        let _ = stream.write_all(format!("{CHUNKED}{}0\r\n\r\n", "1\r\na\r\n".repeat(CRUMBS)).as_bytes()).await;
    })
    .await;
    let (bytes, error) = Client::Real.ask(&address, None, 1 << 20).await;
    assert_eq!((bytes.len(), error.map(|error| error.to_string())), (CRUMBS, None));
}

#[tokio::test]
async fn a_client_without_limits_is_caught() {
    for flood in &FLOODS {
        assert!(objection(Client::Careless, flood).await.is_some(), "{}", flood.what);
    }
    for head in packing_heads() {
        assert!(packed_objection(Client::Careless, head.clone()).await.is_some(), "{head}");
    }
    assert_ne!(longer_part(Client::Careless).await, b"cdef");
}

/// Bytes that are said to be packed.
const PACKED: [u8; 16] = [0x28, 0xb5, 0x2f, 0xfd, 0xa4, 0, 0, 0, 0x40, 0x54, 0, 0, 8, 0, 1, 0];

fn packing_heads() -> Vec<String> {
    let encodings = ["gzip", "x-gzip", "deflate", "br", "zstd", "compress", "gzip, gzip, gzip", "aes128gcm"];
    let encodings = encodings.map(|encoding| format!("Content-Encoding: {encoding}\r\nContent-Length: 16"));
    let codings = ["gzip", "gzip, chunked", "chunked, gzip", "identity, deflate"];
    let codings = codings.map(|coding| format!("Transfer-Encoding: {coding}"));
    encodings.into_iter().chain(codings).collect()
}

/// What is wrong with how a client takes what is said to be packed.
async fn packed_objection(client: Client, head: String) -> Option<String> {
    let is_in_chunks = head.starts_with("Transfer-Encoding");
    let (address, _) = serve(move |_, mut stream| {
        let head = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n");
        async move {
            let (front, back): (&[u8], &[u8]) = if is_in_chunks { (b"10\r\n", b"\r\n0\r\n\r\n") } else { (b"", b"") };
            let _ = stream.write_all(&[head.as_bytes(), front, &PACKED, back].concat()).await;
        }
    })
    .await;
    let (bytes, error) = client.ask(&address, None, 1_000).await;
    // Chunks may be taken apart; what was in them stays packed.
    let is_kept = bytes == PACKED || is_in_chunks && bytes.len() < 40 && bytes.windows(16).any(|part| part == PACKED);
    let is_refused = is_in_chunks && error.as_ref().is_some_and(|error| error.blame() == Blame::Carrier);
    (!is_kept && !is_refused).then(|| format!("{} bytes; {error:?}", bytes.len()))
}

#[tokio::test]
async fn packed_bytes_of_any_kind_are_not_unpacked() {
    for head in packing_heads() {
        assert_eq!(packed_objection(Client::Real, head.clone()).await, None, "{head}");
    }
}

#[tokio::test]
async fn a_range_that_is_refused_gives_nothing_and_no_error() {
    let (address, _) = serve(|_, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 416 X\r\nContent-Range: bytes */7\r\nContent-Length: 5\r\n\r\nsorry").await;
    })
    .await;
    let body = open(&address).fetch(&BLOB, Some(7..100), ROOMY).await.unwrap().unwrap();
    assert_eq!(drain(body).await.0, b"");
    let error = open(&address).fetch(&BLOB, None, ROOMY).await.unwrap_err();
    assert!(matches!(error, CarrierError::HttpStatus { status: 416, .. }), "{error:?}");
}

/// What a client makes of a part that is longer than it says.
async fn longer_part(client: Client) -> Vec<u8> {
    let (address, _) = serve(|_, mut stream| async move {
        let head = "HTTP/1.1 206 Partial\r\nContent-Range: bytes 2-5/9\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n";
        let _ = stream.write_all(&[head.as_bytes(), b"cdefghijk\r\n0\r\n\r\n"].concat()).await;
    })
    .await;
    let (bytes, error) = client.ask(&address, Some(2..6), 9).await;
    assert!(error.is_none(), "{error:?}");
    bytes
}

#[tokio::test]
async fn a_part_longer_than_it_says_is_cut() {
    assert_eq!(longer_part(Client::Real).await, b"cdef");
}
