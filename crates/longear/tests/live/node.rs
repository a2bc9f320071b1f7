//! The newsroom's machine: its home, its box, its encoder.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use longear::home::Home;
use longear_core::live::Timeline;
use longear_core::{Edge, Opening, RollUp, Session};
use longear_store::Store;
use serde_json::Value;
use tempfile::TempDir;

/// How long something may take that has to come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A newsroom with one channel.
pub struct Newsroom {
    folder: TempDir,
}

/// A broadcast as `live start` told it.
pub struct Live {
    pub id: String,
    pub token: String,
}

impl Newsroom {
    pub fn new() -> Self {
        let newsroom = Newsroom { folder: TempDir::new().unwrap() };
        newsroom.done(&["channel", "new", "Sarybulaq", "--roots", newsroom.path("roots").to_str().unwrap()]);
        newsroom
    }

    /// Somebody else's machine that follows a channel, with what a carrier has of it.
    pub fn following(address: &str, carrier: &str) -> Self {
        let reader = Newsroom::with_nothing_of(address);
        reader.done(&["follow", address, "--from", carrier]);
        reader
    }

    /// The same before anything has come.
    pub fn with_nothing_of(address: &str) -> Self {
        let reader = Newsroom { folder: TempDir::new().unwrap() };
        reader.done(&["follow", address]);
        reader
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.spoken(&[&["--json"], arguments].concat())
    }

    /// A command as people type it.
    pub fn spoken(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_longear"));
        command.env("LONGEAR_HOME", self.path("home")).args(arguments).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(arguments)).unwrap()
    }

    pub fn go_live(&self) -> Live {
        self.go_live_with(&[]).0
    }

    /// Goes live with more than an encoder that puts files; gives also all that the command told.
    pub fn go_live_with(&self, arguments: &[&str]) -> (Live, Value) {
        let start = ["live", "start", "--title", "Evening news", "--lang", "en"];
        let said = self.json(&[&start, arguments].concat());
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        assert!(text("ingest").ends_with(&format!("/live/in/{}/", text("token"))), "{said}");
        assert!(text("watch").ends_with(&text("id")), "{said}");
        (Live { id: text("id"), token: text("token") }, said)
    }

    pub fn serve(&self, arguments: &[&str]) -> Serving {
        let mut command = self.command(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said = serde_json::from_str::<Value>(&line).unwrap();
        let url = said["listening"].as_str().unwrap();
        Serving { address: url.strip_prefix("http://").unwrap().to_owned(), child }
    }

    /// Serves, and writes to `log` what it says to people.
    pub fn serve_to(&self, log: &Path, arguments: &[&str]) -> Serving {
        let log = OpenOptions::new().append(true).create(true).open(log).unwrap();
        let mut command = self.spoken(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Serving { address: line.trim().strip_prefix("http://").unwrap().to_owned(), child }
    }

    /// Begins a command that goes on by itself.
    pub fn go_on(&self, arguments: &[&str]) -> Serving {
        let child = self.command(arguments).stdout(Stdio::null()).spawn().unwrap();
        Serving { address: String::new(), child }
    }

    pub fn store(&self) -> Store {
        Home::open(self.path("home")).unwrap().store().unwrap()
    }

    /// What the store holds of a broadcast.
    pub fn held(&self, live: &Live) -> Held {
        let store = self.store();
        let item = store.item(&live.id.parse().unwrap()).unwrap().unwrap();
        assert!(item.status.is_visible());
        let opening: Opening = store.opening(&item).unwrap().unwrap();
        let session = opening.session(item.channel);
        let edge = store.edge(&session).unwrap();
        Held { roll_ups: store.roll_ups(&item).unwrap(), edge, session, store }
    }

    /// Waits until what is held of a broadcast is as it should be.
    pub fn wait_for(&self, live: &Live, what: &str, is_so: impl Fn(&Held) -> bool) -> Held {
        let since = Instant::now();
        loop {
            let held = self.held(live);
            if is_so(&held) {
                return held;
            }
            assert!(since.elapsed() < PATIENCE, "{what}: {:?}", held.starts());
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}

pub struct Held {
    pub session: Session,
    pub edge: Option<Edge>,
    pub roll_ups: Vec<RollUp>,
    pub store: Store,
}

impl Held {
    pub fn timeline(&self) -> Timeline {
        Timeline::of(&self.roll_ups, self.edge.as_ref())
    }

    /// Start and end of each segment, by rendition.
    pub fn starts(&self) -> Vec<(String, Vec<(u64, u64)>)> {
        let timeline = self.timeline();
        let tracks = timeline.tracks().iter();
        let parts =
            |track: &longear_core::live::Track| track.parts.iter().map(|part| (part.start_ms, part.end_ms())).collect();
        tracks.map(|track| (track.name.clone(), parts(track))).collect()
    }

    pub fn segments(&self) -> usize {
        self.timeline().tracks().iter().map(|track| track.parts.len()).sum()
    }
}

pub struct Serving {
    pub address: String,
    child: Child,
}

impl Serving {
    /// The processes that it started and that run.
    pub fn children(&self) -> Vec<i32> {
        processes().filter(|(_, parent)| *parent == self.child.id() as i32).map(|(process, _)| process).collect()
    }

    /// What a request is answered with: its status and its words.
    pub fn ask(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: box\r\nConnection: close\r\n");
        headers.iter().for_each(|header| request.push_str(&format!("{header}\r\n")));
        write!(stream, "{request}Content-Length: {}\r\n\r\n", body.len()).unwrap();
        // The other end may have answered already, and take nothing.
        let _ = stream.write_all(body);
        answer(stream)
    }

    pub fn put(&self, live: &Live, path: &str, body: &[u8]) -> (u16, String) {
        self.ask("PUT", &format!("/live/in/{}/{path}", live.token), &[], body)
    }

    /// Asks the process to end, as a service manager does.
    pub fn end(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }

    /// Ends it as a power cut does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All processes of this machine that have not ended, each with its parent.
fn processes() -> impl Iterator<Item = (i32, i32)> {
    let entries =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    entries.filter_map(|process: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name before it stands in brackets, and may hold anything.
        let mut words = stat.rsplit_once(')')?.1.split_whitespace();
        let state = words.next()?;
        (state != "Z").then_some((process, words.next()?.parse().ok()?))
    })
}

/// Whether a process runs.
pub fn runs(process: i32) -> bool {
    processes().any(|(one, _)| one == process)
}

/// Waits until something is so.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// Waits until a log says something.
pub fn wait_for_words(log: &Path, words: &str) {
    wait_until(words, || std::fs::read_to_string(log).unwrap().contains(words));
}

pub fn answer(mut stream: TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    // Where it closed with something unread, the system may cut the answer's end off.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let status = text.split(' ').nth(1).unwrap_or_default().parse().unwrap_or(0);
    (status, text.split_once("\r\n\r\n").unwrap_or_default().1.trim_end().to_owned())
}
