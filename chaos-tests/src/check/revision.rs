//! The order of revisions: it is the order in which things happened, and every read is of it.
//!
//! In time n log n, and for transactions over several keys. It believes the ledger: that the ledger is
//! not made up is what `linearizable` is for.

use std::collections::BTreeMap;

use super::{Ledger, Verdict};
use crate::history::{Action, Found, History, Operation, Outcome};

/// Judges all reads that are not stale, and all transactions that were acknowledged.
#[must_use]
pub fn check(history: &History, ledger: &Ledger) -> Verdict {
    Verdict::of(out_of_order(history).or_else(|| wrong_read(history, ledger)))
}

/// An operation that began after another was complete, with a revision that is before it.
fn out_of_order(history: &History) -> Option<String> {
    let revision_of = |operation: &Operation| match (&operation.action, &operation.outcome) {
        (Action::Read { stale: true, .. }, _) => None,
        (_, Outcome::Committed { revision } | Outcome::Read { revision, .. }) => Some(*revision),
        (_, Outcome::Conflict { .. } | Outcome::Failed { .. } | Outcome::Unknown { .. }) => None,
    };
    let known: Vec<(&Operation, u64)> = history
        .operations()
        .filter_map(|operation| Some((operation, revision_of(operation)?)))
        .collect();
    let mut completed = known.clone();
    completed.sort_by_key(|(operation, _)| operation.completed_ns);
    let mut invoked = known;
    invoked.sort_by_key(|(operation, _)| operation.invoked_ns);
    let mut completed = completed.into_iter().peekable();
    let mut latest: Option<(&Operation, u64)> = None;
    for (operation, revision) in invoked {
        while let Some(next) =
            completed.next_if(|(earlier, _)| earlier.completed_ns < operation.invoked_ns)
        {
            if latest.is_none_or(|(_, revision)| next.1 > revision) {
                latest = Some(next);
            }
        }
        let Some((earlier, seen)) = latest else { continue };
        let writes = matches!(operation.outcome, Outcome::Committed { .. });
        let wrote = matches!(earlier.outcome, Outcome::Committed { .. });
        if revision < seen || (writes && wrote && revision == seen) {
            return Some(format!(
                "operation {} is of revision {revision}, and began after operation {} of revision \
                 {seen} was complete",
                operation.id, earlier.id
            ));
        }
    }
    None
}

/// A view that is not what the ledger says of its revision.
fn wrong_read(history: &History, ledger: &Ledger) -> Option<String> {
    let by_key = ledger.by_key();
    history.operations().find_map(|operation| {
        let (Action::Read { keys, .. }, Outcome::Read { revision, found }) =
            (&operation.action, &operation.outcome)
        else {
            return None;
        };
        let wrong = keys.iter().find(|key| {
            let changes = by_key.get(key.as_str()).map_or(&[][..], Vec::as_slice);
            let until = changes.partition_point(|(changed, _)| changed <= revision);
            !is_right(found, key, changes[..until].last(), ledger.after)
        })?;
        let (id, read) = (operation.id, found.get(wrong));
        Some(format!("operation {id} read {read:?} as {wrong} at {revision}: the ledger disagrees"))
    })
}

fn is_right(
    found: &BTreeMap<String, Found>,
    key: &str,
    expected: Option<&(u64, Option<&str>)>,
    after: u64,
) -> bool {
    match (found.get(key), expected) {
        (None, None | Some((_, None))) => true,
        (Some(read), Some((revision, Some(value)))) => {
            read.value == *value && read.revision == *revision
        }
        // Older than the ledger.
        (Some(read), None) => read.revision <= after,
        (Some(_), Some((_, None))) | (None, Some((_, Some(_)))) => false,
    }
}

#[cfg(test)]
pub(super) mod samples {
    //! Short ways to write a history.

    use std::ops::Range;

    use super::*;
    use crate::history::{Record, Write};

    pub(crate) fn put(key: &str, value: &str) -> Vec<Write> {
        vec![Write { key: key.to_owned(), value: Some(value.to_owned()) }]
    }

    pub(crate) fn committed(revision: u64) -> Outcome {
        Outcome::Committed { revision }
    }

    pub(crate) fn unknown() -> Outcome {
        Outcome::Unknown { reason: "lost".to_owned() }
    }

    pub(crate) fn operation(id: u64, time: Range<u64>, action: Action, outcome: Outcome) -> Record {
        let (invoked_ns, completed_ns) = (time.start, time.end);
        let (client, node) = (id, 1);
        Record::Operation(Operation { id, client, node, action, invoked_ns, completed_ns, outcome })
    }

    pub(crate) fn txn(id: u64, time: Range<u64>, writes: Vec<Write>, outcome: Outcome) -> Record {
        let action = Action::Txn { compares: Vec::new(), writes, request_id: None };
        operation(id, time, action, outcome)
    }

    /// A read of one key at a revision that found a value, and the revision that wrote it.
    pub(crate) fn read(
        id: u64,
        time: Range<u64>,
        key: &str,
        revision: u64,
        found: Option<(&str, u64)>,
    ) -> Record {
        let found = found
            .map(|(value, revision)| (key.to_owned(), Found { value: value.to_owned(), revision }));
        let action = Action::Read { keys: vec![key.to_owned()], stale: false };
        operation(id, time, action, Outcome::Read { revision, found: found.into_iter().collect() })
    }

    pub(crate) fn ledger(changes: &[(u64, &str, &str)]) -> Ledger {
        let mut ledger = Ledger::default();
        for (revision, key, value) in changes {
            ledger.add(*revision, put(key, value));
        }
        ledger
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{committed, ledger, put, read, txn};
    use super::*;

    #[test]
    fn revisions_in_the_order_of_time_are_right() {
        let records = vec![
            txn(1, 0..10, put("a", "x"), committed(4)),
            txn(2, 5..15, put("b", "y"), committed(4)),
            read(3, 20..30, "a", 6, Some(("x", 4))),
            read(4, 20..30, "c", 5, None),
        ];
        let ledger = ledger(&[(4, "a", "x"), (4, "b", "y")]);
        assert_eq!(Verdict::Holds, check(&History { records }, &ledger));
    }

    #[test]
    fn a_write_before_one_that_was_complete_is_found() {
        let records = vec![
            txn(1, 0..10, put("a", "x"), committed(6)),
            txn(2, 11..15, put("b", "y"), committed(5)),
        ];
        let ledger = ledger(&[(6, "a", "x"), (5, "b", "y")]);
        assert!(check(&History { records }, &ledger).is_violated());
    }

    #[test]
    fn a_stale_read_is_found() {
        let records =
            vec![txn(1, 0..10, put("a", "x"), committed(6)), read(2, 11..12, "a", 5, None)];
        assert!(check(&History { records }, &ledger(&[(6, "a", "x")])).is_violated());
    }

    #[test]
    fn a_view_that_is_not_of_its_revision_is_found() {
        let wrong = [Some(("x", 4)), Some(("y", 4)), None];
        for found in wrong {
            let records = vec![read(1, 0..1, "a", 7, found)];
            let ledger = ledger(&[(4, "a", "x"), (6, "a", "y")]);
            assert!(check(&History { records }, &ledger).is_violated(), "{found:?}");
        }
    }
}
