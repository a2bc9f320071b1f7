//! The headers of pictures.

use std::io::{self, Read, Seek};
use std::ops::Range;

use super::boxes::picture_dimensions;
use super::exif::{Exif, exif};
use super::sniff::Kind;
use super::source::{PIECE_BYTES_MAX, Source, be16, be32, holds, le16, le32};

const EXIF_START: &[u8] = b"Exif\0\0";

pub(super) fn dimensions<R: Read + Seek>(source: &mut Source<'_, R>, kind: Kind) -> io::Result<Option<(u32, u32)>> {
    match kind {
        Kind::Jpeg => Ok(jpeg(source)?.dimensions()),
        Kind::Png => {
            let head = source.piece(0, 24)?;
            Ok((head.get(12..16) == Some(b"IHDR")).then(|| be32(&head, 16).zip(be32(&head, 20))).flatten())
        }
        Kind::Gif => {
            let head = source.piece(0, 10)?;
            Ok(le16(&head, 6).zip(le16(&head, 8)).map(|(width, height)| (width.into(), height.into())))
        }
        Kind::Webp => Ok(webp_dimensions(&source.piece(0, 32)?)),
        Kind::Avif | Kind::Heic => picture_dimensions(source),
        _ => Ok(None),
    }
}

/// Holds what the segments of a JPEG say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Jpeg {
    size: Option<(u32, u32)>,
    is_turned: bool,
    pub(super) names_place: bool,
    /// Whether all segments up to the picture itself were seen.
    pub(super) is_complete: bool,
}

impl Jpeg {
    fn dimensions(self) -> Option<(u32, u32)> {
        self.size.map(|(width, height)| if self.is_turned { (height, width) } else { (width, height) })
    }
}

/// Walks the segments of a JPEG (ITU-T T.81, annex B) up to the picture itself.
pub(super) fn jpeg<R: Read + Seek>(source: &mut Source<'_, R>) -> io::Result<Jpeg> {
    const START_OF_SCAN: u8 = 0xda;
    const END_OF_IMAGE: u8 = 0xd9;
    const APPLICATION_1: u8 = 0xe1;
    let mut jpeg = Jpeg::default();
    let mut at = 2;
    while source.visit() {
        let Some(head) = source.array::<4>(at)? else {
            break;
        };
        let [0xff, marker, ..] = head else {
            break;
        };
        match marker {
            // Fill bytes.
            0xff => {
                at += 1;
                continue;
            }
            // Markers without a length.
            0x01 | 0xd0..=0xd8 => {
                at += 2;
                continue;
            }
            START_OF_SCAN | END_OF_IMAGE => {
                jpeg.is_complete = true;
                break;
            }
            _ => {}
        }
        let length = u64::from(u16::from_be_bytes([head[2], head[3]]));
        if length < 2 {
            break;
        }
        match marker {
            // Start of frame, but for the tables (c4, c8, cc) in between.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let frame = source.piece(at + 5, 4)?;
                jpeg.size = be16(&frame, 2).zip(be16(&frame, 0)).map(|(width, height)| (width.into(), height.into()));
            }
            APPLICATION_1 => {
                let segment = source.piece(at + 4, length as usize - 2)?;
                read_application(&segment, &mut jpeg);
            }
            _ => {}
        }
        at += 2 + length;
    }
    Ok(jpeg)
}

fn read_application(segment: &[u8], jpeg: &mut Jpeg) {
    if let Some(tiff) = segment.strip_prefix(EXIF_START) {
        let Exif { names_place, is_turned } = exif(tiff);
        jpeg.names_place |= names_place;
        jpeg.is_turned |= is_turned;
    } else if segment.starts_with(b"http://ns.adobe.com/") {
        jpeg.names_place |= holds(segment, b"GPSLatitude");
    }
}

fn webp_dimensions(head: &[u8]) -> Option<(u32, u32)> {
    let fourteen_bits = |at: usize| le16(head, at).map(|number| u32::from(number & 0x3fff));
    match head.get(12..16)? {
        b"VP8 " => fourteen_bits(26).zip(fourteen_bits(28)),
        b"VP8L" => {
            let packed = le32(head, 21)?;
            Some(((packed & 0x3fff) + 1, (packed >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => {
            let three_bytes = |at: usize| le32(head, at).map(|number| (number & 0x00ff_ffff) + 1);
            // The height's three bytes end at 30: the piece holds two more.
            three_bytes(24).zip(three_bytes(27))
        }
        _ => None,
    }
}

/// Searches the chunks of a PNG or WebP for positions; nothing if they could not all be seen.
pub(super) fn chunks_name_place<R: Read + Seek>(source: &mut Source<'_, R>, kind: Kind) -> io::Result<Option<bool>> {
    let (mut at, after) = if kind == Kind::Png { (8, 4) } else { (12, 0) };
    let length = source.length();
    while at + 8 <= length {
        let Some(head) = source.array::<8>(at)?.filter(|_| source.visit()) else {
            return Ok(None);
        };
        let (name, size) =
            if kind == Kind::Png { (&head[4..8], be32(&head, 0)) } else { (&head[0..4], le32(&head, 4)) };
        let size = u64::from(size.unwrap_or(0));
        let body = at + 8..(at + 8 + size).min(length);
        let found = match name {
            b"eXIf" | b"EXIF" => exif_names_place(source, &body)?,
            b"iTXt" | b"XMP " => super::boxes::search(source, &body, &[b"GPSLatitude"])?,
            _ => false,
        };
        if found {
            return Ok(Some(true));
        }
        // Chunks of a RIFF file begin at even places.
        at = body.end + after + if kind == Kind::Png { 0 } else { size & 1 };
    }
    Ok(Some(false))
}

fn exif_names_place<R: Read + Seek>(source: &mut Source<'_, R>, body: &Range<u64>) -> io::Result<bool> {
    let piece = source.piece(body.start, usize::try_from(body.end - body.start).unwrap_or(PIECE_BYTES_MAX))?;
    Ok(exif(piece.strip_prefix(EXIF_START).unwrap_or(&piece)).names_place)
}

/// Searches the beginning of an AVIF or HEIC picture for EXIF blocks; nothing if there is more than was searched.
pub(super) fn items_name_place<R: Read + Seek>(source: &mut Source<'_, R>) -> io::Result<Option<bool>> {
    const SEARCH_BYTES_MAX: u64 = 4 << 20;
    let mut at = 0;
    while at < source.length().min(SEARCH_BYTES_MAX) {
        let piece = source.piece(at, PIECE_BYTES_MAX)?;
        if piece.is_empty() {
            return Ok(None);
        }
        if holds(&piece, b"GPSLatitude") {
            return Ok(Some(true));
        }
        let starts = piece.windows(4).enumerate().filter(|(_, window)| *window == b"II*\0" || *window == b"MM\0*");
        for (start, _) in starts {
            if !source.visit() {
                return Ok(None);
            }
            if exif(&piece[start..]).names_place {
                return Ok(Some(true));
            }
        }
        // Half a piece of overlap: an EXIF block is seldom longer.
        at += PIECE_BYTES_MAX as u64 / 2;
    }
    Ok((source.length() <= SEARCH_BYTES_MAX).then_some(false))
}
