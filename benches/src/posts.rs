//! Posts as a newsroom writes them, for what reads a year of them: titles, paragraphs, two languages, names among the words.

use std::path::Path;

use longear_core::hash::labelled;
use longear_core::{Article, Origin, Variant};

use crate::Outcome;
use crate::tree::Newsroom;

const SYLLABLES: [&str; 32] = [
    "ба", "ве", "го", "да", "жи", "за", "ка", "ле", "мо", "на", "пе", "ра", "се", "та", "ку", "хо", "ба", "чи", "ша",
    "гер", "лық", "дар", "нің", "тор", "ста", "про", "ман", "бол", "сын", "рек", "ғын", "жол",
];
/// Different words; so many do a few thousand news posts in one language use.
const WORDS: u64 = 12_000;
const TITLE_WORDS: u64 = 7;
const BODY_WORDS: u64 = 90;
/// One post of so many names the person whom the benchmark looks for.
const NAMED_EVERY: u64 = 100;

/// Writes a channel of so many posts into a folder, as a mirror holds it, and prints its address.
pub fn write(words: &[String]) -> Outcome<()> {
    let [folder, items] = words else { return Err("tree needs a folder and a number of posts".into()) };
    let items = items.parse().map_err(|_| format!("`{items}` is no number of posts"))?;
    let mut newsroom = Newsroom::new();
    newsroom.sign_until(items, &post);
    newsroom.write(Path::new(folder), &post)?;
    println!("{}", newsroom.address());
    Ok(())
}

/// The post of a number: always the same one.
fn post(number: u64) -> Article {
    let named = number.is_multiple_of(NAMED_EVERY);
    let variants = [("ru", "Токаев"), ("kk", "Тоқаев")].map(|(language, name)| {
        let mut random = numbers(language, number);
        let title = text(&mut random, TITLE_WORDS);
        let body = text(&mut random, BODY_WORDS);
        let body = if named { format!("{body} {name}.\n") } else { format!("{body}.\n") };
        Variant { language: language.into(), origin: Origin::Original, title, body }
    });
    Article { corrects: None, variants: variants.into(), renditions: Vec::new() }
}

/// Words with a space between them. Small numbers are more frequent, as in language.
fn text(random: &mut impl FnMut() -> u64, count: u64) -> String {
    let word = |number: u64| {
        let bytes = labelled("bench word", &[&number.to_le_bytes()]);
        let syllables = 2 + usize::from(bytes[0] % 3);
        bytes[1..=syllables].iter().map(|byte| SYLLABLES[usize::from(byte % 32)]).collect::<String>()
    };
    let words = (0..count).map(|_| {
        let bound = 1 + random() % WORDS;
        word(random() % bound)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Numbers that follow from a language and a post.
fn numbers(language: &str, post: u64) -> impl FnMut() -> u64 {
    let mut count = 0_u64;
    let language = language.to_owned();
    move || {
        count += 1;
        let bytes = labelled("bench post", &[language.as_bytes(), &post.to_le_bytes(), &count.to_le_bytes()]);
        u64::from_le_bytes(bytes[..8].try_into().unwrap_or_default())
    }
}
