//! What is printed on a ticket: its secret as one word, which people can type.

use zeroize::Zeroizing;

use super::name::RoomId;
use super::ticket::TicketKey;
use crate::hash::labelled;

/// What every ticket's word begins with.
const SCHEME: &str = "longear-ticket:";
/// RFC 4648 §6, in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Bytes of the secret: nobody tries 2¹²⁸.
const SECRET_BYTES: usize = 16;
/// Bytes of the room's ID: enough to find the room among those that somebody knows.
const ROOM_BYTES: usize = 2;
/// The secret, the beginning of the room's ID, and two bytes that find a slip of the pen.
const BYTES: usize = SECRET_BYTES + ROOM_BYTES + 2;
/// Letters of a word.
const LETTERS: usize = BYTES * 8 / 5;

/// The secret of a ticket, and for which room it is. It has no `Debug`, and is wiped from memory when dropped.
#[derive(Clone)]
pub struct TicketWord {
    secret: Zeroizing<[u8; SECRET_BYTES]>,
    room: [u8; ROOM_BYTES],
}

/// Says why a word is no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketWordError {
    /// It is something else.
    #[error("a ticket begins with {SCHEME}")]
    Scheme,
    /// Letters are missing, or there are too many.
    #[error("a ticket has {LETTERS} letters and digits behind {SCHEME}")]
    Length,
    /// A letter that no ticket has.
    #[error("a ticket has only the letters a to z and the digits 2 to 7")]
    Letter,
    /// It was typed with a slip.
    #[error("a letter of the ticket is wrong")]
    Slip,
}

impl TicketWord {
    /// A ticket for a room from random bytes; the caller brings the randomness.
    pub fn new(secret: [u8; SECRET_BYTES], room: &RoomId) -> Self {
        let [a, b, ..] = room.0;
        TicketWord { secret: Zeroizing::new(secret), room: [a, b] }
    }

    /// The key that vouches for a writer.
    pub fn key(&self) -> TicketKey {
        TicketKey::from_seed(labelled("ticket seed", &[&*self.secret]))
    }

    /// Whether it is for this room, as far as the word tells: one room in 65,536 looks the same.
    pub fn is_for(&self, room: &RoomId) -> bool {
        room.0.starts_with(&self.room)
    }

    /// The word, to be printed.
    pub fn word(&self) -> Zeroizing<String> {
        let bytes = self.bytes();
        let bit = |index: usize| bytes[index / 8] >> (7 - index % 8) & 1;
        let mut word = Zeroizing::new(String::with_capacity(SCHEME.len() + LETTERS));
        word.push_str(SCHEME);
        for letter in 0..LETTERS {
            let value = (0..5).fold(0, |value, offset| value << 1 | bit(letter * 5 + offset));
            word.push(char::from(ALPHABET[usize::from(value)]));
        }
        word
    }

    /// Reads a word. Spaces, hyphens and capitals do not matter.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, TicketWordError> {
        let letters = text.chars().filter(|letter| !letter.is_whitespace());
        let text = Zeroizing::new(letters.collect::<String>().to_ascii_lowercase());
        let letters = text.strip_prefix(SCHEME).ok_or(TicketWordError::Scheme)?;
        let mut bits = Zeroizing::new(Vec::with_capacity(LETTERS * 5));
        for letter in letters.chars().filter(|letter| *letter != '-') {
            let value =
                ALPHABET.iter().position(|known| char::from(*known) == letter).ok_or(TicketWordError::Letter)?;
            if bits.len() == LETTERS * 5 {
                return Err(TicketWordError::Length);
            }
            bits.extend((0..5).rev().map(|shift| (value >> shift & 1) as u8));
        }
        if bits.len() != LETTERS * 5 {
            return Err(TicketWordError::Length);
        }
        let mut bytes = Zeroizing::new([0; BYTES]);
        let octets = bits.chunks(8).map(|bits| bits.iter().fold(0u8, |byte, bit| byte << 1 | bit));
        bytes.iter_mut().zip(octets).for_each(|(byte, octet)| *byte = octet);
        let mut ticket = TicketWord { secret: Zeroizing::new([0; SECRET_BYTES]), room: [0; ROOM_BYTES] };
        ticket.secret.copy_from_slice(&bytes[..SECRET_BYTES]);
        ticket.room.copy_from_slice(&bytes[SECRET_BYTES..SECRET_BYTES + ROOM_BYTES]);
        if *ticket.bytes() == *bytes { Ok(ticket) } else { Err(TicketWordError::Slip) }
    }

    fn bytes(&self) -> Zeroizing<[u8; BYTES]> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        bytes[..SECRET_BYTES].copy_from_slice(&*self.secret);
        bytes[SECRET_BYTES..SECRET_BYTES + ROOM_BYTES].copy_from_slice(&self.room);
        let check = labelled("ticket word", &[&bytes[..SECRET_BYTES + ROOM_BYTES]]);
        bytes[SECRET_BYTES + ROOM_BYTES..].copy_from_slice(&check[..2]);
        bytes
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId([0xa7; 32]);

    fn error(word: &str) -> TicketWordError {
        TicketWord::read(word).err().unwrap()
    }

    #[test]
    fn a_ticket_is_read_as_people_type_it() {
        let ticket = TicketWord::new([0x3c; 16], &ROOM);
        let word = ticket.word();
        assert_eq!(word.len(), SCHEME.len() + 32);
        let (front, back) = word.split_at(SCHEME.len() + 16);
        for typed in [word.to_string(), format!(" {front} - {back}\n"), word.to_ascii_uppercase()] {
            let read = TicketWord::read(&typed).ok().unwrap();
            assert_eq!(read.key().entry(&ROOM), ticket.key().entry(&ROOM));
            assert!(read.is_for(&ROOM) && !read.is_for(&RoomId([1; 32])));
        }
    }

    #[test]
    fn what_is_no_ticket_is_refused_with_its_reason() {
        let word = TicketWord::new([0x3c; 16], &ROOM).word();
        assert_eq!(error(&word[1..]), TicketWordError::Scheme);
        assert_eq!(error(&word[..word.len() - 1]), TicketWordError::Length);
        assert_eq!(error(&format!("{}a", *word)), TicketWordError::Length);
        // What stands behind one letter too many is not looked at.
        assert_eq!(error(&format!("{}a1", *word)), TicketWordError::Length);
        assert_eq!(error(&format!("{}1", &word[..word.len() - 1])), TicketWordError::Letter);
        for at in SCHEME.len()..word.len() {
            let other = if &word[at..=at] == "a" { "b" } else { "a" };
            let mut typed = word.to_string();
            typed.replace_range(at..=at, other);
            assert_eq!(error(&typed), TicketWordError::Slip, "{at}");
        }
    }
}
