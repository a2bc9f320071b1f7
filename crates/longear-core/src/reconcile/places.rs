//! Which coded symbols an element is part of.

use super::element::ShortId;
use crate::limits::RECONCILE_SYMBOLS_MAX;

/// Behind the last index: where an element stands that is part of no further symbol.
const END: u64 = RECONCILE_SYMBOLS_MAX as u64;
/// The drawn number is a whole number of 2⁻³¹.
const DRAWN_BITS: u32 = 31;
/// (END + 1) END · 2³¹ fits into 64 bits.
const _: () = assert!(END <= 1 << 16);

/// The indices of an element, ascending from 0, one after the other. It is part of symbol i with probability 2 ÷ (i + 2), so of
/// some 2 ln(n/2) of the first n symbols.
///
/// That probability makes the next index behind i larger than n with probability (i + 1)(i + 2) ÷ (n + 1)(n + 2). So u is drawn
/// evenly from what lies between 0 and 1, and the next index is the smallest n of which (n + 1)(n + 2) ≥ (i + 1)(i + 2) ÷ u. The
/// paper (section 4.2) draws from a curve near this one; here the square root is of a whole number, so that no
/// machine rounds it in its own way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// Of SplitMix64, of whose numbers the upper bits are drawn.
    state: u64,
    /// The present index; [`RECONCILE_SYMBOLS_MAX`] at the end.
    index: u32,
}

impl Places {
    /// Stands at the first index, which is 0 for every element.
    pub fn of(short: ShortId) -> Self {
        Places { state: short.0, index: 0 }
    }

    /// The present index.
    pub fn index(&self) -> usize {
        self.index as usize
    }

    /// Goes to the next index.
    pub fn step(&mut self) {
        let index = u64::from(self.index);
        let product = (((index + 1) * (index + 2)) << DRAWN_BITS).div_ceil(self.draw());
        // (n + 1)(n + 2) ≥ p if and only if (2n + 3)² > 4p.
        let next = if product > END * (END + 1) { END } else { (4 * product).isqrt().div_ceil(2) - 1 };
        self.index = next as u32;
    }

    /// An odd number of 31 bits: never as much as one and never nothing, so that the next index is a larger one.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        // The last step of SplitMix64 would change none of the bits that are drawn.
        (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb) >> (64 - DRAWN_BITS) | 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_ascend_and_end() {
        for seed in 0..1_000 {
            let mut places = Places::of(ShortId(seed));
            assert_eq!(places.index(), 0);
            while places.index() < RECONCILE_SYMBOLS_MAX {
                let before = places.index();
                places.step();
                assert!(places.index() > before);
            }
            places.step();
            assert_eq!(places.index(), RECONCILE_SYMBOLS_MAX);
        }
    }

    /// Goes on from an index with a number that is drawn; `state` is what SplitMix64 draws it from.
    fn step_from(index: u32, state: u64, drawn: u64) -> usize {
        assert_eq!(Places { state, index }.draw(), drawn);
        let mut places = Places { state, index };
        places.step();
        places.index()
    }

    #[test]
    fn the_smallest_and_the_largest_steps_to_the_last_symbol_are_taken() {
        let last = RECONCILE_SYMBOLS_MAX - 1;
        // 0 is drawn, or 1: both are 1.
        assert_eq!(step_from(0, 0u64.wrapping_sub(0x9e37_79b9_7f4a_7c15), 1), last);
        assert_eq!(step_from(0, 0x334e_ca7b_3cb9_211b, 1), last);
        // (n + 1)(n + 2) must come to more than 2³², and to all that it does for the last symbol.
        assert_eq!(step_from(1_002, 0xd1a5_8fff_927c_59ac, 503_505), last);
        assert_eq!(step_from(60_007, 0xee3a_6f41_02c7_0187, 1_800_482_563), last);
        assert_eq!(step_from(last as u32, 1, Places { state: 1, index: 0 }.draw()), RECONCILE_SYMBOLS_MAX);
    }

    #[test]
    fn an_element_is_part_of_symbol_i_as_often_as_it_should_be() {
        const ELEMENTS: u32 = 100_000;
        let mut counts = [0u32; 64];
        for seed in 0..ELEMENTS {
            let mut places = Places::of(ShortId(u64::from(seed) << 32 ^ 0x5eed));
            while let Some(count) = counts.get_mut(places.index()) {
                *count += 1;
                places.step();
            }
        }
        for (index, count) in counts.iter().enumerate() {
            let share = 2.0 / (index as f64 + 2.0);
            let expected = f64::from(ELEMENTS) * share;
            // Five standard deviations.
            let tolerance = 5.0 * (expected * (1.0 - share)).sqrt();
            assert!((f64::from(*count) - expected).abs() <= tolerance, "{index}: {count}, expected {expected}");
        }
    }
}
