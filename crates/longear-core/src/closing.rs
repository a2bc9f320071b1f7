//! The Merkle tree over a closed log's items. Specified in `docs/spec/closing.md`.

use crate::hash::labelled;
use crate::id::ItemId;
use crate::limits::LOG_ITEMS_MAX;

/// Longest inclusion proof, in hashes: log₂ of the items of a log.
pub const PROOF_HASHES_MAX: usize = LOG_ITEMS_MAX.ilog2() as usize;

/// The root over item IDs in their order; zeros for none. Costs two hashes an item, memory log₂ n.
pub fn closing_root(items: impl IntoIterator<Item = ItemId>) -> [u8; 32] {
    let key = tree_key();
    // A stack of complete subtrees, largest first: as in a binary counter, equal ones merge.
    let mut stack = Vec::<(u32, [u8; 32])>::new();
    for item in items {
        let mut node = (0, leaf(&key, &item));
        while let Some((level, left)) = stack.last().copied().filter(|(level, _)| *level == node.0) {
            stack.pop();
            node = (level + 1, parent(&key, &left, &node.1));
        }
        stack.push(node);
    }
    let folded = stack.into_iter().map(|(_, hash)| hash).rev().reduce(|right, left| parent(&key, &left, &right));
    folded.unwrap_or([0; 32])
}

/// The proof that `items[seq]` is under the closing root: sibling hashes from the leaf upwards.
pub fn inclusion_proof(items: &[ItemId], seq: usize) -> Option<Vec<[u8; 32]>> {
    if seq >= items.len() {
        return None;
    }
    let (mut range, mut at, mut proof) = (items, seq, Vec::new());
    while range.len() > 1 {
        let (left, right) = range.split_at(range.len().next_power_of_two() / 2);
        if at < left.len() {
            proof.push(closing_root(right.iter().copied()));
            range = left;
        } else {
            proof.push(closing_root(left.iter().copied()));
            at -= left.len();
            range = right;
        }
    }
    proof.reverse();
    Some(proof)
}

/// Whether `item` stands at `seq` among the `items` items under `root`.
pub fn proof_holds(root: &[u8; 32], items: u64, seq: u64, item: &ItemId, proof: &[[u8; 32]]) -> bool {
    if seq >= items || proof.len() > PROOF_HASHES_MAX {
        return false;
    }
    let key = tree_key();
    let (mut hash, mut at, mut last) = (leaf(&key, item), seq, items - 1);
    let mut siblings = proof.iter();
    // RFC 9162 §2.1.3.2: the rightmost path skips the levels where it has no sibling.
    while last > 0 {
        if at % 2 == 1 || at != last {
            let Some(sibling) = siblings.next() else { return false };
            let (left, right) = if at % 2 == 1 { (sibling, &hash) } else { (&hash, sibling) };
            hash = parent(&key, left, right);
        }
        at /= 2;
        last /= 2;
    }
    siblings.next().is_none() && &hash == root
}

fn tree_key() -> [u8; 32] {
    labelled("closing tree", &[])
}

fn leaf(key: &[u8; 32], item: &ItemId) -> [u8; 32] {
    *blake3::Hasher::new_keyed(key).update(&[0]).update(&item.0).finalize().as_bytes()
}

fn parent(key: &[u8; 32], left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    *blake3::Hasher::new_keyed(key).update(&[1]).update(left).update(right).finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive_root(key: &[u8; 32], items: &[ItemId]) -> [u8; 32] {
        match items {
            [] => [0; 32],
            [one] => leaf(key, one),
            many => {
                let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
                parent(key, &naive_root(key, left), &naive_root(key, right))
            }
        }
    }

    #[test]
    fn roots_and_proofs_agree_with_the_recursive_definition() {
        let items = (0..130u8).map(|i| ItemId([i; 32])).collect::<Vec<_>>();
        for count in 0..items.len() {
            let held = &items[..count];
            let root = closing_root(held.iter().copied());
            assert_eq!(root, naive_root(&tree_key(), held), "{count} items");
            for seq in 0..count {
                let proof = inclusion_proof(held, seq).unwrap();
                assert!(proof_holds(&root, count as u64, seq as u64, &held[seq], &proof));
                let other = (seq + 1) % count.max(2);
                assert!(!proof_holds(&root, count as u64, seq as u64, &items[other], &proof));
                assert!(!proof_holds(&root, count as u64, other as u64, &held[seq], &proof));
            }
        }
    }
}
