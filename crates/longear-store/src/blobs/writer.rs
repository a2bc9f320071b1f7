//! Writing an incomplete blob: from several carriers at once, in any order, across any stop.

mod begin;
mod passing;
mod session;

use std::ops::Range;
use std::sync::Arc;

use longear_core::blob::{BlobHash, BlobRefused, BlockMask, GROUP_BYTES, GroupProof, Groups};

use super::workers::Workers;
use super::{BlobError, BlobStore};

pub(super) use session::Session;

/// Bytes written before they are made durable in the background; at most twice as many are lost
/// with the power.
pub const SYNC_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Writes one blob; share it by reference among carriers.
///
/// Bytes may come in any order and any lengths. Blocks are hashed as they pass, a group is
/// checked in the background as soon as it is full, and its bytes count (and can be read) once they
/// are proven. Dropping the writer keeps
/// everything, but the next one hashes it all again; [`flush`](Self::flush) spares it that.
///
/// Memory: 16 B per MiB of the blob and the list of groups, 3 MiB at most.
///
/// ```
/// use std::sync::Arc;
/// use longear_core::blob::BlobHash;
/// use longear_store::backend::MemoryBackend;
/// use longear_store::blobs::BlobStore;
///
/// let photo = vec![9; 400_000];
/// let store = BlobStore::open(Arc::new(MemoryBackend::new()));
/// let writer = store.begin(BlobHash::of(&photo), 400_000, None)?;
/// writer.write(0, &photo[..100_000])?;
/// assert_eq!(writer.wanted(0, 8), [100_000..400_000]);
/// writer.write(100_000, &photo[100_000..])?;
/// writer.finish()?;
/// # Ok::<(), longear_store::blobs::BlobError>(())
/// ```
#[derive(Debug)]
pub struct BlobWriter {
    session: Arc<Session>,
    workers: Arc<Workers>,
}

impl BlobStore {
    /// Begins a blob, or goes on with it where anybody stopped.
    ///
    /// `groups` make every MiB count as it comes; without them a blob of 1 MiB or more can only be
    /// checked as a whole. They can also be [given later](BlobWriter::provide_groups).
    ///
    /// After an unclean stop this hashes what is here. Fails with [`BlobError::AlreadyComplete`],
    /// with [`BlobError::Busy`] while somebody else writes or checks the blob, and with
    /// [`BlobError::SizeConflict`] where another size is proven.
    pub fn begin(&self, hash: BlobHash, size: u64, groups: Option<Groups>) -> Result<BlobWriter, BlobError> {
        let session = Arc::new(self.open_session(hash, size, groups)?);
        let writer = BlobWriter { session, workers: Arc::clone(&self.workers) };
        writer.check_full_groups()?;
        Ok(writer)
    }
}

impl BlobWriter {
    /// Names the blob.
    pub fn hash(&self) -> BlobHash {
        self.session.hash()
    }

    /// Tells the size of the whole blob in bytes.
    pub fn size(&self) -> u64 {
        self.session.layout().size()
    }

    /// Shows the group hashes, where they are known.
    pub fn groups(&self) -> Option<Groups> {
        self.session.state().groups.clone()
    }

    /// Takes bytes from a place in the blob; tells how many of them were of use.
    ///
    /// Blocks that are here already are left as they are. Waits while more than
    /// 2 × [`SYNC_BYTES_MAX`] are on their way to the disk. On a full disk nothing that was
    /// written before is lost, and the same bytes may be offered again. An error of the
    /// background threads is reported by the next call.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> Result<u64, BlobError> {
        let end = offset.saturating_add(bytes.len() as u64);
        if end > self.size() {
            return Err(BlobError::OutOfRange { offset: end });
        }
        let _at_work = self.session.enter();
        self.session.take_failure()?;
        self.session.make_dirty()?;
        let mut new_bytes = 0;
        let mut at = offset;
        while at < end {
            let group = (at / GROUP_BYTES) as u32;
            let stop = self.session.layout().group_range(group).end.min(end);
            let part = &bytes[(at - offset) as usize..(stop - offset) as usize];
            let (written, is_full) = self.session.write_in_group(group, at, part)?;
            if is_full {
                self.workers.check(&self.session, group)?;
            }
            new_bytes += written;
            at = stop;
        }
        if self.session.count_unsynced(new_bytes) {
            self.workers.sync(&self.session)?;
        }
        Ok(new_bytes)
    }

    /// Lists up to `count_max` ranges that are still to be fetched, from `from` on, neighbours
    /// joined, exact to the byte behind a cut.
    ///
    /// Groups that are being checked or are [damaged](Self::damaged) are not among them.
    pub fn wanted(&self, from: u64, count_max: usize) -> Vec<Range<u64>> {
        self.session.state().marks.missing(from, count_max)
    }

    /// Lists up to `count_max` proven ranges, from `from` on, neighbours joined.
    pub fn verified_ranges(&self, from: u64, count_max: usize) -> Vec<Range<u64>> {
        self.session.state().marks.verified(from, count_max)
    }

    /// Counts the proven bytes.
    pub fn verified_bytes(&self) -> u64 {
        self.session.state().marks.verified_bytes()
    }

    /// Takes the group hashes once they are known.
    ///
    /// Refuses those of another blob or size.
    pub fn provide_groups(&self, groups: Groups) -> Result<(), BlobError> {
        if groups.blob() != self.hash() || groups.layout() != self.session.layout() {
            return Err(BlobRefused::GroupsMismatch.into());
        }
        let _alone = self.session.enter_alone();
        self.session.activity().wait_until_idle();
        self.session.provide_groups(groups)
    }

    /// Waits until all full groups are checked, and lists the damaged ones.
    pub fn settle(&self) -> Result<Vec<u32>, BlobError> {
        self.session.activity().wait_until_idle();
        self.session.take_failure()?;
        Ok(self.damaged())
    }

    /// Lists the groups that failed their check: all of them where a blob without known group
    /// hashes failed as a whole.
    ///
    /// For each, [`prove_blocks`](Self::prove_blocks) or [`drop_group`](Self::drop_group) decides
    /// what is fetched again.
    pub fn damaged(&self) -> Vec<u32> {
        self.session.state().damaged.iter().copied().collect()
    }

    /// Finds the bad blocks of a damaged group by its slice of the outboard; only those are
    /// wanted again, the others count at once.
    ///
    /// Refuses a slice that does not belong to the group; the group stays damaged then.
    pub fn prove_blocks(&self, group: u32, slice: &[u8]) -> Result<BlockMask, BlobError> {
        let groups = self.groups().ok_or(BlobError::GroupsUnknown)?;
        let proof = GroupProof::verify(&groups, group, slice)?;
        self.session.make_dirty()?;
        self.session.prove_blocks(group, &proof, slice)
    }

    /// Gives a damaged group up; all of it that is not proven is wanted again.
    pub fn drop_group(&self, group: u32) -> Result<(), BlobError> {
        self.session.make_dirty()?;
        self.session.drop_group(group)
    }

    /// Makes everything so far durable and lets go of it cleanly: the next writer need not hash it
    /// again.
    pub fn flush(&self) -> Result<(), BlobError> {
        let _alone = self.session.enter_alone();
        self.session.activity().wait_until_idle();
        self.session.take_failure()?;
        self.session.write_clean()
    }

    /// Makes the blob durable and complete, once all of it is proven.
    ///
    /// Fails with [`BlobError::Incomplete`] or [`BlobError::Damaged`], and may be called again.
    pub fn finish(&self) -> Result<(), BlobError> {
        let _alone = self.session.enter_alone();
        self.session.take_failure()?;
        self.check_full_groups()?;
        self.session.activity().wait_until_idle();
        self.session.take_failure()?;
        self.session.complete()
    }

    /// Has the full groups hashed that are not proven, be it that the last writer stopped before
    /// or that the disk failed meanwhile.
    fn check_full_groups(&self) -> Result<(), BlobError> {
        let unchecked = self.session.claim_full_groups();
        if !unchecked.is_empty() {
            self.session.make_dirty()?;
        }
        for group in unchecked {
            self.workers.check(&self.session, group)?;
        }
        Ok(())
    }
}

impl Drop for BlobWriter {
    /// Waits for the hashing that is under way, so that the lock is free afterwards.
    fn drop(&mut self) {
        self.session.activity().wait_until_idle();
    }
}
