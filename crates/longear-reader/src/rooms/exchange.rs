//! What a node or a carrier holds of a room that is not here, and what it lacks.

use longear_core::limits::NOTES_ASKED_MAX;
use longear_core::reconcile::{Decoder, Elements, Progress, Salt};
use longear_core::room::{DaySum, NoteId, SheafList, read_days};
use longear_core::{SortedMap, SortedSet};

use super::talk::{ROOM_BYTES, Talk};
use super::{NOTHING, Rooms};
use crate::json;
use crate::reader::{Answer, Refusal};

/// Below this difference in number a day is reconciled; above it the whole of it is cheaper to ask for (docs/spec/reconcile.md).
const RECONCILED_MAX: u32 = 40_000;

/// Two sets of notes of one day that are compared.
#[derive(Debug)]
pub(super) struct Session {
    day: u32,
    ids: Vec<NoteId>,
    decoder: Decoder,
}

impl Rooms {
    /// The days on which a node holds other notes than are here, the newest first, and what to do about each: `ask` for all of it,
    /// `give` all of it, or find out what differs. And one day whose sums are the same, chosen by a random number: two sets of notes
    /// can be written so that their sums agree.
    ///
    /// # Errors
    /// `truncated`, `trailing-bytes`, `too-many` and `not-canonical` of what the node said.
    pub fn days(&mut self, room: &str, days: &[u8], random: u32) -> Answer {
        let talk = self.talk(room)?;
        let theirs = read_days(days)?.into_iter().collect::<SortedMap<u32, DaySum>>();
        let ours = talk.days();
        let all = theirs.keys().chain(ours.keys()).copied().collect::<SortedSet<u32>>();
        let doubted = theirs.keys().nth(random as usize % theirs.len().max(1)).copied();
        let is_asked = |day: &u32| theirs.get(day) != ours.get(day) || doubted == Some(*day);
        let differing = all.iter().rev().filter(|day| is_asked(day)).collect::<Vec<_>>();
        Ok(json::object(|object| {
            object.list("days", differing, |value, day| {
                let count = |days: &SortedMap<u32, DaySum>| days.get(day).map_or(0, |sum| sum.notes);
                let (theirs, ours) = (count(&theirs), count(&ours));
                let what = match (theirs, ours) {
                    (0, _) => "give",
                    (_, 0) => "ask",
                    _ if theirs.abs_diff(ours) > RECONCILED_MAX => "ask",
                    _ => "reconcile",
                };
                value.object(|object| {
                    object.number("day", (*day).into()).text("what", what);
                });
            });
        }))
    }

    /// What to ask for of a carrier's list of sheaves: those of the days that differ, the newest first, as far as there is space.
    ///
    /// # Errors
    /// What is wrong with the list.
    pub fn list(&mut self, room: &str, list: &[u8]) -> Answer {
        let talk = self.talk(room)?;
        let list = SheafList::decode(&talk.channel, &talk.id, list)?;
        let ours = talk.days();
        let same = list.days().into_iter().filter(|(day, sum)| ours.get(day) == Some(sum)).map(|(day, _)| day);
        let same = same.collect::<SortedSet<u32>>();
        let mut left = ROOM_BYTES;
        let wanted = list.sheaves.iter().rev().filter(|sheaf| !same.contains(&sheaf.day)).take_while(|sheaf| {
            let fits = u64::from(sheaf.bytes) <= left;
            left = left.saturating_sub(sheaf.bytes.into());
            fits
        });
        let (channel, id) = (talk.channel, talk.id);
        Ok(json::object(|object| {
            object.list("sheaves", wanted, |value, sheaf| {
                value.object(|object| {
                    object.shown("path", SheafList::path_of(&channel, &id, &sheaf.name));
                    object.shown("name", sheaf.name).number("bytes", sheaf.bytes.into());
                });
            });
        }))
    }

    /// Our notes of a day, from a place on, as a sheaf; empty behind the last.
    ///
    /// # Errors
    /// `not-held`.
    pub fn sheaf(&mut self, room: &str, day: u32, from: usize) -> Answer<Vec<u8>> {
        let talk = self.talk(room)?;
        let ids = talk.ids(day);
        Ok(talk.sheaf_of(day, ids.get(from..).unwrap_or_default()))
    }

    /// Begins to find out what differs on a day. The salt is 16 random bytes that nobody knew before.
    ///
    /// # Errors
    /// `truncated` where the salt is none; `too-many`; `bad-value` where another salt is needed.
    pub fn reconcile(&mut self, room: &str, salt: &[u8], day: u32) -> Answer {
        let talk = self.talk(room)?;
        let salt = Salt(salt.try_into().map_err(|_| Refusal("truncated"))?);
        let ids = talk.ids(day);
        let elements = Elements::new(&salt, ids.iter().map(|id| &id.0)).map_err(|_| Refusal("bad-value"))?;
        talk.session = Some(Session { day, ids, decoder: Decoder::new(elements) });
        Ok(NOTHING.into())
    }

    /// Takes the symbols that a node gave. What came out before a fault is right if the node is honest.
    ///
    /// # Errors
    /// The code of the fault; `not-held` where nothing was begun.
    pub fn symbols(&mut self, room: &str, symbols: &[u8]) -> Answer {
        let session = session_of(self.talk(room)?)?;
        let progress = session.decoder.take(symbols).map_err(|fault| Refusal(fault.code()))?;
        let Session { decoder, .. } = session;
        Ok(json::object(|object| {
            object.flag("done", progress == Progress::Done).number("symbols", decoder.symbols() as u64);
            object.number("theirs", decoder.theirs().len() as u64).number("ours", decoder.ours().len() as u64);
        }))
    }

    /// Short IDs to ask for, from a place on, as many as may be asked for at once.
    ///
    /// # Errors
    /// `not-held` where nothing was begun.
    pub fn wanted(&mut self, room: &str, from: usize) -> Answer<Vec<u8>> {
        let session = session_of(self.talk(room)?)?;
        let theirs = session.decoder.theirs().iter().skip(from).take(NOTES_ASKED_MAX);
        Ok(theirs.flat_map(|short| short.to_bytes()).collect())
    }

    /// What the node lacks, from a place on, as a sheaf; empty behind the last.
    ///
    /// # Errors
    /// `not-held` where nothing was begun.
    pub fn lacking(&mut self, room: &str, from: usize) -> Answer<Vec<u8>> {
        let talk = self.talk(room)?;
        let session = session_of(talk)?;
        let mut ours = session.decoder.ours().iter().map(|place| session.ids[*place]).collect::<Vec<_>>();
        ours.sort_unstable();
        let day = session.day;
        Ok(talk.sheaf_of(day, ours.get(from..).unwrap_or_default()))
    }
}

fn session_of(talk: &mut Talk) -> Answer<&mut Session> {
    talk.session.as_mut().ok_or(super::NOT_HELD)
}
