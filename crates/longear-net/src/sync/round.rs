//! One round: what all its parts share, and how a carrier is asked.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use longear_core::quarantine::Quarantine;
use longear_core::tree::TreePath;
use longear_core::{ChannelId, Reason, Statement};
use longear_store::Store;

use super::options::{ABANDONED_COST_BYTES, Cancel, SyncOptions};
use super::report::{Refusal, SyncError, SyncEvent, SyncReport};
use super::source::Source;
use crate::carrier::{Blame, Body, CarrierError};

/// Statements whose delegate is in no charter held, with the carrier that gave them.
pub(super) type Waiting = HashMap<ChannelId, Quarantine<(usize, Statement)>>;

/// One round over all channels and carriers.
pub(super) struct Round<'a> {
    pub store: Arc<Store>,
    pub sources: &'a [Source],
    pub options: &'a SyncOptions,
    pub events: &'a (dyn Fn(SyncEvent) + Send + Sync),
    pub waiting: &'a Mutex<Waiting>,
    pub report: Mutex<SyncReport>,
    /// Ends large blobs when the time for files is over; they go on in the next round.
    pub pause: Cancel,
}

/// What became of a request.
pub(super) enum Fetched {
    /// The bytes follow.
    Body(Body),
    /// The carrier does not have it.
    Absent,
    /// It failed, which was noted.
    Failed,
}

impl Round<'_> {
    pub fn report(&self) -> MutexGuard<'_, SyncReport> {
        self.report.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn tell(&self, event: SyncEvent) {
        (self.events)(event);
    }

    /// The carriers that are still asked.
    pub fn live(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| !source.is_aside())
    }

    pub fn is_cancelled(&self) -> bool {
        self.options.cancel.is_cancelled()
    }

    /// Notes that something of `bytes` bytes was refused, names it, and counts it against the carrier.
    pub fn refuse(&self, source: &Source, object: String, reason: &Reason, bytes: u64) {
        self.note_refusal(source, Refusal::new(&source.label, object, reason), bytes);
    }

    /// The same of what no object was, by what is wrong with it.
    pub fn refuse_fault(&self, source: &Source, object: String, fault: &dyn std::error::Error, bytes: u64) {
        self.note_refusal(source, Refusal::other(&source.label, object, fault.to_string()), bytes);
    }

    pub fn note_refusal(&self, source: &Source, refusal: Refusal, bytes: u64) {
        source.lies.count(bytes);
        self.note_counted(source, refusal);
    }

    /// The same for what was counted while it came.
    pub fn note_counted(&self, source: &Source, refusal: Refusal) {
        source.state().gives_good_blobs = false;
        self.report().refuse(refusal.clone());
        self.tell(SyncEvent::Refused(refusal));
        if source.lies.are_too_many() {
            self.set_aside(source, "too much of what it gave was refused");
        }
    }

    pub fn set_aside(&self, source: &Source, why: &str) {
        if source.set_aside(why) {
            self.tell(SyncEvent::SetAside { carrier: source.label.clone(), why: why.to_owned() });
        }
    }

    /// Asks a carrier, again after a while where that may help.
    pub async fn fetch(&self, source: &Source, path: &TreePath, range: Option<Range<u64>>, bytes_max: u64) -> Fetched {
        if source.is_aside() || self.is_cancelled() {
            return Fetched::Failed;
        }
        let mut jitter = || source.jitter();
        let asked = source.carrier.fetch_with_retry(path, range, bytes_max, &self.options.retry, &mut jitter);
        let answer = tokio::select! {
            answer = asked => answer,
            () = self.options.cancel.cancelled() => return Fetched::Failed,
        };
        match answer {
            Ok(Some(body)) => Fetched::Body(body),
            Ok(None) => Fetched::Absent,
            Err(error) => {
                self.note_failure(source, path, &error, true);
                Fetched::Failed
            }
        }
    }

    /// Asks for a small object; `Ok(None)` if the carrier does not have it, `Err` if it failed, which was noted.
    pub async fn fetch_small(&self, source: &Source, path: &TreePath, bytes_max: usize) -> Result<Option<Vec<u8>>, ()> {
        let Ok(_slot) = source.slots.acquire().await else { return Err(()) };
        match self.fetch(source, path, None, bytes_max as u64).await {
            Fetched::Body(body) => match body.collect().await {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) => {
                    self.note_failure(source, path, &error, false);
                    Err(())
                }
            },
            Fetched::Absent => Ok(None),
            Fetched::Failed => Err(()),
        }
    }

    /// Notes why a carrier did not give an object. `at_once` tells whether not even the request succeeded, all its
    /// repetitions included.
    pub fn note_failure(&self, source: &Source, path: &TreePath, error: &CarrierError, at_once: bool) {
        match error {
            CarrierError::TimedOut { .. } => self.set_aside(source, &error.to_string()),
            CarrierError::HttpStatus { .. } => self.set_aside(source, &error.to_string()),
            _ => match error.blame() {
                Blame::Network if at_once || source.count_interruption() => {
                    self.report().cut = true;
                    self.set_aside(source, &error.to_string());
                }
                Blame::Network => self.report().cut = true,
                Blame::User => self.set_aside(source, &error.to_string()),
                _ => {
                    let refusal = Refusal::other(&source.label, path.to_string(), error.to_string());
                    // A disk reads only what is asked of it.
                    let bytes = if source.is_folder() { 0 } else { ABANDONED_COST_BYTES };
                    self.note_refusal(source, refusal, bytes);
                }
            },
        }
    }

    /// Runs what waits for the disk or computes, beside the runtime.
    pub async fn blocking<T, E>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, SyncError>
    where
        T: Send + 'static,
        E: Send + 'static + Into<SyncError>,
    {
        let store = self.store.clone();
        match tokio::task::spawn_blocking(move || work(&store)).await {
            Ok(answer) => answer.map_err(Into::into),
            Err(_) => Err(SyncError::Task),
        }
    }
}
