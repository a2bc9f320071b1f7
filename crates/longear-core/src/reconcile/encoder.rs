//! From notes to coded symbols.

use super::element::Elements;
use super::places::Places;
use super::symbol::Symbol;
use crate::limits::RECONCILE_SYMBOLS_MAX;

/// Symbols that are computed at once in the beginning; later half as many as there are before them. So all elements are looked at
/// once for each such window, not once for each symbol.
const WINDOW_SYMBOLS_MIN: usize = 64;

/// Writes the coded symbols of a set of notes, one after the other, from any index on.
///
/// Memory: 40 bytes a note, and half of the symbols that were written. Time: for n notes and the first m symbols some 2 n ln m
/// steps of a few nanoseconds.
#[derive(Clone, Debug)]
pub struct Encoder {
    elements: Elements,
    places: Vec<Places>,
    /// Index of the first symbol of the window.
    start: usize,
    window: Vec<Symbol>,
    /// How many symbols of the window are written.
    written: usize,
}

impl Encoder {
    /// Stands before symbol 0.
    pub fn new(elements: Elements) -> Self {
        let places = elements.list().iter().map(|element| Places::of(element.short)).collect();
        Encoder { elements, places, start: 0, window: Vec::new(), written: 0 }
    }

    /// The notes.
    pub fn elements(&self) -> &Elements {
        &self.elements
    }

    /// The index of the symbol that comes next.
    pub fn index(&self) -> usize {
        self.start + self.written
    }

    /// Goes on from another index, for who got the symbols before it already. Costs as much as writing them.
    pub fn seek(&mut self, index: usize) {
        let index = index.min(RECONCILE_SYMBOLS_MAX);
        if index < self.start {
            self.places = self.elements.list().iter().map(|element| Places::of(element.short)).collect();
            (self.start, self.written) = (0, 0);
            self.window.clear();
        }
        if index <= self.start + self.window.len() {
            self.written = index - self.start;
        } else {
            (self.start, self.written) = (index, 0);
            self.window.clear();
        }
    }

    /// Appends the next symbols, at most `count`, and says how many. Fewer come only where
    /// [`RECONCILE_SYMBOLS_MAX`] are written: there the two sides differ too much.
    pub fn write(&mut self, count: usize, out: &mut Vec<u8>) -> usize {
        let symbols = (0..count).map_while(|_| self.next_symbol()).inspect(|symbol| symbol.write(out));
        symbols.count()
    }

    pub(super) fn next_symbol(&mut self) -> Option<Symbol> {
        if self.written == self.window.len() {
            self.fill();
        }
        let symbol = self.window.get(self.written)?;
        self.written += 1;
        Some(*symbol)
    }

    /// Computes the window behind the present one.
    fn fill(&mut self) {
        let start = self.start + self.window.len();
        let end = RECONCILE_SYMBOLS_MAX.min(start + WINDOW_SYMBOLS_MIN.max(start / 2));
        (self.start, self.written) = (start, 0);
        self.window.clear();
        self.window.resize(end - start, Symbol::default());
        for (element, places) in self.elements.list().iter().zip(&mut self.places) {
            // What was sought past.
            while places.index() < start {
                places.step();
            }
            while let Some(symbol) = self.window.get_mut(places.index() - start) {
                symbol.add(*element);
                places.step();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SYMBOL_BYTES, Salt};
    use super::*;

    fn encoder() -> Encoder {
        let notes = (0u8..200).map(|number| [number; 32]).collect::<Vec<_>>();
        Encoder::new(Elements::new(&Salt([3; 16]), &notes).unwrap())
    }

    fn written(encoder: &mut Encoder, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        assert_eq!(encoder.write(count, &mut bytes), count);
        bytes
    }

    #[test]
    fn symbols_are_the_same_from_wherever_one_begins() {
        let all = written(&mut encoder(), 1_000);
        let mut jumping = encoder();
        for (from, count) in [(0, 10), (10, 300), (999, 1), (0, 1), (40, 500), (63, 2), (64, 1), (65, 1), (700, 300)] {
            jumping.seek(from);
            assert_eq!(jumping.index(), from);
            let wanted = &all[from * SYMBOL_BYTES..][..count * SYMBOL_BYTES];
            assert!(written(&mut jumping, count) == wanted, "{count} symbols from {from}");
            assert_eq!(jumping.index(), from + count);
        }
    }

    #[test]
    fn the_first_symbol_is_the_sum_of_all_and_the_last_one_is_the_last() {
        let mut encoder = encoder();
        let first = encoder.next_symbol().unwrap();
        let mut sum = Symbol::default();
        encoder.elements().list().iter().for_each(|element| sum.add(*element));
        assert_eq!(first, sum);
        encoder.seek(RECONCILE_SYMBOLS_MAX - 3);
        let mut bytes = Vec::new();
        assert_eq!(encoder.write(10, &mut bytes), 3);
        assert_eq!(bytes.len(), 3 * SYMBOL_BYTES);
        assert_eq!(encoder.write(10, &mut bytes), 0);
        encoder.seek(usize::MAX);
        assert_eq!(encoder.write(1, &mut bytes), 0);
    }
}
