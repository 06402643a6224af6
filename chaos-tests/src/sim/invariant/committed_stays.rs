//! What was applied anywhere is committed: every node applies the same entry there, and every leader
//! that is later than its commit has it (Raft §5.4, Leader Completeness and State Machine Safety).
//!
//! An entry can be committed by a later leader than the one that made it; one that lost its leadership
//! in between, and does not know it yet, need not have it.

use std::collections::BTreeMap;

use super::observation::Observation;

/// The committed entries, by index.
#[derive(Debug, Clone, Default)]
pub struct CommittedStays {
    committed: BTreeMap<u64, Committed>,
}

#[derive(Debug, Clone)]
struct Committed {
    /// The leader that made it, and its digest.
    entry: ((u64, u64), u64),
    /// The lowest vote of those that applied it: the leader that committed it was no later.
    by: (u64, u64),
}

impl CommittedStays {
    /// Looks at a node.
    ///
    /// # Errors
    /// When it applied another entry than somebody else, or leads without a committed entry.
    pub fn look(&mut self, observation: &Observation) -> Result<(), String> {
        let vote = observation.position.vote;
        for record in
            observation.log.iter().filter(|record| record.index <= observation.position.applied)
        {
            let entry = (record.leader, record.digest);
            let known = self.committed.entry(record.index);
            let known = known.or_insert(Committed { entry, by: vote });
            if known.entry != entry {
                let (index, known) = (record.index, known.entry);
                return Err(format!("it applied {entry:?} at {index}, another node {known:?}"));
            }
            known.by = known.by.min(vote);
        }
        let (Some(first), true) = (observation.log.first(), observation.position.leading) else {
            return Ok(());
        };
        let has: BTreeMap<u64, (u64, u64)> =
            observation.log.iter().map(|record| (record.index, record.leader)).collect();
        let missing =
            self.committed.range(first.index..).find(|(index, Committed { entry, by })| {
                *by < vote && has.get(index) != Some(&entry.0)
            });
        match missing {
            Some((index, Committed { entry, .. })) => {
                Err(format!("it leads with {vote:?} and has no {entry:?} at {index}"))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use raft_store::sim::member::{LogRecord, Position};

    use super::*;

    fn observation(vote: (u64, u64), leading: bool, applied: u64, leaders: &[u64]) -> Observation {
        let record =
            |(index, term): (u64, &u64)| LogRecord { index, leader: (*term, 1), digest: 7 };
        let last_log = leaders.len() as u64;
        Observation {
            node: vote.1,
            incarnation: 1,
            position: Position { vote, leading, last_log, applied },
            log: (1..).zip(leaders).map(record).collect(),
            digest: None,
        }
    }

    #[test]
    fn what_is_not_applied_may_differ() {
        let mut committed = CommittedStays::default();
        assert_eq!(Ok(()), committed.look(&observation((8, 1), true, 1, &[1, 1])));
        assert_eq!(Ok(()), committed.look(&observation((9, 2), true, 1, &[1, 2])));
    }

    #[test]
    fn another_entry_or_a_leader_without_it_is_found() {
        let mut committed = CommittedStays::default();
        assert_eq!(Ok(()), committed.look(&observation((8, 1), true, 2, &[1, 1])));
        assert!(committed.clone().look(&observation((8, 2), false, 2, &[1, 2])).is_err());
        assert!(committed.look(&observation((9, 2), true, 1, &[1])).is_err());
    }

    #[test]
    fn a_leader_from_before_the_commit_need_not_have_it() {
        let mut committed = CommittedStays::default();
        assert_eq!(Ok(()), committed.look(&observation((3, 3), false, 1, &[1, 1])));
        assert_eq!(
            Ok(()),
            committed.look(&observation((3, 1), true, 2, &[1, 1])),
            "made in term 1"
        );
        assert_eq!(
            Ok(()),
            committed.look(&observation((2, 2), true, 1, &[1])),
            "it lost, and does not know"
        );
        assert!(committed.clone().look(&observation((4, 2), true, 1, &[1])).is_err());
        assert_eq!(
            Ok(()),
            committed.look(&observation((5, 3), false, 2, &[1, 1])),
            "heard of it late"
        );
        assert!(committed.look(&observation((4, 2), true, 1, &[1])).is_err());
    }
}
