//! The boxes of MP4, MOV, M4A and AVIF files (ISO/IEC 14496-12, QuickTime file format).
//!
//! Only fixed paths are followed, so that nesting cannot recurse; `moov` may stand behind hours of `mdat`, which are
//! skipped by their length.

use std::io::{self, Read, Seek};
use std::ops::Range;

use super::source::{PIECE_BYTES_MAX, Source, be32, be64, holds};
use super::{Movie, MovieTrack, milliseconds};

/// The most that is searched for a name inside one box, in bytes.
const SEARCH_BYTES_MAX: u64 = 1 << 20;

/// One box: its four-letter kind and where its content lies.
#[derive(Clone, Debug)]
pub(super) struct BoxAt {
    pub(super) kind: [u8; 4],
    pub(super) body: Range<u64>,
}

/// Lists the boxes in a range, until it ends, makes no sense or a limit is met.
pub(super) fn boxes<R: Read + Seek>(source: &mut Source<'_, R>, range: Range<u64>) -> io::Result<Vec<BoxAt>> {
    let mut found = Vec::new();
    let mut at = range.start;
    let end = range.end.min(source.length());
    while at < end && source.visit() {
        let Some(next) = box_at(source, at, end)? else {
            break;
        };
        at = next.body.end;
        found.push(next);
    }
    Ok(found)
}

fn box_at<R: Read + Seek>(source: &mut Source<'_, R>, at: u64, end: u64) -> io::Result<Option<BoxAt>> {
    const LENGTH_TO_END: u32 = 0;
    const LENGTH_IS_LONG: u32 = 1;
    let head = source.piece(at, 16)?;
    let (Some(short), Some(kind)) = (be32(&head, 0), head.get(4..8)) else {
        return Ok(None);
    };
    let kind = [kind[0], kind[1], kind[2], kind[3]];
    let (header, length) = match short {
        LENGTH_TO_END => (8, end - at),
        LENGTH_IS_LONG => match be64(&head, 8) {
            Some(long) => (16, long),
            None => return Ok(None),
        },
        _ => (8, u64::from(short)),
    };
    if length < header {
        return Ok(None);
    }
    // A file that was cut short still tells what it has.
    let body_end = at.saturating_add(length).min(end);
    Ok((at + header <= body_end).then(|| BoxAt { kind, body: at + header..body_end }))
}

/// Reads what a movie says about itself, and whether it says where it was made.
pub(super) fn movie<R: Read + Seek>(source: &mut Source<'_, R>) -> io::Result<Movie> {
    let mut movie = Movie::default();
    let length = source.length();
    for top in boxes(source, 0..length)? {
        match &top.kind {
            b"moov" => read_moov(source, &top, &mut movie)?,
            b"meta" => movie.location |= meta_names_place(source, &top)?,
            b"uuid" => movie.location |= search(source, &top.body, &[b"GPSLatitude"])?,
            _ => {}
        }
    }
    Ok(movie)
}

fn read_moov<R: Read + Seek>(source: &mut Source<'_, R>, moov: &BoxAt, movie: &mut Movie) -> io::Result<()> {
    let mut units_a_second = 0;
    let mut fragments_units = 0;
    for part in boxes(source, moov.body.clone())? {
        match &part.kind {
            b"mvhd" => {
                let (scale, units) = time(&source.piece(part.body.start, 32)?);
                units_a_second = scale;
                movie.duration_ms = milliseconds(units, scale);
            }
            b"mvex" => fragments_units = fragments(source, &part)?,
            b"trak" => read_track(source, &part, movie)?,
            b"udta" => movie.location |= udta_names_place(source, &part)?,
            b"meta" => movie.location |= meta_names_place(source, &part)?,
            _ => {}
        }
    }
    movie.duration_ms = movie.duration_ms.or_else(|| milliseconds(fragments_units, units_a_second));
    Ok(())
}

/// Lists the tracks of sound and of pictures. Others, such as subtitles, are left out.
pub(super) fn tracks<R: Read + Seek>(source: &mut Source<'_, R>) -> io::Result<Vec<MovieTrack>> {
    let mut tracks = Vec::new();
    let length = source.length();
    for top in boxes(source, 0..length)?.into_iter().filter(|top| &top.kind == b"moov") {
        for part in boxes(source, top.body)?.into_iter().filter(|part| &part.kind == b"trak") {
            tracks.extend(played_track(source, &part)?);
        }
    }
    Ok(tracks)
}

fn played_track<R: Read + Seek>(source: &mut Source<'_, R>, track: &BoxAt) -> io::Result<Option<MovieTrack>> {
    let (mut size, mut handler, mut codec) = (None, [0; 4], [0; 4]);
    for part in boxes(source, track.body.clone())? {
        match &part.kind {
            b"tkhd" => size = shown_size(&source.piece(part.body.start, 96)?),
            b"mdia" => {
                for inner in boxes(source, part.body)? {
                    match &inner.kind {
                        b"hdlr" => handler = source.array(inner.body.start + 8)?.unwrap_or_default(),
                        b"minf" => codec = codec_of(source, &inner)?.unwrap_or_default(),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    let height = size.map_or(0, |(_, height)| height);
    let is_picture = &handler == b"vide";
    Ok((is_picture || &handler == b"soun").then_some(MovieTrack { is_picture, height, codec }))
}

/// The kind of the first entry of a sample description, which names the codec.
fn codec_of<R: Read + Seek>(source: &mut Source<'_, R>, minf: &BoxAt) -> io::Result<Option<[u8; 4]>> {
    const ENTRIES_AT: u64 = 8;
    for part in boxes(source, minf.body.clone())?.into_iter().filter(|part| &part.kind == b"stbl") {
        if let Some(table) = boxes(source, part.body)?.into_iter().find(|inner| &inner.kind == b"stsd") {
            let entries = table.body.start.saturating_add(ENTRIES_AT)..table.body.end;
            return Ok(boxes(source, entries)?.first().map(|entry| entry.kind));
        }
    }
    Ok(None)
}

/// Reads time scale and duration of an `mvhd`, whose numbers are wider in version 1. Unknown is all ones.
fn time(body: &[u8]) -> (u64, u64) {
    let (scale, units) = match body.first() {
        Some(0) => (be32(body, 12), be32(body, 16).filter(|units| *units != u32::MAX).map(u64::from)),
        Some(1) => (be32(body, 20), be64(body, 24).filter(|units| *units != u64::MAX)),
        _ => (None, None),
    };
    (scale.map_or(0, u64::from), units.unwrap_or(0))
}

fn fragments<R: Read + Seek>(source: &mut Source<'_, R>, mvex: &BoxAt) -> io::Result<u64> {
    for part in boxes(source, mvex.body.clone())? {
        if &part.kind == b"mehd" {
            let body = source.piece(part.body.start, 12)?;
            let units = match body.first() {
                Some(0) => be32(&body, 4).map(u64::from),
                Some(1) => be64(&body, 4),
                _ => None,
            };
            return Ok(units.unwrap_or(0));
        }
    }
    Ok(0)
}

fn read_track<R: Read + Seek>(source: &mut Source<'_, R>, track: &BoxAt, movie: &mut Movie) -> io::Result<()> {
    let mut shown = None;
    let mut handler = [0; 4];
    for part in boxes(source, track.body.clone())? {
        match &part.kind {
            b"tkhd" => shown = shown_size(&source.piece(part.body.start, 96)?),
            b"mdia" => {
                for inner in boxes(source, part.body.clone())? {
                    match &inner.kind {
                        b"hdlr" => handler = source.array(inner.body.start + 8)?.unwrap_or_default(),
                        b"minf" => movie.location |= samples_are_places(source, &inner)?,
                        _ => {}
                    }
                }
            }
            b"udta" => movie.location |= udta_names_place(source, &part)?,
            b"meta" => movie.location |= meta_names_place(source, &part)?,
            _ => {}
        }
    }
    movie.has_sound |= &handler == b"soun";
    if &handler == b"vide" {
        movie.has_video = true;
        movie.dimensions = movie.dimensions.or(shown);
    }
    Ok(())
}

/// Reads width and height of a `tkhd`, turned as its matrix says: phones film upright.
fn shown_size(body: &[u8]) -> Option<(u32, u32)> {
    let matrix = match body.first()? {
        0 => 40,
        1 => 52,
        _ => return None,
    };
    let (a, b) = (be32(body, matrix)?, be32(body, matrix + 4)?);
    // Both are 16.16 fixed-point numbers.
    let (width, height) = (be32(body, matrix + 36)? >> 16, be32(body, matrix + 40)? >> 16);
    Some(if a == 0 && b != 0 { (height, width) } else { (width, height) })
}

/// Tells whether a track holds positions, sample by sample, as action cameras and some phones write them.
fn samples_are_places<R: Read + Seek>(source: &mut Source<'_, R>, minf: &BoxAt) -> io::Result<bool> {
    for part in boxes(source, minf.body.clone())? {
        if &part.kind != b"stbl" {
            continue;
        }
        for inner in boxes(source, part.body)? {
            if &inner.kind == b"stsd" {
                return search(source, &inner.body, &[b"gpmd", b"camm", b"com.apple.quicktime.location"]);
            }
        }
    }
    Ok(false)
}

fn udta_names_place<R: Read + Seek>(source: &mut Source<'_, R>, udta: &BoxAt) -> io::Result<bool> {
    for part in boxes(source, udta.body.clone())? {
        let found = match &part.kind {
            b"\xa9xyz" | b"loci" | b"\xa9gps" => true,
            b"meta" => meta_names_place(source, &part)?,
            b"XMP_" => search(source, &part.body, &[b"GPSLatitude"])?,
            _ => false,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn meta_names_place<R: Read + Seek>(source: &mut Source<'_, R>, meta: &BoxAt) -> io::Result<bool> {
    let body = meta_body(source, meta)?;
    for part in boxes(source, body)? {
        let found = match &part.kind {
            b"keys" => search(source, &part.body, &[b"com.apple.quicktime.location", b"location.ISO6709"])?,
            b"ilst" => boxes(source, part.body)?.iter().any(|entry| &entry.kind == b"\xa9xyz"),
            _ => false,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A `meta` has four bytes of version before its boxes in MP4 and none in QuickTime.
fn meta_body<R: Read + Seek>(source: &mut Source<'_, R>, meta: &BoxAt) -> io::Result<Range<u64>> {
    let head = source.piece(meta.body.start, 8)?;
    let skip = if head.get(4..8) == Some(b"hdlr") { 0 } else { 4 };
    Ok(meta.body.start.saturating_add(skip).min(meta.body.end)..meta.body.end)
}

/// Searches a range for names, piece by piece, with an overlap.
pub(super) fn search<R: Read + Seek>(
    source: &mut Source<'_, R>,
    range: &Range<u64>,
    names: &[&[u8]],
) -> io::Result<bool> {
    let overlap = names.iter().map(|name| name.len()).max().unwrap_or(0) as u64;
    let end = range.end.min(range.start.saturating_add(SEARCH_BYTES_MAX));
    let mut at = range.start;
    while at < end {
        let length = usize::try_from(end - at).unwrap_or(PIECE_BYTES_MAX).min(PIECE_BYTES_MAX);
        let piece = source.piece(at, length)?;
        if names.iter().any(|name| holds(&piece, name)) {
            return Ok(true);
        }
        if piece.len() < PIECE_BYTES_MAX {
            break;
        }
        at += PIECE_BYTES_MAX as u64 - overlap;
    }
    Ok(false)
}

/// Reads the dimensions of an AVIF or HEIC picture: those of its largest item, turned if an item is.
pub(super) fn picture_dimensions<R: Read + Seek>(source: &mut Source<'_, R>) -> io::Result<Option<(u32, u32)>> {
    let length = source.length();
    let Some(meta) = boxes(source, 0..length)?.into_iter().find(|top| &top.kind == b"meta") else {
        return Ok(None);
    };
    let mut largest: Option<(u32, u32)> = None;
    let mut is_turned = false;
    let body = meta_body(source, &meta)?;
    for properties in boxes(source, body)?.into_iter().filter(|part| &part.kind == b"iprp") {
        for list in boxes(source, properties.body)?.into_iter().filter(|part| &part.kind == b"ipco") {
            for property in boxes(source, list.body)? {
                let body = source.piece(property.body.start, 12)?;
                match &property.kind {
                    b"ispe" => {
                        let size = be32(&body, 4).zip(be32(&body, 8));
                        let area = |size: (u32, u32)| u64::from(size.0) * u64::from(size.1);
                        largest = [largest, size].into_iter().flatten().max_by_key(|size| area(*size));
                    }
                    b"irot" => is_turned |= body.first().is_some_and(|angle| angle & 1 == 1),
                    _ => {}
                }
            }
        }
    }
    Ok(largest.map(|(width, height)| if is_turned { (height, width) } else { (width, height) }))
}
