//! Numbers that a process took from a replicated counter ahead of need.
//!
//! A counter that every creation compares and writes makes creations conflict. So a transaction that
//! finds none left takes a batch in one write, and those after it take from the batch without
//! touching the counter. A number is given out once; what a process had left when it stopped
//! is never used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// How many numbers are taken at a time.
pub(crate) const BATCH: u64 = 64;

/// The numbers that are left, by counter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers {
    left: Arc<Mutex<BTreeMap<String, BTreeSet<u64>>>>,
}

/// The numbers of one transaction. They go back when it is dropped and was not [kept](Self::keep).
#[derive(Debug, Default)]
pub(crate) struct Taken {
    numbers: Numbers,
    /// Taken from what was left.
    used: Vec<(String, u64)>,
    /// Taken from the counter by this transaction, and not used yet.
    fresh: BTreeMap<String, BTreeSet<u64>>,
}

impl Numbers {
    /// None yet, for one transaction.
    pub(crate) fn begin(&self) -> Taken {
        Taken { numbers: self.clone(), used: Vec::new(), fresh: BTreeMap::new() }
    }

    fn give(&self, counter: &str, numbers: impl IntoIterator<Item = u64>) {
        let mut left = self.left.lock().expect("no panic while locked");
        left.entry(counter.to_owned()).or_default().extend(numbers);
    }
}

impl Taken {
    /// The least number that is left.
    pub(crate) fn next(&mut self, counter: &str) -> Option<u64> {
        if let Some(number) = self.fresh.get_mut(counter).and_then(BTreeSet::pop_first) {
            return Some(number);
        }
        let mut left = self.numbers.left.lock().expect("no panic while locked");
        let number = left.get_mut(counter)?.pop_first()?;
        self.used.push((counter.to_owned(), number));
        Some(number)
    }

    /// Adds numbers that this transaction takes from the counter.
    pub(crate) fn add(&mut self, counter: &str, numbers: impl IntoIterator<Item = u64>) {
        self.fresh.entry(counter.to_owned()).or_default().extend(numbers);
    }

    /// The transaction is committed: its numbers are used, and the rest of its batch is for all.
    pub(crate) fn keep(&mut self) {
        self.used.clear();
        for (counter, rest) in std::mem::take(&mut self.fresh) {
            self.numbers.give(&counter, rest);
        }
    }

    /// Nobody knows whether the transaction is committed: its numbers are never used again.
    pub(crate) fn lose(&mut self) {
        self.used.clear();
        self.fresh.clear();
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        for (counter, number) in std::mem::take(&mut self.used) {
            self.numbers.give(&counter, [number]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_failed_transaction_are_given_out_again() {
        let numbers = Numbers::default();
        let mut first = numbers.begin();
        assert_eq!(first.next("n"), None);
        first.add("n", 2..5);
        assert_eq!(first.next("n"), Some(2));
        first.keep();
        drop(first);
        let mut second = numbers.begin();
        assert_eq!(second.next("n"), Some(3));
        drop(second);
        let mut third = numbers.begin();
        assert_eq!(third.next("n"), Some(3), "the second used it for nothing");
        third.lose();
        drop(third);
        assert_eq!(numbers.begin().next("n"), Some(4), "the third may have used it");
    }

    #[test]
    fn a_batch_that_was_not_committed_belongs_to_nobody() {
        let numbers = Numbers::default();
        let mut taken = numbers.begin();
        taken.add("n", 2..5);
        drop(taken);
        assert_eq!(numbers.begin().next("n"), None);
    }
}
