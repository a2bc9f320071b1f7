//! The dumb mirror: nginx, which knows nothing of Longear, serving a copied tree.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running nginx; dropped, it ends.
pub struct Mirror {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Mirror {
    /// Serves `tree`; `rate` bounds each transfer, in nginx's words, such as `500k` a second.
    pub fn start(tree: &str, rate: Option<&str>) -> Self {
        let folder = TempDir::new().unwrap();
        // A port found free can be taken by another program before nginx listens; then we look again.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut child = run(folder.path(), port, tree, rate);
            if is_up(&mut child, port) {
                return Mirror { child, port, folder };
            }
        }
        panic!("nginx did not start: {}", fs::read_to_string(folder.path().join("error.log")).unwrap_or_default());
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Method, path, status and sent bytes of every request that was answered.
    pub fn requests(&self) -> String {
        fs::read_to_string(self.folder.path().join("access.log")).unwrap()
    }

    /// Bytes of the bodies that were sent of paths that begin so.
    pub fn bytes_sent(&self, beginning: &str) -> u64 {
        let requests = self.requests();
        let fields = requests.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        fields.filter(|fields| fields[1].starts_with(beginning)).map(|fields| fields[3].parse::<u64>().unwrap()).sum()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(folder: &Path, port: u16, tree: &str, rate: Option<&str>) -> Child {
    let at = folder.display();
    let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {at}/{kind};\n"))
        .concat();
    let limit = rate.map_or(String::new(), |rate| format!("limit_rate {rate};"));
    // One process, so that ending it ends everything.
    let config = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;
        events {{}}
        http {{
            {temp}
            log_format wire '$request_method $uri $status $body_bytes_sent';
            access_log {at}/access.log wire;
            default_type application/octet-stream;
            server {{ listen 127.0.0.1:{port}; root {tree}; {limit} }}
        }}"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, config).unwrap();
    let usual = Path::new("/usr/sbin/nginx");
    let program = if usual.exists() { usual } else { Path::new("nginx") };
    let mut command = Command::new(program);
    command.arg("-p").arg(folder).arg("-c").arg(file).arg("-e").arg(folder.join("error.log"));
    command.stdin(Stdio::null()).spawn().expect("this test needs nginx: install it with `apt-get install nginx-light`")
}

fn is_up(child: &mut Child, port: u16) -> bool {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(10) && child.try_wait().unwrap().is_none() {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}
