//! The edges of running broadcasts: one small file each, in the place of the one before.
//!
//! They are no part of the segments: a broadcast changes its edge every few seconds, and what was in it is kept by roll-ups.
//! A file is written aside, synced and renamed, so that after a crash the old or the new one stands there whole; what is read
//! is verified again.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::{Mutex, MutexGuard};

use longear_core::limits::EDGE_BYTES_MAX;
use longear_core::tree::TreePath;
use longear_core::{ChannelId, Edge, Session, StreamId};

use crate::backend::{OpenMode, StorageError};
use crate::error::StoreError;
use crate::store::Store;

/// Where they stand.
const EDGES_DIR: &str = "live";
/// The lock that whoever changes one holds.
const EDGES_LOCK: &str = "live.lock";
/// What the name of a file that is being written ends with.
const ASIDE: &str = ".new";
/// Edges kept in memory: so many broadcasts can be watched at once without reading their files each time.
const EDGES_REMEMBERED_MAX: usize = 64;

/// Edges that were read and verified, with what told their files from others.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    edges: Mutex<HashMap<(ChannelId, StreamId), ReadEdge>>,
}

#[derive(Debug)]
struct ReadEdge {
    session: Session,
    version: Option<u128>,
    edge: Option<Edge>,
}

impl Store {
    /// The edge of a broadcast, as far as it is known here. Costs a look at the name of its file while that does not change.
    pub fn edge(&self, session: &Session) -> Result<Option<Edge>, StoreError> {
        let (key, path) = ((session.channel, session.stream), edge_path(session));
        let found = self.backend.metadata(&path)?.filter(|found| !found.is_dir);
        let version = found.map(|found| found.version);
        if let Some(read) = self.remembered().get(&key)
            && (read.version, &read.session) == (version, session)
        {
            return Ok(read.edge.clone());
        }
        let edge = if version.is_some() { self.read_edge(session, &path)? } else { None };
        let mut remembered = self.remembered();
        if remembered.len() >= EDGES_REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(key, ReadEdge { session: *session, version, edge: edge.clone() });
        Ok(edge)
    }

    /// Keeps the newer one of this edge and that which is here, durably. True if that changed anything.
    ///
    /// What does not verify under the session is not kept: it is the edge of another broadcast.
    pub fn keep_edge(&self, session: &Session, new: Edge) -> Result<bool, StoreError> {
        if self.newer_edge(session, &new)?.is_none() || Edge::decode(session, &new.encode()).is_err() {
            return Ok(false);
        }
        let _lock = self.wait_for_lock(EDGES_LOCK)?;
        // Once more, now that nobody else writes.
        let Some(newer) = self.newer_edge(session, &new)? else { return Ok(false) };
        self.write_edge(session, &newer)?;
        Ok(true)
    }

    /// Removes the edges of broadcasts that are over, or that nobody sees any more, and what a crash has left.
    pub(crate) fn remove_old_edges(&self) -> Result<(), StoreError> {
        let mut old = Vec::new();
        for folder in self.backend.list(EDGES_DIR)?.into_iter().filter(|entry| entry.is_dir) {
            for file in self.backend.list(&format!("{EDGES_DIR}/{}", folder.name))? {
                if self.is_old_edge(&folder.name, &file.name)? {
                    old.push((format!("{EDGES_DIR}/{}", folder.name), file.name));
                }
            }
        }
        if old.is_empty() {
            return Ok(());
        }
        let _lock = self.wait_for_lock(EDGES_LOCK)?;
        for (folder, name) in &old {
            self.backend.remove(&format!("{folder}/{name}"))?;
            self.backend.sync_dir(folder)?;
        }
        Ok(())
    }

    fn is_old_edge(&self, channel: &str, stream: &str) -> Result<bool, StoreError> {
        let Ok(TreePath::Edge { channel, stream }) = format!("c/{channel}/live/{stream}").parse() else {
            return Ok(stream.ends_with(ASIDE));
        };
        let broadcasts = self.broadcasts(&ChannelId(channel))?;
        for item in broadcasts {
            if self.opening(&item)?.is_some_and(|opening| opening.stream.0 == stream) {
                return Ok(self.roll_ups(&item)?.iter().any(|roll_up| roll_up.is_last));
            }
        }
        Ok(true)
    }

    /// What is to be kept of this edge and that which is here; `None` if that is the one here.
    fn newer_edge(&self, session: &Session, new: &Edge) -> Result<Option<Edge>, StoreError> {
        let held = self.edge(session)?.unwrap_or(Edge::empty(session.channel, session.stream));
        let newer = held.merged(new);
        Ok((newer != held).then_some(newer))
    }

    fn read_edge(&self, session: &Session, path: &str) -> Result<Option<Edge>, StoreError> {
        let file = match self.backend.open(path, OpenMode::Read) {
            // Somebody has just removed it.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let length = usize::try_from(file.len()?).unwrap_or(usize::MAX);
        if length > EDGE_BYTES_MAX {
            return Ok(None);
        }
        let mut bytes = vec![0; length];
        file.read_exact_at(0, &mut bytes)?;
        let edge = Edge::decode(session, &bytes);
        if edge.is_err() {
            tracing::warn!("the edge of a broadcast is damaged on the disk; the next sync brings it again");
        }
        Ok(edge.ok())
    }

    fn write_edge(&self, session: &Session, edge: &Edge) -> Result<(), StorageError> {
        let path = edge_path(session);
        let folder = format!("{EDGES_DIR}/{}", session.channel);
        if self.backend.create_dir(&folder)? {
            self.backend.sync_dir(EDGES_DIR)?;
            self.backend.sync_dir("")?;
        }
        let aside = format!("{path}{ASIDE}");
        let file = self.backend.open(&aside, OpenMode::Create)?;
        // A crash may have left a longer one.
        file.set_len(0)?;
        file.write_at(0, &edge.encode())?;
        file.sync_data()?;
        self.backend.rename(&aside, &path)?;
        self.backend.sync_dir(&folder)
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<(ChannelId, StreamId), ReadEdge>> {
        // Nothing that holds it can panic half-way through a change.
        self.edges.edges.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn edge_path(session: &Session) -> String {
    format!("{EDGES_DIR}/{}/{}", session.channel, session.stream)
}
