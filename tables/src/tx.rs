//! A transaction being evaluated: reads at a view, collects compares and writes.
//!
//! Whatever [`Reads::get`] and [`Reads::find`] looked at, found or not, must be unchanged when the
//! transaction is applied, and so must every row that is written. Lists are *not* compared: a rule
//! over a set ("no two subnets overlap") takes a [`Tx::guard`], which makes every transaction that
//! takes the same guard conflict with this one.

use std::cell::RefCell;
use std::collections::BTreeMap;

use bytes::Bytes;
use model::time::Timestamp;
use raft_store::read::{ReadView, Versioned};
use raft_store::txn::{Compare, Expected, Meta, Txn, Write};

use crate::error::TableError;
use crate::read::Reads;
use crate::row::{Row, decode, encode, index_prefix, row_key, unique_key};

/// What an index entry holds: its key says everything.
const PRESENT: Bytes = Bytes::from_static(b"1");

/// A transaction being evaluated.
#[derive(Debug)]
pub struct Tx {
    at: ReadView,
    now: Timestamp,
    compares: RefCell<BTreeMap<Bytes, Expected>>,
    writes: BTreeMap<Bytes, Option<Bytes>>,
}

impl Tx {
    /// An empty transaction that reads at a view; `now` is the time it is evaluated at.
    #[must_use]
    pub fn new(at: ReadView, now: Timestamp) -> Self {
        Self { at, now, compares: RefCell::default(), writes: BTreeMap::new() }
    }

    /// The time of this transaction: the only clock that what it writes may depend on.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The revision that it reads at.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.at.revision()
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Writes a row, new or not, with its index entries. Writing it unchanged has no effect.
    ///
    /// # Errors
    /// [`TableError::Duplicate`] when another row holds one of its unique keys.
    pub fn put<T: Row>(&mut self, row: &T) -> Result<(), TableError> {
        let key = row_key::<T>(&row.id());
        let before = self.value(&key);
        let old = before.as_ref().map(|stored| decode::<T>(&key, &stored.value)).transpose()?;
        let value = encode(row)?;
        if before.is_some_and(|stored| stored.value == value) {
            return Ok(());
        }
        self.put_unique(&key, old.as_ref(), Some(row))?;
        self.put_indexes(&row.id(), old.as_ref(), Some(row));
        self.writes.insert(key, Some(value));
        Ok(())
    }

    /// Writes a row that must not exist yet.
    ///
    /// # Errors
    /// [`TableError::Exists`], [`TableError::Duplicate`].
    pub fn insert<T: Row>(&mut self, row: &T) -> Result<(), TableError> {
        let key = row_key::<T>(&row.id());
        if self.value(&key).is_some() {
            return Err(TableError::Exists { key: String::from_utf8_lossy(&key).into_owned() });
        }
        self.put(row)
    }

    /// Removes a row with its index entries; returns what it was.
    ///
    /// # Errors
    /// [`TableError::Corrupt`].
    pub fn delete<T: Row>(&mut self, id: &T::Id) -> Result<Option<T>, TableError> {
        let Some(old) = self.get::<T>(id)? else {
            return Ok(None);
        };
        let key = row_key::<T>(id);
        self.put_unique(&key, Some(&old), None)?;
        self.put_indexes(id, Some(&old), None);
        self.writes.insert(key, None);
        Ok(Some(old))
    }

    /// Makes this transaction conflict with every other one that takes the same guard.
    pub fn guard(&mut self, name: &str) {
        let key = Bytes::from(format!("guard/{name}"));
        self.compare(&key);
        self.writes.insert(key, Some(PRESENT));
    }

    /// The next number of a replicated counter: `first`, then one more each time.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when the counter is no number or at its end.
    pub fn next_number(&mut self, counter: &str, first: u64) -> Result<u64, TableError> {
        let key = Bytes::from(format!("counter/{counter}"));
        let corrupt = |reason: &str| TableError::Corrupt {
            key: format!("counter/{counter}"),
            reason: reason.to_owned(),
        };
        let number = match self.value(&key) {
            None => first,
            Some(stored) => std::str::from_utf8(&stored.value)
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| corrupt("not a number"))?,
        };
        let next = number.checked_add(1).ok_or_else(|| corrupt("exhausted"))?;
        self.writes.insert(key, Some(Bytes::from(next.to_string())));
        Ok(number)
    }

    /// The next id of a table whose ids are 32-bit numbers; counts from 1.
    ///
    /// # Errors
    /// [`TableError::Corrupt`].
    pub fn next_id<T: Row>(&mut self) -> Result<u32, TableError> {
        let number = self.next_number(T::TABLE, 1)?;
        u32::try_from(number).map_err(|_| TableError::Corrupt {
            key: format!("counter/{}", T::TABLE),
            reason: "exhausted".to_owned(),
        })
    }

    /// The transaction as the store takes it. `meta.time_ms` becomes the transaction's time.
    #[must_use]
    pub fn into_txn(self, meta: Meta) -> Txn {
        let compares = self.compares.into_inner().into_iter();
        let writes = self.writes.into_iter().map(|(key, value)| match value {
            Some(value) => Write::Put { key, value },
            None => Write::Delete { key },
        });
        Txn {
            compares: compares.map(|(key, expected)| Compare { key, expected }).collect(),
            writes: writes.collect(),
            meta: Meta { time_ms: self.now.unix_ms, ..meta },
        }
    }

    fn compare(&self, key: &Bytes) -> Option<Versioned> {
        let stored = self.at.get(key);
        let expected =
            stored.as_ref().map_or(Expected::Absent, |stored| Expected::Revision(stored.revision));
        self.compares.borrow_mut().entry(key.clone()).or_insert(expected);
        stored
    }

    fn put_unique<T: Row>(
        &mut self,
        row: &Bytes,
        old: Option<&T>,
        new: Option<&T>,
    ) -> Result<(), TableError> {
        for index in T::UNIQUE {
            let had = old.map_or_else(Vec::new, index.keys);
            let has = new.map_or_else(Vec::new, index.keys);
            for key in had.iter().filter(|key| !has.contains(key)) {
                let entry = unique_key(index.name, key);
                if self.value(&entry).is_some_and(|held| held.value == *row) {
                    self.writes.insert(entry, None);
                }
            }
            for key in has {
                let entry = unique_key(index.name, &key);
                match self.value(&entry) {
                    Some(held) if held.value == *row => {}
                    Some(held) => {
                        return Err(TableError::Duplicate {
                            index: index.name,
                            key: String::from_utf8_lossy(&key).into_owned(),
                            holder: String::from_utf8_lossy(&held.value).into_owned(),
                        });
                    }
                    None => {
                        self.writes.insert(entry, Some(row.clone()));
                    }
                }
            }
        }
        Ok(())
    }

    /// Index entries need no compares: they change only with their row, which is compared.
    fn put_indexes<T: Row>(&mut self, id: &T::Id, old: Option<&T>, new: Option<&T>) {
        for index in T::INDEXES {
            let had = old.map_or_else(Vec::new, index.keys);
            let has = new.map_or_else(Vec::new, index.keys);
            let entry = |key: &Vec<u8>| {
                let mut entry = index_prefix(index.name, key);
                crate::key::Key::encode(id, &mut entry);
                Bytes::from(entry)
            };
            for key in had.iter().filter(|key| !has.contains(key)) {
                self.writes.insert(entry(key), None);
            }
            for key in has.iter().filter(|key| !had.contains(key)) {
                self.writes.insert(entry(key), Some(PRESENT));
            }
        }
    }
}

impl Reads for Tx {
    fn value(&self, key: &Bytes) -> Option<Versioned> {
        let stored = self.compare(key);
        match self.writes.get(key) {
            None => stored,
            Some(None) => None,
            Some(Some(value)) => {
                Some(Versioned { value: value.clone(), revision: self.at.revision() })
            }
        }
    }

    fn values(&self, prefix: &[u8]) -> Vec<(Bytes, Versioned)> {
        let mut found: BTreeMap<Bytes, Versioned> = self.at.range(prefix).into_iter().collect();
        let own = self.writes.range(Bytes::copy_from_slice(prefix)..);
        for (key, value) in own.take_while(|(key, _)| key.starts_with(prefix)) {
            match value {
                Some(value) => {
                    let revision = self.at.revision();
                    found.insert(key.clone(), Versioned { value: value.clone(), revision });
                }
                None => {
                    found.remove(key);
                }
            }
        }
        found.into_iter().collect()
    }

    fn uncompared(&self, key: &Bytes) -> Option<Versioned> {
        match self.writes.get(key) {
            None => self.at.get(key),
            Some(value) => {
                value.clone().map(|value| Versioned { value, revision: self.at.revision() })
            }
        }
    }
}
