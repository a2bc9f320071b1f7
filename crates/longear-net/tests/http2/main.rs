//! The real client against servers that abuse HTTP/2: each is refused within a few bytes, and costs little memory.
//!
//! The servers stand behind TLS, with a certificate that the client is told to trust as a mirror's own authority is. They speak
//! HTTP/2 with whoever offers it, and send its frames to whoever does not. Our client does not; with one that did, some of these
//! ended only by time, and one made it keep 306 MB in twelve seconds.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

mod attacks;
#[path = "../support/certificate.rs"]
mod certificate;
mod client;
#[path = "../../../longear/tests/abuse/frames.rs"]
#[allow(dead_code)]
mod frames;
mod server;

use std::time::Duration;

use attacks::Attack;
use client::Client;
use longear_net::carrier::CarrierError;
use server::{Server, Speaks};

/// Bytes that may be asked for here.
pub const OBJECT_BYTES_MAX: u64 = 100_000;
/// The most that is taken: what two systems and TLS on both sides keep on the way.
const TAKEN_BYTES_MAX: u64 = 12 << 20;
/// What the process may take more than before, client and server together, in KiB.
const MEMORY_KIB_MAX: u64 = 32 << 10;
/// Requests for one object, those counted that the library repeats by itself.
const REQUESTS_MAX: u64 = 4;
/// Within this time after the client's last word its connection is gone.
const HANGING_UP_MAX: Duration = Duration::from_secs(5);

/// What is wrong with how a client takes an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Objection {
    /// It said nothing, or that it waited in vain.
    Unnamed,
    Taken,
    Memory,
    Requests,
    /// It went on reading what it had given up.
    ReadOn,
}

async fn objections(client: Client, attack: &Attack) -> Vec<Objection> {
    let server = Server::start(attack.clone(), Speaks::Either).await;
    let before = memory_kib("VmRSS:");
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let asking = client.ask(&server).await;
    let memory = memory_kib("VmHWM:").saturating_sub(before);
    let is_left = server.is_left_within(HANGING_UP_MAX).await;
    let (taken, requests, error) = (server.taken(), server.requests(), asking.error.as_ref());
    println!(
        "{:<40} {taken:>10} bytes taken, {requests} requests, {memory:>6} KiB more, left {is_left}; {error:?}",
        attack.name
    );
    let is_named =
        error.is_some_and(|error| !matches!(error, CarrierError::TimedOut { .. } | CarrierError::Tls { .. }));
    let mut objections = Vec::new();
    let mut object = |is_wrong: bool, objection| objections.extend(is_wrong.then_some(objection));
    object(!is_named, Objection::Unnamed);
    object(taken > TAKEN_BYTES_MAX, Objection::Taken);
    object(memory > MEMORY_KIB_MAX, Objection::Memory);
    object(requests > REQUESTS_MAX, Objection::Requests);
    object(!is_left, Objection::ReadOn);
    objections
}

fn memory_kib(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|found| found.strip_prefix(line)).unwrap();
    line.trim().strip_suffix(" kB").unwrap().trim().parse().unwrap()
}

/// All in one test, one after the other: what the system says about memory is about all of the process. First by the real client,
/// and then by one that speaks HTTP/2 and forgets every limit: a check that cannot fail does not count.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_abuse_http_2_are_refused() {
    for attack in &Attack::all() {
        assert_eq!(objections(Client::Real, attack).await, [], "{}", attack.name);
    }
    for attack in &Attack::all() {
        let found = objections(Client::Careless, attack).await;
        let expected = if attack.piece.is_some() { Objection::Taken } else { Objection::Requests };
        assert!(found.contains(&expected), "{}: {found:?} without {expected:?}", attack.name);
    }
}

#[tokio::test]
async fn a_server_that_speaks_nothing_else_is_named() {
    let attack = Attack::all().swap_remove(0);
    let server = Server::start(attack, Speaks::Http2Only).await;
    let asking = Client::Real.ask(&server).await;
    assert!(matches!(asking.error, Some(CarrierError::Tls { .. })), "{:?}", asking.error);
}
