//! A tree copied to a plain web server is a carrier.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use longear_core::tree::TreePath;
use longear_net::carrier::{Carrier, CarrierError, CarrierOptions, HeadAnswer, USER_AGENT};
use tempfile::TempDir;

use super::certificate::make_certificate;
use super::{BLOB, ROOMY, drain, open, pattern};

const CHANNEL: [u8; 32] = [0xc4; 32];
const BLOB_BYTES: usize = 5_000_000;

/// nginx serving a folder on loopback, by HTTP and by HTTPS with a certificate of its own.
struct Nginx {
    child: Child,
    folder: TempDir,
    http_port: u16,
    https_port: u16,
}

impl Nginx {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        make_certificate(folder.path());
        // A port found free can be taken by another program before nginx listens; then it ends, and we look again.
        for _ in 0..5 {
            let (http_port, https_port) = (free_port(), free_port());
            let mut child = run_nginx(folder.path(), http_port, https_port);
            if is_up(&mut child, https_port) && is_up(&mut child, http_port) {
                let server = Self { child, folder, http_port, https_port };
                server.put(&BLOB, &pattern(BLOB_BYTES));
                server.put(&TreePath::Head { channel: CHANNEL }, b"the first head");
                return server;
            }
            let _ = child.wait();
        }
        panic!("nginx did not start: {}", fs::read_to_string(folder.path().join("error.log")).unwrap_or_default());
    }

    fn put(&self, path: &TreePath, bytes: &[u8]) {
        let file = self.folder.path().join("www/news").join(path.to_string());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}/news", self.http_port)
    }

    fn encrypted_address(&self) -> String {
        format!("https://localhost:{}/news/", self.https_port)
    }

    fn certificate(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("cert.pem")).unwrap()
    }

    /// What it noted, as soon as it noted so many requests: it writes a line behind the answer.
    fn access_log(&self, requests: usize) -> String {
        const PATIENCE: Duration = Duration::from_secs(10);
        let started = Instant::now();
        loop {
            let log = fs::read_to_string(self.folder.path().join("access.log")).unwrap();
            if log.lines().count() >= requests || started.elapsed() > PATIENCE {
                return log;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
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
    false
}

fn run_nginx(folder: &Path, http_port: u16, https_port: u16) -> Child {
    let at = folder.display();
    let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {at}/{kind};\n"))
        .concat();
    // One process, so that ending it ends everything.
    let config = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;
        events {{}}
        http {{
            {temp}
            log_format wire '$server_protocol \"$http_user_agent\" \"$http_referer\" \"$http_cookie\" $connection $request_uri';
            access_log {at}/access.log wire;
            default_type application/octet-stream;
            server {{
                listen 127.0.0.1:{http_port};
                listen 127.0.0.1:{https_port} ssl http2;
                ssl_certificate {at}/cert.pem;
                ssl_certificate_key {at}/key.pem;
                root {at}/www;
            }}
        }}"
    );
    fs::write(folder.join("nginx.conf"), config).unwrap();
    let started = Command::new(find_nginx())
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(folder.join("nginx.conf"))
        .arg("-e")
        .arg(folder.join("error.log"))
        .stdin(Stdio::null())
        .spawn();
    match started {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("this test needs nginx: install it with `apt-get install nginx-light`")
        }
        Err(error) => panic!("nginx cannot be started: {error}"),
    }
}

/// Debian puts servers where only the administrator's search path leads.
fn find_nginx() -> PathBuf {
    let usual = PathBuf::from("/usr/sbin/nginx");
    if usual.exists() { usual } else { PathBuf::from("nginx") }
}

#[tokio::test]
async fn whole_objects_and_ranges_arrive_as_they_are() {
    let server = Nginx::start();
    let carrier = open(&server.address());
    assert_eq!(carrier.label(), server.address());
    let expected = pattern(BLOB_BYTES);

    let body = carrier.fetch(&BLOB, None, ROOMY).await.unwrap().unwrap();
    assert_eq!((body.start(), body.declared_len()), (0, Some(BLOB_BYTES as u64)));
    assert!(body.collect().await.unwrap() == expected);

    for range in [0..1, 16_384..16_385, 1_000_000..4_000_001, 4_999_999..5_000_000, 4_000_000..u64::MAX] {
        let body = carrier.fetch(&BLOB, Some(range.clone()), ROOMY).await.unwrap().unwrap();
        let end = range.end.min(BLOB_BYTES as u64);
        assert_eq!((body.start(), body.declared_len()), (range.start, Some(end - range.start)));
        let (bytes, error) = drain(body).await;
        assert!(error.is_none() && bytes == expected[range.start as usize..end as usize], "{range:?}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_none_and_what_is_shorter_ends_early() {
    let server = Nginx::start();
    let carrier = open(&server.address());
    let absent = TreePath::Charter { channel: CHANNEL, number: 2 };
    assert!(carrier.fetch(&absent, None, ROOMY).await.unwrap().is_none());
    assert!(carrier.fetch(&absent, Some(0..5), ROOMY).await.unwrap().is_none());
    assert_eq!(carrier.fetch_small(&absent, 100).await.unwrap(), None);
    assert!(carrier.list_channels().await.unwrap().is_none(), "a web server gives no lists");

    let end = BLOB_BYTES as u64;
    let body = carrier.fetch(&BLOB, Some(end - 3..end + 100), ROOMY).await.unwrap().unwrap();
    assert_eq!(body.collect().await.unwrap(), pattern(BLOB_BYTES)[BLOB_BYTES - 3..]);
    let body = carrier.fetch(&BLOB, Some(end + 5..end + 100), ROOMY).await.unwrap().unwrap();
    assert_eq!(body.collect().await.unwrap(), []);
}

#[tokio::test]
async fn objects_longer_than_allowed_are_refused_before_they_are_read() {
    let server = Nginx::start();
    let carrier = open(&server.address());
    let limit = BLOB_BYTES as u64;
    for range in [None, Some(0..10)] {
        assert!(carrier.fetch(&BLOB, range.clone(), limit).await.unwrap().is_some());
        let refused = carrier.fetch(&BLOB, range, limit - 1).await.unwrap_err();
        assert!(matches!(refused, CarrierError::TooLarge { bytes_max } if bytes_max == limit - 1), "{refused}");
    }
}

#[tokio::test]
async fn a_head_is_sent_again_only_when_it_changed() {
    let server = Nginx::start();
    let carrier = open(&server.address());
    let HeadAnswer::Found { bytes, etag: Some(first) } = carrier.fetch_head(&CHANNEL, None, 100).await.unwrap() else {
        panic!("nginx gives tags")
    };
    assert_eq!(bytes, b"the first head");
    assert_eq!(carrier.fetch_head(&CHANNEL, Some(&first), 100).await.unwrap(), HeadAnswer::NotModified);

    server.put(&TreePath::Head { channel: CHANNEL }, b"a newer head");
    let HeadAnswer::Found { bytes, etag } = carrier.fetch_head(&CHANNEL, Some(&first), 100).await.unwrap() else {
        panic!("the head changed")
    };
    assert_eq!(bytes, b"a newer head");
    assert_ne!(etag, Some(first));
    assert_eq!(carrier.fetch_head(&[9; 32], None, 100).await.unwrap(), HeadAnswer::Absent);
    assert!(matches!(carrier.fetch_head(&CHANNEL, None, 3).await, Err(CarrierError::TooLarge { bytes_max: 3 })));
}

#[tokio::test]
async fn requests_share_a_connection_and_say_nothing_of_who_asks() {
    let server = Nginx::start();
    let carrier = open(&server.address());
    for _ in 0..3 {
        carrier.fetch_small(&TreePath::Head { channel: CHANNEL }, 100).await.unwrap().unwrap();
        assert_eq!(carrier.fetch_small(&TreePath::Outboard { hash: [1; 32] }, 100).await.unwrap(), None);
    }
    let log = server.access_log(6);
    let wire: Vec<Vec<&str>> = log.lines().map(|line| line.split(' ').collect()).collect();
    assert_eq!(wire.len(), 6);
    for request in &wire {
        assert_eq!(request[..4], ["HTTP/1.1", &format!("\"{USER_AGENT}\""), "\"-\"", "\"-\""]);
        assert_eq!(request[4], wire[0][4], "the connection was not used again: {log}");
    }
}

#[tokio::test]
async fn an_encrypted_mirror_is_read_if_it_is_trusted() {
    let server = Nginx::start();
    let untrusted = open(&server.encrypted_address());
    let refused = untrusted.fetch(&BLOB, None, ROOMY).await.unwrap_err();
    assert!(matches!(refused, CarrierError::Tls { .. }), "{refused:?}");

    let mut options = CarrierOptions::default();
    options.tls_roots_pem = Some(server.certificate());
    let carrier = Carrier::open(&server.encrypted_address(), &options).unwrap();
    let body = carrier.fetch(&BLOB, Some(7..BLOB_BYTES as u64), ROOMY).await.unwrap().unwrap();
    assert!(body.collect().await.unwrap() == pattern(BLOB_BYTES)[7..]);
    // It would speak HTTP/2 to who asks for it.
    let log = server.access_log(1);
    assert!(log.starts_with("HTTP/1.1"), "{log}");

    options.tls_roots_pem = Some(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec());
    let carrier = Carrier::open(&server.encrypted_address(), &options).unwrap();
    assert!(matches!(carrier.fetch(&BLOB, None, ROOMY).await, Err(CarrierError::Tls { .. })));
}
