//! What can go wrong with a carrier, whose fault it is, and what to do next.

use std::io;
use std::time::Duration;

/// Says whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blame {
    /// The carrier answers wrongly; another one may do better.
    Carrier,
    /// The way to the carrier is broken.
    Network,
    /// The disk or folder here fails, is full or closed to us.
    Disk,
    /// What was asked cannot be done as asked.
    User,
}

/// Says why a carrier could not do what was asked. Texts name no address: whoever shows one adds the label.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CarrierError {
    /// The address is none that can be opened (user).
    #[error("this is not the address of a carrier: {reason}")]
    BadAddress {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The folder holds no tree, or the file is no archive (user).
    #[error("there is no tree in it")]
    NotACarrier,
    /// The archive cannot be read at all (user).
    #[error("this archive cannot be read: {reason}")]
    BadArchive {
        /// Why.
        reason: longear_core::Reason,
    },
    /// No connection could be opened (network).
    #[error("the carrier cannot be reached: {reason}")]
    Unreachable {
        /// What the system says.
        reason: String,
    },
    /// Nothing, or too little, came for this long (network).
    #[error("the carrier made no progress for {} s", after.as_secs_f32())]
    TimedOut {
        /// How long it was waited for.
        after: Duration,
    },
    /// The connection broke; the bytes before were delivered (network).
    #[error("the connection to the carrier broke off")]
    Interrupted,
    /// The proxy cannot be used, or cannot reach the carrier (network).
    #[error("the proxy did not work: {reason}")]
    Proxy {
        /// What the proxy or the system says.
        reason: String,
    },
    /// No encrypted connection could be agreed on (network).
    #[error("no encrypted connection: {reason}")]
    Tls {
        /// What the TLS library says.
        reason: String,
    },
    /// The server answered with a status that is neither the object nor its absence (carrier).
    #[error("the carrier answers with HTTP status {status}")]
    HttpStatus {
        /// The status.
        status: u16,
        /// How long the server asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The server redirects without end (carrier).
    #[error("the carrier redirects more than {} times", super::REDIRECTS_MAX)]
    TooManyRedirects,
    /// The server redirects to where we do not follow (carrier).
    #[error("the carrier redirects to a place that is not followed: {reason}")]
    BadRedirect {
        /// Why it is not followed.
        reason: &'static str,
    },
    /// The server sends another range than the one asked for (carrier).
    #[error("the carrier answers with a wrong range: {reason}")]
    BadRange {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The answer is no HTTP, or its headers are too long (carrier).
    #[error("the carrier's answer cannot be read: {reason}")]
    BadResponse {
        /// What the HTTP library says.
        reason: String,
    },
    /// The object is longer than it may be (carrier).
    #[error("the carrier's object is longer than the {bytes_max} bytes it may have")]
    TooLarge {
        /// The limit it exceeds.
        bytes_max: u64,
    },
    /// In place of the object stands a link, folder, device or pipe (carrier).
    #[error("{path} is not a regular file")]
    NotARegularFile {
        /// The path in the tree.
        path: String,
    },
    /// The disk or folder failed (disk).
    #[error("{doing} failed: {source}")]
    Disk {
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The disk has no room for the object (disk).
    #[error("the disk is full: {bytes_needed} bytes are needed, {bytes_free} are free")]
    DiskFull {
        /// The bytes of the object.
        bytes_needed: u64,
        /// The bytes that are free.
        bytes_free: u64,
    },
    /// The folder of the stick has as many entries as it may have (disk).
    #[error("the folder {folder} is full")]
    FolderFull {
        /// The folder in the tree.
        folder: String,
    },
    /// The object would make a file that FAT cannot hold (user).
    #[error("a file of {bytes} bytes cannot stand on a stick")]
    FileTooLarge {
        /// Its length.
        bytes: u64,
    },
    /// The name of a plain copy is not safe (user).
    #[error("this name cannot stand on a stick")]
    UnsafeName,
    /// Another program writes to this folder (user).
    #[error("another program is writing to this folder")]
    InUse,
}

impl CarrierError {
    /// Says whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::BadAddress { .. }
            | Self::NotACarrier
            | Self::BadArchive { .. }
            | Self::FileTooLarge { .. }
            | Self::UnsafeName
            | Self::InUse => Blame::User,
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Interrupted
            | Self::Proxy { .. }
            | Self::Tls { .. } => Blame::Network,
            Self::HttpStatus { .. }
            | Self::TooManyRedirects
            | Self::BadRedirect { .. }
            | Self::BadRange { .. }
            | Self::BadResponse { .. }
            | Self::TooLarge { .. }
            | Self::NotARegularFile { .. } => Blame::Carrier,
            Self::Disk { .. } | Self::DiskFull { .. } | Self::FolderFull { .. } => Blame::Disk,
        }
    }

    /// Says whether the same request may succeed a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Interrupted | Self::Proxy { .. } => true,
            Self::HttpStatus { status, .. } => {
                matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
            }
            _ => false,
        }
    }

    /// Says what to do next, as a sentence for the user.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::BadAddress { .. } => "Give http://…, https://…, or the path of a folder.",
            Self::NotACarrier => {
                "Give a stick's top folder, a folder that holds `c` and `b`, or an archive (`.longear`)."
            }
            Self::BadArchive { .. } => "Get a newer Longear, or ask for the archive in its present form.",
            Self::Unreachable { .. } => "Check the address and the network, or try another carrier.",
            Self::TimedOut { .. } | Self::Interrupted => {
                "Run it again: it goes on where it stopped; any carrier will do."
            }
            Self::Proxy { .. } => "Check that the proxy runs and that its address is right.",
            Self::Tls { .. } => {
                "Check this machine's clock, or try http:// or another carrier: signatures protect the news."
            }
            Self::HttpStatus { status: 401 | 407, .. } => "This carrier wants a password; use another one.",
            Self::HttpStatus { .. } => "Try again later, or another carrier.",
            Self::TooManyRedirects | Self::BadRedirect { .. } => {
                "Give the address that the carrier redirects to, if you trust it; a captive portal may stand between."
            }
            Self::BadRange { .. } | Self::BadResponse { .. } | Self::TooLarge { .. } => {
                "Something else answers in its place, or it is damaged; try another carrier."
            }
            Self::NotARegularFile { .. } => "Somebody tampered with this folder; take the rest, and remove that entry.",
            Self::Disk { source, .. } if is_closed_to_us(source) => "Make the folder writable, or choose another one.",
            Self::Disk { .. } => "Check that the disk is still plugged in and sound, then run it again.",
            Self::DiskFull { .. } | Self::FolderFull { .. } => "Make room or take another disk, then run it again.",
            Self::FileTooLarge { .. } => "Leave this file out; inside the tree it travels in parts.",
            Self::UnsafeName => "Give it another name.",
            Self::InUse => "Wait until the other program has finished.",
        }
    }

    /// Names a full disk where something was written to it; other errors stay what they are.
    pub(crate) fn named_full(self, bytes_needed: u64, bytes_free: impl FnOnce() -> Result<u64, Self>) -> Self {
        match self {
            Self::Disk { source, .. }
                if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) =>
            {
                Self::DiskFull { bytes_needed, bytes_free: bytes_free().unwrap_or(0) }
            }
            error => error,
        }
    }

    /// Wraps what the system says of a disk; a full one becomes [`CarrierError::DiskFull`] where it is written to.
    pub(crate) fn disk(doing: &'static str, source: impl Into<io::Error>) -> Self {
        Self::Disk { doing, source: source.into() }
    }
}

fn is_closed_to_us(source: &io::Error) -> bool {
    matches!(source.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}
