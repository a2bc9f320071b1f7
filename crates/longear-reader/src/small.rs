//! A map for few keys: sorted, in one piece of memory.
//!
//! The standard library's trees are made for many keys, and their code is made anew for each type: three kilobytes each, in an
//! app that every reader has to fetch.

/// A map whose keys are few, or come in order: putting one in between moves all that stand behind it.
#[derive(Clone, Debug)]
pub struct SmallMap<K, V> {
    entries: Vec<(K, V)>,
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        SmallMap { entries: Vec::new() }
    }
}

impl<K: Copy + Ord, V> SmallMap<K, V> {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The value of a key.
    pub fn get(&self, key: K) -> Option<&V> {
        let place = self.place(key).ok()?;
        Some(&self.entries[place].1)
    }

    /// The same, to be changed.
    pub fn at_mut(&mut self, key: K) -> Option<&mut V> {
        let place = self.place(key).ok()?;
        Some(&mut self.entries[place].1)
    }

    /// Puts a value in the place of the one that the key had.
    pub fn insert(&mut self, key: K, value: V) {
        match self.place(key) {
            Ok(place) => self.entries[place].1 = value,
            Err(place) => self.entries.insert(place, (key, value)),
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: K) -> Option<V> {
        let place = self.place(key).ok()?;
        Some(self.entries.remove(place).1)
    }

    /// All keys and values, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.entries.iter().map(|(key, value)| (*key, value))
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    fn place(&self, key: K) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&key, |(held, _)| *held)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_tree_holds(steps in prop::collection::vec((any::<bool>(), 0_u8..20, any::<u16>()), 0..200)) {
            let (mut small, mut tree) = (SmallMap::default(), BTreeMap::new());
            for (inserts, key, value) in steps {
                if inserts {
                    small.insert(key, value);
                    tree.insert(key, value);
                } else {
                    prop_assert_eq!(small.remove(key), tree.remove(&key));
                }
                prop_assert_eq!(small.get(key), tree.get(&key));
                prop_assert_eq!(small.at_mut(key), tree.get_mut(&key));
                prop_assert!(small.iter().eq(tree.iter().map(|(key, value)| (*key, value))));
                prop_assert!(small.values_mut().eq(tree.values_mut()));
                prop_assert_eq!(small.len(), tree.len());
            }
        }
    }
}
