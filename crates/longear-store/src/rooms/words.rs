//! Words as they are looked for: without marks, without capitals, with the plain letters of a keyboard that lacks Kazakh ones.
//!
//! One letter becomes one letter, so that the beginning of a word folds to the beginning of what the word folds to. All else
//! becomes a space, as the search index takes whatever is not ASCII for a letter.

use std::sync::LazyLock;

/// Letters of a word that are told apart.
pub const WORD_LETTERS_MAX: usize = 24;
/// Letters from which on a word of a question also finds longer ones that begin with it.
pub const PREFIX_LETTERS_MIN: usize = 4;
/// Words of a question that are looked at.
pub const QUERY_WORDS_MAX: usize = 8;
/// Raised when words are folded in another way: the search index is then made anew.
pub const FOLDING: i64 = 1;

/// Characters whose folding is remembered: Latin, Cyrillic and Arabic stand below.
const CHARACTERS_REMEMBERED: u32 = 0x700;
/// What ends a word.
const END: char = ' ';
/// What stands within a word and is no letter of its own.
const PASSED_OVER: char = '\0';

static REMEMBERED: LazyLock<Vec<char>> =
    LazyLock::new(|| (0..CHARACTERS_REMEMBERED).map(|code| char::from_u32(code).map_or(END, folded)).collect());

/// The words of a text, folded, with a space between them.
pub fn fold(text: &str) -> String {
    let remembered = &*REMEMBERED;
    let mut words = String::with_capacity(text.len());
    let mut letters = 0;
    for character in text.chars() {
        match remembered.get(character as usize).copied().unwrap_or_else(|| folded(character)) {
            PASSED_OVER => {}
            END if letters == 0 => {}
            END => {
                words.push(' ');
                letters = 0;
            }
            letter => {
                letters += 1;
                if letters <= WORD_LETTERS_MAX {
                    words.push(letter);
                }
            }
        }
    }
    words.truncate(words.trim_end().len());
    words
}

/// A question in the language of the search index: all its words, the longer ones also as beginnings. `None`: it has no words.
pub fn question(text: &str) -> Option<String> {
    let words = fold(text);
    let parts = words.split(' ').filter(|word| !word.is_empty()).take(QUERY_WORDS_MAX).map(|word| {
        // Folded words hold no quotes.
        let beginning = if word.chars().count() >= PREFIX_LETTERS_MIN { "*" } else { "" };
        format!("\"{word}\"{beginning}")
    });
    Some(parts.collect::<Vec<_>>().join(" ")).filter(|question| !question.is_empty())
}

fn folded(character: char) -> char {
    if is_passed_over(character) {
        return PASSED_OVER;
    }
    if !character.is_alphanumeric() {
        return END;
    }
    // Of those whose small form is several characters the first one is the letter.
    plain(character.to_lowercase().next().unwrap_or(character))
}

/// Accents, vowel signs, joiners, apostrophes.
fn is_passed_over(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{200b}'..='\u{200f}'
            | '\'' | '’' | '‘' | 'ʼ' | 'ʹ' | 'ʺ' | '`' | '\u{ad}' | '\u{feff}'
    )
}

/// The plain letter for a small one.
fn plain(letter: char) -> char {
    match letter {
        'ә' => 'а',
        'ғ' | 'ґ' => 'г',
        'ё' | 'є' => 'е',
        'й' | 'і' | 'ї' => 'и',
        'қ' => 'к',
        'ң' => 'н',
        'ө' => 'о',
        'ұ' | 'ү' | 'ў' => 'у',
        'һ' => 'х',
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ə' | 'æ' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ð' | 'đ' | 'ď' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' | 'ĝ' | 'ġ' | 'ģ' | 'ǵ' => 'g',
        'ħ' | 'ĥ' => 'h',
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => 'i',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' | 'ŋ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'œ' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'š' | 'ş' | 'ș' | 'ß' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ý' | 'ÿ' | 'ŷ' | 'ỳ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        // One form for each letter of Arabic and Farsi.
        'ي' | 'ی' | 'ى' | 'ئ' => 'ي',
        'ك' | 'ک' => 'ك',
        'ا' | 'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ه' | 'ة' | 'ە' | 'ۀ' => 'ه',
        'و' | 'ؤ' => 'و',
        '٠'..='٩' => char::from(b'0' + (letter as u32 - '٠' as u32) as u8),
        '۰'..='۹' => char::from(b'0' + (letter as u32 - '۰' as u32) as u8),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kazakh_letters_are_found_by_plain_ones() {
        assert_eq!(fold("Әке, қала — ңөұүһі!"), "аке кала ноууxи".replace('x', "х"));
        assert_eq!(fold("Жаңаөзен ЖАҢАӨЗЕН жанаозен"), "жанаозен жанаозен жанаозен");
        assert_eq!(fold("Ёлка и\u{306}од йод"), "елка иод иод");
        assert_eq!(fold("Jañaözen Zürich naïve"), "janaozen zurich naive");
        assert_eq!(fold("۱۴۰۴ ١٤٠٤"), "1404 1404");
    }

    #[test]
    fn a_beginning_folds_to_a_beginning() {
        for word in ["Тоқаевтың", "İstanbul", "О'Нил", "сөйлейміз", "ﬁnish", "ǅungla"] {
            let whole = fold(word);
            for (end, _) in word.char_indices() {
                assert!(whole.starts_with(&fold(&word[..end])), "{word} up to {end}");
            }
        }
    }

    #[test]
    fn only_letters_and_single_spaces_are_left() {
        let text = (0..=0x2_ffff).filter_map(char::from_u32).collect::<String>();
        let words = fold(&text);
        assert!(
            words
                .bytes()
                .all(|byte| !byte.is_ascii() || byte == b' ' || byte.is_ascii_lowercase() || byte.is_ascii_digit())
        );
        assert!(!words.contains("  ") && !words.contains('"') && !words.contains('\0'));
        assert!(words.split(' ').all(|word| word.chars().count() <= WORD_LETTERS_MAX));
    }

    #[test]
    fn a_question_is_all_of_its_words_and_longer_ones_are_beginnings() {
        assert_eq!(question("Су, қалада?").as_deref(), Some("\"су\" \"калада\"*"));
        assert_eq!(question("\" OR * — ("), Some("\"or\"".to_owned()));
        assert_eq!(question(" … "), None);
        assert_eq!(question(&"нан ".repeat(20)).unwrap().split(' ').count(), QUERY_WORDS_MAX);
    }
}
