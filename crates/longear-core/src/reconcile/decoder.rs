//! From coded symbols to differences.

use super::element::{Element, Elements, ShortId};
use super::encoder::Encoder;
use super::places::Places;
use super::symbol::{SYMBOL_BYTES, Sign, Symbol};
use crate::limits::{RECONCILE_STEPS_MAX, RECONCILE_SYMBOLS_MAX};
use crate::sorted::SortedSet;

/// Why a reconciliation ends without having found everything. What was found before stays found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The bytes are not whole symbols: the peer's fault.
    #[error("{bytes} bytes are not a number of whole symbols")]
    Ragged {
        /// How many came at once.
        bytes: usize,
    },
    /// [`RECONCILE_SYMBOLS_MAX`] symbols did not suffice: the two differ too much, or the peer sends nonsense.
    #[error("{RECONCILE_SYMBOLS_MAX} symbols did not tell all differences")]
    TooManySymbols,
    /// More than [`RECONCILE_STEPS_MAX`]: the peer made symbols that take more work than honest ones.
    #[error("the symbols take more than {RECONCILE_STEPS_MAX} steps to take apart")]
    TooMuchWork,
    /// The peer lacks a note that is not ours either: it lies.
    #[error("a note is said to be ours alone that we do not have")]
    NotOurs,
    /// The peer alone has a note that we have too: it lies.
    #[error("a note is said to be the other side's alone that we have")]
    NotTheirs,
    /// A note came out twice: the peer lies.
    #[error("a note differs twice")]
    Twice,
    /// The first symbol says that everything is known, another one that it is not: the peer lies.
    #[error("all differences are known, but a symbol holds more")]
    LeftOver,
}

impl Fault {
    /// The stable code of the fault, as in `docs/spec/reconcile.md` and `tests/vectors/`.
    pub fn code(&self) -> &'static str {
        match self {
            Fault::Ragged { .. } => "truncated",
            Fault::TooManySymbols | Fault::TooMuchWork => "too-many",
            Fault::NotOurs | Fault::NotTheirs | Fault::Twice | Fault::LeftOver => "bad-value",
        }
    }
}

/// Whether symbols are still needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Send more.
    More,
    /// All differences are known. Symbols that are still on the way are not looked at.
    Done,
}

/// Takes another side's symbols and finds what the two sides lack of each other's notes.
///
/// Memory: that of an [`Encoder`], 32 bytes a symbol and some 70 a difference. A peer that lies costs at most [`RECONCILE_SYMBOLS_MAX`] symbols
/// and [`RECONCILE_STEPS_MAX`] steps.
#[derive(Clone, Debug)]
pub struct Decoder {
    own: Encoder,
    /// The other side's symbols less our own and less what was found.
    symbols: Vec<Symbol>,
    /// Symbols that may hold one element alone.
    suspects: Vec<usize>,
    found: Vec<Found>,
    /// By the index of a symbol to come the first of `found` that is part of it next; each of these knows the next one.
    due: Vec<Option<u32>>,
    known: SortedSet<ShortId>,
    theirs: Vec<ShortId>,
    ours: Vec<usize>,
    steps_left: u64,
    outcome: Result<Progress, Fault>,
}

/// A difference that is part of symbols still to come.
#[derive(Clone, Copy, Debug)]
struct Found {
    element: Element,
    sign: Sign,
    places: Places,
    /// Another one that is due at the same symbol.
    next: Option<u32>,
}

impl Found {
    fn take_out_of(&self, symbol: &mut Symbol) {
        match self.sign {
            Sign::Plus => symbol.subtract(self.element),
            Sign::Minus => symbol.add(self.element),
        }
    }
}

impl Decoder {
    /// Begins a reconciliation of our notes.
    pub fn new(own: Elements) -> Self {
        Decoder {
            own: Encoder::new(own),
            symbols: Vec::new(),
            suspects: Vec::new(),
            found: Vec::new(),
            due: Vec::new(),
            known: SortedSet::new(),
            theirs: Vec::new(),
            ours: Vec::new(),
            steps_left: RECONCILE_STEPS_MAX,
            outcome: Ok(Progress::More),
        }
    }

    /// Takes the next symbols, any number of whole ones, and says whether that was all. A fault ends it: what comes later
    /// has the same fault.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Progress, Fault> {
        let (symbols, rest) = bytes.as_chunks::<SYMBOL_BYTES>();
        for symbol in symbols {
            if self.outcome != Ok(Progress::More) {
                return self.outcome;
            }
            self.outcome = self.take_symbol(Symbol::read(symbol));
        }
        if !rest.is_empty() && self.outcome == Ok(Progress::More) {
            self.outcome = Err(Fault::Ragged { bytes: bytes.len() });
        }
        self.outcome
    }

    /// Notes that the other side alone has, as far as they are known: right also before everything is.
    pub fn theirs(&self) -> &[ShortId] {
        &self.theirs
    }

    /// Notes that we alone have, as far as they are known, by their places in the sequence that was given.
    pub fn ours(&self) -> &[usize] {
        &self.ours
    }

    /// How many symbols were looked at.
    pub fn symbols(&self) -> usize {
        self.symbols.len()
    }

    fn take_symbol(&mut self, theirs: Symbol) -> Result<Progress, Fault> {
        let own = self.own.next_symbol().ok_or(Fault::TooManySymbols)?;
        let mut difference = theirs.without(own);
        self.take_out_found(&mut difference)?;
        let index = self.symbols.len();
        self.symbols.push(difference);
        self.suspects.push(index);
        self.peel()?;
        // Every element is part of the first symbol: when that is empty, nothing is left.
        if !self.symbols[0].is_zero() {
            let is_last = self.symbols.len() == RECONCILE_SYMBOLS_MAX;
            return if is_last { Err(Fault::TooManySymbols) } else { Ok(Progress::More) };
        }
        if self.symbols.iter().all(Symbol::is_zero) { Ok(Progress::Done) } else { Err(Fault::LeftOver) }
    }

    /// Takes what was found before out of the symbol that comes now.
    fn take_out_found(&mut self, symbol: &mut Symbol) -> Result<(), Fault> {
        let mut due = self.due.get_mut(self.symbols.len()).and_then(Option::take);
        while let Some(number) = due {
            self.count_step()?;
            let found = &mut self.found[number as usize];
            found.take_out_of(symbol);
            found.places.step();
            due = found.next;
            self.wait(number);
        }
        Ok(())
    }

    /// Puts one of `found` where it is looked for when the next symbol comes that it is part of.
    fn wait(&mut self, number: u32) {
        let found = &mut self.found[number as usize];
        let index = found.places.index();
        self.due.resize(self.due.len().max(index + 1), None);
        found.next = self.due[index].replace(number);
    }

    /// Takes elements that are alone out of all symbols, which may leave others alone, until there are none.
    fn peel(&mut self) -> Result<(), Fault> {
        while let Some(index) = self.suspects.pop() {
            let symbol = self.symbols[index];
            let Some(sign) = symbol.sign() else { continue };
            let element = symbol.element();
            if self.own.elements().keys().check(element.short) == element.check {
                self.admit(element.short, sign)?;
                self.take_out(Found { element, sign, places: Places::of(element.short), next: None })?;
            }
        }
        Ok(())
    }

    /// Keeps a difference, if it can be one. That none comes twice bounds all peeling.
    fn admit(&mut self, short: ShortId, sign: Sign) -> Result<(), Fault> {
        let position = self.own.elements().position(short);
        if !self.known.insert(short) {
            return Err(Fault::Twice);
        }
        match (sign, position) {
            (Sign::Plus, None) => self.theirs.push(short),
            (Sign::Minus, Some(position)) => self.ours.push(position),
            (Sign::Plus, Some(_)) => return Err(Fault::NotTheirs),
            (Sign::Minus, None) => return Err(Fault::NotOurs),
        }
        Ok(())
    }

    /// Takes a difference out of the symbols that are here, and remembers it for the others.
    fn take_out(&mut self, mut found: Found) -> Result<(), Fault> {
        while let Some(symbol) = self.symbols.get_mut(found.places.index()) {
            found.take_out_of(symbol);
            if symbol.sign().is_some() {
                self.suspects.push(found.places.index());
            }
            found.places.step();
            self.count_step()?;
        }
        self.found.push(found);
        self.wait(self.found.len() as u32 - 1);
        Ok(())
    }

    fn count_step(&mut self) -> Result<(), Fault> {
        self.steps_left = self.steps_left.checked_sub(1).ok_or(Fault::TooMuchWork)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Salt;
    use super::*;

    const SALT: Salt = Salt([5; 16]);

    fn notes(numbers: core::ops::Range<u16>) -> Vec<[u8; 32]> {
        numbers.map(|number| crate::hash::plain(&number.to_le_bytes())).collect()
    }

    fn elements(numbers: core::ops::Range<u16>) -> Elements {
        Elements::new(&SALT, &notes(numbers)).unwrap()
    }

    fn symbols(numbers: core::ops::Range<u16>, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        Encoder::new(elements(numbers)).write(count, &mut bytes);
        bytes
    }

    #[test]
    fn both_sides_of_the_difference_are_found() {
        let mut decoder = Decoder::new(elements(10..500));
        assert_eq!(decoder.take(&symbols(0..495, 400)), Ok(Progress::Done));
        let giver = elements(0..495);
        let mut theirs = decoder.theirs().iter().map(|short| giver.position(*short).unwrap()).collect::<Vec<_>>();
        theirs.sort_unstable();
        let mut ours = decoder.ours().to_vec();
        ours.sort_unstable();
        assert_eq!(theirs, Vec::from_iter(0..10));
        assert_eq!(ours, Vec::from_iter(485..490));
        assert!((15..60).contains(&decoder.symbols()), "{} symbols for 15 differences", decoder.symbols());
    }

    #[test]
    fn equal_sets_and_single_differences_take_one_symbol() {
        for (own, other) in [(0..0, 0..0), (0..300, 0..300), (0..300, 0..301), (0..301, 0..300), (0..0, 0..1)] {
            let mut decoder = Decoder::new(elements(own));
            assert_eq!(decoder.take(&symbols(other, 1)), Ok(Progress::Done));
            assert_eq!(decoder.symbols(), 1);
        }
    }

    #[test]
    fn what_comes_behind_the_end_is_not_looked_at() {
        let mut decoder = Decoder::new(elements(0..3));
        let mut bytes = symbols(0..3, 1);
        bytes.extend([255; 40]);
        assert_eq!(decoder.take(&bytes), Ok(Progress::Done));
        assert_eq!(decoder.take(&[1]), Ok(Progress::Done));
        assert_eq!(decoder.symbols(), 1);
    }

    #[test]
    fn half_a_symbol_is_a_fault_and_a_fault_stays() {
        let mut decoder = Decoder::new(elements(0..50));
        assert_eq!(decoder.take(&[]), Ok(Progress::More));
        let bytes = symbols(0..80, 30);
        assert_eq!(decoder.take(&bytes[..20]), Err(Fault::Ragged { bytes: 20 }));
        assert_eq!(decoder.take(&bytes[17..]), Err(Fault::Ragged { bytes: 20 }));
    }

    fn sum(plus: &[Element], minus: &[Element]) -> Symbol {
        let mut sum = Symbol::default();
        plus.iter().for_each(|element| sum.add(*element));
        minus.iter().for_each(|element| sum.subtract(*element));
        sum
    }

    /// What a decoder says of these symbols, less those that its own notes make.
    fn outcome(own: Elements, differences: &[Symbol]) -> Result<Progress, Fault> {
        let (mut honest, mut bytes) = (Encoder::new(own.clone()), Vec::new());
        for difference in differences {
            // A sum less nothing less a difference, twice turned round: their sum.
            let turned = Symbol::default().without(*difference);
            honest.next_symbol().unwrap().without(turned).write(&mut bytes);
        }
        Decoder::new(own).take(&bytes)
    }

    #[test]
    fn lies_are_named() {
        let (own, other) = (elements(0..50), elements(100..120).list().to_vec());
        let ours = own.list()[7];
        // The first symbol stays a riddle, so that the second one decides.
        let second = |symbol| outcome(own.clone(), &[sum(&other[1..], &[]), symbol]);
        assert_eq!(second(sum(&[other[0]], &[])), Ok(Progress::More));
        assert_eq!(second(sum(&[], &[ours])), Ok(Progress::More));
        assert_eq!(second(sum(&[ours], &[])), Err(Fault::NotTheirs));
        assert_eq!(second(sum(&[], &[other[0]])), Err(Fault::NotOurs));
        let false_check = Element { short: other[0].short, check: other[1].check };
        assert_eq!(second(sum(&[false_check], &[])), Ok(Progress::More));
    }

    #[test]
    fn a_note_that_comes_again_ends_the_peeling() {
        // Found in symbol 0 as theirs, it is taken out of symbol 1, where it never was: so it seems to be ours, and back again.
        let other = elements(100..140).list().iter().copied().find(|element| {
            let mut places = Places::of(element.short);
            places.step();
            places.index() == 1
        });
        let other = other.unwrap();
        let third = elements(200..201).list()[0];
        let symbols = [sum(&[other, third], &[]), sum(&[], &[]), sum(&[other], &[])];
        assert_eq!(outcome(elements(0..0), &symbols), Err(Fault::Twice));
    }

    #[test]
    fn what_is_left_when_all_is_known_is_a_lie() {
        let other = elements(100..105).list().to_vec();
        // Both of the first symbol come out, one after the other: it is empty then, and the second one is not.
        let symbols = [sum(&other[..2], &[]), sum(&other[2..], &[]), sum(&other[..1], &[])];
        assert_eq!(outcome(elements(0..0), &symbols), Err(Fault::LeftOver));
        assert_eq!(outcome(elements(0..0), &symbols[..2]), Ok(Progress::More));
    }

    #[test]
    fn nonsense_without_end_ends() {
        let mut decoder = Decoder::new(elements(0..9));
        let other = elements(100..102).list().to_vec();
        let mut bytes = Vec::new();
        sum(&other, &[]).write(&mut bytes);
        assert_eq!(decoder.take(&bytes), Ok(Progress::More));
        let mut honest = Encoder::new(elements(0..9));
        honest.seek(1);
        for index in 1..RECONCILE_SYMBOLS_MAX - 1 {
            let mut bytes = Vec::new();
            honest.write(1, &mut bytes);
            assert_eq!(decoder.take(&bytes), Ok(Progress::More), "symbol {index}");
        }
        assert_eq!(decoder.take(&[0; SYMBOL_BYTES]), Err(Fault::TooManySymbols));
        assert_eq!(decoder.take(&[0; SYMBOL_BYTES]), Err(Fault::TooManySymbols));
        assert_eq!(decoder.symbols(), RECONCILE_SYMBOLS_MAX);
    }

    #[test]
    fn work_is_counted_and_ends() {
        let (bytes, mut decoder) = (symbols(0..400, 800), Decoder::new(elements(0..0)));
        assert_eq!(decoder.take(&bytes), Ok(Progress::Done));
        let steps = RECONCILE_STEPS_MAX - decoder.steps_left;
        assert!((400 * 8..400 * 16).contains(&steps), "{steps} steps");
        let with = |steps_left| Decoder { steps_left, ..Decoder::new(elements(0..0)) }.take(&bytes);
        assert_eq!(with(steps), Ok(Progress::Done));
        assert_eq!(with(steps - 1), Err(Fault::TooMuchWork));
    }
}
