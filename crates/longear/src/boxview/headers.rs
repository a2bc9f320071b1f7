//! What every answer of the box view carries.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use longear_pages::{Language, content_security_policy, content_security_policy_with_forms};

/// A page: never kept by the browser, because a borrowed phone would show it later.
pub(super) fn page(status: StatusCode, language: Language, html: String) -> Response {
    let headers =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store"), (CONTENT_LANGUAGE, language.tag())];
    (status, headers, html).into_response()
}

/// The same thing is at another address of this box now.
pub(super) fn moved(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => {
            let no_store = HeaderValue::from_static("no-store");
            (StatusCode::FOUND, [(LOCATION, to), (CACHE_CONTROL, no_store)]).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What was sent has been dealt with: the browser looks there, and going back sends nothing again.
pub(super) fn seen_after(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => {
            let no_store = HeaderValue::from_static("no-store");
            (StatusCode::SEE_OTHER, [(LOCATION, to), (CACHE_CONTROL, no_store)]).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Marks a page whose forms may be sent, to this box.
#[derive(Clone, Copy, Debug)]
pub(super) struct HasForms;

/// A file of the pages themselves, which the browser may keep; asked again it is answered with its tag only.
pub(super) fn own_file(mime: &'static str, tag: &str, requested: &HeaderMap, content: &'static str) -> Response {
    let is_known = is_known(requested, tag);
    let tag = HeaderValue::from_str(tag).unwrap_or(HeaderValue::from_static("\"\""));
    // A newer box at the same address brings another style sheet, so it is always asked about.
    let headers = [(ETAG, tag), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if is_known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(CONTENT_TYPE, mime)], Body::from(content)).into_response()
}

/// Adds to every answer what protects its reader: no script, no guessing of types, no trace of where they came from.
pub(super) async fn protect(mut response: Response) -> Response {
    let has_forms = response.extensions().get::<HasForms>().is_some();
    add_protection(response.headers_mut());
    if has_forms {
        let fields = response.headers_mut();
        fields.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(content_security_policy_with_forms()));
        // Without it the browser would not say where a form comes from. Other sites are told nothing.
        fields.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    response
}

/// The same for an answer that does not come by a route.
pub(super) fn add_protection(fields: &mut HeaderMap) {
    let wanted: [(HeaderName, &'static str); 3] = [
        (CONTENT_SECURITY_POLICY, content_security_policy()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in wanted {
        fields.insert(name, HeaderValue::from_static(value));
    }
}

/// Whether the browser holds this version already.
fn is_known(requested: &HeaderMap, tag: &str) -> bool {
    let held = requested.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    held.is_some_and(|held| held.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
}
