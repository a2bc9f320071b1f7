//! Broadcasts over HTTP, for players that know nothing of us.
//!
//! `/live/<item>/index.m3u8` lists the renditions, `/live/<item>/<rendition>.m3u8` the segments of one. `?from=` and `?to=`
//! (milliseconds since the broadcast began) ask for what was; `?gaps` names what is missing, for players that know gaps.
//! `/live/<item>/<rendition>.mp4` is the recording, once the broadcast is over and all of it is here.

mod at_hand;
mod broadcast;
mod front;
mod pieces;
mod playlist;
mod view;

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use longear_core::ItemId;
use longear_core::blob::BlobHash;
use longear_net::serve::blob_response;
use longear_pages::ErrorKind;
use longear_store::Store;
use longear_store::blobs::BlobState;

pub use at_hand::AtHand;
pub use broadcast::{Broadcast, Broadcasts, Wanted};
pub use front::Front;
pub use view::view;

use self::at_hand::Kept;
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

/// Queries of players of a running broadcast; with others, few want the same.
const SHARED_QUERIES: [&str; 2] = ["", "?gaps"];

enum Answer {
    Kept(Kept),
    List(String),
    NotYet,
    Segment([u8; 32], &'static str),
    Recording(Take),
    NoFile,
    NoBroadcast,
}

/// What is asked for.
struct Question {
    id: ItemId,
    file: String,
    wanted: Wanted,
    /// As it stands in the address, with its question mark.
    query: String,
}

/// A playlist, or a segment.
pub(super) async fn file(State(view): State<BoxView>, asked: Asked, requested: HeaderMap) -> Response {
    let visit = asked.visit();
    let Some(question) = Question::read(&asked) else { return no_page(ErrorKind::NotFound, &visit) };
    match look_up(&view, question, &requested).await {
        Ok(response) => for_pages_elsewhere(response),
        Err(kind) => no_page(kind, &visit),
    }
}

/// Players that are pages of other addresses may play it; it is no secret.
fn for_pages_elsewhere(mut response: Response) -> Response {
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

impl Question {
    fn read(asked: &Asked) -> Option<Self> {
        let (id, file) = asked.behind(LIVE).split_once('/')?;
        let wanted = Wanted {
            from_ms: asked.value("from").and_then(|from| from.parse().ok()),
            to_ms: asked.value("to").and_then(|to| to.parse().ok()),
            names_gaps: asked.has("gaps"),
        };
        let query = if asked.query().is_empty() { String::new() } else { format!("?{}", asked.query()) };
        Some(Self { id: id.parse().ok()?, file: file.to_owned(), wanted, query })
    }

    fn is_shared(&self) -> bool {
        SHARED_QUERIES.contains(&self.query.as_str())
    }
}

/// Asks the store, and leaves the answer at hand for those who ask for the same.
async fn look_up(view: &BoxView, question: Question, requested: &HeaderMap) -> Result<Response, ErrorKind> {
    let (made, id) = (Instant::now(), question.id);
    let at_hand = view.at_hand.clone();
    let look = move |shelf: &Shelf| {
        let answer = answer(shelf, &question)?;
        if !question.is_shared() {
            return Ok(answer);
        }
        let answer = held(answer, &at_hand, shelf.store());
        if let Answer::Kept(kept) = &answer {
            let address = format!("{}/{}{}", question.id, question.file, question.query);
            at_hand.keep(address, question.id, kept.clone(), made);
        }
        Ok(answer)
    };
    let store = view.shelf.store().clone();
    Ok(match view.look(look).await? {
        Answer::Kept(kept) => kept.response(requested),
        Answer::List(text) => list(text.into()),
        Answer::NotYet => (StatusCode::NOT_FOUND, [(RETRY_AFTER, HeaderValue::from(RETRY_SECONDS))]).into_response(),
        Answer::Segment(hash, mime) => {
            let response = blob_response(store, hash, mime, None, requested).await;
            if response.status() == StatusCode::NOT_FOUND {
                let forget = move |shelf: &Shelf| Ok(shelf.broadcast(&id)?.map(|broadcast| broadcast.forget(&hash)));
                view.look(forget).await?;
            }
            segment(response)
        }
        Answer::Recording(take) => recording(store, take),
        Answer::NoFile => return Err(ErrorKind::NotFound),
        Answer::NoBroadcast => {
            view.at_hand.forget(&id);
            return Err(ErrorKind::NotFound);
        }
    })
}

fn answer(shelf: &Shelf, question: &Question) -> Result<Answer, ShelfError> {
    let Question { id, file, wanted, query } = question;
    let Some(broadcast) = shelf.broadcast(id)? else { return Ok(Answer::NoBroadcast) };
    let Some((name, ending)) = file.rsplit_once('.') else { return Ok(Answer::NoFile) };
    let listed = |list: Option<String>| list.map_or(Answer::NotYet, Answer::List);
    Ok(match ending {
        _ if file == MASTER => listed(broadcast.master(query, *wanted)?),
        "m3u8" => listed(broadcast.media(name, *wanted)?),
        "m4s" | "mp4" if let Some(hash) = hash_of(name) => Answer::Segment(hash, "video/mp4"),
        "mp4" | "m4a" => {
            let takes = broadcast.takes()?;
            takes.into_iter().find(|take| take.file_name() == *file).map_or(Answer::NoFile, Answer::Recording)
        }
        _ => Answer::NoFile,
    })
}

/// The same answer with its bytes in memory, if it is whole and there is room for it.
fn held(answer: Answer, at_hand: &AtHand, store: &Store) -> Answer {
    let kept = match &answer {
        Answer::List(text) => at_hand.hold(text.len() as u64, |bytes| {
            bytes.copy_from_slice(text.as_bytes());
            Some(text.len())
        }),
        Answer::Segment(hash, _) => {
            let hash = BlobHash::from_bytes(*hash);
            match store.blobs().state(hash) {
                Ok(BlobState::Complete { size }) => {
                    at_hand.hold(size, |bytes| store.blobs().read_at(hash, 0, bytes).ok())
                }
                _ => None,
            }
        }
        _ => None,
    };
    match (kept, answer) {
        (Some(bytes), Answer::List(_)) => Answer::Kept(Kept::new(bytes, None)),
        (Some(bytes), Answer::Segment(hash, mime)) => Answer::Kept(Kept::new(bytes, Some((hash, mime)))),
        (_, answer) => answer,
    }
}

fn segment(mut response: Response) -> Response {
    if response.status().is_success() {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(SEGMENT_CACHE));
    }
    response
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

pub(super) fn list(text: Body) -> Response {
    let headers = [(CONTENT_TYPE, "application/vnd.apple.mpegurl"), (CACHE_CONTROL, LIST_CACHE)];
    (headers, text).into_response()
}

fn hash_of(text: &str) -> Option<[u8; 32]> {
    text.parse::<BlobHash>().ok().map(|hash| *hash.as_bytes())
}
