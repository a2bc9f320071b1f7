//! The bytes of an object while they arrive.

use std::future::Future;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::allowance::Allowance;
use super::{CarrierError, CarrierOptions, http};

/// Bounds what is allocated on a carrier's word alone.
const COLLECT_RESERVE_BYTES_MAX: u64 = 1 << 20;

/// Streams the bytes of an object, or of a range of it, as far as the carrier has them.
///
/// Nothing is copied on the way. At most the network library's buffer (408 KiB), or a few blocks of
/// [`READ_BLOCK_BYTES`](super::READ_BLOCK_BYTES) of a folder, wait in memory. Dropping it ends the transfer.
#[derive(Debug)]
pub struct Body {
    start: u64,
    declared_len: Option<u64>,
    limit: Limit,
    pace: Pace,
    source: Source,
}

/// Says what happens when as many bytes came as may come.
#[derive(Debug)]
pub(super) enum Limit {
    /// The range that was asked for ends here.
    Range {
        /// The bytes that may still come.
        bytes_left: u64,
    },
    /// A further byte would make the object too large.
    Object {
        /// The bytes that may still come.
        bytes_left: u64,
        /// The bytes that the object may have.
        bytes_max: u64,
    },
}

#[derive(Debug)]
pub(super) enum Source {
    /// With what its connection is allowed to bring.
    Http(Box<Incoming>, Option<Allowance>),
    Blocks(mpsc::Receiver<Result<Bytes, CarrierError>>),
    Memory(Bytes),
}

impl Body {
    pub(super) fn new(
        start: u64,
        declared_len: Option<u64>,
        limit: Limit,
        options: &CarrierOptions,
        source: Source,
    ) -> Self {
        Self { start, declared_len, limit, pace: Pace::new(options), source }
    }

    /// Gives the offset in the object of the first byte: that of the range asked for, or 0 if the server ignores ranges.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Gives the number of bytes that the carrier says will come; it may lie, and fewer may come.
    pub fn declared_len(&self) -> Option<u64> {
        self.declared_len
    }

    /// Waits for the next bytes; `None` at the end. Only the time spent waiting here counts against the carrier.
    ///
    /// # Errors
    /// [`CarrierError::TimedOut`], [`CarrierError::Interrupted`], [`CarrierError::TooLarge`], [`CarrierError::Disk`];
    /// all bytes that came before were given.
    pub async fn next(&mut self) -> Result<Option<Bytes>, CarrierError> {
        loop {
            if matches!(self.limit, Limit::Range { bytes_left: 0 }) {
                return Ok(None);
            }
            let Some(mut bytes) = self.pace.wait(self.source.next()).await? else {
                return Ok(None);
            };
            // Empty pieces are no news for anybody.
            if bytes.is_empty() {
                continue;
            }
            let (Limit::Range { bytes_left } | Limit::Object { bytes_left, .. }) = &mut self.limit;
            let taken = (*bytes_left).min(bytes.len() as u64);
            *bytes_left -= taken;
            if taken == 0 {
                let Limit::Object { bytes_max, .. } = self.limit else {
                    return Ok(None);
                };
                self.source = Source::Memory(Bytes::new());
                return Err(CarrierError::TooLarge { bytes_max });
            }
            self.cut_source_if_longer(bytes.len() as u64 > taken);
            bytes.truncate(usize::try_from(taken).expect("not more than the piece's length"));
            return Ok(Some(bytes));
        }
    }

    /// Keeps one excess byte, so that the next call says what is wrong, and lets the rest of the transfer go.
    fn cut_source_if_longer(&mut self, longer: bool) {
        if longer {
            self.source = Source::Memory(Bytes::from_static(b"!"));
        }
    }

    /// Reads everything into memory.
    ///
    /// # Errors
    /// Those of [`Body::next`].
    pub async fn collect(mut self) -> Result<Vec<u8>, CarrierError> {
        let reserve = self.declared_len.unwrap_or(0).min(COLLECT_RESERVE_BYTES_MAX);
        let mut all = Vec::with_capacity(usize::try_from(reserve).expect("at most a MiB"));
        while let Some(bytes) = self.next().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }
}

impl Source {
    async fn next(&mut self) -> Result<Option<Bytes>, CarrierError> {
        match self {
            Self::Http(answer, allowance) => {
                let Some(frame) = answer.frame().await else { return Ok(None) };
                // What is no data is no news: fields behind the object.
                let bytes = frame.map_err(|error| http::body_error(&error))?.into_data().unwrap_or_default();
                if let Some(allowance) = allowance {
                    allowance.earn(bytes.len());
                }
                Ok(Some(bytes))
            }
            Self::Blocks(blocks) => blocks.recv().await.transpose(),
            Self::Memory(bytes) => Ok((!bytes.is_empty()).then(|| std::mem::take(bytes))),
        }
    }
}

/// Watches that enough comes in time. A clock that started anew with each byte would let a carrier drip for ever.
#[derive(Debug)]
struct Pace {
    timeout: Duration,
    bytes_min: u64,
    waited: Duration,
    bytes: u64,
}

impl Pace {
    fn new(options: &CarrierOptions) -> Self {
        Self {
            timeout: options.progress_timeout,
            bytes_min: options.progress_bytes_min,
            waited: Duration::ZERO,
            bytes: 0,
        }
    }

    async fn wait(
        &mut self,
        next: impl Future<Output = Result<Option<Bytes>, CarrierError>>,
    ) -> Result<Option<Bytes>, CarrierError> {
        let since = Instant::now();
        let left = self.timeout.saturating_sub(self.waited);
        let Ok(answer) = tokio::time::timeout(left, next).await else {
            return Err(CarrierError::TimedOut { after: self.timeout });
        };
        self.waited += since.elapsed();
        self.bytes += answer.as_ref().map_or(0, |bytes| bytes.as_ref().map_or(0, |bytes| bytes.len() as u64));
        if self.bytes >= self.bytes_min {
            self.bytes = 0;
            self.waited = Duration::ZERO;
        }
        answer
    }
}
