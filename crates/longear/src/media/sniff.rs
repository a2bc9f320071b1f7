//! Types of files, by what they begin with.

use std::io::{self, Read, Seek};

use super::source::{Source, be16, holds};

/// How much of the beginning is looked at to tell text from other things, in bytes.
const TEXT_BYTES: usize = 8 << 10;

/// Names the kinds of content that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Movie,
    QuickTime,
    Sound4,
    Mobile,
    Webm,
    Matroska,
    OggSound,
    OggVideo,
    Mp3,
    Aac,
    Flac,
    Wav,
    Avi,
    Jpeg,
    Png,
    Webp,
    Gif,
    Avif,
    Heic,
    Pdf,
    Zip,
    Text,
    Unknown,
}

pub(super) fn kind<R: Read + Seek>(source: &mut Source<'_, R>) -> io::Result<Kind> {
    let head = source.piece(0, TEXT_BYTES)?;
    let is_whole = head.len() as u64 == source.length();
    Ok(binary_kind(&head).unwrap_or_else(|| if is_text(&head, is_whole) { Kind::Text } else { Kind::Unknown }))
}

fn binary_kind(head: &[u8]) -> Option<Kind> {
    const MAGIC: [(&[u8], Kind); 10] = [
        (b"\xff\xd8\xff", Kind::Jpeg),
        (b"\x89PNG\r\n\x1a\n", Kind::Png),
        (b"GIF87a", Kind::Gif),
        (b"GIF89a", Kind::Gif),
        (b"%PDF-", Kind::Pdf),
        (b"fLaC", Kind::Flac),
        (b"ID3", Kind::Mp3),
        (b"PK\x03\x04", Kind::Zip),
        (b"OggS", Kind::OggSound),
        (b"\x1a\x45\xdf\xa3", Kind::Matroska),
    ];
    let known = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, kind)| *kind);
    match known {
        Some(Kind::OggSound) if holds(&head[..head.len().min(64)], b"\x80theora") => Some(Kind::OggVideo),
        Some(Kind::Matroska) if holds(&head[..head.len().min(64)], b"webm") => Some(Kind::Webm),
        Some(kind) => Some(kind),
        None => riff_kind(head).or_else(|| box_kind(head)).or_else(|| frame_kind(head)),
    }
}

fn riff_kind(head: &[u8]) -> Option<Kind> {
    if !head.starts_with(b"RIFF") {
        return None;
    }
    match head.get(8..12)? {
        b"WAVE" => Some(Kind::Wav),
        b"WEBP" => Some(Kind::Webp),
        b"AVI " => Some(Kind::Avi),
        _ => None,
    }
}

/// Tells the many children of the ISO base media format apart by the brands in their first box.
fn box_kind(head: &[u8]) -> Option<Kind> {
    match head.get(4..8)? {
        b"ftyp" => {}
        // QuickTime files from before there were brands.
        b"moov" | b"mdat" | b"wide" | b"pnot" => return Some(Kind::QuickTime),
        _ => return None,
    }
    let length = (u32::from_be_bytes(*head.first_chunk()?) as usize).min(head.len());
    let brands: Vec<&[u8]> = head.get(8..length)?.chunks_exact(4).collect();
    let major = *brands.first()?;
    let is_picture =
        |brand: &[u8]| matches!(brand, b"mif1" | b"msf1" | b"heic" | b"heix" | b"heim" | b"heis" | b"hevc");
    Some(match major {
        b"qt  " => Kind::QuickTime,
        b"M4A " | b"M4B " | b"M4P " => Kind::Sound4,
        b"avif" | b"avis" => Kind::Avif,
        _ if is_picture(major) && brands.iter().any(|brand| matches!(*brand, b"avif" | b"avis")) => Kind::Avif,
        _ if is_picture(major) => Kind::Heic,
        _ if major.starts_with(b"3g") => Kind::Mobile,
        _ => Kind::Movie,
    })
}

/// MPEG audio has no magic number: eleven set bits, then values that must not be reserved.
fn frame_kind(head: &[u8]) -> Option<Kind> {
    let frame = be16(head, 0)?;
    if frame & 0xffe0 != 0xffe0 {
        return None;
    }
    let rates = *head.get(2)?;
    let (version, layer) = (frame >> 3 & 3, frame >> 1 & 3);
    match layer {
        1 if version != 1 && rates >> 4 != 15 && rates >> 2 & 3 != 3 => Some(Kind::Mp3),
        0 if frame & 0xfff0 == 0xfff0 && rates >> 2 & 15 < 13 => Some(Kind::Aac),
        _ => None,
    }
}

fn is_text(head: &[u8], is_whole: bool) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character may be cut by the end of the piece, not by the end of the file.
        Err(error) if error.error_len().is_none() && !is_whole => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}'))
}

/// Names the type. The extension decides only where the content does not, and never for anything that runs.
pub(super) fn mime(kind: Kind, extension: &str) -> &'static str {
    match kind {
        Kind::Movie => "video/mp4",
        Kind::QuickTime => "video/quicktime",
        Kind::Sound4 => "audio/mp4",
        Kind::Mobile => "video/3gpp",
        Kind::Webm => "video/webm",
        Kind::Matroska if extension == "mka" => "audio/x-matroska",
        Kind::Matroska => "video/x-matroska",
        Kind::OggSound => "audio/ogg",
        Kind::OggVideo => "video/ogg",
        Kind::Mp3 => "audio/mpeg",
        Kind::Aac => "audio/aac",
        Kind::Flac => "audio/flac",
        Kind::Wav => "audio/wav",
        Kind::Avi => "video/x-msvideo",
        Kind::Jpeg => "image/jpeg",
        Kind::Png => "image/png",
        Kind::Webp => "image/webp",
        Kind::Gif => "image/gif",
        Kind::Avif => "image/avif",
        Kind::Heic => "image/heic",
        Kind::Pdf => "application/pdf",
        Kind::Zip => zip_mime(extension),
        Kind::Text => text_mime(extension),
        Kind::Unknown => mime_by_extension(extension),
    }
}

fn zip_mime(extension: &str) -> &'static str {
    match extension {
        "epub" => "application/epub+zip",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "odt" => "application/vnd.oasis.opendocument.text",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        _ => "application/zip",
    }
}

fn text_mime(extension: &str) -> &'static str {
    match extension {
        "md" | "markdown" => "text/markdown",
        "csv" => "text/csv",
        "vtt" => "text/vtt",
        _ => "text/plain",
    }
}

fn mime_by_extension(extension: &str) -> &'static str {
    match extension {
        "mp4" | "m4v" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "mkv" => "video/x-matroska",
        "ts" | "m2ts" | "mts" => "video/mp2t",
        "mpg" | "mpeg" => "video/mpeg",
        "m4a" => "audio/mp4",
        "mp3" => "audio/mpeg",
        "aac" => "audio/aac",
        "ogg" | "opus" | "oga" => "audio/ogg",
        "flac" => "audio/flac",
        "wav" => "audio/wav",
        "amr" => "audio/amr",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "avif" => "image/avif",
        "heic" | "heif" => "image/heic",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "txt" => "text/plain",
        "md" => "text/markdown",
        _ => "application/octet-stream",
    }
}
