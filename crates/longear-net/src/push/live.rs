//! The edges of broadcasts that run, written after their files.

use longear_core::limits::EDGE_BYTES_MAX;
use longear_core::tree::TreePath;
use longear_core::{Edge, Session, StreamId};
use longear_store::{ChannelState, Store};

use super::Stop;
use super::head::read;
use super::target::{Put, Target};
use crate::sync::decisions::running;

/// How much room the edges of a channel's broadcasts take.
pub(super) fn room(store: &Store, target: &Target<'_>, state: &ChannelState) -> Result<u64, Stop> {
    let mut bytes = 0;
    for broadcast in running(store, &[state.id()])? {
        if let Some(edge) = store.edge(&broadcast.session)? {
            // What another writer knows is put together with it.
            let there = target.holds(&path_of(&broadcast.session))?.unwrap_or(0);
            bytes += edge.encode().len() as u64 + there + target.place().object_overhead_bytes();
        }
    }
    Ok(bytes)
}

/// Writes the edges of a channel's broadcasts that run where they are newer than those that stand there, and removes those of
/// broadcasts that are over.
pub(super) fn write(store: &Store, target: &mut Target<'_>, state: &ChannelState) -> Result<(), Stop> {
    let channel = state.id();
    let running = running(store, &[channel])?;
    for broadcast in &running {
        if let Some(edge) = store.edge(&broadcast.session)? {
            write_edge(target, &broadcast.session, edge)?;
        }
    }
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
        Some(theirs) => theirs.clone().newer(edge.clone()).with_older(&theirs).with_older(&edge),
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
