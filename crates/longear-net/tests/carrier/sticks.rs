//! Sticks that an enemy filled: more entries than anybody looks at, files larger than any disk, files that change.

use std::fs::{self, File};
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::symlink;
use std::path::Path;

use longear_core::limits::{CHARTER_BYTES_MAX, HEAD_BYTES_MAX};
use longear_core::tree::TreePath;
use longear_net::carrier::{Body, Carrier, CarrierError, LIST_ENTRIES_MAX};
use tempfile::TempDir;

use super::{BLOB, ROOMY, careless, drain, open, pattern};

const CHANNEL: [u8; 32] = [0xc4; 32];
const LOG: [u8; 16] = [0x10; 16];
const PACK: TreePath = TreePath::Pack { channel: CHANNEL, log: LOG, level: 0, index: 0 };

fn put(folder: &TempDir, path: &TreePath) -> File {
    let file = folder.path().join(path.to_string());
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    File::create(file).unwrap()
}

/// Who reads the stick.
#[derive(Clone, Copy)]
enum Reader {
    Real,
    Careless,
}

/// What was opened and is not read yet.
enum Opened {
    Body(Body),
    Reading(careless::Reading),
}

impl Reader {
    async fn open(
        self,
        stick: &Path,
        path: &TreePath,
        range: Option<Range<u64>>,
        bytes_max: u64,
    ) -> Result<Option<Opened>, CarrierError> {
        match self {
            Reader::Real => {
                let body = carrier(stick).fetch(path, range, bytes_max).await?;
                Ok(body.map(Opened::Body))
            }
            Reader::Careless => Ok(careless::open(stick, path, range).map(Opened::Reading)),
        }
    }

    /// The packs that are named, and whether those are all.
    async fn list(self, stick: &Path) -> (Vec<(u8, u32)>, bool) {
        match self {
            Reader::Real => {
                let listed = carrier(stick).list_packs(&CHANNEL, &LOG).await.unwrap().unwrap();
                (listed.entries, listed.complete)
            }
            Reader::Careless => (careless::list(stick.join(PACK.to_string()).parent().unwrap()), true),
        }
    }
}

impl Opened {
    async fn read(self) -> Vec<u8> {
        match self {
            Opened::Body(body) => drain(body).await.0,
            Opened::Reading(reading) => reading.read(),
        }
    }
}

fn carrier(stick: &Path) -> Carrier {
    open(stick.to_str().unwrap())
}

/// Something is wrong with how a stick was read.
type Objection = Option<String>;

fn unless(is_good: bool, what: impl FnOnce() -> String) -> Objection {
    (!is_good).then(what)
}

async fn more_entries_than_anybody_looks_at(reader: Reader, count: usize) -> Objection {
    let folder = TempDir::new().unwrap();
    put(&folder, &PACK);
    let packs = folder.path().join(PACK.to_string()).parent().unwrap().to_owned();
    let odd = ["\u{202e}gpj.exe", "CON", "0-00", "-1", "0-1 ", "0-4294967296", "5-0"];
    odd.iter().for_each(|name| drop(File::create(packs.join(name)).unwrap()));
    // Links are made faster than files, and are no better than names here.
    (1..count).for_each(|index| symlink("nowhere", packs.join(format!("0-{index}"))).unwrap());
    let (entries, is_complete) = reader.list(folder.path()).await;
    let is_known = entries.iter().all(|(level, index)| *level == 0 && (*index as usize) < count);
    unless(!is_complete && entries.len() <= LIST_ENTRIES_MAX && is_known, || format!("{} entries", entries.len()))
}

async fn a_file_larger_than_any_disk(reader: Reader) -> Objection {
    let objects = [
        (TreePath::Head { channel: CHANNEL }, HEAD_BYTES_MAX as u64),
        (TreePath::Charter { channel: CHANNEL, number: 1 }, CHARTER_BYTES_MAX as u64),
        (BLOB, 64 << 30),
    ];
    let mut objections = Vec::new();
    for (path, bytes_max) in objects {
        let folder = TempDir::new().unwrap();
        let file = put(&folder, &path);
        // As large as this disk lets a file without content be.
        let length = (40..=62).rev().map(|bits| 1 << bits).find(|length| file.set_len(*length).is_ok()).unwrap();
        for range in [None, Some(0..1), Some(length - 1..u64::MAX)] {
            let opened = reader.open(folder.path(), &path, range.clone(), bytes_max).await;
            let is_refused = matches!(opened, Err(CarrierError::TooLarge { .. }));
            objections.extend(unless(is_refused, || format!("{path}: {length} bytes, {range:?}")));
        }
        // Where the length is allowed, a range is read and nothing else.
        let opened = reader.open(folder.path(), &path, Some(length - 2..u64::MAX), u64::MAX).await;
        assert_eq!(opened.unwrap().unwrap().read().await, [0, 0]);
    }
    objections.pop()
}

async fn a_file_that_grows_while_it_is_read(reader: Reader) -> Objection {
    let folder = TempDir::new().unwrap();
    let mut file = put(&folder, &BLOB);
    file.write_all(&pattern(3 << 20)).unwrap();
    let opened = reader.open(folder.path(), &BLOB, None, ROOMY).await.unwrap().unwrap();
    file.write_all(&pattern(9 << 20)).unwrap();
    let bytes = opened.read().await;
    unless(bytes == pattern(3 << 20), || format!("{} bytes", bytes.len()))
}

async fn a_file_that_is_exchanged(reader: Reader) -> Objection {
    let folder = TempDir::new().unwrap();
    put(&folder, &BLOB).write_all(&pattern(3 << 20)).unwrap();
    let opened = reader.open(folder.path(), &BLOB, None, ROOMY).await.unwrap().unwrap();
    let place = folder.path().join(BLOB.to_string());
    fs::remove_file(&place).unwrap();
    symlink("/etc/passwd", &place).unwrap();
    let is_as_opened = opened.read().await == pattern(3 << 20);
    let again = reader.open(folder.path(), &BLOB, None, ROOMY).await;
    let is_refused = matches!(again, Err(CarrierError::NotARegularFile { .. }));
    unless(is_as_opened && is_refused, || format!("as it was opened: {is_as_opened}, then refused: {is_refused}"))
}

async fn folders_that_lead_round(reader: Reader) -> Objection {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("c")).unwrap();
    symlink(folder.path(), folder.path().join("b")).unwrap();
    symlink("../c", folder.path().join("c").join("c4".repeat(32))).unwrap();
    let mut objections = Vec::new();
    for path in [BLOB, TreePath::Head { channel: CHANNEL }] {
        put(&folder, &path).write_all(b"round").unwrap();
        let opened = reader.open(folder.path(), &path, None, ROOMY).await;
        let is_refused = matches!(opened, Err(CarrierError::NotARegularFile { .. }));
        objections.extend(unless(is_refused, || format!("{path} was opened")));
    }
    objections.pop()
}

/// A million with `LONGEAR_FORGE_LONG`.
#[tokio::test]
async fn of_more_entries_than_anybody_looks_at_the_first_are_taken() {
    let count = if std::env::var_os("LONGEAR_FORGE_LONG").is_some() { 1_000_000 } else { LIST_ENTRIES_MAX + 3_000 };
    assert_eq!(more_entries_than_anybody_looks_at(Reader::Real, count).await, None);
}

#[tokio::test]
async fn a_file_larger_than_any_disk_is_refused_by_its_length() {
    assert_eq!(a_file_larger_than_any_disk(Reader::Real).await, None);
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_read_ends_where_it_ended_when_it_was_opened() {
    assert_eq!(a_file_that_grows_while_it_is_read(Reader::Real).await, None);
}

#[tokio::test]
async fn a_file_that_is_exchanged_is_read_as_it_was_opened_or_not_at_all() {
    assert_eq!(a_file_that_is_exchanged(Reader::Real).await, None);
}

#[tokio::test]
async fn folders_that_lead_round_are_not_entered() {
    assert_eq!(folders_that_lead_round(Reader::Real).await, None);
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("c")).unwrap();
    symlink("../c", folder.path().join("c").join("c4".repeat(32))).unwrap();
    assert!(carrier(folder.path()).list_packs(&CHANNEL, &LOG).await.is_err());
}

#[tokio::test]
async fn a_reader_without_limits_is_caught() {
    let reader = Reader::Careless;
    assert!(more_entries_than_anybody_looks_at(reader, LIST_ENTRIES_MAX + 3_000).await.is_some());
    assert!(a_file_larger_than_any_disk(reader).await.is_some());
    assert!(a_file_that_grows_while_it_is_read(reader).await.is_some());
    assert!(a_file_that_is_exchanged(reader).await.is_some());
    assert!(folders_that_lead_round(reader).await.is_some());
}
