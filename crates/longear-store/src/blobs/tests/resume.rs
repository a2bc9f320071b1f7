//! Every byte received counts, across cuts and stops, from whichever carrier.

use super::*;

#[test]
fn a_cut_in_the_middle_of_a_group_resumes_at_its_byte() {
    let clip = Clip::new(3 * MIB + 333);
    let cut = MIB + 123_457;
    for flushed in [false, true] {
        both(|store| {
            let writer = clip.begin(store).unwrap();
            writer.write(0, clip.part(0..cut)).unwrap();
            if flushed {
                writer.flush().unwrap();
            }
            drop(writer);

            let held = BlobState::Partial { size: clip.size(), have_bytes: MIB };
            assert_eq!(store.state(clip.hash).unwrap(), held);
            assert_eq!(clip.assert_only_truth(store), MIB);
            let writer = clip.begin(store).unwrap();
            assert_eq!(writer.wanted(0, 9), [cut..clip.size()]);
            clip.fetch(&writer, 200_000).unwrap();
            writer.finish().unwrap();
            clip.assert_complete(store);
            store.remove(clip.hash).unwrap();
        });
    }
}

#[test]
fn two_halves_make_a_whole() {
    let clip = Clip::new(4 * MIB + 1);
    both(|store| {
        let writer = clip.begin(store).unwrap();
        for block in (0..clip.layout().block_count()).filter(|block| block % 2 == 0) {
            let range = clip.layout().block_range(block);
            writer.write(range.start, clip.part(range)).unwrap();
        }
        assert!(matches!(writer.finish(), Err(BlobError::Incomplete { .. })));
        drop(writer);
        let writer = clip.begin(store).unwrap();
        assert_eq!(writer.wanted(0, 1000).len(), 2 * 64);
        for range in writer.wanted(0, 1000) {
            assert_eq!(range.end - range.start, BLOCK);
            writer.write(range.start, clip.part(range)).unwrap();
        }
        writer.finish().unwrap();
        clip.assert_complete(store);
        store.remove(clip.hash).unwrap();
    });
}

#[test]
fn after_an_unclean_stop_only_what_the_hash_confirms_counts() {
    let clip = Clip::new(3 * MIB);
    let (disk, store) = memory_store();
    let writer = clip.begin(&store).unwrap();
    writer.write(0, &clip.bytes[..2 * MIB as usize + 10]).unwrap();
    drop(writer);
    disk.flip_byte(&part_path(clip.hash), 5000).unwrap();
    let held = BlobState::Partial { size: clip.size(), have_bytes: MIB };
    assert_eq!(store.state(clip.hash).unwrap(), held);
    assert_eq!(clip.assert_only_truth(&store), MIB);
    // The damaged group is here, and is damaged: the proof finds its one bad block.
    let writer = clip.begin(&store).unwrap();
    assert_eq!(writer.settle().unwrap(), [0]);
    assert_eq!(writer.prove_blocks(0, &clip.slice(0)).unwrap().0, 1);
    assert_eq!(writer.wanted(0, 9), [0..BLOCK, 2 * MIB + 10..3 * MIB]);
}

#[test]
fn good_groups_count_even_if_their_marks_were_lost() {
    let clip = Clip::new(3 * MIB);
    let (_, store) = memory_store();
    let writer = clip.begin(&store).unwrap();
    writer.write(MIB, clip.part(MIB..2 * MIB)).unwrap();
    drop(writer);
    store.backend.open(&map_path(clip.hash), OpenMode::Write).unwrap().set_len(100).unwrap();
    assert_eq!(store.state(clip.hash).unwrap(), BlobState::Absent);
    let writer = clip.begin(&store).unwrap();
    assert_eq!(writer.verified_ranges(0, 9), [MIB..2 * MIB]);
}

#[test]
fn a_clean_stop_is_believed_and_spares_the_hashing() {
    let clip = Clip::new(2 * MIB);
    let (disk, store) = memory_store();
    let writer = clip.begin(&store).unwrap();
    writer.write(0, clip.part(0..MIB)).unwrap();
    writer.flush().unwrap();
    drop(writer);
    // If it were hashed again, this would be noticed.
    disk.flip_byte(&part_path(clip.hash), 5).unwrap();
    let held = BlobState::Partial { size: clip.size(), have_bytes: MIB };
    assert_eq!(store.state(clip.hash).unwrap(), held);
    // And the check does notice.
    let report = store.check(clip.hash, None).unwrap();
    assert_eq!(report.bad, [(0, BlockMask(u64::MAX))]);
    let held = BlobState::Partial { size: clip.size(), have_bytes: 0 };
    assert_eq!(store.state(clip.hash).unwrap(), held);
}

#[test]
fn a_blob_without_known_groups_is_checked_as_a_whole() {
    let clip = Clip::new(3 * MIB + 5);
    both(|store| {
        let writer = store.begin(clip.hash, clip.size(), None).unwrap();
        clip.fetch(&writer, 600_000).unwrap();
        assert_eq!(writer.settle().unwrap(), []);
        writer.finish().unwrap();
        clip.assert_complete(store);
        store.remove(clip.hash).unwrap();
    });
}

#[test]
fn groups_that_come_later_find_the_damage() {
    let clip = Clip::new(3 * MIB + 5);
    let (_, store) = memory_store();
    let writer = store.begin(clip.hash, clip.size(), None).unwrap();
    let mut forged = clip.bytes.clone();
    forged[MIB as usize + 9] ^= 1;
    writer.write(0, &forged).unwrap();
    assert_eq!(writer.settle().unwrap(), [0, 1, 2, 3]);
    assert!(matches!(writer.finish(), Err(BlobError::Damaged { count: 4 })));
    assert!(matches!(writer.prove_blocks(1, &clip.slice(1)), Err(BlobError::GroupsUnknown)));
    writer.provide_groups(clip.groups.clone()).unwrap();
    assert_eq!(writer.settle().unwrap(), [1]);
    assert_eq!(clip.assert_only_truth(&store), 2 * MIB + 5);
    drop(writer);
    // They were written down: the next writer need not be told.
    let writer = store.begin(clip.hash, clip.size(), None).unwrap();
    assert_eq!(writer.settle().unwrap(), [1]);
    writer.drop_group(1).unwrap();
    clip.fetch(&writer, MIB).unwrap();
    writer.finish().unwrap();
    clip.assert_complete(&store);
}

#[test]
fn claims_of_another_size_do_not_lose_what_is_proven() {
    let clip = Clip::new(2 * MIB + 500);
    let (_, store) = memory_store();
    // A wrong size with the right list: groups that are whole in both survive the correction.
    let list = clip.groups.list().to_vec();
    let wrong = Groups::verify(clip.hash, clip.size() + 7, list).unwrap();
    let writer = store.begin(clip.hash, clip.size() + 7, Some(wrong.clone())).unwrap();
    writer.write(0, &clip.bytes).unwrap();
    assert_eq!(writer.settle().unwrap(), []);
    writer.flush().unwrap();
    drop(writer);
    let writer = clip.begin(&store).unwrap();
    assert_eq!(writer.verified_bytes(), clip.size(), "its last group was there too");
    writer.flush().unwrap();
    drop(writer);
    let refused = store.begin(clip.hash, clip.size() + 7, Some(wrong)).unwrap_err();
    assert!(matches!(refused, BlobError::SizeConflict { .. }));
    let refused = store.begin(clip.hash, 5 * MIB, None).unwrap_err();
    assert!(matches!(refused, BlobError::SizeConflict { .. }));
    clip.begin(&store).unwrap().finish().unwrap();
    clip.assert_complete(&store);

    // A wrong size without a list proves nothing, so it does not stand in the way.
    let other = Clip::new(1_500_000);
    let writer = store.begin(other.hash, 9 * MIB, None).unwrap();
    writer.write(0, &other.bytes).unwrap();
    writer.write(8 * MIB, b"beyond the true end").unwrap();
    drop(writer);
    let writer = other.begin(&store).unwrap();
    assert_eq!(writer.verified_bytes(), other.size());
    writer.finish().unwrap();
    other.assert_complete(&store);
}

/// A finish that was stopped between its two renames had taken the outboard away.
#[test]
fn an_outboard_that_went_astray_is_written_again() {
    let clip = Clip::new(2 * MIB + 5);
    let (_, store) = memory_store();
    let writer = clip.begin(&store).unwrap();
    clip.fetch(&writer, MIB).unwrap();
    writer.flush().unwrap();
    drop(writer);
    store.backend.rename(&outboard_part_path(clip.hash), &outboard_path(clip.hash)).unwrap();
    clip.begin(&store).unwrap().finish().unwrap();
    clip.assert_complete(&store);
}
