//! The disk and its double keep the same rules; the double fails where it is told to.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn both(check: impl Fn(&dyn StorageBackend)) {
    let folder = tempfile::tempdir().unwrap();
    check(&DiskBackend::new(folder.path()));
    check(&MemoryBackend::new());
}

#[test]
fn files_are_written_anywhere_and_read_short_at_their_end() {
    both(|backend| {
        backend.create_dir("a/b").unwrap();
        let file = backend.open("a/b/c", OpenMode::Create).unwrap();
        file.write_at(10_000, b"end").unwrap();
        file.write_at(0, b"start").unwrap();
        assert_eq!(file.len().unwrap(), 10_003);
        let mut buffer = [1; 8];
        assert_eq!(file.read_at(9_998, &mut buffer).unwrap(), 5);
        assert_eq!(&buffer[..5], b"\0\0end");
        assert_eq!(file.read_at(20_000, &mut buffer).unwrap(), 0);
        let short = file.read_exact_at(10_000, &mut buffer).unwrap_err();
        assert_eq!((short.kind(), short.path.as_str()), (ErrorKind::UnexpectedEof, "a/b/c"));
        file.set_len(2).unwrap();
        assert_eq!(file.len().unwrap(), 2);
    });
}

#[test]
fn appending_tells_where() {
    both(|backend| {
        backend.create_dir("a").unwrap();
        let file = backend.open("a/log", OpenMode::Append).unwrap();
        assert_eq!(file.append(b"one").unwrap(), 0);
        assert_eq!(file.append(b"two").unwrap(), 3);
        let again = backend.open("a/log", OpenMode::Append).unwrap();
        assert_eq!(again.append(b"three").unwrap(), 6);
        let mut all = [0; 11];
        again.read_exact_at(0, &mut all).unwrap();
        assert_eq!(&all, b"onetwothree");
    });
}

#[test]
fn names_are_listed_renamed_and_removed() {
    both(|backend| {
        assert_eq!(backend.list("a").unwrap(), []);
        assert!(backend.create_dir("a/sub").unwrap());
        assert!(!backend.create_dir("a/sub").unwrap());
        backend.open("a/y", OpenMode::Create).unwrap();
        backend.rename("a/y", "a/x").unwrap();
        backend.sync_dir("a").unwrap();
        let names: Vec<_> = backend.list("a").unwrap().into_iter().map(|e| (e.name, e.is_dir)).collect();
        assert_eq!(names, [("sub".to_owned(), true), ("x".to_owned(), false)]);
        assert!(backend.metadata("a/y").unwrap().is_none());
        assert!(backend.metadata("a/sub").unwrap().unwrap().is_dir);
        assert!(backend.remove("a/x").unwrap());
        assert!(!backend.remove("a/x").unwrap());
        assert_eq!(backend.open("a/x", OpenMode::Read).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_lock_has_one_holder_until_it_is_dropped() {
    both(|backend| {
        backend.create_dir("a").unwrap();
        let held = backend.lock("a/map").unwrap();
        assert!(held.is_some());
        assert!(backend.lock("a/map").unwrap().is_none());
        drop(held);
        let held = backend.lock("a/map").unwrap();
        backend.remove("a/map").unwrap();
        // The name is free again: a new file of that name is another lock.
        assert!(backend.lock("a/map").unwrap().is_some());
        drop(held);
    });
}

#[test]
fn holes_are_found() {
    both(|backend| {
        backend.create_dir("a").unwrap();
        let file = backend.open("a/sparse", OpenMode::Create).unwrap();
        assert_eq!(file.next_data(0).unwrap(), None);
        file.write_at(1 << 20, &[1; 4096]).unwrap();
        let data = file.next_data(0).unwrap().unwrap();
        assert_eq!(data.end, (1 << 20) + 4096);
        // Where the file system knows no holes, everything is data.
        assert!(data.start == 1 << 20 || data.start == 0);
        assert_eq!(file.next_data(data.end).unwrap(), None);
    });
}

#[test]
fn paths_that_leave_the_root_are_refused() {
    both(|backend| {
        for path in ["/etc/passwd", "../x", "a/../../x", "a//b", ".", "a/\0"] {
            let error = backend.open(path, OpenMode::Create).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path}");
            assert!(backend.rename("a", path).is_err());
        }
    });
}

#[test]
fn disk_files_are_private_and_links_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let disk = DiskBackend::new(folder.path().join("home"));
    disk.create_dir("a").unwrap();
    disk.open("a/file", OpenMode::Create).unwrap();
    let mode = |path: &str| std::fs::metadata(disk.root().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("a"), mode("a/file")), (0o700, 0o700, 0o600));
    std::os::unix::fs::symlink("file", disk.root().join("a/link")).unwrap();
    assert!(disk.open("a/link", OpenMode::Read).is_err());
    let device = disk.root().join("a/pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &device, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    assert_eq!(disk.open("a/pipe", OpenMode::Read).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn the_double_fails_the_operation_it_is_told_to() {
    let disk = MemoryBackend::new();
    let file = disk.open("x", OpenMode::Create).unwrap();
    let at = disk.operation_count();
    disk.set_faults(&[Fault::Once { at, kind: ErrorKind::StorageFull }]);
    let error = file.write_at(0, b"full").unwrap_err();
    assert!(error.is_full());
    assert_eq!(error.to_string(), "cannot write to x: no storage space");
    assert_eq!(file.len().unwrap(), 2);
    file.write_at(0, b"full").unwrap();
    disk.set_faults(&[Fault::From { at: 0, kind: ErrorKind::ReadOnlyFilesystem }]);
    assert!(file.sync_data().unwrap_err().is_read_only());
    assert!(disk.open("y", OpenMode::Create).unwrap_err().is_read_only());
}

#[test]
fn a_power_cut_loses_what_was_not_synced() {
    let build = |survivors| {
        let disk = MemoryBackend::new();
        let file = disk.open("x", OpenMode::Create).unwrap();
        file.write_at(0, &[1; 5000]).unwrap();
        file.sync_data().unwrap();
        disk.sync_dir("").unwrap();
        file.write_at(0, &[2; 9000]).unwrap();
        disk.rename("x", "y").unwrap();
        disk.cut_power(survivors);
        assert!(file.len().is_err());
        disk
    };
    let disk = build(Survivors::SyncedOnly);
    let file = disk.open("x", OpenMode::Read).unwrap();
    let mut bytes = vec![0; 5000];
    file.read_exact_at(0, &mut bytes).unwrap();
    assert_eq!((bytes, file.len().unwrap()), (vec![1; 5000], 5000));

    let disk = build(Survivors::All);
    assert_eq!(disk.metadata("y").unwrap().unwrap().len, 9000);

    let outcomes: std::collections::BTreeSet<_> = (0..64)
        .map(|seed| {
            let disk = build(Survivors::Some { seed });
            let name = if disk.metadata("x").unwrap().is_some() { "x" } else { "y" };
            let file = disk.open(name, OpenMode::Read).unwrap();
            let mut bytes = vec![0; 4097];
            file.read_exact_at(0, &mut bytes).unwrap();
            (name, file.len().unwrap(), bytes[0], bytes[4096])
        })
        .collect();
    assert_eq!(outcomes.len(), 16, "every combination of survivors occurs");
}
