//! A full disk, a dying disk, a killed process and a power cut, at every single operation.

use std::io::ErrorKind;

use crate::backend::{Fault, Survivors};

use super::*;

/// Fetches a blob with a clean stop in between, damage and its repair: every path of a writer.
fn fetch_all(clip: &Clip, store: &BlobStore) -> Result<(), BlobError> {
    let writer = match clip.begin(store) {
        Err(BlobError::AlreadyComplete { .. }) => return Ok(()),
        other => other?,
    };
    let cut = 300_001;
    for range in writer.wanted(0, 9) {
        if range.start < cut {
            let end = range.end.min(cut);
            writer.write(range.start, clip.part(range.start..end))?;
        }
    }
    writer.settle()?;
    writer.flush()?;
    for range in writer.wanted(0, 9) {
        let mut bytes = clip.part(range.clone()).to_vec();
        bytes[0] ^= 1;
        writer.write(range.start, &bytes)?;
        writer.settle()?;
    }
    loop {
        for group in writer.settle()? {
            writer.prove_blocks(group, &clip.slice(group))?;
        }
        clip.fetch(&writer, 500_000)?;
        match writer.finish() {
            Err(BlobError::Damaged { .. }) => {}
            other => return other,
        }
    }
}

fn publish(clip: &Clip, store: &BlobStore) -> Result<(), BlobError> {
    store.import(&clip.bytes[..], |_| {}).map(|_| ())
}

type Work = fn(&Clip, &BlobStore) -> Result<(), BlobError>;

/// Runs `work` with a fault at each of its operations in turn; `aftermath` says what happens next.
fn at_every_operation(
    work: Work,
    fault: impl Fn(u64) -> Fault,
    aftermath: impl Fn(&MemoryBackend, u64, Result<(), BlobError>),
) {
    let clip = Clip::new(MIB + 100_000);
    let mut failures = 0;
    for at in 0.. {
        let (disk, store) = memory_store();
        disk.set_faults(&[fault(at)]);
        let outcome = work(&clip, &store);
        let was_reached = disk.operation_count() > at;
        failures += u64::from(outcome.is_err());
        let acknowledged = outcome.is_ok();
        drop(store);
        aftermath(&disk, at, outcome);

        let store = BlobStore::open(Arc::new(disk.clone()));
        if acknowledged {
            clip.assert_complete(&store);
        } else {
            clip.assert_only_truth(&store);
        }
        work(&clip, &store).unwrap_or_else(|error| panic!("operation {at}: {error}"));
        store.check(clip.hash, Some(&clip.groups)).unwrap();
        clip.assert_complete(&store);
        assert_eq!(disk.list(INCOMING_DIR).unwrap(), [], "operation {at}");
        if !was_reached {
            break;
        }
    }
    assert!(failures > 10, "faults were felt: {failures}");
}

fn is_reported_as_full(disk: &MemoryBackend, at: u64, outcome: Result<(), BlobError>) {
    if let Err(error) = outcome {
        assert!(error.is_full(), "operation {at}: {error:?}");
    }
    disk.set_faults(&[]);
}

#[test]
fn a_full_disk_at_any_operation_loses_nothing() {
    for work in [fetch_all as Work, publish] {
        let fault = |at| Fault::From { at, kind: ErrorKind::StorageFull };
        at_every_operation(work, fault, is_reported_as_full);
    }
}

#[test]
fn a_single_failed_operation_loses_nothing() {
    for work in [fetch_all as Work, publish] {
        let fault = |at| Fault::Once { at, kind: ErrorKind::StorageFull };
        at_every_operation(work, fault, is_reported_as_full);
    }
}

#[test]
fn a_killed_process_at_any_operation_is_survived() {
    for work in [fetch_all as Work, publish] {
        let fault = |at| Fault::From { at, kind: ErrorKind::Other };
        at_every_operation(work, fault, |disk, _, _| disk.cut_power(Survivors::All));
    }
}

#[test]
fn a_power_cut_at_any_operation_is_survived() {
    for work in [fetch_all as Work, publish] {
        let fault = |at| Fault::From { at, kind: ErrorKind::Other };
        at_every_operation(work, fault, |disk, _, _| disk.cut_power(Survivors::SyncedOnly));
        for round in 0..2 {
            at_every_operation(work, fault, |disk, at, _| {
                disk.cut_power(Survivors::Some { seed: at * 31 + round });
            });
        }
    }
}

#[test]
fn a_cut_behind_a_full_disk_keeps_what_was_written() {
    let clip = Clip::new(3 * MIB);
    let (disk, store) = memory_store();
    let writer = clip.begin(&store).unwrap();
    writer.write(0, clip.part(0..MIB + 100)).unwrap();
    writer.settle().unwrap();
    disk.set_faults(&[Fault::From { at: 0, kind: ErrorKind::StorageFull }]);
    let error = writer.write(MIB + 100, clip.part(MIB + 100..2 * MIB)).unwrap_err();
    assert!(error.is_full());
    assert_eq!(error.to_string(), format!("cannot write to {}: no storage space", part_path(clip.hash)));
    assert_eq!(writer.wanted(0, 9), [MIB + 100..3 * MIB]);
    disk.set_faults(&[]);
    clip.fetch(&writer, MIB).unwrap();
    writer.finish().unwrap();
    clip.assert_complete(&store);
}

/// A sync filled the disk and ended without letting go of the video. From then on every look at it, that of `list` and
/// of the box's page too, failed because it could not write down what it found: people could not even see what they had.
#[test]
fn on_a_full_disk_a_blob_that_was_not_let_go_of_cleanly_can_be_looked_at() {
    let clip = Clip::new(3 * MIB);
    for kind in [ErrorKind::StorageFull, ErrorKind::ReadOnlyFilesystem] {
        let (disk, store) = memory_store();
        let writer = clip.begin(&store).unwrap();
        writer.write(0, clip.part(0..2 * MIB)).unwrap();
        drop(writer);
        disk.set_faults(&[Fault::From { at: 0, kind }]);
        assert_eq!(store.state(clip.hash).unwrap(), BlobState::Partial { size: 3 * MIB, have_bytes: 0 });
        assert_eq!(clip.assert_only_truth(&store), 0);
        disk.set_faults(&[]);
        assert_eq!(store.state(clip.hash).unwrap(), BlobState::Partial { size: 3 * MIB, have_bytes: 2 * MIB });
    }
}

#[test]
fn a_read_only_store_can_be_read() {
    let clip = Clip::new(2 * MIB);
    let half = Clip::new(3 * MIB);
    let (disk, store) = memory_store();
    store.import(&clip.bytes[..], |_| {}).unwrap();
    let writer = half.begin(&store).unwrap();
    writer.write(0, half.part(0..MIB)).unwrap();
    writer.flush().unwrap();
    drop(writer);
    disk.set_faults(&[Fault::From { at: 0, kind: ErrorKind::ReadOnlyFilesystem }]);
    let store = BlobStore::open(Arc::new(disk.clone()));
    clip.assert_complete(&store);
    assert_eq!(half.assert_only_truth(&store), MIB);
    let other = Clip::new(5);
    assert!(other.begin(&store).unwrap_err().is_read_only());
    assert!(store.import(&other.bytes[..], |_| {}).unwrap_err().is_read_only());
    assert!(store.remove(clip.hash).unwrap_err().is_read_only());
}
