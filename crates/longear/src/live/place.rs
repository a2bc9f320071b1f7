//! Where a file of an encoder stands, and which rendition a playlist is of.

use longear_core::live::{Medium, is_rendition_name};

use super::Refusal;

/// Parts of a path.
const PARTS_MAX: usize = 6;
/// Bytes of a part.
const PART_BYTES_MAX: usize = 96;
/// What playlists are called that say nothing about their rendition.
const PLAIN_NAMES: [&str; 7] = ["index", "stream", "playlist", "live", "out", "output", "media"];

/// The path of a file below the place that an encoder writes to: a name in a table, never one on the disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(String);

impl Place {
    /// Takes a path as it came.
    ///
    /// # Errors
    /// [`Refusal::Name`] for what is no plain relative path.
    pub fn new(path: &str) -> Result<Self, Refusal> {
        let parts = path.split('/').collect::<Vec<_>>();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%+=,@".contains(&byte);
        let is_part = |part: &&str| {
            (1..=PART_BYTES_MAX).contains(&part.len()) && !part.starts_with('.') && part.bytes().all(is_plain)
        };
        let is_path = parts.len() <= PARTS_MAX && parts.iter().all(is_part);
        if is_path { Ok(Place(path.to_owned())) } else { Err(Refusal::Name) }
    }

    /// The place that a playlist here means by `uri`; none for what leads out of the broadcast.
    pub fn beside(&self, uri: &str) -> Option<Place> {
        let uri = uri.split(['?', '#']).next().unwrap_or_default();
        // Of a whole address only the name counts: encoders write it so where folders are the same.
        let is_whole = uri.contains("://") || uri.starts_with('/');
        let uri = if is_whole { uri.rsplit('/').next().unwrap_or_default() } else { uri };
        let path = match self.0.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{}", uri.trim_start_matches("./")),
            None => uri.trim_start_matches("./").to_owned(),
        };
        Place::new(&path).ok()
    }

    /// Whether a playlist stands here.
    pub fn is_playlist(&self) -> bool {
        self.0.ends_with(".m3u8") || self.0.ends_with(".m3u")
    }

    /// The rendition that a playlist here is of: its folder (`360p/index.m3u8`), or else the end of its name
    /// (`stream_360p.m3u8`), or else what it holds.
    ///
    /// # Errors
    /// [`Refusal::Name`] where that cannot be the name of a rendition.
    pub fn rendition(&self, medium: Medium) -> Result<String, Refusal> {
        let mut parts = self.0.rsplit('/');
        let stem = parts.next().and_then(|name| name.rsplit_once('.')).map_or("", |(stem, _)| stem);
        let name = match parts.next() {
            Some(folder) => folder,
            None => stem.rsplit('_').next().unwrap_or_default(),
        };
        if PLAIN_NAMES.contains(&name) {
            return Ok(match medium {
                Medium::Sound => "audio".to_owned(),
                Medium::Picture(height) => format!("{height}p"),
            });
        }
        if is_rendition_name(name) { Ok(name.to_owned()) } else { Err(Refusal::Name) }
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Place {
        Place::new(path).expect("a plain path")
    }

    #[test]
    fn folders_or_names_say_which_rendition_it_is() {
        for (path, name) in [
            ("360p/index.m3u8", "360p"),
            ("hls/144p/a.m3u8", "144p"),
            ("stream_audio.m3u8", "audio"),
            ("a_b_360p.m3u8", "360p"),
            ("720p.m3u8", "720p"),
            ("index.m3u8", "240p"),
            ("live/stream.m3u8", "240p"),
        ] {
            assert_eq!(place(path).rendition(Medium::Picture(240)).as_deref(), Ok(name), "{path}");
        }
        assert_eq!(place("index.m3u8").rendition(Medium::Sound).as_deref(), Ok("audio"));
        for path in ["HD/index.m3u8", "rendition-with-a-long-name/index.m3u8", "a_%20.m3u8"] {
            assert_eq!(place(path).rendition(Medium::Sound), Err(Refusal::Name), "{path}");
        }
    }

    #[test]
    fn what_is_no_plain_path_is_no_place() {
        let long = "a".repeat(PART_BYTES_MAX + 1);
        for path in
            ["", "/", "a//b", "../a", "a/..", "a/./b", "a/.b", "a\\b", "a b", "ä", "a/b/c/d/e/f/g", &long, "a\0"]
        {
            assert_eq!(Place::new(path), Err(Refusal::Name), "{path:?}");
        }
    }

    #[test]
    fn a_playlist_names_files_beside_itself() {
        let playlist = place("360p/index.m3u8");
        for (uri, path) in [
            ("1.m4s", Some("360p/1.m4s")),
            ("./1.m4s?x=1", Some("360p/1.m4s")),
            ("media/1.m4s", Some("360p/media/1.m4s")),
            ("http://127.0.0.1:7777/live/in/word/360p/1.m4s", Some("360p/1.m4s")),
            ("../1.m4s", None),
            ("", None),
        ] {
            assert_eq!(playlist.beside(uri), path.map(place), "{uri}");
        }
        assert_eq!(place("index.m3u8").beside("1.m4s"), Some(place("1.m4s")));
    }
}
