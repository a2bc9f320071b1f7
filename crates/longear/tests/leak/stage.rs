//! Machines whose every name is a secret, and a newsroom, a box and a courier who use every command.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A word that stands nowhere by chance.
pub fn secret(number: usize) -> String {
    let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("zq{number:03}{:x}", mixed >> 20)
}

/// Deals secrets, and remembers what they are.
#[derive(Default)]
pub struct Secrets {
    pub all: Vec<(String, String)>,
    dealt: usize,
}

impl Secrets {
    pub fn beginning_at(number: usize) -> Self {
        Secrets { all: Vec::new(), dealt: number }
    }

    pub fn deal(&mut self, what: &str) -> String {
        let word = secret(self.dealt);
        self.dealt += 1;
        self.all.push((what.to_owned(), word.clone()));
        word
    }

    /// A secret that was not chosen here, such as a key.
    pub fn learn(&mut self, what: &str, word: &str) {
        assert!(word.len() >= 12, "{what}: `{word}` would be found everywhere");
        self.all.push((what.to_owned(), word.to_owned()));
    }
}

/// How a command ended under strace.
pub struct Traced {
    pub output: Output,
    pub trace: String,
}

/// A folder with several homes in it.
pub struct Stage {
    _folder: TempDir,
    pub root: PathBuf,
    pub temporary: PathBuf,
}

impl Stage {
    /// Everything stands under a folder of this name.
    pub fn new(name: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let root = folder.path().canonicalize().unwrap().join(name);
        let temporary = root.join("temporary");
        std::fs::create_dir_all(&temporary).unwrap();
        Stage { _folder: folder, root, temporary }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn file(&self, name: &str, content: &[u8]) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.text(name)
    }

    fn program(&self, home: &str, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("LONGEAR_HOME", self.path(home)).env("HOME", self.path(home)).env("TMPDIR", &self.temporary);
        command.stdin(Stdio::null());
        command
    }

    pub fn command(&self, home: &str, words: &[&str]) -> Command {
        let mut command = self.program(home, env!("CARGO_BIN_EXE_longear"));
        command.args(words);
        command
    }

    /// Runs a command at the highest verbosity.
    pub fn loud(&self, home: &str, words: &[&str]) -> Output {
        self.command(home, &[&["-vvvv", "--json"], words].concat()).output().unwrap()
    }

    pub fn done(&self, home: &str, words: &[&str]) -> Vec<Value> {
        let output = self.command(home, &[&["--json"], words].concat()).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        let out = String::from_utf8(output.stdout).unwrap();
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A command under strace, not started yet.
    pub fn watched(&self, home: &str, words: &[&str], trace: &Path) -> Command {
        let mut command = self.program(home, "strace");
        command.args(["-f", "-qq", "-s", "256", "-e", "trace=network,openat,open,creat,mkdir,mkdirat", "-o"]);
        command.arg(trace).arg(env!("CARGO_BIN_EXE_longear")).args(words);
        command
    }

    /// Runs a command under strace to its end.
    pub fn traced(&self, home: &str, words: &[&str]) -> Traced {
        let trace = self.path("trace");
        let output = self.watched(home, words, &trace).output();
        let output = output.expect("this test needs strace: install it with `apt-get install strace`");
        Traced { output, trace: std::fs::read_to_string(trace).unwrap() }
    }

    /// What a box says on stderr at the highest verbosity while an encoder is let in, sends nonsense, and is refused.
    pub fn box_with_encoder(&self, home: &str, token: &str) -> Vec<u8> {
        let mut command = self.command(home, &["-vvvv", "serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap();
        for (word, status) in [(token, "415"), ("wrong", "403")] {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            let head = format!("PUT /live/in/{word}/360p/1.m4s HTTP/1.1\r\nHost: box\r\nConnection: close\r\n");
            write!(stream, "{head}Content-Length: 1\r\n\r\nx").unwrap();
            let mut answer = String::new();
            let _ = std::io::Read::read_to_string(&mut stream, &mut answer);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        }
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        child.wait_with_output().unwrap().stderr
    }

    /// Runs `serve` under strace until it listens, lets `visit` talk to it, and ends it as a service manager does.
    pub fn traced_box(&self, home: &str, words: &[&str], visit: impl FnOnce(&str)) -> Traced {
        let trace = self.path("trace");
        let words = [&["serve", "--json", "--listen", "127.0.0.1:0"], words].concat();
        let mut command = self.watched(home, &words, &trace);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said = serde_json::from_str::<Value>(&line).unwrap();
        visit(said["listening"].as_str().unwrap());
        // strace passes no signal on: the box itself is its only child.
        let children = format!("/proc/{0}/task/{0}/children", child.id());
        let pid = std::fs::read_to_string(children).unwrap().trim().parse::<i32>().unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let output = child.wait_with_output().unwrap();
        Traced { output, trace: std::fs::read_to_string(trace).unwrap() }
    }
}

/// A listener that lets everybody in and says nothing; its address.
pub fn silent_listener() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            drop(stream);
        }
    });
    address
}

/// Asks a box for its page.
pub fn look(url: &str) {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "the box shows its page");
}

/// A newsroom with one post and one film, all of whose names are secret; returns its address and the post's ID.
pub fn newsroom(stage: &Stage, secrets: &mut Secrets) -> (String, String) {
    let roots = stage.text(&secrets.deal("folder of the root files"));
    let name = secrets.deal("name of the channel");
    let made = stage.done("newsroom", &["channel", "new", &name, "--roots", &roots]);
    let address = made[0]["address"].as_str().unwrap().to_owned();
    let text = stage.file(&secrets.deal("name of a file"), secrets.deal("text of a post").as_bytes());
    let title = secrets.deal("title of a post");
    let post = stage.done("newsroom", &["publish", "--title", &title, "--text", &text]);
    (address, post[0]["id"].as_str().unwrap().to_owned())
}
