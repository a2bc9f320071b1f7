//! The forms of a room: to write, to answer, to flag, to take back, to show a ticket. Plain posts to this box.

use crate::clean::clean_text;
use crate::drawing::Icon;
use crate::html::{Html, Part};
use crate::paths::{
    FLAG, LANGUAGE_QUERY, TAKE_BACK, TICKET, Target, WRITE, hexadecimal, note as note_path, room as room_path,
};
use crate::room_view::{NoteState, NoteView, Outcome, Pen, WriteView};
use crate::view::Visit;
use crate::words::Voice;

use super::frame::link;
use super::notes::{Place, bead, quote};

/// How many characters a browser lets somebody type: as many as a note has bytes, so that it never stops a Latin one too soon.
const TYPED_CHARACTERS_MAX: u64 = 1_600;

/// How long a ticket may be that somebody types.
const TICKET_CHARACTERS_MAX: u64 = 1_000;

/// Writes how the reader can write, or why not. `answered` is the note that an answer goes to.
pub(super) fn section(html: &mut Html, place: &Place<'_>, write: &WriteView, answered: Option<&NoteView>) {
    let words = place.voice().words;
    html.raw("<section class=\"stack pen\" id=\"write\">");
    match write {
        WriteView::Off => plain(html, words.write_off),
        WriteView::Closed => plain(html, words.write_closed),
        WriteView::NeedsTicket { token } => ticket_form(html, place, token),
        WriteView::Open(pen) if pen.left == 0 => plain(html, words.notes_spent),
        WriteView::Open(pen) => note_form(html, place, pen, answered),
    }
    html.raw("</section>\n");
}

fn plain(html: &mut Html, text: &str) {
    html.raw("<p class=\"soft\">").text(text).raw("</p>");
}

fn note_form(html: &mut Html, place: &Place<'_>, pen: &Pen, answered: Option<&NoteView>) {
    let voice = place.voice();
    let words = voice.words;
    html.raw("<h2>").text(if answered.is_some() { words.write_answer } else { words.write_note }).raw("</h2>");
    open(html, place, Target::new(format!("{}{WRITE}", room_path(&place.room.id_hex))), &pen.token);
    html.raw("<input type=\"hidden\" name=\"parent\"");
    html.attribute("value", &answered.map(|note| hexadecimal(&note.id_hex)).unwrap_or_default()).raw(">");
    if let Some(note) = answered {
        html.raw("<p class=\"q\">");
        quote(html, &place.name(&note.writer), if note.state == NoteState::Shown { &note.text } else { "…" });
        html.raw("</p><p class=\"acts\"><a")
            .attribute("href", &place.at(Target::new(room_path(&place.room.id_hex)), "write"));
        html.raw(">").text(words.no_answer).raw("</a></p>");
    }
    html.raw("<p class=\"as\">");
    bead(html, &pen.writer);
    let name = place.name(&pen.writer);
    html.raw("<span>").sentence(words.write_as, &[("name", Part::Bold(&name))]).raw("</span></p>");
    html.raw("<ul class=\"risk\">");
    for risk in [words.write_public, words.write_box] {
        html.raw("<li>");
        Icon::WARNING.draw(html);
        html.raw("<span>").text(risk).raw("</span></li>");
    }
    html.raw("</ul><label class=\"vh\" for=\"text\">").text(words.your_note);
    html.raw("</label><textarea class=\"in\" id=\"text\" name=\"text\" rows=\"5\" dir=\"auto\" required autocomplete=\"off\" spellcheck=\"false\"");
    // A line break behind the tag is not part of what stands in it, whatever the words begin with.
    html.number("maxlength", TYPED_CHARACTERS_MAX).raw(">\n").text(&clean_text(&pen.draft)).raw("</textarea>");
    let (left, total) = (voice.number(pen.left), voice.number(pen.per_day));
    html.raw("<div class=\"bar\"><span class=\"small soft\">");
    html.sentence(words.notes_left, &[("n", Part::Text(&left)), ("total", Part::Text(&total))]);
    html.raw("</span><span class=\"end\"><button class=\"btn main\"><span>").text(words.post_note);
    html.raw("</span></button></span></div></form>");
}

fn ticket_form(html: &mut Html, place: &Place<'_>, token: &str) {
    let words = place.voice().words;
    html.raw("<h2>").text(words.write_ticket).raw("</h2><p class=\"soft\">").text(words.ticket_box).raw("</p>");
    open(html, place, Target::new(format!("{}{TICKET}", room_path(&place.room.id_hex))), token);
    html.raw("<label class=\"field\">").text(words.your_ticket);
    html.raw("<input class=\"in\" name=\"ticket\" dir=\"ltr\" required autocomplete=\"off\" spellcheck=\"false\" autocapitalize=\"none\"");
    html.number("maxlength", TICKET_CHARACTERS_MAX).raw("></label><p><button class=\"btn main\"><span>");
    html.text(words.use_ticket).raw("</span></button></p></form>");
}

/// Lets a reader flag somebody's note, or take back an own one. Each opens first and says what it does.
pub(super) fn note_acts(html: &mut Html, place: &Place<'_>, note: &NoteView, pen: &Pen) {
    let words = place.voice().words;
    let (path, act, text, class) = match note.is_mine {
        true => (TAKE_BACK, words.take_back, words.take_back_text, "btn danger"),
        false => (FLAG, words.flag, words.flag_text, "btn"),
    };
    if matches!(note.state, NoteState::Purged(_) | NoteState::TakenBack) {
        return;
    }
    html.raw("<details><summary>").text(act).raw("</summary>");
    open(html, place, Target::new(format!("{}{path}", note_path(&place.room.id_hex, &note.id_hex))), &pen.token);
    html.raw("<p class=\"soft\">").text(text).raw("</p><p><button").attribute("class", class).raw("><span>").text(act);
    html.raw("</span></button></p></form></details>\n");
}

/// Opens a form that posts to this box, with what proves that one of our pages sent it.
fn open(html: &mut Html, place: &Place<'_>, target: Target, token: &str) {
    html.raw("<form class=\"stack\" method=\"post\"").attribute("action", &link(place.visit, target));
    html.raw("><input type=\"hidden\" name=\"token\"").attribute("value", token).raw(">");
}

/// Keeps the language in a form that asks: its address loses what stands behind the question mark.
pub(super) fn keep_language(html: &mut Html, visit: &Visit) {
    if visit.language_chosen {
        html.raw("<input type=\"hidden\"").attribute("name", LANGUAGE_QUERY);
        html.attribute("value", visit.language.tag()).raw(">");
    }
}

/// Says what became of what the reader sent.
pub(super) fn outcome(html: &mut Html, voice: Voice, outcome: Outcome) {
    let words = voice.words;
    let (tone, icon, text) = match outcome {
        Outcome::Posted => ("say good", &Icon::CHECKED, words.done_posted),
        Outcome::TakenBack => ("say good", &Icon::TAKEN_BACK, words.done_taken_back),
        Outcome::Flagged => ("say good", &Icon::CHECKED, words.done_flagged),
        Outcome::TicketKept => ("say good", &Icon::CHECKED, words.done_ticket),
        Outcome::NoWords => ("say warm", &Icon::WARNING, words.problem_empty),
        Outcome::TooLong => ("say warm", &Icon::WARNING, words.problem_long),
        Outcome::NotATicket => ("say warm", &Icon::WARNING, words.problem_ticket),
        Outcome::OldPage => ("say warm", &Icon::WARNING, words.problem_old),
        Outcome::BoxFailed => ("say warm", &Icon::WARNING, words.problem_failed),
    };
    html.raw("<div role=\"status\"").attribute("class", tone).raw(">");
    icon.draw(html);
    html.raw("<div><p class=\"h plain\">").text(text).raw("</p></div></div>\n");
}
