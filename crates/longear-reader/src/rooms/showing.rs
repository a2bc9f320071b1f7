//! What the page shows of a room.

use longear_core::room::{Line, Membership, Note, NoteId, NoteState, What};
use longear_core::{ItemId, PublicKey};
use longear_pages::{Language, bead_colours, clean_line, note_quote, note_text};

use super::talk::Talk;
use super::{NOT_HELD, Rooms, note_of, time_of};
use crate::json::{self, Object, Value};
use crate::reader::{Answer, Refusal};
use crate::search::fold;

/// Words that a reader can avoid in one room: as many as fit into the field of the page.
const AVOIDED_MAX: usize = 200;
/// Lines of one answer.
pub const LINES_MAX: usize = 200;

/// How lines are written: in which language writers are called, and whether words are given that moderators hid.
struct Manner {
    language: Language,
    is_all: bool,
}

impl Talk {
    /// The lines that a page has a place for: words that are shown or hidden, what was taken back where somebody answered it, and the
    /// reader's own notes whatever they are.
    fn listed(&mut self, now_ms: u64) -> Vec<Line> {
        let lines = self.view(now_ms).lines().to_vec();
        let is_own = |line: &Line| self.room.note(&line.facts.id).is_some_and(|held| self.is_own(&held.note));
        let has_place = |line: &Line| {
            let is_seen = matches!(line.state, NoteState::Shown | NoteState::Hidden);
            let is_words = line.facts.what == What::Words;
            (is_seen && (is_words || line.replies > 0)) || (is_words && is_own(line))
        };
        lines.into_iter().filter(has_place).collect()
    }

    fn line(&mut self, id: &NoteId, now_ms: u64) -> Option<Line> {
        self.view(now_ms).lines().iter().find(|line| line.facts.id == *id).copied()
    }

    fn write_line(&self, value: Value<'_>, line: &Line, manner: &Manner) {
        let Some(held) = self.room.note(&line.facts.id) else { return value.raw("null") };
        let (note, is_own) = (&held.note, self.is_own(&held.note));
        let is_muted = self.muted.contains(&note.key) && !is_own;
        let is_avoided = self.avoids(note) && !is_own;
        let is_open = manner.is_all || is_own || (line.state == NoteState::Shown && !is_muted && !is_avoided);
        value.object(|object| {
            object.shown("id", line.facts.id).text("state", line.state.name()).number("time", line.shown_ms);
            write_writer(object, note, manner.language);
            object.shown("key", note.key).flag("own", is_own).flag("muted", is_muted).flag("pinned", line.is_pinned);
            object.flag("avoided", is_avoided);
            object
                .flag("back", line.facts.what == What::TakenBack)
                .flag("lane", line.membership == Membership::Stranger);
            object.number("replies", line.replies.into()).number("flags", line.flags.into());
            object.text_or_null("text", Some(note_text(&note.text)).filter(|_| is_open).as_deref());
            let grounds = self.force.hides(&line.facts.id).iter().map(|cause| cause.ground.number());
            object.list("grounds", grounds, |value, ground| value.raw(&ground.to_string()));
            self.write_quote(object, note.parent, manner);
        });
    }

    /// What is answered: its writer and how it begins; `text` is null where it is not here or not to be shown.
    fn write_quote(&self, object: &mut Object<'_>, parent: Option<NoteId>, manner: &Manner) {
        let Some(parent) = parent else {
            object.null("parent");
            return;
        };
        let held = self.room.note(&parent).filter(|held| !self.force.refuses(&held.facts));
        object.field("parent").object(|object| {
            object.shown("id", parent).flag("here", held.is_some());
            let quoted = held.filter(|held| self.is_quotable(&held.note, &parent));
            if let Some(held) = quoted {
                write_writer(object, &held.note, manner.language);
            }
            object.text_or_null("text", quoted.map(|held| note_quote(&held.note.text)).as_deref());
        });
    }

    /// Nobody gets to see by an answer what is not shown by itself.
    fn is_quotable(&self, note: &Note, id: &NoteId) -> bool {
        let Some(held) = self.room.note(id) else { return false };
        let state = self.terms().state(&self.force, &held.facts, held.facts.floor_ms, u64::MAX);
        note.what == What::Words && state == NoteState::Shown && !self.muted.contains(&note.key) && !self.avoids(note)
    }

    /// Whether it has a word that the reader does not want to see.
    fn avoids(&self, note: &Note) -> bool {
        !self.avoided.is_empty()
            && fold(&note.text).iter().any(|word| self.avoided.iter().any(|avoided| word.starts_with(avoided.as_str())))
    }

    fn write_lines(&self, object: &mut Object<'_>, name: &str, lines: &[Line], manner: &Manner) {
        object.list(name, lines, |value, line| self.write_line(value, line, manner));
    }

    /// Who the reader is in this room; null before there is a key.
    fn write_me(&self, object: &mut Object<'_>, now_ms: u64, language: Language) {
        let (Some(quota), Some(name)) = (self.quota(now_ms), self.pseudonym()) else {
            object.null("me");
            return;
        };
        object.field("me").object(|object| {
            write_pseudonym(object, name, language);
            object.number("left", quota.left.into()).number("allowed", quota.allowed.into());
            object.text("barred", quota.barred).flag("ticket", self.has_ticket());
            object.flag("member", quota.membership == Membership::Member);
        });
    }

    /// The newest digest: its day and what of it is shown.
    fn digest(&mut self, listed: &[Line]) -> (u32, Vec<Line>) {
        let digest = self.force.digests().iter().max_by_key(|digest| digest.day);
        let Some(digest) = digest else { return (0, Vec::new()) };
        let shown = |id: NoteId| listed.iter().find(|line| line.facts.id == id && line.state == NoteState::Shown);
        (digest.day, digest.notes.iter().filter_map(|note| shown(note.id()).copied()).collect())
    }
}

impl Rooms {
    /// A page of a room: so many lines from a place on (beyond the last: the newest), or around a note.
    ///
    /// # Errors
    /// `not-held`.
    pub fn page(&mut self, room: &str, note: &str, language: &str, now: &str, from: usize, count: usize) -> Answer {
        let (now_ms, manner) = (time_of(now)?, Manner { language: language_of(language), is_all: false });
        let talk = self.talk(room)?;
        let (listed, count) = (talk.listed(now_ms), count.clamp(1, LINES_MAX));
        let last = listed.len().saturating_sub(count);
        let from = match note {
            "" => from.min(last),
            note => {
                let id = note_of(note)?;
                let at = listed.iter().position(|line| line.facts.id == id).ok_or(NOT_HELD)?;
                at.saturating_sub(count / 2).min(last)
            }
        };
        let lines = listed.iter().skip(from).take(count).copied().collect::<Vec<_>>();
        let pinned = listed.iter().filter(|line| line.is_pinned && line.state == NoteState::Shown).copied();
        let pinned = pinned.take(LINES_MAX).collect::<Vec<_>>();
        let (day, digest) = talk.digest(&listed);
        let bytes = talk.room.bytes();
        Ok(json::object(|object| {
            object.field("room").object(|object| talk.write_room(object));
            object.number("total", listed.len() as u64).number("from", from as u64).number("bytes", bytes);
            talk.write_lines(object, "lines", &lines, &manner);
            talk.write_lines(object, "pinned", &pinned, &manner);
            object.number("digest_day", day.into());
            talk.write_lines(object, "digest", &digest, &manner);
            talk.write_me(object, now_ms, manner.language);
        }))
    }

    /// One note with its words, also where moderators hid it or the reader muted its writer.
    ///
    /// # Errors
    /// `not-held`.
    pub fn note(&mut self, room: &str, note: &str, language: &str, now: &str) -> Answer {
        let (now_ms, id) = (time_of(now)?, note_of(note)?);
        let talk = self.talk(room)?;
        let line = talk.line(&id, now_ms).ok_or(NOT_HELD)?;
        let manner = Manner { language: language_of(language), is_all: line.facts.what == What::Words };
        Ok(json::object(|object| talk.write_line(object.field("line"), &line, &manner)))
    }

    /// Shown notes with all words of a query, newest first.
    ///
    /// # Errors
    /// `not-held`.
    pub fn search(&mut self, room: &str, query: &str, language: &str, now: &str, count: usize) -> Answer {
        let (now_ms, manner) = (time_of(now)?, Manner { language: language_of(language), is_all: false });
        let talk = self.talk(room)?;
        for held in talk.room.notes().filter(|held| held.facts.is_words()) {
            if talk.learnt.insert(held.facts.id) {
                talk.words.add(ItemId(held.facts.id.0), &held.note.text);
            }
        }
        let found = talk.words.find(query).into_iter().map(|id| NoteId(id.0));
        let found = found.collect::<longear_core::SortedSet<NoteId>>();
        let listed = talk.listed(now_ms);
        let is_found = |line: &&Line| line.state == NoteState::Shown && found.contains(&line.facts.id);
        let lines = listed.iter().rev().filter(is_found).copied().collect::<Vec<_>>();
        let shown = lines.iter().take(count.min(LINES_MAX)).copied().collect::<Vec<_>>();
        Ok(json::object(|object| {
            object.number("total", lines.len() as u64);
            talk.write_lines(object, "lines", &shown, &manner);
        }))
    }

    /// Whose notes are not to be shown here, on this device alone: keys, one behind the other.
    ///
    /// # Errors
    /// `truncated`.
    pub fn mute(&mut self, room: &str, keys: &[u8]) -> Answer {
        let (keys, rest) = keys.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(Refusal("truncated"));
        }
        self.talk(room)?.muted = keys.iter().map(|key| PublicKey(*key)).collect();
        Ok(super::NOTHING.into())
    }

    /// With which words notes are not to be shown here, on this device alone; and whatever begins with one of them.
    ///
    /// # Errors
    /// `not-held`.
    pub fn avoid(&mut self, room: &str, words: &str) -> Answer {
        let mut words = fold(words);
        words.truncate(AVOIDED_MAX);
        self.talk(room)?.avoided = words;
        Ok(super::NOTHING.into())
    }
}

fn write_writer(object: &mut Object<'_>, note: &Note, language: Language) {
    write_pseudonym(object, note.pseudonym(), language);
}

fn write_pseudonym(object: &mut Object<'_>, name: longear_core::room::Pseudonym, language: Language) {
    let longear_core::room::Pseudonym { adjective, noun, border, fill } = name;
    let writer = longear_pages::Pseudonym { adjective, noun, border, fill };
    let (rim, middle) = bead_colours(border, fill);
    object.text("name", &clean_line(&longear_pages::pseudonym(language, &writer)));
    object.list("bead", [rim, middle], |value, colour| value.text(colour));
}

fn language_of(tag: &str) -> Language {
    Language::from_tag(tag).unwrap_or(Language::English)
}
