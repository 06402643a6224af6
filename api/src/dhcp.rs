//! The shapes of leases, and of why a client gets what it gets.

use std::net::IpAddr;

use ipnet::IpNet;
use model::lease::standing::Standing;
use serde::{Deserialize, Serialize};

/// An address that is, or was, bound to a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The address.
    pub ip: IpAddr,
    /// The client: its hardware address.
    pub client: String,
    /// The name of the machine that the client is an interface of; else the one it asked for.
    pub name: Option<String>,
    /// How it stands.
    pub state: Standing,
    /// Until when the client was told it may use the address (RFC 3339, UTC).
    pub told_until: String,
    /// Until when nobody else gets the address (RFC 3339, UTC).
    pub promised_until: String,
    /// The rack that asked for the last change.
    pub rack: NamedRack,
    /// The subnet the address was chosen from.
    pub subnet: NamedSubnet,
    /// The link the client is on.
    pub vlan: NamedVlan,
}

/// Leases in the order of their addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeasePage {
    /// Some of them.
    pub leases: Vec<Lease>,
    /// What `after` has to be for those that follow; none after the last.
    pub next: Option<IpAddr>,
}

/// A rack by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRack {
    /// Its id.
    pub system_id: String,
    /// Its host's name; none of a rack that was forgotten.
    pub hostname: Option<String>,
}

/// A subnet by id and prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedSubnet {
    /// Its id.
    pub id: u32,
    /// Its prefix; none of one that was deleted.
    pub cidr: Option<IpNet>,
}

/// A VLAN by id, and by fabric and tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedVlan {
    /// Its id.
    pub id: u32,
    /// The name of its fabric; none of a VLAN that was deleted.
    pub fabric: Option<String>,
    /// Its tag.
    pub vid: Option<u16>,
}
