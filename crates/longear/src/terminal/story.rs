//! The rows of `longear demo`: who does what at what time.

use super::line::{RELAY_CELLS, relay_line};
use super::status::{Beside, RELAY_CELLS_MIN};
use super::words::{columns, pad, printable, wrap};
use super::{Look, Tint};

const CLOCK_COLUMNS: usize = 9;
const WHO_COLUMNS: usize = 11;
/// The column at which lines stand.
const BESIDE_COLUMN: usize = 51;

/// Draws one event. `who` may be empty. Ends without a line break.
///
/// ```text
///   20:10  newsroom   goes live                      ━━━━━━━━━━━━━━━━━━━━━━━━
///   20:21  forger     offers box one a fake post     refused, 1 ms
/// ```
pub fn story_row(look: Look, clock: &str, who: &str, what: &str, beside: &Beside) -> String {
    let mut front = pad(&format!("  {}", printable(clock)), CLOCK_COLUMNS);
    if !who.is_empty() {
        front.push_str(&pad(&format!("{} ", printable(who)), WHO_COLUMNS));
    }
    let indent = columns(&front);
    let mut lines = wrap(&printable(what), look.width.saturating_sub(indent));
    let room = look.width.saturating_sub(BESIDE_COLUMN);
    let is_side_by_side = lines.len() == 1 && indent + columns(&lines[0]) < BESIDE_COLUMN && room >= RELAY_CELLS_MIN;
    let room = if is_side_by_side { room } else { look.width.saturating_sub(indent) };
    let drawn = match beside {
        Beside::Nothing => String::new(),
        Beside::Words(words) => printable(words).replace("refused", &look.tinted(Tint::Madder, "refused")),
        Beside::Line { ranges, size } => relay_line(look, ranges, *size, room.min(RELAY_CELLS)),
    };
    if is_side_by_side && !drawn.is_empty() {
        lines[0] = pad(&lines[0], BESIDE_COLUMN - indent) + &drawn;
    } else if !drawn.is_empty() {
        lines.push(drawn);
    }
    format!("{front}{}", lines.join(&format!("\n{}", " ".repeat(indent))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_is_the_mockups_line_by_line() {
        let look = Look::plain(80);
        let whole = Beside::Line { ranges: std::iter::once(0..9).collect(), size: 9 };
        let refused = Beside::Words("refused, 1 ms".into());
        assert_eq!(
            [
                story_row(look, "20:10", "newsroom", "goes live", &whole),
                story_row(look, "20:14", "", "the internet is cut", &whole),
                story_row(look, "20:21", "forger", "offers box one a fake post", &refused),
                story_row(look, "20:14", "viewers", "waiting, not lost; sound plays on", &Beside::Nothing),
            ],
            [
                "  20:10  newsroom   goes live                      ━━━━━━━━━━━━━━━━━━━━━━━━",
                "  20:14  the internet is cut                       ━━━━━━━━━━━━━━━━━━━━━━━━",
                "  20:21  forger     offers box one a fake post     refused, 1 ms",
                "  20:14  viewers    waiting, not lost; sound plays on",
            ]
        );
        for width in [40, 50, 62] {
            let drawn = story_row(Look::plain(width), "20:10", "newsroom", "goes live in three rooms at once", &whole);
            assert!(drawn.lines().all(|line| columns(line) <= width), "{drawn}");
        }
    }
}
