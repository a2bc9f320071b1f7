//! This device's key for a channel, and what stands against signing with it.

use longear_core::lineage::Standing;
use longear_core::{ChannelId, ItemId, Kind, LogOpening, Roles};
use longear_store::{ChannelState, SignError, Store};

use crate::failure::Failure;
use crate::home::{DelegateKey, Home, store_failure};
use crate::newsroom::founding::{Random, random_number};

/// A delegate of one channel on this device, ready to sign.
pub struct Signer(longear_store::Signer);

impl Signer {
    /// Takes this device's key for a channel. A key file that was copied or restored goes on in a new incarnation.
    pub fn new(home: &Home, store: &Store, channel: &ChannelId, random: Random<'_>) -> Result<Self, Failure> {
        let mut key = home.delegate_key(channel)?.ok_or_else(|| {
            Failure::refused("This device may not publish in this channel")
                .hint("Enrol it: longear channel enrol ADDRESS")
        })?;
        let state = known(store, channel)?;
        if !state.lineage().is_delegate(&key.secret.public()) {
            let left_out = state.lineage().entry(&key.secret.public()).is_some();
            return Err(if left_out {
                Failure::refused("This device's key was revoked").hint("Enrol it anew: longear channel enrol ADDRESS")
            } else {
                Failure::refused("This device is enrolled in no charter yet")
                    .hint("Have its request added: longear channel delegate add REQUEST, then sync")
            });
        }
        let overtaken = signer(channel, &key).is_overtaken(&state);
        let closed = state.lineage().standing(&key.opening()) != Standing::Open;
        if !key.is_at_home || overtaken || closed {
            key.incarnation = random_number(random)?;
            home.write_delegate_key(channel, &mut key)?;
        }
        Ok(Signer(signer(channel, &key)))
    }

    /// Takes this device's key for something that needs a role. `what` it may not do without it completes "This device may not".
    pub fn with_role(
        home: &Home,
        store: &Store,
        channel: &ChannelId,
        random: Random<'_>,
        (role, what): (Roles, &str),
    ) -> Result<Self, Failure> {
        let signer = Self::new(home, store, channel, random)?;
        let state = known(store, channel)?;
        if state.lineage().entry(&signer.opening().key).is_some_and(|entry| entry.roles.has(role)) {
            return Ok(signer);
        }
        Err(Failure::refused(format!("This device may not {what}: it was enrolled without the role `{role}`"))
            .hint(format!("Enrol it with that role: longear channel enrol ADDRESS --role post,{role}")))
    }

    /// Takes this device's key if it can go on in its own log just now, without beginning another one.
    ///
    /// `None` for a copied or restored key file, and for a key that may not sign now.
    pub fn in_its_log(home: &Home, store: &Store, channel: &ChannelId, now_ms: u64) -> Result<Option<Self>, Failure> {
        let Some(key) = home.delegate_key(channel)? else { return Ok(None) };
        let state = store.channel(channel).map_err(|error| store_failure(&error))?;
        let signer = signer(channel, &key);
        let may_speak = state.is_some_and(|state| signer.may_go_on(&state, now_ms));
        Ok((may_speak && key.is_at_home).then_some(Signer(signer)))
    }

    /// The channel.
    pub fn channel(&self) -> &ChannelId {
        self.0.channel()
    }

    /// Key and incarnation.
    pub fn opening(&self) -> &LogOpening {
        self.0.opening()
    }

    /// Signs one item and a statement about it; both are durable when this returns.
    pub fn publish(&self, store: &Store, kind: Kind, payload: &[u8], now_ms: u64) -> Result<ItemId, Failure> {
        known(store, self.channel())?;
        self.0.publish(store, kind, payload, now_ms).map_err(|error| sign_failure(&error))
    }

    /// Signs a statement: this is my newest item, these are the newest I saw.
    pub fn state(&self, store: &Store, now_ms: u64) -> Result<(), Failure> {
        known(store, self.channel())?;
        self.0.state(store, now_ms).map_err(|error| sign_failure(&error))
    }
}

fn signer(channel: &ChannelId, key: &DelegateKey) -> longear_store::Signer {
    longear_store::Signer::new(*channel, key.secret.clone(), key.incarnation)
}

fn sign_failure(error: &SignError) -> Failure {
    match error {
        SignError::Store(error) => store_failure(error),
        SignError::OutsideKeyLife => Failure::refused("By this device's clock its key has no right to sign now")
            .hint("Look at the clock; else have the key renewed: longear channel delegate add REQUEST --until DATE"),
        SignError::TipDamaged => Failure::refused("The newest item of this device's own log is damaged")
            .hint("Fetch it back first: longear check --repair, then longear sync CARRIER"),
        other => Failure::bug(other.to_string()),
    }
}

/// The channel's state, or a refusal that says how to get it.
pub fn known(store: &Store, channel: &ChannelId) -> Result<std::sync::Arc<ChannelState>, Failure> {
    let state = store.channel(channel).map_err(|error| store_failure(&error))?;
    state.filter(|state| state.lineage().number() > 0).ok_or_else(|| {
        Failure::refused("Nothing of this channel has arrived here yet")
            .hint("Fetch it: longear follow ADDRESS, then longear sync CARRIER")
    })
}
