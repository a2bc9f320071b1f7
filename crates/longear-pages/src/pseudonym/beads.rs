//! Beads: the round marks of writers. Never tamgas, so that nobody in a room looks like a newsroom.

/// How many colours a bead's rim can have, and how many its middle.
pub const BEADS: usize = 16;

/// Colours of rims: all hues, none so light or dark that it is lost on a page by day or by night.
const RIMS: [&str; BEADS] = [
    "#d34f4f", "#d1541e", "#b46a09", "#917b08", "#6e8513", "#468b23", "#1e8d4c", "#0f8b77", "#0d88a0", "#1d81c8",
    "#4b77df", "#7e6adf", "#a15ed0", "#c248c2", "#d63f98", "#8b7968",
];

/// Colours of middles: each much lighter or darker than every rim.
const MIDDLES: [&str; BEADS] = [
    "#fbfbf7", "#ffe772", "#d4f691", "#bff4c8", "#b4f4e4", "#a9f4fa", "#ceeafe", "#dee3ff", "#efdeff", "#ffdcf9",
    "#ffdde6", "#ffe0d0", "#111111", "#092852", "#3c0d4c", "#053114",
];

/// Returns the colours of a bead, rim and middle, as `#rrggbb`. Numbers that are too large begin anew.
pub fn bead_colours(border: u8, fill: u8) -> (&'static str, &'static str) {
    (RIMS[usize::from(border) % BEADS], MIDDLES[usize::from(fill) % BEADS])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// What WCAG 2 wants of shapes.
    const CONTRAST_MIN: f64 = 3.0;

    /// Relative luminance of `#rrggbb`, as WCAG 2 defines it.
    fn luminance(colour: &str) -> f64 {
        let number = u32::from_str_radix(&colour[1..], 16).expect("hexadecimal");
        let channel = |shift: u32| {
            let value = f64::from(number >> shift & 0xff) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// Every value that the tokens give a background on which beads lie: by day, and by night.
    fn backgrounds() -> HashSet<&'static str> {
        let tokens = include_str!("../../style/tokens.css");
        let values = |name: &'static str| tokens.split(name).skip(1).map(|rest| &rest.trim_start()[..7]);
        ["--felt:", "--way-soft:"].into_iter().flat_map(values).collect()
    }

    #[test]
    fn beads_are_seen_by_day_and_by_night() {
        let backgrounds = backgrounds();
        assert_eq!(backgrounds.len(), 4, "two themes, two backgrounds: {backgrounds:?}");
        for rim in RIMS {
            for background in &backgrounds {
                assert!(contrast(rim, background) >= CONTRAST_MIN, "{rim} on {background}");
            }
            for middle in MIDDLES {
                assert!(contrast(rim, middle) >= CONTRAST_MIN, "{middle} in {rim}");
            }
        }
    }

    #[test]
    fn every_colour_is_there_once() {
        assert_eq!(RIMS.iter().collect::<HashSet<_>>().len(), BEADS);
        assert_eq!(MIDDLES.iter().collect::<HashSet<_>>().len(), BEADS);
        assert_eq!(bead_colours(16, 31), (RIMS[0], MIDDLES[15]));
    }
}
