//! What a request asks of an object of known size: RFC 9110, sections 13 and 14.

use std::ops::Range;

use axum::http::HeaderMap;
use axum::http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};

/// What is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of it.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Nothing: the asker has it.
    NotModified,
    /// Nothing: the object has no such bytes.
    Unsatisfiable,
}

impl Asked {
    /// Reads the headers of a request for an object with this tag and size.
    pub(super) fn read(headers: &HeaderMap, etag: &str, size: u64) -> Self {
        if is_known(headers, etag) {
            return Asked::NotModified;
        }
        // A tag of another version makes the range meaningless; so does a date, as objects have none.
        let is_fresh = headers.get(IF_RANGE).is_none_or(|tag| tag.as_bytes() == etag.as_bytes());
        let mut ranges = headers.get_all(RANGE).iter();
        match (ranges.next(), ranges.next()) {
            (Some(range), None) if is_fresh => range.to_str().map_or(Asked::Whole, |range| read_range(range, size)),
            _ => Asked::Whole,
        }
    }
}

/// Whether the asker named this tag as one it has.
pub(super) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get_all(IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    tags.flat_map(|tags| tags.split(',')).map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// Reads one range. Several at once, other units and nonsense are answered with the whole, as the RFC allows.
fn read_range(text: &str, size: u64) -> Asked {
    let Some(range) = text.split_once('=').filter(|(unit, _)| unit.trim().eq_ignore_ascii_case("bytes")) else {
        return Asked::Whole;
    };
    let Some((first, last)) = range.1.trim().split_once('-') else { return Asked::Whole };
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        return match read_number(last) {
            None => Asked::Whole,
            Some(0) => Asked::Unsatisfiable,
            Some(_) if size == 0 => Asked::Unsatisfiable,
            Some(count) => Asked::Part(size.saturating_sub(count)..size),
        };
    }
    let Some(first) = read_number(first) else { return Asked::Whole };
    let last = match last {
        "" => Some(u64::MAX),
        last => read_number(last),
    };
    match last {
        None => Asked::Whole,
        Some(last) if last < first => Asked::Whole,
        Some(_) if first >= size => Asked::Unsatisfiable,
        Some(last) => Asked::Part(first..size.min(last.saturating_add(1))),
    }
}

/// Digits only; what is too large for a number is larger than any object.
fn read_number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edge_of_a_range_is_answered() {
        let cases = [
            ("bytes=0-0", 10, Asked::Part(0..1)),
            ("bytes=0-9", 10, Asked::Part(0..10)),
            ("bytes=9-9", 10, Asked::Part(9..10)),
            ("bytes=9-", 10, Asked::Part(9..10)),
            ("bytes=3-99", 10, Asked::Part(3..10)),
            ("bytes=0-18446744073709551615", 10, Asked::Part(0..10)),
            ("bytes=0-99999999999999999999999", 10, Asked::Part(0..10)),
            ("bytes=10-", 10, Asked::Unsatisfiable),
            ("bytes=99999999999999999999999-", 10, Asked::Unsatisfiable),
            ("bytes=-1", 10, Asked::Part(9..10)),
            ("bytes=-10", 10, Asked::Part(0..10)),
            ("bytes=-99", 10, Asked::Part(0..10)),
            ("bytes=-0", 10, Asked::Unsatisfiable),
            ("bytes=0-", 0, Asked::Unsatisfiable),
            ("bytes=-5", 0, Asked::Unsatisfiable),
            ("BYTES = 1-2", 10, Asked::Part(1..3)),
            ("bytes=5-4", 10, Asked::Whole),
            ("bytes=0-1,3-4", 10, Asked::Whole),
            ("bytes=a-b", 10, Asked::Whole),
            ("bytes=+1-2", 10, Asked::Whole),
            ("bytes=--1", 10, Asked::Whole),
            ("bytes=-", 10, Asked::Whole),
            ("bytes", 10, Asked::Whole),
            ("items=0-1", 10, Asked::Whole),
        ];
        for (text, size, expected) in cases {
            assert_eq!(read_range(text, size), expected, "{text} of {size}");
        }
    }
}
