//! The outboard agrees with an independent implementation, and finds every flipped byte.

use std::collections::BTreeMap;

use bao_tree::BlockSize;
use bao_tree::io::outboard::PreOrderMemOutboard;
use proptest::prelude::*;

use super::*;

/// 2^4 chunks of 1 KiB make a block.
const PEER_BLOCK_SIZE: BlockSize = BlockSize::from_chunk_log(4);

/// Sizes around every border of the tree.
const SIZES: [usize; 16] = [
    0, 1, 1023, 1024, 16_383, 16_384, 16_385, 32_768, 1_048_575, 1_048_576, 1_048_577, 1_572_864, 2_097_152, 3_145_729,
    5_242_880, 7_340_033,
];

fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; size];
    let mut stream = blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof();
    stream.fill(&mut bytes);
    bytes
}

/// Hashes in pieces of `piece` bytes and lays the outboard out as a store would.
fn publish(bytes: &[u8], piece: usize) -> (Hashed, Vec<u8>) {
    let mut hasher = TreeHasher::new();
    let mut slices = BTreeMap::new();
    for piece in bytes.chunks(piece) {
        hasher.update(piece).unwrap();
        while let Some(slice) = hasher.poll_slice() {
            slices.insert(slice.group, slice.nodes);
        }
    }
    let mut hashed = hasher.finish();
    slices.extend(hashed.slices.drain(..).map(|slice| (slice.group, slice.nodes)));
    let layout = hashed.groups.layout();
    let mut outboard = vec![0xee; layout.outboard_bytes() as usize];
    for (group, nodes) in slices {
        let range = layout.slice_range(group);
        outboard[range.start as usize..range.end as usize].copy_from_slice(&nodes);
    }
    hashed
        .groups
        .write_upper_nodes(|offset, node| {
            outboard[offset as usize..][..NODE_BYTES].copy_from_slice(node);
            Ok::<_, ()>(())
        })
        .unwrap();
    (hashed, outboard)
}

fn assert_agrees(bytes: &[u8], piece: usize) {
    let (hashed, outboard) = publish(bytes, piece);
    assert_eq!(hashed.hash, BlobHash::of(bytes), "size {}", bytes.len());
    assert_eq!(hashed.size, bytes.len() as u64);
    let peer = PreOrderMemOutboard::create(bytes, PEER_BLOCK_SIZE);
    assert_eq!(outboard, peer.data, "size {}", bytes.len());

    let list = hashed.groups.list().to_vec();
    let groups = Groups::verify(hashed.hash, hashed.size, list).unwrap();
    assert_eq!(groups, hashed.groups);
    assert_eq!(Groups::decode(hashed.hash, hashed.size, &groups.encode()).unwrap(), groups);
    let gathered = Groups::read_upper_nodes::<BlobRefused>(hashed.hash, hashed.size, |at, node| {
        node.copy_from_slice(&outboard[at as usize..][..NODE_BYTES]);
        Ok(())
    });
    assert_eq!(gathered.unwrap(), groups);
    for group in 0..groups.layout().group_count() {
        let range = groups.layout().group_range(group);
        let group_bytes = &bytes[range.start as usize..range.end as usize];
        let measured = MeasuredGroup::new(groups.layout(), group, group_bytes).unwrap();
        assert!(measured.belongs_to(&groups));
        let slice_range = groups.layout().slice_range(group);
        let slice = &outboard[slice_range.start as usize..slice_range.end as usize];
        assert_eq!(measured.slice(), slice);
        let proof = GroupProof::verify(&groups, group, slice).unwrap();
        assert_eq!(proof.bad_blocks(group_bytes).unwrap(), BlockMask::NONE);
    }
}

#[test]
fn outboard_equals_the_peer_at_every_border() {
    for size in SIZES {
        assert_agrees(&noise(size, size as u64), 100_000);
    }
}

#[test]
fn piece_lengths_do_not_matter() {
    let bytes = noise(1_100_000, 1);
    for piece in [1000, 1024, 16_384, 16_385, 65_536, 2_000_000] {
        assert_agrees(&bytes, piece);
    }
}

#[test]
fn a_flipped_byte_is_found_in_exactly_its_block() {
    for size in [1, 16_384, 16_385, 1_048_575, 1_048_576, 1_048_577, 2_654_321] {
        let bytes = noise(size, 2);
        let (hashed, outboard) = publish(&bytes, size);
        let layout = hashed.groups.layout();
        for block in 0..layout.block_count() {
            let range = layout.block_range(block);
            let at = range.start + (u64::from(block) * 7919) % (range.end - range.start);
            let group = block / GROUP_BLOCKS;
            let group_range = layout.group_range(group);
            let mut group_bytes = bytes[group_range.start as usize..group_range.end as usize].to_vec();
            group_bytes[(at - group_range.start) as usize] ^= 0x10;
            let measured = MeasuredGroup::new(layout, group, &group_bytes).unwrap();
            assert!(!measured.belongs_to(&hashed.groups));
            let slice_range = layout.slice_range(group);
            let slice = &outboard[slice_range.start as usize..slice_range.end as usize];
            let proof = GroupProof::verify(&hashed.groups, group, slice).unwrap();
            let bad: Vec<u32> = proof.bad_blocks(&group_bytes).unwrap().iter().collect();
            assert_eq!(bad, [block % GROUP_BLOCKS], "size {size}");
        }
    }
}

#[test]
fn a_flipped_byte_of_the_outboard_is_refused() {
    let bytes = noise(2_654_321, 3);
    let (hashed, outboard) = publish(&bytes, 1 << 20);
    for at in (0..outboard.len()).step_by(61) {
        let mut forged = outboard.clone();
        forged[at] ^= 1;
        let groups = Groups::read_upper_nodes::<BlobRefused>(hashed.hash, hashed.size, |at, node| {
            node.copy_from_slice(&forged[at as usize..][..NODE_BYTES]);
            Ok(())
        });
        let slices_hold = groups.is_ok_and(|groups| {
            (0..3).all(|group| {
                let range = groups.layout().slice_range(group);
                let slice = &forged[range.start as usize..range.end as usize];
                GroupProof::verify(&groups, group, slice).is_ok()
            })
        });
        assert!(!slices_hold, "byte {at} is not covered");
    }
}

#[test]
fn claims_that_do_not_fit_are_refused() {
    let bytes = noise(2_500_000, 4);
    let (hashed, _) = publish(&bytes, 1 << 20);
    let list = hashed.groups.list().to_vec();
    let verify = |size, list| Groups::verify(hashed.hash, size, list).unwrap_err();
    assert_eq!(verify(2_500_000, list[..2].to_vec()), BlobRefused::GroupCount { expected: 3, found: 2 });
    assert_eq!(verify(u64::MAX, list.clone()), BlobRefused::TooLarge { size: u64::MAX });
    let swapped = vec![list[1], list[0], list[2]];
    assert_eq!(verify(2_500_000, swapped), BlobRefused::GroupsMismatch);
    assert_eq!(verify(1_048_575, list.clone()), BlobRefused::GroupCount { expected: 0, found: 3 });
    assert!(Groups::decode(hashed.hash, 2_500_000, &list.concat()[..95]).is_err());
    let layout = hashed.groups.layout();
    assert_eq!(MeasuredGroup::new(layout, 3, b"").unwrap_err(), BlobRefused::NoSuchGroup { group: 3 });
    assert_eq!(
        MeasuredGroup::new(layout, 2, &bytes[2_097_152..2_499_999]).unwrap_err(),
        BlobRefused::Length { expected: 402_848, found: 402_847 }
    );
    assert!(GroupProof::verify(&hashed.groups, 0, &[0; 64]).is_err());
    assert_eq!(
        GroupProof::verify(&hashed.groups, 0, &[0; SLICE_BYTES_MAX]).unwrap_err(),
        BlobRefused::SliceMismatch { group: 0 }
    );
}

#[test]
fn the_specified_example_lies_where_it_says() {
    let layout = BlobLayout::new(2_500_000).unwrap();
    assert_eq!((layout.block_count(), layout.group_count()), (153, 3));
    let slices = [0, 1, 2].map(|group| layout.slice_range(group));
    assert_eq!(slices, [128..4160, 4160..8192, 8192..9728]);
    assert_eq!(layout.outboard_bytes(), 9728);
}

#[test]
fn the_largest_blob_lists_two_mebibytes_of_hashes() {
    let layout = BlobLayout::new(BLOB_BYTES_MAX).unwrap();
    assert_eq!(u64::from(layout.listed_group_count()) * 32, 2 * 1024 * 1024);
    let last = layout.group_count() - 1;
    assert_eq!(layout.slice_range(last).end, layout.outboard_bytes());
    assert!(BlobLayout::new(BLOB_BYTES_MAX + 1).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn outboard_equals_the_peer(size in 0usize..6_000_000, piece in 1usize..3_000_000, seed: u64) {
        assert_agrees(&noise(size, seed), piece.max(size / 500 + 1));
    }

    /// Slices and upper nodes tile the outboard without gap or overlap.
    #[test]
    fn every_node_has_one_place(groups in 1u64..70, cut in 0u64..GROUP_BYTES) {
        let size = groups * GROUP_BYTES - cut;
        let layout = BlobLayout::new(size).unwrap();
        let mut seen = vec![false; layout.outboard_bytes() as usize / NODE_BYTES];
        let mut see = |offset: u64| {
            let seen = &mut seen[offset as usize / NODE_BYTES];
            assert!(!*seen);
            *seen = true;
        };
        for group in 0..layout.group_count() {
            layout.slice_range(group).step_by(NODE_BYTES).for_each(&mut see);
        }
        let hashes = Groups::measured(layout, vec![[0; 32]; layout.group_count() as usize]);
        hashes.write_upper_nodes(|offset, _| { see(offset); Ok::<_, ()>(()) }).unwrap();
        prop_assert!(seen.iter().all(|seen| *seen));
    }
}
