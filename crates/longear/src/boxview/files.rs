//! The files behind the pages: media of items, the style sheet, the icon.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use longear_core::hash::plain;
use longear_net::serve::blob_response;
use longear_pages::{ErrorKind, paths};

use super::asked::Asked;
use super::shelf::{FoundFile, Shelf};
use super::{BoxView, MEDIA, headers, no_page};

/// How many letters of a hash make a tag.
const TAG_LETTERS: usize = 32;

static STYLESHEET_TAG: LazyLock<String> = LazyLock::new(|| tag_of(longear_pages::stylesheet()));
static ICON_TAG: LazyLock<String> = LazyLock::new(|| tag_of(longear_pages::icon()));

/// A file of an item: shown where browsers show such files, or kept with `?save`.
pub(super) async fn media(State(view): State<BoxView>, asked: Asked, requested: HeaderMap) -> Response {
    let visit = asked.visit();
    let place = asked.behind(MEDIA).split_once('/');
    let place = place.and_then(|(id, index)| Some((id.parse().ok()?, index.parse().ok()?)));
    let Some((id, index)) = place else { return no_page(ErrorKind::NotFound, &visit) };
    let rendition = match view.look(move |shelf: &Shelf| shelf.file(&id, index)).await {
        Ok(FoundFile::Here(rendition)) => rendition,
        Ok(FoundFile::Gone) => return no_page(ErrorKind::Gone, &visit),
        Ok(FoundFile::Nothing) => return no_page(ErrorKind::NotFound, &visit),
        Err(kind) => return no_page(kind, &visit),
    };
    let name = longear_pages::file_name(&rendition.name, &rendition.mime);
    let name = asked.has(paths::SAVE_QUERY).then_some(name.as_str());
    let store = view.shelf.store().clone();
    let mut response = blob_response(store, rendition.blob, &rendition.mime, name, &requested).await;
    if response.status().is_success() {
        // Asked about each time, so that what was taken back is not played from the browser's own copy.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    response
}

pub(super) async fn stylesheet(requested: HeaderMap) -> Response {
    headers::own_file("text/css; charset=utf-8", &STYLESHEET_TAG, &requested, longear_pages::stylesheet())
}

pub(super) async fn icon(requested: HeaderMap) -> Response {
    headers::own_file("image/svg+xml", &ICON_TAG, &requested, longear_pages::icon())
}

fn tag_of(content: &str) -> String {
    let letters = plain(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("\"{}\"", &letters[..TAG_LETTERS])
}
