//! A message of a client on its way through the server.

use model::id::VlanId;
use model::lease::client::ClientId;
use model::mac::MacAddress;

use crate::v6::output::Arrival;
use crate::wire::v6::message::Message;

/// A message, where it came in, and who sent it.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(crate) message: Message,
    pub(crate) arrival: Arrival,
    /// Who sent it: its hardware address if that is known, because identifiers change along one boot.
    pub(crate) sender: ClientId,
    pub(crate) hardware: Option<MacAddress>,
}

impl Asking {
    pub(crate) const fn vlan(&self) -> VlanId {
        self.arrival.vlan
    }
}
