//! One running broadcast: what came is kept, then signed, then kept again, and only then seen.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::body::Bytes;
use longear_core::blob::BlobHash;
use longear_core::limits::EDGE_TICKS_MAX;
use longear_core::live::{Beat, Timeline};
use longear_core::{Edge, Kind, RollUp, Segment, Session, Tick, verify};
use longear_store::blobs::BlobState;
use longear_store::{Store, StoredItem};
use tokio::sync::Notify;

use super::Refusal;
use super::init::{InitSegment, Put, look_at};
use super::place::Place;
use super::playlist::{Playlist, read};
use super::sequencer::{Ended, Sequencer};
use crate::commands::publish::blob_failure;
use crate::failure::Failure;
use crate::home::{Home, LiveSession, store_failure};
use crate::newsroom::signing::Signer;

/// Ticks after which a roll-up is published: a minute of segments of two seconds.
const ROLL_UP_TICKS: usize = 30;
/// Bytes of a roll-up's payload after which no tick is added: there must be room for one that names eight large segments.
const ROLL_UP_BYTES: usize = 40 << 10;
/// Segments that may wait to be signed.
const QUEUE_MAX: usize = 256;

/// What a tick names the one before by that is not known any more.
const LOST_TICK: [u8; 32] = [0xff; 32];

/// A broadcast that this device makes, while a process serves it or ends it.
pub struct Broadcast {
    home: Home,
    store: Arc<Store>,
    live: LiveSession,
    session: Session,
    clock: SteadyClock,
    state: Mutex<State>,
    is_over: AtomicBool,
    /// Rung when segments wait, and when it is over.
    pub bell: Notify,
}

struct State {
    sequencer: Sequencer,
    queue: Vec<Segment>,
    edge: Edge,
    /// Number of the first tick that no roll-up holds.
    first: u64,
    /// Those ticks.
    beats: Vec<Beat>,
}

/// Milliseconds since 1970 that never go back, whatever is done to the clock meanwhile.
struct SteadyClock {
    then_ms: u64,
    since: Instant,
}

impl SteadyClock {
    fn now_ms(&self) -> u64 {
        self.then_ms + self.since.elapsed().as_millis() as u64
    }
}

impl Broadcast {
    /// Takes up a broadcast where it stands: its roll-ups, then its edge. `None` if it is over, or was taken back.
    pub fn resume(home: Home, store: Arc<Store>, live: LiveSession, now_ms: u64) -> Result<Option<Self>, Failure> {
        let failure = |error| store_failure(&error);
        let session = live.session();
        let Some(opening) = opening(&store, &live)? else { return Ok(None) };
        let roll_ups = store.roll_ups(&opening).map_err(failure)?;
        let edge = store.edge(&session).map_err(failure)?;
        let timeline = Timeline::of(&roll_ups, edge.as_ref());
        if timeline.is_over() {
            return Ok(None);
        }
        let rolled = roll_ups.iter().map(RollUp::end).max().unwrap_or(0);
        let edge = edge.filter(|edge| edge.newest().is_some_and(|newest| newest.seq + 1 >= rolled));
        let is_lost = edge.is_none() && rolled > 0;
        let edge = edge.unwrap_or(Edge::empty(session.channel, session.stream));
        let behind = edge.ticks().iter().filter(|tick| tick.seq >= rolled).collect::<Vec<_>>();
        // Where the disk has lost the edge, others may have seen numbers that are not known here any more.
        let next = if is_lost { rolled + EDGE_TICKS_MAX as u64 } else { rolled };
        let state = State {
            sequencer: resumed(&store, &timeline, &edge, &roll_ups),
            queue: Vec::new(),
            first: behind.first().map_or(next, |tick| tick.seq),
            beats: behind.into_iter().map(Beat::of).collect(),
            edge,
        };
        let clock = SteadyClock { then_ms: now_ms, since: Instant::now() };
        let (state, is_over) = (Mutex::new(state), AtomicBool::new(false));
        Ok(Some(Broadcast { home, store, live, session, clock, state, is_over, bell: Notify::new() }))
    }

    /// What its file says.
    pub fn live(&self) -> &LiveSession {
        &self.live
    }

    /// Takes a file that is no playlist. Durable when named by a playlist; until then in memory.
    pub fn put(&self, place: Place, bytes: Bytes) -> Result<(), Refusal> {
        drop(self.running()?);
        let put = look_at(&bytes)?;
        let mut state = self.running()?;
        match put {
            Put::Segment => state.sequencer.segment(place, bytes),
            Put::Init(init) => {
                // Kept before anything can name it.
                self.import(&bytes)?;
                state.sequencer.init(place, init);
            }
        }
        Ok(())
    }

    /// Takes a playlist, and with it the segments that have ended.
    pub fn playlist(&self, place: &Place, bytes: &[u8]) -> Result<(), Refusal> {
        let Playlist::Media(entries) = read(bytes)? else { return Ok(()) };
        let mut state = self.running()?;
        if state.queue.len() >= QUEUE_MAX {
            return Err(Refusal::Busy);
        }
        let ended = state.sequencer.playlist(place, &entries, self.clock.now_ms())?;
        for one in ended {
            let segment = self.keep(one)?;
            state.queue.push(segment);
        }
        if !state.queue.is_empty() {
            self.bell.notify_one();
        }
        Ok(())
    }

    /// Signs one tick of what waits, if anything does. True if more waits.
    ///
    /// Seen by nobody before it is durable: a number that somebody has seen is never signed again with anything else.
    pub fn beat(&self, now_ms: u64) -> Result<bool, Failure> {
        let mut state = self.lock();
        if self.is_over() || state.queue.is_empty() {
            return Ok(false);
        }
        self.tick(&mut state, now_ms)?;
        if state.beats.len() >= ROLL_UP_TICKS || self.roll_up(&state).encode().len() >= ROLL_UP_BYTES {
            self.publish(&mut state, false, now_ms)?;
        }
        Ok(!state.queue.is_empty())
    }

    /// Publishes the names of moments that somebody asked for, together with the ticks that no roll-up holds yet. Without
    /// such ticks they wait for the next one.
    pub fn name_moments(&self, now_ms: u64) -> Result<(), Failure> {
        if self.home.wished_chapters(&self.session.stream)?.is_empty() {
            return Ok(());
        }
        let mut state = self.lock();
        if self.is_over() || state.beats.is_empty() { Ok(()) } else { self.publish(&mut state, false, now_ms) }
    }

    /// Ends it: signs what waits, publishes what no roll-up holds and that it is over, and removes its file with the keys.
    pub fn end(&self, now_ms: u64) -> Result<(), Failure> {
        let mut state = self.lock();
        while !self.is_over() && !state.queue.is_empty() && now_ms <= self.session.until {
            self.tick(&mut state, now_ms)?;
        }
        while !self.is_over() {
            self.publish(&mut state, true, now_ms)?;
        }
        self.bell.notify_one();
        self.home.remove_live_session(&self.session.stream)
    }

    /// Whether its opening was taken back: then nobody is shown any of it.
    pub fn is_taken_back(&self) -> bool {
        matches!(opening(&self.store, &self.live), Ok(None))
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    fn tick(&self, state: &mut State, now_ms: u64) -> Result<(), Failure> {
        let (now, later) = first_of_each(std::mem::take(&mut state.queue));
        let kept = self.sign_and_keep(state, now.clone(), now_ms);
        state.queue = later;
        if kept.is_err() {
            // They wait for the next trial, in their order.
            state.queue.splice(0..0, now);
        }
        kept
    }

    fn sign_and_keep(&self, state: &mut State, segments: Vec<Segment>, now_ms: u64) -> Result<(), Failure> {
        let failure = |error| store_failure(&error);
        let newest = state.edge.newest();
        let seq = newest.map_or(state.first, |tick| tick.seq + 1);
        let tick = Tick {
            stream: self.session.stream,
            seq,
            time: now_ms,
            previous: newest.map_or(if seq == 0 { [0; 32] } else { LOST_TICK }, Tick::hash),
            segments,
            signature: [0; 64],
        };
        let tick = tick.sign(&self.session.channel, &self.live.key);
        let beat = Beat::of(&tick);
        let mistaken =
            |reason| Failure::refused(format!("The next moment of the broadcast cannot be signed: {reason}"));
        let mut edge = state.edge.clone();
        edge.push(verify(&self.session, tick).map_err(mistaken)?).map_err(mistaken)?;
        match self.store.keep_edge(&self.session, edge.clone()) {
            Ok(true) => {}
            kept => {
                // Either the disk refused, perhaps after the new one got its name; or another device signs with this key. What
                // stands there now is what others may have seen.
                let held = self.store.edge(&self.session).map_err(failure)?;
                if held.as_ref() != Some(&edge) {
                    state.adopt(held);
                    kept.map_err(failure)?;
                    return Err(Failure::refused("Another device signs this broadcast, too")
                        .hint("End it there, and here: longear live stop"));
                }
            }
        }
        state.edge = edge;
        state.beats.push(beat);
        Ok(())
    }

    /// The next roll-up: as many ticks as it may hold of those that none holds.
    fn roll_up(&self, state: &State) -> RollUp {
        let mut roll_up = RollUp {
            stream: self.session.stream,
            first: state.first,
            is_last: false,
            beats: Vec::new(),
            chapters: Vec::new(),
        };
        for beat in state.beats.iter().take(ROLL_UP_TICKS) {
            roll_up.beats.push(beat.clone());
            if roll_up.encode().len() >= ROLL_UP_BYTES {
                break;
            }
        }
        roll_up
    }

    fn publish(&self, state: &mut State, ends: bool, now_ms: u64) -> Result<(), Failure> {
        let mut roll_up = self.roll_up(state);
        roll_up.is_last = ends && roll_up.beats.len() == state.beats.len();
        roll_up.chapters = self.home.wished_chapters(&self.session.stream)?;
        let signer = signer(&self.home, &self.store, &self.live, now_ms)?;
        signer.publish(&self.store, Kind::RollUp, &roll_up.encode(), now_ms)?;
        state.beats.drain(..roll_up.beats.len());
        state.first = roll_up.end();
        self.is_over.store(roll_up.is_last, Ordering::Release);
        // What is named once more after a crash here has the same name.
        roll_up.chapters.iter().try_for_each(|chapter| self.home.remove_wish(&self.session.stream, chapter.start_ms))
    }

    fn keep(&self, ended: Ended) -> Result<Segment, Refusal> {
        let Ended { name, init, bytes, start_ms, duration_ms } = ended;
        let imported = self.import(&bytes)?;
        let groups = if imported.size < longear_core::article::GROUPED_BYTES_MIN {
            Vec::new()
        } else {
            imported.groups.list().to_vec()
        };
        Ok(Segment {
            name,
            medium: init.medium,
            start_ms,
            duration_ms,
            init: init.hash,
            init_size: init.size,
            blob: *imported.hash.as_bytes(),
            size: imported.size as u32,
            groups,
        })
    }

    fn import(&self, bytes: &[u8]) -> Result<longear_store::blobs::Imported, Refusal> {
        let imported = self.store.blobs().import(bytes, |_| {});
        imported.map_err(|error| Refusal::Disk(blob_failure(&error).message))
    }

    fn running(&self) -> Result<MutexGuard<'_, State>, Refusal> {
        let state = self.lock();
        if self.is_over() { Err(Refusal::Over) } else { Ok(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic ends the process.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Goes on behind the edge that is held.
    fn adopt(&mut self, held: Option<Edge>) {
        let Some(held) = held else { return };
        let next = self.first + self.beats.len() as u64;
        self.beats.extend(held.ticks().iter().filter(|tick| tick.seq >= next).map(Beat::of));
        self.edge = held;
    }
}

/// The first segment of each rendition, and the others, each in their order.
fn first_of_each(queue: Vec<Segment>) -> (Vec<Segment>, Vec<Segment>) {
    let (mut now, mut later) = (Vec::<Segment>::new(), Vec::new());
    for segment in queue {
        if now.iter().any(|other| other.name == segment.name) {
            later.push(segment);
        } else {
            now.push(segment);
        }
    }
    (now, later)
}

/// The item that opened a broadcast; `None` if it was taken back.
fn opening(store: &Store, live: &LiveSession) -> Result<Option<StoredItem>, Failure> {
    let item = store.item(&live.item).map_err(|error| store_failure(&error))?;
    let item = item.filter(|item| item.status.is_visible() || item.retracted_by.is_some()).ok_or_else(|| {
        Failure::refused("The item that opened a broadcast is damaged or missing here")
            .hint("Look at the store: longear check")
    })?;
    Ok(item.status.is_visible().then_some(item))
}

/// This device's key, if it can go on in the log that the broadcast was opened in: roll-ups in another one count for nothing.
fn signer(home: &Home, store: &Store, live: &LiveSession, now_ms: u64) -> Result<Signer, Failure> {
    let signer = Signer::in_its_log(home, store, &live.channel, now_ms)?;
    signer.filter(|signer| signer.opening().log(&live.channel) == live.log).ok_or_else(|| {
        Failure::refused("This device's key cannot go on with this broadcast: it was revoked, copied or restored")
            .hint("Begin another one: longear live start")
    })
}

fn resumed(store: &Store, timeline: &Timeline, edge: &Edge, roll_ups: &[RollUp]) -> Sequencer {
    let mut sequencer = Sequencer::resume(timeline);
    let rolled = roll_ups.last().into_iter().flat_map(RollUp::segments);
    for segment in rolled.chain(edge.ticks().iter().flat_map(|tick| &tick.segments)) {
        // Only what can be given out again.
        let held = store.blobs().state(BlobHash::from_bytes(segment.init));
        if matches!(held, Ok(BlobState::Complete { .. })) {
            let init = InitSegment { hash: segment.init, size: segment.init_size, medium: segment.medium };
            sequencer.restore_init(&segment.name, init);
        }
    }
    sequencer
}
