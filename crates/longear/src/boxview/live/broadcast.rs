//! What a box knows of one broadcast, kept between questions: hundreds of viewers ask every second.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use longear_core::blob::BlobHash;
use longear_core::limits::INIT_BYTES_MAX;
use longear_core::live::{Description, Medium, Part, Timeline, Track, spans};
use longear_core::{ChannelId, ItemId, Kind, Opening};
use longear_store::blobs::BlobState;
use longear_store::{ChannelState, Store, StoredItem};

use super::playlist::{self, Line, Top};
use crate::boxview::shelf::ShelfError;
use crate::recording::Take;

/// Broadcasts that are kept in memory; the ones that were asked for last.
const BROADCASTS_MAX: usize = 8;

/// How long it is not looked again what of a broadcast is here, at least: hundreds of readers open the page again and again.
const LOOK_PAUSE_MIN: Duration = Duration::from_secs(1);
/// How many times as long as a look took: at a day of broadcast that is longer.
const LOOK_PAUSE_COSTS: u32 = 20;
/// And at most.
const LOOK_PAUSE_MAX: Duration = Duration::from_secs(10);

/// For each track of a timeline, which times of it are here, in milliseconds since the broadcast began.
pub type HeldTimes = Vec<Vec<Range<u64>>>;

/// What is asked for of a media playlist.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// From when on, in milliseconds since the broadcast began; `None` is the newest of a running one.
    pub from_ms: Option<u64>,
    /// Until when.
    pub to_ms: Option<u64>,
    /// Whether the player knows gaps.
    pub names_gaps: bool,
}

impl Wanted {
    /// Whether that is something that was, and does not go on.
    fn is_past(&self, timeline: &Timeline) -> bool {
        timeline.is_over() || self.from_ms.is_some()
    }

    /// The segments of what was: at most some hours.
    fn past_of<'t>(&self, track: &'t Track) -> &'t [Part] {
        let from_ms = self.from_ms.unwrap_or(0);
        let to_ms = self.to_ms.unwrap_or(u64::MAX).min(from_ms.saturating_add(playlist::HOURS_MS));
        playlist::between(track, from_ms, to_ms)
    }
}

/// The broadcasts that somebody watches here.
#[derive(Debug, Default)]
pub struct Broadcasts {
    known: Mutex<Vec<(ItemId, Arc<Broadcast>)>>,
}

/// One broadcast.
#[derive(Debug)]
pub struct Broadcast {
    store: Arc<Store>,
    channel: ChannelId,
    opening: Opening,
    item: StoredItem,
    known: Mutex<Known>,
}

/// What was found last time.
#[derive(Debug, Default)]
struct Known {
    /// The channel as it was when its roll-ups were read.
    state: Option<Arc<ChannelState>>,
    /// What the roll-ups say.
    rolled: Timeline,
    /// Those roll-ups, in their order; none where the payload of one was missing, which may come.
    rolled_up: Vec<ItemId>,
    /// The same with the edge.
    timeline: Arc<Timeline>,
    /// Segments that were seen to be here.
    here: HashSet<[u8; 32]>,
    descriptions: HashMap<[u8; 32], Description>,
    /// What was here at the last look, and until when that will do.
    looked: Option<(Instant, Arc<Looked>)>,
    /// Of each rendition, a segment that was listed and the number that it had.
    anchors: HashMap<String, Anchor>,
}

/// What of a broadcast is here.
#[derive(Debug)]
pub struct Looked {
    /// Whether it was over.
    is_over: bool,
    /// Which times of each rendition are here.
    pub held: HeldTimes,
    /// What can be saved.
    pub saves: Vec<Saving>,
    /// The renditions that have a playlist.
    pub playable: Vec<String>,
}

/// A recording that is whole.
#[derive(Debug)]
pub struct Saving {
    /// What it is called as a file.
    pub file_name: String,
    /// What it holds.
    pub medium: Medium,
    /// Its bytes.
    pub size: u64,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    blob: [u8; 32],
    index: usize,
    number: u64,
    discontinuities: u64,
}

impl Looked {
    /// Whether nothing has happened since that readers wait for: that something plays, a rendition that is new, the end.
    fn serves(&self, timeline: &Timeline) -> bool {
        !self.playable.is_empty() && self.is_over == timeline.is_over() && self.held.len() == timeline.tracks().len()
    }
}

impl Broadcasts {
    /// The broadcast that a live item opens, if readers may see it.
    pub fn get(&self, store: &Arc<Store>, id: &ItemId) -> Result<Option<Arc<Broadcast>>, ShelfError> {
        // Looked up each time: it may have been taken back since.
        let item = store.item(id)?.filter(|item| item.header().kind == Kind::Live && item.status.is_visible());
        let Some(item) = item else { return Ok(None) };
        if !store.channel(&item.channel)?.is_some_and(|state| state.is_followed()) {
            return Ok(None);
        }
        if let Some(known) = self.take(id) {
            return Ok(Some(known));
        }
        let Some(payload) = store.payload(&item)? else { return Ok(None) };
        let Ok(opening) = Opening::decode(&payload) else { return Ok(None) };
        let broadcast =
            Broadcast { store: store.clone(), channel: item.channel, opening, item, known: Mutex::default() };
        let broadcast = Arc::new(broadcast);
        let mut known = lock(&self.known);
        known.truncate(BROADCASTS_MAX - 1);
        known.insert(0, (*id, broadcast.clone()));
        Ok(Some(broadcast))
    }

    /// One that is known, which is now the one that was asked for last.
    fn take(&self, id: &ItemId) -> Option<Arc<Broadcast>> {
        let mut known = lock(&self.known);
        let place = known.iter().position(|(other, _)| other == id)?;
        known[..=place].rotate_right(1);
        Some(known[0].1.clone())
    }
}

impl Broadcast {
    /// What is known of it now, and what of it is here, or was a moment ago.
    pub fn shown(&self) -> Result<(Arc<Timeline>, Arc<Looked>), ShelfError> {
        let mut known = lock(&self.known);
        self.refresh(&mut known)?;
        let (timeline, since) = (known.timeline.clone(), Instant::now());
        if let Some((until, looked)) = &known.looked
            && since < *until
            && looked.serves(&timeline)
        {
            return Ok((timeline, looked.clone()));
        }
        let saving = |take: Take| Saving { file_name: take.file_name(), medium: take.medium, size: take.size() };
        let looked = Arc::new(Looked {
            is_over: timeline.is_over(),
            held: self.held(&mut known)?,
            saves: self.takes_of(&mut known)?.into_iter().map(saving).collect(),
            playable: self.playable(&mut known, Wanted::default())?,
        });
        let pause = (since.elapsed() * LOOK_PAUSE_COSTS).clamp(LOOK_PAUSE_MIN, LOOK_PAUSE_MAX);
        known.looked = Some((Instant::now() + pause, looked.clone()));
        Ok((timeline, looked))
    }

    fn held(&self, known: &mut Known) -> Result<HeldTimes, ShelfError> {
        let timeline = known.timeline.clone();
        let mut tracks = Vec::new();
        for track in timeline.tracks() {
            let mut here = Vec::new();
            for part in &track.parts {
                here.extend(self.is_here(known, part)?.then_some(part));
            }
            tracks.push(spans(here));
        }
        Ok(tracks)
    }

    /// The files that the segments of an ended broadcast make, as far as they are whole.
    pub fn takes(&self) -> Result<Vec<Take>, ShelfError> {
        let mut known = lock(&self.known);
        self.refresh(&mut known)?;
        self.takes_of(&mut known)
    }

    fn takes_of(&self, known: &mut Known) -> Result<Vec<Take>, ShelfError> {
        if !known.timeline.is_over() {
            return Ok(Vec::new());
        }
        let mut whole = Vec::new();
        for take in Take::all(&known.timeline) {
            let mut is_whole = true;
            for part in &take.parts {
                is_whole = is_whole && self.is_here(known, part)?;
            }
            whole.extend(is_whole.then_some(take));
        }
        Ok(whole)
    }

    /// The names of the renditions that have a playlist now: of a running broadcast its newest, or of what was.
    fn playable(&self, known: &mut Known, wanted: Wanted) -> Result<Vec<String>, ShelfError> {
        let timeline = known.timeline.clone();
        let mut names = Vec::new();
        for track in timeline.tracks() {
            let plays = match wanted.is_past(&timeline) {
                true => self.has_any(known, wanted.past_of(track))?,
                false => self.live_run(known, track)?.is_some(),
            };
            names.extend(plays.then(|| track.name.clone()));
        }
        Ok(names)
    }

    fn has_any(&self, known: &mut Known, parts: &[Part]) -> Result<bool, ShelfError> {
        for part in parts {
            if self.is_here(known, part)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The list of renditions that have a playlist; `None` before there is anything to play.
    pub fn master(&self, query: &str, wanted: Wanted) -> Result<Option<String>, ShelfError> {
        let mut known = lock(&self.known);
        self.refresh(&mut known)?;
        let playable = self.playable(&mut known, wanted)?;
        if playable.is_empty() {
            return Ok(None);
        }
        let timeline = known.timeline.clone();
        let tracks = timeline.tracks().iter().filter(|track| playable.contains(&track.name)).collect::<Vec<_>>();
        for track in &tracks {
            if let Some(init) = track.parts.last().map(|part| part.init)
                && !known.descriptions.contains_key(&init)
                && let Some(bytes) = self.init(init)?
            {
                known.descriptions.insert(init, Description::of(&bytes));
            }
        }
        let described = |part: &Part| known.descriptions.get(&part.init).cloned();
        Ok(Some(playlist::master(tracks, described, query)))
    }

    /// The playlist of one rendition; `None` where there is no such rendition, or not enough of it yet.
    pub fn media(&self, name: &str, wanted: Wanted) -> Result<Option<String>, ShelfError> {
        let mut known = lock(&self.known);
        self.refresh(&mut known)?;
        let timeline = known.timeline.clone();
        let Some(track) = timeline.track(name) else { return Ok(None) };
        let is_past = wanted.is_past(&timeline);
        if !is_past && !wanted.names_gaps {
            return self.live(&mut known, &timeline, track);
        }
        let newest_ms = timeline.end_ms().saturating_sub(playlist::WINDOW_MS);
        let wanted = if is_past { wanted } else { Wanted { from_ms: Some(newest_ms), ..wanted } };
        let parts = wanted.past_of(track);
        let mut lines = Vec::with_capacity(parts.len());
        for part in parts {
            lines.push(Line { part, is_here: self.is_here(&mut known, part)? });
        }
        if !lines.iter().any(|line| line.is_here) {
            return Ok(None);
        }
        let first = track.parts.partition_point(|part| part.end_ms() <= newest_ms) as u64;
        let first = if is_past { 0 } else { first };
        let top = Top { first, discontinuities: 0, is_over: is_past, zero_ms: timeline.zero_ms() };
        Ok(Some(playlist::media(top, &lines, wanted.names_gaps)))
    }

    /// The newest of a running broadcast, with numbers that stay those of their segments.
    fn live(&self, known: &mut Known, timeline: &Timeline, track: &Track) -> Result<Option<String>, ShelfError> {
        let Some((first, parts)) = self.live_run(known, track)? else { return Ok(None) };
        let run = first..first + parts.len();
        let anchor = number_of(known.anchors.get(&track.name), track, run.clone());
        known.anchors.insert(track.name.clone(), anchor);
        let lines =
            track.parts[anchor.index..run.end].iter().map(|part| Line { part, is_here: true }).collect::<Vec<_>>();
        let top = Top {
            first: anchor.number,
            discontinuities: anchor.discontinuities,
            is_over: false,
            zero_ms: timeline.zero_ms(),
        };
        Ok(Some(playlist::media(top, &lines, false)))
    }

    fn live_run<'a>(&self, known: &mut Known, track: &'a Track) -> Result<Option<(usize, &'a [Part])>, ShelfError> {
        let newest = track.parts.last().map_or(0, Part::end_ms);
        for part in playlist::between(track, newest.saturating_sub(playlist::WINDOW_MS), u64::MAX) {
            self.is_here(known, part)?;
        }
        let is_here = |part: &Part| known.here.contains(&part.blob) && known.here.contains(&part.init);
        Ok(playlist::live_run(track, is_here))
    }

    fn refresh(&self, known: &mut Known) -> Result<(), ShelfError> {
        let state = self.store.channel(&self.channel)?;
        let is_same = match (&known.state, &state) {
            (Some(then), Some(now)) => Arc::ptr_eq(then, now),
            _ => false,
        };
        if !is_same {
            self.roll_on(known)?;
            known.state = state;
        }
        let edge = match known.rolled.is_over() {
            true => None,
            false => self.store.edge(&self.opening.session(self.channel))?,
        };
        let newest = edge.as_ref().and_then(|edge| edge.newest()).map_or(0, |tick| tick.seq + 1);
        if !is_same || newest > known.timeline.next_tick() {
            known.timeline = Arc::new(match edge {
                Some(edge) => known.rolled.clone().with_edge(&edge),
                None => known.rolled.clone(),
            });
        }
        Ok(())
    }

    /// Takes the roll-ups that have come. Begins anew where one of those before is not there any more.
    fn roll_on(&self, known: &mut Known) -> Result<(), ShelfError> {
        let items = self.store.roll_up_items(&self.item)?;
        let is_same = |(taken, item): (&ItemId, &StoredItem)| *taken == item.id();
        if known.rolled_up.len() > items.len() || !known.rolled_up.iter().zip(&items).all(is_same) {
            known.rolled_up.clear();
        }
        if known.rolled_up.is_empty() {
            known.rolled = Timeline::default();
        }
        let mut is_whole = true;
        for item in &items[known.rolled_up.len()..] {
            match self.store.roll_up(item)? {
                Some(roll_up) => known.rolled.take_roll_up(&roll_up),
                None => is_whole = false,
            }
            known.rolled_up.push(item.id());
        }
        if !is_whole {
            known.rolled_up.clear();
        }
        Ok(())
    }

    /// Lets go of what was here: somebody was to be given it, and there was nothing.
    pub fn forget(&self, file: &[u8; 32]) {
        let mut known = lock(&self.known);
        if known.here.remove(file) {
            known.looked = None;
        }
    }

    /// Whether a segment and what it plays behind are here. What was here once is not looked for again.
    fn is_here(&self, known: &mut Known, part: &Part) -> Result<bool, ShelfError> {
        for hash in [part.blob, part.init] {
            if !known.here.contains(&hash) {
                let state = self.store.blobs().state(BlobHash::from_bytes(hash))?;
                if !matches!(state, BlobState::Complete { .. }) {
                    return Ok(false);
                }
                known.here.insert(hash);
            }
        }
        Ok(true)
    }

    fn init(&self, hash: [u8; 32]) -> Result<Option<Vec<u8>>, ShelfError> {
        let hash = BlobHash::from_bytes(hash);
        let BlobState::Complete { size } = self.store.blobs().state(hash)? else { return Ok(None) };
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX).min(INIT_BYTES_MAX)];
        let read = self.store.blobs().reader(hash)?.read_at(0, &mut bytes)?;
        bytes.truncate(read);
        Ok(Some(bytes))
    }
}

/// Where the list of a run begins, and the number of its first segment: as far from the one that was listed before as it lies
/// behind it now, whatever has come in before both since.
///
/// A list never grows at its beginning, as what it holds first decides its numbers: older segments that come in later are there
/// for those who ask for what was.
fn number_of(anchor: Option<&Anchor>, track: &Track, run: Range<usize>) -> Anchor {
    let first = run.start;
    let blob = track.parts[first].blob;
    let Some(anchor) = anchor else { return Anchor { blob, index: first, number: first as u64, discontinuities: 0 } };
    let from = anchor.index.min(track.parts.len() - 1);
    let is_anchor = |index: &usize| track.parts[*index].blob == anchor.blob;
    let place = (from..track.parts.len()).find(is_anchor).or_else(|| (0..from).rev().find(is_anchor));
    let Some(place) = place.filter(|place| *place < run.end) else {
        // The list begins anew; numbers must grow all the same.
        let number = anchor.number + track.parts.len() as u64;
        return Anchor { blob, index: first, number, discontinuities: anchor.discontinuities + 1 };
    };
    let first = first.max(place);
    let passed = &track.parts[place..=first];
    let breaks = passed.windows(2).filter(|pair| pair[0].init != pair[1].init || !pair[0].meets(&pair[1])).count();
    Anchor {
        blob: track.parts[first].blob,
        index: first,
        number: anchor.number + (first - place) as u64,
        discontinuities: anchor.discontinuities + breaks as u64,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use longear_core::live::Medium;

    use super::*;

    fn track(starts: &[u64]) -> Track {
        let part = |start: &u64| Part {
            start_ms: *start,
            duration_ms: 1_000,
            init: [9; 32],
            init_size: 700,
            blob: [(*start / 1_000) as u8; 32],
            size: 1,
        };
        Track { name: "audio".into(), medium: Medium::Sound, parts: starts.iter().map(part).collect() }
    }

    #[test]
    fn numbers_stay_those_of_their_segments() {
        let before = track(&[0, 1_000, 2_000, 7_000, 8_000, 9_000]);
        let first = number_of(None, &before, 0..3);
        assert_eq!((first.number, first.discontinuities), (0, 0));
        let later = number_of(Some(&first), &before, 1..3);
        assert_eq!((later.number, later.discontinuities), (1, 0));
        // Behind a hole.
        let behind = number_of(Some(&later), &before, 3..6);
        assert_eq!((behind.number, behind.discontinuities), (3, 1));
        // The hole fills: what was listed keeps its number, though it stands at another place now.
        let filled = track(&[0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000]);
        assert_eq!(number_of(Some(&behind), &filled, 7..10).number, 3);
        assert_eq!(number_of(Some(&behind), &filled, 8..10).number, 4);
    }

    /// A box that comes late gets the newest segments first. Its list then grew at its beginning, with other numbers for what had
    /// been in it, and browsers gave up.
    #[test]
    fn a_list_does_not_grow_at_its_beginning() {
        let whole = track(&[0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000]);
        let late = number_of(None, &whole, 4..7);
        let filled = number_of(Some(&late), &whole, 0..7);
        assert_eq!((filled.index, filled.number, filled.discontinuities), (4, late.number, 0));
        assert_eq!(filled.blob, late.blob);
    }

    #[test]
    fn a_list_that_begins_anew_has_higher_numbers() {
        let before = track(&[5_000, 6_000, 7_000]);
        let anchor = number_of(None, &before, 2..3);
        let other = track(&[0, 1_000]);
        let anew = number_of(Some(&anchor), &other, 0..2);
        assert!(anew.number > anchor.number && anew.discontinuities == 1, "{anew:?}");
    }
}
