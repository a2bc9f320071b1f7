//! What a file is, before it is published: its type, its length and size, and whether it says where it was made.
//!
//! Files are hostile input: everything is read through `Source`, which bounds each piece, the pieces
//! together and the structures visited; nothing here panics, and no length in a file is believed before it is
//! compared with a limit. Nothing is decoded: that is left to players, and to `ffmpeg` in a process of its own
//! ([`still`]).

mod boxes;
mod exif;
mod location;
mod matroska;
mod pictures;
mod sniff;
mod sound;
mod source;
mod still;

use std::io::{self, Read, Seek};
use std::path::Path;

pub use location::{LocationTrace, carries_location};
pub use source::{LOOK_BYTES_MAX, PIECE_BYTES_MAX, STRUCTURES_MAX};
pub use still::{STILL_BYTES_MAX, STILL_TIME_MAX, STILL_WIDTH, still};

use sniff::Kind;
use source::Source;

/// Holds what could be learnt about a file without decoding it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// The type. Never one that a browser runs: pages and drawings with scripts are `text/plain`.
    pub mime: &'static str,
    /// How long it plays, in milliseconds.
    pub duration_ms: Option<u64>,
    /// How wide it is shown, in pixels, after the turn that the file asks for.
    pub width: Option<u32>,
    /// How high it is shown, in pixels.
    pub height: Option<u32>,
}

/// Looks at a file: type by content first, by the extension of `name` where the content says nothing.
///
/// Costs at most [`LOOK_BYTES_MAX`] of reading and [`PIECE_BYTES_MAX`] of memory, usually a few kilobytes. What is
/// malformed is left out and is no error.
///
/// # Errors
/// Only those of the file itself: it cannot be read.
///
/// ```
/// use longear::media::inspect;
/// let gif = b"GIF89a\x02\x00\x03\x00\x00\x00\x00";
/// let media = inspect(&mut std::io::Cursor::new(gif), "a.jpg".as_ref())?;
/// assert_eq!((media.mime, media.width, media.height), ("image/gif", Some(2), Some(3)));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn inspect<R: Read + Seek>(file: &mut R, name: &Path) -> io::Result<Media> {
    let mut source = Source::new(file)?;
    let kind = sniff::kind(&mut source)?;
    let extension = name.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let mut media = Media { mime: sniff::mime(kind, &extension.to_ascii_lowercase()), ..Media::default() };
    match kind {
        Kind::Movie | Kind::QuickTime | Kind::Sound4 | Kind::Mobile => {
            let movie = boxes::movie(&mut source)?;
            media.duration_ms = movie.duration_ms;
            (media.width, media.height) = split(movie.dimensions);
            if kind == Kind::Movie && movie.has_sound && !movie.has_video {
                media.mime = "audio/mp4";
            }
        }
        Kind::Jpeg | Kind::Png | Kind::Gif | Kind::Webp | Kind::Avif | Kind::Heic => {
            (media.width, media.height) = split(pictures::dimensions(&mut source, kind)?);
        }
        Kind::Wav | Kind::Flac | Kind::OggSound | Kind::Mp3 => {
            media.duration_ms = sound::duration_ms(&mut source, kind)?;
        }
        Kind::Webm | Kind::Matroska => {
            let movie = matroska::movie(&mut source)?;
            media.duration_ms = movie.duration_ms;
            (media.width, media.height) = split(movie.dimensions);
            if kind == Kind::Webm && movie.has_sound && !movie.has_video {
                media.mime = "audio/webm";
            }
        }
        _ => {}
    }
    // Less than a millisecond is nonsense, and 0 would mean a length where there is none.
    media.duration_ms = media.duration_ms.filter(|duration| *duration > 0);
    Ok(media)
}

/// Holds what is known of one track of a movie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MovieTrack {
    /// Whether it is a picture; sound otherwise.
    pub is_picture: bool,
    /// How high the picture is shown, in pixels.
    pub height: u32,
    /// The four letters of its codec.
    pub codec: [u8; 4],
}

/// Lists the tracks of an MP4 file that are seen or heard, within the limits of [`inspect`].
///
/// # Errors
/// Only those of the file itself: it cannot be read.
pub fn tracks<R: Read + Seek>(file: &mut R) -> io::Result<Vec<MovieTrack>> {
    boxes::tracks(&mut Source::new(file)?)
}

/// Holds what a container of moving pictures and sound says about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Movie {
    duration_ms: Option<u64>,
    dimensions: Option<(u32, u32)>,
    has_video: bool,
    has_sound: bool,
    location: bool,
}

fn split(dimensions: Option<(u32, u32)>) -> (Option<u32>, Option<u32>) {
    // A side of zero is no side.
    match dimensions.filter(|(width, height)| *width > 0 && *height > 0) {
        Some((width, height)) => (Some(width), Some(height)),
        None => (None, None),
    }
}

/// Computes `units / units_a_second` in milliseconds; nothing for the nonsense that files hold.
fn milliseconds(units: u64, units_a_second: u64) -> Option<u64> {
    if units == 0 || units_a_second == 0 {
        return None;
    }
    u64::try_from(u128::from(units) * 1000 / u128::from(units_a_second)).ok()
}

#[cfg(test)]
mod tests;
