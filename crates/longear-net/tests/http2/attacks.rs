//! What the servers send when they are asked for an object.

use std::sync::Arc;

use super::frames::{
    CONTINUATION, DATA, END_HEADERS, HEADERS, PING, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, field, frame,
};

const PUSH_PROMISE: u8 = 5;
const GOAWAY: u8 = 7;
const PADDED: u8 = 8;

type Frames = Arc<dyn Fn(u32) -> Vec<u8> + Send + Sync>;

/// An answer on the stream whose number is given: a beginning, and then the same piece without end.
#[derive(Clone)]
pub struct Attack {
    pub name: &'static str,
    pub beginning: Frames,
    /// Nothing for those that wait to be asked again.
    pub piece: Option<Frames>,
    /// Whether what the client says meanwhile is read.
    pub reads: bool,
}

impl Attack {
    pub fn all() -> Vec<Attack> {
        let mut attacks = headers();
        attacks.extend(bodies());
        attacks.extend(floods());
        attacks.extend(loops());
        attacks
    }

    fn without_reading(self) -> Attack {
        Attack { reads: false, ..self }
    }
}

fn attack(
    name: &'static str,
    beginning: impl Fn(u32) -> Vec<u8> + Send + Sync + 'static,
    piece: impl Fn(u32) -> Vec<u8> + Send + Sync + 'static,
) -> Attack {
    let (beginning, piece) = (Arc::new(beginning), Some(Arc::new(piece) as Frames));
    Attack { name, beginning, piece, reads: true }
}

fn nothing(_: u32) -> Vec<u8> {
    Vec::new()
}

/// Status 200, from the static table of HPACK (RFC 7541).
const OK: &[u8] = &[0x88];
/// Status 103, put into the table, and then named by one byte.
const EARLY_HINTS: &[u8] = &[0x48, 3, b'1', b'0', b'3'];
const EARLY_HINTS_AGAIN: &[u8] = &[0xbe];

fn answer(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, OK)
}

/// A field that is put into the table, and then named again and again by one byte.
fn repeated(value_bytes: usize, times: usize) -> Vec<u8> {
    let mut block = vec![0x40, 1, b'x'];
    match value_bytes.checked_sub(127) {
        None => block.push(value_bytes as u8),
        // A length in seven bits and two bytes more.
        Some(more) => block.extend([0x7f, (more & 0x7f) as u8 | 0x80, (more >> 7) as u8]),
    }
    block.extend(std::iter::repeat_n(b'v', value_bytes));
    block.extend(std::iter::repeat_n(0xbe, times));
    block
}

fn headers() -> Vec<Attack> {
    let fields = field("x-filler", &"y".repeat(100)).repeat(140);
    let bomb = |stream| frame(HEADERS, END_HEADERS, stream, &[OK, &repeated(4_000, 12_000)].concat());
    vec![
        attack(
            "continuations without end",
            |stream| frame(HEADERS, 0, stream, OK),
            move |stream| frame(CONTINUATION, 0, stream, &fields),
        ),
        attack(
            "empty continuations",
            |stream| frame(HEADERS, 0, stream, OK),
            |stream| frame(CONTINUATION, 0, stream, &[]),
        ),
        attack("a table that is named 12,000 times", bomb, bomb),
        attack(
            "trailers without end",
            |stream| [answer(stream), frame(DATA, 0, stream, b"x")].concat(),
            |stream| frame(HEADERS, END_HEADERS, stream, &field("x", "y")),
        ),
        attack("headers that are no headers", nothing, |stream| frame(HEADERS, END_HEADERS, stream, &[0xff; 16_000])),
        attack("answers on streams that nobody opened", nothing, |stream| answer(stream + 1_000)),
        attack("promises of what nobody asked for", nothing, |stream| {
            frame(PUSH_PROMISE, END_HEADERS, stream, &[&2u32.to_be_bytes()[..], &[0x82, 0x87, 0x84]].concat())
        }),
    ]
}

fn bodies() -> Vec<Attack> {
    let padded = |stream| frame(DATA, PADDED, stream, &[&[255, b'x'][..], &[0; 255]].concat());
    vec![
        attack("data without end", answer, |stream| frame(DATA, 0, stream, &[0; 16_000])),
        attack("a byte with each frame", answer, |stream| frame(DATA, 0, stream, b"x")),
        attack("a byte with all padding", answer, padded),
        attack("empty data", answer, |stream| frame(DATA, 0, stream, &[])),
        attack("nothing but padding", answer, |stream| frame(DATA, PADDED, stream, &[&[255][..], &[0; 255]].concat())),
        attack("a frame longer than allowed", answer, |stream| frame(DATA, 0, stream, &vec![0; 1 << 20])),
    ]
}

fn floods() -> Vec<Attack> {
    let settings = |_| frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0]);
    let ping = |_| frame(PING, 0, 0, &[7; 8]);
    let first = |stream| frame(HEADERS, END_HEADERS, stream, EARLY_HINTS);
    // As many fields as the limit of a header lets through, each of one byte.
    let full = |stream| frame(HEADERS, END_HEADERS, stream, &[EARLY_HINTS, &repeated(1, 400)].concat());
    vec![
        attack("settings, answers read", nothing, settings),
        attack("settings, answers not read", nothing, settings).without_reading(),
        attack("pings, answers read", nothing, ping),
        attack("pings, answers not read", nothing, ping).without_reading(),
        attack("priorities", nothing, |stream| frame(PRIORITY, 0, stream, &[0, 0, 0, 0, 16])),
        attack("frames of unknown kinds", nothing, |stream| frame(0xf0, 0xff, stream, &[1; 8])),
        attack("interim answers", first, |stream| frame(HEADERS, END_HEADERS, stream, EARLY_HINTS_AGAIN)),
        attack("interim answers of many fields", nothing, full),
        attack("windows opened too wide", nothing, |_| frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffffu32.to_be_bytes())),
        attack("no HTTP at all", nothing, |_| vec![0x16; 16_000]),
    ]
}

fn loops() -> Vec<Attack> {
    let goes = |code: u32| move |_| frame(GOAWAY, 0, 0, &[[0; 4], code.to_be_bytes()].concat());
    let resets = |code: u32| move |stream| frame(RST_STREAM, 0, stream, &code.to_be_bytes());
    let waits = |attack: Attack| Attack { piece: None, ..attack };
    vec![
        waits(attack("goes away, nothing is wrong", goes(0), nothing)),
        waits(attack("goes away, be calm", goes(11), nothing)),
        waits(attack("resets, refused", resets(7), nothing)),
        waits(attack("resets, internal error", resets(2), nothing)),
    ]
}
