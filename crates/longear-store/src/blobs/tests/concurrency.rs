//! Several carriers, several processes, readers beside writers.

use std::thread;

use super::*;

#[test]
fn two_writers_of_one_blob_exclude_each_other() {
    let clip = Clip::new(2 * MIB);
    both(|store| {
        let other = BlobStore::open(Arc::clone(&store.backend));
        let writer = clip.begin(store).unwrap();
        writer.write(0, clip.part(0..MIB)).unwrap();
        writer.settle().unwrap();
        assert!(matches!(clip.begin(&other), Err(BlobError::Busy { .. })));
        assert!(matches!(other.remove(clip.hash), Err(BlobError::Busy { .. })));
        assert!(matches!(other.check(clip.hash, None), Err(BlobError::Busy { .. })));
        // Reading is free, and sees what is proven already.
        let held = BlobState::Partial { size: clip.size(), have_bytes: MIB };
        assert_eq!(other.state(clip.hash).unwrap(), held);
        assert_eq!(clip.assert_only_truth(&other), MIB);
        drop(writer);
        let writer = clip.begin(&other).unwrap();
        clip.fetch(&writer, MIB).unwrap();
        writer.finish().unwrap();
        assert!(matches!(clip.begin(store), Err(BlobError::AlreadyComplete { .. })));
        drop(writer);
        assert!(matches!(clip.begin(store), Err(BlobError::AlreadyComplete { .. })));
        clip.assert_complete(store);
        store.remove(clip.hash).unwrap();
    });
}

#[test]
fn a_reader_follows_the_writer_to_the_end() {
    let clip = Clip::new(3 * MIB + 50);
    both(|store| {
        let writer = clip.begin(store).unwrap();
        let reader = store.reader(clip.hash).unwrap();
        let mut buffer = vec![0; 4 * MIB as usize];
        for group in 0..4 {
            let range = clip.layout().group_range(group);
            let before = reader.read_at(range.start, &mut buffer);
            assert!(matches!(before, Err(BlobError::NotHere { .. })));
            writer.write(range.start, clip.part(range.start..range.end - 1)).unwrap();
            writer.settle().unwrap();
            assert!(reader.read_at(range.start, &mut buffer).is_err());
            writer.write(range.end - 1, clip.part(range.end - 1..range.end)).unwrap();
            writer.settle().unwrap();
            let length = reader.read_at(5, &mut buffer).unwrap();
            assert_eq!(buffer[..length], *clip.part(5..range.end));
        }
        writer.finish().unwrap();
        assert_eq!(reader.read_at(0, &mut buffer).unwrap() as u64, clip.size());
        assert_eq!(reader.read_at(clip.size(), &mut buffer).unwrap(), 0);
        store.remove(clip.hash).unwrap();
    });
}

/// Three honest carriers and a liar write all over each other while somebody reads; whatever
/// the timing, the reader never sees a forged byte and the blob is completed.
#[test]
fn many_carriers_and_a_liar_complete_a_blob() {
    let clip = Clip::new(6 * MIB + 12_345);
    let lies = vec![0x55; 700_000];
    both(|store| {
        let writer = clip.begin(store).unwrap();
        thread::scope(|scope| {
            for carrier in 0..4_u64 {
                let (clip, writer, lies) = (&clip, &writer, &lies);
                scope.spawn(move || {
                    let mut at = carrier * 1_500_000;
                    for step in 0..24 {
                        let end = (at + 300_000 + step * 7001).min(clip.size());
                        let lie = &lies[..(end - at).min(700_000) as usize];
                        let bytes = if carrier == 3 { lie } else { clip.part(at..end) };
                        writer.write(at, bytes).unwrap();
                        at = if end == clip.size() { 0 } else { end - 5000 };
                    }
                });
            }
            scope.spawn(|| (0..10).map(|_| clip.assert_only_truth(store)).max());
        });
        clip.fetch(&writer, MIB).unwrap();
        for group in writer.settle().unwrap() {
            assert!(!writer.prove_blocks(group, &clip.slice(group)).unwrap().is_empty());
        }
        clip.fetch(&writer, MIB).unwrap();
        writer.finish().unwrap();
        clip.assert_complete(store);
        store.remove(clip.hash).unwrap();
    });
}

#[test]
fn many_blobs_are_published_at_once() {
    both(|store| {
        thread::scope(|scope| {
            for size in 1..6 {
                scope.spawn(move || {
                    let clip = Clip::new(size * 700_000);
                    store.import(&clip.bytes[..], |_| {}).unwrap();
                    clip.assert_complete(store);
                });
            }
        });
        assert_eq!(store.list().unwrap().len(), 5);
    });
}
