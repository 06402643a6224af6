//! An address that a user keeps for something (MAAS `ipaddresses` and `reservedips`).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{SubnetId, UserId};
use crate::mac::MacAddress;
use crate::time::Timestamp;

/// A reserved address. The key is the address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservedAddress {
    /// The address.
    pub ip: IpAddr,
    /// The subnet that contains it.
    pub subnet: SubnetId,
    /// The client that DHCP gives it to; without one it is only left alone.
    pub mac: Option<MacAddress>,
    /// The name of that client, empty when it has none.
    pub hostname: String,
    /// Free text.
    pub comment: String,
    /// Who reserved it.
    pub user: UserId,
    /// When.
    pub created: Timestamp,
}
