//! How much may come over a connection without bringing anything of what was asked for.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::{fmt, io};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The bytes that may come for nothing: more than what the HTTP library reads ahead (408 KiB), with certificates and headers.
pub const IDLE_TALK_BYTES_MAX: u64 = 1 << 20;

/// Each byte of an object lets so many come: a chunk of one byte takes six.
const BYTES_FOR_EACH_OBJECT_BYTE: u64 = 8;

/// Each byte of a request lets so many come: a short request may be answered by long headers.
const BYTES_FOR_EACH_BYTE_SENT: u64 = 64;

/// What may still come over a connection. Below HTTP and TLS, because both pass over some of what a server sends without
/// counting it: interim answers, zeros before a chunk's length, empty records.
#[derive(Clone, Debug)]
pub(super) struct Allowance(Arc<AtomicU64>);

impl Allowance {
    fn full() -> Self {
        Self(Arc::new(AtomicU64::new(IDLE_TALK_BYTES_MAX)))
    }

    /// So many bytes of an object came.
    pub(super) fn earn(&self, object_bytes: usize) {
        self.add((object_bytes as u64).saturating_mul(BYTES_FOR_EACH_OBJECT_BYTE));
    }

    fn add(&self, bytes: u64) {
        let added = |left: u64| Some(left.saturating_add(bytes).min(IDLE_TALK_BYTES_MAX));
        let _ = self.0.fetch_update(Relaxed, Relaxed, added);
    }

    fn spend(&self, bytes: usize) {
        let _ = self.0.fetch_update(Relaxed, Relaxed, |left| Some(left.saturating_sub(bytes as u64)));
    }

    fn is_spent(&self) -> bool {
        self.0.load(Relaxed) == 0
    }
}

/// A server sent and sent, and nothing of what was asked for.
#[derive(Debug)]
pub(super) struct IdleTalk;

impl fmt::Display for IdleTalk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{IDLE_TALK_BYTES_MAX} bytes came that bring nothing of what was asked for")
    }
}

impl std::error::Error for IdleTalk {}

/// A connection over which no more comes than its allowance.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    allowance: Allowance,
    is_proxied: bool,
}

impl<S> Metered<S> {
    /// `is_proxied` says that what is sent goes to a proxy, which has to be told the whole address.
    pub(super) fn new(stream: S, is_proxied: bool) -> Self {
        Self { stream, allowance: Allowance::full(), is_proxied }
    }
}

impl<S> Connection for Metered<S> {
    /// The allowance comes along with each answer, so that who reads it can earn more.
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.is_proxied).extra(self.allowance.clone())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.allowance.is_spent() {
            return Poll::Ready(Err(io::Error::other(IdleTalk)));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.allowance.spend(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.allowance.add((sent as u64).saturating_mul(BYTES_FOR_EACH_BYTE_SENT));
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn read(metered: &mut Metered<&[u8]>, bytes: u64) -> io::Result<usize> {
        let mut all = Vec::new();
        metered.take(bytes).read_to_end(&mut all).await
    }

    #[tokio::test]
    async fn what_brings_nothing_ends_and_what_was_asked_for_goes_on() {
        let flood = vec![0; 4 << 20];
        let mut metered = Metered::new(&flood[..], false);
        let allowance = metered.allowance.clone();
        assert_eq!(read(&mut metered, IDLE_TALK_BYTES_MAX).await.unwrap() as u64, IDLE_TALK_BYTES_MAX);
        let error = read(&mut metered, 1).await.unwrap_err();
        assert!(error.get_ref().unwrap().is::<IdleTalk>(), "{error}");
        allowance.earn(100);
        assert_eq!(read(&mut metered, 800).await.unwrap(), 800);
        assert!(read(&mut metered, 1).await.is_err());
        allowance.earn(usize::MAX);
        assert_eq!(read(&mut metered, IDLE_TALK_BYTES_MAX).await.unwrap() as u64, IDLE_TALK_BYTES_MAX);
        assert!(read(&mut metered, 1).await.is_err(), "nobody can save up");
    }

    #[tokio::test]
    async fn a_request_may_be_answered() {
        let mut metered = Metered::new(Vec::new(), false);
        metered.allowance.spend(usize::MAX);
        assert!(metered.allowance.is_spent());
        metered.write_all(b"GET / HTTP/1.1").await.unwrap();
        assert!(!metered.allowance.is_spent());
    }
}
