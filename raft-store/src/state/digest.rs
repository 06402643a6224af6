//! A rolling digest of everything that was applied, to notice a replica that differs.
//!
//! Replicas that applied the same log have the same digest. It covers the outcome of every
//! transaction and the record of what it wrote, and that record holds what was there before: a value
//! that a disk changed is noticed with the next write of its key, unless it is still remembered and
//! so comes from memory. It does not see a damaged value that nobody writes, or damaged sessions.
//!
//! The leader lets all replicas mark the digest at the same entry, and later has them compare it
//! with what most of them found. Who differs takes itself out.

use std::collections::VecDeque;

use proto::raft as wire;

use crate::types::Outcome;

/// How many marks are kept. Never changes: it is part of what replicas must agree on.
const MARKS_MAX: usize = 4;

/// The digest and where it was marked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Digest {
    pub(crate) value: u32,
    /// In the order of their indexes.
    pub(crate) marks: VecDeque<wire::DigestMark>,
}

/// This replica differs from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the state of this node differs from that of the others at entry {index} (digest {found:08x}, \
     expected {expected:08x}): it must not go on; remove it and join again as a new node"
)]
pub struct Diverged {
    /// The last entry that both digests cover.
    pub index: u64,
    /// What most replicas have.
    pub expected: u32,
    /// What this one has.
    pub found: u32,
}

impl Digest {
    /// Takes in one transaction: how it ended, and its encoded record when it wrote something.
    pub(crate) fn add(&mut self, outcome: &Outcome, record: &[u8]) {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.value);
        match outcome {
            Outcome::Committed(revision) => {
                hasher.update(b"c");
                hasher.update(&revision.to_be_bytes());
            }
            Outcome::Conflict(key) => {
                hasher.update(b"x");
                hasher.update(key);
            }
            // The words may differ between versions.
            Outcome::Invalid(_) => hasher.update(b"i"),
            Outcome::Decided(requests) => {
                hasher.update(b"d");
                for request in requests {
                    hasher.update(&request.id);
                    hasher.update(&request.revision.to_be_bytes());
                }
            }
        }
        hasher.update(record);
        self.value = hasher.finalize();
    }

    /// Marks the digest at an entry.
    pub(crate) fn mark(&mut self, index: u64) {
        if self.marks.len() == MARKS_MAX {
            self.marks.pop_front();
        }
        self.marks.push_back(wire::DigestMark { index, digest: self.value });
    }

    /// Compares an earlier mark; one that is not known any more is as good as any.
    pub(crate) fn check(&self, expected: wire::DigestMark) -> Result<(), Diverged> {
        let wire::DigestMark { index, digest } = expected;
        match self.marks.iter().find(|mark| mark.index == index) {
            Some(mark) if mark.digest != digest => {
                Err(Diverged { index, expected: digest, found: mark.digest })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// What most of the replicas have at their last common mark; none when no more than half of `asked`
/// replicas agree.
pub(crate) fn majority(
    reports: &[Vec<wire::DigestMark>],
    asked: usize,
) -> Option<wire::DigestMark> {
    let votes = |mark: &wire::DigestMark| reports.iter().filter(|it| it.contains(mark)).count();
    let marks = reports.iter().flatten().copied();
    marks.filter(|mark| votes(mark) * 2 > asked).max_by_key(|mark| mark.index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::DecidedRequest;

    fn mark(index: u64, digest: u32) -> wire::DigestMark {
        wire::DigestMark { index, digest }
    }

    #[test]
    fn the_majority_decides_at_the_last_mark_that_it_shares() {
        let (good, bad) = (vec![mark(5, 1), mark(9, 2)], vec![mark(5, 1), mark(9, 7)]);
        let reports = [bad.clone(), good.clone(), good.clone()];
        assert_eq!(Some(mark(9, 2)), majority(&reports, 3));
        assert_eq!(Some(mark(5, 1)), majority(&[bad, good.clone()], 2), "no majority at 9");
        assert_eq!(None, majority(&[good], 2), "one of two");
        assert_eq!(None, majority(&[], 3));
    }

    #[test]
    fn every_outcome_and_every_record_counts() {
        let digest = |outcomes: &[(Outcome, &[u8])]| {
            let mut digest = Digest::default();
            outcomes.iter().for_each(|(outcome, record)| digest.add(outcome, record));
            digest.value
        };
        let committed = (Outcome::Committed(1), &b"a"[..]);
        let conflict = (Outcome::Conflict(bytes::Bytes::from_static(b"k")), &b""[..]);
        let invalid = (Outcome::Invalid("words".to_owned()), &b""[..]);
        let other = (Outcome::Invalid("other words".to_owned()), &b""[..]);
        assert_eq!(digest(std::slice::from_ref(&invalid)), digest(&[other]));
        let decided =
            |id, revision| Outcome::Decided(vec![DecidedRequest { id: [id; 16], revision }]);
        let all = [
            digest(&[]),
            digest(std::slice::from_ref(&committed)),
            digest(&[(Outcome::Committed(2), b"a")]),
            digest(&[(Outcome::Committed(1), b"b")]),
            digest(std::slice::from_ref(&conflict)),
            digest(&[invalid]),
            digest(&[(decided(3, 1), b"")]),
            digest(&[(decided(4, 1), b"")]),
            digest(&[(decided(3, 2), b"")]),
            digest(&[committed.clone(), conflict.clone()]),
            digest(&[conflict, committed]),
        ];
        let different: std::collections::BTreeSet<u32> = all.into();
        assert_eq!(all.len(), different.len());
    }
}
