//! The segments as one append-only journal: writing at its end, reading anywhere.

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::backend::{OpenMode, StorageBackend, StorageError, StorageFile};
use crate::segment::{
    Place, RECORD_BODY_BYTES_MAX, RECORD_FRONT_BYTES, Record, RecordKind, SEGMENT_BYTES_MAX, SEGMENT_FRONT_BYTES,
    find_record, push_record, read_front, read_record, read_salt, record_front, segment_front, segment_path,
};

/// Most records begin with the channel.
const CHANNEL_BYTES: usize = 32;
/// Bytes gathered before they are written in one go: few enough to stay in the processor's cache until they are.
const BUFFER_BYTES: usize = 256 << 10;
/// Bytes written before the system is asked to bring them to the disk.
const WRITEBACK_BYTES: u64 = 1 << 20;
/// A buffer that has grown beyond this is not kept between batches.
const BUFFER_KEPT_BYTES_MAX: usize = 8 * BUFFER_BYTES;

/// Reads records and parts of them. Files stay open: a store has one segment for every 64 MiB.
#[derive(Debug)]
pub struct Journal {
    backend: Arc<dyn StorageBackend>,
    open: Mutex<HashMap<u32, Arc<dyn StorageFile>>>,
    /// What the last appender gathered records in, for the next one.
    buffer: Mutex<Vec<u8>>,
}

impl Journal {
    /// A journal in this folder.
    pub fn new(backend: Arc<dyn StorageBackend>) -> Self {
        Journal { backend, open: Mutex::default(), buffer: Mutex::default() }
    }

    /// The bytes at a place.
    pub fn read(&self, place: Place) -> Result<Vec<u8>, StorageError> {
        let mut bytes = vec![0; place.length as usize];
        self.file(place.segment)?.read_exact_at(place.offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Goes through the records of a segment from `offset` on, or from its first record.
    pub fn walk(&self, segment: u32, offset: u64) -> Result<Walk, StorageError> {
        let file = self.file(segment)?;
        let (salt, length) = (read_salt(&*file)?, file.len()?);
        let offset = offset.max(SEGMENT_FRONT_BYTES);
        Ok(Walk { file, salt, length, offset, window: Vec::new(), window_start: offset })
    }

    /// Whether a batch ends here. A segment whose front is damaged cannot tell, and is taken by its length.
    pub fn ends_batch(&self, segment: u32, length: u64) -> Result<bool, StorageError> {
        let Some(last) = length.checked_sub(RECORD_FRONT_BYTES as u64) else { return Ok(false) };
        if self.length(segment)? < length {
            return Ok(false);
        }
        let file = self.file(segment)?;
        let Some(salt) = read_salt(&*file)? else { return Ok(true) };
        let record = read_record(&*file, salt, last)?;
        Ok(record.is_some_and(|record| record.kind == RecordKind::Commit))
    }

    /// Bytes of a segment's file, 0 where there is none.
    pub fn length(&self, segment: u32) -> Result<u64, StorageError> {
        Ok(self.backend.metadata(&segment_path(segment))?.map_or(0, |file| file.len))
    }

    /// Makes durable what may have been written to these segments by a process that died, or whose sync failed.
    ///
    /// What stands behind `last` is written once more: of pages that could not be synced the system believes that they are
    /// on the disk, and a second sync says nothing about them.
    pub fn sync(&self, segments: RangeInclusive<u32>, last: Range<(u32, u64)>) -> Result<(), StorageError> {
        for segment in self.segments()?.into_iter().filter(|segment| segments.contains(segment)) {
            let file = self.backend.open(&segment_path(segment), OpenMode::Write)?;
            if segment >= last.start.0 {
                let mut at = if segment == last.start.0 { last.start.1 } else { 0 };
                let end = if segment == last.end.0 { last.end.1 } else { file.len()? };
                while at < end {
                    let mut bytes = vec![0; (end - at).min(BUFFER_BYTES as u64) as usize];
                    file.read_exact_at(at, &mut bytes)?;
                    file.write_at(at, &bytes)?;
                    at += bytes.len() as u64;
                }
            }
            file.sync_data()?;
        }
        self.backend.sync_dir("items")
    }

    /// What stands behind the channel in the record that ends with this place; `None` where the record is damaged.
    pub fn read_whole(&self, place: Place) -> Result<Option<Vec<u8>>, StorageError> {
        const FRONT_BYTES: u64 = RECORD_FRONT_BYTES as u64 + CHANNEL_BYTES as u64;
        let file = self.file(place.segment)?;
        let (Some(salt), Some(offset)) = (read_salt(&*file)?, place.offset.checked_sub(FRONT_BYTES)) else {
            return Ok(None);
        };
        let record = read_record(&*file, salt, offset)?;
        Ok(record.and_then(|record| record.body.get(CHANNEL_BYTES..).map(<[u8]>::to_vec)))
    }

    /// Cuts off everything behind `length` bytes of `segment`: nobody was told that it is there.
    pub fn cut(&self, segment: u32, length: u64) -> Result<(), StorageError> {
        for later in self.segments()?.into_iter().filter(|later| *later >= segment) {
            let keep = if later == segment { length } else { 0 };
            if self.length(later)? > keep {
                // Emptied, not removed: other processes may have it open, and will find its next contents there.
                let file = self.backend.open(&segment_path(later), OpenMode::Write)?;
                file.set_len(keep)?;
                file.sync_data()?;
            }
        }
        Ok(())
    }

    /// Gives up a damaged stretch of a segment: from now on it reads as records that hold nothing, and as the end of a batch,
    /// because nothing is looked for behind what was acknowledged.
    pub fn void(&self, segment: u32, stretch: Range<u64>) -> Result<(), StorageError> {
        const FRONT_BYTES: u64 = RECORD_FRONT_BYTES as u64;
        let file = self.backend.open(&segment_path(segment), OpenMode::Write)?;
        let Some(salt) = read_salt(&*file)? else { return Ok(()) };
        let Some(end) = stretch.end.checked_sub(FRONT_BYTES).filter(|end| *end >= stretch.start) else { return Ok(()) };
        let mut offset = stretch.start;
        while end - offset >= FRONT_BYTES {
            let left = end - offset - FRONT_BYTES;
            // Half of the longest, so that what is left over is never too short for a record.
            let body_length = if left > RECORD_BODY_BYTES_MAX as u64 { RECORD_BODY_BYTES_MAX as u64 / 2 } else { left };
            let mut body = vec![0; body_length as usize];
            file.read_exact_at(offset + FRONT_BYTES, &mut body)?;
            file.write_at(offset, &record_front(salt, RecordKind::Void, body.len(), &[&body]))?;
            offset += FRONT_BYTES + body_length;
        }
        file.write_at(end, &record_front(salt, RecordKind::Commit, 0, &[]))?;
        file.sync_data()
    }

    /// Overwrites a record's body, which stands at this place, with zeros, and makes it read as one that holds nothing.
    /// False where no such record stands there, or the segment cannot tell.
    ///
    /// Until the segment is synced, a crash may leave any mixture of the old bytes and the new; overwriting it again mends
    /// that.
    pub fn erase(&self, file: &dyn StorageFile, body: Place) -> Result<bool, StorageError> {
        let Some(salt) = read_salt(file)? else { return Ok(false) };
        let Some(offset) = body.offset.checked_sub(RECORD_FRONT_BYTES as u64) else { return Ok(false) };
        let mut front = [0; RECORD_FRONT_BYTES];
        file.read_at(offset, &mut front)?;
        let erasable = |kind| matches!(kind, RecordKind::Payload | RecordKind::Intent | RecordKind::Void);
        if !read_front(&front).is_some_and(|(kind, length)| erasable(kind) && length == body.length as usize) {
            return Ok(false);
        }
        let mut record = vec![0; RECORD_FRONT_BYTES + body.length as usize];
        let front = record_front(salt, RecordKind::Void, body.length as usize, &[&record[RECORD_FRONT_BYTES..]]);
        record[..RECORD_FRONT_BYTES].copy_from_slice(&front);
        file.write_at(offset, &record)?;
        Ok(true)
    }

    /// Opens a segment to change what stands in it.
    pub fn open_to_erase(&self, segment: u32) -> Result<Box<dyn StorageFile>, StorageError> {
        self.backend.open(&segment_path(segment), OpenMode::Write)
    }

    /// Numbers of the segments, ascending.
    pub fn segments(&self) -> Result<Vec<u32>, StorageError> {
        let entries = self.backend.list("items")?;
        let numbers = entries.into_iter().filter(|entry| !entry.is_dir && entry.name.len() == 8);
        Ok(numbers.filter_map(|entry| u32::from_str_radix(&entry.name, 16).ok()).collect())
    }

    fn file(&self, segment: u32) -> Result<Arc<dyn StorageFile>, StorageError> {
        let mut open = self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(file) = open.get(&segment) {
            return Ok(file.clone());
        }
        let file: Arc<dyn StorageFile> = self.backend.open(&segment_path(segment), OpenMode::Read)?.into();
        open.insert(segment, file.clone());
        Ok(file)
    }

    /// Takes back what an appender gathered records in, unless a giant among them made it grow.
    pub fn reuse(&self, appender: &mut Appender) {
        appender.buffer.clear();
        if appender.buffer.capacity() <= BUFFER_KEPT_BYTES_MAX {
            *self.buffer() = std::mem::take(&mut appender.buffer);
        }
    }

    fn buffer(&self) -> MutexGuard<'_, Vec<u8>> {
        self.buffer.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Begins to append behind `length` bytes of `segment`; cuts off what a crash left behind them.
    pub fn append_from(&self, segment: u32, length: u64) -> Result<Appender, StorageError> {
        if self.backend.create_dir("items")? {
            self.backend.sync_dir("")?;
        }
        self.cut(segment, length)?;
        let buffer = std::mem::take(&mut *self.buffer());
        let backend = self.backend.clone();
        let mut appender = Appender { backend, file: None, salt: 0, segment, length, on_its_way: length, buffer };
        if length >= SEGMENT_BYTES_MAX || (length > 0 && !appender.go_on()?) {
            appender.segment += 1;
            appender.length = 0;
        }
        if appender.length == 0 {
            appender.begin()?;
        }
        Ok(appender)
    }
}

/// Goes through the records of one segment, many with each read of the file.
#[derive(Debug)]
pub struct Walk {
    file: Arc<dyn StorageFile>,
    salt: Option<u64>,
    length: u64,
    offset: u64,
    /// Bytes of the file from `window_start` on.
    window: Vec<u8>,
    window_start: u64,
}

/// What a walk came upon.
#[derive(Debug)]
pub enum Step<'w> {
    /// A whole record.
    Record(Record<&'w [u8]>),
    /// Bytes that belong to no whole record; more records follow.
    Damaged(Range<u64>),
}

impl Walk {
    /// Where the next step begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes behind the last step that are no record: a torn tail, or damage up to the end.
    pub fn rest(&self) -> Range<u64> {
        let start = if self.salt.is_some() { self.offset } else { 0 };
        start.min(self.length)..self.length
    }

    /// The next record, or what is damaged before it. `None` where no whole record follows.
    pub fn step(&mut self) -> Result<Option<Step<'_>>, StorageError> {
        let Some(salt) = self.salt.filter(|_| self.offset < self.length) else { return Ok(None) };
        if let Some((kind, body_length)) = self.front_at_offset()? {
            let start = (self.offset - self.window_start) as usize;
            let (front, body) = self.window[start..][..RECORD_FRONT_BYTES + body_length].split_at(RECORD_FRONT_BYTES);
            if record_front(salt, kind, body_length, &[body]) == front {
                let record = Record { kind, body_offset: self.offset + RECORD_FRONT_BYTES as u64, body };
                self.offset = record.end();
                return Ok(Some(Step::Record(record)));
            }
        }
        let Some(next) = find_record(&*self.file, salt, self.offset)? else { return Ok(None) };
        let damaged = self.offset..next;
        self.offset = next;
        Ok(Some(Step::Damaged(damaged)))
    }

    /// The front of the record at the offset, if the file is long enough for the whole of it; then all of it is in the window.
    fn front_at_offset(&mut self) -> Result<Option<(RecordKind, usize)>, StorageError> {
        if !self.look_at(RECORD_FRONT_BYTES)? {
            return Ok(None);
        }
        let start = (self.offset - self.window_start) as usize;
        let front = self.window[start..].first_chunk().and_then(read_front);
        let Some((kind, body_length)) = front else { return Ok(None) };
        Ok(self.look_at(RECORD_FRONT_BYTES + body_length)?.then_some((kind, body_length)))
    }

    /// Reads on until so many bytes from the offset on are in the window. False where the file ends before.
    fn look_at(&mut self, bytes: usize) -> Result<bool, StorageError> {
        let end = self.offset + bytes as u64;
        if end > self.length {
            return Ok(false);
        }
        if self.offset < self.window_start || end > self.window_start + self.window.len() as u64 {
            let wanted = (bytes.max(BUFFER_BYTES) as u64).min(self.length - self.offset);
            self.window.resize(wanted as usize, 0);
            self.window_start = self.offset;
            let read = self.file.read_at(self.offset, &mut self.window)?;
            self.window.truncate(read);
        }
        Ok(end <= self.window_start + self.window.len() as u64)
    }

    /// Whether a damaged stretch looks as if it had never reached the disk: a sector of it, or a part of one, is all zeros.
    pub fn is_torn(&self, stretch: &Range<u64>) -> Result<bool, StorageError> {
        /// What reaches the disk wholly or not at all; a page of memory may be torn between its sectors.
        const SECTOR_BYTES: u64 = 512;
        /// Shorter rows of zeros are nothing special.
        const ZEROS_MIN: u64 = 16;
        let mut sector = [0; SECTOR_BYTES as usize];
        let mut at = stretch.start;
        while at < stretch.end {
            let end = (at / SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES).min(stretch.end);
            let sector = &mut sector[..(end - at) as usize];
            self.file.read_exact_at(at, sector)?;
            if end - at >= ZEROS_MIN && sector.iter().all(|byte| *byte == 0) {
                return Ok(true);
            }
            at = end;
        }
        Ok(false)
    }
}

/// Appends records. Nothing counts before [`Appender::sync`].
#[derive(Debug)]
pub struct Appender {
    backend: Arc<dyn StorageBackend>,
    file: Option<Box<dyn StorageFile>>,
    salt: u64,
    segment: u32,
    /// Bytes of the segment that are written, without the buffer.
    length: u64,
    /// Up to where they are on their way to the disk.
    on_its_way: u64,
    buffer: Vec<u8>,
}

impl Appender {
    /// Appends a record; returns the place of its body.
    pub fn append(&mut self, kind: RecordKind, parts: &[&[u8]]) -> Result<Place, StorageError> {
        if self.length + self.buffer.len() as u64 >= SEGMENT_BYTES_MAX {
            self.sync()?;
            self.segment += 1;
            self.length = 0;
            self.begin()?;
        }
        let body = push_record(&mut self.buffer, self.salt, kind, parts);
        let length = (self.buffer.len() - body) as u32;
        let place = Place { segment: self.segment, offset: self.length + body as u64, length };
        if self.buffer.len() >= BUFFER_BYTES {
            self.write()?;
        }
        Ok(place)
    }

    /// Writes what is buffered, so that it can be read back.
    pub fn write(&mut self) -> Result<(), StorageError> {
        if let Some(file) = self.file.as_ref().filter(|_| !self.buffer.is_empty()) {
            file.write_at(self.length, &self.buffer)?;
            self.length += self.buffer.len() as u64;
            self.buffer.clear();
            if self.length - self.on_its_way >= WRITEBACK_BYTES {
                file.start_writeback(self.on_its_way..self.length);
                self.on_its_way = self.length;
            }
        }
        Ok(())
    }

    /// Makes everything appended durable; returns segment and length.
    pub fn sync(&mut self) -> Result<(u32, u64), StorageError> {
        self.write()?;
        if let Some(file) = &self.file {
            file.sync_data()?;
        }
        Ok((self.segment, self.length))
    }

    /// Opens the segment to grow it. False where its front is damaged: no record behind it could be told from chance.
    fn go_on(&mut self) -> Result<bool, StorageError> {
        let file = self.backend.open(&segment_path(self.segment), OpenMode::Write)?;
        let salt = read_salt(&*file)?;
        (self.salt, self.file) = (salt.unwrap_or(0), Some(file));
        Ok(salt.is_some())
    }

    fn begin(&mut self) -> Result<(), StorageError> {
        let file = self.backend.open(&segment_path(self.segment), OpenMode::Create)?;
        file.set_len(0)?;
        self.on_its_way = 0;
        self.salt = self.backend.salt();
        self.buffer.extend_from_slice(&segment_front(self.salt));
        self.backend.sync_dir("items")?;
        self.file = Some(file);
        Ok(())
    }
}
