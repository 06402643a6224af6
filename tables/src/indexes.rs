//! Secondary indexes that were added to a table that has rows: filled in the background, used when they are complete.
//!
//! # How an index is added
//! Add 1 to [`raft_store::version::SUPPORTED`], name that version in [`Index::since`], list the index in
//! [`Row::INDEXES`] and in [`ADDED`]. Nothing else: reads ask whether it is complete ([`Reads::is_complete`]) and
//! read the table where it is not.
//!
//! # Why it is complete when it says so
//! A program that knows an index writes its entries with every row, whatever the cluster's version. One that does not know
//! it writes rows without entries, and leaves entries of rows that it changed. So nothing is filled before all members know
//! the index, which the cluster version says and which never ends. Then [`Tables::fill_index`] removes
//! the entries that no row has ([`Stage::Sweep`]), writes those that are missing ([`Stage::Fill`]), and says so
//! ([`Stage::Complete`]). Each step is one transaction that compares the rows it writes entries for, so a change of
//! such a row wins; and how far it came, so of two leaders one wins, and the next goes on where the last one ended.
//!
//! A table that is small, as all are in a new cluster, is done in the first transaction.

pub mod mark;

use bytes::Bytes;
use raft_store::txn::Meta;

use crate::error::TableError;
use crate::indexes::mark::{IndexFill, Stage, is_complete};
use crate::key::{Key, SEPARATOR};
use crate::machines::EVENTS_OF_LEVEL;
use crate::read::{Reads, decode};
use crate::row::{Index, Row, entries_prefix, index_entry, prefix, row_id};
use crate::tx::Tx;
use crate::update::{Sent, Tables};

/// The indexes of all tables that are younger than their table.
pub const ADDED: &[Added] = &[Added::of(&EVENTS_OF_LEVEL)];

/// An index that is younger than its table.
#[derive(Debug, Clone, Copy)]
pub struct Added {
    /// Its name.
    pub name: &'static str,
    /// As [`Index::since`].
    pub since: u32,
    advance: fn(&mut Tx, &'static str, usize) -> Result<Checked, TableError>,
}

impl Added {
    /// An index of a table.
    #[must_use]
    pub const fn of<T: Row>(index: &Index<T>) -> Self {
        Self { name: index.name, since: index.since, advance: advance::<T> }
    }

    /// Whether it has the entries of all rows. Never part of a transaction's compares.
    ///
    /// # Errors
    /// [`TableError::Corrupt`], [`TableError::Newer`].
    pub fn is_complete(&self, reads: &impl Reads) -> Result<bool, TableError> {
        is_complete(self.name, |key| reads.uncompared(key))
    }
}

/// What became of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// Not all members of the cluster know the index yet.
    TooEarly,
    /// It was complete before.
    Complete,
    /// That was done.
    Some(Checked),
    /// A row was changed by others meanwhile, and nothing was done.
    Moved,
}

/// What one step looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many rows and entries it looked at.
    pub looked_at: usize,
    /// How many entries it wrote or removed.
    pub changed: usize,
}

impl Checked {
    fn add(&mut self, other: Self) {
        self.looked_at += other.looked_at;
        self.changed += other.changed;
    }
}

impl Tables {
    /// Fills an added index by one transaction that looks at no more than so many rows. It is evaluated apart from the
    /// tasks that serve others.
    ///
    /// # Errors
    /// [`TableError`]; also when a row cannot be read, because nobody can tell what it is found under.
    pub async fn fill_index(&self, added: &Added, rows_max: usize) -> Result<Filled, TableError> {
        let (tx, added) = (self.begin(0).await?, *added);
        if tx.cluster_version() < added.since {
            return Ok(Filled::TooEarly);
        }
        let evaluated = tokio::task::spawn_blocking(move || evaluate(tx, &added, rows_max)).await;
        let stopping = |error: tokio::task::JoinError| TableError::Unavailable {
            reason: error.to_string(),
            outcome_open: false,
        };
        let (tx, checked) = evaluated.map_err(stopping)??;
        if tx.is_empty() {
            return Ok(Filled::Complete);
        }
        let meta = Meta {
            actor: "reconciler:indexes".to_owned(),
            reason: "index.fill".to_owned(),
            request_id: Some(rand::random()),
            ..Meta::default()
        };
        let (txn, mut held) = tx.into_parts(meta);
        Ok(match self.send(txn, &mut held).await? {
            Sent::Committed(_) => Filled::Some(checked),
            Sent::Conflict(_) => Filled::Moved,
        })
    }
}

fn evaluate(mut tx: Tx, added: &Added, rows_max: usize) -> Result<(Tx, Checked), TableError> {
    let checked = (added.advance)(&mut tx, added.name, rows_max)?;
    Ok((tx, checked))
}

/// Goes on with one index, stage after stage, until enough was looked at.
fn advance<T: Row>(
    tx: &mut Tx,
    name: &'static str,
    rows_max: usize,
) -> Result<Checked, TableError> {
    let no_index = || TableError::Invalid { reason: format!("{} has no index {name}", T::TABLE) };
    let index = T::INDEXES.iter().find(|index| index.name == name).ok_or_else(no_index)?;
    let begun = || IndexFill { index: name.to_owned(), stage: Stage::Sweep, after: None };
    let mut fill = tx.get::<IndexFill>(&name.to_owned())?.unwrap_or_else(begun);
    let mut checked = Checked::default();
    while checked.looked_at < rows_max {
        let (after, left) = (fill.last_key()?, rows_max - checked.looked_at);
        let (done, next) = match fill.stage {
            Stage::Sweep => (sweep(tx, index, after.as_deref(), left)?, Stage::Fill),
            Stage::Fill => (fill_rows(tx, index, after.as_deref(), left)?, Stage::Complete),
            Stage::Complete => break,
        };
        checked.add(done.checked);
        if done.checked.looked_at < left {
            fill.stage = next;
            fill.stopped_at(None);
        } else {
            fill.stopped_at(done.last.as_deref());
        }
    }
    tx.put(&fill)?;
    Ok(checked)
}

/// What was done to a part of the keys of a stage.
#[derive(Default)]
struct Part {
    checked: Checked,
    last: Option<Bytes>,
}

/// Removes the entries that no row has.
fn sweep<T: Row>(
    tx: &mut Tx,
    index: &Index<T>,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Part, TableError> {
    let mut part = Part::default();
    for (entry, _) in tx.stored_behind(&entries_prefix(index.name), after, limit) {
        part.checked.looked_at += 1;
        let ids = ids_in::<T>(index, &entry);
        if !is_of_one(tx, index, &entry, &ids)? {
            for id in &ids {
                // Read again, so that it is compared.
                tx.get::<T>(id)?;
            }
            tx.set_entry(entry.clone(), false);
            part.checked.changed += 1;
        }
        part.last = Some(entry);
    }
    Ok(part)
}

/// The ids that an entry may end with: parts of keys and of ids are separated alike.
fn ids_in<T: Row>(index: &Index<T>, entry: &[u8]) -> Vec<T::Id> {
    let rest = entry.get(entries_prefix(index.name).len()..).unwrap_or_default();
    let separated = rest.windows(SEPARATOR.len()).enumerate();
    let ends = separated.filter(|(_, bytes)| *bytes == SEPARATOR);
    ends.filter_map(|(at, _)| T::Id::decode(rest.get(at + SEPARATOR.len()..)?)).collect()
}

fn is_of_one<T: Row>(
    tx: &Tx,
    index: &Index<T>,
    entry: &Bytes,
    ids: &[T::Id],
) -> Result<bool, TableError> {
    for id in ids {
        let Some(row) = tx.looking().get::<T>(id)? else { continue };
        if (index.keys)(&row).iter().any(|key| index_entry(index.name, key, id) == *entry) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes the entries that rows do not have.
fn fill_rows<T: Row>(
    tx: &mut Tx,
    index: &Index<T>,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Part, TableError> {
    let mut part = Part::default();
    for (key, stored) in tx.stored_behind(&prefix::<T>(), after, limit) {
        part.checked.looked_at += 1;
        let row: T = decode(&key, &stored.value, &tx.looking())?;
        let entries = (index.keys)(&row);
        let entries = entries.iter().map(|key| index_entry(index.name, key, &row.id()));
        let missing: Vec<Bytes> = entries.filter(|entry| tx.uncompared(entry).is_none()).collect();
        if let Some(id) = row_id::<T>(&key).filter(|_| !missing.is_empty()) {
            // Read again, so that it is compared.
            tx.get::<T>(&id)?;
        }
        part.checked.changed += missing.len();
        missing.into_iter().for_each(|entry| tx.set_entry(entry, true));
        part.last = Some(key);
    }
    Ok(part)
}

#[cfg(test)]
mod tests;
