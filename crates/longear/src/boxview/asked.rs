//! What a request asks for: a language and a few short values.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use longear_pages::{Language, Visit, paths};

use super::now_ms;

/// How many values of a query are looked at.
const QUERY_VALUES_MAX: usize = 16;

/// How many bytes of a query are looked at.
const QUERY_BYTES_MAX: usize = 1_024;

/// The one value that people type.
const TYPED: &str = "q=";

/// The part of a request that decides what its page looks like.
pub(super) struct Asked {
    path: String,
    query: String,
    /// What was typed into a field of a form, as it came.
    typed: String,
    accepts: Language,
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let accepted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let accepts = Language::from_accept_language(accepted.unwrap_or_default());
        Ok(Asked::new(parts.uri.path(), parts.uri.query().unwrap_or_default(), accepts))
    }
}

impl Asked {
    fn new(path: &str, query: &str, accepts: Language) -> Self {
        // Our own links use nothing but these characters, so that nothing needs decoding; other values are nobody's.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=&".contains(&byte);
        let (typed, chosen): (Vec<&str>, Vec<&str>) = match query.len() {
            0..=QUERY_BYTES_MAX => query.split('&').partition(|pair| pair.starts_with(TYPED)),
            _ => (Vec::new(), vec![query]),
        };
        let query = chosen.join("&");
        let sane = query.len() <= QUERY_BYTES_MAX && query.bytes().all(plain);
        let typed = typed.first().map_or("", |pair| &pair[TYPED.len()..]).to_owned();
        Asked { path: path.to_owned(), query: if sane { query } else { String::new() }, typed, accepts }
    }

    /// What stands behind `prefix` in the path, undecoded: nothing in our own paths needs decoding.
    pub(super) fn behind(&self, prefix: &str) -> &str {
        self.path.strip_prefix(prefix).unwrap_or_default()
    }

    /// The query as it may be repeated in an address.
    pub(super) fn query(&self) -> &str {
        &self.query
    }

    /// A value of the query.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let values = self.query.split('&').take(QUERY_VALUES_MAX);
        let mut pairs = values.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether the query has this name, with a value or without.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The words that somebody looks for, decoded; `None` if there are none.
    pub(super) fn words(&self) -> Option<String> {
        let spaced = self.typed.replace('+', " ");
        let words = percent_encoding::percent_decode_str(&spaced).decode_utf8().ok()?.trim().to_owned();
        (!words.is_empty()).then_some(words)
    }

    /// Language and time: the language that was chosen by a link, or else the browser's.
    pub(super) fn visit(&self) -> Visit {
        let chosen = self.value(paths::LANGUAGE_QUERY).and_then(Language::from_tag);
        Visit { language: chosen.unwrap_or(self.accepts), language_chosen: chosen.is_some(), now_ms: now_ms() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_chooses_before_the_browser_does() {
        let asked = Asked::new("/", "page=2&lang=kk&save", Language::Russian);
        assert_eq!((asked.visit().language, asked.visit().language_chosen), (Language::Kazakh, true));
        assert_eq!((asked.value("page"), asked.has("save"), asked.has("form")), (Some("2"), true, false));
        let unknown = Asked::new("/", "lang=xx", Language::Russian);
        assert_eq!((unknown.visit().language, unknown.visit().language_chosen), (Language::Russian, false));
    }

    #[test]
    fn what_somebody_typed_is_read_beside_what_links_say() {
        let asked = Asked::new("/", "lang=kk&q=%D1%81%D1%83+%3Cb%3E&x=1", Language::English);
        assert_eq!(asked.words().as_deref(), Some("су <b>"));
        assert_eq!((asked.visit().language, asked.query()), (Language::Kazakh, "lang=kk&x=1"));
        for empty in ["", "q=", "q=+%20", "q=%FF"] {
            assert_eq!(Asked::new("/", empty, Language::English).words(), None, "{empty}");
        }
    }

    #[test]
    fn what_our_links_never_say_is_not_heard() {
        for query in ["lang=kk%22", "lang=kk&x=<b>", &format!("lang=kk&{}", "a".repeat(QUERY_BYTES_MAX))] {
            let asked = Asked::new("/", query, Language::English);
            assert_eq!((asked.visit().language, asked.query()), (Language::English, ""), "{query}");
        }
    }
}
