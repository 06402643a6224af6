//! What is particular to the transactions of one request: on whose behalf they are, which view they see, what they rest on, and
//! that they are only planned.
//!
//! Each mode is a clone of [`Tables`](crate::update::Tables) that is passed to an operation in place of the tables; the
//! operation knows nothing of it. Its transactions ask here before and after they are evaluated. Modes can be combined: plan
//! first, then expect and answer once. A clone is for one request, whose transactions follow one another.

pub mod fingerprint;
mod modes;
pub mod once;
pub mod planned;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;

use crate::audit::{self, Origin};
use crate::error::TableError;
use crate::read::View;
use crate::request::fingerprint::{Fingerprint, TRANSACTIONS_MAX};
use crate::request::once::Once;
use crate::request::planned::Planned;
use crate::tx::Tx;

/// The modes of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// Who makes it.
    behalf: Option<Arc<Origin>>,
    /// The view that all of it sees.
    pinned: Option<View>,
    /// Where its changes are noted instead of sent.
    planned: Option<Planned>,
    /// What its transactions must rest on.
    only_if: Option<Arc<Fingerprint>>,
    /// Which revisions objects must have before it.
    expected: Vec<Expected>,
    /// What it is remembered by.
    once: Option<Once>,
    progress: Arc<Mutex<Progress>>,
}

/// What has become of a request so far.
#[derive(Debug, Default)]
struct Progress {
    /// How many transactions were evaluated with success.
    evaluated: usize,
    /// Whether one was committed.
    committed: bool,
    /// What they wrote: what moved by their own hand has not moved.
    written: BTreeSet<Bytes>,
}

/// The revision that an object must have.
#[derive(Debug, Clone)]
struct Expected {
    /// Its row and the parts of it.
    keys: Vec<Bytes>,
    revision: u64,
}

/// What is to be done with a transaction that was evaluated.
pub(crate) enum Verdict {
    /// It is sent.
    Send,
    /// It counts as committed.
    Done,
}

impl Request {
    /// The view that all of the request sees, if there is one.
    pub(crate) fn pinned(&self) -> Option<&View> {
        self.pinned.as_ref()
    }

    /// The view that transactions are evaluated on, if that is not a new one.
    pub(crate) fn planned_at(&self) -> Option<&View> {
        self.planned.as_ref().and(self.pinned.as_ref())
    }

    /// Prepares a transaction before the operation sees it.
    pub(crate) fn begin(&self, tx: &mut Tx) -> Result<(), TableError> {
        if let Some(once) = &self.once
            && !self.progress().committed
        {
            once.check(tx, tx.now())?;
        }
        if self.planned.is_some() {
            tx.tell_following(planned::CHANGES_MAX);
        } else if self.behalf.is_some() {
            tx.tell(audit::OBJECTS_MAX);
        }
        Ok(())
    }

    /// Judges a transaction that the operation is content with, and adds what belongs to the request.
    pub(crate) fn finish(&self, tx: &mut Tx, reason: &'static str) -> Result<Verdict, TableError> {
        if self.is_followed()
            && let Verdict::Done = self.judge(tx, reason)?
        {
            return Ok(Verdict::Done);
        }
        if tx.is_empty() {
            return Ok(Verdict::Done);
        }
        if let Some((origin, changes)) = self.behalf.as_ref().zip(tx.take_told()) {
            audit::record(tx, changes, origin, reason)?;
        }
        if let Some(once) = &self.once
            && !self.progress().committed
        {
            once.remember(tx)?;
        }
        Ok(Verdict::Send)
    }

    /// Whether what has become of the request so far matters.
    fn is_followed(&self) -> bool {
        let Self { planned, only_if, expected, once, behalf: _, pinned: _, progress: _ } = self;
        planned.is_some() || only_if.is_some() || !expected.is_empty() || once.is_some()
    }

    /// Judges a transaction by what is expected and planned; notes what would be done, if that is all.
    fn judge(&self, tx: &mut Tx, reason: &'static str) -> Result<Verdict, TableError> {
        let mut progress = self.progress();
        // What is expected is compared, too, and need not have been when it was planned.
        let rests_on = fingerprint::of(tx, &progress.written);
        if !progress.committed {
            self.expected.iter().try_for_each(|expected| expected.check(tx))?;
        }
        if let Some(planned) = &self.planned {
            if progress.evaluated >= TRANSACTIONS_MAX {
                let wrong = format!("more than {TRANSACTIONS_MAX} transactions are not planned");
                return Err(TableError::Invalid { reason: wrong });
            }
            planned.note(tx, reason, rests_on);
            progress.evaluated += 1;
            progress.written.extend(tx.written().map(|(key, _)| key.clone()));
            return Ok(Verdict::Done);
        }
        if let Some(only_if) = &self.only_if {
            only_if.check(progress.evaluated, rests_on, tx, &progress.written)?;
        }
        progress.evaluated += usize::from(tx.is_empty());
        Ok(Verdict::Send)
    }

    /// Notes that a transaction which wrote that was committed.
    pub(crate) fn committed(&self, written: Vec<Bytes>) {
        if !self.is_followed() {
            return;
        }
        let mut progress = self.progress();
        progress.evaluated += 1;
        progress.committed = true;
        progress.written.extend(written);
    }

    /// What has to be noted when a transaction is committed: its keys, where that matters for the next one.
    pub(crate) fn written_by(&self, tx: &Tx) -> Vec<Bytes> {
        match self.only_if {
            Some(_) => tx.written().map(|(key, _)| key.clone()).collect(),
            None => Vec::new(),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().expect("no panic while locked")
    }
}

impl Expected {
    /// Refuses a transaction when the object is at another revision; else that is among its compares.
    fn check(&self, tx: &Tx) -> Result<(), TableError> {
        let found = self.keys.iter().filter_map(|key| tx.stored_revision(key)).max();
        if found == Some(self.revision) {
            return Ok(());
        }
        let key = self.keys.first().map(|key| String::from_utf8_lossy(key).into_owned());
        Err(TableError::Changed { key: key.unwrap_or_default(), expected: self.revision, found })
    }
}

#[cfg(test)]
mod tests;
