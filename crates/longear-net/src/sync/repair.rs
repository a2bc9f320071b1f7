//! A damaged group of a blob: which of its blocks are bad, who gave them, and what counts all the same.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use longear_core::Reason;
use longear_core::article::GROUPED_BYTES_MIN;
use longear_core::blob::{BlobLayout, BlockMask, GROUP_BLOCKS};
use longear_core::tree::TreePath;
use longear_store::blobs::{BlobError, BlobWriter};

use super::decisions::WantedBlob;
use super::division::Division;
use super::report::SyncError;
use super::round::{Fetched, Round};
use super::source::Source;

/// Names the bad blocks of a group, keeps the good ones, and has the bad ones fetched from somebody else.
pub(super) async fn repair(
    round: &Round<'_>,
    want: &WantedBlob,
    writer: &Arc<BlobWriter>,
    division: &mut Division,
    group: u32,
) -> Result<(), SyncError> {
    let Ok(layout) = BlobLayout::new(want.size) else { return Ok(()) };
    let range = layout.group_range(group);
    let givers = division.givers(&range);
    let bad = prove_blocks(round, want, writer, layout, group, &givers).await?;
    let first_block = group * GROUP_BLOCKS;
    let culprits = match bad {
        Some(bad) => culprits_by_block(division, layout, first_block, bad),
        None => {
            let dropping = writer.clone();
            round.blocking(move |_| ignore_settled(dropping.drop_group(group))).await?;
            division
                .sole_giver(&range)
                .map(|giver| (giver, BlockMask::first(layout.group_block_count(group))))
                .into_iter()
                .collect()
        }
    };
    for (culprit, blocks) in culprits {
        let object = format!("{}, {}", TreePath::Blob { hash: want.hash }, name_blocks(first_block, blocks));
        let bytes = blocks.iter().map(|block| length(&layout.block_range(first_block + block))).sum();
        round.refuse(&round.sources[culprit], object, &Reason::HashMismatch, bytes);
        division.bar(culprit, range.clone());
    }
    division.forget(&range);
    Ok(())
}

/// Who gave which of the bad blocks. Of two that gave parts of one block, be it in an earlier round, either may be
/// innocent: then the block is just asked for anew, which is little enough to come from one alone, and the next time it is known who it was.
fn culprits_by_block(
    division: &mut Division,
    layout: BlobLayout,
    first_block: u32,
    bad: BlockMask,
) -> BTreeMap<usize, BlockMask> {
    let mut culprits = BTreeMap::<usize, BlockMask>::new();
    for block in bad.iter() {
        if let Some(giver) = division.sole_giver(&layout.block_range(first_block + block)) {
            culprits.entry(giver).or_default().insert(block);
        }
    }
    culprits
}

/// Asks the carriers for the group's slice of the outboard, those first that did not give the group.
async fn prove_blocks(
    round: &Round<'_>,
    want: &WantedBlob,
    writer: &Arc<BlobWriter>,
    layout: BlobLayout,
    group: u32,
    givers: &[usize],
) -> Result<Option<BlockMask>, SyncError> {
    if want.size < GROUPED_BYTES_MIN || writer.groups().is_none() {
        return Ok(None);
    }
    let mut sources = round.live().collect::<Vec<_>>();
    sources.sort_by_key(|source| givers.contains(&source.index));
    for source in sources {
        let Some(slice) = fetch_slice(round, source, want, layout, group).await else { continue };
        let proving = writer.clone();
        let length = slice.len() as u64;
        let proof = round.blocking(move |_| Ok::<_, SyncError>(proving.prove_blocks(group, &slice))).await?;
        match proof {
            Ok(bad) => return Ok(Some(bad)),
            Err(BlobError::Refused(_)) => {
                let object = format!("{}, group {group}", TreePath::Outboard { hash: want.hash });
                round.refuse(source, object, &Reason::HashMismatch, length);
            }
            Err(BlobError::NotDamaged { .. }) => return Ok(Some(BlockMask::NONE)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

async fn fetch_slice(
    round: &Round<'_>,
    source: &Source,
    want: &WantedBlob,
    layout: BlobLayout,
    group: u32,
) -> Option<Vec<u8>> {
    let path = TreePath::Outboard { hash: want.hash };
    let range = layout.slice_range(group);
    if range.is_empty() {
        return Some(Vec::new());
    }
    let _slot = source.slots.acquire().await.ok()?;
    let body = match round.fetch(source, &path, Some(range.clone()), layout.outboard_bytes()).await {
        Fetched::Body(body) => body,
        Fetched::Absent | Fetched::Failed => return None,
    };
    // A server that ignores ranges gives the outboard from its beginning.
    let skip = usize::try_from(range.start - body.start().min(range.start)).ok()?;
    match body.collect().await {
        Ok(bytes) => bytes.get(skip..).map(<[u8]>::to_vec).filter(|bytes| !bytes.is_empty()),
        Err(error) => {
            round.note_failure(source, &path, &error, false);
            None
        }
    }
}

/// Somebody else may have settled the group meanwhile.
fn ignore_settled(outcome: Result<(), BlobError>) -> Result<(), BlobError> {
    match outcome {
        Err(BlobError::NotDamaged { .. }) => Ok(()),
        outcome => outcome,
    }
}

fn length(range: &Range<u64>) -> u64 {
    range.end - range.start
}

/// `block 7`, or `blocks 7, 9-12`, counted through the whole blob.
fn name_blocks(first: u32, blocks: BlockMask) -> String {
    let mut runs = Vec::<(u32, u32)>::new();
    for block in blocks.iter().map(|block| first + block) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == block => *last = block,
            _ => runs.push((block, block)),
        }
    }
    let names = runs.iter().map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") });
    let word = if blocks.count() == 1 { "block" } else { "blocks" };
    format!("{word} {}", names.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_named_in_runs() {
        assert_eq!(name_blocks(64, BlockMask(0b10)), "block 65");
        assert_eq!(name_blocks(0, BlockMask(0b1011_0001)), "blocks 0, 4-5, 7");
    }
}
