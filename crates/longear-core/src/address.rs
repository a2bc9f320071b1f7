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
    /// It does not begin with `longear:`.
    #[error("an address begins with longear:")]
    Scheme,
    /// A character that no address has.
    #[error("an address has only the letters a-z and the digits 2-7 after longear:")]
    Letter,
    /// Fewer than 52 characters.
    #[error("the address is cut short; it has 52 letters and digits after longear:")]
    Short,
    /// More than 52 characters.
    #[error("the address is too long; it has 52 letters and digits after longear:")]
    Long,
    /// The check bits do not fit.
    #[error("a character of the address is wrong; copy it once more")]
    Checksum,
    /// More than [`HINTS_MAX`] hints.
    #[error("the address names more than {HINTS_MAX} places to ask")]
    HintCount,
    /// A hint of more than [`HINT_BYTES_MAX`] bytes.
    #[error("a place to ask in the address is longer than {HINT_BYTES_MAX} bytes")]
    HintLength,
    /// A hint that is empty or wrongly percent-encoded.
    #[error("the part of the address after ? is not understood")]
    Hint,
    /// A hint that is no text.
    #[error("a place to ask in the address is not UTF-8")]
    HintText,
}

impl AddressError {
    /// The stable code of the reason, as in `docs/spec/`.
    pub fn code(&self) -> &'static str {
        match self {
            AddressError::Scheme => "bad-magic",
            AddressError::Letter | AddressError::Hint => "bad-value",
            AddressError::Short => "truncated",
            AddressError::Long => "trailing-bytes",
            AddressError::Checksum => "bad-checksum",
            AddressError::HintCount => "too-many",
            AddressError::HintLength => "too-long",
            AddressError::HintText => "not-utf8",
        }
    }
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
        let compact = text.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect::<String>();
        let scheme = compact.get(..SCHEME.len()).ok_or(AddressError::Scheme)?;
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(AddressError::Scheme);
        }
        let (code, query) = match compact[SCHEME.len()..].split_once('?') {
            Some((code, query)) => (code, query),
            None => (&compact[SCHEME.len()..], ""),
        };
        let mut bits = Vec::with_capacity(CHARACTERS * 5);
        for character in code.chars().take(CHARACTERS) {
            let letter = u8::try_from(character.to_ascii_lowercase()).map_err(|_| AddressError::Letter)?;
            let value = ALPHABET.iter().position(|known| *known == letter).ok_or(AddressError::Letter)?;
            bits.extend((0..5).rev().map(|shift| (value >> shift & 1) as u8));
        }
        match code.chars().count() {
            0..CHARACTERS => return Err(AddressError::Short),
            CHARACTERS => {}
            _ => return Err(AddressError::Long),
        }
        let byte = |bits: &[u8]| bits.iter().fold(0u8, |byte, bit| byte << 1 | bit);
        let mut id = [0; 32];
        id.iter_mut().zip(bits.chunks(8)).for_each(|(out, bits)| *out = byte(bits));
        let channel = ChannelId(id);
        if byte(&bits[256..]) != checksum(&channel) {
            return Err(AddressError::Checksum);
        }
        Ok(Address { channel, hints: parse_hints(query)? })
    }
}

/// The values of `at`; parameters of other names are for others.
fn parse_hints(query: &str) -> Result<Vec<String>, AddressError> {
    let mut hints = Vec::new();
    for value in query.split('&').filter_map(|part| part.strip_prefix("at").filter(|rest| is_value(rest))) {
        if hints.len() == HINTS_MAX {
            return Err(AddressError::HintCount);
        }
        let bytes = percent_decode(value.strip_prefix('=').unwrap_or(value))?;
        if bytes.len() > HINT_BYTES_MAX {
            return Err(AddressError::HintLength);
        }
        if bytes.is_empty() {
            return Err(AddressError::Hint);
        }
        hints.push(String::from_utf8(bytes).map_err(|_| AddressError::HintText)?);
    }
    Ok(hints)
}

fn is_value(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('=')
}

fn percent_encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn percent_decode(text: &str) -> Result<Vec<u8>, AddressError> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16)).ok_or(AddressError::Hint);
        bytes.push(if byte == b'%' { (digit()? << 4 | digit()?) as u8 } else { byte });
    }
    Ok(bytes)
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
