//! Broadcasts over HTTP, for players that know nothing of us.
//!
//! `/live/<item>/index.m3u8` lists the renditions, `/live/<item>/<rendition>.m3u8` the segments of one. `?from=` and `?to=`
//! (milliseconds since the broadcast began) ask for what was; `?gaps` names what is missing, for players that know gaps.
//! `/live/<item>/<rendition>.mp4` is the recording, once the broadcast is over and all of it is here.

mod broadcast;
mod codecs;
mod pieces;
mod playlist;
mod view;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use longear_core::ItemId;
use longear_net::serve::blob_response;
use longear_pages::ErrorKind;
use longear_store::Store;

pub use broadcast::{Broadcast, Broadcasts};
pub use view::view;

use self::broadcast::Wanted;
use self::pieces::Pieces;
use super::asked::Asked;
use super::shelf::{Shelf, ShelfError};
use super::{BoxView, no_page};
use crate::recording::Take;

/// What the addresses of broadcasts begin with; the ID of the item and a file follow.
pub const LIVE: &str = "/live/";
/// The list of renditions.
pub const MASTER: &str = "index.m3u8";

/// How long a playlist may be kept: players ask again after about half a segment.
const LIST_CACHE: &str = "max-age=1";
/// What is played may be kept as long as the page that leads to it could be opened.
const SEGMENT_CACHE: &str = "private, max-age=600";
/// Seconds after which a player may ask again for a broadcast that has hardly begun.
const RETRY_SECONDS: u64 = 1;

enum Answer {
    List(String),
    NotYet,
    Segment([u8; 32], &'static str),
    Recording(Take),
    Nothing,
}

/// A playlist, or a segment.
pub(super) async fn file(State(view): State<BoxView>, asked: Asked, requested: HeaderMap) -> Response {
    let visit = asked.visit();
    let place =
        asked.behind(LIVE).split_once('/').and_then(|(id, file)| Some((id.parse::<ItemId>().ok()?, file.to_owned())));
    let Some((id, file)) = place else { return no_page(ErrorKind::NotFound, &visit) };
    let wanted = Wanted {
        from_ms: asked.value("from").and_then(|from| from.parse().ok()),
        to_ms: asked.value("to").and_then(|to| to.parse().ok()),
        names_gaps: asked.has("gaps"),
    };
    let query = if asked.query().is_empty() { String::new() } else { format!("?{}", asked.query()) };
    let store = view.shelf.store().clone();
    let mut response = match view.look(move |shelf: &Shelf| answer(shelf, &id, &file, wanted, &query)).await {
        Ok(Answer::List(text)) => list(text),
        Ok(Answer::NotYet) => {
            (StatusCode::NOT_FOUND, [(RETRY_AFTER, HeaderValue::from(RETRY_SECONDS))]).into_response()
        }
        Ok(Answer::Segment(hash, mime)) => {
            let mut segment = blob_response(store, hash, mime, None, &requested).await;
            if segment.status().is_success() {
                segment.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(SEGMENT_CACHE));
            }
            segment
        }
        Ok(Answer::Recording(take)) => recording(store, take),
        Ok(Answer::Nothing) => return no_page(ErrorKind::NotFound, &visit),
        Err(kind) => return no_page(kind, &visit),
    };
    // Players that are pages of other addresses may play it; it is no secret.
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn answer(shelf: &Shelf, id: &ItemId, file: &str, wanted: Wanted, query: &str) -> Result<Answer, ShelfError> {
    let Some(broadcast) = shelf.broadcast(id)? else { return Ok(Answer::Nothing) };
    let Some((name, ending)) = file.rsplit_once('.') else { return Ok(Answer::Nothing) };
    let listed = |list: Option<String>| list.map_or(Answer::NotYet, Answer::List);
    Ok(match ending {
        _ if file == MASTER => listed(broadcast.master(query, wanted.from_ms.is_some())?),
        "m3u8" => listed(broadcast.media(name, wanted)?),
        "m4s" | "mp4" if let Some(hash) = hash_of(name) => Answer::Segment(hash, "video/mp4"),
        "mp4" | "m4a" => {
            let takes = broadcast.takes()?;
            takes.into_iter().find(|take| take.file_name() == file).map_or(Answer::Nothing, Answer::Recording)
        }
        _ => Answer::Nothing,
    })
}

/// A recording, to be saved. It is put together while it is sent.
fn recording(store: Arc<Store>, take: Take) -> Response {
    let headers = [
        (CONTENT_TYPE, take.mime().to_owned()),
        (CONTENT_LENGTH, take.size().to_string()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", take.file_name())),
        (CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    let (mut pieces, receiver) = Pieces::new();
    tokio::task::spawn_blocking(move || take.copy(&store, &mut pieces));
    (headers, Body::from_stream(receiver)).into_response()
}

fn list(text: String) -> Response {
    let headers = [(CONTENT_TYPE, "application/vnd.apple.mpegurl"), (CACHE_CONTROL, LIST_CACHE)];
    (headers, Body::from(text)).into_response()
}

fn hash_of(text: &str) -> Option<[u8; 32]> {
    text.parse::<longear_core::blob::BlobHash>().ok().map(|hash| *hash.as_bytes())
}
