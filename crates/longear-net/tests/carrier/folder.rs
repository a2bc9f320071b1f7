//! Sticks filled by friends, by enemies and by a power cut.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use longear_core::tree::{FILE_BYTES_MAX, FOLDER_ENTRIES_MAX, STICK_FOLDER, TreePath, is_safe_name};
use longear_net::carrier::{
    Blame, Carrier, CarrierError, CarrierOptions, FolderCarrier, FolderLayout, HeadAnswer, Place,
};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use tempfile::TempDir;

use super::{BLOB, ROOMY, drain, open, pattern};

const CHANNEL: [u8; 32] = [0xc4; 32];
const HEAD: TreePath = TreePath::Head { channel: CHANNEL };
const LOG: [u8; 16] = [0x10; 16];

fn file(tree: &Path, path: &TreePath) -> PathBuf {
    let file = tree.join(path.to_string());
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    file
}

fn bare_tree(bytes: &[u8]) -> (TempDir, Carrier) {
    let folder = TempDir::new().unwrap();
    fs::write(file(folder.path(), &BLOB), bytes).unwrap();
    let carrier = open(folder.path().to_str().unwrap());
    (folder, carrier)
}

fn stick() -> (TempDir, FolderCarrier) {
    let folder = TempDir::new().unwrap();
    let stick = FolderCarrier::create(folder.path(), FolderLayout::Stick, &CarrierOptions::default()).unwrap();
    (folder, stick)
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn files_and_ranges_arrive_as_they_are() {
    let expected = pattern(7_500_000);
    let (folder, carrier) = bare_tree(&expected);
    assert_eq!(carrier.label(), folder.path().to_str().unwrap());
    let end = expected.len() as u64;
    for range in [0..end, 0..1, 5..1_048_581, 1_048_576..4_000_000, end - 1..end, end - 1..u64::MAX, 0..end + 9] {
        let body = carrier.fetch(&BLOB, Some(range.clone()), ROOMY).await.unwrap().unwrap();
        assert_eq!(body.start(), range.start);
        let (bytes, error) = drain(body).await;
        assert!(error.is_none() && bytes == expected[range.start as usize..range.end.min(end) as usize], "{range:?}");
    }
    for range in [end..end + 1, end + 5..u64::MAX] {
        let body = carrier.fetch(&BLOB, Some(range), ROOMY).await.unwrap().unwrap();
        assert_eq!(body.collect().await.unwrap(), []);
    }
    assert!(carrier.fetch_small(&BLOB, end).await.unwrap().unwrap() == expected);
    assert!(matches!(carrier.fetch(&BLOB, Some(0..1), end - 1).await, Err(CarrierError::TooLarge { .. })));
    assert!(carrier.fetch(&HEAD, None, ROOMY).await.unwrap().is_none());
}

#[tokio::test]
async fn a_file_truncated_while_it_is_read_ends_early() {
    let (folder, carrier) = bare_tree(&pattern(20 << 20));
    let mut body = carrier.fetch(&BLOB, None, ROOMY).await.unwrap().unwrap();
    assert_eq!(body.declared_len(), Some(20 << 20));
    let first = body.next().await.unwrap().unwrap();
    File::options().write(true).open(file(folder.path(), &BLOB)).unwrap().set_len(9 << 20).unwrap();
    let (rest, error) = drain(body).await;
    assert!(error.is_none());
    assert_eq!(first.len() + rest.len(), 9 << 20);
}

#[tokio::test]
async fn a_tree_is_found_under_a_stick_in_a_bare_folder_and_by_url() {
    let folder = TempDir::new().unwrap();
    let address = folder.path().to_str().unwrap();
    for missing in [address, "/nonexistent/folder"] {
        let error = Carrier::open(missing, &CarrierOptions::default()).unwrap_err();
        assert!(matches!(error, CarrierError::NotACarrier), "{error:?}");
        assert_eq!(error.blame(), Blame::User);
    }
    fs::write(file(&folder.path().join(STICK_FOLDER), &HEAD), "on the stick").unwrap();
    assert_eq!(open(address).fetch_small(&HEAD, 100).await.unwrap().unwrap(), b"on the stick");
    fs::write(file(folder.path(), &HEAD), "bare").unwrap();
    let stick = open(&format!("file://{address}"));
    assert_eq!(
        stick.fetch_small(&HEAD, 100).await.unwrap().unwrap(),
        b"on the stick",
        "the stick's folder comes first"
    );
    fs::remove_dir_all(folder.path().join(STICK_FOLDER)).unwrap();
    let found = open(address).fetch_head(&CHANNEL, Some("x"), 100).await.unwrap();
    assert_eq!(found, HeadAnswer::Found { bytes: b"bare".to_vec(), etag: None });
    assert_eq!(open(address).fetch_head(&[1; 32], None, 100).await.unwrap(), HeadAnswer::Absent);
}

/// Puts something that is no file in the place of the blob, and expects that it is named and not read.
async fn assert_irregular(place: impl Fn(&Path)) {
    let (folder, carrier) = bare_tree(b"");
    let target = file(folder.path(), &BLOB);
    fs::remove_file(&target).unwrap();
    place(&target);
    let error = carrier.fetch(&BLOB, None, ROOMY).await.unwrap_err();
    assert!(matches!(&error, CarrierError::NotARegularFile { path } if *path == BLOB.to_string()), "{error:?}");
    assert_eq!(error.blame(), Blame::Carrier);
}

#[tokio::test]
async fn links_pipes_devices_and_folders_are_not_read() {
    assert_irregular(|target| symlink("/etc/hostname", target).unwrap()).await;
    assert_irregular(|target| symlink("/nonexistent", target).unwrap()).await;
    assert_irregular(|target| fs::create_dir(target).unwrap()).await;
    assert_irregular(|target| mknodat(CWD, target, FileType::Fifo, Mode::RWXU, 0).unwrap()).await;
    assert_irregular(|target| mknodat(CWD, target, FileType::Socket, Mode::RWXU, 0).unwrap()).await;
    if rustix::process::geteuid().is_root() {
        let zero = makedev(1, 5);
        assert_irregular(|target| mknodat(CWD, target, FileType::CharacterDevice, Mode::RWXU, zero).unwrap()).await;
    }
}

#[tokio::test]
async fn links_on_the_way_are_not_followed() {
    let (elsewhere, _) = bare_tree(b"outside");
    let TreePath::Blob { hash } = BLOB else { unreachable!() };
    let shard = format!("{:02x}", hash[0]);

    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("b")).unwrap();
    symlink(elsewhere.path().join("b").join(&shard), folder.path().join("b").join(&shard)).unwrap();
    let carrier = open(folder.path().to_str().unwrap());
    assert!(matches!(carrier.fetch(&BLOB, None, ROOMY).await, Err(CarrierError::NotARegularFile { .. })));
    assert!(carrier.list_parts(&hash).await.is_err());

    let linked = TempDir::new().unwrap();
    symlink(elsewhere.path().join("b"), linked.path().join("b")).unwrap();
    let address = linked.path().to_str().unwrap();
    assert!(matches!(Carrier::open(address, &CarrierOptions::default()), Err(CarrierError::NotACarrier)));

    let linked = TempDir::new().unwrap();
    symlink(elsewhere.path(), linked.path().join(STICK_FOLDER)).unwrap();
    let address = linked.path().to_str().unwrap();
    assert!(matches!(Carrier::open(address, &CarrierOptions::default()), Err(CarrierError::NotARegularFile { .. })));
}

#[tokio::test]
async fn lists_hold_only_canonical_names() {
    let folder = TempDir::new().unwrap();
    let hash = [0xaa; 32];
    for start_mib in [2048, 0, 1024] {
        fs::write(file(folder.path(), &TreePath::BlobPart { hash, start_mib }), "").unwrap();
    }
    for (level, index) in [(1, 2), (0, 31), (1, 10)] {
        fs::write(file(folder.path(), &TreePath::Pack { channel: CHANNEL, log: LOG, level, index }), "").unwrap();
    }
    let hex = "aa".repeat(32);
    let mut other = hash;
    other[31] = 0;
    fs::write(file(folder.path(), &TreePath::BlobPart { hash: other, start_mib: 7 }), "").unwrap();
    fs::write(file(folder.path(), &TreePath::Outboard { hash }), "").unwrap();
    for junk in [format!("{hex}.0000000G"), format!("{hex}.1"), format!("{hex}.00000800 "), "\u{202e}x".into()] {
        fs::write(folder.path().join("b/aa").join(junk), "").unwrap();
    }
    for junk in ["5-0", "1-02", "1-2.tmp", ".tmp-00000001"] {
        fs::write(folder.path().join("c").join("c4".repeat(32)).join("p").join("10".repeat(16)).join(junk), "")
            .unwrap();
    }
    fs::create_dir(folder.path().join("c/CON")).unwrap();
    let carrier = open(folder.path().to_str().unwrap());
    let parts = carrier.list_parts(&hash).await.unwrap().unwrap();
    assert_eq!((parts.entries, parts.complete), (vec![0, 1024, 2048], true));
    let packs = carrier.list_packs(&CHANNEL, &LOG).await.unwrap().unwrap();
    assert_eq!(packs.entries, [(0, 31), (1, 2), (1, 10)]);
    assert_eq!(carrier.list_channels().await.unwrap().unwrap().entries, [CHANNEL]);
    assert_eq!(carrier.list_packs(&CHANNEL, &[0; 16]).await.unwrap().unwrap().entries, []);
}

#[tokio::test]
async fn what_was_written_is_read_back_and_every_name_is_safe() {
    let (folder, stick) = stick();
    let small = b"head".as_slice();
    let large = pattern(3_000_000);
    stick.write_object(&HEAD, &mut &small[..], 4).unwrap();
    stick.write_object(&BLOB, &mut &large[..], large.len() as u64).unwrap();
    stick.write_object(&HEAD, &mut &b"newer head"[..], 10).unwrap();
    stick.sync().unwrap();
    assert_eq!(stick.holds(&HEAD).unwrap(), Some(10));
    assert_eq!(stick.holds(&TreePath::Outboard { hash: [1; 32] }).unwrap(), None);

    let carrier = open(folder.path().to_str().unwrap());
    assert_eq!(carrier.fetch_small(&HEAD, 100).await.unwrap().unwrap(), b"newer head");
    assert!(carrier.fetch_small(&BLOB, ROOMY).await.unwrap().unwrap() == large);
    assert_eq!(names_in(folder.path()), [STICK_FOLDER]);
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for name in names_in(&folder) {
            assert!(is_safe_name(&name), "{name}");
            let entry = folder.join(name);
            folders.extend(entry.is_dir().then_some(entry));
        }
    }
    stick.remove_object(&BLOB).unwrap();
    stick.remove_object(&BLOB).unwrap();
    assert_eq!(stick.holds(&BLOB).unwrap(), None);
}

#[test]
fn an_object_is_whole_or_not_there() {
    let (folder, stick) = stick();
    stick.write_object(&HEAD, &mut &b"old"[..], 3).unwrap();
    let error = stick.write_object(&HEAD, &mut &b"too short"[..], 100).unwrap_err();
    assert!(matches!(&error, CarrierError::Disk { source, .. } if source.kind() == io::ErrorKind::UnexpectedEof));
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the source broke"))
        }
    }
    assert!(stick.write_object(&BLOB, &mut Failing, 100).is_err());
    assert_eq!((stick.holds(&HEAD).unwrap(), stick.holds(&BLOB).unwrap()), (Some(3), None));
    assert_eq!(names_in(&folder.path().join(STICK_FOLDER)), ["b", "c"], "nothing half is left behind");
}

#[test]
fn what_an_interrupted_writer_left_is_removed_by_the_next() {
    let (folder, stick) = stick();
    drop(stick);
    let tree = folder.path().join(STICK_FOLDER);
    for name in [".tmp-00000000", ".tmp-ffffffff"] {
        fs::write(tree.join(name), "half").unwrap();
    }
    let stick = FolderCarrier::create(folder.path(), FolderLayout::Stick, &CarrierOptions::default()).unwrap();
    assert_eq!(names_in(&tree), ["b", "c"]);
    let second = FolderCarrier::create(folder.path(), FolderLayout::Stick, &CarrierOptions::default());
    assert!(matches!(second, Err(CarrierError::InUse)), "two writers would remove each other's files");
    stick.write_object(&HEAD, &mut &b"x"[..], 1).unwrap();
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let (folder, stick) = stick();
    let bytes = FILE_BYTES_MAX + 1;
    let error = stick.write_object(&BLOB, &mut io::repeat(0), bytes).unwrap_err();
    assert!(matches!(error, CarrierError::FileTooLarge { bytes: named } if named == bytes), "{error:?}");
    let free = stick.free_space().unwrap();
    assert!(free > 0);
    assert_eq!(names_in(&folder.path().join(STICK_FOLDER)), ["b", "c"]);
}

#[test]
fn a_full_disk_is_named_with_what_is_needed() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not tested: only root can mount a small disk");
        return;
    }
    let folder = TempDir::new().unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(folder.path())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        eprintln!("not tested: no small disk can be mounted here");
        return;
    }
    let mut outcome = Vec::new();
    {
        let stick = FolderCarrier::create(folder.path(), FolderLayout::Stick, &CarrierOptions::default()).unwrap();
        outcome.push(stick.write_object(&BLOB, &mut io::repeat(0), 2 << 20));
        outcome.push(stick.write_object(&BLOB, &mut io::repeat(0), 500_000));
        // Free space shrinks while the object is written: the check before it cannot see that.
        let ballast = folder.path().join("ballast");
        struct Filling(PathBuf);
        impl Read for Filling {
            fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
                let _ = fs::write(&self.0, vec![1; 1 << 20]);
                Ok(block.len())
            }
        }
        outcome.push(stick.write_object(&HEAD, &mut Filling(ballast.clone()), 300_000));
        fs::remove_file(ballast).unwrap();
        outcome.push(stick.write_object(&HEAD, &mut io::repeat(0), 300_000));
    }
    let unmounted = std::process::Command::new("umount").arg(folder.path()).status().unwrap();
    assert!(unmounted.success());
    let [too_big, fits, filled, again] = &outcome[..] else { panic!("four writes") };
    assert!(matches!(too_big, Err(CarrierError::DiskFull { bytes_needed: 0x20_0000, bytes_free: 1..0x20_0000 })));
    assert!(fits.is_ok(), "{fits:?}");
    assert!(matches!(filled, Err(CarrierError::DiskFull { bytes_needed: 300_000, .. })), "{filled:?}");
    assert!(again.is_ok(), "it goes on when there is room: {again:?}");
}

#[test]
fn a_folder_of_a_stick_holds_so_many_entries_and_no_more() {
    let (folder, stick) = stick();
    let hash = |number: usize| {
        let mut hash = [0xaa; 32];
        hash[1..9].copy_from_slice(&number.to_le_bytes());
        TreePath::Blob { hash }
    };
    for number in 0..FOLDER_ENTRIES_MAX {
        fs::write(file(&folder.path().join(STICK_FOLDER), &hash(number)), "").unwrap();
    }
    let full = stick.write_object(&hash(FOLDER_ENTRIES_MAX), &mut io::empty(), 0).unwrap_err();
    assert!(matches!(&full, CarrierError::FolderFull { folder } if folder == "b/aa"), "{full:?}");
    stick.write_object(&hash(0), &mut io::empty(), 0).unwrap();
    stick.write_object(&BLOB, &mut io::empty(), 0).unwrap();
}

#[test]
fn writing_follows_no_links_and_replaces_no_folders() {
    let (folder, stick) = stick();
    let outside = TempDir::new().unwrap();
    let tree = folder.path().join(STICK_FOLDER);
    symlink(outside.path(), tree.join("b/b1")).unwrap();
    let error = stick.write_object(&BLOB, &mut &b"x"[..], 1).unwrap_err();
    assert!(matches!(error, CarrierError::NotARegularFile { .. }), "{error:?}");
    fs::create_dir_all(tree.join(HEAD.to_string())).unwrap();
    let error = stick.write_object(&HEAD, &mut &b"x"[..], 1).unwrap_err();
    assert!(matches!(error, CarrierError::NotARegularFile { .. }), "{error:?}");
    assert_eq!(names_in(outside.path()), Vec::<String>::new());
}

#[test]
fn plain_copies_stand_beside_the_tree_under_safe_names_only() {
    let (folder, stick) = stick();
    stick.write_plain("Қаңтар.mp4", &mut &b"film"[..], 4).unwrap();
    assert_eq!(names_in(folder.path()), [STICK_FOLDER, "Қаңтар.mp4"]);
    for name in ["../x.mp4", "a/b.mp4", "autorun.inf", "x.exe", "", STICK_FOLDER, "nul.txt", "a\u{202e}b.mp4"] {
        let error = stick.write_plain(name, &mut &b"x"[..], 1).unwrap_err();
        assert!(matches!(error, CarrierError::UnsafeName), "{name}: {error:?}");
    }
    let bare = TempDir::new().unwrap();
    let bare = FolderCarrier::create(bare.path(), FolderLayout::Bare, &CarrierOptions::default()).unwrap();
    assert!(matches!(bare.write_plain("a.mp4", &mut &b"x"[..], 1), Err(CarrierError::UnsafeName)));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    if rustix::process::geteuid().is_root() {
        // To the administrator nothing is closed.
        return;
    }
    let (folder, stick) = stick();
    drop(stick);
    let tree = folder.path().join(STICK_FOLDER);
    fs::set_permissions(&tree, fs::Permissions::from_mode(0o555)).unwrap();
    let stick = FolderCarrier::create(folder.path(), FolderLayout::Stick, &CarrierOptions::default()).unwrap();
    let error = stick.write_object(&HEAD, &mut &b"x"[..], 1).unwrap_err();
    fs::set_permissions(&tree, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(error.blame(), Blame::Disk);
    assert!(error.hint().contains("writable"), "{}", error.hint());
}
