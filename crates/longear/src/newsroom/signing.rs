//! Signing items and statements with this device's key.

use longear_core::hash::plain;
use longear_core::header::Payload;
use longear_core::limits::{CITATIONS_MAX, LOG_ITEMS_MAX};
use longear_core::lineage::Standing;
use longear_core::{
    ChannelId, Citation, Header, ItemId, Kind, LogOpening, Run, SecretKey, SignedHeader, Statement, verify,
};
use longear_store::{ChannelState, Store, StoreError};

use crate::failure::Failure;
use crate::home::{DelegateKey, Home, store_failure};
use crate::newsroom::founding::{Random, random_number};

/// The next word is due after a day, unless something is published before.
const NEXT_WORD_MS: u64 = 24 * 3_600_000;

/// A delegate of one channel on this device, ready to sign.
pub struct Signer {
    channel: ChannelId,
    secret: SecretKey,
    opening: LogOpening,
}

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
        let overtaken = overtaken(&state, &key);
        let closed = state.lineage().standing(&key.opening()) != Standing::Open;
        if !key.is_at_home || overtaken || closed {
            key.incarnation = random_number(random)?;
            home.write_delegate_key(channel, &mut key)?;
        }
        Ok(Signer { channel: *channel, opening: key.opening(), secret: key.secret })
    }

    /// Takes this device's key if it can go on in its own log just now, without beginning another one.
    ///
    /// `None` for a copied or restored key file, and for a key that may not sign now.
    pub fn in_its_log(home: &Home, store: &Store, channel: &ChannelId, now_ms: u64) -> Result<Option<Self>, Failure> {
        let Some(key) = home.delegate_key(channel)? else { return Ok(None) };
        let state = store.channel(channel).map_err(|error| store_failure(&error))?;
        let may_speak = state.is_some_and(|state| {
            let lives = state.lineage().entry(&key.secret.public()).is_some_and(|entry| entry.lives_at(now_ms));
            let is_open = state.lineage().standing(&key.opening()) == Standing::Open;
            lives && is_open && state.lineage().is_delegate(&key.secret.public()) && !overtaken(&state, &key)
        });
        let signer = Signer { channel: *channel, opening: key.opening(), secret: key.secret };
        Ok((may_speak && key.is_at_home).then_some(signer))
    }

    /// The channel.
    pub fn channel(&self) -> &ChannelId {
        &self.channel
    }

    /// Key and incarnation.
    pub fn opening(&self) -> &LogOpening {
        &self.opening
    }

    /// Signs one item and a statement about it; both are durable when this returns.
    ///
    /// If an earlier run was cut off between "about to be signed" and "signed", that item is finished first.
    pub fn publish(&self, store: &Store, kind: Kind, payload: &[u8], now_ms: u64) -> Result<ItemId, Failure> {
        let failure = |error: StoreError| store_failure(&error);
        let state = known(store, &self.channel)?;
        let mut next = self.next_seq(&state);
        if let Some(intent) = store.intent(&self.channel, &self.opening, next).map_err(failure)? {
            self.sign_and_store(store, intent.header, &intent.payload, now_ms)?;
            next += 1;
        }
        if next >= LOG_ITEMS_MAX {
            return Err(failure(StoreError::LogFull { max: LOG_ITEMS_MAX }));
        }
        self.check_life(&state, now_ms)?;
        let header = Header {
            kind,
            log: self.opening.log(&self.channel),
            seq: next,
            time: now_ms,
            expiry: 0,
            payload_length: payload.len() as u32,
            payload_hash: plain(payload),
            previous: self.tip(store, next)?,
            extensions: Vec::new(),
        };
        // The unsigned bytes are durable before the signature exists: no number is ever signed twice.
        let mut batch = store.write().map_err(failure)?;
        batch.intent(&self.channel, &self.opening, next, &header.encode(), payload).map_err(failure)?;
        batch.commit().map_err(failure)?;
        self.sign_and_store(store, header, payload, now_ms)
    }

    /// Signs a statement: this is my newest item, these are the newest I saw.
    pub fn state(&self, store: &Store, now_ms: u64) -> Result<(), Failure> {
        let failure = |error: StoreError| store_failure(&error);
        let state = known(store, &self.channel)?;
        let items = self.next_seq(&state);
        let statement = self.statement(store, &state, items, self.tip(store, items)?, now_ms)?;
        let verified = verify(state.lineage(), statement).map_err(|reason| Failure::bug(reason.to_string()))?;
        let mut batch = store.write().map_err(failure)?;
        batch.statement(&self.channel, &verified).map_err(failure)?;
        batch.commit().map_err(failure)
    }

    fn sign_and_store(&self, store: &Store, header: Header, payload: &[u8], now_ms: u64) -> Result<ItemId, Failure> {
        let failure = |error: StoreError| store_failure(&error);
        let bug = |reason: longear_core::Reason| Failure::bug(format!("Our own item does not verify: {reason}"));
        let state = known(store, &self.channel)?;
        let seq = header.seq;
        let signed = header.sign(&self.channel, &self.secret);
        let id = signed.id();
        let claim = verify(&signed, Payload::new(id, payload)).map_err(bug)?;
        let run = Run::new(self.opening, vec![signed.clone()]).and_then(|run| verify(state.lineage(), run));
        let run = run.map_err(bug)?;
        let statement = self.statement(store, &state, seq + 1, id, now_ms)?;
        let statement = verify(state.lineage(), statement).map_err(bug)?;
        let mut batch = store.write().map_err(failure)?;
        batch.run(&self.channel, &run).map_err(failure)?;
        batch.payload(&self.channel, &self.opening, seq, &claim).map_err(failure)?;
        batch.statement(&self.channel, &statement).map_err(failure)?;
        batch.commit().map_err(failure)?;
        Ok(id)
    }

    fn statement(
        &self,
        store: &Store,
        state: &ChannelState,
        items: u64,
        tip: ItemId,
        now_ms: u64,
    ) -> Result<Statement, Failure> {
        let log = self.opening.log(&self.channel);
        let counter = state.statement(&log).map_or(0, |word| word.counter + 1);
        let mut citations = Vec::new();
        for (other, held) in state.logs() {
            let Some(seq) = held.complete().ranges().last().map(|range| range.end - 1) else { continue };
            let open = state.lineage().standing(held.opening()) == Standing::Open;
            if *other != log && open && state.fork(other).is_none() {
                let items = store.log_items(other, seq, 1).map_err(|error| store_failure(&error))?;
                citations.extend(items.first().map(|item| Citation { log: *other, seq, prefix: item.id().prefix() }));
            }
        }
        // Those that moved go first, and they take turns: with many logs each is vouched for in time.
        let turn = counter as usize * CITATIONS_MAX % citations.len().max(1);
        citations.rotate_left(turn);
        citations.truncate(CITATIONS_MAX);
        citations.sort_by_key(|citation| citation.log);
        let statement = Statement {
            opening: self.opening,
            counter,
            time: now_ms,
            next_word: now_ms + NEXT_WORD_MS,
            items,
            tip,
            charter: state.lineage().number(),
            citations,
            signature: [0; 64],
        };
        Ok(statement.sign(&self.channel, &self.secret))
    }

    fn next_seq(&self, state: &ChannelState) -> u64 {
        state.logs().get(&self.opening.log(&self.channel)).map_or(0, |log| log.end())
    }

    fn tip(&self, store: &Store, items: u64) -> Result<ItemId, Failure> {
        let Some(last) = items.checked_sub(1) else { return Ok(ItemId::NONE) };
        let held = store.log_items(&self.opening.log(&self.channel), last, 1);
        let held = held.map_err(|error| store_failure(&error))?;
        let tip = held.first().map(|item| &item.signed).filter(|signed| signed.header().seq == last);
        tip.map(SignedHeader::id).ok_or_else(|| {
            Failure::refused("The newest item of this device's own log is damaged")
                .hint("Fetch it back first: longear check --repair, then longear sync CARRIER")
        })
    }

    fn check_life(&self, state: &ChannelState, now_ms: u64) -> Result<(), Failure> {
        let entry = state.lineage().entry(&self.opening.key);
        if entry.is_some_and(|entry| entry.lives_at(now_ms)) {
            return Ok(());
        }
        Err(Failure::refused("By this device's clock its key has no right to sign now")
            .hint("Look at the clock; else have the key renewed: longear channel delegate add REQUEST --until DATE"))
    }
}

/// Whether the channel has seen more of this log than this device holds: then this is a restored backup.
fn overtaken(state: &ChannelState, key: &DelegateKey) -> bool {
    let log = key.opening().log(&state.id());
    let held = state.logs().get(&log).map_or(0, |held| held.end());
    let holes = state.logs().get(&log).is_some_and(|held| held.headers().ranges().len() > 1);
    let said = state.statement(&log).map_or(0, |word| word.items);
    said > held || holes
}

/// The channel's state, or a refusal that says how to get it.
pub fn known(store: &Store, channel: &ChannelId) -> Result<std::sync::Arc<ChannelState>, Failure> {
    let state = store.channel(channel).map_err(|error| store_failure(&error))?;
    state.filter(|state| state.lineage().number() > 0).ok_or_else(|| {
        Failure::refused("Nothing of this channel has arrived here yet")
            .hint("Fetch it: longear follow ADDRESS, then longear sync CARRIER")
    })
}
