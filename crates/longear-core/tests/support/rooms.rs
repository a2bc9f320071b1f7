//! Runs the vectors of rooms.

use longear_core::room::{
    Admission, Decision, Decisions, Entry, Facts, Force, Opening, Room, Terms, Venue, View, What,
};
use longear_core::{Note, NoteId, RoomId, Verified, verify};
use serde_json::{Value, json};

use super::runners::{Outcome, array, code, hex, raw, to_hex};

pub fn run_room(case: &Value, file: &Value) -> Outcome {
    match case["op"].as_str().unwrap() {
        "opening" => {
            let found = Opening::decode(&raw(case, "payload")).map_err(code)?;
            Ok(json!({
                "language": found.language, "title": found.title, "rules": found.rules,
                "admission": found.admission as u8, "notes": found.notes_per_day,
                "retention": found.retention_days, "under": found.under.map(|item| item.to_string()),
            }))
        }
        "decisions" => {
            let found = Decisions::decode(&raw(case, "payload")).map_err(code)?;
            let decisions = found.list.iter().map(decision_of).collect::<Vec<_>>();
            Ok(json!({ "room": found.room.to_string(), "decisions": decisions }))
        }
        _ => run_in_venue(case, &venue(case, file)),
    }
}

fn venue(case: &Value, file: &Value) -> Venue {
    let named = &file["venues"][case["venue"].as_str().unwrap()];
    Venue { room: RoomId(array(&named["room"])), first_day: named["first_day"].as_u64().unwrap() as u32 }
}

/// What needs the room that notes are verified against.
fn run_in_venue(case: &Value, venue: &Venue) -> Outcome {
    let verified = |bytes: &[u8]| Note::decode(bytes).and_then(|note| verify(venue, note)).map_err(code);
    match case["op"].as_str().unwrap() {
        "note" => verified(&raw(case, "note")).map(|note| note_of(&note)),
        "winner" => {
            let (a, b) = (verified(&hex(&case["a"]))?, verified(&hex(&case["b"]))?);
            let facts = [&a, &b].map(|note| Facts::of(note));
            assert_eq!(facts[0].place(), facts[1].place(), "two places");
            let ids =
                [[a.clone(), b.clone()], [b, a]].map(|notes| room_of(*venue, notes).notes().next().unwrap().facts.id);
            assert_eq!(ids[0], ids[1], "the order of two notes mattered");
            assert_eq!(facts[0].beats(&facts[1]), ids[0] == facts[0].id);
            Ok(json!({ "winner": if ids[0] == facts[0].id { "a" } else { "b" } }))
        }
        "order" => {
            let notes = case["notes"].as_array().unwrap().iter().map(|note| verified(&hex(note)));
            let room = room_of(*venue, notes.collect::<Result<Vec<_>, _>>()?);
            let terms = Terms { admission: Admission::Open, notes_per_day: 64, retention_days: 1 };
            let view = View::of(&room, terms, &Force::default(), 0);
            let line = |facts: &Facts, shown: u64| json!({ "id": facts.id.to_string(), "shown": shown });
            let lines = view.lines().iter().map(|seen| line(&seen.facts, seen.shown_ms)).collect::<Vec<_>>();
            Ok(json!({ "order": lines }))
        }
        other => panic!("nothing runs {other}"),
    }
}

fn room_of(venue: Venue, notes: impl IntoIterator<Item = Verified<Note>>) -> Room {
    let mut room = Room::new(venue);
    for note in notes {
        room.insert(note);
    }
    room
}

fn note_of(note: &Note) -> Value {
    let (name, id) = (note.pseudonym(), |id: NoteId| id.to_string());
    let what = match note.what {
        What::Words => "words",
        What::TakenBack => "taken-back",
        What::Flag => "flag",
    };
    json!({
        "id": note.id().to_string(), "entry": note.entry().to_string(), "writer": note.key.to_string(), "day": note.day(),
        "what": what, "slot": note.slot, "time": note.time, "parent": note.parent.map(id),
        "seen": note.seen.map(|seen| to_hex(&seen.statement)), "seen_at": note.seen.map_or(0, |seen| seen.time),
        "stamp": note.stamp, "ticket": note.ticket.map(|ticket| ticket.key.to_string()), "text": note.text,
        "pseudonym": [name.adjective, name.noun, u16::from(name.border), u16::from(name.fill)],
    })
}

fn decision_of(decision: &Decision) -> Value {
    let what = decision.name();
    let listed = |entries: &[Entry]| entries.iter().map(ToString::to_string).collect::<Vec<_>>();
    match decision {
        Decision::Hide { note, ground } => {
            json!({ "what": what, "note": note.to_string(), "reason": ground.number() })
        }
        Decision::Purge { note, spot, ground } => json!({
            "what": what, "note": note.to_string(), "entry": spot.entry.to_string(), "day": spot.day, "slot": spot.slot,
            "reason": ground.number(),
        }),
        Decision::Ban { entry, first_day, ground } => {
            json!({ "what": what, "entry": entry.to_string(), "first_day": first_day, "reason": ground.number() })
        }
        Decision::Pin { note } => json!({ "what": what, "note": note.to_string() }),
        Decision::Lift { item, index } => json!({ "what": what, "item": item.to_string(), "index": index }),
        Decision::Tickets(entries) | Decision::Writers(entries) => json!({ "what": what, "entries": listed(entries) }),
        Decision::Digest { day, notes } => {
            let ids = notes.iter().map(|note| note.id().to_string()).collect::<Vec<_>>();
            json!({ "what": what, "day": day, "notes": ids })
        }
        Decision::Close => json!({ "what": what }),
    }
}
