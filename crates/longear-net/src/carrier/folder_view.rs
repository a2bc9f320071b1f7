//! Looking at what stands in a folder that is being written.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};

use longear_core::tree::{TreePath, is_plain_file_name};
use rustix::fs::{AtFlags, Dir, FileType};
use rustix::io::Errno;

use super::folder::{LIST_ENTRIES_MAX, list_folder, open_folder, open_regular, walk};
use super::{CarrierError, FolderCarrier};

/// Bounds how deep a tree is: `c/<channel>/p/<log>/<pack>`.
const FOLDERS_DEEP_MAX: u32 = 4;

/// Looking. These calls wait for the disk, like those of writing.
impl FolderCarrier {
    /// Adds up the bytes of all regular files of the tree. Costs a look at each.
    ///
    /// # Errors
    /// [`CarrierError::Disk`].
    pub fn tree_bytes(&self) -> Result<u64, CarrierError> {
        let tree = self.shared.tree.as_fd();
        let parts = ["c", "b"].map(|name| match open_folder(tree, name) {
            Ok(Some(folder)) => folder_bytes(folder.as_fd(), FOLDERS_DEEP_MAX),
            Ok(None) | Err(CarrierError::NotARegularFile { .. }) => Ok(0),
            Err(error) => Err(error),
        });
        let [channels, blobs] = parts;
        Ok(channels? + blobs?)
    }

    /// Lists where the parts of a blob start, in MiB, ascending.
    ///
    /// # Errors
    /// [`CarrierError::Disk`], [`CarrierError::NotARegularFile`].
    pub fn part_starts(&self, hash: &[u8; 32]) -> Result<Vec<u32>, CarrierError> {
        self.list_beside(&TreePath::Blob { hash: *hash }, |path| match path {
            TreePath::BlobPart { hash: of, start_mib } if of == *hash => Some(start_mib),
            _ => None,
        })
    }

    /// Lists the packs of a log as (level, index), ascending.
    ///
    /// # Errors
    /// Those of [`FolderCarrier::part_starts`].
    pub fn pack_places(&self, channel: &[u8; 32], log: &[u8; 16]) -> Result<Vec<(u8, u32)>, CarrierError> {
        let sibling = TreePath::Pack { channel: *channel, log: *log, level: 0, index: 0 };
        self.list_beside(&sibling, |path| match path {
            TreePath::Pack { level, index, .. } => Some((level, index)),
            _ => None,
        })
    }

    /// Opens an object that stands here; `None` if it does not.
    ///
    /// # Errors
    /// [`CarrierError::NotARegularFile`], [`CarrierError::Disk`].
    pub fn open_object(&self, path: &TreePath) -> Result<Option<File>, CarrierError> {
        let (folders, name) = path.folders_and_name();
        match walk(self.shared.tree.as_fd(), &folders)? {
            Some(folder) => open_regular(folder.as_fd(), &name, path),
            None => Ok(None),
        }
    }

    /// Gives the bytes of the file that bears a plain copy's name; `None` if there is none.
    ///
    /// # Errors
    /// [`CarrierError::UnsafeName`] (also if this is no stick, or something else bears the name), [`CarrierError::Disk`].
    pub fn holds_plain(&self, name: &str) -> Result<Option<u64>, CarrierError> {
        let top = self.shared.top.as_ref().filter(|_| is_plain_file_name(name)).ok_or(CarrierError::UnsafeName)?;
        match rustix::fs::statat(top, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_file() => Ok(Some(stat.st_size.unsigned_abs())),
            Ok(_) => Err(CarrierError::UnsafeName),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(CarrierError::disk("looking at a file", error)),
        }
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
