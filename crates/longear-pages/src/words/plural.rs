//! Plural rules of the five languages (CLDR, cardinal numbers), for whole numbers.

use crate::Language;

/// The forms of one phrase; those a language does not use repeat its general form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forms {
    zero: &'static str,
    one: &'static str,
    two: &'static str,
    few: &'static str,
    many: &'static str,
    other: &'static str,
}

impl Forms {
    /// One form for every number (Kazakh, Farsi: a noun after a number stays singular).
    pub(crate) const fn same(other: &'static str) -> Forms {
        Forms { zero: other, one: other, two: other, few: other, many: other, other }
    }

    /// English: one, and the rest.
    pub(crate) const fn two(one: &'static str, other: &'static str) -> Forms {
        Forms { one, ..Forms::same(other) }
    }

    /// Russian: 1, 21 … · 2-4, 22-24 … · 0, 5-20 … (fractions do not occur).
    pub(crate) const fn three(one: &'static str, few: &'static str, many: &'static str) -> Forms {
        Forms { one, few, ..Forms::same(many) }
    }

    /// Arabic: all six.
    pub(crate) const fn six(
        zero: &'static str,
        one: &'static str,
        two: &'static str,
        few: &'static str,
        many: &'static str,
        other: &'static str,
    ) -> Forms {
        Forms { zero, one, two, few, many, other }
    }

    /// Picks the form for `n`.
    pub(crate) fn pick(&self, language: Language, n: u64) -> &'static str {
        match plural(language, n) {
            Plural::Zero => self.zero,
            Plural::One => self.one,
            Plural::Two => self.two,
            Plural::Few => self.few,
            Plural::Many => self.many,
            Plural::Other => self.other,
        }
    }

    /// Every form, for tests.
    #[cfg(test)]
    pub(crate) fn all(&self) -> [&'static str; 6] {
        [self.zero, self.one, self.two, self.few, self.many, self.other]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plural {
    Zero,
    One,
    Two,
    Few,
    Many,
    Other,
}

fn plural(language: Language, n: u64) -> Plural {
    match language {
        Language::English | Language::Kazakh => one_or_other(n == 1),
        Language::Farsi => one_or_other(n <= 1),
        Language::Russian => russian(n),
        Language::Arabic => arabic(n),
    }
}

fn one_or_other(is_one: bool) -> Plural {
    if is_one { Plural::One } else { Plural::Other }
}

fn russian(n: u64) -> Plural {
    match (n % 10, n % 100) {
        (1, rest) if rest != 11 => Plural::One,
        (2..=4, rest) if !(12..=14).contains(&rest) => Plural::Few,
        _ => Plural::Many,
    }
}

fn arabic(n: u64) -> Plural {
    match (n, n % 100) {
        (0, _) => Plural::Zero,
        (1, _) => Plural::One,
        (2, _) => Plural::Two,
        (_, 3..=10) => Plural::Few,
        (_, 11..=99) => Plural::Many,
        _ => Plural::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn russian_follows_the_last_digits() {
        for n in [1, 21, 31, 101, 1001] {
            assert_eq!(russian(n), Plural::One, "{n}");
        }
        for n in [2, 3, 4, 22, 34, 102] {
            assert_eq!(russian(n), Plural::Few, "{n}");
        }
        for n in [0, 5, 9, 10, 11, 12, 13, 14, 19, 20, 111, 112, 1014] {
            assert_eq!(russian(n), Plural::Many, "{n}");
        }
    }

    #[test]
    fn arabic_uses_six_forms() {
        let expected = [
            (0, Plural::Zero),
            (1, Plural::One),
            (2, Plural::Two),
            (3, Plural::Few),
            (10, Plural::Few),
            (11, Plural::Many),
            (99, Plural::Many),
            (100, Plural::Other),
            (102, Plural::Other),
            (103, Plural::Few),
            (111, Plural::Many),
        ];
        for (n, form) in expected {
            assert_eq!(arabic(n), form, "{n}");
        }
    }

    #[test]
    fn the_others_know_one_and_the_rest() {
        assert_eq!(plural(Language::English, 0), Plural::Other);
        assert_eq!(plural(Language::English, 1), Plural::One);
        assert_eq!(plural(Language::Kazakh, 21), Plural::Other);
        assert_eq!(plural(Language::Farsi, 0), Plural::One);
        assert_eq!(plural(Language::Farsi, 2), Plural::Other);
    }
}
