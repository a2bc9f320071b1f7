//! Draws a QR code as SVG path data.

use qrcode::{Color, EcLevel, QrCode};

/// The light margin that scanners need, in modules.
const QUIET_ZONE: usize = 4;

/// A QR code as a drawing.
pub(crate) struct QrDrawing {
    /// The side of the square drawing, quiet zone included, in modules.
    pub(crate) side: usize,
    /// Path data of the dark modules.
    pub(crate) path: String,
}

/// Draws `text`; none when it is too long for any QR code.
pub(crate) fn draw(text: &str) -> Option<QrDrawing> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let modules = code.to_colors();
    let mut path = String::new();
    for (row, colors) in modules.chunks(width).enumerate() {
        let mut column = 0;
        while column < width {
            let run = colors[column..].iter().take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                let (x, y) = (column + QUIET_ZONE, row + QUIET_ZONE);
                path.push_str(&format!("M{x} {y}h{run}v1h-{run}z"));
            }
            column += run.max(1);
        }
    }
    Some(QrDrawing { side: width + 2 * QUIET_ZONE, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_has_the_finder_patterns_and_a_quiet_zone() {
        let drawing = draw("longear:k4vq2m7xw3hd6z5rjnapt2ycfba7sgeu4v3k6mq5xwhdzrt3ea").expect("fits");
        assert!(drawing.path.starts_with("M4 4h7v1h-7z"), "{}", &drawing.path[..40]);
        let right = drawing.side - QUIET_ZONE - 7;
        assert!(drawing.path.contains(&format!("M{right} 4h7v1h-7z")));
        assert!(draw(&"x".repeat(5_000)).is_none());
    }
}
