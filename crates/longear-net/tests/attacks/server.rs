//! A web server on loopback that answers as an attacker likes.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use longear_net::carrier::{Carrier, CarrierOptions};

use super::support::Tree;

/// More than any object that is asked for, and no more than a test may cost.
const ENDLESS_BYTES: u64 = 64 << 20;
/// For so long it drips: far longer than the patience of [`Server::impatient_carrier`].
const DRIPS: usize = 400;
const DRIP_PAUSE: Duration = Duration::from_millis(20);

/// What is sent.
pub enum Answer {
    Absent,
    NotModified,
    Bytes {
        tag: Option<String>,
        body: Vec<u8>,
    },
    /// Begins with these bytes and never ends by itself.
    Endless(Vec<u8>),
    /// One byte now and then.
    Drip,
}

impl Answer {
    /// What an honest server would send.
    pub fn file(tree: &Tree, path: &str) -> Self {
        match std::fs::read(tree.folder.join(path)) {
            Ok(body) => Answer::Bytes { tag: None, body },
            Err(_) => Answer::Absent,
        }
    }

    pub fn tagged(self, tag: &str) -> Self {
        match self {
            Answer::Bytes { body, .. } => Answer::Bytes { tag: Some(tag.to_owned()), body },
            other => other,
        }
    }
}

pub struct Server {
    address: String,
    /// Bytes of the longest answer: written, and taken by the reader's machine.
    longest: Arc<AtomicU64>,
    requests: Arc<AtomicU64>,
}

impl Server {
    /// Answers each request by its path and its headers.
    pub fn start(answer: impl Fn(&str, &[String]) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (longest, requests) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (answer, sent, asked) = (Arc::new(answer), longest.clone(), requests.clone());
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                asked.fetch_add(1, Ordering::Relaxed);
                let (answer, sent) = (answer.clone(), sent.clone());
                std::thread::spawn(move || serve(&connection, &*answer, &sent));
            }
        });
        Server { address, longest, requests }
    }

    /// With everyday patience: on a busy machine a shorter one ends what should end by its length.
    pub fn carrier(&self) -> Carrier {
        Carrier::open(&self.address, &CarrierOptions::default()).unwrap()
    }

    /// For a server that keeps its readers waiting.
    pub fn impatient_carrier(&self) -> Carrier {
        let mut options = CarrierOptions::default();
        options.progress_timeout = Duration::from_millis(500);
        Carrier::open(&self.address, &options).unwrap()
    }

    pub fn longest_answer(&self) -> u64 {
        self.longest.load(Ordering::Relaxed)
    }

    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

fn serve(mut connection: &TcpStream, answer: &dyn Fn(&str, &[String]) -> Answer, longest: &AtomicU64) {
    let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
    let Some(Ok(request)) = lines.next() else { return };
    let headers = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect::<Vec<_>>();
    let path = request.split(' ').nth(1).unwrap_or("/").trim_start_matches('/');
    let mut sent = 0;
    let mut write = |bytes: &[u8]| {
        sent += bytes.len() as u64;
        longest.fetch_max(sent, Ordering::Relaxed);
        connection.write_all(bytes).is_ok()
    };
    let close = "Connection: close\r\n";
    match answer(path, &headers) {
        Answer::Absent => drop(write(format!("HTTP/1.1 404 Not Found\r\n{close}Content-Length: 0\r\n\r\n").as_bytes())),
        Answer::NotModified => drop(write(format!("HTTP/1.1 304 Not Modified\r\n{close}\r\n").as_bytes())),
        Answer::Bytes { tag, body } => {
            let tag = tag.map_or_else(String::new, |tag| format!("ETag: {tag}\r\n"));
            let front = format!("HTTP/1.1 200 OK\r\n{close}{tag}Content-Length: {}\r\n\r\n", body.len());
            let _ = write(front.as_bytes()) && write(&body);
        }
        Answer::Endless(begin) => {
            let mut good = write(format!("HTTP/1.1 200 OK\r\n{close}\r\n").as_bytes()) && write(&begin);
            for _ in 0..ENDLESS_BYTES >> 16 {
                good = good && write(&[0; 1 << 16]);
            }
        }
        Answer::Drip => {
            let mut good = write(format!("HTTP/1.1 200 OK\r\n{close}\r\n").as_bytes());
            for _ in 0..DRIPS {
                good = good && write(b"x");
                std::thread::sleep(if good { DRIP_PAUSE } else { Duration::ZERO });
            }
        }
    }
}
