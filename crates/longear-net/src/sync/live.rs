//! The edges of broadcasts that run: asked for in each round, after the words and items that tell of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::join_all;
use longear_core::limits::EDGE_BYTES_MAX;
use longear_core::tree::TreePath;
use longear_core::{ChannelId, Session, StreamId};
use longear_store::{ChannelState, Store};

use super::decisions::{Running, keep_edge, running};
use super::report::SyncError;
use super::round::Round;
use super::source::Source;
use super::words::ask;
use crate::carrier::HeadAnswer;

/// How long after it was opened, after its newest tick, or after its edge changed here, a broadcast counts as one that goes on.
const GOES_ON_MAX: Duration = Duration::from_secs(300);

/// Broadcasts that may go on.
type Found = Arc<Vec<Running>>;

/// Broadcasts, for one round after the other.
#[derive(Default)]
pub(super) struct Broadcasts {
    /// Those that ran when the channels were like this.
    looked_at: Option<(Vec<Arc<ChannelState>>, Found)>,
    /// When an edge last changed here.
    changed: HashMap<(ChannelId, StreamId), Instant>,
}

impl Broadcasts {
    /// Those that may go on. Costs nothing while the channels are the same.
    pub async fn running(&mut self, round: &Round<'_>, states: &[Arc<ChannelState>]) -> Result<Found, SyncError> {
        if let Some((before, found)) = &self.looked_at
            && are_same(before, states)
        {
            return Ok(found.clone());
        }
        let channels = states.iter().map(|state| state.id()).collect::<Vec<_>>();
        let found = Arc::new(round.blocking(move |store| running(store, &channels)).await?);
        self.changed.retain(|key, _| found.iter().any(|broadcast| key_of(&broadcast.session) == *key));
        self.looked_at = Some((states.to_vec(), found.clone()));
        Ok(found)
    }

    /// Asks all carriers for the edges, and keeps what is newer.
    pub async fn pull(&mut self, round: &Round<'_>, running: &[Running]) -> Result<(), SyncError> {
        for broadcast in running {
            let session = broadcast.session;
            let asked = round.sources.iter().map(|source| pull_edge(round, source, session));
            let mut is_new = false;
            for new in join_all(asked).await {
                is_new |= new?;
            }
            if is_new {
                round.report().new_edges += 1;
                self.changed.insert(key_of(&session), Instant::now());
            }
        }
        Ok(())
    }

    /// Whether one of them goes on right now: then it is worth looking again soon.
    pub async fn go_on(&self, round: &Round<'_>, running: &Found) -> Result<bool, SyncError> {
        if self.changed.values().any(|changed| changed.elapsed() < GOES_ON_MAX) {
            return Ok(true);
        }
        let running = running.clone();
        round.blocking(move |store| has_young_tick(store, &running)).await
    }
}

/// Whether the channels have not changed.
pub(super) fn are_same(before: &[Arc<ChannelState>], now: &[Arc<ChannelState>]) -> bool {
    before.len() == now.len() && before.iter().zip(now).all(|(before, now)| Arc::ptr_eq(before, now))
}

fn key_of(session: &Session) -> (ChannelId, StreamId) {
    (session.channel, session.stream)
}

fn has_young_tick(store: &Store, running: &[Running]) -> Result<bool, SyncError> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    for broadcast in running {
        // One that was just announced begins any moment.
        let newest = Duration::from_millis(broadcast.newest_ms(store)?.unwrap_or(broadcast.opened_ms));
        if now.abs_diff(newest) < GOES_ON_MAX {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Asks one carrier for an edge. True if it was newer than what is here.
async fn pull_edge(round: &Round<'_>, source: &Source, session: Session) -> Result<bool, SyncError> {
    let path = TreePath::Edge { channel: session.channel.0, stream: session.stream.0 };
    let known = source.state().memory.edges.get(&key_of(&session)).cloned();
    let answer = ask(round, source, &path, known.as_deref(), EDGE_BYTES_MAX as u64).await;
    let Some(HeadAnswer::Found { bytes, etag }) = answer else { return Ok(false) };
    // Also of one that is refused: it need not come every second.
    match etag {
        Some(etag) => drop(source.state().memory.edges.insert(key_of(&session), etag)),
        None => drop(source.state().memory.edges.remove(&key_of(&session))),
    }
    let length = bytes.len() as u64;
    match round.blocking(move |store| keep_edge(store, &session, &bytes)).await? {
        Ok(is_new) => Ok(is_new),
        Err(reason) => {
            round.refuse(source, path.to_string(), &reason, length);
            Ok(false)
        }
    }
}
