//! A binding: an address that a client was told it may use (RFC 2131 §2.2), or a prefix that is delegated to it (RFC 9915 §6.3).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{SubnetId, SystemId, VlanId};
use crate::lease::client::ClientId;
use crate::mac::MacAddress;
use crate::net::prefix::Prefix;
use crate::time::Timestamp;

/// Why an address is not free although its client does not use it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BindingState {
    /// The client may use the address until `told_until`.
    #[default]
    Active,
    /// The client released it, or did not renew it in time; it is kept for that client until
    /// `promise_until`.
    Released,
    /// A client found it in use by somebody else (DHCPDECLINE) at `told_until`; until
    /// `promise_until` it is given only where nothing else is left.
    Declined,
}

/// An address bound to a client on a link, or a prefix. The key is the address, or the first one of the prefix: no pool of
/// prefixes overlaps a subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The address.
    pub ip: IpAddr,
    /// The subnet it was chosen from.
    pub subnet: SubnetId,
    /// The link the client is on.
    pub vlan: VlanId,
    /// The client. Rows call it as they did when all clients had hardware addresses.
    #[serde(rename = "mac")]
    pub client: ClientId,
    /// The hardware address of a client that is known by something else, as those of `DHCPv6` are, if it is
    /// known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<MacAddress>,
    /// The length of the prefix that is delegated to the client, of which `ip` is the first address; none of an
    /// address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix_length: Option<u8>,
    /// Whether it is in use.
    pub state: BindingState,
    /// The name the client asked for (option 12 or 81), if it is a valid label.
    pub hostname: Option<String>,
    /// Until when the client was told it may use the address.
    pub told_until: Timestamp,
    /// Until when any rack may extend it for this client without a region. Nobody else gets the
    /// address before.
    pub promise_until: Timestamp,
    /// The rack that asked for the last change.
    pub rack: SystemId,
}

impl Binding {
    /// The hardware address of the client, however it is known.
    #[must_use]
    pub fn mac(&self) -> Option<MacAddress> {
        self.client.mac().or(self.hardware)
    }

    /// Whether it is of an address, and not of a delegated prefix.
    #[must_use]
    pub const fn is_of_address(&self) -> bool {
        self.prefix_length.is_none()
    }

    /// Whether it is of an address that its client made itself, and registered (RFC 9686): nobody gave it.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.ip.is_ipv6() && self.client.registers()
    }

    /// The prefix that is delegated; none of an address.
    #[must_use]
    pub fn prefix(&self) -> Option<Prefix> {
        Prefix::of(self.ip, self.prefix_length)
    }
}
