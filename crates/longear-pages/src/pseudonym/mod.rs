//! What the pages call a writer: two words and a bead, all made from the writer's key.

mod adjectives;
mod beads;
mod nouns;

pub use beads::{BEADS, bead_colours};

use crate::Language;
use adjectives::ADJECTIVES;
use nouns::NOUNS;

/// How many adjectives there are, and how many nouns.
pub const WORDS: usize = 128;

/// How many languages each word is in.
const LANGUAGES: usize = Language::ALL.len();

/// What the core makes of a writer's key in a room.
///
/// It helps to follow a talk and proves nothing: whoever makes some thousands of keys has one with any two words, and some
/// millions for one with the bead as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pseudonym {
    /// Which adjective, below [`WORDS`].
    pub adjective: u16,
    /// Which noun, below [`WORDS`].
    pub noun: u16,
    /// Which colour the bead's rim has, below [`BEADS`].
    pub border: u8,
    /// Which colour the bead's middle has, below [`BEADS`].
    pub fill: u8,
}

/// Says a writer's two words in `language`. Numbers that are too large begin anew.
///
/// ```
/// use longear_pages::{Language, Pseudonym, pseudonym};
///
/// let writer = Pseudonym { adjective: 0, noun: 0, border: 3, fill: 9 };
/// assert_eq!(pseudonym(Language::English, &writer), "Quiet Crane");
/// assert_eq!(pseudonym(Language::Russian, &writer), "Тихий Журавль");
/// assert_eq!(pseudonym(Language::Farsi, &writer), "درنای آرام");
/// ```
pub fn pseudonym(language: Language, writer: &Pseudonym) -> String {
    let column = column(language);
    let adjective = ADJECTIVES[usize::from(writer.adjective) % WORDS][column];
    let noun = NOUNS[usize::from(writer.noun) % WORDS][column];
    match language {
        Language::Farsi | Language::Arabic => format!("{noun} {adjective}"),
        Language::Kazakh | Language::Russian | Language::English => format!("{adjective} {noun}"),
    }
}

/// Where a language stands in a row, which is its place in [`Language::ALL`].
const fn column(language: Language) -> usize {
    match language {
        Language::Kazakh => 0,
        Language::Russian => 1,
        Language::English => 2,
        Language::Farsi => 3,
        Language::Arabic => 4,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::clean_line;

    /// Beginnings of words that would make a name look like an office, or that stand for a colour, a state or a faith.
    #[rustfmt::skip]
    const RESERVED: [&str; 88] = [
        "admin", "moderat", "editor", "newsroom", "news", "report", "journal", "official", "publish", "press", "channel", "media", "verif", "trust", "true", "honest", "longear", "support",
        "red", "blue", "green", "white", "black", "yellow", "gold", "free", "holy", "north", "south", "east", "west", "sun", "moon", "star", "eagle",
        "админ", "модератор", "редак", "новост", "официал", "издат", "пресс", "канал", "верн", "честн", "красн", "син", "голуб", "зелён", "бел", "чёрн", "жёлт", "орёл", "свобод", "свят", "дожд", "коз", "баран", "дуб",
        "әкім", "жаңалық", "ресми", "баспа", "арна", "жариялаушы", "қызыл", "көк", "жасыл", "ақ", "қара", "сары", "бүркіт", "еркін", "жебір", "шешен",
        "مدیر", "خبر", "رسم", "ناشر", "قرمز", "سبز", "سفید", "آزاد",
        "محرر", "مشرف", "أحمر", "أخضر", "حر",
    ];

    /// Words that begin like a reserved one and mean something else.
    #[rustfmt::skip]
    const INNOCENT: [&str; 14] = [
        "Қарапайым", "Ақжарқын", "Көктемгі", "Sunny", "Starry", "حريري",
        "Қараторғай", "Қарақал", "Қарақұйрық", "Қарағаш", "Ақық", "Көкжиек", "Starling", "Sunbeam",
    ];

    fn lists() -> [(&'static str, &'static [[&'static str; LANGUAGES]; WORDS]); 2] {
        [("adjectives", &ADJECTIVES), ("nouns", &NOUNS)]
    }

    #[test]
    fn every_word_is_there_once_and_clean() {
        for (list, words) in lists() {
            for language in Language::ALL {
                let in_language: Vec<&str> = words.iter().map(|row| row[column(language)]).collect();
                for word in &in_language {
                    let is_one_word =
                        !word.is_empty() && !word.contains(char::is_whitespace) && clean_line(word) == *word;
                    assert!(is_one_word && word.chars().count() <= 20, "{list} {language:?}: {word:?}");
                }
                let different: HashSet<&str> = in_language.iter().copied().collect();
                assert_eq!(different.len(), WORDS, "{list} {language:?}");
            }
        }
    }

    /// A name in a wrong alphabet is a slip of the keyboard that no eye sees: а and a.
    #[test]
    fn every_word_is_in_its_alphabet() {
        let fits = |language, character: char| match language {
            Language::English => character.is_ascii_alphabetic(),
            Language::Russian => matches!(character, 'А'..='я' | 'Ё' | 'ё'),
            Language::Kazakh => matches!(character, 'А'..='я' | 'Ё' | 'ё') || "ӘәҒғҚқҢңӨөҰұҮүҺһІі".contains(character),
            Language::Farsi => "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیئؤأٔ\u{200C}".contains(character),
            Language::Arabic => "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهويىٍ".contains(character),
        };
        for (list, words) in lists() {
            for row in words {
                for language in Language::ALL {
                    let word = row[column(language)];
                    assert!(word.chars().all(|character| fits(language, character)), "{list} {language:?}: {word}");
                }
            }
        }
    }

    #[test]
    fn no_word_is_reserved() {
        for (list, words) in lists() {
            for word in words.as_flattened() {
                let lower = word.to_lowercase();
                let reserved = RESERVED.iter().find(|reserved| lower.starts_with(**reserved));
                let is_innocent = INNOCENT.contains(word);
                assert!(reserved.is_none() || is_innocent, "{list}: {word} begins like {reserved:?}");
            }
        }
    }

    #[test]
    fn words_stand_in_the_order_of_the_language() {
        let writer = Pseudonym { adjective: 4, noun: 7 + 128, border: 200, fill: 255 };
        let said = Language::ALL.map(|language| pseudonym(language, &writer));
        assert_eq!(said, ["Батыл Долана", "Смелый Боярышник", "Brave Hawthorn", "زالزالک دلیر", "زعرور شجاع"]);
        for language in Language::ALL {
            assert_eq!(Language::ALL[column(language)], language);
        }
    }

    /// A noun before a Farsi adjective ends in its link where the script writes one.
    #[test]
    fn farsi_nouns_carry_their_link() {
        for row in &NOUNS {
            let noun = row[column(Language::Farsi)];
            let last = noun.chars().last();
            let ends_in_vowel = matches!(last, Some('ا' | 'و')) && !["سرو"].contains(&noun);
            // In these an h is heard, so that nothing is written.
            let unlinked = last == Some('ه') && noun != "مه";
            assert!(!ends_in_vowel && !unlinked, "{noun}");
        }
    }
}
