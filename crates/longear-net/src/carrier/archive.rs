//! Archives as carriers: where each object stands in the one file. Whoever made it may be an enemy.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::{Range, RangeInclusive};
use std::path::Path;

use longear_core::Reason;
use longear_core::archive::{ArchivePart, ArchiveReader};
use longear_core::tree::TreePath;
use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::CarrierError;
use super::folder::{Listing, read_at};

/// Gives the bytes that are read at once while the objects are looked for; between large ones it is read no further.
const SCAN_BYTES: usize = 64 << 10;

/// Counts the entries of one archive that are named because they cannot be used.
const REFUSED_NAMED_MAX: usize = 64;

/// Knows where the objects of an archive stand. Memory: some hundred bytes for each, of which there are at most
/// [`ARCHIVE_ENTRIES_MAX`](longear_core::archive::ARCHIVE_ENTRIES_MAX).
#[derive(Debug)]
pub(super) struct Archive {
    pub(super) file: File,
    objects: BTreeMap<TreePath, Range<u64>>,
    flaws: Vec<ArchiveFlaw>,
}

/// Names what of an archive cannot be used, and says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFlaw {
    /// The entry; where the file ends too early or cannot be read on, the last one before.
    pub object: String,
    /// Why.
    pub reason: Reason,
}

impl Archive {
    /// Opens what the user named, if it is a file; links to it are followed.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, CarrierError> {
        let looking = |error| CarrierError::disk("looking at the file", error);
        match rustix::fs::stat(path) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_file() => {}
            // Opening a device can have effects, opening a pipe can hang.
            Ok(_) | Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err(looking(error)),
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(CWD, path, flags, Mode::empty());
        let file = File::from(file.map_err(|error| CarrierError::disk("opening the file", error))?);
        let metadata = file.metadata().map_err(|error| CarrierError::disk("looking at the file", error))?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let mut archive = Self { file, objects: BTreeMap::new(), flaws: Vec::new() };
        archive.look_through(metadata.len())?;
        Ok(Some(archive))
    }

    /// Where an object's bytes are, as far as they are there.
    pub(super) fn range(&self, path: &TreePath) -> Option<Range<u64>> {
        self.objects.get(path).cloned()
    }

    /// Everything in it that can be used.
    pub(super) fn objects(&self) -> &BTreeMap<TreePath, Range<u64>> {
        &self.objects
    }

    pub(super) fn flaws(&self) -> &[ArchiveFlaw] {
        &self.flaws
    }

    /// Lists what of the objects from one path to another `pick` finds.
    pub(super) fn list<T: Ord>(
        &self,
        paths: RangeInclusive<TreePath>,
        pick: impl Fn(TreePath) -> Option<T>,
    ) -> Listing<T> {
        let mut entries = self.objects.range(paths).filter_map(|(path, _)| pick(*path)).collect::<Vec<_>>();
        entries.sort_unstable();
        entries.dedup();
        Listing { entries, complete: true }
    }

    fn look_through(&mut self, bytes: u64) -> Result<(), CarrierError> {
        let mut reader = ArchiveReader::new();
        let (mut last, mut block) = (None, vec![0; SCAN_BYTES]);
        let mut at = 0;
        while at < bytes {
            let wanted = usize::try_from(bytes - at).unwrap_or(SCAN_BYTES).min(SCAN_BYTES);
            let count = read_at(&self.file, &mut block[..wanted], at)?;
            if count == 0 {
                break;
            }
            reader.push(&block[..count]);
            at += count as u64;
            loop {
                match reader.next_part() {
                    Ok(None) => break,
                    Ok(Some(ArchivePart::Entry { path, length })) => {
                        let start = reader.position();
                        // Of one that is cut off, what is there counts.
                        self.objects.insert(path, start..start.saturating_add(length).min(bytes));
                        last = Some(path);
                    }
                    Ok(Some(ArchivePart::Refused { name, reason })) => self.note(name, reason),
                    Ok(Some(ArchivePart::Bytes(_))) => {}
                    Err(Reason::BadMagic { .. }) => return Err(CarrierError::NotACarrier),
                    Err(reason @ Reason::NewerVersion { .. }) => return Err(CarrierError::BadArchive { reason }),
                    Err(reason) => {
                        self.note(behind(last), reason);
                        return Ok(());
                    }
                }
                at = at.saturating_add(reader.pass_over());
            }
        }
        if at == 0 || bytes < longear_core::archive::archive_start().len() as u64 {
            return Err(CarrierError::NotACarrier);
        }
        if at > bytes || reader.finish().is_err() {
            self.note(behind(last), Reason::Truncated);
        }
        Ok(())
    }

    fn note(&mut self, object: String, reason: Reason) {
        if self.flaws.len() < REFUSED_NAMED_MAX {
            self.flaws.push(ArchiveFlaw { object, reason });
        }
    }
}

fn behind(last: Option<TreePath>) -> String {
    last.map_or_else(|| "its beginning".into(), |path| path.to_string())
}
