//! Moments of a broadcast that have names.

use crate::bytes::{Reader, Writer, ascends};
use crate::limits::{CHAPTER_BYTES_MAX, ROLL_UP_CHAPTERS_MAX};
use crate::reason::Reason;

/// Something begins here that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// When, in milliseconds since the broadcast began. May lie where nothing is known, and before the ticks that it stands with.
    pub start_ms: u64,
    /// What it is called; not empty.
    pub title: String,
}

/// Writes nothing where there are none: a roll-up without chapters has the bytes that it had before there were any.
pub(super) fn write_chapters(out: &mut Writer, chapters: &[Chapter]) {
    if !chapters.is_empty() {
        out.u8(chapters.len() as u8);
    }
    for chapter in chapters {
        out.u64(chapter.start_ms).text(&chapter.title);
    }
}

/// Reads what is left, if anything is.
pub(super) fn read_chapters(input: &mut Reader<'_>) -> Result<Vec<Chapter>, Reason> {
    if input.rest().is_empty() {
        return Ok(Vec::new());
    }
    let count = usize::from(input.u8()?);
    if count > ROLL_UP_CHAPTERS_MAX {
        return Err(Reason::TooMany { what: "chapters", max: ROLL_UP_CHAPTERS_MAX });
    }
    if count == 0 {
        return Err(Reason::BadValue { what: "number of chapters" });
    }
    let (mut chapters, mut last) = (Vec::with_capacity(count), None);
    for _ in 0..count {
        let start_ms = input.time("start of a chapter")?;
        ascends(&mut last, start_ms, "chapters")?;
        let title = input.text("title of a chapter", CHAPTER_BYTES_MAX)?;
        if title.is_empty() {
            return Err(Reason::BadValue { what: "title of a chapter" });
        }
        chapters.push(Chapter { start_ms, title });
    }
    Ok(chapters)
}
