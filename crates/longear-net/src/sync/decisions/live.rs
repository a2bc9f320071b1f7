//! Broadcasts that run: whose edges to ask for, how those that came are kept, and which files they name.

use std::collections::HashSet;

use longear_core::holdings::Holdings;
use longear_core::limits::DAY_MS;
use longear_core::live::Timeline;
use longear_core::{ChannelId, Class, Edge, ItemId, LogId, Reason, Rendition, RollUp, Session};
use longear_store::{Store, StoreError, segment_files};

/// Broadcasts of one channel whose edges are asked for, the newest ones: a stolen key may open thousands.
pub const EDGES_ASKED_MAX: usize = 4;

/// For so long after the end of its session a broadcast that nobody has ended is asked for, by the clock of its channel: a
/// clock of this machine that is wrong must not hide it.
const ASKED_AFTER_MS: u64 = DAY_MS;

/// A broadcast that may still go on.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its opening.
    pub item: ItemId,
    /// The opening's log.
    pub log: LogId,
    /// When it was opened, by the newsroom's clock.
    pub opened_ms: u64,
    /// Who signs its ticks.
    pub session: Session,
    /// What is in the log of it.
    pub roll_ups: Vec<RollUp>,
}

/// A file that an edge or a roll-up names.
#[derive(Clone, Debug)]
pub struct LiveFile {
    /// The file.
    pub file: Rendition,
    /// The class in which it travels.
    pub class: Class,
    /// When its tick was signed.
    pub time: u64,
}

/// The broadcasts of the channels that may still go on, newest first within each channel.
pub fn running(store: &Store, channels: &[ChannelId]) -> Result<Vec<Running>, StoreError> {
    let mut running = Vec::new();
    for channel in channels {
        let now_ms = store.channel(channel)?.and_then(|state| state.last_word()).unwrap_or(0);
        for item in store.broadcasts(channel)?.into_iter().take(EDGES_ASKED_MAX) {
            let Some(opening) = store.opening(&item)? else { continue };
            let roll_ups = store.roll_ups(&item)?;
            let is_over = roll_ups.iter().any(|roll_up| roll_up.is_last);
            if !is_over && now_ms <= opening.until.saturating_add(ASKED_AFTER_MS) {
                let session = opening.session(*channel);
                let opened_ms = item.header().time;
                running.push(Running { item: item.id(), log: item.log, opened_ms, session, roll_ups });
            }
        }
    }
    Ok(running)
}

/// Verifies an edge, and keeps it if it is newer than what is here. True if it was.
pub fn keep_edge(store: &Store, session: &Session, bytes: &[u8]) -> Result<Result<bool, Reason>, StoreError> {
    match Edge::decode(session, bytes) {
        Ok(edge) => store.keep_edge(session, edge).map(Ok),
        Err(reason) => Ok(Err(reason)),
    }
}

impl Running {
    /// When the newest tick that counts was signed, by the newsroom's clock.
    pub fn newest_ms(&self, store: &Store) -> Result<Option<u64>, StoreError> {
        let edge = store.edge(&self.session)?;
        Ok(Timeline::of(&self.roll_ups, edge.as_ref()).newest_ms())
    }

    /// The files that its edge names, newest first. What no roll-up can hold any more counts for nothing.
    pub fn edge_files(&self, store: &Store) -> Result<Vec<LiveFile>, StoreError> {
        let Some(edge) = store.edge(&self.session)? else { return Ok(Vec::new()) };
        let timeline = Timeline::of(&self.roll_ups, Some(&edge));
        let counted = timeline.tracks().iter().flat_map(|track| &track.parts).map(|part| part.blob);
        let counted = counted.collect::<HashSet<_>>();
        let mut files = Vec::new();
        for tick in edge.ticks().iter().rev() {
            let segments = tick.segments.iter().filter(|segment| counted.contains(&segment.blob));
            let of_tick = segment_files(segments).into_iter();
            files.extend(of_tick.map(|(file, class)| LiveFile { file, class, time: tick.time }));
        }
        Ok(files)
    }

    /// The files that its roll-ups name, newest first.
    pub fn rolled_up_files(&self) -> impl Iterator<Item = LiveFile> {
        let beats = self.roll_ups.iter().rev().flat_map(|roll_up| roll_up.beats.iter().rev());
        beats.flat_map(|beat| {
            let files = segment_files(&beat.segments).into_iter();
            files.map(|(file, class)| LiveFile { file, class, time: beat.time })
        })
    }
}
