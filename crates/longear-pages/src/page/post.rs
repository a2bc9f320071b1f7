//! An item's words: which variant is read, who says it, what state it is in.

use crate::drawing::{Icon, channel_mark};
use crate::html::{Html, Part};
use crate::language::primary;
use crate::view::{ItemView, Kind, Origin, Status, VariantView, Visit};
use crate::words::{Voice, machine_time};

use super::media::Media;

/// Chooses the variant: the one asked for, the reader's language, the original, the first.
pub(super) fn choose<'a>(item: &'a ItemView, visit: &Visit, asked: Option<&str>) -> Option<&'a VariantView> {
    let variants = &item.variants;
    let by_tag = |tag: &str| variants.iter().find(|variant| variant.tag.eq_ignore_ascii_case(tag));
    let in_language = || {
        let ours = variants.iter().filter(|variant| primary(&variant.tag).eq_ignore_ascii_case(visit.language.tag()));
        ours.min_by_key(|variant| match variant.origin {
            Origin::Original => 0,
            Origin::Human => 1,
            Origin::Machine => 2,
        })
    };
    asked.and_then(by_tag).or_else(in_language).or_else(|| original(item)).or_else(|| variants.first())
}

fn original(item: &ItemView) -> Option<&VariantView> {
    let mut variants = item.variants.iter();
    variants.find(|variant| variant.origin == Origin::Original)
}

/// True when the item may be shown as the channel's.
pub(super) fn is_shown(item: &ItemView) -> bool {
    matches!(item.status, Status::Shown | Status::Disputed)
}

/// The item's title, or what it is when it has none.
pub(super) fn title<'a>(item: &'a ItemView, variant: Option<&'a VariantView>, voice: Voice) -> &'a str {
    match variant {
        Some(variant) if !variant.title.trim().is_empty() => &variant.title,
        _ => Media::of(item).name(voice),
    }
}

/// Writes `lang` and `dir="auto"` for a title; one that we made up is in the page's own language.
pub(super) fn title_tongue(html: &mut Html, variant: Option<&VariantView>) {
    match variant {
        Some(variant) if !variant.title.trim().is_empty() => body_tongue(html, variant),
        _ => {
            html.raw(" dir=\"auto\"");
        }
    }
}

/// Writes `lang` (where the tag is a sane one) and `dir="auto"` for a text.
pub(super) fn body_tongue(html: &mut Html, variant: &VariantView) {
    tongue(html, &variant.tag);
}

/// The same for a text in the language of a tag.
pub(super) fn tongue(html: &mut Html, tag: &str) {
    if is_sane_tag(tag) {
        html.attribute("lang", tag);
    }
    html.raw(" dir=\"auto\"");
}

fn is_sane_tag(tag: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (2..=35).contains(&tag.len()) && tag.bytes().all(plain)
}

/// Who says it, and when. Never by which route it came.
pub(super) fn by(html: &mut Html, visit: &Visit, item: &ItemView) {
    let voice = Voice::new(visit.language);
    html.raw("<p class=\"by\">");
    channel_mark(html, &item.channel_id);
    html.raw("<span><b>")
        .foreign(&item.channel_name)
        .raw("</b>")
        .text(voice.words.separator)
        .raw("<time class=\"num\"")
        .attribute("datetime", &machine_time(item.time_ms))
        .raw(">")
        .text(&voice.age(visit.now_ms, item.time_ms))
        .raw("</time></span></p>");
}

/// Marks a notice, a correction, a translation.
pub(super) fn labels(html: &mut Html, voice: Voice, item: &ItemView, variant: Option<&VariantView>) {
    let words = voice.words;
    let mut labels = Html::default();
    if item.kind == Kind::Notice {
        labels.raw("<li><b>").text(words.notice).raw("</b></li>");
    }
    if item.corrected {
        labels.raw("<li>").text(words.corrected).raw("</li>");
    }
    if let Some(variant) = variant
        && variant.origin != Origin::Original
    {
        labels.raw("<li>");
        origin(&mut labels, voice, item, variant);
        labels.raw("</li>");
    }
    if labels.len() > 0 {
        html.raw("<ul class=\"labels\">").append(labels).raw("</ul>");
    }
}

/// Says whether a variant is the original, or who translated it from what.
pub(super) fn origin(html: &mut Html, voice: Voice, item: &ItemView, variant: &VariantView) {
    let words = voice.words;
    let from = original(item).and_then(|original| voice.source_phrase(&original.tag));
    match (variant.origin, from) {
        (Origin::Original, _) => html.text(words.original),
        (Origin::Human, Some(from)) => html.sentence(words.by_person_from, &[("language", Part::Text(from))]),
        (Origin::Human, None) => html.text(words.by_person),
        (Origin::Machine, Some(from)) => html.sentence(words.by_machine_from, &[("language", Part::Text(from))]),
        (Origin::Machine, None) => html.text(words.by_machine),
    };
}

/// Says in a few words that a post is in dispute.
pub(super) fn disputed_line(html: &mut Html, voice: Voice) {
    html.raw("<p class=\"badge no\">");
    Icon::WARNING.draw(html);
    html.text(voice.words.disputed).raw("</p>");
}

/// A notice with an icon, a heading and what it means. `tone` is a class of the stylesheet.
pub(super) fn say(html: &mut Html, tone: &'static str, icon: &Icon, heading: &str, text: &str) {
    html.raw("<div class=\"say ").raw(tone).raw("\">");
    icon.draw(html);
    html.raw("<div><p class=\"h\">").text(heading).raw("</p><p>").text(text).raw("</p></div></div>\n");
}
