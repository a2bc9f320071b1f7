//! Blobs in their blocks and groups.

use longear_core::blob::{BlobLayout, BlobRefused, BlockMask, Groups, MeasuredBlock, MeasuredGroup, TreeHasher};

const BLOCK: usize = 16_384;

#[test]
fn a_mask_holds_the_sixty_four_blocks_of_a_group() {
    for (count, bits) in [(0, 0), (1, 1), (5, 31), (63, u64::MAX >> 1), (64, u64::MAX), (65, u64::MAX)] {
        let mask = BlockMask::first(count);
        assert_eq!(mask, BlockMask(bits), "{count}");
        assert_eq!((mask.count(), mask.is_empty()), (count.min(64), count == 0));
        assert!(mask.iter().eq(0..count.min(64)));
    }
    assert!(!BlockMask::first(64).contains(64) && !BlockMask::first(64).contains(u32::MAX));
    let mut mask = BlockMask::NONE;
    for block in [0, 7, 7, 63] {
        mask.insert(block);
    }
    assert_eq!(mask.iter().collect::<Vec<_>>(), [0, 7, 63], "one that is put in twice stays");
    assert!(mask.contains(7) && !mask.contains(8));
}

/// Two groups, of which the second has two blocks, the last of a single byte.
fn published() -> (Vec<u8>, Groups) {
    let bytes = (0..64 * BLOCK + BLOCK + 1).map(|place| (place / 251) as u8).collect::<Vec<_>>();
    let mut hasher = TreeHasher::new();
    hasher.update(&bytes).unwrap();
    (bytes, hasher.finish().groups)
}

/// Blocks that come one by one, over days and from several carriers, are as good as a group in one piece.
#[test]
fn a_group_is_measured_from_its_blocks() {
    let (bytes, groups) = published();
    let layout = groups.layout();
    assert_eq!(layout.size(), bytes.len() as u64);
    let block = |number: usize| {
        let range = number * BLOCK..bytes.len().min((number + 1) * BLOCK);
        MeasuredBlock::new(layout, number as u32, &bytes[range]).unwrap()
    };
    let of = |group, blocks: &[MeasuredBlock]| MeasuredGroup::of_blocks(layout, group, blocks);
    let first = (0..64).map(block).collect::<Vec<_>>();
    assert!(of(0, &first).unwrap().belongs_to(&groups));
    let last = [block(64), block(65)];
    assert!(of(1, &last).unwrap().belongs_to(&groups));
    assert!(!of(1, &[last[1], last[0]]).unwrap().belongs_to(&groups));
    let length = |expected: u64, found: u64| BlobRefused::Length { expected: expected * 16_384, found: found * 16_384 };
    assert_eq!(of(1, &last[..1]).unwrap_err(), length(2, 1));
    assert_eq!(of(0, &last).unwrap_err(), length(64, 2));
    assert_eq!(of(2, &last).unwrap_err(), BlobRefused::NoSuchGroup { group: 2 });
}

#[test]
fn a_block_has_the_length_that_its_place_asks_for() {
    let layout = BlobLayout::new(BLOCK as u64 + 5).unwrap();
    let length = |block, bytes: usize| MeasuredBlock::new(layout, block, &vec![7; bytes]).map(drop);
    assert_eq!((length(0, BLOCK), length(1, 5)), (Ok(()), Ok(())));
    for (block, bytes, expected) in [(0, BLOCK - 1, BLOCK), (0, BLOCK + 1, BLOCK), (1, 4, 5), (1, BLOCK, 5), (2, 1, 0)]
    {
        let (expected, found) = (expected as u64, bytes as u64);
        assert_eq!(length(block, bytes), Err(BlobRefused::Length { expected, found }), "{block}");
    }
}
