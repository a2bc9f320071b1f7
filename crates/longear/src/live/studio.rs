//! All broadcasts that this device makes, as long as a process serves them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use longear_core::StreamId;
use longear_store::Store;

use super::broadcast::Broadcast;
use super::ingest::INGEST;
use super::receiver::{Order, Protocol, Receiver};
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
    /// Where this machine itself reaches the box.
    here: SocketAddr,
    /// What listens for senders, by broadcast; nothing once the process ends.
    receivers: Mutex<Option<HashMap<StreamId, Vec<Receiver>>>>,
    screen: Screen,
    looked: Mutex<Option<Instant>>,
}

impl Studio {
    /// None runs yet. The box listens at `address`.
    pub fn new(home: Home, store: Arc<Store>, address: SocketAddr, screen: Screen) -> Arc<Self> {
        let notes = || Mutex::new(Notes::new(screen.clone()));
        let said = Said { files: notes(), signing: notes(), refusals: notes() };
        Arc::new(Studio {
            home,
            store,
            said,
            running: RwLock::default(),
            here: here(address),
            receivers: Mutex::new(Some(HashMap::new())),
            screen,
            looked: Mutex::default(),
        })
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

    /// Ends what listens for senders, and signs what waits, before the process ends.
    pub fn close(&self) {
        drop(lock(&self.receivers).take());
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
        let running = self.all().iter().map(|broadcast| broadcast.live().stream).collect::<Vec<_>>();
        if let Some(receivers) = lock(&self.receivers).as_mut() {
            receivers.retain(|stream, _| running.contains(stream));
        }
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
        if is_to_end || broadcast.is_taken_back() {
            return broadcast.end(now_ms());
        }
        // Neither waits for the other.
        let received = self.receive(broadcast.live());
        broadcast.name_moments(now_ms()).and(received)
    }

    /// Listens for senders where a broadcast asks for that, unless it is done already.
    fn receive(&self, live: &LiveSession) -> Result<(), Failure> {
        let wishes = [(Protocol::Rtmp, live.intake.rtmp), (Protocol::Srt, live.intake.srt)];
        let wishes =
            wishes.into_iter().filter_map(|(protocol, address)| Some((protocol, address?))).collect::<Vec<_>>();
        let mut receivers = lock(&self.receivers);
        let Some(receivers) = receivers.as_mut() else { return Ok(()) };
        if wishes.is_empty() || receivers.contains_key(&live.stream) {
            return Ok(());
        }
        let preset = self.home.write_live_preset(live)?;
        let begin = |(protocol, address)| {
            let order = Order {
                protocol,
                address,
                key: live.token.sender_key(),
                token: live.token.word().to_owned().into(),
                preset: preset.clone(),
                ingest: format!("http://{}{INGEST}", self.here),
                title: live.title.clone(),
            };
            Receiver::new(order, self.screen.clone())
        };
        let begun = wishes.into_iter().map(begin).collect::<Result<Vec<_>, _>>()?;
        receivers.insert(live.stream, begun);
        Ok(())
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

/// How this machine itself reaches what listens at an address.
fn here(address: SocketAddr) -> SocketAddr {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, address.port())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic ends the process.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
