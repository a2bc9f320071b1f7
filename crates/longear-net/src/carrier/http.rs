//! Carriers on the web: plain servers, buckets, nodes.

use std::error::Error as _;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use longear_core::tree::TreePath;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, LOCATION, RANGE, RETRY_AFTER,
};
use reqwest::{Certificate, Client, ClientBuilder, Proxy, Response, StatusCode, Url, redirect::Policy};

use super::body::{Limit, Source};
use super::redirect::{self, REDIRECTS_MAX};
use super::{Body, CarrierError, CarrierOptions, HeadAnswer};

/// Names us to servers as a hundred thousand other programs do; some servers turn away those without a name.
pub const USER_AGENT: &str = "Mozilla/5.0";

/// Gives the longest tag of a head that is kept, in bytes.
pub const ETAG_BYTES_MAX: usize = 256;

/// Counts the open connections kept for later requests to one host, and how long they are kept.
const IDLE_CONNECTIONS_MAX: usize = 8;
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

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
    plain: Client,
    /// Made at the first need: reading a machine's authorities takes time and memory, and some machines have none.
    encrypted: OnceLock<Result<Client, String>>,
}

impl HttpCarrier {
    pub(super) fn open(base: Url, options: &CarrierOptions) -> Result<Self, CarrierError> {
        // Another provider may have been installed before; then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // No authority is needed here, and none can be missing.
        let plain = builder(options)?
            .tls_certs_only([])
            .build()
            .map_err(|error| CarrierError::Unreachable { reason: deepest_reason(&error) })?;
        let options = options.clone();
        Ok(Self { shared: Arc::new(Shared { base, options, plain, encrypted: OnceLock::new() }) })
    }

    /// Names the carrier for its user.
    pub fn label(&self) -> String {
        self.shared.base.as_str().trim_end_matches('/').to_owned()
    }

    pub(super) async fn fetch(
        &self,
        path: &TreePath,
        range: Option<Range<u64>>,
        bytes_max: u64,
    ) -> Result<Option<Body>, CarrierError> {
        let mut headers = HeaderMap::new();
        if let Some(range) = &range {
            headers.insert(RANGE, range_header(range));
        }
        let response = self.request(path, headers).await?;
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
                Ok(Some(Body::new(start, Some(0), limit, options, Source::Memory(bytes::Bytes::new()))))
            }
            status if is_absent(status) => Ok(None),
            _ => Err(status_error(&response)),
        }
    }

    pub(super) async fn fetch_head(
        &self,
        path: &TreePath,
        etag: Option<&str>,
        bytes_max: u64,
    ) -> Result<HeadAnswer, CarrierError> {
        let mut headers = HeaderMap::new();
        if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
            headers.insert(IF_NONE_MATCH, etag);
        }
        let response = self.request(path, headers).await?;
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
    async fn request(&self, path: &TreePath, headers: HeaderMap) -> Result<Response, CarrierError> {
        let base = &self.shared.base;
        let mut url = base.join(&path.to_string()).expect("a path of the tree is a relative URL");
        for _ in 0..=REDIRECTS_MAX {
            let response = self.send(url.clone(), headers.clone()).await?;
            if !is_redirect(response.status()) {
                return Ok(response);
            }
            url = redirect::target(base, &url, response.headers().get(LOCATION))?;
        }
        Err(CarrierError::TooManyRedirects)
    }

    async fn send(&self, url: Url, headers: HeaderMap) -> Result<Response, CarrierError> {
        let options = &self.shared.options;
        let client = self.client(&url)?;
        let answer = client.get(url).headers(headers).send();
        // The connection has its own, shorter limit; this one also ends a dripping header.
        let timeout = options.connect_timeout + options.progress_timeout;
        match tokio::time::timeout(timeout, answer).await {
            Ok(answer) => answer.map_err(|error| self.request_error(&error)),
            Err(_) => Err(CarrierError::TimedOut { after: timeout }),
        }
    }

    fn client(&self, url: &Url) -> Result<&Client, CarrierError> {
        if url.scheme() != "https" {
            return Ok(&self.shared.plain);
        }
        let client = self.shared.encrypted.get_or_init(|| encrypted_client(&self.shared.options));
        client.as_ref().map_err(|reason| CarrierError::Tls { reason: reason.clone() })
    }

    fn request_error(&self, error: &reqwest::Error) -> CarrierError {
        let options = &self.shared.options;
        let reason = deepest_reason(error);
        if is_tls(error) {
            CarrierError::Tls { reason }
        } else if error.is_timeout() {
            CarrierError::TimedOut { after: options.connect_timeout }
        } else if error.is_connect() && options.proxy.is_some() {
            CarrierError::Proxy { reason }
        } else if error.is_connect() {
            CarrierError::Unreachable { reason }
        } else if is_broken_off(error) {
            CarrierError::Interrupted
        } else {
            CarrierError::BadResponse { reason }
        }
    }
}

/// Says why a body ended early.
pub(super) fn body_error(error: &reqwest::Error) -> CarrierError {
    if is_broken_off(error) {
        CarrierError::Interrupted
    } else {
        CarrierError::BadResponse { reason: deepest_reason(error) }
    }
}

fn builder(options: &CarrierOptions) -> Result<ClientBuilder, CarrierError> {
    let mut headers = HeaderMap::new();
    // Packed bytes would not match any hash.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let builder = Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .user_agent(USER_AGENT)
        .default_headers(headers)
        .connect_timeout(options.connect_timeout)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .http1_only();
    match &options.proxy {
        Some(proxy) => Ok(builder.proxy(parse_proxy(proxy)?)),
        None => Ok(builder),
    }
}

fn encrypted_client(options: &CarrierOptions) -> Result<Client, String> {
    let mut builder = builder(options).map_err(|error| error.to_string())?;
    if let Some(pem) = &options.tls_roots_pem {
        let roots = Certificate::from_pem_bundle(pem).map_err(|error| deepest_reason(&error))?;
        builder = builder.tls_certs_merge(roots);
    }
    builder.build().map_err(|error| deepest_reason(&error))
}

fn parse_proxy(proxy: &str) -> Result<Proxy, CarrierError> {
    let bad = |reason: &str| CarrierError::Proxy { reason: reason.to_owned() };
    let url = Url::parse(proxy).map_err(|_| bad("its address must be socks5h://host:port or http://host:port"))?;
    match url.scheme() {
        "socks5h" | "http" => Proxy::all(url).map_err(|error| bad(&deepest_reason(&error))),
        "socks5" => Err(bad("socks5:// looks names up here, for everybody to see; write socks5h://")),
        _ => Err(bad("only socks5h:// and http:// proxies are known")),
    }
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
    response: Response,
    range: Option<Range<u64>>,
    bytes_max: u64,
    options: &CarrierOptions,
) -> Result<Body, CarrierError> {
    let declared = response.content_length();
    if declared.is_some_and(|declared| declared > bytes_max) {
        return Err(CarrierError::TooLarge { bytes_max });
    }
    let (declared, limit) = match range {
        Some(range) if range.end <= bytes_max => {
            (declared.map(|declared| declared.min(range.end)), Limit::Range { bytes_left: range.end })
        }
        _ => (declared, Limit::Object { bytes_left: bytes_max, bytes_max }),
    };
    Ok(Body::new(0, declared, limit, options, Source::Http(Box::new(response))))
}

fn partial_body(
    response: Response,
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
    if response.content_length().is_some_and(|declared| declared != bytes) {
        return Err(bad("its length differs from the declared one"));
    }
    let limit = Limit::Range { bytes_left: bytes };
    Ok(Body::new(given.start, Some(bytes), limit, options, Source::Http(Box::new(response))))
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

fn status_error(response: &Response) -> CarrierError {
    let status = response.status();
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return CarrierError::Proxy { reason: "it wants a name and a password".to_owned() };
    }
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok());
    let retry_after = retry_after.and_then(parse_digits).map(Duration::from_secs);
    CarrierError::HttpStatus { status: status.as_u16(), retry_after }
}

/// Walks an error down to its causes, also through the wrapping that the standard library's IO errors do.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |&error| {
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        wrapped.map_or_else(|| error.source(), |wrapped| Some(wrapped))
    })
}

/// Gives the text of the innermost cause: the outer ones repeat the address.
fn deepest_reason(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| "the request failed".to_owned(), ToString::to_string)
}

fn is_tls(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.is::<rustls::Error>())
}

fn is_broken_off(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        let broken = cause.downcast_ref::<hyper::Error>().is_some_and(|error| {
            error.is_incomplete_message() || error.is_closed() || error.is_canceled() || error.is_body_write_aborted()
        });
        broken || cause.is::<std::io::Error>()
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

    #[test]
    fn proxies_that_leak_names_are_refused() {
        assert!(parse_proxy("socks5h://127.0.0.1:9050").is_ok() && parse_proxy("http://10.0.0.1:3128").is_ok());
        for proxy in ["socks5://127.0.0.1:9050", "socks4a://x:1", "ftp://x", "127.0.0.1:9050", ""] {
            assert!(matches!(parse_proxy(proxy), Err(CarrierError::Proxy { .. })), "{proxy}");
        }
    }
}
