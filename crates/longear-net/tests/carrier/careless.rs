//! A client and a reader of sticks that forget every limit. A check that cannot fail does not count: each must catch them.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use longear_core::tree::TreePath;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Even they stop somewhere: far beyond what anybody should have taken.
pub(super) const ENOUGH_BYTES: usize = 32 << 20;

/// What is packed grows by so much when it is unpacked.
const UNPACKED_FACTOR: usize = 1_000;

/// Asks for the whole of an answer and takes whatever comes, for as long as it comes.
pub(super) async fn ask(address: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: mirror\r\n\r\n").await.unwrap();
    let (mut all, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    while all.len() < ENOUGH_BYTES {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(count) => all.extend_from_slice(&piece[..count]),
        }
    }
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").map_or(all.len(), |at| at + 4);
    let body = all.split_off(end);
    let head = String::from_utf8_lossy(&all).to_ascii_lowercase();
    let is_packed = head.contains("content-encoding: ") || head.contains("transfer-encoding: ");
    if is_packed && body.len() < 1_000 { body.repeat(UNPACKED_FACTOR) } else { body }
}

/// All that a folder on a stick names, whatever it is and however much.
pub(super) fn list(folder: &Path) -> Vec<(u8, u32)> {
    let names = fs::read_dir(folder).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let read = |name: String| name.split_once('-').map(|(level, index)| (level.parse().ok(), index.parse().ok()));
    names.filter_map(read).filter_map(|(level, index)| Some((level?, index?))).collect()
}

/// What stands at a path when it is looked at, links followed, whatever it is and however long.
pub(super) struct Reading {
    file: PathBuf,
    range: Range<u64>,
}

pub(super) fn open(stick: &Path, path: &TreePath, range: Option<Range<u64>>) -> Option<Reading> {
    let file = stick.join(path.to_string());
    file.exists().then(|| Reading { file, range: range.unwrap_or(0..u64::MAX) })
}

impl Reading {
    pub(super) fn read(self) -> Vec<u8> {
        let mut file = File::open(&self.file).unwrap();
        file.seek(SeekFrom::Start(self.range.start)).unwrap();
        let length = (self.range.end - self.range.start).min(ENOUGH_BYTES as u64);
        let mut all = Vec::new();
        file.take(length).read_to_end(&mut all).unwrap();
        all
    }
}
