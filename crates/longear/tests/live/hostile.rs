//! What encoders, and whoever pretends to be one, may send: each is answered in words, and the broadcast goes on.

use std::io::Write;
use std::net::TcpStream;

use longear_core::limits::{INIT_BYTES_MAX, SEGMENT_BYTES_MAX};

use crate::encoder::{Clip, playlist};
use crate::node::{Newsroom, answer};

#[test]
fn without_the_token_nothing_is_read() {
    let newsroom = Newsroom::new();
    let live = newsroom.go_live();
    let serving = newsroom.serve(&[]);
    let path = |token: &str| format!("/live/in/{token}/360p/index.m3u8");
    let list = playlist(0..=0);
    for (path, headers, status) in [
        ("/live/in/index.m3u8".to_owned(), vec![], 401),
        (path(""), vec![], 401),
        (path(&live.token[1..]), vec![], 403),
        (path(&live.token.to_uppercase()), vec![], 403),
        (path(&"0".repeat(32)), vec![], 403),
        (path(&live.token), vec!["Authorization: Bearer wrong"], 403),
        (format!("/live/in/{}", live.token), vec![], 401),
    ] {
        for method in ["PUT", "POST", "DELETE"] {
            let (given, words) = serving.ask(method, &path, &headers, list.as_bytes());
            assert_eq!(given, status, "{method} {path}");
            assert!(words.contains("token"), "{words}");
        }
    }
    // A body that never ends is not waited for.
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    write!(stream, "PUT {} HTTP/1.1\r\nHost: box\r\nContent-Length: 99999999\r\n\r\n", path("wrong")).unwrap();
    assert_eq!(answer(stream).0, 403);
    let bearer = format!("Authorization: Bearer {}", live.token);
    let (status, words) = serving.ask("PUT", "/live/in/360p/index.m3u8", &[&bearer], list.as_bytes());
    assert_eq!(status, 409, "{words}");
    assert_eq!(serving.ask("DELETE", &path(&live.token), &[], b"").0, 204);
    let closed = newsroom.run(&["serve", "--read-only", "--listen", "127.0.0.1:0"]);
    assert_eq!(closed.status.code(), Some(1), "one process serves a home");
    serving.end();
    let read_only = newsroom.serve(&["--read-only"]);
    assert!([404, 405].contains(&read_only.ask("PUT", &path(&live.token), &[], b"").0));
}

#[test]
fn what_cannot_be_taken_is_said_and_the_broadcast_goes_on() {
    let newsroom = Newsroom::new();
    let live = newsroom.go_live();
    let clip = Clip::new();
    let serving = newsroom.serve(&[]);
    clip.put(&serving, &live, 0);
    let packets = [&[0x47][..], &[0; 187], &[0x47], &[0; 187]].concat();
    let mut large_init = clip.init();
    large_init.extend([&(INIT_BYTES_MAX as u32).to_be_bytes()[..], b"free", &vec![0; INIT_BYTES_MAX - 8]].concat());
    let other_codec = String::from_utf8_lossy(&clip.init()).contains("avc1");
    assert!(other_codec);
    let codec = replaced(&clip.init(), b"avc1", b"mp4v");
    let mut long = playlist(0..=1);
    long = long.replace("EXTINF:1.0", "EXTINF:31.0");
    let twisted = playlist(0..=1).replace("1.m4s", "../../../../etc/passwd");
    let huge_list = [playlist(0..=0).into_bytes(), vec![b'#'; 1 << 20]].concat();
    let huge = [&clip.segment(1)[..], &vec![0; SEGMENT_BYTES_MAX]].concat();
    for (path, body, status, words) in [
        ("360p/1.ts", &packets, 415, "-hls_segment_type fmp4"),
        ("360p/1.webm", &b"\x1aE\xdf\xa3".to_vec(), 415, "fragmented MP4"),
        ("360p/init.mp4", &codec, 415, "mp4v"),
        ("360p/init.mp4", &large_init, 413, "65536"),
        ("360p/1.m4s", &huge, 413, "16777216"),
        ("360p/index.m3u8", &huge_list, 413, "1048576"),
        ("360p/index.m3u8", &long.into_bytes(), 422, "-hls_time"),
        ("360p/index.m3u8", &b"<html>".to_vec(), 422, "#EXTM3U"),
        ("UPPER/index.m3u8", &playlist(0..=0).into_bytes(), 409, "init"),
        ("a/../360p/1.m4s", &clip.segment(1), 400, "called so"),
        ("a//b", &clip.segment(1), 400, "called so"),
        ("%00/%2e%2e/x%7f", &clip.segment(1), 200, ""),
        ("360p/index.m3u8", &twisted.into_bytes(), 200, ""),
    ] {
        let (given, said) = serving.put(&live, path, body);
        assert!(given == status && said.contains(words), "{path}: {given} {said}");
    }
    // A body without an end, in pieces, is cut off where it is too much.
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    write!(
        stream,
        "PUT /live/in/{}/360p/9.m4s HTTP/1.1\r\nHost: box\r\nTransfer-Encoding: chunked\r\n\r\n",
        live.token
    )
    .unwrap();
    let piece = [b"100000\r\n".to_vec(), vec![0; 1 << 20], b"\r\n".to_vec()].concat();
    let taken = (0..64).take_while(|_| stream.write_all(&piece).is_ok()).count();
    assert!(taken < 64, "64 MiB were taken");
    assert_eq!(clip.put(&serving, &live, 1), 200);
    let held = newsroom.wait_for(&live, "two segments", |held| held.segments() == 2);
    assert_eq!(held.starts(), [("360p".to_owned(), vec![(0, 1_000), (1_000, 2_000)])]);
}

fn replaced(bytes: &[u8], from: &[u8; 4], to: &[u8; 4]) -> Vec<u8> {
    let at = bytes.windows(4).position(|four| four == from).unwrap();
    [&bytes[..at], to, &bytes[at + 4..]].concat()
}
