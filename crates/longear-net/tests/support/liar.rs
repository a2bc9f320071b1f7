//! A web server that holds an honest copy of a tree and lies about it, and counts what it sends.
//!
//! Only the standard library, so that a benchmark can use it too.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the server lies about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Nothing: what it sends is counted, for comparison.
    Nothing,
    /// Signatures of the statements in the head.
    Heads,
    /// Charters: the founding one, and those that follow.
    Charters,
    /// Every header of every pack.
    Headers,
    /// Every text of every pack, under honest headers.
    Texts,
    /// The table of every pack: it promises as much as can be promised.
    Tables,
    /// Every block of every file.
    Blobs,
    /// One block of every sixteen, and what would prove the others.
    Blocks,
    /// Proofs of forks that were never there.
    Forks,
    /// Ranges: it answers with another one than was asked for.
    Ranges,
    /// Lengths: it announces one and sends for ever.
    Endless,
    /// Everything at once.
    Everything,
}

impl Lie {
    pub const ALL: [Lie; 11] = [
        Lie::Heads,
        Lie::Charters,
        Lie::Headers,
        Lie::Texts,
        Lie::Tables,
        Lie::Blobs,
        Lie::Blocks,
        Lie::Forks,
        Lie::Ranges,
        Lie::Endless,
        Lie::Everything,
    ];

    fn is(self, lie: Lie) -> bool {
        self == lie || self == Lie::Everything
    }
}

/// Bytes that are written at once: what is counted was taken by the other end's system, but for one such piece.
const PIECE_BYTES: usize = 16 << 10;
/// How long each takes: a line of some 16 MB a second. On a faster one more is under way when a lie is found out.
const PIECE_TIME: Duration = Duration::from_millis(1);
/// A request's header is shorter.
const REQUEST_BYTES_MAX: usize = 16 << 10;
/// Bytes of a pack before its headers.
const PREAMBLE_BYTES: usize = 53;

struct Shared {
    tree: PathBuf,
    lie: Lie,
    sent: AtomicU64,
    requests: AtomicU64,
    ends: AtomicBool,
}

/// A running server.
pub struct Liar {
    pub url: String,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
    address: std::net::SocketAddr,
}

impl Liar {
    pub fn start(tree: &Path, lie: Lie) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            tree: tree.to_owned(),
            lie,
            sent: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            ends: AtomicBool::new(false),
        });
        let own = shared.clone();
        let accepting = std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if own.ends.load(Ordering::SeqCst) {
                    return;
                }
                let own = own.clone();
                // Whoever hangs up ends it.
                std::thread::spawn(move || drop(converse(&own, stream)));
            }
        });
        Liar { url: format!("http://{address}"), shared, accepting: Some(accepting), address }
    }

    /// Bytes that were sent, headers and all.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.accepting.take().map(JoinHandle::join);
    }
}

fn converse(shared: &Shared, mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut waiting = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = waiting.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            let mut piece = [0; 4096];
            let count = stream.read(&mut piece)?;
            if count == 0 || waiting.len() > REQUEST_BYTES_MAX {
                return Ok(());
            }
            waiting.extend_from_slice(&piece[..count]);
        };
        let request = String::from_utf8_lossy(&waiting[..end]).into_owned();
        waiting.drain(..end);
        shared.requests.fetch_add(1, Ordering::SeqCst);
        answer(shared, &request, &mut stream)?;
    }
}

fn answer(shared: &Shared, request: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let Some(mut body) = object(shared, &path) else {
        return send(shared, stream, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    };
    let whole = body.len() as u64;
    let range = asked(request, whole);
    let shifted = if shared.lie.is(Lie::Ranges) { 1 } else { 0 };
    let head = match &range {
        Some(Range { start, end }) => {
            body = body[*start as usize..*end as usize].to_vec();
            format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {}-{}/{whole}\r\nContent-Length: {}\r\n\r\n",
                start + shifted,
                end - 1 + shifted,
                body.len()
            )
        }
        None => format!("HTTP/1.1 200 OK\r\nContent-Length: {whole}\r\n\r\n"),
    };
    if shared.lie == Lie::Endless {
        send(shared, stream, b"HTTP/1.1 200 OK\r\n\r\n")?;
        send(shared, stream, &body)?;
        loop {
            send(shared, stream, &[0x55; PIECE_BYTES])?;
        }
    }
    send(shared, stream, head.as_bytes())?;
    send(shared, stream, &body)
}

fn send(shared: &Shared, stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for piece in bytes.chunks(PIECE_BYTES) {
        stream.write_all(piece)?;
        shared.sent.fetch_add(piece.len() as u64, Ordering::SeqCst);
        if piece.len() == PIECE_BYTES {
            std::thread::sleep(PIECE_TIME);
        }
    }
    Ok(())
}

/// The range that a request asks for, cut to what there is.
fn asked(request: &str, whole: u64) -> Option<Range<u64>> {
    let line = request.lines().find(|line| line.to_ascii_lowercase().starts_with("range: bytes="))?;
    let (start, end) = line[13..].trim().split_once('-')?;
    let start = start.parse::<u64>().ok()?.min(whole);
    let end = end.parse::<u64>().map_or(whole, |last| (last + 1).min(whole));
    (start < end).then_some(start..end)
}

/// What stands at a path, spoiled.
fn object(shared: &Shared, path: &str) -> Option<Vec<u8>> {
    let lie = shared.lie;
    let names = path.split('/').collect::<Vec<_>>();
    if names.len() == 4 && names[2] == "fork" && lie.is(Lie::Forks) {
        return Some([b"LEF\x01", &vec![0x66; 2_400][..]].concat());
    }
    let mut bytes = read(&shared.tree, path)?;
    match names[..] {
        ["c", _, "head"] => spoil_head(&mut bytes, lie),
        ["c", _, "charter", _] if lie.is(Lie::Charters) => {
            let last = bytes.len() - 20;
            bytes[last] ^= 1;
            bytes.resize(60_000, 0x33);
        }
        ["c", _, "p", _, _] => spoil_pack(&mut bytes, lie),
        ["b", _, name] if name.ends_with(".o") && lie.is(Lie::Blocks) => bytes.iter_mut().for_each(|byte| *byte ^= 2),
        ["b", _, name] if !name.ends_with(".o") => {
            for (number, block) in bytes.chunks_mut(16 << 10).enumerate() {
                if lie.is(Lie::Blobs) || lie.is(Lie::Blocks) && number % 16 == 3 {
                    block[0] ^= 1;
                }
            }
        }
        _ => {}
    }
    Some(bytes)
}

fn read(tree: &Path, path: &str) -> Option<Vec<u8>> {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.'));
    (is_plain && !path.contains("..")).then(|| fs::read(tree.join(path)).ok())?
}

fn spoil_head(bytes: &mut Vec<u8>, lie: Lie) {
    if lie.is(Lie::Heads) {
        // The signature of the last statement stands before the count of forks.
        let at = bytes.len() - 20;
        bytes[at] ^= 1;
    }
    if lie.is(Lie::Forks) {
        let count = bytes.len() - 1;
        bytes[count] = 32;
        (0..32u8).for_each(|log| bytes.extend_from_slice(&[log; 16]));
    }
}

/// Makes a pack a lie of this kind.
pub fn spoil_pack(bytes: &mut [u8], lie: Lie) {
    let level = bytes[4];
    let slots = 8usize.pow(u32::from(level));
    let mut at = PREAMBLE_BYTES;
    for _ in 0..slots {
        let length = usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        if lie.is(Lie::Headers) && length > 0 {
            bytes[at + 2 + length - 9] ^= 1;
        }
        at += 2 + length;
    }
    let texts = at + slots * 12;
    if lie.is(Lie::Tables) {
        for slot in 0..slots {
            let entry = at + slot * 12;
            bytes[entry..entry + 8].copy_from_slice(&(slot as u64 * 262_144).to_le_bytes());
            bytes[entry + 8..entry + 12].copy_from_slice(&262_144u32.to_le_bytes());
        }
    }
    if lie.is(Lie::Texts) {
        bytes[texts..].iter_mut().for_each(|byte| *byte ^= 1);
    }
}
