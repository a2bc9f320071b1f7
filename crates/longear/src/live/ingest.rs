//! The door for encoders: `PUT`, `POST` and `DELETE` below `/live/in/`.
//!
//! The token stands as the first part of the path, or in `Authorization: Bearer`. Without the token of a broadcast that runs,
//! nothing that is sent is read. What is sent stays in memory, within limits, until a playlist names it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use longear_core::limits::SEGMENT_BYTES_MAX;
use tokio::sync::Semaphore;

use super::broadcast::Broadcast;
use super::place::Place;
use super::studio::Studio;
use super::{PLAYLIST_BYTES_MAX, Refusal};

/// What the addresses begin with that encoders write to.
pub const INGEST: &str = "/live/in/";

/// Files that arrive at once; each may hold a whole segment in memory.
const UPLOADS_AT_ONCE_MAX: usize = 8;

/// How long one file may take: longer than any segment plays.
const UPLOAD_TIME_MAX: Duration = Duration::from_secs(60);

#[derive(Clone)]
struct Door {
    studio: Arc<Studio>,
    places: Arc<Semaphore>,
}

/// Lets encoders in. Must run within a tokio runtime.
pub fn router(studio: Arc<Studio>) -> Router {
    let door = Door { studio, places: Arc::new(Semaphore::new(UPLOADS_AT_ONCE_MAX)) };
    let path = format!("{INGEST}{{*path}}");
    Router::new().route(&path, put(take).post(take).delete(forget)).with_state(door)
}

/// Encoders that end close the connection behind their last playlist and wait for no answer. What came whole is taken all the same:
/// by a task of its own, which does not end with the connection.
async fn take(State(door): State<Door>, request: Request) -> Response {
    let taken = tokio::spawn(take_in(door, request)).await;
    taken.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn take_in(door: Door, request: Request) -> Response {
    let (word, path) = shown(&request);
    let broadcast = match admitted(&door, word).await {
        Ok(admitted) => admitted,
        Err(closed) => return closed,
    };
    match take_file(&door, broadcast, &path, request).await {
        Ok(()) => answer(StatusCode::OK, ""),
        Err(refused) => {
            door.studio.tell_refusal(&refused.1);
            answer(refused.0, &refused.1)
        }
    }
}

/// Old segments are deleted by encoders that tidy up behind them; a broadcast keeps what it has.
async fn forget(State(door): State<Door>, request: Request) -> Response {
    let (word, _) = shown(&request);
    match admitted(&door, word).await {
        Ok(_) => answer(StatusCode::NO_CONTENT, ""),
        Err(closed) => closed,
    }
}

/// The word that a request shows, and the path of its file. The header's word counts before one in the path.
fn shown(request: &Request) -> (String, String) {
    let path = request.uri().path().strip_prefix(INGEST).unwrap_or_default();
    let (word, path) = match bearer(request.headers()) {
        Some(word) => (word, path),
        None => path.split_once('/').unwrap_or(("", path)),
    };
    (word.to_owned(), path.to_owned())
}

/// The broadcast that a word lets in.
async fn admitted(door: &Door, word: String) -> Result<Arc<Broadcast>, Response> {
    if word.is_empty() {
        return Err(answer(StatusCode::UNAUTHORIZED, "the token of a broadcast is missing: PUT /live/in/TOKEN/…"));
    }
    let studio = door.studio.clone();
    let broadcast = tokio::task::spawn_blocking(move || studio.admit(&word)).await.ok().flatten();
    let unknown = || answer(StatusCode::FORBIDDEN, "no broadcast that runs here has this token: longear live list");
    broadcast.ok_or_else(unknown)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, word) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| word.trim())
}

/// The status and words of an answer that is a refusal.
struct Refused(StatusCode, String);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::TransportStream | Refusal::NotFragments | Refusal::NoTracks | Refusal::Codec(_) => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Refusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::NoInit(_) | Refusal::OtherMedium(_) | Refusal::TakenOver => StatusCode::CONFLICT,
            Refusal::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Over => StatusCode::GONE,
            Refusal::Disk(_) => StatusCode::INSUFFICIENT_STORAGE,
            Refusal::Name => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Refused(status, refusal.to_string())
    }
}

async fn take_file(door: &Door, broadcast: Arc<Broadcast>, path: &str, request: Request) -> Result<(), Refused> {
    let place = Place::new(path)?;
    let (max, too_large) = match place.is_playlist() {
        true => (PLAYLIST_BYTES_MAX, Refusal::playlist_too_large()),
        false => (SEGMENT_BYTES_MAX, Refusal::segment_too_large()),
    };
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > max as u64) {
        return Err(too_large.into());
    }
    let gone = |_| Refused(StatusCode::SERVICE_UNAVAILABLE, "this box is ending".to_owned());
    let place_held = door.places.clone().acquire_owned().await.map_err(gone)?;
    let bytes = match tokio::time::timeout(UPLOAD_TIME_MAX, whole(request.into_body(), max)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large.into()),
        Ok(Err(_)) => {
            return Err(Refused(StatusCode::BAD_REQUEST, "a file was cut off; nothing of it counts".to_owned()));
        }
        Err(_) => {
            let words = format!("a file took longer than {} s; nothing of it counts", UPLOAD_TIME_MAX.as_secs());
            return Err(Refused(StatusCode::REQUEST_TIMEOUT, words));
        }
    };
    let taken = tokio::task::spawn_blocking(move || {
        let _place_held = place_held;
        if place.is_playlist() { broadcast.playlist(&place, &bytes) } else { broadcast.put(place, bytes) }
    });
    Ok(taken.await.map_err(|_| Refused(StatusCode::INTERNAL_SERVER_ERROR, "a mistake in longear".to_owned()))??)
}

/// The whole body, up to a size.
async fn whole(body: Body, max: usize) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Limited::new(body, max).collect().await?.to_bytes())
}

fn answer(status: StatusCode, words: &str) -> Response {
    let body = if words.is_empty() { String::new() } else { format!("{words}\n") };
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (status, headers, body).into_response()
}
