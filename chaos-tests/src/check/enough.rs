//! Enough happened: a run in which hardly anything was acknowledged shows nothing.

use super::Verdict;
use crate::history::{History, Outcome};

/// A part of a run in which the cluster is expected to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// What it is called in a report.
    pub name: String,
    /// When it begins.
    pub from_ns: u64,
    /// When it ends.
    pub to_ns: u64,
    /// So many operations must be acknowledged in it.
    pub acknowledged_min: usize,
}

/// Inconclusive when a window has too few operations that began in it and were answered.
#[must_use]
pub fn check(history: &History, windows: &[Window]) -> Verdict {
    for window in windows {
        let acknowledged = history.operations().filter(|operation| {
            let answered =
                matches!(operation.outcome, Outcome::Committed { .. } | Outcome::Read { .. });
            answered && (window.from_ns..window.to_ns).contains(&operation.invoked_ns)
        });
        let acknowledged = acknowledged.count();
        if acknowledged < window.acknowledged_min {
            let (name, min) = (&window.name, window.acknowledged_min);
            let reason = format!("{acknowledged} operations acknowledged {name}, not {min}");
            return Verdict::Inconclusive { reason };
        }
    }
    Verdict::Holds
}

#[cfg(test)]
mod tests {
    use super::super::revision::samples::{committed, put, txn, unknown};
    use super::*;

    #[test]
    fn a_window_in_which_nothing_is_answered_is_inconclusive() {
        let window = |from_ns, to_ns| Window {
            name: "during".to_owned(),
            from_ns,
            to_ns,
            acknowledged_min: 1,
        };
        let records = vec![
            txn(1, 0..1, put("a", "x"), committed(1)),
            txn(2, 20..21, put("a", "y"), unknown()),
        ];
        let history = History { records };
        assert_eq!(Verdict::Holds, check(&history, &[window(0, 10)]));
        let verdict = check(&history, &[window(0, 10), window(10, 30)]);
        assert!(matches!(verdict, Verdict::Inconclusive { .. }));
    }
}
