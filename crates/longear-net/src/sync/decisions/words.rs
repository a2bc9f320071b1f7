//! Which words to ask for, and how those that came are kept: charters, statements, fork proofs.

use std::collections::BTreeMap;

use longear_core::holdings::Holdings;
use longear_core::lineage::Standing;
use longear_core::{Applied, ChannelId, Charter, ForkProof, Head, LogId, Reason, Statement, Verified, verify};
use longear_store::{ChannelState, Store, StoreError};

/// A statement with the number of the carrier that gave it.
pub type Offered = (usize, Statement);

/// How many items of each log a carrier has, by statements that were verified.
pub type Promises = BTreeMap<LogId, u64>;

/// Verifies and keeps the charter that stood under this number.
pub fn keep_charter(
    store: &Store,
    channel: ChannelId,
    number: u32,
    bytes: &[u8],
) -> Result<Result<Applied, Reason>, StoreError> {
    let state = store.channel(&channel)?.ok_or(StoreError::UnknownChannel)?;
    let verified = Charter::decode(bytes).and_then(|charter| match charter.body.number {
        found if found == u64::from(number) => verify(state.lineage(), charter),
        found => Err(Reason::OutOfSequence { found, expected: u64::from(number) }),
    });
    let charter = match verified {
        Ok(charter) => charter,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut batch = store.write()?;
    let applied = batch.charter(charter)?;
    // A carrier that names a rival and gives what is known must not buy a commit with every round.
    if matches!(applied, Applied::Next | Applied::Rival) {
        batch.commit()?;
    }
    Ok(Ok(applied))
}

/// What came of the statements that were offered.
#[derive(Debug, Default)]
pub struct Taken {
    /// How many were news.
    pub new: u64,
    /// By carrier and log, how many items they promise.
    pub promises: Vec<(usize, LogId, u64)>,
    /// The statements that promise them.
    pub spoken: Vec<Offered>,
    /// Those of the heads that do not verify.
    pub refused: Vec<(Offered, Reason)>,
    /// Those whose delegate is in no charter held: they may make sense in the next round.
    pub waiting: Vec<Offered>,
    /// Words of revoked keys on items beyond the good ones, and how many of those there are.
    pub beyond: Vec<(Offered, u64)>,
}

/// Verifies and keeps statements, in one commit: those that waited for their charter, and those of the carriers' heads.
///
/// What waits already is neither held against its carrier again nor kept twice, however often a head repeats it.
pub fn keep_statements(
    store: &Store,
    channel: ChannelId,
    waiting: Vec<Offered>,
    heads: &[Option<Head>],
) -> Result<Taken, StoreError> {
    let state = store.channel(&channel)?.ok_or(StoreError::UnknownChannel)?;
    let mut taken = Taken::default();
    let mut checked = Vec::<Verified<Statement>>::new();
    let waited = waiting.len();
    let mut offered = waiting;
    for (index, head) in heads.iter().enumerate() {
        for word in head.iter().flat_map(|head| head.statements.values()) {
            if !offered[..waited].iter().any(|(of, waiting)| *of == index && waiting == word) {
                offered.push((index, word.clone()));
            }
        }
    }
    for (place, (index, statement)) in offered.into_iter().enumerate() {
        let log = statement.log(&channel);
        let is_known = state.statement(&log) == Some(&statement) || checked.iter().any(|known| **known == statement);
        let verified = match (!is_known).then(|| verify(state.lineage(), statement.clone())).transpose() {
            Ok(verified) => verified,
            Err(reason) => {
                if reason == Reason::UnknownKey {
                    taken.waiting.push((index, statement.clone()));
                }
                if place >= waited {
                    taken.refused.push(((index, statement), reason));
                }
                continue;
            }
        };
        if let Some(good) = state.items_closed(&statement.opening).filter(|good| statement.items > *good) {
            taken.beyond.push(((index, statement), good));
            continue;
        }
        checked.extend(verified);
        taken.promises.push((index, log, statement.items));
        taken.spoken.push((index, statement));
    }
    if checked.is_empty() {
        return Ok(taken);
    }
    let mut batch = store.write()?;
    for statement in &checked {
        taken.new += u64::from(batch.statement(&channel, statement)?);
    }
    if taken.new > 0 {
        batch.commit()?;
    }
    Ok(taken)
}

/// Verifies and keeps the fork proof that stood under this log.
pub fn keep_fork(
    store: &Store,
    channel: ChannelId,
    log: LogId,
    bytes: &[u8],
) -> Result<Result<bool, Reason>, StoreError> {
    let state = store.channel(&channel)?.ok_or(StoreError::UnknownChannel)?;
    let verified = ForkProof::decode(bytes).and_then(|proof| match proof.opening.log(&channel) {
        found if found == log => verify(state.lineage(), proof),
        _ => Err(Reason::WrongLog),
    });
    let proof = match verified {
        Ok(proof) => proof,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut batch = store.write()?;
    let kept = batch.fork(&channel, &proof)?;
    if kept {
        batch.commit()?;
    }
    Ok(Ok(kept))
}

/// Whether a head lacks a word that is held here now.
pub fn is_stale(head: &Head, state: &ChannelState) -> bool {
    let older = |(log, ours): (&LogId, &Statement)| match head.statements.get(log) {
        Some(theirs) => ours.supersedes(theirs),
        None => head.statements.len() < longear_core::limits::HEAD_STATEMENTS_MAX,
    };
    head.charter < state.lineage().number() || state.newest_statements().any(older)
}

/// A closed log may have left the head long ago, or a thief's word on it speaks of less than is good; its closing says how
/// many items a carrier of the channel has.
pub fn promise_closed_logs(state: &ChannelState, has_head: &[bool], promises: &mut [Promises]) {
    for closing in state.lineage().closings() {
        if !matches!(state.lineage().standing(&closing.opening), Standing::Closed(_)) {
            continue;
        }
        for (promises, _) in promises.iter_mut().zip(has_head).filter(|(_, has_head)| **has_head) {
            let promised = promises.entry(closing.log).or_default();
            *promised = closing.items.max(*promised);
        }
    }
}
