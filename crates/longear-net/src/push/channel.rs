//! Charters, fork proofs and packs.

use std::cmp::Reverse;
use std::io::Read;
use std::sync::Arc;

use longear_core::deletion::may_be_gone;
use longear_core::holdings::Holdings;
use longear_core::lineage::Standing;
use longear_core::tree::TreePath;
use longear_core::{Intervals, LogId, PackName, Status};
use longear_store::{ChannelState, LogState, Store};

use super::target::{Put, Target};
use super::{Stop, sources};

/// Items looked at in one go.
const PAGE_ITEMS: usize = 256;

/// Writes every charter held, the oldest first: none can be read without those before it. False if one does not fit.
pub(super) fn write_charters(target: &mut Target<'_>, state: &ChannelState) -> Result<bool, Stop> {
    for charter in state.lineage().charters() {
        let Ok(number) = u32::try_from(charter.body.number) else { continue };
        let bytes = charter.encode();
        if target.put_bytes(&TreePath::Charter { channel: state.id().0, number }, &bytes)? == Put::NoRoom {
            target.leave_out(bytes.len() as u64);
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes every fork proof held.
pub(super) fn write_forks(target: &mut Target<'_>, state: &ChannelState) -> Result<(), Stop> {
    for (log, _) in state.known_logs() {
        let Some(proof) = state.fork(&log) else { continue };
        let bytes = proof.encode();
        if target.put_bytes(&TreePath::Fork { channel: state.id().0, log: log.0 }, &bytes)? == Put::NoRoom {
            target.leave_out(bytes.len() as u64);
        }
    }
    Ok(())
}

/// A log of which packs are written.
pub(super) struct PushedLog {
    state: Arc<ChannelState>,
    log: LogId,
    /// Items up to which the published packs stand.
    items: u64,
    /// Seqs of which everything is here.
    here: Intervals,
}

/// A pack that is to be written, with what decides its turn.
struct Turn<'l> {
    log: &'l PushedLog,
    name: PackName,
    time: u64,
    /// Whether a larger pack brings the same items; it serves readers whose head is older.
    is_repetition: bool,
}

/// Writes the packs of all channels, the newest first, and around holes smaller ones.
pub(super) fn write_packs(
    store: &Store,
    target: &mut Target<'_>,
    states: &[Arc<ChannelState>],
) -> Result<Vec<PushedLog>, Stop> {
    let mut logs = Vec::new();
    for state in states {
        for (log, held) in state.logs() {
            let items = items_to_publish(state, log, held);
            let here = items_here(store, log, held, items, state.last_word())?;
            logs.push(PushedLog { state: state.clone(), log: *log, items, here });
        }
    }
    let mut turns = Vec::new();
    for log in &logs {
        for name in log.standing() {
            let last = store.log_items(&log.log, name.items().end - 1, 1)?;
            let time = last.first().map_or(0, |item| item.header().time);
            let is_repetition = name.parent().is_some_and(|parent| log.here.covers(parent.items()));
            turns.push(Turn { log, name, time, is_repetition });
        }
    }
    turns.sort_by_key(|turn| (turn.is_repetition, Reverse((turn.time, turn.name.items().end, turn.name.level))));
    let mut stands = logs.iter().map(|_| Intervals::new()).collect::<Vec<_>>();
    if target.place().is_listed() {
        turns.retain(|turn| !turn.is_repetition);
    }
    for turn in turns {
        let place = logs.iter().position(|log| std::ptr::eq(log, turn.log)).expect("every turn is of one of the logs");
        let left = write_pack(store, target, &turn, turn.name, &mut stands[place])?;
        if left > 0 && !turn.is_repetition {
            target.leave_out(left);
        }
    }
    target.report().items += stands.iter().map(Intervals::len).sum::<u64>();
    Ok(logs)
}

/// Writes a pack, or those of its children that fit or are sound. Gives the bytes that were left out.
fn write_pack(
    store: &Store,
    target: &mut Target<'_>,
    turn: &Turn<'_>,
    name: PackName,
    stands: &mut Intervals,
) -> Result<u64, Stop> {
    let (state, log) = (&turn.log.state, turn.log.log);
    let Some(answer) = store.pack(&state.id(), &log, name)? else {
        let is_here = state.logs().get(&log).is_some_and(|held| held.headers().covers(name.items()));
        // Something in it is vouched for only by what lies beyond it. The packs below may be good.
        return if is_here && !turn.is_repetition { write_children(store, target, turn, name, stands) } else { Ok(0) };
    };
    if answer.length() > target.place().pack_bytes_max() && name.level > 0 {
        return write_children(store, target, turn, name, stands);
    }
    let path = TreePath::pack(&state.id(), &log, name);
    let mut open = || {
        let source: Box<dyn Read + '_> = Box::new(sources::pack(store, state.id(), log, name, &answer));
        Ok(source)
    };
    match target.put(&path, answer.length(), 0, &mut open)? {
        Put::Stands => {
            stands.insert(name.items());
            Ok(0)
        }
        Put::NoRoom | Put::Refused if turn.is_repetition => Ok(0),
        put => {
            let mut left = if put == Put::NoRoom && name.level == 0 { answer.length() } else { 0 };
            left += write_children(store, target, turn, name, stands)?;
            Ok(left)
        }
    }
}

/// Writes the packs below a pack, the newest first.
fn write_children(
    store: &Store,
    target: &mut Target<'_>,
    turn: &Turn<'_>,
    name: PackName,
    stands: &mut Intervals,
) -> Result<u64, Stop> {
    let mut left = 0;
    for child in name.children().collect::<Vec<_>>().into_iter().rev() {
        left += write_pack(store, target, turn, child, stands)?;
    }
    Ok(left)
}

/// Removes packs that do not stand in the published tree any more, where a larger one has taken their place.
pub(super) fn remove_superseded_packs(target: &mut Target<'_>, logs: &[PushedLog]) -> Result<(), Stop> {
    for log in logs {
        let standing = log.standing();
        for (level, index) in target.place().pack_places(&log.state.id().0, &log.log.0)? {
            let Some(name) = PackName::new(level, u64::from(index)) else { continue };
            // What is beyond our knowledge of the log is another writer's.
            if name.items().end > log.items || standing.contains(&name) {
                continue;
            }
            let mut above = name.parent();
            while let Some(larger) = above {
                if standing.contains(&larger)
                    && target.holds(&TreePath::pack(&log.state.id(), &log.log, larger))?.is_some()
                {
                    target.remove(&TreePath::pack(&log.state.id(), &log.log, name))?;
                    break;
                }
                above = larger.parent();
            }
        }
    }
    Ok(())
}

impl PushedLog {
    /// The packs that can stand: those of the published tree, and in the place of one with a hole its children.
    fn standing(&self) -> Vec<PackName> {
        let mut names = Vec::new();
        let mut open = PackName::published(self.items).collect::<Vec<_>>();
        while let Some(name) = open.pop() {
            if self.here.covers(name.items()) {
                names.push(name);
            } else if self.here.count_within(name.items()) > 0 {
                open.extend(name.children());
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// How many items of a log are of use to anybody. Beyond the last good item of a closed log they are refused.
fn items_to_publish(state: &ChannelState, log: &LogId, held: &LogState) -> u64 {
    match state.lineage().standing(held.opening()) {
        Standing::Void => 0,
        _ => held.end().min(state.items_expected(log)),
    }
}

/// The seqs of which everything is here that there is to have: the payload of what was taken back may be gone.
fn items_here(store: &Store, log: &LogId, held: &LogState, items: u64, now: Option<u64>) -> Result<Intervals, Stop> {
    let mut here = held.complete().clone();
    let mut bare = held.headers().clone();
    held.complete().ranges().iter().for_each(|range| bare.remove(range.clone()));
    for range in bare.ranges() {
        let mut at = range.start;
        while at < range.end.min(items) {
            let count = PAGE_ITEMS.min(usize::try_from(range.end - at).unwrap_or(PAGE_ITEMS));
            for item in store.log_items(log, at, count)? {
                let seq = item.header().seq;
                if item.status == Status::Retracted && may_be_gone(item.header(), now) {
                    here.insert(seq..seq + 1);
                }
            }
            at += count as u64;
        }
    }
    here.remove(items..u64::MAX);
    Ok(here)
}
