//! The commits whose outcome is not known.

use std::collections::BTreeMap;

use model::lease::clock::Moment;
use model::time::Timestamp;

use crate::leases::commit::CommitRequest;
use crate::leases::family::Family;

/// Clients that wait, and commits without an outcome, are bounded: with a full table, packets are dropped.
const OPEN_COMMITS_MAX: usize = 8_192;

/// The commits whose outcome is not known, each with when it was sent last.
#[derive(Debug)]
pub(crate) struct OpenCommits<A> {
    incarnation: u64,
    next: u64,
    pub(crate) open: BTreeMap<[u8; 16], OpenCommit<A>>,
}

/// A request to commit that has no outcome yet.
#[derive(Debug, Clone)]
pub(crate) struct OpenCommit<A> {
    pub(crate) request: CommitRequest<A>,
    /// When it was sent last.
    pub(crate) sent: Moment,
    /// Region time was not before this when it was sent first, and so when it is evaluated.
    pub(crate) asked_at: Timestamp,
}

impl<A: Family> OpenCommits<A> {
    pub(crate) fn new(incarnation: u64) -> Self {
        Self { incarnation, next: A::FIRST_COMMIT, open: BTreeMap::new() }
    }

    pub(crate) fn full(&self) -> bool {
        self.open.len() >= OPEN_COMMITS_MAX
    }

    /// An id that no other commit request of any process has: the process's random number and a count.
    pub(crate) fn id(&mut self) -> [u8; 16] {
        self.next += 1;
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.incarnation.to_be_bytes());
        id[8..].copy_from_slice(&self.next.to_be_bytes());
        id
    }

    /// Sends it for the first time; region time is not before `asked_at`.
    pub(crate) fn open(&mut self, request: &CommitRequest<A>, now: Moment, asked_at: Timestamp) {
        let open = OpenCommit { request: request.clone(), sent: now, asked_at };
        self.open.insert(request.request_id, open);
    }
}
