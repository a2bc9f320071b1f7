//! Signing in a delegate's own log, so that no number is ever signed twice.
//!
//! The unsigned bytes are durable before the signature exists. After a crash exactly those bytes are signed; where they are
//! torn, the number is free.

use longear_core::hash::plain;
use longear_core::header::Payload;
use longear_core::holdings::Holdings;
use longear_core::limits::{CITATIONS_MAX, LOG_ITEMS_MAX};
use longear_core::lineage::Standing;
use longear_core::{
    ChannelId, Citation, Header, ItemId, Kind, LogOpening, Reason, Run, SecretKey, SignedHeader, Statement, verify,
};

use crate::channel::ChannelState;
use crate::error::StoreError;
use crate::store::Store;

/// The next word is due after a day, unless something is published before.
const NEXT_WORD_MS: u64 = 24 * 3_600_000;

/// Says why something was not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The store (disk).
    #[error(transparent)]
    Store(#[from] StoreError),
    /// By the time that was given the key has no right to sign (user).
    #[error("by this clock the key has no right to sign now")]
    OutsideKeyLife,
    /// The newest item of the own log cannot be read (disk).
    #[error("the newest item of this device's own log is damaged")]
    TipDamaged,
    /// What was signed does not verify (bug).
    #[error("our own item does not verify: {0}")]
    Unverified(Reason),
}

/// A delegate of one channel on this device, ready to sign in its own log.
pub struct Signer {
    channel: ChannelId,
    secret: SecretKey,
    opening: LogOpening,
}

impl Signer {
    /// Takes a key with the incarnation of its log. Nobody else may sign in that log: a copied or restored key goes on in
    /// another incarnation.
    pub fn new(channel: ChannelId, secret: SecretKey, incarnation: u64) -> Self {
        let opening = LogOpening { key: secret.public(), incarnation };
        Signer { channel, secret, opening }
    }

    /// The channel.
    pub fn channel(&self) -> &ChannelId {
        &self.channel
    }

    /// Key and incarnation.
    pub fn opening(&self) -> &LogOpening {
        &self.opening
    }

    /// Whether the log cannot be gone on with: the channel has seen more of it than the store holds, as with a restored
    /// backup, or somebody with a copy of the key has spoken the last word that a log can have.
    pub fn is_overtaken(&self, state: &ChannelState) -> bool {
        let log = self.opening.log(&state.id());
        let held = state.logs().get(&log).map_or(0, |held| held.end());
        let holes = state.logs().get(&log).is_some_and(|held| held.headers().ranges().len() > 1);
        let said = state.statement(&log).map_or(0, |word| word.items);
        let is_silenced = state.statement(&log).is_some_and(|word| word.counter == u64::MAX);
        said > held || holes || is_silenced
    }

    /// Whether the key is a delegate of the newest charter, alive at `now_ms`, and its log open and not overtaken.
    pub fn may_go_on(&self, state: &ChannelState, now_ms: u64) -> bool {
        let lineage = state.lineage();
        lineage.entry(&self.opening.key).is_some_and(|entry| entry.lives_at(now_ms))
            && lineage.standing(&self.opening) == Standing::Open
            && lineage.is_delegate(&self.opening.key)
            && !self.is_overtaken(state)
    }

    /// Signs one item and a statement about it; both are durable when this returns.
    ///
    /// If an earlier run was cut off between "about to be signed" and "signed", that item is finished first.
    pub fn publish(&self, store: &Store, kind: Kind, payload: &[u8], now_ms: u64) -> Result<ItemId, SignError> {
        let state = self.known(store)?;
        let mut next = self.next_seq(&state);
        if let Some(intent) = store.intent(&self.channel, &self.opening, next)? {
            self.sign_and_store(store, intent.header, &intent.payload, now_ms)?;
            next += 1;
        }
        if next >= LOG_ITEMS_MAX {
            return Err(StoreError::LogFull { max: LOG_ITEMS_MAX }.into());
        }
        let entry = state.lineage().entry(&self.opening.key);
        if !entry.is_some_and(|entry| entry.lives_at(now_ms)) {
            return Err(SignError::OutsideKeyLife);
        }
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
        let mut batch = store.write()?;
        batch.intent(&self.channel, &self.opening, next, &header.encode(), payload)?;
        batch.commit()?;
        self.sign_and_store(store, header, payload, now_ms)
    }

    /// Signs a statement: this is my newest item, these are the newest I saw.
    pub fn state(&self, store: &Store, now_ms: u64) -> Result<(), SignError> {
        let state = self.known(store)?;
        let items = self.next_seq(&state);
        let statement = self.statement(store, &state, items, self.tip(store, items)?, now_ms)?;
        let verified = verify(state.lineage(), statement).map_err(SignError::Unverified)?;
        let mut batch = store.write()?;
        batch.statement(&self.channel, &verified)?;
        Ok(batch.commit()?)
    }

    fn sign_and_store(&self, store: &Store, header: Header, payload: &[u8], now_ms: u64) -> Result<ItemId, SignError> {
        let bug = SignError::Unverified;
        let state = self.known(store)?;
        let seq = header.seq;
        let signed = header.sign(&self.channel, &self.secret);
        let id = signed.id();
        let claim = verify(&signed, Payload::new(id, payload)).map_err(bug)?;
        let run = Run::new(self.opening, vec![signed.clone()]).and_then(|run| verify(state.lineage(), run));
        let run = run.map_err(bug)?;
        let statement = self.statement(store, &state, seq + 1, id, now_ms)?;
        let statement = verify(state.lineage(), statement).map_err(bug)?;
        let mut batch = store.write()?;
        batch.run(&self.channel, &run)?;
        batch.payload(&self.channel, &self.opening, seq, &claim)?;
        batch.statement(&self.channel, &statement)?;
        batch.commit()?;
        Ok(id)
    }

    fn statement(
        &self,
        store: &Store,
        state: &ChannelState,
        items: u64,
        tip: ItemId,
        now_ms: u64,
    ) -> Result<Statement, SignError> {
        let log = self.opening.log(&self.channel);
        let counter = state.statement(&log).map_or(0, |word| word.counter.saturating_add(1));
        let mut citations = Vec::new();
        for (other, held) in state.logs() {
            let Some(seq) = held.complete().end().checked_sub(1) else { continue };
            let open = state.lineage().standing(held.opening()) == Standing::Open;
            if *other != log && open && state.fork(other).is_none() {
                let items = store.log_items(other, seq, 1)?;
                citations.extend(items.first().map(|item| Citation { log: *other, seq, prefix: item.id().prefix() }));
            }
        }
        // Those that moved go first, and they take turns: with many logs each is vouched for in time.
        // A thief may have left the highest counter there is, so it is reduced before anything is done with it.
        let logs = citations.len().max(1);
        let turn = (counter % logs as u64) as usize * CITATIONS_MAX % logs;
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

    fn known(&self, store: &Store) -> Result<std::sync::Arc<ChannelState>, StoreError> {
        let state = store.channel(&self.channel)?;
        state.filter(|state| state.lineage().number() > 0).ok_or(StoreError::UnknownChannel)
    }

    fn next_seq(&self, state: &ChannelState) -> u64 {
        state.logs().get(&self.opening.log(&self.channel)).map_or(0, |log| log.end())
    }

    fn tip(&self, store: &Store, items: u64) -> Result<ItemId, SignError> {
        let Some(last) = items.checked_sub(1) else { return Ok(ItemId::NONE) };
        let held = store.log_items(&self.opening.log(&self.channel), last, 1)?;
        let tip = held.first().map(|item| &item.signed).filter(|signed| signed.header().seq == last);
        tip.map(SignedHeader::id).ok_or(SignError::TipDamaged)
    }
}
