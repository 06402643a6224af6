//! The shape of a reserved IP.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::subnets::Subnet;

/// An address that is kept for a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReservedIp {
    /// Its id.
    pub id: u32,
    /// The address.
    #[schema(value_type = String)]
    pub ip: IpAddr,
    /// The subnet that it lies in.
    pub subnet: Option<Subnet>,
    /// The hardware address of the client.
    pub mac_address: String,
    /// Free text.
    pub comment: Option<String>,
    /// Its path.
    pub resource_uri: String,
}
