//! A channel's address as text, and its 30 digits. Specified in `docs/spec/address.md`.

use core::fmt;
use core::str::FromStr;

use crate::hash::labelled;
use crate::id::ChannelId;
use crate::limits::{HINT_BYTES_MAX, HINTS_MAX};

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const SCHEME: &str = "longear:";
const CHARACTERS: usize = 52;

/// What a reader follows: a channel, and perhaps carriers to ask first.
///
/// ```
/// use longear_core::{Address, ChannelId};
/// let address = Address::new(ChannelId([7; 32]));
/// assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The channel.
    pub channel: ChannelId,
    /// Where to ask; never whom to believe.
    pub hints: Vec<String>,
}

/// A text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not 52 characters of base32 after `longear:`.
    #[error("an address is longear: and 52 letters and digits (a-z, 2-7)")]
    Form,
    /// The check letters do not fit.
    #[error("a character of the address is wrong; copy it once more")]
    Checksum,
    /// Hints are malformed, too long or too many.
    #[error("the part of the address after ? is not understood")]
    Hints,
}

impl Address {
    /// The address of a channel, without hints.
    pub fn new(channel: ChannelId) -> Self {
        Address { channel, hints: Vec::new() }
    }

    /// Six groups of five digits, to be read aloud. They locate a channel; the ID decides.
    pub fn digits(&self) -> String {
        let hash = labelled("digits", &[&self.channel.0]);
        let mut low = [0; 16];
        low.copy_from_slice(&hash[..16]);
        let number = u128::from_le_bytes(low) % 10u128.pow(30);
        let digits = format!("{number:030}");
        let groups = (0..6).map(|group| &digits[group * 5..group * 5 + 5]);
        groups.collect::<Vec<_>>().join(" ")
    }
}

fn checksum(channel: &ChannelId) -> u8 {
    labelled("address", &[&channel.0])[0] >> 4
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        let bit = |index: usize| match index {
            0..256 => self.channel.0[index / 8] >> (7 - index % 8) & 1,
            _ => checksum(&self.channel) >> (259 - index) & 1,
        };
        for character in 0..CHARACTERS {
            let value = (0..5).fold(0, |value, offset| value << 1 | bit(character * 5 + offset));
            write!(f, "{}", char::from(ALPHABET[usize::from(value)]))?;
        }
        for (index, hint) in self.hints.iter().enumerate() {
            write!(f, "{}at={}", if index == 0 { '?' } else { '&' }, percent_encode(hint))?;
        }
        Ok(())
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let compact = text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let (code, query) = match compact.split_once('?') {
            Some((code, query)) => (code, Some(query)),
            None => (compact.as_str(), None),
        };
        let code = code.to_ascii_lowercase();
        let code = code.strip_prefix(SCHEME).unwrap_or(&code).as_bytes();
        if code.len() != CHARACTERS {
            return Err(AddressError::Form);
        }
        let mut bits = Vec::with_capacity(CHARACTERS * 5);
        for character in code {
            let value = ALPHABET.iter().position(|known| known == character).ok_or(AddressError::Form)?;
            bits.extend((0..5).rev().map(|shift| (value >> shift & 1) as u8));
        }
        let byte = |bits: &[u8]| bits.iter().fold(0u8, |byte, bit| byte << 1 | bit);
        let mut id = [0; 32];
        id.iter_mut().zip(bits.chunks(8)).for_each(|(out, bits)| *out = byte(bits));
        let channel = ChannelId(id);
        if byte(&bits[256..]) != checksum(&channel) {
            return Err(AddressError::Checksum);
        }
        let hints = query.map_or(Ok(Vec::new()), parse_hints)?;
        Ok(Address { channel, hints })
    }
}

fn parse_hints(query: &str) -> Result<Vec<String>, AddressError> {
    let hints = query.split('&').map(|pair| {
        let hint = pair.strip_prefix("at=").and_then(percent_decode);
        hint.filter(|hint| !hint.is_empty() && hint.len() <= HINT_BYTES_MAX).ok_or(AddressError::Hints)
    });
    let hints = hints.collect::<Result<Vec<_>, _>>()?;
    if hints.len() > HINTS_MAX { Err(AddressError::Hints) } else { Ok(hints) }
}

fn percent_encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'/' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let decoded = if byte == b'%' {
            let pair = [rest.next()?, rest.next()?];
            u8::from_str_radix(core::str::from_utf8(&pair).ok()?, 16).ok()?
        } else {
            byte
        };
        bytes.push(decoded);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_spaces_capitals_and_hints() {
        let mut address = Address::new(ChannelId(core::array::from_fn(|i| i as u8 * 7)));
        address.hints = vec!["https://mirror.example/a b?c".into(), "http://192.168.43.1".into()];
        let text = address.to_string();
        assert_eq!(text.parse::<Address>(), Ok(address.clone()));
        let plain = text.split('?').next().unwrap().to_uppercase();
        let spaced = format!(" {} {}", &plain[..20], &plain[20..]);
        assert_eq!(spaced.parse::<Address>().unwrap().channel, address.channel);
    }

    #[test]
    fn a_wrong_letter_is_noticed_fifteen_times_in_sixteen() {
        let text = Address::new(ChannelId([9; 32])).to_string();
        let mut noticed = 0;
        for letter in ALPHABET {
            let mut wrong = text.clone().into_bytes();
            wrong[20] = *letter;
            let wrong = String::from_utf8(wrong).unwrap();
            noticed += usize::from(wrong.parse::<Address>() == Err(AddressError::Checksum));
        }
        assert!(noticed >= 24, "{noticed} of 31 slips noticed");
    }

    #[test]
    fn digits_are_six_groups_of_five() {
        let digits = Address::new(ChannelId([1; 32])).digits();
        assert_eq!(digits.split(' ').map(str::len).collect::<Vec<_>>(), [5; 6]);
        assert!(digits.bytes().all(|b| b == b' ' || b.is_ascii_digit()));
    }
}
