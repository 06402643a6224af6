//! Which values have a key: one persistent structure for all kinds of keys, of which most belong to one value.

use std::borrow::Borrow;

use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set};

/// The values that have each key, in their order.
#[derive(Debug, Clone)]
pub struct Lookup<K: Ord, V: Ord> {
    values: Map<K, Values<V>>,
}

/// Most keys are a name or an address, and need no set.
#[derive(Debug, Clone)]
enum Values<V: Ord> {
    One(V),
    Many(Set<V>),
}

impl<V: Ord + Clone> Values<V> {
    fn add(&mut self, value: V) {
        match self {
            Self::Many(known) => known.insert_mut(value),
            Self::One(known) if *known == value => {}
            Self::One(known) => *self = Self::Many([known.clone(), value].into_iter().collect()),
        }
    }

    /// Takes one of many out; the last one that is left needs no set.
    fn take(&mut self, value: &V) {
        let Self::Many(known) = self else { return };
        known.remove_mut(value);
        if known.size() == 1
            && let Some(last) = known.first().cloned()
        {
            *self = Self::One(last);
        }
    }
}

impl<K: Ord, V: Ord> Default for Lookup<K, V> {
    fn default() -> Self {
        Self { values: Map::default() }
    }
}

impl<K: Ord + Clone, V: Ord + Clone> Lookup<K, V> {
    /// Gives a value a key.
    pub fn insert(&mut self, key: K, value: V) {
        match self.values.get_mut(&key) {
            None => self.values.insert_mut(key, Values::One(value)),
            Some(known) => known.add(value),
        }
    }

    /// Takes a key from a value.
    pub fn remove(&mut self, key: &K, value: &V) {
        match self.values.get_mut(key) {
            Some(Values::One(known)) if known == value => {
                self.values.remove_mut(key);
            }
            Some(known @ Values::Many(_)) => known.take(value),
            Some(Values::One(_)) | None => {}
        }
    }

    /// The values that have a key, in their order.
    pub fn of<Q: Ord + ?Sized>(&self, key: &Q) -> impl Iterator<Item = &V>
    where
        K: Borrow<Q>,
    {
        let (one, many) = match self.values.get(key) {
            None => (None, None),
            Some(Values::One(value)) => (Some(value), None),
            Some(Values::Many(values)) => (None, Some(values)),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// How many values have a key.
    pub fn count<Q: Ord + ?Sized>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
    {
        match self.values.get(key) {
            None => 0,
            Some(Values::One(_)) => 1,
            Some(Values::Many(values)) => values.size(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_lookup_has_what_a_set_of_pairs_has(
            steps in prop::collection::vec((any::<bool>(), 0..6_u8, 0..6_u8), 0..200),
        ) {
            let (mut lookup, mut pairs) = (Lookup::default(), BTreeSet::new());
            for (insert, key, value) in steps {
                let earlier = lookup.clone();
                if insert {
                    lookup.insert(key, value);
                    pairs.insert((key, value));
                } else {
                    lookup.remove(&key, &value);
                    pairs.remove(&(key, value));
                }
                let of = |lookup: &Lookup<u8, u8>, key| lookup.of(&key).copied().collect::<Vec<_>>();
                let was = of(&earlier, key);
                for key in 0..6 {
                    let has: Vec<u8> =
                        pairs.iter().filter(|(of, _)| *of == key).map(|(_, value)| *value).collect();
                    prop_assert_eq!(lookup.count(&key), has.len());
                    prop_assert_eq!(of(&lookup, key), has);
                }
                prop_assert_eq!(of(&earlier, key), was, "who has it keeps it as it was");
            }
            let is_needed = |values: &Values<u8>| match values {
                Values::One(_) => true,
                Values::Many(values) => values.size() > 1,
            };
            prop_assert!(lookup.values.values().all(is_needed));
        }
    }
}
