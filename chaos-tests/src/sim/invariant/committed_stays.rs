//! What was applied anywhere is committed: every node applies the same entry there, and every later
//! leader has it (Raft §5.4, Leader Completeness and State Machine Safety).

use std::collections::BTreeMap;

use super::Sight;

/// The committed entries: by index, the leader and the digest.
#[derive(Debug, Clone, Default)]
pub struct CommittedStays {
    committed: BTreeMap<u64, ((u64, u64), u64)>,
}

impl CommittedStays {
    /// Looks at a node.
    ///
    /// # Errors
    /// When it applied another entry than somebody else, or leads without a committed entry.
    pub fn look(&mut self, sight: &Sight) -> Result<(), String> {
        let applied = sight.position.applied;
        for record in sight.log.iter().filter(|record| record.index <= applied) {
            let entry = (record.leader, record.digest);
            let known = self.committed.entry(record.index).or_insert(entry);
            if *known != entry {
                let index = record.index;
                return Err(format!("it applied {entry:?} at {index}, another node {known:?}"));
            }
        }
        let (Some(first), true) = (sight.log.first(), sight.position.leading) else {
            return Ok(());
        };
        let has: BTreeMap<u64, (u64, u64)> =
            sight.log.iter().map(|record| (record.index, record.leader)).collect();
        let missing = self.committed.range(first.index..).find(|(index, (leader, _))| {
            *leader < sight.position.vote && has.get(index) != Some(leader)
        });
        match missing {
            Some((index, entry)) => Err(format!(
                "it leads with {:?} and has no {entry:?} at {index}",
                sight.position.vote
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use raft_store::sim::member::{LogRecord, Position};

    use super::*;

    fn sight(node: u64, leading: bool, applied: u64, leaders: &[u64]) -> Sight {
        let record =
            |(index, term): (u64, &u64)| LogRecord { index, leader: (*term, 1), digest: 7 };
        let last_log = leaders.len() as u64;
        Sight {
            node,
            incarnation: 1,
            position: Position { vote: (9, node), leading, last_log, applied },
            log: (1..).zip(leaders).map(record).collect(),
            digest: None,
        }
    }

    #[test]
    fn what_is_not_applied_may_differ() {
        let mut committed = CommittedStays::default();
        assert_eq!(Ok(()), committed.look(&sight(1, true, 1, &[1, 1])));
        assert_eq!(Ok(()), committed.look(&sight(2, true, 1, &[1, 2])));
    }

    #[test]
    fn another_entry_or_a_leader_without_it_is_found() {
        let mut committed = CommittedStays::default();
        assert_eq!(Ok(()), committed.look(&sight(1, true, 2, &[1, 1])));
        assert!(committed.clone().look(&sight(2, false, 2, &[1, 2])).is_err());
        assert!(committed.look(&sight(2, true, 1, &[1])).is_err());
    }
}
