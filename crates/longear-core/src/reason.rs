//! Why something was refused, in words for people and codes for the vectors.

/// Why an object was refused.
///
/// All but [`Reason::NewerVersion`] mean that the bytes are not what the publisher made: a fault of whoever made or carried them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Reason {
    #[error("it ends too early")]
    Truncated,
    #[error("bytes are left over at its end")]
    TrailingBytes,
    #[error("{what} is longer than {max} bytes")]
    TooLong { what: &'static str, max: usize },
    #[error("more than {max} {what}")]
    TooMany { what: &'static str, max: usize },
    #[error("{what} is not in its one allowed form")]
    NotCanonical { what: &'static str },
    #[error("{what} is not UTF-8")]
    NotUtf8 { what: &'static str },
    #[error("it does not begin like {what}")]
    BadMagic { what: &'static str },
    #[error("it has version {version}; a newer Longear is needed")]
    NewerVersion { version: u8 },
    #[error("{what} has a value that is not allowed")]
    BadValue { what: &'static str },
    #[error("it needs extension {kind}, which this Longear does not know")]
    UnknownTlv { kind: u16 },
    #[error("a signature is wrong")]
    BadSignature,
    #[error("a key is weak")]
    WeakKey,
    #[error("its key is in no charter of this channel")]
    UnknownKey,
    #[error("somebody signed who is no root of this channel")]
    UnknownSigner,
    #[error("{have} roots signed, {need} are needed")]
    BelowThreshold { have: usize, need: usize },
    #[error("a delegate did not agree to be enrolled")]
    BadEnrolment,
    #[error("it belongs to another channel")]
    WrongChannel,
    #[error("it belongs to another log")]
    WrongLog,
    #[error("its number is {found}, expected {expected}")]
    OutOfSequence { found: u64, expected: u64 },
    #[error("its root keys are neither the present ones nor those announced before")]
    RootsNotCommitted,
    #[error("a delegate lost rights without leaving")]
    DelegateNarrowed,
    #[error("a delegate that had been left out came back")]
    DelegateReturned,
    #[error("two entries do not follow each other")]
    NotLinked,
    #[error("its content does not have the announced hash")]
    HashMismatch,
    #[error("it proves no fork")]
    NoFork,
}

impl Reason {
    /// The stable code of the reason, as in `docs/spec/` and `tests/vectors/`.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::Truncated => "truncated",
            Reason::TrailingBytes => "trailing-bytes",
            Reason::TooLong { .. } => "too-long",
            Reason::TooMany { .. } => "too-many",
            Reason::NotCanonical { .. } => "not-canonical",
            Reason::NotUtf8 { .. } => "not-utf8",
            Reason::BadMagic { .. } => "bad-magic",
            Reason::NewerVersion { .. } => "newer-version",
            Reason::BadValue { .. } => "bad-value",
            Reason::UnknownTlv { .. } => "unknown-tlv",
            Reason::BadSignature => "bad-signature",
            Reason::WeakKey => "weak-key",
            Reason::UnknownKey => "unknown-key",
            Reason::UnknownSigner => "unknown-signer",
            Reason::BelowThreshold { .. } => "below-threshold",
            Reason::BadEnrolment => "bad-enrolment",
            Reason::WrongChannel => "wrong-channel",
            Reason::WrongLog => "wrong-log",
            Reason::OutOfSequence { .. } => "out-of-sequence",
            Reason::RootsNotCommitted => "roots-not-committed",
            Reason::DelegateNarrowed => "delegate-narrowed",
            Reason::DelegateReturned => "delegate-returned",
            Reason::NotLinked => "not-linked",
            Reason::HashMismatch => "hash-mismatch",
            Reason::NoFork => "not-a-fork",
        }
    }
}
