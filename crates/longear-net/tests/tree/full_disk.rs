//! A stick without room. Needs the right to mount a small file system; where that is missing, nothing is shown.

use std::path::Path;
use std::process::Command;

use longear_core::Head;
use longear_core::tree::TreePath;
use longear_net::push::{PushError, PushOptions, push};

use crate::newsroom::Newsroom;
use crate::push::{push_all, stick};
use crate::{blob_path, files, pattern};

struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| SmallDisk(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_keeps_what_fits_and_says_so() {
    let Some(disk) = SmallDisk::mount("4m") else {
        eprintln!("no right to mount: not tested");
        return;
    };
    let mut newsroom = Newsroom::new(40);
    newsroom.posts(20);
    let video = pattern(40, 6 << 20);
    let (_, large) = newsroom.media("Video", &[("v.mp4", "video/mp4", 720, &video)]);
    let (_, sound) = newsroom.media("Sound", &[("s.mp3", "audio/mpeg", 0, &pattern(41, 500_000))]);
    let outcome = push(&newsroom.store, &stick(disk.path()), PushOptions::default(), |_| {});
    let Err(PushError::DiskFull { report, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((report.items, report.blobs_whole, report.blobs_in_part), (22, 1, 1));
    let written = files(&disk.path().join("files"));
    let head = &written[&TreePath::Head { channel: newsroom.channel.0 }.to_string()];
    assert!(Head::decode(&newsroom.channel, head).is_ok());
    assert_eq!(written[&blob_path(&sound[0])], pattern(41, 500_000));
    let part = &written[&format!("{}.00000000", blob_path(&large[0]))];
    assert!(part.len() >= 2 << 20 && part[..] == video[..part.len()]);
    assert!(written.keys().all(|name| !name.contains(".tmp-")));

    let again = push(&newsroom.store, &stick(disk.path()), PushOptions::default(), |_| {});
    let Err(PushError::DiskFull { report, .. }) = again else { panic!("{again:?}") };
    assert_eq!(report.files_written, 0);

    let grown = Command::new("mount").args(["-o", "remount,size=16m"]).arg(disk.path()).status().unwrap();
    assert!(grown.success());
    assert_eq!(push_all(&newsroom.store, disk.path()).blobs_whole, 2, "it goes on when there is room");
    assert_eq!(files(&disk.path().join("files"))[&blob_path(&large[0])], video);
}
