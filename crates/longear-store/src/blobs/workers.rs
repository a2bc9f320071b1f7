//! The two background threads of a store: one hashes groups, one syncs.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use longear_core::blob::BLOCK_BYTES;

use super::BlobError;
use super::writer::Session;
use crate::pages::PageBuffer;

/// Groups that wait to be hashed before writers have to wait; they wait on disk, not in memory.
const CHECKS_WAITING_MAX: usize = 64;

/// Syncs that wait; each session has at most one.
const SYNCS_WAITING_MAX: usize = 64;

/// Hands work to threads that start when they are first needed and end with their store.
#[derive(Debug, Default)]
pub(super) struct Workers {
    senders: Mutex<Option<Senders>>,
}

#[derive(Debug, Clone)]
struct Senders {
    checks: SyncSender<(Arc<Session>, u32)>,
    syncs: SyncSender<Arc<Session>>,
}

/// Counts the jobs that a session has with the threads.
///
/// It outlives the session, so that a job can give back the session before it is counted as done:
/// then the files, and with them the lock, are closed by whoever waited.
#[derive(Debug, Default)]
pub(super) struct Activity {
    jobs: Mutex<usize>,
    idle: Condvar,
}

impl Activity {
    /// Waits until no job is left.
    pub(super) fn wait_until_idle(&self) {
        let jobs = self.jobs.lock().expect("counting does not panic");
        drop(self.idle.wait_while(jobs, |jobs| *jobs > 0).expect("counting does not panic"));
    }

    fn begin_job(&self) {
        *self.jobs.lock().expect("counting does not panic") += 1;
    }

    fn end_job(&self) {
        *self.jobs.lock().expect("counting does not panic") -= 1;
        self.idle.notify_all();
    }
}

impl Workers {
    /// Has a group hashed, soon.
    pub(super) fn check(&self, session: &Arc<Session>, group: u32) -> Result<(), BlobError> {
        let checks = self.senders()?.checks;
        session.activity().begin_job();
        let job = (Arc::clone(session), group);
        checks.send(job).expect("the hashing thread outlives its senders");
        Ok(())
    }

    /// Has a blob's bytes made durable, soon.
    pub(super) fn sync(&self, session: &Arc<Session>) -> Result<(), BlobError> {
        let syncs = self.senders()?.syncs;
        session.activity().begin_job();
        syncs.send(Arc::clone(session)).expect("the syncing thread outlives its senders");
        Ok(())
    }

    /// Starts the threads unless they run.
    fn senders(&self) -> Result<Senders, BlobError> {
        let mut senders = self.senders.lock().expect("starting threads does not panic");
        if let Some(senders) = &*senders {
            return Ok(senders.clone());
        }
        let (checks, check_jobs) = sync_channel::<(Arc<Session>, u32)>(CHECKS_WAITING_MAX);
        let (syncs, sync_jobs) = sync_channel::<Arc<Session>>(SYNCS_WAITING_MAX);
        spawn("blob-hash", move || {
            let mut buffer = PageBuffer::new(BLOCK_BYTES as usize);
            while let Ok((session, group)) = check_jobs.recv() {
                run_job(session, |session| session.check_group(group, &mut buffer));
            }
        })?;
        spawn("blob-sync", move || {
            while let Ok(session) = sync_jobs.recv() {
                run_job(session, Session::sync_in_background);
            }
        })?;
        Ok(senders.insert(Senders { checks, syncs }).clone())
    }
}

fn run_job(session: Arc<Session>, run: impl FnOnce(&Session)) {
    let activity = Arc::clone(session.activity());
    run(&session);
    drop(session);
    activity.end_job();
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), BlobError> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map(drop).map_err(BlobError::Thread)
}
