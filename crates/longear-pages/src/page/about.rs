//! "How this was checked": what the box has done, what this page cannot do, how to be sure.

use crate::drawing::channel_mark;
use crate::html::{Html, Part};
use crate::paths::{ABOUT, FEED, Target};
use crate::view::{AboutPage, ChannelView, Visit};
use crate::words::Voice;

use super::channel::digits;
use super::frame::{Frame, LastWord, document, last_word_sentence, link};

/// Writes the page "How this was checked" as a whole HTML document.
pub fn about(page: &AboutPage) -> String {
    let words = Voice::new(page.visit.language).words;
    let mut main = Html::default();
    main.raw("<p class=\"lead\"><b>").text(words.checked_by_box).raw("</b></p>\n<h1>");
    main.text(words.how_checked).raw("</h1>\n");
    section(&mut main, words.about_done, words.about_done_text);
    section(&mut main, words.about_cannot, words.about_cannot_text);
    main.raw("<section class=\"stack\"><h2>").text(words.about_sure).raw("</h2><ul class=\"dots\">");
    for way in [words.about_sure_digits, words.about_sure_app, words.about_sure_boxes] {
        main.raw("<li>").text(way).raw("</li>");
    }
    main.raw("</ul></section>\n");
    section(&mut main, words.about_remembers, words.about_remembers_text);
    channels(&mut main, &page.visit, &page.channels);
    main.raw("<p><a class=\"btn full\"")
        .attribute("href", &link(&page.visit, Target::new(FEED)))
        .raw(">")
        .text(words.to_newest)
        .raw("</a></p>\n");
    let frame = Frame {
        visit: &page.visit,
        title: words.how_checked,
        target: Target::new(ABOUT),
        last_word: LastWord::newest(&page.channels),
    };
    document(&frame, main)
}

fn section(html: &mut Html, heading: &str, text: &str) {
    html.raw("<section class=\"stack\"><h2>").text(heading).raw("</h2><p>").text(text).raw("</p></section>\n");
}

fn channels(html: &mut Html, visit: &Visit, channels: &[ChannelView]) {
    let voice = Voice::new(visit.language);
    if channels.is_empty() {
        return;
    }
    html.raw("<section class=\"stack\"><h2>").text(voice.words.about_channels).raw("</h2><ul class=\"channels\">");
    for channel in channels {
        let number = voice.number(channel.charter_number);
        html.raw("<li class=\"stack\"><p class=\"by\">");
        channel_mark(html, &channel.id);
        html.raw("<span><b>")
            .foreign(&channel.name)
            .raw("</b>")
            .text(voice.words.separator)
            .sentence(voice.words.charter_number, &[("n", Part::Text(&number))])
            .raw("<br>");
        last_word_sentence(html, voice, visit.now_ms, channel.last_word_ms);
        html.raw("</span></p>");
        digits(html, &channel.digits);
        html.raw("<p><a class=\"tap\"")
            .attribute("href", &link(visit, Target::new(crate::paths::address(&channel.id))))
            .raw(">")
            .sentence(voice.words.address_of, &[("channel", Part::Foreign(&channel.name))])
            .raw("</a></p></li>");
    }
    html.raw("</ul></section>\n");
}
