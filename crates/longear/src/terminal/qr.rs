//! QR codes in half blocks.

use qrcode::{Color, EcLevel, QrCode};

use super::Look;

/// The light border that scanners need, in modules.
const QUIET_ZONE: usize = 4;

/// The border where room is scarce; most scanners still read it.
const QUIET_ZONE_NARROW: usize = 2;

/// The longest text that is drawn, in bytes: a symbol of version 15, which a phone still reads from a screen.
const QR_BYTES_MAX: usize = 400;

/// Draws a text as a QR code, or returns nothing where it would not fit the width.
///
/// With colour it is black on white on every terminal. Without, the background's lightness decides which half is
/// drawn, dark where it is unknown. Without Unicode a module is two columns wide. Ends with a line break.
pub fn qr(look: Look, text: &str) -> Option<String> {
    if text.len() > QR_BYTES_MAX {
        return None;
    }
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let side = code.width();
    let colours = code.to_colors();
    let columns_a_module = if look.unicode { 1 } else { 2 };
    let quiet = [QUIET_ZONE, QUIET_ZONE_NARROW]
        .into_iter()
        .find(|quiet| (side + 2 * quiet) * columns_a_module <= look.width)?;
    let is_dark = |row: usize, column: usize| {
        let inside = |at: usize| at.checked_sub(quiet).filter(|at| *at < side);
        match (inside(row), inside(column)) {
            (Some(row), Some(column)) => colours[row * side + column] == Color::Dark,
            _ => false,
        }
    };
    let whole = side + 2 * quiet;
    Some(match look.unicode {
        true => half_blocks(look, whole, is_dark),
        false => double_columns(look, whole, is_dark),
    })
}

/// Two modules in one character cell, one above the other.
fn half_blocks(look: Look, side: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
    let mut drawn = String::new();
    // With colour the foreground is black; without, it is light unless the background is.
    let foreground_is_dark = look.colour || look.light;
    for top in (0..side).step_by(2) {
        let mut line = String::new();
        for column in 0..side {
            let above = is_dark(top, column) == foreground_is_dark;
            // Under the last row of an odd side there is background, which must stay light.
            let below =
                if top + 1 < side { is_dark(top + 1, column) == foreground_is_dark } else { !foreground_is_dark };
            line.push(match (above, below) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        drawn.push_str(&framed(look, &line));
    }
    drawn
}

/// One module in two columns: for terminals without half blocks.
fn double_columns(look: Look, side: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
    let mut drawn = String::new();
    for row in 0..side {
        let mut line = String::new();
        for column in 0..side {
            let dark = is_dark(row, column);
            line.push_str(match (look.colour, dark == look.light) {
                (true, _) if dark => "\u{1b}[40m  ",
                (true, _) => "\u{1b}[107m  ",
                (false, true) => "##",
                (false, false) => "  ",
            });
        }
        drawn.push_str(&line);
        drawn.push_str(if look.colour { "\u{1b}[0m\n" } else { "\n" });
    }
    drawn
}

/// Fixes black on white from the 256-colour cube, which no theme repaints.
fn framed(look: Look, line: &str) -> String {
    if look.colour { format!("\u{1b}[38;5;16;48;5;231m{line}\u{1b}[0m\n") } else { format!("{line}\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "longear:k4vq2m7xk4vq2m7xk4vq2m7xk4vq2m7xk4vq2m7xk4vq2m7xt3ea";

    /// Reads the drawing back into modules: true is dark on the screen.
    fn modules(drawn: &str, foreground_is_dark: bool) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in drawn.lines() {
            let line = line.trim_start_matches("\u{1b}[38;5;16;48;5;231m").trim_end_matches("\u{1b}[0m");
            let halves = |top: bool| -> Vec<bool> {
                line.chars()
                    .map(|c| match c {
                        '█' => true,
                        '▀' => top,
                        '▄' => !top,
                        _ => false,
                    })
                    .map(|is_foreground| is_foreground == foreground_is_dark)
                    .collect()
            };
            rows.push(halves(true));
            rows.push(halves(false));
        }
        rows
    }

    fn expected() -> Vec<Vec<bool>> {
        let code = QrCode::with_error_correction_level(ADDRESS, EcLevel::M).expect("fits");
        let side = code.width();
        let whole = side + 2 * QUIET_ZONE;
        let mut rows = vec![vec![false; whole]; whole.next_multiple_of(2)];
        for (at, colour) in code.to_colors().into_iter().enumerate() {
            rows[at / side + QUIET_ZONE][at % side + QUIET_ZONE] = colour == Color::Dark;
        }
        rows
    }

    #[test]
    fn dark_modules_are_dark_on_every_background() {
        let plain = Look::plain(80);
        let looks = [
            (Look { colour: true, ..plain }, true),
            (Look { light: true, ..plain }, true),
            (Look { light: false, ..plain }, false),
        ];
        for (look, foreground_is_dark) in looks {
            let drawn = qr(look, ADDRESS).expect("fits 80 columns");
            assert_eq!(modules(&drawn, foreground_is_dark), expected(), "{look:?}");
        }
    }

    #[test]
    fn without_unicode_it_is_ascii_and_without_room_it_is_nothing() {
        let plain = Look { unicode: false, ..Look::plain(80) };
        let drawn = qr(plain, ADDRESS).expect("fits 80 columns");
        assert!(drawn.is_ascii() && drawn.lines().all(|line| line.len() <= 80));
        assert!(drawn.starts_with("####"), "the border is light on a dark terminal");
        assert!(qr(Look { light: true, ..plain }, ADDRESS).expect("fits").starts_with("    "));
        assert_eq!(qr(Look::plain(30), ADDRESS), None);
        assert_eq!(qr(Look::plain(500), &"x".repeat(401)), None);
    }
}
