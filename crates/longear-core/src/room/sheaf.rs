//! Sheaves: notes of one day of a room in one file, and the list of those that stand on a carrier.

use super::name::{NoteId, RoomId};
use super::note::Note;
use crate::bytes::{Reader, Writer, ascends};
use crate::hash::plain;
use crate::id::{ChannelId, hex_id};
use crate::limits::{NOTE_BYTES_MAX, SHEAF_BYTES_MAX, SHEAF_LIST_BYTES_MAX, SHEAF_NOTES_MAX, SHEAVES_MAX};
use crate::reason::Reason;
use crate::tree::TreePath;

hex_id!(
    /// What a sheaf is called: the first 12 bytes of the plain hash of all its bytes.
    SheafName, 12
);

/// Bytes of a sheaf before its notes.
const FRONT_BYTES: usize = 44;

/// Notes of one day, as they came; none of them is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheaf {
    /// The UTC day of all of them.
    pub day: u32,
    /// Ascending by ID.
    pub notes: Vec<Note>,
}

impl Sheaf {
    /// Reads a sheaf of a room.
    ///
    /// # Errors
    /// What is wrong with its form, or with that of one of its notes.
    pub fn decode(room: &RoomId, bytes: &[u8]) -> Result<Self, Reason> {
        if bytes.len() > SHEAF_BYTES_MAX {
            return Err(Reason::TooLong { what: "sheaf", max: SHEAF_BYTES_MAX });
        }
        let mut input = Reader::new(bytes);
        input.magic(b"LEB", "a sheaf")?;
        if RoomId(input.array()?) != *room {
            return Err(Reason::BadValue { what: "room" });
        }
        let day = input.u32()?;
        let count = read_count(&mut input)?;
        let (mut notes, mut last) = (Vec::new(), None);
        for _ in 0..count {
            let length = usize::from(input.u16()?);
            if length > NOTE_BYTES_MAX {
                return Err(Reason::TooLong { what: "note", max: NOTE_BYTES_MAX });
            }
            let note = Note::decode(input.take(length)?)?;
            ascends(&mut last, note.id(), "order of notes")?;
            if note.day() != day {
                return Err(Reason::BadValue { what: "day" });
            }
            notes.push(note);
        }
        input.finish()?;
        Ok(Sheaf { day, notes })
    }
}

/// Puts notes into a sheaf, as many as fit.
#[derive(Debug)]
pub struct SheafWriter {
    bytes: Vec<u8>,
    day: u32,
    sum: DaySum,
}

impl SheafWriter {
    /// An empty one.
    pub fn new(room: &RoomId, day: u32) -> Self {
        let mut out = Writer::new();
        out.raw(b"LEB").u8(1).raw(&room.0).u32(day).u32(0);
        SheafWriter { bytes: out.into_bytes(), day, sum: DaySum::default() }
    }

    /// Adds a note of the day by its bytes; IDs ascend. False if there is no room for it.
    pub fn push(&mut self, id: &NoteId, note: &[u8]) -> bool {
        let has_room = self.bytes.len() + 2 + note.len() <= SHEAF_BYTES_MAX;
        if !has_room || self.sum.notes as usize >= SHEAF_NOTES_MAX {
            return false;
        }
        self.bytes.extend_from_slice(&(note.len() as u16).to_le_bytes());
        self.bytes.extend_from_slice(note);
        self.sum.add(id);
        true
    }

    /// Whether it holds nothing yet; then it is no sheaf.
    pub fn is_empty(&self) -> bool {
        self.sum.notes == 0
    }

    /// The sheaf, and what stands of it in a list.
    pub fn finish(mut self) -> (SheafEntry, Vec<u8>) {
        self.bytes[FRONT_BYTES - 4..FRONT_BYTES].copy_from_slice(&self.sum.notes.to_le_bytes());
        let name = SheafName::of(&self.bytes);
        (SheafEntry { day: self.day, name, bytes: self.bytes.len() as u32, sum: self.sum }, self.bytes)
    }
}

impl SheafName {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let hash = plain(bytes);
        let mut name = [0; 12];
        name.copy_from_slice(&hash[..12]);
        SheafName(name)
    }
}

/// Tells one set of notes from another: how many there are, and the beginnings of their IDs by exclusive or.
///
/// Two sets that somebody made to look equal cost him 2⁶⁴ tries, and win him that a carrier is not asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DaySum {
    /// How many.
    pub notes: u32,
    /// The first 16 bytes of their IDs.
    pub sum: [u8; 16],
}

impl DaySum {
    /// Counts a note.
    pub fn add(&mut self, id: &NoteId) {
        self.notes = self.notes.saturating_add(1);
        self.sum.iter_mut().zip(id.0).for_each(|(sum, byte)| *sum ^= byte);
    }

    /// Counts the notes of another set, which has none in common with this one.
    pub fn join(&mut self, other: &DaySum) {
        self.notes = self.notes.saturating_add(other.notes);
        self.sum.iter_mut().zip(other.sum).for_each(|(sum, byte)| *sum ^= byte);
    }
}

/// A sheaf in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SheafEntry {
    /// The UTC day of its notes.
    pub day: u32,
    /// Its name.
    pub name: SheafName,
    /// How long it is.
    pub bytes: u32,
    /// How many notes it holds, and which.
    pub sum: DaySum,
}

/// The sheaves of a room that stand on a carrier. Nobody signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheafList {
    /// The channel.
    pub channel: ChannelId,
    /// The room.
    pub room: RoomId,
    /// Ascending by day, then by name.
    pub sheaves: Vec<SheafEntry>,
}

impl SheafList {
    /// A list of nothing.
    pub fn new(channel: ChannelId, room: RoomId) -> Self {
        SheafList { channel, room, sheaves: Vec::new() }
    }

    /// Where the list of a room stands.
    pub fn path(channel: &ChannelId, room: &RoomId) -> TreePath {
        TreePath::Notes { channel: channel.0, room: room.folder() }
    }

    /// Where a sheaf of a room stands.
    pub fn path_of(channel: &ChannelId, room: &RoomId, name: &SheafName) -> TreePath {
        TreePath::Sheaf { channel: channel.0, room: room.folder(), name: name.0 }
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.raw(b"LEI").u8(1).raw(&self.channel.0).raw(&self.room.0).u16(self.sheaves.len() as u16);
        for sheaf in &self.sheaves {
            out.u32(sheaf.day).raw(&sheaf.name.0).u32(sheaf.sum.notes).u32(sheaf.bytes).raw(&sheaf.sum.sum);
        }
        out.into_bytes()
    }

    /// Reads the list of a room.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(channel: &ChannelId, room: &RoomId, bytes: &[u8]) -> Result<Self, Reason> {
        if bytes.len() > SHEAF_LIST_BYTES_MAX {
            return Err(Reason::TooLong { what: "list of sheaves", max: SHEAF_LIST_BYTES_MAX });
        }
        let mut input = Reader::new(bytes);
        input.magic(b"LEI", "a list of sheaves")?;
        if ChannelId(input.array()?) != *channel {
            return Err(Reason::WrongChannel);
        }
        if RoomId(input.array()?) != *room {
            return Err(Reason::BadValue { what: "room" });
        }
        let count = usize::from(input.u16()?);
        if count > SHEAVES_MAX {
            return Err(Reason::TooMany { what: "sheaves", max: SHEAVES_MAX });
        }
        let (mut sheaves, mut last) = (Vec::with_capacity(count), None);
        for _ in 0..count {
            let (day, name) = (input.u32()?, SheafName(input.array()?));
            ascends(&mut last, (day, name), "order of sheaves")?;
            let notes = read_count(&mut input)?;
            let bytes = input.u32()?;
            if bytes as usize > SHEAF_BYTES_MAX {
                return Err(Reason::TooLong { what: "sheaf", max: SHEAF_BYTES_MAX });
            }
            sheaves.push(SheafEntry { day, name, bytes, sum: DaySum { notes, sum: input.array()? } });
        }
        input.finish()?;
        Ok(SheafList { channel: *channel, room: *room, sheaves })
    }

    /// Adds a sheaf, unless it stands there.
    pub fn insert(&mut self, sheaf: SheafEntry) {
        let at = self.sheaves.binary_search_by_key(&(sheaf.day, sheaf.name), |known| (known.day, known.name));
        if let Err(at) = at {
            self.sheaves.insert(at, sheaf);
        }
    }

    /// What stands in this list or in another one of the room; of more than [`SHEAVES_MAX`] the newest days.
    pub fn merged(mut self, other: &SheafList) -> Self {
        other.sheaves.iter().for_each(|sheaf| self.insert(*sheaf));
        self.sheaves.drain(..self.sheaves.len().saturating_sub(SHEAVES_MAX));
        self
    }

    /// The days of which sheaves stand there, with what is in them; ascending.
    pub fn days(&self) -> Vec<(u32, DaySum)> {
        let mut days = Vec::<(u32, DaySum)>::new();
        for sheaf in &self.sheaves {
            match days.last_mut().filter(|(day, _)| *day == sheaf.day) {
                Some((_, sum)) => sum.join(&sheaf.sum),
                None => days.push((sheaf.day, sheaf.sum)),
            }
        }
        days
    }
}

fn read_count(input: &mut Reader<'_>) -> Result<u32, Reason> {
    match input.u32()? {
        0 => Err(Reason::BadValue { what: "number of notes" }),
        count if count as usize > SHEAF_NOTES_MAX => Err(Reason::TooMany { what: "notes", max: SHEAF_NOTES_MAX }),
        count => Ok(count),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::SecretKey;
    use crate::limits::NOTE_TEXT_BYTES_MAX;
    use crate::room::{NoteDraft, What};

    const ROOM: RoomId = RoomId([5; 32]);
    const CHANNEL: ChannelId = ChannelId([6; 32]);
    const DAY_MS: u64 = 86_400_000;

    fn note(slot: u8, day: u64) -> Note {
        let draft = NoteDraft {
            room: ROOM,
            what: What::Words,
            slot,
            time: day * DAY_MS + 5,
            parent: None,
            seen: None,
            stamp: 0,
            ticket: None,
            text: "x".repeat(1_000),
        };
        draft.sign(&SecretKey::from_seed([slot; 32]))
    }

    fn sorted(count: u8) -> Vec<Note> {
        let mut notes = (0..count).map(|slot| note(slot, 7)).collect::<Vec<_>>();
        notes.sort_by_key(Note::id);
        notes
    }

    fn sheaf(notes: &[Note]) -> (SheafEntry, Vec<u8>) {
        let mut writer = SheafWriter::new(&ROOM, 7);
        assert!(writer.is_empty());
        notes.iter().for_each(|note| assert!(writer.push(&note.id(), &note.encode())));
        writer.finish()
    }

    #[test]
    fn a_sheaf_reads_back_and_says_what_it_holds() {
        let notes = sorted(5);
        let (entry, bytes) = sheaf(&notes);
        assert_eq!(Sheaf::decode(&ROOM, &bytes), Ok(Sheaf { day: 7, notes: notes.clone() }));
        assert_eq!((entry.day, entry.bytes as usize, entry.sum.notes), (7, bytes.len(), 5));
        assert_eq!(entry.name, SheafName::of(&bytes));
        let mut sum = DaySum::default();
        notes.iter().rev().for_each(|note| sum.add(&note.id()));
        assert_eq!(entry.sum, sum, "in any order");
    }

    #[test]
    fn a_sheaf_that_is_not_as_it_must_be_is_refused() {
        let notes = sorted(3);
        let good = sheaf(&notes).1;
        let turned = sheaf(&[notes[1].clone(), notes[0].clone()]).1;
        let other_day = sheaf(&[note(9, 8)]).1;
        let empty = SheafWriter::new(&ROOM, 7).finish().1;
        assert_eq!(Sheaf::decode(&ROOM, &turned).unwrap_err().code(), "not-canonical");
        assert_eq!(Sheaf::decode(&ROOM, &other_day).unwrap_err().code(), "bad-value");
        assert_eq!(Sheaf::decode(&ROOM, &empty).unwrap_err().code(), "bad-value");
        assert_eq!(Sheaf::decode(&RoomId([1; 32]), &good).unwrap_err().code(), "bad-value");
        assert_eq!(Sheaf::decode(&ROOM, &good[..good.len() - 1]).unwrap_err().code(), "truncated");
        assert_eq!(Sheaf::decode(&ROOM, &[&good[..], &[0]].concat()).unwrap_err().code(), "trailing-bytes");
        assert_eq!(Sheaf::decode(&ROOM, &vec![0; SHEAF_BYTES_MAX + 1]).unwrap_err().code(), "too-long");
        let mut many = good.clone();
        many[40..44].copy_from_slice(&(SHEAF_NOTES_MAX as u32 + 1).to_le_bytes());
        assert_eq!(Sheaf::decode(&ROOM, &many).unwrap_err().code(), "too-many");
    }

    #[test]
    fn a_sheaf_takes_no_more_than_its_bytes() {
        let (mut writer, bytes) = (SheafWriter::new(&ROOM, 7), vec![0; 2_000]);
        let mut count = 0;
        while writer.push(&NoteId([1; 32]), &bytes) {
            count += 1;
        }
        assert_eq!(count, (SHEAF_BYTES_MAX - FRONT_BYTES) / 2_002);
        assert!(writer.finish().1.len() <= SHEAF_BYTES_MAX);
        let mut writer = SheafWriter::new(&ROOM, 7);
        let count = (0..).take_while(|_| writer.push(&NoteId([1; 32]), &[0; 100])).count();
        assert_eq!(count, SHEAF_NOTES_MAX);
    }

    #[test]
    fn a_sheaf_may_be_full_to_its_last_byte() {
        let some = note(0, 7);
        // 865 notes of 1,000 bytes of text, and what is left for one more.
        let widths = (0..866).map(|number| (number, if number == 0 { 806 } else { 1_000 }));
        let notes = widths.map(|(number, width)| Note { text: format!("{number:0width$}"), ..some.clone() });
        let mut notes = notes.map(|note| (note.id(), note.encode())).collect::<Vec<_>>();
        notes.sort_unstable();
        let ((last, last_note), others) = notes.split_last().unwrap();
        let mut writer = SheafWriter::new(&ROOM, 7);
        others.iter().for_each(|(id, note)| assert!(writer.push(id, note)));
        assert!(!writer.is_empty() && !writer.push(last, &vec![0; last_note.len() + 1]));
        assert!(writer.push(last, last_note));
        let bytes = writer.finish().1;
        assert_eq!(bytes.len(), SHEAF_BYTES_MAX);
        assert_eq!(Sheaf::decode(&ROOM, &bytes).unwrap().notes.len(), 866);
    }

    #[test]
    fn a_note_in_a_sheaf_may_be_as_long_as_a_note() {
        let refused = |text_bytes| {
            let note = Note { text: "x".repeat(text_bytes), ..note(0, 7) };
            (note.encode().len(), Sheaf::decode(&ROOM, &sheaf(&[note]).1).unwrap_err())
        };
        // No text fills a note that carries no ticket.
        assert_eq!(refused(1_839), (NOTE_BYTES_MAX, Reason::TooLong { what: "text", max: NOTE_TEXT_BYTES_MAX }));
        assert_eq!(refused(1_840), (NOTE_BYTES_MAX + 1, Reason::TooLong { what: "note", max: NOTE_BYTES_MAX }));
    }

    #[test]
    fn sums_join_and_what_is_counted_twice_cancels() {
        let (one, other) = (NoteId([0b0011; 32]), NoteId([0b0101; 32]));
        let sum = |ids: &[NoteId]| {
            ids.iter().fold(DaySum::default(), |mut sum, id| {
                sum.add(id);
                sum
            })
        };
        assert_eq!(sum(&[one, other]), DaySum { notes: 2, sum: [0b0110; 16] });
        assert_eq!(sum(&[one, one]), DaySum { notes: 2, sum: [0; 16] });
        let mut joined = sum(&[one]);
        joined.join(&sum(&[other]));
        assert_eq!(joined, sum(&[one, other]));
    }

    fn listed(day: u32, name: u8) -> SheafEntry {
        let sum = DaySum { notes: 2, sum: [name; 16] };
        SheafEntry { day, name: SheafName([name; 12]), bytes: 700, sum }
    }

    #[test]
    fn lists_read_back_and_merge_in_any_order() {
        let list = |sheaves: &[SheafEntry]| {
            sheaves.iter().fold(SheafList::new(CHANNEL, ROOM), |mut list, sheaf| {
                list.insert(*sheaf);
                list
            })
        };
        let (one, other) = (list(&[listed(3, 9), listed(2, 1)]), list(&[listed(2, 1), listed(3, 4), listed(9, 9)]));
        let both = one.clone().merged(&other);
        assert_eq!(both, other.merged(&one));
        assert_eq!(both.sheaves.iter().map(|sheaf| sheaf.day).collect::<Vec<_>>(), [2, 3, 3, 9]);
        assert_eq!(SheafList::decode(&CHANNEL, &ROOM, &both.encode()), Ok(both.clone()));
        let third = DaySum { notes: 4, sum: [9 ^ 4; 16] };
        assert_eq!(both.days()[1], (3, third));
        let code = |bytes: &[u8]| SheafList::decode(&CHANNEL, &ROOM, bytes).unwrap_err().code();
        let bytes = both.encode();
        assert_eq!(code(&bytes[..bytes.len() - 1]), "truncated");
        assert_eq!(code(&[&bytes[..], &[0]].concat()), "trailing-bytes");
        assert_eq!(code(&SheafList { channel: ChannelId([0; 32]), ..both.clone() }.encode()), "wrong-channel");
        assert_eq!(code(&SheafList { room: RoomId([0; 32]), ..both.clone() }.encode()), "bad-value");
        let turned = SheafList { sheaves: both.sheaves.iter().rev().copied().collect(), ..both.clone() };
        assert_eq!(code(&turned.encode()), "not-canonical");
        let long = SheafEntry { bytes: SHEAF_BYTES_MAX as u32 + 1, ..listed(1, 1) };
        assert_eq!(code(&list(&[long]).encode()), "too-long");
        let sum = DaySum { notes: SHEAF_NOTES_MAX as u32, sum: [1; 16] };
        let full = list(&[SheafEntry { bytes: SHEAF_BYTES_MAX as u32, sum, ..listed(1, 1) }]);
        assert_eq!(SheafList::decode(&CHANNEL, &ROOM, &full.encode()), Ok(full));
        let none = SheafEntry { sum: DaySum::default(), ..listed(1, 1) };
        assert_eq!(code(&list(&[none]).encode()), "bad-value");
    }

    #[test]
    fn of_too_many_sheaves_the_newest_days_are_listed() {
        let mut full = SheafList::new(CHANNEL, ROOM);
        (0..SHEAVES_MAX as u32).for_each(|day| full.insert(listed(day + 1, 1)));
        assert!(full.encode().len() <= SHEAF_LIST_BYTES_MAX);
        assert_eq!(SheafList::decode(&CHANNEL, &ROOM, &full.encode()).as_ref(), Ok(&full));
        let mut newer = SheafList::new(CHANNEL, ROOM);
        newer.insert(listed(5_000, 1));
        let merged = full.merged(&newer);
        assert_eq!((merged.sheaves.len(), merged.sheaves[0].day), (SHEAVES_MAX, 2));
        let mut bytes = merged.encode();
        bytes[68..70].copy_from_slice(&(SHEAVES_MAX as u16 + 1).to_le_bytes());
        assert_eq!(SheafList::decode(&CHANNEL, &ROOM, &bytes).unwrap_err().code(), "too-many");
    }
}
