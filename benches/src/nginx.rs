//! nginx on loopback: the peer of the node, and the mirror that counts requests.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::measure::cpu_s_of;

/// A port found free can be taken by another program before nginx listens; then we look again.
const STARTS_MAX: usize = 5;

/// Hundreds of viewers, each with a file.
const CONNECTIONS_MAX: usize = 2_048;

/// How long nginx may take until it answers.
const START_MAX: Duration = Duration::from_secs(10);

/// nginx that serves a folder, in one process, ended when it is dropped.
pub struct Nginx {
    child: Child,
    log: PathBuf,
    /// Where it answers.
    pub url: String,
}

impl Nginx {
    /// Serves `root`; keeps its own files in `folder`, which must exist.
    pub fn start(folder: &Path, root: &Path) -> Outcome<Self> {
        for _ in 0..STARTS_MAX {
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            let mut child = spawn(folder, root, port)?;
            if is_up(&mut child, port)? {
                let log = folder.join("access.log");
                return Ok(Self { child, log, url: format!("http://127.0.0.1:{port}") });
            }
            child.kill().and_then(|()| child.wait())?;
        }
        Err(format!("nginx does not start: {}", fs::read_to_string(folder.join("error.log")).unwrap_or_default())
            .into())
    }

    /// Its CPU seconds until now.
    pub fn cpu_s(&self) -> Outcome<f64> {
        cpu_s_of(&self.child)
    }

    /// Paths that were asked for, in the order in which the answers ended.
    pub fn requests(&self) -> Outcome<Vec<String>> {
        Ok(fs::read_to_string(&self.log)?.lines().map(str::to_owned).collect())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(folder: &Path, root: &Path, port: u16) -> Outcome<Child> {
    let (at, root) = (folder.display(), root.display());
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = paths.map(|name| format!("{name}_temp_path {at}/{name};")).join(" ");
    // One process without a master, so that its CPU time can be read in one place.
    let config = format!(
        "daemon off; master_process off; worker_processes 1; pid {at}/nginx.pid; error_log {at}/error.log;
        events {{ worker_connections {CONNECTIONS_MAX}; }}
        http {{
            {temporary}
            log_format asked '$request_uri';
            access_log {at}/access.log asked;
            default_type application/octet-stream;
            sendfile on; tcp_nopush on;
            server {{ listen 127.0.0.1:{port}; root {root}; }}
        }}"
    );
    fs::write(folder.join("nginx.conf"), config)?;
    // Debian puts servers where only the administrator's search path leads.
    let usual = Path::new("/usr/sbin/nginx");
    let mut command = Command::new(if usual.exists() { usual } else { Path::new("nginx") });
    command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).arg("-e").arg(folder.join("error.log"));
    match command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(child) => Ok(child),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err("nginx is missing: install it, on Debian with `apt-get install nginx-light`".into())
        }
        Err(error) => Err(error.into()),
    }
}

fn is_up(child: &mut Child, port: u16) -> Outcome<bool> {
    let since = Instant::now();
    while since.elapsed() < START_MAX && child.try_wait()?.is_none() {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(true);
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(false)
}
