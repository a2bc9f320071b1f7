//! A newsroom and a box in one, on a disk of memory.

use std::fs;
use std::sync::Arc;

use longear::boxview::live::{Broadcast, Wanted};
use longear::boxview::shelf::{Found, Shelf};
use longear_core::hash::plain;
use longear_core::live::{Beat, Medium};
use longear_core::{Edge, ItemId, Kind, Opening, Roles, RollUp, Run, Segment, Session, StreamId, Tick, verify};
use longear_pages::{ItemPage, Language, Visit};
use longear_store::{Store, StoreOptions};

use crate::disk::Disk;
use crate::publisher::{Log, NOON_MS, Object, Publisher, article, give, items, key, retraction, take_in};

const STREAM: StreamId = StreamId([5; 16]);
pub const SEGMENT_MS: u64 = 2_000;
/// Ticks of a roll-up.
const ROLLED: u64 = 30;

pub struct Studio {
    publisher: Publisher,
    log: Log,
    pub disk: Disk,
    pub store: Arc<Store>,
    shelf: Shelf,
    pub item: ItemId,
    session: Session,
    edge: Edge,
    /// Number of the next tick, and of the first one that no roll-up holds.
    pub next: u64,
    pub first: u64,
}

/// What an answer cost.
#[derive(Debug)]
pub struct Cost {
    /// How often the disk was asked for something.
    pub looks: u64,
    /// Memory at its peak, above what was held before.
    pub memory_kib: u64,
}

fn segment(name: &str, medium: Medium, number: u64) -> Segment {
    let (init, bytes) = (format!("{name} begins"), format!("{name} {number}"));
    Segment {
        name: name.into(),
        medium,
        start_ms: number * SEGMENT_MS,
        duration_ms: SEGMENT_MS as u32,
        init: plain(init.as_bytes()),
        init_size: init.len() as u32,
        blob: plain(bytes.as_bytes()),
        size: bytes.len() as u32,
        groups: Vec::new(),
    }
}

pub fn segments(number: u64) -> Vec<Segment> {
    let tracks = [("audio", Medium::Sound), ("144p", Medium::Picture(144)), ("360p", Medium::Picture(360))];
    tracks.map(|(name, medium)| segment(name, medium, number)).to_vec()
}

fn time_ms(number: u64) -> u64 {
    NOON_MS + (number + 1) * SEGMENT_MS
}

impl Studio {
    /// A broadcast of so many moments, of which all are here and in roll-ups.
    pub fn new(moments: u64) -> Self {
        let publisher = Publisher::found("day", &[("one", Roles::LIVE.with(Roles::POST))]);
        let mut log = publisher.log("one");
        let disk = Disk::new();
        let store = Store::open_with(StoreOptions { backend: Arc::new(disk.clone()), index: None }).unwrap();
        take_in(&store, &publisher.channel(), &[Object::Charter(publisher.charters[0].clone())]).unwrap();
        let variants = article("A day at the river", None).variants;
        let key = key("session").public();
        let opening = Opening { stream: STREAM, key, until: NOON_MS + 200_000_000, variants };
        let item = log.write(Kind::Live, NOON_MS, opening.encode());
        let store = Arc::new(store);
        let session = opening.session(publisher.channel());
        let edge = Edge::empty(session.channel, session.stream);
        let shelf = Shelf::new(store.clone());
        let mut studio = Studio { publisher, log, disk, store, shelf, item, session, edge, next: 0, first: 0 };
        for name in ["audio", "144p", "360p"] {
            studio.store.blobs().import(format!("{name} begins").as_bytes(), |_| {}).unwrap();
        }
        (0..moments).for_each(|number| studio.import(number));
        while studio.first + ROLLED <= moments {
            studio.write(ROLLED, false);
        }
        studio.next = studio.first;
        studio.give(0);
        studio
    }

    /// The files of a moment come.
    pub fn import(&self, number: u64) {
        segments(number).iter().for_each(|segment| self.disk.say(segment.blob));
    }

    fn write(&mut self, count: u64, is_last: bool) {
        let beat = |number| Beat { time: time_ms(number), segments: segments(number) };
        let beats = (self.first..self.first + count).map(beat).collect();
        let roll_up = RollUp { stream: STREAM, first: self.first, is_last, beats, chapters: Vec::new() };
        self.first += count;
        self.log.write(Kind::RollUp, time_ms(self.first), roll_up.encode());
    }

    fn give(&self, from: usize) {
        let mut batch = self.store.write().unwrap();
        give(&mut batch, &self.publisher.channel(), &items(&self.log, from..self.log.items.len())).unwrap();
        batch.commit().unwrap();
    }

    /// One more moment, in the edge; its files come by themselves.
    pub fn tick(&mut self) {
        self.sign();
        self.store.keep_edge(&self.session, self.edge.clone()).unwrap();
    }

    fn sign(&mut self) {
        let before = if self.next == 0 { [0; 32] } else { [9; 32] };
        let previous = self.edge.newest().map_or(before, Tick::hash);
        let (time, segments) = (time_ms(self.next), segments(self.next));
        let tick = Tick { stream: STREAM, seq: self.next, time, previous, segments, signature: [0; 64] };
        let tick = tick.sign(&self.session.channel, &key("session"));
        self.edge.push(verify(&self.session, tick).unwrap()).unwrap();
        self.next += 1;
    }

    /// So many moments of which the box hears only when it hears of the next one.
    pub fn cut(&mut self, moments: u64) {
        (0..moments).for_each(|_| self.sign());
    }

    /// One more moment with its files, that only a roll-up will tell of.
    pub fn hear(&mut self) {
        self.import(self.next);
        self.next += 1;
    }

    /// What stands in no roll-up yet.
    pub fn roll_up(&mut self, is_last: bool) {
        let from = self.log.items.len();
        while self.next - self.first > 2 * ROLLED {
            self.write(ROLLED, false);
        }
        self.write(self.next - self.first, is_last);
        self.give(from);
    }

    /// One more roll-up, of which the header comes before the payload; between the two `between` is looked at.
    pub fn roll_up_in_pieces(&mut self, between: impl FnOnce(&Self)) {
        let from = self.log.items.len();
        self.write(self.next - self.first, false);
        let headers = self.log.items[from..].iter().map(|(header, _)| header.clone()).collect();
        let run = verify(&self.publisher.lineage, Run::new(self.log.opening, headers).unwrap()).unwrap();
        let mut batch = self.store.write().unwrap();
        batch.run(&self.publisher.channel(), &run).unwrap();
        batch.commit().unwrap();
        between(self);
        self.give(from);
    }

    /// Takes a roll-up back.
    pub fn take_back(&mut self, number: usize) {
        let from = self.log.items.len();
        let roll_up = self.log.items[number + 1].0.id();
        self.log.write(Kind::Retraction, self.now_ms(), retraction(vec![roll_up]));
        self.give(from);
    }

    /// The same box after a restart.
    pub fn restart(&mut self) {
        self.shelf = Shelf::new(self.store.clone());
    }

    pub fn broadcast(&self) -> Arc<Broadcast> {
        self.shelf.broadcast(&self.item).unwrap().unwrap()
    }

    pub fn now_ms(&self) -> u64 {
        time_ms(self.next)
    }

    pub fn page(&self, from_ms: Option<u64>) -> String {
        let Found::Here(found) = self.shelf.item(&self.item, self.now_ms()).unwrap() else { panic!("no page") };
        let (channel, item) = *found;
        let visit = Visit { language: Language::English, language_chosen: false, now_ms: self.now_ms() };
        longear_pages::item(&ItemPage { visit, channel, item, form: None, text: None, play: None, from_ms })
    }

    pub fn list(&self, name: &str, from_ms: Option<u64>) -> Option<String> {
        let broadcast = self.broadcast();
        let wanted = Wanted { from_ms, ..Wanted::default() };
        match name {
            "index.m3u8" => broadcast.master("", wanted).unwrap(),
            name => broadcast.media(name, wanted).unwrap(),
        }
    }

    pub fn cost<T>(&self, ask: impl FnOnce(&Self) -> T) -> (Cost, T) {
        // Forgets the peak until now (Linux, proc(5)).
        fs::write("/proc/self/clear_refs", "5").unwrap();
        let held = memory_kib("VmRSS:");
        let asked = self.disk.asked();
        let answer = ask(self);
        let (looks, memory_kib) = (self.disk.asked() - asked, memory_kib("VmHWM:").saturating_sub(held));
        eprintln!("{looks} looks, {memory_kib} KiB");
        (Cost { looks, memory_kib }, answer)
    }
}

fn memory_kib(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let text = status.lines().find_map(|text| text.strip_prefix(line)).unwrap();
    text.trim().strip_suffix(" kB").unwrap().trim().parse().unwrap()
}
