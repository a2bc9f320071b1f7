//! `longear serve`: the box.

mod fetching;

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use longear_core::ChannelId;
use longear_core::holdings::Holdings;
use longear_net::serve::{ConnectionLimits, serve_connections, tree_router};
use longear_store::Store;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use self::fetching::{Carriers, keep_fetching};
use super::Context;
use crate::arguments::node::{LISTEN_DEFAULT, ServeArguments};
use crate::boxview::live::{AtHand, Front};
use crate::boxview::{self, now_ms};
use crate::failure::Failure;
use crate::home::{Home, ServeLock, store_failure};
use crate::live::{ingest, studio::Studio};
use crate::newsroom::signing::Signer;
use crate::terminal::{Notes, Screen, printable};

/// Threads that move bytes.
const THREADS: usize = 2;

/// Threads that wait for the disk; beyond them work queues up.
const DISK_THREADS_MAX: usize = 16;

/// Bytes of a thread's stack.
const STACK_BYTES: usize = 1 << 20;

/// How often it is looked whether there is something to do beside answering.
const ROUND: Duration = Duration::from_secs(60);

/// How often it is looked whether something is due to be deleted.
const DELETION_ROUND: Duration = Duration::from_secs(3_600);

/// How old the publisher's last word may grow while its own device serves, in milliseconds.
const WORD_AGE_MS_MAX: u64 = 3_600_000;

/// How long disk work under way is waited for at the end. What is cut then is recovered at the next start.
const ENDING_MAX: Duration = Duration::from_secs(2);

/// How many addresses of this machine are named.
const ADDRESSES_NAMED_MAX: usize = 4;

/// Serves pages, files and the tree until Ctrl-C or SIGTERM.
///
/// # Errors
/// Refused where another process serves this home, where the address cannot be listened at, and for what this version
/// cannot keep: nothing but the encoders of a broadcast may write over HTTP yet.
pub fn serve(context: &Context<'_>, arguments: &ServeArguments) -> Result<(), Failure> {
    check(arguments)?;
    let (home, store) = context.open()?;
    let mut lock = home.serve_lock()?;
    let carriers = Carriers::new(&arguments.sync)?;
    let store = Arc::new(store);
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        // Listened for from the start, so that whoever reads our line may stop us at once.
        let stopped = stop_signal()?;
        let listener = TcpListener::bind(arguments.listen).await;
        let listener =
            listener.map_err(|error| bind_failure("--listen", arguments.listen, LISTEN_DEFAULT.port(), &error))?;
        let address = announce(context.screen, &listener, &mut lock)?;
        let at_hand = Arc::<AtHand>::default();
        let notes = match arguments.read_only {
            true => longear_net::serve::Notes::GivenOnly,
            false => longear_net::serve::Notes::Taken,
        };
        let mut router = boxview::router(store.clone(), at_hand.clone(), !arguments.read_only)
            .merge(boxview::app::router())
            .merge(tree_router(store.clone(), notes));
        let studio = Studio::new(home.clone(), store.clone(), address, context.screen.clone());
        if !arguments.read_only {
            router = router.merge(ingest::router(studio.clone()));
            tokio::spawn(studio.clone().keep());
            tokio::spawn(keep_word(home, store.clone(), context.screen.clone()));
            tokio::spawn(keep_deleting(store.clone(), context.screen.clone()));
            tokio::spawn(keep_fetching(store, carriers, context.screen.clone()));
        }
        serve_connections(listener, Front::new(router, at_hand), ConnectionLimits::default(), stopped).await;
        let _ = tokio::task::spawn_blocking(move || studio.close()).await;
        Ok(())
    });
    runtime.shutdown_timeout(ENDING_MAX);
    drop(lock);
    served
}

/// Refuses what would be a promise that is not kept.
fn check(arguments: &ServeArguments) -> Result<(), Failure> {
    if arguments.token.is_some() {
        return Err(Failure::refused(
            "This version accepts no writing over HTTP by a token but from the encoder of a broadcast, whose token `longear live start` makes",
        )
        .hint("Leave out --token. Notes of rooms are taken from everybody; a box that is --read-only takes none"));
    }
    if arguments.read_only && !arguments.sync.is_empty() {
        return Err(Failure::usage("A box that is read-only fetches nothing: --sync cannot go with --read-only")
            .hint("Leave one of them out"));
    }
    Ok(())
}

fn runtime() -> Result<Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(THREADS).max_blocking_threads(DISK_THREADS_MAX).thread_stack_size(STACK_BYTES);
    builder.enable_all().build().map_err(|error| {
        Failure::refused(format!("This system gives no threads: {error}")).hint("End other programs, then run it again")
    })
}

/// Is done when the process is asked to end.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let failure = |error: io::Error| Failure::refused(format!("This system gives no signals: {error}"));
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupted = signal(SignalKind::interrupt()).map_err(failure)?;
        let mut terminated = signal(SignalKind::terminate()).map_err(failure)?;
        Ok(async move {
            tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        let _ = failure;
        Ok(async {
            let _ = tokio::signal::ctrl_c().await;
        })
    }
}

/// Why an address that an option names cannot be listened at, and what can be done. `high` is a port that is not the system's.
pub(super) fn bind_failure(option: &str, address: SocketAddr, high: u16, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let other = SocketAddr::new(address.ip(), address.port().checked_add(1).unwrap_or(high));
            Failure::refused(format!("Another program listens at {address} already"))
                .hint(format!("End it, or choose another port: {option} {other}"))
        }
        io::ErrorKind::PermissionDenied => {
            let other = SocketAddr::new(address.ip(), high);
            Failure::refused(format!("This user may not listen at {address}"))
                .hint(format!("Ports below 1024 belong to the system. Choose a higher one: {option} {other}"))
        }
        io::ErrorKind::AddrNotAvailable => {
            let every = SocketAddr::new(IpAddr::from([0, 0, 0, 0]), address.port());
            Failure::refused(format!("This machine does not have the address {}", address.ip()))
                .hint(format!("Listen at all that it has: {option} {every}"))
        }
        _ => Failure::refused(format!("Cannot listen at {address}: {error}"))
            .hint(format!("Choose another: {option} ADDR")),
    }
}

/// Says where the page is, in one line on stdout; gives the address.
fn announce(screen: &Screen, listener: &TcpListener, lock: &mut ServeLock) -> Result<SocketAddr, Failure> {
    let address = listener.local_addr().map_err(|error| Failure::refused(format!("Cannot listen: {error}")))?;
    lock.tell(address);
    let urls = urls(address);
    if screen.json() {
        screen.print_json(&json!({"version": 1, "listening": urls[0], "urls": urls}))?;
        return Ok(address);
    }
    screen.print(&format!("{}\n", urls.join("  ")))?;
    screen.note(match address.ip().is_loopback() {
        true => "Only this machine can open it. For everybody near by: --listen 0.0.0.0:7777. Ctrl-C ends it.",
        false => "Anybody on the same network can open it, with nothing installed. Ctrl-C ends it.",
    });
    Ok(address)
}

/// What people can type: the address itself, or for "all addresses" those that this machine has. Never empty.
pub(super) fn urls(address: SocketAddr) -> Vec<String> {
    let hosts = addresses(address.ip());
    hosts.iter().map(|host| format!("http://{}", SocketAddr::new(*host, address.port()))).collect()
}

/// The address itself, or for "all addresses" those that this machine has. Never empty.
pub(super) fn addresses(host: IpAddr) -> Vec<IpAddr> {
    if !host.is_unspecified() {
        return vec![host];
    }
    let hosts = own_addresses();
    if hosts.is_empty() { vec![IpAddr::from([127, 0, 0, 1])] } else { hosts }
}

/// The addresses by which others near by reach this machine, as far as they are easily found.
fn own_addresses() -> Vec<IpAddr> {
    let mut found = std::fs::read_to_string("/proc/net/fib_trie").map_or(Vec::new(), |table| local_addresses(&table));
    // Elsewhere the system tells which address it would use towards each kind of private network. Nothing is sent.
    for target in ["192.168.255.254:9", "10.255.255.254:9", "172.31.255.254:9", "192.0.2.1:9"] {
        let socket = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.connect(target).map(|()| socket));
        found.extend(socket.and_then(|socket| socket.local_addr()).map(|address| address.ip()));
    }
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found {
        if !address.is_loopback() && !address.is_unspecified() && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses.truncate(ADDRESSES_NAMED_MAX);
    addresses
}

/// Reads the machine's own addresses from Linux's routing table: the leaves that are said to be local hosts.
fn local_addresses(table: &str) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    let mut leaf = None;
    for line in table.lines() {
        if let Some((_, address)) = line.split_once("|-- ") {
            leaf = address.trim().parse::<IpAddr>().ok();
        } else if line.contains("/32 host LOCAL") {
            addresses.extend(leaf);
        }
    }
    addresses
}

/// Signs the hourly "this is my newest item, it is now …" of the channels that this device speaks for.
async fn keep_word(home: Home, store: Arc<Store>, screen: Screen) {
    let mut said = Notes::new(screen);
    loop {
        let (home, store) = (home.clone(), store.clone());
        let signed = tokio::task::spawn_blocking(move || sign_words(&home, &store, now_ms())).await;
        let failures = signed
            .unwrap_or_default()
            .into_iter()
            .map(|failure| format!("The hourly sign of life was not signed: {}", printable(&failure.message)));
        said.say(failures.collect());
        tokio::time::sleep(ROUND).await;
    }
}

/// Deletes what was taken back more than thirty days ago, at the start and once an hour.
async fn keep_deleting(store: Arc<Store>, screen: Screen) {
    let mut said = Notes::new(screen);
    loop {
        let store = store.clone();
        let collected = tokio::task::spawn_blocking(move || store.collect(now_ms())).await;
        let failure = collected.ok().and_then(Result::err).filter(|error| !error.is_read_only());
        said.say(
            failure.map(|error| format!("What was taken back could not be deleted yet: {error}")).into_iter().collect(),
        );
        tokio::time::sleep(DELETION_ROUND).await;
    }
}

/// Signs where the last statement is older than an hour; tells what failed.
fn sign_words(home: &Home, store: &Store, now_ms: u64) -> Vec<Failure> {
    let channels = match home.own_channels() {
        Ok(channels) => channels,
        Err(failure) => return vec![failure],
    };
    channels.iter().filter_map(|channel| sign_word(home, store, channel, now_ms).err()).collect()
}

fn sign_word(home: &Home, store: &Store, channel: &ChannelId, now_ms: u64) -> Result<(), Failure> {
    // A copied home, a revoked or unknown key: nothing to say.
    let Some(signer) = Signer::in_its_log(home, store, channel, now_ms)? else { return Ok(()) };
    let Some(state) = store.channel(channel).map_err(|error| store_failure(&error))? else { return Ok(()) };
    let last = state.statement(&signer.opening().log(channel)).map(|word| word.time);
    if last.is_some_and(|last| now_ms < last.saturating_add(WORD_AGE_MS_MAX)) {
        return Ok(());
    }
    signer.state(store, now_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
     +-- 192.168.43.0/24 2 0 2
        |-- 192.168.43.0
           /24 link UNICAST
        |-- 192.168.43.1
           /32 host LOCAL
        |-- 192.168.43.255
           /32 link BROADCAST
";

    #[test]
    fn only_addresses_of_this_machine_are_taken_from_the_routing_table() {
        let own = ["127.0.0.1", "192.168.43.1"].map(|address| address.parse::<IpAddr>().expect("an address"));
        assert_eq!(local_addresses(ROUTES), own);
        assert_eq!(local_addresses(""), Vec::<IpAddr>::new());
    }

    #[test]
    fn a_url_is_one_that_people_can_type() {
        assert_eq!(urls(([192, 168, 43, 1], 7777).into()), ["http://192.168.43.1:7777"]);
        assert_eq!(urls("[::1]:80".parse().expect("an address")), ["http://[::1]:80"]);
        let everywhere = urls(([0, 0, 0, 0], 7777).into());
        assert!(!everywhere.is_empty() && everywhere.iter().all(|url| !url.contains("0.0.0.0")), "{everywhere:?}");
    }
}
