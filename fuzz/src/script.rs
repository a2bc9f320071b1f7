//! Bytes as a list of small decisions, for targets that do more than read one object.

/// Reads decisions front to back; at its end nothing more happens.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    /// Starts at the beginning of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Script { rest: bytes }
    }

    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// The next two bytes as a number; zeros at the end.
    pub fn short(&mut self) -> usize {
        usize::from(self.byte().unwrap_or(0)) | usize::from(self.byte().unwrap_or(0)) << 8
    }

    /// The next eight bytes as a number; zeros at the end.
    pub fn number(&mut self) -> u64 {
        (0..8).fold(0, |number, place| number | u64::from(self.byte().unwrap_or(0)) << (8 * place))
    }

    /// The next bytes, at most as many.
    pub fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// All bytes that are left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }
}

/// Spoils bytes as a script says: flips, cuts, grows, copies.
pub fn spoil(bytes: &mut Vec<u8>, script: &mut Script<'_>) {
    while let (Some(step), false) = (script.byte(), bytes.is_empty()) {
        let at = script.short() % bytes.len();
        match step % 8 {
            0..=3 => bytes[at] ^= script.byte().unwrap_or(1),
            4 => bytes.truncate(at),
            5 => drop(bytes.splice(at..at, script.bytes(usize::from(step >> 3)).iter().copied())),
            6 => drop(bytes.drain(at..(at + usize::from(step >> 3)).min(bytes.len()))),
            _ => {
                let to = script.short() % bytes.len();
                let count = 32.min(bytes.len() - at.max(to));
                bytes.copy_within(at..at + count, to);
            }
        }
    }
}
