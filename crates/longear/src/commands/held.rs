//! The files of an item as people count them: those that its article lists, and those that a broadcast's segments make.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use longear_core::blob::BlobHash;
use longear_core::live::{Medium, Timeline};
use longear_core::tree::plain_file_name;
use longear_core::{Article, Rendition};
use longear_store::blobs::BlobState;
use longear_store::{Store, StoredItem};
use serde_json::{Value, json};

use super::publish::blob_failure;
use crate::failure::Failure;
use crate::home::{file_failure, store_failure};
use crate::recording::{self, CopyError, Take};

/// Bytes copied at a time.
const COPY_BYTES: usize = 1 << 20;

/// A file of an item, and how much of it is here.
pub struct HeldFile {
    source: Source,
    /// Its bytes.
    pub size: u64,
    /// How many of them are here and verified.
    pub have: u64,
}

enum Source {
    Rendition(Rendition),
    Take(Take),
}

/// What is known of the broadcast that an item opens; `None` if it opens none.
pub fn broadcast(store: &Store, item: &StoredItem) -> Result<Option<Timeline>, Failure> {
    recording::timeline(store, item).map_err(|error| store_failure(&error))
}

impl HeldFile {
    /// The files of an item.
    pub fn all(store: &Store, item: &StoredItem, article: &Article) -> Result<Vec<Self>, Failure> {
        Self::of(store, article, broadcast(store, item)?.as_ref())
    }

    /// The same of an item of which it is known what broadcast it opens.
    pub fn of(store: &Store, article: &Article, timeline: Option<&Timeline>) -> Result<Vec<Self>, Failure> {
        let mut files = Vec::new();
        for rendition in &article.renditions {
            let have = held_bytes(store, rendition)?;
            files.push(HeldFile { size: rendition.size, have, source: Source::Rendition(rendition.clone()) });
        }
        for take in timeline.into_iter().flat_map(Take::all) {
            let have = take.have(store).map_err(|error| blob_failure(&error))?;
            files.push(HeldFile { size: take.size(), have, source: Source::Take(take) });
        }
        Ok(files)
    }

    /// What the publisher calls it.
    pub fn name(&self) -> &str {
        match &self.source {
            Source::Rendition(rendition) => &rendition.name,
            Source::Take(take) => &take.name,
        }
    }

    /// As `list --json` prints it. What is made of segments is no blob of its own.
    pub fn json(&self) -> Value {
        let (size, have) = (self.size, self.have);
        match &self.source {
            Source::Rendition(rendition) => json!({
                "name": rendition.name, "blob": BlobHash::from_bytes(rendition.blob).to_string(), "size": size,
                "have": have, "mime": rendition.mime, "duration_ms": rendition.duration_ms,
                "width": rendition.width, "height": rendition.height,
            }),
            Source::Take(take) => json!({
                "name": take.name, "blob": null, "size": size, "have": have, "mime": take.mime(),
                "duration_ms": take.duration_ms(), "width": 0,
                "height": match take.medium { Medium::Sound => 0, Medium::Picture(height) => height },
            }),
        }
    }

    /// A file name that is safe on every file system.
    pub fn file_name(&self) -> String {
        let name = match &self.source {
            Source::Rendition(rendition) => rendition.name.clone(),
            Source::Take(take) => take.file_name(),
        };
        plain_name(&name)
    }

    /// Writes it as an ordinary file. False where something of it is missing.
    pub fn export(&self, store: &Store, path: &Path) -> Result<bool, Failure> {
        if self.have < self.size {
            return Ok(false);
        }
        let failure = |error: io::Error| file_failure("write", path, &error);
        let partial = path.with_extension("partial");
        let mut file = File::create(&partial).map_err(failure)?;
        match &self.source {
            Source::Rendition(rendition) => copy_blob(store, rendition, &mut file, path)?,
            Source::Take(take) => take.copy(store, &mut file).map_err(|error| match error {
                CopyError::Blob(error) => blob_failure(&error),
                CopyError::Write(error) => failure(error),
                CopyError::Short => too_short(),
            })?,
        }
        file.sync_data().and_then(|()| std::fs::rename(&partial, path)).map_err(failure)?;
        Ok(true)
    }
}

/// A file name that is safe on every file system, with its extension kept.
pub fn plain_name(name: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    plain_file_name(stem, extension)
}

fn held_bytes(store: &Store, rendition: &Rendition) -> Result<u64, Failure> {
    let state = store.blobs().state(BlobHash::from_bytes(rendition.blob)).map_err(|error| blob_failure(&error))?;
    Ok(match state {
        BlobState::Absent => 0,
        BlobState::Partial { have_bytes, .. } => have_bytes,
        BlobState::Complete { size } => size,
    })
}

fn copy_blob(store: &Store, rendition: &Rendition, out: &mut impl Write, path: &Path) -> Result<(), Failure> {
    let hash = BlobHash::from_bytes(rendition.blob);
    let mut buffer = vec![0; COPY_BYTES];
    let mut at = 0;
    while at < rendition.size {
        let length = store.blobs().read_at(hash, at, &mut buffer).map_err(|error| blob_failure(&error))?;
        if length == 0 {
            return Err(too_short());
        }
        out.write_all(&buffer[..length]).map_err(|error| file_failure("write", path, &error))?;
        at += length as u64;
    }
    Ok(())
}

fn too_short() -> Failure {
    Failure::refused("A file in the store is shorter than it should be").hint("Run: longear check --repair")
}
