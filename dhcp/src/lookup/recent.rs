//! A map with room for so many entries: a new one takes the place of the one used longest ago.
//!
//! It is for what the network makes entries of: however many there are, it does not grow.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The entries that were used last.
#[derive(Debug, Clone)]
pub struct Recent<K, V> {
    entries: BTreeMap<K, (V, u64)>,
    /// The keys in the order of their last use.
    used: BTreeMap<u64, K>,
    next: u64,
    room: usize,
}

impl<K: Clone + Ord, V> Recent<K, V> {
    /// An empty map with room for this many entries, at least one.
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self { entries: BTreeMap::new(), used: BTreeMap::new(), next: 0, room: room.max(1) }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key, which does not count as a use.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(value, _)| value)
    }

    /// The keys in a range, in their order.
    pub fn keys(&self, range: RangeInclusive<K>) -> impl Iterator<Item = &K> {
        self.entries.range(range).map(|(key, _)| key)
    }

    /// The value of a key, made anew if there is none. The key is now the one used last.
    pub fn at(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        match self.entries.get(&key) {
            Some((_, used)) => {
                self.used.remove(used);
            }
            None if self.entries.len() >= self.room => {
                if let Some((_, oldest)) = self.used.pop_first() {
                    self.entries.remove(&oldest);
                }
            }
            None => {}
        }
        let now = self.next;
        self.next += 1;
        self.used.insert(now, key.clone());
        let (value, used) = self.entries.entry(key).or_insert_with(|| (make(), now));
        *used = now;
        value
    }

    /// Forgets an entry.
    pub fn remove(&mut self, key: &K) {
        if let Some((_, used)) = self.entries.remove(key) {
            self.used.remove(&used);
        }
    }

    /// Forgets the entries used longest ago, up to the first that is not over.
    pub fn forget_while(&mut self, over: impl Fn(&V) -> bool) {
        while let Some(oldest) = self.used.first_entry() {
            if self.entries.get(oldest.get()).is_some_and(|(value, _)| !over(value)) {
                return;
            }
            self.entries.remove(&oldest.remove());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_used_longest_ago_makes_room() {
        let mut recent = Recent::with_room(2);
        for key in [1, 2, 1, 3] {
            *recent.at(key, || 0) += 1;
        }
        assert_eq!((recent.get(&1), recent.get(&2), recent.get(&3)), (Some(&2), None, Some(&1)));
        assert_eq!(recent.keys(1..=9).collect::<Vec<_>>(), [&1, &3]);
    }

    #[test]
    fn the_oldest_are_forgotten_up_to_the_first_that_is_not_over() {
        let mut recent = Recent::with_room(9);
        for (key, value) in [(1, 1), (2, 1), (3, 5), (4, 1)] {
            recent.at(key, || value);
        }
        recent.forget_while(|value| *value < 5);
        assert_eq!(recent.keys(1..=9).collect::<Vec<_>>(), [&3, &4]);
        recent.forget_while(|_| true);
        assert!(recent.is_empty() && recent.used.is_empty());
    }

    #[test]
    fn it_does_not_grow() {
        let mut recent = Recent::with_room(100);
        for key in 0..10_000 {
            recent.at(key % 3_000, || ());
        }
        assert_eq!((recent.len(), recent.used.len()), (100, 100));
    }
}
