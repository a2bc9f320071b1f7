//! Lists of groups, outboards and proofs of blobs: nothing false is ever proven.

use std::sync::LazyLock;

use longear_core::blob::{
    BLOCK_BYTES, BlobHash, BlobLayout, BlobRefused, GROUP_BYTES, GroupProof, Groups, Hashed, MeasuredGroup, NODE_BYTES,
    TreeHasher,
};

use crate::script::{Script, spoil};

/// A blob with everything that proves it.
struct Sample {
    bytes: Vec<u8>,
    hash: BlobHash,
    groups: Groups,
    outboard: Vec<u8>,
}

/// A blob below 1 MiB and one of three groups, the last of which is short.
static SAMPLES: LazyLock<[Sample; 2]> =
    LazyLock::new(|| [5 * BLOCK_BYTES + 7, 2 * GROUP_BYTES + 3 * BLOCK_BYTES + 1].map(sample));

fn sample(size: u64) -> Sample {
    let bytes = (0..size).map(|at| (at / 251 + at) as u8).collect::<Vec<_>>();
    let mut hasher = TreeHasher::new();
    hasher.update(&bytes).expect("it is small");
    let Hashed { hash, groups, slices, .. } = hasher.finish();
    let layout = groups.layout();
    let mut outboard = vec![0; layout.outboard_bytes() as usize];
    let mut write = |offset: u64, node: &[u8]| outboard[offset as usize..][..node.len()].copy_from_slice(node);
    for slice in &slices {
        write(layout.slice_range(slice.group).start, &slice.nodes);
    }
    let _: Result<(), ()> = groups.write_upper_nodes(|offset, node| {
        write(offset, node);
        Ok(())
    });
    Sample { bytes, hash, groups, outboard }
}

/// Lists, outboards, slices and blocks that were spoiled somewhere.
pub fn groups(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let choice = script.byte().unwrap_or(0);
    let sample = &SAMPLES[usize::from(choice & 1)];
    let size = if choice & 2 == 0 { sample.bytes.len() as u64 } else { script.number() };
    match choice >> 2 & 3 {
        0 => list(sample, size, &mut script),
        1 => upper_nodes(sample, size, &mut script),
        2 => slice(sample, &mut script),
        _ => layout(size),
    }
}

/// A list is accepted as the item carried it, or not at all. The size is proven up to the last group.
fn list(sample: &Sample, size: u64, script: &mut Script<'_>) {
    let mut bytes = sample.groups.encode();
    spoil(&mut bytes, script);
    if let Ok(groups) = Groups::decode(sample.hash, size, &bytes) {
        // Without a list there is nothing that could be wrong.
        assert!(groups.encode() == bytes && (bytes.is_empty() || bytes == sample.groups.encode()));
        assert_eq!(groups.layout().size(), size);
        if !bytes.is_empty() {
            assert_eq!(groups.layout().group_count(), sample.groups.layout().group_count());
        }
    }
}

/// An outboard that was changed above the groups gives no list.
fn upper_nodes(sample: &Sample, size: u64, script: &mut Script<'_>) {
    let mut outboard = sample.outboard.clone();
    spoil(&mut outboard, script);
    let read = |offset: u64, node: &mut [u8; NODE_BYTES]| {
        let there = outboard.get(offset as usize..).and_then(|rest| rest.first_chunk());
        there.map(|there| *node = *there).ok_or(BlobRefused::GroupsMismatch)
    };
    // As many groups as the size says are set aside: whoever knows no better size than a stranger's has it bounded before.
    let Ok(layout) = BlobLayout::new(size) else { return };
    if layout.group_count() > 64 {
        return;
    }
    if let Ok(groups) = Groups::read_upper_nodes(sample.hash, size, read)
        && groups.layout().group_count() == sample.groups.layout().group_count()
    {
        let all = 0..groups.layout().group_count();
        assert!(all.clone().all(|group| groups.group_hash(group) == sample.groups.group_hash(group)));
    }
}

/// A slice and a block are believed only as they were.
fn slice(sample: &Sample, script: &mut Script<'_>) {
    let layout = sample.groups.layout();
    let group = u32::from(script.byte().unwrap_or(0)) % (layout.group_count() + 1);
    let range = layout.slice_range(group);
    let right = sample.outboard.get(range.start as usize..range.end as usize).unwrap_or_default();
    let block = u32::from(script.byte().unwrap_or(0));
    let in_blob = layout.block_range((group * 64).saturating_add(block));
    let mut bytes = sample.bytes[in_blob.start as usize..in_blob.end as usize].to_vec();
    let of_slice = script.short() % 128;
    let mut slice = right.to_vec();
    spoil(&mut slice, &mut Script::new(script.bytes(of_slice)));
    let Ok(proof) = GroupProof::verify(&sample.groups, group, &slice) else {
        assert!(slice != right || group >= layout.group_count(), "the right slice was refused");
        return;
    };
    assert!(slice == right, "a wrong slice was believed");
    spoil(&mut bytes, script);
    let is_right =
        block < layout.group_block_count(group) && bytes == sample.bytes[in_blob.start as usize..in_blob.end as usize];
    assert_eq!(proof.verify_block(block, &bytes), is_right, "a wrong block was believed, or a right one refused");
    assert!(
        MeasuredGroup::new(layout, group, &bytes).is_err()
            || bytes.len() as u64 == layout.group_range(group).end - layout.group_range(group).start
    );
}

/// Blocks, groups and slices of any size lie side by side and cover it.
fn layout(size: u64) {
    let Ok(layout) = BlobLayout::new(size) else { return };
    let last = layout.group_count() - 1;
    for group in [0, last / 2, last.saturating_sub(1), last] {
        let (range, slice) = (layout.group_range(group), layout.slice_range(group));
        assert!(range.end <= size && slice.end <= layout.outboard_bytes());
        assert_eq!((range.end - range.start).div_ceil(BLOCK_BYTES).max(1), u64::from(layout.group_block_count(group)));
    }
    assert_eq!(layout.group_range(last).end, size);
    assert_eq!(layout.block_range(layout.block_count() - 1).end, size);
    assert_eq!(layout.slice_range(last).end, layout.outboard_bytes());
}
