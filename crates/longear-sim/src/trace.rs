//! Everything that happened in a world, as one hash; and as text for whoever looks for the cause of a failure.

use std::fmt::Write;

/// Hashes the events of a world in their order.
pub struct Trace {
    hasher: blake3::Hasher,
    text: String,
    is_loud: bool,
    /// Events so far.
    pub steps: u64,
}

impl Trace {
    /// An empty trace; a loud one prints every event to standard error.
    pub fn new(is_loud: bool) -> Self {
        Trace { hasher: blake3::Hasher::new(), text: String::new(), is_loud, steps: 0 }
    }

    /// Notes an event.
    pub fn note(&mut self, now_ms: u64, event: std::fmt::Arguments<'_>) {
        self.text.clear();
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{now_ms} {event}");
        self.hasher.update(&(self.text.len() as u64).to_le_bytes()).update(self.text.as_bytes());
        self.steps += 1;
        if self.is_loud {
            eprintln!("{}", self.text);
        }
    }

    /// The hash of all events so far: 16 hex digits.
    pub fn digest(&self) -> String {
        self.hasher.finalize().to_hex()[..16].to_owned()
    }
}
