//! What publishers write, on its way into a page.

use longear_pages::{OUTPUT_BYTES_MAX, clean_line, clean_text, excerpt, markdown_to_html};

/// Tags that the Markdown emitter promises to write, and no others.
const TAGS: [&str; 24] = [
    "a",
    "bdi",
    "blockquote",
    "br",
    "code",
    "del",
    "div",
    "em",
    "h2",
    "h3",
    "h4",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "span",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
];

/// Markdown: every tag is one of ours, all of them close in order, and no address that acts stands in one.
pub fn markdown(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let html = markdown_to_html(&text, "Table");
    assert!(html.len() <= OUTPUT_BYTES_MAX + 64 * 1024, "{} bytes of HTML", html.len());
    let mut open = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("every tag ends");
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        assert!(name == "ul" || TAGS.contains(&name), "<{tag}>");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "tags that cross");
        } else {
            attributes(tag);
            if !["br", "hr"].contains(&name) {
                open.push(name);
            }
        }
    }
    assert!(open.is_empty(), "{open:?} stay open");
    let words = excerpt(&text, 100);
    assert!(words.chars().count() <= 101 && words == clean_line(&words), "{words:?}");
}

/// Attributes stand in quotes, none of them is a script, and links are plain.
fn attributes(tag: &str) {
    assert!(tag.matches('"').count().is_multiple_of(2), "<{tag}>");
    let outside = tag.split('"').step_by(2).collect::<String>().to_ascii_lowercase();
    assert!(!outside.split(' ').any(|word| word.starts_with("on") || word.starts_with("style")), "<{tag}>");
    if let Some((_, rest)) = tag.split_once("href=\"") {
        let plain = ["http://", "https://", "mailto:", "longear:", "#", "/", "tel:"];
        let address = rest.to_ascii_lowercase();
        assert!(plain.iter().any(|start| address.starts_with(start)), "<{tag}>");
    }
}

/// Cleaned text stays as it is when it is cleaned again, and holds nothing that hides or reorders.
pub fn clean(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (cleaned, line) = (clean_text(&text), clean_line(&text));
    assert_eq!(clean_text(&cleaned), cleaned);
    assert!(cleaned.len() <= text.len());
    for text in [&cleaned, &line] {
        assert!(
            !text.chars().any(|c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200B}' | '\0'))
        );
    }
    assert!(line.chars().count() <= 257 && !line.contains('\n'), "{line:?}");
    if line.chars().count() <= 256 {
        assert_eq!(clean_line(&line), line);
    }
}
