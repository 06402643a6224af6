//! What the cluster says it did: the changes of each revision, from the history of a node.

use std::collections::BTreeMap;

use crate::history::{History, Record, Write};

/// The changes of all revisions after the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// By revision, the new value of each key that changed; none for a delete.
    pub revisions: BTreeMap<u64, BTreeMap<String, Option<String>>>,
    /// The ledger is complete from after this revision.
    pub after: u64,
}

impl Ledger {
    /// Adds changes of a revision.
    pub fn add(&mut self, revision: u64, changes: impl IntoIterator<Item = Write>) {
        let known = self.revisions.entry(revision).or_default();
        known.extend(changes.into_iter().map(|change| (change.key, change.value)));
    }

    /// What a watch of all keys from the beginning saw.
    #[must_use]
    pub fn of_watch(history: &History, watch: u64) -> Self {
        let mut ledger = Self::default();
        for record in &history.records {
            match record {
                Record::Watched { watch: id, revision, changes, .. }
                    if *id == watch && !changes.is_empty() =>
                {
                    ledger.add(*revision, changes.iter().cloned());
                }
                Record::Watched { .. }
                | Record::Operation(_)
                | Record::WatchBegan { .. }
                | Record::WatchEnded { .. } => {}
            }
        }
        ledger
    }

    /// By key, its changes in order: the revision and the new value.
    #[must_use]
    pub fn by_key(&self) -> BTreeMap<&str, Vec<(u64, Option<&str>)>> {
        let mut keys: BTreeMap<&str, Vec<(u64, Option<&str>)>> = BTreeMap::new();
        for (revision, changes) in &self.revisions {
            for (key, value) in changes {
                keys.entry(key).or_default().push((*revision, value.as_deref()));
            }
        }
        keys
    }

    /// By value, the revisions that wrote it.
    #[must_use]
    pub fn by_value(&self) -> BTreeMap<&str, Vec<u64>> {
        let mut values: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (revision, changes) in &self.revisions {
            for value in changes.values().flatten() {
                values.entry(value).or_default().push(*revision);
            }
        }
        values
    }
}
