//! Files that are being fetched or played: which of their bytes are good.

use longear_core::blob::{BlobHash, BlobLayout, BlobRefused, GROUP_BLOCKS, GroupProof, Groups, MeasuredGroup};
use longear_core::{Groups as GroupList, Rendition, SortedMap};

/// Slices of the outboard that are remembered of one file: 2 KiB each, for 64 MiB around where it is played.
pub const SLICES_MAX: usize = 64;

/// One file that is being checked, group by group or block by block.
#[derive(Debug)]
pub struct OpenFile {
    groups: Groups,
    slices: SortedMap<u32, GroupProof>,
}

/// What opening a file came to.
#[derive(Debug)]
pub enum Opening {
    /// It can be checked.
    Ready(OpenFile),
    /// Its list of group hashes has to be fetched first: it stands in a blob of this hash.
    NeedsGroups(BlobHash),
}

impl OpenFile {
    /// Prepares to check a rendition. `groups` are the bytes of its group list, where that stands in a blob of its own.
    ///
    /// The list proves itself: its hashes must add up to the file's.
    pub fn open(rendition: &Rendition, groups: Option<&[u8]>) -> Result<Opening, BlobRefused> {
        let blob = BlobHash::from_bytes(rendition.blob);
        let groups = match (&rendition.groups, groups) {
            (GroupList::None | GroupList::File(_), _) => Groups::verify(blob, rendition.size, Vec::new())?,
            (GroupList::Inline(list), _) => Groups::verify(blob, rendition.size, list.clone())?,
            (GroupList::Blob(_), Some(bytes)) => Groups::decode(blob, rendition.size, bytes)?,
            (GroupList::Blob(hash), None) => {
                BlobLayout::new(rendition.size)?;
                return Ok(Opening::NeedsGroups(BlobHash::from_bytes(*hash)));
            }
        };
        Ok(Opening::Ready(OpenFile { groups, slices: SortedMap::default() }))
    }

    /// Where its groups and blocks lie.
    pub fn layout(&self) -> BlobLayout {
        self.groups.layout()
    }

    /// Takes a group's slice of the outboard, by which the group's blocks verify one by one.
    pub fn slice(&mut self, group: u32, bytes: &[u8]) -> Result<(), BlobRefused> {
        let proof = GroupProof::verify(&self.groups, group, bytes)?;
        if self.slices.len() >= SLICES_MAX && !self.slices.contains_key(&group) {
            // Whoever plays goes on: the one that lies farthest from here is missed least.
            let farthest = self.slices.keys().copied().max_by_key(|held| held.abs_diff(group));
            farthest.and_then(|farthest| self.slices.remove(&farthest));
        }
        self.slices.insert(group, proof);
        Ok(())
    }

    /// Whether these are the bytes of a block, counted through the whole file. Its group's slice was given before.
    pub fn is_block(&self, block: u32, bytes: &[u8]) -> bool {
        let proof = self.slices.get(&(block / GROUP_BLOCKS));
        proof.is_some_and(|proof| proof.verify_block(block % GROUP_BLOCKS, bytes))
    }

    /// Whether these are the bytes of a whole group. Needs no outboard.
    pub fn is_group(&self, group: u32, bytes: &[u8]) -> bool {
        MeasuredGroup::new(self.layout(), group, bytes).is_ok_and(|measured| measured.belongs_to(&self.groups))
    }

    /// Whether these are the bytes of the whole file.
    pub fn is_whole(&self, bytes: &[u8]) -> bool {
        bytes.len() as u64 == self.layout().size() && BlobHash::of(bytes) == self.groups.blob()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use longear_core::blob::{BLOCK_BYTES, GROUP_BYTES, TreeHasher};

    fn rendition(bytes: &[u8], list: impl FnOnce(&Groups) -> GroupList) -> Rendition {
        let mut hasher = TreeHasher::new();
        hasher.update(bytes).expect("it is short");
        let hashed = hasher.finish();
        Rendition {
            name: "video".into(),
            blob: *hashed.hash.as_bytes(),
            size: bytes.len() as u64,
            mime: "video/mp4".into(),
            duration_ms: 0,
            width: 0,
            height: 0,
            groups: list(&hashed.groups),
        }
    }

    fn open(rendition: &Rendition, groups: Option<&[u8]>) -> OpenFile {
        match OpenFile::open(rendition, groups) {
            Ok(Opening::Ready(file)) => file,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_piece_is_good_in_its_own_place_and_bad_with_one_bit_changed() {
        let bytes = (0..2 * GROUP_BYTES + 40_000).map(|place| (place % 251) as u8).collect::<Vec<_>>();
        let rendition = rendition(&bytes, |groups| GroupList::Inline(groups.list().to_vec()));
        let mut file = open(&rendition, None);
        let layout = file.layout();
        assert!(!file.is_block(0, &bytes[..BLOCK_BYTES as usize]), "without a slice no block is good");
        for group in 0..layout.group_count() {
            let range = layout.group_range(group);
            let piece = &bytes[range.start as usize..range.end as usize];
            assert!(file.is_group(group, piece) && !file.is_group(group ^ 1, piece));
            let slice = MeasuredGroup::new(layout, group, piece).expect("it is whole").slice();
            file.slice(group, &slice).expect("it is the right one");
            assert!(file.slice(group ^ 1, &slice).is_err());
        }
        for block in 0..layout.block_count() {
            let range = layout.block_range(block);
            let mut piece = bytes[range.start as usize..range.end as usize].to_vec();
            assert!(file.is_block(block, &piece));
            assert!(!file.is_block(block + 1, &piece) && !file.is_block(block, &piece[1..]));
            piece[0] ^= 1;
            assert!(!file.is_block(block, &piece));
        }
        assert!(file.is_whole(&bytes) && !file.is_whole(&bytes[1..]));
        assert!(!file.is_block(u32::MAX, &[]) && !file.is_group(u32::MAX, &[]));
    }

    #[test]
    fn a_list_in_a_blob_of_its_own_is_asked_for_and_proves_itself() {
        let bytes = vec![3; 1_100_000];
        let listed = rendition(&bytes, |_| GroupList::Blob([9; 32]));
        assert!(matches!(OpenFile::open(&listed, None), Ok(Opening::NeedsGroups(hash)) if hash.as_bytes() == &[9; 32]));
        let list = match rendition(&bytes, |groups| GroupList::Inline(groups.list().to_vec())).groups {
            GroupList::Inline(list) => list.concat(),
            other => panic!("{other:?}"),
        };
        assert!(open(&listed, Some(&list)).is_whole(&bytes));
        let mut other = list.clone();
        other[40] ^= 1;
        for wrong in [&other[..], &list[1..], &[]] {
            assert!(OpenFile::open(&listed, Some(wrong)).is_err());
        }
    }

    #[test]
    fn slices_that_are_remembered_are_bounded() {
        let bytes = vec![0; (SLICES_MAX + 3) * GROUP_BYTES as usize];
        let rendition = rendition(&bytes, |groups| GroupList::Inline(groups.list().to_vec()));
        let mut file = open(&rendition, None);
        for group in 0..file.layout().group_count() {
            let range = file.layout().group_range(group);
            let piece = &bytes[range.start as usize..range.end as usize];
            let slice = MeasuredGroup::new(file.layout(), group, piece).expect("it is whole").slice();
            file.slice(group, &slice).expect("it is the right one");
        }
        assert_eq!(file.slices.len(), SLICES_MAX);
        assert!(
            file.is_block(GROUP_BLOCKS * (SLICES_MAX as u32 + 2), &bytes[..BLOCK_BYTES as usize]),
            "the newest stays"
        );
    }
}
