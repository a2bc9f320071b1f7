//! Notes in a list: who, when, what; and those that are not shown without asking.

use crate::drawing::Icon;
use crate::html::{Html, Part, fill};
use crate::note_text::{note_paragraphs, note_quote, note_text};
use crate::paths::{ANSWER_QUERY, SHOW_QUERY, Target, hexadecimal, note as note_path, room as room_path};
use crate::pseudonym::{BEADS, Pseudonym, pseudonym};
use crate::room_view::{NoteState, NoteView, ParentView, Reason, RoomView};
use crate::view::Visit;
use crate::words::{Catalogue, Voice, machine_time};

use super::frame::link;

/// From how many notes on that stand one behind the other and are not shown, they are folded into one line.
const RUN_MIN: usize = 3;

/// What a list of notes has to know of its page.
pub(super) struct Place<'a> {
    pub(super) visit: &'a Visit,
    pub(super) room: &'a RoomView,
    /// The page as it was asked for, but for the note that is to be shown or answered.
    pub(super) here: Target,
    /// The note that the reader wants to see all the same.
    pub(super) show: Option<&'a str>,
    /// Whether the reader can write.
    pub(super) can_write: bool,
}

impl Place<'_> {
    pub(super) fn voice(&self) -> Voice {
        Voice::new(self.visit.language)
    }

    pub(super) fn name(&self, writer: &Pseudonym) -> String {
        pseudonym(self.visit.language, writer)
    }

    /// A link to this page, at one of its places.
    pub(super) fn at(&self, target: Target, anchor: &str) -> String {
        format!("{}#{anchor}", link(self.visit, target))
    }

    fn page_of(&self, note_hex: &str) -> String {
        link(self.visit, Target::new(note_path(&self.room.id_hex, note_hex)))
    }

    fn is_withheld(&self, note: &NoteView) -> bool {
        note.state != NoteState::Shown && !self.is_asked_for(note)
    }

    /// Words that are gone cannot be asked for.
    fn is_asked_for(&self, note: &NoteView) -> bool {
        !is_gone(&note.state) && self.show.is_some_and(|show| show == note.id_hex)
    }
}

/// How a list shows its notes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// As the talk: links lead to them.
    Talk,
    /// As the answers to the note above them, which none has to quote.
    Answers,
    /// Repeated from the talk: nothing leads to them here.
    Repeated,
}

/// Writes a list of notes. Runs of notes that are not shown become one line that opens.
pub(super) fn list(html: &mut Html, place: &Place<'_>, notes: &[NoteView], manner: Manner) {
    html.raw("<ul class=\"notes\">\n");
    let mut rest = notes;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|note| place.is_withheld(note)).count();
        if run >= RUN_MIN {
            let count = place.voice().count(&place.voice().words.moderated_run, run as u64);
            html.raw("<li class=\"run\"><details><summary>");
            Icon::HIDDEN.draw(html);
            html.text(&count).raw("</summary><ul class=\"notes\">\n");
            rest[..run].iter().for_each(|note| one(html, place, note, manner));
            html.raw("</ul></details></li>\n");
            rest = &rest[run..];
        } else {
            one(html, place, first, manner);
            rest = &rest[1..];
        }
    }
    html.raw("</ul>\n");
}

/// Writes one note as an entry of a list.
pub(super) fn one(html: &mut Html, place: &Place<'_>, note: &NoteView, manner: Manner) {
    let is_shown = note.state == NoteState::Shown;
    let class = match (is_shown, note.parent.is_some() && manner == Manner::Talk) {
        (true, false) => "note",
        (true, true) => "note reply",
        (false, false) => "note hid",
        (false, true) => "note hid reply",
    };
    html.raw("<li").attribute("class", class);
    if manner != Manner::Repeated {
        html.attribute("id", &anchor(&note.id_hex));
    }
    html.raw(">");
    if is_shown {
        said(html, place, note, manner);
    } else {
        why(html, place, note);
        if place.is_asked_for(note) {
            html.raw("<div class=\"note\">");
            said(html, place, note, manner);
            html.raw("</div>");
        }
        ways(html, place, note);
    }
    html.raw("</li>\n");
}

/// The place of a note on a page.
pub(super) fn anchor(note_hex: &str) -> String {
    format!("n-{}", hexadecimal(note_hex))
}

/// Draws a writer's bead. The two words beside it say who it is.
pub(super) fn bead(html: &mut Html, writer: &Pseudonym) {
    let (border, fill) = (usize::from(writer.border) % BEADS, usize::from(writer.fill) % BEADS);
    html.raw("<span")
        .attribute("class", &format!("bead rim-{border} middle-{fill}"))
        .raw(" aria-hidden=\"true\"></span>");
}

/// Who, when, what it answers, and the words.
fn said(html: &mut Html, place: &Place<'_>, note: &NoteView, manner: Manner) {
    let voice = place.voice();
    bead(html, &note.writer);
    html.raw("<p class=\"who\"><b>").text(&place.name(&note.writer)).raw("</b>");
    if note.is_mine {
        html.raw("<span>").text(voice.words.you).raw("</span>");
    }
    html.raw("<time class=\"num\"").attribute("datetime", &machine_time(note.time_ms)).raw(">");
    html.text(&voice.age(place.visit.now_ms, note.time_ms)).raw("</time></p>");
    if let Some(parent) = note.parent.as_ref().filter(|_| manner != Manner::Answers) {
        answered(html, place, parent);
    }
    html.raw("<div class=\"words\">");
    if note_text(&note.text).is_empty() {
        html.raw("<p class=\"soft\">").text(voice.words.note_empty).raw("</p>");
    } else {
        note_paragraphs(html, &note.text);
    }
    html.raw("</div>");
    acts(html, place, note, manner);
}

/// The note that is answered, in one line that leads to it.
fn answered(html: &mut Html, place: &Place<'_>, parent: &ParentView) {
    let words = place.voice().words;
    html.raw("<p class=\"q\">");
    match parent {
        ParentView::Shown { id_hex, writer, text } => {
            html.raw("<a").attribute("href", &place.page_of(id_hex)).raw(">");
            quote(html, &place.name(writer), text);
            html.raw("</a>");
        }
        ParentView::NotShown { id_hex } => {
            html.raw("<a").attribute("href", &place.page_of(id_hex)).raw(">").text(words.answered_hidden).raw("</a>");
        }
        ParentView::NotHere => {
            html.text(words.answered_missing);
        }
    }
    html.raw("</p>");
}

/// A note's beginning behind its writer's two words.
pub(super) fn quote(html: &mut Html, name: &str, text: &str) {
    html.raw("<b>").text(name).raw("</b>: <bdi>").text(&note_quote(text)).raw("</bdi>");
}

/// What can be done with a note; its page has the rest.
fn acts(html: &mut Html, place: &Place<'_>, note: &NoteView, manner: Manner) {
    let voice = place.voice();
    html.raw("<p class=\"acts\">");
    if place.can_write && manner == Manner::Talk && note.state == NoteState::Shown {
        let target = place.here.clone().with(ANSWER_QUERY, &hexadecimal(&note.id_hex));
        html.raw("<a").attribute("href", &place.at(target, "write")).raw(">").text(voice.words.answer).raw("</a>");
    }
    html.raw("<a").attribute("href", &place.page_of(&note.id_hex)).raw(">");
    match note.answers {
        0 => html.text(voice.words.more_of_note),
        answers => html.text(&voice.count(&voice.words.answers, answers)),
    };
    html.raw("</a></p>");
}

/// Says that a note is not shown, and why.
fn why(html: &mut Html, place: &Place<'_>, note: &NoteView) {
    html.raw("<p class=\"why\">");
    match note.state {
        NoteState::TakenBack => Icon::TAKEN_BACK.draw(html),
        NoteState::Ahead | NoteState::Unadmitted => Icon::WAITING.draw(html),
        _ => Icon::HIDDEN.draw(html),
    }
    html.raw("<span>").text(state_words(&note.state, place.voice().words));
    for reason in reasons(&note.state) {
        html.raw(" ");
        reason_words(html, place, *reason);
    }
    html.raw("</span></p>");
}

/// Lets the reader see a note all the same, where its words are here, and read the rule.
fn ways(html: &mut Html, place: &Place<'_>, note: &NoteView) {
    let words = place.voice().words;
    let mut ways = Html::default();
    if !is_gone(&note.state) {
        let (target, text) = match place.is_asked_for(note) {
            true => (place.here.clone(), words.hide_again),
            false => (place.here.clone().with(SHOW_QUERY, &hexadecimal(&note.id_hex)), words.show_anyway),
        };
        way(&mut ways, &place.at(target, &anchor(&note.id_hex)), text);
    }
    let rule = reasons(&note.state).iter().find_map(|reason| match reason {
        Reason::Rule(number) => place.rule(*number).map(|_| number),
        _ => None,
    });
    if let Some(number) = rule {
        let room = Target::new(room_path(&place.room.id_hex));
        way(&mut ways, &place.at(room, &format!("rule-{number}")), words.read_rules);
    }
    if ways.len() > 0 {
        html.raw("<div class=\"does\">").append(ways).raw("</div>");
    }
}

fn way(html: &mut Html, href: &str, text: &str) {
    html.raw("<a class=\"btn bare\"").attribute("href", href).raw("><span>").text(text).raw("</span></a>");
}

/// Words that are held nowhere, or are not given out any more.
fn is_gone(state: &NoteState) -> bool {
    matches!(state, NoteState::Purged(_) | NoteState::TakenBack)
}

fn state_words(state: &NoteState, words: &'static Catalogue) -> &'static str {
    match state {
        NoteState::Shown => "",
        NoteState::Hidden(_) => words.note_hidden,
        NoteState::Purged(_) => words.note_purged,
        NoteState::Banned(_) => words.note_banned,
        NoteState::TakenBack => words.note_taken_back,
        NoteState::Ahead => words.note_ahead,
        NoteState::AfterClose => words.note_after_close,
        NoteState::Early => words.note_early,
        NoteState::Beyond => words.note_beyond,
        NoteState::Unadmitted => words.note_unadmitted,
    }
}

/// The moderators' reasons, where they acted.
fn reasons(state: &NoteState) -> &[Reason] {
    match state {
        NoteState::Hidden(reasons) | NoteState::Purged(reasons) | NoteState::Banned(reasons) => reasons,
        _ => &[],
    }
}

fn reason_words(html: &mut Html, place: &Place<'_>, reason: Reason) {
    let voice = place.voice();
    let words = voice.words;
    let rule = |number: u8| voice.number(u64::from(number));
    match reason {
        Reason::Rule(number) => match place.rule(number) {
            Some(text) => {
                html.sentence(words.reason_rule, &[("n", Part::Text(&rule(number))), ("rule", Part::Foreign(text))])
            }
            None => html.text(&fill(words.reason_number, &[("n", &rule(number))])),
        },
        Reason::PersonalData => html.text(words.reason_personal),
        Reason::Threats => html.text(words.reason_threats),
        Reason::Advertising => html.text(words.reason_advertising),
        Reason::Invented => html.text(words.reason_invented),
        Reason::Other => html.text(words.reason_other),
    };
}

impl Place<'_> {
    /// The rule of that number, counted from 1.
    fn rule(&self, number: u8) -> Option<&str> {
        let index = usize::from(number).checked_sub(1)?;
        self.room.rules.get(index).map(String::as_str)
    }
}
