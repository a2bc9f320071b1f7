//! Files of people: media before they are published, keys, and words of a command line.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::LazyLock;

use longear::arguments::values::{Date, Size};
use longear::home::{Home, RootFile};
use longear::media::{LOOK_BYTES_MAX, LocationTrace, carries_location, inspect};
use longear_core::ChannelId;

/// A file that counts what is read of it.
struct Counted<'a> {
    file: Cursor<&'a [u8]>,
    read: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read += count as u64;
        Ok(count)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

/// Media: whatever a file says about itself, the look at it is short and calls nothing by a type that runs.
pub fn media(bytes: &[u8]) {
    let mut file = Counted { file: Cursor::new(bytes), read: 0 };
    let media = inspect(&mut file, "clip.bin".as_ref()).expect("it is readable");
    assert!(file.read <= LOOK_BYTES_MAX, "{} bytes were read", file.read);
    assert!(!media.mime.is_empty() && !media.mime.contains("html") && !media.mime.contains("svg"), "{}", media.mime);
    assert_eq!(media.width.is_some(), media.height.is_some());
    assert!(media.width != Some(0) && media.duration_ms != Some(0));
}

/// Places: whether a file says where it was made is found out within the same limits.
pub fn location(bytes: &[u8]) {
    let mut file = Counted { file: Cursor::new(bytes), read: 0 };
    let trace = carries_location(&mut file).expect("it is readable");
    assert!(file.read <= LOOK_BYTES_MAX, "{} bytes were read", file.read);
    let is_gif = bytes.starts_with(b"GIF89a");
    assert!(!is_gif || trace == LocationTrace::NotFound);
}

/// A home that lives as long as the process.
static HOME: LazyLock<(tempfile::TempDir, Home)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let home = Home::open(folder.path().join("home")).unwrap_or_else(|_| panic!("the folder is ours"));
    (folder, home)
});

const CHANNEL: ChannelId = ChannelId([7; 32]);

/// Key files: what is read was written so, and a slip of the pen is noticed by the check digits.
pub fn keyfile(bytes: &[u8]) {
    let (folder, home) = &*HOME;
    let delegate = folder.path().join("home/keys").join(format!("{CHANNEL}.key"));
    put(&delegate, bytes);
    if let Ok(Some(key)) = home.delegate_key(&CHANNEL) {
        assert!(!key.is_at_home, "a made-up file passes for the one that was written here");
        key.secret.public();
    }
    let root = folder.path().join("root.key");
    put(&root, bytes);
    let Ok(file) = RootFile::read(&root) else { return };
    let again = folder.path().join("again.key");
    file.write(&again, &CHANNEL, "Name", (1, 3), true).unwrap_or_else(|_| panic!("the folder is ours"));
    let same = RootFile::read(&again).unwrap_or_else(|_| panic!("it was just written"));
    assert!(same.current.public() == file.current.public() && same.next.public() == file.next.public());
    assert_eq!(same.next_set, file.next_set);
}

fn put(path: &PathBuf, bytes: &[u8]) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, bytes).expect("there is room");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
}

/// Sizes and days as people write them.
pub fn values(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(size) = text.parse::<Size>() {
        assert_eq!(size.bytes.to_string().parse::<Size>(), Ok(size));
        assert!(text.trim().starts_with(|c: char| c.is_ascii_digit()), "{text}");
    }
    if let Ok(date) = text.parse::<Date>() {
        assert_eq!(format!("{:04}-{:02}-{:02}", date.year, date.month, date.day), text);
        assert!(date.start_ms() < date.end_ms() && date.start_ms() % 86_400_000 == 0);
    }
}
