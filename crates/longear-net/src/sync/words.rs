//! The newest words of a channel: heads, charters, statements, fork proofs.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use longear_core::limits::{CHARTER_BYTES_MAX, FORK_PROOF_BYTES_MAX, HEAD_BYTES_MAX, STATEMENT_BYTES_MAX};
use longear_core::lineage::Standing;
use longear_core::status::{Objection, Status};
use longear_core::tree::TreePath;
use longear_core::{Applied, ChannelId, Charter, ForkProof, Head, LogId, Reason, Statement, Verified, verify};
use longear_store::{ChannelState, Store, StoreError};

use super::report::{Refusal, SyncError, SyncEvent};
use super::round::Round;
use super::source::{KnownHead, Source};
use crate::carrier::HeadAnswer;

/// What the carriers said about one channel.
pub(super) struct Words {
    /// Per carrier: how many items of each log it has, by statements that were verified.
    pub promises: Vec<BTreeMap<LogId, u64>>,
}

/// A statement with the carrier that gave it.
type Offered = (usize, Statement);

/// Brings charters first, then statements, then fork proofs, from all carriers.
pub(super) async fn pull_words(round: &Round<'_>, channel: ChannelId) -> Result<Words, SyncError> {
    round.tell(SyncEvent::Words { channel });
    let answers = join_all(round.sources.iter().map(|source| fetch_head(round, source, channel))).await;
    let (heads, absent): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
    let mut by_charter = round.sources.iter().zip(&heads).collect::<Vec<_>>();
    by_charter.sort_by_key(|(_, head)| std::cmp::Reverse(head.as_ref().map_or(0, |head| head.charter)));
    let mut gave_charter = vec![false; heads.len()];
    for (source, head) in by_charter {
        gave_charter[source.index] = pull_charters(round, source, channel, head.as_ref()).await?;
    }
    let mut words = Words { promises: vec![BTreeMap::new(); heads.len()] };
    take_statements(round, channel, &heads, &mut words).await?;
    pull_forks(round, channel, &heads).await?;
    let state = channel_state(round, channel).await?;
    if !state.lineage().rivals().is_empty() {
        let mut report = round.report();
        if !report.rivals.contains(&channel) {
            report.rivals.push(channel);
        }
    }
    for ((source, head), gave_charter) in round.sources.iter().zip(&heads).zip(gave_charter) {
        match head {
            Some(head) if is_stale(head, &state) => note_once(&mut source.state().outcome.stale, channel),
            Some(_) => {}
            None if !absent[source.index] || gave_charter || has_packs(source, channel).await => {}
            None => {
                note_once(&mut source.state().outcome.without, channel);
                round.tell(SyncEvent::WithoutChannel { carrier: source.label.clone(), channel });
            }
        }
    }
    promise_closed_logs(&state, &heads, &mut words);
    Ok(words)
}

fn note_once(channels: &mut Vec<ChannelId>, channel: ChannelId) {
    if !channels.contains(&channel) {
        channels.push(channel);
    }
}

/// The channel as the store holds it.
pub(super) async fn channel_state(round: &Round<'_>, channel: ChannelId) -> Result<Arc<ChannelState>, SyncError> {
    let state = round.blocking(move |store| store.channel(&channel)).await?;
    state.ok_or(SyncError::Store(StoreError::UnknownChannel))
}

async fn has_packs(source: &Source, channel: ChannelId) -> bool {
    matches!(source.carrier.list_logs(&channel.0).await, Ok(Some(logs)) if !logs.entries.is_empty())
}

/// A head of the carrier, which proves nothing yet, and whether it said that it has none.
async fn fetch_head(round: &Round<'_>, source: &Source, channel: ChannelId) -> (Option<Head>, bool) {
    let path = TreePath::Head { channel: channel.0 };
    let etag = source.state().heads.get(&channel).and_then(|known| known.etag.clone());
    let (bytes, etag) = match ask_head(round, source, channel, etag.as_deref()).await {
        Some(HeadAnswer::Found { bytes, etag }) => (bytes, etag),
        Some(HeadAnswer::NotModified) => {
            return (source.state().heads.get(&channel).map(|known| known.head.clone()), false);
        }
        Some(HeadAnswer::Absent) => {
            source.state().heads.remove(&channel);
            return (None, true);
        }
        None => return (None, false),
    };
    match Head::decode(&channel, &bytes) {
        Ok(head) => {
            let mut state = source.state();
            let changed = state.heads.get(&channel).is_none_or(|known| known.head != head);
            if changed {
                state.absent_packs.clear();
                state.absent_blobs.clear();
            }
            state.heads.insert(channel, KnownHead { etag, head: head.clone() });
            (Some(head), false)
        }
        Err(reason) => {
            source.state().heads.remove(&channel);
            round.refuse(source, path.to_string(), &reason, bytes.len() as u64);
            (None, false)
        }
    }
}

async fn ask_head(round: &Round<'_>, source: &Source, channel: ChannelId, etag: Option<&str>) -> Option<HeadAnswer> {
    let path = TreePath::Head { channel: channel.0 };
    let mut tries = 1;
    loop {
        if source.is_aside() || round.is_cancelled() {
            return None;
        }
        let asked = source.carrier.fetch_head(&channel.0, etag, HEAD_BYTES_MAX as u64);
        let answer = tokio::select! {
            answer = asked => answer,
            () = round.options.cancel.cancelled() => return None,
        };
        let error = match answer {
            Ok(answer) => return Some(answer),
            Err(error) => error,
        };
        let Some(delay) = round.options.retry.delay(tries, &error, source.jitter()) else {
            round.note_failure(source, &path, &error, true);
            return None;
        };
        tokio::time::sleep(delay).await;
        tries += 1;
    }
}

/// Asks for the charters that follow ours, one after the other. True if the carrier gave a good one.
///
/// Without a head nobody says how many there are: then they are asked for until one is missing.
async fn pull_charters(
    round: &Round<'_>,
    source: &Source,
    channel: ChannelId,
    head: Option<&Head>,
) -> Result<bool, SyncError> {
    let mut gave = false;
    loop {
        let state = channel_state(round, channel).await?;
        let lineage = state.lineage();
        if !lineage.rivals().is_empty() || source.is_aside() {
            return Ok(gave);
        }
        let rival = head.is_some_and(|head| {
            let ours =
                usize::try_from(head.charter).ok().and_then(|number| lineage.charters().get(number.checked_sub(1)?));
            ours.is_some_and(|ours| ours.body.hash() != head.charter_hash)
        });
        let number = match head {
            Some(head) if rival => head.charter,
            Some(head) if head.charter <= lineage.number() => return Ok(gave),
            _ => lineage.number() + 1,
        };
        let Ok(number) = u32::try_from(number) else { return Ok(gave) };
        match pull_charter(round, source, channel, number).await? {
            Some(Applied::Next) => gave = true,
            Some(Applied::Known | Applied::Rival | Applied::Stale) => return Ok(true),
            None => return Ok(gave),
        }
    }
}

async fn pull_charter(
    round: &Round<'_>,
    source: &Source,
    channel: ChannelId,
    number: u32,
) -> Result<Option<Applied>, SyncError> {
    let path = TreePath::Charter { channel: channel.0, number };
    let Ok(Some(bytes)) = round.fetch_small(source, &path, CHARTER_BYTES_MAX).await else { return Ok(None) };
    let length = bytes.len() as u64;
    let applied = round.blocking(move |store| keep_charter(store, channel, number, &bytes)).await?;
    match applied {
        Ok(applied) => {
            round.report().new_charters += u64::from(applied == Applied::Next);
            Ok(Some(applied))
        }
        Err(reason) => {
            round.refuse(source, path.to_string(), &reason, length);
            Ok(None)
        }
    }
}

fn keep_charter(
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
    batch.commit()?;
    Ok(Ok(applied))
}

/// What came of the statements that were offered.
#[derive(Default)]
struct Taken {
    new: u64,
    promises: Vec<(usize, LogId, u64)>,
    refused: Vec<(Offered, Reason)>,
    /// Words of revoked keys on items beyond the good ones, and how many of those there are.
    beyond: Vec<(Offered, u64)>,
}

async fn take_statements(
    round: &Round<'_>,
    channel: ChannelId,
    heads: &[Option<Head>],
    words: &mut Words,
) -> Result<(), SyncError> {
    let mut offered =
        round.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).entry(channel).or_default().drain();
    for (index, head) in heads.iter().enumerate() {
        offered.extend(head.iter().flat_map(|head| head.statements.values()).map(|word| (index, word.clone())));
    }
    let taken = round.blocking(move |store| keep_statements(store, channel, offered)).await?;
    round.report().new_statements += taken.new;
    for (index, log, items) in taken.promises {
        words.promises[index].insert(log, items);
    }
    for ((index, statement), good) in taken.beyond {
        let source = &round.sources[index];
        round.note_refusal(source, beyond_closing(source, channel, &statement, good), STATEMENT_BYTES_MAX as u64);
    }
    for ((index, statement), reason) in taken.refused {
        let object = format!("{}, statement of log {}", TreePath::Head { channel: channel.0 }, statement.log(&channel));
        round.refuse(&round.sources[index], object, &reason, STATEMENT_BYTES_MAX as u64);
        if reason == Reason::UnknownKey {
            // Its charter may come with the next round.
            let mut waiting = round.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            waiting.entry(channel).or_default().push(STATEMENT_BYTES_MAX, (index, statement));
        }
    }
    Ok(())
}

/// Names the items that a revoked key speaks of. Neither they nor its word are kept.
fn beyond_closing(source: &Source, channel: ChannelId, statement: &Statement, good: u64) -> Refusal {
    let status = Status::Refused(if good == 0 { Objection::VoidLog } else { Objection::BeyondClosing });
    let (log, items, tip) = (statement.log(&channel), statement.items, statement.tip);
    let object =
        format!("{}: items {good} to {} of log {log}, newest {tip}", TreePath::Head { channel: channel.0 }, items - 1);
    Refusal { carrier: source.label.clone(), object, reason: status.why().to_owned(), code: Some(status.code()) }
}

fn keep_statements(store: &Store, channel: ChannelId, offered: Vec<Offered>) -> Result<Taken, StoreError> {
    let state = store.channel(&channel)?.ok_or(StoreError::UnknownChannel)?;
    let mut taken = Taken::default();
    let mut checked = Vec::<Verified<Statement>>::new();
    for (index, statement) in offered {
        let log = statement.log(&channel);
        let is_known = state.statement(&log) == Some(&statement) || checked.iter().any(|known| **known == statement);
        let verified = match (!is_known).then(|| verify(state.lineage(), statement.clone())).transpose() {
            Ok(verified) => verified,
            Err(reason) => {
                taken.refused.push(((index, statement), reason));
                continue;
            }
        };
        if let Some(good) = state.items_closed(&statement.opening).filter(|good| statement.items > *good) {
            taken.beyond.push(((index, statement), good));
            continue;
        }
        checked.extend(verified);
        taken.promises.push((index, log, statement.items));
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

async fn pull_forks(round: &Round<'_>, channel: ChannelId, heads: &[Option<Head>]) -> Result<(), SyncError> {
    for (source, head) in round.sources.iter().zip(heads) {
        for log in head.iter().flat_map(|head| &head.forks) {
            // A carrier is asked once: its proof may say more than ours, and then it will not change every minute.
            if !source.is_aside() && source.state().forks_seen.insert(*log) {
                pull_fork(round, source, channel, *log).await?;
            }
        }
    }
    Ok(())
}

async fn pull_fork(round: &Round<'_>, source: &Source, channel: ChannelId, log: LogId) -> Result<(), SyncError> {
    let path = TreePath::Fork { channel: channel.0, log: log.0 };
    let Ok(Some(bytes)) = round.fetch_small(source, &path, FORK_PROOF_BYTES_MAX).await else { return Ok(()) };
    let length = bytes.len() as u64;
    let kept = round.blocking(move |store| keep_fork(store, channel, log, &bytes)).await?;
    match kept {
        Ok(kept) => round.report().new_forks += u64::from(kept),
        Err(reason) => round.refuse(source, path.to_string(), &reason, length),
    }
    Ok(())
}

fn keep_fork(store: &Store, channel: ChannelId, log: LogId, bytes: &[u8]) -> Result<Result<bool, Reason>, StoreError> {
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
fn is_stale(head: &Head, state: &ChannelState) -> bool {
    let older = |(log, ours): (&LogId, &Statement)| match head.statements.get(log) {
        Some(theirs) => ours.supersedes(theirs),
        None => head.statements.len() < longear_core::limits::HEAD_STATEMENTS_MAX,
    };
    head.charter < state.lineage().number() || state.newest_statements().any(older)
}

/// A closed log may have left the head long ago; its closing says how many items a carrier of the channel has.
fn promise_closed_logs(state: &ChannelState, heads: &[Option<Head>], words: &mut Words) {
    for closing in state.lineage().closings() {
        if !matches!(state.lineage().standing(&closing.opening), Standing::Closed(_)) {
            continue;
        }
        for (promises, head) in words.promises.iter_mut().zip(heads) {
            if head.is_some() {
                promises.entry(closing.log).or_insert(closing.items);
            }
        }
    }
}
