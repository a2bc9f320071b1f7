//! Where a tree can be written: a folder, or an archive.

use std::io::Read;

use longear_core::tree::TreePath;

use super::{CarrierError, FolderCarrier};

/// Takes the objects of a tree. Its calls wait for the disk.
///
/// Errors are those of [`FolderCarrier`]'s calls of the same names.
#[allow(missing_docs)]
pub trait Place {
    fn holds(&self, path: &TreePath) -> Result<Option<u64>, CarrierError>;
    fn open_object(&self, path: &TreePath) -> Result<Option<Box<dyn Read>>, CarrierError>;
    fn part_starts(&self, hash: &[u8; 32]) -> Result<Vec<u32>, CarrierError>;
    fn pack_places(&self, channel: &[u8; 32], log: &[u8; 16]) -> Result<Vec<(u8, u32)>, CarrierError>;
    fn holds_plain(&self, name: &str) -> Result<Option<u64>, CarrierError>;
    fn write_object(&self, path: &TreePath, source: &mut dyn Read, bytes: u64) -> Result<(), CarrierError>;
    fn write_plain(&self, name: &str, source: &mut dyn Read, bytes: u64) -> Result<(), CarrierError>;
    fn remove_object(&self, path: &TreePath) -> Result<(), CarrierError>;
    fn tree_bytes(&self) -> Result<u64, CarrierError>;
    fn free_space(&self) -> Result<u64, CarrierError>;
    fn sync(&self) -> Result<(), CarrierError>;

    /// Bytes that each object costs besides its own.
    fn object_overhead_bytes(&self) -> u64 {
        0
    }

    /// Packs above this length are written as the packs below them.
    fn pack_bytes_max(&self) -> u64 {
        u64::MAX
    }

    /// Whether readers know all names that stand here, so that nothing need stand here twice under two of them.
    fn is_listed(&self) -> bool {
        false
    }
}

impl Place for FolderCarrier {
    fn holds(&self, path: &TreePath) -> Result<Option<u64>, CarrierError> {
        FolderCarrier::holds(self, path)
    }

    fn open_object(&self, path: &TreePath) -> Result<Option<Box<dyn Read>>, CarrierError> {
        Ok(FolderCarrier::open_object(self, path)?.map(|file| Box::new(file) as Box<dyn Read>))
    }

    fn part_starts(&self, hash: &[u8; 32]) -> Result<Vec<u32>, CarrierError> {
        FolderCarrier::part_starts(self, hash)
    }

    fn pack_places(&self, channel: &[u8; 32], log: &[u8; 16]) -> Result<Vec<(u8, u32)>, CarrierError> {
        FolderCarrier::pack_places(self, channel, log)
    }

    fn holds_plain(&self, name: &str) -> Result<Option<u64>, CarrierError> {
        FolderCarrier::holds_plain(self, name)
    }

    fn write_object(&self, path: &TreePath, source: &mut dyn Read, bytes: u64) -> Result<(), CarrierError> {
        FolderCarrier::write_object(self, path, source, bytes)
    }

    fn write_plain(&self, name: &str, source: &mut dyn Read, bytes: u64) -> Result<(), CarrierError> {
        FolderCarrier::write_plain(self, name, source, bytes)
    }

    fn remove_object(&self, path: &TreePath) -> Result<(), CarrierError> {
        FolderCarrier::remove_object(self, path)
    }

    fn tree_bytes(&self) -> Result<u64, CarrierError> {
        FolderCarrier::tree_bytes(self)
    }

    fn free_space(&self) -> Result<u64, CarrierError> {
        FolderCarrier::free_space(self)
    }

    fn sync(&self) -> Result<(), CarrierError> {
        FolderCarrier::sync(self)
    }
}
