//! Markdown as an enemy would write it.

use std::time::{Duration, Instant};

use super::*;
use crate::excerpt::excerpt;

/// Generous for a debug build on a busy machine; a quadratic blow-up takes minutes.
const PATIENCE: Duration = Duration::from_secs(20);

const TAGS: [&str; 27] = [
    "p",
    "br",
    "em",
    "strong",
    "del",
    "h2",
    "h3",
    "h4",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "code",
    "hr",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "div",
    "a",
    "bdi",
    "span",
    "",
    "",
];

fn render(markdown: &str) -> String {
    markdown_to_html(markdown, "Table")
}

/// Every tag of `html` is one of ours, and they close in order.
fn assert_well_formed(html: &str) {
    let mut open = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("every tag ends");
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or("");
        assert!(TAGS.contains(&name) && !name.is_empty(), "{tag}");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{html:.400}");
        } else if !["br", "hr"].contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn ordinary_posts_look_ordinary() {
    let html =
        render("# News\n\nWater *falls*, **bridge** ~~open~~ closed.  \nBuses:\n\n3. one\n4. two\n\n> said\n\n`x`");
    assert_eq!(
        html,
        "<h2>News</h2><p>Water <em>falls</em>, <strong>bridge</strong> <del>open</del> closed.<br>Buses:</p>\
         <ol start=\"3\"><li>one</li><li>two</li></ol><blockquote><p>said</p></blockquote><p><code>x</code></p>"
    );
    assert_well_formed(&html);
}

#[test]
fn headings_stay_below_the_title_of_the_page() {
    assert_eq!(render("### a\n# b\n##### c"), "<h2>a</h2><h2>b</h2><h3>c</h3>");
    let html = render("# a\n## b\n### c\n#### d\n###### e");
    assert_eq!(html, "<h2>a</h2><h3>b</h3><h4>c</h4><h4>d</h4><h4>e</h4>");
}

#[test]
fn tables_scroll_in_their_own_frame() {
    let html = render("| street | hours |\n|---|---|\n| Kamys | 9–12 |\n");
    assert!(html.contains("role=\"region\" tabindex=\"0\" aria-label=\"Table\""));
    assert!(html.contains("<th scope=\"col\">street</th>"));
    assert!(html.contains("<td>Kamys</td>"));
    assert_well_formed(&html);
}

#[test]
fn raw_html_is_shown_as_text() {
    for source in [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "<iframe src='http://evil.example'></iframe>",
        "<style>*{display:none}</style>",
        "<svg/onload=alert(1)>",
        "<!-- <b> -->",
        "<?php x ?>",
        "<![CDATA[<b>]]>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<div\nstyle=\"position:fixed\">over all</div>",
    ] {
        let html = render(source);
        assert_well_formed(&html);
        for forbidden in ["<script", "<img", "<iframe", "<style", "<svg", "<!", "<?", "<a "] {
            assert!(!html.contains(forbidden), "{source}: {html}");
        }
        assert!(html.contains("&lt;"), "{source}: {html}");
    }
}

#[test]
fn an_image_is_its_alternative_text() {
    let html = render("![the *bridge*](http://evil.example/pixel.png \"t\") and ![](http://evil.example/2)");
    assert_eq!(html, "<p>the <em>bridge</em> and </p>");
}

#[test]
fn a_link_shows_where_it_leads() {
    let html = render("[the bank](https://evil.example/login) <https://example.org/>");
    assert!(html.contains("href=\"https://evil.example/login\""));
    assert!(html.contains("rel=\"noopener noreferrer nofollow\""));
    assert!(html.contains("(<bdi dir=\"ltr\">https://evil.example/login</bdi>)"));
    assert_eq!(html.matches("https://example.org/").count(), 2, "not written twice: {html}");
}

#[test]
fn a_link_that_is_not_plain_becomes_text() {
    for source in [
        "[x](javascript:alert(1))",
        "[x](JAVASCRIPT:alert(1))",
        "[x](java&#10;script:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](//evil.example)",
        "[x](https://a@evil.example)",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
    ] {
        let html = render(source);
        assert!(!html.contains("<a"), "{source}: {html}");
        assert!(!html.contains("href"), "{source}: {html}");
        assert_well_formed(&html);
    }
}

#[test]
fn attributes_cannot_be_left_through_an_address() {
    let html = render("[x](https://e.example/?'onmouseover='alert(1)) [y](<https://e.example/\" onclick=\"x>)");
    assert!(!html.contains("onmouseover='"), "{html}");
    assert!(!html.contains("\" onclick"), "{html}");
    assert_well_formed(&html);
}

#[test]
fn reordering_and_invisible_characters_do_not_survive() {
    let html = render("safe\u{202E}gpj.exe\u{202C} \u{2066}x\u{2069} z\u{200B}w");
    assert_eq!(html, "<p>safegpj.exe x zw</p>");
}

#[test]
fn bombs_stay_bounded() {
    let wide = format!("|{}\n|{}\n", "a|".repeat(8_000), "-|".repeat(8_000));
    let bombs = [
        (">".repeat(INPUT_BYTES_MAX), "quotes"),
        ("- ".repeat(INPUT_BYTES_MAX / 2), "lists"),
        ("*a **a ".repeat(9_000), "open emphasis"),
        (format!("{}x{}", "*".repeat(30_000), "*".repeat(30_000)), "stars"),
        ("[".repeat(INPUT_BYTES_MAX), "brackets"),
        ("[a](".repeat(16_000), "open links"),
        ("![".repeat(32_000), "open images"),
        ("`".repeat(300) + &"`a".repeat(30_000), "backticks"),
        ("<".repeat(INPUT_BYTES_MAX), "angles"),
        ("<!--".repeat(16_000), "comments"),
        ("&#0;".repeat(16_000), "entities"),
        ("a\n\n".repeat(21_000), "paragraphs"),
        (wide.clone() + &"x\n".repeat(15_000), "wide table"),
        (format!("[a]: https://example.org/{}\n\n", "b".repeat(1900)) + &"[a]".repeat(20_000), "references"),
        ("\u{301}".repeat(32_000), "accents"),
        ("x".repeat(10 * INPUT_BYTES_MAX), "too long"),
    ];
    for (bomb, name) in bombs {
        let start = Instant::now();
        let html = render(&bomb);
        let words = excerpt(&bomb, 180);
        assert!(start.elapsed() < PATIENCE, "{name}: {:?}", start.elapsed());
        // One last event, the address beside a link and the closing tags may come after the limit.
        assert!(html.len() <= OUTPUT_BYTES_MAX + 6 * INPUT_BYTES_MAX, "{name}: {}", html.len());
        assert!(words.chars().count() <= 181, "{name}");
        assert_well_formed(&html);
        let deepest = html.split('<').fold((0_i32, 0_i32), |(now, deepest), piece| {
            let now = if piece.starts_with('/') {
                now - 1
            } else {
                now + i32::from(!piece.starts_with("br") && !piece.starts_with("hr"))
            };
            (now, deepest.max(now))
        });
        assert!(deepest.1 < 60, "{name}: {deepest:?}");
    }
}

#[test]
fn a_cut_never_splits_a_letter() {
    let text = "қ".repeat(INPUT_BYTES_MAX);
    let html = render(&format!("a{text}"));
    assert!(html.ends_with("қ</p>"));
    assert!(html.len() <= INPUT_BYTES_MAX + 8);
}

#[test]
fn an_excerpt_is_the_first_words_without_markup() {
    let post = "# Heading\n\nWater *falls* [here](https://example.org), <b>not</b> there.\n\n```\ncode\n```\n\nMore.";
    assert_eq!(excerpt(post, 180), "Water falls here, not there. More.");
    assert_eq!(excerpt("Bring:\n\n- water\n- papers\n", 180), "Bring:");
    assert_eq!(excerpt("# Only a heading", 180), "Only a heading");
    assert_eq!(excerpt("one two three four", 9), "one two…");
    assert_eq!(excerpt("", 10), "");
    assert_eq!(excerpt(&"х".repeat(500), 20), format!("{}…", "х".repeat(20)));
}
