//! The last changes, in the form in which they are sent: all sessions read them from here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::feed::encode::Encoded;

/// How many revisions are kept, and about how many bytes. A rack that moves to another region goes on
/// from here, so this must last for longer than a move takes.
const REVISIONS_MAX: usize = 16_384;
const BYTES_MAX: usize = 32 << 20;

/// What of the changes after a revision is kept.
#[derive(Debug, Clone)]
pub enum Kept {
    /// The first change after it.
    Next(Arc<Encoded>),
    /// There was none yet.
    Nothing,
    /// Not all of them.
    Gone,
}

/// The last changes.
#[derive(Debug)]
pub struct Recent {
    changes: Mutex<Changes>,
    reached: watch::Sender<Option<u64>>,
}

#[derive(Debug, Default)]
struct Changes {
    /// All changes after this revision are kept; none are before there is one.
    since: Option<u64>,
    kept: VecDeque<Arc<Encoded>>,
    bytes: usize,
}

impl Default for Recent {
    fn default() -> Self {
        Self { changes: Mutex::default(), reached: watch::Sender::new(None) }
    }
}

impl Recent {
    /// Begins anew: changes after `revision` will come.
    pub fn begin(&self, revision: u64) {
        *self.lock() = Changes { since: Some(revision), ..Changes::default() };
        self.reached.send_replace(Some(revision));
    }

    /// Adds the changes of a later revision.
    pub fn add(&self, encoded: Encoded) {
        let revision = encoded.revision;
        let mut changes = self.lock();
        changes.bytes += encoded.bytes();
        changes.kept.push_back(Arc::new(encoded));
        changes.forget();
        drop(changes);
        self.reached.send_replace(Some(revision));
    }

    /// What comes after a revision.
    #[must_use]
    pub fn after(&self, revision: u64) -> Kept {
        let changes = self.lock();
        if changes.since.is_none_or(|since| revision < since) {
            return Kept::Gone;
        }
        let next = changes.kept.partition_point(|encoded| encoded.revision <= revision);
        changes.kept.get(next).map_or(Kept::Nothing, |next| Kept::Next(Arc::clone(next)))
    }

    /// Tells the revision that is reached; none before it has begun.
    #[must_use]
    pub fn reached(&self) -> watch::Receiver<Option<u64>> {
        self.reached.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changes {
    fn forget(&mut self) {
        while self.kept.len() > REVISIONS_MAX || (self.bytes > BYTES_MAX && self.kept.len() > 1) {
            let Some(oldest) = self.kept.pop_front() else { return };
            self.bytes -= oldest.bytes();
            self.since = Some(oldest.revision);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(kept: &Kept) -> Option<u64> {
        match kept {
            Kept::Next(next) => Some(next.revision),
            Kept::Nothing => Some(0),
            Kept::Gone => None,
        }
    }

    #[test]
    fn each_reader_gets_what_comes_after_its_revision() {
        let recent = Recent::default();
        assert_eq!(revision(&recent.after(5)), None, "nothing is known before it begins");
        recent.begin(5);
        for revision in [7, 9] {
            recent.add(Encoded { revision, ..Encoded::default() });
        }
        let after = |at| revision(&recent.after(at));
        let found = [4, 5, 6, 7, 8, 9, 20].map(after).map(|it| it.unwrap_or(99));
        assert_eq!(found, [99, 7, 7, 9, 9, 0, 0]);
        assert_eq!(*recent.reached().borrow(), Some(9));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let recent = Recent::default();
        recent.begin(0);
        let last = u64::try_from(REVISIONS_MAX).unwrap() + 2;
        for revision in 1..=last {
            recent.add(Encoded { revision, ..Encoded::default() });
        }
        assert_eq!(revision(&recent.after(1)), None);
        assert_eq!(revision(&recent.after(2)), Some(3));
        recent.begin(last + 7);
        assert_eq!(revision(&recent.after(last)), None);
    }
}
