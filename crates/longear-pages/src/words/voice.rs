//! One language speaking: numbers, sizes, times and ages as it says them.

use super::catalogue::{Catalogue, catalogue};
use super::{Forms, names};
use crate::Language;
use crate::html::fill;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// From this age on a date says more than a number of days.
const DAYS_COUNTED_MAX: u64 = 45;

/// How far a time may lie ahead of the box's clock and still count as now; beyond it, the box's clock is wrong.
const AHEAD_MS_MAX: u64 = HOUR_MS;

/// A language with its catalogue.
#[derive(Clone, Copy)]
pub(crate) struct Voice {
    pub(crate) language: Language,
    pub(crate) words: &'static Catalogue,
}

impl Voice {
    /// The voice of `language`.
    pub(crate) fn new(language: Language) -> Voice {
        Voice { language, words: catalogue(language) }
    }

    /// A whole number with its thousands set apart.
    pub(crate) fn number(self, n: u64) -> String {
        let digits = n.to_string();
        let mut grouped = String::with_capacity(digits.len() * 2);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) && digits.len() > 4 {
                grouped.push_str(self.words.thousands_mark);
            }
            grouped.push(digit);
        }
        self.digits(&grouped)
    }

    /// A number with its noun, in the right plural form.
    pub(crate) fn count(self, forms: &Forms, n: u64) -> String {
        fill(forms.pick(self.language, n), &[("n", &self.number(n))])
    }

    /// How long ago `time_ms` was; a date when that is far back, or when the box's clock must be wrong.
    pub(crate) fn age(self, now_ms: u64, time_ms: u64) -> String {
        if time_ms > now_ms.saturating_add(AHEAD_MS_MAX) {
            return self.date(time_ms);
        }
        let elapsed_ms = now_ms.saturating_sub(time_ms);
        match elapsed_ms {
            0..MINUTE_MS => self.words.just_now.to_owned(),
            MINUTE_MS..HOUR_MS => self.count(&self.words.minutes_ago, elapsed_ms / MINUTE_MS),
            HOUR_MS..DAY_MS => self.count(&self.words.hours_ago, elapsed_ms / HOUR_MS),
            _ if elapsed_ms / DAY_MS <= DAYS_COUNTED_MAX => self.count(&self.words.days_ago, elapsed_ms / DAY_MS),
            _ => self.date(time_ms),
        }
        .replace(' ', "\u{a0}")
    }

    /// The day of `time_ms`, in UTC.
    pub(crate) fn date(self, time_ms: u64) -> String {
        let day = Day::of(time_ms);
        let month = self.words.months[day.month - 1];
        fill(
            self.words.date,
            &[
                ("day", &self.digits(&day.day.to_string())),
                ("month", month),
                ("year", &self.digits(&day.year.to_string())),
            ],
        )
    }

    /// The day and minute of `time_ms`, in UTC, and says so.
    pub(crate) fn moment(self, time_ms: u64) -> String {
        let minutes = time_ms / MINUTE_MS % (24 * 60);
        let time = self.digits(&format!("{:02}:{:02}", minutes / 60, minutes % 60));
        fill(self.words.moment, &[("date", &self.date(time_ms)), ("time", &time)])
    }

    /// A size as people say it: `620 kB`, `4.1 MB`, `28 MB`, `1.2 GB`.
    pub(crate) fn size(self, bytes: u64) -> String {
        let unit = Unit::of(bytes);
        self.with_unit(unit, &self.in_unit(bytes, unit))
    }

    /// A part and a whole in the unit of the whole, so that they compare at a glance: `12` and `28 MB`.
    pub(crate) fn part_of(self, part_bytes: u64, whole_bytes: u64) -> (String, String) {
        let unit = Unit::of(whole_bytes);
        let whole = self.size(whole_bytes);
        let part = self.in_unit(part_bytes, unit);
        // Kazakh puts the whole first, so each of the two needs its unit.
        if self.language == Language::Kazakh { (self.with_unit(unit, &part), whole) } else { (part, whole) }
    }

    /// A share of a whole, rounded down, but never 0 % for something nor 100 % for less than all.
    pub(crate) fn percent(self, part: u64, whole: u64) -> String {
        let share = percent(part, whole);
        fill(self.words.percent, &[("n", &self.number(share))]).replace(' ', "\u{a0}")
    }

    /// A length of time as on a clock: `7:05`, `1:02:03`.
    pub(crate) fn duration(self, duration_ms: u64) -> String {
        let seconds = duration_ms / 1000;
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let clock =
            if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") };
        self.digits(&clock)
    }

    /// The name a language gives itself, or its tag.
    pub(crate) fn own_name(tag: &str) -> &str {
        names::own_name(tag).unwrap_or(tag)
    }

    /// The phrase that says from which language a text was translated, where there is one.
    pub(crate) fn source_phrase(self, tag: &str) -> Option<&'static str> {
        names::source_phrase(self.language, tag)
    }

    fn with_unit(self, unit: Unit, number: &str) -> String {
        let template = match unit {
            Unit::Byte => self.words.bytes,
            Unit::Kilobyte => self.words.kilobytes,
            Unit::Megabyte => self.words.megabytes,
            Unit::Gigabyte => self.words.gigabytes,
        };
        fill(template, &[("n", number)]).replace(' ', "\u{a0}")
    }

    /// One decimal below ten, none above; rounded down, so that nothing looks more complete than it is.
    fn in_unit(self, bytes: u64, unit: Unit) -> String {
        let tenths = u128::from(bytes) * 10 / u128::from(unit.bytes());
        let (whole, tenth) = (tenths / 10, tenths % 10);
        if whole >= 10 || tenth == 0 {
            return self.number(u64::try_from(whole).unwrap_or(u64::MAX));
        }
        self.digits(&format!("{whole}{}{tenth}", self.words.decimal_mark))
    }

    /// Writes digits the way the language does.
    fn digits(self, text: &str) -> String {
        if self.language != Language::Farsi {
            return text.to_owned();
        }
        let farsi = ['۰', '۱', '۲', '۳', '۴', '۵', '۶', '۷', '۸', '۹'];
        let write = |character: char| match character.to_digit(10) {
            Some(digit) => farsi[digit as usize],
            None => character,
        };
        text.chars().map(write).collect()
    }
}

/// The share of `part` in `whole`, in percent, rounded down, but 1-99 for anything between nothing and all.
fn percent(part: u64, whole: u64) -> u64 {
    if part >= whole {
        return 100;
    }
    let share = u128::from(part) * 100 / u128::from(whole);
    let share = u64::try_from(share).unwrap_or(99);
    if part == 0 { 0 } else { share.max(1) }
}

#[derive(Clone, Copy)]
enum Unit {
    Byte,
    Kilobyte,
    Megabyte,
    Gigabyte,
}

impl Unit {
    fn of(bytes: u64) -> Unit {
        match bytes {
            0..1_000 => Unit::Byte,
            1_000..1_000_000 => Unit::Kilobyte,
            1_000_000..1_000_000_000 => Unit::Megabyte,
            _ => Unit::Gigabyte,
        }
    }

    fn bytes(self) -> u64 {
        match self {
            Unit::Byte => 1,
            Unit::Kilobyte => 1_000,
            Unit::Megabyte => 1_000_000,
            Unit::Gigabyte => 1_000_000_000,
        }
    }
}

/// A day of the Gregorian calendar.
struct Day {
    year: u64,
    month: usize,
    day: u64,
}

impl Day {
    /// Counts from 1 March of year 0, so that a leap day is the last day of its year (years of 400-year eras).
    fn of(time_ms: u64) -> Day {
        let days = time_ms / DAY_MS + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        Day {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month: month as usize,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
        }
    }
}

/// A time as machines read it (RFC 3339, UTC), for `datetime` attributes.
pub(crate) fn machine_time(time_ms: u64) -> String {
    let day = Day::of(time_ms);
    let seconds = time_ms / 1000 % 86_400;
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        day.year,
        day.month,
        day.day,
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_773_511_500_000; // 2026-03-14T18:05:00Z

    fn spoken(text: &str) -> String {
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn ages_are_said_in_each_language() {
        let cases = [
            (Language::English, 14 * HOUR_MS, "14 h ago"),
            (Language::English, DAY_MS, "1 day ago"),
            (Language::English, 5 * DAY_MS, "5 days ago"),
            (Language::English, 30_000, "just now"),
            (Language::Russian, 14 * HOUR_MS, "14 часов назад"),
            (Language::Russian, 21 * HOUR_MS, "21 час назад"),
            (Language::Russian, 3 * DAY_MS, "3 дня назад"),
            (Language::Kazakh, 14 * HOUR_MS, "14 сағат бұрын"),
            (Language::Farsi, 14 * HOUR_MS, "۱۴ ساعت پیش"),
            (Language::Arabic, 2 * HOUR_MS, "قبل ساعتين"),
            (Language::Arabic, 11 * DAY_MS, "قبل 11 يومًا"),
        ];
        for (language, elapsed_ms, expected) in cases {
            let age = Voice::new(language).age(NOW_MS, NOW_MS - elapsed_ms);
            assert_eq!(spoken(&age), expected);
        }
    }

    #[test]
    fn a_wrong_clock_is_answered_with_a_date() {
        let english = Voice::new(Language::English);
        assert_eq!(spoken(&english.age(0, NOW_MS)), "14 March 2026");
        assert_eq!(english.age(NOW_MS, NOW_MS + 5 * MINUTE_MS), "just\u{a0}now");
        assert_eq!(spoken(&english.age(NOW_MS, 0)), "1 January 1970");
    }

    #[test]
    fn sizes_and_shares_are_never_rounded_up() {
        let english = Voice::new(Language::English);
        let size = |bytes| spoken(&english.size(bytes));
        assert_eq!(size(999), "999 B");
        assert_eq!(size(4_199_999), "4.1 MB");
        assert_eq!(size(28_000_000), "28 MB");
        assert_eq!(size(999_999_999), "999 MB");
        assert_eq!(size(1_250_000_000), "1.2 GB");
        assert_eq!(size(u64::MAX), "18,446,744,073 GB");
        assert_eq!(spoken(&Voice::new(Language::Russian).size(4_100_000)), "4,1 МБ");
        assert_eq!(spoken(&Voice::new(Language::Farsi).size(4_100_000)), "۴٫۱ مگابایت");
        let shares = [(0, 9, 0), (1, 1_000_000, 1), (999, 1000, 99), (43, 100, 43), (7, 7, 100), (0, 0, 100)];
        for (part, whole, expected) in shares {
            assert_eq!(percent(part, whole), expected);
        }
        let (part, whole) = english.part_of(12_000_000, 28_000_000);
        assert_eq!((part.as_str(), spoken(&whole).as_str()), ("12", "28 MB"));
    }

    #[test]
    fn days_follow_the_calendar() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (951_868_800_000, "2000-03-01T00:00:00Z"),
            (NOW_MS, "2026-03-14T18:05:00Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        ];
        for (time_ms, expected) in cases {
            assert_eq!(machine_time(time_ms), expected);
        }
        let kazakh = Voice::new(Language::Kazakh);
        assert_eq!(spoken(&kazakh.moment(NOW_MS)), "2026 жылғы 14 наурыз, 18:05 UTC");
    }

    #[test]
    fn durations_look_like_a_clock() {
        let english = Voice::new(Language::English);
        assert_eq!(english.duration(1_450_000), "24:10");
        assert_eq!(english.duration(3_723_000), "1:02:03");
        assert_eq!(Voice::new(Language::Farsi).duration(185_000), "۳:۰۵");
    }

    #[test]
    fn languages_have_names() {
        assert_eq!(Voice::own_name("kk-Cyrl"), "Қазақша");
        assert_eq!(Voice::own_name("xx"), "xx");
        assert_eq!(Voice::new(Language::Russian).source_phrase("kk"), Some("с казахского"));
    }
}
