//! How connections to web servers are made: directly or by way of a proxy, with TLS or without.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Uri;
use hyper::http::uri::{Authority, Parts, Scheme};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use percent_encoding::percent_decode_str;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tower_service::Service;
use url::Url;

use super::address::has_credentials;
use super::allowance::Metered;
use super::{CarrierError, CarrierOptions};

/// Counts the open connections kept for later requests to one host, and how long they are kept.
const IDLE_CONNECTIONS_MAX: usize = 8;
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Where SOCKS proxies listen that name no port.
const SOCKS_PORT: u16 = 1080;

pub(super) type WebClient = Client<Timed<HttpsConnector<Connector>>, Full<Bytes>>;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<S> = Pin<Box<dyn Future<Output = Result<S, BoxError>> + Send>>;

/// Makes a client that speaks HTTP/1.1 and does nothing by itself: it follows nothing, keeps nothing, unpacks nothing.
pub(super) fn client(options: &CarrierOptions, tls: ClientConfig) -> Result<WebClient, CarrierError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(options.connect_timeout));
    let route = match &options.proxy {
        Some(proxy) => parse_proxy(proxy, &tcp)?,
        None => Route::Direct,
    };
    let connector = HttpsConnector::from((Connector { tcp, route }, tls));
    let timed = Timed { inner: connector, limit: options.connect_timeout };
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new()).pool_max_idle_per_host(IDLE_CONNECTIONS_MAX).pool_idle_timeout(IDLE_TIMEOUT);
    Ok(builder.build(timed))
}

/// For carriers without TLS: no authority is needed, and none can be missing.
pub(super) fn no_authorities() -> ClientConfig {
    ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth()
}

/// The machine's authorities, and those of the options.
pub(super) fn authorities(options: &CarrierOptions) -> Result<ClientConfig, String> {
    let provider = rustls::crypto::CryptoProvider::get_default().ok_or("no provider is installed")?.clone();
    let pem = options.tls_roots_pem.as_deref().unwrap_or_default();
    let roots =
        CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let verifier = Verifier::new_with_extra_roots(roots, provider).map_err(|error| error.to_string())?;
    let builder = ClientConfig::builder().dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let mut tls = builder.with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}

#[derive(Clone, Debug)]
enum Route {
    Direct,
    Socks(SocksV5<HttpConnector>),
    Http(Uri),
}

fn parse_proxy(proxy: &str, tcp: &HttpConnector) -> Result<Route, CarrierError> {
    let bad = |reason: &str| CarrierError::Proxy { reason: reason.to_owned() };
    let wanted = "its address must be socks5h://host:port or http://host:port";
    let url = Url::parse(proxy).map_err(|_| bad(wanted))?;
    let uri = url.as_str().parse::<Uri>().map_err(|_| bad(wanted))?;
    match url.scheme() {
        "socks5h" => {
            let socks = SocksV5::new(with_port(uri, SOCKS_PORT).map_err(|_| bad(wanted))?, tcp.clone());
            let [name, password] = [url.username(), url.password().unwrap_or_default()].map(|text| {
                percent_decode_str(text).decode_utf8().map(|text| text.into_owned()).map_err(|_| bad(wanted))
            });
            Ok(Route::Socks(if has_credentials(&url) { socks.with_auth(name?, password?) } else { socks }))
        }
        "http" if has_credentials(&url) => Err(bad("names and passwords are only known for socks5h://")),
        "http" => Ok(Route::Http(uri)),
        "socks5" => Err(bad("socks5:// looks names up here, for everybody to see; write socks5h://")),
        _ => Err(bad("only socks5h:// and http:// proxies are known")),
    }
}

/// The same address with its port said, as the SOCKS client takes 443 for all that say none, and without name and password.
fn with_port(uri: Uri, port: u16) -> Result<Uri, hyper::http::Error> {
    let Parts { scheme, authority, path_and_query, .. } = uri.into_parts();
    let authority = authority
        .map_or_else(String::new, |authority| format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(port)));
    let builder = Uri::builder().scheme(scheme.unwrap_or(Scheme::HTTP)).authority(authority.parse::<Authority>()?);
    builder.path_and_query(path_and_query.map_or_else(|| "/".to_owned(), |path| path.to_string())).build()
}

/// Opens a connection over which no more comes than was allowed.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    tcp: HttpConnector,
    route: Route,
}

impl Connector {
    async fn connect(mut self, to: Uri) -> Result<TokioIo<Metered<TcpStream>>, BoxError> {
        let is_encrypted = to.scheme() == Some(&Scheme::HTTPS);
        let to = with_port(to, if is_encrypted { 443 } else { 80 })?;
        let (stream, is_proxied) = match self.route {
            Route::Direct => (self.tcp.call(to).await?, false),
            Route::Socks(mut socks) => (socks.call(to).await?, false),
            Route::Http(proxy) if is_encrypted => (Tunnel::new(proxy, self.tcp).call(to).await?, false),
            Route::Http(proxy) => (self.tcp.call(proxy).await?, true),
        };
        Ok(TokioIo::new(Metered::new(stream.into_inner(), is_proxied)))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Metered<TcpStream>>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        Box::pin(self.clone().connect(to))
    }
}

/// Gives up when a connection, with all that is agreed on before the first request, takes too long.
#[derive(Clone, Debug)]
pub(super) struct Timed<C> {
    inner: C,
    limit: Duration,
}

impl<C> Service<Uri> for Timed<C>
where
    C: Service<Uri, Error: Into<BoxError>, Future: Send + 'static>,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Connecting<C::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connecting = tokio::time::timeout(self.limit, self.inner.call(to));
        Box::pin(async move { connecting.await?.map_err(Into::into) })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn proxies_that_leak_names_are_refused() {
        let parse = |proxy: &str| parse_proxy(proxy, &HttpConnector::new());
        assert!(parse("socks5h://127.0.0.1:9050").is_ok() && parse("http://10.0.0.1:3128").is_ok());
        for proxy in ["socks5://127.0.0.1:9050", "socks4a://x:1", "ftp://x", "127.0.0.1:9050", "http://a:b@x:1", ""] {
            assert!(matches!(parse(proxy), Err(CarrierError::Proxy { .. })), "{proxy}");
        }
    }

    #[test]
    fn an_address_says_its_port() {
        let said = |uri: &str| with_port(uri.parse().unwrap(), 80).unwrap().to_string();
        assert_eq!(said("http://newsroom.invalid/a/b"), "http://newsroom.invalid:80/a/b");
        assert_eq!(said("http://[::1]:8080/"), "http://[::1]:8080/");
        assert_eq!(said("socks5h://name:word@proxy"), "socks5h://proxy:80/");
    }
}
