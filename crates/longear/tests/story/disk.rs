//! Disks that are full or cannot be written, and secrets that others can read.

use std::path::PathBuf;
use std::process::Command;

use crate::node::{Newsroom, Node};
use tempfile::TempDir;

/// A small disk in memory. Only the administrator can make one; for others there is none.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    fn new(size: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(SmallDisk { folder });
        }
        eprintln!("not tried: only the administrator can mount a small disk");
        None
    }

    fn remount(&self, option: &str) {
        let mut command = Command::new("mount");
        let status = command.args(["-o", &format!("remount,{option}")]).arg(self.folder.path()).status();
        assert!(status.unwrap().success());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.folder.path()).status();
    }
}

#[test]
fn a_full_disk_is_named_and_the_sync_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::new("12m") else { return };
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let stick = newsroom.stick();
    let reader = Node::with_home(disk.path("home"));
    reader.done(&["follow", &newsroom.address]);
    let full = reader.run(&["stick", "read", &stick]);
    assert!(matches!(full.code, Some(1 | 4)), "{full:?}");
    assert!(full.failure().contains("disk is full"), "{full:?}");
    let titles = reader.list();
    assert!(!titles.is_empty(), "what came before is here");

    disk.remount("size=160m");
    reader.done(&["stick", "read", &stick]);
    reader.assert_whole(&publication);
}

#[test]
fn a_newsroom_with_a_full_disk_loses_nothing_and_speaks_again_when_there_is_room() {
    let Some(disk) = SmallDisk::new("6m") else { return };
    let node = Node::with_home(disk.path("home"));
    node.done(&["channel", "new", "Small", "--roots", &node.path("roots")]);
    let first = node.publish(&["--title", "First", "--lang", "en"]);
    let video = crate::media::video();
    let full = node.ends(1, &["publish", video.to_str().unwrap()]);
    assert!(full.failure().contains("disk is full"), "{full:?}");
    assert_eq!(node.status(&first).0, "shown");
    node.done(&["check"]);

    disk.remount("size=160m");
    let second = node.publish(&[video.to_str().unwrap(), "--title", "Second", "--lang", "en"]);
    assert_eq!((&node.item(&second)["seq"], node.list().len()), (&1.into(), 2));
    node.done(&["check"]);
}

#[test]
fn a_full_stick_takes_what_fits() {
    let Some(disk) = SmallDisk::new("6m") else { return };
    let newsroom = Newsroom::new();
    newsroom.publish_all();
    let stick = disk.path("stick").to_str().unwrap().to_owned();
    let written = newsroom.node.run(&["stick", "write", &stick]);
    assert!(matches!(written.code, Some(0 | 4)), "{written:?}");
    let reader = Node::following(&newsroom.address);
    reader.ends(4, &["stick", "read", &stick]);
    let (size, have) = reader.size_and_have("photo.jpg");
    assert!(size > 0 && have == size, "the small things are there whole");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let Some(disk) = SmallDisk::new("16m") else { return };
    let node = Node::with_home(disk.path("home"));
    node.done(&["channel", "new", "Still", "--roots", &node.path("roots")]);
    let id = node.publish(&["--title", "Before", "--lang", "en"]);
    disk.remount("ro");
    let refused = node.ends(1, &["publish", "--title", "After", "--lang", "en"]);
    assert!(refused.failure().contains("written") || refused.failure().contains("Read-only"), "{refused:?}");
    let stick = disk.path("stick").to_str().unwrap().to_owned();
    let newsroom = Newsroom::new();
    newsroom.node.publish(&["--title", "Here", "--lang", "en"]);
    let refused = newsroom.node.ends(1, &["stick", "write", &stick]);
    assert!(refused.failure().contains(&stick), "the folder is named: {refused:?}");
    disk.remount("rw");
    node.publish(&["--title", "After", "--lang", "en"]);
    assert_eq!(node.status(&id).0, "shown");
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let newsroom = Newsroom::new();
    let roots = newsroom.roots();
    for root in &roots {
        assert_eq!(std::fs::metadata(root).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::set_permissions(&roots[0], std::fs::Permissions::from_mode(0o644)).unwrap();
    let arguments = ["channel", "rotate", "--root", &roots[0], "--root", &roots[1]];
    let refused = newsroom.node.ends(1, &arguments);
    assert!(refused.failure().contains(&roots[0]) && refused.failure().contains("chmod 600"), "{refused:?}");
    assert_eq!(newsroom.node.done(&["channel", "show"]).json()["charter"], 1);
}
