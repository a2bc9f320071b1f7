//! One item on its own page.

use crate::drawing::Icon;
use crate::html::{Html, Part};
use crate::markdown::markdown_to_html;
use crate::paths::{FEED, FORM_QUERY, FROM_QUERY, PLAY_QUERY, TEXT_QUERY, Target, item as item_path};
use crate::view::{ItemPage, ItemView, Origin, Status, VariantView, Visit};
use crate::words::Voice;

use super::channel::{disputed_charter, take_address};
use super::feed::app_file;
use super::frame::{Frame, LastWord, checked_line, document, link};
use super::live;
use super::media::{Form, Media, Medium, files, forms, photos, player};
use super::post;

/// Writes an item's page as a whole HTML document.
///
/// An item that may not be shown gets a page that says why, without its title, text or media.
pub fn item(page: &ItemPage) -> String {
    let voice = Voice::new(page.visit.language);
    let variant = post::choose(&page.item, &page.visit, page.text.as_deref());
    let mut main = Html::default();
    checked_line(&mut main, &page.visit);
    if page.channel.disputed_charter {
        disputed_charter(&mut main, voice, &page.channel, false);
    }
    main.raw("<article class=\"stack post-page\">\n");
    let title = if post::is_shown(&page.item) {
        shown(&mut main, page, variant);
        post::title(&page.item, variant, voice)
    } else {
        not_shown(&mut main, page)
    };
    main.raw("</article>\n");
    main.raw("<p><a class=\"btn full\"")
        .attribute("href", &link(&page.visit, Target::new(FEED)))
        .raw(">")
        .text(voice.words.to_newest)
        .raw("</a></p>\n");
    take_address(&mut main, &page.visit, std::slice::from_ref(&page.channel));
    let frame = Frame {
        visit: &page.visit,
        title,
        target: here(page),
        last_word: page.channel.last_word_ms.map_or(LastWord::None, LastWord::At),
    };
    document(&frame, main)
}

/// This page with what was asked of it.
fn here(page: &ItemPage) -> Target {
    let mut target = Target::new(item_path(&page.item.id_hex));
    if let Some(form) = page.form {
        target = target.with(FORM_QUERY, &form.to_string());
    }
    if let Some(play) = page.play {
        target = target.with(PLAY_QUERY, play.name());
    }
    if let Some(from_ms) = page.from_ms {
        target = target.with(FROM_QUERY, &from_ms.to_string());
    }
    target
}

fn shown(html: &mut Html, page: &ItemPage, variant: Option<&VariantView>) {
    let (visit, item) = (&page.visit, &page.item);
    let voice = Voice::new(visit.language);
    let title = post::title(item, variant, voice);
    let media = Media::of(item);
    post::by(html, visit, item);
    html.raw("<h1");
    post::title_tongue(html, variant);
    html.raw(">").foreign_line(title).raw("</h1>\n");
    if item.status == Status::Disputed {
        let words = voice.words;
        post::say(html, "stop", &Icon::WARNING, words.disputed, words.disputed_text);
    }
    post::labels(html, voice, item, None);
    if let Some(live) = &item.live {
        live::tag(html, voice, live);
        live::section(html, page, live, title);
    }
    let playing = playing(&media, page.form);
    if let Some(form) = playing {
        player(html, voice, item, form, title);
    }
    actions(html, page, &media, playing);
    if let Some(form) = playing {
        forms(html, visit, item, &media, form.index);
    }
    text(html, voice, item, variant);
    photos(html, voice, &media, title);
    files(html, voice, &media);
    other_texts(html, visit, item, variant);
    how_checked(html, voice, item);
}

/// The form that was asked for if it can be played, or else the best video, or else the best sound.
fn playing<'a, 'b>(media: &'b Media<'a>, asked: Option<usize>) -> Option<&'b Form<'a>> {
    let asked = asked.and_then(|index| media.forms.get(index));
    asked
        .filter(|form| matches!(form.medium, Medium::Video | Medium::Sound))
        .or_else(|| media.best(Medium::Video))
        .or_else(|| media.best(Medium::Sound))
}

/// What can be saved; and, while something is missing, a way to look again.
fn actions(html: &mut Html, page: &ItemPage, media: &Media<'_>, playing: Option<&Form<'_>>) {
    let voice = Voice::new(page.visit.language);
    let mut buttons = Html::default();
    let mut saved = None;
    if let Some(form) = playing
        && form.save_button(&mut buttons, voice, "btn main")
    {
        saved = Some(form.index);
    }
    for medium in [Medium::Video, Medium::Sound] {
        let best = media.best(medium).filter(|form| {
            // One button for each medium, and none twice.
            Some(form.index) != saved && playing.is_none_or(|playing| playing.medium != form.medium || saved.is_none())
        });
        if let Some(form) = best {
            form.save_button(&mut buttons, voice, "btn");
        }
    }
    let nothing_to_save = buttons.len() == 0;
    app_file(&mut buttons, voice, &page.item);
    let waiting = media.forms.iter().any(|form| !form.holding.is_whole());
    if waiting {
        buttons.raw("<a class=\"btn\"").attribute("href", &link(&page.visit, here(page))).raw(">");
        Icon::AGAIN.draw(&mut buttons);
        buttons.raw("<span>").text(voice.words.look_again).raw("</span></a>");
    }
    if waiting && nothing_to_save && playing.is_some() {
        html.raw("<p class=\"small soft\">").text(voice.words.save_later).raw("</p>");
    }
    if buttons.len() > 0 {
        html.raw("<div class=\"does\">").append(buttons).raw("</div>\n");
    }
}

fn text(html: &mut Html, voice: Voice, item: &ItemView, variant: Option<&VariantView>) {
    let Some(variant) = variant.filter(|variant| !variant.body_markdown.trim().is_empty()) else {
        return;
    };
    let is_plain = variant.origin == Origin::Original && item.variants.len() == 1;
    if !is_plain {
        html.raw("<p class=\"by\">");
        Icon::LANGUAGES.draw(html);
        html.raw("<span><b>").foreign(Voice::own_name(&variant.tag)).raw("</b>").text(voice.words.separator);
        post::origin(html, voice, item, variant);
        html.raw("</span></p>\n");
    }
    let prose = markdown_to_html(&variant.body_markdown, voice.words.table);
    html.raw("<div class=\"prose\"");
    post::body_tongue(html, variant);
    html.raw(">").append(Html::already_safe(prose)).raw("</div>\n");
}

/// The other languages this post is written in, as links.
fn other_texts(html: &mut Html, visit: &Visit, item: &ItemView, variant: Option<&VariantView>) {
    let voice = Voice::new(visit.language);
    let others = item.variants.iter().filter(|other| variant.is_none_or(|shown| shown.tag != other.tag));
    let mut list = Html::default();
    for other in others {
        let target = Target::new(item_path(&item.id_hex)).with(TEXT_QUERY, &other.tag);
        list.raw("<li><a class=\"btn\"").attribute("href", &link(visit, target)).raw(">");
        Icon::LANGUAGES.draw(&mut list);
        list.raw("<span>").foreign(Voice::own_name(&other.tag)).raw(" <small>");
        post::origin(&mut list, voice, item, other);
        list.raw("</small></span></a></li>");
    }
    if list.len() > 0 {
        html.raw("<nav aria-label=\"")
            .text(voice.words.other_texts)
            .raw("\"><ul class=\"does\">")
            .append(list)
            .raw("</ul></nav>\n");
    }
}

/// When it was signed, what that says and what it does not say.
fn how_checked(html: &mut Html, voice: Voice, item: &ItemView) {
    let moment = voice.moment(item.time_ms);
    html.raw("<details><summary>");
    Icon::CHECKED.draw(html);
    html.text(voice.words.how_checked)
        .raw("</summary><div class=\"stack soft\"><p>")
        .sentence(voice.words.signed_on, &[("moment", Part::Text(&moment))])
        .raw("</p><p>")
        .text(voice.words.bytes_compared)
        .raw("</p></div></details>\n");
}

/// Says why an item is not shown, and nothing of what is in it.
fn not_shown(html: &mut Html, page: &ItemPage) -> &'static str {
    let words = Voice::new(page.visit.language).words;
    let (tone, icon, heading, text) = match page.item.status {
        Status::Retracted => ("", &Icon::TAKEN_BACK, words.retracted, words.retracted_text),
        Status::Refused => ("stop", &Icon::STRUCK, words.not_shown, words.not_shown_text),
        _ => ("warm", &Icon::WAITING, words.unconfirmed, words.unconfirmed_text),
    };
    if page.item.status == Status::Retracted {
        post::by(html, &page.visit, &page.item);
    }
    html.raw("<h1>").text(heading).raw("</h1>\n<div class=\"say ").raw(tone).raw("\">");
    icon.draw(html);
    html.raw("<div><p class=\"h plain\">").text(text).raw("</p></div></div>\n");
    heading
}
