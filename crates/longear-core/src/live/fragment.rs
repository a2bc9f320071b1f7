//! What fragmented MP4 says of itself, as far as players need it (ISO/IEC 14496-12 and -15; codecs by RFC 6381).
//!
//! Only lengths and numbers of boxes are read, never a picture or a sound. Of bytes that make no sense nothing is said.

/// How deep boxes lie within boxes on the way to a codec.
const PATH: [&[u8; 4]; 5] = [b"moov", b"trak", b"mdia", b"minf", b"stbl"];
/// Bytes of a picture's entry before the boxes in it.
const PICTURE_ENTRY_BYTES: usize = 78;
/// The same of sound.
const SOUND_ENTRY_BYTES: usize = 28;

/// What players want to know before they fetch anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Codecs by their RFC 6381 names; those that are not known are left out.
    pub codecs: Vec<String>,
    /// Width and height of the picture.
    pub size: Option<(u16, u16)>,
}

impl Description {
    /// Reads an initialisation segment. Of bytes that are none it knows nothing.
    pub fn of(init: &[u8]) -> Self {
        let mut description = Description::default();
        walk(init, &PATH, &mut |stbl| {
            for stsd in boxes(stbl).filter(|(kind, _)| *kind == b"stsd").filter_map(|(_, body)| body.get(8..)) {
                boxes(stsd).for_each(|(kind, entry)| description.entry(kind, entry));
            }
        });
        description
    }

    fn entry(&mut self, kind: &[u8], entry: &[u8]) {
        let is_picture = matches!(kind, b"avc1" | b"avc3" | b"hvc1" | b"hev1" | b"av01" | b"vp09");
        if is_picture && let Some(&[a, b, c, d]) = entry.get(24..28) {
            self.size = Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])));
        }
        let inner = entry.get(if is_picture { PICTURE_ENTRY_BYTES } else { SOUND_ENTRY_BYTES }..).unwrap_or_default();
        self.codecs.extend(match kind {
            b"avc1" | b"avc3" => child(inner, b"avcC").and_then(|body| {
                let [profile, compatibility, level] = body.get(1..4)?.try_into().ok()?;
                Some(format!("{}.{profile:02x}{compatibility:02x}{level:02x}", String::from_utf8_lossy(kind)))
            }),
            // Nearly all AAC is of low complexity, and players look at the stream itself.
            b"mp4a" => Some("mp4a.40.2".to_owned()),
            b"Opus" => Some("opus".to_owned()),
            _ => None,
        });
    }
}

/// When the first of a segment's tracks begins by the clock of its encoder, in microseconds; `None` where the bytes do not say.
///
/// That clock may have begun anywhere: what counts is the time that a tick names.
pub fn begins_us(init: &[u8], segment: &[u8]) -> Option<u64> {
    let mut first = None::<u64>;
    walk(segment, &[b"moof", b"traf"], &mut |fragment| {
        let number = child(fragment, b"tfhd").and_then(|body| number_at(body, 4));
        let ticks = child(fragment, b"tfdt").and_then(|body| match body.first()? {
            0 => number_at(body, 4).map(u64::from),
            _ => Some(u64::from(number_at(body, 4)?) << 32 | u64::from(number_at(body, 8)?)),
        });
        let (Some(ticks), Some(rate)) = (ticks, number.and_then(|number| ticks_per_second(init, number))) else {
            return;
        };
        let begins = u128::from(ticks) * 1_000_000 / u128::from(rate);
        // A track has many fragments in a segment of low latency; the first of them begins first.
        let begins = u64::try_from(begins).unwrap_or(u64::MAX);
        first = Some(first.map_or(begins, |first| first.min(begins)));
    });
    first
}

/// In what parts of a second the track of this number counts.
fn ticks_per_second(init: &[u8], number: u32) -> Option<u32> {
    let mut found = None;
    walk(init, &[b"moov", b"trak"], &mut |track| {
        // Both boxes begin with a version; version 1 has times of eight bytes before what is wanted.
        let field = |body: &[u8]| number_at(body, if *body.first()? == 0 { 12 } else { 20 });
        let its_number = child(track, b"tkhd").and_then(field);
        let rate = child(track, b"mdia").and_then(|media| child(media, b"mdhd")).and_then(field);
        if its_number == Some(number) {
            found = rate.filter(|rate| *rate > 0);
        }
    });
    found
}

fn child<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(kind, _)| kind == wanted).map(|(_, body)| body)
}

fn number_at(body: &[u8], at: usize) -> Option<u32> {
    body.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

/// Goes down a path of boxes, into every one that fits.
fn walk<'a>(bytes: &'a [u8], path: &[&[u8; 4]], found: &mut impl FnMut(&'a [u8])) {
    let Some((first, rest)) = path.split_first() else { return found(bytes) };
    for (_, body) in boxes(bytes).filter(|(kind, _)| kind == first) {
        walk(body, rest, found);
    }
}

/// The boxes in a piece, until it ends or makes no sense.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    core::iter::from_fn(move || {
        let (head, _) = bytes.split_first_chunk::<8>()?;
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let (whole, rest) = bytes.split_at_checked(length).filter(|(whole, _)| whole.len() >= 8)?;
        bytes = rest;
        Some((&whole[4..8], &whole[8..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    fn init(entries: &[Vec<u8>]) -> Vec<u8> {
        let track = |entry: &Vec<u8>| {
            let stsd = boxed(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1][..], entry].concat());
            let stbl = boxed(b"stbl", &stsd);
            boxed(b"trak", &[boxed(b"tkhd", &[0; 84]), boxed(b"mdia", &boxed(b"minf", &stbl))].concat())
        };
        let tracks = entries.iter().flat_map(track).collect::<Vec<_>>();
        [boxed(b"ftyp", b"iso6"), boxed(b"moov", &tracks)].concat()
    }

    fn picture() -> Vec<u8> {
        let mut entry = vec![0; PICTURE_ENTRY_BYTES];
        entry[24..28].copy_from_slice(&[1, 0, 0, 144]);
        entry.extend(boxed(b"avcC", &[1, 0x42, 0xc0, 0x0b, 0xff]));
        boxed(b"avc1", &entry)
    }

    #[test]
    fn codecs_and_size_are_read() {
        let sound = boxed(b"mp4a", &[0; 40]);
        let described = Description::of(&init(&[picture(), sound]));
        assert_eq!(described.codecs, ["avc1.42c00b", "mp4a.40.2"]);
        assert_eq!(described.size, Some((256, 144)));
        let opus = Description::of(&init(&[boxed(b"Opus", &[0; 28])]));
        assert_eq!((opus.codecs, opus.size), (vec!["opus".to_owned()], None));
    }

    /// A track that counts in parts of a second, in boxes of version 0 or 1.
    fn counting(number: u32, rate: u32, version: u8) -> Vec<u8> {
        let field = |value: u32| {
            let times = if version == 0 { 8 } else { 16 };
            [&[version, 0, 0, 0][..], &vec![0xee; times], &value.to_be_bytes(), &[0; 8]].concat()
        };
        let media = boxed(b"mdia", &boxed(b"mdhd", &field(rate)));
        boxed(b"trak", &[boxed(b"tkhd", &field(number)), media].concat())
    }

    fn fragment(number: u32, time: &[u8]) -> Vec<u8> {
        let head = boxed(b"tfhd", &[&[0, 0, 0, 0][..], &number.to_be_bytes()].concat());
        boxed(b"traf", &[head, boxed(b"tfdt", time)].concat())
    }

    #[test]
    fn a_segment_begins_with_the_first_of_its_tracks() {
        let init = boxed(b"moov", &[counting(1, 12_800, 0), counting(2, 48_000, 1)].concat());
        let picture = fragment(1, &[&[0, 0, 0, 0][..], &25_600_u32.to_be_bytes()].concat());
        let sound = fragment(2, &[&[1, 0, 0, 0][..], &95_000_u64.to_be_bytes()].concat());
        let segment = [boxed(b"styp", b"msdh"), boxed(b"moof", &[picture.clone(), sound].concat())].concat();
        assert_eq!(begins_us(&init, &segment), Some(1_979_166));
        let later = boxed(b"moof", &fragment(1, &[&[0, 0, 0, 0][..], &38_400_u32.to_be_bytes()].concat()));
        assert_eq!(begins_us(&init, &[boxed(b"moof", &picture), later].concat()), Some(2_000_000));
        // Two months after a clock of 1024 parts began.
        let long = boxed(b"moof", &fragment(1, &[&[1, 0, 0, 0][..], &0x1_4000_0000_u64.to_be_bytes()].concat()));
        let init_long = boxed(b"moov", &counting(1, 1024, 1));
        assert_eq!(begins_us(&init_long, &long), Some(5_242_880_000_000));
        assert_eq!(begins_us(&[], &segment), None);
        assert_eq!(begins_us(&init, &boxed(b"moof", &fragment(3, &[0; 8]))), None);
        let stopped = boxed(b"moov", &counting(1, 0, 0));
        assert_eq!(begins_us(&stopped, &segment), None, "nothing is divided by nothing");
        for length in 0..segment.len() {
            begins_us(&init, &segment[..length]);
        }
    }

    #[test]
    fn hostile_bytes_say_nothing() {
        let whole = init(&[picture()]);
        for length in 0..whole.len() {
            Description::of(&whole[..length]);
        }
        for byte in 0..whole.len() {
            let mut changed = whole.clone();
            changed[byte] = 0xff;
            Description::of(&changed);
        }
        assert_eq!(Description::of(b"<!doctype html>"), Description::default());
        assert_eq!(Description::of(&[0; 64]), Description::default());
    }
}
