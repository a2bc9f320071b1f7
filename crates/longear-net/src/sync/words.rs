//! The newest words of a channel: heads, charters, statements, fork proofs.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use longear_core::limits::{CHARTER_BYTES_MAX, FORK_PROOF_BYTES_MAX, HEAD_BYTES_MAX, STATEMENT_BYTES_MAX};
use longear_core::status::{Objection, Status};
use longear_core::tree::TreePath;
use longear_core::{Applied, ChannelId, Head, LogId, Reason, Statement};
use longear_store::{ChannelState, StoreError};

use super::decisions::{
    Offered, Promises, is_stale, keep_charter, keep_fork, keep_statements, next_charter, promise_closed_logs,
};
use super::report::{Refusal, SyncError, SyncEvent};
use super::round::Round;
use super::source::Source;
use crate::carrier::HeadAnswer;

/// How long a head or an edge may take in a round that is for broadcasts only.
const LIVE_PATIENCE: Duration = Duration::from_secs(3);

/// What the carriers said about one channel.
pub(super) struct Words {
    /// Per carrier: how many items of each log it has, by statements that were verified.
    pub promises: Vec<Promises>,
    /// Those statements.
    pub spoken: Vec<Offered>,
}

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
    let mut words = Words { promises: vec![Promises::new(); heads.len()], spoken: Vec::new() };
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
    let has_head = heads.iter().map(Option::is_some).collect::<Vec<_>>();
    promise_closed_logs(&state, &has_head, &mut words.promises);
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
    let etag = source.state().memory.etag(&channel);
    let (bytes, etag) = match ask(round, source, &path, etag.as_deref(), HEAD_BYTES_MAX as u64).await {
        Some(HeadAnswer::Found { bytes, etag }) => (bytes, etag),
        Some(HeadAnswer::NotModified) => {
            return (source.state().memory.heads.get(&channel).map(|known| known.head.clone()), false);
        }
        Some(HeadAnswer::Absent) => {
            source.state().memory.heads.remove(&channel);
            return (None, true);
        }
        None => return (None, false),
    };
    let taken = source.state().memory.take_head(channel, etag, &bytes);
    match taken {
        Ok(head) => (Some(head), false),
        Err(reason) => {
            round.refuse(source, path.to_string(), &reason, bytes.len() as u64);
            (None, false)
        }
    }
}

/// Asks for a head or an edge, unless it is still the one with this tag; `None` if that failed, which was noted.
pub(super) async fn ask(
    round: &Round<'_>,
    source: &Source,
    path: &TreePath,
    etag: Option<&str>,
    bytes_max: u64,
) -> Option<HeadAnswer> {
    let mut tries = 1;
    loop {
        if source.is_aside() || round.is_cancelled() {
            return None;
        }
        let asked = source.carrier.fetch_changed(path, etag, bytes_max);
        let answer = tokio::select! {
            answer = asked => answer,
            () = round.options.cancel.cancelled() => return None,
            () = tokio::time::sleep(LIVE_PATIENCE), if round.options.only_live => {
                source.is_silent();
                return None;
            }
        };
        let error = match answer {
            Ok(answer) => return Some(answer),
            Err(error) => error,
        };
        let Some(delay) = round.options.retry.delay(tries, &error, source.jitter()) else {
            round.note_failure(source, path, &error, true);
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
        if source.is_aside() {
            return Ok(gave);
        }
        let Some(number) = next_charter(state.lineage(), head) else { return Ok(gave) };
        match pull_charter(round, source, channel, number).await? {
            Some(Applied::Next) => gave = true,
            // A stick or another process brought it meanwhile; the next one is still to be asked for.
            Some(Applied::Known) if u64::from(number) > state.lineage().number() => gave = true,
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

async fn take_statements(
    round: &Round<'_>,
    channel: ChannelId,
    heads: &[Option<Head>],
    words: &mut Words,
) -> Result<(), SyncError> {
    let waiting =
        round.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).entry(channel).or_default().drain();
    let offered = heads.to_vec();
    let taken = round.blocking(move |store| keep_statements(store, channel, waiting, &offered)).await?;
    round.report().new_statements += taken.new;
    for (index, log, items) in taken.promises {
        words.promises[index].insert(log, items);
    }
    words.spoken = taken.spoken;
    for ((index, statement), good) in taken.beyond {
        let source = &round.sources[index];
        round.note_refusal(source, beyond_closing(source, channel, &statement, good), STATEMENT_BYTES_MAX as u64);
    }
    for ((index, statement), reason) in taken.refused {
        let object = format!("{}, statement of log {}", TreePath::Head { channel: channel.0 }, statement.log(&channel));
        round.refuse(&round.sources[index], object, &reason, STATEMENT_BYTES_MAX as u64);
    }
    let mut waiting = round.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let waiting = waiting.entry(channel).or_default();
    taken.waiting.into_iter().for_each(|word| waiting.push(STATEMENT_BYTES_MAX, word));
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

async fn pull_forks(round: &Round<'_>, channel: ChannelId, heads: &[Option<Head>]) -> Result<(), SyncError> {
    for (source, head) in round.sources.iter().zip(heads) {
        let Some(head) = head else { continue };
        let logs = source.state().memory.forks_to_ask(head);
        for log in logs {
            if !source.is_aside() {
                pull_fork(round, source, channel, log).await?;
            }
        }
    }
    Ok(())
}

async fn pull_fork(round: &Round<'_>, source: &Source, channel: ChannelId, log: LogId) -> Result<(), SyncError> {
    let path = TreePath::Fork { channel: channel.0, log: log.0 };
    let Ok(answer) = round.fetch_small(source, &path, FORK_PROOF_BYTES_MAX).await else { return Ok(()) };
    let Some(bytes) = answer else {
        source.state().memory.fork_answered(log);
        return Ok(());
    };
    let length = bytes.len() as u64;
    let kept = round.blocking(move |store| keep_fork(store, channel, log, &bytes)).await?;
    if kept != Err(Reason::UnknownKey) {
        source.state().memory.fork_answered(log);
    }
    match kept {
        Ok(kept) => round.report().new_forks += u64::from(kept),
        Err(reason) => round.refuse(source, path.to_string(), &reason, length),
    }
    Ok(())
}
