//! Blobs as answers: ranges of verified bytes, also of a blob that is still being fetched.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use longear_core::blob::BlobHash;
use longear_store::Store;
use longear_store::blobs::{BlobError, BlobReader, BlobState, BlobStore};
use longear_store::pages::PagePool;
use tokio::time::Instant;

use super::conditions::Asked;
use super::media_type::{disposition, label};

/// How long a page's request waits for bytes of a blob that makes no progress, before it ends short.
pub const PAGE_PATIENCE: Duration = Duration::from_secs(20);

/// What may be kept for ever.
pub(super) const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Bytes read at once while few answers are under way.
const CHUNK_BYTES_MAX: usize = 256 << 10;

/// Bytes read at once while many are.
const CHUNK_BYTES_MIN: usize = 16 << 10;

/// Bytes that all answers together keep in memory, as long as they are no more than this by [`CHUNK_BYTES_MIN`].
const CHUNKS_BYTES_MAX: usize = 24 << 20;

/// Buffers that go back when the network is done with them; up to 4 MiB are kept for the next answer.
static CHUNKS: PagePool = PagePool::new(CHUNK_BYTES_MAX, 16);

/// How often it is looked whether awaited bytes have come.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Answers with a blob, or the range of it that is asked for, under the type that its publisher claims.
///
/// Video, sound and common pictures are sent as such, PDF and plain text as downloads, everything else as a download
/// without a type; with `download_name`, anything is a download. Only verified bytes are sent: of a blob that is still
/// being fetched, the answer waits for what is missing, up to [`PAGE_PATIENCE`] without progress, and then ends short.
/// `HEAD` is for the router to cut. Not found is 404; nothing is read before the body is asked for.
pub async fn blob_response(
    store: Arc<Store>,
    hash: [u8; 32],
    mime: &str,
    download_name: Option<&str>,
    headers: &HeaderMap,
) -> Response {
    let source = match Source::open(store, hash).await {
        Ok(Some(source)) => source,
        Ok(None) => return bare(StatusCode::NOT_FOUND),
        Err(_) => return bare(StatusCode::INTERNAL_SERVER_ERROR),
    };
    let range = 0..source.size();
    labelled(source.respond(headers, range, PAGE_PATIENCE), mime, download_name)
}

/// Answers like [`blob_response`] with a whole blob that is in memory already.
pub fn bytes_response(bytes: &Bytes, hash: [u8; 32], mime: &str, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", BlobHash::from_bytes(hash));
    let (mut response, range) = head(headers, &etag, bytes.len() as u64);
    if let Some(range) = range {
        // Within the bytes in memory, so these are numbers that fit.
        *response.body_mut() = Body::from(bytes.slice(range.start as usize..range.end as usize));
    }
    labelled(response, mime, None)
}

/// Says what is sent.
fn labelled(mut response: Response, mime: &str, download_name: Option<&str>) -> Response {
    let label = label(mime);
    response.headers_mut().insert(CONTENT_TYPE, label.content_type);
    if label.is_attachment || download_name.is_some() {
        response.headers_mut().insert(CONTENT_DISPOSITION, disposition(download_name));
    }
    response
}

/// The status and fields of an answer for an object of this size, and which bytes of it are to follow, if any.
fn head(headers: &HeaderMap, etag: &str, size: u64) -> (Response, Option<Range<u64>>) {
    let asked = Asked::read(headers, etag, size);
    let (status, range) = match &asked {
        Asked::Whole => (StatusCode::OK, Some(0..size)),
        Asked::Part(range) => (StatusCode::PARTIAL_CONTENT, Some(range.clone())),
        Asked::NotModified => (StatusCode::NOT_MODIFIED, None),
        Asked::Unsatisfiable => (StatusCode::RANGE_NOT_SATISFIABLE, None),
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    fields.insert(CACHE_CONTROL, IMMUTABLE);
    fields.insert(ETAG, ascii(etag));
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Asked::Unsatisfiable = asked {
        fields.insert(CONTENT_RANGE, ascii(&format!("bytes */{size}")));
        fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Asked::Part(range) = &asked {
        fields.insert(CONTENT_RANGE, ascii(&format!("bytes {}-{}/{size}", range.start, range.end - 1)));
    }
    if let Some(range) = &range {
        fields.insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    }
    (response, range)
}

/// An answer without body.
pub(super) fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A blob that is about to be sent.
pub(super) struct Source {
    blobs: BlobStore,
    reader: Arc<BlobReader>,
    hash: BlobHash,
}

impl Source {
    /// Opens a blob; `None` where nothing is held of it.
    pub(super) async fn open(store: Arc<Store>, hash: [u8; 32]) -> io::Result<Option<Self>> {
        let hash = BlobHash::from_bytes(hash);
        blocking(move || match store.blobs().reader(hash) {
            Ok(reader) => Ok(Some(Source { blobs: store.blobs().clone(), reader: Arc::new(reader), hash })),
            Err(BlobError::Absent { .. }) => Ok(None),
            Err(error) => Err(io::Error::other(error)),
        })
        .await
    }

    pub(super) fn size(&self) -> u64 {
        self.reader.size()
    }

    /// Whether the byte at `offset` is here.
    pub(super) async fn has(&self, offset: u64) -> bool {
        let reader = self.reader.clone();
        offset >= self.size() || blocking(move || Ok(reader.read_at(offset, &mut [0]).is_ok())).await.unwrap_or(false)
    }

    /// Answers with what is asked of the bytes `object` of the blob.
    pub(super) fn respond(self, headers: &HeaderMap, object: Range<u64>, patience: Duration) -> Response {
        let size = object.end - object.start;
        // Parts of a blob are objects of their own, with their own tag.
        let etag = match object == (0..self.size()) {
            true => format!("\"{}\"", self.hash),
            false => format!("\"{}.{}\"", self.hash, object.start),
        };
        let (mut response, range) = head(headers, &etag, size);
        let Some(range) = range else { return response };
        let sending = Sending {
            source: self,
            at: object.start + range.start,
            end: object.start + range.end,
            patience,
            _counted: Counted::new(),
        };
        *response.body_mut() = Body::from_stream(sending.into_stream());
        response
    }
}

/// Text of digits, letters and signs as a header.
pub(super) fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("plain ASCII makes a header")
}

/// Runs what waits for a disk beside the runtime.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// A range under way.
struct Sending {
    source: Source,
    at: u64,
    end: u64,
    patience: Duration,
    _counted: Counted,
}

impl Sending {
    fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        stream::try_unfold(self, |mut sending| async move {
            if sending.at >= sending.end {
                return Ok(None);
            }
            let chunk = sending.next_chunk().await?;
            sending.at += chunk.len() as u64;
            Ok(Some((chunk, sending)))
        })
    }

    /// Reads on, or waits until there is something to read. An error cuts the answer, so that it cannot pass as whole.
    async fn next_chunk(&mut self) -> io::Result<Bytes> {
        let mut waiting: Option<(Instant, u64)> = None;
        loop {
            let length = Counted::chunk_bytes().min(usize::try_from(self.end - self.at).unwrap_or(usize::MAX));
            let (reader, at) = (self.source.reader.clone(), self.at);
            if let Some(chunk) = blocking(move || read_chunk(&reader, at, length)).await? {
                return Ok(chunk);
            }
            let (blobs, hash) = (self.source.blobs.clone(), self.source.hash);
            let here = blocking(move || Ok(bytes_here(&blobs, hash))).await?;
            let Some(here) = here else { return Err(io::Error::from(io::ErrorKind::NotFound)) };
            match waiting {
                Some((since, before)) if before == here => {
                    if since.elapsed() > self.patience {
                        return Err(io::Error::from(io::ErrorKind::TimedOut));
                    }
                }
                _ => waiting = Some((Instant::now(), here)),
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
}

/// Reads verified bytes; `None` where the first one is not here yet.
fn read_chunk(reader: &BlobReader, at: u64, length: usize) -> io::Result<Option<Bytes>> {
    let mut chunk = CHUNKS.take(length);
    match reader.read_at(at, &mut chunk) {
        Ok(0) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        Ok(count) => {
            chunk.truncate(count);
            Ok(Some(Bytes::from_owner(chunk)))
        }
        Err(BlobError::NotHere { .. }) => Ok(None),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// How much of a blob is here, by which progress shows; `None` if it was removed.
fn bytes_here(blobs: &BlobStore, hash: BlobHash) -> Option<u64> {
    match blobs.state(hash) {
        Ok(BlobState::Partial { have_bytes, .. }) => Some(have_bytes),
        Ok(BlobState::Complete { size }) => Some(size),
        Ok(BlobState::Absent) => None,
        // A disk that fails for a moment is no progress.
        Err(_) => Some(0),
    }
}

/// Counts the answers under way, so that many of them take no more memory than few.
struct Counted;

static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

impl Counted {
    fn new() -> Self {
        UNDER_WAY.fetch_add(1, Ordering::Relaxed);
        Counted
    }

    fn chunk_bytes() -> usize {
        let share = CHUNKS_BYTES_MAX / UNDER_WAY.load(Ordering::Relaxed).max(1);
        share.clamp(CHUNK_BYTES_MIN, CHUNK_BYTES_MAX)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}
