//! Numbers in use as intervals: what is used in a row costs one entry, however much it is.

use rpds::RedBlackTreeMapSync;

/// A persistent set of numbers, kept as the intervals that they make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intervals {
    /// The first number of each interval with its last. No two touch.
    last_of: RedBlackTreeMapSync<u128, u128>,
}

impl Intervals {
    /// Adds a number.
    pub fn insert(&mut self, number: u128) {
        if self.contains(number) {
            return;
        }
        let before = self.before(number);
        let first = match before {
            Some((first, last)) if last.checked_add(1) == Some(number) => first,
            Some(_) | None => number,
        };
        let next = number.checked_add(1);
        let after = next.and_then(|next| Some((next, *self.last_of.get(&next)?)));
        if let Some((next, _)) = after {
            self.last_of.remove_mut(&next);
        }
        self.last_of.insert_mut(first, after.map_or(number, |(_, last)| last));
    }

    /// Removes a number.
    pub fn remove(&mut self, number: u128) {
        let Some((first, last)) = self.interval_of(number) else { return };
        if first == number {
            self.last_of.remove_mut(&first);
        } else {
            self.last_of.insert_mut(first, number - 1);
        }
        if number < last {
            self.last_of.insert_mut(number + 1, last);
        }
    }

    /// Whether a number is in the set.
    #[must_use]
    pub fn contains(&self, number: u128) -> bool {
        self.interval_of(number).is_some()
    }

    /// The intervals that reach into `first` to `last`, in order.
    pub fn within(&self, first: u128, last: u128) -> impl Iterator<Item = (u128, u128)> {
        let from = self.interval_of(first).map_or(first, |(first, _)| first);
        self.last_of.range(from..=last).map(|(first, last)| (*first, *last))
    }

    fn interval_of(&self, number: u128) -> Option<(u128, u128)> {
        self.before(number).filter(|(_, last)| number <= *last)
    }

    /// The last interval that begins at a number or before it.
    fn before(&self, number: u128) -> Option<(u128, u128)> {
        self.last_of.range(..=number).next_back().map(|(first, last)| (*first, *last))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn intervals_hold_what_a_set_of_numbers_holds(
            steps in prop::collection::vec((any::<bool>(), 0_u128..24), 0..200),
        ) {
            let (mut intervals, mut set) = (Intervals::default(), BTreeSet::new());
            for (insert, number) in steps {
                if insert {
                    intervals.insert(number);
                    set.insert(number);
                } else {
                    intervals.remove(number);
                    set.remove(&number);
                }
            }
            let all: Vec<(u128, u128)> = intervals.within(0, u128::MAX).collect();
            let numbers: BTreeSet<u128> = all.iter().flat_map(|&(first, last)| first..=last).collect();
            prop_assert_eq!(&numbers, &set);
            for pair in all.windows(2) {
                prop_assert!(pair[0].1 + 1 < pair[1].0, "intervals that touch are one");
            }
            for number in 0..24 {
                prop_assert_eq!(intervals.contains(number), set.contains(&number));
            }
        }
    }

    #[test]
    fn the_ends_of_all_numbers_belong_to_them() {
        let mut intervals = Intervals::default();
        for number in [0, u128::MAX, u128::MAX - 1, 1] {
            intervals.insert(number);
        }
        assert_eq!(intervals.within(0, 5).collect::<Vec<_>>(), [(0, 1)]);
        intervals.remove(u128::MAX);
        let last = u128::MAX - 1;
        assert_eq!(intervals.within(9, u128::MAX).collect::<Vec<_>>(), [(last, last)]);
    }
}
