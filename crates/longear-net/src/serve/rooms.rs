//! What a node answers about rooms, beside the tree: which notes it holds of a day, and notes that it gives and takes.

use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use longear_core::limits::{NOTES_ASKED_MAX, SHEAF_BYTES_MAX};
use longear_core::reconcile::{Elements, Encoder, Salt, ShortId};
use longear_core::room::{DaySum, NoteId, RoomId, write_days};
use longear_store::{RoomError, Store, Talk};

use super::blob::{bare, blocking};
use super::tree::fresh;
use crate::rooms::{RoomAsk, RoomPath, now_ms};
use crate::sync::decisions::{day_sums, sheaf_of, take_sheaf};

/// Days whose IDs are kept in memory: two nodes ask for the symbols of a day in several requests. 1 MB each in a large room.
const DAYS_KEPT_MAX: usize = 8;

/// Answers about the rooms of a store.
#[derive(Clone)]
pub(super) struct RoomsAnswers {
    store: Arc<Store>,
    /// Whether notes are taken.
    takes: bool,
    days: Arc<Mutex<Vec<KnownDay>>>,
    /// One of what takes long at a time: others wait for it, and nobody takes all of the machine.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The IDs of a day as long as nothing comes to it, ascending.
struct KnownDay {
    room: RoomId,
    day: u32,
    sum: DaySum,
    ids: Arc<Vec<NoteId>>,
}

/// What is answered.
enum Answer {
    Bytes(Vec<u8>),
    Nothing(StatusCode),
}

impl RoomsAnswers {
    pub fn new(store: Arc<Store>, takes: bool) -> Self {
        RoomsAnswers { store, takes, days: Arc::default(), turn: Arc::default() }
    }

    /// The answer to a question, with what was posted.
    pub async fn answer(&self, path: RoomPath, method: &Method, body: Body) -> Response {
        let is_post = matches!(path.ask, RoomAsk::Wanted { .. } | RoomAsk::Give);
        if is_post != (*method == Method::POST) {
            return bare(StatusCode::METHOD_NOT_ALLOWED);
        }
        if path.ask == RoomAsk::Give && !self.takes {
            return bare(StatusCode::FORBIDDEN);
        }
        let bytes_max = match path.ask {
            RoomAsk::Give => SHEAF_BYTES_MAX,
            RoomAsk::Wanted { .. } => NOTES_ASKED_MAX * 8,
            _ => 0,
        };
        let Ok(posted) = Limited::new(body, bytes_max).collect().await else {
            return bare(StatusCode::PAYLOAD_TOO_LARGE);
        };
        let posted = posted.to_bytes();
        let _turn = self.turn.lock().await;
        let answers = self.clone();
        let answered = blocking(move || answers.find(path, &posted).map_err(io::Error::other)).await;
        match answered {
            Ok(Some(Answer::Bytes(bytes))) => fresh(bytes),
            Ok(Some(Answer::Nothing(status))) => bare(status),
            Ok(None) => bare(StatusCode::NOT_FOUND),
            Err(_) => bare(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    fn find(&self, path: RoomPath, posted: &Bytes) -> Result<Option<Answer>, RoomError> {
        let Some(talk) = self.store.talk_in(&path.channel, &path.room, now_ms())? else { return Ok(None) };
        Ok(Some(match path.ask {
            RoomAsk::Days => Answer::Bytes(write_days(&day_sums(&talk)?)),
            RoomAsk::Symbols { day, salt, from, to } => self.symbols(&talk, day, salt, from as usize..to as usize)?,
            RoomAsk::Wanted { day, salt } => self.wanted(&talk, day, salt, posted)?,
            RoomAsk::Of { day, after } => {
                let ids = self.ids(&talk, day)?;
                let from = after.map_or(0, |after| ids.partition_point(|id| *id <= after));
                Answer::Bytes(sheaf_of(&talk, day, &ids[from..])?.0.map_or(Vec::new(), |(_, bytes)| bytes))
            }
            RoomAsk::Give => match take_sheaf(&talk, posted)? {
                Ok(taken) => Answer::Bytes([taken.good as u32, taken.refused as u32].map(u32::to_le_bytes).concat()),
                Err(_) => Answer::Nothing(StatusCode::BAD_REQUEST),
            },
        }))
    }

    fn symbols(&self, talk: &Talk, day: u32, salt: Salt, range: std::ops::Range<usize>) -> Result<Answer, RoomError> {
        let ids = self.ids(talk, day)?;
        let Ok(elements) = Elements::new(&salt, ids.iter().map(|id| &id.0)) else {
            return Ok(Answer::Nothing(StatusCode::CONFLICT));
        };
        let (mut encoder, mut symbols) = (Encoder::new(elements), Vec::new());
        encoder.seek(range.start);
        encoder.write(range.len(), &mut symbols);
        Ok(Answer::Bytes(symbols))
    }

    fn wanted(&self, talk: &Talk, day: u32, salt: Salt, posted: &[u8]) -> Result<Answer, RoomError> {
        let (shorts, rest) = posted.as_chunks::<8>();
        let ids = self.ids(talk, day)?;
        let Ok(elements) = Elements::new(&salt, ids.iter().map(|id| &id.0)) else {
            return Ok(Answer::Nothing(StatusCode::CONFLICT));
        };
        if !rest.is_empty() {
            return Ok(Answer::Nothing(StatusCode::BAD_REQUEST));
        }
        let places = shorts.iter().filter_map(|short| elements.position(ShortId::from_bytes(*short)));
        let mut wanted = places.map(|place| ids[place]).collect::<Vec<_>>();
        wanted.sort_unstable();
        wanted.dedup();
        Ok(Answer::Bytes(sheaf_of(talk, day, &wanted)?.0.map_or(Vec::new(), |(_, bytes)| bytes)))
    }

    /// The IDs of a day, read once for as long as nothing comes to it.
    fn ids(&self, talk: &Talk, day: u32) -> Result<Arc<Vec<NoteId>>, RoomError> {
        let days = day_sums(talk)?;
        let sum = days.iter().find(|(known, _)| *known == day).map_or(DaySum::default(), |(_, sum)| *sum);
        let is_it = |known: &KnownDay| known.room == talk.venue.room && known.day == day;
        let mut kept = self.days.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(known) = kept.iter().find(|known| is_it(known) && known.sum == sum) {
            return Ok(known.ids.clone());
        }
        let ids = Arc::new(talk.notes.ids_of_day(day)?);
        kept.retain(|known| !is_it(known));
        if kept.len() >= DAYS_KEPT_MAX {
            kept.remove(0);
        }
        kept.push(KnownDay { room: talk.venue.room, day, sum, ids: ids.clone() });
        Ok(ids)
    }
}
