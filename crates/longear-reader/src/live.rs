//! Broadcasts: what is known of them, what of it is here, and what to fetch next.
//!
//! It stands in a module of its own, so that nobody waits for it who opens the app to read. Openings and roll-ups come from items
//! that the [reader](crate::Reader) checked; edges come from sources and are checked here.

use std::collections::BTreeSet;

use longear_core::blob::BlobHash;
use longear_core::id::from_hex;
use longear_core::live::{Description, Medium, Part, Phase, Session, Timeline, Track, begins_us, spans};
use longear_core::{ChannelId, Edge, ItemId, Opening, RollUp, SortedMap};
use longear_pages::clean_line;

use crate::json::{self, Object};
use crate::reader::{Answer, Refusal};

/// Broadcasts that are known at once: those of which a page is open.
pub const BROADCASTS_MAX: usize = 64;
/// Segments of one answer.
pub const PARTS_MAX: usize = 1_000;

/// What is known of several broadcasts.
#[derive(Debug, Default)]
pub struct Broadcasts {
    broadcasts: SortedMap<ItemId, Broadcast>,
}

#[derive(Debug)]
struct Broadcast {
    session: Session,
    roll_ups: Vec<RollUp>,
    edge: Edge,
    timeline: Timeline,
    /// Hashes of the files that are here.
    held: BTreeSet<[u8; 32]>,
}

impl Broadcasts {
    /// Takes in what the reader holds of a broadcast, as `Book::broadcast` gives it, in place of what it gave before.
    ///
    /// # Errors
    /// `truncated` or what is wrong with the opening; `too-many` beyond [`BROADCASTS_MAX`].
    pub fn record(&mut self, channel: &str, item: &str, record: &[u8]) -> Answer {
        let channel = from_hex(channel).map(ChannelId).map_err(|_| Refusal("bad-value"))?;
        let id = id_of(item)?;
        let (opening, mut rest) = split(record).ok_or(Refusal("truncated"))?;
        let session = Opening::decode(opening)?.session(channel);
        let mut roll_ups = Vec::new();
        while let Some((payload, behind)) = split(rest) {
            rest = behind;
            // A log may hold several broadcasts, and what a stolen key put into it.
            roll_ups.extend(RollUp::decode(payload).ok().filter(|roll_up| roll_up.stream == session.stream));
        }
        if self.broadcasts.len() >= BROADCASTS_MAX && !self.broadcasts.contains_key(&id) {
            return Err(Refusal("too-many"));
        }
        let broadcast = self.broadcasts.at_or_insert(id, || Broadcast {
            session,
            roll_ups: Vec::new(),
            edge: Edge::empty(session.channel, session.stream),
            timeline: Timeline::default(),
            held: BTreeSet::new(),
        });
        (broadcast.session, broadcast.roll_ups) = (session, roll_ups);
        broadcast.put_together();
        Ok(json::object(|object| {
            object.shown("stream", session.stream).number("until", session.until);
        }))
    }

    /// Takes in the edge that a source gave: `news` tells whether it says more than what was here.
    ///
    /// # Errors
    /// What is wrong with the edge.
    pub fn edge(&mut self, item: &str, bytes: &[u8]) -> Answer {
        let broadcast = self.broadcast_mut(item)?;
        let new = Edge::decode(&broadcast.session, bytes)?;
        let newer = broadcast.edge.merged(&new);
        let news = newer != broadcast.edge;
        if news {
            broadcast.edge = newer;
            broadcast.put_together();
        }
        Ok(json::object(|object| {
            object.flag("news", news);
        }))
    }

    /// The edge to write down.
    ///
    /// # Errors
    /// `not-open`.
    pub fn kept_edge(&mut self, item: &str) -> Answer<Vec<u8>> {
        Ok(self.broadcast_mut(item)?.edge.encode())
    }

    /// Takes note of files that are here: their hashes, one behind the other.
    ///
    /// # Errors
    /// `not-open`.
    pub fn hold(&mut self, item: &str, hashes: &[u8]) -> Answer {
        self.broadcast_mut(item)?.held.extend(hashes.as_chunks::<32>().0);
        Ok("{}".into())
    }

    /// What the page shows: how it stands by this clock, and of each rendition what is known and what is here, as ranges of
    /// milliseconds since the broadcast began.
    ///
    /// # Errors
    /// `not-open`.
    pub fn view(&mut self, item: &str, now: &str) -> Answer {
        let broadcast = self.broadcast_mut(item)?;
        let now = now.parse().map_err(|_| Refusal("bad-value"))?;
        let timeline = &broadcast.timeline;
        let phase = match timeline.phase(now) {
            Phase::Soon => "soon",
            Phase::Live => "live",
            Phase::Waiting { .. } => "waiting",
            Phase::Over => "over",
        };
        let mut tracks = timeline.tracks().iter().collect::<Vec<_>>();
        tracks.sort_by_key(|track| track.medium);
        Ok(json::object(|object| {
            object.text("phase", phase).number_or_null("newest", timeline.newest_ms());
            object.number_or_null("zero", timeline.zero_ms()).number("end", timeline.end_ms());
            object.number("next", timeline.next_tick());
            object.list("chapters", timeline.chapters(), |value, chapter| {
                value.object(|object| {
                    object.number("start", chapter.start_ms).text("title", &clean_line(&chapter.title));
                });
            });
            object.list("tracks", tracks, |value, track| {
                value.object(|object| broadcast.write_track(object, track));
            });
        }))
    }

    /// Segments of one rendition that end behind `from` (milliseconds since the broadcast began), at most so many.
    ///
    /// # Errors
    /// `not-open`; `bad-value` where `from` is no number.
    pub fn parts(&mut self, item: &str, track: &str, from: &str, count: usize) -> Answer {
        let broadcast = self.broadcast_mut(item)?;
        let from: u64 = from.parse().map_err(|_| Refusal("bad-value"))?;
        let parts = broadcast.timeline.track(track).map_or(&[][..], |track| &track.parts);
        let first = parts.partition_point(|part| part.end_ms() <= from);
        let parts = parts[first..].iter().take(count.min(PARTS_MAX)).collect::<Vec<_>>();
        Ok(json::object(|object| {
            object.list("parts", parts, |value, part| value.object(|object| broadcast.write_part(object, part)));
        }))
    }

    /// Segments that are not here of the renditions named, one a line and the first one first: while the broadcast runs the newest
    /// first, then the oldest.
    ///
    /// # Errors
    /// `not-open`.
    pub fn wants(&mut self, item: &str, tracks: &str, count: usize) -> Answer {
        let broadcast = self.broadcast_mut(item)?;
        let timeline = &broadcast.timeline;
        let mut wanted = Vec::new();
        for track in tracks.lines().filter_map(|name| timeline.track(name)) {
            let missing = track.parts.iter().filter(|part| !broadcast.is_held(part));
            let count = count.min(PARTS_MAX) - wanted.len();
            if timeline.is_over() {
                wanted.extend(missing.take(count));
            } else {
                wanted.extend(missing.rev().take(count));
            }
        }
        Ok(json::object(|object| {
            object.list("parts", wanted, |value, part| value.object(|object| broadcast.write_part(object, part)));
        }))
    }

    fn broadcast_mut(&mut self, item: &str) -> Answer<&mut Broadcast> {
        self.broadcasts.at_mut(&id_of(item)?).ok_or(Refusal("not-open"))
    }
}

impl Broadcast {
    fn put_together(&mut self) {
        self.timeline = Timeline::of(&self.roll_ups, Some(&self.edge));
    }

    /// Whether a segment can be played: it is here, and so is the one that it plays behind.
    fn is_held(&self, part: &Part) -> bool {
        self.held.contains(&part.blob) && self.held.contains(&part.init)
    }

    fn write_track(&self, object: &mut Object<'_>, track: &Track) {
        object.text("name", &track.name).number("height", height(track));
        object.number("bytes", track.parts.iter().map(|part| u64::from(part.size)).sum());
        let held = spans(track.parts.iter().filter(|part| self.is_held(part)));
        for (name, spans) in [("known", spans(&track.parts)), ("held", held)] {
            object.list(name, spans, |value, span| value.raw(&format!("[{},{}]", span.start, span.end)));
        }
    }

    fn write_part(&self, object: &mut Object<'_>, part: &Part) {
        object.number("start", part.start_ms).number("ms", part.duration_ms.into());
        object.shown("init", BlobHash::from_bytes(part.init)).number("init_size", part.init_size.into());
        object
            .shown("blob", BlobHash::from_bytes(part.blob))
            .number("size", part.size.into())
            .flag("held", self.is_held(part));
    }
}

/// What an initialisation segment says of what plays behind it.
pub fn describe(init: &[u8]) -> String {
    let description = Description::of(init);
    json::object(|object| {
        object.text("codecs", &description.codecs.join(","));
        object.number("width", description.size.map_or(0, |size| size.0.into()));
        object.number("height", description.size.map_or(0, |size| size.1.into()));
    })
}

/// When a segment begins by the clock of its encoder.
pub fn begins(init: &[u8], segment: &[u8]) -> String {
    json::object(|object| {
        object.number_or_null("us", begins_us(init, segment));
    })
}

/// 0 for sound.
fn height(track: &Track) -> u64 {
    match track.medium {
        Medium::Sound => 0,
        Medium::Picture(height) => height.max(1).into(),
    }
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

fn id_of(item: &str) -> Answer<ItemId> {
    item.parse().map_err(|_| Refusal("bad-value"))
}
