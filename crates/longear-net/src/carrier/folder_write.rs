//! Writing a tree into a folder, so that it is whole whenever the stick is pulled out, and looking at what stands there.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use longear_core::tree::{FILE_BYTES_MAX, FOLDER_ENTRIES_MAX, STICK_FOLDER, TreePath, is_plain_file_name};
use longear_store::pages::PageBuffer;
use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::folder::{LIST_ENTRIES_MAX, Shared, list_folder, open_folder, open_regular, open_top, walk};
use super::place::{Place, free_space};
use super::{CarrierError, CarrierOptions, FolderCarrier};

/// Bounds how deep a tree is: `c/<channel>/p/<log>/<pack>`.
const FOLDERS_DEEP_MAX: u32 = 4;

/// Starts the names of files that are not whole yet. Readers pass over them: no path of the tree looks so.
const TEMP_PREFIX: &str = ".tmp-";

/// Counts the bytes after which the disk is asked to begin, so that little is left to wait for at the end.
const WRITEBACK_BYTES: u64 = 8 << 20;

/// Gives the bytes that are written at once: for longer writes Linux looks for larger stretches of free memory, at a cost.
const WRITE_BLOCK_BYTES: usize = 256 << 10;

/// Says how a tree stands in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderLayout {
    /// Under [`STICK_FOLDER`], with few entries in each folder, as FAT needs it.
    Stick,
    /// Directly, to be served by a web server.
    Bare,
}

impl FolderCarrier {
    /// Opens a folder for writing and makes what is missing of it; removes what an interrupted writer left.
    ///
    /// # Errors
    /// [`CarrierError::InUse`], [`CarrierError::Disk`], [`CarrierError::NotARegularFile`].
    pub fn create(path: &Path, layout: FolderLayout, options: &CarrierOptions) -> Result<Self, CarrierError> {
        std::fs::create_dir_all(path).map_err(|error| CarrierError::disk("making the folder", error))?;
        let top = open_top(path)?;
        let (tree, top) = match layout {
            FolderLayout::Stick => (make_folder(top.as_fd(), STICK_FOLDER)?, Some(top)),
            FolderLayout::Bare => (top, None),
        };
        // Some file systems know no locks; there, the user has to know.
        if let Err(Errno::WOULDBLOCK) = rustix::fs::flock(&tree, FlockOperation::NonBlockingLockExclusive) {
            return Err(CarrierError::InUse);
        }
        remove_stale_files(&tree)?;
        for name in ["c", "b"] {
            make_folder(tree.as_fd(), name)?;
        }
        let shared = Shared { path: path.to_owned(), tree, top, archive: None, options: options.clone() };
        Ok(Self { shared: Arc::new(shared) })
    }

    fn list_beside<T: Ord>(
        &self,
        sibling: &TreePath,
        pick: impl Fn(TreePath) -> Option<T>,
    ) -> Result<Vec<T>, CarrierError> {
        let (folders, _) = sibling.folders_and_name();
        let prefix = folders.join("/");
        let listing = list_folder(&self.shared, &folders, |name| pick(format!("{prefix}/{name}").parse().ok()?))?;
        Ok(listing.entries)
    }

    fn write_file(
        &self,
        folder: BorrowedFd<'_>,
        name: &str,
        source: &mut dyn Read,
        bytes: u64,
    ) -> Result<(), CarrierError> {
        if bytes > FILE_BYTES_MAX {
            return Err(CarrierError::FileTooLarge { bytes });
        }
        let bytes_free = self.free_space()?;
        if bytes_free < bytes {
            return Err(CarrierError::DiskFull { bytes_needed: bytes, bytes_free });
        }
        write_whole(&self.shared.tree, folder, name, source, bytes)
            .map_err(|error| error.named_full(bytes, || self.free_space()))
    }
}

/// Looking and writing wait for the disk: run them where that is allowed, not on the async runtime's own threads.
impl Place for FolderCarrier {
    fn holds(&self, path: &TreePath) -> Result<Option<u64>, CarrierError> {
        let (folders, name) = path.folders_and_name();
        let Some(folder) = walk(self.shared.tree.as_fd(), &folders)? else {
            return Ok(None);
        };
        let Some(file) = open_regular(folder.as_fd(), &name, path)? else {
            return Ok(None);
        };
        let metadata = file.metadata().map_err(|error| CarrierError::disk("looking at a file", error))?;
        Ok(Some(metadata.len()))
    }

    fn open_object(&self, path: &TreePath) -> Result<Option<Box<dyn Read>>, CarrierError> {
        let (folders, name) = path.folders_and_name();
        let Some(folder) = walk(self.shared.tree.as_fd(), &folders)? else {
            return Ok(None);
        };
        Ok(open_regular(folder.as_fd(), &name, path)?.map(|file| Box::new(file) as Box<dyn Read>))
    }

    fn part_starts(&self, hash: &[u8; 32]) -> Result<Vec<u32>, CarrierError> {
        self.list_beside(&TreePath::Blob { hash: *hash }, |path| match path {
            TreePath::BlobPart { hash: of, start_mib } if of == *hash => Some(start_mib),
            _ => None,
        })
    }

    fn pack_places(&self, channel: &[u8; 32], log: &[u8; 16]) -> Result<Vec<(u8, u32)>, CarrierError> {
        let sibling = TreePath::Pack { channel: *channel, log: *log, level: 0, index: 0 };
        self.list_beside(&sibling, |path| match path {
            TreePath::Pack { level, index, .. } => Some((level, index)),
            _ => None,
        })
    }

    fn holds_plain(&self, name: &str) -> Result<Option<u64>, CarrierError> {
        let top = self.shared.top.as_ref().filter(|_| is_plain_file_name(name)).ok_or(CarrierError::UnsafeName)?;
        match rustix::fs::statat(top, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_file() => Ok(Some(stat.st_size.unsigned_abs())),
            Ok(_) => Err(CarrierError::UnsafeName),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(CarrierError::disk("looking at a file", error)),
        }
    }

    fn write_object(&self, path: &TreePath, source: &mut dyn Read, bytes: u64) -> Result<(), CarrierError> {
        let (folders, name) = path.folders_and_name();
        let folder = make_folders(self.shared.tree.as_fd(), &folders);
        let folder = folder.map_err(|error| error.named_full(bytes, || self.free_space()))?;
        // What stands there and is no file is not ours to replace.
        let is_new = open_regular(folder.as_fd(), &name, path)?.is_none();
        if is_new && self.shared.top.is_some() && count_entries(&folder, FOLDER_ENTRIES_MAX)? >= FOLDER_ENTRIES_MAX {
            return Err(CarrierError::FolderFull { folder: folders.join("/") });
        }
        self.write_file(folder.as_fd(), &name, source, bytes)
    }

    fn write_plain(&self, name: &str, source: &mut dyn Read, bytes: u64) -> Result<(), CarrierError> {
        let top = self.shared.top.as_ref().filter(|_| is_plain_file_name(name)).ok_or(CarrierError::UnsafeName)?;
        self.write_file(top.as_fd(), name, source, bytes)
    }

    fn remove_object(&self, path: &TreePath) -> Result<(), CarrierError> {
        let (folders, name) = path.folders_and_name();
        let Some(folder) = walk(self.shared.tree.as_fd(), &folders)? else {
            return Ok(());
        };
        match rustix::fs::unlinkat(&folder, name.as_str(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(CarrierError::disk("removing a file", error)),
        }
    }

    fn tree_bytes(&self) -> Result<u64, CarrierError> {
        let tree = self.shared.tree.as_fd();
        let parts = ["c", "b"].map(|name| match open_folder(tree, name) {
            Ok(Some(folder)) => folder_bytes(folder.as_fd(), FOLDERS_DEEP_MAX),
            Ok(None) | Err(CarrierError::NotARegularFile { .. }) => Ok(0),
            Err(error) => Err(error),
        });
        let [channels, blobs] = parts;
        Ok(channels? + blobs?)
    }

    fn free_space(&self) -> Result<u64, CarrierError> {
        free_space(self.shared.tree.as_fd())
    }

    fn sync(&self) -> Result<(), CarrierError> {
        rustix::fs::syncfs(&self.shared.tree).map_err(|error| CarrierError::disk("finishing the disk", error))
    }
}

/// Writes beside the tree, makes it durable, and only then gives it its name.
fn write_whole(
    tree: &OwnedFd,
    folder: BorrowedFd<'_>,
    name: &str,
    source: &mut dyn Read,
    bytes: u64,
) -> Result<(), CarrierError> {
    let temp = TempFile::new(tree)?;
    copy(source, &temp.file, bytes)?;
    temp.file.sync_data().map_err(|error| CarrierError::disk("writing", error))?;
    temp.rename_to(folder, name)
}

/// Stands at the tree's root until it is whole; removed if it never is.
struct TempFile<'a> {
    tree: &'a OwnedFd,
    name: String,
    file: File,
    renamed: bool,
}

impl<'a> TempFile<'a> {
    fn new(tree: &'a OwnedFd) -> Result<Self, CarrierError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{TEMP_PREFIX}{:08x}", COUNT.fetch_add(1, Ordering::Relaxed));
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(tree, name.as_str(), flags, Mode::from_raw_mode(0o644))
            .map_err(|error| CarrierError::disk("making a file", error))?;
        Ok(Self { tree, name, file: File::from(file), renamed: false })
    }

    fn rename_to(mut self, folder: BorrowedFd<'_>, name: &str) -> Result<(), CarrierError> {
        rustix::fs::renameat(self.tree, self.name.as_str(), folder, name)
            .map_err(|error| CarrierError::disk("naming a file", error))?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for TempFile<'_> {
    fn drop(&mut self) {
        if !self.renamed {
            // What cannot be removed now is removed by the next writer.
            let _ = rustix::fs::unlinkat(self.tree, self.name.as_str(), AtFlags::empty());
        }
    }
}

pub(super) fn copy(source: &mut dyn Read, mut file: &File, bytes: u64) -> Result<(), CarrierError> {
    let length = bytes.min(WRITE_BLOCK_BYTES as u64);
    let wanted = usize::try_from(length).expect("not more than a block");
    let mut block = PageBuffer::new(wanted);
    let mut bytes_left = bytes;
    let mut settled = 0;
    while bytes_left > 0 {
        let wanted = usize::try_from(bytes_left.min(length)).expect("not more than a block");
        let failed = |error| CarrierError::disk("reading what is to be written", error);
        source.read_exact(&mut block[..wanted]).map_err(failed)?;
        file.write_all(&block[..wanted]).map_err(|error| CarrierError::disk("writing", error))?;
        bytes_left -= wanted as u64;
        let written = bytes - bytes_left;
        if written - settled >= WRITEBACK_BYTES {
            start_writeback(file, settled, written - settled);
            settled = written;
        }
    }
    Ok(())
}

/// Linux starts to write back what it is told will not be needed; elsewhere the sync at the end does all the work.
#[cfg(target_os = "linux")]
fn start_writeback(file: &File, start: u64, bytes: u64) {
    // A hint that is refused costs time, not truth.
    let _ = rustix::fs::fadvise(file, start, std::num::NonZeroU64::new(bytes), rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn start_writeback(_file: &File, _start: u64, _bytes: u64) {}

fn make_folder(parent: BorrowedFd<'_>, name: &str) -> Result<OwnedFd, CarrierError> {
    match rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        // What can be read but not written may hold it already.
        Err(Errno::ROFS | Errno::ACCESS | Errno::PERM) => {}
        Err(error) => return Err(CarrierError::disk("making a folder", error)),
    }
    let missing = || CarrierError::disk("making a folder", io::Error::from(io::ErrorKind::PermissionDenied));
    open_folder(parent, name)?.ok_or_else(missing)
}

fn make_folders(tree: BorrowedFd<'_>, folders: &[String]) -> Result<OwnedFd, CarrierError> {
    let mut at: Option<OwnedFd> = None;
    for folder in folders {
        at = Some(make_folder(at.as_ref().map_or(tree, OwnedFd::as_fd), folder)?);
    }
    Ok(at.expect("every object of the tree stands in a folder"))
}

fn count_entries(folder: &OwnedFd, entries_max: usize) -> Result<usize, CarrierError> {
    let entries = Dir::read_from(folder).map_err(|error| CarrierError::disk("listing a folder", error))?;
    // Two more, for the folder itself and its parent.
    Ok(entries.take(entries_max + 2).count().saturating_sub(2))
}

fn remove_stale_files(tree: &OwnedFd) -> Result<(), CarrierError> {
    let failed = |error| CarrierError::disk("listing the folder", error);
    let mut stale = Vec::new();
    for entry in Dir::read_from(tree).map_err(failed)?.take(LIST_ENTRIES_MAX) {
        let entry = entry.map_err(failed)?;
        let is_temp = entry.file_name().to_bytes().starts_with(TEMP_PREFIX.as_bytes());
        if is_temp && entry.file_type() != FileType::Directory {
            stale.push(entry.file_name().to_owned());
        }
    }
    for name in stale {
        rustix::fs::unlinkat(tree, name, AtFlags::empty())
            .map_err(|error| CarrierError::disk("removing what an interrupted writer left", error))?;
    }
    Ok(())
}

fn folder_bytes(folder: BorrowedFd<'_>, folders_deep: u32) -> Result<u64, CarrierError> {
    let failed = |error| CarrierError::disk("listing a folder", error);
    let mut bytes = 0;
    for entry in Dir::read_from(folder).map_err(failed)?.take(LIST_ENTRIES_MAX) {
        let entry = entry.map_err(failed)?;
        let Some(name) = entry.file_name().to_str().ok().filter(|name| *name != "." && *name != "..") else { continue };
        let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => continue,
            Err(error) => return Err(CarrierError::disk("looking at a file", error)),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => bytes += stat.st_size.unsigned_abs(),
            FileType::Directory if folders_deep > 0 => {
                if let Some(inner) = open_folder(folder, name)? {
                    bytes += folder_bytes(inner.as_fd(), folders_deep - 1)?;
                }
            }
            _ => {}
        }
    }
    Ok(bytes)
}
