//! A note's words as they may be shown: plain text, whatever a stranger wrote.
//!
//! Nothing in a note is markup, a link or a picture: `**`, `<b>` and `https://` stay the characters that they are. The page,
//! the command line and the app show the same, because all of them ask here.

use crate::clean::clean_text;
use crate::html::Html;
use crate::marks::is_combining_mark;

/// How many characters of a note are shown; the format allows 1,600 bytes.
const NOTE_CHARACTERS_MAX: usize = 2_000;

/// How many lines a note may fill with its own breaks; what follows runs on in the last one.
const NOTE_LINES_MAX: usize = 40;

/// How many characters of an answered note are quoted: one line of a wide page.
const QUOTE_CHARACTERS_MAX: usize = 80;

/// How many characters may be glued to one by zero-width joiners: enough for every emoji of a family.
const GLUED_MAX: usize = 4;

/// Returns a note's words without what could deceive the eye or break a page or a terminal.
///
/// Lines stay, at most one empty one between two, at most forty in all. Gone are controls, everything that reorders or cannot be
/// seen, marks and joiners that hang on nothing or pile up, spaces at the ends of lines and more than one in a row. Characters
/// for private use, which look different on each device, become `U+FFFD`. Empty if nothing of it can be seen. Costs two passes.
///
/// ```
/// use longear_pages::note_text;
///
/// assert_eq!(note_text("two\u{202E}  pumps\n\n\n\nfree \u{200B}"), "two pumps\n\nfree");
/// assert_eq!(note_text("**bold** <b> https://example.org/"), "**bold** <b> https://example.org/");
/// ```
pub fn note_text(text: &str) -> String {
    let cleaned = clean_text(text);
    let mut note = Lines::default();
    for character in cleaned.chars().take(NOTE_CHARACTERS_MAX) {
        note.push(character);
    }
    let mut shown = note.text;
    shown.truncate(shown.trim_end().len());
    if cleaned.chars().nth(NOTE_CHARACTERS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// Returns the beginning of a note in one line, for the answer that quotes it.
pub fn note_quote(text: &str) -> String {
    let line = note_text(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((end, _)) = line.char_indices().nth(QUOTE_CHARACTERS_MAX) else { return line };
    let head = &line[..end];
    // A word is cut only if it fills much of the line, and a letter never loses its marks.
    let letters = match head.rfind(' ').filter(|at| *at > end / 2) {
        Some(space) => &head[..space],
        None if line[end..].starts_with(is_hanging) => without_last(head.trim_end_matches(is_hanging)),
        None => head,
    };
    format!("{}…", letters.trim_end())
}

/// Writes a note's words as paragraphs, each with a direction of its own; nothing if there is nothing to see.
pub(crate) fn note_paragraphs(html: &mut Html, text: &str) {
    for paragraph in note_text(text).split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        html.raw("<p dir=\"auto\">");
        for (number, line) in paragraph.split('\n').enumerate() {
            if number > 0 {
                html.raw("<br>");
            }
            html.text(line);
        }
        html.raw("</p>");
    }
}

/// A text that grows by one character at a time and keeps the rules.
#[derive(Default)]
struct Lines {
    text: String,
    last: Option<char>,
    breaks: usize,
    glued: usize,
}

impl Lines {
    fn push(&mut self, character: char) {
        match character {
            '\n' => self.end_line(),
            _ if is_space(character) => self.space(),
            _ if is_mark_of_direction(character) => {}
            _ if is_joiner(character) => self.join(character),
            _ if is_combining_mark(character) => self.mark(character),
            _ if is_private(character) => self.keep('\u{FFFD}'),
            _ => self.keep(character),
        }
    }

    fn keep(&mut self, character: char) {
        self.text.push(character);
        self.last = Some(character);
    }

    /// Ends a line, or leaves one empty, or does neither where a note has had enough of them.
    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        let is_third = self.text.ends_with("\n\n");
        if self.text.is_empty() || is_third {
            return;
        }
        self.glued = 0;
        if self.breaks + 1 >= NOTE_LINES_MAX {
            return self.space();
        }
        self.breaks += 1;
        self.keep('\n');
    }

    fn space(&mut self) {
        self.glued = 0;
        if self.last.is_some_and(|last| last != ' ' && last != '\n') {
            self.keep(' ');
        }
    }

    /// Joiners shape letters of scripts that need them, and emoji. Between others they only make words that look equal differ.
    fn join(&mut self, joiner: char) {
        let shapes = self.last.is_some_and(|last| last >= '\u{590}' && !is_joiner(last));
        let is_glue = joiner == '\u{200D}';
        if shapes && !(is_glue && self.glued >= GLUED_MAX) {
            self.glued += usize::from(is_glue);
            self.keep(joiner);
        }
    }

    /// A mark without a letter would stand on what the page says before it.
    fn mark(&mut self, mark: char) {
        if self.last.is_some_and(|last| last != ' ' && last != '\n') {
            self.text.push(mark);
        }
    }
}

/// Any white space that is no line break, and the empty Braille pattern, which only looks like one.
fn is_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{2800}'
}

/// Marks that turn the direction of what stands beside them. Paragraphs have their own.
fn is_mark_of_direction(character: char) -> bool {
    matches!(character, '\u{200E}' | '\u{200F}' | '\u{61C}')
}

fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}' | '\u{200D}')
}

fn is_private(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

fn is_hanging(character: char) -> bool {
    is_joiner(character) || is_combining_mark(character)
}

fn without_last(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next_back();
    characters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paragraphs(text: &str) -> String {
        let mut html = Html::default();
        note_paragraphs(&mut html, text);
        html.finish()
    }

    #[test]
    fn markup_of_any_kind_stays_text() {
        let cases = [
            ("<script>alert(1)</script>", "<p dir=\"auto\">&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
            (
                "**a** [b](javascript:x) ![c](http://e.example/p.png)",
                "<p dir=\"auto\">**a** [b](javascript:x) ![c](http://e.example/p.png)</p>",
            ),
            (
                "</p></li></ul><form action=\"//e.example\">",
                "<p dir=\"auto\">&lt;/p&gt;&lt;/li&gt;&lt;/ul&gt;&lt;form action=&quot;//e.example&quot;&gt;</p>",
            ),
            ("&lt;b&gt; &#0; {n}", "<p dir=\"auto\">&amp;lt;b&amp;gt; &amp;#0; {n}</p>"),
        ];
        for (text, expected) in cases {
            assert_eq!(paragraphs(text), expected);
        }
    }

    #[test]
    fn a_bomb_of_markdown_stays_as_long_as_it_is() {
        for bomb in ["[".repeat(1_600), "> ".repeat(800), "`".repeat(1_600), "*_".repeat(800)] {
            assert!(paragraphs(&bomb).len() <= 1_600 * "&gt;".len() + 20, "{}", &bomb[..2]);
        }
    }

    #[test]
    fn a_link_is_words() {
        let html = paragraphs("see https://evil.example/x?a=1 and www.evil.example and tel:+77010000000");
        assert!(!html.contains("<a") && !html.contains("href"));
        assert!(html.contains("https://evil.example/x?a=1"));
    }

    #[test]
    fn lines_stay_and_empty_ones_are_few() {
        assert_eq!(note_text("one\r\ntwo\rthree\u{2028}four\u{85}five"), "one\ntwothree\nfour\nfive");
        assert_eq!(note_text("\n \n\u{200B}\n a \n\u{3000}\n\u{2800}\n\n b \n\n"), "a\n\nb");
        assert_eq!(paragraphs("a\nb\n\nc"), "<p dir=\"auto\">a<br>b</p><p dir=\"auto\">c</p>");
        let tall = note_text(&"x\n".repeat(800));
        assert_eq!(tall.lines().count(), NOTE_LINES_MAX);
        assert_eq!(tall.matches('x').count(), 800, "nothing is lost");
        assert!(note_text(&"x\n\n".repeat(800)).lines().count() <= NOTE_LINES_MAX);
    }

    #[test]
    fn nothing_reorders_or_hides() {
        assert_eq!(note_text("pay \u{202E}0001\u{202C} to \u{2066}me\u{2069}"), "pay 0001 to me");
        assert_eq!(note_text("a\u{200E}b\u{200F}c\u{61C}d\u{AD}e\u{34F}f\u{E0061}g\u{FEFF}h"), "abcdefgh");
        assert_eq!(note_text("in\u{200C}sulin in\u{200D}sulin"), "insulin insulin");
        assert_eq!(note_text("\u{1b}[31mred\u{7}\u{9b}2J"), "[31mred2J");
        for unseen in
            ["", " \n ", "\u{2800}\u{3164}\u{A0}", "\u{200D}\u{200C}\u{FE0F}", "\u{E0041}\u{2060}\u{301}\u{301}"]
        {
            assert_eq!(note_text(unseen), "", "{unseen:?}");
            assert_eq!(paragraphs(unseen), "");
        }
    }

    #[test]
    fn marks_neither_pile_up_nor_stand_on_ours() {
        let tower = format!("Z{}a", "\u{301}\u{489}\u{20DD}".repeat(300));
        assert!(note_text(&tower).chars().count() <= 6, "{}", note_text(&tower));
        assert_eq!(note_text("\u{301}\u{20DD}name \u{335}x\n\u{301}y"), "name x\ny");
        for kept in ["مُحَمَّدٌ", "Tiếng Việt", "שָׁלוֹם", "นี่", "क्षत्रिय", "ё й", "⚠\u{FE0F}"]
        {
            assert_eq!(note_text(kept), kept);
        }
    }

    #[test]
    fn joiners_stay_where_a_script_needs_them() {
        for kept in ["می\u{200C}خواهم", "👩\u{200D}🚒", "👨\u{200D}👩\u{200D}👧\u{200D}👦", "क्\u{200D}ष"]
        {
            assert_eq!(note_text(kept), kept);
        }
        let glued = note_text(&"👩\u{200D}".repeat(400));
        assert!(glued.matches('\u{200D}').count() <= GLUED_MAX, "one endless sign cannot be broken");
    }

    /// A sign for private use is a company's mark on one device and an empty square on another.
    #[test]
    fn private_signs_are_shown_as_unknown() {
        assert_eq!(note_text("from \u{F8FF} \u{E0FF}\u{10FFFD}"), "from \u{FFFD} \u{FFFD}\u{FFFD}");
    }

    #[test]
    fn what_is_too_long_says_so() {
        let long = note_text(&"ы".repeat(5_000));
        assert_eq!(long.chars().count(), NOTE_CHARACTERS_MAX + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn what_was_made_safe_once_stays_as_it_is() {
        let nasty = "\u{301}a\u{200D}\u{301}\u{301}\n\n\n \u{2800}b\u{202E}c\u{F8FF}\u{200C}  d\u{A0}\n\u{200D}e👩\u{200D}\u{200D}👩";
        let once = note_text(nasty);
        assert_eq!(note_text(&once), once);
    }

    #[test]
    fn a_quote_is_one_short_line() {
        assert_eq!(note_quote("one\n\ntwo"), "one two");
        let quote = note_quote(
            "Does anybody know whether the lower bridge holds people on foot, or is it closed until the evening?",
        );
        assert_eq!(quote, "Does anybody know whether the lower bridge holds people on foot, or is it…");
        assert_eq!(note_quote(&"ы".repeat(500)), format!("{}…", "ы".repeat(QUOTE_CHARACTERS_MAX)));
        let marked = note_quote(&"e\u{301}".repeat(200));
        assert!(marked.ends_with("e\u{301}…"), "{marked}");
        assert!(note_quote(&"x\u{301}\u{301}\u{301}".repeat(200)).chars().count() <= QUOTE_CHARACTERS_MAX + 1);
    }
}
