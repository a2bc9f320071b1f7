//! Carriers on the web: plain servers, buckets, nodes.

use std::error::Error;
use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, LOCATION, RANGE,
    RETRY_AFTER, USER_AGENT as USER_AGENT_HEADER,
};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy;
use longear_core::tree::TreePath;
use tokio::time::error::Elapsed;
use url::Url;

use super::allowance::{Allowance, IdleTalk};
use super::body::{Limit, Source};
use super::connect::{self, WebClient};
use super::redirect::{self, REDIRECTS_MAX};
use super::{Body, CarrierError, CarrierOptions, HeadAnswer};
use crate::rooms::RoomPath;

/// Names us to servers as a hundred thousand other programs do; some servers turn away those without a name.
pub const USER_AGENT: &str = "Mozilla/5.0";

/// Gives the longest tag of a head that is kept, in bytes.
pub const ETAG_BYTES_MAX: usize = 256;

type Answer = Response<Incoming>;

/// Fetches objects by HTTP/1.1.
///
/// Not by HTTP/2, also where TLS would agree on it. Its library keeps interim answers until somebody looks at them: one server
/// made a reader keep 306 MB of them in twelve seconds. Settings, pings, priorities, and data that it has refused, it reads on
/// without counting them. HTTP/1.1 keeps nothing of the kind and ends with its connection, at the price of a few more of those.
#[derive(Clone, Debug)]
pub struct HttpCarrier {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    base: Url,
    options: CarrierOptions,
    plain: WebClient,
    /// Made at the first need: reading a machine's authorities takes time and memory, and some machines have none.
    encrypted: OnceLock<Result<WebClient, String>>,
}

impl HttpCarrier {
    pub(super) fn open(base: Url, options: &CarrierOptions) -> Result<Self, CarrierError> {
        // Another provider may have been installed before; then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = connect::client(options, connect::no_authorities())?;
        let options = options.clone();
        Ok(Self { shared: Arc::new(Shared { base, options, plain, encrypted: OnceLock::new() }) })
    }

    /// Names the carrier for its user.
    pub fn label(&self) -> String {
        self.shared.base.as_str().trim_end_matches('/').to_owned()
    }

    /// Fetches a file that is no object of the tree, by its path below the base; `None` if the server does not have it.
    ///
    /// # Errors
    /// Those of [`Carrier::fetch_small`](super::Carrier::fetch_small).
    pub async fn fetch_beside(&self, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, CarrierError> {
        let response = self.request(path, None).await?;
        match response.status() {
            StatusCode::OK => whole_body(response, None, bytes_max, &self.shared.options)?.collect().await.map(Some),
            status if is_absent(status) => Ok(None),
            _ => Err(status_error(&response)),
        }
    }

    /// Asks a node about a room; with `content` it is posted. `None` if there is no such node, or it does not take what is
    /// posted. No redirect is followed.
    ///
    /// # Errors
    /// Those of [`Carrier::fetch_small`](super::Carrier::fetch_small).
    pub async fn ask_node(
        &self,
        path: &RoomPath,
        content: Option<Vec<u8>>,
        bytes_max: u64,
    ) -> Result<Option<Vec<u8>>, CarrierError> {
        let url = self.shared.base.join(&path.to_string()).expect("letters, digits and a query are a relative URL");
        let headers = HeaderMap::from_iter(default_headers());
        let response = self.send(url, headers, content.map(Bytes::from)).await?;
        match response.status() {
            StatusCode::OK => whole_body(response, None, bytes_max, &self.shared.options)?.collect().await.map(Some),
            StatusCode::METHOD_NOT_ALLOWED => Ok(None),
            status if is_absent(status) => Ok(None),
            _ => Err(status_error(&response)),
        }
    }

    pub(super) async fn fetch(
        &self,
        path: &TreePath,
        range: Option<Range<u64>>,
        bytes_max: u64,
    ) -> Result<Option<Body>, CarrierError> {
        let wish = range.as_ref().map(|range| (RANGE, range_header(range)));
        let response = self.request(&path.to_string(), wish).await?;
        let options = &self.shared.options;
        match response.status() {
            StatusCode::OK => whole_body(response, range, bytes_max, options).map(Some),
            StatusCode::PARTIAL_CONTENT => match range {
                Some(range) => partial_body(response, &range, bytes_max, options).map(Some),
                None => Err(CarrierError::BadRange { reason: "none was asked for" }),
            },
            // The object ends before the range: like a truncated file, it has nothing more to give.
            StatusCode::RANGE_NOT_SATISFIABLE if range.is_some() => {
                let start = range.map_or(0, |range| range.start);
                let limit = Limit::Range { bytes_left: 0 };
                Ok(Some(Body::new(start, Some(0), limit, options, Source::Memory(Bytes::new()))))
            }
            status if is_absent(status) => Ok(None),
            _ => Err(status_error(&response)),
        }
    }

    pub(super) async fn fetch_changed(
        &self,
        path: &TreePath,
        etag: Option<&str>,
        bytes_max: u64,
    ) -> Result<HeadAnswer, CarrierError> {
        let known = etag.and_then(|etag| HeaderValue::from_str(etag).ok()).map(|etag| (IF_NONE_MATCH, etag));
        let response = self.request(&path.to_string(), known).await?;
        match response.status() {
            StatusCode::OK => {
                let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
                let etag = etag.filter(|etag| etag.len() <= ETAG_BYTES_MAX).map(str::to_owned);
                let bytes = whole_body(response, None, bytes_max, &self.shared.options)?.collect().await?;
                Ok(HeadAnswer::Found { bytes, etag })
            }
            StatusCode::NOT_MODIFIED if etag.is_some() => Ok(HeadAnswer::NotModified),
            status if is_absent(status) => Ok(HeadAnswer::Absent),
            _ => Err(status_error(&response)),
        }
    }

    /// Sends a request and follows its redirects; they are followed here so that each one can be judged.
    async fn request(&self, path: &str, header: Option<(HeaderName, HeaderValue)>) -> Result<Answer, CarrierError> {
        let headers = HeaderMap::from_iter(header.into_iter().chain(default_headers()));
        let base = &self.shared.base;
        let mut url = base.join(path).expect("a path of small letters and digits is a relative URL");
        for _ in 0..=REDIRECTS_MAX {
            let response = self.send(url.clone(), headers.clone(), None).await?;
            if !is_redirect(response.status()) {
                return Ok(response);
            }
            url = redirect::target(base, &url, response.headers().get(LOCATION))?;
        }
        Err(CarrierError::TooManyRedirects)
    }

    /// With content it posts that, else it gets.
    async fn send(&self, url: Url, headers: HeaderMap, content: Option<Bytes>) -> Result<Answer, CarrierError> {
        let options = &self.shared.options;
        let client = self.client(&url)?;
        let unfit =
            |_| CarrierError::BadResponse { reason: "it leads to an address that nobody can ask for".to_owned() };
        let method = if content.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::new(Full::new(content.unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = url.as_str().parse::<Uri>().map_err(unfit)?;
        *request.headers_mut() = headers;
        // The connection has its own, shorter limit; this one also ends a dripping header.
        let timeout = options.connect_timeout + options.progress_timeout;
        match tokio::time::timeout(timeout, client.request(request)).await {
            Ok(answer) => answer.map_err(|error| self.request_error(&error)),
            Err(_) => Err(CarrierError::TimedOut { after: timeout }),
        }
    }

    fn client(&self, url: &Url) -> Result<&WebClient, CarrierError> {
        if url.scheme() != "https" {
            return Ok(&self.shared.plain);
        }
        let options = &self.shared.options;
        let made = || {
            let authorities = connect::authorities(options)?;
            connect::client(options, authorities).map_err(|error| error.to_string())
        };
        let client = self.shared.encrypted.get_or_init(made);
        client.as_ref().map_err(|reason| CarrierError::Tls { reason: reason.clone() })
    }

    fn request_error(&self, error: &legacy::Error) -> CarrierError {
        let options = &self.shared.options;
        let reason = deepest_reason(error);
        if is_because::<rustls::Error>(error) {
            CarrierError::Tls { reason }
        } else if is_because::<Elapsed>(error) {
            CarrierError::TimedOut { after: options.connect_timeout }
        } else if error.is_connect() && options.proxy.is_some() {
            CarrierError::Proxy { reason }
        } else if error.is_connect() {
            CarrierError::Unreachable { reason }
        } else {
            body_error(error)
        }
    }
}

/// Says why an answer ended early.
pub(super) fn body_error(error: &(dyn Error + 'static)) -> CarrierError {
    if is_broken_off(error) && !is_because::<IdleTalk>(error) {
        CarrierError::Interrupted
    } else {
        CarrierError::BadResponse { reason: deepest_reason(error) }
    }
}

fn default_headers() -> [(HeaderName, HeaderValue); 3] {
    [
        (ACCEPT, HeaderValue::from_static("*/*")),
        // Packed bytes would not match any hash.
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        (USER_AGENT_HEADER, HeaderValue::from_static(USER_AGENT)),
    ]
}

/// The rest of an answer.
fn body(answer: Answer) -> Source {
    let allowance = answer.extensions().get::<Allowance>().cloned();
    Source::Http(Box::new(answer.into_body()), allowance)
}

fn range_header(range: &Range<u64>) -> HeaderValue {
    let text = match range.end {
        u64::MAX => format!("bytes={}-", range.start),
        end => format!("bytes={}-{}", range.start, end - 1),
    };
    HeaderValue::from_str(&text).expect("digits make a header")
}

/// Takes an answer with the whole object. A server that ignored the range starts at 0, and that is where we start: the
/// bytes before the range verify, or end the transfer, like any others.
fn whole_body(
    response: Answer,
    range: Option<Range<u64>>,
    bytes_max: u64,
    options: &CarrierOptions,
) -> Result<Body, CarrierError> {
    let declared = response.body().size_hint().exact();
    if declared.is_some_and(|declared| declared > bytes_max) {
        return Err(CarrierError::TooLarge { bytes_max });
    }
    let (declared, limit) = match range {
        Some(range) if range.end <= bytes_max => {
            (declared.map(|declared| declared.min(range.end)), Limit::Range { bytes_left: range.end })
        }
        _ => (declared, Limit::Object { bytes_left: bytes_max, bytes_max }),
    };
    Ok(Body::new(0, declared, limit, options, body(response)))
}

fn partial_body(
    response: Answer,
    range: &Range<u64>,
    bytes_max: u64,
    options: &CarrierOptions,
) -> Result<Body, CarrierError> {
    let bad = |reason| CarrierError::BadRange { reason };
    let header = response.headers().get(CONTENT_RANGE).and_then(|header| header.to_str().ok());
    let (given, object_bytes) =
        header.and_then(parse_content_range).ok_or_else(|| bad("its Content-Range cannot be read"))?;
    if given.start != range.start || given.end > range.end {
        return Err(bad("it is another one"));
    }
    if object_bytes.is_some_and(|bytes| bytes < given.end) {
        return Err(bad("it ends after the object"));
    }
    if object_bytes.unwrap_or(given.end) > bytes_max {
        return Err(CarrierError::TooLarge { bytes_max });
    }
    let bytes = given.end - given.start;
    if response.body().size_hint().exact().is_some_and(|declared| declared != bytes) {
        return Err(bad("its length differs from the declared one"));
    }
    let limit = Limit::Range { bytes_left: bytes };
    Ok(Body::new(given.start, Some(bytes), limit, options, body(response)))
}

/// Reads `bytes FIRST-LAST/TOTAL` (RFC 9110, 14.4) into the range and the total, which may be unknown (`*`).
fn parse_content_range(header: &str) -> Option<(Range<u64>, Option<u64>)> {
    let (span, total) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = span.split_once('-')?;
    let (first, last) = (parse_digits(first)?, parse_digits(last)?);
    let total = if total == "*" { None } else { Some(parse_digits(total)?) };
    (first <= last).then_some((first..last.checked_add(1)?, total))
}

fn parse_digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Buckets that may not be listed answer 403 for what they do not have.
fn is_absent(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::FORBIDDEN)
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn status_error(response: &Answer) -> CarrierError {
    let status = response.status();
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return CarrierError::Proxy { reason: "it wants a name and a password".to_owned() };
    }
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok());
    let retry_after = retry_after.and_then(parse_digits).map(Duration::from_secs);
    CarrierError::HttpStatus { status: status.as_u16(), retry_after }
}

/// Walks an error down to its causes, also through the wrapping that the standard library's IO errors do.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map_or_else(|| error.source(), |wrapped| Some(wrapped))
    })
}

/// Gives the text of the innermost cause: the outer ones repeat the address.
fn deepest_reason(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn is_because<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| cause.is::<E>())
}

fn is_broken_off(error: &(dyn Error + 'static)) -> bool {
    // What the HTTP library says of an answer that it will not read on; TLS says so of one that was changed on the way.
    let is_refusal =
        |error: &io::Error| error.kind() == io::ErrorKind::InvalidData && !is_because::<rustls::Error>(error);
    causes(error).any(|cause| {
        let broken = cause.downcast_ref::<hyper::Error>().is_some_and(|error| {
            error.is_incomplete_message() || error.is_closed() || error.is_canceled() || error.is_body_write_aborted()
        });
        broken || cause.downcast_ref::<io::Error>().is_some_and(|error| !is_refusal(error))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        assert_eq!(parse_content_range("bytes 0-0/1"), Some((0..1, Some(1))));
        assert_eq!(parse_content_range("bytes 5-9/*"), Some((5..10, None)));
        let past = format!("bytes 0-{}/*", u64::MAX);
        for header in
            ["", "bytes 9-5/10", "bytes */10", "bytes +1-2/3", "bytes 1-2", "octets 1-2/3", "bytes 1-/3", &past]
        {
            assert_eq!(parse_content_range(header), None, "{header}");
        }
    }

    #[test]
    fn ranges_are_asked_for_by_their_last_byte() {
        assert_eq!(range_header(&(0..1)), "bytes=0-0");
        assert_eq!(range_header(&(7..u64::MAX)), "bytes=7-");
    }
}
