//! The messages that wait for commits.
//!
//! Each is found by its number, and by its client: of a client that sends a message again nothing else is looked at, however many
//! others wait.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::id::VlanId;
use model::lease::clock::Moment;

use crate::v6::asking::Asking;
use crate::v6::associations::Judged;

/// A message that waits for commits, with what becomes of its associations.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) asking: Asking,
    pub(crate) judged: Vec<Judged>,
    pub(crate) since: Moment,
}

/// Whose messages: of a link, by the client's identifier.
type Client = (VlanId, Option<Arc<[u8]>>);

/// Messages that wait for commits.
#[derive(Debug, Default)]
pub(crate) struct WaitingMessages {
    by_number: BTreeMap<u64, Waiting>,
    of_client: BTreeSet<(Client, u64)>,
    last: u64,
}

impl WaitingMessages {
    /// A message waits from now on; returns its number.
    pub(crate) fn add(&mut self, waiting: Waiting) -> u64 {
        self.last += 1;
        self.put(self.last, waiting);
        self.last
    }

    /// One that was taken out goes on waiting.
    pub(crate) fn put(&mut self, number: u64, waiting: Waiting) {
        self.of_client.insert((client(&waiting.asking), number));
        self.by_number.insert(number, waiting);
    }

    /// Takes one out.
    pub(crate) fn take(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.by_number.remove(&number)?;
        self.of_client.remove(&(client(&waiting.asking), number));
        Some(waiting)
    }

    /// Those of the client of a message, on its link.
    pub(crate) fn of_client(&self, asking: &Asking) -> impl Iterator<Item = &Waiting> {
        let client = client(asking);
        let numbers = self.of_client.range((client.clone(), 0)..=(client, u64::MAX));
        numbers.filter_map(|(_, number)| self.by_number.get(number))
    }

    /// The numbers of those that began to wait so long before `now`.
    pub(crate) fn since(&self, ms: u64, now: Moment) -> Vec<u64> {
        let late = self.by_number.iter().filter(|(_, it)| now.since_ms(it.since) >= ms);
        late.map(|(number, _)| *number).collect()
    }
}

fn client(asking: &Asking) -> Client {
    (asking.vlan(), asking.message.client.clone())
}
