//! From a thread that reads the disk to an answer: a few pieces at a time, and an end when nobody listens any more.

use std::io::{self, Write};

use axum::body::Bytes;
use futures_util::stream::{self, Stream};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Pieces that wait to be sent.
const WAITING_MAX: usize = 2;
/// Bytes of a piece.
const PIECE_BYTES_MAX: usize = 256 << 10;

/// The end that is written to.
pub struct Pieces(Sender<Bytes>);

impl Pieces {
    /// Both ends.
    pub fn new() -> (Self, impl Stream<Item = io::Result<Bytes>>) {
        let (sender, receiver) = channel(WAITING_MAX);
        let next =
            |mut receiver: Receiver<Bytes>| async move { receiver.recv().await.map(|piece| (Ok(piece), receiver)) };
        (Pieces(sender), stream::unfold(receiver, next))
    }
}

impl Write for Pieces {
    /// Waits until there is room. Must not be called on a thread of the runtime.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(&bytes[..bytes.len().min(PIECE_BYTES_MAX)]);
        let length = piece.len();
        self.0.blocking_send(piece).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
