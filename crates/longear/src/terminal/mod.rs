//! What the command draws: one line that is solid where something is here and dotted where it is not.
//!
//! Every drawing function is pure: it takes a [`Look`] (columns, colour, Unicode) and returns text. [`Screen`] finds
//! the look out and prints; [`Progress`] draws transfers while they run. Text from the network passes [`printable`]
//! inside every drawing function, so that no title can move the cursor or turn the line around.

mod line;
pub mod log;
mod notes;
mod progress;
mod qr;
mod screen;
mod status;
mod story;
mod table;
mod words;

pub use line::{HORIZON_COLUMNS_MAX, RELAY_CELLS, horizon, relay_line};
pub use notes::Notes;
pub use progress::{Progress, Track, Transfer, Unit, transfer_row, words_row};
pub use qr::qr;
pub use screen::Screen;
pub use status::{Beside, ChannelStatus, Fact, channel_status, short_address, store_status};
pub use story::story_row;
pub use table::{Align, Cell, Column, table};
pub use words::{
    age, amount, bytes, columns, grouped, pad, percent, printable, printable_block, spent, time_left, wrap,
};

/// Says what a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns to draw in.
    pub width: usize,
    /// Whether colour may be used; it only ever repeats what a word or a shape says.
    pub colour: bool,
    /// Whether box-drawing characters can be shown; otherwise `#` and `.` stand for them.
    pub unicode: bool,
    /// Whether the background is known to be light; matters for QR codes without colour.
    pub light: bool,
}

impl Look {
    /// Returns the look of a Unicode terminal without colour.
    pub const fn plain(width: usize) -> Self {
        Self { width, colour: false, unicode: true, light: false }
    }

    /// Wraps text in a colour, if there is colour.
    pub fn tinted(self, tint: Tint, text: &str) -> String {
        let code = match tint {
            Tint::Ink => "",
            Tint::Strong => "1",
            Tint::Way => "32",
            Tint::Edge => "2",
            Tint::Sun => "33",
            Tint::Madder => "1;31",
        };
        if !self.colour || code.is_empty() || text.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Names the few colours by what they mean; the terminal's own palette decides how they look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tint {
    /// The terminal's own text colour.
    #[default]
    Ink,
    /// Headings.
    Strong,
    /// Here, and checked.
    Way,
    /// Not here yet; quiet things.
    Edge,
    /// The newest word.
    Sun,
    /// Forged, refused, disputed; nothing else.
    Madder,
}
