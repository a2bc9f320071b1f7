//! Archives: a tree in one file, that people hand to each other. Specified in `docs/spec/archive.md`.
//!
//! [`archive_start`] and [`entry_front`] write one; [`ArchiveReader`] splits one into its objects again, from pieces of any
//! size. Nothing in an archive is believed: every object is verified by whoever takes it in, as if it came from a carrier.
//!
//! ```
//! use longear_core::archive::{ArchivePart, ArchiveReader, archive_start, entry_front};
//! use longear_core::tree::TreePath;
//!
//! let path = TreePath::Charter { channel: [7; 32], number: 1 };
//! let mut file = archive_start().to_vec();
//! file.extend(entry_front(&path, 3));
//! file.extend(b"abc");
//!
//! let mut reader = ArchiveReader::new();
//! reader.push(&file);
//! assert!(matches!(reader.next_part(), Ok(Some(ArchivePart::Entry { length: 3, .. }))));
//! assert!(matches!(reader.next_part(), Ok(Some(ArchivePart::Bytes(b"abc")))));
//! assert_eq!(reader.finish(), Ok(()));
//! ```

use crate::bytes::{Reader, Writer};
use crate::reason::Reason;
use crate::tree::TreePath;

/// Entries that a reader looks at; each costs one that keeps a list some hundred bytes.
pub const ARCHIVE_ENTRIES_MAX: u32 = 65_536;
/// The path of an entry.
pub const ARCHIVE_PATH_BYTES_MAX: usize = 128;
/// A pack of several items that a writer puts into an archive: a phone takes a whole pack into its memory.
pub const ARCHIVE_PACK_BYTES_MAX: u64 = 8 << 20;
/// What an entry adds to its object.
pub const ENTRY_FRONT_BYTES_MAX: usize = 2 + ARCHIVE_PATH_BYTES_MAX + 8;

const MAGIC: &[u8; 3] = b"LEA";
const VERSION: u8 = 1;
const START_BYTES: usize = 4;

/// The bytes with which every archive begins.
pub fn archive_start() -> [u8; START_BYTES] {
    let [l, e, a] = *MAGIC;
    [l, e, a, VERSION]
}

/// What stands before the `length` bytes of an object.
pub fn entry_front(path: &TreePath, length: u64) -> Vec<u8> {
    let path = path.to_string();
    let mut out = Writer::new();
    out.u16(path.len() as u16).raw(path.as_bytes()).u64(length);
    out.into_bytes()
}

/// What a reader found next.
#[derive(Debug, PartialEq, Eq)]
pub enum ArchivePart<'a> {
    /// An object begins.
    Entry {
        /// Where it belongs in the tree.
        path: TreePath,
        /// How many bytes of it the archive promises.
        length: u64,
    },
    /// The next bytes of the object that began last.
    Bytes(&'a [u8]),
    /// An entry that is of no use; its bytes are passed over.
    Refused {
        /// Its path as far as it can be shown: other letters than those of paths are question marks.
        name: String,
        /// Why.
        reason: Reason,
    },
}

/// Splits an archive in one pass, from pieces of any size. Memory: the piece pushed last, and the front of one entry.
///
/// Push bytes, then take parts until there are none, and so on. An error means that nothing behind it can be read; what
/// was found before it counts.
#[derive(Debug, Default)]
pub struct ArchiveReader {
    buffer: Vec<u8>,
    consumed: usize,
    position: u64,
    entries: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    Front,
    Object {
        left: u64,
    },
    Refused {
        left: u64,
    },
}

impl ArchiveReader {
    /// Starts before the first byte.
    pub fn new() -> Self {
        ArchiveReader::default()
    }

    /// Takes in the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.consumed);
        self.consumed = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Where in the file the next part begins: behind an [`ArchivePart::Entry`], the first byte of its object.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next part; `None` when more bytes are needed.
    pub fn next_part(&mut self) -> Result<Option<ArchivePart<'_>>, Reason> {
        loop {
            match self.state {
                State::Start => {
                    if self.available().len() < START_BYTES {
                        return Ok(None);
                    }
                    Reader::new(self.available()).magic(MAGIC, "an archive")?;
                    self.consume(START_BYTES);
                    self.state = State::Front;
                }
                State::Front => return self.read_front(),
                State::Object { left: 0 } | State::Refused { left: 0 } => self.state = State::Front,
                State::Refused { left } => {
                    let over = self.within_buffer(left);
                    if over == 0 {
                        return Ok(None);
                    }
                    self.consume(over);
                    self.state = State::Refused { left: left - over as u64 };
                }
                State::Object { left } => {
                    let given = self.within_buffer(left);
                    if given == 0 {
                        return Ok(None);
                    }
                    let start = self.consumed;
                    self.consume(given);
                    self.state = State::Object { left: left - given as u64 };
                    return Ok(Some(ArchivePart::Bytes(&self.buffer[start..start + given])));
                }
            }
        }
    }

    /// Passes over what is left of the entry that began last. Returns how many bytes of the file are not to be pushed any
    /// more: whoever reads a file goes on behind them.
    pub fn pass_over(&mut self) -> u64 {
        let (State::Object { left } | State::Refused { left }) = self.state else { return 0 };
        let over = self.within_buffer(left);
        self.consume(over);
        self.state = State::Front;
        let unseen = left - over as u64;
        self.position = self.position.saturating_add(unseen);
        unseen
    }

    /// Ends: no more bytes come. An archive ends behind an entry, and nowhere else.
    ///
    /// # Errors
    /// [`Reason::Truncated`].
    pub fn finish(&self) -> Result<(), Reason> {
        let is_between = matches!(self.state, State::Front | State::Object { left: 0 } | State::Refused { left: 0 });
        if is_between && self.available().is_empty() { Ok(()) } else { Err(Reason::Truncated) }
    }

    fn read_front(&mut self) -> Result<Option<ArchivePart<'_>>, Reason> {
        let Some(length) = self.available().first_chunk() else { return Ok(None) };
        let path_length = usize::from(u16::from_le_bytes(*length));
        if path_length == 0 || path_length > ARCHIVE_PATH_BYTES_MAX {
            return Err(Reason::BadValue { what: "the length of a path" });
        }
        let front_length = 2 + path_length + 8;
        let Some(front) = self.available().get(..front_length) else { return Ok(None) };
        if self.entries == ARCHIVE_ENTRIES_MAX {
            return Err(Reason::TooMany { what: "entries", max: ARCHIVE_ENTRIES_MAX as usize });
        }
        let mut front = Reader::new(&front[2..]);
        let (text, left) = (front.take(path_length)?, front.u64()?);
        let path = core::str::from_utf8(text).ok().and_then(|text| text.parse::<TreePath>().ok());
        let fit = match path {
            None => Err(Reason::BadValue { what: "its path" }),
            Some(path) if left > path.bytes_max() => {
                Err(Reason::TooLong { what: "it", max: usize::try_from(path.bytes_max()).unwrap_or(usize::MAX) })
            }
            Some(path) => Ok(path),
        };
        let fit = fit.map_err(|reason| (shown(text), reason));
        self.consume(front_length);
        self.entries += 1;
        Ok(Some(match fit {
            Ok(path) => {
                self.state = State::Object { left };
                ArchivePart::Entry { path, length: left }
            }
            Err((name, reason)) => {
                self.state = State::Refused { left };
                ArchivePart::Refused { name, reason }
            }
        }))
    }

    fn available(&self) -> &[u8] {
        &self.buffer[self.consumed..]
    }

    fn within_buffer(&self, bytes: u64) -> usize {
        usize::try_from(bytes).unwrap_or(usize::MAX).min(self.available().len())
    }

    fn consume(&mut self, bytes: usize) {
        self.consumed += bytes;
        self.position = self.position.saturating_add(bytes as u64);
    }
}

/// A path that is none, for people: it may hold anything.
fn shown(path: &[u8]) -> String {
    let letter =
        |byte: &u8| if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) { char::from(*byte) } else { '?' };
    path.iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::HEAD_BYTES_MAX;
    use proptest::prelude::*;

    fn path(number: u8, kind: u8) -> TreePath {
        match kind % 5 {
            0 => TreePath::Head { channel: [number; 32] },
            1 => TreePath::Charter { channel: [3; 32], number: u32::from(number) + 1 },
            2 => TreePath::Pack { channel: [3; 32], log: [number; 16], level: 1, index: 7 },
            3 => TreePath::Blob { hash: [number; 32] },
            _ => TreePath::BlobPart { hash: [number; 32], start_mib: 2 },
        }
    }

    fn write(entries: &[(TreePath, Vec<u8>)]) -> Vec<u8> {
        let mut file = archive_start().to_vec();
        for (path, bytes) in entries {
            file.extend(entry_front(path, bytes.len() as u64));
            file.extend(bytes);
        }
        file
    }

    type Entries = Vec<(TreePath, Vec<u8>)>;

    /// What can be read of it, in pieces of a length, and how it ends.
    fn read(file: &[u8], piece: usize) -> (Entries, Vec<(String, Reason)>, Result<(), Reason>) {
        let (mut entries, mut refused) = (Entries::new(), Vec::new());
        let mut reader = ArchiveReader::new();
        for piece in file.chunks(piece) {
            reader.push(piece);
            loop {
                match reader.next_part() {
                    Ok(None) => break,
                    Ok(Some(ArchivePart::Entry { path, .. })) => entries.push((path, Vec::new())),
                    Ok(Some(ArchivePart::Bytes(bytes))) => {
                        entries.last_mut().expect("bytes belong to an entry").1.extend(bytes);
                    }
                    Ok(Some(ArchivePart::Refused { name, reason })) => refused.push((name, reason)),
                    Err(reason) => return (entries, refused, Err(reason)),
                }
            }
        }
        (entries, refused, reader.finish())
    }

    fn any_entries() -> impl Strategy<Value = Entries> {
        let entry = (any::<u8>(), any::<u8>(), prop::collection::vec(any::<u8>(), 0..90));
        let entry = entry.prop_map(|(number, kind, bytes)| (path(number, kind), bytes));
        prop::collection::vec(entry, 0..6)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_again_whatever_the_pieces(entries in any_entries(), piece in 1usize..200) {
            let (found, refused, end) = read(&write(&entries), piece);
            prop_assert_eq!((found, refused, end), (entries, vec![], Ok(())));
        }

        #[test]
        fn of_a_file_that_ends_early_everything_before_counts(entries in any_entries(), cut in 0usize..600) {
            let file = write(&entries);
            let cut = cut.min(file.len());
            let (found, _, end) = read(&file[..cut], 50);
            let mut at = archive_start().len();
            let ends = entries.iter().map(|(path, bytes)| {
                at += entry_front(path, 0).len() + bytes.len();
                at
            });
            let whole = ends.take_while(|end| *end <= cut).count();
            prop_assert_eq!(&found[..whole], &entries[..whole]);
            for ((path, bytes), (right, all)) in found.iter().zip(&entries) {
                prop_assert!(path == right && all.starts_with(bytes));
            }
            let is_end = cut >= 4 && cut == write(&entries[..whole]).len();
            prop_assert_eq!(end.is_ok(), is_end, "{:?}", end);
        }

        #[test]
        fn passing_over_gives_the_same_places_as_reading(entries in any_entries(), seen in 1usize..200) {
            let file = write(&entries);
            let (mut reader, mut at, mut found) = (ArchiveReader::new(), 0, Vec::new());
            while at < file.len() {
                let end = file.len().min(at + seen);
                reader.push(&file[at..end]);
                at = end;
                while let Some(part) = reader.next_part().expect("it was written well") {
                    let ArchivePart::Entry { path, length } = part else { panic!("{part:?}") };
                    let start = reader.position() as usize;
                    found.push((path, file[start..start + length as usize].to_vec()));
                    at += reader.pass_over() as usize;
                }
            }
            prop_assert_eq!(found, entries);
            prop_assert_eq!(reader.finish(), Ok(()));
        }

        #[test]
        fn any_bytes_are_refused_or_read_and_nothing_is_kept(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let file = [&archive_start()[..], &bytes].concat();
            for file in [&bytes, &file] {
                let mut reader = ArchiveReader::new();
                for piece in file.chunks(7) {
                    reader.push(piece);
                    while let Ok(Some(_)) = reader.next_part() {}
                    prop_assert!(reader.available().len() <= ENTRY_FRONT_BYTES_MAX || reader.next_part().is_err());
                }
            }
        }
    }

    #[test]
    fn a_foreign_start_and_a_newer_version_are_told_apart() {
        assert_eq!(read(b"PK\x03\x04 and so on", 100).2, Err(Reason::BadMagic { what: "an archive" }));
        assert_eq!(read(b"LEA\x02", 100).2, Err(Reason::NewerVersion { version: 2 }));
        assert_eq!(read(b"LE", 100).2, Err(Reason::Truncated));
        assert_eq!(read(b"", 100).2, Err(Reason::Truncated));
        assert_eq!(read(b"LEA\x01", 100).2, Ok(()));
    }

    #[test]
    fn what_has_no_place_in_a_tree_or_is_too_long_is_named_and_passed_over() {
        let good = (TreePath::Head { channel: [1; 32] }, b"head".to_vec());
        let mut file = archive_start().to_vec();
        for (name, bytes) in [("../../etc/pass wd", &b"bad"[..]), ("c/later/thing", b"")] {
            file.extend((name.len() as u16).to_le_bytes());
            file.extend(name.as_bytes());
            file.extend((bytes.len() as u64).to_le_bytes());
            file.extend(bytes);
        }
        let long = HEAD_BYTES_MAX + 1;
        file.extend(entry_front(&good.0, long as u64));
        file.extend(vec![0; long]);
        file.extend(&write(std::slice::from_ref(&good))[4..]);
        for piece in [1, 9, 100_000] {
            let (entries, refused, end) = read(&file, piece);
            assert_eq!((entries, end), (vec![good.clone()], Ok(())));
            let names = refused.iter().map(|(name, reason)| (name.as_str(), reason.code())).collect::<Vec<_>>();
            let head = good.0.to_string();
            let right =
                [("../../etc/pass?wd", "bad-value"), ("c/later/thing", "bad-value"), (head.as_str(), "too-long")];
            assert_eq!(names, right);
        }
    }

    #[test]
    fn lengths_and_counts_that_lie_cost_nothing() {
        let path = TreePath::Blob { hash: [1; 32] };
        let mut file = archive_start().to_vec();
        file.extend(entry_front(&path, u64::MAX));
        let mut reader = ArchiveReader::new();
        reader.push(&file);
        assert!(matches!(reader.next_part(), Ok(Some(ArchivePart::Refused { .. }))));
        assert_eq!((reader.pass_over(), reader.position()), (u64::MAX, u64::MAX));

        let mut file = archive_start().to_vec();
        let front = entry_front(&path, 0);
        (0..=ARCHIVE_ENTRIES_MAX).for_each(|_| file.extend(&front));
        let (entries, _, end) = read(&file, 1 << 20);
        assert_eq!(entries.len(), ARCHIVE_ENTRIES_MAX as usize);
        assert_eq!(end.map_err(|reason| reason.code()), Err("too-many"));
    }

    /// As the table of `docs/spec/archive.md` has it.
    #[test]
    fn limits_are_those_of_the_specification() {
        let pack = |level| TreePath::Pack { channel: [1; 32], log: [2; 16], level, index: 0 };
        assert_eq!(pack(0).bytes_max(), 53 + 263_360);
        assert_eq!(pack(4).bytes_max(), 53 + 4_096 * 263_360);
        assert_eq!(TreePath::BlobPart { hash: [1; 32], start_mib: 1 }.bytes_max(), 1_073_741_824);
        assert_eq!((ARCHIVE_PACK_BYTES_MAX, ENTRY_FRONT_BYTES_MAX), (8_388_608, 138));
    }

    #[test]
    fn no_path_of_the_tree_is_too_long_for_an_entry() {
        let path = TreePath::Pack { channel: [255; 32], log: [255; 16], level: 4, index: 255 };
        assert!(path.to_string().len() <= ARCHIVE_PATH_BYTES_MAX);
        assert!(entry_front(&path, u64::MAX).len() <= ENTRY_FRONT_BYTES_MAX);
    }
}
