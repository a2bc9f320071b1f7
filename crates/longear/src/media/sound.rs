//! How long sound files play.

use std::io::{self, Read, Seek};

use super::milliseconds;
use super::sniff::Kind;
use super::source::{PIECE_BYTES_MAX, Source, be32, le16, le32};

pub(super) fn duration_ms<R: Read + Seek>(source: &mut Source<'_, R>, kind: Kind) -> io::Result<Option<u64>> {
    match kind {
        Kind::Wav => wav(source),
        Kind::Flac => Ok(flac(&source.piece(0, 42)?)),
        Kind::OggSound => ogg(source),
        Kind::Mp3 => mp3(source),
        _ => Ok(None),
    }
}

fn wav<R: Read + Seek>(source: &mut Source<'_, R>) -> io::Result<Option<u64>> {
    let mut bytes_a_second = 0;
    let mut at = 12;
    while source.visit() {
        let Some(head) = source.array::<8>(at)? else {
            break;
        };
        let size = u64::from(le32(&head, 4).unwrap_or(0));
        match &head[..4] {
            b"fmt " => bytes_a_second = le32(&source.piece(at + 8, 16)?, 8).map_or(0, u64::from),
            // A recorder that was cut off writes too large a size, or none.
            b"data" => return Ok(milliseconds(size.min(source.length() - at - 8), bytes_a_second)),
            _ => {}
        }
        at += 8 + size + (size & 1);
    }
    Ok(None)
}

/// Reads the first metadata block: 20 bits of rate, then 3, 5, and 36 bits of samples.
fn flac(head: &[u8]) -> Option<u64> {
    let rate = be32(head, 18)? >> 12;
    let samples = u64::from(*head.get(21)? & 0x0f) << 32 | u64::from(be32(head, 22)?);
    milliseconds(samples, rate.into())
}

/// Takes the position of the last page; Opus always counts at 48 kHz and skips a little at the start.
fn ogg<R: Read + Seek>(source: &mut Source<'_, R>) -> io::Result<Option<u64>> {
    let head = source.piece(0, 64)?;
    let packet = head.get(28..).unwrap_or_default();
    let (rate, skipped) = if packet.starts_with(b"OpusHead") {
        (48_000, le16(packet, 10).map_or(0, u64::from))
    } else if packet.starts_with(b"\x01vorbis") {
        (le32(packet, 12).map_or(0, u64::from), 0)
    } else {
        return Ok(None);
    };
    // A page is never longer than this, so the last one begins in the last piece, or the file is odd.
    let tail = source.piece(source.length().saturating_sub(PIECE_BYTES_MAX as u64), PIECE_BYTES_MAX)?;
    let Some(page) = tail.windows(4).rposition(|window| window == b"OggS") else {
        return Ok(None);
    };
    let low = le32(&tail, page + 6).map(u64::from);
    let high = le32(&tail, page + 10).map(u64::from);
    Ok(low.zip(high).and_then(|(low, high)| milliseconds((high << 32 | low).checked_sub(skipped)?, rate)))
}

/// Takes the frame count that encoders put into the first frame, else the bit rate of that frame.
fn mp3<R: Read + Seek>(source: &mut Source<'_, R>) -> io::Result<Option<u64>> {
    let head = source.piece(0, 10)?;
    let start = if head.starts_with(b"ID3") {
        // Four bytes of seven bits each.
        let size =
            be32(&head, 6).unwrap_or(0).to_be_bytes().iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f));
        10 + size
    } else {
        0
    };
    let frame = source.piece(start, 200)?;
    let Some(word) = be32(&frame, 0).filter(|word| word >> 21 == 0x7ff) else {
        return Ok(None);
    };
    let is_first_version = word >> 19 & 3 == 3;
    let Some(rate) = mp3_rate(word) else {
        return Ok(None);
    };
    let is_mono = word >> 6 & 3 == 3;
    let samples_a_frame: u64 = if is_first_version { 1152 } else { 576 };
    let tag_at = 4 + match (is_first_version, is_mono) {
        (true, false) => 32,
        (true, true) | (false, false) => 17,
        (false, true) => 9,
    };
    if matches!(frame.get(tag_at..tag_at + 4), Some(b"Xing" | b"Info"))
        && be32(&frame, tag_at + 4).is_some_and(|flags| flags & 1 == 1)
    {
        let frames = be32(&frame, tag_at + 8).map_or(0, u64::from);
        return Ok(milliseconds(frames * samples_a_frame, rate));
    }
    let bits_a_second = mp3_bits_a_second(word, is_first_version);
    Ok(milliseconds(source.length().saturating_sub(start).saturating_mul(8), bits_a_second))
}

fn mp3_rate(word: u32) -> Option<u64> {
    let rate = *[44_100u64, 48_000, 32_000].get((word >> 10 & 3) as usize)?;
    match word >> 19 & 3 {
        3 => Some(rate),
        2 => Some(rate / 2),
        0 => Some(rate / 4),
        _ => None,
    }
}

fn mp3_bits_a_second(word: u32, is_first_version: bool) -> u64 {
    const FIRST: [u64; 16] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0];
    const LATER: [u64; 16] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0];
    let index = (word >> 12 & 15) as usize;
    1000 * if is_first_version { FIRST[index] } else { LATER[index] }
}
