//! The head: what this store and the writers before it know, as far as it can be proven.

use std::io::Read;

use longear_core::holdings::Holdings;
use longear_core::limits::{CHARTER_BYTES_MAX, CHARTERS_MAX, HEAD_BYTES_MAX};
use longear_core::tree::TreePath;
use longear_core::{Applied, Charter, Head, Lineage, verify};
use longear_store::ChannelState;

use super::Stop;
use super::target::{Put, Target};

/// Writes the head of a channel, merged with what of the one there is true: another writer may know more.
pub(super) fn write(target: &mut Target<'_>, state: &ChannelState) -> Result<(), Stop> {
    let path = TreePath::Head { channel: state.id().0 };
    let mut head = state.head();
    if let Some(found) = read(target, &path, HEAD_BYTES_MAX)?
        && let Ok(found) = Head::decode(&state.id(), &found)
    {
        merge_proven(target, state, &mut head, &found)?;
    }
    let bytes = head.encode();
    // A head often keeps its length while it changes.
    if read(target, &path, HEAD_BYTES_MAX)?.as_deref() == Some(&bytes) {
        return Ok(());
    }
    if target.replace_bytes(&path, &bytes)? == Put::NoRoom {
        target.leave_out(bytes.len() as u64);
    }
    Ok(())
}

/// Takes over statements that verify, charters that stand there and follow ours, and forks whose proof stands there.
fn merge_proven(target: &mut Target<'_>, state: &ChannelState, head: &mut Head, found: &Head) -> Result<(), Stop> {
    let lineage = extended(target, state, found.charter)?;
    let mut proven = Head::empty(state.id());
    (proven.charter, proven.charter_hash) = (lineage.number(), lineage.hash());
    for statement in found.statements.values() {
        if verify(&lineage, statement.clone()).is_ok() {
            proven.insert(statement.clone());
        }
    }
    for log in &found.forks {
        if target.holds(&TreePath::Fork { channel: state.id().0, log: log.0 })?.is_some() {
            proven.forks.push(*log);
        }
    }
    head.merge(&proven);
    Ok(())
}

/// Our lineage, continued by charters that stand there.
fn extended(target: &Target<'_>, state: &ChannelState, until: u64) -> Result<Lineage, Stop> {
    let mut lineage = state.lineage().clone();
    for number in lineage.number() + 1..=until.min(CHARTERS_MAX) {
        let Ok(number) = u32::try_from(number) else { break };
        let path = TreePath::Charter { channel: state.id().0, number };
        let Some(bytes) = read(target, &path, CHARTER_BYTES_MAX)? else { break };
        let charter = Charter::decode(&bytes).and_then(|charter| verify(&lineage, charter));
        match charter.map(|charter| lineage.apply(charter)) {
            Ok(Applied::Next) => {}
            _ => break,
        }
    }
    Ok(lineage)
}

pub(super) fn read(target: &Target<'_>, path: &TreePath, bytes_max: usize) -> Result<Option<Vec<u8>>, Stop> {
    let Some(length) = target.holds(path)?.filter(|length| *length <= bytes_max as u64) else { return Ok(None) };
    let Some(file) = target.place().open_object(path)? else { return Ok(None) };
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    match file.take(bytes_max as u64).read_to_end(&mut bytes) {
        Ok(_) => Ok(Some(bytes)),
        // What cannot be read is replaced.
        Err(_) => Ok(None),
    }
}
