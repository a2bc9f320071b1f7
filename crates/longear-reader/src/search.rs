//! Search that finds a name however it is written: Токаев, Тоқаев, Tokayev, Tokaev.
//!
//! Each word is [folded](fold) to a skeleton that the usual spellings of it share, in Kazakh and Russian Cyrillic and in
//! Latin letters; Arabic and Farsi letters that look alike become one. It errs on the side of finding too much.
//!
//! ```
//! use longear_reader::search::fold;
//! assert!(["Тоқаев", "Tokayev", "tokaev", "Toqaev"].iter().all(|name| fold(name) == fold("Токаев")));
//! assert_eq!(fold("Жаңа өзен"), ["jana", "ozen"]);
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use longear_core::ItemId;

/// Letters of a folded word that are told apart.
pub const WORD_LETTERS_MAX: usize = 24;
/// Folded letters from which on a word also finds longer ones that begin with it.
pub const PREFIX_LETTERS_MIN: usize = 3;
/// Words of a query that are looked at.
pub const QUERY_WORDS_MAX: usize = 8;

/// Which articles hold which words.
#[derive(Clone, Debug, Default)]
pub struct Index {
    articles: Vec<ItemId>,
    words: BTreeMap<String, Vec<u32>>,
}

impl Index {
    /// Takes in the words of an article.
    pub fn add(&mut self, id: ItemId, text: &str) {
        let Ok(number) = u32::try_from(self.articles.len()) else { return };
        self.articles.push(id);
        for word in fold(text).into_iter().collect::<BTreeSet<_>>() {
            self.words.entry(word).or_default().push(number);
        }
    }

    /// Articles that hold all words of a query.
    pub fn find(&self, query: &str) -> BTreeSet<ItemId> {
        let words = fold(query).into_iter().take(QUERY_WORDS_MAX);
        let found = words.map(|word| self.with(&word)).reduce(|all, some| all.intersection(&some).copied().collect());
        let numbers = found.unwrap_or_default();
        numbers.into_iter().filter_map(|number| self.articles.get(number as usize)).copied().collect()
    }

    fn with(&self, word: &str) -> BTreeSet<u32> {
        if word.chars().count() < PREFIX_LETTERS_MIN {
            return self.words.get(word).into_iter().flatten().copied().collect();
        }
        let from = self.words.range::<str, _>((Bound::Included(word), Bound::Unbounded));
        from.take_while(|(held, _)| held.starts_with(word)).flat_map(|(_, articles)| articles).copied().collect()
    }
}

/// The skeletons of a text's words.
pub fn fold(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for character in text.chars().chain([' ']) {
        if is_passed_over(character) {
            continue;
        }
        if character.is_alphanumeric() {
            // Longer ones are told apart by no more; and one word of 64 KiB must not be kept.
            if word.len() < WORD_LETTERS_MAX * 8 {
                character
                    .to_lowercase()
                    .filter(|letter| !is_passed_over(*letter))
                    .for_each(|one| spell(one, &mut word));
            }
        } else if !word.is_empty() {
            let skeleton = skeleton(&word);
            word.clear();
            if !skeleton.is_empty() {
                words.push(skeleton);
            }
        }
    }
    words
}

/// What stands within words without being a letter of its own: accents, vowel signs, joiners, apostrophes.
fn is_passed_over(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{200b}'..='\u{200f}'
            | '\'' | '’' | '‘' | 'ʼ' | 'ʹ' | 'ʺ' | '`' | '\u{ad}' | '\u{feff}'
    )
}

/// Spells a small letter in Latin, or in the one form of its own script.
fn spell(letter: char, word: &mut String) {
    let spelling = match letter {
        'а' | 'ә' | 'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ə' | 'æ' => "a",
        'б' => "b",
        'ć' | 'ĉ' | 'ċ' | 'č' | 'ч' | 'ç' => "ch",
        'в' => "v",
        'г' | 'ғ' | 'ґ' | 'ğ' | 'ĝ' | 'ġ' | 'ģ' | 'ǵ' => "g",
        'д' | 'ð' | 'đ' | 'ď' => "d",
        'е' | 'э' | 'ё' | 'є' | 'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ж' => "zh",
        'з' | 'ź' | 'ż' | 'ž' => "z",
        'и' | 'і' | 'й' | 'ы' | 'ї' | 'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ỳ' | 'ý' | 'ÿ' | 'ŷ' => {
            "i"
        }
        'к' | 'қ' | 'ķ' => "k",
        'л' | 'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'м' => "m",
        'н' | 'ң' | 'ñ' | 'ń' | 'ņ' | 'ň' | 'ŋ' => "n",
        'о' | 'ө' | 'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'п' => "p",
        'р' | 'ŕ' | 'ŗ' | 'ř' => "r",
        'с' | 'ś' | 'ŝ' | 'š' => "s",
        'т' | 'ţ' | 'ť' | 'ț' => "t",
        'у' | 'ұ' | 'ү' | 'ў' | 'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ф' => "f",
        'х' | 'һ' | 'ħ' | 'ĥ' => "kh",
        'ц' => "ts",
        'ш' | 'ş' | 'ș' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ю' => "iu",
        'я' => "ia",
        'þ' => "th",
        'ß' => "ss",
        'œ' => "oe",
        // One form for each letter of Arabic and Farsi.
        'ي' | 'ی' | 'ى' | 'ئ' => "ي",
        'ك' | 'ک' => "ك",
        'ا' | 'أ' | 'إ' | 'آ' | 'ٱ' => "ا",
        'ه' | 'ة' | 'ە' | 'ۀ' => "ه",
        'و' | 'ؤ' => "و",
        '٠' | '۰' => "0",
        '١' | '۱' => "1",
        '٢' | '۲' => "2",
        '٣' | '۳' => "3",
        '٤' | '۴' => "4",
        '٥' | '۵' => "5",
        '٦' | '۶' => "6",
        '٧' | '۷' => "7",
        '٨' | '۸' => "8",
        '٩' | '۹' => "9",
        other => return word.push(other),
    };
    word.push_str(spelling);
}

/// What the usual transliterations of a word have in common.
fn skeleton(word: &str) -> String {
    const SPELLINGS: &[(&str, &str)] = &[
        ("shch", "sh"),
        ("sch", "sh"),
        ("dzh", "j"),
        ("tch", "ch"),
        ("ch", "ch"),
        ("sh", "sh"),
        ("zh", "j"),
        ("dj", "j"),
        ("kh", "h"),
        ("gh", "g"),
        ("ph", "f"),
        ("ck", "k"),
        ("tz", "ts"),
        ("x", "ks"),
        ("q", "k"),
        ("w", "v"),
        ("y", "i"),
        ("c", "k"),
    ];
    let mut letters = Vec::<char>::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let spelling = SPELLINGS.iter().find(|(from, _)| rest.starts_with(from));
        let (from, to) = spelling.map_or((first.len_utf8(), &rest[..first.len_utf8()]), |(from, to)| (from.len(), *to));
        for letter in to.chars() {
            // A letter that is written twice is heard once.
            if letters.last() != Some(&letter) {
                letters.push(letter);
            }
        }
        rest = &rest[from..];
    }
    let is_vowel = |at: Option<&char>| at.is_some_and(|letter| "aeou".contains(*letter));
    let glides = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        letters[at] == 'i' && (is_vowel(before) || is_vowel(letters.get(at + 1)))
    };
    (0..letters.len()).filter(|at| !glides(*at)).map(|at| letters[at]).take(WORD_LETTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_name_are_one() {
        let names: &[&[&str]] = &[
            &["Токаев", "Тоқаев", "Tokayev", "Tokaev", "Toqaev", "TOKAYEV", "Tоқаев"],
            &["Жанаозен", "Жаңаөзен", "Zhanaozen", "Jañaözen", "Janaozen"],
            &["Назарбаев", "Nazarbayev", "Nazarbaev"],
            &["Қазақстан", "Qazaqstan", "Kazakstan"],
            &["Казахстан", "Kazakhstan", "Kazahstan"],
            &["Алексей", "Aleksey", "Alexei", "Aleksei"],
            &["Щербаков", "Shcherbakov", "Scherbakov"],
            &["Хабар", "Khabar", "Habar"],
            &["Шымкент", "Shymkent", "Şymkent"],
            &["Юлия", "Yulia", "Iuliia", "Yuliya"],
            &["Ермек", "Yermek", "Ermek"],
            &["Жамбыл", "Джамбыл", "Zhambyl", "Jambyl"],
            &["Ұлытау", "Улытау", "Ulytau", "Ūlytau"],
            &["Әуезов", "Ауэзов", "Auezov", "Äuezov"],
            &["علی", "علي"],
            &["کتاب", "كتاب"],
            &["نمی\u{200c}دانم", "نميدانم"],
            &["إيران", "ایران"],
            &["۱۴۰۴", "١٤٠٤", "1404"],
            &["и\u{306}од", "йод"],
        ];
        for spellings in names {
            let folded = spellings.iter().map(|name| fold(name)).collect::<BTreeSet<_>>();
            assert_eq!(folded.len(), 1, "{spellings:?} {folded:?}");
            assert_eq!(folded.first().map(Vec::len), Some(1), "{spellings:?} is one word");
        }
    }

    #[test]
    fn other_words_are_others() {
        let words =
            ["Токаев", "Такаев", "хлеб", "клеб", "нан", "нам", "жол", "шол", "чол", "сол", "зол", "1404", "1405"];
        let folded = words.iter().map(|word| fold(word)).collect::<BTreeSet<_>>();
        assert_eq!(folded.len(), words.len(), "{folded:?}");
    }

    #[test]
    fn articles_are_found_by_all_words_and_by_their_beginnings() {
        let mut index = Index::default();
        index.add(ItemId([1; 32]), "Токаев в Алматы\nОн *прибыл* утром.");
        index.add(ItemId([2; 32]), "Хлеб\nТоқаевтың сөзі");
        let found = |query: &str| index.find(query).into_iter().map(|id| id.0[0]).collect::<Vec<_>>();
        assert_eq!(found("Tokayev"), [1, 2]);
        assert_eq!(found("tokay"), [1, 2]);
        assert_eq!(found("tokayev almaty"), [1]);
        assert_eq!(found("to"), [] as [u8; 0], "two letters find only themselves");
        assert_eq!(found("on"), [1]);
        assert_eq!(found(""), [] as [u8; 0]);
        assert_eq!(found("… — !"), [] as [u8; 0]);
    }

    #[test]
    fn a_text_without_spaces_costs_one_short_word() {
        let words = fold(&"щ".repeat(60_000));
        assert_eq!(words.len(), 1);
        assert!(words[0].chars().count() <= WORD_LETTERS_MAX);
    }
}
