//! The reader app at `/app/`, for those who come with HTTPS or have it installed already.

use axum::Router;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use longear_core::hash::plain;

use crate::app::{self, AppFile};

/// How many bytes of a hash make a tag.
const TAG_BYTES: usize = 16;

/// What the app's page may do; its own `meta` element says the rest.
const POLICY: HeaderValue = HeaderValue::from_static("frame-ancestors 'none'");

/// Answers the app's files. Without an app in this program there are no routes, and the box says that it is not here.
pub fn router() -> Router {
    let mut router = Router::new();
    for file in app::files() {
        let tag = tag(file.plain);
        let answer = move |asked: HeaderMap| async move { answer(file, &tag, &asked) };
        if file.path == app::INDEX {
            router = router.route(&format!("/{}/", app::FOLDER), get(answer.clone()));
            let folder = format!("{}/", app::FOLDER);
            router = router.route(&format!("/{}", app::FOLDER), get(|| async move { Redirect::permanent(&folder) }));
        }
        router = router.route(&format!("/{}/{}", app::FOLDER, file.path), get(answer));
    }
    router
}

fn answer(file: &'static AppFile, tag: &str, asked: &HeaderMap) -> Response {
    let accepts = |name: &str| accepts(asked, name);
    let (bytes, encoding) = match () {
        () if accepts("br") => (file.brotli, Some("br")),
        () if accepts("gzip") => (file.gzip, Some("gzip")),
        () => (file.plain, None),
    };
    let known = asked.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { bytes.into_response() };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(app::media_type(file.path)));
    // A newer box brings a newer app at the same address.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(VARY, HeaderValue::from_name(ACCEPT_ENCODING));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(ETAG, tag);
    }
    if let (Some(encoding), false) = (encoding, known) {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether the browser unpacks this by itself. `;q=0` says no.
fn accepts(asked: &HeaderMap, encoding: &str) -> bool {
    let list = asked.get(ACCEPT_ENCODING).and_then(|list| list.to_str().ok()).unwrap_or_default();
    list.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        name.trim().eq_ignore_ascii_case(encoding) && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

fn tag(bytes: &[u8]) -> String {
    let hash = plain(bytes);
    // Weak: the packed copies are other bytes with the same meaning.
    format!("W/\"{}\"", hash[..TAG_BYTES].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    static FILE: AppFile = AppFile { path: "words/kk.json", plain: b"plain", gzip: b"gzip", brotli: b"brotli" };

    fn asked(name: axum::http::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_browser_gets_what_it_unpacks_and_nothing_else() {
        for (said, encoding) in [("gzip, deflate, br", Some("br")), ("GZIP", Some("gzip")), ("br;q=0, identity", None)]
        {
            let response = answer(&FILE, "W/\"1\"", &asked(ACCEPT_ENCODING, said));
            let given = response.headers().get(CONTENT_ENCODING).map(|given| given.to_str().expect("it is ASCII"));
            assert_eq!(given, encoding, "{said}");
            assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        }
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let tag = tag(FILE.plain);
        let known = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_str(&tag).expect("it is ASCII"))]);
        assert_eq!(answer(&FILE, &tag, &known).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer(&FILE, &tag, &asked(IF_NONE_MATCH, "W/\"other\"")).status(), StatusCode::OK);
    }
}
