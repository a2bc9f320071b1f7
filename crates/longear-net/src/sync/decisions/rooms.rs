//! Notes of rooms: how those that came are kept, and which are put together for others.

use longear_core::Reason;
use longear_core::limits::SHEAF_BYTES_MAX;
use longear_core::room::{DaySum, Note, NoteId, Sheaf, SheafEntry, SheafWriter};
use longear_store::{RoomError, Talk};

/// Notes that are read at once while a sheaf is put together: no more would fit.
const READ_AT_ONCE: usize = SHEAF_BYTES_MAX / 256;

/// What became of a sheaf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheafTaken {
    /// Notes that were not held before, and are now.
    pub new: u64,
    /// Notes of it that are good, held or not: nobody need bring them again.
    pub good: u64,
    /// Notes of it that are none.
    pub refused: u64,
    /// Why one of these is none.
    pub reason: Option<Reason>,
}

/// Verifies a sheaf, note by note, and keeps what is good of it.
///
/// # Errors
/// The disk here. The inner error: the sheaf as a whole is none.
pub fn take_sheaf(talk: &Talk, bytes: &[u8]) -> Result<Result<SheafTaken, Reason>, RoomError> {
    let sheaf = match Sheaf::decode(&talk.venue.room, bytes) {
        Ok(sheaf) => sheaf,
        Err(reason) => return Ok(Err(reason)),
    };
    let count = sheaf.notes.len() as u64;
    let merged = talk.notes.merge(sheaf.notes.iter().map(Note::encode))?;
    let good = count - merged.refused - merged.passed_over;
    Ok(Ok(SheafTaken { new: merged.taken.new, good, refused: merged.refused, reason: merged.reason }))
}

/// What is held of each day, ascending.
pub fn day_sums(talk: &Talk) -> Result<Vec<(u32, DaySum)>, RoomError> {
    let days = talk.notes.days()?.into_iter().filter(|day| day.notes > 0);
    let sum = |ids: [u8; 32]| {
        let mut sum = [0; 16];
        sum.copy_from_slice(&ids[..16]);
        sum
    };
    Ok(days.map(|day| (day.day, DaySum { notes: day.notes as u32, sum: sum(day.ids) })).collect())
}

/// A sheaf, and what a list says of it.
pub type WrittenSheaf = (SheafEntry, Vec<u8>);

/// Puts notes of a day into a sheaf, as many of the first as fit. Returns it, and how many of `ids` it has dealt with; `None` if none
/// of these is held.
pub fn sheaf_of(talk: &Talk, day: u32, ids: &[NoteId]) -> Result<(Option<WrittenSheaf>, usize), RoomError> {
    let mut writer = SheafWriter::new(&talk.venue.room, day);
    let mut done = 0;
    'all: for some in ids.chunks(READ_AT_ONCE) {
        let signed = talk.notes.signed(some)?;
        // Some may have gone meanwhile.
        let mut signed = signed.iter().map(|bytes| (NoteId::of(bytes), bytes)).peekable();
        for id in some {
            if let Some((_, bytes)) = signed.next_if(|(found, _)| found == id)
                && !writer.push(id, bytes)
            {
                break 'all;
            }
            done += 1;
        }
    }
    Ok(if writer.is_empty() { (None, done) } else { (Some(writer.finish()), done) })
}
