//! Articles: text in languages, and files. Specified in `docs/spec/items.md`.

use crate::bytes::{Reader, Writer};
use crate::hash::plain;
use crate::id::ItemId;
use crate::kind::{Class, Kind};
use crate::limits::{
    BODY_BYTES_MAX, INLINE_FILE_BYTES_MAX, INLINE_GROUPS_BYTES_MAX, LABEL_BYTES_MAX, LANGUAGE_BYTES_MAX,
    MIME_BYTES_MAX, RENDITIONS_MAX, TITLE_BYTES_MAX, VARIANTS_MAX,
};
use crate::reason::Reason;

/// Blobs from this size on carry group hashes.
pub const GROUPED_BYTES_MIN: u64 = 1 << 20;
/// Files up to this size travel with sound, whatever they are.
pub const SMALL_FILE_BYTES_MAX: u64 = 300_000;
/// Sizes of files stay exact in a JavaScript number.
pub const SIZE_BYTES_MAX: u64 = 1 << 53;
/// Height up to which a video counts as the smallest quality.
pub const SMALL_VIDEO_HEIGHT_MAX: u32 = 144;

/// The payload of a post, a media item or a notice.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Article {
    /// The item that this one replaces.
    pub corrects: Option<ItemId>,
    /// Languages; the first is the original.
    pub variants: Vec<Variant>,
    /// Files.
    pub renditions: Vec<Rendition>,
}

/// The text in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// BCP 47, or empty when unknown.
    pub language: String,
    /// Who put it into this language.
    pub origin: Origin,
    /// May be empty.
    pub title: String,
    /// Markdown; hostile input for whoever shows it.
    pub body: String,
}

/// Who put a text into its language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Written in it.
    Original,
    /// Translated by a person.
    Human,
    /// Translated by a machine.
    Machine,
}

/// One file: one encoding of the same thing, or one of several things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    /// Name within the item.
    pub name: String,
    /// Plain BLAKE3 of the file.
    pub blob: [u8; 32],
    /// Bytes.
    pub size: u64,
    /// MIME type.
    pub mime: String,
    /// Milliseconds, 0 = none or unknown.
    pub duration_ms: u64,
    /// Pixels, 0 = none or unknown.
    pub width: u32,
    /// Pixels, 0 = none or unknown.
    pub height: u32,
    /// Hashes of the 1 MiB groups, or, of a small file, the file itself.
    pub groups: Groups,
}

/// Chaining values of the 1 MiB groups of a blob, by which each group verifies without the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Groups {
    /// The blob is smaller than 1 MiB.
    None,
    /// Here.
    Inline(Vec<[u8; 32]>),
    /// In a blob of this hash.
    Blob([u8; 32]),
    /// The blob itself, of at most [`INLINE_FILE_BYTES_MAX`] bytes: whoever has the item need not fetch it.
    File(Vec<u8>),
}

impl Rendition {
    /// The class in which the file travels.
    pub fn class(&self) -> Class {
        if self.mime.starts_with("audio/") || self.size <= SMALL_FILE_BYTES_MAX {
            Class::Sound
        } else if self.mime.starts_with("video/") && self.height != 0 && self.height <= SMALL_VIDEO_HEIGHT_MAX {
            Class::SmallVideo
        } else {
            Class::Large
        }
    }

    /// How many 1 MiB groups the blob has: 0 below 1 MiB.
    pub fn group_count(size: u64) -> u64 {
        if size < GROUPED_BYTES_MIN { 0 } else { size.div_ceil(GROUPED_BYTES_MIN) }
    }
}

impl Article {
    /// Post or media, by whether it has files.
    pub fn kind(&self) -> Kind {
        if self.renditions.is_empty() { Kind::Post } else { Kind::Media }
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(1);
        match &self.corrects {
            None => out.u8(0),
            Some(item) => out.u8(1).raw(&item.0),
        };
        write_variants(&mut out, &self.variants);
        out.u8(self.renditions.len() as u8);
        for rendition in &self.renditions {
            out.text(&rendition.name).raw(&rendition.blob).u64(rendition.size).text(&rendition.mime);
            out.u64(rendition.duration_ms).u32(rendition.width).u32(rendition.height);
            match &rendition.groups {
                Groups::None => out.u8(0),
                Groups::Inline(hashes) => {
                    out.u8(1).u32(hashes.len() as u32);
                    hashes.iter().fold(&mut out, |out, hash| out.raw(hash))
                }
                Groups::Blob(hash) => out.u8(2).raw(hash),
                Groups::File(bytes) => out.u8(3).raw(bytes),
            };
        }
        out.into_bytes()
    }

    /// Reads the payload of an item of this kind. Checks form and limits.
    pub fn decode(kind: Kind, bytes: &[u8]) -> Result<Self, Reason> {
        let max = kind.payload_bytes_max();
        if bytes.len() > max {
            return Err(Reason::TooLong { what: "payload", max });
        }
        let mut input = Reader::new(bytes);
        input.version()?;
        let corrects = match input.u8()? {
            0 => None,
            1 => Some(ItemId(input.array()?)),
            _ => return Err(Reason::BadValue { what: "corrects" }),
        };
        let variants = read_variants(&mut input)?;
        let renditions = read_renditions(&mut input, kind)?;
        input.finish()?;
        Ok(Article { corrects, variants, renditions })
    }

    /// Checks an article before it is published: what [`Article::decode`] would refuse later.
    pub fn check(&self) -> Result<(), Reason> {
        Article::decode(self.kind(), &self.encode()).map(|_| ())
    }
}

pub(crate) fn write_variants(out: &mut Writer, variants: &[Variant]) {
    out.u8(variants.len() as u8);
    for variant in variants {
        out.text(&variant.language).u8(variant.origin as u8).text(&variant.title).text(&variant.body);
    }
}

pub(crate) fn read_variants(input: &mut Reader<'_>) -> Result<Vec<Variant>, Reason> {
    let count = usize::from(input.u8()?);
    if count > VARIANTS_MAX {
        return Err(Reason::TooMany { what: "languages", max: VARIANTS_MAX });
    }
    if count == 0 {
        return Err(Reason::BadValue { what: "number of languages" });
    }
    let mut variants = Vec::<Variant>::with_capacity(count);
    for _ in 0..count {
        let language = input.text("language", LANGUAGE_BYTES_MAX)?;
        if !language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(Reason::BadValue { what: "language" });
        }
        if variants.iter().any(|other| other.language == language) {
            return Err(Reason::NotCanonical { what: "languages" });
        }
        let origin = match input.u8()? {
            0 => Origin::Original,
            1 if !variants.is_empty() => Origin::Human,
            2 if !variants.is_empty() => Origin::Machine,
            _ => return Err(Reason::BadValue { what: "origin" }),
        };
        let title = input.text("title", TITLE_BYTES_MAX)?;
        let body = input.text("body", BODY_BYTES_MAX)?;
        variants.push(Variant { language, origin, title, body });
    }
    Ok(variants)
}

fn read_renditions(input: &mut Reader<'_>, kind: Kind) -> Result<Vec<Rendition>, Reason> {
    let count = usize::from(input.u8()?);
    if count > RENDITIONS_MAX {
        return Err(Reason::TooMany { what: "renditions", max: RENDITIONS_MAX });
    }
    if (count > 0) != (kind == Kind::Media) {
        return Err(Reason::BadValue { what: "number of renditions" });
    }
    let mut renditions = Vec::<Rendition>::with_capacity(count);
    for _ in 0..count {
        let name = input.text("rendition name", LABEL_BYTES_MAX)?;
        if name.is_empty() {
            return Err(Reason::BadValue { what: "rendition name" });
        }
        if renditions.iter().any(|other| other.name == name) {
            return Err(Reason::NotCanonical { what: "rendition names" });
        }
        let (blob, size) = (input.array()?, input.below("size", SIZE_BYTES_MAX)?);
        let mime = input.text("MIME type", MIME_BYTES_MAX)?;
        if !mime.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Reason::BadValue { what: "MIME type" });
        }
        let (duration_ms, width, height) = (input.time("duration")?, input.u32()?, input.u32()?);
        let groups = read_groups(input, size, &blob)?;
        renditions.push(Rendition { name, blob, size, mime, duration_ms, width, height, groups });
    }
    Ok(renditions)
}

fn read_groups(input: &mut Reader<'_>, size: u64, blob: &[u8; 32]) -> Result<Groups, Reason> {
    let expected = Rendition::group_count(size);
    let inline = expected <= (INLINE_GROUPS_BYTES_MAX / 32) as u64;
    match input.u8()? {
        0 if expected == 0 => Ok(Groups::None),
        1 if expected > 0 && inline => {
            if u64::from(input.u32()?) != expected {
                return Err(Reason::NotCanonical { what: "number of group hashes" });
            }
            Ok(Groups::Inline((0..expected).map(|_| input.array()).collect::<Result<_, _>>()?))
        }
        2 if !inline => Ok(Groups::Blob(input.array()?)),
        3 if size <= INLINE_FILE_BYTES_MAX as u64 => {
            let bytes = input.take(size as usize)?;
            if plain(bytes) != *blob {
                return Err(Reason::HashMismatch);
            }
            Ok(Groups::File(bytes.to_vec()))
        }
        0..=3 => Err(Reason::NotCanonical { what: "group hashes" }),
        _ => Err(Reason::BadValue { what: "group hashes" }),
    }
}
