//! Typed reads, the same at a view and inside a transaction.

use std::sync::Arc;

mod pages;

use bytes::Bytes;
use raft_store::read::{ReadView, Versioned};
use raft_store::version::FIRST;

use crate::error::TableError;
use crate::indexes::mark;
use crate::key::{Key, encoded};
use crate::row::{
    Index, Row, Unique, decode_with, index_prefix, part_key, prefix, row_id, row_key, unique_key,
};
use crate::views::state::State;

/// Reads of tables at one revision.
pub trait Reads: Sized {
    /// The stored value of a key. Inside a transaction the key becomes part of its compares.
    fn value(&self, key: &Bytes) -> Option<Versioned>;

    /// The objects in memory, at the revision of these reads or a later one: for finding.
    fn state(&self) -> &State;

    /// All keys under a prefix with their values, in order. Never part of the compares.
    fn values(&self, prefix: &[u8]) -> Vec<(Bytes, Versioned)>;

    /// The row with that id.
    ///
    /// # Errors
    /// [`TableError::Corrupt`].
    fn get<T: Row>(&self, id: &T::Id) -> Result<Option<T>, TableError> {
        let key = row_key::<T>(id);
        let Some(stored) = self.value(&key) else { return Ok(None) };
        decode_with(&key, &stored.value, |part| self.value(part).map(|found| found.value)).map(Some)
    }

    /// The last revision at which that row or one of its parts was changed; none when there is no such row.
    /// Inside a transaction that reads at one revision, what it writes itself is of that one.
    fn revision_of<T: Row>(&self, id: &T::Id) -> Option<u64> {
        let row = self.value(&row_key::<T>(id))?;
        let parts = T::PARTS.iter().filter_map(|part| self.value(&part_key::<T>(part, id)));
        Some(parts.fold(row.revision, |last, part| last.max(part.revision)))
    }

    /// All rows of a table, in the order of their ids.
    ///
    /// # Errors
    /// [`TableError::Corrupt`].
    fn list<T: Row>(&self) -> Result<Vec<T>, TableError> {
        let rows = self.values(&prefix::<T>());
        rows.iter().map(|(key, stored)| decode(key, &stored.value, self)).collect()
    }

    /// The row that holds that key of a unique index, if it is a row of this table.
    ///
    /// # Errors
    /// [`TableError::Corrupt`].
    fn find<T: Row>(&self, index: &Unique<T>, key: &impl Key) -> Result<Option<T>, TableError> {
        let Some(holder) = self.value(&unique_key(index.name, &encoded(key))) else {
            return Ok(None);
        };
        row_id::<T>(&holder.value).map_or(Ok(None), |id| self.get(&id))
    }

    /// Whether a secondary index has the entries of all rows. Never part of the compares.
    ///
    /// # Errors
    /// [`TableError::Corrupt`].
    fn is_complete<T: Row>(&self, index: &Index<T>) -> Result<bool, TableError> {
        if index.since <= FIRST {
            Ok(true)
        } else {
            mark::is_complete(index.name, |key| self.uncompared(key))
        }
    }

    /// All rows that have that key of a secondary index, in the order of their ids. As long as the index is not
    /// complete, all rows of the table are read.
    ///
    /// # Errors
    /// [`TableError::Corrupt`].
    fn list_by<T: Row>(&self, index: &Index<T>, key: &impl Key) -> Result<Vec<T>, TableError> {
        if !self.is_complete(index)? {
            let mut rows = self.list::<T>()?;
            rows.retain(|row| (index.keys)(row).contains(&encoded(key)));
            return Ok(rows);
        }
        let entries = index_prefix(index.name, &encoded(key));
        let mut rows = Vec::new();
        for (entry, _) in self.values(&entries) {
            let id = T::Id::decode(&entry[entries.len()..]);
            let row = id.map(|id| row_key::<T>(&id)).and_then(|key| {
                let stored = self.uncompared(&key)?;
                Some(decode::<T>(&key, &stored.value, self))
            });
            rows.push(row.unwrap_or_else(|| {
                Err(TableError::Corrupt {
                    key: String::from_utf8_lossy(&entry).into_owned(),
                    reason: "index entry without a row".to_owned(),
                })
            })?);
        }
        Ok(rows)
    }

    /// The stored value of a key, without making it part of a transaction's compares.
    fn uncompared(&self, key: &Bytes) -> Option<Versioned>;
}

/// Reads the stored form of a row, with the parts that are there at a view.
///
/// # Errors
/// As [`decode_with`].
pub fn decode<T: Row>(key: &[u8], stored: &[u8], at: &impl Reads) -> Result<T, TableError> {
    decode_with(key, stored, |key| at.uncompared(key).map(|found| found.value))
}

/// All tables as they were at one revision.
#[derive(Debug, Clone)]
pub struct View {
    at: ReadView,
    state: Arc<State>,
}

impl View {
    /// The tables in a view of the store, and the model of them.
    pub(crate) fn new(at: ReadView, state: Arc<State>) -> Self {
        Self { at, state }
    }

    /// The tables in a view of the store alone: its model is empty.
    pub(crate) fn of(at: ReadView) -> Self {
        Self { at, state: Arc::default() }
    }

    /// The view of the store, and the model.
    pub(crate) fn inputs(&self) -> (ReadView, Arc<State>) {
        (self.at.clone(), Arc::clone(&self.state))
    }

    /// The revision of the view.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.at.revision()
    }
}

impl Reads for View {
    fn state(&self) -> &State {
        &self.state
    }

    fn value(&self, key: &Bytes) -> Option<Versioned> {
        self.at.get(key)
    }

    fn values(&self, prefix: &[u8]) -> Vec<(Bytes, Versioned)> {
        self.at.range(prefix)
    }

    fn uncompared(&self, key: &Bytes) -> Option<Versioned> {
        self.at.get(key)
    }
}
