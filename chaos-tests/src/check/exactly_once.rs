//! Exactly once: a transaction that was acknowledged stands in the ledger at its revision and nowhere
//! else, one with an unknown outcome at most once, and one that was refused nowhere.
//!
//! Values are unique in a history, so a value says which transaction wrote it.

use super::{Ledger, Verdict};
use crate::history::{Action, History, Operation, Outcome, Write};

/// Judges the transactions that put at least one value.
#[must_use]
pub fn check(history: &History, ledger: &Ledger) -> Verdict {
    let by_value = ledger.by_value();
    let violation = history.operations().find_map(|operation| {
        let Action::Txn { writes, .. } = &operation.action else { return None };
        writes.iter().find_map(|write| {
            let found = by_value.get(write.value.as_deref()?).map_or(&[][..], Vec::as_slice);
            judge(operation, write, found, ledger.after)
        })
    });
    Verdict::of(violation)
}

fn judge(operation: &Operation, write: &Write, found: &[u64], after: u64) -> Option<String> {
    let allowed = match &operation.outcome {
        Outcome::Committed { revision } => found == [*revision] || *revision <= after,
        Outcome::Conflict { .. } | Outcome::Failed { .. } => found.is_empty(),
        Outcome::Unknown { .. } => found.len() <= 1,
        Outcome::Read { .. } => true,
    };
    (!allowed).then(|| {
        let (id, outcome) = (operation.id, &operation.outcome);
        format!("operation {id} ended as {outcome:?}, but {write:?} is at revisions {found:?}")
    })
}

#[cfg(test)]
mod tests {
    use super::super::revision::samples::{committed, ledger, put, txn, unknown};
    use super::*;

    #[test]
    fn a_write_that_is_there_once_is_right() {
        let history = History { records: vec![txn(1, 0..1, put("a", "x"), committed(4))] };
        assert_eq!(Verdict::Holds, check(&history, &ledger(&[(4, "a", "x")])));
    }

    #[test]
    fn a_lost_a_doubled_and_a_refused_write_are_found() {
        let acknowledged = History { records: vec![txn(1, 0..1, put("a", "x"), committed(4))] };
        assert!(check(&acknowledged, &ledger(&[])).is_violated());
        assert!(check(&acknowledged, &ledger(&[(5, "a", "x")])).is_violated());
        let doubled = ledger(&[(4, "a", "x"), (6, "a", "x")]);
        assert!(check(&acknowledged, &doubled).is_violated());
        let open = History { records: vec![txn(1, 0..1, put("a", "x"), unknown())] };
        assert!(check(&open, &doubled).is_violated());
        assert_eq!(Verdict::Holds, check(&open, &ledger(&[])));
        let failed = Outcome::Failed { reason: String::new() };
        let refused = History { records: vec![txn(1, 0..1, put("a", "x"), failed)] };
        assert!(check(&refused, &ledger(&[(4, "a", "x")])).is_violated());
    }
}
