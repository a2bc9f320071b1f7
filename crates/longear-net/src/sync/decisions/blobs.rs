//! Which blobs are wanted, in which order.

use std::collections::HashMap;

use longear_core::blob::BlobHash;
use longear_core::schedule::{BlobWant, order_blobs};
use longear_core::{ChannelId, Groups, Rendition};
use longear_store::Store;
use longear_store::blobs::{BlobError, BlobState};

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
}

impl WantedBlob {
    fn of(rendition: &Rendition) -> Self {
        let Rendition { blob, size, name, groups, .. } = rendition.clone();
        Self { hash: blob, size, name, groups }
    }
}

/// The blobs of the channels' visible items that are not wholly here, best first. Files that came inside their items are
/// taken from there; the second value counts them.
pub fn wanted_blobs(
    store: &Store,
    channels: &[ChannelId],
    wanted: BlobsWanted,
) -> Result<(Vec<WantedBlob>, u64), SyncError> {
    let (mut order, mut taken) = (Vec::new(), 0);
    let mut renditions = HashMap::<[u8; 32], Rendition>::new();
    for channel in channels {
        for item in store.shown_media(channel)? {
            for (rendition, class) in store.files(&item)? {
                let (blob, size) = (rendition.blob, rendition.size);
                let is_here = || {
                    let state = store.blobs().state(BlobHash::from_bytes(blob));
                    Ok::<_, BlobError>(matches!(state?, BlobState::Complete { .. }))
                };
                if !wanted.includes(class, size) || renditions.contains_key(&blob) || is_here()? {
                    continue;
                }
                if let Groups::File(bytes) = &rendition.groups {
                    store.blobs().import(&bytes[..], |_| {})?;
                    taken += 1;
                    continue;
                }
                order.push(BlobWant { blob, size, class, item: item.id(), log: item.log, time: item.header().time });
                renditions.insert(blob, rendition);
            }
        }
    }
    order_blobs(&mut order);
    let wants = order.into_iter().filter_map(|want| renditions.remove(&want.blob));
    Ok((wants.map(|rendition| WantedBlob::of(&rendition)).collect(), taken))
}
