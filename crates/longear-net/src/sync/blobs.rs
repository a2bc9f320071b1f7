//! Blobs: which are wanted, and bringing one from all carriers at once.

use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::FuturesUnordered;
use longear_core::blob::{BlobHash, GROUP_BYTES, Groups as BlobGroups};
use longear_core::tree::{BLOB_WHOLE_BYTES_MAX, PART_MIB, TreePath, blob_file_holding};
use longear_core::{Groups, Rendition};
use longear_store::Store;
use longear_store::blobs::{BlobError, BlobWriter};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::decisions::WantedBlob;
use super::division::{BlobFile, Division, Span};
use super::options::{BLOBS_IN_FLIGHT_MAX, LIVE_FILES_TIME_MAX, SPAN_BYTES_MIN, may_pause};
use super::repair::repair;
use super::report::{SyncError, SyncEvent};
use super::round::Round;
use super::source::Source;
use super::transfer::{SpanEnd, Stop, transfer};

/// Time between two looks at a blob that is coming: for its progress, for damage, for carriers that became free.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Ranges of a blob that are looked at when it is divided.
const RANGES_MAX: usize = 1_024;

/// Length of the longest list of groups: that of a blob of 64 GiB.
const GROUP_LIST_BYTES_MAX: u64 = 2 << 20;

/// How many blobs are still missing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MissingBlobs {
    /// That items name.
    pub of_items: u64,
    /// That only the edges of broadcasts name.
    pub of_edges: u64,
}

impl MissingBlobs {
    fn count(&mut self, is_of_edge: bool) {
        *(if is_of_edge { &mut self.of_edges } else { &mut self.of_items }) += 1;
    }
}

/// Brings blobs in this order, for as long as files may come.
pub(super) async fn pull_blobs(round: &Round<'_>, wants: Vec<WantedBlob>) -> Result<MissingBlobs, SyncError> {
    let places = Semaphore::new(BLOBS_IN_FLIGHT_MAX as usize);
    let mut missing = MissingBlobs::default();
    let mut running = FuturesUnordered::new();
    let mut wants = wants.into_iter();
    let mut time_is_over = pin!(time_for_files(round));
    loop {
        while running.len() < BLOBS_IN_FLIGHT_MAX as usize && !round.pause.is_cancelled() {
            let Some(want) = wants.next() else { break };
            let places = &places;
            running.push(async move {
                let weight = if want.size >= SPAN_BYTES_MIN { BLOBS_IN_FLIGHT_MAX } else { 1 };
                let _place = places.acquire_many(weight).await;
                let is_of_edge = want.is_of_edge;
                pull_blob(round, want).await.map(|complete| (complete, is_of_edge))
            });
        }
        tokio::select! {
            ended = running.next() => match ended.transpose()? {
                Some((true, _)) => {}
                Some((false, is_of_edge)) => missing.count(is_of_edge),
                None => {
                    wants.for_each(|want| missing.count(want.is_of_edge));
                    return Ok(missing);
                }
            },
            () = &mut time_is_over, if !round.pause.is_cancelled() => {
                round.report().paused = true;
                round.pause.cancel();
            }
        }
    }
}

/// Ends when no more files are to be begun in this round.
async fn time_for_files(round: &Round<'_>) {
    let times = [round.options.only_live.then_some(LIVE_FILES_TIME_MAX), round.options.files_time_max];
    match times.into_iter().flatten().min() {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// Brings one blob as far as it can be had. True if it is complete.
fn pull_blob<'r>(round: &'r Round<'_>, want: WantedBlob) -> BoxFuture<'r, Result<bool, SyncError>> {
    Box::pin(async move {
        let is_paused = round.pause.is_cancelled() && may_pause(want.size);
        if round.is_cancelled() || is_paused || round.live().next().is_none() {
            return Ok(false);
        }
        let Known::Groups(groups) = known_groups(round, &want).await? else { return Ok(false) };
        let (hash, size) = (BlobHash::from_bytes(want.hash), want.size);
        let begun = round.blocking(move |store| Ok::<_, SyncError>(store.blobs().begin(hash, size, groups))).await?;
        let writer = match begun {
            Ok(writer) => Arc::new(writer),
            Err(BlobError::AlreadyComplete { .. }) => return Ok(true),
            // Somebody else fetches it, or two items differ about its size: not for us to decide.
            Err(BlobError::Busy { .. } | BlobError::SizeConflict { .. } | BlobError::Refused(_)) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let files = join_all(round.sources.iter().map(|source| blob_files(source, &want))).await;
        let mut division = Division::new(files);
        let outcome = bring(round, &want, &writer, &mut division).await;
        let finished = round.blocking(move |_| Ok::<_, SyncError>(let_go(&writer))).await?;
        outcome?;
        match finished {
            Ok(complete) => {
                round.report().new_blobs += u64::from(complete);
                Ok(complete)
            }
            Err(error) => Err(error.into()),
        }
    })
}

/// Completes the blob, or lets go of it so that the next carrier goes on from the byte.
fn let_go(writer: &BlobWriter) -> Result<bool, BlobError> {
    match writer.finish() {
        Ok(()) => Ok(true),
        Err(BlobError::Incomplete { .. } | BlobError::Damaged { .. }) => writer.flush().map(|()| false),
        Err(error) => Err(error),
    }
}

/// What is known of a blob's groups.
enum Known {
    /// Their hashes, if there are any.
    Groups(Option<BlobGroups>),
    /// There are hashes and nobody gave them. Without them a gigabyte would have to come before the first lie is noticed.
    NotYet,
}

/// The hashes of the blob's groups, from its item, or from a blob of their own that is fetched first.
async fn known_groups(round: &Round<'_>, want: &WantedBlob) -> Result<Known, SyncError> {
    let (hash, size) = (BlobHash::from_bytes(want.hash), want.size);
    match &want.groups {
        Groups::None | Groups::File(_) => Ok(Known::Groups(None)),
        // A list that does not belong to the blob is the publisher's slip; the blob's own hash still decides.
        Groups::Inline(list) => Ok(Known::Groups(BlobGroups::verify(hash, size, list.clone()).ok())),
        Groups::Blob(list) => {
            let list = *list;
            let bytes = Rendition::group_count(size).saturating_mul(32);
            if bytes > GROUP_LIST_BYTES_MAX {
                return Ok(Known::NotYet);
            }
            let WantedBlob { name, is_of_edge, .. } = want.clone();
            let want = WantedBlob { hash: list, size: bytes, name, groups: Groups::None, is_of_edge };
            if !pull_blob(round, want).await? {
                return Ok(Known::NotYet);
            }
            let read = move |store: &Store| -> Result<Vec<u8>, BlobError> {
                let mut held = vec![0; usize::try_from(bytes).expect("at most 2 MiB")];
                let reader = store.blobs().reader(BlobHash::from_bytes(list))?;
                let mut at = 0;
                while at < held.len() {
                    match reader.read_at(at as u64, &mut held[at..])? {
                        0 => break,
                        count => at += count,
                    }
                }
                Ok(held)
            };
            let held = round.blocking(read).await?;
            Ok(Known::Groups(BlobGroups::decode(hash, size, &held).ok()))
        }
    }
}

/// The files in which a carrier may have bytes of a blob.
async fn blob_files(source: &Source, want: &WantedBlob) -> Vec<BlobFile> {
    if source.is_aside() || source.state().memory.absent_blobs.contains(&want.hash) {
        return Vec::new();
    }
    let mut files = Vec::new();
    let mut at = 0;
    while let Some((path, covers)) = blob_file_holding(want.hash, want.size, at) {
        at = covers.end;
        let bytes_max = covers.end - covers.start;
        files.push(BlobFile { path, covers, bytes_max });
    }
    let part_bytes = u64::from(PART_MIB) << 20;
    if let Ok(Some(parts)) = source.carrier.list_parts(&want.hash).await {
        for start_mib in parts.entries {
            let start = u64::from(start_mib) << 20;
            let bytes_max = part_bytes.min(want.size.saturating_sub(start));
            let path = TreePath::BlobPart { hash: want.hash, start_mib };
            if bytes_max > 0 && !(want.size > BLOB_WHOLE_BYTES_MAX && files.iter().any(|file| file.path == path)) {
                files.push(BlobFile { path, covers: start..start + bytes_max, bytes_max });
            }
        }
    }
    files
}

/// Lets the carriers bring what is wanted, until nobody can bring any more.
async fn bring(
    round: &Round<'_>,
    want: &WantedBlob,
    writer: &Arc<BlobWriter>,
    division: &mut Division,
) -> Result<(), SyncError> {
    let mut running = FuturesUnordered::new();
    let mut looks = tokio::time::interval(LOOK_INTERVAL);
    let mut told = None;
    let (mut ended, mut cautions) = (Vec::new(), Vec::new());
    loop {
        for group in writer.damaged() {
            beside(&mut running, &mut ended, repair(round, want, writer, division, group)).await?;
        }
        // Now what was bad is charged to whoever gave it.
        cautions.clear();
        if !ended.is_empty() {
            for end in std::mem::take(&mut ended) {
                look_at_suspect(round, writer, &end).await?;
                cautions.extend(note_end(round, want, division, end)?);
            }
            continue;
        }
        let is_paused = round.pause.is_cancelled() && may_pause(want.size);
        if !round.is_cancelled() && !is_paused {
            for span in next_spans(round, writer, division) {
                running.push(transfer(round, &round.sources[span.source], writer.clone(), span));
            }
        }
        if running.is_empty() {
            let settling = writer.clone();
            let damaged = round.blocking(move |_| settling.settle()).await?;
            if !damaged.is_empty() {
                continue;
            }
            tell_progress(round, want, writer, &mut told);
            return Ok(());
        }
        tokio::select! {
            Some(end) = running.next() => ended.push(end),
            _ = looks.tick() => tell_progress(round, want, writer, &mut told),
        }
    }
}

/// Does something while transfers go on: it may need the only place of a carrier that one of them holds.
async fn beside<'r, T>(
    running: &mut FuturesUnordered<impl Future<Output = SpanEnd<'r>>>,
    ended: &mut Vec<SpanEnd<'r>>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            Some(end) = running.next() => ended.push(end),
        }
    }
}

/// Gives every carrier that is free something to do.
fn next_spans(round: &Round<'_>, writer: &BlobWriter, division: &mut Division) -> Vec<Span> {
    let mut idle = division.idle();
    idle.retain(|source| !round.sources[*source].is_aside());
    if idle.is_empty() {
        return Vec::new();
    }
    // Who has the fewest requests under way goes first.
    idle.sort_by_key(|source| std::cmp::Reverse(round.sources[*source].slots.available_permits()));
    let wanted: Vec<Range<u64>> = writer.wanted(0, RANGES_MAX);
    let count = idle.len();
    let spans = idle.into_iter().enumerate();
    spans.filter_map(|(done, source)| division.next_span(source, &wanted, count - done)).collect()
}

/// Looks whether what a suspect carrier gave is good. What is not is found in the next turn.
async fn look_at_suspect(round: &Round<'_>, writer: &Arc<BlobWriter>, end: &SpanEnd<'_>) -> Result<(), SyncError> {
    if end.caution.is_none() {
        return Ok(());
    }
    let settling = writer.clone();
    round.blocking(move |_| settling.settle()).await?;
    let (start, at) = (end.span.start, end.span.progress.at());
    let is_good = writer.verified_ranges(start, 1).first().is_some_and(|good| good.start <= start && at <= good.end);
    if is_good && at > start {
        round.sources[end.span.source].gave_good_blobs();
    }
    Ok(())
}

fn note_end<'r>(
    round: &Round<'_>,
    want: &WantedBlob,
    division: &mut Division,
    end: SpanEnd<'r>,
) -> Result<Option<SemaphorePermit<'r>>, SyncError> {
    let SpanEnd { span, caution, stop, new_bytes } = end;
    round.report().blob_bytes += new_bytes;
    division.end_span(&span);
    let source = &round.sources[span.source];
    match stop {
        Stop::Done | Stop::Damaged => {}
        Stop::Absent => {
            division.file_ends(span.source, &span.file.path, None);
            // Whoever has an edge before its files will have them in a moment.
            let is_lasting = !source.is_folder() && !want.is_of_edge;
            if matches!(span.file.path, TreePath::Blob { .. }) && is_lasting {
                source.state().memory.absent_blobs.insert(want.hash);
            }
        }
        Stop::Short => {
            division.file_ends(span.source, &span.file.path, Some(span.progress.at()));
            let is_whole_file = !matches!(span.file.path, TreePath::BlobPart { .. });
            if is_whole_file {
                let reason = longear_core::Reason::Truncated;
                round.refuse(source, span.file.path.to_string(), &reason, 0);
            }
        }
        // A disk reads on behind a bad place; a connection is taken up where it broke.
        Stop::BrokeOff if source.is_folder() => {
            let at = span.progress.at();
            division.bar(span.source, at..(at + 1).next_multiple_of(GROUP_BYTES));
        }
        Stop::BrokeOff if span.progress.at() > span.start => {}
        Stop::BrokeOff | Stop::Failed => division.leave(span.source),
        Stop::Disk(error) => return Err(error.into()),
    }
    Ok(caution)
}

fn tell_progress(round: &Round<'_>, want: &WantedBlob, writer: &BlobWriter, told: &mut Option<u64>) {
    let have = writer.verified_bytes();
    if *told != Some(have) {
        *told = Some(have);
        round.tell(SyncEvent::Blob { hash: want.hash, name: want.name.clone(), size: want.size, have });
    }
}
