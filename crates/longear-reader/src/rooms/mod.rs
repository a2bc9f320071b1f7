//! Rooms: what is said in them, checked here, shown, written and exchanged.
//!
//! It stands in a module of its own, so that nobody waits for it who opens the app to read. Openings and decisions come from items
//! that the [reader](crate::Reader) checked; notes come from sources, and are checked here, each by itself.
//!
//! * [`Rooms`]: several rooms, as calls that take text and bytes and give JSON.
//! * `talk`: one of them, and what changes in it.
//! * `exchange`: what others hold and lack.
//! * `writing`: what the reader says himself.
//! * `showing`: what the page shows.

mod exchange;
mod record;
mod showing;
mod talk;
mod writing;

use longear_core::id::from_hex;
use longear_core::room::{Endorsements, NoteId, RoomId};
use longear_core::{ChannelId, SortedMap};

use crate::json;
use crate::reader::{Answer, Refusal};

pub use talk::ROOM_BYTES;
use talk::Talk;

/// Rooms that are known at once.
pub const ROOMS_MAX: usize = 256;
const NOT_HELD: Refusal = Refusal("not-held");
const NOTHING: &str = "{}";

/// Several rooms in memory.
#[derive(Debug, Default)]
pub struct Rooms {
    talks: SortedMap<RoomId, Talk>,
    known: Endorsements,
}

impl Rooms {
    /// Takes in what the reader holds of the rooms of a channel, as `Book::rooms` gives it, in place of what it gave before.
    /// `clock`: the time of the channel, or nothing.
    ///
    /// # Errors
    /// `truncated`; `bad-value` where the channel is none.
    pub fn record(&mut self, channel: &str, record: &[u8], clock: &str, now: &str) -> Answer {
        let clock = if clock.is_empty() { None } else { Some(time_of(clock)?) };
        let (channel, now) = (channel_of(channel)?, time_of(now)?);
        let record = record::Record::read(record).ok_or(Refusal("truncated"))?;
        let gone = self.talks.iter().filter(|(id, talk)| talk.channel == channel && !record.rooms.contains_key(*id));
        for id in gone.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.talks.remove(&id);
        }
        for (id, opened) in record.rooms.iter() {
            if self.talks.contains_key(id) || self.talks.len() < ROOMS_MAX {
                let talk = self.talks.at_or_insert(*id, || Talk::new(channel, *id, opened));
                talk.hear(&record, clock, now, &mut self.known);
            }
        }
        let talks = self.talks.iter().filter(|(_, talk)| talk.channel == channel);
        Ok(json::object(|object| {
            object.list("rooms", talks, |value, (_, talk)| value.object(|object| talk.write_room(object)));
        }))
    }

    /// Forgets the rooms of a channel.
    ///
    /// # Errors
    /// `bad-value` where the channel is none.
    pub fn forget(&mut self, channel: &str) -> Answer {
        let channel = channel_of(channel)?;
        let gone = self.talks.iter().filter(|(_, talk)| talk.channel == channel).map(|(id, _)| *id);
        for id in gone.collect::<Vec<_>>() {
            self.talks.remove(&id);
        }
        Ok(NOTHING.into())
    }

    fn talk(&mut self, room: &str) -> Answer<&mut Talk> {
        let room = room.parse::<RoomId>().map_err(|_| Refusal("bad-value"))?;
        self.talks.at_mut(&room).ok_or(NOT_HELD)
    }

    /// A room, and the tickets that are known to be good.
    fn talk_and_known(&mut self, room: &str) -> Answer<(&mut Talk, &mut Endorsements)> {
        let room = room.parse::<RoomId>().map_err(|_| Refusal("bad-value"))?;
        let talk = self.talks.at_mut(&room).ok_or(NOT_HELD)?;
        Ok((talk, &mut self.known))
    }
}

fn channel_of(text: &str) -> Answer<ChannelId> {
    from_hex(text).map(ChannelId).map_err(|_| Refusal("bad-value"))
}

fn note_of(text: &str) -> Answer<NoteId> {
    text.parse().map_err(|_| Refusal("bad-value"))
}

fn time_of(text: &str) -> Answer<u64> {
    text.parse().map_err(|_| Refusal("bad-value"))
}
