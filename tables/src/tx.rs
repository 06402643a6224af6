//! A transaction being evaluated: reads at a view, collects compares and writes.
//!
//! Whatever [`Reads::get`] and [`Reads::find`] looked at, found or not, must be unchanged when the
//! transaction is applied, and so must every row that is written. Lists are *not* compared, and neither is what
//! [`Tx::looking`] reads, or the model in memory ([`Tx::state`]): they are for finding. A rule over a set
//! ("no two subnets overlap") needs a guard: who changes the set [writes it](Tx::guard), and
//! who depends on the set as it is [only reads it](Tx::depend_on), so those do not conflict with each other.

mod put;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use model::time::Timestamp;
use raft_store::read::{ReadView, Versioned};
use raft_store::txn::{Compare, Expected, Meta, Txn, Write};

use crate::audit::Changes;
use crate::contention::Claimed;
use crate::error::TableError;
use crate::numbers::{BATCH, Taken};
use crate::read::Reads;
use crate::row::{Row, row_key};
use crate::views::state::State;

/// What an index entry holds: its key says everything.
const PRESENT: Bytes = Bytes::from_static(b"1");

/// A transaction being evaluated.
#[derive(Debug)]
pub struct Tx {
    at: ReadView,
    state: Arc<State>,
    now: Timestamp,
    attempt: u32,
    cluster_version: u32,
    /// What was read and is compared, so that each key is looked up once.
    seen: RefCell<BTreeMap<Bytes, Option<Versioned>>>,
    writes: BTreeMap<Bytes, Option<Bytes>>,
    /// The rows in parts that were read and not written since: reading one is dear, and who reads it mostly writes it.
    read: RefCell<BTreeMap<Bytes, Box<dyn Any + Send>>>,
    held: RefCell<Held>,
    moved: Cell<bool>,
    /// What is told of its changes, if anything is.
    told: Option<Changes>,
}

/// What a transaction under way keeps from others of this process.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) claimed: Claimed,
    pub(crate) taken: Taken,
}

/// What a transaction is evaluated with.
#[derive(Debug)]
pub(crate) struct Inputs {
    pub(crate) at: ReadView,
    pub(crate) state: Arc<State>,
    pub(crate) now: Timestamp,
    pub(crate) attempt: u32,
    pub(crate) cluster_version: u32,
    pub(crate) held: Held,
}

impl Tx {
    /// An empty transaction.
    pub(crate) fn new(inputs: Inputs) -> Self {
        let Inputs { at, state, now, attempt, cluster_version, held } = inputs;
        let (seen, writes) = (RefCell::default(), BTreeMap::new());
        let (held, moved) = (RefCell::new(held), Cell::new(false));
        let (read, told) = (RefCell::default(), None);
        Self { at, state, now, attempt, cluster_version, seen, writes, read, held, moved, told }
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

    /// How often it was evaluated before, and lost against others.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// What was found in the model in memory is not so in this view: an error that has the transaction
    /// evaluated again, at a view that is at least as new as the model.
    pub fn moved(&self, key: impl Into<String>) -> TableError {
        self.moved.set(true);
        TableError::Conflict { key: key.into() }
    }

    /// Has what it changes from now on be noted, of so many rows: for [`audit`](crate::audit) and
    /// [plans](crate::request::planned).
    pub(crate) fn tell(&mut self, rows_max: usize) {
        self.told = Some(Changes::of_at_most(rows_max));
    }

    /// The same, also of what follows for power and leases.
    pub(crate) fn tell_following(&mut self, rows_max: usize) {
        self.told = Some(Changes::of_at_most(rows_max).telling_following());
    }

    /// What it compares, with the revisions of what is there.
    pub(crate) fn compared(&self) -> BTreeMap<Bytes, Option<u64>> {
        let seen = self.seen.borrow();
        let revision = |found: &Option<Versioned>| found.as_ref().map(|found| found.revision);
        seen.iter().map(|(key, found)| (key.clone(), revision(found))).collect()
    }

    /// The keys that it writes, and whether they get a value.
    pub(crate) fn written(&self) -> impl Iterator<Item = (&Bytes, bool)> {
        self.writes.iter().map(|(key, value)| (key, value.is_some()))
    }

    /// The revision of what is stored under a key, whatever the transaction writes; it is compared.
    pub(crate) fn stored_revision(&self, key: &Bytes) -> Option<u64> {
        self.compare(key).map(|stored| stored.revision)
    }

    /// What was noted; nothing is from now on.
    pub(crate) fn take_told(&mut self) -> Option<Changes> {
        self.told.take()
    }

    /// The numbers that were taken count as used, although nothing is written.
    pub(crate) fn keep_numbers(&self) {
        self.held.borrow_mut().taken.keep();
    }

    /// Whether the evaluation ended because something [moved](Tx::moved).
    pub(crate) fn has_moved(&self) -> bool {
        self.moved.get()
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// The same tables, of which nothing that is read is compared.
    #[must_use]
    pub fn looking(&self) -> Looking<'_> {
        Looking { tx: self }
    }

    /// Chooses something that others may choose too: false when another transaction of this process
    /// that is under way has it. What was chosen must be compared as well.
    #[must_use]
    pub fn claim(&self, what: &str, key: &impl std::fmt::Display) -> bool {
        self.held.borrow_mut().claimed.claim(Bytes::from(format!("{what}/{key}")))
    }

    /// Whether a transaction of this process that is under way has chosen that, this one included.
    #[must_use]
    pub fn is_claimed(&self, what: &str, key: &impl std::fmt::Display) -> bool {
        self.held.borrow().claimed.is_claimed(format!("{what}/{key}").as_bytes())
    }

    /// The version of the formats that all members of the cluster can read.
    #[must_use]
    pub fn cluster_version(&self) -> u32 {
        self.cluster_version
    }

    /// How many of the things that could be chosen are passed over: none at first, and a random number
    /// that grows with the attempts, so that nodes that choose from the same do not choose the same.
    #[must_use]
    pub fn passed_over(&self) -> usize {
        let among = 8_usize.saturating_pow(self.attempt).min(1024);
        rand::random_range(0..among)
    }

    /// Makes this transaction conflict with every other one that takes the same guard or
    /// [depends](Tx::depend_on) on it: for who changes a set that rules are about.
    pub fn guard(&mut self, name: &str) {
        let key = Bytes::from(format!("guard/{name}"));
        self.compare(&key);
        self.writes.insert(key, Some(PRESENT));
    }

    /// Makes every transaction that [depends](Tx::depend_on) on the guard, or takes it, conflict with
    /// this one, and this one with none: for who adds to a set of which others only ask how it is.
    pub fn mark(&mut self, name: &str) {
        // Any value that changes will do; its revision is what is compared.
        self.writes.insert(Bytes::from(format!("guard/{name}")), Some(PRESENT));
    }

    /// Makes this transaction conflict with every one that [takes](Tx::guard) or
    /// [marks](Tx::mark) the guard, and with no other one that depends on it.
    pub fn depend_on(&self, name: &str) {
        self.compare(&Bytes::from(format!("guard/{name}")));
    }

    /// A number of a replicated counter that was never given out; they begin with 1, and may have
    /// gaps. Unlike with [`Tx::next_number`], transactions that take numbers do not conflict.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when the counter is no number or at its end.
    pub fn any_number(&mut self, counter: &str) -> Result<u64, TableError> {
        let taken = self.held.borrow_mut().taken.next(counter);
        if let Some(number) = taken {
            return Ok(number);
        }
        let (number, next) = self.take_numbers(counter, 1, BATCH)?;
        self.held.borrow_mut().taken.add(counter, number + 1..next);
        Ok(number)
    }

    /// Whether [`Tx::next_number`] ever gave a number of a counter.
    #[must_use]
    pub fn has_counted(&self, counter: &str) -> bool {
        self.value(&Bytes::from(format!("counter/{counter}"))).is_some()
    }

    /// The next number of a replicated counter: `first`, then one more each time.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when the counter is no number or at its end.
    pub fn next_number(&mut self, counter: &str, first: u64) -> Result<u64, TableError> {
        self.take_numbers(counter, first, 1).map(|(number, _)| number)
    }

    /// Takes numbers from a counter: the first one, and the one behind the last.
    fn take_numbers(
        &mut self,
        counter: &str,
        first: u64,
        count: u64,
    ) -> Result<(u64, u64), TableError> {
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
        let next = number.checked_add(count).ok_or_else(|| corrupt("exhausted"))?;
        self.writes.insert(key, Some(Bytes::from(next.to_string())));
        Ok((number, next))
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

    /// The transaction as the store takes it, and what it keeps from others until it is decided.
    /// `meta.time_ms` becomes the transaction's time.
    pub(crate) fn into_parts(self, meta: Meta) -> (Txn, Held) {
        let compare = |(key, seen): (Bytes, Option<Versioned>)| {
            let seen = seen.map(|found| Expected::Revision(found.revision));
            Compare { key, expected: seen.unwrap_or(Expected::Absent) }
        };
        let compares = self.seen.into_inner().into_iter();
        let writes = self.writes.into_iter().map(|(key, value)| match value {
            Some(value) => Write::Put { key, value },
            None => Write::Delete { key },
        });
        let txn = Txn {
            compares: compares.map(compare).collect(),
            writes: writes.collect(),
            meta: Meta { time_ms: self.now.unix_ms, ..meta },
        };
        (txn, self.held.into_inner())
    }

    /// The transaction as the store takes it, for who [began](crate::update::Tables::begin) it by
    /// hand. `meta.time_ms` becomes the transaction's time.
    #[must_use]
    pub fn into_txn(self, meta: Meta) -> Txn {
        self.into_parts(meta).0
    }

    fn compare(&self, key: &Bytes) -> Option<Versioned> {
        let mut seen = self.seen.borrow_mut();
        if let Some(stored) = seen.get(key) {
            return stored.clone();
        }
        let stored = self.at.get(key);
        seen.insert(key.clone(), stored.clone());
        stored
    }

    /// Writes or removes an entry of a secondary index.
    pub(crate) fn set_entry(&mut self, entry: Bytes, present: bool) {
        self.writes.insert(entry, present.then_some(PRESENT));
    }

    /// What is stored under a prefix behind a key, in order; not what this transaction writes. Never compared.
    pub(crate) fn stored_behind(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Vec<(Bytes, Versioned)> {
        // The least key behind that one.
        let start = after.map_or_else(|| prefix.to_vec(), |after| [after, &[0]].concat());
        self.at.range_from(prefix, &start, limit)
    }
}

impl Reads for Tx {
    fn get<T: Row>(&self, id: &T::Id) -> Result<Option<T>, TableError> {
        let key = row_key::<T>(id);
        let Some(stored) = self.value(&key) else { return Ok(None) };
        if let Some(row) = self.read.borrow().get(&key).and_then(|row| row.downcast_ref::<T>()) {
            return Ok(Some(row.clone()));
        }
        let row: T = self.decoded(&key, &stored.value)?;
        if !T::PARTS.is_empty() {
            self.read.borrow_mut().insert(key, Box::new(row.clone()));
        }
        Ok(Some(row))
    }

    fn state(&self) -> &State {
        &self.state
    }

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
            None => match self.seen.borrow().get(key) {
                Some(stored) => stored.clone(),
                None => self.at.get(key),
            },
            Some(value) => {
                value.clone().map(|value| Versioned { value, revision: self.at.revision() })
            }
        }
    }
}

/// The tables of a transaction, for finding: nothing that is read through it is compared.
#[derive(Debug, Clone, Copy)]
pub struct Looking<'a> {
    tx: &'a Tx,
}

impl Reads for Looking<'_> {
    fn state(&self) -> &State {
        &self.tx.state
    }

    fn value(&self, key: &Bytes) -> Option<Versioned> {
        self.tx.uncompared(key)
    }

    fn values(&self, prefix: &[u8]) -> Vec<(Bytes, Versioned)> {
        self.tx.values(prefix)
    }

    fn uncompared(&self, key: &Bytes) -> Option<Versioned> {
        self.tx.uncompared(key)
    }
}
