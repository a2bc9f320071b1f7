//! Servers that lie, drip, flood, redirect and break off.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use longear_core::tree::TreePath;
use longear_net::carrier::{Blame, Carrier, CarrierError, HeadAnswer, REDIRECTS_MAX, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{BLOB, ROOMY, drain, impatient, open, pattern};

/// Listens on loopback and answers each connection's first request with `answer`; counts the connections.
pub(super) async fn serve<A, F>(answer: A) -> (String, Arc<AtomicUsize>)
where
    A: Fn(String, TcpStream) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let served = Arc::new(AtomicUsize::new(0));
    let count = served.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let request = read_request(&mut stream).await;
            tokio::spawn(answer(request, stream));
        }
    });
    (address, served)
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(request).unwrap()
}

/// A server that sends these bytes to everybody and closes.
async fn serve_bytes(answer: impl Into<Vec<u8>>) -> String {
    let answer = Arc::new(answer.into());
    let (address, _) = serve(move |_, mut stream| {
        let answer = answer.clone();
        async move {
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
            // Closing with unread input would reset the connection.
            let _ = stream.read(&mut [0; 16]).await;
        }
    })
    .await;
    address
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [head.replace('\n', "\r\n").as_bytes(), b"\r\n\r\n", body].concat()
}

async fn fetch_error(address: &str) -> CarrierError {
    open(address).fetch(&BLOB, None, 1000).await.unwrap_err()
}

#[tokio::test]
async fn a_redirect_loop_ends() {
    let (address, served) = serve(|_, mut stream| async move {
        let head = "HTTP/1.1 302 Found\nLocation: /again\nContent-Length: 0\nConnection: close";
        let _ = stream.write_all(&answer(head, b"")).await;
    })
    .await;
    let error = fetch_error(&address).await;
    assert!(matches!(error, CarrierError::TooManyRedirects), "{error:?}");
    assert_eq!(served.load(Ordering::SeqCst), REDIRECTS_MAX as usize + 1);
}

#[tokio::test]
async fn redirects_to_another_host_are_followed_with_the_range() {
    let (mirror, _) = serve(|request, mut stream| async move {
        assert!(request.to_lowercase().contains("\r\nrange: bytes=2-4\r\n"), "{request}");
        let head = "HTTP/1.1 206 Partial Content\nContent-Range: bytes 2-4/9\nContent-Length: 3";
        let _ = stream.write_all(&answer(head, b"cde")).await;
    })
    .await;
    let first = serve_bytes(answer(&format!("HTTP/1.1 307 Moved\nLocation: {mirror}/x\nContent-Length: 0"), b"")).await;
    let body = open(&first).fetch(&BLOB, Some(2..5), 9).await.unwrap().unwrap();
    assert_eq!(drain(body).await.0, b"cde");
}

#[tokio::test]
async fn redirects_to_files_and_nowhere_are_refused() {
    for location in ["Location: file:///etc/passwd", "Location: http://:0:/", "X: y"] {
        let address = serve_bytes(answer(&format!("HTTP/1.1 301 Moved\n{location}\nContent-Length: 0"), b"")).await;
        let error = fetch_error(&address).await;
        assert!(matches!(error, CarrierError::BadRedirect { .. }), "{location}: {error:?}");
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_limit() {
    let (address, _) = serve(|_, mut stream| async move {
        let _ = stream.write_all(&answer("HTTP/1.1 200 OK", b"")).await;
        while stream.write_all(&[7; 65_536]).await.is_ok() {}
    })
    .await;
    let body = open(&address).fetch(&BLOB, None, 100_000).await.unwrap().unwrap();
    assert_eq!(body.declared_len(), None);
    let (bytes, error) = drain(body).await;
    assert!(matches!(error, Some(CarrierError::TooLarge { bytes_max: 100_000 })), "{error:?}");
    assert_eq!(bytes, vec![7; 100_000]);
    // A range of it is served to its end, and no further.
    let body = open(&address).fetch(&BLOB, Some(10..70_000), 100_000).await.unwrap().unwrap();
    assert_eq!(body.start(), 0);
    let (bytes, error) = drain(body).await;
    assert!(error.is_none() && bytes.len() == 70_000, "{error:?}");
}

#[tokio::test]
async fn an_object_of_exactly_the_limit_passes() {
    let address = serve_bytes(answer("HTTP/1.1 200 OK", b"12345")).await;
    assert_eq!(open(&address).fetch_small(&BLOB, 5).await.unwrap().unwrap(), b"12345");
    let error = open(&address).fetch_small(&BLOB, 4).await.unwrap_err();
    assert!(matches!(error, CarrierError::TooLarge { bytes_max: 4 }), "{error:?}");
}

#[tokio::test]
async fn a_lie_about_the_length_costs_nothing() {
    let huge = serve_bytes(answer("HTTP/1.1 200 OK\nContent-Length: 9223372036854775807", b"x")).await;
    assert!(matches!(fetch_error(&huge).await, CarrierError::TooLarge { bytes_max: 1000 }));
    // Even where anything is allowed, memory is taken only for what comes.
    let error = open(&huge).fetch_small(&BLOB, u64::MAX).await.unwrap_err();
    assert!(matches!(error, CarrierError::Interrupted), "{error:?}");
    let absurd = serve_bytes(answer("HTTP/1.1 200 OK\nContent-Length: 99999999999999999999999", b"x")).await;
    assert_eq!(fetch_error(&absurd).await.blame(), Blame::Carrier);
}

#[tokio::test]
async fn what_came_before_the_connection_broke_is_delivered() {
    let address = serve_bytes(answer("HTTP/1.1 200 OK\nContent-Length: 1000", b"the beginning")).await;
    let body = open(&address).fetch(&BLOB, None, 1000).await.unwrap().unwrap();
    assert_eq!(body.declared_len(), Some(1000));
    let (bytes, error) = drain(body).await;
    assert_eq!(bytes, b"the beginning");
    assert!(matches!(error, Some(CarrierError::Interrupted)), "{error:?}");
}

#[tokio::test]
async fn a_server_without_ranges_is_read_from_the_start() {
    let head = "HTTP/1.1 200 OK\nContent-Length: 5000";
    let address = serve_bytes(answer(head, &pattern(5000))).await;
    let body = open(&address).fetch(&BLOB, Some(1000..3000), 5000).await.unwrap().unwrap();
    assert_eq!((body.start(), body.declared_len()), (0, Some(3000)));
    let (bytes, error) = drain(body).await;
    assert!(error.is_none() && bytes == pattern(5000)[..3000]);
}

#[tokio::test]
async fn wrong_ranges_are_refused() {
    let length = "Content-Length: 10";
    for headers in [
        format!("{length}\nContent-Range: bytes 11-20/100"),
        format!("{length}\nContent-Range: bytes 0-9/100"),
        "Content-Length: 11\nContent-Range: bytes 10-20/100".to_owned(),
        format!("{length}\nContent-Range: bytes 10-19/15"),
        "Content-Length: 9\nContent-Range: bytes 10-19/100".to_owned(),
        format!("{length}\nContent-Range: bytes */100"),
        format!("{length}\nContent-Range: lines 10-19/100"),
        format!("{length}\nContent-Type: multipart/byteranges; boundary=x"),
    ] {
        let address = serve_bytes(answer(&format!("HTTP/1.1 206 Partial\n{headers}"), &[0; 11])).await;
        let error = open(&address).fetch(&BLOB, Some(10..20), 1000).await.unwrap_err();
        assert!(matches!(error, CarrierError::BadRange { .. }), "{headers}: {error:?}");
    }
    let unasked =
        serve_bytes(answer("HTTP/1.1 206 Partial\nContent-Range: bytes 0-0/1\nContent-Length: 1", b"x")).await;
    assert!(matches!(fetch_error(&unasked).await, CarrierError::BadRange { .. }));
    let empty = open(&unasked).fetch(&BLOB, Some(5..5), 1000).await;
    assert!(matches!(empty, Err(CarrierError::BadRange { .. })));
}

#[tokio::test]
async fn dripping_is_not_progress() {
    let (address, _) = serve(|_, mut stream| async move {
        let _ = stream.write_all(&answer("HTTP/1.1 200 OK\nContent-Length: 1000", b"")).await;
        while stream.write_all(b".").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let carrier = Carrier::open(&address, &impatient()).unwrap();
    let body = carrier.fetch(&BLOB, None, 1000).await.unwrap().unwrap();
    let since = Instant::now();
    let (bytes, error) = drain(body).await;
    assert!(matches!(error, Some(CarrierError::TimedOut { .. })), "{error:?}");
    assert!(!bytes.is_empty() && bytes.len() < 100, "{}", bytes.len());
    assert!(since.elapsed() >= Duration::from_millis(250) && since.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_slow_but_steady_server_is_waited_for() {
    let (address, _) = serve(|_, mut stream| async move {
        let _ = stream.write_all(&answer("HTTP/1.1 200 OK\nContent-Length: 50000", b"")).await;
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(60)).await;
            let _ = stream.write_all(&[1; 5000]).await;
        }
    })
    .await;
    let carrier = Carrier::open(&address, &impatient()).unwrap();
    let body = carrier.fetch(&BLOB, None, 50_000).await.unwrap().unwrap();
    assert_eq!(body.collect().await.unwrap().len(), 50_000, "600 ms in all, but progress every 60 ms");
}

#[tokio::test]
async fn a_slow_reader_does_not_blame_the_carrier() {
    let address = serve_bytes(answer("HTTP/1.1 200 OK\nContent-Length: 2000000", &pattern(2_000_000))).await;
    let carrier = Carrier::open(&address, &impatient()).unwrap();
    let mut body = carrier.fetch(&BLOB, None, ROOMY).await.unwrap().unwrap();
    let mut count = body.next().await.unwrap().unwrap().len();
    tokio::time::sleep(Duration::from_millis(600)).await;
    while let Some(bytes) = body.next().await.unwrap() {
        count += bytes.len();
    }
    assert_eq!(count, 2_000_000);
}

#[tokio::test]
async fn silence_before_the_answer_ends_too() {
    let (address, _) = serve(|_, mut stream| async move {
        while stream.write_all(b"H").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
    })
    .await;
    let error = Carrier::open(&address, &impatient()).unwrap().fetch(&BLOB, None, 1000).await.unwrap_err();
    assert!(matches!(error, CarrierError::TimedOut { .. }), "{error:?}");
}

#[tokio::test]
async fn a_captive_portal_is_just_bytes_that_do_not_fit() {
    let page = format!("<html>{}</html>", "Log in. ".repeat(200));
    let address = serve_bytes(answer("HTTP/1.1 200 OK\nContent-Type: text/html", page.as_bytes())).await;
    let error = open(&address).fetch_small(&BLOB, 1000).await.unwrap_err();
    assert!(matches!(error, CarrierError::TooLarge { .. }), "{error:?}");
    assert_eq!(open(&address).fetch_small(&BLOB, 5000).await.unwrap().unwrap(), page.as_bytes());
}

#[tokio::test]
async fn packed_bytes_are_not_unpacked() {
    let bomb = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 4, 0, 0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0];
    let (address, _) = serve(move |request, mut stream| async move {
        assert!(request.to_lowercase().contains("\r\naccept-encoding: identity\r\n"), "{request}");
        let head = "HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 21";
        let _ = stream.write_all(&answer(head, &bomb)).await;
    })
    .await;
    assert_eq!(open(&address).fetch_small(&BLOB, 100).await.unwrap().unwrap(), bomb);
}

#[tokio::test]
async fn huge_headers_are_refused() {
    let (endless, _) = serve(|_, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX: ").await;
        while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
    })
    .await;
    let many = format!("HTTP/1.1 200 OK{}", "\nX: y".repeat(10_000));
    for address in [endless, serve_bytes(answer(&many, b"")).await] {
        let error = fetch_error(&address).await;
        assert!(matches!(error, CarrierError::BadResponse { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_no_http_and_what_says_nothing_are_named() {
    let error = fetch_error(&serve_bytes("SSH-2.0-OpenSSH_9.2\r\n").await).await;
    assert!(matches!(error, CarrierError::BadResponse { .. }), "{error:?}");
    let error = fetch_error(&serve_bytes("").await).await;
    assert!(matches!(error, CarrierError::Interrupted), "{error:?}");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = fetch_error(&format!("http://{closed}")).await;
    assert!(matches!(error, CarrierError::Unreachable { .. }), "{error:?}");
    assert!(!error.to_string().contains("127.0.0.1"), "errors name no address: {error}");
}

#[tokio::test]
async fn other_statuses_are_errors_and_only_some_may_pass() {
    for (status, transient) in
        [(204, false), (304, false), (400, false), (401, false), (429, true), (500, true), (503, true)]
    {
        let address =
            serve_bytes(answer(&format!("HTTP/1.1 {status} X\nRetry-After: 7\nContent-Length: 0"), b"")).await;
        let error = fetch_error(&address).await;
        let CarrierError::HttpStatus { status: got, retry_after } = error else { panic!("{error:?}") };
        assert_eq!((got, retry_after), (status, Some(Duration::from_secs(7))));
        assert_eq!(error.is_transient(), transient, "{status}");
    }
    for status in [403, 404, 410] {
        let address = serve_bytes(answer(&format!("HTTP/1.1 {status} X\nContent-Length: 0"), b"")).await;
        assert!(open(&address).fetch(&BLOB, None, 1000).await.unwrap().is_none(), "{status}");
    }
}

#[tokio::test]
async fn a_tag_too_long_is_not_kept() {
    let head = format!("HTTP/1.1 200 OK\nETag: \"{}\"\nContent-Length: 1", "e".repeat(1000));
    let address = serve_bytes(answer(&head, b"h")).await;
    let found = open(&address).fetch_head(&[1; 32], None, 10).await.unwrap();
    assert_eq!(found, HeadAnswer::Found { bytes: b"h".to_vec(), etag: None });
}

#[tokio::test]
async fn passing_failures_are_tried_again_and_lasting_ones_are_not() {
    let mut policy = RetryPolicy::default();
    policy.first_delay = Duration::from_millis(1);
    for (status, tries) in [(503, 3), (404, 1), (400, 1)] {
        let (address, served) = serve(move |_, mut stream| async move {
            let head = format!("HTTP/1.1 {status} X\nContent-Length: 0\nConnection: close");
            let _ = stream.write_all(&answer(&head, b"")).await;
        })
        .await;
        let mut waits = 0;
        let mut jitter = || {
            waits += 1;
            0.5
        };
        let _ = open(&address).fetch_with_retry(&BLOB, None, 1000, &policy, &mut jitter).await;
        assert_eq!(served.load(Ordering::SeqCst), tries, "{status}");
    }
}

#[tokio::test]
async fn a_second_try_can_succeed() {
    let count = Arc::new(AtomicUsize::new(0));
    let (address, _) = serve(move |_, mut stream| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            // The first connection is closed without a word.
            if !first {
                let _ = stream.write_all(&answer("HTTP/1.1 200 OK\nContent-Length: 2", b"ok")).await;
            }
        }
    })
    .await;
    let mut policy = RetryPolicy::default();
    policy.first_delay = Duration::from_millis(1);
    let path = TreePath::Charter { channel: [1; 32], number: 1 };
    let body = open(&address).fetch_with_retry(&path, None, 10, &policy, &mut || 0.0).await.unwrap().unwrap();
    assert_eq!(body.collect().await.unwrap(), b"ok");
}
