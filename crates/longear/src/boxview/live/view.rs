//! A broadcast as pages show it.

use std::ops::Range;

use longear_core::live::{Chapter, Medium, Phase, Timeline, Track};
use longear_pages::{ChapterView, LivePhase, LiveView, SaveView, TrackView};

use super::broadcast::{Looked, Saving};
use super::{LIVE, MASTER};

/// From what length on moments are offered that nobody named.
const MARKED_MS_MIN: u64 = 20 * 60_000;
/// How far they lie apart.
const MARK_MS: u64 = 10 * 60_000;
/// How many are offered: those of a day. In what is longer they lie farther apart.
const MARKS_MAX: u64 = 144;
/// The tallest picture that old phones decode without stumbling.
const TALLEST: Medium = Medium::Picture(480);

/// Puts together what a page says.
pub fn view(id: &str, timeline: &Timeline, looked: &Looked, now_ms: u64) -> LiveView {
    let Looked { held, saves, playable, .. } = looked;
    let phase = match timeline.phase(now_ms) {
        Phase::Soon => LivePhase::Soon,
        Phase::Live => LivePhase::Live,
        Phase::Waiting { since_ms } => LivePhase::Waiting { since_ms },
        Phase::Over => LivePhase::Over,
    };
    let mut tracks = timeline.tracks().iter().zip(held).filter(|(_, held)| !held.is_empty()).collect::<Vec<_>>();
    tracks.sort_by_key(|(track, _)| std::cmp::Reverse(track.medium));
    let list = |file: &str| format!("{LIVE}{id}/{file}");
    // Of one rendition: the player of Chromium that takes playlists stumbles where it goes from one to another while live.
    let shown = tracks.iter().filter(|(track, _)| playable.contains(&track.name));
    let shown = shown.clone().find(|(track, _)| track.medium <= TALLEST).or(shown.clone().next_back());
    let shown = shown.map(|(track, _)| list(&format!("{}.m3u8", track.name)));
    let sound = tracks.iter().find(|(track, _)| track.medium == Medium::Sound && playable.contains(&track.name));
    LiveView {
        phase,
        length_ms: timeline.end_ms(),
        list_href: (!playable.is_empty()).then(|| list(MASTER)),
        sound_href: sound.map(|(track, _)| list(&format!("{}.m3u8", track.name))),
        past_href: (!tracks.is_empty() && !timeline.is_over()).then(|| list(&format!("{MASTER}?from=0"))),
        from_href: (!tracks.is_empty()).then(|| list(&format!("{MASTER}?from="))),
        chapters: timeline.chapters().iter().map(|chapter| chapter_view(chapter, &tracks)).collect(),
        marks: marks(timeline.end_ms(), &tracks),
        href: shown,
        saves: saves.iter().map(|saving| save_view(&list(&saving.file_name), saving)).collect(),
        tracks: tracks.into_iter().map(|(track, held)| track_view(track, held)).collect(),
    }
}

type HeldTrack<'a> = (&'a Track, &'a Vec<Range<u64>>);

fn chapter_view(chapter: &Chapter, tracks: &[HeldTrack<'_>]) -> ChapterView {
    let is_here = is_any_here(tracks, chapter.start_ms, MARK_MS);
    ChapterView { start_ms: chapter.start_ms, title: chapter.title.clone(), is_here }
}

/// Where one may want to begin in a long broadcast, as far as something is here that begins there.
fn marks(length_ms: u64, tracks: &[HeldTrack<'_>]) -> Vec<u64> {
    if length_ms <= MARKED_MS_MIN {
        return Vec::new();
    }
    let step_ms = MARK_MS * (length_ms / MARK_MS).div_ceil(MARKS_MAX).max(1);
    let starts = (0..length_ms).step_by(step_ms as usize);
    starts.filter(|start_ms| is_any_here(tracks, *start_ms, step_ms)).collect()
}

/// Whether anything of a span is here.
fn is_any_here(tracks: &[HeldTrack<'_>], start_ms: u64, span_ms: u64) -> bool {
    let end_ms = start_ms.saturating_add(span_ms);
    tracks.iter().any(|(_, held)| {
        let first = held.partition_point(|range| range.end <= start_ms);
        held.get(first).is_some_and(|range| range.start < end_ms)
    })
}

fn track_view(track: &Track, held: &[Range<u64>]) -> TrackView {
    TrackView { name: track.name.clone(), is_sound: track.medium == Medium::Sound, held: held.to_vec() }
}

fn save_view(href: &str, saving: &Saving) -> SaveView {
    SaveView {
        href: href.to_owned(),
        name: saving.file_name.clone(),
        is_sound: saving.medium == Medium::Sound,
        size_bytes: saving.size,
    }
}
