//! Names of moments of a running broadcast that wait for the process that signs it.
//!
//! Each is a file of its own beside the broadcast's: a command writes one while that process removes another, and neither
//! takes anything from the other.

use std::fs;
use std::path::PathBuf;

use longear_core::StreamId;
use longear_core::limits::{CHAPTER_BYTES_MAX, ROLL_UP_CHAPTERS_MAX};
use longear_core::live::Chapter;

use super::{Home, file_failure, folder_of, make_private_folder, read_secret, sync_folder, write_secret};
use crate::failure::Failure;

/// What their names end with; the broadcast and the moment stand before it.
const ENDING: &str = ".chapter";

impl Home {
    /// Asks for a moment to be named. Durable when this returns.
    pub fn wish_chapter(&self, stream: &StreamId, chapter: &Chapter) -> Result<(), Failure> {
        make_private_folder(&self.live_folder())?;
        write_secret(&self.wish_path(stream, chapter.start_ms), &chapter.title, true)
    }

    /// What was asked for and is not published yet, earliest moments first: as many as a roll-up may name.
    pub fn wished_chapters(&self, stream: &StreamId) -> Result<Vec<Chapter>, Failure> {
        let mut starts = self.wished_moments(stream)?;
        starts.sort_unstable();
        let mut chapters = Vec::new();
        for start_ms in starts.into_iter().take(ROLL_UP_CHAPTERS_MAX) {
            let title = read_secret(&self.wish_path(stream, start_ms))?;
            if (1..=CHAPTER_BYTES_MAX).contains(&title.len()) {
                chapters.push(Chapter { start_ms, title });
            }
        }
        Ok(chapters)
    }

    /// Whether a moment still waits to be named.
    pub fn is_wished(&self, stream: &StreamId, start_ms: u64) -> bool {
        self.wish_path(stream, start_ms).exists()
    }

    /// Forgets what was published.
    pub fn remove_wish(&self, stream: &StreamId, start_ms: u64) -> Result<(), Failure> {
        let path = self.wish_path(stream, start_ms);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file_failure("remove", &path, &error)),
            _ => sync_folder(folder_of(&path)).map_err(|error| file_failure("remove", &path, &error)),
        }
    }

    /// Forgets all that was asked for of a broadcast.
    pub(super) fn remove_wishes(&self, stream: &StreamId) -> Result<(), Failure> {
        self.wished_moments(stream)?.into_iter().try_for_each(|start_ms| self.remove_wish(stream, start_ms))
    }

    fn wished_moments(&self, stream: &StreamId) -> Result<Vec<u64>, Failure> {
        let folder = self.live_folder();
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| file_failure("read", &folder, &error))?,
        };
        let front = format!("{stream}.");
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.filter_map(|name| name.strip_prefix(&front)?.strip_suffix(ENDING)?.parse().ok()).collect())
    }

    fn wish_path(&self, stream: &StreamId, start_ms: u64) -> PathBuf {
        self.live_folder().join(format!("{stream}.{start_ms}{ENDING}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: StreamId = StreamId([4; 16]);

    fn chapter(start_ms: u64, title: &str) -> Chapter {
        Chapter { start_ms, title: title.to_owned() }
    }

    #[test]
    fn wishes_are_those_of_their_broadcast_and_go_one_by_one() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let home = Home::open(folder.path().join("home")).expect("a home");
        assert!(home.wished_chapters(&STREAM).expect("none").is_empty());
        let other = StreamId([5; 16]);
        for (stream, chapter) in [
            (STREAM, chapter(90_000, "The vote")),
            (other, chapter(0, "elsewhere")),
            (STREAM, chapter(2_000, "The brigde")),
            (STREAM, chapter(2_000, "Көпір")),
        ] {
            home.wish_chapter(&stream, &chapter).expect("it is written");
        }
        assert_eq!(home.wished_chapters(&STREAM).expect("two"), [chapter(2_000, "Көпір"), chapter(90_000, "The vote")]);
        home.remove_wish(&STREAM, 2_000).expect("it is removed");
        home.remove_wish(&STREAM, 2_000).expect("twice is no harm");
        assert!(!home.is_wished(&STREAM, 2_000) && home.is_wished(&STREAM, 90_000));
        home.remove_live_session(&STREAM).expect("it is over");
        assert!(home.wished_chapters(&STREAM).expect("none").is_empty());
        assert_eq!(home.wished_chapters(&other).expect("one").len(), 1);
        (0..40).for_each(|number| home.wish_chapter(&STREAM, &chapter(number, "a")).expect("it is written"));
        assert_eq!(home.wished_chapters(&STREAM).expect("many").len(), ROLL_UP_CHAPTERS_MAX);
    }
}
