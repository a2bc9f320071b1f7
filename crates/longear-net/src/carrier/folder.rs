//! Carriers that are folders: sticks, cards, bare trees; and archives, which are folders in one file. Whoever filled them
//! may be an enemy.

use std::fs::File;
use std::io;
use std::ops::{Range, RangeInclusive};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use longear_core::tree::{STICK_FOLDER, TreePath};
use longear_store::pages::PagePool;
use rustix::fs::{Advice, AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use tokio::sync::mpsc;

use super::archive::{Archive, ArchiveFlaw};
use super::body::{Limit, Source};
use super::{Body, CarrierError, CarrierOptions};

/// Gives the bytes that are read from a folder at once.
pub const READ_BLOCK_BYTES: usize = 1 << 20;

/// Counts the entries of one folder that are looked at when it is listed.
pub const LIST_ENTRIES_MAX: usize = 65_536;

/// Counts the blocks that are read ahead of who consumes them.
const BLOCKS_AHEAD_MAX: usize = 3;

/// The last path of a charter, by the order of paths.
const LAST_CHARTER: TreePath = TreePath::Charter { channel: [255; 32], number: u32::MAX };

/// Blocks on their way from reading to writing come back here: as many as one transfer has under way.
static BLOCKS: PagePool = PagePool::new(READ_BLOCK_BYTES, 9);

/// Reads the tree in a folder or archive, and writes to a folder if it was made with [`FolderCarrier::create`].
///
/// The folder stays open: a stick that is pulled out and put back is opened anew.
#[derive(Clone, Debug)]
pub struct FolderCarrier {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    /// What the user named.
    pub(super) path: PathBuf,
    /// The folder that holds `c` and `b`.
    pub(super) tree: OwnedFd,
    /// The stick's top folder, if this is a stick that is being written.
    pub(super) top: Option<OwnedFd>,
    /// Where everything stands, if this is an archive; then `tree` is its file, in which no folder can be opened.
    pub(super) archive: Option<Archive>,
    pub(super) options: CarrierOptions,
}

/// Lists what a folder holds, as far as it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// The entries whose names are canonical, ascending. Whether one is a regular file shows when it is fetched.
    pub entries: Vec<T>,
    /// Whether the whole folder was looked at: false above [`LIST_ENTRIES_MAX`] entries.
    pub complete: bool,
}

impl FolderCarrier {
    pub(super) fn open(path: &Path, options: &CarrierOptions) -> Result<Self, CarrierError> {
        if let Some(archive) = Archive::open(path)? {
            let tree = archive.file.try_clone().map_err(|error| CarrierError::disk("opening the file", error))?;
            let (path, archive) = (path.to_owned(), Some(archive));
            let shared = Shared { path, tree: tree.into(), top: None, archive, options: options.clone() };
            return Ok(Self { shared: Arc::new(shared) });
        }
        let top = open_top(path)?;
        let tree = match open_folder(top.as_fd(), STICK_FOLDER)? {
            Some(folder) if holds_tree(folder.as_fd())? => folder,
            _ if holds_tree(top.as_fd())? => top,
            _ => return Err(CarrierError::NotACarrier),
        };
        let shared = Shared { path: path.to_owned(), tree, top: None, archive: None, options: options.clone() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Names the carrier for its user.
    pub fn label(&self) -> String {
        self.shared.path.display().to_string()
    }

    /// Says whether this is an archive: a tree in one file.
    pub fn is_archive(&self) -> bool {
        self.shared.archive.is_some()
    }

    /// Names what of an archive cannot be used; what stands before and beside it can. Empty for folders.
    pub fn flaws(&self) -> &[ArchiveFlaw] {
        self.shared.archive.as_ref().map_or(&[], Archive::flaws)
    }

    /// Gives every object of an archive with its bytes that are there; `None` for folders.
    pub fn archived(&self) -> Option<impl Iterator<Item = (TreePath, u64)>> {
        let objects = self.shared.archive.as_ref()?.objects();
        Some(objects.iter().map(|(path, range)| (*path, range.end - range.start)))
    }

    pub(super) async fn fetch(
        &self,
        path: &TreePath,
        range: Option<Range<u64>>,
        bytes_max: u64,
    ) -> Result<Option<Body>, CarrierError> {
        let path = *path;
        let shared = self.shared.clone();
        let opened = blocking(move || open_object(&shared, &path, range, bytes_max)).await?;
        let Some(object) = opened else {
            return Ok(None);
        };
        let bytes = object.range.end - object.range.start;
        let source = match object.small {
            Some(small) => Source::Memory(small),
            None => Source::Blocks(read_ahead(object.file, object.base, object.range.clone())),
        };
        let limit = Limit::Range { bytes_left: bytes };
        Ok(Some(Body::new(object.range.start, Some(bytes), limit, &self.shared.options, source)))
    }

    pub(super) async fn list_parts(&self, hash: &[u8; 32]) -> Result<Listing<u32>, CarrierError> {
        let hash = *hash;
        let (first, last) =
            (TreePath::BlobPart { hash, start_mib: 0 }, TreePath::BlobPart { hash, start_mib: u32::MAX });
        self.list(first..=last, move |path| match path {
            TreePath::BlobPart { hash: of, start_mib } if of == hash => Some(start_mib),
            _ => None,
        })
        .await
    }

    pub(super) async fn list_packs(
        &self,
        channel: &[u8; 32],
        log: &[u8; 16],
    ) -> Result<Listing<(u8, u32)>, CarrierError> {
        let first = TreePath::Pack { channel: *channel, log: *log, level: 0, index: 0 };
        self.list(first..=last_pack(*channel, *log), |path| match path {
            TreePath::Pack { level, index, .. } => Some((level, index)),
            _ => None,
        })
        .await
    }

    pub(super) async fn list_channels(&self) -> Result<Listing<[u8; 32]>, CarrierError> {
        if let Some(archive) = &self.shared.archive {
            let first = TreePath::Head { channel: [0; 32] };
            return Ok(archive.list(first..=LAST_CHARTER, |path| match path {
                TreePath::Head { channel } | TreePath::Charter { channel, .. } => Some(channel),
                _ => None,
            }));
        }
        let shared = self.shared.clone();
        blocking(move || {
            list_folder(&shared, &["c".to_owned()], |name| match format!("c/{name}/head").parse() {
                Ok(TreePath::Head { channel }) => Some(channel),
                _ => None,
            })
        })
        .await
    }

    pub(super) async fn list_logs(&self, channel: &[u8; 32]) -> Result<Listing<[u8; 16]>, CarrierError> {
        if let Some(archive) = &self.shared.archive {
            let of_log = |log| TreePath::Pack { channel: *channel, log, level: 0, index: 0 };
            return Ok(archive.list(of_log([0; 16])..=last_pack(*channel, [255; 16]), |path| match path {
                TreePath::Pack { log, .. } => Some(log),
                _ => None,
            }));
        }
        let shared = self.shared.clone();
        let (mut folders, _) =
            TreePath::Pack { channel: *channel, log: [0; 16], level: 0, index: 0 }.folders_and_name();
        folders.pop();
        blocking(move || {
            let prefix = folders.join("/");
            list_folder(&shared, &folders, |name| match format!("{prefix}/{name}/0-0").parse() {
                Ok(TreePath::Pack { log, .. }) => Some(log),
                _ => None,
            })
        })
        .await
    }

    /// Lists the folder in which the first and the last of these paths would stand.
    async fn list<T: Ord + Send + 'static>(
        &self,
        paths: RangeInclusive<TreePath>,
        pick: impl Fn(TreePath) -> Option<T> + Send + 'static,
    ) -> Result<Listing<T>, CarrierError> {
        if let Some(archive) = &self.shared.archive {
            return Ok(archive.list(paths, pick));
        }
        let shared = self.shared.clone();
        blocking(move || {
            let (folders, _) = paths.start().folders_and_name();
            let prefix = folders.join("/");
            list_folder(&shared, &folders, |name| pick(format!("{prefix}/{name}").parse().ok()?))
        })
        .await
    }
}

/// The last path of a pack of a log, by the order of paths.
fn last_pack(channel: [u8; 32], log: [u8; 16]) -> TreePath {
    TreePath::Pack { channel, log, level: u8::MAX, index: u32::MAX }
}

/// Opens the folder that the user named; here, and only here, links are followed.
pub(super) fn open_top(path: &Path) -> Result<OwnedFd, CarrierError> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, path, flags, Mode::empty()).map_err(|error| match error {
        Errno::NOENT | Errno::NOTDIR => CarrierError::NotACarrier,
        error => CarrierError::disk("opening the folder", error),
    })
}

/// Opens a folder in a folder; `None` if there is none, an error if something else bears its name.
pub(super) fn open_folder(parent: BorrowedFd<'_>, name: &str) -> Result<Option<OwnedFd>, CarrierError> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
    match rustix::fs::openat(parent, name, flags, Mode::empty()) {
        Ok(folder) => Ok(Some(folder)),
        Err(Errno::NOENT) => Ok(None),
        Err(Errno::NOTDIR | Errno::LOOP) => Err(CarrierError::NotARegularFile { path: name.to_owned() }),
        Err(error) => Err(CarrierError::disk("opening a folder of the tree", error)),
    }
}

/// Opens the folders on the way to an object one by one, so that no link on the way is followed.
pub(super) fn walk(tree: BorrowedFd<'_>, folders: &[String]) -> Result<Option<OwnedFd>, CarrierError> {
    let mut at: Option<OwnedFd> = None;
    for folder in folders {
        let parent = at.as_ref().map_or(tree, OwnedFd::as_fd);
        match open_folder(parent, folder)? {
            Some(folder) => at = Some(folder),
            None => return Ok(None),
        }
    }
    Ok(at)
}

/// Runs what waits for a disk beside the runtime.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CarrierError> + Send + 'static,
) -> Result<T, CarrierError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(error) => Err(CarrierError::disk("reading the folder", io::Error::other(error))),
    }
}

fn holds_tree(folder: BorrowedFd<'_>) -> Result<bool, CarrierError> {
    for name in ["c", "b"] {
        match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_dir() => return Ok(true),
            Ok(_) | Err(Errno::NOENT) => {}
            Err(error) => return Err(CarrierError::disk("looking into the folder", error)),
        }
    }
    Ok(false)
}

struct OpenObject {
    file: File,
    /// Where the object begins in the file.
    base: u64,
    range: Range<u64>,
    /// The bytes themselves, if one block holds them: a second trip to the disk's thread would cost more.
    small: Option<Bytes>,
}

fn open_object(
    shared: &Shared,
    path: &TreePath,
    range: Option<Range<u64>>,
    bytes_max: u64,
) -> Result<Option<OpenObject>, CarrierError> {
    let Some((file, object)) = find_object(shared, path)? else {
        return Ok(None);
    };
    let (base, bytes) = (object.start, object.end - object.start);
    if bytes > bytes_max {
        return Err(CarrierError::TooLarge { bytes_max });
    }
    let range = range.unwrap_or(0..bytes);
    let range = range.start..range.end.min(bytes).max(range.start);
    let small = if range.end - range.start <= READ_BLOCK_BYTES as u64 {
        Some(read_block(&file, base, &range)?)
    } else {
        // Reading ahead is a favour of the kernel, not a need.
        let _ = rustix::fs::fadvise(&file, 0, None, Advice::Sequential);
        None
    };
    Ok(Some(OpenObject { file, base, range, small }))
}

/// The file that holds an object, and where in it.
fn find_object(shared: &Shared, path: &TreePath) -> Result<Option<(File, Range<u64>)>, CarrierError> {
    let failed = |error| CarrierError::disk("reading a file", error);
    if let Some(archive) = &shared.archive {
        return archive.range(path).map(|range| Ok((archive.file.try_clone().map_err(failed)?, range))).transpose();
    }
    let (folders, name) = path.folders_and_name();
    let Some(folder) = walk(shared.tree.as_fd(), &folders)? else {
        return Ok(None);
    };
    let Some(file) = open_regular(folder.as_fd(), &name, path)? else {
        return Ok(None);
    };
    let bytes = file.metadata().map_err(failed)?.len();
    Ok(Some((file, 0..bytes)))
}

/// Opens a regular file without touching anything else: opening a device can have effects, opening a pipe can hang.
pub(super) fn open_regular(folder: BorrowedFd<'_>, name: &str, path: &TreePath) -> Result<Option<File>, CarrierError> {
    let irregular = || CarrierError::NotARegularFile { path: path.to_string() };
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_file() => {}
        Ok(_) => return Err(irregular()),
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(CarrierError::disk("looking at a file", error)),
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err(irregular()),
        Err(error) => return Err(CarrierError::disk("opening a file", error)),
    };
    // It may have been exchanged in between.
    let is_file = file.metadata().map_err(|error| CarrierError::disk("looking at a file", error))?.is_file();
    if is_file { Ok(Some(file)) } else { Err(irregular()) }
}

/// Reads a large file on its own thread, a few blocks ahead.
fn read_ahead(file: File, base: u64, range: Range<u64>) -> mpsc::Receiver<Result<Bytes, CarrierError>> {
    let (sender, receiver) = mpsc::channel(BLOCKS_AHEAD_MAX);
    tokio::task::spawn_blocking(move || {
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at + READ_BLOCK_BYTES as u64);
            let block = read_block(&file, base, &(at..end));
            let read = block.as_ref().map_or(0, Bytes::len) as u64;
            at += read;
            // Nothing was read: the file was truncated meanwhile, or the disk failed. Nobody listens: it was dropped.
            if blocking_send(&sender, block).is_err() || read == 0 {
                return;
            }
        }
    });
    receiver
}

fn blocking_send(
    sender: &mpsc::Sender<Result<Bytes, CarrierError>>,
    block: Result<Bytes, CarrierError>,
) -> Result<(), ()> {
    sender.blocking_send(block).map_err(|_| ())
}

/// Reads a range of at most a block of an object; less at the end of the file.
fn read_block(file: &File, base: u64, range: &Range<u64>) -> Result<Bytes, CarrierError> {
    let wanted = usize::try_from(range.end - range.start).expect("not more than a block");
    let mut block = BLOCKS.take(wanted);
    let filled = read_at(file, &mut block, base.saturating_add(range.start))?;
    block.truncate(filled);
    Ok(Bytes::from_owner(block))
}

/// Fills a buffer from a place of a file on; returns less at the end of the file.
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> Result<usize, CarrierError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match rustix::io::pread(file, &mut buffer[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(error) => return Err(CarrierError::disk("reading a file", error)),
        }
    }
    Ok(filled)
}

pub(super) fn list_folder<T: Ord>(
    shared: &Shared,
    folders: &[String],
    pick: impl Fn(&str) -> Option<T>,
) -> Result<Listing<T>, CarrierError> {
    let mut entries = Vec::new();
    let Some(folder) = walk(shared.tree.as_fd(), folders)? else {
        return Ok(Listing { entries, complete: true });
    };
    let failed = |error| CarrierError::disk("listing a folder", error);
    let mut complete = true;
    for (looked_at, entry) in Dir::new(folder).map_err(failed)?.enumerate() {
        let entry = entry.map_err(failed)?;
        if looked_at >= LIST_ENTRIES_MAX {
            complete = false;
            break;
        }
        entries.extend(entry.file_name().to_str().ok().and_then(&pick));
    }
    entries.sort_unstable();
    // A broken file system can list a name twice.
    entries.dedup();
    Ok(Listing { entries, complete })
}
