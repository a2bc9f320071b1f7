//! Fetching what is missing while serving.

use std::sync::Arc;

use longear_net::carrier::{Carrier, CarrierError, CarrierOptions};
use longear_net::sync::{Pace, SyncOptions, SyncReport, Syncer};
use longear_store::Store;

use super::ROUND;
use crate::boxview::now_ms;
use crate::commands::carriers::carrier_failure;
use crate::failure::Failure;
use crate::terminal::{Notes, Screen, grouped, printable};

/// The carriers that are asked again and again; a stick may come later.
pub(super) struct Carriers {
    opened: Vec<Carrier>,
    absent: Vec<String>,
}

impl Carriers {
    /// Opens those that are there. What can be no carrier at all is refused.
    pub(super) fn new(addresses: &[String]) -> Result<Self, Failure> {
        let mut carriers = Carriers { opened: Vec::new(), absent: Vec::new() };
        for address in addresses {
            match Carrier::open(address, &CarrierOptions::default()) {
                Ok(carrier) => carriers.opened.push(carrier),
                Err(CarrierError::NotACarrier | CarrierError::Disk { .. }) => carriers.absent.push(address.clone()),
                Err(error) => return Err(carrier_failure(address, &error)),
            }
        }
        Ok(carriers)
    }

    /// Looks again for those that were not there. Tells whether there are new ones.
    fn look_again(&mut self) -> bool {
        let before = self.absent.len();
        let opened = &mut self.opened;
        self.absent.retain(|address| match Carrier::open(address, &CarrierOptions::default()) {
            Ok(carrier) => {
                opened.push(carrier);
                false
            }
            Err(_) => true,
        });
        self.absent.len() < before
    }
}

/// Fetches what is missing, at the start and once a minute, and each second while a broadcast goes on. What goes wrong is said and never ends the box.
pub(super) async fn keep_fetching(store: Arc<Store>, mut carriers: Carriers, screen: Screen) {
    if carriers.opened.is_empty() && carriers.absent.is_empty() {
        return;
    }
    let mut said = Notes::new(screen.clone());
    let mut syncer = Syncer::new(store.clone(), carriers.opened.clone());
    let mut options = SyncOptions::default();
    options.jitter_seed = u64::from(std::process::id()) ^ now_ms();
    let mut pace = Pace::new(ROUND);
    loop {
        pace.begin(&mut options);
        // A carrier that knows how notes will be coded could write some that look the same: each round has its own key.
        let _ = getrandom::fill(&mut options.session_seed);
        if carriers.look_again() {
            syncer = Syncer::new(store.clone(), carriers.opened.clone());
        }
        let mut notes = carriers.absent.iter().map(|absent| format!("Not there yet: {}", printable(absent))).collect();
        let mut pause = ROUND;
        match syncer.round(&options, &|_| {}).await {
            Ok(report) => {
                pause = pace.pause(&report);
                if report.new_items > 0 {
                    let posts = if report.new_items == 1 { "post" } else { "posts" };
                    screen.note(&format!("{} new {posts}", grouped(report.new_items)));
                }
                describe(&report, &mut notes);
            }
            Err(error) => notes.push(format!("What came could not be kept: {error}")),
        }
        said.say(notes);
        tokio::time::sleep(pause).await;
    }
}

fn describe(report: &SyncReport, notes: &mut Vec<String>) {
    for carrier in &report.carriers {
        if let Some(why) = &carrier.set_aside {
            notes.push(format!("{}: {}", printable(&carrier.carrier), printable(why)));
        }
    }
    for refusal in &report.refused {
        let (carrier, object) = (printable(&refusal.carrier), printable(&refusal.object));
        notes.push(format!("{carrier}: refused {object}: {}", printable(&refusal.reason)));
    }
}
