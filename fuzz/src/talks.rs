//! Rooms: what is read of them, what a peer may say of the notes that it has, and what must follow from it.

use std::collections::BTreeSet;

use longear_core::ChannelId;
use longear_core::reconcile::{Decoder, Elements, Encoder, Progress, SYMBOL_BYTES, Salt};
use longear_core::room::{
    Decisions, Facts, Note, Opening, RoomId, Sheaf, SheafList, SheafName, SheafWriter, TicketWord,
};

use crate::script::Script;

/// Notes that the two sides choose from, a bit for each.
const POOL: usize = 64;
/// Symbols of the peer: enough for as many differences.
const SYMBOLS: usize = 255;
const SALT: Salt = Salt([1; 16]);

/// The peer's symbols, with notes laid on or taken out of some of them, or bytes changed.
pub fn reconcile(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let (own, other) = (chosen(script.number()), chosen(script.number()));
    let honest = symbols(&other, SYMBOLS);
    let mut said = honest.clone();
    while let (Some(what), Some(index)) = (script.byte(), script.byte()) {
        let at = usize::from(index) % SYMBOLS * SYMBOL_BYTES;
        let symbol = &mut said[at..at + SYMBOL_BYTES];
        match what % 4 {
            0 | 1 => lay(symbol, [usize::from(what) / 4], what % 4 == 0),
            2 => lay(symbol, [usize::from(what) / 4, usize::from(script.byte().unwrap_or(0)) % POOL], true),
            _ => symbol[usize::from(what) % SYMBOL_BYTES] ^= script.byte().unwrap_or(1),
        }
    }
    let mut decoder = Decoder::new(elements(&own));
    let outcome = decoder.take(&said);
    let mut piecewise = Decoder::new(elements(&own));
    let last = said.chunks(SYMBOL_BYTES).map(|symbol| piecewise.take(symbol)).last();
    assert_eq!((last, piecewise.theirs()), (Some(outcome), decoder.theirs()), "it depends on the pieces");
    let theirs = decoder.theirs().iter().copied().collect::<BTreeSet<_>>();
    let ours = decoder.ours().iter().map(|position| own[*position]).collect::<BTreeSet<_>>();
    assert_eq!((theirs.len(), ours.len()), (decoder.theirs().len(), decoder.ours().len()), "a note twice");
    assert!(theirs.iter().all(|short| elements(&own).position(*short).is_none()), "what we have is missing");
    if said == honest {
        assert_eq!(outcome, Ok(Progress::Done));
        let given = elements(&other);
        let theirs = theirs.iter().filter_map(|short| Some(other[given.position(*short)?])).collect::<BTreeSet<_>>();
        let [own, other] = [own, other].map(BTreeSet::from_iter);
        assert_eq!((theirs, ours), (&other - &own, &own - &other));
    }
}

fn chosen(bits: u64) -> Vec<[u8; 32]> {
    (0..POOL).filter(|number| bits >> number & 1 == 1).map(|number| [number as u8; 32]).collect()
}

fn elements(notes: &[[u8; 32]]) -> Elements {
    Elements::new(&SALT, notes).expect("the notes of the pool differ")
}

fn symbols(notes: &[[u8; 32]], count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    Encoder::new(elements(notes)).write(count, &mut bytes);
    bytes
}

/// Adds the sum of some notes of the pool to a symbol, or subtracts it.
fn lay<const N: usize>(symbol: &mut [u8], notes: [usize; N], is_added: bool) {
    for note in notes {
        // The first symbol of a note alone is the note.
        let lone = symbols(&[[note as u8; 32]], 1);
        symbol[..16].iter_mut().zip(&lone).for_each(|(byte, other)| *byte ^= other);
        symbol[16] = if is_added { symbol[16].wrapping_add(1) } else { symbol[16].wrapping_sub(1) };
    }
}

/// What is read of a room: an opening, decisions, a note, a sheaf, a list of sheaves, the word of a ticket; the first byte says which.
pub fn room(bytes: &[u8]) {
    let Some((what, bytes)) = bytes.split_first() else { return };
    let front = |at: usize| bytes.get(at..at + 32).and_then(|id| <[u8; 32]>::try_from(id).ok()).unwrap_or_default();
    match what % 6 {
        0 => {
            if let Ok(opening) = Opening::decode(bytes) {
                assert_eq!(opening.encode(), bytes);
                opening.check().expect("what was read can be published");
            }
        }
        1 => {
            if let Ok(decisions) = Decisions::decode(bytes) {
                assert_eq!(decisions.encode(), bytes);
            }
        }
        2 => note(bytes),
        3 => {
            // Whatever room the sheaf is of.
            let room = RoomId(front(4));
            if let Ok(sheaf) = Sheaf::decode(&room, bytes) {
                let mut writer = SheafWriter::new(&room, sheaf.day);
                sheaf.notes.iter().for_each(|note| assert!(writer.push(&note.id(), &note.encode())));
                let (entry, written) = writer.finish();
                assert_eq!((written.as_slice(), entry.name), (bytes, SheafName::of(bytes)));
            }
        }
        4 => {
            let (channel, room) = (ChannelId(front(4)), RoomId(front(36)));
            if let Ok(list) = SheafList::decode(&channel, &room, bytes) {
                assert_eq!(list.encode(), bytes);
                assert_eq!(list.clone().merged(&list), list);
            }
        }
        _ => {
            let Ok(text) = std::str::from_utf8(bytes) else { return };
            if let Ok(word) = TicketWord::read(text) {
                let again = TicketWord::read(&word.word()).expect("its own word is read");
                assert_eq!(*again.word(), *word.word());
            }
        }
    }
}

fn note(bytes: &[u8]) {
    let Ok(note) = Note::decode(bytes) else { return };
    assert_eq!(note.encode(), bytes);
    let facts = Facts::of(&note);
    assert_eq!((facts.id, facts.day(), facts.entry()), (note.id(), note.day(), note.entry()));
    let shown = longear_pages::note_text(&note.text);
    assert!(!shown.chars().any(|letter| letter.is_control() && letter != '\n'), "a control is shown");
    assert!(!shown.chars().any(|letter| ('\u{202a}'..='\u{202e}').contains(&letter)), "direction is turned");
    assert!(shown.lines().count() <= 40 && !shown.contains("\n\n\n"), "it fills the page");
}
