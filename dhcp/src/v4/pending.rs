//! What is not decided yet: wishes whose outcome is not known, and the clients that wait for one.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::lease::clock::Moment;

use crate::v4::engine::{Arrival, Wish};
use crate::wire::message::Message;

/// Clients that wait, and wishes without an outcome, are bounded: a full table is a silent server.
const WISHES_MAX: usize = 8_192;

/// A request that waits for its commit.
#[derive(Debug, Clone)]
pub(crate) struct Parked {
    pub(crate) message: Message,
    pub(crate) arrival: Arrival,
    pub(crate) ip: Ipv4Addr,
    pub(crate) since: Moment,
}

/// The wishes whose outcome is not known.
#[derive(Debug)]
pub(crate) struct Wishes {
    incarnation: u64,
    next: u64,
    pub(crate) open: BTreeMap<[u8; 16], (Wish, Moment)>,
}

impl Wishes {
    pub(crate) fn new(incarnation: u64) -> Self {
        Self { incarnation, next: 0, open: BTreeMap::new() }
    }

    pub(crate) fn full(&self) -> bool {
        self.open.len() >= WISHES_MAX
    }

    /// An id that no other wish of any process has: the process's random number and a count.
    pub(crate) fn id(&mut self) -> [u8; 16] {
        self.next += 1;
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.incarnation.to_be_bytes());
        id[8..].copy_from_slice(&self.next.to_be_bytes());
        id
    }

    pub(crate) fn open(&mut self, wish: &Wish, now: Moment) {
        self.open.insert(wish.request_id, (wish.clone(), now));
    }
}
