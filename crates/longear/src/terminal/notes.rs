//! Notes of a process that runs for long.

use super::Screen;

/// Says what is wrong once, not every minute.
#[derive(Debug)]
pub struct Notes {
    screen: Screen,
    said: Vec<String>,
}

impl Notes {
    /// Nothing was said yet.
    pub fn new(screen: Screen) -> Self {
        Notes { screen, said: Vec::new() }
    }

    /// Says what was not said the time before.
    pub fn say(&mut self, notes: Vec<String>) {
        for note in notes.iter().filter(|note| !self.said.contains(note)) {
            self.screen.note(note);
        }
        self.said = notes;
    }
}
