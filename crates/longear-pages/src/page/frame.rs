//! What every page has around it: the horizon above, the languages below.

use crate::Language;
use crate::clean::clean_line;
use crate::drawing::{Icon, ear};
use crate::html::{Html, Part};
use crate::paths::{ABOUT, FEED, ICON, LANGUAGE_QUERY, STYLESHEET, Target};
use crate::style::{age_percent, stylesheet};
use crate::view::{ChannelView, Visit};
use crate::words::Voice;

/// What a page is and what its frame says.
pub(super) struct Frame<'a> {
    pub(super) visit: &'a Visit,
    /// The page's title, in somebody's words or ours.
    pub(super) title: &'a str,
    /// The page's own address, for the language switch.
    pub(super) target: Target,
    pub(super) last_word: LastWord,
}

/// What is known of the publishers' last word.
pub(super) enum LastWord {
    /// Nothing is said about it.
    Unsaid,
    /// None has arrived.
    None,
    /// It was said at this time.
    At(u64),
}

impl LastWord {
    /// The newest word of several channels.
    pub(super) fn newest(channels: &[ChannelView]) -> LastWord {
        let newest = channels.iter().filter_map(|channel| channel.last_word_ms).max();
        newest.map_or(LastWord::None, LastWord::At)
    }
}

/// A link to one of our pages, in the language that the reader chose.
pub(super) fn link(visit: &Visit, target: Target) -> String {
    if visit.language_chosen { target.with(LANGUAGE_QUERY, visit.language.tag()).href() } else { target.href() }
}

/// Puts the frame around a page.
pub(super) fn document(frame: &Frame<'_>, main: Html) -> String {
    let voice = Voice::new(frame.visit.language);
    let mut html = Html::default();
    head(&mut html, voice, frame);
    html.raw("<link rel=\"stylesheet\"")
        .attribute("href", STYLESHEET)
        .raw(">\n<link rel=\"icon\" type=\"image/svg+xml\"")
        .attribute("href", ICON)
        .raw(">\n</head>\n<body>\n");
    horizon(&mut html, voice, frame);
    html.raw("<div class=\"page\">\n<main class=\"col\">\n").append(main).raw("</main>\n");
    foot(&mut html, voice, frame);
    html.raw("</div>\n</body>\n</html>\n");
    html.finish()
}

/// A page that is to be printed: a file that needs no other, and that sends nothing anywhere.
pub(super) fn bare_document(frame: &Frame<'_>, main: Html) -> String {
    let mut html = Html::default();
    head(&mut html, Voice::new(frame.visit.language), frame);
    html.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<style>\n");
    html.raw(stylesheet())
        .raw("</style>\n</head>\n<body class=\"bare\">\n<main>\n")
        .append(main)
        .raw("</main>\n</body>\n</html>\n");
    html.finish()
}

/// The first thing on a page: who checked it, and who cannot.
pub(super) fn checked_notice(html: &mut Html, voice: Voice, more: &str) {
    html.raw("<div class=\"say\">");
    Icon::BOX.draw(html);
    html.raw("<div><p class=\"h\">")
        .text(voice.words.checked_by_box)
        .raw("</p><p>")
        .text(more)
        .raw("</p></div></div>\n");
}

/// The same in one sentence, which leads to the explanation.
pub(super) fn checked_line(html: &mut Html, visit: &Visit) {
    let voice = Voice::new(visit.language);
    html.raw("<div class=\"say\">");
    Icon::BOX.draw(html);
    html.raw("<div><p class=\"h\">")
        .text(voice.words.checked_by_box)
        .raw("</p><p><a class=\"tap\"")
        .attribute("href", &link(visit, Target::new(ABOUT)))
        .raw(">")
        .text(voice.words.about_cannot)
        .raw("</a></p></div></div>\n");
}

/// Up to the title; the head is still open.
fn head(html: &mut Html, voice: Voice, frame: &Frame<'_>) {
    let language = voice.language;
    html.raw("<!doctype html>\n<html")
        .attribute("lang", language.tag())
        .attribute("dir", language.direction())
        .raw(">\n<head>\n<meta charset=\"utf-8\">\n")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\n")
        .raw("<meta name=\"color-scheme\" content=\"light dark\">\n")
        .raw("<meta name=\"referrer\" content=\"same-origin\">\n<title>")
        .text(&clean_line(frame.title))
        .text(voice.words.separator)
        .text(voice.words.brand)
        .raw("</title>\n");
}

fn horizon(html: &mut Html, voice: Voice, frame: &Frame<'_>) {
    html.raw("<header class=\"top\"><div class=\"row\"><a class=\"brand\"")
        .attribute("href", &link(frame.visit, Target::new(FEED)))
        .raw(">");
    ear(html);
    html.raw("<b>").text(voice.words.box_title).raw("</b></a>");
    let now_ms = frame.visit.now_ms;
    match frame.last_word {
        LastWord::At(time_ms) => {
            let class = format!("horizon age-{}", age_percent(now_ms, time_ms));
            html.raw("<div").attribute("class", &class).raw("></div></div>");
            last_word(html, voice, now_ms, Some(time_ms));
        }
        LastWord::None => {
            html.raw("<div class=\"horizon none\"></div></div>");
            last_word(html, voice, now_ms, None);
        }
        LastWord::Unsaid => {
            html.raw("<div class=\"horizon none\"></div></div>");
        }
    }
    html.raw("</header>\n");
}

fn last_word(html: &mut Html, voice: Voice, now_ms: u64, time_ms: Option<u64>) {
    html.raw("<p class=\"word\">");
    last_word_sentence(html, voice, now_ms, time_ms);
    html.raw("</p>");
}

/// Says how old the last word is.
pub(super) fn last_word_sentence(html: &mut Html, voice: Voice, now_ms: u64, time_ms: Option<u64>) {
    match time_ms {
        Some(time_ms) => {
            let age = voice.age(now_ms, time_ms);
            html.sentence(voice.words.last_word, &[("age", Part::Bold(&age))]);
        }
        None => {
            html.text(voice.words.last_word_none);
        }
    }
}

fn foot(html: &mut Html, voice: Voice, frame: &Frame<'_>) {
    html.raw("<footer class=\"foot\"><p><a class=\"tap\"")
        .attribute("href", &link(frame.visit, Target::new(ABOUT)))
        .raw(">")
        .text(voice.words.how_checked)
        .raw("</a></p><nav")
        .attribute("aria-label", voice.words.choose_language)
        .raw("><ul class=\"tongues\">");
    for language in Language::ALL {
        let target = frame.target.clone().with(LANGUAGE_QUERY, language.tag());
        html.raw("<li><a class=\"btn\"")
            .attribute("href", &target.href())
            .attribute("hreflang", language.tag())
            .attribute("lang", language.tag());
        if language == voice.language {
            html.raw(" aria-current=\"true\"");
        }
        html.raw(">").text(Voice::own_name(language.tag())).raw("</a></li>");
    }
    html.raw("</ul></nav></footer>\n");
}
