//! Does a file say where it was made?

use std::io::{self, Read, Seek};

use super::sniff::{self, Kind};
use super::source::Source;
use super::{boxes, pictures};

/// Says whether a file names the place where it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocationTrace {
    /// It does: publishing it as it is would broadcast where an eyewitness stood.
    Found,
    /// None was found where such files hold it. Faces, voices and skylines are not looked at.
    NotFound,
    /// It could not be told: a type that is not examined, or a file too odd or too long to be read to its end.
    Unknown,
}

/// Looks for a position: the GPS directory of EXIF and XMP in JPEG, PNG, WebP, AVIF and HEIC; `©xyz`, `loci`,
/// QuickTime's location keys and the position tracks of action cameras in MP4 and MOV.
///
/// Costs as much as [`super::inspect`].
///
/// # Errors
/// Only those of the file itself: it cannot be read.
pub fn carries_location<R: Read + Seek>(file: &mut R) -> io::Result<LocationTrace> {
    let mut source = Source::new(file)?;
    let found = match sniff::kind(&mut source)? {
        Kind::Jpeg => {
            let jpeg = pictures::jpeg(&mut source)?;
            (jpeg.names_place || jpeg.is_complete).then_some(jpeg.names_place)
        }
        kind @ (Kind::Png | Kind::Webp) => pictures::chunks_name_place(&mut source, kind)?,
        Kind::Avif | Kind::Heic => pictures::items_name_place(&mut source)?,
        Kind::Movie | Kind::QuickTime | Kind::Sound4 | Kind::Mobile => Some(boxes::movie(&mut source)?.location),
        // These hold no metadata but text that people wrote themselves.
        Kind::Gif | Kind::Text => Some(false),
        _ => None,
    };
    Ok(match found {
        Some(true) => LocationTrace::Found,
        Some(false) if !source.is_exhausted() => LocationTrace::NotFound,
        _ => LocationTrace::Unknown,
    })
}
