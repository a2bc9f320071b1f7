//! Where a tree can be written: a folder, or an archive.

use std::io::Read;
use std::os::fd::BorrowedFd;

use longear_core::tree::TreePath;

use super::CarrierError;

/// Takes the objects of a tree, and shows what stands there already. Its calls wait for the disk.
pub trait Place {
    /// Gives the bytes of an object that stands here; `None` if it does not.
    ///
    /// # Errors
    /// [`CarrierError::NotARegularFile`], [`CarrierError::Disk`].
    fn holds(&self, path: &TreePath) -> Result<Option<u64>, CarrierError>;

    /// Opens an object that stands here; `None` if it does not.
    ///
    /// # Errors
    /// [`CarrierError::NotARegularFile`], [`CarrierError::Disk`].
    fn open_object(&self, path: &TreePath) -> Result<Option<Box<dyn Read>>, CarrierError>;

    /// Lists where the parts of a blob start, in MiB, ascending.
    ///
    /// # Errors
    /// [`CarrierError::Disk`], [`CarrierError::NotARegularFile`].
    fn part_starts(&self, hash: &[u8; 32]) -> Result<Vec<u32>, CarrierError>;

    /// Lists the packs of a log as (level, index), ascending.
    ///
    /// # Errors
    /// Those of [`Place::part_starts`].
    fn pack_places(&self, channel: &[u8; 32], log: &[u8; 16]) -> Result<Vec<(u8, u32)>, CarrierError>;

    /// Gives the bytes of the file that bears a plain copy's name; `None` if there is none.
    ///
    /// # Errors
    /// [`CarrierError::UnsafeName`] (also if this is no stick, or something else bears the name), [`CarrierError::Disk`].
    fn holds_plain(&self, name: &str) -> Result<Option<u64>, CarrierError>;

    /// Writes an object of exactly `bytes` bytes, in the place of the one that stood there.
    ///
    /// It appears whole and durable, or not at all; a later power cut may still take back its name, until
    /// [`Place::sync`].
    ///
    /// # Errors
    /// [`CarrierError::DiskFull`], [`CarrierError::FolderFull`], [`CarrierError::FileTooLarge`],
    /// [`CarrierError::NotARegularFile`], [`CarrierError::Disk`] (also if the source fails or ends early).
    fn write_object(&self, path: &TreePath, source: &mut dyn Read, bytes: u64) -> Result<(), CarrierError>;

    /// Writes a plain copy into the stick's top folder, in the place of the one that stood there.
    ///
    /// `name` comes from [`plain_file_name`](longear_core::tree::plain_file_name).
    ///
    /// # Errors
    /// Those of [`Place::write_object`], and [`CarrierError::UnsafeName`], also if this is no stick.
    fn write_plain(&self, name: &str, source: &mut dyn Read, bytes: u64) -> Result<(), CarrierError>;

    /// Removes an object, if it is there.
    ///
    /// # Errors
    /// [`CarrierError::Disk`].
    fn remove_object(&self, path: &TreePath) -> Result<(), CarrierError>;

    /// Adds up the bytes of all regular files of the tree. Costs a look at each.
    ///
    /// # Errors
    /// [`CarrierError::Disk`].
    fn tree_bytes(&self) -> Result<u64, CarrierError>;

    /// Gives the bytes that can still be written here.
    ///
    /// # Errors
    /// [`CarrierError::Disk`].
    fn free_space(&self) -> Result<u64, CarrierError>;

    /// Waits until everything written is safely on the disk: then the stick can be pulled out.
    ///
    /// # Errors
    /// [`CarrierError::Disk`].
    fn sync(&self) -> Result<(), CarrierError>;

    /// Gives the bytes that each object costs besides its own.
    fn object_overhead_bytes(&self) -> u64 {
        0
    }

    /// Gives the length above which a pack is written as the packs below it.
    fn pack_bytes_max(&self) -> u64 {
        u64::MAX
    }

    /// Says whether readers know all names that stand here, so that nothing need stand here twice under two of them.
    fn is_listed(&self) -> bool {
        false
    }
}

/// Gives the bytes that can still be written to the disk of an open file or folder.
pub(super) fn free_space(file: BorrowedFd<'_>) -> Result<u64, CarrierError> {
    let stat = rustix::fs::fstatvfs(file).map_err(|error| CarrierError::disk("asking for free space", error))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
