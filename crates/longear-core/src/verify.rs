//! The one way from received bytes to something that may be stored or shown.

use core::ops::Deref;

use crate::reason::Reason;

/// Something whose origin was checked. Only [`verify()`] makes it; stores and views accept nothing else.
///
/// ```compile_fail
/// // No other way: the field is private.
/// let forged = longear_core::Verified(b"not from the publisher");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// Gives up the proof and returns the object.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// An object that claims to come from a channel. Implemented by the formats of this crate and by nothing else.
pub trait Claim: Sized + sealed::Sealed {
    /// What decides: a pinned ID, a lineage of charters, a header.
    type Authority: ?Sized;

    /// Checks the claim against the authority. Callers use [`verify()`].
    fn check(&self, authority: &Self::Authority) -> Result<(), Reason>;
}

/// Checks that `claim` really comes from whom `authority` says. The only maker of [`Verified`].
pub fn verify<T: Claim>(authority: &T::Authority, claim: T) -> Result<Verified<T>, Reason> {
    verify_or_return(authority, claim).map_err(|(_, reason)| reason)
}

/// The same for those who can make something of a refused claim.
pub(crate) fn verify_or_return<T: Claim>(authority: &T::Authority, claim: T) -> Result<Verified<T>, (T, Reason)> {
    match claim.check(authority) {
        Ok(()) => Ok(Verified(claim)),
        Err(reason) => Err((claim, reason)),
    }
}

/// The proof for what was verified before and was in nobody's hands since.
pub(crate) fn still_verified<T: Claim>(claim: T) -> Verified<T> {
    Verified(claim)
}

pub(crate) mod sealed {
    /// Keeps other crates from declaring their own claims.
    pub trait Sealed {}
}
