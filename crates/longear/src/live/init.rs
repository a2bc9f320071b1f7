//! Telling what an encoder's file is, and what its tracks hold.

use std::io::Cursor;

use longear_core::hash::plain;
use longear_core::limits::{INIT_BYTES_MAX, SEGMENT_BYTES_MAX};
use longear_core::live::Medium;

use super::Refusal;
use crate::media::{self, LocationTrace};

/// Codecs that ordinary phones and browsers play in fragmented MP4.
const CODECS: [&[u8; 4]; 8] = [b"avc1", b"avc3", b"hvc1", b"hev1", b"vp09", b"av01", b"mp4a", b"Opus"];
/// What a segment of fragmented MP4 begins with.
const SEGMENT_FRONTS: [&[u8; 4]; 5] = [b"styp", b"moof", b"sidx", b"prft", b"emsg"];
/// What an initialisation segment begins with.
const INIT_FRONT: &[u8; 4] = b"ftyp";
/// What each packet of an MPEG transport stream begins with.
const TRANSPORT_MARK: u8 = 0x47;
/// How long such a packet is.
const TRANSPORT_BYTES: usize = 188;

/// What a file of an encoder is, beside playlists.
#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    /// Others play behind it.
    Init(InitSegment),
    /// Some seconds.
    Segment,
}

/// An initialisation segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitSegment {
    /// Plain BLAKE3.
    pub hash: [u8; 32],
    /// Its bytes.
    pub size: u32,
    /// What plays behind it.
    pub medium: Medium,
}

/// Looks at a file that is no playlist.
///
/// # Errors
/// Why it is not taken.
pub fn look_at(bytes: &[u8]) -> Result<Put, Refusal> {
    let front = bytes.get(4..8).unwrap_or_default();
    if front == INIT_FRONT {
        return look_at_init(bytes).map(Put::Init);
    }
    if SEGMENT_FRONTS.iter().any(|known| *known == front) {
        return if bytes.len() > SEGMENT_BYTES_MAX { Err(Refusal::segment_too_large()) } else { Ok(Put::Segment) };
    }
    let is_packet = |at: usize| bytes.get(at).is_none_or(|byte| *byte == TRANSPORT_MARK);
    if !bytes.is_empty() && is_packet(0) && is_packet(TRANSPORT_BYTES) {
        return Err(Refusal::TransportStream);
    }
    Err(Refusal::NotFragments)
}

fn look_at_init(bytes: &[u8]) -> Result<InitSegment, Refusal> {
    if bytes.len() > INIT_BYTES_MAX {
        return Err(Refusal::init_too_large());
    }
    let mut file = Cursor::new(bytes);
    let tracks = media::tracks(&mut file).map_err(|_| Refusal::NoTracks)?;
    for track in &tracks {
        if !CODECS.contains(&&track.codec) {
            let letters =
                track.codec.iter().map(|byte| if byte.is_ascii_alphanumeric() { char::from(*byte) } else { '?' });
            return Err(Refusal::Codec(letters.collect()));
        }
    }
    if media::carries_location(&mut file).is_ok_and(|trace| trace == LocationTrace::Found) {
        return Err(Refusal::Location);
    }
    let pictures = tracks.iter().filter(|track| track.is_picture).collect::<Vec<_>>();
    let medium = match pictures.as_slice() {
        [] if tracks.len() == 1 => Medium::Sound,
        [picture] if tracks.len() <= 2 && (1..=u32::from(u16::MAX)).contains(&picture.height) => {
            Medium::Picture(picture.height as u16)
        }
        _ => return Err(Refusal::NoTracks),
    };
    Ok(InitSegment { hash: plain(bytes), size: bytes.len() as u32, medium })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = content.len() as u32 + 8;
        [&length.to_be_bytes()[..], kind, content].concat()
    }

    fn track(handler: &[u8; 4], codec: &[u8; 4], height: u16) -> Vec<u8> {
        let mut header = vec![0; 84];
        header[40..44].copy_from_slice(&0x1_0000_u32.to_be_bytes());
        header[76..80].copy_from_slice(&(320_u32 << 16).to_be_bytes());
        header[80..84].copy_from_slice(&(u32::from(height) << 16).to_be_bytes());
        let entry = boxed(codec, &[0; 28]);
        let table = boxed(b"stbl", &boxed(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1][..], &entry].concat()));
        let handler = boxed(b"hdlr", &[&[0; 8][..], handler, &[0; 13]].concat());
        let media = boxed(b"mdia", &[handler, boxed(b"minf", &table)].concat());
        boxed(b"trak", &[boxed(b"tkhd", &header), media].concat())
    }

    /// An initialisation segment with these tracks; `salt` makes it differ.
    pub(crate) fn init(tracks: &[(&[u8; 4], &[u8; 4], u16)], salt: u8) -> Vec<u8> {
        let mut moov = boxed(b"free", &[salt]);
        tracks.iter().for_each(|(handler, codec, height)| moov.extend(track(handler, codec, *height)));
        [boxed(b"ftyp", b"iso5\0\0\x02\0"), boxed(b"moov", &moov)].concat()
    }

    pub(crate) fn sound(salt: u8) -> Vec<u8> {
        init(&[(b"soun", b"Opus", 0)], salt)
    }

    pub(crate) fn picture(height: u16, salt: u8) -> Vec<u8> {
        init(&[(b"vide", b"avc1", height), (b"soun", b"mp4a", 0)], salt)
    }

    fn medium(bytes: &[u8]) -> Result<Medium, Refusal> {
        match look_at(bytes)? {
            Put::Init(init) => Ok(init.medium),
            Put::Segment => panic!("it is an initialisation segment"),
        }
    }

    #[test]
    fn tracks_say_what_a_rendition_holds() {
        assert_eq!(medium(&sound(0)), Ok(Medium::Sound));
        assert_eq!(medium(&picture(144, 0)), Ok(Medium::Picture(144)));
        assert_eq!(medium(&init(&[(b"vide", b"av01", 360)], 0)), Ok(Medium::Picture(360)));
        assert_eq!(look_at(&[&[0, 0, 0, 24][..], b"styp", &[0; 16]].concat()), Ok(Put::Segment));
    }

    #[test]
    fn what_cannot_be_played_everywhere_is_refused_in_words() {
        assert_eq!(medium(&init(&[(b"vide", b"mp4v", 144)], 0)), Err(Refusal::Codec("mp4v".into())));
        assert_eq!(medium(&init(&[(b"vide", b"encv", 144)], 0)), Err(Refusal::Codec("encv".into())));
        assert_eq!(medium(&init(&[], 0)), Err(Refusal::NoTracks));
        assert_eq!(medium(&picture(0, 0)), Err(Refusal::NoTracks));
        assert_eq!(medium(&init(&[(b"soun", b"mp4a", 0), (b"soun", b"mp4a", 0)], 0)), Err(Refusal::NoTracks));
        let mut large = sound(0);
        large.extend(boxed(b"free", &vec![0; INIT_BYTES_MAX]));
        assert_eq!(medium(&large), Err(Refusal::init_too_large()));
        let mut cut = sound(0);
        cut.truncate(40);
        assert_eq!(medium(&cut), Err(Refusal::NoTracks));
        let packets = [&[TRANSPORT_MARK][..], &[0; TRANSPORT_BYTES - 1], &[TRANSPORT_MARK]].concat();
        assert_eq!(look_at(&packets), Err(Refusal::TransportStream));
        for bytes in [&b""[..], b"\x1aE\xdf\xa3 webm", b"<html>"] {
            assert_eq!(look_at(bytes), Err(Refusal::NotFragments));
        }
        let segment = [&[0, 0, 0, 24][..], b"styp", &vec![0; SEGMENT_BYTES_MAX]].concat();
        assert_eq!(look_at(&segment), Err(Refusal::segment_too_large()));
    }

    #[test]
    fn a_stream_that_says_where_it_was_made_is_refused() {
        let place = boxed(b"udta", &boxed(b"\xa9xyz", b"\0\x12\x15\xc7+43.2380+076.8829/"));
        let track = track(b"soun", b"mp4a", 0);
        let bytes = [boxed(b"ftyp", b"iso5\0\0\x02\0"), boxed(b"moov", &[track, place].concat())].concat();
        assert_eq!(look_at(&bytes), Err(Refusal::Location));
    }
}
