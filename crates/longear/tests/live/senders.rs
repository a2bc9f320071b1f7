//! Senders of RTMP and SRT: the ffmpeg that the box keeps running, with real ffmpegs as senders.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use longear_core::live::Medium;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::node::{Held, Live, Newsroom, Serving, runs, wait_for_words, wait_until};
use crate::{assert_files_are_whole, assert_in_order};

/// What the box makes of one input.
const LADDER: [(&str, Medium); 5] = [
    ("audio", Medium::Sound),
    ("audio-aac", Medium::Sound),
    ("144p", Medium::Picture(144)),
    ("360p", Medium::Picture(360)),
    ("original", Medium::Picture(180)),
];

/// A film that is sent again and again.
struct Film(TempDir);

impl Film {
    fn new() -> Self {
        let film = Film(TempDir::new().unwrap());
        let mut command = Command::new("ffmpeg");
        command.args(
            "-v error -f lavfi -i testsrc=size=320x180:rate=15:duration=4 -f lavfi -i sine=duration=4".split(' '),
        );
        command.args("-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 15 -c:a aac".split(' ')).arg(film.path());
        let made = command
            .stdin(Stdio::null())
            .status()
            .expect("this test needs ffmpeg: install it with `apt-get install ffmpeg`");
        assert!(made.success());
        film
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("film.mkv")
    }

    /// Sends it to an address until the sender is dropped; connects again whenever it is cut off, as OBS does.
    fn send(&self, how: &str, address: &str) -> Sender {
        let (current, is_stopped) = (Arc::<Mutex<Option<Child>>>::default(), Arc::<AtomicBool>::default());
        let mut sender = Sender { current: current.clone(), is_stopped: is_stopped.clone(), thread: None };
        let (film, how, address) = (self.path(), how.to_owned(), address.to_owned());
        sender.thread = Some(std::thread::spawn(move || {
            while !is_stopped.load(Ordering::Acquire) {
                let mut command = Command::new("ffmpeg");
                command.args("-nostdin -v quiet -re -stream_loop -1 -i".split(' ')).arg(&film);
                command.args(how.split(' ')).arg(&address).stdin(Stdio::null()).stderr(Stdio::null());
                *current.lock().unwrap() = Some(command.spawn().unwrap());
                while !is_stopped.load(Ordering::Acquire)
                    && current.lock().unwrap().as_mut().unwrap().try_wait().unwrap().is_none()
                {
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
        }));
        sender
    }
}

struct Sender {
    current: Arc<Mutex<Option<Child>>>,
    is_stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Some(child) = self.current.lock().unwrap().as_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Waits until each rendition of the ladder has a segment that does not begin before `from_ms`.
fn wait_for_ladder(newsroom: &Newsroom, live: &Live, from_ms: u64) -> Held {
    let held = newsroom.wait_for(live, "all renditions come", |held| {
        let timeline = held.timeline();
        LADDER.iter().all(|(name, _)| {
            timeline.track(name).is_some_and(|track| track.parts.last().is_some_and(|part| part.start_ms >= from_ms))
        })
    });
    let timeline = held.timeline();
    let mediums = |track: &longear_core::live::Track| (track.name.clone(), track.medium);
    let mut tracks = timeline.tracks().iter().map(mediums).collect::<Vec<_>>();
    let mut wanted = LADDER.map(|(name, medium)| (name.to_owned(), medium)).to_vec();
    tracks.sort_by(|one, other| one.0.cmp(&other.0));
    wanted.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(tracks, wanted);
    assert_in_order(&held);
    assert_files_are_whole(&held);
    held
}

/// The one ffmpeg of a box, as soon as it is another one than `before`.
fn child_after(serving: &Serving, before: Option<i32>) -> i32 {
    let mut child = None;
    wait_until("ffmpeg is started", || {
        child = serving.children().into_iter().find(|child| Some(*child) != before);
        child.is_some()
    });
    child.unwrap()
}

fn assert_no_secret(log: &Path, secrets: &[&str]) {
    let log = std::fs::read_to_string(log).unwrap();
    assert!(secrets.iter().all(|secret| !log.contains(secret)), "{log}");
}

#[test]
fn rtmp_goes_on_after_its_ffmpeg_was_killed() {
    let (newsroom, film, address) = (Newsroom::new(), Film::new(), free_address());
    let log = newsroom.path("serve.log");
    let serving = newsroom.serve_to(&log, &[]);
    let (live, said) = newsroom.go_live_with(&["--rtmp", &address]);
    assert_eq!((&said["rtmp"]["servers"][0], &said["srt"]), (&format!("rtmp://{address}/live").into(), &().into()));
    let key = said["rtmp"]["key"].as_str().unwrap();
    let url = |key: &str| format!("rtmp://{address}/live/{key}");

    // Its key is not the token, and the token is no key.
    let stranger = film.send("-c copy -f flv", &url(&live.token));
    wait_for_words(&log, "somebody who has not the stream key was turned away");
    drop(stranger);
    assert_eq!(newsroom.held(&live).segments(), 0);

    let sender = film.send("-c copy -f flv", &url(key));
    wait_for_ladder(&newsroom, &live, 0);
    let child = child_after(&serving, None);
    let arguments = std::fs::read(format!("/proc/{child}/cmdline")).unwrap();
    let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
    assert!(arguments.contains("name:original"), "{arguments}");
    assert!(!arguments.contains(key) && !arguments.contains(&live.token), "{arguments}");

    kill_process(Pid::from_raw(child).unwrap(), Signal::KILL).unwrap();
    let next = child_after(&serving, Some(child));
    // Nothing of the first one is under way any more.
    let end_ms = newsroom.held(&live).timeline().end_ms();
    let held = wait_for_ladder(&newsroom, &live, end_ms);
    let sound = held.timeline().track("audio").unwrap().parts.clone();
    assert!(sound.windows(2).any(|two| two[0].end_ms() < two[1].start_ms), "a hole, and no new broadcast: {sound:?}");
    wait_for_words(&log, "ffmpeg ended (signal: 9 (SIGKILL)) and is started again");

    serving.end();
    assert!(!runs(next), "no ffmpeg outlives the box");
    // One that has nothing to say notices by itself as little as can be.
    drop(sender);
    let serving = newsroom.serve_to(&log, &[]);
    let child = child_after(&serving, None);
    serving.kill();
    wait_until("no ffmpeg outlives a box that is killed", || !runs(child));
    assert_no_secret(&log, &[key, &live.token]);
}

#[test]
fn srt_lets_nobody_in_without_the_passphrase_and_ends_with_the_broadcast() {
    let (newsroom, film, address) = (Newsroom::new(), Film::new(), free_address());
    let (live, said) = newsroom.go_live_with(&["--srt", &address]);
    let url = said["srt"]["urls"][0].as_str().unwrap();
    let key = said["srt"]["passphrase"].as_str().unwrap();
    assert_eq!(url, format!("srt://{address}?mode=caller&passphrase={key}&pbkeylen=16"));
    let log = newsroom.path("serve.log");
    let serving = newsroom.serve_to(&log, &[]);
    let child = child_after(&serving, None);
    let stranger = film.send("-c copy -f mpegts", &url.replace(key, &live.token));
    wait_for_words(&log, "somebody who has not the passphrase was turned away");
    drop(stranger);
    assert_eq!(newsroom.held(&live).segments(), 0);
    assert_eq!(serving.children(), [child], "strangers end nothing");

    let _sender = film.send("-c copy -f mpegts", url);
    wait_for_ladder(&newsroom, &live, 0);
    newsroom.done(&["live", "stop"]);
    wait_until("ffmpeg ends with the broadcast", || !runs(child));
    assert!(newsroom.held(&live).timeline().is_over());
    assert_eq!(std::fs::read_dir(newsroom.path("home/live")).unwrap().count(), 0, "no file with a secret is left");
    assert_no_secret(&log, &[key, &live.token]);
}

#[test]
fn sound_alone_is_broadcast_as_sound() {
    let (newsroom, film, address) = (Newsroom::new(), Film::new(), free_address());
    let (live, said) = newsroom.go_live_with(&["--rtmp", &address]);
    let log = newsroom.path("serve.log");
    let _serving = newsroom.serve_to(&log, &[]);
    let key = said["rtmp"]["key"].as_str().unwrap();
    let _sender = film.send("-vn -c copy -f flv", &format!("rtmp://{address}/live/{key}"));
    let held = newsroom.wait_for(&live, "sound comes", |held| held.segments() >= 4);
    let timeline = held.timeline();
    let mut names = timeline.tracks().iter().map(|track| track.name.as_str()).collect::<Vec<_>>();
    names.sort_unstable();
    assert_eq!(names, ["audio", "audio-aac"]);
    wait_for_words(&log, "what came has no picture");
}

#[test]
fn what_cannot_be_listened_at_is_said_before_anything_is_published() {
    let newsroom = Newsroom::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let (taken, free) = (other.local_addr().unwrap().to_string(), free_address());
    let start = ["live", "start", "--title", "Evening news", "--lang", "en"];
    for (arguments, path, code, words) in [
        (["--rtmp", &taken], None, 1, "choose another port: --rtmp".to_owned()),
        (["--srt", "192.0.2.1:9000"], None, 1, "Listen at all that it has: --srt 0.0.0.0:9000".to_owned()),
        (["--srt", "127.0.0.1:0"], None, 2, "--srt needs a port".to_owned()),
        (["--rtmp", &free], Some("/nowhere"), 1, "apt-get install ffmpeg".to_owned()),
    ] {
        let mut command = newsroom.spoken(&[&start[..], &arguments].concat());
        let output = command.envs(path.map(|path| ("PATH", path))).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(code) && said.contains(&words), "{arguments:?}: {said}");
    }
    assert_eq!(newsroom.done(&["live", "list"]) + &newsroom.done(&["list"]), "");
    newsroom.go_live_with(&["--rtmp", &free]);
    let again = newsroom.run(&[&start[..], &["--rtmp", &free]].concat());
    assert!(String::from_utf8(again.stderr).unwrap().contains("takes RTMP at"), "two broadcasts cannot share a port");
    // A box on a machine that has lost its ffmpeg says so, and serves.
    let log = newsroom.path("serve.log");
    let output = std::fs::File::create(&log).unwrap();
    let mut serving = newsroom.spoken(&["serve", "--listen", "127.0.0.1:0"]);
    let mut serving = serving.env("PATH", "/nowhere").stdout(Stdio::null()).stderr(output).spawn().unwrap();
    wait_for_words(&log, "Install it (Debian: apt-get install ffmpeg)");
    assert!(serving.try_wait().unwrap().is_none());
    serving.kill().unwrap();
    serving.wait().unwrap();
}
