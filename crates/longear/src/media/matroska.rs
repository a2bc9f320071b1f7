//! The few elements of WebM and Matroska that matter here (RFC 9559).

use std::io::{self, Read, Seek};
use std::ops::Range;

use super::Movie;
use super::source::Source;

const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_a966;
const TIMESTAMP_SCALE: u64 = 0x002a_d7b1;
const DURATION: u64 = 0x4489;
const TRACKS: u64 = 0x1654_ae6b;
const TRACK: u64 = 0xae;
const TRACK_TYPE: u64 = 0x83;
const VIDEO: u64 = 0xe0;
const PIXEL_WIDTH: u64 = 0xb0;
const PIXEL_HEIGHT: u64 = 0xba;
const CLUSTER: u64 = 0x1f43_b675;

const NANOSECONDS_DEFAULT: u64 = 1_000_000;

struct Element {
    id: u64,
    body: Range<u64>,
}

/// Reads length, size and kinds of tracks; they stand before the first cluster.
pub(super) fn movie<R: Read + Seek>(source: &mut Source<'_, R>) -> io::Result<Movie> {
    let mut movie = Movie::default();
    let length = source.length();
    let Some(segment) = elements(source, 0..length)?.into_iter().find(|element| element.id == SEGMENT) else {
        return Ok(movie);
    };
    for part in elements(source, segment.body)? {
        match part.id {
            INFO => movie.duration_ms = duration_ms(source, part.body)?,
            TRACKS => {
                for track in elements(source, part.body)?.into_iter().filter(|element| element.id == TRACK) {
                    read_track(source, track.body, &mut movie)?;
                }
            }
            _ => {}
        }
    }
    Ok(movie)
}

fn duration_ms<R: Read + Seek>(source: &mut Source<'_, R>, info: Range<u64>) -> io::Result<Option<u64>> {
    let (mut nanoseconds, mut units) = (NANOSECONDS_DEFAULT, 0.0);
    for element in elements(source, info)? {
        match element.id {
            TIMESTAMP_SCALE => nanoseconds = number(source, &element)?.unwrap_or(NANOSECONDS_DEFAULT),
            DURATION => units = float(source, &element)?.unwrap_or(0.0),
            _ => {}
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a duration is not needed to the nanosecond")]
    let milliseconds = units * nanoseconds as f64 / 1e6;
    // More than 2^53 is no duration; NaN fails the comparison.
    let is_sound = (1.0..9e15).contains(&milliseconds);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was just checked")]
    let milliseconds = is_sound.then_some(milliseconds as u64);
    Ok(milliseconds)
}

fn read_track<R: Read + Seek>(source: &mut Source<'_, R>, track: Range<u64>, movie: &mut Movie) -> io::Result<()> {
    const TYPE_VIDEO: u64 = 1;
    const TYPE_SOUND: u64 = 2;
    for element in elements(source, track)? {
        match element.id {
            TRACK_TYPE => match number(source, &element)? {
                Some(TYPE_VIDEO) => movie.has_video = true,
                Some(TYPE_SOUND) => movie.has_sound = true,
                _ => {}
            },
            VIDEO => {
                let (mut width, mut height) = (None, None);
                for inner in elements(source, element.body)? {
                    match inner.id {
                        PIXEL_WIDTH => width = number(source, &inner)?,
                        PIXEL_HEIGHT => height = number(source, &inner)?,
                        _ => {}
                    }
                }
                let side = |side: Option<u64>| side.and_then(|side| u32::try_from(side).ok());
                movie.dimensions = movie.dimensions.or(side(width).zip(side(height)));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Lists the elements in a range, up to the first cluster.
fn elements<R: Read + Seek>(source: &mut Source<'_, R>, range: Range<u64>) -> io::Result<Vec<Element>> {
    let mut found = Vec::new();
    let mut at = range.start;
    while at < range.end && source.visit() {
        let head = source.piece(at, 12)?;
        let Some((id, id_bytes)) = variable_number(&head, 4, true) else {
            break;
        };
        let Some((size, size_bytes)) = variable_number(&head[id_bytes..], 8, false) else {
            break;
        };
        let start = at + (id_bytes + size_bytes) as u64;
        // All ones: of unknown length, as live streams are; it reaches to the end.
        let is_unknown = size == (1 << (7 * size_bytes)) - 1;
        let end = if is_unknown { range.end } else { start.saturating_add(size).min(range.end) };
        if id == CLUSTER || start > end {
            break;
        }
        found.push(Element { id, body: start..end });
        at = end;
    }
    Ok(found)
}

/// Reads a number whose leading zero bits say how many bytes it has. IDs keep their marker bit.
fn variable_number(bytes: &[u8], bytes_max: usize, keep_marker: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    let rest = bytes.get(1..length).filter(|_| length <= bytes_max)?;
    let marker = 0x80u8.checked_shr(length as u32 - 1)?;
    let start = if keep_marker { first } else { first & !marker };
    Some((rest.iter().fold(u64::from(start), |number, byte| number << 8 | u64::from(*byte)), length))
}

fn number<R: Read + Seek>(source: &mut Source<'_, R>, element: &Element) -> io::Result<Option<u64>> {
    let length = element.body.end - element.body.start;
    if length > 8 {
        return Ok(None);
    }
    let bytes = source.piece(element.body.start, length as usize)?;
    Ok(Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))))
}

fn float<R: Read + Seek>(source: &mut Source<'_, R>, element: &Element) -> io::Result<Option<f64>> {
    let start = element.body.start;
    Ok(match element.body.end - start {
        4 => source.array::<4>(start)?.map(|bytes| f32::from_be_bytes(bytes).into()),
        8 => source.array::<8>(start)?.map(f64::from_be_bytes),
        _ => None,
    })
}
