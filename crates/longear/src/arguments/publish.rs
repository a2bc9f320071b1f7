//! Saying something, taking it back, and putting it right.

use std::path::PathBuf;

use clap::{ArgMatches, Args, ValueEnum};

use super::usage_error;
use super::values::language;

/// Holds the arguments of `publish`.
#[derive(Clone, Debug, Args)]
#[command(after_help = PUBLISH_HELP)]
pub struct PublishArguments {
    /// What is published.
    #[command(flatten)]
    pub post: PostArguments,
}

const PUBLISH_HELP: &str = "\
Examples:
  longear publish clip.mp4 --title \"Bread in Taldy\" --lang en --text post.md
  longear publish --lang kk --text kk.md --lang ru --text ru.md clip.mp4
  echo \"Roads are open\" | longear publish --text -

Titles, texts and origins belong to the languages in the order in which they stand; if there are \
fewer of them than languages, each belongs to the --lang before it. The first is the original";

/// Holds what an item can be made of.
#[derive(Clone, Debug, Args)]
pub struct PostArguments {
    /// Add these files: video, sound, pictures, documents
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What is said in words.
    #[command(flatten)]
    pub texts: TextArguments,
}

/// Holds titles and texts in languages.
#[derive(Clone, Debug, Args)]
pub struct TextArguments {
    /// Give it a title, in each language
    #[arg(long = "title", value_name = "TITLE")]
    titles: Vec<String>,
    /// Name the language of a text, as a tag such as kk, ru, en or kk-Latn
    #[arg(long = "lang", value_name = "LANG", value_parser = language)]
    languages: Vec<String>,
    /// Read a text in Markdown from FILE, or from the standard input with -
    #[arg(long = "text", value_name = "FILE|-", allow_hyphen_values = true)]
    texts: Vec<TextSource>,
    /// Say how a text came about: original, human or machine; unsaid, the first is the original and the others are
    /// human translations
    #[arg(long = "origin", hide_possible_values = true, value_name = "ORIGIN")]
    origins: Vec<OriginArgument>,
    /// The language variants, paired; the first is the original. Empty if only files are published.
    #[arg(skip)]
    pub variants: Vec<VariantArguments>,
}

/// Holds one language of a post, as it was paired from the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantArguments {
    /// The language tag, if one was named.
    pub language: Option<String>,
    /// The title, if there is one.
    pub title: Option<String>,
    /// Where its text is read from, if there is one.
    pub text: Option<TextSource>,
    /// How the text came about.
    pub origin: OriginArgument,
}

/// Says where a text is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextSource {
    /// The standard input, written `-`.
    StandardInput,
    /// A file.
    File(PathBuf),
}

impl From<std::ffi::OsString> for TextSource {
    fn from(text: std::ffi::OsString) -> Self {
        if text == "-" { Self::StandardInput } else { Self::File(text.into()) }
    }
}

/// Says how a text came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OriginArgument {
    /// Written in this language
    Original,
    /// Translated by a person
    Human,
    /// Translated by a machine, and marked so
    Machine,
}

impl PostArguments {
    /// Pairs languages, titles, texts and origins.
    pub(super) fn settle(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        if self.files.is_empty() && !self.texts.say_something() {
            return Err(usage_error("there is nothing to publish: name a file, a --text or a --title"));
        }
        self.texts.settle(matches)
    }
}

impl TextArguments {
    /// Whether there is a title or a text.
    pub(super) fn say_something(&self) -> bool {
        !self.titles.is_empty() || !self.texts.is_empty()
    }

    /// Pairs languages, titles, texts and origins.
    pub(super) fn settle(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let order = |name: &str| -> Vec<usize> { matches.indices_of(name).map(Iterator::collect).unwrap_or_default() };
        let languages = order("languages");
        let count = languages.len().max(1);
        let titles = paired("--title", &self.titles, &order("titles"), &languages)?;
        let texts = paired("--text", &self.texts, &order("texts"), &languages)?;
        let origins = paired("--origin", &self.origins, &order("origins"), &languages)?;
        if self.texts.iter().filter(|text| **text == TextSource::StandardInput).count() > 1 {
            return Err(usage_error("the standard input can be only one of the texts"));
        }
        if self.titles.is_empty() && self.texts.is_empty() && languages.is_empty() {
            return if origins.iter().all(Option::is_none) {
                Ok(())
            } else {
                Err(usage_error("--origin needs a --text or a --title"))
            };
        }
        for index in 0..count {
            let language = self.languages.get(index).cloned();
            if self.variants.iter().any(|variant| variant.language == language) {
                return Err(usage_error(format!("the language `{}` is named twice", language.unwrap_or_default())));
            }
            self.variants.push(VariantArguments {
                language,
                title: titles[index].clone(),
                text: texts[index].clone(),
                origin: origins[index].unwrap_or(if index == 0 {
                    OriginArgument::Original
                } else {
                    OriginArgument::Human
                }),
            });
        }
        Ok(())
    }
}

/// Gives each language its value: one by one if the counts are equal, else to the `--lang` before it.
fn paired<T: Clone>(
    flag: &str,
    values: &[T],
    places: &[usize],
    languages: &[usize],
) -> Result<Vec<Option<T>>, clap::Error> {
    let mut slots = vec![None; languages.len().max(1)];
    let by_order = values.len() == slots.len();
    for (index, (value, place)) in values.iter().zip(places).enumerate() {
        let slot = if by_order {
            index
        } else {
            languages.iter().filter(|language| *language < place).count().saturating_sub(1)
        };
        if slots[slot].replace(value.clone()).is_some() {
            return Err(usage_error(format!("there are several {flag} for one language; put a --lang before each")));
        }
    }
    Ok(slots)
}

/// Holds the arguments of `retract`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Example:
  longear retract 5be1c0…

The items disappear wherever this news arrives. Copies in hostile hands cannot be recalled")]
pub struct RetractArguments {
    /// Take back these items
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
}

/// Holds the arguments of `correct`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Example:
  longear correct 5be1c0… --title \"Bread in Taldy\" --lang en --text post.md

The correction is a whole new item: name every text and file that it shall have")]
pub struct CorrectArguments {
    /// Replace this item
    pub id: String,
    /// What it is replaced by.
    #[command(flatten)]
    pub post: PostArguments,
}
