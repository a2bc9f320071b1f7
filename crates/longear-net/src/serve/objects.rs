//! What stands in the tree that a store serves, whoever asks and over whichever route.

use longear_core::blob::BlobHash;
use longear_core::holdings::Holdings;
use longear_core::tree::TreePath;
use longear_core::{ChannelId, LogId, StreamId};
use longear_store::{Store, StoreError};

/// The bytes of a head, a charter, a fork proof or the edge of a broadcast, as held at this moment; `None` where there is none, and for the paths of
/// packs and blobs, which [`Store::pack`] and [`Store::blobs`] give in pieces.
///
/// Of an edge those ticks are left out that stand no later than `after`.
pub fn small_object(store: &Store, path: &TreePath, after: Option<u64>) -> Result<Option<Vec<u8>>, StoreError> {
    let state = |channel: &[u8; 32]| store.channel(&ChannelId(*channel));
    Ok(match path {
        TreePath::Head { channel } => {
            let state = state(channel)?.filter(|state| state.lineage().number() > 0);
            state.map(|state| state.head().encode())
        }
        TreePath::Charter { channel, number } => state(channel)?.and_then(|state| {
            let mut charters = state.lineage().charters().iter();
            let found = charters.find(|charter| charter.body.number == u64::from(*number));
            found.map(|charter| charter.encode())
        }),
        TreePath::Fork { channel, log } => {
            state(channel)?.and_then(|state| state.fork(&LogId(*log)).map(|proof| proof.encode()))
        }
        TreePath::Edge { channel, stream } => {
            let session = store.session(&ChannelId(*channel), &StreamId(*stream))?;
            let edge = session.map(|session| store.edge(&session)).transpose()?.flatten();
            edge.map(|edge| after.into_iter().fold(edge, |edge, seq| edge.after(seq)).encode())
        }
        _ => None,
    })
}

/// The tag of a small object: a part of its hash, so that equal objects have equal tags wherever they stand.
pub fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", &BlobHash::of(bytes).to_string()[..32])
}
