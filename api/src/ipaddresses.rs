//! The shape of an address that somebody has.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::subnets::Subnet;
use crate::users::User;

/// An address that somebody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IpAddress {
    /// How it was assigned: 0 automatic, 1 static, 4 by a user, 5 DHCP, 6 seen by DHCP.
    pub alloc_type: u8,
    /// The same in words.
    pub alloc_type_name: String,
    /// When, in UTC, RFC 3339; absent where it is not known: addresses of DNS resources are not kept
    /// one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The address.
    #[schema(value_type = String)]
    pub ip: IpAddr,
    /// The user that reserved it.
    pub owner: Option<User>,
    /// The interfaces that have it.
    pub interface_set: Vec<ReservedInterface>,
    /// Its subnet.
    pub subnet: Option<Subnet>,
    /// The path of the collection.
    pub resource_uri: String,
}

/// The interface that an address is reserved for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReservedInterface {
    /// Its hardware address.
    pub mac_address: String,
    /// What kind it is; `unknown` until a machine has it.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
}
