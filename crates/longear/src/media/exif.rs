//! EXIF: a small TIFF file inside a picture (CIPA DC-008).

use super::source::{be16, be32, le16, le32};

/// The most entries read of one directory; real ones have a few dozen.
const ENTRIES_MAX: usize = 512;

const ENTRY_BYTES: usize = 12;
const TAG_ORIENTATION: u16 = 0x0112;
const TAG_GPS: u16 = 0x8825;
const TAG_GPS_LATITUDE: u16 = 0x0002;
const TAG_GPS_LONGITUDE: u16 = 0x0004;

/// Holds the little that matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Exif {
    /// Whether a GPS directory names a latitude or longitude.
    pub(super) names_place: bool,
    /// Whether the picture is shown turned by a quarter.
    pub(super) is_turned: bool,
}

/// Reads a TIFF structure. What is malformed is left out.
pub(super) fn exif(tiff: &[u8]) -> Exif {
    let little = match tiff.get(..4) {
        Some(b"II*\0") => true,
        Some(b"MM\0*") => false,
        _ => return Exif::default(),
    };
    let read = Tiff { tiff, little };
    let mut exif = Exif::default();
    let mut gps_was_read = false;
    for entry in read.entries(read.word(4)) {
        match entry.tag {
            TAG_ORIENTATION => exif.is_turned = read.half(entry.at + 8).is_some_and(|turn| (5..=8).contains(&turn)),
            // No tag stands twice in a directory; five hundred directories to read would be somebody's joke.
            TAG_GPS if !gps_was_read => {
                gps_was_read = true;
                let gps = read.entries(read.word(entry.at + 8));
                exif.names_place |= gps.iter().any(|entry| matches!(entry.tag, TAG_GPS_LATITUDE | TAG_GPS_LONGITUDE));
            }
            _ => {}
        }
    }
    exif
}

struct Tiff<'a> {
    tiff: &'a [u8],
    little: bool,
}

struct Entry {
    tag: u16,
    at: usize,
}

impl Tiff<'_> {
    fn half(&self, at: usize) -> Option<u16> {
        if self.little { le16(self.tiff, at) } else { be16(self.tiff, at) }
    }

    fn word(&self, at: usize) -> Option<usize> {
        let word = if self.little { le32(self.tiff, at) } else { be32(self.tiff, at) };
        word.and_then(|word| usize::try_from(word).ok())
    }

    fn entries(&self, directory: Option<usize>) -> Vec<Entry> {
        // An offset beyond the piece has no entries: every read of it fails.
        let Some(directory) = directory.filter(|at| *at < self.tiff.len()) else {
            return Vec::new();
        };
        let count = self.half(directory).map_or(0, usize::from).min(ENTRIES_MAX);
        (0..count)
            .map_while(|index| {
                let at = directory + 2 + index * ENTRY_BYTES;
                self.half(at).map(|tag| Entry { tag, at })
            })
            .collect()
    }
}
