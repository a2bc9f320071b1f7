//! The relay line: the exact ranges of a file that are here, drawn and said.

use std::ops::Range;

use crate::html::{Html, fill};
use crate::view::RenditionView;
use crate::words::Voice;

/// How many strokes a line is drawn with at most; more holes than that are drawn on a raster.
const STROKES_MAX: usize = 200;

/// How many gaps the sentence names.
const GAPS_NAMED_MAX: usize = 3;

/// The line's length in drawing units: hundredths of a percent.
const LENGTH: u64 = 10_000;

/// What of a rendition is here.
pub(crate) struct Holding {
    size_bytes: u64,
    have_bytes: u64,
    held: Vec<Range<u64>>,
}

impl Holding {
    /// Reads a rendition, with its ranges put in order and kept within its size.
    pub(crate) fn of(rendition: &RenditionView) -> Holding {
        let RenditionView { size_bytes: size, have_bytes, .. } = *rendition;
        Holding { have_bytes: have_bytes.min(size), ..Holding::over(size, &rendition.held) }
    }

    /// What is here of something that is so long: bytes or milliseconds.
    pub(crate) fn over(size: u64, held: &[Range<u64>]) -> Holding {
        let mut held: Vec<Range<u64>> = held
            .iter()
            .map(|range| range.start.min(size)..range.end.min(size))
            .filter(|range| range.start < range.end)
            .collect();
        held.sort_by_key(|range| range.start);
        held.dedup_by(|next, before| {
            let touches = next.start <= before.end;
            if touches {
                before.end = before.end.max(next.end);
            }
            touches
        });
        let have = held.iter().map(|range| range.end - range.start).sum();
        Holding { size_bytes: size, have_bytes: have, held }
    }

    /// Puts several files one after another, to show them as one.
    pub(crate) fn together<'a>(holdings: impl Iterator<Item = &'a Holding>) -> Holding {
        let mut all = Holding { size_bytes: 0, have_bytes: 0, held: Vec::new() };
        for holding in holdings {
            let start = all.size_bytes;
            let shift = |byte: u64| byte.saturating_add(start);
            let held = holding.held.iter();
            all.held.extend(held.map(|range| shift(range.start)..shift(range.end)));
            all.size_bytes = all.size_bytes.saturating_add(holding.size_bytes);
            all.have_bytes = all.have_bytes.saturating_add(holding.have_bytes);
        }
        all
    }

    /// True when nothing is missing.
    pub(crate) fn is_whole(&self) -> bool {
        self.have_bytes == self.size_bytes
    }

    /// True when nothing is here.
    pub(crate) fn is_empty(&self) -> bool {
        self.have_bytes == 0 && self.size_bytes > 0
    }

    /// The share that is here, in thousandths, for comparing renditions.
    pub(crate) fn thousandths(&self) -> u64 {
        let part = u128::from(self.have_bytes) * 1000;
        u64::try_from(part / u128::from(self.size_bytes.max(1))).unwrap_or(1000)
    }

    /// Says `43 % here, 12 of 28 MB`, or that nothing is here yet.
    pub(crate) fn words(&self, voice: Voice) -> String {
        let (have, size) = voice.part_of(self.have_bytes, self.size_bytes);
        if self.is_empty() {
            return fill(voice.words.not_here_of, &[("size", &size)]);
        }
        let percent = voice.percent(self.have_bytes, self.size_bytes);
        fill(voice.words.here_of, &[("percent", &percent), ("have", &have), ("size", &size)])
    }

    /// Says in a word or two how much is here: `here`, `43 % here`, `not here`.
    pub(crate) fn short_words(&self, voice: Voice) -> String {
        if self.is_whole() {
            voice.words.here.to_owned()
        } else if self.is_empty() {
            voice.words.not_here.to_owned()
        } else {
            let percent = voice.percent(self.have_bytes, self.size_bytes);
            fill(voice.words.percent_here, &[("percent", &percent)])
        }
    }

    /// Draws the line. `duration_ms` lets the sentence name times instead of sizes.
    pub(crate) fn draw(&self, voice: Voice, duration_ms: Option<u64>) -> Html {
        let mut html = Html::default();
        if self.is_whole() {
            html.raw("<div class=\"line whole\" role=\"img\"")
                .attribute("aria-label", voice.words.whole)
                .raw("></div>");
            return html;
        }
        html.raw("<svg class=\"line\" viewBox=\"0 0 100 5\" preserveAspectRatio=\"none\" role=\"img\"")
            .attribute("aria-label", &self.sentence(voice, duration_ms))
            .raw("><path")
            .attribute("d", &self.path())
            .raw("/></svg>");
        html
    }

    /// Says what is missing, in times for sound and video, in sizes otherwise.
    fn sentence(&self, voice: Voice, duration_ms: Option<u64>) -> String {
        let gaps = self.gaps();
        if self.is_empty() || gaps.is_empty() {
            return self.words(voice);
        }
        let place = |byte: u64| match duration_ms.filter(|length| *length > 0) {
            Some(length) => voice.duration(scale(byte, self.size_bytes, length)),
            None => voice.size(byte),
        };
        let mut named: Vec<String> = gaps
            .iter()
            .take(GAPS_NAMED_MAX)
            .map(|gap| {
                let (start, end) = (place(gap.start), place(gap.end));
                fill(voice.words.gap, &[("start", &start), ("end", &end)])
            })
            .collect();
        if gaps.len() > GAPS_NAMED_MAX {
            let more = (gaps.len() - GAPS_NAMED_MAX) as u64;
            named.push(voice.count(&voice.words.gaps_more, more));
        }
        let percent = voice.percent(self.have_bytes, self.size_bytes);
        let gaps = named.join(voice.words.list_comma);
        fill(voice.words.missing_from, &[("percent", &percent), ("gaps", &gaps)])
    }

    fn gaps(&self) -> Vec<Range<u64>> {
        let mut gaps = Vec::with_capacity(self.held.len() + 1);
        let mut end = 0;
        for range in &self.held {
            if range.start > end {
                gaps.push(end..range.start);
            }
            end = range.end;
        }
        if end < self.size_bytes {
            gaps.push(end..self.size_bytes);
        }
        gaps
    }

    /// Path data for the held ranges. Starts are rounded up and ends down, so that no hole is painted over.
    fn path(&self) -> String {
        let strokes: Vec<Range<u64>> = if self.held.len() <= STROKES_MAX {
            self.held
                .iter()
                .map(|range| {
                    let start = scale_up(range.start, self.size_bytes, LENGTH);
                    start..scale(range.end, self.size_bytes, LENGTH).max(start)
                })
                .collect()
        } else {
            self.raster()
        };
        let mut path = String::from("M0 2.5H0");
        for stroke in strokes.iter().filter(|stroke| stroke.start < stroke.end) {
            path.push_str(&format!("M{} 2.5H{}", hundredths(stroke.start), hundredths(stroke.end)));
        }
        path
    }

    /// For very many ranges: cells of equal length, solid only where everything is here.
    fn raster(&self) -> Vec<Range<u64>> {
        let cells = STROKES_MAX as u64;
        let mut strokes: Vec<Range<u64>> = Vec::new();
        for cell in 0..cells {
            let start = scale(cell, cells, self.size_bytes);
            let end = scale_up(cell + 1, cells, self.size_bytes);
            let before = self.held.partition_point(|range| range.end < end);
            let whole = self.held.get(before).is_some_and(|range| range.start <= start);
            let (from, to) = (scale(cell, cells, LENGTH), scale(cell + 1, cells, LENGTH));
            match strokes.last_mut() {
                Some(last) if whole && last.end == from => last.end = to,
                _ if whole => strokes.push(from..to),
                _ => {}
            }
        }
        strokes
    }
}

/// The dotted line under what has not arrived at all. The words stand beside it, so it is only drawn.
pub(crate) fn draw_missing(html: &mut Html) {
    html.raw("<svg class=\"line\" viewBox=\"0 0 100 5\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><path d=\"M0 2.5H0\"/></svg>");
}

fn scale(value: u64, whole: u64, length: u64) -> u64 {
    let scaled = u128::from(value) * u128::from(length) / u128::from(whole.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

fn scale_up(value: u64, whole: u64, length: u64) -> u64 {
    let scaled = (u128::from(value) * u128::from(length)).div_ceil(u128::from(whole.max(1)));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

fn hundredths(units: u64) -> String {
    let (whole, rest) = (units / 100, units % 100);
    match (rest / 10, rest % 10) {
        (0, 0) => whole.to_string(),
        (tenth, 0) => format!("{whole}.{tenth}"),
        _ => format!("{whole}.{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    fn rendition(size_bytes: u64, held: &[Range<u64>]) -> RenditionView {
        RenditionView {
            name: "360p".into(),
            mime: "video/mp4".into(),
            size_bytes,
            have_bytes: held.iter().map(|range| range.end - range.start).sum(),
            held: held.to_vec(),
            duration_ms: None,
            width: None,
            height: None,
            href: "/b/aa/aa".into(),
        }
    }

    fn english(text: String) -> String {
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn the_line_shows_exactly_what_is_here() {
        let holding = Holding::of(&rendition(28_000_000, &[0..8_680_000, 10_640_000..14_000_000]));
        assert_eq!(holding.path(), "M0 2.5H0M0 2.5H31M38 2.5H50");
        let voice = Voice::new(Language::English);
        assert_eq!(english(holding.words(voice)), "43 % here, 12 of 28 MB");
        let sentence = english(holding.sentence(voice, Some(1_450_000)));
        assert_eq!(sentence, "43 % here, missing from 7:29 to 9:11, from 12:05 to 24:10");
    }

    #[test]
    fn kazakh_says_the_whole_first() {
        let holding = Holding::of(&rendition(28_000_000, std::slice::from_ref(&(0..12_040_000))));
        let words = english(holding.words(Voice::new(Language::Kazakh)));
        assert_eq!(words, "43 % осында, 28 МБ-тан 12 МБ");
    }

    #[test]
    fn a_single_missing_byte_is_never_painted_over() {
        let size = 1_000_000_007;
        let holding = Holding::of(&rendition(size, &[0..500_000_000, 500_000_001..size]));
        assert!(!holding.is_whole());
        assert_eq!(holding.path(), "M0 2.5H0M0 2.5H49.99M50 2.5H100");
        let words = english(holding.words(Voice::new(Language::English)));
        assert_eq!(words, "99 % here, 1 of 1 GB");
    }

    #[test]
    fn ranges_in_disorder_or_beyond_the_end_do_no_harm() {
        let mut wild = rendition(100, &[]);
        wild.held = vec![60..500, 10..20, 15..30, 30..31, 200..300];
        wild.have_bytes = u64::MAX;
        let holding = Holding::of(&wild);
        assert_eq!(holding.held, [10..31, 60..100]);
        assert!(holding.is_whole(), "have is cut to the size");
        let empty = Holding::of(&rendition(0, &[]));
        assert!(empty.is_whole() && !empty.is_empty());
    }

    #[test]
    fn files_together_are_one_line() {
        let whole = Holding::of(&rendition(1_000, std::slice::from_ref(&(0..1_000))));
        let half = Holding::of(&rendition(1_000, std::slice::from_ref(&(500..1_000))));
        let all = Holding::together([whole, half].iter());
        assert_eq!(all.path(), "M0 2.5H0M0 2.5H50M75 2.5H100");
        let words = english(all.words(Voice::new(Language::English)));
        assert_eq!(words, "75 % here, 1.5 of 2 kB");
        assert!(Holding::together(std::iter::empty()).is_whole());
    }

    #[test]
    fn very_many_ranges_are_drawn_on_a_raster() {
        let crumbs = (0..5_000).map(|n| n * 100..n * 100 + 99);
        let held: Vec<Range<u64>> = crumbs.chain(std::iter::once(600_000..1_000_000)).collect();
        let holding = Holding::of(&rendition(1_000_000, &held));
        let path = holding.path();
        assert_eq!(path, "M0 2.5H0M60 2.5H100");
    }
}
