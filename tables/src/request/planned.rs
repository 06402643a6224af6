//! What a request would change, noted while it is [planned](crate::update::Tables::planning).

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;

use crate::audit::Told;
use crate::request::fingerprint::{Fingerprint, Hash};
use crate::tx::Tx;

/// How many changes of one transaction are noted; of more it is said how many.
pub const CHANGES_MAX: usize = 1024;

/// What a request would change; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    noted: Arc<Mutex<Noted>>,
}

#[derive(Debug, Default)]
struct Noted {
    revision: u64,
    changes: Vec<PlannedChange>,
    more: u32,
    hashes: Vec<Hash>,
}

/// What would become of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedChange {
    /// The operation that would change it.
    pub reason: &'static str,
    /// The table of the row.
    pub table: &'static str,
    /// Its key in the store, readable: of a new row, it may get another one.
    pub key: String,
    /// Its id, readable.
    pub id: String,
    /// Its name, where it has one that is not its id.
    pub name: String,
    /// What it is, without secrets; none for a new one.
    pub before: Option<Value>,
    /// What it would be, without secrets; none for one that goes.
    pub after: Option<Value>,
}

impl Planned {
    pub(crate) fn at(revision: u64) -> Self {
        let planned = Self::default();
        planned.lock().revision = revision;
        planned
    }

    /// The rows that would change, in the order of the transactions and of their keys. What follows from them (indexes,
    /// entries of the log) is not among them.
    #[must_use]
    pub fn changes(&self) -> Vec<PlannedChange> {
        self.lock().changes.clone()
    }

    /// How many more rows would change than [`Planned::changes`] names.
    #[must_use]
    pub fn more(&self) -> u32 {
        self.lock().more
    }

    /// The revision that was planned at.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// What the plan rests on: for [`Tables::only_if`](crate::update::Tables::only_if).
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let noted = self.lock();
        Fingerprint::new(noted.revision, noted.hashes.clone())
    }

    /// Notes what a transaction would do.
    pub(crate) fn note(&self, tx: &mut Tx, reason: &'static str, rests_on: Hash) {
        let (told, more) = tx.take_told().map(|changes| changes.told()).unwrap_or_default();
        let mut noted = self.lock();
        noted.hashes.push(rests_on);
        noted.more = noted.more.saturating_add(more);
        noted.changes.extend(told.into_iter().map(|told| {
            let Told { table, key, id, name, before, after } = told;
            PlannedChange { reason, table, key, id, name, before, after }
        }));
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().expect("no panic while locked")
    }
}
