//! The recording of a broadcast: what plays as a file, made of the segments of one rendition.

use std::io::{self, Write};

use longear_core::blob::BlobHash;
use longear_core::live::{Medium, Part, Timeline};
use longear_core::{Kind, Opening};
use longear_store::blobs::{BlobError, BlobState};
use longear_store::{Store, StoreError, StoredItem};

/// Bytes copied at a time.
const COPY_BYTES: usize = 1 << 20;

/// The segments of a rendition that play behind one initialisation segment, in order: one after the other they are a file of
/// fragmented MP4. An encoder that came back with other settings begins another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// The rendition, and a number from the second take on.
    pub name: String,
    /// What it holds.
    pub medium: Medium,
    /// Its segments.
    pub parts: Vec<Part>,
}

impl Take {
    /// All takes of a broadcast, rendition by rendition.
    pub fn all(timeline: &Timeline) -> Vec<Take> {
        let mut takes = Vec::new();
        for track in timeline.tracks() {
            for (number, parts) in (1..).zip(track.parts.chunk_by(|one, next| one.init == next.init)) {
                let name = if number == 1 { track.name.clone() } else { format!("{}-{number}", track.name) };
                takes.push(Take { name, medium: track.medium, parts: parts.to_vec() });
            }
        }
        takes
    }

    /// What it is called as a file.
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.name, if self.medium == Medium::Sound { "m4a" } else { "mp4" })
    }

    /// Its media type.
    pub fn mime(&self) -> &'static str {
        if self.medium == Medium::Sound { "audio/mp4" } else { "video/mp4" }
    }

    /// How long it plays, holes not counted.
    pub fn duration_ms(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.duration_ms)).sum()
    }

    /// Its bytes.
    pub fn size(&self) -> u64 {
        self.blobs().map(|(_, size)| size).sum()
    }

    /// How many of them are here.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn have(&self, store: &Store) -> Result<u64, BlobError> {
        let mut have = 0;
        for (hash, _) in self.blobs() {
            have += match store.blobs().state(hash)? {
                BlobState::Absent => 0,
                BlobState::Partial { have_bytes, .. } => have_bytes,
                BlobState::Complete { size } => size,
            };
        }
        Ok(have)
    }

    /// Writes it, if all of it is here.
    ///
    /// # Errors
    /// Those of the store and of whoever is written to.
    pub fn copy(&self, store: &Store, out: &mut impl Write) -> Result<(), CopyError> {
        let mut buffer = vec![0; COPY_BYTES];
        for (hash, size) in self.blobs() {
            let reader = store.blobs().reader(hash)?;
            let mut at = 0;
            while at < size {
                let length = reader.read_at(at, &mut buffer)?;
                if length == 0 {
                    return Err(CopyError::Short);
                }
                out.write_all(&buffer[..length])?;
                at += length as u64;
            }
        }
        Ok(())
    }

    fn blobs(&self) -> impl Iterator<Item = (BlobHash, u64)> {
        let init = self.parts.first().map(|part| (part.init, part.init_size));
        let segments = self.parts.iter().map(|part| (part.blob, part.size));
        init.into_iter().chain(segments).map(|(hash, size)| (BlobHash::from_bytes(hash), u64::from(size)))
    }
}

/// Why a take was not written.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The store gave none.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// A segment is shorter than its ticks say.
    #[error("a segment is shorter than it should be")]
    Short,
}

/// What is known of the broadcast that an item opens; `None` if it opens none.
///
/// # Errors
/// Those of the store.
pub fn timeline(store: &Store, item: &StoredItem) -> Result<Option<Timeline>, StoreError> {
    if item.header().kind != Kind::Live {
        return Ok(None);
    }
    let Some(payload) = store.payload(item)? else { return Ok(None) };
    let Ok(opening) = Opening::decode(&payload) else { return Ok(None) };
    let edge = store.edge(&opening.session(item.channel))?;
    Ok(Some(Timeline::of(&store.roll_ups(item)?, edge.as_ref())))
}

#[cfg(test)]
mod tests {
    use longear_core::RollUp;
    use longear_core::live::{Beat, Segment, StreamId};

    use super::*;

    fn segment(number: u64, init: u8) -> Segment {
        Segment {
            name: "360p".into(),
            medium: Medium::Picture(360),
            start_ms: number * 2_000,
            duration_ms: 2_000,
            init: [init; 32],
            init_size: 700,
            blob: [number as u8; 32],
            size: 10_000,
            groups: Vec::new(),
        }
    }

    #[test]
    fn an_encoder_that_comes_back_with_other_settings_begins_another_file() {
        let beats = [(0, 8), (1, 8), (2, 9), (3, 9), (4, 9)];
        let beats = beats.map(|(number, init)| Beat { time: 5_000, segments: vec![segment(number, init)] }).to_vec();
        let roll_up = RollUp { stream: StreamId([1; 16]), first: 0, is_last: true, beats, chapters: Vec::new() };
        let takes = Take::all(&Timeline::of([&roll_up], None));
        let told = |take: &Take| (take.file_name(), take.parts.len(), take.size(), take.duration_ms());
        assert_eq!(told(&takes[0]), ("360p.mp4".to_owned(), 2, 20_700, 4_000));
        assert_eq!(told(&takes[1]), ("360p-2.mp4".to_owned(), 3, 30_700, 6_000));
        assert_eq!(takes.len(), 2);
    }
}
