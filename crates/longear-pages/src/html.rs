//! Writes HTML so that markup can only come from this crate: `raw` takes constants, everything else is escaped.

use crate::clean::{clean_line, clean_text};

/// A piece of HTML that is being written.
#[derive(Default)]
pub(crate) struct Html(String);

/// What stands in for a placeholder of a catalogue sentence.
pub(crate) enum Part<'a> {
    /// Our own words or numbers.
    Text(&'a str),
    /// Our own words or numbers, in bold.
    Bold(&'a str),
    /// Somebody else's words, cleaned and isolated, so that their direction cannot reorder ours.
    Foreign(&'a str),
}

impl Html {
    /// Appends markup that is a constant of this crate.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Appends text, escaped.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        escape_into(&mut self.0, text);
        self
    }

    /// Appends one line of somebody else's text: cleaned, escaped, isolated.
    pub(crate) fn foreign(&mut self, text: &str) -> &mut Self {
        let line = clean_line(text);
        self.raw("<bdi>").text(&line).raw("</bdi>")
    }

    /// Appends one line of somebody else's text into an element with `dir="auto"`: cleaned and escaped.
    ///
    /// Not isolated, because `dir="auto"` looks past a `bdi`; the element itself has to stand alone.
    pub(crate) fn foreign_line(&mut self, text: &str) -> &mut Self {
        let line = clean_line(text);
        self.text(&line)
    }

    /// Appends ` name="value"`, with the value cleaned and escaped.
    pub(crate) fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        let value = clean_text(value);
        self.raw(" ").raw(name).raw("=\"").text(&value).raw("\"")
    }

    /// Appends ` name="number"`.
    pub(crate) fn number(&mut self, name: &'static str, value: u64) -> &mut Self {
        self.attribute(name, &value.to_string())
    }

    /// Appends a catalogue sentence with its placeholders filled.
    pub(crate) fn sentence(&mut self, template: &str, parts: &[(&str, Part<'_>)]) -> &mut Self {
        walk(template, |piece| match piece {
            Piece::Words(words) => {
                self.text(words);
            }
            Piece::Place(name) => match parts.iter().find(|(key, _)| *key == name) {
                Some((_, Part::Text(text))) => {
                    self.text(text);
                }
                Some((_, Part::Bold(text))) => {
                    self.raw("<b>").text(text).raw("</b>");
                }
                Some((_, Part::Foreign(text))) => {
                    self.foreign(text);
                }
                None => {}
            },
        });
        self
    }

    /// Appends another piece.
    pub(crate) fn append(&mut self, other: Html) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// Takes HTML that an emitter of this crate has written.
    pub(crate) fn already_safe(html: String) -> Html {
        Html(html)
    }

    /// How many bytes have been written.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns what has been written.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// Fills the placeholders of a catalogue sentence for an attribute or for another sentence.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() + 16);
    walk(template, |piece| match piece {
        Piece::Words(words) => filled.push_str(words),
        Piece::Place(name) => {
            if let Some((_, value)) = values.iter().find(|(key, _)| *key == name) {
                filled.push_str(value);
            }
        }
    });
    filled
}

enum Piece<'a> {
    Words(&'a str),
    Place(&'a str),
}

/// Splits `a {b} c` in one pass: a value that looks like a placeholder is never filled again.
fn walk<'a>(template: &'a str, mut visit: impl FnMut(Piece<'a>)) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        visit(Piece::Words(before));
        visit(Piece::Place(name));
        rest = behind;
    }
    visit(Piece::Words(rest));
}

/// The names of the placeholders in a catalogue sentence, sorted.
#[cfg(test)]
pub(crate) fn placeholders(template: &str) -> Vec<String> {
    let mut names = Vec::new();
    walk(template, |piece| {
        if let Piece::Place(name) = piece {
            names.push(name.to_owned());
        }
    });
    names.sort();
    names
}

fn escape_into(out: &mut String, text: &str) {
    out.reserve(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_cannot_leave_their_place() {
        let mut html = Html::default();
        html.raw("<a").attribute("title", "\"><script>'&\u{0}").raw(">");
        html.text("<img src=x>").raw("</a>");
        assert_eq!(html.finish(), "<a title=\"&quot;&gt;&lt;script&gt;&#39;&amp;\">&lt;img src=x&gt;</a>");
    }

    #[test]
    fn a_value_that_looks_like_a_placeholder_stays_as_it_is() {
        let filled = fill("{a} and {b}.", &[("a", "{b}"), ("b", "two")]);
        assert_eq!(filled, "{b} and two.");
        let mut html = Html::default();
        html.sentence("{a}: {b}", &[("a", Part::Bold("<1>")), ("b", Part::Foreign("x\u{202E}y"))]);
        assert_eq!(html.finish(), "<b>&lt;1&gt;</b>: <bdi>xy</bdi>");
    }
}
