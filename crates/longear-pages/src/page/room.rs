//! Rooms: the list of a channel's rooms, a room, and a note with its answers.

use crate::clean::clean_line;
use crate::drawing::{Icon, channel_mark, horns};
use crate::html::{Html, Part, fill};
use crate::paths::{
    AFTER_QUERY, BEFORE_QUERY, FEED, SEARCH_QUERY, Target, item as item_path, note as note_path, room as room_path,
    rooms as rooms_path,
};
use crate::room_view::{Cursor, DigestView, NotePage, RoomPage, RoomView, RoomsPage, SearchView, Turn, WriteView};
use crate::view::{ChannelView, Visit};
use crate::words::{Voice, machine_time};

use super::frame::{Frame, LastWord, checked_notice, document, link};
use super::notes::{self, Manner, Place};
use super::{post, write};

/// How many characters of what is looked for are kept.
const SEARCH_CHARACTERS_MAX: u64 = 64;

/// Writes the list of a channel's rooms as a whole HTML document.
pub fn rooms(page: &RoomsPage) -> String {
    let voice = Voice::new(page.visit.language);
    let words = voice.words;
    let mut main = Html::default();
    checked_notice(&mut main, voice, words.room_whose);
    main.raw("<p class=\"by\">");
    channel_mark(&mut main, &page.channel.id);
    main.raw("<span><b>").foreign(&page.channel.name).raw("</b></span></p>\n<h1>").text(words.rooms).raw("</h1>\n");
    if page.rooms.is_empty() {
        main.raw("<div class=\"empty\">");
        horns(&mut main);
        main.raw("<p class=\"fin\">").text(words.rooms_none).raw("</p></div>\n");
    } else {
        main.raw("<ul class=\"feed\">\n");
        page.rooms.iter().for_each(|room| room_card(&mut main, &page.visit, room));
        main.raw("</ul>\n");
    }
    onward(&mut main, &page.visit, Target::new(FEED), words.to_newest);
    let target = Target::new(rooms_path(&page.channel.id));
    framed(&page.visit, &page.channel, words.rooms, target, main)
}

fn room_card(html: &mut Html, visit: &Visit, room: &RoomView) {
    let voice = Voice::new(visit.language);
    html.raw("<li class=\"item\"><h2");
    tongue(html, room);
    html.raw("><a").attribute("href", &link(visit, Target::new(room_path(&room.id_hex)))).raw(">");
    html.foreign_line(&room.title).raw("</a></h2><p class=\"by\"><span>");
    since(html, voice, room);
    html.raw("<br>").text(&voice.count(&voice.words.notes_here, room.notes_here));
    if let Some(time_ms) = room.newest_ms {
        let age = voice.age(visit.now_ms, time_ms);
        html.raw("<br>").sentence(voice.words.newest_note, &[("age", Part::Text(&age))]);
    }
    html.raw("</span></p></li>\n");
}

/// Writes a room as a whole HTML document.
///
/// Notes are plain text whatever is in them. Costs time and memory linear in the view.
pub fn room(page: &RoomPage) -> String {
    let voice = Voice::new(page.visit.language);
    let here = here(page);
    let place = Place {
        visit: &page.visit,
        room: &page.room,
        here: here.clone(),
        show: page.show.as_deref(),
        can_write: can_write(&page.write),
    };
    let mut main = Html::default();
    if let Some(outcome) = page.outcome {
        write::outcome(&mut main, voice, outcome);
    }
    checked_notice(&mut main, voice, voice.words.room_whose);
    head(&mut main, page);
    rules(&mut main, voice, &page.room);
    search_form(&mut main, &page.visit, &page.room, page.search.as_ref());
    if page.turn.here.is_none() && page.search.is_none() {
        if let Some(digest) = page.digest.as_ref().filter(|digest| !digest.notes.is_empty()) {
            self::digest(&mut main, &place, digest);
        }
        if !page.pinned.is_empty() {
            main.raw("<section class=\"stack pinned\"><h2>").text(voice.words.pinned).raw("</h2>");
            notes::list(&mut main, &place, &page.pinned, Manner::Repeated);
            main.raw("</section>\n");
        }
    }
    talk(&mut main, &place, page);
    write::section(&mut main, &place, &page.write, page.answer.as_ref());
    onward(&mut main, &page.visit, Target::new(rooms_path(&page.channel.id)), voice.words.rooms_more);
    framed(&page.visit, &page.channel, &page.room.title, here, main)
}

/// Writes a note with its answers as a whole HTML document.
pub fn note(page: &NotePage) -> String {
    let voice = Voice::new(page.visit.language);
    let words = voice.words;
    let here = turned(Target::new(note_path(&page.room.id_hex, &page.note.id_hex)), page.turn.here.as_ref());
    let place = Place {
        visit: &page.visit,
        room: &page.room,
        here: here.clone(),
        show: page.show.as_deref(),
        // The form below answers this note; answers are answered on their own pages.
        can_write: false,
    };
    let title = fill(words.note_by, &[("name", &place.name(&page.note.writer))]);
    let mut main = Html::default();
    if let Some(outcome) = page.outcome {
        write::outcome(&mut main, voice, outcome);
    }
    checked_notice(&mut main, voice, words.room_whose);
    by(&mut main, voice, &page.channel, &page.room);
    main.raw("<p class=\"room-of\"><a class=\"tap\"");
    tongue(&mut main, &page.room);
    main.attribute("href", &link(&page.visit, Target::new(room_path(&page.room.id_hex)))).raw(">");
    main.foreign_line(&page.room.title).raw("</a></p>\n<h1>").text(&title).raw("</h1>\n<ul class=\"notes alone\">\n");
    notes::one(&mut main, &place, &page.note, Manner::Talk);
    main.raw("</ul>\n");
    if let WriteView::Open(pen) = &page.write {
        write::note_acts(&mut main, &place, &page.note, pen);
    }
    answers(&mut main, &place, page);
    write::section(&mut main, &place, &page.write, Some(&page.note));
    onward(&mut main, &page.visit, Target::new(room_path(&page.room.id_hex)), words.to_room);
    framed(&page.visit, &page.channel, &title, here, main)
}

fn answers(html: &mut Html, place: &Place<'_>, page: &NotePage) {
    let voice = place.voice();
    if page.answers.is_empty() {
        html.raw("<p class=\"soft\">").text(voice.words.answers_none).raw("</p>\n");
        return;
    }
    let count = page.note.answers.max(page.answers.len() as u64);
    html.raw("<section class=\"stack\"><h2>").text(&voice.count(&voice.words.answers, count)).raw("</h2>\n");
    let base = Target::new(note_path(&page.room.id_hex, &page.note.id_hex));
    older(html, place.visit, &base, &page.turn);
    notes::list(html, place, &page.answers, Manner::Answers);
    newer(html, place.visit, &base, &page.turn);
    html.raw("</section>\n");
}

fn framed(visit: &Visit, channel: &ChannelView, title: &str, target: Target, main: Html) -> String {
    let last_word = channel.last_word_ms.map_or(LastWord::None, LastWord::At);
    document(&Frame { visit, title, target, last_word }, main)
}

fn can_write(write: &WriteView) -> bool {
    matches!(write, WriteView::Open(pen) if pen.left > 0)
}

/// A room's page with what was asked of it, but for the note to show or to answer.
fn here(page: &RoomPage) -> Target {
    let target = turned(Target::new(room_path(&page.room.id_hex)), page.turn.here.as_ref());
    match &page.search {
        Some(search) => target.with_words(SEARCH_QUERY, &search.text),
        None => target,
    }
}

fn turned(target: Target, cursor: Option<&Cursor>) -> Target {
    match cursor {
        Some(Cursor::Before(cursor)) => target.with(BEFORE_QUERY, cursor),
        Some(Cursor::After(cursor)) => target.with(AFTER_QUERY, cursor),
        None => target,
    }
}

/// Whose room, its title, what it is about, how much of it is here.
fn head(html: &mut Html, page: &RoomPage) {
    let voice = Voice::new(page.visit.language);
    let room = &page.room;
    html.raw("<div class=\"stack\">");
    by(html, voice, &page.channel, room);
    html.raw("<h1");
    tongue(html, room);
    html.raw(">").foreign_line(&room.title).raw("</h1>");
    if let Some((id_hex, title)) = &room.about {
        html.raw("<p class=\"small soft\">").text(voice.words.room_about).raw(" <a");
        html.attribute("href", &link(&page.visit, Target::new(item_path(id_hex)))).raw(">");
        html.foreign(title).raw("</a></p>");
    }
    how_much(html, voice, room);
    if can_write(&page.write) {
        html.raw("<p class=\"small\"><a class=\"tap\"")
            .attribute("href", &format!("{}#write", link(&page.visit, here(page))))
            .raw(">")
            .text(voice.words.write_note)
            .raw("</a></p>");
    }
    html.raw("</div>\n");
}

/// How many notes are here, of how many as far as that is known. A room without any says so where they would stand.
fn how_much(html: &mut Html, voice: Voice, room: &RoomView) {
    let known = room.notes_known.filter(|known| *known > room.notes_here);
    if let Some(known) = known {
        let (here, total) = (voice.number(room.notes_here), voice.number(known));
        html.raw("<p class=\"small soft\">");
        html.sentence(voice.words.notes_here_of, &[("n", Part::Text(&here)), ("total", Part::Text(&total))])
            .raw("</p>");
    } else if room.notes_here > 0 {
        html.raw("<p class=\"small soft\">").text(&voice.count(&voice.words.notes_here, room.notes_here)).raw("</p>");
    }
}

fn by(html: &mut Html, voice: Voice, channel: &ChannelView, room: &RoomView) {
    html.raw("<p class=\"by\">");
    channel_mark(html, &channel.id);
    html.raw("<span><b>").foreign(&channel.name).raw("</b>").text(voice.words.separator);
    since(html, voice, room);
    html.raw("</span></p>\n");
}

fn since(html: &mut Html, voice: Voice, room: &RoomView) {
    if room.is_closed {
        html.text(voice.words.room_closed);
    } else {
        html.sentence(voice.words.room_since, &[("date", Part::Text(&voice.date(room.opened_ms)))]);
    }
}

fn tongue(html: &mut Html, room: &RoomView) {
    post::tongue(html, &room.language);
}

/// Rules, who may write and how long notes are kept, folded. A link to a rule opens them.
fn rules(html: &mut Html, voice: Voice, room: &RoomView) {
    let words = voice.words;
    html.raw("<details class=\"rules\" id=\"rules\"><summary>")
        .text(words.rules)
        .raw("</summary><div class=\"stack\">");
    if room.rules.is_empty() {
        html.raw("<p>").text(words.rules_none).raw("</p>");
    } else {
        html.raw("<ol>");
        for (number, rule) in (1..).zip(&room.rules) {
            // The number stands on the page's side, whatever the direction of the rule.
            html.raw("<li").attribute("id", &format!("rule-{number}")).raw("><p");
            tongue(html, room);
            html.raw(">").foreign_line(rule).raw("</p></li>");
        }
        html.raw("</ol>");
    }
    html.raw("<p class=\"small soft\">").text(if room.needs_ticket { words.room_tickets } else { words.room_open });
    html.raw(" ").text(&voice.count(&words.room_days, room.retention_days)).raw("</p></div></details>\n");
}

fn search_form(html: &mut Html, visit: &Visit, room: &RoomView, search: Option<&SearchView>) {
    let words = Voice::new(visit.language).words;
    html.raw("<form class=\"stack tight\" role=\"search\" method=\"get\"")
        .attribute("action", &room_path(&room.id_hex))
        .raw(">");
    write::keep_language(html, visit);
    html.raw("<label class=\"small soft\" for=\"q\">").text(words.search_notes);
    html.raw("</label><div class=\"find\"><input class=\"in\" type=\"search\" id=\"q\" name=\"q\" dir=\"auto\" autocomplete=\"off\"");
    html.number("maxlength", SEARCH_CHARACTERS_MAX);
    if let Some(search) = search {
        html.attribute("value", &clean_line(&search.text));
    }
    html.raw("><button class=\"btn\">");
    Icon::SEARCH.draw(html);
    html.raw("<span>").text(words.search).raw("</span></button></div></form>\n");
}

fn digest(html: &mut Html, place: &Place<'_>, digest: &DigestView) {
    let voice = place.voice();
    html.raw("<section class=\"digest\"><h2>");
    match digest.notes.len() {
        3 => html.text(voice.words.digest_three),
        count => html.text(&voice.count(&voice.words.digest, count as u64)),
    };
    html.raw("</h2><p class=\"small soft\"><time").attribute("datetime", &machine_time(digest.day_ms)[..10]).raw(">");
    html.text(&voice.date(digest.day_ms)).raw("</time>").text(voice.words.separator).text(voice.words.digest_text);
    html.raw("</p>\n");
    notes::list(html, place, &digest.notes, Manner::Repeated);
    html.raw("</section>\n");
}

/// The notes of this page between the ways to older and newer ones.
fn talk(html: &mut Html, place: &Place<'_>, page: &RoomPage) {
    let voice = place.voice();
    html.raw("<section class=\"stack talk\">");
    match &page.search {
        Some(search) => found(html, place, search),
        None => {
            html.raw("<h2>").text(voice.words.notes).raw("</h2>");
        }
    }
    let base = match &page.search {
        Some(search) => Target::new(room_path(&page.room.id_hex)).with_words(SEARCH_QUERY, &search.text),
        None => Target::new(room_path(&page.room.id_hex)),
    };
    older(html, place.visit, &base, &page.turn);
    if page.notes.is_empty() {
        nothing(html, voice, page.search.is_some());
    } else {
        notes::list(html, place, &page.notes, Manner::Talk);
    }
    newer(html, place.visit, &base, &page.turn);
    html.raw("</section>\n");
}

fn found(html: &mut Html, place: &Place<'_>, search: &SearchView) {
    let voice = place.voice();
    html.raw("<h2>")
        .sentence(voice.words.search_for, &[("text", Part::Foreign(&search.text))])
        .raw("</h2><p class=\"acts\">");
    if search.found > 0 {
        html.raw("<span>").text(&voice.count(&voice.words.notes_found, search.found)).raw("</span>");
    }
    html.raw("<a").attribute("href", &link(place.visit, Target::new(room_path(&place.room.id_hex)))).raw(">");
    html.text(voice.words.all_notes).raw("</a></p>");
}

fn nothing(html: &mut Html, voice: Voice, is_search: bool) {
    html.raw("<div class=\"empty\">");
    horns(html);
    html.raw("<p class=\"fin\">").text(if is_search { voice.words.notes_not_found } else { voice.words.notes_none });
    html.raw("</p></div>\n");
}

fn older(html: &mut Html, visit: &Visit, base: &Target, turn: &Turn) {
    if let Some(cursor) = &turn.older {
        let text = Voice::new(visit.language).words.older;
        way(html, visit, base.clone().with(BEFORE_QUERY, cursor), text, "prev", &Icon::UP);
    }
}

fn newer(html: &mut Html, visit: &Visit, base: &Target, turn: &Turn) {
    if let Some(cursor) = &turn.newer {
        let text = Voice::new(visit.language).words.newer;
        way(html, visit, base.clone().with(AFTER_QUERY, cursor), text, "next", &Icon::DOWN);
    }
}

fn way(html: &mut Html, visit: &Visit, target: Target, text: &str, relation: &'static str, icon: &Icon) {
    html.raw("<p><a class=\"btn full\"").attribute("rel", relation).attribute("href", &link(visit, target)).raw(">");
    icon.draw(html);
    html.raw("<span>").text(text).raw("</span></a></p>\n");
}

fn onward(html: &mut Html, visit: &Visit, target: Target, text: &str) {
    html.raw("<p><a class=\"btn full\"").attribute("href", &link(visit, target)).raw(">").text(text).raw("</a></p>\n");
}
