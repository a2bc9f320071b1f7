//! What a player does with a playlist and a clock.

use std::io;
use std::time::{Duration, Instant};

use super::http::Connection;
use super::shown::Shown;

/// Segments from the end at which playing begins, and which are waited for (RFC 8216, 6.3.3).
const START_SEGMENTS: usize = 3;

/// What one viewer went through.
#[derive(Debug, Default)]
pub struct Watched {
    /// How often the picture stood still, and for how long in all.
    pub stalls: u32,
    pub stalled: Duration,
    /// What still had to play when each segment came.
    pub spare: Vec<Duration>,
    /// From asking for a segment to its last byte.
    pub segments: Vec<Duration>,
    /// The same for playlists.
    pub lists: Vec<Duration>,
    /// Bytes of segments and playlists.
    pub bytes: u64,
}

/// Watches until `end`: asks for the playlist once in each target duration, or after half of it where nothing was new, and
/// gets every segment.
pub async fn watch(host: &str, list: &str, end: Instant, shown: &Shown) -> io::Result<Watched> {
    let mut connection = Connection::open(host).await?;
    let (mut watched, mut clock) = (Watched::default(), PlayClock::default());
    let folder = list.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut next = None;
    while Instant::now() < end {
        let asked = Instant::now();
        let answer = connection.get(list, true).await?;
        expect(answer.status == 200, "a playlist that is not there")?;
        watched.lists.push(asked.elapsed());
        watched.bytes += answer.length as u64;
        let text = String::from_utf8_lossy(&answer.body);
        let playlist = Playlist::read(&text).ok_or_else(|| io::Error::other("a playlist that cannot be read"))?;
        shown.note_list(&text, &playlist);
        let newest = playlist.first + playlist.segments.len() as u64;
        let from = next.unwrap_or(newest.saturating_sub(START_SEGMENTS as u64));
        expect(from >= playlist.first, "a player that fell behind its playlist")?;
        if next.is_none() {
            fetch(&mut connection, &format!("{folder}/{}", playlist.map), shown, &mut watched).await?;
        }
        for (name, duration) in &playlist.segments[(from - playlist.first) as usize..] {
            let took = fetch(&mut connection, &format!("{folder}/{name}"), shown, &mut watched).await?;
            watched.segments.push(took);
            watched.spare.extend(clock.arrived(Instant::now(), *duration));
        }
        next = Some(newest.max(from));
        let pause = if newest > from { playlist.target } else { playlist.target / 2 };
        tokio::time::sleep_until((asked + pause).min(end).into()).await;
    }
    (watched.stalls, watched.stalled) = clock.stalled(Instant::now());
    Ok(watched)
}

async fn fetch(connection: &mut Connection, path: &str, shown: &Shown, watched: &mut Watched) -> io::Result<Duration> {
    let asked = Instant::now();
    let known = shown.length(path);
    let answer = connection.get(path, known.is_none()).await?;
    let took = asked.elapsed();
    expect(answer.status == 200, "a segment that is not there")?;
    expect(known.is_none_or(|length| length == answer.length), "a segment that is not as long as for others")?;
    watched.bytes += answer.length as u64;
    if known.is_none() {
        shown.note_file(path, answer.body);
    }
    Ok(took)
}

fn expect(is_so: bool, otherwise: &str) -> io::Result<()> {
    if is_so { Ok(()) } else { Err(io::Error::other(otherwise.to_owned())) }
}

/// What a playlist says.
#[derive(Debug, PartialEq)]
pub struct Playlist {
    pub target: Duration,
    /// The number of the first segment.
    pub first: u64,
    /// The initialisation segment.
    pub map: String,
    pub segments: Vec<(String, Duration)>,
}

impl Playlist {
    /// Reads a media playlist; `None` where something is missing.
    pub fn read(text: &str) -> Option<Self> {
        let mut playlist = Self { target: Duration::ZERO, first: 0, map: String::new(), segments: Vec::new() };
        let mut duration = None;
        for line in text.lines() {
            if let Some(seconds) = line.strip_prefix("#EXT-X-TARGETDURATION:") {
                playlist.target = Duration::from_secs(seconds.parse().ok()?);
            } else if let Some(first) = line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:") {
                playlist.first = first.parse().ok()?;
            } else if let Some(map) = line.strip_prefix("#EXT-X-MAP:URI=\"") {
                map.strip_suffix('"')?.clone_into(&mut playlist.map);
            } else if let Some(seconds) = line.strip_prefix("#EXTINF:") {
                duration = Some(Duration::from_secs_f64(seconds.split(',').next()?.parse().ok()?));
            } else if !line.starts_with('#') && !line.is_empty() {
                playlist.segments.push((line.to_owned(), duration.take()?));
            }
        }
        (!playlist.target.is_zero() && !playlist.map.is_empty()).then_some(playlist)
    }
}

/// The clock of a player: it starts when some segments are there, and stands still where the next one comes too late.
#[derive(Debug, Default)]
struct PlayClock {
    /// When all that has come will have been played, once it plays.
    empty_at: Option<Instant>,
    waiting: Duration,
    segments: usize,
    stalls: u32,
    stalled: Duration,
}

impl PlayClock {
    /// A segment came. Returns what still had to play before it, if it played.
    fn arrived(&mut self, now: Instant, duration: Duration) -> Option<Duration> {
        self.segments += 1;
        let Some(empty_at) = self.empty_at else {
            self.waiting += duration;
            self.empty_at = (self.segments >= START_SEGMENTS).then(|| now + self.waiting);
            return None;
        };
        (self.stalls, self.stalled) = self.stalled(now);
        self.empty_at = Some(empty_at.max(now) + duration);
        Some(empty_at.saturating_duration_since(now))
    }

    /// How often and how long it stood still until now.
    fn stalled(&self, now: Instant) -> (u32, Duration) {
        match self.empty_at {
            Some(empty_at) if empty_at < now => (self.stalls + 1, self.stalled + (now - empty_at)),
            _ => (self.stalls, self.stalled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_playlist_is_read() {
        let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI=\"i.mp4\"\n\
            #EXT-X-PROGRAM-DATE-TIME:2026-11-30T00:00:00Z\n#EXTINF:2.000,\na.m4s\n#EXTINF:1.500,\nb.m4s\n";
        let playlist = Playlist::read(text).unwrap();
        assert_eq!((playlist.target, playlist.first, playlist.map.as_str()), (2 * SECOND, 7, "i.mp4"));
        assert_eq!(playlist.segments, [("a.m4s".to_owned(), 2 * SECOND), ("b.m4s".to_owned(), 3 * SECOND / 2)]);
        assert_eq!(Playlist::read("#EXTM3U\na.m4s\n"), None);
    }

    #[test]
    fn a_picture_stands_still_when_a_segment_comes_too_late() {
        let (start, mut clock) = (Instant::now(), PlayClock::default());
        for _ in 0..START_SEGMENTS {
            assert_eq!(clock.arrived(start, 2 * SECOND), None);
        }
        assert_eq!(clock.arrived(start + 5 * SECOND, 2 * SECOND), Some(SECOND));
        assert_eq!(clock.stalled(start + 8 * SECOND), (0, Duration::ZERO));
        assert_eq!(clock.arrived(start + 9 * SECOND, 2 * SECOND), Some(Duration::ZERO));
        assert_eq!(clock.stalled(start + 11 * SECOND), (1, SECOND), "what is behind counts once");
        assert_eq!(clock.stalled(start + 12 * SECOND), (2, 2 * SECOND), "and what lasts");
    }
}
