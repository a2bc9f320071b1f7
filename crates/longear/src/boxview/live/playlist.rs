//! Playlists of a broadcast for every player that is not ours: HTTP Live Streaming (RFC 8216).
//!
//! Only segments that are here are listed. Native players get a discontinuity where something is missing; players that know
//! gaps (hls.js) may ask for them to be named.

use std::fmt::Write;

use longear_core::blob::BlobHash;
use longear_core::live::{Description, Part, Track};

use crate::commands::rfc3339;

/// How much of a running broadcast a playlist reaches back.
pub const WINDOW_MS: u64 = 120_000;
/// Native players begin to play when they see a playlist, so it must hold enough to go on.
pub const LIVE_PARTS_MIN: usize = 3;
/// How much must lie behind a hole before players are led over it.
const JUMP_MS_MIN: u64 = 12_000;
/// How much of a broadcast that is over one playlist holds: some 40,000 lines of text.
pub const HOURS_MS: u64 = 6 * 3_600_000;

/// A line of a playlist: a segment, and whether it is here.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The segment.
    pub part: &'a Part,
    /// Whether it is here.
    pub is_here: bool,
}

/// What stands at the top of a media playlist.
#[derive(Clone, Copy, Debug)]
pub struct Top {
    /// Number of the first segment listed.
    pub first: u64,
    /// How many discontinuities came before it.
    pub discontinuities: u64,
    /// Whether nothing will follow.
    pub is_over: bool,
    /// What the newsroom's clock showed when the broadcast began.
    pub zero_ms: Option<u64>,
}

/// The lines of a running broadcast: segments that are here without a hole between them, oldest first, and the index of the
/// first. None while there are too few.
///
/// Segments may come in any order. A player is not led over a hole before what lies behind it is worth it: mostly the hole fills
/// within a second, and a list that is taken back or jumps ends the play.
pub fn live_run(track: &Track, is_here: impl Fn(&Part) -> bool) -> Option<(usize, &[Part])> {
    let mut newest = None;
    let mut end = track.parts.len();
    while let Some(last) = track.parts[..end].iter().rposition(&is_here) {
        let first = run_back(track, last, &is_here);
        let run = &track.parts[first..=last];
        if run.len() >= LIVE_PARTS_MIN {
            if newest.is_some() || track.parts[last].end_ms() >= run[0].start_ms + JUMP_MS_MIN {
                return Some((first, run));
            }
            newest = Some((first, run));
        }
        end = first;
    }
    newest
}

/// The first segment of the run that ends with this one.
fn run_back(track: &Track, last: usize, is_here: impl Fn(&Part) -> bool) -> usize {
    let mut first = last;
    while first > 0 {
        let (before, next) = (&track.parts[first - 1], &track.parts[first]);
        let is_old = track.parts[last].end_ms() > before.start_ms + WINDOW_MS;
        if is_old || !before.meets(next) || !is_here(before) {
            break;
        }
        first -= 1;
    }
    first
}

/// The segments between two times, in milliseconds since the broadcast began.
pub fn between(track: &Track, from_ms: u64, to_ms: u64) -> &[Part] {
    let first = track.parts.partition_point(|part| part.end_ms() <= from_ms);
    let end = track.parts.partition_point(|part| part.start_ms < to_ms).max(first);
    &track.parts[first..end]
}

/// A media playlist. Lines that are not here stand in it as gaps where `names_gaps`, and are left out otherwise.
pub fn media(top: Top, lines: &[Line<'_>], names_gaps: bool) -> String {
    let longest = lines.iter().map(|line| line.part.duration_ms).max().unwrap_or(1_000);
    let mut out = format!(
        "#EXTM3U\n#EXT-X-VERSION:{}\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:{}\n",
        if names_gaps { 8 } else { 7 },
        // Rounded as the durations are compared with it (RFC 8216, 4.3.3.1).
        ((longest + 500) / 1_000).max(1),
        top.first
    );
    if top.is_over {
        out.push_str("#EXT-X-PLAYLIST-TYPE:VOD\n");
    } else if top.discontinuities > 0 {
        let _ = writeln!(out, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", top.discontinuities);
    }
    out.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
    let mut before: Option<&Part> = None;
    for line in lines.iter().filter(|line| line.is_here || names_gaps) {
        let part = line.part;
        let breaks = before.is_some_and(|before| before.init != part.init || !before.meets(part));
        if breaks {
            out.push_str("#EXT-X-DISCONTINUITY\n");
        }
        if before.is_none_or(|before| before.init != part.init) {
            let _ = writeln!(out, "#EXT-X-MAP:URI=\"{}.mp4\"", BlobHash::from_bytes(part.init));
        }
        if let Some(zero_ms) = top.zero_ms.filter(|_| before.is_none() || breaks) {
            let _ = writeln!(out, "#EXT-X-PROGRAM-DATE-TIME:{}", rfc3339(zero_ms + part.start_ms));
        }
        if !line.is_here {
            out.push_str("#EXT-X-GAP\n");
        }
        let seconds = f64::from(part.duration_ms) / 1_000.0;
        let _ = writeln!(out, "#EXTINF:{seconds:.3},\n{}.m4s", BlobHash::from_bytes(part.blob));
        before = Some(part);
    }
    if top.is_over {
        out.push_str("#EXT-X-ENDLIST\n");
    }
    out
}

/// The list of renditions, the best one first, as players that cannot choose take the first. `query` is carried on.
pub fn master(mut tracks: Vec<&Track>, described: impl Fn(&Part) -> Option<Description>, query: &str) -> String {
    let mut out = String::from("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    tracks.sort_by_key(|track| std::cmp::Reverse((track.medium, bandwidth(track))));
    for track in tracks {
        let _ = write!(out, "#EXT-X-STREAM-INF:BANDWIDTH={}", bandwidth(track));
        if let Some(description) = track.parts.last().and_then(&described) {
            if !description.codecs.is_empty() {
                let _ = write!(out, ",CODECS=\"{}\"", description.codecs.join(","));
            }
            if let Some((width, height)) = description.size {
                let _ = write!(out, ",RESOLUTION={width}x{height}");
            }
        }
        let _ = writeln!(out, ",NAME=\"{name}\"\n{name}.m3u8{query}", name = track.name);
    }
    out
}

/// The most bits a second that any segment needs; players choose by it.
fn bandwidth(track: &Track) -> u64 {
    let rates = track.parts.iter().map(|part| u64::from(part.size) * 8_000 / u64::from(part.duration_ms.max(1)));
    rates.max().unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use longear_core::live::Medium;

    use super::*;

    fn part(number: u8, start_ms: u64) -> Part {
        Part { start_ms, duration_ms: 2_000, init: [9; 32], init_size: 700, blob: [number; 32], size: 1_000 }
    }

    fn track(starts: &[u64]) -> Track {
        let parts = starts.iter().enumerate().map(|(index, start)| part(index as u8, *start)).collect();
        Track { name: "audio".into(), medium: Medium::Sound, parts }
    }

    fn lines(parts: &[Part]) -> Vec<Line<'_>> {
        parts.iter().map(|part| Line { part, is_here: true }).collect()
    }

    const TOP: Top = Top { first: 7, discontinuities: 0, is_over: false, zero_ms: Some(0) };

    #[test]
    fn a_running_broadcast_is_what_is_here_without_a_hole() {
        let run = |track: &Track, is_here: &dyn Fn(&Part) -> bool| {
            live_run(track, is_here).map(|(first, parts)| (first, parts.len()))
        };
        let track = track(&[0, 2_000, 10_000, 12_000, 14_000, 16_000]);
        assert_eq!(run(&track, &|_| true), Some((2, 4)));
        // The newest one is known but has not come.
        let but_last = |part: &Part| part.start_ms < 16_000;
        assert_eq!(run(&track, &but_last), Some((2, 3)));
        // Two segments are too few for a player that starts at once.
        let but_two = |part: &Part| part.start_ms < 14_000;
        assert_eq!(run(&track, &but_two), None);
        let but_middle = |part: &Part| part.start_ms != 12_000;
        assert_eq!(run(&track, &but_middle), None);
    }

    /// A box gets segments of the newest ticks in any order. Its list was withdrawn whenever the third but newest came last, and
    /// browsers gave up playing.
    #[test]
    fn a_list_is_not_taken_back_for_a_segment_that_comes_late() {
        let track = track(&(0..20).map(|number| number * 2_000).collect::<Vec<_>>());
        let without = |missing: u64, until: u64| {
            let is_here = move |part: &Part| part.start_ms != missing * 2_000 && part.start_ms < until * 2_000;
            live_run(&track, is_here).map(|(first, parts)| (first, parts.len()))
        };
        assert_eq!(without(9, 11), Some((0, 9)), "one behind the hole");
        assert_eq!(without(9, 14), Some((0, 9)), "four behind the hole");
        assert_eq!(without(9, 16), Some((10, 6)), "twelve seconds: the player is led over it");
        assert_eq!(without(2, 6), Some((3, 3)), "there is nothing before it to play");
    }

    #[test]
    fn a_running_broadcast_reaches_back_by_its_window() {
        let starts = (0..200).map(|number| number * 2_000).collect::<Vec<_>>();
        let track = track(&starts);
        let (first, parts) = live_run(&track, |_| true).expect("a run");
        assert_eq!((first, parts.len() as u64), (140, WINDOW_MS / 2_000));
    }

    #[test]
    fn what_is_missing_is_a_discontinuity_or_a_gap() {
        let track = track(&[0, 2_000, 4_000]);
        let mut listed = lines(&track.parts);
        listed[1].is_here = false;
        let native = media(TOP, &listed, false);
        assert_eq!(native.matches("#EXTINF").count(), 2);
        assert_eq!(native.matches("#EXT-X-DISCONTINUITY\n").count(), 1);
        assert!(!native.contains("GAP") && native.contains("#EXT-X-MEDIA-SEQUENCE:7\n"), "{native}");
        assert!(native.contains("#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:04.000Z"), "{native}");
        let gaps = media(TOP, &listed, true);
        assert_eq!((gaps.matches("#EXTINF").count(), gaps.matches("#EXT-X-GAP\n").count()), (3, 1));
        assert!(!gaps.contains("#EXT-X-DISCONTINUITY") && gaps.contains("VERSION:8"), "{gaps}");
    }

    #[test]
    fn another_initialisation_segment_breaks_the_list() {
        let mut track = track(&[0, 2_000]);
        track.parts[1].init = [8; 32];
        let list = media(Top { is_over: true, ..TOP }, &lines(&track.parts), false);
        assert_eq!((list.matches("#EXT-X-MAP").count(), list.matches("#EXT-X-DISCONTINUITY\n").count()), (2, 1));
        assert!(list.contains("PLAYLIST-TYPE:VOD") && list.ends_with("#EXT-X-ENDLIST\n"), "{list}");
    }

    #[test]
    fn a_time_is_found_within_a_broadcast() {
        let track = track(&[0, 2_000, 10_000]);
        let starts = |from, to| between(&track, from, to).iter().map(|part| part.start_ms).collect::<Vec<_>>();
        assert_eq!(starts(0, u64::MAX), [0, 2_000, 10_000]);
        assert_eq!(starts(2_000, 10_000), [2_000]);
        assert_eq!(starts(3_999, 10_001), [2_000, 10_000]);
        assert_eq!(starts(5_000, 6_000), [0u64; 0]);
        assert_eq!(starts(9_000, 3_000), [0u64; 0]);
    }
}
