//! Which blobs are wanted, in which order.

use std::collections::HashMap;

use longear_core::blob::BlobHash;
use longear_core::schedule::{BlobWant, order_blobs};
use longear_core::{ChannelId, Class, Groups, ItemId, LogId, Rendition};
use longear_store::Store;
use longear_store::blobs::{BlobError, BlobState};

use super::live::{LiveFile, Running, running};
use crate::sync::options::BlobsWanted;
use crate::sync::report::SyncError;

/// A file that somebody wants, with what is needed to check it.
#[derive(Clone, Debug)]
pub struct WantedBlob {
    /// Plain BLAKE3.
    pub hash: [u8; 32],
    /// Bytes.
    pub size: u64,
    /// The rendition's name.
    pub name: String,
    /// Hashes of its groups, or where they stand.
    pub groups: Groups,
    /// Whether only the edge of a broadcast names it: who has the edge may have the file a moment later.
    pub is_of_edge: bool,
}

/// The blobs of the channels' visible items, and of broadcasts that run, that are not wholly here, best first. Files that
/// came inside their items are taken from there; the second value counts them.
///
/// Within a class the newest goes first, so what an edge names goes before what is older.
pub fn wanted_blobs(
    store: &Store,
    channels: &[ChannelId],
    wanted: BlobsWanted,
) -> Result<(Vec<WantedBlob>, u64), SyncError> {
    let mut wants = Wants::new(store, wanted);
    wants.add_edges(&running(store, channels)?)?;
    for channel in channels {
        for item in store.shown_media(channel)? {
            let namer = Namer { item: item.id(), log: item.log, time: item.header().time, is_edge: false };
            for (file, class) in store.files(&item)? {
                wants.add(file, class, namer)?;
            }
        }
    }
    Ok(wants.in_order())
}

/// The same of broadcasts that run only: of their edges and of their roll-ups.
pub fn wanted_live_blobs(
    store: &Store,
    running: &[Running],
    wanted: BlobsWanted,
    with_roll_ups: bool,
) -> Result<Vec<WantedBlob>, SyncError> {
    let mut wants = Wants::new(store, wanted);
    wants.add_edges(running)?;
    for broadcast in running.iter().filter(|_| with_roll_ups) {
        for LiveFile { file, class, time } in broadcast.rolled_up_files() {
            wants.add(file, class, Namer { item: broadcast.item, log: broadcast.log, time, is_edge: false })?;
        }
    }
    Ok(wants.in_order().0)
}

/// Who names a file.
#[derive(Clone, Copy)]
struct Namer {
    item: ItemId,
    log: LogId,
    time: u64,
    is_edge: bool,
}

struct Wants<'s> {
    store: &'s Store,
    wanted: BlobsWanted,
    order: Vec<BlobWant>,
    files: HashMap<[u8; 32], WantedBlob>,
    /// Files that came inside their items.
    taken: u64,
}

impl<'s> Wants<'s> {
    fn new(store: &'s Store, wanted: BlobsWanted) -> Self {
        Wants { store, wanted, order: Vec::new(), files: HashMap::new(), taken: 0 }
    }

    fn add_edges(&mut self, running: &[Running]) -> Result<(), SyncError> {
        for broadcast in running {
            for LiveFile { file, class, time } in broadcast.edge_files(self.store)? {
                self.add(file, class, Namer { item: broadcast.item, log: broadcast.log, time, is_edge: true })?;
            }
        }
        Ok(())
    }

    fn add(&mut self, file: Rendition, class: Class, namer: Namer) -> Result<(), SyncError> {
        let Rendition { blob, size, name, groups, .. } = file;
        if let Some(known) = self.files.get_mut(&blob) {
            known.is_of_edge &= namer.is_edge;
            return Ok(());
        }
        if !self.wanted.includes(class, size) || self.is_here(blob)? {
            return Ok(());
        }
        if let Groups::File(bytes) = &groups {
            self.store.blobs().import(&bytes[..], |_| {})?;
            self.taken += 1;
            return Ok(());
        }
        let Namer { item, log, time, is_edge: is_of_edge } = namer;
        self.order.push(BlobWant { blob, size, class, item, log, time });
        self.files.insert(blob, WantedBlob { hash: blob, size, name, groups, is_of_edge });
        Ok(())
    }

    fn is_here(&self, blob: [u8; 32]) -> Result<bool, BlobError> {
        let state = self.store.blobs().state(BlobHash::from_bytes(blob))?;
        Ok(matches!(state, BlobState::Complete { .. }))
    }

    fn in_order(mut self) -> (Vec<WantedBlob>, u64) {
        order_blobs(&mut self.order);
        let wants = self.order.into_iter().filter_map(|want| self.files.remove(&want.blob));
        (wants.collect(), self.taken)
    }
}
