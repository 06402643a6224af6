//! The times in which nobody could write.

use serde::Serialize;

use crate::history::{History, Outcome};

/// Shorter times without an answer are no gap: a busy machine has them by itself.
const GAP_MIN_NS: u64 = 200_000_000;

/// A time without an acknowledged write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The last acknowledgement before it, nanoseconds on the clock of the history.
    pub from_ns: u64,
    /// The first one after it.
    pub to_ns: u64,
}

impl Gap {
    /// How long it was.
    #[must_use]
    pub fn milliseconds(&self) -> u64 {
        self.to_ns.saturating_sub(self.from_ns) / 1_000_000
    }
}

/// The gaps between acknowledged writes, and before the first and after the last, in the order of
/// time. `worked_ns` is from when to when clients tried.
#[must_use]
pub fn gaps(history: &History, worked_ns: (u64, u64)) -> Vec<Gap> {
    let acknowledged = history.operations().filter_map(|operation| {
        matches!(operation.outcome, Outcome::Committed { .. }).then_some(operation.completed_ns)
    });
    let (begin, end) = worked_ns;
    let within = acknowledged.filter(|at| (begin..=end).contains(at));
    let mut times: Vec<u64> = within.chain([begin, end]).collect();
    times.sort_unstable();
    let between = times.windows(2).map(|pair| Gap { from_ns: pair[0], to_ns: pair[1] });
    between.filter(|gap| gap.to_ns - gap.from_ns >= GAP_MIN_NS).collect()
}

#[cfg(test)]
mod tests {
    use super::{Gap, gaps};
    use crate::history::{Action, History, Operation, Outcome, Record};

    fn acknowledged(at_ms: u64, outcome: Outcome) -> Record {
        Record::Operation(Operation {
            id: at_ms,
            client: 1,
            node: 1,
            action: Action::Txn { compares: vec![], writes: vec![], request_id: None },
            invoked_ns: 0,
            completed_ns: at_ms * 1_000_000,
            outcome,
        })
    }

    #[test]
    fn only_long_times_without_an_acknowledged_write_are_gaps() {
        let committed = Outcome::Committed { revision: 1 };
        let unknown = Outcome::Unknown { reason: String::new() };
        let records = [(100, &committed), (250, &committed), (600, &unknown), (900, &committed)]
            .map(|(at, outcome)| acknowledged(at, outcome.clone()));
        let history = History { records: records.to_vec() };
        let found = gaps(&history, (0, 1_500_000_000));
        let spans: Vec<u64> = found.iter().map(Gap::milliseconds).collect();
        assert_eq!(spans, [650, 600]);
    }
}
