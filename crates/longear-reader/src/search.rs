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

use longear_core::{ItemId, SortedMap};

/// Letters of a folded word that are told apart.
pub const WORD_LETTERS_MAX: usize = 24;
/// Folded letters from which on a word also finds longer ones that begin with it.
pub const PREFIX_LETTERS_MIN: usize = 3;
/// Words of a query that are looked at.
pub const QUERY_WORDS_MAX: usize = 8;

/// Bytes of a word that are looked at, before its usual spellings are made one.
const SPELLED_BYTES_MAX: usize = WORD_LETTERS_MAX * 8;
/// Places for spelled words whose numbers are remembered: several times as many as a language uses often.
const WORDS_REMEMBERED: usize = 1 << 16;
/// Characters whose spelling is remembered: Latin, Cyrillic and Arabic stand below.
const CHARACTERS_REMEMBERED: usize = 0x700;

/// Which articles hold which words.
///
/// What a channel says in a year are millions of words, nearly all of which were said before. So a word costs a look at what
/// is remembered of its letters and of itself; only what is new is folded and looked up in the order of words.
#[derive(Clone, Debug, Default)]
pub struct Index {
    articles: Vec<ItemId>,
    /// Folded words and their numbers, in the order in which they came.
    words: SortedMap<String, u32>,
    /// By the number of a word: the numbers of the articles that hold it, ascending, each once.
    holders: Vec<Vec<u32>>,
    letters: Letters,
    remembered: Vec<Remembered>,
}

/// A spelled word, and the number of the folded one.
#[derive(Clone, Debug, Default)]
struct Remembered {
    spelled: Vec<u8>,
    number: u32,
}

impl Index {
    /// Takes in the words of an article.
    pub fn add(&mut self, id: ItemId, text: &str) {
        let Ok(article) = u32::try_from(self.articles.len()) else { return };
        self.articles.push(id);
        self.remembered.resize(WORDS_REMEMBERED, Remembered::default());
        let Index { words, holders, letters, remembered, .. } = self;
        letters.spell_words(text, &mut |spelled| {
            // Words that fall on the same place take it from each other.
            let place = &mut remembered[place_of(spelled)];
            if place.spelled != spelled {
                let folded = skeleton(spelled);
                if folded.is_empty() {
                    return;
                }
                place.number = *words.at_or_insert(folded, || {
                    holders.push(Vec::new());
                    holders.len() as u32 - 1
                });
                place.spelled.clear();
                place.spelled.extend_from_slice(spelled);
            }
            let holders = &mut holders[place.number as usize];
            if holders.last() != Some(&article) {
                holders.push(article);
            }
        });
    }

    /// Articles that hold all words of a query, in the order in which they came.
    pub fn find(&self, query: &str) -> Vec<ItemId> {
        // By article: how many words of the query it holds, of those that were looked for.
        let mut held = vec![0_u8; self.articles.len()];
        let mut count = 0;
        for word in fold(query).into_iter().take(QUERY_WORDS_MAX) {
            let is_whole = word.chars().count() < PREFIX_LETTERS_MIN;
            let from = self.words.range(word.clone()..);
            for (_, number) in
                from.take_while(|(held, _)| if is_whole { **held == word } else { held.starts_with(&word) })
            {
                for article in &self.holders[*number as usize] {
                    let held = &mut held[*article as usize];
                    if *held == count {
                        *held += 1;
                    }
                }
            }
            count += 1;
        }
        let found = self.articles.iter().zip(held).filter(|(_, held)| count > 0 && *held == count);
        found.map(|(id, _)| *id).collect()
    }
}

/// Where a word is remembered (FNV-1a, 32 bits).
fn place_of(spelled: &[u8]) -> usize {
    let mut hash = 0x811c_9dc5_u32;
    for byte in spelled {
        hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    }
    (hash ^ (hash >> 16)) as usize % WORDS_REMEMBERED
}

/// The skeletons of a text's words.
pub fn fold(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    Letters::default().spell_words(text, &mut |spelled| words.push(skeleton(spelled)));
    words.retain(|word| !word.is_empty());
    words
}

/// How characters are spelled: found out at the first time, as small letters, kinds of letters and marks stand in long tables.
#[derive(Clone, Debug, Default)]
struct Letters {
    known: Vec<Option<Spelling>>,
}

/// Up to four bytes, filled with zeros. No spelling is longer: `shch`, or one character.
type Spelling = [u8; 4];

/// What ends a word. No text has this byte.
const END: Spelling = [0xff; 4];

impl Letters {
    /// Gives every word of a text as it is spelled.
    fn spell_words(&mut self, text: &str, give: &mut dyn FnMut(&[u8])) {
        self.known.resize(CHARACTERS_REMEMBERED, None);
        let mut word = Vec::new();
        for character in text.chars().chain([' ']) {
            let spelling = self.spelling(character);
            if spelling == END {
                if !word.is_empty() {
                    give(&word);
                    word.clear();
                }
            // Longer ones are told apart by no more; and one word of 64 KiB must not be kept.
            } else if word.len() < SPELLED_BYTES_MAX {
                word.extend(spelling.iter().take_while(|byte| **byte != 0));
            }
        }
    }

    fn spelling(&mut self, character: char) -> Spelling {
        let Some(known) = self.known.get_mut(character as usize) else { return spelling_of(character) };
        *known.get_or_insert_with(|| spelling_of(character))
    }
}

fn spelling_of(character: char) -> Spelling {
    if is_passed_over(character) {
        return [0; 4];
    }
    if !character.is_alphanumeric() {
        return END;
    }
    let mut word = String::new();
    character.to_lowercase().filter(|letter| !is_passed_over(*letter)).for_each(|one| spell(one, &mut word));
    let mut spelling = [0; 4];
    spelling.iter_mut().zip(word.bytes()).for_each(|(to, byte)| *to = byte);
    spelling
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
fn skeleton(spelled: &[u8]) -> String {
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
    // Whole characters were put together.
    let mut rest = std::str::from_utf8(spelled).unwrap_or_default();
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
    use std::collections::{BTreeMap, BTreeSet};

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
    fn words_that_are_remembered_at_one_place_are_told_apart() {
        let syllable = |number: usize| ["ba", "ve", "go", "da", "zhi", "mo", "lu", "ne", "pi", "ra"][number % 10];
        let word = |number: usize| (0..5).map(|place| syllable(number / 10_usize.pow(place))).collect::<String>();
        let mut places = BTreeMap::<usize, Vec<String>>::new();
        (0..5_000).map(word).for_each(|word| places.entry(place_of(word.as_bytes())).or_default().push(word));
        let shared = places.into_values().filter(|words| words.len() > 1).flatten().collect::<Vec<_>>();
        assert!(shared.len() > 100, "only {} words share a place", shared.len());

        // Each stands in every article of some, twice, so that it is met, overwritten and met again.
        let holds = |article: u8, word: usize| (word + usize::from(article)).is_multiple_of(3);
        let mut index = Index::default();
        for article in 0..9 {
            let words = shared.iter().enumerate().filter(|(number, _)| holds(article, *number));
            let text = words.map(|(_, word)| word.as_str()).collect::<Vec<_>>().join(" ");
            index.add(ItemId([article; 32]), &format!("{text} {text}"));
        }
        for (number, word) in shared.iter().enumerate() {
            let found = index.find(word).into_iter().map(|id| id.0[0]).collect::<Vec<_>>();
            assert_eq!(found, (0..9).filter(|article| holds(*article, number)).collect::<Vec<_>>(), "{word}");
        }
    }

    #[test]
    fn every_character_is_spelled_whole_and_alike_when_it_is_met_again() {
        let mut letters = Letters::default();
        letters.spell_words("", &mut |_| ());
        for character in '\0'..=char::MAX {
            let small = character.to_lowercase().filter(|letter| !is_passed_over(*letter));
            let mut spelled = String::new();
            small.for_each(|one| spell(one, &mut spelled));
            let expected = match character {
                passed if is_passed_over(passed) => "",
                other if !other.is_alphanumeric() => continue,
                _ => spelled.as_str(),
            };
            for _ in 0..2 {
                let mut words = Vec::new();
                letters.spell_words(&format!("b{character}b"), &mut |word| words.push(word.to_vec()));
                assert_eq!(words, [format!("b{expected}b").into_bytes()], "{character:?}");
            }
        }
    }

    #[test]
    fn a_text_without_spaces_costs_one_short_word() {
        let words = fold(&"щ".repeat(60_000));
        assert_eq!(words.len(), 1);
        assert!(words[0].chars().count() <= WORD_LETTERS_MAX);
    }
}
