//! Values that are more than words: sizes, dates, languages, proxies.

use std::fmt;
use std::str::FromStr;

use longear_core::limits::{CHAPTER_BYTES_MAX, ROOM_DAYS_MAX};

/// Counts bytes, as people write them: `64k`, `500MB`, `4GiB`, `1.5 GB`.
///
/// `k`, `M`, `G`, `T` (with or without `B`) are powers of 1,000; with `i` powers of 1,024.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// The number of bytes.
    pub bytes: u64,
}

/// The most digits a size may have before its unit; keeps the arithmetic inside u128.
const SIZE_DIGITS_MAX: usize = 20;

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unreadable = || format!("`{text}` is not a size; write for example 64k, 500MB or 4GiB");
        let compact = text.trim();
        let unit_at = compact.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(compact.len());
        let (number, unit) = compact.split_at(unit_at);
        let scale = unit_scale(unit.trim()).ok_or_else(unreadable)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = whole.len() + fraction.len();
        if whole.is_empty() || number.ends_with('.') || digits > SIZE_DIGITS_MAX || fraction.contains('.') {
            return Err(unreadable());
        }
        let value: u128 = format!("{whole}{fraction}").parse().map_err(|_| unreadable())?;
        let divisor = 10u128.pow(u32::try_from(fraction.len()).map_err(|_| unreadable())?);
        let bytes = value.checked_mul(scale).ok_or_else(unreadable)? / divisor;
        let bytes = u64::try_from(bytes).map_err(|_| format!("`{text}` is more bytes than there are"))?;
        Ok(Self { bytes })
    }
}

fn unit_scale(unit: &str) -> Option<u128> {
    let unit = unit.to_ascii_lowercase();
    let (letter, base) = match unit.as_str() {
        "" | "b" => return Some(1),
        _ if unit.ends_with("ib") => (unit.trim_end_matches("ib"), 1024u128),
        _ if unit.ends_with('i') => (unit.trim_end_matches('i'), 1024),
        _ => (unit.strip_suffix('b').unwrap_or(&unit), 1000),
    };
    let power = ["k", "m", "g", "t"].iter().position(|known| *known == letter)?;
    Some(base.pow(u32::try_from(power).ok()? + 1))
}

/// Names a day of the calendar, in UTC: `2027-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// 1970 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

const DAY_MS: u64 = 86_400_000;

impl Date {
    /// Returns the first millisecond of the day, since 1970 UTC.
    pub fn start_ms(self) -> u64 {
        let days_of_years: u64 = (1970..self.year).map(|year| 365 + u64::from(is_leap(year))).sum();
        let days_of_months: u64 = (1..self.month).map(|month| u64::from(days_in(self.year, month))).sum();
        (days_of_years + days_of_months + u64::from(self.day) - 1) * DAY_MS
    }

    /// Returns the last millisecond of the day, since 1970 UTC: what "until" a date means.
    pub fn end_ms(self) -> u64 {
        self.start_ms() + DAY_MS - 1
    }
}

impl FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('-').collect();
        let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        if let [year, month, day] = parts[..]
            && digits(year, 4)
            && digits(month, 2)
            && digits(day, 2)
            && let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse())
            && year >= 1970
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
        {
            return Ok(Self { year, month, day });
        }
        Err(format!("`{text}` is not a day; write for example 2027-01-31"))
    }
}

const fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts days, as people write them: `30d` or `30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days {
    /// 1 to [`ROOM_DAYS_MAX`].
    pub days: u16,
}

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim().trim_end_matches('d');
        let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let days = digits.parse::<u16>().ok().filter(|_| is_number);
        let days = days.ok_or_else(|| format!("`{text}` is not a number of days; write for example 30d"))?;
        if (1..=ROOM_DAYS_MAX).contains(&days) {
            return Ok(Self { days });
        }
        Err(format!("a room keeps notes for 1 to {ROOM_DAYS_MAX} days, not for {days}"))
    }
}

/// Names a moment of a recording, as players show it: `20:14`, `1:02:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Milliseconds since the beginning.
    pub ms: u64,
}

/// The most digits that each number of a moment may have.
const MOMENT_DIGITS_MAX: usize = 4;

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unreadable = || format!("`{text}` is not a moment; write for example 20:14 or 1:02:30");
        let number = |part: &str| {
            let is_number = (1..=MOMENT_DIGITS_MAX).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            if is_number { part.parse::<u64>().map_err(|_| unreadable()) } else { Err(unreadable()) }
        };
        let parts = text.trim().split(':').map(number).collect::<Result<Vec<_>, _>>()?;
        let (hours, minutes, seconds) = match parts[..] {
            [minutes, seconds] => (0, minutes, seconds),
            [hours, minutes, seconds] if minutes < 60 => (hours, minutes, seconds),
            _ => return Err(unreadable()),
        };
        if seconds >= 60 {
            return Err(unreadable());
        }
        Ok(Self { ms: ((hours * 60 + minutes) * 60 + seconds) * 1_000 })
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.ms / 1_000;
        write!(f, "{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }
}

/// Accepts a title of one line.
pub(super) fn chapter_title(text: &str) -> Result<String, String> {
    let title = text.trim();
    if title.is_empty() || title.chars().any(char::is_control) {
        return Err("a chapter has a title of one line".to_owned());
    }
    if title.len() > CHAPTER_BYTES_MAX {
        return Err(format!("the title of a chapter may have {CHAPTER_BYTES_MAX} bytes, and this has {}", title.len()));
    }
    Ok(title.to_owned())
}

/// The longest language tag taken from the command line, in bytes.
const LANGUAGE_BYTES_MAX: usize = 35;

/// Accepts what has the shape of a BCP 47 tag: `kk`, `ru`, `kk-Latn`, `zh-Hant-TW`.
pub(super) fn language(text: &str) -> Result<String, String> {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let sound = text.len() <= LANGUAGE_BYTES_MAX
        && (2..=8).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if sound {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not a language tag; write for example kk, ru, en or kk-Latn"))
}

/// Accepts a SOCKS5 proxy, `socks5h://HOST:PORT` before all: it also hides which names are looked up.
pub(super) fn proxy(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("socks5h://").or_else(|| text.strip_prefix("socks5://"));
    match rest {
        Some(rest) if rest.contains(':') && !rest.starts_with(':') => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is not a SOCKS5 proxy; write for example socks5h://127.0.0.1:9050")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_players_show_them() {
        let ms = |text: &str| text.parse::<Moment>().map(|moment| moment.ms).ok();
        assert_eq!((ms("0:00"), ms("20:14"), ms("75:00")), (Some(0), Some(1_214_000), Some(4_500_000)));
        assert_eq!((ms("0:34:00"), ms("26:02:03")), (Some(2_040_000), Some(93_723_000)));
        assert_eq!(Moment { ms: 93_723_999 }.to_string(), "26:02:03");
        for text in ["", "20", "20:60", "1:60:00", "1:2:3:4", "-1:00", "1:+5", "12345:00", "a:b", ":10", "10:"] {
            assert_eq!(ms(text), None, "{text}");
        }
    }

    #[test]
    fn a_title_of_a_chapter_is_one_line_that_fits() {
        assert_eq!(chapter_title("  The bridge "), Ok("The bridge".to_owned()));
        assert!(chapter_title(&"ы".repeat(64)).is_ok());
        for text in ["", "  ", "two\nlines", &"ы".repeat(65)] {
            assert!(chapter_title(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let cases = [
            ("0", 0),
            ("64k", 64_000),
            ("500MB", 500_000_000),
            ("500 mb", 500_000_000),
            ("4GiB", 4 << 30),
            ("1.5GB", 1_500_000_000),
            ("2Ti", 2 << 40),
            ("12B", 12),
            ("18446744073709551615", u64::MAX),
        ];
        for (text, bytes) in cases {
            assert_eq!(text.parse(), Ok(Size { bytes }), "{text}");
        }
        for text in ["", "MB", "-1", "1..5k", "1.k", ".5k", "5 sacks", "99999999T", "1e9", "4GiBB", "٣", "1.5.2k"] {
            assert!(text.parse::<Size>().is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn dates_count_from_1970_in_utc() {
        let date: Date = "2027-01-31".parse().expect("a day");
        // date -u -d 2027-01-31 +%s
        assert_eq!(date.start_ms(), 1_801_353_600_000);
        assert_eq!(date.end_ms(), 1_801_440_000_000 - 1);
        assert_eq!("1970-01-01".parse::<Date>().expect("a day").start_ms(), 0);
        assert!("2028-02-29".parse::<Date>().is_ok());
        for text in [
            "2027-02-29",
            "2100-02-29",
            "2027-13-01",
            "2027-00-10",
            "2027-1-31",
            "27-01-31",
            "1969-12-31",
            "2027-01-31-",
            "+027-01-31",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn languages_have_the_shape_of_a_tag() {
        for text in ["kk", "ru", "kk-Latn", "zh-Hant-TW", "x-old".trim_start_matches("x-")] {
            assert!(language(text).is_ok(), "{text}");
        }
        for text in ["", "k", "kk_KZ", "kk-", "қазақ", "kk-Latn-0123456789"] {
            assert!(language(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn proxies_are_socks_only() {
        assert!(proxy("socks5h://127.0.0.1:9050").is_ok());
        for text in ["http://127.0.0.1:3128", "socks5h://", "socks5h://:9", "127.0.0.1:9050"] {
            assert!(proxy(text).is_err(), "{text} was accepted");
        }
    }
}
