//! The real box, and what the system tells of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

pub struct Served {
    _folder: TempDir,
    child: Child,
    pub address: String,
}

impl Served {
    /// A newsroom's box with a few posts.
    pub fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let command = |words: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_longear"));
            command.env("LONGEAR_HOME", folder.path().join("home")).arg("--json").args(words).stdin(Stdio::null());
            command
        };
        let roots = folder.path().join("roots");
        assert!(
            command(&["channel", "new", "News", "--roots", roots.to_str().unwrap()]).output().unwrap().status.success()
        );
        for title in ["One", "Two", "Three"] {
            assert!(command(&["publish", "--title", title]).output().unwrap().status.success());
        }
        let serve = &["serve", "--read-only", "--listen", "127.0.0.1:0"];
        let mut child = command(serve).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said = serde_json::from_str::<serde_json::Value>(&line).unwrap();
        let address = said["listening"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        Served { _folder: folder, child, address }
    }

    /// Whether an honest reader gets the page.
    pub fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(&self.address) else { return false };
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut answer = Vec::new();
        let asked = stream.write_all(b"GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n");
        asked.is_ok() && stream.read_to_end(&mut answer).is_ok() && answer.starts_with(b"HTTP/1.1 200")
    }

    pub fn peak_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().trim().parse().unwrap()
    }

    /// CPU of the process until now, user and system; the kernel counts hundredths of a second.
    pub fn cpu_ms(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, rest) = stat.rsplit_once(')').unwrap();
        let fields = rest.split_whitespace().collect::<Vec<_>>();
        (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that takes whatever comes and never hangs up; its address.
pub fn swallowing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || {
                let mut piece = [0; 1 << 16];
                let mut stream = stream.unwrap();
                while stream.read(&mut piece).is_ok_and(|count| count > 0) {}
            });
        }
    });
    address
}
