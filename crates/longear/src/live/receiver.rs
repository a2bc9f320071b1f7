//! A door for senders that speak RTMP or SRT: an ffmpeg that listens, makes the renditions and puts them to this box.
//!
//! It is started with the broadcast, started again whenever it ends, as it does behind each sender, and ended with the broadcast.
//! No secret stands among its arguments, where others on the machine could read them: the key is in a script that it reads from
//! a pipe, the token in a private file.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::complaints::{Complaints, Heard};
use super::ladder::{Holds, ladder};
use super::tied;
use crate::failure::Failure;
use crate::terminal::{Notes, Screen, printable};

/// How long it is waited before ffmpeg is started again.
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// The same where it fails again and again.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How long it has to run so that what ends it is no failure to begin.
const RUN_MIN: Duration = Duration::from_secs(20);
/// How long a sender may be silent, in microseconds. ffmpeg asks three times with RTMP. So one whose line is dead is given up after
/// 16 s, with SRT after 5 s, and the door is free for it when it comes back.
const SILENCE_US: u64 = 5_000_000;
/// How long it is looked what an input holds, in microseconds.
const LOOK_US: u64 = 5_000_000;
/// Bytes of a line on stderr that are read at once.
const LINE_BYTES_MAX: u64 = 4 << 10;
/// Bytes of a thread's stack.
const STACK_BYTES: usize = 256 << 10;

/// How senders speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// OBS and most others, over TCP. The stream key is its secret.
    Rtmp,
    /// Phones and field encoders, over UDP, encrypted with a passphrase.
    Srt,
}

impl Protocol {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Rtmp => "RTMP",
            Protocol::Srt => "SRT",
        }
    }

    /// What ffmpeg may open.
    fn whitelist(self) -> &'static str {
        match self {
            Protocol::Rtmp => "pipe,rtmp,tcp",
            Protocol::Srt => "pipe,srt",
        }
    }
}

/// What a receiver is to do.
pub struct Order {
    /// How senders speak.
    pub protocol: Protocol,
    /// Where ffmpeg listens.
    pub address: SocketAddr,
    /// What senders have to know.
    pub key: Zeroizing<String>,
    /// What the box has to be shown.
    pub token: Zeroizing<String>,
    /// The file that makes ffmpeg show it.
    pub preset: PathBuf,
    /// Where the box takes what encoders put.
    pub ingest: String,
    /// What the broadcast is called.
    pub title: String,
}

impl Order {
    fn where_to(&self) -> String {
        format!("{} at {}", self.protocol.name(), self.address)
    }

    fn arguments(&self, holds: Holds) -> Vec<String> {
        let front = "-nostdin -hide_banner -nostats -v repeat+level+warning -f concat -safe 0 -auto_convert 0 -protocol_whitelist";
        let mut arguments = front.split(' ').map(str::to_owned).collect::<Vec<_>>();
        arguments.extend([self.protocol.whitelist(), "-i", "pipe:0", "-fpre"].map(str::to_owned));
        arguments.push(self.preset.to_string_lossy().into_owned());
        arguments.extend(ladder(holds, true, &self.ingest));
        arguments
    }

    /// What ffmpeg reads from its pipe: a list of one input.
    fn script(&self) -> Zeroizing<String> {
        let (address, key) = (self.address, self.key.as_str());
        let input = Zeroizing::new(match self.protocol {
            Protocol::Rtmp => format!("file 'rtmp://{address}/{RTMP_PATH}/{key}'\noption listen 1"),
            Protocol::Srt => format!("file 'srt://{address}?mode=listener&{}'", *srt_secret(key)),
        });
        Zeroizing::new(format!(
            "ffconcat version 1.0\n{}\noption rw_timeout {SILENCE_US}\noption analyzeduration {LOOK_US}\n",
            *input
        ))
    }
}

/// What stands before the stream key in an RTMP address.
pub const RTMP_PATH: &str = "live";

/// What both ends of an SRT connection have to name: AES with 128 bits.
pub fn srt_secret(key: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("passphrase={key}&pbkeylen=16"))
}

/// A listening ffmpeg, for as long as this lives.
pub struct Receiver {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Begins to listen.
    pub fn new(order: Order, screen: Screen) -> Result<Self, Failure> {
        let shared = Arc::new(Shared::default());
        let inside = shared.clone();
        let run = move || keep_listening(&order, &inside, Notes::new(screen));
        // A thread of its own: the child is tied to it.
        let thread = Builder::new().name("receiver".into()).stack_size(STACK_BYTES).spawn(run).map_err(|error| {
            Failure::refused(format!("This system gives no threads: {error}"))
                .hint("End other programs, then run it again")
        })?;
        Ok(Receiver { shared, thread: Some(thread) })
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.is_stopped = true;
        state.end_child();
        drop(state);
        self.shared.bell.notify_all();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has ended, too.
            let _ = thread.join();
        }
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    is_stopped: bool,
    child: Option<Child>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic ends the process.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, pause: Duration) {
        let waited = self.bell.wait_timeout_while(self.lock(), pause, |state| !state.is_stopped);
        drop(waited);
    }
}

impl State {
    fn end_child(&mut self) -> Option<ExitStatus> {
        let child = self.child.as_mut()?;
        // It may have ended by itself.
        let _ = child.kill();
        child.wait().ok()
    }
}

/// How one run of ffmpeg ended.
struct Ended {
    status: Option<ExitStatus>,
    complaints: Complaints,
    was_stranger: bool,
}

fn keep_listening(order: &Order, shared: &Shared, mut notes: Notes) {
    let (mut holds, mut pause) = (Holds::Both, PAUSE_MIN);
    while !shared.lock().is_stopped {
        let since = Instant::now();
        let (words, is_well) = match listen(order, holds, shared, &mut notes) {
            Ok(_) if shared.lock().is_stopped => return,
            // That was said already, and one who comes again and again is to fill no disk with it.
            Ok(ended) if ended.was_stranger => (None, true),
            Ok(ended) => {
                holds = ended.complaints.holds();
                let is_well = ended.status.is_some_and(|status| status.success()) || holds != Holds::Both;
                (Some(ended.words(order)), is_well)
            }
            Err(failure) => (Some(format!("{}. {}", failure.message, failure.hint.unwrap_or_default())), false),
        };
        if let Some(words) = words {
            notes.say(vec![printable(&format!("{}: {words}", order.where_to())).into_owned()]);
        }
        pause = next_pause(pause, is_well || since.elapsed() >= RUN_MIN);
        shared.wait(pause);
    }
}

fn next_pause(pause: Duration, is_well: bool) -> Duration {
    if is_well { PAUSE_MIN } else { (pause * 2).min(PAUSE_MAX) }
}

/// Runs ffmpeg until it ends.
fn listen(order: &Order, holds: Holds, shared: &Shared, notes: &mut Notes) -> Result<Ended, Failure> {
    let program = super::ffmpeg::program()?;
    let mut command = tied::command(&program);
    // Without the environment: with FFREPORT in it ffmpeg writes all that it is told to a file.
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.args(order.arguments(holds)).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| Failure::refused(format!("ffmpeg cannot be run: {error}")))?;
    let (script, words) = (child.stdin.take(), child.stderr.take());
    let mut state = shared.lock();
    state.child = Some(child);
    if state.is_stopped {
        state.end_child();
    }
    drop(state);
    if let Some(mut pipe) = script {
        // One that has ended already says why on stderr.
        let _ = pipe.write_all(order.script().as_bytes());
    }
    let mut complaints = Complaints::new(vec![order.key.clone(), order.token.clone()], order.address.ip());
    let mut was_stranger = false;
    let mut words = words.map(BufReader::new);
    while let Some(line) = words.as_mut().and_then(next_line) {
        let stranger = match complaints.hear(&line) {
            Heard::Words => continue,
            Heard::LetIn => {
                shared.lock().end_child();
                was_stranger = true;
                "stream key"
            }
            Heard::TurnedAway => "passphrase",
        };
        notes.say(vec![format!("{}: somebody who has not the {stranger} was turned away.", order.where_to())]);
    }
    let mut state = shared.lock();
    let status = state.end_child();
    state.child = None;
    Ok(Ended { status, complaints, was_stranger })
}

fn next_line(words: &mut BufReader<impl Read>) -> Option<String> {
    let mut line = Vec::new();
    let read = words.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line).ok()?;
    (read > 0).then(|| String::from_utf8_lossy(&line).trim_end().to_owned())
}

impl Ended {
    fn words(&self, order: &Order) -> String {
        match (self.complaints.holds(), self.status) {
            (Holds::Picture, _) => {
                "what came has no sound. When the sender comes again, it goes on with the picture alone.".to_owned()
            }
            (Holds::Sound, _) => {
                "what came has no picture. When the sender comes again, it goes on with sound alone.".to_owned()
            }
            (Holds::Both, Some(status)) if status.success() => {
                format!("the sender of “{}” has gone. ffmpeg listens again.", order.title)
            }
            (Holds::Both, status) => {
                let status = status.map_or("without a status".to_owned(), |status| status.to_string());
                let lines = match self.complaints.lines() {
                    lines if lines.is_empty() => "it said nothing".to_owned(),
                    lines => lines,
                };
                format!("ffmpeg ended ({status}) and is started again. Its last words: {lines}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(protocol: Protocol, address: &str) -> Order {
        Order {
            protocol,
            address: address.parse().expect("an address"),
            key: Zeroizing::new("5ec7e7".into()),
            token: Zeroizing::new("70ce4".into()),
            preset: "home/live/a.preset".into(),
            ingest: "http://127.0.0.1:7777/live/in/".into(),
            title: "Evening news".into(),
        }
    }

    #[test]
    fn secrets_stand_in_the_script_and_not_among_the_arguments() {
        for (protocol, address, line) in [
            (Protocol::Rtmp, "127.0.0.1:1935", "file 'rtmp://127.0.0.1:1935/live/5ec7e7'\noption listen 1\n"),
            (Protocol::Srt, "[::1]:9000", "file 'srt://[::1]:9000?mode=listener&passphrase=5ec7e7&pbkeylen=16'\n"),
        ] {
            let order = order(protocol, address);
            assert!(order.script().contains(line), "{}", *order.script());
            let arguments = order.arguments(Holds::Both).join(" ");
            assert!(!arguments.contains("5ec7e7") && !arguments.contains("70ce4"), "{arguments}");
        }
    }

    #[test]
    fn what_fails_again_and_again_is_tried_less_often() {
        let mut pauses = vec![PAUSE_MIN];
        (0..6).for_each(|_| pauses.push(next_pause(*pauses.last().expect("one"), false)));
        assert_eq!(
            pauses.iter().map(Duration::as_millis).collect::<Vec<_>>(),
            [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]
        );
        assert_eq!(next_pause(PAUSE_MAX, true), PAUSE_MIN);
    }
}
