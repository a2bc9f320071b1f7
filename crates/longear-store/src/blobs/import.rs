//! Publishing: one pass that reads, hashes and writes at the same time.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use longear_core::blob::{BlobHash, BlobLayout, GROUP_BYTES, Groups, Hashed, SLICE_BYTES_MAX, TreeHasher};

use super::{BlobError, BlobStore, INCOMING_DIR, data_path, folder_path, outboard_path, write_upper_nodes};
use crate::backend::{OpenMode, StorageError, StorageFile};
use crate::pages::PageBuffer;

/// Bytes that travel together from reading to writing to hashing: few enough to stay in the
/// processor's cache on the way, and enough that handing them over costs nothing.
const PIECE_BYTES: usize = 256 * 1024;

/// Pieces on their way at once: 4 MiB.
const PIECES_MAX: usize = 16;

/// Bytes after which the disk is asked to start writing.
const WRITEBACK_BYTES: u64 = 8 * 1024 * 1024;

/// Names tried for a temporary file: as many blobs can be published at once.
const INCOMING_MAX: u32 = 256;

/// Tells what was published into the store.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The blob's name.
    pub hash: BlobHash,
    /// Its size in bytes.
    pub size: u64,
    /// The hashes of its groups, for the item.
    pub groups: Groups,
}

/// A file that is being published; its lock tells it from one that was left behind.
struct Incoming {
    path: String,
    file: Box<dyn StorageFile>,
}

impl Incoming {
    fn outboard_path(&self) -> String {
        format!("{}.o", self.path)
    }
}

impl BlobStore {
    /// Copies a file or stream into the store and names it; durable when this returns.
    ///
    /// Hashing runs in a second thread beside reading and writing. Memory: 4 MiB and 32 B per MiB.
    /// `progress` is told the bytes read so far, four times per MiB. Fails with
    /// [`BlobError::Source`] where the source cannot be read, and leaves nothing behind then.
    pub fn import(&self, source: impl Read, progress: impl FnMut(u64)) -> Result<Imported, BlobError> {
        self.create_folder(INCOMING_DIR)?;
        let incoming = self.claim_incoming()?;
        let outcome = self.import_into(&incoming, source, progress);
        if outcome.is_err() {
            // The disk may be the very thing that failed; the next opening tries again.
            let _ = self.backend.remove(&incoming.outboard_path());
            let _ = self.backend.remove(&incoming.path);
        }
        outcome
    }

    fn import_into(
        &self,
        incoming: &Incoming,
        source: impl Read,
        progress: impl FnMut(u64),
    ) -> Result<Imported, BlobError> {
        let outboard_path = incoming.outboard_path();
        let mut slices = SliceFile { store: self, path: &outboard_path, file: None };
        let hashed = thread::scope(|scope| {
            let (filled, pieces) = sync_channel(PIECES_MAX);
            let (emptied, spare) = sync_channel(PIECES_MAX);
            let slices = &mut slices;
            let hashing = thread::Builder::new()
                .name("blob-import".to_owned())
                .spawn_scoped(scope, move || hash_pieces(&pieces, &emptied, slices))
                .map_err(BlobError::Thread)?;
            let copied = copy_pieces(source, &*incoming.file, filled, &spare, progress);
            let hashed = hashing.join().expect("hashing does not panic");
            copied.and(hashed)
        })?;
        let layout = hashed.groups.layout();
        incoming.file.sync_data()?;
        if layout.size() >= GROUP_BYTES {
            slices.lay_out(&hashed, layout)?;
        }
        self.adopt(incoming, &hashed)?;
        Ok(Imported { hash: hashed.hash, size: hashed.size, groups: hashed.groups })
    }

    /// Gives a published file its name.
    fn adopt(&self, incoming: &Incoming, hashed: &Hashed) -> Result<(), BlobError> {
        let hash = hashed.hash;
        let folder = folder_path(hash);
        self.create_folder(&folder)?;
        if hashed.size >= GROUP_BYTES {
            self.backend.rename(&incoming.outboard_path(), &outboard_path(hash))?;
        }
        // The same blob, if it is here already, is replaced by itself, and made whole thereby.
        self.backend.rename(&incoming.path, &data_path(hash))?;
        self.backend.sync_dir(&folder)?;
        // It is here and durable: tidying up can wait for the next check.
        let _ = self.remove_leftovers(hash);
        Ok(())
    }

    /// Makes and locks a temporary file, reusing those that were left behind.
    fn claim_incoming(&self) -> Result<Incoming, BlobError> {
        for number in 0..INCOMING_MAX {
            let path = format!("{INCOMING_DIR}/{number}");
            if let Some(file) = self.backend.lock(&path)? {
                let incoming = Incoming { path, file };
                incoming.file.set_len(0)?;
                self.backend.remove(&incoming.outboard_path())?;
                return Ok(incoming);
            }
        }
        let cause = io::Error::new(io::ErrorKind::ResourceBusy, "too much is being published");
        Err(BlobError::Source(cause))
    }

    /// Removes what interrupted publishing left behind.
    pub(super) fn remove_stale_imports(&self) -> Result<(), StorageError> {
        for entry in self.backend.list(INCOMING_DIR)? {
            let path = format!("{INCOMING_DIR}/{}", entry.name);
            let owner = path.strip_suffix(".o").unwrap_or(&path);
            if let Some(_stale) = self.backend.lock(owner)? {
                self.backend.remove(&format!("{owner}.o"))?;
                self.backend.remove(owner)?;
            }
        }
        Ok(())
    }
}

/// Reads the source to its end, writes it, and passes each piece on to be hashed.
///
/// Ends early where the hashing thread has ended: that one knows why.
fn copy_pieces(
    mut source: impl Read,
    file: &dyn StorageFile,
    filled: SyncSender<PageBuffer>,
    spare: &Receiver<PageBuffer>,
    mut progress: impl FnMut(u64),
) -> Result<(), BlobError> {
    let (mut offset, mut started, mut pieces) = (0, 0, 0);
    loop {
        let piece = if pieces < PIECES_MAX { None } else { spare.recv().ok() };
        pieces += 1;
        let mut piece = piece.unwrap_or_else(|| PageBuffer::new(PIECE_BYTES));
        let length = fill(&mut source, &mut piece).map_err(BlobError::Source)?;
        if length == 0 {
            return Ok(());
        }
        piece.truncate(length);
        file.write_at(offset, &piece)?;
        offset += length as u64;
        if offset - started >= WRITEBACK_BYTES {
            file.start_writeback(started..offset);
            started = offset;
        }
        progress(offset);
        if filled.send(piece).is_err() || length < PIECE_BYTES {
            return Ok(());
        }
    }
}

/// Reads until the buffer is full or the source ends.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
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

fn hash_pieces(
    pieces: &Receiver<PageBuffer>,
    emptied: &SyncSender<PageBuffer>,
    slices: &mut SliceFile<'_>,
) -> Result<Hashed, BlobError> {
    let mut hasher = TreeHasher::new();
    while let Ok(piece) = pieces.recv() {
        hasher.update(&piece)?;
        while let Some(slice) = hasher.poll_slice() {
            slices.push(slice.group, &slice.nodes)?;
        }
        // Nobody waits for it at the end.
        let _ = emptied.try_send(piece);
    }
    let mut hashed = hasher.finish();
    if hashed.size >= GROUP_BYTES {
        for slice in hashed.slices.drain(..) {
            slices.push(slice.group, &slice.nodes)?;
        }
    }
    Ok(hashed)
}

/// The outboard of a blob whose size is not known yet.
///
/// Where a slice belongs depends on the size, so they are written one behind the other first and
/// moved apart at the end: always towards the end, hence from the last one on.
struct SliceFile<'store> {
    store: &'store BlobStore,
    path: &'store str,
    file: Option<Box<dyn StorageFile>>,
}

impl SliceFile<'_> {
    fn push(&mut self, group: u32, nodes: &[u8]) -> Result<(), StorageError> {
        let file = match &self.file {
            Some(file) => file,
            None => {
                let file = self.store.backend.open(self.path, OpenMode::Create)?;
                file.set_len(0)?;
                self.file.insert(file)
            }
        };
        file.write_at(u64::from(group) * SLICE_BYTES_MAX as u64, nodes)
    }

    fn lay_out(&self, hashed: &Hashed, layout: BlobLayout) -> Result<(), StorageError> {
        let file = self.file.as_ref().expect("a full group was pushed");
        let mut nodes = [0; SLICE_BYTES_MAX];
        for group in (0..layout.group_count()).rev() {
            let range = layout.slice_range(group);
            let nodes = &mut nodes[..(range.end - range.start) as usize];
            file.read_exact_at(u64::from(group) * SLICE_BYTES_MAX as u64, nodes)?;
            file.write_at(range.start, nodes)?;
        }
        write_upper_nodes(&**file, &hashed.groups)?;
        file.set_len(layout.outboard_bytes())?;
        file.sync_data()
    }
}
