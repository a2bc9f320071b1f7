//! One room: its notes, the decisions in force, and what is to be written down.

use longear_core::room::{
    Budget, Cuts, DaySum, Endorsements, Facts, Force, Note, NoteId, Opening, Room, RoomId, Ruling, Seen, Sheaf,
    SheafWriter, Terms, Venue, View, day_of, verify_note,
};
use longear_core::{ChannelId, Header, ItemId, PublicKey, SortedMap, SortedSet, Status};

use super::exchange::Session;
use super::record::Record;
use super::writing::Writer;
use super::{NOTHING, Rooms, time_of};
use crate::json::{self, Object};
use crate::reader::Answer;
use crate::search::Index;

/// What a phone gives one room.
pub const ROOM_BYTES: u64 = 16 << 20;
/// How long a view is good for: only what waits for its time changes by itself.
const VIEW_MS: u64 = 60_000;

/// One room.
#[derive(Debug)]
pub(super) struct Talk {
    pub channel: ChannelId,
    pub id: RoomId,
    pub opening: Opening,
    pub venue: Venue,
    /// When it was opened.
    opened_ms: u64,
    rulings: SortedMap<ItemId, Ruling>,
    pub force: Force,
    pub seen: Option<Seen>,
    channel_ms: Option<u64>,
    pub room: Room,
    cuts: Cuts,
    /// The day by which the cuts were made.
    cut_on: u32,
    changes: SortedMap<u32, Change>,
    view: Option<(u64, View)>,
    pub words: Index,
    pub learnt: SortedSet<NoteId>,
    pub writer: Option<Writer>,
    pub muted: Vec<PublicKey>,
    /// Notes with words that begin like one of these are shown by choice only; folded as for search.
    pub avoided: Vec<String>,
    pub session: Option<Session>,
}

/// What of a day is not written down yet.
#[derive(Debug)]
enum Change {
    /// These came.
    Added(Vec<NoteId>),
    /// Something went: it is to be written anew.
    All,
}

/// What became of the notes of a sheaf.
#[derive(Debug, Default)]
struct Tally {
    taken: u64,
    known: u64,
    refused: SortedMap<&'static str, u64>,
}

impl Talk {
    pub fn new(channel: ChannelId, id: RoomId, (opening, header): &(Opening, Header)) -> Self {
        let venue = Venue::of(id.into(), header);
        Talk {
            channel,
            id,
            opening: opening.clone(),
            room: Room::new(venue),
            venue,
            opened_ms: header.time,
            rulings: SortedMap::new(),
            force: Force::default(),
            seen: None,
            channel_ms: None,
            cuts: Cuts::default(),
            cut_on: 0,
            changes: SortedMap::new(),
            view: None,
            words: Index::default(),
            learnt: SortedSet::new(),
            writer: None,
            muted: Vec::new(),
            avoided: Vec::new(),
            session: None,
        }
    }

    pub fn terms(&self) -> Terms {
        self.opening.terms()
    }

    /// The later of both clocks: one that is behind hides nothing.
    pub fn now(&self, now_ms: u64) -> u64 {
        self.channel_ms.map_or(now_ms, |channel_ms| channel_ms.max(now_ms))
    }

    /// Takes in the items of the channel.
    pub fn hear(&mut self, record: &Record, channel_ms: Option<u64>, now_ms: u64, known: &mut Endorsements) {
        (self.seen, self.channel_ms) = (record.seen, channel_ms);
        let id = self.id;
        let of_room = || record.decisions.iter().filter(|(_, decisions)| decisions.room == id);
        let items = of_room().map(|(header, _)| header.id()).collect::<SortedSet<ItemId>>();
        let gone = self.rulings.keys().filter(|item| !items.contains(item)).copied().collect::<Vec<_>>();
        for item in &gone {
            self.rulings.remove(item);
        }
        let mut is_changed = !gone.is_empty();
        for (header, decisions) in
            of_room().filter(|(header, _)| !self.rulings.contains_key(&header.id())).collect::<Vec<_>>()
        {
            // The notes of digests are checked once, not whenever the channel changes.
            let ruling = Ruling::new(&self.venue, header.id(), header.header(), decisions.clone(), known);
            if let Some(ruling) = ruling {
                self.rulings.insert(header.id(), ruling);
                is_changed = true;
            }
        }
        if is_changed {
            self.force = Force::of(self.rulings.values().map(|ruling| (ruling, Status::Shown)));
            self.cuts = Cuts::default();
            self.changing(|talk| {
                talk.room.take_digests(&talk.force);
                talk.drop_old(now_ms);
            });
        }
    }

    /// Offers a note. False where it was here already.
    pub fn offer(&mut self, note: Note, now_ms: u64, known: &mut Endorsements) -> Result<bool, &'static str> {
        let facts = Facts::of(&note);
        if self.room.note(&facts.id).is_some() {
            return Ok(false);
        }
        if self.force.refuses(&facts) {
            return Err("purged");
        }
        if self.old_before(now_ms).is_some_and(|today| self.terms().is_expired(facts.day(), today)) {
            return Err("old");
        }
        let note = verify_note(&self.venue, note, known).map_err(|reason| reason.code())?;
        match self.room.insert(note) {
            longear_core::room::Fate::Replaced(_) => self.changes.insert(facts.day(), Change::All),
            longear_core::room::Fate::Taken => {
                if let Change::Added(ids) = self.changes.at_or_insert(facts.day(), || Change::Added(Vec::new())) {
                    ids.push(facts.id);
                }
                None
            }
            _ => return Err("beaten"),
        };
        self.view = None;
        Ok(true)
    }

    /// The day by which notes are too old: that of the earlier clock, so that one that is ahead drops nothing.
    fn old_before(&self, now_ms: u64) -> Option<u32> {
        self.channel_ms.map(|channel_ms| day_of(channel_ms.min(now_ms)))
    }

    fn drop_old(&mut self, now_ms: u64) {
        let today = self.old_before(now_ms);
        self.room.drop_purged_and_old(self.terms(), &self.force, today);
    }

    /// Does something that may drop notes, and takes note of the days that are to be written anew.
    fn changing(&mut self, change: impl FnOnce(&mut Self)) {
        let before = self.days();
        change(self);
        let after = self.days();
        let days = before.keys().chain(after.keys()).copied().collect::<SortedSet<u32>>();
        for day in days.iter().filter(|day| before.get(day) != after.get(day)) {
            self.changes.insert(*day, Change::All);
        }
        self.view = None;
    }

    fn settle(&mut self, now_ms: u64) {
        let today = day_of(self.now(now_ms));
        let (terms, budget) = (self.terms(), Budget::new(ROOM_BYTES, &self.terms()));
        self.changing(|talk| {
            talk.drop_old(now_ms);
            if talk.cut_on != today {
                (talk.cuts, talk.cut_on) = (Cuts::default(), today);
            }
            talk.room.drop_beyond(terms, &talk.force, today, &budget, &mut talk.cuts);
        });
    }

    /// Whether there was no space for a note of this rank before.
    fn has_no_space(&self, note: &Note, now_ms: u64) -> bool {
        let today = day_of(self.now(now_ms));
        if self.cuts == Cuts::default() || self.cut_on != today {
            return false;
        }
        !self.cuts.keep(&self.room.ranking(self.terms(), &self.force, today).asks(&Facts::of(note)))
    }

    /// How many notes are held of each day, and which.
    pub fn days(&self) -> SortedMap<u32, DaySum> {
        let mut days = SortedMap::<u32, DaySum>::new();
        for held in self.room.notes() {
            days.at_or_insert(held.facts.day(), DaySum::default).add(&held.facts.id);
        }
        days
    }

    /// The IDs of a day, ascending.
    pub fn ids(&self, day: u32) -> Vec<NoteId> {
        let of_day = self.room.notes().filter(|held| held.facts.day() == day);
        let mut ids = of_day.map(|held| held.facts.id).collect::<Vec<_>>();
        ids.sort_unstable();
        ids
    }

    /// Some notes of a day in one sheaf, as many as fit; empty where there are none. How many they are stands in it.
    pub fn sheaf_of(&self, day: u32, ids: &[NoteId]) -> Vec<u8> {
        let mut sheaf = SheafWriter::new(&self.id, day);
        for id in ids {
            let bytes = self.room.note(id).map(|held| held.note.encode());
            if bytes.is_some_and(|bytes| !sheaf.push(id, &bytes)) {
                break;
            }
        }
        if sheaf.is_empty() { Vec::new() } else { sheaf.finish().1 }
    }

    /// The room as it is seen now.
    pub fn view(&mut self, now_ms: u64) -> &View {
        let now = self.now(now_ms);
        if self.view.as_ref().is_some_and(|(made, _)| now < *made || now >= made + VIEW_MS) {
            self.view = None;
        }
        let (room, force, terms) = (&self.room, &self.force, self.opening.terms());
        &self.view.get_or_insert_with(|| (now, View::of(room, terms, force, now))).1
    }

    pub fn write_room(&self, object: &mut Object<'_>) {
        let opening = &self.opening;
        object.shown("id", self.id).shown("channel", self.channel).number("opened", self.opened_ms);
        object.text("lang", &opening.language).text("title", &longear_pages::clean_line(&opening.title));
        object.list("rules", &opening.rules, |value, rule| value.text(&longear_pages::clean_line(rule)));
        object.flag("tickets", opening.admission == longear_core::room::Admission::Tickets);
        object.number("per_day", opening.notes_per_day.into()).number("days", opening.retention_days.into());
        object.text_or_null("under", opening.under.map(|item| item.to_string()).as_deref());
        object.flag("closed", self.force.closed_day().is_some()).number("notes", self.room.len() as u64);
    }
}

impl Rooms {
    /// Takes in some notes of a sheaf, from a place in it on: each costs a signature, so that others wait for a few only. `is_kept`:
    /// it comes from where it was written down.
    ///
    /// # Errors
    /// What is wrong with the sheaf's form; what is wrong with its notes is counted.
    pub fn take(&mut self, room: &str, sheaf: &[u8], now: &str, from: usize, count: usize, is_kept: bool) -> Answer {
        let now_ms = time_of(now)?;
        let (talk, known) = self.talk_and_known(room)?;
        let sheaf = Sheaf::decode(&talk.id, sheaf)?;
        let (notes, day) = (sheaf.notes.len(), sheaf.day);
        let last = sheaf.notes.last().map(|note| note.id().to_string()).unwrap_or_default();
        let was_changed = talk.changes.contains_key(&day);
        let mut tally = Tally::default();
        for note in sheaf.notes.into_iter().skip(from).take(count) {
            let offered =
                if talk.has_no_space(&note, now_ms) { Err("budget") } else { talk.offer(note, now_ms, known) };
            match offered {
                Ok(true) => tally.taken += 1,
                Ok(false) => tally.known += 1,
                Err(code) => *tally.refused.at_or_insert(code, || 0) += 1,
            }
        }
        if is_kept && !was_changed {
            // What is not good any more is not kept either.
            let is_whole = tally.refused.is_empty();
            if is_whole {
                talk.changes.remove(&day);
            } else {
                talk.changes.insert(day, Change::All);
            }
        }
        Ok(json::object(|object| {
            object
                .number("notes", notes as u64)
                .text("last", &last)
                .number("taken", tally.taken)
                .number("known", tally.known);
            object.list("refused", tally.refused.iter(), |value, (code, count)| {
                value.object(|object| {
                    object.text("code", code).number("count", *count);
                });
            });
        }))
    }

    /// Drops what is too old and what is beyond the budget.
    ///
    /// # Errors
    /// `not-held`.
    pub fn settle(&mut self, room: &str, now: &str) -> Answer {
        let now_ms = time_of(now)?;
        self.talk(room)?.settle(now_ms);
        Ok(NOTHING.into())
    }

    /// Days of which something is to be written down; `all`: anew.
    ///
    /// # Errors
    /// `not-held`.
    pub fn changes(&mut self, room: &str) -> Answer {
        let talk = self.talk(room)?;
        Ok(json::object(|object| {
            object.list("days", talk.changes.iter(), |value, (day, change)| {
                value.object(|object| {
                    object.number("day", (*day).into()).flag("all", matches!(change, Change::All));
                });
            });
        }))
    }

    /// What is to be written down of a day, from a place on, as a sheaf; empty behind the last.
    ///
    /// # Errors
    /// `not-held`.
    pub fn changed(&mut self, room: &str, day: u32, from: usize) -> Answer<Vec<u8>> {
        let talk = self.talk(room)?;
        let ids = match talk.changes.get(&day) {
            None => Vec::new(),
            Some(Change::All) => talk.ids(day),
            Some(Change::Added(ids)) => {
                let mut ids = ids.iter().filter(|id| talk.room.note(id).is_some()).copied().collect::<Vec<_>>();
                ids.sort_unstable();
                ids
            }
        };
        Ok(talk.sheaf_of(day, ids.get(from..).unwrap_or_default()))
    }

    /// It was written down.
    ///
    /// # Errors
    /// `not-held`.
    pub fn written(&mut self, room: &str, day: u32) -> Answer {
        self.talk(room)?.changes.remove(&day);
        Ok(NOTHING.into())
    }
}
