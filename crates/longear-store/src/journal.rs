//! The segments as one append-only journal: writing at its end, reading anywhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::backend::{OpenMode, StorageBackend, StorageError, StorageFile};
use crate::segment::{
    Place, Record, RecordKind, SEGMENT_BYTES_MAX, SEGMENT_MAGIC, push_record, read_record, segment_path,
};

/// Bytes gathered before they are written in one go.
const BUFFER_BYTES: usize = 1 << 20;

/// Reads records and parts of them. Files stay open: a store has one segment for every 64 MiB.
#[derive(Debug)]
pub struct Journal {
    backend: Arc<dyn StorageBackend>,
    open: Mutex<HashMap<u32, Arc<dyn StorageFile>>>,
}

impl Journal {
    /// A journal in this folder.
    pub fn new(backend: Arc<dyn StorageBackend>) -> Self {
        Journal { backend, open: Mutex::new(HashMap::new()) }
    }

    /// The bytes at a place.
    pub fn read(&self, place: Place) -> Result<Vec<u8>, StorageError> {
        let mut bytes = vec![0; place.length as usize];
        self.file(place.segment)?.read_exact_at(place.offset, &mut bytes)?;
        Ok(bytes)
    }

    /// The whole record at an offset, if there is one.
    pub fn record(&self, segment: u32, offset: u64) -> Result<Option<Record>, StorageError> {
        read_record(&*self.file(segment)?, offset)
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

    /// Begins to append behind `length` bytes of `segment`; cuts off what a crash left behind them.
    pub fn append_from(&self, segment: u32, length: u64) -> Result<Appender, StorageError> {
        if self.backend.create_dir("items")? {
            self.backend.sync_dir("")?;
        }
        let mut appender = Appender { backend: self.backend.clone(), file: None, segment, length, buffer: Vec::new() };
        if length >= SEGMENT_BYTES_MAX {
            appender.segment += 1;
            appender.length = 0;
        }
        appender.open()?;
        Ok(appender)
    }
}

/// Appends records. Nothing counts before [`Appender::sync`].
#[derive(Debug)]
pub struct Appender {
    backend: Arc<dyn StorageBackend>,
    file: Option<Box<dyn StorageFile>>,
    segment: u32,
    /// Bytes of the segment that are written, without the buffer.
    length: u64,
    buffer: Vec<u8>,
}

impl Appender {
    /// Appends a record; returns the place of its body.
    pub fn append(&mut self, kind: RecordKind, parts: &[&[u8]]) -> Result<Place, StorageError> {
        if self.length + self.buffer.len() as u64 >= SEGMENT_BYTES_MAX {
            self.sync()?;
            self.segment += 1;
            self.length = 0;
            self.open()?;
        }
        let body = push_record(&mut self.buffer, kind, parts);
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
            file.start_writeback(self.length..self.length + self.buffer.len() as u64);
            self.length += self.buffer.len() as u64;
            self.buffer.clear();
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

    fn open(&mut self) -> Result<(), StorageError> {
        let file = self.backend.open(&segment_path(self.segment), OpenMode::Create)?;
        let held = file.len()?;
        if self.length == 0 {
            file.set_len(0)?;
            self.buffer.extend_from_slice(&SEGMENT_MAGIC);
            self.backend.sync_dir("items")?;
        } else if held > self.length {
            file.set_len(self.length)?;
        }
        self.file = Some(file);
        Ok(())
    }
}
