//! Maps and sets in the order of their keys, whose code is nearly the same for all types.
//!
//! The standard library's trees are made anew for each type of key and value: three kilobytes each, in an app that every
//! reader has to fetch. Here keys and values of a map lie in one piece of memory, in the order in which they came; the
//! numbers of their places are kept in the order of the keys, by code that knows no types and is there once.
//!
//! Costs: finding takes as many comparisons as in a tree; putting in and taking out move at most some hundred numbers, and a
//! number for each such group.

use core::cmp::Ordering;
use core::fmt::{Debug, Formatter};
use core::ops::{Bound, RangeBounds};

/// Numbers kept together; a group that comes to twice as many is split.
const GROUP_LENGTH: usize = 256;

/// A map in the order of its keys.
#[derive(Clone)]
pub struct SortedMap<K, V> {
    order: Order,
    entries: Vec<(K, V)>,
}

/// A set in its order.
#[derive(Clone)]
pub struct SortedSet<K> {
    keys: SortedMap<K, ()>,
}

/// Numbers of entries, in an order that only whoever compares knows. No group is empty.
#[derive(Clone, Debug, Default)]
struct Order {
    groups: Vec<Vec<u32>>,
}

/// A place between two numbers: the group, and how many numbers of it stand before.
type Place = (usize, usize);

impl Order {
    /// Where an entry stands, or would have to: `compare` says of an entry how it stands to the one that is looked for.
    #[inline(never)]
    fn find(&self, compare: &mut dyn FnMut(u32) -> Ordering) -> Result<Place, Place> {
        let groups = self.groups.partition_point(|group| compare(group[0]) != Ordering::Greater);
        let Some(group) = groups.checked_sub(1) else { return Err((0, 0)) };
        match self.groups[group].binary_search_by(|number| compare(*number)) {
            Ok(index) => Ok((group, index)),
            Err(index) => Err((group, index)),
        }
    }

    #[inline(never)]
    fn insert(&mut self, (group, index): Place, number: u32) {
        let Some(numbers) = self.groups.get_mut(group) else {
            self.groups.push(vec![number]);
            return;
        };
        numbers.insert(index, number);
        if numbers.len() == 2 * GROUP_LENGTH {
            let behind = numbers.split_off(GROUP_LENGTH);
            self.groups.insert(group + 1, behind);
        }
    }

    #[inline(never)]
    fn remove(&mut self, (group, index): Place) -> u32 {
        let number = self.groups[group].remove(index);
        if self.groups[group].is_empty() {
            self.groups.remove(group);
        }
        number
    }

    fn at(&mut self, (group, index): Place) -> &mut u32 {
        &mut self.groups[group][index]
    }

    fn end(&self) -> Place {
        (self.groups.len(), 0)
    }
}

/// The numbers between two places.
#[derive(Clone, Debug)]
struct Numbers<'a> {
    groups: &'a [Vec<u32>],
    front: Place,
    back: Place,
}

impl Iterator for Numbers<'_> {
    type Item = u32;

    #[inline(never)]
    fn next(&mut self) -> Option<u32> {
        // The end of a group and the beginning of the next are the same place.
        if self.front < self.back && self.front.1 == self.groups[self.front.0].len() {
            self.front = (self.front.0 + 1, 0);
        }
        if self.front >= self.back {
            return None;
        }
        self.front.1 += 1;
        Some(self.groups[self.front.0][self.front.1 - 1])
    }
}

impl DoubleEndedIterator for Numbers<'_> {
    #[inline(never)]
    fn next_back(&mut self) -> Option<u32> {
        if self.front < self.back && self.back.1 == 0 {
            self.back = (self.back.0 - 1, self.groups[self.back.0 - 1].len());
        }
        if self.front >= self.back {
            return None;
        }
        self.back.1 -= 1;
        Some(self.groups[self.back.0][self.back.1])
    }
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> SortedMap<K, V> {
    /// An empty map.
    pub const fn new() -> Self {
        SortedMap { order: Order { groups: Vec::new() }, entries: Vec::new() }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.order.groups.clear();
        self.entries.clear();
    }

    /// All keys and values, ascending.
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.between((0, 0), self.order.end())
    }

    /// All keys, ascending.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// All values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.iter().map(|(_, value)| value)
    }

    /// All values, to be changed, in no order.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    /// The smallest key and its value.
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// The largest key and its value.
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next_back()
    }

    /// All values, in the order of their keys.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.into_iter().map(|(_, value)| value)
    }

    fn between(&self, front: Place, back: Place) -> Iter<'_, K, V> {
        Iter { numbers: Numbers { groups: &self.order.groups, front, back }, entries: &self.entries }
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    fn find(&self, key: &K) -> Result<Place, Place> {
        self.order.find(&mut |number| self.entries[number as usize].0.cmp(key))
    }

    fn number(&self, key: &K) -> Option<usize> {
        let (group, index) = self.find(key).ok()?;
        Some(self.order.groups[group][index] as usize)
    }

    /// Whether there is a value for a key.
    pub fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        Some(&self.entries[self.number(key)?].1)
    }

    /// The same, to be changed.
    pub fn at_mut(&mut self, key: &K) -> Option<&mut V> {
        let number = self.number(key)?;
        Some(&mut self.entries[number].1)
    }

    /// Puts a value in the place of the one that the key had, and gives that.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok((group, index)) => {
                let number = self.order.groups[group][index] as usize;
                Some(core::mem::replace(&mut self.entries[number].1, value))
            }
            Err(place) => {
                self.push(place, key, value);
                None
            }
        }
    }

    /// The value of a key, which is made if there is none.
    pub fn at_or_insert(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let number = match self.find(&key) {
            Ok((group, index)) => self.order.groups[group][index] as usize,
            Err(place) => {
                self.push(place, key, make());
                self.entries.len() - 1
            }
        };
        &mut self.entries[number].1
    }

    fn push(&mut self, place: Place, key: K, value: V) {
        // Four thousand million entries do not fit into anybody's memory.
        self.order.insert(place, self.entries.len() as u32);
        self.entries.push((key, value));
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.find(key).ok()?;
        // The last entry goes to where the hole would be.
        let last = self.entries.len() - 1;
        if let Ok(of_last) = self.find(&self.entries[last].0) {
            let (group, index) = place;
            *self.order.at(of_last) = self.order.groups[group][index];
        }
        let number = self.order.remove(place);
        Some(self.entries.swap_remove(number as usize).1)
    }

    /// Keys of a range and their values, ascending.
    pub fn range(&self, range: impl RangeBounds<K>) -> Iter<'_, K, V> {
        let place = |found: Result<Place, Place>, is_behind: bool| match found {
            Ok((group, index)) => (group, index + usize::from(is_behind)),
            Err(place) => place,
        };
        let front = match range.start_bound() {
            Bound::Unbounded => (0, 0),
            Bound::Included(key) => place(self.find(key), false),
            Bound::Excluded(key) => place(self.find(key), true),
        };
        let back = match range.end_bound() {
            Bound::Unbounded => self.order.end(),
            Bound::Included(key) => place(self.find(key), true),
            Bound::Excluded(key) => place(self.find(key), false),
        };
        self.between(front, back)
    }
}

/// Keys and values, ascending.
#[derive(Debug)]
pub struct Iter<'a, K, V> {
    numbers: Numbers<'a>,
    entries: &'a [(K, V)],
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Iter { numbers: self.numbers.clone(), entries: self.entries }
    }
}

impl<'a, K, V> Iter<'a, K, V> {
    fn entry(&self, number: u32) -> (&'a K, &'a V) {
        let (key, value) = &self.entries[number as usize];
        (key, value)
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.numbers.next()?;
        Some(self.entry(number))
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let number = self.numbers.next_back()?;
        Some(self.entry(number))
    }
}

impl<'a, K, V> IntoIterator for &'a SortedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<K, V> IntoIterator for SortedMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    /// Keys and values, ascending.
    fn into_iter(self) -> Self::IntoIter {
        let mut entries = self.entries.into_iter().map(Some).collect::<Vec<_>>();
        let numbers = self.order.groups.into_iter().flatten();
        numbers.filter_map(|number| entries[number as usize].take()).collect::<Vec<_>>().into_iter()
    }
}

impl<K: Ord, V> Extend<(K, V)> for SortedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = SortedMap::new();
        map.extend(entries);
        map
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SortedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for SortedMap<K, V> {}

impl<K: Debug, V: Debug> Debug for SortedMap<K, V> {
    fn fmt(&self, out: &mut Formatter<'_>) -> core::fmt::Result {
        out.debug_map().entries(self.iter()).finish()
    }
}

impl<K> Default for SortedSet<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> SortedSet<K> {
    /// An empty set.
    pub const fn new() -> Self {
        SortedSet { keys: SortedMap::new() }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.keys.clear();
    }

    /// All keys, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.keys.keys()
    }

    /// The smallest key.
    pub fn first(&self) -> Option<&K> {
        self.iter().next()
    }
}

impl<K: Ord> SortedSet<K> {
    /// Whether a key is in it.
    pub fn contains(&self, key: &K) -> bool {
        self.keys.contains_key(key)
    }

    /// Puts a key in. False if it was there already.
    pub fn insert(&mut self, key: K) -> bool {
        self.keys.insert(key, ()).is_none()
    }

    /// Takes a key out. False if it was not there.
    pub fn remove(&mut self, key: &K) -> bool {
        self.keys.remove(key).is_some()
    }

    /// Keys of a range, ascending.
    pub fn range(&self, range: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = &K> {
        self.keys.range(range).map(|(key, ())| key)
    }
}

impl<K> IntoIterator for SortedSet<K> {
    type Item = K;
    type IntoIter = std::iter::Map<std::vec::IntoIter<(K, ())>, fn((K, ())) -> K>;

    /// All keys, ascending.
    fn into_iter(self) -> Self::IntoIter {
        self.keys.into_iter().map(|(key, ())| key)
    }
}

impl<K: Ord> Extend<K> for SortedSet<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        self.keys.extend(keys.into_iter().map(|key| (key, ())));
    }
}

impl<K: Ord> FromIterator<K> for SortedSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = SortedSet::new();
        set.extend(keys);
        set
    }
}

impl<K: Ord, const N: usize> From<[K; N]> for SortedSet<K> {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}

impl<K: PartialEq> PartialEq for SortedSet<K> {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl<K: Eq> Eq for SortedSet<K> {}

impl<K: Debug> Debug for SortedSet<K> {
    fn fmt(&self, out: &mut Formatter<'_>) -> core::fmt::Result {
        out.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn maps_and_sets_are_equal_when_all_of_them_is() {
        let map = |entries: &[(u8, u8)]| entries.iter().copied().collect::<SortedMap<_, _>>();
        assert!(map(&[(2, 1), (1, 1)]) == map(&[(1, 1), (2, 1)]));
        for other in [&[(1, 1)][..], &[(1, 1), (2, 9)], &[(1, 1), (3, 1)], &[(1, 1), (2, 1), (3, 1)], &[]] {
            assert!(map(&[(1, 1), (2, 1)]) != map(other), "{other:?}");
        }
        let set = |keys: &[u8]| keys.iter().copied().collect::<SortedSet<_>>();
        assert!(set(&[2, 1]) == set(&[1, 2]) && set(&[1]) != set(&[2]) && set(&[1]) != set(&[1, 2]));
        assert!(set(&[]).is_empty() && !set(&[1]).is_empty());
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u16, u8),
        Add(u16),
        Remove(u16),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        // More keys than a group holds, and few enough that they are met again.
        let key = || 0_u16..3_000;
        let step = prop_oneof![
            4 => (key(), any::<u8>()).prop_map(|(key, value)| Step::Insert(key, value)),
            1 => key().prop_map(Step::Add),
            2 => key().prop_map(Step::Remove),
        ];
        prop::collection::vec(step, 0..4_000)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_map_holds_what_a_tree_holds(steps in steps(), looks in prop::collection::vec((0_u16..3_100, 0_u16..3_100), 20)) {
            let (mut map, mut tree) = (SortedMap::new(), BTreeMap::new());
            for step in steps {
                match step {
                    Step::Insert(key, value) => prop_assert_eq!(map.insert(key, value), tree.insert(key, value)),
                    Step::Remove(key) => prop_assert_eq!(map.remove(&key), tree.remove(&key)),
                    Step::Add(key) => {
                        let (ours, theirs) = (map.at_or_insert(key, || 7), tree.entry(key).or_insert(7));
                        *ours = ours.wrapping_add(1);
                        *theirs = theirs.wrapping_add(1);
                        prop_assert_eq!(map.at_mut(&key), tree.get_mut(&key));
                    }
                }
            }
            prop_assert!(map.iter().eq(tree.iter()) && map.iter().rev().eq(tree.iter().rev()));
            prop_assert!(map.keys().eq(tree.keys()) && map.values().eq(tree.values()));
            prop_assert_eq!((map.len(), map.is_empty()), (tree.len(), tree.is_empty()));
            prop_assert_eq!(map.first_key_value(), tree.first_key_value());
            prop_assert_eq!(map.last_key_value(), tree.last_key_value());
            for (from, to) in looks {
                prop_assert_eq!((map.get(&from), map.contains_key(&to)), (tree.get(&from), tree.contains_key(&to)));
                prop_assert!(map.range(from..).eq(tree.range(from..)) && map.range(..from).rev().eq(tree.range(..from).rev()));
                let (from, to) = (from.min(to), from.max(to));
                prop_assert!(map.range(from..to).eq(tree.range(from..to)));
                prop_assert!(map.range(from..=to).rev().eq(tree.range(from..=to).rev()));
            }
            prop_assert_eq!(format!("{map:?}"), format!("{tree:?}"));
            prop_assert!(map.clone() == tree.clone().into_iter().rev().collect());
            prop_assert!(map.clone().into_values().eq(tree.values().copied()));
            prop_assert!(map.into_iter().eq(tree));
        }

        #[test]
        fn both_ends_of_an_iterator_meet(keys in prop::collection::btree_set(any::<u16>(), 0..2_000), ends in prop::collection::vec(any::<bool>(), 2_001)) {
            let map = keys.iter().map(|key| (*key, ())).collect::<SortedMap<_, _>>();
            let (mut ours, mut theirs) = (map.keys(), keys.iter());
            for is_front in ends {
                let (our, their) = if is_front { (ours.next(), theirs.next()) } else { (ours.next_back(), theirs.next_back()) };
                prop_assert_eq!(our, their);
            }
        }
    }

    #[test]
    fn a_set_holds_what_a_tree_holds() {
        let (mut set, mut tree) = (SortedSet::from([5, 3]), BTreeSet::from([5, 3]));
        for key in [9, 3, 1, 7] {
            assert_eq!(set.insert(key), tree.insert(key));
        }
        assert_eq!((set.remove(&5), set.remove(&5)), (true, false));
        tree.remove(&5);
        assert!(set.iter().eq(tree.iter()) && set.range(2..8).eq(tree.range(2..8)));
        assert_eq!((set.first(), set.len(), set.contains(&7)), (Some(&1), 4, true));
        assert_eq!(format!("{set:?}"), format!("{tree:?}"));
        set.clear();
        assert!(set.is_empty() && set == SortedSet::default());
    }

    /// A channel may have a hundred thousand items, and their IDs come in no order.
    #[test]
    fn many_keys_in_no_order_are_no_burden() {
        let key = |number: u32| number.wrapping_mul(2_654_435_761);
        let map = (0..100_000).map(|number| (key(number), number)).collect::<SortedMap<_, _>>();
        assert!((0..100_000).all(|number| map.get(&key(number)) == Some(&number)));
        assert!(map.order.groups.iter().all(|group| !group.is_empty() && group.len() < 2 * GROUP_LENGTH));
    }
}
