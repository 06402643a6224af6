//! What is not decided yet: commits whose outcome is not known, and the clients that wait for one.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::lease::clock::Moment;

use crate::v4::output::{Arrival, CommitRequest};
use crate::wire::message::Message;

/// Clients that wait, and commits without an outcome, are bounded: with a full table, packets are dropped.
const OPEN_COMMITS_MAX: usize = 8_192;

/// A request that waits for its commit.
#[derive(Debug, Clone)]
pub(crate) struct WaitingClient {
    pub(crate) message: Message,
    pub(crate) arrival: Arrival,
    pub(crate) ip: Ipv4Addr,
    pub(crate) since: Moment,
}

/// The commits whose outcome is not known.
#[derive(Debug)]
pub(crate) struct OpenCommits {
    incarnation: u64,
    next: u64,
    pub(crate) open: BTreeMap<[u8; 16], (CommitRequest, Moment)>,
}

impl OpenCommits {
    pub(crate) fn new(incarnation: u64) -> Self {
        Self { incarnation, next: 0, open: BTreeMap::new() }
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

    pub(crate) fn open(&mut self, request: &CommitRequest, now: Moment) {
        self.open.insert(request.request_id, (request.clone(), now));
    }
}
