//! What to ask for, and in which order. Pure: the same holdings give the same plan.

use crate::id::{ItemId, LogId};
use crate::intervals::Intervals;
use crate::kind::Class;
use crate::limits::PACK_LEVEL_MAX;
use crate::pack::PackName;

/// What one request costs, in items that it could have carried: a round trip of 100 ms at about 1 MB/s is some 128 posts.
const REQUEST_COST_ITEMS: u64 = 128;

/// The packs to ask a published tree for, oldest first, so that everything missing of a log with `items` items arrives.
///
/// Chooses the cheapest cover: a larger pack that brings a few known items again, or several small ones.
pub fn packs_to_fetch(held: &Intervals, items: u64) -> Vec<PackName> {
    let mut plan = Vec::new();
    let top = 8u64.pow(u32::from(PACK_LEVEL_MAX));
    for index in 0..items.div_ceil(top) {
        if let Some(name) = PackName::new(PACK_LEVEL_MAX, index) {
            plan.extend(cheapest(name, held, items).1);
        }
    }
    plan
}

fn cheapest(name: PackName, held: &Intervals, items: u64) -> (u64, Vec<PackName>) {
    let range = name.items();
    let within = range.start..range.end.min(items);
    let missing = within.end.saturating_sub(within.start) - held.count_within(within);
    if missing == 0 {
        return (0, Vec::new());
    }
    let whole = (REQUEST_COST_ITEMS + name.length(), vec![name]);
    if name.is_published(items) && (missing == name.length() || name.level == 0) {
        return whole;
    }
    let split = name.children().map(|child| cheapest(child, held, items));
    let split = split.fold((0u64, Vec::new()), |(cost, mut plan), (more, packs)| {
        plan.extend(packs);
        (cost.saturating_add(more), plan)
    });
    // A child that is not published stands for "cannot be had this way".
    match name.is_published(items) {
        true if whole.0 <= split.0 => whole,
        _ if name.level == 0 => (u64::MAX, Vec::new()),
        _ => split,
    }
}

/// A blob that somebody wants, with what decides its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobWant {
    /// Plain BLAKE3.
    pub blob: [u8; 32],
    /// Bytes.
    pub size: u64,
    /// Class of its rendition.
    pub class: Class,
    /// The item that names it, and its time.
    pub item: ItemId,
    /// The item's log.
    pub log: LogId,
    /// The item's time; newer goes first within a class.
    pub time: u64,
}

/// Puts wants in their order: class, then newest first, then smaller first. Removes repetitions of a blob.
pub fn order_blobs(wants: &mut Vec<BlobWant>) {
    wants.sort_by(|a, b| {
        let rank = |want: &BlobWant| (want.class, core::cmp::Reverse(want.time), want.size, want.blob);
        rank(a).cmp(&rank(b))
    });
    let mut seen = std::collections::BTreeSet::new();
    wants.retain(|want| seen.insert(want.blob));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fetched(plan: &[PackName]) -> Intervals {
        plan.iter().map(|name| name.items()).collect()
    }

    proptest! {
        #[test]
        fn a_plan_brings_everything_and_only_published_packs(
            items in 0u64..9_000,
            gaps in prop::collection::vec((0u64..9_000, 1u64..900), 0..5),
        ) {
            let mut held = Intervals::from_iter(std::iter::once(0..items));
            gaps.iter().for_each(|(start, length)| held.remove(*start..start + length));
            let plan = packs_to_fetch(&held, items);
            prop_assert!(plan.iter().all(|name| name.is_published(items)));
            let got = fetched(&plan);
            for hole in held.holes(items) {
                prop_assert!(got.covers(hole.clone()) || hole.clone().all(|seq| got.contains(seq)), "{hole:?}");
            }
        }
    }

    #[test]
    fn five_days_behind_costs_few_requests() {
        let requests = (20_000u64..24_096)
            .map(|items| packs_to_fetch(&Intervals::from_iter(std::iter::once(0..items - 500)), items).len());
        let mean = requests.sum::<usize>() as f64 / 4096.0;
        assert!(mean <= 12.0, "{mean} packs on average");
    }

    /// On a slow line eight posts for one that is missing are seven too many; eight requests for eight posts are worse.
    #[test]
    fn one_missing_item_comes_alone_and_several_come_together() {
        let plan = |missing: &[u64]| {
            let mut held = Intervals::from_iter(std::iter::once(0..8));
            missing.iter().for_each(|seq| held.remove(*seq..seq + 1));
            packs_to_fetch(&held, 8).iter().map(PackName::to_string).collect::<Vec<_>>()
        };
        assert_eq!(plan(&[3]), ["0-3"]);
        assert_eq!(plan(&[3, 4]), ["1-0"]);
        assert_eq!(plan(&[]), [""; 0]);
    }

    #[test]
    fn a_new_reader_takes_the_largest_packs() {
        let plan = packs_to_fetch(&Intervals::new(), 4096 * 2 + 9);
        let levels = plan.iter().map(|name| name.level).collect::<Vec<_>>();
        assert_eq!(levels, [4, 4, 1, 0]);
    }
}
