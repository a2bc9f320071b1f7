//! The first words of a post as plain text.
//!
//! It looks at lines and marks where the emitter in [`crate::markdown`] has a whole parser: what it gives is shown as text,
//! never as HTML, so that a mark more or less harms nobody; and the reader app shows a list of posts before it has fetched a
//! parser. A test compares both over ordinary posts.

use crate::clean::clean_text;
use crate::markdown::{INPUT_BYTES_MAX, cut};

/// Bytes of a tag, of a link's address or of its label that are looked through for their end.
const MARKUP_BYTES_MAX: usize = 1_024;

/// Takes the first words of a post as plain text, at most `characters_max` of them and an ellipsis.
///
/// Headings, lists, code and tables are left out where there is running text. Costs no more than the words it returns need.
pub fn excerpt(markdown: &str, characters_max: usize) -> String {
    // Words are rarely longer than twelve bytes of markup each; this much source always yields enough text.
    let text = clean_text(cut(markdown, (characters_max * 16).min(INPUT_BYTES_MAX)));
    let blocks = blocks(&text);
    let running = join(blocks.iter().filter(|block| block.is_running));
    let words = if running.is_empty() { join(blocks.iter()) } else { running };
    shorten(&words, characters_max)
}

/// Lines that belong together.
struct Block {
    /// Not a heading, a list, a table or code.
    is_running: bool,
    is_code: bool,
    text: String,
}

fn join<'b>(blocks: impl Iterator<Item = &'b Block>) -> String {
    let mut words = String::new();
    for block in blocks {
        let plain = if block.is_code { block.text.clone() } else { without_marks(&block.text) };
        for word in plain.split_whitespace() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
    }
    words
}

/// Cuts between words where that does not lose more than a third.
fn shorten(words: &str, characters_max: usize) -> String {
    let Some((end, _)) = words.char_indices().nth(characters_max) else {
        return words.to_owned();
    };
    let kept = cut(words, end);
    let kept = match kept.rfind(' ') {
        Some(space) if space * 3 > end * 2 => cut(kept, space),
        _ => kept,
    };
    let mut short = kept.trim_end_matches([' ', ',', ';', ':', '.', '-', '–']).to_owned();
    short.push('…');
    short
}

/// Splits a text into its blocks.
fn blocks(text: &str) -> Vec<Block> {
    let mut splitter = Splitter { blocks: Vec::new(), fence: None, is_fresh: true, is_list: false, is_table: false };
    text.lines().for_each(|line| splitter.line(line));
    splitter.blocks
}

struct Splitter {
    blocks: Vec<Block>,
    /// What closes the code that is open.
    fence: Option<String>,
    /// The last line ended its block.
    is_fresh: bool,
    is_list: bool,
    is_table: bool,
}

impl Splitter {
    fn line(&mut self, line: &str) {
        let mut inner = line.trim_start();
        while let Some(quoted) = inner.strip_prefix('>') {
            inner = quoted.trim_start();
        }
        let is_indented = line.starts_with([' ', '\t']);
        let is_deep = line.starts_with("    ") || line.starts_with('\t');
        if let Some(fence) = &self.fence {
            if inner.starts_with(fence.as_str()) {
                (self.fence, self.is_fresh) = (None, true);
            } else {
                self.add(false, true, inner);
            }
        } else if inner.is_empty() {
            (self.is_fresh, self.is_table) = (true, false);
        } else if is_deep && self.is_fresh && !self.is_list {
            self.add(false, true, inner);
            self.is_fresh = true;
        } else if let Some(fence) = ["```", "~~~"].into_iter().find(|fence| inner.starts_with(fence)) {
            (self.fence, self.is_fresh) = (Some(fence.into()), true);
        } else {
            self.is_list &= !self.is_fresh || is_indented || is_item(inner);
            self.text_line(inner);
        }
    }

    fn text_line(&mut self, line: &str) {
        let open = if self.is_fresh { None } else { self.blocks.last_mut().filter(|block| block.is_running) };
        if let Some(above) = open.filter(|_| is_made_of(line, "=") || is_made_of(line, "-")) {
            (above.is_running, self.is_fresh) = (false, true);
        } else if self.is_table || (line.contains('|') && is_made_of(line, "|-: ")) {
            // The line above is the table's head.
            if let Some(above) = self.blocks.last_mut().filter(|_| !self.is_table && !self.is_fresh) {
                above.is_running = false;
            }
            if self.is_table {
                self.add(false, false, &line.replace('|', " "));
            }
            (self.is_table, self.is_fresh) = (true, true);
        } else if is_made_of(line, "- ") || is_made_of(line, "* ") || is_made_of(line, "_ ") {
            self.is_fresh = line.len() > 2 || self.is_fresh;
        } else if let Some(heading) = heading(line) {
            self.is_fresh = true;
            self.add(false, false, heading);
            self.is_fresh = true;
        } else if self.is_fresh && (is_tag(line) || is_definition(line)) {
        } else if is_item(line) {
            (self.is_list, self.is_fresh) = (true, true);
            self.add(false, false, line.trim_start_matches(|one: char| one.is_ascii_digit()).get(1..).unwrap_or(""));
        } else {
            self.add(!self.is_list, false, line);
        }
    }

    fn add(&mut self, is_running: bool, is_code: bool, line: &str) {
        if self.is_fresh {
            self.blocks.push(Block { is_running, is_code, text: String::new() });
            self.is_fresh = false;
        }
        if let Some(block) = self.blocks.last_mut() {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
}

fn is_made_of(line: &str, characters: &str) -> bool {
    line.chars().all(|character| characters.contains(character))
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    let is_heading = (1..=6).contains(&(line.len() - text.len())) && (text.is_empty() || text.starts_with(' '));
    is_heading.then(|| text.trim_end().trim_end_matches('#'))
}

fn is_item(line: &str) -> bool {
    let mark = line.trim_start_matches(|one: char| one.is_ascii_digit());
    let is_numbered = mark.len() < line.len();
    let rest = if is_numbered { mark.strip_prefix(['.', ')']) } else { mark.strip_prefix(['-', '*', '+']) };
    rest.is_some_and(|rest| rest.starts_with([' ', '\t']))
}

/// A line that is one tag, and begins a block of HTML.
fn is_tag(line: &str) -> bool {
    line.starts_with('<') && line.trim_end().ends_with('>') && !line.contains("://")
}

/// Where the address of a link stands by itself.
fn is_definition(line: &str) -> bool {
    line.starts_with('[') && line.contains("]:")
}

/// The text of a paragraph without what marks emphasis, links, code and tags.
fn without_marks(text: &str) -> String {
    let mut plain = Plain { text: String::with_capacity(text.len()), brackets: Vec::new() };
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = plain.step(character, cut_front(rest, character.len_utf8()));
    }
    plain.text
}

struct Plain {
    text: String,
    /// Where brackets that may belong to a link were written.
    brackets: Vec<usize>,
}

impl Plain {
    /// Looks at one character, and gives what is left behind it and its mark.
    fn step<'t>(&mut self, character: char, rest: &'t str) -> &'t str {
        match character {
            '\\' if rest.starts_with(|next: char| next.is_ascii_punctuation()) => {
                self.text.push_str(cut(rest, 1));
                return cut_front(rest, 1);
            }
            // A line that is broken here.
            '\\' if rest.starts_with('\n') && rest.len() > 1 => {}
            '`' => return self.code(rest),
            '*' | '_' | '~' => return self.emphasis(character, rest),
            '[' => {
                self.brackets.push(self.text.len());
                self.text.push('[');
            }
            ']' => return self.link(rest),
            '<' => return self.tag(rest),
            '&' => return self.entity(rest),
            other => self.text.push(other),
        }
        rest
    }

    fn code<'t>(&mut self, rest: &'t str) -> &'t str {
        let behind = rest.trim_start_matches('`');
        let marks = rest.len() - behind.len() + 1;
        let end = behind.find('`').filter(|end| cut_front(behind, *end).starts_with(&"`".repeat(marks.min(8))[..]));
        let Some(end) = end else {
            self.text.extend(std::iter::repeat_n('`', marks));
            return behind;
        };
        self.text.push_str(cut(behind, end));
        cut_front(behind, end + marks)
    }

    /// Marks stand beside a word; between two words they are text, and so is what joins the parts of a name.
    fn emphasis<'t>(&mut self, mark: char, rest: &'t str) -> &'t str {
        let behind = rest.trim_start_matches(mark);
        let marks = rest.len() - behind.len() + 1;
        let is_free = |next: Option<char>| next.is_none_or(char::is_whitespace);
        let (before, after) = (self.text.chars().next_back(), behind.chars().next());
        let joins = |side: Option<char>| side.is_some_and(|one| !is_free(Some(one)) && !one.is_ascii_punctuation());
        let is_text = (is_free(before) && is_free(after))
            || (mark == '_' && joins(before) && joins(after))
            || (mark == '~' && marks > 2);
        if is_text {
            self.text.extend(std::iter::repeat_n(mark, marks));
        }
        behind
    }

    /// The end of a bracket: of a link only its text stays.
    fn link<'t>(&mut self, rest: &'t str) -> &'t str {
        let target = rest.strip_prefix('(').map(|target| (target, '(', ')'));
        let target = target.or_else(|| rest.strip_prefix('[').map(|label| (label, '[', ']')));
        let end = target.and_then(|(target, open, close)| Some((target, end_of(target, open, close)?)));
        match (self.brackets.pop(), end) {
            (Some(bracket), Some((target, end))) => {
                // A picture is its text.
                let mark = cut(&self.text, bracket).ends_with('!').then(|| bracket - 1);
                self.text.replace_range(mark.unwrap_or(bracket)..=bracket, "");
                cut_front(target, end + 1)
            }
            _ => {
                self.text.push(']');
                rest
            }
        }
    }

    fn tag<'t>(&mut self, rest: &'t str) -> &'t str {
        let end = cut(rest, MARKUP_BYTES_MAX).find('>');
        let Some(end) = end.filter(|_| rest.starts_with(|one: char| one.is_ascii_alphabetic() || "/!?".contains(one)))
        else {
            self.text.push('<');
            return rest;
        };
        let inner = cut(rest, end);
        // An address in angle brackets is text.
        if inner.contains("://") && !inner.contains(' ') {
            self.text.push_str(inner);
        }
        cut_front(rest, end + 1)
    }

    /// The few names of characters that people write.
    fn entity<'t>(&mut self, rest: &'t str) -> &'t str {
        let names = [
            ("amp;", "&"),
            ("lt;", "<"),
            ("gt;", ">"),
            ("quot;", "\""),
            ("nbsp;", "\u{a0}"),
            ("laquo;", "«"),
            ("raquo;", "»"),
        ];
        let found = names.into_iter().find_map(|(name, means)| Some((rest.strip_prefix(name)?, means)));
        let (rest, means) = found.unwrap_or((rest, "&"));
        self.text.push_str(means);
        rest
    }
}

/// Where a bracket closes that was opened before the text.
fn end_of(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in cut(text, MARKUP_BYTES_MAX).char_indices() {
        if character == open {
            depth += 1;
        } else if character == close {
            depth = match depth.checked_sub(1) {
                Some(depth) => depth,
                None => return Some(at),
            };
        }
    }
    None
}

/// What stands behind a place.
fn cut_front(text: &str, from: usize) -> &str {
    text.get(from..).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::parsed_words;

    #[test]
    fn ordinary_posts_give_the_words_that_the_parser_gives() {
        let posts = [
            "Water *falls* [here](https://example.org), <b>not</b> there.\n\nMore.",
            "# Heading\n\nOne **two** three.\n\n- a list\n- of two\n\nAfter it.",
            "Heading\n=======\n\nText\nover lines.\n\nOther\n-----\n\nEnd.",
            "Қазір `code` мұнда.\n\n```\nlet a = 1;\n```\n\nСоңы_осы_атау және _екпін_.",
            "> Quoted *words*\n> go on.\n\nThen text.",
            "| a | b |\n|---|---|\n| 1 | 2 |\n\nBehind the table.",
            "Text before.\n\n---\n\nText behind: 2 * 3 = 6, a_b_c, 5 < 6 & 7 > 3.",
            "1. first\n2. second\n\n   still second\n\nText &amp; more &lt;here&gt;.",
            "![A picture](b.png) and ![another].\n\n[Link][1] and [plain] brackets.\n\n[1]: https://example.org",
            "Look at <https://example.org/a> or ~~nowhere~~ \\*else\\*.",
            "***Both*** and __strong__ and a * star, _under_.",
            "متن *فارسی* با [پیوند](https://example.org/?a=(b)) پایان.",
            "    indented code\n\nText.",
            "* one\n* two\n\n# Only a heading",
            "<div>\n\nInside.\n\n</div>",
            "Line one  \nline two\\\nline three",
            "1986 год был долгим.\n\n- и список",
            "",
        ];
        for post in posts {
            assert_eq!(excerpt(post, 280), shorten(&parsed_words(post), 280), "{post}");
        }
    }

    #[test]
    fn hostile_markup_costs_little_and_gives_text() {
        for bomb in ["[", "](", "<", "`", "*_", "![](", "> ", "#", "| ", "~", "&", "- ", "\\", "[]:", "```\n", "(]["] {
            let words = excerpt(&bomb.repeat(INPUT_BYTES_MAX / bomb.len()), 280);
            assert!(words.chars().count() <= 281, "{bomb}: {words}");
        }
    }
}
