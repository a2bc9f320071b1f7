//! Carriers against the real nginx, and against servers, proxies and folders made by an enemy.
#![allow(clippy::unwrap_used)]

mod careless;
#[path = "../support/certificate.rs"]
mod certificate;
mod floods;
mod folder;
mod hostile;
mod nginx;
mod proxy;
mod sticks;

use std::time::Duration;

use longear_core::tree::TreePath;
use longear_net::carrier::{Body, Carrier, CarrierError, CarrierOptions};

/// The object that most tests ask for.
const BLOB: TreePath = TreePath::Blob { hash: [0xb1; 32] };

/// A limit that no test object reaches.
const ROOMY: u64 = 1 << 40;

/// Bytes that differ at every offset that a mistake could confuse.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at.wrapping_mul(0x9e37_79b1) >> 13) as u8).collect()
}

/// Options that make a test of slowness fast.
fn impatient() -> CarrierOptions {
    let mut options = CarrierOptions::default();
    options.connect_timeout = Duration::from_millis(500);
    options.progress_timeout = Duration::from_millis(300);
    options
}

fn open(address: &str) -> Carrier {
    Carrier::open(address, &CarrierOptions::default()).unwrap()
}

/// Reads a body to its end or its error, and gives what came before.
async fn drain(mut body: Body) -> (Vec<u8>, Option<CarrierError>) {
    let mut all = Vec::new();
    loop {
        match body.next().await {
            Ok(Some(bytes)) => all.extend_from_slice(&bytes),
            Ok(None) => return (all, None),
            Err(error) => return (all, Some(error)),
        }
    }
}
