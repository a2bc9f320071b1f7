//! Forged and rotten bytes are found, named, and never given out.

use super::*;

/// Writes a blob whose bytes at `places` are wrong.
fn write_forged(clip: &Clip, store: &BlobStore, places: &[u64]) -> BlobWriter {
    let mut forged = clip.bytes.clone();
    for place in places {
        forged[*place as usize] ^= 0x80;
    }
    let writer = clip.begin(store).unwrap();
    writer.write(0, &forged).unwrap();
    writer
}

#[test]
fn only_the_bad_blocks_are_fetched_again() {
    let clip = Clip::new(3 * MIB + 40_000);
    let places = [0, 5 * BLOCK + 3, MIB - 1, 2 * MIB + 77, clip.size() - 1];
    both(|store| {
        let writer = write_forged(&clip, store, &places);
        assert_eq!(writer.settle().unwrap(), [0, 2, 3]);
        assert!(matches!(writer.finish(), Err(BlobError::Damaged { count: 3 })));
        assert_eq!(writer.wanted(0, 9), []);
        assert_eq!(clip.assert_only_truth(store), MIB);

        // A slice of another group, or a forged one, is refused and changes nothing.
        assert!(writer.prove_blocks(0, &clip.slice(1)).is_err());
        assert!(writer.prove_blocks(3, &[]).is_err());
        assert!(matches!(writer.prove_blocks(1, &clip.slice(1)), Err(BlobError::NotDamaged { group: 1 })));
        assert_eq!(writer.damaged(), [0, 2, 3]);

        let bad = |group| writer.prove_blocks(group, &clip.slice(group)).unwrap();
        assert_eq!(bad(0).iter().collect::<Vec<_>>(), [0, 5, 63]);
        assert_eq!(bad(2).iter().collect::<Vec<_>>(), [0]);
        assert_eq!(bad(3).iter().collect::<Vec<_>>(), [2]);
        assert_eq!(
            writer.wanted(0, 9),
            [
                0..BLOCK,
                5 * BLOCK..6 * BLOCK,
                MIB - BLOCK..MIB,
                2 * MIB..2 * MIB + BLOCK,
                3 * MIB + 2 * BLOCK..clip.size()
            ]
        );
        writer.flush().unwrap();
        let mut outboard = vec![0; clip.layout().outboard_bytes() as usize];
        store.outboard_read_at(clip.hash, 0, &mut outboard).unwrap();
        let full = clip.outboard();
        assert!(outboard == full, "a holder of parts can prove them to others");
        let wrong_bytes = 4 * BLOCK + clip.size() - 3 * MIB - 2 * BLOCK;
        assert_eq!(clip.assert_only_truth(store), clip.size() - wrong_bytes);
        clip.fetch(&writer, MIB).unwrap();
        writer.finish().unwrap();
        clip.assert_complete(store);
        store.remove(clip.hash).unwrap();
    });
}

#[test]
fn nobody_can_overwrite_what_is_here() {
    let clip = Clip::new(2 * MIB);
    let (_, store) = memory_store();
    let writer = clip.begin(&store).unwrap();
    writer.write(0, clip.part(0..MIB + 3 * BLOCK)).unwrap();
    assert_eq!(writer.write(0, &vec![0; MIB as usize + 3 * BLOCK as usize]).unwrap(), 0);
    clip.fetch(&writer, MIB).unwrap();
    assert_eq!(writer.write(0, &vec![0; 2 * MIB as usize]).unwrap(), 0);
    writer.finish().unwrap();
    assert_eq!(writer.write(0, &vec![0; 2 * MIB as usize]).unwrap(), 0);
    clip.assert_complete(&store);
}

#[test]
fn a_small_blob_that_is_wrong_is_dropped_whole() {
    let clip = Clip::new(300_000);
    let (_, store) = memory_store();
    let writer = write_forged(&clip, &store, &[17]);
    assert_eq!(writer.settle().unwrap(), [0]);
    writer.drop_group(0).unwrap();
    assert_eq!(writer.wanted(0, 9), [0..300_000]);
    clip.fetch(&writer, MIB).unwrap();
    writer.finish().unwrap();
    clip.assert_complete(&store);
}

#[test]
fn rot_in_a_complete_blob_is_located_and_healed() {
    let clip = Clip::new(3 * MIB + 1);
    let (disk, store) = memory_store();
    store.import(&clip.bytes[..], |_| {}).unwrap();
    disk.flip_byte(&data_path(clip.hash), MIB + 20 * BLOCK).unwrap();
    disk.flip_byte(&data_path(clip.hash), 3 * MIB).unwrap();
    let report = store.check(clip.hash, None).unwrap();
    assert_eq!(report.bad, [(1, BlockMask(1 << 20)), (3, BlockMask(1))]);
    let mut stream = store.verified_stream(clip.hash).unwrap();
    let mut copied = Vec::new();
    let error = std::io::copy(&mut stream, &mut copied).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    assert_eq!(copied, clip.part(0..MIB));

    assert_eq!(store.demote(clip.hash, None).unwrap(), report);
    let writer = store.begin(clip.hash, clip.size(), None).unwrap();
    assert_eq!(writer.wanted(0, 9), [MIB + 20 * BLOCK..MIB + 21 * BLOCK, 3 * MIB..3 * MIB + 1]);
    clip.fetch(&writer, MIB).unwrap();
    writer.finish().unwrap();
    clip.assert_complete(&store);
    assert!(store.demote(clip.hash, None).unwrap().is_sound());
    clip.assert_complete(&store);
}

#[test]
fn a_rotten_outboard_is_restored_or_replaced_by_known_groups() {
    let clip = Clip::new(3 * MIB + 1);
    let (disk, store) = memory_store();
    store.import(&clip.bytes[..], |_| {}).unwrap();
    for offset in [0, 64, 200, clip.layout().slice_range(2).start + 5] {
        disk.flip_byte(&outboard_path(clip.hash), offset).unwrap();
        let report = store.check(clip.hash, None).unwrap();
        assert!(report.is_sound() && report.outboard_restored, "byte {offset}");
        clip.assert_complete(&store);
    }
    store.backend.remove(&outboard_path(clip.hash)).unwrap();
    assert!(store.check(clip.hash, None).unwrap().outboard_restored);
    clip.assert_complete(&store);

    // Both are rotten: without a list all is lost, with it one group.
    disk.flip_byte(&outboard_path(clip.hash), 0).unwrap();
    disk.flip_byte(&data_path(clip.hash), 2 * MIB + 5).unwrap();
    assert_eq!(store.check(clip.hash, None).unwrap().bad.len(), 4);
    let report = store.demote(clip.hash, Some(&clip.groups)).unwrap();
    assert_eq!(report.bad, [(2, BlockMask(1))], "its slice was good");
    let writer = clip.begin(&store).unwrap();
    clip.fetch(&writer, MIB).unwrap();
    writer.finish().unwrap();
    clip.assert_complete(&store);
}

#[test]
fn a_rotten_map_never_vouches_for_bytes() {
    let clip = Clip::new(2 * MIB + 100);
    let (disk, store) = memory_store();
    let writer = clip.begin(&store).unwrap();
    let mut forged = clip.bytes.clone();
    forged[MIB as usize + 50_000] ^= 1;
    writer.write(0, &forged[..2 * MIB as usize]).unwrap();
    writer.flush().unwrap();
    drop(writer);
    let map_len = store.backend.metadata(&map_path(clip.hash)).unwrap().unwrap().len;
    let held = BlobState::Partial { size: clip.size(), have_bytes: MIB };
    for offset in (0..map_len).step_by(3).filter(|offset| *offset < 80 || *offset >= 570) {
        disk.flip_byte(&map_path(clip.hash), offset).unwrap();
        assert!(clip.assert_only_truth(&store) <= MIB, "byte {offset}");
        // The item brings size and list again, and the next writer puts all in order.
        let writer = clip.begin(&store).unwrap();
        writer.settle().unwrap();
        writer.flush().unwrap();
        drop(writer);
        assert_eq!(store.state(clip.hash).unwrap(), held, "byte {offset}");
    }
}
