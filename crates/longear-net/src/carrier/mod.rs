//! Carriers: whatever holds a copy of the tree, a web server, a node, a stick.
//!
//! A [`Carrier`] is asked for objects by [`TreePath`] and gives bytes. It knows nothing of signatures: whoever asks
//! verifies. What it does promise is that a hostile carrier can cost no more than the limits here: bytes are counted
//! while they arrive, silence and dripping end after [`PROGRESS_TIMEOUT`], redirects are few, and in a folder only
//! regular files inside it are ever opened.
//!
//! ```no_run
//! # async fn example() -> Result<(), longear_net::carrier::CarrierError> {
//! use longear_core::tree::TreePath;
//! use longear_net::carrier::{Carrier, CarrierOptions};
//!
//! let carrier = Carrier::open("https://mirror.example/news", &CarrierOptions::default())?;
//! let path = TreePath::Blob { hash: [7; 32] };
//! if let Some(mut body) = carrier.fetch(&path, Some(1 << 20..2 << 20), 60 << 20).await? {
//!     let mut at = body.start();
//!     while let Some(bytes) = body.next().await? {
//!         at += bytes.len() as u64;
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod address;
mod allowance;
mod archive;
mod archive_write;
mod body;
mod connect;
mod error;
mod folder;
mod folder_write;
mod http;
mod place;
mod redirect;
mod retry;

use std::ops::Range;
use std::time::Duration;

use longear_core::tree::TreePath;

pub use allowance::IDLE_TALK_BYTES_MAX;
pub use archive::ArchiveFlaw;
pub use archive_write::ArchiveWriter;
pub use body::Body;
pub use error::{Blame, CarrierError};
pub use folder::{FolderCarrier, LIST_ENTRIES_MAX, Listing, READ_BLOCK_BYTES};
pub use folder_write::FolderLayout;
pub use http::{ETAG_BYTES_MAX, HttpCarrier, USER_AGENT};
pub use place::Place;
pub use redirect::REDIRECTS_MAX;
pub use retry::RetryPolicy;

use address::Address;

/// Gives the time after which a carrier that sends fewer than [`PROGRESS_BYTES_MIN`] is left.
pub const PROGRESS_TIMEOUT: Duration = Duration::from_secs(20);

/// Gives the bytes that count as progress within [`PROGRESS_TIMEOUT`]: 205 B/s, slower than any link worth waiting for.
pub const PROGRESS_BYTES_MIN: u64 = 4096;

/// Gives the time in which a name must be looked up, and a connection opened and encrypted.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Holds a copy of the tree. Cloning is cheap and shares connections.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Carrier {
    /// Reaches a web server, bucket or node by `http://` or `https://`.
    Http(HttpCarrier),
    /// Reads a folder of this machine: a stick, or a bare tree; or an archive.
    Folder(FolderCarrier),
}

/// Says how carriers are reached. The default suits everyday use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CarrierOptions {
    /// Sends everything through this proxy: `socks5h://host:port` (Tor and its like) or `http://host:port`.
    ///
    /// Names are looked up by the proxy, never here. Folders do not use it.
    pub proxy: Option<String>,
    /// Also trusts these certificate authorities (PEM), for mirrors with an authority of their own.
    pub tls_roots_pem: Option<Vec<u8>>,
    /// Bounds the time for name, connection and TLS together.
    pub connect_timeout: Duration,
    /// Bounds the time without progress.
    pub progress_timeout: Duration,
    /// Counts the bytes that must arrive within `progress_timeout`.
    pub progress_bytes_min: u64,
}

impl Default for CarrierOptions {
    fn default() -> Self {
        Self {
            proxy: None,
            tls_roots_pem: None,
            connect_timeout: CONNECT_TIMEOUT,
            progress_timeout: PROGRESS_TIMEOUT,
            progress_bytes_min: PROGRESS_BYTES_MIN,
        }
    }
}

/// Answers a conditional request for a head or the edge of a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadAnswer {
    /// It is the one whose tag was given.
    NotModified,
    /// The carrier has this one.
    Found {
        /// As it came, unverified.
        bytes: Vec<u8>,
        /// The carrier's tag for it. Keep it in memory only: a server can mark a reader by it.
        etag: Option<String>,
    },
    /// The carrier has none.
    Absent,
}

impl Carrier {
    /// Opens a carrier by its address: `http://…`, `https://…`, `file://…` or the path of a folder or archive.
    ///
    /// A folder is a stick's top folder or a bare tree, and must hold a tree; an archive is looked through once. Servers are
    /// not contacted yet.
    ///
    /// # Errors
    /// [`CarrierError::BadAddress`], [`CarrierError::NotACarrier`], [`CarrierError::BadArchive`], [`CarrierError::Disk`],
    /// [`CarrierError::Proxy`].
    pub fn open(address: &str, options: &CarrierOptions) -> Result<Self, CarrierError> {
        match address::parse(address)? {
            Address::Web(base) => Ok(Self::Http(HttpCarrier::open(base, options)?)),
            Address::Folder(path) => Ok(Self::Folder(FolderCarrier::open(&path, options)?)),
        }
    }

    /// Names the carrier for its user: the address without anything secret. Never log it.
    pub fn label(&self) -> String {
        match self {
            Self::Http(carrier) => carrier.label(),
            Self::Folder(carrier) => carrier.label(),
        }
    }

    /// Asks for an object, or a range of it, and gives its bytes as a stream; `None` if the carrier does not have it.
    ///
    /// `bytes_max` bounds the *whole* object, also when a range is asked for: a longer one is refused before it is read
    /// where its length is declared, and cut off where not. An end of `u64::MAX` means to the end. Look at
    /// [`Body::start`]: a server that knows no ranges starts at 0. Bytes beyond the end of the object are just not
    /// there: the stream ends early.
    ///
    /// # Errors
    /// Any but those of writing; see [`CarrierError::blame`] and [`CarrierError::is_transient`].
    pub async fn fetch(
        &self,
        path: &TreePath,
        range: Option<Range<u64>>,
        bytes_max: u64,
    ) -> Result<Option<Body>, CarrierError> {
        if range.as_ref().is_some_and(Range::is_empty) {
            return Err(CarrierError::BadRange { reason: "an empty range was asked for" });
        }
        match self {
            Self::Http(carrier) => carrier.fetch(path, range, bytes_max).await,
            Self::Folder(carrier) => carrier.fetch(path, range, bytes_max).await,
        }
    }

    /// Asks for a whole small object, and gives it in memory; `None` if the carrier does not have it.
    ///
    /// # Errors
    /// Those of [`Carrier::fetch`] and [`Body::next`].
    pub async fn fetch_small(&self, path: &TreePath, bytes_max: u64) -> Result<Option<Vec<u8>>, CarrierError> {
        match self.fetch(path, None, bytes_max).await? {
            Some(body) => body.collect().await.map(Some),
            None => Ok(None),
        }
    }

    /// Asks for a channel's head, unless it is still the one with this tag.
    ///
    /// # Errors
    /// Those of [`Carrier::fetch_small`].
    pub async fn fetch_head(
        &self,
        channel: &[u8; 32],
        etag: Option<&str>,
        bytes_max: u64,
    ) -> Result<HeadAnswer, CarrierError> {
        self.fetch_changed(&TreePath::Head { channel: *channel }, etag, bytes_max).await
    }

    /// Asks for a head or the edge of a broadcast, unless it is still the one with this tag.
    ///
    /// # Errors
    /// Those of [`Carrier::fetch_small`].
    pub async fn fetch_changed(
        &self,
        path: &TreePath,
        etag: Option<&str>,
        bytes_max: u64,
    ) -> Result<HeadAnswer, CarrierError> {
        match self {
            Self::Http(carrier) => carrier.fetch_changed(path, etag, bytes_max).await,
            // The clock of FAT counts in two seconds, so what is in a folder is simply read again.
            Self::Folder(_) => Ok(match self.fetch_small(path, bytes_max).await? {
                Some(bytes) => HeadAnswer::Found { bytes, etag: None },
                None => HeadAnswer::Absent,
            }),
        }
    }

    /// Asks for an object as [`Carrier::fetch`] does, and again after a while if the failure may pass.
    ///
    /// `jitter` gives a number from 0 to 1 for each wait, so that a crowd does not come back all at once. Only the
    /// request is repeated; a stream that breaks is for the caller to resume, by range and perhaps from elsewhere.
    ///
    /// # Errors
    /// Those of [`Carrier::fetch`]: that of the last try.
    pub async fn fetch_with_retry(
        &self,
        path: &TreePath,
        range: Option<Range<u64>>,
        bytes_max: u64,
        policy: &RetryPolicy,
        jitter: &mut (dyn FnMut() -> f64 + Send),
    ) -> Result<Option<Body>, CarrierError> {
        let mut tries = 1;
        loop {
            let error = match self.fetch(path, range.clone(), bytes_max).await {
                Err(error) => error,
                answer => return answer,
            };
            match policy.delay(tries, &error, jitter()) {
                Some(delay) => tokio::time::sleep(delay).await,
                None => return Err(error),
            }
            tries += 1;
        }
    }

    /// Lists the parts of a blob, by their start in MiB, ascending; `None` if this kind of carrier has no lists.
    ///
    /// # Errors
    /// [`CarrierError::Disk`], [`CarrierError::NotARegularFile`].
    pub async fn list_parts(&self, hash: &[u8; 32]) -> Result<Option<Listing<u32>>, CarrierError> {
        match self {
            Self::Http(_) => Ok(None),
            Self::Folder(carrier) => carrier.list_parts(hash).await.map(Some),
        }
    }

    /// Lists the packs of a log as (level, index), ascending; `None` if this kind of carrier has no lists.
    ///
    /// # Errors
    /// Those of [`Carrier::list_parts`].
    pub async fn list_packs(
        &self,
        channel: &[u8; 32],
        log: &[u8; 16],
    ) -> Result<Option<Listing<(u8, u32)>>, CarrierError> {
        match self {
            Self::Http(_) => Ok(None),
            Self::Folder(carrier) => carrier.list_packs(channel, log).await.map(Some),
        }
    }

    /// Lists the logs of a channel of which packs stand here, ascending; `None` if this kind of carrier has no lists.
    ///
    /// # Errors
    /// Those of [`Carrier::list_parts`].
    pub async fn list_logs(&self, channel: &[u8; 32]) -> Result<Option<Listing<[u8; 16]>>, CarrierError> {
        match self {
            Self::Http(_) => Ok(None),
            Self::Folder(carrier) => carrier.list_logs(channel).await.map(Some),
        }
    }

    /// Lists the channels held, ascending; `None` if this kind of carrier has no lists.
    ///
    /// # Errors
    /// Those of [`Carrier::list_parts`].
    pub async fn list_channels(&self) -> Result<Option<Listing<[u8; 32]>>, CarrierError> {
        match self {
            Self::Http(_) => Ok(None),
            Self::Folder(carrier) => carrier.list_channels().await.map(Some),
        }
    }
}
