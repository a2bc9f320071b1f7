//! What an encoder says about its segments: a media playlist of HTTP Live Streaming (RFC 8216).

use longear_core::limits::SEGMENT_MS_MAX;

use super::{PLAYLIST_BYTES_MAX, Refusal};

/// Shorter segments are an encoder's crumbs, in microseconds.
const SEGMENT_US_MIN: u64 = 10_000;

/// A playlist that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Playlist {
    /// It names other playlists; of no use here.
    Main,
    /// It names the segments of one rendition.
    Media(Vec<Entry>),
}

/// A segment in a playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the broadcast of the encoder.
    pub number: u64,
    /// How long it plays, in microseconds. None for a crumb.
    pub duration_us: Option<u64>,
    /// Where it stands.
    pub uri: String,
    /// Where its initialisation segment stands.
    pub init: String,
    /// Whether what the encoder counts begins anew with it.
    pub is_discontinuous: bool,
}

/// Reads a playlist.
///
/// # Errors
/// What keeps it from being used, in words for whoever set the encoder up.
pub fn read(bytes: &[u8]) -> Result<Playlist, Refusal> {
    if bytes.len() > PLAYLIST_BYTES_MAX {
        return Err(Refusal::playlist_too_large());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::Playlist("it is not UTF-8"))?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines.next() != Some("#EXTM3U") {
        return Err(Refusal::Playlist("it does not begin with #EXTM3U"));
    }
    let mut reading = Reading::default();
    for line in lines {
        let (tag, value) = line.split_once(':').unwrap_or((line, ""));
        match tag {
            "#EXT-X-STREAM-INF" | "#EXT-X-MEDIA" => return Ok(Playlist::Main),
            "#EXT-X-MEDIA-SEQUENCE" => {
                reading.number = value.parse().map_err(|_| Refusal::Playlist("its media sequence is no number"))?;
            }
            "#EXT-X-MAP" => reading.init = Some(quoted(value, "URI").ok_or(Refusal::Playlist("its map has no URI"))?),
            "#EXT-X-KEY" if !value.contains("METHOD=NONE") => {
                return Err(Refusal::Playlist("its segments are encrypted"));
            }
            "#EXT-X-BYTERANGE" => {
                return Err(Refusal::Playlist("its segments are parts of one file (leave out -hls_flags single_file)"));
            }
            "#EXT-X-DISCONTINUITY" => reading.is_discontinuous = true,
            "#EXTINF" => reading.duration_us = Some(duration(value)?),
            _ if line.starts_with('#') => {}
            _ => reading.segment(line)?,
        }
    }
    Ok(Playlist::Media(reading.entries))
}

#[derive(Default)]
struct Reading {
    entries: Vec<Entry>,
    number: u64,
    init: Option<String>,
    duration_us: Option<u64>,
    is_discontinuous: bool,
}

impl Reading {
    fn segment(&mut self, uri: &str) -> Result<(), Refusal> {
        let init = self.init.clone().ok_or_else(|| match uri.ends_with(".ts") {
            true => Refusal::TransportStream,
            false => Refusal::Playlist("it names no initialisation segment (give ffmpeg -hls_segment_type fmp4)"),
        })?;
        let duration_us = self.duration_us.take().ok_or(Refusal::Playlist("a segment has no length"))?;
        let number = self.number;
        self.number = number.checked_add(1).ok_or(Refusal::Playlist("its numbers are too large"))?;
        let is_discontinuous = std::mem::take(&mut self.is_discontinuous);
        let duration_us = Some(duration_us).filter(|duration| *duration >= SEGMENT_US_MIN);
        self.entries.push(Entry { number, duration_us, uri: uri.to_owned(), init, is_discontinuous });
        Ok(())
    }
}

fn duration(value: &str) -> Result<u64, Refusal> {
    let seconds = value.split(',').next().unwrap_or_default().trim();
    let seconds = seconds.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    let seconds = seconds.ok_or(Refusal::Playlist("the length of a segment is no number"))?;
    if seconds * 1_000.0 > f64::from(SEGMENT_MS_MAX) {
        return Err(Refusal::TooLong);
    }
    Ok((seconds * 1_000_000.0).round() as u64)
}

/// The value of an attribute that stands in quotes.
fn quoted(list: &str, name: &str) -> Option<String> {
    let begins = |at: usize| at == 0 || list.as_bytes()[at - 1] == b',';
    let at = list.match_indices(name).map(|(at, _)| at).find(|at| begins(*at))?;
    let value = list[at + name.len()..].strip_prefix("=\"")?;
    value.split_once('"').map(|(value, _)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As ffmpeg 5.1 writes it.
    const WRITTEN: &str = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:41\n\
        #EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init_1.mp4\"\n#EXTINF:2.000000,\n000041.m4s\n\
        #EXT-X-DISCONTINUITY\n#EXTINF:1.966667,\n000042.m4s\n#EXTINF:0.002000,\n000043.m4s\n#EXT-X-ENDLIST\n";

    fn entry(number: u64, duration_us: Option<u64>, uri: &str, is_discontinuous: bool) -> Entry {
        Entry { number, duration_us, uri: uri.into(), init: "init_1.mp4".into(), is_discontinuous }
    }

    #[test]
    fn what_encoders_write_is_understood() {
        let entries = vec![
            entry(41, Some(2_000_000), "000041.m4s", false),
            entry(42, Some(1_966_667), "000042.m4s", true),
            entry(43, None, "000043.m4s", false),
        ];
        assert_eq!(read(WRITTEN.as_bytes()), Ok(Playlist::Media(entries.clone())));
        assert_eq!(read(WRITTEN.replace('\n', "\r\n").as_bytes()), Ok(Playlist::Media(entries)));
        let main = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=26400,CODECS=\"mp4a.40.2\"\naudio/index.m3u8\n";
        assert_eq!(read(main.as_bytes()), Ok(Playlist::Main));
        assert_eq!(read(b"#EXTM3U\n"), Ok(Playlist::Media(Vec::new())));
    }

    #[test]
    fn what_cannot_be_used_is_said_in_words() {
        let map = "#EXTM3U\n#EXT-X-MAP:URI=\"i.mp4\"\n";
        for (text, words) in [
            (String::new(), "#EXTM3U"),
            ("#EXTM3U\n#EXTINF:2,\n0.ts\n".into(), "fmp4"),
            ("#EXTM3U\n#EXTINF:2,\n0.m4s\n".into(), "fmp4"),
            (format!("{map}0.m4s\n"), "no length"),
            (format!("{map}#EXTINF:x,\n0.m4s\n"), "no number"),
            (format!("{map}#EXTINF:-1,\n0.m4s\n"), "no number"),
            (format!("{map}#EXTINF:inf,\n0.m4s\n"), "no number"),
            (format!("{map}#EXTINF:30.1,\n0.m4s\n"), "-hls_time"),
            (format!("{map}#EXT-X-BYTERANGE:1@0\n"), "single_file"),
            (format!("{map}#EXT-X-KEY:METHOD=AES-128\n"), "encrypted"),
            (format!("{map}#EXT-X-MEDIA-SEQUENCE:-1\n"), "no number"),
            ("#EXTM3U\n#EXT-X-MAP:XURI=\"a\"\n".into(), "URI"),
            (format!("{map}#EXT-X-MEDIA-SEQUENCE:{}\n#EXTINF:1,\na\n", u64::MAX), "too large"),
            (format!("#EXTM3U\n{}", "#".repeat(PLAYLIST_BYTES_MAX)), "bytes"),
        ] {
            let refused = read(text.as_bytes()).expect_err("it is refused").to_string();
            assert!(refused.contains(words), "{text:.80}: {refused}");
        }
        assert!(read(b"#EXTM3U\n\xff").is_err());
    }
}
