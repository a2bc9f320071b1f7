//! Accepting connections: how many, from whom, and for how long.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower_service::Service;

use super::guarded::Guarded;

/// Bytes of a request's header, and of what waits to be written to a slow reader besides one piece of the body.
const BUFFER_BYTES_MAX: usize = 64 << 10;

/// Bytes of a request's header over HTTP/2.
const HEADER_LIST_BYTES_MAX: u32 = 16 << 10;

/// How long it is waited when the system gives no more connections, before asking again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Bounds what other ends can occupy. The default suits a box on a hotspot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectionLimits {
    /// Connections at once. Further ones are closed unanswered.
    pub connections_max: usize,
    /// Connections at once from one address (IPv6: from one network of 64 bits). This machine itself is exempt: behind
    /// its address may stand a proxy or an onion service, and thus everybody.
    pub connections_per_address_max: usize,
    /// Requests at once in one HTTP/2 connection.
    pub requests_per_connection_max: u32,
    /// The time in which the header of a request must arrive, the first one and each later one.
    pub header_timeout: Duration,
    /// The time after which a connection is closed on which nothing moves.
    pub idle_timeout: Duration,
    /// The time that answers under way are given when the server ends.
    pub shutdown_timeout: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        ConnectionLimits {
            connections_max: 1024,
            connections_per_address_max: 64,
            requests_per_connection_max: 32,
            header_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(60),
            shutdown_timeout: Duration::from_secs(3),
        }
    }
}

/// What other ends send.
pub type Received = Request<hyper::body::Incoming>;

/// Serves a router, or what stands before one, over HTTP/1.1 and HTTP/2 without encryption, until `shutdown` is done.
///
/// Handlers find the other end's address as [`ConnectInfo`]`<SocketAddr>`. No server name is sent, nothing is logged.
/// Connections that dawdle over a request, or do not take their answer, are closed. At the end no new ones are accepted,
/// and answers under way get [`ConnectionLimits::shutdown_timeout`].
pub async fn serve_connections<S>(
    listener: TcpListener,
    service: S,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) where
    S: Service<Received, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let census = Arc::new(Census::default());
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            () = &mut shutdown => break,
        };
        let Some(place) = Census::enter(&census, peer.ip(), &limits) else { continue };
        let service = TowerToHyperService::new(Introduced { service: service.clone(), peer });
        let guarded = Guarded::new(stream, limits.header_timeout, limits.idle_timeout);
        let connection = builder(&limits).serve_connection(TokioIo::new(guarded), service).into_owned();
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            // Whoever breaks off is gone; there is nobody to tell.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    // What is not done then is cut off as the set is dropped.
    let _ = tokio::time::timeout(limits.shutdown_timeout, graceful.shutdown()).await;
}

/// Tells handlers whose request it is. Around the whole router, as a layer would be built anew for each of its routes.
#[derive(Clone)]
struct Introduced<S> {
    service: S,
    peer: SocketAddr,
}

impl<S: Service<Received>> Service<Received> for Introduced<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Received) -> S::Future {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.service.call(request)
    }
}

fn builder(limits: &ConnectionLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Who sends a whole request and then nothing more is heard, too: encoders end so.
    builder
        .http1()
        .half_close(true)
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(BUFFER_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.requests_per_connection_max)
        .max_header_list_size(HEADER_LIST_BYTES_MAX)
        .max_send_buf_size(BUFFER_BYTES_MAX);
    builder
}

/// Waits for the next connection. Failures are those of single connections, or pass.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Without it, small answers wait for each other; a system that refuses is only slower.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Counts connections, in all and by address, while they last.
#[derive(Default)]
struct Census {
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Is held by a connection.
struct Place {
    census: Arc<Census>,
    address: IpAddr,
}

impl Census {
    fn enter(census: &Arc<Census>, address: IpAddr, limits: &ConnectionLimits) -> Option<Place> {
        let address = network_of(address);
        let mut counts = census.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = counts.by_address.get(&address).copied().unwrap_or(0);
        let is_crowded = of_address >= limits.connections_per_address_max && !address.is_loopback();
        if counts.all >= limits.connections_max || is_crowded {
            return None;
        }
        counts.all += 1;
        counts.by_address.insert(address, of_address + 1);
        Some(Place { census: census.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.census.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all -= 1;
        if let Some(count) = counts.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

/// One household or phone has a whole network of IPv6 addresses.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_counted_and_let_go() {
        let limits = ConnectionLimits { connections_max: 5, connections_per_address_max: 2, ..Default::default() };
        let census = Arc::new(Census::default());
        let enter = |address: &str| Census::enter(&census, address.parse().unwrap(), &limits);
        let first = enter("2001:db8::1");
        let second = enter("2001:db8::2");
        assert!(first.is_some() && second.is_some());
        assert!(enter("2001:db8::3").is_none(), "the same network of 64 bits");
        drop(first);
        let third = enter("2001:db8::3");
        assert!(third.is_some());
        let own = [enter("127.0.0.1"), enter("127.0.0.1"), enter("::ffff:127.0.0.1")];
        assert!(own.iter().all(Option::is_some), "this machine is exempt from the limit of one address");
        assert!(enter("10.0.0.1").is_none(), "five is the limit of all");
        drop((second, third, own));
        assert!(census.counts.lock().unwrap().by_address.is_empty());
    }
}
