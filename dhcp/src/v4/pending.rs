//! The clients that wait for a commit, found by the request and by the address, so that a request that comes again costs no look at
//! all that wait.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::v4::output::Arrival;
use crate::wire::message::Message;

/// A request that waits for its commit.
#[derive(Debug, Clone)]
pub(crate) struct WaitingClient {
    pub(crate) message: Message,
    pub(crate) arrival: Arrival,
    pub(crate) ip: Ipv4Addr,
    pub(crate) since: Moment,
}

/// Requests that wait for their commits.
#[derive(Debug, Default)]
pub(crate) struct WaitingClients {
    by_request: BTreeMap<[u8; 16], WaitingClient>,
    by_address: BTreeSet<(Ipv4Addr, [u8; 16])>,
}

impl WaitingClients {
    /// A client waits for a request from now on.
    pub(crate) fn add(&mut self, request: [u8; 16], waiting: WaitingClient) {
        self.by_address.insert((waiting.ip, request));
        self.by_request.insert(request, waiting);
    }

    /// Takes out who waits for a request.
    pub(crate) fn take(&mut self, request: [u8; 16]) -> Option<WaitingClient> {
        let waiting = self.by_request.remove(&request)?;
        self.by_address.remove(&(waiting.ip, request));
        Some(waiting)
    }

    /// Whether a client waits for an address.
    pub(crate) fn has(&self, ip: Ipv4Addr, client: &ClientId) -> bool {
        let of_address = self.by_address.range((ip, [0; 16])..=(ip, [u8::MAX; 16]));
        of_address
            .filter_map(|(_, request)| self.by_request.get(request))
            .any(|waiting| waiting.message.client == *client)
    }

    /// The requests of those that began to wait so long before `now`.
    pub(crate) fn since(&self, ms: u64, now: Moment) -> Vec<[u8; 16]> {
        let late = self.by_request.iter().filter(|(_, it)| now.since_ms(it.since) >= ms);
        late.map(|(request, _)| *request).collect()
    }
}
