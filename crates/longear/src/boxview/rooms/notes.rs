//! From the notes of a room to what its pages are made of.

use std::collections::BTreeSet;

use longear_core::PublicKey;
use longear_core::room::{Admission, Cause, Facts, Ground, Membership, NoteId, NoteState, What, day_of};
use longear_pages as pages;
use longear_pages::{DigestView, NoteView, ParentView, Pen as PenView, RoomView, SearchView, Turn, WriteView};
use longear_store::rooms::{Cursor, PageNote, Way};
use longear_store::{RoomError, Store, Talk};

use super::super::shelf::{Shelf, ShelfError};
use super::pen::Pen;
use crate::talk::{has_place, pseudonym_of, quota, state_of};

/// Notes on a page.
const PAGE_NOTES: usize = 40;
/// Notes that a search shows.
const FOUND_NOTES: usize = 40;
/// Pinned notes that are shown above the others.
const PINNED_MAX: usize = 5;
/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// A room as one reader sees it at one moment.
pub(super) struct Reading<'a> {
    shelf: &'a Shelf,
    talk: &'a Talk,
    pen: Option<&'a Pen>,
    me: Option<PublicKey>,
    now_ms: u64,
}

impl<'a> Reading<'a> {
    pub fn new(shelf: &'a Shelf, talk: &'a Talk, pen: Option<&'a Pen>, now_ms: u64) -> Self {
        Reading { shelf, talk, pen, me: pen.map(|pen| pen.writer().key.public()), now_ms }
    }

    /// The room itself.
    pub fn room(&self) -> Result<RoomView, ShelfError> {
        Ok(room_view(self.shelf.store(), self.talk, self.now_ms)?)
    }

    /// A page of the room, the oldest of its notes first.
    pub fn page(
        &self,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<(Vec<NoteView>, Turn, Option<SearchView>), ShelfError> {
        let wanted = |note: &PageNote| has_place(self.talk, note, self.now_ms);
        let walk = |behind, way| self.talk.notes.page(behind, way, PAGE_NOTES, wanted);
        let (notes, turn) = self.turned(before, after, walk)?;
        Ok((self.views(notes)?, turn, None))
    }

    /// Answers to a note.
    pub fn answers(
        &self,
        note: &NoteId,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<(Vec<NoteView>, Turn), ShelfError> {
        let wanted = |note: &PageNote| has_place(self.talk, note, self.now_ms);
        let walk = |behind, way| self.talk.notes.replies(*note, behind, way, PAGE_NOTES, wanted);
        let (notes, turn) = self.turned(before, after, walk)?;
        Ok((self.views(notes)?, turn))
    }

    fn turned(
        &self,
        before: Option<&str>,
        after: Option<&str>,
        walk: impl Fn(Option<Cursor>, Way) -> Result<longear_store::rooms::Page, RoomError>,
    ) -> Result<(Vec<PageNote>, Turn), ShelfError> {
        let before_at = before.and_then(|text| read_cursor(text, 0));
        let after_at = after.and_then(|text| read_cursor(text, u8::MAX));
        let (behind, way) = match (before_at, after_at) {
            (_, Some(after)) => (Some(after), Way::Newer),
            (before, None) => (before, Way::Older),
        };
        let page = walk(behind, way)?;
        let mut notes = page.notes;
        if way == Way::Older {
            notes.reverse();
        }
        let edge = |note: Option<&PageNote>| note.map(|note| cursor_text(&note.cursor()));
        let (first, last) = (edge(notes.first()), edge(notes.last()));
        let goes_on = page.next.as_ref().map(cursor_text);
        let turn = match (way, behind) {
            (Way::Older, None) => Turn { here: None, older: goes_on.and(first), newer: None },
            (Way::Older, Some(at)) => Turn {
                here: Some(pages::Cursor::Before(cursor_text(&at))),
                older: goes_on.and(first),
                newer: last.or_else(|| before.map(str::to_owned)),
            },
            (Way::Newer, at) => Turn {
                here: at.map(|at| pages::Cursor::After(cursor_text(&at))),
                older: first,
                newer: goes_on.and(last),
            },
        };
        Ok((notes, turn))
    }

    /// Notes with some words.
    pub fn found(&self, words: &str) -> Result<(Vec<NoteView>, Turn, Option<SearchView>), ShelfError> {
        let wanted = |note: &PageNote| state_of(self.talk, note, self.now_ms) == NoteState::Shown;
        let found = self.talk.notes.search(words, None, FOUND_NOTES, wanted)?;
        let notes = self.views(found.notes)?;
        let search = SearchView { text: words.to_owned(), found: notes.len() as u64 };
        Ok((notes, Turn::default(), Some(search)))
    }

    /// The newest digest, as far as its notes are to be shown.
    pub fn digest(&self) -> Result<Option<DigestView>, ShelfError> {
        let Some(digest) = self.talk.force.digests().last() else { return Ok(None) };
        let mut views = Vec::new();
        for note in &digest.notes {
            views.extend(self.note(&note.id())?.filter(|view| view.state == pages::NoteState::Shown));
        }
        let day_ms = u64::from(digest.day) * DAY_MS;
        Ok((!views.is_empty()).then_some(DigestView { day_ms, notes: views }))
    }

    /// The notes that moderators pinned.
    pub fn pinned(&self) -> Result<Vec<NoteView>, ShelfError> {
        let mut views = Vec::new();
        for id in self.talk.force.pinned().take(PINNED_MAX) {
            views.extend(self.note(&id)?.filter(|view| view.state == pages::NoteState::Shown));
        }
        Ok(views)
    }

    /// One note.
    pub fn note(&self, id: &NoteId) -> Result<Option<NoteView>, ShelfError> {
        let note = self.talk.notes.note(id)?;
        note.map(|note| self.view(note)).transpose()
    }

    fn views(&self, notes: Vec<PageNote>) -> Result<Vec<NoteView>, ShelfError> {
        notes.into_iter().map(|note| self.view(note)).collect()
    }

    fn view(&self, note: PageNote) -> Result<NoteView, ShelfError> {
        let parent = note.note.parent.map(|parent| self.parent(&parent)).transpose()?;
        let is_gone = note.note.what != What::Words;
        Ok(NoteView {
            id_hex: note.id.to_string(),
            writer: pseudonym_of(&self.talk.id(), &note.note.key),
            is_mine: self.me == Some(note.note.key),
            time_ms: note.shown_ms,
            state: if is_gone { pages::NoteState::TakenBack } else { self.state(&note) },
            text: note.note.text,
            parent,
            answers: note.replies.into(),
        })
    }

    fn parent(&self, id: &NoteId) -> Result<ParentView, ShelfError> {
        let Some(parent) = self.talk.notes.note(id)? else { return Ok(ParentView::NotHere) };
        let is_shown = state_of(self.talk, &parent, self.now_ms) == NoteState::Shown && parent.note.what == What::Words;
        let id_hex = id.to_string();
        Ok(match is_shown {
            true => ParentView::Shown {
                id_hex,
                writer: pseudonym_of(&self.talk.id(), &parent.note.key),
                text: parent.note.text,
            },
            false => ParentView::NotShown { id_hex },
        })
    }

    fn state(&self, note: &PageNote) -> pages::NoteState {
        let (force, facts) = (&self.talk.force, Facts::of(&note.note));
        let is_after_close = force.closed_day().is_some_and(|last| day_of(note.note.time) > last);
        match state_of(self.talk, note, self.now_ms) {
            NoteState::Shown => pages::NoteState::Shown,
            NoteState::Hidden => pages::NoteState::Hidden(reasons(force.hides(&note.id))),
            NoteState::Purged => {
                let causes = force.purges(&note.id).iter().map(|purge| purge.cause).collect::<Vec<_>>();
                pages::NoteState::Purged(reasons(&causes))
            }
            NoteState::Banned => {
                let bans = force.bans(&facts.entry()).iter().map(|ban| ban.cause).collect::<Vec<_>>();
                pages::NoteState::Banned(reasons(&bans))
            }
            NoteState::Early => pages::NoteState::Early,
            NoteState::Waiting if is_after_close => pages::NoteState::AfterClose,
            NoteState::Waiting => pages::NoteState::Ahead,
            NoteState::Beyond => match self.talk.terms().membership(force, &facts.entry()) {
                Membership::Outsider => pages::NoteState::Unadmitted,
                _ => pages::NoteState::Beyond,
            },
        }
    }

    /// Whether and how the reader can write.
    pub fn write(&self, draft: &str) -> Result<WriteView, ShelfError> {
        let Some(pen) = self.pen else { return Ok(WriteView::Off) };
        if self.talk.force.closed_day().is_some() {
            return Ok(WriteView::Closed);
        }
        let (writer, token) = (pen.writer(), pen.token().to_string());
        let quota = quota(self.talk, &writer, self.now_ms)?;
        if quota.membership == Membership::Outsider {
            return Ok(WriteView::NeedsTicket { token });
        }
        Ok(WriteView::Open(PenView {
            writer: pseudonym_of(&self.talk.id(), &writer.key.public()),
            left: quota.left.into(),
            per_day: quota.allowed.into(),
            draft: draft.to_owned(),
            token,
        }))
    }
}

/// A room as pages show it.
pub(super) fn room_view(store: &Store, talk: &Talk, now_ms: u64) -> Result<RoomView, RoomError> {
    let Talk { opening, item, force, notes, .. } = talk;
    let newest = notes.page(None, Way::Older, 1, |note| has_place(talk, note, now_ms))?;
    Ok(RoomView {
        id_hex: talk.id().to_string(),
        language: opening.language.clone(),
        title: opening.title.clone(),
        rules: opening.rules.clone(),
        opened_ms: item.header().time,
        needs_ticket: opening.admission == Admission::Tickets,
        is_closed: force.closed_day().is_some(),
        retention_days: opening.retention_days.into(),
        about: opening.under.map(|under| title_of(store, &under)).transpose()?.flatten(),
        notes_here: notes.days()?.iter().map(|day| day.notes).sum(),
        notes_known: None,
        newest_ms: newest.notes.first().map(|note| note.shown_ms),
    })
}

fn title_of(store: &Store, item: &longear_core::ItemId) -> Result<Option<(String, String)>, RoomError> {
    let Some(found) = store.item(item)? else { return Ok(None) };
    let variants = store.article(&found)?.map_or(Vec::new(), |article| article.variants);
    let titled = variants.into_iter().map(|variant| variant.title).find(|title| !title.is_empty());
    Ok(titled.map(|title| (item.to_string(), title)))
}

/// Why, each reason once.
fn reasons(causes: &[Cause]) -> Vec<pages::Reason> {
    let grounds = causes.iter().map(|cause| cause.ground).collect::<BTreeSet<Ground>>();
    let reason = |ground| match ground {
        Ground::Rule(number) => pages::Reason::Rule(number),
        Ground::PersonalData => pages::Reason::PersonalData,
        Ground::Threats => pages::Reason::Threats,
        Ground::Advertising => pages::Reason::Advertising,
        Ground::Invented => pages::Reason::Invented,
        Ground::Other => pages::Reason::Other,
    };
    grounds.into_iter().map(reason).collect()
}

/// A place in the order, for an address: when it is shown, and the beginning of its ID.
fn cursor_text(cursor: &Cursor) -> String {
    format!("{:x}-{}", cursor.shown_ms, &cursor.id.to_string()[..32])
}

/// Reads it back; what was left out of the ID is filled so that the note itself is not met again.
fn read_cursor(text: &str, filler: u8) -> Option<Cursor> {
    let (shown, id) = text.split_once('-')?;
    let shown_ms = u64::from_str_radix(shown, 16).ok().filter(|shown| *shown < longear_core::limits::TIME_MS_MAX)?;
    let mut bytes = [filler; 32];
    let front = longear_core::id::from_hex::<16>(id).ok()?;
    bytes[..16].copy_from_slice(&front);
    Some(Cursor { shown_ms, id: NoteId(bytes) })
}
