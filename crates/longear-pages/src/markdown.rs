//! Turns a post's Markdown into HTML that can only contain what this module writes.
//!
//! The parser only splits the text into events; every tag comes from the emitter below, which knows no image, no
//! script, no style and no raw HTML. Whatever a post does, the result is bounded by the limits here.

use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::clean::clean_text;
use crate::html::Html;
use crate::link;

/// How much of a text is read, in bytes; posts are inline up to this size.
pub const INPUT_BYTES_MAX: usize = 64 * 1024;

/// How much HTML a text may become, in bytes, before it is cut (closing tags come on top).
pub const OUTPUT_BYTES_MAX: usize = 512 * 1024;

/// How deep quotes, lists and emphasis may nest; what is deeper is written flat.
pub const NESTING_MAX: usize = 12;

/// How many parser events are looked at: the bound on time.
pub const EVENTS_MAX: usize = 50_000;

/// The largest number a list may start with; longer ones would push the text off a small screen.
const LIST_START_MAX: u64 = 999_999;

/// Renders a post's Markdown as HTML for the inside of an element.
///
/// Writes only `p br em strong del h2 h3 h4 ul ol li blockquote pre code hr table thead tbody tr th td div a bdi
/// span`. Raw HTML is shown as text, images as their alternative text, links only to plain addresses, which stand
/// beside them in full view. Headings begin at `h2`. `table_label` names scrolling tables for screen readers.
/// Costs time and memory linear in the input, within the limits of this module; what is beyond them is cut.
pub fn markdown_to_html(markdown: &str, table_label: &str) -> String {
    let text = clean_text(cut(markdown, INPUT_BYTES_MAX));
    let mut emitter = Emitter { table_label, ..Emitter::default() };
    for event in Parser::new_ext(&text, options()).take(EVENTS_MAX) {
        if emitter.html.len() > OUTPUT_BYTES_MAX {
            break;
        }
        emitter.event(event);
    }
    emitter.finish()
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH
}

/// Cuts at a character boundary.
pub fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Writes events as HTML and remembers what is open.
#[derive(Default)]
struct Emitter<'a> {
    html: Html,
    /// For each open tag of the parser, what closes it; empty where nothing was written.
    open: Vec<&'static str>,
    /// How many of the open tags were written.
    depth: usize,
    /// Addresses of the open links, to be shown when they close.
    links: Vec<Option<ShownLink>>,
    in_table_head: bool,
    /// The level of the last heading, 0 before the first.
    heading_level: usize,
    table_label: &'a str,
}

/// What is remembered of an open link.
struct ShownLink {
    shown: String,
    text: String,
}

impl Emitter<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(end),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(code) => {
                self.note(&code);
                self.html.raw("<code>").text(&code).raw("</code>");
            }
            Event::SoftBreak => self.text("\n"),
            Event::HardBreak => {
                self.html.raw("<br>");
            }
            Event::Rule => {
                self.html.raw("<hr>");
            }
            // Not switched on: mathematics, footnotes, task lists. Their text would arrive as text.
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text),
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    fn text(&mut self, text: &str) {
        self.note(text);
        self.html.text(text);
    }

    /// Remembers the text of an open link, to compare it with the address.
    fn note(&mut self, text: &str) {
        if let Some(Some(link)) = self.links.last_mut()
            && link.text.len() < link.shown.len() + 1
        {
            link.text.push_str(text);
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.write("<p>", "</p>"),
            Tag::Heading { level, .. } => self.heading(level),
            Tag::BlockQuote(_) => self.write("<blockquote>", "</blockquote>"),
            Tag::CodeBlock(CodeBlockKind::Indented | CodeBlockKind::Fenced(_)) => {
                self.write("<pre tabindex=\"0\"><code>", "</code></pre>");
            }
            Tag::List(None) => self.write("<ul>", "</ul>"),
            Tag::List(Some(start)) => self.ordered(start),
            Tag::Item => self.write("<li>", "</li>"),
            Tag::Emphasis => self.write("<em>", "</em>"),
            Tag::Strong => self.write("<strong>", "</strong>"),
            Tag::Strikethrough => self.write("<del>", "</del>"),
            Tag::Table(alignments) => self.table(&alignments),
            Tag::TableHead => {
                self.in_table_head = true;
                self.write("<thead><tr>", "</tr></thead>");
            }
            Tag::TableRow => self.write("<tr>", "</tr>"),
            Tag::TableCell if self.in_table_head => self.write("<th scope=\"col\">", "</th>"),
            Tag::TableCell => self.write("<td>", "</td>"),
            Tag::Link { dest_url, .. } => self.link(&dest_url),
            // An image is its alternative text, which the parser sends as text inside of it.
            _ => self.skip(),
        }
    }

    fn end(&mut self, end: TagEnd) {
        let closing = self.open.pop().unwrap_or_default();
        if !closing.is_empty() {
            self.html.raw(closing);
            self.depth -= 1;
        }
        match end {
            TagEnd::TableHead => self.in_table_head = false,
            TagEnd::Link => self.show_address(),
            _ => {}
        }
    }

    /// Opens a tag, unless that would nest too deep.
    fn write(&mut self, opening: &'static str, closing: &'static str) {
        if self.depth >= NESTING_MAX {
            return self.skip();
        }
        self.html.raw(opening);
        self.open.push(closing);
        self.depth += 1;
    }

    /// Keeps the place of a tag that is not written.
    fn skip(&mut self) {
        self.open.push("");
    }

    /// The page has its own `h1`, so a post starts one level below; and no level is skipped, so that screen readers
    /// can walk from heading to heading.
    fn heading(&mut self, level: HeadingLevel) {
        self.heading_level = (level as usize).min(self.heading_level + 1);
        match self.heading_level {
            1 => self.write("<h2>", "</h2>"),
            2 => self.write("<h3>", "</h3>"),
            _ => self.write("<h4>", "</h4>"),
        }
    }

    fn ordered(&mut self, start: u64) {
        if self.depth >= NESTING_MAX {
            return self.skip();
        }
        self.html.raw("<ol");
        if start != 1 {
            self.html.number("start", start.min(LIST_START_MAX));
        }
        self.write(">", "</ol>");
    }

    /// Wide tables scroll inside their own frame, never the page.
    fn table(&mut self, _alignments: &[Alignment]) {
        if self.depth >= NESTING_MAX {
            return self.skip();
        }
        self.html.raw("<div class=\"table\" role=\"region\" tabindex=\"0\"").attribute("aria-label", self.table_label);
        self.write("><table>", "</table></div>");
    }

    fn link(&mut self, address: &str) {
        let Some(link) = link::check(address) else {
            self.links.push(None);
            return self.skip();
        };
        if self.depth >= NESTING_MAX {
            self.links.push(None);
            return self.skip();
        }
        self.html.raw("<a rel=\"noopener noreferrer nofollow\"").attribute("href", link.href);
        self.write(">", "</a>");
        self.links.push(Some(ShownLink { shown: link.shown, text: String::new() }));
    }

    /// Nobody should have to tap to learn where a link leads.
    fn show_address(&mut self) {
        if let Some(Some(link)) = self.links.pop()
            && link.text != link.shown
        {
            self.html.raw(" <span class=\"to\">(<bdi dir=\"ltr\">").text(&link.shown).raw("</bdi>)</span>");
        }
    }

    fn finish(mut self) -> String {
        while let Some(closing) = self.open.pop() {
            self.html.raw(closing);
        }
        self.html.finish()
    }
}

/// The words of a post as the parser gives them, without headings, lists, code and tables where there is running text.
#[cfg(test)]
pub fn parsed_words(text: &str) -> String {
    let running = gather(text, false);
    if running.is_empty() { gather(text, true) } else { running }
}

#[cfg(test)]
fn gather(text: &str, everything: bool) -> String {
    let mut words = String::new();
    let mut skipping = 0_usize;
    for event in Parser::new_ext(text, options()).take(EVENTS_MAX) {
        match event {
            Event::Start(tag) => skipping += usize::from(!everything && is_skipped(&tag)),
            Event::End(TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::Table | TagEnd::List(_)) => {
                skipping = skipping.saturating_sub(1);
                words.push(' ');
            }
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell) => words.push(' '),
            Event::Text(piece) | Event::Code(piece) if skipping == 0 => words.push_str(&piece),
            Event::SoftBreak | Event::HardBreak => words.push(' '),
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
fn is_skipped(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::Table(_) | Tag::List(_))
}

#[cfg(test)]
mod tests;
