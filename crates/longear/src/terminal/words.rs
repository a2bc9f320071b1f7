//! Numbers, times and text, as people read them.

use std::borrow::Cow;
use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The most marks without a width of their own (accents, joiners) in a row; more would climb over other lines.
const MARKS_IN_A_ROW_MAX: usize = 4;

const MINUTE_SECONDS: u64 = 60;
const HOUR_SECONDS: u64 = 60 * MINUTE_SECONDS;
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;

/// Says how long ago something was: `just now`, `5 min ago`, `14 h ago`, `2 days ago`.
pub fn age(ago: Duration) -> String {
    let seconds = ago.as_secs();
    match seconds {
        0..MINUTE_SECONDS => "just now".to_owned(),
        MINUTE_SECONDS..HOUR_SECONDS => format!("{} min ago", seconds / MINUTE_SECONDS),
        HOUR_SECONDS.. if seconds < 2 * DAY_SECONDS => format!("{} h ago", seconds / HOUR_SECONDS),
        _ => format!("{} days ago", seconds / DAY_SECONDS),
    }
}

/// Says how long something took: `1 ms`, `0.1 s`, `38 s`, `4 min`, `3 h`.
pub fn spent(time: Duration) -> String {
    let milliseconds = time.as_millis();
    match milliseconds {
        0..100 => format!("{milliseconds} ms"),
        100..10_000 => format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
        _ => long_time(time.as_secs()),
    }
}

/// Says how long something will still take: `38 s left`, `4 min left`.
pub fn time_left(time: Duration) -> String {
    format!("{} left", long_time(time.as_secs().max(1)))
}

fn long_time(seconds: u64) -> String {
    const MINUTES_FROM_SECONDS: u64 = 2 * MINUTE_SECONDS;
    const HOURS_FROM_SECONDS: u64 = 2 * HOUR_SECONDS;
    const DAYS_FROM_SECONDS: u64 = 2 * DAY_SECONDS;
    match seconds {
        0..MINUTES_FROM_SECONDS => format!("{seconds} s"),
        MINUTES_FROM_SECONDS..HOURS_FROM_SECONDS => format!("{} min", seconds / MINUTE_SECONDS),
        HOURS_FROM_SECONDS..DAYS_FROM_SECONDS => format!("{} h", seconds / HOUR_SECONDS),
        _ => format!("{} days", seconds / DAY_SECONDS),
    }
}

const UNITS: [(&str, u64); 5] =
    [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("bytes", 1)];

/// Says a number of bytes in decimal units: `812 bytes`, `4.1 MB`, `16 MB`.
pub fn bytes(count: u64) -> String {
    let (unit, scale) = unit_of(count);
    // 999,950 bytes round to 1,000 kB: then the next unit says it better.
    let rounded = rounded_tenths(count, scale, true);
    if rounded >= 10_000 && scale < UNITS[0].1 {
        let (unit, scale) = unit_of(scale * 1000);
        return format!("{} {unit}", tenths(rounded_tenths(count, scale, true)));
    }
    if count == 1 {
        return "1 byte".to_owned();
    }
    format!("{} {unit}", tenths(rounded))
}

/// Says how much of something is here: `9 of 16 MB`, and only `16 MB` when all of it is.
///
/// What is here is rounded down, and gets more digits where it would look whole without being so.
pub fn amount(done: u64, size: u64) -> String {
    if done >= size {
        return bytes(size);
    }
    let (unit, scale) = unit_of(size);
    let total = bytes(size);
    if !total.ends_with(unit) {
        return format!("{} of {total}", bytes_down(done));
    }
    if done < scale {
        // The same unit for both, so that the numbers of a running transfer keep their places.
        return format!("{} of {total}", tenths(done / (scale / 10).max(1)));
    }
    for digits in 0..4 {
        let (part, whole) = (decimals(done, scale, digits), decimals(size, scale, digits));
        let is_short = digits == 0 && size / scale < 10;
        if part != whole && !is_short {
            let total = if digits == 0 { tenths(rounded_tenths(size, scale, true)) } else { whole };
            return format!("{} of {total} {unit}", part.strip_suffix(".0").unwrap_or(&part));
        }
    }
    format!("{} of {} bytes", grouped(done), grouped(size))
}

fn unit_of(count: u64) -> (&'static str, u64) {
    UNITS.into_iter().find(|(_, scale)| count >= *scale).unwrap_or(UNITS[4])
}

/// Says a number of bytes, rounded down.
pub(super) fn bytes_down(count: u64) -> String {
    let (unit, scale) = unit_of(count);
    let unit = if count == 1 { "byte" } else { unit };
    format!("{} {unit}", tenths(rounded_tenths(count, scale, false)))
}

fn rounded_tenths(count: u64, scale: u64, to_nearest: bool) -> u64 {
    let step = if count / scale >= 10 { scale } else { (scale / 10).max(1) };
    let half = if to_nearest { step / 2 } else { 0 };
    let steps = (u128::from(count) + u128::from(half)) / u128::from(step);
    let tenths = steps * u128::from(step) * 10 / u128::from(scale);
    u64::try_from(tenths).unwrap_or(u64::MAX)
}

fn tenths(tenths: u64) -> String {
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}.{rest}", tenths / 10),
    }
}

/// Writes `count / scale` with a number of decimals, rounded down.
fn decimals(count: u64, scale: u64, digits: u32) -> String {
    let fraction = u128::from(count % scale) * 10u128.pow(digits) / u128::from(scale);
    match digits {
        0 => (count / scale).to_string(),
        _ => format!("{}.{fraction:0width$}", count / scale, width = digits as usize),
    }
}

/// Says which share is here, rounded down: `43 %`, and `100 %` only when nothing is missing.
pub fn percent(done: u64, size: u64) -> String {
    if done >= size {
        return "100 %".to_owned();
    }
    format!("{} %", u128::from(done) * 100 / u128::from(size))
}

/// Writes a number with its thousands apart: `1,830`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Neutralises what text from the network could do to a terminal, in one line.
///
/// Control characters (escapes among them) and bidi controls become `\u{fffd}`, line breaks and tabs a space;
/// invisible characters that only serve deception are left out; endless accents are cut short.
///
/// ```
/// use longear::terminal::printable;
/// assert_eq!(printable("Нан\n\u{1b}[31m\u{202e}"), "Нан \u{fffd}[31m\u{fffd}");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    filtered(text, false)
}

/// Does what [`printable`] does, and keeps line breaks.
pub fn printable_block(text: &str) -> Cow<'_, str> {
    filtered(text, true)
}

fn filtered(text: &str, keep_breaks: bool) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut marks_in_a_row = 0;
    for character in text.chars() {
        let Some(shown) = neutralised(character, keep_breaks) else {
            continue;
        };
        if shown != '\n' && shown.width().unwrap_or(0) == 0 {
            marks_in_a_row += 1;
            if marks_in_a_row > MARKS_IN_A_ROW_MAX {
                continue;
            }
        } else {
            marks_in_a_row = 0;
        }
        clean.push(shown);
    }
    Cow::Owned(clean)
}

fn neutralised(character: char, keep_breaks: bool) -> Option<char> {
    match character {
        '\n' if keep_breaks => Some('\n'),
        '\t' | '\n' | '\u{2028}' | '\u{2029}' => Some(' '),
        '\r' => None,
        _ if character.is_control() => Some('\u{fffd}'),
        // Bidi marks, embeddings, overrides and isolates.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some('\u{fffd}'),
        // Soft hyphen, zero-width space, invisible operators, byte order mark, annotations, tags. The zero-width
        // joiner and non-joiner stay: Persian is written with them.
        '\u{ad}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => None,
        _ => Some(character),
    }
}

/// Counts the columns that a text takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// Fills a text up with spaces to a number of columns; a longer one is left as it is.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(columns(text));
    format!("{text}{}{}", direction_end(text), " ".repeat(missing))
}

/// Returns a left-to-right mark (no column wide) for text with right-to-left letters, and else nothing.
///
/// Without it terminals that reorder such text would draw the next column's number into it.
pub(super) fn direction_end(text: &str) -> &'static str {
    let is_rightward = |c: char| matches!(u32::from(c), 0x590..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff);
    if text.chars().any(is_rightward) { "\u{200e}" } else { "" }
}

/// Breaks a text into lines of at most `width` columns, at spaces where there are any. Keeps line breaks.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let gap = usize::from(!line.is_empty());
            if columns(&line) + gap + columns(word) <= width {
                line.push_str(&" ".repeat(gap));
                line.push_str(word);
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line = broken(word, width, &mut lines);
        }
        lines.push(line);
    }
    lines
}

/// Breaks a word that is wider than a line; returns what is left of it.
fn broken(word: &str, width: usize, lines: &mut Vec<String>) -> String {
    let mut line = String::new();
    for character in word.chars() {
        let mut longer = line.clone();
        longer.push(character);
        if columns(&longer) > width && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            line.push(character);
        } else {
            line = longer;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ages_are_said_as_in_the_mockups() {
        let cases = [
            (0, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (3599, "59 min ago"),
            (14 * 3600, "14 h ago"),
            (47 * 3600, "47 h ago"),
            (48 * 3600, "2 days ago"),
            (30 * 86400, "30 days ago"),
        ];
        for (seconds, said) in cases {
            assert_eq!(age(Duration::from_secs(seconds)), said);
        }
        assert_eq!(spent(Duration::from_millis(1)), "1 ms");
        assert_eq!(spent(Duration::from_millis(140)), "0.1 s");
        assert_eq!(spent(Duration::from_secs(38)), "38 s");
        assert_eq!(time_left(Duration::from_secs(38)), "38 s left");
        assert_eq!(time_left(Duration::ZERO), "1 s left");
        assert_eq!(time_left(Duration::from_secs(250)), "4 min left");
    }

    #[test]
    fn bytes_are_said_in_decimal_units() {
        let cases = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1 kB"),
            (1_249, "1.2 kB"),
            (9_960, "10 kB"),
            (999_950, "1 MB"),
            (4_100_000, "4.1 MB"),
            (16_000_000, "16 MB"),
            (318_400_000, "318 MB"),
            (4_294_967_296, "4.3 GB"),
            (u64::MAX, "18446744 TB"),
        ];
        for (count, said) in cases {
            assert_eq!(bytes(count), said, "{count}");
        }
    }

    #[test]
    fn amounts_never_look_whole_before_they_are() {
        let cases = [
            (0, 16_000_000, "0 of 16 MB"),
            (300_000, 16_000_000, "0.3 of 16 MB"),
            (3, 900, "3 of 900 bytes"),
            (999_960, 1_000_000, "0.9 of 1 MB"),
            (900_000, 999_960, "900 kB of 1 MB"),
            (9_400_000, 16_000_000, "9 of 16 MB"),
            (15_999_999, 16_000_000, "15 of 16 MB"),
            (16_300_000, 16_400_000, "16.3 of 16.4 MB"),
            (2_000_000, 4_100_000, "2 of 4.1 MB"),
            (4_050_000, 4_100_000, "4 of 4.1 MB"),
            (4_100_000, 4_100_000, "4.1 MB"),
            (16_400_000, 16_400_001, "16,400,000 of 16,400,001 bytes"),
        ];
        for (done, size, said) in cases {
            assert_eq!(amount(done, size), said, "{done} of {size}");
        }
        assert_eq!(percent(999, 1000), "99 %");
        assert_eq!(percent(0, 0), "100 %");
        assert_eq!(grouped(1830), "1,830");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }

    #[test]
    fn hostile_titles_are_neutralised() {
        assert_eq!(printable("\u{1b}]0;x\u{7}a\u{9b}2J"), "\u{fffd}]0;x\u{fffd}a\u{fffd}2J");
        assert_eq!(printable("a\u{202e}b\u{2066}c\u{200f}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
        assert_eq!(printable("a\r\nb\tc\u{2028}d"), "a b c d");
        assert_eq!(printable_block("a\nb"), "a\nb");
        assert_eq!(printable("Мо\u{200b}лва\u{feff}"), "Молва");
        assert_eq!(printable("می\u{200c}شود"), "می\u{200c}شود");
        let climbing = format!("a{}b", "\u{301}".repeat(100));
        assert_eq!(columns(&printable(&climbing)), 2);
        assert!(printable(&climbing).chars().count() <= 2 + MARKS_IN_A_ROW_MAX);
    }

    #[test]
    fn text_is_wrapped_and_padded_by_columns() {
        assert_eq!(wrap("Тоқаев жазды деп", 11), ["Тоқаев", "жазды деп"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert_eq!(wrap("a\n\nb", 9), ["a", "", "b"]);
        assert_eq!(pad("қазақ", 7), "қазақ  ");
        assert_eq!(pad("日本", 5), "日本 ");
        assert_eq!(pad("نان", 5), "نان\u{200e}  ");
        assert_eq!(columns(&pad("نان", 5)), 5);
    }

    proptest! {
        #[test]
        fn nothing_printable_holds_a_control(text in any::<String>()) {
            let clean = printable(&text);
            let is_bidi = |c: char| matches!(u32::from(c), 0x61c | 0x200e | 0x200f | 0x202a..=0x202e | 0x2066..=0x2069);
            prop_assert!(!clean.chars().any(|c| c.is_control() || is_bidi(c)));
        }

        #[test]
        fn wrapped_lines_fit(text in any::<String>(), width in 2usize..40) {
            for line in wrap(&printable(&text), width) {
                prop_assert!(columns(&line) <= width, "{:?}", line);
            }
        }

        #[test]
        fn an_amount_is_whole_only_when_done(size in 1u64.., share in 0.0f64..1.0) {
            let done = (size as f64 * share) as u64;
            if done < size {
                let said = amount(done, size);
                let (here, of) = said.split_once(" of ").expect("two numbers");
                prop_assert_ne!(here, of.split(' ').next().unwrap_or_default());
            }
        }
    }
}
