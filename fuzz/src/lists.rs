//! Sets, trees of hashes and names: what is computed cleverly comes to the same as what is computed plainly.

use std::collections::BTreeSet;

use longear_core::closing::{closing_root, inclusion_proof, proof_holds};
use longear_core::schedule::packs_to_fetch;
use longear_core::tree::{
    PLAIN_NAME_BYTES_MAX, SAFE_NAME_BYTES_MAX, TreePath, is_plain_file_name, is_safe_name, is_safe_title_char,
    plain_file_name,
};
use longear_core::{Intervals, ItemId};

use crate::script::Script;

/// Intervals against a set of numbers, and what is to be fetched for their holes.
pub fn intervals(bytes: &[u8]) {
    /// Numbers below this are also kept one by one.
    const SMALL: u64 = 256;
    let mut script = Script::new(bytes);
    let (mut intervals, mut plain) = (Intervals::new(), BTreeSet::new());
    while let Some(step) = script.byte() {
        let (start, length) = (u64::from(script.byte().unwrap_or(0)), u64::from(script.byte().unwrap_or(0) % 32));
        let range = start..(start + length).min(SMALL);
        match step % 4 {
            0 | 1 => {
                intervals.insert(range.clone());
                plain.extend(range);
            }
            2 => {
                intervals.remove(range.clone());
                plain.retain(|number| !range.contains(number));
            }
            _ => {
                assert_eq!(intervals.covers(range.clone()), range.clone().all(|number| plain.contains(&number)));
                assert_eq!(intervals.count_within(range.clone()), plain.range(range).count() as u64);
            }
        }
    }
    assert_eq!(intervals.len(), plain.len() as u64);
    assert_eq!(intervals.ranges().iter().cloned().flatten().collect::<BTreeSet<_>>(), plain);
    assert!(intervals.ranges().windows(2).all(|pair| pair[0].end < pair[1].start), "ranges that touch");
    let holes = intervals.holes(SMALL).into_iter().flatten().collect::<BTreeSet<_>>();
    assert_eq!(holes, (0..SMALL).filter(|number| !plain.contains(number)).collect());
    let fetched = packs_to_fetch(&intervals, SMALL).iter().map(|name| name.items()).collect::<Intervals>();
    assert!(holes.iter().all(|number| fetched.contains(*number)), "a hole that no pack fills");
}

/// Inclusion proofs: only the true proof of the true item at its true place holds.
pub fn closing(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let count = usize::from(script.byte().unwrap_or(0)) % 70 + 1;
    let items = (0..count as u8).map(|number| ItemId([number; 32])).collect::<Vec<_>>();
    let root = closing_root(items.iter().copied());
    let seq = usize::from(script.byte().unwrap_or(0)) % count;
    let mut proof = inclusion_proof(&items, seq).unwrap_or_default();
    let (mut claimed_items, mut claimed_seq, mut item) = (count as u64, seq as u64, items[seq]);
    while let Some(step) = script.byte() {
        let place = usize::from(script.byte().unwrap_or(0));
        match step % 8 {
            0 => claimed_seq = script.number(),
            1 => claimed_items = script.number(),
            2 => item.0[place % 32] ^= script.byte().unwrap_or(1),
            3 if !proof.is_empty() => {
                let hash = place % proof.len();
                proof[hash][place % 32] ^= script.byte().unwrap_or(1);
            }
            4 if !proof.is_empty() => {
                proof.remove(place % proof.len());
            }
            5 => proof.insert(place % (proof.len() + 1), [step; 32]),
            6 => claimed_seq = place as u64,
            _ => claimed_items = place as u64,
        }
    }
    let holds = proof_holds(&root, claimed_items, claimed_seq, &item, &proof);
    let is_true = claimed_items == count as u64
        && items.get(claimed_seq as usize) == Some(&item)
        && inclusion_proof(&items, claimed_seq as usize) == Some(proof);
    // A tree of another size can have the same shape along one path: RFC 9162 binds the size by the signature over it.
    assert!(holds || !is_true, "the true proof does not hold");
    assert!(!holds || is_true || claimed_items != count as u64, "a false proof holds");
}

/// Paths of the tree have one spelling; names of plain copies can do no harm, whatever the title.
pub fn tree(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(path) = text.parse::<TreePath>() {
        assert_eq!(path.to_string(), text);
        let (folders, name) = path.folders_and_name();
        assert!(folders.iter().chain([&name]).all(|name| is_safe_name(name)), "{text}");
    }
    for name in text.split('/') {
        if is_safe_name(name) {
            let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
            assert!(
                name.len() <= SAFE_NAME_BYTES_MAX && name.bytes().all(is_plain) && !name.starts_with('.'),
                "{name:?}"
            );
        }
    }
    let (title, extension) = text.rsplit_once('.').unwrap_or((text, ""));
    let name = plain_file_name(title, extension);
    assert!(name.len() <= PLAIN_NAME_BYTES_MAX && name.chars().all(is_safe_title_char), "{name:?}");
    assert!(!name.starts_with(['.', ' ', '-']) && is_plain_file_name(&name), "{name:?}");
}
