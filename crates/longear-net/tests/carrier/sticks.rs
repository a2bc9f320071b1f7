//! Sticks that an enemy filled: more entries than anybody looks at, files larger than any disk, files that change.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;

use longear_core::limits::{CHARTER_BYTES_MAX, HEAD_BYTES_MAX};
use longear_core::tree::TreePath;
use longear_net::carrier::{Carrier, CarrierError, CarrierOptions, LIST_ENTRIES_MAX};
use tempfile::TempDir;

use super::{BLOB, ROOMY, drain, open, pattern};

const CHANNEL: [u8; 32] = [0xc4; 32];
const LOG: [u8; 16] = [0x10; 16];

fn put(folder: &TempDir, path: &TreePath) -> File {
    let file = folder.path().join(path.to_string());
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    File::create(file).unwrap()
}

fn stick(path: &TreePath) -> (TempDir, File, Carrier) {
    let folder = TempDir::new().unwrap();
    let file = put(&folder, path);
    let carrier = open(folder.path().to_str().unwrap());
    (folder, file, carrier)
}

/// A million with `LONGEAR_FORGE_LONG`.
#[tokio::test]
async fn of_more_entries_than_anybody_looks_at_the_first_are_taken() {
    let count = if std::env::var_os("LONGEAR_FORGE_LONG").is_some() { 1_000_000 } else { LIST_ENTRIES_MAX + 3_000 };
    let name = TreePath::Pack { channel: CHANNEL, log: LOG, level: 0, index: 0 };
    let (folder, _, carrier) = stick(&name);
    let logs = folder.path().join(name.to_string()).parent().unwrap().to_owned();
    let odd = ["\u{202e}gpj.exe", "CON", "0-00", "-1", "0-1 ", "0-4294967296", "5-0"];
    odd.iter().for_each(|name| drop(File::create(logs.join(name)).unwrap()));
    // Links are made faster than files, and are no better than names here.
    (1..count).for_each(|index| symlink("nowhere", logs.join(format!("0-{index}"))).unwrap());
    let listed = carrier.list_packs(&CHANNEL, &LOG).await.unwrap().unwrap();
    assert!(!listed.complete && listed.entries.len() <= LIST_ENTRIES_MAX, "{}", listed.entries.len());
    assert!(listed.entries.iter().all(|(level, index)| *level == 0 && (*index as usize) < count));
}

#[tokio::test]
async fn a_file_larger_than_any_disk_is_refused_by_its_length() {
    let objects = [
        (TreePath::Head { channel: CHANNEL }, HEAD_BYTES_MAX as u64),
        (TreePath::Charter { channel: CHANNEL, number: 1 }, CHARTER_BYTES_MAX as u64),
        (BLOB, 64 << 30),
    ];
    for (path, bytes_max) in objects {
        let (_folder, file, carrier) = stick(&path);
        // As large as this disk lets a file without content be.
        let length = (40..=62).rev().map(|bits| 1 << bits).find(|length| file.set_len(*length).is_ok()).unwrap();
        for range in [None, Some(0..1), Some(length - 1..u64::MAX)] {
            let refused = carrier.fetch(&path, range, bytes_max).await;
            assert!(matches!(refused, Err(CarrierError::TooLarge { .. })), "{path}: {length}");
        }
        // Where the length is allowed, a range is read and nothing else.
        let body = carrier.fetch(&path, Some(length - 2..u64::MAX), u64::MAX).await.unwrap().unwrap();
        assert_eq!(drain(body).await.0, [0, 0]);
    }
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_read_ends_where_it_ended_when_it_was_opened() {
    let (_folder, mut file, carrier) = stick(&BLOB);
    file.write_all(&pattern(3 << 20)).unwrap();
    let body = carrier.fetch(&BLOB, None, ROOMY).await.unwrap().unwrap();
    file.write_all(&pattern(9 << 20)).unwrap();
    let (bytes, error) = drain(body).await;
    assert!(error.is_none());
    assert_eq!(bytes, pattern(3 << 20));
}

#[tokio::test]
async fn a_file_that_is_exchanged_is_read_as_it_was_opened_or_not_at_all() {
    let (folder, mut file, carrier) = stick(&BLOB);
    file.write_all(&pattern(3 << 20)).unwrap();
    let body = carrier.fetch(&BLOB, None, ROOMY).await.unwrap().unwrap();
    let place = folder.path().join(BLOB.to_string());
    fs::remove_file(&place).unwrap();
    symlink("/etc/passwd", &place).unwrap();
    assert_eq!(drain(body).await.0, pattern(3 << 20));
    assert!(matches!(carrier.fetch(&BLOB, None, ROOMY).await, Err(CarrierError::NotARegularFile { .. })));
}

#[tokio::test]
async fn folders_that_lead_round_are_not_entered() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("c")).unwrap();
    symlink(folder.path(), folder.path().join("b")).unwrap();
    symlink("../c", folder.path().join("c").join("c4".repeat(32))).unwrap();
    let carrier = Carrier::open(folder.path().to_str().unwrap(), &CarrierOptions::default()).unwrap();
    for path in [BLOB, TreePath::Head { channel: CHANNEL }] {
        assert!(matches!(carrier.fetch(&path, None, ROOMY).await, Err(CarrierError::NotARegularFile { .. })), "{path}");
    }
    assert!(carrier.list_packs(&CHANNEL, &LOG).await.is_err());
}
