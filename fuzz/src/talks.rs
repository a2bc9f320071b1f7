//! Notes of rooms: what a peer may say of those that it has, and what must follow from it.

use std::collections::BTreeSet;

use longear_core::reconcile::{Decoder, Elements, Encoder, Progress, SYMBOL_BYTES, Salt};

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
