//! The languages of the pages and how one is chosen.

/// How many entries of an `Accept-Language` header are looked at.
const ACCEPT_ENTRIES_MAX: usize = 32;

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Kazakh in Cyrillic letters.
    Kazakh,
    /// Russian.
    Russian,
    /// English, which is also spoken when nothing else fits.
    English,
    /// Farsi.
    Farsi,
    /// Arabic.
    Arabic,
}

impl Language {
    /// Every language, in the order of the language switch.
    pub const ALL: [Language; 5] =
        [Language::Kazakh, Language::Russian, Language::English, Language::Farsi, Language::Arabic];

    /// Chooses the language from an `Accept-Language` header; English when none of ours is in it.
    ///
    /// Entries beyond the 32nd are ignored, malformed ones are skipped, `q=0` refuses.
    pub fn from_accept_language(header: &str) -> Language {
        let mut best: Option<(u32, Language)> = None;
        for entry in header.split(',').take(ACCEPT_ENTRIES_MAX) {
            let mut fields = entry.split(';');
            let tag = fields.next().unwrap_or_default();
            let weight = fields.find_map(quality_thousandths).unwrap_or(1000);
            if let Some(language) = Language::from_tag(tag)
                && weight > 0
                && best.is_none_or(|(heaviest, _)| weight > heaviest)
            {
                best = Some((weight, language));
            }
        }
        best.map_or(Language::English, |(_, language)| language)
    }

    /// Finds the language of a BCP 47 tag by its first part: `ru-KZ` is Russian, `prs` (Dari) is Farsi.
    pub fn from_tag(tag: &str) -> Option<Language> {
        match primary(tag.trim()).to_ascii_lowercase().as_str() {
            "kk" => Some(Language::Kazakh),
            "ru" => Some(Language::Russian),
            "en" => Some(Language::English),
            "fa" | "prs" => Some(Language::Farsi),
            "ar" => Some(Language::Arabic),
            _ => None,
        }
    }

    /// Returns the tag for `lang` attributes and `?lang=`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Kazakh => "kk",
            Language::Russian => "ru",
            Language::English => "en",
            Language::Farsi => "fa",
            Language::Arabic => "ar",
        }
    }

    /// Returns the direction of its script, for `dir` attributes.
    pub fn direction(self) -> &'static str {
        match self {
            Language::Farsi | Language::Arabic => "rtl",
            _ => "ltr",
        }
    }
}

/// The first part of a tag: its language without script and region.
pub(crate) fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or_default()
}

/// Reads `q=0.8` as 800.
fn quality_thousandths(field: &str) -> Option<u32> {
    let value = field.trim().strip_prefix("q=")?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let thousandths = whole.parse::<u32>().ok()?.min(1) * 1000 + digits.parse::<u32>().ok()?;
    Some(thousandths.min(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_of_ours_wins() {
        let cases = [
            ("", Language::English),
            ("de-DE,de;q=0.9", Language::English),
            ("kk-KZ,kk;q=0.9,ru;q=0.8,en;q=0.7", Language::Kazakh),
            ("de,ru;q=0.5,en;q=0.7", Language::English),
            ("ru;q=0,kk;q=0.1", Language::Kazakh),
            ("fa-IR", Language::Farsi),
            ("prs-AF, en;q=0.2", Language::Farsi),
            ("en;q=0.3, ar-EG;q=0.31", Language::Arabic),
            ("RU", Language::Russian),
            ("ru;q=nonsense,,;;;,q=1", Language::Russian),
        ];
        for (header, expected) in cases {
            assert_eq!(Language::from_accept_language(header), expected, "{header:?}");
        }
    }

    #[test]
    fn an_endless_header_is_cut_short() {
        let header = "xx,".repeat(ACCEPT_ENTRIES_MAX) + "ru";
        assert_eq!(Language::from_accept_language(&header), Language::English);
    }
}
