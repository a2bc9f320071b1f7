//! Servers that send without end what is no object: extensions of chunks, trailers, interim answers, packed bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use longear_net::carrier::{Blame, Carrier, CarrierError};
use tokio::io::AsyncWriteExt;

use super::hostile::serve;
use super::{BLOB, ROOMY, drain, impatient, open};

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

#[tokio::test]
async fn extensions_of_chunks_and_trailers_without_end_are_refused() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const LAST: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    let floods: [(&str, &str, &[u8]); 3] = [
        ("one endless extension", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=", b"a"),
        ("a long extension of every byte", CHUNKED, b"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n"),
        ("trailers", LAST, b"a: b\r\n"),
    ];
    for (what, start, flood) in floods {
        let (address, taken) = flooding(start, flood).await;
        let carrier = Carrier::open(&address, &impatient()).unwrap();
        let body = carrier.fetch(&BLOB, None, 100_000).await.unwrap().unwrap();
        let (bytes, error) = drain(body).await;
        assert!(bytes.len() <= 100_000, "{what}");
        assert!(error.is_some(), "{what}: {} bytes and no complaint", bytes.len());
        let taken = taken.load(Ordering::SeqCst);
        assert!(taken <= TAKEN_BYTES_MAX, "{what}: {taken} bytes were taken");
    }
}

/// The library counts no digits of a chunk's length, and zeros make it no larger; what ends them is the time without
/// progress. On a busy machine so few came in that time that it looked as if they were refused.
#[tokio::test]
async fn zeros_without_end_are_left_after_a_while() {
    let (address, taken) = flooding("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0").await;
    let carrier = Carrier::open(&address, &impatient()).unwrap();
    let (bytes, error) = drain(carrier.fetch(&BLOB, None, 100_000).await.unwrap().unwrap()).await;
    assert!(bytes.is_empty());
    assert!(matches!(error, Some(CarrierError::TimedOut { .. })), "{error:?}");
    let before = taken.load(Ordering::SeqCst);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(taken.load(Ordering::SeqCst) - before <= TAKEN_BYTES_MAX, "it was still read");
}

/// The library passes interim answers over without counting them; what ends them is the time for an answer's header.
#[tokio::test]
async fn interim_answers_without_end_are_left_after_a_while() {
    for flood in [&b"HTTP/1.1 103 Early Hints\r\n\r\n"[..], b"HTTP/1.1 100 Continue\r\n\r\n"] {
        let (address, taken) = flooding("", flood).await;
        let error = Carrier::open(&address, &impatient()).unwrap().fetch(&BLOB, None, 1000).await.unwrap_err();
        assert!(matches!(error, CarrierError::TimedOut { .. }), "{error:?}");
        let before = taken.load(Ordering::SeqCst);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let after = taken.load(Ordering::SeqCst);
        println!(
            "{} bytes of interim answers in {:?}",
            before,
            impatient().connect_timeout + impatient().progress_timeout
        );
        assert!(after - before <= TAKEN_BYTES_MAX, "it was still read");
    }
}

#[tokio::test]
async fn packed_bytes_of_any_kind_are_not_unpacked() {
    let bomb = [0x28u8, 0xb5, 0x2f, 0xfd, 0xa4, 0, 0, 0, 0x40, 0x54, 0, 0, 8, 0, 1, 0];
    for encoding in ["gzip", "x-gzip", "deflate", "br", "zstd", "compress", "gzip, gzip, gzip", "aes128gcm"] {
        let (address, _) = serve(move |_, mut stream| async move {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 16\r\n\r\n");
            let _ = stream.write_all(&[head.as_bytes(), &bomb].concat()).await;
        })
        .await;
        assert_eq!(open(&address).fetch_small(&BLOB, 16).await.unwrap().unwrap(), bomb, "{encoding}");
    }
    for coding in ["gzip", "gzip, chunked", "chunked, gzip", "identity, deflate"] {
        let (address, _) = serve(move |_, mut stream| async move {
            let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n10\r\n");
            let _ = stream.write_all(&[head.as_bytes(), &bomb, b"\r\n0\r\n\r\n"].concat()).await;
        })
        .await;
        // Chunks may be taken apart; what was in them stays packed.
        match open(&address).fetch(&BLOB, None, 1000).await {
            Ok(body) => assert!(drain(body.unwrap()).await.0.windows(16).any(|window| window == bomb), "{coding}"),
            Err(error) => assert_eq!(error.blame(), Blame::Carrier, "{coding}: {error:?}"),
        }
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

#[tokio::test]
async fn a_part_longer_than_it_says_is_cut() {
    let (address, _) = serve(|_, mut stream| async move {
        let head = "HTTP/1.1 206 Partial\r\nContent-Range: bytes 2-5/9\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n";
        let _ = stream.write_all(&[head.as_bytes(), b"cdefghijk\r\n0\r\n\r\n"].concat()).await;
    })
    .await;
    let body = open(&address).fetch(&BLOB, Some(2..6), 9).await.unwrap().unwrap();
    let (bytes, error) = drain(body).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(bytes, b"cdef");
}
