//! Files made by hand, files made by `ffmpeg` where there is one, and files made to harm.

use std::io::Cursor;
use std::path::PathBuf;
use std::process::Command;

use proptest::prelude::*;

use super::*;

fn look(bytes: &[u8], name: &str) -> Media {
    inspect(&mut Cursor::new(bytes), Path::new(name)).expect("memory can be read")
}

fn place(bytes: &[u8]) -> LocationTrace {
    carries_location(&mut Cursor::new(bytes)).expect("memory can be read")
}

fn media(mime: &'static str, duration_ms: Option<u64>, dimensions: Option<(u32, u32)>) -> Media {
    let (width, height) = split(dimensions);
    Media { mime, duration_ms, width, height }
}

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, &body].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn ftyp(brand: &[u8; 4]) -> Vec<u8> {
    boxed(b"ftyp", &[brand, &[0; 4], b"isom"])
}

fn track(handler: &[u8; 4], matrix: [u32; 9], width: u32, height: u32) -> Vec<u8> {
    let shown = [&words(&[0; 10])[..], &words(&matrix), &words(&[width << 16, height << 16])].concat();
    let hdlr = boxed(b"hdlr", &[&[0; 8], handler, &[0; 12]]);
    boxed(b"trak", &[&boxed(b"tkhd", &[&shown]), &boxed(b"mdia", &[&hdlr])])
}

const UPRIGHT: [u32; 9] = [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30];
const TURNED: [u32; 9] = [0, 1 << 16, 0, u32::MAX << 16, 0, 0, 0, 0, 1 << 30];

/// A movie of 2.5 s, upright or turned, whose index stands at the end, with or without something more in it.
fn movie(matrix: [u32; 9], more: &[u8]) -> Vec<u8> {
    let mvhd = boxed(b"mvhd", &[&words(&[0, 0, 0, 600, 1500]), &[0; 80]]);
    let tracks = [track(b"soun", UPRIGHT, 0, 0), track(b"vide", matrix, 640, 360)].concat();
    let mdat = boxed(b"mdat", &[&[7; 5000]]);
    [ftyp(b"isom"), mdat, boxed(b"moov", &[&mvhd, &tracks, more])].concat()
}

/// A JPEG header of 40 × 30, with an EXIF segment.
fn jpeg(tiff: &[u8]) -> Vec<u8> {
    let exif = [b"Exif\0\0", tiff].concat();
    let mut jpeg = b"\xff\xd8\xff\xe1".to_vec();
    jpeg.extend((exif.len() as u16 + 2).to_be_bytes());
    jpeg.extend(exif);
    jpeg.extend(b"\xff\xc0\x00\x0b\x08\x00\x1e\x00\x28\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\0\0\x3f\0\xff\xd9");
    jpeg
}

/// A TIFF with an orientation and a GPS directory whose one entry has the given tag.
fn tiff(orientation: u8, gps_tag: u8) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x02".to_vec();
    tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    tiff.extend([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38]);
    tiff.extend([0, 0, 0, 0, 0, 1, 0, gps_tag, 0, 5, 0, 0, 0, 3, 0, 0, 0, 60, 0, 0, 0, 0]);
    tiff
}

/// A movie that claims to last a unit of which a billion make a second was once said to be 0 ms long; players and lists
/// take a length for a length.
#[test]
fn a_movie_of_less_than_a_millisecond_has_no_length() {
    let mvhd = boxed(b"mvhd", &[&words(&[0, 0, 0, 1_000_000_000, 1]), &[0; 80]]);
    let movie = [ftyp(b"isom"), boxed(b"moov", &[&mvhd])].concat();
    assert_eq!(look(&movie, "a.mp4"), media("video/mp4", None, None));
}

#[test]
fn types_come_from_content_before_names() {
    let cases: [(&[u8], &str, &str); 22] = [
        (b"\xff\xd8\xff\xe0", "a.png", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "a", "image/png"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "a", "audio/wav"),
        (b"%PDF-1.7", "a.txt", "application/pdf"),
        (b"fLaC\0\0\0\x22", "a", "audio/flac"),
        (b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead", "a", "audio/ogg"),
        (b"ID3\x04\0\0\0\0\0\0", "a", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "a", "audio/mpeg"),
        (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm", "a", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", "a.mkv", "video/x-matroska"),
        (b"PK\x03\x04", "a.epub", "application/epub+zip"),
        ("Нан бар\n".as_bytes(), "a.md", "text/markdown"),
        ("Нан бар\n".as_bytes(), "a.mp4", "text/plain"),
        (b"<html><script>alert(1)</script>", "a.html", "text/plain"),
        (b"<svg onload='x'/>", "a.svg", "text/plain"),
        (b"\0\x01\x02", "a.html", "application/octet-stream"),
        (b"\xff\xfeN\0", "a.txt", "text/plain"),
        (b"a\x1b[2J", "a", "application/octet-stream"),
        (b"", "a.mov", "video/quicktime"),
        (b"", "a", "application/octet-stream"),
        (b"\0\0\0\x08moov", "a", "video/quicktime"),
    ];
    for (bytes, name, mime) in cases {
        assert_eq!(look(bytes, name).mime, mime, "{name} {bytes:?}");
    }
    for (brand, mime) in [
        (b"qt  ", "video/quicktime"),
        (b"M4A ", "audio/mp4"),
        (b"avif", "image/avif"),
        (b"heic", "image/heic"),
        (b"3gp5", "video/3gpp"),
        (b"isom", "video/mp4"),
    ] {
        assert_eq!(look(&ftyp(brand), "a").mime, mime);
    }
    let cut = ["a".repeat((8 << 10) - 1), "ң".into()].concat();
    assert_eq!(look(cut.as_bytes(), "a").mime, "text/plain", "a character is cut by the end of the piece");
}

#[test]
fn movies_tell_length_and_shown_size_from_an_index_at_the_end() {
    assert_eq!(look(&movie(UPRIGHT, &[]), "a"), media("video/mp4", Some(2500), Some((640, 360))));
    assert_eq!(look(&movie(TURNED, &[]), "a"), media("video/mp4", Some(2500), Some((360, 640))));
    let sound = [ftyp(b"isom"), boxed(b"moov", &[&track(b"soun", UPRIGHT, 0, 0)])].concat();
    assert_eq!(look(&sound, "a"), media("audio/mp4", None, None));
    let mehd = boxed(b"mvex", &[&boxed(b"mehd", &[&words(&[0, 1200])])]);
    let mvhd = boxed(b"mvhd", &[&words(&[0, 0, 0, 600, u32::MAX])]);
    let fragmented = [ftyp(b"iso5"), boxed(b"moov", &[&mehd, &mvhd])].concat();
    assert_eq!(look(&fragmented, "a").duration_ms, Some(2000));
}

#[test]
fn a_movie_behind_four_gigabytes_of_sparse_samples_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.mp4");
    let mut file = std::fs::File::create_new(&path).expect("a file");
    let whole = movie(UPRIGHT, &[]);
    let moov = whole.len() - boxed_length(&whole, b"moov");
    let mdat_bytes: u64 = 5 << 30;
    let head = [&ftyp(b"isom")[..], &words(&[1]), b"mdat", &mdat_bytes.to_be_bytes()].concat();
    let moov_at = head.len() as u64 - 16 + mdat_bytes;
    use std::io::{Seek, SeekFrom, Write};
    file.write_all(&head).expect("written");
    file.seek(SeekFrom::Start(moov_at)).expect("sparse");
    file.write_all(&whole[moov..]).expect("written");
    let mut file = std::fs::File::open(&path).expect("there");
    assert_eq!(inspect(&mut file, &path).expect("read"), media("video/mp4", Some(2500), Some((640, 360))));
}

fn boxed_length(file: &[u8], kind: &[u8; 4]) -> usize {
    let at = file.windows(4).rposition(|window| window == kind).expect("there");
    file.len() - at + 4
}

#[test]
fn pictures_tell_their_size() {
    let png = [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", &words(&[800, 600])[..]].concat();
    assert_eq!(look(&png, "a"), media("image/png", None, Some((800, 600))));
    let lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x63\xc0\x12\x00";
    assert_eq!(look(lossless, "a"), media("image/webp", None, Some((100, 76))));
    let extended = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x3f\x06\0\xaf\x04\0VP8 ";
    assert_eq!(look(extended, "a"), media("image/webp", None, Some((1600, 1200))));
    let ispe = |width, height| boxed(b"ispe", &[&words(&[0, width, height])]);
    let avif = |more: &[u8]| {
        let ipco = boxed(b"ipco", &[&ispe(160, 120), &ispe(1600, 1200), more]);
        [ftyp(b"avif"), boxed(b"meta", &[&[0; 4], &boxed(b"iprp", &[&ipco])])].concat()
    };
    assert_eq!(look(&avif(&[]), "a"), media("image/avif", None, Some((1600, 1200))));
    assert_eq!(look(&avif(&boxed(b"irot", &[&[1]])), "a").width, Some(1200));
    assert_eq!(look(&jpeg(&tiff(1, 1)), "a"), media("image/jpeg", None, Some((40, 30))));
    assert_eq!(look(&jpeg(&tiff(6, 1)), "a"), media("image/jpeg", None, Some((30, 40))));
}

#[test]
fn sound_files_tell_their_length() {
    let riff = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\xff\xff\xff\xff";
    let wav = [&riff[..], &[0; 8000]].concat();
    assert_eq!(look(&wav, "a"), media("audio/wav", Some(500), None), "the size of a cut recording is a lie");
    let mut flac = b"fLaC\0\0\0\x22".to_vec();
    flac.extend([0; 10]);
    // 44,100 Hz in 20 bits, then 88,200 samples in 36.
    flac.extend([0x0a, 0xc4, 0x42, 0xf0, 0x00, 0x01, 0x58, 0x88]);
    assert_eq!(look(&flac, "a"), media("audio/flac", Some(2000), None));
}

#[test]
fn a_position_in_a_picture_is_found() {
    assert_eq!(place(&jpeg(&tiff(1, 2))), LocationTrace::Found);
    assert_eq!(place(&jpeg(&tiff(1, 0))), LocationTrace::NotFound, "a GPS directory with a version only");
    assert_eq!(place(&jpeg(b"II*\0")), LocationTrace::NotFound);
    assert_eq!(place(&jpeg(&tiff(1, 0))[..40]), LocationTrace::Unknown, "cut before the picture began");
    let chunk = |name: &[u8; 4], body: &[u8]| [&words(&[body.len() as u32])[..], name, body, &[0; 4]].concat();
    let png = |chunks: &[u8]| [b"\x89PNG\r\n\x1a\n", &chunk(b"IHDR", &[0; 13])[..], chunks].concat();
    assert_eq!(place(&png(&chunk(b"eXIf", &tiff(1, 4)))), LocationTrace::Found);
    assert_eq!(place(&png(&chunk(b"IDAT", &tiff(1, 4)))), LocationTrace::NotFound);
    let webp = [b"RIFF\0\0\0\0WEBPVP8X\x02\0\0\0\0\0EXIF", &(48u32).to_le_bytes()[..], &tiff(1, 2)].concat();
    assert_eq!(place(&webp), LocationTrace::Found);
    let heic = [ftyp(b"heic"), boxed(b"mdat", &[&[9; 70_000], b"Exif\0\0", &tiff(1, 2)])].concat();
    assert_eq!(place(&heic), LocationTrace::Found);
}

#[test]
fn a_position_in_a_movie_is_found_wherever_cameras_put_it() {
    assert_eq!(place(&movie(UPRIGHT, &[])), LocationTrace::NotFound);
    let xyz = boxed(b"udta", &[&boxed(b"\xa9xyz", &[b"\0\x12\x15\xc7+45.0+078.4/"])]);
    let loci = boxed(b"udta", &[&boxed(b"loci", &[&[0; 20]])]);
    let key = boxed(b"mdta", &[b"com.apple.quicktime.location.ISO6709"]);
    let keys = boxed(b"keys", &[&words(&[0, 1]), &key]);
    let hdlr = boxed(b"hdlr", &[&[0; 24]]);
    let apple = boxed(b"meta", &[&hdlr, &keys]);
    let iso = boxed(b"meta", &[&[0; 4], &hdlr, &keys]);
    let stsd = boxed(b"stbl", &[&boxed(b"stsd", &[b"\0\0\0\0\0\0\0\x01\0\0\0\x10gpmd"])]);
    let action = boxed(b"trak", &[&boxed(b"mdia", &[&boxed(b"minf", &[&stsd])])]);
    for more in [xyz, loci, apple, iso, action] {
        assert_eq!(place(&movie(UPRIGHT, &more)), LocationTrace::Found, "{more:?}");
    }
    assert_eq!(place(b"OggS"), LocationTrace::Unknown);
}

/// Reads from memory, and fails the test when more is read than the limits allow.
struct Counted<'a> {
    file: Cursor<&'a [u8]>,
    read: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read += count as u64;
        assert!(self.read <= LOOK_BYTES_MAX, "read {} bytes", self.read);
        Ok(count)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[test]
fn endless_structures_end() {
    let tiny_boxes = [ftyp(b"isom"), boxed(b"free", &[]).repeat(100_000)].concat();
    let nested = (0..2000).fold(Vec::new(), |inner, _| boxed(b"moov", &[&inner]));
    let heic = [ftyp(b"heic"), vec![0; 20 << 20]].concat();
    for (bytes, trace) in [
        (tiny_boxes, LocationTrace::Unknown),
        ([ftyp(b"isom"), nested].concat(), LocationTrace::NotFound),
        (heic, LocationTrace::Unknown),
    ] {
        let counted = || Counted { file: Cursor::new(&bytes), read: 0 };
        assert_eq!(carries_location(&mut counted()).expect("read"), trace);
        inspect(&mut counted(), Path::new("a")).expect("read");
    }
}

/// Every place that looked like the beginning of EXIF was read to its end, and in each every entry that named a GPS
/// directory: a picture of 4 MiB made of such beginnings kept `publish` busy for more than a minute.
#[test]
fn a_picture_made_of_beginnings_of_exif_is_given_up() {
    let entry = [&0x8825u16.to_le_bytes()[..], &[4, 0, 1, 0, 0, 0], &8u32.to_le_bytes()].concat();
    let directory = [&[0xff, 0x01][..], &entry.repeat(511)].concat();
    let start = [&b"II*\0"[..], &8u32.to_le_bytes()].concat();
    let heic = [ftyp(b"heic"), [start.repeat(6_000), directory].concat().repeat(70)].concat();
    let counted = || Counted { file: Cursor::new(&heic), read: 0 };
    assert_eq!(carries_location(&mut counted()).expect("read"), LocationTrace::Unknown);
    let twice = [&b"II*\0"[..], &8u32.to_le_bytes(), &[0xff, 0x01], &entry.repeat(511)].concat();
    assert_eq!(place(&jpeg(&twice)), LocationTrace::NotFound);
}

fn samples() -> Vec<Vec<u8>> {
    let xyz = boxed(b"udta", &[&boxed(b"\xa9xyz", &[b"+45.0+078.4/"])]);
    vec![
        movie(TURNED, &xyz),
        jpeg(&tiff(6, 2)),
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\xff\0\0\0".to_vec(),
        b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x3f\x06\0\xaf\x04\0EXIF\x04\0\0\0II*\0".to_vec(),
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\0\0\0\0\0\0\0\0eXIf".to_vec(),
        b"\x1a\x45\xdf\xa3\x84webm\x18\x53\x80\x67\xff\x15\x49\xa9\x66\x87\x44\x89\x84\x47\x00\0\0\x16\x54\xae\x6b\x84\xae\x82\x83\x81\x01".to_vec(),
        b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x02\x38\x01".to_vec(),
        b"ID3\x04\0\0\0\0\0\x02\0\0\xff\xfb\x90\x00\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0Info\0\0\0\x01\0\0\0\x64".to_vec(),
        b"fLaC\0\0\0\x22\0\0\0\0\0\0\0\0\0\0\x0a\xc4\x42\xf0\x00\x01\x58\x88".to_vec(),
        [ftyp(b"avif"), boxed(b"meta", &[&[0; 4], &boxed(b"iprp", &[&boxed(b"ipco", &[&boxed(b"ispe", &[&[1; 12]])])])])].concat(),
    ]
}

#[test]
fn every_sample_is_understood_before_it_is_mutated() {
    for sample in samples() {
        let media = look(&sample, "a");
        assert_ne!(media.mime, "application/octet-stream");
        assert_ne!(media.mime, "text/plain");
    }
    assert_eq!(look(&samples()[5], "a"), media("video/webm", Some(32768), None));
    assert_eq!(look(&samples()[7], "a").duration_ms, Some(100 * 1152 * 1000 / 44_100));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_harm_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        look(&bytes, "a");
        place(&bytes);
    }

    #[test]
    fn mutated_files_harm_nothing(
        sample in 0usize..10,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), prop_oneof![Just(0u8), Just(1), Just(0x7f), Just(0xff), any::<u8>()]), 1..12),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = samples()[sample].clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let mut counted = Counted { file: Cursor::new(&bytes), read: 0 };
        inspect(&mut counted, Path::new("a")).expect("memory can be read");
        place(&bytes);
    }
}

/// Runs `ffmpeg` to make a real file; nothing if there is no `ffmpeg`.
fn made(folder: &Path, name: &str, arguments: &str) -> Option<PathBuf> {
    let path = folder.join(name);
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments.split(' '))
        .arg(&path)
        .status()
        .ok()?;
    assert!(status.success(), "ffmpeg could not make {name}");
    Some(path)
}

const PICTURE: &str = "-f lavfi -i testsrc2=duration=2:size=320x180:rate=10";
const TONE: &str = "-f lavfi -i sine=duration=2";

#[test]
fn real_files_are_understood() {
    let folder = tempfile::tempdir().expect("a folder");
    let both = format!("{PICTURE} {TONE}");
    let cases = [
        ("a.mp4", format!("{both} -metadata location=+45.0+078.4/"), "video/mp4", Some((320, 180))),
        ("fast.mp4", format!("{both} -movflags faststart"), "video/mp4", Some((320, 180))),
        ("a.mov", both.clone(), "video/quicktime", Some((320, 180))),
        ("a.webm", format!("{both} -c:v libvpx -c:a libopus"), "video/webm", Some((320, 180))),
        ("a.mkv", both, "video/x-matroska", Some((320, 180))),
        ("a.m4a", TONE.into(), "audio/mp4", None),
        ("a.mp3", TONE.into(), "audio/mpeg", None),
        ("a.opus", format!("{TONE} -c:a libopus"), "audio/ogg", None),
        ("a.ogg", format!("{TONE} -c:a libvorbis"), "audio/ogg", None),
        ("a.flac", TONE.into(), "audio/flac", None),
        ("a.wav", TONE.into(), "audio/wav", None),
    ];
    for (name, arguments, mime, dimensions) in cases {
        let Some(path) = made(folder.path(), name, &arguments) else {
            eprintln!("there is no ffmpeg here: nothing was made");
            return;
        };
        let mut file = std::fs::File::open(&path).expect("made");
        let seen = inspect(&mut file, Path::new("nameless")).expect("read");
        assert_eq!((seen.mime, seen.width.zip(seen.height)), (mime, dimensions), "{name}");
        let duration_ms = seen.duration_ms.unwrap_or(0);
        assert!((1900..2200).contains(&duration_ms), "{name}: {duration_ms} ms");
        let trace = carries_location(&mut file).expect("read");
        assert_eq!(trace == LocationTrace::Found, name == "a.mp4", "{name}");
    }
    for name in ["a.jpg", "a.png", "a.gif", "a.webp", "a.avif"] {
        let Some(path) = made(
            folder.path(),
            name,
            &format!("{PICTURE} -frames:v 1{}", if name == "a.avif" { " -cpu-used 8" } else { "" }),
        ) else {
            return;
        };
        let mut file = std::fs::File::open(&path).expect("made");
        let seen = inspect(&mut file, Path::new("nameless")).expect("read");
        assert_eq!((seen.width, seen.height), (Some(320), Some(180)), "{name}: {seen:?}");
    }
}

#[test]
fn a_still_is_a_small_picture_without_metadata() {
    let folder = tempfile::tempdir().expect("a folder");
    // Noise, as large as it gets: the first quality is too good for the limit.
    let arguments = "-f lavfi -i testsrc2=duration=1:size=1280x720:rate=5,noise=alls=100 -c:v mpeg4 -metadata location=+45.0+078.4/";
    let Some(video) = made(folder.path(), "-odd name:%d.mp4", arguments) else {
        eprintln!("there is no ffmpeg here: nothing was made");
        return;
    };
    let picture = still(&video).expect("ffmpeg is here");
    assert!(picture.len() <= STILL_BYTES_MAX, "{} bytes", picture.len());
    assert_eq!(look(&picture, "a"), media("image/jpeg", None, Some((STILL_WIDTH, 270))));
    assert_eq!(place(&picture), LocationTrace::NotFound);
}

#[test]
fn a_still_is_not_made_of_sound_playlists_or_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = made(folder.path(), "secret.mp4", PICTURE);
    let playlist = folder.path().join("playlist.mp4");
    std::fs::write(&playlist, "ffconcat version 1.0\nfile secret.mp4\n").expect("written");
    assert_eq!(still(&playlist), None);
    let broken = folder.path().join("broken.mp4");
    std::fs::write(&broken, movie(UPRIGHT, &[])).expect("written");
    assert_eq!(still(&broken), None);
    assert_eq!(still(&folder.path().join("absent.mp4")), None);
    if secret.is_some() {
        assert!(still(&folder.path().join("secret.mp4")).is_some());
    }
}
