//! The core for browsers: channels in memory, checked where they are read.
//!
//! Whoever runs this needs nobody's word but the publisher's key. It knows no network, no clock and no disk: bytes come in
//! with the path under which they stood, and what comes out was verified.
//!
//! * [`Book`]: what is held of one channel, and what it means: status of items, holes, what to ask a source for next.
//! * [`Reader`]: several books and open files, as calls that take text and give JSON.
//! * [`texts`]: Markdown and the search, which stand in a module of their own.
//! * [`live`]: broadcasts, in a third one.
//! * [`rooms`]: rooms, in a fourth one.
//! * [`abi`]: the same calls for a program that is not Rust. The only file with `unsafe`.
//!
//! Why it is so: `docs/design/004-reader.md`.

pub mod abi;
pub mod blob;
pub mod book;
pub mod json;
pub mod live;
pub mod reader;
pub mod rooms;
pub mod search;
pub mod texts;
#[cfg(feature = "vectors")]
mod vectors;

pub use book::Book;
pub use reader::Reader;
