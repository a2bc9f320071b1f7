//! Rooms over HTTP: pages to read and, where the box takes notes, forms to write with.
//!
//! Who writes is a key in a cookie of the reader's own browser, made for this room; the box keeps none of it, but could read and change
//! what passes through it, and says so on the page.

mod notes;
mod pen;

use axum::Form;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use longear_core::room::TicketWord;
use longear_core::{ChannelId, NoteId, RoomId};
use longear_pages::{ErrorKind, NotePage, Outcome, RoomPage, RoomsPage, paths};
use longear_store::{Store, Talk};
use serde::Deserialize;

use super::asked::Asked;
use super::shelf::{Shelf, ShelfError};
use super::{Answer, BoxView, headers, no_page};
use crate::failure::Failure;
use crate::newsroom::signing::known;
use crate::talk::{self, Draft, SayError};
use notes::Reading;
use pen::Pen;

/// Bytes of a form: a note of 1,600 bytes, every one of them written with three characters, and the rest.
pub(super) const FORM_BYTES_MAX: usize = 8 << 10;

/// Query name of what became of what was sent.
const DONE_QUERY: &str = "done";

/// What a form sends. Fields that it does not have are empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    text: String,
    parent: String,
    ticket: String,
    token: String,
}

/// What is done with what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Write,
    Ticket,
    Flag(NoteId),
    TakeBack(NoteId),
}

/// The rooms of a channel.
pub(super) async fn rooms(State(view): State<BoxView>, asked: Asked) -> Response {
    let visit = asked.visit();
    let Ok(channel) = asked.behind(paths::ROOMS).parse::<ChannelId>() else {
        return no_page(ErrorKind::NotFound, &visit);
    };
    let make = move |shelf: &Shelf| {
        let Some(channel_view) = shelf.channel(&channel)? else { return Ok(None) };
        let mut rooms = Vec::new();
        for talk in shelf.store().talks(&channel, visit.now_ms)? {
            rooms.push(Reading::new(shelf, &talk, None, visit.now_ms).room()?);
        }
        Ok(Some(Answer::page(longear_pages::rooms(&RoomsPage { visit, channel: channel_view, rooms }))))
    };
    view.answer(visit, make).await
}

/// A room, or one of its notes.
pub(super) async fn room(State(view): State<BoxView>, asked: Asked, headers: HeaderMap) -> Response {
    let visit = asked.visit();
    let Some((room, note)) = named(asked.behind(paths::ROOM)) else { return no_page(ErrorKind::NotFound, &visit) };
    let pen = Pen::of(&headers, &room).filter(|_| view.takes_notes);
    let outcome = asked.value(DONE_QUERY).and_then(outcome_of);
    let make = move |shelf: &Shelf| {
        let wish = Wish { pen, outcome, draft: String::new() };
        match note {
            None => room_page(shelf, &asked, &room, wish),
            Some(note) => note_page(shelf, &asked, &room, &note, wish),
        }
    };
    with_forms(view.answer(visit, make).await)
}

/// What decides about the form of a page.
struct Wish {
    /// Who would write; `None` where this box takes nothing.
    pen: Option<Pen>,
    outcome: Option<Outcome>,
    draft: String,
}

fn room_page(shelf: &Shelf, asked: &Asked, room: &RoomId, wish: Wish) -> Result<Option<Answer>, ShelfError> {
    let visit = asked.visit();
    let Some(talk) = shelf.store().talk(room, visit.now_ms)? else { return Ok(None) };
    let Some(channel) = shelf.channel(&talk.channel())? else { return Ok(None) };
    let reading = Reading::new(shelf, &talk, wish.pen.as_ref(), visit.now_ms);
    let search = asked.words();
    let (notes, turn, search) = match search {
        Some(words) => reading.found(&words)?,
        None => reading.page(asked.value(paths::BEFORE_QUERY), asked.value(paths::AFTER_QUERY))?,
    };
    let is_first = turn.here.is_none() && search.is_none();
    let (digest, pinned) = if is_first { (reading.digest()?, reading.pinned()?) } else { (None, Vec::new()) };
    let answer = asked.value(paths::ANSWER_QUERY).and_then(|note| note.parse().ok());
    let page = RoomPage {
        visit,
        channel,
        room: reading.room()?,
        digest,
        pinned,
        notes,
        turn,
        search,
        show: asked.value(paths::SHOW_QUERY).map(str::to_owned),
        write: reading.write(&wish.draft)?,
        answer: answer.map(|note| reading.note(&note)).transpose()?.flatten(),
        outcome: wish.outcome,
    };
    Ok(Some(Answer::page(longear_pages::room(&page))))
}

fn note_page(
    shelf: &Shelf,
    asked: &Asked,
    room: &RoomId,
    note: &NoteId,
    wish: Wish,
) -> Result<Option<Answer>, ShelfError> {
    let visit = asked.visit();
    let Some(talk) = shelf.store().talk(room, visit.now_ms)? else { return Ok(None) };
    let Some(channel) = shelf.channel(&talk.channel())? else { return Ok(None) };
    let reading = Reading::new(shelf, &talk, wish.pen.as_ref(), visit.now_ms);
    let Some(view) = reading.note(note)? else { return Ok(None) };
    let (answers, turn) = reading.answers(note, asked.value(paths::BEFORE_QUERY), asked.value(paths::AFTER_QUERY))?;
    let page = NotePage {
        visit,
        channel,
        room: reading.room()?,
        note: view,
        answers,
        turn,
        show: asked.value(paths::SHOW_QUERY).map(str::to_owned),
        write: reading.write(&wish.draft)?,
        outcome: wish.outcome,
    };
    Ok(Some(Answer::page(longear_pages::note(&page))))
}

/// Takes what a form sends.
pub(super) async fn sent(
    State(view): State<BoxView>,
    asked: Asked,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    let visit = asked.visit();
    let Some((room, act)) = act_of(asked.behind(paths::ROOM)) else { return no_page(ErrorKind::NotFound, &visit) };
    if !view.takes_notes {
        return no_page(ErrorKind::NotFound, &visit);
    }
    let is_ours = is_from_here(&headers);
    let Some(pen) = Pen::of(&headers, &room) else { return no_page(ErrorKind::BoxFailed, &visit) };
    let draft = sent.text.clone();
    let (given, token) = (pen.clone(), sent.token.clone());
    let done = view.look(move |shelf| {
        let Some(talk) = shelf.store().talk(&room, visit.now_ms)? else { return Ok(None) };
        let known = given.clone();
        Ok(Some(match given.taking(&token).filter(|_| is_ours) {
            Some(pen) => carry_out(shelf, &talk, pen, act, &sent, visit.now_ms),
            None => (Outcome::OldPage, known),
        }))
    });
    let (outcome, pen) = match done.await {
        Ok(Some(done)) => done,
        Ok(None) => return no_page(ErrorKind::NotFound, &visit),
        Err(kind) => return no_page(kind, &visit),
    };
    let cookie = pen.cookie(&room);
    if let Some(name) = name_of(outcome) {
        // The words are in the answer only where they are still needed: going back must not send them again.
        let mut query = format!("{DONE_QUERY}={name}");
        if visit.language_chosen {
            query.push_str(&format!("&{}={}", paths::LANGUAGE_QUERY, visit.language.tag()));
        }
        let to = format!("{}?{query}", paths::room(&room.to_string()));
        return with_cookie(headers::seen_after(&to), cookie.as_deref().map(String::as_str));
    }
    let wish = Wish { pen: Some(pen), outcome: Some(outcome), draft };
    let page = view.answer(visit, move |shelf| room_page(shelf, &asked, &room, wish)).await;
    with_cookie(with_forms(page), cookie.as_deref().map(String::as_str))
}

/// Does what was sent, and says what became of it and who the reader is from now on.
fn carry_out(shelf: &Shelf, talk: &Talk, pen: Pen, act: Act, sent: &Sent, now_ms: u64) -> (Outcome, Pen) {
    let writer = pen.writer();
    let done = match act {
        Act::Ticket => {
            return match pen.clone().with_ticket(&sent.ticket, talk) {
                Some(pen) => (Outcome::TicketKept, pen),
                None => (Outcome::NotATicket, pen),
            };
        }
        Act::Write => {
            let draft = Draft { words: sent.text.clone(), parent: sent.parent.parse().ok() };
            talk::say(shelf.store(), talk, &writer, draft, now_ms).map(|_| Outcome::Posted)
        }
        Act::Flag(note) => talk::flag(shelf.store(), talk, &writer, note, now_ms).map(|_| Outcome::Flagged),
        Act::TakeBack(note) => match talk.notes.note(&note) {
            Ok(Some(note)) => talk::take_back(talk, &writer, &note.note).map(|_| Outcome::TakenBack),
            Ok(None) => Err(SayError::NoParent),
            Err(error) => Err(error.into()),
        },
    };
    let outcome = done.unwrap_or_else(|error| match error {
        SayError::NoWords => Outcome::NoWords,
        SayError::TooLong { .. } => Outcome::TooLong,
        SayError::NeedsTicket => Outcome::NotATicket,
        SayError::Room(_) | SayError::Store(_) | SayError::NoSpace => Outcome::BoxFailed,
        // The page that follows shows why: nothing is left, the room is closed, the note has gone.
        _ => Outcome::OldPage,
    });
    (outcome, pen)
}

/// Sheets of tickets, in the language of the visit.
pub(super) fn ticket_sheets(
    store: &Store,
    talk: &Talk,
    visit: longear_pages::Visit,
    tickets: &[TicketWord],
) -> Result<String, Failure> {
    let state = known(store, &talk.channel())?;
    let room = notes::room_view(store, talk, visit.now_ms).map_err(|error| talk::room_failure(&error))?;
    let tickets = tickets.iter().map(|word| word.word().to_string()).collect();
    let channel = super::shelf::channel_view(&state);
    Ok(longear_pages::tickets(&longear_pages::TicketSheet { visit, channel, room, tickets }))
}

/// The room and note that a path names behind the beginning of rooms.
fn named(path: &str) -> Option<(RoomId, Option<NoteId>)> {
    match path.split_once('/') {
        None => Some((path.parse().ok()?, None)),
        Some((room, note)) => Some((room.parse().ok()?, Some(note.parse().ok()?))),
    }
}

/// The same with what is to be done there.
fn act_of(path: &str) -> Option<(RoomId, Act)> {
    let (place, act) = path.rsplit_once('/')?;
    let (room, note) = named(place)?;
    let act = match (format!("/{act}").as_str(), note) {
        (paths::WRITE, None) => Act::Write,
        (paths::TICKET, None) => Act::Ticket,
        (paths::FLAG, Some(note)) => Act::Flag(note),
        (paths::TAKE_BACK, Some(note)) => Act::TakeBack(note),
        _ => return None,
    };
    Some((room, act))
}

/// Whether a form comes from a page of this box, as far as the browser says. Older ones say nothing; then the token decides alone.
fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
        (None, _) => text("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none"),
    }
}

/// The forms of this page may be sent.
fn with_forms(mut response: Response) -> Response {
    response.extensions_mut().insert(headers::HasForms);
    response
}

fn with_cookie(mut response: Response, cookie: Option<&str>) -> Response {
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// What was done is named in the address that follows; what was not needs the words once more.
fn name_of(outcome: Outcome) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == outcome).map(|(_, name)| *name)
}

fn outcome_of(name: &str) -> Option<Outcome> {
    NAMES.iter().find(|(_, known)| *known == name).map(|(outcome, _)| *outcome)
}

const NAMES: [(Outcome, &str); 4] = [
    (Outcome::Posted, "posted"),
    (Outcome::TakenBack, "taken-back"),
    (Outcome::Flagged, "flagged"),
    (Outcome::TicketKept, "ticket"),
];
