//! The shape of an IP range.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::subnets::Subnet;
use crate::users::User;

/// An IP range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IpRange {
    /// Its id.
    pub id: u32,
    /// `dynamic` or `reserved`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The first address.
    #[schema(value_type = String)]
    pub start_ip: IpAddr,
    /// The last address.
    #[schema(value_type = String)]
    pub end_ip: IpAddr,
    /// Free text.
    pub comment: String,
    /// Who made it.
    pub user: Option<User>,
    /// Its subnet.
    pub subnet: Subnet,
    /// Its path.
    pub resource_uri: String,
}
