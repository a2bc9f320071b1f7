//! The tree: where every object lives, in the same place on every carrier.
//!
//! A [`TreePath`] is the only way to name an object to a carrier. It is made of numbers and hashes, never of text from
//! elsewhere, so that no object can point outside the tree. `docs/spec/tree.md` and `docs/spec/stick.md` draw the same
//! rules for other implementations.
//!
//! ```
//! use longear_core::tree::TreePath;
//!
//! let path = TreePath::Charter { channel: [0xab; 32], number: 7 };
//! assert_eq!(path.to_string(), format!("c/{}/charter/7", "ab".repeat(32)));
//! assert_eq!(path.to_string().parse(), Ok(path));
//! assert!("b/../head".parse::<TreePath>().is_err());
//! ```

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::id::{ChannelId, LogId};
use crate::limits::{
    CHARTER_BYTES_MAX, EDGE_BYTES_MAX, FORK_PROOF_BYTES_MAX, HEAD_BYTES_MAX, LOG_ITEMS_MAX, PACK_LEVEL_MAX,
    SHEAF_BYTES_MAX, SHEAF_LIST_BYTES_MAX,
};
use crate::pack::PackName;

/// Gives the length of a full part of a large blob, in MiB.
pub const PART_MIB: u32 = 1024;

/// Gives the size in bytes above which a complete blob stands as parts of [`PART_MIB`] instead of one file.
pub const BLOB_WHOLE_BYTES_MAX: u64 = 3 << 30;

/// Gives the size in bytes that no file of a tree exceeds: FAT32 ends one byte below 4 GiB.
pub const FILE_BYTES_MAX: u64 = (4 << 30) - 1;

/// Counts the entries that a writer puts into one folder of a stick: FAT folders get slow, then full.
///
/// The fullest folder that the pack rule can make has 320 entries.
pub const FOLDER_ENTRIES_MAX: usize = 512;

/// Names the folder of a stick that holds the tree; it says nothing about what it holds.
pub const STICK_FOLDER: &str = "files";

/// Gives the longest name of a file or folder in a tree, in bytes.
pub const SAFE_NAME_BYTES_MAX: usize = 80;

/// Gives the longest name of a plain copy, in bytes of UTF-8, extension included.
pub const PLAIN_NAME_BYTES_MAX: usize = 120;

/// Gives the longest relative path in bytes: a sheaf has 126. Archives have the same limit.
const PATH_BYTES_MAX: usize = 128;

const MIB: u64 = 1 << 20;

/// Names one object of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreePath {
    /// Names the mutable head of a channel.
    Head {
        /// The channel's ID.
        channel: [u8; 32],
    },
    /// Names one charter of a channel.
    Charter {
        /// The channel's ID.
        channel: [u8; 32],
        /// The charter's number, from 1.
        number: u32,
    },
    /// Names the proof that a log has forked: two signed headers of one place.
    Fork {
        /// The channel's ID.
        channel: [u8; 32],
        /// The log's ID.
        log: [u8; 16],
    },
    /// Names the edge of a running broadcast: its newest ticks. Mutable, as the head is.
    Edge {
        /// The channel's ID.
        channel: [u8; 32],
        /// The broadcast.
        stream: [u8; 16],
    },
    /// Names the list of the sheaves of a room's notes. Mutable: it changes with each note.
    Notes {
        /// The channel's ID.
        channel: [u8; 32],
        /// The first half of the room's ID.
        room: [u8; 16],
    },
    /// Names a sheaf: notes of one day of a room.
    Sheaf {
        /// The channel's ID.
        channel: [u8; 32],
        /// The first half of the room's ID.
        room: [u8; 16],
        /// The first 12 bytes of the BLAKE3 hash of the sheaf.
        name: [u8; 12],
    },
    /// Names a pack of 8^level items, the first of which is number index · 8^level.
    Pack {
        /// The channel's ID.
        channel: [u8; 32],
        /// The log's ID.
        log: [u8; 16],
        /// The level, at most [`PACK_LEVEL_MAX`].
        level: u8,
        /// The position among the packs of this level.
        index: u32,
    },
    /// Names a whole blob.
    Blob {
        /// The blob's BLAKE3 hash.
        hash: [u8; 32],
    },
    /// Names the outboard of a blob: the hashes by which any range of it verifies.
    Outboard {
        /// The hash of the blob, not of the outboard.
        hash: [u8; 32],
    },
    /// Names a run of bytes of a large or incomplete blob.
    BlobPart {
        /// The hash of the whole blob.
        hash: [u8; 32],
        /// Where the part starts in the blob, in MiB.
        start_mib: u32,
    },
}

/// Says that a text is not the canonical path of an object of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path of the tree")]
#[non_exhaustive]
pub struct TreePathError;

impl fmt::Display for TreePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head { channel } => write!(out, "c/{}/head", Hex(channel)),
            Self::Charter { channel, number } => write!(out, "c/{}/charter/{number}", Hex(channel)),
            Self::Fork { channel, log } => write!(out, "c/{}/fork/{}", Hex(channel), Hex(log)),
            Self::Edge { channel, stream } => write!(out, "c/{}/live/{}", Hex(channel), Hex(stream)),
            Self::Notes { channel, room } => write!(out, "c/{}/r/{}/notes", Hex(channel), Hex(room)),
            Self::Sheaf { channel, room, name } => {
                write!(out, "c/{}/r/{}/{}", Hex(channel), Hex(room), Hex(name))
            }
            Self::Pack { channel, log, level, index } => {
                write!(out, "c/{}/p/{}/{level}-{index}", Hex(channel), Hex(log))
            }
            Self::Blob { hash } => write!(out, "b/{}/{}", Hex(&hash[..1]), Hex(hash)),
            Self::Outboard { hash } => write!(out, "b/{}/{}.o", Hex(&hash[..1]), Hex(hash)),
            Self::BlobPart { hash, start_mib } => {
                write!(out, "b/{}/{}.{start_mib:08x}", Hex(&hash[..1]), Hex(hash))
            }
        }
    }
}

impl FromStr for TreePath {
    type Err = TreePathError;

    /// Reads the canonical text of a path; every other spelling of it is refused.
    fn from_str(text: &str) -> Result<Self, TreePathError> {
        if text.len() > PATH_BYTES_MAX {
            return Err(TreePathError);
        }
        let path = parse_loosely(text).ok_or(TreePathError)?;
        // One spelling only: what does not print as it was read is refused.
        if path.to_string() == text { Ok(path) } else { Err(TreePathError) }
    }
}

impl TreePath {
    /// Returns where a pack of a log stands.
    pub fn pack(channel: &ChannelId, log: &LogId, name: PackName) -> Self {
        let index = u32::try_from(name.index).expect("a log has at most 2^20 items");
        TreePath::Pack { channel: channel.0, log: log.0, level: name.level, index }
    }

    /// Returns the longest that an honest object under this path can be, in bytes.
    pub fn bytes_max(&self) -> u64 {
        match self {
            TreePath::Head { .. } => HEAD_BYTES_MAX as u64,
            TreePath::Charter { .. } => CHARTER_BYTES_MAX as u64,
            TreePath::Fork { .. } => FORK_PROOF_BYTES_MAX as u64,
            TreePath::Edge { .. } => EDGE_BYTES_MAX as u64,
            TreePath::Notes { .. } => SHEAF_LIST_BYTES_MAX as u64,
            TreePath::Sheaf { .. } => SHEAF_BYTES_MAX as u64,
            // No log has a pack of another level.
            TreePath::Pack { level, index, .. } => {
                PackName::new(*level, u64::from(*index)).map_or(0, PackName::bytes_max)
            }
            TreePath::Blob { .. } => BLOB_WHOLE_BYTES_MAX,
            TreePath::BlobPart { .. } => u64::from(PART_MIB) * MIB,
            TreePath::Outboard { .. } => FILE_BYTES_MAX,
        }
    }

    /// Returns the folders of the path and its file name, for carriers that walk them one by one.
    pub fn folders_and_name(&self) -> (Vec<String>, String) {
        let text = self.to_string();
        let mut folders: Vec<String> = text.split('/').map(str::to_owned).collect();
        let name = folders.pop().expect("splitting gives at least one piece");
        (folders, name)
    }
}

/// Names the file of a published blob that holds the byte at `offset`, and the bytes of the blob it covers.
///
/// Returns nothing if the blob has no such byte, or is longer than its parts can number (4 PiB).
///
/// ```
/// use longear_core::tree::{TreePath, blob_file_holding};
/// let (path, bytes) = blob_file_holding([1; 32], 5 << 30, (4 << 30) + 3).unwrap();
/// assert_eq!(path, TreePath::BlobPart { hash: [1; 32], start_mib: 4096 });
/// assert_eq!(bytes, 4 << 30..5 << 30);
/// ```
pub fn blob_file_holding(hash: [u8; 32], blob_bytes: u64, offset: u64) -> Option<(TreePath, Range<u64>)> {
    if offset >= blob_bytes {
        return None;
    }
    if blob_bytes <= BLOB_WHOLE_BYTES_MAX {
        return Some((TreePath::Blob { hash }, 0..blob_bytes));
    }
    let part_bytes = u64::from(PART_MIB) * MIB;
    let start = offset - offset % part_bytes;
    let start_mib = u32::try_from(start / MIB).ok()?;
    Some((TreePath::BlobPart { hash, start_mib }, start..blob_bytes.min(start + part_bytes)))
}

/// Says whether a name may stand in a tree or beside it on any file system, FAT included.
///
/// `[a-z0-9._-]`, 1 to [`SAFE_NAME_BYTES_MAX`] bytes, no dot at either end, no device name of DOS.
pub fn is_safe_name(name: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    !name.is_empty()
        && name.len() <= SAFE_NAME_BYTES_MAX
        && name.bytes().all(letters)
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !is_dos_device(name)
}

/// Says whether a character may stand in the name of a plain copy.
///
/// Refused: controls, what FAT and Windows reserve, and what is invisible or turns the direction of text, because a name
/// must not look like another one.
pub fn is_safe_title_char(character: char) -> bool {
    !character.is_control() && !"/\\:*?\"<>|".contains(character) && !is_invisible(character)
}

/// Makes the file name of a plain copy from a title and an extension without its dot.
///
/// The name keeps its script, is at most [`PLAIN_NAME_BYTES_MAX`] bytes, is never empty, and never one that a computer
/// would start by itself: an extension that is not known to be a document, picture, sound or video becomes `bin`.
///
/// ```
/// use longear_core::tree::plain_file_name;
/// assert_eq!(plain_file_name("Қаңтар: 5?", "mp4"), "Қаңтар 5.mp4");
/// assert_eq!(plain_file_name("../con", "exe"), "_con.bin");
/// ```
pub fn plain_file_name(title: &str, extension: &str) -> String {
    let extension = extension.to_ascii_lowercase();
    let extension = if PLAIN_EXTENSIONS.contains(&extension.as_str()) { extension.as_str() } else { "bin" };
    let mut stem = String::new();
    for character in title.chars() {
        if character.is_whitespace() {
            if !stem.ends_with(' ') {
                stem.push(' ');
            }
        } else if is_safe_title_char(character) {
            stem.push(character);
        }
    }
    let mut stem = stem.trim_start_matches(['.', ' ', '-']).to_owned();
    if is_dos_device(&stem) {
        stem.insert(0, '_');
    }
    let stem_bytes_max = PLAIN_NAME_BYTES_MAX - extension.len() - 1;
    while stem.len() > stem_bytes_max {
        stem.pop();
    }
    let stem = stem.trim_end_matches(['.', ' ']);
    let stem = if stem.is_empty() { "file" } else { stem };
    format!("{stem}.{extension}")
}

/// Says whether a name is one that [`plain_file_name`] makes.
pub fn is_plain_file_name(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, extension)| plain_file_name(stem, extension) == name)
}

/// Lists the extensions that plain copies may bear: nothing that a double click would run.
const PLAIN_EXTENSIONS: [&str; 33] = [
    "aac", "avi", "avif", "bin", "csv", "docx", "epub", "flac", "gif", "jpeg", "jpg", "m4a", "m4v", "md", "mkv", "mov",
    "mp3", "mp4", "odp", "ods", "odt", "ogg", "opus", "pdf", "png", "pptx", "srt", "txt", "vtt", "wav", "webm", "webp",
    "xlsx",
];

fn full_packs(items: u64, level: u8) -> u64 {
    items >> (3 * u32::from(level))
}

fn parse_loosely(text: &str) -> Option<TreePath> {
    let mut pieces = text.split('/');
    let path = match (pieces.next()?, pieces.next()?, pieces.next()?) {
        ("c", channel, "head") => TreePath::Head { channel: parse_hex(channel)? },
        ("c", channel, "charter") => {
            let number = parse_decimal(pieces.next()?)?;
            (number >= 1).then_some(TreePath::Charter { channel: parse_hex(channel)?, number })?
        }
        ("c", channel, "fork") => TreePath::Fork { channel: parse_hex(channel)?, log: parse_hex(pieces.next()?)? },
        ("c", channel, "live") => TreePath::Edge { channel: parse_hex(channel)?, stream: parse_hex(pieces.next()?)? },
        ("c", channel, "r") => {
            let (channel, room) = (parse_hex(channel)?, parse_hex(pieces.next()?)?);
            match pieces.next()? {
                "notes" => TreePath::Notes { channel, room },
                name => TreePath::Sheaf { channel, room, name: parse_hex(name)? },
            }
        }
        ("c", channel, "p") => {
            let log = parse_hex(pieces.next()?)?;
            let (level, index) = parse_pack_name(pieces.next()?)?;
            TreePath::Pack { channel: parse_hex(channel)?, log, level, index }
        }
        ("b", _, name) => parse_blob_name(name)?,
        _ => return None,
    };
    pieces.next().is_none().then_some(path)
}

/// Reads the name of a pack, canonical or not, into its level and index.
fn parse_pack_name(name: &str) -> Option<(u8, u32)> {
    let (level, index) = name.split_once('-')?;
    let level = u8::try_from(parse_decimal(level)?).ok().filter(|level| *level <= PACK_LEVEL_MAX)?;
    let index = parse_decimal(index)?;
    (u64::from(index) < full_packs(LOG_ITEMS_MAX, level)).then_some((level, index))
}

fn parse_blob_name(name: &str) -> Option<TreePath> {
    match name.split_once('.') {
        None => Some(TreePath::Blob { hash: parse_hex(name)? }),
        Some((hash, "o")) => Some(TreePath::Outboard { hash: parse_hex(hash)? }),
        Some((hash, start)) => {
            let start_mib = u32::from_be_bytes(parse_hex(start)?);
            Some(TreePath::BlobPart { hash: parse_hex(hash)?, start_mib })
        }
    }
}

fn parse_decimal(text: &str) -> Option<u32> {
    text.parse().ok()
}

fn parse_hex<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let text = text.as_bytes();
    if text.len() != 2 * LENGTH {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Some(bytes)
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// Windows takes a device name for the device whatever extension follows it.
fn is_dos_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |prefix| {
        let number = stem.strip_prefix(prefix).map(|rest| rest.chars().collect::<Vec<_>>());
        matches!(number.as_deref(), Some(['0'..='9' | '¹' | '²' | '³']))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CLOCK$" | "CONIN$" | "CONOUT$")
        || numbered("COM")
        || numbered("LPT")
}

/// Names the characters of Unicode that show nothing, or that turn the direction of what follows.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CHANNEL: [u8; 32] = [0x5a; 32];
    const LOG: [u8; 16] = [0x0f; 16];

    fn hash(first: u8) -> [u8; 32] {
        let mut hash = [0xee; 32];
        hash[0] = first;
        hash
    }

    #[test]
    fn every_kind_prints_and_reads_back() {
        let channel = "5a".repeat(32);
        let blob = format!("07{}", "ee".repeat(31));
        let cases = [
            (TreePath::Head { channel: CHANNEL }, format!("c/{channel}/head")),
            (TreePath::Charter { channel: CHANNEL, number: u32::MAX }, format!("c/{channel}/charter/4294967295")),
            (
                TreePath::Pack { channel: CHANNEL, log: LOG, level: 4, index: 255 },
                format!("c/{channel}/p/{}/4-255", "0f".repeat(16)),
            ),
            (TreePath::Fork { channel: CHANNEL, log: LOG }, format!("c/{channel}/fork/{}", "0f".repeat(16))),
            (TreePath::Notes { channel: CHANNEL, room: LOG }, format!("c/{channel}/r/{}/notes", "0f".repeat(16))),
            (
                TreePath::Sheaf { channel: CHANNEL, room: LOG, name: [7; 12] },
                format!("c/{channel}/r/{}/{}", "0f".repeat(16), "07".repeat(12)),
            ),
            (TreePath::Blob { hash: hash(7) }, format!("b/07/{blob}")),
            (TreePath::Outboard { hash: hash(7) }, format!("b/07/{blob}.o")),
            (TreePath::BlobPart { hash: hash(7), start_mib: 0x1_0400 }, format!("b/07/{blob}.00010400")),
        ];
        for (path, text) in cases {
            assert_eq!(path.to_string(), text);
            assert_eq!(text.parse(), Ok(path));
            let (folders, name) = path.folders_and_name();
            assert_eq!(format!("{}/{name}", folders.join("/")), text);
            assert!(folders.iter().chain([&name]).all(|name| is_safe_name(name)), "{text}");
        }
    }

    #[test]
    fn only_the_canonical_spelling_is_read() {
        let channel = "5a".repeat(32);
        let log = "0f".repeat(16);
        let blob = format!("07{}", "ee".repeat(31));
        let refused = [
            String::new(),
            "/".into(),
            "c".into(),
            format!("/c/{channel}/head"),
            format!("c/{channel}/head/"),
            format!("c//{channel}/head"),
            format!("./c/{channel}/head"),
            format!("c/{channel}/../head"),
            format!("c/{}/head", channel.to_uppercase()),
            format!("c/{}/head", &channel[1..]),
            format!("c/{channel}/Head"),
            format!("c/{channel}/head\0"),
            format!("c/{channel}/charter/0"),
            format!("c/{channel}/charter/01"),
            format!("c/{channel}/charter/+1"),
            format!("c/{channel}/charter/-1"),
            format!("c/{channel}/charter/4294967296"),
            format!("c/{channel}/charter/1/2"),
            format!("c/{channel}/p/{log}/5-0"),
            format!("c/{channel}/p/{log}/4-256"),
            format!("c/{channel}/p/{log}/0-1048576"),
            format!("c/{channel}/p/{log}/0-01"),
            format!("c/{channel}/p/{log}/0-"),
            format!("c/{channel}/p/{log}/0-1.tmp"),
            format!("b/08/{blob}"),
            format!("b/07/{}", blob.to_uppercase()),
            format!("b/07/{blob}.O"),
            format!("b/07/{blob}.0000000"),
            format!("b/07/{blob}.0000000A"),
            format!("b/07/{blob}.o.o"),
            format!("b/07/{}é", &blob[2..]),
            format!("b/07/{}", "9".repeat(10_000)),
        ];
        for text in refused {
            assert_eq!(text.parse::<TreePath>(), Err(TreePathError), "{text}");
        }
    }

    #[test]
    fn blob_files_tile_the_blob_and_stay_below_four_gib() {
        for bytes in [1, BLOB_WHOLE_BYTES_MAX, BLOB_WHOLE_BYTES_MAX + 1, (7 << 30) + 5] {
            let mut offset = 0;
            while let Some((path, covers)) = blob_file_holding(hash(1), bytes, offset) {
                assert_eq!(covers.start, offset);
                assert!(covers.end - covers.start <= FILE_BYTES_MAX);
                assert_eq!(matches!(path, TreePath::Blob { .. }), bytes <= BLOB_WHOLE_BYTES_MAX);
                offset = covers.end;
            }
            assert_eq!(offset, bytes);
        }
        let part = |start_mib, covers| Some((TreePath::BlobPart { hash: hash(1), start_mib }, covers));
        let bytes = (3 << 30) + 9;
        assert_eq!(blob_file_holding(hash(1), bytes, (3 << 30) - 1), part(2_048, 2 << 30..3 << 30));
        assert_eq!(blob_file_holding(hash(1), bytes, 3 << 30), part(3_072, 3 << 30..bytes));
        assert_eq!(blob_file_holding(hash(1), 0, 0), None);
        assert_eq!(blob_file_holding(hash(1), u64::MAX, u64::MAX - 1), None);
    }

    #[test]
    fn safe_names_are_plain_on_every_file_system() {
        for name in ["a", "files", "0-1", "x.o", "com10", "console", &"a".repeat(80)] {
            assert!(is_safe_name(name), "{name}");
        }
        let long = "a".repeat(81);
        for name in
            ["", ".", "..", ".tmp", "a.", "A", "a b", "a/b", "a\\b", "é", "con", "nul.txt", "com1.o", "lpt0", &long]
        {
            assert!(!is_safe_name(name), "{name}");
        }
    }

    #[test]
    fn plain_names_keep_the_script_and_lose_the_danger() {
        // The app, which cannot ask the core while it draws, says the same by itself: `tests/reader/names.test.mjs`.
        let cases = serde_json::from_str::<Vec<(String, String)>>(include_str!("../../../tests/names/plain.json"));
        let cases = cases.expect("names and what they become");
        for (name, expected) in &cases {
            let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
            assert_eq!(&plain_file_name(stem, extension), expected);
            assert!(is_plain_file_name(expected), "{expected}");
        }
        let extensions =
            PLAIN_EXTENSIONS.iter().filter(|known| cases.iter().any(|(_, to)| *to == format!("a.{known}")));
        assert_eq!(extensions.count(), PLAIN_EXTENSIONS.len(), "all of them are among the names");
        assert_eq!(plain_file_name("…?", "../x"), "….bin");
    }

    #[test]
    fn names_made_by_others_are_recognised() {
        for name in
            ["", "x", ".mp4", "a.exe", "../a.mp4", "a/b.mp4", "a.MP4", " a.mp4", "a .mp4", "nul.txt", "a\u{202e}.mp4"]
        {
            assert!(!is_plain_file_name(name), "{name}");
        }
    }

    #[test]
    fn long_plain_names_are_cut_between_characters() {
        for title in
            ["ы".repeat(300), format!("a{}", "😀".repeat(99)), "x. ".repeat(100), format!("con{}", " ".repeat(200))]
        {
            let name = plain_file_name(&title, "webm");
            assert!(name.len() <= PLAIN_NAME_BYTES_MAX && name.len() > 4, "{name}");
            assert!(name.ends_with(".webm") && !name.ends_with(" .webm") && !name.ends_with("..webm"), "{name}");
            assert!(!is_dos_device(&name), "{name}");
        }
        assert_eq!(plain_file_name(&"a".repeat(115), "webm").len(), PLAIN_NAME_BYTES_MAX);
        assert_eq!(plain_file_name(&"a".repeat(300), "webm").len(), PLAIN_NAME_BYTES_MAX);
        assert_eq!(plain_file_name(&"ы".repeat(300), "webm").len(), PLAIN_NAME_BYTES_MAX - 1, "no half characters");
    }
}
