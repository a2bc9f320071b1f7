//! What a stranger's browser asks of a box: ranges and tags.

#[path = "../../../crates/longear-net/src/serve/conditions.rs"]
#[allow(dead_code)]
mod conditions;

use axum::http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderValue};
use conditions::Asked;

use crate::script::Script;

const ETAG: &str = "\"00112233445566778899aabbccddeeff\"";

/// Requests: a part lies within the object and is not empty, and a plain range is answered with just its bytes.
pub fn conditions(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let size = match script.byte().unwrap_or(0) {
        small @ 0..=199 => u64::from(small),
        _ => script.number(),
    };
    let text = String::from_utf8_lossy(script.rest()).into_owned();
    let mut headers = HeaderMap::new();
    let mut lines = text.split('\n');
    for (name, line) in [RANGE, IF_RANGE, IF_NONE_MATCH, RANGE].into_iter().zip(&mut lines) {
        if let (Ok(value), false) = (HeaderValue::from_str(line), line.is_empty()) {
            headers.append(name, value);
        }
    }
    let asked = Asked::read(&headers, ETAG, size);
    if let Asked::Part(part) = &asked {
        assert!(part.start < part.end && part.end <= size, "{part:?} of {size}");
    }
    let only_range = headers.len() == 1 && headers.contains_key(RANGE);
    let plain = headers.get(RANGE).and_then(|range| plain_range(range.to_str().ok()?)).filter(|_| only_range);
    if let Some((first, last)) = plain {
        let expected = match first <= last {
            false => Asked::Whole,
            true if first >= size => Asked::Unsatisfiable,
            true => Asked::Part(first..size.min(last + 1)),
        };
        assert_eq!(asked, expected, "{first}-{last} of {size}");
    }
}

/// `bytes=FIRST-LAST` in the plainest spelling.
fn plain_range(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| {
        let is_plain = !text.is_empty() && text.len() < 16 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u64>().ok().filter(|_| is_plain)
    };
    Some((number(first)?, number(last)?))
}
