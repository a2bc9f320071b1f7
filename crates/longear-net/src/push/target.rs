//! The folder or archive that is written to, with the room that is left in it.

use std::io::{self, Read};

use longear_core::tree::TreePath;

use super::blobs::Want;
use super::plain::PlainCopy;
use super::{PushError, PushEvent, PushOptions, PushReport, Refused, Stop};
use crate::carrier::{CarrierError, Place};

/// Bytes that are left free on the disk for what file systems need besides the bytes of files.
const FREE_SPACE_KEPT_BYTES: u64 = 128 << 10;

/// Bytes that are compared at once where files are verified.
const COMPARE_BYTES: usize = 256 << 10;

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It stands there, now or since before.
    Stands,
    /// It does not fit.
    NoRoom,
    /// Its source is damaged, or something else stands in its place; this was reported.
    Refused,
}

/// Opens the bytes of an object when it turns out that they are needed.
pub(super) type Open<'o, 's> = &'o mut (dyn FnMut() -> io::Result<Box<dyn Read + 's>> + 's);

pub(super) struct Target<'a> {
    place: &'a dyn Place,
    events: &'a mut dyn FnMut(PushEvent),
    budget_bytes: Option<u64>,
    verify: bool,
    used_bytes: u64,
    /// Kept free for what is written last.
    reserved_bytes: u64,
    disk_is_full: bool,
    /// Something stands there that the disk may still lose.
    is_unsynced: bool,
    report: PushReport,
}

impl<'a> Target<'a> {
    pub(super) fn open(
        place: &'a dyn Place,
        options: &PushOptions,
        events: &'a mut dyn FnMut(PushEvent),
    ) -> Result<Self, PushError> {
        let used = place.tree_bytes();
        let used_bytes = used.map_err(|source| PushError::Target { source, report: Box::default() })?;
        Ok(Target {
            place,
            events,
            budget_bytes: options.budget_bytes,
            verify: options.verify,
            used_bytes,
            reserved_bytes: 0,
            disk_is_full: false,
            // A writer that was killed may have left names that the disk may still lose.
            is_unsynced: true,
            report: PushReport::default(),
        })
    }

    pub(super) fn place(&self) -> &'a dyn Place {
        self.place
    }

    pub(super) fn report(&mut self) -> &mut PushReport {
        &mut self.report
    }

    pub(super) fn into_report(self) -> PushReport {
        self.report
    }

    /// Keeps so much room free from now on, for what is written last and without which the rest is of less use.
    pub(super) fn reserve(&mut self, bytes: u64) {
        self.reserved_bytes = bytes;
    }

    /// Counts plain copies that stand there as used.
    pub(super) fn count_used(&mut self, bytes: u64) {
        self.used_bytes += bytes;
    }

    /// The length of what stands at a path; what is no file counts as nothing, and is refused when it is written.
    pub(super) fn holds(&self, path: &TreePath) -> Result<Option<u64>, Stop> {
        match self.place.holds(path) {
            Err(CarrierError::NotARegularFile { .. }) => Ok(None),
            answer => Ok(answer?),
        }
    }

    /// Says how many bytes will be written, roughly: what of the blobs is missing, as far as there is room.
    pub(super) fn announce(&mut self, wants: &[Want], plain: &[PlainCopy]) -> Result<(), Stop> {
        let mut bytes = plain.iter().filter(|copy| !copy.stands).map(|copy| copy.bytes).sum::<u64>();
        for want in wants {
            bytes += want.missing_bytes(self)?;
        }
        let bytes = bytes.min(self.room_bytes()?);
        (self.events)(PushEvent::Planned { bytes });
        Ok(())
    }

    /// Bytes that can still be written, by budget and disk.
    pub(super) fn room_bytes(&mut self) -> Result<u64, Stop> {
        let free = self.place.free_space()?.saturating_sub(FREE_SPACE_KEPT_BYTES + self.reserved_bytes);
        let used = self.used_bytes.saturating_add(self.reserved_bytes);
        let within = self.budget_bytes.map_or(u64::MAX, |budget| budget.saturating_sub(used));
        Ok(free.min(within))
    }

    /// Whether so many bytes fit if `replaced` bytes go afterwards. The disk must hold both for a while.
    pub(super) fn has_room(&mut self, bytes: u64, replaced: u64) -> Result<bool, Stop> {
        let bytes = bytes.saturating_add(self.place.object_overhead_bytes()).saturating_add(self.reserved_bytes);
        let after = self.used_bytes.saturating_sub(replaced).saturating_add(bytes);
        if self.budget_bytes.is_some_and(|budget| after > budget) {
            return Ok(false);
        }
        let fits = bytes.saturating_add(FREE_SPACE_KEPT_BYTES) <= self.place.free_space()?;
        self.disk_is_full |= !fits;
        Ok(fits)
    }

    /// Writes an object unless it stands there. `leaves` bytes of other objects go when it stands.
    pub(super) fn put(&mut self, path: &TreePath, bytes: u64, leaves: u64, open: Open<'_, '_>) -> Result<Put, Stop> {
        let there = self.holds(path)?;
        if there == Some(bytes) && (!self.verify || self.is_same(path, open)?) {
            return Ok(Put::Stands);
        }
        self.replace(path, there.unwrap_or(0), bytes, leaves, open)
    }

    fn replace(
        &mut self,
        path: &TreePath,
        replaced: u64,
        bytes: u64,
        leaves: u64,
        open: Open<'_, '_>,
    ) -> Result<Put, Stop> {
        if !self.has_room(bytes, replaced + leaves)? {
            return Ok(Put::NoRoom);
        }
        let place = self.place;
        let put = self.write(&path.to_string(), bytes, open, |source| place.write_object(path, source, bytes))?;
        if put == Put::Stands {
            self.used_bytes = self.used_bytes.saturating_sub(replaced) + bytes + self.place.object_overhead_bytes();
        }
        Ok(put)
    }

    /// Writes a small object that is in memory.
    pub(super) fn put_bytes(&mut self, path: &TreePath, bytes: &[u8]) -> Result<Put, Stop> {
        self.put(path, bytes.len() as u64, 0, &mut || Ok(Box::new(bytes)))
    }

    /// Writes a small object in the place of another that may have the same length.
    pub(super) fn replace_bytes(&mut self, path: &TreePath, bytes: &[u8]) -> Result<Put, Stop> {
        let replaced = self.holds(path)?.unwrap_or(0);
        self.replace(path, replaced, bytes.len() as u64, 0, &mut || Ok(Box::new(bytes)))
    }

    /// Writes a plain copy where no file of this name stands.
    pub(super) fn put_plain(&mut self, name: &str, bytes: u64, open: Open<'_, '_>) -> Result<Put, Stop> {
        if !self.has_room(bytes, 0)? {
            return Ok(Put::NoRoom);
        }
        let place = self.place;
        let put = self.write(name, bytes, open, |source| place.write_plain(name, source, bytes))?;
        if put == Put::Stands {
            self.used_bytes += bytes;
        }
        Ok(put)
    }

    /// Removes an object that something else has taken the place of, once that is safely on the disk: sticks keep no order
    /// among names.
    pub(super) fn remove(&mut self, path: &TreePath) -> Result<(), Stop> {
        self.settle()?;
        let bytes = self.holds(path)?.unwrap_or(0);
        self.place.remove_object(path)?;
        self.used_bytes = self.used_bytes.saturating_sub(bytes);
        Ok(())
    }

    /// Waits until the disk has what stands there now.
    pub(super) fn settle(&mut self) -> Result<(), Stop> {
        if std::mem::take(&mut self.is_unsynced) {
            self.place.sync()?;
        }
        Ok(())
    }

    pub(super) fn leave_out(&mut self, bytes: u64) {
        self.report.left_out.count += 1;
        self.report.left_out.bytes += bytes;
    }

    pub(super) fn refuse(&mut self, name: String, reason: String) {
        let refused = Refused { name, reason };
        (self.events)(PushEvent::Refused(refused.clone()));
        self.report.refused.push(refused);
    }

    /// Waits for the disk, and gives the report.
    pub(super) fn finish(self) -> Result<PushReport, PushError> {
        (self.events)(PushEvent::Finishing);
        let finished = self.place.sync().and_then(|()| self.place.free_space());
        match finished {
            Err(source) => Err(PushError::Target { source, report: Box::new(self.report) }),
            Ok(bytes_free) if self.disk_is_full && self.report.left_out.count > 0 => {
                Err(PushError::DiskFull { bytes_free, report: Box::new(self.report) })
            }
            Ok(_) => Ok(self.report),
        }
    }

    fn write(
        &mut self,
        name: &str,
        bytes: u64,
        open: Open<'_, '_>,
        write: impl FnOnce(&mut dyn Read) -> Result<(), CarrierError>,
    ) -> Result<Put, Stop> {
        let source = match open() {
            Ok(source) => source,
            Err(error) => {
                self.refuse(name.to_owned(), error.to_string());
                return Ok(Put::Refused);
            }
        };
        let before = self.report.bytes_written;
        let mut watched = Watched { source, given: 0, before, failure: None, events: &mut *self.events };
        let outcome = write(&mut watched);
        let failure = watched.failure.take();
        match outcome {
            Ok(()) => {
                self.is_unsynced = true;
                self.report.files_written += 1;
                self.report.bytes_written += bytes;
                return Ok(Put::Stands);
            }
            Err(CarrierError::DiskFull { .. }) => {
                self.disk_is_full = true;
                return Ok(Put::NoRoom);
            }
            Err(error @ (CarrierError::NotARegularFile { .. } | CarrierError::FolderFull { .. })) => {
                self.refuse(name.to_owned(), error.to_string());
            }
            Err(error @ CarrierError::UnsafeName) => self.refuse(name.to_owned(), error.to_string()),
            Err(error) => match failure {
                Some(failure) => self.refuse(name.to_owned(), failure.to_string()),
                None => return Err(error.into()),
            },
        }
        (self.events)(PushEvent::Progress { bytes_written: self.report.bytes_written });
        Ok(Put::Refused)
    }

    fn is_same(&mut self, path: &TreePath, open: Open<'_, '_>) -> Result<bool, Stop> {
        let Some(mut there) = self.place.open_object(path)? else { return Ok(false) };
        // A source that cannot be read is reported when it is to be written.
        let Ok(mut source) = open() else { return Ok(true) };
        let (mut one, mut other) = (vec![0; COMPARE_BYTES], vec![0; COMPARE_BYTES]);
        loop {
            let Ok(count) = fill(&mut source, &mut one) else { return Ok(true) };
            match fill(&mut there, &mut other) {
                Ok(found) if found == count && one[..count] == other[..count] => {}
                _ => return Ok(false),
            }
            if count < COMPARE_BYTES {
                return Ok(true);
            }
        }
    }
}

/// Reads until the buffer is full or the source ends.
pub(super) fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Tells a failing source from a failing target, and how far it is.
struct Watched<'a, 's> {
    source: Box<dyn Read + 's>,
    given: u64,
    before: u64,
    failure: Option<io::Error>,
    events: &'a mut dyn FnMut(PushEvent),
}

impl Read for Watched<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.source.read(buffer) {
            Ok(0) if !buffer.is_empty() => {
                self.failure = Some(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends too early here"));
                Ok(0)
            }
            Ok(count) => {
                self.given += count as u64;
                (self.events)(PushEvent::Progress { bytes_written: self.before + self.given });
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.failure = Some(io::Error::new(error.kind(), error.to_string()));
                Err(error)
            }
        }
    }
}
