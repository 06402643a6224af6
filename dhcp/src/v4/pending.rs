//! The clients that wait for a commit.

use std::net::Ipv4Addr;

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
