//! A broadcast as pages show it.

use std::ops::Range;

use longear_core::live::{Medium, Timeline, Track};
use longear_pages::{LivePhase, LiveView, SaveView, TrackView};

use super::broadcast::HeldTimes;
use super::{LIVE, MASTER};
use crate::recording::Take;

/// Puts together what a page says. `held` are the times of each rendition that are here, `takes` what can be saved,
/// `playable` the renditions that have a playlist.
pub fn view(
    id: &str,
    timeline: &Timeline,
    held: HeldTimes,
    takes: &[Take],
    playable: &[String],
    now_ms: u64,
) -> LiveView {
    let phase = match timeline.newest_ms() {
        _ if timeline.is_over() => LivePhase::Over,
        None => LivePhase::Soon,
        Some(_) if timeline.is_live(now_ms) => LivePhase::Live,
        Some(since_ms) => LivePhase::Waiting { since_ms },
    };
    let mut tracks = timeline.tracks().iter().zip(&held).filter(|(_, held)| !held.is_empty()).collect::<Vec<_>>();
    tracks.sort_by_key(|(track, _)| std::cmp::Reverse(height(track)));
    let list = |file: &str| format!("{LIVE}{id}/{file}");
    let sound = tracks.iter().find(|(track, _)| track.medium == Medium::Sound && playable.contains(&track.name));
    LiveView {
        phase,
        length_ms: timeline.end_ms(),
        href: (!playable.is_empty()).then(|| list(MASTER)),
        sound_href: sound.map(|(track, _)| list(&format!("{}.m3u8", track.name))),
        past_href: (!tracks.is_empty() && !timeline.is_over()).then(|| list(&format!("{MASTER}?from=0"))),
        saves: takes.iter().map(|take| save_view(&list(&take.file_name()), take)).collect(),
        tracks: tracks.into_iter().map(|(track, held)| track_view(track, held)).collect(),
    }
}

fn track_view(track: &Track, held: &[Range<u64>]) -> TrackView {
    TrackView { name: track.name.clone(), is_sound: track.medium == Medium::Sound, held: held.to_vec() }
}

fn save_view(href: &str, take: &Take) -> SaveView {
    SaveView {
        href: href.to_owned(),
        name: take.file_name(),
        is_sound: take.medium == Medium::Sound,
        size_bytes: take.size(),
    }
}

fn height(track: &Track) -> u32 {
    match track.medium {
        Medium::Sound => 0,
        Medium::Picture(height) => u32::from(height) + 1,
    }
}
