//! The room that is measured: real keys, real signatures, always the same for one seed.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::thread;

use longear_core::SecretKey;
use longear_core::hash::labelled;
use longear_core::limits::DAY_MS;
use longear_core::room::{Note, NoteDraft, NoteId, RoomId, Seen, Ticket, TicketKey, Venue, What};

use super::words::text;
use crate::Outcome;
use crate::disk::Noise;

/// Notes of the room.
pub const NOTES: usize = 1_000_000;
/// Its writers.
pub const WRITERS: usize = 200_000;
/// Days on which they write.
pub const DAYS: u32 = 30;
/// Letters of a note.
const LETTERS: std::ops::Range<u64> = 60..200;
/// Of a hundred writers so many have a ticket.
const TICKETS_PERCENT: u64 = 60;
/// Of a hundred notes so many answer another one.
const ANSWERS_PERCENT: u64 = 45;
/// Most of those that are answered are among the last so many.
const TALKED_ABOUT: usize = 2_000;
const SEED: u64 = 20;

/// The room.
pub const VENUE: Venue = Venue { room: RoomId([0x52; 32]), first_day: 20_760 };

struct Writer {
    key: SecretKey,
    ticket: Option<Ticket>,
    /// The day of the last note, and its slot.
    last: (u32, u8),
}

/// Writes all notes into a file, in the order in which a reader fetches them: newest day first, each day by IDs.
pub fn write(file: &Path) -> Outcome<()> {
    let mut writers = writers();
    let mut noise = Noise::new(SEED);
    let mut days = Vec::new();
    let mut recent = Vec::<NoteId>::new();
    for day in 0..DAYS {
        let count = NOTES / DAYS as usize + usize::from(day == 0) * (NOTES % DAYS as usize);
        let drafts = (0..count).map(|number| draft(&mut noise, &mut writers, (day, number, count), &recent));
        let drafts = drafts.collect::<Vec<_>>();
        let (first, second) = drafts.split_at(drafts.len() / 2);
        let sign = |drafts: &[(usize, NoteDraft)]| {
            let notes = drafts.iter().map(|(writer, draft)| draft.clone().sign(&writers[*writer].key));
            notes.map(|note| (note.id(), note.encode())).collect::<Vec<_>>()
        };
        let mut notes = thread::scope(|scope| {
            let second = scope.spawn(|| sign(second));
            let mut notes = sign(first);
            notes.extend(second.join().unwrap_or_default());
            notes
        });
        recent = notes.iter().rev().take(TALKED_ABOUT).map(|(id, _)| *id).collect();
        notes.sort_unstable_by_key(|(id, _)| *id);
        days.push(notes);
    }
    let mut out = BufWriter::new(File::create(file)?);
    for (_, bytes) in days.into_iter().rev().flatten() {
        out.write_all(&u16::try_from(bytes.len())?.to_le_bytes())?;
        out.write_all(&bytes)?;
    }
    Ok(out.into_inner()?.sync_all()?)
}

fn writers() -> Vec<Writer> {
    let mut noise = Noise::new(SEED + 1);
    let seed = |what: &str, number: usize| labelled(what, &[&number.to_le_bytes(), &SEED.to_le_bytes()]);
    let writer = |number: usize| {
        let key = SecretKey::from_seed(seed("bench writer", number));
        let ticket = (noise.number() % 100 < TICKETS_PERCENT)
            .then(|| TicketKey::from_seed(seed("bench ticket", number)).endorse(&VENUE.room, &key.public()));
        Writer { key, ticket, last: (u32::MAX, 0) }
    };
    (0..WRITERS).map(writer).collect()
}

/// The note of that number of a day. Some people write much, most little. Answers go to the notes of the day before: those of
/// the same day are signed at once.
fn draft(
    noise: &mut Noise,
    writers: &mut [Writer],
    (day, number, count): (u32, usize, usize),
    recent: &[NoteId],
) -> (usize, NoteDraft) {
    let (at, slot) = loop {
        let (one, other) = (noise.number() % WRITERS as u64, noise.number() % WRITERS as u64);
        let at = one.min(other) as usize;
        let slot = if writers[at].last.0 == day { writers[at].last.1 + 1 } else { 0 };
        // The format has no more slots; whoever has used his up is silent.
        if slot < 64 {
            break (at, slot);
        }
    };
    writers[at].last = (day, slot);
    let start = u64::from(VENUE.first_day + day) * DAY_MS;
    let time = start + number as u64 * DAY_MS / count as u64;
    let parent = (noise.number() % 100 < ANSWERS_PERCENT && !recent.is_empty())
        .then(|| recent[((noise.number() % recent.len() as u64) * (noise.number() % 100) / 100) as usize]);
    let seen = Some(Seen { statement: [day as u8 + 1; 16], time: start });
    let letters = LETTERS.start + noise.number() % (LETTERS.end - LETTERS.start);
    let text = text(noise, letters as usize);
    let stamp = noise.number();
    let (room, ticket) = (VENUE.room, writers[at].ticket);
    (at, NoteDraft { room, what: What::Words, slot, time, parent, seen, stamp, ticket, text })
}

/// Reads what [`write()`] has written, note by note.
pub fn read(file: &Path) -> Outcome<impl Iterator<Item = Vec<u8>> + use<>> {
    let mut input = BufReader::with_capacity(1 << 20, File::open(file)?);
    Ok(std::iter::from_fn(move || {
        let mut length = [0; 2];
        input.read_exact(&mut length).ok()?;
        let mut bytes = vec![0; usize::from(u16::from_le_bytes(length))];
        input.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }))
}

/// The words of every thousandth note, which questions are made of.
pub fn some_texts(file: &Path) -> Outcome<Vec<String>> {
    let notes = read(file)?.step_by(1_000).map(|bytes| Note::decode(&bytes).map(|note| note.text));
    notes.collect::<Result<_, _>>().map_err(|reason| reason.to_string().into())
}
