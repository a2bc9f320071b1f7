//! What somebody holds of a broadcast.

use std::collections::BTreeSet;
use std::ops::Range;

use longear_core::blob::BlobHash;
use longear_core::live::{Part, Timeline};
use longear_core::{ItemId, hash};
use longear_store::blobs::BlobState;
use longear_store::{Store, StoreError};

use crate::commands::publish::blob_failure;
use crate::failure::Failure;
use crate::home::store_failure;
use crate::terminal::Beside;

/// The rendition whose seconds are drawn.
pub(super) const DRAWN: &str = "360p";

/// A segment of the broadcast, as the newsroom signed it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Piece {
    rendition: String,
    start_ms: u64,
    end_ms: u64,
    init: [u8; 32],
    segment: [u8; 32],
}

/// What is known and what is here of the broadcast.
#[derive(Default)]
pub(super) struct Holding {
    /// Every segment of which the newsroom's word has come.
    pub known: BTreeSet<Piece>,
    /// Those whose bytes are here, all of them.
    pub whole: BTreeSet<Piece>,
    /// Whether the end of the broadcast is known.
    pub is_over: bool,
}

impl Holding {
    /// Looks into a store; of a broadcast that it does not know there is nothing.
    pub fn look(store: &Store, id: &ItemId) -> Result<Self, Failure> {
        let Some(timeline) = timeline(store, id).map_err(|error| store_failure(&error))? else {
            return Ok(Holding::default());
        };
        let mut holding = Holding { is_over: timeline.is_over(), ..Holding::default() };
        for track in timeline.tracks() {
            for part in &track.parts {
                let piece = Piece::of(&track.name, part);
                if is_whole(store, piece.init)? && is_whole(store, piece.segment)? {
                    holding.whole.insert(piece.clone());
                }
                holding.known.insert(piece);
            }
        }
        Ok(holding)
    }

    /// Whether all that is in another holding is in this one, too.
    pub fn has(&self, other: &Holding) -> bool {
        self.whole.is_superset(&other.whole)
    }

    /// Up to where the drawn rendition is here.
    pub fn end_ms(&self) -> u64 {
        self.drawn().map(|range| range.end).max().unwrap_or(0)
    }

    /// Draws the seconds that are here, of so many.
    pub fn line(&self, size: u64) -> Beside {
        Beside::Line { ranges: joined(self.drawn()), size }
    }

    fn drawn(&self) -> impl Iterator<Item = Range<u64>> {
        self.whole.iter().filter(|piece| piece.rendition == DRAWN).map(|piece| piece.start_ms..piece.end_ms)
    }

    /// Reads every file of the broadcast in somebody's store, and compares its bytes with the hash that the newsroom signed.
    pub fn compare(&self, store: &Store, who: &str) -> Result<(), Failure> {
        let files = self.whole.iter().flat_map(|piece| [piece.init, piece.segment]).collect::<BTreeSet<_>>();
        for file in files {
            if hash::plain(&bytes_of(store, file)?) != file {
                return Err(Failure::bug(format!("A segment differs: {who}, {}", BlobHash::from_bytes(file))));
            }
        }
        Ok(())
    }
}

impl Piece {
    fn of(rendition: &str, part: &Part) -> Self {
        let (start_ms, end_ms) = (part.start_ms, part.end_ms());
        Piece { rendition: rendition.to_owned(), start_ms, end_ms, init: part.init, segment: part.blob }
    }
}

fn timeline(store: &Store, id: &ItemId) -> Result<Option<Timeline>, StoreError> {
    let Some(item) = store.item(id)? else { return Ok(None) };
    let Some(opening) = store.opening(&item)? else { return Ok(None) };
    // The edge first: of what is rolled up between the two looks nothing is missed.
    let edge = store.edge(&opening.session(item.channel))?;
    Ok(Some(Timeline::of(&store.roll_ups(&item)?, edge.as_ref())))
}

fn is_whole(store: &Store, file: [u8; 32]) -> Result<bool, Failure> {
    let state = store.blobs().state(BlobHash::from_bytes(file)).map_err(|error| blob_failure(&error))?;
    Ok(matches!(state, BlobState::Complete { .. }))
}

fn bytes_of(store: &Store, file: [u8; 32]) -> Result<Vec<u8>, Failure> {
    let hash = BlobHash::from_bytes(file);
    let state = store.blobs().state(hash).map_err(|error| blob_failure(&error))?;
    let BlobState::Complete { size } = state else { return Ok(Vec::new()) };
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
    let read = store.blobs().read_at(hash, 0, &mut bytes).map_err(|error| blob_failure(&error))?;
    bytes.truncate(read);
    Ok(bytes)
}

/// The same with one range for those that follow each other.
fn joined(ranges: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut all: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
            _ => all.push(range),
        }
    }
    all
}
