//! What a watch promises: each change of its keys once, in the order of revisions, no revision in
//! part, none left out, and none from before its beginning.

use std::collections::BTreeMap;

use super::{Ledger, Verdict};
use crate::history::{History, Record, Write};

/// One watch, as far as it came.
struct Follower<'a> {
    prefix: &'a str,
    /// Everything up to this revision was given.
    given: u64,
}

/// Judges every watch against the ledger.
#[must_use]
pub fn check(history: &History, ledger: &Ledger) -> Verdict {
    let mut followers: BTreeMap<u64, Follower<'_>> = BTreeMap::new();
    for record in &history.records {
        match record {
            Record::WatchBegan { watch, prefix, after_revision, .. } => {
                followers.insert(*watch, Follower { prefix, given: *after_revision });
            }
            Record::Watched { watch, revision, changes, .. } => {
                let Some(follower) = followers.get_mut(watch) else {
                    let reason = format!("watch {watch} was given changes and never began");
                    return Verdict::Violated { reason };
                };
                if let Err(reason) = follower.take(*revision, changes, ledger) {
                    return Verdict::Violated { reason: format!("watch {watch}: {reason}") };
                }
            }
            Record::WatchEnded { .. } | Record::Operation(_) => {}
        }
    }
    Verdict::Holds
}

impl Follower<'_> {
    fn take(&mut self, revision: u64, changes: &[Write], ledger: &Ledger) -> Result<(), String> {
        let is_mark = changes.is_empty();
        if revision < self.given || (revision == self.given && !is_mark) {
            return Err(format!("revision {revision} came after {}", self.given));
        }
        let skipped = ledger.revisions.range(self.given.saturating_add(1).min(revision)..revision);
        let lost = skipped.into_iter().find(|(skipped, changes)| {
            **skipped > self.given && changes.keys().any(|key| key.starts_with(self.prefix))
        });
        if let Some((lost, _)) = lost {
            return Err(format!("revision {lost} was left out before {revision}"));
        }
        let empty = BTreeMap::new();
        let logged = ledger.revisions.get(&revision).unwrap_or(&empty);
        let expected: BTreeMap<&str, Option<&str>> = logged
            .iter()
            .filter(|(key, _)| key.starts_with(self.prefix))
            .map(|(key, value)| (key.as_str(), value.as_deref()))
            .collect();
        let given: BTreeMap<&str, Option<&str>> =
            changes.iter().map(|change| (change.key.as_str(), change.value.as_deref())).collect();
        let known = revision > ledger.after;
        if known && (given != expected || given.len() != changes.len()) {
            return Err(format!("revision {revision} is {expected:?}, and {given:?} was given"));
        }
        self.given = revision;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::revision::samples::{ledger, put};
    use super::*;

    fn began(after_revision: u64) -> Record {
        Record::WatchBegan { watch: 1, node: 1, prefix: "a".to_owned(), after_revision, at_ns: 0 }
    }

    fn given(revision: u64, changes: Vec<Write>) -> Record {
        Record::Watched { watch: 1, revision, changes, at_ns: 0 }
    }

    fn verdict(records: Vec<Record>) -> Verdict {
        let ledger = ledger(&[(3, "a", "x"), (4, "b", "y"), (5, "a", "z"), (5, "aa", "w")]);
        check(&History { records }, &ledger)
    }

    fn both() -> Vec<Write> {
        [put("a", "z"), put("aa", "w")].concat()
    }

    #[test]
    fn every_change_once_in_order_is_right() {
        let records = vec![began(2), given(3, put("a", "x")), given(4, vec![]), given(5, both())];
        assert_eq!(Verdict::Holds, verdict(records));
        assert_eq!(Verdict::Holds, verdict(vec![began(3), given(5, both())]));
    }

    #[test]
    fn gaps_repetitions_parts_and_marks_that_lie_are_found() {
        let x = || put("a", "x");
        assert!(verdict(vec![began(2), given(5, both())]).is_violated());
        assert!(verdict(vec![began(2), given(3, x()), given(3, x())]).is_violated());
        assert!(verdict(vec![began(2), given(5, both()), given(3, x())]).is_violated());
        assert!(verdict(vec![began(3), given(5, put("a", "z"))]).is_violated());
        assert!(verdict(vec![began(3), given(3, x())]).is_violated());
        assert!(verdict(vec![began(2), given(4, vec![])]).is_violated());
        assert!(verdict(vec![began(2), given(4, put("a", "ghost"))]).is_violated());
    }
}
