//! Coded symbols: sums of elements.

use super::element::{Element, ShortId};

/// A coded symbol on the wire.
pub const SYMBOL_BYTES: usize = 17;

/// The sum of some elements: of short IDs and checks by exclusive or, of how many there are modulo 256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Symbol {
    shorts: u64,
    checks: u64,
    count: u8,
}

impl Symbol {
    pub fn add(&mut self, element: Element) {
        self.toggle(element);
        self.count = self.count.wrapping_add(1);
    }

    pub fn subtract(&mut self, element: Element) {
        self.toggle(element);
        self.count = self.count.wrapping_sub(1);
    }

    fn toggle(&mut self, element: Element) {
        self.shorts ^= element.short.0;
        self.checks ^= element.check;
    }

    /// This one less another.
    pub fn without(self, other: Symbol) -> Symbol {
        Symbol {
            shorts: self.shorts ^ other.shorts,
            checks: self.checks ^ other.checks,
            count: self.count.wrapping_sub(other.count),
        }
    }

    /// Whether it is the sum of nothing.
    pub fn is_zero(&self) -> bool {
        *self == Symbol::default()
    }

    /// How many elements it holds if that is one or less one, else `None`: only such symbols are worth a hash.
    pub fn sign(&self) -> Option<Sign> {
        match self.count {
            1 => Some(Sign::Plus),
            u8::MAX => Some(Sign::Minus),
            _ => None,
        }
    }

    /// Its sum, as if it were one element.
    pub fn element(&self) -> Element {
        Element { short: ShortId(self.shorts), check: self.checks }
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.shorts.to_le_bytes());
        out.extend_from_slice(&self.checks.to_le_bytes());
        out.push(self.count);
    }

    pub fn read(bytes: &[u8; SYMBOL_BYTES]) -> Symbol {
        let number = |at| u64::from_le_bytes(core::array::from_fn(|place| bytes[at + place]));
        Symbol { shorts: number(0), checks: number(8), count: bytes[16] }
    }
}

/// On which side of a difference something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Plus,
    Minus,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_come_apart_again_and_stand_on_the_wire_as_they_are() {
        let element = |number| Element { short: ShortId(number), check: number << 7 };
        let mut sum = Symbol::default();
        (1..=3).for_each(|number| sum.add(element(number)));
        assert_eq!(sum.sign(), None);
        let mut bytes = Vec::new();
        sum.write(&mut bytes);
        assert_eq!(Symbol::read(bytes[..].try_into().unwrap()), sum);
        sum.subtract(element(1));
        sum.subtract(element(3));
        assert_eq!((sum.sign(), sum.element()), (Some(Sign::Plus), element(2)));
        let negative = Symbol::default().without(sum);
        assert_eq!((negative.sign(), negative.element()), (Some(Sign::Minus), element(2)));
        assert!(sum.without(sum).is_zero() && !sum.is_zero());
    }
}
