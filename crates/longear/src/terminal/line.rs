//! The horizon and the relay line.

use std::ops::Range;
use std::time::Duration;

use super::words::{age, columns, pad, printable, wrap};
use super::{Look, Tint};

/// The widest horizon; a longer line says no more.
pub const HORIZON_COLUMNS_MAX: usize = 66;

/// The cells of a relay line, where there is room.
pub const RELAY_CELLS: usize = 24;

/// The indent of the text that stands beside the ear.
pub(super) const EAR_INDENT: usize = 7;
const EAR_COLUMNS: usize = 4;

/// Draws the head of a channel: its name, how old its last word is, and the same as a line.
///
/// The ear listens at the left; the rider stands as far off as the last word is old. Without a last word there is no
/// rider, and dots to the edge. Ends without a line break.
///
/// ```text
///   ╭╮   Sarybulaq News                           last word 14 h ago
/// ──╯╰╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
/// ```
pub fn horizon(look: Look, name: &str, last_word: Option<Duration>) -> String {
    let width = look.width.min(HORIZON_COLUMNS_MAX);
    let said = last_word.map_or_else(|| "no word yet".to_owned(), |word| format!("last word {}", age(word)));
    let mut above = wrap(&printable(name), width.saturating_sub(EAR_INDENT).max(1));
    let last = above.pop().unwrap_or_default();
    let mut lines: Vec<String> = above;
    let room = width.saturating_sub(EAR_INDENT + columns(&said));
    if columns(&last) + 2 <= room {
        lines.push(format!("{}{said}", pad(&last, room)));
    } else {
        lines.push(last);
        lines.push(said);
    }
    let ear = if look.unicode { "  ╭╮" } else { "  /\\" };
    let ear_line = lines.len() - 1;
    let mut drawn = String::new();
    for (index, line) in lines.iter().enumerate() {
        let start = if index == ear_line { ear } else { "" };
        drawn.push_str(&pad(start, EAR_INDENT));
        drawn.push_str(line);
        drawn.push('\n');
    }
    drawn + &ground(look, width, last_word)
}

fn ground(look: Look, width: usize, last_word: Option<Duration>) -> String {
    let (ear, dot, rider, solid) =
        if look.unicode { ("──╯╰", "╌", "●", "━") } else { ("--||", ".", "o", "#") };
    let cells = width.saturating_sub(EAR_COLUMNS).max(1);
    let Some(last_word) = last_word else {
        return format!("{ear}{}", look.tinted(Tint::Edge, &dot.repeat(cells)));
    };
    let dots = rider_cell(last_word, cells);
    let silence = look.tinted(Tint::Edge, &dot.repeat(dots));
    let rider = look.tinted(Tint::Sun, rider);
    let here = look.tinted(Tint::Way, &solid.repeat(cells - dots - 1));
    format!("{ear}{silence}{rider}{here}")
}

/// Places the rider: `min(96 %, 90 % × log(1 + minutes) / log(10081))`, a week at 90 %.
fn rider_cell(last_word: Duration, cells: usize) -> usize {
    const WEEK_MINUTES: f64 = 10_080.0;
    let minutes = last_word.as_secs_f64() / 60.0;
    let share = (0.9 * minutes.ln_1p() / WEEK_MINUTES.ln_1p()).min(0.96);
    // Within 0..cells, because the share is below 1; f64 holds such small numbers exactly.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let cell = ((cells - 1) as f64 * share).round() as usize;
    cell
}

/// Draws which bytes of `size` are here, in exactly `cells` columns.
///
/// Exact: a cell is solid only if all of it is here. Ranges may overlap, touch and come in any order; what lies beyond
/// `size` counts for nothing. Something of size zero is whole.
///
/// ```
/// use longear::terminal::{Look, relay_line};
/// assert_eq!(relay_line(Look::plain(80), &[0..50, 75..100], 100, 8), "━━━━╍╍━━");
/// ```
pub fn relay_line(look: Look, ranges: &[Range<u64>], size: u64, cells: usize) -> String {
    let mut sorted: Vec<&Range<u64>> = ranges.iter().filter(|range| range.start < range.end).collect();
    sorted.sort_by_key(|range| range.start);
    let held = joined(&sorted);
    let mut drawn = String::new();
    let mut run: Option<(bool, usize)> = None;
    for cell in 0..cells {
        let solid = is_held(&held, &cell_bytes(cell, cells, size));
        match &mut run {
            Some((kind, length)) if *kind == solid => *length += 1,
            _ => {
                drawn.push_str(&run_of_cells(look, run));
                run = Some((solid, 1));
            }
        }
    }
    drawn + &run_of_cells(look, run)
}

fn run_of_cells(look: Look, run: Option<(bool, usize)>) -> String {
    let Some((solid, length)) = run else {
        return String::new();
    };
    let (tint, glyph) = match (solid, look.unicode) {
        (true, true) => (Tint::Way, "━"),
        (true, false) => (Tint::Way, "#"),
        (false, true) => (Tint::Edge, "╍"),
        (false, false) => (Tint::Edge, "."),
    };
    look.tinted(tint, &glyph.repeat(length))
}

/// Returns the bytes that a cell stands for, rounded outwards, so that a solid cell never hides a missing byte.
fn cell_bytes(cell: usize, cells: usize, size: u64) -> Range<u64> {
    let edge = |index: usize, up: bool| {
        let product = u128::from(size) * index as u128;
        let cells = cells as u128;
        let at = if up { product.div_ceil(cells) } else { product / cells };
        u64::try_from(at).unwrap_or(u64::MAX)
    };
    edge(cell, false)..edge(cell + 1, true)
}

fn joined(sorted: &[&Range<u64>]) -> Vec<Range<u64>> {
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push((*range).clone()),
        }
    }
    joined
}

fn is_held(joined: &[Range<u64>], wanted: &Range<u64>) -> bool {
    let index = joined.partition_point(|range| range.end < wanted.end);
    wanted.is_empty() || joined.get(index).is_some_and(|range| range.start <= wanted.start)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::single_range_in_vec_init, reason = "a list of ranges may well hold one")]

    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn ascii(width: usize) -> Look {
        Look { unicode: false, ..Look::plain(width) }
    }

    #[test]
    fn the_horizon_has_the_ear_the_rider_and_the_words() {
        let drawn = horizon(Look::plain(80), "Sarybulaq News", Some(HOUR * 14));
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines[0], "  ╭╮   Sarybulaq News                           last word 14 h ago");
        // 840 minutes: 0.9 × ln 841 / ln 10081 = 0.6575; times 61 cells = 40.1.
        assert_eq!(lines[1], format!("──╯╰{}●{}", "╌".repeat(40), "━".repeat(21)));
        assert!(lines.iter().all(|line| columns(line) == HORIZON_COLUMNS_MAX));
    }

    #[test]
    fn the_rider_stands_where_the_formula_says() {
        assert_eq!(rider_cell(Duration::ZERO, 101), 0);
        assert_eq!(rider_cell(HOUR * 24 * 7, 101), 90);
        assert_eq!(rider_cell(HOUR * 24 * 365 * 50, 101), 96);
        assert_eq!(rider_cell(Duration::MAX, 1), 0);
    }

    #[test]
    fn without_a_word_there_is_no_rider() {
        let drawn = horizon(Look::plain(20), "A", None);
        assert!(drawn.ends_with(&format!("──╯╰{}", "╌".repeat(16))), "{drawn}");
        assert!(drawn.contains("no word yet") && !drawn.contains('●'));
    }

    #[test]
    fn long_names_wrap_above_the_ear_and_stay_inside() {
        let name = "Жауапкершіліктеріңіздегілерге арналған жаңалықтар";
        for width in [24, 36, 50, 66, 80] {
            let drawn = horizon(Look::plain(width), name, Some(HOUR));
            assert!(drawn.lines().all(|line| columns(line) <= width), "{width}\n{drawn}");
            let lines: Vec<&str> = drawn.lines().collect();
            assert!(lines[lines.len() - 2].starts_with("  ╭╮"), "{drawn}");
        }
    }

    #[test]
    fn without_unicode_the_same_line_is_ascii() {
        let drawn = horizon(ascii(30), "A", Some(HOUR));
        assert!(drawn.is_ascii() && drawn.contains("--||.") && drawn.contains("o#"), "{drawn}");
        assert_eq!(relay_line(ascii(80), &[0..8, 10..14], 24, 24), "########..####..........");
    }

    #[test]
    fn a_cell_is_solid_only_if_all_of_it_is_here() {
        let look = ascii(80);
        assert_eq!(relay_line(look, &[], 10, 5), ".....");
        assert_eq!(relay_line(look, &[0..10], 10, 5), "#####");
        assert_eq!(relay_line(look, &[0..9], 10, 5), "####.");
        assert_eq!(relay_line(look, &[1..10], 10, 5), ".####");
        assert_eq!(relay_line(look, &[4..6, 0..4, 3..5], 10, 5), "###..");
        assert_eq!(relay_line(look, &[], 0, 3), "###");
        // One byte of three over eight cells: the cells that the missing bytes touch stay empty.
        assert_eq!(relay_line(look, &[1..2], 3, 8), "...##...");
        assert_eq!(relay_line(look, &[0..u64::MAX], u64::MAX, 4), "####");
        assert_eq!(relay_line(look, &[0..u64::MAX - 1], u64::MAX, 4), "###.");
    }

    proptest! {
        #[test]
        fn the_line_agrees_with_counting_bytes(
            size in 1u64..200,
            cells in 1usize..60,
            held in proptest::collection::vec(any::<bool>(), 200),
        ) {
            let ranges: Vec<Range<u64>> = (0..size).filter(|at| held[*at as usize]).map(|at| at..at + 1).collect();
            let line = relay_line(ascii(80), &ranges, size, cells);
            let expected: String = (0..cells as u64).map(|cell| {
                let touched = |at: u64| at * (cells as u64) < (cell + 1) * size && (at + 1) * (cells as u64) > cell * size;
                if (0..size).filter(|at| touched(*at)).all(|at| held[at as usize]) { '#' } else { '.' }
            }).collect();
            prop_assert_eq!(line, expected);
        }
    }
}
