//! Decides which addresses in a post may become links. Nothing is ever loaded from them without a tap.

/// The longest address that becomes a link, in bytes.
const ADDRESS_BYTES_MAX: usize = 2048;

/// How many characters of an address are shown beside the link.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// An address that may be a link.
pub(crate) struct Link<'a> {
    /// What goes into `href`.
    pub(crate) href: &'a str,
    /// What the reader sees of it: all of it, or its start up to the limit.
    pub(crate) shown: String,
}

/// Checks an address written by a publisher; none means that it stays plain text.
///
/// Only plain ASCII `http`, `https`, `mailto` and `longear` addresses pass: no credentials before the host, which
/// make one site look like another, no backslashes, which browsers turn into slashes, no look-alike letters.
pub(crate) fn check(address: &str) -> Option<Link<'_>> {
    let plain =
        address.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'<' | b'>' | b'"' | b'`'));
    if !plain || address.len() > ADDRESS_BYTES_MAX {
        return None;
    }
    let (scheme, rest) = address.split_once(':')?;
    let fits = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => has_plain_host(rest),
        "mailto" => rest.contains('@'),
        "longear" => !rest.is_empty() && rest.bytes().all(|byte| byte != b':'),
        _ => false,
    };
    fits.then(|| Link { href: address, shown: shorten(address) })
}

fn has_plain_host(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix("//") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    !authority.is_empty() && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

fn shorten(address: &str) -> String {
    match address.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        Some((cut, _)) => format!("{}…", &address[..cut]),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_pass() {
        for address in [
            "https://example.org/a?b=c#d",
            "http://192.0.2.7:8080/",
            "HTTPS://Example.org",
            "http://[2001:db8::1]/",
            "mailto:desk@example.org",
            "longear:k4vq2m7xw3hd6z5rjnapt2ycfba7sgeu4v3k6mq5xwhdzrt3ea",
        ] {
            assert!(check(address).is_some(), "{address}");
        }
    }

    #[test]
    fn deceiving_addresses_stay_text() {
        for address in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,<script>",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:http://x/1",
            "intent://x#Intent;end",
            "//example.org/",
            "/item/1",
            "https:example.org",
            "https://",
            "https://bank.example@evil.example/",
            "https:\\\\evil.example",
            "https://xn\u{430}mple.org/",
            "https://example.org/\u{202E}gpj",
            "https://exa%6dple.org/",
            "longear:",
            "mailto:",
            "",
        ] {
            assert!(check(address).is_none(), "{address:?}");
        }
        assert!(check(&format!("https://example.org/{}", "a".repeat(ADDRESS_BYTES_MAX))).is_none());
    }

    #[test]
    fn long_addresses_are_shown_in_part_with_their_host() {
        let address = format!("https://example.org/{}", "a".repeat(500));
        let link = check(&address).expect("plain");
        assert_eq!(link.href, address);
        assert!(link.shown.starts_with("https://example.org/aaa"));
        assert_eq!(link.shown.chars().count(), SHOWN_CHARACTERS_MAX + 1);
    }
}
