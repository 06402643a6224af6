//! What must be there after a restart, from what was acknowledged before it.
//!
//! Three things are known of a transaction: it was acknowledged at a revision and must be there, it
//! was refused and must never appear, or its answer was lost and it is there whole or not at all.
//! What is there says which, and settles it: what was seen must stay, what was not seen after a
//! restart must stay away. All that is there, replayed in the order of revisions with its compares,
//! must give exactly the keys that the store shows.

use std::collections::{BTreeMap, BTreeSet};

use super::load::{mark, marked};
use super::protocol::{Response, Row, Transaction};

/// How many violations one look reports.
const VIOLATIONS_MAX: usize = 10;

/// What is known of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownOutcome {
    /// Its answer was lost, or is still to come.
    Open,
    /// It was applied at this revision.
    Applied(u64),
    /// It was not applied and never will be, unless it is sent again.
    Absent,
}

/// A transaction that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What was sent.
    pub transaction: Transaction,
    /// What became of it.
    pub known: KnownOutcome,
}

/// The keys with value and revision.
pub type Keys = BTreeMap<String, (String, u64)>;

/// Changes of keys in the order of revision and key.
pub type Changes = Vec<(u64, String, Option<String>)>;

/// Everything that was sent and what is known of it.
#[derive(Debug, Default)]
pub struct Model {
    sent: BTreeMap<u64, Sent>,
    revisions: BTreeMap<String, u64>,
}

impl Model {
    /// The revision that a key probably has; 0 when it is probably absent.
    #[must_use]
    pub fn revision_of(&self, key: &str) -> u64 {
        self.revisions.get(key).copied().unwrap_or(0)
    }

    /// All transactions by number.
    #[must_use]
    pub fn all(&self) -> &BTreeMap<u64, Sent> {
        &self.sent
    }

    /// A transaction is on its way.
    pub fn sent(&mut self, number: u64, transaction: Transaction) {
        self.sent.insert(number, Sent { transaction, known: KnownOutcome::Open });
    }

    /// A transaction that was absent is sent again.
    pub fn sent_again(&mut self, number: u64) {
        if let Some(sent) = self.sent.get_mut(&number) {
            sent.known = KnownOutcome::Open;
        }
    }

    /// A transaction was answered.
    pub fn answered(&mut self, number: u64, response: &Response) {
        let Some(sent) = self.sent.get_mut(&number) else { return };
        match response {
            Response::Committed { revision } => {
                sent.known = KnownOutcome::Applied(*revision);
                for (key, value) in &sent.transaction.writes {
                    let now = if value.is_some() { *revision } else { 0 };
                    let known = self.revisions.entry(key.clone()).or_default();
                    // Answers do not come in the order of revisions.
                    if *known <= *revision {
                        *known = now;
                    }
                }
            }
            Response::Conflict | Response::NotCommitted => sent.known = KnownOutcome::Absent,
            Response::Unknown
            | Response::Done
            | Response::Rows { .. }
            | Response::Changes(_)
            | Response::Compacted { .. }
            | Response::Failed { .. } => {}
        }
    }

    /// Compares with what the store shows, and settles what was open. Returns what must not be.
    pub fn settle(&mut self, shown_at: u64, rows: &[Row]) -> Vec<String> {
        let mut violations = Vec::new();
        let marks: BTreeMap<u64, u64> =
            rows.iter().filter_map(|(key, _, at)| Some((marked(key)?, *at))).collect();
        for (number, sent) in &mut self.sent {
            let shown = marks.get(number).copied();
            match (sent.known, shown) {
                (KnownOutcome::Applied(at), None) => {
                    violations.push(format!("transaction {number}, applied at {at}, is lost"));
                }
                (KnownOutcome::Applied(at), Some(found)) if at != found => {
                    violations.push(format!("transaction {number} moved from {at} to {found}"));
                }
                (KnownOutcome::Absent, Some(found)) => {
                    violations
                        .push(format!("transaction {number}, not applied, appeared at {found}"));
                }
                (KnownOutcome::Open, Some(found)) => sent.known = KnownOutcome::Applied(found),
                (KnownOutcome::Open, None) => sent.known = KnownOutcome::Absent,
                (KnownOutcome::Applied(_), Some(_)) | (KnownOutcome::Absent, None) => {}
            }
        }
        let sent = &self.sent;
        let strange = marks.keys().filter(|number| !sent.contains_key(number));
        violations.extend(strange.map(|number| format!("nobody sent transaction {number}")));
        let (expected, broken) = self.at(u64::MAX);
        violations.extend(broken);
        violations.extend(differences(&expected, rows));
        if let Some((key, _, at)) = rows.iter().find(|(_, _, at)| *at > shown_at) {
            violations.push(format!("key {key} of revision {at} is shown at revision {shown_at}"));
        }
        self.revisions = expected.into_iter().map(|(key, (_, at))| (key, at)).collect();
        violations.truncate(VIOLATIONS_MAX);
        violations
    }

    /// The keys at a revision, by replaying what was applied up to it; and the compares that did
    /// not hold, which must not be.
    #[must_use]
    pub fn at(&self, revision: u64) -> (Keys, Vec<String>) {
        let mut keys = Keys::new();
        let mut broken = Vec::new();
        for (at, number, transaction) in self.applied() {
            if at > revision {
                break;
            }
            for (key, wanted) in &transaction.compares {
                let found = keys.get(key).map_or(0, |(_, at)| *at);
                if found != *wanted {
                    broken.push(format!(
                        "transaction {number} was applied at {at} though key {key} was of revision \
                         {found} and not {wanted}"
                    ));
                }
            }
            for (key, value) in &transaction.writes {
                match value {
                    Some(value) => keys.insert(key.clone(), (value.clone(), at)),
                    None => keys.remove(key),
                };
            }
        }
        (keys, broken)
    }

    /// What changed after a revision, by replaying.
    #[must_use]
    pub fn changes_after(&self, revision: u64) -> Changes {
        let mut present = BTreeSet::new();
        let mut changes = Changes::new();
        for (at, _, transaction) in self.applied() {
            for (key, value) in &transaction.writes {
                let changed = match value {
                    Some(_) => {
                        present.insert(key);
                        true
                    }
                    None => present.remove(key),
                };
                if changed && at > revision {
                    changes.push((at, key.clone(), value.clone()));
                }
            }
        }
        changes.sort();
        changes
    }

    /// The transactions that were applied, in the order of their revisions.
    fn applied(&self) -> Vec<(u64, u64, &Transaction)> {
        let applied = self.sent.iter().filter_map(|(number, sent)| match sent.known {
            KnownOutcome::Applied(at) => Some((at, *number, &sent.transaction)),
            KnownOutcome::Open | KnownOutcome::Absent => None,
        });
        let mut applied: Vec<_> = applied.collect();
        applied.sort_by_key(|(at, number, _)| (*at, *number));
        applied
    }
}

/// How the keys that are shown differ from what is expected.
#[must_use]
pub fn differences(expected: &Keys, rows: &[Row]) -> Vec<String> {
    let shown: BTreeMap<&str, (&str, u64)> =
        rows.iter().map(|(key, value, at)| (key.as_str(), (value.as_str(), *at))).collect();
    let mut different = Vec::new();
    for (key, (value, at)) in expected {
        match shown.get(key.as_str()) {
            None => different.push(format!("key {key} of revision {at} is missing")),
            Some((_, found)) if found != at => {
                different.push(format!("key {key} is of revision {found} and not {at}"));
            }
            Some((found, _)) if found != value => {
                different.push(format!("key {key} of revision {at} has another value"));
            }
            Some(_) => {}
        }
    }
    let strange = shown.keys().filter(|key| !expected.contains_key(**key));
    different.extend(strange.map(|key| format!("key {key} should not be there")));
    different.truncate(VIOLATIONS_MAX);
    different
}

/// A transaction that would show if a request id were not remembered: the same id, another write.
#[must_use]
pub fn impostor(number: u64, transaction: &Transaction) -> Transaction {
    Transaction {
        compares: Vec::new(),
        writes: vec![(mark(number), Some("applied twice".to_owned()))],
        request_id: transaction.request_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(number: u64, key: &str) -> Transaction {
        let writes = vec![
            (mark(number), Some(number.to_string())),
            (key.to_owned(), Some(format!("{number}:"))),
        ];
        Transaction { writes, ..Transaction::default() }
    }

    fn row(number: u64, key: &str, at: u64) -> [Row; 2] {
        [(mark(number), number.to_string(), at), (key.to_owned(), format!("{number}:"), at)]
    }

    fn model() -> Model {
        let mut model = Model::default();
        for (number, key) in [(1, "a"), (2, "b"), (3, "c")] {
            model.sent(number, put(number, key));
        }
        model.answered(1, &Response::Committed { revision: 5 });
        model.answered(3, &Response::Conflict);
        model
    }

    #[track_caller]
    fn check(expected: &[&str], shown: &[[Row; 2]]) {
        let rows: Vec<Row> = shown.iter().flatten().cloned().collect();
        assert_eq!(expected, model().settle(9, &rows));
    }

    #[test]
    fn what_was_acknowledged_must_be_there() {
        check(&[], &[row(1, "a", 5)]);
        let lost = "transaction 1, applied at 5, is lost";
        let missing =
            ["key a of revision 5 is missing", "key op/00000001 of revision 5 is missing"];
        check(&[lost, missing[0], missing[1]], &[]);
    }

    #[test]
    fn what_was_refused_must_not_be_there() {
        let appeared = "transaction 3, not applied, appeared at 7";
        let strange = ["key c should not be there", "key op/00000003 should not be there"];
        let rows = [row(1, "a", 5), row(3, "c", 7)];
        check(&[appeared, strange[0], strange[1]], &rows);
    }

    #[test]
    fn what_was_open_is_settled_by_what_is_seen() {
        let mut model = model();
        let both: Vec<Row> = [row(1, "a", 5), row(2, "b", 6)].concat();
        assert!(model.settle(6, &both).is_empty());
        assert_eq!(KnownOutcome::Applied(6), model.all()[&2].known);
        let one = row(1, "a", 5).to_vec();
        assert!(model.settle(9, &one)[0].contains("transaction 2, applied at 6, is lost"));
    }

    #[test]
    fn half_a_transaction_is_noticed() {
        let half: Vec<Row> = [row(1, "a", 5).to_vec(), vec![row(2, "b", 6)[0].clone()]].concat();
        assert_eq!(vec!["key b of revision 6 is missing"], model().settle(6, &half));
    }

    #[test]
    fn a_compare_that_did_not_hold_is_noticed() {
        let mut model = Model::default();
        model.sent(1, Transaction { compares: vec![("a".to_owned(), 3)], ..put(1, "a") });
        let violations = model.settle(5, &row(1, "a", 5));
        assert!(violations[0].contains("though key a was of revision 0 and not 3"));
    }
}
