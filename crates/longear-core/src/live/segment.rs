//! A few seconds of one rendition of a broadcast.

use crate::article::{Groups, Rendition, SMALL_VIDEO_HEIGHT_MAX};
use crate::bytes::{Reader, Writer};
use crate::kind::Class;
use crate::limits::{INIT_BYTES_MAX, LIVE_NAME_BYTES_MAX, SEGMENT_BYTES_MAX, SEGMENT_MS_MAX};
use crate::reason::Reason;

/// What a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Medium {
    /// Sound alone.
    Sound,
    /// A picture of that height in pixels, with or without sound.
    Picture(u16),
}

/// A few seconds of one rendition: fragments of MP4 that play behind their initialisation segment (ISO/IEC 14496-12, CMAF).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The rendition: "audio", "144p" …
    pub name: String,
    /// What it holds.
    pub medium: Medium,
    /// When it begins, in milliseconds since the broadcast began. Independent of the times within the file.
    pub start_ms: u64,
    /// How long it plays.
    pub duration_ms: u32,
    /// Plain BLAKE3 of the initialisation segment.
    pub init: [u8; 32],
    /// Its bytes.
    pub init_size: u32,
    /// Plain BLAKE3 of the segment.
    pub blob: [u8; 32],
    /// Its bytes.
    pub size: u32,
    /// Values of its 1 MiB groups; none below 1 MiB.
    pub groups: Vec<[u8; 32]>,
}

impl Segment {
    /// When it ends.
    pub fn end_ms(&self) -> u64 {
        self.start_ms + u64::from(self.duration_ms)
    }

    /// The class in which it travels: by what it holds, not by its size, as every segment is small.
    pub fn class(&self) -> Class {
        match self.medium {
            Medium::Sound => Class::Sound,
            Medium::Picture(height) if u32::from(height) <= SMALL_VIDEO_HEIGHT_MAX => Class::SmallVideo,
            Medium::Picture(_) => Class::Large,
        }
    }

    /// The files that it needs, as an article would name them: first the initialisation segment, then itself.
    pub fn files(&self) -> [Rendition; 2] {
        let (mime, height) = match self.medium {
            Medium::Sound => ("audio/mp4", 0),
            Medium::Picture(height) => ("video/mp4", u32::from(height)),
        };
        let file = |blob, size: u32, duration_ms, groups: &[[u8; 32]]| Rendition {
            name: self.name.clone(),
            blob,
            size: u64::from(size),
            mime: mime.to_owned(),
            duration_ms,
            width: 0,
            height,
            groups: if groups.is_empty() { Groups::None } else { Groups::Inline(groups.to_vec()) },
        };
        let duration_ms = u64::from(self.duration_ms);
        [file(self.init, self.init_size, 0, &[]), file(self.blob, self.size, duration_ms, &self.groups)]
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.text(&self.name);
        match self.medium {
            Medium::Sound => out.u8(1).u16(0),
            Medium::Picture(height) => out.u8(2).u16(height),
        };
        out.u64(self.start_ms).u32(self.duration_ms);
        out.raw(&self.init).u32(self.init_size).raw(&self.blob).u32(self.size);
        self.groups.iter().fold(out, |out, group| out.raw(group));
    }

    /// Reads the segment that follows those `before` it in its tick.
    pub(super) fn read(input: &mut Reader<'_>, before: &[Segment]) -> Result<Self, Reason> {
        let name = input.text("rendition name", LIVE_NAME_BYTES_MAX)?;
        if !is_rendition_name(&name) {
            return Err(Reason::BadValue { what: "rendition name" });
        }
        if before.iter().any(|other| other.name == name) {
            return Err(Reason::NotCanonical { what: "segments" });
        }
        let medium = match (input.u8()?, input.u16()?) {
            (1, 0) => Medium::Sound,
            (2, height) => Medium::Picture(height),
            _ => return Err(Reason::BadValue { what: "medium" }),
        };
        let (start_ms, duration_ms) = (input.time("start")?, within(input.u32()?, 1, SEGMENT_MS_MAX, "duration")?);
        let (init, init_size) =
            (input.array()?, within(input.u32()?, 1, INIT_BYTES_MAX as u32, "initialisation size")?);
        let (blob, size) = (input.array()?, within(input.u32()?, 1, SEGMENT_BYTES_MAX as u32, "segment size")?);
        let groups = (0..Rendition::group_count(u64::from(size))).map(|_| input.array()).collect::<Result<_, _>>()?;
        Ok(Segment { name, medium, start_ms, duration_ms, init, init_size, blob, size, groups })
    }
}

/// Whether a rendition may be called so: it becomes a part of addresses and file names. `[a-z0-9-]`, not empty.
pub fn is_rendition_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LIVE_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_plain)
}

fn within(value: u32, min: u32, max: u32, what: &'static str) -> Result<u32, Reason> {
    if (min..=max).contains(&value) { Ok(value) } else { Err(Reason::BadValue { what }) }
}
