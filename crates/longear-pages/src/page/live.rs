//! A broadcast on the page of the item that opens it.

use crate::drawing::Icon;
use crate::html::{Html, Part};
use crate::line::Holding;
use crate::paths::{FROM_QUERY, PLAY_QUERY, Target, item as item_path, on_this_box};
use crate::view::{ItemPage, LivePhase, LiveView, Play, SaveView, TrackView, Visit};
use crate::words::Voice;

use super::frame::link;
use super::post;

/// Whether it runs, in a word.
pub(super) fn tag(html: &mut Html, voice: Voice, live: &LiveView) {
    let words = voice.words;
    let (class, word) = match live.phase {
        LivePhase::Live => ("live", words.live),
        LivePhase::Soon => ("live off", words.live_soon),
        LivePhase::Waiting { .. } => ("live off", words.live_waiting),
        LivePhase::Over => {
            html.raw("<ul class=\"labels\"><li><b>").text(words.live_over).raw("</b>");
            html.text(words.separator).text(&voice.duration(live.length_ms)).raw("</li></ul>\n");
            return;
        }
    };
    html.raw("<p class=\"bar\"><span class=\"").raw(class).raw("\">").text(word).raw("</span></p>\n");
}

/// The player, what is here, and what to do where it does not play. `play` is what the reader asked for.
pub(super) fn section(html: &mut Html, page: &ItemPage, live: &LiveView, title: &str) {
    let (visit, item) = (&page.visit, &page.item);
    let voice = Voice::new(visit.language);
    let (href, has_picture) = playing(live, page);
    if let Some(href) = href.as_deref() {
        let element = if has_picture { "video" } else { "audio" };
        html.raw("<div class=\"player\" id=\"player\"><").raw(element);
        html.raw(" controls preload=\"metadata\" playsinline").attribute("src", href).attribute("aria-label", title);
        if let Some(still) = item.still.as_deref().and_then(on_this_box) {
            html.attribute("poster", still);
        }
        html.raw("></").raw(element).raw("></div>\n");
    }
    lanes(html, voice, live);
    news(html, visit, live);
    does(html, page, live);
    chapters(html, page, live);
    if let Some(href) = live.list_href.as_deref().and_then(on_this_box) {
        html.raw("<details><summary>").text(voice.words.live_players).raw("</summary><div class=\"stack soft\"><p>");
        html.text(voice.words.live_players_text).raw("</p><p><a").attribute("href", href).raw("><code dir=\"ltr\">");
        html.text(href).raw("</code></a></p></div></details>\n");
    }
}

/// The address of what is played, and whether it has a picture.
fn playing(live: &LiveView, page: &ItemPage) -> (Option<String>, bool) {
    let from_href = page.from_ms.zip(live.from_href.as_ref()).map(|(from_ms, href)| format!("{href}{from_ms}"));
    let href = from_href.or_else(|| match page.play {
        Some(Play::Sound) if live.sound_href.is_some() => live.sound_href.clone(),
        Some(Play::Past) if live.past_href.is_some() => live.past_href.clone(),
        _ => live.href.clone(),
    });
    let is_sound = page.play == Some(Play::Sound) && page.from_ms.is_none();
    let has_picture = !is_sound && live.tracks.iter().any(|track| !track.is_sound);
    (href.filter(|href| on_this_box(href).is_some()), has_picture)
}

/// A line for each rendition over the time of the broadcast.
fn lanes(html: &mut Html, voice: Voice, live: &LiveView) {
    if live.tracks.is_empty() || live.length_ms == 0 {
        return;
    }
    html.raw("<div class=\"lanes\" role=\"group\"").attribute("aria-label", voice.words.live_here).raw(">");
    for track in &live.tracks {
        html.raw("<span>").append(name(voice, track)).raw("</span><span>");
        let holding = Holding::over(live.length_ms, &track.held);
        html.append(holding.draw(voice, Some(live.length_ms))).raw("</span>");
    }
    html.raw("<div class=\"marks\"><span>").text(&voice.duration(0)).raw("</span><span class=\"end\">");
    html.text(&voice.duration(live.length_ms)).raw("</span></div></div>\n");
}

fn name(voice: Voice, track: &TrackView) -> Html {
    let mut html = Html::default();
    if track.is_sound {
        html.text(voice.words.sound)
    } else {
        html.foreign(&track.name)
    };
    html
}

/// What a reader must know who sees it stand still.
fn news(html: &mut Html, visit: &Visit, live: &LiveView) {
    let voice = Voice::new(visit.language);
    let words = voice.words;
    match live.phase {
        LivePhase::Soon => post::say(html, "", &Icon::WAITING, words.live_soon, words.live_soon_text),
        LivePhase::Waiting { since_ms } => {
            let age = voice.age(visit.now_ms, since_ms);
            html.raw("<div class=\"say warm\">");
            Icon::WAITING.draw(html);
            html.raw("<div><p class=\"h\">").sentence(words.live_lost, &[("age", Part::Text(&age))]);
            html.raw("</p><p>").text(words.live_lost_text).raw("</p></div></div>\n");
        }
        LivePhase::Live | LivePhase::Over => {}
    }
}

/// Other ways to hear and see it, and another look at what has come.
fn does(html: &mut Html, page: &ItemPage, live: &LiveView) {
    let words = Voice::new(page.visit.language).words;
    let here = || Target::new(item_path(&page.item.id_hex));
    let with = |play: Play| here().with(PLAY_QUERY, play.name());
    let has_picture = live.tracks.iter().any(|track| !track.is_sound);
    let ways = [
        (
            live.past_href.is_some() && page.play != Some(Play::Past),
            &Icon::BACK,
            words.live_beginning,
            with(Play::Past),
        ),
        (
            live.sound_href.is_some() && has_picture && page.play != Some(Play::Sound),
            &Icon::SOUND,
            words.live_sound,
            with(Play::Sound),
        ),
        (
            live.phase != LivePhase::Over || page.play.is_some() || page.from_ms.is_some(),
            &Icon::AGAIN,
            words.look_again,
            here(),
        ),
    ];
    html.raw("<div class=\"does\">");
    live.saves.iter().for_each(|save| save_button(html, Voice::new(page.visit.language), save));
    for (_, icon, text, target) in ways.into_iter().filter(|(is_offered, ..)| *is_offered) {
        html.raw("<a class=\"btn\"").attribute("href", &link(&page.visit, target)).raw(">");
        icon.draw(html);
        html.raw("<span>").text(text).raw("</span></a>");
    }
    html.raw("</div>\n");
}

/// Moments at which to begin: first those that the publisher named.
fn chapters(html: &mut Html, page: &ItemPage, live: &LiveView) {
    let voice = Voice::new(page.visit.language);
    if !live.chapters.is_empty() {
        html.raw("<nav class=\"stack\" aria-labelledby=\"chapters\"><h2 id=\"chapters\">");
        html.text(voice.words.live_chapters).raw("</h2><ol class=\"chapters\">");
        for chapter in &live.chapters {
            html.raw("<li>");
            let time = voice.duration(chapter.start_ms);
            moment(html, page, chapter.start_ms, chapter.is_here && live.from_href.is_some(), |html| {
                html.raw("<b>").text(&time).raw("</b><span>").foreign(&chapter.title).raw("</span>");
            });
            html.raw("</li>");
        }
        html.raw("</ol></nav>\n");
    }
    if !live.marks.is_empty() && live.from_href.is_some() {
        html.raw("<details><summary>").text(voice.words.live_moments).raw("</summary><ul class=\"moments\">");
        for start_ms in &live.marks {
            html.raw("<li>");
            let time = voice.duration(*start_ms);
            moment(html, page, *start_ms, true, |html| {
                html.text(&time);
            });
            html.raw("</li>");
        }
        html.raw("</ul></details>\n");
    }
}

/// A link that begins to play there, or only what it says.
fn moment(html: &mut Html, page: &ItemPage, start_ms: u64, is_here: bool, said: impl FnOnce(&mut Html)) {
    if is_here {
        let target = Target::new(item_path(&page.item.id_hex)).with(FROM_QUERY, &start_ms.to_string());
        html.raw("<a").attribute("href", &link(&page.visit, target));
        if page.from_ms == Some(start_ms) {
            html.raw(" aria-current=\"true\"");
        }
        html.raw(">");
    } else {
        html.raw("<span>");
    }
    said(html);
    html.raw(if is_here { "</a>" } else { "</span>" });
}

fn save_button(html: &mut Html, voice: Voice, save: &SaveView) {
    let Some(href) = on_this_box(&save.href) else { return };
    let (icon, text) = match save.is_sound {
        true => (&Icon::SOUND, voice.words.save_sound),
        false => (&Icon::VIDEO, voice.words.save_video),
    };
    html.raw("<a class=\"btn\"").attribute("href", href).attribute("download", &save.name).raw(">");
    icon.draw(html);
    html.raw("<span>").text(text).raw(" <small>").foreign(&save.name).text(voice.words.separator);
    html.text(&voice.size(save.size_bytes)).raw("</small></span></a>");
}
