//! Notes of rooms: exchanged with nodes day by day, fetched from carriers that hold sheaves.

use std::sync::Arc;

use longear_core::Reason;
use longear_core::hash::labelled;
use longear_core::limits::{NOTES_ASKED_MAX, SHEAF_BYTES_MAX, SHEAF_LIST_BYTES_MAX, SYMBOLS_ASKED_MAX};
use longear_core::reconcile::{Decoder, Elements, Progress, SYMBOL_BYTES, Salt, ShortId};
use longear_core::room::{DAYS_BYTES_MAX, DaySum, Note, NoteId, RoomId, Sheaf, SheafList, read_days};
use longear_store::{ChannelState, RoomError, Talk};

use super::decisions::{SheafTaken, day_sums, sheaf_of, take_sheaf};
use super::report::SyncError;
use super::round::Round;
use super::source::Source;
use crate::carrier::{Carrier, HttpCarrier};
use crate::rooms::{RoomAsk, RoomPath, now_ms};

/// Symbols that are asked for when the first one shows a difference; twice as many each time after it.
const SYMBOLS_FIRST: u32 = 64;
/// Of a day of which the other side has so many times as many notes as are here, all are asked for.
const MANY_MORE: u32 = 4;
/// Bytes of the answer to notes that were given.
const GIVEN_BYTES: u64 = 8;

/// How an exchange with one carrier ends early.
enum End {
    /// It failed or lied, which was noted.
    Carrier,
    /// This machine's own disk failed.
    Here(SyncError),
}

impl From<SyncError> for End {
    fn from(error: SyncError) -> Self {
        End::Here(error)
    }
}

/// Exchanges the notes of all rooms of these channels with all carriers.
pub(super) async fn exchange(round: &Round<'_>, states: &[Arc<ChannelState>]) -> Result<(), SyncError> {
    for state in states {
        let channel = state.id();
        for talk in round.blocking(move |store| store.talks(&channel, now_ms())).await? {
            for source in round.sources {
                if source.is_aside() || round.is_cancelled() {
                    continue;
                }
                let exchanged = match &source.carrier {
                    Carrier::Http(carrier) => with_server(round, source, carrier, &talk).await,
                    Carrier::Folder(_) => from_sheaves(round, source, &talk).await,
                };
                if let Err(End::Here(error)) = exchanged {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

async fn with_server(round: &Round<'_>, source: &Source, carrier: &HttpCarrier, talk: &Talk) -> Result<(), End> {
    let days = ask(round, source, carrier, talk, RoomAsk::Days, None, DAYS_BYTES_MAX as u64).await?;
    let Some(days) = days else { return from_sheaves(round, source, talk).await };
    let theirs = read_days(&days).map_err(|reason| refuse(round, source, talk, &reason, days.len()))?;
    let mut node = Node { round, source, carrier, talk, gives: round.options.give_notes };
    let ours = node.here(day_sums).await?;
    let doubted = doubted_day(round, source, &theirs);
    for (day, their_sum) in theirs.iter().rev() {
        let our_sum = sum_of(&ours, *day);
        if (our_sum != *their_sum || doubted == Some(*day)) && is_kept(talk, *day) {
            node.exchange_day(*day, our_sum, *their_sum).await?;
        }
    }
    for (day, _) in ours.iter().rev() {
        if sum_of(&theirs, *day).notes == 0 {
            let ids = node.ids(*day).await?;
            node.give(*day, ids).await?;
        }
    }
    Ok(())
}

/// A node with which notes of a room are exchanged.
struct Node<'r, 'a> {
    round: &'r Round<'a>,
    source: &'r Source,
    carrier: &'r HttpCarrier,
    talk: &'r Talk,
    /// Whether it takes notes, as far as is known.
    gives: bool,
}

impl Node<'_, '_> {
    async fn exchange_day(&mut self, day: u32, ours: DaySum, theirs: DaySum) -> Result<(), End> {
        if theirs.notes > ours.notes.saturating_mul(MANY_MORE) {
            self.fetch_day(day).await?;
            let here = self.here(day_sums).await?;
            if sum_of(&here, day) == theirs {
                return Ok(());
            }
        }
        let ids = self.ids(day).await?;
        let mut salt_number = 0;
        loop {
            let salt = session_salt(self.round, self.source, day, salt_number);
            match self.reconcile(day, salt, &ids).await? {
                Some((wanted, lacked)) => {
                    self.fetch_wanted(day, salt, wanted).await?;
                    return self.give(day, lacked.into_iter().map(|place| ids[place]).collect()).await;
                }
                // Two short IDs are the same by chance; with another key they differ.
                None if salt_number < 3 => salt_number += 1,
                None => return Ok(()),
            }
        }
    }

    /// What the two lack of each other: short IDs of theirs, places of ours. `None`: another key is needed.
    async fn reconcile(
        &mut self,
        day: u32,
        salt: Salt,
        ids: &[NoteId],
    ) -> Result<Option<(Vec<ShortId>, Vec<usize>)>, End> {
        let Ok(elements) = Elements::new(&salt, ids.iter().map(|id| &id.0)) else { return Ok(None) };
        let mut decoder = Decoder::new(elements);
        // The first symbol says whether there is any difference.
        let (mut from, mut count) = (0, 1);
        loop {
            let to = from + count;
            let asked = RoomAsk::Symbols { day, salt, from, to };
            let bytes_max = u64::from(count) * SYMBOL_BYTES as u64;
            let Some(symbols) = self.ask(asked, None, bytes_max).await? else { return Ok(None) };
            match decoder.take(&symbols) {
                Ok(Progress::Done) => return Ok(Some((decoder.theirs().to_vec(), decoder.ours().to_vec()))),
                // Who gives nothing more has nothing more to say.
                Ok(Progress::More) if symbols.is_empty() => return Ok(None),
                Ok(Progress::More) => {}
                Err(fault) => {
                    let object = RoomPath::new(&self.talk.channel(), &self.talk.venue.room, asked).to_string();
                    self.round.refuse_fault(self.source, object, &fault, symbols.len() as u64);
                    return Err(End::Carrier);
                }
            }
            from = to;
            count = (count * 2).clamp(SYMBOLS_FIRST, SYMBOLS_ASKED_MAX);
        }
    }

    async fn fetch_wanted(&mut self, day: u32, salt: Salt, mut wanted: Vec<ShortId>) -> Result<(), End> {
        while !wanted.is_empty() {
            let asked = &wanted[..wanted.len().min(NOTES_ASKED_MAX)];
            let content = asked.iter().flat_map(|short| short.to_bytes()).collect();
            let sheaf = self.ask(RoomAsk::Wanted { day, salt }, Some(content), SHEAF_BYTES_MAX as u64).await?;
            let Some(sheaf) = sheaf.filter(|sheaf| !sheaf.is_empty()) else { return Ok(()) };
            let ids = ids_in(&self.talk.venue.room, &sheaf);
            let taken = self.take(sheaf).await?;
            let before = wanted.len();
            if let Ok(brought) = Elements::new(&salt, ids.iter().map(|id| &id.0)) {
                wanted.retain(|short| brought.position(*short).is_none());
            }
            // Each answer must bring something of what was asked for, or this would never end.
            if wanted.len() == before || taken.good == 0 {
                return Ok(());
            }
        }
        Ok(())
    }

    /// All of a day, in the order of the IDs.
    async fn fetch_day(&mut self, day: u32) -> Result<(), End> {
        let mut after = None;
        loop {
            let sheaf = self.ask(RoomAsk::Of { day, after }, None, SHEAF_BYTES_MAX as u64).await?;
            let Some(sheaf) = sheaf.filter(|sheaf| !sheaf.is_empty()) else { return Ok(()) };
            let last = ids_in(&self.talk.venue.room, &sheaf).last().copied();
            self.take(sheaf).await?;
            if last <= after {
                return Ok(());
            }
            after = last;
        }
    }

    /// Gives a node notes that it lacks, as long as it takes them.
    async fn give(&mut self, day: u32, mut ids: Vec<NoteId>) -> Result<(), End> {
        ids.sort_unstable();
        while self.gives && !ids.is_empty() {
            let given = ids.clone();
            let (sheaf, done) = self.here(move |talk| sheaf_of(talk, day, &given)).await?;
            ids.drain(..done);
            let Some((entry, bytes)) = sheaf else { continue };
            match self.ask(RoomAsk::Give, Some(bytes), GIVEN_BYTES).await? {
                Some(_) => self.round.report().given_notes += u64::from(entry.sum.notes),
                None => self.gives = false,
            }
        }
        Ok(())
    }

    async fn take(&mut self, sheaf: Vec<u8>) -> Result<SheafTaken, End> {
        take(self.round, self.source, self.talk, sheaf).await
    }

    async fn ask(&self, ask_for: RoomAsk, content: Option<Vec<u8>>, bytes_max: u64) -> Result<Option<Vec<u8>>, End> {
        ask(self.round, self.source, self.carrier, self.talk, ask_for, content, bytes_max).await
    }

    async fn ids(&self, day: u32) -> Result<Vec<NoteId>, End> {
        self.here(move |talk| talk.notes.ids_of_day(day)).await
    }

    async fn here<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Talk) -> Result<T, RoomError> + Send + 'static,
    ) -> Result<T, End> {
        let talk = self.talk.clone();
        Ok(self.round.blocking(move |_| work(&talk)).await?)
    }
}

/// Fetches the sheaves of days that differ.
async fn from_sheaves(round: &Round<'_>, source: &Source, talk: &Talk) -> Result<(), End> {
    let (channel, room) = (talk.channel(), talk.venue.room);
    let path = SheafList::path(&channel, &room);
    let Ok(list) = round.fetch_small(source, &path, SHEAF_LIST_BYTES_MAX).await else { return Err(End::Carrier) };
    let Some(bytes) = list else { return Ok(()) };
    let list = SheafList::decode(&channel, &room, &bytes)
        .map_err(|reason| refused(round, source, path.to_string(), &reason, bytes.len()))?;
    for (day, their_sum) in list.days().into_iter().rev() {
        let held = talk.clone();
        let ours = round.blocking(move |_| day_sums(&held)).await?;
        if sum_of(&ours, day) == their_sum || !is_kept(talk, day) {
            continue;
        }
        for entry in list.sheaves.iter().filter(|entry| entry.day == day) {
            if source.state().memory.sheaves.contains(&entry.name) {
                continue;
            }
            let path = SheafList::path_of(&channel, &room, &entry.name);
            match round.fetch_small(source, &path, SHEAF_BYTES_MAX).await {
                Ok(Some(sheaf)) => {
                    take(round, source, talk, sheaf).await?;
                    source.state().memory.sheaves.insert(entry.name);
                }
                Ok(None) => {}
                Err(()) => return Err(End::Carrier),
            }
        }
    }
    Ok(())
}

async fn take(round: &Round<'_>, source: &Source, talk: &Talk, sheaf: Vec<u8>) -> Result<SheafTaken, End> {
    let (held, length) = (talk.clone(), sheaf.len());
    let taken = round.blocking(move |_| take_sheaf(&held, &sheaf)).await?;
    let taken = taken.map_err(|reason| refuse(round, source, talk, &reason, length))?;
    round.report().new_notes += taken.new;
    if let Some(reason) = &taken.reason {
        let _ = refuse(round, source, talk, reason, length);
    }
    if source.is_aside() { Err(End::Carrier) } else { Ok(taken) }
}

async fn ask(
    round: &Round<'_>,
    source: &Source,
    carrier: &HttpCarrier,
    talk: &Talk,
    ask_for: RoomAsk,
    content: Option<Vec<u8>>,
    bytes_max: u64,
) -> Result<Option<Vec<u8>>, End> {
    if source.is_aside() || round.is_cancelled() {
        return Err(End::Carrier);
    }
    let Ok(_slot) = source.slots.acquire().await else { return Err(End::Carrier) };
    let path = RoomPath::new(&talk.channel(), &talk.venue.room, ask_for);
    let answer = tokio::select! {
        answer = carrier.ask_node(&path, content, bytes_max) => answer,
        () = round.options.cancel.cancelled() => return Err(End::Carrier),
    };
    answer.map_err(|error| {
        round.note_failure(source, &SheafList::path(&talk.channel(), &talk.venue.room), &error, true);
        End::Carrier
    })
}

fn refuse(round: &Round<'_>, source: &Source, talk: &Talk, reason: &Reason, length: usize) -> End {
    let object = SheafList::path(&talk.channel(), &talk.venue.room).to_string();
    refused(round, source, object, reason, length)
}

fn refused(round: &Round<'_>, source: &Source, object: String, reason: &Reason, length: usize) -> End {
    round.refuse(source, object, reason, length as u64);
    End::Carrier
}

fn sum_of(days: &[(u32, DaySum)], day: u32) -> DaySum {
    days.binary_search_by_key(&day, |(known, _)| *known).map_or(DaySum::default(), |at| days[at].1)
}

/// Whether notes of a day are kept: it is not over for the room.
fn is_kept(talk: &Talk, day: u32) -> bool {
    let rules = talk.notes.rules();
    day >= talk.venue.first_day && rules.is_none_or(|rules| !rules.is_expired(day))
}

/// A day that is looked at although its sums are the same. Whoever has some fifty places in a room can write notes so that two
/// different sets of them have one sum: such a day would be asked for never. One of them in each round, which nobody can foresee,
/// and its first symbol under a fresh key finds it.
fn doubted_day(round: &Round<'_>, source: &Source, days: &[(u32, DaySum)]) -> Option<u32> {
    let Salt([a, b, c, d, ..]) = session_salt(round, source, 0, u32::MAX);
    let place = u32::from_le_bytes([a, b, c, d]) as usize % days.len().max(1);
    days.get(place).map(|(day, _)| *day)
}

/// A key that nobody could know before: the round's own number, the carrier, the day.
fn session_salt(round: &Round<'_>, source: &Source, day: u32, number: u32) -> Salt {
    let seed = &round.options.session_seed;
    let numbers = [source.index as u64, u64::from(day), u64::from(number)].map(u64::to_le_bytes).concat();
    let hash = labelled("room session", &[seed, &numbers]);
    let mut salt = Salt([0; 16]);
    salt.0.copy_from_slice(&hash[..16]);
    salt
}

/// What is in a sheaf, ascending.
fn ids_in(room: &RoomId, sheaf: &[u8]) -> Vec<NoteId> {
    Sheaf::decode(room, sheaf).map_or(Vec::new(), |sheaf| sheaf.notes.iter().map(Note::id).collect())
}
