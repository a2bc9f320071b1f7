//! The feed: what this box holds, newest first.

use crate::drawing::{Icon, channel_mark, horns};
use crate::excerpt::excerpt;
use crate::html::{Html, Part};
use crate::line::draw_missing;
use crate::paths::{FEED, PAGE_QUERY, Target, item as item_path, room as room_path};
use crate::view::{BoxPage, ChannelView, ItemView, Status, VariantView, Visit};
use crate::words::Voice;

use super::channel::{disputed_charter, take_address};
use super::frame::{Frame, LastWord, checked_line, checked_notice, document, link};
use super::live;
use super::media::{Media, Medium, play_button, share, still_label};
use super::post;

/// How many characters of a text stand in the feed: about two lines.
const EXCERPT_CHARACTERS_MAX: usize = 160;

/// How many buttons an item has in the feed; its page has all of them.
const BUTTONS_MAX: usize = 3;

/// Writes the feed as a whole HTML document.
///
/// Items that may not be shown are left out. Costs time and memory linear in the view.
pub fn feed(page: &BoxPage) -> String {
    let voice = Voice::new(page.visit.language);
    let items: Vec<&ItemView> = page.items.iter().filter(|item| post::is_shown(item)).collect();
    let mut main = Html::default();
    if page.channels.is_empty() {
        checked_line(&mut main, &page.visit);
    } else {
        checked_notice(&mut main, voice, more_about_checking(voice, &items));
    }
    main.raw("<h1 class=\"vh\">").text(voice.words.box_title).raw("</h1>\n");
    for channel in page.channels.iter().filter(|channel| channel.disputed_charter) {
        disputed_charter(&mut main, voice, channel, page.channels.len() > 1);
    }
    if page.page == 0 && !page.rooms.is_empty() {
        rooms(&mut main, page);
    }
    if items.is_empty() {
        empty(&mut main, page);
    } else {
        main.raw("<div class=\"feed\">\n");
        for item in &items {
            card(&mut main, &page.visit, item);
        }
        main.raw("</div>\n");
    }
    missing(&mut main, voice, &page.channels);
    pager(&mut main, page, !items.is_empty());
    take_address(&mut main, &page.visit, &page.channels);
    let target = match page.page {
        0 => Target::new(FEED),
        number => Target::new(FEED).with(PAGE_QUERY, &number.to_string()),
    };
    let frame =
        Frame { visit: &page.visit, title: voice.words.box_title, target, last_word: LastWord::newest(&page.channels) };
    document(&frame, main)
}

/// Where readers talk: a line for each room.
fn rooms(html: &mut Html, page: &BoxPage) {
    html.raw("<section class=\"stack tight\"><h2>")
        .text(Voice::new(page.visit.language).words.rooms)
        .raw("</h2><ul>\n");
    for room in &page.rooms {
        html.raw("<li><a class=\"btn bare\"")
            .attribute("href", &link(&page.visit, Target::new(room_path(&room.id_hex))));
        html.raw("><span");
        post::tongue(html, &room.language);
        html.raw(">").foreign_line(&room.title).raw("</span></a></li>\n");
    }
    html.raw("</ul></section>\n");
}

/// The advice names a way that exists: the file for the app where there is one, the address otherwise.
fn more_about_checking(voice: Voice, items: &[&ItemView]) -> &'static str {
    if items.iter().any(|item| item.app_file.is_some()) {
        voice.words.checked_save_file
    } else {
        voice.words.checked_take_address
    }
}

fn card(html: &mut Html, visit: &Visit, item: &ItemView) {
    let voice = Voice::new(visit.language);
    let media = Media::of(item);
    let variant = post::choose(item, visit, None);
    html.raw("<article class=\"item\">");
    post::by(html, visit, item);
    html.raw("<h2");
    post::title_tongue(html, variant);
    html.raw("><a")
        .attribute("href", &link(visit, Target::new(item_path(&item.id_hex))))
        .raw(">")
        .foreign_line(post::title(item, variant, voice))
        .raw("</a></h2>");
    if item.status == Status::Disputed {
        post::disputed_line(html, voice);
    }
    post::labels(html, voice, item, variant);
    if let Some(live) = &item.live {
        live::tag(html, voice, live);
    }
    still(html, visit, item, &media);
    if let Some(variant) = variant {
        first_words(html, variant);
    }
    buttons(html, visit, item, &media);
    share(html, voice, &media);
    html.raw("</article>\n");
}

fn first_words(html: &mut Html, variant: &VariantView) {
    let words = excerpt(&variant.body_markdown, EXCERPT_CHARACTERS_MAX);
    if !words.is_empty() {
        html.raw("<p class=\"soft\"");
        post::body_tongue(html, variant);
        html.raw(">").text(&words).raw("</p>");
    }
}

/// The picture. It repeats the title's link, so only pointers reach it.
fn still(html: &mut Html, visit: &Visit, item: &ItemView, media: &Media<'_>) {
    let Some(still) = media.still(item) else {
        return;
    };
    html.raw("<a class=\"still\" aria-hidden=\"true\" tabindex=\"-1\"")
        .attribute("href", &link(visit, Target::new(item_path(&item.id_hex))))
        .raw("><img alt=\"\" loading=\"lazy\" decoding=\"async\"")
        .attribute("src", still)
        .raw(">");
    if media.all(Medium::Video).any(|form| !form.holding.is_empty()) {
        html.raw("<span class=\"go\"><svg viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M5.5 3.5v13l11-6.5z\"/></svg></span>");
    }
    still_label(html, Voice::new(visit.language), media);
    html.raw("</a>");
}

/// What can be done with an item, with sizes before the tap.
fn buttons(html: &mut Html, visit: &Visit, item: &ItemView, media: &Media<'_>) {
    let voice = Voice::new(visit.language);
    let mut buttons = Html::default();
    let mut count = 0;
    let video = media.best(Medium::Video).filter(|form| !form.holding.is_empty());
    let sound = media.best(Medium::Sound).filter(|form| !form.holding.is_empty());
    if let Some(form) = video.or(sound) {
        play_button(&mut buttons, visit, item, form);
        count += 1;
    }
    for medium in [Medium::Video, Medium::Sound, Medium::File] {
        if let Some(form) = media.best(medium)
            && count < BUTTONS_MAX
        {
            count += usize::from(form.save_button(&mut buttons, voice, "btn"));
        }
    }
    app_file(&mut buttons, voice, item);
    if buttons.len() > 0 {
        html.raw("<div class=\"does grow\">").append(buttons).raw("</div>");
    }
}

/// The item as a file that the app checks by itself.
pub(super) fn app_file(html: &mut Html, voice: Voice, item: &ItemView) {
    let Some(file) = &item.app_file else {
        return;
    };
    let Some(href) = crate::paths::on_this_box(&file.href) else {
        return;
    };
    html.raw("<a class=\"btn\"").attribute("href", href).raw(" download>");
    Icon::FILE.draw(html);
    html.raw("<span>")
        .text(voice.words.save_for_app)
        .raw(" <small>")
        .text(&voice.size(file.size_bytes))
        .raw("</small></span></a>");
}

/// Posts that are known to exist and are not here: their own dotted row.
fn missing(html: &mut Html, voice: Voice, channels: &[ChannelView]) {
    for channel in channels.iter().filter(|channel| channel.missing_posts > 0) {
        let sentence = voice.count(&voice.words.posts_missing, channel.missing_posts);
        html.raw("<div class=\"gap\"><p>");
        if channels.len() > 1 {
            html.sentence(
                voice.words.in_channel,
                &[("channel", Part::Foreign(&channel.name)), ("text", Part::Text(&sentence))],
            );
        } else {
            html.text(&sentence);
        }
        html.raw("</p>");
        draw_missing(html);
        html.raw("</div>\n");
    }
}

/// Newer and older pages, or the end of the list.
fn pager(html: &mut Html, page: &BoxPage, has_items: bool) {
    let voice = Voice::new(page.visit.language);
    let words = voice.words;
    if page.page > 0 || page.more {
        let total = voice.number(page.posts_total);
        let number = voice.number(page.page.saturating_add(1));
        html.raw("<nav class=\"pager\" aria-labelledby=\"pages\"><p class=\"small soft\"><b id=\"pages\">")
            .sentence(words.all_posts, &[("n", Part::Text(&total))])
            .raw("</b>")
            .text(words.separator)
            .sentence(words.page_number, &[("n", Part::Text(&number))])
            .raw("</p><div class=\"does grow\">");
        if page.page > 0 {
            let target = Target::new(FEED).with(PAGE_QUERY, &(page.page - 1).to_string());
            turn(html, &page.visit, target, "prev", words.newer, &Icon::BACK);
        }
        if page.more {
            let older = page.page.saturating_add(1).to_string();
            let target = Target::new(FEED).with(PAGE_QUERY, &older);
            turn(html, &page.visit, target, "next", words.older, &Icon::FORTH);
        }
        html.raw("</div></nav>\n");
    }
    if !page.more && has_items {
        let posts = voice.count(&words.posts_held, page.posts_total);
        html.raw("<div>");
        horns(html);
        html.raw("<p class=\"fin\">").sentence(words.end_of_list, &[("posts", Part::Text(&posts))]).raw("</p></div>\n");
    }
}

fn turn(html: &mut Html, visit: &Visit, target: Target, relation: &'static str, text: &str, icon: &Icon) {
    html.raw("<a class=\"btn\"").attribute("rel", relation).attribute("href", &link(visit, target)).raw(">");
    if relation == "prev" {
        icon.draw_directed(html);
        html.raw("<span>").text(text).raw("</span></a>");
    } else {
        html.raw("<span>").text(text).raw("</span>");
        icon.draw_directed(html);
        html.raw("</a>");
    }
}

/// Horns, one sentence of fact, one of what to do.
fn empty(html: &mut Html, page: &BoxPage) {
    let words = Voice::new(page.visit.language).words;
    html.raw("<div class=\"empty\">");
    horns(html);
    html.raw("<p class=\"fin\"><b>").text(words.empty).raw("</b><br>");
    if page.channels.is_empty() {
        html.text(words.empty_no_channel).raw("</p>");
    } else {
        html.text(words.empty_text).raw("</p>");
        for channel in &page.channels {
            html.raw("<p class=\"by\">");
            channel_mark(html, &channel.id);
            html.raw("<span><b>").foreign(&channel.name).raw("</b></span></p>");
        }
        html.raw("<p><a class=\"btn\"").attribute("href", &link(&page.visit, Target::new(FEED))).raw(">");
        Icon::AGAIN.draw(html);
        html.raw("<span>").text(words.look_again).raw("</span></a></p>");
    }
    html.raw("</div>\n");
}
