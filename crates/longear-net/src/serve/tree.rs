//! The tree: heads, charters, forks, packs, blobs.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use longear_core::blob::{BlobHash, BlobLayout, GROUP_BYTES};
use longear_core::pack::PackName;
use longear_core::tree::{BLOB_WHOLE_BYTES_MAX, PART_MIB, TreePath};
use longear_core::{ChannelId, LogId};
use longear_store::blobs::BlobState;
use longear_store::{PackAnswer, Store};

use super::blob::{IMMUTABLE, Source, ascii, bare, blocking};
use super::conditions::{Asked, is_known};
use super::objects;
use super::rooms::RoomsAnswers;
use crate::rooms::{RoomAsk, RoomPath};

/// How long a node's request waits for bytes of a blob that makes no progress. Nodes leave a silent carrier after 20 s.
pub const TREE_PATIENCE: Duration = Duration::from_secs(10);

/// How long a request waits for the first byte, before it is told to come again.
const FIRST_BYTE_PATIENCE: Duration = Duration::from_secs(2);

/// How often it is looked whether the first byte has come.
const FIRST_BYTE_INTERVAL: Duration = Duration::from_millis(100);

/// Seconds after which whoever asked for missing bytes may ask again.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Heads change; this is how long copies of them may be used.
const HEAD_CACHE: HeaderValue = HeaderValue::from_static("max-age=30");

/// The same of the edges of broadcasts, which change every few seconds.
const EDGE_CACHE: HeaderValue = HeaderValue::from_static("max-age=1");

/// Bytes of payloads or of an outboard that are sent at once.
const PIECE_BYTES: usize = 256 << 10;

/// Bytes of a full part of a large blob.
const PART_BYTES: u64 = PART_MIB as u64 * GROUP_BYTES;

/// Answers `GET` and `HEAD` of all paths of the tree under `/c/` and `/b/`, from any page (CORS).
///
/// Heads come from what is held at that moment; packs are put together while they are sent; blobs are sent as far as
/// they are verified, see [`blob_response`](super::blob_response), and with ranges. Everything but heads and edges may be
/// kept for ever. Beside the tree it answers other nodes about rooms, and takes notes as `notes` says. The router may be
/// merged into another one that serves pages.
pub fn tree_router(store: Arc<Store>, notes: Notes) -> Router {
    let state = Served { rooms: RoomsAnswers::new(store.clone(), notes == Notes::Taken), store };
    Router::new().route("/c/{*path}", any(answer)).route("/b/{*path}", any(answer)).with_state(state)
}

/// Says whether a node takes notes of rooms from whoever brings them. They are verified, and bounded by the room's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notes {
    /// It does.
    Taken,
    /// It only gives.
    GivenOnly,
}

#[derive(Clone)]
struct Served {
    store: Arc<Store>,
    rooms: RoomsAnswers,
}

async fn answer(State(served): State<Served>, request: Request) -> Response {
    let (front, body) = request.into_parts();
    let (method, uri, headers) = (front.method, front.uri, front.headers);
    let store = served.store;
    let asked = uri.path().strip_prefix('/').and_then(|path| RoomPath::read(path, uri.query()));
    // A list of sheaves stands where notes are given: who gets it, asks for an object.
    let asked = asked.filter(|asked| matches!(method, Method::GET | Method::POST) && !is_list(asked, &method));
    let mut response = match method {
        _ if let Some(asked) = asked => served.rooms.answer(asked, &method, body).await,
        Method::GET | Method::HEAD => {
            let path = uri.path().strip_prefix('/').and_then(|path| path.parse::<TreePath>().ok());
            match path {
                Some(path) => object(store, path, after(&uri), &method, headers).await,
                None => bare(StatusCode::NOT_FOUND),
            }
        }
        Method::OPTIONS => preflight(),
        _ => {
            let mut refused = bare(StatusCode::METHOD_NOT_ALLOWED);
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
            refused
        }
    };
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    let fields = response.headers_mut();
    fields.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let exposed = "Accept-Ranges, Content-Length, Content-Range, ETag, Retry-After";
    fields.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
    response
}

fn is_list(asked: &RoomPath, method: &Method) -> bool {
    asked.ask == RoomAsk::Give && *method != Method::POST
}

/// Lets pages of other addresses ask for ranges and with tags, and post notes.
fn preflight() -> Response {
    let mut response = bare(StatusCode::NO_CONTENT);
    let fields = response.headers_mut();
    fields.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST"));
    fields
        .insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Range, If-Range, If-None-Match, Content-Type"));
    fields.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// The number of the newest tick that whoever asks for an edge has: he need not be told of those up to it.
fn after(uri: &Uri) -> Option<u64> {
    uri.query()?.split('&').find_map(|field| field.strip_prefix("after="))?.parse().ok()
}

async fn object(
    store: Arc<Store>,
    path: TreePath,
    after: Option<u64>,
    method: &Method,
    mut headers: HeaderMap,
) -> Response {
    if method == Method::HEAD {
        // Ranges are defined for GET only (RFC 9110, 14.2).
        headers.remove(axum::http::header::RANGE);
    }
    let answered = match path {
        TreePath::Head { .. } | TreePath::Charter { .. } | TreePath::Fork { .. } | TreePath::Edge { .. } => {
            small_object(store, path, after, &headers).await
        }
        TreePath::Pack { channel, log, level, index } => match PackName::new(level, u64::from(index)) {
            Some(name) => pack(store, ChannelId(channel), LogId(log), name).await,
            None => Ok(None),
        },
        TreePath::Blob { hash } => blob(store, hash, None, method, &headers).await,
        TreePath::BlobPart { hash, start_mib } => blob(store, hash, Some(start_mib), method, &headers).await,
        TreePath::Outboard { hash } => outboard(store, hash, &headers).await,
        TreePath::Notes { .. } | TreePath::Sheaf { .. } => Ok(None),
    };
    match answered {
        Ok(Some(response)) => response,
        Ok(None) => bare(StatusCode::NOT_FOUND),
        Err(_) => bare(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// A head, a charter, a fork proof or the edge of a broadcast. Heads and edges change, and a proof that says more may take another one's place.
async fn small_object(
    store: Arc<Store>,
    path: TreePath,
    after: Option<u64>,
    headers: &HeaderMap,
) -> io::Result<Option<Response>> {
    let bytes = blocking(move || objects::small_object(&store, &path, after).map_err(io::Error::other));
    let Some(bytes) = bytes.await? else { return Ok(None) };
    let etag = objects::etag(&bytes);
    let mut response = match is_known(headers, &etag) {
        true => bare(StatusCode::NOT_MODIFIED),
        false => small(bytes),
    };
    let cache = match path {
        TreePath::Charter { .. } => IMMUTABLE,
        TreePath::Edge { .. } => EDGE_CACHE,
        _ => HEAD_CACHE,
    };
    response.headers_mut().insert(ETAG, ascii(&etag));
    response.headers_mut().insert(CACHE_CONTROL, cache);
    Ok(Some(response))
}

async fn pack(store: Arc<Store>, channel: ChannelId, log: LogId, name: PackName) -> io::Result<Option<Response>> {
    let found = {
        let store = store.clone();
        blocking(move || store.pack(&channel, &log, name).map_err(io::Error::other)).await?
    };
    let Some(pack) = found else { return Ok(None) };
    let length = pack.length();
    let mut response = Response::new(Body::from_stream(pack_stream(store, Arc::new(pack))));
    describe(&mut response, length);
    response.headers_mut().insert(CACHE_CONTROL, IMMUTABLE);
    Ok(Some(response))
}

/// Sends the front, then the payloads, some at a time.
fn pack_stream(store: Arc<Store>, pack: Arc<PackAnswer>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold((store, pack, None), |(store, pack, next)| async move {
        let Some(first) = next else {
            let front = Bytes::copy_from_slice(pack.front());
            return Ok(Some((front, (store, pack, Some(0)))));
        };
        if first >= pack.payload_count() {
            return Ok(None);
        }
        let (reader, packed) = (store.clone(), pack.clone());
        let (piece, next) = blocking(move || {
            let (mut piece, mut index) = (Vec::new(), first);
            while index < packed.payload_count() && piece.len() < PIECE_BYTES {
                piece.extend(reader.pack_payload(&packed, index).map_err(io::Error::other)?);
                index += 1;
            }
            Ok((piece, index))
        })
        .await?;
        Ok(Some((Bytes::from(piece), (store, pack, Some(next)))))
    })
}

async fn blob(
    store: Arc<Store>,
    hash: [u8; 32],
    start_mib: Option<u32>,
    method: &Method,
    headers: &HeaderMap,
) -> io::Result<Option<Response>> {
    let Some(source) = Source::open(store, hash).await? else { return Ok(None) };
    let size = source.size();
    let object = match start_mib {
        None => 0..size,
        Some(start_mib) => {
            let start = u64::from(start_mib) * GROUP_BYTES;
            if size <= BLOB_WHOLE_BYTES_MAX || !start.is_multiple_of(PART_BYTES) || start >= size {
                return Ok(None);
            }
            start..size.min(start + PART_BYTES)
        }
    };
    let first = match Asked::read(headers, "", object.end - object.start) {
        Asked::Part(range) => object.start + range.start,
        _ => object.start,
    };
    // What is this small is verified as a whole: it is not here before all of it is. Two neighbours that wait for the same must
    // not wait for each other.
    if size < GROUP_BYTES && !source.has(first).await {
        return Ok(None);
    }
    if method == Method::GET && !wait_for(&source, first).await {
        let mut later = bare(StatusCode::SERVICE_UNAVAILABLE);
        later.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        return Ok(Some(later));
    }
    Ok(Some(source.respond(headers, object, TREE_PATIENCE)))
}

/// Waits a little until the byte is here.
async fn wait_for(source: &Source, offset: u64) -> bool {
    let since = tokio::time::Instant::now();
    while !source.has(offset).await {
        if since.elapsed() > FIRST_BYTE_PATIENCE {
            return false;
        }
        tokio::time::sleep(FIRST_BYTE_INTERVAL).await;
    }
    true
}

async fn outboard(store: Arc<Store>, hash: [u8; 32], headers: &HeaderMap) -> io::Result<Option<Response>> {
    let hash = BlobHash::from_bytes(hash);
    let opened = {
        let store = store.clone();
        blocking(move || match store.blobs().state(hash).map_err(io::Error::other)? {
            // The smaller ones are cheaper to fetch again than to prove in pieces.
            BlobState::Complete { size } if size >= GROUP_BYTES => {
                let bytes = BlobLayout::new(size).map_err(io::Error::other)?.outboard_bytes();
                let is_here = store.blobs().outboard_read_at(hash, 0, &mut [0]).is_ok();
                Ok(is_here.then_some(bytes))
            }
            _ => Ok(None),
        })
        .await?
    };
    let Some(bytes) = opened else { return Ok(None) };
    let etag = format!("\"{hash}.o\"");
    if is_known(headers, &etag) {
        return Ok(Some(bare(StatusCode::NOT_MODIFIED)));
    }
    let pieces = stream::try_unfold((store, 0), move |(store, at)| async move {
        if at >= bytes {
            return Ok(None);
        }
        let reader = store.clone();
        let piece = blocking(move || {
            let mut piece = vec![0; PIECE_BYTES.min(usize::try_from(bytes - at).unwrap_or(PIECE_BYTES))];
            let count = reader.blobs().outboard_read_at(hash, at, &mut piece).map_err(io::Error::other)?;
            piece.truncate(count);
            if piece.is_empty() { Err(io::Error::from(io::ErrorKind::UnexpectedEof)) } else { Ok(Bytes::from(piece)) }
        })
        .await?;
        let next = at + piece.len() as u64;
        Ok::<_, io::Error>(Some((piece, (store, next))))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    describe(&mut response, bytes);
    response.headers_mut().insert(ETAG, ascii(&etag));
    response.headers_mut().insert(CACHE_CONTROL, IMMUTABLE);
    Ok(Some(response))
}

/// What was made for this one answer.
pub(super) fn fresh(bytes: Vec<u8>) -> Response {
    let mut response = small(bytes);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn small(bytes: Vec<u8>) -> Response {
    let length = bytes.len() as u64;
    let mut response = Response::new(Body::from(bytes));
    describe(&mut response, length);
    response
}

fn describe(response: &mut Response, length: u64) {
    let fields = response.headers_mut();
    fields.insert(CONTENT_LENGTH, HeaderValue::from(length));
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
