//! Budgets, parts, and sticks that complete each other.

use std::fs;
use std::path::Path;

use longear_core::blob::BlobHash;
use longear_core::tree::TreePath;
use longear_net::carrier::{Carrier, CarrierOptions};
use longear_net::push::PushOptions;

use crate::newsroom::{Newsroom, rendition, text};
use crate::push::{push_all, push_with};
use crate::{blob_path, files, hex, pattern};

const MIB: usize = 1 << 20;

fn budget(bytes: u64) -> PushOptions {
    PushOptions { budget_bytes: Some(bytes), ..PushOptions::default() }
}

fn tree_bytes(folder: &Path) -> u64 {
    files(&folder.join("files")).values().map(|bytes| bytes.len() as u64).sum()
}

/// The bytes of a blob that stand in a folder, joined from its files.
fn gathered(folder: &Path, hash: &[u8; 32], size: usize) -> Vec<Option<u8>> {
    let mut bytes = vec![None; size];
    for (name, part) in files(&folder.join("files")) {
        let start = match name.strip_prefix(&blob_path(hash)) {
            Some("") => 0,
            Some(start) if start != ".o" => u32::from_str_radix(&start[1..], 16).unwrap() as usize * MIB,
            _ => continue,
        };
        for (place, byte) in bytes[start..].iter_mut().zip(part) {
            assert!(place.is_none_or(|there| there == byte));
            *place = Some(byte);
        }
    }
    bytes
}

#[test]
fn small_things_come_whole_before_parts_of_big_ones() {
    let mut newsroom = Newsroom::new(20);
    let big = pattern(21, 6 * MIB + 77);
    let (_, older) = newsroom.media("Old", &[("old.mp4", "video/mp4", 720, &pattern(20, 5 * MIB))]);
    let (_, large) = newsroom.media("Big", &[("big.mp4", "video/mp4", 720, &big)]);
    let (_, sound) = newsroom.media("Sound", &[("s.mp3", "audio/mpeg", 0, &pattern(22, 900_000))]);
    let (_, small) = newsroom.media("Small", &[("s.mp4", "video/mp4", 144, &pattern(23, MIB))]);
    let folder = tempfile::tempdir().unwrap();
    let limit = 900_000 + (5 * MIB) as u64;
    let report = push_with(&newsroom.store, folder.path(), budget(limit));
    assert!(tree_bytes(folder.path()) <= limit);
    let written = files(&folder.path().join("files"));
    assert_eq!(written[&blob_path(&sound[0])].len(), 900_000);
    assert_eq!(written[&blob_path(&small[0])].len(), MIB);
    assert!(!written.keys().any(|name| name.starts_with(&blob_path(&older[0]))), "the newest comes first");
    let part = &written[&format!("{}.00000000", blob_path(&large[0]))];
    assert_eq!(part[..], big[..3 * MIB], "as many leading MiB as there is room for");
    assert!(written.contains_key(&format!("{}.o", blob_path(&large[0]))));
    assert_eq!((report.blobs_whole, report.blobs_in_part), (2, 1));
    assert_eq!((report.left_out.count, report.left_out.bytes), (2, (5 * MIB + 3 * MIB + 77) as u64));

    let again = push_with(&newsroom.store, folder.path(), budget(limit));
    assert_eq!(again.files_written, 0, "the budget counts what stands there");

    let more = push_with(&newsroom.store, folder.path(), budget(limit + (2 * MIB) as u64));
    assert_eq!(more.files_written, 1);
    let held = gathered(folder.path(), &large[0], big.len());
    assert!(held[..5 * MIB].iter().zip(&big).all(|(there, byte)| *there == Some(*byte)));

    push_all(&newsroom.store, folder.path());
    let written = files(&folder.path().join("files"));
    assert_eq!(written[&blob_path(&large[0])], big);
    assert!(!written.keys().any(|name| name.ends_with(".00000000") || name.ends_with(".00000003")), "parts are gone");
}

#[test]
fn what_matters_most_fits_into_the_smallest_budget() {
    let mut newsroom = Newsroom::new(24);
    newsroom.posts(100);
    let folder = tempfile::tempdir().unwrap();
    let report = push_with(&newsroom.store, folder.path(), budget(8_000));
    assert!(tree_bytes(folder.path()) <= 8_000);
    let written = files(&folder.path().join("files"));
    assert!(written.contains_key(&TreePath::Charter { channel: newsroom.channel.0, number: 1 }.to_string()));
    assert!(written.contains_key(&TreePath::Head { channel: newsroom.channel.0 }.to_string()));
    assert!(report.items >= 10 && report.items < 100, "{}", report.items);
    assert!(written.contains_key(&format!("c/{}/p/{}/0-99", hex(&newsroom.channel.0), hex(&newsroom.log().0))));
    assert!(report.left_out.count > 0);
}

#[test]
fn two_sticks_complete_each_other() {
    let mut newsroom = Newsroom::new(25);
    let video = pattern(25, 7 * MIB + 5);
    let (_, large) = newsroom.media("Video", &[("v.mp4", "video/mp4", 720, &video)]);
    let (_, photo) = newsroom.media("Photo", &[("p.jpg", "image/jpeg", 0, &pattern(26, 200_000))]);
    let sticks = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    push_with(&newsroom.store, sticks[0].path(), budget((4 * MIB) as u64));
    let Carrier::Folder(first) = Carrier::open(sticks[0].path().to_str().unwrap(), &CarrierOptions::default()).unwrap()
    else {
        panic!("a folder");
    };
    let options = PushOptions { elsewhere: vec![first], ..budget((5 * MIB) as u64) };
    let report = push_with(&newsroom.store, sticks[1].path(), options);
    assert_eq!(report.left_out.count, 0, "together they hold all");
    let held = sticks.each_ref().map(|stick| gathered(stick.path(), &large[0], video.len()));
    for (at, byte) in video.iter().enumerate() {
        assert_eq!(held[0][at].is_some(), held[1][at].is_none(), "byte {at} stands on one of them");
        assert_eq!(held[0][at].or(held[1][at]), Some(*byte));
    }
    assert!(!files(sticks[1].path()).contains_key(&format!("files/{}", blob_path(&photo[0]))));
}

#[test]
fn an_incomplete_blob_is_carried_in_whole_verified_groups() {
    let mut newsroom = Newsroom::new(27);
    let video = pattern(27, 5 * MIB + 900);
    let elsewhere = Newsroom::new(28);
    let imported = elsewhere.store.blobs().import(&video[..], |_| {}).unwrap();
    let mut article = text("Video");
    article.renditions.push(rendition("v.mp4", "video/mp4", 720, video.len() as u64, &imported));
    newsroom.publish(longear_core::Kind::Media, &article.encode());
    let blobs = newsroom.store.blobs();
    let writer = blobs.begin(imported.hash, video.len() as u64, Some(imported.groups.clone())).unwrap();
    writer.write((MIB / 2) as u64, &video[MIB / 2..3 * MIB + 40_000]).unwrap();
    writer.write((5 * MIB) as u64, &video[5 * MIB..]).unwrap();
    writer.flush().unwrap();
    drop(writer);
    let folder = tempfile::tempdir().unwrap();
    let report = push_all(&newsroom.store, folder.path());
    assert_eq!((report.blobs_whole, report.blobs_in_part), (0, 1));
    let hash = *imported.hash.as_bytes();
    let held = gathered(folder.path(), &hash, video.len());
    for (at, there) in held.iter().enumerate() {
        let expected = (MIB..3 * MIB).contains(&at) || at >= 5 * MIB;
        assert_eq!(*there, expected.then_some(video[at]), "byte {at}");
    }
    assert!(!files(folder.path()).contains_key(&format!("files/{}.o", blob_path(&hash))), "its outboard is not known");

    let writer = blobs.begin(imported.hash, video.len() as u64, None).unwrap();
    writer.write(0, &video).unwrap();
    writer.finish().unwrap();
    let report = push_all(&newsroom.store, folder.path());
    assert_eq!(report.blobs_whole, 1);
    assert_eq!(fs::read(folder.path().join("files").join(blob_path(&hash))).unwrap(), video);
    let parts = files(folder.path()).into_keys().filter(|name| name.contains('.') && !name.ends_with(".o"));
    assert_eq!(parts.count(), 0);
}

/// Hashing 3 GiB takes longer than a test should without optimisation, so this one is asked for by name.
#[test]
#[ignore = "reads and writes more than 3 GiB"]
fn a_blob_of_more_than_3_gib_stands_in_parts_of_1_gib() {
    let mut newsroom = Newsroom::new(29);
    let size = (3 << 30) + 12_345_u64;
    let imported = newsroom.store.blobs().import(std::io::Read::take(std::io::repeat(7), size), |_| {}).unwrap();
    let list = imported.groups.list().concat();
    let listed = newsroom.store.blobs().import(&list[..], |_| {}).unwrap();
    let mut article = text("Film");
    article.renditions.push(rendition("f.mp4", "video/mp4", 1080, size, &imported));
    newsroom.publish(longear_core::Kind::Media, &article.encode());
    let folder = tempfile::tempdir().unwrap();
    let report = push_all(&newsroom.store, folder.path());
    assert_eq!(report.blobs_whole, 2);
    let length =
        |path: TreePath| fs::metadata(folder.path().join("files").join(path.to_string())).map(|file| file.len());
    let hash = *imported.hash.as_bytes();
    for (start_mib, bytes) in [(0, 1 << 30), (1024, 1 << 30), (2048, 1 << 30), (3072, 12_345)] {
        assert_eq!(length(TreePath::BlobPart { hash, start_mib }).unwrap(), bytes);
    }
    assert!(length(TreePath::Blob { hash }).is_err());
    assert_eq!(BlobHash::of(&list), listed.hash);
    assert_eq!(length(TreePath::Blob { hash: *listed.hash.as_bytes() }).unwrap(), list.len() as u64);
    assert_eq!(push_all(&newsroom.store, folder.path()).files_written, 0);
}
