//! A connection that ends when its other end keeps it without using it.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// Bytes after which the protocol is known: the length of what HTTP/2 clients send first.
const FIRST_BYTES: u64 = 24;

/// Closes itself when the first bytes take too long, or when nothing moves in either direction for too long.
pub(super) struct Guarded {
    stream: TcpStream,
    opened: Instant,
    moved: Instant,
    bytes_read: u64,
    has_written: bool,
    first_bytes_within: Duration,
    idle_within: Duration,
    alarm: Pin<Box<Sleep>>,
}

impl Guarded {
    pub(super) fn new(stream: TcpStream, first_bytes_within: Duration, idle_within: Duration) -> Self {
        let now = Instant::now();
        let alarm = Box::pin(tokio::time::sleep(first_bytes_within));
        Guarded {
            stream,
            opened: now,
            moved: now,
            bytes_read: 0,
            has_written: false,
            first_bytes_within,
            idle_within,
            alarm,
        }
    }

    /// When it ends if nothing moves. Looked at when the alarm goes off, so that moving bytes cost no timer.
    fn deadline(&self) -> Instant {
        match self.bytes_read < FIRST_BYTES && !self.has_written {
            true => self.opened + self.first_bytes_within,
            false => self.moved + self.idle_within,
        }
    }

    fn check_alarm(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        while self.alarm.as_mut().poll(context).is_ready() {
            let deadline = self.deadline();
            if deadline <= Instant::now() {
                return Poll::Ready(io::Error::from(io::ErrorKind::TimedOut));
            }
            self.alarm.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    fn note_written(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(count)) => {
                self.moved = Instant::now();
                self.has_written = true;
                Poll::Ready(Ok(count))
            }
            Poll::Pending => self.check_alarm(context).map(Err),
            failed => failed,
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                self.moved = Instant::now();
                self.bytes_read += (buffer.filled().len() - before) as u64;
                Poll::Ready(Ok(()))
            }
            Poll::Pending => self.check_alarm(context).map(Err),
            failed => failed,
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note_written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.note_written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
