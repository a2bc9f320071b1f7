//! All broadcasts that this device makes, as long as a process serves them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use longear_store::Store;

use super::broadcast::Broadcast;
use crate::boxview::now_ms;
use crate::failure::Failure;
use crate::home::{Home, LiveSession, LiveToken};
use crate::terminal::{Notes, Screen, printable};

/// How long it is waited for segments of other renditions, so that one tick names them all.
const GATHER: Duration = Duration::from_millis(150);
/// How often the files of broadcasts are looked at.
const ROUND: Duration = Duration::from_millis(500);
/// How soon they are looked at again for an encoder that shows an unknown token.
const LOOK_PAUSE: Duration = Duration::from_millis(100);
/// How long it is waited before what failed is tried again.
const TRIAL_PAUSE: Duration = Duration::from_secs(2);

/// What was said of what went wrong, each by itself, so that one does not make another be said again.
struct Said {
    files: Mutex<Notes>,
    signing: Mutex<Notes>,
    refusals: Mutex<Notes>,
}

/// Knows the broadcasts whose files are in the home, begins and ends them.
pub struct Studio {
    home: Home,
    store: Arc<Store>,
    said: Said,
    running: RwLock<HashMap<[u8; 32], Arc<Broadcast>>>,
    looked: Mutex<Option<Instant>>,
}

impl Studio {
    /// None runs yet.
    pub fn new(home: Home, store: Arc<Store>, screen: Screen) -> Arc<Self> {
        let notes = || Mutex::new(Notes::new(screen.clone()));
        let said = Said { files: notes(), signing: notes(), refusals: notes() };
        Arc::new(Studio { home, store, said, running: RwLock::default(), looked: Mutex::default() })
    }

    /// The broadcast whose token has this hash.
    pub fn broadcast(&self, token: &[u8; 32]) -> Option<Arc<Broadcast>> {
        self.running.read().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    /// The broadcast that a word lets in, with one more look for one that has just been begun.
    pub fn admit(self: &Arc<Self>, word: &str) -> Option<Arc<Broadcast>> {
        let token = LiveToken::hash_of(word);
        self.broadcast(&token).or_else(|| {
            self.look(LOOK_PAUSE);
            self.broadcast(&token)
        })
    }

    /// Follows the files of the home for good.
    pub async fn keep(self: Arc<Self>) {
        loop {
            let studio = self.clone();
            let _ = tokio::task::spawn_blocking(move || studio.look(Duration::ZERO)).await;
            tokio::time::sleep(ROUND).await;
        }
    }

    /// Signs what waits, before the process ends.
    pub fn flush(&self) {
        for broadcast in self.all() {
            // What fails now is lost to the broadcast, and there is nobody left to tell.
            while broadcast.beat(now_ms()).unwrap_or(false) {}
        }
    }

    /// Looks at the files, unless that was done so recently.
    fn look(self: &Arc<Self>, pause: Duration) {
        let mut looked = lock(&self.looked);
        if looked.is_some_and(|looked| looked.elapsed() < pause) {
            return;
        }
        let mut failures = Vec::new();
        match self.home.live_sessions() {
            Ok(sessions) => {
                for session in sessions {
                    failures.extend(session.and_then(|session| self.follow(session)).err());
                }
            }
            Err(failure) => failures.push(failure),
        }
        self.running.write().unwrap_or_else(PoisonError::into_inner).retain(|_, broadcast| !broadcast.is_over());
        *looked = Some(Instant::now());
        drop(looked);
        let say = |failure: Failure| format!("A broadcast: {}", printable(&failure.message));
        lock(&self.said.files).say(failures.into_iter().map(say).collect());
    }

    fn follow(self: &Arc<Self>, session: LiveSession) -> Result<(), Failure> {
        let (token, stream) = (session.token.hash(), session.stream);
        let is_to_end = session.is_stopping || now_ms() > session.until;
        let broadcast = match self.broadcast(&token) {
            Some(broadcast) => broadcast,
            None => match Broadcast::resume(self.home.clone(), self.store.clone(), session, now_ms())? {
                Some(broadcast) => self.begin(token, Arc::new(broadcast)),
                None => return self.home.remove_live_session(&stream),
            },
        };
        match is_to_end || broadcast.is_taken_back() {
            true => broadcast.end(now_ms()),
            false => broadcast.name_moments(now_ms()),
        }
    }

    fn begin(self: &Arc<Self>, token: [u8; 32], broadcast: Arc<Broadcast>) -> Arc<Broadcast> {
        self.running.write().unwrap_or_else(PoisonError::into_inner).insert(token, broadcast.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(keep_signing(self.clone(), broadcast.clone()));
        }
        broadcast
    }

    fn all(&self) -> Vec<Arc<Broadcast>> {
        self.running.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn tell_unsigned(&self, failure: &Failure) {
        lock(&self.said.signing)
            .say(vec![format!("The broadcast waits to be signed: {}", printable(&failure.message))]);
    }

    /// Says what an encoder was refused for: whoever set it up looks here.
    pub fn tell_refusal(&self, words: &str) {
        lock(&self.said.refusals).say(vec![format!("An encoder was refused: {}", printable(words))]);
    }
}

/// Signs what has ended, soon after it has.
async fn keep_signing(studio: Arc<Studio>, broadcast: Arc<Broadcast>) {
    while !broadcast.is_over() {
        broadcast.bell.notified().await;
        tokio::time::sleep(GATHER).await;
        loop {
            let signing = broadcast.clone();
            let signed = tokio::task::spawn_blocking(move || signing.beat(now_ms())).await;
            match signed {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) | Err(_) => break,
                Ok(Err(failure)) => {
                    studio.tell_unsigned(&failure);
                    tokio::time::sleep(TRIAL_PAUSE).await;
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic ends the process.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
