//! The edges of broadcasts that run, written after their files.

use std::sync::Arc;

use longear_core::limits::EDGE_BYTES_MAX;
use longear_core::tree::TreePath;
use longear_core::{ChannelId, Edge, Session, StreamId};
use longear_store::{ChannelState, Store};

use super::Stop;
use super::head::read;
use super::target::{Put, Target};
use crate::sync::decisions::running;

/// The edges of the channels' broadcasts that run. They are looked up before their files are listed: an edge of a moment later names
/// segments that are not on the stick.
pub(super) fn edges(store: &Store, states: &[Arc<ChannelState>]) -> Result<Vec<(Session, Edge)>, Stop> {
    let channels = states.iter().map(|state| state.id()).collect::<Vec<_>>();
    let mut edges = Vec::new();
    for broadcast in running(store, &channels)? {
        edges.extend(store.edge(&broadcast.session)?.map(|edge| (broadcast.session, edge)));
    }
    Ok(edges)
}

/// How much room they take.
pub(super) fn room(target: &Target<'_>, edges: &[(Session, Edge)]) -> Result<u64, Stop> {
    let mut bytes = 0;
    for (session, edge) in edges {
        // What another writer knows is put together with it.
        let there = target.holds(&path_of(session))?.unwrap_or(0);
        bytes += edge.encode().len() as u64 + there + target.place().object_overhead_bytes();
    }
    Ok(bytes)
}

/// Writes the edges of a channel where they are newer than those that stand there.
pub(super) fn write(target: &mut Target<'_>, channel: ChannelId, edges: &[(Session, Edge)]) -> Result<(), Stop> {
    let mut of_channel = edges.iter().filter(|(session, _)| session.channel == channel);
    of_channel.try_for_each(|(session, edge)| write_edge(target, session, edge.clone()))
}

/// Removes the edges of a channel's broadcasts that are over.
pub(super) fn remove_old(store: &Store, target: &mut Target<'_>, state: &ChannelState) -> Result<(), Stop> {
    let channel = state.id();
    for item in store.broadcasts(&channel)? {
        let Some(opening) = store.opening(&item)? else { continue };
        let path = path_of(&opening.session(channel));
        if target.holds(&path)?.is_some() && store.roll_ups(&item)?.iter().any(|roll_up| roll_up.is_last) {
            target.remove(&path)?;
        }
    }
    Ok(())
}

fn write_edge(target: &mut Target<'_>, session: &Session, edge: Edge) -> Result<(), Stop> {
    let path = path_of(session);
    let found = read(target, &path, EDGE_BYTES_MAX)?;
    let theirs = found.as_deref().and_then(|bytes| Edge::decode(session, bytes).ok());
    // Another writer may know more.
    let newest = match theirs {
        Some(theirs) => theirs.merged(&edge),
        None => edge,
    };
    let bytes = newest.encode();
    if found.as_deref() != Some(&bytes) && target.replace_bytes(&path, &bytes)? == Put::NoRoom {
        target.leave_out(bytes.len() as u64);
    }
    Ok(())
}

fn path_of(session: &Session) -> TreePath {
    let StreamId(stream) = session.stream;
    TreePath::Edge { channel: session.channel.0, stream }
}
