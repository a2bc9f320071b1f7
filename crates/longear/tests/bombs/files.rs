//! Media files whose boxes, chunks and directories lie about their sizes, nest and repeat.

use std::cell::Cell;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use longear::media::{LOOK_BYTES_MAX, carries_location, inspect};

use crate::gauge::Bomb;

/// A file of 20 MiB is ours; what is held of it at once may be a few pieces and the lists of its structures.
const MEMORY_MAX: u64 = (2 << 20) + (20_000 * 64);
/// Bytes of the files that are made to be searched.
const FILE_BYTES: usize = 20 << 20;

/// Counts what is read, and says that the file is as long as it likes.
struct Counted<'a> {
    file: Cursor<&'a [u8]>,
    read: &'a Cell<u64>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

fn made<const N: usize>(files: [(&'static str, Vec<u8>); N]) -> Vec<Bomb> {
    files.map(|(name, bytes)| bomb(name, bytes)).into()
}

fn bomb(name: &'static str, bytes: Vec<u8>) -> Bomb {
    Bomb::new(format!("a file of {name}"), MEMORY_MAX, move || {
        let read = Cell::new(0);
        let counted = || Counted { file: Cursor::new(&bytes), read: &read };
        let media = inspect(&mut counted(), Path::new("a")).unwrap();
        assert!(read.get() <= LOOK_BYTES_MAX, "{} bytes were read", read.get());
        read.set(0);
        let trace = carries_location(&mut counted()).unwrap();
        assert!(read.get() <= LOOK_BYTES_MAX, "{} bytes were read", read.get());
        format!("{} {trace:?}, {} bytes read", media.mime, read.get())
    })
}

fn boxed(kind: &[u8; 4], length: u32, body: &[u8]) -> Vec<u8> {
    [&length.to_be_bytes()[..], kind, body].concat()
}

fn well(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    boxed(kind, body.len() as u32 + 8, body)
}

fn long(kind: &[u8; 4], length: u64) -> Vec<u8> {
    [&1u32.to_be_bytes()[..], kind, &length.to_be_bytes()].concat()
}

fn ftyp(brand: &[u8; 4]) -> Vec<u8> {
    well(b"ftyp", &[&brand[..], &[0; 4]].concat())
}

pub fn movies() -> Vec<Bomb> {
    let isom = || ftyp(b"isom");
    let after = |rest: Vec<u8>| [isom(), rest].concat();
    let nested = |kind: &[u8; 4], depth: usize| (0..depth).fold(Vec::new(), |inner, _| well(kind, &inner));
    let path = (0..2_500).fold(Vec::new(), |inner, depth| {
        well([b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"meta", b"ilst"][depth % 8], &inner)
    });
    let searched = well(b"stsd", &vec![b'g'; 1 << 20]);
    let track = |inner: &[u8]| well(b"trak", &well(b"mdia", &well(b"minf", &well(b"stbl", inner))));
    let metas = well(b"meta", &[&[0; 4][..], &well(b"keys", &vec![b'c'; 300_000])].concat());
    made([
        ("boxes without end", after(well(b"free", &[]).repeat(FILE_BYTES / 8))),
        (
            "boxes of length 2^63",
            after([long(b"moov", 1 << 63), long(b"moov", u64::MAX), long(b"mdat", 1 << 63)].concat()),
        ),
        ("boxes of length 0 in boxes of length 0", after((0..5_000).flat_map(|_| boxed(b"moov", 0, &[])).collect())),
        ("boxes shorter than their head", after(boxed(b"moov", 7, &[0; 4_000]))),
        ("boxes longer than the file", after(boxed(b"moov", u32::MAX, &boxed(b"trak", u32::MAX, &[0; 4_000])))),
        ("moov in moov, 2,000 deep", after(nested(b"moov", 2_000))),
        ("meta in meta", after(nested(b"meta", 2_000))),
        ("all boxes in each other", after(path)),
        ("tracks that are searched again and again", after(well(b"moov", &track(&searched).repeat(19)))),
        (
            "one track with a thousand sample tables",
            after(well(b"moov", &track(&well(b"stsd", b"gpm").repeat(9_000)).repeat(50))),
        ),
        ("places in metadata, never named whole", after(well(b"moov", &metas.repeat(60)))),
        ("thousands of movies", after(well(b"moov", &well(b"mvhd", &[1; 100])).repeat(18_000))),
        ("a brand and nothing", isom()),
    ])
}

pub fn matroska() -> Vec<Bomb> {
    let head = b"\x1a\x45\xdf\xa3\x84webm".to_vec();
    let after = |rest: Vec<u8>| [&head[..], &rest].concat();
    let unknown = b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff".to_vec();
    let tracks = b"\x16\x54\xae\x6b\x01\xff\xff\xff\xff\xff\xff\xff".to_vec();
    let track = b"\xae\x01\xff\xff\xff\xff\xff\xff\xff".to_vec();
    made([
        ("segments of unknown length", after(unknown.repeat(100_000))),
        ("tracks of unknown length", after([unknown.clone(), tracks.repeat(50_000)].concat())),
        ("tracks in tracks", after([unknown.clone(), tracks.clone(), track.repeat(200_000)].concat())),
        (
            "elements of length 2^56",
            after([unknown.clone(), b"\x15\x49\xa9\x66\x01\xff\xff\xff\xff\xff\xff\xfe".repeat(9_000)].concat()),
        ),
        ("elements of no length", after([unknown.clone(), b"\xec\x80".repeat(5_000_000)].concat())),
        ("IDs of nine bytes", after([unknown, vec![0; 1 << 20]].concat())),
    ])
}

fn tiff(count: u16, entry: &[u8], times: usize) -> Vec<u8> {
    [&b"II*\0\x08\0\0\0"[..], &count.to_le_bytes(), &entry.repeat(times)].concat()
}

pub fn pictures() -> Vec<Bomb> {
    let gps = [&0x8825u16.to_le_bytes()[..], &[4, 0, 1, 0, 0, 0], &8u32.to_le_bytes()].concat();
    let directory = tiff(u16::MAX, &gps, 512);
    let segment = |tiff: &[u8]| {
        let body = [b"Exif\0\0", tiff].concat();
        [&[0xff, 0xe1][..], &(body.len() as u16 + 2).to_be_bytes(), &body].concat()
    };
    let jpeg = |segments: &[u8]| [&[0xff, 0xd8][..], segments].concat();
    let png = |rest: &[u8]| [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\0\0\0\0", rest].concat();
    let chunk = |length: u32, name: &[u8; 4], body: &[u8]| [&length.to_be_bytes()[..], name, body].concat();
    let webp = |rest: &[u8]| [b"RIFF\xff\xff\xff\xffWEBPVP8X\x0a\0\0\0", rest].concat();
    let starts = b"II*\0\x08\0\0\0".repeat(7_000);
    let ispe = well(b"ispe", &[0xff; 12]).repeat(30_000);
    let properties = well(b"meta", &[&[0; 4][..], &well(b"iprp", &well(b"ipco", &ispe))].concat());
    made([
        ("EXIF whose directories are each other", jpeg(&segment(&directory).repeat(2_700))),
        ("EXIF at 2^32", jpeg(&segment(b"II*\0\xff\xff\xff\xff").repeat(100_000))),
        ("segments of no length", jpeg(&[0xff, 0xe1, 0, 2].repeat(FILE_BYTES / 4))),
        ("fill bytes", jpeg(&vec![0xff; FILE_BYTES])),
        ("markers without length", jpeg(&[0xff, 0xd0].repeat(FILE_BYTES / 2))),
        ("chunks of 2^32", png(&chunk(u32::MAX, b"eXIf", &[0; 900]))),
        ("chunks of nothing", png(&chunk(0, b"tEXt", &[0; 4]).repeat(FILE_BYTES / 12))),
        ("texts that are searched", png(&chunk(1 << 20, b"iTXt", &vec![b'G'; (1 << 20) + 4]).repeat(19))),
        (
            "thousands of EXIF chunks",
            png(&chunk(directory.len() as u32, b"eXIf", &[&directory[..], &[0; 4]].concat()).repeat(3_000)),
        ),
        ("RIFF chunks of 2^32", webp(&[b"EXIF\xff\xff\xff\xff".to_vec(), vec![0; 900]].concat())),
        ("beginnings of EXIF", [ftyp(b"heic"), [starts, directory.clone()].concat().repeat(64)].concat()),
        (
            "beginnings of EXIF, big-endian",
            [ftyp(b"avif"), b"MM\0*\0\0\0\x08\xff\xff".repeat(FILE_BYTES / 10)].concat(),
        ),
        ("properties without end", [ftyp(b"avif"), properties].concat()),
        ("a width of 2^32", png(&[0xff; 100])),
    ])
}

pub fn sounds() -> Vec<Bomb> {
    let wav = |rest: &[u8]| [b"RIFF\xff\xff\xff\xffWAVE", rest].concat();
    made([
        ("sound chunks of 2^32", wav(b"LIST\xff\xff\xff\xff")),
        ("sound chunks of nothing", wav(&b"junk\0\0\0\0".repeat(FILE_BYTES / 8))),
        ("a tag of 256 MiB", [&b"ID3\x04\0\0\x7f\x7f\x7f\x7f"[..], &[0xff; 4_000]].concat()),
        (
            "pages without end",
            [
                b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x02\xff\xff".to_vec(),
                b"OggS".repeat(FILE_BYTES / 4),
            ]
            .concat(),
        ),
        ("2^36 samples", [&b"fLaC\0\0\0\x22"[..], &[0xff; 60]].concat()),
    ])
}
