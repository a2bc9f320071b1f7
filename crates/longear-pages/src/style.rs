//! The stylesheet, the icon and the policy that every page is served with.

use std::fmt::Write;
use std::sync::LazyLock;

use crate::pseudonym::{BEADS, bead_colours};

/// The farthest that the rider stands from the ear, in percent of the horizon.
pub(crate) const AGE_PERCENT_MAX: u64 = 96;

/// Where a week stands on the horizon, in percent.
const WEEK_PERCENT: f64 = 90.0;

/// Minutes of a week and one, so that the scale begins at nought.
const WEEK_MINUTES: f64 = 10_081.0;

static STYLESHEET: LazyLock<String> = LazyLock::new(|| {
    let mut sheet = [
        include_str!("../style/tokens.css"),
        include_str!("../style/reader.css"),
        include_str!("../style/live.css"),
        include_str!("../style/later.css"),
        include_str!("../style/parts.css"),
        include_str!("../style/box.css"),
        include_str!("../style/rooms.css"),
    ]
    .concat();
    // One class a percent, because the policy forbids style attributes.
    for percent in 0..=AGE_PERCENT_MAX {
        let written = writeln!(sheet, ".age-{percent}{{--age:{percent}%}}");
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
    // Beads for the same reason: a class a rim, a class a middle.
    for number in 0..BEADS as u8 {
        let (rim, middle) = bead_colours(number, number);
        let written = writeln!(sheet, ".rim-{number}{{--b:{rim}}}.middle-{number}{{--c:{middle}}}");
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
    sheet
});

/// Returns the stylesheet of every page, about 25 kB of `text/css; charset=utf-8`, the same for each call.
pub fn stylesheet() -> &'static str {
    &STYLESHEET
}

/// Returns the icon, as `image/svg+xml`.
pub fn icon() -> &'static str {
    include_str!("../style/icon.svg")
}

/// Returns the value of the `Content-Security-Policy` header that goes with every page and every file.
///
/// No script at all, no style attributes, no frames, no forms, and nothing that comes from anywhere but this box.
/// Send `X-Content-Type-Options: nosniff` and `Referrer-Policy: no-referrer` beside it.
pub fn content_security_policy() -> &'static str {
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

/// Returns the policy of pages that hold forms, which are those of rooms. It differs in this: forms go to this box alone.
pub fn content_security_policy_with_forms() -> &'static str {
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

/// How far off the rider stands, in percent: logarithmic, so that an hour and a week are both seen.
pub(crate) fn age_percent(now_ms: u64, last_word_ms: u64) -> u64 {
    let minutes = now_ms.saturating_sub(last_word_ms) as f64 / 60_000.0;
    let percent = WEEK_PERCENT * (1.0 + minutes).ln() / WEEK_MINUTES.ln();
    (percent.round() as u64).min(AGE_PERCENT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rider_stands_where_the_scale_says() {
        let minutes = |minutes: u64| age_percent(minutes * 60_000, 0);
        assert_eq!(minutes(0), 0);
        assert_eq!(minutes(60), 40);
        assert_eq!(minutes(14 * 60), 66);
        assert_eq!(minutes(24 * 60), 71);
        assert_eq!(minutes(7 * 24 * 60), 90);
        assert_eq!(minutes(365 * 24 * 60), AGE_PERCENT_MAX);
        assert_eq!(age_percent(0, u64::MAX), 0, "a word from the future is now");
        assert_eq!(age_percent(u64::MAX, 0), AGE_PERCENT_MAX);
    }

    #[test]
    fn the_stylesheet_loads_nothing_and_knows_every_age() {
        let sheet = stylesheet();
        for loaded in ["url(", "@import", "@font-face", "http:", "https:"] {
            assert!(!sheet.contains(loaded), "{loaded}");
        }
        assert!(sheet.contains(".age-0{--age:0%}") && sheet.contains(".age-96{--age:96%}"));
        assert!(sheet.contains(".rim-0{--b:#") && sheet.contains(".middle-15{--c:#"));
    }

    #[test]
    fn the_policy_allows_no_script_and_no_other_origin() {
        for policy in [content_security_policy(), content_security_policy_with_forms()] {
            assert!(policy.starts_with("default-src 'none';"));
            for forbidden in ["unsafe", "script-src", "http", "*", "data:", "blob:"] {
                assert!(!policy.contains(forbidden), "{forbidden}");
            }
        }
        let with_forms = content_security_policy().replace("form-action 'none'", "form-action 'self'");
        assert_eq!(content_security_policy_with_forms(), with_forms, "nothing else differs");
    }

    #[test]
    fn the_icon_is_a_drawing_without_links() {
        assert!(icon().starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        assert!(!icon().contains("href"));
    }
}
