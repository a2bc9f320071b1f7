//! A channel's address: to take along, to scan, to read out.

use crate::clean::clean_line;
use crate::drawing::{Icon, channel_mark};
use crate::html::{Html, Part, fill};
use crate::paths::{Target, address as address_path};
use crate::qr;
use crate::view::{AddressPage, ChannelView, Visit};
use crate::words::Voice;

use super::frame::{Frame, LastWord, document, last_word_sentence, link};
use super::post;

/// How many digits a group has.
const DIGITS_IN_GROUP: usize = 5;

/// How many digits are shown at most.
const DIGITS_MAX: usize = 30;

/// How many characters of an address are shown at most; real ones have 60.
const ADDRESS_CHARACTERS_MAX: usize = 400;

/// Writes a channel's address page, with its QR code and its 30 digits, as a whole HTML document.
pub fn address(page: &AddressPage) -> String {
    let voice = Voice::new(page.visit.language);
    let channel = &page.channel;
    let mut main = Html::default();
    main.raw("<p class=\"by\">");
    channel_mark(&mut main, &channel.id);
    let number = voice.number(channel.charter_number);
    main.raw("<span>").sentence(voice.words.charter_number, &[("n", Part::Text(&number))]).raw("</span></p>\n<h1>");
    main.sentence(voice.words.address_of, &[("channel", Part::Foreign(&channel.name))]);
    main.raw("</h1>\n<p>").text(voice.words.take_address_text).raw("</p>\n");
    qr_code(&mut main, voice, &channel.address);
    main.raw("<section class=\"stack\"><h2>").text(voice.words.thirty_digits).raw("</h2>");
    digits(&mut main, &channel.digits);
    main.raw("<p class=\"small soft\">").text(voice.words.digits_text).raw("</p></section>\n");
    main.raw("<section class=\"stack\"><h2>").text(voice.words.full_address).raw("</h2>");
    full_address(&mut main, &channel.address);
    main.raw("</section>\n");
    let title = fill(voice.words.address_of, &[("channel", &channel.name)]);
    let frame = Frame {
        visit: &page.visit,
        title: &title,
        target: Target::new(address_path(&channel.id)),
        last_word: channel.last_word_ms.map_or(LastWord::None, LastWord::At),
    };
    document(&frame, main)
}

/// The section at the foot of a page: the addresses to take along. Where there are several, each says its own age.
pub(super) fn take_address(html: &mut Html, visit: &Visit, channels: &[ChannelView]) {
    let voice = Voice::new(visit.language);
    if channels.is_empty() {
        return;
    }
    html.raw("<section class=\"risk take\"><h2>")
        .text(voice.words.take_address)
        .raw("</h2><p>")
        .text(voice.words.take_address_text)
        .raw("</p>");
    for channel in channels {
        html.raw("<div class=\"stack\"><p class=\"by\">");
        channel_mark(html, &channel.id);
        html.raw("<span><b>").foreign(&channel.name).raw("</b>");
        if channels.len() > 1 {
            html.raw("<br>");
            last_word_sentence(html, voice, visit.now_ms, channel.last_word_ms);
        }
        html.raw("</span></p>");
        full_address(html, &channel.address);
        html.raw("<h3>").text(voice.words.thirty_digits).raw("</h3>");
        digits(html, &channel.digits);
        html.raw("<p class=\"does\"><a class=\"btn\"")
            .attribute("href", &link(visit, Target::new(address_path(&channel.id))))
            .raw(">");
        Icon::QR.draw(html);
        html.raw("<span>").text(voice.words.show_qr).raw("</span></a></p></div>");
    }
    html.raw("</section>\n");
}

/// Two charters claim the next number: nobody can say yet who may speak.
pub(super) fn disputed_charter(html: &mut Html, voice: Voice, channel: &ChannelView, named: bool) {
    let number = voice.number(channel.charter_number.saturating_add(1));
    let words = voice.words;
    let heading = fill(words.two_charters, &[("n", &number)]);
    let heading = if named {
        fill(words.in_channel, &[("channel", &clean_line(&channel.name)), ("text", &heading)])
    } else {
        heading
    };
    post::say(html, "stop", &Icon::WARNING, &heading, words.two_charters_text);
}

/// The 30 digits in six groups. They are read from left to right in every language, and never change their script.
pub(super) fn digits(html: &mut Html, digits: &str) {
    let digits: Vec<char> = digits.chars().filter(char::is_ascii_digit).take(DIGITS_MAX).collect();
    html.raw("<p class=\"code digits\" dir=\"ltr\">");
    for (index, group) in digits.chunks(DIGITS_IN_GROUP).enumerate() {
        if index > 0 {
            html.raw(" ");
        }
        html.raw("<span>").text(&group.iter().collect::<String>()).raw("</span>");
    }
    html.raw("</p>");
}

fn full_address(html: &mut Html, address: &str) {
    let plain: String = address.chars().filter(char::is_ascii_graphic).take(ADDRESS_CHARACTERS_MAX).collect();
    html.raw("<p class=\"code address\" dir=\"ltr\" translate=\"no\">").text(&plain).raw("</p>");
}

/// Always dark on light, whatever the theme: scanners expect it.
fn qr_code(html: &mut Html, voice: Voice, address: &str) {
    let Some(drawing) = qr::draw(address) else {
        return;
    };
    let side = drawing.side;
    html.raw("<figure class=\"qr\"><svg role=\"img\" shape-rendering=\"crispEdges\"")
        .attribute("viewBox", &format!("0 0 {side} {side}"))
        .attribute("aria-label", voice.words.qr_label)
        .raw("><rect fill=\"#fff\" stroke=\"none\"")
        .number("width", side as u64)
        .number("height", side as u64)
        .raw("/><path fill=\"#000\" stroke=\"none\"")
        .attribute("d", &drawing.path)
        .raw("/></svg><figcaption class=\"small soft\">")
        .text(voice.words.qr_text)
        .raw("</figcaption></figure>\n");
}
